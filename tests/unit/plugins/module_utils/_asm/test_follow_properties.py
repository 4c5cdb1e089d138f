# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the events of any mesh: whatever it shows, whatever fails, and whenever the source is restarted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, fault
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.followed import Follower, gate
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.trains import (
    Own,
    Poll,
    Seen,
    in_part,
    item,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.worlds import World, worlds
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.follow import Event
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions

pytestmark = pytest.mark.slow

VERDICTS = {"reached", "failed", "stalled", "timeout"}

histories = st.lists(worlds, min_size=1, max_size=8)

gates = st.sampled_from(
    [None, gate(), gate(ready=True), gate(images=("image:2",)), gate(on_missing="accept", missing_after=("Done",))]
)
"""Conditions in which no time counts but a deadline that is far away."""

faults: st.SearchStrategy[Poll] = st.sampled_from(
    [503, fault("network"), fault("timeout"), fault("throttled", retry_after=5.0)]
)


def content(uid: str, parts: tuple[str, str, int, str]) -> dict[str, Any]:
    phase, version, ready, image = parts
    return item(uid, phase, version=version, gray=[deployment(ready=ready, image=image)])


def shown(world: World) -> dict[str, Seen]:
    """Return a poll that shows a world as it is."""
    return {uid: content(uid, parts) for uid, parts in world.items()}


def ids(events: list[Event]) -> list[tuple[str, str, str, int]]:
    return [
        (
            event.followed.identity,
            event.kind,
            event.release.phase if event.release else "",
            event.number,
        )
        for event in events
    ]


def by_release(events: list[tuple[str, str, str, int]]) -> dict[str, list[tuple[str, str, str, int]]]:
    """Return the events of each release in their order: one that is later than another release's is as good."""
    return {uid: [event for event in events if event[0] == uid] for uid, *_rest in events}


def told(conditions: Conditions | None, polls: list[Poll]) -> list[tuple[str, str, str, int]]:
    """Return the ids of all events of some polls."""
    follower = Follower(gate=conditions)
    return [each for poll in polls for each in ids(follower.poll(poll))]


@given(gates, histories, st.lists(faults, max_size=3))
def test_the_baseline_and_a_mesh_that_stands_still_yield_nothing(
    conditions: Conditions | None, history: list[dict[str, Any]], before: list[Any]
) -> None:
    still = shown(history[0])
    assert told(conditions, [*before, still, still, still]) == []


@given(gates, histories, st.data())
def test_a_fault_yields_nothing_and_changes_nothing(
    conditions: Conditions | None, history: list[dict[str, Any]], data: st.DataObject
) -> None:
    polls: list[Poll] = [shown(world) for world in history]
    # Several in a row may be a gap, after which a 404 is the first one again.
    disturbed: list[Poll] = []
    for poll in polls:
        disturbed.extend(data.draw(st.lists(faults, max_size=1)))
        disturbed.append(poll)
    assert told(conditions, disturbed) == told(conditions, polls)


@given(gates, histories, st.data())
def test_what_the_list_does_not_tell_and_no_read_answers_is_no_change(
    conditions: Conditions | None, history: list[dict[str, Any]], data: st.DataObject
) -> None:
    follower = Follower(gate=conditions)
    follower.poll(shown(history[0]))
    for world in history[1:]:
        poll = shown(world)
        hidden = data.draw(st.sets(st.sampled_from(sorted(world)))) if world else set()
        for uid in hidden:
            poll[uid] = Own(503, listed=in_part(uid))
        events = follower.poll(poll)
        assert not {event.followed.uid for event in events} & hidden


@given(gates, histories, st.data())
def test_a_restart_at_any_point_changes_nothing(
    conditions: Conditions | None, history: list[dict[str, Any]], data: st.DataObject
) -> None:
    polls: list[Poll] = [shown(world) for world in history]
    # An end in the first poll leaves no state, and the next start takes the baseline anew.
    end = data.draw(st.integers(1, len(polls)))
    follower = Follower(gate=conditions)
    before = [each for poll in polls[:end] for each in ids(follower.poll(poll))]
    restarted = follower.restarted()
    # Twice: the first 404 of a disappearance may have been before the restart, and is counted again.
    again = [polls[end], *polls[end:]] if end < len(polls) else []
    after = [each for poll in again for each in ids(restarted.poll(poll))]
    assert by_release(before + after) == by_release(told(conditions, [*polls[:end], *again]))


@given(gates, histories)
def test_no_verdict_comes_without_a_change_since_the_one_before(
    conditions: Conditions | None, history: list[dict[str, Any]]
) -> None:
    follower = Follower(gate=conditions)
    changed: set[str] = set()
    for before, world in zip([history[0], *history], history):
        # Readiness is a change too, as long as nothing else was since the first poll.
        changed |= {uid for uid in "abc" if before.get(uid) != world.get(uid)}
        verdicts = [event.followed.uid for event in follower.poll(shown(world)) if event.kind in VERDICTS]
        assert set(verdicts) <= changed
        assert len(set(verdicts)) == len(verdicts)
        changed -= set(verdicts)


@given(gates, histories)
def test_the_numbers_of_a_release_have_no_gap(conditions: Conditions | None, history: list[dict[str, Any]]) -> None:
    numbers: dict[str, list[int]] = {}
    for uid, _kind, _phase, number in told(conditions, [shown(world) for world in history]):
        numbers.setdefault(uid, []).append(number)
    assert all(each == list(range(1, len(each) + 1)) for each in numbers.values())
