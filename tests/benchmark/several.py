# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several releases cost: a poll of them, and their result in the hands of Ansible."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from ..playbook.harness import ROOT
from ..simulator.process import running
from . import playbooks
from .figures import Figure, Wanted, ratios
from .measurement import MEBIBYTE, Measurement, Plan, collected
from .playbooks import play

if TYPE_CHECKING:
    from ..simulator.process import Running
    from .runner import Runner


def cost_name(releases: int) -> str:
    """Return the name of the figure of a poll."""
    return f"a poll of {releases}: CPU"


def measure_polls(plan: Plan) -> Measurement:
    """Measure a poll of all releases of a mesh beside the bare cost of reading and parsing the same answer."""
    most = plan.sizes[-1]
    values = collected(plan.few_rounds, lambda: _round_of_polls(plan))
    ours, bare = values[cost_name(most)], values["bare: CPU"]
    return Measurement(
        "A poll of many releases",
        f"One gate with `ready: true` on all releases of a mesh, 33 kB each, in one process; the mean of {plan.polls} "
        "polls. `bare` reads and parses the same answer with `requests` and `json`, and does nothing with it. Memory "
        f"is the peak of the process above its start. Measured {plan.few_rounds} times.",
        (
            *(Figure(cost_name(count), values[cost_name(count)], "ms") for count in plan.sizes),
            Figure(f"bare, of {most}: CPU", bare, "ms"),
            Figure(f"a poll of {most} / bare: CPU", ratios(ours, bare), wanted=Wanted("≤", 2)),
            Figure(f"a poll of {most}: memory", values["gate: memory"], "MiB"),
            Figure(f"bare, of {most}: memory", values["bare: memory"], "MiB"),
            Figure(
                f"a poll of {most} / bare: memory",
                ratios(values["gate: memory"], values["bare: memory"]),
                wanted=Wanted("≤", 2),
            ),
            Figure(f"requests of a poll of {most}", values["requests"], wanted=Wanted("≤", 1)),
        ),
    )


def _round_of_polls(plan: Plan) -> dict[str, float]:
    values: dict[str, float] = {}
    with running(playbooks.meshes(plan.sizes, plan.polls)) as simulator:
        for count in plan.sizes:
            before = simulator.summary()["requests"]
            cost = cost_of_polls("gate", simulator, count, plan.polls)
            values |= {
                cost_name(count): 1000 * cost["cpu"],
                "gate: memory": cost["memory"] / MEBIBYTE,
                "requests": (simulator.summary()["requests"] - before) / plan.polls,
            }
        bare = cost_of_polls("bare", simulator, plan.sizes[-1], plan.polls)
    return {**values, "bare: CPU": 1000 * bare["cpu"], "bare: memory": bare["memory"] / MEBIBYTE}


def cost_of_polls(way: str, simulator: Running, releases: int, polls: int) -> dict[str, float]:
    """Return what polls in a process of their own cost: CPU seconds of one in the mean, and bytes above the start.

    Args:
        way: one of `polls.WAYS`.
    """
    arguments = [way, simulator.url, playbooks.mesh_of(releases), str(releases), str(polls)]
    done = subprocess.run(
        [sys.executable, "-m", "ansible_collections.huaweicloud.asm.tests.benchmark.polls", *arguments],
        env={"PYTHONPATH": str(ROOT / ".cache" / "source")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"polls of the way {way} ended with {done.returncode}:\n{done.stderr}")
    seen: dict[str, float] = json.loads(done.stdout)
    return seen


def measure_results(runner: Runner, plan: Plan) -> Measurement:
    """Measure a task that reads all releases of a mesh, from its start to its result in the controller."""
    names = {(way, count): f"{way}, {count} releases" for way in ("controller", "module") for count in plan.sizes}

    def measure() -> dict[str, float]:
        with running(playbooks.meshes(plan.sizes, polls=1)) as simulator:
            tasks = []
            for (way, count), name in names.items():
                task = playbooks.several(simulator.url, playbooks.mesh_of(count))
                apart = {"environment": {"BENCHMARK": "module"}} if way == "module" else {}
                tasks.append({"name": name, **task, **apart})
            cost = runner.run(play(*tasks))
        began = {event.task: event.at for event in cost.events if event.kind == "task"}
        ended = {event.task: event.at for event in cost.events if event.kind == "result"}
        return {name: 1000 * (ended[name] - began[name]) for name in names.values()}

    values = collected(plan.rounds, measure)
    return Measurement(
        "The result of many releases in the hands of Ansible",
        "A task that reads all releases of a mesh, without `wait` and with `manifests: false`, from its start to its "
        "result: request, parsing, and everything that Ansible does with what is returned.",
        tuple(Figure(name, values[name], "ms") for name in names.values()),
    )
