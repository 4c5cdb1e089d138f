# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of the module and the lookup; their options are in `tests/unit/test_option_copies.py`.

What Ansible itself makes of the fragments is in `tests/playbook/test_documentation.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.huaweicloud.asm.tests.unit.documentation import ROOT, documentation

MODULE = documentation("plugins/modules/asm_release_info.py")
MODULE_RETURN = documentation("plugins/modules/asm_release_info.py", "RETURN")
LOOKUP_RETURN = documentation("plugins/lookup/asm_release.py", "RETURN")

WORKLOAD = {
    "name",
    "namespace",
    "cluster_id",
    "images",
    "replicas",
    "updated_replicas",
    "ready_replicas",
    "available_replicas",
    "rolled_out",
    "message",
}


def leaves(values: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each documented return value that has no parts of its own, with its place."""
    for name, value in values.items():
        if "contains" in value:
            yield from leaves(value["contains"], f"{place}{name}.")
        else:
            yield f"{place}{name}", value


@pytest.mark.parametrize("values", [MODULE_RETURN, LOOKUP_RETURN], ids=["module", "lookup"])
def test_every_return_value_has_a_sample_of_its_type(values: dict[str, Any]) -> None:
    types = {"str": str, "bool": bool, "int": int, "float": float, "list": list, "dict": dict}
    wrong = [place for place, value in leaves(values) if not isinstance(value.get("sample"), types[value["type"]])]

    assert wrong == []


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        pytest.param(
            MODULE_RETURN,
            {"msg", "found", "release", "phase", "workloads", "releases", "request_id", "gate", "error"},
            id="result",
        ),
        pytest.param(MODULE_RETURN["workloads"]["contains"], {"original", "gray"}, id="workloads"),
        pytest.param(
            MODULE_RETURN["releases"]["contains"],
            {
                "namespace",
                "release_id",
                "service",
                "msg",
                "request_id",
                "outcome",
                "timeline",
                "timeline_omitted",
                "error",
            },
            id="entry of releases",
        ),
        pytest.param(MODULE_RETURN["workloads"]["contains"]["gray"]["contains"], WORKLOAD, id="workload"),
        pytest.param(MODULE_RETURN["workloads"]["contains"]["original"]["sample"], WORKLOAD, id="original"),
        pytest.param(
            MODULE_RETURN["gate"]["contains"],
            {
                "outcome",
                "elapsed",
                "requests",
                "retries",
                "timeline",
                "timeline_omitted",
                "required",
                "counts",
                "check_mode",
            },
            id="gate",
        ),
        pytest.param(
            MODULE_RETURN["gate"]["contains"]["timeline"]["contains"],
            {"phase", "at", "after", "ready_replicas", "replicas"},
            id="timeline",
        ),
        pytest.param(
            MODULE_RETURN["error"]["contains"],
            {"kind", "status", "code", "message", "request_id", "url"},
            id="error",
        ),
    ],
)
def test_documented_keys_are_those_of_the_design(values: dict[str, Any], keys: set[str]) -> None:
    assert set(values) == keys


def test_action_group_has_every_module_with_connection_options() -> None:
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    modules = {
        path.stem: documentation(f"plugins/modules/{path.name}").get("extends_documentation_fragment", [])
        for path in (ROOT / "plugins" / "modules").glob("*.py")
    }

    assert groups == {"asm": sorted(name for name, used in modules.items() if "huaweicloud.asm.connection" in used)}
    assert MODULE["attributes"]["action_group"]["membership"] == ["huaweicloud.asm.asm"]
