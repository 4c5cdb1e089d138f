# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results: which keys they have and when, and nothing in them that acts on a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.old_gate import Observation, State, advance
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions, Target
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.report import Report, failed, label, single
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document, not_found, release
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    ERROR_KEYS,
    GATE_KEYS,
    KEYS,
    NOON,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release

TARGET = Target("mesh", "bookinfo", "reviews-canary")
CONDITIONS = Conditions(("Running",), ("Failed",))
EMPTY: dict[str, Any] = {"original": {}, "gray": []}
FOREIGN = "\x1b[2J\n##vso[task.complete]"
HARMLESS = "\\u001b[2J\\u000a# #vso[task.complete]"


def report(manifests: bool = False, check_mode: bool = False) -> Report:
    return Report(Cleaner(), manifests, NOON, check_mode)


def state_of(*seen: Release | AsmError) -> State:
    """Return the state after these answers, ten seconds apart."""
    state = State()
    for number, each in enumerate(seen):
        at = 10.0 * number
        error, found = (each, None) if isinstance(each, AsmError) else (None, each)
        state = advance(state, Observation(at, at, found, error), CONDITIONS)
    return state


class TestOneRelease:
    def test_that_was_read(self) -> None:
        result = report().read(TARGET, release(), "r-1")
        assert set(result) == KEYS
        assert (result["found"], result["phase"], result["request_id"]) == (True, "Running", "r-1")
        assert result["msg"] == "reviews-canary (bookinfo) is Running, 3/3 ready"

    def test_that_is_not_there(self) -> None:
        assert report().absent("it is not there", "r-1") == {
            "msg": "it is not there",
            "found": False,
            "release": {},
            "phase": "",
            "workloads": EMPTY,
            "request_id": "r-1",
        }

    @pytest.mark.parametrize("check_mode", [False, True])
    def test_with_a_gate(self, check_mode: bool) -> None:
        result = report(check_mode=check_mode).gate(TARGET, state_of(release("Creating")), CONDITIONS, "r-1")
        assert (set(result), set(result["gate"])) == ({*KEYS, "gate"}, GATE_KEYS)
        assert result["msg"] == result["gate"]["message"]
        assert (result["gate"]["outcome"], result["gate"]["check_mode"]) == ("pending", check_mode)

    def test_that_has_disappeared_is_not_found(self) -> None:
        result = report().gate(TARGET, state_of(release("Creating"), not_found()), CONDITIONS, "r-1")
        assert (result["found"], result["release"], result["phase"], result["workloads"]) == (False, {}, "", EMPTY)

    def test_with_manifests_is_as_the_api_gave_it(self) -> None:
        assert report(manifests=True).read(TARGET, release(FOREIGN), "")["release"] == document(FOREIGN)

    def test_without_manifests_has_nothing_that_acts_on_a_terminal_or_a_log(self) -> None:
        result = report().read(Target("mesh", "bookinfo", FOREIGN), release(FOREIGN, name=FOREIGN), FOREIGN)
        assert result["release"]["status"]["phase"] == HARMLESS
        assert (result["phase"], result["request_id"]) == (HARMLESS, HARMLESS)
        assert "##vso" not in json.dumps(result)

    def test_has_its_phase_as_the_rules_compare_it(self) -> None:
        assert report().read(TARGET, release(" Running\n"), "")["phase"] == "Running"


@pytest.mark.parametrize(
    ("seen", "said"), [(None, "reviews-canary (bookinfo)"), (release(name="reviews"), "reviews (bookinfo)")]
)
def test_a_release_is_called_by_its_name_or_by_its_id_before_it_has_one(seen: Release | None, said: str) -> None:
    assert label(TARGET, seen, Cleaner()) == said


@pytest.mark.parametrize("error", [None, AsmError("denied", "no permission", status=403)], ids=["verdict", "error"])
def test_a_result_that_fails_keeps_its_keys_and_has_the_error_if_there_is_one(error: AsmError | None) -> None:
    result = failed(report().absent("no", "r-1"), error, Cleaner())
    assert (result["failed"], result["msg"]) == (True, "no")
    assert set(result) == {*KEYS, "failed", *(["error"] if error else [])}
    assert error is None or set(result["error"]) == ERROR_KEYS


def test_a_read_without_a_gate_is_one_sentence() -> None:
    name = "reviews-canary (bookinfo)"
    assert single(release(), name, Cleaner()) == "reviews-canary (bookinfo) is Running, 3/3 ready"
    assert single(release(None), name, Cleaner()) == "reviews-canary (bookinfo) is in no phase, 3/3 ready"
