# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of progress: on standard error, on the controller path, while the gate waits, and nowhere else.

The unit tests check on a scripted clock that a line comes at least every 60 s.
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
    gate_on_releases,
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
    silent = {MODULE: gate(simulator, "running"), "no_log": True}

    run = ansible.playbook(play({MODULE: gate(simulator, CANARY)}, silent), inventory=on("local"))

    assert run.returncode == 0, run.output
    assert gate_lines(run) == LINES
    assert "release_gate" not in run.stdout


@pytest.mark.slow
def test_an_ad_hoc_command_has_the_same_lines(ansible: Ansible, simulator: Running) -> None:
    run = ansible.adhoc("localhost", MODULE, gate(simulator, CANARY))

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


@pytest.mark.slow
def test_standard_output_for_machines_has_no_progress(ansible: Ansible, simulator: Running) -> None:
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

    (of_controller, with_progress), (of_module, without) = outputs["local"], outputs["loopback_shell"]
    assert (with_progress, without) == (True, False)
    assert of_controller == of_module


@pytest.mark.slow
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


class TestSeveralReleases:
    RELEASES = (
        release("first", RUNNING),
        release("second", CREATING, {**RUNNING, "after_reads": 2}),
        release("third", CREATING, {**RUNNING, "after_reads": 3}),
    )

    @pytest.mark.slow
    def test_a_line_sums_up_and_names_what_changed(self, ansible: Ansible, simulate: Callable[..., Running]) -> None:
        mesh = simulate(scenario(*self.RELEASES))

        run = ansible.playbook(
            play({MODULE: gate_on_releases(mesh, "first", "second", "third")}), inventory=on("local")
        )

        assert run.returncode == 0, run.output
        lines = gate_lines(run)
        # The second read brings no change.
        assert [re.findall(r"[0-3] of 3", line) for line in lines] == [["1 of 3"], ["2 of 3"], ["3 of 3"]], lines
        assert [name in lines[1] for name in ("first (", "second (", "third (")] == [False, True, True], lines[1]
        assert "second (bookinfo) Creating → Running, 3/3 ready" in lines[1]
        assert "release_gate" not in run.stdout

    @pytest.mark.slow
    def test_a_line_names_no_more_than_three(self, ansible: Ansible, simulate: Callable[..., Running]) -> None:
        opening = (CREATING, {**RUNNING, "after_reads": 1})
        mesh = simulate(scenario(release("open-{number}", *opening, count=12)))
        names = [f"open-{number:02}" for number in range(1, 13)]

        run = ansible.playbook(play({MODULE: gate_on_releases(mesh, *names)}), inventory=on("local"))

        assert run.returncode == 0, run.output
        assert [line.count("(bookinfo)") for line in gate_lines(run)] == [3, 3], run.output
        assert all("and 9 more" in line for line in gate_lines(run))

    @pytest.mark.slow
    def test_a_line_names_the_spacing_of_single_reads(self, ansible: Ansible, simulate: Callable[..., Running]) -> None:
        denied = {"fault": "answer", "status": 403, "operation": "list"}
        mesh = simulate(scenario(*self.RELEASES[:2], faults=[denied]))

        run = ansible.playbook(
            play({MODULE: gate_on_releases(mesh, "first", "second", requests_per_minute=60, wait_timeout=60)}),
            inventory=on("local"),
        )

        assert run.returncode == 0, run.output
        assert gate_lines(run)
        assert all("single reads 1 s apart" in line for line in gate_lines(run)), gate_lines(run)


CONDITIONS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "stable": (RUNNING, {"stable_for": 2}, ("Running, 3/3 ready; stable 0 of 2 s",)),
    "version": (RUNNING, {"version": "v3"}, ("version is v2, waiting for v3",)),
    "ready": ({**RUNNING, "ready": 1}, {"ready": True}, ("Running, 1/3 ready",)),
}
"""A step, conditions of a gate, and words of its first line: it says what is missing."""


def test_a_line_says_which_condition_is_missing(
    ansible: Ansible, simulate: Callable[..., Running], subtests: pytest.Subtests
) -> None:
    mesh = simulate(scenario(*(release(f"gate-{name}", step) for name, (step, _unused, _says) in CONDITIONS.items())))
    tasks = [
        {MODULE: gate(mesh, f"gate-{name}", **{"wait_timeout": 3, **options}), "ignore_errors": True}
        for name, (_unused, options, _says) in CONDITIONS.items()
    ]

    run = ansible.playbook(play(*tasks), inventory=on("local"))

    for name, (_unused, _options, says) in CONDITIONS.items():
        with subtests.test(name):
            line = next(line for line in gate_lines(run) if f"gate-{name} " in line)
            assert [words for words in says if words not in line] == [], line


@pytest.mark.slow
def test_there_is_none_for_a_read(ansible: Ansible, simulator: Running) -> None:
    run = ansible.playbook(play({MODULE: reading(simulator, "running")}), inventory=on("local"))

    assert run.returncode == 0, run.output
    assert "release_gate" not in run.output
