# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The login: tokens of IAM, keys of an agency, and their renewal before they expire."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable

from ..errors import (
    AsmError,
    CredentialsError,
    EndpointError,
    ErrorResponse,
    ProtocolError,
    TransientProtocolError,
    login_refusal,
    request_id,
    time_of_response,
)
from .credentials import (
    AgencyCredentials,
    Credentials,
    KeyCredentials,
    PasswordCredentials,
    TokenCredentials,
    fits_header,
    what_is_refused,
)
from .refusals import refusal_of, remember
from .signing import Signature
from .transport import MIB, Bounds, Response, Transport

if TYPE_CHECKING:
    from requests import PreparedRequest

try:
    from requests import Request
except ImportError:
    # `routes` keeps the reason, and `connect` reports it before anything here is called.
    Request = None  # type: ignore[assignment,misc]

Authorization = Callable[["PreparedRequest"], "PreparedRequest"]
"""An auth object of `requests`."""

_LOGIN_BOUNDS = Bounds(limit=MIB, hint="check iam_endpoint")
"""A token has at most some ten thousand characters; the rest is parsed after the response, so it must not take long."""

_METADATA_BOUNDS = Bounds(seconds=2.0, limit=64 * 1024)
_TOKEN_LIFETIME = 24 * 3600.0
_AGENCY_LIFETIME = 15 * 60.0
"""When the metadata service does not say how long its keys live, they are asked for again after so long."""


@dataclass(frozen=True)
class Grant:
    """What a login obtained: how to authorize a request, for how many seconds, and the secrets in it."""

    authorization: Authorization
    lifetime: float
    secrets: tuple[str, ...] = field(repr=False)


class Authority:
    """Authorizes requests with one set of credentials, and logs in as often as that needs.

    Credentials that were refused are not sent again: more than a few refusals lock a user or an access key.

    Args:
        credentials: as they were found.
        monotonic: the clock of deadlines and lifetimes.
    """

    def __init__(self, credentials: Credentials, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._credentials = credentials
        self._monotonic = monotonic
        self._grant: Grant | None = None
        self._renew_at = float("inf")
        self._is_renewed = False
        self._refusal: CredentialsError | None = None

    def authorization(self, transport: Transport, deadline: float) -> Authorization:
        """Return the auth object for the next request, after a login where one is due.

        Raises:
            CredentialsError: the credentials were refused, now or before.
            AsmError: whatever else the login met.
        """
        credentials = self._credentials
        refusal = refusal_of(what_is_refused(credentials))
        if refusal is not None:
            raise refusal
        if self._refusal is not None:
            # A copy: an exception collects the frames that raised it.
            raise self._refusal.with_response(self._refusal.response)
        if isinstance(credentials, TokenCredentials):
            return _token_header(credentials.token)
        if isinstance(credentials, KeyCredentials):
            return _signature(credentials)
        if self._grant is None or self._monotonic() >= self._renew_at:
            # From before the request: its lifetime began before the grant arrived.
            asked_at = self._monotonic()
            self._grant = self._log_in(credentials, transport, deadline)
            self._renew_at = asked_at + self._grant.lifetime - min(600.0, self._grant.lifetime / 10)
        transport.sanitizer.learn(*self._grant.secrets)
        return self._grant.authorization

    def renew(self) -> bool:
        """Forget what a login obtained, after a 401.

        Returns:
            Whether one more try makes sense: this process obtained the token, and ASM has accepted one since the last
            renewal.
        """
        is_own = self._grant is not None
        self._grant = None
        if not is_own or self._is_renewed:
            return False
        self._is_renewed = True
        return True

    def accept(self) -> None:
        """Note that ASM accepted the credentials."""
        self._is_renewed = False

    def refuse(self, error: CredentialsError) -> None:
        """Note that the credentials were refused for good."""
        self._grant, self._refusal = None, error
        if isinstance(self._credentials, KeyCredentials):
            remember(what_is_refused(self._credentials), error)

    def _log_in(
        self, credentials: PasswordCredentials | AgencyCredentials, transport: Transport, deadline: float
    ) -> Grant:
        try:
            if isinstance(credentials, PasswordCredentials):
                return _log_in_with_password(credentials, transport, deadline)
            return _Agency(credentials, transport, deadline).log_in()
        except CredentialsError as error:
            self.refuse(error)
            # Another status is about the project or the permissions: another project may have more luck.
            if isinstance(credentials, PasswordCredentials) and error.response.status == 401:
                remember(what_is_refused(credentials), error)
            raise


def _signature(keys: KeyCredentials) -> Signature:
    return Signature(keys.access_key, keys.secret_key, keys.security_token, keys.project_id)


def _token_header(token: str) -> Authorization:
    def authorize(request: PreparedRequest) -> PreparedRequest:
        request.headers["X-Auth-Token"] = token
        return request

    return authorize


def _log_in_with_password(credentials: PasswordCredentials, transport: Transport, deadline: float) -> Grant:
    """`POST /v3/auth/tokens` (IAM reference, "Obtaining a User Token Through Password Authentication")."""
    url = f"{credentials.iam_endpoint}/v3/auth/tokens?nocatalog=true"
    response = transport.send(Request("POST", url, json=_password_body(credentials)), deadline, _LOGIN_BOUNDS)
    if response.status not in (200, 201):
        raise login_refusal(response.status, response.headers, response.body, url)
    token = response.headers.get("X-Subject-Token", "")
    transport.sanitizer.learn(token)
    if not _is_issued(token):
        at = ErrorResponse(response.status, request_id=request_id(response.headers), url=url)
        if not _is_json(response.body):
            # As the page of a proxy or of a captive portal, instead of IAM's response.
            problem = "the response to the login is not JSON"
            raise TransientProtocolError(problem, "check iam_endpoint and proxy", response=at)
        raise ProtocolError("the response to the login has no token", "check iam_endpoint", response=at)
    return Grant(_token_header(token), _token_lifetime(response.body), (token,))


def _password_body(credentials: PasswordCredentials) -> dict[str, Any]:
    domain = {"name": credentials.domain_name}
    user = {"name": credentials.username, "password": credentials.password, "domain": domain}
    project = {"id": credentials.project_id} if credentials.project_id else {"name": credentials.project_name}
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"project": project}}}


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


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


