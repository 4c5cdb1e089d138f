# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever bytes arrive, the gate has an outcome, and opens only if the bytes themselves show what is wanted.

The strategies are those of `hypothesis` alone. `hypothesis-jsonschema` makes documents that fit a schema, and here they
must not: the damage is the larger part, and much of it (keys that come twice, NaN, broken bytes) is no document at all.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import Response, Transport
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import argument_spec
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runner import run
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.runtime import Runtime, TaskContext
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import IMAGE, deployment, document
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import Clock, answer, given_back
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import GONE
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ENVIRONMENT_SECRET = "environment-value-that-stays-hidden"
WANTED = "Running"
VERSION = "v2"
TARGET = {"region": "region-1", "mesh_id": "mesh", "namespace": "bookinfo", "release_id": "reviews-canary"}
OUTCOMES = {"reached", "failed", "timeout", "stalled", "missing", "replaced", "error"}

TWICE = "\ue000"
"""A key that ends with it goes out without it, and so comes twice."""

# The documents: a release as the API promises it, with its values at random.

COUNTS = st.integers(min_value=0, max_value=4)
PHASES = st.sampled_from([WANTED, "running", " RUNNING\t", "Creating", "Failed", "", " ", "Runn\u0131ng", "Running2"])


@st.composite
def workloads(draw: st.DrawFn) -> dict[str, Any]:
    """A Deployment, rolled out or not, with an environment value in its container."""
    made = deployment(
        ready=draw(COUNTS),
        wanted=draw(COUNTS),
        image=draw(st.sampled_from([IMAGE, "registry.example/reviews:1"])),
        updatedReplicas=draw(COUNTS),
        availableReplicas=draw(COUNTS),
        observedGeneration=draw(st.integers(min_value=1, max_value=3)),
    )
    (container,) = made["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "PASSWORD", "value": ENVIRONMENT_SECRET}]
    return made


@st.composite
def rolled_out(draw: st.DrawFn) -> dict[str, Any]:
    """A Deployment that is rolled out, and wants replicas or none."""
    made = draw(workloads())
    made["spec"]["replicas"] = draw(st.sampled_from([3, 3, 0]))
    made["status"] = deployment()["status"]
    return made


RELEASES = st.builds(
    document,
    phase=st.just(WANTED) | PHASES,
    gray=st.lists(rolled_out(), min_size=1, max_size=2) | st.lists(workloads(), max_size=3),
    version=st.sampled_from([VERSION, VERSION, "v1"]),
    planned=st.sampled_from([None, None, 3]),
)

# The damage: any place gets another value, goes, or comes twice.

NUMBERS = st.integers() | st.sampled_from([2**63, -(2**63), 10**400]) | st.floats()
TEXTS = st.text(max_size=8) | st.sampled_from(["3", "-1", "true", "\x1b[2J", "##vso[task.complete]", "\ud800", WANTED])
VALUES = st.none() | st.booleans() | NUMBERS | TEXTS | PHASES


def nested(levels: int, value: Any) -> Any:
    for level in range(levels):
        value = {"deeper": value} if level % 2 else [value]
    return value


JUNK = (
    VALUES
    | st.lists(VALUES, max_size=3)
    | st.dictionaries(TEXTS, VALUES, max_size=3)
    | st.builds(nested, st.sampled_from([1, 20, 150]), VALUES)
)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Return every place of a document: the object or list that holds it, and its key or index."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in list(children):
        yield node, key
        yield from places(child)


ALTERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "replaced": lambda _value, junk: junk,
    "in a list": lambda value, _junk: [value],
    "in an object": lambda value, _junk: {"within": value},
    "as text": lambda value, _junk: str(value) if isinstance(value, (int, float)) else value,
    "as a number": lambda value, _junk: float(value) if isinstance(value, int) and abs(value) < 2**53 else value,
    "in capitals": lambda value, _junk: value.upper() if isinstance(value, str) else value,
    "in blanks": lambda value, _junk: f" {value}\n" if isinstance(value, str) else value,
}


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The bytes of a release with up to four places damaged, and perhaps with broken bytes."""
    tree = draw(RELEASES)
    for _index in range(draw(st.integers(min_value=0, max_value=4))):
        # The first places are those of `metadata`, `spec` and `status`; all are as likely as any within a Deployment.
        top = [(tree, key) for key in tree]
        shallow = [(tree[key], inner) for key in tree if isinstance(tree[key], dict) for inner in tree[key]]
        holder, key = draw(st.sampled_from([*top, *shallow]) | st.sampled_from(list(places(tree))))
        kind = draw(st.sampled_from(["removed", "twice", *ALTERATIONS]))
        if kind == "removed":
            del holder[key]
        elif kind == "twice" and isinstance(holder, dict):
            holder[f"{key}{TWICE}"] = draw(JUNK)
        elif kind in ALTERATIONS:
            holder[key] = ALTERATIONS[kind](holder[key], draw(JUNK))
        if not tree:
            break
    text = json.dumps(tree, ensure_ascii=draw(st.booleans())).replace(TWICE, "").replace("\\ue000", "")
    return draw(broken(text.encode("utf-8", "surrogatepass")))


def broken(body: bytes) -> st.SearchStrategy[bytes]:
    """The bytes as they are, cut off, with a byte that is no UTF-8, with a mark before them, or with more behind."""
    place = st.integers(min_value=0, max_value=len(body))
    return st.one_of(
        st.just(body),
        st.just(body),
        st.just(body),
        place.map(lambda at: body[:at]),
        st.builds(lambda at, byte: body[:at] + byte + body[at:], place, st.sampled_from([b"\xff", b"\xc0\x80", b"\0"])),
        st.just(b"\xef\xbb\xbf" + body),
        st.sampled_from([b"{}", b"null", body, b"]"]).map(lambda more: body + more),
    )


def error_bodies() -> st.SearchStrategy[bytes]:
    """What may come with another status: errors of all who answer, with anything in them."""
    keys = st.sampled_from(
        ["errorCode", "errorMsg", "error_code", "error_msg", "request_id", "error", "kind", "status"]
    )
    codes = st.sampled_from(["ASM.01404001", "APIGW.0101", "asm.01404001", 404]) | JUNK
    return st.dictionaries(keys, codes, max_size=4).map(json.dumps).map(str.encode) | st.binary(max_size=20)


# The judge: it reads the bytes by itself, knows nothing of the code under test, and is as strict as the contract.


class NoDocumentError(Exception):
    """The bytes are no JSON, or not one JSON only."""


def strictly_decoded(body: bytes) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if any(first[0] == second[0] for first, second in itertools.combinations(pairs, 2)):
            raise NoDocumentError
        return dict(pairs)

    def never(_name: str) -> float:
        raise NoDocumentError

    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=once, parse_constant=never)
    except (ValueError, RecursionError):
        raise NoDocumentError from None


def may_open(status: int, body: bytes, options: Mapping[str, Any]) -> bool:
    """Whether these bytes say that the gate is to open."""
    try:
        tree = strictly_decoded(body) if status == 200 else None
    except NoDocumentError:
        return False
    return shows_what_is_wanted(tree, options)


def list_may_open(body: bytes, options: Mapping[str, Any]) -> bool:
    """Whether these bytes say of every release in them that the gate is to open; their kind is the list's to say."""
    try:
        tree = strictly_decoded(body)
    except NoDocumentError:
        return False
    items = at(tree, "items")
    return isinstance(items, list) and all(
        isinstance(item, dict) and shows_what_is_wanted(with_defaults(item), options) for item in items
    )


