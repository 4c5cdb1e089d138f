# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A response about something else than what was asked for opens no gate, however it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Selection
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import check_identity
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import parse_leniently, parse_list
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document, release_list
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    CONNECTION,
    GATE,
    HELD_SELECTION,
    LIST,
    READ,
    SELECTION,
    WAIT,
    Stage,
    found,
    held,
    item,
    listed,
    train,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.test_read_events import Source

MISSING = object()


def changed(content: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """Return a release with another value in one place, or without that place."""
    outer, _dot, inner = place.rpartition(".")
    copy: dict[str, Any] = json.loads(json.dumps(content))
    parent = copy[outer] if outer else copy
    parent.pop(inner)
    if value is not MISSING:
        parent[inner] = value
    return copy


# (place, value, what the message says of both)
REFUSED: list[tuple[str, Any, str]] = [
    ("metadata.meshID", "99999999-mesh", "metadata.meshID of the response is '99999999-mesh', expected 'mesh'"),
    ("metadata.meshID", "MESH", "metadata.meshID of the response is 'MESH', expected 'mesh'"),
    ("metadata.meshID", 7, "metadata.meshID of the response is the number 7, expected 'mesh'"),
    ("metadata.meshID", ["mesh"], "metadata.meshID of the response is a list, expected 'mesh'"),
    ("metadata.meshID", {"mesh": 1}, "metadata.meshID of the response is an object, expected 'mesh'"),
    ("metadata.meshID", True, "metadata.meshID of the response is the boolean true, expected 'mesh'"),
    ("metadata.namespace", "production", "metadata.namespace of the response is 'production', expected 'bookinfo'"),
    ("metadata.namespace", "bookinfo ", "metadata.namespace of the response is 'bookinfo ', expected 'bookinfo'"),
    ("metadata.namespace", 7, "metadata.namespace of the response is the number 7, expected 'bookinfo'"),
    ("metadata.namespace", ["bookinfo"], "metadata.namespace of the response is a list, expected 'bookinfo'"),
    ("apiVersion", "asm/v3", "apiVersion of the response is 'asm/v3', expected 'asm/v2'"),
    ("apiVersion", "", "apiVersion of the response is an empty text, expected 'asm/v2'"),
    ("apiVersion", None, "apiVersion of the response is missing, expected 'asm/v2'"),
    ("apiVersion", MISSING, "apiVersion of the response is missing, expected 'asm/v2'"),
    ("metadata", [], "metadata is no object"),
]
IDS = [f"{place}={'missing' if value is MISSING else value}" for place, value, _says in REFUSED]
ACCEPTED = [("metadata.meshID", each) for each in (MISSING, None, "")]
ACCEPTED += [("metadata.namespace", each) for each in (MISSING, None, "")]


@pytest.mark.parametrize(("place", "value", "says"), REFUSED, ids=IDS)
def test_a_single_read_names_what_came_and_what_was_expected(stage: Stage, place: str, value: Any, says: str) -> None:
    for options in (READ, GATE, train("reviews-canary"), held("reviews-canary")):
        result = stage.read(options, found(changed(document(), place, value)))
        assert result["failed"]
        assert (result["error"]["kind"], result["error"]["status"]) == ("protocol", 200)
        assert says in result["msg"]
        assert stage.requests == 1
        stage.services.clear()


@pytest.mark.parametrize(("place", "value"), ACCEPTED)
def test_what_a_response_does_not_say_is_no_contradiction(stage: Stage, place: str, value: Any) -> None:
    assert stage.read(GATE, found(changed(document(), place, value)))["gate"]["outcome"] == "reached"


@pytest.mark.parametrize(("place", "value"), [("metadata.meshID", "other"), ("metadata.namespace", "other")])
def test_a_change_between_two_polls_ends_the_gate(stage: Stage, place: str, value: str) -> None:
    polls = [found(document("Creating")), found(changed(document(), place, value))]
    result = stage.read(GATE, *polls)
    assert (result["gate"]["outcome"], result["error"]["kind"], stage.requests) == ("error", "protocol", 2)


def test_a_change_while_the_conditions_hold_ends_the_gate(stage: Stage) -> None:
    polls = [found(document()), found(changed(document(), "metadata.namespace", "other"))]
    assert stage.read({**GATE, "stable_for": 5}, *polls)["gate"]["outcome"] == "error"


def test_check_mode_refuses_as_a_gate_does(stage: Stage) -> None:
    result = stage.read(GATE, found(changed(document(), "metadata.meshID", "other")), check_mode=True)
    assert (result["failed"], result["error"]["kind"]) == (True, "protocol")


class TestIds:
    """Whether another form of id exists is not published, so that one that fits neither uid nor name is a warning."""

    def warnings(self, stage: Stage, options: dict[str, Any], **parts: Any) -> tuple[str, ...]:
        stage.serve(
            found(document("Creating", **parts)), found(document("Creating", **parts)), found(document(**parts))
        )
        reading = stage.reading(options)
        assert not reading.failed
        return reading.warnings

    def test_neither_uid_nor_name_is_one_warning(self, stage: Stage) -> None:
        expected = (
            "release_id 'reviews-canary' is neither uid nor name of the release in the response "
            "(uid 'uid-1', name 'other'); check that it is the right one"
        )
        assert self.warnings(stage, READ, name="other") == (expected,)
        assert self.warnings(stage, GATE, name="other") == (expected,)

    @pytest.mark.parametrize("parts", [{}, {"uid": "reviews-canary", "name": "other"}, {"uid": None, "name": "other"}])
    def test_one_of_them_is_enough(self, stage: Stage, parts: dict[str, Any]) -> None:
        assert self.warnings(stage, GATE, **parts) == ()

    def test_no_name_says_nothing(self, stage: Stage) -> None:
        assert self.warnings(stage, GATE, name="") == ()


class TestList:
    """`a` and `b` are asked for; `b` is the one that is not what it should be."""

    @pytest.mark.parametrize("by", ["uid-b", "b"], ids=["uid", "name"])
    @pytest.mark.parametrize(
        ("place", "value"),
        [("metadata.meshID", "other"), ("metadata.meshID", 7), ("kind", "Deployment"), ("apiVersion", "asm/v3")],
    )
    def test_an_item_is_refused_for_the_target_that_it_matches(
        self, stage: Stage, by: str, place: str, value: Any
    ) -> None:
        stage.serve_mesh([listed(item("a"), changed(item("b"), place, value))])
        result = stage.reading(held("uid-a", by)).result
        assert (result["gate"]["outcome"], result["error"]["kind"]) == ("error", "protocol")
        assert [each["outcome"] for each in result["releases"]] == ["reached", "error"]
        assert [path for _at, path in stage.asked] == [LIST]

    def test_an_item_that_no_target_matches_is_ignored(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("c"), changed(item("b"), "metadata.meshID", "other"))])
        reading = stage.reading(held("uid-a", "c"))
        assert reading.result["gate"]["outcome"] == "reached"
        expected = (
            "the list of releases of mesh 'mesh' has 1 of other meshes; "
            "they are ignored unless they are what was asked for"
        )
        assert reading.warnings == (expected,)

    def test_a_uid_in_another_namespace_is_refused(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b", namespace="shop"))])
        result = stage.reading(held("uid-a", "uid-b")).result
        assert result["error"]["kind"] == "protocol"
        assert "metadata.namespace of the response is 'shop', expected 'bookinfo'" in result["msg"]

    def test_a_name_in_another_namespace_is_another_release(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b"), item("b", namespace="shop", uid="uid-shop"))])
        assert stage.reading(held("a", "b")).result["gate"]["outcome"] == "reached"

    def test_a_namespace_that_is_no_text_is_refused(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), changed(item("b"), "metadata.namespace", 7))])
        result = stage.reading(held("uid-a", "uid-b")).result
        assert "'b': metadata.namespace is no text" in result["msg"]

    def test_a_change_between_two_polls_ends_the_gate(self, stage: Stage) -> None:
        creating = listed(item("a", "Creating"), item("b", "Creating"))
        stage.serve_mesh([creating, listed(item("a"), changed(item("b"), "metadata.meshID", "other"))])
        assert stage.reading(held("uid-a", "uid-b")).result["gate"]["outcome"] == "error"

    def test_the_target_needs_not_count_where_enough_others_do(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), changed(item("b"), "metadata.meshID", "other"))])
        assert stage.reading(held("uid-a", "uid-b", require="1")).result["gate"]["outcome"] == "reached"

    @pytest.mark.parametrize("place", ["kind", "apiVersion"])
    def test_an_item_may_leave_out_its_kind(self, stage: Stage, place: str) -> None:
        stage.serve_mesh([listed(item("a"), changed(item("b"), place, MISSING))])
        assert stage.reading(held("uid-a", "uid-b")).result["gate"]["outcome"] == "reached"
        assert [path for _at, path in stage.asked] == [LIST]

    @pytest.mark.parametrize("value", ["asm/v3", None, MISSING])
    @pytest.mark.parametrize("options", [train("uid-a", "uid-b"), held("uid-a", "uid-b"), SELECTION, HELD_SELECTION])
    def test_the_list_itself_has_an_api_version(self, stage: Stage, options: dict[str, Any], value: Any) -> None:
        content = changed(release_list(item("a"), item("b")), "apiVersion", value)
        stage.serve_mesh([answer(200, json.dumps(content))])
        result = stage.reading(options).result
        assert (result["failed"], result["error"]["kind"]) == (True, "protocol")
        assert "expected 'asm/v2'" in result["msg"]

    def test_a_single_read_of_a_listed_release_is_checked_as_well(self, stage: Stage) -> None:
        in_part = changed(item("b"), "status", MISSING)
        stage.serve_mesh(
            [listed(item("a"), in_part)], {"uid-b": [found(changed(item("b"), "metadata.meshID", "other"))]}
        )
        result = stage.reading(held("uid-a", "uid-b")).result
        assert (result["gate"]["outcome"], result["error"]["kind"]) == ("error", "protocol")


