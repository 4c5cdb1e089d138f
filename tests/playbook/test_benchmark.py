# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool of the benchmark, with the fewest reads: it counts what is known beforehand. Speed is not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.tests.benchmark import (
    distance,
    events,
    footprint,
    gates,
    lists,
    meshes,
    several,
)
from ansible_collections.huaweicloud.asm.tests.benchmark.measurement import QUICK
from ansible_collections.huaweicloud.asm.tests.benchmark.runner import Runner

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.benchmark.measurement import Measurement


pytestmark = pytest.mark.slow


@pytest.fixture
def runner(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Runner:
    # A short path, as that of the fixture `ansible`, and for its reason.
    return Runner(tmp_path_factory.mktemp("run"), installed_collection)


def values(measurement: Measurement) -> dict[str, float]:
    return {figure.name: figure.value for figure in measurement.figures}


def test_the_gates_read_equally_often_and_only_ours_keeps_its_connection(runner: Runner) -> None:
    measured = values(gates.measure_cost(runner, QUICK))

    assert (measured["controller: reads"], measured["uri: reads"]) == (QUICK.gate_reads, QUICK.gate_reads)
    assert (measured["controller: connections"], measured["uri: connections"]) == (1, QUICK.gate_reads)
    # A process that Ansible starts and waits for is counted: a module costs more than the wait for it.
    assert measured["uri: CPU above pause"] > 0


def test_requests_is_imported_once_in_the_controller_and_anew_in_each_module(runner: Runner, tmp_path: Path) -> None:
    measured = values(footprint.measure_imports(runner, QUICK, tmp_path))

    assert measured[f"imports in {QUICK.imports} tasks in the controller"] == 1
    assert measured["imports in 2 tasks as a module"] == 1 + 2


def test_a_long_gate_reads_as_often_as_it_says() -> None:
    measured = values(footprint.measure_memory(QUICK))

    assert measured[f"after {QUICK.warm_reads} reads"] > 0
    assert measured[f"after {QUICK.endurance_reads} reads"] > 0


def test_a_poll_of_many_releases_is_one_request() -> None:
    measured = values(several.measure_polls(QUICK))

    assert measured[f"requests of a poll of {QUICK.sizes[-1]}"] == 1
    assert min(measured[several.cost_name(count)] for count in QUICK.sizes) > 0


def test_the_result_of_many_releases_is_timed_on_both_paths(runner: Runner) -> None:
    measured = values(several.measure_results(runner, QUICK))

    assert set(measured) == {f"{way}, {count} releases" for way in ("controller", "module") for count in QUICK.sizes}
    assert min(measured.values()) > 0


def test_one_source_asks_once_for_what_each_task_asks_alone(runner: Runner) -> None:
    measured = values(events.measure_waiting(runner, QUICK))

    assert measured["event source: processes"] == 1
    assert measured["tasks: processes"] == 1 + QUICK.gates
    assert measured["event source / tasks: requests"] < 1
    assert min(measured[f"{way}: CPU an hour"] for way in events.WAYS) > 0
    # The effect of an event is that of a playbook, which takes its time to start.
    assert measured["event source: change to effect"] > 0.1


def test_a_poll_of_the_event_source_is_one_request_until_all_have_reached_their_gates() -> None:
    measured = values(events.measure_watching(QUICK))

    assert measured["requests of a poll"] == 1
    assert min(measured["a poll: CPU"], measured["a poll: memory"]) > 0


def test_far_away_ours_logs_in_and_connects_once_to_each_host_and_uri_connects_at_each_read(runner: Runner) -> None:
    measured = values(distance.measure_distance(runner, QUICK))

    for what in ("gate", "loop", "task for many", "event source"):
        counts = [measured[f"{what}, this collection: {name}"] for name in ("connections", "TLS handshakes", "logins")]
        assert counts == [2, 2, 1]
    reads = {"gate": QUICK.gate_reads, "loop": QUICK.far_reads, "task for many": QUICK.polls}
    for what, count in reads.items():
        assert measured[f"{what}, uri: connections"] == measured[f"{what}, uri: TLS handshakes"] == 1 + count
        assert measured[f"{what}, uri: logins"] == 1
        # Only ours asks for gzip.
        assert measured[f"{what}, this collection: bytes"] < measured[f"{what}, uri: bytes"]
        # Four round trips for the login and the first read, each with TCP and TLS.
        assert measured[f"{what}, this collection: seconds"] > 4 * distance.ROUND_TRIP


def test_a_source_for_many_meshes_misses_and_repeats_nothing_within_the_limit(runner: Runner) -> None:
    measurement = meshes.measure_meshes(runner, QUICK)
    measured = values(measurement)

    assert measured["changes of the meshes that can be read"] > 0
    assert [figure.name for figure in measurement.figures if figure.met is False] == []
    assert 0 < measured["change to rule, median"] <= measured["change to rule, longest"]
    assert min(measured["CPU an hour"], measured["memory"]) > 0


def test_the_memory_of_a_large_list_is_that_of_the_list_at_least(runner: Runner) -> None:
    measured = values(lists.measure_lists(runner, QUICK))

    size = measured[f"list of {QUICK.large:,} releases: size"]
    for way in lists.WAYS.values():
        assert measured[f"{QUICK.large:,} releases, {way}: memory"] > size
    assert measured[f"result of {QUICK.large:,} releases: size"] < size
    assert measured[f"result of {QUICK.large:,} releases: memory of the worker"] > size
