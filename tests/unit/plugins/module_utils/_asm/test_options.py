# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options there are, which go together, and what is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options import (
    CONNECTION_OPTIONS,
    OPTIONS,
    Conditions,
    Options,
    Target,
    argument_spec,
    is_phase,
    parse,
    with_defaults,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.text import Cleaner

IDS = {"mesh_id": "m-1", "namespace": "bookinfo", "release_id": "r-1"}
GATE = {**IDS, "wait": True, "success_phases": ["Running"]}


def parsed(parameters: dict[str, Any], variables: dict[str, Any] | None = None) -> Options:
    return parse(with_defaults(parameters), variables)


def refusal(parameters: dict[str, Any], variables: dict[str, Any] | None = None) -> str:
    """The sentence with which the options are refused."""
    with pytest.raises(AsmError) as refused:
        parsed(parameters, variables)
    assert refused.value.kind == "usage"
    assert not refused.value.passing
    assert not refused.value.url
    return refused.value.sentence(Cleaner())


def test_a_read_needs_nothing_but_the_three_ids() -> None:
    options = parsed(IDS)
    assert options.target == Target("m-1", "bookinfo", "r-1")
    assert options.conditions is None
    assert (options.on_missing, options.request_timeout, options.request_retries) == ("fail", 15, 3)
    assert not options.manifests
    assert (dict(options.connection.given), options.connection.auth_type) == ({}, "auto")
    assert options.connection.validate_certs


def test_a_gate_needs_success_phases_as_well_and_has_the_defaults_that_are_documented() -> None:
    assert parsed(GATE).conditions == Conditions(success_phases=("Running",))


def test_every_condition_arrives() -> None:
    given: dict[str, Any] = {
        "success_phases": [" Running ", "Done"],
        "failure_phases": ["Failed"],
        "ready": True,
        "version": "1.10",
        "images": ["reviews:2"],
        "stable_for": 30,
        "stall_timeout": 60,
        "on_missing": "accept",
        "missing_after": ["Finishing "],
        "wait_timeout": 100,
        "wait_sleep": 5,
        "request_timeout": 7,
        "request_retries": 0,
    }
    assert parsed({**GATE, **given}).conditions == Conditions(
        **{
            **given,
            "success_phases": ("Running", "Done"),
            "failure_phases": ("Failed",),
            "images": ("reviews:2",),
            "missing_after": ("Finishing",),
        }
    )


def test_what_is_null_has_its_default() -> None:
    assert parsed({**GATE, **{option.name: None for option in OPTIONS if option.name not in GATE}}) == parsed(GATE)


@pytest.mark.parametrize("name", ["mesh_id", "namespace", "release_id"])
@pytest.mark.parametrize(
    "value", ["", " ", "\t", ".", "..", "a/b", "../x", "/", "a\nb", "a\x00", "\x85", "a\r\nX-Evil: 1", "\udc80"]
)
def test_an_id_that_is_no_segment_of_a_path_is_refused_by_name(name: str, value: str) -> None:
    sentence = refusal({**IDS, name: value})
    assert sentence.startswith(f"{name} is ")
    assert sentence.isprintable()


@pytest.mark.parametrize("value", ["...", "a b", "a%2Fb", "ä?#&=;:@", "\\", "名", "a.b"])
def test_an_odd_id_is_left_to_the_service(value: str) -> None:
    assert parsed({**IDS, "release_id": value}).target.release_id == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("success_phases", ["Running"]),
        ("success_phases", []),
        ("failure_phases", ["Failed"]),
        ("ready", True),
        ("version", "1.10"),
        ("version", ""),
        ("images", ["reviews:2"]),
        ("stable_for", 1),
        ("stall_timeout", 1),
        ("missing_after", ["Running"]),
        ("on_missing", "wait"),
    ],
)
def test_nobody_believes_that_a_gate_was_there_without_wait(name: str, value: Any) -> None:
    sentence = refusal({**IDS, name: value})
    assert sentence.startswith(name)
    assert "needs wait: true" in sentence


