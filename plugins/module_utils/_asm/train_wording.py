# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a gate on several releases: its one sentence, its progress line, and its part of a result. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Callable

from .sanitize import Cleaner, listed
from .train import Member, Train
from .wording import earlier_phase, in_brackets, opening, standing, still_missing, told, what_next
from .wording import news as news_of_gate

_NAMED = 3
"""How many releases a sentence or a line names."""


def label(member: Member, clean: Cleaner) -> str:
    """Return how a person calls a member: its name, or its id before it has one, and its namespace."""
    release = member.state.release
    return f"{clean((release and release.name) or member.release_id)} ({clean(member.namespace)})"


def member_told(member: Member, clean: Cleaner) -> str:
    """Return what is to be said of one member, in one sentence."""
    if member.state.reads == 0 and member.state.outcome in (None, "timeout"):
        return f"{label(member, clean)} has not been answered"
    return told(member.state, member.conditions, label(member, clean), clean)


def sentence(train: Train, clean: Cleaner, check_mode: bool = False) -> str:
    """Return the verdict as one sentence: the culprit first; `check_mode` as in `wording.sentence`."""
    parts = [part for part in (_reason(train, clean), _sum(train), *_causes(train, clean)) if part]
    return f"{opening(train.outcome, check_mode)}: {'; '.join(parts)}"


def _reason(train: Train, clean: Cleaner) -> str:
    """Return why the gate is shut for good; nothing while it is not."""
    if train.outcome in (None, "reached"):
        return ""
    if train.outcome == "timeout":
        return _not_in_time(train, clean)
    if train.outcome == "missing" and len(train.members) < train.several.minimum:
        return _too_few(train)
    # At the deadline, some may have become unable to reach before.
    culprits = sorted(train.unreachable, key=lambda each: each.state.outcome != train.outcome)
    if train.outcome == "error" and train.error and all(each.state.error is not train.error for each in culprits):
        return train.error.sentence(clean)
    return "; ".join(_first(culprits, lambda each: member_told(each, clean)))


def _not_in_time(train: Train, clean: Cleaner) -> str:
    within = f"within {train.conditions.wait_timeout:g} s"
    if train.reached >= train.required and train.there < train.several.minimum:
        return f"{train.there} of at least {train.several.minimum} selected releases are known to belong {within}"
    if train.reached >= train.required:
        return f"no poll {within} had an answer about each of the releases that reached"
    wanted = listed(map(clean, train.conditions.success_phases))
    slow = ""
    if train.length > train.conditions.wait_timeout:
        slow = (
            f"; {train.alone} releases must be read singly, which takes {train.length:.0f} s with "
            f"requests_per_minute {train.several.requests_per_minute}"
        )
    return f"not enough releases met all conditions {within}; phases wanted: {wanted}{slow}"


def _too_few(train: Train) -> str:
    within = f" within {train.conditions.wait_timeout:g} s" if train.conditions.on_missing == "wait" else ""
    what = "ignore_phases, " if train.ignored else ""
    return (
        f"{len(train.members)} of at least {train.several.minimum} selected releases are there{within}; "
        f"check {what}mesh_id, namespace, service and name"
    )


def _sum(train: Train) -> str:
    """Return how many have reached, and how many must."""
    size = len(train.members)
    if train.outcome == "error" and not size:
        return ""
    required = f", {train.required} required" if train.required != size else ""
    ignored = f", {len(train.ignored)} ignored" if train.ignored else ""
    after = f" after {train.polls.ended:.0f} s" if train.outcome == "reached" else ""
    return f"{train.reached} of {size} releases reached{after}{required}{ignored}"


def _causes(train: Train, clean: Cleaner) -> list[str]:
    """Return what else a reader must know: who failed although the gate is open, who is late, and the last error."""
    if train.outcome == "reached":
        return _first(train.unreachable, lambda each: member_told(each, clean))
    if train.outcome not in (None, "timeout"):
        return []
    late = [member for member in train.members if not member.reached]
    if train.outcome and not late:
        late = [member for member in train.members if not member.answered]
    error = f"the last error was: {train.error.sentence(clean)}" if train.outcome and train.error else ""
    return [*_first(late, lambda each: _lacking(each, clean)), error]


