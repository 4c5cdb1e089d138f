# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No sequence of observations opens the gate wrongly: the gate against an oracle that was written apart from it.

The gate folds observations into a state. The oracle keeps none: it looks back over the whole history and tells from
the rules in their words what the last observation means. What is ready, which images run and which deadline is
exceeded is not worked out but written beside each set of workloads. The last tests break one rule at a time, and the
oracle must notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import old_gate as gate
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.old_gate import Observation, State
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Conditions
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import (
    IMAGE,
    deployment,
    exceeded,
    fault,
    not_found,
    release,
    without_status,
)
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release

pytestmark = pytest.mark.slow

OTHER_IMAGE = "registry.example/reviews:1"


@dataclass(frozen=True)
class Workloads:
    """Gray workloads, and what is true of them."""

    deployments: tuple[Any, ...]
    planned: int = 1
    ready: bool = False
    exceeded: bool = False
    images: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<{len(self.deployments)} of {self.planned}, ready={self.ready}, exceeded={self.exceeded}>"


READY = Workloads((deployment(),), ready=True, images=frozenset({IMAGE}))
WORKLOADS = (
    READY,
    READY,
    READY,
    Workloads((deployment("a"), deployment("b", image=OTHER_IMAGE)), 2, ready=True),
    Workloads((deployment(image=OTHER_IMAGE),), ready=True, images=frozenset({OTHER_IMAGE})),
    Workloads((deployment(ready=1),), images=frozenset({IMAGE})),
    Workloads((deployment(ready=2, updatedReplicas=2),), images=frozenset({IMAGE})),
    Workloads((deployment(ready=0, desired=0),), images=frozenset({IMAGE})),
    Workloads((without_status(),), images=frozenset({IMAGE})),
    Workloads((exceeded(),), exceeded=True, images=frozenset({IMAGE})),
    Workloads((exceeded(observedGeneration=1),), images=frozenset({IMAGE})),
    Workloads(("no Deployment",)),
    Workloads((deployment(),), 2),
    Workloads((), 0),
    Workloads((), 1),
)

PHASES: tuple[Any, ...] = (
    "Running",
    " running",
    "RUNNING\n",
    "Creating",
    "Finishing",
    "finishing ",
    "Failed",
    "FAILED",
)
ODD_PHASES: tuple[Any, ...] = ("", "  ", "Runnin", "Unheard-of", None, 7, True, ["Running"], {"Running": "Running"})


@dataclass(frozen=True)
class Seen:
    """A release as the service shows it."""

    phase: Any = "Running"
    workloads: Workloads = READY
    uid: str = "uid-1"
    version: Any = "v2"

    @property
    def name(self) -> str:
        """Return the phase as phases are compared."""
        return self.phase.strip().lower() if isinstance(self.phase, str) else ""


@dataclass(frozen=True)
class Look:
    """One observation: what was seen is a release, `missing`, `passing` or `final`."""

    started: float
    completed: float
    seen: Seen | str

    @property
    def is_answer(self) -> bool:
        return self.seen not in ("passing", "final")


def observe(look: Look) -> Observation:
    """Return the observation that the gate gets."""
    parsed: Release | None = None
    error: AsmError | None = None
    if isinstance(look.seen, Seen):
        shown = look.seen
        parsed = release(
            shown.phase,
            list(shown.workloads.deployments),
            planned=shown.workloads.planned,
            uid=shown.uid,
            version=shown.version,
        )
    elif look.seen == "missing":
        error = not_found()
    else:
        error = fault("server" if look.seen == "passing" else "denied")
    return Observation(look.started, look.completed, parsed, error)


# The oracle ---------------------------------------------------------------------------------------------------------


def names(phases: Sequence[str]) -> set[str]:
    return {phase.strip().lower() for phase in phases}


def besides_phase(seen: Seen, conditions: Conditions) -> bool:
    """Whether version, images and readiness are as wanted."""
    return (
        (conditions.version is None or seen.version == conditions.version)
        and set(conditions.images) <= seen.workloads.images
        and (not conditions.ready or seen.workloads.ready)
    )


