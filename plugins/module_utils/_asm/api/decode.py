# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The object in a 200: what can be read in two ways, or what Ansible cannot hand on, is refused."""

from __future__ import annotations

import re
from typing import Any

from ..connection.transport import Response
from ..errors import ErrorResponse, ProtocolError, TransientProtocolError, request_id
from ..strict_json import AmbiguousError, loads

MOST_VALUES = 16_000_000
"""Values of one response, so that its memory and the time to decode it are bounded. A list of 2,000 releases, 70 MB,
has about two million."""

_HINT = "check endpoint, and any proxy in front of ASM"

_RESERVED = "__ansible"
_SUSPECT_ESCAPE = re.compile(rb"\\u(?:[dD]|00[4-7])")
"""How half of a surrogate pair, or a letter of a reserved name, can be written."""


def decode(response: Response) -> dict[str, Any]:
    """Return the object in a 200.

    Raises:
        TransientProtocolError: the body is not JSON, as the page of a proxy or a response that broke off.
        ProtocolError: the body is JSON, but no object, ambiguous, too large, or nothing that Ansible can hand on.
    """
    at = ErrorResponse(response.status, request_id=request_id(response.headers), url=response.url)
    # A value ends at a comma, or it is the first one in an array or an object.
    if len(response.body) > MOST_VALUES and sum(map(response.body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ProtocolError(f"the response has more than {MOST_VALUES} values", _HINT, response=at)
    try:
        content = loads(response.body)
    except AmbiguousError:
        raise ProtocolError("an object of the response has a name twice", _HINT, response=at) from None
    except RecursionError:
        raise ProtocolError("the response is nested too deeply", _HINT, response=at) from None
    except ValueError:
        raise TransientProtocolError("the response is not JSON", _HINT, response=at) from None
    if not isinstance(content, dict):
        raise ProtocolError("the response is not an object", _HINT, response=at)
    if _is_unportable(response.body, content):
        problem = f"the response has half of a surrogate pair or {_RESERVED}, which Ansible cannot hand on"
        raise ProtocolError(problem, _HINT, response=at)
    return content


def _is_unportable(body: bytes, content: dict[str, Any]) -> bool:
    """Return whether Ansible would fail on the result of a module that holds this.

    That is half of a surrogate pair, or a name that Ansible reserves for itself.
    """
    # A name that is not in the body as it is can only come from an escape, and so can half of a pair.
    if _RESERVED.encode() not in body and not _SUSPECT_ESCAPE.search(body):
        return False
    rest: list[Any] = [content]
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            rest += each
            rest += each.values()
        elif isinstance(each, list):
            rest += each
        elif isinstance(each, str) and (_RESERVED in each or _is_broken(each)):
            return True
    return False


def _is_broken(text: str) -> bool:
    """Return whether text has half of a surrogate pair."""
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
