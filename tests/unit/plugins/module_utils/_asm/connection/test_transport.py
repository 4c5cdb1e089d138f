# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens on the wire, against real servers on loopback."""

from __future__ import annotations

import base64
import contextlib
import gzip
import os
import select
import socket
import ssl
import subprocess
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Protocol

import pytest
import requests
import trustme
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.api import client
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection import transport as room
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import (
    REFUSAL_LIMIT,
    SLICE,
    Answer,
    Transport,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.loopback import (
    PATIENCE,
    Behaviour,
    Peer,
    Server,
    answering,
    answering_once,
    response,
    serving,
    then,
)
from requests import Request
from urllib3.exceptions import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

BOUND = 0.2
"""Seconds of a request that is to end by its bound."""

LATE = PATIENCE / 2
"""Seconds after its bound at which a request must have ended: it would go on for twice as long if its bound did not."""


class MakeTransport(Protocol):
    def __call__(
        self, request_timeout: float = ..., environment: dict[str, str] | None = ..., **more: Any
    ) -> Transport:
        """Return a transport that the fixture closes."""


@pytest.fixture
def cleaner() -> Cleaner:
    return Cleaner()


@pytest.fixture
def make(cleaner: Cleaner) -> Iterator[MakeTransport]:
    """Makes transports, and at the end waits for their threads: none may be left."""
    made: list[Transport] = []

    def transport(
        request_timeout: float = PATIENCE, environment: dict[str, str] | None = None, **more: Any
    ) -> Transport:
        made.append(Transport(request_timeout, environment or {}, cleaner, **more))
        return made[-1]

    yield transport
    for each in made:
        each.close()
    for thread in exchanges():
        thread.join(PATIENCE)
    assert exchanges() == []


def exchanges() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "huaweicloud.asm exchange"]


def get(transport: Transport, url: str, seconds: float = PATIENCE, **bounds: Any) -> Answer:
    return transport.send(Request("GET", url), time.monotonic() + seconds, **bounds)


def refused(transport: Transport, url: str, seconds: float = PATIENCE, **bounds: Any) -> AsmError:
    with pytest.raises(AsmError) as error:
        get(transport, url, seconds, **bounds)
    assert error.value.url in ("", url, f"{url}/")
    return error.value


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_path(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


def context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(made)
    return made


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Server]:
    """A server that answers over TLS, with a certificate of the authority."""
    with serving(answering(response()), context(authority)) as server:
        yield server


def test_an_answer_is_status_headers_body_and_url(make: MakeTransport) -> None:
    with serving(answering(response(b'{"a": 1}', "201 Created", "X-Request-Id: id-1"))) as server:
        answer = get(make(), f"{server.url}/a%20b?c=d")
    assert (answer.status, answer.body, answer.url) == (201, b'{"a": 1}', f"{server.url}/a%20b?c=d")
    assert answer.headers.get("x-request-ID") == "id-1"


def test_a_request_says_what_it_is_and_nothing_of_this_machine(make: MakeTransport) -> None:
    with serving(answering(response())) as server:
        get(make(), f"{server.url}/v2/x")
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /v2/x HTTP/1.1"
    assert sorted(lines[1:-2]) == [
        "Accept-Encoding: gzip",
        "Accept: */*",
        "Connection: keep-alive",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: ansible-collection-huaweicloud.asm",
    ]


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(response(), id="with a length"),
        pytest.param(CHUNKED, id="in chunks"),
        pytest.param(response(gzip.compress(b"{}"), "200 OK", "Content-Encoding: gzip"), id="compressed"),
        pytest.param(response(b"no", "404 Not Found"), id="not found"),
        pytest.param(response(b"busy", "503 Service Unavailable"), id="refused"),
        pytest.param(response(b"", "302 Found", "Location: http://evil.example/"), id="redirected"),
    ],
)
def test_many_requests_use_one_connection(make: MakeTransport, answer: bytes) -> None:
    transport = make()
    with serving(answering(answer)) as server:
        for _index in range(60):
            get(transport, server.url)
        assert (server.connections, len(server.requests)) == (1, 60)


def test_a_closed_transport_has_closed_its_connection(make: MakeTransport) -> None:
    transport = make()
    with serving(answering(response())) as server:
        get(transport, server.url)
        transport.close()
        assert server.ended.wait(PATIENCE)


