# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module: typed options in, the result of the runner out."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import Report
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import CUT_NAME, Runtime, TaskContext
from ansible_collections.huaweicloud.asm.plugins.modules import asm_release_info as module

MESH = {"mesh_id": "mesh", "namespace": "bookinfo", "token": "made-up"}
ARGUMENTS = {**MESH, "release_id": "reviews-canary"}


RUNNING = Report(({"msg": "is Running", "found": True},))


class EndedError(Exception):
    """The module has ended, with these values."""


@dataclass
class Module:
    """The module over a runner that returns a report and keeps what it is given."""

    patch: pytest.MonkeyPatch
    report: Report = RUNNING
    calls: list[tuple[dict[str, Any], TaskContext, Runtime]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __call__(self, **given: Any) -> dict[str, Any]:
        given = {**(MESH if "releases" in given else ARGUMENTS), **given}

        def run(*call: Any) -> Report:
            self.calls.append(call)
            return self.report

        def end(_module: AnsibleModule, values: dict[str, Any], *_exception: Any) -> None:
            raise EndedError(values)

        self.patch.setattr(AnsibleModule, "_load_params", lambda each: setattr(each, "params", given))
        self.patch.setattr(AnsibleModule, "_return_formatted", end)
        self.patch.setattr(AnsibleModule, "warn", lambda _self, warning: self.warnings.append(warning))
        self.patch.setattr(module, "run", run)
        with pytest.raises(EndedError) as raised:
            module.main()
        values: dict[str, Any] = raised.value.args[0]
        return values


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Module:
    return Module(monkeypatch)


def test_the_result_and_the_warnings_are_handed_on(run: Module) -> None:
    run.report = Report(({"msg": "is Running", "found": True},), ("mind the file",))
    assert run() == {"msg": "is Running", "found": True}
    assert run.warnings == ["mind the file"]
    run(_ansible_no_log=True)
    assert run.warnings[1:] == ["the warnings of this task are hidden by no_log"]


def test_a_failed_result_keeps_all_keys(run: Module) -> None:
    failed = {
        "msg": "closed",
        "found": False,
        "error": {"kind": "denied"},
        "gate": {"outcome": "error"},
        "failed": True,
    }
    run.report = Report((failed,))
    result = run()
    assert {key: result[key] for key in failed} == failed


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_task_is_handed_on_without_progress(run: Module, monkeypatch: pytest.MonkeyPatch, check_mode: bool) -> None:
    monkeypatch.setenv(CUT_NAME, "wait_timeout was cut")
    run(_ansible_check_mode=check_mode)
    assert run.calls[0][1] == TaskContext(check_mode, None, "wait_timeout was cut")


def test_options_are_typed(run: Module) -> None:
    releases = [{"release_id": "a", "images": "a,b"}]
    run(wait="yes", success_phases="Running", stable_for="60", releases=releases, require=1)
    parameters = run.calls[0][0]
    assert (parameters["wait"], parameters["success_phases"], parameters["stable_for"]) == (True, ["Running"], 60)
    assert (parameters["releases"][0]["images"], parameters["require"]) == (["a", "b"], "1")


@pytest.mark.parametrize("given", [{"stabel_for": 60}, {"service": "reviews"}, {"wait": True}])
def test_options_that_the_argument_spec_refuses_are_never_read(run: Module, given: dict[str, Any]) -> None:
    assert run(**given)["failed"] is True
    assert run.calls == []


@pytest.mark.parametrize("is_read", [True, False])
def test_a_module_whose_output_has_no_reader_is_cancelled(
    run: Module, monkeypatch: pytest.MonkeyPatch, is_read: bool
) -> None:
    run()
    reader, writer = os.pipe()
    if not is_read:
        os.close(reader)
    monkeypatch.setattr(module, "STANDARD_OUTPUT", writer)
    try:
        assert run.calls[0][2].is_cancelled() is not is_read
    finally:
        os.close(writer)
        if is_read:
            os.close(reader)
