# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The login: tokens of IAM, keys of an agency, and their renewal before they expire."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable

from ..errors import (
    AsmError,
    CredentialsError,
    EndpointError,
    ErrorResponse,
    ProtocolError,
    login_refusal,
    time_of_response,
)
from ..sanitize import Sanitizer
from .credentials import (
    AgencyCredentials,
    Credentials,
    KeyCredentials,
    PasswordCredentials,
    TokenCredentials,
    fits_header,
)
from .signing import Signature
from .transport import Answer, Transport

if TYPE_CHECKING:
    from requests import PreparedRequest

try:
    from requests import Request
except ImportError:
    # `transport` keeps the reason, and `read` reports it before anything here is called.
    Request = None  # type: ignore[assignment,misc]

Authorization = Callable[["PreparedRequest"], "PreparedRequest"]
"""An auth object of `requests`."""

_METADATA_SECONDS = 2.0
_METADATA_LIMIT = 64 * 1024
_TOKEN_LIFETIME = 24 * 3600.0
_AGENCY_LIFETIME = 15 * 60.0
"""When the metadata service does not say how long its keys live, they are asked for again after so long."""


@dataclass(frozen=True)
class Grant:
    """What a login gave: how to authorize a request, and for how many seconds."""

    authorization: Authorization
    lifetime: float


