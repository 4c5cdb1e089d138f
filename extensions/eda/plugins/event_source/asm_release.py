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
short_description: Watch grayscale releases of Huawei Cloud ASM, and send an event when one changes
version_added: 1.0.0
author:
  - the huaweicloud.asm contributors (@huaweicloud-asm)
description:
  - Watches grayscale releases of one mesh of the Application Service Mesh (ASM) of Huawei Cloud, and sends an event for
    each change. While nothing changes, nothing is sent.
  - There is exactly one way to say which releases. O(release_id) names one, O(releases) names several, and without
    either every release of the mesh is watched, narrowed by O(namespace), O(service) and O(name).
  - Two or more releases, or a selection, cost one request a poll, which takes the permission
    C(asm:mesh:listReleases).
  - The first poll is the baseline and sends nothing, so that old releases start no deployment. O(initial) changes that.
    Lists can be short and a 404 can be wrong for once, so what the second list shows first belongs to the baseline as
    well, and so does a named release until ASM has answered twice in a row that it is not there. What comes after two
    lists without it is new.
  - With O(success_phases), each release has a gate of its own, with the rules of M(huaweicloud.asm.asm_release_info).
    A run of it begins when the release appears, or with the first change that is seen, and ends with one of the events
    C(reached), C(failed), C(stalled) and C(timeout). Until its phase, version or images change again, the release is at
    rest, also if it disappears and comes back as it was.
  - A passing fault (network, 429, 5xx, an answer that is not JSON) is logged once, never ends the source, and is never
    taken for a change. Neither is what an answer does not tell, or tells for the first time.
  - A final error (credentials, permission, endpoint, certificate, a wrong argument) ends it with one sentence.
  - It needs ansible-core and requests in the Python of ansible-rulebook.
events:
  appeared: A release is there that was not there before.
  phase: Its phase has changed.
  ready: Its gray workloads have become ready, or are not ready any more. C(ready) of the event says which.
  gone: ASM itself has answered twice in a row that it knows the release no more. That a list lacks it is not enough.
  reached: All conditions of its gate have been met. An accepted disappearance is C(gone), and then C(reached).
  failed: It is in one of O(failure_phases), has exceeded the deadline of its rollout (with O(ready)), or another
    release or version has taken its place (C(gate.outcome) is then C(replaced)).
  stalled: It has made no progress for O(stall_timeout).
  timeout: Its gate was not reached within O(wait_timeout).