class TestSelection:
    FOREIGN = changed(item("b"), "metadata.meshID", "other")

    @pytest.mark.parametrize("selector", [{"service": ["reviews"]}, {"name": ["a", "b"]}])
    @pytest.mark.parametrize("more", [{}, {**WAIT, "minimum": 1}], ids=["read", "gate"])
    def test_by_service_or_name_refuses_a_release_of_another_mesh(
        self, stage: Stage, selector: dict[str, Any], more: dict[str, Any]
    ) -> None:
        stage.serve_mesh([listed(item("a"), self.FOREIGN)])
        result = stage.reading({**CONNECTION, "namespace": "bookinfo", **selector, **more}).result
        assert (result["failed"], result["error"]["kind"]) == (True, "protocol")
        assert "metadata.meshID of the response is 'other', expected 'mesh'" in result["msg"]

    def test_of_a_namespace_ignores_it(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), self.FOREIGN)])
        reading = stage.reading({**CONNECTION, "namespace": "bookinfo"})
        assert [each["release_id"] for each in reading.result["releases"]] == ["uid-a"]
        assert "1 of other meshes" in reading.warnings[0]

    @pytest.mark.parametrize(("place", "value"), [("kind", "Deployment"), ("apiVersion", "asm/v3")])
    def test_refuses_an_item_of_another_kind(self, stage: Stage, place: str, value: str) -> None:
        stage.serve_mesh([listed(item("a"), changed(item("b"), place, value))])
        result = stage.reading({**CONNECTION, "namespace": "bookinfo"}).result
        assert (result["failed"], result["error"]["kind"]) == (True, "protocol")


