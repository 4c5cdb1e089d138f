# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One poll: the list of the mesh, and spaced single reads of the targets that the list does not show."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, TypeVar

from ..api.client import Client, read_with_retries
from ..errors import AsmError, DeniedError, NotFoundError, ThrottledError
from ..gate.gate_set import GateSet, Response
from ..gate.schedule import PollCost, can_read_twice, due_after_error
from ..models.release_list import WORKLOADS, ListedRelease, ReleaseList
from ..options.validation import is_segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..gate.release_gate import ReleaseGate
    from ..models.release import Release
    from ..options.request import ReleaseTarget
    from .context import Context

Found = TypeVar("Found")


class Poller:
    """Polls the targets of a call again and again.

    Args:
        context: the call.
        rest: pauses until a time, in seconds since the call began.
        retries: whether each request is retried within the poll, because no other poll follows.

    Attributes:
        retries: as given.
        cost: of the last poll.
        resume_at: when the server may be asked again, after it asked for a pause.
    """

    def __init__(self, context: Context, rest: Callable[[float], None], retries: bool = False) -> None:
        self._context = context
        self._rest = rest
        self.retries = retries
        self._targets = context.request.targets
        self._uids: dict[int, str] = {}
        # Two or more ids cost one request; services, and one id, are read singly.
        self._uses_list = sum(target.release_id is not None for target in self._targets) > 1
        self._next_single_read = 0.0
        self._single_reads_before = 0
        spacing = 60.0 / context.request.schedule.requests_per_minute if len(self._targets) > 1 else 0.0
        self.cost = PollCost(spacing=spacing)
        self.resume_at = 0.0

    def poll(self, gates: GateSet) -> Iterator[Response]:
        """Yield the responses of one poll; the caller stops when there is an outcome."""
        self._single_reads_before = self.cost.single_reads
        self.cost = replace(self.cost, single_reads=0, paused=0.0)
        positions = gates.open_positions
        by_id = [each for each in positions if self._targets[each].release_id is not None]
        listed = self._read_list(gates, by_id) if by_id and self._uses_list else None
        if listed is not None and listed.error is not None:
            yield listed
            return
        if listed is not None:
            positions = [each for each in positions if each not in listed.releases]
        self.cost = replace(self.cost, single_reads=len(positions))
        if listed is not None:
            yield replace(listed, interval=self._interval)
        errors = 0
        for position in positions:
            if not self._wait_for_budget():
                return
            response = self._read_single(position)
            errors = errors + 1 if response.error is not None else 0
            self._back_off(response.error, errors)
            yield response

    @property
    def _interval(self) -> float:
        """Return the seconds between two responses about a release: single reads, of this poll or of the one before,
        can make it longer than `wait_sleep`."""
        return max(self.cost.single_reads, self._single_reads_before) * self.cost.spacing

    def _read_list(self, gates: GateSet, by_id: list[int]) -> Response | None:
        """Return the response of the list; None if it is denied and single reads take its place."""
        context, started = self._context, self._context.elapsed()
        try:
            listed = self._read(lambda until: context.client.list_releases(context.request.mesh_id, until))
        except NotFoundError:
            # The single reads say whether it is the mesh or the releases that ASM does not know.
            listed = ReleaseList(())
        except DeniedError as error:
            return self._without_list(gates, error, started)
        except AsmError as error:
            return Response(started, context.elapsed(), error)
        for problem in listed.problems.values():
            context.warn(problem.sentence(context.sanitizer))
        releases: dict[int, Release | AsmError] = {}
        in_part: dict[int, Release | None] = {}
        for position in by_id:
            gate = gates.gates[position]
            needs = WORKLOADS if context.request.gate is None else gate.conditions.needs
            try:
                item = self._find(listed, position, gate)
            except AsmError as error:
                releases[position] = error
                continue
            if item is None:
                continue
            # Once the uid is known, an item without one may be of another release.
            found = item.error or (item.release(needs) if item.uid or not gate.first_uid else None)
            if found is None:
                in_part[position] = item.in_part()
            else:
                releases[position] = found
        return Response(started, context.elapsed(), None, releases, in_part=in_part)

    def _find(self, listed: ReleaseList, position: int, gate: ReleaseGate) -> ListedRelease | None:
        """Return the item of a target, None if the list lacks it.

        Raises:
            UsageError: several items could be it.
        """
        target = self._targets[position]
        item = listed.find(target.namespace, str(target.release_id), gate.first_uid or "")
        # An older release of the name may have been in the list for a moment.
        uid = (item.uid if item is not None else "") or (gate.first_uid if position in self._uids else "")
        if uid:
            self._uids[position] = uid if is_segment(uid) else ""
        return item

    def _without_list(self, gates: GateSet, denied: AsmError, started: float) -> Response | None:
        """Return the response of a denied list: an error if single reads would be too slow, else None."""
        context, now, count = self._context, self._context.elapsed(), len(gates.open_positions)
        schedule = context.request.schedule
        rate = schedule.requests_per_minute
        if context.request.gate is not None and not can_read_twice(count, self.cost, schedule, now):
            problem = (
                f"the list of releases is denied, and with requests_per_minute {rate} not every release could be read "
                "twice before the deadline"
            )
            hint = f"{denied.hint}, or raise requests_per_minute or wait_timeout"
            return Response(started, now, DeniedError(problem, hint, response=denied.response))
        self._uses_list = False
        context.warn(
            f"the list of releases is denied, so each release is read singly, at most {rate} requests a minute; "
            "grant asm:mesh:listReleases, or set requests_per_minute"
        )
        return None

    def _read_single(self, position: int) -> Response:
        context, started = self._context, self._context.elapsed()
        found: Release | AsmError
        transient = None

        def read(until: float) -> Release:
            # A retry counts against the budget as well.
            self._next_single_read = context.elapsed() + self.cost.spacing
            return read_target(context.client, self._targets[position], until, self._uids.get(position, ""))

        try:
            found = self._read(read)
        except AsmError as error:
            found, transient = error, error if error.is_transient else None
        return Response(started, context.elapsed(), transient, {position: found}, self._interval)

    def _read(self, read: Callable[[float], Found]) -> Found:
        """Return what one request returns, with its retries if no other poll follows."""
        context, schedule = self._context, self._context.request.schedule
        until = context.started + schedule.wait_timeout if context.request.gate is not None else float("inf")
        if not self.retries:
            return read(until)
        return read_with_retries(read, schedule, context.runtime, until, self.cost.spacing)

    def _wait_for_budget(self) -> bool:
        """Pause until the next single read may begin; return False if that is too late."""
        now, due = self._context.elapsed(), self._next_single_read
        if self._context.request.gate is not None and max(now, due) >= self._context.request.schedule.wait_timeout:
            return False
        if due > now:
            self._rest(due)
            self.cost = replace(self.cost, paused=self.cost.paused + min(due - now, self.cost.spacing))
        return True

    def _back_off(self, error: AsmError | None, errors: int) -> None:
        """Delay the next single read after a transient error, and every request if the server asked for a pause."""
        if error is None or not self.cost.spacing:
            return
        now, schedule = self._context.elapsed(), self._context.request.schedule
        due = due_after_error(error, errors, schedule, now, self._context.runtime.jitter())
        due = math.inf if due is None else due
        self._next_single_read = max(self._next_single_read, due)
        if isinstance(error, ThrottledError) or error.response.retry_after is not None:
            self.resume_at = due


def read_target(client: Client, target: ReleaseTarget, until: float, uid: str = "") -> Release:
    """Return the release of a target, read once.

    Args:
        until: the deadline, on `runtime.monotonic`.
        uid: as a list showed it. Whether a read by name is answered is not published, so a 404 of a name must not count
            as a disappearance once the uid is known.

    Raises:
        AsmError: of any kind but `internal`.
    """
    if target.service is not None:
        return client.get_service(target, until)
    return client.get_release(target._replace(release_id=uid or target.release_id), until)
