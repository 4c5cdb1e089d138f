# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the gate, for the module and the lookup."""

from __future__ import annotations


class ModuleDocFragment:
    """Which releases, what opens the gate, what shuts it, and how long it may take."""

    DOCUMENTATION = r"""
options:
  mesh_id:
    description: ID of the mesh that the grayscale releases belong to.
    type: str
    required: true
  namespace:
    description:
      - Namespace of the grayscale release.
      - Required for a release that is named by its id alone. It narrows a selection to one namespace.
    type: str
  service:
    description:
      - Select the releases of these services (C(spec.serviceName)), instead of naming releases by their ids.
      - Excludes what names releases by their ids.
    type: list
    elements: str
  name:
    description:
      - Select the releases with these names (C(metadata.name)), instead of naming releases by their ids.
      - Excludes what names releases by their ids.
    type: list
    elements: str
  wait:
    description:
      - Read again and again until there is a verdict.
      - Without it, O(success_phases), O(failure_phases), O(ready), O(version), O(images), O(stable_for),
        O(stall_timeout), O(missing_after), O(require), O(minimum), O(ignore_phases) and O(on_missing=wait) are errors,
        so that nobody believes that a gate was there.
    type: bool
    default: false
  success_phases:
    description:
      - The gate opens in one of these phases.
      - Required with O(wait). The service publishes no list of phases, so none is built in.
      - Phases are stripped and compared without regard to case.
    type: list
    elements: str
  failure_phases:
    description:
      - The gate fails at once in one of these phases. None of them may be in O(success_phases).
    type: list
    elements: str
    default: []
  ready:
    description:
      - The gate opens only when the gray workloads are rolled out as well. There must be at least one, as many as were
        planned, each with a status, wanting at least one replica, and rolled out as C(kubectl rollout status)
        understands it. A release without a list C(spec.grayDeployments) is not ready, and a Deployment that C(kubectl)
        could not decode is not rolled out.
      - The gate fails at once when a gray workload has exceeded its progress deadline.
      - A phase alone says nothing about pods, and neither says anything about traffic.
    type: bool
    default: false
  version:
    description:
      - The gate opens only while C(spec.version) of the release is this one. Quote it. YAML reads 1.10 as the number
        1.1, which would be another version.
      - A number, a boolean or a date is an error here and in every other option that is text, also in a list. Quote the
        value, or add C(| string) to the template that makes it.
      - Before ansible-core 2.19, a template on part of a variable, such as C({{ app.version }}), makes text of a number
        before it can be refused. Quote the version where the variable is set.
      - A version that has not been seen yet is waited for. Another one after it has been seen is the outcome
        V(replaced).
    type: str
  images:
    description:
      - The gate opens only when each of these is the image of some container in every gray workload.
      - They tell what was just deployed from what was there before, also when the same release gets another image.
    type: list
    elements: str
  stable_for:
    description:
      - Seconds for which all conditions must have held, from the end of the first good answer to the start of the
        latest. It takes at least two answers.
      - A passing fault neither breaks nor feeds it, but more than the larger of 3 × O(wait_sleep) and
        O(request_timeout) without a good answer starts it anew.
      - Must be less than O(wait_timeout).
    type: int
    default: 0
  stall_timeout:
    description:
      - Give up after so many seconds without progress. V(0) means never.
      - Progress is a change of the phase, of the version, or, for a gray workload, of the desired, the updated, or the
        highest number of ready replicas so far.
    type: int
    default: 0
  on_missing:
    description:
      - What it means when ASM itself answers that it knows no such release. An answer of anything else never means
        that.
      - V(fail) makes it an error or, with O(wait), the outcome V(missing). A release that was seen before is missing at
        the second such answer in a row.
      - V(accept) takes the disappearance of a release for a success if it was seen before and its last phase was in
        O(missing_after). A release that was never seen is missing at once. Without O(wait), the release is just not
        found.
      - V(wait) waits for a release that is not there yet. Once it was seen, it is like V(fail).
    type: str
    default: fail
    choices:
      - fail
      - accept
      - wait
  missing_after:
    description:
      - Phases from which a disappearance is a success. Required for a gate (O(wait)) with O(on_missing=accept).
    type: list
    elements: str
  require:
    description:
      - How many of several releases must reach, V(all), V(any) or a number. It makes no sense for one release.
      - A release counts once it has met all conditions. A mere other phase later does not undo that, but a phase of
        O(failure_phases), another release or version in its place, or ASM's own 404 does.
      - The gate opens in a poll in which enough releases count and each of those was answered. It fails as soon as so
        many can no longer reach.
    type: str
    default: all
  minimum:
    description:
      - How many releases a selection must find at least. Required for a selection with O(wait), and only for that.
      - It counts releases, not services. To be sure of each of several services, use one task for each.
      - With fewer, the gate stays shut. They are waited for with O(on_missing=wait); otherwise the outcome is
        V(missing). A number in O(require) that is larger counts instead.
      - A selected release that vanishes stays wanted, and one that appears joins.
      - When too many have failed, the gate fails. It does not wait for more than this number to appear.
    type: int
  ignore_phases:
    description:
      - Leave out a selected release that is in one of these phases when it is first seen. It is listed in
        C(gate.ignored), and O(minimum) does not count it.
      - Releases that have ended may stay listed for days.
    type: list
    elements: str
  wait_timeout:
    description:
      - Seconds for everything, however many releases there are. Login, requests, retries and pauses all count.
      - A C(timeout) or C(async) of the task cuts it to 2 seconds less than either, so that the verdict is not lost.
        The message of the gate says so.
    type: int
    default: 600
  wait_sleep:
    description:
      - Seconds between two reads, at least 1, spread by up to 10 % either way. Two or more releases are read with one
        request, so a poll of many costs as many requests as a poll of one.
      - Every read can become an audit event, so more often than every 10 seconds is bad manners.
    type: int
    default: 10
  request_timeout:
    description: Seconds that one request may take. It is cut to what is left of O(wait_timeout).
    type: int
    default: 15
  request_retries:
    description:
      - How many more times a single read is tried after a passing fault. That is an answer 408, 429 or 5xx, a network
        fault, a request that took too long, or an answer that is not JSON at all.
      - With O(wait), passing faults are survived until the deadline. Only before the first answer of ASM are network
        faults, requests that took too long and answers that are not JSON final after so many more tries, so that a
        mistyped region shows at once.
    type: int
    default: 3
  requests_per_minute:
    description:
      - How many single reads a minute several releases may cost, if their list is denied or does not tell enough of
        them. The reads are spaced, so that a poll takes longer.
      - A gate fails at once if not every release can be read twice that way before the deadline.
    type: int
    default: 30
  manifests:
    description:
      - Return the release as the API gave it, with the whole Deployments.
      - They hold the literal C(env) values of their containers, and Ansible prints the result of a failed task.
    type: bool
    default: false
"""
