#!/usr/bin/python
# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `asm_release_info`."""

from __future__ import annotations

DOCUMENTATION = r"""
module: asm_release_info
short_description: Read grayscale releases of Huawei Cloud ASM, or hold a playbook until they have reached a phase
version_added: 1.0.0
author:
  - the huaweicloud.asm contributors (@huaweicloud-asm)
description:
  - Reads one grayscale release of the Application Service Mesh (ASM) of Huawei Cloud, or several of one mesh.
  - With O(wait), it is a gate. The task succeeds when the release meets all conditions, and fails as soon as it is
    clear that it will not, or at the deadline. For several releases, O(require) says how many of them must.
  - There is exactly one way to say which. O(release_id) names one, O(releases) names several, and without either every
    release of the mesh is selected, narrowed by O(namespace), O(service) and O(name).
  - Two or more releases are read with one request a poll, which takes the permission C(asm:mesh:listReleases). If it is
    denied, releases that are named are read singly, with a warning.
  - On the local connection, without C(become), C(async) and C(environment), the action plugin of the same name reads
    within the controller, and shows its progress on standard error. Everything else is the same.
options:
  release_id:
    description:
      - ID of the grayscale release task, as the ASM console shows it.
      - The result then has the keys of one release.
    type: str
  releases:
    description:
      - Several releases of the mesh, each named once. The result then has RV(releases).
      - An id means the release with this uid, or else the one with this name. If several have the name, it is an error.
    type: list
    elements: dict
    suboptions:
      namespace:
        description: Its namespace, if it is not O(namespace).
        type: str
      release_id:
        description: Its id.
        type: str
        required: true
      version:
        description: Its version, instead of O(version).
        type: str
      images:
        description: Its images, instead of O(images).
        type: list
        elements: str
extends_documentation_fragment:
  - huaweicloud.asm.gate
  - huaweicloud.asm.connection
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    description:
      - Reads once and does not wait. RV(gate.outcome) says what that read alone would mean.
      - Of the outcomes, only V(error) fails the task then. RV(msg) begins with C(check mode:), and for every other
        outcome but V(reached) it is a warning as well.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
  platform:
    platforms: posix
  action:
    description: The action plugin of the same name reads within the controller. Elsewhere the module does the same.
    support: full
  async:
    description: Can run with C(async). It then runs as a module, and shows no progress.
    support: full
  action_group:
    version_added: 1.0.0
    description: Use C(group/huaweicloud.asm.asm) in C(module_defaults) to set the connection options once.
    support: full
    membership:
      - huaweicloud.asm.asm
requirements:
  - requests (in the Python that runs it, which on the local connection is the controller's)
notes:
  - Nobody has published the values of C(status.phase). Read a release once to learn what yours says.
  - Do not put C(retries) on a gate. Each retry would begin without memory of the one before.
  - A play on C(localhost) that holds a gate is left out by C(--limit), and the plays after it run. Use the role
    P(huaweicloud.asm.release_gate#role) in the play that deploys, or end the pipeline step with the gate.
  - In a loop over many hosts a wrong key is refused once for each host, and that can lock it. Use C(run_once) or the
    role.
  - Every option takes a value that is vaulted inline (C(!vault)). Only secrets are struck out of the output.
  - Do not pass secrets through C(environment). Ansible itself prints it at C(-vvv).
seealso:
  - plugin: huaweicloud.asm.asm_release
    plugin_type: lookup
    description: Read releases within an expression.
  - plugin: huaweicloud.asm.in_phase
    plugin_type: test
    description: Ask a result for its phase.
  - plugin: huaweicloud.asm.rolled_out
    plugin_type: test
    description: Ask a result whether its gray workloads are rolled out.
  - name: What the verdicts mean
    link: https://github.com/huaweicloud-asm/ansible-collection-asm/blob/main/docs/docsite/rst/verdicts.rst
    description: The guide to the rules of the gate.
  - name: Credentials
    link: https://github.com/huaweicloud-asm/ansible-collection-asm/blob/main/docs/docsite/rst/credentials.rst
    description: The guide to all sources of credentials, and to the permissions that are needed.
"""

