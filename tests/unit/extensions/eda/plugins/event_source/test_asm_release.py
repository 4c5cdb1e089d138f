# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source, as its host uses it: its arguments, its queue, its end, and what it does not block."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, TypeVar

import ansible
import pytest
import yaml
from ansible_collections.huaweicloud.asm.extensions.eda.plugins.event_source import asm_release
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.validation import parse_source
from ansible_collections.huaweicloud.asm.tests.unit.extensions.eda.plugins.event_source.schemas import (
    ARGUMENTS,
    arguments_schema,
    errors,
    loaded,
)
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import release_list
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.events.stage import TOKEN, item
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.loopback import (
    PATIENCE,
    Peer,
    Server,
    answering,
    response,
    serving,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.watcher import Host
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime

CONNECTION = {"mesh_id": "mesh", "token": TOKEN}
DOCUMENTATION = yaml.safe_load(asm_release.DOCUMENTATION)
KINDS = {*("appeared", "phase", "ready", "gone", "reached", "failed", "stalled", "timeout"), "unavailable", "available"}

Result = TypeVar("Result")


def mesh(*phases: str) -> bytes:
    """Return the answer of a list with a release in each of these phases."""
    items = [item(f"r{number}", phase) for number, phase in enumerate(phases)]
    return response(json.dumps(release_list(*items)).encode())


def ended(args: Mapping[str, Any]) -> str:
    """Return the sentence with which a source ends."""

    async def run() -> None:
        await asm_release.main(asyncio.Queue(), dict(args))

    with pytest.raises(asm_release.AsmReleaseError) as raised:
        asyncio.run(run())
    # What is printed with it.
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None or raised.value.__suppress_context__
    return str(raised.value)


async def cancelled(task: asyncio.Task[None]) -> float:
    """Cancel a source, and return the seconds after which it has ended, and its thread with it."""
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for thread in threading.enumerate():
        if thread.name.startswith(asm_release.NAME):
            thread.join(PATIENCE)
    return time.monotonic() - began


class ScriptedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be set forward, with all that is due then."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    async def advance(self, seconds: float) -> None:
        """Set the clock forward, and return when what is due has run."""
        self.ahead += seconds
        due = self.create_future()
        self.call_later(0, due.set_result, None)
        await due


class UsedQueue(asyncio.Queue[dict[str, Any]]):
    """A queue that says when an event comes, whether there is a place for it or not."""

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self.used = asyncio.Event()

    async def put(self, item: dict[str, Any]) -> None:
        self.used.set()
        await super().put(item)


def on(loop: ScriptedLoop, run: Callable[[ScriptedLoop], Coroutine[Any, Any, Result]]) -> Result:
    """Return what is returned by what runs on a loop of its own."""
    try:
        return loop.run_until_complete(run(loop))
    finally:
        loop.close()


class TestDocumentation:
    def test_names_every_kind_of_event(self) -> None:
        assert set(DOCUMENTATION["events"]) == KINDS

    @pytest.mark.parametrize("example", yaml.safe_load(asm_release.EXAMPLES), ids=json.dumps)
    def test_has_examples_that_are_accepted(self, example: dict[str, Any]) -> None:
        assert list(example) == [asm_release.NAME]
        assert parse_source(asm_release._typed(example[asm_release.NAME])).mesh_ids
        assert errors(ARGUMENTS, example[asm_release.NAME]) == []


class TestSchema:
    def test_of_the_arguments_is_what_the_options_make(self) -> None:
        assert loaded(ARGUMENTS) == arguments_schema()

    @pytest.mark.parametrize("args", [{}, {"mesh_id": 7}, {"mesh_id": "m", "wait_sleep": 0}, {"mesh_id": "m", "x": 1}])
    def test_refuses_other_arguments(self, args: dict[str, Any]) -> None:
        assert errors(ARGUMENTS, args)


class TestArguments:
    @pytest.mark.parametrize(
        ("args", "said"),
        [
            pytest.param({"stabel_for": 60}, "unknown option stabel_for; did you mean stable_for?", id="misspelt"),
            pytest.param({"release_id": "a"}, "unknown option release_id", id="of the module only"),
            pytest.param({TOKEN: 1}, "unknown option", id="a secret for a name"),
            pytest.param({"mesh_id": ""}, "mesh_id has an empty entry", id="an empty mesh"),
            pytest.param({"wait_sleep": "soon"}, "wait_sleep is 'soon'; give a whole number", id="a type"),
            pytest.param({"wait_sleep": float("inf")}, "wait_sleep is a number (inf)", id="an infinity"),
            pytest.param(
                {"version": 1.1}, "version is a number (1.1), and must be text; quote it, within", id="a version"
            ),
            pytest.param({"wait_sleep": True}, "wait_sleep is a boolean (true); give a whole number", id="a boolean"),
            pytest.param({"token": 1e5}, "token is a number, and must be text; quote it", id="a number for a secret"),
            pytest.param({"state_file": ["x"]}, "state_file is a list, and must be text", id="a list for a path"),
            pytest.param({"token": [TOKEN]}, "token is a list, and must be text", id="a list for a secret"),
            pytest.param(
                {"mesh_id": {TOKEN: 1}}, "mesh_id is a mapping; give text or a list", id="a mapping for a text"
            ),
            pytest.param({"service": [["x"]]}, "service[0] is a list, and must be text", id="a list in a list"),
            pytest.param({"on_missing": "ignore"}, "value of on_missing must be one of", id="a choice"),
            pytest.param({"feedback": True}, "feedback needs ansible-rulebook 1.3 or newer", id="an old host"),
        ],
    )
    def test_that_are_wrong_end_it_before_anything_is_sent(self, args: dict[str, Any], said: str) -> None:
        problem = ended({**CONNECTION, "endpoint": "http://127.0.0.1:9", **args})
        assert problem.startswith("huaweicloud.asm.asm_release: ")
        assert said in problem
        assert TOKEN not in problem

    def test_may_be_texts_and_null_as_templates_leave_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[Mapping[str, Any]] = []

        def watch(parameters: Mapping[str, Any], *_rest: object) -> str:
            seen.append(parameters)
            return "the end"

        monkeypatch.setattr(asm_release, "watch", watch)
        args = {"wait_sleep": "30", "ready": "yes", "success_phases": "Running", "version": None, "state_file": "~/s"}
        assert ended({**CONNECTION, **args}) == "huaweicloud.asm.asm_release: the end"
        assert [seen[0][name] for name in ("wait_sleep", "ready", "success_phases", "version", "state_file")] == [
            30,
            True,
            ["Running"],
            None,
            str(Path.home() / "s"),
        ]


class TestTheQueue:
    @staticmethod
    def scripted(monkeypatch: pytest.MonkeyPatch, count: int) -> list[bool]:
        """Let the source deliver so many events, and return whether each was taken."""
        taken: list[bool] = []

        def watch(_parameters: object, _runtime: object, host: Host) -> str:
            taken.extend(host.deliver({"id": number, "mesh_id": "mesh"}) for number in range(count))
            return "the end"

        monkeypatch.setattr(asm_release, "watch", watch)
        return taken

    def test_gets_each_event_in_its_order_however_slowly_it_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        taken = self.scripted(monkeypatch, 20)

        async def run() -> list[int]:
            queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
            task = asyncio.ensure_future(asm_release.main(queue, CONNECTION))
            read = [(await queue.get())["id"] for _number in range(20)]
            with pytest.raises(asm_release.AsmReleaseError):
                await task
            return read

        assert asyncio.run(run()) == list(range(20))
        assert taken == [True] * 20

    def test_holds_the_source_up_when_it_is_full_and_lets_it_be_cancelled(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        taken = self.scripted(monkeypatch, 3)

        async def run() -> float:
            queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
            task = asyncio.ensure_future(asm_release.main(queue, CONNECTION))
            while not queue.full():
                await asyncio.sleep(0)
            return await cancelled(task)

        assert asyncio.run(run()) < PATIENCE / 2
        assert taken == [True, False, False]

    def test_is_waited_for_until_the_rule_engine_has_stored_an_event(self, monkeypatch: pytest.MonkeyPatch) -> None:
        taken = self.scripted(monkeypatch, 2)

        async def run() -> list[int]:
            queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            feedback: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
            args = {**CONNECTION, "feedback": True, "eda_feedback_queue": feedback}
            task = asyncio.ensure_future(asm_release.main(queue, args))
            counts = []
            for _number in range(2):
                await feedback.put(await queue.get())
                counts.append(queue.qsize())
            with pytest.raises(asm_release.AsmReleaseError):
                await task
            return counts

        assert asyncio.run(run()) == [0, 0]
        assert taken == [True, True]

    @pytest.mark.parametrize("with_feedback", [True, False], ids=["not stored", "full queue"])
    def test_is_waited_for_beyond_all_patience_with_one_warning(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, with_feedback: bool
    ) -> None:
        taken = self.scripted(monkeypatch, 1)

        async def run(loop: ScriptedLoop) -> list[int]:
            queue = UsedQueue(1)
            feedback: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
            args = {**CONNECTION, "feedback": True, "eda_feedback_queue": feedback} if with_feedback else CONNECTION
            if not with_feedback:
                queue.put_nowait({})
            task = asyncio.ensure_future(asm_release.main(queue, args))
            await queue.used.wait()
            counts = []
            for seconds in (299, 2, 3600):
                await loop.advance(seconds)
                counts.append(len(caplog.records))
            assert not task.done()
            await feedback.put(await queue.get())
            with pytest.raises(asm_release.AsmReleaseError):
                await task
            return counts

        assert on(ScriptedLoop(), run) == [0, 1, 1]
        assert taken == [True]
        (message,) = caplog.messages
        assert message == (
            "huaweicloud.asm.asm_release: mesh 'mesh': ansible-rulebook has not taken the event '0' for 300 s, so no "
            "mesh is read and no other event is sent; unless actions are still running, look for an error in its log "
            "and restart it"
        )

    @pytest.mark.parametrize("is_answered", [True, False], ids=["stored", "cancelled"])
    def test_that_answers_or_is_not_waited_for_any_more_is_no_reason_to_warn(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, is_answered: bool
    ) -> None:
        self.scripted(monkeypatch, 1)

        async def run(loop: ScriptedLoop) -> None:
            queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            feedback: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
            args = {**CONNECTION, "feedback": True, "eda_feedback_queue": feedback}
            task = asyncio.ensure_future(asm_release.main(queue, args))
            event = await queue.get()
            if is_answered:
                await feedback.put(event)
                with pytest.raises(asm_release.AsmReleaseError):
                    await task
            else:
                await cancelled(task)
            await loop.advance(3600)

        on(ScriptedLoop(), run)
        assert not caplog.records

    def test_is_not_waited_for_after_the_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        taken = self.scripted(monkeypatch, 1)

        async def run() -> float:
            queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            args = {**CONNECTION, "feedback": True, "eda_feedback_queue": asyncio.Queue(1)}
            task = asyncio.ensure_future(asm_release.main(queue, args))
            await queue.get()
            return await cancelled(task)

        assert asyncio.run(run()) < PATIENCE / 2
        assert taken == [False]

    def test_may_raise_what_a_filter_of_the_rulebook_raises(self, monkeypatch: pytest.MonkeyPatch) -> None:
        taken = self.scripted(monkeypatch, 1)

        class Filtered(asyncio.Queue):  # type: ignore[type-arg]
            async def put(self, _event: object) -> None:
                raise LookupError("of the filter")

        async def run() -> None:
            await asm_release.main(Filtered(), CONNECTION)

        with pytest.raises(LookupError, match="of the filter"):
            asyncio.run(run())
        assert taken == [False]


def hanging(peer: Peer) -> None:
    """Take a request and never answer."""
    peer.request()
    peer.server.asked.set()  # type: ignore[attr-defined]
    peer.hang()


class TestCancellation:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with serving(hanging) as server:
            server.asked = threading.Event()  # type: ignore[attr-defined]
            yield server

    def test_ends_it_at_once_while_a_request_hangs(self, server: Server) -> None:
        async def run() -> float:
            task = asyncio.ensure_future(asm_release.main(asyncio.Queue(), {**CONNECTION, "endpoint": server.url}))
            loop = asyncio.get_running_loop()
            # The loop goes on meanwhile: this would never come to its end otherwise.
            await loop.run_in_executor(None, server.asked.wait)  # type: ignore[attr-defined]
            return await cancelled(task)

        assert asyncio.run(run()) < PATIENCE / 2

    def test_ends_it_at_once_while_it_pauses(self) -> None:
        async def run(url: str) -> float:
            queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            args = {**CONNECTION, "endpoint": url, "initial": True, "wait_sleep": 3600}
            task = asyncio.ensure_future(asm_release.main(queue, args))
            assert (await queue.get())["kind"] == "appeared"
            return await cancelled(task)

        with serving(answering(mesh("Running"))) as server:
            assert asyncio.run(run(server.url)) < PATIENCE / 2

    def test_frees_the_state_file_for_the_next_start(self, tmp_path: Path) -> None:
        async def run(url: str) -> list[str]:
            args = {**CONNECTION, "endpoint": url, "initial": True, "state_file": str(tmp_path / "state")}
            kinds = []
            for number in range(2):
                queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
                task = asyncio.ensure_future(asm_release.main(queue, {**args, "wait_sleep": 3600}))
                if not number:
                    kinds.append((await queue.get())["kind"])
                await cancelled(task)
            return kinds

        with serving(answering(mesh("Running"))) as server:
            assert asyncio.run(run(server.url)) == ["appeared"]

    def test_of_one_of_two_with_one_state_file_is_not_needed(self, tmp_path: Path) -> None:
        async def run(url: str) -> str:
            queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            args = {**CONNECTION, "endpoint": url, "initial": True, "state_file": str(tmp_path / "state")}
            first = asyncio.ensure_future(asm_release.main(queue, args))
            await queue.get()
            with pytest.raises(asm_release.AsmReleaseError) as raised:
                await asm_release.main(queue, args)
            await cancelled(first)
            return str(raised.value)

        with serving(answering(mesh("Running"))) as server:
            assert "is in use by another source" in asyncio.run(run(server.url))


def test_a_final_error_ends_it_with_one_sentence_without_secrets() -> None:
    refusal = response(
        json.dumps({"error_code": "APIGW.0301", "error_msg": f"no {TOKEN}"}).encode(), "401 Unauthorized"
    )
    with serving(answering(refusal)) as server:
        problem = ended({**CONNECTION, "endpoint": server.url})
    assert problem == (
        "huaweicloud.asm.asm_release: mesh 'mesh': the credentials were refused (401 APIGW.0301: no ********); "
        "check the key pair or the token, its account, and the clock of this machine"
    )


def test_what_passes_is_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def watch(_parameters: object, _runtime: object, host: Host) -> str:
        host.warn("mesh 'mesh': the service failed (503)")
        return "the end"

    monkeypatch.setattr(asm_release, "watch", watch)
    ended(CONNECTION)
    assert caplog.record_tuples == [
        (asm_release.NAME, logging.WARNING, "huaweicloud.asm.asm_release: mesh 'mesh': the service failed (503)")
    ]


def test_it_asks_for_nothing_in_the_thread_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def watch(_parameters: object, runtime: Runtime, *_rest: object) -> str:
        threads.append(threading.current_thread())
        runtime.sleep(0)
        return "the end"

    monkeypatch.setattr(asm_release, "watch", watch)
    ended(CONNECTION)
    assert [thread is threading.main_thread() for thread in threads] == [False]


@pytest.mark.parametrize("is_regular", [False, True], ids=["alone", "beside the package ansible"])
def test_its_host_can_run_it_and_another_file_after_it(tmp_path: Path, is_regular: bool) -> None:
    """ansible-rulebook runs the file alone, without the loader of Ansible, and then the filters of the source."""
    other = tmp_path / "filter.py"
    other.write_text("main = 1")
    if is_regular:
        (tmp_path / "ansible_collections").mkdir()
        (tmp_path / "ansible_collections" / "__init__.py").touch()
    paths = [str(asm_release.__file__), str(other)]
    run_both = f"import runpy; print(*('main' in runpy.run_path(path) for path in {paths!r}))"
    # ansible-test does not install Ansible, but says where it is.
    places = [str(tmp_path), str(Path(ansible.__file__).parents[1])]
    run = subprocess.run(
        [sys.executable, "-c", run_both],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
    )
    assert (run.stdout, run.returncode) == ("True True\n", 0), run.stderr
