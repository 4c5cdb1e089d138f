# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which a read or a gate is called: keywords of a task, defaults, the lookup, tests, the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.huaweicloud.asm.tests.playbook.marks import slow_but_for
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
    reading_train,
    release,
    scenario,
    target,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

LOCAL = inventory(here={"ansible_connection": "local", "ansible_become_method": "as_itself"})
PACKED = "AnsiballZ_asm_release_info.py"
"""Ansible tells at -vvv under this name that a module was copied to its target."""


@pytest.fixture
def simulator(simulate: Callable[..., Running]) -> Running:
    return simulate(
        scenario(
            release("running", RUNNING),
            release("creating", {**CREATING, "ready": 1}),
            release("opening", CREATING, {**RUNNING, "after_reads": 1}),
            release("failed", {"phase": "Failed"}),
            release("many-{number}", RUNNING, count=60),
            release("ratings-{number}", RUNNING, service="ratings", count=2),
        )
    )


def local(ansible: Ansible, *tasks: dict[str, Any], **keywords: Any) -> Run:
    """Run tasks on one host over the local connection, and hold that none of them fails."""
    run = ansible.playbook(play(*tasks, **keywords), inventory=LOCAL, arguments=["-vvv"])
    assert run.returncode == 0, run.output
    return run


class TestAsynchronously:
    @pytest.mark.slow
    def test_a_polled_gate_has_its_result(self, ansible: Ansible, simulator: Running) -> None:
        task = {"name": "gate", MODULE: gate(simulator, "opening"), "async": 60, "poll": 1}

        result = local(ansible, task).task("gate").result

        assert (result["gate"]["outcome"], result["gate"]["reads"], result["phase"]) == ("reached", 2, "Running")

    def test_a_polled_gate_that_stays_shut_fails(self, ansible: Ansible, simulator: Running) -> None:
        options = gate(simulator, "failed", failure_phases=["Failed"])
        task = {"name": "gate", MODULE: options, "async": 60, "poll": 1}

        run = ansible.playbook(play(task), inventory=LOCAL)

        assert (run.returncode, run.task("gate").outcome) == (2, "failed")
        assert run.task("gate").result["gate"]["outcome"] == "failed"

    @pytest.mark.slow
    def test_a_gate_that_nobody_polls_is_collected_later(self, ansible: Ansible, simulator: Running) -> None:
        run = local(
            ansible,
            {"name": "start", MODULE: gate(simulator, "opening"), "async": 60, "poll": 0, "register": "job"},
            {
                "name": "collect",
                "ansible.builtin.async_status": {"jid": "{{ job.ansible_job_id }}"},
                "register": "collected",
                "until": "collected is finished",
                "retries": 30,
                "delay": 1,
            },
            {
                "name": "ask",
                "ansible.builtin.debug": {"msg": "{{ collected is huaweicloud.asm.in_phase('Running') }}"},
            },
        )

        assert run.task("collect").result["gate"]["outcome"] == "reached"
        assert run.task("ask").result["msg"] is True


