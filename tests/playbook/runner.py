# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run `ansible-runner transmit | worker | process`, as AWX does between its control node and an execution node.

Each of the three has a folder of its own. All that the worker needs, the collection included, goes through the pipe,
and the processing side gets only what comes back through it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import yaml
from ansible_collections.huaweicloud.asm.tests.playbook.harness import HANGS_AFTER, PROGRAMS, Started

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Unpack

# AWX asks for the same. How often runner looks whether it must end is 5 s there; with 1 s the tests are faster.
SETTINGS = {"suppress_ansible_output": True, "suppress_output_file": True, "pexpect_timeout": 1}
JOB = "1"

TRANSMIT, WORKER, PROCESS = "transmit", "worker", "process"


class _UnsafeDumper(yaml.SafeDumper):
    """Marks each text as unsafe, as AWX does with text of its users, so that Ansible does not template it."""


_UnsafeDumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("!unsafe", text))


class Options(TypedDict, total=False):
    """What a job may be given."""

    environment: Mapping[str, str]
    """Variables that AWX's credentials put into `env/envvars`."""
    extra_vars: Mapping[str, Any]
    """Variables of the job, in `env/extravars`."""
    settings: Mapping[str, Any]
    """Settings of runner, added to `SETTINGS`."""
    arguments: Sequence[str]
    """Further arguments of `ansible-runner transmit`."""


@dataclass(frozen=True)
class Job:
    """A job that runs. Its results are those that have reached the processing side so far."""

    run: Started
    """All three processes and what they start; ``main`` is the worker, which AWX ends to cancel a job."""
    process: subprocess.Popen[str]
    artifacts: Path
    """The folder that the processing side writes."""
    directory: Path

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return runner's events in their order."""
        events = [event for path in self.artifacts.glob("job_events/*.json") for event in _event(path)]
        return sorted(events, key=lambda event: int(event["counter"]))

    @property
    def progress(self) -> list[str]:
        """Return the lines of progress among the events."""
        return [event["stdout"] for event in self.events if "release_gate: " in event.get("stdout", "")]

    @property
    def status(self) -> tuple[str, int]:
        """Return runner's status and the return code of `ansible-playbook`, which the artifacts hold.

        The return code of `ansible-runner process` says nothing of the job.
        """
        status, returncode = ((self.artifacts / name).read_text(encoding="utf-8") for name in ("status", "rc"))
        return status, int(returncode)

    @property
    def output(self) -> str:
        """Return the output of all three, for messages of failed assertions."""
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self.directory.glob("*.out")))

    def event(self, kind: str) -> dict[str, Any]:
        """Return the data of the one event of a kind, such as ``runner_on_ok``."""
        found: list[dict[str, Any]] = [each["event_data"] for each in self.events if each["event"] == kind]
        assert len(found) == 1, f"{len(found)} events {kind}:\n{self.output}"
        return found[0]

    def wait_for_end(self, within: float = HANGS_AFTER) -> float:
        """Wait until no process of the job is left and return how many seconds that took."""
        seconds = self.run.wait_for_end(within)
        self.process.wait(within)
        return seconds


class Runner:
    """ansible-runner with a home of its own, and a project that holds the installed collection."""

    def __init__(self, directory: Path, collections: Path) -> None:
        self.directory = directory
        self._home = directory / "home"
        self._home.mkdir()
        project = directory / TRANSMIT / "project"
        shutil.copytree(
            collections / "ansible_collections", project / "collections" / "ansible_collections", symlinks=True
        )
        # Ansible reads it in the folder in which it starts, and so nothing in the home or in /etc.
        configuration = f"[defaults]\nlocalhost_warning = false\nasync_dir = {directory}/jobs\n"
        (project / "ansible.cfg").write_text(configuration, encoding="utf-8")

    @contextlib.contextmanager
    def started(self, playbook: str, **options: Unpack[Options]) -> Iterator[Job]:
        """Transmit a playbook, with an empty inventory; processes of the job that are left at the end are killed."""
        sent = self.directory / TRANSMIT
        _write(sent / "project" / "playbook.yml", playbook)
        _write(sent / "inventory" / "hosts.yml", "{}")
        _write(sent / "env" / "envvars", json.dumps(options.get("environment", {})))
        _write(sent / "env" / "extravars", yaml.dump(options.get("extra_vars", {}), Dumper=_UnsafeDumper))
        _write(sent / "env" / "settings", json.dumps({**SETTINGS, **options.get("settings", {})}))
        with contextlib.ExitStack() as stack:
            arguments = [str(sent), "--ident", JOB, "--playbook", "playbook.yml", *options.get("arguments", ())]
            transmit = self._start(stack, TRANSMIT, arguments, None)
            worker_arguments = ["--private-data-dir", str(self.directory / WORKER)]
            worker = self._start(stack, WORKER, worker_arguments, transmit)
            run = Started(worker, self.directory / "mark")
            process = self._start(stack, PROCESS, [str(self.directory / PROCESS), "--ident", JOB], worker)
            # The first to be called: each is waited for.
            stack.callback(run.kill)
            yield Job(run, process, self.directory / PROCESS / "artifacts" / JOB, self.directory)

    def _start(
        self, stack: contextlib.ExitStack, role: str, arguments: list[str], source: subprocess.Popen[str] | None
    ) -> subprocess.Popen[str]:
        """Start one of the three, reading what ``source`` writes; only the pipe's two ends hold it open."""
        log = stack.enter_context((self.directory / f"{role}.out").open("w", encoding="utf-8"))
        process = subprocess.Popen(
            [str(PROGRAMS / "ansible-runner"), role, *arguments],
            env=self._environment(),
            stdin=subprocess.DEVNULL if source is None else source.stdout,
            stdout=log if role == PROCESS else subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
            start_new_session=True,
        )
        stack.callback(process.wait)
        if source is not None and source.stdout is not None:
            source.stdout.close()
        return process

    def _environment(self) -> dict[str, str]:
        """Return all of the environment; its last variable is the mark by which ``Started`` knows its processes."""
        return {
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PATH": f"{PROGRAMS}{os.pathsep}{os.defpath}",
            "RECORD_RESULTS_IN": str(self.directory / "mark"),
        }


def _event(path: Path) -> list[dict[str, Any]]:
    """Return the event of a file; none while it is being written, which runner does in place."""
    with contextlib.suppress(json.JSONDecodeError):
        return [json.loads(path.read_text(encoding="utf-8"))]
    return []


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
