# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A result that was returned earlier is answered for, or refused; never a silent false."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.entry import in_phase, rolled_out
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import (
    Release,
    parse,
    report_release,
    report_workloads,
    why_not_ready,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    deployment,
    document,
    exceeded,
    release,
    without_status,
)
from hypothesis import given, settings
from hypothesis import strategies as st


def entry_of(parsed: Release, manifests: bool = False, cleaner: Cleaner | None = None) -> dict[str, Any]:
    """Return the result of a read, as a playbook has it: through JSON."""
    cleaner = cleaner or Cleaner()
    result = {
        "found": True,
        "phase": parsed.phase,
        "release": report_release(parsed.content, manifests),
        "workloads": report_workloads(parsed, cleaner),
    }
    found: dict[str, Any] = json.loads(json.dumps(cleaner.redact(result)))
    return found


NOT_FOUND: dict[str, Any] = {"found": False, "phase": "", "release": {}, "workloads": {"original": {}, "gray": []}}

UNANSWERABLE = [
    pytest.param(None, "not NoneType", id="None"),
    pytest.param("Running", "not str", id="text"),
    pytest.param(["Running"], "not list", id="list"),
    pytest.param(True, "not bool", id="bool"),
    pytest.param({}, "no result of asm_release_info", id="nothing"),
    pytest.param({"changed": False, "skipped": True}, "was skipped", id="skipped"),
    pytest.param({**entry_of(release()), "skipped": True}, "was skipped", id="skipped with a rest"),
    pytest.param({"results": [entry_of(release())]}, "use its .results", id="loop"),
    pytest.param({"releases": [entry_of(release())], "msg": "1 release"}, "use its .releases", id="several releases"),
    pytest.param({"releases": [], "failed": True, "gate": {}}, "use its .releases", id="several that failed"),
    pytest.param({**NOT_FOUND, "outcome": "pending", "reads": 0}, "without an answer of ASM .too late", id="unread"),
    pytest.param(
        {**NOT_FOUND, "outcome": "error", "reads": 0, "error": {"kind": "denied"}},
        "without an answer of ASM .denied",
        id="one of several, refused",
    ),
    pytest.param({"failed": True, "msg": "unreachable", "unreachable": True}, "no result", id="unreachable"),
    pytest.param({"failed": True, "msg": "Traceback"}, "no result of asm_release_info", id="failed by a traceback"),
    pytest.param({"ansible_job_id": "1.2", "started": 1, "finished": 0}, "has not finished", id="async"),
    pytest.param({"ansible_job_id": "1.2", "started": True}, "has not finished", id="async with poll 0"),
    pytest.param({"found": True}, "no result of asm_release_info", id="no phase"),
    pytest.param({"phase": "Running"}, "no result of asm_release_info", id="no found"),
    pytest.param({"found": "True", "phase": "Running"}, "no result of asm_release_info", id="found as text"),
    pytest.param({"found": True, "phase": None}, "no result of asm_release_info", id="phase null"),
    pytest.param(
        {**NOT_FOUND, "failed": True, "error": {"kind": "network"}}, "without an answer of ASM .network", id="network"
    ),
    pytest.param({**NOT_FOUND, "failed": True, "error": {"kind": "usage"}}, "without an answer", id="usage"),
    pytest.param(
        {**NOT_FOUND, "failed": True, "gate": {"outcome": "timeout", "reads": 0}},
        "without an answer of ASM .too late",
        id="an answer after the deadline",
    ),
]


