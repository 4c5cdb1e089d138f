# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-playbook huaweicloud.asm.gate`: the role on localhost, whose exit code decides.

The tests of the role hold here as well. These are about the command line, the inventory, and signals.
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.huaweicloud.asm.tests.playbook.gated import ROLE, UNUSABLE, verdict
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
LAST = "Let no host pass unless the gate is open"

OPENS, CLOSES, PENDING, ECHOES, DOTTED, DIGITS = (
    f"{name}-canary" for name in ("opens", "closes", "pending", "echoes", "dotted", "digits")
)
OPEN, CLOSED = 0, 2
"""Exit codes."""
NOTHING_READ = frozenset({1, 4})
"""Likewise: before 2.19, ansible-core gives an error of a template another one than that of a command line."""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Running]:
    """A mesh with a release for each way a gate can go."""
    releases = (
        release(OPENS, RUNNING),
        release(CLOSES, {"phase": "Failed"}),
        release(PENDING, CREATING),
        release(ECHOES, CREATING),
        release(DOTTED, RUNNING, version="1.1"),
        {**release(DIGITS, RUNNING), "namespace": "123"},
    )
    refuses = {"fault": "answer", "status": 403, "echo_credential": True, "body": "asm", "release": ECHOES}
    with serving(scenario(*releases, faults=[refuses])) as simulator:
        yield simulator


@dataclass
class Gate:
    """Runs the playbook as a pipeline would: credentials in the environment, everything else behind `-e`."""

    ansible: Ansible
    mesh: Running

    @property
    def file(self) -> Path:
        """Where the verdict is written; the run is given its name alone."""
        return self.ansible.directory / "verdict.json"

    @property
    def verdict(self) -> dict[str, Any]:
        return verdict(self.file)

    def options(self, release_id: str | None, changes: Mapping[str, Any], **more: Any) -> Options:
        """Return what a run is given: options without their prefix, less those that are changed to None."""
        self.mesh.reset()
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
        options: Options = {
            "extra_vars": {f"release_gate_{name}": value for name, value in asked.items() if value is not None},
            "environment": {"HW_AUTH_TOKEN": TOKEN, **more.pop("environment", {})},
            **more,  # type: ignore[typeddict-item]
        }
        return options

    def run(self, release_id: str | None, /, *arguments: str, **changes: Any) -> Run:
        """Run the playbook to its end."""
        return self.ansible.playbook(PLAYBOOK, **self.options(release_id, changes, arguments=arguments))


@pytest.fixture
def gate(ansible: Ansible, mesh: Running) -> Gate:
    return Gate(ansible, mesh)


@dataclass(frozen=True)
class Case:
    """A gate, and how it ends; `kind` is that of the error."""

    outcome: str
    exit_code: int
    release_id: str = OPENS
    changes: Mapping[str, Any] | None = None
    kind: str | None = None
    reason: str = ""


OUTCOMES = {
    "reached": Case("reached", OPEN, reason="the gate is open"),
    "failed": Case("failed", CLOSED, CLOSES, reason="is Failed"),
    "missing": Case("missing", CLOSED, "no-canary", kind="not_found"),
    "denied": Case("error", CLOSED, ECHOES, kind="denied"),
    "credentials": Case("error", CLOSED, changes={"token": "another-invented-token"}, kind="credentials"),
    "a-wrong-option": Case("error", CLOSED, changes={"stable_for": 60}, kind="usage", reason="stable_for"),
    "a-misspelt-condition": Case("error", CLOSED, changes={"stabel_for": 1}, kind="usage", reason="stabel_for"),
}


# `test_pipelines` has two of them in `make test`.
@pytest.mark.slow
@pytest.mark.parametrize("case", OUTCOMES.values(), ids=OUTCOMES.keys())
def test_every_outcome_has_its_exit_code_and_its_verdict(gate: Gate, case: Case) -> None:
    run = gate.run(case.release_id, "-vvv", **(case.changes or {}))

    assert run.returncode == case.exit_code, run.output
    written = gate.verdict
    assert (written["outcome"], (written["error"] or {}).get("kind")) == (case.outcome, case.kind), written
    assert case.reason in written["msg"]
    for secret in (TOKEN, "another-invented-token", ENVIRONMENT_SECRET):
        assert secret not in gate.file.read_text(encoding="utf-8")
        assert secret not in run.output


SYSLOG = """\
import syslog

def record(*arguments):
    with open({path!r}, "a", encoding="utf-8") as file:
        print(*arguments, file=file)

syslog.syslog = record
"""
"""What Python imports at its start: everything that a module logs ends in a file."""


