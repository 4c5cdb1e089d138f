# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a list of releases tells: which of them an id means, which a selection takes, and which must be read singly."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Selection, is_segment
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import (
    Roster,
    parse_leniently,
    parse_list,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document, release_list
from hypothesis import given, settings
from hypothesis import strategies as st

Found = TypeVar("Found")


def roster(*items: Any) -> Roster:
    """Return what a list of these items tells."""
    return parse_list(release_list(*items), "mesh")


def without(content: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """Return an object that lacks what is at the end of a path."""
    key, *rest = path
    if not rest:
        return {name: value for name, value in content.items() if name != key}
    return {**content, key: without(content[key], *rest)}


class TestMeant:
    def meant(self, release_id: str, *items: dict[str, Any], namespace: str = "bookinfo", uid: str = "") -> str | None:
        """Return the uid of the release that an id means."""
        item = roster(*items).meant(namespace, release_id, uid)
        return item.uid if item is not None else None

    def refused(self, release_id: str, *items: dict[str, Any]) -> tuple[str, str]:
        """Return kind and sentence of the final error with which an id is refused."""
        with pytest.raises(AsmError) as refused:
            self.meant(release_id, *items)
        assert not refused.value.passing
        return refused.value.kind, refused.value.sentence(Cleaner())

    def test_is_the_release_with_the_uid(self) -> None:
        assert self.meant("uid-2", document(uid="uid-1"), document(uid="uid-2")) == "uid-2"

    def test_is_the_release_with_the_name_when_none_has_the_uid(self) -> None:
        assert self.meant("b", document(uid="uid-1", name="a"), document(uid="uid-2", name="b")) == "uid-2"

    @pytest.mark.parametrize("turned", [False, True])
    def test_a_uid_comes_before_a_name(self, turned: bool) -> None:
        items = [document(uid="reviews", name="ratings"), document(uid="uid-2", name="reviews")]
        assert self.meant("reviews", *(reversed(items) if turned else items)) == "reviews"

    def test_a_uid_comes_before_a_name_that_several_have(self) -> None:
        items = [document(uid="reviews"), document(uid="uid-2", name="reviews"), document(uid="uid-3", name="reviews")]
        assert self.meant("reviews", *items) == "reviews"

    @pytest.mark.parametrize("release_id", ["uid-1", "reviews-canary"])
    def test_is_the_release_in_the_namespace(self, release_id: str) -> None:
        assert self.meant(release_id, document(uid="uid-1", namespace="shop"), namespace="shop") == "uid-1"

    def test_a_name_in_another_namespace_is_another_one(self) -> None:
        assert self.meant("reviews-canary", document(uid="uid-1", namespace="shop")) is None

    def test_a_uid_in_another_namespace_has_a_flaw_that_names_both(self) -> None:
        item = roster(document(uid="uid-1", namespace="shop")).meant("bookinfo", "uid-1")
        assert item is not None
        assert item.flaw is not None
        assert item.flaw.sentence(Cleaner()).startswith(
            "metadata.namespace of the response is 'shop', expected 'bookinfo'"
        )

    @pytest.mark.parametrize("namespace", [None, "", 7])
    def test_a_uid_without_a_namespace_is_in_no_other_one(self, namespace: Any) -> None:
        assert self.meant("uid-1", document(uid="uid-1", namespace=namespace)) == "uid-1"

    def test_a_known_uid_comes_before_all_else(self) -> None:
        items = [document(uid="reviews"), document(uid="uid-2", name="reviews"), document(uid="uid-3", name="reviews")]
        assert self.meant("reviews", *items, uid="uid-2") == "uid-2"

    def test_no_name_counts_any_more_once_the_uid_is_known(self) -> None:
        twins = [document(uid="uid-1"), document(uid="uid-2")]
        assert self.meant("reviews-canary", *twins, uid="uid-3") is None
        assert self.meant("reviews-canary", *twins, uid="uid-2") == "uid-2"

    def test_a_name_may_be_there_once_in_each_namespace(self) -> None:
        items = [document(uid="uid-1"), document(uid="uid-2", namespace="shop")]
        assert self.meant("reviews-canary", *items) == "uid-1"

    @pytest.mark.parametrize("release_id", ["UID-1", "uid-", "uid-1 ", "Reviews-canary"])
    def test_is_none_that_is_merely_alike(self, release_id: str) -> None:
        assert self.meant(release_id, document(uid="uid-1")) is None

    def test_a_name_that_several_have_is_an_error_that_names_the_uids(self) -> None:
        items = [
            document(uid="uid-1"),
            document(uid="uid-\u202e2"),
            document(uid=None),
            document(uid="uid-4", name="other"),
        ]
        kind, sentence = self.refused("reviews-canary", *items)
        assert kind == "usage"
        assert sentence == (
            "release_id 'reviews-canary' is the name of 3 releases (uids: uid-1, uid-\\u202e2, none); "
            "give the uid of the one that is meant"
        )

    @pytest.mark.parametrize("uid", [None, "", " ", "..", "a/b", "a\nb", 7])
    def test_a_name_of_a_release_that_no_read_could_ask_for_is_an_error(self, uid: Any) -> None:
        kind, sentence = self.refused("reviews-canary", document(uid=uid))
        assert kind == "protocol"
        assert sentence.startswith("the list of releases has 'reviews-canary' without a proper uid; ")


class TestParseList:
    @pytest.mark.parametrize("items", [None, []])
    def test_a_list_without_items_is_empty(self, items: Any) -> None:
        assert parse_list({**release_list(), "items": items}, "mesh").items == ()

    def test_what_the_service_may_add_does_not_matter(self) -> None:
        content = {**release_list(document(uid="uid-1"), document(uid="uid-2")), "metadata": {"continue": ""}}
        assert [item.uid for item in parse_list(content, "mesh").items] == ["uid-1", "uid-2"]

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param({}, id="an empty object"),
            pytest.param(without(release_list(), "kind"), id="no kind"),
            pytest.param({**release_list(), "kind": "releaselist"}, id="another kind"),
            pytest.param({**document(), "items": []}, id="a single release"),
            pytest.param({**release_list(), "kind": ["ReleaseList"]}, id="a kind that is no text"),
            pytest.param(without(release_list(), "items"), id="no items"),
            pytest.param({**release_list(), "items": {}}, id="items that are an object"),
            pytest.param({**release_list(), "items": ""}, id="items that are a text"),
            pytest.param({**release_list(), "items": 0}, id="items that are a number"),
            pytest.param({**release_list(), "items": False}, id="items that are false"),
            pytest.param(release_list(document(), None), id="an item that is null"),
            pytest.param(release_list("reviews-canary"), id="an item that is a text"),
            pytest.param(release_list([document()]), id="an item that is a list"),
        ],
    )
    def test_what_is_no_list_of_releases_is_a_final_protocol_error(self, content: dict[str, Any]) -> None:
        with pytest.raises(AsmError) as refused:
            parse_list(content, "mesh")
        assert (refused.value.kind, refused.value.passing) == ("protocol", False)
        assert refused.value.remedy == "check endpoint"

    @pytest.mark.parametrize(
        ("items", "seen"),
        [
            pytest.param([document(uid="uid-1"), document(uid="uid-1", name="other")], "uid-1", id="the same uid"),
            pytest.param([document(uid="uid-1"), document(uid="uid-1", namespace="shop")], "uid-1", id="anywhere"),
            pytest.param([{"metadata": {"uid": "uid-1"}}, document(uid="uid-1")], "uid-1", id="in an item in part"),
        ],
    )
    def test_a_uid_that_stands_twice_is_a_final_protocol_error_that_names_it(
        self, items: list[dict[str, Any]], seen: str
    ) -> None:
        with pytest.raises(AsmError) as refused:
            roster(*items)
        assert (refused.value.kind, refused.value.passing) == ("protocol", False)
        assert refused.value.sentence(Cleaner()).startswith(f"the list of releases has 'uid {seen}' twice; ")

    @pytest.mark.parametrize("uids", [(None, None), ("", None), ("1", 1), (7, 7), ("a/b", "a/b"), ("uid-1", "UID-1")])
    def test_uids_that_are_none_or_differ_do_not_stand_twice(self, uids: tuple[Any, Any]) -> None:
        assert len(roster(*(document(uid=uid) for uid in uids)).items) == 2

    def test_the_uids_are_those_that_a_read_could_ask_for(self) -> None:
        listed = roster(document(uid="uid-1"), document(uid="a/b"), document(uid=None))
        assert "uid-1" in listed.uids
        assert "a/b" not in listed.uids


