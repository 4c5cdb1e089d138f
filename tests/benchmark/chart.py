# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart: bars on a logarithmic scale, as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from .figures import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 720
LABEL_WIDTH = 170
BAR_WIDTH = 420
ROW = 26
HEAD = 44
OURS, OTHERS = "#1f6feb", "#8b949e"


@dataclass(frozen=True)
class Bar:
    """``value`` must be above zero; ``ours`` gives it the colour of this collection."""

    label: str
    value: float
    ours: bool


@dataclass(frozen=True)
class Panel:
    """Some bars under one title; ``unit`` follows each number."""

    title: str
    unit: str
    bars: tuple[Bar, ...]


def chart(panels: Sequence[Panel]) -> str:
    """Return the panels one below the other. Bars begin at the power of ten below the smallest of their panel."""
    height = sum(HEAD + ROW * len(panel.bars) for panel in panels) + 12
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
    # A page may be dark; the letters are not.
    ET.SubElement(root, "rect", {"width": str(WIDTH), "height": str(height), "fill": "#ffffff"})
    top = 0
    for panel in panels:
        _draw(root, panel, top)
        top += HEAD + ROW * len(panel.bars)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _draw(root: ET.Element, panel: Panel, top: int) -> None:
    _text(root, f"{panel.title} ({panel.unit}, logarithmic)", 12, top + 28, weight="bold")
    widths = scaled([figure.value for figure in panel.bars])
    for row, (figure, width) in enumerate(zip(panel.bars, widths, strict=True)):
        y = top + HEAD + ROW * row
        _text(root, figure.label, LABEL_WIDTH - 8, y + 14, anchor="end")
        place = {"x": str(LABEL_WIDTH), "y": str(y), "width": f"{width:.1f}", "height": str(ROW - 8)}
        ET.SubElement(root, "rect", {**place, "fill": OURS if figure.ours else OTHERS})
        _text(root, f"{shown(figure.value)} {panel.unit}", LABEL_WIDTH + width + 6, y + 14)


def scaled(values: Sequence[float]) -> list[float]:
    """Return the lengths of bars: the largest is ``BAR_WIDTH``, the power of ten below the smallest would be 0.

    Raises:
        ValueError: a value is not above zero, and has no place on a logarithmic scale.
    """
    if any(value <= 0 for value in values):
        raise ValueError(f"{min(values)} has no place on a logarithmic scale")
    start = math.floor(math.log10(min(values)) - 1e-9)
    whole = math.log10(max(values)) - start
    return [BAR_WIDTH * (math.log10(value) - start) / whole for value in values]


def _text(root: ET.Element, text: str, x: float, y: float, anchor: str = "start", weight: str = "normal") -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "font-weight": weight, "fill": "#1f2328"}
    ET.SubElement(root, "text", place).text = text
