# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attacks: answers that lead elsewhere or never end, an environment that does, and text that acts on its readers.

The unit tests of options and endpoints have hostile options, `test_secrets` a service that repeats a secret.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.answers import answering
from ansible_collections.huaweicloud.asm.tests.playbook.cases import (
    KEY,
    LOGIN,
    SERVICE,
    USER,
    Table,
    answer,
    fault,
    read,
    scenario_of,
    wait,
)
from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    CREATING,
    MESH_ID,
    MODULE,
    NAMESPACE,
    RUNNING,
    TOKEN,
    gate,
    inventory,
    play,
    release,
    scenario,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

ENDPOINT = "huaweicloud_asm_endpoint"

ELSEWHERE = "elsewhere"
"""The simulator of an attacker: another host, another cloud's login, a proxy."""

JINJA = "https://{{ lookup('pipe', 'touch ' + playbook_dir + '/templated-twice') }}"
"""As an endpoint in a text from outside."""

REDIRECTS = (read("redirect-302", RUNNING, error="endpoint", result={"error.status": 302}),)

ANSWERS = (
    wait("login-that-redirects", RUNNING, credentials=LOGIN, outcome="error", error="endpoint", requests=0, logins=1),
)

ENVIRONMENT = (
    read("netrc-and-proxies", RUNNING),
    read("login-of-another-cloud", RUNNING, credentials=USER, error="usage", requests=0, says=("iam_endpoint",)),
    read("file-that-others-may-read", RUNNING, credentials={"credentials_file": "<readable file>"}),
    read("file-that-others-may-write", RUNNING, credentials={"credentials_file": "<writable file>"},
         error="credentials", requests=0, says=("others may write", "0600")),
    read("endpoint-with-jinja", options={"endpoint": "{{ from_outside }}"}, error="usage", requests=0,
         says=("endpoint",)),
    # An id stays one segment of the path.
    read("..%2f..%2fv3?a=b#c;d\\..&e", RUNNING),
)  # fmt: skip

CASES = (*REDIRECTS, *ANSWERS, *ENVIRONMENT)


def start(simulate: Callable[..., Running]) -> dict[str, Running]:
    """Start a service that leads elsewhere, and the simulator there."""
    elsewhere = simulate({})
    users = [{**USER, "project_id": "0123456789abcdef"}]
    service = scenario_of(
        CASES,
        credentials={"tokens": [{"token": TOKEN, "name": "token"}], "keys": [KEY], "users": users},
        faults=[
            *(
                fault("redirect", release=case.name, location=f"{elsewhere.url}/", status=case.result["error.status"])
                for case in REDIRECTS
            ),
            *(fault("redirect", service=name, location=f"{elsewhere.url}/") for name in ("iam", "metadata")),
        ],
    )
    return {SERVICE: simulate(service), ELSEWHERE: elsewhere}


def prepared(directory: Path, servers: Mapping[str, Running]) -> tuple[dict[str, str], dict[str, str]]:
    """Make untrusted files, and an environment that leads elsewhere."""
    names = {}
    for name, mode in {"readable file": 0o644, "writable file": 0o620}.items():
        file = directory / name
        file.write_text(f"[basic]\nak = {KEY['access_key']}\nsk = {KEY['secret_key']}\n", encoding="utf-8")
        file.chmod(mode)
        names[name] = str(file)
    netrc = directory / "home" / ".netrc"
    netrc.write_text("default login invented-user password invented-password\n", encoding="utf-8")
    netrc.chmod(0o600)
    let_in(JINJA, directory)
    elsewhere = servers[ELSEWHERE].url
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"), elsewhere)
    logins = dict.fromkeys(("OS_AUTH_URL", "HW_AUTH_URL", "HUAWEICLOUD_SDK_IAM_ENDPOINT"), elsewhere)
    metadata = {"_HUAWEICLOUD_ASM_METADATA_ENDPOINT": servers[SERVICE].url}
    return names, {**proxies, **logins, **metadata, "NETRC": str(netrc)}


def let_in(text: str, directory: Path) -> None:
    """Make a text from outside the variable ``from_outside`` of all hosts; Ansible is told not to trust it."""
    variables = directory / "group_vars"
    variables.mkdir()
    (variables / "all.yml").write_text(f"from_outside: !unsafe {json.dumps(text)}\n", encoding="utf-8")


