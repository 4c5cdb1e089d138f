# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart of the guide on verdicts: when each of them comes, as the gate itself decides it.

``PYTHONPATH=.cache/source python -m ansible_collections.huaweicloud.asm.tests.guides.timeline`` writes it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.old_gate import State, hold
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, fault, not_found, release

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release

FILE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "images" / "gate_timeline.svg"

CONDITIONS = Conditions(
    success_phases=("Running",),
    failure_phases=("Failed",),
    ready=True,
    stable_for=40,
    stall_timeout=80,
    wait_timeout=150,
    wait_sleep=10,
)


@dataclass(frozen=True)
class Step:
    """What a read sees from a time on, in seconds; a status instead of a phase is an answer without a release."""

    since: float
    phase: str = ""
    ready: int = 0
    uid: str = "uid-1"
    status: int = 200

    @property
    def label(self) -> str:
        if self.status != 200:
            return str(self.status)
        return f"{self.phase} {self.ready}/3" + (" of another" if self.uid != "uid-1" else "")

    def look(self) -> Release:
        """Return the release, or raise the error of the status."""
        if self.status == 404:
            raise not_found()
        if self.status != 200:
            raise fault("server" if self.status >= 500 else "credentials", status=self.status)
        return release(self.phase, gray=[deployment(ready=self.ready)], uid=self.uid)


@dataclass(frozen=True)
class Story:
    """How one release fares, and why that is the verdict."""

    steps: tuple[Step, ...]
    why: str


# Phases are illustrations: nobody has published the real ones.
STORIES = (
    Story((Step(0, "Creating"), Step(35, "Running", 3)), "all conditions met for 40 s"),
    Story((Step(0, "Creating", 1), Step(55, "Failed", 1)), "Failed is in failure_phases"),
    Story((Step(0, "Creating", 1),), "no progress for 80 s"),
    Story(
        (Step(0, "Creating"), Step(60, "Creating", 1), Step(115, "Running", 3)),
        "28 of 40 s met at the last read",
    ),
    Story((Step(0, "Creating"), Step(35, "Running", 3), Step(65, "Creating", uid="uid-2")), "another uid now"),
    Story((Step(0, "Creating", 2), Step(45, status=404)), "404 in two answers in a row"),
    Story(
        (Step(0, "Creating"), Step(39, status=503), Step(42, "Creating", 1), Step(75, status=401)),
        "503 is survived, 401 is not",
    ),
)


@dataclass(frozen=True)
class Read:
    """One read of a story: when, and the state of the gate after it."""

    at: float
    state: State


def played(story: Story) -> list[Read]:
    """Return all reads of a story, in the gate's own loop, on a clock that only its pauses move."""
    reads: list[Read] = []
    now = 0.0

    def look() -> Release:
        return [step for step in story.steps if step.since <= now][-1].look()

    def tell(state: State, due: float | None) -> None:
        del due
        reads.append(Read(now, state))

    def rest(until: float) -> None:
        nonlocal now
        now = until

    hold(look, CONDITIONS, lambda: now, lambda: 1.0, tell, rest)
    return reads


LICENCE = """\
<!--
Copyright (c) 2026, the huaweicloud.asm contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->
"""

WIDTH = 400
LEFT = 12
SCALE = 2.5
"""Units of the drawing for each second."""
HEAD = 76
ROW = 62
BAR = 20

STYLE = """
  svg { --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --line: #8b949e; --grid: #d1d9e0;
        --waits: #ddf4ff; --good: #aceebb; --bad: #ffcecb; --none: #eff2f5; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #f0f6fc; --soft: #b7bdc8; --line: #8b949e; --grid: #3d444d;
          --waits: #0c3a6b; --good: #0f5323; --bad: #8e1519; --none: #2a313c; }
  }
  .paper { fill: var(--paper); }
  text { fill: var(--ink); }
  .soft { fill: var(--soft); }
  .outcome { font-weight: bold; }
  .grid { stroke: var(--grid); }
  .deadline { stroke: var(--ink); stroke-dasharray: 4 3; }
  .bar { stroke: var(--line); }
  .waits { fill: var(--waits); } .good { fill: var(--good); } .bad { fill: var(--bad); } .none { fill: var(--none); }
  .read { fill: var(--ink); stroke: var(--ink); }
  .fault { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
  .held { stroke: var(--ink); stroke-width: 3; }
  .verdict { stroke: var(--ink); stroke-width: 2; }
"""


