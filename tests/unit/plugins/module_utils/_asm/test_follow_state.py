# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of followed releases survives as plain values, and values that are none of these are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.follow import (
    LISTS_OF_THE_BASELINE,
    MOST_CHANGES,
    begin,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.follow_state import (
    parse_following,
    report_following,
    report_watched,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions, Named, Selection, Several
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import IMAGE, deployment
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.followed import (
    ALL,
    SOURCE,
    Follower,
    follow,
    gate,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.trains import Own, Poll, in_part, item

GATE = gate(version="v2")


def values() -> dict[str, Any]:
    """Return what is known after some polls: a run, a release at rest, one that is gone, and one that is unread."""
    follower = Follower(gate=GATE)
    unread = Own(503, listed=in_part("d"))
    polls: list[Poll] = [
        {"a": "Creating", "b": "Running", "c": "Running", "d": unread},
        {"a": "Creating", "b": "Running", "c": "Running", "d": unread},
        {"a": "Paused", "b": "Running", "d": unread},
        {"a": "Paused", "b": "Running", "d": unread},
    ]
    follow(follower, *polls)
    known: dict[str, Any] = json.loads(json.dumps(report_following(follower.following, follower.now + 0.5)))
    return known


def test_what_is_written_is_what_a_change_is_told_by() -> None:
    known = values()
    assert known["releases"][0] == {
        "namespace": "bookinfo",
        "release_id": "a",
        "uid": "a",
        "name": "a-canary",
        "phase": "Paused",
        "version": "v2",
        "images": [[IMAGE]],
        "ready": True,
        "changes": 1,
        "unmet": False,
        "gone": False,
        "interrupted": False,
        "run": {"milliseconds": 20_500, "version_matched": "v2"},
    }
    (retired,) = known["retired"]
    assert (retired["uid"], retired["phase"], retired["changes"], retired["gone"]) == ("c", "Running", 1, True)
    assert (known["source"], known["baseline"], known["unread"]) == (SOURCE, 0, [["bookinfo", "d"]])


def test_what_was_written_is_known_again() -> None:
    again = parse_following(values(), begin(ALL, GATE, True, "another"))
    assert json.loads(json.dumps(report_following(again, 0.0))) == values()


@pytest.mark.parametrize(
    "conditions",
    [None, gate(version="v3"), gate("Done", version="v2"), gate(version="v2", ready=True)],
    ids=["no gate", "another version", "another phase", "another condition"],
)
def test_a_run_goes_on_with_the_same_gate_only(conditions: Any) -> None:
    known = parse_following(values(), begin(ALL, conditions, False)).releases.values()
    assert [(each.run, each.unmet) for each in known] == [(None, None)] * len(known)


def test_a_run_goes_on_when_it_may_take_longer() -> None:
    longer = gate(version="v2", wait_timeout=3600, stable_for=60, stall_timeout=600)
    known = parse_following(values(), begin(ALL, longer, False)).releases
    assert known["bookinfo", "a"].run is not None


def test_another_gate_of_a_release_that_is_named_is_another_gate() -> None:
    several = [Several("mesh", (Named("n", "a", version),)) for version in ("v1", "v2")]
    assert len({begin(each, GATE, False).gate for each in several}) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(gate("Running", "Done"), gate("Done", "Running"), id="phases in another order"),
        pytest.param(gate("Running"), gate(" RUNNING ", "running"), id="a phase in another case"),
        pytest.param(gate(images=("a:1", "b:1")), gate(images=("b:1", "a:1")), id="images in another order"),
    ],
)
def test_the_same_gate_in_other_words_is_the_same(one: Conditions, other: Conditions) -> None:
    assert begin(ALL, one, False).gate == begin(ALL, other, False).gate


