# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release: its fields, and its part of a result."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import ProtocolError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import (
    is_phase,
    parse,
    report_release,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    MISSING,
    changed,
    deployment,
    document,
    release,
)

ENVIRONMENT_SECRET = "made-up-database-password"


class TestPhase:
    @pytest.mark.parametrize("phase", ["Running", "running", " RUNNING\t", "Stra\u00dfe"])
    def test_is_compared_stripped_and_case_insensitively(self, phase: str) -> None:
        assert is_phase(phase, ["Creating", " running ", "STRASSE"])

    @pytest.mark.parametrize("phase", ["", " ", None, 7, True, ["Running"], {"Running": 1}, "Runn", "Running2"])
    def test_matches_nothing_else(self, phase: Any) -> None:
        assert not is_phase(phase, ["Running", ""])

    def test_matches_nothing_without_wanted(self) -> None:
        assert not is_phase("Running", [])


class TestParse:
    def test_fields_are_those_of_the_api(self) -> None:
        parsed = parse(document("Creating", [deployment("a"), deployment("b")], uid="uid-7", version="v3", planned=3))
        assert (parsed.uid, parsed.name, parsed.namespace) == ("uid-7", "reviews-canary", "bookinfo")
        assert (parsed.service, parsed.version, parsed.phase, parsed.planned) == ("reviews", "v3", "Creating", 3)
        assert [each.name for each in parsed.gray] == ["a", "b"]
        assert parsed.original is not None
        assert (parsed.original.name, parsed.original.cluster_id) == ("reviews", "cluster-0")

    def test_missing_fields_are_empty(self) -> None:
        parsed = parse({"kind": "Release", "status": {}})
        assert (parsed.uid, parsed.name, parsed.namespace, parsed.service) == ("", "", "", "")
        assert (parsed.version, parsed.phase, parsed.gray, parsed.planned) == ("", "", (), None)
        assert parsed.original is None

    def test_replicas_text_adds_up_the_gray_workloads(self) -> None:
        assert release(gray=[deployment(ready=1), deployment(wanted=2, ready=2)]).replicas_text == "3/5"
        assert release(gray=[]).replicas_text == "0/0"

    @pytest.mark.parametrize(
        ("place", "value", "message"),
        [
            ("kind", MISSING, "kind of the response is missing, expected 'Release'"),
            ("kind", "release", "kind of the response is 'release', expected 'Release'"),
            ("kind", ["Release"], "kind of the response is a list, expected 'Release'"),
            *(
                ("status", value, "the response is not a Release: status is missing or not an object")
                for value in (MISSING, None, [{}], "Running")
            ),
            *(
                ("metadata.uid", value, "the response is not a Release: metadata.uid is not a string")
                for value in (1, True, 0.5, [], ["uid-1"], {"uid": "uid-1"})
            ),
        ],
    )
    def test_anything_else_is_a_protocol_error(self, place: str, value: Any, message: str) -> None:
        with pytest.raises(ProtocolError) as refused:
            parse(changed(document(), place, value))
        assert refused.value.sentence(Sanitizer()).startswith(f"{message}; check ")

    @pytest.mark.parametrize("phase", [None, 7, True, ["Running"], {"phase": "Running"}])
    def test_a_phase_that_is_not_a_string_is_empty(self, phase: Any) -> None:
        assert release(phase).phase == ""

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
            ({"grayDeployments": 1}, None),
            ({"grayDeployments": False}, None),
            ([], None),
            ("spec", None),
        ],
    )
    def test_planned_counts_a_list_only(self, spec: Any, planned: int | None) -> None:
        assert parse(changed(document(), "spec", spec)).planned == planned

    @pytest.mark.parametrize("value", [None, MISSING, {}, {"a": deployment()}, "one", 1, False])
    def test_gray_is_a_list_only(self, value: Any) -> None:
        assert parse(changed(document(), "status.grayDeployments", value)).gray == ()

    @pytest.mark.parametrize("value", [None, MISSING, [], "reviews"])
    def test_original_is_an_object_only(self, value: Any) -> None:
        assert parse(changed(document(), "status.deployment", value)).original is None

    @pytest.mark.parametrize("part", ["spec", "status"])
    @pytest.mark.parametrize("value", [None, MISSING])
    def test_workloads_may_be_missing(self, part: str, value: Any) -> None:
        assert not parse(changed(document(), f"{part}.grayDeployments", value)).has_workloads
        assert release(gray=[]).has_workloads


