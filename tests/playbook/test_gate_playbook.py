# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-playbook huaweicloud.asm.gate`: the exit code decides, and the verdict file explains.

Phases are illustrations: nobody has published what the service says.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import OPTIONS
from ansible_collections.huaweicloud.asm.tests.playbook.harness import until
from ansible_collections.huaweicloud.asm.tests.playbook.marks import slow_but_for
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
    from collections.abc import Iterator, Mapping, Sequence

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Options, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

PLAYBOOK = Path("huaweicloud.asm.gate")
SAYS_PENDING, REFUSES, HOLDS, WRITES, LETS_PASS = (
    "Say that there is no verdict yet",
    "Refuse what is almost an option",
    "Hold the gate",
    "Write the verdict",
    "Let nothing pass unless the gate is open",
)

OPENS, SHUTS, PENDING, REPLACED, ECHOES, DOTTED, DIGITS = (
    f"{name}-canary" for name in ("opens", "shuts", "pending", "swap", "echoes", "dotted", "digits")
)
OPEN, SHUT = 0, 2
"""Exit codes."""
NOTHING_READ = frozenset({1, 4})
"""Likewise: before 2.19, ansible-core gives an error of a template another one than that of a command line."""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Running]:
    """A mesh with a release for each way a gate can go."""
    releases = (
        release(OPENS, RUNNING),
        release(SHUTS, {"phase": "Failed"}),
        release(PENDING, CREATING),
        release(REPLACED, CREATING, {**RUNNING, "after_reads": 1, "uid": "uid-of-another"}),
        release(ECHOES, CREATING),
        release(DOTTED, RUNNING, version="1.1"),
        {**release(DIGITS, RUNNING), "namespace": "123"},
    )
    refuses = {"fault": "answer", "status": 403, "echo_credential": True, "body": "asm", "release": ECHOES}
    with serving(scenario(*releases, faults=[refuses])) as simulator:
        yield simulator


