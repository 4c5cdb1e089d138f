# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a train is looked at: what each poll asks for and when, within the budget, after faults, and up to the end."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import fault
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    BUSY,
    DENIED,
    GONE,
    HELD_SELECTION,
    LIST,
    MESH,
    SELECTION,
    UNKNOWN,
    WAIT,
    Given,
    Script,
    Stage,
    found,
    held,
    item,
    listed,
    single,
    train,
    without,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

A, B, C = (single(f"uid-{name}") for name in "abc")
CREATING = [item(name, "Creating") for name in "abc"]
RUNNING = [item(name) for name in "abc"]
ABC = ("uid-a", "uid-b", "uid-c")


def busy(retry_after: int) -> Given:
    return answer(503, "", Retry_After=str(retry_after))


def paths(stage: Stage) -> list[str]:
    return [path for _at, path in stage.asked]


class TestAPoll:
    def test_of_several_is_one_request_for_the_list(self, stage: Stage) -> None:
        stage.serve_mesh([listed(*CREATING), listed(*CREATING), listed(*RUNNING)])
        assert stage.read(held(*ABC))["gate"]["outcome"] == "reached"
        assert stage.asked == [(0, LIST), (10, LIST), (20, LIST)]
        sent = stage.services[0].sent[0]
        assert (sent.request.method, sent.request.url, sent.request.body) == ("GET", f"{MESH}releases", None)

    @pytest.mark.parametrize("parameters", [train("uid-a"), held("uid-a")], ids=["read", "gate"])
    def test_of_one_named_release_asks_for_it_alone(self, stage: Stage, parameters: dict[str, Any]) -> None:
        stage.serve_mesh([listed(*RUNNING)], {"uid-a": [found(RUNNING[0])]})
        assert "failed" not in stage.read(parameters)
        assert stage.asked == [(0, A)]

    @pytest.mark.parametrize("parameters", [SELECTION, HELD_SELECTION], ids=["read", "gate"])
    def test_of_a_selection_of_one_asks_for_the_list(self, stage: Stage, parameters: dict[str, Any]) -> None:
        stage.serve_mesh([listed(RUNNING[0])])
        assert "failed" not in stage.read(parameters)
        assert stage.asked == [(0, LIST)]

    def test_asks_for_each_release_that_the_list_lacks(self, stage: Stage) -> None:
        stage.serve_mesh([listed(RUNNING[1])], {"uid-a": [found(RUNNING[0])], "uid-c": [found(RUNNING[2])]})
        assert stage.read(held(*ABC))["gate"]["outcome"] == "reached"
        assert paths(stage) == [LIST, A, C]

    def test_takes_a_404_of_asm_for_an_empty_list(self, stage: Stage) -> None:
        stage.serve_mesh([GONE], {f"uid-{name}": [found(item(name))] for name in "abc"})
        assert stage.read(held(*ABC))["gate"]["outcome"] == "reached"
        assert paths(stage) == [LIST, A, B, C]

    @pytest.mark.parametrize(
        ("more", "lacking", "is_whole"),
        [
            pytest.param({}, ["spec"], False, id="no spec"),
            pytest.param({}, ["status"], False, id="no status"),
            pytest.param({}, ["status", "grayDeployments"], True, id="no Deployments, and none needed"),
            pytest.param({"manifests": True}, ["status", "grayDeployments"], False, id="manifests"),
            pytest.param({"ready": True}, ["status", "grayDeployments"], False, id="ready"),
            pytest.param({"ready": True}, ["spec", "grayDeployments"], False, id="ready, none planned"),
            pytest.param({"images": ["i:1"]}, ["status", "grayDeployments"], False, id="images"),
            pytest.param({"stall_timeout": 30}, ["status", "grayDeployments"], False, id="stall_timeout"),
            pytest.param({"ready": True}, ["status", "deployment"], True, id="no original workload"),
            pytest.param({}, ["kind"], True, id="no kind, which is the list's to say"),
            pytest.param({}, ["status", "phase"], True, id="no phase"),
        ],
    )
    def test_asks_for_each_release_that_the_list_does_not_show_whole(
        self, stage: Stage, more: dict[str, Any], lacking: list[str], is_whole: bool
    ) -> None:
        stage.serve_mesh([listed(without(item("a"), *lacking), RUNNING[1])], {"uid-a": [found(RUNNING[0])]})
        stage.read(held("uid-a", "uid-b", **more))
        assert (A in paths(stage)) is not is_whole

    def test_asks_by_uid_for_what_the_list_has_shown_under_its_name(self, stage: Stage) -> None:
        """A 404 that only means that a name is no id must not pass for a disappearance."""
        shown, unfinished = listed(*CREATING[:2]), listed(without(item("a"), "status"), CREATING[1])
        stage.serve_mesh(
            [shown, unfinished, listed(CREATING[1]), listed(*RUNNING[:2])], {"uid-a": [found(CREATING[0])]}
        )
        assert stage.read(held("a", "b"))["gate"]["outcome"] == "reached"
        assert paths(stage) == [LIST, LIST, A, LIST, A, LIST]

    def test_asks_by_the_given_id_before_the_list_has_shown_any(self, stage: Stage) -> None:
        stage.serve_mesh([listed(RUNNING[1])], {"a": [found(RUNNING[0])]})
        assert stage.read(held("a", "b"))["gate"]["outcome"] == "reached"
        assert paths(stage) == [LIST, single("a")]

    def test_does_not_ask_again_for_what_can_never_reach(self, stage: Stage) -> None:
        stage.serve_mesh([listed(CREATING[1]), listed(CREATING[1]), listed(RUNNING[1])], {"uid-a": [DENIED]})
        assert stage.read(held("uid-a", "uid-b", require="any"))["gate"]["outcome"] == "reached"
        assert paths(stage) == [LIST, A, LIST, LIST]

    def test_ends_with_the_verdict(self, stage: Stage) -> None:
        """What has already failed needs no further request."""
        stage.serve_mesh([listed()], {"uid-a": [found(item("a", "Failed"))]})
        assert stage.read(held(*ABC))["gate"]["outcome"] == "failed"
        assert paths(stage) == [LIST, A]

    def test_asks_for_a_release_of_unknown_service_until_it_is_known(self, stage: Stage) -> None:
        other = without(item("b", service="ratings"), "spec")
        stage.serve_mesh(
            [listed(CREATING[0], other), listed(RUNNING[0], other)], {"uid-b": [found(item("b", service="ratings"))]}
        )
        assert stage.read(HELD_SELECTION)["gate"]["counts"] == {"reached": 1}
        assert paths(stage) == [LIST, B, LIST]


