# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every outcome, and every way to give credentials, through both paths. Errors on the way are in `test_faults`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.cases import (
    KEY,
    LOGIN,
    SERVICE,
    USER,
    Table,
    after,
    answer,
    at,
    check,
    chosen,
    fault,
    pauses,
    read,
    scenario_of,
    wait,
)
from ansible_collections.huaweicloud.asm.tests.playbook.plays import CREATING, RUNNING, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.cases import Single
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

TEMPORARY_KEY = {
    "access_key": "INVENTEDTEMPORARYKEY",
    "secret_key": "invented-secret-of-a-temporary-key",
    "security_token": "invented-security-token-of-the-tests",
}
SHORT_TOKEN = "invented-token-for-one-request"

GONE = {"found": False}
NONE_YET = {**RUNNING, **GONE}
FAILED = {"phase": "Failed"}
TERMINATING = {"phase": "Terminating"}
ACCEPT = {"on_missing": "accept", "missing_after": ["Terminating"]}

READS = (
    read("read-found", RUNNING, result={"found": True, "phase": "Running", "workloads.gray.0.rolled_out": True}),
    read("read-without-manifests", RUNNING, without=("release.status.deployment", "release.status.grayDeployments")),
    read(
        "read-with-manifests",
        RUNNING,
        options={"manifests": True},
        result={"release.status.deployment.kind": "Deployment", "release.status.grayDeployments.0.kind": "Deployment"},
    ),
    read("read-missing", error="not_found", result={"found": False, "phase": "", "release": {}}),
    read("read-missing-accepted", options={"on_missing": "accept"}, result={"found": False, "phase": ""}),
    read("read-401", RUNNING, faults=(answer(401),), error="credentials", result={"error.status": 401}),
    read("read-403", RUNNING, faults=(answer(403),), error="denied"),
    read("read-400", RUNNING, faults=(answer(400, body="asm"),), error="usage", says=("mesh_id",)),
    read("read-404-of-the-gateway", RUNNING, faults=(answer(404),), error="endpoint"),
    read("read-404-of-a-proxy", RUNNING, faults=(answer(404, body="html"),), error="endpoint"),
    read("read-405", RUNNING, faults=(answer(405),), error="endpoint"),
    read("read-redirect", RUNNING, faults=(fault("redirect", location="/elsewhere"),), error="endpoint"),
    read("read-another-object", RUNNING, faults=(fault("damage", set={"kind": "Mesh"}),), error="protocol"),
    read("read-no-status", RUNNING, faults=(fault("damage", remove=["status"]),), error="protocol"),
)


def another(place: str, value: str, **more: Any) -> dict[str, Any]:
    """Return a fault that names another mesh, namespace, service or version of the API in a response."""
    return fault("damage", set={place: value}, **more)


IDENTITY = (
    wait(
        "another-mesh",
        RUNNING,
        faults=(another("metadata.meshID", "mesh-x"),),
        outcome="error",
        error="protocol",
        says=("mesh-x", "invented-mesh"),
    ),
    wait(
        "another-namespace",
        RUNNING,
        faults=(another("metadata.namespace", "shop"),),
        outcome="error",
        error="protocol",
        says=("shop", "bookinfo"),
    ),
    wait(
        "another-namespace-later",
        CREATING,
        faults=(another("metadata.namespace", "shop", requests=[2]),),
        outcome="error",
        error="protocol",
        requests=2,
        due=pauses(1),
        says=("shop", "bookinfo"),
    ),
    wait(
        "another-version-of-the-api",
        RUNNING,
        faults=(another("apiVersion", "asm/v9"),),
        outcome="error",
        error="protocol",
        says=("asm/v9", "asm/v2"),
    ),
    read("read-another-namespace", RUNNING, faults=(another("metadata.namespace", "shop"),), error="protocol"),
)

