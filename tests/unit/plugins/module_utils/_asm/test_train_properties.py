# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No sequence of polls opens or fails a train wrongly: the train against an oracle that was written apart from it.

The train folds answers into states. The oracle keeps none: after each answer it looks back over the whole history and
counts, by the rules in their words, who has met the conditions and who never can any more. To it, time passes only
between polls. The last tests break one rule at a time, and the oracle must notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import train as rules
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.old_gate import Observation, State, advance
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions, Several
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import fault
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.trains import (
    Own,
    Poll,
    Seen,
    in_part,
    item,
    named,
    poll,
    selected,
)
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import Roster
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train import Key, Member, Train

pytestmark = pytest.mark.slow

GAP = 30
"""Seconds without an answer after which a 404 is no second one in a row: three times `wait_sleep`."""

REFUSED = "refused"
OTHER = "another uid"
PASSING = "a passing fault"
GONE = "404"
IN_PART = "listed in part"


@dataclass(frozen=True)
class Look:
    """What one poll shows of one release: a phase, or of a read of its own one of the constants above.

    Attributes:
        listed: how much of it the list has: all, a part, or nothing; or its heir, another release under its name.
    """

    shown: str
    listed: str = "nothing"

    def __repr__(self) -> str:
        return f"<{self.shown}>" if self.listed == "all" else f"<{self.listed} listed, alone {self.shown}>"


@dataclass(frozen=True)
class Case:
    """What is asked for, and what the polls show: the seconds before each, and a look at each release, None when the
    list itself fails."""

    require: int | None
    minimum: int
    selection: bool
    on_missing: str
    ignore: bool
    polls: tuple[tuple[int, tuple[Look, ...] | None], ...]


