# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What polls mean as events: a pure fold over trains without a verdict, and the runs of the gate of each release.

An event needs a change that these polls have seen. A fault is never one, and what an answer does not tell has not
changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .gate import Observation, State, Streak, advance, at_deadline, falls_due, unmet_besides_phase
from .lasting import lean
from .options import Conditions, Selection, Several, is_phase
from .release import Release, why_not_ready
from .train import Key, Member, Train, needs_deployments

COUNTERS_KEPT = 1000
"""Of so many releases that are gone the counter is kept, so that one that comes back has no id of before."""

_KINDS = {"reached": "reached", "failed": "failed", "replaced": "failed", "stalled": "stalled", "timeout": "timeout"}
"""Kinds of the events that verdicts are told by. That a release is missing is told by `gone`."""


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
        uid, name, phase, version: the last ones that an answer told.
        images: of each gray workload; None before an answer told them.
        ready: whether its gray workloads were all there and rolled out; None likewise.
        changes: how many events it has had.
        unmet: whether its conditions were not met at the first poll, and nothing but readiness has changed since.
        gone: whether its disappearance was told.
        run: of its gate; None while it is at rest.
    """

    namespace: str
    release_id: str
    uid: str = ""
    name: str = ""
    phase: str = ""
    version: str = ""
    images: tuple[tuple[str, ...], ...] | None = None
    ready: bool | None = None
    changes: int = 0
    unmet: bool = False
    gone: bool = False
    run: Run | None = None

    @property
    def key(self) -> Key:
        """Return what names it within the train."""
        return self.namespace, self.release_id

    @property
    def identity(self) -> str:
        """Return its uid, or its id where the service gives none."""
        return self.uid or self.release_id


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


@dataclass(frozen=True)
class Following:
    """All that the polls so far mean.

    Attributes:
        conditions: of the gate, None without one.
        initial: whether the first poll tells what is there.
        releases: those that were seen, by what names them within the train.
        retired: counters of releases that are gone, by uid; the latest last.
        unread: what was there, or may have been, when the polls began, and has not been answered since; None before
            the first list.
    """

    conditions: Conditions | None
    initial: bool = False
    releases: Mapping[Key, Followed] = field(default_factory=dict)
    retired: Mapping[str, int] = field(default_factory=dict)
    unread: frozenset[Key] | None = None

    def falls_due(self) -> list[float]:
        """Return the times at which a poll would decide a run, if nothing has changed by then."""
        conditions = self.conditions
        if conditions is None:
            return []
        runs = [each.run for each in self.releases.values() if each.run is not None]
        ends = [run.began + conditions.wait_timeout for run in runs]
        return ends + [run.began + time for run in runs for time in falls_due(run.state, conditions)]


def begin(several: Several, conditions: Conditions | None, initial: bool) -> Following:
    """Return what is known before the first poll."""
    if isinstance(several.releases, Selection):
        return Following(conditions, initial)
    return Following(
        conditions, initial, unread=frozenset((each.namespace, each.release_id) for each in several.releases)
    )


def follow(following: Following, train: Train) -> tuple[Following, list[Event]]:
    """Return what is known after one more poll, and the events of it, release by release."""
    unread = following.unread
    if unread is None:
        # A list that is not there, or that ASM has not, tells nothing of what was there before.
        if not train.told:
            return following, []
        unread = frozenset(member.key for member in train.members)
    releases, retired = dict(following.releases), dict(following.retired)
    events: list[Event] = []
    answered: set[Key] = set()
    is_timed = train.told or any(member.answered for member in train.members)
    gates = _gates(following.conditions, train)
    for member in train.members:
        step = _Step(releases.get(member.key), member, gates.get(member.conditions), retired)
        is_new = following.initial or member.key not in unread
        if step.take(is_new):
            answered.add(member.key)
        elif is_timed:
            step.take_time(train.polls.ended)
        events += step.events
        if step.followed is not None:
            releases[member.key] = step.followed
        else:
            releases.pop(member.key, None)
    there = {member.key for member in train.members}
    unread = frozenset(key for key in unread - answered if key in there or not train.told)
    kept = dict(list(retired.items())[-COUNTERS_KEPT:])
    return replace(following, releases=releases, retired=kept, unread=unread), events


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
    ) -> None:
        self.followed = followed
        self.events: list[Event] = []
        self._member = member
        self._retired = retired
        self._conditions = conditions
        self._previous_phase = followed.phase if followed is not None else ""

    def take(self, is_new: bool) -> bool:
        """Take the answer of the poll; return whether there is one.

        Args:
            is_new: whether a release that was not seen before is one that was not there before.
        """
        answer = self._member.answer
        if answer is not None and answer.release is not None:
            self._see(answer, answer.release, is_new)
            return True
        if answer is not None and answer.error is not None and answer.error.kind == "not_found":
            self._miss(answer)
            return True
        return False

    def take_time(self, now: float) -> None:
        """Take that the time goes on without an answer about this release, while there are answers about others."""
        followed, conditions = self.followed, self._conditions
        if followed is None or followed.run is None or conditions is None:
            return
        elapsed = now - followed.run.began
        if elapsed > conditions.wait_timeout:
            state = replace(followed.run.state, ended=elapsed, error=self._member.fault)
            self._tell_verdict(Run(followed.run.began, at_deadline(state, conditions)), now, state.release)

    def _see(self, answer: Observation, release: Release, is_new: bool) -> None:
        if self.followed is not None and self.followed.uid != release.uid:
            # Another release under the same id: what was followed has been replaced.
            self._advance(answer)
            self._retire()
            self._previous_phase = ""
        before = self.followed
        if before is None:
            self._meet(answer, release, is_new)
        else:
            self._compare(before, answer, release)
        self._advance(answer)

    def _meet(self, answer: Observation, release: Release, is_new: bool) -> None:
        """Take the first sight of a release."""
        member = self._member
        first = Followed(member.namespace, member.release_id, release.uid)
        changes = self._retired.pop(first.identity, 0)
        self.followed = replace(self._updated(first, release), changes=changes)
        if is_new:
            self._tell("appeared", answer.completed, release)
            self._begin(answer.started)
        elif self._conditions is not None:
            self.followed = replace(self.followed, unmet=not _is_met(release, self._conditions))

    def _compare(self, before: Followed, answer: Observation, release: Release) -> None:
        """Take a release that was seen before."""
        after = self.followed = self._updated(before, release)
        moved = before.gone or after.version != before.version
        if before.images is not None and after.images != before.images:
            moved = True
        if before.gone:
            self._tell("appeared", answer.completed, release)
        elif not _is_same_phase(before.phase, after.phase):
            moved = True
            self._tell("phase", answer.completed, release)
        if before.ready is not None and after.ready != before.ready and not before.gone:
            moved = moved or before.unmet
            self._tell("ready", answer.completed, release)
        if moved:
            self._begin(answer.started)

    def _updated(self, before: Followed, release: Release) -> Followed:
        """Return what is known of a release after an answer: what that does not tell has not changed."""
        member = self._member
        tells_workloads = release.tells_workloads or not member.listed or needs_deployments(member.conditions)
        return replace(
            before,
            name=release.name or before.name,
            phase=release.phase.strip() or before.phase,
            version=release.version or before.version,
            images=tuple(sorted(each.images for each in release.gray)) if tells_workloads else before.images,
            ready=not why_not_ready(release.gray, release.planned) if tells_workloads else before.ready,
            gone=False,
        )

    def _miss(self, answer: Observation) -> None:
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
        began = followed.run.began
        shifted = replace(answer, started=answer.started - began, completed=answer.completed - began)
        state = advance(followed.run.state, shifted, conditions)
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
        if self.followed is not None:
            self.followed = replace(self.followed, changes=self.followed.changes + 1)
            conditions = self._conditions if run is not None else None
            self.events.append(Event(kind, self.followed, self._previous_phase, now, release, run, conditions))

    def _retire(self) -> None:
        """Forget a release that is gone, but not how many events it has had."""
        if self.followed is not None:
            self._retired.pop(self.followed.identity, None)
            self._retired[self.followed.identity] = self.followed.changes
            self.followed = None


def _is_same_phase(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _is_met(release: Release, conditions: Conditions) -> bool:
    return is_phase(release.phase, conditions.success_phases) and not unmet_besides_phase(release, conditions)
