# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a train without a verdict is looked at: what each poll asks for and when, for ever, whatever the list is like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.lasting import UNBOUNDED, begin, refreshed
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options import parse_source, source_argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.poll import Found, Pace, Poller
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.session import Session
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.text import Cleaner
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train import Train, next_poll
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    CONNECTION,
    DENIED,
    GONE,
    LIST,
    WAIT,
    Given,
    Stage,
    found,
    item,
    listed,
    single,
    without,
)

DEFAULTS = {name: argument.get("default") for name, argument in source_argument_spec().items()}
GATE = {"success_phases": WAIT["success_phases"]}
NAMED = {"namespace": "bookinfo", "releases": [{"release_id": "uid-a"}, {"release_id": "uid-b"}]}
A, B = (item(name) for name in "ab")


class Looks:
    """Polls over a stage for so many seconds.

    Attributes:
        ended: when each poll had ended, in seconds since the first began.
        answered: for each poll, the phases by release id that it told.
        warnings: of the session.
    """

    def __init__(self, stage: Stage, seconds: float, **parameters: Any) -> None:
        source = parse_source({**DEFAULTS, **CONNECTION, **GATE, **parameters})
        assert source.conditions is not None
        self.session = Session(stage.surroundings(), Cleaner())
        self.session.connect(source.options)
        clock = self.session.elapsed
        pace = Pace(clock, lambda until: stage.clock.sleep(max(0.0, until - clock())), lambda: 1.0)
        poller = Poller(
            self.session, source.options, source.several, pace, self._attempt, UNBOUNDED, lambda _train: None
        )
        self.ended: list[float] = []
        self.answered: list[dict[str, str]] = []
        self.train = begin(source.several, source.conditions)
        while clock() < seconds:
            self.train = poller.poll(self.train)
            if self.train.outcome is not None:
                break
            self._note(self.train, clock())
            due = next_poll(self.train, clock(), 1.0, poller.rested)
            assert due is not None
            self.train = refreshed(self.train)
            pace.rest(max(due, poller.asked))
        self.warnings = self.session.take_warnings()

    @staticmethod
    def _attempt(look: Callable[[float], Found], spacing: float = 0.0) -> Found:  # noqa: ARG004
        return look(UNBOUNDED)

    def _note(self, train: Train, now: float) -> None:
        answers = {each.release_id: each.answer for each in train.members if each.answer is not None}
        self.ended.append(now)
        self.answered.append({key: each.release.phase for key, each in answers.items() if each.release is not None})


def many(count: int) -> list[dict[str, Any]]:
    """Return so many releases."""
    return [item(f"r{number}") for number in range(count)]


def reads_of(items: list[dict[str, Any]]) -> Mapping[str, list[Given]]:
    """Return the answers to their own reads."""
    return {each["metadata"]["uid"]: [found(each)] for each in items}


def asked_for(stage: Stage, path: str) -> list[float]:
    """Return when a path was asked for."""
    return [at for at, asked in stage.asked if asked == path]


class TestAShortList:
    @pytest.mark.parametrize(
        "short",
        [
            pytest.param(listed(), id="empty"),
            pytest.param(GONE, id="a 404"),
            pytest.param(listed(item("r0")), id="one"),
        ],
    )
    def test_does_not_delay_the_next_one(self, stage: Stage, short: Given) -> None:
        old = many(300)
        stage.serve_mesh([listed(*old), short, listed(*old)], reads_of(old))
        looks = Looks(stage, 45)
        assert asked_for(stage, LIST) == [0, 10, 20, 30, 40]
        assert len(stage.asked) == 5 + 5
        assert len(looks.answered[2]) == 300

    def test_is_told_before_all_have_been_read_that_it_lacks(self, stage: Stage) -> None:
        old, new = many(300), item("new")
        stage.serve_mesh([listed(*old), listed(new)], reads_of(old))
        looks = Looks(stage, 15)
        assert looks.answered[1]["uid-new"] == "Running"
        assert looks.ended[1] == 18

    def test_that_lasts_lets_each_have_its_turn(self, stage: Stage) -> None:
        old = many(12)
        stage.serve_mesh([listed(*old), listed()], reads_of(old))
        Looks(stage, 59)
        reads = [path for _at, path in stage.asked if path != LIST]
        in_turn = [single(each["metadata"]["uid"]) for each in old]
        assert reads == [*in_turn, *in_turn, in_turn[0]]

    def test_tells_of_all_that_have_gone(self, stage: Stage) -> None:
        old = many(40)
        stage.serve_mesh([listed(*old), listed()], {})
        looks = Looks(stage, 10 + 2 * 80)
        assert looks.train.members == ()
        assert len(stage.asked) - len(asked_for(stage, LIST)) == 80

    @pytest.mark.parametrize("parameters", [{"wait_sleep": 1}, {"requests_per_minute": 2}], ids=str)
    def test_keeps_to_the_budget(self, stage: Stage, parameters: dict[str, int]) -> None:
        old = many(20)
        stage.serve_mesh([listed(*old), listed()], reads_of(old), takes=1.5)
        Looks(stage, 300, **parameters)
        begun = [at for at, path in stage.asked if path != LIST]
        spacing = 60 / parameters.get("requests_per_minute", 30)
        assert len(begun) >= 300 / (2 * spacing)
        assert min(later - earlier for earlier, later in zip(begun, begun[1:])) >= spacing
        lists = asked_for(stage, LIST)
        # A pause, the rest of the poll, and one that is spaced or answered slowly.
        assert max(later - earlier for earlier, later in zip(lists, lists[1:])) <= 20


