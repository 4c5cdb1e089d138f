# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the guide *In AWX* do what the guide says.

AWX itself is not here. What it does with a credential type and a playbook is done as its source does it: the injectors
are rendered by Jinja's sandbox, and the job runs through ansible-runner.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    OPTIONS,
    OWN_ENDPOINT_NAME,
    SECRET_OPTIONS,
)
from ansible_collections.huaweicloud.asm.tests.guides.blocks import named
from ansible_collections.huaweicloud.asm.tests.playbook.harness import ROOT
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    MESH_ID,
    NAMESPACE,
    RUNNING,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.playbook.runner import Runner
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

pytestmark = pytest.mark.slow

FOLDER = ROOT / "docs" / "awx"
GUIDE = ROOT / "docs" / "docsite" / "rst" / "awx.rst"
FILES = sorted(FOLDER.glob("*.yml"))

INPUT = yaml.safe_load((FOLDER / "credential-type-input.yml").read_text(encoding="utf-8"))
INJECTORS = yaml.safe_load((FOLDER / "credential-type-injectors.yml").read_text(encoding="utf-8"))
FIELDS = {field["id"]: field for field in INPUT["fields"]}

RELEASE = "reviews-canary"
KEY = {"access_key": "INVENTEDKEYOFACREDENTIAL", "secret_key": "invented-secret-key-of-a-credential"}
TEMPORARY_KEY = {
    "access_key": "INVENTEDTEMPORARYKEYOFACREDENTIAL",
    "secret_key": "invented-secret-of-a-temporary-key-of-a-credential",
    "security_token": "invented-security-token-of-a-credential",
}
SURVEY = {
    "mesh_id": MESH_ID,
    "release_id": RELEASE,
    "wait_timeout": 30,
    "release_gate_mesh_id": MESH_ID,
    "release_gate_namespace": NAMESPACE,
    "release_gate_release_id": RELEASE,
    "release_gate_success_phases": "Running, Completed",
    "release_gate_failure_phases": "Failed",
    "release_gate_wait_timeout": 30,
}
"""Answers to the questions that the guide suggests: texts, and an integer."""


@pytest.fixture
def runner(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Runner:
    return Runner(tmp_path_factory.mktemp("awx"), installed_collection)


def injected(inputs: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that a credential gives a job. AWX leaves empty fields out, and takes them for empty."""
    sandbox = ImmutableSandboxedEnvironment()
    given = {name: value for name, value in inputs.items() if value}
    return {name: sandbox.from_string(template).render(given) for name, template in INJECTORS["env"].items()}


class TestCredentialType:
    def test_has_the_form_that_awx_takes(self) -> None:
        assert set(INPUT) == {"fields", "required"}
        assert set(INPUT["required"]) <= set(FIELDS)
        assert len(FIELDS) == len(INPUT["fields"])
        for name, field in FIELDS.items():
            assert re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name)
            assert {"id", "label", "type"} <= set(field) <= {"id", "label", "type", "secret", "help_text"}
            assert field["type"] == "string"

    def test_injects_its_fields_and_nothing_else(self) -> None:
        assert set(INJECTORS) == {"env"}
        strict = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
        rendered = {name: strict.from_string(template).render(FIELDS) for name, template in INJECTORS["env"].items()}

        assert sorted(rendered.values()) == sorted(str(field) for field in FIELDS.values())

    def test_asks_for_options_of_the_collection_under_the_names_that_it_reads(self) -> None:
        read = {option.name: {name for _family, name in option.environment} for option in OPTIONS}
        read["endpoint"] = {OWN_ENDPOINT_NAME}

        for name, template in INJECTORS["env"].items():
            option = template.strip("{} ")
            assert name in read[option]

    def test_hides_each_secret(self) -> None:
        assert {name for name, field in FIELDS.items() if field.get("secret")} == set(FIELDS) & set(SECRET_OPTIONS)

    @pytest.mark.parametrize(
        "key", [pytest.param(KEY, id="key-pair"), pytest.param(TEMPORARY_KEY, id="temporary-key-pair")]
    )
    def test_opens_a_gate(self, runner: Runner, simulate: Callable[..., Running], key: dict[str, str]) -> None:
        simulator = simulate(scenario(release(RELEASE, RUNNING), credentials={"keys": [key]}))
        inputs = {**dict.fromkeys(FIELDS, ""), **key, "region": "cn-north-4", "endpoint": simulator.url}

        with runner.started(text_of("gate_in_workflow.yml"), environment=injected(inputs), extra_vars=SURVEY) as job:
            job.wait_for_end()

        assert job.status == ("successful", 0), job.output
        assert {request["status"] for request in simulator.requests()} == {200}


class TestPlaybooks:
    @pytest.fixture
    def environment(self, simulator: Running) -> dict[str, str]:
        """The environment that a credential gives a job."""
        return injected({**KEY, "region": "cn-north-4", "endpoint": simulator.url})

    @pytest.fixture
    def phase(self) -> dict[str, str]:
        """The phase of the release."""
        return RUNNING

    @pytest.fixture
    def simulator(self, simulate: Callable[..., Running], phase: dict[str, str]) -> Running:
        return simulate(scenario(release(RELEASE, phase), credentials={"keys": [KEY]}))

    @pytest.mark.parametrize(
        ("phase", "status", "outcome"),
        [
            pytest.param(RUNNING, ("successful", 0), "reached", id="opens"),
            pytest.param({"phase": "Failed"}, ("failed", 2), "failed", id="refuses"),
        ],
    )
    def test_a_node_tells_the_nodes_behind_it_what_the_gate_saw(
        self, runner: Runner, environment: dict[str, str], status: tuple[str, int], outcome: str
    ) -> None:
        with runner.started(text_of("gate_in_workflow.yml"), environment=environment, extra_vars=SURVEY) as job:
            job.wait_for_end()

        assert job.status == status, job.output
        stats = job.event("playbook_on_stats")["artifact_data"]
        assert stats["gate_outcome"] == outcome
        assert RELEASE in stats["gate_message"]

    @pytest.mark.parametrize(
        ("phase", "status"),
        [
            pytest.param(RUNNING, ("successful", 0), id="opens"),
            pytest.param({"phase": "Failed"}, ("failed", 2), id="refuses"),
        ],
    )
    def test_the_answers_of_a_survey_run_the_gate_of_the_collection(
        self, runner: Runner, environment: dict[str, str], status: tuple[str, int]
    ) -> None:
        with runner.started(text_of("gate.yml"), environment=environment, extra_vars=SURVEY) as job:
            job.wait_for_end()

        assert job.status == status, job.output
        assert job.progress


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def body(path: Path) -> str:
    """Return a file without its comments at the top and the start of its document."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if not re.match("#|---$", line))
    return "".join(lines[start:])


def test_the_guide_shows_each_file_as_it_is() -> None:
    names = ["credential-type-injectors", "credential-type-input", "execution-environment", "gate", "gate-in-workflow"]

    assert {name: named(GUIDE, name) for name in names} == {path.stem.replace("_", "-"): body(path) for path in FILES}