def good(seen: Seen | str, conditions: Conditions) -> bool:
    """Whether all conditions of a success are met at this moment."""
    if not isinstance(seen, Seen):
        return False
    return seen.name in names(conditions.success_phases) and besides_phase(seen, conditions)


def without_gap(history: Sequence[Look], conditions: Conditions) -> list[Look]:
    """The answers since the last time that none came for too long."""
    longest = max(3 * conditions.wait_sleep, conditions.request_timeout)
    kept: list[Look] = []
    for look in history:
        if look.is_answer:
            if kept and look.completed - kept[-1].completed > longest:
                kept = []
            kept.append(look)
    return kept


def run_at_the_end(looks: Sequence[Look], belongs: Callable[[Look], bool]) -> list[Look]:
    """The longest run of looks at the end that all belong."""
    run: list[Look] = []
    for look in reversed(looks):
        if not belongs(look):
            break
        run.insert(0, look)
    return run


def held(run: Sequence[Look]) -> float:
    return run[-1].started - run[0].completed


def oracle(history: Sequence[Look], conditions: Conditions) -> str | None:
    """What the last observation means, after a history that has meant nothing yet. `stalled` is another's business."""
    last = history[-1]
    if last.completed > conditions.wait_timeout:
        releases = any(isinstance(look.seen, Seen) for look in history[:-1])
        answered = any(look.is_answer for look in history[:-1])
        return "missing" if conditions.on_missing == "wait" and answered and not releases else "timeout"
    if last.seen in ("final", "passing"):
        return "error" if last.seen == "final" else None
    if isinstance(last.seen, Seen):
        return oracle_of_release(history, last.seen, conditions)
    return oracle_of_404(history, conditions)


def oracle_of_release(history: Sequence[Look], now: Seen, conditions: Conditions) -> str | None:
    earlier = [look.seen for look in history[:-1] if isinstance(look.seen, Seen)]
    matched = conditions.version is not None and any(seen.version == conditions.version for seen in earlier)
    if (earlier and now.uid != earlier[0].uid) or (matched and now.version != conditions.version):
        return "replaced"
    if now.name and now.name in names(conditions.failure_phases):
        return "failed"
    if conditions.ready and now.workloads.exceeded:
        return "failed"
    run = run_at_the_end(without_gap(history, conditions), lambda look: good(look.seen, conditions))
    if not run:
        return None
    if conditions.stable_for == 0 or (len(run) >= 2 and held(run) >= conditions.stable_for):
        return "reached"
    return None


def oracle_of_404(history: Sequence[Look], conditions: Conditions) -> str | None:
    earlier = [look.seen for look in history if isinstance(look.seen, Seen)]
    if not earlier:
        return None if conditions.on_missing == "wait" else "missing"
    run = run_at_the_end(without_gap(history, conditions), lambda look: look.seen == "missing")
    if len(run) < 2:
        return None
    last = earlier[-1]
    if conditions.on_missing != "accept" or last.name not in names(conditions.missing_after) - {""}:
        return "missing"
    if not besides_phase(last, conditions):
        return "missing"
    return "reached" if held(run) >= conditions.stable_for else None


# What is thrown at both ---------------------------------------------------------------------------------------------

SEEN = st.builds(
    Seen,
    phase=st.one_of(st.just("Running"), st.sampled_from(PHASES), st.sampled_from(PHASES + ODD_PHASES)),
    workloads=st.sampled_from(WORKLOADS),
    uid=st.sampled_from(["uid-1"] * 20 + ["uid-2"]),
    version=st.sampled_from(["v2"] * 8 + ["v1", None, 2]),
)
WHAT = st.one_of(st.just(Seen()), SEEN, SEEN, st.sampled_from(["missing", "missing", "passing", "passing", "final"]))
PAUSES = st.sampled_from([0.0, 1.0, 5.0, 9.0, 10.0, 11.0, 19.9, 20.0, 25.0, 31.0, 60.0])
DURATIONS = st.sampled_from([0.0, 0.0, 0.5, 3.0, 15.0])