@pytest.mark.parametrize(
    ("before", "after", "polls", "events"),
    [
        pytest.param(
            gate(version="v1", stable_for=100),
            gate(version="v2", stable_for=100),
            [item("a", version="v1"), item("a", version="v2")],
            [[], []],
            id="a version that had matched",
        ),
        pytest.param(
            gate("Done"),
            gate(ready=True),
            [item("a"), item("a", gray=[deployment(ready=1)]), item("a")],
            [[], ["a ready no"], ["a ready yes"]],
            id="met by another gate, and a flapping pod",
        ),
    ],
)
def test_what_another_gate_has_made_of_a_release_is_forgotten(
    before: Any, after: Any, polls: list[Any], events: list[list[str]]
) -> None:
    follower = Follower(gate=before)
    follow(follower, *[{"a": polls[0]}] * 2)
    assert follow(follower.restarted(gate=after), *({"a": each} for each in polls)) == events


def test_what_cut_a_run_of_another_gate_short_begins_none_of_this_one() -> None:
    follower = Follower(gate=gate(stable_for=45))
    follow(follower, {"a": "Creating"}, {"a": "Running"}, {}, {})
    other = follower.restarted(gate=gate("Running", "Done"))
    assert follow(other, {"a": "Running"}, {"a": "Running"}) == [["a appeared Running"], []]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container of a JSON value, with each key or index in it."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(each, (dict, list)):
            yield from places(each)


MAY_BE_NULL = {"phase", "version", "images", "ready", "unmet", "run", "version_matched"}


@pytest.mark.parametrize("damage", [None, True, -1, 1.5, "text", {}, [[]]], ids=json.dumps)
def test_no_value_of_another_type_is_taken(damage: Any) -> None:
    taken = []
    for number in range(sum(1 for _place in places(values()))):
        known = values()
        container, key = list(places(known))[number]
        was, container[key] = container[key], damage
        # The same type, as far as JSON knows types, is another value and no damage.
        if type(was) is type(damage) or (damage is None and key in MAY_BE_NULL):
            continue
        try:
            parse_following(known, begin(ALL, GATE, False))
        except ValueError:
            continue
        taken.append(key)
    assert taken == []


@pytest.mark.parametrize("name", ["releases", "retired", "unread"])
def test_nothing_may_be_missing(name: str) -> None:
    known = values()
    del known[name]
    with pytest.raises(ValueError, match="a list is missing"):
        parse_following(known, begin(ALL, GATE, False))


def damaged(path: Sequence[Any], value: Any) -> dict[str, Any]:
    """Return what is known, with another value at a path."""
    known = place = values()
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return known


RUN = {"version_matched": None}

BOUNDS: list[Any] = [
    pytest.param(["source"], ["", "a" * 31, "A" * 32, "g" * 32, SOURCE + "\n"], [SOURCE], id="the name of the source"),
    pytest.param(["baseline"], [LISTS_OF_THE_BASELINE + 1, 10**9], [0, LISTS_OF_THE_BASELINE], id="the baseline"),
    pytest.param(
        ["releases", 0, "changes"], [MOST_CHANGES + 1, 2**63 - 1], [0, MOST_CHANGES], id="the number of events"
    ),
    pytest.param(
        ["releases", 0, "run"],
        [{**RUN, "milliseconds": milliseconds} for milliseconds in (10**12 + 1, 2**62)],
        [{**RUN, "milliseconds": milliseconds} for milliseconds in (0, 10**12)],
        id="the time of a run",
    ),
    pytest.param(["releases", 0, "phase"], ["\ud800"], ["\U0001f600", ""], id="a text that no answer could bring"),
    pytest.param(["retired", 0, "gone"], [False], [True], id="one that is retired and not gone"),
    pytest.param(
        ["retired", 0, "run"], [{**RUN, "milliseconds": 0}], [None], id="one that is retired and has a run of its gate"
    ),
]


@pytest.mark.parametrize(("path", "refused", "taken"), BOUNDS)
def test_what_could_not_have_been_written_is_refused(path: list[Any], refused: list[Any], taken: list[Any]) -> None:
    for value in taken:
        parse_following(damaged(path, value), begin(ALL, GATE, False))
    for value in refused:
        with pytest.raises(ValueError):  # noqa: PT011
            parse_following(damaged(path, value), begin(ALL, GATE, False))


