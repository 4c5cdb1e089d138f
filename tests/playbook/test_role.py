# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role `release_gate`: which hosts get past it, however it is called, and how often it reads for that.

Phases are illustrations: nobody has published what the service says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.marks import slow_but_for
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
from ansible_collections.huaweicloud.asm.tests.simulator.deployments import ENVIRONMENT_SECRET
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

ROLE = "huaweicloud.asm.release_gate"
HOSTS = ("first", "second", "third", "fourth")
ALL = frozenset(HOSTS)
NOBODY: frozenset[str] = frozenset()
FIRST = frozenset({"first"})

INCLUDE = {"ansible.builtin.include_role": {"name": ROLE}}
IMPORT = {"ansible.builtin.import_role": {"name": ROLE}}
BUT_FIRST = {"when": "inventory_hostname != 'first'"}
TAGGED = {"tags": "deployment"}
DEPLOY = {"name": "deploy", "ansible.builtin.debug": {"msg": "deployed"}}
RESCUE = {
    "name": "rescue",
    "ansible.builtin.debug": {
        "msg": "{{ [ansible_failed_result.msg, release_gate_result.gate.outcome, release_gate_result.phase] }}"
    },
}

OPENS, SHUTS, FLIPS, PENDING, ODD = (f"{name}-canary" for name in ("opens", "shuts", "flips", "pending", "odd"))
RATINGS = ("ratings-1", "ratings-2")
"""Two more that run, of a service of their own."""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Running]:
    """A mesh with a release for each way a gate can go; `FLIPS` fails after one good read."""
    releases = (
        release(OPENS, RUNNING),
        release(SHUTS, {"phase": "Failed"}),
        release(FLIPS, RUNNING, {"phase": "Failed", "after_reads": 1}),
        release(PENDING, CREATING),
        release(ODD, {**CREATING, "ready": 1}, {"phase": "{{ 6 * 7 }} ##vso[task.complete]", "after_reads": 1}),
        release("ratings-{number}", RUNNING, service="ratings", count=len(RATINGS)),
    )
    with serving(scenario(*releases)) as simulator:
        yield simulator


@dataclass(frozen=True)
class Gated:
    """The run of a play behind a gate, and what came of it."""

    run: Run
    reads: dict[str, int]
    """How often each release was read singly."""
    lists: int
    """How often all were read at once."""

    @property
    def deployed(self) -> frozenset[str]:
        return self.hosts_of("deploy")

    def hosts_of(self, task: str) -> frozenset[str]:
        """Return the hosts on which a task ran and succeeded."""
        return frozenset(entry.host for entry in self.run.results if (entry.task, entry.outcome) == (task, "ok"))


@dataclass
class Gate:
    """Runs plays on `HOSTS` with the role's variables set."""

    ansible: Ansible
    mesh: Running

    def play(
        self,
        release_id: str | None,
        *tasks: Mapping[str, Any],
        variables: Mapping[str, Any] | None = None,
        hosts: Mapping[str, dict[str, Any]] | None = None,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        **keywords: Any,
    ) -> Gated:
        """Run one play with the keywords; no host but those in `hosts` can be reached.

        Without a release, the variables say which are meant.
        """
        self.mesh.reset()
        asked = {
            "huaweicloud_asm_endpoint": self.mesh.url,
            "huaweicloud_asm_token": TOKEN,
            "release_gate_mesh_id": MESH_ID,
            "release_gate_namespace": NAMESPACE,
            **({} if release_id is None else {"release_gate_release_id": release_id}),
            "release_gate_success_phases": ["Running"],
            "release_gate_failure_phases": ["Failed"],
            "release_gate_wait_sleep": 1,
            "release_gate_wait_timeout": 3,
            **(variables or {}),
        }
        whole = [{"hosts": ",".join(HOSTS), "gather_facts": False, "vars": asked, "tasks": tasks, **keywords}]
        unreachable = {host: {"ansible_connection": "nowhere"} for host in (*HOSTS, "bastion")}
        run = self.ansible.playbook(
            json.dumps(whole),
            inventory=inventory(**{**unreachable, **(hosts or {})}),
            arguments=arguments,
            environment=environment or {},
        )
        summary = self.mesh.summary()
        return Gated(run, summary["by_release"], summary["by_operation"].get("list", 0))


