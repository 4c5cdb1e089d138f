# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at all releases of a train: the list, and single reads of what the list does not tell, spaced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Protocol, TypeVar

from .errors import AsmError
from .old_gate import Observation, last_read, pause_after_fault
from .options.spec import Options, Selection, Several, Target
from .models.release import Release
from .models.release_list import Roster
from .session import Session
from .train import (
    Key,
    Train,
    after_fault,
    after_list,
    after_poll,
    after_refused_list,
    after_single,
    all_alone,
    at_deadline,
    can_read_twice,
    new_poll,
    next_poll,
)

Found = TypeVar("Found")

_DENIED_PAUSE = 600.0
"""Seconds, at least, after which a denied list is asked for again where nobody waits for a verdict."""


@dataclass(frozen=True)
class Pace:
    """How a poll waits: the clock (seconds since the wait began), the pause until a time of it, factors near 1."""

    clock: Callable[[], float]
    rest: Callable[[float], None]
    jitter: Callable[[], float]


class Attempt(Protocol):
    """Makes one request of a poll: calls what looks with the time by which it must be answered.

    `spacing` is the least pause, in seconds, between two tries.
    """

    def __call__(self, look: Callable[[float], Found], spacing: float = 0.0) -> Found:
        """Return what was found."""


class Poller:
    """Looks at a train again and again over one session.

    Args:
        session: sends.
        options: of the call.
        several: which releases.
        pace: how it waits between two single reads.
        attempt: makes each request.
        until: seconds since the wait began by which every single read has begun.
        note: takes what is known so far, before each single read: a poll of many takes minutes.

    Attributes:
        rested: seconds of pauses between the single reads of the last poll.
        asked: until when the service is left alone after passing faults of single reads.
    """

    def __init__(
        self,
        session: Session,
        options: Options,
        several: Several,
        pace: Pace,
        attempt: Attempt,
        until: float,
        note: Callable[[Train], None],
    ) -> None:
        self._session = session
        self._options = options
        self._several = several
        self._pace = pace
        self._attempt = attempt
        self._until = until
        self._note = note
        # One release of a list is read as such: it takes no other permission than a single one.
        self._lists = isinstance(several.releases, Selection) or len(several.releases) > 1
        self._denied_until = 0.0
        self._free = 0.0
        self._silent = 0
        self.rested = 0.0
        self.asked = 0.0

    def poll(self, train: Train) -> Train:
        """Return the train after one more poll, or after the part of it that gave a verdict."""
        self.rested = 0.0
        train = new_poll(train)
        lists = self._lists and self._pace.clock() >= self._denied_until
        train, alone = self._look_at_list(train) if lists else all_alone(train)
        until = self._until if train.judged else self._turns_end(train, lists)
        is_whole = bool(alone)
        for key in alone:
            self._note(train)
            if train.outcome is not None or not self._rested(train.spacing, until):
                is_whole = False
                break
            train = self._look_at(train, key)
        train = after_poll(train, is_whole)
        self._back_off(train)
        return train

    def _turns_end(self, train: Train, lists: bool) -> float:
        """Return by when each single read of a poll without a verdict has begun.

        What a list tells must not wait until all are read that it does not tell of: the next polls go on with them.
        """
        now = self._pace.clock()
        return (now if lists else max(now, self._free)) + train.conditions.wait_sleep

    def _look_at_list(self, train: Train) -> tuple[Train, list[Key]]:
        started = self._pace.clock()
        missing: AsmError | None = None
        try:
            roster = self._attempt(
                lambda deadline: self._session.look_at_all(
                    self._options, self._several.mesh_id, deadline, leniently=not train.judged
                )
            )
        except AsmError as error:
            if not train.judged and error.kind == "protocol":
                if train.members and not error.passing:
                    return after_refused_list(train, error)
                # Nobody waits for a verdict: the next list may be one.
                error.passing = True
            if error.kind == "denied" and not isinstance(self._several.releases, Selection):
                return self._without_list(train, error)
            if error.kind != "not_found":
                return after_fault(train, self._observed(started, error=error)), []
            roster, missing = Roster(()), error
        self._denied_until = 0.0
        way = self._observed(started, error=missing)
        try:
            return after_list(train, roster, way, self._options.manifests)
        except AsmError as error:
            return after_fault(train, self._observed(started, error=error)), []

    def _without_list(self, train: Train, denied: AsmError) -> tuple[Train, list[Key]]:
        """Return the train at the beginning of a poll of single reads only, for lack of a permission."""
        if not train.judged:
            return self._without_list_for_now(train)
        self._lists = False
        now, rate, conditions = self._pace.clock(), self._several.requests_per_minute, self._options.conditions
        # In check mode too, whose one poll knows no deadline: it says what the gate would.
        if conditions is not None and not can_read_twice(replace(train, conditions=conditions), now):
            denied.problem = (
                f"the list of releases is denied, and at {rate} single reads a minute not each of "
                f"{len(train.members)} releases can be read twice before the deadline"
            )
            denied.remedy += ", or raise requests_per_minute or wait_timeout"
            return after_fault(train, Observation(now, now, error=denied)), []
        self._warn_of_single_reads()
        return all_alone(train)

    def _without_list_for_now(self, train: Train) -> tuple[Train, list[Key]]:
        """Return the train at the beginning of a poll of single reads only, as the next ones are: what is looked at
        for ever outlives a permission that is lacking for a while."""
        if not self._denied_until:
            self._warn_of_single_reads()
        pause = max(_DENIED_PAUSE, len(train.members) * train.spacing)
        self._denied_until = self._pace.clock() + pause
        return all_alone(train)

    def _warn_of_single_reads(self) -> None:
        self._session.warn(
            "the list of releases is denied, so each release is read singly, at most "
            f"{self._several.requests_per_minute} a minute; grant asm:mesh:listReleases, or set requests_per_minute"
        )

    def _look_at(self, train: Train, key: Key) -> Train:
        started = self._pace.clock()
        self._free = started + train.spacing
        member = next(member for member in train.members if member.key == key)
        target = Target(self._several.mesh_id, member.namespace, member.readable_id)
        try:
            release = self._attempt(
                lambda deadline: self._session.look(self._options, target, deadline), spacing=train.spacing
            )
        except AsmError as error:
            train = after_single(train, key, self._observed(started, error=error))
        else:
            train = after_single(train, key, self._observed(started, release=release))
        polls = train.polls
        if polls.faults and polls.error is not None:
            due = self._due_after(polls.error, polls.faults, train)
            self._free = max(self._free, due)
            # Only what the service asks for concerns the list as well; what all else delays is the next single read.
            self.asked = due if polls.error.retry_after is not None else self.asked
        return train

    def _back_off(self, train: Train) -> None:
        """Leave the service alone for longer after each poll in a row that told of no release.

        An answered list ends the faults in a row, but where only single reads could tell, it tells nothing.
        """
        polls = train.polls
        if polls.error is None or not polls.faults or any(member.answered for member in train.members):
            self._silent = 0
            return
        self._silent += 1
        if self._silent > polls.faults:
            self.asked = max(self.asked, self._due_after(polls.error, self._silent, train))

    def _due_after(self, error: AsmError, faults: int, train: Train) -> float:
        """Return when the next request may begin after so many passing faults in a row."""
        due = self._pace.clock() + pause_after_fault(error, faults, self._pace.jitter())
        # Never past the last read, as for one release: a service that asks for more time than there is gets one.
        return min(due, last_read(train.conditions))

    def _rested(self, spacing: float, until: float) -> bool:
        """Pause until the next single read may begin; return False when that would be too late for it."""
        pause = self._free - self._pace.clock()
        if max(self._free, self._pace.clock()) >= until:
            return False
        if pause > 0:
            self._pace.rest(self._free)
            # What a fault asked for on top of that is for the service to have.
            self.rested += min(pause, spacing)
        return True

    def _observed(self, started: float, release: Release | None = None, error: AsmError | None = None) -> Observation:
        return Observation(started, self._pace.clock(), release, error)


def hold(poller: Poller, train: Train, pace: Pace, tell: Callable[[Train, float | None], None]) -> Train:
    """Poll again and again until there is a verdict, and return the train that has it.

    Args:
        tell: is told each state, and when the next poll is due.
    """
    while True:
        train = poller.poll(train)
        now = pace.clock()
        due = None if train.outcome is not None else next_poll(train, now, pace.jitter(), poller.rested)
        if due is None:
            train = train if train.outcome is not None else _ended(at_deadline(train), now)
            tell(train, None)
            return train
        due = max(due, poller.asked)
        tell(train, due)
        pace.rest(due)


def _ended(train: Train, now: float) -> Train:
    return replace(train, polls=replace(train.polls, ended=now))
