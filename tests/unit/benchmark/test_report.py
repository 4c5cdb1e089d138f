# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that the benchmark writes."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.huaweicloud.asm.tests.benchmark.figures import Figure, Wanted
from ansible_collections.huaweicloud.asm.tests.benchmark.measurement import Measurement
from ansible_collections.huaweicloud.asm.tests.benchmark.report import Conditions, report

CONDITIONS = Conditions({"ansible-core": "2.19.0", "Python": "3.11.7"}, "a machine with 2 cores", 3, quick=False)
MEASUREMENT = Measurement(
    "One read",
    "How it was measured.",
    (
        Figure("controller", (9.0, 8.0, 10.0), "ms"),
        Figure("uri / controller", (41.0, 42.0, 43.0), wanted=Wanted("≥", 40)),
        Figure("controller / debug", (2.5, 2.25, 2.75), wanted=Wanted("≤", 2)),
    ),
)


def page() -> str:
    return report([MEASUREMENT], CONDITIONS, "chart.svg")


def test_it_begins_with_each_figure_that_is_wanted_and_whether_it_is_met() -> None:
    summary = page().partition("## ")[0].splitlines()

    assert "| One read | uri / controller | ≥ 40 | 42 | yes |" in summary
    assert "| One read | controller / debug | ≤ 2 | 2.50 | **no** |" in summary
    assert not [line for line in summary if line.startswith("| One read | controller |")]


def test_each_measurement_has_a_section_with_how_it_was_made_and_all_figures() -> None:
    section = page().partition("## One read\n")[2].splitlines()

    assert "How it was measured." in section
    assert "| controller | 9 ms | 8 to 10 |  |  |" in section
    assert "| uri / controller | 42 | 41 to 43 | ≥ 40 | yes |" in section


def test_it_says_what_was_measured_with() -> None:
    assert "Measured with ansible-core 2.19.0, Python 3.11.7, on a machine with 2 cores." in page()
    assert "](chart.svg)" in page()


def test_only_a_quick_run_says_that_its_figures_mean_nothing() -> None:
    quick = report([MEASUREMENT], replace(CONDITIONS, quick=True), "chart.svg")

    assert "mean nothing" in quick
    assert "mean nothing" not in page()


def test_it_says_why_a_contender_is_not_there() -> None:
    assert "kubernetes.core.k8s_info" in page().partition("## What is not measured")[2]
