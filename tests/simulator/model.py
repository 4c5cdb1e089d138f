# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of a scenario have in common: strict types, and the choice of requests that a fault is for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)

Text = Annotated[str, StringConstraints(min_length=1)]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0)]
Range = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*-([1-9][0-9]*)?$")]
Numbers = tuple[Count | Range, ...]
# GetAllReleases, GetReleaseByName and GetServiceAggregation.
Operation = Literal["list", "read", "service"]


def among(numbers: Numbers, number: int) -> bool:
    """Whether ``number`` is one of ``numbers``: single ones, ``"2-4"`` or ``"5-"``; none at all mean every one."""
    if not numbers:
        return True
    for entry in numbers:
        first, _unused, last = (str(entry) if isinstance(entry, str) else f"{entry}-{entry}").partition("-")
        if int(first) <= number and (not last or number <= int(last)):
            return True
    return False
