# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the gate: a pure fold of observations into a state, and the state's verdict.

No clock, no sleep, no I/O: times are seconds since the wait began, and come with each observation. Of two possible
readings of an observation, the one that keeps the gate shut wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Callable

from .errors import AsmError
from .options.spec import Conditions, is_phase
from .models.release import Release, missing_images, why_not_ready

TIMELINE_HEAD = 50
TIMELINE_TAIL = 200
PHASES_REMEMBERED = 20

EARLY_KINDS = frozenset({"network", "timeout", "protocol"})
"""Passing faults that, before the first answer of ASM, more likely mean a mistyped region than a passing fault."""

_SHORTEST_PAUSE = 0.9
"""Seconds after a passing fault, whatever a Retry-After says: `0`, or a date gone by, must not make a storm of reads.
It is the first pause, 1 s, with the smallest jitter."""

_JUST_AFTER = 0.001
"""Seconds by which a read that must decide begins late, so that no rounding makes it begin early."""


@dataclass(frozen=True)
class Observation:
    """One look at the release: when it began and was complete, and what it gave, a release or an error."""

    started: float
    completed: float
    release: Release | None = None
    error: AsmError | None = None


@dataclass(frozen=True)
class Streak:
    """Answers in a row that say the same: how many, and when the first of them was complete."""

    since: float
    count: int = 1

    def held(self, observation: Observation) -> float:
        """Return for how many seconds it has certainly held, up to the start of an observation."""
        return observation.started - self.since


@dataclass(frozen=True)
class Progress:
    """What counts as progress of a rollout, and for how long there has been none.

    Attributes:
        signature: phase, version and, for each gray workload, desired, updated and the highest ready so far.
        highest_ready: by cluster, namespace and name.
        idle: seconds without a change of the signature.
    """

    signature: tuple[object, ...] = ()
    highest_ready: tuple[tuple[tuple[str, str, str], int], ...] = ()
    idle: float = 0.0


@dataclass(frozen=True)
class Change:
    """An entry of the timeline: phase and readiness that were new at a time."""

    phase: str
    ready: str
    after: float


@dataclass(frozen=True)
class Unmet:
    """A condition that is not met.

    Attributes:
        option: the option that sets it.
        seen: what there is instead; of `ready` why the release is not.
        wanted: what meets it.
    """

    option: str
    seen: str = ""
    wanted: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """All that the observations so far mean.

    Attributes:
        outcome: the verdict, None while there is none.
        error: of a final error, of the 404 of a `missing`, or the last passing fault that had a part in a `timeout`.
        setback: the last passing fault that made a gap.
        release: the last one seen; kept when it disappears.
        uid: the first one seen, None before.
        answered: whether ASM itself has ever answered.
        answer_ended, release_ended: when its last answer, and its last release, was complete.
        reads: answers about the release, 404s included.
        retries: tries that followed a passing fault.
        faults: passing faults in a row, up to now.
        early_faults: of `EARLY_KINDS`, before ASM answered.
        version_matched: whether the wanted version was seen.
        holding: answers in a row that met all conditions.
        held: seconds for which `holding` or, after two 404s, `absent` has certainly lasted.
        absent: 404s in a row, after the release had been seen.
        progress: of the rollout.
        phases: those seen, the last `PHASES_REMEMBERED` of them.
        head, tail, left_out: the timeline, and how many entries between its two parts are gone.
        ended: when the last observation was complete, or when it was seen that there is no time for another.
    """

    outcome: str | None = None
    error: AsmError | None = None
    setback: AsmError | None = None
    release: Release | None = None
    uid: str | None = None
    answered: bool = False
    answer_ended: float | None = None
    release_ended: float | None = None
    reads: int = 0
    retries: int = 0
    faults: int = 0
    early_faults: int = 0
    version_matched: bool = False
    holding: Streak | None = None
    held: float = 0.0
    absent: Streak | None = None
    progress: Progress = Progress()
    phases: tuple[str, ...] = ()
    head: tuple[Change, ...] = ()
    tail: tuple[Change, ...] = ()
    left_out: int = 0
    ended: float = 0.0

    @property
    def timeline(self) -> tuple[Change, ...]:
        """Return the changes that are kept: the first `TIMELINE_HEAD` and the last `TIMELINE_TAIL`."""
        return self.head + self.tail

    @property
    def latest(self) -> Change | None:
        """Return the last change."""
        return (self.tail or self.head or (None,))[-1]

    @property
    def present(self) -> bool:
        """Return whether the last answer of ASM was the release itself."""
        return self.release is not None and self.absent is None


