# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool of the benchmark, with the fewest reads: it counts what is known beforehand. Speed is not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.tests.benchmark.__main__ import CHART, MEASUREMENTS, PAGE, write
from ansible_collections.huaweicloud.asm.tests.benchmark.measurement import QUICK
from ansible_collections.huaweicloud.asm.tests.benchmark.runner import Runner

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.benchmark.measurement import Measurement


def values(measurement: Measurement) -> dict[str, float]:
    return {figure.name: figure.value for figure in measurement.figures}


@pytest.mark.slow
def test_the_page_and_the_chart_are_made_of_all_measurements(
    tmp_path_factory: pytest.TempPathFactory, installed_collection: Path, subtests: pytest.Subtests
) -> None:
    # A short path, as that of the fixture `ansible`, and for its reason.
    directory = tmp_path_factory.mktemp("run")
    runner = Runner(directory, installed_collection)

    every = {name: measure(runner, QUICK, directory) for name, measure in MEASUREMENTS.items()}
    write(every, QUICK, directory)

    page = (directory / PAGE).read_text(encoding="utf-8")
    assert [each.title for each in every.values() if f"## {each.title}\n" not in page] == []
    assert (directory / CHART).read_text(encoding="utf-8").startswith("<svg ")
    with subtests.test("gates read equally often, and only ours keeps its connection"):
        found = values(every["gate"])
        assert (found["controller: reads"], found["uri: reads"]) == (QUICK.gate_reads, QUICK.gate_reads)
        assert (found["controller: connections"], found["uri: connections"]) == (1, QUICK.gate_reads)
    with subtests.test("a poll of many releases is one request"):
        assert values(every["polls"])[f"requests of a poll of {QUICK.sizes[-1]}"] == 1
    with subtests.test("ours logs in once, and connects once to each host"):
        found = values(every["distance"])
        for what in ("gate", "loop", "task for many", "event source"):
            counts = [found[f"{what}, this collection: {name}"] for name in ("connections", "TLS handshakes", "logins")]
            assert counts == [2, 2, 1]
    with subtests.test("a source for many meshes misses and repeats nothing within the limit"):
        assert values(every["meshes"])["changes of the meshes that can be read"] > 0
        assert [figure.name for figure in every["meshes"].figures if figure.met is False] == []
