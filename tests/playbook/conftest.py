# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for tests that run real playbooks against the simulator."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, install_collection
from ansible_collections.huaweicloud.asm.tests.simulator.process import Running, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def installed_collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path under which the collection is installed from its artifact, as a user would have it."""
    return install_collection(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def ansible(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Ansible:
    """ansible-core's programs with the installed collection and a home of their own.

    Its path is short: ansible-core 2.21 lays a socket there, and the path of a socket has about 100 characters.
    """
    return Ansible(tmp_path_factory.mktemp("run"), installed_collection)


@pytest.fixture
def simulate() -> Iterator[Callable[..., Running]]:
    """Start a simulator for the length of the test; the arguments are those of ``tests.simulator.process.running``."""
    with contextlib.ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(running(*arguments, **options))
