# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests `in_phase` and `ready`, as Ansible finds and calls them."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.huaweicloud.asm.plugins.test import in_phase as in_phase_file
from ansible_collections.huaweicloud.asm.plugins.test import ready as ready_file
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, release, result

in_phase = in_phase_file.TestModule().tests()["in_phase"]
ready = ready_file.TestModule().tests()["ready"]


@pytest.mark.parametrize(("phases", "answer"), [(["Running"], True), ([["Creating", "running"]], True), (["A"], False)])
def test_in_phase(phases: list[Any], answer: bool) -> None:
    assert in_phase({"found": True, "phase": "Running"}, *phases) is answer


@pytest.mark.parametrize(("available", "answer"), [(3, True), (2, False)])
def test_ready(available: int, answer: bool) -> None:
    assert ready(result(release(gray=[deployment(ready=available)]))) is answer


@pytest.mark.parametrize(
    ("name", "call"), [("in_phase", lambda odd: in_phase(odd, "Failed")), ("ready", ready)], ids=["in_phase", "ready"]
)
@pytest.mark.parametrize(
    ("odd", "said"), [("Running", "not str"), ({"skipped": True}, "skipped"), ({"results": []}, r"use its \.results")]
)
def test_anything_but_a_result_raises(name: str, call: Callable[[Any], bool], odd: Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"huaweicloud\.asm\.{name} .*{said}"):
        call(odd)
