# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup `asm_release`."""

from __future__ import annotations

DOCUMENTATION = r"""
name: asm_release
short_description: Read grayscale releases of Huawei Cloud ASM within an expression
version_added: 1.0.0
author:
  - the huaweicloud.asm contributors (@huaweicloud-asm)
description:
  - Returns one entry for each term. A term is the ID of a grayscale release.
  - With O(service) instead of terms, the lookup returns the current release of this service. With neither, the lookup
    returns every release of the mesh.
  - The options are those of M(huaweicloud.asm.asm_release_info). With O(wait) the lookup waits, and it needs terms or
    O(service).
  - B(To wait, prefer the module) M(huaweicloud.asm.asm_release_info). A variable that contains a lookup reads again at
    every use, and a lookup shows no progress.
options:
  _terms:
    description:
      - IDs of the releases, as text. Lists among the terms are flattened.
      - An empty list is an error. Pass a list as one term, never as C(*release_ids), because C(*) of an empty list
        leaves no term, and the lookup then reads the whole mesh.
      - Leave the terms out to read O(service) or the whole mesh.
    type: list
    elements: str
extends_documentation_fragment:
  - huaweicloud.asm.gate
  - huaweicloud.asm.connection
  - huaweicloud.asm.connection.plugins
requirements:
  - requests (in the Python of the controller)
notes:
  - Ansible evaluates a lookup for every host and at every use. A wrong key is refused once per host, and more than 5
    refusals in a row lock a key. Read once with C(run_once) and C(set_fact), as an example shows, or use the module.
  - Ansible imports a lookup anew in the process of each task. After a task M(huaweicloud.asm.asm_release_info) of the
    play, even a skipped one, a lookup takes about a quarter of the time, because the controller has imported the rest.
  - Every error, and with O(wait) every outcome but V(reached), fails the call. With C(errors) set to V(ignore) or
    V(warn), the lookup returns nothing.
  - All terms share one connection and, with O(wait), one deadline. Two or more IDs are one request per poll, plus one
    for each release that the list of the mesh lacks or shows only in part.
  - With C(--check), the lookup reads once, does not wait, and warns unless the gate would open, also in a task with
    C(check_mode) set to V(false), which the lookup cannot see. Hold a gate before such a task with the module.
  - Connection options may also come from Ansible variables and from the environment. All other options come from the
    call only. A variable that is a fact is refused, because any managed host can set facts. Before ansible-core 2.21,
    so is one that is no text, is C(!unsafe), or may be of C(set_fact) or C(add_host), if the task has just got facts,
    as in its loop or C(until). The first task of a host gets the fact where its Python interpreter is, unless facts
    were gathered before.
  - An unknown option is an error. Otherwise a misspelt O(stable_for) would open a gate early.
  - Every option, term and variable accepts a value that is encrypted inline (C(!vault)).
seealso:
  - module: huaweicloud.asm.asm_release_info
    description: The same reads as a task, and the gate.
  - plugin: huaweicloud.asm.in_phase
    plugin_type: test
    description: Check the phase of an entry.
  - plugin: huaweicloud.asm.ready
    plugin_type: test
    description: Check whether the gray workloads of an entry are rolled out.
  - name: Credentials
    link: https://github.com/huaweicloud-asm/ansible-collection-asm/blob/main/docs/docsite/rst/credentials.rst
    description: All sources of credentials, and the permissions.
"""

