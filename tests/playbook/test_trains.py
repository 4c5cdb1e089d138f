# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates on several releases, through both paths: every verdict, how many must reach, what is selected, what is asked.

Phases are illustrations: nobody has published what the service says.
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
    inventory,
    play,
    release,
    scenario,
    train,
)
from ansible_collections.huaweicloud.asm.tests.playbook.trains import Train, faults_of_lists, hold, look, select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

PAGED, BARE, LEAN, FAULTY = "paged", "bare", "lean", "faulty"
"""Simulators by what their lists do not tell: more than one release, `spec` and `status`, the Deployments. The lists of
the last one have the faults of its cases."""

GONE = {"found": False}
FAILED = {"phase": "Failed"}
TERMINATING = {"phase": "Terminating"}
TERMINATED = {"phase": "Terminated"}
ACCEPT = {"on_missing": "accept", "missing_after": ["Terminating"]}
FAILS = {"failure_phases": ["Failed"]}
WRONG = {"token": "another-token"}

HERE = (RUNNING,)
CREATED = (CREATING,)
FAILED_AT_ONCE = (FAILED,)
NOWHERE: tuple[Mapping[str, Any], ...] = ()
SOON = (CREATING, after(1, RUNNING))
LATER = (CREATING, after(2, RUNNING))

SHUT = "the gate stays shut: "
OPEN = "the gate is open: "
PENDING = "check mode: this read alone means pending, so the gate would wait: "


def counts(**numbers: int) -> dict[str, Any]:
    return {"gate.counts": numbers}


