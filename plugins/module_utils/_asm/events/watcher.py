# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Watch the releases of many meshes: poll one mesh after the other, hand over the events of a poll, save the state.

No exception and no secret leaves `watch`: all that it delivers, logs or returns has passed the `Sanitizer`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Callable

from ..api.client import Client, connect
from ..connection.endpoints import asm_endpoint
from ..errors import AsmError, CredentialsError, InternalError, ProxyError, ThrottledError, UsageError
from ..options.request import SourceRequest
from ..options.spec import SECRET_NAMES
from ..options.validation import parse_source, sanitizer_for
from ..results.result import timestamp
from ..runtime import Runtime
from ..sanitize import Sanitizer
from .availability import Availability
from .mesh_reader import SLICE, Budget, MeshReader, Poll
from .pace import Pace
from .payload import Payloads
from .snapshot import restored, snapshot
from .state_file import StateFile, locked
from .tracker import BASELINE_LISTS, Tracker

_ENDING = (UsageError, CredentialsError, ProxyError, InternalError)
"""Errors that end the source: all meshes share arguments and credentials, and more refusals could lock the latter."""

_YIELDS = 40.0
"""How many times as long as its last poll took a mesh with a transient error lets the others go first."""

_LONGEST_YIELD = 600.0
"""Seconds for which it does so at most."""

_MOST_WARNINGS = 20
"""Lines that one poll of a mesh logs at most, besides one that says how many more there are."""


@dataclass(frozen=True)
class Host:
    """The program that runs the source.

    Attributes:
        deliver: takes an event and returns whether it was taken.
        inform, warn: take a line for the log.
    """

    deliver: Callable[[dict[str, Any]], bool]
    inform: Callable[[str], None]
    warn: Callable[[str], None]


@dataclass
class _Mesh:
    """One mesh, and what the source knows of it.

    Attributes:
        rests_from: when its pause began.
        jitter: a factor on its pause; 0 before its first poll.
        warned: what the log was warned about and still holds.
        is_polled: whether this run of the source has polled it.
    """

    reader: MeshReader
    tracker: Tracker
    availability: Availability
    rests_from: float
    jitter: float = 0.0
    warned: set[str] = field(default_factory=set)
    is_polled: bool = False

    @property
    def mesh_id(self) -> str:
        """Return the id of the mesh."""
        return self.reader.mesh_id


class _EndedError(Exception):
    """Why the source ends, as a finished sentence that names the mesh."""


def watch(parameters: Mapping[str, Any], runtime: Runtime, host: Host) -> str:
    """Watch releases until the source is cancelled or an error ends it; return the error's sentence.

    Args:
        parameters: the options by name, as the argument spec of the event source leaves them.
    """
    sanitizer = sanitizer_for(parameters)
    sanitizer.learn(*(runtime.environment.get(name) for name in SECRET_NAMES))
    try:
        with ExitStack() as stack:
            _Watcher(parse_source(parameters), runtime, sanitizer, host).run(stack)
    except (AsmError, _EndedError) as error:
        sentence = error.sentence(sanitizer) if isinstance(error, AsmError) else str(error)
        # A request that was cancelled has no reader for its error.
        return "" if runtime.is_cancelled() else str(sanitizer.redact(sentence))
    # The text of a bug may hold a secret, so only its type is shown.
    except Exception as bug:  # noqa: BLE001
        return f"a bug of this collection: {type(bug).__name__}; please report it"
    return ""


