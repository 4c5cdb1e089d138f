# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences and reports of errors, the pause before the next try, and the meaning of refused requests."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import errors
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import (
    LONGEST_PAUSE,
    LONGEST_RETRY_AFTER,
    MESH,
    RELEASE,
    SERVICE,
    AsmError,
    CredentialsError,
    DeniedError,
    ErrorResponse,
    NetworkError,
    NotFoundError,
    Resource,
    ServerError,
    TlsError,
    UsageError,
    login_refusal,
    pause_after,
    refusal,
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


@pytest.mark.parametrize(("asked", "seconds"), [(0.0, 0.9), (7.0, 7.0), (600.0, LONGEST_RETRY_AFTER)])
def test_retry_after_is_kept_within_bounds(asked: float, seconds: float) -> None:
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
        copy = self.ERROR.with_response(ErrorResponse(500))
        assert copy.sentence(str) == "namespace is 'a/b' (500); grant it"
        assert isinstance(copy, DeniedError)

    def test_leave_original(self) -> None:
        self.ERROR.about("one")
        assert self.ERROR.sentence(str) == "namespace is 'a/b' (403); grant it"


ASM = json.dumps({"errorCode": "ASM.01404001", "errorMsg": "text"})


@pytest.mark.parametrize(
    ("resource", "name", "options", "permission"),
    [
        (RELEASE, "release", "mesh_id, namespace and release_id", "asm:mesh:getRelease"),
        (MESH, "mesh", "mesh_id", "asm:mesh:listReleases"),
        (SERVICE, "service", "mesh_id, namespace and service", "asm:mesh:getService"),
    ],
)
def test_refusals_name_what_was_asked_for(resource: Resource, name: str, options: str, permission: str) -> None:
    missing, denied, wrong = (refusal(resource, status, {}, ASM.encode(), URL) for status in (404, 403, 400))
    assert isinstance(missing, NotFoundError)
    assert (missing.problem, missing.hint) == (f"ASM has no such {name}", f"check {options}")
    assert missing.response == ErrorResponse(404, "ASM.01404001", "text", url=URL, from_asm=True)
    assert (denied.kind, denied.hint) == ("denied", f"grant {permission} to their user or agency")
    assert (wrong.kind, wrong.hint) == ("usage", f"check {options}")


GATEWAY = json.dumps({"error_code": "APIGW.0101", "error_msg": "text", "request_id": "id-of-body"})
IAM = json.dumps({"error": {"code": 401, "message": "text", "title": "Unauthorized"}})
IAM_NEWER = json.dumps({"error_code": "IAM.0006", "error_msg": "text", "encoded_authorization_message": "long"})
HTML = "<html>text</html>"
BODIES = {"ASM": ASM, "gateway": GATEWAY, "IAM v3": IAM, "IAM v3.0": IAM_NEWER, "page": HTML, "nothing": ""}
CODES = {
    "ASM": "ASM.01404001",
    "gateway": "APIGW.0101",
    "IAM v3": "401",
    "IAM v3.0": "IAM.0006",
    "page": "",
    "nothing": "",
}

STATUSES = [
    (101, "protocol", True),
    (103, "protocol", True),
    (201, "protocol", False),
    (202, "protocol", False),
    (204, "protocol", False),
    (206, "protocol", False),
    (301, "endpoint", False),
    (302, "endpoint", False),
    (304, "endpoint", False),
    (307, "endpoint", False),
    (308, "endpoint", False),
    (400, "usage", False),
    (401, "credentials", False),
    (403, "denied", False),
    (405, "endpoint", False),
    (406, "endpoint", False),
    (409, "endpoint", False),
    (410, "endpoint", False),
    (499, "endpoint", False),
    (408, "server", True),
    (429, "throttled", True),
    (500, "server", True),
    (501, "server", True),
    (502, "server", True),
    (503, "server", True),
    (504, "server", True),
    (599, "server", True),
]


@pytest.mark.parametrize("who", BODIES)
@pytest.mark.parametrize(("status", "kind", "is_transient"), STATUSES)
def test_status_decides_whoever_answers(status: int, kind: str, is_transient: bool, who: str) -> None:
    error = refusal(RELEASE, status, {"Location": "https://evil.example"}, BODIES[who].encode(), URL)
    assert (error.kind, error.is_transient, error.response.status, error.response.url) == (
        kind,
        is_transient,
        status,
        URL,
    )
    assert (error.response.code, error.response.from_asm) == (CODES[who], who == "ASM")
    assert error.response.message == ("text" if CODES[who] else "")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(ASM, "not_found", id="ASM"),
        pytest.param('{"errorCode": "ASM.404"}', "not_found", id="ASM without a message"),
        pytest.param('{"errorCode": "ASM.404", "errorMsg": null}', "not_found", id="ASM with null as message"),
        pytest.param(GATEWAY, "endpoint", id="gateway"),
        pytest.param('{"error_code": "ASM.404", "error_msg": "no"}', "endpoint", id="gateway with a code like ASM's"),
        pytest.param('{"errorCode": "APIGW.0101"}', "endpoint", id="gateway in ASM's form"),
        pytest.param('{"errorCode": "asm.404"}', "endpoint", id="another prefix"),
        pytest.param('{"errorCode": "ASM"}', "endpoint", id="half of the prefix"),
        pytest.param('{"errorCode": null}', "endpoint", id="no code"),
        pytest.param('{"errorCode": 404}', "endpoint", id="a number"),
        pytest.param('{"errorCode": ["ASM.404"]}', "endpoint", id="a list"),
        pytest.param('[{"errorCode": "ASM.404"}]', "endpoint", id="in a list"),
        pytest.param('{"error": {"errorCode": "ASM.404"}}', "endpoint", id="inside of something else"),
        pytest.param('"ASM.404"', "endpoint", id="a text"),
        pytest.param('{"errorCode": "ASM.404"', "endpoint", id="half of the body"),
        pytest.param(IAM, "endpoint", id="IAM"),
        pytest.param(HTML, "endpoint", id="page"),
        pytest.param("<!-- ASM.404 -->", "endpoint", id="page that names ASM"),
        pytest.param("", "endpoint", id="nothing"),
        pytest.param("[" * 100_000, "endpoint", id="nested without end"),
        pytest.param(b"\xff\xfe", "endpoint", id="no text"),
        pytest.param('{"errorCode": "APIGW.0101", "errorCode": "ASM.404"}', "endpoint", id="a code twice"),
        pytest.param('{"errorCode": "ASM.404", "a": {"b": 1, "b": 2}}', "endpoint", id="another name twice"),
        pytest.param('{"errorCode": "ASM.404", "a": NaN}', "endpoint", id="a number that JSON does not have"),
        pytest.param(ASM.encode("utf-16"), "endpoint", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + ASM.encode(), "endpoint", id="byte order mark"),
        pytest.param('{"errorCode": "ASM.404", "error_code": "APIGW.0101"}', "endpoint", id="ASM and gateway"),
        pytest.param('{"errorCode": "ASM.404", "error": {"code": 404}}', "endpoint", id="ASM and IAM"),
    ],
)
def test_only_404_of_asm_means_no_such_release(body: Any, kind: str) -> None:
    content = body if isinstance(body, bytes) else body.encode()
    error = refusal(RELEASE, 404, {}, content, URL)
    assert (error.kind, error.is_transient) == (kind, False)


