# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `kubectl` could not decode is not rolled out, and what is not known to be planned is not ready."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.entry import rolled_out
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import parse, workload
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import IMAGE, deployment, document
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    GATE,
    READ,
    Stage,
    found,
    held,
    item,
    listed,
)

MISSING = object()
PROGRESSING = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
EXCEEDED = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
READY = {**GATE, "ready": True, "wait_timeout": 5}


def put(content: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """Return an object with a value in a place, or without that place."""
    copy: dict[str, Any] = json.loads(json.dumps(content))
    *outer, last = place.split(".")
    parent: Any = copy
    for key in outer:
        parent = parent[int(key)] if key.isdecimal() else parent[key]
    if value is MISSING:
        del parent[last]
    else:
        parent[int(last) if last.isdecimal() else last] = value
    return copy


# (place in a Deployment that is rolled out, value, message)
UNDECODABLE: list[tuple[str, Any, str]] = [
    ("kind", "Service", "its kind is not Deployment"),
    ("kind", "deployment", "its kind is not Deployment"),
    ("kind", ["Deployment"], "its kind is not Deployment"),
    ("kind", "", "its kind is not Deployment"),
    ("apiVersion", "apps/v2", "its apiVersion is not apps/v1"),
    ("apiVersion", "extensions/v1beta1", "its apiVersion is not apps/v1"),
    ("apiVersion", 1, "its apiVersion is not apps/v1"),
    ("metadata", [], "metadata is no object"),
    ("metadata", "reviews", "metadata is no object"),
    ("spec", [], "spec is no object"),
    ("status", [], "status is no object"),
    ("status", "Running", "status is no object"),
    ("metadata.name", 7, "metadata.name is no text"),
    ("metadata.namespace", ["bookinfo"], "metadata.namespace is no text"),
    ("spec.template", [], "spec.template is no object"),
    ("spec.template.spec", 7, "spec.template.spec is no object"),
    ("spec.template.spec.containers", {"image": IMAGE}, "spec.template.spec.containers is no list"),
    ("spec.template.spec.containers.0", IMAGE, "spec.template.spec.containers[0] is no object"),
    ("spec.template.spec.containers.0.image", 7, "spec.template.spec.containers[0].image is no text"),
    ("status.conditions", EXCEEDED, "status.conditions is no list"),
    ("status.conditions", {}, "status.conditions is no list"),
    ("status.conditions", "", "status.conditions is no list"),
    ("status.conditions", False, "status.conditions is no list"),
    ("status.conditions", ["Progressing"], "status.conditions[0] is no object"),
    ("status.conditions", [PROGRESSING, []], "status.conditions[1] is no object"),
    *(
        ("status.conditions", [{**PROGRESSING, name: odd}], f"status.conditions[0].{name} is no text")
        for name in ("type", "status", "reason", "message", "lastUpdateTime", "lastTransitionTime")
        for odd in (True, 7, ["Progressing"], {"Progressing": 1})
    ),
    *(
        (place, 2**31, f"{place} is no number of replicas or generations")
        for place in ("spec.replicas", "status.replicas", "status.updatedReplicas", "status.availableReplicas")
    ),
    ("metadata.generation", 2**63, "metadata.generation is no number of replicas or generations"),
    ("status.observedGeneration", 2**63, "status.observedGeneration is no number of replicas or generations"),
]
DECODABLE: list[tuple[str, Any]] = [
    ("kind", None),
    ("kind", "Deployment"),
    ("apiVersion", None),
    ("apiVersion", "apps/v1"),
    ("status.conditions", None),
    ("status.conditions", []),
    ("status.conditions", [None]),
    ("status.conditions", [{}]),
    ("status.conditions", [PROGRESSING]),
    ("status.conditions", [{**PROGRESSING, "reason": None}]),
    ("spec.template.spec.containers", None),
    ("status.observedGeneration", 2**63 - 1),
    ("spec.somethingNew", {"of": ["any", 7]}),
]


@pytest.mark.parametrize(("place", "value", "message"), UNDECODABLE)
def test_what_kubectl_cannot_decode_is_not_rolled_out(place: str, value: Any, message: str) -> None:
    odd = workload(put(deployment(), place, value), {})
    assert (odd.rolled_out, odd.message) == (False, message)
    assert not odd.deadline_exceeded


@pytest.mark.parametrize(("place", "value"), DECODABLE)
def test_null_is_the_same_as_missing(place: str, value: Any) -> None:
    assert workload(put(deployment(), place, value), {}).message == ""


def test_the_limit_of_a_count_is_that_of_an_int32() -> None:
    many = deployment(desired=2**31 - 1, ready=2**31 - 1)
    assert workload(many, {}).rolled_out


def test_a_gate_stays_closed_and_says_what_is_odd(stage: Stage) -> None:
    odd = document(gray=[put(deployment(), "status.conditions", EXCEEDED)])
    result = stage.read(READY, found(odd))
    assert result["gate"]["outcome"] == "timeout"
    assert "not ready: gray workload reviews-gray: status.conditions is no list" in result["msg"]
    assert result["workloads"]["gray"][0]["message"] == "status.conditions is no list"


UNPLANNED = [
    put(document(), "spec.grayDeployments", value) for value in (None, MISSING, {}, {"a": {}}, "one", 1, False)
]


@pytest.mark.parametrize("content", UNPLANNED)
def test_what_is_not_known_to_be_planned_is_neither_ready_nor_of_an_image(
    stage: Stage, content: dict[str, Any]
) -> None:
    assert parse(content).planned is None
    result = stage.read(READY, found(content))
    assert result["gate"]["outcome"] == "timeout"
    assert "not ready: spec.grayDeployments is missing or no list" in result["msg"]
    by_image = stage.read({**GATE, "images": [IMAGE], "wait_timeout": 5}, found(content))
    assert by_image["gate"]["outcome"] == "timeout"


@pytest.mark.parametrize("value", [None, MISSING, {}, {"a": deployment()}, "one", 1, False])
def test_what_is_not_known_to_be_created_is_not_ready(stage: Stage, value: Any) -> None:
    content = put(document(), "status.grayDeployments", value)
    result = stage.read(READY, found(content))
    assert (result["gate"]["outcome"], result["workloads"]["gray"]) == ("timeout", [])
    assert "there is no gray workload" in result["msg"]


def test_none_planned_and_one_created_is_ready(stage: Stage) -> None:
    assert stage.read(READY, found(document(planned=0)))["gate"]["outcome"] == "reached"


@pytest.mark.parametrize("content", UNPLANNED)
def test_a_list_without_planned_workloads_is_not_enough(stage: Stage, content: dict[str, Any]) -> None:
    content = put(content, "metadata", item("a")["metadata"])
    stage.serve_mesh([listed(content, item("b"))], {"uid-a": [found(content)]})
    result = stage.reading(held("uid-a", "uid-b", ready=True, wait_timeout=5)).result
    assert [each["outcome"] for each in result["releases"]] == ["timeout", "reached"]


@pytest.mark.parametrize("manifests", [False, True])
def test_the_test_plugin_agrees_with_the_gate(stage: Stage, manifests: bool) -> None:
    odd = [document(gray=[put(deployment(), place, value)]) for place, value, _message in UNDECODABLE]
    for content in (document(), document(planned=0), document(gray=[]), *UNPLANNED, *odd):
        opens = stage.read({**READY, "manifests": manifests}, found(content))["gate"]["outcome"] == "reached"
        result = stage.read({**READ, "manifests": manifests}, found(content))
        assert rolled_out(json.loads(json.dumps(result))) is opens
