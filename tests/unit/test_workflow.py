# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The workflow on GitHub runs what `make check` and `make matrix` run, and may do nothing else there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    """The one workflow."""
    (path,) = (ROOT / ".github" / "workflows").iterdir()
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def run_for_each(job: dict[str, Any], name: str) -> set[str]:
    """Return the values of the job's matrix, each of which is on a machine of its own."""
    return set(job["strategy"]["matrix"][name])


def test_it_runs_every_target_of_make_check(workflow: dict[str, Any]) -> None:
    found = re.search(r"^check: (?P<targets>[^#]+?) *##", MAKEFILE, re.MULTILINE)
    assert found

    ran = run_for_each(workflow["jobs"]["check"], "target")
    cores = run_for_each(workflow["jobs"]["matrix"], "core")
    ran |= {f"core-{core}" for core in cores}
    # A cell runs all tests, so those of `make test` and the slow ones, too.
    ran |= {"slow", "slow-unit", *(f"test-{core}" for core in cores & {"2.16", "2.21"})}

    assert set(found["targets"].split()) <= ran
    assert not {target for target in ran if not re.search(rf"^{re.escape(target)}:", MAKEFILE, re.MULTILINE)}


def test_it_runs_every_cell_of_make_matrix(workflow: dict[str, Any]) -> None:
    cells = set(re.findall(r"^core-([0-9.]+):.*##", MAKEFILE, re.MULTILINE))

    assert len(cells) > 1
    assert run_for_each(workflow["jobs"]["matrix"], "core") == cells


def test_it_may_only_read(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    assert not [name for name, job in workflow["jobs"].items() if "permissions" in job]
    assert "secrets." not in str(workflow)


def test_an_action_is_named_by_its_commit(workflow: dict[str, Any]) -> None:
    """A tag can be moved to other code."""
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]

    assert used
    assert [action for action in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action)] == []
