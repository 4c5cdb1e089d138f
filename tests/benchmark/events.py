# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of waiting for several releases: with the event source, a task for each, or one task for all of them.

Also the cost of a poll of the event source in a large mesh.
"""

from __future__ import annotations

import contextlib
import random
import time
from typing import TYPE_CHECKING, Any

from ..simulator.process import running
from . import playbooks, processes
from .figures import Figure, Wanted, ratios
from .measurement import MEBIBYTE, Measurement, Plan, collected
from .playbooks import MESH, NAMESPACE, READY, WAITING, play
from .runner import wait_for
from .several import cost_of_polls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..simulator.process import Running
    from .runner import Runner, Started

SOURCE, TASKS, ONE_TASK = "event source", "tasks", "one task"
WAYS = (SOURCE, TASKS, ONE_TASK)
HOUR = 3600
_GATE = {"success_phases": [READY], "wait_timeout": 10 * HOUR}


def measure_waiting(runner: Runner, plan: Plan) -> Measurement:
    """Measure the three while nothing changes, and the time from a change to its effect.

    The one task takes no part in the second, because it waits for the last of its releases.
    """
    names = [f"waiting-{number}" for number in range(plan.gates)]
    with running(_scenario(names)) as simulator, _started(runner, plan, simulator, names) as runs:
        wait_for(lambda: min(_requests(simulator).get(way, 0) for way in WAYS) > 1, "the first polls", *runs.values())
        rest, requests = _at_rest(runs, simulator, plan)
        delays = [_delays(runs, simulator, name, plan) for name in names[: plan.changes]]
    return Measurement(
        f"Waiting for {plan.gates} releases",
        f"All of one mesh, with `wait_sleep: {plan.wait_sleep}`, at the same time: `ansible-rulebook` with one event "
        "source, a play with a waiting task for each release, and one task for all of them. CPU time and requests are "
        f"those of {plan.rounds} times {plan.waiting:g} s in which nothing changes, projected to an hour. "
        "Memory is that of all processes, shared pages divided among their users (PSS). Then one phase after the other "
        "changes: the effect of an event is a file that its playbook has written, that of a task is its end.",
        (
            *(
                Figure(f"{way}: {name}", tuple(each[way, name] for each in rest), unit)
                for name, unit in (("processes", ""), ("memory", "MiB"), ("CPU an hour", "s"))
                for way in WAYS
            ),
            *(Figure(f"{way}: requests an hour", (requests[way],)) for way in WAYS),
            Figure(
                f"{SOURCE} / {TASKS}: requests",
                ratios((requests[SOURCE],), (requests[TASKS],)),
                wanted=Wanted("≤", round(1.5 / plan.gates, 3)),
            ),
            Figure(f"{SOURCE}: change to effect", tuple(each[SOURCE] for each in delays), "s"),
            Figure(f"{TASKS}: change to effect", tuple(each[TASKS] for each in delays), "s"),
        ),
        is_matrix=True,
    )


def _scenario(names: Sequence[str]) -> dict[str, Any]:
    """Return releases that wait, and a token for each way, so that its requests can be distinguished."""
    releases = playbooks.scenario(**{name: [{"phase": WAITING}] for name in names})
    return {**releases, "credentials": {"tokens": [{"token": _token(way), "name": way} for way in WAYS]}}


def _token(way: str) -> str:
    return f"{playbooks.TOKEN} {way}".replace(" ", "-")


@contextlib.contextmanager
def _started(runner: Runner, plan: Plan, simulator: Running, names: Sequence[str]) -> Iterator[dict[str, Started]]:
    """Start the three."""
    gate = {**_GATE, "wait_sleep": plan.wait_sleep}
    wait = {**gate, "wait": True}
    tasks = playbooks.controller(simulator.url, "{{ inventory_hostname }}", token=_token(TASKS), **wait)
    releases = [{"release_id": name} for name in names]
    one_task = playbooks.several(
        simulator.url, MESH, token=_token(ONE_TASK), **wait, releases=releases, namespace=NAMESPACE
    )
    source = {"mesh_id": MESH, "namespace": NAMESPACE, "name": list(names), **gate, "state_file": "state.json"}
    action = {"run_playbook": {"name": "playbooks/effect.yml"}}
    rulebook = playbooks.rulebook(source, condition='event.kind == "reached"', action=action)
    environment = {"HUAWEICLOUD_ASM_ENDPOINT": simulator.url, "HW_AUTH_TOKEN": _token(SOURCE)}
    with (
        runner.watching(rulebook, environment, effect=_effect()) as watching,
        runner.started(play({"name": "gate", **tasks}, hosts="all"), hosts=names) as waiting,
        runner.started(play({"name": "gate", **one_task})) as one,
    ):
        yield {SOURCE: watching, TASKS: waiting, ONE_TASK: one}


def _effect() -> list[dict[str, Any]]:
    """Return the playbook that an event starts: it writes a file with the name of the release."""
    copy = {"content": "", "dest": "{{ lookup('env', 'HOME') }}/effect-of-{{ ansible_eda.event.name }}"}
    return play({"ansible.builtin.copy": copy})


def _requests(simulator: Running) -> dict[str, int]:
    """Return the number of requests of each way."""
    counts: dict[str, int] = simulator.summary()["by_credential"]
    return counts


def _at_rest(
    runs: Mapping[str, Started], simulator: Running, plan: Plan
) -> tuple[list[dict[tuple[str, str], float]], dict[str, float]]:
    """Return the values of each round by way and name, and the requests of each way in an hour."""
    rest, began, before = [], time.monotonic(), _requests(simulator)
    for _index in range(plan.rounds):
        start, used = time.monotonic(), {way: processes.cpu(run.process.pid) for way, run in runs.items()}
        time.sleep(plan.waiting)
        values: dict[tuple[str, str], float] = {}
        for way, run in runs.items():
            pid = run.process.pid
            spent = processes.cpu(pid) - used[way]
            values[way, "CPU an hour"] = spent * HOUR / (time.monotonic() - start)
            values[way, "processes"] = len(processes.tree(pid))
            values[way, "memory"] = processes.memory(pid) / MEBIBYTE
        rest.append(values)
    after, seconds = _requests(simulator), time.monotonic() - began
    return rest, {way: (after[way] - before[way]) * HOUR / seconds for way in WAYS}


def _delays(runs: Mapping[str, Started], simulator: Running, name: str, plan: Plan) -> dict[str, float]:
    """Change the phase of a release at a random moment, and return the seconds to the effect of each way."""
    time.sleep(random.uniform(0, plan.wait_sleep))
    changed, at = time.time(), time.monotonic()
    simulator.change(name, phase=READY)
    effect = runs[SOURCE].directory / f"effect-of-{name}"

    def ended() -> list[float]:
        return [event.at for event in runs[TASKS].events if event.kind == "result" and event.host == name]

    wait_for(lambda: effect.exists() and bool(ended()), f"the effects of {name}", *runs.values())
    return {SOURCE: effect.stat().st_mtime - changed, TASKS: ended()[0] - at}


def measure_watching(plan: Plan) -> Measurement:
    """Measure a poll of the event source beside the bare cost of reading and parsing the same answer."""
    values = collected(plan.few_rounds, lambda: _round_of_watching(plan))
    cpu, memory = (ratios(values[f"source: {cost}"], values[f"bare: {cost}"]) for cost in ("CPU", "memory"))
    return Measurement(
        f"A source that watches {plan.watched:,} releases",
        "All releases of a mesh, 33 kB each, with a gate for each, `ready: true` and a state file, in one process; the "
        f"mean of {plan.polls} polls. The last of them shows another phase of each release, and {2 * plan.watched:,} "
        "events are written down and delivered. `bare` reads and parses the same answer with `requests` and `json`, "
        "and does nothing with it. Memory is the peak of the process above its start. Measured "
        f"{plan.few_rounds} times.",
        (
            Figure("a poll: CPU", values["source: CPU"], "ms"),
            Figure("bare: CPU", values["bare: CPU"], "ms"),
            Figure("a poll / bare: CPU", cpu, wanted=Wanted("≤", 2)),
            Figure("a poll: memory", values["source: memory"], "MiB"),
            Figure("bare: memory", values["bare: memory"], "MiB"),
            Figure("a poll / bare: memory", memory, wanted=Wanted("≤", 2)),
            Figure("requests of a poll", values["requests"], wanted=Wanted("≤", 1)),
        ),
    )


def _round_of_watching(plan: Plan) -> dict[str, float]:
    values: dict[str, float] = {}
    with running(playbooks.meshes([plan.watched], plan.polls)) as simulator:
        for way in ("source", "bare"):
            before = simulator.summary()["requests"]
            cost = cost_of_polls(way, simulator, plan.watched, plan.polls)
            values[f"{way}: CPU"], values[f"{way}: memory"] = 1000 * cost["cpu"], cost["memory"] / MEBIBYTE
            if way == "source":
                values["requests"] = (simulator.summary()["requests"] - before) / plan.polls
    return values
