# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends a request once, within a bound, and to nobody else.

`requests` bounds each wait for the socket, not the whole answer, and nothing bounds the resolver. So our connections
read through a `_Reader` that asks before each wait what is left, and whatever cannot ask (the resolver, a handshake,
the decoding of what is large) runs in a thread that is left behind when the time is up.

Of `requests`, only its adapter is used: a session would follow redirects, read `.netrc`, keep cookies and ask the
environment for proxies, unless it is told not to.
"""

from __future__ import annotations

import base64
import http.client
import io
import re
import socket
import ssl
import stat
import threading
import time
import traceback
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, TypeVar
from urllib.parse import unquote_to_bytes, urlsplit

from ..errors import (
    AsmError,
    ErrorResponse,
    InternalError,
    NetworkError,
    ProtocolError,
    RequestTimeoutError,
    TlsError,
    TransientProtocolError,
    UsageError,
)
from ..sanitize import Sanitizer
from .endpoints import is_loopback_literal
from .proxy import Proxy, proxy_of

REQUESTS_IMPORT_ERROR: str | None
try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from requests.utils import should_bypass_proxies
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    # The classes below need bases to be defined; without requests none of them is ever made.
    HTTPAdapter = HTTPConnection = HTTPSConnection = object  # type: ignore[misc,assignment]
    HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc,assignment]
else:
    REQUESTS_IMPORT_ERROR = None

if TYPE_CHECKING:
    from requests import PreparedRequest, Request, Response

Made = TypeVar("Made")

ANSWER_LIMIT = 64 * 1024 * 1024
"""Bytes of an answer, after decompression."""

REFUSAL_LIMIT = 64 * 1024
"""Bytes read of an answer that is no success: enough for any error body, and little of an endless one."""

SLICE = 0.5
"""Seconds after which a wait looks whether anybody still waits for its end."""

_HEADERS = {
    "User-Agent": "ansible-collection-huaweicloud.asm",
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
}

_AUTHORITY_NAMES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that may name the certificate authorities, in the order in which they are asked."""

_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+")
"""How `openssl rehash` names a certificate in a folder of authorities."""

_REFUSED_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\b")
"""How `http.client` says that a proxy has not opened a tunnel."""

