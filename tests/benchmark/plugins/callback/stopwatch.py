# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write when tasks begin and when results come in, as lines of JSON."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: stopwatch
type: aggregate
short_description: Writes when tasks begin and when results come in
description:
  - For the benchmark of this collection. The environment variable E(STOPWATCH_FILE) names the file.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """See ``runner.Event`` for the shape of a line."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "stopwatch"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        # Kept open: the file must not cost more than what is measured.
        self._file = Path(os.environ["STOPWATCH_FILE"]).open("a", buffering=1, encoding="utf-8")  # noqa: SIM115

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._write("play", play.get_name(), "")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002 - Ansible names it
        self._write("task", task.get_name(), "")

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._write_result("item", result)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write_result("result", result)

    def _write_result(self, kind: str, result: Any) -> None:
        self._write(kind, _field(result, "task").get_name(), _field(result, "host").get_name())

    def _write(self, kind: str, task: str, host: str) -> None:
        self._file.write(json.dumps({"at": time.monotonic(), "kind": kind, "task": task, "host": host}) + "\n")


def _field(result: Any, name: str) -> Any:
    """Return a field of a result: public from ansible-core 2.19 on, with an underscore before."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")
