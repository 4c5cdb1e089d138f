# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the event source: meshes, filters, and a gate for each release."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import UsageError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.raw import check_raw, typed
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import (
    Conditions,
    Schedule,
    SourceRequest,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    SOURCE_OPTIONS,
    argument_spec,
    source_argument_rules,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.validation import parse_source, sanitizer_for

GATE = {"success_phases": ["Running"]}
VALIDATOR = ArgumentSpecValidator(argument_spec(SOURCE_OPTIONS), **source_argument_rules())


def source(**arguments: Any) -> SourceRequest:
    """Return the request that arguments of the event source become."""
    given = {"mesh_id": "m", **arguments}
    return parse_source(typed(check_raw(given, SOURCE_OPTIONS), VALIDATOR, sanitizer_for(given)))


def refusal(**arguments: Any) -> str:
    """Return the sentence that refuses arguments of the event source."""
    with pytest.raises(UsageError) as refused:
        source(**arguments)
    return refused.value.sentence(str)


@pytest.mark.parametrize(
    ("mesh_id", "mesh_ids"), [("m", ("m",)), ("a,b", ("a", "b")), (["b", "a", "b"], ("b", "a"))], ids=str
)
def test_meshes_are_text_or_a_list(mesh_id: Any, mesh_ids: tuple[str, ...]) -> None:
    assert source(mesh_id=mesh_id).mesh_ids == mesh_ids


def test_filters_are_text_or_a_list() -> None:
    found = source(namespace="n", service=["s", "t"], name=["a"])

    assert (found.namespaces, found.services, found.names) == (("n",), ("s", "t"), ("a",))


def test_a_source_without_success_phases_has_no_gate() -> None:
    found = source(wait_sleep=30, requests_per_minute=60, initial=True, state_file="/s", region="r")

    assert found.conditions is None
    assert found.schedule == Schedule(wait_sleep=30, requests_per_minute=60)
    assert (found.initial, found.state_file, found.manifests) == (True, "/s", False)
    assert found.connection.given == {"region": "r"}


def test_a_gate_has_the_conditions_of_the_module() -> None:
    given = {**GATE, "failure_phases": ["Failed"], "ready": True, "version": "1", "images": ["x"]}
    found = source(**given, stable_for=60, stall_timeout=70, on_missing="accept", missing_after=["Done"])

    assert found.conditions == Conditions(("Running",), ("Failed",), True, "1", ("x",), 60, 70, "accept", ("Done",))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"failure_phases": ["Failed"]}, "failure_phases needs"),
        ({"version": ""}, "version needs"),
        ({"images": []}, "images needs"),
        ({"on_missing": "accept"}, "on_missing needs"),
        ({"ready": True, "stable_for": 1}, "ready, stable_for need"),
    ],
    ids=str,
)
def test_options_of_a_gate_need_success_phases(given: dict[str, Any], named: str) -> None:
    assert refusal(**given) == f"{named} success_phases; without it no release has a gate"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mesh_id": []}, "mesh_id is empty; "),
        ({"mesh_id": ["a/b"]}, "mesh_id is 'a/b'; "),
        ({"mesh_id": None}, "mesh_id is null; "),
        ({"namespace": []}, "namespace is empty; "),
        ({"service": [""]}, "service has an empty entry; "),
        ({"name": None}, "name is null; "),
        ({"name": [1]}, "name[0] is a number (1), and must be text; "),
        ({"success_phases": []}, "success_phases is empty; "),
        ({**GATE, "stable_for": 600}, "stable_for (600 s) is not less than wait_timeout (600 s); "),
        ({**GATE, "on_missing": "accept"}, "on_missing: accept needs missing_after; "),
        ({"state_file": " "}, "state_file is empty; "),
        ({"wait_sleep": 0}, "wait_sleep is 0; "),
    ],
    ids=str,
)
def test_arguments_that_make_no_sense_are_refused(given: dict[str, Any], said: str) -> None:
    assert refusal(**given).startswith(said)
