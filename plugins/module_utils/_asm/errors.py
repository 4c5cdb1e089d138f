# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions, by kind, and the meaning of a response other than 200.

Five error bodies are known (API references of ASM, of the API gateway and of IAM): ASM's `errorCode`, the gateway's
`error_code`, the two of IAM, and the page of a proxy. The HTTP status and ASM's prefix decide, never a whole code: two
different tables of codes are published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Callable, ClassVar, Final, NamedTuple, TypeVar

from .strict_json import loads

LONGEST_PAUSE = 30.0
LONGEST_RETRY_AFTER = 120.0

_SHORTEST_PAUSE = 0.9
"""Seconds, whatever a Retry-After says: 0, or a date in the past, must not cause a burst of requests. It is the first
pause, 1 s, with the smallest jitter."""

Error = TypeVar("Error", bound="AsmError")


@dataclass(frozen=True)
class ErrorResponse:
    """What the server sent with an error, raw.

    Attributes:
        status: HTTP status, None without a response.
        code, message, request_id: as the service gave them; empty when it gave none. Without a response, `message` is
            the reason that the operating system or TLS gave.
        url: of the request, without secrets; empty when nothing was sent.
        retry_after: seconds that the service asks to wait, None when it does not.
        from_asm: whether ASM itself answered, and not something in front of it.
    """

    status: int | None = None
    code: str = ""
    message: str = ""
    request_id: str = ""
    url: str = ""
    retry_after: float | None = None
    from_asm: bool = False


NO_RESPONSE = ErrorResponse()


class AsmError(Exception):
    """Why a call has no answer. Immutable; its class says of which kind it is.

    Attributes:
        problem: what is wrong, in our words, without a full stop; `{seen}` stands for the value that was seen.
        hint: what the reader can do, likewise; may be empty.
        seen: a foreign value, raw: only a `Sanitizer` may cut or escape it.
        response: what the server sent.

    Args:
        subject: the name of what the error is about, foreign and raw; see `about`.
    """

    kind: ClassVar[str]
    is_transient: ClassVar[bool] = False

    def __init__(
        self, problem: str, hint: str = "", seen: str = "", response: ErrorResponse = NO_RESPONSE, subject: str = ""
    ) -> None:
        super().__init__(problem)
        self.problem: Final = problem
        self.hint: Final = hint
        self.seen: Final = seen
        self.response: Final = response
        self._subject: Final = subject

    def about(self: Error, name: str) -> Error:
        """Return a copy whose sentence begins with the name of what it is about, unless it has one."""
        return type(self)(self.problem, self.hint, self.seen, self.response, self._subject or name)

    def with_response(self: Error, response: ErrorResponse) -> Error:
        """Return a copy with another response."""
        return type(self)(self.problem, self.hint, self.seen, response, self._subject)

    def sentence(self, sanitize: Callable[[str], str]) -> str:
        """Return one sentence: the problem, the response, and the hint."""
        response = self.response
        status = str(response.status or "")
        # IAM repeats the status as its code.
        code = sanitize(response.code) if response.code != status else ""
        answered = " ".join(part for part in (status, code) if part)
        quoted = ": ".join(part for part in (answered, sanitize(response.message)) if part)
        return self._statement(sanitize) + (f" ({quoted})" if quoted else "") + (f"; {self.hint}" if self.hint else "")

    def report(self, sanitize: Callable[[str], str]) -> dict[str, Any]:
        """Return the `error` of a result."""
        response = self.response
        return {
            "kind": self.kind,
            "status": response.status,
            "code": sanitize(response.code),
            "message": sanitize(response.message) or self._statement(sanitize),
            "request_id": sanitize(response.request_id),
            "url": sanitize(response.url),
        }

    def _statement(self, sanitize: Callable[[str], str]) -> str:
        statement = self.problem.replace("{seen}", f"'{sanitize(self.seen)}'")
        return f"'{sanitize(self._subject)}': {statement}" if self._subject else statement


class UsageError(AsmError):
    """An option, or the request made of options, is wrong."""

    kind = "usage"


class CredentialsError(AsmError):
    """Credentials are missing, incomplete or refused. The same credentials are not sent again."""

    kind = "credentials"


class DeniedError(AsmError):
    """The credentials lack a permission."""

    kind = "denied"


class NotFoundError(AsmError):
    """ASM itself says that there is no such release, mesh or service."""

    kind = "not_found"


class EndpointError(AsmError):
    """What answered is not the service that was asked."""

    kind = "endpoint"


class TlsError(AsmError):
    """A certificate or a handshake was refused."""

    kind = "tls"


class ProxyError(AsmError):
    """A proxy refused, or its URL cannot be used."""

    kind = "proxy"


class ThrottledError(AsmError):
    """The service asks for fewer requests."""

    kind = "throttled"
    is_transient = True


class ServerError(AsmError):
    """The service has failed."""

    kind = "server"
    is_transient = True


class NetworkError(AsmError):
    """There is no connection, or it broke."""

    kind = "network"
    is_transient = True


class RequestTimeoutError(AsmError):
    """There was no complete response in time."""

    kind = "timeout"
    is_transient = True


class ProtocolError(AsmError):
    """The response is not what the API documents."""

    kind = "protocol"


class TransientProtocolError(AsmError):
    """The response is damaged, or a page of something in front of the service."""

    kind = "protocol"
    is_transient = True


class InternalError(AsmError):
    """The call was cancelled, or this collection has a bug."""

    kind = "internal"