class _Watcher:
    """Watches the meshes of one source."""

    def __init__(self, request: SourceRequest, runtime: Runtime, sanitizer: Sanitizer, host: Host) -> None:
        self._request = request
        self._runtime = runtime
        self._sanitizer = sanitizer
        self._host = host
        self._mesh_id = ""
        self._state: StateFile | None = None
        self._saved: dict[str, Any] = {}
        self._origin = ""
        self._start = ""
        self._waited = 0.0
        self._budget: Budget

    def run(self, stack: ExitStack) -> None:
        """Poll one mesh after the other.

        Raises:
            AsmError, _EndedError: it ends the source.
        """
        request = self._request
        # Refused options and credentials come before a file is made.
        client = connect(request, self._runtime, self._sanitizer, self._warn)
        stack.callback(client.close)
        self._budget = Budget(Pace(request.schedule, len(request.mesh_ids)), client, self._runtime)
        if request.state_file is not None:
            self._state = stack.enter_context(locked(request.state_file, self._scope()))
        meshes = self._meshes(client)
        # A file that cannot be written ends the source before its events, which each start would send again.
        self._write()
        self._announce()
        while not self._runtime.is_cancelled():
            now, due = self._runtime.monotonic(), min(map(self._due, meshes))
            if now < due:
                self._runtime.sleep(min(due - now, SLICE))
                continue
            mesh = min((each for each in meshes if self._due(each) <= now), key=self._turn)
            self._mesh_id = mesh.mesh_id
            self._poll(mesh)
            # A queue that is full for long must end no run: nothing was read meanwhile.
            seconds, self._waited = divmod(self._waited, 1)
            if seconds:
                for each in meshes:
                    each.tracker = each.tracker.after_wait(seconds)
            self._end_if_nothing_is_left(meshes, mesh)

    def _end_if_nothing_is_left(self, meshes: Sequence[_Mesh], last: _Mesh) -> None:
        """End the source if every mesh was refused: retrying cannot fix any of them.

        Raises:
            _EndedError: with the error of the mesh that was polled last.
        """
        error = last.availability.error
        if error is not None and all(each.availability.is_refused for each in meshes):
            raise _EndedError(f"nothing left to watch ({_counted(len(meshes))} refused): {self._named(error)}")

    def _due(self, mesh: _Mesh) -> float:
        """Return when the next poll of a mesh begins: sooner and sooner while the source recovers from a 429."""
        return mesh.rests_from + self._budget.pace.pause(mesh.availability, self._runtime.monotonic()) * mesh.jitter

    def _turn(self, mesh: _Mesh) -> float:
        """Return the place of a mesh among those that are due: the others do not wait for a mesh that fails."""
        error = mesh.availability.error
        yields = min(_YIELDS * mesh.reader.took, _LONGEST_YIELD)
        return self._due(mesh) + (yields if error is not None and error.is_transient else 0.0)

    def _scope(self) -> dict[str, Any]:
        """Return what the state file belongs to. Meshes may be added and removed."""
        request = self._request
        return {
            "endpoint": asm_endpoint(request.connection, self._runtime.environment),
            "namespace": sorted(set(request.namespaces)),
            "service": sorted(set(request.services)),
            "name": sorted(set(request.names)),
        }

    def _meshes(self, client: Client) -> list[_Mesh]:
        """Return the meshes as they were saved, or as they begin; their first polls are spread over one interval.

        The mesh whose turn was longest ago is first, so that restarts in quick succession starve none.

        Raises:
            UsageError: the state file cannot be used.
        """
        request, now = self._request, self._runtime.monotonic()
        self._load()
        new = Tracker(request.conditions, request.schedule, 0 if request.initial else BASELINE_LISTS), Availability()
        meshes = []
        turns = {mesh_id: turn for turn, mesh_id in enumerate(self._saved)}
        for index, mesh_id in enumerate(sorted(request.mesh_ids, key=lambda each: turns.get(each, -1))):
            tracker, availability = new
            if self._state is not None and mesh_id in self._saved:
                try:
                    tracker, availability = restored(self._saved[mesh_id], tracker, now)
                except ValueError:
                    raise self._state.damaged() from None
            reader = MeshReader(mesh_id, request, client, self._budget)
            first = now + index * self._budget.interval() / len(request.mesh_ids)
            meshes.append(_Mesh(reader, tracker, availability, first))
        return meshes

    def _load(self) -> None:
        """Load what was saved, if there is a file for it."""
        if self._state is None:
            self._start = uuid.uuid4().hex
            return
        values = self._state.load()
        if values is None:
            self._origin = uuid.uuid4().hex
            return
        origin, saved = values.get("source"), values.get("meshes")
        # Nothing can be made of half a surrogate pair, which is not printable.
        if not isinstance(origin, str) or not origin or not origin.isprintable() or not isinstance(saved, dict):
            raise self._state.damaged()
        self._origin, self._saved = origin, saved

    def _announce(self) -> None:
        """Log how many meshes are watched, and how often."""
        schedule, interval = self._request.schedule, self._budget.interval()
        line = f"watching {_counted(len(self._request.mesh_ids))}, each every {round(interval, 1):g} s"
        if interval <= schedule.wait_sleep:
            self._host.inform(line)
            return
        budget = f"requests_per_minute is {schedule.requests_per_minute}"
        self._host.warn(f"{line} instead of wait_sleep ({schedule.wait_sleep:g} s): {budget}")

    def _poll(self, mesh: _Mesh) -> None:
        """Poll a mesh, hand over the events, then save the state: after a crash in between, the events come again."""
        poll = mesh.reader.poll(mesh.tracker.releases)
        # A 400 is about what was asked for, so the other meshes are not concerned.
        is_of_mesh = isinstance(poll.error, UsageError) and poll.error.response.status == 400
        if isinstance(poll.error, _ENDING) and not is_of_mesh:
            raise _EndedError(self._named(poll.error))
        if self._runtime.is_cancelled():
            return
        now = self._runtime.monotonic()
        epoch = self._runtime.now() - timedelta(seconds=now)
        request = self._request
        payloads = Payloads(self._sanitizer, request.manifests, mesh.mesh_id, self._origin, self._start, epoch)
        self._deliver(_events(mesh, poll, payloads, now))
        before = mesh.availability
        is_transient = poll.error is not None and poll.error.is_transient
        mesh.availability = before.after_poll(
            poll.error, now, timestamp(self._runtime.now()), self._budget.pace.patience, poll.listed is not None
        )
        if mesh.availability.changes != before.changes:
            since = mesh.availability.since or before.since
            event = payloads.of_mesh(mesh.availability, since, now)
            self._deliver([event])
            if is_transient:
                pause = self._budget.pace.pause(mesh.availability, now)
                self._host.warn(f"{event['msg']}; it is tried again every {pause:.0f} s")
        self._log(mesh, poll, before)
        self._save(mesh, now)
        # A mesh whose requests get no response would be polled back to back if its pause began with the poll.
        mesh.rests_from = now if is_transient else poll.listed_at
        mesh.jitter = self._runtime.jitter()

    def _deliver(self, events: Iterable[dict[str, Any]]) -> None:
        """Hand over events.

        Raises:
            InternalError: the source was cancelled.
        """
        for event in events:
            began = self._runtime.monotonic()
            if not self._host.deliver(event):
                raise InternalError("the source was cancelled")
            self._waited += self._runtime.monotonic() - began

    def _save(self, mesh: _Mesh, now: float) -> None:
        """Save the state, if there is a file for it.

        Raises:
            UsageError: the file cannot be written.
        """
        if self._state is None:
            return
        if not mesh.is_polled:
            # The order says whose turn it was last. Later polls keep it, so that a quiet poll does not write the file.
            mesh.is_polled = True
            self._saved.pop(mesh.mesh_id, None)
        self._saved[mesh.mesh_id] = snapshot(mesh.tracker, mesh.availability, now)
        self._write()

    def _write(self) -> None:
        """Write the state as it is, if there is a file for it.

        Raises:
            UsageError: the file cannot be written.
        """
        if self._state is not None:
            self._state.save({"source": self._origin, "meshes": self._saved})

    def _named(self, error: AsmError) -> str:
        """Return the sentence of an error of the mesh that is polled."""
        return f"mesh '{self._sanitizer(self._mesh_id)}': {error.sentence(self._sanitizer)}"

    def _warn(self, text: str) -> None:
        name = f"mesh '{self._sanitizer(self._mesh_id)}': " if self._mesh_id else ""
        self._host.warn(str(self._sanitizer.redact(name + text)))

    def _log(self, mesh: _Mesh, poll: Poll, before: Availability) -> None:
        """Warn once of each problem, and again when it comes back."""
        problems = dict(poll.problems)
        if poll.error is not None:
            problems[f"error {poll.error.kind}"] = poll.error
        new = [error for subject, error in problems.items() if subject not in mesh.warned]
        # The error of the whole poll, which comes last, is always among them.
        for error in new[-_MOST_WARNINGS:]:
            slower = isinstance(error, ThrottledError)
            now_every = f"; each mesh is now polled every {self._budget.interval():.0f} s" if slower else ""
            self._warn(error.sentence(self._sanitizer) + now_every)
        if len(new) > _MOST_WARNINGS:
            self._warn(f"{len(new) - _MOST_WARNINGS} more problems of releases")
        # A poll that read no list says nothing about earlier problems, and one that did not read a release says nothing
        # about that.
        mesh.warned = {*problems, *(mesh.warned if poll.error is not None else mesh.warned & mesh.reader.failed.keys())}
        if before.is_unavailable and not mesh.availability.is_unavailable:
            self._warn(f"available again; it was unavailable since {before.since}")


def _counted(meshes: int) -> str:
    return "1 mesh" if meshes == 1 else f"{meshes} meshes"


def _events(mesh: _Mesh, poll: Poll, payloads: Payloads, now: float) -> Iterator[dict[str, Any]]:
    """Yield the events of a poll, and take it into the tracker of the mesh."""
    if poll.listed is None:
        return
    listed = [poll.shown[uid] for uid in poll.listed if uid not in poll.excluded]
    tracker = mesh.tracker.showing(poll.shown).without(poll.excluded)
    mesh.tracker, events = tracker.after_poll(listed, poll.observations, now, poll.in_part)
    for event in events:
        yield payloads.of_release(event)
