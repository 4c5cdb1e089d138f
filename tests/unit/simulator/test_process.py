# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a process: it prints its address, stops on a signal, and is reachable from loopback only."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
from ansible_collections.huaweicloud.asm.tests.simulator.process import ROOT, STOP_WITHIN, running

from .conftest import READ, scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

TLS_EXPECTED = {"wrong-host": "doesn't match|mismatch", "expired": "expired"}


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


def test_it_leaves_the_home_directory_alone(
    client: requests.Session, process: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert client.get(first_line(process)["url"] + READ, timeout=10).status_code == 200
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--host", "0.0.0.0"], "0.0.0.0 is not a loopback address", id="all addresses"),
        pytest.param(["--host", "192.0.2.1"], "192.0.2.1 is not a loopback address", id="another address"),
        pytest.param(["--host", "::"], ":: is not a loopback address", id="all addresses of IPv6"),
        pytest.param(["--host", "localhost"], "'localhost' is no IP address", id="a name"),
    ],
)
def test_it_listens_on_loopback_only(scenario_path: Path, arguments: list[str], message: str) -> None:
    command = [sys.executable, "-m", "tests.simulator", str(scenario_path), *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert ended.stdout == ""


def test_a_process_for_a_test_answers_records_and_changes(client: requests.Session, tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    with running(scenario(), record=record) as simulator:
        assert client.get(simulator.url + READ, timeout=10).json()["status"]["phase"] == "Creating"
        simulator.change("reviews-canary", phase="Failed")
        assert client.get(simulator.url + READ, timeout=10).json()["status"]["phase"] == "Failed"
        simulator.set_faults({"fault": "answer", "status": 503})
        assert client.get(simulator.url + READ, timeout=10).status_code == 503
        assert [entry["status"] for entry in simulator.requests()] == [200, 200, 503]
        assert simulator.summary()["by_status"] == {"200": 2, "503": 1}
        simulator.reset()
        assert simulator.requests() == []
        with pytest.raises(ValueError, match=r"faze: unknown key"):
            simulator.change("reviews-canary", faze="x")
    assert simulator.process.returncode == 0
    assert [json.loads(line)["status"] for line in record.read_text(encoding="utf-8").splitlines()] == [200, 200, 503]


def test_a_scenario_that_is_wrong_is_named() -> None:
    with pytest.raises(RuntimeError, match=r"scenario\.yml: fualts: unknown key"), running({"fualts": []}):
        pytest.fail("it must not start")


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError, match="in use"), running(scenario(), port=port):
            pytest.fail("it must not start")


def test_https_is_served_with_a_certificate_of_its_own_authority(client: requests.Session) -> None:
    with running(scenario(), tls="valid") as simulator:
        assert simulator.url.startswith("https://127.0.0.1:")
        answer = client.get(simulator.url + READ, verify=simulator.ca_path, timeout=10)
        assert answer.json()["kind"] == "Release"
        with pytest.raises(requests.exceptions.SSLError, match=r"self-signed|unable to get local issuer"):
            client.get(simulator.url + READ, timeout=10)
        assert simulator.summary()["requests"] == 1


@pytest.mark.parametrize(("kind", "message"), list(TLS_EXPECTED.items()))
def test_a_certificate_that_does_not_verify(client: requests.Session, kind: str, message: str) -> None:
    with running(scenario(), tls=kind) as simulator, pytest.raises(requests.exceptions.SSLError, match=message):
        client.get(simulator.url + READ, verify=simulator.ca_path, timeout=10)


def test_a_tls_handshake_can_stall(client: requests.Session) -> None:
    data = scenario(connections=[{"fault": "stall", "connections": [1]}])
    with running(data, tls="valid") as simulator:
        port = int(simulator.url.rpartition(":")[2])
        context = ssl.create_default_context(cafile=simulator.ca_path)
        with socket.create_connection(("127.0.0.1", port), timeout=0.3) as sock, pytest.raises(TimeoutError):
            context.wrap_socket(sock, server_hostname="localhost")
        answer = client.get(simulator.url + READ, verify=simulator.ca_path, timeout=10)
        assert answer.status_code == 200
