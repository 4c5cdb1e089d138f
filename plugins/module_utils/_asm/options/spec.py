# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one table of options: names, types, defaults, bounds, environment names.

The argument specs of all plugins are made from this table. Tests compare the documentation and the role with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

AUTH_TYPES = ("auto", "token", "aksk", "password", "ecs_agency")
ON_MISSING = ("fail", "accept", "wait")

SDK, TERRAFORM, OPENSTACK = "HUAWEICLOUD_SDK_… variables", "HW_… variables", "OS_… variables"
ENVIRONMENT_SOURCES = (SDK, TERRAFORM, OPENSTACK)
"""Families of environment variables, in order of precedence."""

VARIABLE_PREFIX = "huaweicloud_asm_"
"""Prefix of the Ansible variables that hold connection options."""

OWN_ENDPOINT_NAME = "HUAWEICLOUD_ASM_ENDPOINT"
SDK_ENDPOINT_PREFIX = "HUAWEICLOUD_SDK_REGION_ASM_"

LONGEST_TIME = 1_000_000_000
"""Seconds, 31 years: the clocks and pauses of Python end at about ten times that."""

LONGEST_REQUEST = 1_000_000
"""Seconds: a socket counts the milliseconds of its timeout in 32 bits."""


class Option(NamedTuple):
    """One option, as Ansible's argument spec needs it, and what our own checks need to know about it.

    Attributes:
        connection: it says where ASM is, or who reads.
        credential: it belongs to a set of credentials; sets are never mixed across sources.
        environment: pairs of a family of `ENVIRONMENT_SOURCES` and the name of the variable in it.
        suboptions: options of each entry of a list of dictionaries.
        exactly_one_of: suboptions of which each entry has exactly one.
        accepts_number: it is text that may be given as a number.
        least, most: bounds of a number, both included.
        names_release: it says which releases are read, so a null is an error and does not count as absent.
        needs_gate: it has no meaning without a gate.
    """

    name: str
    type: str = "str"
    default: Any = None
    required: bool = False
    elements: str | None = None
    choices: tuple[str, ...] = ()
    no_log: bool | None = None
    connection: bool = False
    credential: bool = False
    environment: tuple[tuple[str, str], ...] = ()
    suboptions: tuple[Option, ...] = ()
    exactly_one_of: tuple[str, ...] = ()
    accepts_number: bool = False
    least: int | None = None
    most: int | None = None
    names_release: bool = False
    needs_gate: bool = False

    def argument(self) -> dict[str, Any]:
        """Return the entry of an argument spec, without what has Ansible's default."""
        argument: dict[str, Any] = {"type": self.type}
        if self.required:
            argument["required"] = True
        for key in ("default", "elements", "no_log"):
            if getattr(self, key) is not None:
                argument[key] = getattr(self, key)
        if self.choices:
            argument["choices"] = list(self.choices)
        if self.suboptions:
            argument["options"] = argument_spec(self.suboptions)
        if self.exactly_one_of:
            argument["mutually_exclusive"] = argument["required_one_of"] = [self.exactly_one_of]
        return argument


def _number(name: str, default: int, least: int, most: int, **more: Any) -> Option:
    return Option(name, "int", default, least=least, most=most, **more)


def _texts(name: str, **more: Any) -> Option:
    return Option(name, "list", elements="str", **more)


def _connection(name: str, sdk: str = "", terraform: str = "", openstack: str = "", **more: Any) -> Option:
    named = ((SDK, sdk), (TERRAFORM, terraform), (OPENSTACK, openstack))
    return Option(name, connection=True, environment=tuple(pair for pair in named if pair[1]), **more)


def _credential(name: str, sdk: str = "", terraform: str = "", openstack: str = "", **more: Any) -> Option:
    return _connection(name, sdk, terraform, openstack, credential=True, **more)


