# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every copy of an option agrees with the one table: the documentation of module, lookup and event source.

A new option needs a row in the table and its text in each of these files; this test names the file that lacks it.
`test_release_gate_options` does the same for the role.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    CONNECTION_OPTIONS,
    OPTIONS,
    OWN_ENDPOINT_NAME,
    SOURCE_OPTIONS,
    VARIABLE_PREFIX,
    Option,
)
from ansible_collections.huaweicloud.asm.tests.unit.documentation import documentation

if TYPE_CHECKING:
    from collections.abc import Iterable

GATE = documentation("plugins/doc_fragments/gate.py")["options"]
CONNECTION = documentation("plugins/doc_fragments/connection.py")["options"]
ELSEWHERE = documentation("plugins/doc_fragments/connection.py", "PLUGINS")["options"]
MODULE = documentation("plugins/modules/asm_release_info.py")
LOOKUP = documentation("plugins/lookup/asm_release.py")
SOURCE = documentation("extensions/eda/plugins/event_source/asm_release.py")["options"]

each_connection_option = pytest.mark.parametrize("option", CONNECTION_OPTIONS, ids=lambda option: option.name)


def specified(options: Iterable[Option]) -> dict[str, Any]:
    """Return type, default, elements, choices and suboptions of each option as the table has them."""
    return {option.name: _part(option.argument()) for option in options}


def described(options: dict[str, Any]) -> dict[str, Any]:
    """Return the same of documented options."""
    return {name: _part(option) for name, option in options.items()}


def _part(option: dict[str, Any]) -> dict[str, Any]:
    keys = ("type", "default", "required", "elements", "choices")
    part = {key: option[key] for key in keys if option.get(key) not in (None, False)}
    # Documentation and argument specs have different names for suboptions, and false may be written or left out.
    suboptions = option.get("suboptions", option.get("options"))
    if suboptions:
        part["options"] = {name: _part(each) for name, each in suboptions.items()}
    return part


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


def test_text_of_an_option_is_in_one_place() -> None:
    assert list(MODULE["options"]) == ["release_id", "releases"]
    assert list(LOOKUP["options"]) == ["_terms"]
    assert set(CONNECTION) == {option.name for option in CONNECTION_OPTIONS}
    ours = [name for name in MODULE["extends_documentation_fragment"] if name.startswith("huaweicloud.asm.")]
    assert LOOKUP["extends_documentation_fragment"] == [*ours, "huaweicloud.asm.connection.plugins"]


def test_every_option_is_described() -> None:
    for documented in (MODULE["options"], GATE, CONNECTION, SOURCE):
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
