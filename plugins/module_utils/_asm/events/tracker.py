# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changes about the releases of one mesh: a pure fold of the observations of each poll into events.

No clock and no I/O; all times are seconds on one monotonic clock. Only a change between two observations is an event:
a transient error is not, and neither is a value that a response leaves out or gives for the first time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..errors import NotFoundError
from ..gate.release_gate import Observation, ReleaseGate, Timeline, accepts_absence, denies, unmet_besides_phase
from ..models.deployment import why_not_ready
from ..models.release import Release, is_phase
from ..models.release_list import ListedRelease
from ..options.request import Conditions, Schedule

BASELINE_LISTS = 2
"""Releases first seen in the second list are treated as already present: the API may return an incomplete list."""

GONE_KEPT = 5000
"""How many releases that are gone or excluded are kept, so that one that comes back goes on with the numbers of its
events, and starts nothing if it is unchanged: twice as many as the largest list that is known."""

VERDICTS = {"reached": "reached", "failed": "failed", "replaced": "failed", "stalled": "stalled", "timeout": "timeout"}
"""Kind of the event for each outcome of a gate. That a release is missing is the event `gone`."""


@dataclass(frozen=True)
class GateRun:
    """One run of the gate of a release.

    Attributes:
        began: times of the gate count from here.
    """

    began: float
    gate: ReleaseGate

    def prolonged(self, seconds: float) -> GateRun:
        """Return the run with a deadline that is so much later."""
        schedule = self.gate.schedule
        longer = replace(schedule, wait_timeout=schedule.wait_timeout + seconds)
        return replace(self, gate=replace(self.gate, schedule=longer))


@dataclass(frozen=True)
class TrackedRelease:
    """One release, as it was last seen. Releases are identified by uid.

    Attributes:
        phase, version, ready: the last values that a response gave, None before.
        images: of each gray workload, likewise.
        changes: the number of its events.
        absent_since: when the first of the current 404s in a row was complete.
        is_gone: whether its disappearance is confirmed.
        is_excluded: whether the filters exclude it, or it left before a response showed what they need.
        unmet: True if the first complete response did not meet the conditions and no run has begun since: a change of
            its readiness, or its disappearance, then begins one. False if it met them or a run has begun. None before
            a complete response.
        accepts_absence: whether its disappearance after the last response is a success.
        was_interrupted: whether its disappearance or a filter ended a run without a verdict.
        run: of its gate; None while it rests.
    """

    uid: str
    namespace: str = ""
    name: str = ""
    service: str = ""
    phase: str | None = None
    version: str | None = None
    images: tuple[tuple[str, ...], ...] | None = None
    ready: bool | None = None
    changes: int = 0
    absent_since: float | None = None
    is_gone: bool = False
    is_excluded: bool = False
    unmet: bool | None = None
    accepts_absence: bool = False
    was_interrupted: bool = False
    run: GateRun | None = None

    @property
    def needs_read(self) -> bool:
        """Return whether it is read singly when the list lacks it."""
        return self.run is not None or not (self.is_gone or self.is_excluded)


@dataclass(frozen=True)
class ReleaseEvent:
    """One change.

    Attributes:
        tracked: the release after the change.
        previous_phase: its phase before this poll; empty if it had none.
        at: when the response was complete.
        release: as this poll shows it; for `timeout` as it was last seen. None when it is gone.
        run: the run that has just ended, for the verdict of a gate.
    """

    kind: str
    tracked: TrackedRelease
    previous_phase: str
    at: float
    release: Release | None
    run: GateRun | None = None


