# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The URL of a proxy, and how often a refused password is sent by whole calls, against a real proxy on loopback."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.proxy import proxy_of
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.read import read, read_apart
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.read_events import watch
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Surroundings
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.loopback import (
    Server,
    answering,
    response,
    serving,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    CONNECTION,
    GATE,
    HELD_SELECTION,
    READ,
    SELECTION,
    held,
    train,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "s3cret-of-the-proxy"
USER = {"token": None, "username": "user", "password": "invented", "domain_name": "account", "project_name": "project"}
LOGIN = {**USER, "iam_endpoint": "https://iam.example"}


@pytest.mark.parametrize(
    ("value", "url", "address"),
    [
        ("http://proxy:3128", "http://proxy:3128", "proxy:3128"),
        ("HTTP://Proxy:3128/", "http://proxy:3128", "proxy:3128"),
        (" proxy:3128\n", "http://proxy:3128", "proxy:3128"),
        ("http://proxy", "http://proxy:80", "proxy:80"),
        ("https://proxy", "https://proxy:443", "proxy:443"),
        ("http://[::1]:3128", "http://[::1]:3128", "[::1]:3128"),
        ("me:pw@10.0.0.1:3128", "http://me:pw@10.0.0.1:3128", "10.0.0.1:3128"),
        ("http://me:p%40w@proxy:1", "http://me:p%40w@proxy:1", "proxy:1"),
        ("http://me:p@w@proxy:1", "http://me:p%40w@proxy:1", "proxy:1"),
        ("http://me:p[w@proxy:1", "http://me:p%5Bw@proxy:1", "proxy:1"),
        ("http://me@proxy:1", "http://me:@proxy:1", "proxy:1"),
    ],
)
@pytest.mark.parametrize("origin", ["https_proxy", "HTTPS_PROXY"])
def test_a_url_of_a_proxy_is_parsed(value: str, url: str, address: str, origin: str) -> None:
    proxy = proxy_of({origin: value, "HTTP_PROXY": "http://other", "ALL_PROXY": "http://other"})
    assert proxy is not None
    assert (proxy.url, proxy.address, proxy.origin) == (url, address, origin)
    assert str(proxy) == f"the proxy '{address}' of {origin}"


@pytest.mark.parametrize(
    "environment",
    [{}, {"HTTPS_PROXY": ""}, {"HTTPS_PROXY": " "}, {"https_proxy": "", "HTTPS_PROXY": "http://proxy"}],
)
def test_an_empty_variable_is_no_proxy(environment: dict[str, str]) -> None:
    assert proxy_of(environment) is None


BROKEN = [
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
]


@pytest.mark.parametrize("value", BROKEN)
def test_a_proxy_that_cannot_be_used_is_an_error_of_the_setting(value: str) -> None:
    result = read(READ, Surroundings(environment={"HTTPS_PROXY": value}, sleep=must_not_sleep)).result
    assert (result["failed"], result["error"]["kind"], result["error"]["status"]) == (True, "proxy", None)
    assert "HTTPS_PROXY" in result["msg"]
    # Neither a part of what may be the password is shown, nor is one guessed and struck out everywhere.
    assert "ppp" not in json.dumps(result)
    assert "*" not in json.dumps(result)


@pytest.mark.parametrize("options", [GATE, train("one", "two"), SELECTION], ids=["gate", "two", "mesh"])
def test_such_a_setting_ends_every_call_at_once(options: dict[str, Any]) -> None:
    result = read(options, Surroundings(environment={"https_proxy": "http://["}, sleep=must_not_sleep)).result
    assert (result["failed"], result["error"]["kind"]) == (True, "proxy")


def must_not_sleep(_seconds: float) -> None:
    raise AssertionError("it is tried again")


class Ledger:
    """A proxy that refuses every password, and counts how often it was sent."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.environment = {"HTTPS_PROXY": f"http://me:{PASSWORD}@127.0.0.1:{server.port}"}
        self.surroundings = Surroundings(environment=self.environment, sleep=must_not_sleep)

    @property
    def sent(self) -> int:
        """Return in how many requests the password was."""
        credentials = base64.b64encode(f"me:{PASSWORD}".encode())
        return sum(credentials in request for request in self._server.requests)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with serving(answering(response(b"", "407 Proxy Authentication Required"))) as server:
        yield Ledger(server)


CALLS = {
    "read": READ,
    "gate": GATE,
    "gate that waits for the release": {**GATE, "on_missing": "wait"},
    "two releases": train("one", "two"),
    "gate on two releases": held("one", "two"),
    "gate on any of two releases": held("one", "two", require="any"),
    "gate on one release of a list": held("one"),
    "selection": SELECTION,
    "gate on a selection": HELD_SELECTION,
    "read with a login": {**READ, **LOGIN},
    "gate with a login": {**GATE, **LOGIN},
    "gate on two releases with a login": {**held("one", "two"), **LOGIN},
}


@pytest.mark.parametrize("options", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_refused_password_of_a_proxy_is_sent_once(ledger: Ledger, options: dict[str, Any], check_mode: bool) -> None:
    surroundings = Surroundings(environment=ledger.environment, sleep=must_not_sleep, check_mode=check_mode)
    result = read(options, surroundings).result
    assert (result["failed"], result["error"]["kind"], result["error"]["status"]) == (True, "proxy", 407)
    assert ledger.sent == 1
    assert PASSWORD not in json.dumps(result)


@pytest.mark.parametrize("options", [READ, train("one", "two")], ids=["one", "two"])
def test_the_lookup_sends_it_once(ledger: Ledger, options: dict[str, Any]) -> None:
    (result,) = read_apart(options, {}, ledger.surroundings).results
    assert result["error"]["kind"] == "proxy"
    assert ledger.sent == 1


SOURCES = {
    "one release": READ,
    "two releases": train("one", "two"),
    "mesh": CONNECTION,
    "releases with gates": {**SELECTION, "success_phases": ["Running"]},
}


@pytest.mark.parametrize("options", SOURCES.values(), ids=SOURCES.keys())
def test_the_event_source_ends_after_one_refusal(ledger: Ledger, options: dict[str, Any]) -> None:
    warnings: list[str] = []
    said = watch(options, ledger.surroundings, lambda _event: True, warnings.append)
    assert ledger.sent == 1
    assert "refused its user or password (407)" in said
    assert PASSWORD not in said + str(warnings)


def test_a_refusal_names_no_user() -> None:
    proxy = proxy_of({"HTTPS_PROXY": f"http://somebody:{PASSWORD}@proxy:3128"})
    assert proxy is not None
    errors = [proxy.refusal(status, "asm.example", "https://asm.example/") for status in (407, 403)]
    assert all(isinstance(error, AsmError) for error in errors)
    assert not any(secret in error.sentence(str) for error in errors for secret in ("somebody", PASSWORD))
    assert not any(secret in repr(proxy) for secret in ("somebody", PASSWORD))
