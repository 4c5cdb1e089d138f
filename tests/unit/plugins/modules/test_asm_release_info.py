# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module: typed options in, the result of the one entry out."""

from __future__ import annotations

import os
from typing import Any, Callable

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.read import Reading
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Surroundings
from ansible_collections.huaweicloud.asm.plugins.modules import asm_release_info as module

ARGUMENTS = {"mesh_id": "mesh", "namespace": "bookinfo", "release_id": "reviews-canary", "token": "made-up"}
Read = tuple[dict[str, Any], Surroundings]
"""What the one entry was given."""


class EndedError(Exception):
    """The module has ended, with these values."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.values = values


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[dict[str, Any], list[tuple[dict[str, Any], Surroundings]]]]:
    """Return what the module answers over a reading, and what it has read."""

    def ended(_module: AnsibleModule, values: dict[str, Any], *_exception: Any) -> None:
        raise EndedError(values)

    def start(reading: Reading, check_mode: bool = False, **more: Any) -> tuple[dict[str, Any], list[Read]]:
        reads: list[Read] = []

        def read(parameters: dict[str, Any], surroundings: Surroundings) -> Reading:
            reads.append((parameters, surroundings))
            return reading

        given = {**ARGUMENTS, **more, "_ansible_check_mode": check_mode}
        monkeypatch.setattr(AnsibleModule, "_load_params", lambda self: setattr(self, "params", given))
        monkeypatch.setattr(AnsibleModule, "_return_formatted", ended)
        monkeypatch.setattr(AnsibleModule, "warn", lambda _self, warning: warnings.append(warning))
        monkeypatch.setattr(module, "read", read)
        warnings: list[str] = []
        with pytest.raises(EndedError) as caught:
            module.main()
        return {**caught.value.values, "warned": warnings}, reads

    return start


def test_returns_what_was_read(run: Callable[..., Any]) -> None:
    result, reads = run(Reading(({"msg": "is Running", "found": True},)))
    assert result == {"msg": "is Running", "found": True, "warned": []}
    assert len(reads) == 1


def test_fails_with_all_keys(run: Callable[..., Any]) -> None:
    failed = {"msg": "the gate stays shut", "found": False, "error": {"kind": "denied"}, "gate": {"outcome": "error"}}
    result, _reads = run(Reading(({**failed, "failed": True},)))
    assert {key: result[key] for key in (*failed, "failed")} == {**failed, "failed": True}


def test_hands_on_warnings(run: Callable[..., Any]) -> None:
    result, _reads = run(Reading(({"msg": "is Running"},), ("mind the file",)))
    assert result["warned"] == ["mind the file"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_hands_on_check_mode_and_shows_no_progress(run: Callable[..., Any], check_mode: bool) -> None:
    _result, reads = run(Reading(({"msg": "is Running"},)), check_mode)
    assert (reads[0][1].check_mode, reads[0][1].progress) == (check_mode, None)


def test_types_the_options(run: Callable[..., Any]) -> None:
    _result, reads = run(Reading(({"msg": "is Running"},)), wait="yes", success_phases="Running", stable_for="60")
    parameters = reads[0][0]
    assert (parameters["wait"], parameters["success_phases"], parameters["stable_for"]) == (True, ["Running"], 60)


def test_types_the_releases_of_a_train(run: Callable[..., Any]) -> None:
    given = {"release_id": None, "releases": [{"release_id": "a", "images": "a,b"}], "require": 1, "service": "reviews"}
    _result, reads = run(Reading(({"msg": "1 release"},)), **given)
    parameters = reads[0][0]
    own = {"namespace": None, "release_id": "a", "version": None, "images": ["a", "b"]}
    assert (parameters["releases"], parameters["require"], parameters["service"]) == ([own], "1", ["reviews"])


def test_a_misspelt_option_is_refused_before_anything_is_read(run: Callable[..., Any]) -> None:
    result, reads = run(Reading(({},)), stabel_for=60)
    assert "Unsupported parameters" in result["msg"]
    assert reads == []


@pytest.mark.parametrize("read_on", [True, False])
def test_nobody_waits_for_a_result_that_nobody_reads(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, read_on: bool
) -> None:
    _result, reads = run(Reading(({"msg": "is Running"},)))
    reader, writer = os.pipe()
    if not read_on:
        os.close(reader)
    monkeypatch.setattr(module, "STANDARD_OUTPUT", writer)
    try:
        assert reads[0][1].abandoned() is not read_on
    finally:
        os.close(writer)
        if read_on:
            os.close(reader)