class TestTheBudget:
    @pytest.mark.parametrize(
        ("more", "asked"),
        [
            pytest.param({}, [(0, LIST), (0, A), (2, B), (4, C), (10, LIST), (10, A), (12, B)], id="30 a minute"),
            pytest.param(
                {"requests_per_minute": 60}, [(0, LIST), (0, A), (1, B), (2, C), (10, LIST), (10, A), (11, B)], id="60"
            ),
            pytest.param(
                {"requests_per_minute": 10}, [(0, LIST), (0, A), (6, B), (12, C), (12, LIST), (18, A), (24, B)], id="10"
            ),
            pytest.param(
                {"wait_sleep": 1}, [(0, LIST), (0, A), (2, B), (4, C), (4, LIST), (6, A), (8, B)], id="no pause"
            ),
        ],
    )
    def test_spaces_single_reads_and_stretches_the_interval_when_it_must(
        self, stage: Stage, more: dict[str, Any], asked: list[tuple[float, str]]
    ) -> None:
        stage.serve_mesh([listed()], {each["metadata"]["uid"]: [found(each)] for each in CREATING})
        stage.read(held(*ABC, **more))
        assert stage.asked[:7] == asked

    def test_is_told_in_the_progress_line(self, stage: Stage) -> None:
        stage.serve_mesh([DENIED], {each["metadata"]["uid"]: [found(each)] for each in CREATING})
        stage.read(held(*ABC))
        assert "single reads 2 s apart" in stage.lines[0]

    @pytest.mark.parametrize("parameters", [train(*ABC), SELECTION], ids=["named", "selection"])
    def test_holds_for_reads_that_nobody_waits_for(self, stage: Stage, parameters: dict[str, Any]) -> None:
        cut = [without(each, "status") for each in RUNNING]
        stage.serve_mesh([listed(*cut)], {each["metadata"]["uid"]: [found(each)] for each in RUNNING})
        assert [each["phase"] for each in stage.read(parameters)["releases"]] == ["Running"] * 3
        assert stage.asked == [(0, LIST), (0, A), (2, B), (4, C)]

    @pytest.mark.parametrize(
        ("parameters", "check_mode"),
        [
            pytest.param(train("uid-a", "uid-b"), False, id="read"),
            pytest.param(train("uid-a", "uid-b"), True, id="read in check mode"),
            pytest.param(held("uid-a", "uid-b"), True, id="gate in check mode"),
        ],
    )
    @pytest.mark.parametrize(
        ("failing", "rate", "asked"),
        [
            pytest.param([BUSY, BUSY], 10, [0, 6, 12], id="further apart than the retries"),
            pytest.param([BUSY, BUSY], 60, [0, 1, 3], id="as retries are"),
            pytest.param([busy(9)], 10, [0, 9], id="as the service asks"),
        ],
    )
    def test_holds_for_retries_that_nobody_waits_for(
        self,
        stage: Stage,
        parameters: dict[str, Any],
        check_mode: bool,
        failing: Script,
        rate: int,
        asked: list[float],
    ) -> None:
        stage.serve_mesh([listed(RUNNING[0])], {"uid-b": [*failing, found(RUNNING[1])]})
        result = stage.read({**parameters, "requests_per_minute": rate}, check_mode=check_mode)
        assert [entry["phase"] for entry in result["releases"]] == ["Running", "Running"]
        assert stage.asked == [(0, LIST), *((at, B) for at in asked)]

    def test_of_retries_does_not_concern_the_list(self, stage: Stage) -> None:
        stage.serve_mesh([BUSY, listed(*RUNNING)])
        stage.read(train(*ABC, requests_per_minute=1))
        assert stage.asked == [(0, LIST), (1, LIST)]


