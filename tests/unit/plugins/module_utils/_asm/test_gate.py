# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate's rules, one test for each sentence of them, and its loop on a scripted clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Union

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import old_gate as gate
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.old_gate import Observation, State, advance, hold
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release, parse
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    deployment,
    document,
    exceeded,
    fault,
    not_found,
    release,
    without_status,
)

Seen = Union[str, int, Release, AsmError]
"""A phase, the status 404 or 503, a release or a fault."""

FAR = 10_000.0
WAIT = Conditions(("Running",), wait_timeout=FAR)
READY = replace(WAIT, ready=True)
STABLE = replace(WAIT, stable_for=60)
STALL = replace(WAIT, stall_timeout=100)


def answer(seen: Seen) -> Release | AsmError:
    """Return what a look gives."""
    if isinstance(seen, str):
        return release(seen)
    if isinstance(seen, int):
        return not_found() if seen == 404 else fault("server", status=seen)
    return seen


def observation(started: float, completed: float, seen: Seen) -> Observation:
    """Return one look at the release."""
    given = answer(seen)
    if isinstance(given, AsmError):
        return Observation(started, completed, error=given)
    return Observation(started, completed, release=given)


def fold(conditions: Conditions, *looks: tuple[float, float, Seen], state: State | None = None) -> State:
    """Return the state after looks, each (start, end, what was seen)."""
    state = state or State()
    for look in looks:
        state = advance(state, observation(*look), conditions)
    return state


def every(seconds: float, *seen: Seen) -> list[tuple[float, float, Seen]]:
    """Return looks at an interval, each answered at once, the first at 0."""
    return [(number * seconds, number * seconds, each) for number, each in enumerate(seen)]


class TestPhases:
    @pytest.mark.parametrize("phase", ["Running", "running", "RUNNING", " Running", "Running\n", "\tRunning "])
    def test_are_compared_stripped_and_without_case(self, phase: str) -> None:
        assert fold(WAIT, (0, 1, phase)).outcome == "reached"
        assert fold(replace(WAIT, success_phases=(phase,)), (0, 1, "Running")).outcome == "reached"

    @pytest.mark.parametrize("phase", ["Creating", "Run", "Running2", "Succeeded", "Not Running"])
    def test_that_were_not_named_leave_it_shut(self, phase: str) -> None:
        assert fold(WAIT, (0, 1, phase)).outcome is None

    @pytest.mark.parametrize("phase", ["", "  ", None, 7, True, ["Running"], {"Running": "Running"}, 0.5], ids=repr)
    def test_that_are_no_text_match_nothing(self, phase: Any) -> None:
        conditions = Conditions(("Running", "7", "True", "None", "['Running']"), ("0.5", ""), wait_timeout=FAR)
        assert fold(conditions, (0, 1, release(phase))).outcome is None


class TestOrder:
    """Complete after the deadline, final error, replaced, failed, reached, stalled: the first that applies decides."""

    conditions = Conditions(("Running",), ("Failed",), ready=True, wait_timeout=600, stall_timeout=100)

    @pytest.mark.parametrize(
        ("last", "outcome"),
        [
            ((599, 600, "Running"), "reached"),
            ((599, 600.001, "Running"), "timeout"),
            ((599, 601, "Failed"), "timeout"),
            ((599, 601, release("Running", uid="uid-2")), "timeout"),
            ((599, 601, fault("denied")), "timeout"),
            ((599, 601, 404), "timeout"),
            ((200, 201, fault("denied")), "error"),
            ((200, 201, release("Failed", uid="uid-2")), "replaced"),
            ((200, 201, release("Running", uid="uid-2")), "replaced"),
            ((200, 201, "Failed"), "failed"),
            ((200, 201, release("Running", [exceeded()])), "failed"),
            ((200, 201, "Running"), "reached"),
            ((25, 26, "Creating"), None),
        ],
    )
    def test_decides(self, last: tuple[float, float, Seen], outcome: str | None) -> None:
        assert fold(self.conditions, (0, 1, "Creating"), last).outcome == outcome

    def test_reached_comes_before_stalled(self) -> None:
        looks = every(25, *["Creating"] * 4)
        assert fold(self.conditions, *looks, (101, 101, "Running")).outcome == "reached"
        assert fold(self.conditions, *looks, (101, 101, "Creating")).outcome == "stalled"

    @pytest.mark.parametrize("late", ["Running", "Failed", 404, fault("denied"), release(uid="uid-2")], ids=str)
    @pytest.mark.parametrize("first", ["Running", "Failed", 404, fault("denied")], ids=str)
    def test_a_final_state_never_changes(self, first: Seen, late: Seen) -> None:
        final = fold(self.conditions, (0, 1, first))
        assert final.outcome is not None
        assert fold(self.conditions, (2, 3, late), (4, 5, late), state=final) == final