VERDICTS = (
    hold(
        "reached-at-once",
        {"first": HERE, "second": HERE},
        outcome="reached",
        result={
            **counts(reached=2),
            "gate.required": 2,
            "gate.reads": 1,
            "gate.ignored": [],
            "releases.1.outcome": "reached",
            "releases.1.reads": 1,
            "releases.1.found": True,
            "releases.1.phase": "Running",
            "releases.1.workloads.gray.0.rolled_out": True,
        },
        without=("found", "phase", "release", "workloads", "gate.timeline"),
        says=(OPEN, "2 of 2 releases reached"),
    ),
    hold(
        "reached-one-after-the-other",
        {"first": HERE, "second": LATER},
        outcome="reached",
        lists=3,
        due=pauses(2),
        result={**counts(reached=2), "releases.1.timeline.0.phase": "Creating", "releases.1.reads": 3},
    ),
    hold(
        "reached-by-uid",
        {"first": HERE, "second": HERE},
        options={
            "releases": [{"release_id": "uid-of-reached-by-uid-first"}, {"release_id": "uid-of-reached-by-uid-second"}]
        },
        outcome="reached",
        result={"releases.0.release_id": "uid-of-reached-by-uid-first"},
    ),
    hold(
        "reached-in-a-namespace-of-its-own",
        {"first": HERE, "second": HERE},
        fields={"second": {"namespace": "shop"}},
        entries={"second": {"namespace": "shop"}},
        outcome="reached",
        result={"releases.0.namespace": "bookinfo", "releases.1.namespace": "shop"},
    ),
    hold(
        "one-of-a-list-is-no-list", {"first": SOON}, outcome="reached", lists=0, singles=2, due=pauses(1),
        result=counts(reached=1),
    ),
    hold(
        "reached-ready",
        {"first": HERE, "second": ({**RUNNING, "fill_reads": 2},)},
        options={"ready": True},
        outcome="reached",
        lists=3,
        due=pauses(2),
        result={"releases.1.timeline.0.ready": "0/3", "releases.1.timeline.2.ready": "3/3"},
    ),
    hold(
        "reached-stable", {"first": HERE, "second": HERE}, options={"stable_for": 2}, outcome="reached",
        lists=range(3, 5), due=at(2),
    ),
    hold(
        "reached-in-a-version-of-its-own",
        {"first": HERE, "second": (RUNNING, after(1, {"version": "v3"}))},
        options={"version": "v2"},
        entries={"second": {"version": "v3"}},
        outcome="reached",
        lists=2,
        due=pauses(1),
    ),
    hold(
        "reached-with-images-of-its-own",
        {"first": HERE, "second": (RUNNING, after(1, {"image": "registry.example/bookinfo/reviews:v3"}))},
        options={"images": ["registry.example/bookinfo/reviews:v2"]},
        entries={"second": {"images": ["registry.example/bookinfo/reviews:v3"]}},
        outcome="reached",
        lists=2,
        due=pauses(1),
    ),
    hold(
        "reached-once-is-reached",
        {"first": (RUNNING, after(1, CREATING)), "second": LATER},
        outcome="reached",
        lists=3,
        due=pauses(2),
        result={**counts(reached=2), "releases.0.phase": "Creating", "releases.0.outcome": "reached"},
    ),
    hold(
        "reached-but-failed-later",
        {"first": (RUNNING, after(1, FAILED)), "second": LATER},
        options=FAILS,
        outcome="failed",
        lists=2,
        due=pauses(1),
        result=counts(failed=1, pending=1),
    ),
    # Whether the release itself is gone only its own read can tell, whoever stands under its name now.
    hold(
        "reached-but-replaced-later",
        {"first": (RUNNING, after(1, {"uid": "another-uid"})), "second": LATER},
        outcome="replaced",
        lists=2,
        singles=1,
        due=pauses(1),
        result=counts(replaced=1, pending=1),
    ),
    # What the list lacks is read singly, and both are reads to the simulator.
    hold(
        "reached-but-missing-later",
        {"first": (RUNNING, after(1, GONE)), "second": SOON},
        outcome="missing",
        error="not_found",
        lists=3,
        singles=2,
        due=pauses(2),
        result={**counts(missing=1, reached=1), "releases.0.found": False},
    ),
    hold(
        "failed-by-phase",
        {"first": CREATED, "second": (CREATING, after(1, FAILED)), "third": HERE},
        options=FAILS,
        outcome="failed",
        lists=2,
        due=pauses(1),
        result={**counts(failed=1, pending=1, reached=1), "releases.1.outcome": "failed", "releases.1.phase": "Failed"},
        says=(f"{SHUT}failed-by-phase-second (bookinfo) is Failed, which is one of failure_phases; 1 of 3 releases",),
    ),
    hold(
        "failed-by-progress-deadline",
        {"first": CREATED, "second": ({**RUNNING, "ready": 1}, after(1, {"deadline_exceeded": True, "ready": 1}))},
        options={"ready": True},
        outcome="failed",
        lists=2,
        due=pauses(1),
        says=(f"{SHUT}failed-by-progress-deadline-second (bookinfo) has a gray workload", "progress deadline"),
    ),
    hold(
        "timeout",
        {"first": HERE, "second": CREATED},
        options={"wait_timeout": 3},
        outcome="timeout",
        lists=range(3, 5),
        due=at(2),
        result=counts(reached=1, timeout=1),
        says=("phases wanted: Running", "1 of 2 releases reached", "timeout-second (bookinfo)", "Creating"),
    ),
    hold(
        "stalled",
        {"first": HERE, "second": CREATED},
        options={"stall_timeout": 2},
        outcome="stalled",
        lists=range(3, 5),
        due=at(2),
        result=counts(reached=1, stalled=1),
        says=(f"{SHUT}stalled-second (bookinfo) has made no progress",),
    ),
    hold(
        "missing-never-seen",
        {"first": HERE, "second": NOWHERE},
        outcome="missing",
        error="not_found",
        singles=1,
        result={**counts(reached=1, missing=1), "releases.1.found": False, "releases.1.error.kind": "not_found"},
        says=(f"{SHUT}ASM knows no release missing-never-seen-second (bookinfo)",),
    ),
    hold(
        "missing-after-seen",
        {"first": HERE, "second": (CREATING, after(1, GONE))},
        outcome="missing",
        error="not_found",
        lists=3,
        singles=2,
        due=pauses(2),
        says=("missing-after-seen-second (bookinfo) has disappeared", "Creating"),
    ),
    hold(
        "not-missing-by-a-single-404",
        {"first": HERE, "second": (CREATING, after(1, GONE), after(3, {**RUNNING, "found": True}))},
        outcome="reached",
        lists=3,
        singles=1,
        due=pauses(2),
    ),
    hold(
        "missing-at-the-deadline",
        {"first": HERE, "second": NOWHERE},
        options={"on_missing": "wait", "wait_timeout": 3},
        outcome="missing",
        error="not_found",
        lists=range(3, 5),
        singles=range(3, 5),
        due=at(2),
        says=("missing-at-the-deadline-second (bookinfo) has not appeared",),
    ),
    hold(
        "reached-once-it-appeared",
        {"first": HERE, "second": (after(2, RUNNING),)},
        options={"on_missing": "wait"},
        outcome="reached",
        lists=2,
        singles=1,
        due=pauses(1),
    ),
    hold(
        "disappeared-as-it-may",
        {"first": HERE, "second": (TERMINATING, after(1, GONE))},
        options=ACCEPT,
        outcome="reached",
        lists=3,
        singles=2,
        due=pauses(2),
        result={"releases.1.found": False, "releases.1.outcome": "reached"},
    ),
    hold(
        "disappeared-too-early",
        {"first": HERE, "second": (CREATING, after(1, GONE))},
        options=ACCEPT,
        outcome="missing",
        error="not_found",
        lists=3,
        singles=2,
        due=pauses(2),
    ),
    hold(
        "accepted-only-after-seen",
        {"first": HERE, "second": NOWHERE},
        options=ACCEPT,
        outcome="missing",
        error="not_found",
        singles=1,
    ),
    hold(
        "replaced-by-uid",
        {"first": CREATED, "second": (CREATING, after(1, {**RUNNING, "uid": "another-uid"}))},
        outcome="replaced",
        lists=2,
        singles=1,
        due=pauses(1),
        says=(f"{SHUT}replaced-by-uid-second (bookinfo) is another one now", "another-uid"),
    ),
    hold(
        "replaced-by-version",
        {"first": CREATED, "second": (CREATING, after(1, {**RUNNING, "version": "v3"}))},
        options={"version": "v2"},
        outcome="replaced",
        lists=2,
        due=pauses(1),
        says=(f"{SHUT}replaced-by-version-second (bookinfo) has another version", "v3"),
    ),
    hold(
        "refused-credentials",
        {"first": HERE, "second": HERE},
        credentials=WRONG,
        outcome="error",
        error="credentials",
        result={**counts(pending=2), "error.status": 401},
    ),
    hold(
        "named-twice",
        {"first": HERE},
        options={"releases": [{"release_id": "named-twice-first"}, {"release_id": "uid-of-named-twice-first"}]},
        outcome="error",
        error="usage",
        says=("'named-twice-first and uid-of-named-twice-first'",),
    ),
)  # fmt: skip