NAMES = [f"{number:02}" for number in range(20)]
TWENTY = [f"uid-{name}" for name in NAMES]
DENIED_LIST = "the list of releases is denied, so each release is read singly, at most 30 a minute; "


class TestADeniedList:
    def test_of_named_releases_is_one_warning_and_single_reads(self, stage: Stage) -> None:
        stage.serve_mesh(
            [DENIED], {f"uid-{name}": [found(item(name, "Creating")), found(item(name))] for name in "abc"}
        )
        reading = stage.reading(held(*ABC))
        assert reading.warnings == (DENIED_LIST + "grant asm:mesh:listReleases, or set requests_per_minute",)
        assert reading.result["gate"]["outcome"] == "reached"
        assert stage.asked == [(0, LIST), (0, A), (2, B), (4, C), (10, A), (12, B), (14, C)]

    def test_counts_as_such_whenever_it_comes(self, stage: Stage) -> None:
        stage.serve_mesh([listed(*CREATING), DENIED], {f"uid-{name}": [found(item(name))] for name in "abc"})
        reading = stage.reading(held(*ABC))
        assert (reading.result["gate"]["outcome"], len(reading.warnings)) == ("reached", 1)
        assert stage.asked == [(0, LIST), (10, LIST), (10, A), (12, B), (14, C)]

    @pytest.mark.parametrize("check_mode", [False, True])
    def test_of_more_than_can_be_read_twice_fails_at_once(self, stage: Stage, check_mode: bool) -> None:
        stage.serve_mesh([DENIED], {f"uid-{name}": [found(item(name))] for name in NAMES})
        reading = stage.reading(held(*TWENTY), check_mode=check_mode)
        result = reading.result
        assert (result["failed"], result["gate"]["outcome"], result["error"]["kind"]) == (True, "error", "denied")
        assert result["msg"].replace("check mode: ", "") == (
            "the gate stays shut: the list of releases is denied, and at 30 single reads a minute not each of 20 "
            "releases can be read twice before the deadline (403 IAM.0006: no); grant asm:mesh:listReleases to their "
            "user or agency, or raise requests_per_minute or wait_timeout; 0 of 20 releases reached"
        )
        assert (stage.asked, reading.warnings) == ([(0, LIST)], ())

    @pytest.mark.parametrize("more", [{"requests_per_minute": 60}, {"wait_timeout": 120}], ids=str)
    def test_holds_the_gate_where_there_is_time(self, stage: Stage, more: dict[str, Any]) -> None:
        stage.serve_mesh([DENIED], {f"uid-{name}": [found(item(name))] for name in NAMES})
        assert stage.read(held(*TWENTY, **more))["gate"]["outcome"] == "reached"

    def test_of_what_nobody_waits_for_is_read_singly_however_long(self, stage: Stage) -> None:
        stage.serve_mesh([DENIED], {f"uid-{name}": [found(item(name))] for name in NAMES})
        reading = stage.reading(train(*TWENTY))
        assert [each["phase"] for each in reading.result["releases"]] == ["Running"] * 20
        assert (len(reading.warnings), stage.asked[-1]) == (1, (38, single("uid-19")))

    @pytest.mark.parametrize("parameters", [SELECTION, HELD_SELECTION], ids=["read", "gate"])
    @pytest.mark.parametrize("check_mode", [False, True])
    def test_of_a_selection_is_final(self, stage: Stage, parameters: dict[str, Any], check_mode: bool) -> None:
        stage.serve_mesh([DENIED])
        reading = stage.reading(parameters, check_mode=check_mode)
        assert (reading.failed, reading.result["error"]["kind"], reading.warnings) == (True, "denied", ())
        assert "grant asm:mesh:listReleases" in reading.result["msg"]
        assert stage.asked == [(0, LIST)]


