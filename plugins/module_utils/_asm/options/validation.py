# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a call or of the event source, checked for what Ansible's argument spec cannot say."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any

from ..errors import UsageError
from ..sanitize import Sanitizer, listed
from .request import Conditions, ConnectionOptions, GateOptions, ReleaseTarget, Request, Schedule, SourceRequest
from .spec import (
    CONNECTION_OPTIONS,
    OPTIONS,
    SECRET_OPTIONS,
    SOURCE_OPTIONS,
    VARIABLE_PREFIX,
    Option,
    with_defaults,
)


def sanitizer_for(*given: Mapping[str, Any]) -> Sanitizer:
    """Return a `Sanitizer` that knows the secrets among options of any type."""
    sanitizer = Sanitizer()
    for options in given:
        sanitizer.learn(*(scalar_text(options.get(name)) for name in SECRET_OPTIONS))
    return sanitizer


def parse(parameters: Mapping[str, Any], variables: Mapping[str, Any] | None = None) -> Request:
    """Return the options of one call.

    Args:
        parameters: options by name, as the argument spec with `argument_rules` leaves them.
        variables: credentials from Ansible variables (lookup only), likewise.

    Raises:
        UsageError: names the option.
    """
    given = with_defaults(parameters)
    _check_bounds(given, OPTIONS)
    targets = _targets(given)
    return Request(
        mesh_id=_segment("mesh_id", given["mesh_id"]),
        targets=targets,
        namespace=None if given["namespace"] is None else _segment("namespace", given["namespace"]),
        is_single=given["releases"] is None and bool(targets),
        gate=_gate(given, targets),
        schedule=_schedule(given),
        connection=_connection(given, variables or {}),
        on_missing=given["on_missing"],
        manifests=given["manifests"],
    )


def parse_source(parameters: Mapping[str, Any]) -> SourceRequest:
    """Return the options of the event source.

    Args:
        parameters: options by name, as the argument spec with `source_argument_rules` leaves them.

    Raises:
        UsageError: names the option.
    """
    given = with_defaults(parameters, SOURCE_OPTIONS)
    _check_bounds(given, SOURCE_OPTIONS)
    has_gate = given["success_phases"] is not None
    if not has_gate:
        _refuse(_gate_options(given, SOURCE_OPTIONS), "success_phases", "without it no release has a gate")
    return SourceRequest(
        mesh_ids=tuple(dict.fromkeys(_segment("mesh_id", each) for each in _filled_list(given, "mesh_id"))),
        namespaces=_filled_list(given, "namespace"),
        services=_filled_list(given, "service"),
        names=_filled_list(given, "name"),
        conditions=_conditions(given) if has_gate else None,
        schedule=_schedule(given),
        connection=_connection(given, {}),
        initial=given["initial"],
        state_file=_filled(given, "state_file"),
        manifests=given["manifests"],
    )


def scalar_text(value: Any) -> str:
    """Return text or a scalar of YAML as text, and empty text for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    # Python makes no text of an integer with thousands of digits.
    if isinstance(value, int) and value.bit_length() > 64:
        return ""
    return str(value) if isinstance(value, (str, int, float, date)) else ""


def _check_bounds(given: Mapping[str, Any], options: Iterable[Option]) -> None:
    for option in options:
        value = given[option.name]
        if option.least is not None and value < option.least:
            raise UsageError(f"{option.name} is {value}", f"it must be {option.least} or more")
        if option.most is not None and value > option.most:
            # Not shown: it may have any number of digits.
            raise UsageError(f"{option.name} is too large", f"it must be {option.most} or less")


def _targets(given: Mapping[str, Any]) -> tuple[ReleaseTarget, ...]:
    if given["releases"] is None:
        is_single = given["release_id"] is not None or given["service"] is not None
        return (_target(given, given, ""),) if is_single else ()
    if not given["releases"]:
        raise UsageError("releases is empty", "name at least one release")
    targets = tuple(_target(entry, given, place) for place, entry in _entries(given))
    for target in targets:
        if targets.count(target) > 1:
            name = f"{target.namespace}/{target.name}"
            problem = "releases has {seen} twice"
            raise UsageError(problem, "name each release once", seen=name)
    return targets


def _entries(given: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the entries of `releases`, each with what stands before the names of its options in an error."""
    return [(f"releases[{index}].", entry) for index, entry in enumerate(given["releases"] or ())]


def _target(entry: Mapping[str, Any], given: Mapping[str, Any], place: str) -> ReleaseTarget:
    namespace = entry.get("namespace")
    named = {name: entry[name] for name in ("release_id", "service") if entry.get(name) is not None}
    return ReleaseTarget(
        _segment("mesh_id", given["mesh_id"]),
        _segment(f"{place}namespace", given["namespace"] if namespace is None else namespace),
        **{name: _segment(place + name, value) for name, value in named.items()},
    )


def is_segment(value: str) -> bool:
    """Return whether an id, percent-encoded, is one segment of a URL's path and leads nowhere else."""
    # Cc: control characters; Cs: halves of a surrogate pair, which no URL can hold.
    is_ill = "/" in value or any(unicodedata.category(character) in ("Cc", "Cs") for character in value)
    return bool(value.strip()) and not is_ill and value not in (".", "..")


def _segment(place: str, value: str | None) -> str:
    """Return an id that is one segment of a URL's path."""
    if value is None or not value.strip():
        raise UsageError(f"{place} is {'missing' if value is None else 'empty'}", "give it as the ASM console shows it")
    if not is_segment(value):
        raise UsageError(f"{place} is {{seen}}", "it must not be '.' or '..' nor hold '/' or control characters", value)
    return value


