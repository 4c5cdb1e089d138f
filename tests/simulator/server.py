# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side: connections, faults, the record and the control interface around the ``Service``."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from uuid import uuid4

from aiohttp import web

from .credentials import Received
from .faults import Exchange, Fault, body_of
from .listener import HOST, Listener
from .record import Entry, Record, harmless
from .scenario import Scenario, ScenarioError, parse_change, parse_faults
from .service import Service, operation_of, release_of, service_of

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Callable

CONTROL = "/_simulator/"
IDLE = 75.0


def utc_now() -> datetime:
    return datetime.now(UTC)


class Simulator:
    """One simulator: a port for the services and one for control. ``clock`` is monotonic, ``now`` the wall clock (UTC).

    The control interface answers on both ports; on its own it is neither counted nor disturbed by faults.
    """

    def __init__(
        self,
        scenario: Scenario,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._scenario = scenario
        self._faults: tuple[Fault, ...] = scenario.faults
        self._clock = clock
        self._now = now
        self._service = Service(scenario, clock, now)
        self._record = Record()
        self._scheme = "http" if tls is None else "https"
        self._tls = tls
        self._started = clock()
        self._counts: Counter[tuple[str, str | None, str | None]] = Counter()

    async def start(self, port: int = 0) -> None:
        """Begin to listen; ``OSError`` if the port is taken."""
        # A handler whose client has left is cancelled: a fault that hangs must not outlive its client.
        self._http = web.Server(self._handle, access_log=None, handler_cancellation=True, keepalive_timeout=IDLE)
        self._listener = Listener(self._http, self._tls)
        self._control_http = web.Server(self._handle_control, access_log=None)
        self._control = Listener(self._control_http)
        self._listener.open(port)
        self._control.open(0)

    async def stop(self) -> None:
        """Stop listening, end all connections."""
        await self._listener.stop()
        await self._control.stop()
        await self._http.shutdown(0)
        await self._control_http.shutdown(0)

    @property
    def url(self) -> str:
        return f"{self._scheme}://{HOST}:{self._listener.port}"

    @property
    def control_url(self) -> str:
        return f"http://{HOST}:{self._control.port}"

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.raw_path.startswith(CONTROL):
            return await self._handle_control(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        received = Received(request.method, request.raw_path, headers, body, request_id=uuid4().hex)
        entry = self._entry(request, received)
        self._record.begin(entry)
        began = self._clock()
        try:
            response = await self._respond(request, received, entry)
            response.headers.setdefault("X-Request-Id", received.request_id)
            if entry.service == "iam":
                response.headers.setdefault("X-IAM-Trace-Id", received.request_id)
            if isinstance(response, web.Response):
                entry.status, entry.answer_bytes = response.status, len(body_of(response))
            return response
        finally:
            entry.took = self._clock() - began

    def _entry(self, request: web.BaseRequest, received: Received) -> Entry:
        path, _unused, query = received.target.partition("?")
        return Entry(
            number=len(self._record.entries) + 1,
            service=service_of(path),
            method=received.method,
            path=path,
            query_names=[name for name, _unused in parse_qsl(query, keep_blank_values=True)],
            connection=self._listener.number_of(request.transport),
            credential=self._service.keys.name_of(received),
            seconds=self._clock() - self._started,
            header_names=sorted(received.headers),
            headers=harmless(received.headers),
            release=release_of(path),
            operation=operation_of(received.method, path),
        )

    async def _respond(self, request: web.BaseRequest, received: Received, entry: Entry) -> web.StreamResponse:
        releases, operations = {None, entry.release}, {None, entry.operation}
        self._counts.update(product([entry.service], releases, operations))

        async def answer() -> web.Response:
            reply = self._service.answer(received)
            headers = {"X-Request-Id": received.request_id, **reply.headers}
            response = web.Response(status=reply.status, body=reply.body, headers=headers)
            if self._scenario.gzip and "gzip" in received.headers.get("accept-encoding", ""):
                response.enable_compression(web.ContentCoding.gzip)
            return response

        for fault in self._faults:
            if fault.applies(entry.service, entry.release, entry.operation, self._number):
                entry.fault = fault.fault
                return await fault.respond(Exchange(request, answer, self._listener.restart))
        return await answer()

    def _number(self, service: str, release: str | None, operation: str | None) -> int:
        return self._counts[service, release, operation]

    async def _handle_control(self, request: web.BaseRequest) -> web.Response:
        """The control interface; a mistake in what a test sends is a 400 that says what."""
        try:
            return web.json_response(await self._control_answer(request))
        except (ScenarioError, json.JSONDecodeError, LookupError) as error:
            return web.json_response({"error": str(error)}, status=400)

    async def _control_answer(self, request: web.BaseRequest) -> object:
        match request.method, *request.path.removeprefix(CONTROL).split("/"):
            case "GET", "requests":
                return self._record.requests()
            case "GET", "summary":
                return self._record.summary(self._listener.accepted)
            case "POST", "reset":
                self._reset()
            case "POST", "faults":
                self._faults = parse_faults(await request.json())
                self._counts.clear()
            case "POST", "releases", release_id:
                if not self._service.change(release_id, parse_change(await request.json())):
                    raise LookupError(f"the scenario has no release {release_id}")
            case _:
                raise LookupError(f"{request.method} {request.path} is not part of the control interface")
        return {}

    def _reset(self) -> None:
        self._service.reset()
        self._record.clear()
        self._faults = self._scenario.faults
        self._started = self._clock()
        self._counts.clear()


async def serve_until(stop: asyncio.Event, simulator: Simulator, port: int, started: Callable[[], None]) -> None:
    """Run a simulator until ``stop`` is set; ``started`` is called once it listens."""
    await simulator.start(port)
    try:
        started()
        await stop.wait()
    finally:
        await simulator.stop()
