# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The events as a rulebook gets them, in the documented shape. Pure.

Foreign text leaves for Ansible's templating here, so this is the place where it is escaped: no text is a template, and
identifiers consist of letters, digits and a few signs.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Callable

from ..errors import AsmError
from ..gate.gate_set import GateSet
from ..gate.release_gate import ReleaseGate
from ..models.deployment import why_not_ready
from ..models.release import Release
from ..options.request import ReleaseTarget
from ..results.messages import Messages
from ..results.result import Results, timestamp
from ..sanitize import Sanitizer, identifier, printable, throughout, untemplated
from .availability import Availability
from .tracker import ReleaseEvent

_NAMESPACE = uuid.UUID("8fa2508a-8761-4d89-b5f1-4852b28846e3")
"""Of the uuids that are made from the ids of events."""

_DIGEST = 16
"""Hexadecimal digits of the digest in an id."""

_LONGEST_KEY = 1_000
_LONGEST_TEXT = 1_000_000
_MOST_BITS = 63
"""What an event holds at most: the rule engine of ansible-rulebook 1.3 refuses an event with a key of more than 50,000
characters, a text of more than 20 million, or an integer of more than 1,000 digits."""

_BEYOND_UTF_16 = re.compile("[\U00010000-\U0010ffff]")
"""The rule engine, which is Java, gives such a character back as two halves, with which no playbook can be started."""

_EMPTY_KEY = "(empty)"
"""Instead of an empty key, after which ansible-rulebook 1.3 takes no further event of any source, without an error."""

_ERROR_KEYS = ("kind", "status", "code", "message", "request_id")


