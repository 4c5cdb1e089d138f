# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the gate of one release, a table for each of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.release_gate import ReleaseGate
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release, parse
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import Conditions, Schedule
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    changed,
    deployment,
    document,
    error_of_kind,
    exceeded,
    release,
    without_status,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.observed import (
    BROKEN,
    FAR,
    Seen,
    every,
    observation,
    observe,
)

RUNNING = Conditions(("Running",))
READY = replace(RUNNING, ready=True)
STABLE = replace(RUNNING, stable_for=60)
STALL = replace(RUNNING, stall_timeout=100)

IN_TIME = Schedule(wait_timeout=600)


def after(conditions: Conditions, *observations: tuple[float, float, Seen], schedule: Schedule = FAR) -> ReleaseGate:
    return observe(ReleaseGate(conditions, schedule), *observations)


def renamed(name: Any, phase: str = "Running", uid: Any = "") -> Release:
    return release(phase, uid=uid, name=name)


def with_planned(planned: Any) -> Release:
    content = document()
    content["spec"]["grayDeployments"] = planned
    return parse(content)


def touched(phase: str) -> Release:
    content = document(phase)
    content["status"]["updateTime"] = "2026-03-01T13:00:00Z"
    return parse(content)


class TestPhases:
    @pytest.mark.parametrize("phase", ["Running", "running", " RUNNING", "Running\n", "\tRunning "])
    def test_are_compared_stripped_and_case_insensitively(self, phase: str) -> None:
        assert after(RUNNING, (0, 1, phase)).outcome == "reached"
        assert after(replace(RUNNING, success_phases=(phase,)), (0, 1, "Running")).outcome == "reached"

    @pytest.mark.parametrize(
        "phase", ["Creating", "Run", "Running2", "Not Running", "", " ", None, 7, True, ["Running"]]
    )
    def test_that_are_not_named_leave_the_gate_closed(self, phase: Any) -> None:
        conditions = Conditions(("Running", "7", "True", "None", "['Running']"), ("", "0.5"))
        assert after(conditions, (0, 1, release(phase))).outcome is None


class TestOrder:
    """Complete after the deadline, final error, replaced, failed, reached, stalled."""

    conditions = Conditions(("Running",), ("Failed",), ready=True, stall_timeout=100)

    @pytest.mark.parametrize(
        ("last", "outcome"),
        [
            ((599, 600, "Running"), "reached"),
            ((599, 600.001, "Running"), "timeout"),
            ((599, 601, "Failed"), "timeout"),
            ((599, 601, release(uid="uid-2")), "timeout"),
            ((599, 601, error_of_kind("denied")), "timeout"),
            ((599, 601, 404), "timeout"),
            ((200, 201, error_of_kind("denied")), "error"),
            ((200, 201, release("Failed", uid="uid-2")), "replaced"),
            ((200, 201, release("Running", uid="uid-2")), "replaced"),
            ((200, 201, "Failed"), "failed"),
            ((200, 201, release("Running", [exceeded()])), "failed"),
            ((101, 101, "Running"), "reached"),
            ((25, 26, "Creating"), None),
        ],
    )
    def test_of_outcomes(self, last: tuple[float, float, Seen], outcome: str | None) -> None:
        assert after(self.conditions, (0, 1, "Creating"), last, schedule=IN_TIME).outcome == outcome

    @pytest.mark.parametrize(
        "late",
        ["Running", "Failed", 404, error_of_kind("denied"), release(uid="uid-2")],
        ids=["Running", "Failed", "404", "denied", "another uid"],
    )
    @pytest.mark.parametrize("first", ["Running", "Failed", 404, error_of_kind("denied")], ids=str)
    def test_an_outcome_is_final(self, first: Seen, late: Seen) -> None:
        gate = after(self.conditions, (0, 1, first), schedule=IN_TIME)
        assert gate.outcome is not None
        assert observe(gate, (2, 3, late), (598, 603, late)) == gate


