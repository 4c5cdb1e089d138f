# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that the benchmark writes."""

from __future__ import annotations

from string import Formatter

from ansible_collections.huaweicloud.asm.tests.benchmark.figures import Figure, Wanted
from ansible_collections.huaweicloud.asm.tests.benchmark.measurement import QUICK, Measurement, Plan
from ansible_collections.huaweicloud.asm.tests.benchmark.report import CHOICES, Conditions, report, section

VERSIONS = {"ansible-core": "2.19.0", "Python": "3.11.7"}
MEASUREMENT = Measurement(
    "One read",
    "How it was measured.",
    (
        Figure("controller", (9.0, 8.0, 10.0), "ms"),
        Figure("uri / controller", (41.0, 42.0, 43.0), wanted=Wanted("≥", 40)),
        Figure("controller / debug", (2.5, 2.25, 2.75), wanted=Wanted("≤", 2)),
    ),
)
MATRIX = Measurement(
    "Two ways",
    "How they were measured.",
    (
        Figure("a gate, ours: connections", (2.0,), wanted=Wanted("≤", 2)),
        Figure("a gate, ours: time", (1.0, 3.0, 2.0), "s"),
        Figure("a gate, uri: connections", (60.0,)),
        Figure("a gate, ours / uri: time", (0.5,), wanted=Wanted("≤", 1)),
    ),
    is_matrix=True,
)


def measured() -> dict[str, Measurement]:
    """Return the measurements that the advice of the page names, each figure with the value 7."""
    figures: dict[str, list[Figure]] = {}
    for _text, field, _spec, _conversion in Formatter().parse(CHOICES):
        name, bracket, rest = (field or "").partition("[")
        if bracket:
            figures.setdefault(name, []).append(Figure(rest.partition("]")[0], (7.0,), "parsecs"))
    return {name: Measurement(name, "", tuple(each)) for name, each in figures.items()} | {
        "one": MEASUREMENT,
        "two": MATRIX,
    }


def page(plan: Plan | None = None) -> str:
    return report(measured(), Conditions(VERSIONS, "a machine with 2 cores", plan or Plan()), "chart.svg")


def test_it_begins_with_what_to_choose() -> None:
    first, second = page().split("## ")[1:3]

    assert first.startswith("What to choose\n")
    assert "`uri` took 7 parsecs" in first
    assert "](chart.svg)" in first
    assert second.startswith("Our targets\n")


def test_the_targets_say_whether_they_are_met() -> None:
    targets = page().partition("## Our targets\n")[2].partition("## ")[0]

    assert "3 of 4 are met." in targets
    assert "| One read | uri / controller | ≥ 40 | 42 | yes |" in targets
    assert "| One read | controller / debug | ≤ 2 | 2.50 | **no** |" in targets
    assert "| One read | controller |" not in targets


def test_each_measurement_has_a_section_with_how_it_was_made_and_all_figures() -> None:
    lines = page().partition("## One read\n")[2].splitlines()

    assert "How it was measured." in lines
    assert "| controller | 9 ms | 8 to 10 |  |  |" in lines
    assert "| uri / controller | 42 | 41 to 43 | ≥ 40 | yes |" in lines


def test_a_matrix_has_rows_and_columns_and_its_ratios_below() -> None:
    assert section(MATRIX).partition("How they were measured.\n\n")[2].splitlines() == [
        "|  | connections | time |",
        "| --- | --- | --- |",
        "| a gate, ours | 2 | 2 s (1 to 3) |",
        "| a gate, uri | 60 |  |",
        "",
        "| figure | median | lowest to highest | wanted | met |",
        "| --- | --- | --- | --- | --- |",
        "| a gate, ours / uri: time | 0.50 |  | ≤ 1 | yes |",
    ]


def test_it_says_what_was_measured_with() -> None:
    assert "Measured with ansible-core 2.19.0, Python 3.11.7, on a machine with 2 cores." in page()


def test_only_a_quick_run_says_that_its_figures_mean_nothing() -> None:
    assert "mean nothing" in page(QUICK)
    assert "mean nothing" not in page()


def test_it_says_why_a_contender_is_not_there() -> None:
    assert "kubernetes.core.k8s_info" in page().partition("## What is not measured")[2]
