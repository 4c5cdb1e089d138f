# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases of a mesh: which of them an id means, which are ignored, and which must be read singly."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import ProtocolError, UsageError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import (
    WORKLOADS,
    ListedRelease,
    ReleaseList,
    parse_list,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import MISSING, changed, document, release_list

OTHER_MESH = changed(document(uid="uid-b", name="b"), "metadata.meshID", "other")


def parsed(*items: Any, manifests: bool = False) -> ReleaseList:
    return parse_list(release_list(*items), "mesh", manifests)


def only(content: Any, manifests: bool = False) -> ListedRelease:
    (listed,) = parsed(content, manifests=manifests).releases
    return listed


def problems(*items: Any) -> list[str]:
    return [error.sentence(Sanitizer()) for error in parsed(*items).problems.values()]


class TestFind:
    @staticmethod
    def find(release_id: str, *items: dict[str, Any], namespace: str = "bookinfo", uid: str = "") -> str | None:
        """Return the uid of the release that an id means."""
        found = parsed(*items).find(namespace, release_id, uid)
        return found.uid if found is not None else None

    def test_by_uid(self) -> None:
        assert self.find("uid-2", document(uid="uid-1"), document(uid="uid-2")) == "uid-2"

    def test_by_name_if_none_has_the_uid(self) -> None:
        assert self.find("b", document(uid="uid-1", name="a"), document(uid="uid-2", name="b")) == "uid-2"

    def test_by_name_without_a_uid(self) -> None:
        assert self.find("b", document(uid=None, name="b")) == ""

    @pytest.mark.parametrize("turned", [False, True])
    def test_uid_comes_before_names(self, turned: bool) -> None:
        items = [document(uid="reviews"), document(uid="uid-2", name="reviews"), document(uid="uid-3", name="reviews")]
        assert self.find("reviews", *(reversed(items) if turned else items)) == "reviews"

    @pytest.mark.parametrize("release_id", ["uid-1", "reviews-canary"])
    def test_in_any_namespace(self, release_id: str) -> None:
        assert self.find(release_id, document(uid="uid-1", namespace="shop"), namespace="shop") == "uid-1"

    def test_a_name_in_another_namespace_is_another_release(self) -> None:
        assert self.find("reviews-canary", document(uid="uid-1", namespace="shop")) is None
        items = [document(uid="uid-1"), document(uid="uid-2", namespace="shop")]
        assert self.find("reviews-canary", *items) == "uid-1"

    def test_a_uid_in_another_namespace_is_an_error(self) -> None:
        listed = parsed(document(uid="uid-1", namespace="shop"))
        found = listed.find("bookinfo", "uid-1")
        assert found is not None
        assert found.error is not None
        assert found.error.sentence(Sanitizer()).startswith(
            "metadata.namespace of the response is 'shop', expected 'bookinfo'"
        )
        assert found.release() is None
        (unchanged,) = listed.releases
        assert unchanged.error is None

    @pytest.mark.parametrize("namespace", [None, ""])
    def test_a_uid_without_a_namespace_is_in_any(self, namespace: Any) -> None:
        found = parsed(document(uid="uid-1", namespace=namespace)).find("bookinfo", "uid-1")
        assert found is not None
        assert found.error is None

    def test_a_known_uid_comes_before_all_else(self) -> None:
        items = [document(uid="reviews"), document(uid="uid-2", name="reviews"), document(uid="uid-3", name="reviews")]
        assert self.find("reviews", *items, uid="uid-2") == "uid-2"

    def test_a_release_of_the_name_is_found_if_the_known_uid_is_gone(self) -> None:
        items = [document(uid="uid-1"), document(uid="uid-2")]
        assert self.find("reviews-canary", items[0], uid="uid-3") == "uid-1"
        assert self.find("reviews-canary", *items, uid="uid-3") == "uid-1"

    @pytest.mark.parametrize("release_id", ["UID-1", "uid-", "uid-1 ", "Reviews-canary", ""])
    def test_similar_ids_mean_nothing(self, release_id: str) -> None:
        assert self.find(release_id, document(uid="uid-1"), document(uid="")) is None

    def test_a_name_of_two_is_ambiguous(self) -> None:
        with pytest.raises(UsageError, match="is the name of 2 releases"):
            self.find("reviews-canary", document(uid="uid-1"), document(uid="uid-2"))

    def test_a_name_of_several_is_an_error_with_their_uids(self) -> None:
        items = [document(uid=uid) for uid in ("uid-1", "uid-\u202e2", None)]
        with pytest.raises(UsageError) as refused:
            self.find("reviews-canary", *items, document(uid="uid-4", name="other"))
        assert refused.value.sentence(Sanitizer()) == (
            "release_id 'reviews-canary' is the name of 3 releases with the uids 'uid-1, uid-\\u202e2, none'; "
            "give the uid instead"
        )