options:
  mesh_id:
    description: ID of the mesh that the grayscale releases belong to.
    type: str
    required: true
  namespace:
    description: Namespace of the release or releases. Without a release named by its id, it narrows what is watched.
    type: str
  release_id:
    description: ID of the one release to watch, as the ASM console shows it. It may appear later.
    type: str
  releases:
    description: Several releases of the mesh, each named once. They may appear later.
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
  service:
    description: Watch the releases of these services (C(spec.serviceName)).
    type: list
    elements: str
  name:
    description: Watch the releases with these names (C(metadata.name)).
    type: list
    elements: str
  initial:
    description:
      - Send C(appeared) for each release that the first poll finds, and begin its gate.
      - Without effect when O(state_file) is there already.
    type: bool
    default: false
  state_file:
    description:
      - File in which the source remembers what it has seen and sent, for the next start of the rulebook. Without it,
        each start begins with a new baseline, and what changed meanwhile is never told.
      - The events of a poll are written down, then sent, then written down as sent. After a crash in between, the next
        start begins with sending them once more, unchanged, with the same C(id). No other change gets that C(id).
      - A file that is removed and made anew begins with new numbers, so an C(id) may come again. C(meta.uuid) does not.
      - When O(success_phases), O(failure_phases), O(ready), O(version), O(images), O(on_missing) or O(missing_after)
        are others than in the file, no run of the former gate goes on. The file stays usable. Neither the
        order of phases and images matters, nor the case of phases.
      - Sent means taken by ansible-rulebook. What it has not acted upon when it is killed is lost, unless O(feedback)
        and its own persistence are used.
      - Without it, the numbers in C(id) begin anew at each start, so an id may come again for another change.
      - It is made with mode 0600, belongs to one endpoint, mesh and set of releases, and is locked while it is used
        (with a second file, of its name and C(.lock)). A file that cannot be read, or that belongs to something else,
        is a final error, never an empty start. It holds no credentials, and manifests only with O(manifests), until
        the events that they are in are sent.
    type: path
  feedback:
    description:
      - Wait after each event until the rule engine of ansible-rulebook has stored it, so that it acts upon it after a
        crash, too. Until then, the next event is not sent, and O(state_file) does not say that this one was.
      - Works without O(state_file) as well, but then covers what was sent, not what changes while no source runs.
      - Needs ansible-rulebook 1.3 or newer, started with a persistence id.
    type: bool
    default: false
  success_phases:
    description:
      - The gate of a release is reached in one of these phases. Without them, no release has a gate, and every other
        option of a gate is an error.
      - The service publishes no list of phases, so none is built in. They are compared without regard to case.
    type: list
    elements: str
  failure_phases:
    description: The gate of a release fails at once in one of these phases.
    type: list
    elements: str
    default: []
  ready:
    description: The gate is reached only when the gray workloads are all there and rolled out as well.
    type: bool
    default: false
  version:
    description:
      - The gate is reached only while C(spec.version) is this one. Quote it in YAML. A number is an error here and in
        every other argument that is text.
      - A template of a rulebook makes a number of 1.10. Quotes within the quotes, C("'{{ version }}'"), keep it.
    type: str
  images:
    description: The gate is reached only when each of these is the image of some container in every gray workload.
    type: list
    elements: str
  stable_for:
    description: Seconds for which all conditions must have held. After a restart they are counted anew.
    type: int
    default: 0
  stall_timeout:
    description: Seconds without progress after which the release has stalled. V(0) means never.
    type: int
    default: 0
  on_missing:
    description:
      - What a disappearance means for the gate. V(accept) takes it for a success if the last phase was in
        O(missing_after).
      - V(fail) and V(wait) mean the same here. A named release that is not there may appear at any time.
    type: str
    default: fail
    choices:
      - fail
      - accept
      - wait
  missing_after:
    description: Phases from which a disappearance is a success. Required with O(on_missing=accept).
    type: list
    elements: str
  wait_timeout:
    description:
      - Seconds that each run of the gate of a release may take. The source itself has no deadline.
      - Time while the source does not run does not count.
    type: int
    default: 600
  wait_sleep:
    description:
      - Seconds between two polls, at least 1, spread by up to 10 % either way.
      - Every read can become an audit event, so more often than every 10 seconds is bad manners.
    type: int
    default: 10
  request_timeout:
    description: Seconds that one request may take.
    type: int
    default: 15
  request_retries:
    description: Taken for the sake of other users of the same variables. Here the next poll is the next try.
    type: int
    default: 3
  requests_per_minute:
    description:
      - How many single reads a minute may be made of releases that the list does not tell enough of, or of named
        releases if the list is denied.
    type: int
    default: 30
  manifests:
    description:
      - Put the whole release into each event, as the API gave it.
      - Its Deployments hold the literal C(env) values of their containers, and a rulebook may log its events.
      - Nothing in an event is a template, so the opening of one in a text of the release has a blank in it.
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
      - Also from the environment, as E(HUAWEICLOUD_ASM_ENDPOINT).
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
      - Also from the environment, as E(HUAWEICLOUD_SDK_CREDENTIALS_FILE).
    type: path
  validate_certs:
    description: Whether certificates are checked. Without that, anyone on the way can read the credentials.
    type: bool
    default: true
  ca_path:
    description: File with the certificate authorities to trust.
    type: path
"""

EXAMPLES = r"""
# Tell of each change of any release of a mesh. Credentials come from the environment.
- huaweicloud.asm.asm_release:
    mesh_id: "{{ mesh_id }}"
    region: cn-north-4

# One event when a release of reviews is reached, fails or stalls; what was sent survives a restart.
- huaweicloud.asm.asm_release:
    mesh_id: "{{ mesh_id }}"
    region: cn-north-4
    namespace: bookinfo
    service: [reviews]
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
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    SOURCE_OPTIONS,
    SOURCE_REFUSED,
    source_argument_spec,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.validation import checked, cleaner_for
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.read_events import watch
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import listed
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Surroundings

NAME = "huaweicloud.asm.asm_release"

_QUOTE_IT = "quote it, within a template twice: \"'{{ … }}'\""

_LOGGER = logging.getLogger(NAME)