class TestReplaced:
    def test_is_another_uid_than_the_first_one_seen(self) -> None:
        state = fold(WAIT, *every(10, release("Creating"), release("Running", uid="uid-2")))
        assert (state.outcome, state.uid) == ("replaced", "uid-1")

    def test_is_another_uid_after_a_disappearance(self) -> None:
        assert fold(WAIT, *every(10, "Creating", 404, release("Running", uid="uid-2"))).outcome == "replaced"

    @pytest.mark.parametrize("uid", [None, ""])
    def test_is_a_uid_that_was_lost(self, uid: Any) -> None:
        assert fold(WAIT, *every(10, release("Creating"), release("Running", uid=uid))).outcome == "replaced"

    def test_is_another_version_after_the_wanted_one(self) -> None:
        conditions = replace(WAIT, version="v2")
        looks = every(10, release("Creating", version="v2"), release("Creating", version="v1"))
        assert fold(conditions, *looks).outcome == "replaced"

    def test_is_not_a_version_that_has_not_matched_yet(self) -> None:
        conditions = replace(WAIT, version="v2")
        old = fold(conditions, *every(10, release("Running", version="v1")))
        assert old.outcome is None
        assert fold(conditions, (20, 20, release("Running", version="v2")), state=old).outcome == "reached"

    def test_is_not_another_version_when_none_is_wanted(self) -> None:
        looks = every(10, release("Creating", version="v1"), release("Running", version="v2"))
        assert fold(WAIT, *looks).outcome == "reached"

    @pytest.mark.parametrize("version", [None, 1.1, "1.1", ["1.10"], "v1.10", " 1.10"])
    def test_a_version_must_be_the_very_text(self, version: Any) -> None:
        conditions = replace(WAIT, version="1.10")
        assert fold(conditions, *every(10, release(version=version), release(version=version))).outcome is None


class TestFailed:
    @pytest.mark.parametrize("phase", ["Failed", "failed", " FAILED\n"])
    def test_is_a_failure_phase_at_once(self, phase: str) -> None:
        assert fold(replace(WAIT, failure_phases=("Failed",)), (0, 1, phase)).outcome == "failed"

    def test_with_ready_is_an_exceeded_progress_deadline(self) -> None:
        assert fold(READY, (0, 1, release("Creating", [deployment(), exceeded()]))).outcome == "failed"

    def test_without_ready_is_no_exceeded_progress_deadline(self) -> None:
        assert fold(WAIT, (0, 1, release("Creating", [exceeded()]))).outcome is None

    def test_is_no_progress_deadline_of_an_earlier_generation(self) -> None:
        assert fold(READY, (0, 1, release("Creating", [exceeded(observedGeneration=1)]))).outcome is None

    def test_is_no_progress_deadline_of_the_original_workload(self) -> None:
        content = document()
        content["status"]["deployment"] = exceeded()
        assert fold(READY, (0, 1, parse(content))).outcome == "reached"


