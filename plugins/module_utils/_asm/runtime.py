# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What surrounds a call: the process with its clocks and its environment, and the task. Tests replace it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Callable, NamedTuple

CUT_NAME = "_HUAWEICLOUD_ASM_CUT"
"""The variable that hands the sentence about a cut `wait_timeout` over to the module: an async task returns before its
module does."""


def _jitter() -> float:
    return random.uniform(0.9, 1.1)


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class Runtime(NamedTuple):
    """The process around a run.

    Attributes:
        environment: variables of the process.
        monotonic: seconds, on a clock that is never set.
        sleep: pauses for a number of seconds.
        now: wall clock, UTC.
        jitter: returns a factor near 1, so that many clients drift apart.
        is_cancelled: whether the caller no longer waits for the result.
    """

    environment: Mapping[str, str] = os.environ
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _utc_now
    jitter: Callable[[], float] = _jitter
    is_cancelled: Callable[[], bool] = lambda: False


class TaskContext(NamedTuple):
    """The task that a call belongs to.

    Attributes:
        check_mode: read once and do not wait.
        show: takes a progress line; None if none are wanted.
        cut: the sentence about a `wait_timeout` that a limit of the task has cut; empty if it was not.
        separately: return a flat result for each target instead of one for all.
    """

    check_mode: bool = False
    show: Callable[[str], None] | None = None
    cut: str = ""
    separately: bool = False
