# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Meshes as strategies: what changes of their releases, from one poll to the next.

The names of phases are examples: the real ones are not published.
"""

from __future__ import annotations

from hypothesis import strategies as st

World = dict[str, tuple[str, str, int, str]]
"""What is there at one poll, by name: phase, version, ready replicas, image."""

releases = st.tuples(
    st.sampled_from(["Creating", "Running", "Failed", "Done"]),
    st.sampled_from(["v1", "v2"]),
    st.sampled_from([1, 3]),
    st.sampled_from(["image:1", "image:2"]),
)
worlds: st.SearchStrategy[World] = st.dictionaries(st.sampled_from("abc"), releases, max_size=3)
