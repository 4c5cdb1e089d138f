# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The validated options of one call. All times are in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class ReleaseTarget(NamedTuple):
    """Which release is asked for: by its id, or as the current release of a service; exactly one of the two is set."""

    mesh_id: str
    namespace: str
    release_id: str | None = None
    service: str | None = None

    @property
    def name(self) -> str:
        """Return the id or the service."""
        return self.release_id or self.service or ""


@dataclass(frozen=True)
class Conditions:
    """What opens the gate of one release and what makes it fail; phases are stripped, their case is as given."""

    success_phases: tuple[str, ...]
    failure_phases: tuple[str, ...] = ()
    ready: bool = False
    version: str | None = None
    images: tuple[str, ...] = ()
    stable_for: float = 0.0
    stall_timeout: float = 0.0
    on_missing: str = "fail"
    missing_after: tuple[str, ...] = ()

    @property
    def needs(self) -> frozenset[str]:
        """Return what the conditions look at besides the phase, so that a release without it is incomplete."""
        looks_at = {
            "version": self.version is not None,
            "images": bool(self.images),
            "ready": bool(self.ready or self.images or self.stall_timeout),
        }
        return frozenset(each for each, is_looked_at in looks_at.items() if is_looked_at)


@dataclass(frozen=True)
class Schedule:
    """When requests are sent, and until when.

    Attributes:
        wait_timeout: one deadline over everything.
        wait_sleep: pause between two polls.
        request_timeout: bound of one request.
        request_retries: further tries of a single read.
        requests_per_minute: budget of single reads; of the event source, of all requests.
    """

    wait_timeout: float = 600.0
    wait_sleep: float = 10.0
    request_timeout: float = 15.0
    request_retries: int = 3
    requests_per_minute: int = 30

    def longest_gap(self, interval: float) -> float:
        """Return the seconds between two answers after which they no longer count as consecutive.

        Args:
            interval: seconds between two answers at the current pace.
        """
        return max(3 * max(self.wait_sleep, interval), self.request_timeout)


class GateOptions(NamedTuple):
    """The conditions of each target, in the order of the targets, and how many targets must meet theirs."""

    conditions: tuple[Conditions, ...]
    required: int


class ConnectionOptions(NamedTuple):
    """Where ASM is and who reads, as far as options say so.

    `given` holds the connection options of the call, `variables` the credentials from Ansible variables. Both hold only
    what was given.
    """

    given: Mapping[str, str]
    variables: Mapping[str, str]
    auth_type: str = "auto"
    validate_certs: bool = True
    request_timeout: float = 15.0


class Request(NamedTuple):
    """All options of one call of the module, the lookup or the role.

    Attributes:
        targets: which releases; empty for every release of the mesh, narrowed by `namespace`.
        is_single: the task names one release, so the result is flat.
        gate: None without `wait`; otherwise there is at least one target.
    """

    mesh_id: str
    targets: tuple[ReleaseTarget, ...]
    namespace: str | None
    is_single: bool
    gate: GateOptions | None
    schedule: Schedule
    connection: ConnectionOptions
    on_missing: str
    manifests: bool


class SourceRequest(NamedTuple):
    """All options of the event source.

    Attributes:
        namespaces, services, names: filters; an empty one lets every release pass.
        conditions: of the gate of each release, None without `success_phases`.
        initial: report the releases of the first poll as well.
        state_file: path of the file that keeps what was seen, None for no file.
    """

    mesh_ids: tuple[str, ...]
    namespaces: tuple[str, ...]
    services: tuple[str, ...]
    names: tuple[str, ...]
    conditions: Conditions | None
    schedule: Schedule
    connection: ConnectionOptions
    initial: bool
    state_file: str | None
    manifests: bool
