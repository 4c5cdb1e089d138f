# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results, in the shapes that the documentation of `asm_release_info` gives. Pure.

The runner redacts secrets in a result before it leaves the process. What could act on a terminal or in the log of a
pipeline is taken out here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ..gate.gate_set import GateSet, Requests
from ..gate.release_gate import Timeline
from ..options.request import ReleaseTarget
from ..sanitize import Sanitizer, printable, throughout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..errors import AsmError
    from ..models.deployment import Workload
    from ..models.release import Release
    from .messages import Messages, Read


def timestamp(moment: datetime) -> str:
    """Return a moment in UTC as results and events show it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Results(NamedTuple):
    """Makes the results of one call.

    Attributes:
        messages: makes the sentences.
        sanitize: for texts of the service.
        manifests: whether releases are shown as the API gave them.
        began: wall clock, UTC, when the call began. All other times are counted from it, so that setting the clock
            during the wait does not matter.
    """

    messages: Messages
    sanitize: Sanitizer
    manifests: bool
    began: datetime

    def read(self, read: Read) -> dict[str, Any]:
        """Return the flat result of a target that was read without a gate."""
        return self._flat(self.messages.read(read), read.release, _request_id(read.release, read.error))

    def read_many(self, reads: Sequence[Read], request_id: str) -> dict[str, Any]:
        """Return the result of several releases that were read without a gate."""
        entries = [{**self._names(each.target), **self.read(each)} for each in reads]
        return self._many(self.messages.read_many(reads), entries, request_id)

    def waited(self, gates: GateSet, message: str, request_id: str) -> list[dict[str, Any]]:
        """Return a flat result for each target with its own gate.

        Args:
            message: the verdict, for a single target.
        """
        results = []
        for position, gate in enumerate(gates.gates):
            is_single = len(gates.gates) == 1
            text = message if is_single else self.messages.of_release(position, gate, gates)
            release = gate.release if gate.is_present else None
            outcome = gates.outcome if is_single else gate.outcome
            results.append(
                {
                    **self._flat(text, release, request_id if is_single else _request_id(release, gate.error)),
                    "gate": {**self._gate(outcome, gates.ended, gates.requests), **self.timeline(gate.timeline)},
                }
            )
        return results

    def _names(self, target: ReleaseTarget) -> dict[str, Any]:
        """Return the keys of an entry of `releases` that say which release it is about."""
        name = "service" if target.service is not None else "release_id"
        return {"namespace": self._shown(target.namespace), name: self._shown(target.name)}

    def waited_many(self, gates: GateSet, message: str, request_id: str) -> dict[str, Any]:
        """Return the result of a gate on several releases."""
        entries = []
        for position, gate in enumerate(gates.gates):
            text = self.messages.of_release(position, gate, gates)
            release = gate.release if gate.is_present else None
            names = self._names(self.messages.targets[position])
            entry = {**names, **self._flat(text, release, _request_id(release, gate.error))}
            error = {"error": gate.error.report(self.sanitize)} if gate.error is not None else {}
            outcome = {"outcome": gate.outcome or "pending"}
            entries.append({**entry, **outcome, **self.timeline(gate.timeline), **error})
        verdict = {
            **self._gate(gates.outcome, gates.ended, gates.requests),
            "required": gates.required,
            "counts": gates.counts,
        }
        return {**self._many(message, entries, request_id), "gate": verdict}

    def refused(self, error: AsmError, ended: float | None, is_single: bool, request_id: str = "") -> dict[str, Any]:
        """Return the result of an error before, or without, a gate; it has the keys that a read would have.

        Args:
            ended: seconds after which a gate ended, None without a gate.
        """
        message = self.messages.refusal(error, ended is not None)
        result = self._flat(message, None, request_id) if is_single else self._many(message, (), request_id)
        if ended is not None:
            verdict = self._gate("error", ended, Requests())
            of_kind = self.timeline(Timeline()) if is_single else {"required": 0, "counts": {}}
            result["gate"] = {**verdict, **of_kind}
        return self.failed(result, error)

    def failed(self, result: dict[str, Any], error: AsmError | None) -> dict[str, Any]:
        """Return a result that fails its task, with the error that had a part in it."""
        return {**result, "failed": True, **({"error": error.report(self.sanitize)} if error is not None else {})}

    def _many(self, message: str, entries: Sequence[Mapping[str, Any]], request_id: str) -> dict[str, Any]:
        return {"msg": message, "releases": list(entries), "request_id": self._shown(request_id)}

    def _gate(self, outcome: str | None, ended: float, requests: Requests) -> dict[str, Any]:
        return {
            "outcome": outcome or "pending",
            "elapsed": round(ended, 3),
            "requests": requests.answered,
            "retries": requests.retries,
            "check_mode": self.messages.check_mode,
        }

    def timeline(self, timeline: Timeline) -> dict[str, Any]:
        """Return the keys about the changes of a release."""
        changes = [
            {
                "phase": self.sanitize(change.phase),
                "at": timestamp(self.began + timedelta(seconds=change.after)),
                "after": round(change.after, 3),
                "ready_replicas": change.ready_replicas,
                "replicas": change.replicas,
            }
            for change in timeline.changes
        ]
        return {"timeline": changes, "timeline_omitted": timeline.omitted}

    def _flat(self, message: str, release: Release | None, request_id: str) -> dict[str, Any]:
        """Return the keys that every flat result and every entry of `releases` has."""
        return {**self.release(message, release), "request_id": self._shown(request_id)}

    def release(self, message: str, release: Release | None) -> dict[str, Any]:
        """Return the keys about a release."""
        original = release.original if release is not None else None
        gray = release.gray if release is not None else ()
        return {
            "msg": message,
            "found": release is not None,
            "release": self._content(release) if release is not None else {},
            # Stripped, as the rules compare it: an escaped newline at its end would be part of it to `in_phase`.
            "phase": self._shown(release.phase.strip()) if release is not None else "",
            "workloads": {
                "original": self._workload(original) if original is not None else {},
                "gray": [self._workload(each) for each in gray],
            },
        }

    def _content(self, release: Release) -> dict[str, Any]:
        """Return the `release` of a result. Ansible prints the result of a failed task, so without manifests nothing
        in it acts on a terminal or in the log of a pipeline."""
        content: dict[str, Any] = self.sanitize.redact_keys(dict(release.content))
        return content if self.manifests else throughout(printable, content)

    def _workload(self, workload: Workload) -> dict[str, Any]:
        return {
            "name": self._shown(workload.name),
            "namespace": self._shown(workload.namespace),
            "cluster_id": self._shown(workload.cluster_id),
            "images": [self._shown(image) for image in workload.images],
            "replicas": workload.replicas,
            "updated_replicas": workload.updated_replicas,
            "ready_replicas": workload.ready_replicas,
            "available_replicas": workload.available_replicas,
            "rolled_out": workload.rolled_out,
            "message": self.sanitize(workload.message),
        }

    def _shown(self, text: str) -> str:
        """Return foreign text whole: a secret that is escaped first is no longer found."""
        return printable(self.sanitize.redact(text))


def _request_id(release: Release | None, error: AsmError | None) -> str:
    """Return the id of the response that a release, or the error in its place, comes from."""
    if release is not None:
        return release.request_id
    return error.response.request_id if error is not None else ""
