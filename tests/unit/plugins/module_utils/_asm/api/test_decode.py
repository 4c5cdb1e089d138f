# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which responses are decoded, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.api import decode as module
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.api.decode import decode
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError, ErrorResponse, ProtocolError
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import answer

HTML = "<html>text</html>"


@pytest.mark.parametrize(
    ("body", "is_transient"),
    [
        pytest.param("", True, id="nothing"),
        pytest.param(HTML, True, id="a page"),
        pytest.param('{"kind": "Release"', True, id="broken off"),
        pytest.param('{"kind": "Release"} {}', True, id="more than one"),
        pytest.param(b'{"kind": "\xff"}', True, id="invalid UTF-8"),
        pytest.param('{"kind": "Release"}'.encode("utf-16"), True, id="UTF-16"),
        pytest.param("\ufeff{}", True, id="byte order mark"),
        pytest.param('{"a": NaN}', True, id="NaN"),
        pytest.param('{"a": Infinity}', True, id="Infinity"),
        pytest.param('{"a": -Infinity}', True, id="-Infinity"),
        pytest.param('{"a": 1e999}', True, id="a number that is too large"),
        pytest.param('{"a": ' + "9" * 5000 + "}", True, id="a number of too many digits"),
        pytest.param("[]", False, id="a list"),
        pytest.param("null", False, id="null"),
        pytest.param("1", False, id="a number"),
        pytest.param('"Release"', False, id="a text"),
        pytest.param('{"a": 1, "a": 1}', False, id="a name twice"),
        pytest.param('{"status": {"phase": "Failed", "phase": "Running"}}', False, id="a phase twice"),
        pytest.param('{"a": "\\ud83d"}', False, id="half of a surrogate pair"),
        pytest.param('{"\\uDE00": 1}', False, id="half of a surrogate pair in a name"),
        pytest.param('{"a": {"__ansible_type": "x"}}', False, id="a name of Ansible"),
        pytest.param('{"a": {"\\u005f_\\u0061nsible_type": "x"}}', False, id="a name of Ansible with escapes"),
        pytest.param('{"a": ' * 100_000 + "1" + "}" * 100_000, False, id="nested without end"),
    ],
)
def test_invalid_json_is_transient_and_other_json_final(body: Any, is_transient: bool) -> None:
    with pytest.raises(AsmError) as caught:
        decode(answer(200, body, X_Request_Id="id-1"))
    error = caught.value
    assert (error.kind, error.is_transient) == ("protocol", is_transient)
    assert error.response == ErrorResponse(200, request_id="id-1", url="https://asm.example/asked")


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ('{"a": [1, 2.5, true, null, {"b": ""}]}', {"a": [1, 2.5, True, None, {"b": ""}]}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        ('{"a": "\\u0041 {{ x }}"}', {"a": "A {{ x }}"}),
    ],
)
def test_object_is_decoded(body: str, content: dict[str, Any]) -> None:
    assert decode(answer(200, body)) == content


@pytest.mark.parametrize("values", ["1," * 50 + "1", "[]," * 25 + "[]", "{}," * 25 + "{}", "[" * 50 + "]" * 50])
def test_number_of_values_is_bounded(values: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = '{"a": [' + values + "]}"
    assert decode(answer(200, body))
    monkeypatch.setattr(module, "MOST_VALUES", 50)
    with pytest.raises(ProtocolError, match="has more than 50 values"):
        decode(answer(200, body))
