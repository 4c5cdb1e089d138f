# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source `asm_release`."""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

DOCUMENTATION = r"""
name: asm_release
short_description: Watch grayscale releases of Huawei Cloud ASM, and send an event for each change
version_added: 1.0.0
author:
  - the huaweicloud.asm contributors (@huaweicloud-asm)
description:
  - Watches the grayscale releases of one or many meshes of the Application Service Mesh (ASM) of Huawei Cloud, and
    sends an event for each change. Without a change, it sends nothing.
  - One source can watch all meshes of an account. Each poll of a mesh is one request, with the permission
    C(asm:mesh:listReleases). A release that the list does not contain, or shows only in part, costs one more request,
    with C(asm:mesh:getRelease).
  - The filters O(namespace), O(service) and O(name) look at the value that was shown last, by the list or by a single
    read. Another value than those wanted excludes the release at once. A release whose value no response has shown
    sends no event. The log has one warning, and the release is read again every 10 minutes, or as soon as the list
    shows the value.
  - The polls of all meshes are spread over O(wait_sleep), and all requests share O(requests_per_minute). With too many
    meshes for that budget, the interval between two polls of a mesh becomes longer. The log says how long it is when
    the source starts, as a warning if it is longer than O(wait_sleep), otherwise only with C(-v).
  - After a 429, no request is sent sooner than O(wait_sleep), or C(Retry-After) (up to 10 minutes) if it is longer.
    Each 429 doubles every pause of the source, up to 16 times the pause, and every 5 minutes the pauses halve again.
  - The first list of a mesh is the baseline and sends no event, so that old releases start no deployment. O(initial)
    changes that. Releases first seen in the second list are treated as already present, because the API may return an
    incomplete list.
  - With O(success_phases), each release has a gate of its own, with the rules of M(huaweicloud.asm.asm_release_info).
    A run of the gate begins when the release appears, or with the first change that is seen. It ends with one of the
    events C(reached), C(failed), C(stalled) and C(timeout). Until its phase, version or images change again, the
    release rests, also if it disappears and comes back unchanged, unless 5000 others have disappeared, or have been
    excluded by a filter, after it. A change of what the list leaves out is seen only if a condition needs it.
  - A transient error (network, 408, 429, 5xx, a response that is not JSON) is logged once and is never taken for a
    change.
  - A mesh that cannot be watched ends only itself. A final error of the mesh (400, 403, 404, a list that is too large,
    or one with items of which none can be used), or transient errors for longer than five poll intervals and at least 5
    minutes, send the event C(unavailable). A mesh that was refused is tried again every 10 minutes; if its
    list can be read, and only single reads are refused, the list is polled as before. The event C(available) says that
    the mesh is back.
  - The source ends with one sentence when it is pointless or harmful to go on. That is a wrong argument, the first 401
    or refused proxy (all meshes share the credentials, and more refusals could lock the key), a state file that it must
    not use, or no mesh left that can be watched.
  - It needs ansible-core and requests in the Python of ansible-rulebook.
events:
  appeared: There is a new release, one that had disappeared is back, or the filters no longer exclude one.
  phase: Its phase has changed.
  ready: Its gray workloads have become ready, or are no longer ready. C(ready) of the event says which.
  gone: The list does not contain the release, and ASM itself has answered twice in a row that it has no such release.
  reached: All conditions of its gate are met. An accepted disappearance sends C(gone), then C(reached).
  failed: The release is in one of O(failure_phases), has exceeded the deadline of its rollout (with O(ready)), or has
    got another version (C(gate.outcome) is then C(replaced)).
  stalled: It has made no progress for O(stall_timeout).
  timeout: Its gate was not reached within O(wait_timeout). The event comes with the next list that can be read.
  unavailable: The mesh cannot be watched. C(error) says why, C(since) says since when.
  available: The mesh can be watched again.
options:
  mesh_id:
    description: IDs of the meshes to watch, a string or a list.
    type: list
    elements: str
    required: true
  namespace:
    description: Watch only releases in these namespaces, a string or a list.
    type: list
    elements: str
  service:
    description: Watch only releases of these services (C(spec.serviceName)), a string or a list.
    type: list
    elements: str
  name:
    description: Watch only releases with these names (C(metadata.name)), a string or a list.
    type: list
    elements: str
  initial:
    description:
      - Send C(appeared) for each release in the first list of a mesh, and begin its gate.
      - Without effect for a mesh that O(state_file) contains already.
    type: bool
    default: false
  state_file:
    description:
      - File that keeps what was last seen of each release, for the next start. Without it, each start takes a new
        baseline, and a change in between sends no event.
      - Events are handed over first, then the file is written. After a crash in between, the next start sends the
        events again that still hold, with the same C(id). An event with another content has another C(id).
      - The file is also written at the start. If that fails, the source ends before it sends an event.
      - A change that was reverted while no source ran is not seen.
      - With a new file, the numbers in C(id) begin anew, so that an C(id) may come again for another change. Without a
        file, no start repeats an C(id) of another.
      - When O(success_phases), O(failure_phases), O(ready), O(version), O(images), O(on_missing) or O(missing_after)
        differ from those in the file, no run of an earlier gate goes on. The file stays usable.
      - Handed over means taken by ansible-rulebook. Events that it has not acted upon when it is killed are lost,
        unless O(feedback) and its own persistence are used.
      - The file has mode 0600, belongs to one endpoint and one set of filters from the first poll on, and is locked
        while it is used (with a second file of its name and C(.lock)). Meshes may be added and removed, and a mesh that
        is added again continues from its saved state. A file that cannot be read, or belongs to another source, is a
        final error, never an empty start. It holds no credentials and no manifests.
    type: path
  feedback:
    description:
      - Wait after each event until the rule engine of ansible-rulebook has stored it, so that the event is acted upon
        after a crash, too. Until then, the next event is not sent, and O(state_file) is not written.
      - Works without O(state_file) as well, but then covers what was sent, not what changes while no source runs.
      - Needs ansible-rulebook 1.3 or newer, started with a persistence id. To lose nothing in a crash, its database has
        to write at once, which C(;WRITE_DELAY=0) at the end of C(drools_db_file_path) does.
    type: bool
    default: false
  success_phases:
    description:
      - The gate of a release is reached in one of these phases. Without them, no release has a gate, and every other
        option of a gate is an error.
      - The service publishes no list of phases, so none is built in. Phases are compared case-insensitively.
    type: list
    elements: str
  failure_phases:
    description: The gate of a release fails at once in one of these phases.
    type: list
    elements: str
    default: []
  ready:
    description: The gate is reached only when all gray workloads are there and rolled out as well.
    type: bool
    default: false
  version:
    description:
      - The gate is reached only while C(spec.version) has this value. Quote it in YAML. A number is an error here and
        in every other argument that is text.
      - A template of a rulebook turns 1.10 into a number. Quotes within the quotes, C("'{{ version }}'"), keep it text.
    type: str
  images:
    description: The gate is reached only when each of these is the image of some container in every gray workload.
    type: list
    elements: str
  stable_for:
    description:
      - Seconds for which all conditions must have held. After a restart the count begins anew.
      - It also begins anew if no response comes for more than 3 poll intervals or O(request_timeout), whichever is
        longer. If slow responses make polls rarer than the poll interval, the time between two polls counts instead,
        from the fourth poll after a failed list.
    type: int
    default: 0
  stall_timeout:
    description:
      - Seconds without progress after which the release has stalled. V(0) means never.
      - After a restart the count begins anew.
    type: int
    default: 0
  on_missing:
    description:
      - What a disappearance means for the gate. V(accept) counts it as success if the last phase was in
        O(missing_after).
      - V(fail) and V(wait) mean the same here.
    type: str
    default: fail
    choices:
      - fail
      - accept
      - wait
  missing_after:
    description: Phases after which a disappearance counts as success. Required with O(on_missing=accept).
    type: list
    elements: str
  wait_timeout:
    description:
      - Seconds that each run of the gate of a release may take. The source itself has no deadline.
      - Time while the source does not run, or ansible-rulebook takes no event, does not count. A restart may add up to
        a minute.
    type: int
    default: 600
  wait_sleep:
    description:
      - Seconds between two polls of a mesh, at least 1, spread by up to 10 % either way. It is longer if
        O(requests_per_minute) does not allow so many polls.
      - Each read may create an audit event, so avoid intervals below 10 seconds.
    type: int
    default: 10
  request_timeout:
    description:
      - Seconds that one request may take. For the list of a mesh, they count from the last byte received, so a large
        list may take longer than this, but not pause for longer.
      - A poll has a deadline of its own over all, 4 times O(request_timeout), a login included. The list has about
        34 kB for each release, so raise O(request_timeout) for thousands of releases on a slow line.
    type: int
    default: 15
  request_retries:
    description:
      - Accepted so that rulebooks can share variables with playbooks.
      - It has no effect here. After a transient error, the next poll of the mesh comes after the poll interval, and
        after twice as long for each further error, up to a minute or the poll interval if that is longer.
    type: int
    default: 3
  requests_per_minute:
    description:
      - How many requests the source may send in a minute, whatever they are for and whichever mesh they are about.
      - Polls, single reads, retries and logins count. A login and the read that needs it are sent together, and the
        next request waits for both.
      - Lists take at most 80 percent of it, single reads the rest, so N meshes need a budget of N x 75 / O(wait_sleep).
        If many releases must be read singly, the interval becomes longer than announced. Choose the budget below the
        limit of your account.
    type: int
    default: 30
  manifests:
    description:
      - Put the whole release into each event, as the API returned it.
      - Its Deployments hold the literal C(env) values of their containers, and a rulebook may log its events.
      - No text in an event is a template. The beginning of a template in a text of the release has a blank in it.
    type: bool
    default: false
  region:
    description:
      - Region of the mesh, such as V(cn-north-4). It gives O(endpoint) and O(iam_endpoint) unless they are set.
      - Also from the environment, as E(HW_REGION_NAME), E(OS_REGION_NAME).
    type: str
  endpoint:
    description:
      - Where ASM is, as C(https://host[:port][/path]). C(http://) is accepted for this machine only.
      - Also from the environment, as E(HUAWEICLOUD_ASM_ENDPOINT), then as the SDK's variable for the region,
        C(HUAWEICLOUD_SDK_REGION_ASM_<REGION>).
    type: str
  iam_endpoint:
    description:
      - Where IAM is, for a login with O(username).
      - Also from the environment, as E(HUAWEICLOUD_SDK_IAM_ENDPOINT), E(HW_AUTH_URL), E(OS_AUTH_URL).
    type: str
  auth_type:
    description:
      - Which kind of credentials to use. With V(auto), the first source that has any part of a set decides. The
        sources are the arguments, the environment in the names of the SDK (C(HUAWEICLOUD_SDK_…)), of Terraform
        (C(HW_…)) and of OpenStack (C(OS_…)), and the credentials file. Sets are never mixed across sources.
      - V(ecs_agency) takes the temporary keys of the agency of the ECS that this runs on.
    type: str
    default: auto
    choices:
      - auto
      - token
      - aksk
      - password
      - ecs_agency
  token:
    description:
      - A token of IAM. It ends after a day at most, so for a source that runs longer use a key pair or a password.
      - Also from the environment, as E(HW_AUTH_TOKEN), E(OS_AUTH_TOKEN).
    type: str
  access_key:
    description:
      - Access key (AK) of a key pair, which signs each request.
      - Also from the environment, as E(HUAWEICLOUD_SDK_AK), E(HW_ACCESS_KEY), E(OS_ACCESS_KEY).
    type: str
  secret_key:
    description:
      - Secret key (SK) of the key pair.
      - Also from the environment, as E(HUAWEICLOUD_SDK_SK), E(HW_SECRET_KEY), E(OS_SECRET_KEY).
    type: str
  security_token:
    description:
      - Security token of a temporary key pair.
      - Also from the environment, as E(HUAWEICLOUD_SDK_SECURITY_TOKEN), E(HW_SECURITY_TOKEN).
    type: str
  username:
    description:
      - Name of an IAM user, to log in with. Needs O(password) and O(domain_name).
      - Also from the environment, as E(HW_USER_NAME), E(OS_USERNAME).
    type: str
  password:
    description:
      - Password of the user.
      - Also from the environment, as E(HW_USER_PASSWORD), E(OS_PASSWORD).
    type: str
  domain_name:
    description:
      - Name of the account that the user belongs to.
      - Also from the environment, as E(HW_DOMAIN_NAME), E(OS_DOMAIN_NAME).
    type: str
  project_id:
    description:
      - ID of the project. With a key pair it is only needed for sub-projects.
      - Also from the environment, as E(HUAWEICLOUD_SDK_PROJECT_ID), E(HW_PROJECT_ID), E(OS_PROJECT_ID).
    type: str
  project_name:
    description:
      - Name of the project to log in to. The default is the project of the region.
      - Also from the environment, as E(HW_PROJECT_NAME), E(OS_PROJECT_NAME).
    type: str
  credentials_file:
    description:
      - The SDK's file with a key pair, in the section C([basic]). It is the last of all sources, and
        C(~/.huaweicloud/credentials) unless named.
      - The file must belong to the user or to root, and no other user may have write access.
      - Also from the environment, as E(HUAWEICLOUD_SDK_CREDENTIALS_FILE).
    type: path
  validate_certs:
    description: Whether certificates are checked. Without that, the credentials can be read in transit.
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificate authorities to trust.
      - The default comes from C(REQUESTS_CA_BUNDLE), C(CURL_CA_BUNDLE) or C(SSL_CERT_FILE) in the environment.
    type: path
"""

