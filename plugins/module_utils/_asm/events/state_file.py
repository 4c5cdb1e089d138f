# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that keeps what a source has seen: private, locked while it is used, bound to its source, written whole."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..strict_json import unambiguous

FORMAT = 2
"""Number of the format; a file of another one is refused."""

_LARGEST = 256 * 1024 * 1024
"""Bytes. A tracked release takes about 400."""

_OPTION = "state_file"
_ANEW = "give this source a file of its own, or remove it to begin with a new baseline"

_END = ".tmp"
_LONGEST_NAME = 200
"""Bytes of a file name to which more can be added: a file system takes 255."""

_CANNOT_SYNC_FOLDERS = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES})
"""How a file system says that it cannot sync folders, or that this folder may be written to but not read."""

_WRITABLE = "name a file in an existing folder that this user may write to"
_HINTS: Mapping[int, str] = {
    errno.ENOSPC: "make room on its file system",
    errno.EDQUOT: "make room within the quota of this user",
    errno.EFBIG: "raise the limit on the size of a file (ulimit -f)",
}


class StateFile:
    """A state file that is locked for this source.

    Args:
        path: of the file.
        scope: what the file belongs to, by option: endpoint and filters.
    """

    def __init__(self, path: str, scope: Mapping[str, Any]) -> None:
        self._path = path
        self._scope = dict(scope)
        self._written = b""

    def load(self) -> dict[str, Any] | None:
        """Return the values that were written last, None if there is no file yet.

        Raises:
            UsageError: the file cannot be trusted or understood, or belongs to another source. It is never taken for a
                missing one.
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
            document = _decoded(content) if len(content) <= _LARGEST else None
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise self.damaged()
        found = document.get("format")
        # True equals an integer to Python.
        if isinstance(found, bool) or found != FORMAT:
            raise _refused(f"is not of format {FORMAT}", self._path)
        # Before the first poll, the file holds nothing of any source.
        scope = self._scope if document.get("meshes") != {} else {}
        for name, value in scope.items():
            if document.get(name) != value:
                raise _refused(f"belongs to another {name}", self._path)
        return {name: value for name, value in document.items() if name not in ("format", *self._scope)}

    def damaged(self) -> UsageError:
        """Return the error of a file that does not hold what was written."""
        return _refused("is not the state of an event source, or is damaged", self._path)

    def save(self, values: Mapping[str, Any]) -> None:
        """Write values, unless they are the ones that were written last.

        Raises:
            UsageError: the file cannot be written, or could not be read again.
        """
        document = {"format": FORMAT, **self._scope, **values}
        content = (json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n").encode()
        if content == self._written:
            return
        if len(content) > _LARGEST:
            problem = f"{_OPTION}: {{seen}} would be larger than {_LARGEST} bytes"
            raise UsageError(problem, "watch fewer releases with one source", self._path)
        _write_private(self._path, content)
        self._written = content


def _decoded(content: bytes) -> Any:
    """Return a JSON document; one with a number that is no integer, or with a key twice, was not written by us."""
    return json.loads(content, object_pairs_hook=unambiguous, parse_float=_refuse_number, parse_constant=_refuse_number)


def _refuse_number(number: str) -> float:
    raise ValueError(f"{number} is not an integer")


@contextmanager
def locked(path: str, scope: Mapping[str, Any]) -> Iterator[StateFile]:
    """Lock a state file for this source.

    The lock is on a second file, because the first one is replaced at each write. The second file is kept: removing it
    would race with a source that waits for it.

    Raises:
        UsageError: another source uses the file, or its folder cannot be written to.
    """
    with ExitStack() as stack:
        _lock(path, stack)
        # The owner of the lock is the only writer.
        _remove_left_behind(path)
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
        raise UsageError(problem, "give each source a file of its own", path) from None
    except OSError as error:
        raise UsageError(f"{_OPTION}: {{seen}} cannot be locked: {error.strerror}", _hint(error), lock) from None
    except ValueError:
        # A NUL, or a character that no file name can have.
        raise _not_a_path(path) from None


@contextmanager
def _opened(path: str, flags: int) -> Iterator[int]:
    """Open a path without following a link or waiting for the other end of a pipe."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _check_owner(status: os.stat_result, path: str) -> None:
    """Refuse a file that another user could have written: it decides which events are sent."""
    if not stat.S_ISREG(status.st_mode):
        raise _refused("is not a regular file", path)
    if status.st_uid != os.geteuid():
        raise _refused("belongs to another user", path)
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        problem = f"{_OPTION}: {{seen}} can be written by other users"
        raise UsageError(problem, "chmod 600, if its content is to be trusted", path)


def _refused(problem: str, path: str, reason: str = "") -> UsageError:
    full = f"{problem}: {reason}" if reason else problem
    return UsageError(f"{_OPTION}: {{seen}} {full}", _ANEW, path)


def _not_a_path(path: str) -> UsageError:
    return UsageError(f"{_OPTION}: {{seen}} is not a path", "name a file", path)


def _hint(error: OSError) -> str:
    return _HINTS.get(error.errno or 0, _WRITABLE)


def _write_private(path: str, content: bytes) -> None:
    """Write a file so that a reader finds the old content or the new one, never a part.

    A temporary file in the same folder (mode 0600, a name that cannot be guessed) is synced to the disk and renamed,
    and the folder is synced.

    Raises:
        UsageError: the path is a symbolic link or not a regular file, or cannot be written.
    """
    try:
        _replace(_checked(path), content)
    except OSError as error:
        raise UsageError(f"{_OPTION}: {{seen}} cannot be written: {error.strerror}", _hint(error), path) from None
    except ValueError:
        raise _not_a_path(path) from None


def _checked(path: str) -> Path:
    """Return where to write. A link that appears afterwards is replaced, never followed: a rename works like that."""
    target = Path(path)
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return target
    if not stat.S_ISREG(mode):
        raise _refused("is a symbolic link" if stat.S_ISLNK(mode) else "is not a regular file", path)
    return target


def _replace(target: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=_prefix(target), suffix=_END, dir=str(target.parent))
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        _sync_folder(target.parent)
    finally:
        # It is gone after the rename, and left over after a failure.
        with suppress(OSError):
            temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk: otherwise a loss of power may bring back the file that it replaced."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        # The file is whole and has its name.
        if error.errno not in _CANNOT_SYNC_FOLDERS:
            raise


def _prefix(target: Path) -> str:
    """Return how the names of the temporary files of a target begin, and of no other target."""
    name = os.fsencode(target.name)
    known = target.name if len(name) <= _LONGEST_NAME else hashlib.sha256(name).hexdigest()
    return f".{known}.asm-"


def _remove_left_behind(path: str) -> None:
    """Remove the temporary files that killed writers have left. The caller must hold the lock."""
    target = Path(path)
    temporary = re.compile(re.escape(_prefix(target)) + "[a-z0-9_]+" + re.escape(_END))
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if temporary.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    Path(entry.path).unlink()
