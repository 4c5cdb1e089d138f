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
from dataclasses import dataclass, replace
from typing import Any

from ..errors import usage
from ..sanitize import listed

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
    sources. `environment` holds pairs of a family of `ENVIRONMENT_SOURCES` and the variable's name in it. `suboptions`
    are those of each entry of a list of dictionaries. `accepts_number` marks text that may be given as a number.
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
    accepts_number: bool = False

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
        if self.suboptions:
            argument["options"] = {option.name: option.argument() for option in self.suboptions}
        return argument


def _connection(name: str, sdk: str = "", terraform: str = "", openstack: str = "", **more: Any) -> Option:
    named = ((SDK, sdk), (TERRAFORM, terraform), (OPENSTACK, openstack))
    return Option(name, connection=True, environment=tuple(pair for pair in named if pair[1]), **more)


def _credential(name: str, sdk: str = "", terraform: str = "", openstack: str = "", **more: Any) -> Option:
    return _connection(name, sdk, terraform, openstack, credential=True, **more)


OPTIONS: tuple[Option, ...] = (
    Option("mesh_id", required=True),
    Option("namespace"),
    Option("release_id"),
    Option(
        "releases",
        "list",
        elements="dict",
        suboptions=(
            Option("namespace"),
            Option("release_id", required=True),
            Option("version"),
            Option("images", "list", elements="str"),
        ),
    ),
    Option("service", "list", elements="str"),
    Option("name", "list", elements="str"),
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
    Option("require", default="all", accepts_number=True),
    Option("minimum", "int"),
    Option("ignore_phases", "list", elements="str"),
    Option("wait_timeout", "int", 600),
    Option("wait_sleep", "int", 10),
    Option("request_timeout", "int", 15),
    Option("request_retries", "int", 3),
    Option("requests_per_minute", "int", 30),
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

SOURCE_REFUSED: Mapping[str, str] = {
    "wait": "the event source always watches; success_phases gives each release a gate",
    "require": "each release has a gate and events of its own",
    "minimum": "each release has a gate and events of its own, and one that appears later is watched as well",
    "ignore_phases": "what is there at the first poll starts nothing, whatever its phase is",
}
"""Options that the event source does not take, and why."""

SOURCE_OPTIONS: tuple[Option, ...] = (
    *(option for option in OPTIONS if option.name not in SOURCE_REFUSED),
    Option("initial", "bool", False),
    Option("state_file", "path"),
    Option("feedback", "bool", False),
)
"""The options of the event source."""

_DEFAULTS = {option.name: option.default for option in OPTIONS}

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
    ("requests_per_minute", 1, 1_000_000),
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
    "require",
    "minimum",
    "ignore_phases",
)

_SELECTING = ("service", "name")
NAMING_OPTIONS = ("mesh_id", "namespace", "release_id", "releases", *_SELECTING)
"""What says which releases are meant, in an entry of `releases` as well."""
_OF_A_SELECTION = ("minimum", "ignore_phases")
_OF_EACH_RELEASE = ("version", "images")


def argument_spec() -> dict[str, dict[str, Any]]:
    """Return the argument spec of `asm_release_info`."""
    return {option.name: option.argument() for option in OPTIONS}