EXAMPLES = r"""
- name: Show the phase of a release
  ansible.builtin.debug:
    msg: "{{ lookup('huaweicloud.asm.asm_release', release_id, mesh_id=mesh_id, namespace='bookinfo').phase }}"
  run_once: true

- name: Show the phase of the current release of a service
  ansible.builtin.debug:
    msg: "{{ lookup('huaweicloud.asm.asm_release', mesh_id=mesh_id, namespace='bookinfo', service='reviews').phase }}"
  run_once: true

- name: Show the phases of several releases
  ansible.builtin.debug:
    msg: "{{ releases | map(attribute='phase') }}"
  vars:
    releases: "{{ query('huaweicloud.asm.asm_release', release_ids, mesh_id=mesh_id, namespace='bookinfo') }}"
  run_once: true

- name: Read once for all hosts of the play
  ansible.builtin.set_fact:
    reviews_release: "{{ lookup('huaweicloud.asm.asm_release', release_id, mesh_id=mesh_id, namespace='bookinfo') }}"
  run_once: true

- name: Use the result on every host
  ansible.builtin.debug:
    msg: The release is running.
  when: reviews_release is huaweicloud.asm.in_phase('Running')
"""

RETURN = r"""
_raw:
  description:
    - One entry for each release, in the order of the terms. The releases of a whole mesh are sorted by namespace and
      name.
    - An entry has the keys that M(huaweicloud.asm.asm_release_info) returns for one release.
  type: list
  elements: dict
  sample:
    - msg: "reviews-canary (bookinfo) is Running, 3/3 ready"
      found: true
      phase: Running
      release:
        metadata:
          name: reviews-canary
      workloads:
        original: {}
        gray: []
      request_id: 4bd1f0a2c63e4d8f9a7d0c5b1e2f3a4b
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError, UsageError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.raw import check_raw, check_text, typed
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    CONNECTION_OPTIONS,
    CREDENTIAL_OPTIONS,
    OPTIONS,
    VARIABLE_PREFIX,
    argument_rules,
    argument_spec,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.validation import sanitizer_for
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import run as run_call
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime, TaskContext
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer, untemplated
from ansible_collections.huaweicloud.asm.plugins.plugin_utils.vault import decrypted, decrypted_options

try:
    from ansible.template import is_trusted_as_template
except ImportError:  # ansible-core before 2.19
    from ansible.utils.unsafe_proxy import AnsibleUnsafe

    def is_trusted_as_template(value: object) -> bool:
        """Return whether Ansible runs a text as a template: none that a host or a service has sent."""
        return isinstance(value, str) and not isinstance(value, AnsibleUnsafe)


NAME = "huaweicloud.asm.asm_release"

_NAMED_BY_TERMS = ("release_id", "releases")
_OPTIONS = tuple(option for option in OPTIONS if option.name not in _NAMED_BY_TERMS)
_CREDENTIALS = tuple(option.name for option in CREDENTIAL_OPTIONS)
_OMITTED = "AnsibleValueOmittedError"
_ALL = ArgumentSpecValidator(argument_spec(), **argument_rules())
_OF_VARIABLES = ArgumentSpecValidator(argument_spec(CREDENTIAL_OPTIONS))


class LookupModule(LookupBase):  # type: ignore[misc]
    """The lookup plugin `asm_release`."""

    def run(self, terms: Any, variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return one entry for each term, or for each release of the mesh.

        Raises:
            AnsibleLookupError: for any error, and with `wait` for every outcome but `reached`.
        """
        variables, sanitizer = variables or {}, Sanitizer()
        try:
            options = decrypted_options({name: value for name, value in kwargs.items() if name != "wantlist"})
            sanitizer = sanitizer_for(options)
            release_ids = _flattened(decrypted("a term", terms))
            if terms and not release_ids:
                raise UsageError("the list of terms is empty", "give the ID of at least one release")
            given = {**check_raw(options, _OPTIONS), **_targets(release_ids)}
            from_variables = self._from_variables(variables, given)
            sanitizer = sanitizer_for(options, from_variables)
            # Credentials of variables are a source of their own: sets are never mixed across sources.
            others = {name: value for name, value in from_variables.items() if name not in _CREDENTIALS}
            credentials = {name: value for name, value in from_variables.items() if name in _CREDENTIALS}
            parameters = typed({**others, **given}, _ALL, sanitizer)
            credentials = {name: typed(credentials, _OF_VARIABLES, sanitizer)[name] for name in credentials}
        except AsmError as error:
            raise _failure(str(sanitizer.redact(error.sentence(sanitizer)))) from None
        task = TaskContext(bool(variables.get("ansible_check_mode")), separately=True)
        report = run_call(parameters, task, Runtime(), credentials)
        for warning in report.warnings:
            Display().warning(f"{NAME}: {warning}")
        if report.is_failed:
            raise _failure(report.result["msg"])
        if not release_ids:
            return list(report.results)
        by_id = dict(zip(dict.fromkeys(release_ids), report.results))
        return [by_id[release_id] for release_id in release_ids]

    def _from_variables(self, variables: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the connection options that Ansible variables hold and the call does not.

        They are templated here: a vaulted token usually stands behind a `{{ … }}`.

        Raises:
            UsageError: a value is a fact, cannot be decrypted, or is not text.
        """
        found = {}
        if given.get("wait") and variables.get("ansible_check_mode"):
            # It makes a single read of a wait.
            _refuse_facts(("ansible_check_mode",), variables)
        for option in CONNECTION_OPTIONS:
            name = VARIABLE_PREFIX + option.name
            if name in variables and option.name not in given:
                # Facts win over an inventory: a host would choose who gets the credentials of the controller.
                _refuse_facts((name, "omit"), variables)
                try:
                    value = self._templar.template(variables[name])
                except AnsibleError as error:
                    if error.__class__.__name__ == _OMITTED:
                        continue
                    raise _failure(f"the variable {name} cannot be templated or decrypted") from None
                value = decrypted(name, value)
                # An omitted value is an error of its own to ansible-core 2.19 and newer, and a text to older ones.
                found[option.name] = None if value == variables.get("omit") else value
        return check_raw(found, CONNECTION_OPTIONS, prefix=VARIABLE_PREFIX)


def _refuse_facts(names: Sequence[str], variables: Mapping[str, Any]) -> None:
    """Refuse facts that stand for variables of these names.

    Raises:
        UsageError: there is one, or there may be one: within a task, as in its loop, Ansible before 2.21 lets what the
            task has just got win over every variable. It nests the last of it, and trusts none of its texts.
    """
    # Of the host, without the prefix `ansible_`.
    facts = variables.get("ansible_facts") or {}
    way_out = ", or give the option in the call" if names[0].startswith(VARIABLE_PREFIX) else ""
    for name in names:
        if name.replace("ansible_", "", 1) in facts:
            problem = f"{name} is a fact, which any managed host can set"
            raise UsageError(problem, f"clear it (meta: clear_facts){way_out}")
        value = variables.get(name)
        is_json = value is None or isinstance(value, (str, int, float, list, dict))
        if "ansible_facts" in facts and name in variables and is_json and not is_trusted_as_template(value):
            problem = f"{name} may be a fact, because this task has just got some, if only where Python is"
            raise UsageError(problem, f"gather facts before, use the lookup in a task of its own{way_out}")


def _failure(message: str) -> AnsibleLookupError:
    """Return an error that says which lookup failed.

    Ansible before 2.19 runs its text as a template where `failed_when` of `set_fact` is what fails.
    """
    return AnsibleLookupError(untemplated(f"{NAME}: {message}"))


def _flattened(terms: Any) -> list[str]:
    """Return the ids of the terms and of the lists among them.

    Raises:
        UsageError: a term is not text.
    """
    if isinstance(terms, (list, tuple)):
        return [release_id for term in terms for release_id in _flattened(term)]
    check_text("a term", terms)
    return [terms]


def _targets(release_ids: Sequence[str]) -> dict[str, Any]:
    """Return the options that the terms stand for; a term may be given twice, an entry of `releases` may not."""
    distinct = list(dict.fromkeys(release_ids))
    if len(distinct) == 1:
        return {"release_id": distinct[0]}
    return {"releases": [{"release_id": release_id} for release_id in distinct]} if distinct else {}
