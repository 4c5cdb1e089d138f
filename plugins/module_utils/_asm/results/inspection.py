# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test plugins' view of a result that was returned earlier.

A negated test (`result is not in_phase(…)`) must not open a gate, so what is not a clear result raises an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..models.deployment import Workload, why_not_ready
from ..models.release import is_phase, planned_workloads
from ..models.values import as_object
from ..sanitize import printable

_MASKS = ("********", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")
"""What Ansible puts in the place of a secret."""


def in_phase(result: Any, *phases: Any) -> bool:
    """Return whether a result shows the release in one of the phases.

    Args:
        result: a result of `asm_release_info` about one release, or an entry of `releases` or of the lookup.
        phases: strings, or lists of strings.

    Raises:
        ValueError: the result or the phases cannot be used; the text says why.
    """
    wanted = [phase for each in phases for phase in (each if isinstance(each, (list, tuple)) else [each])]
    if not wanted or not all(isinstance(phase, str) and phase.strip() for phase in wanted):
        raise ValueError("in_phase needs one or several phases, each a string that is not empty")
    phase = _checked(result, "in_phase")["phase"]
    if _is_masked(phase):
        raise ValueError("in_phase cannot decide: a part of the phase is hidden as a secret")
    # A result has its phase stripped and made printable.
    return is_phase(phase, [printable(each.strip()) for each in wanted])


def ready(result: Any) -> bool:
    """Return whether a result shows the release ready, by the rule of the option `ready`.

    Args:
        result: a result of `asm_release_info` about one release, or an entry of `releases` or of the lookup.

    Raises:
        ValueError: the result cannot be used; the text says why.
    """
    checked = _checked(result, "ready")
    if not checked["found"]:
        return False
    try:
        gray = [_workload(each) for each in checked["workloads"]["gray"]]
        planned = _planned(checked["release"])
    except (KeyError, TypeError):
        raise ValueError("ready needs the whole result, with workloads and release as they were returned") from None
    # A Deployment without a status has no updated replicas, so it is not rolled out while it wants any.
    return not why_not_ready(gray, planned)


def _planned(release: Mapping[str, Any]) -> int | None:
    """Return the number of gray workloads in the spec of a reported release.

    Raises:
        KeyError, TypeError: a part of it is missing, or hidden as a secret.
    """
    if not isinstance(release["status"], Mapping):
        raise TypeError
    if any(_is_masked(key) for key in (*release, *as_object(release.get("spec")))):
        raise KeyError
    return planned_workloads(release)


def _workload(reported: Mapping[str, Any]) -> Workload:
    """Return the workload that an entry of `workloads` shows.

    Raises:
        KeyError, TypeError: it is not such an entry, or a template or a hidden secret has changed its types.
    """
    if not isinstance(reported["rolled_out"], bool) or not isinstance(reported["replicas"], int):
        raise TypeError
    return Workload(**{**reported, "images": tuple(reported["images"])})


def _is_masked(text: str) -> bool:
    return any(mask in text for mask in _MASKS)


def _checked(result: Any, test: str) -> Mapping[str, Any]:
    """Return a result that says whether ASM has the release, and its phase."""
    if not isinstance(result, Mapping):
        raise ValueError(f"{test} needs a result of asm_release_info, not {type(result).__name__}")
    if "results" in result:
        raise ValueError(f"{test} needs one result, and this is the result of a loop; use its .results")
    if "releases" in result:
        raise ValueError(f"{test} needs one release, and this is a result of several; use its .releases")
    if result.get("skipped"):
        raise ValueError(f"{test} cannot decide: the task was skipped")
    if "censored" in result:
        raise ValueError(f"{test} cannot decide: the result is hidden by no_log")
    if "ansible_job_id" in result and not result.get("finished"):
        raise ValueError(f"{test} cannot decide: the task runs with async and has not finished")
    if not isinstance(result.get("found"), bool) or not isinstance(result.get("phase"), str):
        raise ValueError(f"{test} cannot decide: this is not a result of asm_release_info with found and phase")
    if not result["found"] and not _is_answered(result):
        kind = as_object(result.get("error")).get("kind") or "no response in time"
        raise ValueError(f"{test} cannot decide: the task ended without a response from ASM ({kind})")
    return result


def _is_answered(result: Mapping[str, Any]) -> bool:
    """Return whether ASM itself has said that it has no such release."""
    kind = as_object(result.get("error")).get("kind")
    if kind is not None:
        return bool(kind == "not_found")
    # Each answer of ASM is in the timeline of a gate: in `gate`, or in an entry of several itself. A read has none.
    gate = as_object(result.get("gate", result))
    return "outcome" not in gate or (gate.get("requests") != 0 and bool(gate.get("timeline")))
