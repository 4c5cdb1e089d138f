# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a measurement is, and how much is measured."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .figures import Figure

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: of every measurement but the endurance, whose reads are many.
        light, heavy: reads of the fast and of the slow contenders in a round.
        gate_reads: of one gate; the pause between them is 1 s, the shortest that there is.
        gates: that wait at the same time for a change of phase.
        wait_sleep: seconds between their reads.
        warm_reads, endurance_reads: reads after which the memory of one gate is compared.
        imports: tasks in a play, for the count of imports.
        sizes: numbers of releases of a mesh, rising.
        polls: of each mesh, and of the event source.
        watched: releases that one event source watches.
        waiting: seconds of each round in which nothing changes.
        changes: of a phase, one after the other, whose effect is waited for.
        few_rounds: of measurements whose round takes about a minute.
        far_reads, far_meshes: reads of a loop, and meshes of an event source, behind a round trip.
        large, largest: releases of a mesh whose list is large; the larger one for the event source only.
        is_quick: whether the tool is only tried.
    """

    rounds: int = 5
    light: int = 60
    heavy: int = 10
    gate_reads: int = 60
    gates: int = 20
    wait_sleep: int = 5
    warm_reads: int = 1_000
    endurance_reads: int = 10_000
    imports: int = 20
    sizes: tuple[int, ...] = (1, 10, 50, 100, 250, 500)
    polls: int = 10
    watched: int = 1_000
    waiting: float = 8.0
    changes: int = 5
    few_rounds: int = 3
    far_reads: int = 20
    far_meshes: int = 40
    large: int = 2_000
    largest: int = 5_000
    is_quick: bool = False


QUICK = Plan(
    rounds=1,
    light=3,
    heavy=3,
    gate_reads=3,
    gates=2,
    wait_sleep=1,
    warm_reads=20,
    endurance_reads=60,
    imports=2,
    sizes=(1, 60),
    polls=2,
    watched=60,
    waiting=2.0,
    changes=1,
    few_rounds=1,
    far_reads=3,
    far_meshes=3,
    large=100,
    largest=200,
    is_quick=True,
)
"""Enough to see that everything works. The figures mean nothing."""


@dataclass(frozen=True)
class Measurement:
    """One section of the report.

    Attributes:
        text: what was measured, and how.
        is_matrix: whether figures with names such as `ROW: COLUMN` are one table of rows and columns.
    """

    title: str
    text: str
    figures: tuple[Figure, ...]
    is_matrix: bool = False

    def __getitem__(self, name: str) -> Figure:
        """Return a figure by its name."""
        return next(figure for figure in self.figures if figure.name == name)


def collected(rounds: int, measure: Callable[[], dict[str, float]]) -> dict[str, tuple[float, ...]]:
    """Return the values of all rounds by name."""
    values = defaultdict(list)
    for _index in range(rounds):
        for name, value in measure().items():
            values[name].append(value)
    return {name: tuple(each) for name, each in values.items()}
