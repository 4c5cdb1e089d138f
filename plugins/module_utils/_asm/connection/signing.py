# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`SDK-HMAC-SHA256`, the signature of a key pair, as an auth object of `requests`.

Source: the vendor's guide "AK/SK Signing and Authentication"; its published vectors and its own signer are the judges
in the tests.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Callable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

if TYPE_CHECKING:
    from requests import PreparedRequest

ALGORITHM = "SDK-HMAC-SHA256"
_DATE = "%Y%m%dT%H%M%SZ"


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def canonical_request(method: str, url: str, signed: Mapping[str, str], body: bytes) -> str:
    """Return the text whose hash is signed.

    Args:
        method: upper case.
        url: as it is sent, percent-encoded.
        signed: the headers to sign, names in lower case.
        body: as it is sent.
    """
    parts = urlsplit(url)
    path = "/".join(_encoded(unquote(segment)) for segment in parts.path.split("/"))
    # Sorted before they are encoded, as the vendor's signer does.
    query = [f"{_encoded(key)}={_encoded(value)}" for key, value in sorted(parse_qsl(parts.query, True))]
    names = sorted(signed)
    return "\n".join(
        (
            method,
            path if path.endswith("/") else path + "/",
            "&".join(query),
            "".join(f"{name}:{signed[name].strip()}\n" for name in names),
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        )
    )


class Signature:
    """Signs each request that it is given; to be used as `auth=` of `requests`."""

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        security_token: str | None = None,
        project_id: str | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._security_token = security_token
        self._project_id = project_id
        self._now = now

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add X-Sdk-Date, X-Security-Token, X-Project-Id and Authorization to the request, and sign them all."""
        url = request.url or ""
        headers = {"Host": urlsplit(url).netloc, "X-Sdk-Date": self._now().strftime(_DATE)}
        if self._security_token:
            headers["X-Security-Token"] = self._security_token
        if self._project_id:
            headers["X-Project-Id"] = self._project_id
        signed = {name.lower(): value for name, value in headers.items()}
        if "Content-Type" in request.headers:
            signed["content-type"] = request.headers["Content-Type"]
        headers["Authorization"] = self._authorization(request.method or "GET", url, signed, _body(request))
        request.headers.update(headers)
        return request

    def _authorization(self, method: str, url: str, signed: Mapping[str, str], body: bytes) -> str:
        digest = hashlib.sha256(canonical_request(method, url, signed, body).encode()).hexdigest()
        to_sign = "\n".join((ALGORITHM, signed["x-sdk-date"], digest))
        signature = hmac.new(self._secret_key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        names = ";".join(sorted(signed))
        return f"{ALGORITHM} Access={self._access_key}, SignedHeaders={names}, Signature={signature}"


def _body(request: PreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else bytes(body)
