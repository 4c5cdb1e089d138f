# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error says, whether another try is worth it, and when."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import (
    LONGEST_PAUSE,
    LONGEST_RETRY_AFTER,
    AsmError,
    login_refusal,
    of_list,
    time_of_answer,
    usage,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner

KINDS = (
    "usage",
    "credentials",
    "denied",
    "not_found",
    "endpoint",
    "tls",
    "throttled",
    "server",
    "network",
    "timeout",
    "protocol",
    "internal",
)
PASSING = {"throttled", "server", "network", "timeout"}
URL = "https://iam.example/v3/auth/tokens?nocatalog=true"


@pytest.mark.parametrize("kind", KINDS)
def test_only_faults_that_may_pass_are_worth_another_try(kind: str) -> None:
    assert AsmError(kind, "x").passing is (kind in PASSING)


@pytest.mark.parametrize("passing", [True, False])
def test_an_error_can_say_for_itself_whether_it_passes(passing: bool) -> None:
    assert AsmError("protocol", "x", passing=passing).passing is passing


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        pytest.param(AsmError("network", "no route"), "no route", id="problem alone"),
        pytest.param(usage("a is empty", "fill it"), "a is empty; fill it", id="and what to do"),
        pytest.param(
            AsmError("server", "it failed", "wait", status=503, code="ASM.1", message="busy"),
            "it failed (503 ASM.1: busy); wait",
            id="and what was answered",
        ),
        pytest.param(AsmError("server", "it failed", status=502), "it failed (502)", id="a status alone"),
        pytest.param(
            AsmError("credentials", "refused", status=401, code="401", message="no"),
            "refused (401: no)",
            id="a code that repeats the status",
        ),
        pytest.param(AsmError("tls", "refused", message="expired"), "refused (expired)", id="without an answer"),
        pytest.param(
            AsmError("server", "it failed", status=500, code="a\nb", message="is s3cret"),
            "it failed (500 a\\u000ab: is ********)",
            id="foreign text is cleaned",
        ),
    ],
)
def test_an_error_is_one_sentence(error: AsmError, sentence: str) -> None:
    cleaner = Cleaner()
    cleaner.learn("s3cret")
    assert error.sentence(cleaner) == sentence


def test_the_report_has_all_keys_and_no_secret() -> None:
    cleaner = Cleaner()
    cleaner.learn("s3cret")
    said: dict[str, Any] = dict.fromkeys(("code", "message", "request_id", "url"), "s3cret\n")
    report = AsmError("server", "it failed", status=500, **said).report(cleaner)
    assert report == {"kind": "server", "status": 500, **dict.fromkeys(said, "********\\u000a")}


def test_without_a_message_of_the_service_the_report_has_ours() -> None:
    report = AsmError("network", "no route").report(Cleaner())
    assert report == {"kind": "network", "status": None, "code": "", "message": "no route", "request_id": "", "url": ""}


@pytest.mark.parametrize(
    ("tries", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, LONGEST_PAUSE), (10**9, LONGEST_PAUSE)]
)
def test_pauses_double_up_to_a_bound_and_are_spread(tries: int, seconds: float) -> None:
    assert AsmError("server", "x").pause(tries, 1.0) == seconds
    assert AsmError("server", "x").pause(tries, 0.9) == pytest.approx(0.9 * seconds)


@pytest.mark.parametrize(("asked", "seconds"), [(0.0, 0.0), (7.0, 7.0), (600.0, LONGEST_RETRY_AFTER)])
def test_the_pause_that_the_service_asks_for_is_kept_up_to_a_bound(asked: float, seconds: float) -> None:
    assert AsmError("server", "x", retry_after=asked).pause(3, 1.1) == seconds


