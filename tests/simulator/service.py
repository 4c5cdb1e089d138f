# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the services answer: ASM, IAM and the ECS metadata service, each behind the checks of its gateway.

No I/O and no sockets: a ``Service`` is given a request as it was received and returns status, headers and body.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from .credentials import AgencyKey, KeyRing, Received, RefusedError
from .releases import Applied, State, aggregation, document, expand, newest, state_at, without

if TYPE_CHECKING:
    from collections.abc import Callable

    from .model import Operation
    from .scenario import Change, Release, Scenario

ServiceName = Literal["asm", "iam", "metadata", "unknown"]
TIME = "%Y-%m-%dT%H:%M:%S.%f000Z"
LONGEST_METADATA_TOKEN = 21600

RELEASE = re.compile(r"/v2/meshes/([^/]+)/namespaces/([^/]+)/releases/([^/]+)/?")
RELEASES = re.compile(r"/v2/meshes/([^/]+)/releases/?")
SERVICE = re.compile(r"/v3/meshes/([^/]+)/namespaces/([^/]+)/services/([^/]+)/?")
METADATA = ("/meta-data/", "/openstack/")


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Rendered:
    """The JSON of a release in one state, and the same as an item of a list."""

    state: State
    release: bytes
    item: bytes


@dataclass
class _Running:
    """A release with what has happened to it: when its clock began, how often it was read, changes from outside."""

    release: Release
    began: float | None = None
    reads: int = 0
    changes: tuple[Applied, ...] = ()
    rendered: _Rendered | None = None


def service_of(path: str) -> ServiceName:
    """Return which of the cloud's services a path belongs to."""
    if path.startswith(("/v2/", "/v3/meshes/")):
        return "asm"
    if path.startswith("/v3"):
        return "iam"
    return "metadata" if path.startswith(METADATA) else "unknown"


def release_of(path: str) -> str | None:
    """Return how a path names one release: by its id, or by its service."""
    place = RELEASE.fullmatch(path) or SERVICE.fullmatch(path)
    return unquote(place[3]) if place is not None else None


def operation_of(method: str, path: str) -> Operation | None:
    """Return whether a request asks for all releases of a mesh, for one release, or for a service."""
    if method != "GET":
        return None
    if RELEASES.fullmatch(path):
        return "list"
    if SERVICE.fullmatch(path):
        return "service"
    return "read" if RELEASE.fullmatch(path) else None


def _place(release: Release) -> tuple[str, str, str]:
    return release.mesh_id, release.namespace, release.service