class TestEventSource:
    def test_sees_nothing_of_a_release_of_another_mesh(self, stage: Stage) -> None:
        before, after = item("a", "Creating"), item("a")
        others = [changed(item("b", phase), "metadata.meshID", "other") for phase in ("Creating", "Running")]
        for selector in ({"namespace": "bookinfo"}, {"service": ["reviews"]}):
            stage.serve_mesh([listed(before, others[0])] * 2 + [listed(after, others[1])])
            source = Source(stage).run(**selector)
            assert (source.problem, source.told) == ("", ["uid-a phase"])
            assert any("mesh" in warning for warning in source.warnings)

    def test_sees_no_change_in_a_response_about_another_namespace(self, stage: Stage) -> None:
        wrong = found(changed(item("a", "Failed"), "metadata.namespace", "shop"))
        stage.serve(found(item("a", "Creating")), wrong, found(item("a")))
        source = Source(stage).run(namespace="bookinfo", release_id="uid-a")
        assert (source.problem, source.told) == ("", ["uid-a phase"])
        assert "metadata.namespace of the response is 'shop', expected 'bookinfo'" in source.warnings[0]


def test_an_error_shows_no_control_character_of_either_value() -> None:
    with pytest.raises(AsmError) as refused:
        check_identity(changed(document(), "metadata.meshID", "a\x1b[2J"), "b\x1b[2J", "bookinfo")
    assert refused.value.sentence(Cleaner()).isprintable()


@pytest.mark.parametrize("leniently", [False, True])
def test_a_list_tells_releases_of_other_meshes_apart(leniently: bool) -> None:
    content = release_list(item("a"), changed(item("b"), "metadata.meshID", "other"))
    roster = parse_leniently(content, "mesh", False) if leniently else parse_list(content, "mesh")
    assert roster.foreign == 1
    assert [each.uid for each in roster.readable(Selection("bookinfo"))] == ["uid-a"]