@st.composite
def histories(draw: st.DrawFn) -> list[Look]:
    """Observations one after the other; some repeat the one before, as real ones do."""
    looks: list[Look] = []
    now = 0.0
    for pause, duration, what, repeats in draw(
        st.lists(st.tuples(PAUSES, DURATIONS, WHAT, st.integers(0, 3)), min_size=1, max_size=8)
    ):
        for _repeat in range(repeats + 1):
            looks.append(Look(now, now + duration, what))
            now += duration + pause
    return looks


CONDITIONS = st.builds(
    Conditions,
    success_phases=st.sampled_from([("Running",), (" RUNNING ",), ("Running", "Finishing"), ("Creating",)]),
    failure_phases=st.sampled_from([(), ("Failed",), (" failed",)]),
    ready=st.booleans(),
    version=st.sampled_from([None, "v2"]),
    images=st.sampled_from([(), (IMAGE,)]),
    stable_for=st.sampled_from([0, 10, 30, 60]),
    on_missing=st.sampled_from(["fail", "accept", "wait"]),
    missing_after=st.sampled_from([("Finishing",), ("Finishing", " running")]),
    wait_timeout=st.sampled_from([60, 120, 600]),
    wait_sleep=st.sampled_from([1, 10]),
    request_timeout=st.sampled_from([1, 15]),
)


def agree(history: Sequence[Look], conditions: Conditions) -> bool:
    """Whether gate and oracle say the same after each observation, up to the first verdict and ever after."""
    state = State()
    for count, look in enumerate(history, 1):
        state = gate.advance(state, observe(look), conditions)
        if state.outcome != oracle(history[:count], conditions):
            return False
        if state.outcome is not None:
            return all(gate.advance(state, observe(later), conditions) == state for later in history[count:])
    return True


@settings(max_examples=600, deadline=None)
@given(history=histories(), conditions=CONDITIONS)
def test_the_gate_means_what_the_oracle_says(history: list[Look], conditions: Conditions) -> None:
    assert agree(history, conditions)


@settings(max_examples=200, deadline=None)
@given(history=histories(), conditions=CONDITIONS, stall_timeout=st.sampled_from([5, 20, 60]))
def test_a_stall_timeout_changes_no_other_verdict(
    history: list[Look], conditions: Conditions, stall_timeout: int
) -> None:
    """It may end a wait, and then all conditions were not met; until then nothing is different."""
    state = State()
    for count, look in enumerate(history, 1):
        state = gate.advance(state, observe(look), replace(conditions, stall_timeout=stall_timeout))
        expected = oracle(history[:count], conditions)
        if state.outcome == "stalled":
            assert expected is None
            assert not good(look.seen, conditions)
        else:
            assert state.outcome == expected
        if state.outcome is not None:
            return


# Each rule, broken --------------------------------------------------------------------------------------------------

EASY = {"ready": False, "images": (), "version": None, "success_phases": ("Running",), "wait_timeout": 600}
"""Conditions that are easily met: the search for what needs several answers in a row is short with them."""

ADVANCE, AFTER_MISSING, NEXT_STREAK = gate.advance, gate._after_missing, gate._next_streak


def one_404_is_enough(state: State, observation: Observation, conditions: Conditions, gap: bool) -> State:
    after = AFTER_MISSING(state, observation, conditions, gap)
    return after if after.outcome else AFTER_MISSING(after, observation, conditions, gap)


def accepts_what_was_never_seen(state: State, observation: Observation, conditions: Conditions, gap: bool) -> State:
    if conditions.on_missing == "accept" and state.release is None:
        return replace(state, outcome="reached")
    return AFTER_MISSING(state, observation, conditions, gap)


