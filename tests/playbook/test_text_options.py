# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that are text: a number is refused, and inline vault works, on both paths and in the lookup.

The release has version 1.1: a gate that waits for 1.10 must not open because YAML or a template made 1.1 of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.release import __version__
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    MESH_ID,
    MODULE,
    NAMESPACE,
    RUNNING,
    TOKEN,
    inventory,
    release,
    scenario,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

Case = TypeVar("Case")

WHERE = "mesh_id='invented-mesh', namespace='bookinfo', endpoint=endpoint"
GATE = "wait=true, success_phases=['Running']"
HAS_TWO_KINDS_OF_JINJA = tuple(map(int, __version__.split(".")[:2])) < (2, 19)
SECRET_NUMBER = 471108154711

SCENARIO = scenario(
    release("reviews-canary", RUNNING, version="1.1"), release("ratings-canary", RUNNING, service="ratings")
)

REFUSED = {
    "version-by-yaml": ("version: 1.10", "version is a number (1.1)", "quote it"),
    "version-by-json": ('version: "{{ number }}"', "version is a number (1.1)", "quote it"),
    "version-that-is-a-date": ("version: 2024-12-10", "version is a date (2024-12-10)"),
    "version-that-is-sexagesimal": ("version: 12:30:45", "version is a number (45045)"),
    "phase-that-is-true": ("success_phases: [Running, on]", "success_phases[1] is a boolean (true)"),
    "phases-by-json": ('failure_phases: "{{ numbers }}"', "failure_phases[0] is a number (1.1)"),
    "image-that-is-a-number": ("images: [1.10]", "images[0] is a number (1.1)"),
    "service-that-is-a-number": ("service: 7", "service is a number (7)"),
    "mesh-that-is-a-number": ("mesh_id: 7", "mesh_id is a number (7)"),
    "time-that-is-a-boolean": ("stable_for: yes", "stable_for is a boolean (true)"),
    "key-that-is-a-number": (f"secret_key: {SECRET_NUMBER}", "secret_key is a number"),
    "password-by-json": ('password: "{{ secret_number }}"', "password is a number"),
}
"""Options of a gate that would open, and words of the error."""

REFUSED_OF_SEVERAL = {
    "version-in-releases": (
        "releases: [{release_id: reviews-canary, version: 1.10}]",
        "releases[0].version is a number (1.1)",
    ),
    "id-in-releases": ("releases: [{release_id: 7}]", "releases[0].release_id is a number (7)"),
    "service-in-releases": ("releases: [{service: 7}]", "releases[0].service is a number (7)"),
    "text-in-releases": (
        """releases: ['{"release_id": "reviews-canary", "version": 1.10}']""",
        "releases[0] is text",
    ),
}

REFUSED_BY_LOOKUP = {
    "lookup-version": (f"'reviews-canary', {GATE}, version=1.10", "version is a number (1.1)"),
    "lookup-version-by-json": (f"'reviews-canary', {GATE}, version=number", "version is a number (1.1)"),
    "lookup-service": ("service=7", "service is a number (7)"),
    "lookup-phase": ("'reviews-canary', wait=true, success_phases=[true]", "success_phases[0] is a boolean"),
    "lookup-term": ("'reviews-canary', 7", "a term is a number (7)", "quote it"),
    "lookup-token": ("'reviews-canary', token=secret_number", "token is a number"),
}


def vaulted(text: str, password: str = "invented-vault-password") -> str:
    """Return text as inline vault, on one line of YAML."""
    ciphertext = VaultLib([("default", VaultSecret(password.encode()))]).encrypt(text).decode()
    return f"!vault {json.dumps(ciphertext)}"


IN_VAULT = {
    name: vaulted(text)
    for name, text in {
        "token": TOKEN,
        "mesh_id": MESH_ID,
        "namespace": NAMESPACE,
        "release_id": "reviews-canary",
        "service": "reviews",
        "version": "1.1",
        "phase": "Running",
        "wait": "yes",
        "wait_timeout": "6",
    }.items()
}
UNREADABLE = vaulted(TOKEN, "another-password")

OPENED = {
    "token-in-vault": "token: {token}",
    "token-of-a-vaulted-variable": 'token: "{{{{ vaulted_token }}}}"',
    "everything-in-vault": "token: {token}, mesh_id: {mesh_id}, namespace: {namespace}, release_id: {release_id},"
    "wait: {wait}, wait_timeout: {wait_timeout}, version: {version}, success_phases: [Done, {phase}]",
    "service-in-vault": "token: {token}, service: {service}",
    "version-made-text-by-a-filter": 'token: {token}, version: "{{{{ number | string }}}}"',
}
"""Options of a gate that opens, with the names of `IN_VAULT`."""

