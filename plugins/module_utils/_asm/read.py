# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one entry: options in, result out. Module, action plugin and lookup all call it.

No exception leaves it, and no secret: whatever it returns or tells has passed the `Cleaner`, after the verdict.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, Callable

from ansible.module_utils.basic import missing_required_lib

from . import endpoints
from .client import Client, with_retries
from .credentials import find
from .errors import AsmError, usage
from .gate import Change, Observation, State, advance, hold
from .login import authority
from .options import SECRET_NAMES, SECRET_OPTIONS, Conditions, Options, Target, parse, with_defaults
from .release import Release, check_depth, report_release, report_workloads, shown
from .release import parse as parse_release
from .text import Cleaner, printable_throughout
from .transport import REQUESTS_IMPORT_ERROR, SLICE, Transport
from .wording import progress_line, report_gate, single

PROGRESS_SECONDS = 60.0
"""A progress line comes at least so often."""

_SHORTEST_SLEEP = 0.001
"""Seconds; what rounding leaves of a pause may be too little for a clock to move."""


def _jitter() -> float:
    return random.uniform(0.9, 1.1)


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Surroundings:
    """What a call finds around it; tests put a scripted clock and a made-up environment here.

    Attributes:
        environment: variables of the process.
        check_mode: read once and do not wait.
        progress: takes a line for the person who waits; None when nobody is to be told.
        abandoned: whether nobody waits for the result any more.
        monotonic, sleep, now, jitter: the clocks, the pause, and factors near 1.
    """

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    check_mode: bool = False
    progress: Callable[[str], None] | None = None
    abandoned: Callable[[], bool] = lambda: False
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _utc_now
    jitter: Callable[[], float] = _jitter


