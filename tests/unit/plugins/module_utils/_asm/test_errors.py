# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences and reports of errors, the pause before the next try, and the meaning of refused requests."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import errors
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import (
    LONGEST_PAUSE,
    LONGEST_RETRY_AFTER,
    AsmError,
    CredentialsError,
    DeniedError,
    ErrorResponse,
    NetworkError,
    NotFoundError,
    ServerError,
    TlsError,
    UsageError,
    list_refusal,
    login_refusal,
    pause_after,
    refusal,
    service_refusal,
    time_of_response,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer

URL = "https://iam.example/v3/auth/tokens?nocatalog=true"


@pytest.fixture
def sanitizer() -> Sanitizer:
    """Return a sanitizer that knows `s3cret`."""
    made = Sanitizer()
    made.learn("s3cret")
    return made


def test_classes_cover_all_kinds_and_transient_ones() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, AsmError)]
    kinds = {(each.kind, each.is_transient) for each in classes if each is not AsmError}
    final = {"usage", "credentials", "denied", "not_found", "endpoint", "tls", "proxy", "protocol", "internal"}
    transient = {"throttled", "server", "network", "timeout", "protocol"}
    assert kinds == {(kind, False) for kind in final} | {(kind, True) for kind in transient}


@pytest.mark.parametrize("name", ["problem", "hint", "seen", "response"])
def test_errors_are_immutable(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(ServerError("it failed"), name, "other")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        pytest.param(NetworkError("no route"), "no route", id="problem"),
        pytest.param(UsageError("a is empty", "fill it"), "a is empty; fill it", id="hint"),
        pytest.param(
            ServerError("it failed", "wait", response=ErrorResponse(503, "ASM.1", "busy")),
            "it failed (503 ASM.1: busy); wait",
            id="response",
        ),
        pytest.param(ServerError("it failed", response=ErrorResponse(502)), "it failed (502)", id="status alone"),
        pytest.param(
            CredentialsError("refused", response=ErrorResponse(401, "401", "no")),
            "refused (401: no)",
            id="code that repeats the status",
        ),
        pytest.param(
            TlsError("refused", response=ErrorResponse(message="expired")), "refused (expired)", id="no response"
        ),
        pytest.param(
            ServerError("it failed", response=ErrorResponse(500, "a\nb", "is s3cret")),
            "it failed (500 a\\u000ab: is ********)",
            id="foreign text",
        ),
        pytest.param(UsageError("id is {seen}", seen="s3cret\n"), "id is '********\\u000a'", id="foreign value"),
    ],
)
def test_sentence(error: AsmError, sentence: str, sanitizer: Sanitizer) -> None:
    assert error.sentence(sanitizer) == sentence


def test_report_has_all_keys_and_no_secret(sanitizer: Sanitizer) -> None:
    said: dict[str, Any] = dict.fromkeys(("code", "message", "request_id", "url"), "s3cret\n")
    report = ServerError("it failed", response=ErrorResponse(status=500, **said)).report(sanitizer)
    assert report == {"kind": "server", "status": 500, **dict.fromkeys(said, "********\\u000a")}


def test_report_without_message_of_service_has_ours(sanitizer: Sanitizer) -> None:
    report = NetworkError("no route").report(sanitizer)
    assert report == {"kind": "network", "status": None, "code": "", "message": "no route", "request_id": "", "url": ""}


@pytest.mark.parametrize(
    ("tries", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, LONGEST_PAUSE), (10**9, LONGEST_PAUSE)]
)
def test_pauses_double_up_to_bound(tries: int, seconds: float) -> None:
    assert pause_after(ServerError("x"), tries, 1.0) == seconds
    assert pause_after(ServerError("x"), tries, 0.9) == pytest.approx(0.9 * seconds)


@pytest.mark.parametrize(("asked", "seconds"), [(0.0, 0.0), (7.0, 7.0), (600.0, LONGEST_RETRY_AFTER)])
def test_retry_after_is_kept_up_to_bound(asked: float, seconds: float) -> None:
    assert pause_after(ServerError("x", response=ErrorResponse(retry_after=asked)), 3, 1.1) == seconds


