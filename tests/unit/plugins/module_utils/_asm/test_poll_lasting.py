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
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import parse_source, source_argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.poll import Found, Pace, Poller
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.session import Session
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train import Train, next_poll
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    BUSY,
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
        gone: in which poll a release was told to be gone first.
        last: the train after the last poll.
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
        self.gone: dict[str, int] = {}
        self.train = begin(source.several, source.conditions)
        while clock() < seconds:
            self.train = self.last = poller.poll(self.train)
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
        for member in train.members:
            if member.state.outcome == "missing":
                self.gone.setdefault(member.release_id, len(self.ended) - 1)


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
            pytest.param(answer(200, "<html>"), id="no JSON"),
            pytest.param(answer(200, '{"items": ['), id="broken off"),
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
            pytest.param({"kind": "Status"}, id="another kind"),
            pytest.param({"kind": "ReleaseList"}, id="no items"),
            pytest.param({"kind": "ReleaseList", "items": [A], "__ansible": 1}, id="a name of Ansible"),
            pytest.param({"kind": "ReleaseList", "items": [A], "x": float("inf")}, id="a number that is not JSON"),
            pytest.param([A], id="no object"),
        ],
    )
    def test_as_a_whole_leaves_its_releases_to_reads_of_their_own(self, stage: Stage, odd: Any) -> None:
        old = many(12)
        stage.serve_mesh([listed(*old), answer(200, json.dumps(odd))], reads_of(old))
        looks = Looks(stage, 59)
        assert asked_for(stage, LIST) == [0, 10, 20, 30, 40, 50]
        assert [len(each) for each in looks.answered] == [12, 5, 5, 5, 5, 5]
        assert len({key for each in looks.answered[1:4] for key in each}) == 12
        assert len(looks.train.unfit) == 1

    def test_at_first_is_asked_for_again_soon(self, stage: Stage) -> None:
        stage.serve_mesh([answer(200, "{}"), listed(A)])
        Looks(stage, 5)
        assert asked_for(stage, LIST) == [0, 1]

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


POISONED = {
    "a name twice": ('"labels": null', '"x": 1, "x": 1'),
    "a number that is not JSON": ('"labels": null', '"x": 1e999'),
    "a text of Ansible": ('"labels": null', '"x": "see __ansible_vault"'),
    "half of a surrogate pair": ('"labels": null', '"x": "\\ud83d"'),
    "a number of many digits": ('"labels": null', '"x": ' + "9" * 5000),
    "a name twice in its metadata": ('"name": "b"', '"name": "b", "name": "b"'),
}


class TestAPoisonedRelease:
    """One that holds what no read accepts."""

    @staticmethod
    def poisoned(poison: str, *items: dict[str, Any]) -> Given:
        """Return the list with B among the items, poisoned."""
        bad = json.dumps({**B, "metadata": {**B["metadata"], "labels": None}})
        return answer(200, listed(*items, {}).body.decode().replace("{}", bad.replace(*POISONED[poison])))

    @pytest.mark.parametrize("poison", POISONED)
    @pytest.mark.parametrize("parameters", [{}, NAMED], ids=["selected", "named"])
    def test_of_a_list_costs_the_others_nothing(self, stage: Stage, poison: str, parameters: dict[str, Any]) -> None:
        stage.serve_mesh([listed(A, B), self.poisoned(poison, A)])
        looks = Looks(stage, 35, **parameters)
        assert looks.answered == [{"uid-a": "Running", "uid-b": "Running"}, *[{"uid-a": "Running"}] * 3]
        assert [path for _at, path in stage.asked] == [LIST] * 4
        assert [(each.release_id, each.state.outcome) for each in looks.last.members] == [
            ("uid-a", None),
            ("uid-b", "error"),
        ]
        (error,) = (each.answer.error for each in looks.last.members if each.answer and each.answer.error)
        assert (error.kind, looks.last.unfit) == ("protocol", ())

    @pytest.mark.parametrize("poison", POISONED)
    def test_is_told_again_when_it_is_well(self, stage: Stage, poison: str) -> None:
        stage.serve_mesh([listed(A, B), self.poisoned(poison, A), listed(A, B)])
        assert Looks(stage, 25).answered[-1] == {"uid-a": "Running", "uid-b": "Running"}

    @pytest.mark.parametrize("poison", POISONED)
    def test_that_is_read_singly_costs_the_others_nothing(self, stage: Stage, poison: str) -> None:
        bad = json.dumps({**B, "metadata": {**B["metadata"], "labels": None}}).replace(*POISONED[poison])
        stage.serve_mesh([DENIED], {"uid-a": [found(A)], "uid-b": [answer(200, bad)]})
        looks = Looks(stage, 35, **NAMED)
        assert (looks.last.outcome, looks.answered) == (None, [{"uid-a": "Running"}] * 4)


REFUSED = {
    "400": answer(400, '{"errorCode": "ASM.01400001"}'),
    "404 of the gateway": answer(404, '{"error_code": "APIGW.0101"}'),
    "404 of a page": answer(404, "<html>"),
    "405": answer(405),
    "redirect": answer(302),
}


