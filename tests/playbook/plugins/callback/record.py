# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write each task's result as a line of JSON, whatever callback prints to standard output."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: Writes each task's result as a line of JSON
description:
  - For the tests of this collection. The environment variable E(RECORD_RESULTS_IN) names the file.
"""


class CallbackModule(CallbackBase):
    """See ``harness.TaskResult`` for the shape of a line."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._record("unreachable", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._record("skipped", result)

    def _record(self, outcome: str, result: Any) -> None:
        task = _field(result, "task")
        entry = {
            "host": _field(result, "host").get_name(),
            "task": task.get_name(),
            "action": task.action,
            "outcome": outcome,
            "result": _field(result, "result"),
        }
        with Path(os.environ["RECORD_RESULTS_IN"]).open("a", encoding="utf-8") as record:
            record.write(json.dumps(entry, default=str) + "\n")


def _field(result: Any, name: str) -> Any:
    """Return a field of a result: public from ansible-core 2.19 on, with an underscore before."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")
