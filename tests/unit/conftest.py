# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all unit tests share."""

from __future__ import annotations

import sys

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection import refusals


def pytest_configure(config: pytest.Config) -> None:
    """Register our marker for ansible-test as well, which has a configuration of its own."""
    config.addinivalue_line("markers", "slow: left out of `make test`")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the slow tests out where only the code of modules runs; ansible-test takes no ``-m``."""
    if sys.version_info < (3, 11):
        items[:] = [item for item in items if item.get_closest_marker("slow") is None]


@pytest.fixture(autouse=True)
def _no_refusals() -> None:
    """Begin as a new process does: many tests send the same credentials."""
    refusals.forget()
