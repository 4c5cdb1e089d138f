# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that answers by its scripts, and calls that wait over it on a clock that only they move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Union, cast

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError, RequestTimeoutError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release_list import ReleaseList, parse_list
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import (
    Conditions,
    ConnectionOptions,
    GateOptions,
    ReleaseTarget,
    Request,
    Schedule,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.results.messages import Messages
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.wait.context import Context
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.wait.progress import Progress
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.wait.waiter import Waiter
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import not_found, release_list
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.observed import Seen, seen_as
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import Clock

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.api.client import Client
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.gate_set import GateSet
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release

Listed = Union[Sequence[Mapping[str, Any]], AsmError]
"""The items of a list, or its error."""

LIST = "list"

RUNNING = Conditions(("Running",))
MINUTE = Schedule(wait_timeout=60)


@dataclass
class FakeClient:
    """Answers by its scripts, the last answer of each for ever. It has no other release.

    Attributes:
        scripts: what a release id or a service shows; `uid-a` is the uid of the release with the name `a`.
        listing: what the list shows.
        takes: seconds of a request.
        asked: when which id, service or `LIST` was asked for.
    """

    scripts: Mapping[str, Sequence[Seen]] = field(default_factory=dict)
    listing: Sequence[Listed] = ([],)
    takes: float = 0.0
    clock: Clock = field(default_factory=lambda: Clock(0.0))
    on_idle: Callable[[], None] = lambda: None
    asked: list[tuple[float, str]] = field(default_factory=list)
    request_id: str = "r-fake"

    def get_release(self, target: ReleaseTarget, deadline: float) -> Release:
        return self._read(target.name, deadline)

    def get_service(self, target: ReleaseTarget, deadline: float) -> Release:
        return self._read(target.name, deadline)

    def list_releases(self, mesh_id: str, deadline: float) -> ReleaseList:
        shown = self._next(LIST, self.listing, deadline)
        if isinstance(shown, AsmError):
            raise shown
        return parse_list(release_list(*shown), mesh_id)

    def _read(self, name: str, deadline: float) -> Release:
        plain = name.replace("uid-", "")
        shown = seen_as(
            self._next(name, self.scripts.get(name, [not_found()]), deadline), uid=f"uid-{plain}", name=plain
        )
        if isinstance(shown, AsmError):
            raise shown
        return shown

    def _next(self, name: str, script: Sequence[Any], deadline: float) -> Any:
        number = sum(each == name for _at, each in self.asked)
        self.asked.append((round(self.clock(), 2), name))
        end = min(self.clock() + self.takes, max(deadline, self.clock()))
        while self.clock() < end:
            self.clock.seconds += min(1.0, end - self.clock())
            self.on_idle()
        if self.clock() >= deadline:
            raise RequestTimeoutError("no response in time")
        return script[min(number, len(script) - 1)]

    @property
    def times(self) -> list[float]:
        """Return when something was asked for."""
        return [at for at, _name in self.asked]


@dataclass
class Call:
    """A call about targets: ids, or services with `service:` before them.

    Attributes:
        warnings, lines: what the call has shown.
    """

    client: FakeClient
    names: Sequence[str]
    schedule: Schedule = MINUTE
    conditions: Conditions | None = RUNNING
    required: int | None = None
    on_missing: str = "fail"
    namespace: str | None = None
    jitter: float = 1.0
    is_cancelled: Callable[[], bool] = lambda: False
    warnings: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def options(self) -> GateOptions:
        count = len(self.names)
        return GateOptions((self.conditions or RUNNING,) * count, count if self.required is None else self.required)

    def wait(self) -> GateSet:
        return self.waiter().wait(self.options)

    def read(self) -> GateSet:
        """Return the gates of a call in check mode, or of one without a gate."""
        return self.waiter().read(self.options if self.conditions else None)

    def waiter(self) -> Waiter:
        context = self.context()
        progress = Progress(context.runtime, 0.0, self.lines.append, Messages(context.request.targets, Sanitizer()))
        self.client.on_idle = progress.remind
        return Waiter(context, progress)

    def context(self) -> Context:
        clock = self.client.clock
        runtime = Runtime({}, clock, clock.sleep, jitter=lambda: self.jitter, is_cancelled=self.is_cancelled)
        client = cast("Client", self.client)
        return Context(self._request(), runtime, Sanitizer(), client, 0.0, self.warnings.append)

    def _request(self) -> Request:
        return Request(
            mesh_id="mesh",
            targets=tuple(map(_target, self.names)),
            namespace=self.namespace,
            is_single=len(self.names) == 1,
            gate=self.options if self.conditions else None,
            schedule=self.schedule,
            connection=ConnectionOptions({}, {}),
            on_missing=self.on_missing,
            manifests=False,
        )


def _target(name: str) -> ReleaseTarget:
    *is_service, text = name.split(":")
    if is_service:
        return ReleaseTarget("mesh", "bookinfo", service=text)
    return ReleaseTarget("mesh", "bookinfo", release_id=text)
