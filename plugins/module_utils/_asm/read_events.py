# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The events of releases that are watched for ever: poll, see what it means, deliver, remember.

As `read`, it lets no exception out and no secret: whatever it delivers, warns of or returns has passed the `Cleaner`.
"""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import timedelta
from itertools import groupby
from typing import Any, Callable

from . import follow as rules
from .connection.endpoints import asm_endpoint
from .errors import AsmError
from .event_report import EventReport, parse_events
from .follow import Event, Following, as_before, follow
from .follow_state import parse_following, remembered, report_following, report_watched
from .lasting import UNBOUNDED, begin, refreshed
from .options.spec import SECRET_NAMES, SECRET_OPTIONS, Conditions, SourceOptions, parse_source
from .poll import Found, Pace, Poller
from .session import Session
from .state_file import StateFile, locked
from .sanitize import Cleaner
from .train import Key, Train, next_poll
from .runtime import Surroundings, Watch

_SHORTEST_PAUSE = 1.0
"""Seconds between two polls, however many runs fall due."""

_JUST_AFTER = 0.001
"""Seconds by which a poll that must decide begins late, so that no rounding makes it begin early."""

_PORTION = 4 * 1024 * 1024
"""Characters of events, as JSON, after which no more releases are added to those that are delivered at once. With
manifests, those of a thousand releases would make a state file too large to be read again."""

_Subject = tuple[str, ...]
"""What a warning is about: a release, something of the list, or a kind of fault of the polls."""

_Waiting = deque[tuple[Key, list[Event]]]
"""Events of each release that are not delivered yet."""


def watch(
    parameters: Mapping[str, Any],
    surroundings: Surroundings,
    deliver: Callable[[dict[str, Any]], bool],
    warn: Callable[[str], None],
) -> str:
    """Watch releases until nobody takes events any more, or a final error; return its sentence, empty without one.

    Args:
        parameters: the options by name, typed as `options.source_argument_spec` describes them.
        deliver: takes an event; returns whether it was taken.
        warn: takes a sentence about what passes.
    """
    cleaner = Cleaner()
    cleaner.learn(*(parameters.get(name) for name in SECRET_OPTIONS))
    cleaner.learn(*(surroundings.environment.get(name) for name in SECRET_NAMES))
    session = Session(surroundings, cleaner)
    try:
        _Watcher(parse_source(parameters), session, surroundings, cleaner, deliver, warn).run()
    except AsmError as error:
        # Whatever a request that was cut short raises is not for anybody who has gone.
        return "" if surroundings.abandoned() else str(cleaner.redact(error.sentence(cleaner)))
    # As in `read`: the text of a fault of ours may hold a secret, so only its type is told.
    except Exception as fault:  # noqa: BLE001
        return f"a fault of this collection: {type(fault).__name__}; please report it"
    finally:
        session.close()
    return ""


class _Watcher:
    """Watches the releases of one source over its session."""

    def __init__(
        self,
        source: SourceOptions,
        session: Session,
        surroundings: Surroundings,
        cleaner: Cleaner,
        deliver: Callable[[dict[str, Any]], bool],
        warn: Callable[[str], None],
    ) -> None:
        self._source = source
        self._session = session
        self._surroundings = surroundings
        self._cleaner = cleaner
        self._deliver = deliver
        self._warn = warn
        self._warned: set[_Subject] = set()
        quiet: Watch[None] = Watch(surroundings, session.elapsed, None, lambda _state: None, lambda *_parts: "")
        self._pace = Pace(session.elapsed, quiet.rest, surroundings.jitter)

    def run(self) -> None:
        """Poll again and again.

        Raises:
            AsmError: final, or because nobody takes events any more.
        """
        source = self._source
        self._session.connect(source.options)
        name = "" if source.state_file is None else uuid.uuid4().hex
        following = rules.begin(source.several, source.conditions, source.initial, name)
        if source.state_file is None:
            self._watch(following, None)
            return
        scope = {
            "endpoint": asm_endpoint(source.options.connection, self._surroundings.environment),
            "mesh_id": source.several.mesh_id,
            "watched": report_watched(source.several),
        }
        with locked(source.state_file, scope) as state:
            following, outbox = _restored(state, following)
            if outbox:
                # It ended before it knew that these were delivered.
                self._send(outbox)
                self._save(state, following)
            self._watch(following, state)

    def _watch(self, following: Following, state: StateFile | None) -> None:
        source = self._source
        # Without a gate, an answer needs to tell no more than it does.
        conditions = source.conditions or Conditions(
            (), wait_sleep=source.wait_sleep, request_timeout=source.options.request_timeout
        )
        train = begin(source.several, conditions, {key: remembered(each) for key, each in following.releases.items()})
        poller = Poller(
            self._session, source.options, source.several, self._pace, _attempt, UNBOUNDED, lambda _train: None
        )
        while not self._surroundings.abandoned():
            train = poller.poll(train)
            if self._surroundings.abandoned():
                return
            before = following
            following, events = follow(before, train)
            self._complain(train, following)
            self._hand_over(before, following, events, state)
            if following.has_begun:
                self._save(state, following)
            self._end(train)
            due = self._next(train, following, poller)
            train = refreshed(train, following.releases.keys())
            self._pace.rest(due)

    def _hand_over(self, before: Following, after: Following, events: Sequence[Event], state: StateFile | None) -> None:
        """Deliver the events of a poll, in portions that are written down before.

        After a crash, what is written down is delivered again as it is, and the next poll goes on from what is known
        after it. So no change is told in two ways, and no two changes in the same.

        Raises:
            AsmError: kind `internal`, nobody takes them any more; kind `usage`, the state cannot be written.
        """
        # The clock of the polls does not follow a wall clock that is set; each poll looks what time it is.
        began = self._surroundings.now() - timedelta(seconds=self._session.elapsed())
        source = self._source
        report = EventReport(self._cleaner, source.options.manifests, began, source.several.mesh_id, after.source)
        waiting: _Waiting = deque((key, list(each)) for key, each in groupby(events, lambda event: event.followed.key))
        while waiting:
            outbox = _portion(waiting, report)
            self._save(state, as_before(after, before, {key for key, _events in waiting}), outbox)
            self._send(outbox)

    def _send(self, outbox: Sequence[dict[str, Any]]) -> None:
        """Deliver events.

        Raises:
            AsmError: kind `internal`; nobody takes them any more.
        """
        for event in outbox:
            if not self._deliver(event):
                raise AsmError("internal", "nobody takes events any more")

    def _save(self, state: StateFile | None, following: Following, outbox: Sequence[dict[str, Any]] = ()) -> None:
        """Write down what is known, if there is a file for it, with the events that are to be delivered next.

        Raises:
            AsmError: kind `usage`; it cannot be written.
        """
        if state is not None:
            state.save({**report_following(following, self._session.elapsed()), "outbox": [*outbox]})

    def _next(self, train: Train, following: Following, poller: Poller) -> float:
        """Return when the next poll begins, in seconds since the first."""
        now = self._pace.clock()
        due = next_poll(train, now, self._pace.jitter(), poller.rested)
        # Only a deadline makes it None, and there is none.
        due = now if due is None else due
        if train.polls.faults and not any(member.answered for member in train.members):
            # What falls due would not be answered either.
            return max(due, poller.asked)
        decisive = [time + _JUST_AFTER for time in following.falls_due() if time > now]
        return max(min([due, *decisive]), min(due, now + _SHORTEST_PAUSE), poller.asked)

    def _end(self, train: Train) -> None:
        """Raise the error that ends it all, if there is one: of the way to ASM, or of what may be read.

        A single release that cannot be understood does not.
        """
        if train.outcome == "error" and train.error is not None:
            raise train.error
        for member in train.members:
            error = member.state.error
            if member.state.outcome == "error" and error is not None and error.kind != "protocol":
                raise error.of(f"{member.release_id} ({member.namespace})")

    def _complain(self, train: Train, following: Following) -> None:
        """Warn once of what passes, and again when it comes again."""
        problems = dict(_problems(train, following))
        new = [error.sentence(self._cleaner) for subject, error in problems.items() if subject not in self._warned]
        for text in (*self._session.take_warnings(), *new):
            self._warn(str(self._cleaner.redact(text)))
        self._warned = {*problems, *_untold(train, self._warned)}


def _untold(train: Train, subjects: Set[_Subject]) -> set[_Subject]:
    """Return the subjects of which the poll says nothing: what was wrong with them may be so still."""
    silent = {("release", *member.key) for member in train.members if not member.answered}
    answered = train.told or any(member.answered for member in train.members)
    is_untold = {"list": not train.told, "polls": not answered}
    return {each for each in subjects if each in silent or is_untold.get(each[0], False)}


def _restored(state: StateFile, following: Following) -> tuple[Following, list[dict[str, Any]]]:
    """Return what was known when the state file was written last, and the events that were to be delivered then; as it
    begins if there is none yet.

    Raises:
        AsmError: kind `usage`: the file cannot be used.
    """
    values = state.load()
    if values is None:
        return following, []
    try:
        return parse_following(values, following), parse_events(values.get("outbox"))
    except ValueError:
        raise state.damaged() from None


def _portion(waiting: _Waiting, report: EventReport) -> list[dict[str, Any]]:
    """Return events, those of one release together, and take them out of what is waiting."""
    portion: list[dict[str, Any]] = []
    size = 0
    while waiting and size < _PORTION:
        _key, events = waiting.popleft()
        made = [report.event(event) for event in events]
        size += len(json.dumps(made))
        portion += made
    return portion


def _attempt(look: Callable[[float], Found], spacing: float = 0.0) -> Found:  # noqa: ARG001
    """Make one request: the next poll makes up for a passing fault."""
    return look(UNBOUNDED)


def _problems(train: Train, following: Following) -> Iterator[tuple[_Subject, AsmError]]:
    """Yield what is wrong and passes, each with what it is about."""
    alone = False
    for member in train.members:
        answer = member.answer.error if member.answer is not None else None
        if member.key in following.nameless:
            problem = "the answer has no metadata.uid, and the ones before had one"
            answer = AsmError("protocol", problem, "check endpoint")
        error = member.fault or (answer if answer is not None and answer.kind == "protocol" else None)
        alone = alone or (member.fault is not None and member.fault is train.polls.error)
        if error is not None:
            yield ("release", *member.key), error.of(f"{member.release_id} ({member.namespace})")
    for error in train.unfit:
        yield ("list", error.seen), error
    polls = train.polls
    if polls.error is not None and train.outcome is None and not alone:
        yield ("polls", polls.error.kind), polls.error