class TestReplaced:
    @pytest.mark.parametrize(
        ("observations", "outcome"),
        [
            pytest.param(["Creating", release(uid="uid-2")], "replaced", id="another uid"),
            pytest.param(["Creating", 404, release(uid="uid-2")], "replaced", id="another uid after a 404"),
            pytest.param(["Creating", release(uid="uid-2", name="other")], "replaced", id="another uid and name"),
            pytest.param(["Creating", release(name="other")], "reached", id="the same uid with another name"),
            pytest.param(["Creating", release(uid=None)], "replaced", id="the uid is gone"),
            pytest.param(["Creating", release(uid="")], "replaced", id="the uid is empty"),
            pytest.param([renamed("a", "Creating"), release()], "replaced", id="a uid that was not there at first"),
            pytest.param([renamed("a", "Creating"), renamed("b")], "replaced", id="no uid, another name"),
            pytest.param([renamed("a", "Creating"), renamed(None)], "replaced", id="no uid, and the name is gone"),
            pytest.param(
                [renamed("a", "Creating"), 404, renamed("b")], "replaced", id="no uid, another name after a 404"
            ),
            pytest.param([renamed("a", "Creating"), renamed("a")], "reached", id="no uid, the same name"),
            pytest.param(
                [renamed("a", "Creating", None), renamed("a")], "reached", id="null and empty are both no uid"
            ),
        ],
    )
    def test_is_another_uid_or_without_one_another_name(self, observations: list[Seen], outcome: str) -> None:
        assert after(RUNNING, *every(10, *observations)).outcome == outcome

    @pytest.mark.parametrize(
        ("versions", "outcome"),
        [
            (["v2", "v1"], "replaced"),
            (["v1", "v3", "v2", None], "replaced"),
            (["v1", "v3", "v1"], None),
            (["1.10", 1.1, ["v2"], " v2", None], None),
        ],
    )
    def test_is_another_version_after_it_matched(self, versions: list[Any], outcome: str | None) -> None:
        conditions = replace(RUNNING, version="v2", success_phases=("Done",))
        seen = [release("Creating", version=version) for version in versions]
        assert after(conditions, *every(10, *seen)).outcome == outcome

    def test_is_no_other_version_when_none_is_wanted(self) -> None:
        seen = [release("Creating", version="v1"), release("Running", version="v2")]
        assert after(RUNNING, *every(10, *seen)).outcome == "reached"


class TestFailed:
    @pytest.mark.parametrize(
        ("conditions", "seen", "outcome"),
        [
            (replace(RUNNING, failure_phases=("Failed",)), " FAILED\n", "failed"),
            (READY, release("Creating", [deployment(), exceeded()]), "failed"),
            (RUNNING, release("Creating", [exceeded()]), None),
            (READY, release("Creating", [exceeded(observedGeneration=1)]), None),
        ],
        ids=["phase", "progress deadline with ready", "progress deadline without ready", "of an older generation"],
    )
    def test_is_a_failure_phase_or_an_exceeded_progress_deadline(
        self, conditions: Conditions, seen: Seen, outcome: str | None
    ) -> None:
        assert after(conditions, (0, 1, seen)).outcome == outcome

    def test_is_no_progress_deadline_of_the_original_workload(self) -> None:
        content = document()
        content["status"]["deployment"] = exceeded()
        assert after(READY, (0, 1, parse(content))).outcome == "reached"


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(release(gray=[]), id="no gray workload"),
        pytest.param(release(gray=[], planned=1), id="none of those planned"),
        pytest.param(release(gray=[deployment()], planned=2), id="fewer than planned"),
        pytest.param(release(gray=[without_status()]), id="no status"),
        pytest.param(release(gray=[deployment(wanted=0, ready=0)]), id="wants no replica"),
        pytest.param(release(gray=[deployment("a"), deployment("b", ready=2)]), id="one of two not rolled out"),
        pytest.param(release(gray=["reviews-gray"]), id="not a Deployment"),
        pytest.param(with_planned(None), id="null is planned"),
        pytest.param(with_planned({"1": {}}), id="an object is planned"),
        pytest.param(parse({**document(), "spec": []}), id="spec is not an object"),
    ],
)
def test_ready_keeps_the_gate_closed(seen: Release) -> None:
    assert after(READY, *every(10, seen, seen)).outcome is None
    assert after(RUNNING, (0, 1, seen)).outcome == "reached"


