# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's options are those of the one table; the role reads their names and defaults in its argument spec."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    AUTH_TYPES,
    CONNECTION_OPTIONS,
    OPTIONS,
    Option,
)

ROLE = Path(__file__).resolve().parents[2] / "roles" / "release_gate"
PREFIX = "release_gate_"
HANDED_OVER = [option for option in OPTIONS if option.name != "wait"]
OWN = {"release_gate_delegate_to", "release_gate_verdict_file"}
RUN_ONCE = {"__release_gate_run", "__release_gate_answer"}
"""Facts that other hosts may have set under `free`."""

each_option = pytest.mark.parametrize("option", HANDED_OVER, ids=lambda option: option.name)


def load(name: str) -> Any:
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def documented() -> dict[str, dict[str, Any]]:
    """The options of the role's argument spec."""
    options: dict[str, dict[str, Any]] = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return options


def test_the_role_has_the_options_of_the_table_and_its_own(documented: dict[str, Any]) -> None:
    assert set(documented) == {PREFIX + option.name for option in HANDED_OVER} | OWN


def without(specified: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return an option without these keys, and its suboptions likewise."""
    kept = {key: value for key, value in specified.items() if key not in (*keys, "options")}
    if "options" in specified:
        kept["options"] = {name: without(each, *keys) for name, each in specified["options"].items()}
    return kept


@each_option
def test_an_option_is_specified_as_in_the_table_but_never_refused(
    documented: dict[str, dict[str, Any]], option: Option
) -> None:
    """A refusal before the role's first task would leave an older verdict in place."""
    refusing = ("choices", "required", "required_one_of", "mutually_exclusive", "required_together", "required_if")
    wanted = without(option.argument(), *refusing)
    if option.connection and option.choices:
        # Its default is the variable of the connection.
        del wanted["default"]

    found = documented[PREFIX + option.name]
    assert without(found, "description") == wanted
    assert found["description"]


def test_ansible_validates_no_option() -> None:
    """`ansible-playbook` prefers the file without a suffix, and `ansible-doc` reads the one with it."""
    assert load("meta/argument_specs") == {"argument_specs": {}}


def test_every_kind_of_credentials_is_documented(documented: dict[str, Any]) -> None:
    text = str(documented[f"{PREFIX}auth_type"]["description"])

    assert [kind for kind in AUTH_TYPES if kind not in text] == []


def test_the_options_of_the_connection_are_known() -> None:
    """All others are what a host asks for, and are printed as facts."""
    known = load("vars/main.yml")["__release_gate_connecting"]

    assert known == [option.name for option in CONNECTION_OPTIONS]
    assert not [option.name for option in HANDED_OVER if option.no_log and option.name not in known]


def test_only_the_own_options_have_defaults_beside_the_argument_spec(documented: dict[str, Any]) -> None:
    defaults = load("defaults/main.yml")

    assert set(defaults) <= OWN
    assert {name: documented[name].get("default") for name in defaults} == defaults


def test_modules_of_the_role_take_no_defaults_of_the_play() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROLE / "tasks").iterdir()]
    used = {module for text in texts for module in re.findall(r"^ +(ansible\.builtin\.\w+):\n", text, re.MULTILINE)}
    (whole,) = load("tasks/main.yml")

    assert set(whole["module_defaults"]) == used - {"ansible.builtin.include_tasks"}
    assert [each for each in whole["module_defaults"].values() if each] == []


def test_expressions_of_the_role_call_no_function_that_a_variable_could_hide() -> None:
    """All but `lookup` have names that variables of plays have, such as `namespace`."""
    texts = [path.read_text(encoding="utf-8") for path in (*(ROLE / "tasks").iterdir(), ROLE / "vars" / "main.yml")]

    assert [
        call
        for text in texts
        for call in re.findall(r"\b(?:cycler|dict|joiner|namespace|now|q|query|range|undef)\(", text)
    ] == []


def test_no_variable_of_the_role_can_be_set_from_outside() -> None:
    """Extra variables and variables of an include win over facts: refuse.yml finds each that is not `unset`."""
    texts = [path.read_text(encoding="utf-8") for path in (ROLE / "tasks").iterdir()]
    registered = {name for text in texts for name in re.findall(r"register: (\w+)", text)}
    blocks = [block for text in texts for block in re.findall(r"set_fact:\n((?: {4,}.*\n)+)", text)]
    facts = {name for block in blocks for name in re.findall(r"^ +(__release_gate_\w+):", block, re.MULTILINE)}
    forget, refuse = load("tasks/main.yml")[0]["block"][:2]
    forgotten = forget["ansible.builtin.set_fact"]
    hidden = {name: value for name, value in refuse["vars"].items() if name not in forget["vars"]}

    assert {*forgotten.values(), *hidden.values()} == {"unset"}
    assert set(hidden) == {"release_gate_result", *RUN_ONCE, *load("vars/main.yml")}
    assert registered | (facts - {"__release_gate_problem"}) == set(forgotten)
