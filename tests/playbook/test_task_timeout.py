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
    MODULE,
    RUNNING,
    gate,
    inventory,
    play,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving

if TYPE_CHECKING:
    from pathlib import Path

JOB = {"jid": "{{ job.ansible_job_id }}"}
POLL = {"register": "status", "until": "status is finished", "delay": 1, "retries": 60}

CUTS = {
    "timeout": (48, "timeout"),
    "configured": (78, "timeout"),
    "job": (58, "async"),
}
"""Of each task the rest of its 600 s, and the keyword that cut them.

The gates must hold for longer than that, so they fail at once, however long the start of a module takes.
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Run:
    with serving(scenario(release("running", RUNNING))) as simulator:

        def task(name: str, **keywords: Any) -> dict[str, Any]:
            options = gate(simulator, "running", wait_timeout=600, stable_for=90)
            return {"name": name, MODULE: options, "ignore_errors": True, **keywords}

        tasks = (
            task("started", poll=0, register="job", **{"async": 60}),
            task("timeout", timeout=50),
            task("configured"),
            {"name": "job", "ansible.builtin.async_status": JOB, "ignore_errors": True, **POLL},
        )
        return Ansible(tmp_path_factory.mktemp("task-timeout"), installed_collection).playbook(
            play(*tasks),
            inventory=inventory(**{path: {"ansible_connection": name} for path, name in CONNECTIONS.items()}),
            environment={"ANSIBLE_TASK_TIMEOUT": "80"},
        )


@pytest.mark.parametrize("name", CUTS)
@pytest.mark.parametrize("path", CONNECTIONS)
def test_the_message_names_the_cut(run: Run, name: str, path: str) -> None:
    result = run.task(name, path).result
    left, keyword = CUTS[name]
    assert "stable_for" in result["msg"]
    assert f"wait_timeout was cut from 600 s to {left} s by the task's {keyword}" in result["msg"]