NO_RELEASE = answer(200, '{"kind": "Pod"}')
PAGE = answer(200, "<html>a page</html>")


class TestPassingFaults:
    @pytest.mark.parametrize(
        ("faults", "asked"),
        [
            pytest.param([BUSY, BUSY, BUSY], [0, 1, 3, 7], id="backoff"),
            pytest.param([busy(7)], [0, 7], id="Retry-After"),
            pytest.param([answer(429, "", Retry_After="20")], [0, 20], id="throttled"),
            pytest.param([busy(100)], [0, 58], id="Retry-After beyond the last poll"),
            pytest.param([fault("network"), fault("timeout"), PAGE], [0, 1, 3, 7], id="before the first answer"),
        ],
    )
    def test_of_the_list_delay_the_next_poll(self, stage: Stage, faults: Script, asked: list[float]) -> None:
        stage.serve_mesh([*faults, listed(*RUNNING)])
        result = stage.read(held(*ABC))
        assert (result["gate"]["outcome"], result["gate"]["retries"]) == ("reached", len(faults))
        assert stage.asked == [(at, LIST) for at in asked]

    @pytest.mark.parametrize(
        ("failing", "asked"),
        [
            pytest.param(BUSY, [(0, LIST), (0, A), (2, B), (10, LIST), (10, A), (12, B)], id="within the spacing"),
            pytest.param(busy(7), [(0, LIST), (0, A), (7, B), (15, LIST), (15, A), (17, B)], id="Retry-After"),
            pytest.param(PAGE, [(0, LIST), (0, A), (2, B), (10, LIST), (10, A), (12, B)], id="page"),
        ],
    )
    def test_of_a_single_read_delay_the_next_one_and_say_nothing_of_the_release(
        self, stage: Stage, failing: Given, asked: list[tuple[float, str]]
    ) -> None:
        stage.serve_mesh([listed()], {"uid-a": [failing, found(RUNNING[0])], "uid-b": [found(RUNNING[1])]})
        result = stage.read(held("uid-a", "uid-b"))
        assert (result["gate"]["outcome"], result["gate"]["retries"]) == ("reached", 1)
        assert stage.asked == asked

    @pytest.mark.parametrize(
        ("failing", "second_poll"),
        [
            pytest.param([BUSY], 10, id="busy"),
            pytest.param([fault("network")], 10, id="network"),
            pytest.param([busy(7)], 10, id="Retry-After within the pause"),
            pytest.param([busy(25)], 25, id="Retry-After"),
        ],
    )
    def test_of_a_single_read_delay_the_next_poll_only_as_the_service_asks(
        self, stage: Stage, failing: Script, second_poll: float
    ) -> None:
        stage.serve_mesh([listed(CREATING[1])], {"uid-a": [*failing, found(CREATING[0])]})
        stage.read(held("uid-a", "uid-b"))
        assert stage.asked[:4] == [(0, LIST), (0, A), (second_poll, LIST), (second_poll, A)]

    def test_of_many_single_reads_delay_these_and_not_the_next_poll(self, stage: Stage) -> None:
        many = [f"uid-{number}" for number in range(5)]
        stage.serve_mesh([listed(CREATING[0])], {each: [BUSY] for each in many})
        stage.read(held("uid-a", *many, requests_per_minute=600))
        assert [at for at, _path in stage.asked[:6]] == [0, 0, 1, 3, 7, 15]
        # The pause of 10 s, less the four of 0.1 s that the single reads are apart.
        assert stage.asked[6] == (24.6, LIST)

    @pytest.mark.parametrize("rate", [1, 30, 600])
    @pytest.mark.parametrize(
        ("listing", "failing", "most"),
        [
            # Ten polls of wait_sleep, one at the beginning, and one in which stable_for is over: two requests each.
            *(
                pytest.param([listed(RUNNING[1])], failing, 2 * 12, id=f"one of two answered, {name}")
                for name, failing in {"busy": BUSY, "network": fault("network"), "asks": busy(1), "page": PAGE}.items()
            ),
            # As one release alone: 1, 2, 4, 8, 16 s apart and then 30; each time the list and two reads.
            *(
                pytest.param([listed()], failing, 3 * 25, id=f"none answered, {name}")
                for name, failing in {"busy": BUSY, "network": fault("network"), "page": PAGE}.items()
            ),
        ],
    )
    def test_that_never_end_make_no_storm_of_requests(
        self, stage: Stage, listing: Script, failing: Given, most: int, rate: int
    ) -> None:
        stage.serve_mesh(listing, {"uid-a": [failing], "uid-b": [failing]})
        result = stage.read(
            held("uid-a", "uid-b", stable_for=30, wait_sleep=60, wait_timeout=600, requests_per_minute=rate)
        )
        assert result["gate"]["outcome"] == "timeout"
        assert stage.requests <= most

    def test_that_never_end_ask_for_the_list_no_oftener_than_for_one_release_alone(self, stage: Stage) -> None:
        more = {"wait_sleep": 60, "wait_timeout": 600, "requests_per_minute": 6000}
        stage.serve_mesh([], {"uid-a": [BUSY]})
        stage.read(held("uid-a", **more))
        alone = stage.requests
        stage.serve_mesh([listed()], {"uid-a": [BUSY], "uid-b": [BUSY]})
        stage.read(held("uid-a", "uid-b", **more))
        assert 1 < paths(stage).count(LIST) <= alone

    @pytest.mark.parametrize("release_ids", [["uid-a"], ["uid-a", "uid-b"]], ids=["one", "several"])
    def test_that_ask_for_more_time_than_there_is_leave_one_read_at_the_end(
        self, stage: Stage, release_ids: list[str]
    ) -> None:
        stage.serve_mesh([listed(RUNNING[1])], {"uid-a": [busy(100), found(RUNNING[0])]})
        result = stage.read(held(*release_ids))
        assert (result["gate"]["outcome"], stage.asked[-1]) == ("reached", (58, A))

    @pytest.mark.parametrize("kind", ["network", "timeout"])
    @pytest.mark.parametrize("retries", [0, 2])
    @pytest.mark.parametrize("release_ids", [["uid-a"], ["uid-a", "uid-b"]], ids=["one", "several"])
    def test_before_the_first_answer_are_final_after_request_retries(
        self, stage: Stage, release_ids: list[str], kind: str, retries: int
    ) -> None:
        stage.serve(fault(kind))
        result = stage.read(held(*release_ids, request_retries=retries))
        assert (result["gate"]["outcome"], result["error"]["kind"]) == ("error", kind)
        assert stage.requests == retries + 1

    def test_before_the_first_answer_count_over_list_and_single_reads(self, stage: Stage) -> None:
        stage.serve_mesh([DENIED], {"uid-a": [fault("network")], "uid-b": [fault("network")]})
        result = stage.read(held("uid-a", "uid-b", request_retries=2))
        assert (result["gate"]["outcome"], result["error"]["kind"]) == ("error", "network")
        assert paths(stage) == [LIST, A, B, A]

    def test_after_the_first_answer_last_until_the_deadline(self, stage: Stage) -> None:
        stage.serve_mesh([listed(*CREATING), fault("network")])
        result = stage.read(held(*ABC))
        assert (result["gate"]["outcome"], result["error"]["kind"]) == ("timeout", "network")
        assert "the last error was: a fault of kind network" in result["msg"]
        assert stage.asked[-1] == (58, LIST)

    @pytest.mark.parametrize("parameters", [train("uid-a", "uid-b"), SELECTION], ids=["named", "selection"])
    def test_of_a_read_that_nobody_waits_for_end_after_request_retries(
        self, stage: Stage, parameters: dict[str, Any]
    ) -> None:
        stage.serve_mesh([BUSY, BUSY, listed(*RUNNING[:2])])
        assert len(stage.read(parameters)["releases"]) == 2
        assert stage.asked == [(0, LIST), (1, LIST), (3, LIST)]
        result = stage.read({**parameters, "request_retries": 1})
        assert (result["failed"], result["error"]["kind"], stage.asked) == (True, "server", [(0, LIST), (1, LIST)])

    def test_of_a_single_read_that_nobody_waits_for_end_likewise(self, stage: Stage) -> None:
        stage.serve_mesh([listed(RUNNING[0])], {"uid-b": [BUSY, found(RUNNING[1])]})
        assert [each["found"] for each in stage.read(train("uid-a", "uid-b"))["releases"]] == [True, True]
        result = stage.read(train("uid-a", "uid-b", request_retries=0))
        assert (result["failed"], result["error"]["kind"]) == (True, "server")

    @pytest.mark.parametrize(
        ("parameters", "check_mode"),
        [
            pytest.param(train("uid-a", "uid-b", on_missing="accept"), False, id="read"),
            pytest.param(SELECTION, False, id="selection"),
            pytest.param(held("uid-a", "uid-b"), True, id="gate in check mode"),
        ],
    )
    @pytest.mark.parametrize("failing", [BUSY, PAGE], ids=["busy", "page"])
    def test_of_a_single_read_that_nobody_waits_for_fail_it_by_name(
        self, stage: Stage, parameters: dict[str, Any], check_mode: bool, failing: Given
    ) -> None:
        stage.serve_mesh([listed(RUNNING[0], without(RUNNING[1], "status"))], {"uid-b": [failing]})
        result = stage.read({**parameters, "request_retries": 1}, check_mode=check_mode)
        assert (result["failed"], "uid-b (bookinfo)" in result["msg"]) == (True, True)
        assert paths(stage) == [LIST, B, B]

    def test_of_a_read_that_contradicts_the_list_fail_it_by_name(self, stage: Stage) -> None:
        """Of what the list shows, a 404 is no disappearance; nor can it be accepted as one."""
        stage.serve_mesh([listed(RUNNING[0], without(RUNNING[1], "status"))])
        result = stage.read(train("uid-a", "uid-b", on_missing="accept"))
        assert (result["failed"], result["error"]["kind"]) == (True, "protocol")
        assert result["msg"].startswith("'uid-b (bookinfo)': the list of releases has it")

    @pytest.mark.parametrize("others", [{}, {"uid-c": [found(CREATING[2])]}], ids=["last", "before an answer"])
    def test_of_a_single_read_are_in_the_result_and_the_entry_of_a_timeout(
        self, stage: Stage, others: dict[str, Script]
    ) -> None:
        stage.serve_mesh([listed(RUNNING[0])], {"uid-b": [BUSY], **others})
        result = stage.read(held("uid-a", "uid-b", *others, requests_per_minute=600))
        reached, late, *_others = result["releases"]
        assert (result["gate"]["outcome"], late["outcome"], late["reads"]) == ("timeout", "timeout", 0)
        assert (result["error"]["kind"], late["error"]["kind"]) == ("server", "server")
        assert "error" not in reached
        assert "uid-b (bookinfo) has not been answered" in result["msg"]
        assert "the last error was: the service has failed (503)" in result["msg"]

    def test_of_a_single_read_before_its_last_answer_are_not(self, stage: Stage) -> None:
        stage.serve_mesh([listed(RUNNING[0])], {"uid-b": [BUSY, found(CREATING[1])]})
        result = stage.read(held("uid-a", "uid-b"))
        assert result["gate"]["outcome"] == "timeout"
        assert "error" not in {*result, *result["releases"][1]}