@dataclass
class Gate:
    """Runs the playbook as a pipeline would: credentials in the environment, all else behind `-e`."""

    ansible: Ansible
    mesh: Running

    @property
    def file(self) -> Path:
        """Where the verdict is written; the run is given its name alone."""
        return self.ansible.directory / "verdict.json"

    @property
    def verdict(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return content

    def variables(self, release_id: str | None, /, **changes: Any) -> dict[str, Any]:
        """Return the extra variables of a gate; what is changed to None is left out."""
        asked = {
            "endpoint": self.mesh.url,
            "mesh_id": MESH_ID,
            "namespace": NAMESPACE,
            "release_id": release_id,
            "success_phases": ["Running"],
            "failure_phases": ["Failed"],
            "wait_sleep": 1,
            "wait_timeout": 3,
            "verdict_file": self.file.name,
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def options(self, release_id: str | None, changes: Mapping[str, Any], **more: Any) -> Options:
        """Return what a run is given."""
        self.mesh.reset()
        environment = {"HW_AUTH_TOKEN": TOKEN, **more.pop("environment", {})}
        options: Options = {
            "extra_vars": self.variables(release_id, **changes),
            "environment": environment,
            **more,  # type: ignore[typeddict-item]
        }
        return options

    def run(self, release_id: str | None, /, *arguments: str, **changes: Any) -> Run:
        """Run the playbook to its end."""
        return self.ansible.playbook(PLAYBOOK, **self.options(release_id, changes, arguments=arguments))


@pytest.fixture
def gate(ansible: Ansible, mesh: Running) -> Gate:
    return Gate(ansible, mesh)


def named(*release_ids: str) -> dict[str, Any]:
    """Return the variables of a train."""
    return {"releases": [{"release_id": release_id} for release_id in release_ids]}


@dataclass(frozen=True)
class Case:
    """A gate, and how it ends. `kind` is that of the error."""

    outcome: str
    exit_code: int
    release_id: str | None = OPENS
    variables: Mapping[str, Any] | None = None
    kind: str | None = None
    told: str = ""


OUTCOMES = {
    "reached": Case("reached", OPEN, told="the gate is open"),
    "failed": Case("failed", SHUT, SHUTS, told="is Failed"),
    "timeout": Case("timeout", SHUT, PENDING, told="Creating"),
    "stalled": Case("stalled", SHUT, PENDING, {"stall_timeout": 1, "wait_timeout": 20}),
    "missing": Case("missing", SHUT, "no-canary", kind="not_found"),
    "replaced": Case("replaced", SHUT, REPLACED),
    "denied": Case("error", SHUT, ECHOES, kind="denied"),
    "credentials": Case("error", SHUT, variables={"token": "another-invented-token"}, kind="credentials"),
    "an-endpoint-is-wrong": Case(
        "error", SHUT, variables={"endpoint": "http://asm.example"}, kind="usage", told="endpoint"
    ),
    "network": Case("error", SHUT, variables={"endpoint": "http://127.0.0.1:1", "request_retries": 0}, kind="network"),
    "an-option-is-wrong": Case("error", SHUT, variables={"stable_for": 60}, kind="usage", told="stable_for"),
    "an-option-is-no-number": Case(
        "error", SHUT, variables={"wait_timeout": "soon"}, kind="usage", told="wait_timeout"
    ),
    "an-option-is-missing": Case(
        "error", SHUT, variables={"success_phases": None}, kind="usage", told="success_phases"
    ),
    "the-mesh-is-missing": Case("error", SHUT, variables={"mesh_id": None}, kind="usage", told="mesh_id"),
    "a-condition-is-empty": Case("error", SHUT, variables={"version": ""}, kind="usage", told="version"),
    "a-template-of-nothing": Case("error", SHUT, variables={"version": "{{ nowhere }}"}, kind="usage", told="nowhere"),
    "a-misspelt-condition": Case("error", SHUT, variables={"stabel_for": 1}, kind="usage", told="stabel_for"),
    "a-train-reaches": Case("reached", OPEN, None, named(OPENS), told="1 of 1"),
    "a-train-fails": Case("failed", SHUT, None, named(OPENS, SHUTS, PENDING), told="is Failed"),
    "too-few-are-there": Case("missing", SHUT, None, {"minimum": 9, "service": "reviews"}),
}


@pytest.mark.parametrize("case", slow_but_for("reached", "failed", "a-misspelt-condition", of=OUTCOMES))
def test_every_outcome_has_its_exit_code_and_its_verdict(gate: Gate, case: Case) -> None:
    run = gate.run(case.release_id, "-vvv", **(case.variables or {}))

    assert run.returncode == case.exit_code, run.output
    verdict = gate.verdict
    assert (verdict["outcome"], (verdict["error"] or {}).get("kind")) == (case.outcome, case.kind), verdict
    assert case.told in verdict["message"]
    assert verdict["check_mode"] is False
    assert uuid.UUID(verdict["run_id"]) == uuid.UUID(run.task(SAYS_PENDING).result["run_id"])
    assert stat.S_IMODE(gate.file.stat().st_mode) == 0o600
    for secret in (TOKEN, "another-invented-token", ENVIRONMENT_SECRET):
        assert secret not in gate.file.read_text(encoding="utf-8")
        assert secret not in run.output


@pytest.mark.parametrize("release_id", [OPENS, SHUTS, PENDING])
@pytest.mark.slow
def test_the_verdict_is_what_the_module_says_but_for_what_it_read(gate: Gate, release_id: str) -> None:
    run = gate.run(release_id, manifests=True)

    result, verdict = run.task(HOLDS).result, gate.verdict
    assert "spec" in result["release"]
    told = {**result, **result["gate"]}
    same = ("outcome", "message", "elapsed", "phase", "timeline", "timeline_left_out", "workloads")
    assert {name: verdict[name] for name in same} == {name: told[name] for name in same}
    assert (verdict["mesh_id"], verdict["namespace"], verdict["release_id"]) == (MESH_ID, NAMESPACE, release_id)
    assert "release" not in verdict
    assert "containers" not in gate.file.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_verdict_on_a_train_has_each_release(gate: Gate) -> None:
    gate.run(None, **named(OPENS, SHUTS, PENDING))

    releases = gate.verdict["releases"]
    assert [(each["release_id"], each["outcome"], each["phase"]) for each in releases] == [
        (OPENS, "reached", "Running"),
        (SHUTS, "failed", "Failed"),
        (PENDING, "pending", "Creating"),
    ]
    assert all(each["timeline"] and each["workloads"]["gray"] and each["message"] for each in releases)


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
    def test_tells_what_one_read_would_mean_and_fails_on_nothing(
        self, gate: Gate, release_id: str, outcome: str
    ) -> None:
        run = gate.run(release_id, "--check")

        assert run.returncode == OPEN, run.output
        assert (gate.verdict["outcome"], gate.verdict["check_mode"]) == (outcome, True)
        assert run.task(LETS_PASS).result["msg"].startswith(f"{outcome}: check mode: ")
        assert gate.mesh.summary()["by_release"] == {release_id: 1}

    @pytest.mark.slow
    def test_fails_on_an_error(self, gate: Gate) -> None:
        run = gate.run(ECHOES, "--check")

        assert run.returncode == SHUT, run.output
        assert (gate.verdict["outcome"], gate.verdict["check_mode"]) == ("error", True)


SYSLOG = """\
import syslog

def record(*arguments):
    with open({path!r}, "a", encoding="utf-8") as file:
        print(*arguments, file=file)

syslog.syslog = record
"""
"""What Python imports at its start: everything that a module logs ends in a file."""


class TestTheFile:
    def test_leaves_no_secret_of_a_deployment_anywhere(self, gate: Gate, tmp_path: Path) -> None:
        log = tmp_path / "syslog"
        (tmp_path / "sitecustomize.py").write_text(SYSLOG.format(path=str(log)), encoding="utf-8")
        environment = {"PYTHONPATH": str(tmp_path), "ANSIBLE_KEEP_REMOTE_FILES": "1"}

        options = gate.options(OPENS, {"manifests": True}, environment=environment, arguments=["--diff"])
        run = gate.ansible.playbook(PLAYBOOK, **options)
        # What the recorder has to see: any module logs its arguments.
        gate.ansible.adhoc("localhost", "ansible.builtin.stat", {"path": "/invented-path"}, environment=environment)

        assert run.returncode == OPEN, run.output
        assert "/invented-path" in log.read_text(encoding="utf-8")
        files = [each for root in (tmp_path, gate.ansible.directory) for each in root.rglob("*") if each.is_file()]
        record = {each for each in files if each.name.startswith("results-")}
        written = [each for each in files if each not in record and ENVIRONMENT_SECRET.encode() in each.read_bytes()]
        assert (written, ENVIRONMENT_SECRET in run.output) == ([], False)

    @pytest.mark.parametrize("variable", ["ANSIBLE_HOME", pytest.param("ANSIBLE_LOCAL_TEMP", marks=pytest.mark.slow)])
    def test_needs_no_home(self, gate: Gate, variable: str) -> None:
        # Not even root can make a folder in /proc. A user without an entry in the password database has no folder for
        # modules either.
        nowhere = {"HOME": "/proc/nowhere", "ANSIBLE_HOME": "/proc/nowhere", "ANSIBLE_REMOTE_TEMP": "/proc/nowhere"}
        environment = {**nowhere, variable: str(gate.ansible.directory / "temporary")}

        run = gate.ansible.playbook(PLAYBOOK, **gate.options(OPENS, {}, environment=environment))

        assert run.returncode == OPEN, run.output
        assert gate.verdict["outcome"] == "reached"

    @pytest.mark.slow
    def test_is_not_needed(self, gate: Gate) -> None:
        run = gate.run(OPENS, verdict_file=None)

        assert run.returncode == OPEN, run.output
        assert [entry.outcome for entry in run.results if entry.task in {SAYS_PENDING, WRITES}] == ["skipped"] * 2
        assert not gate.file.exists()

    @pytest.mark.parametrize(
        ("number", "exit_code"),
        [
            pytest.param(signal.SIGKILL, -signal.SIGKILL, id="SIGKILL"),
            pytest.param(signal.SIGTERM, -signal.SIGTERM, id="SIGTERM"),
            pytest.param(signal.SIGINT, 99, id="SIGINT"),
        ],
    )
    @pytest.mark.slow
    def test_of_an_earlier_run_is_replaced_at_once_and_stays_pending_when_the_run_is_ended(
        self, gate: Gate, number: signal.Signals, exit_code: int
    ) -> None:
        gate.run(OPENS)
        earlier = gate.verdict["run_id"]
        options = gate.options(PENDING, {"wait_timeout": 600})

        with gate.ansible.started(PLAYBOOK, **options) as run:
            until(lambda: run.main.poll() is not None or gate.mesh.summary()["by_release"] != {}, "the first read")
            held = gate.verdict
            os.kill(run.main.pid, number)
            run.wait_for_end(within=10)

        assert run.main.returncode == exit_code
        assert (held["outcome"], held["run_id"] == earlier) == ("pending", False)
        assert gate.verdict == held
        assert sorted(path.name for path in gate.ansible.directory.glob("*asm*")) == []

    @pytest.mark.parametrize(
        ("path", "told"),
        slow_but_for(
            "a-link",
            of=[
                pytest.param("link.json", "is a symbolic link", id="a-link"),
                pytest.param("nowhere/verdict.json", "No such file or directory", id="no-folder"),
                pytest.param("ansible.cfg/verdict.json", "Not a directory", id="a-file-as-folder"),
                pytest.param("/proc/verdict.json", "cannot be written", id="a-folder-that-nobody-may-write"),
                pytest.param("", "is not a path", id="empty"),
            ],
        ),
    )
    def test_that_cannot_be_written_shuts_the_gate_before_it_is_held(self, gate: Gate, path: str, told: str) -> None:
        target = gate.ansible.directory / "target.json"
        target.write_text("{}", encoding="ascii")
        (gate.ansible.directory / "link.json").symlink_to(target)

        run = gate.run(OPENS, verdict_file=path)

        assert run.returncode == SHUT, run.output
        message = run.task(SAYS_PENDING).result["msg"]
        assert message.startswith("the verdict file is not written: ")
        assert told in message
        assert [entry.task for entry in run.results] == [SAYS_PENDING]
        assert gate.mesh.summary()["requests"] == 0
        assert target.read_text(encoding="ascii") == "{}"

    @pytest.mark.slow
    def test_that_is_lost_meanwhile_shuts_the_gate(self, gate: Gate, tmp_path: Path) -> None:
        folder = tmp_path / "folder"
        folder.mkdir()
        options = gate.options(PENDING, {"wait_timeout": 30, "verdict_file": str(folder / "verdict.json")})

        with gate.ansible.started(PLAYBOOK, **options) as run:
            until(lambda: run.main.poll() is not None or gate.mesh.summary()["by_release"] != {}, "the first read")
            folder.rename(tmp_path / "elsewhere")
            gate.mesh.change(PENDING, **RUNNING)
            run.wait_for_end(within=30)

        assert run.main.returncode == SHUT
        results = {entry.task: entry for entry in run.results}
        assert (results[HOLDS].outcome, results[WRITES].outcome) == ("ok", "failed")


LEAVE_OUT = {
    "limit": ("--limit", "web"),
    "limit-with-a-group": ("--limit", "localhost,web,&prod"),
    "limit-without-a-group": ("--limit", "localhost,web,!controllers"),
    "limit-without-localhost": ("--limit", "localhost,!localhost,web"),
    "limit-hidden": ("--limit", "web", "-e", "ansible_limit=localhost"),
    "limit-to-all": ("--limit", "all"),
    "skip-always": ("--skip-tags", "always"),
    "skip-tagged": ("--skip-tags", "tagged"),
}


class TestNothingOpensItByLeavingItOut:
    INVENTORY = json.dumps(
        {
            "all": {
                "hosts": {"localhost": {}, "web": {"ansible_connection": "nowhere"}},
                "children": {"prod": {"hosts": {"web": {}}}, "controllers": {"hosts": {"localhost": {}}}},
            }
        }
    )

    @pytest.mark.parametrize("undefined_is_an_error", ["1", pytest.param("0", marks=pytest.mark.slow)])
    @pytest.mark.parametrize("arguments", slow_but_for("limit-with-a-group", "skip-always", of=LEAVE_OUT))
    def test_a_run_without_the_gate_is_refused(
        self, gate: Gate, arguments: Sequence[str], undefined_is_an_error: str
    ) -> None:
        options = gate.options(
            OPENS,
            {},
            arguments=arguments,
            inventory=self.INVENTORY,
            environment={"ANSIBLE_ERROR_ON_UNDEFINED_VARS": undefined_is_an_error},
        )
        run = gate.ansible.playbook(PLAYBOOK, **options)

        assert run.returncode in NOTHING_READ, run.output
        assert f"{arguments[0]} leaves out" in run.output
        assert gate.mesh.summary()["requests"] == 0

    @pytest.mark.parametrize(
        "arguments",
        [
            pytest.param(("--tags", "deployment"), id="tags"),
            pytest.param(("--skip-tags", "all"), id="skip-all"),
            pytest.param(("--start-at-task", REFUSES), id="start-within"),
            pytest.param(("--start-at-task", LETS_PASS), id="start-at-the-end"),
        ],
    )
    @pytest.mark.slow
    def test_what_leaves_out_a_part_leaves_it_shut(self, gate: Gate, arguments: Sequence[str]) -> None:
        run = gate.run(SHUTS, *arguments)

        assert run.returncode == SHUT, run.output

    @pytest.mark.slow
    def test_localhost_may_be_the_limit(self, gate: Gate) -> None:
        inventory = json.dumps({"all": {"hosts": {"localhost": {"ansible_connection": "nowhere"}}}})
        run = gate.ansible.playbook(
            PLAYBOOK, **gate.options(OPENS, {}, arguments=("--limit", "localhost"), inventory=inventory)
        )

        assert run.returncode == OPEN, run.output


class TestAConnectionOfTheCaller:
    """An extra variable comes before all that the playbook says of its connection."""

    @pytest.mark.slow
    def test_that_reaches_nothing_shuts_the_gate(self, gate: Gate) -> None:
        run = gate.run(OPENS, ansible_connection="nowhere", verdict_file=None)

        assert run.returncode == SHUT, run.output
        assert run.task(LETS_PASS).result["msg"].startswith("no verdict: ")

    @pytest.mark.slow
    def test_that_reaches_no_file_reads_nothing(self, gate: Gate) -> None:
        run = gate.run(OPENS, ansible_connection="nowhere")

        assert run.returncode in NOTHING_READ, run.output
        assert not gate.file.exists()

    @pytest.mark.slow
    def test_that_starts_a_module_gives_the_same_verdict(self, gate: Gate) -> None:
        run = gate.run(OPENS, ansible_connection="loopback_shell")

        assert run.returncode == OPEN, run.output
        assert (gate.verdict["outcome"], gate.verdict["phase"]) == ("reached", "Running")


class TestVariables:
    def test_may_be_vaulted_inline_or_look_like_numbers(self, gate: Gate) -> None:
        password = gate.ansible.directory / "password"
        password.write_text("invented-vault-password", encoding="ascii")
        vault = VaultLib([("default", VaultSecret(password.read_bytes()))])
        token = vault.encrypt(TOKEN).decode().replace("\n", "\n  ")
        file = gate.ansible.directory / "gate.yml"
        file.write_text(f"token: !vault |\n  {token}\nnamespace: '123'\n", encoding="utf-8")
        arguments = ["-e", f"@{file}", "--vault-password-file", str(password), "-vvv"]
        environment = {"HW_AUTH_TOKEN": "", "ANSIBLE_JINJA2_NATIVE": "1"}

        options = gate.options(DIGITS, {"namespace": None}, arguments=arguments, environment=environment)
        run = gate.ansible.playbook(PLAYBOOK, **options)

        assert run.returncode == OPEN, run.output
        assert gate.verdict["namespace"] == "123"
        assert TOKEN not in run.output

    @pytest.mark.parametrize("native", [pytest.param("0", marks=pytest.mark.slow), "1"])
    def test_that_are_numbers_open_no_gate(self, gate: Gate, native: str) -> None:
        environment = {"ANSIBLE_JINJA2_NATIVE": native}
        as_number, as_text = (
            gate.ansible.playbook(PLAYBOOK, **gate.options(DOTTED, {"version": given}, environment=environment))
            for given in (1.10, "1.10")
        )

        assert as_number.returncode == SHUT, as_number.output
        assert as_number.task(WRITES).result["outcome"] == "error"
        assert "version must be text: quote the value" in as_number.output
        assert as_text.returncode == SHUT, as_text.output
        assert "version is 1.1, waiting for 1.10" in as_text.output
        assert gate.verdict["outcome"] == "timeout"

    def test_are_texts_of_the_command_line(self, gate: Gate) -> None:
        words = {
            "success_phases": "Completed,Running",
            "ready": "yes",
            "stable_for": "1",
            "wait_timeout": "20",
            "validate_certs": "false",
        }
        arguments = [word for name, value in words.items() for word in ("-e", f"{name}={value}")]

        run = gate.run(OPENS, *arguments)

        assert run.returncode == OPEN, run.output
        assert gate.verdict["elapsed"] >= 1

    def test_of_an_inventory_change_no_gate(self, gate: Gate) -> None:
        values = {
            "release_id": SHUTS,
            "success_phases": ["Failed"],
            "version": "v0",
            "on_missing": "accept",
            "verdict_file": "inventory.json",
            "wait_sleep": "no number",
            "ansible_become": True,
            "ansible_python_interpreter": "/nowhere/python",
        }
        inventory = json.dumps({"all": {"hosts": {"web": {}}, "vars": values}})

        run = gate.ansible.playbook(PLAYBOOK, **gate.options(OPENS, {}, inventory=inventory))

        assert run.returncode == OPEN, run.output
        assert gate.mesh.summary()["by_release"] == {OPENS: 1}
        assert not (gate.ansible.directory / "inventory.json").exists()

    @pytest.mark.slow
    def test_of_an_inventory_narrow_no_selection(self, gate: Gate) -> None:
        values = {"namespace": "another", "name": OPENS, "service": "another"}
        inventory = json.dumps({"all": {"hosts": {"web": {}}, "vars": values}})
        changes = {"namespace": None, "minimum": 1}

        run = gate.ansible.playbook(PLAYBOOK, **gate.options(None, changes, inventory=inventory))

        assert run.returncode == SHUT, run.output
        assert len(gate.verdict["releases"]) == 7

    @pytest.mark.parametrize("name", ["name", "release_gate_name"])
    @pytest.mark.slow
    def test_select_by_name_under_both_names(self, gate: Gate, name: str) -> None:
        run = gate.run(None, **{name: [OPENS], "minimum": 1})

        assert run.returncode == OPEN, run.output
        assert [each["outcome"] for each in gate.verdict["releases"]] == ["reached"]

    @pytest.mark.slow
    def test_have_names_of_which_ansible_does_not_warn(self, gate: Gate) -> None:
        run = gate.run(OPENS, namespace=None, release_gate_namespace=NAMESPACE)

        assert run.returncode == OPEN, run.output
        assert "reserved name" not in run.output
        assert gate.verdict["namespace"] == NAMESPACE

    @pytest.mark.slow
    def test_of_one_option_must_not_contradict(self, gate: Gate) -> None:
        run = gate.run(OPENS, release_gate_namespace="another")

        assert run.returncode == SHUT, run.output
        assert "namespace and release_gate_namespace are one option" in gate.verdict["message"]

    @pytest.mark.parametrize(
        "misspelt",
        ["image", "imagess", "Ready", "vresion", "failure_phase", "sucess_phases", "verdictfile", "stable_fo"],
    )
    @pytest.mark.slow
    def test_that_are_almost_a_condition_are_refused(self, gate: Gate, misspelt: str) -> None:
        run = gate.run(OPENS, **{misspelt: "whatever"})

        assert run.returncode == SHUT, run.output
        assert run.task(REFUSES).result["msg"].startswith(f"{misspelt} is no option, but almost one")
        assert gate.mesh.summary()["requests"] == 0

    @pytest.mark.parametrize("option", ["ready", "version", "stable_for", "success_phases"])
    @pytest.mark.slow
    def test_of_the_role_are_refused_where_they_would_do_nothing(self, gate: Gate, option: str) -> None:
        run = gate.run(OPENS, **{f"release_gate_{option}": "whatever"})

        assert run.returncode == SHUT, run.output
        assert f"release_gate_{option} is a variable of the role" in gate.verdict["message"]
        assert gate.mesh.summary()["requests"] == 0

    @pytest.mark.parametrize(
        ("name", "value"),
        slow_but_for(
            "result",
            of=[
                pytest.param("release_gate_result", {"gate": {"outcome": "reached"}, "msg": "before"}, id="result"),
                pytest.param("release_gate_asked", {"release_id": "another"}, id="asked"),
                pytest.param("release_gate_secrets_read", {"failed": False}, id="secrets"),
            ],
        ),
    )
    def test_can_be_no_verdict(self, gate: Gate, name: str, value: Mapping[str, Any]) -> None:
        run = gate.run(SHUTS, **{name: value})

        assert run.returncode == SHUT, run.output
        assert (gate.verdict["outcome"], gate.verdict["phase"]) == ("error", "")
        assert name in gate.verdict["message"]
        assert gate.mesh.summary()["requests"] == 0

    @pytest.mark.slow
    def test_can_be_no_outcome_even_where_nothing_is_reached(self, gate: Gate) -> None:
        run = gate.run(OPENS, ansible_connection="nowhere", verdict_file=None, release_gate_outcome="reached")

        assert run.returncode == SHUT, run.output

    @pytest.mark.slow
    def test_that_are_options_are_never_almost_another_one(self, gate: Gate) -> None:
        every = {option.name: "whatever" for option in OPTIONS}

        run = gate.run(OPENS, **{**every, "release_gate_namespace": None})

        assert run.task(REFUSES).outcome == "ok", run.output
        assert run.returncode == SHUT

    @pytest.mark.parametrize("secret", ["token", "password", "secret_key"])
    @pytest.mark.slow
    def test_that_are_secrets_are_not_printed(self, gate: Gate, secret: str) -> None:
        given = {"token": {}, "password": {"username": "u", "domain_name": "d"}, "secret_key": {"access_key": "k"}}

        run = gate.run(OPENS, "-vvv", **{secret: "s3cret-behind-e", **given[secret]})

        assert run.returncode == SHUT, run.output
        assert "s3cret-behind-e" not in run.output
        assert "s3cret-behind-e" not in gate.file.read_text(encoding="utf-8")

    @pytest.mark.parametrize("value", ["s3cret{{-behind-e", "s3cret{{ behind_e }}"], ids=["broken", "of-nothing"])
    @pytest.mark.slow
    def test_that_are_secrets_and_no_template_are_not_in_the_file(self, gate: Gate, value: str) -> None:
        # Ansible shows such a line of its command line itself, so the log is not asked.
        run = gate.run(OPENS, password=value)

        assert run.returncode == SHUT, run.output
        assert "a secret among the extra variables is no template" in gate.verdict["message"]
        assert "s3cret" not in gate.file.read_text(encoding="utf-8")

    @pytest.mark.slow
    def test_that_are_paths_start_where_the_caller_is(self, gate: Gate) -> None:
        (gate.ansible.directory / "keys").write_text("[basic]\nak = only-half-a-set\n", encoding="ascii")
        (gate.ansible.directory / "keys").chmod(0o600)

        run = gate.run(OPENS, credentials_file="keys", auth_type="aksk")

        assert run.returncode == SHUT, run.output
        assert "ak in the file is there, but not sk in the file" in gate.verdict["message"]
