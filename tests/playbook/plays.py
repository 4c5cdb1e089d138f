# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that scenarios and playbooks of these tests are made of. Phases, names and credentials are invented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

MODULE = "huaweicloud.asm.asm_release_info"
MESH_ID = "invented-mesh"
NAMESPACE = "bookinfo"
TOKEN = "invented-token-of-the-playbooks"

CONNECTIONS = {"controller": "local", "module": "loopback_shell"}
"""The two paths, and the connection on which a task takes each of them."""

CREATING = {"phase": "Creating"}
RUNNING = {"phase": "Running"}

WAITING = {"wait": True, "success_phases": ["Running"], "wait_sleep": 1, "wait_timeout": 30}


def release(release_id: str, *steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a release of a scenario."""
    return {"id": release_id, "mesh_id": MESH_ID, "namespace": NAMESPACE, "steps": steps, **fields}


def scenario(*releases: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a scenario that lets `TOKEN` in."""
    return {"credentials": {"tokens": [{"token": TOKEN, "name": "token"}]}, "releases": releases, **more}


def target(simulator: Running, release_id: str) -> dict[str, Any]:
    """Return the options that name a release and where it is, without credentials."""
    return {"endpoint": simulator.url, "mesh_id": MESH_ID, "namespace": NAMESPACE, "release_id": release_id}


def reading(simulator: Running, release_id: str, **options: Any) -> dict[str, Any]:
    """Return the options of a read with `TOKEN`."""
    return {**target(simulator, release_id), "token": TOKEN, **options}


def gate(simulator: Running, release_id: str, **options: Any) -> dict[str, Any]:
    """Return the options of a gate that opens at `Running` and polls every second for half a minute at most."""
    return {**reading(simulator, release_id), **WAITING, **options}


def reading_mesh(simulator: Running, **options: Any) -> dict[str, Any]:
    """Return the options of a read of the whole mesh with `TOKEN`."""
    return {"endpoint": simulator.url, "mesh_id": MESH_ID, "token": TOKEN, **options}


def reading_releases(simulator: Running, *release_ids: str, **options: Any) -> dict[str, Any]:
    """Return the options of a read of several releases with `TOKEN`, whose single reads need not be far apart."""
    entries = [{"release_id": each} for each in release_ids]
    return reading_mesh(
        simulator, **{"namespace": NAMESPACE, "releases": entries, "requests_per_minute": 600, **options}
    )


def gate_on_releases(simulator: Running, *release_ids: str, **options: Any) -> dict[str, Any]:
    """Return the options of a gate on several releases, as `gate` does for one."""
    return {**reading_releases(simulator, *release_ids), **WAITING, **options}


def play(*tasks: dict[str, Any], **keywords: Any) -> str:
    """Return a playbook of one play on all hosts (JSON is YAML)."""
    return json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks, **keywords}])


def inventory(**hosts: dict[str, Any]) -> str:
    """Return an inventory: names of hosts, with their variables."""
    return json.dumps({"all": {"hosts": hosts}})
