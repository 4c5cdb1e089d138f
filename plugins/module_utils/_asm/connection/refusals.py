# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was refused in this process. A refused secret is not sent again, whatever the other settings are: more than a
few refusals lock a user or an access key."""

from __future__ import annotations

import hashlib
import os

from ..errors import AsmError

_SALT = os.urandom(16)
_refused: dict[str, AsmError] = {}


def digest(value: object) -> str:
    """Return a hash of settings of this process, by which they are compared: the secrets in them are not kept."""
    return hashlib.blake2b(repr((os.getpid(), value)).encode(), key=_SALT).hexdigest()


def remember(secret: object, error: AsmError) -> None:
    """Remember that a secret was refused."""
    # A copy: an exception collects the frames that raised it, which hold the secret.
    _refused[digest(secret)] = error.with_response(error.response)


def refusal_of(secret: object) -> AsmError | None:
    """Return a copy of the error with which this process saw the secret refused, None if it did not."""
    error = _refused.get(digest(secret))
    return error and error.with_response(error.response)


def forget() -> None:
    """Forget all refusals."""
    _refused.clear()
