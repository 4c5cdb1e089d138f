# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of the documentation runs unchanged, and every gate in it stays closed for a failed release.

An example is a block of YAML or a shell command in README.md, in the role's README, on the front page or in a guide, or
the EXAMPLES of a plugin. A test of its guide runs a block with a name. A rulebook is checked against the schema of
ansible-rulebook.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.huaweicloud.asm.tests.guides.blocks import OPENINGS, blocks
from ansible_collections.huaweicloud.asm.tests.playbook.harness import PROGRAMS, ROOT, Ansible, Run
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving
from ansible_rulebook.validators import Validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

MESH_ID = "example-mesh"
RELEASE_IDS = ["reviews-canary", "ratings-canary"]
RELEASES: Mapping[str, Mapping[str, str]] = {
    "reviews-canary": {},
    "ratings-canary": {"service": "ratings"},
    "ratings-next": {"namespace": "shop", "service": "ratings"},
    # The last one of a service is its current release.
    "reviews-next": {"service": "reviews", "version": "2.1"},
}
"""What the examples assume about each release."""
KEY = {"access_key": "INVENTEDEXAMPLEKEY", "secret_key": "invented-secret-key-of-the-examples"}

VARIABLES = {
    "mesh_id": MESH_ID,
    "release_id": RELEASE_IDS[0],
    "release_ids": RELEASE_IDS,
    "reviews_id": "reviews-next",
    "ratings_id": "ratings-next",
    "vault_access_key": KEY["access_key"],
    "vault_secret_key": KEY["secret_key"],
}
"""Variables that readers of the examples set."""

INVENTORY = json.dumps(
    {"all": {"children": {"web": {"hosts": {"web1": {}, "web2": {}}, "vars": {"ansible_connection": "local"}}}}}
)

SHORT = re.compile(r"^(?P<option>\s*(?:release_gate_)?(?:stable_for|wait_sleep|delay): )\d+$", re.MULTILINE)
"""Options whose seconds an example really takes. They run with 1."""

TRIED = {"yaml", "shell"}
QUOTED = {"bash", "groovy", "ini", "json", "text"}
"""By the language of a block; commands that no test runs are `bash`. No other language is allowed."""

WRITTEN_IN = "/var/lib/pipeline/"
"""The folder in which examples write."""

DOCUMENTS = [
    ROOT / "README.md",
    *sorted(ROOT.glob("roles/*/README.md")),
    ROOT / "docs" / "site" / "index.rst",
    *sorted(ROOT.glob("docs/docsite/rst/*.rst")),
]
SOURCES = [
    *(
        path
        for folder in ("modules", "lookup", "test")
        for path in sorted((ROOT / "plugins" / folder).iterdir())
        if (folder == "test") == (path.suffix == ".yml") and path.is_file()
    ),
    *sorted(ROOT.glob("extensions/eda/plugins/event_source/*.py")),
]
"""The files of plugins that have EXAMPLES."""


@dataclass(frozen=True)
class Example:
    """A piece of documentation that can be run, and its place."""

    place: str
    language: str
    text: str

    @property
    def is_rulebook(self) -> bool:
        """Return whether the example is for ansible-rulebook, not for Ansible."""
        return self.language == "yaml" and "sources" in yaml.safe_load(self.text)[0]

    @property
    def is_gate(self) -> bool:
        """Return whether the example waits for a release, and so must fail for a failed one."""
        return bool(re.search(r"wait: true|wait=true|release_gate_success_phases|huaweicloud\.asm\.gate\b", self.text))


def _in_document(path: Path) -> list[Example]:
    return [
        Example(block.place, block.language, block.text)
        for block in blocks(path)
        if block.language in TRIED and not block.name
    ]


def _in_plugin(path: Path) -> Example:
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".yml":
        text = yaml.safe_load(content)["EXAMPLES"]
    else:
        text = next(
            ast.literal_eval(node.value)
            for node in ast.parse(content).body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXAMPLES"
        )
    if path.parent.name == "event_source":
        text = _rulebook(text)
    return Example(str(path.relative_to(ROOT)), "yaml", text)


def _rulebook(sources: str) -> str:
    """Return event sources as a rulebook."""
    rule = {"name": "Print", "condition": "event.kind is defined", "action": {"debug": {}}}
    return json.dumps([{"name": "Watch", "hosts": "all", "sources": yaml.safe_load(sources), "rules": [rule]}])


EXAMPLES = [example for path in DOCUMENTS for example in _in_document(path)] + [_in_plugin(path) for path in SOURCES]
RULEBOOKS = [example for example in EXAMPLES if example.is_rulebook]
RUN = [example for example in EXAMPLES if not example.is_rulebook]


def _parameters(examples: Sequence[Example], words: str = "") -> list[Any]:
    """Return examples as parameters; all but those of README.md (with these words) are slow."""
    return [
        pytest.param(
            each,
            id=each.place,
            marks=[] if each.place.startswith("README.md") and words in each.text else pytest.mark.slow,
        )
        for each in examples
    ]


