# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one table of options, and the argument specs that are made from it."""

from __future__ import annotations

import re

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    CONNECTION_OPTIONS,
    OPTIONS,
    OWN_ENDPOINT_NAME,
    SECRET_OPTIONS,
    SOURCE_OPTIONS,
    Option,
    argument_rules,
    argument_spec,
    source_argument_rules,
)

ENVIRONMENT = {
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
"""Names that the tools of this cloud use: the vendor's SDK, its Terraform provider, OpenStack clients."""


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("mesh_id", {"type": "str", "required": True}),
        ("failure_phases", {"type": "list", "default": [], "elements": "str"}),
        ("on_missing", {"type": "str", "default": "fail", "choices": ["fail", "accept", "wait"]}),
        ("token", {"type": "str", "no_log": True}),
        (
            "releases",
            {
                "type": "list",
                "elements": "dict",
                "options": {
                    "release_id": {"type": "str"},
                    "service": {"type": "str"},
                    "namespace": {"type": "str"},
                    "version": {"type": "str"},
                    "images": {"type": "list", "elements": "str"},
                },
                "mutually_exclusive": [("release_id", "service")],
                "required_one_of": [("release_id", "service")],
            },
        ),
    ],
)
def test_argument_spec_says_what_differs_from_the_default(name: str, argument: dict[str, object]) -> None:
    assert argument_spec()[name] == argument


def test_changing_an_argument_spec_changes_no_other() -> None:
    argument_spec()["on_missing"]["choices"].append("x")

    assert argument_spec()["on_missing"]["choices"] == ["fail", "accept", "wait"]


@pytest.mark.parametrize(
    ("rules", "spec"), [(argument_rules(), argument_spec()), (source_argument_rules(), argument_spec(SOURCE_OPTIONS))]
)
def test_rules_name_options_only(rules: dict[str, object], spec: dict[str, object]) -> None:
    named = set(re.findall(r"'(\w+)'", str({key: rules[key] for key in rules}))) - set(rules)

    assert named <= set(spec)


@pytest.mark.parametrize("option", [each for each in OPTIONS if each.type == "int"], ids=lambda option: option.name)
def test_every_number_has_bounds_that_its_default_keeps(option: Option) -> None:
    assert option.least is not None
    assert option.most is not None
    assert option.least <= option.default <= option.most


def test_secrets_are_the_options_that_sound_like_secrets() -> None:
    names = [option.name for option in OPTIONS if re.search("pass|secret|token|key", option.name)]

    assert sorted(SECRET_OPTIONS) == sorted(names)


@pytest.mark.parametrize("option", CONNECTION_OPTIONS, ids=lambda option: option.name)
def test_environment_has_every_published_name(option: Option) -> None:
    own = [OWN_ENDPOINT_NAME] if option.name == "endpoint" else []

    assert [*own, *(name for _family, name in option.environment)] == ENVIRONMENT.get(option.name, [])


def test_environment_sets_connection_options_only() -> None:
    assert [option.name for option in OPTIONS if option.environment and not option.connection] == []


def test_event_source_takes_meshes_and_filters_instead_of_releases() -> None:
    names = {option.name for option in SOURCE_OPTIONS}

    assert names - {option.name for option in OPTIONS} == {"name", "initial", "state_file", "feedback"}
    assert {option.name for option in OPTIONS} - names == {"release_id", "releases", "wait", "require"}
