# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator in a thread of the tests: it serves as the process does, and nothing of it is left at the end."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.tests.simulator.scenario import ScenarioError
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving

from .conftest import READ, scenario

if TYPE_CHECKING:
    from pathlib import Path

    import requests


def test_serving_answers_records_and_changes(client: requests.Session) -> None:
    with serving(scenario()) as simulator:
        assert client.get(simulator.url + READ, timeout=10).json()["status"]["phase"] == "Creating"
        simulator.change("reviews-canary", phase="Failed")
        assert client.get(simulator.url + READ, timeout=10).json()["status"]["phase"] == "Failed"
        assert simulator.summary()["by_status"] == {"200": 2}


def test_serving_takes_a_file(client: requests.Session, tmp_path: Path) -> None:
    path = tmp_path / "scenario.yml"
    path.write_text(json.dumps(scenario()), encoding="utf-8")

    with serving(path) as simulator:
        assert client.get(simulator.url + READ, timeout=10).status_code == 200


def test_serving_over_tls_has_an_authority_to_trust(client: requests.Session) -> None:
    with serving(scenario(), tls="valid") as simulator:
        assert client.get(simulator.url + READ, timeout=10, verify=simulator.ca_path).status_code == 200


def test_serving_ends_while_an_answer_hangs() -> None:
    with serving(scenario(faults=[{"fault": "hang"}])) as simulator:
        sock = socket.create_connection(("127.0.0.1", int(simulator.url.rpartition(":")[2])), timeout=10)
        sock.sendall(f"GET {READ} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while not simulator.requests():
            pass
    with sock, pytest.raises(ConnectionResetError):
        sock.recv(1)
    assert not [thread for thread in threading.enumerate() if thread.name == "simulator"]


def test_serving_a_wrong_scenario_is_an_error() -> None:
    with pytest.raises(ScenarioError, match="fualts: unknown key"), serving({"fualts": []}):
        pytest.fail("it must not start")


def test_serving_on_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"), serving(scenario(), port=port):
            pytest.fail("it must not start")
