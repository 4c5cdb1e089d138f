# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server on a real socket: one packet for an answer, the record, the control interface."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest
import requests
from ansible_collections.huaweicloud.asm.tests.simulator.record import Record

from .conftest import LIST, READ, RELEASE, SERVICE, TOKEN, Serve

if TYPE_CHECKING:
    from pathlib import Path

    import requests


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


def test_a_session_uses_one_connection(serve: Serve) -> None:
    served = serve()
    for _index in range(60):
        assert served.read().status_code == 200
    summary = served.ask("GET", "summary")
    assert (summary["requests"], summary["connections"], summary["accepted"]) == (60, 1, 1)


def test_every_answer_names_its_request(serve: Serve, without_token: requests.Session) -> None:
    served = serve()
    answers = [
        served.read(),
        served.session.get(served.url + "/nothing"),
        without_token.get(served.url + READ, timeout=10),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 401]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 3


def test_iam_names_the_request_in_its_own_header(serve: Serve) -> None:
    served = serve()
    answer = served.session.post(f"{served.url}/v3/auth/tokens", data=b"{}", timeout=10)
    assert (answer.status_code, answer.headers["X-IAM-Trace-Id"]) == (400, answer.headers["X-Request-Id"])


def test_the_record_describes_a_request(serve: Serve) -> None:
    served = serve()
    served.clock.advance(5)
    served.read(headers={"X-Project-Id": "p-1", "X-Other": "kept-back"}, params={"a": "1"})
    (entry,) = served.ask("GET", "requests")
    expected = {
        "number": 1,
        "service": "asm",
        "method": "GET",
        "path": READ,
        "query_names": ["a"],
        "connection": 1,
        "credential": "token 1",
        "seconds": 5.0,
        "release": "reviews-canary",
        "status": 200,
        "took": 0.0,
        "fault": None,
    }
    assert {name: entry[name] for name in expected} == expected
    assert entry["headers"]["x-project-id"] == "p-1"
    assert {"x-other", "x-auth-token"} <= set(entry["header_names"])
    assert entry["answer_bytes"] > 30_000


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


def test_the_record_names_the_operation(serve: Serve) -> None:
    served = serve()
    served.list()
    served.read()
    served.session.get(served.url + SERVICE, timeout=10)
    served.session.post(served.url + LIST, timeout=10)
    seen = [(entry["operation"], entry["release"]) for entry in served.ask("GET", "requests")]
    assert seen == [("list", None), ("read", "reviews-canary"), ("service", "reviews"), (None, None)]


def test_the_summary_counts(serve: Serve, without_token: requests.Session) -> None:
    served = serve()
    served.read()
    served.list()
    served.read()
    without_token.get(served.url + READ, timeout=10)
    served.session.put(f"{served.url}/meta-data/latest/api/token", timeout=10)
    summary = served.ask("GET", "summary")
    assert summary["by_service"] == {"asm": 4, "metadata": 1}
    assert summary["by_status"] == {"200": 3, "401": 1, "400": 1}
    assert summary["by_release"] == {"reviews-canary": 3}
    assert summary["by_operation"] == {"read": 3, "list": 1}
    assert summary["by_credential"] == {"token 1": 4, "none": 1}
    assert summary["connections"] == 2


def test_the_record_is_written_as_lines_of_json(tmp_path: Path) -> None:
    from ansible_collections.huaweicloud.asm.tests.simulator.record import Entry  # noqa: PLC0415

    path = tmp_path / "record.jsonl"
    entry = Entry(1, "asm", "GET", "/", [], 1, "none", 0.5, [], {})
    with path.open("w", encoding="utf-8") as file:
        record = Record(file)
        record.begin(entry)
        assert path.read_text(encoding="utf-8") == ""
        entry.status = 200
        record.end(entry)
    assert [json.loads(line)["status"] for line in path.read_text(encoding="utf-8").splitlines()] == [200]


def test_control_changes_a_release_and_resets(serve: Serve) -> None:
    served = serve()
    served.ask("POST", "releases/reviews-canary", {"phase": "Failed", "ready": 1})
    assert served.read().json()["status"]["phase"] == "Failed"
    served.ask("POST", "reset")
    assert served.ask("GET", "requests") == []
    assert served.read().json()["status"]["phase"] == "Creating"


def test_control_replaces_the_faults(serve: Serve) -> None:
    served = serve()
    served.read()
    served.ask("POST", "faults", [{"fault": "answer", "status": 503, "requests": [2]}])
    assert [served.read().status_code for _index in range(3)] == [200, 503, 200]


def test_control_revokes_issued_tokens(serve: Serve) -> None:
    user = {"username": "u", "password": "p", "domain_name": "d", "project_id": "i", "project_name": "n"}
    served = serve(credentials={"users": [user]})
    who = {"name": "u", "password": "p", "domain": {"name": "d"}}
    identity = {"methods": ["password"], "password": {"user": who}}
    login = {"auth": {"identity": identity, "scope": {"project": {"id": "i"}}}}
    token = served.session.post(f"{served.url}/v3/auth/tokens", json=login, timeout=10).headers["X-Subject-Token"]
    headers = {"X-Auth-Token": token}
    assert served.read(headers=headers).status_code == 200
    served.ask("POST", "revoke")
    assert served.read(headers=headers).status_code == 401


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


def test_the_port_of_the_services_has_control_too(serve: Serve) -> None:
    served = serve()
    assert served.session.get(f"{served.url}/_simulator/requests", timeout=10).json() == []
    assert served.session.get(served.control + READ, timeout=10).status_code == 400
    assert served.ask("GET", "summary")["requests"] == 0


def test_control_changes_one_release_of_a_template(serve: Serve) -> None:
    served = serve(releases=[{**RELEASE, "id": "many-{number}", "count": 3}])
    served.ask("POST", "releases/many-2", {"phase": "Failed"})
    assert [item["status"]["phase"] for item in served.list().json()["items"]] == ["Creating", "Failed", "Creating"]


@pytest.mark.slow
def test_500_releases_of_full_size_are_served(serve: Serve) -> None:
    served = serve(releases=[{**RELEASE, "id": "many-{number}", "service": "service-{number}", "count": 500}])
    answer = served.list()
    items = answer.json()["items"]
    assert (len(items), len({item["metadata"]["uid"] for item in items})) == (500, 500)
    assert min(len(json.dumps(item, separators=(",", ":"))) for item in items) >= 33_000
    summary = served.ask("GET", "summary")
    assert (summary["requests"], summary["by_operation"]) == (1, {"list": 1})
    assert summary["answer_bytes"] == len(answer.content)
    last = served.session.get(served.url + READ.replace("reviews-canary", items[-1]["metadata"]["uid"]), timeout=10)
    assert last.json()["metadata"]["name"] == "many-500"
