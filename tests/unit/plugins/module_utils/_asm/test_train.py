# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a gate on several releases, one test for each sentence of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.old_gate import Observation
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions, Named, Several
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import Roster, parse_list
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train import (
    Train,
    after_fault,
    after_list,
    after_single,
    all_alone,
    at_deadline,
    begin,
    can_read_twice,
    needs_deployments,
    new_poll,
    next_poll,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    deployment,
    exceeded,
    fault,
    not_found,
    release_list,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.trains import (
    Own,
    Poll,
    Seen,
    fold,
    in_part,
    item,
    member,
    named,
    observed,
    outcomes,
    poll,
    selected,
)

FAR = 10_000.0
WAIT = Conditions(("Running",), ("Failed",), wait_timeout=FAR)
APPEARING = replace(WAIT, on_missing="wait")
ACCEPTING = replace(WAIT, on_missing="accept", missing_after=("Finishing",))

CREATING: Poll = {"a": "Creating", "b": "Creating"}

REFUSALS = [403, 400, fault("protocol")]
"""What says of a single read that its release cannot be read, and of nothing else."""

ENDS = [fault(kind) for kind in ("credentials", "tls", "endpoint", "internal")]
"""What no other release can do better with."""


def kind(error: AsmError | None) -> str | None:
    """Return the kind of an error."""
    return error.kind if error is not None else None


def ids_of(keys: list[tuple[str, str]]) -> list[str]:
    """Return the ids of keys."""
    return [release_id for _namespace, release_id in keys]


def many(count: int, **parts: Any) -> Several:
    """Return so many releases, named by their ids."""
    return named(*all_in("Running", count), **parts)


def all_in(phase: str, count: int) -> dict[str, Seen]:
    """Return a poll that shows `many` in a phase."""
    return {f"r-{number}": phase for number in range(count)}


class TestBegin:
    def test_the_members_are_the_releases_in_their_order(self) -> None:
        train = begin(named("b", "a", "c"), WAIT)
        assert [each.key for each in train.members] == [("bookinfo", "b"), ("bookinfo", "a"), ("bookinfo", "c")]
        assert (train.outcome, train.required, train.counts) == (None, 3, {"pending": 3})

    def test_a_selection_has_no_members_before_they_are_seen(self) -> None:
        train = begin(selected(minimum=4), WAIT)
        assert (train.members, train.required, train.wanted, train.counts) == ((), 4, 4, {})

    @pytest.mark.parametrize(
        ("own", "conditions"),
        [
            pytest.param(Named("bookinfo", "a"), replace(WAIT, version="2", images=("i:2",)), id="those of all"),
            pytest.param(Named("bookinfo", "a", "3"), replace(WAIT, version="3", images=("i:2",)), id="its version"),
            pytest.param(
                Named("bookinfo", "a", None, ("i:3", "j:1")),
                replace(WAIT, version="2", images=("i:3", "j:1")),
                id="its images",
            ),
        ],
    )
    def test_each_has_the_conditions_of_all_but_for_what_is_its_own(self, own: Named, conditions: Conditions) -> None:
        train = begin(
            Several("mesh", (own, Named("bookinfo", "b")), minimum=2), replace(WAIT, version="2", images=("i:2",))
        )
        assert member(train, "a").conditions == conditions
        assert member(train, "b").conditions == train.conditions

    def test_each_must_meet_its_own(self) -> None:
        several = Several("mesh", (Named("bookinfo", "a", "v1"), Named("bookinfo", "b", "v2")), minimum=2)
        shown: Poll = {"a": item("a", version="v1"), "b": item("b", version="v1")}
        assert outcomes(fold(begin(several, WAIT), shown)) == {"a": "reached", "b": None}


class TestReached:
    """What of a release that counts as reached undoes that, while another one keeps the gate shut."""

    @pytest.mark.parametrize(
        ("later", "outcome"),
        [
            pytest.param(["Creating"], "reached", id="another phase does not"),
            pytest.param([""], "reached", id="no phase does not"),
            pytest.param([item("a", gray=[])], "reached", id="losing its workloads does not"),
            pytest.param(["Creating"] * 30, "reached", id="standing still in another phase does not"),
            pytest.param([Own("Creating")], "reached", id="another phase in a read of its own does not"),
            pytest.param([503], "reached", id="a passing fault of its own read does not"),
            pytest.param([503] * 10, "reached", id="many of them do not"),
            pytest.param(["Failed"], "failed", id="a failure phase does"),
            pytest.param([" FAILED\n"], "failed", id="as phases are compared"),
            pytest.param([Own("Failed")], "failed", id="a failure phase in a read of its own does"),
            pytest.param([Own(item("other"))], "replaced", id="another uid does"),
            pytest.param([item("a", version="v3")], "replaced", id="another version after the wanted one does"),
            pytest.param([404], None, id="a 404 does"),
            pytest.param([404, "Creating"], None, id="a 404 does, also when it is back in another phase"),
            pytest.param([404, "Running"], "reached", id="until it meets the conditions again"),
            pytest.param([404, 404], "missing", id="a second 404 in a row is final"),
            pytest.param([404, 503, 404], "missing", id="a fault between them does not matter"),
            pytest.param([Own(404, in_part("a"))], "reached", id="a 404 of what the list shows does not"),
            pytest.param([Own(404, in_part("a"))] * 10, "reached", id="many of them do not"),
            pytest.param([404, Own(404, in_part("a")), 404], None, id="a list that shows it comes between two 404"),
            pytest.param([item("a", namespace="shop")], "error", id="an item of another namespace does"),
            pytest.param([403], "error", id="a refused read does"),
            pytest.param([400], "error", id="a read that is refused as wrong does"),
            pytest.param([fault("protocol")], "error", id="an answer that is no release does"),
        ],
    )
    def test_is(self, later: list[Seen], outcome: str | None) -> None:
        train = begin(named("a", "b"), replace(WAIT, version="v2", stall_timeout=100, images=(IMAGE,)))
        polls: list[Poll] = [{"a": seen, "b": item("b", version=f"v{number}")} for number, seen in enumerate(later, 3)]
        before = fold(train, {"a": "Running", "b": item("b", "Creating", version="v1")})
        assert outcomes(before) == {"a": "reached", "b": None}
        assert outcomes(fold(before, *polls, start=10))["a"] == outcome

    @pytest.mark.parametrize("listed", [503, fault("network"), 404])
    def test_is_not_undone_by_an_answer_of_the_list(self, listed: Poll) -> None:
        train = fold(begin(named("a", "b"), WAIT), {"a": "Running", "b": "Creating"}, fault("server"))
        assert outcomes(train) == {"a": "reached", "b": None}
        train = poll(train, 20.0, listed)
        # ASM's 404 of the list says that it is empty, so each is asked for alone, and that says 404 as well.
        assert outcomes(train)["a"] == (None if listed == 404 else "reached")

    def test_by_a_disappearance_is_kept_while_it_stays_away(self) -> None:
        train = fold(
            begin(named("a", "b"), ACCEPTING), *[{"a": "Finishing", "b": "Creating"}, *[{"b": "Creating"}] * 4]
        )
        assert outcomes(train) == {"a": "reached", "b": None}
        assert not member(train, "a").state.present
        assert fold(train, {"b": "Running"}, start=50).outcome == "reached"

    def test_by_a_disappearance_needs_two_404_in_a_row(self) -> None:
        train = fold(begin(named("a", "b"), ACCEPTING), {"a": "Finishing", "b": "Creating"}, {"b": "Creating"})
        assert outcomes(train)["a"] is None

    @pytest.mark.parametrize(
        ("back", "outcome"),
        [
            pytest.param("Creating", None, id="in another phase"),
            pytest.param("Finishing", None, id="in the phase that it had"),
            pytest.param("Running", "reached", id="in a phase that is wanted"),
            pytest.param("Failed", "failed", id="in a failure phase"),
            pytest.param(Own("Creating"), None, id="in a read of its own"),
            pytest.param(Own(404, in_part("a")), None, id="in the list alone"),
            pytest.param(Own(503, in_part("a")), None, id="in the list, and its own read fails"),
        ],
    )
    def test_by_a_disappearance_is_undone_when_it_is_there_again(self, back: Seen, outcome: str | None) -> None:
        polls: list[Poll] = [{"a": "Finishing", "b": "Creating"}, {"b": "Creating"}, {"b": "Creating"}]
        gone = fold(begin(named("a", "b"), ACCEPTING), *polls)
        assert outcomes(gone)["a"] == "reached"
        train = fold(gone, {"a": back, "b": "Creating"}, start=30)
        assert outcomes(train)["a"] == outcome
        if outcome is None:
            # Nor does one more 404 make a disappearance of it.
            assert outcomes(fold(train, {"b": "Creating"}, start=40))["a"] is None

    def test_with_stable_for_is_undone_by_a_404_that_starts_it_anew(self) -> None:
        conditions = replace(WAIT, stable_for=20)
        polls: list[Poll] = [{"a": "Running", "b": "Creating"}] * 3
        train = fold(begin(named("a", "b"), conditions), *polls)
        assert outcomes(train)["a"] == "reached"
        train = fold(train, {"b": "Creating"}, *polls[:2], start=30)
        assert outcomes(train)["a"] is None
        assert outcomes(fold(train, polls[0], start=60))["a"] == "reached"


class TestOpens:
    @pytest.mark.parametrize(
        ("require", "polls"),
        [
            pytest.param(None, [{"a": "Running", "b": "Running", "c": "Running"}], id="all, at once"),
            pytest.param(
                None,
                [{"a": "Running", "b": "Creating", "c": "Creating"}, {"a": "Creating", "b": "Running", "c": "Running"}],
                id="all, one after the other, though the first has left its phase",
            ),
            pytest.param(
                None,
                [{"a": "Running", "b": "Running"}, {"a": "Creating", "b": "Creating", "c": "Running"}],
                id="all, one late",
            ),
            pytest.param(
                None, [{"a": "Running", "b": Own("Running"), "c": Own("Running")}], id="all, some read singly"
            ),
            pytest.param(1, [{"a": "Creating", "b": "Running", "c": "Creating"}], id="any"),
            pytest.param(1, [{"a": 503, "b": "Running", "c": 503}], id="any, the others do not answer"),
            pytest.param(1, [{"a": "Failed", "b": "Failed", "c": "Running"}], id="any, the others failed with it"),
            pytest.param(2, [{"a": "Failed", "b": "Running", "c": "Running"}], id="two, the other failed with them"),
            pytest.param(2, [{"a": 403, "b": "Running", "c": Own("Running")}], id="two, the other is refused"),
            pytest.param(
                2,
                [{"a": "Failed", "b": "Running", "c": "Creating"}, {"b": "Creating", "c": "Running"}],
                id="two, the other failed before",
            ),
        ],
    )
    def test_in_a_poll_in_which_enough_count_and_are_answered(self, require: int | None, polls: list[Poll]) -> None:
        train = fold(begin(named("a", "b", "c", require=require), APPEARING), *polls)
        assert (train.outcome, train.error) == ("reached", None)
        assert train.reached >= train.required

    @pytest.mark.parametrize(
        ("require", "polls"),
        [
            pytest.param(None, [{"a": "Running", "b": "Running", "c": "Creating"}], id="all, one is not there yet"),
            pytest.param(
                None,
                [{"a": "Running", "b": "Running", "c": "Creating"}, {"a": 503, "b": "Running", "c": "Running"}],
                id="all, one that counts is not answered",
            ),
            pytest.param(
                None,
                [{"a": "Running", "b": "Running", "c": "Creating"}, {"b": "Running", "c": "Running"}],
                id="all, one that counted is gone",
            ),
            pytest.param(
                2,
                [{"a": "Running", "b": "Creating", "c": "Creating"}, {"a": 503, "b": "Running", "c": "Creating"}],
                id="two, one of them is not answered",
            ),
            pytest.param(1, [{"a": "Creating", "b": "Creating", "c": "Creating"}], id="any, none is there"),
            pytest.param(1, [{"a": "Failed", "b": "Failed", "c": "Creating"}], id="any, one can still reach"),
            pytest.param(None, [{"a": "Running", "b": "Running", "c": "Creating"}, 503, 503], id="all, no list"),
        ],
    )
    def test_in_no_other(self, require: int | None, polls: list[Poll]) -> None:
        assert fold(begin(named("a", "b", "c", require=require), APPEARING), *polls).outcome is None

    def test_only_with_answers_of_the_same_poll(self) -> None:
        shut = fold(
            begin(named("a", "b"), WAIT),
            {"a": "Running", "b": "Creating"},
            {"a": 503, "b": "Running"},
            {"a": "Creating", "b": 503},
            503,
        )
        assert (shut.outcome, shut.reached) == (None, 2)
        assert fold(shut, {"a": "Creating", "b": "Creating"}, start=40).outcome == "reached"

    def test_as_soon_as_the_list_shows_enough(self) -> None:
        train, alone = after_list(
            begin(named("a", "b", require=1), WAIT),
            parse_list(release_list(item("b")), "mesh"),
            Observation(0, 1),
            False,
        )
        assert (train.outcome, ids_of(alone)) == ("reached", ["a"])


class TestFails:
    @pytest.mark.parametrize(
        ("require", "polls", "outcome", "culprits"),
        [
            pytest.param(None, [{"a": "Running", "b": "Failed", "c": "Running"}], "failed", ["b"], id="all"),
            pytest.param(None, [{"a": "Running", "b": "Running"}], "missing", ["c"], id="all, one was never there"),
            pytest.param(None, [{"a": "Running", "b": "Running", "c": 403}], "error", ["c"], id="all, one is refused"),
            pytest.param(
                None,
                [{"a": "Running", "b": "Creating", "c": "Creating"}, {"a": "Failed", "b": "Creating", "c": "Creating"}],
                "failed",
                ["a"],
                id="all, one that counted",
            ),
            pytest.param(
                None,
                [
                    {"a": "Running", "b": "Creating", "c": "Creating"},
                    {"a": Own(item("d")), "b": "Failed", "c": "Creating"},
                ],
                "failed",
                ["b"],
                id="all, before the single reads",
            ),
            pytest.param(
                2,
                [{"a": "Creating", "b": "Creating", "c": "Failed"}, {"a": Own(item("d")), "b": "Creating"}],
                "failed",
                ["c", "a"],
                id="two, the first to fail comes first",
            ),
            pytest.param(
                1,
                [
                    {"a": "Creating", "b": "Creating", "c": "Creating"},
                    {"a": "Creating", "b": Own(item("d")), "c": "Creating"},
                    {"a": "Creating", "c": "Failed"},
                    {"a": 403},
                ],
                "replaced",
                ["b", "c", "a"],
                id="any, when none is left",
            ),
        ],
    )
    def test_as_soon_as_so_many_can_no_longer_reach(
        self, require: int | None, polls: list[Poll], outcome: str, culprits: list[str]
    ) -> None:
        train = fold(begin(named("a", "b", "c", require=require), WAIT), *polls)
        assert train.outcome == outcome
        assert [each.release_id for each in train.unreachable] == culprits
        assert train.error is train.unreachable[0].state.error

    @pytest.mark.parametrize("seen", ["Failed", 403, 400, 404, fault("protocol")], ids=str)
    @pytest.mark.parametrize("require", [1, 2])
    def test_not_while_enough_others_still_can(self, seen: Seen, require: int) -> None:
        train = fold(begin(named("a", "b", "c", require=require), WAIT), {"a": seen, "b": "Running", "c": "Creating"})
        assert train.outcome == ("reached" if require == 1 else None)

    def test_by_a_stall_of_one(self) -> None:
        conditions = replace(WAIT, stall_timeout=30)
        train = fold(begin(named("a", "b"), conditions), *[{"a": "Running", "b": "Creating"}] * 4)
        assert (train.outcome, outcomes(train)) == ("stalled", {"a": "reached", "b": "stalled"})

    def test_by_an_exceeded_progress_deadline(self) -> None:
        conditions = replace(WAIT, ready=True)
        train = fold(begin(named("a", "b"), conditions), {"a": "Running", "b": item("b", gray=[exceeded()])})
        assert (train.outcome, outcomes(train)) == ("failed", {"a": "reached", "b": "failed"})

    def test_who_can_no_longer_reach_is_not_read_again(self) -> None:
        train = fold(begin(named("a", "b", "c", require=1), WAIT), {"a": "Failed", "b": 403, "c": "Creating"})
        _train, alone = after_list(new_poll(train), Roster(()), Observation(10, 10), False)
        assert ids_of(alone) == ids_of(all_alone(train)[1]) == ["c"]
        # Whatever it shows later.
        later = fold(train, {"a": "Running", "b": "Running", "c": "Creating"}, start=10)
        assert outcomes(later) == {"a": "failed", "b": "error", "c": None}


class TestFaults:
    @pytest.mark.parametrize("error", ENDS, ids=kind)
    @pytest.mark.parametrize("require", [None, 1])
    def test_of_the_way_to_asm_end_the_train_also_in_a_single_read(self, require: int | None, error: AsmError) -> None:
        train = fold(begin(named("a", "b", "c", require=require), WAIT), {"a": "Creating", "b": error, "c": "Creating"})
        assert (train.outcome, train.error) == ("error", error)
        assert outcomes(train) == {"a": None, "b": None, "c": None}

    @pytest.mark.parametrize("several", [named("a", "b", require=1), selected()], ids=["a list", "a selection"])
    @pytest.mark.parametrize("error", [*ENDS, fault("usage"), fault("protocol")], ids=kind)
    def test_that_are_final_end_the_train_when_the_list_has_them(self, several: Several, error: AsmError) -> None:
        train = fold(begin(several, WAIT), {"a": "Creating", "b": "Creating"}, error)
        assert (train.outcome, train.error) == ("error", error)

    def test_a_denied_list_ends_a_selection(self) -> None:
        train = fold(begin(selected(), WAIT), 403)
        assert (train.outcome, kind(train.error)) == ("error", "denied")

    @pytest.mark.parametrize("refused", REFUSALS, ids=str)
    def test_of_one_single_read_are_its_own(self, refused: Seen) -> None:
        train = fold(begin(named("a", "b", require=1), WAIT), {"a": refused, "b": "Creating"})
        assert (train.outcome, train.error, outcomes(train)) == (None, None, {"a": "error", "b": None})
        assert train.polls.faults == 0
        assert kind(member(train, "a").state.error) in ("denied", "usage", "protocol")

    def test_that_pass_say_nothing_of_any_release(self) -> None:
        train = fold(begin(named("a", "b"), WAIT), {"a": "Creating", "b": 503}, 503, {"a": 503, "b": 503})
        assert (train.outcome, outcomes(train)) == (None, {"a": None, "b": None})
        assert (train.polls.faults, kind(train.polls.error)) == (2, "server")
        assert member(train, "b").state.reads == 0

    def test_that_pass_say_nothing_of_a_release_whatever_their_kind(self) -> None:
        page = fault("protocol", passing=True)
        train = fold(begin(named("a", "b", require=1), WAIT), {"a": page, "b": "Creating"})
        assert (train.outcome, outcomes(train), train.polls.error) == (None, {"a": None, "b": None}, page)

    def test_that_pass_end_with_the_next_answer(self) -> None:
        train = fold(begin(named("a", "b"), WAIT), 503, {"a": 503, "b": Own("Creating")})
        assert (train.polls.faults, train.polls.error) == (0, None)
        assert (train.polls.reads, train.polls.retries) == (2, 2)

    @pytest.mark.parametrize("early", ["network", "timeout", "protocol"])
    @pytest.mark.parametrize("retries", [0, 3])
    def test_before_the_first_answer_of_asm_are_final_after_request_retries_more_tries(
        self, early: str, retries: int
    ) -> None:
        conditions = replace(WAIT, request_retries=retries)
        passing = fault(early, passing=True)
        for several in (named("a", "b", require=1), selected()):
            train = fold(begin(several, conditions), *[passing] * retries)
            assert train.outcome is None
            assert fold(train, passing, start=100).outcome == "error"

    @pytest.mark.parametrize("answer", [{"a": "Creating"}, 404])
    def test_after_any_answer_of_asm_pass(self, answer: Poll) -> None:
        train = fold(begin(named("a", "b"), APPEARING), answer, *[fault("network")] * 50)
        assert train.outcome is None

    def test_of_a_single_read_count_as_any_before_the_first_answer(self) -> None:
        train = begin(named("a", "b"), replace(WAIT, request_retries=3))
        early: Poll = {"a": fault("network"), "b": fault("network")}
        train = fold(train, early, lists=False)
        assert train.outcome is None
        assert fold(train, early, lists=False, start=10).outcome == "error"


class TestFinal:
    @pytest.mark.parametrize(
        "first",
        [{"a": "Running", "b": "Running"}, {"a": "Failed", "b": "Running"}, {"a": "Running"}, fault("credentials")],
        ids=["reached", "failed", "missing", "error"],
    )
    def test_nothing_that_comes_later_changes_a_verdict(self, first: Poll) -> None:
        final = fold(begin(named("a", "b"), WAIT), first)
        assert final.outcome is not None
        for shown in ("Running", "Failed"):
            listed = parse_list(release_list(item("a", shown), item("b", shown)), "mesh")
            assert after_list(final, listed, Observation(10, 10), False) == (final, [])
            assert after_single(final, ("bookinfo", "a"), observed(10, "a", shown)) == final
        for error in (fault("server"), fault("tls"), not_found()):
            assert after_single(final, ("bookinfo", "a"), Observation(10, FAR + 1, error=error)) == final
            assert after_fault(final, Observation(10, 10, error=error)) == final


class TestNames:
    """Releases that are named by their names."""

    several = named("a-canary", "b-canary")

    def test_are_followed_in_the_list(self) -> None:
        train = fold(begin(self.several, WAIT), {"a": "Running", "b": "Running"})
        assert (train.outcome, [each.state.uid for each in train.members]) == ("reached", ["a", "b"])

    def test_that_have_come_to_be_those_of_several_still_mean_the_release_that_was_seen(self) -> None:
        twins: Poll = {"a": "Running", "a-2": item("a-2", "Failed", name="a-canary"), "b": "Running"}
        train = fold(begin(self.several, WAIT), {"a": "Creating", "b": "Creating"}, twins)
        assert (train.outcome, [each.uid for each in train.members]) == ("reached", ["a", "b"])

    def test_are_replaced_by_a_release_of_the_same_name(self) -> None:
        polls: list[Poll] = [{"a": "Running", "b": "Creating"}, {"a-2": item("a-2", name="a-canary"), "b": "Creating"}]
        train = fold(begin(self.several, WAIT), *polls)
        assert (train.outcome, outcomes(train)) == ("replaced", {"a-canary": "replaced", "b-canary": None})

    @pytest.mark.parametrize("back", [item("a-2", name="a-canary"), Own("Running", in_part("a-2", name="a-canary"))])
    def test_are_replaced_after_a_disappearance_too(self, back: Seen) -> None:
        polls: list[Poll] = [{"a": "Running", "b": "Creating"}, {"b": "Creating"}, {"a-2": back, "b": "Creating"}]
        assert fold(begin(self.several, WAIT), *polls).outcome == "replaced"

    def test_are_read_singly_by_the_uid_that_the_list_showed(self) -> None:
        train = begin(self.several, WAIT)
        assert member(train, "a-canary").readable_id == "a-canary"
        train = fold(train, {"a": Own("Creating", in_part("a")), "b": "Creating"})
        assert member(train, "a-canary").readable_id == "a"
        train = fold(train, {"b": "Creating"}, start=10)
        assert member(train, "a-canary").readable_id == "a"
        assert member(train, "a-canary").state.absent is not None

    @pytest.mark.parametrize("uid", [None, "", "..", "a/b"])
    @pytest.mark.parametrize("conditions", [WAIT, ACCEPTING, APPEARING], ids=lambda each: each.on_missing)
    def test_of_a_release_that_no_read_can_ask_for_are_an_error(self, uid: Any, conditions: Conditions) -> None:
        """A read by name that is not answered would pass for a disappearance."""
        ill = parse_list(release_list(item("a", "Finishing", uid=uid), item("b")), "mesh")
        with pytest.raises(AsmError) as refused:
            after_list(begin(self.several, conditions), ill, Observation(0, 0), False)
        assert (refused.value.kind, refused.value.passing) == ("protocol", False)
        assert "'a-canary'" in refused.value.sentence(Cleaner())

    def test_that_mean_several_releases_are_an_error_that_names_the_uids(self) -> None:
        twice = parse_list(release_list(item("a"), item("a-2", name="a-canary"), item("b")), "mesh")
        with pytest.raises(AsmError) as refused:
            after_list(begin(self.several, WAIT), twice, Observation(0, 0), False)
        assert refused.value.kind == "usage"
        assert refused.value.message == "uids: a, a-2"

    @pytest.mark.parametrize("require", [None, 1, 2])
    def test_that_mean_a_release_that_is_named_by_its_uid_as_well_are_an_error(self, require: int | None) -> None:
        train = fold(begin(named("a", "b", "a-canary", require=require), WAIT), {"a": "Running", "b": "Running"})
        assert (train.outcome, kind(train.error)) == ("error", "usage")
        assert train.error is not None
        assert "'a and a-canary'" in train.error.sentence(Cleaner())

    @pytest.mark.parametrize("lists", [True, False])
    def test_that_turn_out_to_mean_it_later_are_an_error_too(self, lists: bool) -> None:
        train = fold(begin(named("a", "a-canary"), APPEARING), {"a": Own("Running")}, lists=lists)
        assert (train.outcome, outcomes(train)) == (None, {"a": "reached", "a-canary": None})
        train = fold(train, {"a": Own("Running"), "a-canary": Own(item("a"))}, start=10, lists=lists)
        assert (train.outcome, kind(train.error)) == ("error", "usage")

    def test_of_releases_without_a_uid_mean_no_release_twice(self) -> None:
        shown: Poll = {f"{each}-canary": item(each, uid=None) for each in ("a", "b")}
        assert fold(begin(self.several, WAIT), shown, lists=False).outcome == "reached"


class TestIdentity:
    """What the list shows of a release, and what a read of its own may not contradict."""

    @pytest.mark.parametrize("several", [named("a", "b"), named("a-canary", "b-canary")], ids=["uids", "names"])
    @pytest.mark.parametrize(
        "polls",
        [
            pytest.param([Own(404, in_part("a"))] * 10, id="listed in part"),
            pytest.param([Own(404, in_part("a", "spec"))] * 10, id="listed in another part"),
            pytest.param([404, Own(404, in_part("a"))] * 5, id="listed every other time"),
            pytest.param([Own("Finishing")] * 10, id="on another page of the list"),
            pytest.param([Own(503)] * 10, id="not readable"),
        ],
    )
    @pytest.mark.parametrize("conditions", [WAIT, ACCEPTING, APPEARING], ids=lambda each: each.on_missing)
    def test_what_is_there_never_disappears(self, several: Several, polls: list[Seen], conditions: Conditions) -> None:
        train = fold(begin(several, conditions), {"a": "Finishing", "b": "Running"})
        for number, seen in enumerate(polls, 1):
            train = poll(train, 10.0 * number, {"a": seen, "b": "Running"})
            assert (train.outcome, train.members[0].state.outcome) == (None, None)

    @pytest.mark.parametrize("conditions", [WAIT, ACCEPTING, APPEARING], ids=lambda each: each.on_missing)
    @pytest.mark.parametrize("several", [named("a"), selected()], ids=["named", "selected"])
    def test_a_404_of_what_was_only_ever_listed_is_a_passing_fault(
        self, several: Several, conditions: Conditions
    ) -> None:
        train = fold(begin(several, conditions), *[{"a": Own(404, in_part("a"))}] * 20)
        (alone,) = train.members
        assert (train.outcome, alone.state.outcome, alone.state.reads) == (None, None, 0)
        assert alone.fault is not None
        assert (alone.fault.kind, alone.fault.status, alone.fault.passing) == ("protocol", 404, True)
        assert train.polls.error is alone.fault

    def test_an_empty_list_shows_nothing(self) -> None:
        train = fold(begin(named("a"), WAIT), {"a": Own(503, in_part("a"))}, 404)
        assert train.outcome == "missing"

    def test_is_known_as_soon_as_the_list_shows_it(self) -> None:
        train = fold(begin(named("a-canary"), WAIT), {"a": Own(503, in_part("a"))})
        assert (member(train, "a-canary").uid, member(train, "a-canary").state.uid) == ("a", "a")

    @pytest.mark.parametrize("several", [named("a"), named("a-canary"), selected()], ids=["uid", "name", "selected"])
    def test_a_first_answer_with_another_uid_is_replaced(self, several: Several) -> None:
        train = fold(begin(several, WAIT), {"a": Own(item("x"), in_part("a"))})
        (alone,) = train.members
        assert (train.outcome, alone.state.outcome, alone.state.uid) == ("replaced", "replaced", "a")

    @pytest.mark.parametrize("namespace", [None, ""])
    def test_an_answer_without_a_namespace_is_from_no_other_one(self, namespace: str | None) -> None:
        assert fold(begin(named("a"), WAIT), {"a": Own(item("a", namespace=namespace))}).outcome == "reached"

    def test_a_uid_that_the_list_shows_in_another_namespace_is_an_error_of_this_release_alone(self) -> None:
        shown: Poll = {"a": item("a", namespace="shop"), "b": item("b", "Creating")}
        for train in (begin(named("a", "b", require=1), WAIT), fold(begin(named("a", "b", require=1), WAIT), CREATING)):
            after = fold(train, shown, start=10)
            assert (after.outcome, outcomes(after)) == (None, {"a": "error", "b": None})
            error = member(after, "a").state.error
            assert error is not None
            assert (error.kind, error.passing) == ("protocol", False)
            assert "'shop', expected 'bookinfo'" in error.sentence(Cleaner())
        assert fold(begin(named("a", "b"), WAIT), shown).outcome == "error"


class TestHeir:
    """A release that comes up under the name of one that is gone."""

    heir = item("a-2", "Creating", name="a-canary")

    @pytest.mark.parametrize(
        "several",
        [named("a", "b"), named("a-canary", "b-canary"), selected(minimum=2)],
        ids=["uids", "names", "selected"],
    )
    @pytest.mark.parametrize("conditions", [WAIT, ACCEPTING, APPEARING], ids=lambda each: each.on_missing)
    @pytest.mark.parametrize(
        ("own", "outcome"),
        [
            pytest.param([404], "replaced", id="gone"),
            pytest.param(["Finishing"], None, id="still there"),
            pytest.param([503], None, id="nobody knows"),
            pytest.param([503, 404], "replaced", id="gone, known later"),
            pytest.param(["Finishing", 404], "replaced", id="gone later"),
        ],
    )
    def test_replaces_one_whose_own_read_says_404(
        self, several: Several, conditions: Conditions, own: list[int | str], outcome: str | None
    ) -> None:
        polls: list[Poll] = [{"a": Own(each), "a-2": self.heir, "b": "Creating"} for each in own]
        train = fold(begin(several, conditions), {"a": "Finishing", "b": "Creating"}, *polls)
        assert (train.outcome, train.members[0].state.outcome) == (outcome, outcome)

    def test_replaces_one_that_had_disappeared_before(self) -> None:
        polls: list[Poll] = [{"a": "Finishing", "b": "Creating"}, {"b": "Creating"}, {"b": "Creating"}]
        train = fold(begin(named("a", "b"), ACCEPTING), *polls)
        assert outcomes(train)["a"] == "reached"
        assert fold(train, {"a-2": self.heir, "b": "Creating"}, start=30).outcome == "replaced"

    @pytest.mark.parametrize(
        ("before", "heir"),
        [
            pytest.param({"a": "Creating"}, item("a-2"), id="one of another name"),
            pytest.param(
                {"a": "Creating"}, item("a-2", name="a-canary", namespace="shop"), id="one of another namespace"
            ),
            pytest.param(
                {"a": item("a", "Creating", name="")}, item("a-2", name=""), id="one without a name, nor has it one"
            ),
            pytest.param({"a": "Creating", "a-2": heir}, heir, id="one that a list has shown before"),
            pytest.param({"a": Own("Creating")}, heir, id="one, when no list has shown the uid of the first"),
        ],
    )
    def test_is_not(self, before: dict[str, Seen], heir: dict[str, Any]) -> None:
        train = fold(begin(named("a", "b"), WAIT), {**before, "b": "Creating"}, {"a-2": heir, "b": "Creating"})
        assert outcomes(train) == {"a": None, "b": None}
        assert member(train, "a").state.absent is not None

    def test_is_forgotten_when_the_first_is_listed_again(self) -> None:
        both: dict[str, Seen] = {"a": "Creating", "a-2": self.heir, "b": "Creating"}
        polls: list[Poll] = [CREATING, {**both, "a": Own("Creating")}, both, {**both, "a": 404}]
        train = fold(begin(named("a", "b"), WAIT), *polls[:2])
        assert member(train, "a").heir == "a-2"
        train = fold(train, *polls[2:], start=20)
        assert (outcomes(train)["a"], member(train, "a").heir) == (None, "")


class TestSelection:
    @pytest.mark.parametrize(
        ("conditions", "outcome"),
        [(WAIT, "missing"), (ACCEPTING, "missing"), (APPEARING, None)],
        ids=["fail", "accept", "wait"],
    )
    @pytest.mark.parametrize("require", [None, 1, 2])
    @pytest.mark.parametrize("first", [{"a": "Running"}, {}, 404], ids=["one", "none", "404 of the list"])
    def test_with_fewer_than_minimum_never_opens(
        self, first: Poll, require: int | None, conditions: Conditions, outcome: str | None
    ) -> None:
        train = fold(begin(selected(minimum=2, require=require), conditions), first)
        assert train.outcome == outcome
        assert kind(train.error) == ("not_found" if first == 404 and outcome else None)

    @pytest.mark.parametrize(
        ("parts", "lacks", "settled"),
        [
            pytest.param({}, "status", True, id="the mesh or a namespace: always"),
            pytest.param({}, "spec", True, id="the same without a spec"),
            pytest.param({"services": ("reviews",)}, "status", True, id="a service that the list tells"),
            pytest.param({"services": ("reviews",)}, "spec", False, id="a service that the list does not tell"),
            pytest.param({"names": ("a-canary", "b-canary")}, "spec", True, id="a name that the list tells"),
            pytest.param({"ignore_phases": ("Done",)}, "spec", True, id="a phase that the list tells"),
            pytest.param({"ignore_phases": ("Done",)}, "status", False, id="a phase that the list does not tell"),
        ],
    )
    def test_counts_for_minimum_what_the_list_tells_enough_of_or_what_is_answered(
        self, parts: dict[str, Any], lacks: str, settled: bool
    ) -> None:
        listed = in_part("b", lacks)
        train = fold(begin(selected(minimum=2, require=1, **parts), APPEARING), {"a": "Running", "b": Own(503, listed)})
        assert [each.settled for each in train.members] == [True, settled]
        assert train.outcome == ("reached" if settled else None)
        if not settled:
            assert fold(train, {"a": "Creating", "b": Own("Creating", listed)}, start=10).outcome == "reached"

    def test_a_name_that_the_list_does_not_tell_counts_once_it_is_answered(self) -> None:
        nameless = {**item("b"), "metadata": {"uid": "b", "namespace": "bookinfo"}}
        del nameless["status"]
        train = begin(selected(minimum=2, require=1, names=("a-canary", "b-canary")), APPEARING)
        train = fold(train, {"a": "Running", "b": Own(503, nameless)})
        assert (train.outcome, member(train, "b").settled) == (None, False)
        assert fold(train, {"a": "Creating", "b": Own("Creating", nameless)}, start=10).outcome == "reached"

    def test_waits_for_those_that_appear(self) -> None:
        train = fold(begin(selected(minimum=2), APPEARING), 404, {}, {"a": "Running"})
        assert (train.outcome, outcomes(train), train.required) == (None, {"a": "reached"}, 2)
        assert fold(train, {"a": "Creating", "b": "Running"}, start=30).outcome == "reached"

    def test_one_that_appears_joins_and_must_reach_too(self) -> None:
        train = fold(begin(selected(), WAIT), {"a": "Creating"}, {"a": "Running", "b": "Creating"})
        assert (train.outcome, outcomes(train), train.required) == (None, {"a": "reached", "b": None}, 2)
        assert fold(train, {"a": "Running", "b": "Running"}, start=20).outcome == "reached"

    def test_one_that_the_list_lacks_is_missing_only_if_its_own_read_says_so(self) -> None:
        train = fold(begin(selected(), WAIT), {"a": "Creating", "b": "Creating"}, {"a": "Running", "b": Own("Running")})
        assert train.outcome == "reached"

    def test_one_that_vanishes_stays_and_is_missing_after_two_404_of_its_own_read(self) -> None:
        train = fold(begin(selected(), WAIT), {"a": "Creating", "b": "Creating"}, {"a": "Running"})
        assert (train.outcome, outcomes(train)) == (None, {"a": "reached", "b": None})
        train = fold(train, {"a": "Running"}, start=20)
        assert (train.outcome, outcomes(train), train.wanted) == ("missing", {"a": "reached", "b": "missing"}, 2)

    def test_one_that_vanished_still_counts_for_minimum(self) -> None:
        polls: list[Poll] = [{"a": "Creating", "b": "Creating"}, {"a": "Creating"}, {"a": "Creating"}]
        train = fold(begin(selected(minimum=2, require=1), WAIT), *polls)
        assert (train.outcome, outcomes(train)) == (None, {"a": None, "b": "missing"})
        assert fold(train, {"a": "Running"}, start=30).outcome == "reached"

    def test_is_that_of_the_services_and_names_that_are_wanted(self) -> None:
        shown: Poll = {
            "a": "Running",
            "b": item("b", "Failed", service="ratings"),
            "c": item("c", "Failed", namespace="shop"),
        }
        train = fold(begin(selected(services=("reviews",)), WAIT), shown)
        assert (train.outcome, outcomes(train)) == ("reached", {"a": "reached"})

    @pytest.mark.parametrize("phase", ["Running", "Failed", "Terminated"])
    def test_one_whose_own_read_shows_another_service_is_none_of_it(self, phase: str) -> None:
        several = selected(services=("reviews",), ignore_phases=("Terminated",))
        other = Own(item("b", phase, service="ratings"), in_part("b", "spec"))
        train = fold(begin(several, WAIT), {"a": "Creating", "b": other})
        assert (outcomes(train), train.ignored) == ({"a": None}, ())
        # Nor is it looked at again.
        _train, alone = after_list(
            train, parse_list(release_list(item("a"), in_part("b", "spec")), "mesh"), Observation(10, 10), False
        )
        assert alone == []
        assert fold(train, {"a": "Running", "b": other}, start=10).outcome == "reached"

    def test_one_that_may_be_of_it_keeps_the_gate_shut_until_its_own_read_tells(self) -> None:
        several = selected(services=("reviews",))
        train = fold(begin(several, WAIT), {"a": "Running", "b": Own(503, in_part("b", "spec"))})
        assert (train.outcome, outcomes(train)) == (None, {"a": "reached", "b": None})
        other = Own(item("b", service="ratings"), in_part("b", "spec"))
        assert fold(train, {"a": "Running", "b": other}, start=10).outcome == "reached"

    def test_fewer_than_minimum_are_left_when_one_turns_out_to_be_another(self) -> None:
        several = selected(minimum=2, services=("reviews",))
        other = Own(item("b", service="ratings"), in_part("b", "spec"))
        assert fold(begin(several, WAIT), {"a": "Running", "b": other}).outcome == "missing"

    def test_one_that_no_read_can_ask_for_is_an_error(self) -> None:
        ill = parse_list(release_list(item("a"), item("b", uid="b/c")), "mesh")
        with pytest.raises(AsmError) as refused:
            after_list(begin(selected(), WAIT), ill, Observation(0, 0), False)
        assert refused.value.kind == "protocol"

    @pytest.mark.parametrize(
        ("heir", "outcome"),
        [
            pytest.param(item("a-2", "Creating", name="a-canary"), "replaced", id="the same name"),
            pytest.param(
                Own("Creating", in_part("a-2", name="a-canary")), "replaced", id="the same name, listed in part"
            ),
            pytest.param(item("a-2"), None, id="another name"),
            pytest.param(item("a-2", name="a-canary", namespace="shop"), None, id="another namespace"),
        ],
    )
    def test_one_that_is_gone_is_replaced_by_a_new_one_of(self, heir: Seen, outcome: str | None) -> None:
        train = fold(begin(selected(require=1), WAIT), {"a": "Creating"}, {"a-2": heir})
        assert outcomes(train)["a"] == outcome

    def test_one_that_is_replaced_leaves_its_heir_as_a_member(self) -> None:
        train = fold(
            begin(selected(require=1), WAIT), {"a": "Creating"}, {"a-2": item("a-2", "Creating", name="a-canary")}
        )
        assert (train.outcome, outcomes(train)) == (None, {"a": "replaced", "a-2": None})
        assert fold(train, {"a-2": item("a-2", name="a-canary")}, start=20).outcome == "reached"

    def test_one_is_not_replaced_by_another_that_had_the_name_all_along(self) -> None:
        twins: dict[str, Seen] = {each: item(each, "Creating", name="canary") for each in ("a", "b")}
        train = fold(begin(selected(), WAIT), twins, {"b": twins["b"]})
        assert outcomes(train) == {"a": None, "b": None}
        assert fold(train, {"b": twins["b"]}, start=20).outcome == "missing"


class TestIgnorePhases:
    several = selected(ignore_phases=("Terminated", "Done"))

    @pytest.mark.parametrize("phase", ["Terminated", " terminated\n", "DONE"])
    @pytest.mark.parametrize("alone", [False, True])
    def test_leave_out_what_is_in_one_of_them_when_it_is_first_seen(self, phase: str, alone: bool) -> None:
        shown = item("b", phase)
        train = fold(begin(self.several, WAIT), {"a": "Running", "b": Own(shown, in_part("b")) if alone else shown})
        assert (train.outcome, outcomes(train), train.required) == ("reached", {"a": "reached"}, 1)
        (ignored,) = train.ignored
        assert (ignored.namespace, ignored.name, ignored.uid, ignored.phase) == ("bookinfo", "b-canary", "b", phase)

    def test_do_not_leave_out_what_comes_into_one_of_them_later(self) -> None:
        train = fold(begin(self.several, WAIT), {"a": "Creating"}, {"a": "Done"})
        assert (train.outcome, outcomes(train), train.ignored) == (None, {"a": None}, ())

    def test_leave_out_at_once_what_the_list_shows_without_deployments(self) -> None:
        bare = item("b", "Done")
        del bare["status"]["grayDeployments"]
        for content in (bare, in_part("b", "spec", phase="Done")):
            train, alone = after_list(
                begin(self.several, replace(WAIT, ready=True)),
                parse_list(release_list(item("a", "Creating"), content), "mesh"),
                Observation(0, 0),
                False,
            )
            assert (alone, outcomes(train), [each.uid for each in train.ignored]) == ([], {"a": None}, ["b"])

    @pytest.mark.parametrize(
        ("parts", "listed"),
        [
            pytest.param({"services": ("reviews",)}, in_part("b", "spec", phase="Done"), id="its service"),
            pytest.param({"names": ("b-canary",)}, in_part("b", "spec", phase="Done", name=None), id="its name"),
        ],
    )
    def test_leave_nothing_out_before_the_list_or_a_read_of_its_own_tells(
        self, parts: dict[str, Any], listed: dict[str, Any]
    ) -> None:
        train = begin(selected(ignore_phases=("Done",), **parts), WAIT)
        train = fold(train, {"b": Own(503, listed)})
        assert (outcomes(train), train.ignored) == ({"b": None}, ())
        train = fold(train, {"b": Own("Done", listed)}, start=10)
        assert (outcomes(train), [each.uid for each in train.ignored]) == ({}, ["b"])

    def test_leave_out_for_good(self) -> None:
        train = fold(begin(self.several, WAIT), {"a": "Creating", "b": "Done"}, {"a": "Creating", "b": "Running"})
        assert outcomes(train) == {"a": None}
        assert [each.uid for each in train.ignored] == ["b"]
        # Nor is it missed.
        assert fold(train, {"a": "Running"}, start=20).outcome == "reached"

    def test_come_before_any_verdict_on_it(self) -> None:
        several = selected(ignore_phases=("Failed", "Running"), require=1)
        train = fold(begin(several, APPEARING), {"a": "Failed", "b": "Running", "c": "Creating"})
        assert (train.outcome, outcomes(train)) == (None, {"c": None})

    @pytest.mark.parametrize(("conditions", "outcome"), [(WAIT, "missing"), (APPEARING, None)], ids=["fail", "wait"])
    def test_leave_fewer_for_minimum(self, conditions: Conditions, outcome: str | None) -> None:
        several = replace(self.several, minimum=2)
        assert fold(begin(several, conditions), {"a": "Running", "b": "Done"}).outcome == outcome

    def test_wait_for_the_first_answer_about_it(self) -> None:
        train = fold(begin(self.several, WAIT), {"a": "Creating", "b": Own(503, in_part("b"))})
        assert outcomes(train) == {"a": None, "b": None}
        train = fold(train, {"a": "Creating", "b": "Done"}, start=10)
        assert (outcomes(train), [each.uid for each in train.ignored]) == ({"a": None}, ["b"])

    def test_of_an_heir_do_not_hide_that_a_release_was_replaced(self) -> None:
        polls: list[Poll] = [{"a": "Creating"}, {"a-2": item("a-2", "Done", name="a-canary")}]
        train = fold(begin(self.several, WAIT), *polls)
        assert (train.outcome, outcomes(train)) == ("replaced", {"a": "replaced"})


class TestMissing:
    @pytest.mark.parametrize(
        ("conditions", "polls", "outcome"),
        [
            pytest.param(WAIT, [{}], "missing", id="fail, never seen: at once"),
            pytest.param(WAIT, [{"a": "Creating"}, {}], None, id="fail, seen: not at the first"),
            pytest.param(WAIT, [{"a": "Creating"}, {}, {}], "missing", id="fail, seen: at the second in a row"),
            pytest.param(WAIT, [{"a": "Creating"}, {}, {"a": "Creating"}, {}], None, id="fail, seen: not in a row"),
            pytest.param(WAIT, [{"a": "Creating"}, *[{"a": Own("Creating")}] * 5], None, id="fail: only not listed"),
            pytest.param(WAIT, [{"a": "Creating"}, {}, 503, {}], "missing", id="fail: the list fails between"),
            pytest.param(WAIT, [{"a": "Creating"}, 404], None, id="fail: a 404 of the list is no second one"),
            pytest.param(WAIT, [{"a": "Creating"}, 404, 404], "missing", id="fail: a 404 of the list, twice"),
            pytest.param(APPEARING, [{}] * 50, None, id="wait, never seen"),
            pytest.param(APPEARING, [{}, 404, {"a": "Running"}], "reached", id="wait: it appears"),
            pytest.param(APPEARING, [{"a": "Creating"}, {}, {}], "missing", id="wait, seen: as fail"),
            pytest.param(ACCEPTING, [{}], "missing", id="accept, never seen: a wrong id opens nothing"),
            pytest.param(ACCEPTING, [{"a": "Finishing"}, {}], None, id="accept, seen: not at the first"),
            pytest.param(ACCEPTING, [{"a": "Finishing"}, {}, {}], "reached", id="accept, seen: at the second"),
            pytest.param(ACCEPTING, [{"a": "Creating"}, {}, {}], "missing", id="accept: another last phase"),
        ],
    )
    def test_is_as_in_the_form_for_one(self, conditions: Conditions, polls: list[Poll], outcome: str | None) -> None:
        assert fold(begin(named("a"), conditions), *polls).outcome == outcome


class TestSingleReads:
    conditions = replace(WAIT, wait_timeout=100)

    @pytest.mark.parametrize(
        ("changes", "needs"),
        [
            ({}, False),
            ({"version": "v2"}, False),
            ({"ready": True}, True),
            ({"images": (IMAGE,)}, True),
            ({"stall_timeout": 60}, True),
        ],
        ids=str,
    )
    def test_are_made_of_items_without_deployments_where_they_are_needed(
        self, changes: dict[str, Any], needs: bool
    ) -> None:
        conditions = replace(WAIT, **changes)
        bare = item("a")
        del bare["status"]["grayDeployments"]
        assert needs_deployments(conditions) is needs
        train = begin(named("a", "b"), conditions)
        for manifests in (False, True):
            _train, alone = after_list(
                train, parse_list(release_list(bare, item("b")), "mesh"), Observation(0, 0), manifests
            )
            assert ids_of(alone) == (["a"] if needs or manifests else [])

    def test_are_made_for_those_alone_whose_own_images_need_them(self) -> None:
        bare = [item("a"), item("b")]
        for each in bare:
            del each["spec"]["grayDeployments"]
        several = Several("mesh", (Named("bookinfo", "a"), Named("bookinfo", "b", images=(IMAGE,))), minimum=2)
        _train, alone = after_list(
            begin(several, WAIT), parse_list(release_list(*bare), "mesh"), Observation(0, 0), False
        )
        assert ids_of(alone) == ["b"]

    @pytest.mark.parametrize("seen", [404, Own("Running", in_part("a")), Own("Running", in_part("a", "spec"))], ids=str)
    def test_are_made_of_what_the_list_lacks_or_shows_in_part(self, seen: Seen) -> None:
        listed = [seen.listed] if isinstance(seen, Own) else []
        for release_id in ("a", "a-canary"):
            roster = parse_list(release_list(*listed, item("b")), "mesh")
            _train, alone = after_list(begin(named(release_id, "b"), WAIT), roster, Observation(0, 0), False)
            assert ids_of(alone) == [release_id]

    @pytest.mark.parametrize(
        ("several", "path"),
        [
            pytest.param(selected(services=("reviews",)), ("spec", "serviceName"), id="service"),
            pytest.param(selected(names=("a-canary",)), ("metadata", "name"), id="name"),
            pytest.param(selected(ignore_phases=("Finished",)), ("status", "phase"), id="phase"),
        ],
    )
    def test_are_made_of_what_may_be_selected_until_one_has_told(self, several: Several, path: tuple[str, str]) -> None:
        """Otherwise what an item does not tell would leave out a release that must reach."""
        partly = item("a", "Creating")
        del partly[path[0]][path[1]]
        train = fold(begin(several, WAIT), {"a": Own("Creating", listed=partly), "b": "Creating"})
        assert "a" in outcomes(train)
        assert train.alone == 1
        later = poll(train, 10.0, {"a": partly, "b": "Creating"})
        assert (outcomes(later)["a"], later.alone) == (None, 0)

    def test_are_made_of_all_that_can_reach_when_there_is_no_list(self) -> None:
        train, alone = all_alone(begin(named("c", "a", "b", requests_per_minute=6), WAIT))
        assert (ids_of(alone), train.length) == (["c", "a", "b"], 20.0)

    @pytest.mark.parametrize(("reads", "length"), [(0, 0.0), (1, 0.0), (2, 2.0), (31, 60.0)])
    def test_take_so_many_seconds_of_a_poll(self, reads: int, length: float) -> None:
        listed = [item(f"r-{number}", "Creating") for number in range(reads, 31)]
        train, alone = after_list(
            begin(many(31), WAIT), parse_list(release_list(*listed), "mesh"), Observation(0, 0), False
        )
        assert (len(alone), train.length) == (reads, length)
        assert new_poll(train).length == 0

    @pytest.mark.parametrize(
        ("releases", "wait_timeout", "per_minute", "now", "can"),
        [
            # Two reads of each, 2 s apart: the last of 20 begins after 38 s, and 2 s before the deadline at the latest.
            pytest.param(10, 40, 30, 0, True, id="just"),
            pytest.param(10, 39, 30, 0, False, id="just not"),
            pytest.param(10, 41, 30, 1, True, id="just, later"),
            pytest.param(10, 41, 30, 1.1, False, id="just not, later"),
            # The pause between two polls is wait_sleep at least.
            pytest.param(2, 14, 30, 0, True, id="few, just"),
            pytest.param(2, 13, 30, 0, False, id="few, just not"),
            pytest.param(1, 12, 30, 0, True, id="one"),
            pytest.param(500, 600, 30, 0, False, id="many"),
            pytest.param(500, 600, 300, 0, True, id="many with a larger budget"),
            pytest.param(1, 9, 30, 0, False, id="no time at all"),
        ],
    )
    def test_can_be_made_twice_before_the_deadline(
        self, releases: int, wait_timeout: int, per_minute: int, now: float, can: bool
    ) -> None:
        several = many(releases, requests_per_minute=per_minute)
        assert can_read_twice(begin(several, replace(WAIT, wait_timeout=wait_timeout)), now) is can

    @pytest.mark.parametrize("releases", [1, 2, 5, 10])
    @pytest.mark.parametrize("per_minute", [10, 30, 60])
    def test_that_can_be_made_twice_are_made_twice(self, releases: int, per_minute: int) -> None:
        """The shortest wait for which it is promised keeps the promise."""
        several = many(releases, requests_per_minute=per_minute)
        waits = (replace(WAIT, wait_timeout=seconds) for seconds in range(10, 1000))
        train = next(train for train in (begin(several, each) for each in waits) if can_read_twice(train, 0))
        creating = all_in("Creating", releases)
        train = poll(train, 0, creating, lists=False)
        free = releases * train.spacing
        due = next_poll(train, (releases - 1) * train.spacing, 1.0, train.length)
        assert due is not None
        train = poll(train, max(due, free), creating, lists=False)
        assert train.outcome is None
        assert {each.state.reads for each in train.members} == {2}
        assert train.polls.ended <= train.conditions.wait_timeout - 2


class TestStableFor:
    conditions = replace(WAIT, stable_for=20)

    def test_is_of_each_release(self) -> None:
        polls: list[Poll] = [{"a": "Running", "b": "Creating"}, *[{"a": "Running", "b": "Running"}] * 3]
        train = fold(begin(named("a", "b"), self.conditions), *polls[:3])
        assert outcomes(train) == {"a": "reached", "b": None}
        assert fold(train, polls[3], start=30).outcome == "reached"

    def test_is_broken_by_another_phase_before_it_is_over(self) -> None:
        polls: list[Poll] = [{"a": phase, "b": "Creating"} for phase in ("Running", "Creating", "Running", "Running")]
        train = fold(begin(named("a", "b"), self.conditions), *polls)
        assert outcomes(train) == {"a": None, "b": None}

    def test_is_neither_broken_nor_fed_by_passing_faults(self) -> None:
        both: Poll = {"a": "Running", "b": "Running"}
        train = fold(begin(named("a", "b"), self.conditions), both, {"a": 503, "b": "Running"})
        assert [each.state.held for each in train.members] == [0, 10]
        train = fold(train, both, start=20)
        assert train.outcome == "reached"

    def test_starts_anew_after_a_gap(self) -> None:
        both: Poll = {"a": "Running", "b": "Running"}
        train = fold(begin(named("a", "b"), self.conditions), both, 503, 503, 503)
        assert fold(train, both, start=30).outcome == "reached"
        anew = fold(train, both, start=30.1)
        assert (anew.outcome, [each.state.held for each in anew.members]) == (None, [0, 0])

    def test_a_small_budget_of_single_reads_bridges_no_gap_while_there_are_none(self) -> None:
        both: Poll = {"a": "Running", "b": "Running"}
        train = begin(named("a", "b", requests_per_minute=1), self.conditions)
        assert fold(train, both, 503, 503, 503, both).outcome is None

    def test_a_poll_that_is_stretched_by_single_reads_is_no_gap(self) -> None:
        running = all_in("Running", 30)
        train = fold(begin(many(30), replace(self.conditions, stable_for=60)), *[running] * 2, every=60, lists=False)
        assert train.outcome == "reached"

    def test_a_single_read_that_the_budget_holds_back_is_no_gap(self) -> None:
        several = named("a", "b", requests_per_minute=1)
        shown: Poll = {"a": "Running", "b": Own("Running")}
        assert (
            fold(begin(several, replace(self.conditions, stable_for=60)), *[shown] * 2, every=60).outcome == "reached"
        )

    def test_the_poll_after_a_stretched_one_comes_late_and_that_is_no_gap(self) -> None:
        running = all_in("Running", 30)
        alone: dict[str, Seen] = {each: Own("Running") for each in running if each != "r-0"}
        conditions = replace(self.conditions, stable_for=56)
        train = fold(begin(many(30), conditions), {"r-0": "Running", **alone}, running, every=58)
        assert member(train, "r-0").state.held == 58

    def test_a_gap_in_stretched_polls_starts_it_anew(self) -> None:
        running = all_in("Running", 30)
        train = fold(begin(many(30), replace(self.conditions, stable_for=60)), *[running] * 2, every=181, lists=False)
        assert train.outcome is None


class TestStallTimeout:
    conditions = replace(WAIT, stall_timeout=30)

    def test_is_of_each_release(self) -> None:
        polls: list[Poll] = [{"a": f"Step {number}", "b": "Creating"} for number in range(4)]
        train = fold(begin(named("a", "b", require=1), self.conditions), *polls)
        assert outcomes(train) == {"a": None, "b": "stalled"}

    def test_does_not_run_while_the_release_has_not_appeared(self) -> None:
        polls: list[Poll] = [{"a": f"Step {number}"} for number in range(10)]
        train = fold(begin(named("a", "b"), replace(self.conditions, on_missing="wait")), *polls)
        assert train.outcome is None

    def test_runs_through_stretched_polls(self) -> None:
        creating = all_in("Creating", 30)
        train = fold(
            begin(many(30), replace(self.conditions, stall_timeout=120)), *[creating] * 2, every=60, lists=False
        )
        assert train.outcome is None
        assert fold(train, creating, start=120, lists=False).outcome == "stalled"

    def test_a_list_of_items_without_deployments_sees_their_progress_in_single_reads(self) -> None:
        bare = item("b", "Creating")
        del bare["status"]["grayDeployments"]
        polls: list[Poll] = [
            {"a": f"Step {ready}", "b": Own(item("b", "Creating", gray=[deployment(ready=ready, desired=9)]), bare)}
            for ready in range(9)
        ]
        assert fold(begin(named("a", "b"), self.conditions), *polls).outcome is None


class TestDeadline:
    conditions = replace(WAIT, wait_timeout=60)
    appearing = replace(conditions, on_missing="wait")

    @pytest.mark.parametrize(
        ("several", "conditions", "polls", "outcome", "error"),
        [
            pytest.param(
                named("a", "b"), conditions, [{"a": "Running", "b": "Creating"}], "timeout", None, id="pending"
            ),
            pytest.param(named("a", "b"), conditions, [503, 503], "timeout", "server", id="nothing ever answered"),
            pytest.param(
                named("a", "b"),
                conditions,
                [{"a": "Creating", "b": "Creating"}, 503],
                "timeout",
                "server",
                id="a fault",
            ),
            pytest.param(
                named("a", "b"),
                conditions,
                [503, {"a": "Creating", "b": "Creating"}],
                "timeout",
                None,
                id="a fault that had no part in it",
            ),
            pytest.param(
                named("a", "b"),
                conditions,
                [CREATING, 503, 503, 503, CREATING],
                "timeout",
                "server",
                id="a fault that made a gap",
            ),
            pytest.param(
                named("a", "b"),
                conditions,
                [{"a": "Running", "b": "Creating"}, {"a": 503, "b": "Running"}],
                "timeout",
                "server",
                id="all count, and not all were answered at last",
            ),
            pytest.param(
                named("a", "b"), appearing, [{"a": "Running"}], "missing", "not_found", id="one never appeared"
            ),
            pytest.param(named("a", "b"), appearing, [{}], "missing", "not_found", id="none ever appeared"),
            pytest.param(
                named("a", "b", "c"),
                appearing,
                [{"a": "Creating"}],
                "timeout",
                None,
                id="one never appeared, one is late",
            ),
            pytest.param(
                named("a", "b"), appearing, [503], "timeout", "server", id="nobody can know whether they are there"
            ),
            pytest.param(selected(minimum=2), appearing, [{"a": "Running"}], "missing", None, id="too few"),
            pytest.param(selected(minimum=2), appearing, [404], "missing", "not_found", id="a mesh that is not there"),
            pytest.param(
                selected(minimum=2), appearing, [{"a": "Running"}, 503], "missing", "server", id="too few, then a fault"
            ),
            pytest.param(selected(minimum=2), conditions, [503], "timeout", "server", id="no list was ever answered"),
            pytest.param(selected(minimum=2), appearing, [503], "timeout", "server", id="nor with wait"),
            pytest.param(
                selected(minimum=1), appearing, [{"a": "Creating"}], "timeout", None, id="enough, and not all in time"
            ),
            pytest.param(
                named("a", "b"),
                conditions,
                [{"a": 503, "b": Own("Creating")}],
                "timeout",
                "server",
                id="a fault of one that others came after",
            ),
            pytest.param(
                named("a", "b"),
                conditions,
                [{"a": 503, "b": Own("Creating")}, CREATING],
                "timeout",
                None,
                id="a fault of one that was answered later",
            ),
            pytest.param(
                named("a", "b"),
                conditions,
                [{"a": 503, "b": "Creating"}, fault("network")],
                "timeout",
                "network",
                id="a fault of one, and then of the list",
            ),
            pytest.param(
                named("a", "b"),
                conditions,
                [CREATING, 503, 503, 503, {"a": fault("throttled"), "b": Own("Creating")}],
                "timeout",
                "throttled",
                id="a fault of one, and one that made a gap",
            ),
            pytest.param(
                named("a"), conditions, [{"a": Own(404, in_part("a"))}], "timeout", "protocol", id="a contradiction"
            ),
        ],
    )
    def test_is(
        self, several: Several, conditions: Conditions, polls: list[Poll], outcome: str, error: str | None
    ) -> None:
        train = at_deadline(fold(begin(several, conditions), *polls))
        assert (train.outcome, kind(train.error)) == (outcome, error)

    def test_names_what_each_release_had_come_to(self) -> None:
        several = named("a", "b", "c", "d", require=3)
        train = at_deadline(fold(begin(several, self.appearing), {"a": "Running", "b": "Creating", "c": "Failed"}))
        assert outcomes(train) == {"a": "reached", "b": "timeout", "c": "failed", "d": "missing"}
        assert train.counts == {"reached": 1, "timeout": 1, "failed": 1, "missing": 1}

    @pytest.mark.parametrize(
        "late",
        [
            pytest.param({"a": "Running", "b": "Running"}, id="good answers"),
            pytest.param({"a": "Failed", "b": "Failed"}, id="failures"),
            pytest.param({}, id="404"),
            pytest.param(fault("credentials"), id="a final error"),
        ],
    )
    def test_an_answer_that_is_complete_after_it_is_none(self, late: Poll) -> None:
        train = fold(begin(named("a", "b"), self.conditions), {"a": "Creating", "b": "Creating"})
        assert fold(train, late, start=60.1).outcome == "timeout"

    def test_a_single_read_that_is_complete_after_it_is_none(self) -> None:
        train = fold(begin(named("a", "b"), self.conditions), {"a": "Running", "b": "Creating"})
        train = fold(train, {"a": "Running", "b": Own("Running")}, start=60)
        assert train.outcome == "reached"
        train = fold(begin(named("a", "b"), self.conditions), {"a": Own("Running"), "b": Own("Running")}, start=59)
        assert (train.outcome, outcomes(train)) == ("timeout", {"a": "reached", "b": "timeout"})


class TestNextPoll:
    conditions = replace(WAIT, wait_timeout=60)

    def due(self, train: Train, now: float, jitter: float = 1.0) -> float | None:
        due = next_poll(train, now, jitter, train.length)
        return None if due is None else round(due, 2)

    @pytest.mark.parametrize(
        ("now", "jitter", "due"),
        [
            pytest.param(0.5, 1.0, 10.5, id="after wait_sleep"),
            pytest.param(0.5, 1.1, 11.5, id="spread"),
            pytest.param(50, 1.0, 58, id="not past the last read"),
            pytest.param(57.9, 1.0, 58, id="for the last time"),
            pytest.param(58, 1.0, None, id="not any more"),
            pytest.param(61, 1.0, None, id="not after the deadline"),
        ],
    )
    def test_is(self, now: float, jitter: float, due: float | None) -> None:
        assert self.due(fold(begin(named("a", "b"), self.conditions), CREATING), now, jitter) == due

    @pytest.mark.parametrize(
        ("now", "due"),
        [
            pytest.param(0.5, 2.5, id="so that polls begin after wait_sleep"),
            pytest.param(47, 49, id="as long as there is time"),
            pytest.param(49, 50, id="so that the last read of a whole poll is in time"),
            pytest.param(50, 52, id="and in part, when there is no time for a whole one"),
            pytest.param(57, 58, id="but not past the last read"),
            pytest.param(58, None, id="not any more"),
        ],
    )
    def test_is_so_much_earlier_as_single_reads_stretch_it(self, now: float, due: float | None) -> None:
        train, _alone = all_alone(begin(many(5), self.conditions))
        assert (train.length, self.due(train, now)) == (8, due)

    @pytest.mark.parametrize(("faults", "due"), [(1, 11), (2, 12), (3, 14), (5, 26), (9, 40)])
    def test_comes_sooner_after_passing_faults(self, faults: int, due: float) -> None:
        train = begin(named("a", "b"), self.conditions)
        for _number in range(faults):
            train = after_fault(train, Observation(10, 10, error=fault("server")))
        assert self.due(train, 10) == due

    def test_comes_after_wait_sleep_when_others_were_answered_since_a_fault(self) -> None:
        train = fold(begin(named("a", "b"), self.conditions), {"a": 503, "b": Own("Creating")})
        assert self.due(train, 2) == 10

    def test_comes_after_wait_sleep_when_others_were_answered_before_a_fault(self) -> None:
        train = fold(begin(named("a", "b"), self.conditions), {"a": "Creating", "b": 503})
        assert train.polls.faults == 1
        assert self.due(train, 2) == 12

    def test_comes_sooner_when_no_single_read_was_answered(self) -> None:
        train = fold(begin(named("a", "b"), self.conditions), {"a": 503, "b": 503}, lists=False)
        assert self.due(train, 2) == 4

    @pytest.mark.parametrize(
        ("later", "due"),
        [
            pytest.param({"a": "Starting", "b": "Creating"}, 15, id="both were answered, and b falls due"),
            pytest.param({"a": "Starting", "b": 503}, 20, id="b was not answered"),
        ],
    )
    def test_comes_earlier_only_for_those_that_were_answered_in_this_poll(self, later: Poll, due: float) -> None:
        train = fold(begin(named("a", "b"), replace(self.conditions, stall_timeout=15)), CREATING, later)
        assert self.due(train, 10) == due

    def test_is_so_much_earlier_as_the_last_poll_rested(self) -> None:
        train = fold(begin(named("a", "b"), self.conditions), CREATING)
        assert next_poll(train, 10, 1.0, 4.0) == 16
        assert next_poll(train, 10, 1.0, 40.0) == 10

    def test_comes_when_stable_for_of_a_release_falls_due(self) -> None:
        conditions = replace(self.conditions, stable_for=15)
        train = fold(begin(named("a", "b"), conditions), CREATING, {"a": "Running", "b": "Creating"})
        assert self.due(train, 10) == 20
        train = fold(train, {"a": "Running", "b": "Creating"}, start=20)
        assert self.due(train, 20) == 25

    def test_comes_when_stall_timeout_of_a_release_falls_due(self) -> None:
        conditions = replace(self.conditions, stall_timeout=15)
        train = fold(begin(named("a", "b"), conditions), CREATING, {"a": "Starting", "b": "Creating"})
        assert self.due(train, 10) == 15

    def test_comes_for_nobody_who_has_an_outcome(self) -> None:
        conditions = replace(self.conditions, stall_timeout=15)
        polls: list[Poll] = [{"a": a, "b": b} for a, b in (("Running", "1"), ("Creating", "2"), ("Creating", "3"))]
        train = fold(begin(named("a", "b"), conditions), *polls)
        assert outcomes(train) == {"a": "reached", "b": None}
        assert self.due(train, 20) == 30

    def test_waits_out_the_pause_after_a_fault_whatever_falls_due(self) -> None:
        train = fold(begin(named("a", "b"), replace(self.conditions, stall_timeout=15)), CREATING)
        train = fold(train, fault("throttled", retry_after=30.0), start=10)
        assert self.due(train, 10) == 40

    def test_never_lies_in_the_past(self) -> None:
        conditions = replace(self.conditions, stall_timeout=15)
        train = fold(begin(named("a", "b"), conditions), CREATING)
        assert self.due(train, 20) == 20
