# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipelines of the guide: each is what its CI system reads, and its commands gate the deployment.

No CI system runs here. The commands of a pipeline run in their order in bash, as its steps would.
"""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.huaweicloud.asm.tests.guides.blocks import GUIDES, named
from ansible_collections.huaweicloud.asm.tests.playbook.harness import PROGRAMS, Ansible, Run
from ansible_collections.huaweicloud.asm.tests.playbook.marks import slow_but_for
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving
from groovy_parser.parser import parse_groovy_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

GUIDE = GUIDES / "pipeline.rst"

KEY = {"access_key": "INVENTEDPIPELINEKEY", "secret_key": "invented-secret-key-of-the-pipelines"}
SECRETS = {"HW_ACCESS_KEY": KEY["access_key"], "HW_SECRET_KEY": KEY["secret_key"]}
IDS = {"MESH_ID": "example-mesh", "RELEASE_ID": "reviews-canary"}

INSTALLING = {
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "python3 -m pip install ansible-core requests",
    "ansible-galaxy collection install git+https://github.com/huaweicloud-asm/ansible-collection-asm.git",
}
"""Commands that the environment of the tests replaces."""

DEPLOY = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Deploy
      ansible.builtin.debug:
        msg: The gate is open.
"""


@dataclass(frozen=True)
class Step:
    """Commands that a CI system runs in one shell, with what it adds to the environment."""

    commands: str
    environment: Mapping[str, str] = field(default_factory=dict)


def gitlab() -> list[Step]:
    """Return the steps of the jobs of GitLab CI, by stage."""
    content = yaml.safe_load(named(GUIDE, "gitlab-ci"))
    jobs = [job for stage in content["stages"] for job in content.values() if _is_job_of(job, stage)]
    return [
        Step("\n".join([*content["default"]["before_script"], *job["script"]]), job.get("variables", {}))
        for job in jobs
    ]


def _is_job_of(job: Any, stage: str) -> bool:
    return isinstance(job, dict) and job.get("stage") == stage


def github() -> list[Step]:
    """Return the steps of the jobs of the GitHub workflow; each job needs the one before it."""
    jobs = yaml.safe_load(named(GUIDE, "github-workflow"))["jobs"]
    order = ["gate", "deploy"]
    assert set(jobs) == set(order)
    assert jobs["deploy"]["needs"] == "gate"
    given = {"secrets": SECRETS, "vars": IDS, "inputs": {"release_id": IDS["RELEASE_ID"]}}

    def filled(value: str) -> str:
        return re.sub(r"\$\{\{ (\w+)\.(\w+) \}\}", lambda found: given[found[1]][found[2]], value)

    return [
        Step(step["run"], {name: filled(value) for name, value in step.get("env", {}).items()})
        for name in order
        for step in jobs[name]["steps"]
        if "run" in step
    ]


def jenkins() -> list[Step]:
    """Return the shell steps of the Jenkinsfile, each with the environment of its stage."""
    stages = re.split(r"^ *stage\(", named(GUIDE, "jenkinsfile"), flags=re.MULTILINE)[1:]
    stored = {"asm-access-key": KEY["access_key"], "asm-secret-key": KEY["secret_key"]}
    return [
        Step(
            textwrap.dedent(re.findall(r"sh '''\n(.*?)'''", stage, re.DOTALL)[0]),
            dict(re.findall(r"^ *(\w+) = '([^']*)'$", stage, re.MULTILINE))
            | {name: stored[key] for name, key in re.findall(r"(\w+) = credentials\('([^']*)'\)", stage)},
        )
        for stage in stages
    ]


def command() -> list[Step]:
    """Return the command of the guide, and a deployment that follows it."""
    return [Step(named(GUIDE, "command")), Step("ansible-playbook -i inventory.yml deploy.yml")]


PIPELINES = {"gitlab-ci": gitlab, "github-workflow": github, "jenkinsfile": jenkins, "command": command}
SECRETS_OF_THE_PROJECT = {"gitlab-ci": SECRETS, "command": SECRETS}
"""What a CI system gives to every job, besides the IDs."""


@pytest.fixture(params=slow_but_for("gitlab-ci", of={name: name for name in PIPELINES}))
def pipeline(request: pytest.FixtureRequest) -> str:
    """The name of a pipeline of the guide."""
    return str(request.param)


def _scenario(phase: str) -> dict[str, Any]:
    release = {"id": "reviews-canary", "mesh_id": "example-mesh", "namespace": "bookinfo", "steps": [{"phase": phase}]}
    return {"credentials": {"keys": [KEY]}, "releases": [release]}


@pytest.fixture(scope="module")
def simulators() -> Iterator[Mapping[str, Running]]:
    """A simulator whose release runs, and one whose release has failed."""
    with serving(_scenario("Running")) as opens, serving(_scenario("Failed")) as refuses:
        yield {"Running": opens, "Failed": refuses}


