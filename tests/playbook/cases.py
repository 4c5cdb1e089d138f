# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of cases, and how one is run through both paths: the controller's own process, and the module on a target.

A case is a task. All tasks of a table are in one playbook, which runs once on each path, in a few lanes side by side.
Each path has simulators of its own, which share no state.
"""

from __future__ import annotations

import json
import re
import sys
from abc import ABC, abstractmethod
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run, TaskResult
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    MODULE,
    TOKEN,
    gate,
    inventory,
    play,
    reading,
    release,
    scenario,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pytest
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

AnyCase = TypeVar("AnyCase", bound="Case")

SERVICE = "service"
"""The simulator of every case that names no other one."""

SECONDS = re.compile(r"\b[0-9.]+(?= (of [0-9]+ )?s\b)")
TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

KEY = {"access_key": "INVENTEDKEYOFTHETESTS", "secret_key": "invented-secret-key-of-the-tests"}
USER = {
    "username": "invented-user",
    "password": "invented-password-of-the-tests",
    "domain_name": "invented-account",
    "project_name": "invented-project",
}
LOGIN = {**USER, "iam_endpoint": "<service>"}


def after(reads: int, step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step that takes effect after so many reads."""
    return {**step, "after_reads": reads}


def fault(name: str, **more: Any) -> dict[str, Any]:
    return {"fault": name, **more}


def answer(status: int, **more: Any) -> dict[str, Any]:
    return fault("answer", status=status, **more)


LATE = 10.0
"""Seconds by which a verdict may come late on a busy machine.

Any other reason for it would come later still, as the timeout of a request does (15 s), or change the outcome or the
number of requests. The unit tests check the length of a pause on a scripted clock.
"""


def at(seconds: float) -> tuple[float, float]:
    """Return the window of a verdict that is due at a time."""
    return seconds, seconds + LATE


def pauses(number: int, and_at: float = 0.0) -> tuple[float, float]:
    """Return the window of a verdict that is due after so many pauses of 1 s ± 10 %, and a time that is certain."""
    return 0.9 * number + and_at, 1.1 * number + and_at + LATE


def several(number: int | range, requests: Sequence[Mapping[str, Any]]) -> range:
    """Return the numbers of requests that a case allows.

    A range is what fits between pauses of 1 s ± 10 %. Fewer fit where a busy machine sent the requests further apart.
    """
    if not isinstance(number, range):
        return range(number, number + 1)
    pauses_between = len(requests) - 1
    on_time = pauses_between < 1 or requests[-1]["seconds"] - requests[0]["seconds"] <= 1.1 * pauses_between + 0.1
    return number if on_time else range(min(2, number.start), number.stop)


@dataclass(frozen=True, kw_only=True)
class Case(ABC):
    """One task, and its expected result.

    ``options`` are added to those of a read or, with ``waits``, of a gate; ``credentials`` replace the token. Both may
    hold names in angle brackets: of a simulator for its URL, `<ca of …>` for its authority, and those that the table
    prepares. Cases of one simulator other than `SERVICE` run one after the other, in the order of the table.
    """

    KEYS: ClassVar[frozenset[str]]
    """What every result has."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    waits: bool = False
    check_mode: bool = False
    credentials: Mapping[str, Any] = field(default_factory=lambda: {"token": TOKEN})
    faults: tuple[Mapping[str, Any], ...] = ()
    server: str = SERVICE
    # The expected result:
    outcome: str = ""
    """`gate.outcome`; empty without a gate."""
    error: str = ""
    """`error.kind`; empty without an error."""
    logins: int = 0
    metadata: int = 0
    due: tuple[float, float] = at(0)
    """The window of its verdict in seconds; without a gate, of the time between its first and its last request."""
    result: Mapping[str, Any] = field(default_factory=dict)
    """Parts of the result, by their place."""
    without: tuple[str, ...] = ()
    """Places that the result does not have."""
    says: tuple[str, ...] = ()
    """Words of `msg`."""
    warns: tuple[str, ...] = ()
    """Words of its warnings."""

    @property
    def fails(self) -> bool:
        """Return whether the task must fail: because of an error, or because a gate with `wait` stays closed."""
        return bool(self.error) or (not self.check_mode and self.outcome not in ("", "reached"))

    @property
    @abstractmethod
    def varies(self) -> bool:
        """Return whether the number of its requests may be another one in each run."""

    @abstractmethod
    def releases(self) -> list[dict[str, Any]]:
        """Return the releases that the scenario has for it."""

    @abstractmethod
    def faults_of_reads(self) -> list[dict[str, Any]]:
        """Return the faults that the scenario has for single reads of its releases."""

    @abstractmethod
    def asked(self, server: Running) -> dict[str, Any]:
        """Return the options that say which releases are read, where, and how."""

    @abstractmethod
    def asks(self, request: Mapping[str, Any]) -> bool:
        """Return whether a recorded request is for its releases."""

    @abstractmethod
    def check_number(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Check the number of requests for its releases."""


