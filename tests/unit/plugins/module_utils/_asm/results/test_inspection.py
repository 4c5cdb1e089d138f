# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test plugins answer for a clear result and raise for anything else: a false could open a gate."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.deployment import why_not_ready
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import (
    Release,
    parse,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.results.inspection import in_phase, ready
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    deployment,
    document,
    exceeded,
    release,
    result,
    without_status,
)
from hypothesis import given, settings
from hypothesis import strategies as st


def result_of(parsed: Release, sanitizer: Sanitizer | None = None) -> dict[str, Any]:
    """Return the result of a read as a playbook has it: redacted and through JSON."""
    sanitizer = sanitizer or Sanitizer()
    found = sanitizer.redact(json.loads(json.dumps(result(parsed))))
    return {**found, "release": sanitizer.redact_keys(found["release"])}


NOT_FOUND: dict[str, Any] = {"found": False, "phase": "", "release": {}, "workloads": {"original": {}, "gray": []}}

GONE = [{"phase": "", "after": 0.5, "ready_replicas": 0, "replicas": 0}]
"""The timeline of a gate on a release that ASM does not have."""

UNCLEAR = [
    pytest.param(None, "not NoneType", id="None"),
    pytest.param("Running", "not str", id="string"),
    pytest.param(["Running"], "not list", id="list"),
    pytest.param(True, "not bool", id="bool"),
    pytest.param({}, "not a result of asm_release_info", id="nothing"),
    pytest.param({"changed": False, "skipped": True}, "was skipped", id="skipped"),
    pytest.param({**result_of(release()), "skipped": True}, "was skipped", id="skipped with a rest"),
    pytest.param({"results": [result_of(release())]}, "use its .results", id="loop"),
    pytest.param({"releases": [result_of(release())], "msg": "1 release"}, "use its .releases", id="several releases"),
    pytest.param({"releases": [], "failed": True, "gate": {}}, "use its .releases", id="several that failed"),
    pytest.param(
        {**NOT_FOUND, "outcome": "pending", "timeline": []},
        "without a response from ASM .no response in time",
        id="unread",
    ),
    pytest.param(
        {**NOT_FOUND, "outcome": "error", "timeline": [], "error": {"kind": "denied"}},
        "without a response from ASM .denied",
        id="one of several, refused",
    ),
    pytest.param({**NOT_FOUND, "outcome": "timeout"}, "without a response from ASM", id="entry without an answer"),
    pytest.param(
        {**NOT_FOUND, "gate": {"outcome": "timeout", "requests": 1, "timeline": []}},
        "without a response from ASM",
        id="late answer",
    ),
    pytest.param({"censored": "the output has been hidden", "changed": False}, "hidden by no_log", id="no_log"),
    pytest.param({"failed": True, "msg": "unreachable", "unreachable": True}, "not a result", id="unreachable"),
    pytest.param({"failed": True, "msg": "Traceback"}, "not a result of asm_release_info", id="failed by a traceback"),
    pytest.param({"ansible_job_id": "1.2", "started": 1, "finished": 0}, "has not finished", id="async"),
    pytest.param({"ansible_job_id": "1.2", "started": True}, "has not finished", id="async with poll 0"),
    pytest.param({"found": True}, "not a result of asm_release_info", id="no phase"),
    pytest.param({"phase": "Running"}, "not a result of asm_release_info", id="no found"),
    pytest.param({"found": "True", "phase": "Running"}, "not a result of asm_release_info", id="found as text"),
    pytest.param({"found": True, "phase": None}, "not a result of asm_release_info", id="phase null"),
    pytest.param(
        {**NOT_FOUND, "failed": True, "error": {"kind": "network"}},
        "without a response from ASM .network",
        id="network",
    ),
    pytest.param({**NOT_FOUND, "failed": True, "error": {"kind": "usage"}}, "without a response", id="usage"),
    pytest.param(
        {**NOT_FOUND, "failed": True, "gate": {"outcome": "timeout", "requests": 0, "timeline": GONE}},
        "without a response from ASM .no response in time",
        id="no request answered",
    ),
]


