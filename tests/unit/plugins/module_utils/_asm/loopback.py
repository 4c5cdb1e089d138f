# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiny servers on loopback, each with a behaviour that a test wrote down. Nothing here sleeps: it waits for peers."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

PACE = 0.02
"""Seconds between two bytes of what trickles."""

PATIENCE = 30.0
"""Seconds after which a test that waits for something fails; far above what it takes."""


class Peer:
    """One accepted connection, as a behaviour sees it."""

    def __init__(self, connection: socket.socket, server: Server) -> None:
        self.connection = connection
        self.server = server

    def request(self) -> bytes:
        """Return the head of the next request and read over its body; empty when the peer has gone."""
        head = b""
        while b"\r\n\r\n" not in head:
            received = self.connection.recv(1)
            if not received:
                return b""
            head += received
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                self.connection.recv(int(line.partition(b":")[2]), socket.MSG_WAITALL)
        self.server.requests.append(head)
        return head

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def flood(self, data: bytes) -> None:
        """Send the same without end, until the peer has gone."""
        while True:
            self.send(data)

    def trickle(self, data: bytes) -> None:
        """Send the same without end, a byte at a time, until the peer has gone."""
        while True:
            for byte in data:
                self.send(bytes((byte,)))
                if self.has_gone(PACE):
                    return

    def hang(self) -> None:
        """Do nothing until the peer has gone."""
        while not self.has_gone(PATIENCE):
            pass

    def has_gone(self, seconds: float) -> bool:
        """Wait so long for the end of the connection."""
        readable, _unused, _unused = select.select([self.connection], [], [], seconds)
        return bool(readable) and not self.connection.recv(65536)

    def leave(self) -> None:
        """End the connection, which is what happens at the end of a behaviour."""

    def wait_for_data(self) -> None:
        """Read whatever comes first."""
        self.connection.recv(65536)

    def reset(self) -> None:
        """End the connection with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.close()


Behaviour = Callable[[Peer], None]


class Server:
    """Accepts connections and behaves on each, in a thread of its own.

    Attributes:
        port, url: where it is.
        connections: how many were accepted.
        requests: the heads of the requests that a behaviour has read.
        ended: set when a behaviour has ended, as one that floods or trickles does when its peer has gone.
    """

    def __init__(self, behave: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.ended = threading.Event()
        self._behave = behave
        self._context = context
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """End everything, and wait until it has ended."""
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        for each in (self._listener, *self._open):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _unused = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # The peer may go at any time: that is what most of these behaviours wait for.
        with contextlib.suppress(OSError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            self._behave(Peer(connection, self))
        # After the event: whoever waits for it finds the connection as the behaviour left it.
        self.ended.set()
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()


@contextlib.contextmanager
def serving(behave: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve until the end of the block."""
    server = Server(behave, context)
    try:
        yield server
    finally:
        server.close()


def response(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    """Return a whole answer."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def answering(data: bytes) -> Behaviour:
    """Answer every request on a connection with the same."""

    def behave(peer: Peer) -> None:
        while peer.request():
            peer.send(data)

    return behave


def answering_once(data: bytes) -> Behaviour:
    """Answer one request, then end the connection."""

    def behave(peer: Peer) -> None:
        peer.request()
        peer.send(data)

    return behave


def then(start: bytes, go_on: Behaviour) -> Behaviour:
    """Read a request, begin to answer, and go on in another way."""

    def behave(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        go_on(peer)

    return behave
