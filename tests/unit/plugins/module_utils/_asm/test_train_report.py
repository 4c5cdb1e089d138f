# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results about several releases: which keys they have and when, and in which order their entries stand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.old_gate import Observation, State, advance
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    Conditions,
    Named,
    Selection,
    Several,
    Target,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release, parse
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train import Ignored, Member, Train
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train_report import TrainReport
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import not_found
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    ENTRY_KEYS,
    ERROR_KEYS,
    HELD_ENTRY_KEYS,
    KEYS,
    NOON,
    TRAIN_GATE_KEYS,
    TRAIN_KEYS,
    item,
)

CONDITIONS = Conditions(("Running",), ("Failed",))
NO_GATE = Conditions((), on_missing="wait")
NAMED = Several("mesh", (Named("bookinfo", "b"), Named("bookinfo", "a")), minimum=2)
SELECTED = Several("mesh", Selection(), minimum=1)
FOREIGN = "\x1b[2J\n##vso[task.complete]"
HARMLESS = "\\u001b[2J\\u000a# #vso[task.complete]"


def report(check_mode: bool = False) -> TrainReport:
    return TrainReport(Cleaner(), False, NOON, check_mode)


def state_of(*seen: Release | AsmError, conditions: Conditions = CONDITIONS) -> State:
    """Return the state after these answers, ten seconds apart."""
    state = State()
    for number, each in enumerate(seen):
        at = 10.0 * number
        error, found = (each, None) if isinstance(each, AsmError) else (None, each)
        state = advance(state, Observation(at, at, found, error), conditions)
    return state


def member(
    name: str, *seen: Release | AsmError, namespace: str = "bookinfo", conditions: Conditions = CONDITIONS
) -> Member:
    return Member(namespace, name, conditions, state_of(*seen, conditions=conditions))


def train_of(*members: Member, several: Several = NAMED, **more: Any) -> Train:
    return Train(several, CONDITIONS, members, **more)


def looked_at() -> Train:
    """Return one look without a gate: one release is there, and the other is not."""
    return train_of(member("b", listed("b"), conditions=NO_GATE), member("a", not_found(), conditions=NO_GATE))


def listed(name: str, phase: Any = "Running", namespace: str = "bookinfo") -> Release:
    return parse(item(name, phase, namespace), manifests=False)


