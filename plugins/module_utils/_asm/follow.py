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
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace

from .old_gate import Observation, State, Streak, advance, at_deadline, falls_due, unmet_besides_phase
from .lasting import lean
from .options.spec import Conditions, Selection, Several, is_phase
from .models.release import Release, why_not_ready
from .train import Key, Member, Train, needs_deployments

RETIRED_KEPT = 1000
"""So many releases that are gone are kept, so that one that comes back has no id of before, and is known as it was."""

MOST_CHANGES = 2**53
"""After so many events the numbers of a release begin anew: every reader of JSON can tell them apart up to there."""

LISTS_OF_THE_BASELINE = 2
"""A list can be short for once. What the second one shows first was there before, too."""

_KINDS = {"reached": "reached", "failed": "failed", "replaced": "failed", "stalled": "stalled", "timeout": "timeout"}
"""Kinds of the events that verdicts are told by. That a release is missing is told by `gone`."""

CHANGES = frozenset({"appeared", "phase", "ready", "gone"})
"""Kinds of the events without a verdict."""

VERDICTS = frozenset(_KINDS.values())
"""Kinds of the events with one."""


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
        changes: how many events it has had.
        unmet: whether its conditions were not met when an answer first told of all of them, and nothing but readiness
            has changed since; None before that.
        gone: whether its disappearance was told, or another release has taken its place.
        interrupted: whether its disappearance has ended a run without a verdict that was told.
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
    interrupted: bool = False
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
    """

    kind: str
    followed: Followed
    previous_phase: str
    at: float
    release: Release | None
    run: Run | None = None
    conditions: Conditions | None = None

    @property
    def number(self) -> int:
        """Return its number among the events of the release. No other change of it has the same."""
        return self.followed.changes


@dataclass(frozen=True)
class Following:
    """All that the polls so far mean.

    Attributes:
        conditions: of the gate, None without one.
        gate: digest of what must be met and what fails; a run of another gate does not go on.
        source: tells apart from others what all this is known by; empty when it is not remembered.
        baseline: how many more lists belong to the baseline.
        releases: those that were seen, by what names them within the train.
        retired: releases that are gone and at rest, as they were last seen, by identity; the latest last.
        unread: what was there, or may have been, when the polls began, and has not been answered since.
        missed: those of them that ASM did not know when it answered last.
        nameless: those whose answer in this poll cannot be used, for it has no uid, and they have one.
    """

    conditions: Conditions | None
    gate: str = ""
    source: str = ""
    baseline: int = 0
    releases: Mapping[Key, Followed] = field(default_factory=dict)
    retired: Mapping[str, Followed] = field(default_factory=dict)
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
    """Return a digest of what a gate asks for, the same for what means the same.

    How long it may take is no part of it.
    """
    if conditions is None:
        return ""
    named = () if isinstance(several.releases, Selection) else several.releases
    alone = sorted([each.namespace, each.release_id, each.version or "", _unordered(each.images)] for each in named)
    phases = [
        _unordered(phase.strip().casefold() for phase in each)
        for each in (conditions.success_phases, conditions.failure_phases, conditions.missing_after)
    ]
    rest = [conditions.ready, conditions.version, _unordered(conditions.images), conditions.on_missing]
    return hashlib.sha256(json.dumps([alone, phases, rest]).encode()).hexdigest()


def _unordered(texts: Iterable[str]) -> list[str]:
    """Return texts of which neither the order nor a repetition means anything."""
    return sorted(set(texts))


def follow(following: Following, train: Train) -> tuple[Following, list[Event]]:
    """Return what is known after one more poll, and the events of it, release by release."""
    releases, retired = dict(following.releases), dict(following.retired)
    gates = _gates(following.conditions, train)
    is_timed = train.told or any(member.answered for member in train.members)
    steps = []
    for member in train.members:
        step = _Step(releases.pop(member.key, None), member, gates.get(member.conditions), retired)
        step.take(following.is_new(member.key), train.polls.ended if is_timed else None)
        if step.followed is not None:
            releases[member.key] = step.followed
        steps.append(step)
    missed = frozenset(step.key for step in steps if step.is_missed)
    unread = _unread(following, train, {step.key for step in steps if step.is_seen}, missed)
    known = replace(
        following,
        baseline=max(0, following.baseline - 1) if train.told else following.baseline,
        releases=releases,
        retired=dict(list(retired.items())[-RETIRED_KEPT:]),
        unread=unread,
        missed=(following.missed | missed) & unread,
        nameless=frozenset(step.key for step in steps if step.is_nameless),
    )
    return known, [event for step in steps for event in step.events]


def as_before(after: Following, before: Following, keys: Set[Key]) -> Following:
    """Return what is known after a poll, but of some releases as if that poll had not told of them."""
    former = {key: before.releases[key] for key in keys if key in before.releases}
    latter = {key: after.releases[key] for key in keys if key in after.releases}
    concerned = {followed.identity for followed in (*former.values(), *latter.values())}
    retired = {identity: each for identity, each in after.retired.items() if identity not in concerned}
    retired.update({identity: each for identity, each in before.retired.items() if identity in concerned})
    releases = {key: followed for key, followed in after.releases.items() if key not in keys}
    return replace(after, releases={**releases, **former}, retired=retired)


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
        is_seen, is_missed: whether the answer of the poll has the release, or is ASM's 404.
        is_nameless: whether it has no uid, and the ones before had one. Whether it is the same release, or another one
            in its place, cannot be told then, so nothing follows from it.
    """

    def __init__(
        self,
        followed: Followed | None,
        member: Member,
        conditions: Conditions | None,
        retired: dict[str, Followed],
    ) -> None:
        self.followed = followed
        self.events: list[Event] = []
        self._member = member
        self._retired = retired
        self._conditions = conditions
        self._previous_phase = (followed.phase or "") if followed is not None else ""
        self._tells_workloads = False
        answer = member.answer
        release = answer.release if answer is not None else None
        known_uid = followed.uid if followed is not None else ""
        self.is_nameless = release is not None and not release.uid and bool(known_uid)
        self.is_seen = release is not None and not self.is_nameless
        self.is_missed = answer is not None and answer.error is not None and answer.error.kind == "not_found"

    @property
    def key(self) -> Key:
        """Return what names the release within the train."""
        return self._member.key

    def take(self, is_new: bool, now: float | None) -> None:
        """Take what the poll tells of the release.

        Args:
            is_new: whether a release that was not seen before is one that was not there before.
            now: when the poll ended, in seconds since the polls began; None if it tells of no release at all.
        """
        answer = self._member.answer
        if self.is_seen and answer is not None and answer.release is not None:
            self._see(answer, answer.release, is_new)
        elif self.is_missed and answer is not None:
            self._miss(answer)
        elif now is not None:
            self._take_time(now)

    def _take_time(self, now: float) -> None:
        """Take that the time goes on without an answer about this release, while there are answers about others."""
        followed, conditions = self.followed, self._conditions
        if followed is None or followed.run is None or conditions is None:
            return
        elapsed = now - followed.run.began
        if elapsed > conditions.wait_timeout:
            state = replace(followed.run.state, ended=elapsed, error=self._member.fault)
            self._tell_verdict(Run(followed.run.began, at_deadline(state, conditions)), now, state.release)

    def _see(self, answer: Observation, release: Release, is_new: bool) -> None:
        """Take an answer that has the release."""
        if self.followed is not None and self.followed.uid and self.followed.uid != release.uid:
            # Another release under the same id: what was followed has been replaced.
            self._advance(answer)
            self._retire()
            self._previous_phase = ""
        before = self.followed or self._returned(release)
        if before is not None:
            self._compare(before, answer, release)
        else:
            self._meet(answer, release, is_new)
        self._judge_first(release)
        self._advance(answer)

    def _returned(self, release: Release) -> Followed | None:
        """Return a release that had gone as it was then."""
        member = self._member
        first = Followed(member.namespace, member.release_id, release.uid)
        before = self._retired.pop(first.identity, None)
        return before and replace(before, namespace=member.namespace, release_id=member.release_id)

    def _meet(self, answer: Observation, release: Release, is_new: bool) -> None:
        """Take the first sight of a release."""
        first = Followed(self._member.namespace, self._member.release_id, release.uid)
        if not is_new:
            self.followed = self._updated(first, release)
            return
        self.followed = self._updated(replace(first, phase="", ready=self._ready_at_first()), release)
        self._tell("appeared", answer.completed, release)
        self._begin(answer.started)

    def _ready_at_first(self) -> bool | None:
        """Return what is known of the readiness of what has just appeared: it is not ready until an answer tells it."""
        return False if self._may_tell_workloads() else None

    def _compare(self, before: Followed, answer: Observation, release: Release) -> None:
        """Take a release that was seen before."""
        if before.gone:
            self._return(before, answer, release)
            return
        after = self.followed = self._updated(before, release)
        if _has_another_phase(before, after):
            self._tell("phase", answer.completed, release)
        if _has_moved(before.ready, after.ready):
            self._tell("ready", answer.completed, release)
        if _begins_a_run(before, after):
            self._begin(answer.started)

    def _return(self, before: Followed, answer: Observation, release: Release) -> None:
        """Take a release that had gone. If it comes back as it was, its gate is where it was as well."""
        if before.unmet:
            # Its run has begun with nothing but its disappearance.
            before = replace(before, run=None)
        after = self._updated(before, release)
        ready = after.ready if self._tells_workloads else self._ready_at_first()
        self.followed = replace(after, ready=ready, gone=False, interrupted=False)
        self._tell("appeared", answer.completed, release)
        if before.interrupted or _begins_a_run(before, after):
            self._begin(answer.started)

    def _updated(self, before: Followed, release: Release) -> Followed:
        """Return what is known of a release after an answer: what that does not tell has not changed."""
        # Where none is planned and none was ever there, a status without them says so.
        says_none = self._may_tell_workloads() and not (release.planned or release.gray or before.images)
        self._tells_workloads = release.tells_workloads or says_none
        return replace(
            before,
            uid=release.uid or before.uid,
            name=release.name or before.name,
            phase=release.phase.strip() or before.phase,
            version=release.version or before.version,
            images=_images(release) or before.images,
            ready=not why_not_ready(release.gray, release.planned) if self._tells_workloads else before.ready,
        )

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

    def _miss(self, answer: Observation) -> None:
        """Take ASM's 404. The second one in a row is a disappearance."""
        followed, state = self.followed, self._member.state
        if followed is None:
            return
        if state.outcome == "missing" and not followed.gone:
            run = followed.run
            if followed.unmet and state.absent is not None:
                # From the first poll on, its disappearance is the first change, and may be a success.
                absent = State(uid=followed.uid, release=state.release, answered=True)
                run = Run(state.absent.since, replace(absent, absent=Streak(0.0), answer_ended=0.0))
            self.followed = replace(followed, gone=True, run=run)
            self._tell("gone", answer.completed, None)
        self._advance(answer)
        if self.followed is not None and self.followed.gone and self.followed.run is None:
            self._retire()

    def _begin(self, now: float) -> None:
        """Begin a run of the gate, if there is a gate and no run of it."""
        followed = self.followed
        if followed is None or self._conditions is None:
            return
        self.followed = replace(followed, unmet=False, run=followed.run or Run(now, State(answered=True)))

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
        followed, kind = self.followed, _KINDS.get(run.state.outcome or "")
        if followed is None:
            return
        if kind is None:
            self.followed = replace(followed, run=None, interrupted=not followed.unmet)
            return
        self.followed = replace(followed, run=None, unmet=False)
        self._tell(kind, now, release, run)

    def _tell(self, kind: str, now: float, release: Release | None, run: Run | None = None) -> None:
        if self.followed is None:
            return
        self.followed = replace(self.followed, changes=self.followed.changes % MOST_CHANGES + 1)
        conditions = self._conditions if run is not None else None
        self.events.append(Event(kind, self.followed, self._previous_phase, now, release, run, conditions))

    def _retire(self) -> None:
        """Follow a release no longer that is gone, but keep how it was."""
        if self.followed is not None:
            self._retired.pop(self.followed.identity, None)
            self._retired[self.followed.identity] = replace(self.followed, gone=True, run=None)
            self.followed = None


def _has_moved(before: object, after: object) -> bool:
    """Return whether what was told before has changed."""
    return before is not None and after != before


def _has_another_phase(before: Followed, after: Followed) -> bool:
    return before.phase is not None and not _is_same_phase(before.phase, after.phase or "")


def _begins_a_run(before: Followed, after: Followed) -> bool:
    """Return whether what has changed about a release begins a run of its gate."""
    return (
        _has_another_phase(before, after)
        or _has_moved(before.version, after.version)
        or _has_moved(before.images, after.images)
        or (bool(before.unmet) and _has_moved(before.ready, after.ready))
    )


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
