# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-doc` of the installed plugins and of the role has the options of the one table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    CONNECTION_OPTIONS,
    OPTIONS,
    OWN_ENDPOINT_NAME,
    VARIABLE_PREFIX,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible

MODULE = ("module", "huaweicloud.asm.asm_release_info")
LOOKUP = ("lookup", "huaweicloud.asm.asm_release")
ROLE = ("role", "huaweicloud.asm.release_gate")

TYPES = {option.name: option.type for option in OPTIONS}
ELSEWHERE = {
    "env": {
        option.name: [name for _family, name in option.environment]
        for option in CONNECTION_OPTIONS
        if option.environment
    }
    | {"endpoint": [OWN_ENDPOINT_NAME]},
    "vars": {option.name: [f"{VARIABLE_PREFIX}{option.name}"] for option in CONNECTION_OPTIONS},
}
"""Where the lookup finds an option that is not in its call."""


def described(ansible: Ansible, kind: str, name: str) -> dict[str, Any]:
    """Return the output of `ansible-doc` for a plugin, as data."""
    run = ansible.shell(f"ansible-doc --type {kind} --json {name}")
    assert run.returncode == 0, run.output
    found: dict[str, Any] = json.loads(run.stdout)[name]
    return found


@pytest.mark.parametrize(
    ("plugin", "names"),
    [
        pytest.param(MODULE, set(TYPES), id="module"),
        # Its terms are the ids.
        pytest.param(LOOKUP, set(TYPES) - {"release_id", "releases"} | {"_terms"}, id="lookup"),
    ],
)
def test_a_plugin_has_the_options_of_the_table(ansible: Ansible, plugin: tuple[str, str], names: set[str]) -> None:
    options = described(ansible, *plugin)["doc"]["options"]

    assert set(options) == names
    assert {name: options[name]["type"] for name in names & set(TYPES)} == {
        name: TYPES[name] for name in names & set(TYPES)
    }


def test_the_module_has_no_other_source_of_options(ansible: Ansible) -> None:
    options = described(ansible, *MODULE)["doc"]["options"]

    assert [name for name, each in options.items() if "env" in each or "vars" in each] == []


@pytest.mark.parametrize("kind", ["env", "vars"])
def test_the_lookup_has_other_sources_of_connection_options_only(ansible: Ansible, kind: str) -> None:
    options = described(ansible, *LOOKUP)["doc"]["options"]

    read = {name: [each["name"] for each in option[kind]] for name, option in options.items() if option.get(kind)}

    assert read == ELSEWHERE[kind]


def test_the_module_is_in_its_action_group(ansible: Ansible) -> None:
    group = described(ansible, *MODULE)["doc"]["attributes"]["action_group"]

    assert group["membership"] == ["huaweicloud.asm.asm"]


def test_the_role_has_the_options_of_the_table(ansible: Ansible) -> None:
    options = described(ansible, *ROLE)["entry_points"]["main"]["options"]

    wanted = {f"release_gate_{name}" for name in TYPES if name != "wait"}
    assert set(options) == wanted | {"release_gate_delegate_to", "release_gate_verdict_file"}