class TestSeveralReleases:
    def test_that_were_read(self) -> None:
        result = report().releases(looked_at(), "r-1")
        assert set(result) == TRAIN_KEYS
        assert [set(entry) for entry in result["releases"]] == [ENTRY_KEYS, ENTRY_KEYS]
        assert (result["msg"], result["request_id"]) == ("2 releases: 1 Running, 1 not there", "r-1")

    def test_of_which_there_is_none(self) -> None:
        result = report().releases(train_of(several=SELECTED), "r-1")
        assert result == {"msg": "no release of the mesh is selected", "releases": [], "request_id": "r-1"}

    @pytest.mark.parametrize("check_mode", [False, True])
    def test_with_a_gate(self, check_mode: bool) -> None:
        train = train_of(member("b", listed("b")), member("a", listed("a", "Creating")))
        result = report(check_mode=check_mode).train(train, "r-1")
        assert (set(result), set(result["gate"])) == ({*TRAIN_KEYS, "gate"}, TRAIN_GATE_KEYS)
        assert [set(entry) for entry in result["releases"]] == [HELD_ENTRY_KEYS, HELD_ENTRY_KEYS]
        assert [entry["outcome"] for entry in result["releases"]] == ["reached", "pending"]
        assert (result["gate"]["outcome"], result["gate"]["check_mode"]) == ("pending", check_mode)
        assert (result["gate"]["required"], result["gate"]["counts"]) == (2, {"reached": 1, "pending": 1})
        assert result["msg"] == result["gate"]["message"]

    def test_say_what_each_of_them_has_seen(self) -> None:
        (entry,) = report().train(train_of(member("b", listed("b", "Creating"), listed("b"))), "")["releases"]
        assert (entry["found"], entry["phase"], entry["reads"]) == (True, "Running", 2)
        assert [(each["phase"], each["at"]) for each in entry["timeline"]] == [
            ("Creating", "2026-03-01T12:00:00Z"),
            ("Running", "2026-03-01T12:00:10Z"),
        ]

    def test_of_which_one_was_refused(self) -> None:
        refused = AsmError("denied", "the credentials lack a permission", status=403)
        (entry,) = report().train(train_of(member("b", refused)), "")["releases"]
        assert (set(entry), set(entry["error"])) == ({*HELD_ENTRY_KEYS, "error"}, ERROR_KEYS)
        assert (entry["outcome"], entry["error"]["kind"], entry["found"]) == ("error", "denied", False)
        assert entry["msg"] == "b (bookinfo): the credentials lack a permission (403)"

    def test_of_which_one_was_not_answered_for_a_fault_that_passes(self) -> None:
        unanswered = replace(member("a"), fault=AsmError("server", "ASM failed", status=503, passing=True))
        train = train_of(member("b", listed("b")), unanswered)
        there, late = report().train(train, "")["releases"]
        assert "error" not in there
        assert (late["outcome"], late["error"]["kind"], late["error"]["status"]) == ("pending", "server", 503)
        assert (late["msg"], late["found"], late["reads"]) == ("a (bookinfo) has not been answered", False, 0)
        assert report().entries(train, "", waited=True)[1]["error"] == late["error"]

    def test_of_which_one_has_a_final_error_tell_that_and_no_fault_before(self) -> None:
        refused = member("b", AsmError("denied", "the credentials lack a permission", status=403))
        fault = AsmError("server", "ASM failed", status=503, passing=True)
        (entry,) = report().train(train_of(replace(refused, fault=fault)), "")["releases"]
        assert entry["error"]["kind"] == "denied"

    def test_of_which_some_are_ignored(self) -> None:
        train = train_of(member("uid-a", listed("a")), several=SELECTED)
        ignored = replace(train, ignored=(Ignored("shop", "old", "uid-old", "Terminated"),))
        result = report().train(ignored, "")
        assert result["gate"]["ignored"] == [
            {"namespace": "shop", "name": "old", "uid": "uid-old", "phase": "Terminated"}
        ]
        assert [entry["release_id"] for entry in result["releases"]] == ["uid-a"]

    def test_that_are_named_stand_in_their_order(self) -> None:
        train = train_of(member("b", listed("b")), member("a", listed("a")))
        assert [entry["release_id"] for entry in report().releases(train, "")["releases"]] == ["b", "a"]

    def test_of_a_selection_stand_by_namespace_and_name(self) -> None:
        places = [("shop", "a"), ("bookinfo", "b"), ("bookinfo", "a")]
        members = [
            member(f"uid-{number}", listed(name, namespace=namespace), namespace=namespace)
            for number, (namespace, name) in enumerate(places)
        ]
        entries = report().releases(train_of(*members, several=SELECTED), "")["releases"]
        assert [(entry["namespace"], entry["release"]["metadata"]["name"]) for entry in entries] == sorted(places)

    @pytest.mark.parametrize("part", ["train", "releases"])
    def test_have_nothing_that_acts_on_a_terminal_or_a_log(self, part: str) -> None:
        foreign = member(FOREIGN, listed(FOREIGN, FOREIGN, FOREIGN), namespace=FOREIGN)
        ignored = (Ignored(*[FOREIGN] * 4),)
        result = getattr(report(), part)(train_of(foreign, several=SELECTED, ignored=ignored), FOREIGN)
        (entry,) = result["releases"]
        assert (entry["namespace"], entry["release_id"], entry["phase"]) == (HARMLESS,) * 3
        assert "##vso" not in json.dumps(result)


class TestEntriesApart:
    def test_have_the_shape_of_one_release(self) -> None:
        there, missing = report().entries(looked_at(), "r-1", waited=False)
        assert (set(there), set(missing)) == (KEYS, KEYS)
        assert there == report().read(Target("mesh", "bookinfo", "b"), listed("b"), "r-1")
        assert (missing["found"], missing["release"], missing["phase"]) == (False, {}, "")

    def test_have_a_gate_each(self) -> None:
        train = train_of(member("b", listed("b")), member("a", listed("a", "Creating")))
        entries = report().entries(train, "r-1", waited=True)
        assert entries == [
            report().gate(Target("mesh", "bookinfo", name), state_of(listed(name, phase)), CONDITIONS, "r-1")
            for name, phase in (("b", "Running"), ("a", "Creating"))
        ]

    def test_say_why_one_was_refused(self) -> None:
        refused = AsmError("denied", "the credentials lack a permission", status=403)
        (entry,) = report().entries(train_of(member("b", refused)), "", waited=True)
        assert set(entry) == {*KEYS, "gate", "error"}
        assert (entry["gate"]["outcome"], entry["error"]["kind"]) == ("error", "denied")
