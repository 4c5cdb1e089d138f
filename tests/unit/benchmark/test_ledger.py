# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the events of many meshes say beside the ledger of all changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.benchmark.ledger import Ledger, Plan, account

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAN = Plan(meshes=2, releases=1, limit=3, window=100.0, failing=0.0, denied=1)
UID = "mesh-0-release-0"


class ScriptedLedger(Ledger):
    """A ledger whose clock stands still until it is set."""

    time = 0.0

    def now(self) -> float:
        return self.time


@pytest.fixture
def ledger() -> ScriptedLedger:
    return ScriptedLedger(PLAN)


def event(number: int, kind: str = "phase", **fields: Any) -> dict[str, Any]:
    return {"id": f"event-{number}", "kind": kind, "mesh_id": "mesh-0", "uid": UID, "phase": "Phase-1", **fields}


def test_an_event_in_time_is_neither_missing_nor_repeated(ledger: ScriptedLedger) -> None:
    ledger.time = 10.0
    ledger.change(UID)

    found = account(ledger, [(25.0, event(1))])

    assert (found.changes, found.missing, found.repeated, found.ambiguous) == (1, 0, 0, 0)
    assert found.latencies == (15.0,)


@pytest.mark.parametrize(
    ("events", "counts"),
    [
        pytest.param([], (1, 0, 0), id="no event"),
        pytest.param([event(1, phase="Phase-2")], (1, 0, 0), id="event of another phase"),
        pytest.param([event(1, kind="appeared")], (1, 0, 0), id="event of another kind"),
        pytest.param([event(1), event(1)], (0, 1, 0), id="the same event twice"),
        pytest.param([event(1), event(1, phase="Phase-2")], (0, 1, 1), id="one id for two events"),
    ],
)
def test_what_is_missing_or_repeated_is_counted(
    ledger: ScriptedLedger, events: Sequence[dict[str, Any]], counts: tuple[int, int, int]
) -> None:
    ledger.change(UID)

    found = account(ledger, [(1.0, each) for each in events])

    assert (found.missing, found.repeated, found.ambiguous) == counts


def test_changes_of_the_denied_mesh_count_as_none(ledger: ScriptedLedger) -> None:
    ledger.change("mesh-1-release-0")

    found = account(ledger, [(1.0, event(1, kind="unavailable", mesh_id="mesh-1", uid=None, phase=None))])

    assert (found.changes, found.missing) == (0, 0)
    assert found.unavailable == ("mesh-1",)


def test_requests_above_the_limit_are_throttled_until_the_window_has_passed(ledger: ScriptedLedger) -> None:
    statuses = []
    for at in (0.0, 10.0, 20.0, 30.0, 115.0):
        ledger.time = at
        statuses.append(ledger.status("mesh-0"))

    assert statuses == [200, 200, 200, 429, 200]
    assert ledger.most_requests() == 4


def test_the_denied_mesh_gets_403(ledger: ScriptedLedger) -> None:
    assert [ledger.status(mesh_id) for mesh_id in PLAN.mesh_ids] == [200, 403]


def test_the_baseline_is_complete_once_each_mesh_but_the_denied_was_listed(ledger: ScriptedLedger) -> None:
    before = ledger.baseline.is_set()
    ledger.listing("mesh-0")

    assert (before, ledger.baseline.is_set()) == (False, True)
