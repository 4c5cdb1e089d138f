# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several releases, through both paths: how many are required, which requests are sent, and reads of a whole mesh.

The rules for each single release are in `test_paths`. Phases are illustrations: the service publishes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.cases import (
    SERVICE,
    Table,
    after,
    answer,
    at,
    fault,
    pauses,
    scenario_of,
)
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    CREATING,
    MODULE,
    RUNNING,
    gate_on_releases,
    inventory,
    play,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.playbook.releases import (
    faults_of_lists,
    read_mesh,
    wait_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

PAGED, LEAN, FAULTY = "paged", "lean", "faulty"
"""Simulators by what their lists leave out: all releases but one, the Deployments. The lists of
the last one have the faults of its cases."""

GONE = {"found": False}
FAILED = {"phase": "Failed"}
FAILS = {"failure_phases": ["Failed"]}

HERE = (RUNNING,)
CREATED = (CREATING,)
FAILED_AT_ONCE = (FAILED,)
SOON = (CREATING, after(1, RUNNING))
SECOND = frozenset({"second"})
ANOTHER_IMAGE = "registry.example/bookinfo/reviews:v3"


def counts(**numbers: int) -> dict[str, Any]:
    return {"gate.counts": numbers}


VERDICTS = (
    wait_for(
        "reached-with-conditions-of-its-own",
        {
            "first": (RUNNING, after(1, CREATING)),
            "second": (RUNNING, after(1, {"version": "v3"})),
            "third": (RUNNING, after(1, {"image": ANOTHER_IMAGE})),
        },
        options={"version": "v2"},
        entries={"second": {"version": "v3"}, "third": {"images": [ANOTHER_IMAGE]}},
        outcome="reached",
        lists=2,
        due=pauses(1),
        # A release counts once it has met its conditions, whatever its phase is later.
        result={"releases.0.phase": "Creating", "releases.0.outcome": "reached"},
    ),
    # To the simulator, a list and a single read are two reads.
    wait_for(
        "missing-after-it-was-reached",
        {"first": (RUNNING, after(1, GONE)), "second": SOON},
        outcome="missing",
        error="not_found",
        lists=3,
        singles=2,
        due=pauses(2),
        result={**counts(missing=1, reached=1), "releases.0.found": False},
        says=("missing-after-it-was-reached-first (bookinfo)",),
    ),
)  # fmt: skip

REQUIRE = (
    wait_for(
        "two-of-three-can-no-longer-be-met",
        {"first": (CREATING, after(1, GONE)), "second": (CREATING, after(1, FAILED)), "third": FAILED_AT_ONCE},
        options={**FAILS, "require": "2"},
        outcome="failed",
        lists=2,
        due=pauses(1),
        result=counts(pending=1, failed=2),
        # The first that cannot.
        says=("two-of-three-can-no-longer-be-met-third (bookinfo)", "0 of 3"),
    ),
)

SERVICES = (
    wait_for(
        "a-service-and-two-ids",
        {"first": HERE, "second": HERE, "third": SOON},
        by_service=SECOND,
        outcome="reached",
        lists=2,
        singles=2,
        due=pauses(1),
        result=counts(reached=3),
    ),
    wait_for(
        "two-services-of-which-one-has-no-release",
        {"first": HERE, "second": ({**RUNNING, "found": False},)},
        by_service=frozenset({"first", "second"}),
        outcome="missing",
        error="not_found",
        lists=0,
        singles=2,
        result=counts(reached=1, missing=1),
        says=("two-services-of-which-one-has-no-release-second",),
    ),
)  # fmt: skip

SINGLE_READS = (
    wait_for(
        "on-another-page",
        {"first": HERE, "second": HERE, "third": HERE},
        server=PAGED,
        options={"requests_per_minute": 60},
        outcome="reached",
        singles=2,
        due=at(1),
        result={**counts(reached=3), "gate.requests": 3},
    ),
    wait_for(
        "without-deployments",
        {"first": HERE, "second": HERE},
        server=LEAN,
        options={"ready": True},
        outcome="reached",
        singles=2,
        result={"releases.1.workloads.gray.0.ready_replicas": 3},
    ),
)

DENIED = answer(403)

LIST_FAULTS = (
    wait_for(
        "list-denied",
        {"first": HERE, "second": SOON},
        server=FAULTY,
        faults=(DENIED,),
        outcome="reached",
        singles=4,
        due=pauses(1),
        result={**counts(reached=2), "gate.requests": 4},
        warns=("asm:mesh:listReleases", "requests_per_minute"),
    ),
    wait_for(
        "an-item-of-another-mesh",
        {"first": HERE, "second": HERE, "third": HERE},
        server=FAULTY,
        faults=(fault("damage", set={"items.1.metadata.meshID": "another-mesh"}),),
        outcome="error",
        error="protocol",
        result=counts(reached=2, error=1),
        says=("an-item-of-another-mesh-second (bookinfo)", "another-mesh"),
    ),
)  # fmt: skip

READS = (
    read_mesh(
        "read-a-mesh",
        {"second": CREATED, "first": HERE, "other": HERE},
        fields={"other": {"namespace": "a-shop"}},
        result={
            "releases.0.release.metadata.name": "read-a-mesh-other",
            "releases.1.release.metadata.name": "read-a-mesh-first",
            "releases.2.release.metadata.name": "read-a-mesh-second",
            "releases.2.namespace": "bookinfo",
            "releases.2.release_id": "uid-of-read-a-mesh-second",
            "releases.2.phase": "Creating",
        },
        without=("gate", "releases.0.outcome"),
    ),
)  # fmt: skip

CASES = (*VERDICTS, *REQUIRE, *SERVICES, *SINGLE_READS, *LIST_FAULTS, *READS)

LISTS: Mapping[str, dict[str, Any]] = {
    SERVICE: {},
    PAGED: {"shown": 1},
    LEAN: {"without": ["spec.grayDeployments", "status.deployment", "status.grayDeployments"]},
    FAULTY: {},
}
"""What the lists of each simulator leave out."""


def started(simulate: Callable[..., Running]) -> dict[str, Running]:
    """Start a simulator for each kind of list."""
    faults = {FAULTY: faults_of_lists([case for case in CASES if case.server == FAULTY])}
    return {
        name: simulate(scenario_of(CASES, name, list=left_out, faults=faults.get(name, ())))
        for name, left_out in LISTS.items()
    }


def test_several_releases_on_both_paths(
    tmp_path: Path,
    installed_collection: Path,
    simulate: Callable[..., Running],
    subtests: pytest.Subtests,
) -> None:
    table = Table(CASES, started)

    table.check(table.travel(tmp_path, installed_collection, simulate), subtests)


@pytest.mark.slow
class TestFiveHundredReleases:
    """As many as the simulator has: 17 MB a list. They run from the third poll on."""

    COUNT = 500
    POLLS = 3

    @pytest.mark.parametrize("path", CONNECTIONS)
    def test_cost_one_request_a_poll(self, ansible: Ansible, simulate: Callable[..., Running], path: str) -> None:
        opens = (CREATING, {**RUNNING, "after_reads": self.POLLS - 1})
        mesh = simulate(scenario(release("many-{number}", *opens, count=self.COUNT)))
        names = [f"many-{number:03}" for number in range(1, self.COUNT + 1)]

        run = ansible.playbook(
            play({"name": "gate", MODULE: gate_on_releases(mesh, *names)}),
            inventory=inventory(only={"ansible_connection": CONNECTIONS[path]}),
        )

        result = run.task("gate").result
        assert result["gate"]["outcome"] == "reached", result["msg"]
        assert result["gate"]["counts"] == {"reached": self.COUNT}
        assert len(result["releases"]) == self.COUNT
        summary = mesh.summary()
        assert summary["by_operation"] == {"list": self.POLLS}
        assert (summary["requests"], summary["connections"]) == (self.POLLS, 1)
