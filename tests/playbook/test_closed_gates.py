# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates that users build from the module and the test plugins must stay closed when they should.

Phases are illustrations: the service publishes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    CREATING,
    MODULE,
    RUNNING,
    TOKEN,
    inventory,
    play,
    reading,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.playbook.plays import gate as waiting
from ansible_collections.huaweicloud.asm.tests.simulator.deployments import ENVIRONMENT_SECRET
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

OPENS, FAILS, PENDING = "opens-canary", "fails-canary", "pending-canary"
DEPLOY = {"name": "deploy", "ansible.builtin.debug": {"msg": "deployed"}}
VERDICTS = pytest.mark.parametrize(
    ("release_id", "deployed"), [pytest.param(OPENS, True, id="opens"), pytest.param(FAILS, False, id="fails")]
)
PATHS = pytest.mark.parametrize("path", CONNECTIONS)


@pytest.fixture(scope="module")
def whole_mesh() -> Iterator[Running]:
    releases = (release(OPENS, RUNNING), release(FAILS, {"phase": "Failed"}), release(PENDING, CREATING))
    with serving(scenario(*releases)) as simulator:
        yield simulator


@pytest.fixture
def mesh(whole_mesh: Running) -> Running:
    """A mesh with a release that runs, one that has failed, and one that never gets any further; none read yet."""
    whole_mesh.reset()
    return whole_mesh


@pytest.fixture
def jobs(tmp_path: Path) -> dict[str, str]:
    """Environment of a run whose tasks have `async`: on the local connection, Ansible uses two different homes of the
    user, that of the password database and that of the environment."""
    return {"ANSIBLE_ASYNC_DIR": str(tmp_path / "jobs")}


def host(path: str) -> str:
    """Return an inventory of one host, on which tasks take the path."""
    return inventory(only={"ansible_connection": CONNECTIONS[path]})


def waits(simulator: Running, release_id: str, **options: Any) -> dict[str, Any]:
    """Return a task with a gate."""
    asked = waiting(simulator, release_id, failure_phases=["Failed"], **options)
    return {"name": "gate", MODULE: asked}


@pytest.mark.parametrize(
    ("keywords", "path"),
    [
        pytest.param({"timeout": 4}, "module", id="timeout"),
        pytest.param({"async": 4, "poll": 1}, "controller", id="async"),
    ],
)
def test_a_task_with_a_limit_stays_closed_and_no_process_reads_on(
    ansible: Ansible, mesh: Running, jobs: dict[str, str], keywords: dict[str, Any], path: str
) -> None:
    with ansible.started(
        play({**waits(mesh, PENDING), **keywords}, DEPLOY), inventory=host(path), environment=jobs
    ) as run:
        # Its module, too, which may outlive the playbook: it begins its last read before the 4 s are over.
        run.wait_for_end()

    assert [(entry.task, entry.outcome) for entry in run.results] == [("gate", "failed")]
    assert mesh.summary()["by_release"].get(PENDING, 0) <= 3


@pytest.mark.parametrize(
    "keywords",
    [
        pytest.param({"async": 10, "poll": 1}, id="async"),
        pytest.param({"register": "gate", "until": "gate.phase == 'Running'", "retries": 1}, id="until"),
    ],
)
def test_a_host_that_cannot_be_reached_is_unreachable(
    ansible: Ansible, mesh: Running, jobs: dict[str, str], keywords: dict[str, Any]
) -> None:
    unreachable = {**waits(mesh, OPENS), "vars": {"ansible_connection": "nowhere"}, **keywords}

    run = ansible.playbook(play(unreachable, DEPLOY), inventory=host("module"), environment=jobs)

    assert [(entry.task, entry.outcome) for entry in run.results] == [("gate", "unreachable")], run.output
    assert "this host is never reached" in run.output


@VERDICTS
def test_the_exit_code_of_an_ad_hoc_command_is_the_verdict(
    ansible: Ansible, mesh: Running, release_id: str, deployed: bool
) -> None:
    asked = waiting(mesh, release_id, failure_phases=["Failed"])

    run = ansible.adhoc("localhost", MODULE, asked)

    assert (run.returncode == 0) == deployed, run.output
    assert f'"outcome": "{"reached" if deployed else "failed"}"' in run.stdout
    assert TOKEN not in run.output
    assert ENVIRONMENT_SECRET not in run.output


def keywords_case(**keywords: Any) -> Callable[[Running], dict[str, Any]]:
    """Return a case: a gate whose task has these keywords."""
    return lambda mesh: {**waits(mesh, OPENS), **keywords}


def options_case(**options: Any) -> Callable[[Running], dict[str, Any]]:
    """Return a case: a gate with these options, which fails before the first answer."""
    return lambda mesh: {**waits(mesh, OPENS, **options), "ignore_errors": True}


def read_case(release_id: str) -> Callable[[Running], dict[str, Any]]:
    """Return a case: a read of a release."""
    return lambda mesh: {MODULE: reading(mesh, release_id)}


RAISES = ["ignored"] * 2

RESULTS = {
    "skipped": (keywords_case(when=False), RAISES),
    "async-not-finished": (keywords_case(**{"async": 10, "poll": 0}), RAISES),
    "looped": (keywords_case(loop=[1, 2]), RAISES),
    "looped-over-nothing": (keywords_case(loop=[]), RAISES),
    "unreachable": (keywords_case(vars={"ansible_connection": "nowhere"}, ignore_unreachable=True), RAISES),
    "undefined": (keywords_case(register="another"), RAISES),
    "credentials": (options_case(token="wrong"), RAISES),
    "usage": (options_case(wait_sleep=0), RAISES),
    "wrong-type": (options_case(wait_sleep="soon"), RAISES),
    "opens": (read_case(OPENS), ["ok", "skipped", "ok", "ok"]),
    "fails": (read_case(FAILS), ["skipped", "skipped", "skipped", "ok"]),
}
"""A task, and the outcomes of deployments under `CONDITIONS` on its result: the first two, if each of them raises."""

CONDITIONS = (
    "is huaweicloud.asm.in_phase('Running')",
    "is not huaweicloud.asm.ready",
    "is not huaweicloud.asm.in_phase('Failed')",
    "is huaweicloud.asm.ready",
)
"""`in_phase` and `ready`, plain and negated, as the `when` of a deployment."""


def deployments(name: str, mesh: Running) -> list[dict[str, Any]]:
    """Return the task of one of `RESULTS`, and a deployment under each condition on it."""
    variable = "result_of_" + name.replace("-", "_")
    before = {"register": variable, **RESULTS[name][0](mesh), "name": name}
    return [
        before,
        *(
            {
                **DEPLOY,
                "name": f"deploy after {name} {number}",
                "when": f"{variable} {condition}",
                "ignore_errors": True,
            }
            for number, condition in enumerate(CONDITIONS[: len(RESULTS[name][1])])
        ),
    ]


def test_test_plugins_raise_unless_the_result_is_of_a_read(
    ansible: Ansible, mesh: Running, subtests: pytest.Subtests
) -> None:
    tasks = [task for name in RESULTS for task in deployments(name, mesh)]

    run = ansible.playbook(play(*tasks, strategy="free"), inventory=host("controller"))

    for name, (_task, outcomes) in RESULTS.items():
        with subtests.test(name):
            found = [run.task(f"deploy after {name} {number}").outcome for number in range(len(outcomes))]
            assert found == outcomes, run.output
