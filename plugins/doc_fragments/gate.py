# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that the module and the lookup share: which releases, what the gate waits for, and for how long."""

from __future__ import annotations


class ModuleDocFragment:
    """The options besides those of the connection."""

    DOCUMENTATION = r"""
options:
  mesh_id:
    description: ID of the mesh that the releases belong to.
    type: str
    required: true
  namespace:
    description:
      - Namespace of the release. Required for a release that is named by its ID or by its service.
      - When every release of the mesh is read, O(namespace) narrows the result to one namespace.
    type: str
  service:
    description:
      - Read the current release of this service, whatever the ID of the release is.
      - A service without a release is treated like a release that does not exist. O(on_missing) says what happens then.
      - A gate follows the first release that it sees. If the service has another release later, the outcome is
        V(replaced).
      - The API documentation does not say whether a service still shows a release that has ended. Set O(version) or
        O(images), so that an old release cannot open the gate.
    type: str
  wait:
    description:
      - Poll until the gate has an outcome.
      - Without O(wait), these options are errors unless they have their default value - O(success_phases),
        O(failure_phases), O(ready), O(version), O(images), O(stable_for), O(stall_timeout), O(missing_after),
        O(require), and O(on_missing=wait). So a task without C(wait=true) cannot be mistaken for a gate.
    type: bool
    default: false
  success_phases:
    description:
      - The gate opens in one of these phases. Required with O(wait).
      - Huawei Cloud does not publish the phases, so there is no default. Read a release to see its phase.
      - Phases are compared without leading and trailing blanks, and without regard to case.
    type: list
    elements: str
  failure_phases:
    description:
      - The gate fails at once in one of these phases.
      - A phase can be in O(success_phases) or in O(failure_phases), but not in both.
    type: list
    elements: str
    default: []
  ready:
    description:
      - The gate opens only when the gray workloads are rolled out as well. There must be at least one gray workload,
        and as many as C(spec.grayDeployments) plans. Each must have a status, want at least one replica, and be rolled
        out as C(kubectl rollout status) defines it.
      - The gate fails at once when a gray workload has exceeded its progress deadline.
      - A phase alone says nothing about pods. Neither the phase nor O(ready) says anything about traffic.
    type: bool
    default: false
  version:
    description:
      - The gate opens only while C(spec.version) of the release is this version. The gate waits for a version that it
        has not seen yet. If the version changes after it matched, the outcome is V(replaced).
      - Quote the version. YAML reads 1.10 as the number 1.1, which would be another version. A number, a boolean or a
        date is an error here and in every other option that is text.
      - Before ansible-core 2.19, a template on a part of a variable, such as C({{ app.version }}), turns a number into
        text before the number can be refused. Quote the version where the variable is set.
    type: str
  images:
    description:
      - The gate opens only while every gray workload has a container with each of these images.
      - O(images) distinguishes a new rollout from the old one when the release stays the same.
    type: list
    elements: str
  stable_for:
    description:
      - Seconds for which all conditions must have held, from the end of the first response that meets them to the start
        of the latest. At least two responses are needed.
      - Transient errors neither reset nor extend the stable period. The period starts again if no response comes for
        more than 3 poll intervals or O(request_timeout), whichever is longer.
      - Must be less than O(wait_timeout).
    type: int
    default: 0
  stall_timeout:
    description:
      - Seconds without progress after which the gate fails. V(0) turns this off.
      - Progress is a change of the phase or the version, or of the number of replicas, of updated replicas, or of the
        highest number of ready replicas so far of a gray workload.
    type: int
    default: 0
  on_missing:
    description:
      - What to do if ASM reports that the release does not exist. A 404 from anything else is always an error.
      - V(fail) fails the task. With O(wait), the outcome is V(missing). A release that was seen before is missing after
        two such responses in a row.
      - V(accept) treats a disappearance as success if the last phase was in O(missing_after). A release that was never
        seen is V(missing) at once. Without O(wait), the task succeeds with C(found) V(false).
      - V(wait) waits for a release that does not exist yet. Once the release was seen, V(wait) is the same as V(fail).
    type: str
    default: fail
    choices:
      - fail
      - accept
      - wait
  missing_after:
    description:
      - Phases after which a disappearance counts as success. Required with O(wait) and O(on_missing=accept).
    type: list
    elements: str
  require:
    description:
      - How many of several releases must meet their conditions, V(all), V(any) or a number. An error for one release.
      - A release counts once it has met all conditions, whatever its phase is later. A failure phase, a replacement or
        a 404 undoes that.
      - The gate opens in a poll in which enough releases count and each of these was answered. The gate fails as soon
        as that number can no longer be reached.
    type: str
    default: all
  wait_timeout:
    description:
      - Deadline in seconds for everything, including login, retries and pauses, however many releases there are.
      - A C(timeout) or C(async) of the task cuts O(wait_timeout) to 2 seconds less than either, so that the task can
        report its result.
    type: int
    default: 600
  wait_sleep:
    description:
      - Seconds between two polls, varied by up to 10 %.
      - Avoid intervals below 10 seconds. Each read may create an audit event.
    type: int
    default: 10
  request_timeout:
    description:
      - Seconds that one request may take. Requests of a gate always end by O(wait_timeout). Without O(wait), a read of
        one release or list, with its retries, ends within O(request_timeout) x (O(request_retries) + 1) seconds.
      - For the list of a mesh, which reads several releases at once, the seconds count from the last byte received. So
        a large list may take longer than this, but not pause for longer.
    type: int
    default: 15
  request_retries:
    description:
      - Number of retries of a read after a transient error. Transient errors are the responses 408, 429 and 5xx,
        network errors, timeouts, and responses that are not JSON.
      - After a response 429, a retry comes no sooner than O(wait_sleep).
      - With O(wait), transient errors are retried until the deadline. Until the first response from ASM, network
        errors, timeouts and responses that are not JSON are retried only this often, so that a mistyped region fails
        soon.
    type: int
    default: 3
  requests_per_minute:
    description:
      - Limit on the requests that read a release singly when the task names several, or when the list of the mesh shows
        releases only in part. A poll takes longer to keep the limit.
      - Without O(wait), a read of the mesh fails at once if the single reads would take longer than O(wait_timeout).
      - If the list of the mesh is denied, and not every release can be read twice before the deadline, the gate fails
        at once.
    type: int
    default: 30
  manifests:
    description:
      - Return each release as the API gave it, with the whole Deployments.
      - Deployments hold the C(env) values of their containers, and Ansible prints the result of a failed task.
    type: bool
    default: false
"""
