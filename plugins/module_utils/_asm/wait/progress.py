# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines that a person reads while a gate waits, and the pauses between polls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from ..errors import InternalError

if TYPE_CHECKING:
    from ..gate.gate_set import GateSet
    from ..results.messages import Messages
    from ..runtime import Runtime

LINE_SECONDS = 60.0
"""A progress line comes at least so often."""

SLICE = 1.0
"""Seconds of one slice of a pause: between two of them a line may be due, or the caller may be gone."""

_SHORTEST_SLEEP = 0.001
"""Seconds; what rounding leaves of a pause may be too little for a clock to move."""


class Progress:
    """Shows progress lines, and pauses.

    Args:
        runtime: how to sleep.
        started: on `runtime.monotonic`, when the wait began.
        show: takes a line; None if none are wanted.
        messages: makes the lines.
    """

    def __init__(
        self, runtime: Runtime, started: float, show: Callable[[str], None] | None, messages: Messages
    ) -> None:
        self._runtime = runtime
        self._started = started
        self._show = show
        self._messages = messages
        self._gates: GateSet | None = None
        self._shown: GateSet | None = None
        self._shown_at = 0.0

    def update(self, gates: GateSet) -> None:
        """Know the gates for the next line, without a line of its own."""
        self._gates = gates

    def report(self, gates: GateSet, due: float | None) -> None:
        """Show a line if the gates have changed since the last line.

        Args:
            due: when the next poll is due, None if there is none.
        """
        self._gates = gates
        if self._shown is None or self._messages.has_changed(self._shown, gates):
            self._line(due)

    def remind(self, due: float | None = None) -> None:
        """Show a line if there was none for long; called at least once in each slice of a wait."""
        if self._elapsed() - self._shown_at > LINE_SECONDS - SLICE:
            self._line(due)

    def rest(self, due: float) -> None:
        """Pause until a time of the wait.

        Raises:
            InternalError: the caller no longer waits.
        """
        while self._elapsed() < due:
            if self._runtime.is_cancelled():
                raise InternalError("the caller no longer waits for this gate")
            self.remind(due)
            self._runtime.sleep(max(_SHORTEST_SLEEP, min(due - self._elapsed(), SLICE)))

    def _elapsed(self) -> float:
        return self._runtime.monotonic() - self._started

    def _line(self, due: float | None) -> None:
        now = self._elapsed()
        if self._show is not None and self._gates is not None:
            rest = None if due is None else due - now
            self._show(self._messages.progress_line(self._shown, self._gates, rest))
        self._shown, self._shown_at = self._gates, now
