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


def test_a_run_that_takes_too_long_is_killed_with_its_children(ansible: Ansible, tmp_path: Path) -> None:
    started = tmp_path / "started"
    task = {"ansible.builtin.shell": f"echo $$ > {started}; exec sleep 3600"}

    with pytest.raises(AssertionError, match="longer than 10 s"):
        ansible.playbook(play(**task), inventory=one_host(ansible_connection="local"), within=10)

    process = int(started.read_text(encoding="utf-8"))
    until(lambda: not Path(f"/proc/{process}").exists(), "the end of what the module has started")
