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
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.huaweicloud.asm.plugins.action import asm_release_info as plugin
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.read import Reading

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Surroundings

TOKEN = "made-up-token-4711"
ARGUMENTS = {"mesh_id": "mesh", "namespace": "bookinfo", "release_id": "reviews-canary", "token": TOKEN}
KEYS = {"failed", "msg", "found", "release", "phase", "workloads", "request_id", "error"}
RESULT = {"msg": "reviews-canary (bookinfo) is Running, 3/3 ready", "found": True}


@dataclass
class Run:
    """A task, and what became of it: what the controller read, or what the module was given."""

    plugin: plugin.ActionModule
    reads: list[tuple[dict[str, Any], Surroundings]] = field(default_factory=list)
    modules: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = self.plugin.run(task_vars={})
        return found

    @property
    def arguments(self) -> dict[str, Any]:
        """Return what either of the two got."""
        if self.reads:
            return self.reads[0][0]
        found: dict[str, Any] = self.modules[0]["module_args"]
        return found


LOADER = SimpleNamespace(get_basedir=lambda: "/playbooks")


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
        run = Run(plugin.ActionModule(task_fields, connection, SimpleNamespace(), LOADER, None, None))

        def read(parameters: dict[str, Any], surroundings: Surroundings) -> Reading:
            run.reads.append((parameters, surroundings))
            return Reading((RESULT,), warnings)

        def execute_module(**module: Any) -> dict[str, Any]:
            run.modules.append(module)
            return {**RESULT, "invocation": {}}

        monkeypatch.setattr(plugin, "read", read)
        monkeypatch.setattr(run.plugin, "_execute_module", execute_module)
        return run

    return prepare


class TestWhere:
    @pytest.mark.parametrize(
        ("keywords", "controller"),
        [
            pytest.param({}, True, id="local"),
            pytest.param({"transport": "ssh"}, False, id="ssh"),
            pytest.param({"transport": "ansible.netcommon.httpapi"}, False, id="another transport"),
            pytest.param({"become": object()}, False, id="become"),
            pytest.param({"async_val": 60}, False, id="async"),
            pytest.param({"environment": None}, True, id="no environment"),
            pytest.param({"environment": []}, True, id="an empty environment"),
            pytest.param({"environment": [{}, {}]}, True, id="empty environments of play and task"),
            pytest.param({"environment": [{}, {"HTTPS_PROXY": "x"}]}, False, id="an environment"),
            pytest.param({"check_mode": True}, True, id="check mode"),
            pytest.param({"timeout": 60}, True, id="timeout"),
        ],
    )
    def test_the_controller_reads_only_what_is_the_same_there(
        self, run_of: Callable[..., Run], keywords: dict[str, Any], controller: bool
    ) -> None:
        run = run_of(**keywords)
        assert run()["msg"] == RESULT["msg"]
        assert (len(run.reads), len(run.modules)) == ((1, 0) if controller else (0, 1))

    def test_a_controller_without_requests_hands_over(
        self, run_of: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(plugin, "REQUESTS_IMPORT_ERROR", "Traceback …")
        run = run_of()
        run()
        assert (len(run.reads), len(run.modules)) == (0, 1)

    @pytest.mark.parametrize("async_val", [0, 60])
    def test_the_module_gets_the_arguments_and_runs_with_async_if_the_task_does(
        self, run_of: Callable[..., Run], async_val: int
    ) -> None:
        run = run_of(transport="ssh", async_val=async_val)
        run()
        module = run.modules[0]
        assert (module["module_name"], module["wrap_async"]) == ("huaweicloud.asm.asm_release_info", async_val)
        assert {**module["module_args"], **ARGUMENTS} == module["module_args"]

    @pytest.mark.parametrize("option", ["credentials_file", "ca_path"])
    @pytest.mark.parametrize(("given", "found"), [("keys", "/playbooks/keys"), ("/etc/keys", "/etc/keys")])
    def test_a_path_begins_where_it_does_for_a_module(
        self, run_of: Callable[..., Run], option: str, given: str, found: str
    ) -> None:
        run = run_of({**ARGUMENTS, option: given})
        run()
        assert run.arguments[option] == found

    def test_an_infinite_number_is_no_traceback(self, run_of: Callable[..., Run]) -> None:
        run = run_of({**ARGUMENTS, "wait_timeout": float("inf")})
        assert run()["failed"] is True
        assert not run.reads

    def test_never_says_changed(self, run_of: Callable[..., Run]) -> None:
        assert "changed" not in run_of()()

    def test_types_the_releases_of_a_train(self, run_of: Callable[..., Run]) -> None:
        run = run_of({"mesh_id": "mesh", "releases": [{"release_id": "a", "images": "a,b"}], "require": 1})
        run()
        own = {"namespace": None, "release_id": "a", "version": None, "images": ["a", "b"]}
        assert (run.arguments["releases"], run.arguments["require"]) == ([own], "1")

    def test_hands_on_warnings(self, run_of: Callable[..., Run]) -> None:
        assert run_of(warnings=("mind the file",))()["warnings"] == ["mind the file"]
        assert "warnings" not in run_of()()

    @pytest.mark.parametrize("check_mode", [False, True])
    def test_hands_on_check_mode(self, run_of: Callable[..., Run], check_mode: bool) -> None:
        run = run_of(check_mode=check_mode)
        run()
        assert run.reads[0][1].check_mode is check_mode


@pytest.mark.parametrize("transport", ["local", "ssh"])
class TestRefusals:
    """Before either path is taken, so that both give the same result."""

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            pytest.param({"version": 1.1}, "version is a number (1.1), and must be text; quote it", id="a number"),
            pytest.param({"token": 4711}, "token is a number, and must be text; quote it", id="a number as a secret"),
            pytest.param({"release_id": None}, "release_id is null; give a value or leave it out", id="a null"),
            pytest.param({"stable_for": True}, "stable_for is a boolean (true); give a number", id="a boolean"),
        ],
    )
    @pytest.mark.parametrize("wait", [{}, {"wait": "yes"}, {"wait": []}], ids=["read", "gate", "neither"])
    def test_have_the_keys_of_a_read(
        self, run_of: Callable[..., Run], transport: str, wait: dict[str, Any], given: dict[str, Any], said: str
    ) -> None:
        run = run_of({**ARGUMENTS, **wait, **given}, transport=transport)
        result = run()
        assert (run.reads, run.modules) == ([], [])
        assert said in result["msg"]
        assert (result["failed"], result["error"]["kind"], result["found"]) == (True, "usage", False)
        assert "4711" not in str(result)
        gate = {"gate"} if wait.get("wait") == "yes" else set()
        assert set(result) == {*gate, *KEYS}

    def test_have_the_keys_of_several_releases(self, run_of: Callable[..., Run], transport: str) -> None:
        result = run_of({"mesh_id": "mesh", "releases": None, "wait": True}, transport=transport)()
        assert "releases is null; give a value or leave it out" in result["msg"]
        assert (result["releases"], result["gate"]["outcome"], result["error"]["kind"]) == ([], "error", "usage")

    def test_show_no_secret_that_is_a_number_elsewhere(self, run_of: Callable[..., Run], transport: str) -> None:
        result = run_of({**ARGUMENTS, "version": 4711, "password": "4711"}, transport=transport)()
        assert "version is a number (********)" in result["msg"]

    def test_concern_no_other_null(self, run_of: Callable[..., Run], transport: str) -> None:
        run = run_of({**ARGUMENTS, "version": None, "minimum": None}, transport=transport)
        assert run()["msg"] == RESULT["msg"]
        assert run.arguments.get("version") is None