class TestParseLeniently:
    """One item that is of no use leaves the others."""

    def told(self, *items: Any, manifests: bool = False) -> tuple[list[str], list[str]]:
        """Return the uids of the list, those of which it tells no more in brackets, and what is said of it."""
        found = parse_leniently(release_list(*items), "mesh", manifests)
        uids = [each.uid if each.release(False, False) else f"({each.uid})" for each in found.items]
        return uids, [error.sentence(Cleaner()) for error in found.doubtful]

    def test_takes_what_is_well_as_it_stands(self) -> None:
        assert self.told(document(uid="uid-1"), document(uid="uid-2")) == (["uid-1", "uid-2"], [])

    @pytest.mark.parametrize("odd", [None, "reviews-canary", [document()]], ids=["null", "a text", "a list"])
    def test_leaves_out_what_is_no_object(self, odd: Any) -> None:
        problem = "the list of releases holds what is no object; check endpoint"
        assert self.told(odd, document(uid="uid-1"), odd) == (["uid-1"], [problem])

    def test_does_not_choose_between_two_of_one_uid(self) -> None:
        uids, problems = self.told(document(uid="uid-1"), document(uid="uid-2"), document("Failed", uid="uid-1"))
        assert uids == ["(uid-1)", "uid-2"]
        assert problems == ["the list of releases has 'uid uid-1' twice; check endpoint"]

    @pytest.mark.parametrize("manifests", [False, True])
    def test_leaves_what_is_nested_too_deeply_to_its_own_read(self, manifests: bool) -> None:
        deep = json.loads('{"x":' * 200 + "1" + "}" * 200)
        told = self.told(document(uid="uid-1"), {**document(uid="uid-2", name="b"), "x": deep}, manifests=manifests)
        problem = "'b': the release is nested deeper than 100 levels; read it without manifests"
        assert told == ((["uid-1", "(uid-2)"], [problem]) if manifests else (["uid-1", "uid-2"], []))

    @pytest.mark.parametrize(
        ("metadata", "kept", "doubted"),
        [
            pytest.param({"uid": "b", "name": "n"}, [("b", "W; check endpoint")], [], id="uid"),
            pytest.param({"uid": "a/b", "name": "n"}, [], ["'n': W; check endpoint"], id="no uid"),
            pytest.param({}, [], ["W; check endpoint"], id="neither uid nor name"),
        ],
    )
    def test_takes_of_an_item_with_a_flaw_that_it_is_there(
        self, metadata: dict[str, Any], kept: list[tuple[str, str]], doubted: list[str]
    ) -> None:
        items = [None, {**document("Failed"), "metadata": metadata}, document(uid="a")]
        found = parse_leniently(release_list(*items), "mesh", False, {1: "W"})
        flawed = [(each.uid, each.flaw.sentence(Cleaner())) for each in found.items if each.flaw is not None]
        assert (flawed, [each.uid for each in found.items if each.flaw is None]) == (kept, ["a"])
        assert [error.sentence(Cleaner()) for error in found.doubtful[1:]] == doubted

    def test_has_a_release_in_another_namespace_as_one_with_a_flaw(self) -> None:
        found = parse_leniently(release_list(document(uid="uid-1", namespace="shop")), "mesh", manifests=False)
        here, there = found.meant("bookinfo", "uid-1"), found.meant("shop", "uid-1")
        assert here is not None
        assert here.flaw is not None
        assert here.flaw.kind == "protocol"
        assert there is not None
        assert there.flaw is None

    def test_keeps_apart_those_without_a_uid(self) -> None:
        assert self.told(document(uid=None), document(uid="a/b"))[0] == ["", ""]

    def test_has_no_release_of_a_name_without_a_uid(self) -> None:
        found = parse_leniently(release_list(document(uid=None, name="a")), "mesh", manifests=False)
        assert found.meant("bookinfo", "a") is None

    @pytest.mark.parametrize("content", [{}, document(), without(release_list(), "items")], ids=str)
    def test_refuses_what_is_no_list(self, content: dict[str, Any]) -> None:
        with pytest.raises(AsmError, match="no ReleaseList"):
            parse_leniently(content, "mesh", manifests=False)


