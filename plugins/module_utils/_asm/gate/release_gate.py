# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules for one release: a pure fold of observations into an outcome.

No clock, no sleep, no I/O. Times are seconds since the wait began and come with each observation. If an observation is
ambiguous, the gate stays closed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import AsmError, NotFoundError
from ..models.deployment import missing_images, why_not_ready
from ..models.release import Release, is_phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..options.request import Conditions, Schedule

CHANGES_KEPT = 250
PHASES_REMEMBERED = 20


@dataclass(frozen=True)
class Observation:
    """One response about the release.

    Attributes:
        started, completed: when the request began, and when the response was complete.
        release: the release, None if there is an error.
        error: the error; a `NotFoundError` means that ASM has no such release.
        interval: seconds between two responses at the current pace, if that is longer than `wait_sleep`.
    """

    started: float
    completed: float
    release: Release | None = None
    error: AsmError | None = None
    interval: float = 0.0


@dataclass(frozen=True)
class Streak:
    """Consecutive responses that agree: when the first of them was complete, and whether another one followed."""

    since: float
    is_repeated: bool = False

    def held(self, observation: Observation) -> float:
        """Return the seconds for which the streak has certainly lasted, up to the start of an observation."""
        return max(0.0, observation.started - self.since)


@dataclass(frozen=True)
class RolloutProgress:
    """What counts as progress of a rollout, and for how long there has been none.

    Attributes:
        signature: phase, version and, for each gray workload, its replicas, updated replicas and most ready replicas.
        most_ready: the most ready replicas so far, by cluster, namespace and name of the workload.
        idle: seconds without a change of the signature.
    """

    signature: tuple[object, ...] = ()
    most_ready: tuple[tuple[tuple[str, str, str], int], ...] = ()
    idle: float = 0.0


@dataclass(frozen=True)
class Change:
    """An entry of the timeline. An empty phase with no replicas stands for a missing release."""

    phase: str
    ready_replicas: int
    replicas: int
    after: float

    def differs_from(self, other: Change | None) -> bool:
        """Return whether phase or readiness differ from those of another entry."""
        state = (self.phase, self.ready_replicas, self.replicas)
        return other is None or state != (other.phase, other.ready_replicas, other.replicas)


@dataclass(frozen=True)
class Timeline:
    """The changes of phase and readiness.

    Attributes:
        changes: the last `CHANGES_KEPT` of them.
        omitted: number of earlier changes.
        phases: distinct phases seen, the last `PHASES_REMEMBERED` of them.
    """

    changes: tuple[Change, ...] = ()
    omitted: int = 0
    phases: tuple[str, ...] = ()

    @property
    def latest(self) -> Change | None:
        """Return the last change."""
        return self.changes[-1] if self.changes else None

    def with_change(self, change: Change) -> Timeline:
        """Return the timeline with an entry, if it differs from the last one."""
        if not change.differs_from(self.latest):
            return self
        phases = self.phases
        if change.phase and change.phase not in phases:
            phases = (*phases, change.phase)[-PHASES_REMEMBERED:]
        omitted = self.omitted + (len(self.changes) == CHANGES_KEPT)
        return Timeline((*self.changes, change)[-CHANGES_KEPT:], omitted, phases)


@dataclass(frozen=True)
class Unmet:
    """A condition that is not met.

    Attributes:
        option: the option that sets it.
        seen: the current value; for `ready` the reason.
        wanted: values that meet it.
        is_denied: whether a list denies what the single reads show.
    """

    option: str
    seen: str = ""
    wanted: tuple[str, ...] = ()
    is_denied: bool = False


