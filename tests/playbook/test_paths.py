# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every verdict and every error, through both paths: the controller's own process, and the module on a target.

One table of cases. All of them are tasks of one playbook, which runs once on each path, in a few lanes side by side.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run, TaskResult
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    CREATING,
    MODULE,
    RUNNING,
    TOKEN,
    gate,
    inventory,
    play,
    reading,
    release,
    scenario,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pytest
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

LANES = 4

SECONDS = re.compile(r"\b[0-9.]+(?= (of [0-9]+ )?s\b)")
TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

KEY = {"access_key": "INVENTEDKEYOFTHETESTS", "secret_key": "invented-secret-key-of-the-tests"}
TEMPORARY_KEY = {
    "access_key": "INVENTEDTEMPORARYKEY",
    "secret_key": "invented-secret-of-a-temporary-key",
    "security_token": "invented-security-token-of-the-tests",
}
USER = {
    "username": "invented-user",
    "password": "invented-password-of-the-tests",
    "domain_name": "invented-account",
    "project_name": "invented-project",
}
SHORT_TOKEN = "invented-token-for-one-request"

GONE = {"found": False}
FAILED = {"phase": "Failed"}
TERMINATING = {"phase": "Terminating"}
ACCEPT = {"on_missing": "accept", "missing_after": ["Terminating"]}


