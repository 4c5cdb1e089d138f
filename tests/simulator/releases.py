# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release at one moment: a pure function of the scenario, the seconds since it began, and the reads.

The phases are the scenario's own words. The formats of ``startTime`` and ``updateTime`` are not published; here they
are RFC 3339 in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from .deployments import Workload, deployment
from .scenario import Change, Release, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

COUNTS = ("updated", "ready", "available", "fill_seconds", "fill_reads")
NAME = re.compile(r"[a-z][a-z0-9-]{2,62}[a-z0-9]")


@dataclass(frozen=True)
class Applied:
    """A change with the moment at which it took effect: seconds since the clock began, and reads before it."""

    change: Change
    seconds: float
    reads: int

    def share_filled(self, elapsed: float, reads: int) -> float:
        """How many of the replicas have come when ``fill_seconds`` or ``fill_reads`` brings them, from 0 to 1."""
        if self.change.fill_reads is not None:
            return min(1.0, (reads - 1 - self.reads) / self.change.fill_reads)
        length = self.change.fill_seconds
        return min(1.0, (elapsed - self.seconds) / length) if length else 1.0


@dataclass(frozen=True)
class State:
    """A release at one moment. The counts are those of each gray workload; ``changed_at`` is in seconds."""

    version: str
    uid: str
    image: str
    replicas: int
    workloads: int
    found: bool = False
    phase: str = ""
    updated: int = 0
    ready: int = 0
    available: int = 0
    old: int = 0
    observed: bool = True
    deadline_exceeded: bool = False
    workload_status: bool = True
    changed_at: float = 0.0


def expand(release: Release) -> list[Release]:
    """The ``count`` releases of a template, numbered from 1, with as many digits as the last needs."""
    width = len(str(release.count))
    numbers = [f"{number:0{width}}" for number in range(1, release.count + 1)]
    return [
        replace(
            release,
            id=release.id.replace("{number}", number),
            service=release.service.replace("{number}", number),
            count=1,
        )
        for number in numbers
    ]


def state_at(release: Release, elapsed: float, reads: int, changes: tuple[Applied, ...] = ()) -> State:
    """The state that read number ``reads`` (from 1) sees ``elapsed`` seconds after the clock began.

    Steps take effect in their order and only once the one before has; ``changes`` come from outside and win over them.
    """
    steps = _due(release.steps, elapsed, reads)
    state = State(
        version=release.version,
        uid=release.uid or _uid(release),
        image=release.image,
        replicas=release.replicas,
        workloads=release.workloads,
        found=bool(steps),
    )
    count: Applied | None = None
    for applied in (*steps, *changes):
        state = _changed(state, applied)
        if any(getattr(applied.change, name) is not None for name in COUNTS):
            count = applied
    return _counted(state, count, elapsed, reads)


def _due(steps: tuple[Step, ...], elapsed: float, reads: int) -> list[Applied]:
    due: list[Applied] = []
    for step in steps:
        if step.after_seconds is not None and elapsed < step.after_seconds:
            break
        if step.after_reads is not None and reads <= step.after_reads:
            break
        due.append(Applied(step, step.after_seconds or 0.0, step.after_reads or 0))
    return due


def _changed(state: State, applied: Applied) -> State:
    kept = {field.name for field in fields(State)} - {"updated", "ready", "available"}
    given = {name: value for name in kept if (value := getattr(applied.change, name, None)) is not None}
    return replace(state, changed_at=max(state.changed_at, applied.seconds), **given)


def _counted(state: State, count: Applied | None, elapsed: float, reads: int) -> State:
    """The state with its replicas counted, as the last change that says anything of them wants it."""
    change = count.change if count is not None else Change()
    if count is not None and (change.fill_seconds is not None or change.fill_reads is not None):
        filled = count.share_filled(elapsed, reads) * state.replicas
        # One replica is always on its way: updated before it is ready, ready before it counts as available.
        updated, available = min(state.replicas, int(filled) + 1), int(filled)
        return replace(state, updated=updated, ready=min(updated, int(filled + 0.5)), available=available)
    updated = state.replicas if change.updated is None else change.updated
    ready = updated if change.ready is None else change.ready
    available = ready if change.available is None else change.available
    return replace(state, updated=updated, ready=ready, available=available)