class TestTheNameOfWhatItIsAbout:
    def test_stands_before_the_problem(self) -> None:
        named = AsmError("denied", "no permission", "grant it", status=403).of("reviews (bookinfo)")
        assert named.sentence(str) == "'reviews (bookinfo)': no permission (403); grant it"

    def test_is_clean(self) -> None:
        cleaner = Cleaner()
        cleaner.learn("s3cret")
        assert AsmError("denied", "no permission").of("s3cret\n").sentence(cleaner) == (
            "'********\\u000a': no permission"
        )

    def test_leaves_an_error_that_says_what_was_seen(self) -> None:
        assert usage("namespace is {seen}", seen="a/b").of("reviews").sentence(str) == "namespace is 'a/b'"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        pytest.param(
            AsmError("denied", "no permission", "grant get"),
            "no permission; grant asm:mesh:listReleases to their user or agency",
            id="denied",
        ),
        pytest.param(
            AsmError("not_found", "no such release", "check release_id"),
            "ASM knows no such mesh; check mesh_id",
            id="not found",
        ),
        pytest.param(
            AsmError("usage", "refused", "check release_id", status=400), "refused (400); check mesh_id", id="400"
        ),
        pytest.param(AsmError("server", "it failed", status=503), "it failed (503)", id="another"),
    ],
)
def test_an_error_of_the_list_speaks_of_the_mesh(error: AsmError, sentence: str) -> None:
    kind = error.kind
    assert (of_list(error).sentence(str), error.kind) == (sentence, kind)


IAM = {"error": {"code": 401, "message": "wrong password", "title": "Unauthorized"}}
IAM_NEWER = {"error_code": "IAM.0006", "error_msg": "wrong password", "encoded_authorization_message": "s3cret"}
GATEWAY = {"error_code": "APIGW.0101", "error_msg": "no such API", "request_id": "r-1"}
HTML = "<html>Not here</html>"


@pytest.mark.parametrize(
    ("status", "body", "kind", "passing"),
    [
        pytest.param(400, IAM_NEWER, "credentials", False, id="400"),
        pytest.param(401, IAM, "credentials", False, id="401 of IAM v3"),
        pytest.param(401, IAM_NEWER, "credentials", False, id="401 of IAM v3.0"),
        pytest.param(401, HTML, "credentials", False, id="401 of whatever: it is not tried again"),
        pytest.param(403, IAM_NEWER, "credentials", False, id="403"),
        pytest.param(404, IAM, "credentials", False, id="404 that IAM explains: no such user or project"),
        pytest.param(404, GATEWAY, "endpoint", False, id="404 of the gateway"),
        pytest.param(404, HTML, "endpoint", False, id="404 of a page"),
        pytest.param(404, "", "endpoint", False, id="404 of nobody"),
        pytest.param(409, IAM, "credentials", False, id="409 that IAM explains"),
        pytest.param(302, "", "endpoint", False, id="redirect"),
        pytest.param(405, GATEWAY, "endpoint", False, id="405"),
        pytest.param(204, "", "endpoint", False, id="another success"),
        pytest.param(408, "", "server", True, id="408"),
        pytest.param(429, GATEWAY, "throttled", True, id="429"),
        pytest.param(500, IAM, "server", True, id="500"),
        pytest.param(503, HTML, "server", True, id="503"),
    ],
)
def test_a_refused_login_is_final_unless_iam_itself_has_a_fault(
    status: int, body: Any, kind: str, passing: bool
) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    refused = login_refusal(status, {}, content.encode(), URL)
    assert (refused.kind, refused.passing, refused.by_asm) == (kind, passing, False)
    assert (refused.status, refused.url) == (status, URL)
    assert "s3cret" not in refused.sentence(str)


def test_a_login_is_known_by_the_trace_id_of_iam() -> None:
    assert login_refusal(401, {"X-IAM-Trace-Id": "t-1"}, b"", URL).request_id == "t-1"


def test_the_time_of_an_answer_is_that_of_the_service() -> None:
    assert time_of_answer({"Date": "Sun, 01 Mar 2026 12:00:00 GMT"}).isoformat() == "2026-03-01T12:00:00+00:00"