class TestParseList:
    @pytest.mark.parametrize("items", [None, []])
    def test_without_items_is_empty(self, items: Any) -> None:
        found = parse_list({**release_list(), "items": items}, "mesh")
        assert (found.releases, found.problems) == ((), {})

    def test_keeps_the_order_and_ignores_unknown_fields(self) -> None:
        content = {**release_list(document(uid="uid-2"), document(uid="uid-1")), "metadata": {"continue": ""}}
        found = parse_list(content, "mesh")
        assert ([each.uid for each in found.releases], found.problems) == (["uid-2", "uid-1"], {})

    @pytest.mark.parametrize(
        ("place", "value", "message"),
        [
            ("kind", MISSING, "kind of the response is missing, expected 'ReleaseList'"),
            ("kind", "releaselist", "kind of the response is 'releaselist', expected 'ReleaseList'"),
            ("kind", "Release", "kind of the response is 'Release', expected 'ReleaseList'"),
            ("kind", ["ReleaseList"], "kind of the response is a list, expected 'ReleaseList'"),
            ("apiVersion", MISSING, "apiVersion of the response is missing, expected 'asm/v2'"),
            ("apiVersion", None, "apiVersion of the response is missing, expected 'asm/v2'"),
            ("apiVersion", "asm/v3", "apiVersion of the response is 'asm/v3', expected 'asm/v2'"),
            *(
                ("items", value, "the response is not a ReleaseList: items is missing or not a list")
                for value in (MISSING, {}, "", 0, False)
            ),
        ],
    )
    def test_refuses_anything_else(self, place: str, value: Any, message: str) -> None:
        with pytest.raises(ProtocolError) as refused:
            parse_list(changed(release_list(document()), place, value), "mesh")
        assert refused.value.sentence(Sanitizer()).startswith(f"{message}; check ")

    def test_reads_the_fields_of_an_item(self) -> None:
        listed = only(document("Creating", uid="uid-7", name="a", namespace="shop", service="ratings"))
        assert (listed.uid, listed.name, listed.namespace) == ("uid-7", "a", "shop")
        assert (listed.service, listed.error) == ("ratings", None)

    @pytest.mark.parametrize("value", [None, 7, ["a"]])
    def test_a_field_that_is_not_a_string_is_empty(self, value: Any) -> None:
        listed = only(document(value, uid=value, name=value, service=value))
        assert (listed.uid, listed.name, listed.service) == ("", "", "")


