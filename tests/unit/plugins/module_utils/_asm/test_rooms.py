# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one direction of imports: who may know whom. Whatever is not in these tables is not allowed."""

from __future__ import annotations

import ast
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGINS = Path(__file__).parents[5] / "plugins"
ROOMS = PLUGINS / "module_utils" / "_asm"
PACKAGE = "ansible_collections.huaweicloud.asm.plugins.module_utils._asm."

MAY_KNOW: dict[str, set[str]] = {
    "text": set(),
    "errors": set(),
    "files": {"errors"},
    "verdict": {"errors"},
    "options": {"errors", "text"},
    "raw_options": {"errors", "options", "text"},
    "endpoints": {"errors", "options", "text"},
    "signing": set(),
    "credentials": {"endpoints", "errors", "options", "text"},
    "proxy": {"endpoints", "errors"},
    "transport": {"endpoints", "errors", "proxy", "text"},
    "login": {"credentials", "errors", "signing", "text", "transport"},
    "client": {"errors", "login", "options", "transport"},
    "release": {"errors", "text"},
    "gate": {"errors", "options", "release"},
    "wording": {"errors", "gate", "options", "release", "text"},
    "entry": {"options", "release", "text"},
    "roster": {"errors", "options", "release", "text"},
    "train": {"errors", "gate", "options", "roster"},
    "train_wording": {"text", "train", "wording"},
    "report": {"errors", "gate", "options", "release", "text", "wording"},
    "train_report": {"options", "release", "report", "train", "train_wording", "wording"},
    "watch": {"errors", "transport"},
    "lasting": {"gate", "options", "release", "train"},
    "follow": {"gate", "lasting", "options", "release", "train"},
    "follow_state": {"follow", "gate", "options", "release", "train"},
    "event_report": {"follow", "release", "report", "text", "wording"},
    "state_file": {"errors", "files"},
    "session": {
        "client",
        "credentials",
        "endpoints",
        "errors",
        "login",
        "options",
        "release",
        "roster",
        "text",
        "transport",
        "watch",
    },
    "poll": {"errors", "gate", "options", "release", "roster", "session", "train"},
    "read_train": {
        "errors",
        "gate",
        "options",
        "poll",
        "report",
        "session",
        "text",
        "train",
        "train_report",
        "train_wording",
        "watch",
    },
    "read_gate": {
        "errors",
        "gate",
        "options",
        "release",
        "report",
        "session",
        "text",
        "watch",
        "wording",
    },
    "read_events": {
        "endpoints",
        "errors",
        "event_report",
        "follow",
        "follow_state",
        "lasting",
        "options",
        "poll",
        "session",
        "state_file",
        "text",
        "train",
        "watch",
    },
    "task_limit": set(),
    "read": {"errors", "options", "read_gate", "read_train", "report", "session", "task_limit", "text", "watch"},
}

HTTP = {"requests", "urllib3", "http", "socket", "ssl", "urllib.request"}
MAY_KNOW_HTTP = {
    "transport": HTTP,
    "login": {"requests"},
    "client": {"requests"},
    "signing": {"requests"},
}

MAY_KNOW_TIME = {"watch", "session", "login", "client", "transport", "signing", "errors", "read_events"}
"""The other rooms are the same at any time; `gate` above all."""

MAY_KNOW_FILES = {"credentials", "files", "state_file", "transport", "watch"}

ADAPTERS = {
    "modules/asm_release_info.py": ({"options", "read", "task_limit", "watch"}, {"ansible.module_utils.basic"}),
    "action/asm_verdict_file.py": (
        {"errors", "files", "text", "verdict"},
        {"ansible.module_utils.common.arg_spec", "ansible.plugins.action"},
    ),
    "action/asm_release_info.py": (
        {"errors", "options", "raw_options", "read", "read_gate", "read_train", "task_limit", "transport", "watch"},
        {
            "ansible.module_utils.common.arg_spec",
            "ansible.module_utils.common.validation",
            "ansible.module_utils.errors",
            "ansible.plugins.action",
            "ansible.utils.display",
        },
    ),
    "lookup/asm_release.py": (
        {"errors", "options", "raw_options", "read", "text", "watch"},
        {
            "ansible.errors",
            "ansible.module_utils.common.arg_spec",
            "ansible.plugins.lookup",
            "ansible.utils.display",
        },
    ),
    "../extensions/eda/plugins/event_source/asm_release.py": (
        {"errors", "options", "raw_options", "read_events", "text", "watch"},
        {"ansible.module_utils.common.arg_spec"},
    ),
    "plugin_utils/vault.py": ({"errors"}, {"ansible.errors"}),
    "test/in_phase.py": ({"entry"}, {"ansible.errors"}),
    "test/rolled_out.py": ({"entry"}, {"ansible.errors"}),
}


