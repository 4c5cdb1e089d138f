# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of one gate: its one sentence, its progress line, and its part of a result. Pure, like the gate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Callable

from .old_gate import Change, State, Unmet, exceeded, missing_conditions
from .options.spec import Conditions, is_phase
from .sanitize import Cleaner, listed

SHUT = "the gate stays shut"

_NAMED = 3
"""How many workloads or images a sentence names."""

_STILL_WAITS = (None, "timeout", "stalled")
"""Outcomes that conditions which are not met explain."""


def sentence(state: State, conditions: Conditions, label: str, clean: Cleaner, check_mode: bool = False) -> str:
    """Return the verdict as one sentence.

    Args:
        state: with or without an outcome; without one, the gate is pending.
        label: which release, clean.
        clean: for phases, names and texts of the service.
        check_mode: whether the outcome is what one read alone would mean.
    """
    begins = opening(state.outcome, check_mode)
    if state.outcome == "error" and state.error:
        return f"{begins}: {state.error.sentence(clean)}"
    return f"{begins}: {told(state, conditions, label, clean)}"


def opening(outcome: str | None, check_mode: bool = False) -> str:
    """Return how the sentence of a verdict begins; in check mode with what the outcome would do without it."""
    if not check_mode:
        return {None: "the gate is not open yet", "reached": "the gate is open"}.get(outcome, SHUT)
    if outcome == "error":
        return f"check mode: {SHUT}"
    does = {None: "the gate would wait", "reached": "the gate would open"}
    otherwise = "the gate would stay shut and the task would fail"
    return f"check mode: this read alone means {outcome or 'pending'}, so {does.get(outcome, otherwise)}"


def told(state: State, conditions: Conditions, label: str, clean: Cleaner) -> str:
    """Return what a state means for its release, without a word of the gate; as `sentence`."""
    say: dict[str | None, Callable[[], str]] = {
        None: lambda: _pending(state, conditions, label, clean),
        "reached": lambda: _reached(state, label, clean),
        "failed": lambda: f"{label} {_failure(state, conditions, clean)}",
        "timeout": lambda: _timeout(state, conditions, label, clean),
        "stalled": lambda: (
            f"{label} has made no progress for {state.progress.idle:.0f} s; {_pending(state, conditions, 'it', clean)}"
        ),
        "missing": lambda: _missing(state, conditions, label, clean),
        "replaced": lambda: f"{label} {_replacement(state, conditions, clean)}",
        "error": lambda: f"{label}: {state.error.sentence(clean) if state.error else 'unknown error'}",
    }
    return say[state.outcome]()


def _pending(state: State, conditions: Conditions, label: str, clean: Cleaner) -> str:
    return f"{label} is {standing(state, clean)}{in_brackets(still_missing(state, conditions, clean))}"


def in_brackets(texts: Sequence[str]) -> str:
    """Return texts as an addition to what stands before them; nothing without any."""
    return f" ({'; '.join(texts)})" if texts else ""


def standing(state: State, clean: Cleaner) -> str:
    """Return what is known of the release: phase and readiness, or that it is not there."""
    if state.release is not None and state.present:
        return f"{clean(state.release.phase) or 'in no phase'}, {state.release.ready_text} ready"
    if state.latest is None:
        return "not answered yet"
    return "not there" if state.release is not None else "not there yet"


def still_missing(state: State, conditions: Conditions, clean: Cleaner) -> list[str]:
    """Return the conditions that a gate still waits for, each in a few words; none where another outcome says more."""
    return [_words(each, clean) for each in _unmet(state, conditions)]


def _unmet(state: State, conditions: Conditions) -> list[Unmet]:
    return missing_conditions(state, conditions) if state.outcome in _STILL_WAITS else []


def _words(unmet: Unmet, clean: Cleaner) -> str:
    wanted = [clean(each) for each in unmet.wanted]
    say: dict[str, Callable[[], str]] = {
        "success_phases": lambda: f"waiting for {' or '.join(wanted)}",
        "version": lambda: f"version is {clean(unmet.seen) or 'empty'}, waiting for {wanted[0]}",
        "images": lambda: f"not every gray workload has {_some(wanted)}",
        "ready": lambda: f"not ready: {clean(unmet.seen)}",
        "stable_for": lambda: f"stable {unmet.seen} of {wanted[0]} s",
        "missing_after": lambda: "waiting for a second 404",
    }
    return say[unmet.option]()


def news(state: State, conditions: Conditions) -> object:
    """Return what of a gate is worth a line when it changes: no counter, and no reason that changes with each pod."""
    unmet = _unmet(state, conditions)
    missing = [(each.option, each.wanted, each.seen if each.option == "version" else "") for each in unmet]
    return state.outcome, state.latest, missing


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return listed(texts[:_NAMED]) + more


