# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures, compared with the vendor's published examples and by the vendor's own signer."""

from __future__ import annotations

import random
import re
import string
from datetime import datetime, timedelta, timezone
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.signing import Signature

# Only the signer: importing the SDK's HTTP client writes an application id into the home directory.
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from requests import PreparedRequest, Request

VPCS = (
    "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
    "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0"
)
RESOURCES = "https://service.endpoint.myhuaweicloud.com/resources?size=1"
SDK_DATE = "%Y%m%dT%H%M%SZ"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


class Key(NamedTuple):
    """A key pair as the vendor's signer wants it."""

    ak: str
    sk: str


@pytest.mark.parametrize(
    ("key", "request_", "date", "signed_headers", "signature"),
    [
        pytest.param(
            Key("QTWAOYTTINDUT2QVKYUC", "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"),
            Request("GET", VPCS, headers={"Content-Type": "application/json"}),
            "20191115T033655Z",
            "content-type;host;x-sdk-date",
            "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
            id="signing guide",
        ),
        pytest.param(
            Key("AccessKey", "SecretKey"),
            Request("GET", RESOURCES),
            "20200608T023900Z",
            "host;x-sdk-date",
            "cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd842",
            id="SDK, GET",
        ),
        pytest.param(
            Key("AccessKey", "SecretKey"),
            Request("POST", RESOURCES, data='{"name":"test","id":1}'),
            "20200608T023900Z",
            "host;x-sdk-date",
            "436b1ac0a1ae03705934bb70ef2f2e09f7bfed2117d731a38235053199323a1f",
            id="SDK, POST",
        ),
    ],
)
def test_the_published_vectors(key: Key, request_: Request, date: str, signed_headers: str, signature: str) -> None:
    def then() -> datetime:
        return datetime.strptime(date, SDK_DATE).replace(tzinfo=timezone.utc)

    signed = Signature(*key, now=then)(request_.prepare())
    assert signed.headers["X-Sdk-Date"] == date
    assert signed.headers["Authorization"] == (
        f"SDK-HMAC-SHA256 Access={key.ak}, SignedHeaders={signed_headers}, Signature={signature}"
    )


def of_the_vendor(request: PreparedRequest, key: Key) -> str:
    """The Authorization header that the vendor's signer makes for the headers that this request has signed."""
    url = urlsplit(str(request.url))
    signed = re.findall(r"SignedHeaders=([^,]*),", str(request.headers["Authorization"]))[0].split(";")
    wanted = SdkRequest(
        method=request.method,
        host=str(request.headers["Host"]),
        resource_path=url.path,
        query_params=parse_qsl(url.query, keep_blank_values=True),
        header_params={name: str(request.headers[name]) for name in signed},
        body=request.body,
    )
    return str(Signer(key).sign(wanted).header_params["Authorization"])


LETTERS = string.ascii_letters + string.digits + " !\"#$%&'()*+,-.:;<=>?@[\\]^_`{|}~äßñ名字🚀\u00a0\u202e"
ISSUED = string.ascii_letters + string.digits + "-_+/="


def text(chance: random.Random, letters: str = LETTERS, longest: int = 24) -> str:
    found = "".join(chance.choice(letters) for _index in range(chance.randint(1, longest)))
    # A segment of dots is refused long before it is signed.
    return found if found.strip(".") else "x"


def unsigned(chance: random.Random) -> Request:
    """A request with every odd thing that may be in one."""
    segments = ("v2", "meshes", text(chance), "namespaces", text(chance), "releases", text(chance))
    path = "/".join(quote(segment, safe="-_.~") for segment in segments)
    query = "&".join(f"{quote(text(chance))}={quote(text(chance))}" for _index in range(chance.choice((0, 0, 1, 3))))
    url = (
        f"https://asm.example{chance.choice(('', ':8443'))}/{path}{chance.choice(('', '/'))}{'?' * bool(query)}{query}"
    )
    content_type = chance.choice(
        ({}, {"Content-Type": "application/json"}, {"content-type": "text/plain; charset=utf-8"})
    )
    method, body = chance.choice((("GET", None), ("GET", None), ("POST", '{"a": "ä"}'.encode()), ("PUT", b"{}")))
    return Request(method, url, headers={"X-Other": "is not signed", **content_type}, data=body)


@pytest.mark.parametrize("security_token", [False, True], ids=["permanent", "temporary"])
@pytest.mark.parametrize("project_id", [False, True], ids=["no project", "project"])
@pytest.mark.parametrize("seed", range(5))
def test_the_vendor_signs_generated_requests_the_same(seed: int, project_id: bool, security_token: bool) -> None:
    chance = random.Random(f"{seed} {project_id} {security_token}")
    for number in range(50):
        key = Key(text(chance, ISSUED), text(chance, ISSUED, 40))
        token = text(chance, ISSUED, 800) if security_token else None
        project = f"{chance.getrandbits(128):032x}" if project_id else None
        now = NOON + timedelta(seconds=number)
        sign = Signature(*key, security_token=token, project_id=project, now=lambda now=now: now)  # type: ignore[misc]
        request = sign(unsigned(chance).prepare())
        assert request.headers["Authorization"] == of_the_vendor(request, key), request.url
        assert request.headers["X-Sdk-Date"] == now.strftime(SDK_DATE)
        assert request.headers.get("X-Security-Token") == token
        assert request.headers.get("X-Project-Id") == project


@pytest.mark.parametrize(
    ("headers", "security_token", "project_id", "names"),
    [
        pytest.param({}, None, None, "host;x-sdk-date", id="the least"),
        pytest.param({"Content-Type": "a/b"}, None, None, "content-type;host;x-sdk-date", id="with a content type"),
        pytest.param({"Accept": "a/b", "X-Other": "c"}, None, None, "host;x-sdk-date", id="what a proxy may change"),
        pytest.param({}, "ST", None, "host;x-sdk-date;x-security-token", id="temporary key"),
        pytest.param({}, None, "P", "host;x-project-id;x-sdk-date", id="sub-project"),
        pytest.param(
            {"Content-Type": "a/b"},
            "ST",
            "P",
            "content-type;host;x-project-id;x-sdk-date;x-security-token",
            id="everything",
        ),
    ],
)
def test_what_says_who_asks_is_signed(
    headers: dict[str, str], security_token: str | None, project_id: str | None, names: str
) -> None:
    request = Request("GET", "https://asm.example/v2", headers=headers).prepare()
    signed = Signature("AK", "SK", security_token, project_id, now=lambda: NOON)(request)
    assert f"SignedHeaders={names}, " in str(signed.headers["Authorization"])


def test_a_request_that_is_signed_again_has_the_date_of_then() -> None:
    times = iter((NOON, NOON + timedelta(hours=1)))
    sign = Signature("AK", "SK", now=lambda: next(times))
    first, second = (sign(Request("GET", "https://asm.example/v2").prepare()).headers for _index in range(2))
    assert (first["X-Sdk-Date"], second["X-Sdk-Date"]) == ("20260301T120000Z", "20260301T130000Z")
    assert first["Authorization"] != second["Authorization"]


def test_the_secret_key_is_not_sent() -> None:
    request = Signature("AK", "very-s3cret")(Request("GET", "https://asm.example/v2").prepare())
    assert "s3cret" not in str(request.headers)