def imported(path: Path) -> Iterator[str]:
    """Yield what a file imports, in full: `from . import a` as `.a`, `from x import y` as `x.y`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}{'' if module.endswith('.') else '.'}{name.name}" for name in node.names)


def rooms(path: Path) -> set[str]:
    """Return the rooms that a file knows."""
    relative = {name[1:].partition(".")[0] for name in imported(path) if name.startswith(".")}
    return relative | {name[len(PACKAGE) :].partition(".")[0] for name in imported(path) if name.startswith(PACKAGE)}


def foreign(path: Path) -> set[str]:
    """Return what a file imports from outside of the collection."""
    return {name for name in imported(path) if not name.startswith((".", "ansible_collections.huaweicloud.asm."))}


def knows(path: Path, modules: set[str]) -> set[str]:
    """Return which of the modules a file imports, or something of."""
    return {module for module in modules for name in foreign(path) if f"{name}.".startswith(f"{module}.")}


def test_every_room_is_in_the_table() -> None:
    assert {path.stem for path in ROOMS.glob("*.py")} - {"__init__"} == set(MAY_KNOW)


def test_every_adapter_is_in_the_table() -> None:
    folders = ("modules", "action", "lookup", "plugin_utils", "test", "../extensions/eda/plugins/event_source")
    found = {f"{folder}/{path.name}" for folder in folders for path in (PLUGINS / folder).glob("*.py")}
    assert found == set(ADAPTERS)


def test_there_is_one_direction_and_no_way_back() -> None:
    done: set[str] = set()
    while len(done) < len(MAY_KNOW):
        ready = {room for room, known in MAY_KNOW.items() if known <= done} - done
        assert ready, f"these know each other in a circle: {set(MAY_KNOW) - done}"
        done |= ready


@functools.cache
def known(path: Path, at_once: bool) -> set[str]:
    """Return the rooms that a file knows, and those that they know; ``at_once``, as soon as it is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [node for node in (tree.body if at_once else ast.walk(tree)) if isinstance(node, ast.ImportFrom)]
    own = {
        part.name if node.module in {None, PACKAGE[:-1]} else (node.module or "").rpartition(".")[2]
        for node in nodes
        if node.level or f"{node.module}.".startswith(PACKAGE)
        for part in node.names
    }
    return own.union(*(known(ROOMS / f"{room}.py", at_once) for room in own))


def test_what_a_worker_needs_is_imported_in_the_controller() -> None:
    path = PLUGINS / "action" / "asm_release_info.py"
    assert known(path, at_once=True) == known(path, at_once=False)


@pytest.mark.parametrize("room", MAY_KNOW)
def test_a_room_knows_only_the_rooms_below_it(room: str) -> None:
    assert rooms(ROOMS / f"{room}.py") <= MAY_KNOW[room]


@pytest.mark.parametrize("room", MAY_KNOW)
def test_what_may_run_on_a_target_knows_of_ansible_only_what_is_sent_there(room: str) -> None:
    ansible = {name for name in foreign(ROOMS / f"{room}.py") if name.partition(".")[0].startswith("ansible")}
    assert {name for name in ansible if not name.startswith("ansible.module_utils.")} == set()


@pytest.mark.parametrize("room", MAY_KNOW)
def test_only_few_rooms_know_http(room: str) -> None:
    assert knows(ROOMS / f"{room}.py", HTTP) <= MAY_KNOW_HTTP.get(room, set())


@pytest.mark.parametrize("room", sorted(set(MAY_KNOW) - MAY_KNOW_TIME))
def test_the_rules_know_no_clock(room: str) -> None:
    path = ROOMS / f"{room}.py"
    now = {
        node.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)
    }
    assert knows(path, {"time"}) | now & {"now", "utcnow", "today", "monotonic"} == set()


@pytest.mark.parametrize("room", sorted(set(MAY_KNOW) - MAY_KNOW_FILES))
def test_the_other_rooms_know_neither_files_nor_the_environment(room: str) -> None:
    assert knows(ROOMS / f"{room}.py", {"os", "pathlib", "io", "subprocess", "tempfile"}) == set()


@pytest.mark.parametrize("room", MAY_KNOW)
def test_a_room_needs_nothing_but_python_ansible_and_requests(room: str) -> None:
    # There since Python 3.10; the oldest target runs 3.9.
    known = getattr(sys, "stdlib_module_names", None)
    if known is None:
        pytest.skip("this Python does not list its own modules")
    outside = {name.partition(".")[0] for name in foreign(ROOMS / f"{room}.py")} - set(known)
    assert outside <= {"ansible", "requests", "urllib3"}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_knows_the_entry_the_options_and_its_side_of_ansible(adapter: str) -> None:
    may_know, of_ansible = ADAPTERS[adapter]
    path = PLUGINS / adapter
    assert rooms(path) <= may_know
    ansible = {name for name in foreign(path) if name.startswith("ansible.")}
    assert {name for name in ansible if not name.startswith(tuple(f"{module}." for module in of_ansible))} == set()
    assert knows(path, HTTP | {"time", "subprocess"}) == set()
