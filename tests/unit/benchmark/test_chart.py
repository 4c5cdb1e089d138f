# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart that the benchmark writes."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from ansible_collections.huaweicloud.asm.tests.benchmark.chart import BAR_WIDTH, KINDS, Bar, Panel, chart, ticks

SVG = "{http://www.w3.org/2000/svg}"
PANELS = [
    Panel("One read", "ms", (Bar("ours", 9.0, "ours"), Bar("uri & <others>", 374.0, "other"))),
    Panel("A gate", "s", (Bar("ours", 0.25, "ours"),)),
]


def drawn() -> ET.Element:
    return ET.fromstring(chart(PANELS, {"ours": "a task"}))


def texts() -> list[str | None]:
    return [text.text for text in drawn().iter(f"{SVG}text")]


def test_it_is_a_well_formed_svg_with_a_title() -> None:
    root = drawn()

    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == "One read; A gate"


def test_each_bar_has_its_label_and_its_number() -> None:
    shown = texts()

    assert [shown[shown.index(label) + 1] for label in ("uri & <others>",)] == ["374 ms"]
    assert [shown[index + 1] for index, text in enumerate(shown) if text == "ours"] == ["9 ms", "0.25 s"]


def test_bars_are_as_long_as_their_values() -> None:
    widths = [float(each.attrib["width"]) for each in drawn().findall(f"{SVG}rect")[1 + len(KINDS) :]]

    assert widths == pytest.approx([BAR_WIDTH * 9 / 374, BAR_WIDTH, BAR_WIDTH], abs=0.1)


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        pytest.param(374.0, [0, 50, 100, 150, 200, 250, 300, 350], id="hundreds"),
        pytest.param(1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0], id="at the end of the axis"),
        pytest.param(17.0, [0, 5, 10, 15], id="tens"),
        pytest.param(0.25, [0, 0.05, 0.1, 0.15, 0.2, 0.25], id="below one"),
        pytest.param(9.5, [0, 2, 4, 6, 8], id="before the next power of ten"),
    ],
)
def test_the_axis_has_round_numbers(most: float, expected: list[float]) -> None:
    assert list(ticks(most)) == pytest.approx(expected)
