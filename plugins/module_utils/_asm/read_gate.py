# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate on one release: held until it has its verdict, or what one read alone would mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .errors import AsmError
from .old_gate import Observation, State, advance, hold
from .options.spec import Conditions, Options, Target
from .models.release import Release
from .report import Report, failed, label
from .session import Session
from .sanitize import Cleaner
from .runtime import Surroundings, Watch
from .wording import news, progress_line


class GateReader:
    """Holds the gate of one call over its session."""

    def __init__(
        self, session: Session, surroundings: Surroundings, cleaner: Cleaner, options: Options, target: Target
    ) -> None:
        self._session = session
        self._surroundings = surroundings
        self._cleaner = cleaner
        self._options = options
        self._target = target

    def result(self, report: Report, conditions: Conditions) -> dict[str, Any]:
        """Return the result of the gate.

        Raises:
            AsmError: in check mode, of the one read.
        """
        check_mode = self._surroundings.check_mode
        state = self._judge(conditions) if check_mode else self._hold(conditions)
        result = report.gate(self._target, state, conditions, self._session.request_id)
        if check_mode and state.outcome != "reached":
            # The task is green whatever the read has found.
            self._session.warn(result["msg"])
        return result if state.outcome == "reached" or check_mode else failed(result, state.error, self._cleaner)

    def _judge(self, conditions: Conditions) -> State:
        """Return what one read alone would mean: check mode."""
        release: Release | None = None
        missing: AsmError | None = None
        try:
            release = self._session.look_patiently(self._options, self._target, conditions.wait_timeout)
        except AsmError as error:
            if error.kind != "not_found":
                raise
            missing = error
        # A read that needed retries is not late: nobody waits here.
        state = advance(State(), Observation(0.0, 0.0, release, missing), conditions)
        return replace(state, ended=self._session.elapsed(), error=None)

    def _hold(self, conditions: Conditions) -> State:
        self._session.connect(self._options)

        def line(before: State, state: State, rest: float | None) -> str:
            name = label(self._target, state.release, self._cleaner)
            text = progress_line(before.latest, state, conditions, name, rest, self._cleaner)
            return str(self._cleaner.redact(text))

        watch = Watch(self._surroundings, self._session.elapsed, State(), lambda state: news(state, conditions), line)
        self._session.meanwhile = watch.remind
        return hold(
            lambda: self._session.look(self._options, self._target, conditions.wait_timeout),
            conditions,
            self._session.elapsed,
            self._surroundings.jitter,
            watch.tell,
            watch.rest,
        )


def failure(report: Report, error: AsmError, session: Session) -> dict[str, Any]:
    """Return the result of an error before a gate."""
    state = State(outcome="error", error=error, ended=session.elapsed())
    # Of the conditions, the sentence of an error tells nothing: they may be what is wrong.
    return failed(report.gate(Target("", "", ""), state, Conditions(()), session.request_id), error, report.clean)
