# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases of a mesh, as GetAllReleases lists them.

Source of the fields: ASM API reference, "Obtaining All Grayscale Release Tasks of a Mesh". Whether the list is paged,
and whether its items are complete, is not published: a release that it lacks or shows incompletely is read singly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ..errors import AsmError, ProtocolError, UsageError
from ..sanitize import listed, quoted
from .bounds import MOST_ITEMS, MOST_PARTS_OF_A_LIST, check_parts, too_many
from .release import API_VERSION, Release, check_identity, mismatch, parse
from .values import as_list, as_object, as_text

WORKLOADS = frozenset({"images", "ready"})
"""What a release needs for a result that shows its workloads."""

_HINT_TOO_LARGE = "delete ended releases of the mesh"
_NOT_AN_OBJECT = ProtocolError("the item is not an object", "check endpoint")
_WITHOUT_UID = ProtocolError("the release has no uid", "check endpoint")


@dataclass(frozen=True)
class ListedRelease:
    """One item of the list.

    Attributes:
        uid, name, namespace, service: as given; empty when missing.
        error: why the item is not a release that was asked for; final for the target that it matches.
        is_repeated: whether other items have its uid as well, so that only its single read says what it is.
    """

    uid: str
    name: str
    namespace: str
    service: str
    error: AsmError | None
    _content: Mapping[str, Any]
    _manifests: bool
    _request_id: str
    is_repeated: bool = False

    def in_part(self) -> Release | None:
        """Return what the item shows of the release, complete or not; without workloads if they cannot be parsed.

        None if it is repeated: what it shows is ambiguous. `has_workloads` is whether it shows which ones were created.
        """
        if self.is_repeated:
            return None
        spec, status = (as_object(self._content.get(key)) for key in ("spec", "status"))
        try:
            part = parse({**self._content, "kind": "Release", "status": status})
            return replace(part, has_workloads=status.get("grayDeployments") is not None)
        except AsmError:
            return Release(
                self.uid,
                self.name,
                self.namespace,
                self.service,
                version=as_text(spec.get("version")),
                phase=as_text(status.get("phase")),
                gray=(),
                planned=None,
                original=None,
                content={},
                has_workloads=False,
            )

    def release(self, needs: Collection[str] = ()) -> Release | None:
        """Return the release; None when the item is incomplete, so that the release must be read singly.

        Args:
            needs: without what the item is incomplete, as `Conditions.needs` names it. Manifests need all workloads.
        """
        if self.error is not None or self.is_repeated or not isinstance(self._content.get("spec"), dict):
            return None
        try:
            release = parse({**self._content, "kind": "Release"}, self._manifests, self._request_id)
        except AsmError:
            # The single read decides. It reports the error if the release has it there as well.
            return None
        # A list may show the workloads without their status, or without their containers.
        if not all(each.has_status for each in release.gray):
            release = replace(release, has_readiness=False)
        shows = {
            "version": bool(release.version),
            "images": release.has_workloads and all(any(each.images) for each in release.gray),
            "ready": release.has_readiness,
        }
        is_complete = all(shows[each] for each in {*needs, *(WORKLOADS if self._manifests else ())})
        return release if is_complete and release.phase.strip() else None


class ReleaseList:
    """The releases of one response.

    Attributes:
        releases: in the order of the list, those with an error included.
        problems: what was skipped or ignored; warnings, each by its reason, whatever number of items it is about.

    Args:
        items: each item as it was given, None for one that is not an object.
    """

    def __init__(
        self,
        releases: Sequence[ListedRelease],
        problems: Mapping[str, AsmError] | None = None,
        items: Sequence[ListedRelease | None] = (),
    ) -> None:
        self.releases = tuple(releases)
        self.problems = dict(problems or {})
        self._items = tuple(items)
        self._by_uid = {each.uid: each for each in self.releases if each.uid}
        self._by_name: dict[tuple[str, str], list[ListedRelease]] = {}
        for each in self.releases:
            self._by_name.setdefault((each.namespace, each.name), []).append(each)

    def why_unusable(self, needs_uid: bool = False) -> AsmError | None:
        """Return why none of the items can be used; None if one can, and for a list without items.

        Args:
            needs_uid: whether an item without uid cannot be used either.
        """
        reasons = [_why_unusable(each, needs_uid) for each in self._items]
        first = reasons[0] if reasons else None
        if first is None or None in reasons:
            return None
        problem = f"none of the {len(reasons)} items of the list can be used: {first.problem}"
        return ProtocolError(problem, first.hint, first.seen)

    def find(self, namespace: str, release_id: str, uid: str = "") -> ListedRelease | None:
        """Return the release with an id: the release with this uid, else the release with this name.

        A release with this uid in another namespace has an error.

        Args:
            uid: of the release, once it is known. If the list lacks it, a release with the name has replaced it.

        Raises:
            UsageError: several releases have the name.
        """
        by_uid = self._by_uid.get(uid or release_id)
        if by_uid is not None:
            is_elsewhere = by_uid.error is None and by_uid.namespace not in ("", namespace)
            error = mismatch("metadata.namespace", by_uid.namespace, namespace) if is_elsewhere else by_uid.error
            return replace(by_uid, error=error)
        by_name = self._by_name.get((namespace, release_id), [])
        if len(by_name) > 1 and not uid:
            uids = listed(each.uid or "none" for each in by_name)
            count = len(by_name)
            problem = f"release_id {quoted(release_id)} is the name of {count} releases with the uids {{seen}}"
            raise UsageError(problem, "give the uid instead", seen=uids)
        return by_name[0] if by_name else None