class TestCopies:
    ERROR = DeniedError("namespace is {seen}", "grant it", "a/b", ErrorResponse(403))

    def test_about_names_subject_first(self, sanitizer: Sanitizer) -> None:
        named = self.ERROR.about("s3cret\n")
        assert named.sentence(sanitizer) == "'********\\u000a': namespace is 'a/b' (403); grant it"
        assert named.report(sanitizer)["message"] == "'********\\u000a': namespace is 'a/b'"

    def test_about_keeps_first_subject(self) -> None:
        assert self.ERROR.about("one").about("other").sentence(str).startswith("'one': namespace")

    def test_differ_in_one_part(self) -> None:
        copies = [self.ERROR.with_response(ErrorResponse(500)), self.ERROR.with_hint("ask")]
        assert [each.sentence(str) for each in copies] == [
            "namespace is 'a/b' (500); grant it",
            "namespace is 'a/b' (403); ask",
        ]
        assert all(isinstance(each, DeniedError) for each in copies)

    def test_leave_original(self) -> None:
        self.ERROR.about("one")
        assert self.ERROR.sentence(str) == "namespace is 'a/b' (403); grant it"


ASM = json.dumps({"errorCode": "ASM.01404001", "errorMsg": "no"}).encode()


@pytest.mark.parametrize(
    ("refuse", "name", "options", "permission"),
    [
        (refusal, "release", "mesh_id, namespace and release_id", "asm:mesh:getRelease"),
        (list_refusal, "mesh", "mesh_id", "asm:mesh:listReleases"),
        (service_refusal, "service", "mesh_id, namespace and service", "asm:mesh:getService"),
    ],
)
def test_refusals_name_what_was_asked_for(
    refuse: Callable[..., AsmError], name: str, options: str, permission: str
) -> None:
    missing, denied, wrong = (refuse(status, {}, ASM, URL) for status in (404, 403, 400))
    assert isinstance(missing, NotFoundError)
    assert (missing.problem, missing.hint) == (f"ASM has no such {name}", f"check {options}")
    assert missing.response == ErrorResponse(404, "ASM.01404001", "no", url=URL, from_asm=True)
    assert (denied.kind, denied.hint) == ("denied", f"grant {permission} to their user or agency")
    assert (wrong.kind, wrong.hint) == ("usage", f"check {options}")


IAM = {"error": {"code": 401, "message": "wrong password", "title": "Unauthorized"}}
IAM_NEWER = {"error_code": "IAM.0006", "error_msg": "wrong password", "encoded_authorization_message": "s3cret"}
GATEWAY = {"error_code": "APIGW.0101", "error_msg": "no such API", "request_id": "r-1"}
HTML = "<html>Not here</html>"


@pytest.mark.parametrize(
    ("status", "body", "kind", "is_transient"),
    [
        pytest.param(400, IAM_NEWER, "credentials", False, id="400"),
        pytest.param(401, IAM, "credentials", False, id="401 of IAM v3"),
        pytest.param(401, IAM_NEWER, "credentials", False, id="401 of IAM v3.0"),
        pytest.param(401, HTML, "credentials", False, id="401 of a page"),
        pytest.param(403, IAM_NEWER, "credentials", False, id="403"),
        pytest.param(404, IAM, "credentials", False, id="404 that IAM explains: no such user or project"),
        pytest.param(404, GATEWAY, "endpoint", False, id="404 of the gateway"),
        pytest.param(404, HTML, "endpoint", False, id="404 of a page"),
        pytest.param(404, "", "endpoint", False, id="404 without a body"),
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
def test_refused_login_is_final_unless_iam_failed(status: int, body: Any, kind: str, is_transient: bool) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    error = login_refusal(status, {}, content.encode(), URL)
    assert (error.kind, error.is_transient) == (kind, is_transient)
    assert (error.response.status, error.response.url, error.response.from_asm) == (status, URL, False)
    assert "s3cret" not in error.sentence(str)


def test_request_id_of_login_is_trace_id_of_iam() -> None:
    assert login_refusal(401, {"X-IAM-Trace-Id": "t-1"}, b"", URL).response.request_id == "t-1"


def test_time_of_response_is_that_of_service() -> None:
    assert time_of_response({"Date": "Sun, 01 Mar 2026 12:00:00 GMT"}).isoformat() == "2026-03-01T12:00:00+00:00"