FOUND_BY_LOOKUP = {
    "lookup-argument-in-vault": ("'reviews-canary', token=vaulted_token", ""),
    "lookup-term-in-vault": ("vaulted_id", "huaweicloud_asm_token: {token}"),
    "lookup-service-in-vault": ("service=vaulted_service", "huaweicloud_asm_token: {token}"),
}
"""Arguments of a lookup that finds the release, and variables."""


SOME = frozenset(
    {
        *("version-by-yaml", "version-by-json", "phase-that-is-true", "key-that-is-a-number", "version-in-releases"),
        *("version-by-native-jinja", "number-in-defaults", "lookup-version", "lookup-term", "lookup-variable"),
        *("token-in-vault", "everything-in-vault", "defaults-in-vault", "vault-of-another-password"),
        *("lookup-argument-in-vault", "lookup-term-in-vault", "lookup-variable-of-another-password"),
    }
)
"""One of each kind; the unit tests have all numbers that are refused."""


def task(name: str, options: str, keywords: str = "") -> str:
    """Return a task with options that are added to those of a gate on one release, and override them."""
    base = {
        "endpoint": '"{{ endpoint }}"',
        "mesh_id": MESH_ID,
        "namespace": NAMESPACE,
        "release_id": "reviews-canary",
        "wait": "true",
        "success_phases": "[Running]",
        "wait_timeout": "6",
    }
    instead = {"release_id"} if "releases:" in options or "service:" in options else set()
    kept = ", ".join(
        f"{key}: {value}" for key, value in base.items() if f"{key}:" not in options and key not in instead
    )
    return f"{{name: {name}, ignore_errors: true, {MODULE}: {{{kept}, {options}}}{keywords}}}"


def looking_up(name: str, call: str, variables: str = "") -> str:
    """Return a task that shows what a lookup finds."""
    words = json.dumps(f"{{{{ query('huaweicloud.asm.asm_release', {call}, {WHERE}) }}}}")
    debug = f"ansible.builtin.debug: {{msg: {words}}}"
    return f"{{name: {name}, ignore_errors: true, vars: {{{variables}}}, {debug}}}"


def of_the_module() -> dict[str, str]:
    """Return the tasks of the module, by name."""
    refused = {**REFUSED, **REFUSED_OF_SEVERAL}
    defaults = f", module_defaults: {{group/huaweicloud.asm.asm: {{token: {IN_VAULT['token']}, version: %s}}}}"
    entry = f"{{release_id: {IN_VAULT['release_id']}, version: {IN_VAULT['version']}}}"
    given = {
        **{name: (f"{options}, token: {TOKEN}",) for name, (options, *_says) in refused.items()},
        "version-by-native-jinja": (f'version: "{{{{ text }}}}", token: {TOKEN}, wait_timeout: 1',),
        **{name: (options.format_map(IN_VAULT),) for name, options in OPENED.items()},
        "releases-in-vault": (f"token: {IN_VAULT['token']}, releases: [{entry}]",),
        "defaults-in-vault": ("manifests: false", defaults % IN_VAULT["version"]),
        "number-in-defaults": ("manifests: false", defaults % "1.10"),
        "vault-of-another-password": (f"token: {UNREADABLE}",),
    }
    return {name: task(name, *each) for name, each in given.items()}


def of_the_lookup() -> dict[str, str]:
    """Return the tasks with a lookup, by name."""
    given = {
        **{name: (call, f"huaweicloud_asm_token: {TOKEN}") for name, (call, *_says) in REFUSED_BY_LOOKUP.items()},
        "lookup-variable": ("'reviews-canary'", f"huaweicloud_asm_token: {SECRET_NUMBER}"),
        **{name: (call, variables.format_map(IN_VAULT)) for name, (call, variables) in FOUND_BY_LOOKUP.items()},
        "lookup-variable-of-another-password": ("'a'", f"huaweicloud_asm_token: {UNREADABLE}"),
        "lookup-argument-of-another-password": ("'a', token=unreadable",),
    }
    return {name: looking_up(name, *each) for name, each in given.items()}


_TASKS = {"all": of_the_module(), "controller": of_the_lookup()}
"""Tasks by the hosts that run them, and by name."""
ALL = frozenset(name for tasks in _TASKS.values() for name in tasks)


