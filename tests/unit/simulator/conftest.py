# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator in this process, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

# `ansible-test units` installs what tests/unit/requirements.txt names; the simulator has requirements of its own, and
# its tests run under `make unit`.
collect_ignore_glob = ["test_*.py"] if "ansible_pytest_collections" in os.environ.get("PYTEST_PLUGINS", "") else []

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
TOKEN = "token-of-the-tests"
RELEASE = {"id": "reviews-canary", "mesh_id": "mesh", "namespace": "bookinfo", "steps": [{"phase": "Creating"}]}
READ = "/v2/meshes/mesh/namespaces/bookinfo/releases/reviews-canary"
LIST = "/v2/meshes/mesh/releases"
SERVICE = "/v3/meshes/mesh/namespaces/bookinfo/services/reviews"


@dataclass
class ScriptedClock:
    """Stands still until the test moves it; the wall clock goes with it."""

    seconds: float = 1000.0
    wall: datetime = field(default=NOON)

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return self.wall

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)


def scenario(**parts: Any) -> dict[str, Any]:
    """A scenario with one token and one release, and what a test adds or replaces."""
    return {"credentials": {"tokens": [{"token": TOKEN}]}, "releases": [RELEASE], **parts}


@dataclass
class Served:
    """A simulator that serves, with a session of a client that knows the token."""

    url: str
    control: str
    port: int
    clock: ScriptedClock
    session: requests.Session

    def read(self, **options: Any) -> requests.Response:
        return self.session.get(self.url + READ, timeout=60, **options)

    def list(self) -> requests.Response:
        return self.session.get(self.url + LIST, timeout=60)

    def ask(self, method: str, place: str, data: Any = None) -> Any:
        answer = self.session.request(method, f"{self.control}/_simulator/{place}", json=data, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Serve(Protocol):
    def __call__(self, **parts: Any) -> Served:
        """Return a simulator that plays a scenario of these parts."""


@pytest.fixture
def clock() -> ScriptedClock:
    return ScriptedClock()


@pytest.fixture
def client() -> Iterator[requests.Session]:
    """A client that knows the token and no proxy."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Auth-Token"] = TOKEN
        yield session


@pytest.fixture
def serve(clock: ScriptedClock, client: requests.Session) -> Iterator[Serve]:
    """Serves scenarios until the end of the test."""
    with contextlib.ExitStack() as stack:

        def served(**parts: Any) -> Served:
            return stack.enter_context(_served(scenario(**parts), clock, client))

        yield served


@contextlib.contextmanager
def _served(data: dict[str, Any], clock: ScriptedClock, client: requests.Session) -> Iterator[Served]:
    from ansible_collections.huaweicloud.asm.tests.simulator.scenario import parse  # noqa: PLC0415
    from ansible_collections.huaweicloud.asm.tests.simulator.server import Simulator  # noqa: PLC0415

    simulator = Simulator(parse(data), clock=clock, now=clock.now)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(simulator.start(), loop).result(60)
        port = int(simulator.url.rpartition(":")[2])
        yield Served(simulator.url, simulator.control_url, port, clock, client)
        asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
