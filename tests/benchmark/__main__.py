# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.benchmark [NAME ...]``: measure, print the report, and write it with its chart."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ..playbook.harness import ROOT, install_collection
from . import distance, events, footprint, gates, lists, meshes, reads, several
from .chart import Bar, Panel, chart
from .measurement import QUICK, Measurement, Plan
from .playbooks import CONTENDERS, READS
from .report import Conditions, report, section
from .runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PAGE, CHART = "benchmark.md", "benchmark.svg"

MEASUREMENTS: dict[str, Callable[[Runner, Plan, Path], Measurement]] = {
    "items": lambda runner, plan, _directory: reads.measure_items(runner, plan),
    "tasks": lambda runner, plan, _directory: reads.measure_tasks(runner, plan),
    "gate": lambda runner, plan, _directory: gates.measure_cost(runner, plan),
    "delay": lambda runner, plan, _directory: gates.measure_delay(runner, plan),
    "distance": lambda runner, plan, _directory: distance.measure_distance(runner, plan),
    "waiting": lambda runner, plan, _directory: events.measure_waiting(runner, plan),
    "meshes": lambda runner, plan, _directory: meshes.measure_meshes(runner, plan),
    "polls": lambda _runner, plan, _directory: several.measure_polls(plan),
    "watching": lambda _runner, plan, _directory: events.measure_watching(plan),
    "results": lambda runner, plan, _directory: several.measure_results(runner, plan),
    "lists": lambda runner, plan, _directory: lists.measure_lists(runner, plan),
    "endurance": lambda _runner, plan, _directory: footprint.measure_memory(plan),
    "imports": footprint.measure_imports,
}
"""All measurements by name, in the order of the page."""


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    names = ", ".join(MEASUREMENTS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"measure only these, and only print them: {names}")
    parser.add_argument("--quick", action="store_true", help="only try the tool; its figures mean nothing")
    parser.add_argument("--output", type=Path, default=ROOT / "docs", help="folder of the report (default: docs)")
    parser.add_argument("--collections", type=Path, help="where the collection is installed (default: install it anew)")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"unknown measurement {', '.join(sorted(unknown))}; choose from {names}")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything and write the page, or print the measurements that are named."""
    options = _arguments(arguments)
    plan = QUICK if options.quick else Plan()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        collections = options.collections or install_collection(directory / "installed")
        runner = Runner(directory, collections.resolve())
        measured = {}
        for name in options.names or MEASUREMENTS:
            measured[name] = _measured(name, runner, plan, directory)
            if options.names:
                print(section(measured[name]), end="\n\n", flush=True)
    if not options.names:
        write(measured, plan, options.output)


def write(measured: Mapping[str, Measurement], plan: Plan, folder: Path) -> None:
    """Write the page and its chart, and print the page."""
    page = report(measured, Conditions(_versions(), _machine(), plan), CHART)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page, encoding="utf-8")
    (folder / CHART).write_text(chart(_panels(measured), CONTENDERS), encoding="utf-8")
    print(page)


def _measured(name: str, runner: Runner, plan: Plan, directory: Path) -> Measurement:
    """Return a measurement, and say how long it took."""
    began = time.monotonic()
    print(f"{name} ...", end="", file=sys.stderr, flush=True)
    measured = MEASUREMENTS[name](runner, plan, directory)
    print(f" {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return measured


def _panels(measured: Mapping[str, Measurement]) -> list[Panel]:
    """Return the two kinds of a read, and the CPU time of a gate."""
    kinds = {"debug": "floor", "uri": "other"}
    panels = []
    for measurement in (measured["items"], measured["tasks"]):
        bars = tuple(Bar(name, measurement[name].value, kinds.get(name, "ours")) for name in READS)
        panels.append(Panel(f"{measurement.title}: time", "ms", bars))
    gate = measured["gate"]
    names = {"controller": "ours", "uri": "other"}
    bars = tuple(Bar(name, gate[f"{name}: CPU above pause"].value, kind) for name, kind in names.items())
    return [*panels, Panel(f"{gate.title}: CPU time above that of a pause", "s", bars)]


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