def advance(state: State, observation: Observation, conditions: Conditions) -> State:
    """Return the state after one more observation. A state with an outcome is final and stays as it is."""
    if state.outcome is not None:
        return state
    gap = _is_gap(state, observation, conditions)
    state = after_try(state, observation, conditions)
    if state.outcome is not None or state.faults:
        return state
    if observation.release is None:
        return _after_missing(state, observation, conditions, gap)
    return _after_release(state, observation, observation.release, conditions, gap)


def after_try(state: State, observation: Observation, conditions: Conditions) -> State:
    """Return the state after one more try, as far as it tells of the way to ASM and of the deadline.

    What the answer says of a release is not looked at.
    """
    retries = state.retries + (1 if state.faults else 0)
    error, gap = observation.error, _is_gap(state, observation, conditions)
    state = replace(state, ended=observation.completed, retries=retries)
    if observation.completed > conditions.wait_timeout:
        return at_deadline(replace(state, error=error) if error and error.passing else state, conditions)
    if error is not None and error.kind != "not_found":
        return _after_fault(state, error, conditions)
    return replace(
        state,
        answered=True,
        answer_ended=observation.completed,
        reads=state.reads + 1,
        faults=0,
        error=None,
        setback=state.error if gap and state.faults else state.setback,
    )


def _is_gap(state: State, observation: Observation, conditions: Conditions) -> bool:
    """Return whether nothing was known for so long that whatever held before holds no more.

    An answer is there when it is complete: a slow one does not bridge the time that it took.
    """
    longest = max(3 * conditions.wait_sleep, conditions.request_timeout)
    return state.answer_ended is not None and observation.completed - state.answer_ended > longest


def _after_fault(state: State, error: AsmError, conditions: Conditions) -> State:
    answered = state.answered or error.by_asm
    early = state.early_faults + (1 if not answered and error.kind in EARLY_KINDS else 0)
    state = replace(state, error=error, faults=state.faults + 1, answered=answered, early_faults=early)
    if not error.passing or (not answered and early > conditions.request_retries):
        return replace(state, outcome="error")
    return state


def _after_missing(state: State, observation: Observation, conditions: Conditions, gap: bool) -> State:
    state = _with_change(replace(state, holding=None, held=0.0), "", "0/0", observation.completed)
    gone = replace(state, outcome="missing", error=observation.error)
    if state.release is None:
        return replace(state, error=observation.error) if conditions.on_missing == "wait" else gone
    if state.absent is None or gap:
        return replace(state, absent=Streak(observation.completed))
    absent = replace(state.absent, count=state.absent.count + 1)
    is_accepted = _is_accepted(state.release, conditions)
    state = replace(state, absent=absent, held=absent.held(observation))
    if not is_accepted:
        return replace(gone, absent=absent)
    return replace(state, outcome="reached") if state.held >= conditions.stable_for else state


def _is_accepted(release: Release, conditions: Conditions) -> bool:
    """Return whether the disappearance of the release, as last seen, is a success."""
    was_met = is_phase(release.phase, conditions.missing_after) and not unmet_besides_phase(release, conditions)
    return conditions.on_missing == "accept" and was_met


