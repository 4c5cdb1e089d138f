# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin reads in the controller where that is the same, and hands over to the module everywhere else."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.action import asm_release_info as plugin
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import Report
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import CUT_NAME

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime, TaskContext

TOKEN = "made-up-token-4711"
ARGUMENTS = {"mesh_id": "mesh", "namespace": "bookinfo", "release_id": "reviews-canary", "token": TOKEN}
HIDDEN = "the warnings of this task are hidden by no_log"
WAIT = {"wait": True, "success_phases": "Running"}
KEYS = {"failed", "msg", "found", "release", "phase", "workloads", "request_id", "error"}
RESULT = {"msg": "reviews-canary (bookinfo) is Running, 3/3 ready", "found": True}


@dataclass
class Run:
    """A task, and what became of it: what the controller read, or what the module was given."""

    plugin: plugin.ActionModule
    reads: list[tuple[dict[str, Any], TaskContext, Runtime]] = field(default_factory=list)
    modules: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = self.plugin.run(task_vars={})
        return found

    @property
    def arguments(self) -> dict[str, Any]:
        """Return what either of the two got."""
        return self.reads[0][0] if self.reads else dict(self.modules[0]["module_args"])

    @property
    def context(self) -> TaskContext:
        return self.reads[0][1]


@pytest.fixture
def run_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    def prepare(
        arguments: dict[str, Any] | None = None,
        transport: str = "local",
        become: object = None,
        warnings: tuple[str, ...] = (),
        **keywords: Any,
    ) -> Run:
        given = ARGUMENTS if arguments is None else arguments
        task: dict[str, Any] = {"args": given, "async_val": 0, "timeout": 0, "check_mode": False, "no_log": False}
        connection = SimpleNamespace(transport=transport, become=become, _shell=SimpleNamespace(tmpdir="unused"))
        task_fields = SimpleNamespace(**{**task, "environment": [{}], "action": plugin.MODULE, **keywords})
        loader = SimpleNamespace(get_basedir=lambda: "/playbooks")
        run = Run(plugin.ActionModule(task_fields, connection, SimpleNamespace(), loader, None, None))

        def read(parameters: dict[str, Any], context: TaskContext, runtime: Runtime) -> Report:
            run.reads.append((parameters, context, runtime))
            return Report((RESULT,), warnings)

        def execute_module(**module: Any) -> dict[str, Any]:
            run.modules.append({**module, "environment": task_fields.environment})
            return {**RESULT, "invocation": {}}

        monkeypatch.setattr(plugin, "run", read)
        monkeypatch.setattr(run.plugin, "_execute_module", execute_module)
        return run

    return prepare


@pytest.mark.parametrize(
    ("keywords", "is_controller"),
    [
        pytest.param({}, True, id="local"),
        pytest.param({"transport": "ssh"}, False, id="ssh"),
        pytest.param({"become": object()}, False, id="become"),
        pytest.param({"async_val": 60}, False, id="async"),
        pytest.param({"environment": None}, True, id="no environment"),
        pytest.param({"environment": [{}, {}]}, True, id="empty environments of play and task"),
        pytest.param({"environment": [{}, {"HTTPS_PROXY": "x"}]}, False, id="an environment"),
        pytest.param({"check_mode": True}, True, id="check mode"),
        pytest.param({"timeout": 60}, True, id="timeout"),
    ],
)
def test_the_controller_reads_where_that_is_the_same(
    run_of: Callable[..., Run], keywords: dict[str, Any], is_controller: bool
) -> None:
    run = run_of(**keywords)
    result = run()
    assert (result["msg"], "changed" in result) == (RESULT["msg"], False)
    assert (len(run.reads), len(run.modules)) == ((1, 0) if is_controller else (0, 1))


def test_a_controller_without_requests_hands_over(run_of: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "REQUESTS_IMPORT_ERROR", "Traceback …")
    run = run_of()
    run()
    assert (len(run.reads), len(run.modules)) == (0, 1)


@pytest.mark.parametrize("async_val", [0, 60])
def test_the_module_gets_the_arguments(run_of: Callable[..., Run], async_val: int) -> None:
    run = run_of(transport="ssh", async_val=async_val)
    run()
    (module,) = run.modules
    assert (module["module_name"], module["wrap_async"]) == ("huaweicloud.asm.asm_release_info", async_val)
    assert {**module["module_args"], **ARGUMENTS} == module["module_args"]


@pytest.mark.parametrize("option", ["credentials_file", "ca_path"])
@pytest.mark.parametrize(("given", "found"), [("keys", "/playbooks/keys"), ("/etc/keys", "/etc/keys")])
def test_a_path_begins_where_it_does_for_a_module(
    run_of: Callable[..., Run], option: str, given: str, found: str
) -> None:
    run = run_of({**ARGUMENTS, option: given})
    run()
    assert run.arguments[option] == found


