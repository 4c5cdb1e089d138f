# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of requirements that belong together have the same requirements."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "tests" / "requirements"
CORES = sorted(path.stem for path in LOCKS.glob("core-*.in"))


def read(*place: str) -> str:
    return ROOT.joinpath(*place).read_text(encoding="utf-8")


def requirements(*place: str) -> set[str]:
    """Return the lines of a list of requirements that name one."""
    return {line for line in read(*place).splitlines() if line and not line.startswith("#")}


def test_the_targets_of_ansible_test_get_what_the_simulator_needs() -> None:
    # The schemas are for the simulator's own tests only.
    needed = {line for line in requirements("tests", "simulator", "requirements.txt") if "validate" not in line}

    assert requirements("tests", "integration", "requirements.txt") == needed


def test_the_unit_tests_get_what_those_of_the_simulator_need() -> None:
    def names(*place: str) -> set[str]:
        return {re.split(r"[ ;]", line)[0] for line in requirements(*place)}

    assert names("tests", "unit", "requirements.txt") >= names("tests", "simulator", "requirements.txt")


@pytest.mark.parametrize("name", CORES)
def test_an_environment_has_the_ansible_core_of_its_name(name: str) -> None:
    (version,) = re.findall(r"^ansible-core==(\d+\.\d+)\.", read("tests", "requirements", f"{name}.txt"), re.MULTILINE)

    assert name == f"core-{version}"