def _after_release(
    state: State, observation: Observation, release: Release, conditions: Conditions, gap: bool
) -> State:
    other_uid = state.uid is not None and release.uid != state.uid
    other_version = state.version_matched and release.version != conditions.version
    held_before = state.holding is not None
    state = replace(
        _with_change(state, release.phase, release.ready_text, observation.completed),
        release=release,
        uid=release.uid if state.uid is None else state.uid,
        absent=None,
        version_matched=state.version_matched or release.version == conditions.version,
        release_ended=observation.completed,
        holding=_next_streak(state, observation, release, conditions, gap),
        progress=_next_progress(state, observation, release, gap or held_before, gap),
    )
    state = replace(state, held=state.holding.held(observation) if state.holding else 0.0)
    if other_uid or other_version:
        return replace(state, outcome="replaced", holding=None)
    if is_phase(release.phase, conditions.failure_phases) or (conditions.ready and exceeded(release)):
        return replace(state, outcome="failed", holding=None)
    if state.holding:
        return replace(state, outcome="reached") if _is_stable(state.holding, state.held, conditions) else state
    if 0 < conditions.stall_timeout <= state.progress.idle:
        return replace(state, outcome="stalled")
    return state


def _next_streak(
    state: State, observation: Observation, release: Release, conditions: Conditions, gap: bool
) -> Streak | None:
    """Return the streak of answers that meet all conditions; None when this one does not."""
    if not is_phase(release.phase, conditions.success_phases) or unmet_besides_phase(release, conditions):
        return None
    if state.holding is None or gap:
        return Streak(observation.completed)
    return replace(state.holding, count=state.holding.count + 1)


def _is_stable(holding: Streak, held: float, conditions: Conditions) -> bool:
    return conditions.stable_for == 0 or (holding.count >= 2 and held >= conditions.stable_for)


def unmet_besides_phase(release: Release, conditions: Conditions) -> list[Unmet]:
    """Return which of `version`, `images` and `ready` are wanted and not met."""
    unmet = []
    if conditions.version is not None and release.version != conditions.version:
        unmet.append(Unmet("version", release.version, (conditions.version,)))
    absent = missing_images(conditions.images, release.gray, release.planned)
    if absent:
        unmet.append(Unmet("images", wanted=tuple(absent)))
    why_not = why_not_ready(release.gray, release.planned) if conditions.ready else ""
    if why_not:
        unmet.append(Unmet("ready", why_not))
    return unmet


def missing_conditions(state: State, conditions: Conditions) -> list[Unmet]:
    """Return what keeps a gate closed that has no outcome, or whose outcome is `timeout` or `stalled`.

    Progress lines, the sentence of a pending gate and that of a timeout all come from here.
    """
    stable = Unmet("stable_for", f"{state.held:.0f}", (f"{conditions.stable_for:g}",))
    # Of a read without a gate there are none.
    phase = [Unmet("success_phases", wanted=conditions.success_phases)] if conditions.success_phases else []
    release, absent = state.release, state.absent
    if release is not None and absent is None:
        in_phase = is_phase(release.phase, conditions.success_phases)
        unmet = ([] if in_phase else phase) + unmet_besides_phase(release, conditions)
        return unmet or ([stable] if conditions.stable_for else [])
    if release is None or absent is None or not _is_accepted(release, conditions):
        return phase
    return [Unmet("missing_after")] if absent.count == 1 else [stable]


def exceeded(release: Release) -> list[str]:
    """Return the names of the gray workloads whose current generation has exceeded its progress deadline."""
    return [each.name for each in release.gray if each.deadline_exceeded]


def _next_progress(state: State, observation: Observation, release: Release, still: bool, gap: bool) -> Progress:
    """Return the progress after an answer; `still` says that the time before it does not count as idle."""
    highest = dict(state.progress.highest_ready)
    parts = []
    for each in release.gray:
        key = (each.cluster_id, each.namespace, each.name)
        highest[key] = max(each.ready, highest.get(key, 0))
        parts.append((key, each.desired, each.updated, highest[key]))
    signature = (release.phase.strip().casefold(), release.version, tuple(sorted(parts)))
    passed = 0.0 if still or state.release_ended is None else observation.completed - state.release_ended
    idle = 0.0 if gap or signature != state.progress.signature else state.progress.idle + passed
    return Progress(signature, tuple(sorted(highest.items())), idle)


