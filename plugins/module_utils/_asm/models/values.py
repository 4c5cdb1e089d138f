# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decoded JSON of unknown shape: read a part of it, or get an empty value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def as_object(value: Any) -> Mapping[str, Any]:
    """Return a decoded value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> Sequence[Any]:
    """Return a decoded value if it is a list, else an empty one."""
    return value if isinstance(value, list) else ()


def as_text(value: Any) -> str:
    """Return a decoded value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def plain_values(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an object whose values are neither objects nor lists."""
    return {key: value for key, value in content.items() if not isinstance(value, (dict, list))}
