# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer of GetAllReleases lists: which release of it an id means, and which of them a selection takes.

Source of the fields: ASM API reference, "Obtaining All Grayscale Release Tasks of a Mesh". Nobody has published whether
the list is paged, nor whether its items are whole. So what it lacks is only not told by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ..errors import AsmError
from ..options.spec import Selection, is_segment
from .release import (
    API_VERSION,
    Release,
    as_list,
    as_object,
    as_text,
    check_identity,
    check_parts,
    check_whole,
    other_than_asked_for,
    parse,
    too_many,
)
from ..sanitize import listed

MOST_ITEMS = 10_000
"""Releases of one list."""

MOST_PARTS_OF_A_LIST = 100_000
"""Workloads of one list, with their containers and conditions. One of 2,000 releases has some 20,000."""


@dataclass(frozen=True)
class Item:
    """One release of the list.

    Attributes:
        uid: empty when it is no text that a read could ask for.
        name, namespace: as given; empty when missing.
        service: None when the item does not tell it.
        phase: None when the item does not tell it.
        content: the object itself.
        flaw: why it tells no more of the release than that it is there; None when it does.
        is_foreign: whether it belongs to another mesh; its flaw says so.
        is_identified: whether it is a release of this API and mesh; otherwise its flaw says why not.
    """

    uid: str
    name: str
    namespace: str
    service: str | None
    phase: str | None
    content: Mapping[str, Any]
    flaw: AsmError | None = None
    is_foreign: bool = False
    is_identified: bool = True

    @property
    def is_readable(self) -> bool:
        """Return whether a read of its own can ask for it."""
        return bool(self.uid) and is_segment(self.namespace)

    def tells(self, selection: Selection) -> bool:
        """Return whether it says all that a selection asks for; otherwise its own read tells."""
        return (not selection.services or self.service is not None) and (not selection.names or bool(self.name))

    def release(self, manifests: bool, with_deployments: bool) -> Release | None:
        """Return the release, None when the item is no whole one.

        Args:
            manifests: whether the Deployments are to be handed on; otherwise the release does not hold them.
            with_deployments: whether it is whole only with its gray workloads, planned and created.
        """
        spec, status = (self.content.get(key) for key in ("spec", "status"))
        if not isinstance(spec, dict) or not isinstance(status, dict):
            return None
        lacks_deployments = spec.get("grayDeployments") is None or status.get("grayDeployments") is None
        if lacks_deployments and (manifests or with_deployments):
            return None
        try:
            # The list says the kind of all its items; one that says another is none of them.
            return parse(self.content if "kind" in self.content else {"kind": "Release", **self.content}, manifests)
        except AsmError:
            return None


