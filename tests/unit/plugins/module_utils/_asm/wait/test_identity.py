# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A response about something else than what was asked for opens no gate, however it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import MISSING, changed, document, release_list
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    GATE,
    LIST,
    READ,
    Stage,
    found,
    held,
    item,
    listed,
    several,
)

NAMESPACE = "metadata.namespace of the response is 'other', expected 'bookinfo'"
MESH = "metadata.meshID of the response is 'other', expected 'mesh'"


@pytest.mark.parametrize("options", [READ, GATE, several("reviews-canary"), held("reviews-canary")])
@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("metadata.meshID", "other", MESH),
        ("metadata.namespace", "other", NAMESPACE),
        ("apiVersion", "asm/v3", "apiVersion of the response is 'asm/v3', expected 'asm/v2'"),
    ],
)
def test_single_read_of_something_else_is_final(
    stage: Stage, options: dict[str, Any], place: str, value: str, message: str
) -> None:
    result = stage.read(options, found(changed(document(), place, value)))
    assert (result["failed"], result["error"]["kind"], result["error"]["status"]) == (True, "protocol", 200)
    assert message in result["msg"]
    assert stage.requests == 1


@pytest.mark.parametrize(("place", "value"), [("metadata.meshID", "other"), ("metadata.namespace", "other")])
def test_a_change_between_two_polls_ends_the_gate(stage: Stage, place: str, value: str) -> None:
    polls = [found(document("Creating")), found(changed(document(), place, value))]
    result = stage.read(GATE, *polls)
    assert (result["gate"]["outcome"], result["error"]["kind"], stage.requests) == ("error", "protocol", 2)


def test_a_change_while_the_conditions_hold_ends_the_gate(stage: Stage) -> None:
    polls = [found(document()), found(changed(document(), "metadata.namespace", "other"))]
    assert stage.read({**GATE, "stable_for": 5}, *polls)["gate"]["outcome"] == "error"


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
        (warning,) = reading.warnings
        assert f"1 of 3 items of the list are ignored: {MESH}" in warning

    def test_a_uid_in_another_namespace_is_refused(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b", namespace="shop"))])
        result = stage.reading(held("uid-a", "uid-b")).result
        assert result["error"]["kind"] == "protocol"
        assert "metadata.namespace of the response is 'shop', expected 'bookinfo'" in result["msg"]

    def test_a_name_in_another_namespace_is_another_release(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), item("b"), item("b", namespace="shop", uid="uid-shop"))])
        assert stage.reading(held("a", "b")).result["gate"]["outcome"] == "reached"

    def test_a_change_between_two_polls_ends_the_gate(self, stage: Stage) -> None:
        creating = listed(item("a", "Creating"), item("b", "Creating"))
        stage.serve_mesh([creating, listed(item("a"), changed(item("b"), "metadata.meshID", "other"))])
        assert stage.reading(held("uid-a", "uid-b")).result["gate"]["outcome"] == "error"

    def test_the_target_needs_not_count_where_enough_others_do(self, stage: Stage) -> None:
        stage.serve_mesh([listed(item("a"), changed(item("b"), "metadata.meshID", "other"))])
        assert stage.reading(held("uid-a", "uid-b", require="1")).result["gate"]["outcome"] == "reached"

    @pytest.mark.parametrize("value", ["asm/v3", None, MISSING])
    @pytest.mark.parametrize("options", [several("uid-a", "uid-b"), held("uid-a", "uid-b")])
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