@dataclass(frozen=True)
class ReleaseGate:
    """The gate of one release, after all observations so far.

    Attributes:
        outcome: None while the gate waits.
        error: the final error, the 404 of `missing`, or the last transient error.
        ended: when the observation that gave the outcome was complete.
        release: the last one seen, kept when it disappears.
        accepts_absence: whether it is a success that this release disappears.
        listed_phase: the phase that a list has shown in part since then, if what it showed denies that success.
        first_uid, first_name: of the first release seen, None before.
        observed_at, released_at: when the last response about it, and the last release, was complete.
        version_matched: whether the wanted version was seen.
        holding: responses in a row that met all conditions.
        absent: 404s in a row, after the release had been seen.
        held: seconds for which `holding` or, after two 404s, `absent` has certainly lasted.
        is_denied: whether `holding` had to begin anew because of what a list shows, which the next list may show again.
    """

    conditions: Conditions
    schedule: Schedule
    outcome: str | None = None
    error: AsmError | None = None
    ended: float = 0.0
    release: Release | None = None
    accepts_absence: bool = False
    listed_phase: str = ""
    first_uid: str | None = None
    first_name: str | None = None
    observed_at: float | None = None
    released_at: float | None = None
    version_matched: bool = False
    holding: Streak | None = None
    absent: Streak | None = None
    held: float = 0.0
    is_denied: bool = False
    progress: RolloutProgress = RolloutProgress()
    timeline: Timeline = Timeline()

    @property
    def is_present(self) -> bool:
        """Return whether the last response was the release itself."""
        return self.release is not None and self.absent is None

    @property
    def identity(self) -> str:
        """Return what no other release has: the first uid seen or, without one, namespace and name; empty before."""
        if self.first_uid or self.release is None or not (self.first_name and self.release.namespace):
            return self.first_uid or ""
        return f"{self.release.namespace}/{self.first_name}"

    @property
    def can_pass(self) -> bool:
        """Return whether the outcome is, or can still become, `reached`."""
        return self.outcome in (None, "reached")

    def observe(self, observation: Observation) -> ReleaseGate:
        """Return the gate after one more observation. An outcome is final."""
        if self.outcome is not None:
            return self
        error, now = observation.error, observation.completed
        if now > self.schedule.wait_timeout:
            return replace(self, ended=now).at_deadline()
        if error is not None and not isinstance(error, NotFoundError):
            # Of a release that is still missing at the deadline, the 404 says more than a later transient error.
            keeps = error.is_transient and isinstance(self.error, NotFoundError)
            outcome = None if error.is_transient else "error"
            gate = replace(self, ended=now, error=self.error if keeps else error, outcome=outcome)
            return replace(gate, is_denied=self.is_denied and self.holding is not None)
        if observation.release is None:
            return self._missing(observation)
        return self._present(observation, observation.release)

    def shown_in_part(self, part: Release | None) -> ReleaseGate:
        """Return the gate after a list that shows the release incompletely; the single read decides.

        The 404s before are not in a row with those after. What the list shows can deny that the conditions have held
        since the responses before, and that a disappearance is a success: the single read of a release that fails and
        is deleted at once finds nothing.

        Args:
            part: what the list shows; None if it shows the release more than once.
        """
        gate = replace(self, is_denied=False)
        if self.absent is not None and self.outcome in (None, "reached"):
            # What is `reached` in a set because the release had disappeared is so no more.
            gate = replace(gate, outcome=None, absent=None, held=0.0)
        if self.release is None:
            return gate
        is_other = part is not None and bool(self.first_uid) and part.uid not in ("", self.first_uid)
        if is_other or denies(part, self.conditions, self.conditions.success_phases):
            gate = replace(gate.without_holding(), is_denied=True)
        if is_other or denies(part, self.conditions, self.conditions.missing_after):
            return replace(gate, accepts_absence=False, listed_phase=part.phase if part and not is_other else "")
        return gate

    def at_deadline(self) -> ReleaseGate:
        """Return the gate with the outcome that is due when no further request can be sent."""
        never_seen = self.release is None and self.observed_at is not None
        return replace(self, outcome="missing" if self.conditions.on_missing == "wait" and never_seen else "timeout")

    def _has_gap(self, observation: Observation) -> bool:
        """Return whether the time since the last response is too long for a streak to continue.

        A response counts from when it is complete: a slow one does not bridge the time that it took.
        """
        longest = self.schedule.longest_gap(observation.interval)
        return self.observed_at is not None and observation.completed - self.observed_at > longest

    def without_holding(self) -> ReleaseGate:
        """Return the gate with the stable period ended. The time in which the conditions were met is no idle time."""
        released_at = self.released_at if self.holding is None else None
        return replace(self, holding=None, held=0.0, is_denied=False, released_at=released_at)

    def _missing(self, observation: Observation) -> ReleaseGate:
        now = observation.completed
        timeline = self.timeline.with_change(Change("", 0, 0, now))
        gate = replace(self.without_holding(), ended=now, error=None, observed_at=now, timeline=timeline)
        missing = replace(gate, outcome="missing", error=observation.error)
        if gate.release is None:
            return replace(missing, outcome=None) if self.conditions.on_missing == "wait" else missing
        if gate.absent is None or self._has_gap(observation):
            return replace(gate, absent=Streak(now))
        if not gate.accepts_absence:
            return missing
        absent = replace(gate.absent, is_repeated=True)
        gate = replace(gate, absent=absent, held=absent.held(observation))
        return gate if gate.held < self.conditions.stable_for else replace(gate, outcome="reached")

    def _present(self, observation: Observation, release: Release) -> ReleaseGate:
        conditions, now, has_gap = self.conditions, observation.completed, self._has_gap(observation)
        is_other = self._is_other(release)
        other_version = self.version_matched and release.version != conditions.version
        holding = self._next_streak(observation, release, has_gap)
        gate = replace(
            self,
            ended=now,
            error=None,
            observed_at=now,
            release=release,
            accepts_absence=accepts_absence(release, conditions),
            listed_phase="",
            first_uid=release.uid if self.first_uid is None else self.first_uid,
            first_name=release.name if self.first_name is None else self.first_name,
            absent=None,
            version_matched=self.version_matched or release.version == conditions.version,
            released_at=now,
            holding=holding,
            held=holding.held(observation) if holding else 0.0,
            is_denied=self.is_denied and self.holding is None and holding is not None,
            progress=self._next_progress(observation, release, has_gap),
            timeline=self.timeline.with_change(_change(release, now)),
        )
        if is_other or other_version:
            return replace(gate, outcome="replaced")
        if is_phase(release.phase, conditions.failure_phases) or (conditions.ready and deadline_exceeded(release)):
            return replace(gate, outcome="failed")
        if holding is not None:
            return replace(gate, outcome="reached") if gate.held >= conditions.stable_for else gate
        if conditions.stall_timeout and gate.progress.idle >= conditions.stall_timeout:
            return replace(gate, outcome="stalled")
        return gate

    def _is_other(self, release: Release) -> bool:
        """Return whether a release is another one than the first one seen: by uid or, where none has one, by name."""
        if self.first_uid is None:
            return False
        return release.uid != self.first_uid or (not release.uid and release.name != self.first_name)

    def _next_streak(self, observation: Observation, release: Release, has_gap: bool) -> Streak | None:
        """Return the streak of responses that meet all conditions; None when this one does not."""
        in_phase = is_phase(release.phase, self.conditions.success_phases)
        if not in_phase or unmet_besides_phase(release, self.conditions):
            return None
        return Streak(observation.completed) if self.holding is None or has_gap else self.holding

    def _next_progress(self, observation: Observation, release: Release, has_gap: bool) -> RolloutProgress:
        most_ready = dict(self.progress.most_ready)
        workloads = []
        for each in release.gray:
            key = (each.cluster_id, each.namespace, each.name)
            most_ready[key] = max(each.ready_replicas, most_ready.get(key, 0))
            workloads.append((key, each.replicas, each.updated_replicas, most_ready[key]))
        signature = (release.phase.strip().casefold(), release.version, tuple(sorted(workloads)))
        # A release that met all conditions was not idle.
        since = self.released_at if self.released_at is not None and self.holding is None else observation.completed
        is_idle = signature == self.progress.signature and not has_gap
        idle = self.progress.idle + (observation.completed - since) if is_idle else 0.0
        return RolloutProgress(signature, tuple(sorted(most_ready.items())), idle)

    def unmet(self) -> list[Unmet]:
        """Return what keeps the gate closed while it waits, or kept it closed until `timeout` or `stalled`."""
        conditions, release, absent = self.conditions, self.release, self.absent
        stable = Unmet("stable_for", f"{self.held:.0f}", (f"{conditions.stable_for:g}",), self.is_denied)
        # A read without a gate has no phases.
        phase = [Unmet("success_phases", wanted=conditions.success_phases)] if conditions.success_phases else []
        if release is not None and absent is None:
            in_phase = is_phase(release.phase, conditions.success_phases)
            unmet = ([] if in_phase else phase) + unmet_besides_phase(release, conditions)
            return unmet or ([stable] if conditions.stable_for else [])
        if release is None or absent is None or not self.accepts_absence:
            return phase
        return [stable] if absent.is_repeated else [Unmet("missing_after")]

    def due_times(self) -> list[float]:
        """Return the times at which a response would decide, if nothing has changed by then."""
        times = []
        holding = None if self.is_denied else self.holding
        streak = holding or (self.absent if self.absent and self.absent.is_repeated else None)
        if streak and self.conditions.stable_for:
            times.append(streak.since + self.conditions.stable_for)
        if self.conditions.stall_timeout and self.is_present and not self.holding and self.released_at is not None:
            times.append(self.released_at + self.conditions.stall_timeout - self.progress.idle)
        return times


