# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ASM, IAM and the metadata service answer."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from ansible_collections.huaweicloud.asm.tests.simulator.credentials import Received
from ansible_collections.huaweicloud.asm.tests.simulator.scenario import Place, parse
from ansible_collections.huaweicloud.asm.tests.simulator.service import (
    Reply,
    Service,
    operation_of,
    release_of,
    service_of,
)

from .conftest import LIST, READ, RELEASE, SERVICE, TOKEN, ScriptedClock, scenario

LOGIN = "/v3/auth/tokens?nocatalog=true"
METADATA_TOKEN = "/meta-data/latest/api/token"
SECURITY_KEY = "/openstack/latest/securitykey"
USER = {"username": "u", "password": "p", "domain_name": "d", "project_id": "id-1", "project_name": "region-1"}


def service(scripted: ScriptedClock, /, **parts: Any) -> Service:
    return Service(parse(scenario(**parts)), scripted, scripted.now)


def ask(
    asked: Service, target: str, method: str = "GET", *, body: bytes = b"", headers: dict[str, str] | None = None
) -> Reply:
    sent = headers or {}
    return asked.answer(Received(method, target, sent, body, "request-1"))


def read(asked: Service, target: str = READ, headers: dict[str, str] | None = None) -> Reply:
    return ask(asked, target, headers={"x-auth-token": TOKEN, **(headers or {})})


def phase(asked: Service, release_id: str = "reviews-canary") -> str:
    seen: str = json.loads(read(asked, READ.replace("reviews-canary", release_id)).body)["status"]["phase"]
    return seen


def items(asked: Service) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = json.loads(read(asked, LIST).body)["items"]
    return seen


def listed(asked: Service) -> dict[str, str]:
    """The phases of the releases in a list, by their names."""
    return {item["metadata"]["name"]: item["status"]["phase"] for item in items(asked)}


@pytest.mark.parametrize(
    ("target", "method", "status", "code"),
    [
        pytest.param(READ.replace("reviews", "other"), "GET", 404, "ASM.", id="unknown release"),
        pytest.param(READ.replace("/mesh/", "/other/"), "GET", 404, "ASM.", id="unknown mesh"),
        pytest.param(READ.replace("bookinfo", "other"), "GET", 404, "ASM.", id="unknown namespace"),
        pytest.param("/v1/meshes/mesh", "GET", 404, "APIGW.0101", id="wrong path"),
        pytest.param(READ + "/more", "GET", 404, "APIGW.0101", id="path too long"),
        pytest.param("/", "GET", 404, "APIGW.0101", id="no path"),
        pytest.param(READ, "POST", 405, "APIGW.0101", id="wrong method"),
        pytest.param(LOGIN, "GET", 405, "APIGW.0101", id="wrong method for a login"),
    ],
)
def test_asm_or_the_gateway_refuses_unknown_paths(
    clock: ScriptedClock, target: str, method: str, status: int, code: str
) -> None:
    reply = ask(service(clock), target, method, headers={"x-auth-token": TOKEN})
    data = json.loads(reply.body)
    assert reply.status == status
    assert (data.get("errorCode") or data["error_code"]).startswith(code)


@pytest.mark.parametrize("target", [READ, LIST, SERVICE])
def test_a_request_without_a_valid_credential_is_refused(clock: ScriptedClock, target: str) -> None:
    asked = service(clock)
    for reply in (ask(asked, target), ask(asked, target, headers={"x-auth-token": "other"})):
        assert (reply.status, json.loads(reply.body)["error_code"]) == (401, "APIGW.0301")


def test_an_item_of_a_list_equals_a_read(clock: ScriptedClock) -> None:
    asked = service(clock)
    assert items(asked) == [json.loads(read(asked).body)]


BY_READS = [{"phase": "A"}, {"phase": "B", "after_reads": 1}, {"phase": "C", "after_reads": 3}]


