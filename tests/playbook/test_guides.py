# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides are true: what they quote is what a refused task says, and their scenario and chart are the code's own."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from ansible_collections.huaweicloud.asm.plugins.modules import asm_release_info
from ansible_collections.huaweicloud.asm.tests.guides import timeline
from ansible_collections.huaweicloud.asm.tests.guides.blocks import GUIDES, ROOT, blocks, named
from ansible_collections.huaweicloud.asm.tests.playbook.cases import (
    KEY,
    LOGIN,
    SECONDS,
    SERVICE,
    USER,
    Single,
    after,
    answer,
    check,
    fault,
    in_lanes,
    read,
    scenario_of,
    task,
    wait,
)
from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
from ansible_collections.huaweicloud.asm.tests.playbook.plays import CREATING, RUNNING, TOKEN, inventory, play
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

SVG = "{http://www.w3.org/2000/svg}"
NOT_OPEN = GUIDES / "not_open.rst"
SIMULATOR = GUIDES / "simulator.rst"

SHORT = {"wait_timeout": 3}
ONE_TRY = {"request_retries": 0}
SAYS = {"message": "what the service says"}
OTHER_HOST, TRAIN, DENIED_LIST = "other host", "train", "denied list"

SELECTION = {"release_id": None, "service": ["reviews"], "minimum": 2}
PAIR = {"release_id": None, "releases": [{"release_id": "train-failed"}, {"release_id": "train-waits"}]}

CASES = (
    wait(
        "phase-failed",
        CREATING,
        after(1, {"phase": "Failed"}),
        options={"failure_phases": ["Failed"]},
        outcome="failed",
    ),
    wait("pods-failed", {**CREATING, "ready": 1, "deadline_exceeded": True}, options={"ready": True}, outcome="failed"),
    wait(
        "train-failed",
        {"phase": "Failed"},
        server=TRAIN,
        options={**PAIR, "failure_phases": ["Failed"]},
        outcome="failed",
    ),
    wait("phase-late", CREATING, options=SHORT, outcome="timeout"),
    wait("version-late", RUNNING, options={**SHORT, "version": "v2"}, release={"version": "v1"}, outcome="timeout"),
    wait("pods-late", {**RUNNING, "ready": 2}, options={**SHORT, "ready": True}, outcome="timeout"),
    wait("held-late", CREATING, after(1, RUNNING), options={**SHORT, "stable_for": 2}, outcome="timeout"),
    wait("faults-late", CREATING, options=SHORT, faults=(answer(503, requests=["2-"], **SAYS),), outcome="timeout"),
    wait("stands-still", {**CREATING, "ready": 1}, options={"ready": True, "stall_timeout": 1}, outcome="stalled"),
    wait("never-there", outcome="missing"),
    wait("not-there-yet", options={**SHORT, "on_missing": "wait"}, outcome="missing"),
    wait("disappears", CREATING, after(1, {"found": False}), outcome="missing"),
    wait("train-waits", CREATING, server=TRAIN, options={**SELECTION, "minimum": 3}, outcome="missing"),
    wait(
        "other-uid", CREATING, after(1, {"uid": "the-second-uid"}), release={"uid": "the-first-uid"}, outcome="replaced"
    ),
    wait(
        "other-version",
        {**CREATING, "version": "v2"},
        after(1, {"version": "v3"}),
        options={"version": "v2"},
        outcome="replaced",
    ),
    check("checked", CREATING, outcome="pending"),
    wait("both-lists", options={"failure_phases": ["running"]}, error="usage"),
    wait("version-number", options={"version": 1.1}, error="usage"),
    read("no-wait", options={"success_phases": ["Running"]}, error="usage"),
    wait("refused-ids", CREATING, faults=(answer(400, body="asm", **SAYS),), error="usage"),
    wait("no-credentials", CREATING, credentials={}, error="credentials"),
    wait("half-a-set", CREATING, credentials={"access_key": KEY["access_key"]}, error="credentials"),
    wait("refused-key", CREATING, faults=(answer(401, code="APIGW.0301", **SAYS),), error="credentials"),
    wait("refused-login", CREATING, credentials={**LOGIN, "password": "another-password"}, error="credentials"),
    wait("denied", CREATING, faults=(answer(403, body="iam_new", code="PAP5.0011", **SAYS),), error="denied"),
    wait("denied-list", CREATING, server=DENIED_LIST, options=SELECTION, error="denied"),
    read("not-found", faults=(answer(404, body="asm", **SAYS),), error="not_found"),
    wait("wrong-path", CREATING, faults=(answer(404, code="APIGW.0101", **SAYS),), error="endpoint"),
    wait("sent-elsewhere", CREATING, faults=(fault("redirect", location="/elsewhere"),), error="endpoint"),
    wait("wrong-name", server=OTHER_HOST, options={"ca_path": "<ca of other host>"}, error="tls"),
    read("too-many", RUNNING, faults=(answer(429, code="APIGW.0308", **SAYS),), options=ONE_TRY, error="throttled"),
    read("out-of-order", RUNNING, faults=(answer(503, body="html"),), options=ONE_TRY, error="server"),
    wait("nobody-listens", options={"endpoint": "http://127.0.0.1:1", **ONE_TRY}, error="network"),
    read("too-slow", RUNNING, faults=(fault("hang"),), options={"request_timeout": 1, **ONE_TRY}, error="timeout"),
    wait("a-page", RUNNING, faults=(answer(200, body="html"),), options=ONE_TRY, error="protocol"),
    wait("no-release", RUNNING, faults=(fault("damage", set={"kind": "Mesh"}),), error="protocol"),
    wait("elsewhere", RUNNING, faults=(fault("damage", set={"metadata.namespace": "production"}),), error="protocol"),
)
"""One for each quotation. Without an `outcome` the case is one of its kind of error, with or without a gate."""

