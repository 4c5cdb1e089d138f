# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stage for whole calls: a service that answers by scripts, and a clock that only sleeping moves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Callable, Union

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection import refusals
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import (
    DEFAULT_BOUNDS,
    Bounds,
    Response,
    Transport,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError, InternalError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import OPTIONS
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import Report, run
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime, TaskContext
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import (
    Clock,
    ScriptedTransport,
    Sent,
    answer,
)

Given = Union[Response, AsmError]
Script = Sequence[Given]
"""Responses in their order; the last one for ever."""

TOKEN = "made-up-token-4711"
MESH = "https://asm.example/v2/meshes/mesh/"
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)

CONNECTION = {"mesh_id": "mesh", "endpoint": "https://asm.example", "token": TOKEN}
READ = {**CONNECTION, "namespace": "bookinfo", "release_id": "reviews-canary"}
WAIT: dict[str, Any] = {"wait": True, "success_phases": ["Running"], "failure_phases": ["Failed"], "wait_timeout": 60}
GATE = {**READ, **WAIT}
SERVICE = {**CONNECTION, "namespace": "bookinfo", "service": "reviews"}

FOUND_KEYS = {"msg", "found", "release", "phase", "workloads"}
ERROR_KEYS = {"kind", "status", "code", "message", "request_id", "url"}

GONE = answer(404, '{"errorCode": "ASM.01404001", "errorMsg": "no such release"}', X_Request_Id="r-gone")
BUSY = answer(503, "<html>busy</html>")
DENIED = answer(403, '{"error_code": "IAM.0006", "error_msg": "no"}', X_Request_Id="r-denied")
UNKNOWN = answer(401, "{}")

LIST = "releases"
"""The path of the list within the mesh."""

_DEFAULTS = {option.name: option.default for option in OPTIONS}


def several(*release_ids: str, **more: Any) -> dict[str, Any]:
    """Return the options of a read of several releases."""
    releases = [{"release_id": release_id} for release_id in release_ids]
    return {**CONNECTION, "namespace": "bookinfo", "releases": releases, **more}


def held(*release_ids: str, **more: Any) -> dict[str, Any]:
    """Return the options of a gate on several releases."""
    return several(*release_ids, **{**WAIT, **more})


def ok(phase: Any = "Running", request_id: str = "r-ok", **parts: Any) -> Response:
    """Return the 200 of a release."""
    return found(document(phase, **parts), request_id)


def found(content: Mapping[str, Any], request_id: str = "r-ok") -> Response:
    """Return the 200 of a release that is there as an object."""
    return answer(200, json.dumps(content), X_Request_Id=request_id)


def item(
    name: str, phase: Any = "Running", namespace: str = "bookinfo", service: str = "reviews", **parts: Any
) -> dict[str, Any]:
    """Return a release as the list has it; its uid is its name after `uid-`."""
    parts = {"uid": f"uid-{name}", **parts}
    return document(phase, name=name, namespace=namespace, service=service, **parts)


def listed(*items: Mapping[str, Any], request_id: str = "r-list") -> Response:
    """Return the 200 of the list of a mesh."""
    content = {"kind": "ReleaseList", "apiVersion": "asm/v2", "items": list(items)}
    return answer(200, json.dumps(content), X_Request_Id=request_id)


class Service(Transport):
    """Answers by its scripts, one a path; each response takes some seconds, and once a second it calls `on_idle`.

    Attributes:
        asked: when (seconds since it was opened) which path was asked for.
    """

    def __init__(
        self, runtime: Runtime, takes: float, scripts: Mapping[str, ScriptedTransport], on_idle: Callable[[], None]
    ) -> None:
        self._runtime = runtime
        self._takes = takes
        self._scripts = scripts
        self._on_idle = on_idle
        self._opened = runtime.monotonic()
        self.sent: list[Sent] = []
        self.asked: list[tuple[float, str]] = []

    def send(
        self,
        request: Any,
        deadline: float,
        bounds: Bounds = DEFAULT_BOUNDS,
        decode: Callable[[Response], Any] | None = None,
    ) -> Response:
        path = request.url.replace(MESH, "")
        self.sent.append(Sent(request.prepare(), deadline, bounds))
        self.asked.append((round(self._runtime.monotonic() - self._opened, 2), path))
        ends = self._runtime.monotonic() + self._takes
        while self._runtime.monotonic() < ends:
            self._runtime.sleep(min(1.0, ends - self._runtime.monotonic()))
            self._on_idle()
            if self._runtime.is_cancelled():
                raise InternalError("the caller no longer waits for this response")
        script = self._scripts.get(path) or self._scripts["otherwise"]
        return script.send(request, deadline, bounds, decode)


@dataclass
class Stage:
    """Where a call is made.

    Attributes:
        services: that calls have opened.
        lines: progress lines.
    """

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
            listing: the list.
            singly: releases of the namespace `bookinfo` by their ids; ASM has no other one.
        """
        reads = {f"namespaces/bookinfo/releases/{release_id}": script for release_id, script in (singly or {}).items()}
        self._open({LIST: listing, "otherwise": [GONE], **reads}, takes)

    def _open(self, scripts: Mapping[str, Script], takes: float) -> None:
        def opened(
            _routes: Any, _timeout: float, runtime: Runtime, sanitizer: Any, on_idle: Callable[[], None]
        ) -> Service:
            transports = {path: ScriptedTransport(*script) for path, script in scripts.items()}
            service = Service(runtime, takes, transports, on_idle)
            service.sanitizer = sanitizer
            self.services.append(service)
            return service

        refusals.forget()
        self.patch("Transport", opened)

    def runtime(self, **changes: Any) -> Runtime:
        """Return a runtime on the clock of the stage."""
        runtime = {
            "environment": {},
            "monotonic": self.clock.__call__,
            "sleep": self.clock.sleep,
            "now": lambda: NOON,
            "jitter": lambda: 1.0,
        }
        return Runtime(**{**runtime, **changes})

    def reading(self, parameters: Mapping[str, Any], /, **task: Any) -> Report:
        """Return the report of a call over the service; `task` has fields of its `TaskContext`, and `runtime`."""
        runtime = task.pop("runtime", None) or self.runtime()
        context = TaskContext(**{"show": self.lines.append, **task})
        return run({**_DEFAULTS, **parameters}, context, runtime)

    def read(self, parameters: Mapping[str, Any], *answers: Given, **task: Any) -> dict[str, Any]:
        """Return the result of a call, over these answers if there are any."""
        if answers:
            self.serve(*answers)
        return self.reading(parameters, **task).result

    @property
    def requests(self) -> int:
        return sum(len(service.sent) for service in self.services)

    @property
    def asked(self) -> list[tuple[float, str]]:
        """Return what the last call asked for, and when."""
        return self.services[-1].asked
