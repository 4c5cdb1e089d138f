# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One HTTP session that sends a request once, within a bound, and to nobody else.

`requests` bounds each read of the socket, not the whole answer, and nothing bounds the resolver. So each exchange runs
in a thread of its own, and whoever waits for it cuts its connection when the time is up.

How the one that waits comes to the socket: `requests` makes connections through an adapter, and ours makes them of a
class that tells the exchange whose thread it runs in which socket it uses. `Transport.send` severs the exchange.
"""

from __future__ import annotations

import contextlib
import http.client
import http.cookiejar
import io
import os
import socket
import ssl
import threading
import time
import traceback
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import unquote, urlsplit

from .endpoints import is_loopback_literal
from .errors import AsmError, usage
from .text import Cleaner

REQUESTS_IMPORT_ERROR: str | None
try:
    import requests
    import urllib3
    from requests import Session
    from requests.adapters import HTTPAdapter
    from requests.utils import should_bypass_proxies
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    # The classes below need bases to be defined; without requests none of them is ever made.
    HTTPAdapter = HTTPConnection = HTTPSConnection = Session = object  # type: ignore[misc,assignment]
    HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc,assignment]
else:
    REQUESTS_IMPORT_ERROR = None

if TYPE_CHECKING:
    from requests import PreparedRequest, Request, Response

ANSWER_LIMIT = 64 * 1024 * 1024
"""Bytes of an answer, after decompression."""

REFUSAL_LIMIT = 64 * 1024
"""Bytes read of an answer that is no success: enough for any error body, and little of an endless one."""

SLICE = 0.5
"""Seconds after which a wait looks whether anybody still waits for its end."""

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


class Transport:
    """Sends requests over one session: keep-alive, no redirects, no `.netrc`, no cookies, bounded in time and size.

    Args:
        request_timeout: seconds that one request may take.
        environment: for proxies and certificate authorities.
        cleaner: learns the password of a proxy.
        ca_path: certificate authorities, instead of those of the environment or of `requests`.
        validate_certs: False accepts any certificate.
        monotonic: the clock of all deadlines, in seconds.
        abandoned: whether nobody waits for an answer any more.
    """

    def __init__(
        self,
        request_timeout: float,
        environment: Mapping[str, str],
        cleaner: Cleaner,
        ca_path: str | None = None,
        validate_certs: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
        abandoned: Callable[[], bool] = lambda: False,
    ) -> None:
        self._abandoned = abandoned
        self._request_timeout = request_timeout
        self._environment = environment
        self._cleaner = cleaner
        self._ca_path = ca_path
        self._validate_certs = validate_certs
        self._monotonic = monotonic
        self._session = _session()
        self._settings: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()

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
            request: method, URL, headers, body and auth.
            deadline: on the clock given to the constructor; the answer is complete by then or not at all.
            at_most: seconds instead of `request_timeout`.
            limit: bytes of a successful answer.
            decode: makes the content of an answer 200. It counts as a part of the exchange.

        Raises:
            AsmError: those of `decode`; kinds `timeout`, `network`, `tls`, `protocol` and, for settings that cannot
                work, `usage`.
        """
        settings = self._settings_of(request.url)
        # Never zero: that would mean "without a bound" to a socket.
        bound, left = at_most or self._request_timeout, deadline - self._monotonic()
        seconds = max(0.001, min(bound, left))
        exchange = _Exchange(self._session, self._session.prepare_request(request), settings, seconds, limit, decode)
        exchange.start()
        self._wait(exchange, seconds)
        late, answer = exchange.is_alive(), exchange.answer
        if late:
            exchange.sever()
            self._session.close()
            self._session = _session()
        if answer is not None:
            return exchange.understood(answer)
        if late and self._abandoned():
            raise AsmError("internal", "nobody waits for this answer any more", url=request.url)
        if late or _is_timeout(exchange.fault):
            # Who notices first, this thread or the socket, is chance; what is said is not.
            allowed = f"within {bound:g} s" if bound <= left else "before the deadline"
            raise AsmError("timeout", f"no complete answer {allowed}", url=request.url)
        if exchange.fault is None:
            raise RuntimeError("an exchange ended without an answer and without a fault")
        raise _meaning(exchange.fault, request.url) from exchange.fault

    def _wait(self, exchange: _Exchange, seconds: float) -> None:
        """Wait until an exchange has ended, its time is up, or nobody waits for it any more.

        In slices: Python handles a signal that comes just before a wait only after it, and Ctrl-C must not wait for a
        request that hangs.
        """
        # The real clock, whatever the constructor was given: a thread is waited for.
        end = time.monotonic() + seconds
        while exchange.is_alive() and not self._abandoned():
            left = end - time.monotonic()
            if left <= 0:
                return
            exchange.join(min(left, SLICE))

    def _settings_of(self, url: str) -> dict[str, Any]:
        """Return the certificate and proxy settings for a URL's host, checked once."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._settings:
            host = parts.hostname or ""
            if parts.scheme == "https":
                self._settings[origin] = {"verify": self._authorities(), "proxies": self._proxies(url, host)}
            else:
                _refuse_foreign_localhost(host)
                self._settings[origin] = {"verify": True, "proxies": {}}
        return self._settings[origin]

    def _authorities(self) -> str | bool:
        """Return what `requests` calls verify."""
        if not self._validate_certs:
            # The user said so; a warning for each request would only hide the others.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            return False
        names = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
        candidates = [("ca_path", self._ca_path), *((name, self._environment.get(name)) for name in names)]
        for origin, path in candidates:
            if path:
                # Not pathlib: its exists() raises for what it may not look at.
                if not os.path.exists(path):  # noqa: PTH110
                    raise usage(f"{origin} is {{seen}}, which is not there", "name a file of PEM certificates", path)
                return path
        return True

    def _proxies(self, url: str, host: str) -> dict[str, str]:
        proxy, without = (_variable(self._environment, name) for name in ("https_proxy", "no_proxy"))
        if not proxy or is_loopback_literal(host) or should_bypass_proxies(url, no_proxy=without):
            return {}
        if "://" not in proxy:
            # As curl does; `requests` would stumble over a password in it.
            proxy = f"http://{proxy}"
        try:
            password = urlsplit(proxy).password or ""
        except ValueError:
            raise usage("HTTPS_PROXY is no URL", "correct or unset it") from None
        self._cleaner.learn(password, unquote(password))
        return {"https": proxy}


def _variable(environment: Mapping[str, str], name: str) -> str:
    """Return a variable that may be written in lower or in upper case; the lower case counts first, as for curl."""
    return environment.get(name, environment.get(name.upper(), ""))


class _Session(Session):
    """A session that does not look where a redirect leads.

    `requests` does so even when it does not follow, and to that end reads the whole body, however large.
    """

    def get_redirect_target(self, resp: Response) -> None:  # noqa: ARG002
        return None


def _session() -> Session:
    session = _Session()
    # Neither .netrc nor proxies for http: only what this room passes on itself.
    session.trust_env = False
    session.headers.update({"User-Agent": "ansible-collection-huaweicloud.asm", "Accept-Encoding": "gzip"})
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_connections=2, pool_maxsize=1))
    return session


def _refuse_foreign_localhost(host: str) -> None:
    if host != "localhost":
        return
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        raise usage("'localhost' has no address on this machine", "name 127.0.0.1") from None
    if not all(is_loopback_literal(address) for address in addresses):
        raise usage("'localhost' is not only this machine here", "name 127.0.0.1, or use https://")


class _Exchange(threading.Thread):
    """One request and its answer. A daemon: what is given up must not keep the process alive."""

    def __init__(
        self,
        session: Session,
        request: PreparedRequest,
        settings: Mapping[str, Any],
        seconds: float,
        limit: int,
        decode: Callable[[Answer], Any] | None,
    ) -> None:
        super().__init__(name="huaweicloud.asm exchange", daemon=True)
        self.answer: Answer | None = None
        self.fault: Exception | None = None
        self._session = session
        self._request = request
        self._settings = settings
        self._seconds = seconds
        self._limit = limit
        self._decode = decode
        self.severed = False
        self._socket: socket.socket | None = None

    def run(self) -> None:
        try:
            self.answer = self._exchange()
        # Not swallowed: `Transport.send` raises it in the thread that waits, as a future would.
        except Exception as fault:  # noqa: BLE001
            self.fault = fault

    def _exchange(self) -> Answer:
        response = self._session.send(
            self._request, stream=True, timeout=self._seconds, allow_redirects=False, **self._settings
        )
        url = self._request.url or ""
        try:
            if not _is_told_by_body(response.status_code):
                # Whatever becomes of its body, a 401 must not pass for a fault that is worth another try.
                self.answer = Answer(response.status_code, response.headers, b"", url)
            body = self._read(response)
        finally:
            response.close()
        answer = Answer(response.status_code, response.headers, body, url)
        # What is large, or hostile, takes as long to decode as to read. What is small is decoded faster by the thread
        # that waits, whose memory is warm.
        return self.understood(answer) if len(body) > _DECODED_AT_ONCE else answer

    def understood(self, answer: Answer) -> Answer:
        """Return an answer with its content, if it is one that is to be decoded and is not yet."""
        if self._decode is None or answer.status != 200 or answer.content is not None:
            return answer
        return replace(answer, content=self._decode(answer))

    def _read(self, response: Response) -> bytes:
        """Return the body. It is decompressed here, because a bomb must be stopped inside one read."""
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        success = 200 <= response.status_code < 300
        limit = self._limit if success else REFUSAL_LIMIT
        if encoding not in ("identity", "", "gzip"):
            raise AsmError("protocol", "the answer has an encoding that was not asked for", url=response.url)
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
                    raise AsmError("protocol", f"the answer is larger than {limit} bytes", url=response.url)
                return bytes(body[:limit])
            if inflate and inflate.unused_data:
                raise AsmError("protocol", "the answer goes on after the end of its gzip", url=response.url)
        if inflate and body and not inflate.eof:
            raise http.client.IncompleteRead(b"")
        return bytes(body)

    def connected(self, connection: socket.socket | None) -> None:
        """Remember the socket of this exchange, to cut it when its time is up."""
        self._socket = connection
        if self.severed:
            self.sever()

    def sever(self) -> None:
        """End the exchange: it can read nothing more."""
        self.severed = True
        if self._socket is not None:
            # The other side may have been faster.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _is_told_by_body(status: int) -> bool:
    """Return whether the meaning of an answer is in its body: a release, or who it is that answers 404."""
    return 200 <= status < 300 or status == 404


class _Severable(io.RawIOBase):
    """What an exchange reads from, broken once the exchange is severed.

    Shutting down the socket wakes a reader, but does not end what it reads while the other side goes on sending. It is
    not at its end then: an answer that may end there would pass for whole, and its connection for one to be kept.
    """

    def __init__(self, source: io.RawIOBase, exchange: _Exchange) -> None:
        super().__init__()
        self._source = source
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        received = None if self._exchange.severed else self._source.readinto(buffer)
        # Again: the reader may have been waiting when it was severed.
        if self._exchange.severed:
            raise ConnectionAbortedError("severed")
        return received

    def close(self) -> None:
        self._source.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer, of a proxy to CONNECT as well, that breaks off when its exchange is severed."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        exchange = threading.current_thread()
        if isinstance(exchange, _Exchange):
            self.fp = io.BufferedReader(_Severable(self.fp.detach(), exchange))


class _Known:
    """A connection whose exchange knows its socket."""

    response_class = _Response
    sock: socket.socket | None

    def _new_conn(self) -> socket.socket:
        # Before a proxy is asked for a tunnel: its answer may trickle as well.
        connected: socket.socket = super()._new_conn()  # type: ignore[misc]
        _tell_exchange(connected)
        return connected

    def getresponse(self, *arguments: Any, **named: Any) -> Any:
        # Again: a socket that was wrapped for TLS is another one, and a kept connection makes none.
        _tell_exchange(self.sock)
        return super().getresponse(*arguments, **named)  # type: ignore[misc]


def _tell_exchange(connection: socket.socket | None) -> None:
    exchange = threading.current_thread()
    if isinstance(exchange, _Exchange):
        exchange.connected(connection)


class _KnownHTTPConnection(_Known, HTTPConnection):  # type: ignore[misc]
    pass


class _KnownHTTPSConnection(_Known, HTTPSConnection):  # type: ignore[misc]
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _KnownHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _KnownHTTPSConnection


class _Adapter(HTTPAdapter):
    """The adapter of `requests`, with connections that can be cut from outside."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **named)
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
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


def _meaning(fault: Exception, url: str) -> AsmError:
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
        remedy = "check the host of the endpoint, ca_path and the certificate authorities of this machine"
        return AsmError("tls", "the certificate or the handshake was refused", remedy, message=message, url=url)
    if isinstance(root, zlib.error):
        return AsmError("protocol", "the answer is not the gzip that it says", url=url, passing=True)
    if isinstance(fault, (requests.exceptions.ConnectionError, urllib3.exceptions.HTTPError, OSError)) or (
        isinstance(root, http.client.HTTPException)
    ):
        host = urlsplit(url).netloc
        remedy = "check region, endpoint, proxy and network"
        return AsmError("network", f"'{host}' cannot be reached", remedy, message=message, url=url)
    raise fault