@pytest.mark.parametrize(
    ("images", "seen", "outcome"),
    [
        pytest.param((IMAGE,), release(gray=[deployment("a"), deployment("b")]), "reached", id="every workload has it"),
        pytest.param((IMAGE,), release(gray=[deployment(), deployment("b", image="other")]), None, id="one lacks it"),
        pytest.param((IMAGE,), release(gray=[]), None, id="no gray workload"),
        pytest.param((IMAGE,), release(planned=2), None, id="fewer than planned"),
        pytest.param((IMAGE,), release(gray=[deployment(image=IMAGE + "3")]), None, id="only its beginning"),
        pytest.param((IMAGE, "sidecar:1"), release(), None, id="one of two images"),
    ],
)
def test_images(images: tuple[str, ...], seen: Release, outcome: str | None) -> None:
    assert after(replace(RUNNING, images=images), (0, 1, seen)).outcome == outcome


class TestStableFor:
    def test_counts_from_the_end_of_the_first_response_to_the_start_of_the_latest(self) -> None:
        gate = after(STABLE, (0, 5, "Running"), *every(20, "Running", "Running", start=20), (60, 62, "Running"))
        assert (gate.outcome, gate.held) == (None, 55)
        assert observe(gate, (64.9, 65.5, "Running")).outcome is None
        assert observe(gate, (65, 65, "Running")).outcome == "reached"

    def test_needs_two_reads(self) -> None:
        assert after(STABLE, (0, 100, "Running")).outcome is None

    def test_0_needs_one_read(self) -> None:
        assert after(RUNNING, (0, 1, "Running")).outcome == "reached"

    @pytest.mark.parametrize("broken", ["Creating", "", 404, release(gray=[deployment(image="other")])], ids=str)
    def test_begins_again_after_a_response_that_does_not_meet_all_conditions(self, broken: Seen) -> None:
        conditions = replace(STABLE, images=(IMAGE,), on_missing="accept", missing_after=("Running",))
        gate = after(conditions, *every(10, *["Running"] * 6, broken))
        assert (gate.outcome, gate.held) == (None, 0)
        gate = observe(gate, (70, 70, "Running"))
        assert (gate.outcome, gate.held) == (None, 0)

    @pytest.mark.parametrize("between", ["Done", touched("Running"), 503], ids=["success phase", "updateTime", "503"])
    def test_goes_on_across(self, between: Seen) -> None:
        conditions = replace(STABLE, success_phases=("Running", "Done"))
        assert after(conditions, *every(15, "Running", "Running", between, "Running", "Running")).outcome == "reached"

    def test_is_not_extended_by_transient_errors(self) -> None:
        gate = after(STABLE, *every(20, "Running", "Running", 503, 503, start=0))
        assert (gate.outcome, gate.held) == (None, 20)

    @pytest.mark.parametrize(
        ("wait_sleep", "request_timeout", "longest"), [(10, 15, 30), (1, 15, 15), (10, 60, 60), (1, 1, 3)]
    )
    @pytest.mark.parametrize("takes", [0.0, 2.0])
    def test_begins_again_after_a_gap(self, wait_sleep: int, request_timeout: int, longest: int, takes: float) -> None:
        schedule = replace(FAR, wait_sleep=wait_sleep, request_timeout=request_timeout)
        gate = after(STABLE, (0, 1, "Running"), schedule=schedule)
        assert observe(gate, (1 + longest - takes, 1 + longest, "Running")).held == longest - takes
        assert observe(gate, (1.1 + longest - takes, 1.1 + longest, "Running")).held == 0

    def test_is_not_bridged_by_a_slow_response(self) -> None:
        gate = after(STABLE, (0, 0, "Running"), (10, 25, 503), (26, 41, "Running"), (60, 60, "Running"))
        assert (gate.outcome, gate.held) == (None, 19)

    @pytest.mark.parametrize(("at", "outcome"), [(180, "reached"), (181, None)])
    def test_has_no_gap_while_polls_are_as_long_as_their_single_reads(self, at: float, outcome: str | None) -> None:
        gate = after(STABLE, (0, 0, "Running"))
        assert gate.observe(replace(observation(at, at, "Running"), interval=60)).outcome == outcome


