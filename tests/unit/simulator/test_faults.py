# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault, as a client sees it on a real socket."""

from __future__ import annotations

import json
import re
import socket
import zlib
from typing import TYPE_CHECKING, Any, Callable

import pytest
import requests

from .conftest import LIST, READ, RELEASE, SERVICE, TOKEN, Serve, Served

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = f"GET {READ} HTTP/1.1\r\nHost: simulator\r\nX-Auth-Token: {TOKEN}\r\n\r\n".encode()
QUIET = 0.3


@pytest.fixture
def connect() -> Iterator[Any]:
    """Connects to a simulator; the sockets are closed at the end."""
    sockets: list[socket.socket] = []

    def connected(served: Served) -> socket.socket:
        sockets.append(socket.create_connection(("127.0.0.1", served.port), timeout=10))
        return sockets[-1]

    yield connected
    for each in sockets:
        each.close()


def headers_there(data: bytes) -> bool:
    return b"\r\n\r\n" in data


def body_there(data: bytes, share: float = 1.0) -> bool:
    """Whether a part of the body is there, of the length that the headers announce."""
    head, separator, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return bool(separator) and length is not None and len(body) >= int(int(length[1]) * share)


def received(sock: socket.socket, enough: Callable[[bytes], bool] = body_there) -> tuple[bytes, str]:
    """What comes until it is ``enough``, and how it ended: ``enough``, ``closed``, ``reset`` or ``silent``."""
    data = b""
    while not enough(data):
        try:
            part = sock.recv(65536)
        except ConnectionResetError:
            return data, "reset"
        except TimeoutError:
            return data, "silent"
        if not part:
            return data, "closed"
        data += part
    return data, "enough"


def is_silent(sock: socket.socket) -> bool:
    """Whether nothing comes, for a while, on a connection that stays."""
    sock.settimeout(QUIET)
    return received(sock) == (b"", "silent")


ERRORS = {
    "gateway": ({"status": 429, "body": "gateway", "code": "APIGW.0308"}, "error_code", "APIGW.0308"),
    "asm": ({"status": 429, "body": "asm"}, "errorCode", "ASM.01429001"),
    "iam": ({"status": 401, "body": "iam"}, "error", {"code": 401, "message": "no", "title": "Unauthorized"}),
    "iam 3.0": ({"status": 403, "body": "iam_new"}, "error_code", "IAM.0006"),
    "authorization message": (
        {"status": 403, "body": "iam_new", "encoded_authorization_message": "encoded"},
        "encoded_authorization_message",
        "encoded",
    ),
}


@pytest.mark.parametrize(("parts", "key", "value"), list(ERRORS.values()), ids=list(ERRORS))
def test_the_known_error_bodies(serve: Serve, parts: dict[str, Any], key: str, value: object) -> None:
    answer = serve(faults=[{"fault": "answer", "message": "no", **parts}]).read()
    assert (answer.status_code, answer.json()[key]) == (parts["status"], value)


BODIES = {
    "html": ({"status": 502, "body": "html"}, "text/html", b"<!DOCTYPE html>"),
    "html with 200": ({"status": 200, "body": "html"}, "text/html", b"<!DOCTYPE html>"),
    "nothing": ({"status": 200, "body": "empty"}, None, b""),
    "text": ({"status": 200, "body": "text", "text": '{"a": NaN}'}, "application/json", b'{"a": NaN}'),
    "bytes": ({"status": 200, "body": "base64", "text": "/w=="}, "application/json", b"\xff"),
}


@pytest.mark.parametrize(("parts", "kind", "start"), list(BODIES.values()), ids=list(BODIES))
def test_other_bodies(serve: Serve, parts: dict[str, Any], kind: str | None, start: bytes) -> None:
    answer = serve(faults=[{"fault": "answer", **parts}]).read()
    assert (answer.status_code, answer.headers.get("Content-Type")) == (parts["status"], kind)
    assert answer.content.startswith(start)
    assert bool(answer.content) == bool(start)


@pytest.mark.parametrize(
    ("form", "value"), [("seconds", "90"), ("date", "Sun, 01 Mar 2026 12:01:30 GMT")], ids=["seconds", "date"]
)
def test_retry_after_in_both_forms(serve: Serve, form: str, value: str) -> None:
    fault = {"fault": "answer", "status": 503, "retry_after": 90, "retry_after_form": form}
    assert serve(faults=[fault]).read().headers["Retry-After"] == value


