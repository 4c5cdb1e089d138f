# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are ours: whole or not there, and for nobody else to read."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import usage


def write_private_json(path: str, document: Mapping[str, Any]) -> None:
    """Write a document as JSON, so that a reader finds the old file or the new one, never a part.

    A temporary file in the same folder (mode 0600, a name that nobody can guess) is synced to the disk and renamed. The
    mode of an older file is not kept. The folder has to be there.

    Args:
        path: where; `~` is the caller's to expand.
        document: what JSON can say; NaN and Infinity are not among it.

    Raises:
        AsmError: kind `usage`; the path is a symbolic link or no regular file, or cannot be written. The caller names
            the option that holds the path.
    """
    content = json.dumps(document, indent=2, allow_nan=False) + "\n"
    try:
        target = _checked(path)
        _replace(target, content.encode())
    except OSError as error:
        raise usage(
            f"{{seen}} cannot be written: {error.strerror}",
            remedy="name a file in a folder that is there and that this user may write to",
            seen=path,
        ) from None
    except ValueError:
        # A NUL, or a character that no file name can have.
        raise usage("{seen} is not a path", remedy="name a file", seen=path) from None


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
    descriptor, name = tempfile.mkstemp(prefix=".asm-", suffix=".tmp", dir=str(target.parent))
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        # Gone after the rename; after a failure it is what is left of it.
        with suppress(OSError):
            temporary.unlink()
