# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of `asm/v2`: one read, classified, and the retries of a read that nobody waits for.

It knows paths, statuses and JSON. What a release is, and what its phase means, it does not know.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, TypeVar
from urllib.parse import quote

from ..errors import AsmError, of_list, refusal, request_id
from ..connection.login import Authority
from ..options.spec import Target
from ..connection.transport import Answer, Transport

try:
    from requests import Request
except ImportError:
    # `transport` keeps the reason, and `read` reports it before anything here is called.
    Request = None  # type: ignore[assignment,misc]


Found = TypeVar("Found")

_Decoded = tuple[dict[str, Any], Mapping[int, str]]
"""The object in a 200, and the flaws of its items."""

_RESERVED = "__ansible"
_TELLING_ESCAPE = re.compile(rb"\\u(?:[dD]|00[4-7])")
"""How half of a surrogate pair, or a letter of what is reserved, can be written."""

_TWICE = "a name stands twice in one object of the answer"
_UNPORTABLE = "the answer holds what Ansible cannot hand on"


@dataclass(frozen=True)
class Document:
    """A 200 of ASM: the decoded object, and the id of its request.

    Attributes:
        flaws: of a list that was read leniently, what in an item cannot be handed on, by the position of the item.
    """

    content: dict[str, Any]
    request_id: str
    url: str
    flaws: Mapping[int, str] = field(default_factory=dict)


class Client:
    """Reads from one endpoint over one session.

    Args:
        endpoint: `scheme://host[:port][/path]`, as `endpoints.checked_endpoint` returns it.
        transport: sends.
        authority: authorizes.
    """

    def __init__(self, endpoint: str, transport: Transport, authority: Authority) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self._authority = authority
        self._renewed = False

    def read_release(self, target: Target, deadline: float) -> Document:
        """Return the answer of GetReleaseByName ("Obtaining the Details About a Grayscale Release Task").

        A 401 is answered by one more try with a new token, if this run obtained the old one itself, and then not again
        until ASM has accepted one.

        Args:
            target: which release.
            deadline: on the clock of the transport; login and read are over by then.

        Raises:
            AsmError: of any kind but `internal`.
        """
        mesh, namespace, release = map(_segment, (target.mesh_id, target.namespace, target.release_id))
        return self._get(f"/v2/meshes/{mesh}/namespaces/{namespace}/releases/{release}", deadline)

    def read_releases(self, mesh_id: str, deadline: float, leniently: bool = False) -> Document:
        """Return the answer of GetAllReleases ("Obtaining All Grayscale Release Tasks of a Mesh"); as `read_release`.

        Args:
            leniently: whether what cannot be handed on of one item leaves the others.

        Raises:
            AsmError: of any kind but `internal`; `not_found` when ASM knows no such mesh.
        """
        try:
            return self._get(f"/v2/meshes/{_segment(mesh_id)}/releases", deadline, leniently)
        except AsmError as error:
            raise of_list(error) from None

    def _get(self, path: str, deadline: float, leniently: bool = False) -> Document:
        url = self._endpoint + path
        decode = _decoded_leniently if leniently else _decoded_strictly
        answer = self._send(url, deadline, decode)
        if answer.status == 401 and not self._renewed and self._authority.discard():
            self._renewed = True
            answer = self._send(url, deadline, decode)
        if answer.status != 200:
            refused = refusal(answer.status, answer.headers, answer.body, url)
            # That there is no such release is a good answer too: the credentials were.
            self._renewed = self._renewed and refused.kind != "not_found"
            raise refused
        self._renewed = False
        content, flaws = answer.content
        return Document(content, request_id(answer.headers), url, flaws)

    def _send(self, url: str, deadline: float, decode: Callable[[Answer], _Decoded]) -> Answer:
        authorization = self._authority.authorization(deadline)
        return self._transport.send(Request("GET", url, auth=authorization), deadline, decode=decode)


def _segment(value: str) -> str:
    return quote(value, safe="-_.~")


