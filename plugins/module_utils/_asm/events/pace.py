# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the event source sends its next request: one budget for all of its meshes. Pure; times are monotonic seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ..errors import AsmError, ThrottledError
from ..options.request import Schedule
from .availability import Availability

_SHARE_OF_POLLS = 0.8
"""How much of the budget the polls of the lists may take; the rest is for single reads."""

_MOST_SLOWDOWN = 16.0
_RECOVERY = 300.0
"""Seconds in which a slowdown halves. The only limit that is known of this cloud counts five minutes."""

_REFUSED_PAUSE = 600.0
"""Seconds between two polls of a mesh that was refused."""

_LONGEST_PAUSE = 60.0
"""Seconds up to which the pause after a failed poll doubles: a request without a response holds up the other meshes."""

_SHORTEST_PATIENCE = 300.0
_LONGEST_RETRY_AFTER = 600.0


@dataclass(frozen=True)
class Pace:
    """The pace of one source.

    Attributes:
        meshes: how many meshes share the budget.
        slowdown: factor on every pause when the service throttled last.
        throttled_at: when that was.
        free: the next request may begin then.
    """

    schedule: Schedule
    meshes: int
    slowdown: float = 1.0
    throttled_at: float = 0.0
    free: float = 0.0

    def factor(self, now: float) -> float:
        """Return the factor on every pause, which decreases to 1 after the service has throttled."""
        halvings = max(0.0, now - self.throttled_at) / _RECOVERY
        return max(1.0, self.slowdown * math.pow(2.0, -halvings))

    def spacing(self, now: float) -> float:
        """Return the seconds between the starts of two requests."""
        return self._spacing * self.factor(now)

    def interval(self, now: float) -> float:
        """Return the seconds between two polls of one mesh: `wait_sleep`, or more if the budget is too small for it."""
        return self._interval * self.factor(now)

    def single_reads(self, now: float) -> int:
        """Return how many single reads a poll of one mesh may send."""
        requests = self.interval(now) / self.spacing(now)
        return max(1, int(requests / self.meshes) - 1)

    @property
    def patience(self) -> float:
        """Return the seconds of transient errors after which a mesh counts as unavailable, also while it is slow."""
        return max(5 * self._interval, _SHORTEST_PATIENCE)

    def pause(self, availability: Availability, now: float) -> float:
        """Return the seconds from a poll of a mesh to its next one: never less after an error than without one."""
        error, interval = availability.error, self.interval(now)
        if availability.is_refused:
            return max(interval, _REFUSED_PAUSE)
        if error is None or not error.is_transient:
            return interval
        doubled = min(interval * 2.0 ** min(availability.errors - 1, 16), _LONGEST_PAUSE)
        return max(interval, doubled, _retry_after(error))

    def after_start(self, now: float) -> Pace:
        """Return the pace after a request has begun."""
        return replace(self, free=now + self.spacing(now))

    def after_more(self, requests: int, now: float) -> Pace:
        """Return the pace after a read that needed more requests than its own, such as those of a login."""
        return replace(self, free=self.free + requests * self.spacing(now))

    def after_error(self, error: AsmError, now: float) -> Pace:
        """Return the pace after a transient error: if the service throttles, the whole source slows down."""
        if not isinstance(error, ThrottledError):
            return self
        slower = replace(self, slowdown=min(2 * self.factor(now), _MOST_SLOWDOWN), throttled_at=now)
        pause = max(self.schedule.wait_sleep, slower.spacing(now), _retry_after(error))
        return replace(slower, free=max(self.free, now + pause))

    @property
    def _interval(self) -> float:
        return max(self.schedule.wait_sleep, self.meshes * self._spacing / _SHARE_OF_POLLS)

    @property
    def _spacing(self) -> float:
        return 60.0 / self.schedule.requests_per_minute


def _retry_after(error: AsmError) -> float:
    return min(error.response.retry_after or 0.0, _LONGEST_RETRY_AFTER)