class TestAListThatIsOdd:
    @pytest.mark.parametrize(
        "odd",
        [
            pytest.param(answer(200, json.dumps({"kind": "Status"})), id="another kind"),
            pytest.param(answer(200, json.dumps({"kind": "ReleaseList"})), id="no items"),
            pytest.param(answer(200, "<html>"), id="no JSON"),
        ],
    )
    def test_passes(self, stage: Stage, odd: Given) -> None:
        stage.serve_mesh([listed(A), odd, odd, listed(A)])
        looks = Looks(stage, 30)
        assert asked_for(stage, LIST) == [0, 10, 11, 13, 23]
        assert looks.answered[-1] == {"uid-a": "Running"}

    @pytest.mark.parametrize(
        "odd",
        [
            pytest.param([A, B, B], id="a uid twice"),
            pytest.param([A, B, None], id="null"),
            pytest.param([A, {**B, "spec": json.loads('{"x":' * 200 + "1" + "}" * 200)}], id="nested too deeply"),
        ],
    )
    def test_in_one_item_leaves_the_others(self, stage: Stage, odd: list[Any]) -> None:
        stage.serve_mesh([listed(*odd)], reads_of([B]))
        looks = Looks(stage, 15, manifests=True)
        assert looks.answered == [{"uid-a": "Running", "uid-b": "Running"}] * 2
        assert len(looks.train.unfit) == 1


class TestADeniedList:
    def test_is_asked_for_again_after_a_while(self, stage: Stage) -> None:
        stage.serve_mesh([listed(A, B), DENIED, DENIED, listed(A, B)], reads_of([A, B]))
        looks = Looks(stage, 1240, **NAMED)
        assert asked_for(stage, LIST) == [0, 10, 610, 1210, 1220, 1230]
        assert len(looks.warnings) == 1
        assert all(set(each) == {"uid-a", "uid-b"} for each in looks.answered)

    def test_of_many_is_asked_for_again_when_each_could_be_read(self, stage: Stage) -> None:
        old = many(15)
        stage.serve_mesh([DENIED], reads_of(old))
        releases = [{"release_id": each["metadata"]["uid"]} for each in old]
        Looks(stage, 1850, namespace="bookinfo", releases=releases, requests_per_minute=1)
        assert asked_for(stage, LIST) == [0, 900, 1800]

    def test_is_warned_of_again_when_it_was_not_in_between(self, stage: Stage) -> None:
        stage.serve_mesh([DENIED, listed(A, B), DENIED], reads_of([A, B]))
        assert len(Looks(stage, 630, **NAMED).warnings) == 2

    def test_of_a_selection_is_final(self, stage: Stage) -> None:
        stage.serve_mesh([DENIED])
        assert Looks(stage, 30).train.outcome == "error"

    def test_lets_a_poll_end_in_time(self, stage: Stage) -> None:
        old = many(300)
        stage.serve_mesh([DENIED], reads_of(old))
        releases = [{"release_id": each["metadata"]["uid"]} for each in old]
        looks = Looks(stage, 600, namespace="bookinfo", releases=releases)
        assert [len(each) for each in looks.answered] == [5] * 60
        assert len({key for each in looks.answered for key in each}) == 300


def test_each_poll_of_one_release_waits_until_it_may_be_read(stage: Stage) -> None:
    stage.serve_mesh([GONE], reads_of([A]))
    looks = Looks(stage, 20, namespace="bookinfo", release_id="uid-a", wait_sleep=1)
    assert asked_for(stage, single("uid-a")) == list(range(0, 21, 2))
    assert all(looks.answered)


def test_a_ghost_is_asked_for_no_more(stage: Stage) -> None:
    ghost = without(item("g"), "status")
    stage.serve_mesh([listed(A), listed(A, ghost), listed(A)], {"uid-g": [answer(503), GONE]})
    Looks(stage, 300)
    assert len(asked_for(stage, single("uid-g"))) == 2
