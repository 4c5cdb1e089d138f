# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text is text and a null names no release, before Ansible's argument spec changes either."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    NAMING_OPTIONS,
    OPTIONS,
    SECRET_OPTIONS,
    SOURCE_OPTIONS,
    Option,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.validation import QUOTE_IT, checked, cleaner_for

TEXTS = [option for option in SOURCE_OPTIONS if option.type in ("str", "path")]
LISTS = [option for option in OPTIONS if option.elements == "str"]
NUMBERS = [option.name for option in OPTIONS if option.type == "int"]
OF_A_RELEASE = ("namespace", "release_id", "version")

NOT_TEXT: list[tuple[Any, str]] = [
    (1.1, "a number (1.1)"),
    (7, "a number (7)"),
    (0o17, "a number (15)"),
    (1_000, "a number (1000)"),
    (float("inf"), "a number (inf)"),
    (float("nan"), "a number (nan)"),
    (16**5000, "a number"),
    (True, "a boolean (true)"),
    (False, "a boolean (false)"),
    (date(2024, 12, 10), "a date (2024-12-10)"),
    (datetime(2024, 12, 10, 1, 2, 3), "a date (2024-12-10 01:02:03)"),  # noqa: DTZ001
]
"""What YAML and native Jinja make of text that is not quoted, and what an error calls it."""


def refusal(given: dict[str, Any], options: tuple[Option, ...] = OPTIONS, **more: str) -> str:
    """Return the sentence with which the options are refused."""
    with pytest.raises(AsmError) as refused:
        checked(given, options, **more)
    assert refused.value.kind == "usage"
    return refused.value.sentence(str)


@pytest.mark.parametrize(("value", "described"), NOT_TEXT, ids=[described for _value, described in NOT_TEXT])
class TestWhatIsNotText:
    def test_is_refused_as_a_version(self, value: Any, described: str) -> None:
        assert refusal({"version": value}) == f"version is {described}, and must be text; {QUOTE_IT}"

    def test_is_refused_in_a_list(self, value: Any, described: str) -> None:
        said = refusal({"success_phases": ["Running", value]})
        assert said == f"success_phases[1] is {described}, and must be text; {QUOTE_IT}"

    def test_is_refused_as_a_list(self, value: Any, described: str) -> None:
        assert refusal({"images": value}) == f"images is {described}, and must be text; {QUOTE_IT}"

    @pytest.mark.parametrize("name", OF_A_RELEASE)
    def test_is_refused_of_a_release(self, value: Any, described: str, name: str) -> None:
        said = refusal({"releases": [{"release_id": "a"}, {"release_id": "b", name: value}]})
        assert said == f"releases[1].{name} is {described}, and must be text; {QUOTE_IT}"

    def test_is_refused_in_a_list_of_a_release(self, value: Any, described: str) -> None:
        said = refusal({"releases": [{"release_id": "a", "images": ["b", value]}]})
        assert said == f"releases[0].images[1] is {described}, and must be text; {QUOTE_IT}"

    @pytest.mark.parametrize("name", SECRET_OPTIONS)
    def test_is_refused_and_not_shown_of_a_secret(self, value: Any, described: str, name: str) -> None:
        said = refusal({name: value})
        assert said == f"{name} is {described.partition(' (')[0]}, and must be text; {QUOTE_IT}"


@pytest.mark.parametrize("option", TEXTS, ids=lambda option: option.name)
def test_every_option_that_is_text_refuses_a_number(option: Option) -> None:
    if option.accepts_number:
        assert checked({option.name: 2}, SOURCE_OPTIONS + OPTIONS) == {option.name: 2}
    else:
        assert refusal({option.name: 1.1}, SOURCE_OPTIONS).startswith(f"{option.name} is a number")


def test_require_alone_may_be_a_number() -> None:
    assert [option.name for option in OPTIONS if option.accepts_number] == ["require"]


@pytest.mark.parametrize("option", LISTS, ids=lambda option: option.name)
@pytest.mark.parametrize(("value", "described"), [([True], "a boolean (true)"), ([None], "null")], ids=["on", "null"])
def test_every_list_refuses_what_is_not_text(option: Option, value: list[Any], described: str) -> None:
    assert refusal({option.name: value}).startswith(f"{option.name}[0] is {described}, and must be text; ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"version": ["1.10"]}, "version is a list, and must be text; give text"),
        ({"mesh_id": {"a": 1}}, "mesh_id is a mapping, and must be text; give text"),
        ({"token": ["secret"]}, "token is a list, and must be text; give text"),
        ({"version": b"1.10"}, "version is of type bytes, and must be text; give text"),
        ({"success_phases": {"Running": 1}}, "success_phases is a mapping, and must be text; give text"),
        ({"service": [["a"]]}, "service[0] is a list, and must be text; give text"),
        ({"releases": '[{"release_id": "a", "version": 1.10}]'}, "releases is text; give a list of mappings"),
        ({"releases": ['{"release_id": "a", "version": 1.10}']}, "releases[0] is text; give a mapping"),
        ({"releases": {"release_id": "a"}}, "releases is a mapping; give a list of mappings"),
        ({"releases": [None]}, "releases[0] is null; give a mapping"),
        ({"releases": 7}, "releases is a number; give a list of mappings"),
        (
            {"version": "$ANSIBLE_VAULT;1.1;AES256\n6162"},
            "version is still encrypted with Ansible Vault; give the vault password or vault ID as well",
        ),
    ],
    ids=str,
)
def test_any_other_type_is_refused_without_its_value(given: dict[str, Any], said: str) -> None:
    assert refusal(given) == said


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(("value", "shown"), [(True, "true"), (False, "false")])
def test_a_boolean_is_no_number(name: str, value: bool, shown: str) -> None:
    assert refusal({name: value}) == f"{name} is a boolean ({shown}); give a number"


@pytest.mark.parametrize("name", NAMING_OPTIONS)
def test_a_null_names_no_release(name: str) -> None:
    assert refusal({name: None}) == f"{name} is null; give a value or leave it out"


@pytest.mark.parametrize("name", ["release_id", "namespace"])
def test_a_null_in_an_entry_names_no_release(name: str) -> None:
    said = refusal({"releases": [{"release_id": "a", name: None}]})
    assert said == f"releases[0].{name} is null; give a value or leave it out"


def test_every_other_null_is_left_out() -> None:
    nulls = {option.name: None for option in OPTIONS if option.name not in NAMING_OPTIONS}
    assert checked({"mesh_id": "m", **nulls}) == {"mesh_id": "m"}


def test_text_and_unknown_options_are_left_as_they_are() -> None:
    given = {"version": "1.10", "images": ["a", ""], "service": "a,b", "wait": "yes", "wait_timeout": "60", "x": 1.1}
    assert checked(given) == given


def test_an_error_names_the_variable_and_says_what_to_do_there() -> None:
    said = refusal({"region": 1}, hint="quote it twice", prefix="huaweicloud_asm_")
    assert said == "huaweicloud_asm_region is a number (1), and must be text; quote it twice"


@pytest.mark.parametrize("secret", ["4711", 4711], ids=["text", "number"])
def test_secrets_of_any_type_are_learnt(secret: object) -> None:
    assert "4711" not in cleaner_for({}, {"password": secret})("version is a number (4711)")
