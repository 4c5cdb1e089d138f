# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A source over a service without a network: what it asks for and when, what it delivers, and what ends it.

The names of phases are illustrations: nobody has published the real ones.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable, NamedTuple

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import read_events
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import source_argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.state_file import StateFile
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import deployment, fault
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import answer
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import (
    BUSY,
    CONNECTION,
    DENIED,
    ENTRY_KEYS,
    GATE_KEYS,
    GONE,
    LIST,
    NOON,
    TOKEN,
    UNKNOWN,
    Given,
    Stage,
    found,
    item,
    listed,
    single,
    without,
)

CREATING, RUNNING = ([item(name, phase) for name in "ab"] for phase in ("Creating", "Running"))
A, B = single("uid-a"), single("uid-b")
GATED = {"success_phases": ["Running"], "failure_phases": ["Failed"]}
NAMED = {"namespace": "bookinfo", "releases": [{"release_id": "uid-a"}, {"release_id": "uid-b"}]}
ONE = {"namespace": "bookinfo", "release_id": "uid-a"}
EVENT_KEYS = {
    *ENTRY_KEYS,
    *("kind", "id", "at", "mesh_id", "uid", "name", "previous_phase", "ready"),
}


def many(count: int, phase: str) -> list[dict[str, Any]]:
    """Return so many releases in a phase."""
    return [item(f"r{number}", phase) for number in range(count)]


def strings(value: Any) -> Iterator[str]:
    """Yield each text in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for each in [*value, *(value.values() if isinstance(value, dict) else ())]:
            yield from strings(each)


@dataclass
class Source:
    """One start of a source on a stage, which nobody listens to any more after some seconds.

    Attributes:
        take: whether an event is taken.
        problem: what ended it.
    """

    stage: Stage
    seconds: float = 35.0
    take: Callable[[dict[str, Any]], bool] = lambda _event: True
    events: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problem: str = ""

    def run(self, **parameters: Any) -> Source:
        """Watch until it ends."""
        clock = self.stage.clock
        began = clock()
        surroundings = self.stage.surroundings(
            progress=None,
            abandoned=lambda: clock() >= began + self.seconds,
            now=lambda: NOON + timedelta(seconds=clock() - began),
        )
        self.problem = read_events.watch(
            {**defaults(), **CONNECTION, **parameters}, surroundings, self._taken, self.warnings.append
        )
        return self

    def _taken(self, event: dict[str, Any]) -> bool:
        self.events.append(event)
        return self.take(event)

    @property
    def told(self) -> list[str]:
        return [f"{event['uid']} {event['kind']}" for event in self.events]


def defaults() -> dict[str, Any]:
    """Return the parameters as Ansible's validator leaves them when nothing is given."""
    return {name: argument.get("default") for name, argument in source_argument_spec().items()}


@pytest.fixture
def source(stage: Stage) -> Source:
    return Source(stage)


