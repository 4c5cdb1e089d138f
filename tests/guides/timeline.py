# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart of the guide on verdicts: when each verdict comes, computed by the rules of the gate.

``PYTHONPATH=.cache/source python -m ansible_collections.huaweicloud.asm.tests.guides.timeline`` writes the chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.gate_set import GateSet, Response, begin
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.schedule import PollCost, next_poll
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import (
    Conditions,
    GateOptions,
    Schedule,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    deployment,
    error_of_kind,
    not_found,
    release,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.release_gate import ReleaseGate

FILE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "images" / "gate_timeline.svg"

CONDITIONS = Conditions(
    success_phases=("Running",),
    failure_phases=("Failed",),
    ready=True,
    stable_for=40,
    stall_timeout=80,
)
SCHEDULE = Schedule(wait_timeout=150, wait_sleep=10)


@dataclass(frozen=True)
class Step:
    """What a poll finds from a time on, in seconds; a status other than 200 is a response without a release."""

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

    def response(self, now: float) -> Response:
        """Return the response to a poll at that time."""
        if self.status == 200:
            found = release(self.phase, gray=[deployment(ready=self.ready)], uid=self.uid)
            return Response(now, now, releases={0: found})
        if self.status == 404:
            return Response(now, now, releases={0: not_found()})
        return Response(now, now, error=error_of_kind("server" if self.status >= 500 else "credentials"))


@dataclass(frozen=True)
class Story:
    """How one release changes, and the reason of the verdict."""

    steps: tuple[Step, ...]
    why: str


# The phases are examples: the real ones are not published.
STORIES = (
    Story((Step(0, "Creating"), Step(35, "Running", 3)), "all conditions met for 40 s"),
    Story((Step(0, "Creating", 1), Step(55, "Failed", 1)), "Failed is in failure_phases"),
    Story((Step(0, "Creating", 1),), "no progress for 80 s"),
    Story(
        (Step(0, "Creating"), Step(60, "Creating", 1), Step(115, "Running", 3)),
        "28 of 40 s met at the last poll",
    ),
    Story((Step(0, "Creating"), Step(35, "Running", 3), Step(65, "Creating", uid="uid-2")), "another uid now"),
    Story((Step(0, "Creating", 2), Step(45, status=404)), "404 in two responses in a row"),
    Story(
        (Step(0, "Creating"), Step(39, status=503), Step(42, "Creating", 1), Step(75, status=401)),
        "503 is transient, 401 is not",
    ),
)


@dataclass(frozen=True)
class Poll:
    """One poll: its time, and the gate after it."""

    at: float
    gates: GateSet

    @property
    def gate(self) -> ReleaseGate:
        return self.gates.gates[0]


def played(story: Story) -> list[Poll]:
    """Return all polls of a story, on a clock that only the pauses move."""
    gates = begin(GateOptions((CONDITIONS,), 1), SCHEDULE)
    polls: list[Poll] = []
    now: float | None = 0.0
    while now is not None:
        step = [step for step in story.steps if step.since <= now][-1]
        gates = gates.begin_poll().fold(step.response(now))
        due = None if gates.outcome else next_poll(gates, PollCost(), now, 1.0)
        gates = gates if gates.outcome or due is not None else gates.at_deadline(now)
        polls.append(Poll(now, gates))
        now = due
    return polls


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
  .poll { fill: var(--ink); stroke: var(--ink); }
  .transient { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
  .held { stroke: var(--ink); stroke-width: 3; }
  .verdict { stroke: var(--ink); stroke-width: 2; }
"""


def chart() -> str:
    """Return one row for each story: the phases, the polls, and the time of the verdict."""
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
    verdicts = "; ".join(f"{_outcome(polls)} after {polls[-1].at:.0f} s: {story.why}" for story, polls in rows)
    ET.SubElement(root, "desc", {"id": "description"}).text = f"Seven gates on a time axis of 150 seconds. {verdicts}."
    ET.SubElement(root, "style").text = STYLE
    ET.SubElement(root, "rect", {"class": "paper", "width": str(WIDTH), "height": str(height), "rx": "6"})
    _draw_head(root, height)
    for number, (story, polls) in enumerate(rows):
        _draw_row(root, story, polls, HEAD + ROW * number)
    ET.indent(root)
    return f"{LICENCE}{ET.tostring(root, encoding='unicode')}\n"


def _outcome(polls: list[Poll]) -> str:
    return polls[-1].gates.outcome or "pending"


def _draw_head(root: ET.Element, height: int) -> None:
    """Draw the legend, the axis of time and the deadline."""
    _text(root, LEFT, 20, f"stable_for {CONDITIONS.stable_for:g}, stall_timeout {CONDITIONS.stall_timeout:g}, ready")
    _circle(root, LEFT + 4, 36, "poll")
    _text(root, LEFT + 14, 40, "poll", "soft")
    _circle(root, LEFT + 58, 36, "transient")
    _text(root, LEFT + 68, 40, "transient error", "soft")
    _line(root, LEFT + 176, 36, LEFT + 206, 36, "held")
    _text(root, LEFT + 212, 40, "all conditions met", "soft")
    bottom = height - 22
    for seconds in range(0, int(SCHEDULE.wait_timeout) + 1, 30):
        _line(root, _x(seconds), 64, _x(seconds), bottom, "grid")
        anchor = "start" if seconds == 0 else "end" if seconds == SCHEDULE.wait_timeout else "middle"
        _text(root, _x(seconds), 60, f"{seconds} s", "soft", anchor)
    _line(root, _x(SCHEDULE.wait_timeout), 64, _x(SCHEDULE.wait_timeout), bottom, "deadline")
    _text(root, _x(SCHEDULE.wait_timeout), height - 8, f"wait_timeout {SCHEDULE.wait_timeout:g}", "soft", "end")


def _draw_row(root: ET.Element, story: Story, polls: list[Poll], top: int) -> None:
    """Draw one story: its verdict, its phases until then, its polls, and where all conditions are met."""
    end = polls[-1].at
    line = _text(root, LEFT, top + 13, "")
    ET.SubElement(line, "tspan", {"class": "outcome"}).text = _outcome(polls)
    ET.SubElement(line, "tspan").text = f" after {end:.0f} s: {story.why}"
    ends = [*(step.since for step in story.steps[1:]), end]
    for step, until in zip(story.steps, ends, strict=True):
        _draw_step(root, step, until, top + 20)
    for poll in polls:
        _circle(root, _x(poll.at), top + 50, "transient" if poll.gates.requests.transient_errors else "poll")
    for before, after in pairwise(polls):
        if before.gate.holding and after.gate.holding:
            _line(root, _x(before.at), top + 43, _x(after.at), top + 43, "held")
    _line(root, _x(end), top + 18, _x(end), top + 55, "verdict")


def _draw_step(root: ET.Element, step: Step, until: float, top: int) -> None:
    colour = {"Creating": "waits", "Running": "good", "Failed": "bad", "": "none"}[step.phase]
    width = max((until - step.since) * SCALE, 2)
    place = {"x": f"{_x(step.since):.1f}", "y": str(top), "width": f"{width:.1f}", "height": str(BAR)}
    ET.SubElement(root, "rect", {"class": f"bar {colour}", **place})
    # About 6 units a letter. A step that is too narrow for its name is explained by the reason.
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