# The oracle ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What one poll told of one release: a phase, `REFUSED`, `OTHER` or `GONE`, or that the list shows it `IN_PART`.

    A 404 of what the list shows tells nothing. With an heir, it tells that there is `OTHER`.
    """

    poll: int
    time: int
    release: int
    shown: str


@dataclass(frozen=True)
class History:
    """All that was told so far, in its order.

    Attributes:
        listed: for each release that was ever in a list, the first poll in which it was.
        poll: the number of the poll that runs.
        heirs: the releases that have an heir; each has one, once.
        known_heirs: the releases whose heir some list has shown.
    """

    case: Case
    told: tuple[Told, ...]
    listed: dict[int, int]
    poll: int
    heirs: frozenset[int] = frozenset()
    known_heirs: frozenset[int] = frozenset()

    def about(self, release: int) -> list[Told]:
        return [each for each in self.told if each.release == release]

    def members(self) -> list[int]:
        """The releases that count, in the order in which they came."""
        if not self.case.selection:
            return list(range(self.case.minimum))
        return sorted(
            (each for each in self.listed if not self.ignored(each)), key=lambda each: (self.listed[each], each)
        )

    def ignored(self, release: int) -> bool:
        seen = [each.shown for each in self.about(release) if is_release(each)]
        return self.case.selection and self.case.ignore and seen[:1] == ["Terminated"]


def is_release(told: Told) -> bool:
    return told.shown not in (REFUSED, GONE, IN_PART)


def gone_twice(told: Sequence[Told]) -> bool:
    last = told[-2:]
    return [each.shown for each in last] == [GONE, GONE] and last[1].time - last[0].time <= GAP


def met(told: Sequence[Told], case: Case) -> bool:
    """Whether the last answer about a release is as wanted."""
    if told[-1].shown != GONE:
        return told[-1].shown == "Running"
    seen = [each.shown for each in told if is_release(each)]
    return case.on_missing == "accept" and gone_twice(told) and seen[-1:] == ["Finishing"]


def lost(told: Sequence[Told], case: Case) -> str | None:
    """What the last answer about a release makes of it for good."""
    *before, now = told
    seen = any(map(is_release, before))
    if now.shown == REFUSED:
        return "error"
    if now.shown == GONE and not seen:
        return None if case.on_missing == "wait" else "missing"
    if now.shown == GONE:
        return "missing" if gone_twice(told) and not met(told, case) else None
    # Its uid is the first that was told, if only by the list.
    uids = [each.shown == OTHER for each in told if each.shown not in (REFUSED, GONE)]
    if is_release(now) and uids[-1] != uids[0]:
        return "replaced"
    return "failed" if now.shown == "Failed" else None


def counts(told: Sequence[Told], case: Case) -> bool:
    """Whether a release has met the conditions, and no 404 came after that, nor a list that shows what is gone."""
    listed_since = False
    for end in range(len(told), 0, -1):
        last = told[end - 1].shown
        if met(told[:end], case):
            return last != GONE or not listed_since
        if last == GONE:
            return False
        listed_since = listed_since or last == IN_PART
    return False


def losses(history: History) -> list[str]:
    """How each of the members that never can reach any more was lost: the first one first."""
    found: list[tuple[int, str]] = []
    for member in history.members():
        told = history.about(member)
        for end, last in enumerate(told, 1):
            how = lost(told[:end], history.case)
            if how is not None:
                found.append((history.told.index(last), how))
                break
    return [how for _place, how in sorted(found)]


def counting_now(history: History) -> list[int]:
    """The members that count and were answered in the poll that runs."""
    return [
        member
        for member in history.members()
        for told in [history.about(member)]
        if any(each.poll == history.poll and each.shown != IN_PART for each in told)
        and counts(told, history.case)
        and not any(lost(told[:end], history.case) for end in range(1, len(told) + 1))
    ]


def wanted(history: History) -> int:
    return max(len(history.members()), history.case.minimum)


def required(history: History) -> int:
    return wanted(history) if history.case.require is None else history.case.require


def enough(history: History) -> bool:
    """Whether the gate may open."""
    there = [
        member
        for member in history.members()
        # Without its phase, nobody knows whether it is ignored.
        if not history.case.ignore or any(is_release(told) for told in history.about(member))
    ]
    complete = not history.case.selection or len(there) >= history.case.minimum
    return complete and len(counting_now(history)) >= required(history)


def oracle(history: History) -> str | None:
    """What the last answer means, after a history that has meant nothing yet."""
    if enough(history):
        return "reached"
    if history.case.on_missing != "wait" and len(history.members()) < history.case.minimum:
        return "missing"
    gone = losses(history)
    return gone[0] if wanted(history) - len(gone) < required(history) else None


def histories(case: Case) -> Iterator[list[History]]:
    """The history after each answer of each poll, as long as nobody stops."""
    history = History(case, (), {}, 0)
    now = 0
    for number, (pause, looks) in enumerate(case.polls):
        now += pause
        answered: list[History] = []
        if looks is not None:
            shown = dict(enumerate(looks))
            asked = still_asked(replace(history, listed=first_lists(history, shown, number)))
            history = after_list(history, shown, asked, number, now)
            answered.append(history)
            for each in asked:
                own = "" if shown[each].listed == "all" else own_read(history, each, shown[each])
                if own:
                    history = replace(history, told=(*history.told, Told(number, now, each, own)))
                    answered.append(history)
        yield answered


def still_asked(history: History) -> list[int]:
    """The members that are neither lost nor ignored."""
    return [each for each in history.members() if not is_lost(history, each)]


def first_lists(history: History, shown: dict[int, Look], poll: int) -> dict[int, int]:
    return {**{each: poll for each in shown if shown[each].listed in ("all", "a part")}, **history.listed}


def after_list(history: History, shown: dict[int, Look], asked: list[int], poll: int, now: int) -> History:
    """The history after a list was answered."""
    here = {each for each in asked if shown[each].listed in ("all", "a part")}
    new = {each for each in shown if shown[each].listed == "its heir"} - history.known_heirs
    inherited = {each for each in new & set(asked) if each in history.listed and last_name_is_its_own(history, each)}
    told = tuple(Told(poll, now, each, shown[each].shown if shown[each].listed == "all" else IN_PART) for each in here)
    return History(
        history.case,
        (*history.told, *sorted(told, key=lambda each: asked.index(each.release))),
        first_lists(history, shown, poll),
        poll,
        (history.heirs - here) | inherited,
        history.known_heirs | new,
    )


def last_name_is_its_own(history: History, release: int) -> bool:
    seen = [each.shown for each in history.about(release) if is_release(each)]
    return bool(seen) and seen[-1] != OTHER


def own_read(history: History, release: int, look: Look) -> str:
    """What a read of its own tells of a release; empty when it tells nothing."""
    if look.shown == PASSING or (look.shown == GONE and look.listed == "a part"):
        return ""
    return OTHER if look.shown == GONE and release in history.heirs else look.shown


def is_lost(history: History, release: int) -> bool:
    told = history.about(release)
    return any(lost(told[:end], history.case) for end in range(1, len(told) + 1))


# The train ----------------------------------------------------------------------------------------------------------


def conditions_of(case: Case, **more: Any) -> Conditions:
    return Conditions(
        ("Running",),
        ("Failed",),
        on_missing=case.on_missing,
        missing_after=("Finishing",),
        wait_timeout=10_000,
        **more,
    )


def several_of(case: Case) -> Several:
    """Return what is asked for; single reads are hardly spaced, so that hardly any time passes in a poll."""
    parts: dict[str, Any] = {"require": case.require, "requests_per_minute": 1_000_000}
    if case.selection:
        return selected(case.minimum, ignore_phases=("Terminated",) if case.ignore else (), **parts)
    return named(*(f"r-{number}" for number in range(case.minimum)), **parts)


def seen_of(release: int, look: Look) -> Seen:
    """Return a look as a poll shows it."""
    uid = f"r-{release}"
    if look.listed == "all":
        return look.shown
    listed = {"a part": in_part(uid), "its heir": item(f"heir-{release}", "Creating", name=f"{uid}-canary")}
    errors = {REFUSED: fault("denied"), PASSING: fault("server"), GONE: 404}
    other = item(f"other-{release}", "Creating")
    return Own(
        other if look.shown == OTHER else errors.get(look.shown, look.shown),  # type: ignore[arg-type]
        listed.get(look.listed),
    )


def shown_in(looks: tuple[Look, ...] | None) -> Poll:
    if looks is None:
        return fault("server")
    return {f"r-{number}": seen_of(number, look) for number, look in enumerate(looks)}


def trains(case: Case, **more: Any) -> Iterator[Train]:
    """The train after each poll, also after a verdict."""
    train = rules.begin(several_of(case), conditions_of(case, **more))
    now = 0
    for pause, looks in case.polls:
        now += pause
        train = poll(train, now, shown_in(looks), takes=0.001)
        yield train


# What is thrown at both ---------------------------------------------------------------------------------------------

PHASES = st.sampled_from(["Running"] * 4 + ["Creating"] * 4 + ["Finishing", "Finishing", "Failed", "Terminated"])
LISTED = st.builds(Look, PHASES, st.just("all"))
ALONE = st.builds(
    Look,
    PHASES | st.sampled_from([GONE, GONE, PASSING, PASSING, REFUSED, OTHER]),
    st.sampled_from(["a part", "nothing", "nothing"]),
)
HEIRS = st.builds(Look, st.sampled_from([GONE, GONE, PASSING, "Creating", OTHER]), st.just("its heir"))
LOOKS = st.one_of(LISTED, LISTED, LISTED, ALONE, ALONE, HEIRS)
FIRST_LOOKS = st.one_of(*[st.sampled_from([Look("Creating", "all"), Look("Creating", "a part")])] * 3, LOOKS)
"""Of the first poll: most of what it may show would be its end."""
FLICKERING = st.sampled_from([Look(GONE), Look(GONE, "a part"), Look("Finishing", "all")])
PAUSES = st.sampled_from([7, 7, 7, 12, 24])
"""No sum of them is `GAP`, so that it does not matter when in a poll an answer comes."""


@st.composite
def cases(draw: st.DrawFn, /, later: st.SearchStrategy[Look] = LOOKS, **steered: Any) -> Case:
    """Polls of one to six releases; most releases look as they did in the poll before, others as `later` has it."""
    size = draw(st.integers(1, 6))
    selection = steered.get("selection", draw(st.booleans()))
    require = draw(st.none() | st.integers(1, size))
    minimum = max(draw(st.integers(1, size)), require or 0) if selection else size
    looks = tuple(draw(st.tuples(*[FIRST_LOOKS] * size)))
    polls: list[tuple[int, tuple[Look, ...] | None]] = [(0, looks)]
    for _number in range(draw(st.integers(0, 7))):
        changed = draw(st.dictionaries(st.integers(0, size - 1), later, max_size=3))
        looks = tuple(changed.get(release, look) for release, look in enumerate(looks))
        polls.append((draw(PAUSES), None if draw(st.integers(0, 7)) == 7 else looks))
    if selection:
        # An heir would become a member of its own.
        polls = [(pause, shown and tuple(map(without_heir, shown))) for pause, shown in polls]
    case = Case(
        require,
        minimum,
        selection,
        draw(st.sampled_from(["fail", "accept", "wait"])),
        draw(st.booleans()),
        tuple(polls),
    )
    return replace(case, **steered)


def without_heir(look: Look) -> Look:
    return replace(look, listed="nothing") if look.listed == "its heir" else look


def agree(case: Case) -> bool:
    """Whether train and oracle say the same after each poll, up to the first verdict and ever after."""
    verdict: Train | None = None
    for train, answered in zip(trains(case), histories(case)):
        if verdict is not None:
            if (train.outcome, train.error, train.counts) != (verdict.outcome, verdict.error, verdict.counts):
                return False
            continue
        expected = next((meaning for meaning in map(oracle, answered) if meaning is not None), None)
        if train.outcome != expected:
            return False
        verdict = train if train.outcome is not None else None
    return True


@settings(max_examples=500, deadline=None)
@given(case=cases())
def test_the_train_means_what_the_oracle_says(case: Case) -> None:
    assert agree(case)


@settings(max_examples=250, deadline=None)
@given(case=cases())
def test_it_never_opens_below_the_number_that_is_required(case: Case) -> None:
    for train, answered in zip(trains(case), histories(case)):
        if train.outcome is not None:
            if train.outcome == "reached":
                assert any(len(counting_now(history)) >= required(history) >= 1 for history in answered)
                assert sum(member.reached and member.answered for member in train.members) >= train.required
            return


@settings(max_examples=250, deadline=None)
@given(case=cases(selection=False))
def test_it_never_fails_while_the_number_can_still_be_met(case: Case) -> None:
    """Who is lost is lost in the oracle's eyes; all others of those that are named may still reach."""
    for train, answered in zip(trains(case), histories(case)):
        least = case.minimum if case.require is None else case.require
        if train.outcome not in (None, "reached"):
            assert any(case.minimum - len(losses(history)) < least for history in answered)
        if train.outcome is not None:
            return


