# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a verdict file says: the result of a gate without what it read. Pure: no file, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from .errors import AsmError, usage

NO_VERDICT = "there is no verdict: the run that wrote this still goes on, or ended without one"


@dataclass(frozen=True)
class Run:
    """One run of a gate, and which release it asks for; None for what it does not name."""

    run_id: str
    check_mode: bool
    mesh_id: str | None = None
    namespace: str | None = None
    release_id: str | None = None


def pending(run: Run, at: datetime) -> dict[str, Any]:
    """Return what the file says until there is a verdict; the keys are those of `verdict`."""
    gate = {"outcome": "pending"}
    return _document(run, at, {"msg": NO_VERDICT, "gate": gate}, gate)


def verdict(run: Run, at: datetime, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the file says of the result of a gate: never its `release`, which may hold secrets of the workloads.

    Args:
        result: of `asm_release_info` with `wait`, or of whatever kept it from having a verdict.

    Raises:
        AsmError: kind `usage`; the result is neither a verdict nor a failure.
    """
    gate = result.get("gate")
    if isinstance(gate, Mapping):
        return _document(run, at, result, gate)
    if not (result.get("failed") or result.get("unreachable")):
        raise usage("result is no verdict of a gate", "give the result of asm_release_info with wait: true")
    return _document(run, at, {**result, "error": _error(result)}, {"outcome": "error"})


def _document(run: Run, at: datetime, result: Mapping[str, Any], gate: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **asdict(run),
        "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "outcome": gate.get("outcome"),
        "message": _message(result),
        "error": result.get("error"),
        "elapsed": gate.get("elapsed"),
        **_seen(result, gate),
        "releases": [_of_one(entry) for entry in result.get("releases", ())],
    }


def _of_one(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the file says of one release of several."""
    return {
        "namespace": entry.get("namespace"),
        "release_id": entry.get("release_id"),
        "outcome": entry.get("outcome"),
        "message": _message(entry),
        "error": entry.get("error"),
        **_seen(entry, entry),
    }


def _seen(result: Mapping[str, Any], timed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was seen of one release; `timed` is where its timeline stands."""
    return {
        "phase": result.get("phase", ""),
        "timeline": timed.get("timeline", []),
        "timeline_left_out": timed.get("timeline_left_out", 0),
        "workloads": result.get("workloads", {}),
    }


def _message(result: Mapping[str, Any]) -> str:
    return str(result.get("msg", ""))


def _error(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the error of a task that Ansible itself failed.

    A task that could not run is a fault; all else is that Ansible refused an option before anything was sent.
    """
    kind = "internal" if result.get("unreachable") or result.get("module_stderr") else "usage"
    return AsmError(kind, _message(result)).report(str)
