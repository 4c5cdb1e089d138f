# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the simulator as a process of its own for the length of a test: ``with running(scenario) as simulator``."""

from __future__ import annotations

import contextlib
import json
import selectors
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN = 60.0
STOP_WITHIN = 60.0


@dataclass(frozen=True)
class Running:
    """A simulator that serves at ``url``; with TLS, ``ca_path`` is the certificate of its authority."""

    url: str
    control: str
    ca_path: str | None

    def requests(self) -> list[dict[str, Any]]:
        """The requests that it saw, one ``record.Entry`` each."""
        seen: list[dict[str, Any]] = self._call("GET", "requests")
        return seen

    def summary(self) -> dict[str, Any]:
        """Counts of requests and connections."""
        counts: dict[str, Any] = self._call("GET", "summary")
        return counts

    def change(self, release_id: str, **fields: Any) -> None:
        """Change a release at once; the fields are those of a step in a scenario."""
        self._call("POST", f"releases/{release_id}", fields)

    def set_faults(self, *faults: Mapping[str, Any]) -> None:
        """Replace all faults; requests are counted from here on."""
        self._call("POST", "faults", faults)

    def reset(self) -> None:
        """Begin the scenario again, with an empty record."""
        self._call("POST", "reset")

    def _call(self, method: str, place: str, data: Any = None) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, f"{self.control}/_simulator/{place}", json=data, timeout=STOP_WITHIN)
        if answer.status_code != 200:
            raise ValueError(f"simulator: {answer.json()['error']}")
        return answer.json()


@dataclass(frozen=True)
class RunningProcess(Running):
    """A simulator that is a process."""

    process: subprocess.Popen[str]


@contextlib.contextmanager
def running(scenario: Mapping[str, Any]) -> Iterator[RunningProcess]:
    """Start a simulator, wait until it listens, and stop it at the end.

    ``scenario`` is plain data, as in a file. ``RuntimeError`` with what it printed if it does not start.
    """
    with contextlib.ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "scenario.yml"
        # JSON is YAML.
        path.write_text(json.dumps(scenario), encoding="utf-8")
        command = [sys.executable, "-m", "tests.simulator", str(path), "--until-stdin-closes"]
        errors = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        stack.callback(_stop, process)
        line = _first_line(process)
        if not line:
            process.wait(STOP_WITHIN)
            errors.seek(0)
            raise RuntimeError(f"the simulator did not start: {errors.read().strip()}")
        yield RunningProcess(process=process, **json.loads(line))


def _first_line(process: subprocess.Popen[str]) -> str:
    """The line with the address; nothing if the process ended, or is not there in time."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(START_WITHIN):
            process.kill()
    return process.stdout.readline()


def _stop(process: subprocess.Popen[str]) -> None:
    """End the process, by force if it does not end by itself."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