@dataclass(frozen=True)
class Tracker:
    """The releases of one mesh, after all polls so far.

    Attributes:
        conditions: of the gate of each release, None without gates.
        schedule: its `wait_timeout` bounds each run of a gate.
        baseline: how many further lists show what was already present.
        releases: by uid.
    """

    conditions: Conditions | None
    schedule: Schedule
    baseline: int = BASELINE_LISTS
    releases: Mapping[str, TrackedRelease] = field(default_factory=dict)

    def after_poll(
        self,
        listed: Iterable[TrackedRelease],
        observations: Mapping[str, Observation],
        ended: float,
        in_part: Mapping[str, ListedRelease],
    ) -> tuple[Tracker, list[ReleaseEvent]]:
        """Return the tracker after one more poll that read the list, and the events of the poll.

        Args:
            listed: who is in the list, by uid, namespace and name.
            observations: the complete items of the list and the single reads, by uid.
            ended: when the poll ended.
            in_part: the items of those that the list shows incompletely, by uid.
        """
        releases, events = dict(self.releases), []
        for uid, item in in_part.items():
            # If a read follows in the same poll, it decides everything but the stable period of a run.
            if uid in releases and (uid not in observations or releases[uid].run is not None):
                releases[uid] = self._shown_in_part(releases[uid], item.in_part())
        for uid, observation in observations.items():
            before = releases.pop(uid, None)
            if before is None and observation.release is None:
                # No news: this release was never seen.
                continue
            update = _ReleaseUpdate(self, before or TrackedRelease(uid), observation)
            update.take(is_new=before is None)
            events += update.events
            releases[uid] = update.tracked
        for uid, tracked in releases.items():
            if tracked.run is not None and uid not in observations and _is_overdue(tracked.run, ended):
                late = _ReleaseUpdate(self, tracked, Observation(ended, ended))
                late.give_up(tracked.run)
                events += late.events
                releases[uid] = late.tracked
        if self.baseline:
            # What is listed now but read later was present, too.
            releases.update({each.uid: each for each in listed if each.uid not in releases})
        tracker = replace(self, baseline=max(0, self.baseline - 1), releases=_without_oldest(releases))
        return tracker, events

    def _shown_in_part(self, tracked: TrackedRelease, part: Release | None) -> TrackedRelease:
        """Return a release that the list shows, but no read: its 404s are not in a row any more."""
        run, conditions = tracked.run, self.conditions
        if run is not None:
            run = replace(run, gate=run.gate.shown_in_part(part))
        is_denied = conditions is not None and denies(part, conditions, conditions.missing_after)
        accepts = tracked.accepts_absence and not is_denied
        return replace(tracked, absent_since=None, accepts_absence=accepts, run=run)

    def showing(self, shown: Mapping[str, TrackedRelease]) -> Tracker:
        """Return the tracker with namespace, name and service of each release as responses have shown them last."""
        releases = dict(self.releases)
        for uid in releases.keys() & shown.keys():
            last = shown[uid]
            releases[uid] = replace(releases[uid], namespace=last.namespace, name=last.name, service=last.service)
        return replace(self, releases=releases)

    def without(self, uids: Iterable[str]) -> Tracker:
        """Return the tracker without releases that the filters exclude.

        One that was seen before is kept: if it comes back unchanged, it starts nothing.
        """
        releases = dict(self.releases)
        for uid in releases.keys() & set(uids):
            before = releases[uid]
            was_interrupted = before.was_interrupted or before.run is not None
            releases[uid] = replace(
                before, is_excluded=True, absent_since=None, run=None, was_interrupted=was_interrupted
            )
        return replace(self, releases=releases)

    def after_wait(self, seconds: float) -> Tracker:
        """Return the tracker after a time in which the source could read nothing: each run may take so much longer."""
        prolonged = {
            uid: replace(each, run=each.run.prolonged(seconds))
            for uid, each in self.releases.items()
            if each.run is not None
        }
        return replace(self, releases={**self.releases, **prolonged})

    def resumed_run(self, tracked: TrackedRelease, began: float, version_matched: bool = False) -> GateRun | None:
        """Return a run that goes on with what is known of a release; streaks and idle times start anew."""
        if self.conditions is None:
            return None
        gate = ReleaseGate(
            self.conditions,
            self.schedule,
            release=_remembered(tracked),
            accepts_absence=tracked.accepts_absence,
            first_uid=tracked.uid,
            first_name=tracked.name,
            version_matched=version_matched,
            timeline=Timeline(phases=(tracked.phase,) if tracked.phase else ()),
        )
        return GateRun(began, gate)