class TestPath:
    """Where a task is answered: -vvv tells whether a module was copied, and standard error has the progress."""

    @pytest.mark.parametrize(
        "keywords",
        slow_but_for(
            "nothing",
            of=[
                pytest.param({}, id="nothing"),
                pytest.param({"environment": {}}, id="an-empty-environment"),
                pytest.param({"become": False}, id="no-become"),
                pytest.param({"timeout": 60}, id="timeout"),
            ],
        ),
    )
    def test_the_controller_answers_with(self, ansible: Ansible, simulator: Running, keywords: dict[str, Any]) -> None:
        run = local(ansible, {MODULE: gate(simulator, "running"), **keywords})

        assert PACKED not in run.stdout
        assert "release_gate: " in run.stderr

    @pytest.mark.parametrize(
        "keywords",
        slow_but_for(
            "environment",
            "become",
            of=[
                pytest.param({"environment": {"ANY": "value"}}, id="environment"),
                pytest.param({"become": True}, id="become"),
                pytest.param({"vars": {"ansible_become": True}}, id="become-by-variable"),
                pytest.param({"async": 60, "poll": 1}, id="async"),
            ],
        ),
    )
    def test_the_module_answers_with(self, ansible: Ansible, simulator: Running, keywords: dict[str, Any]) -> None:
        run = local(ansible, {"name": "gate", MODULE: gate(simulator, "running"), **keywords})

        assert PACKED in run.stdout
        assert "release_gate: " not in run.stderr
        assert run.task("gate").result["gate"]["outcome"] == "reached"

    @pytest.mark.parametrize("scope", slow_but_for("task", of=["task", "play"]))
    def test_the_module_takes_credentials_from_the_environment_of(
        self, ansible: Ansible, simulator: Running, scope: str
    ) -> None:
        environment = {"environment": {"HW_AUTH_TOKEN": TOKEN}}
        task = {"name": "read", MODULE: target(simulator, "running")}
        run = (
            local(ansible, {**task, **environment})
            if scope == "task"
            else ansible.playbook(play(task, **environment), inventory=LOCAL)
        )

        assert run.task("read").result["phase"] == "Running"

    @pytest.mark.parametrize(
        ("host", "delegate", "in_controller"),
        [("loopback_shell", "local", True), ("local", "loopback_shell", False)],
    )
    @pytest.mark.slow
    def test_the_connection_of_a_delegate_decides(
        self, ansible: Ansible, simulator: Running, host: str, delegate: str, in_controller: bool
    ) -> None:
        run = ansible.playbook(
            play({MODULE: gate(simulator, "running"), "delegate_to": "other"}, hosts="here"),
            inventory=inventory(here={"ansible_connection": host}, other={"ansible_connection": delegate}),
            arguments=["-vvv"],
        )

        assert run.returncode == 0, run.output
        assert (PACKED in run.stdout, "release_gate: " in run.stderr) == (not in_controller, in_controller)


@pytest.mark.parametrize("connection", slow_but_for("loopback_shell", of=["local", "loopback_shell"]))
def test_defaults_of_the_action_group_reach_the_module(ansible: Ansible, simulator: Running, connection: str) -> None:
    defaults = {"endpoint": simulator.url, "token": TOKEN}
    options = {"mesh_id": MESH_ID, "namespace": NAMESPACE, "release_id": "running"}

    run = ansible.playbook(
        play({"name": "read", MODULE: options}, module_defaults={"group/huaweicloud.asm.asm": defaults}),
        inventory=inventory(here={"ansible_connection": connection}),
    )

    assert run.task("read").result["phase"] == "Running", run.output


@pytest.mark.parametrize(
    ("release_id", "deployed"), [("running", True), ("creating", False)], ids=["opens", "stays-shut"]
)
def test_the_tests_hold_a_task_by_its_condition(
    ansible: Ansible, simulator: Running, release_id: str, deployed: bool
) -> None:
    run = local(
        ansible,
        {MODULE: reading(simulator, release_id), "register": "seen"},
        {
            "name": "by phase",
            "ansible.builtin.debug": {},
            "when": "seen is huaweicloud.asm.in_phase('running', 'Finished')",
        },
        {"name": "by rollout", "ansible.builtin.debug": {}, "when": "seen is huaweicloud.asm.rolled_out"},
    )

    outcomes = {run.task(name).outcome for name in ("by phase", "by rollout")}
    assert outcomes == {"ok" if deployed else "skipped"}