@pytest.mark.parametrize("check_mode", [False, True])
def test_check_mode_and_warnings_are_handed_on(run_of: Callable[..., Run], check_mode: bool) -> None:
    run = run_of(check_mode=check_mode, warnings=("mind the file",))
    assert run()["warnings"] == ["mind the file"]
    assert run.context.check_mode is check_mode
    assert "warnings" not in run_of()()
    assert run_of(warnings=("mind the file",), no_log=True)()["warnings"] == [HIDDEN]


@pytest.mark.parametrize("transport", ["local", "ssh"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"version": 1.1}, "quote it", id="a number"),
        pytest.param({"token": 4711}, "token is a number", id="a number as a secret"),
        pytest.param({"release_id": None}, "release_id is null", id="a null that names a release"),
        pytest.param({"stabel_for": 9}, "stable_for", id="an unknown option"),
        pytest.param({"wait_sleep": "soon"}, "wait_sleep", id="a wrong type"),
        pytest.param({"wait_timeout": float("inf")}, "wait_timeout is a number (inf)", id="an infinite number"),
        pytest.param({"service": "reviews"}, "service", id="two ways to name a release"),
        pytest.param({"endpoint": "https://me:4711@asm"}, "endpoint holds a user name", id="a password in an endpoint"),
        pytest.param({"iam_endpoint": "https://iam/?4711"}, "iam_endpoint holds a query", id="a query in an endpoint"),
    ],
)
@pytest.mark.parametrize("wait", [{}, {"wait": "yes", "success_phases": ["Running"]}], ids=["read", "gate"])
def test_a_refusal_comes_before_either_path_and_has_all_keys(
    run_of: Callable[..., Run], transport: str, wait: dict[str, Any], given: dict[str, Any], message: str
) -> None:
    run = run_of({**ARGUMENTS, **wait, **given}, transport=transport)
    result = run()
    assert (run.reads, run.modules) == ([], [])
    assert message in result["msg"]
    assert (result["failed"], result["error"]["kind"], result["found"]) == (True, "usage", False)
    assert "4711" not in str(result)
    assert set(result) == {*KEYS, *(["gate"] if wait else [])}


class TestDeadlineOfTheTask:
    @pytest.mark.parametrize("transport", ["local", "ssh"])
    @pytest.mark.parametrize(
        ("given", "keywords", "wait_timeout", "keyword"),
        [
            pytest.param({}, {}, None, "", id="none"),
            pytest.param({}, {"timeout": 60}, 58, "timeout", id="timeout"),
            pytest.param({}, {"async_val": 60}, 58, "async", id="async"),
            pytest.param({}, {"timeout": 100, "async_val": 60}, 58, "async", id="the shorter one, async"),
            pytest.param({}, {"timeout": 60, "async_val": 100}, 58, "timeout", id="the shorter one, timeout"),
            pytest.param({"wait_timeout": "30"}, {"timeout": 60}, 30, "", id="already shorter"),
            pytest.param({"wait_timeout": None}, {"timeout": 60}, 58, "timeout", id="null is the default"),
            pytest.param({"wait_timeout": 300}, {"timeout": 700}, 300, "", id="a longer one"),
            pytest.param({}, {"timeout": 2}, 1, "timeout", id="never below 1"),
        ],
    )
    def test_cuts_wait_timeout_to_2_s_less_and_says_so(
        self,
        run_of: Callable[..., Run],
        transport: str,
        given: dict[str, Any],
        keywords: dict[str, Any],
        wait_timeout: int | None,
        keyword: str,
    ) -> None:
        run = run_of({**ARGUMENTS, **WAIT, **given}, transport=transport, **keywords)
        run()
        found = run.arguments.get("wait_timeout")
        assert (found if found is None else int(found)) == (600 if run.reads and not wait_timeout else wait_timeout)
        environment = {} if run.reads else run.modules[0]["environment"][-1]
        cut = run.context.cut if run.reads else environment.get(CUT_NAME, "")
        wanted = given.get("wait_timeout") or 600
        sentence = f"wait_timeout was cut from {wanted} s to {wait_timeout} s by the task's {keyword}"
        assert cut == (sentence if keyword else "")

    def test_leaves_the_task_itself_alone(self, run_of: Callable[..., Run]) -> None:
        run = run_of({**ARGUMENTS, **WAIT}, transport="ssh", timeout=60)
        run()
        assert (run.plugin._task.environment, "wait_timeout" in run.plugin._task.args) == ([{}], False)


@pytest.mark.parametrize("no_log", [False, True])
def test_progress_goes_to_standard_error_unless_the_task_has_no_log(
    run_of: Callable[..., Run], capsys: pytest.CaptureFixture[str], no_log: bool
) -> None:
    run = run_of(no_log=no_log)
    run()
    show = run.context.show
    assert (show is None) is no_log
    if show is not None:
        show("release_gate: a line")
        assert capsys.readouterr() == ("", "release_gate: a line\n")


def test_a_worker_whose_parent_is_gone_is_cancelled(
    run_of: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of()
    run()
    is_cancelled = run.reads[0][2].is_cancelled
    assert is_cancelled() is False
    monkeypatch.setattr(os, "getppid", lambda: 1_000_000)
    assert is_cancelled() is True
