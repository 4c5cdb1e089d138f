# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module on a target with the oldest Python that it promises, while the controller's own is newer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.cases import (
    KEY,
    LOGIN,
    SERVICE,
    USER,
    Table,
    after,
    answer,
    pauses,
    read,
    scenario_of,
    wait,
)
from ansible_collections.huaweicloud.asm.tests.playbook.harness import ROOT, Ansible
from ansible_collections.huaweicloud.asm.tests.playbook.plays import CREATING, RUNNING, TOKEN, inventory, play
from ansible_collections.huaweicloud.asm.tests.playbook.releases import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

OLDEST = "3.9"
# An environment with requests and nothing else. `make slow` creates it.
PYTHON = ROOT / ".cache" / "venv" / f"target-{OLDEST}" / "bin" / "python"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON.exists(),
        reason=f"no target with Python {OLDEST}: run `make .cache/venv/target-{OLDEST}/installed`, which says why",
    ),
]

CASES = (
    read("read", RUNNING, result={"found": True, "phase": "Running", "workloads.gray.0.rolled_out": True}),
    read("read-missing", error="not_found", result={"found": False}),
    read("signed", RUNNING, credentials=KEY),
    read("refused", RUNNING, credentials={**KEY, "secret_key": "another-secret-key"}, error="credentials"),
    read("logged-in", RUNNING, credentials=LOGIN, logins=1),
    wait("reached", CREATING, after(1, RUNNING), outcome="reached", requests=2, due=pauses(1)),
    wait("reached-after-an-error", RUNNING, faults=(answer(503, requests=[1]),), outcome="reached", requests=2,
         due=pauses(1), result={"gate.retries": 1}),
    wait("failed", {"phase": "Failed"}, options={"failure_phases": ["Failed"]}, outcome="failed"),
    wait_for("several", {"first": (RUNNING,), "second": (RUNNING,)}, "reached"),
    read("service", RUNNING, by_service=True, result={"phase": "Running"}),
)  # fmt: skip

SCENARIO = scenario_of(
    CASES,
    credentials={"tokens": [{"token": TOKEN}], "keys": [KEY], "users": [{**USER, "project_id": "0123456789abcdef"}]},
)


def test_the_target_has_the_oldest_python(ansible: Ansible) -> None:
    host = {"ansible_connection": "loopback_shell", "ansible_python_interpreter": str(PYTHON)}

    run = ansible.playbook(
        play({"name": "ask", "ansible.builtin.setup": {"gather_subset": ["!all", "!min", "python"]}}),
        inventory=inventory(old=host),
    )

    version = run.task("ask").result["ansible_facts"]["ansible_python"]["version"]
    assert f"{version['major']}.{version['minor']}" == OLDEST


def test_results_are_the_same_there(
    tmp_path: Path, installed_collection: Path, simulate: Callable[..., Running], subtests: pytest.Subtests
) -> None:
    table = Table(CASES, start=lambda simulate: {SERVICE: simulate(SCENARIO)}, python=str(PYTHON))

    paths = table.travel(tmp_path, installed_collection, simulate)

    table.check(paths, subtests)