SERVERS: Mapping[str, tuple[Mapping[str, Any], str | None]] = {
    SERVICE: (
        {
            "credentials": {
                "tokens": [{"token": TOKEN}],
                "users": [{**USER, "project_id": "0123456789abcdef"}],
            }
        },
        None,
    ),
    OTHER_HOST: ({}, "wrong-host"),
    TRAIN: ({}, None),
    DENIED_LIST: ({"faults": [answer(403, operation="list", body="iam_new", code="PAP5.0011", **SAYS)]}, None),
}
"""What each simulator has beside the releases and faults of its cases, and its kind of certificate."""


@pytest.fixture(scope="module")
def servers() -> Iterator[Mapping[str, Running]]:
    """The simulators, by their name."""
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(serving(scenario_of(CASES, name, **more), tls=tls))
            for name, (more, tls) in SERVERS.items()
        }


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory, installed_collection: Path, servers: Mapping[str, Running]
) -> Mapping[str, Mapping[str, Any]]:
    """What became of each case, by its name; all of them run in one playbook."""
    directory = tmp_path_factory.mktemp("guides")
    names = {name: server.url for name, server in servers.items()}
    names["ca of other host"] = servers[OTHER_HOST].ca_path or ""
    lanes = in_lanes(CASES, 4)
    for lane, cases in enumerate(lanes):
        tasks = [task(case, servers[case.server], names) for case in cases]
        (directory / f"lane{lane}.yml").write_text(json.dumps(tasks), encoding="utf-8")
    run = Ansible(directory, installed_collection).playbook(
        play({"ansible.builtin.include_tasks": "{{ inventory_hostname }}.yml"}, strategy="free"),
        inventory=inventory(**{f"lane{lane}": {"ansible_connection": "local"} for lane in range(len(lanes))}),
    )
    return {case.name: run.task(case.name).result for case in CASES}


CUT = "[…]"
"""In a quotation, where something is left out."""


def _heading(case: Single) -> str:
    return f"Outcome ``{case.outcome}``" if case.outcome else f"Error ``{case.error}``"


def _comparable(sentence: str, case: Single) -> str:
    """Return what a case says as the guide tells it: of its release, at any time."""
    return SECONDS.sub("some", sentence.replace(case.name, "reviews-canary"))


def _quotations() -> list[tuple[str, re.Pattern[str]]]:
    """Return what the guide quotes, each with the title that it stands under, in the order of the guide."""
    found = []
    for block in blocks(NOT_OPEN):
        sentence = SECONDS.sub("some", " ".join(block.text.split()))
        parts = [re.escape(part.strip()) for part in sentence.split(CUT)]
        found.append((block.section, re.compile(" .* ".join(parts))))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.slow
def test_what_a_refused_task_says_stands_in_the_guide_under_its_outcome_or_error(
    results: Mapping[str, Mapping[str, Any]], case: Single
) -> None:
    result = results[case.name]
    sentence = _comparable(result["msg"], case)

    assert [title for title, quotation in _quotations() if quotation.fullmatch(sentence)] == [_heading(case)], sentence
    if case.outcome:
        assert result["gate"]["outcome"] == case.outcome
    else:
        assert result["error"]["kind"] == case.error


def test_the_guide_quotes_nothing_else() -> None:
    assert sorted(title for title, _quotation in _quotations()) == sorted(map(_heading, CASES))


