# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server on a real socket: one packet for an answer, the record, the control interface."""

from __future__ import annotations

import json
import socket

import pytest

from .conftest import READ, TOKEN, Serve


def test_an_answer_is_written_at_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """In two pieces, the second would wait 40 ms for a delayed acknowledgement of the first."""
    sizes: list[int] = []
    send = socket.socket.send

    def counted(self: socket.socket, data: bytes) -> int:
        if self.getsockname()[1] == served.port:
            sizes.append(len(data))
        return send(self, data)

    served = serve()
    monkeypatch.setattr(socket.socket, "send", counted)
    answer = served.read()
    assert len(sizes) == 1
    assert sizes[0] > len(answer.content)


def test_the_record_holds_no_secret(serve: Serve) -> None:
    user = {"username": "u", "password": "secret-5", "domain_name": "d", "project_id": "i", "project_name": "n"}
    served = serve(credentials={"tokens": [{"token": TOKEN}], "users": [user]})
    secrets = {"X-Auth-Token": "secret-1", "Authorization": "secret-2", "X-Security-Token": "secret-3"}
    served.session.get(f"{served.url}{READ}?token=secret-4", headers=secrets, timeout=10)
    identity = {"methods": ["password"], "password": {"user": {"name": "u", "password": "secret-5"}}}
    served.session.post(f"{served.url}/v3/auth/tokens", json={"auth": {"identity": identity}}, timeout=10)
    served.read()
    for place in ("requests", "summary"):
        text = json.dumps(served.ask("GET", place))
        assert "secret-" not in text
        assert TOKEN not in text


@pytest.mark.parametrize(
    ("method", "place", "data", "message"),
    [
        pytest.param("POST", "releases/reviews-canary", {"faze": "x"}, "faze: unknown key", id="unknown field"),
        pytest.param("POST", "releases/other", {"phase": "x"}, "no release other", id="unknown release"),
        pytest.param("POST", "faults", [{"fault": "explode"}], "explode", id="unknown fault"),
        pytest.param("GET", "nothing", None, "not part of the control interface", id="unknown place"),
        pytest.param("POST", "summary", None, "not part of the control interface", id="wrong method"),
    ],
)
def test_control_names_what_is_wrong(serve: Serve, method: str, place: str, data: object, message: str) -> None:
    served = serve()
    answer = served.session.request(method, f"{served.control}/_simulator/{place}", json=data, timeout=10)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