@pytest.mark.parametrize(
    "status", ["300 Multiple Choices", "301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_no_redirect_is_followed(make: MakeTransport, status: str) -> None:
    with serving(answering(response())) as elsewhere:
        redirect = response(b"", status, f"Location: {elsewhere.url}/evil")
        with serving(answering(redirect)) as server:
            answer = get(make(), server.url)
        assert answer.status == int(status[:3])
        assert elsewhere.connections == 0


@pytest.mark.parametrize("location", ["http://[bad", "//", "\\\\evil", "http://evil.example:bad/", "javascript:x", "é"])
def test_where_a_redirect_leads_is_not_looked_at(make: MakeTransport, location: str) -> None:
    with serving(answering(response(b"", "302 Found", f"Location: {location}"))) as server:
        assert get(make(), server.url).status == 302


def test_no_netrc_is_read(make: MakeTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(answering(response())) as server:
        get(make(), server.url)
        # It would be read by anything less careful.
        assert requests.get(server.url, timeout=PATIENCE).status_code == 200
    assert b"Authorization" not in server.requests[0]
    assert b"Authorization" in server.requests[1]


def test_no_cookie_is_kept(make: MakeTransport) -> None:
    transport = make()
    with serving(answering(response(b"", "200 OK", "Set-Cookie: a=b; Path=/"))) as server:
        for _index in range(2):
            get(transport, server.url)
    assert all(b"cookie" not in request.lower() for request in server.requests)


def endless_gzip() -> Behaviour:
    """Blanks without end, compressed a thousand times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    head = packer.compress(b" " * 10**6)
    more = packer.compress(b" " * 10**7) + packer.flush(zlib.Z_SYNC_FLUSH)
    return then(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + head, lambda peer: peer.flood(more))


HEAD = b"HTTP/1.1 200 OK\r\n"
LONG = HEAD + b"Content-Length: 1000000\r\n\r\n"
TRAILERS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(Peer.hang, id="it hangs before it reads"),
        pytest.param(then(b"", Peer.hang), id="it hangs"),
        pytest.param(then(b"", lambda peer: peer.trickle(b"HTTP/1.1 200 OK ")), id="a status line trickles"),
        pytest.param(then(HEAD, lambda peer: peer.trickle(b"X-A: b\r\n")), id="headers trickle"),
        pytest.param(then(b"", lambda peer: peer.trickle(b"HTTP/1.1 100 Continue\r\n\r\n")), id="it says to go on"),
        pytest.param(then(b"", lambda peer: peer.flood(b"HTTP/1.1 100 Continue\r\n\r\n")), id="and does so fast"),
        pytest.param(then(LONG, Peer.hang), id="it hangs before the body"),
        pytest.param(then(LONG, lambda peer: peer.trickle(b" ")), id="a body trickles"),
        pytest.param(
            then(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", lambda peer: peer.trickle(b"1\r\n \r\n")),
            id="chunks trickle",
        ),
        pytest.param(
            then(TRAILERS, lambda peer: peer.flood(b"X-A: b\r\n" * 100)),
            id="trailers without end",
        ),
        pytest.param(then(HEAD + b"\r\n", lambda peer: peer.trickle(b" ")), id="a body without length trickles"),
    ],
)
def test_what_does_not_end_is_cut_when_its_time_is_up(make: MakeTransport, behave: Behaviour) -> None:
    transport = make(BOUND)
    with serving(behave) as server:
        began = time.monotonic()
        error = refused(transport, server.url)
        assert BOUND <= time.monotonic() - began < BOUND + LATE
        assert (error.kind, error.passing) == ("timeout", True)
        # Really closed, and the thread has ended: the other side sees it.
        assert server.ended.wait(PATIENCE)
        for thread in exchanges():
            thread.join(PATIENCE)
        assert exchanges() == []


def test_what_is_cut_where_it_may_end_is_neither_an_answer_nor_kept(
    make: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool that is given up would keep its socket open, and with it the other side."""
    kept: list[Any] = []
    put = room._PlainPool._put_conn

    def note(pool: Any, connection: Any) -> None:
        kept.append(connection and connection.sock)
        put(pool, connection)

    monkeypatch.setattr(room._PlainPool, "_put_conn", note)
    with serving(then(TRAILERS, lambda peer: peer.flood(b"X-A: b\r\n" * 100))) as server:
        assert refused(make(BOUND), server.url).kind == "timeout"
        for thread in exchanges():
            thread.join(PATIENCE)
    assert kept
    assert not any(kept)


def test_after_a_cut_the_next_request_has_a_new_connection(make: MakeTransport) -> None:
    transport = make()

    def behave(peer: Peer) -> None:
        if peer.server.connections == 1:
            peer.hang()
        else:
            answering(response())(peer)

    with serving(behave) as server:
        assert refused(transport, server.url, at_most=BOUND).kind == "timeout"
        assert get(transport, server.url).status == 200
        assert server.connections == 2


@pytest.mark.parametrize(
    ("request_timeout", "bounds"),
    [
        pytest.param(BOUND, {"seconds": PATIENCE}, id="request_timeout"),
        pytest.param(PATIENCE, {"seconds": BOUND}, id="deadline"),
        pytest.param(PATIENCE, {"at_most": BOUND}, id="a bound of its own"),
    ],
)
def test_the_nearest_bound_counts(make: MakeTransport, request_timeout: float, bounds: dict[str, float]) -> None:
    with serving(Peer.hang) as server:
        began = time.monotonic()
        assert refused(make(request_timeout), server.url, **bounds).kind == "timeout"
        assert BOUND <= time.monotonic() - began < BOUND + LATE


@pytest.mark.parametrize("ago", [0.0, 100.0])
def test_after_the_deadline_nothing_is_waited_for(make: MakeTransport, ago: float) -> None:
    with serving(Peer.hang) as server:
        began = time.monotonic()
        assert refused(make(), server.url, -ago).kind == "timeout"
        assert time.monotonic() - began < LATE


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(Peer.hang, id="it hangs"),
        pytest.param(then(LONG, Peer.hang), id="it hangs before the body"),
        pytest.param(then(LONG, lambda peer: peer.trickle(b" ")), id="a body trickles"),
        pytest.param(then(LONG[:-2], lambda peer: peer.trickle(b"X-A: b\r\n")), id="headers trickle"),
    ],
)
def test_nobody_has_to_wait_for_an_answer_that_nobody_wants(
    make: MakeTransport, authority: trustme.CA, ca_path: str, behave: Behaviour, scheme: str
) -> None:
    with serving(behave, context(authority) if scheme == "https" else None) as server:
        left: list[float] = []

        def abandoned() -> bool:
            if server.connections and not left:
                left.append(time.monotonic())
            return bool(left)

        error = refused(make(ca_path=ca_path, abandoned=abandoned), server.url)
        assert time.monotonic() - left[0] < SLICE + LATE
        assert (error.kind, error.passing) == ("internal", False)
        assert server.ended.wait(PATIENCE)


def test_only_whoever_waits_for_an_answer_is_asked_whether_somebody_does(
    make: MakeTransport, authority: trustme.CA, ca_path: str
) -> None:
    """Who is asked may tell a person something, and that is not made for two threads."""
    asked: set[str] = set()

    def abandoned() -> bool:
        asked.add(threading.current_thread().name)
        return False

    with (
        serving(answering(response()), context(authority, "asm.example")) as beyond,
        serving(tunnel(lambda: beyond.port)) as proxy,
    ):
        transport = make(environment={"HTTPS_PROXY": proxy.url}, ca_path=ca_path, abandoned=abandoned)
        assert get(transport, "https://asm.example").status == 200
    assert asked == {threading.current_thread().name}


def test_a_connection_that_is_made_when_nobody_waits_any_more_is_closed(
    make: MakeTransport, authority: trustme.CA
) -> None:
    go_on, made = threading.Event(), threading.Event()

    def behave(peer: Peer) -> None:
        go_on.wait(PATIENCE)
        with context(authority).wrap_socket(peer.connection, server_side=True) as connection:
            made.set()
            connection.recv(1)

    with serving(behave) as server:
        transport = make(validate_certs=False, abandoned=lambda: bool(server.connections))
        assert refused(transport, server.url.replace("http:", "https:")).kind == "internal"
        go_on.set()
        assert made.wait(PATIENCE)
        assert server.ended.wait(PATIENCE)


@pytest.fixture
def no_thread(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes the next thread of a transport a failure."""

    def forbid() -> None:
        def start(_thread: threading.Thread) -> None:
            raise AssertionError("a thread was started")

        monkeypatch.setattr(room._Aside, "start", start)

    return forbid


def test_loopback_needs_no_thread(make: MakeTransport, no_thread: Callable[[], None]) -> None:
    no_thread()
    with serving(answering(response())) as server:
        assert get(make(), server.url, decode=lambda answer: len(answer.body)).content == 2


def test_a_kept_connection_needs_no_thread(
    make: MakeTransport, secure: Server, ca_path: str, no_thread: Callable[[], None]
) -> None:
    transport = make(ca_path=ca_path)
    get(transport, secure.url)
    no_thread()
    assert get(transport, secure.url).status == 200


class TestBusyListener:
    """Even on loopback a connection may not be made at once: when as many wait to be accepted as the listener takes."""

    @pytest.fixture
    def busy(self) -> Iterator[socket.socket]:
        """A listener that takes no more: what comes next is not even answered."""
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            stack.enter_context(socket.create_connection(listener.getsockname(), PATIENCE))
            yield listener

    def url(self, listener: socket.socket) -> str:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def test_is_waited_for_no_longer_than_allowed(self, make: MakeTransport, busy: socket.socket) -> None:
        began = time.monotonic()
        error = refused(make(BOUND), self.url(busy))
        assert (error.kind, error.passing) == ("timeout", True)
        assert BOUND <= time.monotonic() - began < BOUND + LATE

    def test_is_not_waited_for_when_nobody_wants_the_answer(self, make: MakeTransport, busy: socket.socket) -> None:
        asked: list[float] = []

        def abandoned() -> bool:
            asked.append(time.monotonic())
            return len(asked) > 1

        assert refused(make(abandoned=abandoned), self.url(busy)).kind == "internal"
        assert asked[1] - asked[0] < SLICE + LATE

    def test_is_tried_again(self, make: MakeTransport, busy: socket.socket) -> None:
        asked: list[bool] = []
        idle = threading.Event()

        def abandoned() -> bool:
            asked.append(True)
            if len(asked) > 1:
                idle.set()
            return False

        def serve() -> None:
            busy.settimeout(PATIENCE)
            idle.wait(PATIENCE)
            busy.accept()[0].close()
            with busy.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(response())

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            assert get(make(abandoned=abandoned), self.url(busy)).status == 200
        finally:
            thread.join(PATIENCE)


def test_a_handshake_that_stalls_is_cut_when_its_time_is_up(make: MakeTransport) -> None:
    with serving(Peer.hang) as server:
        began = time.monotonic()
        error = refused(make(BOUND), server.url.replace("http:", "https:"))
        assert (error.kind, error.passing) == ("timeout", True)
        assert time.monotonic() - began < BOUND + LATE
        assert server.ended.wait(PATIENCE)


LIMIT = 100_000


def body(*chunks: bytes, headers: str = "") -> Behaviour:
    """Answer with the last chunk without end."""
    start = b"HTTP/1.1 200 OK\r\n" + headers.encode() + b"\r\n" + b"".join(chunks[:-1])
    return then(start, lambda peer: peer.flood(chunks[-1]))


GZIP = "Content-Encoding: gzip\r\n"


@pytest.mark.parametrize(
    ("behave", "kind", "passing"),
    [
        pytest.param(body(b" " * 65536), "protocol", False, id="a body without end"),
        pytest.param(
            body(b"10000\r\n" + b" " * 65536 + b"\r\n", headers="Transfer-Encoding: chunked\r\n"),
            "protocol",
            False,
            id="chunks without end",
        ),
        pytest.param(endless_gzip(), "protocol", False, id="a compression bomb"),
        pytest.param(
            answering_once(response(gzip.compress(b" " * 10**8), "200 OK", "Content-Encoding: gzip")),
            "protocol",
            False,
            id="a compression bomb of a short answer",
        ),
        pytest.param(
            body(gzip.compress(b"{}"), b"\0" * 65536, headers=GZIP),
            "protocol",
            False,
            id="more after the compressed end",
        ),
        pytest.param(
            body(gzip.compress(b"{}"), gzip.compress(b"{}") * 1000, headers=GZIP),
            "protocol",
            False,
            id="compressed parts without end",
        ),
        pytest.param(
            answering_once(response(gzip.compress(gzip.compress(b"{}")), "200 OK", "Content-Encoding: gzip, gzip")),
            "protocol",
            False,
            id="compressed twice",
        ),
        pytest.param(
            answering_once(response(zlib.compress(b"{}"), "200 OK", "Content-Encoding: deflate")),
            "protocol",
            False,
            id="compressed in another way",
        ),
        pytest.param(
            answering_once(response(b"{}", "200 OK", "Content-Encoding: gzip")), "protocol", True, id="not compressed"
        ),
        pytest.param(
            answering_once(response(gzip.compress(b" " * 1000)[:-9], "200 OK", "Content-Encoding: gzip")),
            "network",
            True,
            id="half of what is compressed",
        ),
        pytest.param(then(HEAD, lambda peer: peer.flood(b"X-A: b\r\n")), "network", True, id="headers without end"),
        pytest.param(
            then(HEAD + b"X-A: ", lambda peer: peer.flood(b"b" * 65536)), "network", True, id="a header without end"
        ),
        pytest.param(
            then(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", lambda peer: peer.flood(b"0" * 65536)),
            "network",
            True,
            id="a chunk's length without end",
        ),
        pytest.param(then(b"", lambda peer: peer.flood(b"x" * 65536)), "network", True, id="a status line without end"),
    ],
)
def test_what_is_too_large_or_damaged_is_refused_in_bounded_memory(
    make: MakeTransport, behave: Behaviour, kind: str, passing: bool
) -> None:
    with serving(behave) as server:
        error = refused(make(), server.url, limit=LIMIT)
        assert (error.kind, error.passing) == (kind, passing)
        assert server.ended.wait(PATIENCE)


def test_an_answer_of_just_the_limit_is_read(make: MakeTransport) -> None:
    with serving(answering(response(b" " * LIMIT))) as server:
        transport = make()
        assert len(get(transport, server.url, limit=LIMIT).body) == LIMIT
        assert refused(transport, server.url, limit=LIMIT - 1).kind == "protocol"


def test_an_answer_of_many_kilobytes_arrives_whole(make: MakeTransport) -> None:
    content = base64.b64encode(bytes(range(256)) * 4000)
    with serving(answering(response(gzip.compress(content), "200 OK", "Content-Encoding: gzip"))) as server:
        assert get(make(), server.url).body == content


SMALL, LARGE = b" " * room._DECODED_AT_ONCE, b" " * (room._DECODED_AT_ONCE + 1)


class TestDecoding:
    """It counts as a part of the exchange."""

    @pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
    def test_gives_an_answer_its_content(self, make: MakeTransport, body: bytes) -> None:
        with serving(answering(response(body))) as server:
            answer = get(make(), server.url, decode=lambda answer: len(answer.body))
        assert (answer.content, answer.body) == (len(body), body)

    @pytest.mark.parametrize(
        ("body", "waits"), [pytest.param(SMALL, True, id="small"), pytest.param(LARGE, False, id="large")]
    )
    def test_of_what_is_large_happens_in_the_thread_of_the_exchange(
        self, make: MakeTransport, body: bytes, waits: bool
    ) -> None:
        with serving(answering(response(body))) as server:
            answer = get(make(), server.url, decode=lambda _answer: threading.current_thread())
        assert (answer.content is threading.current_thread()) is waits

    @pytest.mark.parametrize("status", ["201 Created", "404 Not Found", "503 Service Unavailable"])
    def test_is_for_a_success_only(self, make: MakeTransport, status: str) -> None:
        with serving(answering(response(b"{}", status))) as server:
            assert get(make(), server.url, decode=lambda _answer: "decoded").content is None

    @pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
    def test_that_fails_is_what_it_says(self, make: MakeTransport, body: bytes) -> None:
        def decode(answer: Answer) -> Any:
            raise AsmError("protocol", "the answer is not JSON", url=answer.url, passing=True)

        with serving(answering(response(body))) as server:
            error = refused(make(), server.url, decode=decode)
        assert (error.kind, error.problem, error.passing) == ("protocol", "the answer is not JSON", True)

    @pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
    def test_that_fails_keeps_the_connection(self, make: MakeTransport, body: bytes) -> None:
        def decode(_answer: Answer) -> Any:
            raise AsmError("protocol", "the answer is not JSON")

        transport = make()
        with serving(answering(response(body))) as server:
            for _index in range(2):
                refused(transport, server.url, decode=decode)
            assert (server.connections, len(server.requests)) == (1, 2)

    def test_that_does_not_end_is_given_up_when_its_time_is_up(self, make: MakeTransport) -> None:
        given_up = threading.Event()
        with serving(answering(response(LARGE))) as server:
            began = time.monotonic()
            error = refused(make(BOUND), server.url, decode=lambda _answer: given_up.wait(PATIENCE))
            assert BOUND <= time.monotonic() - began < BOUND + LATE
        given_up.set()
        assert (error.kind, error.passing) == ("timeout", True)

    @pytest.mark.slow
    def test_of_a_hostile_answer_does_not_hold_whoever_waits(self, make: MakeTransport) -> None:
        """57 MiB of numbers, each of which is looked at, take seconds to decode."""
        number = b"1e1,"
        hostile = b'{"a": [' + number * (57 * 1024 * 1024 // len(number)) + b"1]}"
        decoding: list[bool] = []

        def decode(answer: Answer) -> Any:
            decoding.append(True)
            return client._decoded(answer)

        with serving(answering(response(hostile))) as server:
            transport = make(abandoned=lambda: bool(decoding))
            assert refused(transport, server.url, decode=decode).kind == "internal"
            left_behind = exchanges()
            assert left_behind, "it was waited for"
            # However long it takes to its end; nobody waits for it but this test.
            for thread in left_behind:
                thread.join()


REFUSAL_HEAD = b"HTTP/1.1 %s x\r\nRetry-After: 7\r\n"


@pytest.mark.parametrize("status", [b"400", b"401", b"403", b"429", b"503", b"302"])
@pytest.mark.parametrize(
    ("headers", "go_on"),
    [
        pytest.param(b"\r\n", lambda peer: peer.flood(b" " * 65536), id="a body without end"),
        pytest.param(b"Content-Length: 9\r\n\r\n", lambda peer: peer.send(b"x"), id="a body that breaks off"),
        pytest.param(b"Content-Length: 9\r\n\r\n", Peer.reset, id="a reset"),
        pytest.param(b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\n", lambda peer: peer.send(b"x"), id="a coding"),
        pytest.param(b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\n", lambda peer: peer.send(b"x"), id="damage"),
        pytest.param(
            b"Location: http://evil.example\r\nContent-Encoding: gzip\r\n\r\n",
            lambda peer: peer.flood(gzip.compress(b" " * 10**7)),
            id="a compression bomb beside a redirect",
        ),
    ],
)
def test_a_refusal_stays_one_whatever_its_body_is(
    make: MakeTransport, status: bytes, headers: bytes, go_on: Callable[[Peer], None]
) -> None:
    with serving(then(REFUSAL_HEAD % status + headers, go_on)) as server:
        answer = get(make(), server.url)
        assert answer.status == int(status)
        assert answer.headers["Retry-After"] == "7"
        assert len(answer.body) <= REFUSAL_LIMIT
        assert server.ended.wait(PATIENCE)


@pytest.mark.parametrize("status", [b"401", b"503"])
@pytest.mark.parametrize("go_on", [lambda peer: peer.trickle(b" "), Peer.hang], ids=["trickles", "hangs"])
def test_a_refusal_stays_one_when_its_body_does_not_end_in_time(
    make: MakeTransport, status: bytes, go_on: Callable[[Peer], None]
) -> None:
    # A second, so that its head is there in time on a busy machine as well.
    with serving(then(REFUSAL_HEAD % status + b"Content-Length: 1000000\r\n\r\n", go_on)) as server:
        answer = get(make(1.0), server.url)
        assert (answer.status, answer.body) == (int(status), b"")
        assert server.ended.wait(PATIENCE)


@pytest.mark.parametrize(
    ("headers", "go_on", "kind"),
    [
        pytest.param(b"Content-Length: 9\r\n\r\n", Peer.hang, "timeout", id="a body that never comes"),
        pytest.param(
            b"Content-Length: 9\r\n\r\n", lambda peer: peer.send(b"x"), "network", id="a body that breaks off"
        ),
    ],
)
def test_half_a_404_is_none_because_its_body_says_whose_it_is(
    make: MakeTransport, headers: bytes, go_on: Callable[[Peer], None], kind: str
) -> None:
    with serving(then(REFUSAL_HEAD % b"404" + headers, go_on)) as server:
        error = refused(make(BOUND), server.url)
        assert (error.kind, error.passing) == (kind, True)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        pytest.param(Peer.leave, "network", id="closed before the request"),
        pytest.param(then(b"", Peer.leave), "network", id="closed after the request"),
        pytest.param(then(b"", Peer.reset), "network", id="reset before the answer"),
        pytest.param(then(LONG + b"{", Peer.leave), "network", id="closed in the body"),
        pytest.param(then(LONG + b"{", Peer.reset), "network", id="reset in the body"),
        pytest.param(
            then(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", Peer.leave),
            "network",
            id="closed between chunks",
        ),
        pytest.param(
            then(HEAD + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", Peer.leave),
            "network",
            id="a chunk of no length",
        ),
        pytest.param(answering_once(b"garbage\r\n\r\n"), "network", id="no HTTP"),
        pytest.param(answering_once(b"\x16\x03\x01\x00"), "network", id="TLS where none is expected"),
    ],
)
def test_a_connection_that_breaks_is_a_passing_fault_of_the_network(
    make: MakeTransport, behave: Behaviour, kind: str
) -> None:
    with serving(behave) as server:
        error = refused(make(), server.url)
    assert (error.kind, error.passing) == (kind, True)
    assert f"127.0.0.1:{server.port}" in error.problem
    assert error.message


def test_a_refused_connection_is_a_passing_fault_of_the_network(make: MakeTransport) -> None:
    error = refused(make(), f"http://127.0.0.1:{closed_port()}")
    assert (error.kind, error.passing, error.message) == ("network", True, "Connection refused")


@pytest.mark.parametrize("host", ["asm.example", "a" * 64 + ".example", "a" * 300])
def test_a_name_that_has_no_address_is_a_passing_fault_of_the_network(
    make: MakeTransport, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    def getaddrinfo(*_arguments: Any, **_named: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    error = refused(make(), f"https://{host}")
    assert (error.kind, error.passing) == ("network", True)


def test_a_resolver_that_hangs_does_not_hold_the_gate(make: MakeTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    freed = threading.Event()

    def getaddrinfo(*_arguments: Any, **_named: Any) -> Any:
        freed.wait(PATIENCE)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    began = time.monotonic()
    assert refused(make(BOUND), "https://asm.example").kind == "timeout"
    assert time.monotonic() - began < BOUND + LATE
    freed.set()


def test_a_fault_of_ours_is_not_taken_for_one_of_the_network(make: MakeTransport) -> None:
    def authorize(_request: Any) -> Any:
        raise LookupError("ours")

    with pytest.raises(LookupError, match="ours"):
        make().send(Request("GET", "http://127.0.0.1:1", auth=authorize), time.monotonic() + 1)


class TestTLS:
    """Whose certificates are trusted."""

    @pytest.mark.parametrize(
        ("settings", "environment"),
        [
            pytest.param({"ca_path": "CA"}, {}, id="option"),
            pytest.param(
                {"ca_path": "CA"}, {"REQUESTS_CA_BUNDLE": "NOWHERE", "SSL_CERT_FILE": "NOWHERE"}, id="option first"
            ),
            pytest.param({}, {"REQUESTS_CA_BUNDLE": "CA"}, id="REQUESTS_CA_BUNDLE"),
            pytest.param({}, {"REQUESTS_CA_BUNDLE": "CA", "SSL_CERT_FILE": "NOWHERE"}, id="before SSL_CERT_FILE"),
            pytest.param({}, {"CURL_CA_BUNDLE": "CA", "SSL_CERT_FILE": "NOWHERE"}, id="CURL_CA_BUNDLE"),
            pytest.param({}, {"SSL_CERT_FILE": "CA"}, id="SSL_CERT_FILE"),
            pytest.param({}, {"REQUESTS_CA_BUNDLE": "", "SSL_CERT_FILE": "CA"}, id="empty counts as unset"),
            pytest.param({"validate_certs": False}, {}, id="none is asked for"),
            pytest.param({"validate_certs": False, "ca_path": "NOWHERE"}, {}, id="none is asked for, whatever is set"),
        ],
    )
    def test_the_first_authorities_that_are_named_count(
        self, make: MakeTransport, secure: Server, ca_path: str, settings: dict[str, Any], environment: dict[str, str]
    ) -> None:
        def path(value: Any) -> Any:
            return {"CA": ca_path, "NOWHERE": "/nowhere/ca.pem"}.get(value, value)

        transport = make(
            environment={name: path(value) for name, value in environment.items()},
            **{name: path(value) for name, value in settings.items()},
        )
        for _index in range(2):
            assert get(transport, secure.url).status == 200
        assert secure.connections == 1

    @pytest.mark.parametrize(
        ("settings", "environment", "named"),
        [
            pytest.param({"ca_path": "/nowhere/a"}, {}, "ca_path is '/nowhere/a'", id="option"),
            pytest.param(
                {}, {"REQUESTS_CA_BUNDLE": "/nowhere/b"}, "REQUESTS_CA_BUNDLE is '/nowhere/b'", id="first variable"
            ),
            pytest.param({}, {"SSL_CERT_FILE": "/nowhere/c"}, "SSL_CERT_FILE is '/nowhere/c'", id="second variable"),
            pytest.param({"ca_path": "x" * 5000}, {}, "ca_path is 'xxx", id="a name that is too long"),
            pytest.param({"ca_path": "a\0b"}, {}, "ca_path is 'a\\u0000b'", id="a name that is none"),
        ],
    )
    def test_authorities_that_are_not_there_are_named_before_anything_is_sent(
        self, make: MakeTransport, secure: Server, settings: dict[str, Any], environment: dict[str, str], named: str
    ) -> None:
        error = refused(make(environment=environment, **settings), secure.url)
        assert (error.kind, error.passing) == ("usage", False)
        assert error.sentence(Cleaner()).startswith(named)
        assert secure.connections == 0

    @pytest.mark.parametrize("origin", ["ca_path", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
    @pytest.mark.parametrize(
        ("name", "kind", "problem"),
        [
            ("nothing.pem", "usage", "which is not there"),
            ("text.pem", "tls", "which holds no PEM certificates"),
            ("empty.pem", "tls", "which holds no PEM certificates"),
            ("half.pem", "tls", "which holds no PEM certificates"),
            ("folder", "tls", "a folder without hashed certificates"),
            ("pipe", "usage", "which is not a regular file"),
            ("/proc/self/mem", "usage", "which cannot be read: "),
        ],
    )
    def test_authorities_that_cannot_be_used_are_named_before_anything_is_sent(
        self, make: MakeTransport, secure: Server, tmp_path: Path, origin: str, name: str, kind: str, problem: str
    ) -> None:
        (tmp_path / "text.pem").write_text("nothing\n")
        (tmp_path / "empty.pem").touch()
        (tmp_path / "half.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n")
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        path = str(tmp_path / name)
        given = {"ca_path": path} if origin == "ca_path" else {"environment": {origin: path}}
        error = refused(make(**given), secure.url)
        assert (error.kind, error.passing, secure.connections) == (kind, False, 0)
        assert error.sentence(str).startswith(f"{origin} is '{path}', {problem}")

    def test_a_folder_of_hashed_certificates_counts(
        self, make: MakeTransport, secure: Server, ca_path: str, tmp_path: Path
    ) -> None:
        found = subprocess.run(
            ("openssl", "x509", "-noout", "-hash", "-in", ca_path), capture_output=True, text=True, check=True
        )
        Path(ca_path).rename(tmp_path / f"{found.stdout.strip()}.0")
        assert get(make(environment={"REQUESTS_CA_BUNDLE": str(tmp_path)}), secure.url).status == 200

    def test_a_certificate_of_an_unknown_authority_is_final(self, make: MakeTransport, secure: Server) -> None:
        error = refused(make(), secure.url)
        assert (error.kind, error.passing) == ("tls", False)
        assert "certificate" in error.message
        assert secure.requests == []

    @pytest.mark.parametrize(("name", "accepted"), [("127.0.0.1", True), ("asm.example", False), ("127.0.0.2", False)])
    def test_a_certificate_is_for_its_host_only(
        self, make: MakeTransport, authority: trustme.CA, ca_path: str, name: str, accepted: bool
    ) -> None:
        with serving(answering(response()), context(authority, name)) as server:
            if accepted:
                assert get(make(ca_path=ca_path), server.url).status == 200
            else:
                assert refused(make(ca_path=ca_path), server.url).kind == "tls"

    def test_what_is_no_tls_is_final(self, make: MakeTransport) -> None:
        def behave(peer: Peer) -> None:
            peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            peer.hang()

        with serving(behave) as server:
            error = refused(make(), server.url.replace("http:", "https:"))
        assert (error.kind, error.passing) == ("tls", False)

    def test_a_connection_that_is_closed_in_the_handshake_is_a_passing_fault(self, make: MakeTransport) -> None:
        with serving(Peer.wait_for_data) as server:
            error = refused(make(), server.url.replace("http:", "https:"))
        assert (error.kind, error.passing) == ("network", True)

    def test_a_body_that_trickles_over_tls_is_cut_as_well(
        self, make: MakeTransport, authority: trustme.CA, ca_path: str
    ) -> None:
        with serving(then(LONG, lambda peer: peer.trickle(b" ")), context(authority)) as server:
            assert refused(make(BOUND, ca_path=ca_path), server.url).kind == "timeout"
            assert server.ended.wait(PATIENCE)


def tunnel(to: Callable[[], int]) -> Behaviour:
    """A proxy that connects every tunnel to a port of this machine."""

    def behave(peer: Peer) -> None:
        if not peer.request():
            return
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", to())) as other:
            pair = {peer.connection: other, other: peer.connection}
            while True:
                for each in select.select(list(pair), [], [], PATIENCE)[0]:
                    data = each.recv(65536)
                    if not data:
                        return
                    pair[each].sendall(data)

    return behave


class TestProxy:
    """When a proxy is used, and what it learns."""

    @pytest.fixture
    def beyond(self, authority: trustme.CA) -> Iterator[Server]:
        """ASM, where only the proxy can reach it."""
        with serving(answering(response()), context(authority, "asm.example")) as server:
            yield server

    @pytest.fixture
    def proxy(self, beyond: Server) -> Iterator[Server]:
        with serving(tunnel(lambda: beyond.port)) as server:
            yield server

    @pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
    @pytest.mark.parametrize("scheme", ["http://", ""])
    def test_https_goes_through_the_proxy_of_the_environment(
        self, make: MakeTransport, proxy: Server, ca_path: str, cleaner: Cleaner, name: str, scheme: str
    ) -> None:
        environment = {name: f"{scheme}me:p%2Fs3cret@127.0.0.1:{proxy.port}"}
        assert get(make(environment=environment, ca_path=ca_path), "https://asm.example/v2").status == 200
        assert proxy.requests[0].startswith(b"CONNECT asm.example:443 ")
        assert base64.b64encode(b"me:p/s3cret") in proxy.requests[0]
        assert "s3cret" not in cleaner("it is p%2Fs3cret and p/s3cret")

    @pytest.mark.parametrize(
        "environment",
        [
            pytest.param({"HTTPS_PROXY": "PROXY", "NO_PROXY": "asm.example"}, id="NO_PROXY"),
            pytest.param({"HTTPS_PROXY": "PROXY", "no_proxy": ".example"}, id="no_proxy, a domain"),
            pytest.param({"HTTPS_PROXY": "PROXY", "NO_PROXY": "*"}, id="NO_PROXY for all"),
            pytest.param({"HTTP_PROXY": "PROXY"}, id="a proxy for http only"),
            pytest.param({"HTTPS_PROXY": ""}, id="an empty proxy"),
        ],
    )
    def test_it_does_not_where_none_is_wanted(
        self, make: MakeTransport, proxy: Server, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
    ) -> None:
        # No name resolution leaves this machine: without a proxy, this is where it ends.
        def getaddrinfo(host: str, *arguments: Any, **named: Any) -> Any:
            if host != "127.0.0.1":
                raise socket.gaierror(-2, "Name or service not known")
            return real(host, *arguments, **named)

        real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        given = {name: value.replace("PROXY", f"http://127.0.0.1:{proxy.port}") for name, value in environment.items()}
        assert refused(make(environment=given), "https://asm.example").kind == "network"
        assert proxy.connections == 0

    @pytest.mark.parametrize("name", ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"])
    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_loopback_is_never_asked_through_a_proxy(
        self, make: MakeTransport, monkeypatch: pytest.MonkeyPatch, secure: Server, ca_path: str, name: str, scheme: str
    ) -> None:
        with serving(answering(response())) as plain, serving(Peer.hang) as proxy:
            for variable in (name, name.lower()):
                monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
            environment = {name: f"http://127.0.0.1:{proxy.port}"}
            url = secure.url if scheme == "https" else plain.url
            assert get(make(environment=environment, ca_path=ca_path), url).status == 200
            assert proxy.connections == 0

    def test_the_environment_of_the_process_is_not_asked_behind_the_back_of_the_caller(
        self, make: MakeTransport, proxy: Server, ca_path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
        monkeypatch.setenv("NO_PROXY", "asm.example")
        environment = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
        assert get(make(environment=environment, ca_path=ca_path), "https://asm.example").status == 200

    @pytest.mark.parametrize(
        "behave",
        [
            pytest.param(then(b"", Peer.hang), id="hangs"),
            pytest.param(then(b"", lambda peer: peer.trickle(b"HTTP/1.1 200 OK\r\nX-A: b\r\n")), id="trickles"),
        ],
    )
    def test_a_proxy_that_does_not_end_its_answer_is_cut(self, make: MakeTransport, behave: Behaviour) -> None:
        with serving(behave) as proxy:
            transport = make(BOUND, {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"})
            assert refused(transport, "https://asm.example").kind == "timeout"
            assert proxy.ended.wait(PATIENCE)

    @pytest.mark.parametrize(
        "no_proxy",
        ["[::1", "]", ",, ,", "10.0.0.0/8", "10.0.0.0/33", "10.0.0.0/8/9", "1.2.3.4/x", "https://asm.example"],
    )
    def test_an_odd_no_proxy_excepts_no_other_host(
        self, make: MakeTransport, proxy: Server, ca_path: str, no_proxy: str
    ) -> None:
        environment = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}", "NO_PROXY": no_proxy}
        assert get(make(environment=environment, ca_path=ca_path), "https://asm.example").status == 200
        assert proxy.connections == 1

    @pytest.mark.parametrize(
        ("userinfo", "credentials"),
        [
            pytest.param("me:p%40s%3As%23w", "me:p@s:s#w", id="percent-encoded"),
            pytest.param("me:p@s:s", "me:p@s:s", id="as it is, where that is unambiguous"),
            pytest.param("me:zażółć", "me:zażółć", id="letters outside of Latin-1"),
            pytest.param("me:za%C5%BC", "me:zaż", id="percent-encoded letters outside of Latin-1"),
            pytest.param("me:100%", "me:100%", id="a percent sign that encodes nothing"),
            pytest.param("me", "me:", id="no password"),
        ],
    )
    def test_a_proxy_gets_the_credentials_of_its_url(
        self, make: MakeTransport, proxy: Server, ca_path: str, userinfo: str, credentials: str
    ) -> None:
        environment = {"HTTPS_PROXY": f"http://{userinfo}@127.0.0.1:{proxy.port}/"}
        assert get(make(environment=environment, ca_path=ca_path), "https://asm.example/v2").status == 200
        assert b"Basic " + base64.b64encode(credentials.encode()) + b"\r\n" in proxy.requests[0]

    @pytest.mark.parametrize("status", [201, 302, 400, 401, 403, 404, 407, 429, 502, 503])
    @pytest.mark.parametrize("go_on", [Peer.leave, Peer.hang], ids=["leaves", "hangs"])
    def test_a_refusal_by_the_proxy_is_final_and_nothing_is_sent_again(
        self, make: MakeTransport, status: int, go_on: Behaviour
    ) -> None:
        refusal = b"HTTP/1.1 %d s3cret\r\nContent-Length: 9\r\n\r\n" % status
        with serving(then(refusal, go_on)) as proxy:
            transport = make(environment={"HTTPS_PROXY": f"http://me:s3cret@127.0.0.1:{proxy.port}"})
            for url in ("https://asm.example/v2", "https://asm.example/v2", "https://iam.example/v3"):
                error = refused(transport, url)
                assert (error.kind, error.passing, error.status) == ("proxy", False, status)
                assert f"the proxy '127.0.0.1:{proxy.port}' of HTTPS_PROXY" in error.problem
                assert "s3cret" not in error.sentence(str)
            assert (proxy.connections, len(proxy.requests)) == (1, 1)

    @pytest.mark.parametrize(
        ("userinfo", "problem"),
        [("me:s3cret@", "refused its user or password"), ("", "wants a user and a password")],
    )
    def test_a_407_says_whether_credentials_were_refused_or_are_missing(
        self, make: MakeTransport, userinfo: str, problem: str
    ) -> None:
        with serving(answering_once(response(b"", "407 Proxy Authentication Required"))) as proxy:
            transport = make(environment={"https_proxy": f"http://{userinfo}127.0.0.1:{proxy.port}"})
            error = refused(transport, "https://asm.example")
        assert error.problem == f"the proxy '127.0.0.1:{proxy.port}' of https_proxy {problem}"

    @pytest.mark.parametrize(
        "behave",
        [
            pytest.param(answering_once(b"garbage\r\n\r\n"), id="garbage"),
            pytest.param(then(b"", Peer.leave), id="closed"),
            pytest.param(then(b"", Peer.reset), id="reset"),
            pytest.param(then(b"", Peer.hang), id="hangs"),
        ],
    )
    def test_a_proxy_without_an_answer_is_a_transient_error_that_names_it(
        self, make: MakeTransport, behave: Behaviour
    ) -> None:
        with serving(behave) as proxy:
            transport = make(BOUND, {"HTTPS_PROXY": f"http://me:s3cret@127.0.0.1:{proxy.port}"})
            error = refused(transport, "https://asm.example")
        assert (error.kind in ("network", "timeout"), error.passing) == (True, True)
        assert f"through the proxy '127.0.0.1:{proxy.port}' of HTTPS_PROXY" in error.problem

    def test_a_proxy_that_does_not_listen_is_named(self, make: MakeTransport) -> None:
        port = closed_port()
        error = refused(make(environment={"HTTPS_PROXY": f"http://127.0.0.1:{port}"}), "https://asm.example")
        assert (error.kind, error.message) == ("network", "Connection refused")
        assert error.problem.endswith(f"through the proxy '127.0.0.1:{port}' of HTTPS_PROXY")

    @pytest.mark.parametrize("trusted", [True, False])
    def test_a_proxy_that_speaks_tls_is_checked(
        self, make: MakeTransport, authority: trustme.CA, beyond: Server, ca_path: str, trusted: bool
    ) -> None:
        other = authority if trusted else trustme.CA()
        with serving(tunnel(lambda: beyond.port), context(other)) as proxy:
            transport = make(environment={"HTTPS_PROXY": f"https://me:s3cret@127.0.0.1:{proxy.port}"}, ca_path=ca_path)
            if trusted:
                assert get(transport, "https://asm.example").status == 200
                return
            error = refused(transport, "https://asm.example")
        assert (error.kind, error.passing, proxy.requests) == ("tls", False, [])
        assert f"the proxy '127.0.0.1:{proxy.port}' of HTTPS_PROXY" in error.problem

    def test_a_proxy_that_speaks_no_tls_where_its_url_says_so_is_named(self, make: MakeTransport) -> None:
        def behave(peer: Peer) -> None:
            peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            peer.hang()

        with serving(behave) as proxy:
            error = refused(make(environment={"HTTPS_PROXY": f"https://127.0.0.1:{proxy.port}"}), "https://asm.example")
        assert (error.kind, error.passing) == ("tls", False)
        assert error.remedy.endswith("write http:// in HTTPS_PROXY")

    def test_a_certificate_of_asm_that_is_refused_behind_a_proxy_is_not_the_proxys(
        self, make: MakeTransport, proxy: Server
    ) -> None:
        error = refused(make(environment={"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}), "https://asm.example")
        assert error.kind == "tls"
        assert error.problem.startswith("the certificate or the handshake was refused through the proxy")

    def test_an_odd_proxy_that_is_not_used_is_not_looked_at(self, make: MakeTransport, secure: Server) -> None:
        environment = {"HTTPS_PROXY": "http://[s3cret", "ALL_PROXY": "socks5h://[", "HTTP_PROXY": "http://["}
        assert get(make(environment=environment, validate_certs=False), secure.url).status == 200


@pytest.mark.parametrize(
    ("addresses", "refusal"),
    [
        pytest.param(["127.0.0.1"], None, id="this machine"),
        pytest.param(["127.0.0.1", "::1"], None, id="both of its addresses"),
        pytest.param(["10.0.0.1"], "is not only this machine", id="another machine"),
        pytest.param(["127.0.0.1", "10.0.0.1"], "is not only this machine", id="another machine as well"),
        pytest.param([], "has no address", id="nothing"),
    ],
)
def test_localhost_is_this_machine_or_refused_before_anything_is_sent(
    make: MakeTransport, monkeypatch: pytest.MonkeyPatch, addresses: list[str], refusal: str | None
) -> None:
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: Any, *_arguments: Any, **_named: Any) -> Any:
        if host == "localhost" and not addresses:
            raise socket.gaierror(-2, "Name or service not known")
        if host == "localhost" and port is None:
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 0)) for address in addresses]
        return real("127.0.0.1", port, socket.AF_INET, socket.SOCK_STREAM)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with serving(answering(response())) as server:
        url = f"http://localhost:{server.port}"
        if refusal is None:
            assert get(make(), url).status == 200
        else:
            error = refused(make(), url)
            assert error.kind == "usage"
            assert refusal in error.problem
            assert server.connections == 0


def test_a_wrapped_fault_is_told_by_its_root() -> None:
    root = ConnectionResetError(104, "Connection reset by peer")
    wrapped = requests.exceptions.ConnectionError(ProtocolError("s3cret", root))
    error = room._meaning(wrapped, "https://asm.example")
    assert (error.kind, error.message) == ("network", "Connection reset by peer")
    assert "s3cret" not in error.sentence(str)


def test_faults_that_name_each_other_as_cause_end() -> None:
    one, other = OSError(5, "one"), OSError(6, "other")
    one.__context__, other.__context__ = other, one
    assert room._meaning(one, "https://asm.example").kind == "network"