def parse_list(content: Mapping[str, Any], mesh_id: str, manifests: bool = False, request_id: str = "") -> ReleaseList:
    """Return the releases in a decoded response.

    Args:
        mesh_id: the mesh that was asked for.
        manifests: whether the releases keep their Deployments for the result.
        request_id: of the response.

    Raises:
        ProtocolError: it is not a list of releases, or it is too large.
    """
    items = _items(content)
    _check_size(items)
    found = [
        _listed_release(each, mesh_id, manifests, request_id) if isinstance(each, dict) else None for each in items
    ]
    releases = [each for each in found if each is not None]
    uids = Counter(each.uid for each in releases if each.uid)
    repeated = {uid: count for uid, count in uids.items() if count > 1}
    errors = [each.error for each in releases if each.error is not None]
    problems = {}
    if len(releases) < len(items):
        problems[_NOT_AN_OBJECT.problem] = _ignored(len(items) - len(releases), items, _NOT_AN_OBJECT)
    if errors:
        problems[errors[0].problem + errors[0].seen] = _ignored(len(errors), items, errors[0])
    if repeated:
        uid = next(iter(repeated))
        problems[f"uid {uid}"] = ProtocolError("the list has uid {seen} more than once", "check endpoint", uid)
    return ReleaseList(_without_repeats(releases, repeated), problems, found)


def _items(content: Mapping[str, Any]) -> Sequence[Any]:
    for place, expected in (("kind", "ReleaseList"), ("apiVersion", API_VERSION)):
        if content.get(place) != expected:
            raise mismatch(place, content.get(place), expected)
    # A service written in Go shows an empty list that was never filled as null.
    if "items" not in content or not isinstance(content["items"], (list, type(None))):
        raise ProtocolError("the response is not a ReleaseList: items is missing or not a list", "check endpoint")
    return as_list(content["items"])


def _check_size(items: Sequence[Any]) -> None:
    """Refuse a list of too many releases or workloads. An item that has too many by itself is not parsed later."""
    if len(items) > MOST_ITEMS:
        raise too_many(f"the list has {len(items)} releases", MOST_ITEMS, _HINT_TOO_LARGE)
    count = 0
    for each in items:
        with suppress(AsmError):
            count += check_parts(as_object(each))
        if count > MOST_PARTS_OF_A_LIST:
            what = f"the list has {count} workloads, containers and conditions or more"
            raise too_many(what, MOST_PARTS_OF_A_LIST, _HINT_TOO_LARGE)


def _listed_release(content: Mapping[str, Any], mesh_id: str, manifests: bool, request_id: str) -> ListedRelease:
    metadata, spec = (as_object(content.get(key)) for key in ("metadata", "spec"))
    name = as_text(metadata.get("name"))
    error = None
    try:
        check_identity(content, mesh_id, in_list=True)
    except AsmError as refused:
        error = refused.about(name)
    return ListedRelease(
        uid=as_text(metadata.get("uid")),
        name=name,
        namespace=as_text(metadata.get("namespace")),
        service=as_text(spec.get("serviceName")),
        error=error,
        _content=content,
        _manifests=manifests,
        _request_id=request_id,
    )


def _why_unusable(item: ListedRelease | None, needs_uid: bool) -> AsmError | None:
    if item is None:
        return _NOT_AN_OBJECT
    return item.error or (_WITHOUT_UID if needs_uid and not item.uid else None)


def _without_repeats(releases: Sequence[ListedRelease], repeated: Container[str]) -> list[ListedRelease]:
    """Return the releases; of those with a repeated uid, the first one, without service."""
    kept: dict[str | int, ListedRelease] = {}
    for index, each in enumerate(releases):
        if each.uid in repeated:
            kept.setdefault(each.uid, replace(each, service="", error=None, is_repeated=True))
        else:
            kept[index] = each
    return list(kept.values())


def _ignored(count: int, items: Sequence[Any], error: AsmError) -> AsmError:
    """Return the problem of items that are ignored, with the first reason."""
    problem = f"{count} of {len(items)} items of the list are ignored: {error.problem}"
    return ProtocolError(problem, error.hint, error.seen)
