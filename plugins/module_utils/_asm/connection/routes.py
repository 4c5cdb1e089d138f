# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to a host: certificate authorities, proxy, and the connections that are kept for the next request.

`urllib3` alone sends the requests: a session of `requests` would follow redirects, read `.netrc`, keep cookies and ask
the environment for proxies.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
import stat
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from ..errors import TlsError, UsageError
from .endpoints import is_loopback_literal
from .proxy import Proxy, proxy_of

REQUESTS_IMPORT_ERROR: str | None
try:
    import requests.utils
    import urllib3
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.util.ssl_ import create_urllib3_context
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None

CA_NAMES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that may name the certificate authorities; the first one that is set counts."""

ENVIRONMENT_NAMES = (*CA_NAMES, "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")
"""All variables that decide a route."""

_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+")
"""How `openssl rehash` names a certificate in a folder of authorities."""


class Route(NamedTuple):
    """The way to a host: its connections, and the proxy if there is one."""

    manager: urllib3.PoolManager
    proxy: Proxy | None = None

    @property
    def through(self) -> str:
        """Return the part of a sentence that names the proxy, empty without one."""
        return f" through {self.proxy}" if self.proxy else ""


class Routes:
    """The ways to all hosts of one client. Used by one thread at a time, but for `cut`.

    Attributes:
        refused_with: status with which the proxy refused a tunnel; nothing is sent through it any more.

    Args:
        environment: for proxies and certificate authorities.
        ca_path: certificate authorities, instead of those of the environment or of `requests`.
        validate_certs: False accepts any certificate.
    """

    def __init__(self, environment: Mapping[str, str], ca_path: str | None = None, validate_certs: bool = True) -> None:
        self._environment = environment
        self._ca_path = ca_path
        self._validate_certs = validate_certs
        self._routes: dict[str, Route] = {}
        self._context: ssl.SSLContext | None = None
        self._connections = _Connections()
        self.refused_with: int | None = None

    def route_to(self, url: str) -> Route:
        """Return the way to the URL's host; its settings are checked once.

        Raises:
            UsageError, TlsError, ProxyError: a setting cannot work; nothing has been sent.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._routes:
            self._routes[origin] = self._new_route(url, parts.scheme, parts.hostname or "")
        return self._routes[origin]

    def close(self) -> None:
        """Close the connections that are kept."""
        for route in self._routes.values():
            route.manager.clear()
        self._routes = {}

    def cut(self) -> None:
        """End the request under way in another thread. Later requests have new connections."""
        self._connections.cut()
        self._connections, self._routes = _Connections(), {}

    def _new_route(self, url: str, scheme: str, host: str) -> Route:
        if scheme == "http":
            _refuse_foreign_localhost(host)
            return Route(self._connections.managed_by(urllib3.PoolManager(num_pools=1, maxsize=1)))
        settings = {"num_pools": 1, "maxsize": 1, **self._tls_settings()}
        proxy = self._proxy(url, host)
        if proxy is None:
            return Route(self._connections.managed_by(urllib3.PoolManager(**settings)))
        if self._validate_certs and proxy.url.startswith("https:"):
            # To the proxy itself `urllib3` connects with a context of its own.
            _origin, path = self._authorities()
            settings["ca_cert_dir" if Path(path).is_dir() else "ca_certs"] = path
        manager = urllib3.ProxyManager(proxy.url, proxy_headers=_proxy_headers(proxy), **settings)
        return Route(self._connections.managed_by(manager), proxy)

    def _tls_settings(self) -> dict[str, Any]:
        if not self._validate_certs:
            # The user said so; a warning for each request would only hide the others.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            return {"cert_reqs": "CERT_NONE", "assert_hostname": False}
        # Once for all connections: `urllib3` would parse all authorities, of which there are many, anew for each.
        if self._context is None:
            self._context = _verifying_context(*self._authorities())
        return {"cert_reqs": "CERT_REQUIRED", "ssl_context": self._context}

    def _authorities(self) -> tuple[str, str]:
        """Return what names the certificate authorities, and their path."""
        default = ("the bundle of requests", requests.utils.DEFAULT_CA_BUNDLE_PATH)
        variables = ((name, self._environment.get(name)) for name in CA_NAMES)
        return next((origin, path) for origin, path in (("ca_path", self._ca_path), *variables, default) if path)

    def _proxy(self, url: str, host: str) -> Proxy | None:
        no_proxy = self._environment.get("no_proxy", self._environment.get("NO_PROXY", ""))
        if is_loopback_literal(host) or requests.utils.should_bypass_proxies(url, no_proxy=no_proxy):
            return None
        return proxy_of(self._environment)


