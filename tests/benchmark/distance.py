# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reads cost over TLS with a round trip of 50 ms: connections, handshakes, logins, bytes and seconds."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ..simulator.thread import serving
from . import playbooks
from .figures import Figure, Wanted, ratios
from .measurement import Measurement, Plan, collected
from .playbooks import MESH, NAMESPACE, READY, RUNNING, WAITING, Task, play
from .relay import Relay, relayed
from .runner import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..simulator.process import Running
    from .runner import Runner

ROUND_TRIP = 0.05
USER = {
    "username": "benchmark",
    "password": "invented-password-for-the-benchmark",
    "domain_name": "benchmark-domain",
    "project_id": "benchmark-project",
}
_UNITS = {"connections": "", "TLS handshakes": "", "logins": "", "bytes": "kB", "seconds": "s"}
_POLLS = 3
_RELEASES = 25


@dataclass(frozen=True)
class Distant:
    """A simulator behind TLS and a round trip. ASM and IAM have a port each, as they have a host each in the cloud."""

    simulator: Running
    asm: Relay
    iam: Relay

    @property
    def options(self) -> dict[str, Any]:
        """Return the options of a connection that logs in with a password."""
        return {
            "endpoint": self.asm.url,
            "iam_endpoint": self.iam.url,
            "ca_path": self.simulator.ca_path,
            **USER,
        }

    def costs(self, seconds: float) -> dict[str, float]:
        """Return what has passed so far, by the names of `_UNITS`."""
        traffic = self.asm.traffic + self.iam.traffic
        return {
            "connections": traffic.connections,
            "TLS handshakes": traffic.handshakes,
            "logins": self.simulator.summary()["by_service"].get("iam", 0),
            "bytes": traffic.bytes / 1000,
            "seconds": seconds,
        }


@contextlib.contextmanager
def distant(scenario: Mapping[str, Any]) -> Iterator[Distant]:
    """Start a simulator that is far away, and accepts the user."""
    user = {**USER, "project_name": "benchmark"}
    scenario = {**scenario, "credentials": {"users": [user]}, "gzip": True}
    with (
        serving(scenario, tls="valid") as simulator,
        relayed(simulator.url, ROUND_TRIP) as asm,
        relayed(simulator.url, ROUND_TRIP) as iam,
    ):
        yield Distant(simulator, asm, iam)


def measure_distance(runner: Runner, plan: Plan) -> Measurement:
    """Measure a gate, a loop, a task for many releases and an event source; the first three beside `uri`."""
    gate, loop, many, source = "gate", "loop", "task for many", "event source"
    values = {
        **_compared(runner, gate, _gate(plan), 1),
        **_compared(runner, loop, _loop(plan), plan.few_rounds),
        **_compared(runner, many, _many(plan), plan.few_rounds),
        **{(source, "controller", name): (value,) for name, value in _costs_of_source(runner, plan).items()},
    }
    # A connection to IAM and one to ASM.
    most = {"connections": Wanted("≤", 2), "logins": Wanted("≤", 1)}
    return Measurement(
        f"Over TLS with a round trip of {1000 * ROUND_TRIP:g} ms",
        f"The gate polls {plan.gate_reads} times, the loop reads {plan.far_reads} times, the task for many waits for "
        f"{plan.gates} releases of one mesh over {plan.polls} polls, and the event source polls {plan.far_meshes} "
        f"meshes of {_RELEASES} releases {_POLLS} times each. All of them log in with a password. `uri` logs in by a "
        "task of its own, which passes the token on; it waits with `until`, for many releases on the list of the mesh, "
        "and cannot watch. Polls are 1 s apart. A relay delays each byte by half a round trip, and the first byte of a "
        "connection by one more. Bandwidth is not limited. The server compresses if it is asked to; the simulator's "
        "releases resemble each other, so real ones compress less. Bytes are those of both directions, with TLS. "
        "Seconds are from the start of the first task to the last result, without the start of `ansible-playbook`; of "
        "the event source, which runs in `ansible-rulebook`, from the first connection to the last poll. The loop and "
        f"the task for many were measured {plan.few_rounds} times, the others once.",
        (
            *(
                Figure(
                    f"{what}, {_NAMES[way]}: {name}",
                    each,
                    _UNITS[name],
                    most.get(name) if way == "controller" else None,
                )
                for (what, way, name), each in values.items()
            ),
            *(
                Figure(
                    f"{what}, this collection / uri: seconds",
                    ratios(values[what, "controller", "seconds"], values[what, "uri", "seconds"]),
                    wanted=Wanted("≤", 1),
                )
                for what in (gate, loop, many)
            ),
            Figure("round trip", (1000 * ROUND_TRIP,), "ms"),
        ),
        is_matrix=True,
    )


_NAMES = {"controller": "this collection", "uri": "uri"}


@dataclass(frozen=True)
class _Race:
    """What two contenders do: each in a play of its own, on a simulator of its own.

    Attributes:
        scenario: of the simulator.
        plays: makes the tasks of each contender for a simulator.
    """

    scenario: dict[str, Any]
    plays: Mapping[str, Callable[[Distant], list[Task]]]