def _reached(state: State, label: str, clean: Cleaner) -> str:
    after = f"after {state.ended:.0f} s"
    if state.release is None or not state.present:
        last = clean(state.release.phase) if state.release else ""
        return f"{label} has disappeared, as it may after {last}, {after}"
    return f"{label} is {clean(state.release.phase)}, {state.release.ready_text} ready, {after}"


def _failure(state: State, conditions: Conditions, clean: Cleaner) -> str:
    release = state.release
    if release and is_phase(release.phase, conditions.failure_phases):
        return f"is {clean(release.phase)}, which is one of failure_phases"
    names = [clean(name) for name in exceeded(release)] if release else []
    return f"has a gray workload that has exceeded its progress deadline: {_some(names)}"


def _timeout(state: State, conditions: Conditions, label: str, clean: Cleaner) -> str:
    seen = listed(clean(phase) for phase in state.phases) if state.phases else "none"
    parts = [
        f"{label} did not meet all conditions within {conditions.wait_timeout:g} s",
        f"phases wanted: {listed(map(clean, conditions.success_phases))}; phases seen: {seen}",
    ]
    if state.release is not None and not state.present:
        parts.append(f"the release is {standing(state, clean)}")
    # The phases have just been named.
    parts += [_words(each, clean) for each in _unmet(state, conditions) if each.option != "success_phases"]
    if state.error:
        parts.append(f"the last error was: {state.error.sentence(clean)}")
    return "; ".join(parts)


def _missing(state: State, conditions: Conditions, label: str, clean: Cleaner) -> str:
    if state.release is not None:
        return f"{label} has disappeared; its last phase was {clean(state.release.phase) or 'none'}"
    if conditions.on_missing == "wait":
        return f"{label} has not appeared within {conditions.wait_timeout:g} s; check mesh_id, namespace and release_id"
    return f"ASM knows no release {label}; check mesh_id, namespace and release_id"


def _replacement(state: State, conditions: Conditions, clean: Cleaner) -> str:
    release = state.release
    if release and release.uid != state.uid:
        return f"is another one now: its uid was {clean(state.uid or '')} and is {clean(release.uid)}"
    version = clean(release.version) if release else ""
    return f"has another version now: it was {clean(conditions.version or '')} and is {version}"


def progress_line(
    before: Change | None, state: State, conditions: Conditions, label: str, rest: float | None, clean: Cleaner
) -> str:
    """Return the line that a person reads while the gate waits: what there is, what is missing, and what comes next.

    Args:
        before: the phase and readiness of the line before, None for the first one.
        rest: as for `what_next`.
    """
    parts = [
        f"{label} {earlier_phase(before, state.latest, clean)}{standing(state, clean)}",
        *still_missing(state, conditions, clean),
        *what_next(state, state.outcome, state.ended, rest),
    ]
    return "release_gate: " + "; ".join(parts)


def earlier_phase(before: Change | None, latest: Change | None, clean: Cleaner) -> str:
    """Return the phase of the line before with an arrow if it was another one, else nothing."""
    if before is None or latest is None or before.phase == latest.phase:
        return ""
    return f"{clean(before.phase) or 'not there'} → "


def what_next(state: State, outcome: str | None, ended: float, rest: float | None) -> list[str]:
    """Return how a progress line ends: a transient error and its retry, the outcome or the next poll.

    Args:
        state: of the requests.
        outcome: of the gate.
        ended: seconds, as in `gate.elapsed`.
        rest: seconds until the next poll; None when there is an outcome, or while a request takes its time.
    """
    error = state.error.kind if state.error else ""
    if outcome == "error":
        return [f"error ({error}) after {ended:.0f} s"]
    transient = f"transient error ({error})" if state.faults else ""
    if outcome is not None:
        return [each for each in (transient, f"{outcome} after {ended:.0f} s") if each]
    retry = f"{transient}, retry {state.faults}" if transient else ""
    next_poll = "waiting for an answer" if rest is None else f"next poll in {max(0.0, rest):.0f} s"
    return [each for each in (retry, next_poll) if each]


def report_gate(
    state: State, conditions: Conditions, label: str, began: datetime, clean: Cleaner, check_mode: bool
) -> dict[str, Any]:
    """Return the `gate` of a result.

    Args:
        began: wall clock, UTC, when the wait began; all other times are counted from it, so that a clock that is set
            meanwhile does not matter.
    """
    return {
        "outcome": state.outcome or "pending",
        "message": sentence(state, conditions, label, clean, check_mode),
        "elapsed": round(state.ended, 3),
        "reads": state.reads,
        "retries": state.retries,
        **report_timeline(state, began, clean),
        "check_mode": check_mode,
    }


def report_timeline(state: State, began: datetime, clean: Cleaner) -> dict[str, Any]:
    """Return `timeline` and `timeline_left_out` of a result; as `report_gate`."""
    return {
        "timeline": [
            {
                "phase": clean(change.phase),
                "at": (began + timedelta(seconds=change.after)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "after": round(change.after, 3),
                "ready": change.ready,
            }
            for change in state.timeline
        ],
        "timeline_left_out": state.left_out,
    }
