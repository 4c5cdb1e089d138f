# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening socket: who connects, in which order, and for how long nobody can."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine

HOST = "127.0.0.1"
BACKLOG = 256


def reset(transport: asyncio.Transport) -> None:
    """End a connection with a reset; what was not sent yet is lost."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Listener:
    """Accepts connections on one port and hands them to ``protocol``.

    asyncio's own servers accept unseen; here each connection has a number, and the whole port can refuse for a while
    and come back, as when a server restarts.
    """

    def __init__(self, protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None = None) -> None:
        self._protocol = protocol
        self._tls = tls
        self._numbers: dict[object, int] = {}
        self._transports: set[asyncio.Transport] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._placeholder: socket.socket | None = None
        self._listening: socket.socket | None = None
        self.accepted = 0

    @property
    def port(self) -> int:
        assert self._placeholder is not None
        return int(self._placeholder.getsockname()[1])

    def open(self, port: int) -> None:
        """Begin to listen; ``OSError`` if the port is taken."""
        # Bound but never listening: it keeps the port ours, and refusing, while the other socket is closed.
        self._placeholder = self._bound(port)
        self._listen()

    def number_of(self, transport: asyncio.BaseTransport | None) -> int:
        """The number of a connection, 0 if it is gone."""
        return self._numbers.get(transport.get_extra_info("peername"), 0) if transport is not None else 0

    async def refuse(self, seconds: float) -> None:
        """Reset every connection and refuse new ones for so long."""
        self.close()
        await asyncio.sleep(seconds)
        if self._placeholder is not None:
            self._listen()

    def restart(self, seconds: float) -> None:
        """``refuse``, as a task of its own: the connection that asked for it is among those that end."""
        self._start(self.refuse(seconds))

    def close(self) -> None:
        """Stop listening and reset every connection; the port stays ours."""
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
            self._listening = None
        for transport in self._transports:
            if not transport.is_closing():
                reset(transport)
        self._transports.clear()

    async def stop(self) -> None:
        """Close for good."""
        self.close()
        if self._placeholder is not None:
            self._placeholder.close()
            self._placeholder = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _bound(self, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind((HOST, port))
        except OSError:
            sock.close()
            raise
        return sock

    def _listen(self) -> None:
        self._listening = self._bound(self.port)
        self._listening.listen(BACKLOG)
        asyncio.get_running_loop().add_reader(self._listening, self._accept, self._listening)

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            sock, peer = listening.accept()
            sock.setblocking(False)
            self.accepted += 1
            self._numbers[peer] = self.accepted
            self._start(self._serve(sock))

    async def _serve(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        # A client that leaves in the middle of a handshake is its own business.
        with contextlib.suppress(OSError):
            transport, _protocol = await loop.connect_accepted_socket(self._protocol, sock, ssl=self._tls)
            self._transports = {known for known in self._transports if not known.is_closing()} | {transport}

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