SERVICES = (
    read("service", RUNNING, by_service=True, result={"found": True, "phase": "Running",
         "release.metadata.name": "release-of-service", "workloads.gray.0.rolled_out": True},
         without=("release.status.deployment", "service", "deployments")),
    read("service-with-manifests", RUNNING, by_service=True, options={"manifests": True},
         result={"release.status.grayDeployments.0.kind": "Deployment"}),
    read("service-unknown", by_service=True, error="not_found", result={"found": False, "phase": "", "release": {}},
         says=("service-unknown",)),
    read("service-unknown-accepted", by_service=True, options={"on_missing": "accept"}, result={"found": False}),
    read("service-with-release-null", NONE_YET, by_service=True, error="not_found", result={"found": False}),
    read("service-with-release-null-accepted", NONE_YET, by_service=True, options={"on_missing": "accept"},
         result={"found": False}),
    read("service-without-release", RUNNING, by_service=True, faults=(fault("damage", remove=["release"]),),
         error="not_found"),
    read("service-with-release-empty", RUNNING, by_service=True, faults=(fault("damage", set={"release": {}}),),
         error="not_found"),
    read("service-with-a-list-as-release", RUNNING, by_service=True, faults=(fault("damage", set={"release": []}),),
         error="protocol"),
    read("service-403", RUNNING, by_service=True, faults=(answer(403),), error="denied", says=("asm:mesh:getService",)),
    read("service-404-of-the-gateway", RUNNING, by_service=True, faults=(answer(404),), error="endpoint"),
    read("service-503", RUNNING, by_service=True, faults=(answer(503, requests=[1]),), requests=2, due=pauses(1)),
    wait("release-of-another-service", RUNNING, by_service=True,
         faults=(another("release.spec.serviceName", "ratings"),), outcome="error", error="protocol",
         says=("release-of-another-service", "ratings")),
    wait("release-of-another-mesh", RUNNING, by_service=True, faults=(another("release.metadata.meshID", "mesh-x"),),
         outcome="error", error="protocol", says=("mesh-x", "invented-mesh")),
    wait("service-reached", CREATING, after(1, RUNNING), by_service=True, options={"ready": True, "version": "v2"},
         outcome="reached", requests=2, due=pauses(1), result={"phase": "Running", "gate.requests": 2}),
    wait("service-failed", FAILED, by_service=True, options={"failure_phases": ["Failed"]}, outcome="failed"),
    wait("service-reached-once-it-has-a-release", NONE_YET, after(1, {"found": True}), by_service=True,
         options={"on_missing": "wait"}, outcome="reached", requests=2, due=pauses(1)),
    wait("service-without-a-release", NONE_YET, by_service=True, outcome="missing", error="not_found",
         result={"found": False}),
    wait("service-missing-after-seen", CREATING, after(1, GONE), by_service=True, outcome="missing",
         error="not_found", requests=3, due=pauses(2)),
    wait("service-disappeared-as-it-may", TERMINATING, after(1, GONE), by_service=True, options=ACCEPT,
         outcome="reached", requests=3, due=pauses(2)),
    # The first release that was seen is followed.
    wait("service-replaced", CREATING, after(1, {**RUNNING, "uid": "another-uid"}), by_service=True,
         outcome="replaced", requests=2, due=pauses(1), says=("another-uid",)),
    wait("service-429", CREATING, after(1, RUNNING), by_service=True, faults=(answer(429, requests=[2]),),
         outcome="reached", requests=3, due=pauses(2), result={"gate.retries": 1}),
    check("service-check-pending", CREATING, by_service=True, outcome="pending"),
    check("service-check-missing", NONE_YET, by_service=True, outcome="missing", without=("error",)),
)  # fmt: skip

