# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Poll all releases of a mesh, read or watch them, or only parse the list; print the cost as JSON.

``polls gate|task|source|bare URL MESH RELEASES POLLS``. The requests are true; the pauses are scripted.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.watcher import Host, watch
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import SOURCE_OPTIONS, argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import run
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime, TaskContext

from . import playbooks
from .endurance import DAY, Clock
from .processes import peak

if TYPE_CHECKING:
    from collections.abc import Callable


def poll_gate(url: str, mesh: str, releases: int, polls: int) -> None:
    """Hold a gate on all releases of the mesh until it opens."""
    clock = Clock()
    runtime = Runtime({}, monotonic=clock.monotonic, sleep=clock.sleep, jitter=lambda: 1.0)
    (parameters,) = playbooks.several(
        url,
        mesh,
        namespace=playbooks.NAMESPACE,
        releases=[{"release_id": release_id} for release_id in playbooks.ids_of(releases)],
        wait=True,
        ready=True,
        success_phases=[playbooks.READY],
        wait_timeout=DAY,
        request_timeout=playbooks.REQUEST_TIMEOUT,
    ).values()
    result = run(parameters, TaskContext(), runtime).result
    if (result["gate"]["outcome"], result["gate"]["requests"]) != ("reached", polls):
        raise RuntimeError(f"not {polls} polls: {result['msg']}")


def read_task(url: str, mesh: str, releases: int, polls: int) -> None:
    """Read all releases of the mesh, as a task in the controller does."""
    (parameters,) = playbooks.several(url, mesh, request_timeout=playbooks.REQUEST_TIMEOUT).values()
    for _index in range(polls):
        count = len(run(parameters, TaskContext(), Runtime({})).result["releases"])
        if count != releases:
            raise RuntimeError(f"{count} releases are in the result, not {releases}")


def _log(line: str) -> None:
    """Write a line of the event source where it is not taken for the cost."""
    print(line, file=sys.stderr)


def poll_source(url: str, mesh: str, releases: int, polls: int) -> None:  # noqa: ARG001
    """Watch all releases of the mesh, each with a gate of its own, until all have reached it."""
    clock, reached = Clock(), set()

    def deliver(event: dict[str, Any]) -> bool:
        if event["kind"] == "reached":
            reached.add(event["uid"])
        return True

    runtime = Runtime(
        {}, clock.monotonic, clock.sleep, jitter=lambda: 1.0, is_cancelled=lambda: len(reached) == releases
    )
    with tempfile.TemporaryDirectory() as folder:
        parameters = {
            **{name: argument.get("default") for name, argument in argument_spec(SOURCE_OPTIONS).items()},
            "endpoint": url,
            "token": playbooks.TOKEN,
            "mesh_id": [mesh],
            "ready": True,
            "success_phases": [playbooks.READY],
            "wait_timeout": DAY,
            "request_timeout": playbooks.REQUEST_TIMEOUT,
            "state_file": str(Path(folder) / "state.json"),
        }
        problem = watch(parameters, runtime, Host(deliver, _log, _log))
    if len(reached) != releases:
        raise RuntimeError(f"{len(reached)} of {releases} releases have reached their gates: {problem}")


def poll_bare(url: str, mesh: str, releases: int, polls: int) -> None:
    """Read and parse the list, and do nothing with it."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Auth-Token"] = playbooks.TOKEN
        for _index in range(polls):
            count = _bare_count(session, f"{url}/v2/meshes/{mesh}/releases")
            if count != releases:
                raise RuntimeError(f"{count} releases are listed, not {releases}")


def _bare_count(session: requests.Session, url: str) -> int:
    """Return the number of releases; a function of its own, so that nothing of a list is left at the next one."""
    return len(json.loads(session.get(url, timeout=playbooks.REQUEST_TIMEOUT).content)["items"])


WAYS: dict[str, Callable[[str, str, int, int], None]] = {
    "gate": poll_gate,
    "task": read_task,
    "source": poll_source,
    "bare": poll_bare,
}


def main(way: str, url: str, mesh: str, releases: int, polls: int) -> None:
    """Poll; the CPU seconds are those of a poll in the mean, the bytes what the polls took above the start."""
    rest, began = peak(), time.process_time()
    WAYS[way](url, mesh, releases, polls)
    json.dump({"cpu": (time.process_time() - began) / polls, "memory": peak() - rest}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