REQUIRE = (
    hold(
        "any",
        {"first": CREATED, "second": HERE, "third": CREATED},
        options={"require": "any"},
        outcome="reached",
        result={**counts(reached=1, pending=2), "gate.required": 1},
        says=(OPEN, "1 of 3 releases reached", "1 required"),
    ),
    hold(
        "two-of-three",
        {"first": CREATED, "second": HERE, "third": SOON},
        options={"require": "2"},
        outcome="reached",
        lists=2,
        due=pauses(1),
        result={**counts(reached=2, pending=1), "gate.required": 2},
    ),
    hold(
        "two-of-three-one-after-the-other",
        {"first": (RUNNING, after(1, CREATING)), "second": LATER, "third": CREATED},
        options={"require": "2"},
        outcome="reached",
        lists=3,
        due=pauses(2),
    ),
    hold(
        "enough-while-another-fails",
        {"first": FAILED_AT_ONCE, "second": HERE, "third": HERE},
        options={**FAILS, "require": "2"},
        outcome="reached",
        result=counts(failed=1, reached=2),
        says=(OPEN, "enough-while-another-fails-first (bookinfo) is Failed, which is one of failure_phases"),
    ),
    hold(
        "any-although-the-others-have-failed",
        {"first": FAILED_AT_ONCE, "second": SOON, "third": NOWHERE},
        options={**FAILS, "require": "any"},
        outcome="reached",
        lists=2,
        singles=1,
        due=pauses(1),
        result=counts(failed=1, reached=1, missing=1),
    ),
    hold(
        "two-of-three-can-no-longer-be-met",
        {"first": FAILED_AT_ONCE, "second": HERE, "third": (CREATING, after(1, FAILED))},
        options={**FAILS, "require": "2"},
        outcome="failed",
        lists=2,
        due=pauses(1),
        result=counts(failed=2, reached=1),
        says=("1 of 3 releases reached", "2 required"),
    ),
    hold(
        "the-first-culprit-comes-first",
        {"first": (CREATING, after(1, GONE)), "second": (CREATING, after(1, FAILED)), "third": FAILED_AT_ONCE},
        options={**FAILS, "require": "2"},
        outcome="failed",
        lists=2,
        due=pauses(1),
        result=counts(pending=1, failed=2),
        says=(f"{SHUT}the-first-culprit-comes-first-third (bookinfo) is Failed",),
    ),
    hold(
        "a-number-at-the-deadline",
        {"first": HERE, "second": CREATED, "third": CREATED},
        options={"require": "2", "wait_timeout": 3},
        outcome="timeout",
        lists=range(3, 5),
        due=at(2),
        result=counts(reached=1, timeout=2),
        says=("1 of 3 releases reached", "2 required"),
    ),
)

