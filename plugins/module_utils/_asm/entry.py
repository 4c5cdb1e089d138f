# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests' view of a result that was returned earlier: they answer, or say why they cannot. Never a silent false."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .options.spec import is_phase
from .models.release import Workload, as_object, planned_workloads, why_not_ready
from .sanitize import printable

_STRUCK_OUT = ("********", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")
"""What Ansible puts in the place of a secret."""


def in_phase(entry: Any, *phases: Any) -> bool:
    """Return whether a result shows the release in one of the phases.

    Args:
        entry: a result of `asm_release_info` or an entry of the lookup.
        phases: texts, or lists of texts.

    Raises:
        ValueError: the entry is no such result, or the phases are none; the text says which.
    """
    wanted = [phase for each in phases for phase in (each if isinstance(each, (list, tuple)) else [each])]
    if not wanted or not all(isinstance(phase, str) and phase.strip() for phase in wanted):
        raise ValueError("in_phase needs one or several phases, each a text that is not empty")
    phase = _answered(entry, "in_phase")["phase"]
    if any(mark in phase for mark in _STRUCK_OUT):
        raise ValueError("in_phase cannot tell: a part of the phase reads like a secret and was struck out")
    # A result has its phase stripped and made printable.
    return is_phase(phase, [printable(each.strip()) for each in wanted])


def rolled_out(entry: Any) -> bool:
    """Return whether a result shows all gray workloads there and rolled out: what the option `ready` waits for.

    Raises:
        ValueError: the entry is no such result.
    """
    answered = _answered(entry, "rolled_out")
    if not answered["found"]:
        return False
    try:
        gray, planned = [_workload(each) for each in answered["workloads"]["gray"]], _planned(answered["release"])
    except (KeyError, TypeError):
        raise ValueError("rolled_out needs a whole result, with workloads and release as they were returned") from None
    # A Deployment without a status has no updated replicas, so it is not rolled out while it wants any.
    return not why_not_ready(gray, planned)


def _planned(release: Mapping[str, Any]) -> int | None:
    """Return how many gray workloads a reported release wants; every such release has a `status`."""
    if not isinstance(release["status"], Mapping):
        raise TypeError
    return planned_workloads(release)


def _workload(reported: Mapping[str, Any]) -> Workload:
    """Return the workload that an entry of `workloads` tells of.

    Raises:
        KeyError, TypeError: it is no such entry, or a template or a struck-out secret has changed its types.
    """
    rolled_out, desired = reported["rolled_out"], reported["desired"]
    if not isinstance(rolled_out, bool) or not isinstance(desired, int):
        raise TypeError
    return Workload(**{**reported, "images": tuple(reported["images"])})


def _answered(entry: Any, test: str) -> Mapping[str, Any]:
    """Return the entry if it is a result that ASM has answered."""
    if not isinstance(entry, Mapping):
        raise ValueError(f"{test} needs a result of asm_release_info, not {type(entry).__name__}")
    if "results" in entry:
        raise ValueError(f"{test} needs one result, and this is that of a loop; use its .results")
    if "releases" in entry:
        raise ValueError(f"{test} needs one release, and this is a result of several; use its .releases")
    if entry.get("skipped"):
        raise ValueError(f"{test} cannot tell: the task was skipped")
    if "ansible_job_id" in entry and not entry.get("finished"):
        raise ValueError(f"{test} cannot tell: the task runs with async and has not finished")
    if not isinstance(entry.get("found"), bool) or not isinstance(entry.get("phase"), str):
        raise ValueError(f"{test} cannot tell: this is no result of asm_release_info with found and phase")
    kind = as_object(entry.get("error")).get("kind")
    # A result of one release has its reads in `gate`, an entry of several has them itself.
    unread = as_object(entry.get("gate", entry)).get("reads") == 0
    if not entry["found"] and (unread or kind not in (None, "not_found")):
        raise ValueError(f"{test} cannot tell: the task ended without an answer of ASM ({kind or 'too late'})")
    return entry
