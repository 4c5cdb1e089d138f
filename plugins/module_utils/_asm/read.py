# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one entry: options in, result out. Module, action plugin and lookup all call it.

No exception leaves it, and no secret: whatever it returns or tells has passed the `Cleaner`, after the verdict.

What only several releases need is imported when it is needed: a module is compiled anew in each task, and most tasks
read one release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .errors import AsmError
from .gate import Observation, State, advance, hold
from .options import SECRET_NAMES, SECRET_OPTIONS, Conditions, Options, Several, Target, parse, with_defaults
from .release import Release
from .report import Report, failed, label
from .session import Session
from .text import Cleaner
from .watch import Surroundings, Watch
from .wording import progress_line

_UNBOUNDED = float("inf")


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
            return [self._failure(error, parameters)]
        # The one place that catches everything: a fault of ours must fail the task with all of the keys, and its text
        # may hold a secret, so only its type is told.
        except Exception as fault:  # noqa: BLE001
            problem = f"a fault of this collection: {type(fault).__name__}"
            return [self._failure(AsmError("internal", problem, "please report it"), parameters)]

    def _report(self, manifests: bool = False) -> Report:
        return Report(self._cleaner, manifests, self.session.began, self._surroundings.check_mode)

    def _one(self, options: Options, target: Target) -> dict[str, Any]:
        report, conditions = self._report(options.manifests), options.conditions
        if conditions is None:
            return self._look(options, target, report)
        decide = self._judge if self._surroundings.check_mode else self._hold
        state = decide(options, target, conditions)
        result = report.gate(target, state, conditions, self.session.request_id)
        is_open = state.outcome == "reached" or self._surroundings.check_mode
        return result if is_open else failed(result, state.error, self._cleaner)

    def _look(self, options: Options, target: Target, report: Report) -> dict[str, Any]:
        """Return the result of a read that nobody waits for."""
        try:
            release = self._look_once(options, target)
        except AsmError as error:
            if error.kind != "not_found" or options.on_missing == "fail":
                raise
            return report.absent(error.sentence(self._cleaner), self.session.request_id)
        return report.read(target, release, self.session.request_id)

    def _look_once(self, options: Options, target: Target, at_most: float = _UNBOUNDED) -> Release:
        return self.session.patiently(options, lambda deadline: self.session.look(options, target, deadline), at_most)

    def _judge(self, options: Options, target: Target, conditions: Conditions) -> State:
        """Return what one read alone would mean: check mode."""
        release: Release | None = None
        missing: AsmError | None = None
        try:
            release = self._look_once(options, target, conditions.wait_timeout)
        except AsmError as error:
            if error.kind != "not_found":
                raise
            missing = error
        # A read that needed retries is not late: nobody waits here.
        state = advance(State(), Observation(0.0, 0.0, release, missing), conditions)
        return replace(state, ended=self.session.elapsed(), error=None)

    def _hold(self, options: Options, target: Target, conditions: Conditions) -> State:
        self.session.connect(options)

        def line(before: State, state: State, now: float, rest: float | None) -> str:
            name = label(target, state.release, self._cleaner)
            # A line of a long pause tells the time of now, not of the last answer.
            text = progress_line(before.latest, replace(state, ended=now), name, rest, self._cleaner)
            return str(self._cleaner.redact(text))

        watch = Watch(
            self._surroundings, self.session.elapsed, State(), lambda state: (state.outcome, state.latest), line
        )
        self.session.meanwhile = watch.remind
        return hold(
            lambda: self.session.look(options, target, conditions.wait_timeout),
            conditions,
            self.session.elapsed,
            self._surroundings.jitter,
            watch.tell,
            watch.rest,
        )

    def _several(self, options: Options, several: Several, apart: bool) -> list[dict[str, Any]]:
        from .read_train import TrainReader  # noqa: PLC0415

        return TrainReader(self.session, self._surroundings, self._cleaner, options, several).results(apart)

    def _failure(self, error: AsmError, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of an error before, or without, a gate."""
        report, request_id, waited = self._report(), self.session.request_id, bool(parameters["wait"])
        if parameters["release_id"] is None:
            from .read_train import failure  # noqa: PLC0415

            return failure(report, error, self.session, waited)
        if not waited:
            return failed(report.absent(error.sentence(self._cleaner), request_id), error, self._cleaner)
        state = State(outcome="error", error=error, ended=self.session.elapsed())
        # Of the conditions, the sentence of an error tells nothing: they may be what is wrong.
        result = report.gate(Target("", "", ""), state, Conditions(()), request_id)
        return failed(result, error, self._cleaner)