FINAL = [
    pytest.param(UNKNOWN, "credentials", id="401"),
    pytest.param(AsmError("tls", "the certificate is refused"), "tls", id="certificate"),
    pytest.param(answer(404, "not here"), "endpoint", id="404 of another"),
    pytest.param(answer(302, ""), "endpoint", id="redirect"),
]
OF_ITS_RELEASE = [
    pytest.param(DENIED, "denied", id="403"),
    pytest.param(answer(400, '{"errorCode": "ASM.0400", "errorMsg": "no"}'), "usage", id="400"),
    pytest.param(NO_RELEASE, "protocol", id="no Release"),
]


class TestFinalErrors:
    @pytest.mark.parametrize(
        ("refused", "kind"),
        [
            *FINAL,
            pytest.param(answer(400, '{"errorCode": "ASM.0400"}'), "usage", id="400"),
            pytest.param(answer(200, '{"kind": "Release"}'), "protocol", id="no list"),
            pytest.param(listed(RUNNING[0], RUNNING[0]), "protocol", id="uid twice"),
            pytest.param(listed(item("a", uid="uid-1"), item("a", uid="uid-2"), item("b")), "usage", id="name twice"),
        ],
    )
    @pytest.mark.parametrize("parameters", [train("a", "b"), held("a", "b", require="any")], ids=["read", "gate"])
    def test_of_the_list_end_the_train(
        self, stage: Stage, parameters: dict[str, Any], refused: Given, kind: str
    ) -> None:
        stage.serve_mesh([refused])
        result = stage.read(parameters)
        assert (result["failed"], result["error"]["kind"], stage.requests) == (True, kind, 1)

    @pytest.mark.parametrize(("refused", "kind"), FINAL)
    def test_of_a_single_read_end_the_train(self, stage: Stage, refused: Given, kind: str) -> None:
        stage.serve_mesh([listed()], {"uid-a": [refused], "uid-b": [found(RUNNING[1])]})
        result = stage.read(held("uid-a", "uid-b", require="any"))
        assert (result["gate"]["outcome"], result["error"]["kind"]) == ("error", kind)
        assert result["gate"]["counts"] == {"pending": 2}
        assert paths(stage) == [LIST, A]

    @pytest.mark.parametrize(("refused", "kind"), OF_ITS_RELEASE)
    def test_that_concern_one_release_leave_the_others(self, stage: Stage, refused: Given, kind: str) -> None:
        stage.serve_mesh([listed()], {"uid-a": [refused], "uid-b": [found(RUNNING[1])]})
        result = stage.read(held("uid-a", "uid-b", require="any"))
        assert (result["gate"]["outcome"], result["gate"]["counts"]) == ("reached", {"error": 1, "reached": 1})
        assert result["releases"][0]["error"]["kind"] == kind
        assert "failed" not in result

    @pytest.mark.parametrize(("refused", "kind"), OF_ITS_RELEASE)
    def test_that_concern_one_release_end_a_train_that_needs_it(self, stage: Stage, refused: Given, kind: str) -> None:
        stage.serve_mesh([listed()], {"uid-a": [found(CREATING[0])], "uid-b": [refused]})
        result = stage.read(held("uid-a", "uid-b"))
        assert (result["gate"]["outcome"], result["error"]["kind"]) == ("error", kind)
        assert result["msg"].startswith("the gate stays shut: uid-b (bookinfo): ")
        assert stage.requests == 3


