# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events that were written down are known again, and nothing else is taken for one."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.event_report import EventReport, parse_events
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.follow import CHANGES, VERDICTS
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.followed import SOURCE, Follower, gate
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.trains import Poll, item

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)

POLLS: list[Poll] = [
    {"a": "Creating"},
    {"a": "Creating"},
    {"a": "Running", "b": "Failed", "c": "Paused"},
    {"a": item("a", "Running", gray=[deployment(ready=1)]), "c": "Paused"},
    {"c": "Paused", "d": "Paused"},
    {"d": "Slow"},
    {"d": "Slower"},
]


def written(manifests: bool = False) -> list[dict[str, Any]]:
    """Return events of each kind, from a file."""
    follower = Follower(gate=gate(stall_timeout=15, wait_timeout=25))
    report = EventReport(Cleaner(), manifests, NOON, "mesh", SOURCE)
    events = [report.event(event) for shown in POLLS for event in follower.poll(shown)]
    events += [report.event(event) for _poll in range(2) for event in follower.poll({"d": "Slowest"})]
    known: list[dict[str, Any]] = json.loads(json.dumps(events, allow_nan=False))
    assert known == events
    return known


def of_kind(kind: str) -> dict[str, Any]:
    return next(event for event in written() if event["kind"] == kind)


@pytest.mark.parametrize("manifests", [False, True], ids=["plain", "with manifests"])
def test_events_of_each_kind_are_known_again(manifests: bool) -> None:
    events = written(manifests)
    assert {event["kind"] for event in events} == CHANGES | VERDICTS
    assert parse_events(events) == events


@pytest.mark.parametrize("kind", ["phase", "reached"])
def test_an_event_lacks_nothing(kind: str) -> None:
    event = of_kind(kind)
    for name in event:
        with pytest.raises(ValueError, match="something else than events"):
            parse_events([{key: value for key, value in event.items() if key != name}])


@pytest.mark.parametrize("damage", [None, True, 1, "text", {}, []], ids=json.dumps)
def test_no_value_of_another_type_is_taken(damage: Any) -> None:
    event = of_kind("reached")
    for name, value in event.items():
        if type(value) is type(damage) and name not in ("kind", "meta"):
            continue
        with pytest.raises(ValueError, match="something else than events"):
            parse_events([{**event, name: damage}])


@pytest.mark.parametrize(
    "part",
    [
        pytest.param({"more": 1}, id="another name"),
        pytest.param({"kind": "opened"}, id="another kind"),
        pytest.param({"gate": {}}, id="a gate of a change"),
        pytest.param({"meta": {"uuid": "no uuid"}}, id="no uuid"),
        pytest.param({"meta": {"uuid": f"{{{SOURCE}}}"}}, id="a uuid in another form"),
        pytest.param({"meta": {"uuid": 1}}, id="a number for a uuid"),
        pytest.param({"release": {"x": float("inf")}}, id="an infinity"),
        pytest.param({"name": "\ud800"}, id="half of a surrogate pair"),
    ],
)
def test_what_no_source_makes_is_no_event(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_events([{**of_kind("phase"), **part}])


@pytest.mark.parametrize("values", [None, {}, "x", [None], [[]]], ids=json.dumps)
def test_something_else_is_no_list_of_events(values: Any) -> None:
    with pytest.raises(ValueError, match="something else than events"):
        parse_events(values)
