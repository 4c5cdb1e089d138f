# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What polls show of releases, in short: a phase, a status, a release or an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import (
    AsmError,
    ErrorResponse,
    TransientProtocolError,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.gate_set import GateSet, Response, begin
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.release_gate import Observation, ReleaseGate
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release, parse
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import (
    Conditions,
    GateOptions,
    Schedule,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document, error_of_kind, not_found

Seen = Union[str, int, Release, AsmError]
"""A phase, the status 404 or 503, a release or an error."""

Poll = Union[Mapping[int, Seen], AsmError]
"""What one poll shows of each target, or the error of its list."""

FAR = Schedule(wait_timeout=10_000.0)
"""A schedule whose deadline is no part of a test."""

THROTTLED = error_of_kind("throttled")
BROKEN = TransientProtocolError("the response is not JSON")


def throttled(retry_after: float) -> AsmError:
    """Return a 429 that asks for a pause."""
    return error_of_kind("throttled", ErrorResponse(status=429, retry_after=retry_after))


def seen_as(seen: Seen, **parts: Any) -> Release | AsmError:
    """Return what was seen in full; `parts` are of a release in a phase."""
    if isinstance(seen, int):
        return not_found() if seen == 404 else error_of_kind("server", ErrorResponse(status=seen))
    return parse(document(seen, **parts)) if isinstance(seen, str) else seen


def observation(started: float, completed: float, seen: Seen) -> Observation:
    """Return one response about a release."""
    found = seen_as(seen)
    if isinstance(found, AsmError):
        return Observation(started, completed, error=found)
    return Observation(started, completed, found)


def observe(gate: ReleaseGate, *observations: tuple[float, float, Seen]) -> ReleaseGate:
    """Return a gate after observations, each with its start, its end, and what was seen."""
    for each in observations:
        gate = gate.observe(observation(*each))
    return gate


def every(seconds: float, *seen: Seen, start: float = 0.0) -> list[tuple[float, float, Seen]]:
    """Return observations at an interval, each complete at once."""
    return [(start + number * seconds, start + number * seconds, each) for number, each in enumerate(seen)]


def gate_set(
    count: int, conditions: Conditions, required: int | None = None, schedule: Schedule = FAR, **own: Conditions
) -> GateSet:
    """Return the gates of so many targets before the first poll; `own` has other conditions for some: `at_1=…`."""
    each = tuple(own.get(f"at_{position}", conditions) for position in range(count))
    return begin(GateOptions(each, count if required is None else required), schedule)


def list_response(now: float, shown: Mapping[int, Seen], interval: float = 0.0) -> Response:
    """Return the response of a list; each position is a release of its own."""
    found = {position: seen_as(seen, uid=f"uid-{position}") for position, seen in shown.items()}
    return Response(now, now, None, found, interval)


def single_response(started: float, completed: float, position: int, seen: Seen, interval: float = 0.0) -> Response:
    """Return the response of a single read, as the poller makes it."""
    found = seen_as(seen, uid=f"uid-{position}")
    transient = found if isinstance(found, AsmError) and found.is_transient else None
    return Response(started, completed, transient, {position: found}, interval)


def poll(gates: GateSet, now: float, shown: Poll) -> GateSet:
    """Return the gates after one poll: the list shows phases and releases, single reads show all else."""
    gates = gates.begin_poll()
    if isinstance(shown, AsmError):
        return gates.fold(Response(now, now, shown))
    listed = {position: seen for position, seen in shown.items() if isinstance(seen, (str, Release))}
    if listed:
        gates = gates.fold(list_response(now, listed))
    for position, seen in shown.items():
        if position not in listed and gates.outcome is None:
            gates = gates.fold(single_response(now, now, position, seen))
    return gates


def polls(gates: GateSet, *shown: Poll, interval: float = 10.0, start: float = 0.0) -> GateSet:
    """Return the gates after polls at an interval, none of which comes after an outcome."""
    for number, each in enumerate(shown):
        assert gates.outcome is None, "the script goes on after the outcome"
        gates = poll(gates, start + number * interval, each)
    return gates


def outcomes(gates: GateSet) -> list[str | None]:
    """Return the outcome of each gate."""
    return [gate.outcome for gate in gates.gates]
