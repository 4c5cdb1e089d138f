# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accepted credentials: tokens, access keys with signatures, users. It refuses what the service refuses.

Signatures are recomputed with the vendor's own signer, so that a mistake of ours cannot agree with itself.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

# Only the signer: importing the SDK's HTTP client writes an application id into the home directory.
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .scenario import Credentials, User

AUTHORIZATION = re.compile(r"SDK-HMAC-SHA256 Access=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})")
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
GREATEST_SKEW = timedelta(minutes=15)
FAILURES_ALLOWED = 5
LOCKED = timedelta(minutes=5)
LIFETIME = timedelta(days=1)
TOKEN_BYTES = 768


class RefusedError(Exception):
    """The caller is not let in; the text says why and holds no secret."""


@dataclass(frozen=True)
class Received:
    """A request as it came: ``target`` is path and query as they were sent, names of ``headers`` in lower case.

    ``request_id`` is what the gateway calls it.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str


@dataclass(frozen=True)
class Caller:
    """Who was let in: the name of the credential (never the credential)."""

    credential: str


@dataclass
class _Token:
    caller: Caller
    expires_at: datetime
    uses: int | None


@dataclass
class _Key:
    caller: Caller
    secret_key: str
    security_token: str | None
    expires_at: datetime


@dataclass(frozen=True)
class AgencyKey:
    """A temporary key of the ECS agency."""

    access_key: str
    secret_key: str
    security_token: str
    issued_at: datetime
    expires_at: datetime


@dataclass
class _Failures:
    count: int = 0
    locked_until: datetime = field(default=datetime.min.replace(tzinfo=UTC))


class _SignerCredentials(NamedTuple):
    ak: str
    sk: str


NEVER = datetime.max.replace(tzinfo=UTC)


class KeyRing:
    """All credentials that the simulator knows. ``now`` is the wall clock in UTC."""

    def __init__(self, known: Credentials, now: Callable[[], datetime]) -> None:
        self._now = now
        self._users = known.users
        self._tokens: dict[str, _Token] = {}
        self._keys: dict[str, _Key] = {}
        self._failures: dict[str, _Failures] = {}
        self._issued = 0
        self._agency_keys = 0
        for number, token in enumerate(known.tokens, start=1):
            caller = Caller(token.name or f"token {number}")
            self._tokens[token.token] = _Token(caller, NEVER, token.uses)
        for number, key in enumerate(known.keys, start=1):
            caller = Caller(key.name or f"key {number}")
            self._keys[key.access_key] = _Key(caller, key.secret_key, key.security_token, NEVER)

    def check(self, request: Received) -> Caller:
        """Who sent it; ``RefusedError`` with the reason otherwise. It takes one of a token's ``uses``."""
        token = request.headers.get("x-auth-token")
        if token is not None:
            return self._check_token(token)
        if "authorization" in request.headers:
            return self._check_authorization(request, request.headers["authorization"])
        raise RefusedError("neither X-Auth-Token nor Authorization was sent")

    def name_of(self, request: Received) -> str:
        """The name of the credential that a request carries, whether it is good or not; never the credential."""
        token = request.headers.get("x-auth-token")
        if token is not None:
            return self._tokens[token].caller.credential if token in self._tokens else "unknown token"
        parts = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if parts is not None:
            return self._keys[parts[1]].caller.credential if parts[1] in self._keys else "unknown key"
        return "unknown authorization" if "authorization" in request.headers else "none"

    def log_in(self, username: str, password: str, domain_name: str) -> User:
        """The user; ``RefusedError`` when there is none, the password is wrong, or the user is locked."""
        account = f"user {domain_name}/{username}"
        self._refuse_locked(account)
        for user in self._users:
            if (user.username, user.domain_name) == (username, domain_name) and user.password == password:
                self._failures.pop(account, None)
                return user
        self._fail(account)
        raise RefusedError("the user name or the password is wrong")

    def issue_token(self, user: User, uses: int | None) -> tuple[str, datetime]:
        """A new token of a user and when it expires."""
        token = f"MII{secrets.token_urlsafe(TOKEN_BYTES)}"
        self._issued += 1
        expires_at = self._now() + LIFETIME
        caller = Caller(f"token {self._issued} of {user.name or user.username}")
        self._tokens[token] = _Token(caller, expires_at, uses)
        return token, expires_at

    def issue_agency_key(self) -> AgencyKey:
        """A new temporary key."""
        self._agency_keys += 1
        issued_at = self._now()
        key = AgencyKey(
            access_key=f"HST{secrets.token_hex(9).upper()}",
            secret_key=secrets.token_urlsafe(30),
            security_token=secrets.token_urlsafe(TOKEN_BYTES),
            issued_at=issued_at,
            expires_at=issued_at + LIFETIME,
        )
        caller = Caller(f"agency key {self._agency_keys}")
        self._keys[key.access_key] = _Key(caller, key.secret_key, key.security_token, key.expires_at)
        return key

    def _check_token(self, value: str) -> Caller:
        token = self._tokens.get(value)
        if token is None:
            raise RefusedError("the token is not known")
        if self._now() >= token.expires_at or token.uses == 0:
            raise RefusedError("the token has expired")
        if token.uses is not None:
            token.uses -= 1
        return token.caller

    def _check_authorization(self, request: Received, authorization: str) -> Caller:
        parts = AUTHORIZATION.fullmatch(authorization)
        if parts is None:
            raise RefusedError("the Authorization header is not that of SDK-HMAC-SHA256")
        access_key = parts[1]
        key = self._keys.get(access_key)
        if key is None:
            raise RefusedError("the access key is not known")
        self._refuse_locked(access_key)
        try:
            self._check_date(request)
            self._check_temporary(request, key)
            _check_signature(request, parts, key.secret_key)
        except RefusedError:
            self._fail(access_key)
            raise
        self._failures.pop(access_key, None)
        return key.caller

    def _check_temporary(self, request: Received, key: _Key) -> None:
        if self._now() >= key.expires_at:
            raise RefusedError("the temporary access key has expired")
        if request.headers.get("x-security-token") != key.security_token:
            raise RefusedError("X-Security-Token is not the one of this access key")

    def _check_date(self, request: Received) -> None:
        try:
            sent = datetime.strptime(request.headers.get("x-sdk-date", ""), DATE_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            raise RefusedError("X-Sdk-Date is missing or not of the form YYYYMMDDTHHMMSSZ") from None
        if abs(self._now() - sent) > GREATEST_SKEW:
            raise RefusedError("X-Sdk-Date is more than 15 minutes away from the time here")

    def _fail(self, account: str) -> None:
        failures = self._failures.setdefault(account, _Failures())
        failures.count += 1
        if failures.count > FAILURES_ALLOWED:
            failures.locked_until = self._now() + LOCKED
            failures.count = 0

    def _refuse_locked(self, account: str) -> None:
        if account in self._failures and self._now() < self._failures[account].locked_until:
            raise RefusedError("locked after more than 5 failures in a row, for 5 minutes")


def _check_signature(request: Received, sent: re.Match[str], secret_key: str) -> None:
    """Compare what was ``sent`` with what the vendor's signer makes of the request, for the same headers."""
    access_key, signed_headers, signature = sent.groups()
    names = signed_headers.split(";")
    missing = [name for name in ("host", "x-sdk-date") if name not in names]
    missing += [name for name in names if name not in request.headers]
    if missing:
        raise RefusedError(f"not signed or not sent: {', '.join(missing)}")
    path, _unused, query = request.target.partition("?")
    signed = SdkRequest(
        method=request.method,
        host=request.headers["host"],
        resource_path=path,
        query_params=parse_qsl(query, keep_blank_values=True),
        header_params={name: request.headers[name] for name in names},
        body=request.body,
    )
    Signer(_SignerCredentials(access_key, secret_key)).sign(signed)
    expected = AUTHORIZATION.fullmatch(signed.header_params["Authorization"])
    assert expected is not None
    if expected[2] != signed_headers:
        raise RefusedError("SignedHeaders is not in the order that the signature needs")
    if not hmac.compare_digest(expected[3], signature):
        raise RefusedError("the signature is not the one of this request")
