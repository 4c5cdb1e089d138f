# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python runs this in each interpreter that finds it on PYTHONPATH: it notes each true import of ``requests``.

An import of what a process has already, or has inherited from the process that it was forked from, is none.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "import" and arguments[0] == "requests":
        with Path(os.environ["IMPORTS_FILE"]).open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")


if "IMPORTS_FILE" in os.environ:
    sys.addaudithook(_note)
