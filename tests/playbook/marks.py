# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parameters of a test belong to `make test`, and which to `make slow` only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def slow_but_for(*chosen: str, of: Iterable[Any] | Mapping[str, Any]) -> list[Any]:
    """Return parameters for `pytest.mark.parametrize`, with the marker `slow` on all but the chosen ones.

    Args:
        chosen: ids of parameters; an unknown one is an error.
        of: values with an id (`pytest.param`), texts, or values by their id.
    """
    entries = [pytest.param(value, id=name) for name, value in of.items()] if isinstance(of, dict) else list(of)
    entries = [each if hasattr(each, "marks") else pytest.param(each, id=str(each)) for each in entries]
    unknown = set(chosen) - {each.id for each in entries}
    assert not unknown, f"no parameter has the id {sorted(unknown)}"
    return [
        each if each.id in chosen else pytest.param(*each.values, id=each.id, marks=[*each.marks, pytest.mark.slow])
        for each in entries
    ]
