# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one entry: options in, result out, over a service without a network and on a scripted clock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import session
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.entry import in_phase
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import OPTIONS, is_phase
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.read import Reading, read_apart
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, document
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    BUSY,
    DENIED,
    ERROR_KEYS,
    GATE,
    GATE_KEYS,
    GONE,
    KEYS,
    NOON,
    READ,
    TOKEN,
    Stage,
    ok,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import Answer


class TestSingleRead:
    def test_returns_the_release(self, stage: Stage) -> None:
        result = stage.read(READ, ok())
        assert set(result) == KEYS
        assert result["msg"] == "reviews-canary (bookinfo) is Running, 3/3 ready"
        assert (result["found"], result["phase"], result["request_id"]) == (True, "Running", "r-ok")
        assert result["release"]["spec"]["grayDeployments"] == [{"clusterID": "cluster-1"}]
        assert [each["name"] for each in result["workloads"]["gray"]] == ["reviews-gray"]

    def test_returns_the_whole_object_with_manifests(self, stage: Stage) -> None:
        assert stage.read({**READ, "manifests": True}, ok())["release"] == document()

    def test_prints_nothing_of_the_release_that_acts_on_a_terminal_or_a_log(self, stage: Stage) -> None:
        foreign = "\x1b[2J\n##vso[task.complete]"
        assert stage.read(READ, ok(foreign))["release"]["status"]["phase"] == "\\u001b[2J\\u000a# #vso[task.complete]"
        assert stage.read({**READ, "manifests": True}, ok(foreign))["release"]["status"]["phase"] == foreign

    def test_survives_passing_faults(self, stage: Stage) -> None:
        assert stage.read(READ, BUSY, BUSY, BUSY, ok())["found"]
        assert (stage.requests, stage.clock.slept) == (4, [1, 2, 4])

    def test_gives_up_after_request_retries(self, stage: Stage) -> None:
        result = stage.read({**READ, "request_retries": 1}, BUSY)
        assert (result["failed"], result["error"]["kind"], stage.requests) == (True, "server", 2)

    def test_a_404_fails(self, stage: Stage) -> None:
        result = stage.read(READ, GONE)
        assert (result["failed"], result["found"], result["error"]["kind"]) == (True, False, "not_found")

    def test_a_404_that_is_accepted_is_not_found(self, stage: Stage) -> None:
        result = stage.read({**READ, "on_missing": "accept"}, GONE)
        assert set(result) == KEYS
        assert (result["found"], result["release"], result["phase"]) == (False, {}, "")
        assert result["workloads"] == {"original": {}, "gray": []}
        assert result["request_id"] == "r-gone"

    @pytest.mark.parametrize("on_missing", ["fail", "accept"])
    def test_a_404_of_the_gateway_fails(self, stage: Stage, on_missing: str) -> None:
        wrong = answer(404, '{"error_code": "APIGW.0101", "error_msg": "no such API", "request_id": "r-gateway"}')
        result = stage.read({**READ, "on_missing": on_missing}, wrong)
        assert (result["failed"], result["error"]["kind"], result["request_id"]) == (True, "endpoint", "r-gateway")

    def test_in_check_mode_is_the_same(self, stage: Stage) -> None:
        assert stage.read(READ, ok(), check_mode=True) == stage.read(READ, ok())


