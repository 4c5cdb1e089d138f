# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test `in_phase`."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import entry as rules


def in_phase(entry: Any, *phases: Any) -> bool:
    """Answer for a result, or raise: a false for what cannot be told would open a gate that asks `is not`."""
    try:
        return rules.in_phase(entry, *phases)
    except ValueError as error:
        raise AnsibleFilterError(f"huaweicloud.asm.{error}") from None


class TestModule:
    """What Ansible looks for."""

    def tests(self) -> dict[str, Callable[..., bool]]:
        """Return the tests of this file by name."""
        return {"in_phase": in_phase}
