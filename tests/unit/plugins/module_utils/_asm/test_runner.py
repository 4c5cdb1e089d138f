# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole calls: options in, results and warnings out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import runner
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import NetworkError, UsageError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import refused
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import TaskContext
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    BUSY,
    CONNECTION,
    DENIED,
    ERROR_KEYS,
    FOUND_KEYS,
    GATE,
    GONE,
    READ,
    SERVICE,
    TOKEN,
    UNKNOWN,
    WAIT,
    Given,
    Stage,
    found,
    held,
    item,
    listed,
    ok,
    several,
)

FLAT = {*FOUND_KEYS, "request_id"}
MANY = {"msg", "releases", "request_id"}
CUT = "wait_timeout was cut from 600 s to 60 s by the task's timeout"


def outcome(result: dict[str, Any]) -> tuple[str, bool]:
    return result["gate"]["outcome"], bool(result.get("failed"))


def service(phase: str) -> Given:
    return answer(200, json.dumps({"release": document(phase)}), X_Request_Id="r-service")


@pytest.mark.parametrize(
    ("options", "answers", "keys", "request_id"),
    [
        pytest.param(READ, [ok("Failed")], FLAT, "r-ok", id="a release"),
        pytest.param(SERVICE, [service("Failed")], FLAT, "r-service", id="a service"),
        pytest.param({**READ, "on_missing": "accept"}, [GONE], FLAT, "r-gone", id="a release that does not exist"),
        pytest.param(several("a", "b"), [listed(item("a"), item("b"))], MANY, "r-list", id="releases"),
        pytest.param(several("uid-1"), [ok()], MANY, "r-ok", id="one of releases"),
        pytest.param(CONNECTION, [listed(item("a"))], MANY, "r-list", id="a mesh"),
        pytest.param(GATE, [ok()], {*FLAT, "gate"}, "r-ok", id="a gate"),
        pytest.param({**SERVICE, **WAIT}, [service("Running")], {*FLAT, "gate"}, "r-service", id="a gate on a service"),
        pytest.param(
            held("a", "b"), [listed(item("a"), item("b"))], {*MANY, "gate"}, "r-list", id="a gate on releases"
        ),
    ],
)
def test_results(stage: Stage, options: dict[str, Any], answers: list[Given], keys: set[str], request_id: str) -> None:
    stage.serve(*answers)
    call = stage.reading(options)
    assert (set(call.result), call.result["request_id"], call.is_failed, call.warnings) == (keys, request_id, False, ())
    assert {entry["request_id"] for entry in call.result.get("releases", ())} <= {request_id}


def test_an_entry_has_the_id_of_its_own_response(stage: Stage) -> None:
    answers = [listed(item("a")), ok(uid="uid-b"), GONE]
    result = stage.read(several("a", "b", "c", on_missing="accept"), *answers)
    assert [entry["request_id"] for entry in result["releases"]] == ["r-list", "r-ok", "r-gone"]


