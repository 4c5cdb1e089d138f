# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `asm_verdict_file`: typed options in, a file out."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.huaweicloud.asm.plugins.modules import asm_verdict_file as module

Run = Callable[..., dict[str, Any]]

REACHED = {"msg": "the gate is open", "gate": {"outcome": "reached", "elapsed": 2.5}, "phase": "Running"}


class EndedError(Exception):
    """The module has ended, with these values."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.values = values


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what the module answers to options."""

    def ended(_module: AnsibleModule, values: dict[str, Any], *_exception: Any) -> None:
        raise EndedError(values)

    def start(dry: bool = False, **options: Any) -> dict[str, Any]:
        given = {**options, "_ansible_check_mode": dry}
        monkeypatch.setattr(AnsibleModule, "_load_params", lambda self: setattr(self, "params", given))
        monkeypatch.setattr(AnsibleModule, "_return_formatted", ended)
        with pytest.raises(EndedError) as caught:
            module.main()
        return caught.value.values

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


def test_its_options_are_documented_as_they_are(monkeypatch: pytest.MonkeyPatch, run: Run, path: Path) -> None:
    specs: list[dict[str, Any]] = []

    def construct(_module: AnsibleModule, argument_spec: dict[str, Any], **_more: Any) -> None:
        specs.append(argument_spec)
        raise EndedError({})

    monkeypatch.setattr(AnsibleModule, "__init__", construct)
    run(path=str(path))
    described = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert {
        name: {key: value for key, value in option.items() if key != "description"}
        for name, option in described.items()
    } == specs[0]
