# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sentences of the gate: each names what was seen, what was expected and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.old_gate import (
    Change,
    Observation,
    State,
    advance,
    at_deadline,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.wording import (
    news,
    progress_line,
    report_gate,
    sentence,
    still_missing,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    deployment,
    exceeded,
    fault,
    not_found,
    release,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release

LABEL = "reviews-canary (bookinfo)"
WAIT = Conditions(("Running",), ("Failed",), wait_timeout=60)


def state_of(conditions: Conditions, *seen: Release | AsmError, late: bool = False) -> State:
    """Return the state after looks every 10 s; `late` asks for the verdict at the deadline."""
    state = State()
    for number, each in enumerate(seen):
        given, error = (None, each) if isinstance(each, AsmError) else (each, None)
        state = advance(state, Observation(number * 10.0, number * 10.0, given, error), conditions)
    return at_deadline(state, conditions) if late else state


@pytest.mark.parametrize(
    ("conditions", "seen", "late", "said"),
    [
        pytest.param(
            WAIT,
            [release()],
            False,
            "the gate is open: reviews-canary (bookinfo) is Running, 3/3 ready, after 0 s",
            id="reached",
        ),
        pytest.param(
            replace(WAIT, on_missing="accept", missing_after=("Finishing",)),
            [release("Finishing"), not_found(), not_found()],
            False,
            "the gate is open: reviews-canary (bookinfo) has disappeared, as it may after Finishing, after 20 s",
            id="reached by a disappearance",
        ),
        pytest.param(
            WAIT,
            [release("Failed")],
            False,
            "the gate stays shut: reviews-canary (bookinfo) is Failed, which is one of failure_phases",
            id="failed",
        ),
        pytest.param(
            replace(WAIT, ready=True),
            [release("Creating", [deployment("a"), {**exceeded(), "metadata": {"name": "b"}}])],
            False,
            "the gate stays shut: reviews-canary (bookinfo) has a gray workload that has exceeded its progress "
            "deadline: b",
            id="failed by its progress deadline",
        ),
        pytest.param(
            WAIT,
            [release("Creating"), release("Starting")],
            True,
            "the gate stays shut: reviews-canary (bookinfo) did not meet all conditions within 60 s; "
            "phases wanted: Running; phases seen: Creating, Starting",
            id="timeout",
        ),
        pytest.param(
            replace(WAIT, version="1.10"),
            [release(version="1.1")],
            True,
            "the gate stays shut: reviews-canary (bookinfo) did not meet all conditions within 60 s; "
            "phases wanted: Running; phases seen: Running; version is 1.1, waiting for 1.10",
            id="timeout over a version",
        ),
        pytest.param(
            replace(WAIT, stable_for=55),
            [release()] * 5,
            True,
            "the gate stays shut: reviews-canary (bookinfo) did not meet all conditions within 60 s; "
            "phases wanted: Running; phases seen: Running; stable 40 of 55 s",
            id="timeout while it held",
        ),
        pytest.param(
            WAIT,
            [release("Creating"), fault("server", status=503)],
            True,
            "the gate stays shut: reviews-canary (bookinfo) did not meet all conditions within 60 s; "
            "phases wanted: Running; phases seen: Creating; "
            "the last error was: a fault of kind server (503)",
            id="timeout over a fault",
        ),
        pytest.param(
            WAIT,
            [fault("server", status=503)],
            True,
            "the gate stays shut: reviews-canary (bookinfo) did not meet all conditions within 60 s; "
            "phases wanted: Running; phases seen: none; the last error was: a fault of kind server (503)",
            id="timeout without an answer",
        ),
        pytest.param(
            replace(WAIT, stall_timeout=20),
            [release("Creating")] * 3,
            False,
            "the gate stays shut: reviews-canary (bookinfo) has made no progress for 20 s; "
            "it is Creating, 3/3 ready (waiting for Running)",
            id="stalled",
        ),
        pytest.param(
            WAIT,
            [not_found()],
            False,
            "the gate stays shut: ASM knows no release reviews-canary (bookinfo); "
            "check mesh_id, namespace and release_id",
            id="missing",
        ),
        pytest.param(
            WAIT,
            [release("Creating"), not_found(), not_found()],
            False,
            "the gate stays shut: reviews-canary (bookinfo) has disappeared; its last phase was Creating",
            id="missing after it was seen",
        ),
        pytest.param(
            replace(WAIT, on_missing="wait"),
            [not_found()],
            True,
            "the gate stays shut: reviews-canary (bookinfo) has not appeared within 60 s; "
            "check mesh_id, namespace and release_id",
            id="missing at the deadline",
        ),
        pytest.param(
            WAIT,
            [release("Creating"), release(uid="uid-2")],
            False,
            "the gate stays shut: reviews-canary (bookinfo) is another one now: its uid was uid-1 and is uid-2",
            id="replaced",
        ),
        pytest.param(
            replace(WAIT, version="v2"),
            [release("Creating", version="v2"), release(version="v3")],
            False,
            "the gate stays shut: reviews-canary (bookinfo) has another version now: it was v2 and is v3",
            id="replaced by another version",
        ),
        pytest.param(
            WAIT,
            [fault("denied", status=403, remedy="grant it")],
            False,
            "the gate stays shut: a fault of kind denied (403); grant it",
            id="error",
        ),
        pytest.param(
            replace(WAIT, ready=True, images=(IMAGE, "sidecar:1")),
            [release("", [deployment(ready=2)])],
            False,
            "the gate is not open yet: reviews-canary (bookinfo) is in no phase, 2/3 ready (waiting for Running; not "
            "every gray workload has sidecar:1; not ready: gray workload reviews-gray: "
            "2 of 3 updated replicas are available)",
            id="pending",
        ),
        pytest.param(
            replace(WAIT, on_missing="wait"),
            [not_found()],
            False,
            "the gate is not open yet: reviews-canary (bookinfo) is not there yet (waiting for Running)",
            id="pending, not there",
        ),
    ],
)
def test_a_verdict_is_one_sentence(
    conditions: Conditions, seen: list[Release | AsmError], late: bool, said: str
) -> None:
    assert sentence(state_of(conditions, *seen, late=late), conditions, LABEL, Cleaner()) == said


@pytest.mark.parametrize("late", [False, True])
def test_foreign_text_in_a_sentence_is_on_one_line_and_short(late: bool) -> None:
    conditions = replace(WAIT, success_phases=("Run\nning",), version="v\n2")
    odd = release("a\nb" + "x" * 1000, [deployment(name="c\nd", ready=0)], version="e\nf")
    said = sentence(state_of(conditions, odd, late=late), conditions, LABEL, Cleaner())
    assert "\n" not in said
    assert "x" * 200 not in said


@pytest.mark.parametrize(
    ("conditions", "seen", "said"),
    [
        pytest.param(
            WAIT,
            [release()],
            "check mode: this read alone means reached, so the gate would open: "
            "reviews-canary (bookinfo) is Running, 3/3 ready, after 0 s",
            id="reached",
        ),
        pytest.param(
            WAIT,
            [release("Creating")],
            "check mode: this read alone means pending, so the gate would wait: "
            "reviews-canary (bookinfo) is Creating, 3/3 ready (waiting for Running)",
            id="pending",
        ),
        pytest.param(
            WAIT,
            [release("Failed")],
            "check mode: this read alone means failed, so the gate would stay shut and the task would fail: "
            "reviews-canary (bookinfo) is Failed, which is one of failure_phases",
            id="failed",
        ),
        pytest.param(
            WAIT,
            [not_found()],
            "check mode: this read alone means missing, so the gate would stay shut and the task would fail: "
            "ASM knows no release reviews-canary (bookinfo); check mesh_id, namespace and release_id",
            id="missing",
        ),
        pytest.param(
            WAIT,
            [fault("denied", status=403)],
            "check mode: the gate stays shut: a fault of kind denied (403)",
            id="error",
        ),
    ],
)
def test_check_mode_says_what_the_read_alone_means(
    conditions: Conditions, seen: list[Release | AsmError], said: str
) -> None:
    assert sentence(state_of(conditions, *seen), conditions, LABEL, Cleaner(), check_mode=True) == said


ACCEPT = replace(WAIT, on_missing="accept", missing_after=("Finishing",), stable_for=30)
ALL = replace(WAIT, ready=True, version="v2", images=("a:1", "b:1", "c:1", "d:1", IMAGE), stable_for=30)

MISSING = [
    pytest.param(WAIT, [], ["waiting for Running"], id="nothing answered"),
    pytest.param(WAIT, [release("Creating")], ["waiting for Running"], id="phase"),
    pytest.param(
        replace(WAIT, success_phases=("Running", "Done")), [release("")], ["waiting for Running or Done"], id="phases"
    ),
    pytest.param(replace(WAIT, version="v2"), [release(version="v1")], ["version is v1, waiting for v2"], id="version"),
    pytest.param(
        replace(WAIT, version="v2"), [release(version="")], ["version is empty, waiting for v2"], id="no version"
    ),
    pytest.param(
        replace(WAIT, images=(IMAGE, "a:1", "b:1")),
        [release()],
        ["not every gray workload has a:1, b:1"],
        id="images, only those that lack",
    ),
    pytest.param(
        replace(WAIT, ready=True),
        [release(gray=[deployment(ready=2)])],
        ["not ready: gray workload reviews-gray: 2 of 3 updated replicas are available"],
        id="ready",
    ),
    pytest.param(replace(WAIT, ready=True), [release(gray=[])], ["not ready: there is no gray workload"], id="none"),
    pytest.param(replace(WAIT, stable_for=70), [release()], ["stable 0 of 70 s"], id="stable, first answer"),
    pytest.param(replace(WAIT, stable_for=70), [release()] * 3, ["stable 20 of 70 s"], id="stable for a while"),
    pytest.param(
        replace(WAIT, stable_for=70), [release(), fault(), release()], ["stable 20 of 70 s"], id="stable over an error"
    ),
    pytest.param(
        ALL,
        [release("Creating", [deployment(ready=0)], version="v1")],
        [
            "waiting for Running",
            "version is v1, waiting for v2",
            "not every gray workload has a:1, b:1, c:1 and 1 more",
            "not ready: gray workload reviews-gray: 0 of 3 updated replicas are available",
        ],
        id="all of them",
    ),
    pytest.param(replace(WAIT, on_missing="wait"), [not_found()], ["waiting for Running"], id="not there yet"),
    pytest.param(WAIT, [release("Creating"), not_found()], ["waiting for Running"], id="not there for once"),
    pytest.param(ACCEPT, [release("Finishing"), not_found()], ["waiting for a second 404"], id="gone, perhaps"),
    pytest.param(ACCEPT, [release("Finishing"), not_found(), not_found()], ["stable 10 of 30 s"], id="gone"),
    pytest.param(ACCEPT, [release("Creating"), not_found()], ["waiting for Running"], id="gone too early"),
]


class TestMissingConditions:
    @pytest.mark.parametrize(("conditions", "seen", "missing"), MISSING)
    def test_are_named(self, conditions: Conditions, seen: list[Release | AsmError], missing: list[str]) -> None:
        assert still_missing(state_of(conditions, *seen), conditions, Cleaner()) == missing

    @pytest.mark.parametrize(("conditions", "seen", "missing"), MISSING)
    def test_are_the_same_in_a_line_a_pending_sentence_and_a_timeout(
        self, conditions: Conditions, seen: list[Release | AsmError], missing: list[str]
    ) -> None:
        state, clean = state_of(conditions, *seen), Cleaner()
        late = replace(state, outcome="timeout")
        assert f"; {'; '.join(missing)}; " in progress_line(None, state, conditions, LABEL, 10.0, clean)
        assert f"({'; '.join(missing)})" in sentence(state, conditions, LABEL, clean)
        for each in missing:
            # A timeout lists the phases wanted in any case.
            said = sentence(late, conditions, LABEL, clean)
            assert (each in said) is not (each.startswith("waiting for Running"))

    @pytest.mark.parametrize(
        ("conditions", "seen"),
        [
            pytest.param(WAIT, [release()], id="reached"),
            pytest.param(WAIT, [release("Failed")], id="failed"),
            pytest.param(WAIT, [release("Creating"), release("Creating", uid="uid-2")], id="replaced"),
            pytest.param(WAIT, [fault("denied")], id="error"),
            pytest.param(WAIT, [not_found()], id="missing"),
        ],
    )
    def test_are_none_where_the_outcome_says_it_all(
        self, conditions: Conditions, seen: list[Release | AsmError]
    ) -> None:
        assert still_missing(state_of(conditions, *seen), conditions, Cleaner()) == []


class TestNews:
    conditions = replace(WAIT, ready=True, version="v2", stable_for=60)

    def news(self, *seen: Release | AsmError) -> object:
        return news(state_of(self.conditions, *seen), self.conditions)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param(release(version="v1"), release(version="v2"), id="a condition that is met"),
            pytest.param(release(version="v0"), release(version="v1"), id="another version that is not wanted"),
            pytest.param(release("Creating"), release("Starting"), id="a phase"),
            pytest.param(release(gray=[deployment(ready=1)]), release(gray=[deployment(ready=2)]), id="readiness"),
            pytest.param(release("Creating"), not_found(), id="a disappearance"),
            pytest.param(release("Creating"), release("Failed"), id="an outcome"),
        ],
    )
    def test_is_each_change(self, before: Release, after: Release | AsmError) -> None:
        assert self.news(before, after) != self.news(before)

    @pytest.mark.parametrize(
        "after",
        [
            pytest.param([release(version="v2")], id="more seconds of stable_for"),
            pytest.param([fault("server")], id="a transient error"),
        ],
    )
    def test_is_no_counter(self, after: list[Release | AsmError]) -> None:
        before = [release(version="v2")] * 2
        assert self.news(*before, *after) == self.news(*before)

    def test_is_no_other_reason_for_not_being_ready(self) -> None:
        before = release(gray=[deployment(ready=0, updatedReplicas=1)])
        after = release(gray=[deployment(ready=0, updatedReplicas=2)])
        assert self.news(before, after) == self.news(before)


