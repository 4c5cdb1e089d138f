# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The person at the keyboard, the pipeline that cancels, and the task whose time is up: a gate ends, and nothing of it
goes on.
"""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ansible.release
import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Started, until
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    CREATING,
    MODULE,
    gate,
    inventory,
    play,
    release,
    scenario,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

RELEASE = "reviews-canary"
WITHIN = 10.0
"""Seconds from the signal to the end of the last process: less than a request or a gate would have gone on."""

INTERRUPTED = 99
"""What ansible-playbook returns after Ctrl-C."""

CORE = tuple(int(part) for part in ansible.release.__version__.split(".")[:2])
MAIN_SIGNALS_ITS_WORKERS = CORE >= (2, 19)
"""Before, a main process that gets SIGTERM just dies."""

ANSIBLES_OWN = re.compile(r"ansible-local-|ansible-tmp-|ansible_huaweicloud\.asm\.asm_release_info_payload_|pymp-")
"""What Ansible and Python leave in temporary directories when killed: of the controller, of a task, of a module, and
of multiprocessing."""

MOMENTS: dict[str, list[dict[str, Any]]] = {"pause": [], "request": [{"fault": "hang", "requests": ["2-"]}]}
"""When it comes: in the pauses between reads, or while a request hangs."""


@dataclass(frozen=True)
class Gate:
    """A gate that is held, has made its second request, and will not open."""

    run: Started
    simulator: Running
    directory: Path

    def send(self, number: signal.Signals, to_group: bool) -> None:
        """Send a signal to the program, or to its group as a terminal does."""
        (os.killpg if to_group else os.kill)(self.run.main.pid, number)

    def left(self) -> set[str]:
        """Return the names that lie in the temporary directories."""
        places = (self.directory / "tmp", self.directory / "home" / ".ansible" / "tmp")
        return {path.name for place in places for path in place.iterdir()}

    def connections(self) -> int:
        """Return how many connections to the simulator there are, of whatever process."""
        port = int(self.simulator.url.rpartition(":")[2])
        rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
        established = "01"
        return sum(row[3] == established and int(row[2].partition(":")[2], 16) == port for row in rows)


@pytest.fixture(params=CONNECTIONS)
def path(request: pytest.FixtureRequest) -> str:
    """The path that the task takes."""
    return str(request.param)


@pytest.fixture(params=["pause", pytest.param("request", marks=pytest.mark.slow)])
def moment(request: pytest.FixtureRequest) -> str:
    """The moment at which it ends."""
    return str(request.param)


@pytest.fixture
def more() -> dict[str, Any]:
    """What a test adds: ``options`` of the gate, ``keywords`` of the task."""
    return {}


@pytest.fixture
def held(
    ansible: Ansible, simulate: Callable[..., Running], path: str, moment: str, more: dict[str, Any]
) -> Iterator[Gate]:
    """A gate that is held until the end of the test."""
    simulator = simulate(scenario(release(RELEASE, CREATING), faults=MOMENTS[moment]))
    (ansible.directory / "tmp").mkdir()
    options = gate(simulator, RELEASE, **{"wait_timeout": 600, **more.get("options", {})})
    with ansible.started(
        play({"name": "gate", MODULE: options, **more.get("keywords", {})}),
        inventory=inventory(host={"ansible_connection": CONNECTIONS[path]}),
        environment={"TMPDIR": str(ansible.directory / "tmp")},
    ) as run:
        until(lambda: run.main.poll() is not None or simulator.summary()["requests"] >= 2, "the second request")
        assert run.main.poll() is None, run.main.communicate()
        yield Gate(run, simulator, ansible.directory)


def assert_nothing_goes_on(gate_held: Gate) -> None:
    until(lambda: gate_held.connections() == 0, "the end of all connections", within=1)
    assert not gate_held.run.processes()


ENDED_BY = [
    pytest.param(
        path,
        number,
        to_group,
        id=f"{path}-{number.name}-{'to-the-group' if to_group else 'to-the-program'}",
        marks=[] if number == signal.SIGINT and to_group else [pytest.mark.slow],
    )
    for path in CONNECTIONS
    for number in (signal.SIGINT, signal.SIGTERM)
    for to_group in (True, False)
    if (path, number, to_group) != ("module", signal.SIGTERM, False) or MAIN_SIGNALS_ITS_WORKERS
]
"""Before 2.19, a program that gets SIGTERM alone leaves its module behind; another test has what becomes of that."""


@pytest.mark.parametrize(("path", "number", "to_group"), ENDED_BY)
def test_a_signal_ends_the_gate_and_leaves_nothing_behind(held: Gate, number: signal.Signals, to_group: bool) -> None:
    held.send(number, to_group)

    held.run.wait_for_end(WITHIN)
    assert held.run.main.returncode == (INTERRUPTED if number == signal.SIGINT else -number)
    assert not held.run.results
    assert {name for name in held.left() if not ANSIBLES_OWN.match(name)} == set()
    assert_nothing_goes_on(held)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["controller"])
def test_a_worker_whose_controller_was_killed_ends(held: Gate) -> None:
    held.send(signal.SIGKILL, to_group=False)

    held.run.wait_for_end(WITHIN)
    assert_nothing_goes_on(held)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["module"])
@pytest.mark.parametrize("more", [pytest.param({"options": {"wait_timeout": 6}}, id="6-seconds")])
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, *([] if MAIN_SIGNALS_ITS_WORKERS else [signal.SIGTERM])], ids=lambda number: number.name
)
def test_a_module_that_ansible_leaves_behind_ends_at_its_deadline(held: Gate, number: signal.Signals) -> None:
    # Its worker lives on and waits for it, so it cannot know; any module of Ansible goes on like that.
    held.send(number, to_group=False)

    held.run.wait_for_end(6 + WITHIN)
    assert_nothing_goes_on(held)