@pytest.mark.parametrize(
    ("kinds", "phases"),
    [
        pytest.param(["list"] * 4, ["A", "B", "B", "C"], id="lists alone"),
        pytest.param(["list", "read", "list", "read"], ["A", "B", "B", "C"], id="lists and reads"),
    ],
)
def test_a_list_is_one_read_of_each_release(clock: ScriptedClock, kinds: list[str], phases: list[str]) -> None:
    asked = service(clock, releases=[{**RELEASE, "id": "rel-{number}", "count": 2, "steps": BY_READS}])
    seen = [listed(asked)["rel-2"] if kind == "list" else phase(asked, "rel-2") for kind in kinds]
    assert seen == phases


def test_a_list_reads_only_the_releases_that_it_shows(clock: ScriptedClock) -> None:
    late = {**RELEASE, "id": "late", "steps": [{"phase": "A", "after_reads": 1}]}
    elsewhere = {**RELEASE, "id": "elsewhere", "mesh_id": "other"}
    many = {**RELEASE, "id": "many-{number}", "count": 3, "steps": BY_READS}
    asked = service(clock, releases=[elsewhere, late, many], list={"shown": 2})
    assert listed(asked) == {"many-1": "A", "many-2": "A"}
    assert listed(asked) == {"late": "A", "many-1": "B"}
    assert [phase(asked, f"many-{number}") for number in (1, 2, 3)] == ["B", "B", "A"]


@pytest.mark.parametrize("place", get_args(Place))
def test_items_of_a_list_can_lack_a_place(clock: ScriptedClock, place: str) -> None:
    asked = service(clock, list={"without": [place]})
    whole, item = json.loads(read(asked).body), items(asked)[0]
    first, _unused, second = place.partition(".")
    if second:
        del whole[first][second]
    else:
        del whole[first]
    assert item == whole


def test_a_release_is_read_by_the_uid_that_it_has_now(clock: ScriptedClock) -> None:
    steps = [{"phase": "A", "uid": "uid-1"}, {"phase": "B", "uid": "uid-2", "after_reads": 2}]
    asked = service(clock, releases=[{**RELEASE, "id": "other"}, {**RELEASE, "steps": steps}])
    assert [phase(asked, "uid-1"), phase(asked, "uid-1"), phase(asked, "uid-2")] == ["A", "A", "B"]
    gone = [
        READ.replace("reviews-canary", "uid-1"),
        READ.replace("bookinfo/releases/reviews-canary", "x/releases/uid-2"),
    ]
    assert [read(asked, target).status for target in gone] == [404, 404]


def aggregation(asked: Service, target: str = SERVICE) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(read(asked, target).body)
    return seen


def current(asked: Service) -> str | None:
    """The name of the release that the service shows now."""
    release = aggregation(asked).get("release")
    return release["metadata"]["name"] if release else None


def test_a_service_shows_its_release_as_a_read_does(clock: ScriptedClock) -> None:
    asked = service(clock)
    shown = aggregation(asked)
    assert list(shown) == ["service", "clusters", "deployments", "ASMStyled", "entries", "release"]
    assert shown["service"]["metadata"] == {"name": "reviews", "namespace": "bookinfo"}
    assert [each["metadata"]["name"] for each in shown["deployments"]] == ["reviews-v1", "reviews-v2"]
    assert shown["release"] == json.loads(read(asked).body)


@pytest.mark.parametrize(
    "target", [SERVICE.replace("/mesh/", "/x/"), SERVICE.replace("bookinfo", "x"), SERVICE.replace("reviews", "x")]
)
def test_an_unknown_service_is_a_404_of_asm(clock: ScriptedClock, target: str) -> None:
    reply = read(service(clock), target)
    assert (reply.status, json.loads(reply.body)["errorCode"]) == (404, "ASM.01404001")