OPTIONS: tuple[Option, ...] = (
    Option("mesh_id", required=True, names_release=True),
    Option("namespace", names_release=True),
    Option("release_id", names_release=True),
    Option("service", names_release=True),
    Option(
        "releases",
        "list",
        elements="dict",
        suboptions=(
            Option("release_id", names_release=True),
            Option("service", names_release=True),
            Option("namespace", names_release=True),
            Option("version", needs_gate=True),
            _texts("images", needs_gate=True),
        ),
        exactly_one_of=("release_id", "service"),
        names_release=True,
    ),
    Option("wait", "bool", False),
    _texts("success_phases", needs_gate=True),
    _texts("failure_phases", default=[], needs_gate=True),
    Option("ready", "bool", False, needs_gate=True),
    Option("version", needs_gate=True),
    _texts("images", needs_gate=True),
    _number("stable_for", 0, 0, LONGEST_TIME, needs_gate=True),
    _number("stall_timeout", 0, 0, LONGEST_TIME, needs_gate=True),
    Option("on_missing", default="fail", choices=ON_MISSING),
    _texts("missing_after", needs_gate=True),
    Option("require", default="all", accepts_number=True, needs_gate=True),
    _number("wait_timeout", 600, 1, LONGEST_TIME),
    _number("wait_sleep", 10, 1, LONGEST_TIME),
    _number("request_timeout", 15, 1, LONGEST_REQUEST),
    _number("request_retries", 3, 0, 1_000_000),
    _number("requests_per_minute", 30, 1, 1_000_000),
    Option("manifests", "bool", False),
    _connection("region", "", "HW_REGION_NAME", "OS_REGION_NAME"),
    _connection("endpoint"),
    _credential("iam_endpoint", "HUAWEICLOUD_SDK_IAM_ENDPOINT", "HW_AUTH_URL", "OS_AUTH_URL"),
    _connection("auth_type", default="auto", choices=AUTH_TYPES),
    _credential("token", "", "HW_AUTH_TOKEN", "OS_AUTH_TOKEN", no_log=True),
    _credential("access_key", "HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY", "OS_ACCESS_KEY", no_log=True),
    _credential("secret_key", "HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY", "OS_SECRET_KEY", no_log=True),
    _credential("security_token", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN", no_log=True),
    _credential("username", "", "HW_USER_NAME", "OS_USERNAME"),
    _credential("password", "", "HW_USER_PASSWORD", "OS_PASSWORD", no_log=True),
    _credential("domain_name", "", "HW_DOMAIN_NAME", "OS_DOMAIN_NAME"),
    _credential("project_id", "HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID", "OS_PROJECT_ID"),
    _credential("project_name", "", "HW_PROJECT_NAME", "OS_PROJECT_NAME"),
    _connection("credentials_file", "HUAWEICLOUD_SDK_CREDENTIALS_FILE", type="path"),
    _connection("validate_certs", type="bool", default=True),
    _connection("ca_path", type="path"),
)

_NOT_OF_SOURCE = ("mesh_id", "namespace", "release_id", "service", "releases", "wait", "require")

SOURCE_OPTIONS: tuple[Option, ...] = (
    _texts("mesh_id", required=True, names_release=True),
    _texts("namespace", names_release=True),
    _texts("service", names_release=True),
    _texts("name", names_release=True),
    *(
        # Without a gate, the event source has no use for any value of on_missing.
        option._replace(needs_gate=True) if option.name == "on_missing" else option
        for option in OPTIONS
        if option.name not in _NOT_OF_SOURCE
    ),
    Option("initial", "bool", False),
    Option("state_file", "path"),
    Option("feedback", "bool", False),
)
"""The options of the event source."""

CONNECTION_OPTIONS = tuple(option for option in OPTIONS if option.connection)
CREDENTIAL_OPTIONS = tuple(option for option in OPTIONS if option.credential)
SECRET_OPTIONS = tuple(option.name for option in OPTIONS if option.no_log)
SECRET_NAMES = tuple(name for option in OPTIONS if option.no_log for _family, name in option.environment)
"""Environment names of the secrets."""


def argument_spec(options: Iterable[Option] = OPTIONS) -> dict[str, dict[str, Any]]:
    """Return the argument spec of the options."""
    return {option.name: option.argument() for option in options}


def argument_rules() -> dict[str, Any]:
    """Return which options go together, as keyword arguments of `AnsibleModule` and `ArgumentSpecValidator`."""
    rules = source_argument_rules()
    return {
        **rules,
        "mutually_exclusive": [*rules["mutually_exclusive"], ("release_id", "service", "releases")],
        "required_by": {**rules["required_by"], "release_id": ("namespace",), "service": ("namespace",)},
        "required_if": [
            ("wait", True, ("success_phases",)),
            ("wait", True, ("release_id", "service", "releases"), True),
        ],
    }


def source_argument_rules() -> dict[str, Any]:
    """Return which options of the event source go together, likewise."""
    return {
        "mutually_exclusive": [("token", "access_key", "username")],
        "required_together": [("access_key", "secret_key"), ("username", "password", "domain_name")],
        "required_by": {"security_token": ("access_key",)},
    }


def with_defaults(parameters: Mapping[str, Any], options: Iterable[Option] = OPTIONS) -> dict[str, Any]:
    """Return the parameters with the default of each option that is missing or null."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return {option.name: given.get(option.name, option.default) for option in options}
