# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a call finds around it, and how it waits there: the clocks, the pause, and the person who is told."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Callable, Generic, TypeVar

from .errors import AsmError
from .connection.transport import SLICE

PROGRESS_SECONDS = 60.0
"""A progress line comes at least so often."""

_SHORTEST_SLEEP = 0.001
"""Seconds; what rounding leaves of a pause may be too little for a clock to move."""

Seen = TypeVar("Seen")


def _jitter() -> float:
    return random.uniform(0.9, 1.1)


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Surroundings:
    """What a call finds around it; tests put a scripted clock and a made-up environment here.

    Attributes:
        environment: variables of the process.
        check_mode: read once and do not wait.
        progress: takes a line for the person who waits; None when nobody is to be told.
        abandoned: whether nobody waits for the result any more.
        cut: the sentence about a `wait_timeout` that the task has cut, from `task_limit`; empty when it was not.
        monotonic, sleep, now, jitter: the clocks, the pause, and factors near 1.
    """

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    check_mode: bool = False
    progress: Callable[[str], None] | None = None
    abandoned: Callable[[], bool] = lambda: False
    cut: str = ""
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _utc_now
    jitter: Callable[[], float] = _jitter


class Watch(Generic[Seen]):
    """Tells the person who waits, and pauses.

    Args:
        surroundings: whom to tell, and how to sleep.
        elapsed: seconds since the wait began.
        first: what is known before the first look.
        news: what of a state is worth a line when it changes.
        line: makes the line from the state of the line before, the state of now, and the seconds until the next poll
            (None when there is none, or while a request takes its time).
    """

    def __init__(
        self,
        surroundings: Surroundings,
        elapsed: Callable[[], float],
        first: Seen,
        news: Callable[[Seen], object],
        line: Callable[[Seen, Seen, float | None], str],
    ) -> None:
        self._surroundings = surroundings
        self._elapsed = elapsed
        self._news = news
        self._line = line
        self._state = self._told = first
        self._told_at = 0.0

    def note(self, state: Seen) -> None:
        """Know a state for the next line, without a line of its own."""
        self._state = state

    def tell(self, state: Seen, due: float | None) -> None:
        """Say a line if the state has news."""
        self._state = state
        if self._news(state) != self._news(self._told):
            self._say(due)

    def remind(self, due: float | None = None) -> None:
        """Say a line again if none came for long; called at least once in each slice of a wait."""
        if self._elapsed() - self._told_at > PROGRESS_SECONDS - SLICE:
            self._say(due)

    def rest(self, due: float) -> None:
        """Pause until a time of the wait, in slices: between two of them somebody is reminded, or has gone.

        Raises:
            AsmError: kind `internal`; nobody waits any more.
        """
        while True:
            now = self._elapsed()
            if now >= due:
                return
            if self._surroundings.abandoned():
                raise AsmError("internal", "nobody waits for this gate any more")
            self.remind(due)
            self._surroundings.sleep(max(_SHORTEST_SLEEP, min(due - now, SLICE)))

    def _say(self, due: float | None) -> None:
        now = self._elapsed()
        if self._surroundings.progress is not None:
            self._surroundings.progress(self._line(self._told, self._state, None if due is None else due - now))
        self._told, self._told_at = self._state, now