TEMPLATE = "{{ 7 * 7 }}"


class TestTheFile:
    def test_leaves_no_secret_of_a_deployment_anywhere(self, gate: Gate, tmp_path: Path) -> None:
        log = tmp_path / "syslog"
        (tmp_path / "sitecustomize.py").write_text(SYSLOG.format(path=str(log)), encoding="utf-8")
        environment = {"PYTHONPATH": str(tmp_path), "ANSIBLE_KEEP_REMOTE_FILES": "1"}

        options = gate.options(OPENS, {"manifests": True}, environment=environment, arguments=["--diff"])
        run = gate.ansible.playbook(PLAYBOOK, **options)

        assert run.returncode == OPEN, run.output
        # The module that writes the file logs its arguments.
        assert gate.file.name in log.read_text(encoding="utf-8")
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

    @pytest.mark.parametrize("name", ["R&D #1 (it's) ;touch touched;", "lines\ntouch touched\n", "line\r", "\\x2d"])
    def test_may_have_an_ansible_home_whose_name_a_shell_would_run(self, gate: Gate, name: str) -> None:
        environment = {"ANSIBLE_HOME": f"{gate.ansible.directory}/{name}"}

        run = gate.ansible.playbook(PLAYBOOK, **gate.options(OPENS, {}, environment=environment))

        assert (run.returncode, gate.verdict["outcome"]) == (OPEN, "reached"), run.output
        assert not list(gate.ansible.directory.rglob("touched"))

    @pytest.mark.parametrize("refused", [{}, {"stabel_for": 1}, {"result": "set from outside"}])
    def test_has_the_name_that_the_environment_gives_it(self, gate: Gate, refused: Mapping[str, Any]) -> None:
        options = gate.options(OPENS, {**refused, "verdict_file": "$NAME"}, environment={"NAME": TEMPLATE})

        run = gate.ansible.playbook(PLAYBOOK, **options)

        assert run.returncode == (CLOSED if refused else OPEN), run.output
        assert verdict(gate.ansible.directory / TEMPLATE)["outcome"] == ("error" if refused else "reached")

    def test_that_cannot_be_written_is_named_as_the_environment_names_it(self, gate: Gate) -> None:
        options = gate.options(OPENS, {"verdict_file": "$NAME/v.json"}, environment={"NAME": TEMPLATE})

        run = gate.ansible.playbook(PLAYBOOK, **options)

        assert run.returncode == CLOSED, run.output
        assert f"/{TEMPLATE} does not exist" in run.output

    @pytest.mark.parametrize("refused", [{}, {"result": "set from outside"}])
    def test_has_no_name_that_a_pipeline_runs(self, gate: Gate, refused: Mapping[str, Any]) -> None:
        """What it is made of may be chosen by whoever starts the pipeline."""
        for name in ("##vso[run]", "a\n::run::"):
            options = gate.options(OPENS, {**refused, "verdict_file": "$NAME/v.json"}, environment={"NAME": name})

            run = gate.ansible.playbook(PLAYBOOK, **options)

            assert run.returncode == CLOSED, run.output
            assert "##vso" not in run.output
            assert "\n::" not in run.output

    def test_leaves_nothing_of_a_relative_ansible_home_in_the_collection(
        self, gate: Gate, installed_collection: Path
    ) -> None:
        run = gate.ansible.playbook(PLAYBOOK, **gate.options(OPENS, {}, environment={"ANSIBLE_HOME": "relative"}))

        assert (run.returncode, gate.verdict["outcome"]) == (OPEN, "reached"), run.output
        assert not list(installed_collection.rglob("relative"))

    @pytest.mark.parametrize(
        ("number", "exit_code"),
        slow_but_for(
            "SIGKILL",
            of=[
                pytest.param(signal.SIGKILL, -signal.SIGKILL, id="SIGKILL"),
                pytest.param(signal.SIGTERM, -signal.SIGTERM, id="SIGTERM"),
                pytest.param(signal.SIGINT, 99, id="SIGINT"),
            ],
        ),
    )
    def test_of_an_earlier_run_is_replaced_at_once_and_stays_pending_when_the_run_is_ended(
        self, gate: Gate, number: signal.Signals, exit_code: int
    ) -> None:
        gate.file.write_text('{"outcome": "reached", "run_id": "earlier"}', encoding="ascii")
        options = gate.options(PENDING, {"wait_timeout": 600})

        with gate.ansible.started(PLAYBOOK, **options) as run:
            until(lambda: run.main.poll() is not None or gate.mesh.summary()["by_release"] != {}, "the first read")
            held = gate.verdict
            os.kill(run.main.pid, number)
            # Long before its 600 s are over.
            run.wait_for_end(within=120)

        assert run.main.returncode == exit_code
        assert (held["outcome"], held["run_id"] == "earlier") == ("pending", False)
        assert gate.verdict == held

    @pytest.mark.parametrize(
        "file", ["{folder}/verdict.json", "{{{{ '{folder}/v.json' if '{folder}' is exists else omit }}}}"]
    )
    @pytest.mark.slow
    def test_that_is_lost_meanwhile_closes_the_gate(self, gate: Gate, tmp_path: Path, file: str) -> None:
        folder = tmp_path / "folder"
        folder.mkdir()
        options = gate.options(PENDING, {"wait_timeout": 30, "verdict_file": file.format(folder=folder)})

        with gate.ansible.started(PLAYBOOK, **options) as run:
            until(lambda: run.main.poll() is not None or gate.mesh.summary()["by_release"] != {}, "the first read")
            folder.rename(tmp_path / "elsewhere")
            gate.mesh.change(PENDING, **RUNNING)
            run.wait_for_end()

        assert run.main.returncode == CLOSED
        (last,) = (entry for entry in run.results if entry.task.endswith(LAST))
        assert "cannot be written" in last.result["msg"]


