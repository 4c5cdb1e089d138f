# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of followed releases, as plain values that survive a restart, and back. Pure.

No manifests and no credentials: what a change is told by, the counters, and the time that a run of a gate has had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import Any

from .follow import VERDICTS, Event, Followed, Following, Pending, Run, appearance
from .gate import State
from .options import Selection, Several
from .release import Release, Workload
from .train import Key


def report_watched(several: Several) -> dict[str, Any]:
    """Return which releases are watched, the same for what means the same."""
    if isinstance(several.releases, Selection):
        selection = several.releases
        return {
            "namespace": selection.namespace,
            "service": sorted(set(selection.services)),
            "name": sorted(set(selection.names)),
        }
    return {"releases": sorted([each.namespace, each.release_id] for each in several.releases)}


def report_following(following: Following, now: float) -> dict[str, Any]:
    """Return what is known as plain values.

    Args:
        now: seconds since the polls began.
    """
    return {
        "source": following.source,
        "gate": following.gate,
        "baseline": following.baseline,
        "unread": sorted([*key] for key in following.unread),
        "releases": [_report(followed, now) for followed in following.releases.values()],
        "retired": [[identity, changes] for identity, changes in following.retired.items()],
        "pending": [
            [identity, pending.appearance, [[told_as, number] for told_as, number in pending.numbers.items()]]
            for identity, pending in following.pending.items()
        ],
    }


def with_pending(following: Following, events: Iterable[Event]) -> Following:
    """Return what is known before a poll, with the events of it as what is to be delivered.

    What is known after the poll is written when they are delivered. After a crash before that, nobody can tell which of
    them were, so each keeps its number, and no other change gets it.
    """
    pending = dict(following.pending)
    for event in events:
        identity, shown = event.followed.identity, appearance(event.followed)
        older = pending.get(identity)
        numbers = older.numbers if older is not None and older.appearance == shown else {}
        pending[identity] = Pending(shown, {**numbers, event.told_as: event.number})
    return replace(following, pending=pending)


def _report(followed: Followed, now: float) -> dict[str, Any]:
    run = followed.run
    return {
        "namespace": followed.namespace,
        "release_id": followed.release_id,
        "uid": followed.uid,
        "name": followed.name,
        "phase": followed.phase,
        "version": followed.version,
        "images": None if followed.images is None else [[*images] for images in followed.images],
        "ready": followed.ready,
        "changes": followed.changes,
        "unmet": followed.unmet,
        "gone": followed.gone,
        "run": run
        and {
            "milliseconds": int(1000 * (now - run.began)),
            "version_matched": followed.version if run.state.version_matched else None,
        },
    }


def parse_following(values: Mapping[str, Any], following: Following) -> Following:
    """Return what was known, at the time 0 of new polls.

    Args:
        values: as `report_following` returned them.
        following: as it begins without them.

    Raises:
        ValueError: they are not of that shape.
    """
    releases = [_followed(each) for each in _list(values.get("releases"))]
    pending = dict(map(_pending, _list(values.get("pending"))))
    forgotten: Set[str] = frozenset()
    if _text(values.get("gate")) != following.gate:
        # What another gate has made of them says nothing to this one.
        releases = [replace(followed, run=None, unmet=None) for followed in releases]
        forgotten = VERDICTS
    known = {followed.key: followed for followed in releases}
    if len(known) != len(releases):
        raise ValueError("a release is there twice")
    retired = {_text(identity): _count(number) for identity, number in map(_pair, _list(values.get("retired")))}
    source = _text(values.get("source"))
    if not source:
        raise ValueError("the source is missing")
    counted = _counted(
        replace(
            following,
            source=source,
            baseline=_count(values.get("baseline")),
            releases=known,
            retired=retired,
            pending=pending,
            unread=frozenset(_key(each) for each in _list(values.get("unread"))),
        )
    )
    return replace(counted, pending={identity: _without(each, forgotten) for identity, each in pending.items()})


def _counted(following: Following) -> Following:
    """Return what is known, with counters past each event that may have been delivered."""
    highest = {identity: max(each.numbers.values(), default=0) for identity, each in following.pending.items()}
    releases = {
        key: replace(followed, changes=max(followed.changes, highest.pop(followed.identity, 0)))
        for key, followed in following.releases.items()
    }
    retired = dict(following.retired)
    for identity, number in highest.items():
        retired[identity] = max(number, retired.pop(identity, 0))
    return replace(following, releases=releases, retired=retired)


def _without(pending: Pending, forgotten: Set[str]) -> Pending:
    numbers = {told_as: number for told_as, number in pending.numbers.items() if told_as not in forgotten}
    return replace(pending, numbers=numbers)


def _followed(values: Any) -> Followed:
    values = _object(values)
    images, ready, unmet = values.get("images"), values.get("ready"), values.get("unmet")
    followed = Followed(
        namespace=_text(values.get("namespace")),
        release_id=_text(values.get("release_id")),
        uid=_text(values.get("uid")),
        name=_text(values.get("name")),
        phase=_text_or_none(values.get("phase")),
        version=_text_or_none(values.get("version")),
        images=None if images is None else tuple(tuple(map(_text, _list(each))) for each in _list(images)),
        ready=None if ready is None else _truth(ready),
        changes=_count(values.get("changes")),
        unmet=None if unmet is None else _truth(unmet),
        gone=_truth(values.get("gone")),
    )
    run = values.get("run")
    return followed if run is None else replace(followed, run=_run(_object(run), followed))


def _run(values: Mapping[str, Any], followed: Followed) -> Run:
    """Return a run that goes on: what it has held for, and since when it stands still, is counted anew."""
    matched = _text_or_none(values.get("version_matched"))
    state = State(
        answered=True,
        uid=followed.uid,
        release=remembered(followed),
        version_matched=matched is not None and matched == followed.version,
    )
    return Run(-_count(values.get("milliseconds")) / 1000, state)


def remembered(followed: Followed) -> Release:
    """Return a release as it was last seen, as far as its disappearance may be judged by it.

    Of its gray workloads only the images are known, and whether all were there and rolled out. If they were not, nobody
    knows any more how many there were to be, and no condition on them counts as met.
    """
    ready, images = bool(followed.ready), followed.images or ()
    return Release(
        uid=followed.uid,
        name=followed.name,
        namespace=followed.namespace,
        service="",
        version=followed.version or "",
        phase=followed.phase or "",
        gray=tuple(Workload("", "", "", each, 1, 1, 1, 1, rolled_out=ready, message="") for each in images),
        planned=len(images) if ready else None,
        original=None,
        content={},
    )


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object is missing")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is missing")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _count(value: Any) -> int:
    # bool is an int to Python.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ValueError("a number is missing")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is missing")
    return value


def _pair(value: Any) -> tuple[Any, Any]:
    first, second = _list(value)
    return first, second


def _key(value: Any) -> Key:
    namespace, release_id = _pair(value)
    return _text(namespace), _text(release_id)


def _pending(values: Any) -> tuple[str, Pending]:
    identity, shown, numbers = _list(values)
    pairs = map(_pair, _list(numbers))
    return _text(identity), Pending(_text(shown), {_text(told_as): _count(number) for told_as, number in pairs})
