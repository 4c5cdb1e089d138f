# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one entry: options in, result out. Module, action plugin and lookup call it.

No exception leaves it, and no secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible.module_utils.common.validation import check_type_bool

from .api.client import connect
from .errors import AsmError, InternalError
from .gate.gate_set import GateSet
from .options.request import GateOptions, Request, Schedule
from .options.spec import SECRET_NAMES, SECRET_OPTIONS
from .options.validation import parse
from .results.messages import Messages
from .results.result import Results
from .runtime import Runtime
from .sanitize import Sanitizer
from .wait.context import Context
from .wait.progress import Progress
from .wait.reader import read_mesh, read_targets
from .wait.waiter import Waiter


@dataclass(frozen=True)
class TaskContext:
    """The task that a call belongs to.

    Attributes:
        check_mode: read once and do not wait.
        show: takes a progress line; None if none are wanted.
        cut: the sentence about a `wait_timeout` that a limit of the task has cut; empty if it was not.
        separately: return a flat result for each target instead of one for all.
    """

    check_mode: bool = False
    show: Callable[[str], None] | None = None
    cut: str = ""
    separately: bool = False


@dataclass(frozen=True)
class Outcome:
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


def run(
    parameters: Mapping[str, Any], task: TaskContext, runtime: Runtime, variables: Mapping[str, Any] | None = None
) -> Outcome:
    """Read the releases, or hold the gate if `wait` is true.

    Args:
        parameters: the options by name, typed as `options.spec.argument_spec` describes them.
        variables: credentials from Ansible variables, by option (lookup only).
    """
    sanitizer = Sanitizer()
    sanitizer.learn(*(values.get(name) for values in (parameters, variables or {}) for name in SECRET_OPTIONS))
    # A secret of the environment that no option uses may stand elsewhere by mistake.
    sanitizer.learn(*(runtime.environment.get(name) for name in SECRET_NAMES))
    call = _Call(task, runtime, sanitizer)
    results = call.results(parameters, variables or {})
    return Outcome(tuple(map(sanitizer.redact, results)), tuple(map(sanitizer.redact, call.warnings)))


def refused(error: AsmError, given: Mapping[str, Any], sanitizer: Sanitizer, task: TaskContext) -> dict[str, Any]:
    """Return the result of options that were refused before they were typed, with the keys that a read would have.

    Args:
        given: the options by name, of any type.
        sanitizer: knows their secrets.
    """
    result: dict[str, Any] = sanitizer.redact(_Call(task, Runtime(), sanitizer).failure(error, given))
    return result


@dataclass
class _Call:
    """One call: its results, whatever happens, and its warnings."""

    task: TaskContext
    runtime: Runtime
    sanitizer: Sanitizer
    warnings: dict[str, None] = field(default_factory=dict)
    request_id: str = ""

    def __post_init__(self) -> None:
        self._started = self.runtime.monotonic()
        self._began = self.runtime.now()

    def results(self, parameters: Mapping[str, Any], variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the results."""
        try:
            request = parse(parameters, variables)
            messages = Messages(request.targets, self.sanitizer, self.task.check_mode)
            return self._read(request, messages)
        except AsmError as error:
            return [self.failure(error, parameters)]
        # The one place that catches everything: a bug must fail the task with all of the keys. Its text may hold a
        # secret, so only its type is shown.
        except Exception as bug:  # noqa: BLE001
            error = InternalError(f"a bug of this collection: {type(bug).__name__}", "please report it")
            return [self.failure(error, parameters)]

    def _read(self, request: Request, messages: Messages) -> list[dict[str, Any]]:
        progress = Progress(self.runtime, self._started, self.task.show, messages)
        client = connect(request.connection, self.runtime, self.sanitizer, self._warn, progress.remind)
        context = Context(request, self.runtime, self.sanitizer, client, self._started, self._warn)
        results = Results(messages, self.sanitizer, request.manifests, self._began)
        try:
            if request.gate is not None:
                return self._wait(context, Waiter(context, progress), results, request.gate)
            reads = read_targets(context, Waiter(context, progress)) if request.targets else read_mesh(context)
        finally:
            self.request_id = client.request_id
            client.close()
        if request.is_single or self.task.separately:
            return [results.read(read, self.request_id) for read in reads]
        return [results.read_many(reads, self.request_id)]

    def _wait(self, context: Context, waiter: Waiter, results: Results, options: GateOptions) -> list[dict[str, Any]]:
        check_mode = self.task.check_mode
        gates = waiter.read(options) if check_mode else waiter.wait(options)
        message = results.messages.verdict(gates, waiter.cost) + self._cut_notice(gates, context.request)
        is_failed = gates.outcome != "reached" and (not check_mode or gates.outcome == "error")
        request_id = context.client.request_id
        if gates.outcome != "reached" and not is_failed:
            # The task is green whatever the read has found.
            self._warn(message)
        if self.task.separately and not is_failed:
            return results.waited(gates, message, request_id)
        if context.request.is_single:
            (result,) = results.waited(gates, message, request_id)
        else:
            result = results.waited_many(gates, message, request_id)
        return [results.failed(result, gates.error) if is_failed else result]

    def _cut_notice(self, gates: GateSet, request: Request) -> str:
        """Return the sentence about a cut `wait_timeout`, if a longer one could have changed the outcome."""
        is_missing = gates.outcome == "missing" and request.on_missing == "wait"
        return f"; {self.task.cut}" if self.task.cut and (gates.outcome == "timeout" or is_missing) else ""

    def _warn(self, text: str) -> None:
        self.warnings[text] = None

    def failure(self, error: AsmError, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of an error before, or without, a gate."""
        messages = Messages((), self.sanitizer, self.task.check_mode)
        results = Results(messages, self.sanitizer, False, self._began)
        has_gate = _is_true(parameters.get("wait"))
        message = messages.error(error.sentence(self.sanitizer), has_gate)
        if self.task.cut and has_gate and "wait_timeout" in message:
            message = f"{message}; {self.task.cut}"
        is_single = any(parameters.get(name) is not None for name in ("release_id", "service"))
        ended = self.runtime.monotonic() - self._started
        gates = GateSet((), 0, Schedule(), outcome="error", error=error, ended=ended) if has_gate else None
        return results.failed(results.refused(message, gates, is_single, self.request_id), error)


def _is_true(value: Any) -> bool:
    try:
        return bool(check_type_bool(value))
    except TypeError:
        return False