class _ReleaseUpdate:
    """What one observation means for one release.

    Attributes:
        tracked: the release before, then after the observation.
        events: in their order.
    """

    def __init__(self, tracker: Tracker, tracked: TrackedRelease, observation: Observation) -> None:
        self.tracked = tracked
        self.events: list[ReleaseEvent] = []
        self._tracker = tracker
        self._conditions = tracker.conditions
        self._observation = observation
        self._previous_phase = tracked.phase or ""

    def take(self, is_new: bool) -> None:
        """Take the observation.

        Args:
            is_new: whether it is the first one of this release.
        """
        release, error = self._observation.release, self._observation.error
        if release is not None:
            self._present(release, is_new)
        elif isinstance(error, NotFoundError):
            self._missing()

    def give_up(self, run: GateRun) -> None:
        """End the run at its deadline, without an observation of the release."""
        gate = replace(run.gate, ended=self._observation.completed - run.began).at_deadline()
        self._end_run(GateRun(run.began, gate))

    def _present(self, release: Release, is_new: bool) -> None:
        before = self.tracked
        after = self.tracked = _updated(before, release)
        if is_new:
            self._meet(after, release)
        else:
            self._compare(before, after, release)
        self._note_conditions(release)
        self._observe()

    def _meet(self, after: TrackedRelease, release: Release) -> None:
        """Take the first observation of a release."""
        if self._tracker.baseline:
            return
        self.tracked = replace(after, phase=after.phase or "", ready=bool(after.ready))
        self._send("appeared", release)
        self._begin()

    def _compare(self, before: TrackedRelease, after: TrackedRelease, release: Release) -> None:
        """Take an observation of a release that was seen before."""
        if before.is_gone or before.is_excluded:
            self.tracked = replace(after, ready=bool(after.ready and release.has_readiness), was_interrupted=False)
            self._send("appeared", release)
        else:
            if _differs(_folded(before.phase), _folded(after.phase)):
                self._send("phase", release)
            if _differs(before.ready, after.ready):
                self._send("ready", release)
        # A filter that excluded it for a while did not change its readiness; a disappearance did.
        changed = _has_moved if before.is_gone else _has_changed
        if before.was_interrupted or changed(before, after) or (before.unmet and self._is_met(release)):
            self._begin()

    def _missing(self) -> None:
        """Take ASM's 404. The second one in a row is a disappearance, unless it follows at once."""
        tracked = self.tracked
        if self._is_repeated_at_once():
            return
        if tracked.absent_since is None:
            self.tracked = replace(tracked, absent_since=self._observation.completed)
        elif not tracked.is_gone:
            run = tracked.run or (self._run_of_absence(tracked) if tracked.unmet else None)
            self.tracked = replace(tracked, is_gone=True, ready=False if tracked.ready else tracked.ready, run=run)
            self._send("gone", None)
        self._observe()

    def _is_repeated_at_once(self) -> bool:
        """Return whether this is the second 404, and follows the first one sooner than half of `wait_sleep`.

        A slow response, or reads in another order, bring two together. One moment of ASM must not count twice.
        """
        since, observation = self.tracked.absent_since, self._observation
        if since is None or self.tracked.is_gone:
            return False
        return observation.started - since < self._tracker.schedule.wait_sleep / 2

    def _run_of_absence(self, tracked: TrackedRelease) -> GateRun | None:
        """Return a run that began with the first 404: the disappearance is the first change that was seen."""
        run = self._tracker.resumed_run(tracked, tracked.absent_since or 0.0)
        error = self._observation.error
        return run and replace(run, gate=run.gate.observe(Observation(0.0, 0.0, error=error)))

    def _note_conditions(self, release: Release) -> None:
        """Note what a response means for the conditions; whether they are unmet, by the first one that shows all."""
        conditions = self._conditions
        if conditions is None:
            return
        self.tracked = replace(self.tracked, accepts_absence=accepts_absence(release, conditions))
        if self.tracked.unmet is not None:
            return
        shows_version = bool(release.version) or conditions.version is None
        shows_images = release.has_workloads or not conditions.images
        shows_readiness = release.has_readiness or not conditions.ready
        if release.phase.strip() and shows_version and shows_images and shows_readiness:
            self.tracked = replace(self.tracked, unmet=not self._is_met(release))

    def _is_met(self, release: Release) -> bool:
        """Return whether a release meets all conditions but `stable_for`."""
        conditions = self._conditions
        return (
            conditions is not None
            and is_phase(release.phase, conditions.success_phases)
            and not unmet_besides_phase(release, conditions)
        )

    def _begin(self) -> None:
        """Begin a run of the gate, unless there is no gate or it runs already."""
        if self._conditions is None:
            return
        new = GateRun(self._observation.started, ReleaseGate(self._conditions, self._tracker.schedule))
        self.tracked = replace(self.tracked, unmet=False, run=self.tracked.run or new)

    def _observe(self) -> None:
        """Hand the observation to the run of the gate."""
        run = self.tracked.run
        if run is None:
            return
        started, completed = (time - run.began for time in (self._observation.started, self._observation.completed))
        gate = run.gate.observe(replace(self._observation, started=started, completed=completed))
        if gate.release is not None and gate.release.manifests:
            gate = replace(gate, release=replace(gate.release, content={}, manifests=False))
        if gate.outcome is not None:
            self._end_run(GateRun(run.began, gate))
        else:
            self.tracked = replace(self.tracked, run=GateRun(run.began, gate))

    def _end_run(self, run: GateRun) -> None:
        """End a run with the event of its outcome. The release rests then."""
        tracked, kind = self.tracked, VERDICTS.get(run.gate.outcome or "")
        if kind is None:
            self.tracked = replace(tracked, run=None, was_interrupted=not tracked.unmet)
            return
        self.tracked = replace(tracked, run=None, unmet=False)
        last_seen = None if tracked.is_gone else run.gate.release
        self._send(kind, self._observation.release or last_seen, run)

    def _send(self, kind: str, release: Release | None, run: GateRun | None = None) -> None:
        self.tracked = replace(self.tracked, changes=self.tracked.changes + 1)
        event = ReleaseEvent(kind, self.tracked, self._previous_phase, self._observation.completed, release, run)
        self.events.append(event)