EXAMPLES = r"""
# Send an event for each change of any release of two meshes. Credentials come from the environment.
- huaweicloud.asm.asm_release:
    mesh_id:
      - 2f1c9a4e-invented
      - 7d20b6c1-invented
    region: cn-north-4

# One event when a release of reviews is reached, fails or stalls; the state survives a restart.
- huaweicloud.asm.asm_release:
    mesh_id: "{{ mesh_id }}"
    region: cn-north-4
    namespace: bookinfo
    service: reviews
    success_phases: [Running]
    failure_phases: [Failed]
    ready: true
    stable_for: 60
    stall_timeout: 900
    wait_timeout: 172800
    wait_sleep: 30
    state_file: /var/lib/rulebooks/reviews.json
"""


def _make_findable() -> None:
    """Let Python find the collection that this file belongs to: ansible-rulebook runs the file alone.

    Not by Ansible's loader, whose hook on paths keeps ansible-rulebook from running what it loads after this.
    """
    folders = Path(__file__).absolute().parents
    if len(folders) < 8 or folders[6].name != "ansible_collections":
        return
    sys.path.insert(0, str(folders[7]))
    package = importlib.import_module("ansible_collections")
    # The package `ansible` has a regular package of this name, which does not look along sys.path.
    if str(folders[6]) not in package.__path__:
        package.__path__.insert(0, str(folders[6]))


