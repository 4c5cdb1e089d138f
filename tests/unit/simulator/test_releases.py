# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release at a moment is a pure function of its steps, the seconds and the reads."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
from ansible_collections.huaweicloud.asm.tests.simulator.releases import State, document, state_at
from ansible_collections.huaweicloud.asm.tests.simulator.scenario import Release, parse

from .conftest import NOON

KUBERNETES = "1.31"


def release(*steps: dict[str, Any], **parts: Any) -> Release:
    data = {"id": "reviews-canary", "mesh_id": "mesh", "namespace": "bookinfo", "steps": list(steps), **parts}
    return parse({"releases": [data]}).releases[0]


def api(steps: list[dict[str, Any]], elapsed: float = 0.0, reads: int = 1, **parts: Any) -> dict[str, Any]:
    """The object of the API at a moment."""
    played = release(*steps, **parts)
    return document(played, state_at(played, elapsed, reads), NOON)


OPENS = release({"phase": "Creating", "fill_seconds": 12}, {"phase": "Running", "after_seconds": 12})
BY_READS = release({"phase": "Creating"}, {"phase": "Running", "after_reads": 2})
GONE = release({"phase": "Running"}, {"found": False, "after_seconds": 5}, {"found": True, "after_seconds": 9})
LATE = release({"phase": "Creating", "after_seconds": 3})


@pytest.mark.parametrize(
    ("played", "elapsed", "reads", "expected"),
    [
        pytest.param(OPENS, 0, 1, (True, "Creating"), id="the first step"),
        pytest.param(OPENS, 11.9, 1, (True, "Creating"), id="just before a step"),
        pytest.param(OPENS, 12, 1, (True, "Running"), id="at its second"),
        pytest.param(BY_READS, 99, 2, (True, "Creating"), id="the last read before a step"),
        pytest.param(BY_READS, 0, 3, (True, "Running"), id="after so many reads"),
        pytest.param(LATE, 2, 1, (False, ""), id="before the first step there is none"),
        pytest.param(LATE, 3, 1, (True, "Creating"), id="it appears"),
        pytest.param(GONE, 5, 1, (False, "Running"), id="it disappears"),
        pytest.param(GONE, 9, 1, (True, "Running"), id="it comes back as it was"),
    ],
)
def test_a_step_takes_effect_when_it_is_due(
    played: Release, elapsed: float, reads: int, expected: tuple[bool, str]
) -> None:
    state = state_at(played, elapsed, reads)
    assert (state.found, state.phase) == expected


def test_a_step_waits_for_the_one_before() -> None:
    played = release({"phase": "A"}, {"phase": "B", "after_reads": 5}, {"phase": "C", "after_seconds": 1})
    assert state_at(played, 100, 5).phase == "A"
    assert state_at(played, 100, 6).phase == "C"


def test_a_step_keeps_what_it_does_not_name() -> None:
    played = release({"phase": "A", "ready": 1, "version": "v3"}, {"phase": "B", "after_seconds": 1}, uid="u-1")
    state = state_at(played, 1, 1)
    assert (state.phase, state.ready, state.version, state.uid) == ("B", 1, "v3", "u-1")


def counts_of(states: list[State]) -> list[tuple[int, int, int]]:
    return [(state.updated, state.ready, state.available) for state in states]


FILLING = [(1, 0, 0), (1, 1, 0), (2, 1, 1), (2, 2, 1), (3, 2, 2), (3, 3, 2), (3, 3, 3), (3, 3, 3)]


@pytest.mark.parametrize(
    "states",
    [
        pytest.param([state_at(OPENS, 2.0 * moment, 1) for moment in range(8)], id="by seconds"),
        pytest.param(
            [state_at(release({"phase": "A", "fill_reads": 6}), 0, 1 + read) for read in range(8)], id="by reads"
        ),
    ],
)
def test_pods_come_one_by_one(states: list[State]) -> None:
    assert counts_of(states) == FILLING


MOMENTS = {
    "pods come": ([{"phase": "A", "fill_seconds": 12}], 6.0),
    "none is ready": ([{"phase": "A", "ready": 0}], 0.0),
    "old replicas": ([{"phase": "A", "updated": 1, "old": 2}], 0.0),
    "deadline exceeded": ([{"phase": "A", "ready": 0, "deadline_exceeded": True}], 0.0),
    "not observed": ([{"phase": "A", "observed": False}], 0.0),
    "no status": ([{"phase": "A", "workload_status": False}], 0.0),
    "another image": ([{"phase": "A"}, {"after_seconds": 1, "image": "registry.example/reviews:v3"}], 1.0),
    "none wanted": ([{"phase": "A", "replicas": 0}], 0.0),
    "all there": ([{"phase": "A"}], 0.0),
}


@pytest.mark.parametrize(("steps", "elapsed"), list(MOMENTS.values()), ids=list(MOMENTS))
def test_every_deployment_is_valid_in_kubernetes(steps: list[dict[str, Any]], elapsed: float) -> None:
    seen = api(steps, elapsed, workloads=2)
    templates = [entry["template"] for entry in seen["spec"]["grayDeployments"]]
    deployments = [seen["status"]["deployment"], *seen["status"]["grayDeployments"], *templates]
    assert len(deployments) == 5
    for deployment in deployments:
        assert (deployment["kind"], deployment["apiVersion"]) == ("Deployment", "apps/v1")
        kubernetes_validate.validate(deployment, KUBERNETES, strict=True)


def test_the_status_of_a_workload_is_that_of_its_replicas() -> None:
    step = {"phase": "A", "updated": 2, "ready": 1, "available": 0, "old": 1, "observed": False}
    status = api([step])["status"]["grayDeployments"][0]["status"]
    counters = {name: value for name, value in status.items() if name != "conditions"}
    assert counters == {
        "observedGeneration": 1,
        "replicas": 3,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 1,
        "unavailableReplicas": 2,
    }


def test_counters_that_are_0_are_left_out_as_in_kubernetes() -> None:
    status = api([{"phase": "A", "updated": 0}])["status"]["grayDeployments"][0]["status"]
    assert status.keys() == {"observedGeneration", "unavailableReplicas", "conditions"}


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        pytest.param({"ready": 1}, "ReplicaSetUpdated", id="on its way"),
        pytest.param({}, "NewReplicaSetAvailable", id="done"),
        pytest.param({"old": 1}, "ReplicaSetUpdated", id="old replicas still run"),
        pytest.param({"ready": 1, "deadline_exceeded": True}, "ProgressDeadlineExceeded", id="too late"),
    ],
)
def test_the_condition_describes_the_rollout(step: dict[str, Any], reason: str) -> None:
    status = api([{"phase": "A", **step}])["status"]["grayDeployments"][0]["status"]
    assert {condition["type"]: condition["reason"] for condition in status["conditions"]}["Progressing"] == reason