def test_an_answer_can_have_any_headers(serve: Serve) -> None:
    fault = {"fault": "answer", "status": 200, "body": "html", "headers": {"Content-Type": "application/json"}}
    assert serve(faults=[fault]).read().headers["Content-Type"] == "application/json"


def test_an_answer_can_echo_the_credential(serve: Serve) -> None:
    fault = {"fault": "answer", "status": 400, "body": "asm", "echo_credential": True}
    assert TOKEN in serve(faults=[fault]).read().json()["errorMsg"]


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect(serve: Serve, status: int) -> None:
    fault = {"fault": "redirect", "status": status, "location": "http://127.0.0.1:9/elsewhere"}
    answer = serve(faults=[fault]).read(allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (status, "http://127.0.0.1:9/elsewhere")


def test_a_delayed_answer_is_complete(serve: Serve) -> None:
    answer = serve(faults=[{"fault": "delay", "seconds": 0.01}]).read()
    assert answer.json()["status"]["phase"] == "Creating"


def test_damage_changes_the_named_places(serve: Serve) -> None:
    fault = {
        "fault": "damage",
        "set": {"kind": "Pod", "status.phase": None, "status.grayDeployments.0.status": 7, "a.b": []},
        "remove": ["spec.version", "spec.grayDeployments.0"],
    }
    data = serve(faults=[fault]).read().json()
    assert (data["kind"], data["status"]["phase"], data["a"]) == ("Pod", None, {"b": []})
    assert data["status"]["grayDeployments"][0]["status"] == 7
    assert data["spec"]["grayDeployments"] == []
    assert "version" not in data["spec"]


def test_damage_of_a_list(serve: Serve) -> None:
    fault = {
        "fault": "damage",
        "operation": "list",
        "set": {"items.1.metadata.uid": "uid-1", "items.0.status.grayDeployments.0.status": {}},
        "remove": ["kind", "items.1.status.phase", "items.2"],
    }
    releases = [{**RELEASE, "id": f"rel-{number}", "uid": f"uid-{number}"} for number in (1, 2, 3)]
    data = serve(releases=releases, faults=[fault]).list().json()
    assert data.keys() == {"apiVersion", "items"}
    assert [item["metadata"] for item in data["items"]] == [
        {"meshID": "mesh", "name": f"rel-{number}", "uid": "uid-1", "namespace": "bookinfo"} for number in (1, 2)
    ]
    assert data["items"][0]["status"]["grayDeployments"][0]["status"] == {}
    assert ["phase" in item["status"] for item in data["items"]] == [True, False]


@pytest.mark.parametrize("parts", [{"remove": ["status.x"]}, {"set": {"status.grayDeployments.9": 1}}], ids=str)
def test_a_place_that_cannot_be_damaged_is_named(serve: Serve, parts: dict[str, Any]) -> None:
    answer = serve(faults=[{"fault": "damage", **parts}]).read()
    assert answer.status_code == 400
    assert "no such place to damage" in answer.text


def test_a_truncated_answer_is_valid_http(serve: Serve) -> None:
    answer = serve(faults=[{"fault": "truncate"}]).read()
    assert answer.status_code == 200
    assert len(answer.content) == int(answer.headers["Content-Length"])
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


CUTS = {
    "reset before the answer": ({"fault": "reset"}, "reset"),
    "reset after the headers": ({"fault": "reset", "after": "headers"}, "reset"),
    "reset in the middle": ({"fault": "reset", "after": "half"}, "reset"),
    "closed before the answer": ({"fault": "close"}, "closed"),
    "closed after the headers": ({"fault": "close", "after": "headers"}, "closed"),
    "closed in the middle": ({"fault": "close", "after": "half"}, "closed"),
}


@pytest.mark.parametrize(("fault", "end"), list(CUTS.values()), ids=list(CUTS))
def test_a_connection_that_is_cut(serve: Serve, connect: Any, fault: dict[str, Any], end: str) -> None:
    sock = connect(serve(faults=[fault]))
    sock.sendall(REQUEST)
    data, ended = received(sock)
    assert ended == end
    # A reset may throw away what the client has not read yet; what is closed arrives.
    if end == "closed":
        assert headers_there(data) == ("after" in fault)
        assert body_there(data, 0.49) == (fault.get("after") == "half")


HANGS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "before the answer": ("request", lambda _data: True),
    "after the headers": ("headers", headers_there),
    "in the middle": ("half", lambda data: body_there(data, 0.49)),
}


