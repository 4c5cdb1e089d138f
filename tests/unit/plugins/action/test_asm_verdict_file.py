# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin `asm_verdict_file`: typed options in, a file out."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest
import yaml
from ansible_collections.huaweicloud.asm.plugins.action import asm_verdict_file as plugin
from ansible_collections.huaweicloud.asm.plugins.modules import asm_verdict_file as module

Run = Callable[..., dict[str, Any]]

REACHED = {"msg": "the gate is open", "gate": {"outcome": "reached", "elapsed": 2.5}, "phase": "Running"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return what the action plugin answers to options."""

    def start(dry: bool = False, **options: Any) -> dict[str, Any]:
        task = SimpleNamespace(args=options, check_mode=dry, async_val=0)
        action = plugin.ActionModule(
            task, *[SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))] * 2, None, None, None
        )
        action._loader = SimpleNamespace(get_basedir=lambda: str(tmp_path))
        found: dict[str, Any] = action.run(task_vars={})
        return found

    return start


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be; an older one lies there."""
    path = tmp_path / "verdict.json"
    path.write_text('{"run_id": "older", "outcome": "reached"}', encoding="ascii")
    return path


def said(path: Path) -> dict[str, Any]:
    """Return what the file says."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
    return content


def test_without_a_result_there_is_no_verdict_and_a_fresh_run(run: Run, path: Path) -> None:
    first, second = (run(path=str(path)) for _time in range(2))

    assert (first["changed"], first["path"], first["outcome"]) == (True, str(path), "pending")
    assert uuid.UUID(first["run_id"]) != uuid.UUID(second["run_id"])
    assert (said(path)["run_id"], said(path)["outcome"]) == (second["run_id"], "pending")


def test_a_result_is_the_verdict_of_the_run_that_it_names(run: Run, path: Path) -> None:
    asked = {"mesh_id": "mesh", "namespace": "bookinfo", "release_id": "reviews-canary"}

    answered = run(path=str(path), run_id="run-1", result=REACHED, check_mode="no", **asked)

    content = said(path)
    assert (answered["run_id"], answered["outcome"]) == ("run-1", "reached")
    assert (content["run_id"], content["outcome"], content["message"]) == ("run-1", "reached", "the gate is open")
    assert {key: content[key] for key in asked} == asked
    assert content["check_mode"] is False


def test_a_gate_in_check_mode_is_told_as_such(run: Run, path: Path) -> None:
    run(path=str(path), result=REACHED, check_mode="yes")
    assert said(path)["check_mode"] is True


@pytest.mark.parametrize("result", [None, REACHED], ids=["pending", "reached"])
def test_in_check_mode_of_its_own_task_it_writes_nothing(run: Run, path: Path, result: dict[str, Any] | None) -> None:
    before = path.read_bytes()
    assert run(dry=True, path=str(path), result=result)["changed"] is True
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_written_is_named(run: Run, path: Path) -> None:
    link = path.with_name("link.json")
    link.symlink_to(path)
    before = path.read_bytes()

    answered = run(path=str(link))

    assert answered["failed"] is True
    assert answered["msg"].startswith(f"the verdict file is not written: '{link}' is a symbolic link")
    assert path.read_bytes() == before


def test_what_is_no_verdict_leaves_the_file_as_it_is(run: Run, path: Path) -> None:
    before = path.read_bytes()
    answered = run(path=str(path), result={"skipped": True})
    assert (answered["failed"], "no verdict of a gate" in answered["msg"]) == (True, True)
    assert path.read_bytes() == before


def test_a_relative_path_starts_in_the_folder_of_the_playbook(run: Run, path: Path) -> None:
    assert run(path=path.name)["path"] == str(path)
    assert said(path)["outcome"] == "pending"


@pytest.mark.parametrize("options", [{}, {"path": "verdict.json", "result": 1}, {"path": "verdict.json", "colour": 1}])
def test_wrong_options_write_nothing(run: Run, path: Path, options: dict[str, Any]) -> None:
    before = path.read_bytes()
    assert run(**options)["failed"] is True
    assert path.read_bytes() == before


def test_its_options_are_documented_as_they_are() -> None:
    described = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert {
        name: {key: value for key, value in option.items() if key != "description"}
        for name, option in described.items()
    } == plugin.ARGUMENT_SPEC