SELECTIONS = (
    select(
        "the-whole-mesh",
        {"second": HERE, "first": HERE, "other": HERE},
        fields={"other": {"namespace": "a-shop"}},
        minimum=3,
        outcome="reached",
        result={
            **counts(reached=3),
            "releases.0.release_id": "uid-of-the-whole-mesh-other",
            "releases.1.release_id": "uid-of-the-whole-mesh-first",
            "releases.2.release_id": "uid-of-the-whole-mesh-second",
        },
    ),
    select(
        "of-a-namespace",
        {"first": HERE, "other": CREATED},
        fields={"other": {"namespace": "shop"}},
        options={"namespace": "bookinfo"},
        outcome="reached",
        result=counts(reached=1),
    ),
    select(
        "of-services",
        {"first": HERE, "second": SOON, "other": CREATED},
        fields={"second": {"service": "ratings"}, "other": {"service": "details"}},
        options={"service": ["reviews", "ratings"]},
        minimum=2,
        outcome="reached",
        lists=2,
        due=pauses(1),
        result=counts(reached=2),
    ),
    select(
        "of-a-name",
        {"first": HERE, "other": CREATED},
        options={"name": ["of-a-name-first"]},
        outcome="reached",
        result=counts(reached=1),
    ),
    select(
        "too-few",
        {"first": HERE},
        minimum=2,
        outcome="missing",
        result=counts(reached=1),
        says=(f"{SHUT}1 of at least 2 selected releases are there",),
    ),
    select("none", {}, outcome="missing", result={**counts(), "releases": []}, says=("0 of at least 1",)),
    select(
        "too-few-for-the-number-required",
        {"first": HERE},
        options={"require": "2"},
        outcome="missing",
        says=("1 of at least 2",),
    ),
    select(
        "enough-later",
        {"first": HERE, "second": (after(1, RUNNING),)},
        options={"on_missing": "wait"},
        minimum=2,
        outcome="reached",
        lists=2,
        due=pauses(1),
        result=counts(reached=2),
    ),
    select(
        "too-few-at-the-deadline",
        {"first": HERE, "second": NOWHERE},
        options={"on_missing": "wait", "wait_timeout": 3, "require": "any"},
        minimum=2,
        outcome="missing",
        lists=range(3, 5),
        due=at(2),
        says=("1 of at least 2 selected releases are there within 3 s",),
    ),
    select(
        "any-of-a-selection",
        {"first": CREATED, "second": HERE},
        options={"require": "any"},
        minimum=2,
        outcome="reached",
        result=counts(reached=1, pending=1),
    ),
    select(
        "ended-ones-are-ignored",
        {"first": (TERMINATED,), "second": SOON},
        options={"ignore_phases": ["terminated"]},
        outcome="reached",
        lists=2,
        due=pauses(1),
        result={
            **counts(reached=1),
            "gate.ignored": [
                {
                    "namespace": "bookinfo",
                    "name": "ended-ones-are-ignored-first",
                    "uid": "uid-of-ended-ones-are-ignored-first",
                    "phase": "Terminated",
                }
            ],
            "releases.0.release_id": "uid-of-ended-ones-are-ignored-second",
        },
        says=("1 ignored",),
    ),
    select(
        "ignored-ones-do-not-count",
        {"first": (TERMINATED,), "second": HERE},
        options={"ignore_phases": ["Terminated"]},
        minimum=2,
        outcome="missing",
        says=("1 of at least 2",),
    ),
    select(
        "what-ends-meanwhile-is-not-ignored",
        {"first": (CREATING, after(1, TERMINATED)), "second": SOON},
        options={"ignore_phases": ["Terminated"], "wait_timeout": 3},
        outcome="timeout",
        lists=range(3, 5),
        due=at(2),
        result={**counts(reached=1, timeout=1), "gate.ignored": []},
    ),
    select(
        "what-appears-joins",
        {"first": LATER, "second": (after(1, CREATING), after(3, RUNNING))},
        outcome="reached",
        lists=4,
        due=pauses(3),
        result=counts(reached=2),
    ),
    select(
        "what-vanishes-stays-wanted",
        {"first": HERE, "second": (CREATING, after(1, GONE))},
        outcome="missing",
        error="not_found",
        lists=3,
        singles=2,
        due=pauses(2),
        result=counts(reached=1, missing=1),
    ),
    select(
        "what-has-the-name-of-a-vanished-one-has-replaced-it",
        {"first": (CREATING, after(1, {**RUNNING, "uid": "another-uid"}))},
        outcome="replaced",
        lists=2,
        singles=1,
        due=pauses(1),
    ),
)

