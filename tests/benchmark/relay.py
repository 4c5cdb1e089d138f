# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay on loopback that adds a round trip, as a distant server has, and counts what passes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TLS_HANDSHAKE = b"\x16"
"""The first byte of a connection that begins with a TLS handshake."""

_CHUNK = 64 * 1024
_STARTS_WITHIN = 60.0


@dataclass
class Traffic:
    """What has passed a relay.

    Attributes:
        bytes: in both directions, as they are on the wire above TCP: with TLS, and compressed.
    """

    connections: int = 0
    handshakes: int = 0
    bytes: int = 0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            self.connections + other.connections, self.handshakes + other.handshakes, self.bytes + other.bytes
        )


class Relay:
    """Relays TCP connections to a port of loopback.

    Each byte arrives half a round trip late. The first bytes of a client wait for one round trip more, which is what
    the handshake of TCP takes. Bandwidth is not limited, and TCP does not start slowly.

    Args:
        url: of the server.
        round_trip: seconds.
    """

    def __init__(self, url: str, round_trip: float) -> None:
        self._scheme, self._server_port = urlsplit(url).scheme, urlsplit(url).port
        self._round_trip = round_trip
        self._port = 0
        self._stop: Callable[[], object]
        self.traffic = Traffic()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._port}"

    async def serve(self, started: threading.Event) -> None:
        """Relay until `stop` is called."""
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        async with await asyncio.start_server(self._relay, "127.0.0.1", 0) as server:
            self._port = server.sockets[0].getsockname()[1]
            started.set()
            await stopped.wait()

    def stop(self) -> None:
        """Let `serve` end, from any thread."""
        self._stop()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.traffic.connections += 1
        connected = asyncio.get_running_loop().time() + self._round_trip
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        try:
            # Either side may reset the connection, and at the end of `serve` all are cancelled.
            with contextlib.suppress(OSError, asyncio.CancelledError):
                first = await reader.read(_CHUNK)
                self.traffic.handshakes += first.startswith(_TLS_HANDSHAKE)
                await asyncio.gather(
                    self._carry(reader, server_writer, connected, first),
                    self._carry(server_reader, writer, connected),
                )
        finally:
            server_writer.close()
            writer.close()

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, connected: float, first: bytes = b""
    ) -> None:
        """Carry bytes in one direction until the source ends, then end the target."""
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        def put(chunk: bytes) -> None:
            under_way.put_nowait((max(loop.time(), connected) + self._round_trip / 2, chunk))

        async def receive() -> None:
            # A connection that was reset ends here as well.
            with contextlib.suppress(OSError):
                chunk = first or await source.read(_CHUNK)
                while chunk:
                    self.traffic.bytes += len(chunk)
                    put(chunk)
                    chunk = await source.read(_CHUNK)
            put(b"")

        receiving = asyncio.ensure_future(receive())
        try:
            while True:
                due, chunk = await under_way.get()
                await asyncio.sleep(due - loop.time())
                if not chunk:
                    return
                target.write(chunk)
                await target.drain()
        finally:
            target.close()
            receiving.cancel()


@contextlib.contextmanager
def relayed(url: str, round_trip: float) -> Iterator[Relay]:
    """Start a relay to a server in a thread, and stop it at the end."""
    relay, started = Relay(url, round_trip), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(relay.serve(started)), daemon=True)
    thread.start()
    if not started.wait(_STARTS_WITHIN):
        raise RuntimeError("the relay did not start")
    try:
        yield relay
    finally:
        relay.stop()
        thread.join()