def _dumped(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


def _json(status: int, data: object, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, _dumped(data), {"Content-Type": "application/json", **(headers or {})})


def _gateway(status: int, code: str, message: str, request_id: str) -> Reply:
    return _json(status, {"error_code": code, "error_msg": message, "request_id": request_id})


def _asm_not_found(message: str) -> Reply:
    return _json(404, {"errorCode": "ASM.01404001", "errorMsg": message})


def _iam_error(status: int, title: str, message: str) -> Reply:
    return _json(status, {"error": {"code": status, "message": message, "title": title}})


class Service:
    """The state behind the answers. ``clock`` gives seconds (monotonic), ``now`` the wall clock in UTC."""

    def __init__(self, scenario: Scenario, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._scenario = scenario
        self._clock = clock
        self._now = now
        self.reset()

    def reset(self) -> None:
        """Forget all that has happened: reads, changes, tokens that were issued."""
        self.keys = KeyRing(self._scenario.credentials, self._now)
        self._agency_key: AgencyKey | None = None
        self._metadata_tokens: dict[str, datetime] = {}
        self._numbers: Counter[str] = Counter()
        releases = [each for template in self._scenario.releases for each in expand(template)]
        self._releases = {(each.mesh_id, each.namespace, each.id): _Running(each) for each in releases}

    def change(self, release_id: str, change: Change) -> int:
        """Let a change take effect at once, on every release with this id; how many there are."""
        matching = [running for (_unused, _unused, known), running in self._releases.items() if known == release_id]
        for running in matching:
            running.changes += (Applied(change, self._elapsed(running), running.reads),)
            running.rendered = None
        return len(matching)

    def answer(self, request: Received) -> Reply:
        """The true answer to a request."""
        path = request.target.partition("?")[0]
        routes: list[tuple[re.Pattern[str], str, Callable[..., Reply]]] = [
            (RELEASE, "GET", self._release),
            (RELEASES, "GET", self._release_list),
            (SERVICE, "GET", self._service),
            (re.compile(r"/v3/auth/tokens"), "POST", self._token),
            (re.compile(r"/meta-data/latest/api/token"), "PUT", self._metadata_token),
            (re.compile(r"/openstack/latest/securitykey"), "GET", self._security_key),
        ]
        for pattern, method, handler in routes:
            place = pattern.fullmatch(path)
            if place is None:
                continue
            if request.method != method:
                return _gateway(405, "APIGW.0101", f"{request.method} is not allowed here", request.request_id)
            return handler(request, *(unquote(part) for part in place.groups()))
        return _gateway(404, "APIGW.0101", "The API does not exist", request.request_id)

    def _release(self, request: Received, mesh_id: str, namespace: str, release_id: str) -> Reply:
        refused = self._refused(request)
        if refused is not None:
            return refused
        running = self._asked(mesh_id, namespace, release_id)
        if running is None:
            return _asm_not_found(f"release {release_id} not found in namespace {namespace} of mesh {mesh_id}")
        state = self._read(running)
        if not state.found:
            return _asm_not_found(f"release {release_id} not found")
        return Reply(200, self._rendered(running, state).release, {"Content-Type": "application/json"})

    def _release_list(self, request: Received, mesh_id: str) -> Reply:
        """The releases of a mesh that exist, as far as the scenario shows them; one read of each."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        items: list[bytes] = []
        for (mesh, _unused, _unused), running in self._releases.items():
            if len(items) == self._scenario.list.shown:
                break
            if mesh == mesh_id and (state := self._read(running)).found:
                items.append(self._rendered(running, state).item)
        body = b'{"kind":"ReleaseList","apiVersion":"asm/v2","items":[%b]}' % b",".join(items)
        return Reply(200, body, {"Content-Type": "application/json"})

    def _service(self, request: Received, mesh_id: str, namespace: str, service: str) -> Reply:
        """A service with its current release; one read of each release of the service."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        place = (mesh_id, namespace, service)
        every = [running for running in self._releases.values() if _place(running.release) == place]
        if not every:
            return _asm_not_found(f"service {service} not found in namespace {namespace} of mesh {mesh_id}")
        shown = {id(running.release): (running, state) for running in every if (state := self._read(running)).found}
        current = newest(running.release for running, _unused in shown.values())
        if current is None:
            return _json(200, {**aggregation(namespace, service, None), "release": None})
        release = json.loads(self._rendered(*shown[id(current)]).release)
        return _json(200, {**aggregation(namespace, service, release), "release": release})

    def _asked(self, mesh_id: str, namespace: str, release_id: str) -> _Running | None:
        """The release that a path names by its id in the scenario, or by the uid that a read of it would show."""
        known = self._releases.get((mesh_id, namespace, release_id))
        if known is not None:
            return known
        around = (running for place, running in self._releases.items() if place[:2] == (mesh_id, namespace))
        return next((running for running in around if self._state(running).uid == release_id), None)

    def _read(self, running: _Running) -> State:
        """The state that a read sees; it counts, and the first begins the clock."""
        state = self._state(running)
        if running.began is None:
            running.began = self._clock()
        running.reads += 1
        return state

    def _state(self, running: _Running) -> State:
        """The state that the next read would see now."""
        return state_at(running.release, self._elapsed(running), running.reads + 1, running.changes)

    def _rendered(self, running: _Running, state: State) -> _Rendered:
        """The JSON of a state, kept for as long as nothing changes."""
        if running.rendered is None or running.rendered.state != state:
            began = self._now() - timedelta(seconds=self._elapsed(running))
            data = document(running.release, state, began)
            places, whole = self._scenario.list.without, _dumped(data)
            running.rendered = _Rendered(state, whole, _dumped(without(data, places)) if places else whole)
        return running.rendered

    def _elapsed(self, running: _Running) -> float:
        return 0.0 if running.began is None else self._clock() - running.began

    def _refused(self, request: Received) -> Reply | None:
        """The gateway's refusal, if it does not let the caller in."""
        try:
            self.keys.check(request)
        except RefusedError as refused:
            message = f"Incorrect IAM authentication information: {refused}"
            return _gateway(401, "APIGW.0301", message, request.request_id)
        return None

    def _token(self, request: Received) -> Reply:
        try:
            username, password, domain_name, scope = _login(request.body)
        except ValueError as error:
            return _iam_error(400, "Bad Request", str(error))
        try:
            user = self.keys.log_in(username, password, domain_name)
        except RefusedError as refused:
            return _iam_error(401, "Unauthorized", str(refused))
        if scope not in ({"id": user.project_id}, {"name": user.project_name}):
            return _iam_error(401, "Unauthorized", "the user is not in this project")
        issued_at = self._now()
        token, expires_at = self.keys.issue_token(user, self._scenario.iam.token_uses)
        content: dict[str, Any] = {
            "methods": ["password"],
            "issued_at": issued_at.strftime(TIME),
            "expires_at": expires_at.strftime(TIME),
            "user": {"name": user.username, "domain": {"name": user.domain_name}},
            "project": {"id": user.project_id, "name": user.project_name, "domain": {"name": user.domain_name}},
            "roles": [],
        }
        if "nocatalog=true" not in request.target.partition("?")[2].split("&"):
            content["catalog"] = [{"type": "asm", "name": "asm", "endpoints": []}]
        return _json(201, {"token": content}, {"X-Subject-Token": token})

    def _metadata_token(self, request: Received) -> Reply:
        lifetime = request.headers.get("x-metadata-token-ttl-seconds", "")
        if not lifetime.isdecimal() or not 1 <= int(lifetime) <= LONGEST_METADATA_TOKEN:
            return Reply(400, b"")
        self._numbers["metadata token"] += 1
        token = f"metadata-token-{self._numbers['metadata token']}"
        self._metadata_tokens[token] = self._now() + timedelta(seconds=int(lifetime))
        return Reply(200, token.encode(), {"Content-Type": "text/plain"})

    def _security_key(self, request: Received) -> Reply:
        expires_at = self._metadata_tokens.get(request.headers.get("x-metadata-token", ""))
        if expires_at is None or self._now() >= expires_at:
            return Reply(401, b"")
        key = self._agency_key
        if key is None or self._now() >= key.issued_at + (key.expires_at - key.issued_at) / 2:
            key = self._agency_key = self.keys.issue_agency_key()
        credential = {
            "access": key.access_key,
            "secret": key.secret_key,
            "securitytoken": key.security_token,
            "expires_at": key.expires_at.strftime(TIME),
        }
        return _json(200, {"credential": credential})


def _login(body: bytes) -> tuple[str, str, str, dict[str, str]]:
    """User name, password, domain and project of a password login; ``ValueError`` names what is not as it must be."""
    try:
        data = json.loads(body)
    except ValueError:
        raise ValueError("the body is not JSON") from None
    if _part(data, "auth", "identity", "methods") != ["password"]:
        raise ValueError('auth.identity.methods must be ["password"]')
    user = ("auth", "identity", "password", "user")
    username = _string(data, *user, "name")
    password = _string(data, *user, "password")
    domain_name = _string(data, *user, "domain", "name")
    project = _part(data, "auth", "scope", "project")
    if not isinstance(project, dict) or len(project) != 1 or not project.keys() <= {"id", "name"}:
        raise ValueError("auth.scope.project must hold either id or name")
    return username, password, domain_name, {name: str(value) for name, value in project.items()}


def _part(data: Any, *path: str) -> Any:
    for depth, name in enumerate(path):
        if not isinstance(data, dict) or name not in data:
            raise ValueError(f"{'.'.join(path[: depth + 1])} is missing")
        data = data[name]
    return data


def _string(data: Any, *path: str) -> str:
    value = _part(data, *path)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{'.'.join(path)} must be a string that is not empty")
    return value
