# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which results say that the task has cut their wait."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.task_limit import cut_sentence
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    DENIED,
    GATE,
    GONE,
    HELD_SELECTION,
    READ,
    Given,
    Stage,
    held,
    item,
    listed,
    ok,
)

CUT = "wait_timeout was cut from 600 s to 4 s by the task's timeout"
SHORT: dict[str, Any] = {"wait_timeout": 4, "wait_sleep": 1}


def test_the_sentence_names_both_times_and_the_keyword() -> None:
    assert cut_sentence(600, 4, "timeout") == CUT


@pytest.mark.parametrize(
    ("options", "answer", "outcome"),
    [
        pytest.param(GATE, ok("Creating"), "timeout", id="timeout"),
        pytest.param({**GATE, "on_missing": "wait"}, GONE, "missing", id="it has not appeared"),
        pytest.param({**GATE, "stable_for": 4}, ok(), "error", id="stable_for does not fit any more"),
        pytest.param(held("one", "two"), listed(item("one"), item("two", "Creating")), "timeout", id="two releases"),
        pytest.param(HELD_SELECTION, listed(item("one", "Creating")), "timeout", id="selection"),
        pytest.param(held("a", "b", requests_per_minute=1), DENIED, "error", id="no time for single reads"),
    ],
)
def test_a_verdict_to_which_the_time_has_led_says_so(
    stage: Stage, options: dict[str, Any], answer: Given, outcome: str
) -> None:
    plain = stage.read({**options, **SHORT}, answer)
    cut = stage.read({**options, **SHORT}, answer, cut=CUT)
    assert cut["gate"]["outcome"] == outcome
    assert cut["msg"] == cut["gate"]["message"] == f"{plain['msg']}; {CUT}"
    assert cut["failed"] is True


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        pytest.param(GATE, ok(), id="reached"),
        pytest.param(GATE, ok("Failed"), id="failed"),
        pytest.param(GATE, GONE, id="missing at once"),
        pytest.param(GATE, DENIED, id="denied"),
        pytest.param({**GATE, "release_id": ""}, ok(), id="another usage error"),
        pytest.param(READ, ok(), id="a read"),
        pytest.param(READ, DENIED, id="a read that is denied"),
    ],
)
def test_any_other_result_says_nothing_of_it(stage: Stage, options: dict[str, Any], answer: Given) -> None:
    given = {**options, **SHORT}
    assert stage.read(given, answer, cut=CUT) == stage.read(given, answer)
