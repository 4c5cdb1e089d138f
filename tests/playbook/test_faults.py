# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors between a gate and ASM, through both paths: one of each kind.

The unit tests of errors, transport and gate have all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.huaweicloud.asm.tests.playbook.cases import (
    SERVICE,
    Table,
    after,
    answer,
    at,
    fault,
    pauses,
    read,
    scenario_of,
    wait,
)
from ansible_collections.huaweicloud.asm.tests.playbook.plays import CREATING, RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

RESTARTING, OTHER_HOST = "restarting", "another host"
"""Simulators that fail as a whole. They speak TLS."""

LAST_SEEN = {"phase": "Creating", "found": True, "gate.requests": 1, "gate.timeline.0.phase": "Creating"}
ACCEPT = {"on_missing": "accept", "missing_after": ["Creating"]}
"""A final error that counts as a 404 would open the gate."""

TRANSIENT = (
    wait(
        "429-with-seconds",
        CREATING,
        after(1, RUNNING),
        faults=(answer(429, retry_after=2, requests=[2]),),
        outcome="reached",
        requests=3,
        due=pauses(1, and_at=2),
        result={"phase": "Running", "gate.retries": 1, "gate.requests": 2},
    ),
    wait(
        "half-of-the-json",
        CREATING,
        after(1, RUNNING),
        faults=(fault("truncate", requests=[2]),),
        outcome="reached",
        requests=3,
        due=pauses(2),
        result={"phase": "Running", "gate.retries": 1, "gate.requests": 2},
    ),
    # The pauses after the two errors are 1 s and 2 s: back before the third try, not before the second.
    wait(
        "a-restart",
        CREATING,
        after(1, RUNNING),
        server=RESTARTING,
        options={"ca_path": "<ca of restarting>"},
        faults=(fault("restart", seconds=2, requests=[2]),),
        outcome="reached",
        requests=3,
        due=pauses(4),
        result={"phase": "Running", "gate.retries": 2, "gate.requests": 2},
    ),
    read(
        "a-slow-body",
        RUNNING,
        faults=(fault("hang", after="half", requests=[1]),),
        options={"request_timeout": 3},
        requests=2,
        # At least the pause: where the machine is busy, the first request arrives late.
        due=pauses(1),
        result={"phase": "Running"},
    ),
)

ENDLESS = (
    wait(
        "hang-after-an-answer",
        CREATING,
        options={"wait_timeout": 4},
        faults=(fault("hang", requests=["2-"]),),
        outcome="timeout",
        error="timeout",
        requests=2,
        due=at(4),
        result=LAST_SEEN,
        says=("Running", "Creating"),
    ),
    wait(
        "headers-without-end",
        CREATING,
        options={"request_timeout": 1, "request_retries": 1},
        faults=(fault("endless", part="headers", interval=0.2),),
        outcome="error",
        error="timeout",
        requests=2,
        due=pauses(1, and_at=2),
        says=("1 s",),
    ),
)

FINAL = (
    wait(
        "401",
        CREATING,
        options=ACCEPT,
        faults=(answer(401, code="APIGW.0301", requests=["2-"]),),
        outcome="error",
        error="credentials",
        requests=2,
        due=pauses(1),
        result={"phase": "Creating", "gate.requests": 1, "error.code": "APIGW.0301"},
    ),
    wait(
        "404-of-the-gateway",
        CREATING,
        options=ACCEPT,
        faults=(answer(404, code="APIGW.0101", requests=["2-"]),),
        outcome="error",
        error="endpoint",
        requests=2,
        due=pauses(1),
        result={"phase": "Creating", "gate.requests": 1},
    ),
    wait(
        "a-certificate-that-does-not-verify",
        server=OTHER_HOST,
        options={"ca_path": "<ca of another host>", **ACCEPT},
        outcome="error",
        error="tls",
        requests=0,
    ),
)

CASES = (*TRANSIENT, *ENDLESS, *FINAL)

CERTIFICATES = {SERVICE: None, RESTARTING: "valid", OTHER_HOST: "wrong-host"}
"""The kind of certificate of each simulator."""


def started(simulate: Callable[..., Running]) -> dict[str, Running]:
    """Start the simulators."""
    return {name: simulate(scenario_of(CASES, name), tls=tls) for name, tls in CERTIFICATES.items()}


def test_errors_on_both_paths(
    tmp_path: Path,
    installed_collection: Path,
    simulate: Callable[..., Running],
    subtests: pytest.Subtests,
) -> None:
    table = Table(CASES, started)

    table.check(table.travel(tmp_path, installed_collection, simulate), subtests)