TOLD_SINGLY = (
    hold(
        "on-another-page",
        {"first": HERE, "second": HERE, "third": HERE},
        server=PAGED,
        options={"requests_per_minute": 60},
        outcome="reached",
        singles=2,
        due=at(1),
        result={**counts(reached=3), "gate.reads": 3},
    ),
    hold(
        "one-denied",
        {"first": HERE, "second": HERE},
        server=PAGED,
        faults_of_members={"second": (answer(403),)},
        outcome="error",
        error="denied",
        singles=1,
        result={**counts(reached=1, error=1), "releases.1.error.kind": "denied"},
        says=(f"{SHUT}one-denied-second (bookinfo): the credentials lack a permission", "asm:mesh:getRelease"),
    ),
    hold(
        "one-refused-as-wrong",
        {"first": HERE, "second": HERE},
        server=PAGED,
        faults_of_members={"second": (answer(400, body="asm"),)},
        outcome="error",
        error="usage",
        singles=1,
        result=counts(reached=1, error=1),
    ),
    hold(
        "one-without-a-status",
        {"first": HERE, "second": HERE},
        server=PAGED,
        faults_of_members={"second": (fault("damage", remove=["status"]),)},
        outcome="error",
        error="protocol",
        singles=1,
        result=counts(reached=1, error=1),
    ),
    hold(
        "any-although-one-is-denied",
        {"first": SOON, "second": HERE},
        server=PAGED,
        faults_of_members={"second": (answer(403),)},
        options={"require": "any"},
        outcome="reached",
        lists=2,
        singles=1,
        due=pauses(1),
        result={**counts(reached=1, error=1), "releases.1.error.kind": "denied"},
        without=("error",),
        says=(OPEN, "any-although-one-is-denied-second (bookinfo): the credentials lack a permission"),
    ),
    hold(
        "credentials-refused-meanwhile",
        {"first": HERE, "second": HERE, "third": HERE},
        server=PAGED,
        faults_of_members={"second": (answer(401),)},
        outcome="error",
        error="credentials",
        singles=1,
        result=counts(reached=1, pending=2),
    ),
    hold(
        "a-passing-fault-of-one",
        {"first": HERE, "second": HERE},
        server=PAGED,
        faults_of_members={"second": (answer(503, requests=[1]),)},
        outcome="reached",
        lists=2,
        singles=2,
        due=pauses(1),
        result={**counts(reached=2), "gate.retries": 1},
    ),
    look(
        "read-one-denied",
        {"first": HERE, "second": HERE},
        server=PAGED,
        faults_of_members={"second": (answer(403),)},
        error="denied",
        singles=1,
        says=("read-one-denied-second",),
    ),
    hold("without-status", {"first": HERE, "second": SOON}, server=BARE, outcome="reached", singles=2),
    select(
        "without-a-service",
        {"first": (CREATING, after(2, RUNNING)), "other": CREATED},
        server=BARE,
        fields={"other": {"service": "details"}},
        options={"service": ["reviews"]},
        outcome="reached",
        lists=2,
        singles=3,
        due=pauses(1),
        result=counts(reached=1),
    ),
    hold("without-deployments", {"first": HERE, "second": SOON}, server=LEAN, outcome="reached", lists=2,
         due=pauses(1), result={"releases.0.workloads.gray": []}),
    hold(
        "without-deployments-that-are-needed",
        {"first": HERE, "second": HERE},
        server=LEAN,
        options={"ready": True},
        outcome="reached",
        singles=2,
        result={"releases.1.workloads.gray.0.ready": 3},
    ),
    look(
        "without-deployments-that-are-wanted",
        {"first": HERE, "second": HERE},
        server=LEAN,
        options={"manifests": True},
        singles=2,
        result={"releases.1.release.status.grayDeployments.0.kind": "Deployment"},
    ),
)  # fmt: skip