def _change(release: Release, after: float) -> Change:
    ready = sum(each.ready_replicas for each in release.gray)
    return Change(release.phase, ready, sum(each.replicas for each in release.gray), after)


def accepts_absence(release: Release, conditions: Conditions) -> bool:
    """Return whether it is a success that a release which was last seen like this disappears."""
    is_after = conditions.on_missing == "accept" and is_phase(release.phase, conditions.missing_after)
    return is_after and not unmet_besides_phase(release, conditions)


def denies(part: Release | None, conditions: Conditions, phases: Sequence[str]) -> bool:
    """Return whether a list has shown a release in none of these phases, or that it does not meet another condition.

    Args:
        part: what the list shows. What it leaves out denies nothing. None, if it shows the release more than once,
            denies all.
    """
    if part is None:
        return True
    if part.phase.strip() and not is_phase(part.phase, phases):
        return True
    if conditions.version is not None and part.version not in ("", conditions.version):
        return True
    lacks_workloads = part.has_workloads and len(part.gray) < max(1, part.planned or 0)
    if lacks_workloads or not all(each.is_decodable for each in part.gray):
        return conditions.ready or bool(conditions.images)
    if conditions.ready and not all(each.replicas for each in part.gray):
        return True
    with_status = [each for each in part.gray if each.has_status]
    with_images = [each for each in part.gray if any(each.images)]
    is_unready = conditions.ready and with_status and why_not_ready(with_status, len(with_status))
    lacks_images = with_images and missing_images(conditions.images, with_images, len(with_images))
    return bool(is_unready or lacks_images)


def unmet_besides_phase(release: Release, conditions: Conditions) -> list[Unmet]:
    """Return which of `version`, `images` and `ready` are wanted and not met."""
    unmet = []
    if conditions.version is not None and release.version != conditions.version:
        unmet.append(Unmet("version", release.version, (conditions.version,)))
    missing = missing_images(conditions.images, release.gray, release.planned)
    if missing:
        unmet.append(Unmet("images", wanted=tuple(missing)))
    why_not = why_not_ready(release.gray, release.planned) if conditions.ready else ""
    if why_not:
        unmet.append(Unmet("ready", why_not))
    return unmet


def deadline_exceeded(release: Release) -> list[str]:
    """Return the names of the gray workloads whose current generation has exceeded its progress deadline."""
    return [each.name for each in release.gray if each.deadline_exceeded]
