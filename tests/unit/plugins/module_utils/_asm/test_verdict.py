# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verdict file says of the results that a gate really gives. Phases are illustrations."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.verdict import NO_VERDICT, Run, pending, verdict
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    DENIED,
    ERROR_KEYS,
    GATE,
    GONE,
    READ,
    TOKEN,
    Given,
    Stage,
    held,
    item,
    listed,
    ok,
)

AT = datetime(2026, 3, 1, 12, 0, 5, tzinfo=timezone.utc)
RUN = Run("run-1", False, "mesh", "bookinfo", "reviews-canary")
KEYS = [
    "run_id",
    "check_mode",
    "mesh_id",
    "namespace",
    "release_id",
    "at",
    "outcome",
    "message",
    "error",
    "elapsed",
    "phase",
    "timeline",
    "timeline_left_out",
    "workloads",
    "releases",
]
EACH_KEYS = [*KEYS[3:5], *KEYS[6:9], *KEYS[10:14]]


def test_before_a_verdict_it_names_the_run_and_what_it_asks_for() -> None:
    assert pending(RUN, AT) == {
        "run_id": "run-1",
        "check_mode": False,
        "mesh_id": "mesh",
        "namespace": "bookinfo",
        "release_id": "reviews-canary",
        "at": "2026-03-01T12:00:05Z",
        "outcome": "pending",
        "message": NO_VERDICT,
        "error": None,
        "elapsed": None,
        "phase": "",
        "timeline": [],
        "timeline_left_out": 0,
        "workloads": {},
        "releases": [],
    }


@pytest.mark.parametrize(
    ("options", "answers", "outcome", "kind"),
    [
        pytest.param(GATE, [ok("Creating"), ok()], "reached", None, id="reached"),
        pytest.param(GATE, [ok("Failed")], "failed", None, id="failed"),
        pytest.param(GATE, [ok("Creating")], "timeout", None, id="timeout"),
        pytest.param({**GATE, "stall_timeout": 20}, [ok("Creating")], "stalled", None, id="stalled"),
        pytest.param(GATE, [GONE], "missing", "not_found", id="missing"),
        pytest.param(GATE, [ok("Creating"), ok(uid="uid-2")], "replaced", None, id="replaced"),
        pytest.param(GATE, [DENIED], "error", "denied", id="denied"),
        pytest.param({**GATE, "success_phases": []}, [ok()], "error", "usage", id="usage"),
    ],
)
def test_it_says_of_every_outcome_what_the_result_says(
    stage: Stage, options: dict[str, Any], answers: list[Given], outcome: str, kind: str | None
) -> None:
    result = stage.read(options, *answers)
    said = verdict(RUN, AT, result)

    assert list(said) == KEYS == list(pending(RUN, AT))
    assert (said["run_id"], said["at"], said["outcome"]) == ("run-1", "2026-03-01T12:00:05Z", outcome)
    assert (said["message"], said["error"]) == (result["msg"], result.get("error"))
    assert (said["error"] or {}).get("kind") == kind
    assert (said["elapsed"], said["timeline"]) == (result["gate"]["elapsed"], result["gate"]["timeline"])
    assert (said["phase"], said["workloads"]) == (result["phase"], result["workloads"])


def test_it_tells_check_mode_and_that_a_verdict_is_still_open(stage: Stage) -> None:
    said = verdict(Run("run-1", True), AT, stage.read(GATE, ok("Creating"), check_mode=True))
    assert (said["outcome"], said["check_mode"], said["mesh_id"]) == ("pending", True, None)


def test_of_several_releases_it_says_the_same_of_each(stage: Stage) -> None:
    stage.serve_mesh([listed(item("a"), item("b", "Failed"))])
    result = stage.read(held("a", "b", "c"))
    said = verdict(Run("run-1", False, "mesh"), AT, result)

    assert list(said) == KEYS
    assert (said["outcome"], said["message"]) == (result["gate"]["outcome"], result["msg"])
    assert [list(each) for each in said["releases"]] == [EACH_KEYS] * 3
    for each, entry in zip(said["releases"], result["releases"]):
        assert each == {
            **{key: entry[key] for key in EACH_KEYS if key not in ("message", "error")},
            "message": entry["msg"],
            "error": entry.get("error"),
        }


@pytest.mark.parametrize("manifests", [False, True])
@pytest.mark.parametrize("options", [GATE, held("a")], ids=["one", "several"])
def test_it_never_holds_what_was_read(stage: Stage, options: dict[str, Any], manifests: bool) -> None:
    content = item("a")
    content["status"]["deployment"]["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"value": "s3cret-of-theirs"}
    ]
    stage.serve_mesh([listed(content)], {"a": [ok()], "reviews-canary": [ok()]})
    result = stage.read({**options, "manifests": manifests})

    assert result["gate"]["outcome"] == "reached"
    said = str(verdict(RUN, AT, result))
    for unwanted in ("s3cret-of-theirs", "grayDeployments", "'release'", TOKEN):
        assert unwanted not in said


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        pytest.param({"failed": True, "msg": "missing required arguments: mesh_id"}, "usage", id="an option refused"),
        pytest.param({"unreachable": True, "msg": "no route"}, "internal", id="unreachable"),
        pytest.param({"failed": True, "msg": "MODULE FAILURE", "module_stderr": "…"}, "internal", id="no answer"),
    ],
)
def test_a_task_that_failed_before_its_gate_is_an_error(result: dict[str, Any], kind: str) -> None:
    said = verdict(RUN, AT, result)
    assert list(said) == KEYS
    assert (said["outcome"], said["message"]) == ("error", result["msg"])
    assert set(said["error"]) == ERROR_KEYS
    assert (said["error"]["kind"], said["error"]["message"]) == (kind, result["msg"])


@pytest.mark.parametrize("given", ["a read", "a skipped task", "nothing"])
def test_what_is_no_verdict_is_refused(stage: Stage, given: str) -> None:
    results: dict[str, dict[str, Any]] = {
        "a read": stage.read(READ, ok()),
        "a skipped task": {"skipped": True, "changed": False},
        "nothing": {},
    }
    with pytest.raises(AsmError) as refused:
        verdict(RUN, AT, results[given])
    assert refused.value.kind == "usage"
    assert "wait: true" in refused.value.sentence(str)
