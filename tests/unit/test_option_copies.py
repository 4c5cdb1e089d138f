# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every copy of an option agrees with the one table: documentation of module, lookup and event source, and the role.

A new option needs a row in the table and its text in each of these files; this test names the file that lacks it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    CONNECTION_OPTIONS,
    OPTIONS,
    OWN_ENDPOINT_NAME,
    SOURCE_OPTIONS,
    VARIABLE_PREFIX,
    Option,
)
from ansible_collections.huaweicloud.asm.tests.unit.documentation import ROOT, documentation

if TYPE_CHECKING:
    from collections.abc import Iterable

GATE = documentation("plugins/doc_fragments/gate.py")["options"]
CONNECTION = documentation("plugins/doc_fragments/connection.py")["options"]
ELSEWHERE = documentation("plugins/doc_fragments/connection.py", "PLUGINS")["options"]
MODULE = documentation("plugins/modules/asm_release_info.py")
LOOKUP = documentation("plugins/lookup/asm_release.py")
SOURCE = documentation("extensions/eda/plugins/event_source/asm_release.py")["options"]

ROLE = ROOT / "roles" / "release_gate"
ROLE_PREFIX = "release_gate_"
ROLE_ALONE = {"release_gate_delegate_to", "release_gate_verdict_file"}
OF_ROLE = [option for option in OPTIONS if option.name != "wait"]

each_connection_option = pytest.mark.parametrize("option", CONNECTION_OPTIONS, ids=lambda option: option.name)


def specified(options: Iterable[Option], *without: str) -> dict[str, Any]:
    """Return type, default, elements, choices and suboptions of each option as the table has them."""
    return {option.name: _part(option.argument(), without) for option in options}


def described(options: dict[str, Any], *without: str) -> dict[str, Any]:
    """Return the same of documented options."""
    return {name: _part(option, without) for name, option in options.items()}


def _part(option: dict[str, Any], without: Iterable[str]) -> dict[str, Any]:
    keys = {"type", "default", "required", "elements", "choices"} - set(without)
    part = {key: option[key] for key in keys if option.get(key) not in (None, False)}
    # Documentation and argument specs have different names for suboptions, and false may be written or left out.
    suboptions = option.get("suboptions", option.get("options"))
    if suboptions:
        part["options"] = {name: _part(each, without) for name, each in suboptions.items()}
    return part


def role_options() -> dict[str, Any]:
    """Return the documented options of the role, without its prefix."""
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options: dict[str, Any] = specs["argument_specs"]["main"]["options"]
    return {name.removeprefix(ROLE_PREFIX): option for name, option in options.items() if name not in ROLE_ALONE}


def role_defaults() -> dict[str, Any]:
    """Return the default variables of the role, without its prefix."""
    values: dict[str, Any] = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    return {name.removeprefix(ROLE_PREFIX): value for name, value in values.items() if name not in ROLE_ALONE}


@pytest.mark.parametrize(
    ("documented", "table"),
    [
        pytest.param({**MODULE["options"], **GATE, **CONNECTION}, OPTIONS, id="module"),
        # The terms of the lookup are the ids.
        pytest.param(
            {**GATE, **CONNECTION},
            [option for option in OPTIONS if option.name not in ("release_id", "releases")],
            id="lookup",
        ),
        pytest.param(SOURCE, SOURCE_OPTIONS, id="event source"),
    ],
)
def test_documentation_agrees_with_the_table(documented: dict[str, Any], table: Iterable[Option]) -> None:
    assert described(documented) == specified(table)


def test_role_agrees_with_the_table() -> None:
    """The role requires nothing and has no choices: a refusal before its first task would leave an older verdict."""
    names = {option.name for option in CONNECTION_OPTIONS}
    assert not [name for name, option in role_options().items() if {"required", "choices"} & set(option)]

    found = described(role_options(), "required", "choices", "default")
    assert found == specified(OF_ROLE, "required", "choices", "default")

    # A connection option defaults to a variable of the connection.
    defaults = {name: option.get("default") for name, option in role_options().items() if name not in names}
    assert defaults == {option.name: option.default for option in OF_ROLE if option.name not in names}


def test_role_has_no_default_that_differs_from_the_table() -> None:
    defaults = role_defaults()
    options = {option.name: option for option in OF_ROLE}
    assert set(defaults) <= set(options)

    for name, value in defaults.items():
        if options[name].connection:
            assert f"{VARIABLE_PREFIX}{name}" in value
        else:
            assert value == options[name].default


def test_text_of_an_option_is_in_one_place() -> None:
    assert list(MODULE["options"]) == ["release_id", "releases"]
    assert list(LOOKUP["options"]) == ["_terms"]
    assert set(CONNECTION) == {option.name for option in CONNECTION_OPTIONS}
    ours = [name for name in MODULE["extends_documentation_fragment"] if name.startswith("huaweicloud.asm.")]
    assert LOOKUP["extends_documentation_fragment"] == [*ours, "huaweicloud.asm.connection.plugins"]


def test_every_option_is_described() -> None:
    for documented in (MODULE["options"], GATE, CONNECTION, SOURCE, role_options()):
        assert [name for name, option in documented.items() if not option.get("description")] == []


def test_wait_names_every_option_that_needs_it() -> None:
    text = "\n".join(GATE["wait"]["description"])
    named = re.findall(r"O\((\w+)\)", text.partition("Without O(wait)")[2])

    assert named == [option.name for option in OPTIONS if option.needs_gate]


@each_connection_option
def test_environment_and_variables_agree_with_the_table(option: Option) -> None:
    names = [OWN_ENDPOINT_NAME] if option.name == "endpoint" else []
    names += [name for _family, name in option.environment]
    plugin = ELSEWHERE[option.name]

    assert [each["name"] for each in plugin.get("env", [])] == names
    assert [each["name"] for each in plugin["vars"]] == [f"{VARIABLE_PREFIX}{option.name}"]
    for documented in (CONNECTION, SOURCE):
        text = str(documented[option.name]["description"])
        assert re.findall(r"E\(([^)]*)\)", text) == names
