# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One call's session: its clock, its connection once there is one, its warnings, and its looks at the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, TypeVar

from ansible.module_utils.basic import missing_required_lib

from .connection import endpoints
from .api.client import Client, Document, with_retries
from .connection.credentials import find
from .errors import AsmError, usage
from .connection.login import authority
from .options.spec import Options, Target
from .models.release import Release, check_identity, check_whole
from .models.release import parse as parse_release
from .sanitize import Cleaner
from .connection.transport import REQUESTS_IMPORT_ERROR, Transport
from .runtime import Surroundings

if TYPE_CHECKING:
    from .models.release_list import Roster

Found = TypeVar("Found")


class Session:
    """One session for all requests of a call.

    Attributes:
        began: wall clock, UTC.
        request_id: of the last answer that had one.
        meanwhile: called now and then while a request takes its time.
    """

    def __init__(self, surroundings: Surroundings, cleaner: Cleaner) -> None:
        self._surroundings = surroundings
        self._cleaner = cleaner
        self._transport: Transport | None = None
        self._client: Client | None = None
        self._warnings: list[str] = []
        self._warned_once: set[str] = set()
        self._started = surroundings.monotonic()
        self.began = surroundings.now()
        self.request_id = ""
        self.meanwhile: Callable[[], None] = lambda: None

    def elapsed(self) -> float:
        """Return the seconds since the call began."""
        return self._surroundings.monotonic() - self._started

    def warn(self, text: str) -> None:
        """Keep a warning for whoever called."""
        self._warnings.append(text)

    def _warn_once(self, text: str) -> None:
        """Keep a warning unless an earlier poll had the same one."""
        if text not in self._warned_once:
            self._warned_once.add(text)
            self.warn(text)

    def _compare_ids(self, release: Release, target: Target) -> None:
        """Warn if a release has neither the uid nor the name that it was asked for by.

        Nobody has published whether there is another form of id, so it is no error.
        """
        if release.uid and release.name and target.release_id not in (release.uid, release.name):
            asked, uid, name = (self._cleaner(each) for each in (target.release_id, release.uid, release.name))
            self._warn_once(
                f"release_id '{asked}' is neither uid nor name of the release in the response "
                f"(uid '{uid}', name '{name}'); check that it is the right one"
            )

    def take_warnings(self) -> list[str]:
        """Return the warnings since the last time."""
        warnings, self._warnings = self._warnings, []
        return warnings

    def close(self) -> None:
        """Close the connections."""
        if self._transport is not None:
            self._transport.close()

    def connect(self, options: Options) -> Client:
        """Return the client, made at the first call; nothing has been sent before.

        Raises:
            AsmError: kinds `usage` and `credentials`.
        """
        if self._client is None:
            if REQUESTS_IMPORT_ERROR:
                raise usage(missing_required_lib("requests"))
            surroundings, connection = self._surroundings, options.connection
            endpoint = endpoints.asm_endpoint(connection, surroundings.environment)
            credentials = find(connection, surroundings.environment, self.warn, self._cleaner)
            self._transport = Transport(
                options.request_timeout,
                surroundings.environment,
                self._cleaner,
                connection.given.get("ca_path"),
                connection.validate_certs,
                surroundings.monotonic,
                self._abandoned,
            )
            who = authority(credentials, self._transport, self._cleaner, surroundings.monotonic)
            self._client = Client(endpoint, self._transport, who)
        return self._client

    def _abandoned(self) -> bool:
        self.meanwhile()
        return self._surroundings.abandoned()

    def look(self, options: Options, target: Target, deadline: float) -> Release:
        """Return a release, read once.

        Args:
            deadline: seconds since the call began.

        Raises:
            AsmError: of any kind but `internal`.
        """
        client = self.connect(options)

        def understood(document: Document) -> Release:
            if options.manifests:
                check_whole(document.content)
            release = parse_release(document.content, options.manifests)
            check_identity(document.content, target.mesh_id, target.namespace)
            self._compare_ids(release, target)
            return release

        return self._understood(lambda: client.read_release(target, self._started + deadline), understood)

    def look_patiently(self, options: Options, target: Target, at_most: float = float("inf")) -> Release:
        """Return a release that nobody waits for; as `look` and `patiently`."""
        return self.patiently(options, lambda deadline: self.look(options, target, deadline), at_most)

    def look_at_all(self, options: Options, mesh_id: str, deadline: float, leniently: bool = False) -> Roster:
        """Return the releases of a mesh, read once; as for `look`.

        Args:
            leniently: whether one of them that is of no use leaves the others.
        """
        from .models.release_list import parse_leniently, parse_list  # noqa: PLC0415

        client = self.connect(options)

        def understood(document: Document) -> Roster:
            if leniently:
                roster = parse_leniently(document.content, mesh_id, options.manifests, document.flaws)
            else:
                roster = parse_list(document.content, mesh_id, options.manifests)
            if roster.foreign:
                self._warn_once(
                    f"the list of releases of mesh '{self._cleaner(mesh_id)}' has {roster.foreign} of other meshes; "
                    "they are ignored unless they are what was asked for"
                )
            return roster

        return self._understood(lambda: client.read_releases(mesh_id, self._started + deadline, leniently), understood)

    def _understood(self, read: Callable[[], Document], understood: Callable[[Document], Found]) -> Found:
        try:
            document = read()
        except AsmError as error:
            self.request_id = error.request_id or self.request_id
            raise
        self.request_id = document.request_id or self.request_id
        try:
            return understood(document)
        except AsmError as error:
            error.status, error.request_id, error.url = 200, document.request_id, document.url
            raise

    def patiently(
        self, options: Options, look: Callable[[float], Found], at_most: float = float("inf"), at_least: float = 0.0
    ) -> Found:
        """Return what a look finds that nobody waits for: it survives passing faults within its retries.

        Args:
            at_most: seconds for all tries.
            at_least: seconds between two tries.
        """
        surroundings = self._surroundings
        return with_retries(
            look,
            options.request_timeout,
            options.request_retries,
            surroundings.jitter,
            self.elapsed,
            surroundings.sleep,
            at_most,
            at_least,
        )