@dataclass(frozen=True, kw_only=True)
class Single(Case):
    """A case of one release.

    ``steps`` are those of a release of its own in the scenario; without any there is none. The faults are for requests
    for this release only. With ``by_service``, the task asks for the release by its service, which has the name of the
    case.
    """

    KEYS = frozenset({"msg", "found", "release", "phase", "workloads", "request_id"})

    steps: tuple[Mapping[str, Any], ...] = ()
    release: Mapping[str, Any] = field(default_factory=dict)
    by_service: bool = False
    requests: int | range = 1
    """Requests to ASM. A range where a pause that happens to be short makes room for one more."""

    @property
    def varies(self) -> bool:
        return isinstance(self.requests, range)

    def releases(self) -> list[dict[str, Any]]:
        names = {"id": f"release-of-{self.name}", "service": self.name} if self.by_service else {}
        return [{**release(self.name, *map(dict, self.steps)), **names, **self.release}] if self.steps else []

    def faults_of_reads(self) -> list[dict[str, Any]]:
        return [{"release": self.name, **each} for each in self.faults]

    def asked(self, server: Running) -> dict[str, Any]:
        options = gate(server, self.name) if self.waits else reading(server, self.name)
        return {**options, "release_id": None, "service": self.name} if self.by_service else options

    def asks(self, request: Mapping[str, Any]) -> bool:
        return bool(request["release"] == self.name)

    def check_number(self, requests: Sequence[Mapping[str, Any]]) -> None:
        assert len(requests) in several(self.requests, requests), requests


def read(name: str, *steps: Mapping[str, Any], **more: Any) -> Single:
    """Return a read of one release."""
    return Single(name=name, steps=steps, **more)


def wait(name: str, *steps: Mapping[str, Any], **more: Any) -> Single:
    """Return a gate on one release."""
    return Single(name=name, steps=steps, waits=True, **more)


def check(name: str, *steps: Mapping[str, Any], **more: Any) -> Single:
    """Return a gate on one release in check mode."""
    return Single(name=name, steps=steps, waits=True, check_mode=True, **more)


def scenario_of(cases: Sequence[Case], server: str = SERVICE, **more: Any) -> dict[str, Any]:
    """Return the scenario of a simulator: releases and faults of its cases."""
    own = [case for case in cases if case.server == server]
    faults = [each for case in own for each in case.faults_of_reads()]
    return scenario(
        *(each for case in own for each in case.releases()), **{**more, "faults": [*faults, *more.get("faults", ())]}
    )


