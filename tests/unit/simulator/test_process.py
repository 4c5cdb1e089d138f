# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a process: it prints its address, stops on a signal, and is reachable from loopback only."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.simulator.process import ROOT, STOP_WITHIN, running

from .conftest import READ, scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import requests

pytestmark = pytest.mark.slow


@pytest.fixture
def scenario_path(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yml"
    path.write_text(json.dumps(scenario()), encoding="utf-8")
    return path


@pytest.fixture
def process(scenario_path: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The simulator, started by hand with an empty home directory."""
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-m", "tests.simulator", str(scenario_path), "--until-stdin-closes"]
    pipe = subprocess.PIPE
    environment = {**os.environ, "HOME": str(home)}
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, env=environment) as started:
        yield started
        started.kill()


def first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    address: dict[str, Any] = json.loads(process.stdout.readline())
    return address


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "stdin"])
def test_it_stops_while_an_answer_hangs(client: requests.Session, process: subprocess.Popen[str], how: str) -> None:
    address = first_line(process)
    answer = client.post(f"{address['control']}/_simulator/faults", json=[{"fault": "hang"}], timeout=10)
    assert answer.status_code == 200
    with socket.create_connection(("127.0.0.1", int(address["url"].rpartition(":")[2])), timeout=10) as sock:
        sock.sendall(f"GET {READ} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        if how == "stdin":
            assert process.stdin is not None
            process.stdin.close()
        else:
            process.send_signal(signal.Signals[how])
        assert process.wait(STOP_WITHIN) == 0
    assert process.stdout is not None
    assert process.stdout.read() == "", "the address is the only line"


def test_a_scenario_that_is_wrong_is_named() -> None:
    with pytest.raises(RuntimeError, match=r"scenario\.yml: fualts: unknown key"), running({"fualts": []}):
        pytest.fail("it must not start")
