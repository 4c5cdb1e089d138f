# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many meshes behind one limit of requests, with a ledger of every change and every request.

The server is not the simulator, because it must change hundreds of releases, throttle over all meshes, and refuse a
single one. All times are seconds of a clock that runs faster than that of the system, as that of the source does.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_FILLER = {"filler": "x" * 10_000}


@dataclass(frozen=True)
class Plan:
    """What the meshes do.

    Attributes:
        meshes, releases: how many meshes, each with so many releases.
        period: seconds between two changes of one release.
        limit, window: so many requests are answered in so many seconds, the others are throttled.
        failing: share of the requests that get a 503.
        denied: the mesh that gets a 403.
        speed: of the clock.
    """

    meshes: int = 40
    releases: int = 25
    period: float = 300.0
    limit: int = 200
    window: float = 300.0
    failing: float = 0.05
    denied: int = 7
    speed: float = 10.0

    @property
    def mesh_ids(self) -> list[str]:
        return [f"mesh-{number}" for number in range(self.meshes)]

    @property
    def denied_mesh(self) -> str:
        return f"mesh-{self.denied}"


@dataclass
class Ledger:
    """Every change and every request.

    Attributes:
        changes: for each release by uid, when it has got which phase.
        requests: when a request was answered, its mesh and its status.
        baseline: set once each mesh has been listed, but for the one that is denied.
    """

    plan: Plan
    changes: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    requests: list[tuple[float, str, int]] = field(default_factory=list)
    baseline: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        now = self.now()
        self._unlisted = {*self.plan.mesh_ids} - {self.plan.denied_mesh}
        for mesh_id in self.plan.mesh_ids:
            for number in range(self.plan.releases):
                self.changes[f"{mesh_id}-release-{number}"] = [(now, "Phase-0")]
        self._recent: deque[float] = deque()

    def now(self) -> float:
        """Return the time."""
        return time.monotonic() * self.plan.speed

    def change(self, uid: str) -> None:
        """Give a release a phase that it never had."""
        with self.lock:
            changes = self.changes[uid]
            changes.append((self.now(), f"Phase-{len(changes)}"))

    def status(self, mesh_id: str) -> int:
        """Return the status of the response to a request that has just come, and note it."""
        with self.lock:
            now = self.now()
            while self._recent and self._recent[0] <= now - self.plan.window:
                self._recent.popleft()
            if len(self._recent) >= self.plan.limit:
                status = 429
            elif mesh_id == self.plan.denied_mesh:
                status = 403
            else:
                status = 503 if random.random() < self.plan.failing else 200
            self._recent.append(now)
            self.requests.append((now, mesh_id, status))
            return status

    def listing(self, mesh_id: str) -> bytes:
        """Return the body of GetAllReleases."""
        with self.lock:
            self._unlisted.discard(mesh_id)
            if not self._unlisted:
                self.baseline.set()
            phases = {
                uid: changes[-1][1] for uid, changes in self.changes.items() if uid.startswith(f"{mesh_id}-release-")
            }
        items = [_release(mesh_id, uid, phase) for uid, phase in phases.items()]
        return json.dumps({"kind": "ReleaseList", "apiVersion": "asm/v2", "items": items}).encode()

    def most_requests(self) -> int:
        """Return the largest number of requests within one window."""
        times = [at for at, _mesh_id, _status in self.requests]
        most, first = 0, 0
        for last, at in enumerate(times):
            while times[first] <= at - self.plan.window:
                first += 1
            most = max(most, last - first + 1)
        return most


def _release(mesh_id: str, uid: str, phase: str) -> dict[str, Any]:
    """Return a release of about 33 kB."""
    deployment = {
        "metadata": {"name": uid, "namespace": "bookinfo", "generation": 1, "annotations": _FILLER},
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "app", "image": "image:2"}]}}},
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1},
    }
    deployment["status"]["availableReplicas"] = 1  # type: ignore[index]
    return {
        "kind": "Release",
        "apiVersion": "asm/v2",
        "metadata": {"meshID": mesh_id, "name": uid, "uid": uid, "namespace": "bookinfo"},
        "spec": {
            "serviceName": "reviews",
            "version": "v2",
            "grayDeployments": [{"clusterID": "cluster-1", "template": deployment}],
        },
        "status": {"phase": phase, "deployment": deployment, "grayDeployments": [deployment]},
    }


class Server:
    """The meshes on loopback; their releases change in random order, each once in a period."""

    def __init__(self, plan: Plan) -> None:
        self.ledger = ledger = Ledger(plan)
        self._stopped = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                mesh_id = self.path.split("/")[3]
                status = ledger.status(mesh_id)
                body = ledger.listing(mesh_id) if status == 200 else b'{"error_code": "APIGW.0308", "error_msg": "no"}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_given: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Server:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        threading.Thread(target=self._change, daemon=True).start()
        return self

    def __exit__(self, *_given: object) -> None:
        self.stop_changes()
        self.ledger.baseline.set()
        self._server.shutdown()
        self._server.server_close()

    def stop_changes(self) -> None:
        """Let the releases rest, so that the source can catch up."""
        self._stopped.set()

    def _change(self) -> None:
        plan = self.ledger.plan
        uids = list(self.ledger.changes)
        random.shuffle(uids)
        # A change before the first list is not seen.
        self.ledger.baseline.wait()
        while True:
            for uid in uids:
                if self._stopped.wait(plan.period / plan.speed / len(uids)):
                    return
                self.ledger.change(uid)


@dataclass(frozen=True)
class Account:
    """What the events say beside the ledger.

    Attributes:
        missing: changes of the meshes that can be watched without an event.
        repeated: events whose id came before.
        ambiguous: ids of two different events.
        latencies: seconds from each change to its event.
        unavailable: meshes of the events `unavailable`, each time.
    """

    changes: int
    missing: int
    repeated: int
    ambiguous: int
    latencies: tuple[float, ...]
    unavailable: tuple[str, ...]


def account(ledger: Ledger, events: Iterable[tuple[float, dict[str, Any]]]) -> Account:
    """Return what the events say beside the ledger.

    Args:
        events: each with the time at which a rule was run for it.
    """
    found: dict[tuple[str, str], float] = {}
    content: dict[str, tuple[Any, ...]] = {}
    repeated = ambiguous = 0
    unavailable = []
    for at, event in events:
        what = tuple(event.get(key) for key in ("mesh_id", "kind", "uid", "phase", "ready"))
        repeated += event["id"] in content
        ambiguous += content.setdefault(event["id"], what) != what
        if event["kind"] == "phase":
            found.setdefault((event["uid"], event["phase"]), at)
        if event["kind"] == "unavailable":
            unavailable.append(event["mesh_id"])
    wanted = {
        (uid, phase): at
        for uid, changes in ledger.changes.items()
        if not uid.startswith(f"{ledger.plan.denied_mesh}-release-")
        for at, phase in changes[1:]
    }
    return Account(
        changes=len(wanted),
        missing=len(wanted.keys() - found.keys()),
        repeated=repeated,
        ambiguous=ambiguous,
        latencies=tuple(found[each] - at for each, at in wanted.items() if each in found),
        unavailable=tuple(unavailable),
    )
