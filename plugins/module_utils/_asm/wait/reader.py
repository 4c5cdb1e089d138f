# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read targets, or every release of a mesh, once and without a gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..api.client import read_with_retries
from ..errors import AsmError, NotFoundError, ProtocolError, UsageError
from ..models.release_list import WORKLOADS, ListedRelease, ReleaseList
from ..options.request import ReleaseTarget
from ..options.validation import is_segment
from ..results.messages import Read
from .poller import read_target

if TYPE_CHECKING:
    from ..models.release import Release
    from .context import Context
    from .waiter import Waiter


def read_targets(context: Context, waiter: Waiter) -> list[Read]:
    """Return what each target shows; with `on_missing: fail`, each of them exists.

    Raises:
        AsmError: of the first release that cannot be read.
    """
    gates = waiter.read(None)
    targets = context.request.targets
    for target, gate in zip(targets, gates.gates):
        is_accepted = isinstance(gate.error, NotFoundError) and context.request.on_missing != "fail"
        if gate.error is not None and not is_accepted:
            raise gate.error if context.request.is_single else gate.error.about(f"{target.name} ({target.namespace})")
    if gates.error is not None:
        raise gates.error
    return [Read(target, gate.release, gate.error) for target, gate in zip(targets, gates.gates)]


def read_mesh(context: Context) -> list[Read]:
    """Return the releases of the mesh, narrowed by the namespace of the request, by namespace and name.

    Malformed releases are skipped with a warning, as long as one release of the list is not malformed.

    Raises:
        AsmError: of the list, or of the first release that cannot be read.
        UsageError: the list shows so many releases only in part that reading them takes longer than `wait_timeout`.
    """
    listed = _list(context)
    unusable = listed.why_unusable()
    if unusable is not None:
        raise unusable
    for problem in listed.problems.values():
        context.warn(problem.sentence(context.sanitizer))
    items = [item for item in listed.releases if item.error is None]
    shown = [item.release(WORKLOADS) if _is_wanted(context, item) else None for item in items]
    _check_time(context, sum(_is_wanted(context, item) for item, release in zip(items, shown) if release is None))
    found = [_read(context, item, release) for item, release in zip(items, shown)]
    malformed = [each for each in found if isinstance(each, ProtocolError)]
    if malformed and len(malformed) == len(found):
        raise malformed[0]
    for error in malformed:
        context.warn(f"a release of the list is skipped: {error.sentence(context.sanitizer)}")
    reads = [each for each in found if isinstance(each, Read)]
    return sorted(reads, key=lambda each: (each.target.namespace, each.release.name if each.release else ""))


def _is_wanted(context: Context, item: ListedRelease) -> bool:
    return context.request.namespace in (None, item.namespace)


def _check_time(context: Context, count: int) -> None:
    """Refuse so many single reads that they take longer than a deadline: nothing else bounds them."""
    schedule = context.request.schedule
    seconds = count * 60.0 / schedule.requests_per_minute
    if seconds > schedule.wait_timeout:
        problem = (
            f"the list of the mesh shows {count} releases only in part; to read them singly takes {seconds:.0f} s with "
            f"requests_per_minute {schedule.requests_per_minute}, longer than wait_timeout"
        )
        raise UsageError(problem, "name a namespace or the releases, or raise requests_per_minute or wait_timeout")


def _read(context: Context, item: ListedRelease, release: Release | None) -> Read | ProtocolError | None:
    """Return a listed release, or why it is malformed; None if it is gone or in another namespace.

    Args:
        release: as the list shows it; None if it must be read singly.
    """
    ids = [each for each in (item.uid, item.name) if is_segment(each)]
    if not ids or not is_segment(item.namespace):
        problem = "it has no uid, name or namespace that a request can hold"
        return ProtocolError(problem, "check endpoint").about(item.name or item.uid)
    if not _is_wanted(context, item):
        return None
    target = ReleaseTarget(context.request.mesh_id, item.namespace, ids[0])
    try:
        found = release or _single(context, target, item)
    except ProtocolError as error:
        return error
    return Read(target, found) if found is not None else None


def _list(context: Context) -> ReleaseList:
    request = context.request
    try:
        return read_with_retries(
            lambda until: context.client.list_releases(request.mesh_id, until), request.schedule, context.runtime
        )
    except NotFoundError:
        if request.on_missing == "fail":
            raise
        return ReleaseList(())


def _single(context: Context, target: ReleaseTarget, item: ListedRelease) -> Release | None:
    """Return a release that the list shows only in part, within the budget of single reads; None if it is gone."""
    schedule = context.request.schedule
    context.runtime.sleep(60.0 / schedule.requests_per_minute)
    try:
        return read_with_retries(lambda until: read_target(context.client, target, until), schedule, context.runtime)
    except AsmError as error:
        if isinstance(error, NotFoundError) and context.request.on_missing != "fail":
            return None
        raise error.about(f"{item.name or item.uid} ({item.namespace})") from None
