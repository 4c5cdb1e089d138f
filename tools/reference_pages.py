# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the reference pages that antsibull-docs does not write: the event source, the playbooks and the rulebooks.

``python tools/reference_pages.py FOLDER`` writes them as reStructuredText. The event source is described by its
DOCUMENTATION, a playbook or a rulebook by the comment at its head.
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from antsibull_docs_parser import parser, rst

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = "huaweicloud.asm"
NOT_SHIPPED = {"demo.yml"}
"""Playbooks that `build_ignore` keeps out of the collection."""

_UNDERLINES = "=-~^"


def heading(text: str, level: int = 0) -> str:
    """Return a heading; level 0 is the title of the page."""
    return f"{text}\n{_UNDERLINES[level] * len(text)}\n"


def block(text: str, language: str) -> str:
    """Return a code block."""
    return f".. code-block:: {language}\n\n{textwrap.indent(text.strip(chr(10)), ' ' * 4)}\n"


def marked_up(text: str) -> str:
    """Return text with Ansible's markup, such as ``O(name)``, as reStructuredText."""
    return rst.to_rst(parser.parse(text, parser.Context())).strip()


def _texts(description: str | Sequence[str]) -> list[str]:
    return [description] if isinstance(description, str) else list(description)


# The event source


def _constant(module: ast.Module, name: str) -> str:
    value = next(
        node.value for node in module.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    )
    return str(ast.literal_eval(value))


def event_source(path: Path) -> str:
    """Return the page of an event source."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    documentation = yaml.safe_load(_constant(module, "DOCUMENTATION"))
    name = f"{path.stem} event source"
    parts = [
        heading(name),
        marked_up(f"{documentation['short_description']}."),
        "Use it in a rulebook as ``" + f"{COLLECTION}.{path.stem}" + "``.",
        heading("Description", 1),
        *(f"- {textwrap.indent(marked_up(each), '  ').strip()}" for each in _texts(documentation["description"])),
        heading("Options", 1),
        *_options(documentation["options"]),
    ]
    if "events" in documentation:
        parts += [heading("Events", 1), *(_definition(f"``{k}``", v) for k, v in documentation["events"].items())]
    parts += [heading("Examples", 1), block(_constant(module, "EXAMPLES"), "yaml")]
    return "\n\n".join(parts) + "\n"


def _options(options: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, option in options.items():
        yield _definition(f"``{name}`` ({', '.join(_facts(option))})", option.get("description", ""))
        if "suboptions" in option:
            yield textwrap.indent("\n\n".join(_options(option["suboptions"])), " " * 4)


def _facts(option: Mapping[str, Any]) -> Iterator[str]:
    elements = f" of {option['elements']}" if "elements" in option else ""
    yield option.get("type", "str") + elements
    if option.get("required"):
        yield "required"
    if option.get("default") not in (None, []):
        yield f"default ``{str(option['default']).lower()}``"
    if "choices" in option:
        yield "one of " + ", ".join(f"``{choice}``" for choice in option["choices"])


def _definition(term: str, description: str | Sequence[str]) -> str:
    paragraphs = "\n\n".join(marked_up(each) for each in _texts(description))
    return f"{term}\n{textwrap.indent(paragraphs, ' ' * 4)}"


# Playbooks and rulebooks


def yaml_files(title: str, introduction: str, folder: Path) -> str:
    """Return a page about the playbooks or the rulebooks of a folder."""
    parts = [heading(title), introduction]
    for path in sorted(folder.glob("*.yml")):
        if path.name not in NOT_SHIPPED:
            parts += [heading(path.stem, 1), *_described(path)]
    return "\n\n".join(parts) + "\n"


def _described(path: Path) -> Iterator[str]:
    """Return the comment at the head of a file, and its content."""
    content = path.read_text(encoding="utf-8").partition("\n---\n")[2]
    lines = content.splitlines()
    count = len(list(itertools.takewhile(lambda line: line.startswith("#"), lines)))
    comment = "\n".join(line[1:].removeprefix(" ") for line in lines[:count])
    for paragraph in re.split(r"\n{2,}", comment):
        yield from _paragraph(paragraph)
    yield block("\n".join(lines[count:]), "yaml")


_VARIABLE = re.compile(r"(\S.*?) {2,}(\S.*)")
"""A line such as ``mesh_id    the mesh to watch``."""


def _paragraph(text: str) -> Iterator[str]:
    """Return a paragraph of a comment; its indented lines are variables with their meaning, or a command."""
    for is_indented, lines in _grouped(text.splitlines()):
        variables = [_VARIABLE.fullmatch(line.strip()) for line in lines]
        if not is_indented:
            yield _escaped("\n".join(lines))
        elif all(variables):
            yield "\n\n".join(f"``{each[1]}``\n    {_escaped(each[2])}" for each in variables if each)
        else:
            yield block(textwrap.dedent("\n".join(lines)), "bash")


def _grouped(lines: Sequence[str]) -> Iterator[tuple[bool, list[str]]]:
    group: list[str] = []
    for line in lines:
        if group and line.startswith("  ") != group[-1].startswith("  "):
            yield group[-1].startswith("  "), group
            group = []
        group.append(line)
    if group:
        yield group[-1].startswith("  "), group


def _escaped(text: str) -> str:
    """Return text as reStructuredText, with what is in backticks as a literal."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(f"``{part}``" if number % 2 else rst.rst_escape(part) for number, part in enumerate(parts))


def main(folder: Path) -> None:
    """Write all pages to a folder."""
    extensions = ROOT / "extensions" / "eda"
    source = extensions / "plugins" / "event_source" / "asm_release.py"
    pages = {
        "asm_release_event_source.rst": event_source(source),
        "playbooks.rst": yaml_files(
            "Playbooks", f"Run a playbook by its name, such as ``{COLLECTION}.gate``.", ROOT / "playbooks"
        ),
        "rulebooks.rst": yaml_files(
            "Rulebooks",
            f"Run a rulebook by its name: ``ansible-rulebook --rulebook {COLLECTION}.NAME``.",
            extensions / "rulebooks",
        ),
    }
    for name, content in pages.items():
        label = f".. _ansible_collections.{COLLECTION}.{name.removesuffix('.rst')}:"
        (folder / name).write_text(f"{label}\n\n{content}", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
