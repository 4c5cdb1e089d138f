# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains without a network: the test writes down what each poll shows of each release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import train as rules
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.old_gate import Observation
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Named, Selection, Several
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import parse
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import parse_list
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document, fault, not_found, release_list

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train import Key, Member, Train


@dataclass(frozen=True)
class Own:
    """What only a read of its own shows: a phase or a document.

    Attributes:
        listed: what the list has of the release, if anything.
    """

    shown: Shown
    listed: dict[str, Any] | None = None


Shown = Union[str, int, dict[str, Any], AsmError]
"""A phase or a document; or else the status or the error of a read of its own."""

Seen = Union[Shown, Own]
"""What a poll shows of a release: a phase or a document stands in the list, all else does not."""

Poll = Union[Mapping[str, Seen], int, AsmError]
"""What a poll shows of each release by id; a status or an error is that of the list."""

KINDS = {400: "usage", 401: "credentials", 403: "denied", 503: "server"}


def named(*ids: str, **parts: Any) -> Several:
    """Return releases of one namespace, named by their ids."""
    return Several("mesh", tuple(Named("bookinfo", each) for each in ids), minimum=len(ids), **parts)


def selected(minimum: int = 1, services: tuple[str, ...] = (), names: tuple[str, ...] = (), **parts: Any) -> Several:
    """Return a selection."""
    return Several("mesh", Selection("bookinfo", services, names), minimum=minimum, **parts)


def item(letter: str, /, phase: Any = "Running", **parts: Any) -> dict[str, Any]:
    """Return a release as the list has it; its uid is a letter, and its name begins with it."""
    return document(phase, **{"uid": letter, "name": f"{letter}-canary", **parts})


def in_part(letter: str, /, lacks: str = "status", **parts: Any) -> dict[str, Any]:
    """Return an item of the list that lacks a part."""
    return {key: value for key, value in item(letter, **parts).items() if key != lacks}


def error_of(status: int) -> AsmError:
    """Return the error of an answer with a status."""
    return not_found() if status == 404 else fault(KINDS[status], status=status)


def observed(now: float, uid: str, shown: Shown, takes: float = 0.0) -> Observation:
    """Return a read of a release of its own, which takes so many seconds."""
    if isinstance(shown, int):
        shown = error_of(shown)
    if isinstance(shown, AsmError):
        return Observation(now, now + takes, error=shown)
    return Observation(now, now + takes, release=parse(item(uid, shown) if isinstance(shown, str) else shown))


def _listed(uid: str, seen: Seen) -> dict[str, Any] | None:
    if isinstance(seen, Own):
        return seen.listed
    if isinstance(seen, str):
        return item(uid, seen)
    return seen if isinstance(seen, dict) else None


def poll(train: Train, now: float, shown: Poll, lists: bool = True, takes: float = 0.0) -> Train:
    """Return the train after one poll, as a poller makes it: the list, then single reads, spaced, up to a verdict.

    Args:
        lists: whether there is a list at all; else each release is read singly.
        takes: seconds that a single read takes.
    """
    train = rules.new_poll(train)
    if not isinstance(shown, Mapping):
        refused = error_of(shown) if isinstance(shown, int) else shown
        if refused.kind != "not_found":
            return rules.after_fault(train, Observation(now, now, error=refused))
        train, alone = rules.after_list(
            train, parse_list(release_list(), "mesh"), Observation(now, now, error=refused), False
        )
        return _read_singly(train, alone, now, {}, takes)
    if not lists:
        train, alone = rules.all_alone(train)
        return _read_singly(train, alone, now, shown, takes)
    items = [each for each in (_listed(uid, seen) for uid, seen in shown.items()) if each is not None]
    train, alone = rules.after_list(train, parse_list(release_list(*items), "mesh"), Observation(now, now), False)
    return _read_singly(train, alone, now, shown, takes)


def _read_singly(train: Train, alone: list[Key], now: float, shown: Mapping[str, Seen], takes: float) -> Train:
    for number, key in enumerate(alone):
        if train.outcome is not None:
            break
        asked = member(train, key[1]).readable_id
        seen = shown.get(asked, 404)
        own = observed(now + number * train.spacing, asked, seen.shown if isinstance(seen, Own) else seen, takes)
        train = rules.after_single(train, key, own)
    return train


def fold(train: Train, *polls: Poll, every: float = 10.0, start: float = 0.0, lists: bool = True) -> Train:
    """Return the train after polls at an interval, none of which comes after a verdict."""
    for number, shown in enumerate(polls):
        assert train.outcome is None, "the script goes on after the verdict"
        train = poll(train, start + number * every, shown, lists)
    return train


def member(train: Train, release_id: str) -> Member:
    """Return a member."""
    (found,) = (each for each in train.members if each.release_id == release_id)
    return found


def outcomes(train: Train) -> dict[str, str | None]:
    """Return the outcome of each member by its id."""
    return {each.release_id: each.state.outcome for each in train.members}