@pytest.mark.parametrize(
    ("options", "answers", "kind"),
    [
        pytest.param(READ, [GONE], "not_found", id="a release that does not exist"),
        pytest.param(READ, [UNKNOWN], "credentials", id="credentials"),
        pytest.param(READ, [DENIED], "denied", id="permission"),
        pytest.param(READ, [BUSY], "server", id="a transient error that lasts"),
        pytest.param(READ, [ok(namespace="other")], "protocol", id="another namespace"),
        pytest.param(several("a", "b"), [listed(item("a")), GONE], "not_found", id="one of releases"),
        pytest.param(CONNECTION, [GONE], "not_found", id="no mesh"),
        pytest.param({**READ, "mesh_id": "a/b"}, [ok()], "usage", id="an option"),
        pytest.param({**READ, "token": None}, [ok()], "credentials", id="no credentials"),
        pytest.param(GATE, [UNKNOWN], "credentials", id="a gate"),
        pytest.param({**GATE, "stable_for": 600}, [ok()], "usage", id="an option of a gate"),
        pytest.param(held("a", "b"), [UNKNOWN], "credentials", id="a gate on releases"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_errors_fail_with_all_keys(
    stage: Stage, options: dict[str, Any], answers: list[Given], kind: str, check_mode: bool
) -> None:
    result = stage.read(options, *answers, check_mode=check_mode)
    flat = "release_id" in options
    gate = {"gate"} if options.get("wait") else set()
    assert set(result) == {*(FLAT if flat else MANY), "failed", "error", *gate}
    assert (result["failed"], result["error"]["kind"], set(result["error"])) == (True, kind, ERROR_KEYS)
    if gate:
        assert outcome(result) == ("error", True)
        assert result["msg"].startswith("check mode: the gate stays closed" if check_mode else "the gate stays closed")


@pytest.mark.parametrize(
    ("answers", "expected", "error"),
    [
        ([ok("Creating"), ok()], "reached", None),
        ([ok("Failed")], "failed", None),
        ([ok("Creating")], "timeout", None),
        ([ok("Creating"), BUSY], "timeout", "server"),
        ([GONE], "missing", "not_found"),
        ([ok("Creating"), ok(uid="uid-2")], "replaced", None),
        ([ok("Creating"), DENIED], "error", "denied"),
        ([NetworkError("no route")], "error", "network"),
    ],
)
@pytest.mark.parametrize("options", [GATE, held("reviews-canary")], ids=["release_id", "releases"])
def test_every_outcome_but_reached_fails(
    stage: Stage, options: dict[str, Any], answers: list[Given], expected: str, error: str | None
) -> None:
    result = stage.read(options, *answers)
    assert outcome(result) == (expected, expected != "reached")
    assert result.get("error", {}).get("kind") == error
    assert stage.lines[-1].endswith(f"after {result['gate']['elapsed']:.0f} s")


class TestCheckMode:
    @pytest.mark.parametrize(
        ("answers", "expected", "warns"),
        [
            ([ok()], "reached", False),
            ([ok("Creating")], "pending", True),
            ([ok("Failed")], "failed", True),
            ([GONE], "missing", True),
        ],
    )
    @pytest.mark.parametrize("options", [GATE, held("reviews-canary")], ids=["release_id", "releases"])
    def test_reads_once_and_warns(
        self, stage: Stage, options: dict[str, Any], answers: list[Given], expected: str, warns: bool
    ) -> None:
        stage.serve(*answers)
        call = stage.reading(options, check_mode=True)
        assert outcome(call.result) == (expected, False)
        assert call.warnings == ((call.result["msg"],) if warns else ())
        assert call.result["msg"].startswith(f"check mode: this read alone means {expected}, so ")
        assert (stage.requests, call.result["gate"]["check_mode"]) == (1, True)

    @pytest.mark.parametrize("options", [GATE, held("a", "b"), several("a", "b"), CONNECTION])
    def test_and_reads_without_a_gate_show_no_lines(self, stage: Stage, options: dict[str, Any]) -> None:
        stage.serve_mesh([listed(item("a"))], {"b": [ok("Creating", name="b")], "reviews-canary": [ok()]}, takes=70)
        result = stage.reading({**options, "wait_timeout": 600}, check_mode="wait" in options).result
        assert ("failed" in result, stage.lines) == (False, [])


@pytest.mark.parametrize(
    ("answers", "is_cut"), [([ok("Creating")], True), ([ok("Failed")], False), ([ok()], False), ([DENIED], False)]
)
def test_a_cut_wait_timeout_is_named_if_more_time_could_have_helped(
    stage: Stage, answers: list[Given], is_cut: bool
) -> None:
    assert stage.read(GATE, *answers, cut=CUT)["msg"].endswith(CUT) is is_cut
    refused_option = {**GATE, "wait_timeout": 5, "stable_for": 9}
    assert stage.read(refused_option, *answers, cut=CUT)["msg"].endswith(CUT)


class TestSeparately:
    def test_each_target_has_a_flat_result(self, stage: Stage) -> None:
        stage.serve(listed(item("a"), item("b", "Creating")))
        call = stage.reading(several("a", "b"), separately=True)
        assert [(set(each), each["phase"]) for each in call.results] == [(FLAT, "Running"), (FLAT, "Creating")]

    def test_each_target_has_its_own_gate(self, stage: Stage) -> None:
        stage.serve(listed(item("a"), item("b")))
        call = stage.reading(held("a", "b"), separately=True)
        assert [each["gate"]["outcome"] for each in call.results] == ["reached", "reached"]

    def test_a_gate_that_stays_closed_is_one_result(self, stage: Stage) -> None:
        stage.serve(listed(item("a"), item("b", "Failed")))
        (result,) = stage.reading(held("a", "b"), separately=True).results
        assert outcome(result) == ("failed", True)


def test_a_warning_is_given_once(stage: Stage) -> None:
    other = item("c")
    other["metadata"]["meshID"] = "other"
    stage.serve(*[listed(item("a", "Creating"), item("b"), other)] * 3, listed(item("a"), item("b"), other))
    assert len(stage.reading(held("a", "b")).warnings) == 1


def test_a_bug_fails_with_all_keys_and_without_its_text(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any, **_keywords: Any) -> None:
        raise RuntimeError(TOKEN)

    monkeypatch.setattr(runner, "connect", broken)
    result = stage.read(GATE, ok())
    assert set(result) == {*FLAT, "gate", "failed", "error"}
    assert (result["error"]["kind"], outcome(result)) == ("internal", ("error", True))
    assert "RuntimeError" in result["msg"]
    assert TOKEN not in json.dumps(result)


@pytest.mark.parametrize(
    "options", [READ, GATE, held("a", "b"), {**READ, "manifests": True}, {**READ, "region": TOKEN}]
)
def test_no_secret_is_shown(stage: Stage, options: dict[str, Any]) -> None:
    shown = document(TOKEN, name=TOKEN, version=TOKEN, uid=f"x{TOKEN}x")
    shown["metadata"][TOKEN] = TOKEN
    unused = {"HW_SECRET_KEY": "another-secret-12"}
    shown["spec"]["note"] = "another-secret-12"
    body = json.dumps({"errorCode": "ASM.1", "errorMsg": f"no {TOKEN}"})
    for given in ([found(shown, TOKEN)], [listed(shown)], [answer(400, body, X_Request_Id=TOKEN)]):
        stage.serve(*given)
        call = stage.reading(options, runtime=stage.runtime(environment=unused))
        text = json.dumps([call.results, call.warnings, stage.lines])
        assert TOKEN not in text
        assert "another-secret-12" not in text


@pytest.mark.parametrize("options", [READ, GATE, several("a", "b")])
def test_without_manifests_no_environment_value_is_shown(stage: Stage, options: dict[str, Any]) -> None:
    shown = item("a", "Creating")
    shown["status"]["grayDeployments"][0]["spec"]["template"]["spec"]["containers"][0]["env"] = [{"value": "hidden"}]
    for given in (found(shown), listed(shown, item("b"))):
        assert "hidden" not in json.dumps([stage.read(options, given), stage.lines])


@pytest.mark.parametrize("wait", [True, "yes", False, None, ["odd"]])
@pytest.mark.parametrize("name", ["release_id", "service", "releases"])
def test_refused_options_have_the_keys_of_a_read(wait: Any, name: str) -> None:
    given = {"wait": wait, name: ["odd"]}
    result = refused(UsageError("wrong", "check wait_timeout"), given, TaskContext(cut=CUT))
    gate = {"gate"} if wait in (True, "yes") else set()
    assert set(result) == {*(MANY if name == "releases" else FLAT), "failed", "error", *gate}
    assert result["msg"].endswith(CUT) is bool(gate)


def test_a_caller_that_is_gone_gets_an_internal_error(stage: Stage) -> None:
    runtime = stage.runtime(is_cancelled=lambda: stage.clock() > 1003)
    stage.serve(ok("Creating"))
    result = stage.reading(GATE, runtime=runtime).result
    assert (result["error"]["kind"], stage.clock() < 1006) == ("internal", True)