class TestDeadlineOfTheTask:
    @pytest.mark.parametrize("transport", ["local", "ssh"])
    @pytest.mark.parametrize(
        ("given", "keywords", "expected"),
        [
            pytest.param({}, {}, None, id="none"),
            pytest.param({}, {"timeout": 60}, 58, id="timeout"),
            pytest.param({}, {"async_val": 60}, 58, id="async"),
            pytest.param({}, {"timeout": 100, "async_val": 60}, 58, id="the shorter one, async"),
            pytest.param({}, {"timeout": 60, "async_val": 100}, 58, id="the shorter one, timeout"),
            pytest.param({"wait_timeout": 30}, {"timeout": 60}, 30, id="already shorter"),
            pytest.param({"wait_timeout": "30"}, {"timeout": 60}, 30, id="already shorter, as text"),
            pytest.param({"wait_timeout": "300"}, {"timeout": 60}, 58, id="longer, as text"),
            pytest.param({"wait_timeout": None}, {"timeout": 60}, 58, id="null is the default"),
            pytest.param({"wait_timeout": 300}, {"timeout": 700}, 300, id="a long one cuts nothing"),
            pytest.param({}, {"timeout": 700}, None, id="a long one leaves the default"),
            pytest.param({}, {"timeout": 2}, 1, id="never below 1"),
        ],
    )
    def test_cuts_wait_timeout_to_2_s_less(
        self,
        run_of: Callable[..., Run],
        transport: str,
        given: dict[str, Any],
        keywords: dict[str, Any],
        expected: int | None,
    ) -> None:
        run = run_of({**ARGUMENTS, **given}, transport=transport, **keywords)
        run()
        default = 600 if run.reads else None
        found = run.arguments.get("wait_timeout")
        assert (found if found is None else int(found)) == (default if expected is None else expected)

    @pytest.mark.parametrize("wait_timeout", ["soon", [], {}, "60.5"])
    def test_leaves_what_is_no_number_to_the_argument_spec(
        self, run_of: Callable[..., Run], wait_timeout: object
    ) -> None:
        run = run_of({**ARGUMENTS, "wait_timeout": wait_timeout}, timeout=60)
        result = run()
        assert (result["failed"], run.reads) == (True, [])
        assert "wait_timeout" in result["msg"]

    def test_leaves_an_endless_number_to_the_module(self, run_of: Callable[..., Run]) -> None:
        run = run_of({**ARGUMENTS, "wait_timeout": float("inf")}, transport="ssh", timeout=60)
        run()
        assert run.arguments["wait_timeout"] == float("inf")

    def test_leaves_the_task_itself_alone(self, run_of: Callable[..., Run]) -> None:
        run = run_of(timeout=60)
        run()
        assert "wait_timeout" not in ARGUMENTS


