# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test `ready`."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.results import inspection


def ready(result: Any) -> bool:
    """Return whether a result shows the release ready.

    Raises:
        AnsibleFilterError: the result cannot be used. A false would open a gate that asks `is not ready`.
    """
    try:
        return inspection.ready(result)
    except ValueError as error:
        raise AnsibleFilterError(f"huaweicloud.asm.{error}") from None


class TestModule:
    """What Ansible looks for."""

    def tests(self) -> dict[str, Callable[..., bool]]:
        """Return the tests of this file by name."""
        return {"ready": ready}
