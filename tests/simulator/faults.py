# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults that a scenario can order, and how each is done.

A fault gets an ``Exchange`` and returns what is to be sent. Some never ask for the true answer (then the request is no
read of the release), others take it and spoil it. README.md has them in a table.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass as plain_dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal

from aiohttp import web
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from .listener import reset
from .model import STRICT, Numbers, Operation, Seconds, Text, among

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiohttp.abc import AbstractStreamWriter

FILLER = b"x" * 4096
FOREVER = 10.0**9

# The number of the latest request to a service, or of those for one of its releases, of one operation, or of both.
NumberOf = Callable[[str, str | None, str | None], int]
Service = Literal["asm", "iam", "metadata"]
Part = Literal["request", "headers", "half"]


@plain_dataclass(frozen=True)
class Exchange:
    """One request with what a fault may need: the true answer, and a way to restart the server."""

    request: web.BaseRequest
    answer: Callable[[], Awaitable[web.Response]]
    restart: Callable[[float], None]


@dataclass(config=STRICT, kw_only=True, frozen=True)
class _Fault:
    """Which requests: of ``service`` (and of one ``release`` or ``operation``), those with the numbers ``requests``.

    Requests are counted for each service; where ``release`` or ``operation`` is given, for those requests alone.
    """

    service: Service = "asm"
    release: Text | None = None
    operation: Operation | None = None
    requests: Numbers = ()

    @model_validator(mode="after")
    def _for_some_request(self) -> _Fault:
        if self.operation is not None and self.service != "asm":
            raise ValueError(f"operation is for the service asm, not for {self.service}")
        if self.operation == "list" and self.release is not None:
            raise ValueError("release and operation: list exclude each other: a list asks for no single release")
        return self

    def applies(self, service: str, release: str | None, operation: str | None, number: NumberOf) -> bool:
        """Whether it is for the request that is being counted."""
        if service != self.service or self.release not in (None, release) or self.operation not in (None, operation):
            return False
        return among(self.requests, number(self.service, self.release, self.operation))


