# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file in which a source remembers: locked while it is used, bound to what it is about, whole or an error."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from .errors import AsmError, usage
from .files import remedy_of, remove_left_behind, write_private

FORMAT = 1
"""Number of the format; a file with another one is not understood."""

_OPTION = "state_file"
_LARGEST = 256 * 1024 * 1024
"""Bytes, four times those of an answer: events that are to be delivered are in it, with `manifests` up to three of them
hold the same release, and what is not ASCII takes more room here than there."""

_SHOWN_AS = {"watched": "set of releases (namespace, service, name or releases)"}
"""Parts of a scope that no option is called like."""

_ANEW = "give this source a file of its own, or remove it to begin with a new baseline"


class StateFile:
    """A state file that is locked for this source.

    Args:
        path: of the file.
        scope: what it belongs to, by the option that says it: endpoint, mesh, which releases.
    """

    def __init__(self, path: str, scope: Mapping[str, Any]) -> None:
        self._path = path
        self._scope = dict(scope)
        self._written: dict[str, Any] | None = None

    def load(self) -> dict[str, Any] | None:
        """Return what was written last, None if there is no file yet.

        Raises:
            AsmError: kind `usage`: the file cannot be trusted or understood, or belongs to something else. Never is it
                taken for one that is not there.
        """
        try:
            with _opened(self._path, os.O_RDONLY) as descriptor:
                _check_owner(os.fstat(descriptor), self._path)
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    content = file.read(_LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            reason = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror or ""
            raise _refused("cannot be read", self._path, reason) from None
        return self._understood(content)

    def _understood(self, content: bytes) -> dict[str, Any]:
        try:
            document = json.loads(content, object_pairs_hook=_unambiguous) if len(content) <= _LARGEST else None
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise self.damaged()
        found = document.get("format")
        # True and 1.0 equal 1 to Python.
        if isinstance(found, (bool, float)) or found != FORMAT:
            raise _refused(f"is not of format {FORMAT}", self._path)
        for name, value in self._scope.items():
            if document.get(name) != value:
                raise _refused(f"belongs to another {_SHOWN_AS.get(name, name)}", self._path)
        return {name: value for name, value in document.items() if name not in ("format", *self._scope)}

    def damaged(self) -> AsmError:
        """Return the error of a file that does not hold what was written."""
        return _refused("is no state of this source, or is damaged", self._path)

    def save(self, values: dict[str, Any]) -> None:
        """Write values, unless they are those that were written last.

        Raises:
            AsmError: kind `usage`: it cannot be written, or could not be read again.
        """
        if values == self._written:
            return
        document = {"format": FORMAT, **self._scope, **values}
        # Without blanks: this is written at each change, and nesting would make blanks the most of it.
        content = (json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n").encode()
        if len(content) > _LARGEST:
            problem = f"{_OPTION}: {{seen}} would be larger than {_LARGEST} bytes"
            raise usage(problem, "watch fewer releases with one source, or without manifests", self._path)
        try:
            write_private(self._path, content)
        except AsmError as error:
            raise _named(error) from None
        self._written = values


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of the file; a name that stands twice in one is not ours, and the last must not win."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


@contextmanager
def locked(path: str, scope: Mapping[str, Any]) -> Iterator[StateFile]:
    """Lock a state file for this source.

    The lock is on a second file, because the first one is replaced each time that it is written. It is kept: whoever
    removed it could not know that nobody waits for it.

    Raises:
        AsmError: kind `usage`: another source uses it, or its folder cannot be written to.
    """
    with ExitStack() as stack:
        _lock(path, stack)
        # Whoever holds the lock is the only one that writes.
        remove_left_behind(path)
        yield StateFile(path, scope)


def _lock(path: str, stack: ExitStack) -> None:
    """Lock a state file until the stack is closed."""
    lock = f"{path}.lock"
    try:
        descriptor = stack.enter_context(_opened(lock, os.O_RDWR | os.O_CREAT))
        _check_owner(os.fstat(descriptor), lock)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        problem = f"{_OPTION}: {{seen}} is in use by another source"
        raise usage(problem, "give each source a file of its own", path) from None
    except OSError as error:
        raise usage(f"{_OPTION}: {{seen}} cannot be locked: {error.strerror}", remedy_of(error), lock) from None
    except ValueError:
        # A NUL, or a character that no file name can have.
        raise usage(f"{_OPTION}: {{seen}} is not a path", "correct it", path) from None


@contextmanager
def _opened(path: str, flags: int) -> Iterator[int]:
    """Open what may be anything, without following a link or waiting for the other end of a pipe."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _check_owner(status: os.stat_result, path: str) -> None:
    """Refuse a file that somebody else could have written: it decides which events are sent."""
    if not stat.S_ISREG(status.st_mode):
        raise _refused("is no regular file", path)
    if status.st_uid != os.geteuid():
        raise _refused("belongs to another user", path)
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise usage(f"{_OPTION}: {{seen}} can be written by others", "chmod 600, if its content is to be trusted", path)


def _refused(problem: str, path: str, reason: str = "") -> AsmError:
    told = f"{problem}: {reason}" if reason else problem
    return usage(f"{_OPTION}: {{seen}} {told}", _ANEW, path)


def _named(error: AsmError) -> AsmError:
    """Return an error of the file with the name of the option in front."""
    error.problem = f"{_OPTION}: {error.problem}"
    return error
