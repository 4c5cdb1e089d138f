# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory that a large list takes, and its result in the hands of Ansible."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from ..simulator.process import running
from . import playbooks, processes
from .figures import Figure, Wanted, ratios
from .measurement import MEBIBYTE, Measurement, Plan
from .playbooks import Task, play
from .several import cost_of_polls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..simulator.process import Running
    from .runner import Runner

WAYS = {"source": "the event source", "task": "a task", "bare": "bare"}
"""How each way of `polls.WAYS` is named. The event source is first: it waits for the phase of the last poll."""

POLLS = 2
_MOST = 2.0
"""How many times the memory of the bare way a way may take."""


def measure_lists(runner: Runner, plan: Plan) -> Measurement:
    """Measure the peaks of a task, of the event source and of `json.loads`, and a result of all releases."""
    large, largest = plan.large, plan.largest
    with running(playbooks.meshes([large], POLLS)) as simulator:
        peaks = {(large, way): _peak(simulator, large, way) for way in WAYS}
        size = simulator.requests()[-1]["answer_bytes"]
        result = _in_ansible(runner, _read(simulator.url, large))
        floor = _in_ansible(runner, {"name": "read", **playbooks.debug("")})
    with running(playbooks.meshes([largest], POLLS)) as simulator:
        peaks.update({(largest, way): _peak(simulator, largest, way) for way in ("source", "bare")})
    return Measurement(
        "The memory of a large list",
        f"All releases of a mesh, {size / large / 1000:.1f} kB each, read {POLLS} times in one process. `bare` reads "
        "the list with `requests` and parses it with `json.loads`, and does nothing with it. A task reads all releases "
        "without `wait` and with `manifests: false`, by the code that runs in the controller; the event source has a "
        "gate for each release, `ready: true` and a state file. Memory is the peak of the process above its start. "
        "The last rows are the same task in a real `ansible-playbook`: the size of its result as JSON, the time from "
        "its start to its result, and the peaks of Ansible's worker and of its main process above those of a play with "
        "`debug` only. Measured once.",
        (
            Figure(f"list of {large:,} releases: size", (size / 1e6,), "MB"),
            *_memory(peaks),
            Figure(f"result of {large:,} releases: size", (result["size"] / 1e6,), "MB"),
            Figure(f"result of {large:,} releases: time", (result["seconds"],), "s"),
            *(
                Figure(f"result of {large:,} releases: memory of the {name}", (above / MEBIBYTE,), "MiB")
                for name in ("worker", "main process")
                for above in (result[name] - floor[name],)
            ),
        ),
    )


def _memory(peaks: Mapping[tuple[int, str], float]) -> Iterator[Figure]:
    """Yield the figures of the peaks in MiB, by number of releases and way, and their ratios to the bare way."""
    for (count, way), peak in peaks.items():
        yield Figure(f"{count:,} releases, {WAYS[way]}: memory", (peak,), "MiB")
    for (count, way), peak in peaks.items():
        if way != "bare":
            ratio = ratios((peak,), (peaks[count, "bare"],))
            yield Figure(f"{count:,} releases, {WAYS[way]} / bare: memory", ratio, wanted=Wanted("≤", _MOST))


def _peak(simulator: Running, releases: int, way: str) -> float:
    return cost_of_polls(way, simulator, releases, POLLS)["memory"] / MEBIBYTE


def _read(url: str, releases: int) -> Task:
    task = playbooks.several(url, playbooks.mesh_of(releases), request_timeout=playbooks.REQUEST_TIMEOUT)
    return {"name": "read", **task}


def _in_ansible(runner: Runner, task: Task) -> dict[str, float]:
    """Return what a play with this task costs: the seconds of the task, bytes of its result, bytes of memory."""
    size = {"name": "size", "ansible.builtin.debug": {"msg": "size={{ read | to_json | length }}"}}
    peaks: dict[int, int] = {}
    with runner.started(play({**task, "register": "read"}, size)) as run:
        while run.process.poll() is None:
            for pid in processes.tree(run.process.pid):
                peaks[pid] = max(peaks.get(pid, 0), processes.peak(pid))
            time.sleep(0.02)
        printed = run.printed.read_text(encoding="utf-8")
        if run.process.returncode != 0:
            raise RuntimeError(f"a play ended with {run.process.returncode}:\n{printed}")
        began, ended = (next(each.at for each in run.events if each.kind == kind) for kind in ("task", "result"))
        main = peaks.pop(run.process.pid)
    found = re.search(r"size=(\d+)", printed)
    return {
        "seconds": ended - began,
        "size": int(found[1]) if found else 0,
        "worker": max(peaks.values()),
        "main process": main,
    }