@dataclass(frozen=True)
class Payloads:
    """Makes the events of one mesh.

    Attributes:
        manifests: whether an event holds the release as the API gave it.
        origin: distinguishes this source from others; empty without a state file.
        start: distinguishes this start from others without a state file, because the numbers of events begin anew;
            empty with one.
        epoch: wall clock, UTC, at the time 0 of the polls.
    """

    sanitize: Sanitizer
    manifests: bool
    mesh_id: str
    origin: str
    start: str
    epoch: datetime

    def of_release(self, event: ReleaseEvent) -> dict[str, Any]:
        """Return the event of a change of a release."""
        tracked = event.tracked
        content = {
            **self._result(event),
            "kind": event.kind,
            "id": self._release_id(event),
            "at": timestamp(self.epoch + timedelta(seconds=event.at)),
            "mesh_id": self._identifier(self.mesh_id),
            "namespace": self._identifier(tracked.namespace),
            "release_id": self._identifier(tracked.uid),
            "uid": self._identifier(tracked.uid),
            "name": self._shown(tracked.name),
            "service": self._identifier(tracked.service),
            "previous_phase": self._shown(event.previous_phase),
            "ready": bool(tracked.ready),
        }
        return self._escaped(content)

    def of_mesh(self, availability: Availability, since: str, now: float) -> dict[str, Any]:
        """Return the event of a mesh that has become unavailable, or available again.

        Args:
            availability: after the change.
            since: when the mesh was, or had been, unavailable first.
        """
        error = availability.error if availability.is_unavailable else None
        kind = "available" if error is None else "unavailable"
        report = {} if error is None else {key: error.report(self.sanitize)[key] for key in _ERROR_KEYS}
        distinct = [self.start, self.mesh_id, availability.changes, kind, report.get("kind"), report.get("status")]
        content = {
            "kind": kind,
            "id": self._identifier(f"{self.mesh_id}:{kind}:{availability.changes}:{_digest(distinct)}"),
            "at": timestamp(self.epoch + timedelta(seconds=now)),
            "mesh_id": self._identifier(self.mesh_id),
            "since": since,
            "msg": self._availability(error, since),
            **({"error": report} if error is not None else {}),
        }
        return self._escaped(content)

    def _result(self, event: ReleaseEvent) -> dict[str, Any]:
        """Return the keys that the result of a task has as well: of the release, and of a gate with a verdict."""
        run = event.run
        target = ReleaseTarget(self.mesh_id, event.tracked.namespace, event.tracked.uid)
        began = self.epoch + timedelta(seconds=run.began if run is not None else 0.0)
        results = Results(Messages((target,), self.sanitize), self.sanitize, self.manifests, began)
        if run is None:
            return results.release(self._change(event), event.release)
        gate = run.gate
        message = results.messages.verdict(_alone(gate))
        # The poll may show more of the release than the gate has kept of it.
        release = event.release if gate.absent is None else None
        verdict = {"outcome": gate.outcome, "elapsed": round(gate.ended, 3), **results.timeline(gate.timeline)}
        return {**results.release(message, release), "gate": verdict}

    def _escaped(self, content: dict[str, Any]) -> dict[str, Any]:
        event: dict[str, Any] = throughout(untemplated, _acceptable(self.sanitize.redact(content)))
        if self.origin:
            # A rule engine that keeps its events drops an event whose uuid it has. Without one, it makes one up.
            event["meta"] = {"uuid": str(uuid.uuid5(_NAMESPACE, f"{self.origin} {event['id']}"))}
        return event

    def _release_id(self, event: ReleaseEvent) -> str:
        """Return an id made from every field in which two events of releases can differ."""
        tracked = event.tracked
        outcome = event.run.gate.outcome if event.run is not None else None
        # The same phase written in another case is not another phase.
        phase = (tracked.phase or "").casefold()
        distinct = [
            *(self.start, self.mesh_id, tracked.uid, tracked.changes, event.kind, phase),
            *(tracked.version, tracked.images, bool(tracked.ready), outcome),
        ]
        # What is cut off at the end of a text must not be the digest.
        uid, shown_phase = (_cut(self._shown(text), _LONGEST_KEY) for text in (tracked.uid, phase))
        return self._identifier(f"{uid}:{event.kind}:{shown_phase}:{tracked.changes}:{_digest(distinct)}")

    def _identifier(self, text: str) -> str:
        return identifier(self._shown(text))

    def _shown(self, text: str) -> str:
        return printable(self.sanitize.redact(text))

    def _change(self, event: ReleaseEvent) -> str:
        """Return the sentence about a change."""
        release, phase = event.release, self.sanitize(event.tracked.phase or "") or "in no phase"
        previous = self.sanitize(event.previous_phase) or "in no phase"
        replicas = release.replicas_text if release is not None else "0/0"
        say: dict[str, Callable[[], str]] = {
            "appeared": lambda: f"has appeared, is {phase}, {replicas} ready",
            "phase": lambda: f"is {phase}, was {previous}, {replicas} ready",
            "ready": lambda: f"is {'ready' if event.tracked.ready else self._why_not_ready(release)}, {replicas} ready",
            "gone": lambda: f"has disappeared; its last phase was {previous}",
        }
        name = f"{self.sanitize(event.tracked.name or event.tracked.uid)} ({self.sanitize(event.tracked.namespace)})"
        return f"{name} {say[event.kind]()}"

    def _why_not_ready(self, release: Release | None) -> str:
        reason = why_not_ready(release.gray, release.planned) if release is not None else "it was not read"
        return f"no longer ready ({self.sanitize(reason)})"

    def _availability(self, error: AsmError | None, since: str) -> str:
        name = f"mesh '{self.sanitize(self.mesh_id)}'"
        if error is None:
            return f"{name} is available again; it was unavailable since {since}"
        return f"{name} is unavailable since {since}: {error.sentence(self.sanitize)}"


def _alone(gate: ReleaseGate) -> GateSet:
    """Return the set of one gate that has its outcome."""
    return GateSet((gate,), 1, gate.schedule, outcome=gate.outcome, error=gate.error, ended=gate.ended)


def _acceptable(value: Any) -> Any:
    """Return a value with all in it as ansible-rulebook takes it; a larger integer becomes text."""
    if isinstance(value, str):
        return _cut(_in_utf_16(value), _LONGEST_TEXT)
    if isinstance(value, dict):
        return {_cut(_in_utf_16(key), _LONGEST_KEY) or _EMPTY_KEY: _acceptable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_acceptable(each) for each in value]
    return str(value) if isinstance(value, int) and value.bit_length() > _MOST_BITS else value


def _in_utf_16(text: str) -> str:
    """Return text with the code point in the place of each character that takes two units of UTF-16."""
    return _BEYOND_UTF_16.sub(lambda found: f"U+{ord(found.group()):X}", text)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _digest(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:_DIGEST]
