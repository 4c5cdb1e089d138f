# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `gate` takes every option of the one table as a variable, and hands all of them to the module."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import OPTIONS, Option

PLAYBOOK = Path(__file__).resolve().parents[2] / "playbooks" / "gate.yml"
RESERVED = {"namespace", "name"}
"""Ansible warns of a play with variables of these names."""

HANDED_OVER = [option for option in OPTIONS if option.name != "wait"]
NAMES = [option.name for option in HANDED_OVER]
PATHS = {option.name for option in OPTIONS if option.type == "path"}
MODULE = "huaweicloud.asm.asm_release_info"

each_option = pytest.mark.parametrize("option", HANDED_OVER, ids=lambda option: option.name)


@pytest.fixture(scope="module")
def play() -> dict[str, Any]:
    (only,) = yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))
    found: dict[str, Any] = only
    return found


@pytest.fixture(scope="module")
def arguments(play: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the task that holds the gate."""
    every = [task for step in play["tasks"] for task in step.get("block", [step])]
    (found,) = (task[MODULE] for task in every if MODULE in task)
    given: dict[str, Any] = found
    return given


@each_option
def test_an_option_is_left_out_unless_it_is_given(play: dict[str, Any], option: Option) -> None:
    default = play["vars"].get(option.name)
    assert default == (None if option.name in RESERVED else "{{ omit }}")


@each_option
def test_an_option_is_handed_to_the_module(arguments: dict[str, Any], option: Option) -> None:
    variable = f"release_gate_{option.name}" if option.name in RESERVED | PATHS else option.name
    # Native Jinja before ansible-core 2.19 makes a number of the text 1.10, unless it is told to keep the text.
    is_text = option.type == "str" and not option.accepts_number
    kept = f"{variable} | string if {variable} is string else {variable}" if is_text else variable
    assert arguments[option.name] == f"{{{{ {kept} }}}}"


def test_the_module_is_handed_nothing_else_but_wait(arguments: dict[str, Any]) -> None:
    assert set(arguments) == {*NAMES, "wait"}
    assert arguments["wait"] is True


def test_no_other_variable_of_the_play_has_a_name_that_a_caller_could_mean(play: dict[str, Any]) -> None:
    own = set(play["vars"]) - set(NAMES) - {"verdict_file"}
    assert [name for name in own if not name.startswith(("release_gate_", "ansible_"))] == []


def test_the_names_that_must_be_spelled_right_are_those_of_variables(play: dict[str, Any]) -> None:
    assert set(play["vars"]["release_gate_guarded"]) <= {*NAMES, "verdict_file"}


@pytest.mark.parametrize("name", ["failure_phases", "ready", "version", "images", "stable_for", "minimum"])
def test_a_condition_that_would_be_missed_must_be_spelled_right(play: dict[str, Any], name: str) -> None:
    assert name in play["vars"]["release_gate_guarded"]


def test_a_number_is_refused_for_each_text(play: dict[str, Any]) -> None:
    texts = {option.name for option in HANDED_OVER if option.type == "str" and not option.accepts_number}
    assert set(re.findall(r"'(\w+)':", play["vars"]["release_gate_no_text"])) == texts


def test_variables_of_the_playbook_are_known_and_those_of_the_role_are_not(play: dict[str, Any]) -> None:
    names = set(re.findall(r"\b(release_gate_\w+):", PLAYBOOK.read_text(encoding="utf-8")))
    registered = set(re.findall(r"register: (release_gate_\w+)", PLAYBOOK.read_text(encoding="utf-8")))
    assert set(play["vars"]["release_gate_own"]) == names | registered