class TestAPoll:
    @pytest.mark.parametrize(
        ("parameters", "asked"),
        [
            pytest.param({}, LIST, id="a mesh"),
            pytest.param({"service": ["reviews"]}, LIST, id="a selection"),
            pytest.param(NAMED, LIST, id="two that are named"),
            pytest.param(ONE, A, id="one by its id"),
            pytest.param({"namespace": "bookinfo", "releases": [{"release_id": "uid-a"}]}, A, id="a list of one"),
        ],
    )
    def test_is_one_request(self, stage: Stage, source: Source, parameters: dict[str, Any], asked: str) -> None:
        stage.serve_mesh([listed(*RUNNING)], {"uid-a": [found(RUNNING[0])]})
        source.run(**parameters)
        assert stage.asked == [(0, asked), (10, asked), (20, asked), (30, asked)]

    def test_of_a_list_without_workloads_is_one_request_unless_a_gate_needs_them(self, stage: Stage) -> None:
        bare = without(item("a"), "status", "grayDeployments")
        stage.serve_mesh([listed(bare)], {"uid-a": [found(RUNNING[0])]})
        Source(stage, 5).run(**GATED)
        assert stage.asked == [(0, LIST)]
        Source(stage, 5).run(**GATED, ready=True)
        assert stage.asked == [(0, LIST), (0, A)]

    def test_asks_for_each_release_alone_when_the_list_is_denied(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([DENIED], {"uid-a": [found(CREATING[0]), found(RUNNING[0])], "uid-b": [found(RUNNING[1])]})
        source.run(**NAMED)
        assert [path for _at, path in stage.asked[:3]] == [LIST, A, B]
        assert (source.told, source.problem) == (["uid-a phase"], "")
        assert len(source.warnings) == 1
        assert "grant asm:mesh:listReleases" in source.warnings[0]

    def test_asks_once_whether_a_release_belongs(self, stage: Stage, source: Source) -> None:
        other = without(item("a", service="ratings"), "spec")
        stage.serve_mesh([listed(other, CREATING[1])], {"uid-a": [found(item("a", service="ratings"))]})
        source.run(service=["reviews"])
        assert [path for _at, path in stage.asked] == [LIST, A, LIST, LIST, LIST]

    def test_comes_when_a_run_falls_due(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([listed(CREATING[0]), listed(RUNNING[0])])
        source.run(**GATED, stable_for=13)
        assert [at for at, _path in stage.asked] == [0, 10, 20, 23, 33]
        assert [(event["kind"], event["at"]) for event in source.events] == [
            ("phase", "2026-03-01T12:00:10Z"),
            ("reached", "2026-03-01T12:00:23Z"),
        ]

    def test_comes_no_sooner_for_a_release_without_a_run(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([listed(CREATING[0])])
        source.run(**GATED, stall_timeout=3)
        assert [at for at, _path in stage.asked] == [0, 10, 20, 30]

    def test_comes_no_later_when_one_release_alone_cannot_be_read(self, stage: Stage) -> None:
        stage.serve_mesh([listed(without(item("a"), "status"), CREATING[1])], {"uid-a": [BUSY]})
        Source(stage, 65).run()
        assert [at for at, path in stage.asked if path == LIST] == [0, 10, 20, 30, 40, 50, 60]

    def test_comes_no_sooner_than_a_second_after_the_one_before(self, stage: Stage) -> None:
        stage.serve_mesh([listed(), listed(), listed(RUNNING[0])], takes=0.3)
        Source(stage, 12).run(**GATED, stable_for=5, wait_sleep=2)
        # The first good answer was complete at 4.9, so the verdict falls due at 9.9, and the poll before ends at 9.5.
        assert [round(at, 3) for at, _path in stage.asked] == [0, 2.3, 4.6, 6.9, 9.2, 10.5]

    def test_comes_no_sooner_for_what_fell_due_and_was_not_answered(self, stage: Stage) -> None:
        part = listed(without(item("a"), "status"), RUNNING[1])
        stage.serve_mesh([listed(*CREATING), listed(RUNNING[0], CREATING[1]), part], {"uid-a": [BUSY]})
        Source(stage, 55).run(**GATED, stable_for=13)
        assert [round(at) for at, path in stage.asked if path == LIST] == [0, 10, 20, 23, 33, 43, 53]


class TestFaults:
    @pytest.mark.parametrize(
        "failing",
        [
            pytest.param([BUSY], id="503"),
            pytest.param([fault("network")], id="network"),
            pytest.param([fault("timeout")], id="timeout"),
            pytest.param([answer(429)], id="429"),
            pytest.param([answer(200, "<html>")], id="no JSON"),
            pytest.param([answer(200, '{"kind": "Release"}')], id="no list"),
        ],
    )
    @pytest.mark.parametrize("before", [[], [listed(*CREATING)]], ids=["at first", "later"])
    def test_that_pass_are_survived_and_warned_of_once(
        self, stage: Stage, failing: list[Given], before: list[Given]
    ) -> None:
        # Of what is known already, single reads tell while a list is none.
        singly = {"uid-a": [found(CREATING[0])], "uid-b": [found(CREATING[1])]}
        stage.serve_mesh([*before, *failing * 12, listed(*CREATING), listed(*RUNNING)], singly)
        source = Source(stage, 400).run()
        assert (source.told, source.problem) == (["uid-a phase", "uid-b phase"], "")
        assert len(source.warnings) == 1

    def test_are_warned_of_again_when_they_come_again(self, stage: Stage) -> None:
        stage.serve_mesh([listed(*CREATING), BUSY, listed(*CREATING), BUSY, BUSY, listed(*CREATING)])
        assert len(Source(stage, 100).run().warnings) == 2

    def test_of_one_release_are_not_warned_of_again_after_another_fault(self, stage: Stage, source: Source) -> None:
        part = listed(without(item("a"), "status"))
        stage.serve_mesh([part, BUSY, part], {"uid-a": [answer(200, '{"kind": "Nothing"}')]})
        kinds = [text.split(" ", 1)[0] for text in source.run().warnings]
        assert kinds == ["'uid-a", "the"]

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            pytest.param(fault("network"), BUSY, id="of another kind"),
            pytest.param(listed(*CREATING, item("x", uid=None)), BUSY, id="of an item"),
        ],
    )
    def test_are_not_warned_of_again_when_another_comes_between(
        self, stage: Stage, source: Source, first: Given, second: Given
    ) -> None:
        stage.serve_mesh([listed(*CREATING), first, second, first])
        assert len(source.run().warnings) == 2

    def test_of_one_release_that_come_again_are_warned_of_again_while_another_fails(self, stage: Stage) -> None:
        """Nobody forgets what was warned of while another release fails, and nobody keeps it for ever."""
        parts = listed(*(without(each, "status") for each in RUNNING))
        good, bad = found(RUNNING[0]), answer(200, '{"kind": "Nothing"}')
        stage.serve_mesh([parts], {"uid-a": [bad, good, bad, bad], "uid-b": [BUSY]})
        source = Source(stage, 100).run(requests_per_minute=600)
        assert [text.split(" ", 1)[0] for text in source.warnings] == ["'uid-a", "'uid-b", "'uid-a"]

    def test_make_the_source_ask_less_often(self, stage: Stage) -> None:
        stage.serve_mesh([BUSY])
        Source(stage, 130).run()
        assert [at for at, _path in stage.asked] == [0, 1, 3, 7, 15, 31, 61, 91, 121]

    def test_let_the_service_say_when_to_come_back(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([answer(503, "", Retry_After="17"), listed(*RUNNING)])
        source.run()
        assert [at for at, _path in stage.asked] == [0, 17, 27]

    def test_of_one_release_name_it_and_leave_the_others(self, stage: Stage) -> None:
        damaged = answer(200, '{"kind": "Nothing"}')
        lists = [listed(without(item("a"), "status"), each) for each in (CREATING[1], RUNNING[1])]
        stage.serve_mesh(lists, {"uid-a": [damaged]})
        source = Source(stage, 55).run()
        assert (source.told, source.problem) == (["uid-b phase"], "")
        assert len(source.warnings) == 1
        assert source.warnings[0].startswith("'uid-a (bookinfo)': the answer is no Release")

    def test_of_an_item_without_a_uid_name_it_and_leave_the_others(self, stage: Stage, source: Source) -> None:
        nameless = item("x", uid=None)
        stage.serve_mesh([listed(nameless, CREATING[1]), listed(nameless, RUNNING[1])])
        source.run()
        assert (source.told, source.problem) == (["uid-b phase"], "")
        assert source.warnings == ["the list of releases has 'x' without a proper uid and namespace; check endpoint"]

    def test_of_an_answer_without_a_uid_name_the_release_once(self, stage: Stage, source: Source) -> None:
        nameless = found(item("a", uid=None))
        stage.serve(found(RUNNING[0]), nameless, nameless, found(RUNNING[0]))
        source.run(**ONE, **GATED)
        assert (source.told, source.problem) == ([], "")
        assert source.warnings == [
            "'uid-a (bookinfo)': the answer has no metadata.uid, and the ones before had one; check endpoint"
        ]

    def test_a_mesh_that_asm_does_not_know_is_warned_of(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([GONE, listed(*RUNNING)])
        source.run()
        assert source.told == []
        assert source.warnings == ["ASM knows no such mesh (404 ASM.01404001: no such release); check mesh_id"]


class TestTheEnd:
    @pytest.mark.parametrize(
        ("parameters", "script", "said"),
        [
            pytest.param({}, [UNKNOWN], "the credentials were refused", id="401"),
            pytest.param({}, [DENIED], "grant asm:mesh:listReleases", id="403 of a list"),
            pytest.param(ONE, [DENIED], "grant asm:mesh:getRelease", id="403 of a release"),
            pytest.param({}, [answer(400, "{}")], "ASM refused the request as wrong", id="400"),
            pytest.param({}, [answer(404, "{}")], "what answered is not ASM", id="404 of a gateway"),
            pytest.param({}, [answer(302)], "a redirect", id="a redirect"),
            pytest.param({}, [fault("tls")], "a fault of kind tls", id="a certificate"),
        ],
    )
    @pytest.mark.parametrize("before", [0, 1], ids=["at first", "later"])
    def test_comes_with_one_sentence(
        self, stage: Stage, source: Source, parameters: dict[str, Any], script: list[Any], said: str, before: int
    ) -> None:
        good = [listed(*RUNNING)] if not parameters else [found(RUNNING[0])]
        stage.serve(*good * before, *script)
        source.run(**parameters)
        assert said in source.problem
        assert TOKEN not in source.problem
        assert (stage.requests, stage.services[0].closed) == (before + 1, 1)

    def test_comes_after_what_the_same_poll_has_told(self, stage: Stage, source: Source) -> None:
        bare = without(item("b"), "status")
        stage.serve_mesh([listed(*CREATING), listed(RUNNING[0], bare)], {"uid-b": [UNKNOWN]})
        source.run()
        assert source.told == ["uid-a phase"]
        assert "the credentials were refused" in source.problem

    def test_comes_with_a_single_read_that_is_denied(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([listed(without(item("a"), "status"), CREATING[1])], {"uid-a": [DENIED]})
        assert "'uid-a (bookinfo)': the credentials lack a permission" in source.run().problem

    def test_tells_of_a_fault_of_ours_only_its_type(self, stage: Stage) -> None:
        def take(_event: dict[str, Any]) -> bool:
            raise KeyError(TOKEN)

        stage.serve_mesh([listed(*CREATING), listed(*RUNNING)])
        source = Source(stage, take=take).run()
        assert source.problem == "a fault of this collection: KeyError; please report it"

    def test_says_nothing_when_nobody_listens_any_more(self, stage: Stage) -> None:
        stage.serve(fault("network"), takes=20)
        assert Source(stage, 5).run().problem == ""

    def test_comes_when_an_event_is_not_taken(self, stage: Stage) -> None:
        stage.serve_mesh([listed(*CREATING), listed(*RUNNING)])
        source = Source(stage, 100, lambda _event: False).run()
        assert (source.told, len(stage.asked)) == (["uid-a phase"], 2)

    @pytest.mark.parametrize(
        ("parameters", "said"),
        [
            pytest.param({"wait_sleep": 0}, "wait_sleep is 0", id="a number"),
            pytest.param({"ready": True}, "ready needs success_phases", id="a gate without phases"),
            pytest.param({"token": None}, "no credentials", id="no credentials"),
        ],
    )
    def test_comes_before_anything_is_sent_when_an_option_is_wrong(
        self, stage: Stage, source: Source, parameters: dict[str, Any], said: str
    ) -> None:
        assert said in source.run(**parameters).problem
        assert stage.services == []


class TestAnEvent:
    def test_of_a_change_tells_what_and_of_which(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([listed(CREATING[0]), listed(RUNNING[0])])
        (event,) = source.run().events
        assert set(event) == EVENT_KEYS
        plain = {key: value for key, value in event.items() if key not in ("release", "workloads")}
        assert plain == {
            "kind": "phase",
            "id": "uid-a:phase:running:1",
            "at": "2026-03-01T12:00:10Z",
            "mesh_id": "mesh",
            "uid": "uid-a",
            "name": "a",
            "previous_phase": "Creating",
            "ready": True,
            "namespace": "bookinfo",
            "release_id": "uid-a",
            "msg": "a (bookinfo) is Running, was Creating, 3/3 ready",
            "found": True,
            "phase": "Running",
        }
        assert event["release"]["status"]["phase"] == "Running"
        assert "grayDeployments" not in event["release"]["status"]
        assert event["workloads"]["gray"][0]["ready"] == 3

    def test_of_a_verdict_has_the_gate(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([listed(CREATING[0]), listed(item("a", "Paused")), listed(RUNNING[0])])
        event = source.run(**GATED).events[-1]
        assert set(event) == {*EVENT_KEYS, "gate"}
        assert set(event["gate"]) == GATE_KEYS
        assert (event["id"], event["previous_phase"]) == ("uid-a:reached:running:3", "Paused")
        assert (
            event["msg"]
            == event["gate"]["message"]
            == "the gate is open: a (bookinfo) is Running, 3/3 ready, after 10 s"
        )
        assert (event["gate"]["outcome"], event["gate"]["elapsed"], event["gate"]["reads"]) == ("reached", 10, 2)
        assert [(each["phase"], each["at"]) for each in event["gate"]["timeline"]] == [
            ("Paused", "2026-03-01T12:00:10Z"),
            ("Running", "2026-03-01T12:00:20Z"),
        ]

    def test_of_a_disappearance_has_no_release(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([listed(RUNNING[0]), listed()])
        (event,) = source.run().events
        assert (event["kind"], event["found"], event["release"], event["phase"]) == ("gone", False, {}, "")
        assert (event["previous_phase"], event["name"], event["ready"]) == ("Running", "a", False)
        assert event["msg"] == "a (bookinfo) has disappeared; its last phase was Running"

    def test_of_readiness_says_why_not(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([listed(item("a")), listed(item("a", gray=[deployment(ready=1)])), listed(item("a"))])
        lost, found_again = source.run().events
        assert (lost["ready"], found_again["ready"]) == (False, True)
        assert "is not ready any more: gray workload reviews-gray: 1 of 3" in lost["msg"]
        assert found_again["msg"] == "a (bookinfo) is ready, 3/3 ready"

    def test_has_the_manifests_only_when_asked_for(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([listed(CREATING[0]), listed(RUNNING[0])])
        (event,) = source.run(manifests=True).events
        assert event["release"] == RUNNING[0]

    def test_holds_nothing_that_a_playbook_would_take_for_a_template(self, stage: Stage, source: Source) -> None:
        image = "{{ lookup('pipe', 'id') }}"
        changed = item("a", "{%x%}", gray=[deployment(image=image)], version="{#v#}")
        stage.serve_mesh([listed(item("a", "Creating")), listed({**changed, "{{key}}": image})])
        (event,) = source.run(manifests=True).events
        assert event["workloads"]["gray"][0]["images"] == ["{ { lookup('pipe', 'id') }}"]
        assert (event["phase"], event["release"]["{ {key}}"]) == ("{ %x%}", "{ { lookup('pipe', 'id') }}")
        texts = [text for text in strings(event) if any(opening in text for opening in ("{{", "{%", "{#"))]
        assert texts == []

    def test_has_the_same_uuid_again_only_with_the_state_that_its_id_comes_from(
        self, stage: Stage, tmp_path: Path
    ) -> None:
        def sent(take: Callable[[dict[str, Any]], bool], **parameters: Any) -> list[dict[str, Any]]:
            stage.serve(listed(*RUNNING))
            return Source(stage, 5, take).run(initial=True, **parameters).events

        def uuids(events: list[dict[str, Any]]) -> list[str]:
            return [event["meta"]["uuid"] for event in events]

        one, other = str(tmp_path / "one"), str(tmp_path / "other")
        first = sent(lambda event: event["uid"] != "uid-b", state_file=one)
        again = sent(lambda _event: True, state_file=one)
        elsewhere = sent(lambda _event: True, state_file=other)
        assert uuids(again) == uuids(first)
        assert len({*uuids(first), *uuids(elsewhere)}) == 4
        assert [event["id"] for event in elsewhere] == [event["id"] for event in first]
        assert [event.get("meta") for event in sent(lambda _event: True)] == [None, None]

    def test_of_a_release_without_a_uid_is_known_by_namespace_and_id(self, stage: Stage, source: Source) -> None:
        stage.serve(*(found(item("a", phase, uid=None)) for phase in ("Creating", "Running")))
        (event,) = source.run(**ONE).events
        assert (event["id"], event["uid"]) == ("bookinfo/uid-a:phase:running:1", "uid-a")

    def test_holds_no_secret_and_nothing_that_acts_on_a_terminal(self, stage: Stage, source: Source) -> None:
        stage.serve_mesh([listed(item("a", "Creating")), listed(item("a", f"x{TOKEN}\x1b[2J"))])
        (event,) = source.run().events
        assert event["phase"] == "x********\\ u001b[2J"
        assert event["id"] == "uid-a:phase:x********%5Cu001b%5B2j:1"
        assert TOKEN not in json.dumps(event)


CREATED, RAN, UNREADY = CREATING[0], RUNNING[0], item("a", gray=[deployment(ready=1)])
BARE = {
    "version": [without(item("a", phase), "spec", "version") for phase in ("Creating", "Running")],
    "workload": [item("a", phase, gray=[], planned=1) for phase in ("Creating", "Running")],
}
SHORT = {**GATED, "wait_timeout": 25}


class Story(NamedTuple):
    """What becomes of one release around a crash.

    Attributes:
        before: what the polls before the crash show; the events of the last of them are being delivered then.
        after: what the polls after it show.
        told: the ids that the next start sends if those events were written down.
        untold: and if they were not.
    """

    parameters: dict[str, Any]
    before: list[Any]
    after: list[Any]
    told: list[str]
    untold: list[str]


STORIES: list[Any] = [
    pytest.param(
        Story(
            {},
            [CREATED, RAN],
            [CREATED],
            ["phase:running:1", "phase:creating:2"],
            [],
        ),
        id="a change is taken back",
    ),
    pytest.param(
        Story(
            GATED,
            [CREATED, RAN],
            [item("a", "Paused"), RAN],
            ["phase:running:1", "reached:running:2", "phase:paused:3", "phase:running:4", "reached:running:5"],
            ["phase:paused:1", "phase:running:2", "reached:running:3"],
        ),
        id="another change",
    ),
    pytest.param(
        Story(
            GATED,
            BARE["version"],
            [RAN],
            ["phase:running:1", "reached:running:2"],
            ["phase:running:1", "reached:running:2"],
        ),
        id="the version is told at last",
    ),
    pytest.param(
        Story(
            GATED,
            BARE["workload"],
            [UNREADY],
            ["phase:running:1", "reached:running:2"],
            ["phase:running:1", "reached:running:2"],
        ),
        id="the gray workload is there at last",
    ),
    pytest.param(
        Story(
            GATED,
            [CREATED, RAN],
            [item("a", version="v3")],
            ["phase:running:1", "reached:running:2", "reached:running:3"],
            ["phase:running:1", "reached:running:2"],
        ),
        id="another version after a verdict",
    ),
    pytest.param(
        Story(
            SHORT,
            [CREATED, *[item("a", "Paused")] * 4],
            [RAN],
            ["timeout:paused:2", "phase:running:3", "reached:running:4"],
            # Time when no source runs is none of the gate's.
            ["phase:running:2", "reached:running:3"],
        ),
        id="reached after a timeout",
    ),
    pytest.param(
        Story(
            {**GATED, "stable_for": 15},
            [CREATED, RAN, RAN, RAN],
            [RAN, None, None, RAN],
            ["reached:running:2", "gone::3", "appeared:running:4"],
            ["gone::2", "appeared:running:3", "reached:running:4"],
        ),
        id="gone after a verdict, and back as it was",
    ),
    pytest.param(
        Story(
            {**GATED, "ready": True},
            [item("a", "Creating", gray=[deployment(ready=1)]), UNREADY, RAN],
            [UNREADY, RAN, UNREADY],
            ["ready:running:2", "reached:running:3", "ready:running:4", "ready:running:5", "ready:running:6"],
            ["ready:running:2", "reached:running:3", "ready:running:4"],
        ),
        id="a pod that flaps",
    ),
]


def shown(contents: list[Any]) -> list[Given]:
    return [listed() if content is None else listed(content) for content in contents]


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [event["id"].partition(":")[2] for event in events]


def is_in_last_poll(stage: Stage, contents: list[Any]) -> bool:
    return sum(path == LIST for _at, path in stage.asked) >= len(contents)


class TestACrash:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "state.json"

    def before(self, stage: Stage, path: Path, contents: list[Any], parameters: dict[str, Any], stop: str) -> Source:
        """Return a source that ends with the first event of the last poll, or with the last one."""
        stage.serve_mesh(shown(contents))
        source = Source(stage, len(contents) * 10 + 10)

        def take(event: dict[str, Any]) -> bool:
            is_last = json.loads(path.read_text())["outbox"][-1] == event
            return not is_in_last_poll(stage, contents) or not (stop == "first" or is_last)

        source.take = take
        return source.run(state_file=str(path), **parameters)

    def after(self, stage: Stage, path: Path, contents: list[Any], parameters: dict[str, Any]) -> Source:
        stage.serve_mesh(shown(contents))
        source = Source(stage, len(contents) * 10 + 15).run(state_file=str(path), **parameters)
        assert source.problem == ""
        return source

    @pytest.mark.parametrize("stop", ["first", "last"])
    @pytest.mark.parametrize("story", STORIES)
    def test_while_events_are_delivered_repeats_them_as_they_were_and_goes_on_after_them(
        self, stage: Stage, path: Path, story: Story, stop: str
    ) -> None:
        first = self.before(stage, path, story.before, story.parameters, stop)
        written = json.loads(path.read_text())["outbox"]
        second = self.after(stage, path, story.after, story.parameters)
        assert ids(second.events) == story.told
        assert second.events[: len(written)] == written
        delivered = [event for event in first.events if event in written]
        assert delivered == (written if stop == "last" else written[:1])

    @pytest.mark.parametrize("story", STORIES)
    def test_before_events_are_written_down_has_delivered_none_of_them(
        self, stage: Stage, path: Path, story: Story
    ) -> None:
        delivered = self.unsaved(stage, path, story.before, story.parameters)
        second = self.after(stage, path, story.after, story.parameters)
        assert ids(second.events) == story.untold
        assert not {event["id"] for event in delivered} & {event["id"] for event in second.events}

    def unsaved(self, stage: Stage, path: Path, contents: list[Any], parameters: dict[str, Any]) -> list[Any]:
        """Return what a source has delivered that ends as it writes down the last poll."""
        save = StateFile.save

        def save_or_end(state: StateFile, values: dict[str, Any]) -> None:
            if is_in_last_poll(stage, contents):
                raise AsmError("internal", "there is no power any more")
            save(state, values)

        stage.serve_mesh(shown(contents))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(StateFile, "save", save_or_end)
            source = Source(stage, len(contents) * 10 + 10).run(state_file=str(path), **parameters)
        assert "there is no power any more" in source.problem
        return source.events


class TestARestart:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "state.json"

    def watched(self, stage: Stage, path: Path, *lists: Given, **parameters: Any) -> Source:
        stage.serve_mesh(lists)
        source = Source(stage, 10 * len(lists) - 5).run(state_file=str(path), **parameters)
        assert source.problem == ""
        return source

    def test_tells_what_has_changed_meanwhile(self, stage: Stage, path: Path) -> None:
        assert self.watched(stage, path, listed(*CREATING), listed(*CREATING)).told == []
        later = self.watched(stage, path, listed(RUNNING[0], item("c")), listed(RUNNING[0], item("c")), **GATED)
        assert later.told == ["uid-a phase", "uid-a reached", "uid-c appeared", "uid-c reached", "uid-b gone"]

    def test_sends_again_what_was_not_written_down(self, stage: Stage, path: Path) -> None:
        stage.serve_mesh([listed(*CREATING), listed(*RUNNING)])
        first = Source(stage, 100, lambda event: event["uid"] != "uid-b").run(state_file=str(path))
        second = self.watched(stage, path, listed(*RUNNING))
        assert [event["id"] for event in first.events] == ["uid-a:phase:running:1", "uid-b:phase:running:1"]
        assert [event["id"] for event in second.events] == [event["id"] for event in first.events]

    def test_after_the_state_was_removed_gives_no_uuid_again(self, stage: Stage, path: Path) -> None:
        uuids = set()
        for version in ("v2", "v3"):
            lists = [listed(item("a", phase, version=version)) for phase in ("Creating", "Running")]
            uuids |= {event["meta"]["uuid"] for event in self.watched(stage, path, *lists, **GATED).events}
            path.unlink()
        assert len(uuids) == 4

    def test_writes_down_what_it_will_send_before_it_does_and_as_it_is(self, stage: Stage, path: Path) -> None:
        outboxes = []

        def take(_event: dict[str, Any]) -> bool:
            outboxes.append(json.loads(path.read_text())["outbox"])
            return True

        stage.serve_mesh([listed(CREATING[0]), listed(RUNNING[0])])
        source = Source(stage, take=take).run(state_file=str(path), manifests=True, **GATED)
        assert (ids(source.events), outboxes) == (["phase:running:1", "reached:running:2"], [source.events] * 2)
        assert json.loads(path.read_text())["outbox"] == []

    def test_sends_nothing_again_that_was(self, stage: Stage, path: Path) -> None:
        assert len(self.watched(stage, path, listed(*CREATING), listed(*RUNNING)).events) == 2
        assert self.watched(stage, path, listed(*RUNNING)).events == []

    def test_writes_down_what_it_knows_with_the_events(self, stage: Stage, path: Path) -> None:
        phases = []

        def take(_event: dict[str, Any]) -> bool:
            phases.append(json.loads(path.read_text())["releases"][0]["phase"])
            return True

        stage.serve_mesh([listed(CREATING[0]), listed(RUNNING[0])])
        Source(stage, take=take).run(state_file=str(path))
        assert phases == ["Running"]

    def test_writes_once_a_poll_that_tells_nothing(
        self, stage: Stage, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written = []
        save = StateFile.save

        def counted(state: StateFile, values: dict[str, Any]) -> None:
            written.append(stage.clock())
            save(state, values)

        monkeypatch.setattr(StateFile, "save", counted)
        self.watched(stage, path, listed(CREATING[0]), listed(CREATING[0]), listed(RUNNING[0]), listed(RUNNING[0]))
        assert written == [1000, 1010, 1020, 1020, 1030]

    def test_knows_that_it_has_repeated_them_before_it_asks_for_anything(self, stage: Stage, path: Path) -> None:
        self.watched(stage, path, listed(CREATING[0]))
        stage.serve_mesh([listed(RUNNING[0])])
        first = Source(stage, 5, lambda _event: False).run(state_file=str(path))
        stage.serve_mesh([listed(RUNNING[0])], takes=100)
        second = Source(stage, 5).run(state_file=str(path))
        assert (second.events, json.loads(path.read_text())["outbox"]) == (first.events, [])

    def test_delivers_many_events_in_portions_each_with_what_is_known_after_it(
        self, stage: Stage, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With manifests, those of a thousand releases would not fit into a state file that can be read again."""
        monkeypatch.setattr(read_events, "_PORTION", 1)
        both = ["uid-a phase", "uid-a reached", "uid-b phase", "uid-b reached", "uid-c appeared", "uid-c reached"]
        lists = [listed(*CREATING), listed(*CREATING), listed(*RUNNING, item("c"))]
        for taken in range(1, len(both)):
            stage.serve_mesh(lists)
            first = Source(stage, 100)
            first.take = lambda _event, first=first, taken=taken: len(first.events) < taken  # type: ignore[misc]
            first.run(state_file=str(path), **GATED)
            second = self.watched(stage, path, listed(*RUNNING, item("c")), **GATED)
            portion = (taken - 1) // 2 * 2
            assert (first.told, second.told) == (both[:taken], both[portion:])
            assert second.events[: taken - portion] == first.events[portion:]
            assert len({event["id"] for event in [*first.events, *second.events]}) == len(both)
            path.unlink()

    @pytest.mark.parametrize("damage", [None, {}, [[]], ["x"], [{}], [{"kind": "phase"}], [{"kind": []}]], ids=str)
    def test_refuses_what_is_no_event(self, stage: Stage, path: Path, damage: Any) -> None:
        self.watched(stage, path, listed(*CREATING))
        path.write_text(json.dumps({**json.loads(path.read_text()), "outbox": damage}))
        source = Source(stage).run(state_file=str(path))
        assert "is no state of this source, or is damaged" in source.problem
        assert source.events == []

    def test_makes_initial_mean_nothing(self, stage: Stage, path: Path) -> None:
        assert len(self.watched(stage, path, listed(*RUNNING), initial=True).events) == 2
        assert self.watched(stage, path, listed(*RUNNING), initial=True).events == []

    def test_does_not_count_the_time_when_nobody_watched(self, stage: Stage, path: Path) -> None:
        gated = {**GATED, "wait_timeout": 35}
        self.watched(stage, path, listed(CREATING[0]), *[listed(item("a", "Paused"))] * 2, **gated)
        stage.clock.seconds += 1000
        source = self.watched(stage, path, *[listed(item("a", "Paused"))] * 4, **gated)
        assert [(event["kind"], event["gate"]["elapsed"]) for event in source.events] == [("timeout", 35.001)]

    def test_counts_stability_anew(self, stage: Stage, path: Path) -> None:
        gated = {**GATED, "stable_for": 15}
        self.watched(stage, path, listed(CREATING[0]), *[listed(RUNNING[0])] * 2, **gated)
        source = self.watched(stage, path, *[listed(RUNNING[0])] * 3, **gated)
        assert [(event["kind"], event["at"]) for event in source.events] == [("reached", "2026-03-01T12:00:15Z")]

    def test_takes_no_fault_for_an_empty_mesh(self, stage: Stage, path: Path) -> None:
        self.watched(stage, path, listed(*RUNNING))
        assert self.watched(stage, path, BUSY, BUSY, BUSY).events == []

    def test_leaves_no_secret_and_no_manifest_in_the_file(self, stage: Stage, path: Path) -> None:
        self.watched(stage, path, listed(*CREATING), listed(*RUNNING), manifests=True, **GATED)
        content = path.read_text()
        assert TOKEN not in content
        assert "containers" not in content
        assert path.stat().st_mode & 0o777 == 0o600

    def test_refuses_a_second_source(self, stage: Stage, path: Path) -> None:
        others: list[Source] = []

        def take(_event: dict[str, Any]) -> bool:
            others.append(Source(stage).run(state_file=str(path)))
            return True

        stage.serve_mesh([listed(CREATING[0]), listed(RUNNING[0])])
        first = Source(stage, take=take).run(state_file=str(path))
        assert first.problem == ""
        assert [other.problem for other in others] == [
            f"state_file: '{path}' is in use by another source; give each source a file of its own"
        ]

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            pytest.param({"endpoint": "https://other.example"}, "endpoint", id="endpoint"),
            pytest.param({"mesh_id": "other"}, "mesh_id", id="mesh"),
            pytest.param({"service": ["reviews"]}, "set of releases", id="service"),
            pytest.param(ONE, "set of releases", id="one release"),
        ],
    )
    def test_refuses_the_state_of_something_else(
        self, stage: Stage, path: Path, change: dict[str, Any], named: str
    ) -> None:
        self.watched(stage, path, listed(*RUNNING))
        written = path.read_text()
        source = Source(stage).run(state_file=str(path), **change)
        assert f"belongs to another {named}" in source.problem
        assert (source.events, path.read_text()) == ([], written)

    def test_ends_when_the_state_cannot_be_written(self, stage: Stage, path: Path) -> None:
        def take(_event: dict[str, Any]) -> bool:
            path.unlink()
            path.mkdir()
            return True

        stage.serve_mesh([listed(CREATING[0]), listed(RUNNING[0])])
        source = Source(stage, take=take).run(state_file=str(path))
        assert (source.told, "state_file" in source.problem) == (["uid-a phase"], True)


@pytest.mark.slow
class TestAThousandReleases:
    def costs(self, stage: Stage, count: int, path: Path) -> float:
        """Return the CPU seconds of a poll in which each of so many releases has changed."""
        stage.serve_mesh([listed(*many(count, "Creating")), listed(*many(count, "Running"))])
        before = time.process_time()
        source = Source(stage, 15).run(**GATED, state_file=str(path))
        spent = time.process_time() - before
        assert (len(source.events), len(stage.asked)) == (2 * count, 2)
        return spent / 2

    def test_cost_in_proportion_to_their_number(self, stage: Stage, tmp_path: Path) -> None:
        few, all_of_them = (
            min(self.costs(stage, count, tmp_path / f"{count}-{attempt}") for attempt in range(3))
            for count in (100, 1000)
        )
        assert all_of_them <= 3 * 10 * few
