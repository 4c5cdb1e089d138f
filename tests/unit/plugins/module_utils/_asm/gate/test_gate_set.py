# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules for several releases: what a release of a set adds to the rules of its own gate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.gate_set import GateSet, Response
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import Conditions, Schedule
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import error_of_kind, exceeded, release
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.observed import (
    BROKEN,
    FAR,
    Poll,
    Seen,
    gate_set,
    list_response,
    outcomes,
    poll,
    polls,
    single_response,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release

RUNNING = Conditions(("Running",), ("Failed",))
APPEARING = replace(RUNNING, on_missing="wait")
ACCEPTING = replace(RUNNING, on_missing="accept", missing_after=("Finishing",))

SERVER = error_of_kind("server")
NETWORK = error_of_kind("network")
OF_ONE = [403, 400, error_of_kind("protocol")]
OF_ALL = [error_of_kind(kind) for kind in ("credentials", "tls", "endpoint", "proxy", "internal")]


def seen(value: Any) -> Seen:
    """Return what a table has as a status."""
    kinds = {403: "denied", 400: "usage"}
    return error_of_kind(kinds[value]) if isinstance(value, int) and value in kinds else value


def kind(gates: GateSet) -> str | None:
    return gates.error.kind if gates.error else None


def other(phase: str = "Running") -> Release:
    return release(phase, uid="uid-other")


class TestReachedOfOne:
    """A release that has met all conditions counts, until something undoes that."""

    conditions = replace(RUNNING, version="v2", stall_timeout=100)

    @pytest.mark.parametrize(
        ("later", "outcome"),
        [
            pytest.param(["Creating"], "reached", id="another phase"),
            pytest.param([""], "reached", id="no phase"),
            pytest.param([release(gray=[], uid="uid-0")], "reached", id="no workloads"),
            pytest.param(["Creating"] * 30, "reached", id="no progress"),
            pytest.param([503], "reached", id="a transient error"),
            pytest.param([503] * 10, "reached", id="many transient errors"),
            pytest.param([503, "Creating"], "reached", id="another phase after a transient error"),
            pytest.param([" FAILED\n"], "failed", id="a failure phase"),
            pytest.param([503, "Failed"], "failed", id="a failure phase after a transient error"),
            pytest.param([other()], "replaced", id="another uid"),
            pytest.param([release(version="v3", uid="uid-0")], "replaced", id="another version"),
            pytest.param([404], None, id="a 404"),
            pytest.param([404, "Creating"], None, id="a 404, and it is back in another phase"),
            pytest.param([404, "Running"], "reached", id="a 404, and it meets the conditions again"),
            pytest.param([404, 404], "missing", id="two 404s in a row"),
            pytest.param([404, 503, 404], "missing", id="two 404s across a transient error"),
            *(pytest.param([error], "error", id=f"refused: {error}") for error in OF_ONE),
        ],
    )
    def test_is_undone_by(self, later: list[Any], outcome: str | None) -> None:
        gates = poll(gate_set(2, self.conditions), 0, {0: "Running", 1: release("Creating", version="1", uid="uid-1")})
        assert outcomes(gates) == ["reached", None]
        for number, each in enumerate(later, 1):
            waiting = release("Creating", version=str(number), uid="uid-1")
            gates = poll(gates, 10 * number, {0: seen(each), 1: waiting})
        assert outcomes(gates)[0] == outcome
        assert gates.outcome in (outcome, None)

    @pytest.mark.parametrize("error", [SERVER, NETWORK], ids=["503", "network"])
    def test_is_not_undone_by_an_error_of_the_list(self, error: Poll) -> None:
        gates = polls(gate_set(2, RUNNING), {0: "Running", 1: "Creating"}, error, error)
        assert (gates.outcome, outcomes(gates)) == (None, ["reached", None])

    @pytest.mark.parametrize(
        ("back", "outcome"),
        [("Creating", None), ("Finishing", None), ("Running", "reached"), ("Failed", "failed"), (404, "reached")],
    )
    def test_by_an_accepted_disappearance_is_undone_when_the_release_is_back(
        self, back: Seen, outcome: str | None
    ) -> None:
        gone: Poll = {0: 404, 1: "Creating"}
        first: list[Poll] = [{0: "Finishing", 1: "Creating"}, gone, gone]
        gates = polls(gate_set(2, ACCEPTING), *first)
        assert outcomes(gates) == ["reached", None]
        gates = poll(gates, 30, {0: back, 1: "Creating"})
        assert outcomes(gates)[0] == outcome
        if outcome is None:
            assert outcomes(poll(gates, 40, {0: 404, 1: "Creating"}))[0] is None

    def test_after_a_404_begins_stable_for_again(self) -> None:
        both: Poll = {0: "Running", 1: "Creating"}
        gates = polls(gate_set(2, replace(RUNNING, stable_for=20)), both, both, both)
        assert outcomes(gates)[0] == "reached"
        gates = polls(gates, {0: 404, 1: "Creating"}, both, both, start=30)
        assert outcomes(gates)[0] is None
        assert outcomes(poll(gates, 60, both))[0] == "reached"


@pytest.mark.parametrize(
    ("required", "shown", "outcome"),
    [
        pytest.param(3, [{0: "Running", 1: "Running", 2: "Running"}], "reached", id="all at once"),
        pytest.param(
            3,
            [{0: "Running", 1: "Creating", 2: "Creating"}, {0: "Creating", 1: "Running", 2: "Running"}],
            "reached",
            id="all, and the first has moved on",
        ),
        pytest.param(
            3, [{0: "Running", 1: 404, 2: 404}, {0: "", 1: "Running", 2: "Running"}], "reached", id="all, late"
        ),
        pytest.param(1, [{0: "Creating", 1: "Running", 2: "Creating"}], "reached", id="any"),
        pytest.param(1, [{0: "Failed", 1: 403, 2: "Running"}], "reached", id="any, and the others failed"),
        pytest.param(2, [{0: 403, 1: "Running", 2: "Creating"}, {1: "", 2: "Running"}], "reached", id="two of three"),
        pytest.param(3, [{0: "Running", 1: "Running", 2: "Creating"}], None, id="all, one is not there yet"),
        pytest.param(
            3, [{0: "Running", 1: "Running", 2: ""}, {0: 503, 1: "", 2: "Running"}], None, id="all, one is not answered"
        ),
        pytest.param(
            3, [{0: "Running", 1: "Running", 2: ""}, {0: 404, 1: "", 2: "Running"}], None, id="all, one is gone"
        ),
        pytest.param(
            2, [{0: "Running", 1: "", 2: ""}, {0: 503, 1: "Running", 2: ""}], None, id="two, one is not answered"
        ),
        pytest.param(1, [{0: "Failed", 1: "Failed", 2: "Creating"}], None, id="any, one can still reach"),
        pytest.param(3, [{0: "Running", 1: "Running", 2: ""}, SERVER, SERVER], None, id="all, the list fails"),
        pytest.param(2, [{0: "Creating", 1: "Creating", 2: "Failed"}, {0: other(), 1: ""}], "failed", id="the first"),
    ],
)
def test_opens_in_a_poll_in_which_enough_count_and_are_answered(
    required: int, shown: list[Any], outcome: str | None
) -> None:
    script: list[Poll] = [
        each if not isinstance(each, dict) else {position: seen(value) for position, value in each.items()}
        for each in shown
    ]
    gates = polls(gate_set(3, APPEARING, required), *script)
    assert gates.outcome == outcome


def test_opens_only_with_answers_of_one_poll() -> None:
    shown: list[Poll] = [{0: "Running", 1: ""}, {0: 503, 1: "Running"}, {0: "", 1: 503}, SERVER]
    gates = polls(gate_set(2, RUNNING), *shown)
    assert (gates.outcome, gates.reached) == (None, 2)
    assert poll(gates, 40, {0: "", 1: ""}).outcome == "reached"


class TestFails:
    @pytest.mark.parametrize(
        ("required", "shown", "outcome", "closed"),
        [
            pytest.param(3, [{0: "Running", 1: "Failed", 2: "Running"}], "failed", [1], id="all"),
            pytest.param(3, [{0: "Running", 1: "Running", 2: 404}], "missing", [2], id="all, one does not exist"),
            pytest.param(3, [{0: "Running", 1: "Running", 2: 403}], "error", [2], id="all, one is denied"),
            pytest.param(3, [{0: "Running", 1: "", 2: ""}, {0: "Failed", 1: ""}], "failed", [0], id="all, one counted"),
            pytest.param(
                2, [{0: "", 1: "", 2: "Failed"}, {0: other(), 1: ""}], "failed", [2, 0], id="two: the first to fail"
            ),
            pytest.param(
                1,
                [{0: "", 1: "", 2: ""}, {0: "", 1: other(), 2: ""}, {0: "", 2: "Failed"}, {0: 403}],
                "replaced",
                [1, 2, 0],
                id="any: the last to fail",
            ),
        ],
    )
    def test_as_soon_as_too_few_can_reach(
        self, required: int, shown: list[dict[int, Any]], outcome: str, closed: list[int]
    ) -> None:
        script = [{position: seen(value) for position, value in each.items()} for each in shown]
        gates = polls(gate_set(3, RUNNING, required), *script)
        assert (gates.outcome, gates.closed_positions) == (outcome, closed)
        assert gates.error is gates.gates[closed[0]].error

    @pytest.mark.parametrize(
        ("conditions", "shown", "outcome"),
        [
            (replace(RUNNING, stall_timeout=30), "Creating", "stalled"),
            (replace(RUNNING, ready=True), release("Creating", [exceeded()], uid="uid-1"), "failed"),
        ],
    )
    def test_by_each_rule_of_one(self, conditions: Conditions, shown: Seen, outcome: str) -> None:
        gates = gate_set(2, conditions)
        for now in range(0, 40, 10):
            gates = poll(gates, now, {0: "Running", 1: shown})
        assert (gates.outcome, outcomes(gates)) == (outcome, ["reached", outcome])

    def test_for_good(self) -> None:
        gates = poll(gate_set(3, RUNNING, 1), 0, {0: "Failed", 1: seen(403), 2: "Creating"})
        assert gates.open_positions == [2]
        assert outcomes(poll(gates, 10, {0: "Running", 1: "Running", 2: ""})) == ["failed", "error", None]


class TestErrors:
    @pytest.mark.parametrize("error", OF_ALL, ids=lambda each: each.kind)
    @pytest.mark.parametrize("required", [1, 3])
    def test_that_concern_all_end_the_wait_after_a_single_read_as_well(self, required: int, error: Seen) -> None:
        gates = poll(gate_set(3, RUNNING, required), 0, {0: "Creating", 1: error, 2: "Creating"})
        assert (gates.outcome, gates.error) == ("error", error)
        assert outcomes(gates)[::2] == [None, None]

    @pytest.mark.parametrize("error", [*OF_ALL, *map(error_of_kind, ("denied", "usage", "protocol"))], ids=str)
    def test_of_the_list_end_the_wait_if_they_are_final(self, error: Poll) -> None:
        gates = polls(gate_set(2, RUNNING, 1), {0: "Creating", 1: "Creating"}, error)
        assert (gates.outcome, gates.error) == ("error", error)

    @pytest.mark.parametrize("refused", OF_ONE, ids=str)
    def test_of_one_release_leave_the_others(self, refused: Any) -> None:
        gates = poll(gate_set(2, RUNNING, 1), 0, {0: seen(refused), 1: "Creating"})
        assert (gates.outcome, gates.error, outcomes(gates)) == (None, None, ["error", None])
        assert gates.requests.transient_errors == 0

    @pytest.mark.parametrize("retries", [0, 3])
    @pytest.mark.parametrize("error", [NETWORK, error_of_kind("timeout"), BROKEN], ids=lambda each: each.kind)
    @pytest.mark.parametrize("is_single", [True, False])
    def test_before_the_first_answer_are_final_after_request_retries(
        self, error: Any, retries: int, is_single: bool
    ) -> None:
        shown: Poll = {0: error} if is_single else error
        gates = polls(gate_set(2, RUNNING, schedule=replace(FAR, request_retries=retries)), *[shown] * retries)
        assert gates.outcome is None
        assert poll(gates, 100, shown).outcome == "error"

    @pytest.mark.parametrize("error", [SERVER, error_of_kind("throttled")], ids=lambda each: each.kind)
    def test_of_other_kinds_are_transient_from_the_start(self, error: Poll) -> None:
        assert polls(gate_set(2, RUNNING), *[error] * 50).outcome is None

    @pytest.mark.parametrize(
        "first",
        [
            pytest.param({0: "Creating"}, id="a release"),
            pytest.param({0: 404}, id="a 404 of ASM"),
            pytest.param(error_of_kind("throttled", replace(SERVER.response, from_asm=True)), id="a 429 of ASM"),
        ],
    )
    def test_after_any_answer_of_asm_are_transient(self, first: Poll) -> None:
        assert polls(gate_set(2, APPEARING), first, *[NETWORK] * 50).outcome is None

    def test_after_a_list_without_the_targets_are_transient(self) -> None:
        gates = gate_set(2, APPEARING)
        for now in range(0, 100, 10):
            gates = gates.begin_poll().fold(Response(now, now)).fold(single_response(now, now, 0, NETWORK))
        assert (gates.outcome, gates.requests.answered) == (None, 10)

    def test_are_counted_as_retries_when_a_request_follows(self) -> None:
        gates = polls(
            gate_set(2, RUNNING), {0: "", 1: 503}, SERVER, {0: 503, 1: release("", uid="uid-1")}, {0: "", 1: ""}
        )
        assert (gates.requests.answered, gates.requests.retries) == (3, 3)
        assert (gates.requests.transient_errors, gates.requests.error) == (0, None)


class TestDuplicates:
    @pytest.mark.parametrize("required", [1, 2, 3])
    @pytest.mark.parametrize("phase", ["Running", "Creating"])
    def test_end_the_wait(self, required: int, phase: str) -> None:
        same = release(phase, uid="uid-0")
        gates = polls(gate_set(3, RUNNING, required), {0: "", 1: "", 2: 503}, {0: phase, 1: "", 2: same})
        assert (gates.outcome, kind(gates)) == ("error", "usage")
        assert gates.error is not None
        said = gates.error.sentence(str)
        assert said == "releases[0] and releases[2] are the same release, 'uid-0'; name each release once"

    @pytest.mark.parametrize(
        ("uids", "names"), [(("uid-1", "uid-2"), ("a", "a")), (("", ""), ("a", "b"))], ids=["uid", "name"]
    )
    def test_compare_the_first_release_of_each_target(self, uids: tuple[str, str], names: tuple[str, str]) -> None:
        one, two = (release("Creating", uid=uid, name=name) for uid, name in zip(uids, names))
        gates = polls(gate_set(2, RUNNING), {0: one, 1: two}, {0: two, 1: two})
        assert gates.outcome == "replaced"

    def test_without_a_uid_are_known_by_namespace_and_name(self) -> None:
        same = release("Running", uid="")
        assert (poll(gate_set(2, RUNNING), 0, {0: same, 1: same})).outcome == "error"
        shop = release("Running", uid="", namespace="shop")
        assert (poll(gate_set(2, RUNNING), 0, {0: same, 1: shop})).outcome == "reached"


class TestStableFor:
    both: ClassVar[Poll] = {0: "Running", 1: "Running"}
    stable = replace(RUNNING, stable_for=20)

    def test_is_of_each_release(self) -> None:
        gates = polls(gate_set(2, self.stable), {0: "Running", 1: ""}, self.both, self.both)
        assert outcomes(gates) == ["reached", None]
        assert poll(gates, 30, self.both).outcome == "reached"

    @pytest.mark.parametrize(("at", "outcome"), [(30, "reached"), (30.1, None)])
    def test_begins_again_after_a_gap_of_transient_errors(self, at: float, outcome: str | None) -> None:
        gates = polls(gate_set(2, self.stable), self.both, SERVER, SERVER)
        assert poll(gates, at, self.both).outcome == outcome

    @pytest.mark.parametrize(("every", "outcome"), [(60, "reached"), (181, None)])
    def test_has_no_gap_while_polls_are_as_long_as_their_single_reads(self, every: int, outcome: str | None) -> None:
        gates = gate_set(2, replace(self.stable, stable_for=60))
        for now in (0, every):
            gates = gates.begin_poll()
            for position in range(2):
                gates = gates.fold(single_response(now, now, position, "Running", interval=60))
        assert gates.outcome == outcome


class TestDeadline:
    schedule = Schedule(wait_timeout=60)
    both: ClassVar[Poll] = {0: "Creating", 1: "Creating"}

    @pytest.mark.parametrize(
        ("conditions", "shown", "outcome", "error"),
        [
            pytest.param(RUNNING, [{0: "Running", 1: "Creating"}], "timeout", None, id="pending"),
            pytest.param(RUNNING, [SERVER, SERVER], "timeout", "server", id="never answered"),
            pytest.param(RUNNING, [both, NETWORK, SERVER], "timeout", "server", id="the last error"),
            pytest.param(RUNNING, [SERVER, both], "timeout", None, id="an error that had no part in it"),
            pytest.param(RUNNING, [both, *[SERVER] * 3, both], "timeout", "server", id="an error before a gap"),
            pytest.param(RUNNING, [both, *[SERVER] * 2, both], "timeout", None, id="errors for just less than a gap"),
            pytest.param(RUNNING, [both, both, SERVER, both], "timeout", None, id="an error, late and without a gap"),
            pytest.param(
                RUNNING, [{0: "Running", 1: ""}, {0: 503, 1: "Running"}], "timeout", "server", id="unanswered"
            ),
            pytest.param(
                RUNNING, [{0: "Running", 1: ""}, {0: 503, 1: 404}], "timeout", "server", id="unanswered, another is"
            ),
            pytest.param(APPEARING, [{0: 503, 1: 404}], "timeout", "server", id="never answered, another is"),
            pytest.param(RUNNING, [{0: 503, 1: "Creating"}, both], "timeout", None, id="an error, answered since"),
            pytest.param(RUNNING, [{0: 503, 1: ""}, NETWORK], "timeout", "network", id="of one, then of the list"),
            pytest.param(
                RUNNING, [both, {0: 503, 1: ""}, {0: 404, 1: ""}], "timeout", None, id="an error, and a 404 since"
            ),
            pytest.param(APPEARING, [{0: "Running", 1: 404}], "missing", "not_found", id="one never appeared"),
            pytest.param(
                APPEARING, [{0: "Running", 1: 404}, {0: "", 1: 503}], "missing", "not_found", id="a 404, then an error"
            ),
            pytest.param(APPEARING, [{0: 404, 1: 404}], "missing", "not_found", id="none appeared"),
            pytest.param(APPEARING, [{0: 404, 1: "Creating"}], "timeout", None, id="one never appeared, one is late"),
            pytest.param(APPEARING, [SERVER], "timeout", "server", id="whether they are there is not known"),
        ],
    )
    def test_outcome_and_error(
        self, conditions: Conditions, shown: list[Poll], outcome: str, error: str | None
    ) -> None:
        gates = polls(gate_set(2, conditions, schedule=self.schedule), *shown).at_deadline(58)
        assert (gates.outcome, kind(gates), gates.ended) == (outcome, error, 58)

    def test_each_gate_has_its_own_outcome(self) -> None:
        gates = poll(gate_set(4, APPEARING, 3), 0, {0: "Running", 1: "Creating", 2: "Failed", 3: 404}).at_deadline(58)
        assert outcomes(gates) == ["reached", "timeout", "failed", "missing"]
        assert gates.counts == {"reached": 1, "timeout": 1, "failed": 1, "missing": 1}

    @pytest.mark.parametrize(
        ("late", "error"),
        [
            (list_response(60.1, {0: "Running", 1: "Running"}), None),
            (list_response(60.1, {0: "Failed", 1: "Failed"}), None),
            (single_response(59, 60.1, 1, "Running"), None),
            (single_response(59, 60.1, 1, 404), None),
            (Response(59, 60.1, error_of_kind("credentials")), None),
            (Response(59, 60.1, SERVER), "server"),
        ],
    )
    def test_a_response_that_is_complete_after_it_is_a_timeout(self, late: Response, error: str | None) -> None:
        gates = poll(gate_set(2, RUNNING, schedule=self.schedule), 0, {0: "Running", 1: "Creating"})
        gates = gates.fold(late)
        assert (gates.outcome, kind(gates), outcomes(gates)) == ("timeout", error, ["reached", "timeout"])
        assert (gates.ended, gates.requests.answered, gates.requests.retries) == (60.1, 1, 0)

    def test_a_response_that_is_complete_after_it_can_be_a_retry(self) -> None:
        gates = polls(gate_set(2, RUNNING, schedule=self.schedule), self.both, {0: 503, 1: 503})
        assert gates.fold(list_response(60.1, {0: "Running", 1: "Running"})).requests.retries == 2

    def test_a_response_that_is_complete_at_it_counts(self) -> None:
        gates = poll(gate_set(2, RUNNING, schedule=self.schedule), 0, self.both)
        gates = poll(gates, 60, {0: "Running", 1: "Running"})
        assert (gates.outcome, gates.ended) == ("reached", 60)


@pytest.mark.parametrize("first", [{0: "Running", 1: "Running"}, {0: "Failed", 1: ""}, {0: 404}, OF_ALL[0]], ids=str)
def test_an_outcome_is_final(first: Poll) -> None:
    gates = poll(gate_set(2, RUNNING), 0, first)
    assert gates.outcome is not None
    for later in (
        list_response(10, {0: "Running", 1: "Running"}),
        list_response(10, {0: "Failed", 1: "Failed"}),
        single_response(10, FAR.wait_timeout + 1, 0, 404),
        Response(10, 10, SERVER),
        Response(10, 10, OF_ALL[1]),
    ):
        assert gates.fold(later) == gates


def test_each_release_has_its_own_conditions() -> None:
    gates = gate_set(2, replace(RUNNING, version="v2"), at_1=replace(RUNNING, version="v3"))
    assert outcomes(poll(gates, 0, {0: "Running", 1: "Running"})) == ["reached", None]
