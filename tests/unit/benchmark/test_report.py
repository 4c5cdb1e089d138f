# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that the benchmark writes."""

from __future__ import annotations

from string import Formatter

from ansible_collections.huaweicloud.asm.tests.benchmark.figures import Figure, Wanted
from ansible_collections.huaweicloud.asm.tests.benchmark.measurement import Measurement, Plan
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


def page() -> str:
    return report(measured(), Conditions(VERSIONS, "a machine with 2 cores", Plan()), "chart.svg")


def test_the_targets_say_whether_they_are_met() -> None:
    targets = page().partition("## Our targets\n")[2].partition("## ")[0]

    assert "3 of 4 are met." in targets
    assert "| One read | uri / controller | ≥ 40 | 42 | yes |" in targets
    assert "| One read | controller / debug | ≤ 2 | 2.50 | **no** |" in targets
    assert "| One read | controller |" not in targets


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
