# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role `release_gate`: which hosts get past it, however it is called, and how often it reads for that.

Plays that end well share a run. Where all hosts fail, Ansible ends the whole run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.gated import (
    ALL,
    DEPLOY,
    HOSTS,
    IMPORT,
    INCLUDE,
    ROLE,
    UNUSABLE,
    Task,
    gate,
    on,
    on_each,
    rescued,
    run_plays,
)
from ansible_collections.huaweicloud.asm.tests.playbook.marks import slow_but_for
from ansible_collections.huaweicloud.asm.tests.playbook.plays import CREATING, RUNNING, release, scenario
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

OPENS, CLOSES, FLIPS, PENDING = (f"{name}-canary" for name in ("opens", "closes", "flips", "pending"))
OPEN, CLOSED = on(OPENS), on(CLOSES)

ONCE: Task = {"run_once": True}
FIRST_ONLY: Task = {"when": "inventory_hostname == 'first'"}
BUT_FIRST: Task = {"when": "inventory_hostname != 'first'"}
TAGGED: Task = {"tags": "deployment"}
TAGS = ("--tags", "deployment")

SKIPPED = "do not put run_once or when on include_role"
UNDEFINED = "{{ no_such_variable }}"
RESULT = {"gate": {"outcome": "reached"}, "msg": "invented"}


@pytest.fixture(scope="module")
def mesh() -> Iterator[Running]:
    """A mesh with a release for each way a gate can go; `FLIPS` fails after one good read."""
    releases = (
        release(OPENS, RUNNING),
        release(CLOSES, {"phase": "Failed"}),
        release(FLIPS, RUNNING, {"phase": "Failed", "after_reads": 1}),
        release(PENDING, CREATING),
    )
    with serving(scenario(*releases)) as simulator:
        yield simulator


