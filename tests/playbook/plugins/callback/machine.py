# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard output for machines: one line of JSON at the end, and nothing else."""

from __future__ import annotations

import json
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: machine
type: stdout
short_description: Prints the message of each task as one line of JSON at the end
description:
  - For the tests of this collection.
"""


class CallbackModule(CallbackBase):
    """Prints an object: names of tasks with their messages."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "machine"

    def __init__(self) -> None:
        super().__init__()
        self._messages: dict[str, str] = {}

    def v2_runner_on_ok(self, result: Any) -> None:
        self._keep(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        del ignore_errors
        self._keep(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        del stats
        self._display.display(json.dumps(self._messages))

    def _keep(self, result: Any) -> None:
        self._messages[_field(result, "task").get_name()] = _field(result, "result")["msg"]


def _field(result: Any, name: str) -> Any:
    """Return a field of a result: public from ansible-core 2.19 on, with an underscore before."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")
