# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gate costs, and how soon it opens."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ..simulator.process import running
from . import playbooks
from .figures import Figure, Wanted, at_rest, ratios
from .measurement import MEBIBYTE, Measurement, Plan, collected
from .playbooks import READY, WAITING, Step, play

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .runner import Cost, Runner

_UNITS = {
    "controller: wall": "s",
    "uri: wall": "s",
    "controller: CPU": "s",
    "uri: CPU": "s",
    "pause: CPU": "s",
    "controller: CPU above pause": "s",
    "uri: CPU above pause": "s",
    "controller: reads": "",
    "uri: reads": "",
    "controller: connections": "",
    "uri: connections": "",
    "controller: answers": "kB",
    "uri: answers": "kB",
    "controller: memory": "MiB",
    "pause: memory": "MiB",
}


def measure_cost(runner: Runner, plan: Plan) -> Measurement:
    """Measure a gate of many reads, and what waiting alone costs over the same time."""
    values = collected(plan.few_rounds, lambda: _round_of_costs(runner, plan))
    above = {name: values[f"{name}: CPU above pause"] for name in ("controller", "uri")}
    return Measurement(
        f"A gate of {plan.gate_reads} reads",
        "Reads 1 s apart, until the phase changes; the contenders run at the same time. `pause` is "
        "`ansible.builtin.pause`: what Ansible itself costs while it waits. It ran for 1 s and for as long as the "
        "gate; the line through both gives what it would cost over the time that each contender took. `answers` are "
        "the bytes of their bodies. Memory is that of all processes half-way, shared pages divided among their users "
        f"(PSS). Measured {plan.few_rounds} times.",
        (
            *(Figure(name, values[name], unit) for name, unit in _UNITS.items()),
            Figure(
                "uri / controller: CPU above pause", ratios(above["uri"], above["controller"]), wanted=Wanted("≥", 30)
            ),
            Figure("controller / pause: memory", ratios(values["controller: memory"], values["pause: memory"])),
        ),
        is_matrix=True,
    )


def _round_of_costs(runner: Runner, plan: Plan) -> dict[str, float]:
    steps: list[Step] = [{"phase": WAITING}, {"phase": READY, "after_reads": plan.gate_reads - 1}]
    with running(playbooks.scenario(controller=steps, uri=steps)) as simulator, ThreadPoolExecutor() as threads:
        wait = {"wait": True, "success_phases": [READY], "wait_sleep": 1, "wait_timeout": 10 * plan.gate_reads}
        contenders = {
            "controller": playbooks.controller(simulator.url, "controller", **wait),
            "uri": playbooks.uri_gate(simulator.url, "uri", plan.gate_reads, 1),
            "pause": playbooks.pause(plan.gate_reads),
            "short pause": playbooks.pause(1),
        }
        half = plan.gate_reads / 2
        costs = {
            name: threads.submit(runner.run, play(task), memory_after=None if name == "short pause" else half)
            for name, task in contenders.items()
        }
        done = {name: cost.result() for name, cost in costs.items()}
        seen = simulator.requests()
    short, long = ((done[name].wall, done[name].cpu) for name in ("short pause", "pause"))
    values = {"pause: CPU": done["pause"].cpu, "pause: memory": _mebibytes(done["pause"])}
    for name in ("controller", "uri"):
        cost, entries = done[name], [entry for entry in seen if entry["release"] == name]
        values |= {
            f"{name}: wall": cost.wall,
            f"{name}: CPU": cost.cpu,
            f"{name}: CPU above pause": cost.cpu - at_rest(short, long, cost.wall),
            f"{name}: reads": len(entries),
            f"{name}: connections": len({entry["connection"] for entry in entries}),
            f"{name}: answers": sum(entry["answer_bytes"] for entry in entries) / 1000,
            f"{name}: memory": _mebibytes(cost),
        }
    return values


def _mebibytes(cost: Cost) -> float:
    return (cost.memory or 0) / MEBIBYTE


def measure_delay(runner: Runner, plan: Plan) -> Measurement:
    """Measure the time from a change of phase on the server to the end of the task that waits for it."""
    rounds = [_round_of_delays(runner, plan) for _index in range(plan.few_rounds)]
    return Measurement(
        "From the change of phase to the end of the task",
        f"{plan.gates} gates in one play, one on each host, with `wait_sleep: {plan.wait_sleep}`; each phase changes "
        "at a random moment. Reads that are so far apart are late by half of it in the mean. A pause is spread by "
        f"10 %, so the longest is that much longer. Measured {plan.few_rounds} times.",
        (
            Figure("mean", tuple(sum(each) / len(each) for each in rounds), "s"),
            Figure("theoretical mean (half of `wait_sleep`)", (plan.wait_sleep / 2,), "s"),
            Figure("worst", tuple(max(each) for each in rounds), "s"),
            Figure("longest pause", (1.1 * plan.wait_sleep,), "s"),
        ),
    )


def _round_of_delays(runner: Runner, plan: Plan) -> list[float]:
    """Return the delay of each gate in seconds."""
    hosts = [f"gate-{number}" for number in range(plan.gates)]
    with (
        running(playbooks.scenario(**{host: [{"phase": WAITING}] for host in hosts})) as simulator,
        ThreadPoolExecutor() as threads,
    ):
        task = playbooks.controller(
            simulator.url,
            "{{ inventory_hostname }}",
            wait=True,
            success_phases=[READY],
            wait_sleep=plan.wait_sleep,
            wait_timeout=60 + 10 * plan.wait_sleep,
        )
        run = threads.submit(runner.run, play({"name": "gate", **task}, hosts="all"), hosts=hosts)
        while simulator.summary()["requests"] < plan.gates:
            if run.done():
                run.result()
                raise RuntimeError("the gates ended before they had read")
            time.sleep(0.1)
        changed = _change_at_random(simulator.change, hosts, 2 * plan.wait_sleep)
        ended = {event.host: event.at for event in run.result().events if event.kind == "result"}
    return [ended[host] - changed[host] for host in hosts]


def _change_at_random(change: Callable[..., None], hosts: Sequence[str], within: float) -> dict[str, float]:
    """Let each release run at a moment of its own; return the moments on the system's monotonic clock."""
    began, changed = time.monotonic(), {}
    for moment, host in sorted((random.uniform(0, within), host) for host in hosts):
        time.sleep(max(0, began + moment - time.monotonic()))
        changed[host] = time.monotonic()
        change(host, phase=READY)
    return changed
