# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer says of a release, and what is told of it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import (
    DEEPEST,
    check_whole,
    missing_images,
    parse,
    report_release,
    report_workloads,
    why_not_ready,
    workload,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    deployment,
    document,
    exceeded,
    release,
    without_status,
)
from hypothesis import given, settings
from hypothesis import strategies as st

ENVIRONMENT_SECRET = "made-up-database-password"


class TestFields:
    def test_are_those_of_the_api(self) -> None:
        parsed = parse(document("Creating", [deployment("a"), deployment("b")], uid="uid-7", version="v3", planned=3))
        assert (parsed.uid, parsed.name, parsed.version, parsed.phase) == ("uid-7", "reviews-canary", "v3", "Creating")
        assert [each.name for each in parsed.gray] == ["a", "b"]
        assert parsed.planned == 3
        assert parsed.original is not None
        assert parsed.original.name == "reviews"

    def test_are_all_handed_on_with_manifests(self) -> None:
        content = document()
        assert report_release(content, manifests=True) == content

    def test_of_a_workload_are_summed_up(self) -> None:
        parsed = release(gray=[deployment(ready=2, updatedReplicas=3)])
        assert report_workloads(parsed, Cleaner())["gray"] == [
            {
                "name": "reviews-gray",
                "namespace": "bookinfo",
                "cluster_id": "cluster-1",
                "images": [IMAGE],
                "desired": 3,
                "updated": 3,
                "ready": 2,
                "available": 2,
                "rolled_out": False,
                "message": "2 of 3 updated replicas are available",
            }
        ]

    def test_of_no_release_are_empty(self) -> None:
        assert report_workloads(None, Cleaner()) == {"original": {}, "gray": []}

    def test_of_no_original_workload_are_empty(self) -> None:
        content = document()
        del content["status"]["deployment"]
        assert report_workloads(parse(content), Cleaner())["original"] == {}

    def test_ready_text_adds_up_the_gray_workloads(self) -> None:
        assert release(gray=[deployment(ready=1), deployment(desired=2, ready=2)]).ready_text == "3/5"
        assert release(gray=[]).ready_text == "0/0"

    @pytest.mark.parametrize(
        "content",
        [
            {},
            {**document(), "kind": "ReleaseList"},
            {**document(), "kind": "release"},
            {**document(), "kind": ["Release"]},
            {**document(), "status": None},
            {**document(), "status": [document()["status"]]},
            {key: value for key, value in document().items() if key != "status"},
            {key: value for key, value in document().items() if key != "kind"},
        ],
    )
    def test_of_what_is_no_release_are_a_final_protocol_error(self, content: dict[str, Any]) -> None:
        with pytest.raises(AsmError) as caught:
            parse(content)
        assert (caught.value.kind, caught.value.passing) == ("protocol", False)

    def test_that_are_missing_count_for_nothing(self) -> None:
        parsed = parse({"kind": "Release", "status": {}})
        assert (parsed.uid, parsed.name, parsed.version, parsed.phase) == ("", "", "", "")
        assert (parsed.gray, parsed.planned, parsed.original) == ((), None, None)

    @pytest.mark.parametrize("uid", [1, True, 0.5, [], ["uid-1"], {"uid": "uid-1"}])
    def test_a_uid_that_is_no_text_is_a_final_protocol_error(self, uid: Any) -> None:
        with pytest.raises(AsmError, match="uid is no text") as caught:
            release(uid=uid)
        assert (caught.value.kind, caught.value.passing) == ("protocol", False)

    @pytest.mark.parametrize("phase", [None, 7, True, ["Running"], {"phase": "Running"}])
    def test_a_phase_that_is_no_text_is_none(self, phase: Any) -> None:
        assert release(phase).phase == ""