def ways(variables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return plays that call the role for all hosts, by what is special about each."""
    include, imported = gate(variables), gate(variables, IMPORT)
    role = {"role": ROLE, **variables}
    return {
        "include_role": {"tasks": [include, DEPLOY]},
        "import_role": {"tasks": [imported, DEPLOY]},
        "roles": {"roles": [role], "tasks": [DEPLOY]},
        "serial": {"tasks": [include, DEPLOY], "serial": 2},
        "free": {"tasks": [include, DEPLOY], "strategy": "free"},
        "host_pinned": {"tasks": [include, DEPLOY], "strategy": "host_pinned"},
        "rescue": {"tasks": [rescued(include)]},
        "free-rescue": {"tasks": [rescued(imported)], "strategy": "free"},
        "always": {"tasks": [{"block": [include, DEPLOY], "always": [{"ansible.builtin.debug": {"msg": "always"}}]}]},
        "ignore_errors": {"tasks": [{**imported, "ignore_errors": True}, DEPLOY]},
        "ignore_errors-of-the-play": {"tasks": [include, DEPLOY], "ignore_errors": True},
        "run_once-of-an-import": {"tasks": [{**imported, **ONCE}, DEPLOY]},
        "any_errors_fatal": {"tasks": [include, DEPLOY], "any_errors_fatal": True},
        "timeout": {"tasks": [include, DEPLOY], "timeout": 10},
        "no_log": {"tasks": [include, DEPLOY], "no_log": True},
        "environment": {"tasks": [include, DEPLOY], "environment": {"PROBE": "1"}},
        "delegate_facts": {"tasks": [{**imported, "delegate_to": "bastion", "delegate_facts": True}, DEPLOY]},
    }


def partial_ways(variables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return plays in which some hosts skip the role."""
    include = gate(variables)
    earlier = {
        "block": [{"ansible.builtin.fail": {"msg": "earlier"}, **ONCE}],
        "rescue": [{"ansible.builtin.meta": "noop"}],
    }
    return {
        "run_once-after-a-rescue": {"tasks": [earlier, {**include, **ONCE}, DEPLOY]},
        "run_once": {"tasks": [{**include, **ONCE}, DEPLOY]},
        "block": {"tasks": [{"block": [include], **ONCE}, DEPLOY]},
        "run_once-rescue": {"tasks": [rescued({**include, **ONCE})]},
        "block-rescue": {"tasks": [rescued({"block": [include], **ONCE})]},
        "second-gate": {"tasks": [gate(OPEN), {**include, **ONCE}, DEPLOY]},
        "second-gate-rescue": {"tasks": [rescued(gate(OPEN), {**include, **ONCE})]},
        "when": {"tasks": [{**include, **FIRST_ONLY}, DEPLOY]},
        "when-not-the-first": {"tasks": [{**include, **BUT_FIRST}, DEPLOY]},
        "roles-when": {"roles": [{"role": ROLE, **variables, **FIRST_ONLY}], "tasks": [DEPLOY]},
        "import_role-when": {"tasks": [{**gate(variables, IMPORT), **BUT_FIRST}, DEPLOY]},
    }


WITH_TAGS = {
    "roles-without-the-tag": {"roles": [{"role": ROLE, **CLOSED}], "tasks": [{**DEPLOY, **TAGGED}]},
    "include_role-with-a-tag": {"tasks": [gate(CLOSED, **TAGGED), {**DEPLOY, **TAGGED}]},
    "import_role-without-the-tag": {"tasks": [gate(CLOSED, IMPORT), {**DEPLOY, **TAGGED}]},
}


@pytest.mark.parametrize("play", slow_but_for("free-rescue", of=ways(CLOSED)))
def test_no_host_deploys_behind_a_closed_gate(ansible: Ansible, mesh: Running, play: dict[str, Any]) -> None:
    gated = run_plays(ansible, mesh, play)

    assert gated.deployed == frozenset(), gated.output
    assert set(gated.reads) == {CLOSES}


@pytest.mark.slow
def test_all_hosts_deploy_behind_an_open_gate(ansible: Ansible, mesh: Running) -> None:
    plays = ways(OPEN) | partial_ways(OPEN)
    # After it, Ansible itself leaves hosts out of this play and the next ones.
    del plays["run_once-after-a-rescue"]

    gated = run_plays(ansible, mesh, *plays.values())

    assert sorted(gated.deployments) == sorted([*HOSTS] * len(plays)), gated.output
    each_reads = {"serial": 2, "free": 3, "host_pinned": 3, "free-rescue": 3, "second-gate": 2, "second-gate-rescue": 2}
    assert gated.reads == {OPENS: sum(each_reads.get(name, 1) for name in plays)}


@pytest.mark.parametrize("play", slow_but_for("run_once", "second-gate-rescue", of=partial_ways(CLOSED)))
def test_a_gate_that_some_hosts_skip_stops_all_hosts(ansible: Ansible, mesh: Running, play: dict[str, Any]) -> None:
    gated = run_plays(ansible, mesh, play)

    assert gated.deployed == frozenset(), gated.output
    assert SKIPPED in " ".join(gated.output.split())


@pytest.mark.parametrize(
    "task",
    slow_but_for(
        "misspelt-variable",
        of={
            "undefined-variable": gate(on("{{ no_such_variable }}"), **ONCE),
            "misspelt-variable": gate(on(OPENS, redy=True), **ONCE),
            "verdict-file": gate(on(OPENS, verdict_file="nowhere/verdict.json"), **ONCE),
            "verdict-file-undefined": gate(on(OPENS, verdict_file="{{ no_such_variable }}"), **ONCE),
            "verdict-file-with-a-long-name": gate(on(OPENS, verdict_file="x" * 300), **ONCE),
            "no-such-host": gate(on(OPENS, delegate_to="bastion"), **ONCE),
        },
    ),
)
def test_a_gate_that_was_not_held_stops_the_hosts_that_skip_it(ansible: Ansible, mesh: Running, task: Task) -> None:
    gated = run_plays(ansible, mesh, {"tasks": [rescued(task)]})

    assert gated.deployed == frozenset(), gated.output
    assert SKIPPED in " ".join(gated.output.split())
    assert gated.requests == 0


def test_variables_that_cannot_be_checked_stop_all_hosts(ansible: Ansible, mesh: Running) -> None:
    """A check that raises an error on the first host must not let the others pass, which never run the role."""
    (ansible.directory / "numbers.yml").write_text("8080: a\n1.5: b\ntrue: c\n", encoding="utf-8")
    plays: dict[str, tuple[Task, Task]] = {
        "skipped": ({"vars": {"__release_gate_unknown": 1}}, {"when": "release_gate_result is not defined"}),
        "number": ({"vars_files": ["numbers.yml"]}, ONCE),
        "hidden-function": ({"vars": {"lookup": "mine"}}, ONCE),
        "undefined": ({"vars": {"__release_gate_unknown": UNDEFINED}}, ONCE),
    }
    gates = {
        name: (play, gate(on(OPENS, verdict_file=f"{name}.json"), **keywords))
        for name, (play, keywords) in plays.items()
    }
    go_on = [{"ansible.builtin.meta": "noop"}]
    blocks = [{**play, "tasks": [{"block": [task, DEPLOY], "rescue": go_on}]} for play, task in gates.values()]

    gated = run_plays(ansible, mesh, *blocks)

    assert (gated.deployments, gated.requests) == ([], 0), gated.output
    stopped = [each for each in gated.reasons() if "a name must be text" in each]
    assert len(stopped) == len(plays), gated.output
    written = [name for name in plays if (ansible.directory / f"{name}.json").exists()]
    assert written == list(plays)


def test_a_variable_named_omit_leaves_out_no_condition(ansible: Ansible, mesh: Running) -> None:
    play = {"tasks": [gate(on(OPENS, version="v9")), DEPLOY], "vars": {"omit": "v9"}}

    assert run_plays(ansible, mesh, play).deployments == []


def test_a_filter_of_the_project_lets_no_host_skip_the_gate(ansible: Ansible, mesh: Running) -> None:
    filters = ansible.directory / "filter_plugins"
    filters.mkdir()
    # Projects have their own from the time before Ansible had one.
    own = "class FilterModule:\n    def filters(self):\n        return {'split': lambda text, by: text.split(by)}\n"
    (filters / "own.py").write_text(own, encoding="ascii")

    closed = run_plays(ansible, mesh, {"tasks": [gate(CLOSED, **ONCE), DEPLOY]})

    assert closed.deployments == [], closed.output
    assert SKIPPED in " ".join(closed.output.split())


@pytest.mark.parametrize("variables", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_host_without_its_plugins_lets_no_host_skip_the_gate(
    ansible: Ansible, mesh: Running, variables: Mapping[str, str]
) -> None:
    hosts = {"first": variables}

    closed = run_plays(ansible, mesh, {"tasks": [gate(CLOSED, **ONCE), DEPLOY], "become": True}, hosts=hosts)
    opened = run_plays(ansible, mesh, {"tasks": [gate(OPEN), DEPLOY]}, hosts=hosts)

    assert closed.deployments == [], closed.output
    assert SKIPPED in " ".join(closed.output.split())
    # The gate needs no host, but what is deployed behind it does.
    assert sorted(opened.deployments) == ["second", "third"], opened.output


OWN = on("{{ own }}")
OWN_RELEASES = {"first": {"own": OPENS}, "second": {"own": CLOSES}, "third": {"own": OPENS}}


def test_a_closed_gate_stops_only_the_hosts_that_ask(ansible: Ansible, mesh: Running) -> None:
    gated = run_plays(ansible, mesh, {"tasks": [gate(OWN), DEPLOY]}, hosts=OWN_RELEASES)

    assert sorted(gated.deployments) == ["first", "third"], gated.output
    assert gated.reads == {OPENS: 1}
    assert "the host that read asks for something else" in gated.reasons("second")[0]


def test_a_closed_gate_stops_the_hosts_that_skip_it(ansible: Ansible, mesh: Running) -> None:
    skipped = gate(OWN, when="inventory_hostname != 'third'")

    gated = run_plays(ansible, mesh, {"tasks": [skipped, DEPLOY]}, hosts=OWN_RELEASES)

    assert gated.deployments == [], gated.output


@pytest.mark.parametrize("play", slow_but_for("include_role-with-a-tag", of=WITH_TAGS))
def test_tags_do_not_leave_the_gate_out(ansible: Ansible, mesh: Running, play: dict[str, Any]) -> None:
    gated = run_plays(ansible, mesh, {"hosts": "first", **play}, arguments=TAGS)

    assert gated.deployed == frozenset(), gated.output
    assert gated.reads == {CLOSES: 1}


@pytest.mark.parametrize(
    "tasks",
    slow_but_for(
        "block-not-failed",
        of={
            "import_role": [gate(CLOSED, IMPORT, when="release_gate_result is not defined")],
            "block": [{"block": [gate(CLOSED)], "when": "release_gate_result is not defined"}],
            "block-not-failed": [{"block": [gate(CLOSED)], "when": "release_gate_result is not failed"}],
            "variable-of-the-include": [gate({**CLOSED, "release_gate_result": RESULT})],
        },
    ),
)
def test_its_own_result_opens_no_gate(ansible: Ansible, mesh: Running, tasks: list[Task]) -> None:
    play = {"tasks": [*tasks, DEPLOY], "vars": {"release_gate_result": {"failed": False}}}
    if "not_failed" not in str(tasks) and "not failed" not in str(tasks):
        play["vars"] = {}

    gated = run_plays(ansible, mesh, play)

    assert gated.deployed == frozenset(), gated.output


@pytest.mark.parametrize("merge", [{}, pytest.param({"ANSIBLE_HASH_BEHAVIOUR": "merge"}, marks=pytest.mark.slow)])
def test_a_variable_is_no_verdict(ansible: Ansible, mesh: Running, merge: dict[str, str]) -> None:
    """Extra variables and those of an include win over facts; with `merge`, those of a host are added to them."""
    internal = {
        "__release_gate_state": "x open",
        "__release_gate_result": RESULT,
        "__release_gate_entered": "run-1 second",
        "__release_gate_mistake": "none",
    }
    of_host = {"__release_gate_result": RESULT, "__release_gate_answer": {"results": [RESULT]}}
    lost = gate(on(OPENS, delegate_to="bastion"))

    gated = run_plays(
        ansible,
        mesh,
        {"tasks": [rescued(lost)]},
        *({"hosts": "first", "tasks": [rescued(gate({**CLOSED, name: value}))]} for name, value in internal.items()),
        hosts=dict.fromkeys(HOSTS, of_host),
        environment=merge,
    )

    assert gated.deployed == frozenset(), gated.output
    assert gated.requests == 0


@pytest.mark.parametrize(
    ("name", "value"),
    slow_but_for(
        "empty",
        of=[
            pytest.param("release_gate_result", RESULT, id="result"),
            pytest.param("__release_gate_answer", {"results": [RESULT]}, id="answer"),
            pytest.param("__release_gate_entered", "run-1 second", id="entered"),
            pytest.param("__release_gate_run", "run-1", id="run"),
            pytest.param("__release_gate_is_closed", False, id="expression"),
            pytest.param("__release_gate_is_closed", "", id="empty"),
            pytest.param("__release_gate_unknown", 1, id="unknown"),
            pytest.param("__release_gate_unknown", UNDEFINED, id="undefined"),
            pytest.param("release_gate_result", UNDEFINED, id="undefined-result"),
        ],
    ),
)
def test_an_extra_variable_is_no_verdict(ansible: Ansible, mesh: Running, name: str, value: Any) -> None:
    link = ansible.directory / "link.json"
    link.symlink_to("target.json")
    variables = {**CLOSED, "release_gate_verdict_file": f"{link}/"}
    gated = run_plays(ansible, mesh, {"tasks": [gate(variables, **ONCE), DEPLOY]}, extra_vars={name: value})

    assert gated.deployed == frozenset(), gated.output
    assert not link.exists()
    assert "a variable has a name that the role does not allow" in " ".join(gated.output.split())
    assert gated.requests == 0


@pytest.mark.parametrize(
    ("name", "value"),
    slow_but_for(
        "huaweicloud_asm_endpoint",
        of=[
            pytest.param(name, value, id=name)
            for name, value in {
                "huaweicloud_asm_endpoint": "http://127.0.0.1:9",
                "huaweicloud_asm_iam_endpoint": "http://127.0.0.1:9",
                "release_gate_delegate_to": "bastion",
                "release_gate_verdict_file": "$THEIRS",
                "release_gate_success_phases": ["Failed"],
                "inventory_hostname": "theirs",
                "group_names": ["theirs"],
            }.items()
        ],
    ),
)
def test_a_fact_of_a_host_is_no_option(ansible: Ansible, mesh: Running, name: str, value: Any) -> None:
    fact = {"ansible.builtin.set_fact": {name: value, "cacheable": True}, "run_once": True}
    variables = {"verdict_file": "ours.json"} if name != "release_gate_verdict_file" else {}

    gated = run_plays(
        ansible,
        mesh,
        {"tasks": [fact, rescued(gate(on(CLOSES, **variables)))]},
        environment={"THEIRS": "theirs.json"},
    )

    assert gated.deployed == frozenset(), gated.output
    assert "theirs.json" not in gated.output
    assert "no fact may begin with release_gate_" in " ".join(gated.output.split())
    assert gated.requests == 0
    chooses_the_file = name in ("release_gate_verdict_file", "inventory_hostname", "group_names")
    assert [each.name for each in ansible.directory.glob("*s.json")] == ([] if chooses_the_file else ["ours.json"])


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        pytest.param("", "release_gate_verdict_file is no text", id="alone"),
        pytest.param("release_gate_result: mine", "has a name that the role does not allow", id="refused"),
    ],
)
def test_a_verdict_file_that_is_no_text_is_not_written(ansible: Ansible, mesh: Running, more: str, reason: str) -> None:
    date = ["-e", f"{{release_gate_verdict_file: 2026-01-01, {more}}}"]

    gated = run_plays(ansible, mesh, {"tasks": [gate(CLOSED), DEPLOY]}, arguments=date)

    assert gated.deployed == frozenset(), gated.output
    assert reason in " ".join(gated.output.split())
    assert not (ansible.directory / "2026-01-01").exists()


