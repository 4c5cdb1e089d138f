# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A train without a verdict: it is looked at for ever, and whatever becomes of a release, it can come back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

from .old_gate import State
from .options.spec import Conditions, Selection, Several
from .models.release import Release, report_release
from .train import Key, Member, Train
from .train import begin as begin_judged

UNBOUNDED = float("inf")


def begin(several: Several, conditions: Conditions, seen: Mapping[Key, Release] | None = None) -> Train:
    """Return the train before its first poll.

    Args:
        conditions: of the gate of each release; they say what an answer must tell, and how far polls are apart.
        seen: releases that were looked at before a restart, as they were then.
    """
    seen = seen or {}
    conditions = replace(conditions, wait_timeout=UNBOUNDED)
    # No passing fault ends it, not even before the first answer.
    train = replace(begin_judged(several, conditions), judged=False, polls=State(answered=True))
    if isinstance(several.releases, Selection):
        members = tuple(Member(*key, conditions) for key in seen)
    else:
        members = train.members
    # One release that is named is read by the id that was given; of all others a list has told the uid.
    has_uid = isinstance(several.releases, Selection) or len(several.releases) > 1
    return replace(train, members=tuple(_seen_before(member, seen.get(member.key), has_uid) for member in members))


def _seen_before(member: Member, release: Release | None, has_uid: bool) -> Member:
    if release is None:
        return member
    state = State(answered=True, uid=release.uid, release=release)
    return replace(member, state=state, uid=release.uid if has_uid else "")


def refreshed(train: Train, still_followed: Set[Key] = frozenset()) -> Train:
    """Return a train ready for its next poll, without verdicts on its members and without what grows with time.

    Args:
        still_followed: what is asked for on, although it has disappeared.
    """
    is_selection = isinstance(train.several.releases, Selection)
    members = []
    for member in train.members:
        has_gone = member.state.outcome == "missing" and member.key not in still_followed
        if is_selection and (has_gone or _was_never_there(member)):
            continue
        # Of a name, whatever comes next may be another release; it keeps its turn to be asked for.
        new = Member(member.namespace, member.release_id, member.conditions, asked=member.asked)
        members.append(new if has_gone else _refreshed(member))
    others = train.others & train.listed if train.told else train.others
    return replace(train, members=tuple(members), others=others, listed=frozenset())


def _was_never_there(member: Member) -> bool:
    """Return whether a list has shown in part what its own read does not find, and no answer has ever told."""
    # A 404 of what the list of the same poll shows is no answer about it.
    error = member.answer.error if member.answer is not None else None
    return error is not None and error.kind == "not_found" and member.state.release is None


def lean(release: Release) -> Release:
    """Return a release without what only a result shows of its Deployments."""
    if not release.manifests:
        return release
    return replace(release, content=report_release(release.content, manifests=False), manifests=False)


def _refreshed(member: Member) -> Member:
    state, release = member.state, member.state.release
    if release is not None:
        # Of a thousand releases, the Deployments are not kept from one poll to the next.
        release = lean(release)
    is_other = state.outcome == "replaced" and release is not None
    return replace(
        member,
        answer=None,
        former=(state.uid or "") if is_other else member.former,
        state=State(
            answered=True,
            uid=release.uid if is_other and release is not None else state.uid,
            release=release,
            absent=state.absent,
            answer_ended=state.answer_ended,
        ),
    )