VERDICTS = (
    wait("reached-at-once", RUNNING, outcome="reached", result={"gate.requests": 1, "gate.check_mode": False}),
    wait(
        "reached-later",
        CREATING,
        after(2, RUNNING),
        outcome="reached",
        requests=3,
        due=pauses(2),
        result={
            "gate.timeline.0.phase": "Creating",
            "gate.timeline.1.phase": "Running",
            "gate.requests": 3,
            "gate.timeline_omitted": 0,
        },
    ),
    wait("reached-in-any-case", RUNNING, options={"success_phases": [" rUNNing "]}, outcome="reached"),
    wait(
        "reached-ready",
        {**RUNNING, "fill_reads": 2},
        options={"ready": True},
        outcome="reached",
        requests=3,
        due=pauses(2),
        result={
            "gate.timeline.0.ready_replicas": 0,
            "gate.timeline.0.replicas": 3,
            "gate.timeline.2.ready_replicas": 3,
        },
    ),
    wait("reached-stable", RUNNING, options={"stable_for": 2}, outcome="reached", requests=range(3, 5), due=at(2)),
    wait(
        "reached-ready-and-stable",
        {**RUNNING, "fill_reads": 1},
        options={"ready": True, "stable_for": 1},
        outcome="reached",
        requests=range(3, 5),
        due=pauses(1, and_at=1),
    ),
    wait(
        "stable-anew-after-a-break",
        RUNNING,
        after(1, CREATING),
        after(2, RUNNING),
        options={"stable_for": 1},
        outcome="reached",
        requests=range(4, 6),
        due=pauses(2, and_at=1),
    ),
    wait(
        "reached-version",
        RUNNING,
        after(1, {"version": "v3"}),
        options={"version": "v3"},
        outcome="reached",
        requests=2,
        due=pauses(1),
    ),
    wait(
        "reached-images",
        RUNNING,
        after(1, {"image": "registry.example/bookinfo/reviews:v3"}),
        options={"images": ["registry.example/bookinfo/reviews:v3"]},
        outcome="reached",
        requests=2,
        due=pauses(1),
    ),
    wait(
        "failed-by-phase",
        CREATING,
        after(1, FAILED),
        options={"failure_phases": ["Failed"]},
        outcome="failed",
        requests=2,
        due=pauses(1),
        result={"phase": "Failed", "found": True},
        says=("Failed", "failure_phases"),
    ),
    wait(
        "failed-by-progress-deadline",
        {**RUNNING, "ready": 1},
        after(1, {"deadline_exceeded": True, "ready": 1}),
        options={"ready": True},
        outcome="failed",
        requests=2,
        due=pauses(1),
        says=("progress deadline",),
    ),
    # kubectl cannot decode these: not rolled out, and the message says why.
    wait(
        "not-ready-with-conditions-that-are-no-list",
        RUNNING,
        options={"ready": True, "wait_timeout": 2},
        faults=(fault("damage", set={"status.grayDeployments.0.status.conditions": {"type": "Progressing"}}),),
        outcome="timeout",
        requests=range(2, 4),
        due=at(1),
        says=("conditions",),
    ),
    wait(
        "not-ready-with-planned-null",
        RUNNING,
        options={"ready": True, "wait_timeout": 2},
        faults=(fault("damage", set={"spec.grayDeployments": None}),),
        outcome="timeout",
        requests=range(2, 4),
        due=at(1),
        says=("grayDeployments",),
    ),
    wait("not-failed-by-progress-deadline-unless-ready", {**RUNNING, "deadline_exceeded": True}, outcome="reached"),
    wait(
        "timeout",
        CREATING,
        options={"wait_timeout": 3},
        outcome="timeout",
        requests=range(3, 5),
        due=at(2),
        says=("Running", "Creating"),
    ),
    wait(
        "timeout-while-stable",
        CREATING,
        after(1, RUNNING),
        options={"stable_for": 3, "wait_timeout": 4},
        outcome="timeout",
        requests=range(4, 6),
        due=at(3),
        says=("3 s",),
    ),
    wait(
        "timeout-of-a-version",
        RUNNING,
        options={"version": "v3", "wait_timeout": 3},
        outcome="timeout",
        requests=range(3, 5),
        due=at(2),
        says=("v2", "v3"),
    ),
    wait(
        "stalled",
        CREATING,
        options={"stall_timeout": 2},
        outcome="stalled",
        requests=range(3, 5),
        due=at(2),
        says=("2 s", "Creating"),
    ),
    wait(
        "stalled-with-a-heartbeat",
        CREATING,
        release={"heartbeat": True},
        options={"stall_timeout": 2},
        outcome="stalled",
        requests=range(3, 5),
        due=at(2),
    ),
    wait(
        "not-stalled-while-pods-come",
        {**RUNNING, "fill_reads": 3},
        options={"ready": True, "stall_timeout": 2},
        outcome="reached",
        requests=4,
        due=pauses(3),
    ),
    wait("missing-never-seen", outcome="missing", error="not_found", result={"found": False}),
    wait(
        "missing-after-seen",
        CREATING,
        after(1, GONE),
        outcome="missing",
        error="not_found",
        requests=3,
        due=pauses(2),
        result={"found": False, "gate.requests": 3},
        says=("missing-after-seen", "Creating"),
    ),
    wait(
        "not-missing-by-a-single-404",
        CREATING,
        after(1, GONE),
        after(2, {**RUNNING, "found": True}),
        outcome="reached",
        requests=3,
        due=pauses(2),
    ),
    wait(
        "missing-at-the-deadline",
        options={"on_missing": "wait", "wait_timeout": 3},
        outcome="missing",
        error="not_found",
        requests=range(3, 5),
        due=at(2),
        says=("missing-at-the-deadline", "3 s"),
    ),
    wait(
        "reached-once-it-appeared",
        after(1, RUNNING),
        options={"on_missing": "wait"},
        outcome="reached",
        requests=2,
        due=pauses(1),
    ),
    wait(
        "disappeared-as-it-may",
        TERMINATING,
        after(1, GONE),
        options=ACCEPT,
        outcome="reached",
        requests=3,
        due=pauses(2),
        result={"found": False, "phase": ""},
    ),
    wait(
        "disappeared-too-early",
        CREATING,
        after(1, GONE),
        options=ACCEPT,
        outcome="missing",
        error="not_found",
        requests=3,
        due=pauses(2),
    ),
    wait("accepted-only-after-seen", options=ACCEPT, outcome="missing", error="not_found"),
    wait(
        "replaced-by-uid",
        CREATING,
        after(1, {**RUNNING, "uid": "another-uid"}),
        outcome="replaced",
        requests=2,
        due=pauses(1),
        says=("another-uid",),
    ),
    wait(
        "replaced-by-version",
        CREATING,
        after(1, {**RUNNING, "version": "v3"}),
        options={"version": "v2"},
        outcome="replaced",
        requests=2,
        due=pauses(1),
        says=("v3",),
    ),
)