def looking_up(release_id: str, **options: str) -> dict[str, Any]:
    """Return the action of a task that prints what the lookup gives."""
    given = {"mesh_id": MESH_ID, "namespace": NAMESPACE, "token": TOKEN, **options}
    call = ", ".join([f"'{release_id}'", *(f"{name}='{value}'" for name, value in given.items())])
    return {"ansible.builtin.debug": {"msg": f"{{{{ query('huaweicloud.asm.asm_release', {call}) }}}}"}}


def test_attacks_on_both_paths(
    tmp_path: Path,
    installed_collection: Path,
    simulate: Callable[..., Running],
    subtests: pytest.Subtests,
) -> None:
    table = Table(CASES, start, prepared)

    paths = table.travel(tmp_path, installed_collection, simulate)

    table.check(paths, subtests)
    for name, path in paths.items():
        with subtests.test(path=name):
            assert path.servers[ELSEWHERE].summary()["accepted"] == 0
            # What ~/.netrc says would be there.
            sent = {header for entry in path.recorded[SERVICE] if entry["credential"] == "token"
                    for header in entry["header_names"]}  # fmt: skip
            assert ("x-auth-token" in sent, "authorization" in sent) == (True, False)
            assert "others may read the credentials file" in path.run.output.replace("\n", " ")
            assert not (tmp_path / name / "templated-twice").exists()


@pytest.mark.parametrize(
    "variable",
    [
        pytest.param("{{ from_outside }}", id="in-a-variable-of-ours"),
        pytest.param(None, id="as-our-variable", marks=pytest.mark.slow),
    ],
)
def test_an_endpoint_from_outside_is_not_templated_by_the_lookup(
    ansible: Ansible, simulate: Callable[..., Running], variable: str | None
) -> None:
    simulator = simulate(scenario(release("running", RUNNING)))
    let_in(JINJA, ansible.directory)
    task = {"name": "look up", **looking_up("running")}
    if variable is None:
        place = ansible.directory / "group_vars" / "all.yml"
        place.write_text(place.read_text(encoding="utf-8").replace("from_outside", ENDPOINT), encoding="utf-8")

    run = ansible.playbook(
        play(task, **({"vars": {ENDPOINT: variable}} if variable else {})),
        inventory=inventory(here={"ansible_connection": "local"}),
    )

    assert run.task("look up").outcome == "failed"
    assert "endpoint" in run.task("look up").result["msg"]
    assert not (ansible.directory / "templated-twice").exists()
    assert simulator.summary()["accepted"] == 0


@pytest.mark.parametrize(
    ("of_host", "outcome"),
    [pytest.param({}, "ok", id="those-of-ansible"), pytest.param({ENDPOINT: JINJA}, "failed", id="those-of-the-host")],
)
def test_facts_that_a_task_has_just_got_choose_no_endpoint(
    ansible: Ansible, simulate: Callable[..., Running], of_host: dict[str, str], outcome: str
) -> None:
    """Ansible itself answers the first task of a host with a fact: the interpreter that it has found."""
    simulator = simulate(scenario(release("running", RUNNING)))
    host = {"ansible_connection": "local", "ansible_python_interpreter": "auto_silent"}
    if of_host:
        python = ansible.directory / "python"
        python.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps({'ansible_facts': of_host})}\nEND\n", encoding="utf-8")
        python.chmod(0o755)
        host["ansible_python_interpreter"] = str(python)
    call = looking_up("running")["ansible.builtin.debug"]["msg"].strip("{ }")
    task = {"name": "go on", "ansible.builtin.command": "true", "loop": [1, 2], "when": f"{call} != []"}

    run = ansible.playbook(play(task, vars={ENDPOINT: simulator.url}), inventory=inventory(there=host))

    assert run.task("go on").outcome == outcome
    assert ("fact" in run.output) == (outcome == "failed")


