# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of a mesh survives as plain values, or is refused."""

from __future__ import annotations

import copy
import json
from dataclasses import fields, replace
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import ServerError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.availability import Availability
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.snapshot import restored, snapshot
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.tracker import TrackedRelease, Tracker
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import Conditions, Schedule

GATE = Conditions(("Running",), ("Failed",), images=("b", "a"))
TRACKER = Tracker(GATE, Schedule(), baseline=1)
RELEASE = TrackedRelease(
    "uid-a", "bookinfo", "a", "reviews", "Running", "v2", (("image:2",),), True, 7, unmet=False, was_interrupted=False
)
RUNNING = replace(TRACKER, releases={"uid-a": replace(RELEASE, run=TRACKER.resumed_run(RELEASE, 0.0))})
UNAVAILABLE = Availability(ServerError("busy"), 1, 5.0, "2026-03-01T12:00:00Z", True, 3)


def saved(**changes: Any) -> dict[str, Any]:
    """Return a snapshot as it comes out of a file."""
    tracker = replace(TRACKER, releases={"uid-a": replace(RELEASE, run=TRACKER.resumed_run(RELEASE, -90.0), **changes)})
    values: dict[str, Any] = json.loads(json.dumps(snapshot(tracker, UNAVAILABLE, 10.0)))
    return values


def test_what_was_known_is_known_again() -> None:
    tracker, availability = restored(saved(), TRACKER, 1000.0)
    (release,) = tracker.releases.values()
    assert replace(release, run=None) == RELEASE
    assert release.run is not None
    # In whole minutes: 100 seconds had passed.
    assert release.run.began == 1000.0 - 60
    assert (tracker.baseline, availability.is_unavailable, availability.since, availability.changes) == (
        1,
        True,
        "2026-03-01T12:00:00Z",
        3,
    )


def test_time_alone_changes_a_snapshot_once_a_minute() -> None:
    snapshots = {json.dumps(snapshot(RUNNING, Availability(), float(now))) for now in range(0, 180, 5)}
    assert len(snapshots) == 3


def test_a_time_in_which_nothing_could_be_read_makes_no_run_older() -> None:
    (release,) = snapshot(RUNNING.after_wait(500), Availability(), 570.0)["releases"]
    assert release["run"]["age"] == 60


@pytest.mark.parametrize(
    ("conditions", "goes_on"),
    [
        (GATE, True),
        (replace(GATE, success_phases=(" running ",), images=("a", "b", "a")), True),
        (replace(GATE, stable_for=60, stall_timeout=9), True),
        (replace(GATE, version="v2"), False),
        (replace(GATE, failure_phases=()), False),
        (None, False),
    ],
)
def test_a_run_goes_on_with_the_same_conditions_only(conditions: Conditions | None, goes_on: bool) -> None:
    tracker, _availability = restored(saved(), replace(TRACKER, conditions=conditions), 0.0)
    (release,) = tracker.releases.values()
    assert (release.run is not None) == goes_on
    assert release.changes == 7


@pytest.mark.parametrize("name", [field.name for field in fields(Conditions)])
def test_only_the_times_of_the_conditions_may_change(name: str) -> None:
    values: dict[str, Any] = {
        "ready": True,
        "version": "v2",
        "stable_for": 7.0,
        "stall_timeout": 7.0,
        "on_missing": "wait",
    }
    tracker = replace(TRACKER, conditions=replace(GATE, **{name: values.get(name, ("x",))}))
    (release,) = restored(saved(), tracker, 0.0)[0].releases.values()
    assert (release.run is not None) == (name in ("stable_for", "stall_timeout"))


def damages() -> list[tuple[list[Any], Any]]:
    """Return a path into a snapshot, and what does not belong there."""
    release: list[Any] = ["releases", 0]
    return [
        *(([name], None) for name in ("gate", "baseline", "changes", "unavailable_since", "releases")),
        (["baseline"], 3),
        (["baseline"], True),
        ([*release], "a"),
        ([*release, "uid"], ""),
        ([*release, "uid"], "\ud800"),
        ([*release, "name"], 1),
        ([*release, "phase"], 1),
        ([*release, "images"], "a"),
        ([*release, "images"], [[1]]),
        ([*release, "ready"], 1),
        ([*release, "changes"], -1),
        ([*release, "changes"], 2**60),
        ([*release, "is_gone"], None),
        ([*release, "is_excluded"], None),
        ([*release, "run"], 1),
        ([*release, "run", "age"], 1.5),
        ([*release, "run", "version_matched"], None),
    ]


@pytest.mark.parametrize(("path", "value"), damages(), ids=str)
def test_other_values_are_refused(path: list[Any], value: Any) -> None:
    values = copy.deepcopy(saved())
    parent: Any = values
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    with pytest.raises(ValueError):  # noqa: PT011
        restored(values, TRACKER, 0.0)


def test_a_repeated_uid_is_refused() -> None:
    values = saved()
    values["releases"] *= 2
    with pytest.raises(ValueError, match="repeated"):
        restored(values, TRACKER, 0.0)
