# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator saw: one entry for each request, without any secret."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

HARMLESS = (
    "accept",
    "accept-encoding",
    "connection",
    "content-type",
    "host",
    "user-agent",
    "x-project-id",
    "x-sdk-date",
)


@dataclass
class Entry:
    """One request. ``status`` is 0 when no true answer was sent (or not yet); ``fault`` names what the scenario did.

    ``seconds`` count from the start of the simulator, ``took`` is how long the answer took. ``headers`` holds the
    values of harmless headers, ``header_names`` the names of all (in lower case). ``credential`` is the name of it.
    ``release`` is the id or the service by which the path names one; ``operation`` is ``list``, ``read`` or
    ``service``, if the request is one of these.
    """

    number: int
    service: str
    method: str
    path: str
    query_names: list[str]
    connection: int
    credential: str
    seconds: float
    header_names: list[str]
    headers: dict[str, str]
    release: str | None = None
    operation: str | None = None
    status: int = 0
    took: float | None = None
    answer_bytes: int = 0
    fault: str | None = None


@dataclass
class Record:
    """All entries in the order in which the requests came."""

    entries: list[Entry] = field(default_factory=list)

    def begin(self, entry: Entry) -> None:
        self.entries.append(entry)

    def clear(self) -> None:
        self.entries.clear()

    def requests(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self.entries]

    def summary(self, accepted: int) -> dict[str, Any]:
        """Counts. ``connections`` are those that carried a request, ``accepted`` all that were made."""
        return {
            "requests": len(self.entries),
            "by_service": dict(Counter(entry.service for entry in self.entries)),
            "by_status": dict(Counter(str(entry.status) for entry in self.entries)),
            "by_credential": dict(Counter(entry.credential for entry in self.entries)),
            "by_release": dict(Counter(entry.release for entry in self.entries if entry.release is not None)),
            "by_operation": dict(Counter(entry.operation for entry in self.entries if entry.operation is not None)),
            "connections": len({entry.connection for entry in self.entries}),
            "accepted": accepted,
            "answer_bytes": sum(entry.answer_bytes for entry in self.entries),
        }


def harmless(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers (names in lower case) whose values may be kept."""
    return {name: headers[name] for name in HARMLESS if name in headers}