def with_defaults(item: dict[str, Any]) -> dict[str, Any]:
    """An item of a list with what Kubernetes leaves out there, or shows as null."""
    defaults = {"kind": "Release", "apiVersion": "asm/v2"}
    return {**item, **{name: value for name, value in defaults.items() if item.get(name) is None}}


def shows_what_is_wanted(tree: Any, options: Mapping[str, Any]) -> bool:
    if not isinstance(tree, dict) or tree.get("kind") != "Release" or not isinstance(tree.get("status"), dict):
        return False
    said = [(tree.get("apiVersion"), ("asm/v2",)), (at(tree, "metadata", "meshID"), ("mesh", "", None))]
    said.append((at(tree, "metadata", "namespace"), ("bookinfo", "", None)))
    if not all(value in expected for value, expected in said):
        return False
    phase = tree["status"].get("phase")
    if not isinstance(phase, str) or phase.strip().casefold() != WANTED.casefold():
        return False
    spec = tree["spec"] if isinstance(tree.get("spec"), dict) else {}
    if options.get("version") is not None and spec.get("version") != options["version"]:
        return False
    gray = tree["status"].get("grayDeployments")
    gray = gray if isinstance(gray, list) else []
    planned = spec.get("grayDeployments")
    all_there = bool(gray) and isinstance(planned, list) and len(gray) >= len(planned)
    if options.get("images") and not (all_there and all(runs(each, options["images"]) for each in gray)):
        return False
    return not options.get("ready") or (all_there and all(map(is_ready, gray)))