class TestTheDeadline:
    @pytest.mark.parametrize(("wait_timeout", "last"), [(60, 58), (65, 63), (9, 8)])
    def test_lets_the_last_poll_begin_early_enough(self, stage: Stage, wait_timeout: int, last: float) -> None:
        stage.serve_mesh([listed(*CREATING)])
        assert stage.read(held(*ABC, wait_timeout=wait_timeout))["gate"]["outcome"] == "timeout"
        assert stage.asked[-1] == (last, LIST)

    def test_makes_an_answer_that_comes_later_a_timeout(self, stage: Stage) -> None:
        stage.serve_mesh([listed(*RUNNING)], takes=61)
        result = stage.read(held(*ABC))
        assert (result["gate"]["outcome"], result["gate"]["reads"]) == ("timeout", 0)
        assert {entry["reads"] for entry in result["releases"]} == {0}

    def test_is_that_of_list_and_single_reads(self, stage: Stage) -> None:
        stage.serve_mesh([listed(CREATING[0])], {"uid-b": [found(CREATING[1])]})
        stage.read(held("uid-a", "uid-b"))
        assert {sent.deadline for sent in stage.services[0].sent} == {1060.0}
        assert {path for _at, path in stage.asked} == {LIST, B}

    def test_lets_no_single_read_begin_too_late(self, stage: Stage) -> None:
        """It ends the poll, not the wait: the list may still tell."""
        stage.serve_mesh([listed()], {each["metadata"]["uid"]: [found(each)] for each in CREATING})
        result = stage.read(held(*ABC, requests_per_minute=2))
        assert [(at, path) for at, path in stage.asked if path != LIST] == [(0, A), (30, B)]
        assert [at for at, path in stage.asked if path == LIST] == [0, 30, 40, 50, 58]
        assert (result["gate"]["outcome"], result["gate"]["counts"]) == ("timeout", {"timeout": 3})
        assert "uid-c (bookinfo) has not been answered" in result["msg"]

    def test_holds_in_check_mode_for_all_reads_together(self, stage: Stage) -> None:
        stage.serve_mesh([listed()], {"uid-a": [found(RUNNING[0])], "uid-b": [BUSY]})
        result = stage.read(held("uid-a", "uid-b", wait_timeout=5), check_mode=True)
        assert (result["failed"], result["error"]["kind"]) == (True, "server")
        assert stage.asked == [(0, LIST), (0, A), (2, B), (4, B)]

    @pytest.mark.parametrize(("wait_timeout", "asked"), [(3, [A, B]), (2, [A]), (1, [A])])
    def test_lets_no_single_read_of_check_mode_begin_after_wait_timeout(
        self, stage: Stage, wait_timeout: int, asked: list[str]
    ) -> None:
        stage.serve_mesh([listed()], {each["metadata"]["uid"]: [found(each)] for each in RUNNING})
        result = stage.read(held(*ABC, wait_timeout=wait_timeout), check_mode=True)
        assert paths(stage) == [LIST, *asked]
        assert (result["gate"]["outcome"], "failed" in result) == ("pending", False)
        assert result["gate"]["counts"] == {"reached": len(asked), "pending": 3 - len(asked)}
        assert "uid-c (bookinfo) has not been answered" in result["msg"]


