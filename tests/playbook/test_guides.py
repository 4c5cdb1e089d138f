# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides match the code: their quotations, their scenario, their charts, and the examples that have a name."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
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
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CREATING,
    MESH_ID,
    RUNNING,
    TOKEN,
    inventory,
    play,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

SVG = "{http://www.w3.org/2000/svg}"
FIRST_GATE = GUIDES / "first_gate.rst"
NOT_OPEN = GUIDES / "not_open.rst"
SIMULATOR = GUIDES / "simulator.rst"

SHORT = {"wait_timeout": 3}
ONE_TRY = {"request_retries": 0}
SAYS = {"message": "what the service says"}
OTHER_HOST, SEVERAL = "other host", "several"

PAIR = {"release_id": None, "releases": [{"release_id": "one-failed"}, {"release_id": "one-waits"}]}

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
        "one-failed",
        {"phase": "Failed"},
        server=SEVERAL,
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
    wait("no-service", by_service=True, outcome="missing"),
    wait("not-there-yet", options={**SHORT, "on_missing": "wait"}, outcome="missing"),
    wait("disappears", CREATING, after(1, {"found": False}), outcome="missing"),
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
    wait("half-a-set", CREATING, credentials={"access_key": KEY["access_key"]}, error="usage"),
    wait("refused-key", CREATING, faults=(answer(401, code="APIGW.0301", **SAYS),), error="credentials"),
    wait("refused-login", CREATING, credentials={**LOGIN, "password": "another-password"}, error="credentials"),
    wait("denied", CREATING, faults=(answer(403, body="iam_new", code="PAP5.0011", **SAYS),), error="denied"),
    read("not-found", faults=(answer(404, body="asm", **SAYS),), error="not_found"),
    wait("wrong-path", CREATING, faults=(answer(404, code="APIGW.0101", **SAYS),), error="endpoint"),
    wait("sent-elsewhere", CREATING, faults=(fault("redirect", location="/elsewhere"),), error="endpoint"),
    wait("wrong-name", server=OTHER_HOST, options={"ca_path": "<ca of other host>"}, error="tls"),
    read("too-many", RUNNING, faults=(answer(429, code="APIGW.0308", **SAYS),), options=ONE_TRY, error="throttled"),
    read("out-of-order", RUNNING, faults=(answer(503, body="html"),), options=ONE_TRY, error="server"),
    wait("no-server", options={"endpoint": "http://127.0.0.1:1", **ONE_TRY}, error="network"),
    read("too-slow", RUNNING, faults=(fault("hang"),), options={"request_timeout": 1, **ONE_TRY}, error="timeout"),
    wait("a-page", RUNNING, faults=(answer(200, body="html"),), options=ONE_TRY, error="protocol"),
    wait("no-release", RUNNING, faults=(fault("damage", set={"kind": "Mesh"}),), error="protocol"),
    wait("elsewhere", RUNNING, faults=(fault("damage", set={"metadata.namespace": "production"}),), error="protocol"),
)
"""One case for each quotation, under its outcome, or under the kind of its error."""

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
    SEVERAL: ({"releases": [release("one-failed", {"phase": "Failed"}), release("one-waits", CREATING)]}, None),
}
"""What each simulator has besides the releases and faults of its cases, and its kind of certificate."""


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
    """The result of each case, by its name; all of them run in one playbook."""
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
"""Marks an omission in a quotation."""


def _heading(case: Single) -> str:
    return f"Outcome ``{case.outcome}``" if case.outcome else f"Error ``{case.error}``"


def _comparable(sentence: str, case: Single) -> str:
    """Return the message of a case in the form of the guide: with its release name, without seconds."""
    return SECONDS.sub("some", sentence.replace(case.name, "reviews-canary"))


def _quotations() -> list[tuple[str, re.Pattern[str]]]:
    """Return the quotations of the guide, each with the title of its section."""
    found = []
    for block in blocks(NOT_OPEN):
        sentence = SECONDS.sub("some", " ".join(block.text.split()))
        parts = [re.escape(part.strip()) for part in sentence.split(CUT)]
        found.append((block.section, re.compile(" .* ".join(parts))))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.slow
def test_message_is_quoted_under_its_outcome_or_error(results: Mapping[str, Mapping[str, Any]], case: Single) -> None:
    result = results[case.name]
    sentence = _comparable(result["msg"], case)

    assert [title for title, quotation in _quotations() if quotation.fullmatch(sentence)] == [_heading(case)], sentence
    if case.outcome:
        assert result["gate"]["outcome"] == case.outcome
    else:
        assert result["error"]["kind"] == case.error


def test_every_quotation_has_a_case() -> None:
    assert sorted(title for title, _quotation in _quotations()) == sorted(map(_heading, CASES))


def test_guide_explains_every_outcome_and_every_kind_of_error() -> None:
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
"""The outcome of each release of the scenario, as the guide says it."""


@pytest.fixture(scope="module")
def simulator_of_the_guide() -> Iterator[Running]:
    """The simulator with the scenario of the guide."""
    with serving(SCENARIO) as simulator:
        yield simulator