class TestErrors:
    def test_have_all_keys(self, stage: Stage) -> None:
        result = stage.read(READ, DENIED)
        assert set(result) == {*KEYS, "failed", "error"}
        assert result["error"] == {
            "kind": "denied",
            "status": 403,
            "code": "IAM.0006",
            "message": "no",
            "request_id": "r-denied",
            "url": "https://asm.example/v2/meshes/mesh/namespaces/bookinfo/releases/reviews-canary",
        }

    def test_have_a_gate_with_wait(self, stage: Stage) -> None:
        result = stage.read(GATE, DENIED)
        assert set(result) == {*KEYS, "failed", "error", "gate"}
        assert set(result["gate"]) == GATE_KEYS
        assert (result["gate"]["outcome"], result["msg"]) == ("error", result["gate"]["message"])
        assert set(result["error"]) == ERROR_KEYS

    @pytest.mark.parametrize("wait", [False, True])
    @pytest.mark.parametrize("check_mode", [False, True])
    def test_of_options_come_before_anything_is_sent(self, stage: Stage, wait: bool, check_mode: bool) -> None:
        parameters = {**(GATE if wait else READ), "namespace": "a/b"}
        result = stage.read(parameters, ok(), check_mode=check_mode)
        assert (result["failed"], result["error"]["kind"], stage.services) == (True, "usage", [])
        assert "namespace is 'a/b'" in result["msg"]
        assert ("gate" in result) is wait

    @pytest.mark.parametrize("wait", [False, True])
    def test_of_ours_give_the_type_only(self, stage: Stage, wait: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_arguments: Any) -> None:
            raise KeyError(f"{TOKEN} and whatever else")

        monkeypatch.setattr(session, "parse_release", broken)
        result = stage.read(GATE if wait else READ, ok())
        assert (result["failed"], result["error"]["kind"]) == (True, "internal")
        assert "a fault of this collection: KeyError; please report it" in result["msg"]
        assert "whatever else" not in json.dumps(result)

    def test_of_an_answer_that_is_no_release_are_final(self, stage: Stage) -> None:
        result = stage.read(GATE, answer(200, '{"kind": "Pod"}', X_Request_Id="r-pod"))
        assert (result["gate"]["outcome"], result["error"]["kind"]) == ("error", "protocol")
        assert (result["error"]["status"], result["error"]["request_id"]) == (200, "r-pod")
        assert stage.requests == 1

    @pytest.mark.parametrize("manifests", [False, True])
    def test_of_a_release_that_is_nested_too_deeply_to_be_handed_on(self, stage: Stage, manifests: bool) -> None:
        deep = json.dumps({**document(), "future": 0})[:-2] + '{"a":' * 200 + "1" + "}" * 201
        result = stage.read({**READ, "manifests": manifests}, answer(200, deep))
        assert result.get("error", {}).get("kind") == ("protocol" if manifests else None)

    def test_of_missing_requests_name_the_python(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(session, "REQUESTS_IMPORT_ERROR", "Traceback …")
        result = stage.read(READ, ok())
        assert result["error"]["kind"] == "usage"
        assert "Failed to import the required Python library (requests)" in result["msg"]
        assert stage.services == []


def test_null_options_have_their_defaults(stage: Stage) -> None:
    nulls = {option.name: None for option in OPTIONS if option.name not in GATE}
    assert stage.read({**nulls, **GATE}, ok()) == stage.read(GATE, ok())


@pytest.mark.parametrize("name", ["mesh_id", "namespace"])
def test_an_id_that_is_null_is_an_error_that_names_it(stage: Stage, name: str) -> None:
    result = stage.read({**READ, name: None}, ok())
    assert (result["failed"], result["error"]["kind"]) == (True, "usage")
    assert name in result["msg"]


def test_a_gate_whose_release_id_came_out_null_is_none_on_all_releases_of_the_mesh(stage: Stage) -> None:
    result = stage.read({**GATE, "release_id": None}, ok())
    assert (result["failed"], result["error"]["kind"], stage.services) == (True, "usage", [])
    assert "needs minimum" in result["msg"]


class TestGate:
    @pytest.mark.parametrize(
        ("more", "answers", "outcome", "error"),
        [
            pytest.param({}, [ok("Creating"), ok()], "reached", None, id="reached"),
            pytest.param({}, [ok("Creating"), ok("Failed")], "failed", None, id="failed"),
            pytest.param({}, [ok("Creating")], "timeout", None, id="timeout"),
            pytest.param({}, [ok("Creating"), BUSY], "timeout", "server", id="timeout over faults"),
            pytest.param({"stall_timeout": 20}, [ok("Creating")], "stalled", None, id="stalled"),
            pytest.param({}, [GONE], "missing", "not_found", id="missing"),
            pytest.param({}, [ok("Creating"), ok(uid="uid-2")], "replaced", None, id="replaced"),
            pytest.param({}, [ok("Creating"), DENIED], "error", "denied", id="error"),
        ],
    )
    def test_only_reached_does_not_fail(
        self, stage: Stage, more: dict[str, Any], answers: list[Answer], outcome: str, error: str | None
    ) -> None:
        result = stage.read({**GATE, **more}, *answers)
        assert result["gate"]["outcome"] == outcome
        assert result.get("failed", False) is (outcome != "reached")
        assert result.get("error", {}).get("kind") == error
        assert {*KEYS, "gate"} <= set(result)
        assert result["msg"] == result["gate"]["message"]
        assert set(result["gate"]) == GATE_KEYS

    def test_a_failure_shows_the_last_state(self, stage: Stage) -> None:
        result = stage.read(GATE, ok("Creating"), ok("Starting", gray=[deployment(ready=1)]), DENIED)
        assert (result["found"], result["phase"], result["workloads"]["gray"][0]["ready"]) == (True, "Starting", 1)
        assert result["release"]["status"]["phase"] == "Starting"

    def test_what_has_disappeared_is_not_found(self, stage: Stage) -> None:
        result = stage.read(GATE, ok("Creating"), GONE)
        assert (result["gate"]["outcome"], result["found"], result["release"]) == ("missing", False, {})

    def test_the_deadline_bounds_every_request(self, stage: Stage) -> None:
        stage.read(GATE, ok("Creating"))
        assert {sent.deadline for sent in stage.services[0].sent} == {1060.0}

    def test_an_answer_after_the_deadline_is_a_timeout(self, stage: Stage) -> None:
        stage.serve(ok(), takes=61)
        result = stage.read(GATE)
        assert (result["gate"]["outcome"], result["found"], result["gate"]["reads"]) == ("timeout", False, 0)

    def test_uses_one_session_and_closes_it(self, stage: Stage) -> None:
        stage.read(GATE, ok("Creating"))
        assert [service.closed for service in stage.services] == [1]

    def test_ends_when_nobody_waits_for_an_answer_any_more(self, stage: Stage) -> None:
        stage.serve(ok(), takes=30)
        result = stage.read(GATE, abandoned=lambda: stage.clock() > 1015)
        assert (result["failed"], result["gate"]["outcome"], stage.clock()) == (True, "error", 1015.5)

    def test_ends_when_nobody_waits_any_more(self, stage: Stage) -> None:
        result = stage.read(GATE, ok("Creating"), abandoned=lambda: stage.clock() > 1015)
        assert (result["failed"], result["gate"]["outcome"]) == (True, "error")
        assert (stage.clock() <= 1017, stage.services[0].closed) == (True, 1)

    def test_the_timeline_is_in_utc_from_one_look_at_the_wall_clock(self, stage: Stage) -> None:
        clocks = iter([NOON, NOON.replace(hour=20)])
        result = stage.read(GATE, ok("Creating"), ok(), now=lambda: next(clocks))
        assert result["gate"]["timeline"] == [
            {"phase": "Creating", "at": "2026-03-01T12:00:00Z", "after": 0.0, "ready": "3/3"},
            {"phase": "Running", "at": "2026-03-01T12:00:10Z", "after": 10.0, "ready": "3/3"},
        ]

    def test_the_timeline_keeps_the_first_50_and_the_last_200(self, stage: Stage) -> None:
        flapping = [ok("A"), ok("B")] * 150
        result = stage.read({**GATE, "wait_timeout": 3600, "wait_sleep": 1}, *flapping, ok())
        assert result["gate"]["outcome"] == "reached"
        assert (len(result["gate"]["timeline"]), result["gate"]["timeline_left_out"]) == (250, 51)


class TestRequestId:
    def test_is_that_of_the_last_answer(self, stage: Stage) -> None:
        assert stage.read(GATE, ok("Creating", "r-1"), ok("Creating", "r-2"), DENIED)["request_id"] == "r-denied"

    def test_survives_an_answer_without_one(self, stage: Stage) -> None:
        assert stage.read(GATE, ok("Creating", "r-1"), BUSY)["request_id"] == "r-1"


class TestCheckMode:
    @pytest.mark.parametrize(
        ("more", "given", "outcome"),
        [
            pytest.param({}, ok(), "reached", id="reached"),
            pytest.param({}, ok("Creating"), "pending", id="pending"),
            pytest.param({"stable_for": 30}, ok(), "pending", id="stable_for needs time"),
            pytest.param({"stall_timeout": 1}, ok("Creating"), "pending", id="stall_timeout needs time"),
            pytest.param({}, ok("Failed"), "failed", id="failed"),
            pytest.param({}, GONE, "missing", id="missing"),
            pytest.param({"on_missing": "wait", "missing_after": ["X"]}, GONE, "pending", id="not there yet"),
            pytest.param({"on_missing": "accept", "missing_after": ["X"]}, GONE, "missing", id="never seen"),
        ],
    )
    def test_reads_once_and_says_what_that_means(
        self, stage: Stage, more: dict[str, Any], given: Answer, outcome: str
    ) -> None:
        stage.serve(given)
        reading = stage.reading({**GATE, **more}, check_mode=True)
        result = reading.result
        assert (result["gate"]["outcome"], result["gate"]["check_mode"]) == (outcome, True)
        assert result["msg"].startswith(f"check mode: this read alone means {outcome}, so the gate would ")
        # A green task says what is wrong; nothing is wrong with a gate that would open.
        assert reading.warnings == (() if outcome == "reached" else (result["msg"],))
        assert set(result) == {*KEYS, "gate"}
        assert (stage.requests, stage.clock.slept, stage.lines) == (1, [], [])

    @pytest.mark.parametrize("given", [DENIED, answer(401), answer(302), answer(200, "{}")], ids=str)
    def test_every_other_error_fails(self, stage: Stage, given: Answer) -> None:
        stage.serve(given)
        reading = stage.reading(GATE, check_mode=True)
        result = reading.result
        assert (result["failed"], result["gate"]["outcome"], result["gate"]["check_mode"]) == (True, "error", True)
        assert result["msg"].startswith("check mode: the gate stays shut: ")
        assert reading.warnings == ()

    def test_survives_passing_faults_as_a_single_read_does(self, stage: Stage) -> None:
        assert stage.read(GATE, BUSY, ok(), check_mode=True)["gate"]["outcome"] == "reached"
        assert stage.requests == 2
        assert stage.read(GATE, BUSY, check_mode=True)["error"]["kind"] == "server"


@pytest.mark.parametrize(
    "answers",
    [[ok()], [ok("Creating"), ok()], [ok("Failed")], [DENIED]],
    ids=["at once", "later", "failed", "denied"],
)
@pytest.mark.parametrize("parameters", [READ, GATE], ids=["read", "gate"])
def test_one_release_read_apart_is_the_same(stage: Stage, parameters: dict[str, Any], answers: list[Answer]) -> None:
    stage.serve(*answers)
    assert read_apart(parameters, {}, stage.surroundings()) == stage.reading(parameters)


class TestSecrets:
    def test_are_struck_out_after_the_verdict(self, stage: Stage) -> None:
        """A token `Run` must not turn the phase into asterisks before the rules see it."""
        result = stage.read({**GATE, "token": "Run"}, ok())
        assert result["gate"]["outcome"] == "reached"
        assert result["phase"] == "********ning"
        assert "Run" not in json.dumps(result)
        assert "Run" not in "".join(stage.lines)

    @pytest.mark.parametrize("wait", [False, True])
    @pytest.mark.parametrize(
        "echo",
        [
            pytest.param(ok(f"phase {TOKEN}", name=f"name {TOKEN}", version=TOKEN, uid=TOKEN), id="release"),
            pytest.param(ok(gray=[deployment(f"w {TOKEN}", image=f"{TOKEN}:1", ready=1)]), id="workload"),
            pytest.param(ok("Running", f"r-{TOKEN}"), id="request id"),
            pytest.param(answer(200, json.dumps({**document("Running"), f"key {TOKEN}": 1})), id="key"),
            pytest.param(answer(403, json.dumps({"error_code": TOKEN, "error_msg": f"bad {TOKEN}"})), id="error"),
            pytest.param(answer(403, json.dumps({"errorMsg": "x" * 190 + TOKEN})), id="error at the cut"),
            pytest.param(answer(401, "{}", X_Request_Id=TOKEN), id="401"),
        ],
    )
    @pytest.mark.parametrize("check_mode", [False, True])
    def test_that_the_service_echoes_are_struck_out(
        self, stage: Stage, wait: bool, echo: Answer, check_mode: bool
    ) -> None:
        parameters = {**(GATE if wait else READ), "manifests": True}
        result = stage.read(parameters, echo, check_mode=check_mode)
        assert TOKEN not in json.dumps(result)
        assert TOKEN[:12] not in json.dumps(result)
        assert TOKEN not in "".join(stage.lines)

    def test_in_options_are_struck_out(self, stage: Stage) -> None:
        result = stage.read({**READ, "namespace": f"{TOKEN}/"}, ok())
        assert TOKEN not in json.dumps(result)

    @pytest.mark.parametrize("secret", [pytest.param("tok" * 200, id="long"), pytest.param("a::b\u00a0c", id="odd")])
    @pytest.mark.parametrize("option", ["region", "mesh_id"])
    def test_in_a_wrong_option_too_are_struck_out(self, stage: Stage, option: str, secret: str) -> None:
        """What is refused is told, and must not be cut or escaped before the secret in it is found."""
        given = {**READ, "endpoint": None, "token": None, "password": secret, option: f"{secret}/.."}
        result = stage.read(given, ok())
        assert result["error"]["kind"] == "usage"
        assert secret[:6] not in json.dumps(result, ensure_ascii=False)

    def test_of_the_environment_in_a_wrong_place_are_struck_out(self, stage: Stage) -> None:
        environment = {"HW_AUTH_TOKEN": "Made-Up", "HW_REGION_NAME": "Made-Up"}
        result = stage.read({**READ, "endpoint": None, "token": None}, environment=environment)
        assert (result["error"]["kind"], "Made-Up" in json.dumps(result)) == ("usage", False)

    def test_that_would_be_escaped_are_struck_out(self, stage: Stage) -> None:
        odd = "made\u00a0up"
        parameters = {**READ, "token": None, "username": "u", "password": odd, "domain_name": "d"}
        parameters.update(iam_endpoint="https://iam.example", project_name="p")
        login = answer(201, "{}", X_Subject_Token=TOKEN)
        result = stage.read(parameters, login, ok(f"is {odd}", gray=[deployment(f"w {odd}")]))
        assert (result["phase"], result["workloads"]["gray"][0]["name"]) == ("is ********", "w ********")

    def test_that_this_run_obtained_are_struck_out(self, stage: Stage) -> None:
        parameters = {**READ, "token": None, "username": "u", "password": "made-up-password", "domain_name": "d"}
        parameters.update(iam_endpoint="https://iam.example", project_name="p")
        result = stage.read(parameters, answer(201, "{}", X_Subject_Token="obtained-1"), ok("phase obtained-1"))
        assert result["phase"] == "phase ********"

    def test_of_the_environment_are_struck_out(self, stage: Stage) -> None:
        result = stage.read({**READ, "token": None}, ok(f"is {TOKEN}"), environment={"HW_AUTH_TOKEN": TOKEN})
        assert result["phase"] == "is ********"


class TestProgress:
    def test_is_one_line_for_each_change_and_one_for_the_verdict(self, stage: Stage) -> None:
        half = ok("Running", gray=[deployment(ready=2)])
        parameters = {**GATE, "ready": True}
        stage.read(parameters, ok("Creating", gray=[deployment(ready=0)]), half, half, ok())
        assert stage.lines == [
            (
                "release_gate: reviews-canary (bookinfo) Creating, 0/3 ready; waiting for Running; "
                "not ready: gray workload reviews-gray: 0 of 3 updated replicas are available; next poll in 10 s"
            ),
            (
                "release_gate: reviews-canary (bookinfo) Creating → Running, 2/3 ready; "
                "not ready: gray workload reviews-gray: 2 of 3 updated replicas are available; next poll in 10 s"
            ),
            "release_gate: reviews-canary (bookinfo) Running, 3/3 ready; reached after 30 s",
        ]

    def test_is_no_line_for_each_second_of_stable_for(self, stage: Stage) -> None:
        stage.read({**GATE, "stable_for": 100, "wait_timeout": 200}, ok("Creating"), ok())
        assert [line.replace("release_gate: reviews-canary (bookinfo) ", "") for line in stage.lines] == [
            "Creating, 3/3 ready; waiting for Running; next poll in 10 s",
            "Creating → Running, 3/3 ready; stable 0 of 100 s; next poll in 10 s",
            "Running, 3/3 ready; stable 60 of 100 s; next poll in 10 s",
            "Running, 3/3 ready; reached after 110 s",
        ]

    def test_comes_at_least_every_60_s(self, stage: Stage) -> None:
        said: list[float] = []
        stage.read(
            {**GATE, "wait_timeout": 200, "wait_sleep": 100},
            ok("Creating"),
            progress=lambda _line: said.append(stage.clock() - 1000),
        )
        assert [round(moment, 1) for moment in said] == [0, 60, 120, 180, 198]

    def test_of_a_long_pause_says_when_the_next_poll_is(self, stage: Stage) -> None:
        stage.read({**GATE, "wait_timeout": 200, "wait_sleep": 100}, ok("Creating"), ok())
        assert stage.lines[1] == (
            "release_gate: reviews-canary (bookinfo) Creating, 3/3 ready; waiting for Running; next poll in 40 s"
        )

    def test_comes_while_nothing_answers(self, stage: Stage) -> None:
        stage.read({**GATE, "wait_timeout": 90}, BUSY)
        assert len(stage.lines) == 2
        assert stage.lines[0].startswith(
            "release_gate: reviews-canary (bookinfo) not answered yet; waiting for Running; transient error (server), "
        )
        assert stage.lines[1].endswith("; waiting for Running; transient error (server); timeout after 88 s")

    def test_comes_while_an_answer_takes_its_time(self, stage: Stage) -> None:
        stage.serve(ok(), takes=130)
        stage.read({**GATE, "wait_timeout": 200})
        waiting = "release_gate: reviews-canary (bookinfo) not answered yet; waiting for Running; waiting for an answer"
        assert stage.lines == [
            waiting,
            waiting,
            "release_gate: reviews-canary (bookinfo) Running, 3/3 ready; reached after 130 s",
        ]

    def test_of_nobody_changes_nothing(self, stage: Stage) -> None:
        assert stage.read(GATE, ok("Creating"), ok(), progress=None) == stage.read(GATE, ok("Creating"), ok())


class TestWarnings:
    def test_of_a_credentials_file_that_others_may_read(self, stage: Stage, tmp_path: Any) -> None:
        path = tmp_path / "credentials"
        path.write_text("[basic]\nak = made-up-access-key\nsk = made-up-secret-key\n")
        path.chmod(0o644)
        stage.serve(ok())
        reading = stage.reading({**READ, "token": None, "credentials_file": str(path)})
        assert not reading.failed
        assert len(reading.warnings) == 1
        assert str(path) in reading.warnings[0]

    def test_are_none_otherwise(self, stage: Stage) -> None:
        stage.serve(ok())
        assert stage.reading(READ) == Reading((stage.read(READ),), ())


PHASE_TEXT = st.text(st.sampled_from("Running failed\n\t\u00a0\u2028\x85"), max_size=9)


@pytest.fixture
def calls(stage: Stage) -> Callable[[Any], dict[str, Any]]:
    return lambda phase: stage.read(READ, ok(phase))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(phase=PHASE_TEXT, wanted=PHASE_TEXT.filter(str.strip))
def test_in_phase_says_of_a_result_what_the_gate_says_of_the_answer(
    calls: Callable[[Any], dict[str, Any]], phase: str, wanted: str
) -> None:
    assert in_phase(calls(phase), wanted) == is_phase(phase, [wanted])
    assert in_phase(calls(wanted), wanted)


def test_check_mode_ends_by_the_deadline_of_the_gate(stage: Stage) -> None:
    busy = answer(503, "", Retry_After="2")
    result = stage.read({**GATE, "wait_timeout": 3}, busy, check_mode=True)
    assert (result["error"]["kind"], stage.requests) == ("server", 2)
    assert stage.clock.slept == [2.0]