class TestReady:
    def test_opens_when_all_is_there_and_rolled_out(self) -> None:
        assert fold(READY, (0, 1, "Running")).outcome == "reached"

    @pytest.mark.parametrize(
        "shut",
        [
            pytest.param(release(gray=[]), id="no gray workload"),
            pytest.param(release(gray=[], planned=1), id="none of those planned"),
            pytest.param(release(gray=[deployment()], planned=2), id="fewer than planned"),
            pytest.param(release(gray=[without_status()]), id="no status"),
            pytest.param(release(gray=[deployment(desired=0, ready=0)]), id="wants no replica"),
            pytest.param(release(gray=[deployment(ready=2)]), id="not rolled out"),
            pytest.param(release(gray=[deployment("a"), deployment("b", ready=2)]), id="one of two not rolled out"),
            pytest.param(release(gray=["reviews-gray"]), id="no Deployment"),
        ],
    )
    def test_stays_shut(self, shut: Release) -> None:
        assert fold(READY, *every(10, shut, shut)).outcome is None
        assert fold(WAIT, (0, 1, shut)).outcome == "reached"

    @pytest.mark.parametrize("planned", [{"1": {}}, "two", 2, True])
    def test_stays_shut_when_the_planned_workloads_cannot_be_counted(self, planned: Any) -> None:
        content = document()
        content["spec"]["grayDeployments"] = planned
        assert fold(READY, (0, 1, parse(content))).outcome is None

    def test_stays_shut_when_spec_is_no_object(self) -> None:
        assert fold(READY, (0, 1, parse({**document(), "spec": [document()["spec"]]}))).outcome is None


class TestImages:
    conditions = replace(WAIT, images=(IMAGE,))

    def test_opens_when_every_gray_workload_has_each(self) -> None:
        assert fold(self.conditions, (0, 1, release(gray=[deployment("a"), deployment("b")]))).outcome == "reached"

    @pytest.mark.parametrize(
        "shut",
        [
            pytest.param(release(gray=[deployment("a"), deployment("b", image="other")]), id="one lacks it"),
            pytest.param(release(gray=[]), id="no gray workload"),
            pytest.param(release(planned=2), id="fewer than planned"),
            pytest.param(release(gray=[deployment(image=IMAGE + "3")]), id="only a beginning of it"),
        ],
    )
    def test_stays_shut(self, shut: Release) -> None:
        assert fold(self.conditions, (0, 1, shut)).outcome is None

    def test_wants_each_of_several(self) -> None:
        assert fold(replace(WAIT, images=(IMAGE, "sidecar:1")), (0, 1, "Running")).outcome is None


class TestStableFor:
    def test_runs_from_the_end_of_the_first_good_answer_to_the_start_of_the_latest(self) -> None:
        looks = [(0.0, 5.0, "Running"), (20.0, 20.0, "Running"), (40.0, 40.0, "Running"), (60.0, 62.0, "Running")]
        shut = fold(STABLE, *looks)
        assert (shut.outcome, shut.held) == (None, 55.0)
        assert fold(STABLE, (64.9, 65.5, "Running"), state=shut).outcome is None
        assert fold(STABLE, (65.0, 65.0, "Running"), state=shut).outcome == "reached"

    def test_needs_two_answers(self) -> None:
        assert fold(STABLE, (0, 100, "Running")).outcome is None

    @pytest.mark.parametrize("broken", ["Creating", "", 404, release("Running", version="v3")], ids=str)
    def test_is_broken_by_whatever_does_not_meet_all_conditions(self, broken: Seen) -> None:
        conditions = replace(STABLE, images=(IMAGE,), on_missing="accept", missing_after=("Running",))
        seen = release("Running", [deployment(image="other")]) if isinstance(broken, Release) else broken
        state = fold(conditions, *every(10, *["Running"] * 6), (60, 60, seen), (70, 70, "Running"))
        assert (state.outcome, state.held) == (None, 0.0)

    def test_is_not_broken_by_another_success_phase(self) -> None:
        conditions = replace(STABLE, success_phases=("Running", "Succeeded"))
        assert fold(conditions, *every(20, "Running", "Succeeded", "Running", "Succeeded")).outcome == "reached"

    def test_is_not_broken_by_a_passing_fault(self) -> None:
        assert fold(STABLE, *every(15, "Running", "Running", 503, "Running", "Running")).outcome == "reached"

    def test_is_not_fed_by_a_passing_fault(self) -> None:
        state = fold(STABLE, *every(20, "Running", "Running"), (60, 60, 503), (61, 61, 503))
        assert (state.outcome, state.held) == (None, 20.0)

    @pytest.mark.parametrize(
        ("wait_sleep", "request_timeout", "longest"), [(10, 15, 30), (1, 15, 15), (10, 60, 60), (1, 1, 3)]
    )
    @pytest.mark.parametrize("duration", [0.0, 2.0])
    def test_starts_anew_after_a_gap(
        self, wait_sleep: int, request_timeout: int, longest: int, duration: float
    ) -> None:
        conditions = replace(STABLE, wait_sleep=wait_sleep, request_timeout=request_timeout)
        kept = fold(conditions, (0, 1, "Running"), (1 + longest - duration, 1 + longest, "Running"))
        anew = fold(conditions, (0, 1, "Running"), (1.1 + longest - duration, 1.1 + longest, "Running"))
        assert kept.held == longest - duration
        assert anew.held == -duration

    def test_a_gap_is_measured_between_complete_answers(self) -> None:
        slow = fold(STABLE, (0, 0, "Running"), (10, 25, 503), (26, 41, "Running"), (60, 60, "Running"))
        assert (slow.outcome, slow.held) == (None, 19.0)

    def test_is_not_broken_by_a_change_of_the_update_time(self) -> None:
        later = document()
        later["status"]["updateTime"] = "2026-03-01T13:00:00Z"
        looks = every(20, "Running", parse(later), "Running", parse(later))
        assert fold(STABLE, *looks).outcome == "reached"

    def test_0_opens_at_the_first_good_answer(self) -> None:
        assert fold(WAIT, (0, 1, "Running")).outcome == "reached"


