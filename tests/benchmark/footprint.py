# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays: the memory of a long gate, and the imports of a play."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from typing import TYPE_CHECKING

from ..playbook.harness import ROOT
from ..simulator.process import running
from . import playbooks
from .figures import Figure, Wanted
from .measurement import MEBIBYTE, Measurement, Plan, collected
from .playbooks import READY, WAITING, Step, Task, play

if TYPE_CHECKING:
    from pathlib import Path

    from .runner import Runner


def measure_memory(plan: Plan) -> Measurement:
    """Measure the memory of one gate after many reads: true ones, with pauses that are scripted."""
    steps: list[Step] = [{"phase": WAITING}, {"phase": READY, "after_reads": plan.endurance_reads - 1}]
    with running(playbooks.scenario(long=steps)) as simulator:
        arguments = [simulator.url, "long", str(plan.warm_reads)]
        done = subprocess.run(
            [sys.executable, "-m", "ansible_collections.huaweicloud.asm.tests.benchmark.endurance", *arguments],
            env={"PYTHONPATH": str(ROOT / ".cache" / "source")},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    seen = json.loads(done.stdout)
    return Measurement(
        f"The memory of a gate after {plan.endurance_reads:,} reads",
        "One gate in one process, with true requests and pauses that end at once. Memory is the resident set, once. "
        "Below 1 MiB counts as no growth: that is what the allocator moves by.",
        (
            Figure(f"after {plan.warm_reads:,} reads", (seen["warm"] / MEBIBYTE,), "MiB"),
            Figure(f"after {seen['reads']:,} reads", (seen["last"] / MEBIBYTE,), "MiB"),
            Figure("growth", ((seen["last"] - seen["warm"]) / MEBIBYTE,), "MiB", Wanted("≤", 1)),
        ),
    )


def measure_imports(runner: Runner, plan: Plan, directory: Path) -> Measurement:
    """Count how often `requests` is imported in a play, and measure what a play pays for it."""
    numbers = itertools.count(1)

    def counted(tasks: list[Task]) -> tuple[int, float]:
        """Return the number of imports, and the milliseconds from the start of the play to its first task."""
        file = directory / f"imports-{next(numbers)}"
        file.touch()
        site = str(ROOT / "tests" / "benchmark" / "plugins" / "site")
        cost = runner.run(play(*tasks), environment={"IMPORTS_FILE": str(file), "PYTHONPATH": site})
        (began,), first = cost.times("play", ""), cost.times("task", "")[0]
        return len(file.read_text(encoding="utf-8").splitlines()), 1000 * (first - began)

    def measure() -> dict[str, float]:
        with running(playbooks.scenario()) as simulator:
            controller, start = counted([playbooks.controller(simulator.url)] * plan.imports)
            module, _unused = counted([playbooks.module(simulator.url)] * 2)
        _unused, floor = counted([playbooks.debug("")])
        return {"controller": controller, "module": module, "start": start, "floor": floor}

    values = collected(plan.rounds, measure)
    return Measurement(
        "Imports of `requests`",
        "Each true import in any process of a play is counted; what a worker inherits from the controller is none. A "
        "module imports it anew in each task, beside the controller, which loads the action plugin: that more than one "
        "is counted there shows that the count sees every process.",
        (
            Figure(f"imports in {plan.imports} tasks in the controller", values["controller"], wanted=Wanted("≤", 1)),
            Figure("imports in 2 tasks as a module", values["module"]),
            Figure("start of a play to its first task", values["start"], "ms"),
            Figure("the same for `debug`", values["floor"], "ms"),
        ),
    )
