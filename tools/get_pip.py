# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand in for get-pip.py in ansible-test's cache: install from the pip that comes with Python, nothing is fetched.

ansible-test would fetch get-pip.py from a host of its own, once for each of its versions. This one takes the same
arguments, but runs the pip wheel that `ensurepip` carries.
"""

from __future__ import annotations

import ensurepip
import runpy
import sys
from pathlib import Path

# get-pip.py's own options; pip knows neither, and the wheel brings neither package along.
OWN_OPTIONS = {"--no-setuptools", "--no-wheel"}


def bundled_wheel() -> Path:
    """Return the pip wheel of this Python; a distribution may keep it in a folder of its own."""
    folders = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]
    for folder in folders:
        for wheel in sorted(folder.glob("pip-*.whl"), reverse=True):
            return wheel
    raise SystemExit(f"{sys.executable} carries no pip wheel in any of: {', '.join(map(str, folders))}")


sys.path.insert(0, str(bundled_wheel()))
sys.argv[1:] = ["install", "-q", *(argument for argument in sys.argv[1:] if argument not in OWN_OPTIONS)]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