class TestStalled:
    def test_is_no_change_for_so_long(self) -> None:
        looks = every(25, *["Creating"] * 4)
        assert fold(STALL, *looks, (99.9, 99.9, "Creating")).outcome is None
        assert fold(STALL, *looks, (100, 100, "Creating")).outcome == "stalled"

    def test_is_off_with_0(self) -> None:
        assert fold(WAIT, *every(25, *["Creating"] * 50)).outcome is None

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param(release("Creating"), release("Starting"), id="phase"),
            pytest.param(release("Creating", version="v1"), release("Creating", version="v2"), id="version"),
            pytest.param(
                release("Creating", [deployment(desired=3)]), release("Creating", [deployment(desired=4)]), id="desired"
            ),
            pytest.param(
                release("Creating", [deployment(updatedReplicas=1)]),
                release("Creating", [deployment(updatedReplicas=2)]),
                id="updated",
            ),
            pytest.param(
                release("Creating", [deployment(ready=1)]), release("Creating", [deployment(ready=2)]), id="ready"
            ),
            pytest.param(
                release("Creating", [deployment("a")]),
                release("Creating", [deployment("a"), deployment("b")]),
                id="another gray workload",
            ),
        ],
    )
    def test_starts_anew_with_a_change_of(self, before: Release, after: Release) -> None:
        looks = every(25, before, before, before, before, after, after, after, after)
        assert fold(STALL, *looks).outcome is None
        assert fold(STALL, *looks, (200, 200, after)).outcome == "stalled"

    @pytest.mark.parametrize(
        "same",
        [
            pytest.param(release(" creating"), id="the same phase in other case"),
            pytest.param(release("Creating", [deployment(ready=1)]), id="fewer ready than before"),
            pytest.param(release("Creating", [deployment(availableReplicas=1)]), id="available"),
        ],
    )
    def test_does_not_start_anew_with(self, same: Release) -> None:
        assert fold(STALL, *every(25, "Creating", same, "Creating", same, "Creating")).outcome == "stalled"

    def test_does_not_count_the_update_time(self) -> None:
        later = document("Creating")
        later["status"]["updateTime"] = "2026-03-01T13:00:00Z"
        assert fold(STALL, *every(25, *["Creating"] * 4, parse(later))).outcome == "stalled"

    @pytest.mark.parametrize("seen", [404, 503])
    def test_is_judged_on_good_answers_only(self, seen: Seen) -> None:
        conditions = replace(STALL, on_missing="accept", missing_after=("Creating",), stable_for=50)
        state = fold(conditions, *every(25, *["Creating"] * 4), (110, 110, seen))
        assert state.outcome is None

    def test_stands_still_while_the_success_conditions_hold(self) -> None:
        conditions = replace(STALL, stable_for=1000, success_phases=("Creating",), images=(IMAGE,))
        assert fold(conditions, *every(25, *["Creating"] * 10)).outcome is None
        other = release("Creating", [deployment(image="other")])
        looks = every(25, *["Creating"] * 10, *[other] * 4)
        assert fold(conditions, *looks).outcome is None
        assert fold(conditions, *looks, (350, 350, other)).outcome == "stalled"

    def test_stands_still_while_the_release_has_not_appeared(self) -> None:
        conditions = replace(STALL, on_missing="wait", missing_after=("Running",))
        assert fold(conditions, *every(25, *[404] * 10, "Creating", "Creating")).outcome is None

    def test_starts_anew_after_a_gap(self) -> None:
        assert fold(STALL, *every(25, *["Creating"] * 3), (81, 81, "Creating"), (106, 106, "Creating")).outcome is None


