# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When to poll next: the poll interval, the deadline, and the pause after a transient error. Pure.

All times are seconds since the wait began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import LONGEST_RETRY_AFTER, AsmError, ThrottledError, pause_after

if TYPE_CHECKING:
    from ..options.request import Schedule
    from .gate_set import GateSet

_JUST_AFTER = 0.001
"""Seconds by which a request that must decide begins late, so that rounding cannot make it begin early."""


@dataclass(frozen=True)
class PollCost:
    """What the single reads of a poll cost, because they are spaced by `requests_per_minute`.

    Attributes:
        single_reads: number of targets that needed a single read.
        spacing: seconds between two single reads.
        paused: seconds of the last poll that were pauses between them.
    """

    single_reads: int = 0
    spacing: float = 0.0
    paused: float = 0.0

    @property
    def length(self) -> float:
        """Return the seconds that a poll takes because of the pauses."""
        return max(0, self.single_reads - 1) * self.spacing


def last_request(schedule: Schedule) -> float:
    """Return when the last request begins: early enough to be answered before the deadline."""
    return schedule.wait_timeout - (2.0 if schedule.wait_timeout >= 10 else 1.0)


def pause_of(error: AsmError, schedule: Schedule) -> float:
    """Return the seconds that a 429 stops all requests; 0 for another error."""
    if not isinstance(error, ThrottledError):
        return 0.0
    return max(schedule.wait_sleep, min(error.response.retry_after or 0.0, LONGEST_RETRY_AFTER))


def due_after_error(error: AsmError, errors: int, schedule: Schedule, now: float, jitter: float) -> float | None:
    """Return when the next request is due after transient errors in a row; None if there is no time for one.

    After a 429 the pause is never less than `wait_sleep` and Retry-After: backing off must not poll faster than without
    an error. Otherwise the last request before the deadline shortens it.
    """
    last, shortest = last_request(schedule), pause_of(error, schedule)
    due = min(now + max(pause_after(error, errors, jitter), shortest), last)
    return None if now >= last or due < now + shortest else due


def next_poll(gates: GateSet, cost: PollCost, now: float, jitter: float) -> float | None:
    """Return when the next poll is due; None if there is no time for one."""
    schedule, requests = gates.schedule, gates.requests
    last = last_request(schedule)
    if now >= last:
        return None
    # A transient error of some single reads delays the next single read, not the next poll.
    if requests.transient_errors and requests.error is not None and not gates.answered:
        return due_after_error(requests.error, requests.transient_errors, schedule, now, jitter)
    due = now + schedule.wait_sleep * jitter - cost.paused
    # A poll that takes long begins so early that it ends before the deadline, as long as there is time.
    whole = last - cost.length
    decisive = [
        time + _JUST_AFTER
        for position in gates.answered
        if gates.gates[position].outcome is None
        for time in gates.gates[position].due_times()
    ]
    return max(now, min(due, whole if now < whole else last, *decisive))


def can_read_twice(count: int, cost: PollCost, schedule: Schedule, now: float) -> bool:
    """Return whether two single reads of each target can begin before the deadline, spaced by the budget."""
    first_poll = max(schedule.wait_sleep, count * cost.spacing)
    return now + first_poll + (count - 1) * cost.spacing <= last_request(schedule)