def _with_change(state: State, phase: str, ready: str, after: float) -> State:
    """Return the state with an entry in its timeline, if phase or readiness are new."""
    if state.latest and (state.latest.phase, state.latest.ready) == (phase, ready):
        return state
    if phase and phase not in state.phases:
        state = replace(state, phases=(*state.phases, phase)[-PHASES_REMEMBERED:])
    change = Change(phase, ready, after)
    if len(state.head) < TIMELINE_HEAD:
        return replace(state, head=(*state.head, change))
    tail = (*state.tail, change)
    return replace(state, tail=tail[-TIMELINE_TAIL:], left_out=state.left_out + max(0, len(tail) - TIMELINE_TAIL))


def at_deadline(state: State, conditions: Conditions) -> State:
    """Return the state with the verdict that is due when no further read can be made."""
    if conditions.on_missing == "wait" and state.release is None and state.reads > 0:
        return replace(state, outcome="missing")
    return replace(state, outcome="timeout", error=state.error or state.setback)


def next_read(
    state: State, conditions: Conditions, now: float, jitter: float, length: float = 0.0, rested: float = 0.0
) -> float | None:
    """Return when the next read is due, in seconds since the wait began; None when there is no time for one.

    Args:
        now: seconds since the wait began.
        jitter: a factor near 1 for the pause.
        length: seconds that a look takes because of pauses within it.
        rested: seconds of such pauses in the last one; the pause before the next is so much shorter.
    """
    last = last_read(conditions)
    if now >= last:
        return None
    if state.faults and state.error is not None:
        return min(now + pause_after_fault(state.error, state.faults, jitter), last)
    due = now + conditions.wait_sleep * jitter - rested
    # A look that takes long begins so early that all of it is in time, as long as there is so much time left.
    whole = last - length
    return max(now, min(due, whole if now < whole else last, *falls_due(state, conditions)))


def last_read(conditions: Conditions) -> float:
    """Return when the last read begins, in seconds since the wait began: early enough to be answered in time."""
    return conditions.wait_timeout - (2.0 if conditions.wait_timeout >= 10 else 1.0)


def pause_after_fault(error: AsmError, faults: int, jitter: float) -> float:
    """Return how many seconds to wait after so many passing faults in a row."""
    return max(error.pause(faults, jitter), _SHORTEST_PAUSE)


def falls_due(state: State, conditions: Conditions) -> Sequence[float]:
    """Return the times at which a read would decide, if nothing has changed by then."""
    times = []
    streak = state.holding or (state.absent if state.absent and state.absent.count >= 2 else None)
    if streak and conditions.stable_for:
        times.append(streak.since + conditions.stable_for + _JUST_AFTER)
    if conditions.stall_timeout and state.present and not state.holding and state.release_ended is not None:
        times.append(state.release_ended + conditions.stall_timeout - state.progress.idle + _JUST_AFTER)
    return times


def hold(
    look: Callable[[], Release],
    conditions: Conditions,
    clock: Callable[[], float],
    jitter: Callable[[], float],
    tell: Callable[[State, float | None], None],
    rest: Callable[[float], None],
) -> State:
    """Look again and again until there is a verdict, and return the state that has it.

    Args:
        look: returns the release or raises an `AsmError`.
        clock: seconds since the wait began.
        jitter: factors near 1.
        tell: is told each state, and when the next read is due.
        rest: pauses until a time of the clock.
    """
    state = State()
    while True:
        started = clock()
        release: Release | None
        error: AsmError | None
        try:
            release, error = look(), None
        except AsmError as fault:
            release, error = None, fault
        state = advance(state, Observation(started, clock(), release, error), conditions)
        now = clock()
        due = next_read(state, conditions, now, jitter()) if state.outcome is None else None
        if due is None:
            # An answer may come just before the last read is due, and this look at the clock just after.
            state = state if state.outcome else replace(at_deadline(state, conditions), ended=now)
            tell(state, None)
            return state
        tell(state, due)
        rest(due)
