# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchanges with real servers on loopback."""

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
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.routes import Routes
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import (
    DEFAULT_BOUNDS,
    IDLE_INTERVAL,
    MIB,
    REFUSAL_LIMIT,
    Bounds,
    Response,
    Transport,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import (
    AsmError,
    TransientProtocolError,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.loopback import (
    PACE,
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

if TYPE_CHECKING:
    from collections.abc import Iterator

BOUND = 0.2
"""Seconds of a request that is to end by its bound."""

LATE = PATIENCE / 2
"""Seconds after its bound at which a request must have ended: it would go on for twice as long if its bound did not."""


class MakeTransport(Protocol):
    def __call__(
        self,
        request_timeout: float = ...,
        environment: dict[str, str] | None = ...,
        on_idle: Callable[[], None] = ...,
        is_cancelled: Callable[[], bool] = ...,
        **settings: Any,
    ) -> Transport:
        """Return a transport that the fixture closes."""


@pytest.fixture
def sanitizer() -> Sanitizer:
    return Sanitizer()


@pytest.fixture
def make(sanitizer: Sanitizer) -> Iterator[MakeTransport]:
    """Makes transports, and at the end waits for their threads: none may be left."""
    made: list[Routes] = []

    def transport(
        request_timeout: float = PATIENCE,
        environment: dict[str, str] | None = None,
        on_idle: Callable[[], None] = lambda: None,
        is_cancelled: Callable[[], bool] = lambda: False,
        **settings: Any,
    ) -> Transport:
        made.append(Routes(environment or {}, **settings))
        return Transport(made[-1], request_timeout, Runtime(is_cancelled=is_cancelled), sanitizer, on_idle)

    yield transport
    for each in made:
        each.close()
    wait_for_threads()


def wait_for_threads() -> None:
    """Wait until all exchanges have ended."""
    for thread in exchanges():
        thread.join(PATIENCE)
    assert exchanges() == []


def exchanges() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "huaweicloud.asm exchange"]


def get(
    transport: Transport,
    url: str,
    seconds: float = PATIENCE,
    bounds: Bounds = DEFAULT_BOUNDS,
    decode: Callable[[Response], Any] | None = None,
) -> Response:
    return transport.send(Request("GET", url), time.monotonic() + seconds, bounds, decode)


def refused(transport: Transport, url: str, *arguments: Any, **named: Any) -> AsmError:
    with pytest.raises(AsmError) as error:
        get(transport, url, *arguments, **named)
    assert error.value.response.url in ("", url, f"{url}/")
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


def test_response_is_status_headers_body_and_url(make: MakeTransport) -> None:
    with serving(answering(response(b'{"a": 1}', "201 Created", "X-Request-Id: id-1"))) as server:
        answer = get(make(), f"{server.url}/a%20b?c=d")
    assert (answer.status, answer.body, answer.url) == (201, b'{"a": 1}', f"{server.url}/a%20b?c=d")
    assert answer.headers.get("x-request-ID") == "id-1"


def test_request_headers_say_nothing_of_this_machine(make: MakeTransport) -> None:
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


@pytest.mark.parametrize(
    "status", ["300 Multiple Choices", "301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_redirect_is_not_followed(make: MakeTransport, status: str) -> None:
    with serving(answering(response())) as elsewhere:
        redirect = response(b"", status, f"Location: {elsewhere.url}/evil")
        with serving(answering(redirect)) as server:
            answer = get(make(), server.url)
        assert answer.status == int(status[:3])
        assert elsewhere.connections == 0


@pytest.mark.parametrize("location", ["http://[bad", "//", "\\\\evil", "http://evil.example:bad/", "javascript:x", "é"])
def test_location_of_redirect_is_not_parsed(make: MakeTransport, location: str) -> None:
    with serving(answering(response(b"", "302 Found", f"Location: {location}"))) as server:
        assert get(make(), server.url).status == 302


def test_netrc_is_not_read(make: MakeTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(answering(response())) as server:
        get(make(), server.url)
        # It would be read by anything less careful.
        assert requests.get(server.url, timeout=PATIENCE).status_code == 200
    assert b"Authorization" not in server.requests[0]
    assert b"Authorization" in server.requests[1]


def test_cookie_is_not_kept(make: MakeTransport) -> None:
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
def test_endless_response_is_cut_at_deadline(make: MakeTransport, behave: Behaviour) -> None:
    transport = make(BOUND)
    with serving(behave) as server:
        began = time.monotonic()
        error = refused(transport, server.url)
        assert BOUND <= time.monotonic() - began < BOUND + LATE
        assert (error.kind, error.is_transient) == ("timeout", True)
        wait_for_threads()


def test_next_request_after_cut_has_new_connection(make: MakeTransport) -> None:
    transport = make()

    def behave(peer: Peer) -> None:
        if peer.server.connections == 1:
            peer.hang()
        else:
            answering(response())(peer)

    with serving(behave) as server:
        assert refused(transport, server.url, bounds=Bounds(BOUND)).kind == "timeout"
        assert get(transport, server.url).status == 200
        assert server.connections == 2


@pytest.mark.parametrize(
    ("request_timeout", "bounds"),
    [
        pytest.param(BOUND, {"seconds": PATIENCE}, id="request_timeout"),
        pytest.param(PATIENCE, {"seconds": BOUND}, id="deadline"),
        pytest.param(PATIENCE, {"bounds": Bounds(BOUND)}, id="a bound of its own"),
    ],
)
def test_nearest_bound_counts(make: MakeTransport, request_timeout: float, bounds: dict[str, Any]) -> None:
    with serving(Peer.hang) as server:
        began = time.monotonic()
        assert refused(make(request_timeout), server.url, **bounds).kind == "timeout"
        assert BOUND <= time.monotonic() - began < BOUND + LATE


@pytest.mark.parametrize("is_late", [pytest.param(False, id="in time"), pytest.param(True, id="late")])
@pytest.mark.parametrize(
    ("seconds", "allowed"),
    [
        pytest.param(PATIENCE, f"within {BOUND} s", id="bound"),
        pytest.param(BOUND, "before the deadline", id="deadline"),
    ],
)
def test_timeout_has_one_sentence_whoever_notices_it_first(
    make: MakeTransport, monkeypatch: pytest.MonkeyPatch, seconds: float, allowed: str, is_late: bool
) -> None:
    if is_late:
        # As on a busy machine: the socket of the exchange times out before `send` wakes up.
        monkeypatch.setattr(Transport, "_wait_for", lambda _self, exchange, *_rest: exchange.join(PATIENCE))
    with serving(Peer.hang) as server:
        error = refused(make(BOUND if seconds == PATIENCE else PATIENCE), server.url, seconds)
        assert error.problem == f"no complete response {allowed}"


class TestFromLastByte:
    """The bound of a large response: it may take longer, but not pause for longer."""

    BOUNDS = Bounds(1.0, from_last_byte=True)
    # Twice as long as the bound, at 0.02 s a byte.
    SLOW = b"x" * 100

    def test_slow_body_is_read(self, make: MakeTransport) -> None:
        def behave(peer: Peer) -> None:
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(self.SLOW))
            for byte in self.SLOW:
                peer.send(bytes((byte,)))
                peer.has_gone(PACE)

        with serving(behave) as server:
            began = time.monotonic()
            assert get(make(), server.url, bounds=self.BOUNDS).body == self.SLOW
            assert time.monotonic() - began > 1.5

    @pytest.mark.parametrize(
        ("start", "says"),
        [
            pytest.param(b"", "within 0.2 s", id="no headers"),
            pytest.param(LONG + b"x", "within 0.2 s of its last byte", id="half a body"),
        ],
    )
    def test_pause_ends_it(self, make: MakeTransport, start: bytes, says: str) -> None:
        with serving(then(start, Peer.hang)) as server:
            began = time.monotonic()
            error = refused(make(), server.url, bounds=Bounds(BOUND, from_last_byte=True))
            assert BOUND <= time.monotonic() - began < BOUND + LATE
        assert error.kind == "timeout"
        assert error.problem == f"no complete response {says}"

    def test_headers_that_trickle_end_it(self, make: MakeTransport) -> None:
        with serving(then(HEAD, lambda peer: peer.trickle(b"X-A: b\r\n"))) as server:
            error = refused(make(), server.url, bounds=Bounds(BOUND, from_last_byte=True))
        assert error.problem == "no complete response within 0.2 s"

    def test_deadline_is_over_all(self, make: MakeTransport) -> None:
        with serving(then(LONG, lambda peer: peer.trickle(b" "))) as server:
            began = time.monotonic()
            error = refused(make(), server.url, 1.0, self.BOUNDS)
            assert 1.0 <= time.monotonic() - began < 1.0 + LATE
        assert error.problem == "no complete response before the deadline"


def test_every_request_is_counted(make: MakeTransport) -> None:
    transport = make()
    with serving(answering(response())) as server:
        get(transport, server.url)
        get(transport, server.url)
        refused(transport, server.url, bounds=Bounds(limit=1))
    refused(transport, server.url)
    assert transport.requests_sent == 4


@pytest.mark.parametrize("ago", [0.0, 100.0])
def test_past_deadline_does_not_wait(make: MakeTransport, ago: float) -> None:
    with serving(Peer.hang) as server:
        began = time.monotonic()
        assert refused(make(), server.url, -ago).kind == "timeout"
        assert time.monotonic() - began < LATE


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("behave", [then(b"", Peer.hang), then(LONG, Peer.hang)], ids=["no response", "no body"])
def test_cancelled_request_ends_soon(
    make: MakeTransport, authority: trustme.CA, ca_path: str, behave: Behaviour, scheme: str
) -> None:
    with serving(behave, context(authority) if scheme == "https" else None) as server:
        began = time.monotonic()
        error = refused(make(ca_path=ca_path, is_cancelled=lambda: bool(server.requests)), server.url)
        assert time.monotonic() - began < IDLE_INTERVAL + LATE
        assert (error.kind, error.is_transient) == ("internal", False)
        assert server.ended.wait(PATIENCE)


def test_caller_is_called_back_about_once_a_second(make: MakeTransport) -> None:
    calls: list[threading.Thread] = []
    with serving(Peer.hang) as server:
        refused(make(2.5 * IDLE_INTERVAL, on_idle=lambda: calls.append(threading.current_thread())), server.url)
    assert calls == [threading.current_thread()] * 2


def test_exception_of_caller_ends_exchange(make: MakeTransport) -> None:
    """As a signal does, such as Ctrl-C."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with serving(Peer.hang) as server:
        with pytest.raises(KeyboardInterrupt):
            get(make(on_idle=interrupt), server.url)
        assert server.ended.wait(PATIENCE)


def test_nothing_is_sent_after_deadline(make: MakeTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host is resolved late, in the thread that was left behind."""
    go_on, real = threading.Event(), socket.getaddrinfo

    def getaddrinfo(*arguments: Any, **named: Any) -> Any:
        go_on.wait(PATIENCE)
        return real(*arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with serving(answering(response())) as server:
        assert refused(make(BOUND), server.url).kind == "timeout"
        go_on.set()
        wait_for_threads()
        assert server.requests == []


def test_a_machine_without_a_free_thread_is_tried_again(make: MakeTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    transport = make()
    monkeypatch.setattr(threading.Thread, "start", start)
    error = refused(transport, "http://127.0.0.1:1")
    assert (error.kind, error.is_transient, transport.requests_sent) == ("network", True, 0)
    assert "this machine cannot start a thread" in error.sentence(str)


def test_busy_listener_is_waited_for_until_deadline(make: MakeTransport) -> None:
    """Even on loopback a connection may not be made at once: the backlog of the listener is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        stack.enter_context(socket.create_connection(listener.getsockname(), PATIENCE))
        began = time.monotonic()
        error = refused(make(BOUND), f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert (error.kind, error.is_transient) == ("timeout", True)
        assert BOUND <= time.monotonic() - began < BOUND + LATE
        stack.close()
        wait_for_threads()


def test_stalled_handshake_is_cut_at_deadline(make: MakeTransport) -> None:
    with serving(Peer.hang) as server:
        began = time.monotonic()
        error = refused(make(BOUND), server.url.replace("http:", "https:"))
        assert (error.kind, error.is_transient) == ("timeout", True)
        assert time.monotonic() - began < BOUND + LATE
        assert server.ended.wait(PATIENCE)


LIMIT = 100_000


def body(*chunks: bytes, headers: str = "") -> Behaviour:
    """Answer with the last chunk without end."""
    start = b"HTTP/1.1 200 OK\r\n" + headers.encode() + b"\r\n" + b"".join(chunks[:-1])
    return then(start, lambda peer: peer.flood(chunks[-1]))


GZIP = "Content-Encoding: gzip\r\n"


@pytest.mark.parametrize(
    ("behave", "kind", "is_transient"),
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
        pytest.param(then(HEAD, lambda peer: peer.flood(b"X-A: b\r\n")), "protocol", True, id="headers without end"),
        pytest.param(
            then(HEAD + b"X-A: ", lambda peer: peer.flood(b"b" * 65536)), "protocol", True, id="a header without end"
        ),
        pytest.param(
            then(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", lambda peer: peer.flood(b"0" * 65536)),
            "protocol",
            True,
            id="a chunk's length without end",
        ),
        pytest.param(
            then(b"", lambda peer: peer.flood(b"x" * 65536)), "protocol", True, id="a status line without end"
        ),
    ],
)
def test_large_or_damaged_response_is_refused(
    make: MakeTransport, behave: Behaviour, kind: str, is_transient: bool
) -> None:
    with serving(behave) as server:
        error = refused(make(), server.url, bounds=Bounds(limit=LIMIT))
        assert (error.kind, error.is_transient) == (kind, is_transient)
        assert server.ended.wait(PATIENCE)


def test_response_of_exactly_the_limit_is_read(make: MakeTransport) -> None:
    with serving(answering(response(b" " * LIMIT))) as server:
        transport = make()
        assert len(get(transport, server.url, bounds=Bounds(limit=LIMIT)).body) == LIMIT
        assert refused(transport, server.url, bounds=Bounds(limit=LIMIT - 1)).kind == "protocol"


def test_a_response_has_64_mib_at_most_by_default(make: MakeTransport) -> None:
    head = HEAD + b"Content-Length: %d\r\n\r\n" % (64 * MIB + 1)
    with serving(then(head, lambda peer: peer.flood(b" " * MIB))) as server:
        assert refused(make(), server.url).problem == "the response has 64 MiB; the limit is 64 MiB"


@pytest.mark.parametrize(
    ("headers", "size"),
    [
        pytest.param(b"Content-Length: 3145728\r\n", "has 3 MiB", id="announced"),
        pytest.param(b"", "has more", id="not announced"),
        pytest.param(b"Content-Length: " + b"9" * 100 + b"\r\n", "has 953674316406 MiB", id="absurd"),
    ],
)
def test_too_large_response_names_size_limit_and_hint(make: MakeTransport, headers: bytes, size: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Request-Id: id-1\r\n" + headers + b"\r\n"
    with serving(then(head, lambda peer: peer.flood(b" " * 65536))) as server:
        error = refused(make(), server.url, bounds=Bounds(limit=2 * MIB, hint="ask for less"))
    assert error.sentence(str) == f"the response {size}; the limit is 2 MiB (200); ask for less"
    assert (error.kind, error.is_transient, error.response.request_id) == ("protocol", False, "id-1")


def test_large_compressed_response_is_complete(make: MakeTransport) -> None:
    content = base64.b64encode(bytes(range(256)) * 4000)
    with serving(answering(response(gzip.compress(content), "200 OK", "Content-Encoding: gzip"))) as server:
        assert get(make(), server.url).body == content


class TestDecoding:
    """It counts as a part of the exchange."""

    def test_gives_response_its_content(self, make: MakeTransport) -> None:
        with serving(answering(response(b"{}"))) as server:
            found = get(make(), server.url, decode=lambda response: len(response.body))
        assert (found.content, found.body) == (2, b"{}")

    @pytest.mark.parametrize("status", ["201 Created", "404 Not Found", "503 Service Unavailable"])
    def test_is_for_status_200_only(self, make: MakeTransport, status: str) -> None:
        with serving(answering(response(b"{}", status))) as server:
            assert get(make(), server.url, decode=lambda _response: "decoded").content is None

    def test_error_is_kept_and_so_is_connection(self, make: MakeTransport) -> None:
        given = TransientProtocolError("the response is not JSON")

        def decode(_response: Response) -> Any:
            raise given

        transport = make()
        with serving(answering(response(b"{}"))) as server:
            for _index in range(2):
                assert refused(transport, server.url, decode=decode) is given
            assert (server.connections, len(server.requests)) == (1, 2)

    def test_ends_by_deadline(self, make: MakeTransport) -> None:
        freed = threading.Event()
        with serving(answering(response())) as server:
            began = time.monotonic()
            error = refused(make(BOUND), server.url, decode=lambda _response: freed.wait(PATIENCE))
            assert BOUND <= time.monotonic() - began < BOUND + LATE
        freed.set()
        assert (error.kind, error.is_transient) == ("timeout", True)


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
def test_refusal_stays_refusal_however_its_body_ends(
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
def test_refusal_stays_refusal_when_its_body_does_not_end(
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
def test_404_needs_its_body(make: MakeTransport, headers: bytes, go_on: Callable[[Peer], None], kind: str) -> None:
    with serving(then(REFUSAL_HEAD % b"404" + headers, go_on)) as server:
        error = refused(make(BOUND), server.url)
        assert (error.kind, error.is_transient) == (kind, True)


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
    ],
)
def test_broken_connection_is_transient(make: MakeTransport, behave: Behaviour, kind: str) -> None:
    with serving(behave) as server:
        error = refused(make(), server.url)
    assert (error.kind, error.is_transient) == (kind, True)
    assert f"127.0.0.1:{server.port}" in error.problem
    assert "Error" not in error.response.message
    assert error.response.message


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"garbage\r\n\r\n", id="garbage"),
        pytest.param(b"\x16\x03\x01\x00", id="TLS"),
        pytest.param(b'{"kind": "Release"}', id="JSON alone"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="status"),
        pytest.param(b"HTTP/2.0 200 OK\r\n\r\n", id="version"),
        pytest.param(HEAD + b"X-A: b\r\n" * 101 + b"\r\n", id="many headers"),
        pytest.param(HEAD + b"X-A: " + b"b" * 70_000 + b"\r\n\r\n", id="long header"),
        pytest.param(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", id="two lengths"),
    ],
)
def test_what_is_not_http_is_transient_and_named(make: MakeTransport, answer: bytes) -> None:
    with serving(answering_once(answer)) as server:
        error = refused(make(), server.url)
    assert error.sentence(str) == (f"the response of '127.0.0.1:{server.port}' is not HTTP; check endpoint and proxy")
    assert (error.kind, error.is_transient) == ("protocol", True)


@pytest.mark.parametrize("interim", [b"101 Switching Protocols", b"103 Early Hints"])
def test_connection_of_preliminary_response_is_not_used_again(make: MakeTransport, interim: bytes) -> None:
    """What follows it would be taken for the response to the next request."""

    def behave(peer: Peer) -> None:
        is_first = peer.server.connections == 1
        while peer.request():
            peer.send(b"HTTP/1.1 " + interim + b"\r\n\r\n" if is_first else response(b"second"))

    with serving(behave) as server:
        transport = make()
        assert get(transport, server.url).status == int(interim[:3])
        assert get(transport, server.url).body == b"second"
        assert server.connections == 2


def test_refused_connection_is_transient(make: MakeTransport) -> None:
    error = refused(make(), f"http://127.0.0.1:{closed_port()}")
    assert (error.kind, error.is_transient, error.response.message) == ("network", True, "Connection refused")


@pytest.mark.parametrize("host", ["asm.example", "a" * 64 + ".example", "a" * 300])
def test_unknown_host_is_transient(make: MakeTransport, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    def getaddrinfo(*_arguments: Any, **_named: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    error = refused(make(), f"https://{host}")
    assert (error.kind, error.is_transient) == ("network", True)


def test_hanging_resolver_is_cut_at_deadline(make: MakeTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    freed = threading.Event()

    def getaddrinfo(*_arguments: Any, **_named: Any) -> Any:
        freed.wait(PATIENCE)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    began = time.monotonic()
    assert refused(make(BOUND), "https://asm.example").kind == "timeout"
    assert time.monotonic() - began < BOUND + LATE
    freed.set()


def test_bug_is_not_network_error(make: MakeTransport) -> None:
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
    def test_first_named_authorities_count(
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
        ("path", "named"),
        [
            pytest.param("x" * 5000, "ca_path is 'xxx", id="too long"),
            pytest.param("a\0b", "ca_path is 'a\\u0000b'", id="with a NUL"),
        ],
    )
    def test_a_name_of_authorities_that_is_none_is_refused(
        self, make: MakeTransport, secure: Server, path: str, named: str
    ) -> None:
        error = refused(make(ca_path=path), secure.url)
        assert (error.kind, error.is_transient) == ("usage", False)
        assert error.sentence(Sanitizer()).startswith(named)
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
    def test_unusable_authorities_are_named(
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
        assert (error.kind, error.is_transient, secure.connections) == (kind, False, 0)
        assert error.sentence(str).startswith(f"{origin} is '{path}', {problem}")

    def test_folder_of_hashed_certificates_counts(
        self, make: MakeTransport, secure: Server, ca_path: str, tmp_path: Path
    ) -> None:
        found = subprocess.run(
            ("openssl", "x509", "-noout", "-hash", "-in", ca_path), capture_output=True, text=True, check=True
        )
        Path(ca_path).rename(tmp_path / f"{found.stdout.strip()}.0")
        assert get(make(environment={"REQUESTS_CA_BUNDLE": str(tmp_path)}), secure.url).status == 200

    def test_authorities_are_read_once_for_all_connections(
        self, make: MakeTransport, authority: trustme.CA, ca_path: str
    ) -> None:
        with serving(answering_once(response()), context(authority)) as server:
            transport = make(ca_path=ca_path)
            assert get(transport, server.url).status == 200
            Path(ca_path).unlink()
            assert get(transport, server.url).status == 200
            assert server.connections == 2

    def test_certificate_of_unknown_authority_is_final(self, make: MakeTransport, secure: Server) -> None:
        error = refused(make(), secure.url)
        assert (error.kind, error.is_transient) == ("tls", False)
        assert "certificate" in error.response.message
        assert secure.requests == []

    @pytest.mark.parametrize(("name", "accepted"), [("127.0.0.1", True), ("asm.example", False), ("127.0.0.2", False)])
    def test_certificate_is_for_its_host_only(
        self, make: MakeTransport, authority: trustme.CA, ca_path: str, name: str, accepted: bool
    ) -> None:
        with serving(answering(response()), context(authority, name)) as server:
            if accepted:
                assert get(make(ca_path=ca_path), server.url).status == 200
            else:
                assert refused(make(ca_path=ca_path), server.url).kind == "tls"

    def test_response_without_tls_is_final(self, make: MakeTransport) -> None:
        def behave(peer: Peer) -> None:
            peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            peer.hang()

        with serving(behave) as server:
            error = refused(make(), server.url.replace("http:", "https:"))
        assert (error.kind, error.is_transient) == ("tls", False)

    def test_connection_closed_in_handshake_is_transient(self, make: MakeTransport) -> None:
        with serving(Peer.wait_for_data) as server:
            error = refused(make(), server.url.replace("http:", "https:"))
        assert (error.kind, error.is_transient) == ("network", True)

    def test_trickling_body_over_tls_is_cut(self, make: MakeTransport, authority: trustme.CA, ca_path: str) -> None:
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
    def test_https_uses_proxy_of_environment(
        self, make: MakeTransport, proxy: Server, ca_path: str, sanitizer: Sanitizer, name: str, scheme: str
    ) -> None:
        environment = {name: f"{scheme}me:p%2Fs3cret@127.0.0.1:{proxy.port}"}
        assert get(make(environment=environment, ca_path=ca_path), "https://asm.example/v2").status == 200
        assert proxy.requests[0].startswith(b"CONNECT asm.example:443 ")
        assert base64.b64encode(b"me:p/s3cret") in proxy.requests[0]
        assert "s3cret" not in sanitizer("it is p%2Fs3cret and p/s3cret")

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
    def test_exceptions_of_proxy_count(
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
    def test_loopback_needs_no_proxy(
        self, make: MakeTransport, monkeypatch: pytest.MonkeyPatch, secure: Server, ca_path: str, name: str, scheme: str
    ) -> None:
        with serving(answering(response())) as plain, serving(Peer.hang) as proxy:
            for variable in (name, name.lower()):
                monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
            environment = {name: f"http://127.0.0.1:{proxy.port}"}
            url = secure.url if scheme == "https" else plain.url
            assert get(make(environment=environment, ca_path=ca_path), url).status == 200
            assert proxy.connections == 0

    def test_only_given_environment_counts(
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
    def test_endless_response_of_proxy_is_cut(self, make: MakeTransport, behave: Behaviour) -> None:
        with serving(behave) as proxy:
            transport = make(BOUND, {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"})
            assert refused(transport, "https://asm.example").kind == "timeout"
            assert proxy.ended.wait(PATIENCE)

    @pytest.mark.parametrize(
        "no_proxy",
        ["[::1", "]", ",, ,", "10.0.0.0/8", "10.0.0.0/33", "10.0.0.0/8/9", "1.2.3.4/x", "https://asm.example"],
    )
    def test_odd_no_proxy_excepts_no_other_host(
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
    def test_proxy_gets_credentials_of_its_url(
        self, make: MakeTransport, proxy: Server, ca_path: str, userinfo: str, credentials: str
    ) -> None:
        environment = {"HTTPS_PROXY": f"http://{userinfo}@127.0.0.1:{proxy.port}/"}
        assert get(make(environment=environment, ca_path=ca_path), "https://asm.example/v2").status == 200
        assert b"Basic " + base64.b64encode(credentials.encode()) + b"\r\n" in proxy.requests[0]

    @pytest.mark.parametrize("status", [201, 302, 400, 401, 403, 404, 407, 429, 502, 503])
    @pytest.mark.parametrize("go_on", [Peer.leave, Peer.hang], ids=["leaves", "hangs"])
    def test_refusal_of_proxy_is_final_and_sent_once(self, make: MakeTransport, status: int, go_on: Behaviour) -> None:
        refusal = b"HTTP/1.1 %d s3cret\r\nContent-Length: 9\r\n\r\n" % status
        with serving(then(refusal, go_on)) as proxy:
            transport = make(environment={"HTTPS_PROXY": f"http://me:s3cret@127.0.0.1:{proxy.port}"})
            for url in ("https://asm.example/v2", "https://asm.example/v2", "https://iam.example/v3"):
                error = refused(transport, url)
                assert (error.kind, error.is_transient, error.response.status) == ("proxy", False, status)
                assert f"the proxy '127.0.0.1:{proxy.port}' of HTTPS_PROXY" in error.problem
                assert "s3cret" not in error.sentence(str)
            assert (proxy.connections, len(proxy.requests)) == (1, 1)

    @pytest.mark.parametrize(
        ("userinfo", "problem"),
        [("me:s3cret@", "refused its user or password"), ("", "wants a user and a password")],
    )
    def test_407_says_whether_credentials_were_refused_or_are_missing(
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
    def test_broken_proxy_is_transient_and_named(self, make: MakeTransport, behave: Behaviour) -> None:
        with serving(behave) as proxy:
            transport = make(BOUND, {"HTTPS_PROXY": f"http://me:s3cret@127.0.0.1:{proxy.port}"})
            error = refused(transport, "https://asm.example")
        assert (error.kind in ("network", "timeout", "protocol"), error.is_transient) == (True, True)
        assert f"through the proxy '127.0.0.1:{proxy.port}' of HTTPS_PROXY" in error.problem

    def test_absent_proxy_is_named(self, make: MakeTransport) -> None:
        port = closed_port()
        error = refused(make(environment={"HTTPS_PROXY": f"http://127.0.0.1:{port}"}), "https://asm.example")
        assert (error.kind, error.response.message) == ("network", "Connection refused")
        assert error.problem.endswith(f"through the proxy '127.0.0.1:{port}' of HTTPS_PROXY")

    @pytest.mark.parametrize("trusted", [True, False])
    def test_certificate_of_proxy_is_checked(
        self, make: MakeTransport, authority: trustme.CA, beyond: Server, ca_path: str, trusted: bool
    ) -> None:
        other = authority if trusted else trustme.CA()
        with serving(tunnel(lambda: beyond.port), context(other)) as proxy:
            transport = make(environment={"HTTPS_PROXY": f"https://me:s3cret@127.0.0.1:{proxy.port}"}, ca_path=ca_path)
            if trusted:
                assert get(transport, "https://asm.example").status == 200
                return
            error = refused(transport, "https://asm.example")
        assert (error.kind, error.is_transient, proxy.requests) == ("tls", False, [])
        assert f"the proxy '127.0.0.1:{proxy.port}' of HTTPS_PROXY" in error.problem

    def test_proxy_without_tls_is_named(self, make: MakeTransport) -> None:
        def behave(peer: Peer) -> None:
            peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            peer.hang()

        with serving(behave) as proxy:
            error = refused(make(environment={"HTTPS_PROXY": f"https://127.0.0.1:{proxy.port}"}), "https://asm.example")
        assert (error.kind, error.is_transient) == ("tls", False)
        assert error.hint.endswith("write http:// in HTTPS_PROXY")

    def test_refused_certificate_behind_proxy_is_not_of_proxy(self, make: MakeTransport, proxy: Server) -> None:
        error = refused(make(environment={"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}), "https://asm.example")
        assert error.kind == "tls"
        assert error.problem.startswith("the certificate or the handshake was refused through the proxy")

    def test_unused_proxy_is_not_parsed(self, make: MakeTransport, secure: Server) -> None:
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
def test_localhost_must_be_this_machine(
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
