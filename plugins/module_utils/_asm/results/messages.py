# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sentences of verdicts and reads, and the progress lines. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, NamedTuple

from ..gate.release_gate import Change, ReleaseGate, Unmet, deadline_exceeded
from ..gate.schedule import last_request, pause_of
from ..models.release import Release, is_phase
from ..sanitize import Sanitizer, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import AsmError
    from ..gate.gate_set import GateSet
    from ..gate.schedule import PollCost
    from ..options.request import ReleaseTarget

CLOSED = "the gate stays closed"

_NAMED = 3
"""How many releases, workloads or images a sentence names."""

_NOT_TEXT = "empty or not text"
"""What a sentence says of a value of the response that is missing, empty, or of another type."""

_DENIED = ", because the list of the mesh denies it"

_WAITED = (None, "timeout", "stalled")
"""Outcomes that unmet conditions explain."""

_CHECK_IDS = "check mesh_id, namespace and release_id"
_CHECK_SERVICE = "check mesh_id, namespace and service"


class Read(NamedTuple):
    """One target that was read without a gate: the release, or the error that stands for it."""

    target: ReleaseTarget
    release: Release | None = None
    error: AsmError | None = None


class Messages(NamedTuple):
    """Makes the sentences of one call.

    Attributes:
        targets: of the call, in their order.
        sanitize: for phases, names and other texts of the service.
        check_mode: whether an outcome is what one read alone would mean.
        cut: the sentence about a `wait_timeout` that the task has cut; empty if it was not.
    """

    targets: tuple[ReleaseTarget, ...]
    sanitize: Sanitizer
    check_mode: bool = False
    cut: str = ""

    # Reads without a gate

    def read(self, read: Read) -> str:
        """Return the sentence about a target that was read once."""
        if read.release is not None:
            return f"{self._label(read.target, read.release)} is {self._state(read.release)}"
        return read.error.sentence(self.sanitize) if read.error is not None else "not read"

    def read_many(self, reads: Sequence[Read]) -> str:
        """Return the sentence about several releases that were read once."""
        if not reads:
            return "no release found"
        phases = Counter(
            "not found" if each.release is None else self.sanitize(each.release.phase) or "in no phase"
            for each in reads
        )
        return f"{len(reads)} release{'' if len(reads) == 1 else 's'}: {listed(_counted(phases))}"

    # Verdicts

    def verdict(self, gates: GateSet, cost: PollCost | None = None) -> str:
        """Return the verdict as one sentence.

        Args:
            cost: of the last poll, if single reads may have been too slow.
        """
        if len(gates.gates) > 1:
            parts = [self._reason(gates, cost), _sum(gates), *self._causes(gates)]
        elif gates.outcome == "error" and gates.error:
            parts = [gates.error.sentence(self.sanitize)]
        else:
            parts = [self.of_release(0, replace(gates.gates[0], outcome=gates.outcome), gates)]
        return f"{self._opening(gates.outcome)}: {'; '.join(part for part in (*parts, self._cut(gates)) if part)}"

    def _cut(self, gates: GateSet) -> str:
        """Return the sentence about a cut `wait_timeout`, if a longer one could have changed the outcome."""
        waited = any(gate.conditions.on_missing == "wait" for gate in gates.gates)
        hint = gates.error.hint if gates.outcome == "error" and gates.error else ""
        is_short = gates.outcome == "timeout" or (gates.outcome == "missing" and waited) or "wait_timeout" in hint
        return self.cut if is_short else ""

    def refusal(self, error: AsmError, has_gate: bool) -> str:
        """Return the sentence of an error before, or without, a gate."""
        sentence = error.sentence(self.sanitize)
        if not has_gate:
            return sentence
        cut = f"; {self.cut}" if self.cut and "wait_timeout" in sentence else ""
        return f"{self._opening('error')}: {sentence}{cut}"

    def _opening(self, outcome: str | None) -> str:
        if not self.check_mode:
            return {None: "the gate is not open yet", "reached": "the gate is open"}.get(outcome, CLOSED)
        if outcome == "error":
            return f"check mode: {CLOSED}"
        does = {None: "the gate would wait", "reached": "the gate would open"}
        otherwise = "the gate would stay closed and the task would fail"
        return f"check mode: this read alone means {outcome or 'pending'}, so {does.get(outcome, otherwise)}"

    def of_release(self, position: int, gate: ReleaseGate, gates: GateSet) -> str:
        """Return what an outcome means for its release, without a word about the gate."""
        label = self.label(position, gate.release)
        if len(gates.gates) > 1 and gate.observed_at is None and gate.outcome in (None, "timeout"):
            return f"{label} has not been answered"
        error = gate.error if len(gates.gates) > 1 else gates.error
        say: dict[str | None, Callable[[], str]] = {
            None: lambda: self._pending(label, gate),
            "reached": lambda: self._reached(label, gate),
            "failed": lambda: f"{label} {self._failure(gate)}",
            "timeout": lambda: self._timeout(label, gate, gates),
            "stalled": lambda: f"{label} made no progress for {gate.progress.idle:.0f} s; {self._pending('it', gate)}",
            "missing": lambda: self._missing(position, label, gate, gates),
            "replaced": lambda: f"{label} {self._replacement(gate)}",
            "error": lambda: f"{label}: {error.sentence(self.sanitize) if error else 'unknown error'}",
        }
        return say[gate.outcome]()

    def label(self, position: int, release: Release | None) -> str:
        """Return how a person names the release: its name, else its id or service, and its namespace."""
        return self._label(self.targets[position], release)

    def _label(self, target: ReleaseTarget, release: Release | None) -> str:
        namespace = self.sanitize(target.namespace)
        if release is not None and release.name:
            return f"{self.sanitize(release.name)} ({namespace})"
        if target.service is not None:
            return f"the release of service {self.sanitize(target.service)} ({namespace})"
        return f"{self.sanitize(target.release_id or '')} ({namespace})"

    def _state(self, release: Release) -> str:
        return f"{self.sanitize(release.phase) or 'in no phase'}, {release.replicas_text} ready"

    def _standing(self, gate: ReleaseGate) -> str:
        """Return what is known of a release: phase and readiness, or that it is not there."""
        if gate.release is not None and gate.is_present:
            return self._state(gate.release)
        if gate.timeline.latest is None:
            return "not answered yet"
        return "not there" if gate.release is not None else "not there yet"

    def _pending(self, label: str, gate: ReleaseGate) -> str:
        return f"{label} is {self._standing(gate)}{_in_brackets(self._still_missing(gate))}"

    def _still_missing(self, gate: ReleaseGate) -> list[str]:
        """Return the conditions that a gate still waits for, each in a few words."""
        return [self._unmet(each) for each in gate.unmet()] if gate.outcome in _WAITED else []

    def _unmet(self, unmet: Unmet) -> str:
        wanted = [self.sanitize(each) for each in unmet.wanted]
        say: dict[str, Callable[[], str]] = {
            "success_phases": lambda: f"waiting for {' or '.join(wanted)}",
            "version": lambda: f"version is {self._version(unmet.seen)}, waiting for {self._version(unmet.wanted[0])}",
            "images": lambda: f"not every gray workload has {_some(wanted)}",
            "ready": lambda: f"not ready: {self.sanitize(unmet.seen)}",
            "stable_for": lambda: f"stable {unmet.seen} of {wanted[0]} s{_DENIED if unmet.is_denied else ''}",
            "missing_after": lambda: "waiting for a second 404",
        }
        return say[unmet.option]()

    def _version(self, version: str) -> str:
        """Return a version, in quotes if it begins or ends with a blank, which decides and cannot be seen otherwise."""
        shown = self.sanitize(version)
        return (f"'{shown}'" if version != version.strip() else shown) or _NOT_TEXT

    def _reached(self, label: str, gate: ReleaseGate) -> str:
        after = f"after {gate.ended:.0f} s"
        if gate.release is None or not gate.is_present:
            last = self.sanitize(gate.release.phase) if gate.release else ""
            return f"{label} has disappeared, as it may after {last}, {after}"
        return f"{label} is {self._state(gate.release)}, {after}"

    def _failure(self, gate: ReleaseGate) -> str:
        release = gate.release
        if release and is_phase(release.phase, gate.conditions.failure_phases):
            return f"is {self.sanitize(release.phase)}, which is one of failure_phases"
        names = [self.sanitize(name) for name in deadline_exceeded(release)] if release else []
        return f"has a gray workload that has exceeded its progress deadline: {_some(names)}"

    def _timeout(self, label: str, gate: ReleaseGate, gates: GateSet) -> str:
        none = "none" if gate.release is None else f"none (status.phase is {_NOT_TEXT})"
        phases = listed(map(self.sanitize, gate.timeline.phases)) if gate.timeline.phases else none
        parts = [
            f"{label} did not meet all conditions {_within(gates)}",
            f"phases wanted: {listed(map(self.sanitize, gate.conditions.success_phases))}",
            f"phases seen: {phases}",
        ]
        if gate.release is not None and not gate.is_present:
            parts.append(f"the release is {self._standing(gate)}")
        # The phases are named above.
        parts += [self._unmet(each) for each in gate.unmet() if each.option != "success_phases"]
        error = gates.error if len(gates.gates) == 1 else gate.error
        return "; ".join(parts + ([f"the last error was: {error.sentence(self.sanitize)}"] if error else []))

    def _missing(self, position: int, label: str, gate: ReleaseGate, gates: GateSet) -> str:
        is_service = self.targets[position].service is not None
        hint = _CHECK_SERVICE if is_service else _CHECK_IDS
        if gate.release is not None:
            phase = gate.listed_phase or gate.release.phase
            others = is_phase(phase, gate.conditions.missing_after)
            unmet = ", but not all other conditions were met" if others else ""
            return f"{label} has disappeared; its last phase was {self.sanitize(phase) or 'none'}{unmet}"
        if gate.conditions.on_missing == "wait":
            return f"{label} has not appeared {_within(gates)}; {hint}"
        return f"{label} does not exist; {hint}" if is_service else f"ASM has no release {label}; {hint}"

    def _replacement(self, gate: ReleaseGate) -> str:
        release = gate.release
        if release and release.uid != gate.first_uid:
            first, new = self.sanitize(gate.first_uid or ""), self.sanitize(release.uid)
            return f"is another release now: its uid was {first or _NOT_TEXT} and is {new or _NOT_TEXT}"
        if release and not release.uid and release.name != gate.first_name:
            return f"is another release now: its name was {self.sanitize(gate.first_name or '') or _NOT_TEXT}"
        version = self._version(release.version if release else "")
        return f"has another version now: it was {self._version(gate.conditions.version or '')} and is {version}"

    # Several releases

    def _reason(self, gates: GateSet, cost: PollCost | None) -> str:
        """Return why the gate is closed for good; nothing while it is not."""
        if gates.outcome in (None, "reached"):
            return ""
        if gates.outcome == "timeout":
            return self._too_late(gates, cost)
        closed = sorted(gates.closed_positions, key=lambda each: gates.gates[each].outcome != gates.outcome)
        if gates.outcome == "error" and all(gates.gates[each].error is not gates.error for each in closed):
            return gates.error.sentence(self.sanitize) if gates.error else ""
        return "; ".join(self._first(closed, gates))

    def _too_late(self, gates: GateSet, cost: PollCost | None) -> str:
        within = _within(gates)
        if gates.reached >= gates.required:
            return f"no poll {within} was answered about each of the releases that reached"
        wanted = dict.fromkeys(phase for gate in gates.gates for phase in gate.conditions.success_phases)
        slow = ""
        if cost is not None and cost.length > gates.schedule.wait_timeout:
            slow = (
                f"; {cost.single_reads} releases must be read singly, which takes {cost.length:.0f} s with "
                f"requests_per_minute {gates.schedule.requests_per_minute}"
            )
        phases = listed(map(self.sanitize, wanted))
        return f"not enough releases met all conditions {within}; phases wanted: {phases}{slow}"

    def _causes(self, gates: GateSet) -> list[str]:
        """Return what else matters: who failed although the gate is open, who is late, and the last error."""
        if gates.outcome == "reached":
            return self._first(gates.closed_positions, gates)
        if gates.outcome not in (None, "timeout"):
            return []
        late = [each for each, gate in enumerate(gates.gates) if gate.outcome != "reached"]
        if gates.outcome and gates.error:
            return [*self._first(late, gates), f"the last error was: {gates.error.sentence(self.sanitize)}"]
        return self._first(late, gates)

    def _first(self, positions: Sequence[int], gates: GateSet) -> list[str]:
        sentences = []
        for position in positions[:_NAMED]:
            gate = gates.gates[position]
            # The deadline and the phases wanted are named once for all releases.
            gate = replace(gate, outcome=None) if gate.outcome == "timeout" else gate
            sentences.append(self.of_release(position, gate, gates))
        return sentences + ([f"and {len(positions) - _NAMED} more"] if len(positions) > _NAMED else [])

    # Progress

    def has_changed(self, before: GateSet, after: GateSet) -> bool:
        """Return whether a progress line would have news. Counters, and reasons that change with each pod, are none."""
        return (before.outcome, [_news(each) for each in before.gates]) != (
            after.outcome,
            [_news(each) for each in after.gates],
        )

    def progress_line(self, before: GateSet | None, gates: GateSet, rest: float | None) -> str:
        """Return a progress line: what there is, what is missing, and what comes next.

        Args:
            before: the gates of the line before.
            rest: seconds until the next poll; None when there is an outcome, or while a request takes its time.
        """
        shown = [None] * len(gates.gates) if before is None else list(before.gates)
        if len(gates.gates) == 1:
            parts = [self._progress(0, shown[0], gates.gates[0])]
        else:
            parts = self._progress_of_many(shown, gates)
        line = "release_gate: " + "; ".join(part for part in (*parts, *_next(gates, rest)) if part)
        return str(self.sanitize.redact(line))

    def _progress(self, position: int, before: ReleaseGate | None, gate: ReleaseGate) -> str:
        earlier = self._earlier(before.timeline.latest if before else None, gate.timeline.latest)
        missing = "; ".join(self._still_missing(gate))
        standing = f"{self.label(position, gate.release)} {earlier}{self._standing(gate)}"
        return f"{standing}; {missing}" if missing else standing

    def _earlier(self, before: Change | None, latest: Change | None) -> str:
        if before is None or latest is None or before.phase == latest.phase:
            return ""
        return f"{self.sanitize(before.phase) or 'not there'} → "

    def _progress_of_many(self, shown: Sequence[ReleaseGate | None], gates: GateSet) -> list[str]:
        """Return a sum and what some releases still lack: first those that wait, of these those that have changed."""
        changed = [_news(old) != _news(new) for old, new in zip(shown, gates.gates)]
        named = [each for each, gate in enumerate(gates.gates) if gate.outcome is None or changed[each]]
        named.sort(key=lambda each: (gates.gates[each].outcome == "reached", not changed[each]))
        states = Counter(self._counted_as(gate) for gate in gates.gates if gate.outcome != "reached")
        more = [f"and {len(named) - _NAMED} more"] if len(named) > _NAMED else []
        return [
            _sum(gates),
            ", ".join(_counted(states)),
            *(self._one_of_many(each, shown[each], gates.gates[each]) for each in named[:_NAMED]),
            *more,
        ]

    def _one_of_many(self, position: int, before: ReleaseGate | None, gate: ReleaseGate) -> str:
        earlier = self._earlier(before.timeline.latest if before else None, gate.timeline.latest)
        outcome = f", {gate.outcome}" if gate.outcome else ""
        missing = _in_brackets(self._still_missing(gate))
        return f"{self.label(position, gate.release)} {earlier}{self._standing(gate)}{outcome}{missing}"

    def _counted_as(self, gate: ReleaseGate) -> str:
        latest = gate.timeline.latest
        if gate.outcome is not None:
            return gate.outcome
        if latest is None:
            return "not answered yet"
        return self.sanitize(latest.phase) or ("in no phase" if gate.is_present else "not there")


