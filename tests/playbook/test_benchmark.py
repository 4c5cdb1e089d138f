# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool of the benchmark, with the fewest reads: it counts what is known beforehand. Speed is not looked at."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.tests.benchmark import distance, events, lists, several
from ansible_collections.huaweicloud.asm.tests.benchmark.__main__ import CHART, MEASUREMENTS, PAGE, write
from ansible_collections.huaweicloud.asm.tests.benchmark.measurement import QUICK
from ansible_collections.huaweicloud.asm.tests.benchmark.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.benchmark.measurement import Measurement

    Measured = Callable[[str], Measurement]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Measured:
    """Return what makes a measurement by its name, each of them once."""
    # A short path, as that of the fixture `ansible`, and for its reason.
    directory = tmp_path_factory.mktemp("run")
    runner = Runner(directory, installed_collection)
    return functools.cache(lambda name: MEASUREMENTS[name](runner, QUICK, directory))


def values(measurement: Measurement) -> dict[str, float]:
    return {figure.name: figure.value for figure in measurement.figures}


def test_the_gates_read_equally_often_and_only_ours_keeps_its_connection(measured: Measured) -> None:
    found = values(measured("gate"))

    assert (found["controller: reads"], found["uri: reads"]) == (QUICK.gate_reads, QUICK.gate_reads)
    assert (found["controller: connections"], found["uri: connections"]) == (1, QUICK.gate_reads)
    # A process that Ansible starts and waits for is counted: a module costs more than the wait for it.
    assert found["uri: CPU above pause"] > 0


def test_requests_is_imported_once_in_the_controller_and_anew_in_each_module(measured: Measured) -> None:
    found = values(measured("imports"))

    assert found[f"imports in {QUICK.imports} tasks in the controller"] == 1
    assert found["imports in 2 tasks as a module"] == 1 + 2


def test_a_long_gate_reads_as_often_as_it_says(measured: Measured) -> None:
    found = values(measured("endurance"))

    assert found[f"after {QUICK.warm_reads} reads"] > 0
    assert found[f"after {QUICK.endurance_reads} reads"] > 0


def test_a_poll_of_many_releases_is_one_request(measured: Measured) -> None:
    found = values(measured("polls"))

    assert found[f"requests of a poll of {QUICK.sizes[-1]}"] == 1
    assert min(found[several.cost_name(count)] for count in QUICK.sizes) > 0


def test_the_result_of_many_releases_is_timed_on_both_paths(measured: Measured) -> None:
    found = values(measured("results"))

    assert set(found) == {f"{way}, {count} releases" for way in ("controller", "module") for count in QUICK.sizes}
    assert min(found.values()) > 0


def test_one_source_asks_once_for_what_each_task_asks_alone(measured: Measured) -> None:
    found = values(measured("waiting"))

    assert found["event source: processes"] == 1
    assert found["tasks: processes"] == 1 + QUICK.gates
    assert found["event source / tasks: requests"] < 1
    assert min(found[f"{way}: CPU an hour"] for way in events.WAYS) > 0
    # The effect of an event is that of a playbook, which takes its time to start.
    assert found["event source: change to effect"] > 0.1


def test_a_poll_of_the_event_source_is_one_request_until_all_have_reached_their_gates(measured: Measured) -> None:
    found = values(measured("watching"))

    assert found["requests of a poll"] == 1
    assert min(found["a poll: CPU"], found["a poll: memory"]) > 0


def test_far_away_ours_logs_in_and_connects_once_to_each_host_and_uri_connects_at_each_read(measured: Measured) -> None:
    found = values(measured("distance"))

    for what in ("gate", "loop", "task for many", "event source"):
        counts = [found[f"{what}, this collection: {name}"] for name in ("connections", "TLS handshakes", "logins")]
        assert counts == [2, 2, 1]
    reads = {"gate": QUICK.gate_reads, "loop": QUICK.far_reads, "task for many": QUICK.polls}
    for what, count in reads.items():
        assert found[f"{what}, uri: connections"] == found[f"{what}, uri: TLS handshakes"] == 1 + count
        assert found[f"{what}, uri: logins"] == 1
        # Only ours asks for gzip.
        assert found[f"{what}, this collection: bytes"] < found[f"{what}, uri: bytes"]
        # Four round trips for the login and the first read, each with TCP and TLS.
        assert found[f"{what}, this collection: seconds"] > 4 * distance.ROUND_TRIP


def test_a_source_for_many_meshes_misses_and_repeats_nothing_within_the_limit(measured: Measured) -> None:
    measurement = measured("meshes")
    found = values(measurement)

    assert found["changes of the meshes that can be read"] > 0
    assert [figure.name for figure in measurement.figures if figure.met is False] == []
    assert 0 < found["change to rule, median"] <= found["change to rule, longest"]
    assert min(found["CPU an hour"], found["memory"]) > 0


def test_the_memory_of_a_large_list_is_that_of_the_list_at_least(measured: Measured) -> None:
    found = values(measured("lists"))

    size = found[f"list of {QUICK.large:,} releases: size"]
    for way in lists.WAYS.values():
        assert found[f"{QUICK.large:,} releases, {way}: memory"] > size
    assert found[f"result of {QUICK.large:,} releases: size"] < size
    assert found[f"result of {QUICK.large:,} releases: memory of the worker"] > size


def test_the_page_and_the_chart_are_made_of_all_measurements(
    measured: Measured, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    every = {name: measured(name) for name in MEASUREMENTS}

    write(every, QUICK, tmp_path)

    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert capsys.readouterr().out == page + "\n"
    for measurement in every.values():
        assert f"## {measurement.title}\n" in page
    assert (tmp_path / CHART).read_text(encoding="utf-8").startswith("<svg ")
