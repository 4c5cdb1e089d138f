# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that is never made: every task on it finds its host unreachable."""

from __future__ import annotations

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

# The text of an error may be that of another machine.
REFUSAL = "this host is never reached {{ lookup('ansible.builtin.pipe', 'touch was-run') }}"

DOCUMENTATION = """
name: nowhere
short_description: Reaches no host at all
description:
  - For the tests of this collection.
options:
  is_broken:
    description: Whether it fails with an error that no connection should raise.
    default: false
    type: bool
    vars:
      - name: is_broken
"""


class Connection(ConnectionBase):
    """Refuses to connect."""

    transport = "nowhere"

    def _connect(self) -> Connection:
        if self.get_option("is_broken"):
            raise ValueError(REFUSAL)
        raise AnsibleConnectionFailure(REFUSAL)

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        raise AnsibleConnectionFailure(REFUSAL)

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)

    def close(self) -> None:
        self._connected = False
