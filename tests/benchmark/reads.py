# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one read costs, beside other ways to read and beside a task that does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..simulator.process import running
from .figures import Figure, Wanted, mean_gap, ratios
from .measurement import Measurement, Plan, collected
from .playbooks import LIGHT, READS, play, scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from .runner import Cost, Runner


def measure_items(runner: Runner, plan: Plan) -> Measurement:
    """Measure a read as an item of a loop: from one result to the next, so that imports are paid before."""

    def tasks(url: str) -> list[dict[str, Any]]:
        return [{"name": name, **task(url), "loop": list(range(_count(name, plan)))} for name, task in READS.items()]

    def measure(cost: Cost) -> dict[str, float]:
        return {name: 1000 * mean_gap(cost.times("item", name)) for name in READS}

    return Measurement(
        "A read as an item of a loop",
        "From one result to the next. `debug` does nothing and is the floor; `lookup` is a `debug` with the lookup in "
        "it; `controller` is `asm_release_info` as it runs on localhost; "
        "`module` is the same task where it has to run as a module, here because of an `environment`; "
        "`later lookup` is the lookup after a task `asm_release_info` of the play, even a skipped one: for that task, "
        "Ansible has imported in the controller what a lookup otherwise imports in the process of each task. "
        f"{plan.light} items ({plan.heavy} of `uri` and `module`) in one play.",
        _figures(runner, plan, tasks, measure, least=40, most=2),
    )


def measure_tasks(runner: Runner, plan: Plan) -> Measurement:
    """Measure a read as a task of its own: from the start of one task to the start of the next."""

    def tasks(url: str) -> list[dict[str, Any]]:
        return [
            {"name": f"{name} {number}", **task(url)}
            for name, task in READS.items()
            for number in range(_count(name, plan))
        ]

    def measure(cost: Cost) -> dict[str, float]:
        # The first task of a kind pays for the imports, which have a figure of their own.
        return {name: 1000 * mean_gap(cost.times("task", f"{name} ")[1:]) for name in READS}

    return Measurement(
        "A read as a task of its own",
        "From the start of one task to the start of the next, from the second on. "
        f"{plan.light} tasks ({plan.heavy} of `uri` and `module`) in one play.",
        _figures(runner, plan, tasks, measure, least=15, most=1.5),
    )


def _count(name: str, plan: Plan) -> int:
    return plan.light if name in LIGHT else plan.heavy


def _figures(
    runner: Runner,
    plan: Plan,
    tasks: Callable[[str], list[dict[str, Any]]],
    measure: Callable[[Cost], dict[str, float]],
    least: float,
    most: float,
) -> tuple[Figure, ...]:
    with running(scenario()) as simulator:
        values = collected(plan.rounds, lambda: measure(runner.run(play(*tasks(simulator.url)))))
    return (
        *(Figure(name, values[name], "ms") for name in READS),
        Figure("uri / controller", ratios(values["uri"], values["controller"]), wanted=Wanted("≥", least)),
        Figure("controller / debug", ratios(values["controller"], values["debug"]), wanted=Wanted("≤", most)),
        Figure("module / uri", ratios(values["module"], values["uri"]), wanted=Wanted("≤", 1)),
    )
