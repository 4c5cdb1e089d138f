# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors between a gate and ASM, through both paths: transient, without end, and final."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.cases import (
    KEY,
    LOGIN,
    SERVICE,
    USER,
    Case,
    Table,
    after,
    answer,
    at,
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

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

RESTARTING, STALLING, OTHER_HOST, HANGING_IAM = "restarting", "stalling", "another host", "hanging iam"
"""Simulators that fail as a whole. The first three speak TLS."""

TRUSTED = {"ca_path": "<ca of restarting>"}
"""What a read over TLS needs."""

SECOND_LOOKUP_FAILS = """\
import socket

_true = socket.getaddrinfo
_lookups = []


def _failing_once(host, *arguments, **named):
    if host == "localhost":
        _lookups.append(host)
        if len(_lookups) == 2:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return _true(host, *arguments, **named)


socket.getaddrinfo = _failing_once
"""
"""Every Python of the run starts with this: the name has no address for a while, and no resolver is needed."""

NAME_WITHOUT_ADDRESS = ".".join(["x" * 60] * 5)
"""It is longer than any name may be, so the C library refuses it without a resolver."""


def transient(
    name: str, *faults: Mapping[str, Any], lasts: tuple[float, float] = pauses(1), **more: Any
) -> tuple[Case, Case]:
    """Return a gate whose second request has a transient error, and a read whose first request has it.

    ``lasts`` is the window of the time from the error to the next request.
    """
    earliest, latest = lasts
    gate_case = wait(
        f"gate-after-{name}",
        CREATING,
        after(1, RUNNING),
        faults=tuple({**each, "requests": [2]} for each in faults),
        outcome="reached",
        requests=3,
        due=(earliest + 0.9, latest + 1.1),
        result={"phase": "Running", "gate.retries": 1, "gate.requests": 2},
        **more,
    )
    read_case = read(
        f"read-after-{name}",
        RUNNING,
        faults=tuple({**each, "requests": [1]} for each in faults),
        requests=2,
        due=lasts,
        result={"phase": "Running"},
        **{**more, "options": {"wait_sleep": 1, **more.get("options", {})}},
    )
    return gate_case, read_case


TRANSIENT = (
    *transient("429-of-the-gateway", answer(429, code="APIGW.0308")),
    *transient("429-with-seconds", answer(429, retry_after=2), lasts=at(2)),
    # A date has whole seconds, and its answer may be of the next one already.
    *transient("429-with-a-date", answer(429, retry_after=2, retry_after_form="date"), lasts=(1, at(2)[1])),
    *transient("429-of-asm", answer(429, body="asm")),
    *transient("408", answer(408)),
    *transient("500", answer(500, body="asm")),
    *transient("502-with-a-page", answer(502, body="html")),
    *transient("503", answer(503)),
    *transient("504-without-a-body", answer(504, body="empty")),
    *transient("a-reset-before-the-answer", fault("reset")),
    *transient("a-reset-in-its-middle", fault("reset", after="half")),
    *transient("an-end-before-the-answer", fault("close")),
    *transient("an-end-in-its-middle", fault("close", after="half")),
    *transient("half-of-the-json", fault("truncate")),
    *transient("a-page-with-status-200", answer(200, body="html")),
    *transient("an-empty-body", answer(200, body="empty")),
    *transient("a-slow-answer", fault("hang"), lasts=pauses(1, and_at=1), options={"request_timeout": 1}),
    *transient("a-slow-body", fault("hang", after="half"), lasts=pauses(1, and_at=1), options={"request_timeout": 1}),
)


def away(name: str, *faults: Mapping[str, Any], **options: Any) -> tuple[Case, Case]:
    """Return a gate and a read whose request ends without an answer, and whose next one cannot even be sent.

    The pauses after the two errors are 1 s and 2 s.
    """
    gate_case, read_case = transient(name, *faults, lasts=pauses(3), server=RESTARTING, options={**TRUSTED, **options})
    result = {**gate_case.result, "gate.retries": 2}
    return replace(gate_case, result=result), read_case


