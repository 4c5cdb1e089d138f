# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins: when they are due, how long they hold, and credentials that are not sent twice."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.credentials import (
    AgencyCredentials,
    KeyCredentials,
    PasswordCredentials,
    TokenCredentials,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.login import Authority
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import (
    AsmError,
    CredentialsError,
    NetworkError,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import (
    Clock,
    ScriptedTransport,
    answer,
)
from requests import Request

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import Response

HOUR = 3600.0
USER = PasswordCredentials("who", "s3cret", "account", "https://iam.example", None, "cn-north-4")
AGENCY = AgencyCredentials("http://127.0.0.1:1", "project-1")
NOON = "2026-03-01T12:00:00.000000Z"
DATE = "Sun, 01 Mar 2026 12:00:00 GMT"


def token(value: str = "token-1", lifetime: Any = 24 * HOUR, status: int = 201) -> Response:
    """What IAM answers to a login; the lifetime in seconds."""
    expires = datetime(2026, 3, 1, 12, tzinfo=timezone.utc) + timedelta(seconds=lifetime)
    body = {"token": {"issued_at": NOON, "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}}
    return answer(status, json.dumps(body), X_Subject_Token=value)


def keys(**replaced: Any) -> Response:
    """What the metadata service answers, half an hour before the keys expire."""
    credential = {
        "access": "AK",
        "secret": "SK-s3cret",
        "securitytoken": "ST",
        "expires_at": "2026-03-01T12:30:00.000000Z",
    }
    return answer(200, json.dumps({"credential": {**credential, **replaced}}), Date=DATE)


SESSION = answer(200, "session-token\n")


class Login:
    """The authority for some credentials, on a scripted clock and service."""

    def __init__(self, credentials: Any, *answers: Response | AsmError) -> None:
        self.transport = ScriptedTransport(*answers)
        self.clock = Clock()
        self.authority = Authority(credentials, self.clock)

    def headers(self) -> dict[str, str]:
        """The headers that a request gets now."""
        request = Request("GET", "https://asm.example/v2").prepare()
        return dict(self.authority.authorization(self.transport, self.clock() + 10)(request).headers)

    def refused(self) -> AsmError:
        with pytest.raises(AsmError) as refused:
            self.headers()
        assert "s3cret" not in refused.value.sentence(str)
        return refused.value


def test_given_token_is_sent_as_it_is() -> None:
    login = Login(TokenCredentials("t"))
    assert login.headers() == {"X-Auth-Token": "t"}
    assert not login.authority.renew()
    assert login.transport.sent == []


def test_key_pair_signs() -> None:
    login = Login(KeyCredentials("AK", "SK", "ST", "P"))
    headers = login.headers()
    assert headers["Authorization"].startswith("SDK-HMAC-SHA256 Access=AK, ")
    assert (headers["X-Security-Token"], headers["X-Project-Id"]) == ("ST", "P")
    assert not login.authority.renew()
    assert login.transport.sent == []


def test_the_response_to_a_password_is_bounded_by_1_mib() -> None:
    login = Login(USER, token())
    login.headers()
    assert [sent.bounds.limit for sent in login.transport.sent] == [1024 * 1024]


@pytest.mark.parametrize(
    ("project", "scope"),
    [
        pytest.param({"project_id": None, "project_name": "n"}, {"name": "n"}, id="by name"),
        pytest.param({"project_id": "p", "project_name": "n"}, {"id": "p"}, id="by id"),
    ],
)
def test_login_is_scoped_to_project(project: dict[str, Any], scope: dict[str, str]) -> None:
    who = PasswordCredentials("who", "s3cret", "account", "https://iam.example/x", **project)
    login = Login(who, token())
    assert login.headers() == {"X-Auth-Token": "token-1"}
    (sent,) = login.transport.sent
    assert (sent.request.method, sent.request.url) == ("POST", "https://iam.example/x/v3/auth/tokens?nocatalog=true")
    user = {"name": "who", "password": "s3cret", "domain": {"name": "account"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    assert json.loads(sent.request.body or b"") == {"auth": {"identity": identity, "scope": {"project": scope}}}
    assert sent.deadline == login.clock() + 10


@pytest.mark.parametrize(
    ("body", "is_transient", "problem"),
    [
        pytest.param("<html>", True, "the response to the login is not JSON", id="a-web-page"),
        pytest.param("{}", False, "the response to the login has no token", id="no-token"),
    ],
)
def test_a_login_without_a_token_is_tried_again_only_if_something_else_answered(
    body: str, is_transient: bool, problem: str
) -> None:
    error = Login(USER, answer(200, body)).refused()
    assert (error.kind, error.is_transient, error.problem) == ("protocol", is_transient, problem)


def test_one_login_serves_many_reads() -> None:
    login = Login(USER, token())
    for _index in range(60):
        login.headers()
        login.clock.sleep(10)
    assert len(login.transport.sent) == 1


def test_obtained_token_is_secret() -> None:
    login = Login(USER, token("token-of-iam"))
    login.headers()
    assert login.transport.sanitizer("token-of-iam") == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_token_never_expires_within_three_days() -> None:
    login = Login(USER, *(token(f"token-{day}") for day in range(1, 10)))
    start = login.clock()
    obtained: dict[str, float] = {}
    while login.clock() < start + 72 * HOUR:
        now = login.headers()["X-Auth-Token"]
        obtained.setdefault(now, login.clock())
        assert login.clock() - obtained[now] < 24 * HOUR
        login.clock.seconds += 60
    assert list(obtained) == ["token-1", "token-2", "token-3", "token-4"]
    assert len(login.transport.sent) == 4


@pytest.mark.parametrize(
    ("lifetime", "held"),
    [
        pytest.param(24 * HOUR, 24 * HOUR - 600, id="ten minutes before the end"),
        pytest.param(1000.0, 900.0, id="or a tenth of a short life"),
    ],
)
def test_token_is_renewed_when_due(lifetime: float, held: float) -> None:
    login = Login(USER, token("token-1", lifetime), token("token-2"))
    login.headers()
    login.clock.seconds += held - 1
    assert login.headers()["X-Auth-Token"] == "token-1"
    login.clock.seconds += 1
    assert login.headers()["X-Auth-Token"] == "token-2"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="no body"),
        pytest.param(b"<html>", id="no JSON"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"token": null}', id="no token"),
        pytest.param(b'{"token": {"issued_at": 1, "expires_at": 2}}', id="no times"),
        pytest.param(b'{"token": {"issued_at": "today", "expires_at": "later"}}', id="times of another kind"),
        pytest.param(
            b'{"token": {"issued_at": "2026-03-02T12:00:00Z", "expires_at": "2026-03-01T12:00:00Z"}}',
            id="expired before",
        ),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
def test_token_without_lifetime_lives_one_day(body: bytes) -> None:
    login = Login(USER, answer(201, body, X_Subject_Token="token-1"), token("token-2"))
    login.headers()
    login.clock.seconds += 23 * HOUR
    assert login.headers()["X-Auth-Token"] == "token-1"
    login.clock.seconds += HOUR
    assert login.headers()["X-Auth-Token"] == "token-2"


@pytest.mark.parametrize(
    "zone", [pytest.param("Z", id="UTC"), pytest.param("+00:00", id="offset"), pytest.param("", id="without a zone")]
)
def test_times_may_lack_zone(zone: str) -> None:
    times = {"issued_at": f"2026-03-01T12:00:00.123000{zone}", "expires_at": f"2026-03-01T13:00:00.123000{zone}"}
    login = Login(USER, answer(201, json.dumps({"token": times}), X_Subject_Token="token-1"), token("token-2"))
    login.headers()
    login.clock.seconds += HOUR
    assert login.headers()["X-Auth-Token"] == "token-2"


def test_renewed_token_is_obtained_again() -> None:
    login = Login(USER, token("token-1"), token("token-2"))
    login.headers()
    assert login.authority.renew()
    assert login.headers()["X-Auth-Token"] == "token-2"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 302, 204])
def test_refused_login_is_final(status: int) -> None:
    login = Login(USER, answer(status, '{"error": {"code": 1, "message": "no"}}'))
    refused = login.refused()
    assert refused.kind == ("credentials" if status >= 400 else "endpoint")
    assert not refused.is_transient
    assert len(login.transport.sent) == 1


class TestRefusedCredentials:
    def test_of_login_are_not_sent_again(self) -> None:
        login = Login(USER, answer(401, '{"error": {"code": 401, "message": "no"}}'))
        errors = [login.refused() for _time in range(3)]
        assert {error.sentence(str) for error in errors} == {errors[0].sentence(str)}
        assert len(login.transport.sent) == 1

    @pytest.mark.parametrize("credentials", [TokenCredentials("t"), KeyCredentials("AK", "SK"), USER])
    def test_of_read_are_not_sent_again(self, credentials: Any) -> None:
        login = Login(credentials, token())
        login.headers()
        login.authority.refuse(CredentialsError("the credentials were refused"))
        assert login.refused().problem == "the credentials were refused"

    def test_after_transient_error_are_sent_again(self) -> None:
        login = Login(USER, answer(503), token())
        assert login.refused().is_transient
        assert login.headers() == {"X-Auth-Token": "token-1"}


class TestRenewal:
    def test_happens_once_until_token_is_accepted(self) -> None:
        login = Login(USER, token("token-1"), token("token-2"), token("token-3"))
        login.headers()
        assert login.authority.renew()
        login.headers()
        assert not login.authority.renew()
        login.headers()
        login.authority.accept()
        assert login.authority.renew()

    def test_drops_token_in_any_case(self) -> None:
        login = Login(USER, token("token-1"), token("token-2"), token("token-3"))
        tokens = []
        for _time in range(3):
            tokens.append(login.headers()["X-Auth-Token"])
            login.authority.renew()
        assert tokens == ["token-1", "token-2", "token-3"]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_failure_of_iam_is_transient(status: int) -> None:
    assert Login(USER, answer(status, "")).refused().is_transient


@pytest.mark.parametrize("value", ["", "to ken", "to\r\n ken", "tökén"])
def test_token_must_fit_header(value: str) -> None:
    refused = Login(USER, token(value)).refused()
    assert (refused.kind, refused.is_transient) == ("protocol", False)


def test_network_error_of_login_is_kept() -> None:
    error = NetworkError("no route")
    assert Login(USER, error).refused() is error


class TestAgency:
    """The temporary keys of an ECS."""

    def test_keys_are_read_with_session_token(self) -> None:
        login = Login(AGENCY, SESSION, keys())
        headers = login.headers()
        assert headers["Authorization"].startswith("SDK-HMAC-SHA256 Access=AK, ")
        assert (headers["X-Security-Token"], headers["X-Project-Id"]) == ("ST", "project-1")
        first, second = (sent.request for sent in login.transport.sent)
        assert (first.method, first.url) == ("PUT", "http://127.0.0.1:1/meta-data/latest/api/token")
        assert first.headers["X-Metadata-Token-Ttl-Seconds"] == "21600"
        assert (second.method, second.url) == ("GET", "http://127.0.0.1:1/openstack/latest/securitykey")
        assert second.headers["X-Metadata-Token"] == "session-token"

    @pytest.mark.parametrize("status", [404, 405, 503])
    def test_session_token_is_optional(self, status: int) -> None:
        login = Login(AGENCY, answer(status), keys())
        login.headers()
        assert "X-Metadata-Token" not in login.transport.sent[1].request.headers

    def test_requests_are_bounded_by_2_s_and_64_kib(self) -> None:
        login = Login(AGENCY, SESSION, keys())
        login.headers()
        for sent in login.transport.sent:
            assert (sent.bounds.seconds, sent.bounds.limit) == (2.0, 64 * 1024)
            assert sent.deadline == login.clock() + 10

    def test_all_parts_are_secret(self) -> None:
        login = Login(AGENCY, SESSION, keys(access="AK-123", securitytoken="ST-123"))
        login.headers()
        assert (
            login.transport.sanitizer("session-token AK-123 SK-s3cret ST-123") == "******** ******** ******** ********"
        )

    @pytest.mark.parametrize(
        ("expires_at", "date", "held"),
        [
            pytest.param("2026-03-01T12:30:00.000000Z", DATE, 30 * 60 * 0.9, id="by the clock of the service"),
            pytest.param(
                "2026-03-01T12:30:00.000000Z", "Sun, 01 Mar 2026 11:30:00 GMT", 3600 - 360, id="wherever it is"
            ),
            pytest.param(None, DATE, 15 * 60 * 0.9, id="missing"),
            pytest.param("soon", DATE, 15 * 60 * 0.9, id="another form"),
            pytest.param(12345, DATE, 15 * 60 * 0.9, id="a number"),
            pytest.param("2026-03-01T11:00:00Z", DATE, 15 * 60 * 0.9, id="already over"),
        ],
    )
    def test_keys_are_renewed_before_they_expire(self, expires_at: Any, date: str, held: float) -> None:
        body = keys(expires_at=expires_at).body
        login = Login(AGENCY, SESSION, answer(200, body, Date=date), SESSION, keys(access="AK2"))
        login.headers()
        login.clock.seconds += held - 1
        assert "Access=AK," in login.headers()["Authorization"]
        login.clock.seconds += 1
        assert "Access=AK2," in login.headers()["Authorization"]

    def test_local_time_counts_without_date_of_service(self) -> None:
        soon = (datetime.now(timezone.utc) + timedelta(seconds=1000)).isoformat()
        login = Login(AGENCY, SESSION, answer(200, keys(expires_at=soon).body), SESSION, keys(access="AK2"))
        login.headers()
        login.clock.seconds += 850
        assert "Access=AK," in login.headers()["Authorization"]
        login.clock.seconds += 50
        assert "Access=AK2," in login.headers()["Authorization"]

    @pytest.mark.parametrize(
        "answers",
        [
            pytest.param([answer(302, Location="http://evil.example")], id="redirect of the session"),
            pytest.param([SESSION, answer(302, Location="http://evil.example")], id="redirect of the keys"),
        ],
    )
    def test_redirect_is_not_followed(self, answers: list[Response]) -> None:
        login = Login(AGENCY, *answers)
        refused = login.refused()
        assert (refused.kind, refused.is_transient) == ("endpoint", False)
        assert len(login.transport.sent) == len(answers)

    @pytest.mark.parametrize(
        ("given", "kind", "is_transient"),
        [
            pytest.param(answer(404), "credentials", False, id="no agency"),
            pytest.param(answer(401), "credentials", False, id="no session"),
            pytest.param(answer(500), "server", True, id="it failed"),
            pytest.param(answer(429), "throttled", True, id="too often"),
            pytest.param(answer(200, ""), "protocol", False, id="nothing"),
            pytest.param(answer(200, "<html>"), "protocol", False, id="a page"),
            pytest.param(answer(200, "[]"), "protocol", False, id="a list"),
            pytest.param(answer(200, '{"credential": null}'), "protocol", False, id="null"),
            pytest.param(answer(200, '{"credential": {}}'), "protocol", False, id="no keys"),
            pytest.param(answer(200, '{"credential": []}'), "protocol", False, id="a list of keys"),
            pytest.param(answer(200, "[" * 60_000), "protocol", False, id="nested without end"),
            pytest.param(keys(secret=""), "protocol", False, id="an empty key"),
            pytest.param(keys(secret=None), "protocol", False, id="no key"),
            pytest.param(keys(access={"a": 1}), "protocol", False, id="a key that is an object"),
            pytest.param(keys(securitytoken="s3cret\r\nX-Evil: 1"), "protocol", False, id="a header in a key"),
            pytest.param(keys(secret="s3cret\ud800"), "protocol", False, id="half of a surrogate pair in a key"),
        ],
    )
    def test_invalid_keys_are_refused(self, given: Response, kind: str, is_transient: bool) -> None:
        refused = Login(AGENCY, SESSION, given).refused()
        assert (refused.kind, refused.is_transient) == (kind, is_transient)

    @pytest.mark.parametrize("session", ["", "\n", "a b", "a\r\nX-Evil: 1", b"\xff\xfe", "ä"])
    def test_session_token_must_fit_header(self, session: Any) -> None:
        login = Login(AGENCY, answer(200, session), keys())
        refused = login.refused()
        assert (refused.kind, refused.is_transient) == ("protocol", False)
        assert len(login.transport.sent) == 1


@pytest.mark.parametrize("make", [lambda: token("token-1", 60.0), lambda: token("token-1", 1.0)])
def test_lifetime_starts_before_login_is_sent(make: Callable[[], Response]) -> None:
    login = Login(USER)

    class Slow(ScriptedTransport):
        def send(self, *arguments: Any) -> Response:
            login.clock.seconds += 100
            return super().send(*arguments)

    login.transport = Slow(make(), token("token-2"))
    assert login.headers()["X-Auth-Token"] == "token-1"
    assert login.headers()["X-Auth-Token"] == "token-2"
