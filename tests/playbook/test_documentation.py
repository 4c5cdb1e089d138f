# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-doc` of the installed plugins and of the role has the options of the one table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

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


def check_options(options: dict[str, Any], names: set[str]) -> None:
    """Check the names of the options of a plugin, and the types of those that are in the table."""
    assert set(options) == names
    assert {name: options[name]["type"] for name in names & set(TYPES)} == {
        name: TYPES[name] for name in names & set(TYPES)
    }


def test_the_module_has_the_options_of_the_table_and_no_other_source(ansible: Ansible) -> None:
    doc = described(ansible, *MODULE)["doc"]

    check_options(doc["options"], set(TYPES))
    assert [name for name, each in doc["options"].items() if "env" in each or "vars" in each] == []
    assert doc["attributes"]["action_group"]["membership"] == ["huaweicloud.asm.asm"]


def test_the_lookup_has_the_options_of_the_table_and_other_sources_of_connection_options(ansible: Ansible) -> None:
    options = described(ansible, *LOOKUP)["doc"]["options"]

    # Its terms are the ids.
    check_options(options, set(TYPES) - {"release_id", "releases"} | {"_terms"})
    for kind, expected in ELSEWHERE.items():
        read = {name: [each["name"] for each in option[kind]] for name, option in options.items() if option.get(kind)}
        assert read == expected


def test_the_role_has_the_options_of_the_table(ansible: Ansible) -> None:
    options = described(ansible, *ROLE)["entry_points"]["main"]["options"]

    wanted = {f"release_gate_{name}" for name in TYPES if name != "wait"}
    assert set(options) == wanted | {"release_gate_delegate_to", "release_gate_verdict_file"}
