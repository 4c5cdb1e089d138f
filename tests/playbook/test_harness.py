# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The harness itself: isolation, results, and the plugins that other tests rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.harness import until

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible


pytestmark = pytest.mark.slow


def play(**task: Any) -> str:
    return json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [{"name": "probe", **task}]}])


def one_host(**variables: Any) -> str:
    return json.dumps({"all": {"hosts": {"probed": variables}}})


def test_no_variable_of_this_machine_reaches_a_playbook(ansible: Ansible, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = {"HUAWEICLOUD_SDK_AK", "HTTPS_PROXY", "REQUESTS_CA_BUNDLE", "ANSIBLE_FORCE_HANDLERS"}
    for name in foreign:
        monkeypatch.setenv(name, "1")

    run = ansible.playbook(play(**{"ansible.builtin.command": "env"}), inventory=one_host(ansible_connection="local"))

    names = {line.partition("=")[0] for line in run.task("probe").result["stdout"].splitlines()}
    assert {"HOME", "PATH", "LANG"} <= names
    assert not names & foreign


@pytest.mark.parametrize(
    ("task", "outcome", "returncode"),
    [
        pytest.param({"ansible.builtin.ping": {}}, "ok", 0, id="ok"),
        pytest.param({"ansible.builtin.fail": {}}, "failed", 2, id="failed"),
        pytest.param({"ansible.builtin.fail": {}, "ignore_errors": True}, "ignored", 0, id="failed-and-ignored"),
        pytest.param({"ansible.builtin.fail": {}, "when": False}, "skipped", 0, id="skipped"),
        pytest.param(
            {"ansible.builtin.ping": {}, "vars": {"ansible_connection": "nowhere"}}, "unreachable", 4, id="nowhere"
        ),
    ],
)
@pytest.mark.parametrize("stdout_callback", ["default", "minimal"])
def test_outcomes_are_recorded_with_every_callback(
    ansible: Ansible, task: dict[str, Any], outcome: str, returncode: int, stdout_callback: str
) -> None:
    run = ansible.playbook(
        play(**task),
        inventory=one_host(ansible_connection="local"),
        environment={"ANSIBLE_STDOUT_CALLBACK": stdout_callback},
    )

    assert (run.task("probe").outcome, run.returncode) == (outcome, returncode), run.output


def test_an_ad_hoc_command_is_recorded_too(ansible: Ansible) -> None:
    run = ansible.adhoc("localhost", "ansible.builtin.debug", {"msg": "seen"})

    assert [(entry.host, entry.result["msg"]) for entry in run.results] == [("localhost", "seen")], run.output


@pytest.mark.parametrize("become", [pytest.param(False, id="plain"), pytest.param(True, id="become")])
def test_a_task_over_the_loopback_shell_runs_as_a_module(ansible: Ansible, become: bool) -> None:
    variables = {"ansible_connection": "loopback_shell", "ansible_become_method": "as_itself"}

    run = ansible.playbook(
        play(**{"ansible.builtin.ping": {"data": "there"}, "become": become}),
        inventory=one_host(**variables),
        arguments=["-vvv"],
    )

    assert run.task("probe").result["ping"] == "there", run.output
    assert "AnsiballZ_ping.py" in run.stdout


def test_a_run_that_takes_too_long_is_killed_with_its_children(ansible: Ansible, tmp_path: Path) -> None:
    started = tmp_path / "started"
    task = {"ansible.builtin.shell": f"echo $$ > {started}; exec sleep 3600"}

    with pytest.raises(AssertionError, match="longer than 10 s"):
        ansible.playbook(play(**task), inventory=one_host(ansible_connection="local"), within=10)

    process = int(started.read_text(encoding="utf-8"))
    until(lambda: not Path(f"/proc/{process}").exists(), "the end of what the module has started")