class TestMissing:
    fail = WAIT
    wait = replace(WAIT, on_missing="wait", missing_after=("Finishing",))
    accept = replace(WAIT, on_missing="accept", missing_after=("Finishing",))

    @pytest.mark.parametrize(
        ("conditions", "looks", "outcome"),
        [
            pytest.param(fail, every(10, 404), "missing", id="fail, never seen: at once"),
            pytest.param(fail, every(10, "Finishing", 404), None, id="fail, seen: not at the first"),
            pytest.param(fail, every(10, "Finishing", 404, 404), "missing", id="fail, seen: at the second in a row"),
            pytest.param(fail, every(10, "Finishing", 404, "Finishing", 404), None, id="fail, seen: not in a row"),
            pytest.param(fail, every(10, "Finishing", 404, 503, 404), "missing", id="fail, seen: a fault between"),
            pytest.param(wait, every(10, *[404] * 50), None, id="wait, never seen: not yet there is fine"),
            pytest.param(wait, every(10, 404, 404, "Running"), "reached", id="wait: it appears"),
            pytest.param(wait, every(10, "Finishing", 404), None, id="wait, seen: not at the first"),
            pytest.param(wait, every(10, "Finishing", 404, 404), "missing", id="wait, seen: as fail"),
            pytest.param(accept, every(10, 404), "missing", id="accept, never seen: a wrong id opens nothing"),
            pytest.param(accept, every(10, 503, 404), "missing", id="accept, never seen, after a fault"),
            pytest.param(accept, every(10, "Finishing", 404), None, id="accept, seen: not at the first"),
            pytest.param(accept, every(10, "Finishing", 404, 404), "reached", id="accept, seen: at the second"),
            pytest.param(accept, every(10, " finishing", 404, 404), "reached", id="accept: as phases are compared"),
            pytest.param(accept, every(10, "Finishing", 404, "Finishing", 404), None, id="accept, seen: not in a row"),
            pytest.param(accept, every(10, "Creating", 404, 404), "missing", id="accept: another last phase"),
            pytest.param(accept, every(10, "Finishing", "Creating", 404, 404), "missing", id="accept: only the last"),
            pytest.param(accept, every(10, release(None), 404, 404), "missing", id="accept: no phase"),
        ],
    )
    def test_is(self, conditions: Conditions, looks: list[tuple[float, float, Seen]], outcome: str | None) -> None:
        assert fold(conditions, *looks).outcome == outcome

    @pytest.mark.parametrize(
        ("conditions", "last", "outcome"),
        [
            (replace(accept, version="v2"), release("Finishing", version="v2"), "reached"),
            (replace(accept, version="v2"), release("Finishing", version="v1"), "missing"),
            (replace(accept, ready=True), release("Finishing"), "reached"),
            (replace(accept, ready=True), release("Finishing", [deployment(ready=2)]), "missing"),
            (replace(accept, images=(IMAGE,)), release("Finishing", [deployment(image="other")]), "missing"),
        ],
        ids=["version matched", "version not matched", "ready", "not ready", "another image"],
    )
    def test_accepts_only_what_was_as_wanted_when_last_seen(
        self, conditions: Conditions, last: Release, outcome: str
    ) -> None:
        assert fold(conditions, *every(10, last, 404, 404)).outcome == outcome

    def test_accepts_only_after_stable_for(self) -> None:
        conditions = replace(self.accept, stable_for=60)
        looks = every(20, "Finishing", 404, 404, 404)
        assert fold(conditions, *looks).outcome is None
        assert fold(conditions, *looks, (79.9, 80, 404)).outcome is None
        assert fold(conditions, *looks, (80, 80, 404)).outcome == "reached"

    def test_accepts_no_404_from_before_a_gap(self) -> None:
        conditions = replace(self.accept, stable_for=60)
        looks = every(20, "Finishing", 404, 404)
        assert fold(conditions, *looks, (80, 80, 404)).outcome is None
        assert fold(self.accept, (0, 0, "Finishing"), (10, 10, 404), (41, 41, 404)).outcome is None

    def test_is_at_the_deadline_what_never_appeared(self) -> None:
        state = gate.at_deadline(fold(self.wait, *every(10, 404, 404)), self.wait)
        assert (state.outcome, state.error and state.error.kind) == ("missing", "not_found")

    def test_is_a_timeout_when_nothing_ever_answered(self) -> None:
        state = gate.at_deadline(fold(self.wait, *every(10, 503, 503)), self.wait)
        assert (state.outcome, state.error and state.error.kind) == ("timeout", "server")


