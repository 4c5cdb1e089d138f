# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One poll of a mesh: its list, and single reads of the releases that the list lacks or shows incompletely.

All requests of a source wait for their turn in one budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Callable, TypeVar

from ..api.client import Client
from ..errors import AsmError, InternalError, NotFoundError, ProtocolError, TransientProtocolError
from ..gate.release_gate import Observation
from ..models.release import Release
from ..models.release_list import ListedRelease
from ..options.request import ReleaseTarget, SourceRequest
from ..options.validation import is_segment
from ..runtime import Runtime
from .pace import Pace
from .tracker import TrackedRelease

SLICE = 0.5
"""Seconds after which a pause checks whether the source was cancelled."""

_POLL_TIMEOUTS = 4
"""How many times `request_timeout` a list may take at most, a login before it included."""

_NOT_FOUND = TransientProtocolError("ASM lists the release, but has no release of this uid", "check endpoint")
_OTHER_UID = ProtocolError("the response has another metadata.uid", "check endpoint")

_REST = 600.0
"""Seconds after which a release is read again if its response lacked a field that a filter needs."""

_LONGEST_ID = 253
"""Characters of a uid or a namespace. Kubernetes has no longer name, and a server refuses a long URL."""

_FIELDS = {"namespace": "metadata.namespace", "service": "spec.serviceName", "name": "metadata.name"}
"""What the filters look at, by the option that filters."""

Found = TypeVar("Found")
Shown = TypeVar("Shown", Release, ListedRelease)


class Budget:
    """The requests of one source, which all of its meshes share.

    Attributes:
        pace: after all requests so far.
    """

    def __init__(self, pace: Pace, client: Client, runtime: Runtime) -> None:
        self.pace = pace
        self._client = client
        self._runtime = runtime

    def next_slot(self) -> float:
        """Wait until a request may begin, and return its start.

        Raises:
            InternalError: the source was cancelled.
        """
        while True:
            now = self._runtime.monotonic()
            if self._runtime.is_cancelled():
                raise InternalError("the source was cancelled")
            if now >= self.pace.free:
                self.pace = self.pace.after_start(now)
                return now
            self._runtime.sleep(min(self.pace.free - now, SLICE))

    def send(self, read: Callable[[], Found]) -> Found:
        """Return what a request finds.

        Raises:
            AsmError: of any kind.
        """
        before = self._client.requests_sent
        try:
            return read()
        except AsmError as error:
            self.pace = self.pace.after_error(error, self.now())
            raise
        finally:
            # A login, and a try with a new token, count as well.
            more = max(0, self._client.requests_sent - before - 1)
            self.pace = self.pace.after_more(more, self.now())

    def interval(self) -> float:
        """Return the seconds between two polls of one mesh."""
        return self.pace.interval(self.now())

    def now(self) -> float:
        """Return the time of polls and pauses."""
        return self._runtime.monotonic()


@dataclass
class Poll:
    """What one poll of a mesh has found.

    Attributes:
        listed_at: when the list was complete; without one, when it was asked for. The pause of the mesh begins then,
            because a slow response must not bring two polls together: two in a row say more than one.
        listed: the releases that the list shows and the filters do not exclude, by uid; None if it was not read.
        in_part: the items of those that the list shows incompletely, by uid.
        refused: the uids of items with an error. They are in the list, whatever they are.
        shown: the fields of the filters as any response of the poll, or else an earlier one, showed them, by uid.
        observations: by uid.
        excluded: uids of releases that the filters exclude, or that left before a response showed what they need.
        error: why the mesh, or a part of it, could not be read.
        problems: what is wrong with single releases, by what it is about.
    """

    listed_at: float
    listed: dict[str, TrackedRelease] | None = None
    in_part: dict[str, ListedRelease] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    shown: dict[str, TrackedRelease] = field(default_factory=dict)
    observations: dict[str, Observation] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    error: AsmError | None = None
    problems: dict[str, AsmError] = field(default_factory=dict)