class TestStalled:
    @pytest.mark.parametrize(("at", "outcome"), [(99.9, None), (100, "stalled")])
    def test_is_no_change_for_stall_timeout(self, at: float, outcome: str | None) -> None:
        assert after(STALL, *every(25, *["Creating"] * 4), (at, at, "Creating")).outcome == outcome
        assert after(RUNNING, *every(25, *["Creating"] * 4), (at, at, "Creating")).outcome is None

    @pytest.mark.parametrize(
        ("before", "now"),
        [
            pytest.param("Creating", "Starting", id="phase"),
            pytest.param(release("Creating", version="v1"), release("Creating", version="v2"), id="version"),
            pytest.param("Creating", release("Creating", [deployment(wanted=4)]), id="replicas"),
            pytest.param(release("Creating", [deployment(updatedReplicas=1)]), "Creating", id="updated replicas"),
            pytest.param(release("Creating", [deployment(ready=1)]), "Creating", id="more ready replicas"),
            pytest.param(
                release("Creating", [deployment(), deployment("b", ready=0)]),
                release("Creating", [deployment(), deployment("b", ready=1)]),
                id="more ready replicas of the workload that has fewer",
            ),
            pytest.param("Creating", release("Creating", [deployment(), deployment("b")]), id="a gray workload"),
        ],
    )
    def test_begins_again_with_a_change_of(self, before: Seen, now: Seen) -> None:
        gate = after(STALL, *every(25, before, before, before, before, now, now, now, now))
        assert gate.outcome is None
        assert observe(gate, (200, 200, now)).outcome == "stalled"

    @pytest.mark.parametrize(
        "same",
        [
            pytest.param(release(" creating"), id="the phase in another case"),
            pytest.param(release("Creating", [deployment(ready=1)]), id="fewer ready replicas"),
            pytest.param(release("Creating", [deployment(availableReplicas=1)]), id="available replicas"),
            pytest.param(touched("Creating"), id="updateTime"),
        ],
    )
    def test_goes_on_with_a_change_of(self, same: Seen) -> None:
        assert after(STALL, *every(25, "Creating", same, "Creating", same, "Creating")).outcome == "stalled"

    @pytest.mark.parametrize("seen", [404, 503])
    def test_needs_the_release_itself(self, seen: Seen) -> None:
        assert after(STALL, *every(25, *["Creating"] * 4), (110, 110, seen)).outcome is None

    def test_time_stands_still_while_the_conditions_are_met(self) -> None:
        conditions = replace(STALL, stable_for=1000, success_phases=("Creating",), images=(IMAGE,))
        other = release("Creating", [deployment(image="other")])
        gate = after(conditions, *every(25, *["Creating"] * 10, *[other] * 4))
        assert gate.outcome is None
        assert observe(gate, (350, 350, other)).outcome == "stalled"

    def test_time_stands_still_before_the_release_appears(self) -> None:
        conditions = replace(STALL, on_missing="wait")
        assert after(conditions, *every(25, *[404] * 10, "Creating", "Creating")).outcome is None

    def test_begins_again_after_a_gap(self) -> None:
        seen = [*every(25, *["Creating"] * 3), *every(25, "Creating", "Creating", start=81)]
        assert after(STALL, *seen).outcome is None


