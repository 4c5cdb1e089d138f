# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of several releases, for the tables of `cases`: each has a mesh of its own, so that a list shows no other's."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ansible_collections.huaweicloud.asm.tests.playbook.cases import Case, several
from ansible_collections.huaweicloud.asm.tests.playbook.plays import NAMESPACE, reading_train, release, train

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

Steps = tuple["Mapping[str, Any]", ...]


@dataclass(frozen=True, kw_only=True)
class Train(Case):
    """A case of several releases.

    ``members`` are their steps in the scenario, by a short name that the name of the case completes, such as `first` to
    `timeout-first`; without steps there is no such release. The task asks for all of them by name or, where it
    ``selects``, for those that its options select. The faults are for its lists, and need a simulator that has them by
    `faults_of_lists`.
    """

    KEYS = frozenset({"msg", "releases", "request_id"})

    members: Mapping[str, Steps]
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the scenario says of a release besides."""
    entries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the option `releases` says of a release besides."""
    faults_of_members: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    selects: bool = False
    lists: int | range = 1
    """Requests of GetAllReleases. A range where a pause that happens to be short makes room for one more."""
    singles: int | range = 0
    """Requests of GetReleaseByName, likewise."""

    @property
    def varies(self) -> bool:
        return isinstance(self.lists, range)

    def full_name(self, member: str) -> str:
        return f"{self.name}-{member}"

    def uid(self, member: str) -> str:
        return f"uid-of-{self.full_name(member)}"

    def releases(self) -> list[dict[str, Any]]:
        return [
            {
                **release(self.full_name(member), *map(dict, steps), mesh_id=self.name, uid=self.uid(member)),
                **self.fields.get(member, {}),
            }
            for member, steps in self.members.items()
            if steps
        ]

    def faults_of_reads(self) -> list[dict[str, Any]]:
        # A release that no list has shown is read by the name that was asked for, any other one by its uid.
        return [
            {"release": release_id, **each}
            for member, faults in self.faults_of_members.items()
            for each in faults
            for release_id in (self.full_name(member), self.uid(member))
        ]

    def asked(self, server: Running) -> dict[str, Any]:
        options = train(server) if self.waits else reading_train(server)
        options["mesh_id"] = self.name
        if not self.selects:
            options["namespace"] = NAMESPACE
            options["releases"] = [
                {"release_id": self.full_name(member), **self.entries.get(member, {})} for member in self.members
            ]
        return options

    def asks(self, request: Mapping[str, Any]) -> bool:
        return bool(request["path"].startswith(f"/v2/meshes/{self.name}/"))

    def check_number(self, requests: Sequence[Mapping[str, Any]]) -> None:
        by_operation: dict[str, list[Mapping[str, Any]]] = {"list": [], "read": []}
        for each in requests:
            by_operation[each["operation"]].append(each)
        assert len(by_operation["list"]) in several(self.lists, by_operation["list"]), requests
        assert len(by_operation["read"]) in several(self.singles, by_operation["read"]), requests
        if "requests_per_minute" in self.options:
            # Well below the spacing, for a request may arrive late; what is not spaced comes within milliseconds.
            least = 0.7 * 60 / self.options["requests_per_minute"]
            sent = [each["seconds"] for each in by_operation["read"]]
            assert all(later - earlier > least for earlier, later in pairwise(sent)), requests


def look(name: str, members: Mapping[str, Steps], **more: Any) -> Train:
    """Return a read of several releases that nobody waits for."""
    return Train(name=name, members=members, **more)


def hold(name: str, members: Mapping[str, Steps], outcome: str, **more: Any) -> Train:
    """Return a gate on several releases."""
    return Train(name=name, members=members, waits=True, outcome=outcome, **more)


def select(name: str, members: Mapping[str, Steps], outcome: str, minimum: int = 1, **more: Any) -> Train:
    """Return a gate on a selection."""
    options = {"minimum": minimum, **more.pop("options", {})}
    return Train(name=name, members=members, waits=True, selects=True, outcome=outcome, options=options, **more)


def faults_of_lists(cases: Sequence[Train]) -> list[dict[str, Any]]:
    """Return the faults of a simulator that all of its cases together have for their lists.

    Within a case they are counted from its own first list. They are for all of its lists unless they say which.
    """
    faults, before = [], 0
    for case in cases:
        assert isinstance(case.lists, int), case.name
        for each in case.faults:
            own = each.get("requests", range(1, case.lists + 1))
            faults.append({**each, "operation": "list", "requests": [before + number for number in own]})
        before += case.lists
    return faults