def at(node: Any, *keys: str) -> Any:
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def runs(workload: Any, images: list[str]) -> bool:
    containers = at(workload, "spec", "template", "spec", "containers")
    found = [at(container, "image") for container in containers] if isinstance(containers, list) else []
    return all(image in found for image in images)


def is_ready(workload: Any) -> bool:
    """Whether a Deployment wants replicas, and all of them are updated, available, and alone."""
    if not isinstance(at(workload, "status"), dict):
        return False
    replicas = at(workload, "spec", "replicas")
    numbers = [1 if replicas is None else replicas]
    numbers += [
        0 if value is None else value
        for value in (
            at(workload, "status", "updatedReplicas"),
            at(workload, "status", "availableReplicas"),
            at(workload, "status", "replicas"),
            at(workload, "status", "observedGeneration"),
            at(workload, "metadata", "generation"),
        )
    ]
    if not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers):
        return False
    wanted, updated, available, existing, observed, generation = numbers
    return updated >= wanted > 0 and available >= updated and existing <= updated and observed >= generation


def verdict(status: int, body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of a gate that gets nothing but this response, on a clock that only sleeping moves."""
    given = answer(status, body)
    return held({**TARGET, **options}, lambda _path: given)


def held(options: Mapping[str, Any], given: Callable[[str], Response]) -> dict[str, Any]:
    """Return the result of a gate that gets these responses by what it asks for."""
    clock = Clock()
    parameters = {name: option.get("default") for name, option in argument_spec().items()}
    parameters.update(token="invented-token", success_phases=[WANTED], wait_timeout=3, wait_sleep=1)
    parameters.update({"wait": True, **options})
    runtime = Runtime({}, monotonic=clock.__call__, sleep=clock.sleep, jitter=lambda: 1.0)

    def send(_transport: Transport, request: Any, _deadline: float, _bounds: Any, decode: Any) -> Response:
        return given_back(given(request.url), request.url, decode)

    with mock.patch.object(Transport, "send", send):
        return run(parameters, TaskContext(), runtime).result


OPTIONS = st.fixed_dictionaries(
    {
        "ready": st.booleans(),
        "manifests": st.booleans(),
        "version": st.sampled_from([None, None, VERSION]),
        "images": st.sampled_from([None, None, [IMAGE]]),
    }
)
BOUNDS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_sound(result: dict[str, Any], status: int, body: bytes, options: Mapping[str, Any]) -> None:
    shown = json.dumps(result)
    assert result["gate"]["outcome"] in OUTCOMES
    assert result.get("error", {}).get("kind") != "internal", result
    assert result.get("failed", False) == (result["gate"]["outcome"] != "reached")
    assert result["gate"]["outcome"] != "reached" or may_open(status, body, options), result
    assert options["manifests"] or ENVIRONMENT_SECRET not in shown


@given(body=damaged(), options=OPTIONS)
@example(
    body=json.dumps(document()).encode(), options={"ready": True, "manifests": True, "version": None, "images": None}
)
@BOUNDS
@pytest.mark.slow
def test_a_damaged_release_never_opens_a_gate_that_must_stay_closed(body: bytes, options: dict[str, Any]) -> None:
    assert_sound(verdict(200, body, options), 200, body, options)


COMPANION = document(WANTED, name="companion", uid="uid-companion", version=VERSION)
TWO = [{"release_id": "reviews-canary"}, {"release_id": "companion"}]
MESH = {"region": "region-1", "mesh_id": "mesh", "namespace": "bookinfo", "releases": TWO, "requests_per_minute": 600}


def listing(body: bytes) -> bytes:
    """The bytes of a list of these bytes and of a release that meets all conditions."""
    return (
        b'{"kind": "ReleaseList", "apiVersion": "asm/v2", "items": ['
        + body
        + b", "
        + json.dumps(COMPANION).encode()
        + b"]}"
    )


def verdict_on_list(body: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of a gate on several releases that gets this list; no release is there to be read singly."""
    given = answer(200, body)
    return held({**MESH, **options}, lambda url: given if url.endswith("/meshes/mesh/releases") else GONE)


@given(body=damaged(), options=OPTIONS)
@BOUNDS
@pytest.mark.slow
def test_a_damaged_release_in_a_list_never_opens_a_gate_that_must_stay_closed(
    body: bytes, options: dict[str, Any]
) -> None:
    body = listing(body)

    result = verdict_on_list(body, options)

    assert result["gate"]["outcome"] in OUTCOMES
    assert result.get("error", {}).get("kind") != "internal", result
    assert result.get("failed", False) == (result["gate"]["outcome"] != "reached")
    assert result["gate"]["outcome"] != "reached" or list_may_open(body, options), result
    assert options["manifests"] or ENVIRONMENT_SECRET not in json.dumps(result)


@given(made=RELEASES, options=OPTIONS)
@BOUNDS
@pytest.mark.slow
def test_a_gate_opens_for_every_sound_list_that_meets_the_conditions(
    made: dict[str, Any], options: dict[str, Any]
) -> None:
    body = listing(json.dumps(made).encode())

    opened = verdict_on_list(body, options)["gate"]["outcome"] == "reached"

    assert opened == list_may_open(body, options)


@given(status=st.sampled_from([201, 204, 301, 400, 401, 403, 404, 405, 408, 429, 500, 503]), body=error_bodies())
@BOUNDS
@pytest.mark.slow
def test_an_error_never_opens_a_gate_whatever_its_body(status: int, body: bytes) -> None:
    options = {"ready": False, "manifests": False, "on_missing": "accept", "missing_after": [WANTED]}

    assert_sound(verdict(status, body, options), status, body, options)


@given(body=damaged(), manifests=st.booleans())
@BOUNDS
@pytest.mark.slow
def test_a_single_read_of_a_damaged_release_gives_a_result_that_ansible_can_pass_on(
    body: bytes, manifests: bool
) -> None:
    result = verdict(200, body, {"wait": False, "success_phases": None, "manifests": manifests})

    shown = json.dumps(result, allow_nan=False)
    assert result.get("error", {}).get("kind") not in {"internal", "usage"}, result
    assert manifests or ENVIRONMENT_SECRET not in shown


@given(made=RELEASES, options=OPTIONS)
@BOUNDS
@pytest.mark.slow
def test_a_gate_opens_for_every_sound_release_that_meets_the_conditions(
    made: dict[str, Any], options: dict[str, Any]
) -> None:
    body = json.dumps(made).encode()

    opened = verdict(200, body, options)["gate"]["outcome"] == "reached"

    assert opened == may_open(200, body, options)