class TestItem:
    @pytest.mark.parametrize("uid", [None, "", " ", ".", "..", "a/b", "a\nb", "\udc80", 7, True, ["uid-1"]], ids=repr)
    def test_has_no_uid_that_is_not_one_segment_of_a_path(self, uid: Any) -> None:
        (item,) = roster(document(uid=uid)).items
        assert item.uid == ""

    def test_has_none_where_it_is_nested_too_deeply_to_be_compared(self) -> None:
        uid: list[Any] = []
        for _level in range(100_000):
            uid = [uid]
        (item,) = roster(document(uid=uid)).items
        assert item.uid == ""

    @pytest.mark.parametrize("missing", [None, "", 7, ["reviews"]], ids=str)
    def test_tells_neither_service_nor_phase_where_they_are_no_texts(self, missing: Any) -> None:
        (item,) = roster(document(missing, service=missing)).items
        assert (item.service, item.phase) == (None, None)

    def test_tells_them_without_the_rest(self) -> None:
        content = {"spec": {"serviceName": "reviews"}, "status": {"phase": "Running"}}
        (item,) = roster(content).items
        assert (item.uid, item.name, item.namespace, item.service, item.phase) == ("", "", "", "reviews", "Running")


class TestSelected:
    mesh = (
        document(uid="reviews-1", name="reviews-canary"),
        document(uid="ratings-1", name="ratings-canary", service="ratings"),
        document(uid="reviews-2", name="reviews-canary", namespace="shop"),
        without(document(uid="bare-1", name="bare-canary"), "spec"),
        document(uid="lost-1", name="lost-canary", service=None),
        without(document(uid="early-1", name="early-canary"), "status"),
    )

    @pytest.mark.parametrize(
        ("selection", "uids"),
        [
            pytest.param(
                Selection(),
                ["reviews-1", "ratings-1", "reviews-2", "bare-1", "lost-1", "early-1"],
                id="all of the mesh, in the order of the list",
            ),
            pytest.param(Selection("shop"), ["reviews-2"], id="a namespace"),
            pytest.param(Selection("sho"), [], id="no namespace that is merely alike"),
            pytest.param(Selection(names=("reviews-canary",)), ["reviews-1", "reviews-2"], id="a name"),
            pytest.param(
                Selection(names=("ratings-canary", "bare-canary", "unknown")), ["ratings-1", "bare-1"], id="names"
            ),
            pytest.param(
                Selection(services=("ratings",)),
                ["ratings-1", "bare-1", "lost-1"],
                id="a service, and what may belong to it because the list tells none",
            ),
            pytest.param(
                Selection("bookinfo", services=("reviews", "ratings")),
                ["reviews-1", "ratings-1", "bare-1", "lost-1", "early-1"],
                id="services of a namespace",
            ),
            pytest.param(
                Selection("bookinfo", ("reviews",), ("reviews-canary",)), ["reviews-1"], id="all that is given"
            ),
            pytest.param(Selection("bookinfo", ("ratings",), ("reviews-canary",)), [], id="not any that is given"),
        ],
    )
    def test_takes(self, selection: Selection, uids: list[str]) -> None:
        assert [item.uid for item in roster(*self.mesh).selected(selection)] == uids

    @pytest.mark.parametrize("name", [None, "", 7])
    def test_takes_what_may_have_the_name(self, name: Any) -> None:
        nameless = roster(document(uid="uid-1", name=name), document(uid="uid-2", name="other"))
        assert [item.uid for item in nameless.selected(Selection(names=("reviews-canary",)))] == ["uid-1"]

    def test_what_may_be_in_the_namespace_is_a_final_protocol_error(self) -> None:
        # A read of its own, which could tell, needs the namespace.
        with pytest.raises(AsmError) as refused:
            roster(document(uid="uid-1", namespace=None)).selected(Selection("bookinfo"))
        assert (refused.value.kind, refused.value.passing) == ("protocol", False)

    @pytest.mark.parametrize(
        "parts",
        [
            {"uid": None},
            {"uid": ""},
            {"uid": " "},
            {"uid": ".."},
            {"uid": "a/b"},
            {"uid": "a\nb"},
            {"uid": "\udc80"},
            {"namespace": None},
            {"namespace": ""},
            {"namespace": "../bookinfo"},
            {"namespace": ["bookinfo"]},
        ],
        ids=str,
    )
    def test_a_selected_release_that_no_read_can_ask_for_is_a_final_protocol_error(self, parts: dict[str, Any]) -> None:
        listed = roster(document(uid="uid-1"), document(name="ill", **{"uid": "uid-2", **parts}))
        with pytest.raises(AsmError) as refused:
            listed.selected(Selection())
        assert (refused.value.kind, refused.value.passing) == ("protocol", False)
        assert "'ill'" in refused.value.sentence(Cleaner())
        assert [item.uid for item in listed.selected(Selection(names=("reviews-canary",)))] == ["uid-1"]


