# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rollout status of a Deployment, and when the gray workloads of a release are ready."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.deployment import (
    Workload,
    missing_images,
    rollout,
    why_not_ready,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    MISSING,
    changed,
    deployment,
    exceeded,
    without_status,
)

EXCEEDED = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
PROGRESSING = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}

# A Deployment of generation 2 that wants 3 replicas and is rolled out, with this status: (case, status, message).
ROLLOUT: list[tuple[str, dict[str, Any], str]] = [
    ("rolled out", {}, ""),
    ("more updated than wanted", {"updatedReplicas": 4, "replicas": 4, "availableReplicas": 4}, ""),
    ("more available than updated", {"availableReplicas": 4}, ""),
    ("fewer exist than updated", {"replicas": 2}, ""),
    ("readyReplicas does not count", {"readyReplicas": 0}, ""),
    ("a later generation observed", {"observedGeneration": 3}, ""),
    ("an earlier generation observed", {"observedGeneration": 1}, "its latest change has not been observed yet"),
    ("no generation observed", {"observedGeneration": None}, "its latest change has not been observed yet"),
    ("not all updated", {"updatedReplicas": 2}, "2 of 3 replicas are updated"),
    ("none updated", {"updatedReplicas": None}, "0 of 3 replicas are updated"),
    ("old replicas left", {"replicas": 5}, "2 old replicas are pending termination"),
    ("not all available", {"availableReplicas": 1}, "1 of 3 updated replicas are available"),
    ("none available", {"availableReplicas": None}, "0 of 3 updated replicas are available"),
    ("deadline exceeded", {"conditions": [EXCEEDED]}, "it has exceeded its progress deadline"),
    ("deadline exceeded, second", {"conditions": [{}, EXCEEDED]}, "it has exceeded its progress deadline"),
    ("another type of condition", {"conditions": [{**EXCEEDED, "type": "Available"}]}, ""),
    ("another reason", {"conditions": [PROGRESSING]}, ""),
    (
        "generation before deadline",
        {"observedGeneration": 1, "conditions": [EXCEEDED]},
        "its latest change has not been observed yet",
    ),
    (
        "deadline before replicas",
        {"updatedReplicas": 2, "conditions": [EXCEEDED]},
        "it has exceeded its progress deadline",
    ),
    ("updated before old", {"updatedReplicas": 2, "replicas": 4}, "2 of 3 replicas are updated"),
    ("old before available", {"replicas": 4, "availableReplicas": 0}, "1 old replicas are pending termination"),
]


@pytest.mark.parametrize(("status", "message"), [case[1:] for case in ROLLOUT], ids=[case[0] for case in ROLLOUT])
def test_rollout_status_is_that_of_kubectl(status: dict[str, Any], message: str) -> None:
    found = rollout(deployment(**status))
    assert (found.rolled_out, found.message) == (not message, message)


def test_missing_replicas_are_1() -> None:
    one = rollout(changed(deployment(wanted=1, ready=1), "spec.replicas", MISSING))
    assert (one.replicas, one.rolled_out) == (1, True)
    assert rollout({}).message == "0 of 1 replicas are updated"


def test_0_replicas_are_rolled_out() -> None:
    assert rollout(deployment(wanted=0, ready=0)).rolled_out


@pytest.mark.parametrize(
    ("found", "is_exceeded"),
    [
        (exceeded(), True),
        (exceeded(observedGeneration=1), False),
        (exceeded(observedGeneration="2"), False),
        (deployment(), False),
    ],
    ids=["current generation", "earlier generation", "odd generation", "no condition"],
)
def test_deadline_counts_for_the_current_generation(found: dict[str, Any], is_exceeded: bool) -> None:
    assert rollout(found).deadline_exceeded is is_exceeded


NOT_COUNTS: list[Any] = ["3", True, -1, 3.0, [3], {}]