class MeshReader:
    """Reads one mesh, poll after poll.

    The filters look at the value of a field that was shown last, by the list or by a single read. A value that is not
    wanted excludes the release at once. While no response has shown a field that a filter needs, no event follows from
    the release.

    Attributes:
        failed: why the last single read of a release found nothing, by uid, if trying again will not help.
        took: seconds that the last poll took.
    """

    def __init__(self, mesh_id: str, request: SourceRequest, client: Client, budget: Budget) -> None:
        self.mesh_id = mesh_id
        self._request = request
        self._client = client
        self._budget = budget
        # What the last list and the reads after it showed.
        self._shown: dict[str, TrackedRelease] = {}
        # When which release was read singly last, or may be read again. It keeps its turn if a list shows it meanwhile.
        self._read_at: dict[str, float] = {}
        # When the last poll began whose list could be read, and how far apart such polls were the last two times.
        # Nothing of it outlives a list that failed.
        self._began: float | None = None
        self._periods = (0.0, 0.0)
        # Listed releases whose last single read was answered with a 404.
        self._missed: set[str] = set()
        self.failed: dict[str, AsmError] = {}
        self.took = 0.0

    def poll(self, tracked: Mapping[str, TrackedRelease]) -> Poll:
        """Return what one poll finds.

        Args:
            tracked: the releases that are known, by uid.

        Raises:
            InternalError: the source was cancelled before the first request.
        """
        started = self._budget.next_slot()
        poll = Poll(listed_at=started)
        # Whatever a state file holds, no run goes on of a release that never showed what a filter needs.
        poll.excluded = {uid for uid, each in tracked.items() if each.run is not None and not self._selects(each)}
        try:
            poll.listed = self._read_list(poll, tracked, started)
            self._read_singly(poll, tracked, poll.listed)
        except AsmError as error:
            poll.error = error
        if poll.listed is None:
            self._began, self._periods = None, (0.0, 0.0)
        else:
            if self._began is not None:
                self._periods = (self._periods[1], started - self._began)
            self._began = started
        self.took = self._budget.now() - started
        # A poll may read only some releases. What an earlier one found of the others still holds.
        poll.error = poll.error or self._lasting_error(poll.listed or {})
        return poll

    def _read_list(
        self, poll: Poll, tracked: Mapping[str, TrackedRelease], started: float
    ) -> dict[str, TrackedRelease]:
        """Return the listed releases that the filters do not exclude.

        The complete ones are observations of the poll.
        """
        deadline = started + _POLL_TIMEOUTS * self._request.schedule.request_timeout
        found = self._budget.send(lambda: self._client.list_releases(self.mesh_id, deadline))
        poll.listed_at, interval = self._budget.now(), self._interval()
        unusable = found.why_unusable(needs_uid=True)
        if unusable is not None:
            raise unusable
        known = {**tracked, **self._shown}
        self._shown = poll.shown
        poll.problems.update(found.problems)
        listed = {}
        needs = self._request.conditions.needs if self._request.conditions is not None else ()
        for item in found.releases:
            each = _filled(item, known.get(item.uid))
            if each.error is not None:
                poll.refused.add(each.uid)
                continue
            if not each.uid:
                if not self._excludes(each):
                    poll.problems[each.name] = ProtocolError("the list has a release without uid", "", each.name)
                continue
            poll.shown[each.uid] = _fields(each)
            if self._excludes(each):
                poll.excluded.add(each.uid)
                continue
            listed[each.uid] = poll.shown[each.uid]
            release = each.release(needs)
            # An item without a field that a filter needs is incomplete, too: the single read decides.
            if release is not None and self._selects(each):
                release = _filled(release, listed[each.uid])
                poll.observations[each.uid] = Observation(started, poll.listed_at, release, interval=interval)
            else:
                poll.in_part[each.uid] = each
        return listed

    def _excludes(self, release: Release | ListedRelease | TrackedRelease) -> bool:
        """Return whether a field of a release is not among those wanted. One that is missing decides nothing."""
        return any(value and value not in wanted for _option, wanted, value in self._filters(release))

    def _selects(self, release: Release | ListedRelease | TrackedRelease) -> bool:
        """Return whether all filters select a release, so that it has each field that they need."""
        return all(value in wanted for _option, wanted, value in self._filters(release))

    def _filters(self, release: Release | ListedRelease | TrackedRelease) -> list[tuple[str, Sequence[str], str]]:
        """Return option, wanted values and the value of the release for each filter."""
        request = self._request
        filters = [
            ("namespace", request.namespaces, release.namespace),
            ("service", request.services, release.service),
            ("name", request.names, release.name),
        ]
        return [each for each in filters if each[1]]

    def _read_singly(
        self, poll: Poll, tracked: Mapping[str, TrackedRelease], listed: Mapping[str, TrackedRelease]
    ) -> None:
        """Read the releases that the list lacks or shows incompletely, the longest unread first, within the budget.

        Raises:
            AsmError: it concerns not only one release. What was read before is in the poll.
        """
        known = {uid: each for uid, each in tracked.items() if each.needs_read}
        known.update(listed)
        settled = poll.observations.keys() | poll.excluded
        missing = {uid: each for uid, each in known.items() if uid not in settled}
        unreadable = {uid: error for uid, each in missing.items() if (error := _why_unreadable(each)) is not None}
        poll.problems.update(unreadable)
        now = self._budget.now()
        self._read_at = {uid: at for uid, at in self._read_at.items() if uid in known or at > now - _REST}
        unread = {uid: self._read_at.get(uid, 0.0) for uid in missing if uid not in unreadable}
        self.failed = {**{uid: error for uid, error in self.failed.items() if uid in unread}, **unreadable}
        self._missed &= unread.keys()
        # A release whose last response lacked a field is not due, unless the list shows the field now: then at once.
        due = {uid: at if at <= now else 0.0 for uid, at in unread.items() if at <= now or self._selects(known[uid])}
        count = self._budget.pace.single_reads(now)
        interval = self._interval(ceil(len(due) / count))
        for uid in sorted(due, key=due.__getitem__)[:count]:
            started = self._read_at[uid] = self._budget.next_slot()
            observed = self._read_release(poll, known[uid], uid in listed or uid in poll.refused)
            if observed is not None:
                completed = self._budget.now()
                poll.observations[uid] = replace(observed, started=started, completed=completed, interval=interval)

    def _interval(self, polls: int = 1) -> float:
        """Return the seconds between two observations of a release that every so many polls read.

        Slow responses, also those of other meshes, make them longer than the interval. A single pause does not count,
        such as one after an error.
        """
        return max(self._budget.interval(), min(self._periods)) * polls

    def _read_release(self, poll: Poll, known: TrackedRelease, is_listed: bool) -> Observation | None:
        """Return what a single read says of a release; None if nothing follows from the response."""
        uid = known.uid
        target = ReleaseTarget(self.mesh_id, known.namespace, uid)
        deadline = self._budget.now() + self._request.schedule.request_timeout
        try:
            release = self._budget.send(lambda: self._client.get_release(target, deadline))
        except NotFoundError as error:
            return self._not_found(poll, known, is_listed, error)
        except AsmError as error:
            if not error.is_transient:
                self.failed[uid] = error
            if not isinstance(error, ProtocolError):
                raise
            poll.problems[uid] = error.about(uid)
            return None
        self._missed.discard(uid)
        if release.uid != uid:
            self.failed[uid] = _OTHER_UID
            poll.problems[uid] = _OTHER_UID.about(uid)
            return None
        release = _filled(release, known)
        poll.shown[uid] = _fields(release)
        if self._excludes(release):
            self.failed.pop(uid, None)
            poll.excluded.add(uid)
            return None
        if not self._selects(release):
            self._read_at[uid] += _REST
            self.failed[uid] = self._undecided(release)
            poll.problems[uid] = self.failed[uid].about(uid)
            return None
        self.failed.pop(uid, None)
        return Observation(0.0, 0.0, release)

    def _not_found(
        self, poll: Poll, known: TrackedRelease, is_listed: bool, error: NotFoundError
    ) -> Observation | None:
        """Return what a 404 says of a release: nothing if the list of the same poll shows it."""
        uid = known.uid
        if is_listed:
            # The first one may be of a release that was deleted meanwhile.
            if uid in self._missed:
                self.failed[uid] = _NOT_FOUND
                poll.problems[uid] = _NOT_FOUND.about(uid)
            self._missed.add(uid)
            return None
        if not self._selects(known):
            poll.excluded.add(uid)
            return None
        return Observation(0.0, 0.0, error=error)

    def _undecided(self, release: Release) -> AsmError:
        """Return the error of a release without a field that a filter needs."""
        option = next(option for option, _wanted, value in self._filters(release) if not value)
        problem = f"the response has no {_FIELDS[option]}, which the filter {option} needs"
        return ProtocolError(problem, "use another filter to watch the release")

    def _lasting_error(self, listed: Mapping[str, TrackedRelease]) -> AsmError | None:
        """Return the error of a mesh of which single reads have failed: one that concerns more than its release, or the
        first one if nothing of the mesh is seen; None otherwise."""
        for error in self.failed.values():
            if not isinstance(error, (ProtocolError, TransientProtocolError)):
                return error
        if not listed or not self.failed.keys() >= listed.keys():
            return None
        selected = [uid for uid, each in listed.items() if self._selects(each)]
        if not selected and any(map(self._excludes, self._shown.values())):
            # The list shows other releases, and nothing says that the filters select one of these.
            return None
        first = self.failed[next(iter(selected or listed))]
        problem = f"none of the {len(listed)} releases of the list can be read: {first.problem}"
        return type(first)(problem, first.hint, first.seen, first.response)


def _fields(shown: Release | ListedRelease) -> TrackedRelease:
    """Return a release with the fields that the filters look at."""
    return TrackedRelease(shown.uid, shown.namespace, shown.name, shown.service)


def _filled(shown: Shown, known: TrackedRelease | None) -> Shown:
    """Return what a response shows, with what is known of the fields of the filters that it leaves out."""
    if known is None:
        return shown
    fields = {option: getattr(shown, option) or getattr(known, option) for option in _FIELDS}
    return replace(shown, **fields)


def _why_unreadable(release: TrackedRelease) -> AsmError | None:
    """Return why a release cannot be read singly, None if it can: its request would find another path."""
    for place, value in (("metadata.namespace", release.namespace), ("metadata.uid", release.uid)):
        if len(value) > _LONGEST_ID or not is_segment(value):
            problem = f"{place} is {{seen}}, so the release cannot be read singly"
            return ProtocolError(problem, "check endpoint", value).about(release.name)
    return None
