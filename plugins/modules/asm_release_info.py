#!/usr/bin/python
# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `asm_release_info`."""

from __future__ import annotations

DOCUMENTATION = r"""
module: asm_release_info
short_description: Read grayscale releases of Huawei Cloud ASM, or wait until they reach a phase
version_added: 1.0.0
author:
  - the huaweicloud.asm contributors (@huaweicloud-asm)
description:
  - Reads grayscale releases of Huawei Cloud Application Service Mesh (ASM).
  - Name one release with O(release_id), or with O(service) if you don't know the ID. Name several with O(releases).
    Without any of these, the module reads every release of the mesh.
  - With O(wait), the task is a gate. The gate opens when the release is in a phase of O(success_phases) and meets the
    conditions that you add, such as O(ready), O(version) and O(stable_for). The task fails at once in a phase of
    O(failure_phases), when the gate can no longer open, and at the deadline (O(wait_timeout)).
  - The module only reads. A task never reports C(changed).
options:
  release_id:
    description:
      - ID of the grayscale release task, as the ASM console shows it.
      - Mutually exclusive with O(service) and O(releases).
    type: str
  releases:
    description:
      - Several releases of the mesh. The result has RV(releases), with one entry for each in the same order.
      - Two or more IDs are one request per poll, plus one for each service and for each release that the list of the
        mesh lacks or shows only in part.
      - The list needs the permission C(asm:mesh:listReleases). If that is denied, each release is read singly, with a
        warning.
      - Each entry names a release with O(releases[].release_id) or O(releases[].service).
    type: list
    elements: dict
    suboptions:
      release_id:
        description:
          - ID of the release. An ID matches the C(metadata.uid) of a release, or else the C(metadata.name).
        type: str
      service:
        description: Service whose current release is read.
        type: str
      namespace:
        description: Namespace of the release. The default is O(namespace).
        type: str
      version:
        description: Version of this release. The default is O(version).
        type: str
      images:
        description: Images of this release. The default is O(images).
        type: list
        elements: str
extends_documentation_fragment:
  - huaweicloud.asm.gate
  - huaweicloud.asm.connection
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    description:
      - Reads once and does not wait. RV(gate.outcome) says what this read alone would mean.
      - RV(msg) begins with C(check mode:). Only the outcome V(error) fails the task. Every other outcome but V(reached)
        is a warning.
    support: full
  diff_mode:
    description: The module changes nothing, so it has no difference to show.
    support: none
  platform:
    platforms: posix
  action:
    description:
      - With the local connection, and without C(become), C(async) and C(environment), the action plugin of the same
        name reads within the controller and shows its progress on standard error. Otherwise the module does the same
        work, and returns the same result.
    support: full
  async:
    description: Supports C(async). The task then shows no progress.
    support: full
  action_group:
    version_added: 1.0.0
    description: Use C(group/huaweicloud.asm.asm) in C(module_defaults) to set the connection options once.
    support: full
    membership:
      - huaweicloud.asm.asm
requirements:
  - requests (in the Python that runs the module; with the local connection, the Python of the controller)
notes:
  - Huawei Cloud does not publish the values of C(status.phase). Read a release to see its phase.
  - The permissions are C(asm:mesh:getRelease) for O(release_id), C(asm:mesh:getService) for O(service), and
    C(asm:mesh:listReleases) for several releases and for the whole mesh.
  - Do not add C(retries) to a gate. Each retry starts a new gate.
  - In a play with several hosts, use the role P(huaweicloud.asm.release_gate#role), or C(run_once). Otherwise each host
    sends the same requests, and a wrong key can get locked.
  - Every option accepts a value that is encrypted inline (C(!vault)). Only the values of secret options are removed
    from the output.
  - Do not pass secrets through C(environment). Ansible prints the environment at C(-vvv).
seealso:
  - plugin: huaweicloud.asm.asm_release
    plugin_type: lookup
    description: Read releases within an expression.
  - plugin: huaweicloud.asm.in_phase
    plugin_type: test
    description: Check the phase in a result.
  - plugin: huaweicloud.asm.ready
    plugin_type: test
    description: Check in a result whether the gray workloads are rolled out.
  - name: The role release_gate
    link: https://github.com/huaweicloud-asm/ansible-collection-asm/blob/main/roles/release_gate/README.md
    description: One gate for all hosts of a play. The playbook C(huaweicloud.asm.gate) runs the role as one command.
  - name: What the verdicts mean
    link: https://github.com/huaweicloud-asm/ansible-collection-asm/blob/main/docs/docsite/rst/verdicts.rst
    description: The rules of the gate.
  - name: Credentials
    link: https://github.com/huaweicloud-asm/ansible-collection-asm/blob/main/docs/docsite/rst/credentials.rst
    description: All sources of credentials, and the permissions.
"""

