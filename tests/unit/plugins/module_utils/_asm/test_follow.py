# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What polls mean as events: an event for each change that was seen, and for nothing else.

The names of phases are illustrations: nobody has published the real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.follow import RETIRED_KEPT
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Named, Several
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, exceeded, fault
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.followed import (
    Follower,
    follow,
    gate,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.trains import (
    Own,
    Poll,
    in_part,
    item,
    named,
    selected,
)

NEW = "registry.example/reviews:3"


def unready(letter: str, phase: str = "Running", **parts: Any) -> dict[str, Any]:
    return item(letter, phase, gray=[deployment(ready=1)], **parts)


def images(letter: str, image: str, phase: str = "Running", ready: int = 3) -> dict[str, Any]:
    return item(letter, phase, gray=[deployment(image=image, ready=ready)])


def without_workloads(letter: str, phase: str = "Running") -> dict[str, Any]:
    """Return an item of a list that does not tell which gray workloads there are."""
    content = item(letter, phase)
    for part in ("spec", "status"):
        del content[part]["grayDeployments"]
    return content


LISTED_IN_PART = Own(503, listed=in_part("a"))
"""The list has it, but not whole, and its own read fails."""

AGES = pytest.mark.parametrize("age", [0.0, 10_000.0], ids=["young", "old"])
"""For how many seconds the source has run: no rule may depend on that."""

UNCHANGED = {"a": "Creating", "b": "Running"}

CHANGES: list[Any] = [
    pytest.param([UNCHANGED, UNCHANGED], [[], []], id="the first poll is the baseline"),
    pytest.param([{}, {}, {"a": "Creating"}], [[], [], ["a appeared Creating"]], id="one appears, the mesh was empty"),
    pytest.param(
        [{"b": "Running"}, {"b": "Running"}, UNCHANGED],
        [[], [], ["a appeared Creating"]],
        id="one appears beside another",
    ),
    pytest.param([{}, UNCHANGED, UNCHANGED], [[], [], []], id="the first list is short"),
    pytest.param([{"b": "Running"}, 503, UNCHANGED], [[], [], []], id="the first list is short, and a fault follows"),
    pytest.param([UNCHANGED, {"a": "Running", "b": "Running"}], [[], ["a phase Creating > Running"]], id="its phase"),
    pytest.param([{"a": "Running"}, {"a": " running "}], [[], []], id="the same phase, written in another way"),
    pytest.param([{"a": "Running"}, {"a": item("a", None)}, {"a": "Running"}], [[], [], []], id="no phase is told"),
    pytest.param([{"a": item("a", None)}, {"a": "Running"}], [[], []], id="a phase is told at last"),
    pytest.param(
        [{}, {}, {"a": item("a", None)}, {"a": "Running"}],
        [[], [], ["a appeared"], ["a phase  > Running"]],
        id="a new one gets a phase",
    ),
    pytest.param(
        [{"a": unready("a")}, {"a": "Running"}, {"a": unready("a")}],
        [[], ["a ready yes"], ["a ready no"]],
        id="its readiness, both ways",
    ),
    pytest.param(
        [{"a": unready("a", "Creating")}, {"a": "Running"}],
        [[], ["a phase Creating > Running", "a ready yes"]],
        id="phase and readiness",
    ),
    pytest.param(
        [{"a": "Running"}, {"a": without_workloads("a")}, {"a": "Running"}],
        [[], [], []],
        id="a list that does not tell the workloads",
    ),
    pytest.param([{"a": "Running"}, {}, {}], [[], [], ["a gone Running"]], id="gone, at ASM's second 404"),
    pytest.param([{"a": "Running"}, *[{}] * 4], [[], [], ["a gone Running"], [], []], id="gone, and told once"),
    pytest.param([{"a": "Running"}, {}, {"a": "Running"}, {}], [[], [], [], []], id="not there once, twice"),
    pytest.param([{"a": "Running"}, {"a": Own("Running")}] * 2, [[]] * 4, id="the list lacks it, its read does not"),
    pytest.param(
        [{"a": "Running"}, {"a": Own(404, listed=in_part("a"))}] * 3, [[]] * 6, id="the list has it, its read does not"
    ),
    pytest.param(
        [{"a": "Running"}, {"a": Own(item("b", "Failed"), listed=in_part("a"))}],
        [[], []],
        id="its read answers with another one",
    ),
    pytest.param(
        [{"a": "Running"}, {}, {}, {"a": "Creating"}],
        [[], [], ["a gone Running"], ["a appeared Creating"]],
        id="gone and back",
    ),
    pytest.param([UNCHANGED, 503, fault("network"), UNCHANGED], [[]] * 4, id="faults"),
    pytest.param([503, fault("timeout"), UNCHANGED], [[]] * 3, id="faults before the baseline"),
    pytest.param([404, 404, UNCHANGED], [[]] * 3, id="a mesh that ASM does not know is no baseline"),
    pytest.param([{"a": LISTED_IN_PART}, UNCHANGED], [[], []], id="unread at the baseline"),
    pytest.param(
        [{"a": LISTED_IN_PART}, {"a": LISTED_IN_PART}, 503, UNCHANGED],
        [[], [], [], ["b appeared Running"]],
        id="unread at the baseline, for long",
    ),
    pytest.param(
        [{}, {}, {"a": LISTED_IN_PART}, {"a": "Running"}], [[], [], [], ["a appeared Running"]], id="new and unread"
    ),
    pytest.param(
        [{"a": "Running"}, {"a": Own(fault("protocol"), listed=None)}] * 2, [[]] * 4, id="an answer is damaged"
    ),
]


@AGES
@pytest.mark.parametrize(("polls", "events"), CHANGES)
def test_a_change_is_told_once_and_nothing_else_is(polls: Sequence[Poll], events: list[list[str]], age: float) -> None:
    assert follow(Follower(now=age), *polls) == events


@pytest.mark.parametrize(
    ("polls", "events"),
    [
        pytest.param([{"a": "Running"}, {"a": "Running"}], [["a appeared Running"], []], id="what is there"),
        pytest.param([503, {"a": "Running"}], [[], ["a appeared Running"]], id="after a fault"),
        pytest.param([{"a": LISTED_IN_PART}, {"a": "Running"}], [[], ["a appeared Running"]], id="read later"),
    ],
)
def test_initial_tells_what_the_first_poll_finds(polls: Sequence[Poll], events: list[list[str]]) -> None:
    assert follow(Follower(initial=True), *polls) == events


def test_initial_begins_the_gate() -> None:
    assert follow(Follower(gate=gate(), initial=True), {"a": "Running"}) == [["a appeared Running", "a reached"]]


GATES: list[Any] = [
    pytest.param(gate(), [{"a": "Running"}] * 3, [[]] * 3, id="met at the baseline"),
    pytest.param(gate(), [{"a": "Failed"}] * 3, [[]] * 3, id="failed at the baseline"),
    pytest.param(
        gate(),
        [{"a": "Creating"}, {"a": "Running"}, {"a": "Running"}],
        [[], ["a phase Creating > Running", "a reached"], []],
        id="reached, once",
    ),
    pytest.param(
        gate(), [{}, {}, {"a": "Running"}], [[], [], ["a appeared Running", "a reached"]], id="reached as it appears"
    ),
    pytest.param(
        gate(),
        [{}, {}, {"a": "Creating"}, {"a": "Failed"}, {"a": "Failed"}],
        [[], [], ["a appeared Creating"], ["a phase Creating > Failed", "a failed failed"], []],
        id="failed, once",
    ),
    pytest.param(
        gate(ready=True),
        [{"a": unready("a", "Creating")}, {"a": item("a", "Creating", gray=[exceeded()])}, {"a": "Running"}],
        [[], [], ["a phase Creating > Running", "a ready yes", "a reached"]],
        id="an exceeded rollout is no change",
    ),
    pytest.param(
        gate(ready=True),
        [{}, {}, {"a": item("a", gray=[exceeded()])}],
        [[], [], ["a appeared Running", "a failed failed"]],
        id="failed, the rollout is exceeded",
    ),
    pytest.param(
        gate(ready=True),
        [{"a": unready("a")}, {"a": "Running"}],
        [[], ["a ready yes", "a reached"]],
        id="ready, which it was not at the baseline",
    ),
    pytest.param(
        gate(ready=True),
        [{"a": "Running"}, {"a": unready("a")}, {"a": "Running"}],
        [[], ["a ready no"], ["a ready yes"]],
        id="a flapping pod, met at the baseline",
    ),
    pytest.param(
        gate(ready=True),
        [{}, {}, {"a": "Running"}, {"a": unready("a")}, {"a": "Running"}],
        [[], [], ["a appeared Running", "a reached"], ["a ready no"], ["a ready yes"]],
        id="a flapping pod, after a verdict",
    ),
    pytest.param(
        gate(),
        [{}, {}, {"a": "Running"}, {"a": "Paused"}, {"a": "Running"}],
        [
            [],
            [],
            ["a appeared Running", "a reached"],
            ["a phase Running > Paused"],
            ["a phase Paused > Running", "a reached"],
        ],
        id="another run, another phase",
    ),
    pytest.param(
        gate(),
        [{"a": item("a", version="v1")}, {"a": item("a", version="v2")}, {"a": item("a", version="v2")}],
        [[], ["a reached"], []],
        id="another run, another version",
    ),
    pytest.param(
        gate(ready=True),
        [{"a": "Running"}, {"a": images("a", NEW, ready=1)}, {"a": images("a", NEW)}],
        [[], ["a ready no"], ["a ready yes", "a reached"]],
        id="another run, another image",
    ),
    pytest.param(
        gate(images=(NEW,)),
        [{"a": "Running"}, {"a": images("a", NEW)}],
        [[], ["a reached"]],
        id="the image that was wanted",
    ),
    pytest.param(
        gate(version="v3"),
        [{"a": "Creating"}, {"a": item("a", "Creating", version="v3")}, {"a": item("a", version="v4")}],
        [[], [], ["a phase Creating > Running", "a failed replaced"]],
        id="another version after the one that was wanted",
    ),
    pytest.param(
        gate(stable_for=15),
        [{"a": "Creating"}, *[{"a": "Running"}] * 3],
        [[], ["a phase Creating > Running"], [], ["a reached"]],
        id="stable, counted from the first good answer",
    ),
    pytest.param(
        gate(stall_timeout=15),
        [{"a": "Creating"}, *[{"a": "Paused"}] * 4],
        [[], ["a phase Creating > Paused"], [], ["a stalled"], []],
        id="stalled, counted from the change",
    ),
    pytest.param(gate(stall_timeout=15), [{"a": "Creating"}] * 4, [[]] * 4, id="nothing has ever begun"),
    pytest.param(
        gate(wait_timeout=15),
        [{"a": "Creating"}, *[{"a": "Paused"}] * 4],
        [[], ["a phase Creating > Paused"], [], ["a timeout"], []],
        id="late, counted from the change",
    ),
    pytest.param(
        gate(wait_timeout=15),
        [{}, {}, {"a": "Paused"}, *[{"a": Own(503, listed=in_part("a")), "b": "Creating"}] * 3],
        [[], [], ["a appeared Paused"], ["b appeared Creating"], ["a timeout"], ["b timeout"]],
        id="late, without an answer about it",
    ),
    pytest.param(
        gate(wait_timeout=15),
        [{}, {}, {"a": "Paused"}, *[503] * 3, {"a": "Paused"}],
        [[], [], ["a appeared Paused"], [], [], [], ["a timeout"]],
        id="late, told after an outage",
    ),
    pytest.param(
        gate(wait_timeout=15),
        [{}, {}, {"a": "Paused"}, *[503] * 3, {"a": "Running"}],
        [[], [], ["a appeared Paused"], [], [], [], ["a phase Paused > Running", "a timeout"]],
        id="late, although it would be met now",
    ),
    pytest.param(
        gate(),
        [{}, {}, {"a": "Paused"}, {}, {}],
        [[], [], ["a appeared Paused"], [], ["a gone Paused"]],
        id="gone, and no more",
    ),
    pytest.param(
        gate(on_missing="accept", missing_after=("Done",)),
        [{}, {}, {"a": "Done"}, {}, {}, {}],
        [[], [], ["a appeared Done"], [], ["a gone Done", "a reached"], []],
        id="a disappearance that is accepted",
    ),
    pytest.param(
        gate(on_missing="accept", missing_after=("Done",)),
        [{"a": "Done"}, {}, {}, {}],
        [[], [], ["a gone Done", "a reached"], []],
        id="a disappearance that is accepted, from the baseline",
    ),
    pytest.param(
        gate(on_missing="accept", missing_after=("Running",)),
        [{"a": "Creating"}, {"a": "Running"}, {}, {}],
        [[], ["a phase Creating > Running", "a reached"], [], ["a gone Running"]],
        id="a disappearance after the verdict",
    ),
    pytest.param(
        gate(on_missing="accept", missing_after=("Done",)),
        [{}, {}, {"a": "Paused"}, {}, {}],
        [[], [], ["a appeared Paused"], [], ["a gone Paused"]],
        id="a disappearance that is not accepted",
    ),
    pytest.param(
        gate(on_missing="accept", missing_after=("Done",), stable_for=25),
        [{}, {}, {"a": "Done"}, *[{}] * 5],
        [[], [], ["a appeared Done"], [], ["a gone Done"], [], ["a reached"], []],
        id="a disappearance that must be stable",
    ),
    pytest.param(
        gate(on_missing="accept", missing_after=("Done",), stable_for=25),
        [{}, {}, {"a": "Done"}, {}, {}, {"a": "Failed"}],
        [[], [], ["a appeared Done"], [], ["a gone Done"], ["a appeared Failed", "a failed failed"]],
        id="a disappearance that was not stable",
    ),
]


@AGES
@pytest.mark.parametrize(("conditions", "polls", "events"), GATES)
def test_a_run_of_a_gate_begins_with_a_change_and_ends_with_one_verdict(
    conditions: Any, polls: Sequence[Poll], events: list[list[str]], age: float
) -> None:
    assert follow(Follower(gate=conditions, now=age), *polls) == events


AWAY: list[Poll] = [{}, {}]
BACK: list[Any] = [
    pytest.param(None, [{"a": "Running"}] * 2, [{"a": "Running"}], [["a appeared Running"]], id="no gate"),
    pytest.param(
        gate(), [{"a": "Running"}] * 2, [{"a": "Running"}], [["a appeared Running"]], id="met at the baseline"
    ),
    pytest.param(
        gate(),
        [{"a": "Creating"}, {"a": "Running"}],
        [{"a": "Running"}],
        [["a appeared Running"]],
        id="after a verdict",
    ),
    pytest.param(
        gate(),
        [{"a": "Creating"}] * 2,
        [{"a": "Creating"}, {"a": "Running"}],
        [["a appeared Creating"], ["a phase Creating > Running", "a reached"]],
        id="not met at the baseline",
    ),
    pytest.param(
        gate(wait_timeout=15),
        [{"a": "Creating"}] * 2,
        [{"a": "Creating"}] * 4,
        [["a appeared Creating"], [], [], []],
        id="not met at the baseline, and nothing begins",
    ),
    pytest.param(
        gate(ready=True),
        [{"a": unready("a")}] * 2,
        [{"a": "Running"}],
        [["a appeared Running", "a reached"]],
        id="ready, which it was not at the baseline",
    ),
    pytest.param(
        gate(ready=True),
        [{"a": "Running"}] * 2,
        [{"a": unready("a")}, {"a": "Running"}],
        [["a appeared Running"], ["a ready yes"]],
        id="not ready, met at the baseline",
    ),
    pytest.param(
        gate(),
        [{"a": "Running"}] * 2,
        [{"a": "Done"}, {"a": "Running"}],
        [["a appeared Done"], ["a phase Done > Running", "a reached"]],
        id="in another phase",
    ),
    pytest.param(
        gate(),
        [{"a": "Running"}] * 2,
        [{"a": item("a", version="v3")}],
        [["a appeared Running", "a reached"]],
        id="with another version",
    ),
    pytest.param(
        gate(),
        [{"a": "Running"}] * 2,
        [{"a": images("a", NEW)}],
        [["a appeared Running", "a reached"]],
        id="with another image",
    ),
    pytest.param(
        gate(stable_for=45),
        [{"a": "Creating"}, {"a": "Running"}],
        [*[{"a": "Running"}] * 6],
        [["a appeared Running"], [], [], [], [], ["a reached"]],
        id="its run had no verdict",
    ),
    pytest.param(
        gate("Done", on_missing="accept", missing_after=("Done",)),
        [{"a": "Creating"}, {"a": "Done"}],
        [{"a": "Done"}],
        [["a appeared Done"]],
        id="after a verdict, where a disappearance is accepted",
    ),
    pytest.param(
        gate(ready=True, on_missing="accept", missing_after=("Done",), wait_timeout=15),
        [{"a": "Done"}] * 2,
        [{"a": unready("a", "Done")}] * 4,
        [["a appeared Done"], [], [], []],
        id="not ready, after its disappearance was accepted",
    ),
    pytest.param(
        gate(on_missing="accept", missing_after=("Done",), stable_for=25, wait_timeout=45),
        [{"a": "Done"}] * 2,
        [{"a": "Done"}] * 6,
        [["a appeared Done"], *[[]] * 5],
        id="while an accepted disappearance had to be stable",
    ),
]
"""What a release that has gone comes back as, and what is told of it then."""


@pytest.mark.parametrize("restarts", [False, True], ids=["at once", "after a restart"])
@pytest.mark.parametrize(("conditions", "before", "after", "events"), BACK)
def test_what_comes_back_as_it_was_has_not_changed(
    conditions: Any, before: list[Poll], after: list[Poll], events: list[list[str]], restarts: bool
) -> None:
    follower = Follower(gate=conditions)
    follow(follower, *before, *AWAY)
    assert follow(follower.restarted() if restarts else follower, *after) == events


def test_what_comes_back_is_not_ready_until_an_answer_tells_it() -> None:
    follower = Follower(named("a"), lists=False)
    untold = without(item("a"), "status", "grayDeployments")
    polls: list[Poll] = [{"a": "Running"}, {"a": 404}, {"a": 404}, {"a": untold}, {"a": "Running"}]
    assert follow(follower, *polls) == [[], [], ["a gone Running"], ["a appeared Running"], ["a ready yes"]]


def without(content: dict[str, Any], part: str, name: str) -> dict[str, Any]:
    """Return a document that lacks a field of one of its parts."""
    return {**content, part: {key: value for key, value in content[part].items() if key != name}}


def containers(*images: str) -> dict[str, Any]:
    """Return a Running release with one gray workload of these containers."""
    template = {"spec": {"containers": [{"image": image} for image in images]}}
    whole = deployment()
    return item("a", gray=[{**whole, "spec": {**whole["spec"], "template": template}}])


WHOLE = item("a")
UNTEMPLATED = without(deployment(), "spec", "template")

UNTOLD: list[Any] = [
    pytest.param(gate(), [WHOLE, without(WHOLE, "metadata", "uid"), WHOLE], [], id="its uid"),
    pytest.param(gate(), [WHOLE, without(WHOLE, "status", "grayDeployments"), WHOLE], [], id="its workloads"),
    pytest.param(
        gate(ready=True), [WHOLE, without(WHOLE, "status", "grayDeployments"), WHOLE], [], id="its workloads, for ready"
    ),
    pytest.param(gate(), [WHOLE, without(WHOLE, "spec", "grayDeployments"), WHOLE], [], id="how many are planned"),
    pytest.param(gate(), [WHOLE, without_workloads("a"), WHOLE], [], id="its workloads, and how many are planned"),
    pytest.param(
        gate(), [WHOLE, item("a", gray=[], planned=1), WHOLE], ["a ready no", "a ready yes"], id="none of its workloads"
    ),
    pytest.param(
        gate(ready=True),
        [WHOLE, item("a", gray=[], planned=1), WHOLE],
        ["a ready no", "a ready yes"],
        id="none of its workloads, for ready",
    ),
    pytest.param(gate(), [WHOLE, item("a", gray=[UNTEMPLATED]), WHOLE], [], id="its images"),
    pytest.param(gate(), [containers("x", "y"), containers("y", "x")], [], id="its images, in another order"),
    pytest.param(gate(), [without(WHOLE, "spec", "version"), WHOLE], [], id="its version, at first"),
    pytest.param(gate(version="v2"), [without(WHOLE, "spec", "version"), WHOLE], [], id="the version that is wanted"),
    pytest.param(gate(), [item("a", None), WHOLE], [], id="its phase, at first"),
    pytest.param(
        gate(ready=True),
        [item("a", None), unready("a"), WHOLE],
        ["a ready no", "a ready yes", "a reached"],
        id="its phase, at first, and it was not ready when all was told",
    ),
    pytest.param(
        gate(version="v2", stable_for=15),
        [item("a", "Creating"), WHOLE, without(WHOLE, "spec", "version"), WHOLE],
        ["a phase Creating > Running", "a reached"],
        id="its version, while the gate holds",
    ),
]


@AGES
@pytest.mark.parametrize(("conditions", "shown", "events"), UNTOLD)
def test_what_an_answer_does_not_tell_is_no_change(
    conditions: Any, shown: list[dict[str, Any]], events: list[str], age: float
) -> None:
    follower = Follower(named("a"), conditions, lists=False, now=age)
    assert [each for poll in follow(follower, *({"a": document} for document in shown)) for each in poll] == events


def test_a_read_that_tells_what_no_list_does_is_no_change() -> None:
    bare = without(without_workloads("a"), "spec", "version")
    assert follow(Follower(gate=gate()), {"a": bare}, {"a": Own(WHOLE)}, {"a": bare}) == [[]] * 3


def test_an_answer_without_a_uid_is_noted_and_ends_no_run() -> None:
    follower = Follower(named("a"), gate(wait_timeout=15), lists=False)
    nameless = without(item("a", "Paused"), "metadata", "uid")
    assert follow(follower, {"a": "Creating"}, {"a": "Paused"}, {"a": nameless}) == [
        [],
        ["a phase Creating > Paused"],
        [],
    ]
    assert follower.following.nameless == {("bookinfo", "a")}


def test_a_uid_that_is_told_at_last_is_no_other_release() -> None:
    follower = Follower(named("a"), gate(), lists=False)
    nameless = [without(item("a", phase), "metadata", "uid") for phase in ("Creating", "Paused")]
    assert follow(follower, *({"a": document} for document in nameless), {"a": "Running"}) == [
        [],
        ["phase Creating > Paused"],
        ["a phase Paused > Running", "a reached"],
    ]


class TestNamedReleases:
    def test_may_appear_later(self) -> None:
        follower = Follower(named("a", "b"))
        assert follow(follower, {"a": "Running"}, {"a": "Running"}, {"a": "Running", "b": "Creating"}) == [
            [],
            [],
            ["b appeared Creating"],
        ]

    def test_belong_to_the_baseline_until_asm_has_said_that_they_are_not_there(self) -> None:
        follower = Follower(named("a", "b"))
        assert follow(follower, {"a": "Running", "b": 503}, {"a": "Running", "b": "Creating"}) == [[], []]

    @pytest.mark.parametrize("missing", [[404], [404, 503], [503, 404]], ids=str)
    def test_have_not_appeared_when_asm_has_missed_them_once(self, missing: list[int]) -> None:
        follower = Follower(named("a"), gate(), lists=False)
        assert follow(follower, *({"a": status} for status in missing), {"a": "Running"}) == [[]] * (len(missing) + 1)

    def test_have_appeared_when_asm_had_missed_them_twice(self) -> None:
        follower = Follower(named("a"), gate(), lists=False)
        polls: list[Poll] = [{"a": 404}, {"a": 503}, {"a": 404}, {"a": "Running"}]
        assert follow(follower, *polls) == [[], [], [], ["a appeared Running", "a reached"]]

    def test_come_back_under_their_name_as_what_they_are(self) -> None:
        follower = Follower(named("a-canary", "b"))
        new = item("c", name="a-canary")
        assert follow(follower, {"a": "Running"}, {"c": new}, {"c": new}, {"c": new}) == [
            [],
            [],
            ["a gone Running"],
            ["c appeared Running"],
        ]

    def test_are_told_as_replaced_when_a_read_by_name_finds_another(self) -> None:
        follower = Follower(named("a-canary"), gate(), lists=False)
        polls: list[Poll] = [
            {"a-canary": item(*each)} for each in (("a", "Creating"), ("a", "Paused"), ("b", "Running"))
        ]
        assert follow(follower, *polls) == [
            [],
            ["a phase Creating > Paused"],
            ["a failed replaced", "b appeared Running", "b reached"],
        ]

    def test_are_held_to_what_each_alone_must_meet(self) -> None:
        several = Several("mesh", (Named("bookinfo", "a"), Named("bookinfo", "b", version="v3")), minimum=2)
        follower = Follower(several, gate())
        assert follow(follower, {"a": "Creating", "b": "Creating"}, {"a": "Running", "b": "Running"}) == [
            [],
            ["a phase Creating > Running", "a reached", "b phase Creating > Running"],
        ]


class TestCounting:
    def test_each_event_of_a_release_has_the_next_number(self) -> None:
        follower = Follower(gate=gate())
        follower.poll({"a": "Creating", "b": "Creating"})
        events = follower.poll({"a": "Running", "b": "Paused"})
        assert [(event.followed.uid, event.kind, event.number) for event in events] == [
            ("a", "phase", 1),
            ("a", "reached", 2),
            ("b", "phase", 1),
        ]

    def test_goes_on_when_a_release_comes_back(self) -> None:
        follower = Follower()
        for shown in ({"a": "Running"}, {}, {}):
            follower.poll(shown)
        assert [event.number for event in follower.poll({"a": "Running"})] == [2]

    @pytest.mark.slow
    def test_is_remembered_of_the_latest_that_are_gone(self) -> None:
        follower = Follower(selected(requests_per_minute=1_000_000))
        count = RETIRED_KEPT + 1
        for shown in ({f"u{number}": "Running" for number in range(count)}, {}, {}):
            follower.poll(shown)
        assert (len(follower.following.retired), "u0" in follower.following.retired) == (RETIRED_KEPT, False)


class TestFallingDue:
    def test_is_asked_for_the_end_of_each_run(self) -> None:
        follower = Follower(gate=gate(wait_timeout=100, stable_for=30))
        follow(follower, {"a": "Creating"}, {"a": "Running"})
        assert sorted(follower.following.falls_due()) == [pytest.approx(40.001), 110.0]

    @pytest.mark.parametrize("conditions", [None, gate(stable_for=30)], ids=["no gate", "at rest"])
    def test_nothing_does_without_a_run(self, conditions: Any) -> None:
        follower = Follower(gate=conditions)
        follow(follower, {"a": "Running"}, {"a": "Running"})
        assert follower.following.falls_due() == []


def test_what_a_selection_does_not_take_is_not_followed() -> None:
    follower = Follower(selected(services=("reviews",)))
    other = item("b", service="ratings")
    assert follow(follower, {}, {}, {"a": "Running", "b": other}) == [[], [], ["a appeared Running"]]
