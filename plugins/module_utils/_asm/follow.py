# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What polls mean as events: a pure fold over trains without a verdict, and the runs of the gate of each release.

An event needs a change that these polls have seen. A fault is never one, what an answer does not tell has not changed,
and what one tells for the first time has not either.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

from .gate import Observation, State, Streak, advance, at_deadline, falls_due, unmet_besides_phase
from .lasting import lean
from .options import Conditions, Selection, Several, is_phase
from .release import Release, why_not_ready
from .train import Key, Member, Train, needs_deployments

COUNTERS_KEPT = 1000
"""Of so many releases that are gone the counter is kept, so that one that comes back has no id of before."""

LISTS_OF_THE_BASELINE = 2
"""A list can be short for once. What the second one shows first was there before, too."""

_KINDS = {"reached": "reached", "failed": "failed", "replaced": "failed", "stalled": "stalled", "timeout": "timeout"}
"""Kinds of the events that verdicts are told by. That a release is missing is told by `gone`."""

VERDICTS = frozenset(_KINDS.values())
"""Those kinds."""


@dataclass(frozen=True)
class Run:
    """A run of the gate of one release.

    Attributes:
        began: seconds since the polls began; less than zero for a run that began before a restart.
        state: of the gate; its times count from there.
    """

    began: float
    state: State


@dataclass(frozen=True)
class Followed:
    """One release, as it was last seen.

    Attributes:
        namespace, release_id: as the member of the train has them.
        uid, name: the last ones that an answer told, empty before.
        phase, version: likewise, None before. One that has just appeared and has no phase is in the phase "".
        images: of each gray workload, the last ones that were told of all of them; None before.
        ready: whether its gray workloads were all there and rolled out; None before an answer told it.
        changes: how many events it has had, or may have had before a crash.
        unmet: whether its conditions were not met when an answer first told of all of them, and nothing but readiness
            has changed since; None before that.
        gone: whether its disappearance was told.
        run: of its gate; None while it is at rest.
    """

    namespace: str
    release_id: str
    uid: str = ""
    name: str = ""
    phase: str | None = None
    version: str | None = None
    images: tuple[tuple[str, ...], ...] | None = None
    ready: bool | None = None
    changes: int = 0
    unmet: bool | None = None
    gone: bool = False
    run: Run | None = None

    @property
    def key(self) -> Key:
        """Return what names it within the train."""
        return self.namespace, self.release_id

    @property
    def identity(self) -> str:
        """Return its uid, or its namespace and id where the service gives none."""
        return self.uid or f"{self.namespace}/{self.release_id}"


@dataclass(frozen=True)
class Pending:
    """Events of a release that were to be delivered, and of which nobody knows whether they were.

    Attributes:
        appearance: of the release then, as `appearance` gives it.
        numbers: of the events, by their kind. One that tells of a readiness that is lost is `unready`.
    """

    appearance: str
    numbers: Mapping[str, int]


@dataclass(frozen=True)
class Event:
    """One change.

    Attributes:
        kind: appeared, phase, ready, gone, reached, failed, stalled or timeout.
        followed: the release after it.
        previous_phase: that of the poll before; empty before the first one.
        at: seconds since the polls began.
        release: as this poll has it, or as it was last seen where the poll has no answer; None when it is not there.
        run: with its verdict, for the kinds of a gate.
        conditions: those of the run.
        number: of the event among those of the release. No other change of it has the same.
    """

    kind: str
    followed: Followed
    previous_phase: str
    at: float
    release: Release | None
    run: Run | None = None
    conditions: Conditions | None = None
    number: int = 0

    @property
    def told_as(self) -> str:
        """Return what tells it apart from the other events of the same poll and release."""
        return "unready" if self.kind == "ready" and not self.followed.ready else self.kind