def _playbook(text: str, folder: Path) -> str:
    """Return an example as a playbook that writes in ``folder``; tasks get a play."""
    text = SHORT.sub(r"\g<option>1", text).replace(WRITTEN_IN, f"{folder}/")
    if "hosts" in yaml.safe_load(text)[0]:
        return text
    return "- hosts: localhost\n  gather_facts: false\n  tasks:\n" + textwrap.indent(text, " " * 4)


def _run(ansible: Ansible, simulator: Running, example: Example) -> Run:
    environment = {
        # It takes precedence over the region of an example, so no request goes to the real cloud.
        "HUAWEICLOUD_ASM_ENDPOINT": simulator.url,
        "_HUAWEICLOUD_ASM_METADATA_ENDPOINT": simulator.url,
        "HW_ACCESS_KEY": KEY["access_key"],
        "HW_SECRET_KEY": KEY["secret_key"],
    }
    if example.language == "yaml":
        # A file that an example includes.
        (ansible.directory / "shift.yml").write_text("[]", encoding="utf-8")
        return ansible.playbook(
            _playbook(example.text, ansible.directory),
            inventory=INVENTORY,
            extra_vars=VARIABLES,
            environment=environment,
        )
    return ansible.shell(example.text, environment={**environment, "MESH_ID": MESH_ID, "RELEASE_ID": RELEASE_IDS[0]})


def _scenario(phase: str) -> dict[str, Any]:
    releases = [
        {"id": release_id, "mesh_id": MESH_ID, "namespace": "bookinfo", "steps": [{"phase": phase}], **more}
        for release_id, more in RELEASES.items()
    ]
    return {"credentials": {"keys": [KEY]}, "releases": releases}


@pytest.fixture(scope="module")
def running_simulator() -> Iterator[Running]:
    with serving(_scenario("Running")) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def failed_simulator() -> Iterator[Running]:
    with serving(_scenario("Failed")) as simulator:
        yield simulator


@pytest.fixture
def running_releases(running_simulator: Running) -> Running:
    """A simulator whose releases all run, without recorded requests."""
    running_simulator.reset()
    return running_simulator


@pytest.fixture
def failed_releases(failed_simulator: Running) -> Running:
    """A simulator whose releases have all failed."""
    failed_simulator.reset()
    return failed_simulator


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_of_a_document_is_read(path: Path) -> None:
    openings = OPENINGS.findall(path.read_text(encoding="utf-8"))

    assert [block.language for block in blocks(path)] == openings
    assert {block.language for block in blocks(path)} <= TRIED | QUOTED


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_block_has_a_test_of_its_guide(path: Path) -> None:
    tests = [each.read_text(encoding="utf-8") for each in Path(__file__).parent.glob("*.py")]
    about = [test for test in tests if f'"{path.name}"' in test]
    names = [block.name for block in blocks(path) if block.name]

    assert [name for name in names if not any(f'"{name}"' in test for test in about)] == []


@pytest.mark.parametrize("example", _parameters(RUN))
def test_example_runs(ansible: Ansible, running_releases: Running, example: Example) -> None:
    run = _run(ansible, running_releases, example)

    assert run.returncode == 0, run.output
    assert set(running_releases.summary()["by_status"]) == {"200"}, run.output
    assert not any(entry.outcome in {"failed", "ignored", "unreachable"} for entry in run.results), run.output


# The tests of the role and of the pipelines have the other two ways to close a gate.
@pytest.mark.parametrize("example", _parameters([example for example in RUN if example.is_gate], "wait: true"))
def test_gate_of_an_example_stays_closed_for_a_failed_release(
    ansible: Ansible, failed_releases: Running, example: Example
) -> None:
    run = _run(ansible, failed_releases, example)

    assert run.returncode == 2, run.output
    assert "which is one of failure_phases" in run.output
    assert not any(entry.task in {"Deploy", "Go on"} for entry in run.results), run.output


@pytest.mark.parametrize("example", RULEBOOKS, ids=lambda example: example.place)
def test_rulebook_follows_the_schema_of_ansible_rulebook(example: Example) -> None:
    # An invalid rulebook raises an error.
    Validate.rulebook(yaml.safe_load(example.text))


def test_event_source_has_an_example() -> None:
    assert any("event_source" in example.place for example in RULEBOOKS)


@pytest.mark.slow
def test_examples_of_the_front_pages_pass_ansible_lint(tmp_path: Path, installed_collection: Path) -> None:
    front = re.compile(r"(README\.md|docs/site/index\.rst)-")
    for example in (each for each in RUN if each.language == "yaml" and front.match(each.place)):
        folder = tmp_path / ("playbooks" if "hosts" in yaml.safe_load(example.text)[0] else "tasks")
        folder.mkdir(exist_ok=True)
        name = re.sub(r"\W+", "-", example.place)
        (folder / f"{name}.yml").write_text(f"---\n{example.text}", encoding="utf-8")
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(installed_collection),
        "HOME": str(tmp_path),
        "PATH": f"{PROGRAMS}:/usr/bin:/bin",
    }

    linted = subprocess.run(
        [PROGRAMS / "ansible-lint", "--offline", "--profile", "production", "--nocolor"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert linted.returncode == 0, linted.stdout + linted.stderr