def test_the_guide_quotes_what_the_role_says_without_a_verdict() -> None:
    tasks = yaml.safe_load((ROOT / "roles" / "release_gate" / "tasks" / "main.yml").read_text(encoding="utf-8"))

    assert f"``{tasks[0]['ansible.builtin.set_fact']['__release_gate_result']['msg']}``" in NOT_OPEN.read_text("utf-8")


def test_the_guide_explains_every_outcome_and_every_kind_of_error() -> None:
    content = NOT_OPEN.read_text(encoding="utf-8")
    outcomes, kinds = (re.findall(rf"^{what} ``(\w+)``$", content, re.MULTILINE) for what in ("Outcome", "Error"))
    returned = yaml.safe_load(asm_release_info.RETURN)

    assert {"reached", *outcomes} == _values(returned["gate"]["contains"]["outcome"])
    assert set(kinds) == _values(returned["error"]["contains"]["kind"])


def _values(documented: Mapping[str, Any]) -> set[str]:
    """Return the values that the documentation of a returned key names."""
    return {value for line in documented["description"] for value in re.findall(r"V\((\w+)\)", line)}


SCENARIO = yaml.safe_load(named(SIMULATOR, "scenario"))
ENDINGS = dict(
    re.findall(r"^ {3}\* - ``([\w-]+)``\n {5}- ``(\w+)``$", SIMULATOR.read_text(encoding="utf-8"), re.MULTILINE)
)
"""What the guide says of each release of its scenario."""


@pytest.fixture(scope="module")
def simulator_of_the_guide() -> Iterator[Running]:
    """The simulator with the scenario of the guide."""
    with serving(SCENARIO) as simulator:
        yield simulator


@pytest.mark.parametrize("release_id", ENDINGS)
@pytest.mark.slow
def test_a_release_of_the_scenario_ends_as_the_guide_says(
    ansible: Ansible, simulator_of_the_guide: Running, release_id: str
) -> None:
    settings = dict(re.findall(r"^export (\w+)=(\S+)$", named(SIMULATOR, "settings"), re.MULTILINE))

    run = ansible.playbook(
        named(SIMULATOR, "playbook"),
        extra_vars={"release_id": release_id},
        environment={**settings, "HUAWEICLOUD_ASM_ENDPOINT": simulator_of_the_guide.url},
    )

    outcome = run.task("Hold the gate").result["gate"]["outcome"]
    assert outcome == ENDINGS[release_id], run.output
    assert run.returncode == (0 if outcome == "reached" else 2)
    assert any(entry.task == "Go on" for entry in run.results) == (outcome == "reached")


def test_the_guide_tells_how_each_release_of_the_scenario_ends() -> None:
    assert list(ENDINGS) == [release["id"] for release in SCENARIO["releases"]]


def test_the_chart_of_the_verdicts_is_what_the_gate_decides() -> None:
    assert timeline.FILE.read_text(encoding="utf-8") == timeline.chart()


def test_the_chart_has_every_outcome_and_the_guide_tells_it_to_who_cannot_see_it() -> None:
    ends = [timeline.played(story)[-1] for story in timeline.STORIES]
    returned = yaml.safe_load(asm_release_info.RETURN)
    told = " ".join((GUIDES / "verdicts.rst").read_text(encoding="utf-8").lower().split())

    assert {"pending", *(end.state.outcome for end in ends)} == _values(returned["gate"]["contains"]["outcome"])
    assert [end.state.outcome for end in ends if f"{end.state.outcome} after {end.at:.0f} s" not in told] == []


@pytest.mark.parametrize("picture", sorted(GUIDES.glob("images/*.svg")), ids=lambda picture: picture.name)
def test_a_picture_names_every_outcome_to_those_who_see_it_and_to_those_who_hear_it(picture: Path) -> None:
    root = ET.parse(picture).getroot()
    seen = " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))
    heard = " ".join(part.text or "" for part in root if part.get("id") in root.attrib["aria-labelledby"].split())
    outcomes = _values(yaml.safe_load(asm_release_info.RETURN)["gate"]["contains"]["outcome"]) - {"pending"}

    assert [outcome for outcome in outcomes if outcome not in seen or outcome not in heard] == []
    assert [part.tag for part in root][:2] == [f"{SVG}title", f"{SVG}desc"]


def test_the_chart_says_how_long_the_conditions_were_met_in_vain() -> None:
    (late,) = (story for story in timeline.STORIES if timeline.played(story)[-1].state.outcome == "timeout")

    assert late.why == f"{timeline.played(late)[-1].state.held:.0f} of 40 s met at the last read"
