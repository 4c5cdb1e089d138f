# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No sequence of responses opens a gate wrongly: the gates of one to three releases against an oracle.

The gates fold responses into a state. The oracle keeps none: it looks back over the whole history and applies the rules
in their words. Which workloads are ready, which images run and which deadline is exceeded is not computed but written
beside each set of workloads. The last test breaks a rule, and the oracle must notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable, Union

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate import gate_set, release_gate
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.gate_set import GateSet, Response
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.gate.release_gate import Observation, ReleaseGate
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import (
    Conditions,
    GateOptions,
    Schedule,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    deployment,
    error_of_kind,
    exceeded,
    not_found,
    release,
    without_status,
)
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release

pytestmark = pytest.mark.slow

OTHER_IMAGE = "registry.example/reviews:1"


@dataclass(frozen=True)
class Workloads:
    """Gray workloads, and what is true of them."""

    deployments: tuple[Any, ...] = field(hash=False)
    planned: int = 1
    ready: bool = False
    exceeded: bool = False
    images: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<{len(self.deployments)} of {self.planned}, ready={self.ready}, exceeded={self.exceeded}>"


READY = Workloads((deployment(),), ready=True, images=frozenset({IMAGE}))
WORKLOADS = (
    *[READY] * 3,
    Workloads((deployment("a"), deployment("b", image=OTHER_IMAGE)), 2, ready=True),
    Workloads((deployment(image=OTHER_IMAGE),), ready=True, images=frozenset({OTHER_IMAGE})),
    Workloads((deployment(ready=1),), images=frozenset({IMAGE})),
    Workloads((deployment(ready=0, wanted=0),), images=frozenset({IMAGE})),
    Workloads((without_status(),), images=frozenset({IMAGE})),
    Workloads((exceeded(),), exceeded=True, images=frozenset({IMAGE})),
    Workloads((exceeded(observedGeneration=1),), images=frozenset({IMAGE})),
    Workloads(("not a Deployment",)),
    Workloads((deployment(),), 2),
    Workloads((), 0),
)

PHASES = ("Running", " running", "RUNNING\n", "Creating", "Finishing", "finishing ", "Failed", "FAILED")
ODD_PHASES: tuple[Any, ...] = ("", "  ", "Runnin", None, 7, ["Running"])


@dataclass(frozen=True)
class Seen:
    """A release as the service shows it; without a uid, it has its own one."""

    phase: Any = "Running"
    workloads: Workloads = READY
    uid: str | None = None
    version: Any = "v2"

    @property
    def name(self) -> str:
        """Return the phase as phases are compared."""
        return self.phase.strip().lower() if isinstance(self.phase, str) else ""


What = Union[Seen, str]
"""A release, or one of `ERRORS`."""

ERRORS: Mapping[str, AsmError] = {
    "missing": not_found(),
    "transient": error_of_kind("server"),
    "denied": error_of_kind("denied"),
    "refused": error_of_kind("credentials"),
}


@dataclass(frozen=True)
class Reply:
    """A response: what it shows of each target, by position; `transient` or `refused` when the list itself fails."""

    poll: int
    started: float
    completed: float
    shown: Mapping[int, What] | str


@dataclass(frozen=True)
class Case:
    """What is waited for, and the responses in their order."""

    count: int
    required: int
    conditions: Conditions
    schedule: Schedule
    replies: tuple[Reply, ...]


def uid_of(position: int, seen: Seen) -> str:
    return seen.uid or f"uid-{position}"


# The oracle ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """An answer about one release: the release, `missing` or `denied`."""

    started: float
    completed: float
    what: What
    uid: str


def names(phases: Sequence[str]) -> set[str]:
    return {phase.strip().lower() for phase in phases}


def besides_phase(seen: Seen, conditions: Conditions) -> bool:
    """Whether version, images and readiness are as wanted."""
    return (
        (conditions.version is None or seen.version == conditions.version)
        and set(conditions.images) <= seen.workloads.images
        and (not conditions.ready or seen.workloads.ready)
    )


def run_at_the_end(answers: Sequence[Answer], case: Case, belongs: Callable[[Answer], bool]) -> list[Answer]:
    """The answers at the end that all belong, without a gap between them."""
    longest = max(3 * case.schedule.wait_sleep, case.schedule.request_timeout)
    run: list[Answer] = []
    for answer in reversed(answers):
        if not belongs(answer) or (run and run[0].completed - answer.completed > longest):
            break
        run.insert(0, answer)
    return run


