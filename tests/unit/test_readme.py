# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""README.md lists what the collection contains, and its table of contents leads to its sections."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_contents_name_every_plugin_and_role() -> None:
    plugins = {
        path.stem for folder in ("modules", "lookup", "test") for path in (ROOT / "plugins" / folder).glob("[!_]*.*")
    }
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    sources = {path.stem for path in (ROOT / "extensions" / "eda" / "plugins" / "event_source").glob("*.py")}

    named = re.findall(r"`(\w+)`", _section("Contents of the collection"))

    assert plugins | roles | sources <= set(named)


def test_every_guide_is_linked() -> None:
    guides = {path.name for path in (ROOT / "docs" / "docsite" / "rst").glob("*.rst")}

    assert set(re.findall(r"/docs/docsite/rst/(\w+\.rst)\)", _section("Guides"))) == guides


def test_table_of_contents_has_every_section() -> None:
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\)$", README, re.MULTILINE)

    assert [title for title, _anchor in listed] == re.findall(r"^## (.+)$", README, re.MULTILINE)
    assert [anchor for _title, anchor in listed] == [title.lower().replace(" ", "-") for title, _anchor in listed]