# A Deployment that is rolled out, with another value in one place: (place, value, message).
UNDECODABLE: list[tuple[str, Any, str]] = [
    ("kind", "Service", "kind is not Deployment"),
    ("kind", "deployment", "kind is not Deployment"),
    ("kind", ["Deployment"], "kind is not Deployment"),
    ("kind", "", "kind is not Deployment"),
    ("apiVersion", "apps/v2", "apiVersion is not apps/v1"),
    ("apiVersion", "extensions/v1beta1", "apiVersion is not apps/v1"),
    ("apiVersion", 1, "apiVersion is not apps/v1"),
    ("metadata", [], "metadata is not an object"),
    ("metadata", "reviews", "metadata is not an object"),
    ("spec", [], "spec is not an object"),
    ("status", [], "status is not an object"),
    ("status", "Running", "status is not an object"),
    ("metadata.name", 7, "metadata.name is not a string"),
    ("metadata.namespace", ["bookinfo"], "metadata.namespace is not a string"),
    ("spec.template", [], "spec.template is not an object"),
    ("spec.template.spec", 7, "spec.template.spec is not an object"),
    ("spec.template.spec.containers", {"image": IMAGE}, "spec.template.spec.containers is not a list"),
    ("spec.template.spec.containers.0", IMAGE, "spec.template.spec.containers[0] is not an object"),
    ("spec.template.spec.containers.0.name", 7, "spec.template.spec.containers[0].name is not a string"),
    ("spec.template.spec.containers.0.image", 7, "spec.template.spec.containers[0].image is not a string"),
    *(("status.conditions", value, "status.conditions is not a list") for value in (EXCEEDED, {}, "", False)),
    ("status.conditions", ["Progressing"], "status.conditions[0] is not an object"),
    ("status.conditions", [PROGRESSING, []], "status.conditions[1] is not an object"),
    *(
        ("status.conditions", [{**PROGRESSING, name: odd}], f"status.conditions[0].{name} is not a string")
        for name in ("type", "status", "reason", "message", "lastUpdateTime", "lastTransitionTime")
        for odd in (True, 7, ["Progressing"], {"Progressing": 1})
    ),
    *(
        (place, value, f"{place} is not a valid number")
        for place in (
            "spec.replicas",
            "status.replicas",
            "status.updatedReplicas",
            "status.readyReplicas",
            "status.availableReplicas",
        )
        for value in (*NOT_COUNTS, 2**31)
    ),
    *(
        (place, value, f"{place} is not a valid number")
        for place in ("metadata.generation", "status.observedGeneration")
        for value in (*NOT_COUNTS, 2**63)
    ),
]


@pytest.mark.parametrize(("place", "value", "message"), UNDECODABLE)
def test_undecodable_is_not_rolled_out(place: str, value: Any, message: str) -> None:
    odd = rollout(changed(deployment(), place, value))
    assert (odd.rolled_out, odd.deadline_exceeded, odd.message) == (False, False, message)


@pytest.mark.parametrize("odd", [None, "reviews", 7, [deployment()]])
def test_no_deployment_is_not_rolled_out(odd: Any) -> None:
    assert rollout(odd).message == "it is not a Deployment"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("kind", None),
        ("kind", "Deployment"),
        ("apiVersion", None),
        ("apiVersion", "apps/v1"),
        ("status.conditions", None),
        ("status.conditions", []),
        ("status.conditions", [None]),
        ("status.conditions", [{}]),
        ("status.conditions", [{**PROGRESSING, "reason": None}]),
        ("spec.template.spec.containers", None),
        ("spec.template.spec.containers", [None]),
        ("metadata.generation", None),
        ("status.observedGeneration", 2**63 - 1),
        ("spec.somethingNew", {"of": ["any", 7]}),
    ],
)
def test_null_and_unknown_fields_are_decodable(place: str, value: Any) -> None:
    assert rollout(changed(deployment(), place, value)).message == ""


def test_a_count_is_an_int32() -> None:
    assert rollout(deployment(wanted=2**31 - 1, ready=2**31 - 1)).rolled_out


