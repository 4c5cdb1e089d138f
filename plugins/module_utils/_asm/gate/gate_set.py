# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules for several releases, and for one as a set of one: a pure fold of responses over the gate of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import AsmError, DeniedError, NotFoundError, ProtocolError, UsageError
from .release_gate import Observation, ReleaseGate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..models.release import Release
    from ..options.request import GateOptions, Schedule

EARLY_KINDS = frozenset({"network", "timeout", "protocol"})
"""Transient errors that, before the first response of ASM, more likely mean a mistyped region or endpoint."""

_OF_ONE_RELEASE = (DeniedError, NotFoundError, ProtocolError, UsageError)
"""Final errors of a single read that concern its release only."""


@dataclass(frozen=True)
class Response:
    """One response, and what it says of each release.

    Attributes:
        started, completed: seconds since the wait began.
        error: why the request failed as a whole; None for a 200 and for ASM's 404 of one release.
        releases: for each target that it is about, by position: the release, or an error about that release.
        interval: seconds between two responses about a release at the current pace.
        in_part: what a list shows of the targets that it shows incompletely, by position; None if more than once.
    """

    started: float
    completed: float
    error: AsmError | None = None
    releases: Mapping[int, Release | AsmError] = field(default_factory=dict)
    interval: float = 0.0
    in_part: Mapping[int, Release | None] = field(default_factory=dict)

    def observation(self, position: int) -> Observation:
        """Return what the response says of one target."""
        found = self.releases[position]
        release, error = (None, found) if isinstance(found, AsmError) else (found, None)
        return Observation(self.started, self.completed, release, error, self.interval)


@dataclass(frozen=True)
class Requests:
    """What the requests say of the way to ASM, whichever release they were about.

    Attributes:
        answered: number of requests that ASM answered, its 404s included.
        retries: requests that followed a transient error.
        transient_errors: transient errors in a row, up to now.
        early_errors: those of `EARLY_KINDS` before ASM answered.
        is_reachable: whether ASM itself has ever answered.
        error: the last error, None after an answer.
        error_before_gap: the last transient error that was followed by a gap.
        answered_at: when the last answer was complete.
    """

    answered: int = 0
    retries: int = 0
    transient_errors: int = 0
    early_errors: int = 0
    is_reachable: bool = False
    error: AsmError | None = None
    error_before_gap: AsmError | None = None
    answered_at: float | None = None

    def after(self, error: AsmError | None, completed: float, longest_gap: float) -> Requests:
        """Return the requests after one more.

        Args:
            error: why it failed, None if ASM answered.
            longest_gap: seconds; a longer time between two answers makes the errors between them worth a report.
        """
        requests = replace(self, retries=self.retries + (1 if self.transient_errors else 0), error=error)
        if error is not None:
            is_reachable = self.is_reachable or error.response.from_asm
            is_early = not is_reachable and error.kind in EARLY_KINDS
            return replace(
                requests,
                is_reachable=is_reachable,
                transient_errors=self.transient_errors + 1,
                early_errors=self.early_errors + is_early,
            )
        has_gap = self.answered_at is not None and completed - self.answered_at > longest_gap
        return replace(
            requests,
            answered=self.answered + 1,
            transient_errors=0,
            is_reachable=True,
            error_before_gap=self.error if has_gap and self.transient_errors else self.error_before_gap,
            answered_at=completed,
        )

    def after_late(self, error: AsmError | None) -> Requests:
        """Return the requests after one that was complete after the deadline only; None if ASM answered."""
        is_transient = error is not None and error.is_transient
        retries = self.retries + (1 if self.transient_errors else 0)
        return replace(self, retries=retries, error=error if is_transient else self.error)


