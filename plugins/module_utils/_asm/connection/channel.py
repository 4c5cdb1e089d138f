# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept from one client to the next within a process: open connections and a token.

Ansible runs the items of a loop one after another in one process. A forked worker uses nothing of its parent: two
processes that send over one TLS connection break it.
"""

from __future__ import annotations

import atexit
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import astuple
from typing import TYPE_CHECKING, NamedTuple

from .credentials import Credentials
from .login import Authority
from .refusals import digest
from .routes import ENVIRONMENT_NAMES, Routes

if TYPE_CHECKING:
    from ..options.request import ConnectionOptions
    from ..runtime import Runtime

MOST_CHANNELS = 4
"""Channels that are kept while no client uses them."""

_idle: OrderedDict[Hashable, Channel] = OrderedDict()


class Channel(NamedTuple):
    """The connections and the authority of one client. One client at a time uses a channel.

    Attributes:
        key: says which clients may use it: those of this process with the same settings. It holds secrets as a hash
            only.
    """

    routes: Routes
    authority: Authority
    key: Hashable = None

    def close(self) -> None:
        """Keep the channel for the next client with the same settings."""
        # A later client may ask the proxy for a host again. A password that was refused is remembered elsewhere.
        self.routes.refused_with = None
        _idle[self.key] = self
        _idle.move_to_end(self.key)
        while len(_idle) > MOST_CHANNELS:
            _idle.popitem(last=False)[1].routes.close()


def open_channel(endpoint: str, credentials: Credentials, connection: ConnectionOptions, runtime: Runtime) -> Channel:
    """Return the channel that an earlier client of this process left behind, or a new one.

    Args:
        endpoint: of ASM.
        credentials: as they were found, whatever their source.
    """
    environment = {name: runtime.environment[name] for name in ENVIRONMENT_NAMES if name in runtime.environment}
    ca_path = connection.given.get("ca_path")
    settings = (endpoint, type(credentials).__name__, astuple(credentials), ca_path, connection.validate_certs)
    # Lifetimes are on this clock.
    key = (runtime.monotonic, digest((settings, sorted(environment.items()))))
    channel = _idle.pop(key, None)
    if channel is not None:
        return channel
    routes = Routes(environment, ca_path, connection.validate_certs)
    return Channel(routes, Authority(credentials, runtime.monotonic), key)


@atexit.register
def close_channels() -> None:
    """Close the connections that no client uses."""
    while _idle:
        _idle.popitem()[1].routes.close()
