# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the real `ansible-playbook` and `ansible` in an environment that this module alone defines."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Unpack

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = Path(__file__).resolve().parent / "plugins"
# The programs of the environment that runs the tests: its ansible-core is the one under test.
PROGRAMS = Path(sys.executable).parent

HANGS_AFTER = 540.0
"""Seconds after which a program is taken to hang. No rule depends on it; pytest ends a test after 600 s."""

# The Python of every host is that of this environment; discovery could find one without `requests`. The directory of
# jobs is fixed because Ansible uses two different homes of the user on the local connection: that of the password
# database and that of the environment.
CONFIGURATION = """\
[defaults]
async_dir = {directory}/jobs
collections_path = {collections}
callback_plugins = {plugins}/callback
callbacks_enabled = record
bin_ansible_callbacks = true
connection_plugins = {plugins}/connection
become_plugins = {plugins}/become
interpreter_python = {python}
localhost_warning = false
nocolor = true
nocows = true
"""


@dataclass(frozen=True)
class TaskResult:
    """The result of one task on one host, as Ansible passes it to its callbacks."""

    host: str
    task: str
    action: str
    outcome: str
    """``ok``, ``failed``, ``ignored`` (failed, with `ignore_errors`), ``unreachable`` or ``skipped``."""
    result: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run of a program, from start to end."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float
    results: tuple[TaskResult, ...]

    @property
    def output(self) -> str:
        """Everything that the run printed."""
        return self.stdout + self.stderr

    def task(self, name: str, host: str | None = None) -> TaskResult:
        """Return the one result of the task (on ``host``), or fail with the output unless there is just one."""
        found = [entry for entry in self.results if entry.task == name and host in {None, entry.host}]
        assert len(found) == 1, f"{len(found)} results of the task {name!r} on {host or 'any host'}:\n{self.output}"
        return found[0]


@dataclass(frozen=True)
class Started:
    """A run that has not ended. ``main`` is the process of the program itself, and the leader of its group."""

    main: subprocess.Popen[str]
    record: Path

    @property
    def results(self) -> tuple[TaskResult, ...]:
        """Return the results of tasks so far."""
        return _recorded(self.record)

    def processes(self) -> list[int]:
        """Return the ids of all living processes of this run: workers and modules too, whatever their parent is by now.

        Each inherits the name of the record in its environment.
        """
        mark = f"RECORD_RESULTS_IN={self.record}".encode()
        return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdecimal() and _holds(place, mark)]

    def kill(self) -> None:
        """Kill each of them: workers of Ansible have sessions of their own, which no signal to a group reaches."""
        while living := self.processes():
            for process in living:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def wait_for_end(self, within: float = HANGS_AFTER) -> float:
        """Wait until none of its processes is left and return how many seconds that took.

        Raises:
            AssertionError: some still live after ``within`` seconds; the text says which.
        """
        begin = time.monotonic()
        while living := self.processes():
            try:
                handle = os.pidfd_open(living[0])
            except ProcessLookupError:
                continue
            try:
                ended = select.select([handle], [], [], max(0.0, begin + within - time.monotonic()))[0]
            finally:
                os.close(handle)
            assert ended, f"still there after {within} s: {[_command(process) for process in self.processes()]}"
        # Its environment is gone a moment before it is.
        self.main.wait(within)
        return time.monotonic() - begin


class Options(TypedDict, total=False):
    """Options of every run; a run that takes too long raises ``AssertionError`` with its output."""

    inventory: str | Path
    """A file or its text (YAML); without it there is only the implicit ``localhost``."""
    extra_vars: Mapping[str, Any]
    arguments: Sequence[str]
    environment: Mapping[str, str]
    """Added to the clean environment."""
    within: float
    """Seconds; `HANGS_AFTER` unless given."""