def _run(
    ansible: Ansible, pipeline: str, simulator: Running, without: frozenset[str] = frozenset(), **given: str
) -> list[Run]:
    """Run the steps of a pipeline until one fails, as its CI system does.

    Args:
        without: variables of the environment that it lacks.
        given: those that whoever starts it has chosen.
    """
    (ansible.directory / "gate-options.yml").write_text(named(GUIDE, "options"), encoding="utf-8")
    (ansible.directory / "deploy.yml").write_text(DEPLOY, encoding="utf-8")
    (ansible.directory / "inventory.yml").write_text("all: {hosts: {localhost: {ansible_connection: local}}}", "utf-8")
    runs: list[Run] = []
    for step in PIPELINES[pipeline]():
        commands = "\n".join(line for line in step.commands.splitlines() if line not in INSTALLING)
        environment = {**IDS, **SECRETS_OF_THE_PROJECT.get(pipeline, {}), **step.environment, **given}
        # It takes precedence over the region of the pipeline, so no request goes to the real cloud.
        environment["HUAWEICLOUD_ASM_ENDPOINT"] = simulator.url
        environment = {name: value for name, value in environment.items() if name not in without}
        runs.append(ansible.shell(commands, environment=environment))
        if runs[-1].returncode:
            break
    return runs


def _verdict(ansible: Ansible) -> dict[str, Any]:
    verdict: dict[str, Any] = json.loads((ansible.directory / "verdict.json").read_text(encoding="utf-8"))
    return verdict


def _deployed(runs: list[Run]) -> bool:
    return any(entry.task == "Deploy" for run in runs for entry in run.results)


def test_a_pipeline_deploys_behind_an_open_gate(
    ansible: Ansible, simulators: Mapping[str, Running], pipeline: str
) -> None:
    runs = _run(ansible, pipeline, simulators["Running"])

    assert [run.returncode for run in runs] == [0] * len(PIPELINES[pipeline]()), runs[-1].output
    assert _deployed(runs)
    assert _verdict(ansible)["outcome"] == "reached"


def test_a_pipeline_deploys_nothing_when_the_release_has_failed(
    ansible: Ansible, simulators: Mapping[str, Running], pipeline: str
) -> None:
    runs = _run(ansible, pipeline, simulators["Failed"])

    assert runs[-1].returncode == 2, runs[-1].output
    assert not _deployed(runs)
    assert _verdict(ansible)["outcome"] == "failed"
    assert "release_gate: reviews-canary (bookinfo) Failed, 3/3 ready" in runs[-1].stderr


@pytest.mark.parametrize(
    "release_id",
    [
        "{{ lookup('ansible.builtin.pipe', 'touch templated') }}reviews-canary",
        "#jinja2:variable_start_string:'[['\n[[ lookup('ansible.builtin.pipe', 'touch templated') ]]",
        "reviews-canary release_gate_on_missing=accept",
        "reviews-canary\n::error::##teamcity[buildStatus]",
    ],
    ids=["template", "header", "option", "commands"],
)
def test_whoever_chooses_the_id_chooses_nothing_else(
    ansible: Ansible, simulators: Mapping[str, Running], release_id: str
) -> None:
    runs = _run(ansible, "command", simulators["Running"], RELEASE_ID=release_id)

    assert runs[-1].returncode == 2, runs[-1].output
    assert not (ansible.directory / "templated").exists()
    assert re.search(r"##\w*\[|^::", runs[-1].output, re.MULTILINE) is None
    assert _verdict(ansible)["target"]["release_id"] == release_id
    assert _verdict(ansible)["outcome"] in ("error", "missing")


@pytest.mark.slow
def test_a_pipeline_deploys_nothing_without_its_secrets(
    ansible: Ansible, simulators: Mapping[str, Running], pipeline: str
) -> None:
    runs = _run(ansible, pipeline, simulators["Running"], without=frozenset(SECRETS))

    assert runs[-1].returncode == 2, runs[-1].output
    assert "[WARNING]" not in runs[-1].output
    assert not _deployed(runs)
    assert _verdict(ansible)["error"]["kind"] == "credentials"


@pytest.mark.slow
def test_a_verdict_is_what_the_guide_shows_and_is_read_as_it_says(
    ansible: Ansible, simulators: Mapping[str, Running]
) -> None:
    _run(ansible, "gitlab-ci", simulators["Failed"])
    verdict, shown = _verdict(ansible), json.loads(named(GUIDE, "verdict"))

    assert list(verdict) == list(shown)
    assert verdict["timeline"][0].keys() == shown["timeline"][0].keys()
    same = ("outcome", "msg", "failed", "check_mode", "target", "error")
    assert {key: verdict[key] for key in same} == {key: shown[key] for key in same}
    assert ansible.shell(named(GUIDE, "read-verdict")).stdout == f"failed: no error: {shown['msg']}\n"


@pytest.mark.parametrize(
    ("name", "schema"), [("gitlab-ci", "vendor.gitlab-ci"), ("github-workflow", "vendor.github-workflows")]
)
@pytest.mark.parametrize("guide", [GUIDE, GUIDES / "simulator.rst"], ids=lambda guide: str(guide.stem))
def test_a_pipeline_follows_the_schema_of_its_ci_system(tmp_path: Path, guide: Path, name: str, schema: str) -> None:
    file = tmp_path / f"{name}.yml"
    file.write_text(named(guide, name), encoding="utf-8")

    # The schemas are in the package; none is fetched.
    checked = subprocess.run(
        [PROGRAMS / "check-jsonschema", "--builtin-schema", schema, file],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
def test_the_jenkinsfile_is_groovy() -> None:
    # It raises what Lark raises on a word that Groovy does not have there.
    assert parse_groovy_content(named(GUIDE, "jenkinsfile")).data == "compilation_unit"
