# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to call a read or a gate: keywords of a task, defaults, the lookup, the test plugins, the command line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CREATING,
    MESH_ID,
    MODULE,
    NAMESPACE,
    RUNNING,
    TOKEN,
    gate,
    inventory,
    play,
    reading,
    reading_releases,
    release,
    scenario,
    target,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

LOCAL = inventory(here={"ansible_connection": "local"})

PATHS: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": ({}, True),
    "environment": ({"environment": {"ANY": "value"}}, False),
    "become": ({"become": True}, False),
    "async": ({"async": 60, "poll": 1}, False),
    "delegate-elsewhere": ({"delegate_to": "elsewhere"}, False),
    "delegate-from-elsewhere": ({"delegate_to": "here", "when": "inventory_hostname == 'elsewhere'"}, True),
}
"""Keywords of a task, and whether the controller's own process runs it: only there a gate has lines of progress.

The unit tests of the action plugin have all of them.
"""


def test_keywords_and_the_connection_choose_the_path(
    ansible: Ansible, simulate: Callable[..., Running], subtests: pytest.Subtests
) -> None:
    simulator = simulate(scenario(*(release(f"gate-{name}", RUNNING) for name in PATHS)))
    on_here = "inventory_hostname == 'here'"
    tasks = [
        {"name": name, "when": on_here, MODULE: gate(simulator, f"gate-{name}"), **keywords}
        for name, (keywords, _in_controller) in PATHS.items()
    ]
    hosts = {
        "here": {"ansible_connection": "local", "ansible_become_method": "as_itself"},
        "elsewhere": {"ansible_connection": "loopback_shell"},
    }

    run = ansible.playbook(play(*tasks), inventory=inventory(**hosts))

    for name, (_keywords, in_controller) in PATHS.items():
        with subtests.test(name):
            outcomes = [entry.result["gate"]["outcome"] for entry in run.results if _is_ok(entry, name)]
            assert outcomes == ["reached"], run.output
            assert (f"release_gate: gate-{name} (" in run.stderr) is in_controller


def _is_ok(entry: Any, name: str) -> bool:
    return bool((entry.task, entry.outcome) == (name, "ok"))


def test_credentials_come_from_the_environment_of_a_task_or_play_and_from_defaults_of_the_group(
    ansible: Ansible, simulate: Callable[..., Running]
) -> None:
    simulator = simulate(scenario(release("running", RUNNING)))
    environment = {"environment": {"HW_AUTH_TOKEN": TOKEN}}
    defaults = {"module_defaults": {"group/huaweicloud.asm.asm": {"endpoint": simulator.url, "token": TOKEN}}}
    named = {"mesh_id": MESH_ID, "namespace": NAMESPACE, "release_id": "running"}
    plays = [
        play({"name": "task", MODULE: target(simulator, "running"), **environment}),
        play({"name": "play", MODULE: target(simulator, "running")}, **environment),
        play({"name": "defaults", MODULE: named}, **defaults),
    ]
    hosts = {"here": {"ansible_connection": "local"}, "elsewhere": {"ansible_connection": "loopback_shell"}}

    run = ansible.playbook("[" + ",".join(each[1:-1] for each in plays) + "]", inventory=inventory(**hosts))

    seen = {
        (name, host): run.task(name, host).result.get("phase")
        for name in ("task", "play", "defaults")
        for host in hosts
    }
    assert seen == dict.fromkeys(seen, "Running"), run.output


ANSWERS = {
    "single is in_phase('running', 'Finished')": True,
    "single is in_phase('Finished')": False,
    "single is ready": True,
    "creating is in_phase('running', 'Finished')": False,
    "creating is ready": False,
    "several.releases | select('in_phase', 'Running', 'Creating') | map(attribute='release_id')": [
        "running",
        "creating",
    ],
    "several.releases | select('ready') | map(attribute='release_id')": ["running", "failed"],
}
"""Expressions with the test plugins, and their values."""


def test_test_plugins_read_single_results(
    ansible: Ansible, simulate: Callable[..., Running], subtests: pytest.Subtests
) -> None:
    simulator = simulate(
        scenario(
            release("running", RUNNING),
            release("creating", {**CREATING, "ready": 1}),
            release("failed", {"phase": "Failed"}),
        )
    )
    questions = {
        text: text.replace("in_phase", "huaweicloud.asm.in_phase").replace("ready", "huaweicloud.asm.ready")
        for text in ANSWERS
    }
    several = "several is huaweicloud.asm."
    refused = [f"{several}in_phase('Running')", f"{several}ready"]

    run = ansible.playbook(
        play(
            {MODULE: reading(simulator, "running"), "register": "single"},
            {MODULE: reading(simulator, "creating"), "register": "creating"},
            {MODULE: reading_releases(simulator, "running", "creating", "failed"), "register": "several"},
            *(
                {"name": name, "ansible.builtin.debug": {"msg": f"{{{{ {expression} }}}}"}}
                for name, expression in questions.items()
            ),
            *(
                {"name": expression, "ansible.builtin.debug": {}, "when": expression, "ignore_errors": True}
                for expression in refused
            ),
        ),
        inventory=LOCAL,
    )

    for name, expected in ANSWERS.items():
        with subtests.test(name):
            assert run.task(name).result["msg"] == expected, run.output
    for name in refused:
        with subtests.test(name):
            assert run.task(name).outcome == "ignored", run.output
    assert run.output.count("releases") >= len(refused)