class TestTheTestsOnATrain:
    TRAIN = ("running", "creating", "failed")

    def _asked(self, ansible: Ansible, simulator: Running, expression: str) -> Any:
        """Return what an expression gives whose variable `seen` is a read of `TRAIN`."""
        run = local(
            ansible,
            {MODULE: reading_train(simulator, *self.TRAIN), "register": "seen"},
            {"name": "ask", "ansible.builtin.debug": {"msg": f"{{{{ {expression} }}}}"}},
        )
        return run.task("ask").result["msg"]

    @pytest.mark.parametrize(
        ("test", "passing"),
        slow_but_for(
            "in_phase",
            of=[
                pytest.param(
                    "'huaweicloud.asm.in_phase', 'Running', 'Creating'", ["running", "creating"], id="in_phase"
                ),
                pytest.param("'huaweicloud.asm.rolled_out'", ["running", "failed"], id="rolled_out"),
            ],
        ),
    )
    @pytest.mark.slow
    def test_choose_among_its_entries(
        self, ansible: Ansible, simulator: Running, test: str, passing: list[str]
    ) -> None:
        chosen = f"seen.releases | select({test}) | map(attribute='release_id')"

        assert self._asked(ansible, simulator, chosen) == passing

    @pytest.mark.slow
    def test_hold_a_loop_over_its_entries(self, ansible: Ansible, simulator: Running) -> None:
        run = local(
            ansible,
            {MODULE: reading_train(simulator, *self.TRAIN), "register": "seen"},
            {
                "name": "deploy",
                "ansible.builtin.debug": {"msg": "{{ item.release_id }}"},
                "loop": "{{ seen.releases }}",
                "loop_control": {"label": "{{ item.release_id }}"},
                "when": "item is huaweicloud.asm.in_phase('Running')",
            },
        )

        results = run.task("deploy").result["results"]
        assert [each["msg"] for each in results if "msg" in each] == ["running"]

    @pytest.mark.parametrize("test", ["in_phase('Running')", "rolled_out"])
    @pytest.mark.slow
    def test_say_of_the_whole_to_use_its_releases(self, ansible: Ansible, simulator: Running, test: str) -> None:
        run = ansible.playbook(
            play(
                {MODULE: reading_train(simulator, *self.TRAIN), "register": "seen"},
                {"name": "ask", "ansible.builtin.debug": {}, "when": f"seen is not huaweicloud.asm.{test}"},
            ),
            inventory=LOCAL,
        )

        assert run.task("ask").outcome == "failed"
        assert "use its .releases" in run.output


@pytest.mark.parametrize(
    ("release_id", "returncode"),
    [pytest.param("running", 0, id="found", marks=pytest.mark.slow), pytest.param("unknown", 2, id="missing")],
)
def test_a_read_on_the_command_line_prints_its_result(
    ansible: Ansible, simulator: Running, release_id: str, returncode: int
) -> None:
    run = ansible.adhoc("localhost", MODULE, reading(simulator, release_id))

    assert run.returncode == returncode, run.output
    (entry,) = run.results
    assert entry.result["msg"] in run.stdout
    assert ('"phase": "Running"' in run.stdout) is (returncode == 0)


def look_up(ansible: Ansible, simulator: Running, call: str, *arguments: str, **variables: Any) -> Run:
    """Run a task that prints what a call of the lookup gives; ``call`` is its terms, and options but where it is."""
    expression = f"{{{{ query('huaweicloud.asm.asm_release', {call}, mesh_id=mesh_id, namespace=namespace) }}}}"
    known = {"huaweicloud_asm_endpoint": simulator.url, "huaweicloud_asm_token": TOKEN}
    return ansible.playbook(
        play(
            {"name": "look up", "ansible.builtin.debug": {"msg": expression}},
            vars={"mesh_id": MESH_ID, "namespace": NAMESPACE, **known, **variables},
        ),
        inventory=LOCAL,
        arguments=arguments,
    )


def vaulted(text: str, password: Path) -> str:
    """Return a text as a value in YAML that only a password opens."""
    secret = VaultSecret(password.read_bytes())
    return "!vault " + json.dumps(VaultLib([("default", secret)]).encrypt(text, secret).decode())