class _Agency:
    """Temporary keys of the agency (ECS guide, "Metadata": `securitykey`), with a session token where it is served."""

    def __init__(self, credentials: AgencyCredentials, transport: Transport, deadline: float) -> None:
        self._credentials = credentials
        self._transport = transport
        self._deadline = deadline

    def log_in(self) -> Grant:
        response = self._ask("GET", "/openstack/latest/securitykey", self._session_header())
        if response.status != 200:
            raise _agency_refusal(response)
        try:
            found = json.loads(response.body)["credential"]
            access_key, secret_key, security_token = (found[key] for key in ("access", "secret", "securitytoken"))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise _no_keys(response) from None
        secrets = (access_key, secret_key, security_token)
        if not all(_is_issued(secret) for secret in secrets):
            raise _no_keys(response)
        keys = KeyCredentials(*secrets, project_id=self._credentials.project_id)
        lifetime = _agency_lifetime(found.get("expires_at"), time_of_response(response.headers))
        return Grant(_signature(keys), lifetime, secrets)

    def _session_header(self) -> dict[str, str]:
        wanted = {"X-Metadata-Token-Ttl-Seconds": "21600"}
        response = self._ask("PUT", "/meta-data/latest/api/token", wanted)
        if response.status in (404, 405, 503):
            return {}
        if response.status != 200:
            raise _agency_refusal(response)
        token = response.body.decode("ascii", "replace").strip()
        self._transport.sanitizer.learn(token)
        if not _is_issued(token):
            raise _no_keys(response)
        return {"X-Metadata-Token": token}

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> Response:
        request = Request(method, self._credentials.metadata_endpoint + path, headers=headers)
        return self._transport.send(request, self._deadline, _METADATA_BOUNDS)


def _agency_refusal(response: Response) -> AsmError:
    error = login_refusal(response.status, response.headers, response.body, response.url)
    if error.is_transient:
        return error
    is_endpoint = error.kind == "endpoint" and response.status != 404
    problem, hint = "the metadata service gave no keys", "give this ECS an agency"
    return (EndpointError if is_endpoint else CredentialsError)(problem, hint, response=error.response)


def _no_keys(response: Response) -> ProtocolError:
    at = ErrorResponse(response.status, url=response.url)
    return ProtocolError("the metadata service gave no keys", "check the agency of this ECS", response=at)


def _agency_lifetime(expires_at: Any, now: datetime) -> float:
    try:
        lifetime = (_instant(expires_at) - now).total_seconds()
    except ValueError:
        return _AGENCY_LIFETIME
    return lifetime if lifetime > 0 else _AGENCY_LIFETIME