# (case, changes, message): the conditions of `kubectl rollout status` for Deployments, in its order.
ROLLOUT: list[tuple[str, dict[str, Any], str]] = [
    ("rolled out", {}, ""),
    ("observed a later generation", {"observedGeneration": 3}, ""),
    ("not observed", {"observedGeneration": 1}, "its latest change is not observed yet"),
    ("never observed", {"observedGeneration": None}, "its latest change is not observed yet"),
    ("updated < desired", {"updatedReplicas": 2}, "2 of 3 replicas are updated"),
    ("none updated", {"updatedReplicas": None}, "0 of 3 replicas are updated"),
    ("old ones left", {"replicas": 5}, "2 old replicas are pending termination"),
    ("available < updated", {"availableReplicas": 1}, "1 of 3 updated replicas are available"),
    ("none available", {"availableReplicas": None}, "0 of 3 updated replicas are available"),
    ("more updated than desired", {"updatedReplicas": 4, "replicas": 4, "availableReplicas": 4}, ""),
    ("ready is not asked", {"readyReplicas": 0}, ""),
    (
        "exceeded",
        {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]},
        "it has exceeded its progress deadline",
    ),
    ("another condition", {"conditions": [{"type": "Available", "reason": "ProgressDeadlineExceeded"}]}, ""),
    ("progressing", {"conditions": [{"type": "Progressing", "reason": "NewReplicaSetAvailable"}]}, ""),
    (
        "not observed comes before exceeded",
        {"observedGeneration": 1, "conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]},
        "its latest change is not observed yet",
    ),
    ("a number as text", {"updatedReplicas": "3"}, "status.updatedReplicas is no number of replicas or generations"),
    ("a bool", {"availableReplicas": True}, "status.availableReplicas is no number of replicas or generations"),
    ("negative", {"replicas": -1}, "status.replicas is no number of replicas or generations"),
    ("a fraction", {"updatedReplicas": 3.0}, "status.updatedReplicas is no number of replicas or generations"),
    ("huge", {"availableReplicas": 2**63}, "status.availableReplicas is no number of replicas or generations"),
    ("a list", {"observedGeneration": [2]}, "status.observedGeneration is no number of replicas or generations"),
]


class TestRolledOut:
    @pytest.mark.parametrize(("status", "message"), [case[1:] for case in ROLLOUT], ids=[case[0] for case in ROLLOUT])
    def test_is_the_verdict_of_kubectl_rollout_status(self, status: dict[str, Any], message: str) -> None:
        found = workload(deployment(**status), {})
        assert (found.rolled_out, found.message) == (not message, message)

    def test_missing_replicas_are_1_as_to_kubernetes(self) -> None:
        one = deployment(desired=1, ready=1)
        del one["spec"]["replicas"]
        none = deployment(desired=0, ready=0)
        del none["spec"]["replicas"]
        assert (workload(one, {}).desired, workload(one, {}).rolled_out) == (1, True)
        assert workload(none, {}).message == "0 of 1 replicas are updated"

    def test_0_replicas_are_rolled_out(self) -> None:
        assert workload(deployment(desired=0, ready=0), {}).rolled_out

    @pytest.mark.parametrize("replicas", ["3", True, -1, 3.0, 2**63, [], {}])
    def test_odd_replicas_are_not(self, replicas: Any) -> None:
        odd = deployment()
        odd["spec"]["replicas"] = replicas
        assert workload(odd, {}).message == "spec.replicas is no number of replicas or generations"

    @pytest.mark.parametrize("odd", [None, "reviews", 7, [deployment()]])
    def test_what_is_no_deployment_is_not(self, odd: Any) -> None:
        assert workload(odd, {}).message == "it is no Deployment"

    @pytest.mark.parametrize(
        ("found", "current"),
        [(exceeded(), True), (exceeded(observedGeneration=1), False), (exceeded(observedGeneration="2"), False)],
        ids=["current", "behind", "odd"],
    )
    def test_a_progress_deadline_counts_for_the_current_generation(self, found: dict[str, Any], current: bool) -> None:
        assert workload(found, {}).deadline_exceeded is current