def after(reads: int, step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step that takes effect after so many reads."""
    return {**step, "after_reads": reads}


def fault(name: str, **more: Any) -> dict[str, Any]:
    return {"fault": name, **more}


def answer(status: int, **more: Any) -> dict[str, Any]:
    return fault("answer", status=status, **more)


def at(seconds: float) -> tuple[float, float]:
    """Return the window of a verdict that is due at a time."""
    return seconds, seconds + 1


def pauses(number: int, and_at: float = 0.0) -> tuple[float, float]:
    """Return the window of a verdict that is due after so many pauses of 1 s ± 10 %, and a time that is certain."""
    return 0.9 * number + and_at, 1.1 * number + and_at + 1


@dataclass(frozen=True)
class Case:
    """One task, and what becomes of it.

    ``steps`` are those of a release of its own in the scenario; without any there is none. ``options`` are added to
    those of a read or, with ``waits``, of a gate; ``credentials`` stand in the place of the token. The faults are for
    its release only.
    """

    name: str
    steps: tuple[Mapping[str, Any], ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    waits: bool = False
    check_mode: bool = False
    credentials: Mapping[str, Any] = field(default_factory=lambda: {"token": TOKEN})
    release: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Mapping[str, Any], ...] = ()
    # What becomes of it:
    outcome: str = ""
    """`gate.outcome`; empty without a gate."""
    error: str = ""
    """`error.kind`; empty without an error."""
    requests: int | range = 1
    """Requests to ASM. A range where a pause that happens to be short makes room for one more."""
    logins: int = 0
    metadata: int = 0
    due: tuple[float, float] = at(0)
    """Between how many seconds its verdict comes; for gates only."""
    result: Mapping[str, Any] = field(default_factory=dict)
    """Parts of the result, by their place."""
    without: tuple[str, ...] = ()
    """Places that the result does not have."""
    says: tuple[str, ...] = ()
    """Words of `msg`."""

    @property
    def fails(self) -> bool:
        """Return whether the task must fail: at an error, and where a gate that is waited for stays shut."""
        return bool(self.error) or (not self.check_mode and self.outcome not in ("", "reached"))


def read(name: str, *steps: Mapping[str, Any], **more: Any) -> Case:
    return Case(name, steps, **more)


def wait(name: str, *steps: Mapping[str, Any], **more: Any) -> Case:
    return Case(name, steps, waits=True, **more)


def check(name: str, *steps: Mapping[str, Any], **more: Any) -> Case:
    return Case(name, steps, waits=True, check_mode=True, **more)


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
    read("read-no-release", RUNNING, faults=(fault("damage", set={"kind": "Mesh"}),), error="protocol"),
    read("read-no-status", RUNNING, faults=(fault("damage", remove=["status"]),), error="protocol"),
    read(
        "read-a-page-of-a-proxy",
        RUNNING,
        options={"request_retries": 1},
        faults=(answer(200, body="html"),),
        error="protocol",
        requests=2,
    ),
    read("read-after-503", RUNNING, faults=(answer(503, requests=[1]),), requests=2, result={"phase": "Running"}),
    read("read-503", RUNNING, options={"request_retries": 0}, faults=(answer(503),), error="server"),
    read(
        "read-429-for-too-long",
        RUNNING,
        options={"request_timeout": 1},
        faults=(answer(429, retry_after=60),),
        error="throttled",
    ),
    read(
        "read-timeout",
        RUNNING,
        options={"request_timeout": 1, "request_retries": 0},
        faults=(fault("hang"),),
        error="timeout",
    ),
)

VERDICTS = (
    wait("reached-at-once", RUNNING, outcome="reached", result={"gate.reads": 1, "gate.check_mode": False}),
    wait(
        "reached-later",
        CREATING,
        after(2, RUNNING),
        outcome="reached",
        requests=3,
        due=pauses(2),
        result={"gate.timeline.0.phase": "Creating", "gate.timeline.1.phase": "Running", "gate.reads": 3},
    ),
    wait("reached-in-any-case", RUNNING, options={"success_phases": [" rUNNing "]}, outcome="reached"),
    wait(
        "reached-ready",
        {**RUNNING, "fill_reads": 2},
        options={"ready": True},
        outcome="reached",
        requests=3,
        due=pauses(2),
        result={"gate.timeline.0.ready": "0/3", "gate.timeline.2.ready": "3/3"},
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
    wait("not-failed-by-progress-deadline-unless-ready", {**RUNNING, "deadline_exceeded": True}, outcome="reached"),
    wait(
        "timeout",
        CREATING,
        options={"wait_timeout": 3},
        outcome="timeout",
        requests=range(3, 5),
        due=at(2),
        says=("phases wanted: Running", "phases seen: Creating"),
    ),
    wait(
        "timeout-while-it-held",
        CREATING,
        after(1, RUNNING),
        options={"stable_for": 3, "wait_timeout": 4},
        outcome="timeout",
        requests=range(4, 6),
        due=at(3),
        says=("of 3 s held",),
    ),
    wait(
        "timeout-of-a-version",
        RUNNING,
        options={"version": "v3", "wait_timeout": 3},
        outcome="timeout",
        requests=range(3, 5),
        due=at(2),
        says=("'v2'", "'v3'", "1.10"),
    ),
    wait(
        "stalled",
        CREATING,
        options={"stall_timeout": 2},
        outcome="stalled",
        requests=range(3, 5),
        due=at(2),
        says=("no progress",),
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
        result={"found": False, "gate.reads": 3},
        says=("disappeared", "Creating"),
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
        says=("has not appeared",),
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


def ends(name: str, kind: str, *faults: Mapping[str, Any]) -> Case:
    """Return a gate that a final error ends at its second look, with what was seen before in its result."""
    return wait(
        name,
        CREATING,
        after(2, RUNNING),
        faults=tuple({**each, "requests": [2]} for each in faults),
        outcome="error",
        error=kind,
        requests=2,
        due=pauses(1),
        result={"phase": "Creating", "gate.reads": 1},
    )


FINAL_ERRORS = (
    ends("ended-by-401", "credentials", answer(401)),
    ends("ended-by-403", "denied", answer(403)),
    ends("ended-by-400", "usage", answer(400, body="asm")),
    ends("ended-by-404-of-the-gateway", "endpoint", answer(404)),
    ends("ended-by-404-of-a-proxy", "endpoint", answer(404, body="html")),
    ends("ended-by-a-redirect", "endpoint", fault("redirect", location="/elsewhere")),
    ends("ended-by-another-object", "protocol", fault("damage", set={"kind": "Mesh"})),
    wait(
        "ended-by-pages-before-the-first-answer",
        RUNNING,
        options={"request_retries": 1},
        faults=(answer(200, body="html"),),
        outcome="error",
        error="protocol",
        requests=2,
        due=pauses(1),
    ),
    wait(
        "ended-where-nobody-listens",
        options={"endpoint": "http://127.0.0.1:1", "request_retries": 1},
        outcome="error",
        error="network",
        requests=0,
        due=pauses(1),
    ),
    wait(
        "ended-where-nobody-speaks-tls",
        options={"endpoint": "https of the simulator"},
        outcome="error",
        error="tls",
        requests=0,
    ),
)


def survives(name: str, *faults: Mapping[str, Any], due: tuple[float, float] = pauses(2), **more: Any) -> Case:
    """Return a gate that opens although its second look meets a fault."""
    return wait(
        name,
        CREATING,
        after(1, RUNNING),
        faults=tuple({**each, "requests": [2]} for each in faults),
        outcome="reached",
        requests=3,
        due=due,
        result={"gate.retries": 1, "gate.reads": 2},
        **more,
    )


PASSING_FAULTS = (
    survives("survived-429", answer(429, retry_after=2), due=pauses(1, and_at=2)),
    survives("survived-503", answer(503)),
    survives("survived-408", answer(408)),
    survives("survived-a-reset", fault("reset")),
    survives("survived-a-cut", fault("close", after="half")),
    survives("survived-a-page-of-a-proxy", answer(200, body="html")),
    survives("survived-a-slow-answer", fault("hang"), options={"request_timeout": 1}, due=pauses(2, and_at=1)),
    wait(
        "timeout-by-503",
        RUNNING,
        options={"wait_timeout": 3},
        faults=(answer(503),),
        outcome="timeout",
        error="server",
        requests=3,
        due=at(2),
    ),
    wait(
        "timeout-by-a-trickle",
        RUNNING,
        options={"wait_timeout": 2},
        faults=(fault("trickle", interval=0.5),),
        outcome="timeout",
        error="timeout",
        due=at(2),
    ),
)

CHECK_MODE = (
    read("check-of-a-read", RUNNING, check_mode=True, result={"phase": "Running"}, without=("gate",)),
    check("check-reached", RUNNING, outcome="reached", result={"gate.check_mode": True, "gate.reads": 1}),
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
    read("login", RUNNING, credentials=USER, logins=1),
    # A token of this scenario's IAM is good for two requests.
    wait("login-renewed", CREATING, after(2, RUNNING), credentials=USER, outcome="reached", requests=4, logins=2,
         due=pauses(2), result={"gate.reads": 3, "gate.retries": 0}),
    read("login-refused", RUNNING, credentials={**USER, "password": "not-the-password"}, error="credentials",
         requests=0, logins=1),
    read("agency", RUNNING, credentials={"auth_type": "ecs_agency"}, metadata=2),
    read("file", RUNNING, credentials={"credentials_file": "credentials of a key"}),
    read("wrong-token", RUNNING, credentials={"token": "another-token"}, error="credentials"),
    read("wrong-secret-key", RUNNING, credentials={**KEY, "secret_key": "another-secret-key"}, error="credentials"),
    wait("token-that-ends", CREATING, after(2, RUNNING), credentials={"token": SHORT_TOKEN}, outcome="error",
         error="credentials", requests=2, due=pauses(1)),
)  # fmt: skip

CASES = (*READS, *VERDICTS, *FINAL_ERRORS, *PASSING_FAULTS, *CHECK_MODE, *CREDENTIALS)

SCENARIO = scenario(
    *(release(case.name, *(dict(step) for step in case.steps), **case.release) for case in CASES if case.steps),
    credentials={
        "tokens": [{"token": TOKEN}, {"token": SHORT_TOKEN, "uses": 1}],
        "keys": [KEY, TEMPORARY_KEY],
        "users": [{**USER, "project_id": "0123456789abcdef"}],
    },
    iam={"token_uses": 2},
    faults=[{"release": case.name, **each} for case in CASES for each in case.faults],
)


def task(case: Case, simulator: Running, credentials_file: Path) -> dict[str, Any]:
    """Return the task of a case."""
    common = gate(simulator, case.name) if case.waits else reading(simulator, case.name)
    options = {**common, "token": None, **case.credentials, **case.options}
    if "username" in options:
        options["iam_endpoint"] = simulator.url
    if "credentials_file" in options:
        options["credentials_file"] = str(credentials_file)
    if options["endpoint"] == "https of the simulator":
        options["endpoint"] = simulator.url.replace("http://", "https://")
    given = {name: value for name, value in options.items() if value is not None}
    return {"name": case.name, MODULE: given, "ignore_errors": True, "check_mode": case.check_mode}


@dataclass(frozen=True)
class Journey:
    """All cases on one path: what Ansible gave, and what the simulator saw."""

    run: Run
    url: str
    seen: Sequence[Mapping[str, Any]]

    def requests(self, case: Case) -> list[Mapping[str, Any]]:
        """Return the requests for the release of a case."""
        return [entry for entry in self.seen if entry["release"] == case.name]


def journey(connection: str, directory: Path, installed_collection: Path, simulate: Callable[..., Running]) -> Journey:
    """Run all cases on a connection, each lane a host of its own that does not wait for the others."""
    directory.mkdir()
    simulator = simulate(SCENARIO)
    credentials_file = directory / "credentials"
    credentials_file.write_text(f"[basic]\nak = {KEY['access_key']}\nsk = {KEY['secret_key']}\n", encoding="utf-8")
    credentials_file.chmod(0o600)
    for lane in range(LANES):
        tasks = [task(case, simulator, credentials_file) for case in CASES[lane::LANES]]
        (directory / f"lane{lane}.yml").write_text(json.dumps(tasks), encoding="utf-8")
    run = Ansible(directory, installed_collection).playbook(
        play({"ansible.builtin.include_tasks": "{{ inventory_hostname }}.yml"}, strategy="free"),
        inventory=inventory(**{f"lane{lane}": {"ansible_connection": connection} for lane in range(LANES)}),
        environment={"_HUAWEICLOUD_ASM_METADATA_ENDPOINT": simulator.url},
        within=150,
    )
    return Journey(run, simulator.url, simulator.requests())


def place(result: Any, name: str) -> Any:
    """Return what stands at a place of a result, such as `gate.timeline.0.phase`; raises LookupError."""
    for part in name.split("."):
        result = result[int(part)] if isinstance(result, list) else result[part]
    return result


def has(result: Any, name: str) -> bool:
    try:
        place(result, name)
    except LookupError:
        return False
    return True


def check_result(case: Case, entry: TaskResult) -> None:
    """Hold a result against what its case says."""
    result = entry.result
    assert entry.outcome == ("ignored" if case.fails else "ok"), result
    assert result["changed"] is False
    assert {"msg", "found", "release", "phase", "workloads", "request_id"} <= set(result)
    assert result.get("gate", {}).get("outcome", "") == case.outcome, result["msg"]
    assert result.get("error", {}).get("kind", "") == case.error, result["msg"]
    assert {name: place(result, name) for name in case.result} == case.result
    assert [name for name in case.without if has(result, name)] == []
    assert [words for words in case.says if words not in result["msg"]] == [], result["msg"]


def check_requests(case: Case, path: Journey, entry: TaskResult) -> None:
    """Hold the requests and the time of the verdict against what its case says."""
    requests = path.requests(case)
    number = case.requests if isinstance(case.requests, range) else range(case.requests, case.requests + 1)
    assert len(requests) in number
    assert case.faults or len({entry["connection"] for entry in requests}) <= 1
    if "gate" not in entry.result:
        return
    elapsed, (earliest, latest) = entry.result["gate"]["elapsed"], case.due
    assert earliest <= elapsed < latest, entry.result["gate"]
    if requests and case.error != "timeout":
        # By the clock of the simulator, which knows nothing of the gate's own.
        apart = requests[-1]["seconds"] - requests[0]["seconds"]
        assert apart <= elapsed < apart + 1, requests


def comparable(case: Case, result: Mapping[str, Any], path: Journey) -> Any:
    """Return a result without what may differ: times, ids of requests, ports, and what is Ansible's own."""

    def stripped(value: Any, name: str = "") -> Any:
        if name in ("request_id", "elapsed", "after") or (name == "reads" and isinstance(case.requests, range)):
            return type(value).__name__
        if isinstance(value, dict):
            return {key: stripped(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [stripped(each) for each in value]
        if isinstance(value, str):
            named = value.replace(path.url.removeprefix("http://"), "the simulator")
            # A sentence tells the seconds that it took, everything else the time of day.
            return SECONDS.sub("some", TIME.sub("some time", named))
        return value

    own = {"invocation"} | {name for name in result if name.startswith("_ansible")}
    return stripped({name: value for name, value in result.items() if name not in own})


def test_every_case_ends_as_it_must_and_alike_on_both_paths(
    tmp_path: Path,
    installed_collection: Path,
    simulate: Callable[..., Running],
    subtests: pytest.Subtests,
) -> None:
    with ThreadPoolExecutor() as pool:
        running = {
            name: pool.submit(journey, connection, tmp_path / name, installed_collection, simulate)
            for name, connection in CONNECTIONS.items()
        }
    paths = {name: each.result() for name, each in running.items()}

    for case in CASES:
        with subtests.test(case=case.name):
            entries = {name: path.run.task(case.name) for name, path in paths.items()}
            for name, path in paths.items():
                check_result(case, entries[name])
                check_requests(case, path, entries[name])
            left, right = (comparable(case, entries[name].result, path) for name, path in paths.items())
            assert left == right
    for name, path in paths.items():
        with subtests.test(path=name):
            services = [entry["service"] for entry in path.seen]
            assert services.count("iam") == sum(case.logins for case in CASES)
            assert services.count("metadata") == sum(case.metadata for case in CASES)
            assert ("release_gate: " in path.run.stderr) is (name == "controller")


def test_each_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