@settings(max_examples=250, deadline=None)
@given(case=cases(), stable_for=st.sampled_from([0, 10, 40]), stall_timeout=st.sampled_from([0, 10, 40]))
def test_stable_for_and_stall_timeout_open_nothing_that_is_shut_without_them(
    case: Case, stable_for: int, stall_timeout: int
) -> None:
    for train, answered in zip(trains(case, stable_for=stable_for, stall_timeout=stall_timeout), histories(case)):
        if train.outcome is not None:
            assert train.outcome != "reached" or any(map(enough, answered))
            return


@settings(max_examples=100, deadline=None)
@given(case=cases())
def test_the_deadline_opens_nothing(case: Case) -> None:
    *_earlier, last = trains(case)
    late = rules.at_deadline(last) if last.outcome is None else last
    assert late.outcome == last.outcome or late.outcome in ("timeout", "missing")
    assert all(member.state.outcome is not None for member in late.members) or last.outcome is not None


# Each rule, broken --------------------------------------------------------------------------------------------------

NEXT, NOTED, SETTLED, TRIED, UNDERSTOOD, AFTER_LIST, AFTER_SINGLE = (
    rules._next,
    rules._noted,
    rules._settled,
    rules._tried,
    rules._understood,
    rules.after_list,
    rules.after_single,
)