_SLICE = 0.2
"""Seconds after which whoever waits for a full queue looks whether the source has been cancelled."""

_PATIENCE = 1.0
"""Seconds within which a cancelled source has ended."""

_REMINDER = 300.0
"""Seconds after which it is told that the rule engine has not stored an event yet."""


class AsmReleaseError(Exception):
    """Why the source has ended, in one sentence without secrets."""


async def main(queue: asyncio.Queue[dict[str, Any]], args: dict[str, Any]) -> None:
    """Watch releases and put an event into the queue for each change, until the task is cancelled.

    Args:
        queue: of the rulebook; whoever reads it slowly slows the source down.
        args: arguments of the source, as documented.

    Raises:
        AsmReleaseError: an argument is wrong, or a final error has ended the source.
    """
    given = dict(args)
    # What ansible-rulebook adds for a source with feedback.
    feedback = given.pop("eda_feedback_queue", None)
    parameters = _typed(given)
    if parameters["feedback"] and feedback is None:
        problem = "feedback is not known to this ansible-rulebook; use version 1.3 or newer, or leave it out"
        raise AsmReleaseError(f"{NAME}: {problem}")
    source = _Source(queue, feedback, asyncio.get_running_loop())
    problem = await source.run(parameters)
    if problem:
        raise AsmReleaseError(f"{NAME}: {problem}")


class _Source:
    """One source: a thread of its own for what blocks, and the way from there to the queue."""

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
        """Watch until cancelled, or until an error ends it, and return its sentence."""
        surroundings = Surroundings(abandoned=self._stop.is_set, sleep=self._sleep)
        # Not the executor of the loop: its few threads belong to everybody, and this one is taken for ever.
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=NAME)
        work = self._loop.run_in_executor(executor, watch, parameters, surroundings, self._deliver, _warn)
        try:
            problem = await asyncio.shield(work)
        finally:
            self._stop.set()
            executor.shutdown(wait=False)
            await asyncio.wait({work}, timeout=_PATIENCE)
        if self._refused is not None:
            raise self._refused
        return problem

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)

    async def _put(self, event: dict[str, Any]) -> None:
        """Put an event into the queue, and with feedback wait until the rule engine has stored it."""
        await self._queue.put(event)
        if self._feedback is None:
            return
        # If the rule engine has refused the event, ansible-rulebook logs that and never answers.
        reminder = self._loop.call_later(_REMINDER, _warn, _unanswered(event))
        try:
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
        # A filter of the rulebook may have raised something, which is not ours to explain.
        self._refused = None if taken.cancelled() else taken.exception()
        return not taken.cancelled() and self._refused is None


def _unanswered(event: Mapping[str, Any]) -> str:
    return (
        f"ansible-rulebook has not said for {_REMINDER:g} s that its rule engine has stored the event '{event['id']}', "
        "and no other is sent before; it may be busy with other events, or have failed: see its log"
    )


def _warn(text: str) -> None:
    _LOGGER.warning("%s: %s", NAME, text)


def _typed(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments by name, typed and with defaults.

    Raises:
        AsmReleaseError: one of them is unknown, null where that would widen what is watched, or of another type.
    """
    cleaner = cleaner_for(args)
    spec = source_argument_spec()
    for name, reason in SOURCE_REFUSED.items():
        if name in args:
            raise AsmReleaseError(f"{NAME}: {name} is no argument of it: {reason}")
    unknown = [str(name) for name in args if name not in spec]
    if unknown:
        found = listed(f"'{cleaner(name)}'" for name in unknown)
        raise AsmReleaseError(f"{NAME}: {found} is no argument of it; see DOCUMENTATION in its file")
    try:
        given = checked(args, SOURCE_OPTIONS, _QUOTE_IT)
    except AsmError as error:
        raise AsmReleaseError(f"{NAME}: {cleaner.redact(error.sentence(cleaner))}") from None
    try:
        result = ArgumentSpecValidator(spec).validate(given)
    except OverflowError:
        # Not every ansible-core minds an infinity where it wants an int.
        raise AsmReleaseError(f"{NAME}: an argument of type int is infinite; give a number") from None
    for message in result.error_messages:
        raise AsmReleaseError(f"{NAME}: {cleaner.redact(message)}")
    typed: dict[str, Any] = result.validated_parameters
    return typed
