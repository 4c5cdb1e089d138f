# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many gates at once: each reads for itself and no more than needed, and the role reads once for all hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.cases import USER
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CREATING,
    MESH_ID,
    MODULE,
    NAMESPACE,
    RUNNING,
    TOKEN,
    gate,
    inventory,
    play,
    release,
    scenario,
    target,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

HOSTS = [f"gate-{number:02}" for number in range(1, 51)]
"""Each has a release of its own name."""

LOCAL = {"ansible_connection": "local"}
ALL_AT_ONCE = ["--forks", str(len(HOSTS))]
OPENS = (CREATING, {**RUNNING, "after_reads": 2})
READS = 3
"""That many reads does a gate need on a release that `OPENS`."""

SIDE_BY_SIDE = 4
"""At least so many gates wait at a time, on average: one after the other it would be one."""


def test_items_of_a_loop_share_connection_and_token(ansible: Ansible, simulate: Callable[..., Running]) -> None:
    users = {"users": [{**USER, "project_id": "0123456789abcdef"}]}
    simulator = simulate({**scenario(release("reviews", RUNNING)), "credentials": users})
    options = {**target(simulator, "reviews"), **USER, "iam_endpoint": simulator.url}
    phase = "{{ lookup('huaweicloud.asm.asm_release', 'reviews', **options).phase }}"
    options_of_lookup = {name: value for name, value in options.items() if name != "release_id"}

    run = ansible.playbook(
        play(
            {MODULE: options, "loop": [1, 2, 3]},
            # Each task has a process of its own, and uses nothing of the one before.
            {MODULE: options},
            {"debug": {"msg": phase}, "loop": [1, 2], "vars": {"options": options_of_lookup}},
            hosts="localhost",
        )
    )

    assert run.returncode == 0, run.output
    seen = [(each["service"], each["connection"]) for each in simulator.requests()]
    first, second, third = list(dict.fromkeys(connection for _service, connection in seen))
    assert seen == [
        *[("iam", first), ("asm", first), ("asm", first), ("asm", first)],
        *[("iam", second), ("asm", second)],
        *[("iam", third), ("asm", third), ("asm", third)],
    ]


@pytest.mark.slow
def test_fifty_gates_wait_side_by_side(ansible: Ansible, simulate: Callable[..., Running]) -> None:
    simulator = simulate(scenario(release("gate-{number}", *OPENS, count=len(HOSTS))))

    run = ansible.playbook(
        play({"name": "gate", MODULE: gate(simulator, "{{ inventory_hostname }}", wait_timeout=60)}),
        inventory=inventory(**dict.fromkeys(HOSTS, LOCAL)),
        arguments=ALL_AT_ONCE,
    )

    assert run.returncode == 0, run.output
    assert {entry.host: entry.result["gate"]["outcome"] for entry in run.results} == dict.fromkeys(HOSTS, "reached")
    # Both are measured in this run, so it does not matter how busy the machine is.
    seconds = [each["seconds"] for each in simulator.requests()]
    assert sum(entry.result["gate"]["elapsed"] for entry in run.results) > SIDE_BY_SIDE * (seconds[-1] - seconds[0])
    summary = simulator.summary()
    assert summary["by_release"] == dict.fromkeys(HOSTS, READS)
    assert summary["connections"] == len(HOSTS)


@pytest.mark.parametrize(
    ("asked", "operation"),
    [
        pytest.param({"release_gate_release_id": "reviews-canary"}, "read", id="one-release"),
        pytest.param({"release_gate_service": "reviews"}, "service", id="a-service"),
        pytest.param(
            {"release_gate_releases": [{"release_id": "reviews-canary"}, {"release_id": "ratings-canary"}]},
            "list",
            id="two-releases",
        ),
    ],
)
@pytest.mark.slow
def test_the_role_reads_once_a_poll_for_fifty_hosts(
    ansible: Ansible, simulate: Callable[..., Running], asked: dict[str, Any], operation: str
) -> None:
    simulator = simulate(
        scenario(release("reviews-canary", *OPENS), release("ratings-canary", *OPENS, service="ratings"))
    )
    variables = {
        **asked,
        "huaweicloud_asm_endpoint": simulator.url,
        "huaweicloud_asm_token": TOKEN,
        "release_gate_mesh_id": MESH_ID,
        "release_gate_namespace": NAMESPACE,
        "release_gate_success_phases": ["Running"],
        "release_gate_wait_sleep": 1,
        "release_gate_wait_timeout": 30,
    }

    run = ansible.playbook(
        play(
            {"ansible.builtin.include_role": {"name": "huaweicloud.asm.release_gate"}},
            {"name": "deploy", "ansible.builtin.debug": {"msg": "deployed"}},
        ),
        inventory=inventory(**dict.fromkeys(HOSTS, LOCAL)),
        extra_vars=variables,
        arguments=ALL_AT_ONCE,
    )

    assert run.returncode == 0, run.output
    assert {entry.host for entry in run.results if entry.task == "deploy"} == set(HOSTS)
    assert simulator.summary()["by_operation"] == {operation: READS}
