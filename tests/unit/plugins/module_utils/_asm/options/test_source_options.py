# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the event source: those of the module, without what only one verdict for all of them needs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    Named,
    Selection,
    SourceOptions,
    parse_source,
    source_argument_spec,
)

GATE = {"success_phases": ["Running"]}


def parsed(**given: Any) -> SourceOptions:
    """Return options as Ansible's validator would hand them over."""
    spec = source_argument_spec()
    return parse_source({**{name: spec[name].get("default") for name in spec}, "mesh_id": "mesh", **given})


def refused(**given: Any) -> str:
    with pytest.raises(AsmError) as raised:
        parsed(**given)
    assert raised.value.kind == "usage"
    return raised.value.sentence(str)


@pytest.mark.parametrize("gate", [{}, GATE], ids=["no gate", "a gate"])
@pytest.mark.parametrize(
    ("given", "releases"),
    [
        pytest.param({}, Selection(), id="every release of the mesh"),
        pytest.param({"namespace": "n"}, Selection("n"), id="of a namespace"),
        pytest.param({"service": ["s"], "name": ["a"]}, Selection(None, ("s",), ("a",)), id="of a service, by name"),
        pytest.param({"namespace": "n", "release_id": "a"}, (Named("n", "a"),), id="one"),
        pytest.param({"namespace": "n", "releases": [{"release_id": "a"}]}, (Named("n", "a"),), id="a list"),
    ],
)
def test_there_is_one_way_to_say_which_releases(gate: dict[str, Any], given: dict[str, Any], releases: Any) -> None:
    options = parsed(**given, **gate)
    assert options.several.releases == releases
    assert options.options.target == options.several
    assert options.options.conditions is None


def test_a_gate_has_the_conditions_of_the_module() -> None:
    conditions = parsed(**GATE, failure_phases=["Failed"], ready=True, stable_for=60, wait_timeout=900).conditions
    assert conditions is not None
    assert (conditions.success_phases, conditions.failure_phases) == (("Running",), ("Failed",))
    assert (conditions.ready, conditions.stable_for, conditions.wait_timeout) == (True, 60, 900)


def test_without_success_phases_there_is_no_gate() -> None:
    options = parsed(wait_sleep=30, requests_per_minute=60, initial=True, state_file="/s")
    assert options.conditions is None
    assert (options.wait_sleep, options.several.requests_per_minute) == (30, 60)
    assert (options.initial, options.state_file) == (True, "/s")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param({"failure_phases": ["Failed"]}, "failure_phases", id="failure_phases"),
        pytest.param({"ready": True}, "ready", id="ready"),
        pytest.param({"version": ""}, "version", id="an empty version"),
        pytest.param({"images": []}, "images", id="no image"),
        pytest.param({"stable_for": 1}, "stable_for", id="stable_for"),
        pytest.param({"stall_timeout": 1}, "stall_timeout", id="stall_timeout"),
        pytest.param({"missing_after": ["Done"]}, "missing_after", id="missing_after"),
        pytest.param({"on_missing": "accept"}, "on_missing: accept", id="on_missing"),
        pytest.param({"ready": True, "stable_for": 1}, "each of ready, stable_for", id="several"),
        pytest.param(
            {"namespace": "n", "releases": [{"release_id": "a", "version": "v1"}]},
            "releases[0].version",
            id="of a release",
        ),
    ],
)
def test_what_belongs_to_a_gate_needs_one(given: dict[str, Any], named: str) -> None:
    assert refused(**given) == f"{named} needs success_phases; without it no release has a gate"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"success_phases": []}, "success_phases is empty", id="no phase"),
        pytest.param({**GATE, "failure_phases": ["running"]}, "both hold 'running'", id="a phase twice"),
        pytest.param({**GATE, "stable_for": 600}, "stable_for (600 s) is not below wait_timeout", id="never stable"),
        pytest.param({**GATE, "on_missing": "accept"}, "needs missing_after", id="accept without phases"),
        pytest.param({"release_id": "a"}, "namespace is missing", id="no namespace"),
        pytest.param({"release_id": "a", "service": ["s"]}, "exclude each other", id="two ways"),
        pytest.param({"service": []}, "service is empty", id="no service"),
        pytest.param({"state_file": " "}, "state_file is empty", id="an empty path"),
        pytest.param({"wait_sleep": 0}, "wait_sleep is 0", id="no pause"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    assert said.casefold() in refused(**given).casefold()


@pytest.mark.parametrize("gate", [{}, GATE], ids=["no gate", "a gate"])
@pytest.mark.parametrize("on_missing", ["fail", "wait"])
def test_a_release_may_always_appear_later(gate: dict[str, Any], on_missing: str) -> None:
    assert parsed(**gate, on_missing=on_missing).several.releases == Selection()