class TestReady:
    @pytest.mark.parametrize(
        ("gray", "planned", "why"),
        [
            ([deployment()], 1, ""),
            ([deployment()], 0, ""),
            ([deployment(), deployment("b")], 1, ""),
            ([], 0, "there is no gray workload"),
            ([], 1, "there is no gray workload"),
            ([deployment()], 2, "1 of 2 gray workloads are there"),
            ([without_status()], 1, "gray workload reviews-gray has no status"),
            ([deployment(ready=1)], 1, "gray workload reviews-gray: 1 of 3 updated replicas are available"),
            ([deployment(), deployment("b", ready=0)], 2, "gray workload b: 0 of 3 updated replicas are available"),
            ([deployment(desired=0, ready=0)], 1, "gray workload reviews-gray wants no replica"),
            ([deployment()], None, "spec.grayDeployments is missing or no list"),
        ],
    )
    def test_says_why_not(self, gray: list[Any], planned: int | None, why: str) -> None:
        assert why_not_ready([workload(each, {}) for each in gray], planned) == why

    @pytest.mark.parametrize(
        ("spec", "planned"),
        [
            (None, None),
            ({}, None),
            ({"grayDeployments": None}, None),
            ({"grayDeployments": []}, 0),
            ({"grayDeployments": [None, 1]}, 2),
            ({"grayDeployments": {"a": {}, "b": {}}}, None),
            ({"grayDeployments": "two"}, None),
            ([], None),
            ("spec", None),
        ],
    )
    def test_counts_what_is_planned(self, spec: Any, planned: int | None) -> None:
        assert parse({**document(), "spec": spec}).planned == planned

    def test_all_images_are_missing_while_a_gray_workload_is(self) -> None:
        found = [workload(deployment(), {})]
        assert missing_images([IMAGE], found, 1) == []
        assert missing_images([IMAGE], found, 2) == [IMAGE]
        assert missing_images([IMAGE], found, None) == [IMAGE]
        assert missing_images([IMAGE], [], 0) == [IMAGE]

    def test_every_container_has_its_image(self) -> None:
        two = deployment()
        two["spec"]["template"]["spec"]["containers"].append({"name": "sidecar", "image": "proxy:1"})
        assert workload(two, {}).images == (IMAGE, "proxy:1")


class TestClusterId:
    @staticmethod
    def clusters(*entries: dict[str, Any]) -> list[str]:
        content = document()
        content["spec"]["grayDeployments"] = list(entries)
        return [each["cluster_id"] for each in report_workloads(parse(content), Cleaner())["gray"]]

    @staticmethod
    def entry(cluster_id: Any, name: str = "reviews-gray", namespace: str = "bookinfo") -> dict[str, Any]:
        return {"clusterID": cluster_id, "template": {"metadata": {"name": name, "namespace": namespace}}}

    def test_is_that_of_the_one_entry_of_the_same_name_and_namespace(self) -> None:
        assert self.clusters(self.entry("c1"), self.entry("c2", "other")) == ["c1"]

    def test_is_empty_when_two_entries_match(self) -> None:
        assert self.clusters(self.entry("c1"), self.entry("c2")) == [""]
        assert self.clusters(self.entry("c1"), self.entry("c1")) == [""]

    @pytest.mark.parametrize(
        ("name", "namespace"), [("other", "bookinfo"), ("reviews-gray", "default"), ("Reviews-Gray", "bookinfo")]
    )
    def test_is_empty_when_none_matches_exactly(self, name: str, namespace: str) -> None:
        assert self.clusters(self.entry("c1", name, namespace)) == [""]

    @pytest.mark.parametrize("cluster_id", [None, 7, ["c1"]])
    def test_is_empty_when_it_is_no_text(self, cluster_id: Any) -> None:
        assert self.clusters(self.entry(cluster_id)) == [""]

    def test_of_the_original_is_that_of_spec(self) -> None:
        assert report_workloads(release(), Cleaner())["original"]["cluster_id"] == "cluster-0"


class TestWithoutManifests:
    @staticmethod
    def secretive() -> dict[str, Any]:
        """A release with a secret in the environment of every container, and in objects and lists that are unknown."""
        hidden = {"spec": {"template": {"spec": {"containers": [{"env": [{"value": ENVIRONMENT_SECRET}]}]}}}}
        content = document(gray=[{**deployment(), **hidden}])
        content["status"].update(deployment=hidden, pods=[hidden], extra=hidden)
        content["spec"].update(future=hidden, templates=[hidden])
        content["spec"]["grayDeployments"][0].update(template=hidden, more=hidden, note=ENVIRONMENT_SECRET)
        content.update(future=hidden, events=[hidden])
        content["metadata"].update(annotations=hidden, labels=[hidden])
        return content

    def test_no_part_of_a_deployment_is_left(self) -> None:
        assert ENVIRONMENT_SECRET not in json.dumps(report_release(self.secretive(), manifests=False))
        assert ENVIRONMENT_SECRET in json.dumps(report_release(self.secretive(), manifests=True))

    def test_everything_else_is(self) -> None:
        content = document()
        content["status"]["unheardOf"] = 7
        report = report_release(content, manifests=False)
        assert (report["kind"], report["apiVersion"]) == ("Release", "asm/v2")
        assert report["metadata"] == content["metadata"]
        assert report["spec"] == {**content["spec"], "grayDeployments": [{"clusterID": "cluster-1"}]}
        assert report["status"] == {
            "phase": "Running",
            "startTime": "2026-03-01T12:00:00Z",
            "updateTime": "2026-03-01T12:05:00Z",
            "unheardOf": 7,
        }

    @pytest.mark.parametrize("damage", [["a"], {"a": ENVIRONMENT_SECRET}])
    def test_objects_of_the_wrong_shape_are_left_out_too(self, damage: Any) -> None:
        for path in (("metadata",), ("spec",), ("spec", "grayDeployments"), ("status", "grayDeployments")):
            content = document()
            parent = content
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = [damage]
            assert ENVIRONMENT_SECRET not in json.dumps(report_release(content, manifests=False))

    def test_the_answer_itself_is_not_changed(self) -> None:
        content = self.secretive()
        before = copy.deepcopy(content)
        report_release(content, manifests=False)
        assert content == before