@dataclass(frozen=True)
class Reading:
    """The result of one release, in the shape that the documentation of `asm_release_info` gives, and the warnings."""

    result: dict[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Return whether the task must fail."""
        return bool(self.result.get("failed"))


def read(parameters: Mapping[str, Any], surroundings: Surroundings) -> Reading:
    """Read one release, and hold the gate if `wait` is true.

    Args:
        parameters: the options by name, typed as `options.argument_spec` describes them.
    """
    return read_each(parameters, [parameters["release_id"]], {}, surroundings)[0]


def read_each(
    parameters: Mapping[str, Any],
    release_ids: Sequence[str],
    variables: Mapping[str, Any],
    surroundings: Surroundings,
) -> list[Reading]:
    """Read several releases over one session and before one deadline, up to the first that fails.

    Args:
        parameters: as for `read`; `release_id` is replaced by each of the ids.
        variables: credentials from Ansible variables, by option.
    """
    complete = with_defaults(parameters)
    cleaner = Cleaner()
    cleaner.learn(*(values.get(name) for values in (parameters, variables) for name in SECRET_OPTIONS))
    # Also those of the environment that will not be asked: they may stand somewhere else as well, by mistake.
    cleaner.learn(*(surroundings.environment.get(name) for name in SECRET_NAMES))
    reader = _Reader(surroundings, cleaner)
    readings: list[Reading] = []
    try:
        for release_id in release_ids:
            result = reader.result({**complete, "release_id": release_id}, variables)
            readings.append(Reading(cleaner.redact(result), tuple(cleaner.redact(reader.take_warnings()))))
            if result.get("failed"):
                break
    finally:
        reader.close()
    return readings


class _Reader:
    """One call: its clock, its session once there is one, and its warnings."""

    def __init__(self, surroundings: Surroundings, cleaner: Cleaner) -> None:
        self._surroundings = surroundings
        self._cleaner = cleaner
        self._transport: Transport | None = None
        self._client: Client | None = None
        self._warnings: list[str] = []
        self._request_id = ""
        self._started = surroundings.monotonic()
        self._began = surroundings.now()

    def take_warnings(self) -> list[str]:
        warnings, self._warnings = self._warnings, []
        return warnings

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def result(self, parameters: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result for one release, whatever happens."""
        self._request_id = ""
        try:
            options = parse(parameters, variables)
            if options.conditions is None:
                return self._read(options)
            if self._surroundings.check_mode:
                return self._judge_once(options, options.conditions)
            return self._hold(options, options.conditions)
        except AsmError as error:
            return self._failure(error, parameters)
        # The one place that catches everything: a fault of ours must fail the task with all of the keys, and its text
        # may hold a secret, so only its type is told.
        except Exception as fault:  # noqa: BLE001
            problem = f"a fault of this collection: {type(fault).__name__}"
            return self._failure(AsmError("internal", problem, "please report it"), parameters)

    def _connected(self, options: Options) -> Client:
        """Return the client, made at the first call; nothing has been sent before."""
        if self._client is None:
            if REQUESTS_IMPORT_ERROR:
                raise usage(missing_required_lib("requests"))
            surroundings, connection = self._surroundings, options.connection
            endpoint = endpoints.asm_endpoint(connection, surroundings.environment)
            credentials = find(connection, surroundings.environment, self._warnings.append, self._cleaner)
            self._transport = Transport(
                options.request_timeout,
                surroundings.environment,
                self._cleaner,
                connection.given.get("ca_path"),
                connection.validate_certs,
                surroundings.monotonic,
                surroundings.abandoned,
            )
            who = authority(credentials, self._transport, self._cleaner, surroundings.monotonic)
            self._client = Client(endpoint, self._transport, who)
        return self._client

    def _look(self, options: Options, client: Client, deadline: float) -> Release:
        try:
            document = client.read_release(options.target, deadline)
        except AsmError as error:
            self._request_id = error.request_id or self._request_id
            raise
        self._request_id = document.request_id or self._request_id
        try:
            if options.manifests:
                check_depth(document.content)
            return parse_release(document.content)
        except AsmError as error:
            error.status, error.request_id, error.url = 200, document.request_id, document.url
            raise

    def _look_with_retries(self, options: Options, at_most: float = float("inf")) -> Release:
        client, surroundings = self._connected(options), self._surroundings
        return with_retries(
            lambda deadline: self._look(options, client, deadline),
            options.request_timeout,
            options.request_retries,
            surroundings.jitter,
            surroundings.monotonic,
            surroundings.sleep,
            at_most,
        )

    def _read(self, options: Options) -> dict[str, Any]:
        """Return the result of a read that nobody waits for."""
        try:
            release = self._look_with_retries(options)
        except AsmError as error:
            if error.kind != "not_found" or options.on_missing == "fail":
                raise
            return self._result(options, None, error.sentence(self._cleaner))
        return self._result(
            options, release, single(release, _label(options.target, release, self._cleaner), self._cleaner)
        )

    def _judge_once(self, options: Options, conditions: Conditions) -> dict[str, Any]:
        """Return what one read alone would mean: check mode."""
        release: Release | None = None
        missing: AsmError | None = None
        try:
            release = self._look_with_retries(options, conditions.wait_timeout)
        except AsmError as error:
            if error.kind != "not_found":
                raise
            missing = error
        # A read that needed retries is not late: nobody waits here.
        state = advance(State(), Observation(0.0, 0.0, release, missing), conditions)
        return self._gate_result(options, conditions, replace(state, ended=self._elapsed(), error=None))

    def _hold(self, options: Options, conditions: Conditions) -> dict[str, Any]:
        client = self._connected(options)
        deadline = self._started + conditions.wait_timeout
        watch = _Watch(self._surroundings, self._cleaner, self._elapsed, options.target)
        state = hold(
            lambda: self._look(options, client, deadline),
            conditions,
            self._elapsed,
            self._surroundings.jitter,
            watch.tell,
            watch.rest,
        )
        result = self._gate_result(options, conditions, state)
        if state.outcome != "reached":
            result["failed"] = True
            if state.error is not None:
                result["error"] = state.error.report(self._cleaner)
        return result

    def _elapsed(self) -> float:
        return self._surroundings.monotonic() - self._started

    def _gate_result(self, options: Options, conditions: Conditions, state: State) -> dict[str, Any]:
        label = _label(options.target, state.release, self._cleaner)
        gate = report_gate(state, conditions, label, self._began, self._cleaner, self._surroundings.check_mode)
        release = state.release if state.present else None
        return {**self._result(options, release, gate["message"]), "gate": gate}

    def _result(self, options: Options | None, release: Release | None, message: str) -> dict[str, Any]:
        manifests = options is not None and options.manifests
        return {
            "msg": message,
            "found": release is not None,
            "release": self._report(release, manifests) if release else {},
            # Stripped, as the rules compare it: an escaped newline at its end would be part of it to `in_phase`.
            "phase": shown(release.phase.strip(), self._cleaner) if release else "",
            "workloads": report_workloads(release, self._cleaner),
            "request_id": shown(self._request_id, self._cleaner),
        }

    def _report(self, release: Release, manifests: bool) -> dict[str, Any]:
        """Return the `release` of a result: with manifests as the API gave it; without, nothing in it acts on a
        terminal or a pipeline's log, where Ansible prints the result of a failed task."""
        report: dict[str, Any] = self._cleaner.redact_keys(report_release(release.content, manifests))
        return report if manifests else printable_throughout(report)

    def _failure(self, error: AsmError, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of an error before, or without, a gate."""
        result = self._result(None, None, error.sentence(self._cleaner))
        result.update(failed=True, error=error.report(self._cleaner))
        if parameters["wait"]:
            state = State(outcome="error", error=error, ended=self._elapsed())
            # Of the conditions, the sentence of an error tells nothing: they may be what is wrong.
            result["gate"] = report_gate(
                state, Conditions(()), "", self._began, self._cleaner, self._surroundings.check_mode
            )
            result["msg"] = result["gate"]["message"]
        return result


def _label(target: Target, release: Release | None, clean: Cleaner) -> str:
    """Return how a person calls the release: its name, or its id before it has one, and its namespace."""
    return f"{clean((release and release.name) or target.release_id)} ({clean(target.namespace)})"


class _Watch:
    """Tells the person who waits, and pauses."""

    def __init__(
        self, surroundings: Surroundings, cleaner: Cleaner, elapsed: Callable[[], float], target: Target
    ) -> None:
        self._surroundings = surroundings
        self._cleaner = cleaner
        self._elapsed = elapsed
        self._target = target
        self._state = State()
        self._told: Change | None = None
        self._told_at = 0.0

    def tell(self, state: State, due: float | None) -> None:
        """Say a line when phase or readiness have changed, or the gate has its verdict."""
        self._state = state
        if state.outcome or state.latest != self._told:
            self._say(due)

    def rest(self, due: float) -> None:
        """Pause until a time of the wait; a long pause says a line now and then."""
        while True:
            now = self._elapsed()
            if now >= due:
                return
            if self._surroundings.abandoned():
                raise AsmError("internal", "nobody waits for this gate any more")
            if now - self._told_at >= PROGRESS_SECONDS:
                self._say(due)
            told_again = self._told_at + PROGRESS_SECONDS
            self._surroundings.sleep(max(_SHORTEST_SLEEP, min(due - now, SLICE, told_again - now)))

    def _say(self, due: float | None) -> None:
        now = self._elapsed()
        if self._surroundings.progress is not None:
            # A line of a long pause tells the time of now, not of the last answer.
            state = replace(self._state, ended=now)
            label = _label(self._target, state.release, self._cleaner)
            line = progress_line(self._told, state, label, None if due is None else due - now, self._cleaner)
            self._surroundings.progress(self._cleaner.redact(line))
        self._told, self._told_at = self._state.latest, now
