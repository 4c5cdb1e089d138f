# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy of the environment: which one, and what its refusal means. Pure.

No part of a proxy URL that cannot be parsed is shown or learnt as a secret: its password could be anywhere in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, unquote_to_bytes

from ..errors import ErrorResponse, ProxyError
from .endpoints import host_and_port

_DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
"""The supported schemes."""

_SOCKS = frozenset({"socks", "socks4", "socks4a", "socks5", "socks5h"})

_ENCODE = "write http://user:password@host:port, with each special character of user and password percent-encoded"


@dataclass(frozen=True)
class Proxy:
    """A proxy that the environment names.

    Attributes:
        url: `scheme://host:port`.
        address: `host:port`.
        origin: the name of the variable.
        userinfo: `user:password`, percent-encoded; empty without a user.
        password: as it is written in the variable; empty without one.
    """

    url: str
    address: str
    origin: str
    userinfo: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, str]:
        """Return the password as it is written, and as the proxy gets it."""
        return self.password, unquote(self.password)

    @property
    def credentials(self) -> tuple[str, str]:
        """Return what a 407 refuses: user and password, and the proxy that they are for."""
        return self.url, self.userinfo

    def __str__(self) -> str:
        """Return the proxy as an error names it."""
        return f"the proxy '{self.address}' of {self.origin}"

    def refusal(self, status: int, host: str, url: str) -> ProxyError:
        """Return the error of an answer to CONNECT that opened no tunnel.

        Args:
            status: of the answer.
            host: which host the proxy was asked for.
            url: of the request.
        """
        response = ErrorResponse(status, url=url)
        if status != 407:
            hint = f"see that the proxy allows '{host}' and can reach it, or name the host in NO_PROXY"
            return ProxyError(f"{self} refused to connect to '{host}'", hint, response=response)
        if self.userinfo:
            problem, hint = f"{self} refused its user or password", f"correct them in {self.origin}"
        else:
            problem, hint = f"{self} wants a user and a password", f"add them to {self.origin}"
        return ProxyError(problem, f"{hint}: {_ENCODE}", response=response)


def proxy_of(environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for https://, None without one.

    Raises:
        ProxyError: the URL cannot be parsed, or its scheme is not supported.
    """
    origin = "https_proxy" if "https_proxy" in environment else "HTTPS_PROXY"
    value = environment.get(origin, "").strip()
    return _parsed(value, origin) if value else None


def _parsed(value: str, origin: str) -> Proxy:
    # Without a scheme it is http://, as for curl.
    scheme, rest = value.split("://", 1) if "://" in value else ("http", value)
    scheme = scheme.lower()
    if scheme in _SOCKS:
        raise ProxyError(f"{origin} names a SOCKS proxy, which is not supported", "name an http:// proxy")
    if scheme not in _DEFAULT_PORTS:
        raise ProxyError(f"the scheme of {origin} is not supported", "write http://host:port")
    userinfo, separator, place = rest.removesuffix("/").rpartition("@")
    # In a URL, each of these ends what may hold a password: the rest of that would be taken for something else.
    if not rest.isprintable() or any(character in userinfo + place for character in " /\\?#"):
        raise _unparsed(origin)
    try:
        host, port = host_and_port(place)
    except ValueError:
        raise _unparsed(origin) from None
    address = f"{f'[{host}]' if ':' in host else host}:{port or _DEFAULT_PORTS[scheme]}"
    user, _colon, password = userinfo.partition(":")
    encoded = f"{_encoded(user)}:{_encoded(password)}" if separator else ""
    return Proxy(f"{scheme}://{address}", address, origin, encoded, password)


def _unparsed(origin: str) -> ProxyError:
    return ProxyError(f"{origin} is not a URL of a proxy", _ENCODE)


def _encoded(text: str) -> str:
    """Return text percent-encoded, whichever of its characters were before."""
    return quote(unquote_to_bytes(text), safe="")
