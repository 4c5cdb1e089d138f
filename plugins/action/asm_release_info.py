# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads in the controller where that is the same, and hands over to the module everywhere else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.endpoints import check_given
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import REQUESTS_IMPORT_ERROR
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.raw import check_raw, typed
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    OPTIONS,
    argument_rules,
    argument_spec,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.validation import sanitizer_for
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import refused, run
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import CUT_NAME, Runtime, TaskContext
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import untemplated
from ansible_collections.huaweicloud.asm.plugins.plugin_utils.vault import decrypted_options

MODULE = "huaweicloud.asm.asm_release_info"

MARGIN = 2
"""Seconds that a gate ends before Ansible would end its task: a task that is killed loses its verdict."""

# Made in the controller, once for all workers.
_VALIDATOR = ArgumentSpecValidator(argument_spec(), **argument_rules())


class ActionModule(ActionBase):  # type: ignore[misc]
    """The action plugin of `asm_release_info`."""

    _supports_check_mode = True
    _supports_async = True
    _cut_sentence = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task, the same from both paths."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = dict(self._task.args)
        try:
            # The module gets checked options, too: its argument spec would make text of numbers.
            given = decrypted_options(given)
            arguments = self._cut(check_raw(given))
            parameters = typed(arguments, _VALIDATOR, sanitizer_for(given))
            # Before the module has them: Ansible shows what it was given, and an endpoint may hold a password.
            check_given(parameters)
        except AsmError as error:
            result.update(refused(error, given, self._task_context()))
            return result
        if self._is_controller():
            result.update(self._read(parameters))
        else:
            result.update(self._run_module(arguments, task_vars))
        return result

    def _run_module(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Return the result of the module, which also gets the sentence about a cut, in its environment."""
        environment = self._task.environment
        if self._cut_sentence:
            self._task.environment = [*(environment or ()), {CUT_NAME: self._cut_sentence}]
        try:
            result: dict[str, Any] = self._execute_module(
                module_name=MODULE, module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val
            )
        # Whoever answers at the address of the host has a say in the text of an error, which Ansible before 2.19 takes
        # for a template unless it comes in a result. This error must remain one: after a result, Ansible goes on with
        # what `async` and `until` ask for.
        except AnsibleConnectionFailure as error:
            raise AnsibleConnectionFailure(untemplated(str(error))) from None
        except Exception as error:  # noqa: BLE001
            result = {"failed": True, "msg": str(error) or type(error).__name__}
        finally:
            self._task.environment = environment
        return result

    def _is_controller(self) -> bool:
        """Return whether the controller's own process would do what the module would."""
        return (
            self._connection.transport == "local"
            and self._connection.become is None
            and not self._task.async_val
            and not any(self._task.environment or ())
            and REQUESTS_IMPORT_ERROR is None
        )

    def _cut(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with `wait_timeout` cut to less than `timeout` and `async` of the task."""
        limits = {"timeout": self._task.timeout, "async": self._task.async_val}
        limits = {keyword: limit for keyword, limit in limits.items() if limit}
        if limits:
            keyword = min(limits, key=limits.__getitem__)
            longest = max(1, limits[keyword] - MARGIN)
            wanted = arguments.get("wait_timeout", argument_spec()["wait_timeout"]["default"])
            if wanted > longest:
                arguments["wait_timeout"] = longest
                self._cut_sentence = f"wait_timeout was cut from {wanted} s to {longest} s by the task's {keyword}"
        return arguments

    def _read(self, parameters: dict[str, Any]) -> dict[str, Any]:
        controller = os.getppid()
        runtime = Runtime(is_cancelled=lambda: os.getppid() != controller)
        report = run(self._with_paths(parameters), self._task_context(), runtime)
        warnings = report.shown_warnings(bool(self._task.no_log))
        return {**report.result, **({"warnings": warnings} if warnings else {})}

    def _task_context(self) -> TaskContext:
        return TaskContext(bool(self._task.check_mode), None if self._task.no_log else _show, self._cut_sentence)

    def _with_paths(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters with paths as a local module finds them: it starts in the folder of the playbook."""
        paths = [option.name for option in OPTIONS if option.type == "path" and parameters.get(option.name)]
        return {**parameters, **{name: str(Path(self._loader.get_basedir(), parameters[name])) for name in paths}}


def _show(line: str) -> None:
    Display().display(line, stderr=True)