class TestAVersionOfTheCommandLine:
    """The release has version 1.1."""

    def test_that_is_a_number_is_refused(self, gate: Gate) -> None:
        run = gate.run(DOTTED, "-e", '{"release_gate_version": 1.10}')

        assert run.returncode == CLOSED, run.output
        assert (gate.verdict["error"]["kind"], gate.mesh.summary()["requests"]) == ("usage", 0)
        assert "version is a number (1.1), and must be text; quote it" in gate.verdict["msg"]

    @pytest.mark.parametrize("given", ["release_gate_version=1.10", '{"release_gate_version": "1.10"}'])
    def test_that_is_text_stays_text(self, gate: Gate, given: str) -> None:
        options = gate.options(DOTTED, {}, arguments=("-e", given), environment={"ANSIBLE_JINJA2_NATIVE": "1"})
        run = gate.ansible.playbook(PLAYBOOK, **options)

        assert run.returncode == CLOSED, run.output
        assert gate.verdict["outcome"] == "timeout"
        assert "version is 1.1, waiting for 1.10" in run.output


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
            pytest.param(("--start-at-task", "Take the verdict"), id="start-within"),
            pytest.param(("--start-at-task", LAST), id="start-at-the-last"),
            pytest.param(("--start-at-task", "Publish the verdict"), id="start-at-the-end"),
        ],
    )
    @pytest.mark.slow
    def test_what_leaves_out_a_part_leaves_it_closed(self, gate: Gate, arguments: Sequence[str]) -> None:
        run = gate.run(CLOSES, *arguments)

        assert run.returncode == CLOSED, run.output

    def test_a_task_that_ansible_does_not_find_leaves_it_closed(self, gate: Gate) -> None:
        run = gate.run(OPENS, "--start-at-task", "no such task")

        assert run.returncode in NOTHING_READ, run.output
        assert "the gate was left out" in run.output

    def test_a_second_gate_that_is_left_out_is_closed(self, gate: Gate) -> None:
        name = str(PLAYBOOK)
        imports = json.dumps([{"import_playbook": name}, {"import_playbook": name, "tags": "second"}])

        localhost = {"hosts": "localhost", "gather_facts": False}
        role = {**localhost, "roles": ["huaweicloud.asm.release_gate"]}
        after_the_role = json.dumps([role, {"import_playbook": name, "tags": "second"}])
        fact = {**localhost, "tasks": [{"ansible.builtin.set_fact": {"__gate_state": "1 open", "cacheable": True}}]}
        after_a_fact = json.dumps([fact, {"import_playbook": name, "tags": "second"}])

        both, *left_out = (
            gate.ansible.playbook(playbook, **gate.options(OPENS, {}, arguments=arguments))
            for playbook, arguments in (
                (imports, ("-b", "--become-method", "no_such_plugin")),
                (imports, ("--skip-tags", "second")),
                (after_the_role, ("--skip-tags", "second")),
                (after_a_fact, ("--skip-tags", "second")),
            )
        )

        assert both.returncode == OPEN, both.output
        for run in left_out:
            assert run.returncode in NOTHING_READ, run.output
            assert "the gate was left out" in run.output

    @pytest.mark.slow
    def test_localhost_may_be_the_limit(self, gate: Gate) -> None:
        inventory = json.dumps({"all": {"hosts": {"localhost": {"ansible_connection": "nowhere"}}}})
        run = gate.ansible.playbook(
            PLAYBOOK, **gate.options(OPENS, {}, arguments=("--limit", "localhost"), inventory=inventory)
        )

        assert run.returncode == OPEN, run.output


