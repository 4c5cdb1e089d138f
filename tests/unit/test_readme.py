# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""README.md names every option of the one table, with its default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import OPTIONS, Option

README = Path(__file__).resolve().parents[2] / "README.md"
ROW = re.compile(r"^\| (?P<names>`[^|]+`) \| (?P<default>[^|]*?) ?\|", re.MULTILINE)


def told() -> list[tuple[str, str]]:
    """Return each option of the section on options, with what stands as its default."""
    (section,) = re.findall(r"^### Options\n(.*?)^### ", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [(name, row["default"]) for row in ROW.finditer(section) for name in re.findall(r"`(\w+)`", row["names"])]


def test_the_options_are_those_of_the_table() -> None:
    assert sorted(name for name, _default in told()) == sorted(option.name for option in OPTIONS)


@pytest.mark.parametrize(
    "option",
    [option for option in OPTIONS if option.required or option.default is not None],
    ids=lambda option: option.name,
)
def test_an_option_has_the_default_of_the_table(option: Option) -> None:
    if option.required:
        wanted = "required"
    elif option.default == []:
        wanted = "none"
    else:
        wanted = str(option.default).lower()

    assert re.findall(r"\w+", dict(told())[option.name])[:1] == [wanted]
