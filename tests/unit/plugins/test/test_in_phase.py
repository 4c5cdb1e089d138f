# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test `in_phase`, as Ansible finds and calls it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.huaweicloud.asm.plugins.test.in_phase import TestModule as InPhase

in_phase = InPhase().tests()["in_phase"]


@pytest.mark.parametrize(("phases", "answer"), [(["Running"], True), ([["Creating", "running"]], True), (["A"], False)])
def test_answers_for_a_result(phases: list[Any], answer: bool) -> None:
    assert in_phase({"found": True, "phase": "Running"}, *phases) is answer


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (None, "not NoneType"),
        ("Running", "not str"),
        ([{"found": True, "phase": "Running"}], "not list"),
        ({"skipped": True}, "skipped"),
        ({"failed": True, "msg": "no"}, "no result of asm_release_info"),
        ({"found": False, "phase": "", "error": {"kind": "tls"}}, "without an answer"),
        ({"ansible_job_id": "1.2", "finished": 0}, "not finished"),
        ({"results": []}, r"use its \.results"),
        ({"releases": []}, r"use its \.releases"),
        ({"found": False, "phase": "", "outcome": "pending", "reads": 0}, "without an answer"),
    ],
    ids=str,
)
def test_raises_for_anything_else_because_a_false_would_open_a_gate_that_asks_is_not(odd: Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"huaweicloud\.asm\.in_phase .*{said}"):
        in_phase(odd, "Failed")


@pytest.mark.parametrize("phases", [[], [""], [None], [[]]], ids=str)
def test_raises_without_phases(phases: list[Any]) -> None:
    with pytest.raises(AnsibleFilterError, match="one or several phases"):
        in_phase({"found": True, "phase": "Running"}, *phases)