@dataclass(frozen=True)
class Journey:
    """All cases of a table on one path: the run of Ansible, and the simulators with the requests that they got."""

    directory: Path
    run: Run
    servers: Mapping[str, Running]
    recorded: Mapping[str, Sequence[Mapping[str, Any]]]
    """All requests, by simulator."""

    def requests(self, case: Case) -> list[Mapping[str, Any]]:
        """Return the requests for the releases of a case."""
        return [entry for entry in self.recorded[case.server] if case.asks(entry)]

    def count(self, server: str, service: str) -> int:
        """Return how many requests one of a simulator's services got."""
        return sum(entry["service"] == service for entry in self.recorded[server])


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """Return a value of a case with each name in angle brackets replaced."""
    if isinstance(value, str):
        return re.sub(r"<([a-z -]+)>", lambda found: names[found[1]], value)
    return value


def task(case: Case, server: Running, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the task of a case; an option that is None is left out."""
    options = {**case.asked(server), "token": None, **case.credentials, **case.options}
    given = {name: filled(value, names) for name, value in options.items() if value is not None}
    return {"name": case.name, MODULE: given, "ignore_errors": True, "check_mode": case.check_mode}


def in_lanes(cases: Sequence[Case], number: int) -> list[list[Case]]:
    """Return the cases in so many lanes; those of one simulator other than `SERVICE` lie in one of them."""
    together = defaultdict(list)
    for case in cases:
        together[case.name if case.server == SERVICE else case.server].append(case)
    lanes: list[list[Case]] = [[] for _lane in range(number)]
    # What takes longest begins first.
    for group in sorted(together.values(), key=len, reverse=True):
        min(lanes, key=len).extend(group)
    return lanes


@dataclass(frozen=True)
class Table:
    """Cases, and the simulators, files and variables that they need."""

    cases: Sequence[Case]
    start: Callable[[Callable[..., Running]], Mapping[str, Running]]
    """Starts the simulators with what the fixture ``simulate`` gives; by name, `SERVICE` among them."""
    prepare: Callable[[Path, Mapping[str, Running]], tuple[dict[str, str], dict[str, str]]] = lambda *_unused: ({}, {})
    """Makes files in the directory of a path; returns the texts of names in angle brackets, and the environment."""
    lanes: int = 4
    python: str = sys.executable
    """The Python of the targets, on which the module runs."""

    def __post_init__(self) -> None:
        names = [case.name for case in self.cases]
        assert len(set(names)) == len(names), names

    def _journey(
        self, connection: str, directory: Path, installed_collection: Path, simulate: Callable[..., Running]
    ) -> Journey:
        """Run all cases on a connection, each lane a host of its own that does not wait for the others."""
        directory.mkdir()
        servers = self.start(simulate)
        ansible = Ansible(directory, installed_collection)
        names, environment = self.prepare(directory, servers)
        names |= {name: server.url for name, server in servers.items()}
        names |= {f"ca of {name}": server.ca_path for name, server in servers.items() if server.ca_path}
        for lane, cases in enumerate(in_lanes(self.cases, self.lanes)):
            tasks = [task(case, servers[case.server], names) for case in cases]
            (directory / f"lane{lane}.yml").write_text(json.dumps(tasks), encoding="utf-8")
        variables = {
            "ansible_connection": connection,
            "ansible_pipelining": True,
            "ansible_python_interpreter": self.python,
        }
        run = ansible.playbook(
            play({"ansible.builtin.include_tasks": "{{ inventory_hostname }}.yml"}, strategy="free"),
            inventory=inventory(**{f"lane{lane}": variables for lane in range(self.lanes)}),
            arguments=["--forks", str(self.lanes)],
            environment=environment,
        )
        return Journey(directory, run, servers, {name: server.requests() for name, server in servers.items()})

    def travel(
        self, directory: Path, installed_collection: Path, simulate: Callable[..., Running]
    ) -> dict[str, Journey]:
        """Run all cases on both paths at the same time."""
        with ThreadPoolExecutor() as pool:
            running = {
                name: pool.submit(self._journey, connection, directory / name, installed_collection, simulate)
                for name, connection in CONNECTIONS.items()
            }
        return {name: each.result() for name, each in running.items()}

    def check(self, paths: Mapping[str, Journey], subtests: pytest.Subtests) -> None:
        """Check what happened on both paths against each case, and against each other."""
        for case in self.cases:
            with subtests.test(case=case.name):
                entries = {name: path.run.task(case.name) for name, path in paths.items()}
                for name, path in paths.items():
                    check_result(case, entries[name])
                    check_requests(case, path, entries[name])
                left, right = (comparable(case, entries[name].result, path) for name, path in paths.items())
                assert left == right
        for name, path in paths.items():
            for server in path.servers:
                with subtests.test(path=name, server=server):
                    own = [case for case in self.cases if case.server == server]
                    assert path.count(server, "iam") == sum(case.logins for case in own)
                    assert path.count(server, "metadata") == sum(case.metadata for case in own)


def place(result: Any, name: str) -> Any:
    """Return the value at a place of a result, such as `gate.timeline.0.phase`; raises LookupError."""
    for part in name.split("."):
        result = result[int(part)] if isinstance(result, list) else result[part]
    return result


def has(result: Any, name: str) -> bool:
    try:
        place(result, name)
    except LookupError:
        return False
    return True


def check_result(case: Case, entry: TaskResult) -> None:
    """Check a result against its case."""
    result = entry.result
    assert entry.outcome == ("ignored" if case.fails else "ok"), result
    assert result["changed"] is False
    assert set(result) >= case.KEYS
    assert result.get("gate", {}).get("outcome", "") == case.outcome, result["msg"]
    assert result.get("error", {}).get("kind", "") == case.error, result["msg"]
    assert {name: place(result, name) for name in case.result} == case.result
    assert [name for name in case.without if has(result, name)] == []
    assert [words for words in case.says if words not in result["msg"]] == [], result["msg"]
    warnings = " ".join(result.get("warnings", ()))
    assert [words for words in case.warns if words not in warnings] == [], warnings
    if case.check_mode and case.waits:
        assert result["msg"].startswith("check mode: ")
        # A task that succeeds warns about what is wrong.
        is_silent = case.fails or case.outcome == "reached"
        assert (result["msg"] in result.get("warnings", ())) is not is_silent


def check_requests(case: Case, path: Journey, entry: TaskResult) -> None:
    """Check the requests and the time of the verdict against its case."""
    requests = path.requests(case)
    case.check_number(requests)
    assert case.faults or len({entry["connection"] for entry in requests}) <= 1
    apart = requests[-1]["seconds"] - requests[0]["seconds"] if requests else 0.0
    earliest, latest = case.due
    if "gate" not in entry.result:
        assert not requests or earliest <= apart < latest, requests
        return
    elapsed = entry.result["gate"]["elapsed"]
    assert earliest <= elapsed < latest, entry.result["gate"]
    if requests and case.server == SERVICE and case.error != "timeout":
        # By the clock of the simulator, which is independent of the gate's.
        assert apart <= elapsed < apart + LATE, requests


def comparable(case: Case, result: Mapping[str, Any], path: Journey) -> Any:
    """Return a result without what may differ: times, ids of requests, places, and what is Ansible's own."""
    places = {server.url.partition("://")[2]: name for name, server in path.servers.items()}
    places[str(path.directory)] = "the directory"
    varying = {"request_id", "elapsed", "after"}
    if case.varies:
        varying |= {"requests", "retries"}

    def stripped(value: Any, name: str = "") -> Any:
        if name in varying:
            return type(value).__name__
        if isinstance(value, dict):
            return {key: stripped(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [stripped(each) for each in value]
        if isinstance(value, str):
            for own_place, called in places.items():
                value = value.replace(own_place, called)
            # Sentences hold seconds and times of day.
            return SECONDS.sub("some", TIME.sub("some time", value))
        return value

    own = {"invocation"} | {name for name in result if name.startswith("_ansible")}
    return stripped({name: value for name, value in result.items() if name not in own})