def play_all(ansible: Ansible, simulate: Callable[..., Running], names: frozenset[str], native: str) -> Run:
    """Run the tasks with these names."""
    password = ansible.directory / "vault-password"
    password.write_text("invented-vault-password", encoding="utf-8")
    variables = {
        "vaulted_token": IN_VAULT["token"],
        "vaulted_id": IN_VAULT["release_id"],
        "vaulted_service": IN_VAULT["service"],
        "unreadable": UNREADABLE,
    }
    shared = ", ".join(f"{name}: {value}" for name, value in variables.items())
    shown = {hosts: [tasks[name] for name in tasks if name in names] for hosts, tasks in _TASKS.items()}
    plays = [
        f"- {{hosts: {hosts}, gather_facts: false, strategy: free, vars: {{{shared}}}, tasks: [{', '.join(tasks)}]}}"
        for hosts, tasks in shown.items()
    ]
    return ansible.playbook(
        "\n".join(plays),
        inventory=inventory(
            **{path: {"ansible_connection": name, "ansible_pipelining": True} for path, name in CONNECTIONS.items()}
        ),
        extra_vars={
            "endpoint": simulate(SCENARIO).url,
            "number": 1.10,
            "numbers": [1.10],
            "text": "1.10",
            "secret_number": SECRET_NUMBER,
        },
        arguments=["--vault-password-file", str(password), "-vvv"],
        environment={"ANSIBLE_JINJA2_NATIVE": native},
    )


def chosen(cases: Mapping[str, Case], names: frozenset[str]) -> dict[str, Case]:
    """Return the cases with these names."""
    return {name: case for name, case in cases.items() if name in names}


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    """Return what must be the same on both paths."""
    gate = {key: value for key, value in result.get("gate", {}).items() if key != "elapsed"}
    keys = ("failed", "msg", "found", "release", "phase", "workloads", "releases", "request_id", "error")
    return {**{key: result[key] for key in keys if key in result}, "gate": gate}


@pytest.mark.parametrize(
    ("names", "native"),
    [
        # Where the kinds of Jinja differ, native types are the ones that make a number of text.
        pytest.param(SOME, "1", id="some-native"),
        pytest.param(ALL, "0", id="all", marks=pytest.mark.slow),
        *([pytest.param(ALL, "1", id="all-native", marks=pytest.mark.slow)] if HAS_TWO_KINDS_OF_JINJA else []),
    ],
)
def test_a_number_is_refused_and_inline_vault_works(
    ansible: Ansible, simulate: Callable[..., Running], subtests: pytest.Subtests, names: frozenset[str], native: str
) -> None:
    run = play_all(ansible, simulate, names, native)

    for name, (_options, *says) in chosen(REFUSED | REFUSED_OF_SEVERAL, names).items():
        with subtests.test(name):
            left, right = (run.task(name, path) for path in CONNECTIONS)
            assert [words for words in says if words not in left.result["msg"]] == [], left.result["msg"]
            assert (left.outcome, left.result["error"]["kind"]) == ("ignored", "usage")
            assert left.result["gate"]["outcome"] == "error"
            assert comparable(left.result) == comparable(right.result)
    refused_by_lookup = REFUSED_BY_LOOKUP | {"lookup-variable": ("", "token is a number")}
    for name, (_call, *says) in chosen(refused_by_lookup, names).items():
        with subtests.test(name):
            entry = run.task(name, "controller")
            assert entry.outcome == "ignored"
            assert [words for words in says if words not in entry.result["msg"]] == [], entry.result["msg"]

    for path in CONNECTIONS:
        with subtests.test("version-by-native-jinja", path=path):
            closed = run.task("version-by-native-jinja", path).result
            # A number, unless this ansible-core keeps text as it is.
            assert closed["gate"]["outcome"] in {"error", "timeout"}
            assert "version is a number (1.1)" in closed["msg"] or "waiting for 1.10" in closed["msg"]
        with subtests.test("number-in-defaults", path=path):
            refused = run.task("number-in-defaults", path).result
            assert "version is a number (1.1)" in refused["msg"]
        for name in names & {*OPENED, "releases-in-vault", "defaults-in-vault"}:
            with subtests.test(name, path=path):
                opened = run.task(name, path).result
                assert opened.get("gate", {}).get("outcome") == "reached", opened["msg"]
    for name in names & FOUND_BY_LOOKUP.keys():
        with subtests.test(name):
            found = run.task(name, "controller").result["msg"]
            assert [each["phase"] for each in found] == ["Running"]

    unreadable = {
        "vault-of-another-password": tuple(CONNECTIONS),
        "lookup-variable-of-another-password": ("controller",),
        "lookup-argument-of-another-password": ("controller",),
    }
    for name, hosts in chosen(unreadable, names).items():
        for path in hosts:
            with subtests.test(name, path=path):
                failed = run.task(name, path)
                assert failed.outcome == "ignored"
                assert "ecrypt" in failed.result["msg"]
                assert "Traceback" not in str(failed.result)
                assert "$ANSIBLE_VAULT" not in str(failed.result)
    with subtests.test("no secret is shown"):
        printed = run.output + json.dumps([entry.result for entry in run.results])
        assert [secret for secret in (TOKEN, str(SECRET_NUMBER)) if secret in printed] == []