def _decoded(answer: Answer) -> dict[str, Any]:
    """Return the object in a 200.

    Raises:
        AsmError: kind `protocol`; passing when it is not JSON at all, which is a page of something on the way.
    """

    def wrong(problem: str, passing: bool) -> AsmError:
        return AsmError(
            "protocol",
            problem,
            "check endpoint and whatever stands between here and ASM",
            status=answer.status,
            request_id=request_id(answer.headers),
            url=answer.url,
            passing=passing,
        )

    try:
        content = json.loads(
            answer.body.decode("utf-8"),
            object_pairs_hook=_unambiguous,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except _AmbiguousError as ambiguous:
        raise wrong(_TWICE, passing=False) from ambiguous
    except RecursionError:
        raise wrong("the answer is nested too deeply", passing=False) from None
    except ValueError:
        raise wrong("the answer is not JSON", passing=True) from None
    if not isinstance(content, dict):
        raise wrong("the answer is no object", passing=False)
    if _is_unportable(answer.body, content):
        raise wrong(_UNPORTABLE, passing=False)
    return content


def _is_unportable(body: bytes, content: dict[str, Any]) -> bool:
    """Return whether Ansible would stumble over the result of a module that holds this.

    That is half of a surrogate pair, or a name that it reserves for itself.
    """
    # Where a name does not stand as it is, only an escape can bring one in, and half of a pair comes in no other way.
    is_suspect = _RESERVED.encode() in body or _TELLING_ESCAPE.search(body)
    return bool(is_suspect and _flaw(content))


class _AmbiguousError(Exception):
    """A name stands twice in one object: two readings, and the gate must not choose."""


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise _AmbiguousError
    return content


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    """Return a number that can be written as JSON again: 1e999 becomes an infinity, which cannot."""
    found = float(number)
    return found if math.isfinite(found) else _refuse_constant(number)


def _decoded_strictly(answer: Answer) -> _Decoded:
    return _decoded(answer), {}


def _decoded_leniently(answer: Answer) -> _Decoded:
    """Return the list in a 200, and which of its items `_decoded` would refuse it for, and why.

    Of a name that stands twice in one object, neither value is in it.

    Raises:
        AsmError: as `_decoded`, final when it is JSON: what is wrong is not within one of the items.
    """
    try:
        return _decoded(answer), {}
    except AsmError as refused:
        error = refused
    try:
        content = json.loads(answer.body.decode("utf-8"), object_pairs_hook=_with_clear_names, parse_int=_whole_number)
    except (ValueError, RecursionError):
        raise error from None
    # It is JSON, so no page of something on the way.
    error.passing = False
    if not isinstance(content, dict) or isinstance(content, _AmbiguousObject):
        raise error
    items = content.get("items")
    if not isinstance(items, list) or _flaw({**content, "items": None}):
        raise error
    flaws = {number: _flaw(item) for number, item in enumerate(items)}
    return content, {number: flaw for number, flaw in flaws.items() if flaw}


class _AmbiguousObject(dict[str, Any]):
    """An object in which a name stood twice: what is left are the others."""


def _with_clear_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    counts = Counter(name for name, _value in pairs)
    return _AmbiguousObject((name, value) for name, value in pairs if counts[name] == 1)


def _whole_number(digits: str) -> float:
    """Return a number; one of more digits than Python would read is as little of use as an infinity."""
    try:
        return int(digits)
    except ValueError:
        return math.inf


def _flaw(value: Any) -> str:
    """Return what of a decoded value cannot be handed on, empty when all of it can."""
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            if isinstance(each, _AmbiguousObject):
                return _TWICE
            rest += each
            rest += each.values()
        elif isinstance(each, list):
            rest += each
        elif isinstance(each, str):
            if _RESERVED in each or _is_broken(each):
                return _UNPORTABLE
        elif isinstance(each, float) and not math.isfinite(each):
            return "a number of the answer is not JSON"
    return ""


def _is_broken(text: str) -> bool:
    """Return whether it has half of a surrogate pair."""
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def with_retries(
    attempt: Callable[[float], Found],
    request_timeout: float,
    request_retries: int,
    jitter: Callable[[], float],
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    at_most: float = float("inf"),
    at_least: float = 0.0,
) -> Found:
    """Return what a single read finds that survives passing faults.

    It is over within `request_timeout` × (`request_retries` + 1) seconds: a pause that would end later, such as a long
    Retry-After, is not begun.

    Args:
        attempt: reads once, before a deadline.
        jitter: factors near 1.
        at_most: seconds, a tighter bound.
        at_least: seconds of a pause, for a budget of requests.

    Raises:
        AsmError: the last one.
    """
    deadline = monotonic() + min(request_timeout * (request_retries + 1), at_most)
    tries = 0
    while True:
        try:
            return attempt(deadline)
        except AsmError as error:
            tries += 1
            pause = max(error.pause(tries, jitter()), at_least)
            # What the service asks for counts here, not what `pause` cuts it to: a try before that is of no use.
            due = monotonic() + max(pause, error.retry_after or 0.0)
            if not error.passing or tries > request_retries or due >= deadline:
                raise
        sleep(pause)