class TestForeignText:
    @pytest.mark.parametrize("where", ["name", "namespace", "image"])
    def test_is_shown_on_one_line(self, where: str) -> None:
        odd = deployment(image="a\nb") if where == "image" else deployment()
        if where != "image":
            odd["metadata"][where] = "a\nb"
        reported = report_workloads(release(gray=[odd]), Cleaner())["gray"][0]
        assert (reported["images"] if where == "image" else [reported[where]]) == ["a\\u000ab"]

    def test_hides_a_secret_that_would_be_escaped(self) -> None:
        cleaner = Cleaner()
        cleaner.learn("pass\u00a0word")
        reported = report_workloads(release(gray=[deployment("a pass\u00a0word")]), cleaner)
        assert reported["gray"][0]["name"] == "a ********"


def nested(depth: int) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for _level in range(depth - 1):
        content = {"a": [content]} if _level % 2 else {"a": content}
    return content


class TestDepth:
    def test_a_release_may_be_nested(self) -> None:
        check_whole(document())
        check_whole({"a": 1})

    def test_a_release_must_not_be_nested_without_end(self) -> None:
        with pytest.raises(AsmError) as caught:
            check_whole(nested(100_000))
        assert (caught.value.kind, caught.value.passing) == ("protocol", False)

    def test_the_limit_is_the_deepest(self) -> None:
        level: Any = 1
        for _index in range(DEEPEST):
            level = {"a": level}
        check_whole(level)
        with pytest.raises(AsmError):
            check_whole({"a": level})

    def test_without_manifests_any_nesting_is_read(self) -> None:
        content = {**document(), "future": nested(100_000)}
        assert "future" not in report_release(content, manifests=False)
        assert parse(content).phase == "Running"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a document."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [found for key in keys for found in [(*path, key), *places(value[key], (*path, key))]]


WHOLE = document(gray=[deployment("a", conditions=[{"type": "Progressing", "reason": "NewReplicaSetAvailable"}])])


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """Return a release of which up to three values are gone, or are something else."""
    content = copy.deepcopy(WHOLE)
    for _damage in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(content) or [("kind",)]))
        parent: Any = content
        for key in path[:-1]:
            parent = parent[key]
        if draw(st.booleans()) and path[-1] in parent:
            del parent[path[-1]]
        else:
            parent[path[-1]] = draw(JSON)
    return content


@settings(max_examples=200, deadline=None)
@given(content=damaged() | st.dictionaries(st.text(max_size=8), JSON), manifests=st.booleans())
def test_any_damage_gives_a_release_or_a_clear_error(content: dict[str, Any], manifests: bool) -> None:
    cleaner = Cleaner()
    cleaner.learn("a")
    if content.get("kind") != "Release" or not isinstance(content.get("status"), dict):
        with pytest.raises(AsmError, match="no Release"):
            parse(content)
        return
    metadata = content.get("metadata")
    if isinstance(metadata, dict) and not isinstance(metadata.get("uid"), (str, type(None))):
        with pytest.raises(AsmError, match="uid is no text"):
            parse(content)
        return
    parsed = parse(content)
    reports = [report_release(content, manifests), report_workloads(parsed, cleaner)]
    assert json.loads(json.dumps(cleaner.redact(reports))) == cleaner.redact(reports)
    ready = not why_not_ready(parsed.gray, parsed.planned)
    assert not ready or all(each.rolled_out and each.desired >= 1 for each in parsed.gray)
    assert not ready or parsed.gray
