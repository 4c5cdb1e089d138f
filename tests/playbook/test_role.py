# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role `release_gate`: its options, what it prints and returns, and its verdict file.

Phases are illustrations: the service publishes none.
"""

from __future__ import annotations

import os
import re
import stat
import textwrap
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.huaweicloud.asm.tests.playbook.gated import (
    ALL,
    DEPLOY,
    HOSTS,
    IMPORT,
    gate,
    on,
    on_each,
    rescued,
    run_plays,
    verdict,
)
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CREATING,
    MESH_ID,
    NAMESPACE,
    RUNNING,
    TOKEN,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.simulator.deployments import ENVIRONMENT_SECRET
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

OPENS, CLOSES, PENDING, DOTTED = (f"{name}-canary" for name in ("opens", "closes", "pending", "dotted"))
ONE_EACH = [f"{name}-canary" for name in ("opens", "closes", "pending")]


@pytest.fixture(scope="module")
def mesh() -> Iterator[Running]:
    """A mesh with a release for each way a gate can go."""
    releases = (
        release(OPENS, RUNNING),
        release(CLOSES, {"phase": "Failed"}),
        release(PENDING, {**CREATING, "ready": 1}, {"phase": "{{ 6 * 7 }} ##vso[task.complete]", "after_reads": 1}),
        release(DOTTED, RUNNING, version="1.1"),
        release("details-canary", RUNNING, service="details"),
    )
    with serving(scenario(*releases)) as simulator:
        yield simulator


class TestTheOutput:
    def test_has_timeline_and_workloads_once_and_one_sentence_for_each_host(
        self, ansible: Ansible, mesh: Running
    ) -> None:
        gated = run_plays(ansible, mesh, {"tasks": [gate(on(PENDING)), DEPLOY]})

        *changes, original, gray = gated.summary
        assert [change.partition(" s  ")[2] for change in changes] == [
            "Creating, 1/3 ready",
            "{{ 6 * 7 }} # #vso[task.complete], 1/3 ready",
        ]
        assert original == "Original workload reviews-v1: 3 of 3 ready, rolled out"
        assert gray.startswith("Gray workload reviews-v2: 1 of 3 ready, ")
        assert gated.deployed == frozenset()
        assert all(gated.reasons(host)[0].startswith("the gate stays closed: ") for host in HOSTS), gated.output
        for unwanted in ("ignoring", "timeline", "assertion"):
            assert unwanted not in gated.output

    @pytest.mark.slow
    def test_of_an_open_gate_begins_with_the_verdict(self, ansible: Ansible, mesh: Running) -> None:
        gated = run_plays(ansible, mesh, {"tasks": [gate(on(OPENS)), DEPLOY]})

        assert gated.summary[0].startswith(f"Verdict: the gate is open: {OPENS}"), gated.output

    @pytest.mark.slow
    def test_of_several_releases_has_each(self, ansible: Ansible, mesh: Running) -> None:
        gated = run_plays(ansible, mesh, {"tasks": [gate(on_each(*ONE_EACH)), DEPLOY]}, arguments=["-vvv"])

        assert [line.partition(" (bookinfo)")[0] for line in gated.summary] == [
            f"reached: {OPENS}",
            f"failed: {CLOSES}",
            f"pending: {PENDING}",
        ]
        assert ENVIRONMENT_SECRET not in gated.output

    @pytest.mark.slow
    def test_of_more_releases_than_a_reader_can_take_in_is_bounded(
        self, ansible: Ansible, simulate: Callable[..., Running]
    ) -> None:
        mesh = simulate(scenario(release("many-{number}", RUNNING, count=60)))
        names = [f"many-{number:02}" for number in range(1, 61)]

        gated = run_plays(ansible, mesh, {"tasks": [gate(on_each(*names)), DEPLOY]})

        assert (len(gated.summary), gated.summary[-1]) == (52, "and 10 more releases"), gated.output
        assert gated.deployed == ALL

    @pytest.mark.slow
    def test_has_no_secret_and_changes_no_verdict(self, ansible: Ansible, mesh: Running) -> None:
        plays = ({"tasks": [rescued(gate(on(each, verdict_file="v.json")))]} for each in (CLOSES, OPENS))

        gated = run_plays(ansible, mesh, *plays, arguments=["-vvv"], environment={"ANSIBLE_STDOUT_CALLBACK": "minimal"})

        assert sorted(gated.deployments) == sorted(HOSTS), gated.output
        assert TOKEN not in gated.output
        assert ENVIRONMENT_SECRET not in gated.output


def test_the_result_of_a_closed_gate_stays_failed(ansible: Ansible, mesh: Running) -> None:
    closed = {
        "failed": on(CLOSES),
        # The release has version 1.1: neither a number nor the text opens the gate, also with native types of Jinja.
        "a-number": on(DOTTED, version=1.10),
        "a-template": on(DOTTED, version="{{ 1.10 }}"),
        "text": on(DOTTED, version="1.10", wait_timeout=2),
    }

    gated = run_plays(
        ansible,
        mesh,
        *({"hosts": "first", "tasks": [rescued(gate(each))]} for each in closed.values()),
        environment={"ANSIBLE_JINJA2_NATIVE": "1"},
    )

    assert gated.deployed == frozenset(), gated.output
    results = gated.refused()
    assert [each["gate"]["outcome"] for each in results] == ["failed", "error", "error", "timeout"]
    assert all(each["failed"] for each in results)
    assert results[0]["phase"] == "Failed"
    for each in results[1:3]:
        assert each["error"]["kind"] == "usage"
        assert "version is a number (1.1)" in each["msg"]
    assert "version is 1.1, waiting for 1.10" in results[3]["msg"]
    assert not [key for each in results for key in each if key.startswith(("_", "ansible_", "failed_when_"))]


class TestSeveralReleases:
    @pytest.mark.slow
    def test_let_every_host_pass_or_none(self, ansible: Ansible, mesh: Running) -> None:
        enough = [on_each(OPENS, DOTTED), on_each(OPENS, PENDING, require="any"), on_each(CLOSES, OPENS, require=1)]
        too_few = [on_each(OPENS, CLOSES), on_each(OPENS, PENDING)]

        gated = run_plays(ansible, mesh, *({"tasks": [rescued(gate(each))]} for each in (*enough, *too_few)))

        assert sorted(gated.deployments) == sorted([*HOSTS] * len(enough)), gated.output
        assert gated.reads == {}

    @pytest.mark.parametrize("strategy", ["linear", "free", "host_pinned"])
    @pytest.mark.slow
    def test_take_one_list_where_one_release_takes_one_read(
        self, ansible: Ansible, mesh: Running, strategy: str
    ) -> None:
        gated = run_plays(ansible, mesh, {"tasks": [gate(on_each(OPENS, DOTTED)), DEPLOY], "strategy": strategy})

        assert gated.deployed == ALL, gated.output
        assert (gated.lists, gated.reads) == (1 if strategy == "linear" else len(HOSTS), {})


@pytest.mark.slow
def test_a_service_names_its_release(ansible: Ansible, mesh: Running) -> None:
    gates: list[dict[str, Any]] = [
        {"release_gate_service": "details", "release_gate_verdict_file": "v.json"},
        {"release_gate_releases": [{"service": "details"}, {"release_id": OPENS}]},
    ]

    gated = run_plays(ansible, mesh, *({"tasks": [rescued(gate(each))]} for each in gates))

    assert sorted(gated.deployments) == sorted([*HOSTS] * len(gates)), gated.output
    target = {"mesh_id": MESH_ID, "namespace": NAMESPACE, "service": "details"}
    assert verdict(ansible.directory / "v.json")["target"] == target


@pytest.mark.slow
def test_module_defaults_of_the_play_have_no_effect(ansible: Ansible, mesh: Running) -> None:
    defaults = {
        "huaweicloud.asm.asm_release_info": {"failure_phases": ["Running"], "version": "v9"},
        "group/huaweicloud.asm.asm": {"version": "v9", "images": ["none"]},
        "ansible.builtin.set_fact": {"__release_gate_state": "x open"},
        "ansible.builtin.copy": {"force": False},
        "ansible.builtin.fail": {"other": "option"},
    }
    file = ansible.directory / "v.json"
    file.write_text('{"outcome": "reached"}', encoding="utf-8")

    gated = run_plays(
        ansible,
        mesh,
        {"hosts": "first", "tasks": [gate(on(OPENS)), DEPLOY], "module_defaults": defaults},
        {
            "hosts": "first",
            "tasks": [gate(on(CLOSES, verdict_file=file.name)), DEPLOY],
            "module_defaults": defaults,
        },
    )

    assert gated.deployments == ["first"], gated.output
    assert (verdict(file)["outcome"], len(gated.reasons())) == ("failed", 1)


class TestCheckMode:
    @pytest.mark.slow
    def test_reads_once_and_fails_only_on_an_error(self, ansible: Ansible, mesh: Running) -> None:
        read = {OPENS: "reached", CLOSES: "failed", PENDING: "pending", "no-canary": "missing"}
        passing = [{"tasks": [gate(on(each, verdict_file=f"{each}.json")), DEPLOY]} for each in read]
        failing = [
            {"tasks": [rescued(gate(on(OPENS, token="wrong")))]},
            {"tasks": [rescued(gate(on(OPENS, delegate_to="bastion")))]},
        ]

        gated = run_plays(ansible, mesh, *passing, *failing, arguments=["--check"])

        assert sorted(gated.deployments) == sorted([*HOSTS] * len(read)), gated.output
        assert {name: count for name, count in gated.reads.items() if name != OPENS} == dict.fromkeys(
            [CLOSES, PENDING, "no-canary"], 1
        )
        for release_id, outcome in read.items():
            written = verdict(ansible.directory / f"{release_id}.json")
            assert (written["outcome"], written["check_mode"], written["failed"]) == (outcome, True, False)
        warned = " ".join(gated.output.split()).count("[WARNING]: check mode: ")
        assert warned == len(read) - 1, gated.output

    @pytest.mark.slow
    def test_of_a_task_alone_opens_nothing(self, ansible: Ansible, mesh: Running) -> None:
        alone = {**gate(on(CLOSES), IMPORT), "check_mode": True}

        gated = run_plays(ansible, mesh, {"tasks": [rescued(alone)]})

        assert gated.deployed == frozenset(), gated.output


@pytest.mark.slow
def test_a_timeout_of_the_task_leaves_the_verdict(ansible: Ansible, mesh: Running) -> None:
    gated = run_plays(ansible, mesh, {"tasks": [gate(on(PENDING, wait_timeout=60)), DEPLOY], "timeout": 6})

    assert gated.deployed == frozenset()
    assert all(gated.reasons(host)[0].startswith("the gate stays closed: ") for host in HOSTS), gated.output


MISSPELT = {
    "release_gate_redy": "release_gate_ready",
    "release_gate_stabel_for": "release_gate_stable_for",
    "release_gate_failure_phase": "release_gate_failure_phases",
    "release_gate_Version": "release_gate_version",
    "relase_gate_ready": "release_gate_ready",
    "release_gat_version": "release_gate_version",
    "releasegate_ready": "release_gate_ready",
    "releaes_gate_images": "release_gate_images",
    "release_gates_require": "release_gate_require",
    "release_gater_eady": "release_gate_ready",
    "RELEASE_GATE_READY": "release_gate_ready",
    "_release_gate_stable_for": "release_gate_stable_for",
    "release_gate_require_": "release_gate_require",
    "release_gate_minimum": "release_gate_namespace",
}
FUNCTIONS = dict.fromkeys(("namespace", "query", "q", "now", "range", "dict"), "a variable of the play")
"""A variable hides the function of Jinja or Ansible that has its name."""
ALLOWED = {"release": 1, "release_gates": 1, "my_release_gate_ready": True, **FUNCTIONS}


def test_a_misspelt_variable_is_refused_with_the_nearest_name(ansible: Ansible, mesh: Running) -> None:
    fact, registered, of_play, of_host, *of_role = MISSPELT
    tasks = [
        {"ansible.builtin.set_fact": {fact: True}, "register": registered},
        rescued(gate({**on(OPENS), **dict.fromkeys(of_role, True)})),
    ]

    gated = run_plays(
        ansible,
        mesh,
        {"tasks": [rescued(gate({**on(OPENS, verdict_file="v.json"), **ALLOWED}))]},
        {"hosts": "first", "tasks": [rescued(gate(on(OPENS)))], "vars": {of_play: ["Failed"]}},
        {"hosts": "first", "tasks": tasks},
        hosts={"third": {of_host: True}},
    )

    assert sorted(gated.deployments) == ["first", "second"], gated.output
    assert gated.reads == {OPENS: 1}
    told = str([gated.refused(host) for host in HOSTS])
    wanted = [f"{wrong} is not an option; did you mean {right}?" for wrong, right in MISSPELT.items()]
    assert [each for each in wanted[:-1] if each not in told] == []
    assert "release_gate_minimum is not an option" in told
    # One host of those that share the file must not pass, so the file does not say `reached`.
    assert of_host in verdict(ansible.directory / "v.json")["msg"]


def test_a_delegate_that_is_no_name_is_refused(ansible: Ansible, mesh: Running) -> None:
    wrong = ("", None, 10, ["localhost"], "{{ omit }}")
    play = {"hosts": "host*", "tasks": [rescued(gate(on(OPENS)))]}

    gated = run_plays(
        ansible, mesh, play, hosts={f"host{at}": {"release_gate_delegate_to": each} for at, each in enumerate(wrong)}
    )

    assert gated.deployed == frozenset(), gated.output
    refused = [gated.refused(f"host{at}")[0]["msg"] for at in range(len(wrong))]
    assert refused == ["release_gate_delegate_to is no name of a host: quote it, or leave it out"] * len(wrong)


# `test_gate_playbook` has an option in vault in `make test`.
@pytest.mark.slow
def test_variables_of_the_connection_may_be_vaulted_inline(ansible: Ansible, mesh: Running) -> None:
    password = ansible.directory / "password"
    password.write_text("invented", encoding="utf-8")
    vault = VaultLib([("default", VaultSecret(b"invented"))])
    values = {"huaweicloud_asm_token": TOKEN, "release_gate_release_id": OPENS, "release_gate_version": "v2"}
    secrets = ansible.directory / "secrets.yml"
    secrets.write_text(
        "\n".join(
            f"{name}: !vault |\n{textwrap.indent(vault.encrypt(value).decode(), '  ')}"
            for name, value in values.items()
        ),
        encoding="utf-8",
    )
    file = ansible.directory / "v.json"

    gated = run_plays(
        ansible,
        mesh,
        {"tasks": [gate({"release_gate_verdict_file": str(file)}), DEPLOY], "vars_files": [str(secrets)]},
        arguments=["--vault-password-file", str(password), "-vvv"],
        environment={"ANSIBLE_JINJA2_NATIVE": "1"},
    )

    assert gated.deployed == ALL, gated.output
    assert TOKEN not in gated.output
    assert TOKEN not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        pytest.param(on(OPENS, version="{{ of_nothing }}"), "'of_nothing' is undefined", id="undefined"),
        pytest.param(on(OPENS, version="{{ 1 / 0 }}"), "division by zero", id="error", marks=pytest.mark.slow),
        pytest.param(on(OPENS, verdict_file="{{ of_nothing }}/v.json"), "'of_nothing' is undefined", id="verdict-file"),
    ],
)
def test_an_option_that_cannot_be_evaluated_is_refused_in_one_sentence(
    ansible: Ansible, mesh: Running, variables: dict[str, Any], reason: str
) -> None:
    gated = run_plays(ansible, mesh, {"hosts": "first", "tasks": [rescued(gate(variables))]})

    (refused,) = gated.refused()
    assert re.fullmatch(f"an option cannot be evaluated: (Error rendering template: )?{reason}", refused["msg"])
    assert gated.requests == 0


def test_a_password_in_an_endpoint_is_refused_and_not_shown(ansible: Ansible, mesh: Running) -> None:
    endpoint = mesh.url.replace("://", "://me:s3cret@")

    gated = run_plays(
        ansible,
        mesh,
        {"tasks": [gate(on(OPENS)), DEPLOY], "vars": {"huaweicloud_asm_endpoint": endpoint}},
        arguments=["-v"],
    )

    assert (gated.deployments, gated.requests) == ([], 0), gated.output
    assert "endpoint holds a user name" in gated.reasons("first")[0]
    assert "s3cret" not in gated.output
    assert "s3cret" not in str([entry.result for entry in gated.run.results])


@pytest.mark.slow
def test_a_secret_that_cannot_be_used_is_refused_and_not_shown(ansible: Ansible, mesh: Running) -> None:
    secrets = (12345678, "s3cret{{-broken", "s3cret{{ of_nothing }}")
    gates = (rescued(gate(on(OPENS, token=each, verdict_file="v.json"))) for each in secrets)

    gated = run_plays(ansible, mesh, *({"hosts": "first", "tasks": [each]} for each in gates), arguments=["-vvv"])

    assert (gated.deployed, gated.requests) == (frozenset(), 0), gated.output
    assert "12345678" not in gated.output
    for result in gated.refused():
        assert "s3cret" not in str(result)
    assert "s3cret" not in (ansible.directory / "v.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("is_broken", [False, True])
def test_text_of_a_delegate_that_cannot_be_reached_is_never_run(
    ansible: Ansible, mesh: Running, is_broken: bool
) -> None:
    delegate = {"ansible_connection": "nowhere", "is_broken": is_broken}
    play = {"tasks": [rescued(gate(on(OPENS, delegate_to="delegate"))), DEPLOY]}

    gated = run_plays(ansible, mesh, play, hosts={"delegate": delegate})

    assert "this host is never reached {" in gated.refused()[0]["msg"]
    assert not (ansible.directory / "was-run").exists()


def test_why_a_delegate_cannot_be_used_is_told(ansible: Ansible, mesh: Running) -> None:
    become = {"ansible_become": True, "ansible_become_method": "no_such_method"}
    delegate = {"ansible_connection": "loopback_shell", **become}
    play = {"tasks": [rescued(gate(on(OPENS, delegate_to="delegate")))]}

    gated = run_plays(ansible, mesh, play, hosts={"delegate": delegate})

    assert "no_such_method" in gated.refused("third")[0]["msg"]


@pytest.mark.parametrize("native", ["0", "1"])
@pytest.mark.slow
def test_text_of_a_response_is_never_run(ansible: Ansible, simulate: Callable[..., Running], native: str) -> None:
    def running(what: str) -> str:
        return f"lookup('ansible.builtin.pipe', 'touch {ansible.directory}/{what}.ran')"

    texts = {
        "braces": "{{ " + running("braces") + " }}",
        "header": "#jinja2: variable_start_string: '[%', variable_end_string: '%]'\n[% " + running("header") + " %]",
        "statement": "{% set x = " + running("statement") + " %}",
        "dictionary": "{'a': " + running("dictionary") + "}",
    }
    releases = [release(f"{name}-canary", {"phase": text}, version=text) for name, text in texts.items()]
    mesh = simulate(scenario(*releases))
    names = [f"{name}-canary" for name in texts]
    gates = [
        *(on(name, verdict_file=f"{name}.json", wait_timeout=1, manifests=True) for name in names),
        on_each(*names, verdict_file="several.json", wait_timeout=1),
    ]
    use = {"ansible.builtin.set_fact": {"again": "{{ release_gate_result }}"}}
    show = {"ansible.builtin.debug": {"msg": "{{ again }} {{ again.msg }} {{ release_gate_result.gate.timeline }}"}}

    gated = run_plays(
        ansible,
        mesh,
        *({"hosts": "first", "tasks": [rescued(gate(each)), use, show]} for each in gates),
        environment={"ANSIBLE_JINJA2_NATIVE": native},
    )

    assert list(ansible.directory.glob("*.ran")) == []
    assert gated.deployed == frozenset(), gated.output
    files = [verdict(ansible.directory / f"{name}.json") for name in [*names, "several"]]
    assert [each["outcome"] for each in files] == ["timeout"] * len(files)
    assert "touch" in files[0]["timeline"][0]["phase"]


class TestTheVerdictFile:
    def written(self, ansible: Ansible, *names: str) -> list[dict[str, Any]]:
        return [verdict(ansible.directory / f"{name}.json") for name in names]

    @pytest.mark.slow
    def test_has_the_verdict_in_every_outcome(self, ansible: Ansible, mesh: Running) -> None:
        outcomes = {
            "reached": on(OPENS, manifests=True),
            "failed": on(CLOSES),
            "timeout": on(PENDING),
            "missing": on("no-canary"),
            "option": on(OPENS, stable_for=60),
            "name": on(OPENS, redy=True),
            "undefined": on("{{ no_such_variable }}"),
            "unreachable": on(OPENS, delegate_to="bastion"),
            "outside": {**on(OPENS), "__release_gate_mistake": "none"},
            "several": on_each(*ONE_EACH),
        }
        gates = (gate({**each, "release_gate_verdict_file": f"{name}.json"}) for name, each in outcomes.items())

        gated = run_plays(ansible, mesh, *({"hosts": "first", "tasks": [rescued(each)]} for each in gates))

        files = dict(zip(outcomes, self.written(ansible, *outcomes), strict=True))
        assert {name: each["outcome"] for name, each in files.items()} == {
            **dict.fromkeys(outcomes, "error"),
            **{name: name for name in ("reached", "failed", "timeout", "missing")},
            "several": "failed",
        }
        kinds = {name: each["error"] and each["error"]["kind"] for name, each in files.items()}
        assert kinds == {
            **dict.fromkeys(outcomes),
            **dict.fromkeys(("option", "name", "undefined", "outside"), "usage"),
            "unreachable": "internal",
            "missing": "not_found",
        }
        assert [name for name, each in files.items() if not each["failed"]] == ["reached"]
        assert len({uuid.UUID(each["run_id"]) for each in files.values()}) == len(files)
        keys = ["run_id", "at", "outcome", "msg", "failed", "check_mode", "target", "error", "timeline"]
        assert list(files["failed"]) == [*keys, "workloads"]
        assert list(files["several"]) == [*keys, "releases"]
        assert files["failed"]["target"] == {"mesh_id": MESH_ID, "namespace": NAMESPACE, "release_id": CLOSES}
        assert [each["outcome"] for each in files["several"]["releases"]] == ["reached", "failed", "pending"]
        for name in outcomes:
            file = ansible.directory / f"{name}.json"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert ENVIRONMENT_SECRET not in file.read_text(encoding="utf-8")
            assert TOKEN not in file.read_text(encoding="utf-8")
        assert gated.deployments == ["first"]

    def test_is_one_whatever_its_template_gives_and_the_host_is_named(self, ansible: Ansible, mesh: Running) -> None:
        moving = gate(on(OPENS, verdict_file="moving-{{ 99999999 | random }}.json"))
        environment = {"ANSIBLE_JINJA2_NATIVE": "1"}

        gated = run_plays(
            ansible, mesh, {"hosts": "1", "tasks": [moving, DEPLOY]}, hosts={"1": {}}, environment=environment
        )

        assert gated.deployments == ["1"], gated.output
        (file,) = ansible.directory.glob("moving-*.json")
        assert verdict(file)["outcome"] == "reached"

    @pytest.mark.slow
    def test_is_one_for_hosts_that_ask_the_same(self, ansible: Ansible, mesh: Running) -> None:
        own = {host: {"own": CLOSES if host == "second" else OPENS} for host in HOSTS}

        gated = run_plays(
            ansible,
            mesh,
            {"tasks": [rescued(gate(on("{{ own }}", verdict_file="same.json")))]},
            {"tasks": [rescued(gate(on("{{ own }}", verdict_file="{{ own }}.json")))]},
            hosts=own,
        )

        assert sorted(gated.deployments) == ["first", "third"], gated.output
        same, opens, closes = self.written(ansible, "same", OPENS, CLOSES)
        assert "the same for hosts that ask different things" in same["msg"]
        assert gated.reads == {OPENS: 1}
        assert (opens["outcome"], closes["outcome"]) == ("reached", "error")
        assert "the host that read asks for something else" in closes["msg"]

    @pytest.mark.slow
    def test_that_cannot_be_written_closes_the_gate_before_it_is_held(self, ansible: Ansible, mesh: Running) -> None:
        target = ansible.directory / "target.json"
        target.write_text("{}", encoding="ascii")
        (ansible.directory / "link.json").symlink_to(target)
        os.mkfifo(ansible.directory / "pipe")
        paths = {
            "link.json": "is not a regular file",
            "home": "is not a regular file",
            "pipe": "is not a regular file",
            "$OF_THE_PLAY/verdict.json": "has a variable that is not in the environment",
            "nowhere/verdict.json": "cannot be written",
            "target.json/verdict.json": "cannot be written",
            "": "is empty",
            "$EMPTY": "is empty",
            "x" * 300: "ile name too long",
            "{{ no_such_variable }}": "no_such_variable",
            False: "is no text",
        }

        play = {"environment": {"OF_THE_PLAY": str(ansible.directory)}}
        tasks = ([rescued(gate(on(OPENS, verdict_file=path)))] for path in paths)
        gated = run_plays(ansible, mesh, *({**play, "tasks": each} for each in tasks), environment={"EMPTY": ""})

        assert (gated.deployed, gated.requests) == (frozenset(), 0), gated.output
        for result, reason in zip(gated.refused("third"), paths.values(), strict=True):
            assert reason in result["msg"]
        assert target.read_text(encoding="ascii") == "{}"
        assert (ansible.directory / "link.json").is_symlink()
        assert (ansible.directory / "pipe").is_fifo()
        assert not (ansible.directory / "False").exists()

    @pytest.mark.slow
    def test_leaves_nothing_behind(self, ansible: Ansible, mesh: Running, tmp_path: Path) -> None:
        environment = {"ANSIBLE_HOME": str(tmp_path)}

        gated = run_plays(
            ansible, mesh, {"tasks": [gate(on(OPENS, verdict_file="v.json")), DEPLOY]}, environment=environment
        )

        assert gated.deployed == ALL, gated.output
        assert [each.name for each in (tmp_path / "tmp").iterdir()] == []
