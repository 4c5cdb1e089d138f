# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is checked before Ansible's argument spec: it makes text of the number 1.1, and ignores a null."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.validation import check_type_bool

from ..errors import UsageError
from ..sanitize import Sanitizer, printable
from .spec import OPTIONS, Option
from .validation import scalar_text

if TYPE_CHECKING:
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

QUOTE_IT = "quote it in YAML, or add | string to the template that makes it"

_CIPHERTEXT = "$ANSIBLE_VAULT;"

_TYPES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (bool, "a boolean"),
    ((int, float), "a number"),
    (date, "a date"),
    (str, "text"),
    (Mapping, "a mapping"),
    ((list, tuple), "a list"),
    ((set, frozenset), "a set"),
    (bytes, "binary data"),
)

_MOST_DIGITS = 20
"""Digits of a number given as text or with a fraction; the bounds of all options are far below."""


def check_raw(
    given: Mapping[str, Any], options: Sequence[Option] = OPTIONS, hint: str = QUOTE_IT, prefix: str = ""
) -> dict[str, Any]:
    """Return the given options without nulls, checked before the argument spec: it makes text of the number 1.1.

    Args:
        given: option values by name, decrypted, otherwise as YAML and templates left them.
        options: the known options.
        hint: what to do about a number, a boolean or a date where text is needed.
        prefix: text before the name of an option in an error.

    Raises:
        UsageError: names the option; values of secret options are not shown.
    """
    known = {option.name: option for option in options}
    checked = {}
    for name, value in given.items():
        if name not in known:
            raise unknown_option(name, known, prefix)
        if value is not None:
            checked[name] = _checked(known[name], prefix + name, value, hint)
        elif known[name].names_release:
            # Often a template that came out empty. As absent, it would widen the read to every release of the mesh.
            raise UsageError(f"{prefix}{name} is null", "give a value or leave the option out")
    return checked


def check_text(place: str, value: Any, hint: str = QUOTE_IT, is_secret: bool = False) -> None:
    """Refuse a value that is not text.

    Raises:
        UsageError: names the place; the value is shown if it is a scalar and not secret.
    """
    if isinstance(value, str):
        if value.startswith(_CIPHERTEXT):
            raise UsageError(f"{place} is still encrypted with Ansible Vault", "give the vault password or vault ID")
        return
    raise UsageError(
        f"{place} is {_type_of(value) if is_secret else _seen(value)}, and must be text",
        hint if isinstance(value, (int, float, date)) else "give text",
    )


def unknown_option(name: str, known: Iterable[str], prefix: str = "") -> UsageError:
    """Return the error of an option that does not exist, with the nearest name that does."""
    nearest = suggestion(name, known)
    hint = f"did you mean {nearest}?" if nearest else "see the documentation for the names of all options"
    # A name in quotes is hard to find in a playbook; quotes are for text that may hold anything.
    if re.fullmatch(r"[A-Za-z0-9_]{1,40}", str(name)):
        return UsageError(f"unknown option {prefix}{name}", hint)
    return UsageError(f"unknown option {prefix}{{seen}}", hint, seen=str(name))


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the known name that is nearest to `name`, or empty text if none is near."""
    return next(iter(difflib.get_close_matches(str(name), list(known), 1)), "")


def typed(given: Mapping[str, Any], validator: ArgumentSpecValidator, sanitizer: Sanitizer) -> dict[str, Any]:
    """Return options that passed `check_raw`, typed and with defaults, as the argument spec leaves them.

    Raises:
        UsageError: the first message of the argument spec, without secrets.
    """
    result = validator.validate(dict(given))
    for message in result.error_messages:
        raise UsageError(printable(sanitizer.redact(message)).rstrip("."))
    parameters: dict[str, Any] = result.validated_parameters
    return parameters


def _checked(option: Option, place: str, value: Any, hint: str) -> Any:
    """Return the value of an option without nulls in its entries, or refuse its type."""
    if option.type == "list" and isinstance(value, (tuple, set, frozenset)):
        # Templates of ansible-core 2.19 and newer make lists of them, older ones do not.
        value = list(value)
    if option.suboptions:
        return _checked_entries(option, place, value, hint)
    if option.type == "int":
        return _whole_number(place, value)
    if option.type == "bool":
        return _boolean(place, value)
    if option.type == "list" and isinstance(value, list):
        for index, entry in enumerate(value):
            check_text(f"{place}[{index}]", entry, hint)
    elif option.type == "list" and not isinstance(value, (str, int, float, date)):
        raise UsageError(f"{place} is {_type_of(value)}", "give text or a list of text")
    elif option.type in ("list", "str", "path") and not option.accepts_number:
        check_text(place, value, hint, bool(option.no_log))
    return value


def _whole_number(place: str, value: Any) -> int:
    """Return a number as ansible-core 2.21 converts it: older ones refuse 7.0."""
    # A boolean is an int to Python, and Ansible takes true for 1.
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    with contextlib.suppress(InvalidOperation):
        number = Decimal(value if isinstance(value, (str, float)) else "")
        if number.is_finite() and number.adjusted() < _MOST_DIGITS and number == int(number):
            return int(number)
    raise _wrong_type(place, value, "give a whole number")


def _boolean(place: str, value: Any) -> bool:
    """Return a boolean as Ansible converts it; its message about a wrong one may not name the value."""
    try:
        is_true: bool = check_type_bool(value)
    except TypeError:
        raise _wrong_type(place, value, "give true or false") from None
    return is_true


def _wrong_type(place: str, value: Any, hint: str) -> UsageError:
    """Return the error of a value that is no number or no boolean; no option of these types is a secret."""
    if isinstance(value, str):
        check_text(place, value)
        return UsageError(f"{place} is {{seen}}", hint, seen=value)
    return UsageError(f"{place} is {_seen(value)}", hint)


def _checked_entries(option: Option, place: str, value: Any, hint: str) -> list[dict[str, Any]]:
    """Return a list of mappings. Ansible would read text as JSON there, with its numbers."""
    if not isinstance(value, list):
        raise UsageError(f"{place} is {_type_of(value)}", "give a list of mappings")
    for index, entry in enumerate(value):
        if not isinstance(entry, Mapping):
            raise UsageError(f"{place}[{index}] is {_type_of(entry)}", "give a mapping")
    return [check_raw(entry, option.suboptions, hint, f"{place}[{index}].") for index, entry in enumerate(value)]


def _seen(value: Any) -> str:
    """Return what a sentence says of a value that is not secret: its type, and a scalar itself."""
    scalar = scalar_text(value)
    return f"{_type_of(value)} ({scalar})" if scalar else _type_of(value)


def _type_of(value: Any) -> str:
    return next((word for types, word in _TYPES if isinstance(value, types)), f"of type {type(value).__name__}")
