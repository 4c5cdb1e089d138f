# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart that the benchmark writes."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from ansible_collections.huaweicloud.asm.tests.benchmark.chart import BAR_WIDTH, Bar, Panel, chart, scaled

SVG = "{http://www.w3.org/2000/svg}"
PANELS = [
    Panel("One read", "ms", (Bar("ours", 9.0, ours=True), Bar("uri & <others>", 374.0, ours=False))),
    Panel("A gate", "s", (Bar("ours", 0.25, ours=True),)),
]


def test_it_is_a_well_formed_svg_with_a_title() -> None:
    root = ET.fromstring(chart(PANELS))

    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == "One read; A gate"


def test_each_bar_has_its_label_and_its_number() -> None:
    texts = [text.text for text in ET.fromstring(chart(PANELS)).iter(f"{SVG}text")]

    assert texts == [
        "One read (ms, logarithmic)",
        "ours",
        "9 ms",
        "uri & <others>",
        "374 ms",
        "A gate (s, logarithmic)",
        "ours",
        "0.25 s",
    ]


def test_everything_lies_inside_the_picture() -> None:
    root = ET.fromstring(chart(PANELS))
    width, height = (float(size) for size in root.attrib["viewBox"].split()[2:])

    bars = root.findall(f"{SVG}rect")[1:]

    assert len(bars) == 3
    for figure in bars:
        assert float(figure.attrib["x"]) + float(figure.attrib["width"]) <= width
        assert float(figure.attrib["y"]) + float(figure.attrib["height"]) <= height


@pytest.mark.parametrize(
    ("values", "lengths"),
    [
        pytest.param([1000.0, 10.0], [1.0, 1 / 3], id="from the power of ten below the smallest"),
        pytest.param([20.0, 200.0], [0.3010 / 1.3010, 1.0], id="the smallest is not at its power"),
        pytest.param([0.01], [1.0], id="one value alone"),
    ],
)
def test_lengths_are_logarithmic(values: list[float], lengths: list[float]) -> None:
    assert scaled(values) == pytest.approx([BAR_WIDTH * length for length in lengths], rel=1e-3)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_what_is_not_above_zero_has_no_bar(value: float) -> None:
    with pytest.raises(ValueError, match="no place"):
        scaled([1.0, value])
