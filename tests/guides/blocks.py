# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks of code in a document: what a reader copies, and what a test runs or holds true."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "docsite" / "rst"

_BLOCKS = {
    ".md": re.compile(r"^```(?P<language>\w+)\n(?P<options>)(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL),
    ".rst": re.compile(
        r"^\.\. code-block:: (?P<language>\w+)\n(?P<options>(?: {4}:[\w-]+: [^\n]+\n)*)\n"
        r"(?P<text>(?:(?: {4}[^\n]*)?\n)+)",
        re.MULTILINE,
    ),
}
OPENINGS = re.compile(r"^[ ]*(?:```|\.\. code(?:-block)?:: *|\.\. sourcecode:: *)(?P<language>\w+)", re.MULTILINE)
"""Wherever a block begins, also one that is laid out in another way than `blocks` reads."""

_NAME = re.compile(r"^ {4}:name: (\S+)$", re.MULTILINE)
_HEADING = re.compile(r"^(?P<title>\S[^\n]*)\n(?P<line>[-=]{3,})$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """``name`` is that of a block with one, else empty; ``section`` is the title that it stands under."""

    place: str
    language: str
    name: str
    section: str
    text: str


def blocks(path: Path) -> list[Block]:
    """Return all blocks of a document, Markdown or reStructuredText."""
    content = path.read_text(encoding="utf-8")
    found = []
    for number, block in enumerate(_BLOCKS[path.suffix].finditer(content), start=1):
        name = _NAME.search(block["options"])
        titles = [heading["title"] for heading in _HEADING.finditer(content, 0, block.start())]
        found.append(
            Block(
                place=f"{path.relative_to(ROOT)}-{number}",
                language=block["language"],
                name=name[1] if name else "",
                section=titles[-1] if titles and path.suffix == ".rst" else "",
                text=textwrap.dedent(block["text"]).strip("\n") + "\n",
            )
        )
    return found


def named(path: Path, name: str) -> str:
    """Return the text of the one block of that name."""
    (text,) = (block.text for block in blocks(path) if block.name == name)
    return text
