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
    "release_gate: reviews-canary (bookinfo) Creating, 0/3 ready, N s, next look in 1 s",
    "release_gate: reviews-canary (bookinfo) Creating, 2/3 ready, N s, next look in 1 s",
    "release_gate: reviews-canary (bookinfo) Creating → Running, 3/3 ready, N s, reached",
)


@pytest.fixture
def simulator(simulate: Callable[..., Running]) -> Running:
    return simulate(scenario(release(CANARY, *STEPS), release("held", CREATING), release("running", RUNNING)))


def gate_lines(run: Run) -> tuple[str, ...]:
    """Return the lines of progress, without the seconds that passed."""
    lines = [line for line in run.stderr.splitlines() if "release_gate" in line]
    return tuple(re.sub(r"\b\d+ s, (next|reached)", r"N s, \1", line) for line in lines)


def on(connection: str) -> str:
    return inventory(here={"ansible_connection": connection})


def test_a_playbook_tells_each_change_of_phase_and_readiness(ansible: Ansible, simulator: Running) -> None:
    run = ansible.playbook(play({MODULE: gate(simulator, CANARY)}), inventory=on("local"))

    assert run.returncode == 0, run.output
    assert gate_lines(run) == LINES
    assert "release_gate" not in run.stdout


def test_an_ad_hoc_command_tells_them_too(ansible: Ansible, simulator: Running) -> None:
    run = ansible.adhoc("localhost", MODULE, gate(simulator, CANARY))

    assert run.returncode == 0, run.output
    assert gate_lines(run) == LINES
    assert "release_gate" not in run.stdout


def test_a_line_comes_while_the_gate_is_still_held(ansible: Ansible, simulator: Running) -> None:
    with ansible.started(play({MODULE: gate(simulator, "held")}), inventory=on("local")) as run:
        assert run.main.stderr is not None
        line = next(line for line in run.main.stderr if "release_gate" in line)
        assert line == "release_gate: held (bookinfo) Creating, 3/3 ready, 0 s, next look in 1 s\n"
        # Nothing opens the gate before that line was read.
        simulator.change("held", **RUNNING)
        _unused, errors = run.main.communicate(timeout=30)

    assert run.main.returncode == 0
    assert "Creating → Running" in errors


def test_output_for_machines_stays_clean(ansible: Ansible, simulator: Running) -> None:
    run = ansible.playbook(
        play({"name": "gate", MODULE: gate(simulator, CANARY)}),
        inventory=on("local"),
        environment={"ANSIBLE_STDOUT_CALLBACK": "machine"},
    )

    assert gate_lines(run) == LINES
    assert json.loads(run.stdout) == {"gate": run.task("gate").result["msg"]}


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
    [
        pytest.param("local", {"no_log": True}, id="no_log"),
        pytest.param("local", {"check_mode": True}, id="check-mode"),
        pytest.param("loopback_shell", {}, id="module"),
        pytest.param("local", {"async": 30, "poll": 1}, id="async"),
    ],
)
def test_there_is_none_with(ansible: Ansible, simulator: Running, connection: str, keywords: dict[str, Any]) -> None:
    run = ansible.playbook(play({MODULE: gate(simulator, "running"), **keywords}), inventory=on(connection))

    assert run.returncode == 0, run.output
    assert simulator.summary()["requests"] == 1
    assert "release_gate" not in run.output


def test_there_is_none_for_a_read_that_nobody_waits_for(ansible: Ansible, simulator: Running) -> None:
    run = ansible.playbook(play({MODULE: reading(simulator, "running")}), inventory=on("local"))

    assert run.returncode == 0, run.output
    assert "release_gate" not in run.output