def _uid(release: Release) -> str:
    return str(uuid5(NAMESPACE_URL, f"{release.mesh_id}/{release.namespace}/{release.id}"))


def document(release: Release, state: State, began: datetime) -> dict[str, Any]:
    """The Release object of the API; ``began`` is when the clock began, in UTC."""
    updated = began + timedelta(seconds=state.changed_at)
    original = Workload(
        name=f"{release.service}-v1",
        namespace=release.namespace,
        cluster="cluster-1",
        service=release.service,
        version="v1",
        image=f"{state.image.rpartition(':')[0]}:v1",
        replicas=release.replicas,
        updated=release.replicas,
        ready=release.replicas,
        available=release.replicas,
        created=_time(began - timedelta(days=30)),
        changed=_time(began - timedelta(days=30)),
    )
    gray = [_gray(release, state, number, began, updated) for number in range(1, state.workloads + 1)]
    templates = [replace(workload, with_status=False) for workload in gray]
    return {
        "kind": "Release",
        "apiVersion": "asm/v2",
        "metadata": {
            "meshID": release.mesh_id,
            "name": release.id if NAME.fullmatch(release.id) else f"release-{state.uid[:8]}",
            "uid": state.uid,
            "namespace": release.namespace,
        },
        "spec": {
            "serviceName": release.service,
            "clusterID": "cluster-1",
            "deploymentName": original.name,
            "version": state.version,
            "type": release.type,
            "grayDeployments": [{"clusterID": each.cluster, "template": deployment(each)} for each in templates],
        },
        "status": {
            "phase": state.phase,
            "startTime": _time(began),
            "updateTime": _time(updated),
            "deployment": deployment(original),
            "grayDeployments": [deployment(workload) for workload in gray],
        },
    }


def aggregation(namespace: str, service: str, release: dict[str, Any] | None) -> dict[str, Any]:
    """Return what GetServiceAggregation answers, without its ``release``.

    Args:
        namespace: of the service.
        service: its name.
        release: the Release object whose Deployments belong to the service, if there is one.
    """
    status = release["status"] if release is not None else {}
    deployments = [status["deployment"], *status["grayDeployments"]] if status else []
    return {
        "service": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": service, "namespace": namespace},
            "spec": {"selector": {"app": service}, "ports": [{"name": "http", "port": 9080, "protocol": "TCP"}]},
        },
        "clusters": [{"clusterID": "cluster-1"}],
        "deployments": deployments,
        "ASMStyled": {"traffic_manage": "NotMatch"},
        "entries": [],
    }


def newest(releases: Iterable[Release]) -> Release | None:
    """Return the release that starts last: by the first step, and of equals the later in the scenario."""
    return max(
        enumerate(releases),
        key=lambda entry: (entry[1].steps[0].after_reads or 0, entry[1].steps[0].after_seconds or 0.0, entry[0]),
        default=(0, None),
    )[1]


def without(data: dict[str, Any], places: tuple[str, ...]) -> dict[str, Any]:
    """The object without what is at these places, such as ``spec`` or ``status.phase``."""
    left = dict(data)
    for place in places:
        first, _unused, second = place.partition(".")
        if not second:
            left.pop(first, None)
        elif first in left:
            left[first] = {name: value for name, value in left[first].items() if name != second}
    return left


def _gray(release: Release, state: State, number: int, began: datetime, updated: datetime) -> Workload:
    return Workload(
        name=f"{release.service}-{state.version}".lower().replace(".", "-"),
        namespace=release.namespace,
        cluster=f"cluster-{number}",
        service=release.service,
        version=state.version,
        image=state.image,
        replicas=state.replicas,
        updated=state.updated,
        ready=state.ready,
        available=state.available,
        old=state.old,
        generation=2 if state.image == release.image else 3,
        observed=state.observed,
        deadline_exceeded=state.deadline_exceeded,
        with_status=state.workload_status,
        created=_time(began),
        changed=_time(updated),
    )


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
