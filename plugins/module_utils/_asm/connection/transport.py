# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One exchange: a request and its whole response, bounded in time and size.

The exchange runs in a thread of its own, which is cut off at the deadline: nothing else bounds the resolver, a
handshake, a response that trickles, and the decoding of a large one.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, NamedTuple
from urllib.parse import urlsplit

from ..errors import (
    AsmError,
    ErrorResponse,
    InternalError,
    NetworkError,
    ProtocolError,
    RequestTimeoutError,
    TlsError,
    TransientProtocolError,
    request_id,
)
from ..sanitize import Sanitizer
from .refusals import refusal_of, remember
from .routes import REQUESTS_IMPORT_ERROR, Route, Routes

try:
    import requests
    import urllib3
except ImportError:
    # `routes` keeps the reason, and `connect` reports it before anything here is called.
    pass

if TYPE_CHECKING:
    from ..runtime import Runtime

__all__ = ["REQUESTS_IMPORT_ERROR", "Bounds", "Response", "Transport"]

MIB = 1024 * 1024

REFUSAL_LIMIT = 64 * 1024
"""Bytes read of a response that is not a success: enough for any error body, and little of an endless one."""

IDLE_INTERVAL = 1.0
"""Seconds of waiting after which the caller is called back, and asked whether the call was cancelled."""

_HEADERS = {
    "User-Agent": "ansible-collection-huaweicloud.asm",
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
}

_REFUSED_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\b")
"""How `http.client` says that a proxy has not opened a tunnel."""

