# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stage for whole calls."""

from __future__ import annotations

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.api import client
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import Stage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Return a stage on which nothing is served yet."""
    return Stage(lambda name, value: monkeypatch.setattr(client, name, value))
