# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: Markdown for people, on the terminal and in the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .figures import Figure, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .measurement import Measurement, Plan

VERDICTS = {True: "yes", False: "**no**", None: ""}

CHOICES = """\
- **Hold a playbook until one release is ready**: use a gate, that is the role, or `asm_release_info` with `wait: true`.
  A gate of {plan.gate_reads} polls took {gate[controller: CPU above pause]} of CPU time more than a pause does, and
  {gate[controller: connections]} connection; `uri` with `until` took {gate[uri: CPU above pause]} and
  {gate[uri: connections]} connections.
- **Hold a playbook until several releases are ready**: use one task with `releases`. For {plan.gates} releases of one
  mesh it sent {waiting[one task: requests an hour]} requests an hour from {waiting[one task: processes]} processes with
  {waiting[one task: memory]}; a task for each sent {waiting[tasks: requests an hour]} from
  {waiting[tasks: processes]} processes with {waiting[tasks: memory]}.
- **Read a release now**: use a task, with `register`. It took {tasks[controller]}, and as an item of a loop
  {items[controller]}; `uri` took {tasks[uri]} and {items[uri]}. Where the task runs as a module (on another host, with
  `become`, `async` or `environment`), it took {tasks[module]}.
- **Use a phase inside an expression**: use the lookup, where it is evaluated once. It took {tasks[lookup]},
  {tasks[later lookup]} after any task `asm_release_info` of the play, and as an item of a loop {items[lookup]}. It
  reads at each use and for each host; a task with `register` reads once for any number of uses.
- **React to changes whenever they come, or watch a whole account**: use the event source. One for
  {meshes[meshes].value:.0f} meshes with a limit of requests took {meshes[CPU an hour]} of CPU time an hour and
  {meshes[memory]}, from a change to its rule {meshes[change to rule, median]} in the median. For the {plan.gates}
  releases above it took {waiting[event source: memory]} and {waiting[event source: requests an hour]} requests an hour,
  and no playbook waits.
- **From far away**, over TLS with a round trip of {distance[round trip]}: {plan.far_reads} reads in a loop took
  {distance[loop, this collection: connections]} connections and {distance[loop, this collection: seconds]}; `uri` took
  {distance[loop, uri: connections]} and {distance[loop, uri: seconds]}."""

_INTRODUCTION = """\
`make bench` measures on one machine, against the simulator on loopback, with the built and installed collection, and
writes this page. The contenders run side by side. Unless a section says otherwise, a figure is the median of {rounds},
with the lowest and the highest value beside it, and a ratio is that of two values of the same round. Times depend on
the machine, ratios much less."""

_QUICK = "**A quick run, to try the tool: these figures mean nothing.**"

_TARGETS = """\
The limits that this collection sets itself, and whether this run met them. {count}."""

_WITHOUT_KUBERNETES = """\
`kubernetes.core.k8s_info` with `wait` is not among the contenders, because it cannot read a release of ASM: it asks the
server for its Kubernetes API groups and reads objects below `/apis`. ASM is a service of its own, with other paths and
another login. Pointing it at the simulator would take an invented Kubernetes API, and would measure that.

The real service was not measured either: no figure here says how fast it answers, or where its limits are."""


@dataclass(frozen=True)
class Conditions:
    """What the figures were measured with.

    Attributes:
        versions: by name.
        machine: system, architecture, cores.
        plan: how much was measured.
    """

    versions: Mapping[str, str]
    machine: str
    plan: Plan


def report(measured: Mapping[str, Measurement], conditions: Conditions, chart: str) -> str:
    """Return the whole page.

    Args:
        measured: all measurements by name.
        chart: the name of the file with the chart, beside the page.
    """
    versions = ", ".join(f"{name} {version}" for name, version in conditions.versions.items())
    rounds = "one round" if conditions.plan.rounds == 1 else f"{conditions.plan.rounds} rounds"
    parts = [
        "# What a read, a wait and a watch cost",
        *([_QUICK] if conditions.plan.is_quick else []),
        "## What to choose",
        CHOICES.format(plan=conditions.plan, **measured),
        f"![Time of a read and CPU time of a gate, by contender]({chart})",
        "## Our targets",
        *_targets(measured.values()),
        "## How it was measured",
        _INTRODUCTION.format(rounds=rounds),
        f"Measured with {versions}, on {conditions.machine}.",
        *(section(measurement) for measurement in measured.values()),
        "## What is not measured",
        _WITHOUT_KUBERNETES,
    ]
    return "\n\n".join(parts) + "\n"


def _targets(measurements: Iterable[Measurement]) -> tuple[str, str]:
    """Return how many targets are met, and the table of them."""
    rows, met = [], []
    for measurement in measurements:
        for figure in measurement.figures:
            if figure.wanted is not None:
                met.append(figure.met)
                name = figure.name.replace(": ", ", ")
                rows.append((measurement.title, name, str(figure.wanted), str(figure), VERDICTS[figure.met]))
    count = f"{met.count(True)} of {len(met)} are met"
    return _TARGETS.format(count=count), _table(("what", "figure", "wanted", "measured", "met"), rows)


def section(measurement: Measurement) -> str:
    """Return the title, the text and the figures of a measurement."""
    tables = []
    figures = measurement.figures
    if measurement.is_matrix:
        tables.append(_matrix([figure for figure in figures if _is_cell(figure)]))
        figures = tuple(figure for figure in figures if not _is_cell(figure))
    if figures:
        rows = [
            (figure.name, str(figure), spread(figure), str(figure.wanted or ""), VERDICTS[figure.met])
            for figure in figures
        ]
        tables.append(_table(("figure", "median", "lowest to highest", "wanted", "met"), rows))
    return "\n\n".join((f"## {measurement.title}", measurement.text, *tables))


def _is_cell(figure: Figure) -> bool:
    """Return whether a figure of a matrix is a cell: not a ratio."""
    return ": " in figure.name and " / " not in figure.name


def _matrix(figures: Sequence[Figure]) -> str:
    """Return figures with names such as `ROW: COLUMN` as a table of rows and columns."""
    cells = {figure.name.rpartition(": ")[::2]: figure for figure in figures}
    rows, columns = (list(dict.fromkeys(name[index] for name in cells)) for index in (0, 1))
    return _table(("", *columns), [(row, *(_cell(cells.get((row, column))) for column in columns)) for row in rows])


def _cell(figure: Figure | None) -> str:
    """Return the median, with the lowest and the highest value if they differ."""
    if figure is None:
        return ""
    differs = shown(min(figure.values)) != shown(max(figure.values))
    return f"{figure} ({spread(figure)})" if differs else str(figure)


def spread(figure: Figure) -> str:
    """Return the lowest and the highest value; nothing when there is one value only."""
    lowest, highest = shown(min(figure.values)), shown(max(figure.values))
    return f"{lowest} to {highest}" if len(figure.values) > 1 else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