class TestRelease:
    """Whether an item is a whole release; what is none must be read singly."""

    def test_a_whole_item_is_the_release_that_its_own_read_would_give(self) -> None:
        (item,) = roster(document("Creating", version="v7")).items
        for manifests in (False, True):
            found = item.release(manifests, with_deployments=True)
            assert found is not None
            assert (found.uid, found.name, found.namespace) == ("uid-1", "reviews-canary", "bookinfo")
            assert (found.service, found.version, found.phase, found.ready_text) == ("reviews", "v7", "Creating", "3/3")

    def test_an_item_need_not_say_its_kind(self) -> None:
        (item,) = roster(without(document(), "kind")).items
        found = item.release(manifests=True, with_deployments=True)
        assert found is not None
        assert found.phase == "Running"

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(without(document(), "spec"), id="no spec"),
            pytest.param({**document(), "spec": None}, id="spec is null"),
            pytest.param({**document(), "spec": [document()["spec"]]}, id="spec is a list"),
            pytest.param(without(document(), "status"), id="no status"),
            pytest.param({**document(), "status": None}, id="status is null"),
            pytest.param({**document(), "status": "Running"}, id="status is a text"),
            pytest.param({**document(), "kind": "Deployment"}, id="another kind"),
            pytest.param({**document(), "kind": None}, id="kind is null"),
        ],
    )
    def test_is_none_of_an_item_in_part(self, content: dict[str, Any]) -> None:
        (item,) = roster(content).items
        assert item.release(manifests=False, with_deployments=False) is None

    @pytest.mark.parametrize("part", ["spec", "status"])
    @pytest.mark.parametrize("null", [False, True])
    def test_without_deployments_is_none_where_they_are_needed(self, part: str, null: bool) -> None:
        content = without(document(), part, "grayDeployments")
        if null:
            content[part]["grayDeployments"] = None
        (item,) = roster(content).items
        assert item.release(manifests=False, with_deployments=True) is None
        assert item.release(manifests=True, with_deployments=False) is None
        assert item.release(manifests=False, with_deployments=False) is not None

    def test_that_has_no_gray_workload_yet_is_whole(self) -> None:
        (item,) = roster(document(gray=[])).items
        assert item.release(manifests=True, with_deployments=True) is not None

    def test_holds_its_deployments_only_with_manifests(self) -> None:
        (item,) = roster(document()).items
        whole, lean = (item.release(manifests, with_deployments=True) for manifests in (True, False))
        assert whole is not None
        assert lean is not None
        assert whole.content == document()
        assert "containers" not in json.dumps(lean.content)
        assert lean.gray == whole.gray


