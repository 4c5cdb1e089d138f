# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A response about something else than what was asked for is refused, and the error names both."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import ProtocolError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import check_identity
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import MISSING, changed, document


def refusal(place: str, value: Any, in_list: bool = False, service: str | None = None) -> str:
    """Return the sentence that refuses a release with another value in one place; empty when it is accepted."""
    namespace = None if in_list else "bookinfo"
    try:
        check_identity(changed(document(), place, value), "mesh", namespace, service, in_list)
    except ProtocolError as error:
        return error.sentence(Sanitizer())
    return ""


# Values of a place that are refused, as the error shows them.
OTHER_TEXTS = [(7, "the number 7"), (True, "the boolean true"), (["mesh"], "a list"), ({"mesh": 1}, "an object")]
OTHERS: list[tuple[str, str, Any, str]] = [
    (place, expected, value, shown)
    for place, expected in (
        ("metadata.meshID", "mesh"),
        ("metadata.namespace", "bookinfo"),
        ("spec.serviceName", "reviews"),
    )
    for value, shown in [
        *OTHER_TEXTS,
        ("other", "'other'"),
        (expected.upper(), f"'{expected.upper()}'"),
        (f"{expected} ", f"'{expected} '"),
    ]
]


@pytest.mark.parametrize(("place", "expected", "value", "shown"), OTHERS)
def test_another_place_is_refused(place: str, expected: str, value: Any, shown: str) -> None:
    said = refusal(place, value, service="reviews")
    assert said == f"{place} of the response is {shown}, expected '{expected}'; check mesh_id, namespace and endpoint"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (place, value)
        for place in ("metadata.meshID", "metadata.namespace", "spec.serviceName", "metadata", "spec")
        for value in (MISSING, None, *([""] if "." in place else []))
    ],
)
def test_what_is_not_given_is_no_contradiction(place: str, value: Any) -> None:
    assert refusal(place, value, service="reviews") == ""


@pytest.mark.parametrize("in_list", [False, True])
@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("kind", "Deployment", "kind of the response is 'Deployment', expected 'Release'"),
        ("kind", ["Release"], "kind of the response is a list, expected 'Release'"),
        ("apiVersion", "asm/v3", "apiVersion of the response is 'asm/v3', expected 'asm/v2'"),
        ("apiVersion", "", "apiVersion of the response is an empty string, expected 'asm/v2'"),
        ("metadata.meshID", "other", "metadata.meshID of the response is 'other', expected 'mesh'"),
        ("metadata", [], "the response is not a Release: metadata is not an object"),
    ],
)
def test_another_kind_or_mesh_is_refused_everywhere(place: str, value: Any, message: str, in_list: bool) -> None:
    assert refusal(place, value, in_list).startswith(f"{message}; check ")


@pytest.mark.parametrize(("place", "expected"), [("kind", "Release"), ("apiVersion", "asm/v2")])
@pytest.mark.parametrize("value", [MISSING, None], ids=["missing", "null"])
def test_only_an_item_of_a_list_may_lack_its_kind(place: str, expected: str, value: Any) -> None:
    assert refusal(place, value).startswith(f"{place} of the response is missing, expected '{expected}'; ")
    assert refusal(place, value, in_list=True) == ""


def test_a_response_is_not_an_item_of_a_list_by_default() -> None:
    with pytest.raises(ProtocolError, match="kind of the response is missing"):
        check_identity(changed(document(), "kind", MISSING), "mesh", "bookinfo")


def test_a_list_takes_any_namespace_that_is_a_string() -> None:
    assert refusal("metadata.namespace", "shop", in_list=True) == ""
    said = refusal("metadata.namespace", 7, in_list=True)
    assert said == "the response is not a Release: metadata.namespace is not a string; check endpoint"


def test_service_counts_only_when_it_was_asked_for() -> None:
    assert refusal("spec.serviceName", "other") == ""
    assert refusal("spec", []) == ""
    assert "spec is not an object" in refusal("spec", [], service="reviews")


def test_error_shows_neither_control_characters_nor_endless_text() -> None:
    with pytest.raises(ProtocolError) as refused:
        check_identity(changed(document(), "metadata.meshID", "a\x1b[2J" + "x" * 1000), "b\x1b[2J" + "y" * 1000)
    said = refused.value.sentence(Sanitizer())
    assert said.isprintable()
    assert len(said) < 600


def test_error_shows_no_secret_in_the_place_of_an_id() -> None:
    """The caller redacts the whole sentence, which finds no part of a secret."""
    with pytest.raises(ProtocolError) as refused:
        check_identity(document(), "s3cret" * 100, "bookinfo")
    assert "s3cret" not in refused.value.sentence(Sanitizer())


def test_a_number_without_end_is_shortened() -> None:
    assert len(refusal("metadata.meshID", 10**1000)) < 400