class TestMissing:
    fail = RUNNING
    wait = replace(RUNNING, on_missing="wait", missing_after=("Finishing",))
    accept = replace(RUNNING, on_missing="accept", missing_after=("Finishing",))

    @pytest.mark.parametrize(
        ("conditions", "seen", "outcome"),
        [
            pytest.param(fail, [404], "missing", id="fail: at once"),
            pytest.param(fail, ["Finishing", 404], None, id="fail, seen: not at the first"),
            pytest.param(fail, ["Finishing", 404, 404], "missing", id="fail, seen: at the second in a row"),
            pytest.param(fail, ["Finishing", 404, "Finishing", 404], None, id="fail, seen: not in a row"),
            pytest.param(fail, ["Finishing", 404, 503, 404], "missing", id="fail, seen: across a transient error"),
            pytest.param(wait, [404] * 50, None, id="wait"),
            pytest.param(wait, [404, 404, "Running"], "reached", id="wait: it appears"),
            pytest.param(wait, ["Finishing", 404], None, id="wait, seen: not at the first"),
            pytest.param(wait, ["Finishing", 404, 404], "missing", id="wait, seen: as fail"),
            pytest.param(accept, [404], "missing", id="accept: a wrong id opens nothing"),
            pytest.param(accept, [503, 404], "missing", id="accept: nor after a transient error"),
            pytest.param(accept, ["Finishing", 404], None, id="accept, seen: not at the first"),
            pytest.param(accept, [" finishing", 404, 404], "reached", id="accept, seen: at the second in a row"),
            pytest.param(accept, ["Finishing", 404, "Finishing", 404], None, id="accept, seen: not in a row"),
            pytest.param(accept, ["Finishing", "Creating", 404, 404], "missing", id="accept: only the last phase"),
            pytest.param(accept, [release(None), 404, 404], "missing", id="accept: no phase"),
            pytest.param(replace(accept, version="v2"), ["Finishing", 404, 404], "reached", id="version was met"),
            pytest.param(replace(accept, version="v3"), ["Finishing", 404, 404], "missing", id="version was not met"),
            pytest.param(replace(accept, images=("b",)), ["Finishing", 404, 404], "missing", id="images were not met"),
            pytest.param(
                replace(accept, ready=True),
                [release("Finishing", [deployment(ready=2)]), 404, 404],
                "missing",
                id="ready was not met",
            ),
        ],
    )
    def test_is(self, conditions: Conditions, seen: list[Seen], outcome: str | None) -> None:
        gate = after(conditions, *every(10, *seen))
        assert gate.outcome == outcome
        assert outcome != "missing" or (gate.error is not None and gate.error.kind == "not_found")

    @pytest.mark.parametrize(("at", "outcome"), [((79.9, 80), None), ((80, 80), "reached")])
    def test_accept_waits_for_stable_for(self, at: tuple[float, float], outcome: str | None) -> None:
        conditions = replace(self.accept, stable_for=60)
        assert after(conditions, *every(20, "Finishing", 404, 404, 404), (*at, 404)).outcome == outcome

    @pytest.mark.parametrize(("at", "outcome"), [(40, "reached"), (40.1, None)])
    def test_two_404s_across_a_gap_are_not_in_a_row(self, at: float, outcome: str | None) -> None:
        assert after(self.accept, (0, 0, "Finishing"), (10, 10, 404), (at, at, 404)).outcome == outcome

    @pytest.mark.parametrize(
        ("conditions", "seen", "outcome"),
        [(wait, [404, 404], "missing"), (wait, [503], "timeout"), (wait, ["Creating", 404], "timeout")],
    )
    def test_wait_ends_at_the_deadline(self, conditions: Conditions, seen: list[Seen], outcome: str) -> None:
        assert after(conditions, *every(10, *seen)).at_deadline().outcome == outcome


@pytest.mark.parametrize("kind", ["usage", "credentials", "denied", "endpoint", "tls", "proxy", "protocol", "internal"])
def test_a_final_error_ends_the_wait(kind: str) -> None:
    gate = after(RUNNING, *every(10, "Creating", error_of_kind(kind)))
    assert (gate.outcome, gate.error and gate.error.kind) == ("error", kind)


@pytest.mark.parametrize("error", [*map(error_of_kind, ("throttled", "server", "network", "timeout")), BROKEN])
def test_a_transient_error_does_not_end_the_wait(error: Seen) -> None:
    assert after(RUNNING, *every(10, "Creating", *[error] * 50)).outcome is None