def lasts(run: Sequence[Answer], case: Case) -> bool:
    return run[-1].started - run[0].completed >= case.conditions.stable_for


def meaning(answers: Sequence[Answer], case: Case) -> str | None:
    """What the last answer about a release means by itself."""
    what = answers[-1].what
    if isinstance(what, Seen):
        return meaning_of_release(answers, what, case)
    return "error" if what == "denied" else meaning_of_404(answers, case)


def meaning_of_release(answers: Sequence[Answer], now: Seen, case: Case) -> str | None:
    conditions = case.conditions
    releases = [answer for answer in answers if isinstance(answer.what, Seen)]
    versions = [answer.what.version for answer in releases if isinstance(answer.what, Seen)]
    had_version = conditions.version is not None and conditions.version in versions
    if answers[-1].uid != releases[0].uid or (had_version and now.version != conditions.version):
        return "replaced"
    if now.name in names(conditions.failure_phases) - {""} or (conditions.ready and now.workloads.exceeded):
        return "failed"

    def is_good(answer: Answer) -> bool:
        seen = answer.what
        in_phase = isinstance(seen, Seen) and seen.name in names(conditions.success_phases)
        return in_phase and isinstance(seen, Seen) and besides_phase(seen, conditions)

    run = run_at_the_end(answers, case, is_good)
    stable = conditions.stable_for == 0 or (len(run) >= 2 and lasts(run, case))
    return "reached" if run and stable else None


def meaning_of_404(answers: Sequence[Answer], case: Case) -> str | None:
    conditions = case.conditions
    releases = [answer.what for answer in answers if isinstance(answer.what, Seen)]
    if not releases:
        return None if conditions.on_missing == "wait" else "missing"
    run = run_at_the_end(answers, case, lambda answer: answer.what == "missing")
    if len(run) < 2:
        return None
    accepts = conditions.on_missing == "accept" and releases[-1].name in names(conditions.missing_after) - {""}
    if not accepts or not besides_phase(releases[-1], conditions):
        return "missing"
    return "reached" if lasts(run, case) else None


@dataclass(frozen=True)
class Standing:
    """Where one release stands: an outcome, or None while it waits, and when it was closed."""

    outcome: str | None
    closed_at: float = 0.0


def standing(answers: Sequence[Answer], case: Case) -> Standing:
    counts = False
    for end, answer in enumerate(answers, 1):
        outcome = meaning(answers[:end], case)
        if outcome not in (None, "reached"):
            return Standing(outcome, answer.completed)
        is_back = end > 1 and answers[end - 2].what == "missing"
        counts = outcome == "reached" or (counts and answer.what != "missing" and not is_back)
    return Standing("reached" if counts else None)


def answers_about(position: int, replies: Sequence[Reply]) -> list[Answer]:
    """The answers about one release; transient errors are none."""
    return [
        Answer(reply.started, reply.completed, what, uid_of(position, what) if isinstance(what, Seen) else "")
        for reply in replies
        if not isinstance(reply.shown, str) and position in reply.shown
        for what in [reply.shown[position]]
        if what not in ("transient", "refused")
    ]


def oracle(case: Case, replies: Sequence[Reply]) -> str | None:
    """What the last response means, after a history that has meant nothing yet."""
    last = replies[-1]
    if last.completed > case.schedule.wait_timeout:
        return at_the_deadline(case, replies[:-1])
    shown = [last.shown] if isinstance(last.shown, str) else list(last.shown.values())
    if "refused" in shown:
        return "error"
    if "transient" in shown:
        return None
    answers = [answers_about(position, replies) for position in range(case.count)]
    firsts = [next((answer.uid for answer in each if isinstance(answer.what, Seen)), "") for each in answers]
    uids = [uid for uid in firsts if uid]
    if len(set(uids)) < len(uids):
        return "error"
    standings = [standing(each, case) for each in answers]
    answered = {position for reply in replies if reply.poll == last.poll for position in answered_by(reply)}
    if sum(standings[position].outcome == "reached" for position in answered) >= case.required:
        return "reached"
    closed = sorted(
        (each for each in standings if each.outcome not in (None, "reached")), key=lambda each: each.closed_at
    )
    return closed[0].outcome if case.count - len(closed) < case.required else None


