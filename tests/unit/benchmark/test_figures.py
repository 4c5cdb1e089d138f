# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians, ratios, and whether a figure is what is wanted."""

from __future__ import annotations

import pytest
from ansible_collections.huaweicloud.asm.tests.benchmark.figures import (
    Figure,
    Wanted,
    at_rest,
    mean_gap,
    ratios,
    shown,
)


@pytest.mark.parametrize(
    ("values", "median"),
    [
        pytest.param((3.0,), 3.0, id="one round"),
        pytest.param((1.0, 9.0, 2.0), 2.0, id="an outlier does not count"),
        pytest.param((1.0, 2.0), 1.5, id="between the two in the middle"),
    ],
)
def test_a_figure_is_the_median_of_its_rounds(values: tuple[float, ...], median: float) -> None:
    assert Figure("read", values).value == median


@pytest.mark.parametrize(
    ("wanted", "met"),
    [
        pytest.param(Wanted("≥", 2.0), True, id="at the lower bound"),
        pytest.param(Wanted("≥", 2.1), False, id="below the lower bound"),
        pytest.param(Wanted("≤", 2.0), True, id="at the upper bound"),
        pytest.param(Wanted("≤", 1.9), False, id="above the upper bound"),
        pytest.param(None, None, id="nothing is wanted"),
    ],
)
def test_the_median_is_held_against_what_is_wanted(wanted: Wanted | None, met: bool | None) -> None:
    assert Figure("read", (1.0, 2.0, 100.0), wanted=wanted).met is met


def test_a_ratio_is_that_of_each_round() -> None:
    assert ratios([10.0, 40.0], [5.0, 10.0]) == (2.0, 4.0)


@pytest.mark.parametrize(
    ("numerators", "denominators", "reason"),
    [
        pytest.param([1.0], [1.0, 2.0], "1 numerators and 2 denominators", id="other rounds"),
        pytest.param([1.0, 1.0], [1.0, 0.0], "no ratio to 0.0", id="no cost at all"),
        pytest.param([1.0, 1.0], [-0.5, 1.0], "no ratio to -0.5", id="less than no cost"),
    ],
)
def test_there_is_no_ratio_of_what_cannot_be_compared(
    numerators: list[float], denominators: list[float], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        ratios(numerators, denominators)


def test_the_mean_gap_is_between_the_first_and_the_last() -> None:
    assert mean_gap([10.0, 10.5, 13.0]) == 1.5


@pytest.mark.parametrize("times", [[], [1.0]])
def test_there_is_no_gap_between_fewer_than_two(times: list[float]) -> None:
    with pytest.raises(ValueError, match="no gap"):
        mean_gap(times)


@pytest.mark.parametrize(
    ("wall", "cpu"),
    [
        pytest.param(2.0, 1.0, id="as the short pause"),
        pytest.param(61.5, 4.0, id="between"),
        pytest.param(61.0 * 3, 1.0 + 3.0 * (181.0 / 59.5), id="longer than both"),
    ],
)
def test_waiting_costs_what_lies_on_the_line_through_two_pauses(wall: float, cpu: float) -> None:
    assert at_rest((2.0, 1.0), (61.5, 4.0), wall) == pytest.approx(cpu)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(40.0, "40", id="whole"),
        pytest.param(1.346, "1.35", id="small"),
        pytest.param(41.96, "42.0", id="middle"),
        pytest.param(1999.7, "2,000", id="large"),
        pytest.param(-0.25, "-0.25", id="negative"),
    ],
)
def test_numbers_are_shown_with_the_digits_that_mean_something(value: float, text: str) -> None:
    assert shown(value) == text