class TestShownInPart:
    """What a list shows of a release beside its single reads."""

    whole = Conditions(("Running",), (), True, "v2", (IMAGE,), on_missing="accept", missing_after=("Running",))

    @pytest.mark.parametrize(
        ("part", "is_denied"),
        [
            (release("Running"), False),
            (replace(release(None, [], version=None), has_workloads=False), False),
            (release(None, []), True),
            (release(gray=[{**without_status(), "spec": {}}], planned=2), True),
            (release("Creating"), True),
            (release(version="v1"), True),
            (release(uid="uid-2"), True),
            (release(gray=[deployment(), without_status()]), False),
            (release(gray=[deployment(ready=1), without_status()]), True),
            (release(gray=[{**without_status(), "spec": {}}]), False),
            (release(gray=[{**without_status(), "status": {}}]), False),
            (release(gray=[changed(without_status(), "spec.replicas", 0)]), True),
            (release(gray=[{**without_status(), "kind": "Pod"}]), True),
            (
                parse(changed(document(), "status.grayDeployments.0.spec.template.spec.containers.0.image", "other")),
                True,
            ),
            (release(gray=[deployment(image="other"), without_status()]), True),
            (release(gray=[deployment()], planned=2), True),
        ],
        ids=[
            "all met",
            "nothing shown",
            "no workload created",
            "one of two workloads created, without status and image",
            "phase",
            "version",
            "uid",
            "a workload without status",
            "not ready beside one without status",
            "neither status nor image",
            "an empty status",
            "no replicas wanted, without status",
            "no Deployment, without status",
            "image",
            "image beside one without status",
            "a workload not created",
        ],
    )
    def test_denies_what_it_shows_and_nothing_else(self, part: Release, is_denied: bool) -> None:
        gate = after(replace(self.whole, stable_for=60), (0, 0, "Running"), (30, 30, "Running")).shown_in_part(part)
        assert (gate.holding is None, gate.accepts_absence) == (is_denied, not is_denied)

    def test_denies_until_a_list_does_not(self) -> None:
        gate = after(replace(self.whole, stable_for=60), (0, 0, "Running")).shown_in_part(release("Creating"))
        gate = observe(gate, (10, 10, "Running"))
        assert (gate.is_denied, gate.due_times()) == (True, [])
        gate = gate.shown_in_part(release("Running"))
        assert (gate.is_denied, gate.due_times()) == (False, [70])

    @pytest.mark.parametrize("is_read", [True, False], ids=["404", "list"])
    def test_is_no_idle_time(self, is_read: bool) -> None:
        gate = after(replace(STALL, ready=True, stable_for=300), (0, 0, "Running"), (90, 90, "Running"))
        for seconds in range(100, 250, 10):
            other = (
                observe(gate, (seconds - 5, seconds - 5, 404)) if is_read else gate.shown_in_part(release("Creating"))
            )
            gate = observe(other, (seconds, seconds, "Running"))
        unavailable = release(gray=[deployment(availableReplicas=0)])
        assert observe(gate, (250, 250, unavailable)).outcome is None


class TestTimeline:
    def test_has_an_entry_for_each_change_of_phase_or_readiness(self) -> None:
        half = release("Creating", [deployment(ready=1)])
        gate = after(RUNNING, *every(10, "Creating", "Creating", half, 503, half, 404, "Running"))
        changes = [(each.phase, each.ready_replicas, each.replicas, each.after) for each in gate.timeline.changes]
        assert changes == [("Creating", 3, 3, 0), ("Creating", 1, 3, 20), ("", 0, 0, 50), ("Running", 3, 3, 60)]
        assert gate.timeline.phases == ("Creating", "Running")

    @pytest.mark.parametrize(("changes", "omitted"), [(50, 0), (250, 0), (251, 1), (400, 150)])
    def test_keeps_the_last_250_changes(self, changes: int, omitted: int) -> None:
        gate = after(RUNNING, *every(1, *(f"Step {number}" for number in range(changes))))
        assert [each.after for each in gate.timeline.changes] == list(range(omitted, changes))
        assert gate.timeline.omitted == omitted
        assert gate.timeline.phases == tuple(f"Step {number}" for number in range(changes))[-20:]


@pytest.mark.parametrize(
    ("conditions", "seen", "unmet"),
    [
        (RUNNING, ["Creating"], [("success_phases", "", ("Running",))]),
        (STABLE, ["Running", "Running"], [("stable_for", "10", ("60",))]),
        (replace(RUNNING, version="v3"), ["Running"], [("version", "v2", ("v3",))]),
        (replace(RUNNING, images=("a", IMAGE)), ["Running"], [("images", "", ("a",))]),
        (READY, [release(gray=[])], [("ready", "there is no gray workload", ())]),
        (TestMissing.accept, ["Finishing", 404], [("missing_after", "", ())]),
        (replace(TestMissing.accept, stable_for=60), ["Finishing", 404, 404], [("stable_for", "10", ("60",))]),
        (RUNNING, ["Creating", 404], [("success_phases", "", ("Running",))]),
        (TestMissing.wait, [404], [("success_phases", "", ("Running",))]),
    ],
)
def test_unmet_says_what_keeps_the_gate_closed(
    conditions: Conditions, seen: list[Seen], unmet: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    gate = after(conditions, *every(10, *seen))
    assert [(each.option, each.seen, each.wanted) for each in gate.unmet()] == unmet
