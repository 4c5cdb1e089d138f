# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process and all that it started cost, as the system tells."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """Return the ids of a process and of all below it (workers of Ansible have sessions of their own)."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        # A process that has ended in the meantime is none of ours any more.
        with contextlib.suppress(OSError):
            # The name of a program, in brackets, may hold blanks and brackets.
            fields = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents[int(status.parent.name)] = int(fields[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def memory(root: int) -> int:
    """Return the bytes of a process and all below it, each shared page divided among those who share it."""
    total = 0
    for pid in tree(root):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def peak(pid: int | None = None) -> int:
    """Return the most bytes of a process (of this one by default) that were in memory at a time; 0 if it has ended.

    `getrusage` would also count what the process was before it became this program.
    """
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid or 'self'}/status").read_text(encoding="utf-8").splitlines()
        return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return 0


def cpu(root: int) -> float:
    """Return the seconds of user and system time of a process and all below it, those that have ended included."""
    total = 0
    for pid in tree(root):
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            # utime, stime, and those of children that were waited for.
            total += sum(int(ticks) for ticks in status.rpartition(")")[2].split()[11:15])
    return total / _TICKS


def kill(root: int) -> None:
    """Kill a process and all below it."""
    for pid in tree(root):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
