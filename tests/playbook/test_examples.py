# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example that the documentation shows runs as it stands there, and every gate in it refuses a failed release.

An example is a block of YAML or a shell command in README.md, in the role's README or in a guide, or the EXAMPLES of a
plugin. A block with a name is tried by a test of its guide; a rulebook is held against ansible-rulebook's own schema.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.huaweicloud.asm.tests.guides.blocks import OPENINGS, blocks
from ansible_collections.huaweicloud.asm.tests.playbook.harness import ROOT, Ansible, Run
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving
from ansible_rulebook.validators import Validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

MESH_ID = "example-mesh"
RELEASE_IDS = ["reviews-canary", "ratings-canary"]
RELEASES: Mapping[str, Mapping[str, str]] = {
    "reviews-canary": {},
    "ratings-canary": {},
    # Those of a train.
    "reviews-next": {"version": "2.1"},
    "ratings-next": {"namespace": "shop", "service": "ratings"},
}
"""What the examples take for granted of each release."""
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
"""What the examples leave to their reader."""

INVENTORY = json.dumps(
    {"all": {"children": {"web": {"hosts": {"web1": {}, "web2": {}}, "vars": {"ansible_connection": "local"}}}}}
)

SHORT = re.compile(r"^(?P<option>\s*(?:release_gate_)?(?:stable_for|wait_sleep): )\d+$", re.MULTILINE)
"""Options whose seconds a passing example really takes; they run with 1."""

TRIED = {"yaml", "shell"}
QUOTED = {"groovy", "ini", "json", "text"}
"""By the language of a block. Any other name of a language would let an example go by untried."""

WRITTEN_IN = "/var/lib/pipeline/"
"""The folder of their reader that examples write in."""

DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("roles/*/README.md")), *sorted(ROOT.glob("docs/docsite/rst/*.rst"))]
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
    """A piece of documentation that can be run, and where it stands."""

    place: str
    language: str
    text: str

    @property
    def is_rulebook(self) -> bool:
        """Return whether it is for ansible-rulebook, and not for Ansible."""
        return self.language == "yaml" and "sources" in yaml.safe_load(self.text)[0]

    @property
    def is_gate(self) -> bool:
        """Return whether it waits for a release, and so must refuse one that has failed."""
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
    """Return sources of events in a rulebook of their own."""
    rule = {"name": "Tell", "condition": "event.kind is defined", "action": {"debug": {}}}
    return json.dumps([{"name": "Watch", "hosts": "all", "sources": yaml.safe_load(sources), "rules": [rule]}])


EXAMPLES = [example for path in DOCUMENTS for example in _in_document(path)] + [_in_plugin(path) for path in SOURCES]
RULEBOOKS = [example for example in EXAMPLES if example.is_rulebook]
RUN = [example for example in EXAMPLES if not example.is_rulebook]


def _parameters(examples: Sequence[Example]) -> list[Any]:
    """Return examples as parameters: those of README.md, and as slow ones the others."""
    return [
        pytest.param(each, id=each.place, marks=[] if each.place.startswith("README.md") else pytest.mark.slow)
        for each in examples
    ]


def _playbook(text: str, folder: Path) -> str:
    """Return an example as a playbook that writes in ``folder``: plays as they are, tasks in a play of their own."""
    text = SHORT.sub(r"\g<option>1", text).replace(WRITTEN_IN, f"{folder}/")
    if "hosts" in yaml.safe_load(text)[0]:
        return text
    return "- hosts: localhost\n  gather_facts: false\n  tasks:\n" + textwrap.indent(text, " " * 4)


def _run(ansible: Ansible, simulator: Running, example: Example) -> Run:
    environment = {
        # It wins over the region that an example names, so nothing is asked of the real cloud.
        "HUAWEICLOUD_ASM_ENDPOINT": simulator.url,
        "_HUAWEICLOUD_ASM_METADATA_ENDPOINT": simulator.url,
        "HW_ACCESS_KEY": KEY["access_key"],
        "HW_SECRET_KEY": KEY["secret_key"],
    }
    if example.language == "yaml":
        # What an example includes, the reader brings along.
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
    """A simulator whose releases all run, with an empty record."""
    running_simulator.reset()
    return running_simulator


@pytest.fixture
def failed_releases(failed_simulator: Running) -> Running:
    """A simulator whose releases have all failed."""
    failed_simulator.reset()
    return failed_simulator


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_block_of_a_document_is_overlooked(path: Path) -> None:
    openings = OPENINGS.findall(path.read_text(encoding="utf-8"))

    assert [block.language for block in blocks(path)] == openings
    assert {block.language for block in blocks(path)} <= TRIED | QUOTED


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_block_with_a_name_is_one_that_a_test_of_its_guide_takes(path: Path) -> None:
    tests = [each.read_text(encoding="utf-8") for each in Path(__file__).parent.glob("*.py")]
    about = [test for test in tests if f'"{path.name}"' in test]
    names = [block.name for block in blocks(path) if block.name]

    assert [name for name in names if not any(f'"{name}"' in test for test in about)] == []


@pytest.mark.parametrize("example", _parameters(RUN))
def test_an_example_runs(ansible: Ansible, running_releases: Running, example: Example) -> None:
    run = _run(ansible, running_releases, example)

    assert run.returncode == 0, run.output
    assert set(running_releases.summary()["by_status"]) == {"200"}, run.output
    assert not any(entry.outcome in {"failed", "ignored", "unreachable"} for entry in run.results), run.output


@pytest.mark.parametrize("example", _parameters([example for example in RUN if example.is_gate]))
def test_a_gate_of_an_example_refuses_a_failed_release(
    ansible: Ansible, failed_releases: Running, example: Example
) -> None:
    run = _run(ansible, failed_releases, example)

    assert run.returncode == 2, run.output
    assert "which is one of failure_phases" in run.output
    assert not any(entry.task in {"Deploy", "Go on"} for entry in run.results), run.output


@pytest.mark.parametrize("example", RULEBOOKS, ids=lambda example: example.place)
def test_a_rulebook_is_one_for_ansible_rulebook(example: Example) -> None:
    # It raises what is wrong.
    Validate.rulebook(yaml.safe_load(example.text))


def test_the_event_source_has_a_rulebook_as_example() -> None:
    assert any("event_source" in example.place for example in RULEBOOKS)
