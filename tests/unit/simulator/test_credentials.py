# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is let in. Requests are signed here with the vendor's signer, or are those of the published examples."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

import pytest
from ansible_collections.huaweicloud.asm.tests.simulator.credentials import KeyRing, Received, RefusedError
from ansible_collections.huaweicloud.asm.tests.simulator.scenario import parse
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from .conftest import NOON, ScriptedClock

if TYPE_CHECKING:
    from datetime import datetime

KEY = {"access_key": "AK", "secret_key": "SK"}
TEMPORARY = {"access_key": "AK", "secret_key": "SK", "security_token": "ST"}
USER = {"username": "u", "password": "p", "domain_name": "d", "project_id": "id-1", "project_name": "region-1"}
SDK_DATE = "%Y%m%dT%H%M%SZ"


class SignerKey(NamedTuple):
    ak: str
    sk: str


OURS = SignerKey("AK", "SK")


def ring(clock: ScriptedClock, **credentials: Any) -> KeyRing:
    return KeyRing(parse({"credentials": credentials}).credentials, clock.now)


def with_token(token: str) -> Received:
    return Received("GET", "/v2/x", {"x-auth-token": token}, b"", "request-1")


def signed(
    headers: dict[str, str] | None = None,
    *,
    path: str = "/v2/meshes/mesh",
    query: list[tuple[str, str]] | None = None,
    body: bytes = b"",
    date: datetime = NOON,
    key: SignerKey = OURS,
) -> Received:
    """What a client of the vendor's SDK would send."""
    sent = {"host": "asm.example", "X-Sdk-Date": date.strftime(SDK_DATE), **(headers or {})}
    method = "POST" if body else "GET"
    request = SdkRequest(
        method=method, resource_path=path, query_params=query or [], header_params=sent, body=body or None
    )
    result = Signer(key).sign(request)
    lower = {name.lower(): value for name, value in result.header_params.items()}
    return Received(method, result.uri, lower, body, "request-1")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(signed(), id="bare"),
        pytest.param(signed({"X-Project-Id": "p-1", "Content-Type": "application/json"}), id="more headers"),
        pytest.param(signed(path="/v2/meshes/m%20%C3%A4/namespaces/a~b/releases/c%2Bd"), id="encoded path"),
        pytest.param(signed(query=[("b", "2"), ("a", "x y"), ("a", "")]), id="query"),
        pytest.param(signed(body=b'{"name": "test"}'), id="body"),
        pytest.param(signed(date=NOON.replace(minute=14, second=59)), id="clock ahead, just tolerable"),
    ],
)
def test_the_vendor_signature_is_accepted(clock: ScriptedClock, request_: Received) -> None:
    assert ring(clock, keys=[KEY]).check(request_).credential == "key 1"


def headers_of(request: Received, **changed: str | None) -> Received:
    merged = {**request.headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return replace(request, headers={name: value for name, value in merged.items() if value is not None})


def authorization_of(request: Received, change: Callable[[str], str]) -> Received:
    return headers_of(request, authorization=change(request.headers["authorization"]))


BODY = signed(body=b'{"a": 1}')
TAMPERED = {
    "nothing sent": (headers_of(signed(), authorization=None), "neither X-Auth-Token nor Authorization"),
    "another path": (replace(signed(), target="/v2/meshes/other"), "signature is not the one"),
    "another body": (replace(BODY, body=b'{"a": 2}'), "signature is not the one"),
    "another secret key": (signed(key=SignerKey("AK", "other")), "signature is not the one"),
    "another access key": (signed(key=SignerKey("other", "SK")), "access key is not known"),
    "another algorithm": (authorization_of(signed(), lambda value: "X" + value), "not that of SDK-HMAC-SHA256"),
    "host not signed": (authorization_of(signed(), lambda value: value.replace("host;", "")), "not signed.*host"),
    "signed, not sent": (headers_of(signed({"X-Project-Id": "p"}), x_project_id=None), "not sent: x-project-id"),
    "wrong order": (
        authorization_of(signed(), lambda value: value.replace("host;x-sdk-date", "x-sdk-date;host")),
        "order that the signature needs",
    ),
    "no date": (headers_of(signed(), x_sdk_date=None), "X-Sdk-Date is missing"),
    "date in another form": (headers_of(signed(), x_sdk_date="2026-03-01"), "not of the form"),
    "clock behind": (signed(date=NOON.replace(hour=11, minute=44)), "more than 15 minutes"),
    "clock ahead": (signed(date=NOON.replace(minute=16)), "more than 15 minutes"),
    "unknown security token": (signed({"X-Security-Token": "x"}), "X-Security-Token is not the one"),
}


@pytest.mark.parametrize(("request_", "message"), list(TAMPERED.values()), ids=list(TAMPERED))
def test_wrong_credentials_are_refused(clock: ScriptedClock, request_: Received, message: str) -> None:
    with pytest.raises(RefusedError, match=message) as caught:
        ring(clock, keys=[KEY]).check(request_)
    assert "SK" not in str(caught.value)


@pytest.mark.parametrize("security_token", [None, "other"])
def test_a_temporary_key_needs_its_security_token(clock: ScriptedClock, security_token: str | None) -> None:
    keys = ring(clock, keys=[TEMPORARY])
    assert keys.check(signed({"X-Security-Token": "ST"})).credential == "key 1"
    with pytest.raises(RefusedError, match="X-Security-Token"):
        keys.check(signed({"X-Security-Token": security_token} if security_token else {}))


def test_a_key_is_locked_for_5_minutes_after_more_than_5_failures_in_a_row(clock: ScriptedClock) -> None:
    keys = ring(clock, keys=[KEY])
    wrong = signed(key=SignerKey("AK", "other"))
    for _index in range(5):
        with pytest.raises(RefusedError, match="signature"):
            keys.check(wrong)
    assert keys.check(signed()).credential == "key 1", "5 are allowed, and a good request ends the row"
    for _index in range(6):
        with pytest.raises(RefusedError, match="signature"):
            keys.check(wrong)
    with pytest.raises(RefusedError, match="locked"):
        keys.check(signed())
    clock.advance(300)
    assert keys.check(signed(date=clock.now())).credential == "key 1"


def test_an_issued_token_works_for_its_uses_until_it_expires(clock: ScriptedClock) -> None:
    keys = ring(clock, users=[USER])
    user = keys.log_in("u", "p", "d")
    once, _unused = keys.issue_token(user, 1)
    token, expires_at = keys.issue_token(user, None)
    assert keys.check(with_token(once)).credential == "token 1 of u"
    with pytest.raises(RefusedError, match="expired"):
        keys.check(with_token(once))
    assert keys.check(with_token(token)).credential == "token 2 of u"
    clock.advance((expires_at - NOON).total_seconds())
    with pytest.raises(RefusedError, match="expired"):
        keys.check(with_token(token))