class TestLookup:
    def test_gives_an_entry_for_each_term_in_their_order_and_flattened(
        self, ansible: Ansible, simulator: Running
    ) -> None:
        run = look_up(ansible, simulator, "'running', ['failed', ['creating']], 'running'")

        phases = [entry["phase"] for entry in run.task("look up").result["msg"]]
        assert phases == ["Running", "Failed", "Creating", "Running"], run.output
        summary = simulator.summary()
        assert (summary["by_operation"], summary["connections"]) == ({"list": 1}, 1)

    @pytest.mark.parametrize(
        "terms",
        [
            pytest.param("'running'", id="one"),
            pytest.param("'running', 'creating'", id="several", marks=pytest.mark.slow),
        ],
    )
    def test_has_the_shape_of_the_module_for_one_release(
        self, ansible: Ansible, simulator: Running, terms: str
    ) -> None:
        entry = look_up(ansible, simulator, terms).task("look up").result["msg"][0]
        module = local(ansible, {"name": "read", MODULE: reading(simulator, "running")}).task("read").result

        assert {**entry, "request_id": module["request_id"]} == {name: module[name] for name in entry}
        assert {"msg", "found", "release", "phase", "workloads", "request_id"} == set(entry)

    @pytest.mark.slow
    def test_templates_variables_a_vaulted_token_included(self, ansible: Ansible, simulator: Running) -> None:
        password = ansible.directory / "vault-password"
        password.write_text("invented-password-of-the-vault", encoding="utf-8")
        variables = ansible.directory / "variables.yml"
        variables.write_text(f"vaulted_token: {vaulted(TOKEN, password)}\n", encoding="utf-8")

        run = look_up(
            ansible,
            simulator,
            "'running'",
            *("--vault-password-file", str(password), "-e", f"@{variables}"),
            huaweicloud_asm_token="{{ vaulted_token }}",
            huaweicloud_asm_endpoint="{{ place }}",
            place=simulator.url,
        )

        assert run.task("look up").outcome == "ok", run.output
        assert simulator.summary()["by_credential"] == {"token": 1}

    @pytest.mark.parametrize("mode", slow_but_for("ignore", of=["ignore", "warn"]))
    def test_gives_nothing_rather_than_a_part(self, ansible: Ansible, simulator: Running, mode: str) -> None:
        run = look_up(ansible, simulator, f"'running', 'unknown', errors='{mode}'")

        assert run.task("look up").outcome == "ok", run.output
        assert not run.task("look up").result["msg"]
        # The list, and what it lacks.
        assert simulator.summary()["by_operation"] == {"list": 1, "read": 1}

    def test_fails_as_a_whole_otherwise(self, ansible: Ansible, simulator: Running) -> None:
        run = look_up(ansible, simulator, "'running', 'unknown'")

        assert run.task("look up").outcome == "failed"
        assert "ASM knows no such release" in run.task("look up").result["msg"]

    def test_waits(self, ansible: Ansible, simulator: Running) -> None:
        run = look_up(ansible, simulator, "'opening', wait=true, success_phases=['Running'], wait_sleep=1")

        (entry,) = run.task("look up").result["msg"]
        assert (entry["gate"]["outcome"], entry["gate"]["reads"]) == ("reached", 2)
        assert "release_gate: " not in run.stderr

    def test_fails_where_the_gate_stays_shut(self, ansible: Ansible, simulator: Running) -> None:
        run = look_up(ansible, simulator, "'failed', wait=true, success_phases=['Running'], failure_phases=['Failed']")

        assert run.task("look up").outcome == "failed"
        assert "the gate stays shut" in run.task("look up").result["msg"]

    @pytest.mark.slow
    def test_reads_once_in_check_mode(self, ansible: Ansible, simulator: Running) -> None:
        run = look_up(ansible, simulator, "'creating', wait=true, success_phases=['Running']", "--check")

        (entry,) = run.task("look up").result["msg"]
        assert (entry["gate"]["outcome"], entry["gate"]["check_mode"]) == ("pending", True)
        assert f"asm_release: {entry['msg']}" in " ".join(run.output.split())
        assert simulator.summary()["requests"] == 1

    @pytest.mark.slow
    def test_reads_sixty_releases_over_one_connection(self, ansible: Ansible, simulator: Running) -> None:
        terms = ", ".join(f"'many-{number:02}'" for number in range(1, 61))

        run = look_up(ansible, simulator, f"{terms}, wait=true, success_phases=['Running']")

        assert len(run.task("look up").result["msg"]) == 60, run.output
        assert simulator.summary()["by_operation"] == {"list": 1}


GATE = "wait=true, success_phases=['Running'], failure_phases=['Failed'], wait_sleep=1"


