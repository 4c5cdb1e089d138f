# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentences of a gate on several releases: the sum, the culprit first, and at most three releases by name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions, Named, Several
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train import Train, at_deadline, begin
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.train_wording import (
    label,
    member_told,
    news,
    progress_line,
    report_train,
    sentence,
    several,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, fault
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.trains import (
    Own,
    Poll,
    fold,
    in_part,
    item,
    member,
    named,
    selected,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.trains import Seen

WAIT = Conditions(("Running",), ("Failed",), wait_timeout=60)
APPEARING = replace(WAIT, on_missing="wait")
TWO, THREE = named("a", "b"), named("a", "b", "c")
LETTERS = "abcdefghijkl"
MANY = named(*LETTERS)
UNANSWERED: Poll = {"a": "Running", "b": 503, "c": Own("Creating")}
NUMBERS = [str(number) for number in range(40)]

ODD = "\x1b[2Jx\n##vso[task.complete]\u202e::error::" + "y" * 1000
"""What nobody wants in a log."""


def train_of(asked: Several, conditions: Conditions, *polls: Poll, late: bool = False) -> Train:
    """Return the train after polls every 10 s; `late` asks for the verdict at the deadline."""
    train = fold(begin(asked, conditions), *polls)
    return at_deadline(train) if late else train


def all_in(phase: str, **others: Seen) -> dict[str, Seen]:
    """Return a poll that shows `MANY` in a phase, but for some."""
    return {**dict.fromkeys(LETTERS, phase), **others}


VERDICTS = [
    pytest.param(
        train_of(TWO, WAIT, {"a": "Creating", "b": "Running"}, {"a": "Running", "b": "Creating"}),
        "the gate is open: 2 of 2 releases reached after 10 s",
        id="reached",
    ),
    pytest.param(
        train_of(named("a", "b", "c", require=1), WAIT, {"a": "Failed", "b": "Creating", "c": "Running"}),
        "the gate is open: 1 of 3 releases reached after 0 s, 1 required; "
        "a-canary (bookinfo) is Failed, which is one of failure_phases",
        id="reached, and another failed in the same poll",
    ),
    pytest.param(
        train_of(
            selected(ignore_phases=("Terminated", "Done")), WAIT, {"a": "Running", "b": "Terminated", "c": "Done"}
        ),
        "the gate is open: 1 of 1 releases reached after 0 s, 2 ignored",
        id="reached, and others are ignored",
    ),
    pytest.param(
        train_of(THREE, WAIT, {"a": "Running", "b": "Failed", "c": "Creating"}),
        "the gate stays shut: b-canary (bookinfo) is Failed, which is one of failure_phases; 1 of 3 releases reached",
        id="failed",
    ),
    pytest.param(
        train_of(
            named("a", "b", "c", require=2),
            WAIT,
            {"a": "Creating", "b": "Creating", "c": "Failed"},
            {"a": Own(item("a-2", name="a-canary")), "b": "Running"},
        ),
        "the gate stays shut: c-canary (bookinfo) is Failed, which is one of failure_phases; "
        "a-canary (bookinfo) is another one now: its uid was a and is a-2; 1 of 3 releases reached, 2 required",
        id="failed, the first culprit first",
    ),
    pytest.param(
        train_of(TWO, WAIT, {"a": "Creating", "b": "Creating"}, {"a": Own(item("x")), "b": "Creating"}),
        "the gate stays shut: x-canary (bookinfo) is another one now: its uid was a and is x; 0 of 2 releases reached",
        id="replaced",
    ),
    pytest.param(
        train_of(TWO, WAIT, {"a": "Running"}),
        "the gate stays shut: ASM knows no release b (bookinfo); check mesh_id, namespace and release_id; "
        "1 of 2 releases reached",
        id="missing, never seen",
    ),
    pytest.param(
        train_of(TWO, WAIT, {"a": "Running", "b": "Creating"}, {"a": "Running"}, {"a": "Running"}),
        "the gate stays shut: b-canary (bookinfo) has disappeared; its last phase was Creating; "
        "1 of 2 releases reached",
        id="missing, seen before",
    ),
    pytest.param(
        train_of(TWO, APPEARING, {"a": "Running"}, late=True),
        "the gate stays shut: b (bookinfo) has not appeared within 60 s; "
        "check mesh_id, namespace and release_id; 1 of 2 releases reached",
        id="missing at the deadline",
    ),
    pytest.param(
        train_of(selected(minimum=3), WAIT, {"a": "Running"}),
        "the gate stays shut: 1 of at least 3 selected releases are there; check mesh_id, namespace, service and "
        "name; 1 of 1 releases reached, 3 required",
        id="missing, too few are selected",
    ),
    pytest.param(
        train_of(selected(minimum=3), APPEARING, {}, late=True),
        "the gate stays shut: 0 of at least 3 selected releases are there within 60 s; check mesh_id, namespace, "
        "service and name; 0 of 0 releases reached, 3 required",
        id="missing at the deadline, too few are selected",
    ),
    pytest.param(
        train_of(TWO, replace(WAIT, stall_timeout=20), *[{"a": "Running", "b": "Creating"}] * 3),
        "the gate stays shut: b-canary (bookinfo) has made no progress for 20 s; it is Creating, 3/3 ready "
        "(waiting for Running); 1 of 2 releases reached",
        id="stalled",
    ),
    pytest.param(
        train_of(TWO, WAIT, {"a": "Running", "b": 403}),
        "the gate stays shut: b (bookinfo): a fault of kind denied (403); 1 of 2 releases reached",
        id="error of one release",
    ),
    pytest.param(
        train_of(TWO, WAIT, {"a": "Running", "b": fault("credentials", status=401, remedy="check the token")}),
        "the gate stays shut: a fault of kind credentials (401); check the token; 1 of 2 releases reached",
        id="error of all",
    ),
    pytest.param(
        train_of(selected(), WAIT, 403),
        "the gate stays shut: a fault of kind denied (403)",
        id="error before anything was seen",
    ),
    pytest.param(
        train_of(named("a", "a-canary"), WAIT, {"a": "Running"}),
        "the gate stays shut: releases names one release twice, as 'a and a-canary'; name each release once; "
        "2 of 2 releases reached",
        id="error of a release that is named twice",
    ),
    pytest.param(
        train_of(THREE, WAIT, {"a": "Running", "b": "Creating", "c": "Starting"}, late=True),
        "the gate stays shut: not enough releases met all conditions within 60 s; phases wanted: Running; "
        "1 of 3 releases reached; b-canary (bookinfo) is Creating, 3/3 ready (waiting for Running); "
        "c-canary (bookinfo) is Starting, 3/3 ready (waiting for Running)",
        id="timeout",
    ),
    pytest.param(
        train_of(
            named("a", "b", "c", require=2), APPEARING, {"a": "Failed", "b": "Creating"}, fault("server"), late=True
        ),
        "the gate stays shut: not enough releases met all conditions within 60 s; phases wanted: Running; "
        "0 of 3 releases reached, 2 required; "
        "a-canary (bookinfo) is Failed, which is one of failure_phases; "
        "b-canary (bookinfo) is Creating, 3/3 ready (waiting for Running); "
        "c (bookinfo) has not appeared within 60 s; check mesh_id, namespace and release_id; "
        "the last error was: a fault of kind server",
        id="timeout after a failure and a fault",
    ),
    pytest.param(
        train_of(selected(minimum=2), WAIT, 503, late=True),
        "the gate stays shut: not enough releases met all conditions within 60 s; phases wanted: Running; "
        "0 of 0 releases reached, 2 required; the last error was: a fault of kind server (503)",
        id="timeout without an answer",
    ),
    pytest.param(
        train_of(
            Several("mesh", (Named("bookinfo", "a", "1.10"), Named("bookinfo", "b")), minimum=2),
            replace(WAIT, stable_for=55, ready=True),
            {"a": item("a", version="1.1"), "b": item("b", gray=[deployment(ready=2)])},
            late=True,
        ),
        "the gate stays shut: not enough releases met all conditions within 60 s; phases wanted: Running; "
        "0 of 2 releases reached; a-canary (bookinfo) is Running, 3/3 ready (version is 1.1, waiting for 1.10); "
        "b-canary (bookinfo) is Running, 2/3 ready (not ready: gray workload reviews-gray: "
        "2 of 3 updated replicas are available)",
        id="timeout over what each lacks",
    ),
    pytest.param(
        train_of(TWO, replace(WAIT, stable_for=55), *[{"a": "Running", "b": "Creating"}] * 3, late=True),
        "the gate stays shut: not enough releases met all conditions within 60 s; phases wanted: Running; "
        "0 of 2 releases reached; a-canary (bookinfo) is Running, 3/3 ready (stable 20 of 55 s); "
        "b-canary (bookinfo) is Creating, 3/3 ready (waiting for Running)",
        id="timeout while it held",
    ),
    pytest.param(
        train_of(TWO, WAIT, {"a": "Running", "b": "Creating"}, {"a": 503, "b": "Running"}, late=True),
        "the gate stays shut: no poll within 60 s had an answer about each of the releases that reached; "
        "2 of 2 releases reached; a-canary (bookinfo) was not answered in the last poll; "
        "the last error was: a fault of kind server (503)",
        id="timeout though enough reached, but not all answered in one poll",
    ),
    pytest.param(
        train_of(THREE, WAIT, *[UNANSWERED] * 2, late=True),
        "the gate stays shut: not enough releases met all conditions within 60 s; phases wanted: Running; "
        "1 of 3 releases reached; b (bookinfo) has not been answered; "
        "c-canary (bookinfo) is Creating, 3/3 ready (waiting for Running); "
        "the last error was: a fault of kind server (503)",
        id="timeout of one that was never answered",
    ),
    pytest.param(
        train_of(
            selected(minimum=2, require=1, ignore_phases=("Done",)),
            WAIT,
            {"a": "Running", "b": Own(503, in_part("b"))},
            late=True,
        ),
        "the gate stays shut: 1 of at least 2 selected releases are known to belong within 60 s; "
        "1 of 2 releases reached, 1 required; b (bookinfo) has not been answered; "
        "the last error was: a fault of kind server (503)",
        id="timeout though enough reached, but too few are known to belong",
    ),
    pytest.param(
        train_of(TWO, WAIT, {"a": Own(404, in_part("a")), "b": "Running"}, late=True),
        "the gate stays shut: not enough releases met all conditions within 60 s; phases wanted: Running; "
        "1 of 2 releases reached; a (bookinfo) has not been answered; the last error was: "
        "the list of releases has it, and a read of its own does not find it (404)",
        id="timeout over answers that contradict each other",
    ),
    pytest.param(
        train_of(named(*NUMBERS), WAIT, {each: Own("Creating") for each in NUMBERS}),
        "the gate stays shut: not enough releases met all conditions within 60 s; phases wanted: Running; "
        "40 releases must be read singly, which takes 78 s with requests_per_minute 30; "
        "0 of 40 releases reached; 0-canary (bookinfo) is Creating, 3/3 ready (waiting for Running); "
        "1-canary (bookinfo) is Creating, 3/3 ready (waiting for Running); "
        "2-canary (bookinfo) is Creating, 3/3 ready (waiting for Running); and 37 more",
        id="timeout over single reads that do not fit",
    ),
    pytest.param(
        train_of(MANY, WAIT, all_in("Creating", a="Running"), late=True),
        "the gate stays shut: not enough releases met all conditions within 60 s; phases wanted: Running; "
        "1 of 12 releases reached; b-canary (bookinfo) is Creating, 3/3 ready (waiting for Running); "
        "c-canary (bookinfo) is Creating, 3/3 ready (waiting for Running); "
        "d-canary (bookinfo) is Creating, 3/3 ready (waiting for Running); and 8 more",
        id="timeout of many",
    ),
    pytest.param(
        train_of(MANY, WAIT, all_in("Creating", b="Failed", c="Failed", d="Failed", e="Failed", f="Failed")),
        "the gate stays shut: b-canary (bookinfo) is Failed, which is one of failure_phases; "
        "c-canary (bookinfo) is Failed, which is one of failure_phases; "
        "d-canary (bookinfo) is Failed, which is one of failure_phases; and 2 more; 0 of 12 releases reached",
        id="failed many at once",
    ),
    pytest.param(
        train_of(TWO, WAIT, {"a": "Running", "b": "Creating"}),
        "the gate is not open yet: 1 of 2 releases reached; "
        "b-canary (bookinfo) is Creating, 3/3 ready (waiting for Running)",
        id="pending",
    ),
    pytest.param(
        train_of(selected(minimum=2), APPEARING, {}),
        "the gate is not open yet: 0 of 0 releases reached, 2 required",
        id="pending, nothing is there",
    ),
]


@pytest.mark.parametrize(("train", "said"), VERDICTS)
def test_a_verdict_is_one_sentence(train: Train, said: str) -> None:
    assert sentence(train, Cleaner()) == said


class TestProgressLine:
    @pytest.mark.parametrize(
        ("asked", "polls", "rest", "line"),
        [
            pytest.param(
                TWO,
                [{"a": "Creating", "b": 503}],
                10.0,
                "0 of 2 releases have reached; 1 Creating, 1 not answered yet; a-canary (bookinfo) Creating, 3/3 "
                "ready (waiting for Running); b (bookinfo) not answered yet (waiting for Running); transient "
                "error (server), retry 1; next poll in 10 s",
                id="the first",
            ),
            pytest.param(
                MANY,
                [all_in("Creating"), all_in("Running", b="Creating", c="Creating", d="Starting", e="Starting")],
                9.6,
                "8 of 12 releases have reached; 2 Creating, 2 Starting; d-canary (bookinfo) Creating → Starting, "
                "3/3 ready (waiting for Running); e-canary (bookinfo) Creating → Starting, 3/3 ready (waiting "
                "for Running); b-canary (bookinfo) Creating, 3/3 ready (waiting for Running); and 9 more; next "
                "poll in 10 s",
                id="a sum, and at most three that are missing, those that changed first",
            ),
            pytest.param(
                MANY,
                [all_in("Running", l="Creating"), all_in("Running", l="Starting")],
                10.0,
                "11 of 12 releases have reached; 1 Starting; l-canary (bookinfo) Creating → Starting, 3/3 ready "
                "(waiting for Running); next poll in 10 s",
                id="one that changed",
            ),
            pytest.param(
                MANY,
                [all_in("Creating"), all_in("Creating")],
                10.0,
                "0 of 12 releases have reached; 12 Creating; a-canary (bookinfo) Creating, 3/3 ready (waiting "
                "for Running); b-canary (bookinfo) Creating, 3/3 ready (waiting for Running); c-canary "
                "(bookinfo) Creating, 3/3 ready (waiting for Running); and 9 more; next poll in 10 s",
                id="nothing new",
            ),
            pytest.param(
                named(*LETTERS, require=1),
                [all_in("Creating"), all_in("1", a="2", b="2", c="2", d="3", e="3", f="4", g="5", h="Failed")],
                None,
                "0 of 12 releases have reached, 1 required; 4 1, 3 2, 2 3, 3 other; a-canary (bookinfo) Creating "
                "→ 2, 3/3 ready (waiting for Running); b-canary (bookinfo) Creating → 2, 3/3 ready (waiting for "
                "Running); c-canary (bookinfo) Creating → 2, 3/3 ready (waiting for Running); and 9 more; "
                "waiting for an answer",
                id="many phases",
            ),
            pytest.param(
                TWO,
                [
                    {"a": "Creating", "b": "Creating"},
                    {"a": "Creating", "b": item("b", "Creating", gray=[deployment(ready=1)])},
                ],
                10.0,
                "0 of 2 releases have reached; 2 Creating; b-canary (bookinfo) Creating, 1/3 ready (waiting for "
                "Running); a-canary (bookinfo) Creating, 3/3 ready (waiting for Running); next poll in 10 s",
                id="another readiness",
            ),
            pytest.param(
                TWO,
                [{"a": "Creating", "b": "Creating"}, {"a": "Creating"}],
                10.0,
                "0 of 2 releases have reached; 1 Creating, 1 not there; b-canary (bookinfo) Creating → not there "
                "(waiting for Running); a-canary (bookinfo) Creating, 3/3 ready (waiting for Running); next poll "
                "in 10 s",
                id="gone",
            ),
            pytest.param(
                TWO,
                [{"a": "Running", "b": "Creating"}, {"a": "Running", "b": ""}],
                10.0,
                "1 of 2 releases have reached; 1 in no phase; b-canary (bookinfo) Creating → in no phase, 3/3 "
                "ready (waiting for Running); next poll in 10 s",
                id="no phase",
            ),
            pytest.param(
                selected(minimum=3),
                [{"a": "Creating"}, {"a": "Creating", "b": "Running"}],
                10.0,
                "1 of 3 releases have reached; 1 Creating; a-canary (bookinfo) Creating, 3/3 ready (waiting for "
                "Running); b-canary (bookinfo) Running, 3/3 ready, reached; next poll in 10 s",
                id="one that appeared, and one that is still awaited",
            ),
            pytest.param(
                named("a", "b", require=1),
                [{"a": "Creating", "b": "Creating"}, {"a": "Failed", "b": "Creating"}],
                10.0,
                "0 of 2 releases have reached, 1 required; 1 failed, 1 Creating; a-canary (bookinfo) Creating → "
                "Failed, 3/3 ready, failed; b-canary (bookinfo) Creating, 3/3 ready (waiting for Running); next "
                "poll in 10 s",
                id="one that failed",
            ),
            pytest.param(
                TWO,
                [{"a": "Creating", "b": "Creating"}, {"a": "Running", "b": "Running"}],
                None,
                "2 of 2 releases have reached; a-canary (bookinfo) Creating → Running, 3/3 ready, reached; "
                "b-canary (bookinfo) Creating → Running, 3/3 ready, reached; reached after 10 s",
                id="the verdict",
            ),
            pytest.param(
                Several("mesh", (Named("bookinfo", "a", "v3"), Named("bookinfo", "b")), minimum=2),
                [{"a": "Running", "b": "Running"}],
                10.0,
                "1 of 2 releases have reached; 1 Running; a-canary (bookinfo) Running, 3/3 ready (version is v2, "
                "waiting for v3); b-canary (bookinfo) Running, 3/3 ready, reached; next poll in 10 s",
                id="another version than wanted",
            ),
            pytest.param(
                THREE,
                [{"a": "Creating"}, {"a": "Creating", "b": Own("Creating"), "c": Own("Creating")}],
                10.0,
                "0 of 3 releases have reached; 3 Creating; b-canary (bookinfo) not there → Creating, 3/3 ready "
                "(waiting for Running); c-canary (bookinfo) not there → Creating, 3/3 ready (waiting for "
                "Running); a-canary (bookinfo) Creating, 3/3 ready (waiting for Running); single reads 2 s "
                "apart; next poll in 10 s",
                id="spaced single reads",
            ),
            pytest.param(
                TWO,
                [{"a": "Creating", "b": "Creating"}, fault("throttled"), fault("server"), fault("server")],
                4.0,
                "0 of 2 releases have reached; 2 Creating; a-canary (bookinfo) Creating, 3/3 ready (waiting for "
                "Running); b-canary (bookinfo) Creating, 3/3 ready (waiting for Running); transient error "
                "(server), retry 3; next poll in 4 s",
                id="transient errors",
            ),
            pytest.param(
                TWO,
                [{"a": "Creating", "b": "Creating"}, fault("tls")],
                None,
                "0 of 2 releases have reached; 2 Creating; a-canary (bookinfo) Creating, 3/3 ready (waiting for "
                "Running); b-canary (bookinfo) Creating, 3/3 ready (waiting for Running); error (tls) after 10 s",
                id="a final error",
            ),
        ],
    )
    def test_says(self, asked: Several, polls: list[Poll], rest: float | None, line: str) -> None:
        before = fold(begin(asked, APPEARING), *polls[:1]) if len(polls) > 1 else begin(asked, APPEARING)
        train = fold(before, *(polls[1:] or polls), start=10)
        assert progress_line(before, train, rest, Cleaner()) == f"release_gate: {line}"

    def test_says_that_there_is_no_list(self) -> None:
        train = fold(begin(THREE, APPEARING), {"a": "Creating"})
        assert "without the list" not in progress_line(train, replace(train, alone=3), 10.0, Cleaner())
        line = progress_line(train, replace(train, alone=3, told=False), 10.0, Cleaner())
        assert line.endswith("; without the list, single reads 2 s apart; next poll in 10 s")

    def test_has_news_when_a_phase_a_readiness_an_outcome_or_a_member_is_new(self) -> None:
        shown: dict[str, Seen] = {"a": "Creating", "b": "Creating"}
        train = fold(begin(selected(ignore_phases=("Done",)), WAIT), shown)
        assert news(train) != news(begin(selected(), WAIT))
        changes: list[Seen] = ["Starting", "Running", item("a", "Creating", gray=[deployment(ready=1)]), 404]
        for change in changes:
            assert news(fold(train, {**shown, "a": change}, start=10)) != news(train)
        assert news(fold(train, {**shown, "c": "Creating"}, start=10)) != news(train)
        nothing_new: list[Poll] = [shown, {**shown, "a": Own("Creating")}, {**shown, "a": 503}, fault("server")]
        for shown_again in nothing_new:
            assert news(fold(train, shown_again, start=10)) == news(train)


@pytest.mark.parametrize(
    ("asked", "polls", "said"),
    [
        pytest.param(
            TWO,
            {"a": "Running", "b": "Running"},
            "check mode: this read alone means reached, so the gate would open: 2 of 2 releases reached after 0 s",
            id="reached",
        ),
        pytest.param(
            TWO,
            {"a": "Running", "b": "Creating"},
            "check mode: this read alone means pending, so the gate would wait: 1 of 2 releases reached; "
            "b-canary (bookinfo) is Creating, 3/3 ready (waiting for Running)",
            id="pending",
        ),
        pytest.param(
            TWO,
            {"a": "Running", "b": "Failed"},
            "check mode: this read alone means failed, so the gate would stay shut and the task would fail: "
            "b-canary (bookinfo) is Failed, which is one of failure_phases; 1 of 2 releases reached",
            id="failed",
        ),
    ],
)
def test_check_mode_says_what_the_read_alone_means(asked: Several, polls: Poll, said: str) -> None:
    assert sentence(train_of(asked, WAIT, polls), Cleaner(), check_mode=True) == said


class TestForeignText:
    odd = train_of(
        Several("mesh", (Named("book\ninfo", "r\n1"), Named("bookinfo", "b")), minimum=2),
        replace(WAIT, version="v\n2", success_phases=("Run\nning",)),
        {"r\n1": item("r\n1", ODD, name=ODD, version=ODD, namespace="book\ninfo"), "b": "Creating"},
    )
    ignored = train_of(
        selected(ignore_phases=(ODD, "Done")), APPEARING, {"x": item("x\u202e", ODD, name=ODD), "b": "Creating"}
    )

    @pytest.mark.parametrize("train", [odd, at_deadline(odd), ignored])
    def test_is_on_one_line_short_and_without_commands_to_a_pipeline(self, train: Train) -> None:
        clean = Cleaner()
        texts = [
            sentence(train, clean),
            several(train, clean),
            progress_line(begin(train.several, train.conditions), train, 1, clean),
            *(text for each in train.members for text in (label(each, clean), member_told(each, clean))),
            *(text for each in report_train(train, clean, False)["ignored"] for text in each.values()),
        ]
        for text in texts:
            assert text.isprintable()
            assert "##vso[" not in text
            assert "::error" not in text
            assert "y" * 200 not in text

    @pytest.mark.parametrize("late", [False, True])
    def test_holds_no_secret(self, late: bool) -> None:
        clean = Cleaner()
        clean.learn("hunter2")
        shown = item("b", "is hunter2", name="hunter2-canary", version="hunter2")
        train = train_of(named("a", "b"), replace(WAIT, version="v2"), {"a": "Running", "b": shown}, late=late)
        told = [
            sentence(train, clean),
            several(train, clean),
            progress_line(begin(train.several, WAIT), train, 1, clean),
            json.dumps(report_train(train, clean, False)),
        ]
        assert "hunter2" not in "".join(told)


class TestLabel:
    def test_is_the_name_once_it_is_known(self) -> None:
        train = train_of(named("a", "b"), APPEARING, {"a": "Creating"})
        assert label(member(train, "a"), Cleaner()) == "a-canary (bookinfo)"
        assert label(member(train, "b"), Cleaner()) == "b (bookinfo)"

    def test_is_the_id_of_a_release_without_a_name(self) -> None:
        train = train_of(named("a", "b"), APPEARING, {"a": item("a", "Creating", name="")})
        assert label(member(train, "a"), Cleaner()) == "a (bookinfo)"


class TestMember:
    @pytest.mark.parametrize(
        ("seen", "late", "said"),
        [
            pytest.param(503, False, "a (bookinfo) has not been answered", id="never answered"),
            pytest.param(503, True, "a (bookinfo) has not been answered", id="never answered in time"),
            pytest.param(
                403, False, "a (bookinfo): a fault of kind denied (403)", id="never answered, and never will be"
            ),
            pytest.param(404, False, "a (bookinfo) is not there yet (waiting for Running)", id="not there"),
            pytest.param(
                "Creating", False, "a-canary (bookinfo) is Creating, 3/3 ready (waiting for Running)", id="answered"
            ),
        ],
    )
    def test_is_told_in_one_sentence(self, seen: Seen, late: bool, said: str) -> None:
        train = train_of(named("a", "b", require=1), APPEARING, {"a": seen, "b": "Creating"}, late=late)
        assert member_told(member(train, "a"), Cleaner()) == said


class TestReport:
    def test_has_these_keys(self) -> None:
        asked = selected(minimum=2, require=1, ignore_phases=("Done",))
        polls: list[Poll] = [{"a": "Failed", "b": "Creating", "c": "Creating", "d": "Done"}, 503, {"b": "Running"}]
        assert report_train(train_of(asked, WAIT, *polls), Cleaner(), False) == {
            "outcome": "reached",
            "message": "the gate is open: 1 of 3 releases reached after 20 s, 1 required, 1 ignored; "
            "a-canary (bookinfo) is Failed, which is one of failure_phases",
            "elapsed": 20.0,
            "reads": 2,
            "retries": 1,
            "required": 1,
            "counts": {"failed": 1, "reached": 1, "pending": 1},
            "ignored": [{"namespace": "bookinfo", "name": "d-canary", "uid": "d", "phase": "Done"}],
            "check_mode": False,
        }

    @pytest.mark.parametrize("asked", [TWO, selected(minimum=2)])
    def test_is_pending_without_an_outcome(self, asked: Several) -> None:
        gate = report_train(begin(asked, WAIT), Cleaner(), True)
        assert (gate["outcome"], gate["check_mode"], gate["required"], gate["ignored"]) == ("pending", True, 2, [])

    def test_counts_only_the_outcomes_that_there_are(self) -> None:
        train = train_of(named(*"abcd", require=1), WAIT, {"a": "Creating", "b": "Failed", "d": "Failed"})
        assert report_train(train, Cleaner(), False)["counts"] == {"pending": 1, "failed": 2, "missing": 1}


class TestWithoutAGate:
    @pytest.mark.parametrize(
        ("asked", "shown", "said"),
        [
            (selected(), {}, "no release of the mesh is selected"),
            (selected(), {"a": "Running"}, "1 release: 1 Running"),
            (
                named("a", "b", "c", "d"),
                {"a": "Running", "b": "Creating", "c": "Running"},
                "4 releases: 2 Running, 1 Creating, 1 not there",
            ),
        ],
    )
    def test_one_look_is_one_sentence(self, asked: Several, shown: dict[str, Any], said: str) -> None:
        look = replace(asked, minimum=0)
        assert several(train_of(look, Conditions((), on_missing="wait"), shown), Cleaner()) == said
