# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback with prepared answers, most of them in JSON, that keeps the bodies posted to it."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Server(ThreadingHTTPServer):
    """Gives each path, less its query, one answer; ``posts`` are the paths and bodies that came, in their order.

    Bytes are sent as they are, and end the connection.

    As a proxy it opens no tunnel, and asks for a password; ``tunnels`` are the passwords that came.
    """

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.posts: list[tuple[str, Any]] = []
        self.tunnels: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        answer = self.server.answers[self.path.partition("?")[0]]
        if isinstance(answer, bytes):
            self.wfile.write(answer)
            return
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.server.posts.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self.do_GET()

    def do_CONNECT(self) -> None:
        self.server.tunnels.append(self.headers["Proxy-Authorization"])
        self.send_error(407)

    def log_message(self, *_arguments: object) -> None:
        """Keep silent."""


@contextlib.contextmanager
def answering(answers: Mapping[str, Any]) -> Iterator[Server]:
    """Serve until the end of the block."""
    with Server(answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
