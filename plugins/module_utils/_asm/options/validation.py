# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as given, checked before Ansible's argument spec: it makes text of a number, and 1.10 is 1.1 then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ..errors import usage
from .spec import NAMING_OPTIONS, OPTIONS, SECRET_OPTIONS, Option
from ..sanitize import Cleaner

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
)


def checked(
    given: Mapping[str, Any], options: Iterable[Option] = OPTIONS, hint: str = QUOTE_IT, prefix: str = ""
) -> dict[str, Any]:
    """Return the given options without those that are null. Unknown options are left to the argument spec.

    Args:
        given: option values by name, decrypted, otherwise as YAML and templates left them.
        hint: what to do about a number, a boolean or a date where text is needed.
        prefix: is put before the name of an option in an error.

    Raises:
        AsmError: kind `usage`, naming the option; values of secret options are not shown.
    """
    for option in options:
        if option.name in given:
            _check(option, prefix + option.name, given[option.name], hint)
    return {name: value for name, value in given.items() if value is not None}


def check_text(place: str, value: Any, hint: str = QUOTE_IT, is_secret: bool = False) -> None:
    """Refuse a value that is no text.

    Raises:
        AsmError: kind `usage`, naming the place; the value is shown if it is a scalar and no secret.
    """
    if isinstance(value, str):
        if value.startswith(_CIPHERTEXT):
            raise usage(f"{place} is still encrypted with Ansible Vault", "give the vault password or vault ID as well")
        return
    scalar = "" if is_secret else _scalar_text(value)
    shown = f" ({scalar})" if scalar else ""
    raise usage(
        f"{place} is {_type_of(value)}{shown}, and must be text",
        hint if isinstance(value, (int, float, date)) else "give text",
    )


def cleaner_for(*given: Mapping[str, Any]) -> Cleaner:
    """Return a `Cleaner` that knows the secrets among options of any type."""
    cleaner = Cleaner()
    for options in given:
        cleaner.learn(*(_scalar_text(options.get(name)) for name in SECRET_OPTIONS))
    return cleaner


def _check(option: Option, place: str, value: Any, hint: str) -> None:
    if value is None:
        # Without it, a gate on one release would be one on every release of the mesh: often a template came out empty.
        if option.name in NAMING_OPTIONS:
            raise usage(f"{place} is null", "give a value or leave it out")
    elif option.suboptions:
        _check_entries(option, place, value, hint)
    elif option.type == "int":
        # Ansible takes true for 1.
        if isinstance(value, bool):
            raise usage(f"{place} is a boolean ({_scalar_text(value)})", "give a number")
    elif option.type == "list":
        if isinstance(value, list):
            for index, entry in enumerate(value):
                check_text(f"{place}[{index}]", entry, hint)
        else:
            check_text(place, value, hint)
    elif option.type in ("str", "path") and not option.accepts_number:
        check_text(place, value, hint, bool(option.no_log))


def _check_entries(option: Option, place: str, value: Any, hint: str) -> None:
    """Check a list of mappings. Ansible would read text as JSON there, with its numbers."""
    if not isinstance(value, list):
        raise usage(f"{place} is {_type_of(value)}", "give a list of mappings")
    for index, entry in enumerate(value):
        if not isinstance(entry, Mapping):
            raise usage(f"{place}[{index}] is {_type_of(entry)}", "give a mapping")
        checked(entry, option.suboptions, hint, f"{place}[{index}].")


def _type_of(value: Any) -> str:
    return next((word for types, word in _TYPES if isinstance(value, types)), f"of type {type(value).__name__}")


def _scalar_text(value: Any) -> str:
    """Return text or a scalar of YAML as text, and empty text for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    # Python makes no text of an integer with thousands of digits.
    if isinstance(value, int) and value.bit_length() > 64:
        return ""
    return str(value) if isinstance(value, (str, int, float, date)) else ""
