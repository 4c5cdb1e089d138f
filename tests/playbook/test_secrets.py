# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No output has a secret: with each way to give credentials, on each path and in the lookup, also when the service
repeats the credentials in an error.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.marks import slow_but_for
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    CREATING,
    MESH_ID,
    MODULE,
    NAMESPACE,
    RUNNING,
    TOKEN,
    inventory,
    play,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.simulator.deployments import ENVIRONMENT_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, Run
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

KEY = {"access_key": "INVENTEDKEYOFANOPTION", "secret_key": "invented-secret-key-of-an-option"}
TEMPORARY_KEY = {
    "access_key": "INVENTEDTEMPORARYKEY",
    "secret_key": "invented-secret-of-a-temporary-key",
    "security_token": "invented-security-token",
}
USER = {"username": "invented-user", "password": "invented-password", "domain_name": "invented-account"}
KEY_IN_FILE = {"access_key": "INVENTEDKEYOFTHEFILE", "secret_key": "invented-secret-key-of-the-file"}
TOKEN_IN_ENVIRONMENT = "invented-token-of-the-environment"

SECRETS = {
    "token": TOKEN,
    "token in the environment": TOKEN_IN_ENVIRONMENT,
    "password": USER["password"],
    "environment of a container": ENVIRONMENT_SECRET,
    **{
        f"{name} of the {kind}": value
        for kind, keys in {
            "key": KEY,
            "temporary key": TEMPORARY_KEY,
            "key in the file": KEY_IN_FILE,
        }.items()
        for name, value in keys.items()
    },
}

KINDS: dict[str, dict[str, Any]] = {
    "token": {"token": TOKEN},
    "key": KEY,
    "temporary-key": TEMPORARY_KEY,
    "login": {**USER, "project_name": "invented-project"},
    "agency": {"auth_type": "ecs_agency"},
    "file": {"auth_type": "aksk", "credentials_file": "set by the test"},
    "environment": {},
}
"""Ways to give credentials, with the options of each; those of the last are in the environment of the run."""

ECHO = {"fault": "answer", "status": 403, "echo_credential": True, "body": "asm"}

SCENARIO = scenario(
    release("running-token", RUNNING),
    *(release(f"refused-{kind}-{path}", CREATING) for kind in KINDS for path in CONNECTIONS),
    credentials={
        "tokens": [{"token": TOKEN}, {"token": TOKEN_IN_ENVIRONMENT}],
        "keys": [KEY, TEMPORARY_KEY, KEY_IN_FILE],
        "users": [{**USER, "project_id": "0123456789abcdef", "project_name": "invented-project"}],
    },
    # From the second request on, that is: after a line of progress.
    faults=[
        {**ECHO, "release": f"refused-{kind}-{path}", "requests": ["2-"]} for kind in KINDS for path in CONNECTIONS
    ],
)


def tasks(kind: str) -> list[dict[str, Any]]:
    """Return a gate that the service refuses with an echo of the credentials, and the same by the lookup.

    The options come from a variable, as secrets do.
    """
    options = f"common | combine(kinds['{kind}'])"
    gate = {"wait": True, "success_phases": ["Running"], "wait_sleep": 1}
    refused = f"refused-{kind}-{{{{ inventory_hostname }}}}"
    call = f"query('huaweicloud.asm.asm_release', 'refused-{kind}-controller', **({options}))"
    given = {name: f"{{{{ kinds['{kind}']['{name}'] }}}}" for name in KINDS[kind]}
    where = {name: f"{{{{ common['{name}'] }}}}" for name in ("mesh_id", "namespace", "endpoint")}
    login = {"iam_endpoint": "{{ common.endpoint }}"} if kind == "login" else {}
    options_of_gate = {**where, **given, **login, **gate, "release_id": refused}
    return [
        {"name": f"gate {kind}", MODULE: options_of_gate, "ignore_errors": True},
        {
            "name": f"look up {kind}",
            "ansible.builtin.debug": {"msg": f"{{{{ {call} }}}}"},
            "ignore_errors": True,
            "when": "inventory_hostname == 'controller'",
        },
    ]