def _news(gate: ReleaseGate | None) -> object:
    if gate is None:
        return None
    unmet = gate.unmet() if gate.outcome in _WAITED else []
    missing = [(each.option, each.wanted, each.seen if each.option == "version" else "") for each in unmet]
    latest = gate.timeline.latest
    return None if latest is None and gate.outcome is None else (gate.outcome, latest, missing)


def _next(gates: GateSet, rest: float | None) -> list[str]:
    """Return how a progress line ends: a transient error and its retry, the outcome or the next poll."""
    requests, error = gates.requests, gates.requests.error or gates.error
    kind = error.kind if error else ""
    if gates.outcome == "error":
        return [f"error ({kind}) after {gates.ended:.0f} s"]
    transient = f"transient error ({kind})" if requests.transient_errors else ""
    if gates.outcome is not None:
        return [each for each in (transient, f"{gates.outcome} after {gates.ended:.0f} s") if each]
    retry = f"{transient}, retry {requests.transient_errors}" if transient else ""
    next_poll = "waiting for an answer" if rest is None else f"next poll in {max(0.0, rest):.0f} s"
    return [each for each in (retry, next_poll) if each]


def _within(gates: GateSet) -> str:
    """Return how long a gate has waited: `wait_timeout`, or less if a 429 asked for a longer pause than was left."""
    timeout = f"{gates.schedule.wait_timeout:g} s"
    errors = (gates.requests.error, gates.error)
    pause = max((pause_of(error, gates.schedule) for error in errors if error), default=0.0)
    if not pause or gates.ended >= last_request(gates.schedule):
        return f"within {timeout}"
    return (
        f"in {gates.ended:.0f} s, and a pause of {pause:g} s after the 429 does not fit into wait_timeout ({timeout})"
    )


def _sum(gates: GateSet) -> str:
    """Return how many releases have reached, and how many must."""
    count = len(gates.gates)
    required = f", {gates.required} required" if gates.required != count else ""
    after = f" after {gates.ended:.0f} s" if gates.outcome == "reached" else ""
    return f"{gates.reached} of {count} releases reached{after}{required}"


def _counted(states: Counter[str]) -> list[str]:
    """Return how many there are of what is most common, and of all else together."""
    # One more kind takes no more room by its name.
    common = states.most_common(None if len(states) <= _NAMED + 1 else _NAMED)
    other = sum(states.values()) - sum(count for _state, count in common)
    return [*(f"{count} {state}" for state, count in common), *([f"{other} other"] if other else [])]


def _in_brackets(texts: Sequence[str]) -> str:
    return f" ({'; '.join(texts)})" if texts else ""


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return listed(texts[:_NAMED]) + more