DENIED = answer(403)
WARNING = (
    "the list of releases is denied, so each release is read singly, at most {} a minute; "
    "grant asm:mesh:listReleases, or set requests_per_minute"
)

LIST_FAULTS = (
    hold(
        "list-denied",
        {"first": HERE, "second": SOON},
        server=FAULTY,
        faults=(DENIED,),
        outcome="reached",
        singles=4,
        due=pauses(1),
        result={**counts(reached=2), "gate.reads": 4, "warnings": [WARNING.format(600)]},
    ),
    hold(
        "list-denied-and-reads-spaced",
        {"first": HERE, "second": HERE, "third": HERE},
        server=FAULTY,
        faults=(DENIED,),
        options={"requests_per_minute": 60},
        outcome="reached",
        singles=3,
        due=at(2),
        result={**counts(reached=3), "warnings": [WARNING.format(60)]},
    ),
    hold(
        "list-denied-and-no-time-for-spaced-reads",
        {"first": HERE, "second": HERE, "third": HERE},
        server=FAULTY,
        faults=(DENIED,),
        options={"requests_per_minute": 30, "wait_timeout": 11},
        outcome="error",
        error="denied",
        result=counts(pending=3),
        without=("warnings",),
        says=("at 30 single reads a minute not each of 3 releases can be read twice", "or raise requests_per_minute"),
    ),
    select(
        "list-denied-to-a-selection",
        {"first": HERE},
        server=FAULTY,
        faults=(DENIED,),
        outcome="error",
        error="denied",
        without=("warnings",),
        says=("grant asm:mesh:listReleases",),
    ),
    look(
        "read-list-denied",
        {"first": HERE, "second": CREATED},
        server=FAULTY,
        faults=(DENIED,),
        singles=2,
        result={"releases.1.phase": "Creating", "warnings": [WARNING.format(600)]},
    ),
    look("read-list-denied-to-a-selection", {"first": HERE}, server=FAULTY, selects=True, faults=(DENIED,),
         error="denied", says=("grant asm:mesh:listReleases",)),
    hold(
        "check-list-denied",
        {"first": HERE, "second": CREATED},
        server=FAULTY,
        check_mode=True,
        faults=(DENIED,),
        outcome="pending",
        singles=2,
        result=counts(reached=1, pending=1),
    ),
    hold(
        "a-uid-twice",
        {"first": HERE, "second": HERE, "third": HERE},
        server=FAULTY,
        faults=(fault("damage", set={"items.2.metadata.uid": "uid-of-a-uid-twice-first"}),),
        outcome="error",
        error="protocol",
        says=("'uid uid-of-a-uid-twice-first' twice",),
    ),
    look(
        "read-a-uid-twice",
        {"first": HERE, "second": HERE},
        server=FAULTY,
        faults=(fault("damage", set={"items.1.metadata.uid": "uid-of-read-a-uid-twice-first"}),),
        error="protocol",
    ),
    hold(
        "a-name-twice",
        {"first": HERE, "second": HERE, "third": HERE},
        server=FAULTY,
        faults=(fault("damage", set={"items.1.metadata.name": "a-name-twice-first"}),),
        options={"releases": [{"release_id": "a-name-twice-first"}, {"release_id": "a-name-twice-third"}]},
        outcome="error",
        error="usage",
        says=("a-name-twice-first", "uid-of-a-name-twice-first", "uid-of-a-name-twice-second"),
    ),
    hold(
        "a-name-twice-does-not-matter-to-uids",
        {"first": HERE, "second": HERE},
        server=FAULTY,
        faults=(fault("damage", set={"items.1.metadata.name": "a-name-twice-does-not-matter-to-uids-first"}),),
        options={
            "releases": [
                {"release_id": "uid-of-a-name-twice-does-not-matter-to-uids-first"},
                {"release_id": "uid-of-a-name-twice-does-not-matter-to-uids-second"},
            ]
        },
        outcome="reached",
    ),
    hold("no-list", {"first": HERE, "second": HERE}, server=FAULTY, faults=(fault("damage", set={"kind": "Release"}),),
         outcome="error", error="protocol"),
    hold("a-list-without-items", {"first": HERE, "second": HERE}, server=FAULTY,
         faults=(fault("damage", remove=["items"]),), outcome="error", error="protocol"),
    hold("half-a-list", {"first": HERE, "second": HERE}, server=FAULTY, faults=(fault("truncate", requests=[1]),),
         outcome="reached", lists=2, due=pauses(1), result={"gate.retries": 1}),
    hold("list-503", {"first": HERE, "second": HERE}, server=FAULTY, faults=(answer(503, requests=[1]),),
         outcome="reached", lists=2, due=pauses(1), result={"gate.retries": 1}),
    look("read-list-503", {"first": HERE, "second": HERE}, server=FAULTY, faults=(answer(503, requests=[1]),),
         lists=2, due=pauses(1)),
    hold("list-400", {"first": HERE, "second": HERE}, server=FAULTY, faults=(answer(400, body="asm"),),
         outcome="error", error="usage", says=("check mesh_id",)),
    hold("list-404-of-the-gateway", {"first": HERE, "second": HERE}, server=FAULTY, faults=(answer(404),),
         outcome="error", error="endpoint"),
    hold("list-404-of-asm", {"first": HERE, "second": HERE}, server=FAULTY, faults=(answer(404, body="asm"),),
         outcome="reached", singles=2),
    select("list-404-of-asm-to-a-selection", {"first": HERE}, server=FAULTY, faults=(answer(404, body="asm"),),
           outcome="missing", error="not_found", says=("0 of at least 1",)),
)  # fmt: skip