_READ_SIZE = 64 * 1024
_DECODED_AT_ONCE = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Answer:
    """What came back: HTTP status, headers (compared without case), body after decompression, and the URL asked.

    `content` is what a successful body was decoded to, if a decoder was given.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    content: Any = None


@dataclass(frozen=True)
class _Route:
    """How a host is reached: the certificate authorities (`verify` of `requests`), and the proxy if there is one."""

    verify: str | bool = True
    proxy: Proxy | None = None

    @property
    def proxies(self) -> dict[str, str]:
        """Return the proxy as `requests` takes it."""
        return {"https": self.proxy.url} if self.proxy else {}

    @property
    def through(self) -> str:
        """Return the part of a sentence that names the proxy, empty without one."""
        return f" through {self.proxy}" if self.proxy else ""


class Transport:
    """Sends requests: keep-alive, no redirects, no `.netrc`, no cookies, bounded in time and size.

    Args:
        request_timeout: seconds that one request may take.
        environment: for proxies and certificate authorities.
        sanitizer: learns the password of a proxy.
        ca_path: certificate authorities, instead of those of the environment or of `requests`.
        validate_certs: False accepts any certificate.
        monotonic: the clock of all deadlines, in seconds.
        abandoned: whether nobody waits for an answer any more.
    """

    def __init__(
        self,
        request_timeout: float,
        environment: Mapping[str, str],
        sanitizer: Sanitizer,
        ca_path: str | None = None,
        validate_certs: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
        abandoned: Callable[[], bool] = lambda: False,
    ) -> None:
        self._abandoned = abandoned
        self._request_timeout = request_timeout
        self._environment = environment
        self._sanitizer = sanitizer
        self._ca_path = ca_path
        self._validate_certs = validate_certs
        self._monotonic = monotonic
        self._adapter = _Adapter(_Clock(abandoned))
        self._routes: dict[str, _Route] = {}
        self._refused_with: int | None = None

    def close(self) -> None:
        """Close the connections that are kept."""
        self._adapter.close()

    def send(
        self,
        request: Request,
        deadline: float,
        *,
        at_most: float | None = None,
        limit: int = ANSWER_LIMIT,
        decode: Callable[[Answer], Any] | None = None,
    ) -> Answer:
        """Send the request once and return its answer, whatever the status.

        Args:
            request: method, URL, headers, body or JSON, and auth.
            deadline: on the clock given to the constructor; the answer is complete by then or not at all.
            at_most: seconds instead of `request_timeout`.
            limit: bytes of a successful answer.
            decode: makes the content of an answer 200. It counts as a part of the exchange.

        Raises:
            AsmError: those of `decode`; kinds `timeout`, `network`, `tls`, `proxy`, `protocol` and, for settings that
                cannot work, `usage`. After a refusal by the proxy, nothing is sent through it any more.
        """
        route = self._route_to(request.url)
        if route.proxy and self._refused_with:
            raise _refusal(route.proxy, self._refused_with, request.url)
        # Never zero: that would mean "without a bound" to a socket.
        bound, left = at_most or self._request_timeout, deadline - self._monotonic()
        seconds = max(0.001, min(bound, left))
        prepared = _prepared(request)
        clock = self._running_clock(seconds)
        try:
            response = self._adapter.send(
                prepared, stream=True, timeout=seconds, verify=route.verify, proxies=route.proxies
            )
            answer = _answer(response, limit)
            if decode is None or answer.status != 200:
                return answer
            large = len(answer.body) > _DECODED_AT_ONCE
            return replace(answer, content=clock.aside(partial(decode, answer)) if large else decode(answer))
        except _RefusedTunnelError as refused:
            self._refused_with = refused.status
            raise _refusal(route.proxy, refused.status, request.url) from refused
        except Exception as fault:
            if not _is_timeout(fault):
                raise _meaning(fault, request.url, route) from fault
        if self._abandoned():
            raise InternalError("nobody waits for this answer any more", response=ErrorResponse(url=request.url))
        allowed = f"within {bound:g} s" if bound <= left else "before the deadline"
        raise RequestTimeoutError(
            f"no complete answer {allowed}{route.through}", response=ErrorResponse(url=request.url)
        )

    def _running_clock(self, seconds: float) -> _Clock:
        """Return the clock of the connections, started."""
        if self._adapter.clock.given_up:
            # A thread that was left behind may still work on one of these connections.
            self._adapter.close()
            self._adapter = _Adapter(_Clock(self._abandoned))
        self._adapter.clock.start(seconds)
        return self._adapter.clock

    def _route_to(self, url: str) -> _Route:
        """Return how the URL's host is reached; its settings are checked once."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._routes:
            host = parts.hostname or ""
            if parts.scheme == "https":
                self._routes[origin] = _Route(self._authorities(), self._proxy(url, host))
            else:
                _refuse_foreign_localhost(host)
                self._routes[origin] = _Route()
        return self._routes[origin]

    def _authorities(self) -> str | bool:
        """Return what `requests` calls verify."""
        if not self._validate_certs:
            # The user said so; a warning for each request would only hide the others.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            return False
        candidates = [("ca_path", self._ca_path), *((name, self._environment.get(name)) for name in _AUTHORITY_NAMES)]
        for origin, path in candidates:
            if path:
                _check_authorities(origin, path)
                return path
        return True

    def _proxy(self, url: str, host: str) -> Proxy | None:
        if is_loopback_literal(host) or should_bypass_proxies(url, no_proxy=_variable(self._environment, "no_proxy")):
            return None
        proxy = proxy_of(self._environment)
        if proxy:
            self._sanitizer.learn(*proxy.secrets)
        return proxy


