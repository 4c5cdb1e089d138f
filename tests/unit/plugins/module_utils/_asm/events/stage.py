# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event source on a scripted clock: meshes that the test changes, and what the source sends and logs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Callable, Union

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import (
    AsmError,
    DeniedError,
    ErrorResponse,
    NotFoundError,
    ServerError,
    ThrottledError,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events import watcher
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models import release as releases
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import parse_list
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import SOURCE_OPTIONS, argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document, release_list

if TYPE_CHECKING:
    import pytest
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import ReleaseList
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import (
        ReleaseTarget,
        SourceRequest,
    )

TOKEN = "made-up-token-4711"
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
CONNECTION = {"endpoint": "https://asm.example", "token": TOKEN}
GATE = {"success_phases": ["Running"], "failure_phases": ["Failed"]}
DEFAULTS = {name: argument.get("default") for name, argument in argument_spec(SOURCE_OPTIONS).items()}

GONE = NotFoundError("ASM has no such release", response=ErrorResponse(404, "ASM.01404001", from_asm=True))
DENIED = DeniedError("the credentials lack a permission", "grant asm:mesh:listReleases", response=ErrorResponse(403))
BUSY = ServerError("the service failed", response=ErrorResponse(503))


def throttled(retry_after: float | None = None) -> AsmError:
    """Return a 429."""
    return ThrottledError("the service throttles requests", response=ErrorResponse(429, retry_after=retry_after))


def item(name: str, phase: Any = "Running", mesh_id: str = "mesh", **parts: Any) -> dict[str, Any]:
    """Return a release as the list has it; its uid is its name after `uid-`."""
    content = document(phase, name=name, **{"uid": f"uid-{name}", **parts})
    content["metadata"]["meshID"] = mesh_id
    return content


def incomplete(name: str, **parts: Any) -> dict[str, Any]:
    """Return an item without spec and status."""
    content = item(name, **parts)
    return {"metadata": content["metadata"]}


Listing = Union[list[dict[str, Any]], AsmError]


class EndOfScriptError(BaseException):
    """The scripted time is over; nothing that the source would catch."""


@dataclass
class Mesh:
    """A mesh that the test changes.

    Attributes:
        items: what the list shows, or the error that it answers with.
        singly: what a single read of a release finds by uid, if it is not what the list shows.
        takes: seconds that each request takes.
    """

    items: Listing = field(default_factory=list)
    singly: dict[str, dict[str, Any] | AsmError] = field(default_factory=dict)
    takes: float = 0.0

    def single(self, uid: str) -> dict[str, Any] | AsmError:
        """Return what a single read finds."""
        listed = [] if isinstance(self.items, AsmError) else self.items
        return self.singly.get(uid) or next((each for each in listed if each["metadata"].get("uid") == uid), GONE)


@dataclass
class Stage:
    """Meshes, the clock, and what the source did.

    Attributes:
        requests: when which mesh was asked for what: `list`, a uid, or `login`.
        allowed: seconds that each list was given.
        logins: how many requests of a login each read needs.
        at: what happens when the clock reaches a time.
        last: when the script ends.
        takes_events_in: seconds until an event is taken.
    """

    meshes: dict[str, Mesh] = field(default_factory=dict)
    seconds: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list)
    informed: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    requests: list[tuple[float, str, str]] = field(default_factory=list)
    at: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    last: float = 0.0
    takes: float = 0.0
    takes_events_in: float = 0.0
    closed: int = 0
    allowed: set[float] = field(default_factory=set)
    logins: int = 0
    manifests: bool = False
    is_cancelled: bool = False

    def on(self, seconds: float, action: Callable[[], object]) -> None:
        """Let something happen at a time."""
        self.at.append((seconds, action))
        self.at.sort(key=lambda each: each[0])

    def show(self, seconds: float, *items: dict[str, Any], mesh_id: str = "mesh") -> None:
        """Let the list of a mesh show these items from a time on."""
        self.on(seconds, lambda: setattr(self.meshes[mesh_id], "items", list(items)))

    def sleep(self, seconds: float) -> None:
        """Move the clock; end the script when its time is over."""
        until = self.seconds + seconds
        while self.at and self.at[0][0] <= until:
            self.seconds = max(self.seconds, self.at[0][0])
            self.at.pop(0)[1]()
        self.seconds = until
        if self.seconds > self.last:
            raise EndOfScriptError

    # The client

    def list_releases(self, mesh_id: str, deadline: float) -> ReleaseList:
        self.allowed.add(round(deadline - self.seconds, 2))
        found = self._asked(mesh_id, "list", lambda mesh: mesh.items)
        return parse_list(json.loads(json.dumps(release_list(*found))), mesh_id, self.manifests)

    def get_release(self, target: ReleaseTarget, deadline: float) -> Release:
        assert deadline > self.seconds
        assert target.namespace
        found = self._asked(target.mesh_id, target.name, lambda mesh: mesh.single(target.name))
        return releases.parse(json.loads(json.dumps(found)), self.manifests)

    @property
    def requests_sent(self) -> int:
        return len(self.requests)

    def close(self) -> None:
        self.closed += 1

    def _asked(self, mesh_id: str, what: str, find: Callable[[Mesh], Any]) -> Any:
        self.requests += [(round(self.seconds, 2), mesh_id, "login")] * self.logins
        self.requests.append((round(self.seconds, 2), mesh_id, what))
        takes = self.takes or self.meshes[mesh_id].takes
        if takes:
            self.sleep(takes)
        found = find(self.meshes[mesh_id])
        if isinstance(found, AsmError):
            raise found
        return found

    # The source

    def run(self, monkeypatch: pytest.MonkeyPatch, until: float, **options: Any) -> str | None:
        """Watch until a time, and return the sentence with which the source ended; None if it went on."""

        def connect(request: SourceRequest, *_settings: object) -> Stage:
            self.manifests = request.manifests
            return self

        monkeypatch.setattr(watcher, "connect", connect)
        self.last = until
        runtime = Runtime(
            environment={},
            is_cancelled=lambda: self.is_cancelled,
            monotonic=lambda: self.seconds,
            sleep=self.sleep,
            now=lambda: NOON + timedelta(seconds=self.seconds),
            jitter=lambda: 1.0,
        )
        host = watcher.Host(self.deliver, self.informed.append, self.warned.append)
        parameters = {**DEFAULTS, **CONNECTION, "mesh_id": list(self.meshes), **options}
        try:
            return watcher.watch(parameters, runtime, host)
        except EndOfScriptError:
            return None

    def deliver(self, event: dict[str, Any]) -> bool:
        """Take an event."""
        self.events.append(json.loads(json.dumps(event)))
        if self.takes_events_in:
            self.sleep(self.takes_events_in)
        return True

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Return kind and name (or mesh) of each event."""
        return [(event["kind"], event.get("name", event["mesh_id"])) for event in self.events]

    def times(self, mesh_id: str, what: str = "list") -> list[float]:
        """Return when a mesh was asked for something."""
        return [at for at, mesh, asked in self.requests if (mesh, asked) == (mesh_id, what)]


def stage(*items: dict[str, Any]) -> Stage:
    """Return a stage with one mesh that shows these items."""
    return Stage({"mesh": Mesh(list(items))})