class TestProblems:
    """An item that cannot be used is an error for the target that it matches, and a warning."""

    @pytest.mark.parametrize("odd", [None, "reviews-canary", [document()]], ids=["null", "a string", "a list"])
    def test_items_that_are_not_objects_are_skipped(self, odd: Any) -> None:
        items = (odd, document(uid="uid-1"), odd)
        assert [each.uid for each in parsed(*items).releases] == ["uid-1"]
        assert problems(*items) == ["2 of 3 items of the list are ignored: the item is not an object; check endpoint"]

    @pytest.mark.parametrize(
        ("place", "value", "message"),
        [
            ("metadata.meshID", "other", "metadata.meshID of the response is 'other', expected 'mesh'"),
            ("metadata.meshID", 7, "metadata.meshID of the response is the number 7, expected 'mesh'"),
            ("kind", "Deployment", "kind of the response is 'Deployment', expected 'Release'"),
            ("apiVersion", "asm/v3", "apiVersion of the response is 'asm/v3', expected 'asm/v2'"),
            ("metadata.namespace", 7, "the response is not a Release: metadata.namespace is not a string"),
        ],
    )
    def test_another_mesh_or_kind_is_an_error_of_the_item(self, place: str, value: Any, message: str) -> None:
        other = changed(document(uid="uid-b", name="b"), place, value)
        found = parsed(document(uid="uid-a"), other, document(uid="uid-c"), other | {"metadata": None})
        listed = found.find("bookinfo", "uid-b")
        assert listed is not None
        assert listed.error is not None
        assert isinstance(listed.error, ProtocolError)
        assert listed.error.sentence(Sanitizer()).startswith(f"'b': {message}; ")
        assert listed.release() is None
        assert [each.error for each in found.releases if each.uid in ("uid-a", "uid-c")] == [None, None]
        (problem,) = list(found.problems.values())
        count = 2 if place in ("kind", "apiVersion") else 1
        assert problem.sentence(Sanitizer()).startswith(f"{count} of 4 items of the list are ignored: {message}; ")

    def test_an_item_without_a_name_is_not_named(self) -> None:
        listed = only(changed(document(name=""), "metadata.meshID", "other"))
        assert listed.error is not None
        assert listed.error.sentence(Sanitizer()).startswith("metadata.meshID of")

    def test_a_repeated_uid_is_left_to_its_single_read(self) -> None:
        items = (document(uid="uid-1"), document(uid="uid-2"), document("Failed", uid="uid-1", name="other"))
        first, second = parsed(*items).releases
        assert (first.uid, second.uid, first.error) == ("uid-1", "uid-2", None)
        assert first.release() is None
        assert second.release() is not None
        assert problems(*items) == ["the list has uid 'uid-1' more than once; check endpoint"]

    def test_a_uid_repeated_in_another_mesh_is_left_to_its_single_read(self) -> None:
        other = changed(document(uid="uid-1"), "metadata.meshID", "other")
        (listed,) = parsed(other, document(uid="uid-1")).releases
        assert (listed.error, listed.release()) == (None, None)

    @pytest.mark.parametrize(
        ("items", "reason", "without_uid"),
        [
            ([], None, None),
            ([document()], None, None),
            ([None, *[OTHER_MESH] * 24, document()], None, None),
            ([document(uid=None), OTHER_MESH], None, "none of the 2 items of the list can be used: the release has no"),
            ([{}], None, "none of the 1 items of the list can be used: the release has no uid; check endpoint"),
            *(
                (items, f"none of the {len(items)} items of the list can be used: {reason}; check ", "none of the ")
                for items, reason in (
                    (["a", None], "the item is not an object"),
                    ([OTHER_MESH] * 25, "metadata.meshID of the response is 'other', expected 'mesh'"),
                    ([OTHER_MESH, None], "metadata.meshID of the response is 'other', expected 'mesh'"),
                )
            ),
        ],
    )
    def test_a_list_without_a_usable_item_says_why(
        self, items: list[Any], reason: str | None, without_uid: str | None
    ) -> None:
        for needs_uid, expected in ((False, reason), (True, without_uid)):
            error = parsed(*items).why_unusable(needs_uid)
            assert (error is None) is (expected is None)
            assert error is None or error.sentence(Sanitizer()).startswith(expected or "")

    @pytest.mark.parametrize("uids", [(None, None), ("", None), ("1", 1), (7, 7), ("uid-1", "UID-1")])
    def test_missing_and_different_uids_are_not_repeated(self, uids: tuple[Any, Any]) -> None:
        found = parsed(*(document(uid=uid) for uid in uids))
        assert (len(found.releases), found.problems) == (2, {})

    def test_a_list_of_nothing_but_repeats_is_parsed_in_time(self) -> None:
        items = [{"metadata": {"uid": str(number // 2)}} for number in range(10_000)]
        began = time.process_time()
        assert len(parsed(*items).releases) == 5_000
        assert time.process_time() - began < 5


class TestRelease:
    """A complete item is a release; an incomplete one must be read singly."""

    def test_a_complete_item_is_the_release_of_its_single_read(self) -> None:
        found = only(document("Creating", version="v7")).release(WORKLOADS)
        assert found is not None
        assert (found.uid, found.name, found.namespace) == ("uid-1", "reviews-canary", "bookinfo")
        assert (found.service, found.version, found.phase) == ("reviews", "v7", "Creating")
        assert found.replicas_text == "3/3"

    @pytest.mark.parametrize("place", ["kind", "apiVersion"])
    @pytest.mark.parametrize("value", [MISSING, None])
    def test_an_item_may_lack_its_kind(self, place: str, value: Any) -> None:
        found = only(changed(document(), place, value)).release(WORKLOADS)
        assert found is not None
        assert found.phase == "Running"

    @pytest.mark.parametrize(
        ("place", "value"),
        [
            *((part, value) for part in ("spec", "status") for value in (MISSING, None, "text", [{}])),
            ("metadata.uid", 7),
        ],
    )
    def test_incomplete_item_is_none(self, place: str, value: Any) -> None:
        assert only(changed(document(), place, value)).release() is None

    @pytest.mark.parametrize(
        ("place", "left_out", "is_missed_by"),
        [
            ("spec.grayDeployments", [MISSING, None], {"images", "ready"}),
            ("status.grayDeployments", [MISSING, None], {"images", "ready"}),
            ("status.grayDeployments.0.status", [MISSING, None, {}], {"ready"}),
            ("status.grayDeployments.0.spec.template.spec.containers", [MISSING, None, []], {"images"}),
        ],
    )
    def test_workloads_may_be_needed(self, place: str, left_out: list[Any], is_missed_by: set[str]) -> None:
        for value in left_out:
            content = changed(document(), place, value)
            assert only(content).release() is not None
            assert {need for need in WORKLOADS if only(content).release({need}) is None} == is_missed_by
            assert only(content, manifests=True).release() is None

    def test_readiness_that_is_left_out_is_not_0(self) -> None:
        found = only(changed(document(), "status.grayDeployments.0.status", {})).release()
        assert found is not None
        assert found.replicas_text == "?/3"

    @pytest.mark.parametrize("value", [MISSING, None, ""])
    def test_the_version_may_be_needed(self, value: Any) -> None:
        content = changed(document(), "spec.version", value)
        assert only(content).release(WORKLOADS) is not None
        assert only(content).release({"version"}) is None

    def test_no_gray_workload_yet_is_complete(self) -> None:
        assert only(document(gray=[]), manifests=True).release(WORKLOADS) is not None

    def test_deployments_are_kept_only_with_manifests(self) -> None:
        (default,) = parse_list(release_list(document()), "mesh").releases
        assert default.release(WORKLOADS) == only(document(), manifests=False).release(WORKLOADS)
        whole, lean = (only(document(), manifests).release(WORKLOADS) for manifests in (True, False))
        assert whole is not None
        assert lean is not None
        assert whole.content == document()
        assert "containers" not in json.dumps(lean.content)
        assert lean.gray == whole.gray
