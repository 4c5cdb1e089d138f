# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception of the collection, and what an answer that is not 200 means.

Five bodies are known (`docs` of ASM, of the API gateway and of IAM): ASM's `errorCode`, the gateway's `error_code`, the
two of IAM, and a page of whatever stands in between. The HTTP status and ASM's prefix decide, never a whole code: two
different tables of codes are published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Callable

PASSING_KINDS = frozenset({"throttled", "server", "network", "timeout"})
"""Faults that are worth another try; a `protocol` error says for itself whether it is."""

LONGEST_PAUSE = 30.0
LONGEST_RETRY_AFTER = 120.0


class AsmError(Exception):
    """Why there is no answer.

    Attributes:
        kind: one of usage, credentials, denied, not_found, endpoint, tls, proxy, throttled, server, network, timeout,
            protocol, internal.
        problem: what is wrong, in our words, without a full stop; `{seen}` stands for what was seen.
        seen: a value that was given, raw: only whoever knows the secrets may cut or escape it.
        remedy: what the reader can do, likewise; may be empty.
        status: HTTP status, None without an answer.
        code, message, request_id: as the service gave them, raw; empty when it gave none.
        url: what was asked, without secrets; empty when nothing was sent.
        passing: True when another try may succeed.
        retry_after: seconds that the service asks to wait, None when it does not.
        by_asm: True when ASM itself answered, and not something on the way to it.
    """

    def __init__(
        self,
        kind: str,
        problem: str,
        remedy: str = "",
        *,
        status: int | None = None,
        code: str = "",
        message: str = "",
        request_id: str = "",
        url: str = "",
        seen: str = "",
        passing: bool | None = None,
        retry_after: float | None = None,
        by_asm: bool = False,
    ) -> None:
        super().__init__(problem)
        self.kind = kind
        self.problem = problem
        self.remedy = remedy
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.url = url
        self.seen = seen
        self.passing = kind in PASSING_KINDS if passing is None else passing
        self.retry_after = retry_after
        self.by_asm = by_asm

    def sentence(self, clean: Callable[[str], str]) -> str:
        """Return one sentence: the problem, what was answered, and what to do."""
        status = str(self.status or "")
        # IAM repeats the status as its code.
        answered = " ".join(part for part in (status, clean(self.code) if self.code != status else "") if part)
        quoted = ": ".join(part for part in (answered, clean(self.message)) if part)
        return self._told(clean) + (f" ({quoted})" if quoted else "") + (f"; {self.remedy}" if self.remedy else "")

    def of(self, name: str) -> AsmError:
        """Return the error with the name of what it is about, raw, in its sentence."""
        if not self.seen:
            self.problem, self.seen = f"{{seen}}: {self.problem}", name
        return self

    def _told(self, clean: Callable[[str], str]) -> str:
        return self.problem.replace("{seen}", f"'{clean(self.seen)}'")

    def report(self, clean: Callable[[str], str]) -> dict[str, Any]:
        """Return the `error` of a result."""
        return {
            "kind": self.kind,
            "status": self.status,
            "code": clean(self.code),
            "message": clean(self.message) or self._told(clean),
            "request_id": clean(self.request_id),
            "url": clean(self.url),
        }

    def pause(self, tries: int, jitter: float) -> float:
        """Return how many seconds to wait before the next try.

        Args:
            tries: how many tries in a row have failed, this one included; at least 1.
            jitter: a factor near 1, so that many clients drift apart.
        """
        if self.retry_after is not None:
            return min(self.retry_after, LONGEST_RETRY_AFTER)
        # The exponent is bounded too: a wait of days can fail more often than a float has room for.
        return min(2.0 ** min(tries - 1, 16), LONGEST_PAUSE) * jitter


def usage(problem: str, remedy: str = "", seen: str = "") -> AsmError:
    """Return the error of an option that is wrong, before anything was sent."""
    return AsmError("usage", problem, remedy, seen=seen)


@dataclass(frozen=True)
class _Body:
    """What an error body says, whichever of the five it is."""

    by_asm: bool = False
    code: str = ""
    message: str = ""
    request_id: str = ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, (dict, list)) else str(value)