@dataclass(frozen=True)
class Lookup:
    """A call of the lookup: its terms and options but for where, and the expected entries or words of the error."""

    call: str
    phases: list[str] | None = None
    outcomes: list[str] = field(default_factory=list)
    says: tuple[str, ...] = ()
    requests: dict[str, int] = field(default_factory=dict)
    """By operation."""


def found(call: str, *phases: str, outcomes: tuple[str, ...] = (), **requests: int) -> Lookup:
    return Lookup(call, list(phases), list(outcomes), requests=requests)


def fails(call: str, *says: str, **requests: int) -> Lookup:
    return Lookup(call, says=says, requests=requests)


GATE = "wait=true, success_phases=['Running'], failure_phases=['Failed'], wait_sleep=1"

LOOKUPS = {
    "one": found("'running'", "Running", read=1),
    "in-the-order-of-the-terms": found("'running', ['failed', ['creating']]", "Running", "Failed", "Creating", list=1),
    "of-a-service": found("service='ratings'", "Creating", service=1),
    "nothing-rather-than-a-part": found("'running', 'unknown', errors='ignore'", list=1, read=1),
    "waits": found(f"'opening', {GATE}", "Running", outcomes=("reached",), read=2),
    "waits-for-a-service": found(f"service='opening', {GATE}", "Running", outcomes=("reached",), service=2),
    "waits-for-each": found(f"'running', 'opening', {GATE}", "Running", "Running", outcomes=("reached",) * 2, list=2),
    "waits-for-any": found(
        f"'creating', 'running', require='any', {GATE}", "Creating", "Running", outcomes=("pending", "reached"), list=1
    ),
    "one-is-missing": fails("'running', 'unknown'", "unknown", list=1, read=1),
    "gate-stays-closed": fails(f"'failed', {GATE}", "failed (bookinfo)", "Failed", read=1),
    "one-gate-stays-closed": fails(f"'running', 'failed', {GATE}", "failed (bookinfo)", "Failed", list=1),
    # Nothing is sent.
    "no-term": fails("[]", "empty"),
    "null-as-service": fails("service=none", "service"),
    "a-gate-on-the-mesh": fails("wait=true, success_phases=['Running']", "wait"),
    "condition-without-wait": fails("'running', stable_for=1, wait=false", "stable_for", "wait"),
    "misspelt": fails("'running', stabel_for=1", "stabel_for", "stable_for"),
}
"""Each has a mesh of its own name. The unit tests of the lookup have the other refusals."""

MESH = (
    release("running", RUNNING),
    release("creating", CREATING, service="ratings"),
    release("opening", CREATING, {**RUNNING, "after_reads": 1}, service="opening"),
    release("failed", {"phase": "Failed"}),
)
WHERE = {"huaweicloud_asm_token": TOKEN, "huaweicloud_asm_endpoint": "{{ endpoint }}"}


def look_up(name: str, call: str, mesh_id: str) -> dict[str, Any]:
    """Return a task that prints what the lookup returns."""
    arguments = ", ".join(filter(None, (call, f"mesh_id='{mesh_id}'", f"namespace='{NAMESPACE}'")))
    expression = f"{{{{ query('huaweicloud.asm.asm_release', {arguments}) }}}}"
    return {"name": name, "ansible.builtin.debug": {"msg": expression}, "ignore_errors": True}


def test_lookups(ansible: Ansible, simulate: Callable[..., Running], subtests: pytest.Subtests) -> None:
    releases = [{**each, "mesh_id": name} for name in (*LOOKUPS, MESH_ID) for each in MESH]
    simulator = simulate(scenario(*releases))
    tasks = [look_up(name, each.call, name) for name, each in LOOKUPS.items()]
    own = [look_up("mesh", "", MESH_ID), {"name": "module", MODULE: reading(simulator, "running")}]

    run = ansible.playbook(play(*tasks, *own, vars=WHERE), inventory=LOCAL, extra_vars={"endpoint": simulator.url})

    for name, expected in LOOKUPS.items():
        with subtests.test(name):
            check_lookup(run, simulator, name, expected)
    with subtests.test("without terms, the mesh is read"):
        entries = run.task("mesh").result["msg"]
        assert {each["release"]["metadata"]["name"] for each in entries} == {each["id"] for each in MESH}
    with subtests.test("an entry is the result of the module"):
        (entry,) = run.task("one").result["msg"]
        assert {"msg", "found", "release", "phase", "workloads", "request_id"} == set(entry)
        module = run.task("module").result
        assert [entry[key] for key in ("found", "phase", "workloads")] == [
            module[key] for key in ("found", "phase", "workloads")
        ]


def check_lookup(run: Run, simulator: Running, name: str, expected: Lookup) -> None:
    """Check what a lookup returned or raised, and its requests."""
    entry = run.task(name)
    if expected.phases is None:
        assert entry.outcome == "ignored", entry.result
        assert [words for words in expected.says if words not in entry.result["msg"]] == [], entry.result["msg"]
    else:
        assert [each["phase"] for each in entry.result["msg"]] == expected.phases, entry.result
        outcomes = [each["gate"]["outcome"] for each in entry.result["msg"] if "gate" in each]
        assert outcomes == expected.outcomes
    requests = [each for each in simulator.requests() if f"/meshes/{name}/" in each["path"]]
    assert Counter(each["operation"] for each in requests) == expected.requests
    assert len({each["connection"] for each in requests}) <= 1
    assert f"release_gate: {name}" not in run.stderr
