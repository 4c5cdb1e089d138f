# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay that adds a round trip and counts what passes."""

from __future__ import annotations

import time

import requests
from ansible_collections.huaweicloud.asm.tests.benchmark import playbooks
from ansible_collections.huaweicloud.asm.tests.benchmark.relay import relayed
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving

ROUND_TRIP = 0.02
SIMULATED = {**playbooks.meshes([3], polls=1), "gzip": True}
PATH = "/v2/meshes/mesh-of-3/releases"


def session(ca_path: str | None = None, encoding: str = "identity") -> requests.Session:
    made = requests.Session()
    made.trust_env, made.verify = False, ca_path or True
    made.headers.update({"X-Auth-Token": playbooks.TOKEN, "Accept-Encoding": encoding})
    return made


def test_bytes_are_those_on_the_wire() -> None:
    sizes = {}
    with serving(SIMULATED) as simulator:
        for encoding in ("identity", "gzip"):
            with relayed(simulator.url, ROUND_TRIP) as relay, session(encoding=encoding) as client:
                length = len(client.get(relay.url + PATH, timeout=60).content)
                sizes[encoding] = relay.traffic.bytes

    assert length < sizes["identity"] < length + 2000
    assert sizes["gzip"] < length / 2


def test_a_request_takes_a_round_trip_and_the_first_one_two() -> None:
    times = []
    with (
        serving(SIMULATED) as simulator,
        relayed(simulator.url, ROUND_TRIP) as relay,
        session() as client,
    ):
        for _index in range(2):
            began = time.monotonic()
            client.get(relay.url + PATH, timeout=60)
            times.append(time.monotonic() - began)

    assert times[0] >= 2 * ROUND_TRIP
    assert times[1] >= ROUND_TRIP
