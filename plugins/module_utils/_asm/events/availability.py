# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a mesh can be watched: a pure fold of the error of each poll."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import AsmError


@dataclass(frozen=True)
class Availability:
    """Whether a mesh can be watched, after all polls so far.

    Attributes:
        error: of the last poll, None if it had none.
        errors: failed polls in a row, up to now.
        failing_from: monotonic seconds of the first of the current failed polls in a row.
        since: wall clock of that poll, as text.
        is_unavailable: whether the event `unavailable` was sent, and no `available` since.
        changes: number of these events.
        is_listed: whether the last poll read the list, so that a part of the mesh is watched.
    """

    error: AsmError | None = None
    errors: int = 0
    failing_from: float | None = None
    since: str = ""
    is_unavailable: bool = False
    changes: int = 0
    is_listed: bool = False

    @property
    def is_refused(self) -> bool:
        """Return whether the last poll read nothing, with an error that retrying cannot fix."""
        return self.error is not None and not self.error.is_transient and not self.is_listed

    def after_poll(
        self, error: AsmError | None, now: float, wall_clock: str, patience: float, is_listed: bool = False
    ) -> Availability:
        """Return the availability after one more poll. A change of `changes` is an event.

        Args:
            error: why the mesh, or a part of it, could not be read; None if it could.
            now: monotonic seconds.
            wall_clock: the same moment as text.
            patience: seconds of transient errors after which the mesh counts as unavailable.
            is_listed: whether the poll read the list.
        """
        if error is None:
            return Availability(changes=self.changes + 1 if self.is_unavailable else self.changes)
        failing_from = now if self.failing_from is None else self.failing_from
        failing = replace(
            self,
            error=error,
            errors=self.errors + 1,
            failing_from=failing_from,
            since=self.since or wall_clock,
            is_listed=is_listed,
        )
        is_lasting = not error.is_transient or now - failing_from >= patience
        if self.is_unavailable or not is_lasting:
            return failing
        return replace(failing, is_unavailable=True, changes=self.changes + 1)