class TestLookupOfATrain:
    @pytest.mark.parametrize(
        ("selection", "names"),
        slow_but_for(
            "service",
            of=[
                pytest.param("service=['ratings']", ["ratings-1", "ratings-2"], id="service"),
                pytest.param("service='ratings'", ["ratings-1", "ratings-2"], id="service-as-a-text"),
                pytest.param("name=['running', 'creating']", ["creating", "running"], id="name"),
                pytest.param(
                    "service=['ratings'], name=['ratings-2', 'running']", ["ratings-2"], id="service-and-name"
                ),
                pytest.param("service=['details']", [], id="nothing"),
            ],
        ),
    )
    def test_selects_by(self, ansible: Ansible, simulator: Running, selection: str, names: list[str]) -> None:
        run = look_up(ansible, simulator, selection)

        assert run.task("look up").outcome == "ok", run.output
        entries = run.task("look up").result["msg"]
        assert [entry["release"]["metadata"]["name"] for entry in entries] == names
        assert simulator.summary()["by_operation"] == {"list": 1}

    @pytest.mark.parametrize(
        ("call", "told"),
        slow_but_for(
            "both",
            of=[
                pytest.param("[]", "the list of ids is empty", id="no-id"),
                pytest.param("'running', service=['reviews']", "release_id and service exclude each other", id="both"),
                pytest.param(f"service=['ratings'], {GATE}", "a selection that waits needs minimum", id="no-minimum"),
                pytest.param("'running', 'creating', require='any'", "require needs wait: true", id="no-wait"),
            ],
        ),
    )
    def test_reads_nothing_with(self, ansible: Ansible, simulator: Running, call: str, told: str) -> None:
        run = look_up(ansible, simulator, call)

        assert run.task("look up").outcome == "failed", run.output
        assert told in run.task("look up").result["msg"]
        assert simulator.requests() == []

    @pytest.mark.slow
    def test_gives_each_entry_a_gate_of_its_own(self, ansible: Ansible, simulator: Running) -> None:
        run = look_up(ansible, simulator, f"'running', 'opening', {GATE}")

        entries = run.task("look up").result["msg"]
        assert [entry["gate"]["outcome"] for entry in entries] == ["reached", "reached"], run.output
        assert [change["phase"] for change in entries[1]["gate"]["timeline"]] == ["Creating", "Running"]
        assert simulator.summary()["by_operation"] == {"list": 2}

    @pytest.mark.slow
    def test_opens_for_a_selection_of_enough(self, ansible: Ansible, simulator: Running) -> None:
        run = look_up(ansible, simulator, f"service=['ratings'], minimum=2, {GATE}")

        assert [entry["gate"]["outcome"] for entry in run.task("look up").result["msg"]] == ["reached"] * 2, run.output

    @pytest.mark.slow
    def test_opens_for_as_many_as_it_must(self, ansible: Ansible, simulator: Running) -> None:
        run = look_up(ansible, simulator, f"'creating', 'running', require='any', {GATE}")

        outcomes = [entry["gate"]["outcome"] for entry in run.task("look up").result["msg"]]
        assert outcomes == ["pending", "reached"], run.output

    @pytest.mark.parametrize(
        ("call", "told"),
        slow_but_for(
            "too-few",
            of=[
                pytest.param("'running', 'failed'", "failed (bookinfo) is Failed", id="one-fails"),
                pytest.param("service=['ratings'], minimum=3", "2 of at least 3 selected releases", id="too-few"),
            ],
        ),
    )
    def test_fails_as_a_whole_where_the_gate_stays_shut(
        self, ansible: Ansible, simulator: Running, call: str, told: str
    ) -> None:
        run = look_up(ansible, simulator, f"{call}, {GATE}")

        assert run.task("look up").outcome == "failed"
        assert "the gate stays shut" in run.task("look up").result["msg"]
        assert told in run.task("look up").result["msg"]

    @pytest.mark.slow
    def test_reads_once_in_check_mode(self, ansible: Ansible, simulator: Running) -> None:
        run = look_up(ansible, simulator, f"'running', 'creating', {GATE}", "--check")

        entries = run.task("look up").result["msg"]
        assert [entry["gate"]["outcome"] for entry in entries] == ["reached", "pending"], run.output
        assert simulator.summary()["by_operation"] == {"list": 1}

    @pytest.mark.slow
    def test_warns_once_that_the_list_is_denied(self, ansible: Ansible, simulator: Running) -> None:
        simulator.set_faults({"fault": "answer", "status": 403, "operation": "list"})

        run = look_up(ansible, simulator, f"'running', 'opening', requests_per_minute=600, {GATE}")

        assert len(run.task("look up").result["msg"]) == 2, run.output
        assert " ".join(run.stderr.split()).count("the list of releases is denied") == 1
        assert simulator.summary()["by_operation"] == {"list": 1, "read": 4}