@dataclass(frozen=True)
class Following:
    """All that the polls so far mean.

    Attributes:
        conditions: of the gate, None without one.
        gate: digest of what must be met and what fails; a run of another gate does not go on.
        source: tells apart from others what all this is known by; empty when it is not remembered.
        baseline: how many more lists belong to the baseline.
        releases: those that were seen, by what names them within the train.
        retired: counters of releases that are gone, by identity; the latest last.
        pending: what was to be delivered before a restart, by identity.
        unread: what was there, or may have been, when the polls began, and has not been answered since.
        missed: those of them that ASM did not know when it answered last.
        nameless: those whose answer in this poll cannot be used, for it has no uid, and they have one.
    """

    conditions: Conditions | None
    gate: str = ""
    source: str = ""
    baseline: int = 0
    releases: Mapping[Key, Followed] = field(default_factory=dict)
    retired: Mapping[str, int] = field(default_factory=dict)
    pending: Mapping[str, Pending] = field(default_factory=dict)
    unread: frozenset[Key] = frozenset()
    missed: frozenset[Key] = frozenset()
    nameless: frozenset[Key] = frozenset()

    @property
    def has_begun(self) -> bool:
        """Return whether a poll has told anything yet."""
        return self.baseline < LISTS_OF_THE_BASELINE

    def is_new(self, key: Key) -> bool:
        """Return whether a release that was not seen before is one that was not there before."""
        return not self.baseline and key not in self.unread

    def falls_due(self) -> list[float]:
        """Return the times at which a poll would decide a run, if nothing has changed by then."""
        conditions = self.conditions
        if conditions is None:
            return []
        runs = [each.run for each in self.releases.values() if each.run is not None]
        ends = [run.began + conditions.wait_timeout for run in runs]
        return ends + [run.began + time for run in runs for time in falls_due(run.state, conditions)]


def begin(several: Several, conditions: Conditions | None, initial: bool, source: str = "") -> Following:
    """Return what is known before the first poll.

    Args:
        initial: whether the first poll tells what is there.
        source: as in `Following`.
    """
    nothing = Following(conditions, _gate_of(several, conditions), source)
    if initial:
        return nothing
    if isinstance(several.releases, Selection):
        return replace(nothing, baseline=LISTS_OF_THE_BASELINE)
    return replace(nothing, unread=frozenset((each.namespace, each.release_id) for each in several.releases))


def _gate_of(several: Several, conditions: Conditions | None) -> str:
    """Return a digest of what a gate asks for. How long it may take is no part of it."""
    if conditions is None:
        return ""
    named = () if isinstance(several.releases, Selection) else several.releases
    alone = sorted([each.namespace, each.release_id, each.version or "", sorted(each.images)] for each in named)
    names = ("success_phases", "failure_phases", "ready", "version", "images", "on_missing", "missing_after")
    return _digest([alone, *(getattr(conditions, name) for name in names)])


def appearance(followed: Followed) -> str:
    """Return a digest of what a change of the release is told by, readiness apart."""
    return _digest([(followed.phase or "").casefold(), followed.version, followed.images, followed.gone])


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def follow(following: Following, train: Train) -> tuple[Following, list[Event]]:
    """Return what is known after one more poll, and the events of it, release by release."""
    releases, retired, pending = dict(following.releases), dict(following.retired), dict(following.pending)
    events: list[Event] = []
    seen: set[Key] = set()
    missed: set[Key] = set()
    nameless: set[Key] = set()
    is_timed = train.told or any(member.answered for member in train.members)
    gates = _gates(following.conditions, train)
    for member in train.members:
        step = _Step(releases.get(member.key), member, gates.get(member.conditions), retired, pending)
        answer = member.answer
        if step.is_nameless:
            nameless.add(member.key)
        elif answer is not None and answer.release is not None:
            seen.add(member.key)
            step.see(answer, answer.release, following.is_new(member.key))
        elif answer is not None and answer.error is not None and answer.error.kind == "not_found":
            missed.add(member.key)
            step.miss(answer)
        if is_timed and member.key not in seen and member.key not in missed:
            step.take_time(train.polls.ended)
        events += step.events
        if step.followed is not None:
            releases[member.key] = step.followed
        else:
            releases.pop(member.key, None)
    unread = _unread(following, train, seen, missed)
    known = replace(
        following,
        baseline=max(0, following.baseline - 1) if train.told else following.baseline,
        releases=releases,
        retired=dict(list(retired.items())[-COUNTERS_KEPT:]),
        pending=pending,
        unread=unread,
        missed=(following.missed | missed) & unread,
        nameless=frozenset(nameless),
    )
    return known, events


def _unread(following: Following, train: Train, seen: Set[Key], missed: Set[Key]) -> frozenset[Key]:
    """Return what is still unread after a poll: what was there before, or may have been.

    ASM's 404 takes nothing out of it, the second one in a row does: it may come for once, and what is there again then
    has not appeared.
    """
    there = {member.key for member in train.members}
    unread = following.unread | there if following.baseline and train.told else following.unread
    answered = seen | (missed & following.missed)
    return frozenset(key for key in unread - answered if key in there or not train.told)


def _gates(gate: Conditions | None, train: Train) -> dict[Conditions, Conditions]:
    """Return the conditions of a run by those of a member, which know no deadline; nothing without a gate."""
    if gate is None:
        return {}
    wanted = {member.conditions for member in train.members}
    return {each: replace(each, wait_timeout=gate.wait_timeout, wait_sleep=train.pause) for each in wanted}