class Roster:
    """The releases of one answer.

    Attributes:
        items: in their order.
        uids: that a read could ask for.
        doubtful: why some of the answer was not taken as it stands.
        foreign: how many of them belong to another mesh.

    Args:
        leniently: whether a name without a proper uid is no release of the list instead of an error.
    """

    def __init__(self, items: Sequence[Item], doubtful: Sequence[AsmError] = (), leniently: bool = False) -> None:
        self.items = tuple(items)
        self.doubtful = tuple(doubtful)
        self._leniently = leniently
        self.foreign = sum(item.is_foreign for item in self.items)
        self.uids = frozenset(item.uid for item in self.items)
        self._by_uid = {item.uid: item for item in self.items if item.uid}
        self._by_name: dict[tuple[str, str], list[Item]] = {}
        for item in self.items:
            self._by_name.setdefault((item.namespace, item.name), []).append(item)

    def meant(self, namespace: str, release_id: str, uid: str = "") -> Item | None:
        """Return the release that an id means: that with this uid, else that with this name.

        One with this uid in another namespace has a flaw, as one of another mesh has.

        Args:
            uid: of the release, once it is known; its name may then be that of another one.

        Raises:
            AsmError: kind `usage`, several have the name; kind `protocol`, final, the release has no uid by which it
                could be read.
        """
        by_uid = self._by_uid.get(uid or release_id)
        if by_uid is not None:
            if by_uid.namespace not in ("", namespace):
                return by_uid if by_uid.flaw else _misplaced(by_uid, namespace)
            return by_uid
        by_name = [] if uid else self.named(namespace, release_id)
        if len(by_name) > 1:
            uids = f"uids: {listed(item.uid or 'none' for item in by_name)}"
            problem = f"release_id {{seen}} is the name of {len(by_name)} releases"
            raise AsmError("usage", problem, "give the uid of the one that is meant", seen=release_id, message=uids)
        if by_name and not by_name[0].uid:
            if self._leniently:
                return None
            raise _wrong("the list of releases has {seen} without a proper uid", seen=release_id)
        return by_name[0] if by_name else None

    def named(self, namespace: str, name: str) -> list[Item]:
        """Return the releases with a name; a name can be used again while the task that had it is still listed."""
        return self._by_name.get((namespace, name), [])

    def selected(self, selection: Selection) -> list[Item]:
        """Return what a selection takes, with what may belong to it: where an item lacks a part, its own read tells.

        Raises:
            AsmError: kind `protocol`, final; one of them cannot be followed, because no read can ask for it.
        """
        for error in self.unfit(selection):
            raise error
        return self._taken(selection)

    def readable(self, selection: Selection) -> list[Item]:
        """Return what a selection takes as `selected` does, without what cannot be followed."""
        return [item for item in self._taken(selection) if _unfit(item) is None]

    def unfit(self, selection: Selection) -> tuple[AsmError, ...]:
        """Return an error for each release of a selection that cannot be followed: no read can ask for it, or it is
        not what its list is of."""
        return tuple(error for error in map(_unfit, self._taken(selection)) if error is not None)

    def _taken(self, selection: Selection) -> list[Item]:
        """Return what a selection takes. One of another mesh counts only where a service or a name selects it."""
        selects_by_name = bool(selection.names or selection.services)
        return [
            item
            for item in self.items
            if (selects_by_name or not item.is_foreign)
            and (selection.namespace is None or item.namespace in ("", selection.namespace))
            and (not selection.names or not item.name or item.name in selection.names)
            and (not selection.services or item.service is None or item.service in selection.services)
        ]


def _unfit(item: Item) -> AsmError | None:
    """Return why a selected release cannot be followed, None when it can."""
    if not item.is_identified:
        return item.flaw
    if item.is_readable:
        return None
    return _wrong("the list of releases has {seen} without a proper uid and namespace", seen=item.name)


def parse_list(content: Mapping[str, Any], mesh_id: str, manifests: bool = False) -> Roster:
    """Return what a decoded answer lists.

    Args:
        mesh_id: the mesh that was asked for.
        manifests: whether the Deployments are to be handed on.

    Raises:
        AsmError: kind `protocol`, final: it is no list of releases, one of them stands in it twice, or it is too large.
    """
    items = []
    for each in _contents(content):
        if not isinstance(each, dict):
            raise _no_object()
        items.append(_item(each, mesh_id))
    _check_parts(items)
    for uid in _twice(items):
        raise _stands_twice(uid)
    for error in map(_too_large, items if manifests else ()):
        if error is not None:
            raise error
    return Roster(items)


