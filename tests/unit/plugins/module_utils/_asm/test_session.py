# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One call's session: connected once and late, its clock, its warnings, and what its looks find or fail with."""

from __future__ import annotations

import contextlib
from typing import Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import session as room
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Options, Target, parse, with_defaults
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import DEEPEST
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.session import Session
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import SLICE
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document, fault
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    BUSY,
    DENIED,
    GONE,
    MESH,
    NOON,
    READ,
    Stage,
    found,
    item,
    listed,
    ok,
    single,
)

TARGET = Target("mesh", "bookinfo", "reviews-canary")
Look = Callable[[Session], Any]


def options(**more: Any) -> Options:
    return parse(with_defaults({**READ, **more}))


def look(session: Session, **more: Any) -> Any:
    return session.look(options(**more), TARGET, 60.0)


def look_at_all(session: Session, **more: Any) -> Any:
    return session.look_at_all(options(**more), "mesh", 60.0)


both = pytest.mark.parametrize("see", [look, look_at_all], ids=["one", "all"])


@pytest.fixture
def session(stage: Stage) -> Session:
    return Session(stage.surroundings(), Cleaner())


class TestTheConnection:
    def test_is_opened_once_and_only_when_it_is_needed(self, stage: Stage, session: Session) -> None:
        stage.serve(listed())
        assert session.connect(options()) is session.connect(options())
        look_at_all(session)
        look_at_all(session)
        assert (len(stage.services), stage.requests) == (1, 2)

    def test_is_closed_with_the_session(self, stage: Stage, session: Session) -> None:
        stage.serve(ok())
        look(session)
        session.close()
        assert stage.services[0].closed == 1

    def test_that_was_never_opened_needs_no_closing(self, stage: Stage, session: Session) -> None:
        stage.serve(ok())
        session.close()
        assert stage.services == []

    def test_needs_requests(self, stage: Stage, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        stage.serve(ok())
        monkeypatch.setattr(room, "REQUESTS_IMPORT_ERROR", "Traceback …")
        with pytest.raises(AsmError, match=r"Failed to import the required Python library \(requests\)"):
            session.connect(options())
        assert stage.services == []


class TestTheClock:
    def test_counts_from_the_beginning_of_the_call(self, stage: Stage) -> None:
        walls = iter([NOON, NOON.replace(hour=20)])
        session = Session(stage.surroundings(now=lambda: next(walls)), Cleaner())
        stage.clock.sleep(7)
        assert (session.elapsed(), session.began) == (7.0, NOON)

    @both
    def test_bounds_a_look(self, stage: Stage, session: Session, see: Look) -> None:
        stage.serve(fault())
        stage.clock.sleep(7)
        with pytest.raises(AsmError):
            see(session)
        assert stage.services[0].sent[0].deadline == 1060.0


class TestMeanwhile:
    @both
    def test_is_called_now_and_then_while_a_request_takes_its_time(
        self, stage: Stage, session: Session, see: Look
    ) -> None:
        called: list[float] = []
        session.meanwhile = lambda: called.append(session.elapsed())
        stage.serve(fault(), takes=50)
        with pytest.raises(AsmError):
            see(session)
        pauses = [later - earlier for earlier, later in zip([0.0, *called], [*called, 50.0])]
        assert max(pauses) <= SLICE

    def test_is_nothing_at_first(self, stage: Stage, session: Session) -> None:
        stage.serve(ok(), takes=50)
        assert look(session).phase == "Running"

    @both
    def test_does_not_keep_a_request_that_nobody_waits_for(self, stage: Stage, see: Look) -> None:
        session = Session(stage.surroundings(abandoned=lambda: stage.clock() >= 1005), Cleaner())
        called: list[float] = []
        session.meanwhile = lambda: called.append(session.elapsed())
        stage.serve(fault(), takes=50)
        with pytest.raises(AsmError, match="nobody waits"):
            see(session)
        assert called[-1] == session.elapsed() == 5.0


def test_warnings_are_taken_once(session: Session) -> None:
    session.warn("mind the file")
    session.warn("mind the list")
    assert session.take_warnings() == ["mind the file", "mind the list"]
    assert session.take_warnings() == []


class TestTheRequestId:
    def test_is_that_of_the_last_answer_that_had_one(self, stage: Stage, session: Session) -> None:
        assert session.request_id == ""
        stage.serve_mesh([listed(), DENIED], {"reviews-canary": [ok(request_id="r-1"), BUSY, GONE]})
        seen = []
        for see in (look_at_all, look, look, look_at_all, look):
            with contextlib.suppress(AsmError):
                see(session)
            seen.append(session.request_id)
        assert seen == ["r-list", "r-1", "r-1", "r-denied", "r-gone"]


class TestALook:
    def test_finds_one_release(self, stage: Stage, session: Session) -> None:
        stage.serve(ok("Creating"))
        release = look(session)
        assert (release.name, release.phase, [each.name for each in release.gray]) == (
            "reviews-canary",
            "Creating",
            ["reviews-gray"],
        )
        assert stage.asked == [(0, single("reviews-canary"))]

    def test_finds_all_releases(self, stage: Stage, session: Session) -> None:
        stage.serve(listed(item("a"), item("b", namespace="shop")))
        roster = look_at_all(session)
        assert [(each.namespace, each.uid) for each in roster.items] == [("bookinfo", "uid-a"), ("shop", "uid-b")]
        assert stage.asked == [(0, "releases")]

    @pytest.mark.parametrize("manifests", [False, True])
    def test_holds_the_deployments_only_for_manifests(self, stage: Stage, session: Session, manifests: bool) -> None:
        stage.serve(ok())
        release = look(session, manifests=manifests)
        assert (release.content == document()) is manifests
        assert ("deployment" in release.content["status"]) is manifests

    @both
    def test_that_fails_in_what_was_answered_names_the_request(self, stage: Stage, session: Session, see: Look) -> None:
        stage.serve(answer(200, '{"kind": "Pod"}', X_Request_Id="r-pod"))
        with pytest.raises(AsmError, match="kind is missing or another") as caught:
            see(session)
        error = caught.value
        assert (error.kind, error.passing, error.status, error.request_id) == ("protocol", False, 200, "r-pod")
        assert error.url.startswith(MESH)

    @both
    def test_is_no_more_than_one_request(self, stage: Stage, session: Session, see: Look) -> None:
        stage.serve(BUSY)
        with pytest.raises(AsmError) as caught:
            see(session)
        assert (caught.value.kind, stage.requests) == ("server", 1)

    @pytest.mark.parametrize(
        ("see", "given"),
        [
            pytest.param(look, found, id="one"),
            pytest.param(look_at_all, listed, id="all"),
        ],
    )
    @pytest.mark.parametrize(
        ("levels", "manifests", "refused"),
        [
            pytest.param(DEEPEST, True, False, id="deepest"),
            pytest.param(DEEPEST + 1, True, True, id="deeper"),
            pytest.param(DEEPEST + 1, False, False, id="deeper, not handed on"),
        ],
    )
    def test_hands_on_a_release_up_to_a_depth(
        self, stage: Stage, session: Session, see: Any, given: Any, levels: int, manifests: bool, refused: bool
    ) -> None:
        inner: Any = 1
        # The release itself is the first level.
        for _level in range(levels - 1):
            inner = {"deeper": inner}
        stage.serve(given({**item("a"), "future": inner}))
        if refused:
            with pytest.raises(AsmError, match=f"deeper than {DEEPEST} levels"):
                see(session, manifests=manifests)
        else:
            assert see(session, manifests=manifests)

    def test_takes_a_list_leniently_when_it_is_told_so(self, stage: Stage, session: Session) -> None:
        inner: Any = 1
        for _level in range(DEEPEST):
            inner = {"deeper": inner}
        stage.serve(listed(item("a"), item("a"), item("b"), {**item("c"), "future": inner}))
        roster = session.look_at_all(options(manifests=True), "mesh", 60.0, leniently=True)
        assert ([each.uid for each in roster.items], len(roster.doubtful)) == (["uid-a", "uid-b", "uid-c"], 2)


class TestPatience:
    def test_outlasts_passing_faults_within_the_retries(self, stage: Stage, session: Session) -> None:
        stage.serve_mesh([BUSY, BUSY, listed(item("a"))])
        roster = session.patiently(options(), lambda deadline: session.look_at_all(options(), "mesh", deadline))
        assert len(roster.items) == 1
        assert stage.clock.slept == [1, 2]

    def test_bounds_all_tries_together(self, stage: Stage, session: Session) -> None:
        stage.serve(ok())
        stage.clock.sleep(7)
        session.patiently(options(request_timeout=5, request_retries=1), lambda until: look_until(session, until))
        assert stage.services[0].sent[0].deadline == 1017.0

    def test_can_have_a_tighter_bound(self, stage: Stage, session: Session) -> None:
        stage.serve(BUSY)
        with pytest.raises(AsmError):
            session.patiently(options(), lambda until: look_until(session, until), 2.0)
        assert (stage.requests, stage.clock.slept) == (2, [1])

    def test_can_have_pauses_of_a_least_length(self, stage: Stage, session: Session) -> None:
        stage.serve(BUSY, BUSY, BUSY, ok())
        session.patiently(options(), lambda until: look_until(session, until), at_least=3.0)
        assert stage.clock.slept == [3, 3, 4]


def look_until(session: Session, deadline: float) -> Any:
    return session.look(options(), TARGET, deadline)
