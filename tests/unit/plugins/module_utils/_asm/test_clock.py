# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wall clock that is set during a wait changes nothing about the wait."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import Response, Transport
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import run
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime, TaskContext
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document, error_of_kind, release_list
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import Clock, answer, given_back

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
LATENCY = 0.125
TARGET = {"region": "region-1", "mesh_id": "mesh", "namespace": "bookinfo", "release_id": "reviews-canary"}
SEVERAL = {"release_id": None, "releases": [{"release_id": "uid-1"}, {"release_id": "uid-2"}]}
USER = {"username": "invented-user", "password": "invented-password", "domain_name": "invented", "project_id": "p1"}


def shown(phase: str) -> Response:
    return answer(200, json.dumps(document(phase)))


def listed(phase: str) -> Response:
    items = [document(phase, uid="uid-1"), document("Running", uid="uid-2")]
    return answer(200, json.dumps(release_list(*items)))


def busy(retry_after: str) -> Response:
    return answer(503, Retry_After=retry_after, Date="Sun, 01 Mar 2026 12:00:00 GMT")


def login() -> Response:
    token = {"token": {"issued_at": "2026-03-01T12:00:00.000000Z", "expires_at": "2026-03-01T13:00:00.000000Z"}}
    return answer(201, json.dumps(token), X_Subject_Token="invented-token-of-the-login")


@dataclass
class Service:
    """Gives the answers in order, the last one for ever; one request or pause moves the wall clock by ``jump``."""

    answers: Sequence[Response | AsmError]
    jump: timedelta
    jump_in_request: int | None
    jump_in_pause: int | None
    clock: Clock = field(default_factory=Clock)
    shift: timedelta = timedelta(0)
    asked: list[tuple[str, float]] = field(default_factory=list)

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.clock.seconds) + self.shift

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        if len(self.clock.slept) == self.jump_in_pause:
            self.shift += self.jump

    def send(self, request: Any, _deadline: float, _bounds: Any = None, decode: Any = None) -> Response:
        self.asked.append((request.url, self.clock.seconds))
        self.clock.seconds += LATENCY
        if len(self.asked) == self.jump_in_request:
            self.shift += self.jump
        if "/v3/auth/tokens" in request.url:
            return login()
        reads = sum("/v3/auth/tokens" not in url for url, _unused in self.asked)
        return given_back(self.answers[min(reads, len(self.answers)) - 1], request.url, decode)


Hold = Callable[..., tuple[dict[str, Any], Service]]


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Hold:
    """Hold a gate over scripted answers; return its result, and the service that it asked."""

    def held(
        options: dict[str, Any], answers: Sequence[Response | AsmError], **jump: Any
    ) -> tuple[dict[str, Any], Service]:
        service = Service(answers, **{"jump": timedelta(0), "jump_in_request": None, "jump_in_pause": None, **jump})
        monkeypatch.setattr(Transport, "send", lambda _self, *positional, **named: service.send(*positional, **named))
        parameters = {name: option.get("default") for name, option in argument_spec().items()}
        parameters.update(TARGET, token="invented-token", wait=True, success_phases=["Running"], wait_timeout=60)
        parameters.update(options)
        runtime = Runtime(
            {}, monotonic=service.clock.__call__, sleep=service.sleep, now=service.now, jitter=lambda: 1.0
        )
        return run(parameters, TaskContext(), runtime).result, service

    return held


@pytest.mark.parametrize(
    "when",
    [
        pytest.param({"jump_in_request": 1}, id="in-the-first-request"),
        pytest.param({"jump_in_request": 2}, id="in-the-second-request"),
        pytest.param({"jump_in_pause": 1}, id="in-the-first-pause"),
        pytest.param({"jump_in_pause": 12}, id="in-a-later-pause"),
    ],
)
@pytest.mark.parametrize("jump", [pytest.param(HOUR, id="an-hour-on"), pytest.param(-HOUR, id="an-hour-back")])
@pytest.mark.parametrize(
    ("options", "answers", "outcome"),
    [
        pytest.param({}, [shown("Creating"), shown("Creating"), shown("Running")], "reached", id="reached"),
        pytest.param({}, [shown("Creating")], "timeout", id="timeout"),
        pytest.param({"stable_for": 15}, [shown("Running")], "reached", id="stable-for"),
        pytest.param({"stall_timeout": 25}, [shown("Creating")], "stalled", id="stalled"),
        pytest.param(
            {},
            [shown("Creating"), error_of_kind(), error_of_kind(), shown("Running")],
            "reached",
            id="transient-errors",
        ),
        pytest.param({}, [busy("20"), shown("Running")], "reached", id="retry-after-seconds"),
        pytest.param({}, [busy("Sun, 01 Mar 2026 12:00:20 GMT"), shown("Running")], "reached", id="retry-after-a-date"),
        pytest.param(SEVERAL, [listed("Creating"), busy("7"), listed("Running")], "reached", id="several"),
        pytest.param({**SEVERAL, "stall_timeout": 25}, [listed("Creating")], "stalled", id="several-stalled"),
        pytest.param(
            {"token": None, **USER, "wait_timeout": 8000, "wait_sleep": 600},
            [shown("Creating")],
            "timeout",
            id="logins-that-expire",
        ),
    ],
)
def test_a_wait_is_the_same_when_the_wall_clock_jumps(
    hold: Hold,
    options: dict[str, Any],
    answers: Sequence[Response | AsmError],
    outcome: str,
    jump: timedelta,
    when: dict[str, int],
) -> None:
    undisturbed, without_jump = hold(options, answers)

    result, service = hold(options, answers, jump=jump, **when)

    assert undisturbed["gate"]["outcome"] == outcome
    assert result == undisturbed
    assert service.asked == without_jump.asked
    assert service.clock.slept == without_jump.clock.slept
