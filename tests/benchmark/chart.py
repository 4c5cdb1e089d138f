# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart: bars on a linear scale with an axis, and a legend, as SVG for light and dark pages."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from .figures import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDTH = 760
LABEL_WIDTH = 150
BAR_WIDTH = 480
ROW = 26
HEAD = 44
AXIS = 34
LEGEND_ROW = 20

KINDS = {
    "ours": "this collection",
    "other": "another way to do the same",
    "floor": "a task that does nothing",
}
"""The kinds of bars, each with a colour of its own, and what the legend says of them."""

# A picture follows the reader's system; the page around it may not, so it brings its own background.
_STYLE = """\
.page { fill: #ffffff } text { fill: #1f2328 } .line { stroke: #d1d9e0 }
.ours { fill: #1f6feb } .other { fill: #8b949e } .floor { fill: #bf8700 }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117 } text { fill: #e6edf3 } .line { stroke: #3d444d }
  .ours { fill: #4493f8 } .other { fill: #9198a1 } .floor { fill: #d29922 }
}
"""


@dataclass(frozen=True)
class Bar:
    """``kind`` is a key of `KINDS`."""

    label: str
    value: float
    kind: str


@dataclass(frozen=True)
class Panel:
    """Some bars under one title, on one scale; ``unit`` follows each number."""

    title: str
    unit: str
    bars: tuple[Bar, ...]

    @property
    def height(self) -> int:
        return HEAD + ROW * len(self.bars) + AXIS


def chart(panels: Sequence[Panel], contenders: Mapping[str, str]) -> str:
    """Return the legend, and the panels one below the other.

    Args:
        contenders: what each label stands for.
    """
    legend = [*KINDS.values(), *(f"{label}: {meaning}" for label, meaning in contenders.items())]
    top = LEGEND_ROW * (len(legend) + 1)
    height = top + sum(panel.height for panel in panels)
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {height}",
            "role": "img",
            "font-family": "sans-serif",
            "font-size": "13",
        },
    )
    ET.SubElement(root, "title").text = "; ".join(panel.title for panel in panels)
    ET.SubElement(root, "style").text = _STYLE
    _rect(root, "page", 0, 0, WIDTH, height)
    for row, (text, kind) in enumerate(itertools.zip_longest(legend, KINDS, fillvalue="")):
        y = LEGEND_ROW * (row + 1)
        if kind:
            _rect(root, kind, 12, y - 10, 12, 12)
        _text(root, text, 32 if kind else 12, y)
    for panel in panels:
        _draw(root, panel, top)
        top += panel.height
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _draw(root: ET.Element, panel: Panel, top: int) -> None:
    _text(root, f"{panel.title} ({panel.unit})", 12, top + 28, weight="bold")
    bottom = top + HEAD + ROW * len(panel.bars)
    most = max(each.value for each in panel.bars)
    for tick in ticks(most):
        x = LABEL_WIDTH + BAR_WIDTH * tick / most
        place = {"x1": f"{x:.1f}", "x2": f"{x:.1f}", "y1": str(top + HEAD - 4), "y2": str(bottom)}
        ET.SubElement(root, "line", {**place, "class": "line"})
        _text(root, shown(tick), x, bottom + 15, anchor="middle")
    for row, each in enumerate(panel.bars):
        y = top + HEAD + ROW * row
        width = BAR_WIDTH * each.value / most
        _text(root, each.label, LABEL_WIDTH - 8, y + 14, anchor="end")
        _rect(root, each.kind, LABEL_WIDTH, y, max(1, width), ROW - 8)
        _text(root, f"{shown(each.value)} {panel.unit}", LABEL_WIDTH + width + 6, y + 14)


def ticks(most: float) -> Iterator[float]:
    """Yield round numbers from zero to a number that is not above ``most``, four to eight steps apart.

    Raises:
        ValueError: there is nothing to draw.
    """
    if most <= 0:
        raise ValueError(f"no scale to {most}: the largest value must be above 0")
    power = 10.0 ** math.floor(math.log10(most))
    step = min(step for step in (power / 5, power / 2, power, power * 2) if most / step < 8)
    for number in range(int(most / step) + 1):
        yield round(number * step, 9)


def _rect(root: ET.Element, kind: str, x: float, y: float, width: float, height: float) -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}", "class": kind}
    ET.SubElement(root, "rect", place)


def _text(root: ET.Element, text: str, x: float, y: float, anchor: str = "start", weight: str = "normal") -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "font-weight": weight}
    ET.SubElement(root, "text", place).text = text
