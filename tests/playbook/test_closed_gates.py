# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates that users build from the module and the test plugins must stay closed when they should.

Phases are illustrations: the service publishes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.marks import slow_but_for
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

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
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


def has_deployed(run: Run) -> bool:
    return any((entry.task, entry.outcome) == ("deploy", "ok") for entry in run.results)


def waits(simulator: Running, release_id: str, **options: Any) -> dict[str, Any]:
    """Return a task with a gate."""
    asked = waiting(simulator, release_id, failure_phases=["Failed"], **options)
    return {"name": "gate", MODULE: asked}


class TestATaskWithALimit:
    """`timeout`, and `async` with and without `poll`."""

    LIMITS = pytest.mark.parametrize(
        ("keywords", "path"),
        slow_but_for(
            "timeout-module",
            "async-controller",
            of=[
                pytest.param({"timeout": 4}, "controller", id="timeout-controller"),
                pytest.param({"timeout": 4}, "module", id="timeout-module"),
                pytest.param({"async": 4, "poll": 1}, "controller", id="async-controller"),
                pytest.param({"async": 4, "poll": 1}, "module", id="async-module"),
            ],
        ),
    )

    @LIMITS
    def test_stays_closed_and_no_process_reads_on(
        self, ansible: Ansible, mesh: Running, jobs: dict[str, str], keywords: dict[str, Any], path: str
    ) -> None:
        with ansible.started(
            play({**waits(mesh, PENDING), **keywords}, DEPLOY), inventory=host(path), environment=jobs
        ) as run:
            # Its module, too, which may outlive the playbook: it begins its last read before the 4 s are over.
            run.wait_for_end()

        assert [(entry.task, entry.outcome) for entry in run.results] == [("gate", "failed")]
        assert mesh.summary()["by_release"].get(PENDING, 0) <= 3

    @pytest.mark.slow
    def test_has_the_outcome_timeout(self, ansible: Ansible, mesh: Running) -> None:
        run = ansible.playbook(play({**waits(mesh, PENDING), "timeout": 4}, DEPLOY), inventory=host("controller"))

        result = run.task("gate").result
        assert (result["gate"]["outcome"], result["phase"]) == ("timeout", "Creating"), run.output
        assert result["gate"]["elapsed"] < 4

    @pytest.mark.parametrize("keywords", [{"timeout": 20}, {"async": 20, "poll": 1}], ids=["timeout", "async"])
    @PATHS
    @pytest.mark.slow
    def test_opens_in_time(
        self, ansible: Ansible, mesh: Running, jobs: dict[str, str], keywords: dict[str, Any], path: str
    ) -> None:
        run = ansible.playbook(play({**waits(mesh, OPENS), **keywords}, DEPLOY), inventory=host(path), environment=jobs)

        assert has_deployed(run), run.output

    @VERDICTS
    @pytest.mark.slow
    def test_is_collected_with_its_outcome(
        self, ansible: Ansible, mesh: Running, jobs: dict[str, str], release_id: str, deployed: bool
    ) -> None:
        collected = {
            "name": "collect",
            "ansible.builtin.async_status": {"jid": "{{ reviews.ansible_job_id }}"},
            "register": "job",
            "until": "job is finished",
            "retries": 20,
            "delay": 1,
        }
        start = {**waits(mesh, release_id), "async": 20, "poll": 0, "register": "reviews"}

        run = ansible.playbook(play(start, collected, DEPLOY), inventory=host("controller"), environment=jobs)

        assert has_deployed(run) == deployed, run.output
        assert run.task("collect").result["gate"]["outcome"] == ("reached" if deployed else "failed")


@pytest.mark.slow
class TestCheckMode:
    @PATHS
    @pytest.mark.parametrize(("release_id", "outcome"), [(OPENS, "reached"), (FAILS, "failed"), (PENDING, "pending")])
    def test_reads_once_and_reports_what_the_read_means(
        self, ansible: Ansible, mesh: Running, path: str, release_id: str, outcome: str
    ) -> None:
        run = ansible.playbook(play(waits(mesh, release_id)), inventory=host(path), arguments=["--check"])

        gate = run.task("gate").result["gate"]
        assert (gate["outcome"], gate["check_mode"], run.returncode) == (outcome, True, 0), run.output
        assert mesh.summary()["by_release"] == {release_id: 1}

    @PATHS
    def test_fails_on_an_error(self, ansible: Ansible, mesh: Running, path: str) -> None:
        run = ansible.playbook(
            play(waits(mesh, OPENS, token="wrong"), DEPLOY), inventory=host(path), arguments=["--check"]
        )

        assert run.task("gate").result["error"]["kind"] == "credentials"
        assert not has_deployed(run)


@pytest.mark.parametrize(
    ("arguments", "environment", "keywords"),
    [
        pytest.param(["-vvv"], {}, {}, id="vvv"),
        pytest.param([], {"ANSIBLE_STDOUT_CALLBACK": "minimal"}, {}, id="minimal"),
        pytest.param([], {"ANSIBLE_STDOUT_CALLBACK": "oneline"}, {}, id="oneline"),
        pytest.param(["-vvv"], {}, {"no_log": True}, id="no_log"),
    ],
)
@PATHS
@VERDICTS
@pytest.mark.slow
def test_output_has_no_secret_and_changes_no_outcome(
    ansible: Ansible,
    mesh: Running,
    arguments: list[str],
    environment: dict[str, str],
    keywords: dict[str, Any],
    path: str,
    release_id: str,
    deployed: bool,
) -> None:
    run = ansible.playbook(
        play({**waits(mesh, release_id), **keywords}, DEPLOY),
        inventory=host(path),
        arguments=arguments,
        environment=environment,
    )

    assert has_deployed(run) == deployed, run.output
    assert (run.returncode == 0) == deployed
    assert TOKEN not in run.output
    assert ENVIRONMENT_SECRET not in run.output
    if keywords:
        assert "release_gate: " not in run.output


@pytest.mark.parametrize(
    "arguments",
    slow_but_for("plain", of={"plain": [], "-o": ["-o"], "-vvv": ["-vvv"], "--check": ["--check"]}),
)
@VERDICTS
def test_the_exit_code_of_an_ad_hoc_command_is_the_verdict(
    ansible: Ansible, mesh: Running, arguments: list[str], release_id: str, deployed: bool
) -> None:
    asked = waiting(mesh, release_id, failure_phases=["Failed"])

    run = ansible.adhoc("localhost", MODULE, asked, arguments=arguments)

    assert (run.returncode == 0) == (deployed or "--check" in arguments), run.output
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


@pytest.mark.parametrize("path", slow_but_for("controller", of=CONNECTIONS.keys()))
def test_test_plugins_raise_unless_the_result_is_of_a_read(
    ansible: Ansible, mesh: Running, subtests: pytest.Subtests, path: str
) -> None:
    tasks = [task for name in RESULTS for task in deployments(name, mesh)]

    run = ansible.playbook(play(*tasks, strategy="free"), inventory=host(path))

    for name, (_task, outcomes) in RESULTS.items():
        with subtests.test(name):
            found = [run.task(f"deploy after {name} {number}").outcome for number in range(len(outcomes))]
            assert found == outcomes, run.output