@pytest.mark.parametrize(("odd", "said"), UNCLEAR)
@pytest.mark.parametrize("test", [lambda odd: in_phase(odd, "Running"), ready], ids=["in_phase", "ready"])
def test_anything_but_a_clear_result_is_refused(test: Callable[[Any], bool], odd: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        test(odd)


class TestInPhase:
    @pytest.mark.parametrize(
        ("phases", "answer"),
        [
            (["Running"], True),
            ([" running "], True),
            (["Creating", "RUNNING"], True),
            ([["Creating", "Running"]], True),
            ([("Creating",), "Running"], True),
            (["Creating"], False),
            ([["Creating", "Failed"]], False),
        ],
    )
    def test_answers(self, phases: list[Any], answer: bool) -> None:
        assert in_phase(result_of(release()), *phases) is answer

    @pytest.mark.parametrize(
        "phases", [[], [[]], [""], ["  "], ["Running", ""], [None], [7], [{"Running": 1}], [[["a"]]]]
    )
    def test_needs_phases(self, phases: list[Any]) -> None:
        with pytest.raises(ValueError, match="one or several phases"):
            in_phase(result_of(release()), *phases)

    @pytest.mark.parametrize("phase", ["", None, 7])
    def test_no_phase_is_in_none(self, phase: Any) -> None:
        assert in_phase(result_of(release(phase)), "Running") is False

    @pytest.mark.parametrize(
        "more",
        [
            {},
            {"failed": True, "error": {"kind": "not_found"}},
            {"failed": True, "error": {"kind": "not_found"}, "gate": {"outcome": "missing", "requests": 2}},
            {"outcome": "missing", "timeline": GONE, "error": {"kind": "not_found"}},
            {"outcome": "missing", "error": {"kind": "not_found"}},
            {"outcome": "reached", "timeline": GONE},
            {"gate": {"outcome": "reached", "requests": 1, "timeline": GONE}},
        ],
    )
    def test_a_missing_release_is_in_none(self, more: dict[str, Any]) -> None:
        assert in_phase({**NOT_FOUND, **more}, "Running") is False

    @pytest.mark.parametrize("phase", ["********ed", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"])
    def test_a_hidden_phase_is_refused(self, phase: str) -> None:
        with pytest.raises(ValueError, match="hidden as a secret"):
            in_phase({**result_of(release()), "phase": phase}, "Failed")

    def test_a_failed_task_that_read_the_release_counts(self) -> None:
        failed = {**result_of(release("Failed")), "failed": True, "error": {"kind": "server"}}
        assert in_phase(failed, "Failed") is True

    def test_one_of_several_that_was_read_before_an_error_counts(self) -> None:
        entry = {**result_of(release("Failed")), "outcome": "error", "error": {"kind": "denied"}}
        assert in_phase(entry, "Failed") is True

    def test_a_finished_async_task_counts(self) -> None:
        assert in_phase({**result_of(release()), "ansible_job_id": "1.2", "finished": 1}, "Running") is True


DEPLOYMENTS: list[Any] = [
    deployment(),
    deployment("b"),
    deployment(ready=2),
    deployment(wanted=0, ready=0),
    deployment(observedGeneration=1),
    deployment(replicas=4),
    deployment(updatedReplicas="3"),
    without_status(),
    {**without_status(), "spec": {"replicas": 0}},
    {**deployment(wanted=0, ready=0), "status": None},
    exceeded(),
    "not a Deployment",
    None,
    {},
]
PLANNED: list[Any] = [
    None,
    [],
    [{}],
    [{"clusterID": "c"}, {"clusterID": "d"}],
    [None, 1, 2],
    {"a": {}},
    {},
    "two",
    2,
    True,
]


class TestReady:
    @settings(max_examples=300, deadline=None)
    @given(
        gray=st.lists(st.sampled_from([*DEPLOYMENTS[:1] * 6, *DEPLOYMENTS]), max_size=3),
        planned=st.sampled_from(PLANNED),
        spec=st.sampled_from(["spec"] * 8 + [None, [], ["a"], {}, "spec", 7]),
        manifests=st.booleans(),
    )
    def test_is_the_rule_of_the_option(self, gray: list[Any], planned: Any, spec: Any, manifests: bool) -> None:
        content = document(gray=gray)
        content["spec"]["grayDeployments"] = planned
        if spec != "spec":
            content["spec"] = spec
        parsed = parse(content, manifests)
        assert ready(result_of(parsed)) is (not why_not_ready(parsed.gray, parsed.planned))

    def test_a_missing_release_is_not(self) -> None:
        assert ready({**NOT_FOUND, "error": {"kind": "not_found"}}) is False

    @pytest.mark.parametrize(
        "lack",
        [
            {"workloads": None},
            {"workloads": {}},
            {"workloads": {"gray": "all"}},
            {"workloads": {"gray": None}},
            {"workloads": {"gray": [None]}},
            {"workloads": {"gray": [{"name": "a"}]}},
            {"release": None},
            {"release": {}},
            {"release": "Release"},
            {"release": {"spec": {}}},
        ],
    )
    def test_needs_the_whole_result(self, lack: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="needs the whole result"):
            ready({**result_of(release()), **lack})

    @pytest.mark.parametrize(
        "key",
        [
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
        ],
    )
    def test_needs_every_key_of_a_workload(self, key: str) -> None:
        entry = result_of(release())
        del entry["workloads"]["gray"][0][key]
        with pytest.raises(ValueError, match="needs the whole result"):
            ready(entry)

    @pytest.mark.parametrize(
        "change", [{"rolled_out": "False"}, {"rolled_out": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}, {"replicas": "3"}]
    )
    def test_refuses_values_that_a_template_made_strings(self, change: dict[str, Any]) -> None:
        entry = result_of(release(gray=[deployment(ready=0)]))
        entry["workloads"]["gray"][0].update(change)
        with pytest.raises(ValueError, match="needs the whole result"):
            ready(entry)

    @pytest.mark.parametrize("secret", ["3", "False", "a", "reviews-gray", "Release", "grayDeployments", "spec"])
    @pytest.mark.parametrize("available", [0, 3])
    def test_a_hidden_secret_changes_no_answer(self, secret: str, available: int) -> None:
        sanitizer = Sanitizer()
        sanitizer.learn(secret)
        shown = result_of(release(gray=[deployment(ready=available)]), sanitizer)
        try:
            assert ready(shown) is (available == 3)
        except ValueError as error:
            assert "needs the whole result" in str(error)  # noqa: PT017 - either is right
