# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault, as a client sees it on a real socket."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any, Callable

import pytest

from .conftest import LIST, READ, RELEASE, SERVICE, TOKEN, Serve, Served

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = f"GET {READ} HTTP/1.1\r\nHost: simulator\r\nX-Auth-Token: {TOKEN}\r\n\r\n".encode()


@pytest.fixture
def connect() -> Iterator[Any]:
    """Connects to a simulator; the sockets are closed at the end."""
    sockets: list[socket.socket] = []

    def connected(served: Served) -> socket.socket:
        sockets.append(socket.create_connection(("127.0.0.1", served.port), timeout=10))
        return sockets[-1]

    yield connected
    for each in sockets:
        each.close()


def headers_there(data: bytes) -> bool:
    return b"\r\n\r\n" in data


def body_there(data: bytes, share: float = 1.0) -> bool:
    """Whether a part of the body is there, of the length that the headers announce."""
    head, separator, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return bool(separator) and length is not None and len(body) >= int(int(length[1]) * share)


def received(sock: socket.socket, enough: Callable[[bytes], bool] = body_there) -> tuple[bytes, str]:
    """What comes until it is ``enough``, and how it ended: ``enough``, ``closed``, ``reset`` or ``silent``."""
    data = b""
    while not enough(data):
        try:
            part = sock.recv(65536)
        except ConnectionResetError:
            return data, "reset"
        except TimeoutError:
            return data, "silent"
        if not part:
            return data, "closed"
        data += part
    return data, "enough"


@pytest.mark.parametrize("parts", [{"remove": ["status.x"]}, {"set": {"status.grayDeployments.9": 1}}], ids=str)
def test_a_place_that_cannot_be_damaged_is_named(serve: Serve, parts: dict[str, Any]) -> None:
    answer = serve(faults=[{"fault": "damage", **parts}]).read()
    assert answer.status_code == 400
    assert "no such place to damage" in answer.text


CUTS = {
    "reset before the answer": ({"fault": "reset"}, "reset"),
    "reset after the headers": ({"fault": "reset", "after": "headers"}, "reset"),
    "reset in the middle": ({"fault": "reset", "after": "half"}, "reset"),
    "closed before the answer": ({"fault": "close"}, "closed"),
    "closed after the headers": ({"fault": "close", "after": "headers"}, "closed"),
    "closed in the middle": ({"fault": "close", "after": "half"}, "closed"),
}


@pytest.mark.parametrize(("fault", "end"), list(CUTS.values()), ids=list(CUTS))
def test_a_connection_that_is_cut(serve: Serve, connect: Any, fault: dict[str, Any], end: str) -> None:
    sock = connect(serve(faults=[fault]))
    sock.sendall(REQUEST)
    data, ended = received(sock)
    assert ended == end
    # A reset may throw away what the client has not read yet; what is closed arrives.
    if end == "closed":
        assert headers_there(data) == ("after" in fault)
        assert body_there(data, 0.49) == (fault.get("after") == "half")


@pytest.mark.parametrize(("part", "filler"), [("headers", b"X-Filler: xxx"), ("body", b"xxxxxxxx")])
def test_an_answer_without_end(serve: Serve, connect: Any, part: str, filler: bytes) -> None:
    sock = connect(serve(faults=[{"fault": "endless", "part": part}]))
    sock.sendall(REQUEST)
    data, ended = received(sock, lambda data: len(data) > 2_000_000)
    assert ended == "enough"
    assert filler in data[-8192:]
    assert (b"\r\n\r\n" in data) == (part == "body")


SELECTIONS = {
    "all": ({}, [503, 503, 503, 503]),
    "by number": ({"requests": [1, "3-"]}, [503, 200, 503, 503]),
    "of another service": ({"service": "iam"}, [200, 200, 200, 200]),
    "of another release": ({"release": "other"}, [200, 200, 200, 200]),
}


@pytest.mark.parametrize(("parts", "statuses"), list(SELECTIONS.values()), ids=list(SELECTIONS))
def test_a_fault_is_for_chosen_requests(serve: Serve, parts: dict[str, Any], statuses: list[int]) -> None:
    served = serve(faults=[{"fault": "answer", "status": 503, **parts}])
    assert [served.read().status_code for _index in statuses] == statuses


OPERATIONS = {
    "all": ({"requests": [2, 3, 4]}, [200, 403, 403, 403, 200, 200]),
    "lists": ({"operation": "list"}, [403, 200, 200, 403, 200, 200]),
    "reads": ({"operation": "read"}, [200, 403, 200, 200, 403, 200]),
    "services": ({"operation": "service"}, [200, 200, 403, 200, 200, 403]),
    "lists by number": ({"operation": "list", "requests": ["2-"]}, [200, 200, 200, 403, 200, 200]),
    "reads by number": ({"operation": "read", "requests": [1]}, [200, 403, 200, 200, 200, 200]),
    "reads of one release": ({"operation": "read", "release": RELEASE["id"], "requests": [2]}, [200] * 4 + [403, 200]),
    "reads of another": ({"operation": "read", "release": "other"}, [200] * 6),
    "one service by number": ({"operation": "service", "release": "reviews", "requests": [2]}, [200] * 5 + [403]),
    "one service": ({"release": "reviews"}, [200, 200, 403, 200, 200, 403]),
}


@pytest.mark.parametrize(("parts", "statuses"), list(OPERATIONS.values()), ids=list(OPERATIONS))
def test_a_fault_can_be_for_one_operation(serve: Serve, parts: dict[str, Any], statuses: list[int]) -> None:
    served = serve(faults=[{"fault": "answer", "status": 403, "body": "iam_new", **parts}])
    seen = [served.session.get(served.url + path, timeout=10).status_code for path in (LIST, READ, SERVICE) * 2]
    assert seen == statuses