# Damage -------------------------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=3) | st.sampled_from(["bookinfo", "reviews", "uid-1", "..", "a/b", "\udc80", "Running"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | TEXTS
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=5
)


def objects(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return objects in which each value may be missing or anything, or which are none at all."""
    damaged = {name: value | ANYTHING for name, value in values.items()}
    return st.one_of(st.fixed_dictionaries({}, optional=damaged), st.fixed_dictionaries(values), ANYTHING)


ITEMS = objects(
    kind=st.just("Release"),
    metadata=objects(uid=TEXTS, name=TEXTS, namespace=TEXTS),
    spec=objects(serviceName=TEXTS, version=TEXTS, grayDeployments=st.lists(ANYTHING, max_size=2)),
    status=objects(phase=TEXTS, grayDeployments=st.lists(ANYTHING, max_size=2)),
)
LISTS = objects(kind=st.just("ReleaseList"), items=st.lists(ITEMS, max_size=4)).filter(
    lambda content: isinstance(content, dict)
)
SELECTIONS = st.builds(
    Selection,
    namespace=st.sampled_from([None, "bookinfo"]),
    services=st.sampled_from([(), ("reviews",)]),
    names=st.sampled_from([(), ("reviews", "Running")]),
)


def found_or_refused(find: Callable[[], Found], *kinds: str) -> Found | None:
    """Return what is found; None where it is refused with an error of one of these kinds, which is final."""
    try:
        return find()
    except AsmError as error:
        refused = error
    assert refused.kind in kinds
    assert not refused.passing
    assert refused.sentence(Cleaner()).isprintable()
    return None


@settings(max_examples=400, deadline=None)
@given(content=LISTS, selection=SELECTIONS, release_id=TEXTS, uid=TEXTS)
@pytest.mark.slow
def test_whatever_comes_for_a_list_is_read_or_refused(
    content: dict[str, Any], selection: Selection, release_id: str, uid: str
) -> None:
    listed = found_or_refused(lambda: parse_list(content, "mesh"), "protocol")
    if listed is None:
        return
    assert [item.content for item in listed.items] == list(content["items"] or [])
    taken = found_or_refused(lambda: listed.selected(selection), "protocol")
    assert all(is_segment(item.uid) and is_segment(item.namespace) for item in taken or [])
    meant = found_or_refused(lambda: listed.meant("bookinfo", release_id, uid), "usage", "protocol")
    if meant is not None:
        assert is_segment(meant.uid)
        assert meant.uid == (uid or release_id) or (not uid and meant.name == release_id)
        assert meant.namespace == "bookinfo" or (meant.namespace == "" and meant.uid == (uid or release_id))


@settings(max_examples=400, deadline=None)
@given(content=ITEMS.filter(lambda content: isinstance(content, dict)), manifests=st.booleans(), needed=st.booleans())
@pytest.mark.slow
def test_a_release_of_whatever_comes_for_an_item_is_what_the_item_says(
    content: dict[str, Any], manifests: bool, needed: bool
) -> None:
    (item,) = roster(content).items
    release = item.release(manifests, needed)
    if release is None:
        return
    assert content.get("kind", "Release") == "Release"
    assert (release.name, release.namespace) == (item.name, item.namespace)
    assert item.uid in ("", release.uid)
    assert not item.uid or is_segment(item.uid)
    assert (item.service, item.phase) == (release.service or None, release.phase or None)
    said = content["status"].get("phase")
    assert release.phase == (said if isinstance(said, str) else "")
    if manifests or needed:
        assert content["spec"].get("grayDeployments") is not None
        assert content["status"].get("grayDeployments") is not None