def test_the_current_release_of_a_service_is_the_one_that_started_last(clock: ScriptedClock) -> None:
    late = {**RELEASE, "id": "late", "steps": [{"phase": "A", "after_reads": 1}, {"after_reads": 3, "found": False}]}
    releases = [late, {**RELEASE, "id": "first"}, {**RELEASE, "id": "last-in-scenario"}]
    asked = service(clock, releases=[*releases, {**RELEASE, "id": "other", "service": "ratings"}])
    assert [current(asked) for _index in range(4)] == ["last-in-scenario", "late", "late", "last-in-scenario"]


def login(**changes: Any) -> dict[str, Any]:
    """The body of a login; ``changes`` replace what is at a place such as ``auth.scope``."""
    user = {"name": "u", "password": "p", "domain": {"name": "d"}}
    data: dict[str, Any] = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "region-1"}},
        }
    }
    for place, value in changes.items():
        *parents, last = place.split("__")
        target = data
        for parent in parents:
            target = target[parent]
        target[last] = value
    return data


def log_in(asked: Service, body: object, target: str = LOGIN) -> Reply:
    return ask(asked, target, "POST", body=json.dumps(body).encode())


@pytest.fixture
def iam(clock: ScriptedClock) -> Service:
    return service(clock, credentials={"users": [USER]})


@pytest.mark.parametrize("project", [{"id": "id-1"}, {"name": "region-1"}], ids=str)
def test_a_login_gives_a_token_that_works_for_its_lifetime(
    clock: ScriptedClock, iam: Service, project: dict[str, str]
) -> None:
    reply = log_in(iam, login(auth__scope={"project": project}))
    token = json.loads(reply.body)["token"]
    assert reply.status == 201
    assert (token["issued_at"], token["expires_at"]) == (
        "2026-03-01T12:00:00.000000000Z",
        "2026-03-02T12:00:00.000000000Z",
    )
    assert token["project"]["id"] == "id-1"
    issued = reply.headers["X-Subject-Token"]
    assert len(issued) > 1000
    assert ask(iam, READ, headers={"x-auth-token": issued}).status == 200
    clock.advance(86400)
    assert ask(iam, READ, headers={"x-auth-token": issued}).status == 401


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        pytest.param({}, 400, "auth is missing", id="empty"),
        pytest.param(login(auth__identity__methods=["token"]), 400, "auth.identity.methods must be", id="method"),
        pytest.param(login(auth__identity__password={}), 400, "auth.identity.password.user is missing", id="no user"),
        pytest.param(login(auth__identity__password__user__name=""), 400, "user.name must be a string", id="no name"),
        pytest.param(login(auth__scope__project={}), 400, "either id or name", id="an empty project"),
        pytest.param(login(auth__scope__project={"id": "1", "name": "x"}), 400, "either id or name", id="both"),
        pytest.param(login(auth__scope__project={"id": "other"}), 401, "not in this project", id="another project"),
        pytest.param(login(auth__identity__password__user__password="x"), 401, "password is wrong", id="password"),
    ],
)
def test_a_wrong_login_has_an_error_of_iam(iam: Service, body: object, status: int, message: str) -> None:
    reply = log_in(iam, body)
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"]) == (status, status)
    assert message in error["message"]
    assert "X-Subject-Token" not in reply.headers


@pytest.mark.parametrize(
    ("path", "name", "release", "operation"),
    [
        (READ, "asm", "reviews-canary", "read"),
        (READ.replace("reviews", "a%20b"), "asm", "a b-canary", "read"),
        (LIST, "asm", None, "list"),
        (LIST + "/", "asm", None, "list"),
        (LIST + "/more", "asm", None, None),
        (SERVICE, "asm", "reviews", "service"),
        (SERVICE + "/more", "asm", None, None),
        (LOGIN, "iam", None, None),
        (METADATA_TOKEN, "metadata", None, None),
        (SECURITY_KEY, "metadata", None, None),
        ("/favicon.ico", "unknown", None, None),
    ],
)
def test_a_path_belongs_to_a_service(path: str, name: str, release: str | None, operation: str | None) -> None:
    assert (service_of(path), release_of(path), operation_of("GET", path)) == (name, release, operation)