LISTINGS = st.one_of(
    st.just(DENIED),
    st.just(GONE),
    st.sampled_from([BUSY, busy(5), busy(90), fault("network"), PAGE]),
    st.lists(st.sampled_from([*CREATING, *RUNNING]), unique_by=lambda each: each["metadata"]["uid"]).map(
        lambda items: listed(*items)
    ),
)
READS = st.sampled_from([GONE, BUSY, busy(3), busy(90), fault("timeout"), found(CREATING[0]), found(RUNNING[0])])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    listing=st.lists(LISTINGS, min_size=1, max_size=6),
    reads=st.lists(READS, min_size=1, max_size=6),
    rate=st.sampled_from([5, 30, 600]),
    on_missing=st.sampled_from(["fail", "wait"]),
)
def test_whatever_is_answered_the_deadline_and_the_budget_are_kept(
    stage: Stage, listing: list[Given], reads: list[Given], rate: int, on_missing: str
) -> None:
    began = stage.clock()
    stage.serve_mesh(listing, {"uid-a": reads})
    parameters = held("uid-a", "uid-b", requests_per_minute=rate, on_missing=on_missing, wait_sleep=3)

    stage.read(parameters)

    alone = [at for at, path in stage.asked if path != LIST]
    assert stage.clock() - began <= WAIT["wait_timeout"]
    assert {sent.deadline for sent in stage.services[-1].sent} == {began + WAIT["wait_timeout"]}
    assert all(later - at >= 60 / rate - 0.02 for at, later in zip(alone, alone[1:]))