EXAMPLES = r"""
- name: Read a release
  huaweicloud.asm.asm_release_info:
    region: cn-north-4
    mesh_id: "{{ mesh_id }}"
    namespace: bookinfo
    release_id: "{{ release_id }}"
  register: reviews

- name: Show the phase of the release
  ansible.builtin.debug:
    var: reviews.phase

- name: Wait until the release is Running and its pods have been ready for one minute
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

- name: Wait for version v2 of a service, whatever the ID of its release is
  huaweicloud.asm.asm_release_info:
    region: cn-north-4
    mesh_id: "{{ mesh_id }}"
    namespace: shop
    service: ratings
    version: v2
    wait: true
    on_missing: wait
    success_phases:
      - Running

- name: Wait for several releases
  huaweicloud.asm.asm_release_info:
    region: cn-north-4
    mesh_id: "{{ mesh_id }}"
    namespace: bookinfo
    releases:
      - release_id: "{{ reviews_id }}"
        version: "2.1"
      - service: ratings
        namespace: shop
        version: v2
    wait: true
    success_phases:
      - Running
    failure_phases:
      - Failed

- name: Read every release of the mesh
  huaweicloud.asm.asm_release_info:
    region: cn-north-4
    mesh_id: "{{ mesh_id }}"
  register: mesh

- name: Roll back if the gate stays closed
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
    - name: Roll back (your own tasks)
      ansible.builtin.debug:
        msg: "Last phase: {{ ansible_failed_result.phase | default('unknown') }}"

    - name: Fail with the outcome and the reason
      ansible.builtin.fail:
        msg: "{{ ansible_failed_result.gate.outcome | default('error') }}: {{ ansible_failed_result.msg }}"

# vault_access_key and vault_secret_key are encrypted with Ansible Vault. The module removes their values from its
# result, so no_log is not needed.
- name: Read a release with a key pair from the vault
  huaweicloud.asm.asm_release_info:
    region: cn-north-4
    mesh_id: "{{ mesh_id }}"
    namespace: bookinfo
    release_id: "{{ release_id }}"
    access_key: "{{ vault_access_key }}"
    secret_key: "{{ vault_secret_key }}"
  register: reviews
"""