def answered_by(reply: Reply) -> list[int]:
    if isinstance(reply.shown, str):
        return []
    return [position for position, what in reply.shown.items() if what not in ("transient", "refused")]


def at_the_deadline(case: Case, replies: Sequence[Reply]) -> str:
    answers = [answers_about(position, replies) for position in range(case.count)]
    waiting = [each for each in answers if standing(each, case).outcome is None]
    never_appeared = [each for each in waiting if each and all(answer.what == "missing" for answer in each)]
    is_missing = case.conditions.on_missing == "wait" and waiting and waiting == never_appeared
    return "missing" if is_missing else "timeout"


# The gates ----------------------------------------------------------------------------------------------------------


PARSED: dict[object, Release] = {}
"""Releases by what they show, each parsed once."""


def found(position: int, what: What) -> Release | AsmError:
    if not isinstance(what, Seen):
        return ERRORS[what]
    uid = uid_of(position, what)
    key = (what.phase if isinstance(what.phase, str) else repr([what.phase]), what.workloads, uid, repr(what.version))
    if key not in PARSED:
        gray, planned = list(what.workloads.deployments), what.workloads.planned
        PARSED[key] = release(what.phase, gray, planned=planned, uid=uid, version=what.version)
    return PARSED[key]


def response(reply: Reply) -> Response:
    """Return the response as the poller makes it."""
    if isinstance(reply.shown, str):
        return Response(reply.started, reply.completed, ERRORS[reply.shown])
    error = ERRORS["transient"] if "transient" in reply.shown.values() else None
    releases = {position: found(position, what) for position, what in reply.shown.items()}
    return Response(reply.started, reply.completed, error, releases)


def folded(case: Case, **changes: Any) -> Iterator[GateSet]:
    """The gates after each response, also after an outcome."""
    conditions = replace(case.conditions, **changes)
    gates = gate_set.begin(GateOptions((conditions,) * case.count, case.required), case.schedule)
    poll = -1
    for reply in case.replies:
        gates = gates if reply.poll == poll else gates.begin_poll()
        poll = reply.poll
        gates = gates.fold(response(reply))
        yield gates


def verdict(gates: GateSet) -> tuple[Any, ...]:
    return gates.outcome, gates.error, gates.gates, gates.requests, gates.ended


def agree(case: Case) -> bool:
    """Whether gates and oracle agree after each response, up to the first outcome, which is final."""
    final = None
    for count, gates in enumerate(folded(case), 1):
        if final is not None:
            if verdict(gates) != final:
                return False
            continue
        if gates.outcome != oracle(case, case.replies[:count]):
            return False
        final = verdict(gates) if gates.outcome is not None else None
    return True


# What is thrown at both ---------------------------------------------------------------------------------------------

SEEN = st.builds(
    Seen,
    phase=st.sampled_from(["Running"] * 6 + ["Creating"] * 3) | st.sampled_from(PHASES + ODD_PHASES),
    workloads=st.sampled_from(WORKLOADS),
    uid=st.sampled_from([None] * 25 + ["uid-0", "uid-9"]),
    version=st.sampled_from(["v2"] * 8 + ["v1", None, 2]),
)
WHAT: st.SearchStrategy[What] = st.one_of(
    st.just(Seen()),
    st.just(Seen("Creating")),
    SEEN,
    SEEN,
    st.sampled_from(["missing", "missing", "transient", "denied"]),
)
FLICKERING: st.SearchStrategy[What] = st.sampled_from([Seen(), Seen("Creating"), "missing", "transient"])
"""What undoes, and what does not."""
RARE = st.sampled_from([None] * 30 + ["refused"])
PAUSES = st.sampled_from([0.0, 5.0, 9.0, 10.0, 11.0, 20.0, 25.0, 31.0, 60.0])
TAKES = st.sampled_from([0.0, 0.0, 0.5, 3.0])

CONDITIONS = st.builds(
    Conditions,
    success_phases=st.sampled_from([("Running",), (" RUNNING ",), ("Running", "Finishing"), ("Creating",)]),
    failure_phases=st.sampled_from([(), ("Failed",), (" failed",)]),
    ready=st.booleans(),
    version=st.sampled_from([None, None, "v2"]),
    images=st.sampled_from([(), (), (IMAGE,)]),
    stable_for=st.sampled_from([0, 0, 10, 30]),
    on_missing=st.sampled_from(["fail", "accept", "wait"]),
    missing_after=st.sampled_from([("Finishing",), ("Finishing", " running")]),
)
SCHEDULES = st.builds(
    Schedule,
    wait_timeout=st.sampled_from([60, 120, 600]),
    wait_sleep=st.sampled_from([1, 10]),
    request_timeout=st.sampled_from([1, 15]),
)


