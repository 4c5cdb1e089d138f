# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One table of options: what documents the module, the lookup and the event source must agree with it.

So must the role (`tests/unit/test_release_gate_options.py`) and the playbook `gate`
(`tests/unit/test_gate_playbook_options.py`). What Ansible itself makes of the fragments is in
`tests/playbook/test_documentation.py`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    CONNECTION_OPTIONS,
    OPTIONS,
    OWN_ENDPOINT_NAME,
    SECRET_OPTIONS,
    SOURCE_OPTIONS,
    VARIABLE_PREFIX,
    Option,
    argument_spec,
)

ROOT = Path(__file__).parents[3]
PLUGINS = ROOT / "plugins"
SOURCE = ROOT / "extensions" / "eda" / "plugins" / "event_source" / "asm_release.py"

BY_NAME = {option.name: option for option in OPTIONS}
NAMES = [option.name for option in OPTIONS]
CONNECTION = [option.name for option in CONNECTION_OPTIONS]
GATE = [name for name in NAMES if name not in CONNECTION]


def documentation(path: str | Path, name: str = "DOCUMENTATION") -> dict[str, Any]:
    """Return a YAML text of a plugin, without importing it: some need the whole of Ansible."""
    for node in ast.walk(ast.parse((PLUGINS / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            loaded: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return loaded
    raise AssertionError(f"{path} has no {name}")


FRAGMENTS: dict[str, Any] = {
    **documentation("doc_fragments/gate.py")["options"],
    **documentation("doc_fragments/connection.py")["options"],
}
VARIABLES: dict[str, Any] = documentation("doc_fragments/connection.py", "PLUGINS")["options"]
MODULE = documentation("modules/asm_release_info.py")
LOOKUP = documentation("lookup/asm_release.py")
# No fragment can help it: ansible-rulebook knows none.
WATCHING: dict[str, Any] = documentation(SOURCE)["options"]
DOCUMENTED: dict[str, Any] = {**MODULE["options"], **FRAGMENTS}


def agreed(described: dict[str, Any]) -> dict[str, Any]:
    """Return of a description of an option what an argument spec says as well."""
    agreeable = ("type", "default", "required", "elements", "choices")
    kept: dict[str, Any] = {key: described[key] for key in agreeable if key in described}
    # Documentation and argument specs have different names for it.
    suboptions = described.get("suboptions", described.get("options"))
    if suboptions is not None:
        kept["options"] = {name: agreed(each) for name, each in suboptions.items()}
    return {key: value for key, value in kept.items() if (key, value) != ("required", False)}


def specified(option: Option) -> dict[str, Any]:
    """Return the entry of the argument spec, without what no documentation says."""
    return {key: value for key, value in option.argument().items() if key != "no_log"}


def test_the_fragments_and_the_module_document_every_option_and_no_other() -> None:
    assert sorted(DOCUMENTED) == sorted(NAMES)
    assert list(MODULE["options"]) == ["release_id", "releases"]
    assert set(documentation("doc_fragments/connection.py")["options"]) == set(CONNECTION)


@pytest.mark.parametrize("name", NAMES)
def test_an_option_is_documented_as_it_is(name: str) -> None:
    assert agreed(DOCUMENTED[name]) == specified(BY_NAME[name])


@pytest.mark.parametrize("name", NAMES)
def test_an_option_is_described(name: str) -> None:
    assert DOCUMENTED[name]["description"]


def test_module_and_lookup_take_the_same_fragments() -> None:
    ours = [name for name in MODULE["extends_documentation_fragment"] if name.startswith("huaweicloud.asm.")]
    assert ours == ["huaweicloud.asm.gate", "huaweicloud.asm.connection"]
    assert LOOKUP["extends_documentation_fragment"] == [*ours, "huaweicloud.asm.connection.plugins"]


def test_the_lookup_has_no_option_of_its_own_but_its_terms() -> None:
    assert list(LOOKUP["options"]) == ["_terms"]


def environment(option: Option) -> list[str]:
    own = [OWN_ENDPOINT_NAME] if option.name == "endpoint" else []
    return [*own, *(name for _unused, name in option.environment)]


@pytest.mark.parametrize("name", CONNECTION)
def test_where_else_a_connection_option_comes_from_is_documented(name: str) -> None:
    described = VARIABLES[name]
    assert [each["name"] for each in described.get("env", [])] == environment(BY_NAME[name])
    assert [each["name"] for each in described["vars"]] == [f"{VARIABLE_PREFIX}{name}"]


@pytest.mark.parametrize("name", CONNECTION)
def test_the_environment_is_named_in_the_text_for_the_module_as_well(name: str) -> None:
    text = "\n".join(DOCUMENTED[name]["description"])
    assert re.findall(r"E\(([^)]*)\)", text) == environment(BY_NAME[name])


def test_a_gate_is_never_changed_from_afar() -> None:
    assert sorted(VARIABLES) == sorted(CONNECTION)
    assert [name for name in GATE if BY_NAME[name].environment] == []


PUBLISHED = {
    "access_key": ["HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY", "OS_ACCESS_KEY"],
    "secret_key": ["HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY", "OS_SECRET_KEY"],
    "security_token": ["HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN"],
    "token": ["HW_AUTH_TOKEN", "OS_AUTH_TOKEN"],
    "username": ["HW_USER_NAME", "OS_USERNAME"],
    "password": ["HW_USER_PASSWORD", "OS_PASSWORD"],
    "domain_name": ["HW_DOMAIN_NAME", "OS_DOMAIN_NAME"],
    "project_id": ["HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID"],
    "project_name": ["HW_PROJECT_NAME", "OS_PROJECT_NAME"],
    "region": ["HW_REGION_NAME", "OS_REGION_NAME"],
    "iam_endpoint": ["HUAWEICLOUD_SDK_IAM_ENDPOINT", "HW_AUTH_URL", "OS_AUTH_URL"],
    "endpoint": ["HUAWEICLOUD_ASM_ENDPOINT"],
    "credentials_file": ["HUAWEICLOUD_SDK_CREDENTIALS_FILE"],
}
"""Where the tools of this cloud look: the vendor's SDK, its Terraform provider, OpenStack clients."""


@pytest.mark.parametrize("name", CONNECTION)
def test_every_published_name_of_the_environment_is_asked_and_no_other(name: str) -> None:
    assert environment(BY_NAME[name]) == PUBLISHED.get(name, [])


@pytest.mark.parametrize("name", [name for name in NAMES if re.search("pass|secret|token|key", name)])
def test_whatever_sounds_like_a_secret_says_whether_it_is_one(name: str) -> None:
    assert argument_spec()[name]["no_log"] is True
    assert name in SECRET_OPTIONS


def test_nothing_else_is_a_secret() -> None:
    assert set(SECRET_OPTIONS) == {"token", "access_key", "secret_key", "security_token", "password"}


@pytest.mark.parametrize("file", ["modules/asm_release_info.py", "lookup/asm_release.py"])
def test_what_is_documented_does_not_repeat_what_the_fragments_say(file: str) -> None:
    assert set(documentation(file)["options"]).isdisjoint(FRAGMENTS)


def test_the_action_group_has_every_module_with_connection_options() -> None:
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    fragments = {
        path.stem: documentation(f"modules/{path.name}")["extends_documentation_fragment"]
        for path in (PLUGINS / "modules").glob("*.py")
    }
    assert groups == {"asm": sorted(name for name, used in fragments.items() if "huaweicloud.asm.connection" in used)}
    assert MODULE["attributes"]["action_group"]["membership"] == ["huaweicloud.asm.asm"]


def test_the_event_source_documents_every_option_of_its_own_table_and_no_other() -> None:
    assert sorted(WATCHING) == sorted(option.name for option in SOURCE_OPTIONS)


@pytest.mark.parametrize("option", SOURCE_OPTIONS, ids=lambda option: option.name)
def test_an_option_of_the_event_source_is_documented_as_it_is(option: Option) -> None:
    assert agreed(WATCHING[option.name]) == specified(option)
    assert WATCHING[option.name]["description"]
