# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the simulator in a thread of the tests' own process: ``with serving(scenario) as simulator``.

A process of its own (``process.running``) needs almost 2 s of CPU to start, which most tests need not pay.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .certificates import server_context
from .process import STOP_WITHIN, Running
from .scenario import load, parse
from .server import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


@contextlib.contextmanager
def serving(scenario: Path | Mapping[str, Any], *, port: int = 0, tls: str | None = None) -> Iterator[Running]:
    """Start a simulator, and stop it at the end.

    Args:
        scenario: a YAML file, or the same as plain data.
        port: 0 lets the system choose.
        tls: a kind of certificate, one of ``certificates.KINDS``.

    Raises:
        ScenarioError: the scenario is not valid.
        OSError: the port is taken, or the file cannot be read.
    """
    with contextlib.ExitStack() as stack:
        ca_path = context = None
        if tls is not None:
            ca_path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "ca.pem"
            context = server_context(tls, ca_path)
        simulator = Simulator(load(scenario) if isinstance(scenario, Path) else parse(scenario), tls=context)
        loop = stack.enter_context(_loop())
        asyncio.run_coroutine_threadsafe(simulator.start(port), loop).result(STOP_WITHIN)
        stack.callback(lambda: asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result(STOP_WITHIN))
        yield Running(url=simulator.url, control=simulator.control_url, ca_path=str(ca_path) if ca_path else None)


@contextlib.contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread; handlers that still run at the end are cancelled."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulator", daemon=True)
    thread.start()
    try:
        yield loop
        asyncio.run_coroutine_threadsafe(_cancel_others(), loop).result(STOP_WITHIN)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(STOP_WITHIN)
        loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
