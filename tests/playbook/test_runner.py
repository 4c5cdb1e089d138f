# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gate on an execution node: through ansible-runner, as AWX runs it over its mesh.

Both nodes are this machine; they share the pipe only.
"""

from __future__ import annotations

import json
import math
import re
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.harness import until
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CREATING,
    MODULE,
    WAITING,
    gate,
    play,
    release,
    scenario,
    target,
)
from ansible_collections.huaweicloud.asm.tests.playbook.runner import JOB, PROCESS, Runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.runner import Job
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

RELEASE = "reviews-canary"
KEYS_OF_A_RESULT = {"msg", "found", "release", "phase", "workloads", "request_id", "gate"}
KEY = {"access_key": "INVENTEDKEYOFAJOB", "secret_key": "invented-secret-key-of-a-job"}

NEITHER_RUNNER_NOR_GATE_IS_LEFT_AFTER = 60.0
"""Seconds after runner must notice that the job has ended: a tenth of the gate's timeout."""


@pytest.fixture
def runner(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Runner:
    """ansible-runner with the installed collection in its project."""
    return Runner(tmp_path_factory.mktemp("runner"), installed_collection)


@pytest.fixture
def another_runner(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Runner:
    """ansible-runner once more, in folders of its own."""
    return Runner(tmp_path_factory.mktemp("runner"), installed_collection)


def gated(options: dict[str, Any], **keywords: Any) -> str:
    """Return a playbook with a gate, with these keywords of the task, and a deployment behind it."""
    deploy = {"name": "deploy", "ansible.builtin.debug": {"msg": "the deployment"}}
    return play({"name": "gate", MODULE: options, **keywords}, deploy, hosts="localhost")


def without_seconds(lines: list[str]) -> list[str]:
    return [re.sub(r"\b\d+ s\b", "N s", line.strip()) for line in lines]


def tasks(job: Job) -> list[str]:
    """Return the tasks that began."""
    return [event["event_data"]["task"] for event in job.events if event["event"] == "playbook_on_task_start"]


def test_progress_arrives_while_the_gate_waits(runner: Runner, simulate: Callable[..., Running]) -> None:
    simulator = simulate(scenario(release(RELEASE, CREATING)))

    with runner.started(gated(gate(simulator, RELEASE, wait_timeout=120))) as job:
        until(lambda: bool(job.progress), "the first line of progress on the processing side")
        tasks_before = tasks(job)
        simulator.change(RELEASE, phase="Running")
        job.wait_for_end()

    assert tasks_before == ["gate"]
    assert tasks(job) == ["gate", "deploy"]
    assert job.status == ("successful", 0), job.output
    assert without_seconds(job.progress) == [
        f"release_gate: {RELEASE} (bookinfo) Creating, 3/3 ready; waiting for Running; next poll in N s",
        f"release_gate: {RELEASE} (bookinfo) Creating → Running, 3/3 ready; reached after N s",
    ]
    result = result_of(job)
    assert set(result) >= KEYS_OF_A_RESULT
    assert (result["gate"]["outcome"], result["phase"]) == ("reached", "Running")
    assert [change["phase"] for change in result["gate"]["timeline"]] == ["Creating", "Running"]


@pytest.mark.parametrize(
    ("given", "options", "written_by_runner"),
    [
        pytest.param(
            {"environment": {"HUAWEICLOUD_SDK_AK": KEY["access_key"], "HUAWEICLOUD_SDK_SK": KEY["secret_key"]}},
            {},
            # Runner itself writes the environment of each job there. AWX strikes out what its credentials have put in.
            {f"artifacts/{JOB}/command"},
            id="environment",
        ),
        pytest.param({"extra_vars": KEY}, {name: f"{{{{ {name} }}}}" for name in KEY}, set(), id="extra-vars"),
    ],
)
@pytest.mark.slow
def test_no_secret_comes_back_but_in_files_of_runner(
    runner: Runner,
    simulate: Callable[..., Running],
    given: dict[str, Any],
    options: dict[str, str],
    written_by_runner: set[str],
) -> None:
    # From the second request on the service refuses, and repeats the credential that it was sent.
    echo = {"fault": "answer", "status": 403, "echo_credential": True, "body": "asm", "requests": ["2-"]}
    simulator = simulate(scenario(release(RELEASE, CREATING), credentials={"keys": [KEY]}, faults=[echo]))

    with runner.started(
        gated({**target(simulator, RELEASE), **WAITING, **options}), arguments=["-vvv"], **given
    ) as job:
        job.wait_for_end()

    result = job.event("runner_on_failed")["res"]
    assert "********" in result["error"]["message"], result
    assert job.progress
    came_back = runner.directory / PROCESS
    texts = {
        str(path.relative_to(came_back)): path.read_text(encoding="utf-8")
        for path in came_back.rglob("*")
        if path.is_file()
    }
    assert {place for place, text in texts.items() if any(secret in text for secret in KEY.values())} == (
        written_by_runner
    )
    assert not any(secret in job.output for secret in KEY.values())


@pytest.mark.slow
def test_a_job_timeout_ends_the_gate_without_a_verdict(
    runner: Runner, another_runner: Runner, simulate: Callable[..., Running]
) -> None:
    simulator = simulate(scenario(release(RELEASE, CREATING)))
    playbook = gated(gate(simulator, RELEASE, wait_timeout=600))
    # How long a job takes to its second request depends on the machine.
    begin = time.monotonic()
    with another_runner.started(playbook):
        until(lambda: simulator.summary()["requests"] >= 2, "the second request of a job without a bound")
    job_timeout = 2 * math.ceil(time.monotonic() - begin)
    simulator.reset()

    with runner.started(playbook, settings={"job_timeout": job_timeout}) as job:
        until(lambda: simulator.summary()["requests"] >= 2, "the second request")
        job.wait_for_end(job_timeout + NEITHER_RUNNER_NOR_GATE_IS_LEFT_AFTER)

    assert job.status == ("timeout", 254), job.output
    assert_no_verdict(job)


@pytest.mark.slow
def test_a_cancelled_job_ends_the_gate_without_a_verdict(runner: Runner, simulate: Callable[..., Running]) -> None:
    simulator = simulate(scenario(release(RELEASE, CREATING)))

    with runner.started(gated(gate(simulator, RELEASE, wait_timeout=600))) as job:
        until(lambda: simulator.summary()["requests"] >= 2, "the second request")
        job.run.main.send_signal(signal.SIGTERM)
        job.wait_for_end(NEITHER_RUNNER_NOR_GATE_IS_LEFT_AFTER)

    assert job.status == ("canceled", 254), job.output
    assert_no_verdict(job)


def result_of(job: Job) -> dict[str, Any]:
    """Return the result of the gate, whose task has succeeded."""
    events = [event["event_data"] for event in job.events if event["event"] == "runner_on_ok"]
    result: dict[str, Any] = next(data["res"] for data in events if data["task"] == "gate")
    return result


def assert_no_verdict(job: Job) -> None:
    """The progress is all that is left of the gate: runner kills it with SIGKILL."""
    assert job.progress
    assert tasks(job) == ["gate"]
    assert "outcome" not in json.dumps(job.events)
