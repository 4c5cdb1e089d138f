# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a reader or waiter of a call works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

if TYPE_CHECKING:
    from ..api.client import Client
    from ..options.request import Request
    from ..runtime import Runtime
    from ..sanitize import Sanitizer


class Context(NamedTuple):
    """One call, connected.

    Attributes:
        request: the options of the call.
        started: on `runtime.monotonic`, when the call began.
        warn: takes a warning for the caller.
    """

    request: Request
    runtime: Runtime
    sanitizer: Sanitizer
    client: Client
    started: float
    warn: Callable[[str], None]

    def elapsed(self) -> float:
        """Return the seconds since the call began."""
        return self.runtime.monotonic() - self.started
