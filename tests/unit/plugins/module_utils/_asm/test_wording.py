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
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate import (
    Change,
    Observation,
    State,
    advance,
    at_deadline,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options import Conditions
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.text import Cleaner
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.wording import (
    progress_line,
    report_gate,
    sentence,
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
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.release import Release

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
            "phases wanted: Running; phases seen: Running; its version is '1.1', wanted '1.10' "
            "(YAML reads 1.10 as the number 1.1, so quote it)",
            id="timeout over a version",
        ),
        pytest.param(
            replace(WAIT, stable_for=55),
            [release()] * 5,
            True,
            "the gate stays shut: reviews-canary (bookinfo) did not meet all conditions within 60 s; "
            "phases wanted: Running; phases seen: Running; 40 of 55 s held",
            id="timeout while it held",
        ),
        pytest.param(
            WAIT,
            [release("Creating"), fault("server", status=503)],
            True,
            "the gate stays shut: reviews-canary (bookinfo) did not meet all conditions within 60 s; "
            "phases wanted: Running; phases seen: Creating; "
            "the last fault was: a fault of kind server (503)",
            id="timeout over a fault",
        ),
        pytest.param(
            WAIT,
            [fault("server", status=503)],
            True,
            "the gate stays shut: reviews-canary (bookinfo) did not meet all conditions within 60 s; "
            "phases wanted: Running; phases seen: none; the last fault was: a fault of kind server (503)",
            id="timeout without an answer",
        ),
        pytest.param(
            replace(WAIT, stall_timeout=20),
            [release("Creating")] * 3,
            False,
            "the gate stays shut: reviews-canary (bookinfo) has made no progress for 20 s: "
            "its phase is Creating, wanted Running",
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
            "the gate is not open yet: reviews-canary (bookinfo): its phase is none, wanted Running, not every "
            "gray workload has sidecar:1, it is not ready: gray workload reviews-gray: "
            "2 of 3 updated replicas are available",
            id="pending",
        ),
        pytest.param(
            replace(WAIT, on_missing="wait"),
            [not_found()],
            False,
            "the gate is not open yet: reviews-canary (bookinfo): it is not there",
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


class TestProgressLine:
    @pytest.mark.parametrize(
        ("before", "state", "rest", "line"),
        [
            pytest.param(
                Change("Creating", "0/3", 0),
                replace(state_of(WAIT, release("Starting", [deployment(ready=2)])), ended=35),
                10.0,
                "release_gate: reviews-canary (bookinfo) Creating → Starting, 2/3 ready, 35 s, next look in 10 s",
                id="another phase",
            ),
            pytest.param(
                Change("Creating", "0/3", 0),
                state_of(WAIT, release("Creating")),
                9.6,
                "release_gate: reviews-canary (bookinfo) Creating, 3/3 ready, 0 s, next look in 10 s",
                id="another readiness",
            ),
            pytest.param(
                None,
                state_of(WAIT, release("Creating")),
                10.0,
                "release_gate: reviews-canary (bookinfo) Creating, 3/3 ready, 0 s, next look in 10 s",
                id="the first",
            ),
            pytest.param(
                Change("Creating", "3/3", 0),
                state_of(WAIT, release()),
                None,
                "release_gate: reviews-canary (bookinfo) Creating → Running, 3/3 ready, 0 s, reached",
                id="the verdict",
            ),
            pytest.param(
                Change("Creating", "3/3", 0),
                state_of(WAIT, release("Creating"), fault("server"), fault("server")),
                2.0,
                "release_gate: reviews-canary (bookinfo) Creating, 3/3 ready, 20 s, server (2 in a row), "
                "next look in 2 s",
                id="faults",
            ),
            pytest.param(
                Change("Creating", "3/3", 0),
                state_of(WAIT, release("Creating"), fault("denied")),
                None,
                "release_gate: reviews-canary (bookinfo) Creating, 3/3 ready, 10 s, denied, error",
                id="a final error",
            ),
            pytest.param(
                None,
                state_of(WAIT, fault("network")),
                1.0,
                "release_gate: reviews-canary (bookinfo) unknown, 0 s, network (1 in a row), next look in 1 s",
                id="nothing seen",
            ),
            pytest.param(
                Change("Creating", "3/3", 0),
                state_of(WAIT, release("Creating"), not_found()),
                10.0,
                "release_gate: reviews-canary (bookinfo) Creating → not there, 10 s, next look in 10 s",
                id="gone",
            ),
        ],
    )
    def test_says(self, before: Change | None, state: State, rest: float | None, line: str) -> None:
        assert progress_line(before, state, LABEL, rest, Cleaner()) == line

    def test_is_one_line_without_commands_to_a_pipeline(self) -> None:
        state = state_of(WAIT, release("a\n##vso[task.complete]::error::"))
        line = progress_line(Change("b\nc", "0/0", 0), state, LABEL, 10.0, Cleaner())
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
