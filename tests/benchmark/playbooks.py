# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contenders: the same read, and the same gate, written as tasks in the ways that a playbook could."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MESH = "benchmark-mesh"
NAMESPACE = "bookinfo"
TOKEN = "invented-token-for-the-benchmark"
RUNNING = "release-that-runs"
WAITING, READY = "Creating", "Running"
"""Illustrations: the service publishes no names of phases."""

MOST_OF_A_KIND = 500
"""So many releases can have the same entry in a scenario of the simulator."""

REQUEST_TIMEOUT = 120
"""Seconds, enough for a list of thousands of releases on a busy machine."""

Task = dict[str, Any]
Step = dict[str, Any]
"""A task of a playbook, and a step of a release in a scenario of the simulator."""


def play(*tasks: Task, hosts: str = "localhost", **keywords: Any) -> list[dict[str, Any]]:
    """Return a playbook of one play."""
    return [{"hosts": hosts, "gather_facts": False, "tasks": list(tasks), **keywords}]


def rulebook(
    options: Mapping[str, Any],
    condition: str = "event.id is defined",
    action: Mapping[str, Any] = MappingProxyType({"print_event": {}}),
    source: str = "huaweicloud.asm.asm_release",
) -> list[dict[str, Any]]:
    """Return a rulebook with one source and one rule.

    Args:
        options: of the source.
    """
    rules = [{"name": "An event", "condition": condition, "action": dict(action)}]
    return [{"name": "Watch", "hosts": "all", "sources": [{source: dict(options)}], "rules": rules}]


def scenario(**releases: list[Step]) -> dict[str, Any]:
    """Return a scenario for the simulator: releases by id with their steps, and one that runs."""
    steps: dict[str, list[Step]] = {RUNNING: [{"phase": READY}], **releases}
    return {
        "credentials": {"tokens": [{"token": TOKEN}]},
        "releases": [
            {"id": release_id, "mesh_id": MESH, "namespace": NAMESPACE, "steps": of_release}
            for release_id, of_release in steps.items()
        ],
    }


def meshes(counts: Sequence[int], polls: int) -> dict[str, Any]:
    """Return a scenario with a mesh of each size, whose releases run from a poll on."""
    steps = [{"phase": WAITING}, {"phase": READY, "after_reads": polls - 1}] if polls > 1 else [{"phase": READY}]
    return {
        "credentials": {"tokens": [{"token": TOKEN}]},
        "releases": [
            {
                "id": f"release-{first}-{{number}}",
                "mesh_id": mesh_of(count),
                "namespace": NAMESPACE,
                "count": min(count - first, MOST_OF_A_KIND),
                "steps": steps,
            }
            for count in counts
            for first in range(0, count, MOST_OF_A_KIND)
        ],
    }


def ids_of(releases: int) -> list[str]:
    """Return the ids of the releases of a mesh of this size, as the simulator numbers them."""
    sizes = {first: min(releases - first, MOST_OF_A_KIND) for first in range(0, releases, MOST_OF_A_KIND)}
    return [
        f"release-{first}-{number:0{len(str(size))}}" for first, size in sizes.items() for number in range(1, size + 1)
    ]


def mesh_of(releases: int) -> str:
    """Return the mesh that has so many releases."""
    return f"mesh-of-{releases}"


def several(url: str, mesh_id: str, **options: Any) -> Task:
    """Return a task that reads several releases of a mesh, or all of them."""
    return {"huaweicloud.asm.asm_release_info": {"endpoint": url, "token": TOKEN, "mesh_id": mesh_id, **options}}


def _options(url: str, release_id: str) -> dict[str, Any]:
    return {
        "endpoint": url,
        "token": TOKEN,
        "mesh_id": MESH,
        "namespace": NAMESPACE,
        "release_id": release_id,
    }


def controller(url: str, release_id: str = RUNNING, **gate: Any) -> Task:
    """Return a task that the action plugin answers in the controller."""
    return {"huaweicloud.asm.asm_release_info": {**_options(url, release_id), **gate}}


def module(url: str) -> Task:
    """Return the same task with an `environment`, so that it runs as a module."""
    return {**controller(url), "environment": {"BENCHMARK": "module"}}


def lookup(url: str) -> Task:
    """Return a task that does nothing but look up the phase."""
    return {
        "ansible.builtin.debug": {"msg": "{{ lookup('huaweicloud.asm.asm_release', release_id, **options).phase }}"},
        "vars": {
            "release_id": RUNNING,
            "options": {name: value for name, value in _options(url, RUNNING).items() if name != "release_id"},
        },
    }


def uri(url: str, release_id: str = RUNNING) -> Task:
    """Return the read by `ansible.builtin.uri`, which decodes the JSON."""
    path = f"/v2/meshes/{MESH}/namespaces/{NAMESPACE}/releases/{release_id}"
    return {"ansible.builtin.uri": {"url": url + path, "headers": {"X-Auth-Token": TOKEN}}}


def uri_gate(url: str, release_id: str, reads: int, wait_sleep: int) -> Task:
    """Return the gate by `uri` with `until`."""
    condition = f"read.json.status.phase == '{READY}'"
    return {**uri(url, release_id), "register": "read", "until": condition, "retries": reads, "delay": wait_sleep}


def debug(_url: str) -> Task:
    """Return the task that does least: the floor."""
    return {"ansible.builtin.debug": {"msg": "nothing"}}


def pause(seconds: int) -> Task:
    """Return a task that waits, as it is named by what it does."""
    return {"name": "pause", "ansible.builtin.pause": {"seconds": seconds}}


READS: dict[str, Callable[[str], Task]] = {
    "debug": debug,
    "lookup": lookup,
    "controller": controller,
    "later lookup": lookup,
    "uri": uri,
    "module": module,
}
"""How each contender reads, by name, in the order in which a play has them: the floor first, and a lookup before and
after the action plugin, for which Ansible imports in the controller what a lookup has to import in each worker."""

LIGHT = ("debug", "controller", "lookup", "later lookup")
"""Those that are fast enough to be measured more often."""

CONTENDERS = {
    "debug": "ansible.builtin.debug; Ansible's own cost of a task",
    "lookup": "a debug task with the lookup asm_release in it",
    "controller": "asm_release_info on localhost, which runs in the controller",
    "later lookup": "the same lookup after a task asm_release_info of the play",
    "uri": "ansible.builtin.uri, with until where it waits",
    "module": "asm_release_info as a module, as on another host or with become",
}
"""What the contenders are, by name."""
