# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test `rolled_out`, as Ansible finds and calls it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import report_release, report_workloads
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.plugins.test.rolled_out import TestModule as RolledOut
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, release

rolled_out = RolledOut().tests()["rolled_out"]


@pytest.mark.parametrize(("ready", "answer"), [(3, True), (2, False)])
def test_answers_for_a_result(ready: int, answer: bool) -> None:
    parsed = release(gray=[deployment(ready=ready)])
    result = {
        "found": True,
        "phase": "Running",
        "release": report_release(parsed.content, manifests=False),
        "workloads": report_workloads(parsed, Cleaner()),
    }
    assert rolled_out(result) is answer


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (None, "not NoneType"),
        ("Running", "not str"),
        ([], "not list"),
        ({"skipped": True}, "skipped"),
        ({"failed": True, "msg": "no"}, "no result of asm_release_info"),
        ({"found": False, "phase": "", "error": {"kind": "tls"}}, "without an answer"),
        ({"ansible_job_id": "1.2", "finished": 0}, "not finished"),
        ({"results": []}, r"use its \.results"),
        ({"releases": []}, r"use its \.releases"),
        ({"found": False, "phase": "", "outcome": "pending", "reads": 0}, "without an answer"),
        ({"found": True, "phase": "Running"}, "needs a whole result"),
    ],
    ids=str,
)
def test_raises_for_anything_else_because_a_false_would_open_a_gate_that_asks_is_not(odd: Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"huaweicloud\.asm\.rolled_out .*{said}"):
        rolled_out(odd)
