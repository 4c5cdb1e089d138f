# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays that deploy behind the role `release_gate`, on hosts that no task needs to reach."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.huaweicloud.asm.tests.playbook.plays import MESH_ID, NAMESPACE, TOKEN, inventory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

ROLE = "huaweicloud.asm.release_gate"
HOSTS = ("first", "second", "third")
ALL = frozenset(HOSTS)

Task = dict[str, Any]

INCLUDE: Task = {"ansible.builtin.include_role": {"name": ROLE}}
IMPORT: Task = {"ansible.builtin.import_role": {"name": ROLE}}
DEPLOY: Task = {"name": "deploy", "ansible.builtin.debug": {"msg": "deployed"}}

OF_NOTHING = "{{ of_nothing }}"
UNUSABLE: Mapping[str, Mapping[str, str]] = {
    "plugins": {
        "ansible_connection": "no_such_plugin",
        "ansible_become_method": "no_such_plugin",
        "ansible_shell_executable": "/nowhere/sh",
    },
    "options-of-plugins": {
        "ansible_local_become_success_timeout": OF_NOTHING,
        "ansible_local_become_strip_preamble": OF_NOTHING,
        "ansible_remote_tmp": OF_NOTHING,
        "ansible_system_tmpdirs": OF_NOTHING,
        "ansible_async_dir": OF_NOTHING,
        "ansible_admin_users": OF_NOTHING,
        "ansible_common_remote_group": OF_NOTHING,
        "ansible_shell_allow_world_readable_temp": OF_NOTHING,
    },
}
"""Variables with which no task can use a host: inventories have them for hosts that the controller never reaches."""


def on(release_id: str, **options: Any) -> dict[str, Any]:
    """Return the variables of a gate on one release; the options come without their prefix."""
    return {"release_gate_release_id": release_id, **{f"release_gate_{name}": each for name, each in options.items()}}


def on_each(*release_ids: str, **options: Any) -> dict[str, Any]:
    """Return the variables of a gate on several releases."""
    releases = [{"release_id": release_id} for release_id in release_ids]
    return {"release_gate_releases": releases, **{f"release_gate_{name}": each for name, each in options.items()}}


def gate(variables: Mapping[str, Any], call: Task | None = None, **keywords: Any) -> Task:
    """Return the task that calls the role with the variables."""
    return {**(call or INCLUDE), "vars": dict(variables), **keywords}


def rescued(*tasks: Task, **keywords: Any) -> Task:
    """Return a block that deploys behind the tasks, and goes on after a failure."""
    rescue = {"name": "rescue", "ansible.builtin.debug": {"msg": "{{ [ansible_failed_result, release_gate_result] }}"}}
    return {"block": [*tasks, DEPLOY], "rescue": [rescue], **keywords}


@dataclass(frozen=True)
class Gated:
    """The run of plays behind gates, and what they read."""

    run: Run
    reads: dict[str, int]
    """How often each release was read singly."""
    lists: int
    requests: int

    @property
    def output(self) -> str:
        return self.run.output

    @property
    def deployed(self) -> frozenset[str]:
        return frozenset(self.deployments)

    @property
    def deployments(self) -> list[str]:
        """The hosts that deployed, once for each time."""
        return [entry.host for entry in self.run.results if (entry.task, entry.outcome) == ("deploy", "ok")]

    @property
    def summary(self) -> list[str]:
        """The lines of the summary of the one read."""
        lines: list[str] = self.run.task(f"{ROLE} : Sum up").result["msg"]
        return lines

    def refused(self, host: str = "first") -> list[dict[str, Any]]:
        """Return `release_gate_result` of each time that a host was rescued."""
        return [entry.result["msg"][1] for entry in self.run.results if (entry.task, entry.host) == ("rescue", host)]

    def reasons(self, host: str = "first") -> list[str]:
        """Return the messages with which a host failed."""
        failed = [entry for entry in self.run.results if (entry.outcome, entry.host) == ("failed", host)]
        return [entry.result["msg"] for entry in failed]


def run_plays(
    ansible: Ansible,
    mesh: Running,
    *plays: Mapping[str, Any],
    hosts: Mapping[str, Mapping[str, Any]] | None = None,
    **how: Any,
) -> Gated:
    """Run plays on `HOSTS`; each has the variables that most gates share, and its own."""
    mesh.reset()
    common = {
        "huaweicloud_asm_endpoint": mesh.url,
        "huaweicloud_asm_token": TOKEN,
        "release_gate_mesh_id": MESH_ID,
        "release_gate_namespace": NAMESPACE,
        "release_gate_success_phases": ["Running"],
        "release_gate_failure_phases": ["Failed"],
        "release_gate_wait_sleep": 1,
        "release_gate_wait_timeout": 3,
    }
    whole = [
        {"hosts": ",".join(HOSTS), "gather_facts": False, **play, "vars": {**common, **play.get("vars", {})}}
        for play in plays
    ]
    unreachable = {host: {"ansible_connection": "nowhere"} for host in (*HOSTS, "bastion")}
    every = {
        host: {**unreachable.get(host, {}), **(hosts or {}).get(host, {})} for host in {**unreachable, **(hosts or {})}
    }
    run = ansible.playbook(json.dumps(whole), inventory=inventory(**every), **how)
    summary = mesh.summary()
    return Gated(run, summary["by_release"], summary["by_operation"].get("list", 0), summary["requests"])


def verdict(file: Path) -> dict[str, Any]:
    """Return the content of a verdict file."""
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
