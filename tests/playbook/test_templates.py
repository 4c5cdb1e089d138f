# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a release is never run by Ansible's templating, wherever a playbook uses a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    MODULE,
    RUNNING,
    inventory,
    play,
    reading_releases,
    release,
    scenario,
)
from ansible_collections.huaweicloud.asm.tests.playbook.test_rulebooks import evaluated, hostile

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running


LOOKUP = """\
query('huaweicloud.asm.asm_release', ids, endpoint=asm.endpoint, mesh_id=asm.mesh_id, namespace=asm.namespace,
      token=asm.token, manifests=true)"""
FAILING = LOOKUP.replace("manifests=true", "wait=true, success_phases=['Never'], failure_phases=['Running']")
WAITING = FAILING.replace("failure_phases=['Running']", "wait_timeout=1, wait_sleep=1")


def test_text_of_a_result_is_never_run(ansible: Ansible, simulate: Callable[..., Running]) -> None:
    releases: list[dict[str, Any]] = [{**each, "steps": [RUNNING]} for each in hostile(ansible.directory)]
    phase = f"{{{{ lookup('pipe', 'touch {ansible.directory}/evaluated-phase') }}}}"
    simulator = simulate(scenario(*releases, release("other", {**RUNNING, "phase": phase})))
    ids = [each["id"] for each in releases]
    options = reading_releases(simulator, *ids, manifests=True)
    refused = {**options, "wait": True, "success_phases": ["Never"], "failure_phases": ["Running"]}
    tasks: list[dict[str, Any]] = [
        {MODULE: options, "register": "seen"},
        {"set_fact": {"looked_up": f"{{{{ {LOOKUP} }}}}"}, "vars": {"asm": options, "ids": ids}},
        {"debug": {"msg": "{{ looked_up }} {{ looked_up[0].release.spec.version | trim }}"}},
        {"set_fact": {"first": "{{ seen }}", "texts": "{{ seen.releases | map(attribute='release') | list }}"}},
        {"set_fact": {"version": "{{ item.release.spec.version }}"}, "loop": "{{ seen.releases }}"},
        {"set_fact": {"second": "{{ first }} {{ texts }} {{ version }}"}},
        {"debug": {"msg": ["{{ second }}", "{{ lazy }}", "{{ texts }}"]}, "vars": {"lazy": "{{ first.releases }}"}},
        {
            "debug": {"msg": "{{ item.release.spec }}"},
            "loop": "{{ first.releases }}",
        },
        {
            "block": [{MODULE: refused}],
            "rescue": [
                {"debug": {"msg": "{{ ansible_failed_result }}"}},
                {"set_fact": {"why": "{{ ansible_failed_result }}"}},
            ],
        },
        {"debug": {"msg": "{{ why.msg }} {{ why.releases }}"}},
        {
            "set_fact": {"never": f"{{{{ {FAILING} }}}}"},
            "vars": {"asm": options, "ids": ids},
            "register": "error",
            "ignore_errors": True,
        },
        {"set_fact": {"kept": "{{ error }}"}},
        {"debug": {"msg": "{{ error.msg }} {{ kept }} {{ kept.msg }}"}},
        {
            "vars": {"asm": options, "ids": ["other"]},
            "block": [{"set_fact": {"released": True}, "failed_when": f"{WAITING} == []"}],
            "rescue": [{"debug": {"msg": "{{ ansible_failed_result }}"}}],
        },
        {"name": "the end", "debug": {"msg": "{{ seen.releases | length }}"}},
    ]
    hosts = {name: {"ansible_connection": connection} for name, connection in CONNECTIONS.items()}

    run = ansible.playbook(play(*tasks), inventory=inventory(**hosts))

    assert not evaluated(ansible.directory)
    assert run.returncode == 0, run.output
    assert [run.task("the end", host).result["msg"] for host in hosts] in ([3, 3], ["3", "3"])
