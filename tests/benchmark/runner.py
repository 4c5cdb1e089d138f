# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook with nothing of this machine's environment, and say what it cost."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..playbook.harness import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PLUGINS = Path(__file__).resolve().parent / "plugins"
WITHIN = 300.0
"""Seconds after which a run is ended."""

CONFIGURATION = """\
[defaults]
collections_path = {collections}
callback_plugins = {plugins}/callback
callbacks_enabled = stopwatch
interpreter_python = {python}
localhost_warning = false
forks = 50
nocolor = true
nocows = true
"""


@dataclass(frozen=True)
class Event:
    """Something that the controller saw at ``at`` seconds of the system's monotonic clock.

    ``kind`` is ``play`` or ``task`` (it begins), ``item`` (the result of one item of a loop) or ``result`` (of a
    task on ``host``); ``task`` is the name.
    """

    at: float
    kind: str
    task: str
    host: str


@dataclass(frozen=True)
class Cost:
    """What one run cost, from the start of the program to its end.

    Attributes:
        wall: seconds.
        cpu: seconds of user and system time of the program and of all processes that it started and waited for.
        events: in the order in which they came.
        memory: bytes of all its processes after ``memory_after`` seconds, shared pages divided among their users (PSS).
    """

    wall: float
    cpu: float
    events: tuple[Event, ...]
    memory: int | None = None

    def times(self, kind: str, task: str) -> list[float]:
        """Return when events of a kind came, for the tasks whose names begin so."""
        return [event.at for event in self.events if event.kind == kind and event.task.startswith(task)]


class Runner:
    """Runs `ansible-playbook` with the collection under ``collections``; what it writes is in ``directory``."""

    def __init__(self, directory: Path, collections: Path) -> None:
        self._directory = directory
        self._numbers = itertools.count(1)
        self._configuration = directory / "ansible.cfg"
        self._configuration.write_text(
            CONFIGURATION.format(collections=collections, plugins=PLUGINS, python=sys.executable), encoding="utf-8"
        )

    def run(
        self,
        plays: Sequence[Mapping[str, Any]],
        *,
        hosts: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        memory_after: float | None = None,
    ) -> Cost:
        """Run a playbook.

        Args:
            plays: the playbook as data.
            hosts: an inventory, all of it this machine; without it only the implicit ``localhost``.
            environment: added to the clean one.
            memory_after: seconds after which memory is measured.

        Raises:
            RuntimeError: it failed, or took longer than ``WITHIN``; with what it printed.
        """
        # Contenders run side by side, each in a directory of its own.
        directory = self._directory / f"run-{next(self._numbers)}"
        directory.mkdir()
        playbook = directory / "playbook.yml"
        playbook.write_text(json.dumps(plays), encoding="utf-8")
        command = [str(PROGRAMS / "ansible-playbook"), str(playbook)]
        if hosts:
            local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
            inventory = {"all": {"hosts": dict.fromkeys(hosts, local)}}
            (directory / "inventory.yml").write_text(json.dumps(inventory), encoding="utf-8")
            command += ["-i", str(directory / "inventory.yml")]
        events = directory / "events"
        variables = {
            "ANSIBLE_CONFIG": str(self._configuration),
            "ANSIBLE_HOME": str(directory / "ansible"),
            "HOME": str(directory),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PATH": f"{PROGRAMS}{os.pathsep}{os.defpath}",
            "STOPWATCH_FILE": str(events),
            **(environment or {}),
        }
        wall, cpu, memory = _measured(command, variables, directory, memory_after)
        lines = events.read_text(encoding="utf-8").splitlines()
        return Cost(wall, cpu, tuple(Event(**json.loads(line)) for line in lines), memory)


def _measured(
    command: Sequence[str], environment: Mapping[str, str], directory: Path, memory_after: float | None
) -> tuple[float, float, int | None]:
    """Return wall and CPU seconds and, if wanted, bytes of memory."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        with _bounded(process.pid):
            memory = None
            if memory_after is not None:
                time.sleep(memory_after)
                memory = _memory(process.pid)
            # Of all ways to ask, this one gives the CPU time of this child alone, with its own children.
            _unused, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"a run ended with {process.returncode}:\n{output.read().decode(errors='replace')}")
    return wall, usage.ru_utime + usage.ru_stime, memory


@contextlib.contextmanager
def _bounded(pid: int) -> Iterator[None]:
    """Kill a process and all that it started if the block takes longer than ``WITHIN``."""

    def end() -> None:
        for each in _tree(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)

    timer = threading.Timer(WITHIN, end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _tree(root: int) -> list[int]:
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


def _memory(root: int) -> int:
    """Return the bytes of a process and all below it, each shared page divided among those who share it."""
    total = 0
    for pid in _tree(root):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total