def _gate(given: Mapping[str, Any], targets: Sequence[ReleaseTarget]) -> GateOptions | None:
    if not given["wait"]:
        _refuse(_gate_options(given, OPTIONS), "wait: true", "without it the task only reads")
        return None
    if not targets:
        # The argument spec says so as well. A caller that forgets its rules must not turn a gate into a read.
        raise UsageError("wait: true names no release", "name what the gate waits for")
    conditions = _conditions(given)
    return GateOptions(
        tuple(_of_entry(conditions, entry, place) for place, entry in _entries(given)) or (conditions,),
        _required(given, len(targets)),
    )


def _gate_options(given: Mapping[str, Any], options: Iterable[Option]) -> list[str]:
    """Return the names of what was given and needs a gate, an empty list included where there is no default."""
    names = [option.name for option in options if option.needs_gate and given[option.name] != option.default]
    if given["on_missing"] == "wait" and "on_missing" not in names:
        names.append("on_missing: wait")
    of_entries = [
        place + option.name
        for listing in options
        for place, entry in (_entries(given) if listing.suboptions else ())
        for option in listing.suboptions
        if option.needs_gate and entry.get(option.name) is not None
    ]
    return names + of_entries


def _refuse(names: Sequence[str], needed: str, hint: str) -> None:
    if names:
        raise UsageError(f"{listed(names)} {'need' if len(names) > 1 else 'needs'} {needed}", hint)


def _conditions(given: Mapping[str, Any]) -> Conditions:
    """Return the conditions of the task."""
    options = {option.name: option for option in OPTIONS}
    conditions = Conditions(**{field.name: _condition(options[field.name], given) for field in fields(Conditions)})
    if not conditions.success_phases:
        raise UsageError("success_phases is missing", "name the phases in which the gate opens")
    failures = {phase.casefold() for phase in conditions.failure_phases}
    both = [phase for phase in conditions.success_phases if phase.casefold() in failures]
    if both:
        problem = "success_phases and failure_phases overlap: {seen}"
        raise UsageError(problem, "a phase can be in one of them only", seen=listed(both))
    if conditions.stable_for >= given["wait_timeout"]:
        raise UsageError(
            f"stable_for ({conditions.stable_for} s) is not less than wait_timeout ({given['wait_timeout']} s)",
            "the gate could never open; timeout and async of the task cut wait_timeout to 2 s less than theirs",
        )
    if conditions.on_missing == "accept" and not conditions.missing_after:
        raise UsageError(
            "on_missing: accept needs missing_after", "name the phases after which a disappearance is a success"
        )
    return conditions


def _condition(option: Option, given: Mapping[str, Any]) -> Any:
    """Return the value of an option as `Conditions` has it; a list is empty only where that is the default."""
    if option.type == "list":
        return () if given[option.name] == option.default else _filled_list(given, option.name)
    return _filled(given, option.name) if option.type == "str" else given[option.name]


def _of_entry(conditions: Conditions, entry: Mapping[str, Any], place: str) -> Conditions:
    """Return the conditions with the version and images of an entry of `releases`, where it has its own."""
    version = _filled(entry, "version", place)
    images = _filled_list(entry, "images", place)
    return replace(conditions, version=version or conditions.version, images=images or conditions.images)


def _required(given: Mapping[str, Any], count: int) -> int:
    """Return how many of so many targets must meet their conditions."""
    text = given["require"].strip().casefold()
    if given["releases"] is None and text != "all":
        raise UsageError("require is given for one release", "use it with releases")
    if text in ("all", "any"):
        return count if text == "all" else 1
    # isdecimal() accepts digits of other scripts, and so does int(); no mesh has releases of ten digits.
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) >= 1):
        problem, hint = "require is {seen}", "it must be all, any, or a number of releases from 1"
        raise UsageError(problem, hint, seen=given["require"])
    if int(text) > count:
        raise UsageError(f"require is {int(text)}, and releases has {count}", "the gate could never open")
    return int(text)


def _schedule(given: Mapping[str, Any]) -> Schedule:
    return Schedule(**{field.name: given[field.name] for field in fields(Schedule)})


def _filled(given: Mapping[str, Any], name: str, place: str = "") -> str | None:
    value: str | None = given.get(name)
    if value is not None and not value.strip():
        raise UsageError(f"{place}{name} is empty", "give a value or leave the option out")
    return value


def _filled_list(given: Mapping[str, Any], name: str, place: str = "") -> tuple[str, ...]:
    """Return the stripped texts of a list, empty if it is absent."""
    values = given.get(name)
    if values is None:
        return ()
    if not values:
        raise UsageError(f"{place}{name} is empty", "name at least one or leave the option out")
    if not all(value.strip() for value in values):
        raise UsageError(f"{place}{name} has an empty entry", "fill the entry or remove it")
    return tuple(value.strip() for value in values)


def _connection(given: Mapping[str, Any], variables: Mapping[str, Any]) -> ConnectionOptions:
    texts = [option.name for option in CONNECTION_OPTIONS if option.type in ("str", "path") and not option.choices]
    options = {name: value for name in texts if (value := _filled(given, name)) is not None}
    for name in variables:
        _filled(variables, name, VARIABLE_PREFIX)
    return ConnectionOptions(
        options, variables, given["auth_type"], given["validate_certs"], float(given["request_timeout"])
    )
