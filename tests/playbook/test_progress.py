# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of progress: on standard error, on the controller path, while the gate waits, and nowhere else.

The unit tests check the words of a line, and on a scripted clock that one comes at least every 60 s. `test_paths`
checks that the module path has none, and `test_surfaces` which keywords of a task lead there.
"""

from __future__ import annotations

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

# The second read brings no change, and so it has no line.
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
    return simulate(scenario(release(CANARY, *STEPS), release("pending", CREATING), release("running", RUNNING)))


def gate_lines(run: Run) -> tuple[str, ...]:
    """Return the lines of progress, without the seconds that passed."""
    lines = [line for line in run.stderr.splitlines() if "release_gate" in line]
    return tuple(re.sub(r"after \d+ s", "after N s", line) for line in lines)


def on(connection: str) -> str:
    return inventory(here={"ansible_connection": connection})


def test_each_change_of_phase_and_readiness_has_a_line(ansible: Ansible, simulator: Running) -> None:
    silent: list[dict[str, Any]] = [
        {MODULE: gate(simulator, "running"), "no_log": True},
        {MODULE: gate(simulator, "pending"), "check_mode": True},
        {MODULE: reading(simulator, "running")},
    ]

    run = ansible.playbook(play({MODULE: gate(simulator, CANARY)}, *silent), inventory=on("local"))

    assert run.returncode == 0, run.output
    assert gate_lines(run) == LINES
    assert "release_gate" not in run.stdout


def test_a_line_comes_while_the_gate_still_waits(ansible: Ansible, simulator: Running) -> None:
    with ansible.started(play({MODULE: gate(simulator, "pending")}), inventory=on("local")) as run:
        assert run.main.stderr is not None
        line = next(line for line in run.main.stderr if "release_gate" in line)
        assert line == "release_gate: pending (bookinfo) Creating, 3/3 ready; waiting for Running; next poll in 1 s\n"
        # The gate cannot open before that line was read.
        simulator.change("pending", **RUNNING)
        _unused, errors = run.main.communicate(timeout=30)

    assert run.main.returncode == 0
    assert "Creating → Running" in errors
