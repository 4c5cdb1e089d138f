# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wall clock of the machine is set by an hour during a real wait, on both paths.

Every Python of the run starts with a shim that adds what a file says to the wall clock; the monotonic clock stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.harness import until
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    CREATING,
    MODULE,
    RUNNING,
    gate,
    inventory,
    play,
    release,
    scenario,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

pytestmark = pytest.mark.slow

SHIM = """\
import datetime
import os
import time

_true = time.time


def _shifted():
    with open(os.environ["WALL_CLOCK_SHIFT_IN"]) as file:
        return _true() + float(file.read() or 0)


class _Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(_shifted(), tz)


# What its repr() says, which Ansible puts into the modules that it packs.
_Datetime.__name__ = "datetime.datetime"
time.time = _shifted
datetime.datetime = _Datetime
"""


@pytest.mark.parametrize("path", CONNECTIONS)
@pytest.mark.parametrize("hours", [pytest.param(1, id="an-hour-on"), pytest.param(-1, id="an-hour-back")])
def test_a_wait_ignores_the_wall_clock(
    ansible: Ansible, simulate: Callable[..., Running], path: str, hours: int
) -> None:
    shim, shift = ansible.directory / "shim", ansible.directory / "shift"
    shim.mkdir()
    (shim / "sitecustomize.py").write_text(SHIM, encoding="utf-8")
    shift.write_text("0", encoding="utf-8")
    simulator = simulate(scenario(release("reviews-canary", CREATING, {**RUNNING, "after_reads": 4})))
    task = {"name": "gate", MODULE: gate(simulator, "reviews-canary", stable_for=2)}
    clock = {"name": "clock", "ansible.builtin.command": "date +%s", "register": "true_clock"}
    seen = {
        "name": "seen",
        "ansible.builtin.debug": {"msg": "{{ now(utc=true).timestamp() - true_clock.stdout | int }}"},
    }

    with ansible.started(
        play(task, clock, seen),
        inventory=inventory(host={"ansible_connection": CONNECTIONS[path]}),
        environment={"PYTHONPATH": str(shim), "WALL_CLOCK_SHIFT_IN": str(shift)},
    ) as run:
        until(lambda: run.main.poll() is not None or simulator.summary()["requests"] >= 2, "the second request")
        shift.write_text(str(3600 * hours), encoding="utf-8")
        run.wait_for_end()

    results = {entry.task: entry.result for entry in run.results}
    # The shim has worked.
    assert float(results["seen"]["msg"]) == pytest.approx(3600 * hours, abs=30)
    gate_result = results["gate"]["gate"]
    assert gate_result["outcome"] == "reached"
    # Four reads to the phase, one or two to see that it holds: at most seven pauses of 1.1 s, and the reads themselves.
    assert 6 <= gate_result["requests"] <= 8
    # Not an hour more, and not less than its pauses.
    assert 5 <= gate_result["elapsed"] < 1800
    first, *later = (datetime.strptime(change["at"], "%Y-%m-%dT%H:%M:%S%z") for change in gate_result["timeline"])
    assert all(timedelta(0) <= moment - first < timedelta(minutes=30) for moment in later)
