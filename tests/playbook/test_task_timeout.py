# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The message of a gate names the keyword of the task that cut it, on both paths and as an async job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    CREATING,
    MODULE,
    RUNNING,
    gate,
    inventory,
    play,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.simulator.process import running

if TYPE_CHECKING:
    from pathlib import Path

JOB = {"jid": "{{ job.ansible_job_id }}"}
POLL = {"register": "status", "until": "status is finished", "delay": 1, "retries": 30}

CUTS = {
    "timeout": ("Creating", 4, "timeout"),
    "stable": ("stable_for", 18, "timeout"),
    "configured": ("stable_for", 28, "timeout"),
    "job": ("Creating", 10, "async"),
}
"""Of each task a word of its message, the rest of its 600 s, and the keyword that cut them."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Run:
    with running(scenario(release("creating", CREATING), release("running", RUNNING))) as simulator:

        def task(name: str, release_id: str, **keywords: Any) -> dict[str, Any]:
            conditions = {"stable_for": 60} if name in ("stable", "configured") else {}
            options = gate(simulator, release_id, wait_timeout=600, **conditions)
            return {"name": name, MODULE: options, "ignore_errors": True, **keywords}

        tasks = (
            task("started", "creating", poll=0, register="job", **{"async": 12}),
            # Not on the path of the module, whose start may take longer on a busy machine than what is left.
            task("timeout", "creating", timeout=6, when="inventory_hostname == 'controller'"),
            task("stable", "creating", timeout=20),
            task("configured", "creating"),
            {"name": "job", "ansible.builtin.async_status": JOB, "ignore_errors": True, **POLL},
        )
        return Ansible(tmp_path_factory.mktemp("task-timeout"), installed_collection).playbook(
            play(*tasks),
            inventory=inventory(**{path: {"ansible_connection": name} for path, name in CONNECTIONS.items()}),
            environment={"ANSIBLE_TASK_TIMEOUT": "30"},
        )


@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name in CUTS for path in CONNECTIONS if (name, path) != ("timeout", "module")]
)
def test_the_message_names_the_cut(run: Run, name: str, path: str) -> None:
    result = run.task(name, path).result
    problem, left, keyword = CUTS[name]
    assert problem in result["msg"]
    assert f"wait_timeout was cut from 600 s to {left} s by the task's {keyword}" in result["msg"]