@pytest.fixture
def gate(ansible: Ansible, mesh: Running) -> Gate:
    return Gate(ansible, mesh)


@dataclass(frozen=True)
class Way:
    """A way to call the role: tasks, keywords and arguments of the play, and how often it reads when the gate opens."""

    tasks: tuple[Mapping[str, Any], ...] = (INCLUDE, DEPLOY)
    keywords: dict[str, Any] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    reads: int = 1
    reads_when_shut: int = 1


@pytest.mark.parametrize(
    "way",
    slow_but_for(
        "include_role",
        "roles",
        "free",
        "rescue",
        of=[
            pytest.param(Way(), id="include_role"),
            pytest.param(Way((IMPORT, DEPLOY)), id="import_role"),
            pytest.param(Way((DEPLOY,), {"roles": [ROLE]}), id="roles"),
            pytest.param(Way(keywords={"serial": 2}, reads=2), id="serial"),
            pytest.param(Way(keywords={"strategy": "free"}, reads=4, reads_when_shut=4), id="free"),
            pytest.param(Way(keywords={"strategy": "host_pinned"}, reads=4, reads_when_shut=4), id="host_pinned"),
            pytest.param(Way(({**INCLUDE, **BUT_FIRST}, DEPLOY)), id="include_role-but-for-the-first"),
            pytest.param(Way(({**IMPORT, **BUT_FIRST}, DEPLOY)), id="import_role-but-for-the-first"),
            pytest.param(Way((DEPLOY,), {"roles": [{"role": ROLE, **BUT_FIRST}]}), id="roles-but-for-the-first"),
            pytest.param(Way(({"block": [INCLUDE, DEPLOY], "rescue": [RESCUE]},)), id="rescue"),
            pytest.param(
                Way(
                    ({"block": [IMPORT, DEPLOY], "rescue": [RESCUE]},),
                    {"strategy": "free"},
                    reads=4,
                    reads_when_shut=4,
                ),
                id="rescue-when-free",
            ),
            pytest.param(Way(({"block": [INCLUDE, DEPLOY], "always": [{**DEPLOY, "name": "always"}]},)), id="always"),
            pytest.param(Way(({**IMPORT, "ignore_errors": True}, DEPLOY)), id="ignore_errors"),
            pytest.param(Way(keywords={"ignore_errors": True}), id="ignore_errors-of-the-play"),
            pytest.param(Way(({**IMPORT, "run_once": True}, DEPLOY)), id="run_once"),
            pytest.param(Way(keywords={"any_errors_fatal": True}), id="any_errors_fatal"),
            pytest.param(
                Way(({**DEPLOY, **TAGGED},), {"roles": [ROLE]}, ("--tags", "deployment")), id="roles-without-the-tag"
            ),
            pytest.param(
                Way(({**INCLUDE, **TAGGED}, {**DEPLOY, **TAGGED}), arguments=("--tags", "deployment")),
                id="include_role-with-a-tag",
            ),
            pytest.param(
                Way((IMPORT, {**DEPLOY, **TAGGED}), arguments=("--tags", "deployment")),
                id="import_role-without-the-tag",
            ),
            pytest.param(Way(keywords={"timeout": 4}), id="timeout"),
            pytest.param(Way(keywords={"no_log": True}), id="no_log"),
            pytest.param(Way(keywords={"environment": {"PROBE": "1"}}), id="environment"),
        ],
    ),
)
class TestEachHostPassesOrFails:
    @pytest.mark.slow
    def test_all_hosts_deploy_behind_an_open_gate(self, gate: Gate, way: Way) -> None:
        gated = gate.play(OPENS, *way.tasks, arguments=way.arguments, **way.keywords)

        assert (gated.deployed, gated.run.returncode) == (ALL, 0), gated.run.output
        assert gated.reads == {OPENS: way.reads}

    def test_no_host_deploys_behind_a_shut_gate(self, gate: Gate, way: Way) -> None:
        gated = gate.play(SHUTS, *way.tasks, arguments=way.arguments, **way.keywords)

        assert gated.deployed == NOBODY, gated.run.output
        assert gated.reads == {SHUTS: way.reads_when_shut}