EXAMPLES = r"""
- name: Read a release once
  huaweicloud.asm.asm_release_info:
    region: cn-north-4
    mesh_id: "{{ mesh_id }}"
    namespace: bookinfo
    release_id: "{{ release_id }}"
  register: reviews

- name: Hold the play until the release has been running, with all its pods, for a minute
  huaweicloud.asm.asm_release_info:
    region: cn-north-4
    mesh_id: "{{ mesh_id }}"
    namespace: bookinfo
    release_id: "{{ release_id }}"
    wait: true
    success_phases:
      - Running
    failure_phases:
      - Failed
    ready: true
    stable_for: 60
    stall_timeout: 300
    wait_timeout: 1800

- name: Hold the play until a whole train is running
  huaweicloud.asm.asm_release_info:
    region: cn-north-4
    mesh_id: "{{ mesh_id }}"
    namespace: bookinfo
    releases:
      - release_id: "{{ reviews_id }}"
        version: "2.1"
      - release_id: "{{ ratings_id }}"
        namespace: shop
    wait: true
    success_phases:
      - Running
    failure_phases:
      - Failed

- name: Hold the play until all releases of two services are running, two of them at least, whatever their ids are
  huaweicloud.asm.asm_release_info:
    region: cn-north-4
    mesh_id: "{{ mesh_id }}"
    service:
      - reviews
      - ratings
    wait: true
    minimum: 2
    on_missing: wait
    ignore_phases:
      - Terminated
    success_phases:
      - Running

- name: Tell the refusals apart
  block:
    - name: Hold the gate
      huaweicloud.asm.asm_release_info:
        region: cn-north-4
        mesh_id: "{{ mesh_id }}"
        namespace: bookinfo
        release_id: "{{ release_id }}"
        wait: true
        success_phases:
          - Running
        failure_phases:
          - Failed
  rescue:
    - name: Say what the gate saw, and stay failed
      ansible.builtin.fail:
        msg: "{{ ansible_failed_result.gate.outcome | default('no verdict') }}: {{ ansible_failed_result.msg }}"
"""

