# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the next poll is due."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.schedule import (
    PollCost,
    can_read_twice,
    due_after_error,
    last_request,
    next_poll,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import Conditions, Schedule
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import error_of_kind
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.observed import (
    THROTTLED,
    Poll,
    gate_set,
    polls,
    throttled,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.gate_set import GateSet

RUNNING = Conditions(("Running",))
MINUTE = Schedule(wait_timeout=60)
BOTH: Poll = {0: "Creating", 1: "Creating"}
SERVER = error_of_kind("server")
NO_COST = PollCost()


def due(gates: GateSet, now: float, jitter: float = 1.0, cost: PollCost = NO_COST) -> float | None:
    time = next_poll(gates, cost, now, jitter)
    return None if time is None else round(time, 2)


def after(*shown: Poll, conditions: Conditions = RUNNING, schedule: Schedule = MINUTE) -> GateSet:
    return polls(gate_set(2, conditions, schedule=schedule), *shown)


@pytest.mark.parametrize(("wait_timeout", "last"), [(600, 598), (10, 8), (9, 8), (1, 0)])
def test_the_last_request_begins_just_before_the_deadline(wait_timeout: float, last: float) -> None:
    assert last_request(Schedule(wait_timeout)) == last


@pytest.mark.parametrize(
    ("now", "jitter", "time"),
    [
        pytest.param(0.5, 1.0, 10.5, id="after wait_sleep"),
        pytest.param(0.5, 1.1, 11.5, id="with jitter"),
        pytest.param(50, 1.0, 58, id="not after the last request"),
        pytest.param(57.9, 1.0, 58, id="once more"),
        pytest.param(58, 1.0, None, id="not again"),
        pytest.param(61, 1.0, None, id="not after the deadline"),
    ],
)
def test_the_next_poll_is_due(now: float, jitter: float, time: float | None) -> None:
    assert due(after(BOTH), now, jitter) == time


@pytest.mark.parametrize(
    ("now", "time"),
    [
        pytest.param(0.5, 2.5, id="so that polls begin every wait_sleep"),
        pytest.param(47, 49, id="while there is time"),
        pytest.param(49, 50, id="so that the last request of a whole poll is in time"),
        pytest.param(50, 52, id="and in part when there is no time for a whole one"),
        pytest.param(57, 58, id="not after the last request"),
        pytest.param(58, None, id="not again"),
    ],
)
def test_pauses_between_single_reads_bring_the_next_poll_forward(now: float, time: float | None) -> None:
    cost = PollCost(single_reads=5, spacing=2, paused=8)
    assert cost.length == 8
    assert due(after(BOTH), now, cost=cost) == time
    assert due(after(BOTH), 10, cost=replace(cost, single_reads=0, paused=40)) == 10


@pytest.mark.parametrize(
    ("conditions", "shown", "now", "time"),
    [
        pytest.param(replace(RUNNING, stable_for=15), [BOTH, {0: "Running", 1: ""}], 18, 25, id="stable_for"),
        pytest.param(replace(RUNNING, stall_timeout=15), [BOTH, {0: "", 1: "Creating"}], 10, 15, id="stall_timeout"),
        pytest.param(
            replace(RUNNING, stall_timeout=15), [BOTH, {0: "", 1: 503}], 10, 20, id="only of answered releases"
        ),
        pytest.param(
            replace(RUNNING, stall_timeout=15),
            [{0: "Running", 1: "1"}, {0: "", 1: "2"}, {0: "", 1: "3"}],
            20,
            30,
            id="only of releases without an outcome",
        ),
        pytest.param(
            replace(RUNNING, on_missing="accept", missing_after=("Creating",), stable_for=25),
            [BOTH, {0: 404, 1: ""}, {0: 404, 1: ""}],
            28,
            35,
            id="an accepted disappearance",
        ),
        pytest.param(replace(RUNNING, stall_timeout=15), [BOTH], 20, 20, id="never in the past"),
    ],
)
def test_a_poll_is_made_when_a_response_decides(
    conditions: Conditions, shown: list[Poll], now: float, time: float
) -> None:
    gates = after(*shown, conditions=conditions)
    assert due(gates, now) == time
    assert (next_poll(gates, NO_COST, now, 1.0) or 0.0) >= time


class TestAfterTransientErrors:
    @pytest.mark.parametrize(("errors", "pause"), [(1, 1), (2, 2), (3, 4), (5, 16), (9, 30), (2000, 30)])
    def test_pauses_double_up_to_30_s(self, errors: int, pause: float) -> None:
        schedule = Schedule(wait_timeout=100_000)
        gates = polls(gate_set(2, RUNNING, schedule=schedule), BOTH, *[SERVER] * errors)
        assert due(gates, 50_000) == 50_000 + pause
        assert due(gates, 50_000, 0.9) == pytest.approx(50_000 + 0.9 * pause)

    def test_pauses_begin_again_after_an_answer(self) -> None:
        assert due(after(SERVER, SERVER, BOTH), 20) == 30
        assert due(after(SERVER, SERVER, BOTH, SERVER), 30) == 31

    @pytest.mark.parametrize(
        ("shown", "time"),
        [
            pytest.param({0: "Creating", 1: 503}, 12, id="the list was answered"),
            pytest.param({0: 503, 1: 503}, 4, id="no target was answered"),
        ],
    )
    def test_of_single_reads_do_not_bring_the_next_poll_forward(self, shown: Poll, time: float) -> None:
        assert due(after(shown), 2) == time

    @pytest.mark.parametrize(
        ("error", "pause"),
        [
            pytest.param(THROTTLED, 10, id="wait_sleep"),
            pytest.param(throttled(0), 10, id="wait_sleep if Retry-After is shorter"),
            pytest.param(throttled(30), 30, id="Retry-After"),
            pytest.param(throttled(600), 120, id="Retry-After, up to 120 s"),
        ],
    )
    def test_after_a_429_no_request_is_sent_sooner_than(self, error: AsmError, pause: float) -> None:
        assert due(after(BOTH, error, schedule=Schedule(600)), 10, 0.9) == 10 + pause
        stalling = replace(RUNNING, stall_timeout=12)
        assert due(after(BOTH, error, conditions=stalling, schedule=Schedule(600)), 10) == 10 + pause

    def test_a_retry_after_of_0_without_a_429_causes_no_burst(self) -> None:
        error = error_of_kind("server", throttled(0).response)
        assert due(after(error), 10) == 10.9

    @pytest.mark.parametrize(
        ("error", "now", "time"),
        [
            pytest.param(SERVER, 57.5, 58, id="the last request comes sooner than the pause"),
            pytest.param(THROTTLED, 48, 58, id="a 429, just in time"),
            pytest.param(THROTTLED, 48.1, None, id="a 429, and no time for wait_sleep"),
            pytest.param(throttled(40), 10, 50, id="Retry-After, in time"),
            pytest.param(throttled(40), 19, None, id="Retry-After, and no time for it"),
            pytest.param(SERVER, 58, None, id="no request after the last one"),
        ],
    )
    def test_before_the_deadline(self, error: AsmError, now: float, time: float | None) -> None:
        assert due(after(BOTH, error), now) == time
        assert due_after_error(error, 1, MINUTE, now, 1.0) == time


@pytest.mark.parametrize(
    ("count", "now", "twice"),
    [(2, 0, True), (15, 0, True), (16, 0, False), (2, 46, True), (2, 46.1, False), (15, 1, False)],
)
def test_each_release_can_be_read_twice_within_the_budget(count: int, now: float, twice: bool) -> None:
    assert can_read_twice(count, PollCost(spacing=2), MINUTE, now) is twice