class Ansible:
    """The programs of ansible-core, with a home, a configuration and an environment of their own in ``directory``."""

    def __init__(self, directory: Path, collections: Path) -> None:
        self.directory = directory
        self._records = 0
        self._home = directory / "home"
        self._home.mkdir()
        self._configuration = directory / "ansible.cfg"
        self._configuration.write_text(
            CONFIGURATION.format(directory=directory, collections=collections, plugins=PLUGINS, python=sys.executable),
            encoding="utf-8",
        )

    def playbook(self, playbook: str | Path, **options: Unpack[Options]) -> Run:
        """Run `ansible-playbook` on a file, or on the text of a playbook."""
        return self._run(["ansible-playbook", str(self._file(playbook, "playbook.yml"))], options)

    def adhoc(
        self, pattern: str, module: str, module_arguments: str | Mapping[str, Any] = "", **options: Unpack[Options]
    ) -> Run:
        """Run `ansible PATTERN -m MODULE -a ARGUMENTS`."""
        if not isinstance(module_arguments, str):
            module_arguments = json.dumps(module_arguments)
        return self._run(["ansible", pattern, "-m", module, "-a", module_arguments], options)

    def shell(self, commands: str, **options: Unpack[Options]) -> Run:
        """Run commands in bash, which ends at the first that fails, as a step of a pipeline does."""
        return self._run(["/bin/bash", "-e", "-c", commands], options)

    def _file(self, text: str | Path, name: str) -> Path:
        if isinstance(text, Path):
            return text
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    @contextlib.contextmanager
    def started(self, playbook: str | Path, **options: Unpack[Options]) -> Iterator[Started]:
        """Start `ansible-playbook` and yield it while it runs; its processes that are left at the end are killed."""
        words, environment, record = self._prepared(
            ["ansible-playbook", str(self._file(playbook, "playbook.yml"))], options
        )
        running = Started(_popen(words, self.directory, environment), record)
        try:
            yield running
        finally:
            running.kill()
            running.main.communicate()

    def _run(self, command: Sequence[str], options: Options) -> Run:
        words, environment, record = self._prepared(command, options)
        within = options.get("within", HANGS_AFTER)
        returncode, stdout, stderr, seconds = _execute(words, self.directory, environment, within, record)
        return Run(returncode, stdout, stderr, seconds, _recorded(record))

    def _prepared(self, command: Sequence[str], options: Options) -> tuple[list[str], dict[str, str], Path]:
        """Return the words of a command, its environment, and the file in which its results are recorded."""
        words = [str(PROGRAMS / command[0]), *command[1:]]
        if "inventory" in options:
            words += ["-i", str(self._file(options["inventory"], "inventory.yml"))]
        if "extra_vars" in options:
            words += ["-e", json.dumps(options["extra_vars"])]
        words += options.get("arguments", ())
        self._records += 1
        record = self.directory / f"results-{self._records}.jsonl"
        return words, self._environment(record) | dict(options.get("environment", {})), record

    def _environment(self, record: Path) -> dict[str, str]:
        """Return all of the environment: no credential, proxy or setting of this machine gets through."""
        return {
            "ANSIBLE_CONFIG": str(self._configuration),
            "ANSIBLE_HOME": str(self._home / ".ansible"),
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PATH": f"{PROGRAMS}{os.pathsep}{os.defpath}",
            # Ansible prints sets; the controller and a module are two processes, and must print them alike.
            "PYTHONHASHSEED": "0",
            "RECORD_RESULTS_IN": str(record),
        }


def _holds(process: Path, variable: bytes) -> bool:
    """Return whether a process in /proc has this in its environment."""
    try:
        return variable in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        # It has ended, or belongs to another user.
        return False


def _command(process: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    return "one that has just ended"


def until(happened: Callable[[], bool], what: str, within: float = HANGS_AFTER) -> None:
    """Check every 20 ms whether something has happened; ``AssertionError`` if it does not happen in time."""
    deadline = time.monotonic() + within
    while not happened():
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.02)


def _recorded(record: Path) -> tuple[TaskResult, ...]:
    lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    return tuple(TaskResult(**json.loads(line)) for line in lines)


def _popen(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a command in a process group of its own, which no signal to the tests reaches."""
    # A shell makes what it starts in the background ignore Ctrl-C, descendants included; CI may be started like that.
    return subprocess.Popen(
        ["env", "--default-signal=INT", *command],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )


def _execute(
    command: Sequence[str], directory: Path, environment: Mapping[str, str], within: float, record: Path
) -> tuple[int, str, str, float]:
    begin = time.monotonic()
    with _popen(command, directory, environment) as process:
        try:
            stdout, stderr = process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            Started(process, record).kill()
            stdout, stderr = process.communicate()
            raise AssertionError(f"{command[0]} took longer than {within} s:\n{stdout}{stderr}") from None
    return process.returncode, stdout, stderr, time.monotonic() - begin


def install_collection(folder: Path) -> Path:
    """Build the collection and install it under ``folder``; return the path for `ANSIBLE_COLLECTIONS_PATH`."""
    environment = os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    command = [str(ROOT / "tools" / "install-collection"), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return folder
