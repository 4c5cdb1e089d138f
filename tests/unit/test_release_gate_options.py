# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's options are those of the one table, and the role hands all of them to the module."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options import (
    AUTH_TYPES,
    OPTIONS,
    VARIABLE_PREFIX,
    Option,
)

ROLE = Path(__file__).resolve().parents[2] / "roles" / "release_gate"
PREFIX = "release_gate_"
# The role always waits, so it needs to know in which phases the gate opens.
HANDED_OVER = [option for option in OPTIONS if option.name != "wait"]
ALWAYS_REQUIRED = "success_phases"
OWN = {"release_gate_delegate_to"}

PATIENCE = {
    "stall_timeout",
    "wait_timeout",
    "wait_sleep",
    "request_timeout",
    "request_retries",
    "requests_per_minute",
}
"""How long and how often the gate asks: an open gate is open for the impatient, too."""
RETURNED = {"manifests"}
"""What is shown beside the verdict."""
WHERE = {"region", "endpoint"}
"""Options of the connection that say which release is meant; the others say who asks, and how safely."""

each_option = pytest.mark.parametrize("option", HANDED_OVER, ids=lambda option: option.name)


def load(name: str) -> Any:
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def documented() -> dict[str, dict[str, Any]]:
    """The options of the role's argument spec."""
    options: dict[str, dict[str, Any]] = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return options


@pytest.fixture(scope="module")
def defaults() -> dict[str, Any]:
    values: dict[str, Any] = load("defaults/main.yml")
    return values


def test_the_role_has_the_options_of_the_table_and_its_own(documented: dict[str, Any]) -> None:
    assert set(documented) == {PREFIX + option.name for option in HANDED_OVER} | OWN


def undescribed(specified: dict[str, Any]) -> dict[str, Any]:
    """Return an option without its description, and its suboptions likewise."""
    kept = {key: value for key, value in specified.items() if key not in ("description", "options")}
    if "options" in specified:
        kept["options"] = {name: undescribed(each) for name, each in specified["options"].items()}
    return kept


@each_option
def test_an_option_is_specified_as_in_the_table_but_without_choices(
    documented: dict[str, dict[str, Any]], option: Option
) -> None:
    wanted = {key: value for key, value in option.argument().items() if key != "choices"}
    if option.name == ALWAYS_REQUIRED:
        wanted["required"] = True
    if option.connection and option.choices:
        # Its default is the variable of the connection.
        del wanted["default"]

    assert undescribed(documented[PREFIX + option.name]) == wanted


def test_no_option_has_choices_which_ansible_would_print_when_it_refuses_one(documented: dict[str, Any]) -> None:
    assert [name for name, option in documented.items() if "choices" in option] == []


def test_every_kind_of_credentials_is_told_in_words(documented: dict[str, Any]) -> None:
    text = str(documented[f"{PREFIX}auth_type"]["description"])

    assert [kind for kind in AUTH_TYPES if kind not in text] == []


@each_option
def test_an_option_has_the_default_that_is_documented(
    documented: dict[str, dict[str, Any]], defaults: dict[str, Any], option: Option
) -> None:
    name = PREFIX + option.name
    default = documented[name].get("default")
    variable = VARIABLE_PREFIX + option.name
    otherwise = "omit" if default is None else str(default).lower()

    wanted = f"{{{{ {variable} | default({otherwise}) }}}}" if option.connection else default

    assert defaults.get(name) == wanted


@each_option
def test_an_option_is_handed_to_the_module(defaults: dict[str, Any], option: Option) -> None:
    name = PREFIX + option.name
    arguments = load("tasks/hold.yml")[0]["huaweicloud.asm.asm_release_info"]
    given = name in defaults or option.required or option.name == ALWAYS_REQUIRED

    assert arguments[option.name] == (f"{{{{ {name} }}}}" if given else f"{{{{ {name} | default(omit) }}}}")


def test_a_host_takes_no_verdict_on_other_releases_or_conditions_than_its_own() -> None:
    """An option that is not in the question may differ from host to host, behind one and the same verdict."""
    asked = {option.name for option in HANDED_OVER if not option.connection} - PATIENCE - RETURNED | WHERE
    facts = [task["ansible.builtin.set_fact"] for task in load("tasks/main.yml") if "ansible.builtin.set_fact" in task]
    question = [each["release_gate_question"] for each in facts if each.get("release_gate_question")]

    assert [{name: re.findall(r"\w+", value)[0] for name, value in each.items()} for each in question] == [
        {name: PREFIX + name for name in asked | {"delegate_to"}}
    ]


def test_the_module_is_handed_nothing_else_but_wait() -> None:
    arguments = load("tasks/hold.yml")[0]["huaweicloud.asm.asm_release_info"]

    assert set(arguments) == {option.name for option in OPTIONS}
    assert arguments["wait"] is True
