# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees while a gate is held: lines on standard error, in the controller, and nothing anywhere else.

That a line comes at least every 60 s is a matter of the unit tests, which have a clock of their own.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.marks import slow_but_for
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CREATING,
    MODULE,
    RUNNING,
    gate,
    inventory,
    play,
    reading,
    release,
    scenario,
    train,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

CANARY = "reviews-canary"

# The second look sees nothing new, and so it has no line.
STEPS: tuple[dict[str, Any], ...] = (
    {**CREATING, "ready": 0},
    {"after_reads": 2, "ready": 2},
    {"after_reads": 3, "ready": 3, **RUNNING},
)
LINES = (
    "release_gate: reviews-canary (bookinfo) Creating, 0/3 ready; waiting for Running; next poll in 1 s",
    "release_gate: reviews-canary (bookinfo) Creating, 2/3 ready; waiting for Running; next poll in 1 s",
    "release_gate: reviews-canary (bookinfo) Creating → Running, 3/3 ready; reached after N s",
)


@pytest.fixture
def simulator(simulate: Callable[..., Running]) -> Running:
    return simulate(scenario(release(CANARY, *STEPS), release("held", CREATING), release("running", RUNNING)))


def gate_lines(run: Run) -> tuple[str, ...]:
    """Return the lines of progress, without the seconds that passed."""
    lines = [line for line in run.stderr.splitlines() if "release_gate" in line]
    return tuple(re.sub(r"after \d+ s", "after N s", line) for line in lines)


def on(connection: str) -> str:
    return inventory(here={"ansible_connection": connection})


def test_a_playbook_tells_each_change_of_phase_and_readiness(ansible: Ansible, simulator: Running) -> None:
    run = ansible.playbook(play({MODULE: gate(simulator, CANARY)}), inventory=on("local"))

    assert run.returncode == 0, run.output
    assert gate_lines(run) == LINES
    assert "release_gate" not in run.stdout


@pytest.mark.slow
def test_an_ad_hoc_command_tells_them_too(ansible: Ansible, simulator: Running) -> None:
    run = ansible.adhoc("localhost", MODULE, gate(simulator, CANARY))

    assert run.returncode == 0, run.output
    assert gate_lines(run) == LINES
    assert "release_gate" not in run.stdout


def test_a_line_comes_while_the_gate_is_still_held(ansible: Ansible, simulator: Running) -> None:
    with ansible.started(play({MODULE: gate(simulator, "held")}), inventory=on("local")) as run:
        assert run.main.stderr is not None
        line = next(line for line in run.main.stderr if "release_gate" in line)
        assert line == "release_gate: held (bookinfo) Creating, 3/3 ready; waiting for Running; next poll in 1 s\n"
        # Nothing opens the gate before that line was read.
        simulator.change("held", **RUNNING)
        _unused, errors = run.main.communicate(timeout=30)

    assert run.main.returncode == 0
    assert "Creating → Running" in errors


@pytest.mark.slow
def test_output_for_machines_stays_clean(ansible: Ansible, simulator: Running) -> None:
    run = ansible.playbook(
        play({"name": "gate", MODULE: gate(simulator, CANARY)}),
        inventory=on("local"),
        environment={"ANSIBLE_STDOUT_CALLBACK": "machine"},
    )

    assert gate_lines(run) == LINES
    assert json.loads(run.stdout) == {"gate": run.task("gate").result["msg"]}


@pytest.mark.slow
def test_standard_output_is_the_same_with_progress_and_without(ansible: Ansible, simulator: Running) -> None:
    outputs = {}
    for connection in ("local", "loopback_shell"):
        run = ansible.playbook(play({"name": "gate", MODULE: gate(simulator, CANARY)}), inventory=on(connection))
        outputs[connection] = run.stdout, bool(gate_lines(run))
        simulator.reset()

    (told, with_progress), (silent, without) = outputs["local"], outputs["loopback_shell"]
    assert (with_progress, without) == (True, False)
    assert told == silent