class TestFaults:
    @pytest.mark.parametrize("kind", ["usage", "credentials", "denied", "endpoint", "tls", "protocol", "internal"])
    def test_final_ones_end_the_wait(self, kind: str) -> None:
        state = fold(WAIT, *every(10, "Creating", fault(kind)))
        assert (state.outcome, state.error and state.error.kind) == ("error", kind)

    @pytest.mark.parametrize("kind", ["throttled", "server", "network", "timeout"])
    def test_passing_ones_do_not(self, kind: str) -> None:
        assert fold(WAIT, *every(10, "Creating", *[fault(kind)] * 50)).outcome is None

    def test_a_protocol_error_that_is_not_json_passes(self) -> None:
        assert fold(WAIT, *every(10, "Creating", *[fault("protocol", passing=True)] * 50)).outcome is None

    @pytest.mark.parametrize("retries", [0, 3])
    @pytest.mark.parametrize("kind", ["network", "timeout", "protocol"])
    def test_before_the_first_answer_of_asm_are_final_after_request_retries_more_tries(
        self, kind: str, retries: int
    ) -> None:
        conditions = replace(WAIT, request_retries=retries)
        early = fault(kind, passing=True)
        assert fold(conditions, *every(1, *[early] * retries)).outcome is None
        assert fold(conditions, *every(1, *[early] * (retries + 1))).outcome == "error"

    @pytest.mark.parametrize("kind", ["throttled", "server"])
    def test_of_other_kinds_pass_before_the_first_answer_too(self, kind: str) -> None:
        assert fold(WAIT, *every(1, *[fault(kind)] * 50)).outcome is None

    @pytest.mark.parametrize("answered", ["Creating", fault("throttled", by_asm=True)], ids=["release", "429 of ASM"])
    def test_pass_after_any_answer_of_asm(self, answered: Seen) -> None:
        assert fold(WAIT, (0, 0, answered), *every(1, *[fault("network")] * 50)).outcome is None

    def test_a_fault_of_the_gateway_is_no_answer_of_asm(self) -> None:
        assert fold(WAIT, *every(1, 503, *[fault("network")] * 4)).outcome == "error"

    def test_retries_are_the_tries_that_followed_one(self) -> None:
        state = fold(WAIT, *every(10, "Creating", 503, 503, "Creating", "Running"))
        assert (state.reads, state.retries) == (3, 2)


