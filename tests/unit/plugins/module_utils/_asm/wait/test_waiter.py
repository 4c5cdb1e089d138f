# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When and how the releases of a gate are read: the loop and its polls on a scripted clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError, DeniedError, InternalError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import Conditions, Schedule
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    LAST_SHOWN,
    MISSING,
    changed,
    error_of_kind,
    not_found,
    shown_in_part,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.observed import (
    THROTTLED,
    Seen,
    outcomes,
    throttled,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import item
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.wait.clients import (
    LIST,
    RUNNING,
    Call,
    FakeClient,
    Listed,
)
from hypothesis import given, settings
from hypothesis import strategies as st

SERVER = error_of_kind("server")
DENIED = DeniedError("the credentials lack a permission", "grant it")
TWO_MINUTES = Schedule(wait_timeout=120)
ACCEPTING = Conditions(("Done",), ready=True, on_missing="accept", missing_after=("Running",))


def one(*seen: Seen, takes: float = 0.0) -> FakeClient:
    return FakeClient({"a": seen}, takes=takes)


def in_part(name: str, lacks: str = "status") -> dict[str, Any]:
    return {key: value for key, value in item(name).items() if key != lacks}


class TestOneRelease:
    @pytest.mark.parametrize(
        ("seen", "jitter", "times"),
        [
            pytest.param(["", "", "Running"], 1.0, [0, 10, 20], id="every wait_sleep"),
            pytest.param(["", "", "Running"], 1.1, [0, 11, 22], id="with jitter"),
            pytest.param(["", *[503] * 3, "Running"], 1.0, [0, 10, 11, 13, 17], id="sooner after transient errors"),
            pytest.param([503, 503, "", 503, "Running"], 1.0, [0, 1, 3, 13, 14], id="an answer between errors"),
            pytest.param(["", throttled(7), "Running"], 1.0, [0, 10, 20], id="no sooner after a 429"),
            pytest.param(["", throttled(12), "Running"], 1.0, [0, 10, 22], id="after its Retry-After"),
        ],
    )
    def test_is_read(self, seen: list[Seen], jitter: float, times: list[float]) -> None:
        call = Call(one(*seen), ["a"], jitter=jitter)
        assert call.wait().outcome == "reached"
        assert call.client.times == times

    @pytest.mark.parametrize(
        ("wait_timeout", "wait_sleep", "times"),
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
    def test_is_read_for_the_last_time_just_before_the_deadline(
        self, wait_timeout: float, wait_sleep: float, times: list[float]
    ) -> None:
        call = Call(one("Creating"), ["a"], Schedule(wait_timeout, wait_sleep))
        assert (call.wait().outcome, call.client.times) == ("timeout", times)

    @pytest.mark.parametrize(("takes", "outcome"), [(1.9, "reached"), (2.1, "timeout")])
    def test_is_reached_by_the_last_read_if_that_is_complete_in_time(self, takes: float, outcome: str) -> None:
        call = Call(one("Creating", "Running", takes=takes), ["a"], Schedule(60, 300))
        assert call.wait().outcome == outcome

    def test_is_not_read_again_after_the_last_read(self) -> None:
        call = Call(one("Creating", takes=59), ["a"])
        assert (call.wait().outcome, call.client.times) == ("timeout", [0])

    @pytest.mark.parametrize(
        ("conditions", "seen", "outcome", "times"),
        [
            (replace(RUNNING, stable_for=25), ["Running"], "reached", [0, 10, 20, 25]),
            (replace(RUNNING, stable_for=50), ["Creating", "Running"], "timeout", [0, 10, 20, 30, 40, 50, 58]),
            (replace(RUNNING, stall_timeout=25), ["Creating"], "stalled", [0, 10, 20, 25]),
            (
                Conditions(("Done",), on_missing="accept", missing_after=("Running",), stable_for=25),
                ["Running", 404],
                "reached",
                [0, 10, 20, 30, 35],
            ),
        ],
    )
    def test_is_read_when_a_response_decides(
        self, conditions: Conditions, seen: list[Seen], outcome: str, times: list[float]
    ) -> None:
        call = Call(one(*seen), ["a"], conditions=conditions)
        assert call.wait().outcome == outcome
        assert call.client.times == pytest.approx(times, abs=0.01)

    def test_of_a_service_is_followed_by_its_uid(self) -> None:
        call = Call(one("Creating"), ["service:a"])
        call.client.scripts = {"a": ["Creating", 404, 404]}
        assert call.wait().outcome == "missing"
        assert call.client.asked == [(0, "a"), (10, "a"), (20, "a")]


class TestSeveralReleases:
    def test_with_ids_cost_one_request_a_poll(self) -> None:
        call = Call(FakeClient(listing=[[item("a", "Creating"), item("b")], [item("a"), item("b")]]), ["a", "uid-b"])
        assert call.wait().outcome == "reached"
        assert call.client.asked == [(0, LIST), (10, LIST)]

    def test_of_services_are_read_singly_within_the_budget(self) -> None:
        script: list[Seen] = ["Creating", "Creating", "Running"]
        call = Call(FakeClient({"a": script, "b": script}), ["service:a", "service:b"])
        assert call.wait().outcome == "reached"
        assert call.client.asked == [(0, "a"), (2, "b"), (10, "a"), (12, "b"), (20, "a"), (22, "b")]

    @pytest.mark.parametrize(
        ("listing", "asked"),
        [
            pytest.param([item("a")], [LIST, "b", "c"], id="is lacking"),
            pytest.param([item("a"), in_part("b")], [LIST, "uid-b", "c"], id="has no status"),
            pytest.param([item("a"), in_part("b", "spec")], [LIST, "uid-b", "c"], id="has no spec"),
            pytest.param([], [LIST, "a", "b", "c"], id="all are lacking"),
            pytest.param(not_found(), [LIST, "a", "b", "c"], id="the list is a 404"),
        ],
    )
    def test_that_the_list_does_not_show_are_read_singly_in_the_same_poll(
        self, listing: Listed, asked: list[str]
    ) -> None:
        scripts: dict[str, list[Seen]] = {name: ["Running"] for name in ("a", "b", "uid-b", "c")}
        call = Call(FakeClient(scripts, [listing]), ["a", "b", "service:c"])
        assert call.wait().outcome == "reached"
        assert [name for _at, name in call.client.asked] == asked
        assert call.client.times == [0, *range(0, 2 * len(asked) - 2, 2)]

    @pytest.mark.parametrize(
        ("conditions", "asked"), [(RUNNING, [LIST]), (replace(RUNNING, ready=True), [LIST, "uid-b"])]
    )
    def test_need_workloads_only_for_conditions_about_them(self, conditions: Conditions, asked: list[str]) -> None:
        bare = item("b")
        del bare["status"]["grayDeployments"]
        call = Call(FakeClient({"uid-b": ["Running"]}, [[item("a"), bare]]), ["a", "b"], conditions=conditions)
        assert call.wait().outcome == "reached"
        assert [name for _at, name in call.client.asked] == asked

    @pytest.mark.parametrize(
        ("place", "value", "conditions", "is_read"),
        [
            ("spec.version", MISSING, {"version": "v2"}, True),
            ("status.grayDeployments.0.status", {}, {"ready": True}, True),
            ("status.grayDeployments.0.status", {}, {"images": (IMAGE,)}, True),
            ("status.grayDeployments.0.status", {}, {}, False),
            ("status.grayDeployments.0.spec.template", MISSING, {"images": (IMAGE,)}, True),
            ("status.grayDeployments.0.spec.template", MISSING, {"ready": True, "version": "v2"}, False),
        ],
    )
    def test_are_read_singly_for_what_a_condition_needs(
        self, place: str, value: Any, conditions: dict[str, Any], is_read: bool
    ) -> None:
        client = FakeClient({"uid-b": ["Running"]}, [[item("a"), changed(item("b"), place, value)]])
        call = Call(client, ["a", "b"], conditions=replace(RUNNING, **conditions))
        assert call.wait().outcome == "reached"
        assert [name for _at, name in call.client.asked] == [LIST, *(["uid-b"] if is_read else [])]

    def test_without_a_uid_are_read_singly_once_it_is_known(self) -> None:
        shown = [[item("a", "Creating"), item("b")], [changed(item("a"), "metadata.uid", MISSING), item("b")]]
        call = Call(FakeClient({"uid-a": ["Running"]}, shown), ["a", "b"])
        assert (call.wait().outcome, call.client.asked[-1]) == ("reached", (10, "uid-a"))

    def test_that_a_namesake_hides_for_a_moment_are_read_by_their_own_uid(self) -> None:
        namesake = changed(in_part("a"), "metadata.uid", "uid-old")
        shown = [[in_part("a"), item("b")], [namesake, item("b")], [item("b")], [item("b")]]
        client = FakeClient({"uid-a": ["Creating", "Creating", "Running"], "uid-old": [404]}, shown)
        call = Call(client, ["a", "b"])
        assert call.wait().outcome == "reached"
        assert [name for _at, name in client.asked if name != LIST] == ["uid-a", "uid-old", "uid-a", "uid-a"]

    @pytest.mark.parametrize("times", [1, 2])
    def test_that_the_list_denies_are_read_no_more_often(self, times: int) -> None:
        other = [*[shown_in_part(item("a"), "status.phase", "Creating")] * times, item("b")]
        client = FakeClient({"uid-a": ["Running"]}, [other])
        call = Call(client, ["a", "b"], Schedule(wait_timeout=60), replace(RUNNING, ready=True, stable_for=1))
        assert call.wait().outcome == "timeout"
        assert len(client.asked) == 16
        assert "stable 0 of 1 s, because the list of the mesh denies it" in call.lines[-2]

    @pytest.mark.parametrize("then", [404, 503])
    def test_that_no_list_denies_any_more_have_no_such_reason(self, then: Seen) -> None:
        other = item("b", "Done")
        denied = [shown_in_part(item("a"), "status.phase", "Running"), other]
        last = [other] if then == 404 else [item("a", "Done"), other]
        client = FakeClient({"uid-a": ["Running", then]}, [denied, denied, last])
        call = Call(client, ["a", "b"], TWO_MINUTES, replace(ACCEPTING, stable_for=30))
        assert call.wait().outcome == "reached"
        assert not any("denies" in line for line in call.lines)

    def test_with_an_odd_uid_are_read_by_their_name(self) -> None:
        odd = {**in_part("a"), "metadata": {**item("a")["metadata"], "uid": ".."}}
        call = Call(FakeClient({"a": ["Running"]}, [[odd, item("b")]]), ["a", "b"])
        assert call.wait().outcome == "reached"
        assert [name for _at, name in call.client.asked] == [LIST, "a"]

    def test_that_the_list_lacks_are_missing_only_by_their_own_404(self) -> None:
        both = [item("a", "Creating"), item("b", "Creating")]
        client = FakeClient({"uid-b": ["Running", "Creating"]}, [both, [item("a", "Creating")], both[:1], [item("a")]])
        call = Call(client, ["a", "b"])
        assert call.wait().outcome == "reached"

    @pytest.mark.parametrize("times", [1, 2])
    @pytest.mark.parametrize(
        ("place", "value", "is_accepted"),
        [*LAST_SHOWN.values(), ("metadata.uid", "uid-other", False)],
        ids=[*LAST_SHOWN, "uid"],
    )
    def test_disappear_after_what_the_list_shows_last(
        self, place: str, value: Any, is_accepted: bool, times: int
    ) -> None:
        accepting = Conditions(("Done",), (), True, "v2", (IMAGE,), on_missing="accept", missing_after=("Running",))
        last, other = shown_in_part(item("a"), place, value), item("b", "Done")
        listing = [[item("a"), other], [*[last] * times, other], [other]]
        call = Call(FakeClient(listing=listing), ["a", "b"], conditions=accepting)
        assert call.wait().outcome == ("reached" if is_accepted and times == 1 else "missing")

    @pytest.mark.parametrize("more", [[], [item("a", version="v2")]], ids=["once", "twice"])
    @pytest.mark.parametrize(
        ("place", "value"), [("status.phase", "Failed"), ("status.phase", "Paused"), ("spec.version", "v1")]
    )
    def test_that_the_list_shows_without_a_condition_are_stable_from_then_on(
        self, place: str, value: str, more: list[Any]
    ) -> None:
        conditions = Conditions(("Running",), ("Failed",), ready=True, version="v2", stable_for=25)
        running = [item("a", version="v2"), item("b", version="v2")]
        other = [shown_in_part(running[0], place, value), *more, running[1]]
        client = FakeClient({"uid-a": [503]}, listing=[running, other, running])
        call = Call(client, ["a", "b"], Schedule(wait_timeout=120), conditions)
        gates = call.wait()
        assert gates.outcome == "reached"
        assert gates.ended == pytest.approx(45, abs=0.01)

    def test_that_disappeared_are_back_when_the_list_shows_them(self) -> None:
        both, part = [item("a"), item("b")], [shown_in_part(item("a"), "status.phase", "Running"), item("b")]
        client = FakeClient(
            {"uid-a": [404, 404, 503, 404, 404]},
            listing=[both, both[1:], both[1:], part, [item("b", "Done")]],
        )
        call = Call(client, ["a", "b"], TWO_MINUTES, ACCEPTING)
        assert (call.wait().outcome, [name for _at, name in call.client.asked].count("uid-a")) == ("reached", 5)

    def test_whose_404s_are_interrupted_by_the_list_are_there(self) -> None:
        shown = [item("a"), item("b", "Done")]
        part = [shown_in_part(shown[0], "status.phase", "Running"), shown[1]]
        client = FakeClient({"uid-a": [404, 503, 404, 404]}, listing=[shown, shown[1:], part, shown[1:], shown[1:]])
        call = Call(client, ["a", "b"], TWO_MINUTES, ACCEPTING)
        assert (call.wait().outcome, [name for _at, name in call.client.asked].count("uid-a")) == ("reached", 4)

    def test_that_are_closed_are_not_read_again(self) -> None:
        shown = [[item("a", "Failed"), item("b", "Creating")], [item("a"), item("b", "Creating")], [item("b")]]
        conditions = replace(RUNNING, failure_phases=("Failed",))
        call = Call(FakeClient(listing=shown), ["a", "b"], conditions=conditions, required=1)
        assert (call.wait().outcome, [name for _at, name in call.client.asked]) == ("reached", [LIST] * 3)

    def test_another_uid_under_a_name_is_replaced(self) -> None:
        shown = [[item("a", "Creating"), item("b")], [item("a", uid="uid-new"), item("b")]]
        call = Call(FakeClient(listing=shown), ["a", "b"])
        assert (call.wait().outcome, call.client.asked[-1]) == ("replaced", (10, LIST))

    def test_a_name_of_two_releases_is_refused_with_their_uids(self) -> None:
        call = Call(FakeClient(listing=[[item("a"), item("b", uid="1"), item("b", uid="2")]]), ["a", "b"])
        gates = call.wait()
        assert (gates.outcome, gates.error and gates.error.kind) == ("error", "usage")
        assert gates.error is not None
        assert gates.error.seen == "1, 2"


class TestBudget:
    def test_holds_across_polls(self) -> None:
        names = [f"service:{number}" for number in range(5)]
        client = FakeClient({str(number): ["Creating", "Creating", "Running"] for number in range(5)})
        call = Call(client, names, Schedule(600, 10, requests_per_minute=12))
        assert call.wait().outcome == "reached"
        assert client.times == [5.0 * number for number in range(15)]

    def test_keeps_stable_for_while_polls_take_longer_than_wait_sleep(self) -> None:
        names = [f"service:{number}" for number in range(30)]
        client = FakeClient({str(number): ["Running"] for number in range(30)})
        call = Call(client, names, Schedule(600, 1), replace(RUNNING, stable_for=60))
        gates = call.wait()
        assert (gates.outcome, round(gates.ended)) == ("reached", 118)

    @pytest.mark.parametrize(
        ("error", "times"),
        [
            pytest.param(SERVER, [0, 2, 4, 10, 12, 14], id="503: the next is due anyway"),
            pytest.param(THROTTLED, [0, 10, 12, 18, 20, 22], id="429: wait_sleep"),
            pytest.param(throttled(20), [0, 20, 22, 28, 30, 32], id="429: Retry-After"),
        ],
    )
    def test_is_delayed_by_an_error_of_a_single_read(self, error: Seen, times: list[float]) -> None:
        client = FakeClient({"a": [error, "Running"], "b": ["Creating", "Running"], "c": ["Running"]})
        call = Call(client, ["service:a", "service:b", "service:c"], TWO_MINUTES)
        assert (call.wait().outcome, client.times) == ("reached", times)

    def test_no_poll_begins_before_the_pause_of_a_429_is_over(self) -> None:
        client = FakeClient({"a": ["Creating", "Running"], "b": [throttled(30), "Running"]})
        call = Call(client, ["service:a", "service:b"], TWO_MINUTES)
        assert (call.wait().outcome, client.times) == ("reached", [0, 2, 32, 34])

    def test_a_pause_that_ends_after_the_deadline_ends_the_wait(self) -> None:
        client = FakeClient({"a": ["Creating"], "b": ["Creating", THROTTLED]})
        call = Call(client, ["service:a", "service:b"], Schedule(60, 30))
        gates = call.wait()
        assert (gates.outcome, gates.error) == ("timeout", THROTTLED)
        assert gates.ended <= 60
        assert client.clock() <= 60


class TestDeniedList:
    def test_is_replaced_by_single_reads_with_one_warning(self) -> None:
        client = FakeClient({"a": ["Creating", "Running"], "b": ["Running"]}, [DENIED])
        call = Call(client, ["a", "b"])
        assert call.wait().outcome == "reached"
        assert client.asked == [(0, LIST), (0, "a"), (2, "b"), (10, "a"), (12, "b")]
        (warning,) = call.warnings
        assert "asm:mesh:listReleases" in warning

    @pytest.mark.parametrize(("wait_timeout", "outcome"), [(17, "error"), (18, "timeout")])
    def test_ends_the_wait_if_not_each_release_can_be_read_twice(self, wait_timeout: float, outcome: str) -> None:
        client = FakeClient({name: ["Creating"] for name in "abcd"}, [DENIED])
        call = Call(client, "abcd", Schedule(wait_timeout))
        gates = call.wait()
        assert gates.outcome == outcome
        assert (client.asked == [(0, LIST)]) is (outcome == "error")
        if outcome == "error":
            assert gates.error is not None
            assert (gates.error.kind, call.warnings) == ("denied", [])
            assert "requests_per_minute 30" in gates.error.problem
            assert gates.error.hint == "grant it, or raise requests_per_minute or wait_timeout"


def test_a_caller_that_is_gone_ends_the_wait() -> None:
    client = one("Creating")
    call = Call(client, ["a"], is_cancelled=lambda: client.clock() > 3)
    with pytest.raises(InternalError, match="no longer waits"):
        call.wait()
    assert client.clock() < 6


class TestCheckMode:
    @pytest.mark.parametrize(
        ("conditions", "seen", "outcome"),
        [
            (RUNNING, ["Running"], "reached"),
            (RUNNING, ["Creating"], None),
            (replace(RUNNING, stable_for=5), ["Running"], None),
            (RUNNING, [404], "missing"),
            (replace(RUNNING, on_missing="wait"), [404], None),
            (RUNNING, [503, 503, "Running"], "reached"),
            (RUNNING, [503] * 4, "error"),
            (RUNNING, [error_of_kind("denied")], "error"),
        ],
    )
    def test_means_what_one_read_alone_means(self, conditions: Conditions, seen: list[Seen], outcome: str) -> None:
        call = Call(one(*seen), ["a"], conditions=conditions)
        gates = call.read()
        assert (gates.outcome, len(call.client.asked)) == (outcome, len(seen))

    def test_reads_each_of_several_once(self) -> None:
        client = FakeClient({"b": [503, "Creating"], "c": ["Running"]}, [SERVER, [item("a")]])
        call = Call(client, ["a", "b", "service:c"])
        gates = call.read()
        assert (gates.outcome, outcomes(gates)) == (None, ["reached", None, "reached"])
        assert [name for _at, name in client.asked] == [LIST, LIST, "b", "b", "c"]

    def test_retries_count_against_the_budget(self) -> None:
        client = FakeClient({"a": [503, "Running"], "b": [503, "Running"]})
        call = Call(client, ["service:a", "service:b"], Schedule(600, 10, requests_per_minute=12))
        assert call.read().outcome == "reached"
        assert client.times == [0, 5, 10, 15]

    def test_an_error_that_retries_did_not_fix_ends_it(self) -> None:
        client = FakeClient({"a": [503], "b": ["Running"]})
        gates = Call(client, ["service:a", "service:b"]).read()
        assert (gates.outcome, gates.error and gates.error.kind) == ("error", "server")


SEEN = st.sampled_from(["Creating", "Creating", "Running", 404, 503, THROTTLED, throttled(5), throttled(40)])


@settings(max_examples=100, deadline=None)
@given(
    scripts=st.lists(st.lists(SEEN, min_size=1, max_size=12), min_size=1, max_size=4),
    takes=st.sampled_from([0.0, 0.3, 7.0]),
    schedule=st.builds(
        Schedule,
        wait_timeout=st.sampled_from([5, 30, 100]),
        wait_sleep=st.sampled_from([1, 10, 25]),
        requests_per_minute=st.sampled_from([6, 30, 600]),
    ),
    jitter=st.sampled_from([0.9, 1.0, 1.1]),
    stable_for=st.sampled_from([0, 4, 20]),
)
def test_every_wait_ends_in_time_and_heeds_each_429(
    scripts: list[list[Seen]], takes: float, schedule: Schedule, jitter: float, stable_for: float
) -> None:
    names = [f"service:{number}" for number in range(len(scripts))]
    client = FakeClient({str(number): script for number, script in enumerate(scripts)}, takes=takes)
    conditions = Conditions(("Running",), on_missing="wait", stable_for=stable_for)
    gates = Call(client, names, schedule, conditions, jitter=jitter).wait()
    assert gates.outcome is not None
    assert client.clock() <= schedule.wait_timeout
    assert all(at < schedule.wait_timeout for at in client.times)
    spacing = 60 / schedule.requests_per_minute if len(names) > 1 else 0.0
    answers = {str(number): iter([*script, *[script[-1]] * 1000]) for number, script in enumerate(scripts)}
    shown = [next(answers[name]) for _at, name in client.asked]
    for error, at, later in zip(shown, client.times, client.times[1:]):
        assert later - at >= spacing - 0.02
        if isinstance(error, AsmError) and error.kind == "throttled":
            pause = max(schedule.wait_sleep, error.response.retry_after or 0.0)
            assert later - at >= pause - 0.02