def test_fields_of_a_workload() -> None:
    content = changed(deployment(ready=1, updatedReplicas=2), "status.availableReplicas", 0)
    content["spec"]["template"]["spec"]["containers"].append({"name": "sidecar", "image": "proxy:1"})
    assert rollout(content, "cluster-1") == Workload(
        name="reviews-gray",
        namespace="bookinfo",
        cluster_id="cluster-1",
        images=(IMAGE, "proxy:1"),
        replicas=3,
        updated_replicas=2,
        ready_replicas=1,
        available_replicas=0,
        rolled_out=False,
        message="2 of 3 replicas are updated",
        has_status=True,
        deadline_exceeded=False,
    )


def test_fields_of_an_empty_deployment() -> None:
    found = rollout({"spec": {"template": {"spec": {"containers": [{}, None]}}}})
    assert (found.name, found.namespace, found.cluster_id, found.images) == ("", "", "", ("", ""))
    assert (found.replicas, found.updated_replicas, found.ready_replicas, found.available_replicas) == (1, 0, 0, 0)
    assert not found.has_status


def test_counts_that_are_not_numbers_are_0() -> None:
    content = deployment(updatedReplicas="3", readyReplicas="3", availableReplicas="3", replicas="3")
    found = rollout(changed(content, "spec.replicas", "3"))
    assert (found.replicas, found.updated_replicas, found.ready_replicas, found.available_replicas) == (0, 0, 0, 0)


class TestReady:
    @pytest.mark.parametrize(
        ("gray", "planned", "why"),
        [
            ([deployment()], 1, ""),
            ([deployment()], 0, ""),
            ([deployment(), deployment("b")], 1, ""),
            ([], 0, "there is no gray workload"),
            ([], 1, "there is no gray workload"),
            ([deployment()], 2, "1 of 2 gray workloads exist"),
            ([without_status()], 1, "gray workload reviews-gray has no status"),
            ([deployment(ready=1)], 1, "gray workload reviews-gray: 1 of 3 updated replicas are available"),
            ([deployment(), deployment("b", ready=0)], 2, "gray workload b: 0 of 3 updated replicas are available"),
            ([deployment(wanted=0, ready=0)], 1, "gray workload reviews-gray wants no replicas"),
            ([deployment()], None, "spec.grayDeployments is missing or not a list"),
            ([changed(without_status(), "spec.replicas", 0)], 1, "gray workload reviews-gray has no status"),
            ([deployment(wanted=1, ready=1)], 1, ""),
        ],
    )
    def test_says_why_not(self, gray: list[Any], planned: int | None, why: str) -> None:
        assert why_not_ready([rollout(each) for each in gray], planned) == why


class TestImages:
    @pytest.mark.parametrize("planned", [None, 2])
    def test_all_are_missing_while_a_workload_is(self, planned: int | None) -> None:
        assert missing_images([IMAGE, "b"], [rollout(deployment())], planned) == [IMAGE, "b"]

    def test_all_are_missing_without_a_workload(self) -> None:
        assert missing_images([IMAGE], [], 0) == [IMAGE]

    @pytest.mark.parametrize(("second", "missing"), [(IMAGE, []), ("other:1", [IMAGE])])
    def test_every_workload_needs_each(self, second: str, missing: list[str]) -> None:
        gray = [rollout(deployment()), rollout(deployment(image=second))]
        assert missing_images([IMAGE], gray, 2) == missing

    @pytest.mark.parametrize(
        ("place", "value"),
        [("kind", "Pod"), ("spec.replicas", "3"), ("spec.template.spec.containers", [{"image": IMAGE}, {"image": 1}])],
    )
    def test_what_is_no_deployment_has_none(self, place: str, value: Any) -> None:
        assert missing_images([IMAGE], [rollout(changed(deployment(), place, value))], 1) == [IMAGE]

    def test_the_missing_ones_are_returned(self) -> None:
        assert missing_images(["a", IMAGE, "b"], [rollout(deployment())], 1) == ["a", "b"]
