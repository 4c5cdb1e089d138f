# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one entry: options in, result out. Module, action plugin and lookup call it.

No exception leaves it, and no secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ansible.module_utils.common.validation import check_type_bool

from .api.client import connect
from .errors import AsmError, InternalError
from .options.spec import SECRET_NAMES
from .options.validation import parse, sanitizer_for
from .results.messages import Messages
from .results.result import Results
from .runtime import Runtime, TaskContext
from .sanitize import Sanitizer
from .wait.context import Context
from .wait.progress import Progress
from .wait.reader import read_mesh, read_targets
from .wait.waiter import Waiter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .options.request import GateOptions, Request


class Report(NamedTuple):
    """Results in the documented shape, and the warnings."""

    results: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...] = ()

    @property
    def result(self) -> dict[str, Any]:
        """Return the one result of a task."""
        (result,) = self.results
        return result

    @property
    def is_failed(self) -> bool:
        """Return whether the task must fail."""
        return any(result.get("failed") for result in self.results)

    def shown_warnings(self, no_log: bool) -> list[str]:
        """Return the warnings as a task shows them.

        Args:
            no_log: of the task. A warning quotes the release, and not every ansible-core hides it then.
        """
        return ["the warnings of this task are hidden by no_log"] if no_log and self.warnings else list(self.warnings)


def run(
    parameters: Mapping[str, Any], task: TaskContext, runtime: Runtime, variables: Mapping[str, Any] | None = None
) -> Report:
    """Read the releases, or hold the gate if `wait` is true.

    Args:
        parameters: the options by name, typed as `options.spec.argument_spec` describes them.
        variables: credentials from Ansible variables, by option (lookup only).
    """
    sanitizer = sanitizer_for(parameters, variables or {})
    # A secret of the environment that no option uses may stand elsewhere by mistake.
    sanitizer.learn(*(runtime.environment.get(name) for name in SECRET_NAMES))
    call = _Call(task, runtime, sanitizer)
    try:
        results = call.results(parse(parameters, variables))
    except AsmError as error:
        results = [call.refused(error, parameters)]
    # The one place that catches everything: a bug must fail the task with all of the keys. Its text may hold a secret,
    # so only its type is shown.
    except Exception as bug:  # noqa: BLE001
        problem = f"a bug of this collection: {type(bug).__name__}"
        results = [call.refused(InternalError(problem, "please report it"), parameters)]
    return Report(tuple(map(sanitizer.redact, results)), tuple(map(sanitizer.redact, call.warnings)))


def refused(error: AsmError, given: Mapping[str, Any], task: TaskContext) -> dict[str, Any]:
    """Return the result of options that were refused before they were typed, with the keys that a read would have.

    Args:
        given: the options by name, of any type.
    """
    sanitizer = sanitizer_for(given)
    # A null may be what was refused.
    named = {name: "" for name in ("release_id", "service") if name in given}
    result: dict[str, Any] = sanitizer.redact(_Call(task, Runtime(), sanitizer).refused(error, {**given, **named}))
    return result


class _Call:
    """One call: parsed, connected, read or held, reported."""

    def __init__(self, task: TaskContext, runtime: Runtime, sanitizer: Sanitizer) -> None:
        self._task = task
        self._runtime = runtime
        self._sanitizer = sanitizer
        self._started = runtime.monotonic()
        self._began = runtime.now()
        self._request_id = ""
        self.warnings: list[str] = []

    def results(self, request: Request) -> list[dict[str, Any]]:
        """Return the results of a call.

        Raises:
            AsmError: before, or without, a gate.
        """
        results = self._results(request)
        # Only a wait has progress.
        show = self._task.show if request.gate is not None and not self._task.check_mode else None
        progress = Progress(self._runtime, self._started, show, results.messages)
        client = connect(request, self._runtime, self._sanitizer, self._warn, progress.remind)
        context = Context(request, self._runtime, self._sanitizer, client, self._started, self._warn)
        try:
            if request.gate is not None:
                return self._hold(context, Waiter(context, progress), request.gate, results)
            reads = read_targets(context, Waiter(context, progress)) if request.targets else read_mesh(context)
        finally:
            self._request_id = client.request_id
            client.close()
        if request.is_single or self._task.separately:
            return [results.read(read) for read in reads]
        return [results.read_many(reads, self._request_id)]

    def _hold(self, context: Context, waiter: Waiter, options: GateOptions, results: Results) -> list[dict[str, Any]]:
        """Return the results of a gate; in check mode only an error fails the task."""
        check_mode, request = self._task.check_mode, context.request
        gates = waiter.read(options) if check_mode else waiter.wait(options)
        message, request_id = results.messages.verdict(gates, waiter.cost), context.client.request_id
        is_failed = gates.outcome != "reached" and (not check_mode or gates.outcome == "error")
        if gates.outcome != "reached" and not is_failed:
            # The task is green whatever the read has found.
            self._warn(message)
        if request.is_single or (self._task.separately and not is_failed):
            found = results.waited(gates, message, request_id)
        else:
            found = [results.waited_many(gates, message, request_id)]
        return [results.failed(each, gates.error) for each in found] if is_failed else found

    def refused(self, error: AsmError, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of an error before, or without, a gate."""
        ended = self._runtime.monotonic() - self._started if _is_true(parameters.get("wait")) else None
        is_single = any(parameters.get(name) is not None for name in ("release_id", "service"))
        return self._results().refused(error, ended, is_single, self._request_id)

    def _results(self, request: Request | None = None) -> Results:
        targets, manifests = (request.targets, request.manifests) if request is not None else ((), False)
        messages = Messages(targets, self._sanitizer, self._task.check_mode, self._task.cut)
        return Results(messages, self._sanitizer, manifests, self._began)

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def _is_true(value: Any) -> bool:
    try:
        return bool(check_type_bool(value))
    except TypeError:
        return False
