# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the events of any mesh: against a model, and wherever the source is cut off."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from typing import Any

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.availability import Availability
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.payload import Payloads
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.snapshot import restored, snapshot
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.tracker import (
    BASELINE_LISTS,
    TrackedRelease,
    Tracker,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.release_gate import Observation
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release, parse
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import Conditions, Schedule
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.events.stage import GONE, item
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.events.worlds import World, worlds
from hypothesis import given, settings
from hypothesis import strategies as st

INTERVAL = 10.0
REPLICAS = 3
SCHEDULE = Schedule(wait_timeout=10**6)
GATE = Conditions(("Running",), ("Failed",))
gates = st.sampled_from(
    [
        None,
        GATE,
        Conditions(("Running",), ("Failed",), ready=True),
        Conditions(("Running",), ("Failed",), images=("image:2",)),
        Conditions(("Running",), ("Failed",), on_missing="accept", missing_after=("Done",)),
    ]
)
histories = st.lists(worlds, min_size=3, max_size=12)
most = settings(max_examples=50, deadline=None)
few = settings(max_examples=20, deadline=None)


def poll(tracker: Tracker, world: World, now: float) -> tuple[Tracker, list[Any]]:
    """Return the tracker after a poll of a mesh that is like this, and the events."""
    listed = [TrackedRelease(f"uid-{name}", "bookinfo", name, "reviews") for name in world]
    observations = {
        f"uid-{name}": Observation(now, now, parsed(name, *world[name]), interval=INTERVAL) for name in world
    }
    for uid, each in tracker.releases.items():
        if each.needs_read and uid not in observations:
            observations[uid] = Observation(now, now, error=GONE, interval=INTERVAL)
    return tracker.after_poll(listed, observations, now, {})


@cache
def parsed(name: str, phase: str, version: str, ready: int, image: str) -> Release:
    return parse(item(name, phase, version=version, gray=[deployment(ready=ready, image=image)]))


@dataclass
class Model:
    """What a person would say of the changes, release by release."""

    baseline: int = BASELINE_LISTS
    known: dict[str, tuple[str, bool]] = field(default_factory=dict)
    absent: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def poll(self, world: World) -> set[tuple[str, str, str, bool]]:
        """Return kind, name, phase and readiness of the events of a poll."""
        events = set()
        for name, (phase, _version, ready, _image) in world.items():
            is_ready = ready == REPLICAS
            before = self.known.get(name)
            if (before is None and not self.baseline) or name in self.gone:
                events.add(("appeared", name, phase, is_ready))
            elif before is not None and before[0] != phase:
                events.add(("phase", name, phase, is_ready))
            if before is not None and before[1] != is_ready and name not in self.gone:
                events.add(("ready", name, phase, is_ready))
            self.known[name] = phase, is_ready
            self.gone.discard(name)
            self.absent[name] = 0
        for name in set(self.known) - set(world) - self.gone:
            self.absent[name] += 1
            if self.absent[name] == 2:
                self.gone.add(name)
                events.add(("gone", name, "", False))
        self.baseline = max(0, self.baseline - 1)
        return events


@most
@given(histories, st.booleans())
def test_each_change_is_sent_once(history: list[World], initial: bool) -> None:
    tracker = Tracker(None, SCHEDULE, 0 if initial else BASELINE_LISTS)
    model = Model(0 if initial else BASELINE_LISTS)
    for number, world in enumerate(history):
        tracker, events = poll(tracker, world, number * INTERVAL)
        sent = [
            (each.kind, each.tracked.name, each.release.phase if each.release else "", bool(each.tracked.ready))
            for each in events
        ]
        assert len(sent) == len(set(sent))
        assert set(sent) == model.poll(world)


class Source:
    """A source with a state file that is cut off and started again.

    Attributes:
        events: all that were delivered, by any of its starts.
    """

    def __init__(self, conditions: Conditions | None) -> None:
        self._new = Tracker(conditions, SCHEDULE)
        self._saved = ""
        self._tracker = self._new
        self.events: list[dict[str, Any]] = []

    def poll(self, world: World, now: float, cut_after: int | None = None) -> None:
        """Poll once; if the source is cut off after some of the events, start it again without another poll."""
        payloads = Payloads(Sanitizer(), False, "mesh", "origin", "", datetime(2026, 3, 1, tzinfo=timezone.utc))
        tracker, events = poll(self._tracker, world, now)
        made = [payloads.of_release(each) for each in events]
        if cut_after is not None and cut_after <= len(made):
            self.events += made[:cut_after]
            self._tracker = restored(json.loads(self._saved), self._new, now)[0] if self._saved else self._new
            return
        self.events += made
        self._tracker = tracker
        self._saved = json.dumps(snapshot(tracker, Availability(), now))

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]


def without_times(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event without its times."""
    gate = {"outcome": event["gate"]["outcome"]} if "gate" in event else None
    return {**{key: value for key, value in event.items() if key not in ("at", "msg", "previous_phase")}, "gate": gate}


def slow(history: list[World]) -> list[World]:
    """Return a history in which each state lasts long enough for a disappearance to be confirmed after two cuts."""
    return [world for each in history for world in [each] * 7]


@most
@given(gates, histories)
def test_no_id_comes_twice_without_a_restart(conditions: Conditions | None, history: list[World]) -> None:
    source = Source(conditions)
    for number, world in enumerate(history):
        source.poll(world, number * INTERVAL)
    assert len(source.ids) == len(set(source.ids))


@most
@given(gates, histories, st.dictionaries(st.integers(1, 80), st.integers(0, 3), max_size=6))
def test_an_id_means_one_event_wherever_the_source_is_cut_off(
    conditions: Conditions | None, history: list[World], cuts: dict[int, int]
) -> None:
    source = Source(conditions)
    for number, world in enumerate([*history, *[history[-1]] * 4]):
        source.poll(world, number * INTERVAL, cuts.get(number))
    by_id: dict[str, dict[str, Any]] = {}
    for event in source.events:
        known = by_id.setdefault(event["id"], event)
        assert without_times(known) == without_times(event)


@few
@given(gates, histories, st.sets(st.integers(0, 83), max_size=8), st.integers(0, 3))
def test_nothing_that_still_holds_is_lost_by_a_restart(
    conditions: Conditions | None, history: list[World], cuts: set[int], cut_after: int
) -> None:
    whole, cut_off = Source(conditions), Source(conditions)
    # A cut before the first save begins with another baseline, and two in one state leave it no time.
    chosen = {number for number in cuts if number > BASELINE_LISTS * 7 and number % 7 in (0, 1)}
    for number, world in enumerate(slow(history)):
        whole.poll(world, number * INTERVAL)
        cut_off.poll(world, number * INTERVAL, cut_after if number in chosen else None)
    assert set(whole.ids) <= set(cut_off.ids)