def another_phase_undoes(member: Member, observation: Observation, _pause: float) -> State:
    return advance(replace(member.state, outcome=None), observation, member.conditions)


def a_404_undoes_nothing(member: Member, observation: Observation, pause: float) -> State:
    gone = member.reached and observation.error is not None and observation.error.kind == "not_found"
    return member.state if gone else NEXT(member, observation, pause)


def nothing_undoes(member: Member, observation: Observation, pause: float) -> State:
    return member.state if member.reached else NEXT(member, observation, pause)


def ignores_later_phases_too(train: Train, _new: set[Key]) -> Train:
    return SETTLED(train, {member.key for member in train.members})


def thinks_again(train: Train, way: Observation) -> Train:
    return TRIED(replace(train, outcome=None), way)


def loses_what_is_not_listed(
    train: Train, roster: Roster, way: Observation, manifests: bool
) -> tuple[Train, list[Key]]:
    listed = {item.uid for item in roster.items}
    kept = tuple(member for member in train.members if member.release_id in listed)
    return AFTER_LIST(replace(train, members=kept), roster, way, manifests)


def refused_reads_pass(train: Train, key: Key, observation: Observation) -> Train:
    refused = observation.error is not None and observation.error.kind == "denied"
    passing = replace(observation, error=AsmError("server", "a fault")) if refused else observation
    return AFTER_SINGLE(train, key, passing)


