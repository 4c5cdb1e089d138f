# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes a verdict file in the controller.

It is no module, because a module logs its arguments to syslog, and the result of a gate may hold `env` values of
Deployments. It also needs no temporary folder in a home.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.files import write_private_json
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import printable
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.verdict import Run, pending, verdict

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "result": {"type": "dict"},
    "run_id": {"type": "str"},
    "check_mode": {"type": "bool", "default": False},
    "mesh_id": {"type": "str"},
    "namespace": {"type": "str"},
    "release_id": {"type": "str"},
}


class ActionModule(ActionBase):  # type: ignore[misc]
    """The action plugin `asm_verdict_file`."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        validation = ArgumentSpecValidator(ARGUMENT_SPEC).validate(dict(self._task.args))
        if validation.error_messages:
            return {**result, "failed": True, "msg": validation.error_messages[0]}
        given: dict[str, Any] = validation.validated_parameters
        # An empty path stays empty, so that it is refused.
        path = given["path"] and str(Path(self._loader.get_basedir(), given["path"]))
        return {**result, **_written({**given, "path": path}, dry=bool(self._task.check_mode))}


def _written(given: dict[str, Any], dry: bool) -> dict[str, Any]:
    """Return what was written, or in a dry run what would have been."""
    now = datetime.now(timezone.utc)
    run = Run(
        given["run_id"] or str(uuid.uuid4()),
        given["check_mode"],
        *(given[name] for name in ("mesh_id", "namespace", "release_id")),
    )
    try:
        document = pending(run, now) if given["result"] is None else verdict(run, now, given["result"])
        if not dry:
            write_private_json(given["path"], document)
    except AsmError as error:
        return {"failed": True, "msg": f"the verdict file is not written: {error.sentence(printable)}"}
    return {"changed": True, "path": given["path"], "run_id": run.run_id, "outcome": document["outcome"]}