@pytest.mark.slow
def test_a_rescue_gets_the_verdict_on_every_host(gate: Gate) -> None:
    gated = gate.play(SHUTS, {"block": [INCLUDE, DEPLOY], "rescue": [RESCUE]})

    said = {entry.host: entry.result["msg"] for entry in gated.run.results if entry.task == "rescue"}
    assert set(said) == ALL
    for message, outcome, phase in said.values():
        assert message.startswith("failed: the gate stays shut")
        assert (outcome, phase) == ("failed", "Failed")


@pytest.mark.slow
def test_the_role_takes_the_first_host_that_is_left(gate: Gate) -> None:
    lost = {"ansible.builtin.ping": {}, "when": "inventory_hostname == 'first'"}

    gated = gate.play(OPENS, lost, INCLUDE, DEPLOY)

    assert gated.deployed == ALL - FIRST, gated.run.output
    assert gated.reads == {OPENS: 1}


class TestASecondGateInThePlay:
    @pytest.mark.parametrize(
        ("tasks", "keywords"),
        slow_but_for(
            "include_role",
            of=[
                pytest.param((INCLUDE, INCLUDE, DEPLOY), {}, id="include_role"),
                pytest.param((IMPORT, IMPORT, DEPLOY), {}, id="import_role"),
                pytest.param((DEPLOY,), {"roles": [ROLE, ROLE]}, id="roles"),
                pytest.param((INCLUDE, INCLUDE, DEPLOY), {"serial": 4}, id="serial"),
                pytest.param((INCLUDE, {**INCLUDE, "timeout": 4}, DEPLOY), {}, id="timeout"),
            ],
        ),
    )
    @pytest.mark.slow
    def test_is_held_although_the_first_was_reached(
        self, gate: Gate, tasks: tuple[Mapping[str, Any], ...], keywords: dict[str, Any]
    ) -> None:
        gated = gate.play(FLIPS, *tasks, **keywords)

        assert gated.deployed == NOBODY, gated.run.output
        assert gated.reads == {FLIPS: 2}

    @pytest.mark.parametrize("strategy", ["linear", "free", "host_pinned"])
    @pytest.mark.parametrize(
        ("second", "deployed"),
        [
            pytest.param(OPENS, ALL, id="opens"),
            pytest.param(SHUTS, NOBODY, id="shuts"),
        ],
    )
    @pytest.mark.slow
    def test_has_a_verdict_of_its_own(self, gate: Gate, strategy: str, second: str, deployed: frozenset[str]) -> None:
        releases = {**INCLUDE, "loop": [OPENS, second], "vars": {"release_gate_release_id": "{{ item }}"}}

        gated = gate.play(OPENS, releases, DEPLOY, strategy=strategy)

        assert gated.deployed == deployed, gated.run.output

    @pytest.mark.parametrize("strategy", ["free", "host_pinned"])
    @pytest.mark.slow
    def test_begins_while_the_answers_of_other_hosts_come_in(self, gate: Gate, strategy: str) -> None:
        """Ansible hands the answer of each host to all the others, whatever task of the role they are at."""
        releases = {**INCLUDE, "loop": [OPENS] * 5}
        # Each host takes another time to ask, so that none of them keeps step with another.
        slow = {"release_gate_wait_sleep": "{{ lookup('ansible.builtin.pipe', 'sleep ' ~ delay ~ '; echo 1') }}"}
        hosts = {host: {"delay": number / 10} for number, host in enumerate(HOSTS)}

        gated = gate.play(OPENS, releases, DEPLOY, variables=slow, hosts=hosts, strategy=strategy)

        assert gated.deployed == ALL, gated.run.output

    @pytest.mark.slow
    def test_keeps_hosts_back_when_its_read_is_lost(self, gate: Gate) -> None:
        lost = {**INCLUDE, "vars": {"release_gate_delegate_to": "bastion"}}

        gated = gate.play(OPENS, INCLUDE, lost, DEPLOY)

        assert gated.deployed == NOBODY, gated.run.output
        assert gated.reads == {OPENS: 1}


@pytest.mark.slow
class TestTheReadIsDelegated:
    @pytest.mark.parametrize("strategy", ["linear", "free"])
    @pytest.mark.parametrize(
        ("delegate", "told"),
        [
            pytest.param("bastion", "this host is never reached", id="unreachable"),
            pytest.param("{{ no_such_variable }}", "no_such_variable", id="undefined"),
        ],
    )
    def test_and_a_delegate_that_is_not_there_keeps_all_hosts_back(
        self, gate: Gate, strategy: str, delegate: str, told: str
    ) -> None:
        gated = gate.play(OPENS, INCLUDE, DEPLOY, variables={"release_gate_delegate_to": delegate}, strategy=strategy)

        assert gated.deployed == NOBODY, gated.run.output
        assert gated.reads == {}
        assert told in gated.run.output

    @pytest.mark.parametrize(
        ("release_id", "deployed"), [pytest.param(OPENS, ALL, id="opens"), pytest.param(SHUTS, NOBODY, id="shuts")]
    )
    def test_to_another_host_with_its_own_connection(
        self, gate: Gate, release_id: str, deployed: frozenset[str]
    ) -> None:
        gated = gate.play(
            release_id,
            INCLUDE,
            DEPLOY,
            variables={"release_gate_delegate_to": "bastion"},
            hosts={"bastion": {"ansible_connection": "loopback_shell"}},
            arguments=["-vvv"],
        )

        assert gated.deployed == deployed, gated.run.output
        assert "AnsiballZ_asm_release_info" in gated.run.stdout
        assert gated.reads == {release_id: 1}

    @pytest.mark.parametrize(
        ("variables", "keywords"),
        [
            pytest.param({}, {"become": True, "become_method": "as_itself"}, id="become-of-the-play"),
            pytest.param({"ansible_become": True, "ansible_become_method": "as_itself"}, {}, id="become-of-all-hosts"),
            pytest.param({"ansible_connection": "nowhere"}, {}, id="connection-of-all-hosts"),
            pytest.param({"ansible_python_interpreter": "/nowhere/python"}, {}, id="interpreter-of-all-hosts"),
        ],
    )
    @pytest.mark.parametrize(
        ("release_id", "deployed"), [pytest.param(OPENS, ALL, id="opens"), pytest.param(SHUTS, NOBODY, id="shuts")]
    )
    def test_to_the_controller_whatever_is_meant_for_the_hosts(
        self,
        gate: Gate,
        variables: dict[str, Any],
        keywords: dict[str, Any],
        release_id: str,
        deployed: frozenset[str],
    ) -> None:
        hosts = dict.fromkeys((*HOSTS, "localhost"), variables)

        gated = gate.play(release_id, INCLUDE, DEPLOY, hosts=hosts, arguments=["-vvv"], **keywords)

        assert gated.deployed == deployed, gated.run.output
        assert "AnsiballZ_asm_release_info" not in gated.run.output
        assert gated.reads == {release_id: 1}


class TestAVerdictIsOnTheQuestionOfTheHost:
    """`run_once` reads for the first host alone, and under `free` Ansible hands each host's result to all others."""

    OWN: Mapping[str, dict[str, Any]] = {
        host: {"own_release": release_id, "own_phase": phase}
        for host, release_id, phase in (
            ("first", OPENS, "Running"),
            ("second", SHUTS, "Running"),
            ("third", OPENS, "Completed"),
            ("fourth", OPENS, "Running"),
        )
    }
    ASKED: Mapping[str, Any] = {
        "release_gate_release_id": "{{ own_release }}",
        "release_gate_success_phases": ["{{ own_phase }}"],
    }

    def test_so_another_release_or_condition_than_that_of_the_first_host_stays_shut(self, gate: Gate) -> None:
        gated = gate.play(OPENS, INCLUDE, DEPLOY, variables=self.ASKED, hosts=self.OWN)

        assert gated.deployed == {"first", "fourth"}, gated.run.output
        assert gated.reads == {OPENS: 1}

    @pytest.mark.slow
    def test_so_another_endpoint_than_that_of_the_first_host_stays_shut(self, gate: Gate) -> None:
        endpoints = {host: {"own_endpoint": gate.mesh.url} for host in HOSTS}
        endpoints["second"] = {"own_endpoint": f"{gate.mesh.url}/"}

        gated = gate.play(
            OPENS, INCLUDE, DEPLOY, variables={"huaweicloud_asm_endpoint": "{{ own_endpoint }}"}, hosts=endpoints
        )

        assert gated.deployed == ALL - {"second"}, gated.run.output

    @pytest.mark.parametrize("strategy", ["free", "host_pinned"])
    @pytest.mark.slow
    def test_so_no_host_passes_on_the_answer_of_another(self, gate: Gate, strategy: str) -> None:
        gated = gate.play(OPENS, INCLUDE, DEPLOY, variables=self.ASKED, hosts=self.OWN, strategy=strategy)

        assert gated.deployed <= {"first", "fourth"}, gated.run.output


def named(*release_ids: str) -> dict[str, Any]:
    """Return the variables of a train."""
    return {"release_gate_releases": [{"release_id": release_id} for release_id in release_ids]}


class TestATrain:
    @pytest.mark.parametrize(
        ("variables", "deployed", "told"),
        slow_but_for(
            "opens",
            "too-few",
            of=[
                pytest.param(named(OPENS, *RATINGS), ALL, "3 of 3 releases reached", id="opens"),
                pytest.param(named(OPENS, SHUTS), NOBODY, "shuts-canary (bookinfo) is Failed", id="one-shuts"),
                pytest.param(named(OPENS, PENDING), NOBODY, "pending-canary (bookinfo)", id="one-is-pending"),
                pytest.param({**named(OPENS, PENDING), "release_gate_require": "any"}, ALL, "1 required", id="any"),
                pytest.param({**named(SHUTS, *RATINGS), "release_gate_require": 2}, ALL, "2 required", id="a-number"),
                pytest.param(
                    {"release_gate_service": ["ratings"], "release_gate_minimum": 2}, ALL, "2 of 2", id="a-service"
                ),
                pytest.param(
                    {"release_gate_service": ["ratings"], "release_gate_minimum": 3},
                    NOBODY,
                    "2 of at least 3",
                    id="too-few",
                ),
                pytest.param(
                    {
                        "release_gate_name": [OPENS, SHUTS],
                        "release_gate_minimum": 1,
                        "release_gate_ignore_phases": ["failed"],
                    },
                    ALL,
                    "1 ignored",
                    id="names-but-for-an-ignored-one",
                ),
            ],
        ),
    )
    def test_lets_every_host_pass_or_none(
        self, gate: Gate, variables: dict[str, Any], deployed: frozenset[str], told: str
    ) -> None:
        gated = gate.play(None, INCLUDE, DEPLOY, variables=variables, arguments=["-vvv"])

        assert gated.deployed == deployed, gated.run.output
        assert told in gated.run.task(f"{ROLE} : Sum up").result["msg"][0]
        assert gated.reads == {}
        assert ENVIRONMENT_SECRET not in gated.run.output

    @pytest.mark.parametrize("strategy", ["linear", "free", "host_pinned"])
    @pytest.mark.slow
    def test_takes_one_list_where_one_release_takes_one_read(self, gate: Gate, strategy: str) -> None:
        gated = gate.play(None, INCLUDE, DEPLOY, variables=named(OPENS, *RATINGS), strategy=strategy)

        assert gated.deployed == ALL, gated.run.output
        assert (gated.lists, gated.reads) == (1 if strategy == "linear" else len(HOSTS), {})

    @pytest.mark.slow
    def test_has_its_releases_in_the_summary(self, gate: Gate) -> None:
        gated = gate.play(None, INCLUDE, DEPLOY, variables=named(OPENS, SHUTS, PENDING))

        verdict, *releases = gated.run.task(f"{ROLE} : Sum up").result["msg"]
        assert verdict.startswith("Verdict: failed: the gate stays shut: shuts-canary (bookinfo) is Failed")
        assert [release.partition(" (bookinfo)")[0] for release in releases] == [
            "reached: opens-canary",
            "failed: shuts-canary",
            "pending: pending-canary",
        ]

    @pytest.mark.parametrize(
        ("variable", "asked", "otherwise"),
        [
            pytest.param(
                "releases", [{"release_id": OPENS}], [{"release_id": OPENS}, {"release_id": PENDING}], id="releases"
            ),
            pytest.param("releases", [{"release_id": OPENS}], [{"release_id": OPENS, "version": "v3"}], id="version"),
        ],
    )
    @pytest.mark.slow
    def test_of_another_set_than_that_of_the_first_host_stays_shut(
        self, gate: Gate, variable: str, asked: Any, otherwise: Any
    ) -> None:
        own = {host: {"own": otherwise if host == "second" else asked} for host in HOSTS}

        gated = gate.play(None, INCLUDE, DEPLOY, variables={f"release_gate_{variable}": "{{ own }}"}, hosts=own)

        assert gated.deployed == ALL - {"second"}, gated.run.output

    @pytest.mark.parametrize(
        ("variable", "asked", "otherwise"),
        [
            pytest.param("service", ["ratings"], ["ratings", "details"], id="service"),
            pytest.param("name", list(RATINGS), [RATINGS[0]], id="name"),
            pytest.param("minimum", 1, 2, id="minimum"),
            pytest.param("require", "any", "all", id="require"),
            pytest.param("ignore_phases", ["Terminated"], ["Ended"], id="ignore_phases"),
        ],
    )
    @pytest.mark.slow
    def test_selected_otherwise_than_for_the_first_host_stays_shut(
        self, gate: Gate, variable: str, asked: Any, otherwise: Any
    ) -> None:
        own = {host: {"own": otherwise if host == "second" else asked} for host in HOSTS}
        selected = {"release_gate_service": ["ratings"], "release_gate_minimum": 1}

        gated = gate.play(
            None, INCLUDE, DEPLOY, variables={**selected, f"release_gate_{variable}": "{{ own }}"}, hosts=own
        )

        assert gated.deployed == ALL - {"second"}, gated.run.output

    @pytest.mark.slow
    def test_is_only_told_of_in_check_mode(self, gate: Gate) -> None:
        gated = gate.play(None, INCLUDE, DEPLOY, variables=named(OPENS, PENDING), arguments=["--check"])

        summary = gated.run.task(f"{ROLE} : Sum up").result["msg"]
        assert summary[0].startswith("Verdict: pending: check mode: this read alone means pending"), gated.run.output
        assert (gated.deployed, gated.lists) == (ALL, 1)

    @pytest.mark.slow
    def test_with_more_releases_than_a_reader_can_take_in_is_summed_up(
        self, ansible: Ansible, simulate: Callable[..., Running]
    ) -> None:
        mesh = simulate(scenario(release("many-{number}", RUNNING, count=60)))

        gated = Gate(ansible, mesh).play(None, INCLUDE, DEPLOY, variables={"release_gate_minimum": 60})

        summary = gated.run.task(f"{ROLE} : Sum up").result["msg"]
        assert (len(summary), summary[-1]) == (52, "and 10 more releases"), gated.run.output
        assert gated.deployed == ALL


class TestCheckMode:
    @pytest.mark.parametrize(
        ("release_id", "outcome"),
        [
            (PENDING, "pending"),
            *(
                pytest.param(*each, marks=pytest.mark.slow)
                for each in ((OPENS, "reached"), (SHUTS, "failed"), ("no-canary", "missing"))
            ),
        ],
    )
    def test_reads_once_and_tells_the_verdict_without_failing(self, gate: Gate, release_id: str, outcome: str) -> None:
        gated = gate.play(release_id, INCLUDE, DEPLOY, arguments=["--check"])

        summary = gated.run.task(f"{ROLE} : Sum up").result["msg"]
        assert summary[0].startswith(f"Verdict: {outcome}: check mode: "), gated.run.output
        warns = "[WARNING]: check mode: this read alone means" in " ".join(gated.run.output.split())
        assert warns is (outcome != "reached"), gated.run.output
        assert (gated.deployed, gated.run.returncode) == (ALL, 0), gated.run.output
        assert gated.reads == {release_id: 1}

    @pytest.mark.parametrize(
        ("variables", "task", "keywords", "arguments"),
        [
            pytest.param({"huaweicloud_asm_token": "wrong"}, INCLUDE, {}, ["--check"], id="an-error"),
            pytest.param({"release_gate_delegate_to": "bastion"}, INCLUDE, {}, ["--check"], id="no-delegate"),
            pytest.param({}, {**IMPORT, "check_mode": True}, {}, [], id="of-the-role-alone"),
            pytest.param({}, INCLUDE, {"check_mode": False}, ["--check"], id="but-not-of-the-play"),
        ],
    )
    @pytest.mark.slow
    def test_opens_nothing_where_it_is_no_dry_run_or_no_verdict(
        self,
        gate: Gate,
        variables: dict[str, Any],
        task: dict[str, Any],
        keywords: dict[str, Any],
        arguments: list[str],
    ) -> None:
        gated = gate.play(SHUTS, task, DEPLOY, variables=variables, arguments=arguments, **keywords)

        assert gated.deployed == NOBODY, gated.run.output


@pytest.mark.parametrize(
    ("arguments", "environment", "keywords"),
    [
        pytest.param(["-vvv"], {}, {}, id="vvv"),
        pytest.param([], {"ANSIBLE_STDOUT_CALLBACK": "minimal"}, {}, id="minimal"),
        pytest.param([], {"ANSIBLE_STDOUT_CALLBACK": "oneline"}, {}, id="oneline"),
        pytest.param(["-vvv"], {}, {"no_log": True}, id="no_log"),
    ],
)
@pytest.mark.parametrize(
    ("release_id", "deployed"), [pytest.param(OPENS, ALL, id="opens"), pytest.param(SHUTS, NOBODY, id="shuts")]
)
@pytest.mark.slow
def test_whatever_is_printed_holds_no_secret_and_changes_no_verdict(
    gate: Gate,
    arguments: list[str],
    environment: dict[str, str],
    keywords: dict[str, Any],
    release_id: str,
    deployed: frozenset[str],
) -> None:
    gated = gate.play(release_id, INCLUDE, DEPLOY, arguments=arguments, environment=environment, **keywords)

    assert gated.deployed == deployed, gated.run.output
    assert TOKEN not in gated.run.output
    assert ENVIRONMENT_SECRET not in gated.run.output


@pytest.mark.slow
def test_a_timeout_of_the_task_leaves_the_verdict(gate: Gate) -> None:
    gated = gate.play(PENDING, INCLUDE, DEPLOY, variables={"release_gate_wait_timeout": 60}, timeout=4)

    assert gated.deployed == NOBODY
    assert (
        gated.run.task(f"{ROLE} : Let no host pass unless the gate is open", "fourth")
        .result["msg"]
        .startswith("timeout: the gate stays shut")
    ), gated.run.output


def test_the_summary_tells_verdict_timeline_and_workloads_and_executes_no_foreign_text(gate: Gate) -> None:
    gated = gate.play(ODD, INCLUDE, DEPLOY)

    verdict, *changes, original, gray = gated.run.task(f"{ROLE} : Sum up").result["msg"]
    assert verdict.startswith("Verdict: timeout: the gate stays shut: odd-canary (bookinfo)")
    assert [change.partition(" s  ")[2] for change in changes] == [
        "Creating, 1/3 ready",
        "{{ 6 * 7 }} # #vso[task.complete], 1/3 ready",
    ]
    assert original == "Original workload reviews-v1: 3 of 3 ready, rolled out"
    assert gray.startswith("Gray workload reviews-v2: 1 of 3 ready, ")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        pytest.param({"release_gate_wait_timeout": "soon"}, "wait_timeout", id="wrong-type"),
        pytest.param({"release_gate_success_phases": []}, "success_phases", id="no-success-phase"),
        pytest.param({"release_gate_on_missing": "ignore"}, "on_missing", id="refused-choice"),
        pytest.param({"release_gate_failure_phases": ["running"]}, "failure_phases", id="overlap"),
        pytest.param(named(OPENS), "release_id and releases exclude each other", id="one-release-and-several"),
        pytest.param({"release_gate_require": "any"}, "require and release_id", id="one-release-of-a-number"),
    ],
)
@pytest.mark.slow
def test_a_wrong_option_is_named_and_nothing_is_sent(gate: Gate, variables: dict[str, Any], told: str) -> None:
    gated = gate.play(OPENS, INCLUDE, DEPLOY, variables=variables)

    assert gated.deployed == NOBODY, gated.run.output
    assert told in gated.run.output
    assert gated.reads == {}


@pytest.mark.parametrize(
    ("name", "value"),
    slow_but_for(
        "result",
        of=[
            pytest.param("release_gate_result", {"gate": {"outcome": "reached"}, "msg": "before"}, id="result"),
            pytest.param("release_gate_answer", {"results": [{"gate": {"outcome": "reached"}}]}, id="answer"),
            pytest.param("release_gate_question", {"mesh_id": MESH_ID}, id="question"),
        ],
    ),
)
def test_an_extra_variable_is_no_verdict(gate: Gate, name: str, value: dict[str, Any]) -> None:
    gated = gate.play(SHUTS, INCLUDE, DEPLOY, arguments=("-e", json.dumps({name: value})))

    assert gated.deployed == NOBODY, gated.run.output
    assert "none of them can be an extra variable" in " ".join(gated.run.output.split())
    assert gated.reads == {}
