# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of ASM: one request, its response as a model, and the retries of a single read."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar
from urllib.parse import quote

from ansible.module_utils.basic import missing_required_lib

from ..connection import endpoints
from ..connection.channel import Channel, open_channel
from ..connection.credentials import find
from ..connection.transport import DEFAULT_BOUNDS, MIB, REQUESTS_IMPORT_ERROR, Bounds, Response, Transport
from ..errors import (
    ERROR_KEYS,
    MESH,
    RELEASE,
    SERVICE,
    AsmError,
    CredentialsError,
    ErrorResponse,
    NotFoundError,
    ProtocolError,
    Resource,
    ThrottledError,
    UsageError,
    pause_after,
    refusal,
    request_id,
)
from ..models.release import Release, check_identity
from ..models.release import parse as parse_release
from ..models.release_list import ReleaseList, parse_list
from .decode import decode

try:
    from requests import Request
except ImportError:
    # `connect` reports it before anything here is called.
    Request = None  # type: ignore[assignment,misc]

if TYPE_CHECKING:
    from ..options import request as options
    from ..options.request import ReleaseTarget, Schedule
    from ..runtime import Runtime
    from ..sanitize import Sanitizer

T = TypeVar("T")

LIST_BOUNDS = Bounds(
    limit=256 * MIB,
    hint="delete ended releases of the mesh",
    from_last_byte=True,
)
"""A release has about 34 kB, and the list cannot be paged. A large one may take as long as the deadline allows, but not
pause for longer than the request timeout."""


class _Operation(NamedTuple):
    """An operation of the API: its path, what it reads, and the bounds of a response."""

    path: str
    resource: Resource
    bounds: Bounds = DEFAULT_BOUNDS


class Client:
    """Reads releases from one endpoint.

    Args:
        endpoint: `scheme://host[:port][/path]`, as `endpoints.checked_endpoint` returns it.
        transport: sends.
        channel: authorizes; it is kept for the next client.
        manifests: whether releases keep their Deployments.
        warn: takes each warning once.

    Attributes:
        request_id: of the last response that had one.
    """

    def __init__(
        self, endpoint: str, transport: Transport, channel: Channel, manifests: bool, warn: Callable[[str], None]
    ) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self._channel = channel
        self._manifests = manifests
        self._warn = warn
        self._warned: set[str] = set()
        self.request_id = ""

    @property
    def requests_sent(self) -> int:
        """Return how many requests this client has sent, those of logins included."""
        return self._transport.requests_sent

    def get_release(self, target: ReleaseTarget, deadline: float) -> Release:
        """Return a release by its id: GetReleaseByName ("Obtaining the Details About a Grayscale Release Task").

        A 401 is answered by one more try with a new token, if this process obtained the old one itself, and then not
        again until ASM has accepted one.

        Args:
            deadline: on the clock of the runtime; login and read are over by then.

        Raises:
            NotFoundError: ASM itself has no such release.
            AsmError: of any other kind.
        """
        path = f"/v2/meshes/{_segment(target.mesh_id)}/namespaces/{_segment(target.namespace)}/releases/"

        def understand(content: dict[str, Any], request: str) -> Release:
            check_identity(content, target.mesh_id, target.namespace)
            return parse_release(content, self._manifests, request)

        release = self._get(_Operation(path + _segment(target.name), RELEASE), deadline, understand)
        self._compare_ids(release, target.name)
        return release

    def get_service(self, target: ReleaseTarget, deadline: float) -> Release:
        """Return the current release of a service: GetServiceAggregation.

        Args:
            deadline: as for `get_release`.

        Raises:
            NotFoundError: ASM itself has no such service, or the service has no release.
            AsmError: of any other kind.
        """
        path = f"/v3/meshes/{_segment(target.mesh_id)}/namespaces/{_segment(target.namespace)}/services/"

        def understand(content: dict[str, Any], request: str) -> Release:
            release = content.get("release")
            # The API reference does not say which of the three it is: absent, null or empty.
            if release is None or release == {}:
                # An error with status 200 must not say that there is none.
                if (
                    not content.get("service")
                    or not isinstance(content["service"], dict)
                    or ERROR_KEYS & content.keys()
                ):
                    raise ProtocolError("the response shows neither a release nor the service", "check endpoint")
                raise NotFoundError("the service has no release", "check namespace and service")
            if not isinstance(release, dict):
                raise ProtocolError("release of the response is not an object", "check endpoint")
            check_identity(release, target.mesh_id, target.namespace, target.name)
            return parse_release(release, self._manifests, request)

        return self._get(_Operation(path + _segment(target.name), SERVICE), deadline, understand)

    def list_releases(self, mesh_id: str, deadline: float) -> ReleaseList:
        """Return all releases of a mesh: GetAllReleases ("Obtaining All Grayscale Release Tasks of a Mesh").

        Args:
            deadline: as for `get_release`.

        Raises:
            NotFoundError: ASM itself has no such mesh.
            AsmError: of any other kind.
        """

        def understand(content: dict[str, Any], request: str) -> ReleaseList:
            return parse_list(content, mesh_id, self._manifests, request)

        operation = _Operation(f"/v2/meshes/{_segment(mesh_id)}/releases", MESH, LIST_BOUNDS)
        return self._get(operation, deadline, understand)

    def close(self) -> None:
        """Leave connection and token to the next client of this process with the same settings."""
        self._channel.close()

    def _get(self, operation: _Operation, deadline: float, understand: Callable[[dict[str, Any], str], T]) -> T:
        """Return what a response 200 means; decoding and parsing are over by the deadline too."""
        authority, understood = self._channel.authority, partial(_understood, understand=understand)
        try:
            response = self._send(operation, deadline, understood)
            if response.status == 401 and authority.renew():
                response = self._send(operation, deadline, understood)
            if response.status != 200:
                raise refusal(operation.resource, response.status, response.headers, response.body, response.url)
        except AsmError as error:
            self.request_id = error.response.request_id or self.request_id
            if isinstance(error, NotFoundError):
                authority.accept()
            elif isinstance(error, CredentialsError):
                authority.refuse(error)
            raise
        authority.accept()
        self.request_id = request_id(response.headers) or self.request_id
        content: T = response.content
        return content

    def _send(self, operation: _Operation, deadline: float, decode: Callable[[Response], Any]) -> Response:
        authorization = self._channel.authority.authorization(self._transport, deadline)
        request = Request("GET", self._endpoint + operation.path, auth=authorization)
        return self._transport.send(request, deadline, operation.bounds, decode)

    def _compare_ids(self, release: Release, release_id: str) -> None:
        """Warn if a release has neither the uid nor the name that it was asked for by.

        The API reference does not say whether there is another form of id, so it is no error.
        """
        if release.uid and release.name and release_id not in (release.uid, release.name):
            asked, uid, name = map(self._transport.sanitizer, (release_id, release.uid, release.name))
            text = (
                f"release_id '{asked}' is neither uid nor name of the release in the response "
                f"(uid '{uid}', name '{name}'); check that it is the right one"
            )
            if text not in self._warned:
                self._warned.add(text)
                self._warn(text)