def a_404_breaks_no_streak(state: State, observation: Observation, conditions: Conditions, gap: bool) -> State:
    return replace(AFTER_MISSING(state, observation, conditions, gap), holding=state.holding)


def an_unmet_answer_breaks_no_streak(
    state: State, observation: Observation, shown: Release, conditions: Conditions, gap: bool
) -> object:
    return NEXT_STREAK(state, observation, shown, conditions, gap) or state.holding


def with_conditions(**changes: Any) -> Callable[[State, Observation, Conditions], State]:
    return lambda state, observation, conditions: ADVANCE(state, observation, replace(conditions, **changes))


def forgets_uids(state: State, observation: Observation, conditions: Conditions) -> State:
    return ADVANCE(replace(state, uid=None), observation, conditions)


def forgets_versions(state: State, observation: Observation, conditions: Conditions) -> State:
    return ADVANCE(replace(state, version_matched=False), observation, conditions)


def thinks_again(state: State, observation: Observation, conditions: Conditions) -> State:
    return ADVANCE(replace(state, outcome=None), observation, conditions)


def a_fault_breaks_the_streak(state: State, observation: Observation, conditions: Conditions) -> State:
    broken = observation.error is not None and observation.error.passing
    return ADVANCE(replace(state, holding=None) if broken else state, observation, conditions)


@pytest.mark.parametrize(
    ("name", "broken", "steered"),
    [
        pytest.param("is_phase", lambda phase, _wanted: bool(phase), {}, id="any phase will do"),
        pytest.param("is_phase", lambda phase, wanted: phase in wanted, {}, id="case and blanks matter"),
        pytest.param("advance", with_conditions(failure_phases=()), {}, id="no failure phase"),
        pytest.param("exceeded", lambda _release: [], {}, id="no progress deadline"),
        pytest.param("advance", with_conditions(wait_timeout=1e9), {}, id="no deadline"),
        pytest.param("advance", with_conditions(ready=False), {}, id="not ready will do"),
        pytest.param("advance", with_conditions(images=()), {}, id="any image will do"),
        pytest.param("advance", with_conditions(version=None), {}, id="any version will do"),
        pytest.param("advance", with_conditions(stable_for=0), {}, id="stable at once"),
        pytest.param("_is_gap", lambda *_: False, {}, id="a gap is bridged"),
        pytest.param(
            "_next_streak",
            an_unmet_answer_breaks_no_streak,
            {"stable_for": 30, "wait_sleep": 10},
            id="a broken condition breaks nothing",
        ),
        pytest.param("advance", a_fault_breaks_the_streak, {}, id="a passing fault breaks the stability"),
        pytest.param(
            "_after_missing",
            a_404_breaks_no_streak,
            {**EASY, "stable_for": 10, "on_missing": "wait"},
            id="a 404 breaks nothing",
        ),
        pytest.param("_after_missing", one_404_is_enough, {}, id="a single 404 will do"),
        pytest.param("_after_missing", accepts_what_was_never_seen, {}, id="a wrong id opens"),
        pytest.param(
            "_is_accepted",
            lambda *_: True,
            {**EASY, "on_missing": "accept", "stable_for": 0, "success_phases": ("Creating",)},
            id="may disappear from anywhere",
        ),
        pytest.param("advance", forgets_uids, {}, id="another uid is the same release"),
        pytest.param("advance", forgets_versions, {}, id="another version is only pending"),
        pytest.param("advance", thinks_again, {}, id="a verdict is not final"),
    ],
)
def test_the_oracle_notices_a_broken_rule(
    name: str, broken: Callable[..., Any], steered: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, name, broken)
    search = settings(max_examples=3000, phases=[Phase.generate], derandomize=True, database=None, deadline=None)
    conditions = CONDITIONS.map(partial(replace, **steered))
    try:
        find(st.tuples(histories(), conditions), lambda example: not agree(*example), settings=search)
    except NoSuchExample:
        pytest.fail("nothing that was tried shows the difference")
