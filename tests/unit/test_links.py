# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links to our own repository have a file, and README.md has no relative links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = re.compile(r"https://github\.com/huaweicloud-asm/ansible-collection-asm/(?:blob|tree)/main/([^\s)>\"'`#]+)")
"""Links for readers without a checkout, as in Galaxy, `ansible-doc` and the guides."""
TARGETS = re.compile(r"\]\(([^)\s]+)\)")

DOCUMENTS = [
    path
    for pattern in (
        "*.md",
        "*.yml",
        ".github/**/*",
        "docs/**/*.md",
        "docs/**/*.rst",
        "docs/**/*.yml",
        "extensions/**/*",
        "plugins/**/*.py",
        "plugins/**/*.yml",
        "roles/**/*.md",
        "roles/**/*.yml",
    )
    for path in sorted(ROOT.glob(pattern))
    if path.is_file() and path.suffix != ".pyc"
]


def own_links(path: Path) -> list[str]:
    """Return the paths in the repository that a document links to."""
    return OURS.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if own_links(path)], ids=lambda path: str(path.relative_to(ROOT))
)
def test_link_to_the_repository_has_a_file(path: Path) -> None:
    assert [target for target in own_links(path) if not (ROOT / target).exists()] == []


def test_readme_has_no_relative_links() -> None:
    """Galaxy shows README.md without any other file."""
    targets = TARGETS.findall((ROOT / "README.md").read_text(encoding="utf-8"))

    assert targets
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []
