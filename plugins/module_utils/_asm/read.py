# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one entry: options in, result out. Module, action plugin and lookup all call it.

No exception leaves it, and no secret: whatever it returns or tells has passed the `Cleaner`, after the verdict.

What only a gate or several releases need is imported when it is needed: a module is compiled anew in each task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.validation import check_type_bool

from .errors import AsmError
from .options.spec import SECRET_NAMES, SECRET_OPTIONS, Options, Several, Target, parse, with_defaults
from .report import Report, failed
from .session import Session
from .task_limit import with_cut
from .sanitize import Cleaner
from .runtime import Surroundings


@dataclass(frozen=True)
class Reading:
    """Results, in the shape that the documentation of `asm_release_info` gives, and the warnings."""

    results: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...] = ()

    @property
    def result(self) -> dict[str, Any]:
        """Return the one result of a task."""
        (result,) = self.results
        return result

    @property
    def failed(self) -> bool:
        """Return whether the task must fail."""
        return any(result.get("failed") for result in self.results)


def read(parameters: Mapping[str, Any], surroundings: Surroundings) -> Reading:
    """Read one release or several, and hold the gate if `wait` is true; the result is one.

    Args:
        parameters: the options by name, typed as `options.argument_spec` describes them.
    """
    return _read(parameters, {}, surroundings, apart=False)


def read_apart(parameters: Mapping[str, Any], variables: Mapping[str, Any], surroundings: Surroundings) -> Reading:
    """Read as `read` does, and return a result for each release, as if it had been asked for alone.

    What fails the call as a whole is one result, that of `read`.

    Args:
        parameters: as for `read`.
        variables: credentials from Ansible variables, by option.
    """
    return _read(parameters, variables, surroundings, apart=True)


def refused(error: AsmError, given: Mapping[str, Any], cleaner: Cleaner, surroundings: Surroundings) -> dict[str, Any]:
    """Return the result of options that were refused before they were typed, with the keys that a read would have.

    Args:
        given: the options by name, of any type.
        cleaner: knows their secrets.
    """
    call = _Call(surroundings, cleaner)
    named = "release_id" in given
    parameters = {"wait": _is_true(given.get("wait")), "release_id": "" if named else None}
    result: dict[str, Any] = cleaner.redact(call.failure(error, parameters))
    return result


def _is_true(value: Any) -> bool:
    try:
        return bool(check_type_bool(value))
    except TypeError:
        return False


def _read(
    parameters: Mapping[str, Any], variables: Mapping[str, Any], surroundings: Surroundings, apart: bool
) -> Reading:
    cleaner = Cleaner()
    cleaner.learn(*(values.get(name) for values in (parameters, variables) for name in SECRET_OPTIONS))
    # Also those of the environment that will not be asked: they may stand somewhere else as well, by mistake.
    cleaner.learn(*(surroundings.environment.get(name) for name in SECRET_NAMES))
    call = _Call(surroundings, cleaner)
    try:
        results = call.results(with_defaults(parameters), variables, apart)
    finally:
        call.session.close()
    results = [with_cut(result, surroundings.cut, parameters) for result in results]
    return Reading(tuple(map(cleaner.redact, results)), tuple(map(cleaner.redact, call.session.take_warnings())))


class _Call:
    """One call: its session, and the results of what it is asked for."""

    def __init__(self, surroundings: Surroundings, cleaner: Cleaner) -> None:
        self._surroundings = surroundings
        self._cleaner = cleaner
        self.session = Session(surroundings, cleaner)

    def results(self, parameters: Mapping[str, Any], variables: Mapping[str, Any], apart: bool) -> list[dict[str, Any]]:
        """Return the results, whatever happens."""
        try:
            options = parse(parameters, variables)
            if isinstance(options.target, Several):
                return self._several(options, options.target, apart)
            return [self._one(options, options.target)]
        except AsmError as error:
            return [self.failure(error, parameters)]
        # The one place that catches everything: a fault of ours must fail the task with all of the keys, and its text
        # may hold a secret, so only its type is told.
        except Exception as fault:  # noqa: BLE001
            problem = f"a fault of this collection: {type(fault).__name__}"
            return [self.failure(AsmError("internal", problem, "please report it"), parameters)]

    def _report(self, manifests: bool = False) -> Report:
        return Report(self._cleaner, manifests, self.session.began, self._surroundings.check_mode)

    def _one(self, options: Options, target: Target) -> dict[str, Any]:
        report, conditions = self._report(options.manifests), options.conditions
        if conditions is None:
            return self._look(options, target, report)
        from .read_gate import GateReader  # noqa: PLC0415

        return GateReader(self.session, self._surroundings, self._cleaner, options, target).result(report, conditions)

    def _look(self, options: Options, target: Target, report: Report) -> dict[str, Any]:
        """Return the result of a read that nobody waits for."""
        try:
            release = self.session.look_patiently(options, target)
        except AsmError as error:
            if error.kind != "not_found" or options.on_missing == "fail":
                raise
            return report.absent(error.sentence(self._cleaner), self.session.request_id)
        return report.read(target, release, self.session.request_id)

    def _several(self, options: Options, several: Several, apart: bool) -> list[dict[str, Any]]:
        from .read_train import TrainReader  # noqa: PLC0415

        return TrainReader(self.session, self._surroundings, self._cleaner, options, several).results(apart)

    def failure(self, error: AsmError, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of an error before, or without, a gate."""
        report, request_id, waited = self._report(), self.session.request_id, bool(parameters["wait"])
        if parameters["release_id"] is None:
            from .read_train import failure  # noqa: PLC0415

            return failure(report, error, self.session, waited)
        if waited:
            from .read_gate import failure as failure_of_gate  # noqa: PLC0415

            return failure_of_gate(report, error, self.session)
        return failed(report.absent(error.sentence(self._cleaner), request_id), error, self._cleaner)