if "ansible_collections.huaweicloud.asm" not in sys.modules:
    _make_findable()

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.watcher import Host, watch
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.raw import check_raw, typed
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    SOURCE_OPTIONS,
    argument_spec,
    source_argument_rules,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.validation import sanitizer_for
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime

NAME = "huaweicloud.asm.asm_release"

_QUOTE_IT = "quote it, within a template twice: \"'{{ … }}'\""

_LOGGER = logging.getLogger(NAME)

_SLICE = 0.2
"""Seconds after which a delivery to a full queue checks whether the source was cancelled."""

_ENDS_WITHIN = 1.0
"""Seconds within which a cancelled source ends."""

_REMINDER = 300.0
"""Seconds after which the log says that ansible-rulebook has not taken an event yet."""


class AsmReleaseError(Exception):
    """Why the source has ended, in one sentence without secrets."""


async def main(queue: asyncio.Queue[dict[str, Any]], args: dict[str, Any]) -> None:
    """Watch releases and put an event into the queue for each change, until the task is cancelled.

    Args:
        queue: of the rulebook; a slow reader slows the source down.
        args: arguments of the source, as documented.

    Raises:
        AsmReleaseError: an argument is wrong, or a final error has ended the source.
    """
    given = dict(args)
    # ansible-rulebook adds it for a source with feedback.
    feedback = given.pop("eda_feedback_queue", None)
    parameters = _typed(given)
    if parameters["feedback"] and feedback is None:
        raise AsmReleaseError(f"{NAME}: feedback needs ansible-rulebook 1.3 or newer; upgrade it or remove feedback")
    source = _Source(queue, feedback, asyncio.get_running_loop())
    problem = await source.run(parameters)
    if problem:
        raise AsmReleaseError(f"{NAME}: {problem}")