def _check_authorities(origin: str, path: str) -> None:
    """Refuse a path of certificate authorities that cannot be used, before anything is sent.

    Args:
        origin: the option or the variable that names the path.

    Raises:
        AsmError: kind `usage`, nothing can be read there; kind `tls`, what is there are no certificates.
    """
    hint = "name a file of PEM certificates"
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            if not any(_HASHED_NAME.fullmatch(each.name) for each in Path(path).iterdir()):
                raise TlsError(f"{origin} is {{seen}}, a folder without hashed certificates", hint, seen=path)
        elif stat.S_ISREG(mode):
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        else:
            raise UsageError(f"{origin} is {{seen}}, which is not a regular file", hint, path)
    except (FileNotFoundError, ValueError):
        raise UsageError(f"{origin} is {{seen}}, which is not there", hint, path) from None
    except ssl.SSLError:
        raise TlsError(f"{origin} is {{seen}}, which holds no PEM certificates", hint, seen=path) from None
    except OSError as error:
        raise UsageError(f"{origin} is {{seen}}, which cannot be read: {error.strerror}", hint, path) from None


def _variable(environment: Mapping[str, str], name: str) -> str:
    """Return a variable that may be written in lower or in upper case; the lower case counts first, as for curl."""
    return environment.get(name, environment.get(name.upper(), ""))


def _refuse_foreign_localhost(host: str) -> None:
    if host != "localhost":
        return
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        raise UsageError("'localhost' has no address on this machine", "name 127.0.0.1") from None
    if not all(is_loopback_literal(address) for address in addresses):
        raise UsageError("'localhost' is not only this machine here", "name 127.0.0.1, or use https://")


def _prepared(request: Request) -> PreparedRequest:
    prepared = requests.PreparedRequest()
    headers = {**_HEADERS, **request.headers}
    # Not `Request.prepare()`: it goes through parameters even where there are none, which takes it a third longer.
    prepared.prepare(request.method, request.url, headers, data=request.data, json=request.json, auth=request.auth)
    return prepared


def _answer(response: Response, limit: int) -> Answer:
    """Return the answer, read to its end."""
    body = b""
    try:
        body = _body(response, limit)
    except (AsmError, OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, zlib.error):
        # Whatever becomes of its body, a 401 must not pass for a fault that is worth another try.
        if _is_told_by_body(response.status_code):
            raise
    finally:
        response.close()
    return Answer(response.status_code, response.headers, body, response.url)


def _is_told_by_body(status: int) -> bool:
    """Return whether the meaning of an answer is in its body: a release, or who it is that answers 404."""
    return 200 <= status < 300 or status == 404


def _body(response: Response, limit: int) -> bytes:
    """Return the body. It is decompressed here, because a bomb must be stopped inside one read."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    success = 200 <= response.status_code < 300
    limit = limit if success else REFUSAL_LIMIT
    if encoding not in ("identity", "", "gzip"):
        raise ProtocolError(
            "the answer has an encoding that was not asked for", response=ErrorResponse(url=response.url)
        )
    inflate = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    body = bytearray()
    received = 0
    # The default since urllib3 2.0: an answer that breaks off is none.
    response.raw.enforce_content_length = True
    # Not raw.stream(): urllib3 reads the lines between chunks without a bound, http.client does not.
    while chunk := response.raw.read(_READ_SIZE, decode_content=False):
        received += len(chunk)
        body += inflate.decompress(chunk, limit + 1 - len(body)) if inflate else chunk
        if max(received, len(body)) > limit:
            if success:
                raise ProtocolError(
                    f"the answer is larger than {limit} bytes", response=ErrorResponse(url=response.url)
                )
            return bytes(body[:limit])
        if inflate and inflate.unused_data:
            raise ProtocolError(
                "the answer goes on after the end of its gzip", response=ErrorResponse(url=response.url)
            )
    if inflate and body and not inflate.eof:
        raise http.client.IncompleteRead(b"")
    return bytes(body)


class _Clock:
    """How long the exchange under way may still take, and whether anybody waits for it.

    It is the real one, whatever clock the deadlines are on: sockets and threads are waited for.

    Attributes:
        given_up: a thread was left behind; for good.
    """

    def __init__(self, abandoned: Callable[[], bool]) -> None:
        self._abandoned = abandoned
        self._end = 0.0
        self.given_up = False

    def start(self, seconds: float) -> None:
        """Begin an exchange that may take so long."""
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that may be waited at once.

        In slices: Python handles a signal that comes just before a wait only after it, and Ctrl-C must not wait for a
        request that hangs.

        Raises:
            socket.timeout: the time is up.
        """
        left = self._end - time.monotonic()
        if left <= 0 or self.given_up:
            raise socket.timeout("the time is up")
        return min(left, SLICE)

    def left_if_awaited(self) -> float:
        """Return the same, for the thread that waits for the exchange: it alone may ask whether somebody waits for it.

        Raises:
            socket.timeout: the time is up, or nobody waits any more.
        """
        if self._abandoned():
            raise socket.timeout("nobody waits")
        return self.left()

    def aside(self, make: Callable[[], Made]) -> Made:
        """Return what is made in another thread, which is left behind when the time is up.

        Raises:
            socket.timeout: as `left_if_awaited`.
            Exception: what `make` raised.
        """
        maker = _Aside(make)
        maker.start()
        try:
            while maker.is_alive():
                maker.join(self.left_if_awaited())
        except BaseException:
            self.given_up = True
            raise
        if maker.fault is not None:
            raise maker.fault
        made: Made = maker.made[0]
        return made


