# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service without a network: a clock that the test moves, and responses that the test wrote down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import (
    DEFAULT_BOUNDS,
    Bounds,
    Response,
    Transport,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options import request as options
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from requests.structures import CaseInsensitiveDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requests import PreparedRequest, Request


@dataclass
class Clock:
    """Seconds that pass only when somebody sleeps, or the test says so."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def request_over(connection: options.ConnectionOptions) -> options.Request:
    """Return the options of a call that reads a mesh over a connection."""
    return options.Request("m-1", (), None, False, None, options.Schedule(), connection, "fail", False)


def answer(status: int, body: bytes | str = b"", **headers: str) -> Response:
    """A response; an underscore in the name of a header stands for a hyphen."""
    sent = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return Response(status, sent, body.encode() if isinstance(body, str) else body, "https://asm.example/asked")


def given_back(given: Response | AsmError, url: str, decode: Callable[[Response], Any] | None) -> Response:
    """A response as `Transport.send` returns it, decoded if that is wanted; or the error raised."""
    if isinstance(given, AsmError):
        raise given
    response = given._replace(url=url)
    return response._replace(content=decode(response)) if decode and response.status == 200 else response


@dataclass(frozen=True)
class Sent:
    """One request as it would have gone out, and the bounds that it had."""

    request: PreparedRequest
    deadline: float
    bounds: Bounds


class ScriptedTransport(Transport):
    """Gives the responses in order, the last one for ever, and remembers what was sent."""

    def __init__(self, *answers: Response | AsmError) -> None:
        self._answers: Sequence[Response | AsmError] = answers
        self.sent: list[Sent] = []
        self.requests_sent = 0
        self.sanitizer = Sanitizer()

    def send(
        self,
        request: Request,
        deadline: float,
        bounds: Bounds = DEFAULT_BOUNDS,
        decode: Callable[[Response], Any] | None = None,
    ) -> Response:
        self.sent.append(Sent(request.prepare(), deadline, bounds))
        self.requests_sent = len(self.sent)
        return given_back(self._answers[min(len(self.sent), len(self._answers)) - 1], request.url, decode)
