# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a result says of a `wait_timeout` that a limit of its task has cut. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CUT_NAME = "_HUAWEICLOUD_ASM_CUT"
"""The variable in which the action plugin hands the sentence over to the module: an async task returns before it."""


def cut_sentence(wanted: int, left: int, keyword: str) -> str:
    """Return what is said of a cut.

    Args:
        wanted: `wait_timeout` of the task, in seconds.
        left: what is left of it, in seconds.
        keyword: which keyword of the task cut it, `timeout` or `async`.
    """
    return f"wait_timeout was cut from {wanted} s to {left} s by the task's {keyword}"


def with_cut(result: dict[str, Any], cut: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result whose `msg` ends with the sentence about the cut, if the time had a part in it.

    Args:
        cut: from `cut_sentence`; empty when nothing was cut.
        parameters: the options by name.
    """
    gate = result.get("gate")
    if not cut or not gate or not _is_about_time(result, gate["outcome"], parameters.get("on_missing")):
        return result
    message = f"{result['msg']}; {cut}"
    return {**result, "msg": message, "gate": {**gate, "message": message}}


def _is_about_time(result: Mapping[str, Any], outcome: str, on_missing: object) -> bool:
    """Return whether a longer `wait_timeout` could have changed a result."""
    if outcome == "error":
        return "wait_timeout" in result["msg"]
    return outcome == "timeout" or (outcome == "missing" and on_missing == "wait")
