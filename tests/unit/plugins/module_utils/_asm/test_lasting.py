# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A train without a verdict: what is known of each release stays right however long it is looked at."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.old_gate import Observation
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.lasting import begin, refreshed
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions, Several
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import parse_leniently
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train import (
    Train,
    after_list,
    after_single,
    all_alone,
    new_poll,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import fault, release_list
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.trains import (
    Own,
    Poll,
    in_part,
    item,
    member,
    named,
    observed,
    outcomes,
    poll,
    selected,
)

AGES = pytest.mark.parametrize("age", [0.0, 10_000.0])
"""Seconds for which the polls have gone on before; a gate would be past its deadline."""

NO_GATE = Conditions(())


def ids(train: Train) -> list[str]:
    return [each.release_id for each in train.members]


def looked_at(train: Train, *polls: Poll, age: float = 0.0, lists: bool = True) -> Train:
    """Return the train after polls every 10 s, and before the next one would begin anew."""
    for number, shown in enumerate(polls):
        train = poll(train if number == 0 else refreshed(train), age + number * 10.0, shown, lists)
    return train


def told(several: Several, *polls: Poll, age: float, lists: bool = True) -> list[dict[str, str | None]]:
    """Return the outcomes of the members after each poll."""
    train, seen = begin(several, NO_GATE), []
    for number, shown in enumerate(polls):
        train = looked_at(train, shown, age=age + number * 10.0, lists=lists)
        seen.append(outcomes(train))
        train = refreshed(train)
    return seen


class TestAtAnyAge:
    @AGES
    def test_the_second_404_in_a_row_is_a_disappearance(self, age: float) -> None:
        there, gone = {"a": "Running", "b": "Running"}, {"b": "Running"}
        seen = told(selected(), there, gone, gone, gone, age=age)
        assert seen == [{"a": None, "b": None}, {"a": None, "b": None}, {"a": "missing", "b": None}, {"b": None}]

    @AGES
    def test_a_named_release_comes_back(self, age: float) -> None:
        again = item("a", "Creating", uid="z")
        train = looked_at(begin(named("a"), NO_GATE), {"a": "Running"}, {}, {}, {"a": again}, age=age, lists=False)
        found = member(train, "a").state
        assert (found.outcome, found.release is not None and found.release.uid) == (None, "z")

    @AGES
    def test_another_release_in_its_place_is_told(self, age: float) -> None:
        seen = told(named("a"), {"a": "Running"}, {"a": item("a", uid="z")}, age=age, lists=False)
        assert seen == [{"a": None}, {"a": "replaced"}]

    @AGES
    def test_what_turns_out_not_to_be_selected_is_left(self, age: float) -> None:
        other = item("o", service="ratings")
        shown = {"o": Own(other, listed=in_part("o", "spec"))}
        assert ids(looked_at(begin(selected(services=("reviews",)), NO_GATE), shown, age=age)) == []


class TestAnItem:
    """Of a release that was not seen before, it must tell what the selection asks for."""

    @pytest.mark.parametrize(
        ("several", "lacking"),
        [
            pytest.param(selected(services=("reviews",)), ("spec", "serviceName"), id="service"),
            pytest.param(selected(names=("a-canary",)), ("metadata", "name"), id="name"),
        ],
    )
    def test_that_does_not_is_asked_for_alone_once(self, several: Several, lacking: tuple[str, str]) -> None:
        partly = item("a", "Creating")
        del partly[lacking[0]][lacking[1]]
        train = looked_at(begin(several, NO_GATE), {"a": Own("Creating", listed=partly)})
        assert (ids(train), train.alone) == (["a"], 1)
        train = looked_at(refreshed(train), {"a": partly}, age=10.0)
        assert (ids(train), train.alone) == (["a"], 0)


class TestAGhost:
    """A release that a list has shown in part, and that nothing has shown since."""

    def test_is_not_asked_for_any_more_after_its_404(self) -> None:
        train = looked_at(begin(selected(), NO_GATE), {"g": Own(503, listed=in_part("g"))}, {})
        assert ids(train) == ["g"]
        assert ids(refreshed(train)) == []

    @pytest.mark.parametrize(
        "shown",
        [
            pytest.param({"g": Own(404, listed=in_part("g"))}, id="listed"),
            pytest.param({"g": 503}, id="not answered"),
            pytest.param({"g": fault("protocol")}, id="answered with what is no release"),
            pytest.param(503, id="no list"),
        ],
    )
    def test_is_none_while_it_may_be_there(self, shown: Poll) -> None:
        train = looked_at(begin(selected(), NO_GATE), {"g": Own(503, listed=in_part("g"))}, shown)
        assert ids(refreshed(train)) == ["g"]

    def test_is_none_when_it_is_named(self) -> None:
        assert ids(refreshed(looked_at(begin(named("a", "b"), NO_GATE), {}))) == ["a", "b"]


class TestTurns:
    """Single reads of a poll that has no time for all of them."""

    def test_begin_with_those_that_have_waited_longest(self) -> None:
        train, alone = all_alone(new_poll(begin(named("a", "b", "c"), NO_GATE)))
        assert [release_id for _namespace, release_id in alone] == ["a", "b", "c"]
        for now, key in ((0.0, alone[1]), (2.0, alone[0])):
            train = after_single(train, key, observed(now, key[1], "Running"))
        _train, alone = all_alone(new_poll(refreshed(train)))
        assert [release_id for _namespace, release_id in alone] == ["c", "b", "a"]

    def test_are_kept_by_one_that_has_disappeared(self) -> None:
        train = looked_at(begin(named("a", "b"), NO_GATE), {"a": "Running", "b": "Running"}, {}, {}, lists=False)
        assert outcomes(train) == {"a": "missing", "b": "missing"}
        assert [each.asked for each in refreshed(train).members] == [20.0, 22.0]

    def test_give_every_other_one_to_what_is_new(self) -> None:
        train = begin(selected(), NO_GATE)
        old, new = (
            {each: Own("Running", in_part(each)) for each in "abc"},
            {each: Own(503, in_part(each)) for each in "xyz"},
        )
        train = new_poll(refreshed(looked_at(train, old)))
        roster = parse_leniently(
            release_list(*(each.listed for each in {**old, **new}.values())), "mesh", manifests=False
        )
        _train, alone = after_list(train, roster, Observation(10.0, 10.0), False)
        assert "".join(release_id for _namespace, release_id in alone) == "xaybzc"

    @pytest.mark.parametrize(
        ("between", "turns"),
        [
            pytest.param([], "ba", id="begin with what a 404 is known of"),
            pytest.param([503], "ab", id="do not when the next read of it has failed"),
            pytest.param(["Running"], "ab", id="do not when it was there again"),
        ],
    )
    def test_after_a_404(self, between: list[Any], turns: str) -> None:
        train = looked_at(begin(named("a", "b"), NO_GATE), {"a": "Running", "b": "Running"}, lists=False)
        for now, release_id, shown in (
            (10.0, "a", "Running"),
            *((12.0 + i, "b", each) for i, each in enumerate([404, *between])),
        ):
            train = after_single(new_poll(refreshed(train)), ("bookinfo", release_id), observed(now, release_id, shown))
        _train, alone = all_alone(new_poll(refreshed(train)))
        assert "".join(release_id for _namespace, release_id in alone) == turns

    @pytest.mark.parametrize("others", [0, 299])
    def test_that_are_far_apart_are_no_gap_between_two_404s(self, others: int) -> None:
        """Also when the others, for which it has waited, are all listed again."""
        several = named("a", *(f"r{number}" for number in range(others)))
        train = looked_at(begin(several, NO_GATE), dict.fromkeys(ids(begin(several, NO_GATE)), "Running"))
        for now in (10.0, 610.0):
            train = new_poll(refreshed(train))
            train = after_single(train, ("bookinfo", "a"), observed(now, "a", 404))
        assert outcomes(train)["a"] == "missing"


class TestTwoReleasesOfOneName:
    """One after the other, as reads of one named release show them."""

    @staticmethod
    def seen(*uids: str) -> list[str | None]:
        """Return the outcomes after answers with these uids."""
        polls = [{"a": item("a", uid=uid)} for uid in uids]
        return [each["a"] for each in told(named("a"), *polls, age=0.0, lists=False)]

    def test_are_told_once_when_they_alternate(self) -> None:
        assert self.seen(*"xyxyxyxy") == [None, "replaced", None, None, None, None, None, None]

    def test_the_former_one_is_back_when_two_answers_in_a_row_have_it(self) -> None:
        assert self.seen(*"xyxxx") == [None, "replaced", None, "replaced", None]

    def test_a_third_one_is_another(self) -> None:
        assert self.seen(*"xyz") == [None, "replaced", "replaced"]


class TestAListOfSomeUse:
    def listed(self, several: Several, *items: Any) -> tuple[Train, list[str]]:
        """Return the train after a list, and the ids of those that need a read of their own."""
        roster = parse_leniently(release_list(*items), "mesh", manifests=False)
        train, alone = after_list(new_poll(begin(several, NO_GATE)), roster, Observation(0, 0), False)
        return train, [release_id for _namespace, release_id in alone]

    @pytest.mark.parametrize("several", [selected(), named("a", "b")], ids=["selected", "named"])
    def test_tells_of_the_releases_that_are_well(self, several: Several) -> None:
        train, alone = self.listed(several, item("a"), item("b"), item("b", "Failed"), None)
        assert (ids(train), alone) == (["a", "b"], ["b"])
        assert member(train, "a").answered
        assert [error.problem for error in train.unfit] == [
            "the list of releases holds what is no object",
            "the list of releases has {seen} twice",
        ]

    def test_has_a_name_without_a_uid_for_its_own_read_to_tell(self) -> None:
        _train, alone = self.listed(named("a-canary", "b"), item("a", uid=None), item("b"))
        assert alone == ["a-canary"]


@pytest.mark.parametrize(("request_timeout", "outcome"), [(15, None), (100, "missing")])
def test_two_404s_are_in_a_row_unless_failed_reads_make_a_gap(request_timeout: int, outcome: str | None) -> None:
    train = looked_at(begin(named("a"), Conditions((), request_timeout=request_timeout)), {"a": "Running"}, lists=False)
    for now, shown in ((10.0, 404), (50.0, 503), (90.0, 503), (100.0, 404)):
        train = looked_at(refreshed(train), {"a": shown}, age=now, lists=False)
    assert outcomes(train) == {"a": outcome}
