# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The size of what is made of a response is bounded, so that a gate ends by its deadline whatever the response is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models import release
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models import release_list as roster
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, document, release_list
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    GATE,
    HELD_SELECTION,
    READ,
    Stage,
    found,
    held,
    item,
    listed,
)

MOST = release.MOST_WORKLOADS


def changed(place: str, value: Any) -> dict[str, Any]:
    """Return a release with another value in one place."""
    content: Any = json.loads(json.dumps(document()))
    *outer, last = place.split(".")
    parent = content
    for key in outer:
        parent = parent[int(key)] if key.isdecimal() else parent[key]
    parent[last] = value
    return dict(content)


GRAY = "status.grayDeployments.0"
LIMITS: list[tuple[dict[str, Any], str]] = [
    (
        changed("status.grayDeployments", [{}] * (MOST + 1)),
        "status.grayDeployments has 1001 workloads, the limit is 1000",
    ),
    (changed("spec.grayDeployments", [{}] * (MOST + 1)), "spec.grayDeployments has 1001 workloads, the limit is 1000"),
    (
        changed(f"{GRAY}.status.conditions", [{}] * 10_000),
        "the release has 10006 workloads, containers and conditions, the limit is 10000",
    ),
    (
        changed(f"{GRAY}.spec.template.spec.containers", [{}] * 10_000),
        "the release has 10005 workloads, containers and conditions, the limit is 10000",
    ),
    (changed("status.deployment.status.conditions", [{}] * 10_000), "the limit is 10000"),
    (changed("spec", {str(number): 0 for number in range(1001)}), "fields, the limit is 1000"),
    (changed("status.phase", "x" * 1_000_000), "characters besides its Deployments, the limit is 1000000"),
    (changed("spec.unknown", "x" * 1_000_000), "characters besides its Deployments, the limit is 1000000"),
    (changed(f"{GRAY}.metadata.name", "x" * 1_000_000), "characters besides its Deployments, the limit is 1000000"),
    (
        changed(f"{GRAY}.spec.template.spec.containers", [{"image": "x" * 1_000_000}]),
        "characters besides its Deployments, the limit is 1000000",
    ),
]


@pytest.mark.parametrize(("content", "says"), LIMITS, ids=[says[:60] for _content, says in LIMITS])
def test_a_release_that_is_too_large_is_a_final_error(stage: Stage, content: dict[str, Any], says: str) -> None:
    result = stage.read(GATE, found(content))
    assert (result["gate"]["outcome"], result["error"]["kind"], stage.requests) == ("error", "protocol", 1)
    assert says in result["msg"]
    assert says in stage.read(READ, found(content))["msg"]


def test_no_workload_is_built_before_the_limit_is_checked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Any] = []
    monkeypatch.setattr(release, "workload", lambda *_parts: built.append(1))
    monkeypatch.setattr(release, "report_release", lambda *_parts: built.append(1))
    stage.read(GATE, found(changed("status.grayDeployments", [{}] * 100_000)))
    assert built == []


def test_a_release_of_the_most_workloads_is_read(stage: Stage) -> None:
    many = document(gray=[deployment(f"gray-{number}") for number in range(MOST)])
    result = stage.read({**GATE, "ready": True}, found(many))
    assert (result["gate"]["outcome"], len(result["workloads"]["gray"])) == ("reached", MOST)


def test_a_release_with_manifests_has_a_limit_of_values(stage: Stage) -> None:
    content = changed("spec.unknown", [0] * release.MOST_VALUES)
    assert stage.read(READ, found(content))["found"]
    refused = stage.read({**READ, "manifests": True}, found(content))
    assert refused["error"]["kind"] == "protocol"
    assert "values or more, the limit is 200000 (200); read it without manifests" in refused["msg"]


@pytest.mark.parametrize("options", [held("uid-a", "uid-b"), HELD_SELECTION])
@pytest.mark.parametrize(
    ("items", "says"),
    [
        ([{}] * (roster.MOST_ITEMS + 1), "the list has 10001 releases, the limit is 10000"),
        ([item(f"r{number}", gray=[{}] * 500) for number in range(101)], "or more, the limit is 100000"),
    ],
)
def test_a_list_that_is_too_large_is_a_final_error(
    stage: Stage, options: dict[str, Any], items: list[Any], says: str
) -> None:
    stage.serve_mesh([listed(*items)])
    result = stage.reading(options).result
    assert (result["gate"]["outcome"], result["error"]["kind"]) == ("error", "protocol")
    assert says in result["msg"]


def test_one_release_that_is_too_large_does_not_spoil_the_list() -> None:
    huge = {**item("b"), "status": {"phase": "Running", "grayDeployments": [{}] * 200_000}}
    found_items = roster.parse_list(release_list(item("a"), huge), "mesh").items
    assert [each.release(manifests=False, with_deployments=False) is not None for each in found_items] == [True, False]


def test_an_error_of_size_is_final() -> None:
    with pytest.raises(AsmError) as refused:
        release.check_parts(changed("status.grayDeployments", [{}] * (MOST + 1)))
    assert not refused.value.passing