def _gate(plan: Plan) -> _Race:
    scenario = playbooks.scenario(gate=[{"phase": WAITING}, {"phase": READY, "after_reads": plan.gate_reads - 1}])
    wait = {"wait": True, "success_phases": [READY], "wait_sleep": 1, "wait_timeout": 10 * plan.gate_reads}
    until = {"until": f"read.json.status.phase == '{READY}'", "retries": plan.gate_reads, "delay": 1}
    return _Race(
        scenario,
        {
            "controller": lambda server: [_one(server, "gate", **wait)],
            "uri": lambda server: [_log_in(server), {**_get(server, _path("gate")), "register": "read", **until}],
        },
    )


def _loop(plan: Plan) -> _Race:
    items = {"loop": list(range(plan.far_reads))}
    return _Race(
        playbooks.scenario(),
        {
            "controller": lambda server: [{**_one(server, RUNNING), **items}],
            "uri": lambda server: [_log_in(server), {**_get(server, _path(RUNNING)), **items}],
        },
    )


def _many(plan: Plan) -> _Race:
    releases = {
        "namespace": NAMESPACE,
        "releases": [{"release_id": release_id} for release_id in playbooks.ids_of(plan.gates)],
    }
    wait = {"wait": True, "success_phases": [READY], "wait_sleep": 1, "wait_timeout": 600}
    phases = f"read.json['items'] | map(attribute='status.phase') | unique | list == ['{READY}']"
    until = {"register": "read", "until": phases, "retries": plan.polls, "delay": 1}
    mesh_id = playbooks.mesh_of(plan.gates)
    return _Race(
        playbooks.meshes([plan.gates], plan.polls),
        {
            "controller": lambda server: [_task(server, mesh_id, **releases, **wait)],
            "uri": lambda server: [_log_in(server), {**_get(server, f"/v2/meshes/{mesh_id}/releases"), **until}],
        },
    )


def _task(server: Distant, mesh_id: str, **options: Any) -> Task:
    return {"huaweicloud.asm.asm_release_info": {**server.options, "mesh_id": mesh_id, **options}}


def _one(server: Distant, release_id: str, **gate: Any) -> Task:
    return _task(server, MESH, namespace=NAMESPACE, release_id=release_id, **gate)


def _path(release_id: str) -> str:
    return f"/v2/meshes/{MESH}/namespaces/{NAMESPACE}/releases/{release_id}"


def _log_in(server: Distant) -> Task:
    """Return the login as a task of `uri`."""
    user = {"name": USER["username"], "password": USER["password"], "domain": {"name": USER["domain_name"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    uri = {
        "url": f"{server.iam.url}/v3/auth/tokens?nocatalog=true",
        "method": "POST",
        "body_format": "json",
        "body": {"auth": {"identity": identity, "scope": {"project": {"id": USER["project_id"]}}}},
        "status_code": 201,
        "ca_path": server.simulator.ca_path,
    }
    return {"ansible.builtin.uri": uri, "register": "login"}


def _get(server: Distant, path: str) -> Task:
    uri = {
        "url": server.asm.url + path,
        "headers": {"X-Auth-Token": "{{ login.x_subject_token }}"},
        "ca_path": server.simulator.ca_path,
    }
    return {"ansible.builtin.uri": uri}


def _compared(runner: Runner, what: str, race: _Race, rounds: int) -> dict[tuple[str, str, str], tuple[float, ...]]:
    """Return the costs of each contender by (what, way, name); the contenders run at the same time."""

    def measure() -> dict[str, float]:
        with ThreadPoolExecutor() as threads:
            costs = {
                way: threads.submit(_costs_of_play, runner, race.scenario, tasks) for way, tasks in race.plays.items()
            }
            return {f"{way}: {name}": value for way, cost in costs.items() for name, value in cost.result().items()}

    values = collected(rounds, measure)
    return {(what, way, name): values[f"{way}: {name}"] for way in race.plays for name in _UNITS}


def _costs_of_play(
    runner: Runner, scenario: dict[str, Any], tasks: Callable[[Distant], list[Task]]
) -> dict[str, float]:
    with distant(scenario) as server:
        cost = runner.run(play(*tasks(server)))
        began = next(event.at for event in cost.events if event.kind == "task")
        ended = [event.at for event in cost.events if event.kind == "result"][-1]
        return server.costs(ended - began)


def _costs_of_source(runner: Runner, plan: Plan) -> dict[str, float]:
    """Return the costs of a source until it has polled each mesh so often."""
    mesh_ids = [f"far-{number}" for number in range(plan.far_meshes)]
    releases = playbooks.meshes([_RELEASES], polls=1)["releases"]
    scenario = {"releases": [{**each, "mesh_id": mesh_id} for mesh_id in mesh_ids for each in releases]}
    with distant(scenario) as server:
        options = {"mesh_id": mesh_ids, "requests_per_minute": 60 * plan.far_meshes, "wait_sleep": 1}
        with runner.watching(playbooks.rulebook({**server.options, **options})) as run:
            wait_for(lambda: server.iam.traffic.connections > 0, "the first connection", run)
            began = time.monotonic()
            wanted = _POLLS * plan.far_meshes
            wait_for(partial(_has_listed, server, wanted), f"{wanted} polls", run)
            return server.costs(time.monotonic() - began)


def _has_listed(server: Distant, polls: int) -> bool:
    count: int = server.simulator.summary()["by_operation"].get("list", 0)
    return count >= polls
