# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results, in the documented shapes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import ErrorResponse
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import parse
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import Conditions, ReleaseTarget
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.results.messages import Messages, Read
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.results.result import Results
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    deployment,
    document,
    error_of_kind,
    not_found,
    release,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.observed import gate_set, polls
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    ERROR_KEYS,
    FOUND_KEYS,
    NOON,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.gate_set import GateSet

KEYS = {*FOUND_KEYS, "request_id"}
VERDICT_KEYS = {"outcome", "elapsed", "requests", "retries", "check_mode"}
TIMELINE_KEYS = {"timeline", "timeline_omitted"}
NO_WORKLOADS: dict[str, Any] = {"original": {}, "gray": []}
RUNNING = Conditions(("Running",), ("Failed",))
ANSWERED = not_found().with_response(ErrorResponse(404, request_id="r-404"))
BY_ID = ReleaseTarget("mesh", "bookinfo", release_id="id-0")
BY_SERVICE = ReleaseTarget("mesh", "bookinfo", service="reviews")
FOREIGN = "\x1b[2J\n##vso[task.complete]"
HARMLESS = "\\u001b[2J\\u000a# #vso[task.complete]"


def results(*targets: ReleaseTarget, manifests: bool = False, check_mode: bool = False) -> Results:
    sanitizer = Sanitizer()
    sanitizer.learn("s3cret-token")
    return Results(Messages(targets, sanitizer, check_mode), sanitizer, manifests, NOON)


def one(*seen: Any) -> GateSet:
    return polls(gate_set(1, RUNNING), *({0: each} for each in seen))


class TestReads:
    def test_of_one_release(self) -> None:
        result = results(BY_ID).read(Read(BY_ID, replace(release(), request_id="r-1")))
        assert set(result) == KEYS
        assert (result["found"], result["phase"], result["request_id"]) == (True, "Running", "r-1")
        assert result["workloads"]["original"]["images"] == ["registry.example/reviews:1"]
        assert [each["ready_replicas"] for each in result["workloads"]["gray"]] == [3]

    def test_of_a_release_that_does_not_exist(self) -> None:
        result = results(BY_ID).read(Read(BY_ID, error=ANSWERED))
        assert {key: result[key] for key in KEYS - {"msg"}} == {
            "found": False,
            "release": {},
            "phase": "",
            "workloads": NO_WORKLOADS,
            "request_id": "r-404",
        }

    def test_of_several(self) -> None:
        reads = [Read(BY_ID, replace(release(), request_id="r-2")), Read(BY_SERVICE, error=ANSWERED)]
        result = results(BY_ID, BY_SERVICE).read_many(reads, "r-1")
        assert set(result) == {"msg", "releases", "request_id"}
        first, second = result["releases"]
        assert set(first) == {*KEYS, "namespace", "release_id"}
        assert set(second) == {*KEYS, "namespace", "service"}
        assert [each["request_id"] for each in (result, first, second)] == ["r-1", "r-2", "r-404"]
        assert (first["release_id"], second["service"], second["found"]) == ("id-0", "reviews", False)


