# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many meshes behind one limit of requests, with a ledger of every change, and an event source that watches them.

``python -m tests.benchmark.ledger URL EVENTS OPTIONS`` runs the event source as
ansible-rulebook runs it, and appends each event to a file. The server is not the simulator, because it must change
hundreds of releases, throttle over all meshes, and refuse a single one.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "invented-token-of-the-ledger"
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
    """

    meshes: int = 40
    releases: int = 25
    period: float = 240.0
    limit: int = 200
    window: float = 300.0
    failing: float = 0.05
    denied: int = 7

    @property
    def mesh_ids(self) -> list[str]:
        return [f"mesh-{number}" for number in range(self.meshes)]


@dataclass
class Ledger:
    """Every change and every request.

    Attributes:
        changes: for each release by uid, when it has got which phase.
        requests: when a request was answered, and its status.
    """

    plan: Plan
    changes: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    requests: list[tuple[float, int]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        now = time.time()
        for mesh_id in self.plan.mesh_ids:
            for number in range(self.plan.releases):
                self.changes[f"{mesh_id}-release-{number}"] = [(now, "Phase-0")]
        self._recent: deque[float] = deque()

    def change(self, uid: str) -> None:
        """Give a release a phase that it never had."""
        with self.lock:
            changes = self.changes[uid]
            changes.append((time.time(), f"Phase-{len(changes)}"))

    def status(self, mesh_id: str) -> int:
        """Return the status of the response to a request that has just come, and note it."""
        with self.lock:
            now = time.time()
            while self._recent and self._recent[0] <= now - self.plan.window:
                self._recent.popleft()
            if len(self._recent) >= self.plan.limit:
                status = 429
            elif mesh_id == f"mesh-{self.plan.denied}":
                status = 403
            else:
                status = 503 if random.random() < self.plan.failing else 200
            self._recent.append(now)
            self.requests.append((now, status))
            return status

    def listing(self, mesh_id: str) -> bytes:
        """Return the body of GetAllReleases."""
        with self.lock:
            phases = {
                uid: changes[-1][1] for uid, changes in self.changes.items() if uid.startswith(f"{mesh_id}-release-")
            }
        items = [_release(mesh_id, uid, phase) for uid, phase in phases.items()]
        return json.dumps({"kind": "ReleaseList", "apiVersion": "asm/v2", "items": items}).encode()

    def most_requests(self) -> int:
        """Return the largest number of requests within one window."""
        times = [at for at, _status in self.requests]
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
    """The meshes on loopback; their releases change at random moments, each once in a period."""

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
        self._server.shutdown()

    def stop_changes(self) -> None:
        """Let the releases rest, so that the source can catch up."""
        self._stopped.set()

    def _change(self) -> None:
        plan = self.ledger.plan
        uids = list(self.ledger.changes)
        random.shuffle(uids)
        # The first lists are the baseline.
        if self._stopped.wait(plan.period / 2):
            return
        while True:
            for uid in uids:
                if self._stopped.wait(plan.period / len(uids)):
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


def account(ledger: Ledger, events: list[dict[str, Any]]) -> Account:
    """Return what the events say beside the ledger."""
    found: dict[tuple[str, str], float] = {}
    content: dict[str, tuple[Any, ...]] = {}
    repeated = ambiguous = 0
    for event in events:
        what = tuple(event.get(key) for key in ("mesh_id", "kind", "uid", "phase", "ready"))
        repeated += event["id"] in content
        ambiguous += content.setdefault(event["id"], what) != what
        if event["kind"] == "phase":
            found.setdefault((event["uid"], event["phase"]), event["received"])
    wanted = {
        (uid, phase): at
        for uid, changes in ledger.changes.items()
        if not uid.startswith(f"mesh-{ledger.plan.denied}-release-")
        for at, phase in changes[1:]
    }
    return Account(
        changes=len(wanted),
        missing=len(wanted.keys() - found.keys()),
        repeated=repeated,
        ambiguous=ambiguous,
        latencies=tuple(found[each] - at for each, at in wanted.items() if each in found),
        unavailable=tuple(event["mesh_id"] for event in events if event["kind"] == "unavailable"),
    )


def received(path: Path) -> list[dict[str, Any]]:
    """Return the events in a file; the last line may be cut off."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


async def _watch(args: dict[str, Any], path: Path) -> None:
    from ansible_collections.huaweicloud.asm.extensions.eda.plugins.event_source import asm_release  # noqa: PLC0415

    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
    source = asyncio.ensure_future(asm_release.main(queue, args))
    with path.open("a", encoding="utf-8") as file:
        while True:
            event = asyncio.ensure_future(queue.get())
            await asyncio.wait({event, source}, return_when=asyncio.FIRST_COMPLETED)
            if source.done():
                source.result()
            file.write(json.dumps({**event.result(), "received": time.time()}) + "\n")
            file.flush()


def main(arguments: list[str]) -> None:
    """Watch until the process is ended."""
    url, path, options = arguments
    asyncio.run(_watch({"endpoint": url, "token": TOKEN, **json.loads(options)}, Path(path)))


if __name__ == "__main__":
    main(sys.argv[1:])