AWAY = (
    # Back before the third try, not before the second.
    *away("a-restart", fault("restart", seconds=2)),
    *away("a-name-without-an-address", fault("close"), endpoint="<localhost>"),
)

LAST_SEEN = {"phase": "Creating", "found": True, "gate.requests": 1, "gate.timeline.0.phase": "Creating"}


def without_end(
    name: str,
    later: tuple[Mapping[str, Any], ...] = (),
    at_once: tuple[Mapping[str, Any], ...] = (),
    requests: tuple[int, int] = (0, 0),
    logins: tuple[int, int, int] = (0, 0, 0),
    options: Mapping[str, Any] | None = None,
    **more: Any,
) -> tuple[Case, Case, Case]:
    """Return three gates that meet something without end: after the first answer and before it, where the deadline ends
    the gate, and before it with few retries, where `request_retries` does.

    ``later`` are the faults after the first answer, ``at_once`` those before it; ``requests`` arrive in the last two.
    """
    given = dict(options or {})
    return (
        wait(
            f"{name}-after-an-answer",
            CREATING,
            options={**given, "wait_timeout": 4},
            faults=later,
            outcome="timeout",
            error="timeout",
            requests=2,
            logins=logins[0],
            due=at(4),
            result=LAST_SEEN,
            says=("Running", "Creating"),
            **more,
        ),
        wait(
            f"{name}-at-once",
            CREATING,
            options={**given, "wait_timeout": 2},
            faults=at_once,
            outcome="timeout",
            error="timeout",
            requests=requests[0],
            logins=logins[1],
            due=at(2),
            result={"found": False, "gate.requests": 0},
            **more,
        ),
        wait(
            f"{name}-given-up",
            CREATING,
            options={**given, "request_timeout": 1, "request_retries": 1},
            faults=at_once,
            outcome="error",
            error="timeout",
            requests=requests[1],
            logins=logins[2],
            due=pauses(1, and_at=2),
            says=("1 s",),
            **more,
        ),
    )


def endless(name: str, how: Mapping[str, Any]) -> tuple[Case, Case, Case]:
    """Return the three gates for an answer of ASM without end."""
    return without_end(name, later=({**how, "requests": ["2-"]},), at_once=(how,), requests=(1, 2))


ENDLESS = (
    *endless("hang", fault("hang")),
    *endless("hang-in-the-body", fault("hang", after="half")),
    *endless("trickling-headers", fault("trickle", part="headers", interval=0.2)),
    *endless("trickling-body", fault("trickle", interval=0.2)),
    *endless("headers-without-end", fault("endless", part="headers", interval=0.2)),
    *endless("body-without-end", fault("endless", interval=0.2)),
    wait(
        "503-for-ten-minutes-after-an-answer",
        CREATING,
        options={"wait_timeout": 4},
        faults=(answer(503, retry_after=600, requests=["2-"]),),
        outcome="timeout",
        error="server",
        # The last request is sent 1 s before the deadline.
        requests=3,
        due=at(3),
        result=LAST_SEEN,
        says=("Creating", "503"),
    ),
    wait(
        "503-for-ten-minutes-at-once",
        CREATING,
        options={"wait_timeout": 3},
        faults=(answer(503, retry_after=600),),
        outcome="timeout",
        error="server",
        requests=2,
        due=at(2),
        says=("503",),
    ),
    read(
        "503-for-ten-minutes-without-a-wait",
        RUNNING,
        faults=(answer(503, retry_after=600),),
        error="server",
        result={"error.status": 503},
    ),
    read("503-at-each-try", RUNNING, options={"request_retries": 1}, faults=(answer(503),), error="server",
         requests=2, due=pauses(1)),
    # Of its 4 s, the first try takes 2, the pause 1, and the second try what is left.
    read("hang-at-each-try", RUNNING, options={"request_timeout": 2, "request_retries": 1}, faults=(fault("hang"),),
         error="timeout", requests=2, due=pauses(1, and_at=2)),
    # So many headers are refused as soon as they come: each is an error of its own.
    wait(
        "headers-without-end-as-fast-as-they-come",
        CREATING,
        options={"wait_timeout": 3},
        faults=(fault("endless", part="headers", requests=["2-"]),),
        outcome="timeout",
        error="network",
        requests=range(3, 5),
        due=at(2),
        result=LAST_SEEN,
    ),
)  # fmt: skip