def any_404_is_one(member: Member, observation: Observation) -> Observation:
    return UNDERSTOOD(replace(member, listed=False), observation)


def knows_no_heirs(member: Member, observation: Observation) -> Observation:
    return UNDERSTOOD(replace(member, heir=""), observation)


def forgets_the_listed_uid(member: Member, roster: Roster, new: set[str]) -> Member:
    noted = NOTED(member, roster, new)
    return replace(noted, state=replace(noted.state, uid=member.state.uid))


def keeps_the_404s_before(member: Member, roster: Roster, new: set[str]) -> Member:
    noted = NOTED(member, roster, new)
    kept = replace(noted.state, absent=member.state.absent, outcome=member.state.outcome)
    return replace(noted, state=kept)


def an_heir_is_any_of_the_name(member: Member, roster: Roster, _new: set[str]) -> Member:
    return NOTED(member, roster, set(roster.uids))


def judges_later(train: Train, _new: set[Key]) -> Train:
    return train


@pytest.mark.parametrize(
    ("name", "broken", "steered"),
    [
        pytest.param("new_poll", lambda train: train, {}, id="an answer of an earlier poll will do"),
        pytest.param("_next", another_phase_undoes, {}, id="another phase undoes"),
        pytest.param("_next", a_404_undoes_nothing, {}, id="a 404 undoes nothing"),
        pytest.param("_next", nothing_undoes, {}, id="nothing undoes"),
        pytest.param("_settled", ignores_later_phases_too, {"selection": True, "ignore": True}, id="ignores later"),
        pytest.param("_settled", judges_later, {"selection": True, "ignore": True}, id="ignores nothing"),
        pytest.param("_understood", any_404_is_one, {}, id="a 404 of what is listed is a disappearance"),
        pytest.param("_understood", knows_no_heirs, {"selection": False}, id="knows no heirs"),
        pytest.param("_noted", forgets_the_listed_uid, {}, id="only an answer tells a uid"),
        pytest.param(
            "_noted", keeps_the_404s_before, {"later": FLICKERING}, id="a listing does not come between two 404"
        ),
        pytest.param("_noted", an_heir_is_any_of_the_name, {"selection": False}, id="an heir that was there before"),
        pytest.param(
            "Member.settled",
            property(lambda _member: True, lambda _member, _value: None),
            {"selection": True, "ignore": True},
            id="minimum counts what may be ignored",
        ),
        pytest.param("_tried", thinks_again, {}, id="a verdict is not final"),
        pytest.param("after_list", loses_what_is_not_listed, {"selection": True}, id="the selected set shrinks"),
        pytest.param("after_single", refused_reads_pass, {}, id="a refused read passes"),
        pytest.param("OWN_KINDS", frozenset({"not_found"}), {}, id="a refused read ends the train"),
        pytest.param("Train.required", property(lambda _train: 1), {}, id="any will do"),
        pytest.param(
            "Train.required", property(lambda train: len(train.members)), {"selection": True}, id="minimum is no number"
        ),
        pytest.param(
            "Train.wanted", property(lambda train: train.required), {"require": 1}, id="one failure fails all"
        ),
        pytest.param("Train.unreachable", property(lambda _train: []), {}, id="does not fail fast"),
    ],
)
def test_the_oracle_notices_a_broken_rule(
    name: str, broken: Any, steered: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    *where, what = name.split(".")
    monkeypatch.setattr(getattr(rules, where[0]) if where else rules, what, broken)
    search = settings(max_examples=3000, phases=[Phase.generate], derandomize=True, database=None, deadline=None)
    try:
        find(cases(**steered), lambda case: not agree(case), settings=search)
    except NoSuchExample:
        pytest.fail("nothing that was tried shows the difference")