@pytest.mark.parametrize(("odd", "said"), UNANSWERABLE)
@pytest.mark.parametrize("test", [lambda odd: in_phase(odd, "Running"), rolled_out], ids=["in_phase", "rolled_out"])
def test_what_is_no_answer_is_refused(test: Callable[[Any], bool], odd: Any, said: str) -> None:
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
        assert in_phase(entry_of(release()), *phases) is answer

    @pytest.mark.parametrize(
        "phases", [[], [[]], [""], ["  "], ["Running", ""], [None], [7], [{"Running": 1}], [[["a"]]]]
    )
    def test_needs_phases(self, phases: list[Any]) -> None:
        with pytest.raises(ValueError, match="one or several phases"):
            in_phase(entry_of(release()), *phases)

    @pytest.mark.parametrize("phase", ["", None, 7])
    def test_no_phase_is_in_none(self, phase: Any) -> None:
        assert in_phase(entry_of(release(phase)), "Running") is False

    @pytest.mark.parametrize(
        "more",
        [
            {},
            {"failed": True, "error": {"kind": "not_found"}},
            {"failed": True, "error": {"kind": "not_found"}, "gate": {"outcome": "missing", "reads": 2}},
            {"outcome": "missing", "reads": 1, "error": {"kind": "not_found"}},
            {"outcome": "pending", "reads": 1},
        ],
    )
    def test_what_asm_does_not_know_is_in_none(self, more: dict[str, Any]) -> None:
        assert in_phase({**NOT_FOUND, **more}, "Running") is False

    @pytest.mark.parametrize("phase", ["********ed", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"])
    def test_a_phase_that_was_struck_out_is_refused(self, phase: str) -> None:
        with pytest.raises(ValueError, match="struck out"):
            in_phase({**entry_of(release()), "phase": phase}, "Failed")

    def test_a_failed_task_that_saw_the_release_is_answered_for(self) -> None:
        failed = {**entry_of(release("Failed")), "failed": True, "error": {"kind": "server"}}
        assert in_phase(failed, "Failed") is True

    def test_one_of_several_that_was_seen_before_its_read_was_refused_is_answered_for(self) -> None:
        entry = {**entry_of(release("Failed")), "outcome": "error", "reads": 1, "error": {"kind": "denied"}}
        assert in_phase(entry, "Failed") is True

    def test_a_finished_async_task_is_answered_for(self) -> None:
        assert in_phase({**entry_of(release()), "ansible_job_id": "1.2", "finished": 1}, "Running") is True


DEPLOYMENTS: list[Any] = [
    deployment(),
    deployment("b"),
    deployment(ready=2),
    deployment(desired=0, ready=0),
    deployment(observedGeneration=1),
    deployment(replicas=4),
    deployment(updatedReplicas="3"),
    without_status(),
    {**without_status(), "spec": {"replicas": 0}},
    {**deployment(desired=0, ready=0), "status": None},
    exceeded(),
    "no Deployment",
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


class TestRolledOut:
    @settings(max_examples=300, deadline=None)
    @given(
        gray=st.lists(st.sampled_from([*DEPLOYMENTS[:1] * 6, *DEPLOYMENTS]), max_size=3),
        planned=st.sampled_from(PLANNED),
        spec=st.sampled_from(["spec"] * 8 + [None, [], ["a"], {}, "spec", 7]),
        manifests=st.booleans(),
    )
    def test_is_the_rule_of_ready(self, gray: list[Any], planned: Any, spec: Any, manifests: bool) -> None:
        content = document(gray=gray)
        content["spec"]["grayDeployments"] = planned
        if spec != "spec":
            content["spec"] = spec
        parsed = parse(content)
        assert rolled_out(entry_of(parsed, manifests)) is (not why_not_ready(parsed.gray, parsed.planned))

    def test_what_asm_does_not_know_is_not(self) -> None:
        assert rolled_out({**NOT_FOUND, "error": {"kind": "not_found"}}) is False

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
        with pytest.raises(ValueError, match="needs a whole result"):
            rolled_out({**entry_of(release()), **lack})

    @pytest.mark.parametrize("key", ["name", "cluster_id", "images", "desired", "ready", "rolled_out", "message"])
    def test_needs_every_key_of_a_workload(self, key: str) -> None:
        entry = entry_of(release())
        del entry["workloads"]["gray"][0][key]
        with pytest.raises(ValueError, match="needs a whole result"):
            rolled_out(entry)

    @pytest.mark.parametrize(
        "change", [{"rolled_out": "False"}, {"rolled_out": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}, {"desired": "3"}]
    )
    def test_refuses_what_a_template_has_made_a_text(self, change: dict[str, Any]) -> None:
        entry = entry_of(release(gray=[deployment(ready=0)]))
        entry["workloads"]["gray"][0].update(change)
        with pytest.raises(ValueError, match="needs a whole result"):
            rolled_out(entry)

    @pytest.mark.parametrize("secret", ["3", "False", "a", "reviews-gray", "Release"])
    def test_a_secret_that_is_struck_out_of_a_result_makes_nothing_roll_out(self, secret: str) -> None:
        cleaner = Cleaner()
        cleaner.learn(secret)
        entry = entry_of(release(gray=[deployment(ready=0)]), cleaner=cleaner)
        try:
            assert rolled_out(entry) is False
        except ValueError as error:
            assert "needs a whole result" in str(error)  # noqa: PT017 - either is right, true is not