def with_defaults(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with defaults for what is missing or null: Ansible leaves a null as it is."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return {option.name: given.get(option.name, option.default) for option in OPTIONS}


def source_argument_spec() -> dict[str, dict[str, Any]]:
    """Return the argument spec of the event source."""
    return {option.name: option.argument() for option in SOURCE_OPTIONS}


@dataclass(frozen=True)
class Target:
    """Which release: three non-empty strings."""

    mesh_id: str
    namespace: str
    release_id: str


@dataclass(frozen=True)
class Named:
    """One release of several: its id, and what it alone must meet besides the conditions of all."""

    namespace: str
    release_id: str
    version: str | None = None
    images: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """Every release of a mesh, narrowed by what is given: a namespace, services, names."""

    namespace: str | None = None
    services: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Several:
    """Which releases of one mesh, and how many of them must reach.

    Attributes:
        releases: by id, in their order, or what selects them.
        require: how many; None for all.
        minimum: how many must be there at least; those of a list are all there to be.
        ignore_phases: a selected release that is in one of these when it is first seen is left out.
        requests_per_minute: budget of single reads.
    """

    mesh_id: str
    releases: tuple[Named, ...] | Selection
    require: int | None = None
    minimum: int = 0
    ignore_phases: tuple[str, ...] = ()
    requests_per_minute: int = 30


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

    target: Target | Several
    conditions: Conditions | None
    connection: Connection
    on_missing: str
    request_timeout: float
    request_retries: int
    manifests: bool


@dataclass(frozen=True)
class SourceOptions:
    """All options of the event source, checked.

    Attributes:
        options: what each poll needs; it has no conditions, because no poll is to give a verdict.
        several: which releases.
        conditions: of the gate of each release, None without `success_phases`.
        wait_sleep: seconds between two polls.
        initial: whether the first poll tells what is there.
        state_file: where what was seen is kept, None for nowhere.
    """

    options: Options
    several: Several
    conditions: Conditions | None
    wait_sleep: float
    initial: bool
    state_file: str | None


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
        target=_target(parameters),
        conditions=_conditions(parameters),
        connection=_parse_connection(parameters, variables or {}),
        on_missing=parameters["on_missing"],
        request_timeout=parameters["request_timeout"],
        request_retries=parameters["request_retries"],
        manifests=parameters["manifests"],
    )


def parse_source(parameters: Mapping[str, Any]) -> SourceOptions:
    """Return the options of the event source.

    Args:
        parameters: options by name, typed as Ansible's argument spec leaves them.

    Raises:
        AsmError: kind `usage`, naming the option.
    """
    given = with_defaults(parameters)
    gated = given["success_phases"] is not None
    if not gated:
        _refuse_without_gate(given)
    elif not given["success_phases"]:
        raise usage("success_phases is empty", "name the phases in which the gate of a release may open")
    # A selection that waits needs a minimum; here nothing is decided by how many there are.
    is_selection = given["release_id"] is None and given["releases"] is None
    given["minimum"] = 1 if gated and is_selection else None
    # A release that is not there yet may appear, whatever on_missing says.
    given["on_missing"] = given["on_missing"] if gated else "fail"
    options = parse({**given, "wait": gated})
    several = options.target
    if isinstance(several, Target):
        one = Named(several.namespace, several.release_id)
        several = Several(several.mesh_id, (one,), minimum=1, requests_per_minute=given["requests_per_minute"])
    return SourceOptions(
        replace(options, target=several, conditions=None),
        several,
        options.conditions,
        given["wait_sleep"],
        bool(parameters.get("initial")),
        _filled({"state_file": parameters.get("state_file")}, "state_file"),
    )


def _refuse_without_gate(given: Mapping[str, Any]) -> None:
    """Refuse what belongs to a gate where there is none: nobody must believe that there was one."""
    stray = [name for name in _GATE_ONLY if name not in SOURCE_REFUSED and given[name] != _DEFAULTS[name]]
    if given["on_missing"] == "accept":
        stray.append("on_missing: accept")
    for index, entry in enumerate(given["releases"] or ()):
        stray += [f"releases[{index}].{name}" for name in _OF_EACH_RELEASE if entry.get(name) is not None]
    if stray:
        each = "each of " if len(stray) > 1 else ""
        raise usage(f"{each}{listed(stray)} needs success_phases", "without it no release has a gate")


def _target(parameters: Mapping[str, Any]) -> Target | Several:
    ways = [name for name in ("release_id", "releases", *_SELECTING) if parameters[name] is not None]
    if len(ways) > 1 and set(ways) != set(_SELECTING):
        raise usage(f"{' and '.join(ways)} exclude each other", "say in one way which releases are meant")
    mesh_id = _identifier("mesh_id", parameters["mesh_id"])
    if "release_id" in ways:
        stray = [name for name in ("require", *_OF_A_SELECTION) if parameters[name] != _DEFAULTS[name]]
        if stray:
            raise usage(f"{listed(stray)} and release_id exclude each other", "one release is all or nothing")
        return Target(mesh_id, *(_identifier(name, parameters[name]) for name in ("namespace", "release_id")))
    return _named(mesh_id, parameters) if "releases" in ways else _selected(mesh_id, parameters)


