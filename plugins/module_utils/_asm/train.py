# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of a gate on several releases: a fold of polls over the rules of each.

A train is what one task asks for, a member is one release of it, and a poll is one look at all of them. Pure like
`gate`: no clock, no sleep, no I/O. Of two possible readings, the one that keeps the gate shut wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest

from .errors import AsmError, usage
from .old_gate import Observation, State, advance, after_try, falls_due, last_read, next_read
from .old_gate import at_deadline as member_at_deadline
from .options.spec import Conditions, Selection, Several, is_phase
from .models.release_list import Item, Roster

Key = tuple[str, str]
"""Namespace and id of a member."""

OWN_KINDS = frozenset({"denied", "not_found", "protocol", "usage"})
"""Final errors of a single read that say something of its release alone."""

_REFUSED_KINDS = frozenset({"endpoint", "usage"})
"""Final errors of a single read that say something of its release alone as long as ASM answers about others."""

_NO_POLL = State()
_UNSEEN = State(answered=True)
"""Whether ASM answers at all, and what that means early on, is a matter of the polls, not of a member."""

_UNJUDGED = Conditions((), on_missing="wait", wait_timeout=float("inf"))
"""Conditions under which a release is there, has disappeared, or is another one, and nothing else is said of it,
however long it is looked at."""


@dataclass(frozen=True)
class Member:
    """One release of a train, and its own gate.

    Attributes:
        namespace, release_id: as asked for; of a selected release its uid.
        conditions: those of the train, with what it alone must meet.
        state: of its own gate. The outcome `reached` can be undone, every other one is final.
        answer: the one that the poll that runs has about it, None while it has none.
        uid: as the list showed it; empty before.
        listed: whether the list of this poll shows it.
        settled: whether what selected it has told enough to know that it belongs.
        heir: uid of a release that has come up under its name while its own was not listed any more; empty otherwise.
        fault: the last passing fault of its own reads, since the last answer about it.
        asked: when its last read of its own began, in seconds since the polls began; before, it is long ago.
        waiting_since: without a verdict, when it first needed a read of its own; None before.
        former: uid of the release that another one has replaced; empty before.
    """

    namespace: str
    release_id: str
    conditions: Conditions
    state: State = _UNSEEN
    answer: Observation | None = None
    uid: str = ""
    listed: bool = False
    settled: bool = True
    heir: str = ""
    fault: AsmError | None = None
    asked: float = -float("inf")
    former: str = ""
    waiting_since: float | None = None

    @property
    def key(self) -> Key:
        """Return what names it within the train."""
        return self.namespace, self.release_id

    @property
    def readable_id(self) -> str:
        """Return the id for a read of its own. Nobody has published whether one by name is answered, and a 404 that
        only means that a name is no id must not pass for a disappearance."""
        return self.uid or self.release_id

    @property
    def answered(self) -> bool:
        """Return whether the poll that runs has an answer about it."""
        return self.answer is not None

    @property
    def reached(self) -> bool:
        """Return whether it counts as reached."""
        return self.state.outcome == "reached"

    @property
    def unreachable(self) -> bool:
        """Return whether it can never reach any more."""
        return self.state.outcome not in (None, "reached")


@dataclass(frozen=True)
class Ignored:
    """A selected release that was in one of `ignore_phases` when it was first seen."""

    namespace: str
    name: str
    uid: str
    phase: str


