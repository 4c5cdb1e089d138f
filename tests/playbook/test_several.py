# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several releases, through both paths: how many are required, which requests are sent, and reads of a whole mesh.

The rules for each single release are in `test_paths`. Phases are illustrations: the service publishes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.cases import (
    SERVICE,
    Table,
    after,
    answer,
    at,
    chosen,
    fault,
    pauses,
    scenario_of,
)
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    CREATING,
    MODULE,
    RUNNING,
    gate_on_releases,
    inventory,
    play,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.playbook.releases import (
    Several,
    faults_of_lists,
    read_each,
    read_mesh,
    wait_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

PAGED, BARE, LEAN, FAULTY = "paged", "bare", "lean", "faulty"
"""Simulators by what their lists leave out: all releases but one, `spec` and `status`, the Deployments. The lists of
the last one have the faults of its cases."""

GONE = {"found": False}
FAILED = {"phase": "Failed"}
ACCEPT = {"on_missing": "accept", "missing_after": ["Terminating"]}
FAILS = {"failure_phases": ["Failed"]}
WRONG = {"token": "another-token"}

HERE = (RUNNING,)
CREATED = (CREATING,)
FAILED_AT_ONCE = (FAILED,)
NOWHERE: tuple[Mapping[str, Any], ...] = ()
SOON = (CREATING, after(1, RUNNING))
LATER = (CREATING, after(2, RUNNING))
SECOND = frozenset({"second"})
ANOTHER_IMAGE = "registry.example/bookinfo/reviews:v3"


def counts(**numbers: int) -> dict[str, Any]:
    return {"gate.counts": numbers}


VERDICTS = (
    wait_for(
        "reached-one-after-the-other",
        {"first": HERE, "second": LATER},
        outcome="reached",
        lists=3,
        due=pauses(2),
        result={
            **counts(reached=2),
            "gate.required": 2,
            "gate.requests": 3,
            "gate.check_mode": False,
            "releases.1.namespace": "bookinfo",
            "releases.1.release_id": "reached-one-after-the-other-second",
            "releases.1.outcome": "reached",
            "releases.1.found": True,
            "releases.1.phase": "Running",
            "releases.1.timeline.0.phase": "Creating",
            "releases.1.workloads.gray.0.rolled_out": True,
        },
        without=("found", "phase", "release", "workloads", "gate.timeline"),
        says=("2 of 2",),
    ),
    wait_for(
        "reached-by-uid",
        {"first": HERE, "second": HERE},
        options={"releases": [{"release_id": f"uid-of-reached-by-uid-{each}"} for each in ("first", "second")]},
        outcome="reached",
        result={"releases.0.release_id": "uid-of-reached-by-uid-first"},
    ),
    wait_for(
        "reached-in-a-namespace-of-its-own",
        {"first": HERE, "second": HERE},
        fields={"second": {"namespace": "shop"}},
        entries={"second": {"namespace": "shop"}},
        outcome="reached",
        result={"releases.0.namespace": "bookinfo", "releases.1.namespace": "shop"},
    ),
    wait_for("reached-as-the-only-one", {"first": SOON}, outcome="reached", lists=0, singles=2, due=pauses(1),
             result=counts(reached=1)),
    wait_for(
        "reached-with-conditions-of-its-own",
        {
            "first": (RUNNING, after(1, CREATING)),
            "second": (RUNNING, after(1, {"version": "v3"})),
            "third": (RUNNING, after(1, {"image": ANOTHER_IMAGE})),
        },
        options={"version": "v2"},
        entries={"second": {"version": "v3"}, "third": {"images": [ANOTHER_IMAGE]}},
        outcome="reached",
        lists=2,
        due=pauses(1),
        # A release counts once it has met its conditions, whatever its phase is later.
        result={"releases.0.phase": "Creating", "releases.0.outcome": "reached"},
    ),
    wait_for(
        "failed-after-it-was-reached",
        {"first": (RUNNING, after(1, FAILED)), "second": LATER},
        options=FAILS,
        outcome="failed",
        lists=2,
        due=pauses(1),
        result={**counts(failed=1, pending=1), "releases.0.phase": "Failed"},
        says=("failed-after-it-was-reached-first (bookinfo)", "Failed", "failure_phases"),
    ),
    # Its name has another uid in the list.
    wait_for(
        "replaced-after-it-was-reached",
        {"first": (RUNNING, after(1, {"uid": "another-uid"})), "second": LATER},
        outcome="replaced",
        lists=2,
        due=pauses(1),
        result=counts(replaced=1, pending=1),
        says=("replaced-after-it-was-reached-first (bookinfo)", "another-uid"),
    ),
    # To the simulator, a list and a single read are two reads.
    wait_for(
        "missing-after-it-was-reached",
        {"first": (RUNNING, after(1, GONE)), "second": SOON},
        outcome="missing",
        error="not_found",
        lists=3,
        singles=2,
        due=pauses(2),
        result={**counts(missing=1, reached=1), "releases.0.found": False},
        says=("missing-after-it-was-reached-first (bookinfo)",),
    ),
    wait_for(
        "missing-from-the-start",
        {"first": HERE, "second": NOWHERE},
        outcome="missing",
        error="not_found",
        singles=1,
        result={**counts(reached=1, missing=1), "releases.1.found": False, "releases.1.error.kind": "not_found"},
        says=("missing-from-the-start-second (bookinfo)",),
    ),
    wait_for(
        "not-missing-by-a-single-404",
        {"first": HERE, "second": (CREATING, after(1, GONE), after(3, {**RUNNING, "found": True}))},
        outcome="reached",
        lists=3,
        singles=1,
        due=pauses(2),
    ),
    wait_for(
        "reached-once-it-appeared",
        {"first": HERE, "second": (after(2, RUNNING),)},
        options={"on_missing": "wait"},
        outcome="reached",
        lists=2,
        singles=1,
        due=pauses(1),
    ),
    wait_for(
        "disappeared-as-it-may",
        {"first": HERE, "second": ({"phase": "Terminating"}, after(1, GONE))},
        options=ACCEPT,
        outcome="reached",
        lists=3,
        singles=2,
        due=pauses(2),
        result={"releases.1.found": False, "releases.1.outcome": "reached"},
    ),
    wait_for(
        "timeout",
        {"first": HERE, "second": CREATED},
        options={"wait_timeout": 3},
        outcome="timeout",
        lists=range(3, 5),
        due=at(2),
        result=counts(reached=1, timeout=1),
        says=("1 of 2", "timeout-second (bookinfo)", "Creating", "Running"),
    ),
    wait_for(
        "stalled",
        {"first": HERE, "second": CREATED},
        options={"stall_timeout": 2},
        outcome="stalled",
        lists=range(3, 5),
        due=at(2),
        result=counts(reached=1, stalled=1),
        says=("stalled-second (bookinfo)",),
    ),
    wait_for("credentials-refused", {"first": HERE, "second": HERE}, credentials=WRONG, outcome="error",
             error="credentials", result={**counts(pending=2), "error.status": 401}),
    wait_for(
        "named-twice",
        {"first": HERE},
        options={"releases": [{"release_id": "named-twice-first"}, {"release_id": "uid-of-named-twice-first"}]},
        outcome="error",
        error="usage",
        says=("named-twice-first", "uid-of-named-twice-first"),
    ),
)  # fmt: skip

REQUIRE = (
    wait_for(
        "any",
        {"first": CREATED, "second": HERE, "third": CREATED},
        options={"require": "any"},
        outcome="reached",
        result={**counts(reached=1, pending=2), "gate.required": 1},
        says=("1 of 3",),
    ),
    wait_for(
        "two-of-three-one-after-the-other",
        {"first": (RUNNING, after(1, CREATING)), "second": LATER, "third": CREATED},
        options={"require": "2"},
        outcome="reached",
        lists=3,
        due=pauses(2),
        result={**counts(reached=2, pending=1), "gate.required": 2},
    ),
    wait_for(
        "any-although-the-others-cannot",
        {"first": FAILED_AT_ONCE, "second": SOON, "third": NOWHERE},
        options={**FAILS, "require": "any"},
        outcome="reached",
        lists=2,
        singles=1,
        due=pauses(1),
        result=counts(failed=1, reached=1, missing=1),
        says=("any-although-the-others-cannot-first (bookinfo)",),
    ),
    wait_for(
        "two-of-three-can-no-longer-be-met",
        {"first": (CREATING, after(1, GONE)), "second": (CREATING, after(1, FAILED)), "third": FAILED_AT_ONCE},
        options={**FAILS, "require": "2"},
        outcome="failed",
        lists=2,
        due=pauses(1),
        result=counts(pending=1, failed=2),
        # The first that cannot.
        says=("two-of-three-can-no-longer-be-met-third (bookinfo)", "0 of 3"),
    ),
    wait_for(
        "two-of-three-at-the-deadline",
        {"first": HERE, "second": CREATED, "third": CREATED},
        options={"require": "2", "wait_timeout": 3},
        outcome="timeout",
        lists=range(3, 5),
        due=at(2),
        result=counts(reached=1, timeout=2),
        says=("1 of 3", "2 required"),
    ),
)

SERVICES = (
    wait_for(
        "a-service-and-an-id",
        {"first": HERE, "second": SOON},
        by_service=SECOND,
        outcome="reached",
        lists=0,
        singles=4,
        due=pauses(1),
        result={
            **counts(reached=2),
            "releases.1.service": "a-service-and-an-id-second",
            "releases.1.release.spec.serviceName": "a-service-and-an-id-second",
        },
        without=("releases.1.release_id",),
    ),
    wait_for(
        "a-service-and-two-ids",
        {"first": HERE, "second": HERE, "third": SOON},
        by_service=SECOND,
        outcome="reached",
        lists=2,
        singles=2,
        due=pauses(1),
        result=counts(reached=3),
    ),
    wait_for(
        "two-services-of-which-one-has-no-release",
        {"first": HERE, "second": ({**RUNNING, "found": False},)},
        by_service=frozenset({"first", "second"}),
        outcome="missing",
        error="not_found",
        lists=0,
        singles=2,
        result=counts(reached=1, missing=1),
        says=("two-services-of-which-one-has-no-release-second",),
    ),
    wait_for(
        "a-service-and-its-release",
        {"first": HERE, "second": HERE},
        by_service=SECOND,
        options={"releases": [{"release_id": "a-service-and-its-release-second"},
                              {"service": "a-service-and-its-release-second"}]},
        outcome="error",
        error="usage",
        lists=0,
        singles=2,
        says=("a-service-and-its-release-second",),
    ),
    read_each(
        "read-a-service-and-an-id",
        {"first": HERE, "second": CREATED},
        by_service=SECOND,
        lists=0,
        singles=2,
        result={"releases.0.phase": "Running", "releases.1.phase": "Creating"},
    ),
)  # fmt: skip

SINGLE_READS = (
    wait_for(
        "on-another-page",
        {"first": HERE, "second": HERE, "third": HERE},
        server=PAGED,
        options={"requests_per_minute": 60},
        outcome="reached",
        singles=2,
        due=at(1),
        result={**counts(reached=3), "gate.requests": 3},
    ),
    wait_for(
        "one-denied",
        {"first": HERE, "second": HERE},
        server=PAGED,
        single_faults={"second": (answer(403),)},
        outcome="error",
        error="denied",
        singles=1,
        result={**counts(reached=1, error=1), "releases.1.error.kind": "denied"},
        says=("one-denied-second (bookinfo)", "asm:mesh:getRelease"),
    ),
    wait_for(
        "any-although-one-is-denied",
        {"first": SOON, "second": HERE},
        server=PAGED,
        single_faults={"second": (answer(403),)},
        options={"require": "any"},
        outcome="reached",
        lists=2,
        singles=1,
        due=pauses(1),
        result={**counts(reached=1, error=1), "releases.1.error.kind": "denied"},
        without=("error",),
        says=("any-although-one-is-denied-second (bookinfo)",),
    ),
    wait_for(
        "credentials-refused-meanwhile",
        {"first": HERE, "second": HERE, "third": HERE},
        server=PAGED,
        single_faults={"second": (answer(401),)},
        outcome="error",
        error="credentials",
        singles=1,
        result=counts(reached=1, pending=2),
    ),
    wait_for(
        "a-transient-error-of-one",
        {"first": HERE, "second": HERE},
        server=PAGED,
        single_faults={"second": (answer(503, requests=[1]),)},
        outcome="reached",
        lists=2,
        singles=2,
        due=pauses(1),
        result={**counts(reached=2), "gate.retries": 1},
    ),
    read_each(
        "read-one-denied",
        {"first": HERE, "second": HERE},
        server=PAGED,
        single_faults={"second": (answer(403),)},
        error="denied",
        singles=1,
        says=("read-one-denied-second",),
    ),
    wait_for("without-status", {"first": HERE, "second": SOON}, server=BARE, outcome="reached", singles=2),
    wait_for(
        "without-deployments",
        {"first": HERE, "second": HERE},
        server=LEAN,
        options={"ready": True},
        outcome="reached",
        singles=2,
        result={"releases.1.workloads.gray.0.ready_replicas": 3},
    ),
    read_each(
        "read-without-deployments",
        {"first": HERE, "second": HERE},
        server=LEAN,
        options={"manifests": True},
        singles=2,
        result={"releases.1.release.status.grayDeployments.0.kind": "Deployment"},
    ),
)

DENIED = answer(403)

LIST_FAULTS = (
    wait_for(
        "list-denied",
        {"first": HERE, "second": SOON},
        server=FAULTY,
        faults=(DENIED,),
        outcome="reached",
        singles=4,
        due=pauses(1),
        result={**counts(reached=2), "gate.requests": 4},
        warns=("asm:mesh:listReleases", "requests_per_minute"),
    ),
    wait_for(
        "list-denied-and-reads-spaced",
        {"first": HERE, "second": HERE, "third": HERE},
        server=FAULTY,
        faults=(DENIED,),
        options={"requests_per_minute": 60},
        outcome="reached",
        singles=3,
        due=at(2),
        result=counts(reached=3),
        warns=("asm:mesh:listReleases", "60"),
    ),
    wait_for(
        "list-denied-and-no-time-for-two-reads-of-each",
        {"first": HERE, "second": HERE, "third": HERE},
        server=FAULTY,
        faults=(DENIED,),
        options={"requests_per_minute": 30, "wait_timeout": 11},
        outcome="error",
        error="denied",
        result=counts(pending=3),
        without=("warnings",),
        says=("30", "3 releases", "requests_per_minute"),
    ),
    read_each(
        "read-list-denied",
        {"first": HERE, "second": CREATED},
        server=FAULTY,
        faults=(DENIED,),
        singles=2,
        result={"releases.1.phase": "Creating"},
        warns=("asm:mesh:listReleases",),
    ),
    read_mesh("read-mesh-denied", {"first": HERE}, server=FAULTY, faults=(DENIED,), error="denied",
              without=("warnings",), says=("asm:mesh:listReleases",)),
    wait_for(
        "an-item-of-another-mesh",
        {"first": HERE, "second": HERE, "third": HERE},
        server=FAULTY,
        faults=(fault("damage", set={"items.1.metadata.meshID": "another-mesh"}),),
        outcome="error",
        error="protocol",
        result=counts(reached=2, error=1),
        says=("an-item-of-another-mesh-second (bookinfo)", "another-mesh"),
    ),
    wait_for(
        "an-item-of-another-mesh-that-is-not-named",
        {"first": HERE, "second": HERE, "third": HERE},
        server=FAULTY,
        faults=(fault("damage", set={"items.2.metadata.meshID": "another-mesh"}),),
        options={
            "releases": [
                {"release_id": f"an-item-of-another-mesh-that-is-not-named-{each}"} for each in ("first", "second")
            ]
        },
        outcome="reached",
    ),
    read_mesh(
        "read-a-malformed-item",
        {"first": HERE, "second": HERE},
        server=FAULTY,
        faults=(fault("damage", set={"items.0": "no release"}),),
        result={"releases.0.release.metadata.name": "read-a-malformed-item-second"},
        without=("releases.1",),
        warns=("items",),
    ),
    wait_for(
        "a-name-twice",
        {"first": HERE, "second": HERE, "third": HERE},
        server=FAULTY,
        faults=(fault("damage", set={"items.1.metadata.name": "a-name-twice-first"}),),
        options={"releases": [{"release_id": "a-name-twice-first"}, {"release_id": "a-name-twice-third"}]},
        outcome="error",
        error="usage",
        says=("a-name-twice-first", "uid-of-a-name-twice-first", "uid-of-a-name-twice-second"),
    ),
    wait_for("no-list", {"first": HERE, "second": HERE}, server=FAULTY,
             faults=(fault("damage", set={"kind": "Release"}),), outcome="error", error="protocol"),
    wait_for("half-a-list", {"first": HERE, "second": HERE}, server=FAULTY, faults=(fault("truncate", requests=[1]),),
             outcome="reached", lists=2, due=pauses(1), result={"gate.retries": 1}),
    # It takes longer than `request_timeout`, and never pauses for so long.
    wait_for("a-slow-list", {"first": HERE, "second": HERE}, server=FAULTY, options={"request_timeout": 2},
             faults=(fault("trickle", bytes=10_000, interval=0.4),), outcome="reached", result={"gate.retries": 0}),
    read_mesh("read-a-slow-list", {"first": HERE, "second": HERE}, server=FAULTY, options={"request_timeout": 2},
              faults=(fault("trickle", bytes=10_000, interval=0.4),), result={"releases.1.phase": "Running"}),
    wait_for("a-list-that-pauses", {"first": HERE, "second": HERE}, server=FAULTY, options={"request_timeout": 1},
             faults=(fault("hang", after="half", requests=[1]),), outcome="reached", lists=2, due=pauses(1, and_at=1),
             result={"gate.retries": 1}),
    wait_for("list-503", {"first": HERE, "second": HERE}, server=FAULTY, faults=(answer(503, requests=[1]),),
             outcome="reached", lists=2, due=pauses(1), result={"gate.retries": 1}),
    read_each("read-list-503", {"first": HERE, "second": HERE}, server=FAULTY, faults=(answer(503, requests=[1]),),
              lists=2, due=pauses(1)),
    wait_for("list-400", {"first": HERE, "second": HERE}, server=FAULTY, faults=(answer(400, body="asm"),),
             outcome="error", error="usage", says=("mesh_id",)),
    wait_for("list-404-of-the-gateway", {"first": HERE, "second": HERE}, server=FAULTY, faults=(answer(404),),
             outcome="error", error="endpoint"),
    wait_for("list-404-of-asm", {"first": HERE, "second": HERE}, server=FAULTY, faults=(answer(404, body="asm"),),
             outcome="reached", singles=2),
)  # fmt: skip

READS = (
    read_each(
        "read-two",
        {"first": HERE, "second": CREATED},
        result={
            "releases.0.release_id": "read-two-first",
            "releases.0.phase": "Running",
            "releases.1.phase": "Creating",
        },
        without=("gate", "found", "releases.0.outcome", "releases.0.release.status.grayDeployments"),
    ),
    read_each("read-one-missing", {"first": HERE, "second": NOWHERE}, error="not_found", singles=1,
              says=("read-one-missing-second",)),
    read_each("read-one-missing-accepted", {"first": HERE, "second": NOWHERE}, options={"on_missing": "accept"},
              singles=1, result={"releases.0.found": True, "releases.1.found": False}),
    read_each("read-refused", {"first": HERE, "second": HERE}, credentials=WRONG, error="credentials"),
    read_mesh(
        "read-a-mesh",
        {"second": CREATED, "first": HERE, "other": HERE},
        fields={"other": {"namespace": "a-shop"}},
        result={
            "releases.0.release.metadata.name": "read-a-mesh-other",
            "releases.1.release.metadata.name": "read-a-mesh-first",
            "releases.2.release.metadata.name": "read-a-mesh-second",
            "releases.2.namespace": "bookinfo",
            "releases.2.release_id": "uid-of-read-a-mesh-second",
            "releases.2.phase": "Creating",
        },
        without=("gate", "releases.0.outcome"),
    ),
    read_mesh(
        "read-a-namespace",
        {"first": HERE, "other": HERE},
        fields={"other": {"namespace": "shop"}},
        options={"namespace": "bookinfo"},
        result={"releases.0.release.metadata.name": "read-a-namespace-first"},
        without=("releases.1",),
    ),
    read_mesh("read-an-empty-mesh", {}, result={"releases": []}),
    read_mesh("wait-for-a-mesh", {"first": HERE}, options={"wait": True, "success_phases": ["Running"]}, lists=0,
              outcome="error", error="usage", says=("wait", "release_id", "service", "releases")),
)  # fmt: skip

CHECK_MODE = (
    wait_for("check-pending", {"first": HERE, "second": CREATED}, check_mode=True, outcome="pending",
             result={**counts(reached=1, pending=1), "gate.check_mode": True}, says=("check-pending-second",)),
    wait_for("check-failed", {"first": HERE, "second": FAILED_AT_ONCE}, check_mode=True, options=FAILS,
             outcome="failed", result=counts(reached=1, failed=1)),
    wait_for("check-missing", {"first": HERE, "second": NOWHERE}, check_mode=True, outcome="missing", singles=1,
             without=("error",)),
    wait_for("check-list-denied", {"first": HERE, "second": CREATED}, server=FAULTY, check_mode=True,
             faults=(DENIED,), outcome="pending", singles=2, result=counts(reached=1, pending=1)),
    wait_for("check-refused", {"first": HERE, "second": HERE}, check_mode=True, credentials=WRONG, outcome="error",
             error="credentials"),
)  # fmt: skip

TABLES: Mapping[str, tuple[Several, ...]] = {
    "verdicts": (*VERDICTS, *REQUIRE),
    "single-reads": (*SERVICES, *SINGLE_READS),
    "faults-of-a-list": LIST_FAULTS,
    "without-a-wait": (*READS, *CHECK_MODE),
}

CHOSEN = chosen(
    [case for cases in TABLES.values() for case in cases],
    *("reached-with-conditions-of-its-own", "missing-after-it-was-reached"),
    *("two-of-three-can-no-longer-be-met", "a-service-and-two-ids", "two-services-of-which-one-has-no-release"),
    # What the list does not show.
    *("on-another-page", "without-deployments", "list-denied", "an-item-of-another-mesh"),
    "read-a-mesh",
)

LISTS: Mapping[str, dict[str, Any]] = {
    SERVICE: {},
    PAGED: {"shown": 1},
    BARE: {"without": ["spec", "status"]},
    LEAN: {"without": ["spec.grayDeployments", "status.deployment", "status.grayDeployments"]},
    FAULTY: {},
}
"""What the lists of each simulator leave out."""


def started(cases: Sequence[Several], simulate: Callable[..., Running]) -> dict[str, Running]:
    """Start the simulators that the cases need."""
    names = {SERVICE, *(case.server for case in cases)}
    faults = {FAULTY: faults_of_lists([case for case in cases if case.server == FAULTY])}
    return {
        name: simulate(scenario_of(cases, name, list=left_out, faults=faults.get(name, ())))
        for name, left_out in LISTS.items()
        if name in names
    }


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(CHOSEN, id="chosen"),
        *(pytest.param(cases, id=name, marks=pytest.mark.slow) for name, cases in TABLES.items()),
    ],
)
def test_several_releases_on_both_paths(
    tmp_path: Path,
    installed_collection: Path,
    simulate: Callable[..., Running],
    subtests: pytest.Subtests,
    cases: Sequence[Several],
) -> None:
    table = Table(cases, lambda simulate: started(cases, simulate))

    table.check(table.travel(tmp_path, installed_collection, simulate), subtests)