class TestGates:
    def test_on_one_release(self) -> None:
        gates = one("Creating", 503, release(gray=[deployment(ready=1)], uid="uid-0"))
        (result,) = results(BY_ID).waited(gates, "the verdict", "r-1")
        assert set(result) == {*KEYS, "gate"}
        assert result["msg"] == "the verdict"
        assert result["gate"] == {
            "outcome": "reached",
            "elapsed": 20.0,
            "requests": 2,
            "retries": 1,
            "check_mode": False,
            "timeline": [
                {"phase": "Creating", "at": "2026-03-01T12:00:00Z", "after": 0.0, "ready_replicas": 3, "replicas": 3},
                {"phase": "Running", "at": "2026-03-01T12:00:20Z", "after": 20.0, "ready_replicas": 1, "replicas": 3},
            ],
            "timeline_omitted": 0,
        }

    def test_on_several_releases(self) -> None:
        seen = replace(release(uid="uid-0", name="r-0"), request_id="r-2")
        gates = polls(gate_set(2, RUNNING, 1), {0: "Creating", 1: 503}, {0: seen, 1: error_of_kind("denied")})
        result = results(BY_ID, BY_SERVICE).waited_many(gates, "the verdict", "r-1")
        assert set(result) == {"msg", "releases", "request_id", "gate"}
        assert set(result["gate"]) == {*VERDICT_KEYS, "required", "counts"}
        assert (result["gate"]["required"], result["gate"]["counts"]) == (1, {"reached": 1, "pending": 1})
        first, second = result["releases"]
        assert set(first) == {*KEYS, *TIMELINE_KEYS, "namespace", "release_id", "outcome"}
        assert set(second) == {*KEYS, *TIMELINE_KEYS, "namespace", "service", "outcome", "error"}
        assert (first["outcome"], second["outcome"], second["error"]["kind"]) == ("reached", "pending", "server")

    def test_apart_have_their_own_outcomes(self) -> None:
        gates = polls(gate_set(2, RUNNING, 1), {0: "Running", 1: "Failed"})
        first, second = results(BY_ID, BY_SERVICE).waited(gates, "unused", "r-1")
        assert set(first) == set(second) == {*KEYS, "gate"}
        assert (first["gate"]["outcome"], second["gate"]["outcome"]) == ("reached", "failed")
        assert "Failed" in second["msg"]

    def test_do_not_show_a_release_that_has_disappeared(self) -> None:
        (result,) = results(BY_ID).waited(one("Creating", 404), "", "")
        assert (result["found"], result["release"], result["workloads"]) == (False, {}, NO_WORKLOADS)

    def test_say_pending_while_there_is_no_outcome(self) -> None:
        (result,) = results(BY_ID, check_mode=True).waited(one("Creating"), "", "")
        assert (result["gate"]["outcome"], result["gate"]["check_mode"]) == ("pending", True)


@pytest.mark.parametrize("is_single", [True, False])
@pytest.mark.parametrize("ended", [None, 1.5])
def test_a_refused_call_has_the_keys_of_a_read(is_single: bool, ended: float | None) -> None:
    result = results().refused(error_of_kind("usage"), ended, is_single, "r-1")
    keys = KEYS if is_single else {"msg", "releases", "request_id"}
    assert set(result) == {*keys, "failed", "error", *(["gate"] if ended else [])}
    assert (set(result["error"]), result["error"]["kind"]) == (ERROR_KEYS, "usage")
    if ended:
        assert set(result["gate"]) == {*VERDICT_KEYS, *(TIMELINE_KEYS if is_single else {"required", "counts"})}
        assert (result["gate"]["outcome"], result["gate"]["elapsed"]) == ("error", 1.5)


class TestForeignText:
    def test_with_manifests_is_as_the_api_gave_it(self) -> None:
        shown = document(FOREIGN)
        result = results(BY_ID, manifests=True).read(Read(BY_ID, parse(shown, manifests=True)))
        assert result["release"] == shown

    def test_without_manifests_is_printable_and_holds_no_deployment(self) -> None:
        shown = document(FOREIGN, name=FOREIGN)
        shown["status"]["grayDeployments"][0]["spec"]["template"]["spec"]["containers"][0]["env"] = [
            {"value": "hidden"}
        ]
        result = results(BY_ID).read(Read(BY_ID, parse(shown, request_id=FOREIGN)))
        assert (result["phase"], result["request_id"], result["release"]["status"]["phase"]) == (HARMLESS,) * 3
        assert "##vso" not in json.dumps(result)
        assert "hidden" not in json.dumps(result)

    def test_a_phase_is_stripped_as_the_rules_compare_it(self) -> None:
        assert results(BY_ID).read(Read(BY_ID, release(" Running\n")))["phase"] == "Running"

    def test_a_secret_is_struck_out_before_it_is_escaped(self) -> None:
        secret = "s3cret-token"
        found = replace(release(f"{secret}\n", name=secret, version=secret), request_id=secret)
        result = results(BY_ID).read(Read(BY_ID, found))
        assert secret not in json.dumps({**result, "release": {}})