def parse_leniently(
    content: Mapping[str, Any], mesh_id: str, manifests: bool, flaws: Mapping[int, str] | None = None
) -> Roster:
    """Return what a decoded answer lists, where one item that is of no use must not cost the others.

    Of a uid that stands twice, and with `manifests` of a release that is too large to be handed on whole, the list is
    taken to tell only that it is there: a read of its own tells the rest. Of an item with a flaw nothing tells the
    rest.

    Args:
        mesh_id: the mesh that was asked for.
        manifests: whether the Deployments are to be handed on.
        flaws: what in an item cannot be handed on, by the position of the item.

    Raises:
        AsmError: kind `protocol`, final: it is no list of releases, or it is too large.
    """
    objects = [(number, each) for number, each in enumerate(_contents(content)) if isinstance(each, dict)]
    doubtful = [] if len(objects) == len(_contents(content)) else [_no_object()]
    items = []
    for number, each in objects:
        item, flaw = _item(each, mesh_id), (flaws or {}).get(number)
        if flaw is None or not item.is_identified:
            items.append(item)
        elif item.uid:
            items.append(replace(item, content={}, flaw=_wrong(flaw)))
        else:
            doubtful.append(_wrong(flaw).of(item.name) if item.name else _wrong(flaw))
    _check_parts(items)
    twice = _twice(items)
    kept: dict[str, Item] = {}
    for index, item in enumerate(items):
        error = _stands_twice(item.uid) if item.uid in twice else _too_large(item) if manifests else None
        if error is not None and item.uid not in kept:
            doubtful.append(error)
        bare = item if error is None else Item(item.uid, item.name, item.namespace, None, None, {})
        kept.setdefault(item.uid or f"/{index}", bare)
    return Roster(list(kept.values()), doubtful, leniently=True)


def _contents(content: Mapping[str, Any]) -> Sequence[Any]:
    if content.get("kind") != "ReleaseList":
        raise _wrong("the answer is no ReleaseList: kind is missing or another")
    if content.get("apiVersion") != API_VERSION:
        raise other_than_asked_for("apiVersion", content.get("apiVersion"), API_VERSION)
    # An empty list that was never filled is null to a service that is written in Go.
    if "items" not in content or not isinstance(content["items"], (list, type(None))):
        raise _wrong("the answer is no ReleaseList: items is missing or no list")
    items = as_list(content["items"])
    if len(items) > MOST_ITEMS:
        raise too_many(f"the list has {len(items)} releases", MOST_ITEMS)
    return items


def _check_parts(items: Sequence[Item]) -> None:
    """Refuse a list of too many workloads. An item that has too many by itself is never looked into."""
    count = 0
    for item in items:
        with suppress(AsmError):
            count += check_parts(item.content)
        if count > MOST_PARTS_OF_A_LIST:
            raise too_many(f"the list has {count} workloads, containers and conditions or more", MOST_PARTS_OF_A_LIST)


def _twice(items: Sequence[Item]) -> list[str]:
    """Return the uids that stand in a list more than once, in their order."""
    counts = Counter(item.uid for item in items if item.uid)
    return [uid for uid, count in counts.items() if count > 1]


def _too_large(item: Item) -> AsmError | None:
    """Return why a release cannot be handed on whole, None when it can."""
    try:
        check_whole(item.content)
    except AsmError as error:
        return error.of(item.name)
    return None


def _item(content: Mapping[str, Any], mesh_id: str) -> Item:
    metadata, spec, status = (as_object(content.get(key)) for key in ("metadata", "spec", "status"))
    uid = as_text(metadata.get("uid"))
    item = Item(
        uid if is_segment(uid) else "",
        as_text(metadata.get("name")),
        as_text(metadata.get("namespace")),
        as_text(spec.get("serviceName")) or None,
        as_text(status.get("phase")) or None,
        content,
    )
    try:
        check_identity(content, mesh_id, in_list=True)
    except AsmError as error:
        is_foreign = metadata.get("meshID") not in (None, "", mesh_id)
        flaw = error.of(item.name) if item.name else error
        return replace(item, content={}, flaw=flaw, is_foreign=is_foreign, is_identified=False)
    return item


def _misplaced(item: Item, namespace: str) -> Item:
    return replace(item, content={}, flaw=other_than_asked_for("metadata.namespace", item.namespace, namespace))


def _no_object() -> AsmError:
    return _wrong("the list of releases holds what is no object")


def _stands_twice(uid: str) -> AsmError:
    return _wrong("the list of releases has {seen} twice", seen=f"uid {uid}")


def _wrong(problem: str, seen: str = "") -> AsmError:
    return AsmError("protocol", problem, "check endpoint", seen=seen)
