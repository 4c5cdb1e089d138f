# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strict JSON: UTF-8, no name twice in an object, and no number that JSON does not have."""

from __future__ import annotations

import json
import math
from typing import Any


class AmbiguousError(ValueError):
    """A name is twice in one object: it can be read in two ways, and the gate must not choose."""


def loads(content: bytes) -> Any:
    """Return a JSON document.

    Raises:
        AmbiguousError: an object has a name twice.
        ValueError: the content is not JSON.
        RecursionError: it is nested too deeply.
    """
    # Not the bytes themselves: Python would guess their encoding.
    text = content.decode("utf-8")
    return json.loads(text, object_pairs_hook=unambiguous, parse_constant=_refuse_constant, parse_float=_finite)


def unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, as a hook of `json.loads`.

    Raises:
        AmbiguousError: a name is in it twice.
    """
    content = dict(pairs)
    if len(content) != len(pairs):
        raise AmbiguousError("an object has a name twice")
    return content


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    """Return a number that can be written as JSON again: 1e999 becomes an infinity, which cannot."""
    found = float(number)
    return found if math.isfinite(found) else _refuse_constant(number)
