# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians, ratios, and whether a figure is what is wanted."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPARISONS = {"≥": operator.ge, "≤": operator.le, "=": operator.eq}


@dataclass(frozen=True)
class Wanted:
    """A bound: ``comparison`` is a key of ``COMPARISONS``."""

    comparison: str
    bound: float

    def __str__(self) -> str:
        return f"{self.comparison} {shown(self.bound)}"


@dataclass(frozen=True)
class Figure:
    """The median of one value over all runs, with the lowest and the highest.

    Attributes:
        unit: as it follows the number, such as ``ms``; empty for a ratio or a count.
        wanted: None when there is no target.
    """

    name: str
    values: tuple[float, ...]
    unit: str = ""
    wanted: Wanted | None = None

    def __str__(self) -> str:
        """Return the median with its unit."""
        return f"{shown(self.value)} {self.unit}".strip()

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def met(self) -> bool | None:
        """Return whether the median is as wanted; None when nothing is."""
        if self.wanted is None:
            return None
        return bool(COMPARISONS[self.wanted.comparison](self.value, self.wanted.bound))


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> tuple[float, ...]:
    """Return the ratio of each run: what is divided was measured side by side.

    Raises:
        ValueError: the two are not of the same runs, or a denominator is not above zero, so that it is no cost.
    """
    if len(numerators) != len(denominators):
        raise ValueError(f"{len(numerators)} numerators and {len(denominators)} denominators are not of the same runs")
    if any(denominator <= 0 for denominator in denominators):
        raise ValueError(f"no ratio to {min(denominators)}: the denominators must be above 0")
    return tuple(numerator / denominator for numerator, denominator in zip(numerators, denominators, strict=True))


def mean_gap(times: Sequence[float]) -> float:
    """Return the mean time between neighbours.

    Raises:
        ValueError: there are fewer than two.
    """
    if len(times) < 2:
        raise ValueError(f"{len(times)} times have no gap between them")
    return (times[-1] - times[0]) / (len(times) - 1)


def at_rest(short: tuple[float, float], long: tuple[float, float], wall: float) -> float:
    """Return the CPU seconds that waiting for ``wall`` seconds costs, on the line through two pauses.

    Args:
        short, long: wall and CPU seconds of two runs that do nothing but wait.
    """
    slope = (long[1] - short[1]) / (long[0] - short[0])
    return short[1] + slope * (wall - short[0])


def shown(value: float) -> str:
    """Return a number with three significant digits, and no digits after the point where they would be noise."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
