# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes, and ways to give credentials, through both paths: one of each kind. The unit tests have all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.huaweicloud.asm.tests.playbook.cases import (
    KEY,
    LOGIN,
    SERVICE,
    USER,
    Table,
    after,
    at,
    check,
    fault,
    pauses,
    read,
    scenario_of,
    wait,
)
from ansible_collections.huaweicloud.asm.tests.playbook.plays import CREATING, RUNNING, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pytest
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

READS = (read("read-found", RUNNING, result={"found": True, "phase": "Running", "workloads.gray.0.rolled_out": True}),)


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
)

SERVICES = (
    read("service-with-release-null", NONE_YET, by_service=True, error="not_found", result={"found": False}),
    wait("release-of-another-service", RUNNING, by_service=True,
         faults=(another("release.spec.serviceName", "ratings"),), outcome="error", error="protocol",
         says=("release-of-another-service", "ratings")),
    wait("service-reached", CREATING, after(1, RUNNING), by_service=True, options={"ready": True, "version": "v2"},
         outcome="reached", requests=2, due=pauses(1), result={"phase": "Running", "gate.requests": 2}),
)  # fmt: skip

VERDICTS = (
    wait(
        "reached-ready-and-stable",
        {**RUNNING, "fill_reads": 1},
        options={"ready": True, "stable_for": 1},
        outcome="reached",
        requests=range(3, 5),
        due=pauses(1, and_at=1),
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
    # kubectl cannot decode these: not rolled out, and the message says why.
    check(
        "not-ready-with-conditions-that-are-no-list",
        RUNNING,
        options={"ready": True},
        faults=(fault("damage", set={"status.grayDeployments.0.status.conditions": {"type": "Progressing"}}),),
        outcome="pending",
        says=("conditions",),
    ),
    check(
        "not-ready-with-planned-null",
        RUNNING,
        options={"ready": True},
        faults=(fault("damage", set={"spec.grayDeployments": None}),),
        outcome="pending",
        says=("grayDeployments",),
    ),
    wait(
        "stalled",
        CREATING,
        options={"stall_timeout": 2},
        outcome="stalled",
        requests=range(3, 5),
        due=at(2),
        says=("no progress", "Creating"),
    ),
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
        "replaced-by-uid",
        CREATING,
        after(1, {**RUNNING, "uid": "another-uid"}),
        outcome="replaced",
        requests=2,
        due=pauses(1),
        says=("another-uid",),
    ),
)


CHECK_MODE = (check("check-failed", FAILED, options={"failure_phases": ["Failed"]}, outcome="failed"),)

CREDENTIALS = (
    read("key", RUNNING, credentials=KEY),
    # A token of this scenario's IAM is good for two requests.
    wait("login-renewed", CREATING, after(2, RUNNING), credentials=LOGIN, outcome="reached", requests=4, logins=2,
         due=pauses(2), result={"gate.requests": 3, "gate.retries": 0}),
    read("agency", RUNNING, credentials={"auth_type": "ecs_agency"}, metadata=2),
    read("file", RUNNING, credentials={"credentials_file": "<credentials>"}),
)  # fmt: skip

CASES = (*READS, *IDENTITY, *SERVICES, *VERDICTS, *CHECK_MODE, *CREDENTIALS)

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


def test_one_release_on_both_paths(
    tmp_path: Path,
    installed_collection: Path,
    simulate: Callable[..., Running],
    subtests: pytest.Subtests,
) -> None:
    table = Table(CASES, lambda simulate: {SERVICE: simulate(SCENARIO)}, prepared)

    paths = table.travel(tmp_path, installed_collection, simulate)

    table.check(paths, subtests)
    for name, path in paths.items():
        with subtests.test(path=name):
            assert ("release_gate: " in path.run.stderr) is (name == "controller")