_READ_SIZE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class Response(NamedTuple):
    """A response: HTTP status, headers (compared without case), body after decompression, and the URL of the request.

    `content` is what a successful body was decoded to, if a decoder was given.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    content: Any = None


class Bounds(NamedTuple):
    """The bounds of one response.

    Attributes:
        seconds: instead of the request timeout of the transport.
        limit: bytes of a successful body, after decompression.
        hint: what to do when a body is larger.
        from_last_byte: whether the seconds count from the last byte of the body that was received, so that a large
            response may take as long as the deadline allows. Otherwise they count from the start.
    """

    seconds: float | None = None
    limit: int = 64 * MIB
    hint: str = "check endpoint"
    from_last_byte: bool = False


DEFAULT_BOUNDS = Bounds()


class Transport:
    """Sends requests: no redirects, no `.netrc`, no cookies, bounded in time and size.

    Args:
        routes: the ways to the hosts, with their connections.
        request_timeout: seconds that one request may take, unless its bounds say otherwise.
        runtime: its `monotonic` is the clock of all deadlines.
        sanitizer: learns the password of a proxy, and the secrets that a login obtains.
        on_idle: called about once a second while a request takes its time.

    Attributes:
        requests_sent: how many, whatever became of them, those of logins included.
    """

    def __init__(
        self,
        routes: Routes,
        request_timeout: float,
        runtime: Runtime,
        sanitizer: Sanitizer,
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._routes = routes
        self._request_timeout = request_timeout
        self._runtime = runtime
        self._on_idle = on_idle
        self.sanitizer = sanitizer
        self.requests_sent = 0

    def send(
        self,
        request: requests.Request,
        deadline: float,
        bounds: Bounds = DEFAULT_BOUNDS,
        decode: Callable[[Response], Any] | None = None,
    ) -> Response:
        """Send the request once and return the response, whatever its status.

        Args:
            request: method, URL, headers, body or JSON, and auth.
            deadline: on the clock of the runtime; the response is complete by then or there is none.
            decode: makes the content of a response 200. It counts as a part of the exchange.

        Raises:
            AsmError: those of `decode`; kinds `timeout`, `network`, `tls`, `proxy`, `protocol`; for settings that
                cannot work, `usage`; when the call is cancelled, `internal`.
        """
        route = self._route_to(request.url)
        left = deadline - self._runtime.monotonic()
        limit = _TimeLimit(bounds.seconds or self._request_timeout, left, bounds.from_last_byte)
        exchange = _Exchange(route, _prepared(request), limit, bounds, decode)
        try:
            exchange.start()
        except RuntimeError:
            # A limit on processes, which a container or a service has, counts threads as well.
            problem, hint = "this machine cannot start a thread", "raise the limit on processes"
            raise NetworkError(problem, hint, response=ErrorResponse(url=request.url)) from None
        self.requests_sent += 1
        try:
            self._wait_for(exchange, limit, request.url)
        except BaseException:
            self._routes.cut()
            raise
        is_cut = exchange.is_alive()
        if is_cut:
            self._routes.cut()
            if exchange.refusal is not None:
                return exchange.refusal
        if is_cut or _is_out_of_time(exchange.error):
            problem = f"no complete response {limit.exceeded()}{route.through}"
            raise RequestTimeoutError(problem, response=ErrorResponse(url=request.url))
        if isinstance(exchange.error, AsmError):
            raise exchange.error
        if exchange.error is not None:
            raise self._error_of(exchange.error, request.url, route) from exchange.error
        return exchange.response

    def _route_to(self, url: str) -> Route:
        route = self._routes.route_to(url)
        if route.proxy is not None:
            self.sanitizer.learn(*route.proxy.secrets)
            is_refused = refusal_of(route.proxy.credentials) is not None
            refused_with = 407 if is_refused else self._routes.refused_with
            if refused_with is not None:
                raise route.proxy.refusal(refused_with, urlsplit(url).netloc, url)
        return route

    def _wait_for(self, exchange: _Exchange, limit: _TimeLimit, url: str) -> None:
        """Wait for the end of an exchange or of its time."""
        while True:
            exchange.join(max(0.0, min(IDLE_INTERVAL, limit.rest())))
            if not exchange.is_alive() or limit.rest() <= 0.0:
                return
            self._on_idle()
            if self._runtime.is_cancelled():
                raise InternalError("the request was cancelled", response=ErrorResponse(url=url))

    def _error_of(self, failure: Exception, url: str, route: Route) -> Exception:
        chain = _chain(failure)
        root = chain[-1]
        tunnel = _REFUSED_TUNNEL.match(str(root)) if isinstance(root, OSError) else None
        if tunnel is None or route.proxy is None:
            return _classified(failure, chain, url, route)
        self._routes.refused_with = int(tunnel.group(1))
        error = route.proxy.refusal(self._routes.refused_with, urlsplit(url).netloc, url)
        if error.response.status == 407 and route.proxy.userinfo:
            remember(route.proxy.credentials, error)
        return error


def _prepared(request: requests.Request) -> requests.PreparedRequest:
    prepared = requests.PreparedRequest()
    headers = {**_HEADERS, **request.headers}
    # Not `Request.prepare()`: it goes through parameters even where there are none, which takes it a third longer.
    prepared.prepare(request.method, request.url, headers, data=request.data, json=request.json, auth=request.auth)
    return prepared


class _TimeLimit:
    """How long an exchange may take from now on, in real time, whatever clock the deadlines are on.

    Args:
        bound: seconds of one request.
        left: seconds until the deadline.
        from_last_byte: as in `Bounds`.

    Attributes:
        seconds: the smaller of the two.
    """

    def __init__(self, bound: float, left: float, from_last_byte: bool) -> None:
        self._bound = bound
        self._left = left
        self._from_last_byte = from_last_byte
        # Never zero: that would mean "without a bound" to a socket.
        self.seconds = max(0.001, min(bound, left))
        self._began = self._counts_from = time.monotonic()
        self._end = self._began + (max(self.seconds, left) if from_last_byte else self.seconds)

    def note_data(self) -> None:
        """Note that a part of the body was received."""
        if self._from_last_byte:
            self._counts_from = time.monotonic()

    def rest(self) -> float:
        """Return the seconds that are left."""
        return min(self._end, self._counts_from + self.seconds) - time.monotonic()

    def exceeded(self) -> str:
        """Return the part of a sentence that says which time was exceeded."""
        if self._bound > self._left or (self._from_last_byte and time.monotonic() >= self._end):
            return "before the deadline"
        after = " of its last byte" if self._counts_from > self._began else ""
        return f"within {self._bound:g} s{after}"


class _Exchange(threading.Thread):
    """Sends a request and reads its response. A daemon: once cut off, it must not keep the process alive.

    Attributes:
        refusal: the response without its body, as soon as the headers say that it is a refusal.
        response: complete.
        error: why there is no response.
    """

    response: Response

    def __init__(
        self,
        route: Route,
        request: requests.PreparedRequest,
        limit: _TimeLimit,
        bounds: Bounds,
        decode: Callable[[Response], Any] | None,
    ) -> None:
        super().__init__(name="huaweicloud.asm exchange", daemon=True)
        self._route = route
        self._request = request
        self._limit = limit
        self._bounds = bounds
        self._decode = decode
        self.refusal: Response | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            response = self._exchange()
            if self._decode is not None and response.status == 200:
                response = response._replace(content=self._decode(response))
            self.response = response
        # Not swallowed: `Transport.send` raises it in the thread that waits.
        except Exception as error:  # noqa: BLE001
            self.error = error

    def _exchange(self) -> Response:
        sent = self._request
        raw = self._route.manager.request(
            sent.method or "",
            sent.url or "",
            body=sent.body,
            headers=dict(sent.headers),
            redirect=False,
            retries=False,
            timeout=self._limit.seconds,
            preload_content=False,
            # The default since urllib3 2.0: a response that breaks off is none.
            enforce_content_length=True,
            decode_content=False,
        )
        head = Response(raw.status, raw.headers, b"", sent.url or "")
        try:
            if raw.status < 200:
                # The final response follows. Unread, the connection is closed: the next request must not get it.
                return head
            if _is_body_needed(raw.status):
                return head._replace(body=_body(raw, self._bounds, head.url, self._limit.note_data))
            # Whatever becomes of its body, a 401 must not become a transient error.
            self.refusal = head
            try:
                return head._replace(body=_body(raw, self._bounds, head.url, self._limit.note_data))
            except (AsmError, OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, zlib.error):
                return head
        finally:
            raw.close()
            raw.release_conn()


def _is_body_needed(status: int) -> bool:
    """Return whether the meaning of a response is in its body: a release, or who it is that answers 404."""
    return 200 <= status < 300 or status == 404


def _body(raw: urllib3.BaseHTTPResponse, bounds: Bounds, url: str, note_data: Callable[[], None]) -> bytes:
    """Return the body. It is decompressed here, because a bomb must be stopped inside one read.

    Args:
        note_data: called for each part that was received.
    """
    encoding = raw.headers.get("Content-Encoding", "identity").strip().lower()
    is_success = 200 <= raw.status < 300
    limit = bounds.limit if is_success else REFUSAL_LIMIT
    if encoding not in ("identity", "", "gzip"):
        problem = "the response has an encoding that was not asked for"
        raise ProtocolError(problem, "check endpoint", response=_at(raw, url))
    inflate = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    body = bytearray()
    received = 0
    # It returns what has arrived. urllib3 before 2.2 does not have it, and waits for the whole piece.
    read = getattr(raw, "read1", raw.read)
    # Not raw.stream(): urllib3 reads the lines between chunks without a bound, http.client does not.
    while chunk := read(_READ_SIZE, decode_content=False):
        note_data()
        received += len(chunk)
        body += inflate.decompress(chunk, limit + 1 - len(body)) if inflate else chunk
        if max(received, len(body)) > limit:
            if is_success:
                raise _too_large(raw, bounds, url)
            return bytes(body[:limit])
        if inflate and inflate.unused_data:
            problem = "the response goes on after the end of its gzip"
            raise ProtocolError(problem, "check endpoint", response=_at(raw, url))
    if inflate and body and not inflate.eof:
        raise http.client.IncompleteRead(b"")
    return bytes(body)


def _at(raw: urllib3.BaseHTTPResponse, url: str) -> ErrorResponse:
    return ErrorResponse(raw.status, request_id=request_id(raw.headers), url=url)


def _too_large(raw: urllib3.BaseHTTPResponse, bounds: Bounds, url: str) -> ProtocolError:
    """Return the error of a body that is larger than its limit; its size is known if the response gave it."""
    announced = raw.headers.get("Content-Length", "")
    is_size = announced.isascii() and announced.isdecimal() and bounds.limit < int(announced[:18])
    size = f"has {_size(int(announced[:18]))}" if is_size else "has more"
    problem = f"the response {size}; the limit is {_size(bounds.limit)}"
    return ProtocolError(problem, bounds.hint, response=_at(raw, url))


def _size(count: int) -> str:
    return f"{count / MIB:.0f} MiB" if count >= MIB else f"{count} bytes"


def _chain(failure: BaseException) -> list[BaseException]:
    """Return an exception and those within it: `urllib3` wraps one up to four times, as argument or as cause."""
    chain = [failure]
    while True:
        inner = [getattr(failure, "reason", None), *failure.args, failure.__cause__, failure.__context__]
        seen = {id(each) for each in chain}
        found = next((each for each in inner if isinstance(each, BaseException) and id(each) not in seen), None)
        if found is None:
            return chain
        chain.append(found)
        failure = found


_CUT = {
    "RemoteDisconnected": "the connection was closed without a response",
    "IncompleteRead": "the response broke off",
    "SSLEOFError": "the connection was closed",
    "SSLZeroReturnError": "the connection was closed",
    # Of a chunk without a length: the next one is not there, or damaged.
    "ValueError": "the response broke off",
}


def _is_not_http(chain: Sequence[BaseException]) -> bool:
    """Return whether the other side has sent what HTTP does not allow, such as a damaged status line."""
    kinds = (http.client.HTTPException, urllib3.exceptions.InvalidHeader)
    # urllib3's own error is innermost for a chunk whose length does not end; otherwise it is around another exception.
    found: list[BaseException] = [each for each in chain if isinstance(each, kinds)]
    found += [each for each in chain[-1:] if isinstance(each, urllib3.exceptions.ProtocolError)]
    return any(type(each).__name__ not in _CUT for each in found)


def _classified(failure: Exception, chain: Sequence[BaseException], url: str, route: Route) -> Exception:
    """Return the error of a failed exchange. No text of an exception is used: it may hold what the other side sent.

    Args:
        chain: the failure and the exceptions within it.
    """
    root = chain[-1]
    name = type(root).__name__
    # urllib3 before 2.0 compares the names of a certificate itself, with a CertificateError that is no SSLError.
    if name not in _CUT and (isinstance(root, ssl.SSLError) or name == "CertificateError"):
        message = getattr(root, "verify_message", "") or getattr(root, "reason", None) or name
        return _refused_handshake(ErrorResponse(message=message, url=url), failure, route)
    if isinstance(root, zlib.error):
        problem = "the response is not the gzip that it claims to be"
        return TransientProtocolError(problem, response=ErrorResponse(url=url))
    if isinstance(root, (TimeoutError, socket.timeout)):
        problem = f"no complete response in time{route.through}"
        return RequestTimeoutError(problem, response=ErrorResponse(url=url))
    if _is_not_http(chain):
        problem = f"the response of '{urlsplit(url).netloc}'{route.through} is not HTTP"
        return TransientProtocolError(problem, "check endpoint and proxy", response=ErrorResponse(url=url))
    kinds = (urllib3.exceptions.HTTPError, OSError, http.client.HTTPException)
    if isinstance(failure, kinds) or isinstance(root, kinds):
        message = _CUT.get(name) or (isinstance(root, OSError) and root.strerror) or name
        hint = "check region, endpoint, proxy and network"
        problem = f"'{urlsplit(url).netloc}' cannot be reached{route.through}"
        return NetworkError(problem, hint, response=ErrorResponse(message=message, url=url))
    return failure


def _is_out_of_time(failure: Exception | None) -> bool:
    """Return whether a socket timed out at the bound of its exchange. A timeout of the system has an error number.

    On a busy machine, that happens before `send` wakes up and cuts the exchange. The error must be the same.
    """
    root = failure and _chain(failure)[-1]
    return isinstance(root, (TimeoutError, socket.timeout)) and root.errno is None


def _refused_handshake(response: ErrorResponse, failure: Exception, route: Route) -> TlsError:
    if route.proxy and isinstance(failure, urllib3.exceptions.ProxyError):
        problem = f"the certificate of {route.proxy} or its handshake was refused"
        hint = f"check ca_path; if the proxy speaks no TLS, write http:// in {route.proxy.origin}"
    else:
        problem = f"the certificate or the handshake was refused{route.through}"
        hint = "check the host of the endpoint, ca_path and the certificate authorities of this machine"
    return TlsError(problem, hint, response=response)
