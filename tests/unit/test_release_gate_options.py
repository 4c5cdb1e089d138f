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
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    AUTH_TYPES,
    OPTIONS,
    VARIABLE_PREFIX,
    Option,
)

ROLE = Path(__file__).resolve().parents[2] / "roles" / "release_gate"
PREFIX = "release_gate_"
HANDED_OVER = [option for option in OPTIONS if option.name != "wait"]
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
WHERE_TO_LOG_IN = "iam_endpoint"
"""Belongs to the credentials, and cannot look like a number."""

LOCAL = {"__release_gate_summary", "__release_gate_releases_shown", "__release_gate_workloads", "__release_gate_absent"}
"""Variables of one task, which are printed only."""

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
    wanted = without(option.argument(), "choices", "required")
    if option.connection and option.choices:
        # Its default is the variable of the connection.
        del wanted["default"]

    assert without(documented[PREFIX + option.name], "description") == wanted


def test_ansible_validates_no_option() -> None:
    """`ansible-playbook` prefers the file without a suffix, and `ansible-doc` reads the one with it."""
    assert load("meta/argument_specs") == {"argument_specs": {}}


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
    if option.credential and option.name != WHERE_TO_LOG_IN:
        wanted = f"{{{{ {variable} | string if {variable} | default([]) is string else {variable} | default(omit) }}}}"

    given = defaults.get(name)

    assert (" ".join(given.split()) if isinstance(given, str) else given) == wanted


@each_option
def test_an_option_is_handed_to_the_module(defaults: dict[str, Any], option: Option) -> None:
    name = PREFIX + option.name
    arguments = load("tasks/hold.yml")[0]["huaweicloud.asm.asm_release_info"]
    given = name if name in defaults else f"{name} | default(omit)"
    if option.name in ("mesh_id", "namespace", "release_id", "version"):
        given = f"{name} | string if {name} | default([]) is string else {given}"
    if option.credential and option.name != WHERE_TO_LOG_IN:
        given = f"{name} | string if {name} is string else {given}"

    assert " ".join(arguments[option.name].split()) == f"{{{{ {given} }}}}"


def test_a_host_takes_no_verdict_on_other_releases_or_conditions_than_its_own() -> None:
    """An option that is not in the question may differ from host to host, behind one and the same verdict."""
    asked = {option.name for option in HANDED_OVER if not option.connection} - PATIENCE - RETURNED | WHERE
    tasks = [task for block in load("tasks/main.yml") for task in block.get("block", ())]
    (question,) = (task["ansible.builtin.set_fact"] for task in tasks if task["name"] == "Note what this host asks for")

    entries = re.findall(r"'(\w+)': (?:\[\] if )?(\w+)", question["__release_gate_question"])
    assert dict(entries) == {name: PREFIX + name for name in asked | {"delegate_to"}}


def test_the_module_is_handed_nothing_else_but_wait() -> None:
    arguments = load("tasks/hold.yml")[0]["huaweicloud.asm.asm_release_info"]

    assert set(arguments) == {option.name for option in OPTIONS}
    assert arguments["wait"] is True


def test_no_fact_of_the_role_can_be_an_extra_variable() -> None:
    """An extra variable wins over a fact; refuse.yml finds each that differs from the value at the start."""
    texts = [path.read_text(encoding="utf-8") for path in (ROLE / "tasks").iterdir()]
    is_set = re.compile(r"^ +(?:register: )?(__release_gate_\w+)", re.MULTILINE)
    facts = {name for text in texts for name in is_set.findall(text)}
    (refuse,) = (task for task in load("tasks/main.yml") if task["name"] == "Refuse a verdict from outside")
    (fail,) = load("tasks/refuse.yml")

    refused = set(re.findall(r"\w*release_gate_\w+", fail["when"]))

    assert refused == set(refuse["vars"])
    assert facts - LOCAL <= refused
