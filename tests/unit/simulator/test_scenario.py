# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario is taken whole or refused with the place of each mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.simulator.model import among
from ansible_collections.huaweicloud.asm.tests.simulator.scenario import ScenarioError, load, parse

if TYPE_CHECKING:
    from pathlib import Path


def release(**parts: Any) -> dict[str, Any]:
    return {"releases": [{"id": "one", "mesh_id": "m", "namespace": "n", "steps": [{"phase": "Creating"}], **parts}]}


def steps(*rest: dict[str, Any]) -> dict[str, Any]:
    return release(steps=[{"phase": "Creating"}, *rest])


def fault(**parts: Any) -> dict[str, Any]:
    return {"faults": [parts]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param({"fualts": []}, "fualts: unknown key", id="unknown key"),
        pytest.param(steps({"after_secs": 1}), "releases.0.steps.1.after_secs: unknown key", id="unknown key inside"),
        pytest.param(fault(fault="hang", foo=1), "faults.0.hang.foo: unknown key", id="unknown key of a fault"),
        pytest.param(fault(fault="explode"), "faults.0: .*'explode'", id="unknown fault"),
        pytest.param(release(version=1.10), "releases.0.version: .*string", id="a number for a string"),
        pytest.param(release(replicas="3"), "releases.0.replicas: .*integer", id="a string for a number"),
        pytest.param({"releases": [{"id": "x"}]}, "releases.0.mesh_id: ", id="something is missing"),
        pytest.param(release(steps=[]), "releases.0.steps: .*at least 1", id="no steps"),
        pytest.param(release(steps=[{"ready": 1}]), "releases.0: .*first step needs a phase", id="no first phase"),
        pytest.param(steps({"ready": 1}), "steps.1 needs after_seconds or after_reads", id="a step without a time"),
        pytest.param(steps({"after_seconds": 1, "after_reads": 1}), "exclude each other", id="two times"),
        pytest.param(steps({"after_seconds": 5}, {"after_seconds": 4}), "must rise from step to step", id="backwards"),
        pytest.param(steps({"after_reads": 1, "fill_seconds": 1}), "use fill_reads", id="filling in another unit"),
        pytest.param(steps({"after_seconds": 1, "fill_reads": 1}), "use fill_seconds", id="and the other way"),
        pytest.param(
            steps({"after_seconds": 1, "fill_seconds": 3, "ready": 1}), "fill_seconds, ready exclude", id="two counts"
        ),
        pytest.param(release(count=2), r"id needs \{number\}", id="many releases with one id"),
        pytest.param(release(count=501, id="r{number}"), "releases.0.count: .*500", id="too many releases"),
        pytest.param({"releases": release()["releases"] * 2}, "m/n/one is there twice", id="one release twice"),
        pytest.param({"list": {"limit": 1}}, "list.limit: unknown key", id="unknown key of the list"),
        pytest.param({"list": {"shown": -1}}, "list.shown: .*greater than or equal to 0", id="fewer than none shown"),
        pytest.param({"list": {"without": ["spec.x"]}}, "list.without.0: .*'spec'", id="a place that no item has"),
        pytest.param(
            fault(fault="hang", operation="get"), "hang.operation: .*'list', 'read' or 'service'$", id="no operation"
        ),
        pytest.param(
            fault(fault="hang", operation="list", service="iam"), "faults.0.hang: .*not for iam", id="a list of IAM"
        ),
        pytest.param(
            fault(fault="hang", operation="list", release="x"),
            "faults.0.hang: .*exclude each other",
            id="a list of one",
        ),
        pytest.param(fault(fault="hang", requests=["3:4"]), "faults.0.hang.requests.0", id="no range"),
        pytest.param(fault(fault="hang", requests=[0]), "faults.0.hang.requests.0", id="requests begin at 1"),
        pytest.param([], "the scenario: ", id="a list"),
        pytest.param(None, "the scenario: ", id="nothing"),
    ],
)
def test_an_error_names_the_place(data: object, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        parse(data)


def test_a_message_has_no_value_of_the_scenario() -> None:
    with pytest.raises(ScenarioError) as caught:
        parse({"credentials": {"tokens": [{"token": ["a-secret"]}]}})
    assert "a-secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "- {"])
def test_a_file_that_is_not_yaml_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"broken\.yml: not YAML"):
        load(path)


@pytest.mark.parametrize(
    ("numbers", "chosen"),
    [
        pytest.param((), [1, 2, 3, 4, 5, 6], id="none means all"),
        pytest.param((2,), [2], id="one"),
        pytest.param((1, "3-4"), [1, 3, 4], id="a range"),
        pytest.param(("5-",), [5, 6], id="an open range"),
    ],
)
def test_requests_are_chosen_by_number(numbers: Any, chosen: list[int]) -> None:
    assert [number for number in range(1, 7) if among(numbers, number)] == chosen