class _Source:
    """One source: a thread of its own for calls that block, and the path from the thread to the queue."""

    def __init__(
        self,
        queue: asyncio.Queue[dict[str, Any]],
        feedback: asyncio.Queue[dict[str, Any]] | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._queue = queue
        self._feedback = feedback
        self._loop = loop
        self._stop = threading.Event()
        self._refused: BaseException | None = None

    async def run(self, parameters: Mapping[str, Any]) -> str:
        """Watch until the task is cancelled or an error ends the source; return the error's sentence."""
        runtime = Runtime(is_cancelled=self._stop.is_set, sleep=self._sleep)
        # Not the executor of the loop: its few threads are shared, and this one is busy for ever.
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=NAME)
        work = self._loop.run_in_executor(executor, watch, parameters, runtime, Host(self._deliver, _inform, _warn))
        try:
            problem = await asyncio.shield(work)
        finally:
            self._stop.set()
            executor.shutdown(wait=False)
            await asyncio.wait({work}, timeout=_ENDS_WITHIN)
        if self._refused is not None:
            raise self._refused
        return problem

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)

    async def _put(self, event: dict[str, Any]) -> None:
        """Put an event into the queue; with feedback, wait until the rule engine has stored it."""
        # ansible-rulebook may never take it: if the rule engine has refused an event, or if its limit of parallel
        # actions was reached for too long.
        reminder = self._loop.call_later(_REMINDER, _warn, _untaken(event))
        try:
            await self._queue.put(event)
            if self._feedback is not None:
                await self._feedback.get()
        finally:
            reminder.cancel()

    def _deliver(self, event: dict[str, Any]) -> bool:
        """Put an event into the queue, from the thread; return whether it was taken before the source was cancelled."""
        if self._stop.is_set():
            return False
        taken = asyncio.run_coroutine_threadsafe(self._put(event), self._loop)
        while not taken.done():
            if self._stop.is_set():
                taken.cancel()
                return False
            wait_for([taken], timeout=_SLICE)
        # An event filter of the rulebook may have raised an error, which is not ours to explain.
        self._refused = None if taken.cancelled() else taken.exception()
        return not taken.cancelled() and self._refused is None


def _untaken(event: Mapping[str, Any]) -> str:
    return (
        f"mesh '{event['mesh_id']}': ansible-rulebook has not taken the event '{event['id']}' for {_REMINDER:g} s, so "
        "no mesh is read and no other event is sent; unless actions are still running, look for an error in its log "
        "and restart it"
    )


def _inform(text: str) -> None:
    _LOGGER.info("%s: %s", NAME, text)


def _warn(text: str) -> None:
    _LOGGER.warning("%s: %s", NAME, text)


def _typed(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments by name, typed and with defaults.

    Raises:
        AsmReleaseError: an argument is unknown or of another type, or a null would widen what is watched.
    """
    sanitizer = sanitizer_for(args)
    try:
        given = check_raw(args, SOURCE_OPTIONS, _QUOTE_IT)
        return typed(given, ArgumentSpecValidator(argument_spec(SOURCE_OPTIONS), **source_argument_rules()), sanitizer)
    except AsmError as error:
        raise AsmReleaseError(f"{NAME}: {sanitizer.redact(error.sentence(sanitizer))}") from None
