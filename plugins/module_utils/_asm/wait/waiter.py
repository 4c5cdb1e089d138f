# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Poll until there is an outcome, or once: one loop for one release and for many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..gate.gate_set import GateSet, begin
from ..gate.schedule import PollCost, last_request, next_poll
from ..options.request import Conditions, GateOptions, Schedule
from .poller import Poller

if TYPE_CHECKING:
    from .context import Context
    from .progress import Progress

NO_CONDITIONS = Conditions((), on_missing="wait")
"""Of a read without a gate: a missing release does not end the read of the others."""


class Waiter:
    """Reads the targets of a call.

    Args:
        context: the call, connected.
        progress: shows lines, and pauses.

    Attributes:
        cost: of the last poll.
    """

    def __init__(self, context: Context, progress: Progress) -> None:
        self._context = context
        self._progress = progress
        self.cost = PollCost()

    def wait(self, options: GateOptions) -> GateSet:
        """Return the gates with their outcome."""
        context = self._context
        schedule = context.request.schedule
        gates = begin(options, schedule)
        poller = Poller(context, self._progress.rest)
        # The first request may take longer than the time between two lines.
        self._progress.update(gates)
        while True:
            gates = self._poll(poller, gates)
            now = context.elapsed()
            due = None if gates.outcome else next_poll(gates, poller.cost, now, context.runtime.jitter())
            if due is None or poller.resume_at > last_request(schedule):
                gates = gates if gates.outcome else gates.at_deadline(now)
                self._progress.report(gates, None)
                return gates
            due = max(due, poller.resume_at)
            self._progress.report(gates, due)
            self._progress.rest(due)

    def read(self, options: GateOptions | None) -> GateSet:
        """Return the gates after one poll with retries; without options, gates that never have an outcome but `error`.

        A read that needed retries is not late, so the deadline is not part of the rules here.
        """
        count = len(self._context.request.targets)
        gates = begin(options or GateOptions((NO_CONDITIONS,) * count, count), _endless(self._context.request.schedule))
        gates = self._poll(Poller(self._context, self._progress.rest, retries=True), gates)
        return replace(gates, ended=self._context.elapsed())

    def _poll(self, poller: Poller, gates: GateSet) -> GateSet:
        gates = gates.begin_poll()
        for response in poller.poll(gates):
            gates = gates.fold(response)
            if poller.retries and response.error is not None:
                # No other poll follows, so a transient error is the outcome as well.
                gates = replace(gates, outcome="error", error=response.error)
            self.cost = poller.cost
            self._progress.update(gates)
            if gates.outcome is not None:
                break
        return gates


def _endless(schedule: Schedule) -> Schedule:
    return replace(schedule, wait_timeout=float("inf"))