class Authority:
    """Authorizes the requests of one run, and logs in as often as that needs.

    Args:
        login: None when the credentials are used as they are; else obtains a grant before a deadline.
        fixed: the authorization, when nothing has to be obtained.
        monotonic: the clock of deadlines and lifetimes.
    """

    def __init__(
        self,
        login: Callable[[float], Grant] | None = None,
        fixed: Authorization | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._login = login
        self._authorization = fixed
        self._monotonic = monotonic
        self._renew_at = float("inf")

    def authorization(self, deadline: float) -> Authorization:
        """Return the auth object for the next request, after a login where one is due.

        Raises:
            AsmError: whatever the login met.
        """
        if self._login and (self._authorization is None or self._monotonic() >= self._renew_at):
            # From before the request: a grant that was long on its way is not older than it looks.
            asked_at = self._monotonic()
            grant = self._login(deadline)
            self._authorization = grant.authorization
            self._renew_at = asked_at + grant.lifetime - min(600.0, grant.lifetime / 10)
        if self._authorization is None:
            raise RuntimeError("an authority needs a login or a fixed authorization")
        return self._authorization

    def discard(self) -> bool:
        """Forget what a login gave, after a 401. Returns False when nothing was obtained by this run."""
        if self._login is None:
            return False
        self._authorization = None
        return True


def authority(
    credentials: Credentials,
    transport: Transport,
    sanitizer: Sanitizer,
    monotonic: Callable[[], float] = time.monotonic,
) -> Authority:
    """Return who authorizes the requests made with these credentials."""
    if isinstance(credentials, TokenCredentials):
        return Authority(fixed=_token_header(credentials.token))
    if isinstance(credentials, KeyCredentials):
        return Authority(fixed=_signature(credentials))
    login: Callable[[float], Grant]
    if isinstance(credentials, PasswordCredentials):
        login = _PasswordLogin(credentials, transport, sanitizer)
    else:
        login = _AgencyLogin(credentials, transport, sanitizer)
    return Authority(login, monotonic=monotonic)


def _signature(keys: KeyCredentials) -> Signature:
    return Signature(keys.access_key, keys.secret_key, keys.security_token, keys.project_id)


def _token_header(token: str) -> Authorization:
    def authorize(request: PreparedRequest) -> PreparedRequest:
        request.headers["X-Auth-Token"] = token
        return request

    return authorize


class _PasswordLogin:
    """`POST /v3/auth/tokens` (IAM reference, "Obtaining a User Token Through Password Authentication")."""

    def __init__(self, credentials: PasswordCredentials, transport: Transport, sanitizer: Sanitizer) -> None:
        self._credentials = credentials
        self._transport = transport
        self._sanitizer = sanitizer

    def __call__(self, deadline: float) -> Grant:
        url = f"{self._credentials.iam_endpoint}/v3/auth/tokens?nocatalog=true"
        answer = self._transport.send(Request("POST", url, json=self._body()), deadline)
        if answer.status not in (200, 201):
            raise login_refusal(answer.status, answer.headers, answer.body, url)
        token = answer.headers.get("X-Subject-Token", "")
        self._sanitizer.learn(token)
        if not _is_issued(token):
            raise ProtocolError(
                "the login gave no token", "check iam_endpoint", response=ErrorResponse(answer.status, url=url)
            )
        return Grant(_token_header(token), _token_lifetime(answer.body))

    def _body(self) -> dict[str, Any]:
        who = self._credentials
        user = {"name": who.username, "password": who.password, "domain": {"name": who.domain_name}}
        project = {"id": who.project_id} if who.project_id else {"name": who.project_name}
        identity = {"methods": ["password"], "password": {"user": user}}
        return {"auth": {"identity": identity, "scope": {"project": project}}}


def _is_issued(secret: Any) -> bool:
    """Return whether this is a token or a key that a request can carry."""
    return isinstance(secret, str) and bool(secret) and fits_header(secret)


def _token_lifetime(body: bytes) -> float:
    """Return how long a token lives, by the service's own clock: this machine's may be wrong."""
    try:
        token = json.loads(body)["token"]
        issued, expires = _instant(token["issued_at"]), _instant(token["expires_at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return _TOKEN_LIFETIME
    lifetime = (expires - issued).total_seconds()
    return lifetime if lifetime > 0 else _TOKEN_LIFETIME


def _instant(text: str) -> datetime:
    """Return the time that the service writes as 2026-01-02T03:04:05.678000Z."""
    if not isinstance(text, str):
        raise ValueError("a time is a text")
    parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)


class _AgencyLogin:
    """Temporary keys of the agency (ECS guide, "Metadata": `securitykey`), with a session token where it is served."""

    def __init__(self, credentials: AgencyCredentials, transport: Transport, sanitizer: Sanitizer) -> None:
        self._credentials = credentials
        self._transport = transport
        self._sanitizer = sanitizer

    def __call__(self, deadline: float) -> Grant:
        headers = self._session_header(deadline)
        answer = self._ask("GET", "/openstack/latest/securitykey", headers, deadline)
        if answer.status != 200:
            raise self._refusal(answer)
        try:
            found = json.loads(answer.body)["credential"]
            access_key, secret_key, security_token = (found[key] for key in ("access", "secret", "securitytoken"))
        except (ValueError, KeyError, TypeError, RecursionError):
            found = access_key = secret_key = security_token = None
        if not all(_is_issued(part) for part in (access_key, secret_key, security_token)):
            raise _no_keys(answer)
        self._sanitizer.learn(access_key, secret_key, security_token)
        keys = KeyCredentials(access_key, secret_key, security_token, self._credentials.project_id)
        return Grant(_signature(keys), _agency_lifetime(found.get("expires_at"), time_of_response(answer.headers)))

    def _session_header(self, deadline: float) -> dict[str, str]:
        wanted = {"X-Metadata-Token-Ttl-Seconds": "21600"}
        answer = self._ask("PUT", "/meta-data/latest/api/token", wanted, deadline)
        if answer.status in (404, 405, 503):
            return {}
        if answer.status != 200:
            raise self._refusal(answer)
        token = answer.body.decode("ascii", "replace").strip()
        self._sanitizer.learn(token)
        if not _is_issued(token):
            raise _no_keys(answer)
        return {"X-Metadata-Token": token}

    def _ask(self, method: str, path: str, headers: dict[str, str], deadline: float) -> Answer:
        request = Request(method, self._credentials.metadata_endpoint + path, headers=headers)
        return self._transport.send(request, deadline, at_most=_METADATA_SECONDS, limit=_METADATA_LIMIT)

    @staticmethod
    def _refusal(answer: Answer) -> AsmError:
        error = login_refusal(answer.status, answer.headers, answer.body, answer.url)
        if error.is_transient:
            return error
        is_endpoint = error.kind == "endpoint" and answer.status != 404
        problem, hint = "the metadata service gave no keys", "give this ECS an agency"
        return (EndpointError if is_endpoint else CredentialsError)(problem, hint, response=error.response)


def _no_keys(answer: Answer) -> AsmError:
    hint = "check the agency of this ECS"
    return ProtocolError(
        "the metadata service gave no keys", hint, response=ErrorResponse(answer.status, url=answer.url)
    )


def _agency_lifetime(expires_at: Any, now: datetime) -> float:
    try:
        lifetime = (_instant(expires_at) - now).total_seconds()
    except ValueError:
        return _AGENCY_LIFETIME
    return lifetime if lifetime > 0 else _AGENCY_LIFETIME