@pytest.mark.parametrize("refusal", REFUSED)
class TestARefusedRead:
    """One of a release alone, in a way that ends a source when all is refused like that."""

    @pytest.mark.parametrize("parts", [(A, without(B, "status")), (without(B, "status"),)], ids=["many", "one"])
    def test_passes_beside_a_list(self, stage: Stage, refusal: str, parts: tuple[Any, ...]) -> None:
        stage.serve_mesh([listed(*parts)], {"uid-b": [REFUSED[refusal]]})
        looks = Looks(stage, 35)
        assert (looks.last.outcome, len(looks.answered)) == (None, 4)
        (member,) = (each for each in looks.last.members if each.release_id == "uid-b")
        assert (member.state.outcome, member.answer, member.fault is not None) == (None, None, True)

    @pytest.mark.parametrize("order", ["ab", "ba"])
    @pytest.mark.parametrize("other", [found(A), GONE], ids=["found", "gone"])
    def test_passes_beside_another_answer_of_asm(self, stage: Stage, refusal: str, order: str, other: Given) -> None:
        stage.serve_mesh([DENIED], {"uid-a": [other], "uid-b": [REFUSED[refusal]]})
        named = {**NAMED, "releases": [{"release_id": f"uid-{each}"} for each in order]}
        assert Looks(stage, 35, **named).last.outcome is None

    @pytest.mark.parametrize("other", [BUSY, REFUSED["400"], answer(200, "{}")], ids=["503", "400", "no release"])
    def test_is_final_where_asm_answers_nothing_else(self, stage: Stage, refusal: str, other: Given) -> None:
        stage.serve_mesh([DENIED], {"uid-a": [other], "uid-b": [REFUSED[refusal]]})
        looks = Looks(stage, 35, **NAMED)
        assert looks.last.outcome == "error"
        assert looks.last.error is not None
        assert looks.last.error.seen in ("uid-a (bookinfo)", "uid-b (bookinfo)")

    def test_of_the_only_release_is_final(self, stage: Stage, refusal: str) -> None:
        stage.serve_mesh([GONE], {"uid-a": [found(A), REFUSED[refusal]]})
        looks = Looks(stage, 35, namespace="bookinfo", release_id="uid-a")
        assert (looks.last.outcome, len(looks.answered)) == ("error", 1)

    @pytest.mark.parametrize(
        ("other", "outcome"), [(found(A), None), (REFUSED["400"], "error")], ids=["well", "refused"]
    )
    def test_waits_for_its_next_turn_where_a_poll_has_time_for_one(
        self, stage: Stage, refusal: str, other: Given, outcome: str | None
    ) -> None:
        stage.serve_mesh([DENIED], {"uid-a": [other], "uid-b": [REFUSED[refusal]]})
        assert Looks(stage, 300, **NAMED, requests_per_minute=3).last.outcome == outcome

    def test_is_not_final_because_the_next_list_fails(self, stage: Stage, refusal: str) -> None:
        stage.serve_mesh([listed(A, B), answer(200, "{}"), BUSY, listed(A, B)], {"uid-a": [REFUSED[refusal]]})
        looks = Looks(stage, 45, requests_per_minute=3)
        assert looks.last.outcome is None
        assert looks.answered[-1] == {"uid-a": "Running", "uid-b": "Running"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_the_credentials_is_final_beside_whatever_answer(stage: Stage, status: int) -> None:
    stage.serve_mesh([listed(A, without(B, "status"))], {"uid-b": [answer(status, "{}")]})
    looks = Looks(stage, 35)
    outcomes = {looks.last.outcome, *(each.state.outcome for each in looks.last.members)}
    assert "error" in outcomes


class TestAListWithAReleaseInAnotherNamespace:
    elsewhere = item("a", "Failed", namespace="other")

    @pytest.mark.parametrize("parameters", [{}, NAMED], ids=["selected", "named"])
    def test_passes_and_tells_nothing_of_it(self, stage: Stage, parameters: dict[str, Any]) -> None:
        stage.serve_mesh([listed(A, B), listed(self.elsewhere, B), listed(self.elsewhere, B), listed(A, B)])
        looks = Looks(stage, 35, **parameters)
        both = {"uid-a": "Running", "uid-b": "Running"}
        assert (looks.last.outcome, looks.answered) == (None, [both, {"uid-b": "Running"}, {"uid-b": "Running"}, both])
        assert [path for _at, path in stage.asked] == [LIST] * 4


class TestChurn:
    """Releases that come and go faster than each could be read."""

    @staticmethod
    def looks(stage: Stage, per_poll: int, churning: int, polls: int) -> Looks:
        """Look at a mesh where so many appear and vanish in each of the first polls, beside three listed in part."""
        mesh = [[item(f"r{n}") for n in range(k * per_poll, (k + 5) * per_poll)] for k in range(churning)]
        steady = [without(item(name), "status") for name in "abc"]
        reads = {f"uid-{name}": [found(item(name))] for name in "abc"}
        stage.serve_mesh([listed(*steady, *each) for each in mesh], reads)
        return Looks(stage, polls * 10 - 5)

    def test_within_the_budget_is_told_within_few_polls(self, stage: Stage) -> None:
        looks = self.looks(stage, 1, 60, 60)
        last_listed = {f"uid-r{n}": n for n in range(60)}
        assert len(looks.gone) >= 50
        assert max(poll - last_listed[key] for key, poll in looks.gone.items()) <= 5

    def test_above_it_is_told_and_what_is_there_is_read_in_turn(self, stage: Stage) -> None:
        looks = self.looks(stage, 5, 40, 40)
        assert len(looks.gone) >= 60
        for name in "abc":
            told = [poll for poll, answers in enumerate(looks.answered) if f"uid-{name}" in answers]
            assert len(told) >= 4

    def test_is_told_to_its_end_when_it_ends(self, stage: Stage) -> None:
        # 195 vanish; two reads of each and the others' turns, five a poll, take a hundred polls.
        looks = self.looks(stage, 5, 40, 140)
        assert len(looks.gone) == 195
        assert {each.release_id for each in looks.train.members} == {
            "uid-a",
            "uid-b",
            "uid-c",
            *(f"uid-r{n}" for n in range(195, 220)),
        }


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
