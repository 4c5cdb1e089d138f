# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of several releases for the tables of `cases`. Each case has a mesh of its own, so its list has no other's."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ansible_collections.huaweicloud.asm.tests.playbook.cases import Case, several
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    NAMESPACE,
    gate_on_releases,
    reading_releases,
    release,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

Steps = tuple["Mapping[str, Any]", ...]


@dataclass(frozen=True, kw_only=True)
class Several(Case):
    """A case of several releases.

    ``steps`` are those of each release in the scenario, by a short name that the name of the case completes, such as
    `first` to `timeout-first`; without steps there is no such release. The task names all of them by id, those in
    ``by_service`` by their service, or none with ``whole_mesh``. The faults are for its lists, and need a simulator
    that has them by `faults_of_lists`.
    """

    KEYS = frozenset({"msg", "releases", "request_id"})

    steps: Mapping[str, Steps]
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further keys of a release in the scenario."""
    entries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further keys of a release in the option `releases`."""
    by_service: frozenset[str] = frozenset()
    whole_mesh: bool = False
    lists: int | range = 1
    """Requests of GetAllReleases. A range where a pause that happens to be short makes room for one more."""
    singles: int | range = 0
    """Requests of GetReleaseByName and GetServiceAggregation, likewise."""

    @property
    def varies(self) -> bool:
        return isinstance(self.lists, range)

    def full_name(self, short: str) -> str:
        return f"{self.name}-{short}"

    def uid(self, short: str) -> str:
        return f"uid-of-{self.full_name(short)}"

    def releases(self) -> list[dict[str, Any]]:
        return [
            {
                **release(self.full_name(short), *map(dict, steps), mesh_id=self.name, uid=self.uid(short)),
                **({"service": self.full_name(short)} if short in self.by_service else {}),
                **self.fields.get(short, {}),
            }
            for short, steps in self.steps.items()
            if steps
        ]

    def faults_of_reads(self) -> list[dict[str, Any]]:
        return []

    def asked(self, server: Running) -> dict[str, Any]:
        options = {**(gate_on_releases if self.waits else reading_releases)(server), "mesh_id": self.name}
        if self.whole_mesh:
            return {**options, "namespace": None, "releases": None}
        return {**options, "namespace": NAMESPACE, "releases": [self._entry(short) for short in self.steps]}

    def _entry(self, short: str) -> dict[str, Any]:
        by = "service" if short in self.by_service else "release_id"
        return {by: self.full_name(short), **self.entries.get(short, {})}

    def asks(self, request: Mapping[str, Any]) -> bool:
        return f"/meshes/{self.name}/" in request["path"]

    def check_number(self, requests: Sequence[Mapping[str, Any]]) -> None:
        lists = [each for each in requests if each["operation"] == "list"]
        singles = [each for each in requests if each["operation"] != "list"]
        sent = [f"{each['operation']} {each['path']} {each['status']}" for each in requests]
        assert len(lists) in several(self.lists, lists), sent
        assert len(singles) in several(self.singles, singles), sent
        if "requests_per_minute" in self.options:
            # Well below the spacing, for a request may arrive late; what is not spaced comes within milliseconds.
            least = 0.7 * 60 / self.options["requests_per_minute"]
            times = [each["seconds"] for each in singles]
            assert all(later - earlier > least for earlier, later in pairwise(times)), times


def read_mesh(name: str, steps: Mapping[str, Steps], **more: Any) -> Several:
    """Return a read of a whole mesh."""
    return Several(name=name, steps=steps, whole_mesh=True, **more)


def wait_for(name: str, steps: Mapping[str, Steps], outcome: str, **more: Any) -> Several:
    """Return a gate on several releases."""
    return Several(name=name, steps=steps, waits=True, outcome=outcome, **more)


def faults_of_lists(cases: Sequence[Several]) -> list[dict[str, Any]]:
    """Return the faults that a simulator has for the lists of all of its cases.

    Within a case they are counted from its own first list.
    """
    faults, before = [], 0
    for case in cases:
        assert isinstance(case.lists, int), case.name
        for each in case.faults:
            requests = [before + number for number in range(1, case.lists + 1)]
            faults.append({**each, "operation": "list", "requests": requests})
        before += case.lists
    return faults
