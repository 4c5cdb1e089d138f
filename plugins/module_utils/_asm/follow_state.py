# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of followed releases, as plain values that survive a restart, and back. Pure.

No manifests and no credentials: what a change is told by, the counters, and the time that a run of a gate has had.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from .follow import LISTS_OF_THE_BASELINE, MOST_CHANGES, Followed, Following, Run
from .old_gate import State
from .options.spec import Selection, Several
from .models.release import Release, Workload
from .train import Key

_LONGEST_RUN = 10**12
"""Milliseconds, some thirty years; a run that is older counts as so old."""

_SOURCE = re.compile("[0-9a-f]{32}")

_Name = TypeVar("_Name", str, Key)


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
        "retired": [_report(followed, now) for followed in following.retired.values()],
    }


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
        "interrupted": followed.interrupted,
        "run": run
        and {
            "milliseconds": min(int(1000 * (now - run.began)), _LONGEST_RUN),
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
    same_gate = _text(values.get("gate")) == following.gate
    releases = _releases(values.get("releases"), same_gate)
    retired = _releases(values.get("retired"), same_gate)
    if not all(each.gone and each.run is None for each in retired):
        raise ValueError("a release is retired that is not gone")
    source = _text(values.get("source"))
    if not _SOURCE.fullmatch(source):
        raise ValueError("the source has no name")
    return replace(
        following,
        source=source,
        baseline=_count(values.get("baseline"), LISTS_OF_THE_BASELINE),
        releases=_once((each.key, each) for each in releases),
        retired=_once((each.identity, each) for each in retired),
        unread=frozenset(_key(each) for each in _list(values.get("unread"))),
    )


def _releases(values: Any, same_gate: bool) -> list[Followed]:
    releases = [_followed(each) for each in _list(values)]
    if same_gate:
        return releases
    # What another gate has made of them says nothing to this one.
    return [replace(each, run=None, unmet=None, interrupted=False) for each in releases]


def _once(pairs: Iterable[tuple[_Name, Followed]]) -> dict[_Name, Followed]:
    """Return releases by what names them.

    Raises:
        ValueError: two have the same name.
    """
    found: dict[_Name, Followed] = {}
    for name, followed in pairs:
        if name in found:
            raise ValueError("a release is there twice")
        found[name] = followed
    return found


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
        changes=_count(values.get("changes"), MOST_CHANGES),
        unmet=None if unmet is None else _truth(unmet),
        gone=_truth(values.get("gone")),
        interrupted=_truth(values.get("interrupted")),
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
    return Run(-_count(values.get("milliseconds"), _LONGEST_RUN) / 1000, state)


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
    # Half of a surrogate pair is none either: no answer has one, and no request could ask for it.
    value.encode()
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _count(value: Any, most: int) -> int:
    # bool is an int to Python.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError("a number is missing")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is missing")
    return value


def _key(value: Any) -> Key:
    namespace, release_id = _list(value)
    return _text(namespace), _text(release_id)
