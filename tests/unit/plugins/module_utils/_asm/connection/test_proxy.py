# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The URL of a proxy, and its refusals."""

from __future__ import annotations

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.proxy import proxy_of
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import ProxyError


@pytest.mark.parametrize(
    ("value", "url", "userinfo"),
    [
        ("http://proxy:3128", "http://proxy:3128", ""),
        ("HTTP://Proxy:3128/", "http://proxy:3128", ""),
        (" proxy:3128\n", "http://proxy:3128", ""),
        ("http://proxy", "http://proxy:80", ""),
        ("https://proxy", "https://proxy:443", ""),
        ("http://[::1]:3128", "http://[::1]:3128", ""),
        ("me:pw@10.0.0.1:3128", "http://10.0.0.1:3128", "me:pw"),
        ("http://me:p%40w@proxy:1", "http://proxy:1", "me:p%40w"),
        ("http://me:p@w@proxy:1", "http://proxy:1", "me:p%40w"),
        ("http://me:p[w@proxy:1", "http://proxy:1", "me:p%5Bw"),
        ("http://me@proxy:1", "http://proxy:1", "me:"),
    ],
)
@pytest.mark.parametrize("origin", ["https_proxy", "HTTPS_PROXY"])
def test_url_of_proxy_is_parsed(value: str, url: str, userinfo: str, origin: str) -> None:
    proxy = proxy_of({origin: value, "HTTP_PROXY": "http://other", "ALL_PROXY": "http://other"})
    assert proxy is not None
    assert (proxy.url, proxy.userinfo, proxy.origin) == (url, userinfo, origin)
    assert str(proxy) == f"the proxy '{url.partition('://')[2]}' of {origin}"


@pytest.mark.parametrize(
    "environment",
    [{}, {"HTTPS_PROXY": ""}, {"HTTPS_PROXY": " "}, {"https_proxy": "", "HTTPS_PROXY": "http://proxy"}],
)
def test_empty_variable_is_no_proxy(environment: dict[str, str]) -> None:
    assert proxy_of(environment) is None


@pytest.mark.parametrize(
    "value",
    [
        "http://u:ppp@",
        "http://me:ppp@ss:w#1@host:3128",
        "http://me:12#ppp@host:3128",
        "http://me:12/ppp@host:3128",
        "http://me:12?ppp@host:3128",
        "http://me:12\\ppp@host:3128",
        "http://me:p pp@host:3128",
        "http://me:p\npp@host:3128",
        "http://me:p\udcffpp@host:3128",
        "http://ppp@host:port",
        "http://ppp@host:0",
        "http://ppp@host:99999",
        "http://ppp@[::1",
        "http://ppp@::1:3128",
        "http://ppp@x[::1]:3128",
        "http://ppp@ho..st:3128",
        f"http://ppp@{'h' * 64}:3128",
        "http://ppp@host:3128/path",
        "http://",
        "://ppp",
        ":",
        "@",
        "http://@",
        "me:ppp://w@host:3128",
        "ftp://me:ppp@host:3128",
        "socks5h://me:ppp@host:1080",
        "SOCKS5://host:1080",
        "socks4a://host",
        "socks://ppp",
    ],
)
def test_unusable_url_is_error_without_any_part_of_it(value: str) -> None:
    with pytest.raises(ProxyError) as caught:
        proxy_of({"HTTPS_PROXY": value})
    assert "HTTPS_PROXY" in caught.value.sentence(str)
    # Anything in a broken URL may be a part of the password.
    assert "ppp" not in caught.value.sentence(str)


def test_refusal_names_no_user() -> None:
    proxy = proxy_of({"HTTPS_PROXY": "http://somebody:s3cret@proxy:3128"})
    assert proxy is not None
    errors = [proxy.refusal(status, "asm.example", "https://asm.example/") for status in (407, 403)]
    texts = [*(error.sentence(str) for error in errors), repr(proxy)]
    assert not any(secret in text for text in texts for secret in ("somebody", "s3cret"))
