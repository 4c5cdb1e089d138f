# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for tests that run real playbooks against the simulator."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible, install_collection
from ansible_collections.huaweicloud.asm.tests.simulator.thread import serving
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running
    from xdist.remote import Producer


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers for `-n auto`: one more than cores, because most gates wait for a clock."""
    return (os.cpu_count() or 1) + 1


class ByFunction(LoadScopeScheduling):
    """Gives all parameters of a test to one worker, because they may share what one play has given."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("[")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFunction:
    """Return what hands the tests out to the workers."""
    return ByFunction(config, log)


@pytest.fixture(scope="session")
def installed_collection(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The path under which the collection is installed from its artifact, as a user would have it.

    The workers of a run share it. Whichever comes first installs it while the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "installed"
    with (folder.parent / "installed.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder if folder.exists() else install_collection(folder)


@pytest.fixture
def ansible(tmp_path_factory: pytest.TempPathFactory, installed_collection: Path) -> Ansible:
    """ansible-core's programs with the installed collection and a home of their own.

    Its path is short: ansible-core 2.21 lays a socket there, and the path of a socket has about 100 characters.
    """
    return Ansible(tmp_path_factory.mktemp("run"), installed_collection)


@pytest.fixture
def simulate() -> Iterator[Callable[..., Running]]:
    """Start a simulator for the length of the test; the arguments are those of ``tests.simulator.thread.serving``."""
    with contextlib.ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(serving(*arguments, **options))