def _understood(response: Response, understand: Callable[[dict[str, Any], str], T]) -> T:
    """Return what a response 200 means; what is made of its content, an error included, names the request."""
    content, request = decode(response), request_id(response.headers)
    try:
        return understand(content, request)
    except AsmError as error:
        # That a service has no release is an answer of ASM, as a 404 is.
        is_answer = isinstance(error, NotFoundError)
        raise error.with_response(ErrorResponse(200, "", "", request, response.url, from_asm=is_answer)) from None


def _segment(value: str) -> str:
    return quote(value, safe="-_.~")


def connect(
    request: options.Request | options.SourceRequest,
    runtime: Runtime,
    sanitizer: Sanitizer,
    warn: Callable[[str], None],
    on_idle: Callable[[], None] = lambda: None,
) -> Client:
    """Return a client; nothing has been sent yet.

    Args:
        request: its `connection` says where to connect to, its `manifests` whether releases keep their Deployments.
        sanitizer: learns the credentials.
        warn: takes warnings, sanitized.
        on_idle: called about once a second while a request takes its time.

    Raises:
        UsageError, CredentialsError: a setting is wrong or missing.
    """
    if REQUESTS_IMPORT_ERROR:
        raise UsageError(missing_required_lib("requests"))
    connection = request.connection
    endpoints.check_given(connection.given)
    endpoint = endpoints.asm_endpoint(connection, runtime.environment)
    credentials = find(connection, runtime.environment, warn, sanitizer)
    channel = open_channel(endpoint, credentials, connection, runtime)
    transport = Transport(channel.routes, connection.request_timeout, runtime, sanitizer, on_idle)
    return Client(endpoint, transport, channel, request.manifests, warn)


def read_with_retries(
    read: Callable[[float], T], schedule: Schedule, runtime: Runtime, until: float = math.inf, spacing: float = 0.0
) -> T:
    """Return what a single read finds, after retries of transient errors.

    The read is over within `request_timeout` × (`request_retries` + 1) seconds: a pause that would end later, such as
    a long Retry-After, is not begun. After a 429, a pause is not shorter than `wait_sleep`.

    Args:
        read: reads once, before a deadline.
        until: a tighter deadline.
        spacing: shortest pause in seconds, for a budget of requests.

    Raises:
        AsmError: the last one.
    """
    deadline = min(until, runtime.monotonic() + schedule.request_timeout * (schedule.request_retries + 1))
    tries = 0
    while True:
        try:
            return read(deadline)
        except AsmError as error:
            tries += 1
            # Backing off after a 429 must not send requests faster than a gate without errors.
            shortest = schedule.wait_sleep if isinstance(error, ThrottledError) else 0.0
            pause = max(pause_after(error, tries, runtime.jitter()), spacing, shortest)
            # What the service asks for counts here, not what `pause_after` cuts it to: a try before that is of no use.
            due = runtime.monotonic() + max(pause, error.response.retry_after or 0.0)
            if not error.is_transient or tries > schedule.request_retries or due >= deadline:
                raise
        runtime.sleep(pause)
