# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: Markdown for people, on the terminal and in the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .figures import Figure, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .measurement import Measurement

VERDICTS = {True: "yes", False: "**no**", None: ""}

_INTRODUCTION = """\
`make bench` measures this against the simulator on one machine, and writes this page. Everything was measured {runs},
side by side. A figure is the median of the rounds, with the lowest and the highest value beside it; a ratio is that of
two values of the same round. The ratios are what counts: times depend on the machine."""

_WITHOUT_KUBERNETES = """\
`kubernetes.core.k8s_info` with `wait` is not among the contenders, because it cannot read a release of ASM: it asks the
server for its Kubernetes API groups and reads objects below `/apis`. ASM is a service of its own, with other paths and
another login. Pointing it at the simulator would take an invented Kubernetes API, and would measure that."""


@dataclass(frozen=True)
class Conditions:
    """What the figures were measured with.

    Attributes:
        versions: by name.
        machine: system, architecture, cores.
        rounds: of each measurement.
        quick: whether only the tool was tried, so that the figures mean nothing.
    """

    versions: Mapping[str, str]
    machine: str
    rounds: int
    quick: bool


def report(measurements: Sequence[Measurement], conditions: Conditions, chart: str) -> str:
    """Return the whole page.

    Args:
        chart: the name of the file with the chart, beside the page.
    """
    versions = ", ".join(f"{name} {version}" for name, version in conditions.versions.items())
    runs = "once" if conditions.rounds == 1 else f"{conditions.rounds} times"
    parts = [
        "# What a read and a gate cost",
        _INTRODUCTION.format(runs=runs),
        f"Measured with {versions}, on {conditions.machine}.",
        *(["**A quick run, to try the tool: these figures mean nothing.**"] if conditions.quick else []),
        _summary(measurements),
        f"![Time of one read and CPU time of one gate, by contender]({chart})",
        *(part for measurement in measurements for part in _section(measurement)),
        "## What is not measured",
        _WITHOUT_KUBERNETES,
    ]
    return "\n\n".join(parts) + "\n"


def _summary(measurements: Sequence[Measurement]) -> str:
    """Return the figures that something is wanted of."""
    rows = [
        (measurement.title, figure.name, str(figure.wanted), number(figure), VERDICTS[figure.met])
        for measurement in measurements
        for figure in measurement.figures
        if figure.wanted is not None
    ]
    return _table(("what", "figure", "wanted", "measured", "met"), rows)


def _section(measurement: Measurement) -> tuple[str, str, str]:
    rows = [
        (figure.name, number(figure), spread(figure), str(figure.wanted or ""), VERDICTS[figure.met])
        for figure in measurement.figures
    ]
    table = _table(("figure", "median", "lowest to highest", "wanted", "met"), rows)
    return f"## {measurement.title}", measurement.text, table


def number(figure: Figure) -> str:
    """Return the median with its unit."""
    return f"{shown(figure.value)} {figure.unit}".strip()


def spread(figure: Figure) -> str:
    """Return the lowest and the highest value; nothing when there is one value only."""
    lowest, highest = shown(min(figure.values)), shown(max(figure.values))
    return f"{lowest} to {highest}" if len(figure.values) > 1 else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