class _Connections:
    """The connections of one client, so that another thread can end them.

    A socket's own timeout bounds a single wait, not the whole exchange.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], Any] = {}
        self._is_cut = threading.Event()

    def managed_by(self, manager: urllib3.PoolManager) -> urllib3.PoolManager:
        """Return the manager, whose connections are known from now on."""
        pools = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
        manager.pool_classes_by_scheme = {scheme: self._known(pool) for scheme, pool in pools.items()}
        return manager

    def cut(self) -> None:
        """Disconnect all sockets, also those that are made later."""
        self._is_cut.set()
        for connection in list(self._open.values()):
            self._shut_down(connection)

    def _known(self, pool: Any) -> Any:
        known = self

        class Connection(pool.ConnectionCls):  # type: ignore[misc]
            connected: socket.socket | None = None

            def connect(self) -> None:
                known._open[(self.host, self.port)] = self
                super().connect()
                # http.client gives the socket away before it reads a response that has no length.
                self.connected = self.sock
                if known._is_cut.is_set():
                    self.close()
                    raise socket.timeout("nothing is sent after the deadline")

        return type("Pool", (pool,), {"ConnectionCls": Connection})

    @staticmethod
    def _shut_down(connection: Any) -> None:
        sock = connection.sock or connection.connected
        # TLS within TLS wraps the socket once more.
        sock = getattr(sock, "socket", sock)
        # Not the method of an SSLSocket: it stops the encryption first, and the other thread may be about to send.
        if sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _proxy_headers(proxy: Proxy) -> dict[str, str]:
    # Not that of `urllib3`: it takes no password outside of Latin-1.
    if not proxy.userinfo:
        return {}
    return {"Proxy-Authorization": f"Basic {base64.b64encode(unquote_to_bytes(proxy.userinfo)).decode()}"}


def _refuse_foreign_localhost(host: str) -> None:
    if host != "localhost":
        return
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        raise UsageError("'localhost' has no address on this machine", "use 127.0.0.1") from None
    if not all(is_loopback_literal(address) for address in addresses):
        raise UsageError("'localhost' is not only this machine here", "use 127.0.0.1 or https://")


def _verifying_context(origin: str, path: str) -> ssl.SSLContext:
    """Return a context that accepts the certificates of these authorities only.

    Args:
        origin: the option or the variable that names the path.

    Raises:
        UsageError: nothing can be read at the path.
        TlsError: the path holds no certificates.
    """
    hint = "name a file of PEM certificates"
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            if not any(_HASHED_NAME.fullmatch(each.name) for each in Path(path).iterdir()):
                raise TlsError(f"{origin} is {{seen}}, a folder without hashed certificates", hint, path)
            context.load_verify_locations(capath=path)
        elif stat.S_ISREG(mode):
            context.load_verify_locations(path)
        else:
            raise UsageError(f"{origin} is {{seen}}, which is not a regular file", hint, path)
    except (FileNotFoundError, ValueError):
        raise UsageError(f"{origin} is {{seen}}, which is not there", hint, path) from None
    except ssl.SSLError:
        raise TlsError(f"{origin} is {{seen}}, which holds no PEM certificates", hint, path) from None
    except OSError as error:
        raise UsageError(f"{origin} is {{seen}}, which cannot be read: {error.strerror}", hint, path) from None
    return context
