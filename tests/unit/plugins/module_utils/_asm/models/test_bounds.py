# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Responses beyond a limit are refused before anything is made of them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import ProtocolError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models import bounds, release
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.deployment import rollout
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import parse_list
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import changed, deployment, document, release_list

GRAY = "status.grayDeployments.0"
CONTAINERS = f"{GRAY}.spec.template.spec.containers"

# A release with another value in one place: (place, largest value, value beyond the limit, message).
LIMITS: list[tuple[str, Any, Any, str]] = [
    *(
        (
            f"{part}.grayDeployments",
            [{}] * bounds.MOST_WORKLOADS,
            [{}] * (bounds.MOST_WORKLOADS + 1),
            f"{part}.grayDeployments has 1001 workloads, the limit is 1000",
        )
        for part in ("spec", "status")
    ),
    *(
        (place, [{}] * most, [{}] * (most + 1), "has 10001 workloads, containers and conditions, the limit is 10000")
        for place, most in (
            (f"{GRAY}.status.conditions", bounds.MOST_PARTS - 6),
            ("status.deployment.status.conditions", bounds.MOST_PARTS - 6),
            (CONTAINERS, bounds.MOST_PARTS - 5),
            ("spec.grayDeployments.0.template.spec.template.spec.containers", bounds.MOST_PARTS - 5),
        )
    ),
    *(
        (
            part,
            {str(number): 0 for number in range(most)},
            {str(number): 0 for number in range(most + 1)},
            "the release has 1001 fields, the limit is 1000",
        )
        for part, most in (("spec", bounds.MOST_FIELDS - 14), ("metadata", bounds.MOST_FIELDS - 16))
    ),
    *(
        (place, "x" * 999_000, "x" * 1_000_000, "characters besides its Deployments, the limit is 1000000")
        for place in (
            "status.phase",
            "spec.unknown",
            f"{GRAY}.metadata.name",
            f"{GRAY}.metadata.namespace",
            "status.deployment.metadata.name",
            f"{CONTAINERS}.0.image",
        )
    ),
]


@pytest.mark.parametrize(
    ("place", "largest", "too_large", "message"),
    LIMITS,
    ids=[f"{limit[0]} {limit[-1][-50:]}" for limit in LIMITS],
)
def test_release_beyond_a_limit_is_refused(place: str, largest: Any, too_large: Any, message: str) -> None:
    assert release.parse(changed(document(), place, largest)).uid in ("uid-1", "")
    with pytest.raises(ProtocolError, match=message) as refused:
        release.parse(changed(document(), place, too_large))
    assert refused.value.hint == "check endpoint"


def test_characters_are_bounded_exactly() -> None:
    workload = rollout({}, "x" * bounds.MOST_CHARACTERS)
    bounds.check_characters({}, [workload])
    with pytest.raises(ProtocolError, match="has 1000001 characters besides its Deployments, the limit is 1000000"):
        bounds.check_characters({"": "y"}, [workload])


def test_a_text_counts_wherever_a_result_shows_it() -> None:
    # The cluster of the original workload is shown in `release` and in `workloads`.
    content = changed(document(), "spec.clusterID", "x" * 600_000)
    with pytest.raises(ProtocolError, match="characters besides its Deployments"):
        release.parse(content)


def test_nothing_is_made_of_a_release_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(release, "rollout", lambda *_parts: made.append(1))
    monkeypatch.setattr(release, "report_release", lambda *_parts: made.append(1))
    with pytest.raises(ProtocolError):
        release.parse(changed(document(), "status.grayDeployments", [{}] * 100_000))
    assert made == []


class TestManifests:
    """With manifests, the whole release is returned, so its values and its nesting are bounded as well."""

    @staticmethod
    def with_values(count: int) -> dict[str, Any]:
        """Return an object of so many values."""
        return {"a": [0] * (count - 2), "b": 1}

    def test_values_are_bounded(self) -> None:
        bounds.check_manifests(self.with_values(bounds.MOST_VALUES))
        with pytest.raises(ProtocolError, match="has 200001 values or more, the limit is 200000") as refused:
            bounds.check_manifests(self.with_values(bounds.MOST_VALUES + 1))
        assert refused.value.hint == "read it without manifests"

    def test_levels_are_bounded(self) -> None:
        level: Any = 1
        for index in range(bounds.MOST_LEVELS):
            level = [level] if index % 2 else {"a": level}
        bounds.check_manifests({"b": 1, **level} if isinstance(level, dict) else {"a": level[0]})
        with pytest.raises(ProtocolError, match="nested deeper than 100 levels") as refused:
            bounds.check_manifests({"a": level})
        assert refused.value.hint == "read it without manifests"

    @pytest.mark.parametrize("unknown", [[0] * bounds.MOST_VALUES, "deep"], ids=["values", "levels"])
    def test_neither_counts_without_manifests(self, unknown: Any) -> None:
        content = document()
        content["future"] = nested(100_000) if unknown == "deep" else unknown
        parsed = release.parse(content, manifests=False)
        assert (parsed.phase, "future" in parsed.content) == ("Running", False)
        with pytest.raises(ProtocolError, match=r"limit|levels"):
            release.parse(content, manifests=True)


def nested(levels: int) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for _level in range(levels - 1):
        content = {"a": content}
    return content


class TestList:
    def test_releases_are_bounded(self) -> None:
        assert len(parse_list(release_list(*[{}] * bounds.MOST_ITEMS), "mesh").releases) == bounds.MOST_ITEMS
        with pytest.raises(ProtocolError, match="the list has 10001 releases, the limit is 10000") as refused:
            parse_list(release_list(*[{}] * (bounds.MOST_ITEMS + 1)), "mesh")
        assert refused.value.hint == "delete ended releases of the mesh"

    def test_workloads_are_bounded(self) -> None:
        # Two of the parts of each release are its original workload and that one's container.
        item = document(gray=[{}] * 498, planned=500)
        parts = bounds.check_parts(item)
        assert parts == 1000
        parse_list(release_list(*[item] * 100), "mesh")
        with pytest.raises(ProtocolError) as refused:
            parse_list(release_list(*[item] * 101), "mesh")
        problem = "the list has 101000 workloads, containers and conditions or more, the limit is 100000"
        assert (refused.value.problem, refused.value.hint) == (problem, "delete ended releases of the mesh")

    def test_one_release_beyond_a_limit_leaves_the_others(self) -> None:
        huge = changed(document(uid="uid-2"), "status.grayDeployments", [{}] * 200_000)
        one, two = parse_list(release_list(document(uid="uid-1"), huge), "mesh").releases
        assert one.release() is not None
        assert two.release() is None


def test_a_release_of_the_most_workloads_is_parsed() -> None:
    many = document(gray=[deployment(f"gray-{number}") for number in range(bounds.MOST_WORKLOADS)])
    assert len(release.parse(many).gray) == bounds.MOST_WORKLOADS