class TestClusterId:
    @staticmethod
    def clusters(*entries: Any) -> list[str]:
        return [each.cluster_id for each in parse(changed(document(), "spec.grayDeployments", list(entries))).gray]

    @staticmethod
    def entry(cluster_id: Any, name: str = "reviews-gray", namespace: str = "bookinfo") -> dict[str, Any]:
        return {"clusterID": cluster_id, "template": {"metadata": {"name": name, "namespace": namespace}}}

    def test_is_that_of_the_planned_workload_with_the_name_and_namespace(self) -> None:
        assert self.clusters(self.entry("c2", "other"), self.entry("c1"), 7) == ["c1"]

    @pytest.mark.parametrize("other", ["c1", "c2"])
    def test_is_empty_if_two_match(self, other: str) -> None:
        assert self.clusters(self.entry("c1"), self.entry(other)) == [""]

    @pytest.mark.parametrize(
        ("name", "namespace"), [("other", "bookinfo"), ("reviews-gray", "default"), ("Reviews-Gray", "bookinfo")]
    )
    def test_is_empty_if_none_matches_exactly(self, name: str, namespace: str) -> None:
        assert self.clusters(self.entry("c1", name, namespace)) == [""]

    @pytest.mark.parametrize("cluster_id", [None, 7, ["c1"]])
    def test_is_empty_if_it_is_not_a_string(self, cluster_id: Any) -> None:
        assert self.clusters(self.entry(cluster_id)) == [""]


class TestReport:
    def test_manifests_are_the_whole_object(self) -> None:
        assert parse(document(), manifests=True).content == document()
        assert parse(document(), manifests=True).manifests
        assert not release().manifests


class TestWithoutManifests:
    @staticmethod
    def secretive() -> dict[str, Any]:
        """Return a release with a secret in the environment of every container, and in unknown objects and lists."""
        hidden = {"spec": {"template": {"spec": {"containers": [{"env": [{"value": ENVIRONMENT_SECRET}]}]}}}}
        content = document(gray=[{**deployment(), **hidden}])
        content["status"].update(deployment=hidden, pods=[hidden], extra=hidden)
        content["spec"].update(future=hidden, templates=[hidden])
        content["spec"]["grayDeployments"][0].update(template=hidden, more=hidden, note=ENVIRONMENT_SECRET)
        content.update(future=hidden, events=[hidden])
        content["metadata"].update(annotations=hidden, labels=[hidden])
        return content

    def test_no_part_of_a_deployment_stays(self) -> None:
        assert ENVIRONMENT_SECRET not in json.dumps(report_release(self.secretive(), manifests=False))
        assert ENVIRONMENT_SECRET in json.dumps(report_release(self.secretive(), manifests=True))

    def test_everything_else_stays(self) -> None:
        content = document()
        content["status"]["unknownField"] = 7
        report = report_release(content, manifests=False)
        assert (report["kind"], report["apiVersion"]) == ("Release", "asm/v2")
        assert report["metadata"] == content["metadata"]
        assert report["spec"] == {**content["spec"], "grayDeployments": [{"clusterID": "cluster-1"}]}
        assert report["status"] == {
            "phase": "Running",
            "startTime": "2026-03-01T12:00:00Z",
            "updateTime": "2026-03-01T12:05:00Z",
            "unknownField": 7,
        }

    @pytest.mark.parametrize("damage", [["a"], {"a": ENVIRONMENT_SECRET}])
    def test_objects_of_the_wrong_type_are_left_out(self, damage: Any) -> None:
        for path in (("metadata",), ("spec",), ("spec", "grayDeployments"), ("status", "grayDeployments")):
            content = document()
            parent = content
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = [damage]
            assert ENVIRONMENT_SECRET not in json.dumps(report_release(content, manifests=False))

    def test_the_response_is_not_changed(self) -> None:
        content = self.secretive()
        before = copy.deepcopy(content)
        report_release(content, manifests=False)
        assert content == before