def pause_after(error: AsmError, tries: int, jitter: float) -> float:
    """Return the seconds before the next try.

    Args:
        error: of the last try.
        tries: how many tries in a row have failed, this one included; at least 1.
        jitter: a factor near 1, so that many clients drift apart.
    """
    if error.response.retry_after is not None:
        return max(_SHORTEST_PAUSE, min(error.response.retry_after, LONGEST_RETRY_AFTER))
    # The exponent is bounded too: a wait of days can fail more often than a float has room for.
    return min(2.0 ** min(tries - 1, 16), LONGEST_PAUSE) * jitter


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, (dict, list)) else str(value)


ERROR_KEYS = {"errorCode", "errorMsg", "error_code", "error_msg", "error"}
"""Keys that identify an error body."""


def _read_body(body: bytes) -> ErrorResponse:
    """Return what one of the five error bodies says; the page of a proxy, or an empty body, says nothing.

    A body that can be read in two ways is not from ASM: its 404 could open a gate.
    """
    try:
        document = loads(body)
    except (ValueError, RecursionError):
        return NO_RESPONSE
    if not isinstance(document, dict):
        return NO_RESPONSE
    if "errorCode" in document:
        code, message = _text(document["errorCode"]), _text(document.get("errorMsg"))
        is_other = "error_code" in document or "error" in document
        return ErrorResponse(code=code, message=message, from_asm=code.startswith("ASM.") and not is_other)
    inner = document.get("error")
    if isinstance(inner, dict):
        return ErrorResponse(code=_text(inner.get("code")), message=_text(inner.get("message")))
    code, message = _text(document.get("error_code")), _text(document.get("error_msg"))
    return ErrorResponse(code=code, message=message, request_id=_text(document.get("request_id")))


def request_id(headers: Mapping[str, str]) -> str:
    """Return the id under which the service knows the request; the names of headers are compared without case."""
    return headers.get("X-Request-Id") or headers.get("X-IAM-Trace-Id") or ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the pause of a Retry-After header (RFC 9110, 10.2.3: seconds or a date), None when there is none."""
    value = headers.get("Retry-After", "").strip()
    # isdecimal() accepts digits of other scripts, and so does int(); a pause of a million digits is no pause.
    if value.isascii() and value.isdecimal() and len(value) < 10:
        return float(value)
    due = _date(value)
    return max(0.0, (due - time_of_response(headers)).total_seconds()) if due else None


def time_of_response(headers: Mapping[str, str]) -> datetime:
    """Return when the service answered, by its own clock if the response has it: this machine's may be wrong."""
    return _date(headers.get("Date", "")) or datetime.now(timezone.utc)


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)


class Resource(NamedTuple):
    """What was asked for: its name, the options that name it, and the permission that reading it needs."""

    name: str
    options: str
    permission: str


RELEASE = Resource("release", "mesh_id, namespace and release_id", "asm:mesh:getRelease")
MESH = Resource("mesh", "mesh_id", "asm:mesh:listReleases")
SERVICE = Resource("service", "mesh_id, namespace and service", "asm:mesh:getService")

_CHECK_ENDPOINT = "check region, endpoint, and any proxy in front of ASM"


def _response(status: int, headers: Mapping[str, str], body: bytes, url: str) -> ErrorResponse:
    said = _read_body(body)
    return replace(
        said,
        status=status,
        request_id=request_id(headers) or said.request_id,
        url=url,
        retry_after=_retry_after(headers) if _is_transient(status) else None,
    )


def refusal(resource: Resource, status: int, headers: Mapping[str, str], body: bytes, url: str) -> AsmError:
    """Return the meaning of a response of the ASM endpoint other than 200.

    Only ASM's own 404 says anything about a release. The gateway's 404, or a page of something else, is a wrong
    endpoint, region or path (page "Status Codes" of the API reference; `APIGW.0101` of the gateway's).
    """
    response = _response(status, headers, body, url)
    error: AsmError
    if status == 404 and response.from_asm:
        error = NotFoundError(f"ASM has no such {resource.name}", f"check {resource.options}")
    elif status == 400:
        error = UsageError("ASM refused the request as wrong", f"check {resource.options}")
    elif status == 401:
        hint = "check the key pair or the token, its account, and the clock of this machine"
        error = CredentialsError("the credentials were refused", hint)
    elif status == 403:
        error = DeniedError("the credentials lack a permission", f"grant {resource.permission} to their user or agency")
    elif _is_transient(status):
        error = _transient(status)
    elif 300 <= status < 400:
        error = EndpointError("the response is a redirect, and redirects are not followed", _CHECK_ENDPOINT)
    elif status >= 400:
        error = EndpointError("the response is not from ASM", _CHECK_ENDPOINT)
    else:
        error = ProtocolError("the response to a read must have status 200", _CHECK_ENDPOINT)
    return error.with_response(response)


def _is_transient(status: int) -> bool:
    return status < 200 or status in (408, 429) or status >= 500


def _transient(status: int) -> AsmError:
    if status == 429:
        return ThrottledError("the service throttles requests")
    if status < 200:
        return TransientProtocolError("the response is only a preliminary one", _CHECK_ENDPOINT)
    return ServerError("the request took the service too long" if status == 408 else "the service failed")


def login_refusal(status: int, headers: Mapping[str, str], body: bytes, url: str) -> AsmError:
    """Return the meaning of a response of IAM, or of the metadata service, that grants nothing.

    Every refusal that IAM explains is one of the credentials: it must not be tried again, or the user is locked.
    """
    response = replace(_response(status, headers, body, url), from_asm=False)
    is_explained = bool(response.code or response.message) and not response.code.startswith("APIGW.")
    error: AsmError
    if status in (400, 401, 403) or (status in (404, 409) and is_explained):
        error = CredentialsError("the login was refused", "check username, password, domain_name and the project")
    elif _is_transient(status):
        error = _transient(status)
    else:
        error = EndpointError("the response to the login is not from IAM", "check region and iam_endpoint")
    return error.with_response(response)
