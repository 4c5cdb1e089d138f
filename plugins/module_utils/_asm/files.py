# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are ours: whole or not there, and for nobody else to read."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import usage

_END = ".tmp"
"""How the names of temporary files end."""

_LONGEST_NAME = 200
"""Bytes of a name to which more can be added: a file system takes 255."""

_CANNOT_SYNC_FOLDERS = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES})
"""How a file system says that it does not sync folders, or a folder that it may be written to but not be read."""

_WRITABLE = "name a file in a folder that is there and that this user may write to"
_REMEDIES: Mapping[int, str] = {
    errno.ENOSPC: "make room on its file system",
    errno.EDQUOT: "make room within the quota of this user",
    errno.EFBIG: "raise the limit on the size of a file (ulimit -f)",
}


def write_private_json(path: str, document: Mapping[str, Any]) -> None:
    """Write a document as indented JSON, as `write_private` does.

    Args:
        path: where; `~` is the caller's to expand.
        document: what JSON can say; NaN and Infinity are not among it.

    Raises:
        AsmError: kind `usage`, as that of `write_private`.
    """
    write_private(path, (json.dumps(document, indent=2, allow_nan=False) + "\n").encode())


def write_private(path: str, content: bytes) -> None:
    """Write a file, so that a reader finds the old one or the new one, never a part.

    A temporary file in the same folder (mode 0600, a name that nobody can guess) is synced to the disk and renamed, and
    the folder synced. The mode of an older file is not kept. The folder has to be there.

    Whoever is killed in between leaves the temporary file. It is not removed by the next write, because two may write
    the same file at once, and what looks left behind may be the other's; see `remove_left_behind`.

    Raises:
        AsmError: kind `usage`; the path is a symbolic link or no regular file, or cannot be written. The caller names
            the option that holds the path.
    """
    try:
        _replace(_checked(path), content)
    except OSError as error:
        raise usage(f"{{seen}} cannot be written: {error.strerror}", remedy=remedy_of(error), seen=path) from None
    except ValueError:
        # A NUL, or a character that no file name can have.
        raise usage("{seen} is not a path", remedy="name a file", seen=path) from None


def remedy_of(error: OSError) -> str:
    """Return what to do when a file cannot be written."""
    return _REMEDIES.get(error.errno or 0, _WRITABLE)


def remove_left_behind(path: str) -> None:
    """Remove the temporary files that killed writers of a file have left. Only for who knows that nobody writes it.

    What cannot be removed stays: it is in nobody's way.
    """
    target = Path(path)
    temporary = re.compile(re.escape(_beginning(target)) + "[a-z0-9_]+" + re.escape(_END))
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            # Nothing but what a writer makes: no link, and no folder.
            if temporary.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    Path(entry.path).unlink()


def _beginning(target: Path) -> str:
    """Return how the names of the temporary files of a target begin, and of no other."""
    name = os.fsencode(target.name)
    known = target.name if len(name) <= _LONGEST_NAME else hashlib.sha256(name).hexdigest()
    return f".{known}.asm-"


def _checked(path: str) -> Path:
    """Return where to write; what is no regular file is refused.

    A link that appears afterwards is replaced and never followed: that is how a rename works.
    """
    if not path:
        raise usage("{seen} is not a path", remedy="name a file", seen=path)
    target = Path(path)
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return target
    if stat.S_ISLNK(mode):
        remedy = "remove it, or name the file itself"
        raise usage("{seen} is a symbolic link, and none is followed", remedy=remedy, seen=path)
    if not stat.S_ISREG(mode):
        raise usage("{seen} is there and is no regular file", remedy="name another file", seen=path)
    return target


def _replace(target: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=_beginning(target), suffix=_END, dir=str(target.parent))
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        _sync_folder(target.parent)
    finally:
        # Gone after the rename; after a failure it is what is left of it.
        with suppress(OSError):
            temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk: without that, a loss of power may bring back the file that it replaced."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        # The file is whole and has its name. Where a folder cannot be synced, nobody can do more.
        if error.errno not in _CANNOT_SYNC_FOLDERS:
            raise
