# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of one gate: its one sentence, its progress line, and its part of a result. Pure, like the gate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Callable

from .gate import Change, State, exceeded
from .options import Conditions, is_phase
from .release import Release, missing_images, why_not_ready
from .text import Cleaner, listed

SHUT = "the gate stays shut"

_NAMED = 3
"""How many workloads a sentence names."""

_NOT_THERE = "it is not there"

_YAML_HINT = "YAML reads 1.10 as the number 1.1, so quote it"


def sentence(state: State, conditions: Conditions, label: str, clean: Cleaner) -> str:
    """Return the verdict as one sentence.

    Args:
        state: with or without an outcome; without one, the gate is pending.
        label: which release, clean.
        clean: for phases, names and texts of the service.
    """
    if state.outcome == "error" and state.error:
        return f"{SHUT}: {state.error.sentence(clean)}"
    return f"{opening(state.outcome)}: {told(state, conditions, label, clean)}"


def opening(outcome: str | None) -> str:
    """Return how the sentence of a verdict begins."""
    return {None: "the gate is not open yet", "reached": "the gate is open"}.get(outcome, SHUT)


def told(state: State, conditions: Conditions, label: str, clean: Cleaner) -> str:
    """Return what a state means for its release, without a word of the gate; as `sentence`."""
    say: dict[str | None, Callable[[], str]] = {
        None: lambda: f"{label}: {_open_points(state, conditions, clean)}",
        "reached": lambda: _reached(state, label, clean),
        "failed": lambda: f"{label} {_failure(state, conditions, clean)}",
        "timeout": lambda: _timeout(state, conditions, label, clean),
        "stalled": lambda: (
            f"{label} has made no progress for {state.progress.idle:.0f} s: {_open_points(state, conditions, clean)}"
        ),
        "missing": lambda: _missing(state, conditions, label, clean),
        "replaced": lambda: f"{label} {_replacement(state, conditions, clean)}",
        "error": lambda: f"{label}: {state.error.sentence(clean) if state.error else 'unknown error'}",
    }
    return say[state.outcome]()


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
    names = exceeded(release) if release else []
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    told = listed(clean(name) for name in names[:_NAMED])
    return f"has a gray workload that has exceeded its progress deadline: {told}{more}"


def _timeout(state: State, conditions: Conditions, label: str, clean: Cleaner) -> str:
    seen = listed(clean(phase) for phase in state.phases) if state.phases else "none"
    parts = [
        f"{label} did not meet all conditions within {conditions.wait_timeout:g} s",
        f"phases wanted: {listed(map(clean, conditions.success_phases))}; phases seen: {seen}",
    ]
    if state.holding:
        parts.append(_held(state, conditions))
    elif state.release and state.present:
        # The phases have just been told.
        parts += _other_points(state.release, conditions, clean)
    elif state.release:
        parts.append(_open_points(state, conditions, clean))
    if state.error:
        parts.append(f"the last fault was: {state.error.sentence(clean)}")
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


def _open_points(state: State, conditions: Conditions, clean: Cleaner) -> str:
    """Return what is still wanted, and what was seen instead."""
    release = state.release
    if state.absent is not None and state.absent.count > 1:
        return f"it has disappeared, {_held(state, conditions)}"
    if release is None or not state.present:
        return _NOT_THERE
    points = _other_points(release, conditions, clean)
    if not is_phase(release.phase, conditions.success_phases):
        wanted = listed(map(clean, conditions.success_phases))
        points.insert(0, f"its phase is {clean(release.phase) or 'none'}, wanted {wanted}")
    return ", ".join(points) or _held(state, conditions)


def _held(state: State, conditions: Conditions) -> str:
    return f"{state.held:.0f} of {conditions.stable_for:g} s held"


def _other_points(release: Release, conditions: Conditions, clean: Cleaner) -> list[str]:
    """Return what is still wanted besides the phase."""
    points = []
    if conditions.version is not None and release.version != conditions.version:
        points.append(f"its version is '{clean(release.version)}', wanted '{clean(conditions.version)}' ({_YAML_HINT})")
    absent = missing_images(conditions.images, release.gray, release.planned)
    if absent:
        points.append(f"not every gray workload has {listed(clean(image) for image in absent)}")
    why_not = why_not_ready(release.gray, release.planned) if conditions.ready else ""
    if why_not:
        points.append(f"it is not ready: {clean(why_not)}")
    return points


def progress_line(before: Change | None, state: State, label: str, rest: float | None, clean: Cleaner) -> str:
    """Return the line that a person reads while the gate is held.

    Args:
        before: the phase and readiness of the line before, None for the first one.
        rest: seconds until the next read, None when there is a verdict.
    """
    phase = "unknown"
    if state.latest is not None:
        phase = clean(state.latest.phase) or ("no phase" if state.present else "not there")
        if before is not None and before.phase != state.latest.phase:
            phase = f"{clean(before.phase) or 'not there'} → {phase}"
    parts = [f"{label} {phase}"]
    if state.present and state.latest is not None:
        parts.append(f"{state.latest.ready} ready")
    parts.append(f"{state.ended:.0f} s")
    if state.faults and state.error:
        parts.append(f"{state.error.kind} ({state.faults} in a row)" if state.error.passing else state.error.kind)
    parts.append(state.outcome or ("" if rest is None else f"next look in {rest:.0f} s"))
    return "release_gate: " + ", ".join(part for part in parts if part)


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
        "message": sentence(state, conditions, label, clean),
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