class RawAnswer(web.StreamResponse):
    """An answer that writes its own bytes, and after which the connection is not used again."""

    def __init__(self, script: Callable[[AbstractStreamWriter], Awaitable[None]], status: int = 200) -> None:
        super().__init__(status=status)
        self._script = script
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        await self._script(request.writer)
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to write."""


def body_of(answer: web.Response) -> bytes:
    """The bytes of an answer of ours, which is never a stream."""
    assert isinstance(answer.body, bytes)
    return answer.body


def head_of(answer: web.Response) -> bytes:
    """The status line and headers of an answer, as they go over the wire."""
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items() if name.lower() != "content-length"]
    lines += [f"Content-Length: {len(body_of(answer))}", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _error_body(fault: Answer, message: str) -> bytes | None:
    """The five bodies of an error that are known, and nothing at all."""
    code = fault.code
    data: dict[str, Any]
    if fault.body == "asm":
        data = {"errorCode": code or f"ASM.01{fault.status}001", "errorMsg": message}
    elif fault.body == "gateway":
        data = {"error_code": code or "APIGW.0201", "error_msg": message, "request_id": "simulated-by-a-fault"}
    elif fault.body == "iam":
        data = {"error": {"code": fault.status, "message": message, "title": HTTPStatus(fault.status).phrase}}
    elif fault.body == "iam_new":
        data = {"error_code": code or "IAM.0006", "error_msg": message}
    else:
        return None
    return json.dumps(data).encode()


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Answer(_Fault):
    """Another answer instead of the true one: a status with one of the known bodies, HTML, nothing, or given text."""

    fault: Literal["answer"]
    status: Annotated[int, Field(ge=200, le=599)]
    body: Literal["asm", "gateway", "iam", "iam_new", "html", "empty", "text"] = "gateway"
    code: Text | None = None
    message: str = "ordered by the scenario"
    text: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    retry_after: Annotated[int, Field(ge=0)] | None = None
    echo_credential: bool = False

    async def respond(self, exchange: Exchange) -> web.StreamResponse:
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        message = self.message
        if self.echo_credential:
            sent = (exchange.request.headers.get(name) for name in ("X-Auth-Token", "Authorization"))
            message += ": " + " ".join(value for value in sent if value)
        if self.body != "empty":
            headers.setdefault("Content-Type", "text/html" if self.body == "html" else "application/json")
        return web.Response(status=self.status, headers=headers, body=self._bytes(message))

    def _bytes(self, message: str) -> bytes:
        if self.body == "html":
            return f"<!DOCTYPE html>\n<html><body><h1>{self.status}</h1><p>{message}</p></body></html>\n".encode()
        if self.body in ("text", "empty"):
            return self.text.encode() if self.body == "text" else b""
        error = _error_body(self, message)
        assert error is not None
        return error


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Redirect(_Fault):
    """A redirect to ``location``, which may be any text."""

    fault: Literal["redirect"]
    location: Text
    status: Literal[301, 302, 303, 307, 308] = 302

    async def respond(self, _exchange: Exchange) -> web.StreamResponse:
        return web.Response(status=self.status, headers={"Location": self.location}, body=b"")


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Delay(_Fault):
    """The true answer, ``seconds`` late."""

    fault: Literal["delay"]
    seconds: Seconds

    async def respond(self, exchange: Exchange) -> web.StreamResponse:
        await asyncio.sleep(self.seconds)
        return await exchange.answer()


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Damage(_Fault):
    """The true answer, with other values at some places: ``set`` and ``remove`` name them as ``status.phase`` or
    ``status.grayDeployments.0.status``, in a list ``items.0.metadata.uid``. A place whose parent is not there is made.
    """

    fault: Literal["damage"]
    set: dict[str, Any] = Field(default_factory=dict)
    remove: tuple[Text, ...] = ()

    async def respond(self, exchange: Exchange) -> web.StreamResponse:
        answer = await exchange.answer()
        if answer.status != 200:
            return answer
        try:
            answer.body = self._damaged(body_of(answer))
        except (LookupError, TypeError, ValueError) as error:
            # The scenario is wrong. 400 ends every client at once; a 500 would look like a transient error.
            return web.Response(status=400, text=f"simulator: the answer has no such place to damage: {error!r}")
        return answer

    def _damaged(self, body: bytes) -> bytes:
        data = json.loads(body)
        for place, value in self.set.items():
            parent, last = _walk(data, place, make=True)
            parent[last] = value
        for place in self.remove:
            parent, last = _walk(data, place, make=False)
            del parent[last]
        return json.dumps(data).encode()


def _walk(data: Any, place: str, make: bool) -> tuple[Any, Any]:
    """The object or list that holds a place, and the key or index in it."""
    *parents, last = place.split(".")
    for part in parents:
        if make and isinstance(data, dict):
            data = data.setdefault(part, {})
        else:
            data = data[int(part)] if isinstance(data, list) else data[part]
    return data, int(last) if isinstance(data, list) else last


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Truncate(_Fault):
    """The true answer as far as its middle, in good HTTP: what comes is no JSON."""

    fault: Literal["truncate"]

    async def respond(self, exchange: Exchange) -> web.StreamResponse:
        answer = await exchange.answer()
        answer.body = body_of(answer)[: len(body_of(answer)) // 2]
        return answer


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Cut(_Fault):
    """The connection is reset or closed, or nothing more comes (``hang``): at the ``request``, after the ``headers`` of
    the true answer, or in the middle of its body (``half``)."""

    fault: Literal["reset", "close", "hang"]
    after: Part = "request"

    async def respond(self, exchange: Exchange) -> web.StreamResponse:
        sent = b""
        if self.after != "request":
            answer = await exchange.answer()
            half = body_of(answer)[: len(body_of(answer)) // 2] if self.after == "half" else b""
            sent = head_of(answer) + half

        async def script(writer: AbstractStreamWriter) -> None:
            await writer.write(sent)
            await writer.drain()
            transport = exchange.request.transport
            if self.fault == "hang":
                await asyncio.sleep(FOREVER)
            elif transport is not None and self.fault == "reset":
                reset(transport)
            elif transport is not None:
                transport.close()

        return RawAnswer(script)


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Endless(_Fault):
    """Headers, or a body, without end: 4 KiB every ``interval`` seconds, as fast as the client reads when it is 0."""

    fault: Literal["endless"]
    part: Literal["headers", "body"] = "body"
    interval: Seconds = 0.0

    async def respond(self, _exchange: Exchange) -> web.StreamResponse:
        async def script(writer: AbstractStreamWriter) -> None:
            await writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            if self.part == "body":
                await writer.write(b'Connection: close\r\n\r\n{"kind": "Release", "filler": "')
            while True:
                await writer.write(FILLER if self.part == "body" else b"X-Filler: " + FILLER + b"\r\n")
                await writer.drain()
                await asyncio.sleep(self.interval)

        return RawAnswer(script)


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Restart(_Fault):
    """Every connection is reset, and for so many ``seconds`` new ones are refused."""

    fault: Literal["restart"]
    seconds: Seconds

    async def respond(self, exchange: Exchange) -> web.StreamResponse:
        async def script(_writer: AbstractStreamWriter) -> None:
            exchange.restart(self.seconds)
            await asyncio.sleep(FOREVER)

        return RawAnswer(script)


Fault = Annotated[
    Answer | Redirect | Delay | Damage | Truncate | Cut | Endless | Restart,
    Field(discriminator="fault"),
]
