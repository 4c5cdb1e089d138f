# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.benchmark``: measure, print the report, and write it with its chart."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ..playbook.harness import ROOT, install_collection
from . import events, footprint, gates, reads, several
from .chart import Bar, Panel, chart
from .measurement import QUICK, Measurement, Plan
from .playbooks import READS
from .report import Conditions, report
from .runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGE, CHART = "benchmark.md", "benchmark.svg"


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only try the tool; its figures mean nothing")
    parser.add_argument("--output", type=Path, default=ROOT / "docs", help="folder of the report (default: docs)")
    parser.add_argument("--collections", type=Path, help="where the collection is installed (default: install it anew)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything."""
    options = _arguments(arguments)
    plan = QUICK if options.quick else Plan()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        collections = options.collections or install_collection(directory / "installed")
        measured = _measure(Runner(directory, collections.resolve()), plan, directory)
    conditions = Conditions(_versions(), _machine(), plan.rounds, options.quick)
    page = report(measured, conditions, CHART)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / PAGE).write_text(page, encoding="utf-8")
    (options.output / CHART).write_text(chart(_panels(measured, plan)), encoding="utf-8")
    print(page)


def _measure(runner: Runner, plan: Plan, directory: Path) -> list[Measurement]:
    stages: tuple[Callable[[], Measurement], ...] = (
        lambda: reads.measure_items(runner, plan),
        lambda: reads.measure_tasks(runner, plan),
        lambda: gates.measure_cost(runner, plan),
        lambda: gates.measure_delay(runner, plan),
        lambda: several.measure_polls(plan),
        lambda: several.measure_results(runner, plan),
        lambda: events.measure_waiting(runner, plan),
        lambda: events.measure_watching(plan),
        lambda: events.measure_meshes(plan),
        lambda: footprint.measure_memory(plan),
        lambda: footprint.measure_imports(runner, plan, directory),
    )
    measured = []
    for number, stage in enumerate(stages, start=1):
        print(f"measurement {number} of {len(stages)}", file=sys.stderr, flush=True)
        measured.append(stage())
    return measured


def _panels(measured: Sequence[Measurement], plan: Plan) -> list[Panel]:
    """Return the two kinds of a read, the CPU time of a gate, and that of a poll by the number of releases."""
    loop, tasks, gate, _delay, polls = measured[:5]
    panels = []
    for measurement in (loop, tasks):
        values = {figure.name: figure.value for figure in measurement.figures}
        bars = tuple(Bar(name, values[name], name not in {"debug", "uri"}) for name in READS)
        panels.append(Panel(measurement.title, "ms", bars))
    cpu = {figure.name: figure.value for figure in gate.figures}
    bars = tuple(Bar(name, cpu[f"{name}: CPU above pause"], name == "controller") for name in ("controller", "uri"))
    panels.append(Panel(f"{gate.title}: CPU time above that of a pause", "s", bars))
    costs = {figure.name: figure.value for figure in polls.figures}
    bars = tuple(Bar(f"{count} releases", costs[several.cost_name(count)], ours=True) for count in plan.sizes)
    return [*panels, Panel(f"{polls.title}: CPU time", "ms", bars)]


def _versions() -> dict[str, str]:
    collection = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    return {
        "huaweicloud.asm": collection["version"],
        "ansible-core": version("ansible-core"),
        "Python": platform.python_version(),
        "requests": version("requests"),
        "ansible-rulebook": version("ansible-rulebook"),
    }


def _machine() -> str:
    return f"{platform.system()} {platform.machine()} with {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