class TestAConnectionAmongTheExtraVariables:
    """An extra variable wins over what the role says of its connection."""

    @pytest.mark.parametrize("file", ["verdict.json", pytest.param(None, marks=pytest.mark.slow)])
    def test_that_reaches_nothing_closes_the_gate(self, gate: Gate, file: str | None) -> None:
        run = gate.run(OPENS, "-e", "ansible_connection=nowhere", verdict_file=file)

        assert run.returncode == CLOSED, run.output
        assert not gate.file.exists()
        assert gate.mesh.summary()["requests"] == 0

    @pytest.mark.slow
    def test_that_starts_a_module_gives_the_same_verdict(self, gate: Gate) -> None:
        run = gate.run(OPENS, "-e", "ansible_connection=loopback_shell")

        assert run.returncode == OPEN, run.output
        assert gate.verdict["outcome"] == "reached"


class TestVariables:
    def test_are_texts_of_the_command_line(self, gate: Gate) -> None:
        words = {
            "success_phases": "Completed,Running",
            "ready": "yes",
            "stable_for": "1",
            "wait_timeout": "20",
            "validate_certs": "false",
        }
        arguments = [word for name, value in words.items() for word in ("-e", f"release_gate_{name}={value}")]

        run = gate.run(OPENS, *arguments, verdict_file=None)

        assert run.returncode == OPEN, run.output
        assert (
            run.task(f"{ROLE} : Publish the verdict").result["ansible_facts"]["release_gate_result"]["gate"]["elapsed"]
            >= 1
        )

    def test_may_be_vaulted_inline_or_look_like_numbers(self, gate: Gate) -> None:
        password = gate.ansible.directory / "password"
        password.write_text("invented-vault-password", encoding="ascii")
        vault = VaultLib([("default", VaultSecret(password.read_bytes()))])
        token = vault.encrypt(TOKEN).decode().replace("\n", "\n  ")
        file = gate.ansible.directory / "gate.yml"
        file.write_text(f"release_gate_token: !vault |\n  {token}\nrelease_gate_namespace: '123'\n", encoding="utf-8")
        arguments = ["-e", f"@{file}", "--vault-password-file", str(password), "-vvv"]
        environment = {"HW_AUTH_TOKEN": "", "ANSIBLE_JINJA2_NATIVE": "1"}

        changes = {"namespace": None, "verdict_file": None}
        options = gate.options(DIGITS, changes, arguments=arguments, environment=environment)
        run = gate.ansible.playbook(PLAYBOOK, **options)

        # The release is in the namespace `123`.
        assert run.returncode == OPEN, run.output
        assert TOKEN not in run.output

    @pytest.mark.slow
    def test_of_an_inventory_count_as_well(self, gate: Gate) -> None:
        inventory = json.dumps({"all": {"hosts": {"localhost": {"release_gate_version": "v0"}}}})

        run = gate.ansible.playbook(PLAYBOOK, **gate.options(OPENS, {}, inventory=inventory))

        assert run.returncode == CLOSED, run.output
        assert "waiting for v0" in run.output

    @pytest.mark.parametrize("variables", UNUSABLE.values(), ids=UNUSABLE.keys())
    def test_of_an_inventory_may_make_localhost_unusable(self, gate: Gate, variables: Mapping[str, str]) -> None:
        inventory = json.dumps({"all": {"hosts": {"localhost": {**variables, "ansible_become": True}}}})

        run = gate.ansible.playbook(PLAYBOOK, **gate.options(OPENS, {}, inventory=inventory))

        assert run.returncode == OPEN, run.output

    @pytest.mark.slow
    def test_that_are_secrets_are_not_printed(self, gate: Gate) -> None:
        run = gate.run(OPENS, "-vvv", secret_key="s3cret-behind-e", access_key="k")

        assert run.returncode == CLOSED, run.output
        assert "s3cret-behind-e" not in run.output
        assert "s3cret-behind-e" not in gate.file.read_text(encoding="utf-8")

    def test_that_are_paths_start_where_the_caller_is(self, gate: Gate) -> None:
        (gate.ansible.directory / "keys").write_text("[basic]\nak = only-half-a-set\n", encoding="ascii")
        (gate.ansible.directory / "keys").chmod(0o600)

        half = gate.run(OPENS, credentials_file="keys", auth_type="aksk", verdict_file=None)

        assert half.returncode == CLOSED, half.output
        assert "sk in the file is missing: only ak in the file is given" in half.output