@dataclass(frozen=True)
class GateSet:
    """The gates of all targets of a task, after all responses so far.

    Attributes:
        gates: in the order of the targets.
        required: number of gates that must be `reached`.
        outcome, error: of the whole; the outcome is None while it waits.
        ended: when the last response was complete, or when it was clear that no time is left for another.
        answered: positions of the targets that the current poll has an answer about.
    """

    gates: tuple[ReleaseGate, ...]
    required: int
    schedule: Schedule
    requests: Requests = Requests()
    outcome: str | None = None
    error: AsmError | None = None
    ended: float = 0.0
    answered: frozenset[int] = frozenset()

    @property
    def reached(self) -> int:
        """Return how many gates are open."""
        return sum(gate.outcome == "reached" for gate in self.gates)

    @property
    def closed_positions(self) -> list[int]:
        """Return the positions of the gates that can never open any more, the first to close first."""
        closed = [position for position, gate in enumerate(self.gates) if not gate.can_pass]
        return sorted(closed, key=lambda position: self.gates[position].ended)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many gates have which outcome; without one they count as `pending`."""
        return dict(Counter(gate.outcome or "pending" for gate in self.gates))

    @property
    def open_positions(self) -> list[int]:
        """Return the positions of the targets whose gates are, or can still become, `reached`."""
        return [position for position, gate in enumerate(self.gates) if gate.can_pass]

    def begin_poll(self) -> GateSet:
        """Return the set at the start of a poll, which has no answers yet."""
        return replace(self, answered=frozenset())

    def fold(self, response: Response) -> GateSet:
        """Return the set after one more response. An outcome is final."""
        if self.outcome is not None:
            return self
        error = response.error or _general_error(response)
        if response.completed > self.schedule.wait_timeout:
            return replace(self, requests=self.requests.after_late(error)).at_deadline(response.completed)
        if error is not None or response.releases:
            requests = self.requests.after(error, response.completed, self.schedule.longest_gap(response.interval))
        else:
            # A list that has none of the targets is an answer of ASM, but not about them: their errors go on.
            requests = replace(self.requests, answered=self.requests.answered + 1, is_reachable=True)
        ended = replace(
            self,
            requests=requests,
            ended=response.completed,
            gates=self._observed(response),
            answered=self.answered | (frozenset(response.releases) if error is None else frozenset()),
        )
        if error is None:
            return _with_outcome(ended)
        # Early errors of the way to ASM more likely mean a wrong endpoint than a transient problem.
        is_final = not error.is_transient or requests.early_errors > self.schedule.request_retries
        return replace(ended, outcome="error", error=error) if is_final else ended

    def _observed(self, response: Response) -> tuple[ReleaseGate, ...]:
        gates = list(self.gates)
        for position, part in response.in_part.items():
            gates[position] = gates[position].shown_in_part(part)
        for position in response.releases:
            gates[position] = _observe(gates[position], response.observation(position))
        return tuple(gates)

    def at_deadline(self, now: float) -> GateSet:
        """Return the set with the outcome that is due when no further request can be sent."""
        waiting = [position for position, gate in enumerate(self.gates) if gate.outcome is None]
        gates = tuple(gate.at_deadline() if gate.outcome is None else gate for gate in self.gates)
        ended = replace(self, gates=gates, ended=now)
        if waiting and {gates[position].outcome for position in waiting} == {"missing"}:
            return replace(ended, outcome="missing", error=gates[waiting[0]].error)
        errors = [gate.error for gate in gates if gate.error is not None and gate.error.is_transient]
        error = self.requests.error or (errors[-1] if errors else self.requests.error_before_gap)
        return replace(ended, outcome="timeout", error=error)


def _general_error(response: Response) -> AsmError | None:
    """Return a final error of a single read that concerns all releases, such as refused credentials."""
    for found in response.releases.values():
        if isinstance(found, AsmError) and not isinstance(found, _OF_ONE_RELEASE):
            return found
    return None


def begin(options: GateOptions, schedule: Schedule) -> GateSet:
    """Return the gates before the first poll."""
    gates = tuple(ReleaseGate(conditions, schedule) for conditions in options.conditions)
    return GateSet(gates, options.required, schedule)


def _with_outcome(gates: GateSet) -> GateSet:
    """Return the set with its outcome, if there is one."""
    duplicate = _duplicate(gates)
    if duplicate is not None:
        return replace(gates, outcome="error", error=duplicate)
    if sum(gates.gates[position].outcome == "reached" for position in gates.answered) >= gates.required:
        return replace(gates, outcome="reached")
    closed = gates.closed_positions
    if len(gates.gates) - len(closed) < gates.required:
        first = gates.gates[closed[0]]
        return replace(gates, outcome=first.outcome, error=first.error)
    return gates


def _duplicate(gates: GateSet) -> AsmError | None:
    """Return the error of two targets that turned out to be the same release, which would count twice."""
    known: dict[str, int] = {}
    for position, gate in enumerate(gates.gates):
        identity = gate.identity
        if identity and known.setdefault(identity, position) != position:
            places = f"releases[{known[identity]}] and releases[{position}]"
            return UsageError(f"{places} are the same release, {{seen}}", "name each release once", identity)
    return None


def _observe(gate: ReleaseGate, observation: Observation) -> ReleaseGate:
    """Return a gate of a set after an observation.

    What is `reached` is undone by a failure phase, a replacement, a 404 or a final error, but not by another phase, by
    standing still or by a transient error.
    """
    if gate.outcome != "reached":
        return gate.observe(observation)
    if observation.error is not None and observation.error.is_transient:
        return replace(gate, error=observation.error)
    after = replace(gate, outcome=None).observe(observation)
    # A gate that opened because its release had disappeared closes again when the release is back.
    if observation.release is not None and gate.is_present and after.outcome in (None, "stalled"):
        return replace(after, outcome="reached")
    return after
