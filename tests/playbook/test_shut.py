# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates that are built from the module, the lookup and the tests themselves, and must stay shut all the same.

Phases are illustrations: nobody has published what the service says.
"""

from __future__ import annotations

import time
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
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

OPENS, SHUTS, PENDING = "opens-canary", "shuts-canary", "pending-canary"
DEPLOY = {"name": "deploy", "ansible.builtin.debug": {"msg": "deployed"}}
VERDICTS = pytest.mark.parametrize(
    ("release_id", "deployed"), [pytest.param(OPENS, True, id="opens"), pytest.param(SHUTS, False, id="shuts")]
)
PATHS = pytest.mark.parametrize("path", CONNECTIONS)


@pytest.fixture(scope="module")
def whole_mesh() -> Iterator[Running]:
    releases = (release(OPENS, RUNNING), release(SHUTS, {"phase": "Failed"}), release(PENDING, CREATING))
    with serving(scenario(*releases)) as simulator:
        yield simulator


@pytest.fixture
def mesh(whole_mesh: Running) -> Running:
    """A mesh with a release that is there, one that has failed, and one that never gets any further; none read yet."""
    whole_mesh.reset()
    return whole_mesh


@pytest.fixture
def jobs(tmp_path: Path) -> dict[str, str]:
    """Environment of a run whose tasks have `async`: on the local connection, Ansible's two halves take different homes
    for that of the user, the one of the password database and the one of the environment."""
    return {"ANSIBLE_ASYNC_DIR": str(tmp_path / "jobs")}


def host(path: str) -> str:
    """Return an inventory of one host, on which tasks take the path."""
    return inventory(only={"ansible_connection": CONNECTIONS[path]})


def has_deployed(run: Run) -> bool:
    return any((entry.task, entry.outcome) == ("deploy", "ok") for entry in run.results)


def held(simulator: Running, release_id: str, **options: Any) -> dict[str, Any]:
    """Return a task that holds a gate."""
    asked = waiting(simulator, release_id, failure_phases=["Failed"], **options)
    return {"name": "gate", MODULE: asked, "register": "reviews"}


class TestATaskThatEndsBeforeTheGate:
    """`timeout`, and `async` with and without `poll`, each shorter than `wait_timeout`."""

    LIMITS = pytest.mark.parametrize(
        ("keywords", "path"),
        [
            pytest.param({"timeout": 4}, "controller", id="timeout-controller"),
            pytest.param({"timeout": 4}, "module", id="timeout-module"),
            pytest.param({"async": 4, "poll": 1}, "controller", id="async-controller"),
            pytest.param({"async": 4, "poll": 1}, "module", id="async-module"),
        ],
    )

    @LIMITS
    def test_stays_shut_and_nobody_reads_on(
        self, ansible: Ansible, mesh: Running, jobs: dict[str, str], keywords: dict[str, Any], path: str
    ) -> None:
        run = ansible.playbook(
            play({**held(mesh, PENDING), **keywords}, DEPLOY), inventory=host(path), environment=jobs
        )

        assert run.task("gate").outcome == "failed"
        assert not has_deployed(run)
        # A module may still be there: it was told to wait for 2 s, and begins its last read 1 s before they are over.
        time.sleep(2)
        reads = mesh.summary()["by_release"].get(PENDING, 0)
        time.sleep(1.5)
        assert mesh.summary()["by_release"].get(PENDING, 0) == reads <= 3

    def test_has_the_verdict_timeout_with_the_last_state(self, ansible: Ansible, mesh: Running) -> None:
        run = ansible.playbook(play({**held(mesh, PENDING), "timeout": 4}, DEPLOY), inventory=host("controller"))

        result = run.task("gate").result
        assert (result["gate"]["outcome"], result["phase"]) == ("timeout", "Creating"), run.output
        assert result["gate"]["elapsed"] < 4

    @pytest.mark.parametrize("keywords", [{"timeout": 20}, {"async": 20, "poll": 1}], ids=["timeout", "async"])
    @PATHS
    def test_lets_through_what_is_there_in_time(
        self, ansible: Ansible, mesh: Running, jobs: dict[str, str], keywords: dict[str, Any], path: str
    ) -> None:
        run = ansible.playbook(play({**held(mesh, OPENS), **keywords}, DEPLOY), inventory=host(path), environment=jobs)

        assert has_deployed(run), run.output

    @VERDICTS
    def test_is_judged_when_it_is_collected(
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
        start = {**held(mesh, release_id), "async": 20, "poll": 0}

        run = ansible.playbook(play(start, collected, DEPLOY), inventory=host("controller"), environment=jobs)

        assert has_deployed(run) == deployed, run.output
        assert run.task("collect").result["gate"]["outcome"] == ("reached" if deployed else "failed")


class TestCheckMode:
    @PATHS
    @pytest.mark.parametrize(("release_id", "outcome"), [(OPENS, "reached"), (SHUTS, "failed"), (PENDING, "pending")])
    def test_reads_once_and_tells_what_that_would_mean(
        self, ansible: Ansible, mesh: Running, path: str, release_id: str, outcome: str
    ) -> None:
        run = ansible.playbook(play(held(mesh, release_id)), inventory=host(path), arguments=["--check"])

        gate = run.task("gate").result["gate"]
        assert (gate["outcome"], gate["check_mode"], run.returncode) == (outcome, True, 0), run.output
        assert mesh.summary()["by_release"] == {release_id: 1}

    @PATHS
    def test_fails_on_an_error(self, ansible: Ansible, mesh: Running, path: str) -> None:
        run = ansible.playbook(
            play(held(mesh, OPENS, token="wrong"), DEPLOY), inventory=host(path), arguments=["--check"]
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
def test_what_is_printed_holds_no_secret_and_changes_no_verdict(
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
        play({**held(mesh, release_id), **keywords}, DEPLOY),
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


@pytest.mark.parametrize("arguments", [["-o"], ["-vvv"], ["--check"], []], ids=" ".join)
@VERDICTS
def test_an_ad_hoc_command_ends_with_the_verdict(
    ansible: Ansible, mesh: Running, arguments: list[str], release_id: str, deployed: bool
) -> None:
    asked = waiting(mesh, release_id, failure_phases=["Failed"])

    run = ansible.adhoc("localhost", MODULE, asked, arguments=arguments)

    assert (run.returncode == 0) == (deployed or "--check" in arguments), run.output
    assert f'"outcome": "{"reached" if deployed else "failed"}"' in run.stdout
    assert TOKEN not in run.output
    assert ENVIRONMENT_SECRET not in run.output


class TestALookup:
    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"stabel_for": 1}, id="misspelt"),
            pytest.param({"stabel_for": 1, "errors": "ignore"}, id="misspelt-and-errors-ignored"),
            pytest.param({"release_id": OPENS}, id="the-id-as-an-option"),
            pytest.param({"stable_for": 1, "wait": False}, id="no-wait"),
        ],
    )
    def test_with_an_option_that_says_nothing_reads_nothing(
        self, ansible: Ansible, mesh: Running, options: dict[str, Any]
    ) -> None:
        run = ansible.playbook(self._gated(mesh, OPENS, **options), inventory=host("controller"))

        assert not has_deployed(run), run.output
        assert run.returncode != 0
        assert mesh.requests() == []

    @VERDICTS
    def test_that_is_written_well_waits(self, ansible: Ansible, mesh: Running, release_id: str, deployed: bool) -> None:
        run = ansible.playbook(self._gated(mesh, release_id, stable_for=1), inventory=host("controller"))

        assert has_deployed(run) == deployed, run.output

    @staticmethod
    def _gated(mesh: Running, read: str, **options: Any) -> str:
        asked = waiting(mesh, read, failure_phases=["Failed"])
        del asked["release_id"]
        look = f"query('huaweicloud.asm.asm_release', '{read}', **asked)[0].phase == 'Running'"
        return play({**DEPLOY, "when": look}, vars={"asked": {**asked, **options}})


class TestATestOfAResult:
    """`in_phase` and `rolled_out`, plain and negated, as the `when` of a deployment."""

    CONDITIONS = (
        "reviews is huaweicloud.asm.in_phase('Running')",
        "reviews is not huaweicloud.asm.in_phase('Failed')",
        "reviews is huaweicloud.asm.rolled_out",
        "reviews is not huaweicloud.asm.rolled_out",
    )

    def _outcomes(self, ansible: Ansible, *before: dict[str, Any], path: str) -> list[str]:
        """Return what came of a deployment under each of the conditions, after other tasks."""
        deployments = [{**DEPLOY, "when": condition, "ignore_errors": True} for condition in self.CONDITIONS]
        run = ansible.playbook(play(*before, *deployments), inventory=host(path))
        return [entry.outcome for entry in run.results if entry.task == "deploy"]

    @PATHS
    @pytest.mark.parametrize(
        "keywords",
        [
            pytest.param({"when": False}, id="skipped"),
            pytest.param({"async": 10, "poll": 0}, id="async-not-finished"),
            pytest.param({"loop": [1, 2]}, id="looped"),
            pytest.param({"loop": []}, id="looped-over-nothing"),
            pytest.param({"vars": {"ansible_connection": "nowhere"}, "ignore_unreachable": True}, id="unreachable"),
            pytest.param({"register": "another"}, id="undefined"),
        ],
    )
    def test_that_is_none_raises(self, ansible: Ansible, mesh: Running, path: str, keywords: dict[str, Any]) -> None:
        assert self._outcomes(ansible, {**held(mesh, OPENS), **keywords}, path=path) == ["ignored"] * 4

    @PATHS
    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"token": "wrong"}, id="credentials"),
            pytest.param({"wait_sleep": 0}, id="usage"),
            pytest.param({"wait_sleep": "soon"}, id="wrong-type"),
        ],
    )
    def test_of_a_task_that_failed_before_the_first_answer_raises(
        self, ansible: Ansible, mesh: Running, path: str, options: dict[str, Any]
    ) -> None:
        gate = {**held(mesh, OPENS, **options), "ignore_errors": True}

        assert self._outcomes(ansible, gate, path=path) == ["ignored"] * 4

    @PATHS
    @pytest.mark.parametrize(
        ("release_id", "outcomes"),
        [
            pytest.param(OPENS, ["ok", "ok", "ok", "skipped"], id="opens"),
            pytest.param(SHUTS, ["skipped", "skipped", "ok", "skipped"], id="shuts"),
        ],
    )
    def test_of_a_read_answers(
        self, ansible: Ansible, mesh: Running, path: str, release_id: str, outcomes: list[str]
    ) -> None:
        read = {MODULE: reading(mesh, release_id), "register": "reviews"}

        assert self._outcomes(ansible, read, path=path) == outcomes