class TestASecondGate:
    @pytest.mark.parametrize(
        "play",
        slow_but_for(
            "include_role",
            of={
                "include_role": {"hosts": "first", "tasks": [INCLUDE, INCLUDE, DEPLOY]},
                "import_role": {"tasks": [IMPORT, IMPORT, DEPLOY]},
                "roles": {"roles": [ROLE, ROLE], "tasks": [DEPLOY]},
                "serial": {"tasks": [INCLUDE, INCLUDE, DEPLOY], "serial": 3},
                "timeout": {"tasks": [INCLUDE, {**INCLUDE, "timeout": 10}, DEPLOY]},
            },
        ),
    )
    def test_is_held_although_the_first_was_reached(
        self, ansible: Ansible, mesh: Running, play: dict[str, Any]
    ) -> None:
        gated = run_plays(ansible, mesh, {**play, "vars": on(FLIPS)})

        assert gated.deployed == frozenset(), gated.output
        assert gated.reads == {FLIPS: 2}

    @pytest.mark.parametrize("strategy", ["linear", "free", "host_pinned"])
    @pytest.mark.slow
    def test_has_a_verdict_of_its_own(self, ansible: Ansible, mesh: Running, strategy: str) -> None:
        plays = (
            {"tasks": [{**INCLUDE, "loop": [OPENS, second], "vars": on("{{ item }}")}, DEPLOY], "strategy": strategy}
            for second in (OPENS, CLOSES)
        )

        gated = run_plays(ansible, mesh, *plays)

        assert sorted(gated.deployments) == sorted(HOSTS), gated.output

    @pytest.mark.parametrize("strategy", ["free", "host_pinned"])
    @pytest.mark.slow
    def test_takes_the_responses_of_other_hosts_to_the_same_question(
        self, ansible: Ansible, mesh: Running, strategy: str
    ) -> None:
        """Ansible hands the result of each host to all the others, whatever task of the role they are at."""
        # Each host takes another time to ask, so that none of them keeps step with another.
        slow = on(OPENS, wait_sleep="{{ lookup('ansible.builtin.pipe', 'sleep ' ~ delay ~ '; echo 1') }}")
        hosts = {host: {"delay": number / 10} for number, host in enumerate(HOSTS)}

        gated = run_plays(
            ansible,
            mesh,
            {"tasks": [{**INCLUDE, "loop": [1, 2, 3, 4, 5], "vars": slow}, DEPLOY], "strategy": strategy},
            hosts=hosts,
        )

        assert gated.deployed == ALL, gated.output

    @pytest.mark.slow
    def test_keeps_all_hosts_back_when_its_read_is_lost(self, ansible: Ansible, mesh: Running) -> None:
        gated = run_plays(ansible, mesh, {"tasks": [gate(OPEN), gate(on(OPENS, delegate_to="bastion")), DEPLOY]})

        assert gated.deployed == frozenset(), gated.output
        assert gated.reads == {OPENS: 1}