class TestProgressLine:
    @pytest.mark.parametrize(
        ("before", "conditions", "seen", "rest", "line"),
        [
            pytest.param(
                Change("Creating", "0/3", 0),
                WAIT,
                [release("Starting", [deployment(ready=2)])],
                10.0,
                "reviews-canary (bookinfo) Creating → Starting, 2/3 ready; waiting for Running; next poll in 10 s",
                id="another phase",
            ),
            pytest.param(
                Change("Creating", "0/3", 0),
                WAIT,
                [release("Creating")],
                9.6,
                "reviews-canary (bookinfo) Creating, 3/3 ready; waiting for Running; next poll in 10 s",
                id="another readiness",
            ),
            pytest.param(
                None,
                replace(WAIT, stable_for=70),
                [release()] * 2,
                5.0,
                "reviews-canary (bookinfo) Running, 3/3 ready; stable 10 of 70 s; next poll in 5 s",
                id="not yet stable",
            ),
            pytest.param(
                None,
                replace(WAIT, version="v2"),
                [release(version="v1")],
                10.0,
                "reviews-canary (bookinfo) Running, 3/3 ready; version is v1, waiting for v2; next poll in 10 s",
                id="another version than wanted",
            ),
            pytest.param(
                Change("Creating", "3/3", 0),
                WAIT,
                [release("Creating"), release()],
                None,
                "reviews-canary (bookinfo) Creating → Running, 3/3 ready; reached after 10 s",
                id="the verdict",
            ),
            pytest.param(
                Change("Creating", "3/3", 0),
                WAIT,
                [release("Creating"), fault("server"), fault("server")],
                2.0,
                "reviews-canary (bookinfo) Creating, 3/3 ready; waiting for Running; "
                "transient error (server), retry 2; next poll in 2 s",
                id="transient errors",
            ),
            pytest.param(
                Change("Creating", "3/3", 0),
                WAIT,
                [release("Creating"), fault("denied")],
                None,
                "reviews-canary (bookinfo) Creating, 3/3 ready; error (denied) after 10 s",
                id="a final error",
            ),
            pytest.param(
                None,
                WAIT,
                [fault("network")],
                1.0,
                "reviews-canary (bookinfo) not answered yet; waiting for Running; "
                "transient error (network), retry 1; next poll in 1 s",
                id="nothing seen",
            ),
            pytest.param(
                None,
                WAIT,
                [],
                None,
                "reviews-canary (bookinfo) not answered yet; waiting for Running; waiting for an answer",
                id="while the first request takes its time",
            ),
            pytest.param(
                None,
                replace(WAIT, on_missing="wait"),
                [not_found()],
                10.0,
                "reviews-canary (bookinfo) not there yet; waiting for Running; next poll in 10 s",
                id="not there yet",
            ),
            pytest.param(
                Change("Creating", "3/3", 0),
                WAIT,
                [release("Creating"), not_found()],
                10.0,
                "reviews-canary (bookinfo) Creating → not there; waiting for Running; next poll in 10 s",
                id="gone",
            ),
        ],
    )
    def test_says(
        self,
        before: Change | None,
        conditions: Conditions,
        seen: list[Release | AsmError],
        rest: float | None,
        line: str,
    ) -> None:
        said = progress_line(before, state_of(conditions, *seen), conditions, LABEL, rest, Cleaner())
        assert said == f"release_gate: {line}"

    def test_of_a_timeout_says_what_was_missing(self) -> None:
        conditions = replace(WAIT, version="v2")
        state = state_of(conditions, release(version="v1"), fault("server"), late=True)
        assert progress_line(None, state, conditions, LABEL, None, Cleaner()) == (
            "release_gate: reviews-canary (bookinfo) Running, 3/3 ready; version is v1, waiting for v2; "
            "transient error (server); timeout after 10 s"
        )

    def test_is_one_line_without_commands_to_a_pipeline(self) -> None:
        odd = "a\n##vso[task.complete]::error::"
        conditions = replace(WAIT, version=odd, success_phases=(odd,), images=(odd,), ready=True)
        state = state_of(conditions, release(odd, [deployment(name=odd, ready=0)], version=odd + "1"))
        line = progress_line(Change("b\nc", "0/0", 0), state, conditions, LABEL, 10.0, Cleaner())
        assert "\n" not in line
        assert "##vso[" not in line
        assert "::error" not in line


class TestReport:
    def test_has_these_keys(self) -> None:
        state = state_of(WAIT, release("Creating", [deployment(ready=1)]), fault(), release())
        assert report_gate(state, WAIT, LABEL, datetime(2026, 3, 1, 12, tzinfo=timezone.utc), Cleaner(), False) == {
            "outcome": "reached",
            "message": "the gate is open: reviews-canary (bookinfo) is Running, 3/3 ready, after 20 s",
            "elapsed": 20.0,
            "reads": 2,
            "retries": 1,
            "timeline": [
                {"phase": "Creating", "at": "2026-03-01T12:00:00Z", "after": 0.0, "ready": "1/3"},
                {"phase": "Running", "at": "2026-03-01T12:00:20Z", "after": 20.0, "ready": "3/3"},
            ],
            "timeline_left_out": 0,
            "check_mode": False,
        }

    def test_is_pending_without_an_outcome(self) -> None:
        gate = report_gate(State(), WAIT, LABEL, datetime.now(timezone.utc), Cleaner(), True)
        assert (gate["outcome"], gate["check_mode"]) == ("pending", True)
