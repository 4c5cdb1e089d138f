# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stage for whole calls: a service that answers by scripts, a clock that only sleeping moves, and who is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Callable, Union

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.read import Reading, read
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import SLICE, Answer, Transport
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Surroundings
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import (
    Clock,
    ScriptedTransport,
    Sent,
    answer,
)

Given = Union[Answer, AsmError]
Script = Sequence[Given]
"""Answers in their order; the last one for ever."""

TOKEN = "made-up-token-4711"
MESH = "https://asm.example/v2/meshes/mesh/"
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)

CONNECTION = {"mesh_id": "mesh", "endpoint": "https://asm.example", "token": TOKEN}
READ = {**CONNECTION, "namespace": "bookinfo", "release_id": "reviews-canary"}
WAIT: dict[str, Any] = {"wait": True, "success_phases": ["Running"], "failure_phases": ["Failed"], "wait_timeout": 60}
GATE = {**READ, **WAIT}
SELECTION = {**CONNECTION, "service": ["reviews"]}
HELD_SELECTION = {**SELECTION, **WAIT, "minimum": 1}

FOUND_KEYS = {"msg", "found", "release", "phase", "workloads"}
KEYS = {*FOUND_KEYS, "request_id"}
ERROR_KEYS = {"kind", "status", "code", "message", "request_id", "url"}
VERDICT_KEYS = {"outcome", "message", "elapsed", "reads", "retries", "check_mode"}
GATE_KEYS = {*VERDICT_KEYS, "timeline", "timeline_left_out"}
TRAIN_KEYS = {"msg", "releases", "request_id"}
TRAIN_GATE_KEYS = {*VERDICT_KEYS, "required", "counts", "ignored"}
ENTRY_KEYS = {*FOUND_KEYS, "namespace", "release_id"}
HELD_ENTRY_KEYS = {*ENTRY_KEYS, "outcome", "reads", "timeline", "timeline_left_out"}

GONE = answer(404, '{"errorCode": "ASM.01404001", "errorMsg": "no such release"}', X_Request_Id="r-gone")
BUSY = answer(503, "<html>busy</html>")
DENIED = answer(403, '{"error_code": "IAM.0006", "error_msg": "no"}', X_Request_Id="r-denied")
UNKNOWN = answer(401, "{}")


def train(*release_ids: str, **more: Any) -> dict[str, Any]:
    """Return the options of a read of several releases."""
    releases = [{"release_id": release_id} for release_id in release_ids]
    return {**CONNECTION, "namespace": "bookinfo", "releases": releases, **more}


def held(*release_ids: str, **more: Any) -> dict[str, Any]:
    """Return the options of a gate on several releases."""
    return train(*release_ids, **{**WAIT, **more})


def ok(phase: Any = "Running", request_id: str = "r-ok", **parts: Any) -> Answer:
    """Return the 200 of a release."""
    return found(document(phase, **parts), request_id)


def found(content: Mapping[str, Any], request_id: str = "r-ok") -> Answer:
    """Return the 200 of a release that is there as an object."""
    return answer(200, json.dumps(content), X_Request_Id=request_id)


def item(
    name: str, phase: Any = "Running", namespace: str = "bookinfo", service: str = "reviews", **parts: Any
) -> dict[str, Any]:
    """Return a release as the list has it; its uid is its name after `uid-`."""
    content = document(phase, name=name, **{"uid": f"uid-{name}", **parts})
    content["metadata"]["namespace"] = namespace
    content["spec"]["serviceName"] = service
    return content


def without(content: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """Return an object without what is at a path."""
    key, *rest = path
    if rest:
        return {**content, key: without(content[key], *rest)}
    return {name: value for name, value in content.items() if name != key}


def listed(*items: Mapping[str, Any], request_id: str = "r-list") -> Answer:
    """Return the 200 of the list of a mesh."""
    content = {"kind": "ReleaseList", "apiVersion": "asm/v2", "items": list(items)}
    return answer(200, json.dumps(content), X_Request_Id=request_id)


def single(release_id: str, namespace: str = "bookinfo") -> str:
    """Return the path of a single read within the mesh."""
    return f"namespaces/{namespace}/releases/{release_id}"


LIST = "releases"
"""The path of the list within the mesh."""


class Service(Transport):
    """Answers by its scripts, one a path; each answer takes some seconds, and in each slice of them it asks whether
    anybody still waits, as the real one does.

    Attributes:
        asked: when (seconds since it was opened) which path was asked for.
    """

    def __init__(
        self,
        clock: Clock,
        takes: float,
        scripts: Mapping[str, ScriptedTransport],
        abandoned: Callable[[], bool],
    ) -> None:
        self._abandoned = abandoned
        self._clock = clock
        self._takes = takes
        self._scripts = scripts
        self._opened = clock()
        self.sent: list[Sent] = []
        self.asked: list[tuple[float, str]] = []
        self.closed = 0

    def send(self, request: Any, deadline: float, **bounds: Any) -> Answer:
        path = request.url.replace(MESH, "")
        self.sent.append(Sent(request.prepare(), deadline, bounds))
        self.asked.append((round(self._clock() - self._opened, 2), path))
        ends = self._clock() + self._takes
        while self._clock() < ends:
            self._clock.seconds += min(SLICE, ends - self._clock())
            if self._abandoned():
                raise AsmError("internal", "nobody waits for this answer any more")
        script = self._scripts.get(path) or self._scripts["otherwise"]
        return script.send(request, deadline, **bounds)

    def close(self) -> None:
        self.closed += 1


@dataclass
class Stage:
    """Where a call is made: the services that it opened, and the lines that it said."""

    patch: Callable[[str, Any], None]
    clock: Clock = field(default_factory=Clock)
    services: list[Service] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def serve(self, *answers: Given, takes: float = 0.0) -> None:
        """Answer like this from now on, whatever is asked for."""
        self._open({"otherwise": answers}, takes)

    def serve_mesh(self, listing: Script, singly: Mapping[str, Script] | None = None, takes: float = 0.0) -> None:
        """Answer like this from now on.

        Args:
            listing: to those who ask for the list.
            singly: to those who ask for a release, by its id; ASM knows no other one.
        """
        reads = {single(release_id): script for release_id, script in (singly or {}).items()}
        self._open({LIST: listing, "otherwise": [GONE], **reads}, takes)

    def _open(self, scripts: Mapping[str, Script], takes: float) -> None:
        def opened(*settings: Any) -> Service:
            transports = {path: ScriptedTransport(*script) for path, script in scripts.items()}
            self.services.append(Service(self.clock, takes, transports, settings[-1]))
            return self.services[-1]

        self.patch("Transport", opened)

    def surroundings(self, **changes: Any) -> Surroundings:
        return Surroundings(
            **{
                "environment": {},
                "progress": self.lines.append,
                "monotonic": self.clock,
                "sleep": self.clock.sleep,
                "now": lambda: NOON,
                "jitter": lambda: 1.0,
                **changes,
            }
        )

    def reading(self, parameters: Mapping[str, Any], **changes: Any) -> Reading:
        """Return what a call over the service gives."""
        return read(parameters, self.surroundings(**changes))

    def read(self, parameters: Mapping[str, Any], *answers: Given, **changes: Any) -> dict[str, Any]:
        """Return the result of a call, over these answers if there are any."""
        if answers:
            self.serve(*answers)
        return self.reading(parameters, **changes).result

    @property
    def requests(self) -> int:
        return sum(len(service.sent) for service in self.services)

    @property
    def asked(self) -> list[tuple[float, str]]:
        """Return what the last call asked for, and when."""
        return self.services[-1].asked
