# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One event source for many meshes behind a limit of requests, beside a ledger of every change."""

from __future__ import annotations

import ast
import statistics
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import ledger, playbooks, processes
from .figures import Figure, Wanted
from .measurement import MEBIBYTE, Measurement, Plan
from .runner import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .runner import Runner

HOUR = 3600
REQUESTS_PER_MINUTE = 38
PERIODS = 2
_FEW = ledger.Plan(meshes=3, releases=2, period=60.0, denied=1)


@dataclass(frozen=True)
class _Watched:
    """What was found.

    Attributes:
        reports: events `unavailable` of the denied mesh.
        denied_requests: that the denied mesh has got.
        cpu_an_hour: seconds in an hour of the fast clock.
        memory: MiB.
    """

    account: ledger.Account
    reports: int
    denied_requests: int
    most_requests: int
    throttled: int
    cpu_an_hour: float
    memory: float


def measure_meshes(runner: Runner, plan: Plan) -> Measurement:
    """Measure a source in `ansible-rulebook`: what it misses or repeats, how many requests it sends, what it costs."""
    meshes = _FEW if plan.is_quick else ledger.Plan()
    found = _watched(runner, meshes)
    median, longest = statistics.median(found.account.latencies), max(found.account.latencies)
    return Measurement(
        f"An event source for {meshes.meshes} meshes",
        f"{meshes.releases} releases of 33 kB in each mesh. The server answers {meshes.limit} requests in "
        f"{meshes.window:g} s, all meshes together. {100 * meshes.failing:g} % of the responses are 503, and one mesh "
        f"is denied (403). Each release changes once in {meshes.period:g} s. `requests_per_minute` is "
        f"{REQUESTS_PER_MINUTE}. `ansible-rulebook` runs a rule for each event. A change without an event of its own "
        "counts as missing, a second event with the same `id` as repeated. All clocks, those of the source and of the "
        f"server, run {meshes.speed:g} times as fast as the system's: every pause and limit keeps its proportion, and "
        "the rules under test are the same. All times below are of that clock. CPU time and memory are those of "
        "`ansible-rulebook` with its rule engine and Java. Measured once.",
        (
            Figure("meshes", (meshes.meshes,)),
            Figure("changes of the meshes that can be read", (found.account.changes,)),
            Figure("changes missing", (found.account.missing,), wanted=Wanted("=", 0)),
            Figure("events repeated", (found.account.repeated + found.account.ambiguous,), wanted=Wanted("=", 0)),
            Figure("meshes reported as unavailable", (len(found.account.unavailable),), wanted=Wanted("=", 1)),
            Figure("reports about the denied mesh", (found.reports,), wanted=Wanted("=", 1)),
            Figure("requests to the denied mesh", (found.denied_requests,)),
            Figure(
                f"most requests within {meshes.window:g} s", (found.most_requests,), wanted=Wanted("≤", meshes.limit)
            ),
            Figure("requests throttled (429)", (found.throttled,), wanted=Wanted("=", 0)),
            Figure("change to rule, median", (median,), "s"),
            Figure("change to rule, longest", (longest,), "s"),
            Figure("CPU an hour", (found.cpu_an_hour,), "s"),
            Figure("memory", (found.memory,), "MiB"),
        ),
    )


def _watched(runner: Runner, meshes: ledger.Plan) -> _Watched:
    with ledger.Server(meshes) as server:
        options = {
            "endpoint": server.url,
            "token": playbooks.TOKEN,
            "mesh_id": meshes.mesh_ids,
            "requests_per_minute": REQUESTS_PER_MINUTE,
        }
        book = server.ledger
        rulebook = playbooks.rulebook(options, source="fast_asm_release")
        with (
            runner.watching(rulebook, {"CLOCK_SPEED": str(meshes.speed)}) as run,
            _Events(run.printed, book.now) as events,
        ):
            wait_for(book.baseline.is_set, "the first list of each mesh", run)
            began, used = book.now(), processes.cpu(run.process.pid)
            time.sleep(PERIODS * meshes.period / meshes.speed)
            server.stop_changes()
            # Two polls of each mesh, one of which may fail.
            time.sleep(meshes.period / meshes.speed)
            run.check()
            cpu = (processes.cpu(run.process.pid) - used) * HOUR / (book.now() - began)
            memory = processes.memory(run.process.pid) / MEBIBYTE
    account = ledger.account(book, events.seen)
    return _Watched(
        account,
        reports=account.unavailable.count(meshes.denied_mesh),
        denied_requests=sum(mesh_id == meshes.denied_mesh for _at, mesh_id, _status in book.requests),
        most_requests=book.most_requests(),
        throttled=sum(status == 429 for _at, _mesh_id, status in book.requests),
        cpu_an_hour=cpu,
        memory=memory,
    )


class _Events:
    """The events that `ansible-rulebook` prints, each with the time at which it was there.

    Args:
        printed: the file.
        clock: gives the time.
    """

    def __init__(self, printed: Path, clock: Callable[[], float]) -> None:
        self._printed = printed
        self._clock = clock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self.seen: list[tuple[float, dict[str, Any]]] = []

    def __enter__(self) -> _Events:
        self._thread.start()
        return self

    def __exit__(self, *_given: object) -> None:
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        """Read each line as soon as it is complete."""
        with self._printed.open(encoding="utf-8") as file:
            rest = ""
            while not self._ended.wait(0.01):
                lines = (rest + file.read()).split("\n")
                rest = lines.pop()
                self.seen += [(self._clock(), ast.literal_eval(line)) for line in lines if line.startswith("{'")]
