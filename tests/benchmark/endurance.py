# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold one gate for many reads in this process; print its memory as JSON: ``endurance URL RELEASE WARM_READS``.

The requests are true; the pauses are scripted, so that no hours pass.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import run
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime, TaskContext

from . import playbooks

DAY = 24 * 3600


class Clock:
    """The system's clock, set forward by each pause."""

    def __init__(self) -> None:
        self._passed = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._passed

    def sleep(self, seconds: float) -> None:
        self._passed += seconds


class Observer:
    """Notes the resident memory before a given read: the pause before it checks whether the call was cancelled."""

    def __init__(self, warm_reads: int) -> None:
        self._reads = 0
        self._warm_reads = warm_reads
        self.warm = 0

    def __call__(self) -> bool:
        self._reads += 1
        if self._reads == self._warm_reads:
            self.warm = resident()
        return False


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    pages = Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def main(url: str, release_id: str, warm_reads: int) -> None:
    """Hold the gate until it opens; the scenario says after how many reads."""
    clock, observer = Clock(), Observer(warm_reads)
    runtime = Runtime({}, clock.monotonic, clock.sleep, jitter=lambda: 1.0, is_cancelled=observer)
    options = playbooks.controller(
        url,
        release_id,
        wait=True,
        success_phases=[playbooks.READY],
        wait_sleep=1,
        wait_timeout=DAY,
    )
    (parameters,) = options.values()
    result = run(parameters, TaskContext(), runtime).result
    if result["gate"]["outcome"] != "reached":
        raise RuntimeError(result["msg"])
    json.dump({"reads": result["gate"]["requests"], "warm": observer.warm, "last": resident()}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