@dataclass(frozen=True)
class Train:
    """All that the polls so far mean.

    Attributes:
        several: what is asked for.
        conditions: of the task.
        members: in the order in which they were named or found; the set of a selection only grows.
        ignored: selected releases that are left out.
        others: uids of listed releases that turned out not to be selected.
        listed: uids that some list has shown.
        polls: of the requests: reads, retries, faults and their last error. It knows no release.
        alone, alone_before: how many members need a read of their own in this poll, and needed one in the poll before.
        outcome: the verdict, None while there is none.
        error: that ended the train, made one of its members unreachable, or had a part in a `timeout`.
        judged: whether there is to be a verdict. A train without one is looked at for ever: only an error ends it.
        told: whether this poll has the list.
        refused: of a train without a verdict, the first single read since ASM answered last that was refused in a way
            that is final unless ASM answers about another release; None without one.
        unfit: of a train without a verdict, releases of the list that cannot be followed or that only a read of their
            own can tell of, and why.
    """

    several: Several
    conditions: Conditions
    members: tuple[Member, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    others: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    polls: State = _NO_POLL
    alone: int = 0
    alone_before: int = 0
    outcome: str | None = None
    error: AsmError | None = None
    judged: bool = True
    told: bool = False
    refused: Observation | None = None
    unfit: tuple[AsmError, ...] = ()

    @property
    def pause(self) -> float:
        """Return the seconds between two looks at a release: an interval that is stretched by single reads, of this
        poll or of the one before, is no gap."""
        return max(self.conditions.wait_sleep, max(self.alone, self.alone_before) * self.spacing)

    @property
    def spacing(self) -> float:
        """Return the seconds between two single reads."""
        return 60.0 / self.several.requests_per_minute

    @property
    def length(self) -> float:
        """Return the seconds that this poll takes because its single reads are spaced."""
        return max(0, self.alone - 1) * self.spacing

    @property
    def wanted(self) -> int:
        """Return how many releases the train has at least: those that are there, or `minimum`."""
        return max(len(self.members), self.several.minimum)

    @property
    def required(self) -> int:
        """Return how many of them must reach."""
        return self.wanted if self.several.require is None else self.several.require

    @property
    def reached(self) -> int:
        """Return how many count as reached."""
        return sum(member.reached for member in self.members)

    @property
    def there(self) -> int:
        """Return how many are known to be there and to belong: what `minimum` counts."""
        return sum(member.settled or member.state.release is not None for member in self.members)

    @property
    def unreachable(self) -> list[Member]:
        """Return the members that can never reach any more: the first one first."""
        return sorted((each for each in self.members if each.unreachable), key=lambda each: each.state.ended)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many members have which outcome, those without one as `pending`."""
        return dict(Counter(member.state.outcome or "pending" for member in self.members))


def begin(several: Several, conditions: Conditions) -> Train:
    """Return the train before its first poll."""
    if isinstance(several.releases, Selection):
        return Train(several, conditions)
    members = tuple(
        Member(
            each.namespace,
            each.release_id,
            replace(
                conditions,
                version=conditions.version if each.version is None else each.version,
                images=each.images or conditions.images,
            ),
        )
        for each in several.releases
    )
    return Train(several, conditions, members)


def needs_deployments(conditions: Conditions) -> bool:
    """Return whether the conditions ask for the workloads, so that a release without them tells too little."""
    return bool(conditions.ready or conditions.images or conditions.stall_timeout)


def new_poll(train: Train) -> Train:
    """Return the train at the beginning of a poll, in which nothing is answered yet."""
    members = tuple(replace(member, answer=None, listed=False) for member in train.members)
    return replace(train, members=members, alone=0, alone_before=train.alone, told=False)


def after_list(train: Train, roster: Roster, way: Observation, manifests: bool) -> tuple[Train, list[Key]]:
    """Return the train after the list was answered, and which members need a read of their own: without a verdict, in
    the order of their turns.

    Args:
        way: when it was asked and answered; with ASM's 404 of the list, which is as empty as a list can be.
        manifests: whether the Deployments are wanted whatever the conditions are.

    Raises:
        AsmError: kind `usage`, an id means several releases; kind `protocol`, with a verdict, a selected one cannot be
            followed.
    """
    train = _tried(train, way)
    if train.outcome is not None:
        return train, []
    selection = train.several.releases
    unfit = roster.unfit(selection) if isinstance(selection, Selection) else ()
    train = replace(train, told=way.error is None, unfit=(*roster.doubtful, *unfit))
    if isinstance(selection, Selection):
        train = _joined(train, roster, selection)
    # Without a verdict, what has come up in the place of another is looked at as what it is.
    new = roster.uids - train.listed if train.judged else frozenset()
    members = tuple(member if member.unreachable else _noted(member, roster, new) for member in train.members)
    seen: dict[Key, Observation] = {}
    alone = []
    for member in members:
        if member.unreachable:
            continue
        item, release = roster.meant(member.namespace, member.release_id, member.uid), None
        if item is not None and item.flaw is not None:
            # A read of its own would tell no more.
            seen[member.key] = replace(way, error=item.flaw)
            continue
        if item is not None and (member.state.release is not None or _tells_enough(item, train.several)):
            release = item.release(manifests, needs_deployments(member.conditions))
        if release is None:
            alone.append(member.key)
        else:
            seen[member.key] = replace(way, release=release, error=None)
    listed = train.listed | roster.uids
    train = _waiting(replace(train, members=members, listed=listed, alone=len(alone)), alone)
    return after_answers(train, seen), _in_turn(train, alone)


def _tells_enough(item: Item, several: Several) -> bool:
    """Return whether an item says enough to know that it belongs, and that it is not to be ignored."""
    selection = several.releases
    if not isinstance(selection, Selection):
        return True
    return item.tells(selection) and (not several.ignore_phases or item.phase is not None)


def _waiting(train: Train, alone: list[Key]) -> Train:
    """Return the train with the members that need a read of their own in the queue for it."""
    if train.judged or not alone:
        return train
    now, new = train.polls.ended, set(alone)
    members = tuple(
        replace(member, waiting_since=now) if member.waiting_since is None and member.key in new else member
        for member in train.members
    )
    return replace(train, members=members)


def _in_turn(train: Train, alone: list[Key]) -> list[Key]:
    """Return the members that need a read of their own in the order in which they are read.

    A poll without a verdict has time for some of them. First come those of which a 404 is known, so that the next one
    can follow in the next poll, however many others wait. Of the rest, every other one was never asked for: what is
    new is told soon, and the others have their turn, those that have waited longest first.
    """
    if train.judged:
        return alone
    by_key = {member.key: member for member in train.members}
    members = sorted((by_key[key] for key in alone), key=_waits_since)
    # A second read that has failed has had its turn.
    doubted = [member for member in members if member.state.absent is not None and member.fault is None]
    new = [member for member in members if member.asked < 0]
    in_turn = [*doubted, *(each for pair in zip_longest(new, members) for each in pair if each is not None)]
    return list(dict.fromkeys(member.key for member in in_turn))


def _waits_since(member: Member) -> tuple[float, bool]:
    was_asked = member.asked >= 0
    return (member.asked if was_asked else member.waiting_since or 0.0), was_asked


def _noted(member: Member, roster: Roster, new: Set[str]) -> Member:
    """Return a member with what the list tells of its identity.

    Args:
        new: uids that no list has shown before.
    """
    item = roster.meant(member.namespace, member.release_id, member.uid)
    if item is not None:
        state = replace(member.state, uid=item.uid) if member.state.uid is None else member.state
        if state.absent is not None:
            # It is there again, also when no read of its own tells more: nothing follows from the 404s before.
            state = replace(state, absent=None, held=0.0, outcome=None)
        return replace(member, state=state, uid=item.uid, listed=True, heir="")
    release = member.state.release
    if release is None or not release.name or not member.uid:
        return member
    heirs = [each.uid for each in roster.named(member.namespace, release.name) if each.uid in new]
    return replace(member, heir=heirs[0]) if heirs else member


def after_single(train: Train, key: Key, observation: Observation) -> Train:
    """Return the train after a member was read singly.

    A passing fault is one of the way to ASM, and so is a final one that is not about this release.
    """
    if train.outcome is not None:
        return train
    (member,) = (member for member in train.members if member.key == key)
    observation = _understood(member, observation)
    pause = train.pause
    if not train.judged:
        observation = _uncontradicted(member, observation)
        # However many took their turn before: as long as it is asked for whenever it can be, there is no gap.
        pause = max(pause, observation.started - member.asked)
        train = _with_member(train, replace(member, asked=observation.started))
    error = observation.error
    if not train.judged and error is not None and not error.passing and error.kind in _REFUSED_KINDS:
        return _refused(train, key, observation, error)
    if error is not None and (error.passing or error.kind not in OWN_KINDS):
        (member,) = (member for member in train.members if member.key == key)
        return after_fault(_with_member(train, replace(member, fault=error)), observation)
    train = _tried(train, replace(observation, error=None))
    return train if train.outcome else after_answers(train, {key: observation}, pause)


def _refused(train: Train, key: Key, observation: Observation, error: AsmError) -> Train:
    """Return the train without a verdict after a single read was refused in a way that may concern its release alone.

    Asked for again while ASM has answered nothing else, it ends the train.
    """
    (member,) = (member for member in train.members if member.key == key)
    error.of(f"{member.release_id} ({member.namespace})")
    if train.refused is not None and member.fault is train.refused.error:
        return after_fault(train, observation)
    train = _with_member(train, replace(member, fault=error))
    return replace(train, refused=train.refused or observation)


def after_poll(train: Train, is_whole: bool) -> Train:
    """Return the train at the end of a poll: a refused single read ends it if ASM has answered nothing else.

    Whether a wrong path or address is to blame, or the one release, is known only then.

    Args:
        is_whole: whether there was time for each single read.
    """
    if train.refused is None or train.outcome is not None:
        return train
    if train.told or any(_is_by_asm(member.answer) for member in train.members):
        return replace(train, refused=None)
    if not is_whole:
        return train
    # What ends it need not be warned of as well.
    members = tuple(replace(member, fault=None) for member in train.members)
    return after_fault(replace(train, members=members), train.refused)


def _is_by_asm(answer: Observation | None) -> bool:
    return answer is not None and (answer.error is None or answer.error.kind == "not_found")


def _with_member(train: Train, member: Member) -> Train:
    """Return the train with a member as it has become."""
    return replace(train, members=tuple(member if each.key == member.key else each for each in train.members))


def _understood(member: Member, observation: Observation) -> Observation:
    """Return what a read of its own means for a member, beside what the list says of it."""
    error = observation.error
    if error is None or error.kind != "not_found":
        return observation
    if member.listed:
        # Two answers that contradict each other: neither is a disappearance.
        problem = "the list of releases has it, and a read of its own does not find it"
        return replace(observation, error=AsmError("protocol", problem, status=error.status, passing=True))
    if member.heir and member.state.release is not None:
        return replace(observation, release=replace(member.state.release, uid=member.heir), error=None)
    return observation


def _uncontradicted(member: Member, observation: Observation) -> Observation:
    """Return an observation that keeps to the uid by which the list knows the member: it was asked for by that.

    One that was replaced does not come back, unless two answers in a row say so.
    """
    release = observation.release
    if release is None or release.uid == member.uid:
        return observation
    problem, seen = "a read of {seen} answers with a release of another uid", member.uid
    if not member.uid:
        is_again = member.fault is not None and member.fault.seen == release.uid
        if not release.uid or release.uid != member.former or is_again:
            return observation
        problem, seen = "a read answers again with the release {seen}, which another one has replaced", release.uid
    return replace(observation, release=None, error=AsmError("protocol", problem, passing=True, seen=seen))


def after_fault(train: Train, observation: Observation) -> Train:
    """Return the train after a request failed that says nothing of any release."""
    return _tried(train, observation)


def _tried(train: Train, way: Observation) -> Train:
    """Return the train after a request, as far as it tells of the way to ASM and of the deadline.

    A train with an outcome is final and stays as it is.
    """
    if train.outcome is not None:
        return train
    polls = after_try(train.polls, way, train.conditions)
    if way.error is not None and way.error.kind == "not_found":
        polls = replace(polls, error=way.error)
    train = replace(train, polls=polls)
    if polls.outcome == "error":
        return replace(train, outcome="error", error=polls.error)
    return at_deadline(train) if polls.outcome else train


def all_alone(train: Train) -> tuple[Train, list[Key]]:
    """Return the train in a poll without a list, and the members that need a read of their own: all that still can
    reach."""
    alone = [member.key for member in train.members if not member.unreachable]
    train = _waiting(replace(train, alone=len(alone)), alone)
    return train, _in_turn(train, alone)


def after_refused_list(train: Train, refused: AsmError) -> tuple[Train, list[Key]]:
    """Return the train without a verdict after a list that cannot be understood as a whole, and the members that need
    a read of their own: all of them, because only that can tell of them."""
    return all_alone(replace(train, unfit=(refused,)))


def can_read_twice(train: Train, now: float) -> bool:
    """Return whether two single reads of each member can begin before the deadline, spaced as the budget wants it."""
    count = len(train.members)
    first_poll = max(train.conditions.wait_sleep, count * train.spacing)
    return now + first_poll + (count - 1) * train.spacing <= last_read(train.conditions)


def _known(train: Train) -> set[str]:
    """Return the uids of the selected releases that were looked at before, whatever has become of them."""
    return {member.release_id for member in train.members} | {each.uid for each in train.ignored} | train.others


def _joined(train: Train, roster: Roster, selection: Selection) -> Train:
    """Return the train with the selected releases that it did not know: as members, or as ignored where the list
    already shows them in a phase that is."""
    known = _known(train)
    members, ignored = [], []
    # With a verdict, one that cannot be followed ends it all; without one, the others are followed all the same.
    for item in roster.selected(selection) if train.judged else roster.readable(selection):
        if item.uid in known:
            continue
        if item.tells(selection) and is_phase(item.phase, train.several.ignore_phases):
            ignored.append(Ignored(item.namespace, item.name, item.uid, item.phase or ""))
            continue
        state, settled = replace(_UNSEEN, uid=item.uid), _tells_enough(item, train.several)
        members.append(Member(item.namespace, item.uid, train.conditions, state, uid=item.uid, settled=settled))
    return replace(train, members=(*train.members, *members), ignored=(*train.ignored, *ignored))


def after_answers(train: Train, seen: Mapping[Key, Observation], pause: float | None = None) -> Train:
    """Return the train after answers about some of its members, with the verdict if there is one.

    Args:
        pause: seconds between two looks at them; that of the train if it is None.
    """
    pause = train.pause if pause is None else pause
    new = {member.key for member in train.members if member.state.release is None} & set(seen)
    after = _next if train.judged else _next_unjudged
    members = tuple(
        replace(member, state=after(member, seen[member.key], pause), answer=seen[member.key], fault=None)
        if member.key in seen
        else member
        for member in train.members
    )
    return _judged(_settled(replace(train, members=members), new))


def _next(member: Member, observation: Observation, pause: float) -> State:
    """Return the state of a member after an answer about it.

    What has been reached is undone by a failure phase, another release in its place, a 404 or a refused read, but not
    by a mere other phase, nor by standing still in one.
    """
    conditions = replace(member.conditions, wait_sleep=pause)
    if not member.reached:
        return advance(member.state, observation, conditions)
    after = advance(replace(member.state, outcome=None), observation, conditions)
    # One that counted because it had disappeared has not: it is there.
    if observation.release is not None and member.state.present and after.outcome in (None, "stalled"):
        return replace(after, outcome="reached")
    return after


def _next_unjudged(member: Member, observation: Observation, pause: float) -> State:
    """Return the state of a member after an answer about it, as far as it tells whether it is there and the same."""
    return advance(member.state, observation, _unjudged(pause, member.conditions.request_timeout))


@lru_cache(maxsize=1)
def _unjudged(pause: float, request_timeout: float) -> Conditions:
    """Return the conditions of a poll, once for all of a thousand releases."""
    return replace(_UNJUDGED, wait_sleep=pause, request_timeout=request_timeout)


def _settled(train: Train, new: Set[Key]) -> Train:
    """Return the train without those that their first answer shows to be none of the selection, or to be ignored."""
    selection = train.several.releases
    if not isinstance(selection, Selection):
        return train
    ignored: list[Ignored] = []
    others: set[str] = set()
    for member in train.members:
        release = member.state.release
        if member.key not in new or release is None:
            continue
        if (selection.services and release.service not in selection.services) or (
            selection.names and release.name not in selection.names
        ):
            others.add(member.release_id)
        elif is_phase(release.phase, train.several.ignore_phases):
            ignored.append(Ignored(member.namespace, release.name, member.release_id, release.phase))
    gone = others | {each.uid for each in ignored}
    members = tuple(member for member in train.members if member.release_id not in gone)
    return replace(train, members=members, ignored=(*train.ignored, *ignored), others=train.others | others)


def _judged(train: Train) -> Train:
    """Return the train with its verdict, if there is one: never open below the number that must reach, never shut for
    good while it can still be met."""
    twice = _named_twice(train)
    if twice is not None:
        return replace(train, outcome="error", error=twice)
    if not train.judged:
        return train
    answered = sum(member.reached and member.answered for member in train.members)
    complete = not isinstance(train.several.releases, Selection) or train.there >= train.several.minimum
    if answered >= train.required and complete:
        return replace(train, outcome="reached", error=None)
    if len(train.members) < train.several.minimum and train.conditions.on_missing != "wait":
        return replace(train, outcome="missing", error=train.polls.error)
    unreachable = train.unreachable
    if train.wanted - len(unreachable) < train.required:
        culprit = unreachable[0].state
        return replace(train, outcome=culprit.outcome, error=culprit.error)
    return train


def _named_twice(train: Train) -> AsmError | None:
    """Return the error of two ids that turned out to mean one release, which would count twice."""
    known: dict[str, Member] = {}
    for member in train.members:
        other = known.setdefault(member.state.uid, member) if member.state.uid else member
        if other is not member:
            ids = f"{other.release_id} and {member.release_id}"
            return usage("releases names one release twice, as {seen}", remedy="name each release once", seen=ids)
    return None


def at_deadline(train: Train) -> Train:
    """Return the train with the verdict that is due when no further poll can be made."""
    waiting = {
        member.key: member_at_deadline(member.state, member.conditions)
        for member in train.members
        if member.state.outcome is None
    }
    members = tuple(replace(each, state=waiting.get(each.key, each.state)) for each in train.members)
    faults = [member.fault for member in members if member.fault is not None]
    error = train.polls.error or (faults[-1] if faults else train.polls.setback)
    # Before any answer, nobody knows how many there are.
    if len(members) < train.several.minimum and train.polls.reads > 0:
        return replace(train, members=members, outcome="missing", error=error)
    if {state.outcome for state in waiting.values()} == {"missing"}:
        # All of them have ASM's answer.
        error = next(state.error for state in waiting.values())
        return replace(train, members=members, outcome="missing", error=error)
    return replace(train, members=members, outcome="timeout", error=error)


def next_poll(train: Train, now: float, jitter: float, rested: float) -> float | None:
    """Return when the next poll is due, in seconds since the wait began; None when there is no time for one.

    Args:
        now: seconds since the wait began.
        jitter: a factor near 1 for the pause.
        rested: seconds of pauses between the single reads of the last poll.
    """
    answered = [member for member in train.members if member.answered]
    # A fault of some single reads delays the next of these, not the next poll.
    polls = replace(train.polls, faults=0) if answered else train.polls
    due = next_read(polls, train.conditions, now, jitter, train.length, rested)
    if due is None or polls.faults:
        return due
    # What is not answered decides nothing when it falls due, and neither does what nobody judges.
    waiting = [member for member in answered if train.judged and member.state.outcome is None]
    return max(now, min([due, *(time for each in waiting for time in falls_due(each.state, each.conditions))]))