@st.composite
def cases(draw: st.DrawFn, /, later: st.SearchStrategy[What] = WHAT, **steered: Any) -> Case:
    """Polls of one to three releases: the list shows some of them, single reads show the others one after another."""
    count = draw(st.sampled_from([1, 1, 2, 3]))
    shown: dict[int, What] = {
        position: draw(st.sampled_from([Seen(), Seen("Creating"), Seen("Creating")])) for position in range(count)
    }
    replies: list[Reply] = []
    now = 0.0
    for poll in range(draw(st.integers(1, 7))):
        changed = draw(st.dictionaries(st.integers(0, count - 1), later, max_size=2))
        shown = {position: changed.get(position, what) for position, what in shown.items()}
        for part in draw_parts(draw, shown):
            completed = now + draw(TAKES)
            replies.append(Reply(poll, now, completed, part))
            now = completed
        now += draw(PAUSES)
    conditions = replace(draw(CONDITIONS), **steered)
    return Case(count, draw(st.integers(1, count)), conditions, draw(SCHEDULES), tuple(replies))


def draw_parts(draw: st.DrawFn, shown: Mapping[int, What]) -> Iterator[Mapping[int, What] | str]:
    """The responses of one poll."""
    if draw(st.integers(0, 9)) == 9:
        yield "transient"
        return
    listed = {position: what for position, what in shown.items() if isinstance(what, Seen) and draw(st.booleans())}
    if listed:
        yield listed
    for position, what in shown.items():
        if position not in listed:
            yield {position: draw(RARE) or what}


@settings(max_examples=300, deadline=None)
@given(case=cases())
def test_the_gates_agree_with_the_oracle(case: Case) -> None:
    assert agree(case)


@settings(max_examples=100, deadline=None)
@given(case=cases(), stall_timeout=st.sampled_from([5, 20, 60]))
def test_stall_timeout_opens_nothing_that_is_closed_without_it(case: Case, stall_timeout: int) -> None:
    for count, gates in enumerate(folded(case, stall_timeout=stall_timeout), 1):
        expected = [oracle(case, case.replies[:end]) for end in range(1, count + 1)]
        if gates.outcome is not None:
            assert gates.outcome != "reached" or "reached" in expected
            return


@settings(max_examples=100, deadline=None)
@given(case=cases())
def test_the_deadline_opens_nothing(case: Case) -> None:
    *_earlier, last = folded(case)
    late = last if last.outcome else last.at_deadline(1000.0)
    assert late.outcome in (last.outcome, "timeout", "missing")
    assert last.outcome or all(gate.outcome for gate in late.gates)


# The oracle itself --------------------------------------------------------------------------------------------------

OBSERVE = ReleaseGate.observe
EASY: Mapping[str, Any] = {
    "later": FLICKERING,
    "ready": False,
    "images": (),
    "version": None,
    "success_phases": ("Running",),
}
"""Conditions that are easily met: what needs several responses in a row is found sooner."""


def stable_at_once(gate: ReleaseGate, observation: Observation) -> ReleaseGate:
    return OBSERVE(replace(gate, conditions=replace(gate.conditions, stable_for=0)), observation)


@pytest.mark.parametrize(
    ("place", "name", "broken", "steered"),
    [
        pytest.param(release_gate, "is_phase", lambda phase, _wanted: bool(phase), {}, id="any phase"),
        pytest.param(ReleaseGate, "observe", stable_at_once, {}, id="stable at once"),
        pytest.param(GateSet, "begin_poll", lambda gates: gates, EASY, id="an answer of an earlier poll is enough"),
    ],
)
def test_the_oracle_notices_a_broken_rule(
    place: Any, name: str, broken: Any, steered: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, name, broken)
    search = settings(max_examples=3000, phases=[Phase.generate], derandomize=True, database=None, deadline=None)
    try:
        find(cases(**steered), lambda case: not agree(case), settings=search)
    except NoSuchExample:
        pytest.fail("nothing that was tried shows the difference")