@pytest.mark.parametrize(("after", "sent"), list(HANGS.values()), ids=list(HANGS))
def test_an_answer_that_hangs(serve: Serve, connect: Any, after: str, sent: Callable[[bytes], bool]) -> None:
    sock = connect(serve(faults=[{"fault": "hang", "after": after}]))
    sock.sendall(REQUEST)
    data, ended = received(sock, sent)
    assert ended == "enough"
    assert is_silent(sock)
    assert not body_there(data)


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_trickling_answer_is_complete(serve: Serve, connect: Any, part: str) -> None:
    sock = connect(serve(faults=[{"fault": "trickle", "part": part, "interval": 0}]))
    sock.sendall(REQUEST)
    head, _unused, body = received(sock)[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert json.loads(body)["kind"] == "Release"


def test_a_trickling_answer_pauses_between_bytes(serve: Serve, connect: Any) -> None:
    sock = connect(serve(faults=[{"fault": "trickle", "part": "headers", "interval": 1000}]))
    sock.sendall(REQUEST)
    assert received(sock, bool) == (b"H", "enough")
    assert is_silent(sock)


@pytest.mark.parametrize(("part", "filler"), [("headers", b"X-Filler: xxx"), ("body", b"xxxxxxxx")])
def test_an_answer_without_end(serve: Serve, connect: Any, part: str, filler: bytes) -> None:
    sock = connect(serve(faults=[{"fault": "endless", "part": part}]))
    sock.sendall(REQUEST)
    data, ended = received(sock, lambda data: len(data) > 2_000_000)
    assert ended == "enough"
    assert filler in data[-8192:]
    assert (b"\r\n\r\n" in data) == (part == "body")


def test_a_bomb_is_small_on_the_wire_and_large_unpacked(serve: Serve) -> None:
    served = serve(faults=[{"fault": "gzip_bomb", "mebibytes": 3}])
    with served.read(stream=True) as answer:
        packed = answer.raw.read(decode_content=False)
    assert answer.headers["Content-Encoding"] == "gzip"
    unpacked = b""
    while packed:
        member = zlib.decompressobj(wbits=31)
        unpacked += member.decompress(packed)
        packed = member.unused_data
    assert len(json.loads(unpacked)["filler"]) == 3 * 2**20
    assert int(answer.headers["Content-Length"]) < 20_000


def test_a_restart_ends_every_connection_and_refuses_new_ones(serve: Serve, connect: Any) -> None:
    served = serve(faults=[{"fault": "restart", "seconds": 1000, "requests": [2]}])
    idle, asking = connect(served), connect(served)
    assert served.read().status_code == 200
    asking.sendall(REQUEST)
    assert received(asking) == (b"", "reset")
    assert received(idle) == (b"", "reset")
    with pytest.raises(ConnectionRefusedError):
        connect(served)
    assert served.ask("GET", "summary")["requests"] == 2


def test_after_a_restart_the_same_port_serves_again(serve: Serve, connect: Any) -> None:
    served = serve(faults=[{"fault": "restart", "seconds": 0, "requests": [1]}])
    sock = connect(served)
    sock.sendall(REQUEST)
    assert received(sock) == (b"", "reset")
    while True:
        try:
            assert served.read().status_code == 200
            break
        except requests.ConnectionError:
            continue


SELECTIONS = {
    "all": ({}, [503, 503, 503, 503]),
    "by number": ({"requests": [1, "3-"]}, [503, 200, 503, 503]),
    "of another service": ({"service": "iam"}, [200, 200, 200, 200]),
    "of another release": ({"release": "other"}, [200, 200, 200, 200]),
    "in a window": ({"from_seconds": 10, "until_seconds": 30}, [200, 503, 503, 200]),
    "in a window by number": ({"from_seconds": 10, "requests": ["1-3"]}, [200, 503, 503, 200]),
}


@pytest.mark.parametrize(("parts", "statuses"), list(SELECTIONS.values()), ids=list(SELECTIONS))
def test_a_fault_is_for_chosen_requests(serve: Serve, parts: dict[str, Any], statuses: list[int]) -> None:
    served = serve(faults=[{"fault": "answer", "status": 503, **parts}])
    seen = []
    for _index in statuses:
        seen.append(served.read().status_code)
        served.clock.advance(10)
    assert seen == statuses


def test_a_fault_of_one_release_counts_its_requests(serve: Serve) -> None:
    releases = [{**RELEASE, "id": name} for name in ("first", "second")]
    fault = {"fault": "answer", "status": 503, "release": "second", "requests": [2]}
    served = serve(releases=releases, faults=[fault])
    urls = [served.url + READ.replace("reviews-canary", name) for name in ("first", "second") * 2]
    assert [served.session.get(url, timeout=10).status_code for url in urls] == [200, 200, 200, 503]


OPERATIONS = {
    "all": ({"requests": [2, 3, 4]}, [200, 403, 403, 403, 200, 200]),
    "lists": ({"operation": "list"}, [403, 200, 200, 403, 200, 200]),
    "reads": ({"operation": "read"}, [200, 403, 200, 200, 403, 200]),
    "services": ({"operation": "service"}, [200, 200, 403, 200, 200, 403]),
    "lists by number": ({"operation": "list", "requests": ["2-"]}, [200, 200, 200, 403, 200, 200]),
    "reads by number": ({"operation": "read", "requests": [1]}, [200, 403, 200, 200, 200, 200]),
    "reads of one release": ({"operation": "read", "release": RELEASE["id"], "requests": [2]}, [200] * 4 + [403, 200]),
    "reads of another": ({"operation": "read", "release": "other"}, [200] * 6),
    "one service by number": ({"operation": "service", "release": "reviews", "requests": [2]}, [200] * 5 + [403]),
    "one service": ({"release": "reviews"}, [200, 200, 403, 200, 200, 403]),
}


@pytest.mark.parametrize(("parts", "statuses"), list(OPERATIONS.values()), ids=list(OPERATIONS))
def test_a_fault_can_be_for_one_operation(serve: Serve, parts: dict[str, Any], statuses: list[int]) -> None:
    served = serve(faults=[{"fault": "answer", "status": 403, "body": "iam_new", **parts}])
    seen = [served.session.get(served.url + path, timeout=10).status_code for path in (LIST, READ, SERVICE) * 2]
    assert seen == statuses


def test_the_first_fault_that_matches_is_applied(serve: Serve) -> None:
    faults = [{"fault": "answer", "status": 503, "requests": [1]}, {"fault": "answer", "status": 500}]
    served = serve(faults=faults)
    assert [served.read().status_code for _index in range(2)] == [503, 500]


@pytest.mark.parametrize(
    ("fault", "phase"),
    [
        pytest.param({"fault": "answer", "status": 503}, "A", id="an answer instead is no read"),
        pytest.param({"fault": "truncate"}, "B", id="a spoilt answer is one"),
    ],
)
def test_only_an_answer_of_the_service_counts_as_a_read(serve: Serve, fault: dict[str, Any], phase: str) -> None:
    steps = [{"phase": "A"}, {"phase": "B", "after_reads": 1}]
    served = serve(releases=[{**RELEASE, "steps": steps}], faults=[{**fault, "requests": [1]}])
    served.read()
    assert served.read().json()["status"]["phase"] == phase


def test_the_record_names_the_fault(serve: Serve, connect: Any) -> None:
    served = serve(faults=[{"fault": "reset", "requests": [1]}, {"fault": "answer", "status": 503, "requests": [2]}])
    sock = connect(served)
    sock.sendall(REQUEST)
    received(sock)
    served.read()
    served.read()
    seen = [(entry["fault"], entry["status"]) for entry in served.ask("GET", "requests")]
    assert seen == [("reset", 0), ("answer", 503), (None, 200)]


@pytest.mark.parametrize("fault", ["stall", "reset", "close"])
def test_a_connection_that_never_serves(serve: Serve, connect: Any, fault: str) -> None:
    served = serve(connections=[{"fault": fault, "connections": [2]}])
    assert served.read().status_code == 200
    if fault == "reset":
        # It may come while the client still connects.
        with pytest.raises(ConnectionResetError):
            connect(served).recv(1)
    elif fault == "close":
        assert connect(served).recv(1) == b""
    else:
        assert is_silent(connect(served))
    other = connect(served)
    other.sendall(REQUEST)
    assert received(other)[0].startswith(b"HTTP/1.1 200 OK")
    assert served.ask("GET", "summary")["accepted"] == 3
