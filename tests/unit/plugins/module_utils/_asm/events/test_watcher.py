# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source on a scripted clock: when it asks for what, what it sends, and what ends it."""

from __future__ import annotations

import errno
import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import (
    AsmError,
    CredentialsError,
    ErrorResponse,
    NetworkError,
    ProtocolError,
    ProxyError,
    RequestTimeoutError,
    UsageError,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    LAST_SHOWN,
    MISSING,
    changed,
    deployment,
    shown_in_part,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.events.stage import (
    BUSY,
    DENIED,
    GATE,
    GONE,
    TOKEN,
    EndOfScriptError,
    Mesh,
    Stage,
    incomplete,
    item,
    stage,
    throttled,
)

NOT_READY = [deployment(ready=1)]


def many(count: int, **items: Any) -> Stage:
    """Return a stage with so many meshes, each with one release."""
    names = [f"mesh-{number}" for number in range(count)]
    return Stage({name: Mesh([item("reviews", mesh_id=name, **items)]) for name in names})


SCOPE = {"format": 2, "endpoint": "https://asm.example", "namespace": [], "service": [], "name": []}


FIELDS = {
    "namespace": ("metadata.namespace", "bookinfo"),
    "service": ("spec.serviceName", "reviews"),
    "name": ("metadata.name", "a"),
}
"""Place and value of the field of `a`, by the filter that needs it."""


class TestEvents:
    def test_old_releases_send_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"), item("b", "Failed"))
        assert there.run(monkeypatch, 60, **GATE) is None
        assert there.events == []

    def test_initial_reports_the_first_list(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"))
        there.run(monkeypatch, 5, initial=True, **GATE)
        assert there.sent == [("appeared", "a"), ("reached", "a")]

    def test_a_release_first_seen_in_the_second_list_was_present(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"))
        there.show(5, item("a"), item("b"))
        there.show(15, item("a"), item("b"), item("c", "Creating"))
        there.run(monkeypatch, 60)
        assert there.sent == [("appeared", "c")]

    def test_phase_and_readiness(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", "Creating", gray=NOT_READY))
        there.show(25, item("a", "Running", gray=NOT_READY))
        there.show(35, item("a", "Running"))
        there.show(45, item("a", "Running", gray=NOT_READY))
        there.run(monkeypatch, 60)
        assert [(event["kind"], event["phase"], event["previous_phase"], event["ready"]) for event in there.events] == [
            ("phase", "Running", "Creating", False),
            ("ready", "Running", "Running", True),
            ("ready", "Running", "Running", False),
        ]
        assert there.events[0]["at"] == "2026-03-01T12:00:30Z"

    def test_a_phase_in_another_case_is_no_change(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", "Running"))
        there.show(25, item("a", " running "))
        there.run(monkeypatch, 60)
        assert there.events == []

    def test_gone_needs_two_404s_in_a_row(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"), item("b"))
        there.show(25, item("b"))
        there.on(35, lambda: there.meshes["mesh"].items.append(item("a")))  # type: ignore[union-attr]
        there.show(45, item("b"))
        there.run(monkeypatch, 100)
        assert there.sent == [("gone", "a")]
        assert there.events[0]["found"] is False
        # Once gone, it is no longer asked for.
        assert there.times("mesh", "uid-a") == [32.0, 52.0, 62.0]

    def test_a_slow_list_does_not_bring_two_404s_together(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"))
        mesh = there.meshes["mesh"]
        there.on(25, lambda: setattr(mesh, "takes", 45))
        there.on(60, lambda: setattr(mesh, "takes", 0))
        there.show(60)
        there.show(95, item("a"))
        there.run(monkeypatch, 300, wait_sleep=30)
        assert there.sent == []

    def test_a_slow_404_and_the_next_one_count_as_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"))
        mesh = there.meshes["mesh"]
        there.show(29)
        there.on(31, lambda: setattr(mesh, "takes", 14))
        there.on(33, lambda: setattr(mesh, "takes", 0))
        there.show(50, item("a"))
        there.run(monkeypatch, 300)
        assert there.times("mesh", "uid-a") == [32, 48]
        assert there.sent == []

    def test_404s_before_and_after_a_list_that_shows_the_release_are_not_in_a_row(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = stage(item("a"))
        mesh = there.meshes["mesh"]
        there.show(15)
        there.show(25, incomplete("a"))
        there.on(25, lambda: setattr(mesh, "singly", {"uid-a": BUSY}))
        there.show(35)
        there.on(35, lambda: setattr(mesh, "singly", {}))
        there.show(47, item("a"))
        there.run(monkeypatch, 300)
        assert there.times("mesh", "uid-a") == [22, 32, 44]
        assert there.sent == []

    def test_a_release_that_the_list_lacks_but_a_read_finds_is_not_gone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", "Creating"))
        there.show(25)
        there.meshes["mesh"].singly["uid-a"] = item("a", "Running")
        there.run(monkeypatch, 60)
        assert there.sent == [("phase", "a")]

    @pytest.mark.parametrize("shown", [incomplete("a"), item("a", None), item("a", " ")])
    def test_an_incomplete_item_is_read_singly(self, monkeypatch: pytest.MonkeyPatch, shown: dict[str, Any]) -> None:
        there = stage(shown)
        there.meshes["mesh"].singly["uid-a"] = item("a", "Creating")
        there.on(25, lambda: there.meshes["mesh"].singly.update({"uid-a": item("a", "Running")}))
        there.run(monkeypatch, 60)
        assert there.sent == [("phase", "a")]

    def test_a_gate_has_one_verdict_until_something_changes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", "Creating"))
        there.show(25, item("a", "Running"))
        there.show(45, item("a", "Running", gray=NOT_READY))
        there.show(55, item("a", "Running"))
        there.show(65, item("a", "Failed"))
        there.run(monkeypatch, 90, **GATE)
        assert [kind for kind, _name in there.sent] == ["phase", "reached", "ready", "ready", "phase", "failed"]
        assert there.events[1]["gate"]["outcome"] == "reached"
        assert "a (bookinfo)" in there.events[1]["msg"]

    @pytest.mark.parametrize(
        ("takes", "options"),
        [
            pytest.param(0, {"stable_for": 250}, id="long-interval"),
            pytest.param(1, {"stable_for": 60, "requests_per_minute": 300}, id="slow-round"),
        ],
    )
    def test_stable_for_holds_where_many_meshes_make_polls_rare(
        self, monkeypatch: pytest.MonkeyPatch, takes: float, options: dict[str, Any]
    ) -> None:
        there = many(40, phase="Creating")
        there.takes = takes
        for mesh_id in there.meshes:
            there.show(300, item("reviews", "Running", mesh_id=mesh_id), mesh_id=mesh_id)
        there.run(monkeypatch, 1000, **GATE, **options, wait_timeout=900)
        assert [kind for kind, _name in there.sent].count("reached") == 40

    @pytest.mark.parametrize(
        ("shown", "takes"), [pytest.param(item, 40, id="slow-list"), pytest.param(incomplete, 12, id="slow-reads")]
    )
    def test_stable_for_holds_where_each_poll_takes_longer_than_the_interval(
        self, monkeypatch: pytest.MonkeyPatch, shown: Callable[..., dict[str, Any]], takes: float
    ) -> None:
        there = stage(*(shown(name, phase="Creating") for name in "abcd"))
        mesh = there.meshes["mesh"]
        mesh.takes = takes
        mesh.singly = {f"uid-{name}": item(name, "Creating") for name in "abcd"}
        there.on(150, partial(setattr, mesh, "singly", {f"uid-{name}": item(name) for name in "abcd"}))
        there.show(150, *map(shown, "abcd"))
        there.run(monkeypatch, 600, **GATE, stable_for=60)
        assert sorted(there.sent) == [(kind, name) for kind in ("phase", "reached") for name in "abcd"]

    def test_stable_for_holds_while_an_error_of_another_release_makes_polls_rare(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = stage(item("a", "Creating"), incomplete("b"))
        there.meshes["mesh"].singly = {"uid-b": BUSY}
        there.show(300, item("a"), incomplete("b"))
        there.run(monkeypatch, 900, **GATE, stable_for=120)
        assert there.sent == [("phase", "a"), ("unavailable", "mesh"), ("reached", "a")]

    def test_a_quick_error_keeps_no_mesh_away_from_a_busy_source(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(40)
        there.takes = 0.3
        mesh_id, mesh = next(iter(there.meshes.items()))
        there.on(300, partial(setattr, mesh, "items", BUSY))
        there.show(315, *mesh.items, mesh_id=mesh_id)  # type: ignore[misc]
        there.run(monkeypatch, 1200, requests_per_minute=300)
        times = there.times(mesh_id)
        assert len(there.warned) == 1
        assert max(after - before for before, after in zip(times, times[1:])) < 60

    @pytest.mark.parametrize("slow_polls", [1, 2])
    @pytest.mark.parametrize(("later", "verdicts"), [(0, []), (150, ["reached"])])
    def test_after_slow_polls_an_outage_starts_stable_for_anew(
        self, monkeypatch: pytest.MonkeyPatch, slow_polls: int, later: float, verdicts: list[str]
    ) -> None:
        there = stage(item("a", "Creating"))
        mesh, slow = there.meshes["mesh"], 60 * slow_polls
        there.show(25, item("a"))
        there.on(45, lambda: setattr(mesh, "takes", 60))
        there.on(slow, lambda: setattr(mesh, "takes", 0))
        there.on(slow + 55, lambda: setattr(mesh, "items", BUSY))
        there.show(slow + 145, item("a"))
        there.run(monkeypatch, slow + 240 + later, **GATE, stable_for=120)
        assert [kind for kind, _name in there.sent] == ["phase", *verdicts]

    def test_stall_timeout_reads_the_workloads_that_a_list_lacks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", "Creating", gray=NOT_READY))
        mesh, without = there.meshes["mesh"], item("a", "Creating")
        del without["status"]["grayDeployments"]
        for count in range(8):
            moving = item("a", "Creating", version="v3", gray=[deployment(ready=count, wanted=9)])
            there.on(25 + 50 * count, partial(mesh.singly.update, {"uid-a": moving}))
        there.show(25, without)
        there.run(monkeypatch, 520, success_phases=["Running"], stall_timeout=90, wait_timeout=9000)
        assert there.sent == [("stalled", "a")]
        assert there.events[0]["at"] > "2026-03-01T12:07:30Z"

    def test_timeout_is_sent_without_a_change(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", "Creating"))
        there.show(25, item("a", "Preparing"))
        there.run(monkeypatch, 200, **GATE, wait_timeout=60)
        assert [kind for kind, _name in there.sent] == ["phase", "timeout"]
        assert there.events[1]["gate"]["outcome"] == "timeout"

    def test_the_time_in_which_no_event_is_taken_counts_for_no_gate(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", "Creating"), item("b"))
        there.show(25, item("a"), item("b"))
        there.show(45, item("a"), item("b", "Creating"))
        there.on(45, lambda: setattr(there, "takes_events_in", 500))
        there.run(monkeypatch, 1300, **GATE, stable_for=30, wait_timeout=90)
        assert there.sent == [("phase", "a"), ("phase", "b"), ("reached", "a"), ("timeout", "b")]
        # stable_for begins anew after it.
        assert there.events[2]["gate"]["elapsed"] == 20 + 500 + 30
        assert "within 1090 s" in there.events[3]["msg"]

    def test_many_short_times_in_which_no_event_is_taken_count_for_no_gate(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = [f"a{number}" for number in range(150)]
        there = stage(*(item(name) for name in names))
        there.show(25, *(item(name, "Creating") for name in names))
        there.show(100, *(item(name) for name in names))
        there.takes_events_in = 0.9
        there.run(monkeypatch, 500, **GATE, wait_timeout=90)
        assert {kind for kind, _name in there.sent} == {"phase", "reached"}

    def test_an_accepted_disappearance_is_gone_then_reached(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", "Creating"))
        there.show(25, item("a", "Done"))
        there.show(35)
        there.run(monkeypatch, 100, **GATE, on_missing="accept", missing_after=["Done"])
        assert [kind for kind, _name in there.sent] == ["phase", "gone", "reached"]

    @pytest.mark.parametrize(("place", "value", "is_accepted"), LAST_SHOWN.values(), ids=LAST_SHOWN.keys())
    def test_a_disappearance_after_what_the_list_shows_last(
        self, monkeypatch: pytest.MonkeyPatch, place: str, value: Any, is_accepted: bool
    ) -> None:
        there = stage(item("a", "Creating"))
        there.show(25, item("a"))
        there.show(35, shown_in_part(item("a"), place, value))
        there.on(35, lambda: setattr(there.meshes["mesh"], "singly", {"uid-a": GONE}))
        there.show(45)
        conditions = {"success_phases": ["Done"], "version": "v2", "images": [IMAGE], "ready": True}
        there.run(monkeypatch, 100, **conditions, on_missing="accept", missing_after=["Running"])
        assert [kind for kind, _name in there.sent] == ["phase", "gone", *(["reached"] if is_accepted else [])]

    @pytest.mark.parametrize(("until", "verdicts"), [(110, []), (125, ["reached"])])
    def test_a_phase_that_only_the_list_shows_ends_the_stable_period(
        self, monkeypatch: pytest.MonkeyPatch, until: float, verdicts: list[str]
    ) -> None:
        there = stage(item("a", "Creating"))
        there.meshes["mesh"].singly["uid-a"] = item("a")
        for seconds, phase in ((25, "Running"), (45, "Paused"), (55, "Running")):
            there.show(seconds, shown_in_part(item("a"), "status.phase", phase))
        there.run(monkeypatch, until, success_phases=["Running"], ready=True, stable_for=60)
        assert [kind for kind, _name in there.sent] == ["phase", *verdicts]

    @pytest.mark.parametrize("place", ["status", "spec.template.spec.containers"])
    @pytest.mark.parametrize(
        "conditions", [{"success_phases": ["Running"], "ready": True, "images": [IMAGE]}, {}], ids=str
    )
    def test_what_the_list_leaves_out_of_a_workload_is_no_change(
        self, monkeypatch: pytest.MonkeyPatch, place: str, conditions: dict[str, Any]
    ) -> None:
        lean = changed(item("a"), f"status.grayDeployments.0.{place}", MISSING)
        there = stage(lean)
        there.meshes["mesh"].singly["uid-a"] = item("a")
        for seconds, shown in ((25, item("a")), (45, lean), (65, item("a"))):
            there.show(seconds, shown)
        there.run(monkeypatch, 100, **conditions)
        assert there.sent == []

    @pytest.mark.parametrize(
        ("conditions", "verdicts"), [({}, []), ({"success_phases": ["Running"], "ready": True}, ["reached"])], ids=str
    )
    def test_readiness_needs_no_containers(
        self, monkeypatch: pytest.MonkeyPatch, conditions: dict[str, Any], verdicts: list[str]
    ) -> None:
        place = "status.grayDeployments.0.spec.template.spec.containers"
        there = stage(changed(item("a", gray=NOT_READY), place, MISSING))
        there.show(25, changed(item("a"), place, MISSING))
        there.run(monkeypatch, 60, **conditions)
        assert [kind for kind, _name in there.sent] == ["ready", *verdicts]
        assert [event["ready"] for event in there.events] == [True] * len(there.events)

    def test_a_list_that_leaves_out_others_each_time_hides_no_disappearance(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        items = [item(f"r{number:02}") for number in range(21)]
        there = stage(*items)
        there.meshes["mesh"].singly.update({f"uid-r{number:02}": items[number] for number in range(20)})
        for count in range(40):
            there.show(15 + 10 * count, *items[count % 2 : 20 : 2])
        there.run(monkeypatch, 400)
        assert there.sent == [("gone", "r20")]

    def test_a_new_release_that_lists_leave_out_at_times_is_read_before_the_others(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        others, there = [incomplete(f"r{number}") for number in range(9)], stage()
        mesh = there.meshes["mesh"]
        mesh.items, mesh.singly = others, {f"uid-r{number}": item(f"r{number}") for number in range(9)}
        mesh.singly["uid-new"] = item("new")
        for seconds in range(55, 200, 20):
            there.show(seconds, *others, incomplete("new"))
            there.show(seconds + 10, *others)
        there.run(monkeypatch, 80)
        assert there.sent == [("appeared", "new")]

    def test_releases_that_only_lists_know_take_no_turn_of_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ghosts, there = [incomplete(f"g{number}") for number in range(10)], stage(incomplete("a"))
        there.meshes["mesh"].singly = {"uid-a": item("a"), **{f"uid-g{number}": GONE for number in range(10)}}
        for count in range(40):
            there.show(15 + 10 * count, incomplete("a"), *ghosts[count % 2 :: 2])
        there.run(monkeypatch, 400)
        times = there.times("mesh", "uid-a")
        assert max(after - before for before, after in zip(times, [*times[1:], 400])) < 60

    def test_an_item_that_cannot_be_understood_is_no_disappearance(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"), item("b"))
        there.meshes["mesh"].singly["uid-a"] = GONE
        there.show(25, changed(item("a"), "apiVersion", "asm/v3"), item("b"))
        there.run(monkeypatch, 100)
        assert there.sent == []

    @pytest.mark.parametrize(
        ("filters", "selected"),
        [
            ({}, ["a", "b", "c"]),
            ({"namespace": ["shop", "bank"]}, ["b"]),
            ({"service": ["ratings"]}, ["b", "c"]),
            ({"name": ["a", "c"], "service": ["ratings"]}, ["c"]),
        ],
    )
    def test_filters(self, monkeypatch: pytest.MonkeyPatch, filters: dict[str, Any], selected: list[str]) -> None:
        there = stage(item("a"), item("b", namespace="shop", service="ratings"), item("c", service="ratings"))
        there.run(monkeypatch, 5, initial=True, **filters)
        assert [name for _kind, name in there.sent] == selected

    @pytest.mark.parametrize(
        "metadata",
        [{"namespace": None}, {"namespace": ".."}, {"uid": ".."}, {"uid": "a/b"}, {"uid": " "}, {"uid": "a" * 254}],
        ids=str,
    )
    def test_a_release_whose_path_would_be_another_one_is_not_read_singly(
        self, monkeypatch: pytest.MonkeyPatch, metadata: dict[str, Any]
    ) -> None:
        odd = incomplete("odd")
        odd["metadata"].update(metadata)
        there = stage(odd, item("a", "Creating"))
        there.show(25, odd, item("a", "Running"))
        there.run(monkeypatch, 60)
        assert there.sent == [("phase", "a")]
        assert {what for _at, _mesh, what in there.requests} == {"list"}
        (line,) = there.warned
        assert line.startswith(f"mesh 'mesh': 'odd': metadata.{next(iter(metadata))} is '")

    def test_a_problem_of_the_list_is_logged_once_and_one_of_a_release_by_release(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        foreign = [item(f"f{number}", mesh_id="other") for number in range(9)]
        odd = [incomplete(name, namespace="..") for name in "ab"]
        there = stage(item("c"), *odd, *foreign[:3])
        there.show(25, item("c"), *odd, *foreign)
        there.run(monkeypatch, 60)
        list_line, *lines = there.warned
        assert "3 of 6 items of the list are ignored" in list_line
        hint = "metadata.namespace is '..', so the release cannot be read singly; check endpoint"
        assert lines == [f"mesh 'mesh': '{name}': {hint}" for name in "ab"]

    def test_a_release_that_the_list_has_and_no_read_finds_is_logged_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = stage(item("a"), incomplete("b"))
        there.meshes["mesh"].singly["uid-b"] = GONE
        there.run(monkeypatch, 100)
        assert there.warned == [
            "mesh 'mesh': 'uid-b': ASM lists the release, but has no release of this uid; check endpoint"
        ]

    def test_a_release_that_is_deleted_between_list_and_read_is_no_problem(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = stage(incomplete("a"))
        mesh = there.meshes["mesh"]
        mesh.singly["uid-a"] = item("a")
        there.on(25, lambda: mesh.singly.update({"uid-a": GONE}))
        there.show(35)
        there.run(monkeypatch, 100)
        assert (there.sent, there.warned) == ([("gone", "a")], [])

    def test_many_problems_of_one_poll_are_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"), *(item(f"a{number}", uid=None) for number in range(100)))
        there.on(15, lambda: setattr(there.meshes["mesh"], "items", BUSY))
        there.run(monkeypatch, 60)
        assert len(there.warned) == 22
        assert there.warned[-2:] == [
            "mesh 'mesh': 80 more problems of releases",
            "mesh 'mesh': the service failed (503)",
        ]

    def test_a_namespace_that_the_list_leaves_out_later_is_remembered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there, without = stage(item("a", "Creating")), incomplete("a")
        del without["metadata"]["namespace"]
        there.meshes["mesh"].singly = {"uid-a": item("a", "Running")}
        there.show(25, without)
        there.run(monkeypatch, 60)
        assert there.sent == [("phase", "a")]

    def test_a_release_that_one_read_excluded_is_watched_when_the_list_selects_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = stage(incomplete("a"))
        there.meshes["mesh"].singly = {"uid-a": item("a", service="ratings")}
        there.show(25, item("a", "Creating"))
        there.show(35, item("a", "Running"))
        there.run(monkeypatch, 60, service=["reviews"])
        assert there.sent == [("appeared", "a"), ("phase", "a")]

    def test_a_release_that_comes_back_after_a_read_excluded_it_goes_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", "Creating"))
        # It comes back with another phase, then unchanged, then after an interrupted run.
        for excluded, phase in ((25, "Running"), (55, "Running"), (95, "Done")):
            there.show(excluded, item("a", service="ratings"))
            there.show(excluded + 10, item("a", phase))
        there.show(85, item("a", "Done"))
        there.run(monkeypatch, 125, service=["reviews"], success_phases=["Running", "Done"], stable_for=6)
        assert [kind for kind, _name in there.sent] == [
            *("appeared", "reached"),
            "appeared",
            *("phase", "appeared", "reached"),
        ]
        assert len({event["id"] for event in there.events}) == 6

    @pytest.mark.parametrize("option", FIELDS)
    def test_one_response_without_the_field_of_a_filter_starts_nothing(
        self, monkeypatch: pytest.MonkeyPatch, option: str
    ) -> None:
        place, value = FIELDS[option]
        there = stage(item("a"), item("b"))
        there.meshes["mesh"].singly["uid-a"] = changed(item("a"), place, MISSING)
        there.show(25, item("b"))
        there.show(35, item("a"), item("b"))
        there.run(monkeypatch, 60, **GATE, **{option: [value]})
        assert there.times("mesh", "uid-a") == [32.0]
        assert (there.events, there.warned) == ([], [])

    @pytest.mark.parametrize("is_complete", [True, False])
    @pytest.mark.parametrize("option", FIELDS)
    def test_a_filter_selects_no_release_without_its_field(
        self, monkeypatch: pytest.MonkeyPatch, option: str, is_complete: bool
    ) -> None:
        place, value = FIELDS[option]
        there = stage(changed(item("a", "Creating" if is_complete else None), place, None))
        mesh = there.meshes["mesh"]
        mesh.singly["uid-a"] = changed(item("a", "Creating"), place, MISSING)
        there.show(25, changed(item("a", "Running" if is_complete else None), place, None))
        there.on(25, lambda: mesh.singly.update({"uid-a": changed(item("a", "Running"), place, "")}))
        there.run(monkeypatch, 60, initial=True, **GATE, **{option: [value]})
        assert there.sent == [("unavailable", "mesh")]
        assert len(there.warned) == 2
        if option == "namespace":
            assert "'a': metadata.namespace is '', so the release cannot be read singly" in there.warned[0]
        else:
            assert f"'uid-a': the response has no {place}, which the filter {option} needs; use" in there.warned[0]

    @pytest.mark.parametrize("is_complete", [True, False])
    @pytest.mark.parametrize("option", FIELDS)
    def test_a_field_that_responses_leave_out_later_is_remembered(
        self, monkeypatch: pytest.MonkeyPatch, option: str, is_complete: bool
    ) -> None:
        place, value = FIELDS[option]
        there = stage(item("a", "Creating" if is_complete else None))
        mesh = there.meshes["mesh"]
        mesh.singly["uid-a"] = item("a", "Creating")
        there.show(25, changed(item("a", "Running" if is_complete else None), place, None))
        there.on(25, lambda: mesh.singly.update({"uid-a": changed(item("a"), place, MISSING)}))
        there.run(monkeypatch, 60, **GATE, **{option: [value]})
        assert [(event["kind"], event[option]) for event in there.events] == [("phase", value), ("reached", value)]

    def test_a_service_that_only_a_read_shows_or_only_the_list_is_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        only_read, only_list = changed(item("a"), "spec.serviceName", MISSING), incomplete("b")
        only_list["spec"] = {"serviceName": "reviews"}
        there = stage(only_read, only_list)
        there.meshes["mesh"].singly = {"uid-a": item("a"), "uid-b": changed(item("b"), "spec.serviceName", MISSING)}
        there.run(monkeypatch, 60, initial=True, service=["reviews"])
        assert [(event["kind"], event["service"]) for event in there.events] == [("appeared", "reviews")] * 2

    def test_a_filter_applies_to_what_only_a_read_shows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(incomplete("a"), incomplete("b"))
        there.meshes["mesh"].singly = {"uid-a": item("a", service="ratings"), "uid-b": item("b")}
        there.run(monkeypatch, 60, initial=True, service=["ratings"])
        assert there.sent == [("appeared", "a")]
        assert there.times("mesh", "uid-b") == [4.0]

    @pytest.mark.parametrize("is_complete", [True, False])
    @pytest.mark.parametrize("option", FIELDS)
    def test_a_value_of_the_list_that_is_not_wanted_excludes_at_once(
        self, monkeypatch: pytest.MonkeyPatch, option: str, is_complete: bool
    ) -> None:
        place, value = FIELDS[option]
        there = stage(item("a", "Creating"))
        there.meshes["mesh"].singly["uid-a"] = changed(item("a", "Running"), place, MISSING)
        there.show(25, changed(item("a", "Creating" if is_complete else None), place, "other"))
        there.show(45, changed(item("a", "Running" if is_complete else None), place, MISSING))
        there.run(monkeypatch, 100, **GATE, **{option: [value]})
        assert there.events == []
        assert there.times("mesh", "uid-a") == []

    def test_a_list_that_shows_two_services_of_a_release_shows_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", "Creating", service="ratings"))
        there.meshes["mesh"].singly["uid-a"] = changed(item("a"), "spec.serviceName", MISSING)
        there.show(25, item("a"), item("a", service="ratings"))
        there.run(monkeypatch, 60, **GATE, service=["reviews"])
        assert there.events == []

    def test_a_rollout_that_ends_while_a_filter_excludes_it_is_reached(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", gray=NOT_READY), item("b", gray=NOT_READY))
        there.show(25, *(item(name, gray=NOT_READY, service="ratings") for name in "ab"))
        there.show(35, item("a"), item("b", gray=NOT_READY))
        there.run(monkeypatch, 200, **GATE, ready=True, stall_timeout=60, service=["reviews"])
        assert there.sent == [("appeared", "a"), ("reached", "a"), ("appeared", "b")]

    def test_a_rollout_that_ends_while_it_is_gone_is_reached(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", gray=NOT_READY), item("b", gray=NOT_READY), item("c"), item("d", "Creating"))
        there.show(25)
        there.show(55, item("a"), item("b", gray=NOT_READY), item("c"), item("d", "Creating"))
        there.run(monkeypatch, 300, **GATE, ready=True, stall_timeout=60)
        # What still is as it was before, met or not, starts nothing.
        assert sorted(each for each in there.sent if each[0] not in ("gone", "appeared")) == [("reached", "a")]
        assert {name for kind, name in there.sent if kind == "appeared"} == {*"abcd"}

    def test_a_rollout_that_a_response_without_its_phase_shows_first_is_reached(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = stage(item("a", gray=NOT_READY))
        there.show(25)
        there.show(55, item("a", None))
        there.show(65, item("a"))
        there.run(monkeypatch, 300, **GATE, ready=True)
        assert [kind for kind, _name in there.sent] == ["gone", "appeared", "reached"]

    @pytest.mark.parametrize("option", FIELDS)
    def test_a_release_that_never_showed_a_field_is_not_gone(
        self, monkeypatch: pytest.MonkeyPatch, option: str
    ) -> None:
        place, value = FIELDS[option]
        there = stage(changed(item("a"), place, MISSING), item("a", uid="uid-b"))
        there.show(25, item("a", uid="uid-b"))
        # It was in the first list, and was missing when it was read again.
        there.show(705, item("a"), item("a", uid="uid-b"))
        there.run(monkeypatch, 740, **GATE, **{option: [value]})
        assert there.sent == ([] if option == "namespace" else [("appeared", "a")])
        assert len(there.warned) == 1

    @pytest.mark.parametrize("option", FIELDS)
    def test_a_release_that_never_showed_a_field_leaves_its_mesh_available(
        self, monkeypatch: pytest.MonkeyPatch, option: str
    ) -> None:
        place, value = FIELDS[option]
        other = changed(item("b"), place, "other")
        there = stage(changed(item("a"), place, MISSING), other)
        there.show(105, other)
        there.run(monkeypatch, 200, **GATE, **{option: [value]})
        assert there.events == []
        assert len(there.warned) == 1

    def test_a_release_without_a_field_that_some_lists_leave_out_rests_as_well(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there, draft = stage(item("a")), changed(item("d"), "spec.serviceName", MISSING)
        for seconds in range(25, 585, 20):
            there.show(seconds, item("a"), draft)
            there.show(seconds + 10, item("a"))
        there.run(monkeypatch, 600, service=["reviews"])
        assert len(there.times("mesh", "uid-d")) == 1
        assert len(there.warned) == 1

    def test_a_selected_release_that_cannot_be_read_makes_its_mesh_unavailable(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = stage(changed(item("a"), "status", MISSING), item("b", service="ratings"))
        there.meshes["mesh"].singly["uid-a"] = ProtocolError("kind is wrong")
        there.run(monkeypatch, 60, service=["reviews"])
        assert there.sent == [("unavailable", "mesh")]

    def test_a_release_is_read_at_once_when_the_list_shows_the_field_that_it_lacked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        others = [incomplete(f"r{number}") for number in range(9)]
        there = stage(changed(item("d"), "spec.serviceName", MISSING), *others)
        there.meshes["mesh"].singly.update({f"uid-r{number}": item(f"r{number}") for number in range(9)})
        there.show(105, changed(item("d"), "status", MISSING), *others)
        there.run(monkeypatch, 119, service=["reviews"])
        assert len([at for at in there.times("mesh", "uid-d") if at > 105]) == 1

    def test_releases_without_a_field_do_not_take_the_reads_of_the_others(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drafts = [changed(item(f"d{number}"), "spec.serviceName", MISSING) for number in range(20)]
        there = stage(incomplete("a"), *drafts)
        there.meshes["mesh"].singly["uid-a"] = item("a")
        there.show(1000, incomplete("a"), changed(item("d0", None), "spec.serviceName", "reviews"), *drafts[1:])
        there.run(monkeypatch, 1020, service=["reviews"])
        first, second, *_shown = there.times("mesh", "uid-d0")
        assert 600 <= second - first < 620
        assert len(there.times("mesh", "uid-d1")) == 2
        assert there.times("mesh", "uid-d0")[-1] > 1000
        assert len([at for at in there.times("mesh", "uid-a") if 100 < at < 600]) == 50
        assert len(there.warned) == 20


class TestPace:
    def test_polls_of_all_meshes_are_spread_over_the_interval(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(4)
        there.run(monkeypatch, 39)
        assert [at for at, _mesh, _what in there.requests][:4] == [0.0, 2.5, 5.0, 7.5]
        assert there.times("mesh-0") == [0.0, 10.0, 20.0, 30.0]
        assert there.informed == ["watching 4 meshes, each every 10 s"]

    def test_too_many_meshes_make_the_interval_longer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(40)
        there.run(monkeypatch, 299)
        assert there.warned == [
            "watching 40 meshes, each every 100 s instead of wait_sleep (10 s): requests_per_minute is 30"
        ]
        assert {len(there.times(mesh_id)) for mesh_id in there.meshes} == {3}

    def test_a_list_has_a_deadline_over_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(2)
        there.run(monkeypatch, 60, request_timeout=20)
        assert there.allowed == {80.0}

    def test_one_budget_for_lists_and_single_reads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(10)
        for mesh_id, mesh in there.meshes.items():
            names = [f"r{number}" for number in range(20)]
            mesh.items = [incomplete(name, mesh_id=mesh_id) for name in names]
            mesh.singly = {f"uid-{name}": item(name, mesh_id=mesh_id) for name in names}
        there.run(monkeypatch, 1200, requests_per_minute=40)
        times = [at for at, _mesh, _what in there.requests]
        assert max(sum(begin <= at < begin + 300 for at in times) for begin in times) <= 200
        # Each release is read in its turn.
        assert len({(mesh, what) for _at, mesh, what in there.requests}) == 10 * 21

    def test_a_login_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(4)
        there.logins = 2
        there.on(5, lambda: setattr(there, "logins", 0))
        there.on(95, lambda: setattr(there, "logins", 1))
        there.on(105, lambda: setattr(there, "logins", 0))
        there.run(monkeypatch, 120)
        # The budget of 30 a minute is a request each 2 s.
        times = [at for at, _mesh, _what in there.requests]
        assert times[:5] == [0.0, 0.0, 0.0, 6.0, 8.0]
        assert all(sum(begin <= at < begin + 60 for at in times) <= 30 for begin in times)
        assert [what for _at, _mesh, what in there.requests].count("login") > 2 + 2

    def test_an_interval_is_said_to_a_tenth_of_a_second(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(2)
        there.run(monkeypatch, 1, wait_sleep=1, requests_per_minute=100)
        assert there.warned == [
            "watching 2 meshes, each every 1.5 s instead of wait_sleep (1 s): requests_per_minute is 100"
        ]

    def test_after_a_429_the_source_slows_down_and_recovers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(2)
        there.on(95, lambda: setattr(there.meshes["mesh-0"], "items", throttled()))
        there.on(105, lambda: setattr(there.meshes["mesh-0"], "items", []))
        there.run(monkeypatch, 1200)
        times = [at for at, _mesh, _what in there.requests]
        gaps = [after - before for before, after in zip(times, times[1:])]
        throttled_at = times.index(100.0)
        assert gaps[throttled_at] >= 10
        second = there.times("mesh-1")
        intervals = [after - before for before, after in zip(second, second[1:])]
        assert max(intervals) > 15
        assert intervals[-1] == pytest.approx(10, abs=0.2)
        assert min(intervals) > 9.99

    def test_a_source_that_was_slowed_down_does_not_stay_blind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(40)
        for number in range(4):
            there.meshes[f"mesh-{number}"].items = throttled()
        for mesh in there.meshes.values():
            there.on(200, partial(setattr, mesh, "items", BUSY))
        there.run(monkeypatch, 1600)
        throttled_at = there.times("mesh-3")[0]
        assert "each mesh is now polled every 1475 s" in there.warned[4]
        assert all(
            throttled_at < min(at for at in there.times(mesh_id) if at > throttled_at) < 900 for mesh_id in there.meshes
        )
        assert {mesh_id for _kind, mesh_id in there.sent} == set(there.meshes)

    @pytest.mark.parametrize(
        ("wait_sleep", "takes", "pauses"),
        [
            (10, 0, [10, 20, 40, 60, 60]),
            (10, 25, [35, 45, 65, 85, 85]),
            (100, 0, [100, 100, 100, 100]),
        ],
    )
    def test_a_failed_poll_never_makes_the_next_one_come_sooner(
        self, monkeypatch: pytest.MonkeyPatch, wait_sleep: int, takes: float, pauses: list[float]
    ) -> None:
        there = stage()
        there.meshes["mesh"].items, there.takes = BUSY, takes
        there.run(monkeypatch, 450, wait_sleep=wait_sleep)
        times = there.times("mesh")
        assert [after - before for before, after in zip(times, times[1:])][: len(pauses)] == pauses

    def test_a_failure_of_every_mesh_sends_no_more_requests(self, monkeypatch: pytest.MonkeyPatch) -> None:
        well, failing = many(40), many(40)
        for mesh in failing.meshes.values():
            mesh.items = BUSY
        for there in (well, failing):
            there.run(monkeypatch, 600)
        assert len(failing.requests) <= len(well.requests)

    def test_retry_after_holds_every_mesh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(2)
        there.on(95, lambda: setattr(there.meshes["mesh-0"], "items", throttled(60)))
        there.run(monkeypatch, 161)
        assert [at for at, _mesh, _what in there.requests if at > 100] == [160.0]

    def test_a_retry_after_of_another_mesh_makes_no_poll_come_sooner(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(2)
        there.on(100, lambda: setattr(there.meshes["mesh-0"], "items", throttled(300)))
        there.show(115, item("reviews", mesh_id="mesh-0"), mesh_id="mesh-0")
        there.run(monkeypatch, 1200)
        times = there.times("mesh-1")
        assert min(after - before for before, after in zip(times, times[1:])) >= 10

    def test_a_slow_mesh_does_not_stop_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(3)
        there.meshes["mesh-0"].items = NetworkError("no route")
        there.run(monkeypatch, 600)
        assert len(there.times("mesh-1")) >= 59

    def test_meshes_whose_requests_hang_do_not_stop_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(40)
        for number in range(20):
            there.meshes[f"mesh-{number}"] = Mesh(RequestTimeoutError("no response"), takes=15)
        there.run(monkeypatch, 1800, requests_per_minute=600)
        times = there.times("mesh-39")
        assert max(after - before for before, after in zip(times, times[1:])) < 30
        # They have their turn as well.
        assert all(len(there.times(f"mesh-{number}")) >= 2 for number in range(20))

    def test_a_mesh_whose_requests_hang_for_long_has_its_turn_in_a_busy_source(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = Stage({f"mesh-{number}": Mesh([], takes=0.3) for number in range(40)})
        there.meshes["mesh-0"] = Mesh(RequestTimeoutError("no response"), takes=60)
        there.run(monkeypatch, 1800, requests_per_minute=600)
        assert len(there.times("mesh-0")) >= 3


class TestAvailability:
    def test_a_denied_mesh_ends_only_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(3)
        there.meshes["mesh-1"].items = DENIED
        there.show(1000, item("reviews", mesh_id="mesh-1"), mesh_id="mesh-1")
        assert there.run(monkeypatch, 1300) is None
        assert there.sent == [("unavailable", "mesh-1"), ("available", "mesh-1")]
        unavailable, available = there.events
        assert unavailable["since"] == available["since"] == "2026-03-01T12:00:03Z"
        assert unavailable["error"]["kind"] == "denied"
        assert unavailable["error"]["status"] == 403
        assert set(unavailable["error"]) == {"kind", "status", "code", "message", "request_id"}
        assert there.times("mesh-1")[:3] == pytest.approx([3.33, 603.33, 1203.33], abs=0.1)
        assert there.warned == [
            "mesh 'mesh-1': the credentials lack a permission (403); grant asm:mesh:listReleases",
            "mesh 'mesh-1': available again; it was unavailable since 2026-03-01T12:00:03Z",
        ]

    def test_a_login_that_is_refused_as_wrong_ends_the_source(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(2)
        there.meshes["mesh-0"].items = CredentialsError("IAM refused the login", response=ErrorResponse(400))
        sentence = there.run(monkeypatch, 100)
        assert (sentence, len(there.requests)) == ("mesh 'mesh-0': IAM refused the login (400)", 1)

    @pytest.mark.parametrize("of_a_list", [True, False])
    def test_a_mesh_that_is_refused_as_wrong_ends_only_itself(
        self, monkeypatch: pytest.MonkeyPatch, of_a_list: bool
    ) -> None:
        there = many(3)
        wrong = UsageError("ASM refused the request as wrong", response=ErrorResponse(400))
        there.meshes["mesh-1"] = Mesh(wrong if of_a_list else [incomplete("a", mesh_id="mesh-1")], {"uid-a": wrong})
        assert there.run(monkeypatch, 60) is None
        assert there.sent == [("unavailable", "mesh-1")]
        assert len(there.times("mesh-2")) == 6

    def test_long_transient_trouble_is_unavailable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"))
        there.on(55, lambda: setattr(there.meshes["mesh"], "items", BUSY))
        there.show(500, item("a", "Failed"))
        there.run(monkeypatch, 600)
        assert list(there.sent) == [
            ("unavailable", "mesh"),
            ("phase", "a"),
            ("available", "mesh"),
        ]
        assert there.events[0]["at"] == "2026-03-01T12:06:10Z"
        assert there.events[0]["since"] == "2026-03-01T12:01:00Z"
        since = "unavailable since 2026-03-01T12:01:00Z"
        assert there.warned == [
            "mesh 'mesh': the service failed (503)",
            f"mesh 'mesh' is {since}: the service failed (503); it is tried again every 60 s",
            f"mesh 'mesh': available again; it was {since}",
        ]

    def test_short_transient_trouble_is_only_logged(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"))
        there.on(55, lambda: setattr(there.meshes["mesh"], "items", BUSY))
        there.show(300, item("a"))
        there.run(monkeypatch, 600)
        assert there.events == []
        assert there.warned == ["mesh 'mesh': the service failed (503)"]

    def test_a_mesh_whose_single_reads_are_denied_is_unavailable_but_listed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = stage(incomplete("a"), item("b", "Creating"))
        there.meshes["mesh"].singly = {"uid-a": DENIED}
        there.show(35, incomplete("a"), item("b"))
        assert there.run(monkeypatch, 60) is None
        assert there.sent == [("unavailable", "mesh"), ("phase", "b")]
        assert len(there.times("mesh")) == 7
        assert there.warned == ["mesh 'mesh': the credentials lack a permission (403); grant asm:mesh:listReleases"]

    def test_a_list_without_a_usable_item_makes_a_mesh_unavailable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(4)
        swapped = [there.meshes[name].items for name in ("mesh-1", "mesh-0")]
        there.meshes["mesh-0"].items, there.meshes["mesh-1"].items = swapped
        there.meshes["mesh-2"].items = [item("a", mesh_id="mesh-2", uid=None)]
        assert there.run(monkeypatch, 60, namespace=["shop"]) is None
        assert there.sent == [("unavailable", f"mesh-{number}") for number in range(3)]
        assert [event["error"]["kind"] for event in there.events] == ["protocol"] * 3
        assert there.warned[0] == (
            "mesh 'mesh-0': none of the 1 items of the list can be used: metadata.meshID of the response is 'mesh-1', "
            "expected 'mesh-0'; check mesh_id, namespace and endpoint"
        )

    def test_a_list_without_a_usable_item_is_no_baseline(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(2)
        there.meshes["mesh-0"].items = ["a", None]  # type: ignore[list-item]
        there.show(700, item("reviews", mesh_id="mesh-0"), item("old", mesh_id="mesh-0"), mesh_id="mesh-0")
        there.run(monkeypatch, 1500, **GATE)
        assert there.sent == [("unavailable", "mesh-0"), ("available", "mesh-0")]
        assert len([at for at in there.times("mesh-0") if at < 700]) == 2

    @pytest.mark.parametrize(
        ("found", "kind"),
        [(ProtocolError("kind is wrong"), "protocol"), (item("other"), "protocol"), (GONE, "protocol")],
    )
    def test_a_mesh_of_which_no_release_can_be_read_is_unavailable(
        self, monkeypatch: pytest.MonkeyPatch, found: Any, kind: str
    ) -> None:
        names = "abcdef"
        there = stage(*(incomplete(name) for name in names))
        there.meshes["mesh"].singly = {f"uid-{name}": found for name in names}
        there.show(2000, *(item(name) for name in names))
        assert there.run(monkeypatch, 2200) is None
        assert there.sent == [("unavailable", "mesh"), ("available", "mesh")]
        assert there.events[0]["error"]["kind"] == kind
        assert len(there.warned) <= len(names) + 3

    def test_releases_that_cannot_be_asked_for_leave_a_mesh_unavailable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(incomplete("a", namespace=None), incomplete("b", uid="b/c"))
        assert there.run(monkeypatch, 60) is None
        assert there.sent == [("unavailable", "mesh")]
        assert "none of the 2 releases of the list can be read: metadata.namespace is ''" in there.warned[-1]

    def test_a_poll_that_does_not_read_a_refused_release_does_not_make_its_mesh_available(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = "abcdef"
        there = stage(*(incomplete(name) for name in names))
        there.meshes["mesh"].singly = {f"uid-{name}": item(name) for name in names} | {"uid-a": DENIED}
        there.on(1000, lambda: there.meshes["mesh"].singly.update({"uid-a": item("a")}))
        there.run(monkeypatch, 1200)
        assert there.sent == [("unavailable", "mesh"), ("available", "mesh")]
        assert len(there.warned) == 2

    def test_a_release_that_some_polls_do_not_read_is_logged_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        names = "abcdef"
        there = stage(*(incomplete(name) for name in names))
        there.meshes["mesh"].singly = {f"uid-{name}": item(name) for name in names}
        there.meshes["mesh"].singly["uid-a"] = ProtocolError("kind is wrong")
        there.run(monkeypatch, 600)
        assert there.events == []
        assert there.warned == ["mesh 'mesh': 'uid-a': kind is wrong"]

    def test_one_unreadable_release_leaves_its_mesh_available(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(incomplete("a"), item("b", "Creating"))
        there.meshes["mesh"].singly = {"uid-a": ProtocolError("kind is wrong")}
        there.on(25, lambda: setattr(there.meshes["mesh"], "items", [incomplete("a"), item("b")]))
        there.run(monkeypatch, 60)
        assert there.sent == [("phase", "b")]
        assert there.warned == ["mesh 'mesh': 'uid-a': kind is wrong"]


class TestTheEnd:
    @pytest.mark.parametrize(
        "error",
        [
            CredentialsError("the credentials were refused", response=ErrorResponse(401)),
            ProxyError("the proxy refused", response=ErrorResponse(407)),
            UsageError("ca_path is {seen}, which is not there", seen="/ca.pem"),
        ],
    )
    @pytest.mark.parametrize("of_a_list", [True, False])
    def test_an_error_that_all_meshes_share_ends_the_source(
        self, monkeypatch: pytest.MonkeyPatch, error: AsmError, of_a_list: bool
    ) -> None:
        there = many(3)
        there.meshes["mesh-1"] = Mesh(error if of_a_list else [incomplete("a", mesh_id="mesh-1")], {"uid-a": error})
        ended = there.run(monkeypatch, 60)
        assert ended is not None
        assert ended.startswith("mesh 'mesh-1': ")
        assert len(there.requests) == (2 if of_a_list else 3)
        assert there.events == []
        assert there.closed == 1

    def test_nothing_left_to_watch_ends_the_source(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = many(2)
        there.on(2, lambda: setattr(there.meshes["mesh-0"], "items", DENIED))
        there.meshes["mesh-1"].items = DENIED
        ended = there.run(monkeypatch, 60)
        assert ended == (
            "nothing left to watch (2 meshes refused): mesh 'mesh-0': the credentials lack a permission (403); "
            "grant asm:mesh:listReleases"
        )
        assert [kind for kind, _mesh in there.sent] == ["unavailable", "unavailable"]

    def test_a_bug_is_reported_without_its_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage()
        monkeypatch.setattr(Stage, "list_releases", lambda *_given: dict[str, str]()[TOKEN])
        assert there.run(monkeypatch, 60) == "a bug of this collection: KeyError; please report it"

    def test_a_cancelled_source_ends_without_a_word(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a"))
        there.on(25, lambda: setattr(there, "is_cancelled", True))
        assert there.run(monkeypatch, 60) == ""
        assert there.seconds < 27

    def test_no_secret_leaves_the_source(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = stage(item("a", f"Creating {TOKEN}"))
        there.show(25, item("a", f"Running {TOKEN}", version=TOKEN))
        there.on(45, lambda: setattr(there.meshes["mesh"], "items", NetworkError("no {seen}", seen=TOKEN)))
        there.run(monkeypatch, 60, **GATE)
        assert there.sent
        assert there.warned
        assert TOKEN not in json.dumps([there.events, there.warned])


class TestRestart:
    @pytest.fixture
    def state(self, tmp_path: Path) -> dict[str, str]:
        return {"state_file": str(tmp_path / "state.json")}

    def test_what_changed_meanwhile_is_sent(self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]) -> None:
        there = stage(item("a", "Creating"), item("b"), item("c"))
        there.run(monkeypatch, 30, **GATE, **state)
        assert there.events == []
        again = stage(item("a", "Running"), item("b"), item("d"))
        again.run(monkeypatch, 60, **GATE, **state)
        assert again.sent == [("phase", "a"), ("reached", "a"), ("appeared", "d"), ("reached", "d"), ("gone", "c")]

    def test_a_repeat_has_the_same_id_and_another_event_another(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
    ) -> None:
        path = Path(state["state_file"])
        there = stage(item("a", "Creating"))
        there.show(25, item("a", "Running"))
        there.on(22, lambda: shutil.copyfile(path, path.parent / "before"))
        there.run(monkeypatch, 40, **GATE, **state)
        path.write_bytes((path.parent / "before").read_bytes())
        again = stage(item("a", "Running"))
        again.run(monkeypatch, 40, **GATE, **state)
        assert [(event["id"], event["meta"]) for event in again.events] == [
            (event["id"], event["meta"]) for event in there.events
        ]
        path.write_bytes((path.parent / "before").read_bytes())
        other = stage(item("a", "Failed"))
        other.run(monkeypatch, 40, **GATE, **state)
        assert other.events
        assert not {event["id"] for event in other.events} & {event["id"] for event in there.events}

    def test_a_crash_before_the_first_poll_is_saved_repeats_the_same_events(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
    ) -> None:
        def take_and_crash(event: dict[str, Any]) -> bool:
            there.events.append(event)
            raise EndOfScriptError

        there, again = stage(item("a")), stage(item("a"))
        monkeypatch.setattr(there, "deliver", take_and_crash)
        for each in (there, again):
            each.run(monkeypatch, 5, initial=True, **GATE, **state)
        (crashed,), (repeat, *_others) = there.events, again.events
        assert (repeat["id"], repeat["meta"]) == (crashed["id"], crashed["meta"])

    def test_a_file_that_cannot_be_written_ends_the_source_before_its_events(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
    ) -> None:
        def replace(*_arguments: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        stage(item("a", "Creating")).run(monkeypatch, 30, **GATE, **state)
        monkeypatch.setattr(Path, "replace", replace)
        again = stage(item("a", "Running"))
        ended = again.run(monkeypatch, 30, **GATE, **state)
        assert ended is not None
        assert ended.endswith("cannot be written: No space left on device; make room on its file system")
        assert (again.events, again.requests) == ([], [])

    def test_initial_counts_for_a_mesh_that_the_file_does_not_have(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
    ) -> None:
        first = many(1)
        first.run(monkeypatch, 5, initial=True, **state)
        both = many(2)
        both.run(monkeypatch, 60, initial=True, **state)
        assert [event["mesh_id"] for event in (*first.events, *both.events)] == ["mesh-0", "mesh-1"]

    def test_a_run_goes_on_without_the_time_in_between(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
    ) -> None:
        there = stage(item("a", "Creating"))
        there.show(25, item("a", "Preparing"))
        there.run(monkeypatch, 155, **GATE, wait_timeout=200, **state)
        again = stage(item("a", "Preparing"))
        again.seconds = 100_000
        again.run(monkeypatch, 100_200, **GATE, wait_timeout=200, **state)
        assert [kind for kind, _name in again.sent] == ["timeout"]
        assert again.events[0]["gate"]["elapsed"] == 210

    def test_a_run_that_nothing_was_read_for_since_the_restart_knows_its_phase(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
    ) -> None:
        there = stage(item("a", "Creating"))
        there.show(25, item("a", "Preparing"))
        there.run(monkeypatch, 155, **GATE, **state)
        again = stage(item("a", "Preparing"))
        again.run(monkeypatch, 30, **GATE, wait_timeout=60, **state)
        assert "phases seen: Preparing" in again.events[0]["msg"]

    def test_without_a_file_each_start_has_ids_of_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = []
        for _start in range(2):
            there = stage(item("a", "Creating"))
            there.show(25, item("a"))
            there.run(monkeypatch, 30, **GATE)
            ids += [event["id"] for event in there.events]
        assert len(ids) == len(set(ids)) == 4

    @pytest.mark.parametrize(
        ("conditions", "last", "verdicts"),
        [
            pytest.param({"ready": True}, item("a", "Done"), ["reached"], id="met"),
            pytest.param({"ready": True}, item("a", "Done", gray=NOT_READY), [], id="not-ready"),
            pytest.param({"images": [IMAGE]}, item("a", "Done", gray=NOT_READY), ["reached"], id="images-not-ready"),
            pytest.param({"images": [IMAGE]}, item("a", "Done", gray=[deployment(image="")]), [], id="no-image"),
            pytest.param({}, item("a", None), [], id="no-phase"),
        ],
    )
    def test_a_disappearance_means_the_same_with_and_without_a_restart(
        self,
        monkeypatch: pytest.MonkeyPatch,
        state: dict[str, str],
        conditions: dict[str, Any],
        last: dict[str, Any],
        verdicts: list[str],
    ) -> None:
        gate = {**GATE, **conditions, "on_missing": "accept", "missing_after": ["Done"]}
        whole, before, again = stage(item("a", "Creating")), stage(item("a", "Creating")), stage()
        for there in (whole, before):
            there.show(25, item("a", "Done", gray=NOT_READY))
            there.show(35, last)
            there.show(55)
        whole.run(monkeypatch, 100, **gate)
        before.run(monkeypatch, 50, **gate, **state)
        again.run(monkeypatch, 60, **gate, **state)
        assert [kind for kind, _name in again.sent] == ["gone", *verdicts]
        assert whole.sent == before.sent + again.sent

    def test_an_unavailable_mesh_is_not_sent_again(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
    ) -> None:
        there = many(2)
        there.meshes["mesh-0"].items = DENIED
        there.run(monkeypatch, 30, **state)
        again = many(2)
        again.meshes["mesh-0"].items = DENIED
        again.on(100, lambda: setattr(again.meshes["mesh-0"], "items", []))
        again.run(monkeypatch, 700, **state)
        assert [*there.sent, *again.sent] == [("unavailable", "mesh-0"), ("available", "mesh-0")]
        assert again.events[0]["since"] == there.events[0]["since"]

    def test_restarts_in_quick_succession_starve_no_mesh(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
    ) -> None:
        there = many(5)
        for start in range(5):
            # Two polls of five meshes, 2 s apart.
            there.run(monkeypatch, there.seconds + 3.9, **state)
            there.seconds = 10.0 * (start + 1)
        assert {mesh_id: len(there.times(mesh_id)) for mesh_id in there.meshes} == dict.fromkeys(there.meshes, 2)

    def test_a_quiet_poll_does_not_write_the_file(self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]) -> None:
        there, path = many(3), Path(state["state_file"])
        written: list[int] = []
        there.on(25, lambda: written.append(path.stat().st_ino))
        there.on(55, lambda: written.append(path.stat().st_ino))
        there.run(monkeypatch, 60, **state)
        assert len(set(written)) == 1

    @pytest.mark.parametrize("of_the_list", [True, False])
    @pytest.mark.parametrize("option", FIELDS)
    def test_a_value_that_excluded_a_release_still_does(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str], option: str, of_the_list: bool
    ) -> None:
        place, value = FIELDS[option]
        there = stage(item("a", "Creating"))
        other = changed(item("a", "Creating"), place, "other")
        there.meshes["mesh"].singly["uid-a"] = other
        there.show(25, *([other] if of_the_list else []))
        there.run(monkeypatch, 60, **GATE, **state, **{option: [value]})
        again = stage(changed(item("a", "Running"), place, MISSING))
        again.run(monkeypatch, 60, **GATE, **state, **{option: [value]})
        assert [*there.events, *again.events] == []

    def test_a_value_that_only_an_incomplete_item_showed_is_remembered(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
    ) -> None:
        there = stage(item("a", "Creating"))
        there.meshes["mesh"].singly["uid-a"] = BUSY
        there.show(25, item("a", None, service="ratings"))
        there.run(monkeypatch, 40, **GATE, **state, service=["reviews", "ratings"])
        again = stage(changed(item("a"), "spec.serviceName", MISSING))
        again.run(monkeypatch, 40, **GATE, **state, service=["reviews", "ratings"])
        assert [(event["kind"], event["service"]) for event in again.events] == [
            ("phase", "ratings"),
            ("reached", "ratings"),
        ]

    @pytest.mark.parametrize("is_listed", [True, False])
    def test_a_run_of_a_release_that_never_showed_a_field_does_not_go_on(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str], is_listed: bool
    ) -> None:
        options = {**GATE, **state, "service": ["reviews"], "on_missing": "accept", "missing_after": ["Done"]}
        there, path = stage(item("a", "Creating")), Path(state["state_file"])
        there.show(25, item("a", "Done"))
        there.run(monkeypatch, 60, **options)
        path.write_text(path.read_text(encoding="utf-8").replace('"reviews","phase"', '"","phase"'), encoding="utf-8")
        again = stage(*([changed(item("a", "Done"), "spec.serviceName", MISSING)] if is_listed else []))
        again.run(monkeypatch, 200, **options, wait_timeout=100)
        assert "reached" not in [kind for kind, _name in [*there.sent, *again.sent]]
        assert [kind for kind, _name in again.sent] == ["unavailable"] * is_listed

    def test_a_file_from_before_the_first_poll_fits_any_source(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
    ) -> None:
        wrong = stage()
        wrong.meshes["mesh"].items = CredentialsError("the token was refused", response=ErrorResponse(401))
        assert wrong.run(monkeypatch, 30, endpoint="https://wrong.example", namespace=["shop"], **state)
        there = stage(item("a", "Creating"))
        there.show(25, item("a"))
        assert there.run(monkeypatch, 40, **state) is None
        assert there.sent == [("phase", "a")]

    def test_the_file_is_bound_to_the_filters(self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]) -> None:
        stage(item("a")).run(monkeypatch, 30, **state)
        ended = stage(item("a")).run(monkeypatch, 30, namespace=["shop"], **state)
        assert ended is not None
        assert "belongs to another namespace" in ended

    @pytest.mark.parametrize(
        "damage",
        [
            *("{}", "[1]", '{"format":2}', '{"format":2,"endpoint":"https://asm.example"}'),
            json.dumps({**SCOPE, "source": "\ud800", "meshes": {}}),
            # Of a mesh that this source does not watch.
            json.dumps({**SCOPE, "source": "x", "meshes": {"other": float("nan")}}),
            json.dumps({**SCOPE, "source": "x", "meshes": {"other": 1}}).replace("1}", "1e999}"),
        ],
    )
    def test_a_damaged_file_ends_the_source(
        self, monkeypatch: pytest.MonkeyPatch, state: dict[str, str], damage: str
    ) -> None:
        path = Path(state["state_file"])
        path.write_text(damage, encoding="utf-8")
        path.chmod(0o600)
        there = stage(item("a"))
        ended = there.run(monkeypatch, 30, **state)
        assert ended is not None
        assert ended.startswith("state_file: ")
        assert there.requests == []
        assert path.read_text(encoding="utf-8") == damage