def run_all(ansible: Ansible, simulator: Running, arguments: list[str], environment: dict[str, str]) -> Run:
    """Run the tasks of all kinds on both paths."""
    file = ansible.directory / "credentials"
    file.write_text(f"[basic]\nak = {KEY_IN_FILE['access_key']}\nsk = {KEY_IN_FILE['secret_key']}\n", encoding="utf-8")
    file.chmod(0o600)
    kinds = {
        **KINDS,
        "file": {**KINDS["file"], "credentials_file": str(file)},
        "login": {**KINDS["login"], "iam_endpoint": simulator.url},
    }
    common = {"endpoint": simulator.url, "mesh_id": MESH_ID, "namespace": NAMESPACE}
    variables = ansible.directory / "variables.json"
    variables.write_text(json.dumps({"kinds": kinds, "common": common}), encoding="utf-8")
    return ansible.playbook(
        play(*(task for kind in KINDS for task in tasks(kind)), strategy="free", vars_files=[str(variables)]),
        inventory=inventory(**{path: {"ansible_connection": name} for path, name in CONNECTIONS.items()}),
        arguments=arguments,
        environment={
            "HW_AUTH_TOKEN": TOKEN_IN_ENVIRONMENT,
            "_HUAWEICLOUD_ASM_METADATA_ENDPOINT": simulator.url,
            **environment,
        },
    )


@pytest.mark.parametrize(
    ("arguments", "callback"),
    slow_but_for(
        "default-vvv",
        of=[
            pytest.param(["-vvv"], "default", id="default-vvv"),
            pytest.param(["-vvv"], "minimal", id="minimal-vvv"),
        ],
    ),
)
def test_no_output_has_a_secret(
    ansible: Ansible, simulate: Callable[..., Running], tmp_path: Path, arguments: list[str], callback: str
) -> None:
    log = tmp_path / "ansible.log"

    run = run_all(
        ansible,
        simulate(SCENARIO),
        arguments,
        {"ANSIBLE_STDOUT_CALLBACK": callback, "ANSIBLE_LOG_PATH": str(log)},
    )

    outputs = {
        "standard output": run.stdout,
        "standard error": run.stderr,
        "log": log.read_text(encoding="utf-8"),
        "results": json.dumps([entry.result for entry in run.results]),
    }
    assert [(name, where) for name, value in SECRETS.items() for where, text in outputs.items() if value in text] == []
    # All of it was printed.
    assert run.stderr.count("release_gate: ") == 2 * len(KINDS), run.output
    assert "release_gate: " in outputs["log"]
    for kind in KINDS:
        for path in CONNECTIONS:
            refused = run.task(f"gate {kind}", path).result
            assert (refused["gate"]["outcome"], refused["error"]["kind"]) == ("error", "denied")
            # Also tokens and keys that a login gave.
            assert "ordered by the scenario: " in refused["error"]["message"]
            assert "********" in refused["error"]["message"]
            assert refused["error"]["message"] in run.output
        assert run.task(f"look up {kind}", "controller").outcome == "ignored"
        assert "********" in run.task(f"look up {kind}", "controller").result["msg"]


@pytest.mark.slow
def test_a_refused_value_that_is_a_secret_is_not_printed(ansible: Ansible, simulate: Callable[..., Running]) -> None:
    simulator = simulate(SCENARIO)
    options = {"endpoint": simulator.url, "mesh_id": MESH_ID, "namespace": NAMESPACE, "release_id": "running-token"}
    mixed_up = {**options, "token": "{{ secret }}", "auth_type": "{{ secret }}"}

    run = ansible.playbook(
        play({"name": "read", MODULE: mixed_up, "ignore_errors": True}),
        inventory=inventory(**{path: {"ansible_connection": name} for path, name in CONNECTIONS.items()}),
        extra_vars={"secret": TOKEN},
        arguments=["-vvv"],
    )

    for path in CONNECTIONS:
        assert "value of auth_type must be one of" in run.task("read", path).result["msg"]
    assert TOKEN not in run.output
