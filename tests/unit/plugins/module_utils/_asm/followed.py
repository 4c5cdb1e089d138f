# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases that are followed without a network: the test writes down what each poll shows, as for a train."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import follow as rules
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import lasting
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.follow_state import (
    parse_following,
    remembered,
    report_following,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions, Several
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.trains import Poll, poll, selected

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.follow import Event, Following
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train import Train

SOURCE = "0123456789abcdef" * 2
"""What these followers are known by; a real one is made up."""

ALL = selected()
"""Every release of the namespace."""

NO_GATE = Conditions(())


@dataclass
class Follower:
    """Polls every 10 s, and what the polls so far mean.

    Attributes:
        lists: whether there is a list at all; else each release is read singly.
    """

    several: Several = ALL
    gate: Conditions | None = None
    initial: bool = False
    lists: bool = True
    every: float = 10.0
    now: float = 0.0
    train: Train = field(init=False)
    following: Following = field(init=False)

    def __post_init__(self) -> None:
        self.following = rules.begin(self.several, self.gate, self.initial, SOURCE)
        self.train = lasting.begin(self.several, self.gate or NO_GATE)

    def poll(self, shown: Poll) -> list[Event]:
        """Return the events of one poll."""
        self.train = poll(self.train, self.now, shown, self.lists)
        self.following, events = rules.follow(self.following, self.train)
        self.train = lasting.refreshed(self.train, self.following.releases.keys())
        self.now += self.every
        return events

    def restarted(self, after: float = 0.0, gate: Conditions | None = None) -> Follower:
        """Return a new follower that knows what a state file would tell it.

        Args:
            after: seconds between the last poll and the moment at which its state was written.
            gate: another one than before, if any.
        """
        values = json.loads(json.dumps(report_following(self.following, self.now - self.every + after)))
        new = Follower(self.several, gate or self.gate, self.initial, self.lists, self.every)
        new.following = parse_following(values, new.following)
        seen = {key: remembered(each) for key, each in new.following.releases.items()}
        new.train = lasting.begin(self.several, new.gate or NO_GATE, seen)
        return new


def told(event: Event) -> str:
    """Return an event in short: uid, kind and, where they tell more, phases, readiness and verdict."""
    phase = event.release.phase if event.release else ""
    detail = {
        "appeared": phase,
        "phase": f"{event.previous_phase} > {phase}",
        "ready": "yes" if event.followed.ready else "no",
        "gone": event.previous_phase,
        "failed": event.run.state.outcome if event.run else None,
    }.get(event.kind)
    return " ".join(part for part in (event.followed.uid, event.kind, detail) if part)


def follow(follower: Follower, *polls: Poll) -> list[list[str]]:
    """Return the events of each poll in short."""
    return [[told(event) for event in follower.poll(shown)] for shown in polls]


def gate(*success_phases: str, **more: object) -> Conditions:
    """Return the conditions of a gate that is reached in these phases, `Running` if there are none."""
    conditions = Conditions(success_phases or ("Running",), ("Failed",))
    return replace(conditions, **more)  # type: ignore[arg-type]