class TestProgress:
    def test_goes_to_standard_error(self, run_of: Callable[..., Run], capsys: pytest.CaptureFixture[str]) -> None:
        run = run_of()
        run()
        progress = run.reads[0][1].progress
        assert progress is not None
        progress("release_gate: a line")
        assert capsys.readouterr() == ("", "release_gate: a line\n")

    def test_is_none_under_no_log(self, run_of: Callable[..., Run]) -> None:
        run = run_of(no_log=True)
        run()
        assert run.reads[0][1].progress is None


def test_nobody_waits_when_the_parent_of_the_worker_is_gone(
    run_of: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of()
    run()
    abandoned = run.reads[0][1].abandoned
    assert abandoned() is False
    monkeypatch.setattr(os, "getppid", lambda: 1_000_000)
    assert abandoned() is True


class AnsweredError(Exception):
    """What a module has answered."""


@pytest.fixture
def module_says(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], str]:
    """Return what AnsibleModule itself says of arguments that it refuses."""

    def load(arguments: dict[str, Any]) -> Callable[[AnsibleModule], None]:
        return lambda module: setattr(module, "params", {**arguments, "_ansible_module_name": plugin.MODULE})

    def answered(module: AnsibleModule, values: dict[str, Any], *_exception: Any) -> None:
        raise AnsweredError(remove_values(values, module.no_log_values)["msg"])

    def says(arguments: dict[str, Any]) -> str:
        monkeypatch.setattr(AnsibleModule, "_load_params", load(arguments))
        monkeypatch.setattr(AnsibleModule, "_return_formatted", answered)
        with pytest.raises(AnsweredError) as caught:
            AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
        return str(caught.value)

    return says


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({}, id="nothing"),
        pytest.param({**ARGUMENTS, "stabel_for": 60}, id="unknown option"),
        pytest.param({**ARGUMENTS, "retries": 3, "stabel_for": 60}, id="two unknown options"),
        pytest.param({"stabel_for": 60}, id="unknown and missing"),
        pytest.param({**ARGUMENTS, "stabel_for": 60, "wait": "perhaps"}, id="unknown and of a wrong type"),
        pytest.param({**ARGUMENTS, "wait": "perhaps"}, id="no bool"),
        pytest.param({**ARGUMENTS, "wait_sleep": "soon"}, id="no number"),
        pytest.param({**ARGUMENTS, "on_missing": "ignore"}, id="no choice"),
        pytest.param({**ARGUMENTS, "auth_type": TOKEN}, id="a secret in the place of a choice"),
        pytest.param({**ARGUMENTS, "wait": TOKEN}, id="a secret in the place of a bool"),
        pytest.param({**ARGUMENTS, "stable_for": f"x{TOKEN}x"}, id="a secret within a value"),
        pytest.param({**ARGUMENTS, TOKEN: "x"}, id="a secret as the name of an option"),
        pytest.param({"mesh_id": "mesh", "releases": [{"namespace": "a"}]}, id="a release without an id"),
        pytest.param(
            {"mesh_id": "mesh", "releases": [{"release_id": "a", "stable_for": 60}]}, id="an option of no release"
        ),
        pytest.param({"mesh_id": "mesh", "minimum": "some"}, id="no number of releases"),
    ],
)
def test_refuses_in_the_words_of_ansible_module(
    run_of: Callable[..., Run], module_says: Callable[[dict[str, Any]], str], arguments: dict[str, Any]
) -> None:
    run = run_of(arguments)
    result = run()
    assert result == {"failed": True, "msg": module_says(arguments)}
    assert TOKEN not in result["msg"]
    assert run.reads == []
