# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for a source with a state file whatever happens in its mesh, and wherever it is cut off."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import read_events
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import session
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import source_argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.state_file import StateFile
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import Answer, Transport
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import Clock, given_back
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    CONNECTION,
    GONE,
    LIST,
    MESH,
    Stage,
    found,
    item,
    listed,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.worlds import World, worlds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

histories = st.lists(worlds, min_size=2, max_size=8)

GATED = {"success_phases": ["Running"], "failure_phases": ["Failed"]}
gates = st.sampled_from(
    [
        {},
        GATED,
        {**GATED, "ready": True},
        {**GATED, "images": ["image:2"]},
        {**GATED, "on_missing": "accept", "missing_after": ["Done"]},
    ]
)
"""Conditions in which no time counts but a deadline that is far away."""

DEFAULTS = {name: argument.get("default") for name, argument in source_argument_spec().items()}

few = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class CutOffError(BaseException):
    """The process has been killed here; nothing that it would have caught."""


class Mesh(Transport):
    """A mesh that is another one at each poll.

    Attributes:
        polls: how many there were.
    """

    def __init__(self, history: Sequence[World]) -> None:
        self._history = history
        self.polls = 0

    @property
    def shown(self) -> dict[str, dict[str, Any]]:
        """Return the releases of the last poll by the path of a read of their own."""
        world = self._history[min(self.polls, len(self._history)) - 1]
        return {
            f"namespaces/bookinfo/releases/uid-{name}": item(
                name, phase, version=version, gray=[deployment(ready=ready, image=image)]
            )
            for name, (phase, version, ready, image) in world.items()
        }

    def send(self, request: Any, deadline: float, **bounds: Any) -> Answer:  # noqa: ARG002
        path = request.url.replace(MESH, "")
        self.polls += path == LIST
        if path == LIST:
            return given_back(listed(*self.shown.values()), bounds)
        return given_back(found(self.shown[path]) if path in self.shown else GONE, bounds)

    def close(self) -> None:
        """Stay open for the next start."""


class Mission:
    """A source that is started again whenever it was cut off, over one mesh and one state file.

    Args:
        in_portions: whether the events of each release are written down alone.
        cuts: before which step of each start it is cut off; a step is a write or a delivery, and each is made or not.

    Attributes:
        events: all that were delivered, whether by this start or by another one.
    """

    def __init__(
        self,
        parameters: dict[str, Any],
        history: Sequence[World],
        in_portions: bool = False,
        cuts: Sequence[int] = (),
    ) -> None:
        self._portion = 1 if in_portions else 1_000_000
        self._parameters = parameters
        self._mesh = Mesh(history)
        self._polls = len(history)
        self._cuts = list(cuts)
        self._clock = Clock()
        self._steps = 0
        self.events: list[dict[str, Any]] = []

    def run(self) -> list[dict[str, Any]]:
        """Watch until each poll of the history was made, and return what was delivered."""
        save = StateFile.save

        def save_or_end(state: StateFile, values: dict[str, Any]) -> None:
            self._step()
            save(state, values)
            self._step()

        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.setattr(StateFile, "save", save_or_end)
            patch.setattr(read_events, "_PORTION", self._portion)
            # What is cut off here is never the disk, and to wait for it is most of the time.
            patch.setattr(os, "fsync", lambda _descriptor: None)
            patch.setattr(session, "Transport", lambda *_settings: self._mesh)
            while self._mesh.polls < self._polls:
                self._start(Path(folder, "state"))
        return self.events

    def _start(self, path: Path) -> None:
        self._steps = self._cuts.pop(0) if self._cuts else -1
        stage = Stage(lambda _name, _value: None, self._clock)
        surroundings = stage.surroundings(progress=None, abandoned=lambda: self._mesh.polls >= self._polls + 1)
        parameters = {**DEFAULTS, **CONNECTION, "service": ["reviews"], **self._parameters, "state_file": str(path)}
        try:
            assert read_events.watch(parameters, surroundings, self._take, lambda _text: None) == ""
        except CutOffError:
            return

    def _take(self, event: dict[str, Any]) -> bool:
        self._step()
        self.events.append(json.loads(json.dumps(event)))
        self._step()
        return True

    def _step(self) -> None:
        self._steps -= 1
        if self._steps == -1:
            raise CutOffError
        self._steps = max(self._steps, -2)


def once(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return events without repeats."""
    return list({event["id"]: event for event in events}.values())


def ids(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the ids of each release in their order: an event that is later than another release's is as good."""
    return {name: [event["id"] for event in events if event["name"] == name] for name in "abc"}


@few
@given(gates, st.booleans(), st.booleans(), histories, st.lists(st.integers(0, 12), max_size=6))
def test_wherever_it_is_cut_off_an_id_means_one_change_and_what_was_told_last_is_so(
    gate: dict[str, Any], initial: bool, in_portions: bool, history: list[World], cuts: list[int]
) -> None:
    last = history[-1]
    events = Mission({**gate, "initial": initial}, [*history, *[last] * (len(cuts) + 4)], in_portions, cuts).run()
    by_id: dict[str, dict[str, Any]] = {}
    for event in events:
        assert by_id.setdefault(event["id"], event) == event
    assert len({event["meta"]["uuid"] for event in by_id.values()}) == len(by_id)
    for name in "abc":
        told = [event for event in by_id.values() if event["name"] == name]
        numbers = [int(event["id"].rpartition(":")[2]) for event in told]
        assert numbers == list(range(1, len(told) + 1))
        changes = [event for event in told if event["kind"] in ("appeared", "phase", "gone")]
        if changes:
            assert changes[-1]["phase"] == (last[name][0] if name in last else "")
        if told:
            assert told[-1]["ready"] == (name in last and last[name][2] == 3)


@few
@given(gates, st.booleans(), st.booleans(), histories, st.integers(0, 60), st.integers(0, 8))
def test_cut_off_in_a_mesh_that_stands_still_then_it_tells_what_it_would_have_told(
    gate: dict[str, Any], initial: bool, in_portions: bool, history: list[World], cut: int, cut_again: int
) -> None:
    """Six times, for two cuts: each may cost both 404s of a disappearance, which are counted again."""
    parameters = {**gate, "initial": initial}
    # Without state, the next start takes the baseline anew, so it must not be cut off before the first write.
    patient = [each for world in history for each in [world] * 6]
    whole = Mission(parameters, patient).run()
    cut_off = Mission(parameters, patient, in_portions, [max(cut, 4), cut_again]).run()
    assert ids(once(cut_off)) == ids(whole)