def _lacking(member: Member, clean: Cleaner) -> str:
    """Return what a member lacks; that the time is up, and which phases were wanted, is told once for all of them."""
    if member.reached:
        return f"{label(member, clean)} was not answered in the last poll"
    if member.state.outcome == "timeout":
        member = replace(member, state=replace(member.state, outcome=None))
    return member_told(member, clean)


def _first(members: Sequence[Member], say: Callable[[Member], str]) -> list[str]:
    more = [f"and {len(members) - _NAMED} more"] if len(members) > _NAMED else []
    return [*(say(member) for member in members[:_NAMED]), *more]


def progress_line(before: Train, train: Train, rest: float | None, clean: Cleaner) -> str:
    """Return the line that a person reads while the gate waits: a sum, and what each release still lacks.

    It names first the releases that are still waited for, and of those first the ones that have changed since the line
    before.

    Args:
        rest: seconds until the next poll; None when there is an outcome, or while a request takes its time.
    """
    required = f", {train.required} required" if train.required != train.wanted else ""
    known = {member.key: member for member in before.members}
    has_changed = {each.key: news_of(each) != news_of(known.get(each.key)) for each in train.members}
    named = [member for member in train.members if member.state.outcome is None or has_changed[member.key]]
    named.sort(key=lambda each: (each.reached, not has_changed[each.key]))
    parts = [
        f"{train.reached} of {train.wanted} releases have reached{required}",
        ", ".join(_counted(Counter(_standing(member, clean) for member in train.members if not member.reached))),
        *_first(named, lambda each: _progress(known.get(each.key), each, clean)),
        _single_reads(train),
        *what_next(train.polls, train.outcome, train.polls.ended, rest),
    ]
    return "release_gate: " + "; ".join(part for part in parts if part)


def _single_reads(train: Train) -> str:
    """Return why a poll takes long, if single reads make it long."""
    if not train.length:
        return ""
    without = "" if train.told else "without the list, "
    return f"{without}single reads {train.spacing:g} s apart"


def _counted(standing: Counter[str]) -> list[str]:
    """Return how many there are of what is most common, and of all else together."""
    # One kind that is left would take no more room by its name.
    common = standing.most_common(None if len(standing) <= _NAMED + 1 else _NAMED)
    other = sum(standing.values()) - sum(count for _what, count in common)
    return [*(f"{count} {what}" for what, count in common), *([f"{other} other"] if other else [])]


def news(train: Train) -> object:
    """Return what of a train is worth a line when it changes."""
    return train.outcome, {member.key: news_of(member) for member in train.members}


def news_of(member: Member | None) -> object:
    """Return what of a member is worth a word when it changes; as good as nothing before it is seen."""
    if member is None or (member.state.latest is None and member.state.outcome is None):
        return None
    return news_of_gate(member.state, member.conditions)


def _standing(member: Member, clean: Cleaner) -> str:
    """Return how a member that has not reached is counted."""
    state = member.state
    if state.outcome is not None:
        return state.outcome
    if state.latest is None:
        return "not answered yet"
    return clean(state.latest.phase) or ("in no phase" if state.present else "not there")


def _progress(before: Member | None, member: Member, clean: Cleaner) -> str:
    """Return what a progress line says of one member."""
    state = member.state
    earlier = earlier_phase(before.state.latest if before is not None else None, state.latest, clean)
    outcome = f", {state.outcome}" if state.outcome else ""
    missing = in_brackets(still_missing(state, member.conditions, clean))
    return f"{label(member, clean)} {earlier}{standing(state, clean)}{outcome}{missing}"


def report_train(train: Train, clean: Cleaner, check_mode: bool) -> dict[str, Any]:
    """Return the `gate` of a result."""
    return {
        "outcome": train.outcome or "pending",
        "message": sentence(train, clean, check_mode),
        "elapsed": round(train.polls.ended, 3),
        "reads": train.polls.reads,
        "retries": train.polls.retries,
        "required": train.required,
        "counts": train.counts,
        "ignored": [
            {
                "namespace": clean(each.namespace),
                "name": clean(each.name),
                "uid": clean(each.uid),
                "phase": clean(each.phase),
            }
            for each in train.ignored
        ],
        "check_mode": check_mode,
    }


def several(train: Train, clean: Cleaner) -> str:
    """Return the sentence about one look at several releases without a gate."""
    phases = Counter(_standing(member, clean) for member in train.members)
    count = len(train.members)
    if not count:
        return "no release of the mesh is selected"
    return f"{count} release{'' if count == 1 else 's'}: {listed(_counted(phases))}"
