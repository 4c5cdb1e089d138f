# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Become the same user: what `become` does to a task, without `sudo` and without rights to change."""

from __future__ import annotations

from typing import Any

from ansible.plugins.become import BecomeBase

DOCUMENTATION = """
name: as_itself
short_description: Stays the same user
description:
  - For the tests of this collection.
options:
  become_user: {description: Not used., default: root, vars: [{name: ansible_become_user}]}
  become_exe: {description: Not used., default: "", vars: [{name: ansible_become_exe}]}
  become_flags: {description: Not used., default: "", vars: [{name: ansible_become_flags}]}
  become_pass: {description: Not used., vars: [{name: ansible_become_password}]}
"""


class BecomeModule(BecomeBase):
    """Runs the command as it is."""

    name = "as_itself"

    def build_become_command(self, cmd: str, shell: Any) -> str:
        super().build_become_command(cmd, shell)
        command: str = self._build_success_command(cmd, shell) if cmd else cmd
        return command
