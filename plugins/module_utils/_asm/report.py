# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results, in the shapes that the documentation of `asm_release_info` gives. Pure.

Whoever hands one on redacts it first: only what could act on a terminal or a pipeline's log is taken out here.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .errors import AsmError
from .options.spec import Conditions, Target
from .models.release import Release, report_workloads, shown
from .sanitize import Cleaner, printable_throughout

if TYPE_CHECKING:
    from .old_gate import State


class Report:
    """Makes the results of one call.

    Args:
        clean: for texts of the service.
        manifests: whether releases are shown as the API gave them.
        began: wall clock, UTC, when the call began.
        check_mode: whether a verdict is what one read alone would mean.
    """

    def __init__(self, clean: Cleaner, manifests: bool, began: datetime, check_mode: bool) -> None:
        self.clean = clean
        self.began = began
        self.check_mode = check_mode
        self._manifests = manifests

    def read(self, target: Target, release: Release, request_id: str) -> dict[str, Any]:
        """Return the result of one read that found the release."""
        message = single(release, label(target, release, self.clean), self.clean)
        return {**self.entry(message, release), "request_id": shown(request_id, self.clean)}

    def absent(self, message: str, request_id: str) -> dict[str, Any]:
        """Return the result of one read, or of an error, that has no release."""
        return {**self.entry(message, None), "request_id": shown(request_id, self.clean)}

    def gate(self, target: Target, state: State, conditions: Conditions, request_id: str) -> dict[str, Any]:
        """Return the result of a gate on one release."""
        # Most tasks have none, and a module is compiled anew in each task.
        from .wording import report_gate  # noqa: PLC0415

        name = label(target, state.release, self.clean)
        gate = report_gate(state, conditions, name, self.began, self.clean, self.check_mode)
        release = state.release if state.present else None
        return {**self.entry(gate["message"], release), "request_id": shown(request_id, self.clean), "gate": gate}

    def entry(self, message: str, release: Release | None) -> dict[str, Any]:
        """Return what every result and every part of one says of a release."""
        return {
            "msg": message,
            "found": release is not None,
            "release": self._release(release) if release else {},
            # Stripped, as the rules compare it: an escaped newline at its end would be part of it to `in_phase`.
            "phase": shown(release.phase.strip(), self.clean) if release else "",
            "workloads": report_workloads(release, self.clean),
        }

    def _release(self, release: Release) -> dict[str, Any]:
        """Return the `release` of a result: with manifests as the API gave it; without, nothing in it acts on a
        terminal or a pipeline's log, where Ansible prints the result of a failed task."""
        content: dict[str, Any] = self.clean.redact_keys(dict(release.content))
        return content if self._manifests else printable_throughout(content)


def failed(result: dict[str, Any], error: AsmError | None, clean: Cleaner) -> dict[str, Any]:
    """Return a result that fails its task, with the error that had a part in it."""
    return {**result, "failed": True, **({"error": error.report(clean)} if error is not None else {})}


def label(target: Target, release: Release | None, clean: Cleaner) -> str:
    """Return how a person calls the release: its name, or its id before it has one, and its namespace."""
    return f"{clean((release and release.name) or target.release_id)} ({clean(target.namespace)})"


def single(release: Release, label: str, clean: Cleaner) -> str:
    """Return the sentence about one read without a gate."""
    return f"{label} is {clean(release.phase) or 'in no phase'}, {release.ready_text} ready"