def _named(mesh_id: str, parameters: Mapping[str, Any]) -> Several:
    stray = [name for name in _OF_A_SELECTION if parameters[name] is not None]
    if stray:
        raise usage(f"{listed(stray)} and releases exclude each other", "a list names each release that must be there")
    entries = parameters["releases"]
    if not entries:
        raise usage("releases is empty", "name at least one release: nobody waits for none")
    releases = tuple(_named_entry(f"releases[{index}]", entry, parameters) for index, entry in enumerate(entries))
    known: set[tuple[str, str]] = set()
    for each in releases:
        if (each.namespace, each.release_id) in known:
            named = f"{each.namespace}/{each.release_id}"
            raise usage("releases has {seen} twice", remedy="name each release once", seen=named)
        known.add((each.namespace, each.release_id))
    require = _require(parameters)
    if require is not None and require > len(releases):
        raise usage(f"require is {require}, and releases has {len(releases)}", "so many can never reach")
    return Several(
        mesh_id, releases, require, minimum=len(releases), requests_per_minute=parameters["requests_per_minute"]
    )


def _named_entry(place: str, entry: Mapping[str, Any], parameters: Mapping[str, Any]) -> Named:
    stray = [name for name in _OF_EACH_RELEASE if entry.get(name) is not None and not parameters["wait"]]
    if stray:
        raise usage(f"{place}.{stray[0]} needs wait: true", "without it no gate is held")
    if entry.get("images") is not None and not entry["images"]:
        raise usage(f"{place}.images is empty", "name an image or leave it out")
    own = {f"{place}.{name}": entry.get(name) for name in _OF_EACH_RELEASE}
    namespace = entry.get("namespace")
    return Named(
        _identifier(f"{place}.namespace", parameters["namespace"] if namespace is None else namespace),
        _identifier(f"{place}.release_id", entry["release_id"]),
        _filled(own, f"{place}.version"),
        _filled_list(own, f"{place}.images"),
    )


def _selected(mesh_id: str, parameters: Mapping[str, Any]) -> Several:
    for name in _SELECTING:
        if parameters[name] is not None and not parameters[name]:
            raise usage(f"{name} is empty", "name at least one, or leave it out to select every release of the mesh")
    namespace = parameters["namespace"]
    selection = Selection(
        None if namespace is None else _identifier("namespace", namespace),
        _filled_list(parameters, "service"),
        _filled_list(parameters, "name"),
    )
    minimum, require = parameters["minimum"], _require(parameters)
    if parameters["wait"] and minimum is None:
        raise usage(
            "a selection that waits needs minimum",
            "say how many releases must be there at least, or name one with release_id or several with releases",
        )
    if minimum is not None and minimum < 1:
        raise usage(f"minimum is {minimum}", "it must be 1 or more: an empty selection must not open a gate")
    return Several(
        mesh_id,
        selection,
        require,
        max(minimum or 0, require or 0),
        _phases(parameters, "ignore_phases"),
        parameters["requests_per_minute"],
    )


def _require(parameters: Mapping[str, Any]) -> int | None:
    """Return how many releases must reach, None for all."""
    text = (parameters["require"] or "").strip().casefold()
    if text in ("all", "any"):
        return None if text == "all" else 1
    # isdecimal() accepts digits of other scripts, and so does int(); nobody has releases of ten digits.
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) >= 1:
        return int(text)
    raise usage(
        "require is {seen}", remedy="it must be all, any, or a number of releases from 1", seen=parameters["require"]
    )


def is_segment(value: str) -> bool:
    """Return whether a text, percent-encoded, is one segment of a path and leads nowhere else."""
    # Cc: control characters; Cs: halves of a surrogate pair, which no URL can hold.
    ill = "/" in value or any(unicodedata.category(character) in ("Cc", "Cs") for character in value)
    return bool(value.strip()) and value not in (".", "..") and not ill


def _identifier(name: str, value: str | None) -> str:
    """Return an id that fits into one segment of a path."""
    # A null passes for a given option with Ansible.
    if value is None:
        raise usage(f"{name} is missing", "give it as the ASM console shows it")
    if not value.strip():
        raise usage(f"{name} is empty", "give it as the ASM console shows it")
    if not is_segment(value):
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
    if parameters["images"] is not None and not parameters["images"]:
        raise usage("images is empty", "name an image or leave it out")
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
