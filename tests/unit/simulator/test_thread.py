# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator in a thread of the tests: it serves as the process does, and nothing of it is left at the end."""

from __future__ import annotations

import socket
import threading

import pytest
from ansible_collections.huaweicloud.asm.tests.simulator.scenario import ScenarioError
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving

from .conftest import READ, scenario


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