@pytest.mark.parametrize("now", [10.0, 10.0**12], ids=["soon", "after thirty thousand years"])
def test_whatever_is_written_can_be_read_again(now: float) -> None:
    follower = Follower(gate=GATE)
    follower.following = parse_following(damaged(["releases", 0, "changes"], MOST_CHANGES), follower.following)
    (event,) = follower.poll({"a": "Done", "b": "Running"})
    assert event.number == 1
    parse_following(report_following(follower.following, now), begin(ALL, GATE, False))


@pytest.mark.parametrize("name", ["releases", "retired"])
def test_no_release_may_be_there_twice(name: str) -> None:
    known = values()
    known[name] *= 2
    with pytest.raises(ValueError, match="twice"):
        parse_following(known, begin(ALL, GATE, False))


def test_what_was_unread_at_the_baseline_is_so_after_a_restart_and_a_fault() -> None:
    follower = Follower()
    follow(follower, {"a": Own(503, listed=in_part("a"))})
    assert follow(follower.restarted(), 503, {"a": "Running"}, {"a": "Failed"}) == [
        [],
        [],
        ["a phase Running > Failed"],
    ]


@pytest.mark.parametrize(
    ("conditions", "last", "verdict"),
    [
        pytest.param({}, item("a", "Done"), ["a reached"], id="no other condition"),
        pytest.param({"ready": True}, item("a", "Done"), ["a reached"], id="ready"),
        pytest.param({"ready": True}, item("a", "Done", gray=[deployment(ready=1)]), [], id="not ready"),
        pytest.param({"images": (IMAGE,)}, item("a", "Done"), ["a reached"], id="the image"),
        pytest.param(
            {"images": (IMAGE,)}, item("a", "Done", gray=[deployment(ready=1)]), [], id="too few for the image"
        ),
        pytest.param({"images": ("other:1",)}, item("a", "Done"), [], id="another image"),
        pytest.param({"version": "v2"}, item("a", "Done"), ["a reached"], id="the version"),
        pytest.param({"version": "v3"}, item("a", "Done"), [], id="another version"),
    ],
)
def test_a_disappearance_is_judged_by_what_was_there_before_the_restart(
    conditions: dict[str, Any], last: dict[str, Any], verdict: list[str]
) -> None:
    follower = Follower(gate=gate(on_missing="accept", missing_after=("Done",), **conditions))
    follow(follower, {}, {}, {"a": last})
    assert follow(follower.restarted(), {}, {}) == [[], ["a gone Done", *verdict]]


@pytest.mark.parametrize("missed", range(5))
def test_a_disappearance_that_must_be_stable_outlives_a_restart(missed: int) -> None:
    conditions = gate(ready=True, on_missing="accept", missing_after=("Done",), stable_for=25)
    follower = Follower(gate=conditions)
    follow(follower, {"a": "Creating"}, {"a": "Done"})
    before = [each for poll in follow(follower, *[{}] * missed) for each in poll]
    after = [each for poll in follow(follower.restarted(), *[{}] * 6) for each in poll]
    assert before + after == ["a gone Done", "a reached"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(Selection(None, ("a", "b")), Selection(None, ("b", "a", "a")), True, id="in another order"),
        pytest.param(Selection("bookinfo"), Selection(None), False, id="another namespace"),
        pytest.param(Selection(None, ("a",)), Selection(None, (), ("a",)), False, id="a name for a service"),
        pytest.param((Named("n", "a"), Named("n", "b")), (Named("n", "b"), Named("n", "a")), True, id="a list"),
        pytest.param((Named("n", "a"),), (Named("m", "a"),), False, id="in another namespace"),
        pytest.param((Named("n", "a", "v1"),), (Named("n", "a", "v2"),), True, id="held to something else"),
    ],
)
def test_the_same_releases_are_described_in_the_same_way(one: Any, other: Any, same: bool) -> None:
    assert (report_watched(Several("mesh", one)) == report_watched(Several("mesh", other))) is same