class TestTheErrorOfATimeout:
    def test_is_the_fault_that_lasted(self) -> None:
        state = gate.at_deadline(fold(WAIT, *every(10, "Creating", fault("network"), 503)), WAIT)
        assert state.error is not None
        assert state.error.kind == "server"

    def test_is_the_fault_that_broke_the_stability(self) -> None:
        broken = fold(STABLE, (0, 0, "Running"), (10, 10, 503), (50, 50, "Running"), (60, 60, "Running"))
        state = gate.at_deadline(broken, STABLE)
        assert state.error is not None
        assert state.error.kind == "server"

    def test_is_none_when_the_faults_had_no_part_in_it(self) -> None:
        state = gate.at_deadline(fold(WAIT, *every(10, "Creating", 503, "Creating")), WAIT)
        assert state.error is None

    def test_is_the_fault_that_came_too_late(self) -> None:
        conditions = replace(WAIT, wait_timeout=60)
        state = fold(conditions, (0, 0, "Creating"), (59, 61, fault("timeout")))
        assert (state.outcome, state.error and state.error.kind) == ("timeout", "timeout")


class TestTimeline:
    def test_has_an_entry_for_each_change_of_phase_or_readiness(self) -> None:
        half = release("Creating", [deployment(ready=1)])
        state = fold(WAIT, *every(10, "Creating", "Creating", half, 503, half, 404, "Running"))
        assert [(change.phase, change.ready, change.after) for change in state.timeline] == [
            ("Creating", "3/3", 0),
            ("Creating", "1/3", 20),
            ("", "0/0", 50),
            ("Running", "3/3", 60),
        ]

    @pytest.mark.parametrize(("changes", "kept", "left_out"), [(250, 250, 0), (251, 250, 1), (400, 250, 150)])
    def test_keeps_the_first_50_and_the_last_200(self, changes: int, kept: int, left_out: int) -> None:
        state = fold(WAIT, *every(1, *["A", "B"] * (changes // 2), *["A"] * (changes % 2)))
        after = [change.after for change in state.timeline]
        assert after == [*range(50), *range(changes - (kept - 50), changes)]
        assert state.left_out == left_out


@dataclass
class Scripted:
    """A clock that only looks and pauses move, and a service that answers by its script, the last answer for ever."""

    answers: list[Seen]
    takes: float = 0.0
    jitter: float = 1.0
    now: float = 0.0
    looks: list[float] = field(default_factory=list)

    def look(self) -> Release:
        self.looks.append(round(self.now, 2))
        self.now += self.takes
        given = answer(self.answers[min(len(self.looks), len(self.answers)) - 1])
        if isinstance(given, AsmError):
            raise given
        return given

    def rest(self, due: float) -> None:
        assert due >= self.now
        self.now = due

    def hold(self, conditions: Conditions) -> State:
        return hold(self.look, conditions, lambda: self.now, lambda: self.jitter, lambda *_told: None, self.rest)


class TestLoop:
    conditions = Conditions(("Running",), wait_timeout=60, wait_sleep=10)

    def test_looks_every_wait_sleep_until_there_is_a_verdict(self) -> None:
        service = Scripted(["Creating", "Creating", "Running"])
        assert service.hold(self.conditions).outcome == "reached"
        assert service.looks == [0, 10, 20]

    def test_spreads_its_pauses(self) -> None:
        service = Scripted(["Creating", "Creating", "Running"], jitter=1.1)
        service.hold(self.conditions)
        assert service.looks == [0, 11, 22]

    @pytest.mark.parametrize(
        ("wait_timeout", "wait_sleep", "looks"),
        [
            (60, 20, [0, 20, 40, 58]),
            (60, 29, [0, 29, 58]),
            (60, 300, [0, 58]),
            (10, 300, [0, 8]),
            (9, 300, [0, 8]),
            (2, 1, [0, 1]),
            (1, 1, [0]),
        ],
    )
    def test_the_last_read_begins_just_before_the_deadline(
        self, wait_timeout: int, wait_sleep: int, looks: list[float]
    ) -> None:
        service = Scripted(["Creating"])
        state = service.hold(replace(self.conditions, wait_timeout=wait_timeout, wait_sleep=wait_sleep))
        assert (state.outcome, service.looks) == ("timeout", looks)

    def test_the_last_read_may_still_open_the_gate(self) -> None:
        service = Scripted(["Creating", "Running"], takes=1.9)
        assert service.hold(replace(self.conditions, wait_sleep=300)).outcome == "reached"

    def test_an_answer_after_the_deadline_does_not(self) -> None:
        service = Scripted(["Creating", "Running"], takes=2.1)
        assert service.hold(replace(self.conditions, wait_sleep=300)).outcome == "timeout"

    def test_no_read_follows_one_that_ended_after_the_last_may_begin(self) -> None:
        service = Scripted(["Creating"], takes=59)
        assert service.hold(self.conditions).outcome == "timeout"
        assert service.looks == [0]

    def test_pauses_after_passing_faults_double_up_to_30_s(self) -> None:
        service = Scripted(["Creating", *[503] * 8, "Running"])
        service.hold(replace(self.conditions, wait_timeout=600))
        assert service.looks == [0, 10, 11, 13, 17, 25, 41, 71, 101, 131]

    def test_pauses_after_passing_faults_begin_anew_after_a_good_answer(self) -> None:
        service = Scripted([503, 503, "Creating", 503, "Running"])
        service.hold(self.conditions)
        assert service.looks == [0, 1, 3, 13, 14]

    def test_pauses_after_passing_faults_have_jitter(self) -> None:
        service = Scripted([503, 503, "Running"], jitter=0.9)
        service.hold(self.conditions)
        assert service.looks == [0, 0.9, 2.7]

    @pytest.mark.parametrize(
        ("retry_after", "looks"), [(7.0, [0, 7]), (120.0, [0, 120]), (600.0, [0, 120]), (0.0, [0, 0.9])]
    )
    def test_a_retry_after_is_followed_up_to_120_s(self, retry_after: float, looks: list[float]) -> None:
        service = Scripted([fault("throttled", retry_after=retry_after), "Running"])
        service.hold(replace(self.conditions, wait_timeout=600))
        assert service.looks == looks

    def test_a_retry_after_of_0_makes_no_storm(self) -> None:
        service = Scripted([fault("throttled", retry_after=0.0)])
        service.hold(self.conditions)
        assert len(service.looks) <= 66

    @pytest.mark.parametrize("seen", [fault("throttled", retry_after=120.0), 503], ids=["Retry-After", "fault"])
    def test_no_pause_goes_past_the_last_read(self, seen: Seen) -> None:
        service = Scripted([seen])
        assert service.hold(replace(self.conditions, wait_timeout=50)).outcome == "timeout"
        assert service.looks[-1] == 48

    def test_a_read_is_made_when_stable_for_falls_due(self) -> None:
        service = Scripted(["Running"], takes=0.5)
        assert service.hold(replace(self.conditions, stable_for=25)).outcome == "reached"
        assert service.looks == [0, 10.5, 21, 25.5]

    def test_a_read_is_made_when_an_accepted_disappearance_is_stable(self) -> None:
        service = Scripted(["Running", 404])
        conditions = replace(
            self.conditions, success_phases=("Done",), on_missing="accept", missing_after=("Running",), stable_for=25
        )
        assert service.hold(conditions).outcome == "reached"
        assert service.looks == [0, 10, 20, 30, 35]

    def test_a_read_is_made_when_stall_timeout_falls_due(self) -> None:
        service = Scripted(["Creating"])
        assert service.hold(replace(self.conditions, stall_timeout=25)).outcome == "stalled"
        assert service.looks == [0, 10, 20, 25]

    def test_a_stable_time_that_ends_after_the_last_read_is_a_timeout_that_says_how_long_it_held(self) -> None:
        state = Scripted(["Creating", "Running"]).hold(replace(self.conditions, stable_for=50))
        assert (state.outcome, state.held) == ("timeout", 48)

    def test_tells_each_state_and_when_the_next_read_is_due(self) -> None:
        service, told = Scripted(["Creating", "Running"]), []
        hold(
            service.look,
            self.conditions,
            lambda: service.now,
            lambda: 1.0,
            lambda state, due: told.append((state.outcome, due)),
            service.rest,
        )
        assert told == [(None, 10), ("reached", None)]
