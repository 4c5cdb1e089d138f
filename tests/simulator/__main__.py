# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.simulator SCENARIO.yml``: start a simulator, print its address as one line of JSON, serve."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from .certificates import KINDS, server_context
from .scenario import ScenarioError, load
from .server import Simulator, serve_until

USAGE_ERROR = 2


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    description = "A simulator of ASM, IAM and the ECS metadata service, on loopback only."
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=description)
    parser.add_argument("scenario", type=Path, help="what it plays, as YAML")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose (default)")
    parser.add_argument("--tls", choices=KINDS, help="serve https with such a certificate")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    return parser.parse_args(arguments)


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        # The loop may have ended by a signal in the meantime.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, daemon=True).start()


async def _run(options: argparse.Namespace, simulator: Simulator, ca_path: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if options.until_stdin_closes:
        _watch_stdin(loop, stop)

    def announce() -> None:
        address = {"url": simulator.url, "control": simulator.control_url, "ca_path": ca_path and str(ca_path)}
        print(json.dumps(address), flush=True)

    await serve_until(stop, simulator, options.port, announce)


def main(arguments: list[str] | None = None) -> int:
    options = _arguments(arguments)
    with contextlib.ExitStack() as stack:
        try:
            scenario = load(options.scenario)
            ca_path = tls = None
            if options.tls:
                ca_path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "ca.pem"
                tls = server_context(options.tls, ca_path)
            asyncio.run(_run(options, Simulator(scenario, tls), ca_path))
        except (ScenarioError, OSError) as error:
            print(f"simulator: {error}", file=sys.stderr)
            return USAGE_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