class _Aside(threading.Thread):
    """Makes something that nobody may wait for. A daemon: what is left behind must not keep the process alive."""

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__(name="huaweicloud.asm exchange", daemon=True)
        self.made: list[Any] = []
        self.fault: Exception | None = None
        self._make = make

    def run(self) -> None:
        try:
            self.made.append(self._make())
        # Not swallowed: `_Clock.aside` raises it in the thread that waits, as a future would.
        except Exception as fault:  # noqa: BLE001
            self.fault = fault


class _Reader(io.RawIOBase):
    """What an answer is read from: it ends with a timeout, however fast or slowly the other side goes on sending.

    Args:
        connection: where it comes from.
        file: a file of the connection, which keeps that open until it is closed itself.
        left: seconds that may be waited at once.
    """

    def __init__(self, connection: socket.socket, file: io.RawIOBase, left: Callable[[], float]) -> None:
        super().__init__()
        self._connection = connection
        self._file = file
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            self._connection.settimeout(self._left())
            try:
                return self._connection.recv_into(buffer)
            except socket.timeout:
                # Of this slice; whether there is another one is asked above.
                continue

    def close(self) -> None:
        self._file.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer, of a proxy to CONNECT as well, that is read through a `_Reader`."""

    def __init__(self, connection: socket.socket, *arguments: Any, left: Callable[[], float], **named: Any) -> None:
        super().__init__(connection, *arguments, **named)
        self.fp = io.BufferedReader(_Reader(connection, self.fp.detach(), left))


class _Bounded:
    """A connection whose answers are bounded by a clock."""

    sock: socket.socket | None

    def __init__(self, *arguments: Any, clock: _Clock, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._clock = clock
        self.response_class = partial(_Response, left=clock.left_if_awaited)


class _PlainConnection(_Bounded, HTTPConnection):  # type: ignore[misc]
    """To loopback only: there a connection is made at once, or its listener is busy and is tried again."""

    def connect(self) -> None:
        while True:
            self.timeout = self._clock.left_if_awaited()
            try:
                return super().connect()
            except urllib3.exceptions.NewConnectionError:
                # It was refused; to urllib3 that is a timeout as well.
                raise
            except urllib3.exceptions.ConnectTimeoutError:
                continue


class _SecureConnection(_Bounded, HTTPSConnection):  # type: ignore[misc]
    """To anywhere: names, proxies and handshakes are left to a thread."""

    _is_connecting = False

    def connect(self) -> None:
        self.response_class = partial(_Response, left=self._clock.left)
        self._is_connecting = True
        self._clock.aside(self._connect)
        self.response_class = partial(_Response, left=self._clock.left_if_awaited)

    def _connect(self) -> None:
        try:
            super().connect()
        finally:
            self._is_connecting = False
            if self._clock.given_up:
                self.close()

    def _tunnel(self) -> None:
        try:
            super()._tunnel()
        except OSError as fault:
            refused = _REFUSED_TUNNEL.match(str(fault))
            if refused is None:
                raise
            raise _RefusedTunnelError(int(refused.group(1))) from fault

    def close(self) -> None:
        # urllib3 closes what it could not connect, but a thread that was left behind still works with the socket.
        if not self._is_connecting:
            super().close()


class _RefusedTunnelError(Exception):
    """A proxy has answered CONNECT with another status than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """The adapter of `requests`, with connections that are bounded by a clock."""

    def __init__(self, clock: _Clock) -> None:
        self.clock = clock
        super().__init__(pool_connections=2, pool_maxsize=1)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self._bound(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:
        return self._bound(super().proxy_manager_for(*arguments, **named))

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        # Not that of `requests`: it stumbles over a password outside of Latin-1, and over a user without a password.
        userinfo, separator, _place = urlsplit(proxy).netloc.rpartition("@")
        credentials = base64.b64encode(unquote_to_bytes(userinfo)).decode()
        return {"Proxy-Authorization": f"Basic {credentials}"} if separator else {}

    def _bound(self, manager: Any) -> Any:
        pools = {"http": _PlainPool, "https": _SecurePool}
        # What a pool does not know itself it hands on to each connection.
        manager.pool_classes_by_scheme = {scheme: partial(pool, clock=self.clock) for scheme, pool in pools.items()}
        return manager


def _root(fault: BaseException) -> BaseException:
    """Return the innermost exception: `requests` and `urllib3` wrap it three to five times, as argument or as cause."""
    seen = {id(fault)}
    while True:
        inner = [getattr(fault, "reason", None), *fault.args, fault.__cause__, fault.__context__]
        found = next((each for each in inner if isinstance(each, BaseException) and id(each) not in seen), None)
        if found is None:
            return fault
        seen.add(id(found))
        fault = found


_CUT = {
    "RemoteDisconnected": "the connection was closed without an answer",
    "IncompleteRead": "the answer broke off",
    "SSLEOFError": "the connection was closed",
    "SSLZeroReturnError": "the connection was closed",
}


def _is_timeout(fault: Exception | None) -> bool:
    """Return whether an exchange ended because the socket's own time was up."""
    if fault is None or isinstance(fault, AsmError):
        return False
    return isinstance(fault, requests.exceptions.Timeout) or isinstance(_root(fault), (TimeoutError, socket.timeout))


def _refusal(proxy: Proxy | None, status: int, url: str) -> AsmError:
    """Return the error of a proxy that opened no tunnel to a URL's host."""
    if proxy is None:
        raise RuntimeError("only a proxy is asked for a tunnel")
    return proxy.refusal(status, urlsplit(url).netloc, url)


def _meaning(fault: Exception, url: str, route: _Route = _Route()) -> AsmError:
    """Return what a fault of an exchange means. Its text is never used: it may hold whatever the other side sent."""
    if isinstance(fault, AsmError):
        return fault
    root = _root(fault)
    name = type(root).__name__
    message = _CUT.get(name) or (isinstance(root, OSError) and root.strerror) or name
    # urllib3 before 2.0 compares the names of a certificate itself, with a CertificateError that is no SSLError.
    refused = isinstance(root, ssl.SSLError) or name == "CertificateError"
    if refused and name not in _CUT:
        message = getattr(root, "verify_message", "") or getattr(root, "reason", None) or name
        if route.proxy and isinstance(fault, requests.exceptions.ProxyError):
            problem = f"the certificate of {route.proxy} or its handshake was refused"
            hint = f"check ca_path; if the proxy speaks no TLS, write http:// in {route.proxy.origin}"
            return TlsError(problem, hint, response=ErrorResponse(message=message, url=url))
        problem = f"the certificate or the handshake was refused{route.through}"
        hint = "check the host of the endpoint, ca_path and the certificate authorities of this machine"
        return TlsError(problem, hint, response=ErrorResponse(message=message, url=url))
    if isinstance(root, zlib.error):
        return TransientProtocolError("the response is not the gzip that it says", response=ErrorResponse(url=url))
    if isinstance(fault, (requests.exceptions.ConnectionError, urllib3.exceptions.HTTPError, OSError)) or (
        isinstance(root, http.client.HTTPException)
    ):
        host = urlsplit(url).netloc
        hint = "check region, endpoint, proxy and network"
        return NetworkError(
            f"'{host}' cannot be reached{route.through}", hint, response=ErrorResponse(message=message, url=url)
        )
    raise fault
