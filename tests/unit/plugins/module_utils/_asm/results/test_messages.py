# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sentences of verdicts and reads, and the progress lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import DeniedError, ErrorResponse
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.schedule import PollCost
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import (
    Conditions,
    ReleaseTarget,
    Schedule,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.results.messages import Messages, Read
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    deployment,
    error_of_kind,
    exceeded,
    not_found,
    release,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.observed import (
    Poll,
    Seen,
    gate_set,
    poll,
    polls,
    throttled,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.gate_set import GateSet

RUNNING = Conditions(("Running",), ("Failed",))
APPEARING = replace(RUNNING, on_missing="wait")
ACCEPTING = replace(RUNNING, on_missing="accept", missing_after=("Finishing",))
MINUTE = Schedule(wait_timeout=60)
SERVER = error_of_kind("server", ErrorResponse(status=503))
DENIED = DeniedError("the credentials lack a permission", "grant it", response=ErrorResponse(status=403, code="ASM.7"))
NAME = "reviews-canary (bookinfo)"
NEXT = "next poll in 10 s"
CUT = "wait_timeout was cut from 600 s to 60 s by the task's timeout"


def target(name: str) -> ReleaseTarget:
    return ReleaseTarget("mesh", "bookinfo", release_id=name)


def messages(count: int = 1, *, service: bool = False, check_mode: bool = False, cut: str = "") -> Messages:
    targets = tuple(target(f"id-{number}") for number in range(count))
    if service:
        targets = (ReleaseTarget("mesh", "bookinfo", service="reviews"),)
    sanitizer = Sanitizer()
    sanitizer.learn("s3cret-token")
    return Messages(targets, sanitizer, check_mode, cut)


def after(*shown: Seen, conditions: Conditions = RUNNING, ends: bool = False) -> GateSet:
    """Return the gate of one release after observations, at its deadline if it ends there."""
    script: list[Poll] = [{0: each} for each in shown]
    gates = polls(gate_set(1, conditions, schedule=MINUTE), *script)
    return gates.at_deadline(58) if ends else gates


def many(
    *shown: Poll, count: int = 3, required: int = 3, conditions: Conditions = RUNNING, ends: bool = False
) -> GateSet:
    gates = polls(gate_set(count, conditions, required, schedule=MINUTE), *shown)
    return gates.at_deadline(58) if ends else gates


def named(letter: str, phase: str = "Running", **parts: object) -> Seen:
    return release(phase, uid=f"uid-{letter}", name=letter, **parts)  # type: ignore[arg-type]


class TestOneRelease:
    def test_whole_sentences(self) -> None:
        assert messages().verdict(after("Creating", "Running")) == (
            "the gate is open: reviews-canary (bookinfo) is Running, 3/3 ready, after 10 s"
        )
        assert messages().verdict(after("Failed")) == (
            "the gate stays closed: reviews-canary (bookinfo) is Failed, which is one of failure_phases"
        )
        assert messages().verdict(after("Creating", "Starting", SERVER, ends=True)) == (
            "the gate stays closed: reviews-canary (bookinfo) did not meet all conditions within 60 s; phases wanted: "
            "Running; phases seen: Creating, Starting; the last error was: an error of kind server (503)"
        )

    @pytest.mark.parametrize(
        ("gates", "facts"),
        [
            pytest.param(
                after("Creating", *["Creating"] * 3, conditions=replace(RUNNING, stall_timeout=30, ready=True)),
                ["made no progress for 30 s", "is Creating, 3/3 ready", "waiting for Running"],
                id="stalled",
            ),
            pytest.param(after(404), ["ASM has no release id-0 (bookinfo)", "check mesh_id, namespace"], id="missing"),
            pytest.param(
                after("Running", 404, 404, conditions=replace(RUNNING, success_phases=("Done",))),
                ["reviews-canary (bookinfo) has disappeared", "its last phase was Running"],
                id="disappeared",
            ),
            pytest.param(
                after("Finishing", 404, 404, conditions=replace(ACCEPTING, version="v9")),
                ["its last phase was Finishing, but not all other conditions were met"],
                id="disappeared with another version",
            ),
            pytest.param(
                after(404, conditions=APPEARING, ends=True), ["has not appeared within 60 s"], id="appears late"
            ),
            pytest.param(
                after("Creating", release(uid="uid-2")), ["is another release now", "was uid-0 and is uid-2"], id="uid"
            ),
            pytest.param(
                after("Creating", release(uid="")), ["its uid was uid-0 and is empty or not text"], id="uid disappears"
            ),
            pytest.param(
                after(release("Creating", uid=""), "Creating"),
                ["its uid was empty or not text and is uid-0"],
                id="uid appears",
            ),
            pytest.param(
                after("Running", conditions=replace(RUNNING, version="v2 "), ends=True),
                ["version is v2, waiting for 'v2 '"],
                id="a blank at the end of a version",
            ),
            pytest.param(
                after(release(version=""), conditions=replace(RUNNING, version="2"), ends=True),
                ["version is empty or not text, waiting for 2"],
                id="a version that is not text",
            ),
            pytest.param(
                after(release(""), ends=True),
                ["phases seen: none (status.phase is empty or not text)"],
                id="a phase that is not text",
            ),
            pytest.param(
                after(release("Creating", uid="", name="a"), release(uid="", name="b")),
                ["is another release now", "its name was a"],
                id="name",
            ),
            pytest.param(
                after(named("0", ""), named("0", version="v3"), conditions=replace(RUNNING, version="v2")),
                ["has another version now", "was v2 and is v3"],
                id="version",
            ),
            pytest.param(
                after(release("", [exceeded()]), conditions=replace(RUNNING, ready=True)),
                ["exceeded its progress deadline: reviews-gray"],
                id="progress deadline",
            ),
            pytest.param(
                after("Finishing", 404, 404, conditions=ACCEPTING),
                ["the gate is open", "has disappeared, as it may after Finishing", "after 20 s"],
                id="accepted",
            ),
            pytest.param(after(DENIED), ["lack a permission (403 ASM.7); grant it"], id="error"),
            pytest.param(
                after("Creating", ends=True), ["phases wanted: Running", "phases seen: Creating"], id="timeout"
            ),
            pytest.param(after(SERVER, ends=True), ["phases seen: none", "503"], id="never answered"),
            pytest.param(
                after("Creating", throttled(90)).at_deadline(10),
                ["conditions in 10 s, and a pause of 90 s after the 429 does not fit into wait_timeout (60 s); phases"],
                id="a pause that is too long",
            ),
            pytest.param(
                after(404, throttled(90), conditions=APPEARING).at_deadline(10),
                ["has not appeared in 10 s, and a pause of 90 s after the 429"],
                id="a pause that is too long for a release to appear",
            ),
            pytest.param(
                after("Creating", throttled(5), ends=True), ["within 60 s; phases", "429"], id="a pause that fits"
            ),
            pytest.param(
                after("Creating", 404, conditions=APPEARING, ends=True),
                ["the release is not there"],
                id="gone at the end",
            ),
            pytest.param(
                after("Running", conditions=replace(RUNNING, version="v9", images=("i:9",)), ends=True),
                ["version is v2, waiting for v9", "not every gray workload has i:9"],
                id="unmet at the end",
            ),
            pytest.param(
                after("Running", "Running", conditions=replace(RUNNING, stable_for=50), ends=True),
                ["stable 10 of 50 s"],
                id="not stable at the end",
            ),
            pytest.param(
                after(release(gray=[deployment(ready=1)]), conditions=replace(RUNNING, ready=True), ends=True),
                ["not ready: gray workload reviews-gray", "1 of 3"],
                id="not ready at the end",
            ),
        ],
    )
    def test_facts(self, gates: GateSet, facts: list[str]) -> None:
        verdict = messages().verdict(gates)
        assert [fact for fact in facts if fact not in verdict] == [], verdict
        assert verdict.startswith("the gate is open: " if gates.outcome == "reached" else "the gate stays closed: ")

    def test_a_service_without_a_release_is_named(self) -> None:
        verdict = messages(service=True).verdict(after(404))
        assert "the release of service reviews (bookinfo) does not exist" in verdict
        assert "check mesh_id, namespace and service" in verdict

    @pytest.mark.parametrize(
        ("gates", "is_cut"),
        [
            (after("Creating", ends=True), True),
            (after(404, conditions=APPEARING, ends=True), True),
            (after(404), False),
            (after("Failed"), False),
            (after("Running"), False),
        ],
    )
    def test_a_cut_wait_timeout_is_named_if_more_time_could_have_helped(self, gates: GateSet, is_cut: bool) -> None:
        assert messages(cut=CUT).verdict(gates).endswith(f"; {CUT}") is is_cut

    def test_a_cut_wait_timeout_is_named_with_an_error_about_it(self) -> None:
        error = DeniedError("the list is denied", "raise wait_timeout")
        assert messages(cut=CUT).verdict(many(error)).endswith(f"; {CUT}")
        assert messages(cut=CUT).refusal(error, has_gate=True).endswith(f"; {CUT}")
        assert messages(cut=CUT).refusal(DENIED, has_gate=True).endswith("grant it")


class TestSeveralReleases:
    def test_whole_sentences(self) -> None:
        running: Poll = {0: named("a"), 1: named("b"), 2: named("c")}
        assert messages(3).verdict(many(running)) == "the gate is open: 3 of 3 releases reached after 0 s"
        mixed: Poll = {0: named("a"), 1: named("b", "Failed"), 2: named("c", "Creating")}
        assert messages(3).verdict(many(mixed)) == (
            "the gate stays closed: b (bookinfo) is Failed, which is one of failure_phases; 1 of 3 releases reached"
        )

    @pytest.mark.parametrize(
        ("gates", "facts"),
        [
            pytest.param(
                many({0: named("a"), 1: named("b", "Failed"), 2: ""}, required=1),
                ["the gate is open: 1 of 3 releases reached after 0 s, 1 required", "b (bookinfo) is Failed"],
                id="open, and who failed",
            ),
            pytest.param(
                many({0: named("a"), 1: named("b", "Creating"), 2: 503}, ends=True),
                [
                    "not enough releases met all conditions within 60 s",
                    "phases wanted: Running",
                    "b (bookinfo) is Creating",
                    "id-2 (bookinfo) has not been answered",
                    "the last error was: an error of kind server (503)",
                ],
                id="timeout",
            ),
            pytest.param(
                many({0: "Running", 1: "Running", 2: ""}, {0: 503, 1: "", 2: "Running"}, ends=True),
                ["no poll within 60 s was answered about each", "3 of 3 releases reached"],
                id="not answered together",
            ),
            pytest.param(
                many({0: named("a")}, throttled(90)).at_deadline(10),
                ["not enough releases met all conditions in 10 s, and a pause of 90 s after the 429"],
                id="a pause that is too long",
            ),
            pytest.param(
                many({0: "Creating", 1: DENIED, 2: "Creating"}),
                ["id-1 (bookinfo): the credentials lack"],
                id="one denied",
            ),
            pytest.param(many(DENIED), ["closed: the credentials lack a permission (403 ASM.7)"], id="the list denied"),
            pytest.param(
                many({0: named("a"), 1: named("a"), 2: ""}),
                ["releases[0] and releases[1] are the same release, 'uid-a'", "name each release once"],
                id="duplicates",
            ),
            pytest.param(
                many({number: named(str(number), "Failed") for number in range(5)}, count=5, required=5),
                ["0 (bookinfo) is Failed", "2 (bookinfo) is Failed", "and 2 more", "0 of 5 releases reached"],
                id="at most three by name",
            ),
        ],
    )
    def test_facts(self, gates: GateSet, facts: list[str]) -> None:
        verdict = messages(len(gates.gates)).verdict(gates)
        assert [fact for fact in facts if fact not in verdict] == [], verdict

    def test_a_timeout_names_single_reads_that_were_too_slow(self) -> None:
        verdict = messages(3).verdict(many({0: ""}, ends=True), PollCost(40, 2.0))
        assert "40 releases must be read singly, which takes 78 s with requests_per_minute 30" in verdict
        assert "singly" not in messages(3).verdict(many({0: ""}, ends=True), PollCost(3, 2.0))


@pytest.mark.parametrize(
    ("gates", "verdict"),
    [
        (after("Creating"), "check mode: this read alone means pending, so the gate would wait: "),
        (after("Running"), "check mode: this read alone means reached, so the gate would open: "),
        (
            after("Failed"),
            "check mode: this read alone means failed, so the gate would stay closed and the task would fail: ",
        ),
        (after(DENIED), "check mode: the gate stays closed: the credentials lack a permission"),
        (many({0: "Running", 1: "", 2: ""}), "check mode: this read alone means pending, so the gate would wait: "),
    ],
)
def test_check_mode_says_what_one_read_means(gates: GateSet, verdict: str) -> None:
    assert messages(len(gates.gates), check_mode=True).verdict(gates).startswith(verdict)


@pytest.mark.parametrize(
    ("reads", "sentences", "whole"),
    [
        ([], [], "no release found"),
        ([Read(target("a"), release())], ["reviews-canary (bookinfo) is Running, 3/3 ready"], "1 release: 1 Running"),
        (
            [Read(target("a"), release("")), Read(target("b"), error=not_found())],
            ["reviews-canary (bookinfo) is in no phase, 3/3 ready", "ASM has no such release (404 ASM.01404001)"],
            "2 releases: 1 in no phase, 1 not found",
        ),
        (
            [Read(target("a"), release(phase)) for phase in [*"ABC", *"CDEEF"]],
            [f"reviews-canary (bookinfo) is {phase}, 3/3 ready" for phase in "ABCCDEEF"],
            "8 releases: 2 C, 2 E, 1 A, 3 other",
        ),
    ],
)
def test_reads(reads: list[Read], sentences: list[str], whole: str) -> None:
    assert [messages().read(read) for read in reads] == sentences
    assert messages().read_many(reads) == whole


class TestProgress:
    def line(self, before: GateSet | None, gates: GateSet, rest: float | None = 10.0) -> str:
        return messages(len(gates.gates)).progress_line(before, gates, rest).replace("release_gate: ", "")

    @pytest.mark.parametrize(
        ("before", "now", "line"),
        [
            (
                None,
                after("Creating"),
                f"{NAME} Creating, 3/3 ready; waiting for Running; {NEXT}",
            ),
            (
                after("Creating"),
                after("Creating", "Running", conditions=replace(RUNNING, version="v3")),
                f"{NAME} Creating → Running, 3/3 ready; version is v2, waiting for v3; {NEXT}",
            ),
            (
                None,
                after("Running", "Running", conditions=replace(RUNNING, stable_for=70)),
                f"{NAME} Running, 3/3 ready; stable 10 of 70 s; {NEXT}",
            ),
            (
                None,
                after(404, conditions=APPEARING),
                f"id-0 (bookinfo) not there yet; waiting for Running; {NEXT}",
            ),
            (
                None,
                after("Creating", SERVER),
                f"{NAME} Creating, 3/3 ready; waiting for Running; transient error (server), retry 1; {NEXT}",
            ),
            (
                None,
                after("Creating", DENIED),
                f"{NAME} Creating, 3/3 ready; error (denied) after 10 s",
            ),
            (
                None,
                many({0: named("a"), 1: named("b", "Creating"), 2: 404}, conditions=APPEARING),
                (
                    "1 of 3 releases reached; 1 Creating, 1 not there; b (bookinfo) Creating, 3/3 ready (waiting for "
                    "Running); id-2 (bookinfo) not there yet (waiting for Running); a (bookinfo) Running, 3/3 ready, "
                    f"reached; {NEXT}"
                ),
            ),
        ],
    )
    def test_lines(self, before: GateSet | None, now: GateSet, line: str) -> None:
        assert self.line(before, now) == line

    def test_at_the_end(self) -> None:
        assert (
            self.line(None, after("Running"), None) == "reviews-canary (bookinfo) Running, 3/3 ready; reached after 0 s"
        )

    def test_of_many_names_three(self) -> None:
        gates = many({number: named(str(number), "Creating") for number in range(9)}, count=9, required=9)
        line = self.line(None, gates)
        assert line.count("(bookinfo)") == 3
        assert "; and 6 more; " in line


@pytest.mark.parametrize("count", [1, 2])
def test_foreign_text_is_sanitized_and_bounded(count: int) -> None:
    nasty = "\x1b[31m##vso[x]s3cret-token" + "x" * 10_000
    shown = release(nasty, uid="uid-0", name=nasty, version=nasty, gray=[deployment(nasty, ready=0)])
    conditions = Conditions((nasty,), version=nasty + "2", images=(nasty,), ready=True)
    for gates in (
        polls(gate_set(count, conditions), {0: shown}),
        polls(gate_set(count, conditions), {0: shown}).at_deadline(9),
        polls(gate_set(count, replace(conditions, version=None, images=(), ready=False)), {0: shown}),
        polls(gate_set(count, replace(conditions, failure_phases=(nasty,))), {0: shown}),
        poll(polls(gate_set(count, conditions), {0: shown}), 10, {0: release(nasty, uid=nasty, name=nasty)}),
    ):
        for text in (messages(count).verdict(gates), messages(count).progress_line(None, gates, 1.0)):
            assert text.isprintable()
            assert "s3cret-token" not in text
            assert "##vso[" not in text
            assert len(text) < 3000


def test_images_and_phases_are_named_up_to_three() -> None:
    gates = after("Running", conditions=replace(RUNNING, images=(*"abcde", IMAGE)), ends=True)
    assert "not every gray workload has a, b, c and 2 more" in messages().verdict(gates)