def _read_body(body: bytes) -> _Body:
    """Return what the body says; a page of a proxy, or nothing at all, says nothing."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _Body()
    if not isinstance(document, dict):
        return _Body()
    if "errorCode" in document:
        code = _text(document["errorCode"])
        return _Body(code.startswith("ASM."), code, _text(document.get("errorMsg")))
    inner = document.get("error")
    if isinstance(inner, dict):
        return _Body(False, _text(inner.get("code")), _text(inner.get("message")))
    code, message = _text(document.get("error_code")), _text(document.get("error_msg"))
    return _Body(False, code, message, _text(document.get("request_id")))


def request_id(headers: Mapping[str, str]) -> str:
    """Return the id under which the service knows the request; headers are compared without case by `requests`."""
    return headers.get("X-Request-Id") or headers.get("X-IAM-Trace-Id") or ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the pause of a Retry-After header (RFC 9110, 10.2.3: seconds or a date), None when there is none."""
    value = headers.get("Retry-After", "").strip()
    # isdecimal() accepts digits of other scripts, and so does int(); a pause of a million digits is no pause.
    if value.isascii() and value.isdecimal() and len(value) < 10:
        return float(value)
    due = _date(value)
    return max(0.0, (due - time_of_answer(headers)).total_seconds()) if due else None


def time_of_answer(headers: Mapping[str, str]) -> datetime:
    """Return when the service answered, by its own clock where it says so: this machine's may be wrong."""
    return _date(headers.get("Date", "")) or datetime.now(timezone.utc)


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)


_ELSEWHERE = "check region, endpoint and whatever stands between here and ASM"

_MEANING_OF_STATUS: Mapping[int, tuple[str, str, str]] = {
    400: ("usage", "ASM refused the request as wrong", "check mesh_id, namespace and release_id"),
    401: (
        "credentials",
        "the credentials were refused",
        "check the key pair or the token, its account, and the clock of this machine",
    ),
    403: ("denied", "the credentials lack a permission", "grant asm:mesh:getRelease to their user or agency"),
    408: ("server", "the request took the service too long", ""),
    429: ("throttled", "the service asks for fewer requests", ""),
}


def refusal(status: int, headers: Mapping[str, str], body: bytes, url: str) -> AsmError:
    """Return what an answer of the ASM endpoint other than 200 means.

    Only ASM's own 404 says anything about a release. The gateway's 404, or a page of something else, is a wrong
    endpoint, region or path (page "Status Codes" of the API reference; `APIGW.0101` of the gateway's).
    """
    said = _read_body(body)
    if status == 404 and said.by_asm:
        kind, problem, remedy = "not_found", "ASM knows no such release", "check mesh_id, namespace and release_id"
    elif status in _MEANING_OF_STATUS:
        kind, problem, remedy = _MEANING_OF_STATUS[status]
    elif status >= 500:
        kind, problem, remedy = "server", "the service has failed", ""
    elif 300 <= status < 400:
        kind, problem, remedy = "endpoint", "the answer is a redirect, and none is followed", _ELSEWHERE
    elif status >= 400:
        kind, problem, remedy = "endpoint", "what answered is not ASM", _ELSEWHERE
    else:
        kind, problem, remedy = "protocol", "the answer to a read must have status 200", _ELSEWHERE
    return AsmError(
        kind,
        problem,
        remedy,
        status=status,
        code=said.code,
        message=said.message,
        request_id=request_id(headers) or said.request_id,
        url=url,
        retry_after=_retry_after(headers) if kind in PASSING_KINDS else None,
        by_asm=said.by_asm,
    )


def of_list(error: AsmError) -> AsmError:
    """Return what a refusal means when all releases of a mesh were asked for."""
    if error.kind == "denied":
        error.remedy = "grant asm:mesh:listReleases to their user or agency"
    elif error.kind == "not_found":
        error.problem, error.remedy = "ASM knows no such mesh", "check mesh_id"
    elif error.kind == "usage" and error.status == 400:
        error.remedy = "check mesh_id"
    return error


def login_refusal(status: int, headers: Mapping[str, str], body: bytes, url: str) -> AsmError:
    """Return what an answer of IAM or of the metadata service other than the wanted one means.

    Every refusal that IAM explains is one of the credentials: it must not be tried again, or the user is locked.
    """
    refused = refusal(status, headers, body, url)
    explained = bool(refused.code or refused.message) and not refused.code.startswith("APIGW.")
    if status in (400, 401, 403) or (status in (404, 409) and explained):
        refused.kind, refused.problem = "credentials", "the login was refused"
        refused.remedy = "check username, password, domain_name and the project"
    elif not refused.passing:
        refused.kind, refused.problem = "endpoint", "what answered the login is not IAM"
        refused.remedy = "check region and iam_endpoint"
    refused.by_asm = False
    return refused
