# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several releases through the one entry: what a read, a gate and check mode return, whole and apart."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models import release_list as roster
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.entry import in_phase, rolled_out
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.read import read_apart
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import Answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, exceeded, fault
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import Clock, answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    BUSY,
    CONNECTION,
    DENIED,
    ENTRY_KEYS,
    ERROR_KEYS,
    GATE,
    GATE_KEYS,
    GONE,
    HELD_ENTRY_KEYS,
    HELD_SELECTION,
    KEYS,
    LIST,
    SELECTION,
    TOKEN,
    TRAIN_GATE_KEYS,
    TRAIN_KEYS,
    UNKNOWN,
    Given,
    Script,
    Stage,
    found,
    held,
    item,
    listed,
    ok,
    train,
)

TWO = ("uid-a", "uid-b")
IN_BOOKINFO = ["ratings", "reviews", "reviews-old"]
UNREADY = [deployment(ready=1)]
MANY_WAYS = [
    pytest.param(train(*TWO), id="named"),
    pytest.param(SELECTION, id="selection"),
    pytest.param(held(*TWO), id="held"),
    pytest.param(HELD_SELECTION, id="held selection"),
]


def phases(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["release_id"], entry["phase"]) for entry in result["releases"]]


class TestARead:
    def test_of_named_releases_returns_them_in_their_order(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("c"), item("b", "Creating"))])
        result = stage.read(train("uid-b", "uid-a"))
        assert (set(result), [set(entry) for entry in result["releases"]]) == (TRAIN_KEYS, [ENTRY_KEYS] * 2)
        assert phases(result) == [("uid-b", "Creating"), ("uid-a", "Running")]
        assert (result["msg"], result["request_id"]) == ("2 releases: 1 Creating, 1 Running", "r-list")

    def test_of_one_named_release_has_the_form_of_several(self, stage: Stage) -> None:
        stage.serve_mesh([], {"uid-a": [found(item("a"))]})
        result = stage.read(train("uid-a"))
        assert (set(result), phases(result)) == (TRAIN_KEYS, [("uid-a", "Running")])

    def test_of_releases_in_several_namespaces(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("a", "Creating", "shop", uid="uid-2"))])
        named = [{"release_id": "a"}, {"release_id": "a", "namespace": "shop"}]
        result = stage.read({**CONNECTION, "namespace": "bookinfo", "releases": named})
        assert [(entry["namespace"], entry["phase"]) for entry in result["releases"]] == [
            ("bookinfo", "Running"),
            ("shop", "Creating"),
        ]

    @pytest.mark.parametrize(
        ("more", "expected"),
        [
            pytest.param({}, [*IN_BOOKINFO, "reviews-shop"], id="all of the mesh"),
            pytest.param({"namespace": "shop"}, ["reviews-shop"], id="namespace"),
            pytest.param({"service": ["reviews"]}, ["reviews", "reviews-old", "reviews-shop"], id="service"),
            pytest.param({"service": ["reviews", "ratings"], "namespace": "bookinfo"}, IN_BOOKINFO, id="both"),
            pytest.param({"name": ["reviews-old", "nothing"]}, ["reviews-old"], id="name"),
            pytest.param({"name": ["ratings"], "service": ["reviews"]}, [], id="name of another service"),
            pytest.param({"name": ["nothing"]}, [], id="nothing"),
        ],
    )
    def test_of_a_selection_returns_what_it_takes_by_namespace_and_name(
        self, stage: Stage, more: dict[str, Any], expected: list[str]
    ) -> None:
        releases = [item("reviews-shop", namespace="shop"), item("reviews-old"), item("reviews")]
        stage.serve_mesh([listed(*releases, item("ratings", service="ratings"))])
        result = stage.read({**CONNECTION, **more})
        assert [entry["release"]["metadata"]["name"] for entry in result["releases"]] == expected
        assert "failed" not in result

    def test_of_a_selection_in_a_mesh_that_asm_does_not_know_fails(self, stage: Stage) -> None:
        stage.serve_mesh([GONE])
        result = stage.read(SELECTION)
        assert (result["failed"], result["error"]["kind"]) == (True, "not_found")
        assert "ASM knows no such mesh" in result["msg"]
        assert stage.read({**SELECTION, "on_missing": "accept"})["releases"] == []

    def test_fails_for_the_first_that_asm_does_not_know(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("b"))])
        result = stage.read(train("uid-b", "uid-a", "uid-c"))
        assert (set(result), result["releases"]) == ({*TRAIN_KEYS, "failed", "error"}, [])
        assert (result["error"]["kind"], set(result["error"])) == ("not_found", ERROR_KEYS)
        assert result["msg"].startswith("'uid-a (bookinfo)': ASM knows no such release (404 ASM.01404001")

    def test_accepts_what_is_missing(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("b"))])
        result = stage.read(train(*TWO, on_missing="accept"))
        assert [entry["found"] for entry in result["releases"]] == [False, True]
        assert result["releases"][0]["msg"] == "uid-a (bookinfo) is not there yet"
        assert "failed" not in result

    @pytest.mark.parametrize("on_missing", ["fail", "accept"])
    @pytest.mark.parametrize(
        ("refused", "kind"),
        [(DENIED, "denied"), (answer(400, '{"errorCode": "ASM.0400"}'), "usage"), (answer(200, "{}"), "protocol")],
        ids=["403", "400", "no Release"],
    )
    def test_fails_for_one_that_is_refused_and_names_it(
        self, stage: Stage, refused: Answer, kind: str, on_missing: str
    ) -> None:
        stage.serve_mesh([listed(item("b"))], {"uid-a": [refused]})
        result = stage.read(train(*TWO, on_missing=on_missing))
        assert (result["failed"], result["releases"], result["error"]["kind"]) == (True, [], kind)
        assert result["msg"].startswith("'uid-a (bookinfo)': ")

    def test_fails_for_the_error_that_ends_it_and_not_for_an_earlier_404(self, stage: Stage) -> None:
        stage.serve_mesh([listed()], {"uid-b": [UNKNOWN]})
        assert stage.read(train(*TWO))["error"]["kind"] == "credentials"

    @pytest.mark.parametrize("parameters", [train(*TWO), SELECTION], ids=["named", "selection"])
    def test_in_check_mode_is_the_same(self, stage: Stage, parameters: dict[str, Any]) -> None:
        stage.serve_mesh([listed(item("a"), item("b"))])
        assert stage.read(parameters, check_mode=True) == stage.read(parameters)

    def test_with_manifests_returns_the_objects_as_the_list_has_them(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b"))])
        result = stage.read(train(*TWO, manifests=True))
        assert [entry["release"] for entry in result["releases"]] == [item("a"), item("b")]

    def test_returns_the_same_whether_the_list_or_a_single_read_has_shown_it(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b"))])
        of_the_list = stage.read(train(*TWO))["releases"]
        stage.serve_mesh([listed()], {f"uid-{name}": [found(item(name))] for name in "ab"})
        assert stage.read(train(*TWO))["releases"] == of_the_list


class TestAGate:
    def test_has_all_keys(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b"))])
        result = stage.read(held(*TWO))
        assert (set(result), set(result["gate"])) == ({*TRAIN_KEYS, "gate"}, TRAIN_GATE_KEYS)
        assert [set(entry) for entry in result["releases"]] == [HELD_ENTRY_KEYS] * 2
        assert (result["gate"]["required"], result["gate"]["counts"]) == (2, {"reached": 2})
        assert result["msg"] == result["gate"]["message"] == "the gate is open: 2 of 2 releases reached after 0 s"

    def test_that_stays_shut_names_the_culprit_first_and_shows_the_last_state_of_all(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a", "Creating"), item("b")), listed(item("a", "Failed"), item("b"))])
        result = stage.read(held(*TWO))
        assert (set(result), result["failed"]) == ({*TRAIN_KEYS, "gate", "failed"}, True)
        assert result["msg"] == (
            "the gate stays shut: a (bookinfo) is Failed, which is one of failure_phases; 1 of 2 releases reached"
        )
        assert [entry["outcome"] for entry in result["releases"]] == ["failed", "reached"]
        assert phases(result) == [("uid-a", "Failed"), ("uid-b", "Running")]

    def test_that_opens_for_enough_names_who_failed(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a", "Failed"), item("b"))])
        result = stage.read(held(*TWO, require="any"))
        assert (result["gate"]["outcome"], result["gate"]["required"]) == ("reached", 1)
        assert "a (bookinfo) is Failed" in result["msg"]
        assert not {"failed", "error"} & set(result)

    def test_holds_what_each_release_must_meet_for_itself(self, stage: Stage) -> None:
        named = [{"release_id": "uid-a", "version": "v3"}, {"release_id": "uid-b"}]
        stage.serve_mesh([listed(item("a"), item("b")), listed(item("a", version="v3"), item("b"))])
        result = stage.read({**held(), "releases": named, "version": "v2"})
        assert (result["gate"]["outcome"], result["gate"]["reads"]) == ("reached", 2)

    def test_lists_what_is_ignored(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("old", "Terminated"), item("a"))])
        result = stage.read({**HELD_SELECTION, "ignore_phases": ["terminated"]})
        assert phases(result) == [("uid-a", "Running")]
        assert result["gate"]["ignored"] == [
            {"namespace": "bookinfo", "name": "old", "uid": "uid-old", "phase": "Terminated"}
        ]

    @pytest.mark.parametrize(("on_missing", "polls"), [("fail", 1), ("wait", 7)])
    def test_on_too_small_a_selection_stays_shut(self, stage: Stage, on_missing: str, polls: int) -> None:
        stage.serve_mesh([listed(item("a"))])
        result = stage.read({**HELD_SELECTION, "minimum": 2, "on_missing": on_missing, "missing_after": ["Running"]})
        assert (result["failed"], result["gate"]["outcome"], stage.requests) == (True, "missing", polls)
        assert "1 of at least 2 selected releases are there" in result["msg"]

    def test_uses_one_session_and_closes_it(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"))], {"uid-b": [found(item("b"))]})
        stage.read(held(*TWO))
        assert [service.closed for service in stage.services] == [1]

    def test_ends_when_nobody_waits_any_more(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a", "Creating"), item("b"))])
        result = stage.read(held(*TWO), abandoned=lambda: stage.clock() > 1015)
        assert (result["failed"], result["gate"]["outcome"], result["error"]["kind"]) == (True, "error", "internal")
        assert stage.clock() <= 1017

    def test_says_a_line_for_each_change_and_one_for_the_verdict(self, stage: Stage) -> None:
        both = listed(item("a"), item("b", "Creating"))
        stage.serve_mesh([both, both, listed(item("a"), item("b"))])
        stage.read(held(*TWO))
        assert stage.lines == [
            (
                "release_gate: 1 of 2 releases have reached; 1 Creating; b (bookinfo) Creating, 3/3 ready "
                "(waiting for Running); a (bookinfo) Running, 3/3 ready, reached; next poll in 10 s"
            ),
            (
                "release_gate: 2 of 2 releases have reached; b (bookinfo) Creating → Running, 3/3 ready, reached; "
                "reached after 20 s"
            ),
        ]

    def test_says_a_line_at_least_every_60_s_of_a_long_poll(self, stage: Stage) -> None:
        names = [f"{number:02}" for number in range(40)]
        stage.serve_mesh([DENIED], {f"uid-{name}": [found(item(name))] for name in names})
        stage.read(held(*(f"uid-{name}" for name in names), wait_timeout=600))
        assert [line.split(" releases")[0] for line in stage.lines] == [
            "release_gate: 31 of 40",
            "release_gate: 40 of 40",
        ]
        assert "9 not answered yet" in stage.lines[0]
        assert stage.lines[0].endswith("; without the list, single reads 2 s apart; next poll in 2 s")

    def test_says_a_line_while_one_request_takes_its_time(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b"))], takes=130)
        stage.read(held(*TWO, wait_timeout=200))
        waiting = (
            "release_gate: 0 of 2 releases have reached; 2 not answered yet; "
            "uid-a (bookinfo) not answered yet (waiting for Running); "
            "uid-b (bookinfo) not answered yet (waiting for Running); waiting for an answer"
        )
        assert stage.lines == [
            waiting,
            waiting,
            (
                "release_gate: 2 of 2 releases have reached; a (bookinfo) Running, 3/3 ready, reached; "
                "b (bookinfo) Running, 3/3 ready, reached; reached after 130 s"
            ),
        ]


class SlowMachine(Clock):
    """A clock that also passes between one look at it and the next."""

    def __call__(self) -> float:
        self.seconds += 0.01
        return self.seconds


@pytest.mark.parametrize("options", [GATE, held(*TWO)], ids=["one", "several"])
@pytest.mark.parametrize("pause", [57.8 + 0.005 * more for more in range(20)])
def test_no_timeout_is_told_to_be_earlier_than_the_last_read_was_due(
    stage: Stage, options: dict[str, Any], pause: float
) -> None:
    """Nor when the answer before it is complete just in time for it, and is understood just too late."""
    stage.clock = SlowMachine()
    stage.serve_mesh([listed(item("a", "Creating"), item("b"))], {"reviews-canary": [ok("Creating")]})
    gate = stage.read({**options, "wait_sleep": 1}, jitter=lambda: pause)["gate"]
    assert gate["outcome"] == "timeout"
    assert 58 <= gate["elapsed"] <= 60


class TestCheckMode:
    @pytest.mark.parametrize(
        ("more", "listing", "outcome", "outcomes"),
        [
            pytest.param({}, listed(item("a"), item("b")), "reached", ["reached"] * 2, id="reached"),
            pytest.param({}, listed(item("a"), item("b", "X")), "pending", ["reached", "pending"], id="pending"),
            pytest.param({"stable_for": 30}, listed(item("a"), item("b")), "pending", ["pending"] * 2, id="stable_for"),
            pytest.param({}, listed(item("a"), item("b", "Failed")), "failed", ["reached", "failed"], id="failed"),
            pytest.param({}, listed(item("a")), "missing", ["reached", "missing"], id="missing"),
            pytest.param(
                {"on_missing": "wait", "missing_after": ["X"]},
                listed(item("a")),
                "pending",
                ["reached", "pending"],
                id="not there yet",
            ),
        ],
    )
    def test_polls_once_and_says_what_that_means(
        self, stage: Stage, more: dict[str, Any], listing: Answer, outcome: str, outcomes: list[str]
    ) -> None:
        stage.serve_mesh([listing])
        reading = stage.reading(held(*TWO, **more), check_mode=True)
        result = reading.result
        assert result["msg"].startswith(f"check mode: this read alone means {outcome}, so the gate would ")
        assert reading.warnings == (() if outcome == "reached" else (result["msg"],))
        assert set(result) == {*TRAIN_KEYS, "gate"}
        assert (result["gate"]["outcome"], result["gate"]["check_mode"]) == (outcome, True)
        assert [entry["outcome"] for entry in result["releases"]] == outcomes
        assert [path for _at, path in stage.asked].count(LIST) == 1
        assert (stage.clock.slept, stage.lines) == ([], [])

    @pytest.mark.parametrize(
        "given", [UNKNOWN, answer(302), answer(200, "{}"), BUSY], ids=["401", "redirect", "no list", "busy"]
    )
    def test_fails_for_every_other_error(self, stage: Stage, given: Answer) -> None:
        stage.serve_mesh([given])
        result = stage.read(held(*TWO, request_retries=0), check_mode=True)
        assert (result["failed"], result["gate"]["outcome"], result["gate"]["check_mode"]) == (True, "error", True)
        assert set(result) == {*TRAIN_KEYS, "gate", "failed", "error"}

    def test_survives_passing_faults_as_a_read_does(self, stage: Stage) -> None:
        stage.serve_mesh([BUSY, listed(item("a"), item("b"))])
        assert stage.read(held(*TWO), check_mode=True)["gate"]["outcome"] == "reached"
        assert stage.asked == [(0, LIST), (1, LIST)]


class TestErrors:
    @pytest.mark.parametrize("parameters", MANY_WAYS)
    @pytest.mark.parametrize("check_mode", [False, True])
    def test_of_options_come_before_anything_is_sent(
        self, stage: Stage, parameters: dict[str, Any], check_mode: bool
    ) -> None:
        stage.serve_mesh([listed()])
        result = stage.read({**parameters, "mesh_id": "a/b"}, check_mode=check_mode)
        self.assert_is_whole(result, "usage", bool(parameters.get("wait")))
        assert ("mesh_id is 'a/b'" in result["msg"], stage.services) == (True, [])

    @pytest.mark.parametrize("parameters", MANY_WAYS)
    def test_of_ours_give_the_type_only(
        self, stage: Stage, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_arguments: Any) -> None:
            raise KeyError(f"{TOKEN} and whatever else")

        monkeypatch.setattr(roster, "parse_list", broken)
        stage.serve_mesh([listed()])
        result = stage.read(parameters)
        self.assert_is_whole(result, "internal", bool(parameters.get("wait")))
        assert "a fault of this collection: KeyError; please report it" in result["msg"]
        assert "whatever else" not in json.dumps(result)

    @pytest.mark.parametrize("parameters", MANY_WAYS)
    def test_of_the_credentials_have_all_keys(self, stage: Stage, parameters: dict[str, Any]) -> None:
        stage.serve_mesh([UNKNOWN])
        self.assert_is_whole(stage.read(parameters), "credentials", bool(parameters.get("wait")))

    @staticmethod
    def assert_is_whole(result: dict[str, Any], kind: str, wait: bool) -> None:
        assert set(result) == {*TRAIN_KEYS, "failed", "error", *(["gate"] if wait else [])}
        assert (result["failed"], set(result["error"]), result["error"]["kind"]) == (True, ERROR_KEYS, kind)
        if wait:
            assert (set(result["gate"]), result["gate"]["outcome"]) == (TRAIN_GATE_KEYS, "error")
            assert result["msg"] == result["gate"]["message"]

    def test_of_two_names_for_one_release(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"))])
        result = stage.read(held("a", "uid-a"))
        assert (result["failed"], result["error"]["kind"]) == (True, "usage")
        assert "releases names one release twice, as 'a and uid-a'" in result["msg"]


class TestTheRequestId:
    def test_is_that_of_the_last_answer_whatever_was_asked_for(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"))], {"uid-b": [found(item("b"), "r-single")]})
        assert stage.read(train(*TWO))["request_id"] == "r-single"
        stage.serve_mesh([listed(item("a"), item("b"))])
        assert stage.read(train(*TWO))["request_id"] == "r-list"


class TestSecrets:
    def test_are_struck_out_after_the_verdict(self, stage: Stage) -> None:
        """A token `Run` must not turn a phase into asterisks before the rules see it."""
        stage.serve_mesh([listed(item("a", "Creating"), item("b")), listed(item("a"), item("b"))])
        result = stage.read(held(*TWO, token="Run"))
        assert result["gate"]["outcome"] == "reached"
        assert [phase for _release_id, phase in phases(result)] == ["********ning"] * 2
        assert "Run" not in json.dumps(result) + "".join(stage.lines)

    @pytest.mark.parametrize("parameters", MANY_WAYS)
    @pytest.mark.parametrize("check_mode", [False, True])
    @pytest.mark.parametrize(
        "listing",
        [
            pytest.param(listed(item("a", f"is {TOKEN}", version=TOKEN), item(f"b {TOKEN}")), id="release"),
            pytest.param(listed(item("a", uid=TOKEN), item("b", namespace=f"n {TOKEN}")), id="identity"),
            pytest.param(listed(item("a", gray=[deployment(f"w {TOKEN}", ready=1)]), item("b")), id="workload"),
            pytest.param(listed({**item("a"), f"key {TOKEN}": 1}, item("b")), id="key"),
            pytest.param(listed(item("a"), item("b"), request_id=f"r-{TOKEN}"), id="request id"),
            pytest.param(answer(403, json.dumps({"error_code": TOKEN, "error_msg": f"bad {TOKEN}"})), id="denied"),
            pytest.param(answer(401, "{}", X_Request_Id=TOKEN), id="401"),
            pytest.param(listed(item("a", uid=TOKEN), item("b", uid=TOKEN)), id="uid twice"),
        ],
    )
    def test_that_the_service_echoes_are_struck_out(
        self, stage: Stage, parameters: dict[str, Any], listing: Answer, check_mode: bool
    ) -> None:
        echo = answer(404, json.dumps({"errorCode": f"ASM.{TOKEN}", "errorMsg": "x" * 190 + TOKEN}))
        stage.serve_mesh([listing], {"uid-a": [echo], "uid-b": [ok(f"is {TOKEN}")]})
        reading = stage.reading({**parameters, "manifests": True}, check_mode=check_mode)
        shown = json.dumps(reading.result) + "".join(stage.lines) + "".join(reading.warnings)
        assert TOKEN[:12] not in shown

    @pytest.mark.parametrize("option", ["release_id", "namespace", "version"])
    def test_in_options_are_struck_out(self, stage: Stage, option: str) -> None:
        stage.serve_mesh([listed(item("a"))])
        named = [{"release_id": "uid-a"}, {"release_id": "uid-b", option: f"{TOKEN}-1"}]
        result = stage.read({**held(), "releases": named})
        assert TOKEN not in json.dumps(result) + "".join(stage.lines)


class TestTheTestsOnResults:
    def test_answer_for_each_entry(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b", "Creating", gray=UNREADY))])
        for parameters in (train(*TWO), held(*TWO)):
            ready, unready = stage.read(parameters)["releases"]
            assert (in_phase(ready, "Running"), in_phase(unready, "Running")) == (True, False)
            assert (rolled_out(ready), rolled_out(unready)) == (True, False)

    def test_answer_for_one_that_asm_does_not_know(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"))])
        for parameters in (train(*TWO, on_missing="accept"), held(*TWO)):
            missing = stage.read(parameters)["releases"][1]
            assert (in_phase(missing, "Running"), rolled_out(missing)) == (False, False)

    @pytest.mark.parametrize("parameters", MANY_WAYS)
    def test_refuse_the_whole_result(self, stage: Stage, parameters: dict[str, Any]) -> None:
        stage.serve_mesh([listed(item("a"), item("b"))])
        with pytest.raises(ValueError, match=r"a result of several; use its \.releases"):
            in_phase(stage.read(parameters), "Running")

    @pytest.mark.parametrize("given", [BUSY, UNKNOWN, fault("network")], ids=["busy", "401", "network"])
    def test_refuse_an_entry_that_nobody_has_answered_for(self, stage: Stage, given: Given) -> None:
        stage.serve_mesh([given])
        for entry in stage.read(held(*TWO))["releases"]:
            assert (entry["found"], entry["reads"]) == (False, 0)
            with pytest.raises(ValueError, match="without an answer of ASM"):
                in_phase(entry, "Failed")

    def test_refuse_an_entry_whose_read_was_refused(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"))], {"uid-b": [DENIED]})
        refused = stage.read(held(*TWO))["releases"][1]
        with pytest.raises(ValueError, match="without an answer of ASM"):
            in_phase(refused, "Failed")


class TestApart:
    def test_several_are_one_request_and_an_entry_each(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("b", "Creating"), item("a"))])
        reading = read_apart(train(*TWO), {}, stage.surroundings())
        assert [set(result) for result in reading.results] == [KEYS, KEYS]
        assert [result["phase"] for result in reading.results] == ["Running", "Creating"]
        assert ([len(service.sent) for service in stage.services], stage.services[0].closed) == ([1], 1)

    def test_several_have_a_gate_each_and_one_deadline(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b", "Creating")), listed(item("a"), item("b"))])
        reading = read_apart(held(*TWO), {}, stage.surroundings())
        assert [set(result) for result in reading.results] == [{*KEYS, "gate"}] * 2
        assert [set(result["gate"]) for result in reading.results] == [GATE_KEYS] * 2
        assert [result["gate"]["outcome"] for result in reading.results] == ["reached", "reached"]
        assert {sent.deadline for sent in stage.services[0].sent} == {1060.0}

    @pytest.mark.parametrize(
        ("parameters", "listing"),
        [
            pytest.param(train(*TWO), listed(item("a")), id="missing"),
            pytest.param(train(*TWO), UNKNOWN, id="error"),
            pytest.param(held(*TWO), listed(item("a"), item("b", "Failed")), id="failed"),
            pytest.param(held(*TWO), listed(item("a"), item("b", "Creating")), id="timeout"),
        ],
    )
    def test_a_failure_is_one_result_for_all(self, stage: Stage, parameters: dict[str, Any], listing: Answer) -> None:
        stage.serve_mesh([listing])
        reading = read_apart(parameters, {}, stage.surroundings())
        assert (len(reading.results), reading.failed) == (1, True)
        assert reading.result == stage.read(parameters)

    def test_a_selection_is_an_entry_for_each_by_namespace_and_name(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("b"), item("a", "Creating"))])
        reading = read_apart(SELECTION, {}, stage.surroundings())
        assert [result["phase"] for result in reading.results] == ["Creating", "Running"]

    def test_a_selection_that_finds_nothing_has_no_result(self, stage: Stage) -> None:
        stage.serve_mesh([listed()])
        reading = read_apart(SELECTION, {}, stage.surroundings())
        assert (reading.results, reading.failed) == ((), False)

    def test_in_check_mode_it_polls_once(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b", "Failed"))])
        reading = read_apart(held(*TWO), {}, stage.surroundings(check_mode=True))
        assert [result["gate"]["outcome"] for result in reading.results] == ["reached", "failed"]
        assert (reading.failed, stage.requests) == (False, 1)
        (warning,) = reading.warnings
        assert "this read alone means failed" in warning
        assert "b (bookinfo) is Failed" in warning

    def test_what_is_accepted_as_missing_is_told_of_its_release(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"))])
        _there, missing = read_apart(train(*TWO, on_missing="accept"), {}, stage.surroundings()).results
        assert (missing["found"], "uid-b (bookinfo)" in missing["msg"]) == (False, True)


class Case(NamedTuple):
    """A script of answers, and what it means."""

    more: dict[str, Any]
    script: Script
    outcome: str
    kind: str | None = None
    is_heir: bool = False
    """Whether another release comes up; beside others, that takes a 404 of the own read of the one that was there."""


UNSPACED = {"requests_per_minute": 6000}
"""The single form knows no budget."""

ACCEPT = {"on_missing": "accept", "missing_after": ["Creating"]}
AWAIT = {"on_missing": "wait", "missing_after": ["Creating"]}
CREATING = ok("Creating")
VERDICTS = {
    "reached": Case({}, [CREATING, ok()], "reached"),
    "reached when ready": Case({"ready": True}, [ok(gray=UNREADY), ok()], "reached"),
    "reached when stable": Case({"stable_for": 25}, [CREATING, ok()], "reached"),
    "reached over faults": Case({}, [CREATING, BUSY, BUSY, ok()], "reached"),
    "reached with the version": Case({"version": "v3"}, [ok(), ok(version="v3")], "reached"),
    "reached after a 404 in between": Case({}, [CREATING, GONE, ok()], "reached"),
    "reached by an accepted disappearance": Case(ACCEPT, [CREATING, GONE], "reached"),
    "reached after it has appeared": Case(AWAIT, [GONE, GONE, CREATING, ok()], "reached"),
    "failed": Case({}, [CREATING, ok("Failed")], "failed"),
    "failed by a progress deadline": Case({"ready": True}, [ok(gray=UNREADY), ok(gray=[exceeded()])], "failed"),
    "timeout": Case({}, [CREATING], "timeout"),
    "timeout for want of readiness": Case({"ready": True}, [ok(gray=UNREADY)], "timeout"),
    "timeout for want of the version": Case({"version": "v3"}, [ok()], "timeout"),
    "timeout for want of the image": Case({"images": ["registry.example/reviews:3"]}, [ok()], "timeout"),
    "timeout over faults": Case({}, [CREATING, BUSY], "timeout", "server"),
    "timeout of a release that comes and goes": Case({}, [CREATING, GONE, CREATING, GONE, CREATING], "timeout"),
    "stalled": Case({"stall_timeout": 20}, [CREATING], "stalled"),
    "missing, never seen": Case({}, [GONE], "missing", "not_found"),
    "missing, never seen and so not accepted": Case(ACCEPT, [GONE], "missing", "not_found"),
    "missing, disappeared": Case({}, [CREATING, GONE], "missing", "not_found"),
    "missing, disappeared too early": Case(ACCEPT, [ok("Starting"), GONE], "missing", "not_found"),
    "missing, never appeared": Case(AWAIT, [GONE], "missing", "not_found"),
    "replaced by another release": Case({}, [CREATING, ok(uid="uid-2")], "replaced", is_heir=True),
    "replaced by another version": Case({"version": "v2"}, [CREATING, ok(version="v3")], "replaced"),
    "error, denied": Case({}, [CREATING, DENIED], "error", "denied"),
    "error, credentials": Case({}, [CREATING, UNKNOWN], "error", "credentials"),
    "error, endpoint": Case({}, [answer(404, "not here")], "error", "endpoint"),
    "error, no Release": Case({}, [CREATING, answer(200, '{"kind": "Pod"}')], "error", "protocol"),
    "error, nobody answers": Case({}, [fault("network")], "error", "network"),
}
OF_ITS_RELEASE = (GONE, DENIED)
"""What only a single read can answer; the list lacks the release then."""

SHOWN = ("found", "release", "phase", "workloads")
COMPANION = item("companion", version="v3")


def as_lists(script: Script) -> list[Given]:
    """Return the answers of the list that tell the same, beside a release that meets the conditions all the time."""
    lists: list[Given] = []
    for given in script:
        if isinstance(given, Answer) and b'"kind": "Release"' in given.body:
            lists.append(listed(json.loads(given.body), COMPANION))
        else:
            lists.append(listed(COMPANION) if given in OF_ITS_RELEASE else given)
    return lists


@pytest.mark.parametrize("case", VERDICTS.values(), ids=VERDICTS)
class TestEveryVerdict:
    def test_of_one_release_is_that_of_a_train_of_it_alone(self, stage: Stage, case: Case) -> None:
        alone = stage.read({**GATE, **case.more}, *case.script)
        asked = len(stage.asked)
        result = stage.read(held("reviews-canary", **UNSPACED, **case.more))
        assert len(stage.asked) == asked
        self.assert_same(alone, result, case)
        assert result["gate"]["elapsed"] == alone["gate"]["elapsed"]

    def test_of_one_release_is_that_of_a_train_with_one_that_reaches(self, stage: Stage, case: Case) -> None:
        alone = stage.read({**GATE, **case.more}, *case.script)
        singly = [given for given in case.script if given in OF_ITS_RELEASE] or [GONE]
        named = [{"release_id": "reviews-canary"}, {"release_id": "uid-companion", "version": "v3"}]
        companions = {**held(**UNSPACED, **case.more), "releases": named}
        stage.serve_mesh(as_lists(case.script), {"reviews-canary": singly, "uid-1": singly})
        result = stage.read(companions)
        if case.is_heir:
            # Its entry is then what was last seen of the one that was there.
            last = stage.read(GATE, case.script[0], check_mode=True)
            alone = {**alone, **{key: last[key] for key in SHOWN}}
            alone["gate"] = {**alone["gate"], "timeline": last["gate"]["timeline"]}
        self.assert_same(alone, result, case)

    @staticmethod
    def assert_same(alone: dict[str, Any], result: dict[str, Any], case: Case) -> None:
        entry = result["releases"][0]
        assert alone["gate"]["outcome"] == case.outcome
        assert result["gate"]["outcome"] == case.outcome
        assert result.get("failed", False) is alone.get("failed", False) is (case.outcome != "reached")
        assert alone.get("error", {}).get("kind") == case.kind
        assert result.get("error", {}).get("kind") == case.kind
        assert {key: entry[key] for key in SHOWN} == {key: alone[key] for key in SHOWN}
        assert entry["timeline"] == alone["gate"]["timeline"]
        assert entry["reads"] == alone["gate"]["reads"]