@pytest.mark.slow
class TestTheReadIsDelegated:
    @pytest.mark.parametrize("strategy", ["linear", "free"])
    def test_and_without_a_delegate_all_hosts_fail(self, ansible: Ansible, mesh: Running, strategy: str) -> None:
        delegates = {"bastion": "this host is never reached", "{{ no_such_variable }}": "no_such_variable"}
        plays = ({"tasks": [rescued(gate(on(OPENS, delegate_to=each)))], "strategy": strategy} for each in delegates)

        gated = run_plays(ansible, mesh, *plays)

        assert gated.deployed == frozenset(), gated.output
        assert gated.requests == 0
        for reason in delegates.values():
            assert reason in gated.output

    def test_to_another_host_with_its_own_connection(self, ansible: Ansible, mesh: Running) -> None:
        plays = ({"tasks": [rescued(gate(on(each, delegate_to="bastion")))]} for each in (OPENS, CLOSES))

        gated = run_plays(
            ansible,
            mesh,
            *plays,
            hosts={"bastion": {"ansible_connection": "loopback_shell"}},
            arguments=["-vvv"],
        )

        assert sorted(gated.deployments) == sorted(HOSTS), gated.output
        assert "AnsiballZ_asm_release_info" in gated.run.stdout
        assert gated.reads == {OPENS: 1, CLOSES: 1}

    @pytest.mark.parametrize(
        "variables",
        [
            {"ansible_become": True, "ansible_become_method": "as_itself"},
            {"ansible_connection": "nowhere"},
            {"ansible_python_interpreter": "/nowhere/python", "ansible_shell_type": "powershell"},
        ],
        ids=["become", "connection", "interpreter"],
    )
    def test_to_the_controller_whatever_is_meant_for_the_hosts(
        self, ansible: Ansible, mesh: Running, variables: dict[str, Any]
    ) -> None:
        keywords = {"become": True, "become_method": "as_itself"}
        plays = (
            {"tasks": [rescued(gate(on(each, verdict_file=f"{each}.json")))], **keywords} for each in (OPENS, CLOSES)
        )

        gated = run_plays(
            ansible, mesh, *plays, hosts=dict.fromkeys((*HOSTS, "localhost"), variables), arguments=["-vvv"]
        )

        assert sorted(gated.deployments) == sorted(HOSTS), gated.output
        assert "AnsiballZ_asm_release_info" not in gated.output
        assert gated.reads == {OPENS: 1, CLOSES: 1}
        assert (ansible.directory / f"{OPENS}.json").exists()