READS = (
    look(
        "read-two",
        {"first": HERE, "second": CREATED},
        result={"releases.0.phase": "Running", "releases.1.phase": "Creating"},
        without=("gate", "found", "releases.0.outcome", "releases.0.release.status.grayDeployments"),
        says=("2 releases",),
    ),
    look("read-one-missing", {"first": HERE, "second": NOWHERE}, error="not_found", singles=1,
         result={"releases": []}, says=("read-one-missing-second", "ASM knows no such release")),
    look("read-one-missing-accepted", {"first": HERE, "second": NOWHERE}, options={"on_missing": "accept"}, singles=1,
         result={"releases.0.found": True, "releases.1.found": False}),
    look(
        "read-a-selection",
        {"second": HERE, "first": HERE, "other": HERE},
        fields={"other": {"service": "details"}},
        selects=True,
        options={"service": ["reviews"]},
        result={
            "releases.0.release_id": "uid-of-read-a-selection-first",
            "releases.1.release_id": "uid-of-read-a-selection-second",
        },
        without=("releases.2",),
    ),
    look("read-an-empty-selection", {"other": HERE}, selects=True, options={"service": ["details"]},
         result={"releases": []}, says=("no release of the mesh is selected",)),
    look("read-refused", {"first": HERE, "second": HERE}, credentials=WRONG, error="credentials",
         result={"releases": []}),
)  # fmt: skip

