# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source of the installed collection, on a clock that is as fast as the variable CLOCK_SPEED says.

Every time that it knows is shorter by that: intervals, the budget of requests, pauses after errors.
"""

from __future__ import annotations

import os
import runpy
import time
from typing import TYPE_CHECKING, Any

from ansible_rulebook.collection import find_source

if TYPE_CHECKING:
    from collections.abc import Callable

_SPEED = float(os.environ["CLOCK_SPEED"])
# As ansible-rulebook loads it.
main = runpy.run_path(find_source("huaweicloud.asm", "asm_release"))["main"]
_Runtime = main.__globals__["Runtime"]


def _monotonic() -> float:
    return time.monotonic() * _SPEED


def _fast_runtime(sleep: Callable[[float], None], **others: Any) -> Any:
    return _Runtime(monotonic=_monotonic, sleep=lambda seconds: sleep(seconds / _SPEED), **others)


main.__globals__["Runtime"] = _fast_runtime