class TestAVerdictAnswersTheQuestionOfTheHost:
    """`run_once` reads for the first host alone, and under `free` Ansible hands each host's result to all others."""

    @pytest.mark.parametrize(
        ("name", "asked", "otherwise"),
        [
            pytest.param("release_id", OPENS, CLOSES, id="release_id"),
            pytest.param("success_phases", ["Running"], ["Completed"], id="success_phases"),
            pytest.param("version", "v2", "v3", id="version"),
            pytest.param("wait_timeout", 3, 4, id="wait_timeout"),
        ],
    )
    @pytest.mark.slow
    def test_so_a_host_that_asks_otherwise_than_the_first_fails(
        self, ansible: Ansible, mesh: Running, name: str, asked: Any, otherwise: Any
    ) -> None:
        own = {host: {"own": otherwise if host == "second" else asked} for host in HOSTS}

        gated = run_plays(
            ansible, mesh, {"tasks": [gate({**OPEN, f"release_gate_{name}": "{{ own }}"}), DEPLOY]}, hosts=own
        )

        assert gated.deployed == ALL - {"second"}, gated.output
        assert gated.reads == {OPENS: 1}
        assert "the host that read asks for something else" in gated.reasons("second")[0]

    @pytest.mark.slow
    def test_so_another_endpoint_than_that_of_the_first_host_fails(self, ansible: Ansible, mesh: Running) -> None:
        endpoints = {host: {"own": f"{mesh.url}/" if host == "second" else mesh.url} for host in HOSTS}
        play = {"tasks": [gate(OPEN), DEPLOY], "vars": {"huaweicloud_asm_endpoint": "{{ own }}"}}

        gated = run_plays(ansible, mesh, play, hosts=endpoints)

        assert gated.deployed == ALL - {"second"}, gated.output

    def test_so_text_is_not_null(self, ansible: Ansible, mesh: Running) -> None:
        regions = {host: {"own": "None" if host == "second" else None} for host in HOSTS}

        gated = run_plays(
            ansible, mesh, {"tasks": [gate({**OPEN, "release_gate_region": "{{ own }}"}), DEPLOY]}, hosts=regions
        )

        assert gated.deployed == ALL - {"second"}, gated.output

    @pytest.mark.parametrize("strategy", ["free", "host_pinned"])
    @pytest.mark.slow
    def test_so_no_host_passes_on_the_response_to_another(self, ansible: Ansible, mesh: Running, strategy: str) -> None:
        own = {host: {"own": CLOSES if host == "second" else OPENS} for host in HOSTS}

        gated = run_plays(ansible, mesh, {"tasks": [gate(on("{{ own }}")), DEPLOY], "strategy": strategy}, hosts=own)

        assert gated.deployed <= ALL - {"second"}, gated.output

    @pytest.mark.slow
    def test_of_several_releases_likewise(self, ansible: Ansible, mesh: Running) -> None:
        entries = [{"release_id": OPENS}], [{"release_id": OPENS, "version": "v3"}]
        own = {host: {"own": entries[host == "second"]} for host in HOSTS}
        changes = {"require": ("any", "all"), "releases": entries}
        gates = [
            gate({**on_each(OPENS), f"release_gate_{name}": "{{ both[inventory_hostname == 'second'] }}", "both": both})
            for name, both in changes.items()
        ]

        gated = run_plays(ansible, mesh, *({"tasks": [rescued(each)]} for each in gates), hosts=own)

        assert sorted(gated.deployments) == ["first", "first", "third", "third"], gated.output
        assert gated.lists + sum(gated.reads.values()) == len(gates)


@pytest.mark.slow
def test_the_role_reads_for_the_first_host_that_is_left(ansible: Ansible, mesh: Running) -> None:
    lost: Sequence[Task] = [{"ansible.builtin.ping": {}, "when": "inventory_hostname == 'first'"}]

    gated = run_plays(ansible, mesh, {"tasks": [*lost, gate(OPEN), DEPLOY]})

    assert gated.deployed == ALL - {"first"}, gated.output
    assert gated.reads == {OPENS: 1}