STALLED = (
    # The second request ends its connection; the next one never gets through its handshake.
    *without_end(
        "handshake",
        later=(fault("close", requests=[2]),),
        server=STALLING,
        options={"ca_path": "<ca of stalling>"},
    ),
    # A token is good for one request, and the second login hangs.
    *without_end("iam", logins=(2, 1, 2), server=HANGING_IAM, credentials={**LOGIN, "iam_endpoint": "<hanging iam>"}),
)

ON_MISSING: Mapping[str, Mapping[str, Any]] = {
    "fail": {},
    "wait": {"on_missing": "wait"},
    # A final error that counts as a 404 would open the gate.
    "accept": {"on_missing": "accept", "missing_after": ["Creating"]},
}


def final(name: str, kind: str, *faults: Mapping[str, Any], **result: Any) -> tuple[Case, ...]:
    """Return a gate for each value of `on_missing` that the second answer ends."""
    return tuple(
        wait(
            f"{name}-with-on-missing-{on_missing}",
            CREATING,
            options=options,
            faults=tuple({**each, "requests": ["2-"]} for each in faults),
            outcome="error",
            error=kind,
            requests=2,
            due=pauses(1),
            result={"phase": "Creating", "gate.requests": 1, **result},
        )
        for on_missing, options in ON_MISSING.items()
    )


FINAL = (
    *final("400", "usage", answer(400, body="asm")),
    *final("401", "credentials", answer(401, code="APIGW.0301"), **{"error.code": "APIGW.0301"}),
    *final(
        "403",
        "denied",
        answer(403, body="iam_new", code="PAP5.0011", encoded_authorization_message="invented-and-encoded"),
        **{"error.code": "PAP5.0011", "error.message": "ordered by the scenario"},
    ),
    *final("404-of-the-gateway", "endpoint", answer(404, code="APIGW.0101")),
    *final("404-with-a-page", "endpoint", answer(404, body="html")),
    *final("404-without-a-body", "endpoint", answer(404, body="empty")),
    *final("405", "endpoint", answer(405)),
    *final("302", "endpoint", fault("redirect", location="/elsewhere")),
    *final("308", "endpoint", fault("redirect", location="/elsewhere", status=308)),
    *final("another-object", "protocol", fault("damage", set={"kind": "Mesh"})),
    *(
        wait(
            f"a-certificate-that-does-not-verify-with-on-missing-{on_missing}",
            server=OTHER_HOST,
            options={"ca_path": "<ca of another host>", **options},
            outcome="error",
            error="tls",
            requests=0,
        )
        for on_missing, options in ON_MISSING.items()
    ),
    wait(
        "no-tls-at-the-endpoint", options={"endpoint": "<https of service>"}, outcome="error", error="tls", requests=0
    ),
)

BEFORE_THE_FIRST_ANSWER = (
    wait(
        "pages",
        RUNNING,
        options={"request_retries": 1},
        faults=(answer(200, body="html"),),
        outcome="error",
        error="protocol",
        requests=2,
        due=pauses(1),
    ),
    wait(
        "nothing-listens",
        options={"endpoint": "http://127.0.0.1:1", "request_retries": 1},
        outcome="error",
        error="network",
        requests=0,
        due=pauses(1),
    ),
    wait(
        "no-address",
        options={"endpoint": f"https://{NAME_WITHOUT_ADDRESS}", "request_retries": 1},
        outcome="error",
        error="network",
        requests=0,
        due=pauses(1),
    ),
    read("pages-at-each-try", RUNNING, options={"request_retries": 1}, faults=(answer(200, body="html"),),
         error="protocol", requests=2, due=pauses(1)),
)  # fmt: skip

