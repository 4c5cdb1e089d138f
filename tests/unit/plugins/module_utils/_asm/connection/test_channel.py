# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one client leaves to the next: connections, a token and refusals, within one process and the same settings."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.api.client import Client, connect
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection import channel as module
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection import refusals
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.channel import (
    MOST_CHANNELS,
    close_channels,
    open_channel,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.credentials import (
    KeyCredentials,
    TokenCredentials,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import (
    ConnectionOptions,
    ReleaseTarget,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.loopback import (
    PATIENCE,
    Peer,
    Server,
    answering,
    response,
    serving,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import request_over

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = ReleaseTarget("m-1", "bookinfo", "r-1")
RELEASE = {
    "kind": "Release",
    "apiVersion": "asm/v2",
    "metadata": {"meshID": "m-1", "name": "r-1", "uid": "uid-1", "namespace": "bookinfo"},
    "spec": {},
    "status": {"phase": "Running"},
}
GOOD = response(json.dumps(RELEASE).encode())
REFUSED = response(b"{}", "401 Unauthorized")
RUNTIME = Runtime({})


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    close_channels()
    yield
    close_channels()


class Cloud:
    """ASM and IAM on one port: tokens are `token-1`, `token-2` …, and ASM accepts those in `accepted`."""

    def __init__(self, *accepted: str) -> None:
        self._accepted = accepted
        self._logins = 0

    def __call__(self, peer: Peer) -> None:
        while request := peer.request():
            if request.startswith(b"POST"):
                self._logins += 1
                peer.send(response(b"{}", "201 Created", f"X-Subject-Token: token-{self._logins}"))
            else:
                is_accepted = any(f"X-Auth-Token: {token}\r\n".encode() in request for token in self._accepted)
                peer.send(GOOD if is_accepted else REFUSED)


def user(server: Server, password: str = "s3cret") -> ConnectionOptions:
    given = {"username": "who", "password": password, "domain_name": "account", "project_name": "project"}
    return ConnectionOptions({**given, "endpoint": server.url, "iam_endpoint": server.url}, {})


def client(connection: ConnectionOptions, sanitizer: Sanitizer | None = None) -> Client:
    return connect(request_over(connection), RUNTIME, sanitizer or Sanitizer(), lambda _text: None)


def read(connection: ConnectionOptions) -> str:
    """Read once, as one item of a loop does, and return the phase or the kind of the error."""
    reader = client(connection)
    try:
        return str(reader.get_release(TARGET, RUNTIME.monotonic() + PATIENCE).phase)
    except AsmError as error:
        return error.kind
    finally:
        reader.close()


def sent(server: Server) -> list[str]:
    """Return what was sent, `login` or the token of a read."""
    heads = [head.decode().split("\r\n") for head in server.requests]
    return [
        "login"
        if head[0].startswith("POST")
        else next(line.partition(": ")[2] for line in head if line.startswith("X-Auth-Token"))
        for head in heads
    ]


def test_items_of_loop_share_connection_and_token() -> None:
    with serving(Cloud("token-1")) as server:
        assert [read(user(server)) for _item in range(5)] == ["Running"] * 5
        assert sent(server) == ["login", *["token-1"] * 5]
        assert server.connections == 1
        close_channels()


def test_reused_token_is_secret() -> None:
    with serving(Cloud("token-1")) as server:
        read(user(server))
        sanitizer = Sanitizer()
        reader = client(user(server), sanitizer)
        reader.get_release(TARGET, RUNTIME.monotonic() + PATIENCE)
        reader.close()
        assert sanitizer("is token-1") == "is ********"
        close_channels()


def test_refused_token_is_dropped() -> None:
    with serving(Cloud("token-2")) as server:
        assert [read(user(server)) for _item in range(2)] == ["Running"] * 2
        assert sent(server) == ["login", "token-1", "login", "token-2", "token-2"]
        close_channels()


def test_refused_credentials_are_sent_once() -> None:
    """More than a few refusals lock a user or an access key."""
    with serving(answering(REFUSED)) as server:
        connection = ConnectionOptions({"endpoint": server.url, "token": "wrong"}, {})
        assert [read(connection) for _item in range(5)] == ["credentials"] * 5
        assert len(server.requests) == 1
        assert [read(user(server)) for _item in range(5)] == ["credentials"] * 5
        assert len(server.requests) == 2
        close_channels()


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param({"access_key": "AK", "secret_key": "wrong"}, id="key pair"),
        pytest.param({"username": "who", "password": "wrong", "domain_name": "account"}, id="password"),
    ],
)
def test_refused_credentials_are_sent_once_whatever_the_other_settings(credentials: dict[str, str]) -> None:
    with serving(answering(REFUSED)) as server:
        given = {"iam_endpoint": server.url, "endpoint": server.url, "project_id": "p"}
        others = [{}, {"project_id": "q"}, {"endpoint": f"{server.url}/other"}, {"region": "cn-north-4"}]
        connections = [ConnectionOptions({**given, **credentials, **other}, {}) for other in others]
        connections.append(connections[0]._replace(validate_certs=False))
        assert [read(connection) for connection in connections] == ["credentials"] * 5
        assert len(server.requests) == 1
        close_channels()


def test_other_credentials_are_sent_after_a_refusal() -> None:
    with serving(Cloud("good")) as server:
        tokens = ["wrong", "good", "wrong"]
        connections = [ConnectionOptions({"endpoint": server.url, "token": token}, {}) for token in tokens]
        assert [read(connection) for connection in connections] == ["credentials", "Running", "credentials"]
        assert sent(server) == ["wrong", "good"]
        close_channels()


def test_refused_project_is_no_refused_password() -> None:
    """A login names both, and only a 401 is about the password."""
    with serving(answering(response(b'{"error": {"code": 404, "message": "no such project"}}', "404"))) as server:
        project = {"project_id": "other"}
        for connection in (user(server), user(server)._replace(given={**user(server).given, **project})):
            assert read(connection) == "credentials"
        assert len(server.requests) == 2
        close_channels()


def test_refused_password_of_proxy_is_sent_once_whatever_the_other_settings() -> None:
    with serving(answering(response(b"", "407 Proxy Authentication Required"))) as proxy:
        runtime = Runtime({"HTTPS_PROXY": f"http://me:s3cret@127.0.0.1:{proxy.port}"})
        for host, token in [("asm", "t"), ("asm", "u"), ("other", "t")]:
            connection = ConnectionOptions({"endpoint": f"https://{host}.example", "token": token}, {})
            reader = connect(request_over(connection), runtime, Sanitizer(), lambda _text: None)
            with pytest.raises(AsmError) as caught:
                reader.get_release(TARGET, runtime.monotonic() + PATIENCE)
            reader.close()
            assert (caught.value.kind, caught.value.response.status) == ("proxy", 407)
        assert len(proxy.requests) == 1


def test_refusals_hold_no_secret() -> None:
    with serving(answering(REFUSED)) as server:
        read(user(server))
        assert refusals._refused
        assert "s3cret" not in repr({key: vars(error) for key, error in refusals._refused.items()})
        assert all(error.__traceback__ is None for error in refusals._refused.values())
        close_channels()


def test_client_in_use_is_not_shared() -> None:
    with serving(answering(GOOD)) as server:
        connection = ConnectionOptions({"endpoint": server.url, "token": "t"}, {})
        readers = [client(connection) for _each in range(2)]
        for reader in readers:
            reader.get_release(TARGET, RUNTIME.monotonic() + PATIENCE)
        assert server.connections == 2
        for reader in readers:
            reader.close()
        close_channels()


def test_forked_process_inherits_nothing() -> None:
    with serving(Cloud("token-1", "token-2")) as server:
        read(user(server))
        child = os.fork()
        if child == 0:
            # Whatever happens, the child must not go on with the tests of its parent.
            os._exit(0 if read(user(server)) == "Running" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert read(user(server)) == "Running"
        assert sent(server) == ["login", "token-1", "login", "token-2", "token-1"]
        assert server.connections == 2
        close_channels()


OPTIONS = ConnectionOptions({}, {})


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(("https://other", TokenCredentials("t"), OPTIONS, RUNTIME), id="endpoint"),
        pytest.param(("https://asm", TokenCredentials("u"), OPTIONS, RUNTIME), id="token"),
        pytest.param(("https://asm", KeyCredentials("t", "t"), OPTIONS, RUNTIME), id="kind of credentials"),
        pytest.param(
            ("https://asm", TokenCredentials("t"), ConnectionOptions({"ca_path": "/a"}, {}), RUNTIME), id="ca_path"
        ),
        pytest.param(
            ("https://asm", TokenCredentials("t"), ConnectionOptions({}, {}, validate_certs=False), RUNTIME),
            id="validate_certs",
        ),
        pytest.param(("https://asm", TokenCredentials("t"), OPTIONS, Runtime({"NO_PROXY": "*"})), id="environment"),
        pytest.param(("https://asm", TokenCredentials("t"), OPTIONS, Runtime({}, lambda: 0.0)), id="clock"),
    ],
)
def test_other_settings_share_nothing(other: Any) -> None:
    first = open_channel("https://asm", TokenCredentials("t"), OPTIONS, RUNTIME)
    first.close()
    assert open_channel(*other) is not first
    assert open_channel("https://asm", TokenCredentials("t"), OPTIONS, RUNTIME) is first


def test_number_of_kept_channels_is_bounded() -> None:
    channels = [open_channel(f"https://asm{n}", TokenCredentials("t"), OPTIONS, RUNTIME) for n in range(20)]
    for each in channels:
        each.close()
    assert len(module._idle) == MOST_CHANNELS
    # Those that were used last.
    assert open_channel("https://asm19", TokenCredentials("t"), OPTIONS, RUNTIME) is channels[19]


def test_key_holds_no_secret() -> None:
    environment = {"HTTPS_PROXY": "http://me:s3cret@proxy"}
    channel = open_channel("https://asm", KeyCredentials("s3cret", "s3cret"), OPTIONS, Runtime(environment))
    assert "s3cret" not in repr(channel)


def test_closed_channels_have_closed_their_connections() -> None:
    """That happens at the end of the process."""
    with serving(answering(GOOD)) as server:
        read(ConnectionOptions({"endpoint": server.url, "token": "t"}, {}))
        close_channels()
        assert server.ended.wait(PATIENCE)
