# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where ASM and IAM are: region and endpoints, from whichever source, checked before a credential goes there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import UsageError
from ..options.spec import OPTIONS, OWN_ENDPOINT_NAME, SDK_ENDPOINT_PREFIX

if TYPE_CHECKING:
    from ..options.request import ConnectionOptions

_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_LONGEST_LABEL, _LONGEST_HOST = 63, 253
"""Characters of a part of a host's name, and of the whole name (RFC 1035, 2.3.4)."""
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*")


def checked_endpoint(endpoint: str, origin: str) -> str:
    """Return the endpoint as `scheme://host[:port][/path]`, without a slash at its end.

    Raises:
        UsageError: it is anything else, or http:// to a host that is not this machine. That all addresses of
            `localhost` are loopback is checked when it is connected to.
    """

    def refuse(reason: str) -> Exception:
        # Never quoted whole: what stands before an @ may be a password.
        return UsageError(f"{origin} {reason}", "an endpoint is https://host[:port][/path]")

    if not endpoint.isascii() or not endpoint.isprintable() or any(c in endpoint for c in ' \\?#"<>^`{|}'):
        raise refuse("holds a query, a fragment, a backslash, a blank or a control character")
    scheme, separator, rest = endpoint.partition("://")
    if not separator or scheme not in ("https", "http"):
        raise refuse("does not begin with https://")
    if "@" in rest.partition("/")[0]:
        raise refuse("holds a user name")
    try:
        parts = urlsplit(endpoint)
        host, _port = host_and_port(parts.netloc)
    except ValueError:
        raise refuse("has an invalid host or port") from None
    if not _PATH.fullmatch(parts.path) or {".", ".."} & set(parts.path.split("/")):
        raise refuse("has an invalid path")
    if scheme == "http" and not is_loopback_literal(host):
        raise UsageError(f"{origin} is http:// to {{seen}}", "only https:// may leave this machine", host)
    return endpoint.rstrip("/")


def check_given(options: Mapping[str, Any]) -> None:
    """Check the endpoints among options, also one that nothing will use.

    Raises:
        UsageError: as `checked_endpoint`.
    """
    for name in ("endpoint", "iam_endpoint"):
        value = options.get(name)
        if value and value.strip():
            checked_endpoint(value, name)


def host_and_port(netloc: str) -> tuple[str, int | None]:
    """Return the host, lower-case and without brackets, and the port of `host[:port]`.

    Raises:
        ValueError: one of them is invalid, or something else is in the text.
    """
    parts = urlsplit(f"//{netloc}")
    host, port = parts.hostname or "", parts.port
    # The host that is checked here must be all that the connection will see: [::1] is found in "x[::1]" too.
    bracketed = f"[{host}]" if ":" in host else host
    if netloc.lower() not in (bracketed, f"{bracketed}:{port}") or port == 0:
        raise ValueError
    if not (_is_address(host) or _is_name(host)):
        raise ValueError
    return host, port


def _is_name(host: str) -> bool:
    # Python cannot encode a longer label, and says so in the middle of a request.
    is_short = len(host) <= _LONGEST_HOST and all(len(label) <= _LONGEST_LABEL for label in host.split("."))
    return is_short and ".." not in host and bool(_HOST.fullmatch(host))


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def is_loopback_literal(host: str) -> bool:
    """Return whether the host is 127.0.0.0/8, ::1 or `localhost`."""
    # Not is_loopback: some versions of Python count mapped IPv4 addresses, others do not.
    return host in ("localhost", "::1") or (_is_address(host) and ipaddress.ip_address(host) in _LOOPBACK)


def region(connection: ConnectionOptions, environment: Mapping[str, str]) -> str | None:
    """Return the region of the option or of the environment, None without one.

    Raises:
        UsageError: it is no region.
    """
    names = next(option for option in OPTIONS if option.name == "region").environment
    candidates = [
        ("region", connection.given.get("region")),
        *((name, environment.get(name)) for _unused, name in names),
    ]
    for origin, value in candidates:
        if value and value.strip():
            # It becomes a part of a host's name.
            if not _REGION.fullmatch(value) or len(value) > _LONGEST_LABEL:
                hint = "a region is like cn-north-4: lowercase letters, digits and '-'"
                raise UsageError(f"{origin} is {{seen}}", hint, value)
            return value
    return None


def asm_endpoint(connection: ConnectionOptions, environment: Mapping[str, str]) -> str:
    """Return the endpoint of ASM: option, our own variable, the SDK's variable for the region, the region's host.

    Raises:
        UsageError: there is none, or it is no endpoint.
    """
    found = region(connection, environment)
    names = [OWN_ENDPOINT_NAME]
    if found:
        names.append(SDK_ENDPOINT_PREFIX + found.upper().replace("-", "_"))
    candidates = [("endpoint", connection.given.get("endpoint")), *((name, environment.get(name)) for name in names)]
    for origin, value in candidates:
        if value and value.strip():
            return checked_endpoint(value, origin)
    if not found:
        raise UsageError(
            "neither region nor endpoint is given",
            f"set one of them, or HW_REGION_NAME, OS_REGION_NAME or {OWN_ENDPOINT_NAME} in the environment",
        )
    return _of_region("asm", found)


def iam_endpoint(region_id: str) -> str:
    """Return the endpoint of IAM in a region."""
    return _of_region("iam", region_id)


def _of_region(service: str, region_id: str) -> str:
    # Regions of the European sites are named eu-west-1xx; there is no published table.
    domain = "myhuaweicloud.eu" if region_id.startswith("eu-west-1") else "myhuaweicloud.com"
    return f"https://{service}.{region_id}.{domain}"