def chart() -> str:
    """Return one row for each story: what the release shows, when it is read, and when the verdict comes."""
    height = HEAD + ROW * len(STORIES) + 24
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(WIDTH),
            "height": str(height),
            "viewBox": f"0 0 {WIDTH} {height}",
            "role": "img",
            "aria-labelledby": "title description",
            "font-family": "sans-serif",
            "font-size": "13",
        },
    )
    rows = [(story, played(story)) for story in STORIES]
    ET.SubElement(root, "title", {"id": "title"}).text = "When each verdict comes"
    told = "; ".join(f"{_outcome(reads)} after {reads[-1].at:.0f} s: {story.why}" for story, reads in rows)
    ET.SubElement(root, "desc", {"id": "description"}).text = f"Seven gates on a time axis of 150 seconds. {told}."
    ET.SubElement(root, "style").text = STYLE
    ET.SubElement(root, "rect", {"class": "paper", "width": str(WIDTH), "height": str(height), "rx": "6"})
    _draw_head(root, height)
    for number, (story, reads) in enumerate(rows):
        _draw_row(root, story, reads, HEAD + ROW * number)
    ET.indent(root)
    return f"{LICENCE}{ET.tostring(root, encoding='unicode')}\n"


def _outcome(reads: list[Read]) -> str:
    return reads[-1].state.outcome or "pending"


def _draw_head(root: ET.Element, height: int) -> None:
    """Draw the legend, the axis of time and the deadline."""
    _text(root, LEFT, 20, f"stable_for {CONDITIONS.stable_for:g}, stall_timeout {CONDITIONS.stall_timeout:g}, ready")
    _circle(root, LEFT + 4, 36, "read")
    _text(root, LEFT + 14, 40, "answer", "soft")
    _circle(root, LEFT + 74, 36, "fault")
    _text(root, LEFT + 84, 40, "fault", "soft")
    _line(root, LEFT + 130, 36, LEFT + 160, 36, "held")
    _text(root, LEFT + 166, 40, "all conditions met", "soft")
    bottom = height - 22
    for seconds in range(0, int(CONDITIONS.wait_timeout) + 1, 30):
        _line(root, _x(seconds), 64, _x(seconds), bottom, "grid")
        anchor = "start" if seconds == 0 else "end" if seconds == CONDITIONS.wait_timeout else "middle"
        _text(root, _x(seconds), 60, f"{seconds} s", "soft", anchor)
    _line(root, _x(CONDITIONS.wait_timeout), 64, _x(CONDITIONS.wait_timeout), bottom, "deadline")
    _text(root, _x(CONDITIONS.wait_timeout), height - 8, f"wait_timeout {CONDITIONS.wait_timeout:g}", "soft", "end")


def _draw_row(root: ET.Element, story: Story, reads: list[Read], top: int) -> None:
    """Draw one story: its verdict, what the release shows until then, its reads, and where the conditions are met."""
    end = reads[-1].at
    line = _text(root, LEFT, top + 13, "")
    ET.SubElement(line, "tspan", {"class": "outcome"}).text = _outcome(reads)
    ET.SubElement(line, "tspan").text = f" after {end:.0f} s: {story.why}"
    ends = [*(step.since for step in story.steps[1:]), end]
    for step, until in zip(story.steps, ends, strict=True):
        _draw_step(root, step, until, top + 20)
    for read in reads:
        _circle(root, _x(read.at), top + 50, "fault" if read.state.faults else "read")
    for before, after in pairwise(reads):
        if before.state.holding and after.state.holding:
            _line(root, _x(before.at), top + 43, _x(after.at), top + 43, "held")
    _line(root, _x(end), top + 18, _x(end), top + 55, "verdict")


def _draw_step(root: ET.Element, step: Step, until: float, top: int) -> None:
    colour = {"Creating": "waits", "Running": "good", "Failed": "bad", "": "none"}[step.phase]
    width = max((until - step.since) * SCALE, 2)
    place = {"x": f"{_x(step.since):.1f}", "y": str(top), "width": f"{width:.1f}", "height": str(BAR)}
    ET.SubElement(root, "rect", {"class": f"bar {colour}", **place})
    # About 6 units a letter; what is too narrow for its name is told by the reason.
    if width >= 6 * len(step.label) + 6:
        _text(root, _x(step.since) + 4, top + 14, step.label, size=11)


def _x(seconds: float) -> float:
    return LEFT + SCALE * seconds


def _text(
    root: ET.Element, x: float, y: float, text: str, style: str = "", anchor: str = "start", size: int = 13
) -> ET.Element:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "font-size": str(size)}
    element = ET.SubElement(root, "text", {**({"class": style} if style else {}), **place})
    element.text = text
    return element


def _line(root: ET.Element, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
    ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    ET.SubElement(root, "line", {"class": style, **ends})


def _circle(root: ET.Element, x: float, y: float, style: str) -> None:
    ET.SubElement(root, "circle", {"class": style, "cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "3"})


def main() -> None:
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(chart(), encoding="utf-8")


if __name__ == "__main__":
    main()