def _is_overdue(run: GateRun, now: float) -> bool:
    return now - run.began > run.gate.schedule.wait_timeout


def _without_oldest(releases: Mapping[str, TrackedRelease]) -> dict[str, TrackedRelease]:
    """Return the releases without those that are gone or excluded, beyond the last `GONE_KEPT` of them."""
    gone = [uid for uid, each in releases.items() if not each.needs_read]
    surplus = set(gone[: max(0, len(gone) - GONE_KEPT)])
    return {uid: each for uid, each in releases.items() if uid not in surplus}


def _updated(before: TrackedRelease, release: Release) -> TrackedRelease:
    """Return a release after a response: what the response leaves out has not changed."""
    is_ready = not why_not_ready(release.gray, release.planned)
    return replace(
        before,
        namespace=release.namespace or before.namespace,
        name=release.name or before.name,
        service=release.service or before.service,
        phase=release.phase.strip() or before.phase,
        version=release.version or before.version,
        images=_images(release) or before.images,
        ready=is_ready if release.has_readiness else before.ready,
        absent_since=None,
        is_gone=False,
        is_excluded=False,
    )


def _images(release: Release) -> tuple[tuple[str, ...], ...] | None:
    """Return the images of each gray workload, sorted; None unless all workloads and images are given."""
    if not release.gray or release.planned is None or len(release.gray) < release.planned:
        return None
    images = tuple(sorted(tuple(sorted(each.images)) for each in release.gray))
    return images if all(each and all(each) for each in images) else None


def _has_moved(before: TrackedRelease, after: TrackedRelease) -> bool:
    """Return whether phase, version or images have changed, each of which begins a run of the gate."""
    return (
        _differs(_folded(before.phase), _folded(after.phase))
        or _differs(before.version, after.version)
        or _differs(before.images, after.images)
    )


def _has_changed(before: TrackedRelease, after: TrackedRelease) -> bool:
    """Return whether a release that was there has changed so that a run of the gate begins."""
    return _has_moved(before, after) or bool(before.unmet and _differs(before.ready, after.ready))


def _differs(before: object, after: object) -> bool:
    """Return whether a value that was known before has changed."""
    return before is not None and after != before


def _folded(phase: str | None) -> str | None:
    return None if phase is None else phase.strip().casefold()


def _remembered(tracked: TrackedRelease) -> Release:
    """Return a release as it was last seen, without its workloads."""
    return Release(
        uid=tracked.uid,
        name=tracked.name,
        namespace=tracked.namespace,
        service=tracked.service,
        version=tracked.version or "",
        phase=tracked.phase or "",
        gray=(),
        planned=None,
        original=None,
        content={},
    )