class _Step:
    """What one poll means for one release.

    Attributes:
        followed: what is known of it after the poll.
        events: of it, in their order.
    """

    def __init__(
        self,
        followed: Followed | None,
        member: Member,
        conditions: Conditions | None,
        retired: dict[str, int],
        pending: dict[str, Pending],
    ) -> None:
        self.followed = followed
        self.events: list[Event] = []
        self._member = member
        self._retired = retired
        self._pending = pending
        self._conditions = conditions
        self._previous_phase = (followed.phase or "") if followed is not None else ""
        self._tells_workloads = False

    @property
    def is_nameless(self) -> bool:
        """Return whether the answer of the poll has no uid, and the ones before had one.

        Whether it is the same release, or another one in its place, cannot be told, so nothing follows from it.
        """
        followed, answer = self.followed, self._member.answer
        release = answer.release if answer is not None else None
        return followed is not None and release is not None and not release.uid and bool(followed.uid)

    def take_time(self, now: float) -> None:
        """Take that the time goes on without an answer about this release, while there are answers about others."""
        followed, conditions = self.followed, self._conditions
        if followed is None or followed.run is None or conditions is None:
            return
        elapsed = now - followed.run.began
        if elapsed > conditions.wait_timeout:
            state = replace(followed.run.state, ended=elapsed, error=self._member.fault)
            self._tell_verdict(Run(followed.run.began, at_deadline(state, conditions)), now, state.release)

    def see(self, answer: Observation, release: Release, is_new: bool) -> None:
        """Take an answer that has the release.

        Args:
            is_new: whether a release that was not seen before is one that was not there before.
        """
        if self.followed is not None and self.followed.uid and self.followed.uid != release.uid:
            # Another release under the same id: what was followed has been replaced.
            self._advance(answer)
            self._retire()
            self._previous_phase = ""
        before = self.followed
        if before is None:
            self._meet(answer, release, is_new)
        else:
            self._compare(before, answer, release)
        self._judge_first(release)
        self._advance(answer)

    def _meet(self, answer: Observation, release: Release, is_new: bool) -> None:
        """Take the first sight of a release."""
        member = self._member
        first = Followed(member.namespace, member.release_id, release.uid)
        first = replace(first, changes=self._retired.pop(first.identity, 0))
        if not is_new:
            self.followed = self._updated(first, release)
            return
        # What has just appeared has no phase, and is not ready, until an answer tells that.
        first = replace(first, phase="", ready=False if self._may_tell_workloads() else None)
        self.followed = self._updated(first, release)
        self._tell("appeared", answer.completed, release)
        self._begin(answer.started)

    def _compare(self, before: Followed, answer: Observation, release: Release) -> None:
        """Take a release that was seen before."""
        after = self.followed = self._updated(before, release)
        moved = before.gone or _has_moved(before.version, after.version) or _has_moved(before.images, after.images)
        if before.gone:
            self._tell("appeared", answer.completed, release)
        elif before.phase is not None and not _is_same_phase(before.phase, after.phase or ""):
            moved = True
            self._tell("phase", answer.completed, release)
        if before.ready is not None and after.ready != before.ready and not before.gone:
            moved = moved or bool(before.unmet)
            self._tell("ready", answer.completed, release)
        if moved:
            self._begin(answer.started)

    def _updated(self, before: Followed, release: Release) -> Followed:
        """Return what is known of a release after an answer: what that does not tell has not changed."""
        # Where none is planned and none was ever there, a status without them says so.
        says_none = self._may_tell_workloads() and release.planned == 0 and not before.images
        self._tells_workloads = release.tells_workloads or says_none
        after = replace(
            before,
            uid=release.uid or before.uid,
            name=release.name or before.name,
            phase=release.phase.strip() or before.phase,
            version=release.version or before.version,
            images=_images(release) or before.images,
            ready=not why_not_ready(release.gray, release.planned) if self._tells_workloads else before.ready,
            gone=False,
        )
        pending = self._pending.get(after.identity)
        if pending is not None and pending.appearance != appearance(after):
            # It has changed since: whatever is told of it from now on was not told before.
            del self._pending[after.identity]
        return after

    def _may_tell_workloads(self) -> bool:
        """Return whether the answer is the whole release; an item of a list may leave its workloads out."""
        return not self._member.listed or needs_deployments(self._member.conditions)

    def _judge_first(self, release: Release) -> None:
        """Note whether the conditions are met, with the first answer that tells of all of them."""
        followed, conditions = self.followed, self._conditions
        if followed is None or conditions is None or followed.unmet is not None:
            return
        wants_workloads = conditions.ready or conditions.images
        if (
            release.phase.strip()
            and (release.version or conditions.version is None)
            and (self._tells_workloads or not wants_workloads)
        ):
            self.followed = replace(followed, unmet=not _is_met(release, conditions))

    def miss(self, answer: Observation) -> None:
        """Take ASM's 404. The second one in a row is a disappearance."""
        followed, state = self.followed, self._member.state
        if followed is None:
            return
        if state.outcome == "missing" and not followed.gone:
            self.followed = followed = replace(followed, gone=True, ready=False)
            self._tell("gone", answer.completed, None)
            if followed.unmet and state.absent is not None:
                # From the first poll on, its disappearance is the first change, and may be a success.
                absent = State(uid=followed.uid, release=state.release, answered=True)
                self._begin(state.absent.since, replace(absent, absent=Streak(0.0), answer_ended=0.0))
        self._advance(answer)
        if self.followed is not None and self.followed.gone and self.followed.run is None:
            self._retire()

    def _begin(self, now: float, state: State | None = None) -> None:
        """Begin a run of the gate, if there is a gate and no run of it."""
        followed = self.followed
        if followed is None or self._conditions is None:
            return
        run = followed.run or Run(now, state or State(answered=True))
        self.followed = replace(followed, unmet=False, run=run)

    def _advance(self, answer: Observation) -> None:
        followed, conditions = self.followed, self._conditions
        if followed is None or followed.run is None or conditions is None:
            return
        began, state = followed.run.began, followed.run.state
        shifted = replace(
            answer,
            started=answer.started - began,
            completed=answer.completed - began,
            release=_with_version(answer.release, followed),
        )
        if not state.uid:
            state = replace(state, uid=followed.uid or None)
        state = advance(state, shifted, conditions)
        if state.release is not None:
            state = replace(state, release=lean(state.release))
        if state.outcome is None:
            self.followed = replace(followed, run=Run(began, state))
        else:
            self._tell_verdict(Run(began, state), answer.completed, answer.release)

    def _tell_verdict(self, run: Run, now: float, release: Release | None) -> None:
        """End a run, and tell its verdict. The release is at rest then."""
        if self.followed is not None:
            self.followed = replace(self.followed, run=None)
        kind = _KINDS.get(run.state.outcome or "")
        if kind is not None:
            self._tell(kind, now, release, run)

    def _tell(self, kind: str, now: float, release: Release | None, run: Run | None = None) -> None:
        if self.followed is None:
            return
        conditions = self._conditions if run is not None else None
        event = Event(kind, self.followed, self._previous_phase, now, release, run, conditions)
        self.events.append(replace(event, number=self._number(event), followed=self.followed))

    def _number(self, event: Event) -> int:
        """Return the number of an event: the one that it had before a crash, or else the next."""
        followed = event.followed
        pending = self._pending.get(followed.identity)
        if pending is not None and event.told_as in pending.numbers and pending.appearance == appearance(followed):
            numbers = {told_as: number for told_as, number in pending.numbers.items() if told_as != event.told_as}
            self._pending[followed.identity] = replace(pending, numbers=numbers)
            if not numbers:
                del self._pending[followed.identity]
            return pending.numbers[event.told_as]
        self.followed = replace(followed, changes=followed.changes + 1)
        return self.followed.changes

    def _retire(self) -> None:
        """Forget a release that is gone, but not how many events it has had."""
        if self.followed is not None:
            self._retired.pop(self.followed.identity, None)
            self._retired[self.followed.identity] = self.followed.changes
            self.followed = None


def _has_moved(before: object, after: object) -> bool:
    """Return whether what was told before has changed."""
    return before is not None and after != before


def _images(release: Release) -> tuple[tuple[str, ...], ...] | None:
    """Return the images of each gray workload, in an order that means nothing; None unless all of them are told."""
    if not release.gray or release.planned is None or len(release.gray) < release.planned:
        return None
    images = tuple(sorted(tuple(sorted(each.images)) for each in release.gray))
    return images if all(each and all(each) for each in images) else None


def _with_version(release: Release | None, followed: Followed) -> Release | None:
    """Return the same release with the version that was told last, if this answer does not tell it."""
    if release is None or release.version or not followed.version or release.uid != followed.uid:
        return release
    return replace(release, version=followed.version)


def _is_same_phase(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _is_met(release: Release, conditions: Conditions) -> bool:
    return is_phase(release.phase, conditions.success_phases) and not unmet_besides_phase(release, conditions)
