# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options: names, types, defaults, environment names, and which of them go together.

One table. The module and the action plugin make their argument spec from it, the lookup reads it, and tests hold the
documentation fragments and the role's argument specs against it. Nothing here knows of HTTP.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import usage
from .text import listed

AUTH_TYPES = ("auto", "token", "aksk", "password", "ecs_agency")
ON_MISSING = ("fail", "accept", "wait")

SDK, TERRAFORM, OPENSTACK = "HUAWEICLOUD_SDK_… variables", "HW_… variables", "OS_… variables"
ENVIRONMENT_SOURCES = (SDK, TERRAFORM, OPENSTACK)
"""Families of environment names, in the order in which they are asked."""

VARIABLE_PREFIX = "huaweicloud_asm_"
"""What an Ansible variable puts before the name of a connection option."""

OWN_ENDPOINT_NAME = "HUAWEICLOUD_ASM_ENDPOINT"
SDK_ENDPOINT_PREFIX = "HUAWEICLOUD_SDK_REGION_ASM_"


@dataclass(frozen=True)
class Option:
    """One option, as Ansible's argument spec wants it, and where else its value may come from.

    `connection` marks where and who, `credential` what belongs to a set of credentials and is never mixed across
    sources. `environment` holds pairs of a family of `ENVIRONMENT_SOURCES` and the variable's name in it.
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

    def argument(self) -> dict[str, Any]:
        """Return the entry of an argument spec; what is at its default is left out."""
        argument: dict[str, Any] = {"type": self.type}
        if self.required:
            argument["required"] = True
        for key in ("default", "elements", "no_log"):
            if getattr(self, key) is not None:
                argument[key] = getattr(self, key)
        if self.choices:
            argument["choices"] = list(self.choices)
        return argument


def _connection(name: str, sdk: str = "", terraform: str = "", openstack: str = "", **more: Any) -> Option:
    named = ((SDK, sdk), (TERRAFORM, terraform), (OPENSTACK, openstack))
    return Option(name, connection=True, environment=tuple(pair for pair in named if pair[1]), **more)


def _credential(name: str, sdk: str = "", terraform: str = "", openstack: str = "", **more: Any) -> Option:
    return _connection(name, sdk, terraform, openstack, credential=True, **more)


OPTIONS: tuple[Option, ...] = (
    Option("mesh_id", required=True),
    Option("namespace", required=True),
    Option("release_id", required=True),
    Option("wait", "bool", False),
    Option("success_phases", "list", elements="str"),
    Option("failure_phases", "list", [], elements="str"),
    Option("ready", "bool", False),
    Option("version"),
    Option("images", "list", elements="str"),
    Option("stable_for", "int", 0),
    Option("stall_timeout", "int", 0),
    Option("on_missing", default="fail", choices=ON_MISSING),
    Option("missing_after", "list", elements="str"),
    Option("wait_timeout", "int", 600),
    Option("wait_sleep", "int", 10),
    Option("request_timeout", "int", 15),
    Option("request_retries", "int", 3),
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

CONNECTION_OPTIONS = tuple(option for option in OPTIONS if option.connection)
CREDENTIAL_OPTIONS = tuple(option for option in OPTIONS if option.credential)
SECRET_OPTIONS = tuple(option.name for option in OPTIONS if option.no_log)
SECRET_NAMES = tuple(name for option in OPTIONS if option.no_log for _family, name in option.environment)
"""Environment names of the secrets."""

_GREATEST_TIME = 1_000_000_000
"""Seconds, 31 years: clocks and pauses of Python end at about ten times that."""

_LIMITS = (
    ("wait_timeout", 1, _GREATEST_TIME),
    ("wait_sleep", 1, _GREATEST_TIME),
    # A socket counts the milliseconds of its time-out in 32 bits.
    ("request_timeout", 1, 1_000_000),
    ("request_retries", 0, 1_000_000),
    ("stable_for", 0, _GREATEST_TIME),
    ("stall_timeout", 0, _GREATEST_TIME),
)

# Options that make no sense without wait: nobody must believe that a gate was there.
_GATE_ONLY = (
    "success_phases",
    "failure_phases",
    "ready",
    "version",
    "images",
    "stable_for",
    "stall_timeout",
    "missing_after",
)


def argument_spec() -> dict[str, dict[str, Any]]:
    """Return the argument spec of `asm_release_info`."""
    return {option.name: option.argument() for option in OPTIONS}


def with_defaults(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with defaults for what is missing or null: Ansible leaves a null as it is."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return {option.name: given.get(option.name, option.default) for option in OPTIONS}


@dataclass(frozen=True)
class Target:
    """Which release: three non-empty strings."""

    mesh_id: str
    namespace: str
    release_id: str


@dataclass(frozen=True)
class Conditions:
    """What opens the gate, what shuts it, and how long it may take; times in seconds, phases as they were written."""

    success_phases: tuple[str, ...]
    failure_phases: tuple[str, ...] = ()
    ready: bool = False
    version: str | None = None
    images: tuple[str, ...] = ()
    stable_for: float = 0
    stall_timeout: float = 0
    on_missing: str = "fail"
    missing_after: tuple[str, ...] = ()
    wait_timeout: float = 600
    wait_sleep: float = 10
    request_timeout: float = 15
    request_retries: int = 3


@dataclass(frozen=True)
class Connection:
    """Where and who, as far as options say it.

    `given` holds the connection options of the call, `variables` the credentials from Ansible variables; both only what
    was really given.
    """

    given: Mapping[str, str]
    variables: Mapping[str, str]
    auth_type: str = "auto"
    validate_certs: bool = True


@dataclass(frozen=True)
class Options:
    """All options of one call, checked. `conditions` is None without `wait`."""

    target: Target
    conditions: Conditions | None
    connection: Connection
    on_missing: str
    request_timeout: float
    request_retries: int
    manifests: bool


def is_phase(phase: object, wanted: Iterable[str]) -> bool:
    """Return whether a phase is one of those wanted: stripped, and without regard to case.

    What is no text, or an empty one, is no phase and matches nothing.
    """
    seen = phase.strip().casefold() if isinstance(phase, str) else ""
    return bool(seen) and any(seen == each.strip().casefold() for each in wanted)


def parse(parameters: Mapping[str, Any], variables: Mapping[str, Any] | None = None) -> Options:
    """Return the options of one call.

    Args:
        parameters: options by name, typed as Ansible's argument spec leaves them, and from `with_defaults`.
        variables: connection options that come from Ansible variables (lookup only), typed likewise.

    Raises:
        AsmError: kind `usage`, naming the option.
    """
    for name, least, most in _LIMITS:
        if parameters[name] < least:
            raise usage(f"{name} is {parameters[name]}", f"it must be {least} or more")
        if parameters[name] > most:
            # Not quoted: it may have any number of digits.
            raise usage(f"{name} is too large", f"it must be {most} or less")
    return Options(
        target=Target(*(_identifier(name, parameters[name]) for name in ("mesh_id", "namespace", "release_id"))),
        conditions=_conditions(parameters),
        connection=_parse_connection(parameters, variables or {}),
        on_missing=parameters["on_missing"],
        request_timeout=parameters["request_timeout"],
        request_retries=parameters["request_retries"],
        manifests=parameters["manifests"],
    )


def _identifier(name: str, value: str | None) -> str:
    """Return an id that fits into one segment of a path."""
    # A null passes for a given option with Ansible.
    if value is None or not value.strip():
        raise usage(f"{name} is empty", "give the id that the ASM console shows")
    # Cc: control characters; Cs: halves of a surrogate pair, which no URL can hold.
    if value in (".", "..") or "/" in value or any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        raise usage(f"{name} is {{seen}}", "it must not be '.' or '..' nor hold '/' or control characters", value)
    return value


def _conditions(parameters: Mapping[str, Any]) -> Conditions | None:
    if not parameters["wait"]:
        # An empty list or text counts as well, where it is not the default: often it is a template that came out empty.
        stray = [
            option.name for option in OPTIONS if option.name in _GATE_ONLY and parameters[option.name] != option.default
        ]
        if parameters["on_missing"] == "wait":
            stray.append("on_missing: wait")
        if stray:
            each = "each of " if len(stray) > 1 else ""
            raise usage(f"{each}{listed(stray)} needs wait: true", "without it no gate is held")
        return None
    conditions = Conditions(
        success_phases=_phases(parameters, "success_phases"),
        failure_phases=_phases(parameters, "failure_phases"),
        ready=parameters["ready"],
        version=_filled(parameters, "version"),
        images=_filled_list(parameters, "images"),
        missing_after=_phases(parameters, "missing_after"),
        **{
            name: parameters[name]
            for name in (
                "stable_for",
                "stall_timeout",
                "on_missing",
                "wait_timeout",
                "wait_sleep",
                "request_timeout",
                "request_retries",
            )
        },
    )
    _check_together(conditions)
    return conditions


def _check_together(conditions: Conditions) -> None:
    if not conditions.success_phases:
        raise usage("wait: true needs success_phases", "name the phases in which the gate may open")
    both = [phase for phase in conditions.success_phases if is_phase(phase, conditions.failure_phases)]
    if both:
        raise usage(
            "success_phases and failure_phases both hold {seen}",
            remedy="a phase opens the gate or fails it, not both",
            seen=listed(both),
        )
    if conditions.stable_for >= conditions.wait_timeout:
        raise usage(
            f"stable_for ({conditions.stable_for:g} s) is not below wait_timeout ({conditions.wait_timeout:g} s)",
            "the gate could never open; timeout and async of a task cut wait_timeout to 2 s less than theirs",
        )
    if conditions.on_missing == "accept" and not conditions.missing_after:
        raise usage(
            "on_missing: accept needs missing_after", "name the phases after which a disappearance is a success"
        )


def _filled(parameters: Mapping[str, Any], name: str) -> str | None:
    value: str | None = parameters[name]
    if value is not None and not value.strip():
        raise usage(f"{name} is empty", "give a value or leave the option out")
    return value


def _filled_list(parameters: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = tuple(parameters[name] or ())
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise usage(f"{name} has an empty entry", "fill it or leave it out")
    return values


def _phases(parameters: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(phase.strip() for phase in _filled_list(parameters, name))


def _parse_connection(parameters: Mapping[str, Any], variables: Mapping[str, Any]) -> Connection:
    texts = [option.name for option in CONNECTION_OPTIONS if option.type in ("str", "path") and not option.choices]
    given = {name: parameters[name] for name in texts if parameters.get(name) is not None}
    for values, prefix in ((given, ""), (variables, VARIABLE_PREFIX)):
        for name, value in values.items():
            if not value.strip():
                raise usage(f"{prefix}{name} is empty", "give a value or leave it out")
    return Connection(given, variables, parameters["auth_type"], parameters["validate_certs"])
