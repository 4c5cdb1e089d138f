# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layers of the package: an import goes down only."""

from __future__ import annotations

import ast
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGINS = Path(__file__).parents[5] / "plugins"
PACKAGE = PLUGINS / "module_utils" / "_asm"
PREFIX = "ansible_collections.huaweicloud.asm.plugins.module_utils._asm."

LAYERS = (
    "runner",
    "events",
    "wait",
    "results",
    "gate",
    "api",
    "connection",
    "options",
    "models",
    "runtime",
    "sanitize",
    "errors",
    "strict_json",
)
"""From top to bottom. A layer is a module or a folder."""

PURE = ("results", "gate", "models")
"""They have no clock, no network, no files and no randomness."""

HTTP = ("api", "connection")

ENTRIES = {"runner", "events", "options", "connection", "runtime", "sanitize", "errors"}
"""What a plugin of Ansible may use; the test plugins use `results` instead."""

FILES = {layer: sorted(PACKAGE.glob(f"{layer}.py")) or sorted((PACKAGE / layer).glob("*.py")) for layer in LAYERS}


def imported(path: Path) -> Iterator[str]:
    """Yield what a file imports: of this package its place within it, such as `.gate.schedule`, of others in full."""
    parents = path.relative_to(PACKAGE).parent.parts if path.is_relative_to(PACKAGE) else ()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            base = [*parents[: len(parents) - node.level + 1], *filter(None, [module])] if node.level else None
            for name in node.names:
                yield "." + ".".join([*base, name.name]) if base is not None else f"{module}.{name.name}"


def layers_of(path: Path) -> set[str]:
    """Return the layers that a file imports."""
    names = {name.replace(PREFIX, ".", 1) for name in imported(path)}
    return {name.split(".")[1] for name in names if name.startswith(".")}


def outside(path: Path) -> set[str]:
    """Return the top packages that a file imports from outside of the collection."""
    names = {name for name in imported(path) if not name.startswith((".", "ansible_collections."))}
    return {name.partition(".")[0] for name in names}


def is_standard(name: str) -> bool:
    """Return whether this Python itself brings a module along. It lists them since 3.10; the oldest target runs 3.9."""
    spec = find_spec(name)
    if spec is None:
        return False
    places = {str(path) for path in map(sysconfig.get_path, ("stdlib", "platstdlib"))}
    parents = {str(parent) for parent in Path(spec.origin or "").parents}
    is_installed = {"site-packages", "dist-packages"} & set(Path(spec.origin or "").parts)
    return spec.origin in ("built-in", "frozen") or bool(places & parents and not is_installed)


def test_each_file_is_in_a_layer() -> None:
    assert set(PACKAGE.rglob("*.py")) == {
        PACKAGE / "__init__.py",
        *(path for files in FILES.values() for path in files),
    }


@pytest.mark.parametrize("layer", LAYERS)
def test_an_import_goes_down_only(layer: str) -> None:
    below = {layer, *LAYERS[LAYERS.index(layer) + 1 :]}
    assert {path.name: layers_of(path) - below for path in FILES[layer] if layers_of(path) - below} == {}


@pytest.mark.parametrize("layer", LAYERS)
def test_what_runs_on_a_target_needs_python_requests_and_module_utils_only(layer: str) -> None:
    for path in FILES[layer]:
        allowed = {"ansible", *(("requests", "urllib3") if layer in HTTP else ())}
        assert {name for name in outside(path) if not is_standard(name)} <= allowed, path.name
        of_ansible = {name for name in imported(path) if name.startswith("ansible.")}
        assert {name for name in of_ansible if not name.startswith("ansible.module_utils.")} == set(), path.name


@pytest.mark.parametrize("layer", PURE)
def test_pure_layers_know_no_clock_network_or_file(layer: str) -> None:
    for path in FILES[layer]:
        impure = {"io", "os", "pathlib", "random", "requests", "socket", "subprocess", "tempfile", "time", "urllib3"}
        assert outside(path) & impure == set(), path.name
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        called = {
            node.func.attr for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert called & {"now", "utcnow", "today", "monotonic"} == set(), path.name


@pytest.mark.parametrize("plugin", ["modules", "action", "lookup", "../extensions/eda/plugins/event_source", "test"])
def test_plugins_of_ansible_use_the_entries_only(plugin: str) -> None:
    allowed = {"results"} if plugin == "test" else ENTRIES
    for path in (PLUGINS / plugin).glob("*.py"):
        assert layers_of(path) <= allowed, path.name