CHECK_MODE = (
    read("check-of-a-read", RUNNING, check_mode=True, result={"phase": "Running"}, without=("gate",)),
    check("check-reached", RUNNING, outcome="reached", result={"gate.check_mode": True, "gate.requests": 1}),
    check("check-pending", CREATING, outcome="pending"),
    check("check-stable", RUNNING, options={"stable_for": 2}, outcome="pending"),
    check("check-stalled", CREATING, options={"stall_timeout": 1}, outcome="pending"),
    check("check-failed", FAILED, options={"failure_phases": ["Failed"]}, outcome="failed"),
    check("check-missing", outcome="missing", without=("error",)),
    check("check-not-there-yet", options={"on_missing": "wait"}, outcome="pending"),
    check("check-403", RUNNING, faults=(answer(403),), outcome="error", error="denied"),
    check(
        "check-after-503", RUNNING, faults=(answer(503, requests=[1]),), outcome="reached", requests=2, due=pauses(1)
    ),
)

CREDENTIALS = (
    read("key", RUNNING, credentials=KEY),
    read("temporary-key", RUNNING, credentials=TEMPORARY_KEY),
    read("temporary-key-without-its-token", RUNNING, credentials={**KEY, **TEMPORARY_KEY, "security_token": None},
         error="credentials"),
    read("login", RUNNING, credentials=LOGIN, logins=1),
    # A token of this scenario's IAM is good for two requests.
    wait("login-renewed", CREATING, after(2, RUNNING), credentials=LOGIN, outcome="reached", requests=4, logins=2,
         due=pauses(2), result={"gate.requests": 3, "gate.retries": 0}),
    read("login-refused", RUNNING, credentials={**LOGIN, "password": "not-the-password"}, error="credentials",
         requests=0, logins=1),
    read("agency", RUNNING, credentials={"auth_type": "ecs_agency"}, metadata=2),
    read("file", RUNNING, credentials={"credentials_file": "<credentials>"}),
    read("wrong-token", RUNNING, credentials={"token": "another-token"}, error="credentials"),
    read("wrong-secret-key", RUNNING, credentials={**KEY, "secret_key": "another-secret-key"}, error="credentials"),
    wait("token-that-ends", CREATING, after(2, RUNNING), credentials={"token": SHORT_TOKEN}, outcome="error",
         error="credentials", requests=2, due=pauses(1)),
)  # fmt: skip

CASES = (*READS, *IDENTITY, *SERVICES, *VERDICTS, *CHECK_MODE, *CREDENTIALS)

CHOSEN = chosen(
    CASES,
    # Reads.
    *("read-found", "another-namespace", "another-mesh"),
    *("service-reached", "service-with-release-null", "release-of-another-service"),
    # Each outcome, and the conditions.
    *("reached-ready-and-stable", "reached-images", "failed-by-phase", "stalled", "missing-after-seen"),
    *("disappeared-as-it-may", "replaced-by-uid", "check-failed"),
    *("not-ready-with-conditions-that-are-no-list", "not-ready-with-planned-null"),
    # Credentials of each kind.
    *("key", "login-renewed", "agency", "file"),
)

SCENARIO = scenario_of(
    CASES,
    credentials={
        "tokens": [{"token": TOKEN}, {"token": SHORT_TOKEN, "uses": 1}],
        "keys": [KEY, TEMPORARY_KEY],
        "users": [{**USER, "project_id": "0123456789abcdef"}],
    },
    iam={"token_uses": 2},
)


def prepared(directory: Path, servers: Mapping[str, Running]) -> tuple[dict[str, str], dict[str, str]]:
    """Make the credentials file of a key, and use the metadata service of the simulator."""
    file = directory / "credentials"
    file.write_text(f"[basic]\nak = {KEY['access_key']}\nsk = {KEY['secret_key']}\n", encoding="utf-8")
    file.chmod(0o600)
    return {"credentials": str(file)}, {"_HUAWEICLOUD_ASM_METADATA_ENDPOINT": servers[SERVICE].url}


@pytest.mark.parametrize(
    "cases", [pytest.param(CHOSEN, id="chosen"), pytest.param(CASES, id="all", marks=pytest.mark.slow)]
)
def test_one_release_on_both_paths(
    tmp_path: Path,
    installed_collection: Path,
    simulate: Callable[..., Running],
    subtests: pytest.Subtests,
    cases: Sequence[Single],
) -> None:
    table = Table(cases, lambda simulate: {SERVICE: simulate(SCENARIO)}, prepared)

    paths = table.travel(tmp_path, installed_collection, simulate)

    table.check(paths, subtests)
    for name, path in paths.items():
        with subtests.test(path=name):
            assert ("release_gate: " in path.run.stderr) is (name == "controller")


def test_names_of_cases_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