@pytest.mark.parametrize(
    ("headers", "body", "found"),
    [
        pytest.param({"X-Request-Id": "a"}, GATEWAY, "a", id="header"),
        pytest.param({"X-IAM-Trace-Id": "b"}, GATEWAY, "b", id="header of IAM"),
        pytest.param({}, GATEWAY, "id-of-body", id="body of the gateway"),
        pytest.param({}, HTML, "", id="none"),
    ],
)
def test_request_id_of_refusal(headers: dict[str, str], body: str, found: str) -> None:
    assert refusal(RELEASE, 500, headers, body.encode(), URL).response.request_id == found


NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
DATE = format_datetime(NOW, usegmt=True)


def in_seconds(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param(" 7 ", 7.0, id="seconds among blanks"),
        pytest.param("0", 0.0, id="none"),
        pytest.param("600", 600.0, id="many seconds"),
        pytest.param(in_seconds(90), 90.0, id="a date"),
        pytest.param(in_seconds(-90), 0.0, id="a date that is over"),
        pytest.param("Sunday, 01-Mar-26 12:01:00 GMT", 60.0, id="a date of an older form"),
        pytest.param("", None, id="empty"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("9" * 5000, None, id="without end"),
        pytest.param("٣", None, id="digits of another script"),
        pytest.param("soon", None, id="a word"),
        pytest.param("Sun, 99 Xxx 2026 99:99:99 GMT", None, id="a date that is none"),
    ],
)
def test_retry_after_is_seconds_or_date_of_service(status: int, value: str, seconds: float | None) -> None:
    assert refusal(RELEASE, status, {"Retry-After": value, "Date": DATE}, b"", URL).response.retry_after == seconds


@pytest.mark.parametrize("date", [{}, {"Date": "today"}])
def test_local_time_counts_without_date_of_service(date: dict[str, str]) -> None:
    due = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=100), usegmt=True)
    found = refusal(RELEASE, 503, {"Retry-After": due, **date}, b"", URL).response.retry_after
    assert found is not None
    assert 90 < found <= 100


@pytest.mark.parametrize("status", [204, 302, 400, 401, 403, 404, 405])
def test_final_error_has_no_retry_after(status: int) -> None:
    assert refusal(RELEASE, status, {"Retry-After": "7"}, b"", URL).response.retry_after is None


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
        pytest.param(103, "", "protocol", True, id="103"),
        pytest.param(408, "", "server", True, id="408"),
        pytest.param(429, GATEWAY, "throttled", True, id="429"),
        pytest.param(500, IAM, "server", True, id="500"),
        pytest.param(503, HTML, "server", True, id="503"),
    ],
)
def test_refused_login_is_final_unless_iam_failed(status: int, body: str, kind: str, is_transient: bool) -> None:
    error = login_refusal(status, {}, body.encode(), URL)
    assert (error.kind, error.is_transient) == (kind, is_transient)
    assert (error.response.status, error.response.url, error.response.from_asm) == (status, URL, False)
    assert "encoded" not in error.sentence(str)


def test_request_id_of_login_is_trace_id_of_iam() -> None:
    assert login_refusal(401, {"X-IAM-Trace-Id": "t-1"}, b"", URL).response.request_id == "t-1"


def test_time_of_response_is_that_of_service() -> None:
    assert time_of_response({"Date": "Sun, 01 Mar 2026 12:00:00 GMT"}).isoformat() == "2026-03-01T12:00:00+00:00"