RETURN = r"""
msg:
  description: The result in one sentence.
  type: str
  returned: always
  sample: "reviews-canary (bookinfo) is Running, 3/3 ready"
found:
  description: Whether the release exists.
  type: bool
  returned: for one release
  sample: true
release:
  description:
    - The release. Empty if the release was not found.
    - Deployments and unknown objects and lists are removed, and characters that are not printable are escaped.
    - With O(manifests), the release is as the API gave it.
  type: dict
  returned: for one release
  sample:
    kind: Release
    apiVersion: asm/v2
    metadata:
      meshID: 5d4ab08b-8fd4-11ec-a2b8-0255ac1000a8
      name: reviews-canary
      uid: 8e1a2c9e-2c62-4e5b-9f0b-0a9c1f3b7d11
      namespace: bookinfo
    spec:
      serviceName: reviews
      version: "1.10"
    status:
      phase: Running
phase:
  description: C(status.phase) of the release. Empty if the release was not found.
  type: str
  returned: for one release
  sample: Running
workloads:
  description: Summary of the Deployments of the release.
  type: dict
  returned: for one release
  contains:
    original:
      description: The original workload, with the keys of RV(workloads.gray). Empty if there is none.
      type: dict
      returned: always
      sample:
        name: reviews
        namespace: bookinfo
        cluster_id: 3f7a1b52-8fd4-11ec-a2b8-0255ac1000a8
        images:
          - registry.example/bookinfo/reviews:1.9
        replicas: 3
        updated_replicas: 3
        ready_replicas: 3
        available_replicas: 3
        rolled_out: true
        message: ""
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
          sample: reviews-gray
        namespace:
          description: Namespace of the Deployment.
          type: str
          returned: always
          sample: bookinfo
        cluster_id:
          description: ID of the cluster. Empty if it is not known.
          type: str
          returned: always
          sample: 3f7a1b52-8fd4-11ec-a2b8-0255ac1000a8
        images:
          description: Images of the containers.
          type: list
          elements: str
          returned: always
          sample:
            - registry.example/bookinfo/reviews:1.10
        replicas:
          description: Number of replicas that the Deployment wants.
          type: int
          returned: always
          sample: 3
        updated_replicas:
          description: Number of replicas with the latest template.
          type: int
          returned: always
          sample: 3
        ready_replicas:
          description: Number of replicas that are ready.
          type: int
          returned: always
          sample: 2
        available_replicas:
          description: Number of replicas that are available.
          type: int
          returned: always
          sample: 2
        rolled_out:
          description: Whether the Deployment is rolled out, as C(kubectl rollout status) defines it.
          type: bool
          returned: always
          sample: false
        message:
          description: Why the Deployment is not rolled out. Empty if it is.
          type: str
          returned: always
          sample: 2 of 3 updated replicas are available
releases:
  description:
    - One entry for each release, in the order of O(releases). The releases of a whole mesh are sorted by namespace and
      name.
    - Each entry also has RV(found), RV(release), RV(phase) and RV(workloads), as for one release.
  type: list
  elements: dict
  returned: for several releases
  contains:
    namespace:
      description: Namespace of the release.
      type: str
      returned: always
      sample: bookinfo
    release_id:
      description:
        - ID of the release as the task names it.
        - For a whole mesh, the uid of the release, or its name if it has no uid.
      type: str
      returned: if the entry was not named by its service
      sample: 8e1a2c9e-2c62-4e5b-9f0b-0a9c1f3b7d11
    service:
      description: Service of the release as the task names it.
      type: str
      returned: if the entry was named by its service
      sample: ratings
    msg:
      description: The state of the release in one sentence.
      type: str
      returned: always
      sample: "reviews-canary (bookinfo) is Running, 3/3 ready"
    request_id:
      description:
        - ID of the request that the entry comes from, as the service reports it.
        - The entries of one list have the same ID. Empty if the service reported none.
      type: str
      returned: always
      sample: 4bd1f0a2c63e4d8f9a7d0c5b1e2f3a4b
    outcome:
      description:
        - The outcome for this release alone, as in RV(gate.outcome).
        - V(pending) if the gate ended before this release had an outcome.
      type: str
      returned: with O(wait)
      sample: reached
    timeline:
      description: Changes of this release, as in RV(gate.timeline).
      type: list
      elements: dict
      returned: with O(wait)
      sample:
        - phase: Running
          at: "2026-03-01T12:00:41Z"
          after: 40.2
          ready_replicas: 3
          replicas: 3
    timeline_omitted:
      description: Number of earlier changes that this timeline omits.
      type: int
      returned: with O(wait)
      sample: 0
    error:
      description: The error that concerns this release alone, with the keys of RV(error).
      type: dict
      returned: if there is such an error
      sample:
        kind: not_found
        status: 404
        code: ASM.01404001
        message: release not found
        request_id: 4bd1f0a2c63e4d8f9a7d0c5b1e2f3a4b
        url: https://asm.cn-north-4.myhuaweicloud.com/v2/meshes/m-1/namespaces/bookinfo/releases/r-1
request_id:
  description: ID of the last request, as the service reports it. Empty if the service reported none.
  type: str
  returned: always
  sample: 4bd1f0a2c63e4d8f9a7d0c5b1e2f3a4b
gate:
  description: The verdict of the gate.
  type: dict
  returned: with O(wait)
  contains:
    outcome:
      description:
        - V(reached) opens the gate. Every other outcome fails the task.
        - V(failed) means a phase of O(failure_phases) or, with O(ready), a gray workload that has exceeded its progress
          deadline.
        - V(timeout) means the deadline.
        - V(stalled) means no progress for O(stall_timeout).
        - V(missing) means that ASM does not know the release, and O(on_missing) does not accept that.
        - V(replaced) means another release or another version in the place of the first.
        - V(error) means an error that retrying cannot fix.
        - V(pending) is possible in check mode only. One read is not enough to decide.
        - For several releases, the outcome is that of the first release that made O(require) impossible.
      type: str
      returned: always
      sample: reached
    elapsed:
      description: Duration in seconds.
      type: float
      returned: always
      sample: 40.5
    requests:
      description: Number of requests that were answered.
      type: int
      returned: always
      sample: 5
    retries:
      description: Number of retries after transient errors.
      type: int
      returned: always
      sample: 0
    timeline:
      description:
        - One entry for each change of phase or readiness.
        - The list holds the last 250 changes.
      type: list
      elements: dict
      returned: for one release
      contains:
        phase:
          description: The phase. Empty while the release did not exist.
          type: str
          returned: always
          sample: Running
        at:
          description: Time of the response in UTC, as ISO 8601.
          type: str
          returned: always
          sample: "2026-03-01T12:00:41Z"
        after:
          description: Seconds since the start of the gate.
          type: float
          returned: always
          sample: 40.2
        ready_replicas:
          description: Number of ready replicas of all gray workloads.
          type: int
          returned: always
          sample: 3
        replicas:
          description: Number of replicas that the gray workloads want.
          type: int
          returned: always
          sample: 3
    timeline_omitted:
      description: Number of earlier changes that the timeline omits.
      type: int
      returned: for one release
      sample: 0
    required:
      description: Number of releases that must meet their conditions.
      type: int
      returned: for several releases
      sample: 2
    counts:
      description: Number of releases for each outcome. Releases without an outcome count as V(pending).
      type: dict
      returned: for several releases
      sample:
        reached: 7
        pending: 5
    check_mode:
      description: Whether the outcome is only what one read in check mode would mean.
      type: bool
      returned: always
      sample: false
error:
  description: The error that ended the task, or the last transient error before a timeout.
  type: dict
  returned: if there was such an error
  contains:
    kind:
      description:
        - One of V(usage), V(credentials), V(denied), V(not_found), V(endpoint), V(tls), V(proxy), V(throttled),
          V(server), V(network), V(timeout), V(protocol), V(internal).
      type: str
      returned: always
      sample: denied
    status:
      description: HTTP status of the response. Null without a response. With V(proxy), the status from the proxy.
      type: int
      returned: always
      sample: 403
    code:
      description: Error code of the service. Empty if the response has none.
      type: str
      returned: always
      sample: APIGW.0302
    message:
      description: Error message of the service. If the response has none, a description of the problem.
      type: str
      returned: always
      sample: the credentials lack a permission
    request_id:
      description: ID of the request, as the service reports it.
      type: str
      returned: always
      sample: 4bd1f0a2c63e4d8f9a7d0c5b1e2f3a4b
    url:
      description: URL of the request. Empty if nothing was sent.
      type: str
      returned: always
      sample: https://asm.cn-north-4.myhuaweicloud.com/v2/meshes/m-1/namespaces/bookinfo/releases/r-1
"""

import os
import select

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import argument_rules, argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import run
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import CUT_NAME, Runtime, TaskContext

STANDARD_OUTPUT = 1


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True, **argument_rules())
    task = TaskContext(module.check_mode, cut=os.environ.get(CUT_NAME, ""))
    report = run(module.params, task, Runtime(is_cancelled=_is_unread))
    for warning in report.shown_warnings(module.no_log):
        module.warn(warning)
    if report.is_failed:
        module.fail_json(**{key: value for key, value in report.result.items() if key != "failed"})
    module.exit_json(**report.result)


def _is_unread() -> bool:
    """Return whether the other end of standard output, where the result goes, is closed.

    Ansible 2.16 ends its worker at Ctrl-C, but not what that has started.
    """
    output = select.poll()
    output.register(STANDARD_OUTPUT, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _descriptor, events in output.poll(0))


if __name__ == "__main__":
    main()
