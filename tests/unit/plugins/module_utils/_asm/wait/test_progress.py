# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a progress line is shown while a gate waits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import Conditions, Schedule
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, release
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.wait.clients import (
    MINUTE,
    RUNNING,
    Call,
    FakeClient,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.observed import Seen


def half(name: str) -> Seen:
    return release("", [deployment(ready=1)], uid=f"uid-{name}", name=name)


def lines_of(
    *seen: Seen, conditions: Conditions = RUNNING, schedule: Schedule = MINUTE, takes: float = 0.0
) -> list[str]:
    call = Call(FakeClient({"a": seen}, takes=takes), ["a"], schedule, conditions)
    call.wait()
    return [line.replace("release_gate: ", "") for line in call.lines]


@pytest.mark.parametrize(
    ("conditions", "seen", "count"),
    [
        pytest.param(RUNNING, ["Creating", "Creating", "Running"], 2, id="the phase"),
        pytest.param(RUNNING, [half("a"), "", "Running"], 3, id="ready replicas"),
        pytest.param(RUNNING, ["Creating", 503, 503, "Creating", "Running"], 2, id="no transient error"),
        pytest.param(replace(RUNNING, stable_for=35), ["Running"], 2, id="not the seconds of stable_for"),
        pytest.param(
            replace(RUNNING, version="v2"),
            [release(version="v1"), release(version="v1"), release(version="v2")],
            2,
            id="what is missing",
        ),
    ],
)
def test_a_line_is_shown_at_each_change_of(conditions: Conditions, seen: list[Seen], count: int) -> None:
    assert len(lines_of(*seen, conditions=conditions)) == count


@pytest.mark.parametrize(("wait_sleep", "takes"), [(10, 0.0), (300, 0.0), (70, 20.0), (1, 200.0)])
def test_a_line_is_shown_at_least_every_60_s(wait_sleep: float, takes: float) -> None:
    call = Call(FakeClient({"a": ["Creating"]}, takes=takes), ["a"], Schedule(400, wait_sleep))
    times: list[float] = []
    call.lines = _Times(times, call.client)
    call.wait()
    assert all(later - at <= 60 for at, later in zip([0.0, *times], [*times, call.client.clock()]))
    assert len(times) <= 9


class _Times(list):  # type: ignore[type-arg]
    """Keeps when each line was shown."""

    def __init__(self, times: list[float], client: FakeClient) -> None:
        self._times = times
        self._client = client

    def append(self, _line: object) -> None:
        self._times.append(self._client.clock())


def test_lines_of_a_wait() -> None:
    assert lines_of("Creating", 404, "Creating", 503, "Running", schedule=Schedule(600)) == [
        "a (bookinfo) Creating, 3/3 ready; waiting for Running; next poll in 10 s",
        "a (bookinfo) Creating → not there; waiting for Running; next poll in 10 s",
        "a (bookinfo) not there → Creating, 3/3 ready; waiting for Running; next poll in 10 s",
        "a (bookinfo) Creating → Running, 3/3 ready; reached after 31 s",
    ]


def test_a_line_during_a_pause_has_the_last_transient_error() -> None:
    *_earlier, line, _last = lines_of("Creating", *[503] * 8, "Running", schedule=Schedule(600))
    assert line == (
        "a (bookinfo) Creating, 3/3 ready; waiting for Running; transient error (server), retry 8; next poll in 11 s"
    )


def test_a_line_during_the_first_request_says_that_there_is_no_answer_yet() -> None:
    first, *_later = lines_of("Running", takes=70.0, schedule=Schedule(600, request_timeout=100))
    assert first == "a (bookinfo) not answered yet; waiting for Running; waiting for an answer"
