# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that are text: a number is refused, and inline vault works, on both paths and in the lookup.

The release has version 1.1: a gate that waits for 1.10 must not open because YAML or a template made 1.1 of it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ansible.parsing.vault import VaultLib, VaultSecret
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
    from collections.abc import Callable

    import pytest
    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

Case = TypeVar("Case")

WHERE = "mesh_id='invented-mesh', namespace='bookinfo', endpoint=endpoint"
GATE = "wait=true, success_phases=['Running']"
SECRET_NUMBER = 471108154711

SCENARIO = scenario(
    release("reviews-canary", RUNNING, version="1.1"), release("ratings-canary", RUNNING, service="ratings")
)

REFUSED = {
    "version-by-yaml": ("version: 1.10", "version is a number (1.1)", "quote it"),
    "version-by-json": ('version: "{{ number }}"', "version is a number (1.1)", "quote it"),
    "phase-that-is-true": ("success_phases: [Running, on]", "success_phases[1] is a boolean (true)"),
    "key-that-is-a-number": (f"secret_key: {SECRET_NUMBER}", "secret_key is a number"),
    "version-in-releases": (
        "releases: [{release_id: reviews-canary, version: 1.10}]",
        "releases[0].version is a number (1.1)",
    ),
}
"""Options of a gate that would open, and words of the error. The unit tests of the options have all types."""

REFUSED_BY_LOOKUP = {
    "lookup-version": (f"'reviews-canary', {GATE}, version=1.10", "version is a number (1.1)"),
    "lookup-term": ("'reviews-canary', 7", "a term is a number (7)", "quote it"),
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
        "version": "1.1",
        "phase": "Running",
        "wait": "yes",
        "wait_timeout": "6",
    }.items()
}
UNREADABLE = vaulted(TOKEN, "another-password")

OPENED = {
    "token-in-vault": "token: {token}",
    "everything-in-vault": "token: {token}, mesh_id: {mesh_id}, namespace: {namespace}, release_id: {release_id},"
    "wait: {wait}, wait_timeout: {wait_timeout}, version: {version}, success_phases: [Done, {phase}]",
}
"""Options of a gate that opens, with the names of `IN_VAULT`."""

FOUND_BY_LOOKUP = {
    "lookup-argument-in-vault": ("'reviews-canary', token=vaulted_token", ""),
    "lookup-term-in-vault": ("vaulted_id", "huaweicloud_asm_token: {token}"),
}
"""Arguments of a lookup that finds the release, and variables."""


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
    instead = {"release_id"} if "releases:" in options else set()
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
    defaults = f", module_defaults: {{group/huaweicloud.asm.asm: {{token: {IN_VAULT['token']}, version: %s}}}}"
    given = {
        **{name: (f"{options}, token: {TOKEN}",) for name, (options, *_says) in REFUSED.items()},
        "version-by-native-jinja": (f'version: "{{{{ text }}}}", token: {TOKEN}, wait_timeout: 1',),
        **{name: (options.format_map(IN_VAULT),) for name, options in OPENED.items()},
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
    }
    return {name: looking_up(name, *each) for name, each in given.items()}


_TASKS = {"all": of_the_module(), "controller": of_the_lookup()}
"""Tasks by the hosts that run them, and by name."""


def play_all(ansible: Ansible, simulate: Callable[..., Running]) -> Run:
    """Run all tasks. Where the kinds of Jinja differ, native types are the ones that make a number of text."""
    password = ansible.directory / "vault-password"
    password.write_text("invented-vault-password", encoding="utf-8")
    variables = {
        "vaulted_token": IN_VAULT["token"],
        "vaulted_id": IN_VAULT["release_id"],
        "unreadable": UNREADABLE,
    }
    shared = ", ".join(f"{name}: {value}" for name, value in variables.items())
    shown = {hosts: list(tasks.values()) for hosts, tasks in _TASKS.items()}
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
            "text": "1.10",
        },
        arguments=["--vault-password-file", str(password), "-vvv"],
        environment={"ANSIBLE_JINJA2_NATIVE": "1"},
    )


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    """Return what must be the same on both paths."""
    gate = {key: value for key, value in result.get("gate", {}).items() if key != "elapsed"}
    keys = ("failed", "msg", "found", "release", "phase", "workloads", "releases", "request_id", "error")
    return {**{key: result[key] for key in keys if key in result}, "gate": gate}


def test_a_number_is_refused_and_inline_vault_works(
    ansible: Ansible, simulate: Callable[..., Running], subtests: pytest.Subtests
) -> None:
    run = play_all(ansible, simulate)

    for name, (_options, *says) in REFUSED.items():
        with subtests.test(name):
            left, right = (run.task(name, path) for path in CONNECTIONS)
            assert [words for words in says if words not in left.result["msg"]] == [], left.result["msg"]
            assert (left.outcome, left.result["error"]["kind"]) == ("ignored", "usage")
            assert left.result["gate"]["outcome"] == "error"
            assert comparable(left.result) == comparable(right.result)
    refused_by_lookup = REFUSED_BY_LOOKUP | {"lookup-variable": ("", "token is a number")}
    for name, (_call, *says) in refused_by_lookup.items():
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
        for name in (*OPENED, "defaults-in-vault"):
            with subtests.test(name, path=path):
                opened = run.task(name, path).result
                assert opened.get("gate", {}).get("outcome") == "reached", opened["msg"]
    for name in FOUND_BY_LOOKUP:
        with subtests.test(name):
            found = run.task(name, "controller").result["msg"]
            assert [each["phase"] for each in found] == ["Running"]

    unreadable = {
        "vault-of-another-password": tuple(CONNECTIONS),
        "lookup-variable-of-another-password": ("controller",),
    }
    for name, hosts in unreadable.items():
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


def test_an_id_of_digits_in_an_event_stays_text(ansible: Ansible, simulate: Callable[..., Running]) -> None:
    tasks = ansible.directory / "continue.yml"
    tasks.write_text('[{ansible.builtin.debug: {msg: "continued {{ event_target.release_id }}"}}]', encoding="utf-8")
    target = {"mesh_id": MESH_ID, "namespace": NAMESPACE, "release_id": "123"}
    simulator = simulate(scenario(release("123", RUNNING, uid="123")))

    run = ansible.playbook(
        Path("huaweicloud.asm.continue_deployment"),
        extra_vars={
            "event_id": "e-1",
            "event_target": {**target, "uid": "123"},
            "continue_with": str(tasks),
            "handled_in": str(ansible.directory / "handled"),
            "success_phases": ["Running"],
            "failure_phases": [],
            "ready": False,
        },
        environment={"ANSIBLE_JINJA2_NATIVE": "1", "HW_AUTH_TOKEN": TOKEN, "HUAWEICLOUD_ASM_ENDPOINT": simulator.url},
    )

    assert "continued 123" in run.output, run.output