CREDENTIALS = (
    wait("refused-key", CREATING, credentials={**KEY, "secret_key": "another-secret-key"}, outcome="error",
         error="credentials"),
    wait("refused-login", CREATING, credentials={**LOGIN, "password": "another-password"}, outcome="error",
         error="credentials", requests=0, logins=1),
    wait("refused-although-renewed", CREATING, credentials=LOGIN, faults=(answer(401, requests=["2-"]),),
         outcome="error", error="credentials", requests=3, logins=2, due=pauses(1), result=LAST_SEEN),
    # The token of the new login is good.
    wait("renewed-once", CREATING, after(1, RUNNING), credentials=LOGIN, faults=(answer(401, requests=[2]),),
         outcome="reached", requests=3, logins=2, due=pauses(1), result={"gate.requests": 2, "gate.retries": 0}),
)  # fmt: skip

TABLES = {
    "transient": (*TRANSIENT, *AWAY),
    "endless": (*ENDLESS, *STALLED),
    "final": (*FINAL, *BEFORE_THE_FIRST_ANSWER, *CREDENTIALS),
}
"""By kind of error. Each table has a playbook of its own."""

CHOSEN = chosen(
    [case for cases in TABLES.values() for case in cases],
    # Transient: an answer, no whole answer, no connection.
    *("gate-after-429-with-seconds", "gate-after-half-of-the-json", "gate-after-a-restart", "read-after-a-slow-body"),
    # Until the deadline, and the bounds of a read.
    *("hang-after-an-answer", "headers-without-end-given-up"),
    # Final, also where a release may disappear.
    *("401-with-on-missing-accept", "404-of-the-gateway-with-on-missing-accept"),
    "a-certificate-that-does-not-verify-with-on-missing-accept",
)

USERS = {"users": [{**USER, "project_id": "0123456789abcdef"}]}

SERVERS: Mapping[str, tuple[dict[str, Any], str | None]] = {
    SERVICE: ({"credentials": {"tokens": [{"token": TOKEN}], "keys": [KEY], **USERS}}, None),
    RESTARTING: ({}, "valid"),
    STALLING: ({"connections": [{"fault": "stall", "connections": ["2-"]}]}, "valid"),
    OTHER_HOST: ({}, "wrong-host"),
    HANGING_IAM: (
        {
            "credentials": USERS,
            "iam": {"token_uses": 1},
            "faults": [fault("hang", service="iam", requests=["2-"])],
        },
        None,
    ),
}
"""What each simulator has beside the releases and faults of its cases, and its kind of certificate."""


def started(cases: Sequence[Case], simulate: Callable[..., Running]) -> dict[str, Running]:
    """Start the simulators that the cases need."""
    names = {SERVICE, *(case.server for case in cases)}
    return {
        name: simulate(scenario_of(cases, name, **more), tls=tls)
        for name, (more, tls) in SERVERS.items()
        if name in names
    }


def prepared(directory: Path, servers: Mapping[str, Running]) -> tuple[dict[str, str], dict[str, str]]:
    """Let the second lookup of `localhost` fail, and name further URLs of simulators."""
    (directory / "shim").mkdir()
    (directory / "shim" / "sitecustomize.py").write_text(SECOND_LOOKUP_FAILS, encoding="utf-8")
    names = {"https of service": servers[SERVICE].url.replace("http://", "https://")}
    if RESTARTING in servers:
        names["localhost"] = servers[RESTARTING].url.replace("127.0.0.1", "localhost")
    return names, {"PYTHONPATH": str(directory / "shim")}


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(CHOSEN, id="chosen"),
        *(pytest.param(cases, id=name, marks=pytest.mark.slow) for name, cases in TABLES.items()),
    ],
)
def test_errors_on_both_paths(
    tmp_path: Path,
    installed_collection: Path,
    simulate: Callable[..., Running],
    subtests: pytest.Subtests,
    cases: Sequence[Case],
) -> None:
    table = Table(cases, lambda simulate: started(cases, simulate), prepared)

    table.check(table.travel(tmp_path, installed_collection, simulate), subtests)


def test_names_of_cases_are_unique() -> None:
    names = [case.name for cases in TABLES.values() for case in cases]
    assert len(set(names)) == len(names)
