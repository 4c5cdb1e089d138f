# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading several releases: once, once in check mode, or again and again until the gate has its verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

from .errors import AsmError
from .old_gate import State
from .options.spec import Conditions, Options, Several
from .poll import Found, Pace, Poller, hold
from .report import Report, failed
from .session import Session
from .sanitize import Cleaner
from .train import Train, begin
from .train_report import TrainReport
from .train_wording import news, progress_line
from .runtime import Surroundings, Watch

_UNBOUNDED = float("inf")


class TrainReader:
    """Reads the releases of one call over its session."""

    def __init__(
        self, session: Session, surroundings: Surroundings, cleaner: Cleaner, options: Options, several: Several
    ) -> None:
        self._session = session
        self._surroundings = surroundings
        self._cleaner = cleaner
        self._options = options
        self._several = several

    def results(self, apart: bool) -> list[dict[str, Any]]:
        """Return the result of all, or that of each alone; one alone if the call fails as a whole.

        Raises:
            AsmError: without a gate, of the list or of the first release that cannot be read.
        """
        check_mode, conditions = self._surroundings.check_mode, self._options.conditions
        report = TrainReport(self._cleaner, self._options.manifests, self._session.began, check_mode)
        if conditions is None:
            train = self._read()
            whole = report.releases(train, self._session.request_id)
        else:
            train = self._poll_once(conditions) if check_mode else self._hold(conditions)
            whole = report.train(train, self._session.request_id)
            # In check mode only an error fails; of every other outcome but `reached`, a green task needs a warning.
            if train.outcome != "reached" and (not check_mode or train.outcome == "error"):
                return [failed(whole, train.error, self._cleaner)]
            if train.outcome != "reached":
                self._session.warn(whole["msg"])
        return report.entries(train, self._session.request_id, conditions is not None) if apart else [whole]

    def _read(self) -> Train:
        """Return one look that nobody waits for."""
        # Without a gate, what is not there may as well appear later: it is no reason to stop looking at the others.
        train = self._poll_once(Conditions((), on_missing="wait"))
        needed = self._options.on_missing == "fail"
        whole = train.error if train.outcome == "error" else train.polls.error if needed else None
        for member in train.members:
            error = member.state.error
            if error is not None and (error is whole or (needed and whole is None)):
                raise error.of(f"{member.release_id} ({member.namespace})")
        if whole is not None:
            raise whole
        return train

    def _poll_once(self, conditions: Conditions) -> Train:
        """Return what one poll alone means."""
        # A poll that needed retries is not late: nobody waits here.
        train = begin(self._several, replace(conditions, wait_timeout=_UNBOUNDED))
        ends = conditions.wait_timeout if self._options.conditions else _UNBOUNDED

        def attempt(look: Callable[[float], Found], spacing: float = 0.0) -> Found:
            try:
                return self._session.patiently(self._options, look, ends - self._session.elapsed(), spacing)
            except AsmError as error:
                # There is no later poll that could make up for it.
                error.passing = False
                raise

        watch = self._watch(train, replace(self._surroundings, progress=None))
        poller = Poller(self._session, self._options, self._several, self._pace(watch), attempt, ends, watch.note)
        train = poller.poll(train)
        for member in train.members:
            if member.fault is not None:
                raise member.fault.of(f"{member.release_id} ({member.namespace})")
        return replace(train, polls=replace(train.polls, ended=self._session.elapsed()))

    def _hold(self, conditions: Conditions) -> Train:
        self._session.connect(self._options)
        train = begin(self._several, conditions)
        watch = self._watch(train, self._surroundings)
        self._session.meanwhile = watch.remind

        def attempt(look: Callable[[float], Found], spacing: float = 0.0) -> Found:  # noqa: ARG001
            return look(conditions.wait_timeout)

        pace = self._pace(watch)
        poller = Poller(self._session, self._options, self._several, pace, attempt, conditions.wait_timeout, watch.note)
        return hold(poller, train, pace, watch.tell)

    def _pace(self, watch: Watch[Train]) -> Pace:
        return Pace(self._session.elapsed, watch.rest, self._surroundings.jitter)

    def _watch(self, train: Train, surroundings: Surroundings) -> Watch[Train]:
        def line(before: Train, train: Train, rest: float | None) -> str:
            return str(self._cleaner.redact(progress_line(before, train, rest, self._cleaner)))

        return Watch(surroundings, self._session.elapsed, train, news, line)


def failure(report: Report, error: AsmError, session: Session, waited: bool) -> dict[str, Any]:
    """Return the result of an error before, or without, a gate."""
    polls = State(outcome="error", error=error, ended=session.elapsed())
    train = Train(Several("", ()), Conditions(()), polls=polls, outcome="error", error=error)
    of_train = TrainReport(report.clean, False, report.began, report.check_mode)
    if waited:
        return failed(of_train.train(train, session.request_id), error, report.clean)
    result = {**of_train.releases(train, session.request_id), "msg": error.sentence(report.clean)}
    return failed(result, error, report.clean)