RETURN = r"""
msg:
  description: The result in one sentence.
  type: str
  returned: always
found:
  description: Whether the last answer of ASM was the release.
  type: bool
  returned: for one release
release:
  description:
    - With O(manifests), the release as the API gave it.
    - Without it, the Deployments and unknown objects and lists are left out, and what is not printable is escaped.
    - Empty when it was not found.
  type: dict
  returned: for one release
phase:
  description: C(status.phase) of the release. Empty when it was not found.
  type: str
  returned: for one release
workloads:
  description: The Deployments of the release, summed up.
  type: dict
  returned: for one release
  contains:
    original:
      description: The original workload, with the keys of RV(workloads.gray). Empty when there is none.
      type: dict
      returned: always
    gray:
      description: The gray workloads.
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: Name of the Deployment.
          type: str
          returned: always
        namespace:
          description: Namespace of the Deployment.
          type: str
          returned: always
        cluster_id:
          description: ID of its cluster. Empty when it cannot be told.
          type: str
          returned: always
        images:
          description: Images of its containers.
          type: list
          elements: str
          returned: always
        desired:
          description: Number of replicas that it wants.
          type: int
          returned: always
        updated:
          description: Number of replicas with its latest template.
          type: int
          returned: always
        ready:
          description: Number of replicas that are ready.
          type: int
          returned: always
        available:
          description: Number of replicas that are available.
          type: int
          returned: always
        rolled_out:
          description: The verdict of C(kubectl rollout status) on it.
          type: bool
          returned: always
        message:
          description: Why it is not rolled out. Empty when it is.
          type: str
          returned: always
releases:
  description:
    - Several releases, in the order of O(releases). Those of a selection are sorted by namespace and name.
    - Each has the keys RV(found), RV(release), RV(phase) and RV(workloads) of one release as well.
  type: list
  elements: dict
  returned: for several releases
  contains:
    namespace:
      description: Its namespace.
      type: str
      returned: always
    release_id:
      description: Its id as it was asked for. That of a selected one is its uid.
      type: str
      returned: always
    msg:
      description: Where it stands, in one sentence.
      type: str
      returned: always
    outcome:
      description:
        - As RV(gate.outcome), for this release alone.
        - V(pending) while it had no verdict of its own when the gate had.
      type: str
      returned: with O(wait)
    reads:
      description: Number of answers about it.
      type: int
      returned: with O(wait)
    timeline:
      description: As RV(gate.timeline), for this release.
      type: list
      elements: dict
      returned: with O(wait)
    timeline_left_out:
      description: As RV(gate.timeline_left_out), for this release.
      type: int
      returned: with O(wait)
    error:
      description: As RV(error), of a read of this release alone.
      type: dict
      returned: on an error that concerns it alone
request_id:
  description: ID of the last request that the service gave one.
  type: str
  returned: always
gate:
  description: The verdict of the gate.
  type: dict
  returned: with O(wait)
  contains:
    outcome:
      description:
        - V(reached) opens the gate. Everything else fails the task.
        - In check mode, where V(failed), V(missing) and V(replaced) do not fail it, V(pending) says that one read does
          not decide it.
        - V(failed) is a phase of O(failure_phases) or, with O(ready), a gray workload past its progress deadline.
        - V(timeout) is the deadline.
        - V(stalled) is no progress for O(stall_timeout).
        - V(missing) is ASM's own 404, as far as O(on_missing) does not accept it, or a selection with fewer releases
          than O(minimum).
        - V(replaced) is another release or another version in the place of the first.
        - V(error) is an error that waiting does not mend.
        - For several releases, it is the outcome of the one that was the first to become unable to reach.
      type: str
      returned: always
    message:
      description: The verdict in one sentence.
      type: str
      returned: always
    elapsed:
      description: How many seconds it took.
      type: float
      returned: always
    reads:
      description: Number of answers about the release. For several releases, that of all requests that were answered.
      type: int
      returned: always
    retries:
      description: Number of tries that followed a passing fault.
      type: int
      returned: always
    timeline:
      description: An entry for each change of phase or readiness, the first 50 and the last 200 of them.
      type: list
      elements: dict
      returned: for one release
      contains:
        phase:
          description: The phase. Empty while the release was not there.
          type: str
          returned: always
        at:
          description: When it was seen, UTC, as ISO 8601.
          type: str
          returned: always
        after:
          description: Seconds since the wait began.
          type: float
          returned: always
        ready:
          description: How many of the replicas that the gray workloads want are ready.
          type: str
          returned: always
          sample: 2/3
    timeline_left_out:
      description: Number of entries that were left out between the first and the last.
      type: int
      returned: for one release
    required:
      description: How many releases must reach.
      type: int
      returned: for several releases
    counts:
      description: Number of releases by outcome. Those without one count as V(pending).
      type: dict
      returned: for several releases
      sample:
        reached: 7
        pending: 5
    ignored:
      description: Selected releases that were left out because of O(ignore_phases).
      type: list
      elements: dict
      returned: for several releases
      contains:
        namespace:
          description: Its namespace.
          type: str
          returned: always
        name:
          description: Its name.
          type: str
          returned: always
        uid:
          description: Its uid.
          type: str
          returned: always
        phase:
          description: The phase in which it was first seen.
          type: str
          returned: always
    check_mode:
      description: Whether this is what one read alone would mean.
      type: bool
      returned: always
error:
  description:
    - What went wrong. With the outcome V(missing) it is ASM's answer, and with V(timeout) the last passing fault that
      had a part in it.
  type: dict
  returned: on an error, and on an outcome that an error or a fault had a part in
  contains:
    kind:
      description:
        - One of V(usage), V(credentials), V(denied), V(not_found), V(endpoint), V(tls), V(proxy), V(throttled),
          V(server), V(network), V(timeout), V(internal), V(protocol).
      type: str
      returned: always
    status:
      description: HTTP status, with V(proxy) that of the proxy. Null when there was no answer.
      type: int
      returned: always
    code:
      description: Code of the service.
      type: str
      returned: always
    message:
      description: Message of the service, or the problem in our own words.
      type: str
      returned: always
    request_id:
      description: ID of the request.
      type: str
      returned: always
    url:
      description: What was asked, without secrets.
      type: str
      returned: always
"""

import os
import select

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import argument_rules, argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import run
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime, TaskContext

STANDARD_OUTPUT = 1
CUT_NAME = "_HUAWEICLOUD_ASM_CUT"


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True, **argument_rules())
    task = TaskContext(module.check_mode, cut=os.environ.get(CUT_NAME, ""))
    outcome = run(module.params, task, Runtime(is_cancelled=_is_unread))
    for warning in outcome.warnings:
        module.warn(warning)
    if outcome.is_failed:
        module.fail_json(**{key: value for key, value in outcome.result.items() if key != "failed"})
    module.exit_json(**outcome.result)


def _is_unread() -> bool:
    """Return whether the other end of standard output, where the result goes, is closed.

    Ansible 2.16 ends its worker at Ctrl-C, but not what that has started.
    """
    output = select.poll()
    output.register(STANDARD_OUTPUT, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _descriptor, events in output.poll(0))


if __name__ == "__main__":
    main()