CHECK_MODE = (
    hold("check-reached", {"first": HERE, "second": HERE}, check_mode=True, outcome="reached",
         result={"gate.check_mode": True, "gate.reads": 1}),
    hold("check-pending", {"first": HERE, "second": CREATED}, check_mode=True, outcome="pending",
         result=counts(reached=1, pending=1), says=(PENDING, "check-pending-second (bookinfo)")),
    hold("check-stable", {"first": HERE, "second": HERE}, check_mode=True, options={"stable_for": 2},
         outcome="pending"),
    hold("check-failed", {"first": HERE, "second": FAILED_AT_ONCE}, check_mode=True, options=FAILS, outcome="failed",
         result=counts(reached=1, failed=1)),
    hold("check-missing", {"first": HERE, "second": NOWHERE}, check_mode=True, outcome="missing", singles=1,
         without=("error",)),
    select("check-too-few", {"first": HERE}, minimum=2, check_mode=True, outcome="missing", without=("error",)),
    select("check-a-selection", {"first": HERE}, check_mode=True, outcome="reached", result=counts(reached=1)),
    hold("check-refused", {"first": HERE, "second": HERE}, check_mode=True, credentials=WRONG, outcome="error",
         error="credentials"),
)  # fmt: skip

TABLES: Mapping[str, tuple[Train, ...]] = {
    "verdicts": VERDICTS,
    "require-and-selections": REQUIRE + SELECTIONS,
    "what-a-list-does-not-tell": TOLD_SINGLY,
    "faults-of-a-list": LIST_FAULTS,
    "without-a-wait": READS + CHECK_MODE,
}

CHOSEN = chosen(
    [case for cases in TABLES.values() for case in cases],
    # Verdicts.
    *("reached-in-a-version-of-its-own", "missing-after-seen", "refused-credentials"),
    # How many must be there, and which are meant.
    *("two-of-three-can-no-longer-be-met", "of-services"),
    # What the list does not show.
    *("on-another-page", "without-deployments-that-are-needed", "list-denied", "a-uid-twice"),
    *("read-two", "check-pending"),
)

LISTS: Mapping[str, dict[str, Any]] = {
    SERVICE: {},
    PAGED: {"shown": 1},
    BARE: {"without": ["spec", "status"]},
    LEAN: {"without": ["spec.grayDeployments", "status.deployment", "status.grayDeployments"]},
    FAULTY: {},
}
"""What the lists of each simulator leave out."""


def started(cases: Sequence[Train], simulate: Callable[..., Running]) -> dict[str, Running]:
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
def test_every_train_ends_as_it_must_and_alike_on_both_paths(
    tmp_path: Path,
    installed_collection: Path,
    simulate: Callable[..., Running],
    subtests: pytest.Subtests,
    cases: Sequence[Train],
) -> None:
    table = Table(cases, lambda simulate: started(cases, simulate))

    table.check(table.travel(tmp_path, installed_collection, simulate), subtests)


def test_each_case_has_a_name_of_its_own() -> None:
    names = [case.name for cases in TABLES.values() for case in cases]
    assert len(set(names)) == len(names)


@pytest.mark.slow
class TestFiveHundredReleases:
    """As many as the simulator has: 17 MB a list. They run from the third look on."""

    COUNT = 500
    LOOKS = 3

    @pytest.fixture
    def mesh(self, simulate: Callable[..., Running]) -> Running:
        opens = (CREATING, {**RUNNING, "after_reads": self.LOOKS - 1})
        return simulate(scenario(release("many-{number}", *opens, count=self.COUNT)))

    @pytest.mark.parametrize("path", CONNECTIONS)
    @pytest.mark.parametrize("by", ["name", "selection"])
    def test_cost_one_request_a_poll(self, ansible: Ansible, mesh: Running, path: str, by: str) -> None:
        names = [f"many-{number:03}" for number in range(1, self.COUNT + 1)]
        asked = train(mesh, *names) if by == "name" else train(mesh, minimum=self.COUNT)

        run = ansible.playbook(
            play({"name": "gate", MODULE: asked}), inventory=inventory(only={"ansible_connection": CONNECTIONS[path]})
        )

        result = run.task("gate").result
        assert result["gate"]["outcome"] == "reached", result["msg"]
        assert result["gate"]["counts"] == {"reached": self.COUNT}
        assert len(result["releases"]) == self.COUNT
        summary = mesh.summary()
        assert summary["by_operation"] == {"list": self.LOOKS}
        assert (summary["requests"], summary["connections"]) == (self.LOOKS, 1)