@pytest.mark.parametrize(
    ("path", "times"),
    # A module is a process of its own for each item of a loop.
    [pytest.param("controller", 2, id="items-of-a-loop"), pytest.param("module", 1, id="module")],
)
def test_a_password_that_a_proxy_refuses_is_sent_once(ansible: Ansible, path: str, times: int) -> None:
    options = {"region": "cn-north-4", "mesh_id": MESH_ID, "namespace": NAMESPACE, "release_id": "r", "token": TOKEN}
    wanted = {"wait": True, "success_phases": ["Running"], "wait_sleep": 1, "wait_timeout": 30}
    task = {"name": "wait", MODULE: {**options, **wanted}, "loop": [*range(times)]}
    with answering({}) as proxy:
        run = ansible.playbook(
            play(task),
            inventory=inventory(here={"ansible_connection": CONNECTIONS[path]}),
            environment={"HTTPS_PROXY": proxy.url.replace("://", "://me:s3cret@")},
            arguments=["-vvv"],
        )

    errors = [each["error"] for each in run.task("wait").result["results"]]
    assert [(error["kind"], error["status"]) for error in errors] == [("proxy", 407)] * times
    assert proxy.tunnels == [f"Basic {base64.b64encode(b'me:s3cret').decode()}"]
    assert "s3cret" not in run.output


ACTING = (
    "a\x1b[2J\x1b]0;title\x07\x9b31m\u202eb\r\u2028"
    "##vso[task.setvariable variable=a]b\n##[error]c\n::add-mask::d\n::error file=e::f\n  ::stop-commands::g"
    "##teamcity[setParameter name='h']"
)
"""It clears a terminal, turns the direction of writing, and gives commands to three kinds of pipelines."""

ACTED_ON = (
    "metadata.name",
    "metadata.unknown",
    f"metadata.{ACTING.replace('.', '')}",
    "spec.version",
    "spec.serviceName",
    "spec.clusterID",
    "status.phase",
    "status.startTime",
    "status.grayDeployments.0.metadata.name",
    "status.grayDeployments.0.spec.template.spec.containers.0.image",
)
"""Places of a release that may hold any text; one is a name itself."""


@pytest.mark.parametrize("result_format", ["json", pytest.param("yaml", marks=pytest.mark.slow)])
def test_foreign_text_is_escaped_in_every_output(
    ansible: Ansible, simulate: Callable[..., Running], result_format: str
) -> None:
    refusal = answer(403, body="asm", message=ACTING, code=ACTING, headers={"X-Request-Id": "##vso[task.setvariable]"})
    simulator = simulate(
        scenario(
            release("acting", CREATING),
            release("refused", CREATING),
            faults=[
                fault("damage", set=dict.fromkeys(ACTED_ON, ACTING), release="acting"),
                {**refusal, "release": "refused"},
            ],
        )
    )
    once = {"when": "inventory_hostname == 'controller'"}
    refused = looking_up("refused", endpoint=simulator.url)
    tasks: list[dict[str, Any]] = [
        {"name": "gate", MODULE: gate(simulator, "acting", wait_timeout=1), "ignore_errors": True},
        {"name": "refused gate", MODULE: gate(simulator, "refused"), "ignore_errors": True},
        {"name": "look up", **looking_up("acting", endpoint=simulator.url), **once},
        {"name": "look up what is refused", **refused, **once, "ignore_errors": True},
    ]

    run = ansible.playbook(
        play(*tasks, strategy="free"),
        inventory=inventory(**{path: {"ansible_connection": name} for path, name in CONNECTIONS.items()}),
        # So that every result is printed.
        arguments=["-v"],
        environment={"ANSIBLE_CALLBACK_RESULT_FORMAT": result_format},
    )

    for name in ("default output", "errors"):
        lines = (run.stdout if name == "default output" else run.stderr).split("\n")
        assert [line for line in lines if not line.isprintable()] == [], name
        assert [line for line in lines if re.search(r"##\w*\[", line)] == [], name
        assert [line for line in lines if line.lstrip().startswith("::")] == [], name
    # All of it was printed.
    assert "release_gate: " in run.stderr
    for path in CONNECTIONS:
        result = run.task("gate", path).result
        assert (result["gate"]["outcome"], result["found"]) == ("timeout", True)
        assert "\\u001b[2J" in result["release"]["status"]["phase"]
        assert "# #vso[" in result["release"]["metadata"]["name"]
        assert run.task("refused gate", path).result["error"]["kind"] == "denied"
    assert run.stdout.count("u001b[2J") > 4
