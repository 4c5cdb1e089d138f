# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built artifact has all that users need, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def content(installed_collection: Path) -> set[PurePosixPath]:
    """The paths in the artifact, by its own list: Python leaves bytecode in the installed folder."""
    installed = installed_collection / "ansible_collections" / "huaweicloud" / "asm"
    names = {entry["name"] for entry in json.loads((installed / "FILES.json").read_text())["files"]}
    return {PurePosixPath(name) for name in (*names, "MANIFEST.json", "FILES.json") if name != "."}


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        pytest.param(
            ".",
            {
                "CHANGELOG.rst",
                "FILES.json",
                "LICENSE",
                "MANIFEST.json",
                "README.md",
                "SECURITY.md",
                "changelogs",
                "docs",
                "extensions",
                "meta",
                "playbooks",
                "plugins",
                "roles",
            },
            id="root",
        ),
        pytest.param("changelogs", {"changelog.yaml"}, id="changelogs"),
        pytest.param("docs", {"awx", "docsite", "eda"}, id="docs"),
        pytest.param("extensions", {"eda"}, id="extensions"),
        pytest.param(
            "plugins",
            {"action", "doc_fragments", "lookup", "module_utils", "modules", "plugin_utils", "test"},
            id="plugins",
        ),
        pytest.param("playbooks", {"continue_deployment.yml", "gate.yml", "tell_trouble.yml"}, id="playbooks"),
        pytest.param("roles", {"release_gate"}, id="roles"),
    ],
)
def test_content_of_a_folder(content: set[PurePosixPath], folder: str, names: set[str]) -> None:
    assert {path.name for path in content if path.parent == PurePosixPath(folder)} == names


@pytest.mark.parametrize("name", ["awx/execution-environment.yml", "eda/decision-environment.yml"])
def test_an_image_of_the_guides_has_this_version(installed_collection: Path, name: str) -> None:
    installed = installed_collection / "ansible_collections" / "huaweicloud" / "asm"
    version = json.loads((installed / "MANIFEST.json").read_text())["collection_info"]["version"]

    named = re.findall(r"huaweicloud-asm-.*$", (installed / "docs" / name).read_text(encoding="utf-8"), re.MULTILINE)

    assert set(named) == {f"huaweicloud-asm-{version}.tar.gz"}


def test_no_file_is_generated_or_hidden(content: set[PurePosixPath]) -> None:
    unwanted = re.compile(r"(^|/)\.|__pycache__|\.(pyc|pyo|log|orig|rej|swp|tar\.gz)$")

    assert [str(path) for path in content if unwanted.search(str(path))] == []