def test_names_of_cases_are_unique() -> None:
    names = [case.name for cases in TABLES.values() for case in cases]
    assert len(set(names)) == len(names)


@pytest.mark.slow
class TestFiveHundredReleases:
    """As many as the simulator has: 17 MB a list. They run from the third poll on."""

    COUNT = 500
    POLLS = 3

    @pytest.mark.parametrize("path", CONNECTIONS)
    def test_cost_one_request_a_poll(self, ansible: Ansible, simulate: Callable[..., Running], path: str) -> None:
        opens = (CREATING, {**RUNNING, "after_reads": self.POLLS - 1})
        mesh = simulate(scenario(release("many-{number}", *opens, count=self.COUNT)))
        names = [f"many-{number:03}" for number in range(1, self.COUNT + 1)]

        run = ansible.playbook(
            play({"name": "gate", MODULE: gate_on_releases(mesh, *names)}),
            inventory=inventory(only={"ansible_connection": CONNECTIONS[path]}),
        )

        result = run.task("gate").result
        assert result["gate"]["outcome"] == "reached", result["msg"]
        assert result["gate"]["counts"] == {"reached": self.COUNT}
        assert len(result["releases"]) == self.COUNT
        summary = mesh.summary()
        assert summary["by_operation"] == {"list": self.POLLS}
        assert (summary["requests"], summary["connections"]) == (self.POLLS, 1)
