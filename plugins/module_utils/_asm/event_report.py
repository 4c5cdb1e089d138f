# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The events, in the shape that the documentation of the event source gives. Pure; as `report`."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any, Callable

from .follow import CHANGES, VERDICTS, Event
from .models.release import shown, why_not_ready
from .report import Report
from .sanitize import Cleaner, identifier, untemplated_throughout
from .wording import report_gate

_NAMESPACE = uuid.UUID("8fa2508a-8761-4d89-b5f1-4852b28846e3")
"""Of the names of our events."""

_TEXTS = (
    *("kind", "id", "at", "mesh_id", "uid", "name", "previous_phase"),
    *("namespace", "release_id", "msg", "phase"),
)
_SHAPE = {**dict.fromkeys(_TEXTS, str), "ready": bool, "found": bool, "release": dict, "workloads": dict, "meta": dict}
_SHAPE_OF_A_VERDICT = {**_SHAPE, "gate": dict}
_SHAPES = {**dict.fromkeys(CHANGES, _SHAPE), **dict.fromkeys(VERDICTS, _SHAPE_OF_A_VERDICT)}
"""Types of the values of an event with an origin, by its kind."""


class EventReport(Report):
    """Makes the events of one poll.

    Args:
        clean: for texts of the service.
        manifests: whether releases are shown as the API gave them.
        began: wall clock, UTC, that the times of an event count from.
        mesh_id: mesh that the releases belong to.
        origin: tells apart from others what sends the events; empty when their ids begin anew at each start.
    """

    def __init__(self, clean: Cleaner, manifests: bool, began: datetime, mesh_id: str, origin: str) -> None:
        super().__init__(clean, manifests, began, check_mode=False)
        self._mesh_id = mesh_id
        self._origin = origin

    def event(self, event: Event) -> dict[str, Any]:
        """Return an event as a rulebook sees it.

        This is the one place where text of the service leaves for Ansible's templating, so it is escaped here: no text
        is a template, and identifiers hold letters, digits and a few signs only.
        """
        report: dict[str, Any] = untemplated_throughout(self.clean.redact(self._event(event)))
        return {**report, **self._meta(report["id"])}

    def _meta(self, event_id: str) -> dict[str, Any]:
        """Return the `meta` of an event: a rule engine that keeps its events drops what it has by this name already.

        Without an origin there is none, and the rulebook makes up another one each time: it must drop nothing.
        """
        if not self._origin:
            return {}
        name = f"{self._origin} {self._mesh_id} {event_id}"
        return {"meta": {"uuid": str(uuid.uuid5(_NAMESPACE, name))}}

    def _event(self, event: Event) -> dict[str, Any]:
        followed = event.followed
        gate = self._gate(event)
        entry = self.entry(gate["gate"]["message"] if gate else self._told(event), event.release)
        # A phase that is written in another way is no other change.
        phase = entry["phase"].strip().casefold()
        return {
            "kind": event.kind,
            "id": self._identifier(f"{followed.identity}:{event.kind}:{phase}:{event.number}"),
            "at": (self.began + timedelta(seconds=event.at)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "mesh_id": self._identifier(self._mesh_id),
            "uid": self._identifier(followed.uid or followed.release_id),
            "name": shown(followed.name, self.clean),
            "previous_phase": shown(event.previous_phase, self.clean),
            "ready": bool(followed.ready) and not followed.gone,
            "namespace": self._identifier(followed.namespace),
            "release_id": self._identifier(followed.release_id),
            **entry,
            **gate,
        }

    def _identifier(self, text: str) -> str:
        return identifier(shown(text, self.clean))

    def _gate(self, event: Event) -> dict[str, Any]:
        """Return the `gate` of an event that tells a verdict, as part of it; nothing for the others."""
        if event.run is None or event.conditions is None:
            return {}
        began = self.began + timedelta(seconds=event.run.began)
        return {
            "gate": report_gate(event.run.state, event.conditions, self._label(event), began, self.clean, False),
        }

    def _label(self, event: Event) -> str:
        """Return how a person calls the release: its name, or its id without one, and its namespace."""
        followed = event.followed
        return f"{self.clean(followed.name or followed.release_id)} ({self.clean(followed.namespace)})"

    def _told(self, event: Event) -> str:
        """Return the one sentence about a change."""
        say: dict[str, Callable[[], str]] = {
            "appeared": lambda: f"has appeared, is {self._phase(event)}, {self._ready_text(event)}",
            "phase": lambda: f"is {self._phase(event)}, was {self._previous(event)}, {self._ready_text(event)}",
            "ready": lambda: self._readiness(event),
            "gone": lambda: f"has disappeared; its last phase was {self._previous(event)}",
        }
        return f"{self._label(event)} {say[event.kind]()}"

    def _phase(self, event: Event) -> str:
        return self.clean(event.release.phase.strip() if event.release else "") or "in no phase"

    def _previous(self, event: Event) -> str:
        return self.clean(event.previous_phase) or "in no phase"

    def _ready_text(self, event: Event) -> str:
        return f"{event.release.ready_text if event.release else '0/0'} ready"

    def _readiness(self, event: Event) -> str:
        if event.followed.ready or event.release is None:
            return f"is ready, {self._ready_text(event)}"
        return f"is not ready any more: {self.clean(why_not_ready(event.release.gray, event.release.planned))}"


def parse_events(values: Any) -> list[dict[str, Any]]:
    """Return events that were written down as an `EventReport` with an origin has made them.

    Raises:
        ValueError: they are not of that shape.
    """
    if not isinstance(values, list) or not all(map(_is_event, values)):
        raise ValueError("there is something else than events")
    # Nothing that no answer of the service could have brought: an infinity, half of a surrogate pair.
    json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    return values


def _is_event(value: Any) -> bool:
    kind = value.get("kind") if isinstance(value, dict) else None
    shape = _SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None or {name: type(each) for name, each in value.items()} != shape:
        return False
    name = value["meta"].get("uuid")
    return len(value["meta"]) == 1 and isinstance(name, str) and str(uuid.UUID(name)) == name
