# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role `release_gate`: no host deploys behind a gate that is not open, and a mistaken variable never opens one.

A play that must end with a rescue shares its run with others. Where all hosts stop, Ansible ends the whole run.
"""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.huaweicloud.asm.tests.playbook.marks import slow_but_for
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    MESH_ID,
    NAMESPACE,
    RUNNING,
    TOKEN,
    inventory,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.simulator.process import Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run

ROLE = "huaweicloud.asm.release_gate"
INCLUDE, IMPORT = {"ansible.builtin.include_role": {"name": ROLE}}, {"ansible.builtin.import_role": {"name": ROLE}}
DEPLOY = {"name": "deploy", "ansible.builtin.debug": {"msg": "deployed"}}
ONCE: dict[str, Any] = {"run_once": True}
FIRST_ONLY: dict[str, Any] = {"when": "inventory_hostname == 'first'"}
ALL = {"first", "second", "third"}

OPENS = {"release_gate_release_id": "opens-canary"}
SHUTS = {"release_gate_release_id": "shuts-canary"}
UNDEFINED = {"release_gate_release_id": "{{ no_such_variable }}"}


@pytest.fixture(scope="module")
def mesh() -> Iterator[Running]:
    releases = (release("opens-canary", RUNNING, version="1.1"), release("shuts-canary", {"phase": "Failed"}))
    with running(scenario(*releases)) as simulator:
        yield simulator


def gate(variables: Mapping[str, Any], call: Mapping[str, Any] | None = None, **keywords: Any) -> dict[str, Any]:
    """Return the task that calls the role with the variables, by `include_role` unless another call is given."""
    return {**(call or INCLUDE), "vars": dict(variables), **keywords}


def rescued(*tasks: Mapping[str, Any], **keywords: Any) -> dict[str, Any]:
    """Return a block that deploys behind the tasks, and goes on after a failure."""
    rescue = {"name": "rescue", "ansible.builtin.debug": {"msg": "{{ release_gate_result }}"}}
    return {"block": [*tasks, DEPLOY], "rescue": [rescue], **keywords}


def run(
    ansible: Ansible,
    mesh: Running,
    *plays: Mapping[str, Any],
    hosts: Mapping[str, dict[str, Any]] | None = None,
    **how: Any,
) -> Run:
    """Run plays on three hosts that no task needs to reach."""
    mesh.reset()
    common = {
        "huaweicloud_asm_endpoint": mesh.url,
        "huaweicloud_asm_token": TOKEN,
        "release_gate_mesh_id": MESH_ID,
        "release_gate_namespace": NAMESPACE,
        "release_gate_success_phases": ["Running"],
        "release_gate_failure_phases": ["Failed"],
        "release_gate_wait_sleep": 1,
        "release_gate_wait_timeout": 2,
    }
    whole = [
        {"hosts": "all", "gather_facts": False, **play, "vars": {**common, **play.get("vars", {})}} for play in plays
    ]
    names = {host: {"ansible_connection": "nowhere", **(hosts or {}).get(host, {})} for host in sorted(ALL)}
    return ansible.playbook(json.dumps(whole), inventory=inventory(**names), within=120, **how)


def deployed(run: Run) -> set[str]:
    return {entry.host for entry in run.results if (entry.task, entry.outcome) == ("deploy", "ok")}


def refusals(run: Run) -> list[str]:
    """Return the messages of the results that the first host has rescued, in their order."""
    return [entry.result["msg"]["msg"] for entry in run.results if (entry.task, entry.host) == ("rescue", "first")]


@pytest.mark.parametrize(
    "play",
    slow_but_for(
        "run_once",
        "block-and-rescue",
        "second-gate-and-rescue",
        "when",
        of=[
            pytest.param({"tasks": [gate(SHUTS, **ONCE), DEPLOY]}, id="run_once"),
            pytest.param({"tasks": [{"block": [gate(SHUTS)], **ONCE}, DEPLOY]}, id="block"),
            pytest.param({"tasks": [rescued(gate(SHUTS, **ONCE))]}, id="rescue"),
            pytest.param({"tasks": [rescued({"block": [gate(SHUTS)], **ONCE})]}, id="block-and-rescue"),
            pytest.param({"tasks": [gate(OPENS), gate(SHUTS, **ONCE), DEPLOY]}, id="second-gate"),
            pytest.param({"tasks": [rescued(gate(OPENS), gate(SHUTS, **ONCE))]}, id="second-gate-and-rescue"),
            pytest.param({"tasks": [gate(SHUTS, **FIRST_ONLY), DEPLOY]}, id="when"),
            pytest.param({"roles": [{"role": ROLE, **SHUTS, **FIRST_ONLY}], "tasks": [DEPLOY]}, id="roles-and-when"),
            pytest.param(
                {"tasks": [gate(SHUTS, IMPORT, when="inventory_hostname != 'first'"), DEPLOY]},
                id="import_role-but-first",
            ),
            pytest.param({"tasks": [gate(UNDEFINED, **ONCE), DEPLOY]}, id="undefined-variable"),
            pytest.param(
                {"tasks": [rescued(gate({**OPENS, "release_gate_redy": True}, **ONCE))]}, id="misspelt-variable"
            ),
        ],
    ),
)
def test_a_gate_that_some_hosts_skip_stops_all_hosts(ansible: Ansible, mesh: Running, play: dict[str, Any]) -> None:
    result = run(ansible, mesh, play)

    assert deployed(result) == set(), result.output
    assert "Do not put run_once or when on include_role" in " ".join(result.output.split())


@pytest.mark.slow
def test_an_open_gate_lets_hosts_that_skip_it_go_on(ansible: Ansible, mesh: Running) -> None:
    ways = [gate(OPENS, **ONCE)], [{"block": [gate(OPENS)], **ONCE}], [gate(OPENS, **FIRST_ONLY)]

    result = run(ansible, mesh, *({"tasks": [*tasks, DEPLOY]} for tasks in ways))

    hosts = [entry.host for entry in result.results if entry.task == "deploy"]
    assert sorted(hosts) == sorted([*ALL] * len(ways)), result.output


def test_a_gate_that_is_not_open_concerns_only_the_hosts_that_ask(ansible: Ansible, mesh: Running) -> None:
    own = {"release_gate_release_id": "{{ own }}"}
    hosts = {"first": {"own": "opens-canary"}, "second": {"own": "shuts-canary"}, "third": {"own": "opens-canary"}}

    result = run(ansible, mesh, {"tasks": [gate(own), DEPLOY]}, hosts=hosts)

    assert deployed(result) == {"first", "third"}, result.output


def test_a_host_that_skips_the_gate_stops_when_it_is_closed_for_any_other(ansible: Ansible, mesh: Running) -> None:
    own = {"release_gate_release_id": "{{ own }}"}
    hosts = {"first": {"own": "opens-canary"}, "second": {"own": "shuts-canary"}}

    result = run(ansible, mesh, {"tasks": [gate(own, when="inventory_hostname != 'third'"), DEPLOY]}, hosts=hosts)

    assert deployed(result) == set(), result.output


RESULT = {"gate": {"outcome": "reached"}, "msg": "invented"}


@pytest.mark.parametrize(
    "tasks",
    [
        [gate(SHUTS, IMPORT, when="release_gate_result is not defined")],
        [{"block": [gate(SHUTS)], "when": "release_gate_result is not defined"}],
        [{"block": [gate(SHUTS)], "when": "not (release_gate_result.failed | default(false))"}],
        [gate({**SHUTS, "release_gate_result": RESULT})],
    ],
    ids=["import_role", "block", "not-failed", "variable-of-the-include"],
)
def test_its_own_result_opens_no_gate(ansible: Ansible, mesh: Running, tasks: list[dict[str, Any]]) -> None:
    result = run(ansible, mesh, {"tasks": [*tasks, DEPLOY]})

    assert deployed(result) == set(), result.output


def test_a_secret_that_is_a_number_is_refused_and_not_shown(ansible: Ansible, mesh: Running) -> None:
    mesh.reset()
    result = run(
        ansible,
        mesh,
        {"tasks": [rescued(gate(OPENS))]},
        extra_vars={"release_gate_token": 12345678},
        arguments=["-vvv"],
    )

    assert deployed(result) == set(), result.output
    assert "12345678" not in result.output
    assert mesh.summary()["requests"] == 0


MISSPELT = {
    "release_gate_redy": "release_gate_ready",
    "release_gate_stabel_for": "release_gate_stable_for",
    "release_gate_failure_phase": "release_gate_failure_phases",
    "release_gate_Version": "release_gate_version",
    "relase_gate_ready": "release_gate_ready",
    "release_gat_version": "release_gate_version",
    "releasegate_ready": "release_gate_ready",
    "releaes_gate_images": "release_gate_images",
    "release_gates_require": "release_gate_require",
    "release_gater_eady": "release_gate_ready",
    "RELEASE_GATE_READY": "release_gate_ready",
    "_release_gate_stable_for": "release_gate_stable_for",
    "release_gate_require_": "release_gate_require",
}
ALLOWED = {"release": 1, "release_gates": 1, "my_release_gate_ready": True}


def test_a_misspelt_variable_is_refused_with_the_nearest_name(ansible: Ansible, mesh: Running) -> None:
    fact, registered, of_play, of_host, *of_role = MISSPELT
    tasks = [
        {"ansible.builtin.set_fact": {fact: True}, "register": registered},
        rescued(gate({**OPENS, **dict.fromkeys(of_role, True)})),
    ]

    result = run(
        ansible,
        mesh,
        {"tasks": [rescued(gate({**OPENS, **ALLOWED}))]},
        {"tasks": [rescued(gate(OPENS))], "vars": {of_play: ["Failed"]}},
        {"tasks": tasks},
        hosts={"third": {of_host: True}},
    )

    assert deployed(result) == {"first", "second"}, result.output
    assert len([entry for entry in result.results if entry.task == "deploy"]) == 2
    assert mesh.summary()["by_release"] == {"opens-canary": 1}
    said = [entry.result["msg"]["msg"] for entry in result.results if entry.task == "rescue"]
    told = [f"{wrong} is not an option; did you mean {right}?" for wrong, right in MISSPELT.items()]
    assert [each for each in told if each not in " ".join(said)] == []


def test_a_misspelt_extra_variable_is_refused(ansible: Ansible, mesh: Running) -> None:
    result = run(ansible, mesh, {"tasks": [rescued(gate(OPENS))]}, extra_vars={"release_gate_redy": True})

    assert deployed(result) == set(), result.output
    assert refusals(result) == ["release_gate_redy is not an option; did you mean release_gate_ready?"]


NATIVE = pytest.mark.parametrize(
    "native", [pytest.param("0", id="text", marks=pytest.mark.slow), pytest.param("1", id="native")]
)
"""With native types of Jinja, ansible-core 2.16 and 2.18 make a number of what looks like one."""


@NATIVE
def test_a_number_is_refused_where_text_is_expected(ansible: Ansible, mesh: Running, native: str) -> None:
    many = {
        "release_gate_release_id": 5,
        "release_gate_success_phases": [1.1],
        "release_gate_images": ["web:1", 1.10],
        "release_gate_releases": [{"release_id": "x", "version": 1.10}, {"release_id": "y", "images": [1.10]}],
        "release_gate_project_id": 12345,
    }
    versions = (1.10, "{{ number }}", True)
    gates = [gate(many), *(gate({**OPENS, "release_gate_version": each}) for each in versions)]

    result = run(
        ansible,
        mesh,
        {"tasks": [rescued(each) for each in gates], "vars": {"number": 1.10}},
        environment={"ANSIBLE_JINJA2_NATIVE": native},
    )

    expected = "and text is expected: quote it, or add"
    assert deployed(result) == set(), result.output
    assert mesh.summary()["by_release"] == {}
    said, *of_version = refusals(result)
    assert [each.partition(", ")[0] for each in said.split("; ")] == [
        "release_gate_images holds a number",
        "release_gate_project_id is a number",
        "release_gate_release_id is a number",
        "release_gate_releases[0].version is a number",
        "release_gate_releases[1].images holds a number",
        "release_gate_success_phases holds a number",
    ]
    assert [each.partition(expected)[0] for each in of_version] == [
        "release_gate_version is a number, ",
        "release_gate_version is a number, ",
        "release_gate_version is a boolean, ",
    ]


@NATIVE
def test_text_stays_text(ansible: Ansible, mesh: Running, native: str) -> None:
    """The release has version 1.1."""
    of_each = {
        "release_gate_releases": [{"release_id": "opens-canary", "version": "1.10"}],
        "release_gate_wait_timeout": 2,
    }
    own = {**OPENS, "release_gate_version": "{{ own }}"}
    hosts = {"first": {"own": "v1.1"}, "second": {"own": "1.1"}, "third": {"own": "1.10"}}

    gates = [
        gate({**OPENS, "release_gate_version": "1.10"}),
        gate(of_each),
        gate({**own, "release_gate_version": "{{ own | replace('v', '') | string }}"}),
    ]

    result = run(
        ansible,
        mesh,
        {"tasks": [rescued(each) for each in gates]},
        hosts=hosts,
        environment={"ANSIBLE_JINJA2_NATIVE": native},
    )

    assert deployed(result) == {"first", "second"}, result.output
    assert len([entry for entry in result.results if entry.task == "deploy"]) == 2
    assert [entry.result["msg"]["gate"]["outcome"] for entry in result.results if entry.task == "rescue"] == (
        ["timeout"] * 6 + ["pending"]
    )


@NATIVE
@pytest.mark.parametrize("name", ["huaweicloud_asm_token", "release_gate_token"])
def test_a_secret_may_be_vaulted_inline(ansible: Ansible, mesh: Running, name: str, native: str) -> None:
    password = ansible.directory / "password"
    password.write_text("invented", encoding="utf-8")
    vaulted = VaultLib([("default", VaultSecret(b"invented"))]).encrypt(TOKEN).decode()
    secrets = ansible.directory / "secrets.yml"
    secrets.write_text(f"{name}: !vault |\n{textwrap.indent(vaulted, '  ')}", encoding="utf-8")

    result = run(
        ansible,
        mesh,
        {"tasks": [gate(OPENS), DEPLOY], "vars_files": [str(secrets)]},
        arguments=["--vault-password-file", str(password), "-vvv"],
        environment={"ANSIBLE_JINJA2_NATIVE": native},
    )

    assert deployed(result) == ALL, result.output
    assert TOKEN not in result.output


def test_an_extra_variable_cannot_say_that_a_host_has_run_the_role(ansible: Ansible, mesh: Running) -> None:
    result = run(
        ansible, mesh, {"tasks": [gate(SHUTS, **ONCE), DEPLOY]}, extra_vars={"__release_gate_entered": "run-1 second"}
    )

    assert deployed(result) == set(), result.output
    assert mesh.summary()["by_release"] == {}
