# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the event source knows of a mesh, as plain values that survive a restart, and back. Pure.

No manifests and no credentials: the values whose change is an event, the counters, and the age of a run of a gate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from ..options.request import Conditions
from .availability import Availability
from .tracker import BASELINE_LISTS, GateRun, TrackedRelease, Tracker

_TIMES = ("stable_for", "stall_timeout")
"""Conditions that may change without a new run of the gate."""

_PHASES = ("success_phases", "failure_phases", "missing_after")

_LONGEST_RUN = 10**9
"""Seconds, about thirty years; an older run counts as so old."""

_RUN_PRECISION = 60
"""The age of a run is saved in whole minutes, so that time alone does not rewrite the file at each poll."""

_MOST_CHANGES = 2**53
"""Larger numbers are not exact in every JSON reader."""


def snapshot(tracker: Tracker, availability: Availability, now: float) -> dict[str, Any]:
    """Return what is known of a mesh as plain values.

    Args:
        now: on the clock of the polls.
    """
    return {
        "gate": _digest(tracker.conditions),
        "baseline": tracker.baseline,
        "changes": availability.changes,
        "unavailable_since": availability.since if availability.is_unavailable else "",
        "releases": [_release_snapshot(each, tracker, now) for each in tracker.releases.values()],
    }


def restored(values: Any, tracker: Tracker, now: float) -> tuple[Tracker, Availability]:
    """Return what was known of a mesh.

    A run of other conditions does not go on. The time while the source did not run does not count.

    Args:
        values: as `snapshot` returned them.
        tracker: as it begins without them.

    Raises:
        ValueError: they are not of that shape.
    """
    values = _object(values)
    has_same_gate = _text(values.get("gate")) == _digest(tracker.conditions)
    releases: dict[str, TrackedRelease] = {}
    for each in _list(values.get("releases")):
        tracked = _release(_object(each), tracker, now)
        if not tracked.uid or tracked.uid in releases:
            raise ValueError("a uid is missing or repeated")
        if not has_same_gate:
            tracked = replace(tracked, run=None, unmet=None, was_interrupted=False)
        releases[tracked.uid] = tracked
    since = _text(values.get("unavailable_since"))
    availability = Availability(
        since=since, is_unavailable=bool(since), changes=_count(values.get("changes"), _MOST_CHANGES)
    )
    baseline = _count(values.get("baseline"), BASELINE_LISTS)
    return replace(tracker, baseline=baseline, releases=releases), availability


def _digest(conditions: Conditions | None) -> str:
    """Return a digest of what a gate waits for, the same for conditions that mean the same, whatever their times."""
    if conditions is None:
        return ""
    names = [field.name for field in fields(conditions) if field.name not in _TIMES]
    meaning = {name: _meaning(name, getattr(conditions, name)) for name in names}
    return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()


def _meaning(name: str, value: Any) -> Any:
    """Return the value of a condition without what makes no difference: order, repeats and the case of phases."""
    if not isinstance(value, tuple):
        return value
    return sorted({each.strip().casefold() if name in _PHASES else each for each in value})


def _release_snapshot(tracked: TrackedRelease, tracker: Tracker, now: float) -> dict[str, Any]:
    run = tracked.run
    return {
        "uid": tracked.uid,
        "namespace": tracked.namespace,
        "name": tracked.name,
        "service": tracked.service,
        "phase": tracked.phase,
        "version": tracked.version,
        "images": None if tracked.images is None else [[*images] for images in tracked.images],
        "ready": tracked.ready,
        "changes": tracked.changes,
        "is_gone": tracked.is_gone,
        "is_excluded": tracked.is_excluded,
        "unmet": tracked.unmet,
        "accepts_absence": tracked.accepts_absence,
        "was_interrupted": tracked.was_interrupted,
        "run": run and {"age": _age(run, tracker, now), "version_matched": run.gate.version_matched},
    }


def _age(run: GateRun, tracker: Tracker, now: float) -> int:
    waited = run.gate.schedule.wait_timeout - tracker.schedule.wait_timeout
    return min(int((now - run.began - waited) // _RUN_PRECISION) * _RUN_PRECISION, _LONGEST_RUN)


def _release(values: Mapping[str, Any], tracker: Tracker, now: float) -> TrackedRelease:
    images, run = values.get("images"), values.get("run")
    tracked = TrackedRelease(
        uid=_text(values.get("uid")),
        namespace=_text(values.get("namespace")),
        name=_text(values.get("name")),
        service=_text(values.get("service")),
        phase=_text_or_null(values.get("phase")),
        version=_text_or_null(values.get("version")),
        images=None if images is None else tuple(tuple(map(_text, _list(each))) for each in _list(images)),
        ready=_boolean_or_null(values.get("ready")),
        changes=_count(values.get("changes"), _MOST_CHANGES),
        is_gone=_boolean(values.get("is_gone")),
        is_excluded=_boolean(values.get("is_excluded")),
        unmet=_boolean_or_null(values.get("unmet")),
        accepts_absence=_boolean(values.get("accepts_absence")),
        was_interrupted=_boolean(values.get("was_interrupted")),
    )
    if run is None:
        return tracked
    age, version_matched = _count(_object(run).get("age"), _LONGEST_RUN), _boolean(run.get("version_matched"))
    return replace(tracked, run=tracker.resumed_run(tracked, now - age, version_matched))


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object is missing")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is missing")
    # Raises for half of a surrogate pair, which no request could ask for.
    value.encode()
    return value


def _text_or_null(value: Any) -> str | None:
    return None if value is None else _text(value)


def _count(value: Any, most: int) -> int:
    # bool is an int to Python.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError("a number is missing")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("a boolean is missing")
    return value


def _boolean_or_null(value: Any) -> bool | None:
    return None if value is None else _boolean(value)