@pytest.mark.parametrize("on_missing", ["fail", "accept"])
def test_what_a_404_means_can_be_said_without_wait(on_missing: str) -> None:
    assert parsed({**IDS, "on_missing": on_missing}).on_missing == on_missing


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param({"success_phases": None}, "success_phases", id="no success phases"),
        pytest.param({"success_phases": []}, "success_phases", id="an empty list of them"),
        pytest.param({"success_phases": ["Running", " "]}, "success_phases", id="an empty success phase"),
        pytest.param({"success_phases": [""]}, "success_phases", id="only an empty success phase"),
        pytest.param({"failure_phases": [""]}, "failure_phases", id="an empty failure phase"),
        pytest.param({"on_missing": "accept", "missing_after": [" "]}, "missing_after", id="an empty last phase"),
        pytest.param({"images": [""]}, "images", id="an empty image"),
        pytest.param({"version": " "}, "version", id="an empty version"),
        pytest.param({"failure_phases": ["Running"]}, "success_phases and failure_phases", id="overlap"),
        pytest.param({"failure_phases": [" rUNNING "]}, "success_phases and failure_phases", id="overlap but for case"),
        pytest.param({"stable_for": 600}, "stable_for", id="stable as long as the wait"),
        pytest.param({"stable_for": 5, "wait_timeout": 4}, "stable_for", id="stable for longer than the wait"),
        pytest.param({"on_missing": "accept"}, "missing_after", id="accept without missing_after"),
        pytest.param({"on_missing": "accept", "missing_after": []}, "missing_after", id="accept with none"),
    ],
)
def test_a_gate_that_makes_no_sense_is_refused_by_name(given: dict[str, Any], named: str) -> None:
    assert named in refusal({**GATE, **given})


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wait_timeout", 0),
        ("wait_sleep", 0),
        ("request_timeout", 0),
        ("wait_timeout", -1),
        ("wait_sleep", -1),
        ("request_timeout", -1),
        ("request_retries", -1),
        ("stable_for", -1),
        ("stall_timeout", -1),
        ("wait_timeout", 10**400),
        ("wait_sleep", 10**10),
        ("request_timeout", 10**7),
        ("request_retries", 10**400),
        ("stable_for", 10**400),
        ("stall_timeout", 10**400),
    ],
)
def test_a_time_that_no_clock_can_keep_is_refused_by_name(name: str, value: int, wait: bool) -> None:
    sentence = refusal({**(GATE if wait else IDS), name: value})
    assert sentence.startswith(f"{name} is ")
    assert len(sentence) < 200


def test_the_least_times_are_accepted() -> None:
    least: dict[str, Any] = {"wait_timeout": 1, "wait_sleep": 1, "request_timeout": 1, "request_retries": 0}
    conditions = parsed({**GATE, **least}).conditions
    assert conditions == Conditions(success_phases=("Running",), **least)


TEXTS = [option.name for option in CONNECTION_OPTIONS if option.type in ("str", "path") and not option.choices]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", ["", " "])
def test_a_connection_option_given_as_an_empty_text_is_refused_by_name(name: str, value: str) -> None:
    assert refusal({**IDS, name: value}).startswith(f"{name} is empty")
    assert refusal(IDS, {name: value}).startswith(f"huaweicloud_asm_{name} is empty")


@pytest.mark.parametrize("name", TEXTS)
def test_options_and_variables_of_the_connection_stay_apart(name: str) -> None:
    connection = parsed({**IDS, name: "a"}, {name: "b"}).connection
    assert (connection.given[name], connection.variables[name]) == ("a", "b")


@pytest.mark.parametrize(
    ("phase", "matches"),
    [
        ("Running", True),
        (" rUNNING\n", True),
        ("Runnin", False),
        ("Running2", False),
        ("", False),
        (" ", False),
        (None, False),
        (True, False),
        (["Running"], False),
        ({"Running": 1}, False),
    ],
)
def test_phases_are_compared_stripped_and_without_case_and_what_is_no_phase_matches_nothing(
    phase: object, matches: bool
) -> None:
    assert is_phase(phase, ["Done", " running "]) is matches


def test_an_empty_phase_matches_nothing_not_even_an_empty_one() -> None:
    assert not is_phase("", ["", " "])


def test_the_argument_spec_says_only_what_differs_from_the_default() -> None:
    spec = argument_spec()
    assert list(spec) == [option.name for option in OPTIONS]
    assert spec["mesh_id"] == {"type": "str", "required": True}
    assert spec["failure_phases"] == {"type": "list", "default": [], "elements": "str"}
    assert spec["on_missing"] == {"type": "str", "default": "fail", "choices": ["fail", "accept", "wait"]}
    assert spec["token"] == {"type": "str", "no_log": True}


def test_an_argument_spec_that_was_changed_changes_no_other() -> None:
    argument_spec()["on_missing"]["choices"].append("x")
    assert argument_spec()["on_missing"]["choices"] == ["fail", "accept", "wait"]