@pytest.mark.parametrize("release_id", ENDINGS)
@pytest.mark.slow
def test_release_of_the_scenario_ends_as_documented(
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


def test_every_release_of_the_scenario_is_documented() -> None:
    assert list(ENDINGS) == [release["id"] for release in SCENARIO["releases"]]


def test_chart_matches_the_rules_of_the_gate() -> None:
    assert timeline.FILE.read_text(encoding="utf-8") == timeline.chart()


def test_chart_and_its_description_have_every_outcome() -> None:
    ends = [timeline.played(story)[-1] for story in timeline.STORIES]
    returned = yaml.safe_load(asm_release_info.RETURN)
    described = " ".join((GUIDES / "verdicts.rst").read_text(encoding="utf-8").lower().split())

    assert {"pending", *(end.gates.outcome for end in ends)} == _values(returned["gate"]["contains"]["outcome"])
    assert [end for end in ends if f"{end.gates.outcome} after {end.at:.0f} s" not in described] == []


@pytest.mark.parametrize("picture", sorted(GUIDES.glob("images/*.svg")), ids=lambda picture: picture.name)
def test_picture_and_its_description_name_every_outcome(picture: Path) -> None:
    root = ET.parse(picture).getroot()
    seen = " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))
    heard = " ".join(part.text or "" for part in root if part.get("id") in root.attrib["aria-labelledby"].split())
    outcomes = _values(yaml.safe_load(asm_release_info.RETURN)["gate"]["contains"]["outcome"]) - {"pending"}

    assert [outcome for outcome in outcomes if outcome not in seen or outcome not in heard] == []
    assert [part.tag for part in root][:2] == [f"{SVG}title", f"{SVG}desc"]


def test_chart_says_how_long_the_conditions_were_met() -> None:
    (late,) = (story for story in timeline.STORIES if timeline.played(story)[-1].gates.outcome == "timeout")

    assert late.why == f"{timeline.played(late)[-1].gate.held:.0f} of 40 s met at the last poll"


WEB = json.dumps(
    {"all": {"children": {"web": {"hosts": {"web1": {}, "web2": {}}, "vars": {"ansible_connection": "local"}}}}}
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("phase", "returncode", "version"), [pytest.param("Running", 0, "v2"), pytest.param("Failed", 2, "v1")]
)
def test_rollback_restores_the_previous_version(ansible: Ansible, phase: str, returncode: int, version: str) -> None:
    links = [ansible.directory / host / "current" for host in ("web1", "web2")]
    for link in links:
        for each in ("v1", "v2"):
            (link.parent / each).mkdir(parents=True)
        link.symlink_to(link.parent / "v1")
    example = named(FIRST_GATE, "rollback").replace("/opt/shop/", f"{ansible.directory}/{{{{ inventory_hostname }}}}/")

    with serving(scenario(release("reviews-canary", {"phase": phase}))) as simulator:
        run = ansible.playbook(
            example,
            inventory=WEB,
            extra_vars={"mesh_id": MESH_ID, "release_id": "reviews-canary"},
            environment={"HUAWEICLOUD_ASM_ENDPOINT": simulator.url, "HW_AUTH_TOKEN": TOKEN},
        )

    assert run.returncode == returncode, run.output
    assert [link.readlink().name for link in links] == [version, version]
    reasons = [each.result["msg"] for each in run.results if each.task == "Stay failed, and say why"]
    assert [each.startswith("Rolled back: ") for each in reasons] == ([] if returncode == 0 else [True, True])


K8S_INFO = """\
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({name: {"type": "str"} for name in ("api_version", "kind", "namespace")})
weights = {"v1": 80, "v2": 20}
routes = [{"destination": {"host": "reviews", "subset": name}, "weight": weight} for name, weight in weights.items()]
module.exit_json(resources=[{"kind": "VirtualService", "spec": {"hosts": ["reviews"], "http": [{"route": routes}]}}])
"""
"""A module in place of that of `kubernetes.core`, which is not installed here."""


@pytest.mark.slow
def test_traffic_weights_are_shown(ansible: Ansible, installed_collection: Path) -> None:
    module = ansible.directory / "stub/ansible_collections/kubernetes/core/plugins/modules/k8s_info.py"
    module.parent.mkdir(parents=True)
    module.write_text(K8S_INFO, encoding="utf-8")

    run = ansible.playbook(
        named(FIRST_GATE, "traffic"),
        environment={"ANSIBLE_COLLECTIONS_PATH": f"{installed_collection}:{ansible.directory / 'stub'}"},
    )

    assert run.returncode == 0, run.output
    shown = [each["msg"] for each in run.task("Show the weight of each version").result["results"]]
    assert shown == ["reviews v1: 80 %", "reviews v2: 20 %"]


NOT_RUN = re.compile(r"git clone |python3 -m pip install |ansible-galaxy collection install ")
"""Commands of a job that the environment of the tests replaces."""


def _job(name: str) -> tuple[Mapping[str, str], list[str]]:
    """Return the environment and the commands of a job of the guide."""
    content = yaml.safe_load(named(SIMULATOR, name))
    if name == "gitlab-ci":
        job = content["test-gate"]
        return job["variables"], job["script"]
    job = content["jobs"]["gate"]
    return job["env"], [line for step in job["steps"] if "run" in step for line in step["run"].splitlines()]


@pytest.mark.parametrize("name", ["github-workflow", "gitlab-ci"])
@pytest.mark.slow
def test_job_with_the_simulator_passes(ansible: Ansible, name: str) -> None:
    (ansible.directory / ".asm").symlink_to(ROOT)
    (ansible.directory / "tests").mkdir()
    (ansible.directory / "tests" / "scenario.yml").write_text(named(SIMULATOR, "scenario"), encoding="utf-8")
    (ansible.directory / "gate.yml").write_text(named(SIMULATOR, "playbook"), encoding="utf-8")
    environment, lines = _job(name)
    commands = "\n".join(["set -e", *(line for line in lines if not NOT_RUN.match(line))])

    run = ansible.shell(commands, environment=environment)

    process = re.search(r"^The simulator is process (\d+)\.$", run.stderr, re.MULTILINE)
    assert process, run.output
    os.kill(int(process[1]), signal.SIGTERM)
    assert run.returncode == 0, run.output
    assert [each.outcome for each in run.results if each.task == "Hold the gate"] == ["ok", "failed"], run.output