@pytest.mark.parametrize(
    ("connection", "keywords"),
    slow_but_for(
        "no_log",
        of=[
            pytest.param("local", {"no_log": True}, id="no_log"),
            pytest.param("local", {"check_mode": True}, id="check-mode"),
            pytest.param("loopback_shell", {}, id="module"),
            pytest.param("local", {"async": 30, "poll": 1}, id="async"),
        ],
    ),
)
def test_there_is_none_with(ansible: Ansible, simulator: Running, connection: str, keywords: dict[str, Any]) -> None:
    run = ansible.playbook(play({MODULE: gate(simulator, "running"), **keywords}), inventory=on(connection))

    assert run.returncode == 0, run.output
    assert simulator.summary()["requests"] == 1
    assert "release_gate" not in run.output


WAITS = "3/3 ready (waiting for Running)"


class TestATrain:
    # The second look sees nothing new.
    TRAIN = (
        release("first", RUNNING),
        release("second", CREATING, {**RUNNING, "after_reads": 2}),
        release("third", CREATING, {**RUNNING, "after_reads": 3}),
    )
    LINES = (
        (
            "release_gate: 1 of 3 releases have reached; 2 Creating; "
            f"second (bookinfo) Creating, {WAITS}; third (bookinfo) Creating, {WAITS}; "
            "first (bookinfo) Running, 3/3 ready, reached; next poll in 1 s"
        ),
        (
            f"release_gate: 2 of 3 releases have reached; 1 Creating; third (bookinfo) Creating, {WAITS}; "
            "second (bookinfo) Creating → Running, 3/3 ready, reached; next poll in 1 s"
        ),
        (
            "release_gate: 3 of 3 releases have reached; third (bookinfo) Creating → Running, 3/3 ready, reached; "
            "reached after N s"
        ),
    )

    @pytest.mark.slow
    def test_sums_up_and_names_what_changed(self, ansible: Ansible, simulate: Callable[..., Running]) -> None:
        mesh = simulate(scenario(*self.TRAIN))

        run = ansible.playbook(play({MODULE: train(mesh, "first", "second", "third")}), inventory=on("local"))

        assert run.returncode == 0, run.output
        assert gate_lines(run) == self.LINES
        assert "release_gate" not in run.stdout

    @pytest.mark.slow
    def test_names_no_more_than_three(self, ansible: Ansible, simulate: Callable[..., Running]) -> None:
        opening = (CREATING, {**RUNNING, "after_reads": 1})
        mesh = simulate(
            scenario(release("done-{number}", RUNNING, count=7), release("open-{number}", *opening, count=5))
        )

        run = ansible.playbook(play({MODULE: train(mesh, minimum=12)}), inventory=on("local"))

        waiting = "; ".join(f"open-{number} (bookinfo) Creating, {WAITS}" for number in (1, 2, 3))
        opened = "; ".join(f"open-{number} (bookinfo) Creating → Running, 3/3 ready, reached" for number in (1, 2, 3))
        assert gate_lines(run) == (
            f"release_gate: 7 of 12 releases have reached; 5 Creating; {waiting}; and 9 more; next poll in 1 s",
            f"release_gate: 12 of 12 releases have reached; {opened}; and 2 more; reached after N s",
        ), run.output

    @pytest.mark.slow
    def test_says_how_far_apart_single_reads_are(self, ansible: Ansible, simulate: Callable[..., Running]) -> None:
        denied = {"fault": "answer", "status": 403, "operation": "list"}
        mesh = simulate(scenario(*self.TRAIN[:2], faults=[denied]))

        run = ansible.playbook(
            play({MODULE: train(mesh, "first", "second", requests_per_minute=60, wait_timeout=60)}),
            inventory=on("local"),
        )

        assert run.returncode == 0, run.output
        lines = gate_lines(run)
        assert lines
        assert all("; without the list, single reads 1 s apart; " in line for line in lines), lines


@pytest.mark.slow
def test_there_is_none_for_a_read_that_nobody_waits_for(ansible: Ansible, simulator: Running) -> None:
    run = ansible.playbook(play({MODULE: reading(simulator, "running")}), inventory=on("local"))

    assert run.returncode == 0, run.output
    assert "release_gate" not in run.output
