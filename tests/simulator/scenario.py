# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario says: who may call, which releases there are, how they change, and what goes wrong.

``load`` reads one from YAML, ``parse`` from plain data. Both refuse what they do not know and name it.
Times are in seconds, numbers of requests and reads start at 1.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import yaml
from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from .faults import Fault
from .model import STRICT, Count, Seconds, Text

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

# Places in a Release that may be missing from the items of a list.
Place = Literal[
    "kind",
    "apiVersion",
    "metadata.meshID",
    "metadata.name",
    "metadata.uid",
    "metadata.namespace",
    "spec",
    "spec.serviceName",
    "spec.version",
    "spec.grayDeployments",
    "status",
    "status.phase",
    "status.deployment",
    "status.grayDeployments",
]


class ScenarioError(ValueError):
    """A scenario that cannot be used; the text has one line for each mistake, with its place."""


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Token:
    """A token that works from the start: for ``uses`` requests, if these are given."""

    token: Text
    name: Text | None = None
    uses: Count | None = None


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Key:
    """An access key; a temporary one has a ``security_token``, which then must come with every request."""

    access_key: Text
    secret_key: Text
    security_token: Text | None = None
    name: Text | None = None


@dataclass(config=STRICT, kw_only=True, frozen=True)
class User:
    """A user of IAM, with the project that a token may be scoped to."""

    username: Text
    password: Text
    domain_name: Text
    project_id: Text
    project_name: Text
    name: Text | None = None


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Credentials:
    tokens: tuple[Token, ...] = ()
    keys: tuple[Key, ...] = ()
    users: tuple[User, ...] = ()


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Iam:
    """How long the tokens that IAM issues live: a day, and at most ``token_uses`` requests."""

    token_uses: Count | None = None


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Change:
    """What becomes different about a release; what is not named stays as it was.

    ``found: false`` is ASM's own 404. The numbers are those of each gray workload: ``replicas`` wanted, and of these
    ``updated``, ``ready``, ``available``; ``old`` are replicas of an earlier revision that still run. By default all
    are there. ``fill_seconds`` and ``fill_reads`` let them come one by one from here on.
    """

    found: bool | None = None
    phase: str | None = None
    version: Text | None = None
    uid: Text | None = None
    image: Text | None = None
    replicas: Annotated[int, Field(ge=0, le=1000)] | None = None
    updated: Annotated[int, Field(ge=0)] | None = None
    ready: Annotated[int, Field(ge=0)] | None = None
    available: Annotated[int, Field(ge=0)] | None = None
    old: Annotated[int, Field(ge=0)] | None = None
    workloads: Annotated[int, Field(ge=0)] | None = None
    observed: bool | None = None
    deadline_exceeded: bool | None = None
    workload_status: bool | None = None
    fill_seconds: Seconds | None = None
    fill_reads: Count | None = None

    @model_validator(mode="after")
    def _one_way_to_count(self) -> Change:
        fills = [name for name in ("fill_seconds", "fill_reads") if getattr(self, name) is not None]
        counts = [name for name in ("updated", "ready", "available") if getattr(self, name) is not None]
        if len(fills) + bool(counts) > 1:
            raise ValueError(f"{', '.join(fills + counts)} exclude each other: fill up, or give the numbers")
        return self


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Step(Change):
    """A change that comes by itself: ``after_seconds``, or once ``after_reads`` reads have been answered."""

    after_seconds: Seconds | None = None
    after_reads: Count | None = None

    @model_validator(mode="after")
    def _one_trigger(self) -> Step:
        if self.after_seconds is not None and self.after_reads is not None:
            raise ValueError("after_seconds and after_reads exclude each other")
        if self.fill_seconds is not None and self.after_reads is not None:
            raise ValueError("fill_seconds needs after_seconds (or the first step); with after_reads use fill_reads")
        if self.fill_reads is not None and self.after_seconds is not None:
            raise ValueError("fill_reads needs after_reads (or the first step); with after_seconds use fill_seconds")
        return self


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Release:
    """One release, or ``count`` of them that are alike but for ``{number}`` in ``id`` and ``service``.

    Before the first step takes effect the release does not exist.
    """

    id: Text
    mesh_id: Text
    namespace: Text
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    service: Text = "reviews"
    type: Text = "canary"
    version: Text = "v2"
    uid: Text | None = None
    image: Text = "registry.example/bookinfo/reviews:v2"
    replicas: Annotated[int, Field(ge=0, le=1000)] = 3
    workloads: Annotated[int, Field(ge=0, le=20)] = 1
    count: Annotated[int, Field(ge=1, le=500)] = 1

    @model_validator(mode="after")
    def _usable(self) -> Release:
        if self.count > 1 and "{number}" not in self.id:
            raise ValueError("id needs {number} in it when count is above 1")
        if self.steps[0].phase is None:
            raise ValueError("the first step needs a phase")
        for place, step in enumerate(self.steps[1:], start=1):
            if step.after_seconds is None and step.after_reads is None:
                raise ValueError(f"steps.{place} needs after_seconds or after_reads")
        for unit in ("after_seconds", "after_reads"):
            times = [value for step in self.steps if (value := getattr(step, unit)) is not None]
            if times != sorted(times):
                raise ValueError(f"{unit} must rise from step to step, seen {times}")
        return self


@dataclass(config=STRICT, kw_only=True, frozen=True)
class ReleaseList:
    """What GetAllReleases leaves out: that a list is complete is not published.

    It shows only the first ``shown`` releases of a mesh, as if there were more pages, and its items are ``without``
    these places.
    """

    shown: Annotated[int, Field(ge=0)] | None = None
    without: tuple[Place, ...] = ()


@dataclass(config=STRICT, kw_only=True, frozen=True)
class Scenario:
    """The whole scenario. With ``gzip`` true answers are compressed for clients that accept it."""

    releases: tuple[Release, ...] = ()
    list: ReleaseList = ReleaseList()
    credentials: Credentials = Credentials()
    iam: Iam = Iam()
    faults: tuple[Fault, ...] = ()
    gzip: bool = False

    @model_validator(mode="after")
    def _distinct(self) -> Scenario:
        seen: set[tuple[str, str, str]] = set()
        for release in self.releases:
            place = (release.mesh_id, release.namespace, release.id)
            if place in seen:
                raise ValueError(f"the release {'/'.join(place)} is there twice")
            seen.add(place)
        return self


_scenario: TypeAdapter[Scenario] = TypeAdapter(Scenario)
_change: TypeAdapter[Change] = TypeAdapter(Change)
_faults: TypeAdapter[tuple[Fault, ...]] = TypeAdapter(tuple[Fault, ...])


def load(path: Path) -> Scenario:
    """The scenario in a YAML file; ``ScenarioError`` if it is not one, ``OSError`` if it cannot be read."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path.name}: not YAML: {error}") from error
    try:
        return parse(data)
    except ScenarioError as error:
        raise ScenarioError("\n".join(f"{path.name}: {line}" for line in str(error).splitlines())) from error


def parse(data: object) -> Scenario:
    """The scenario in plain data, as it comes out of YAML or JSON."""
    return _validated(_scenario, data)


def parse_change(data: object) -> Change:
    """The fields of one change, as the control interface takes them."""
    return _validated(_change, data)


def parse_faults(data: object) -> tuple[Fault, ...]:
    """A list of faults, as the control interface takes it."""
    return _validated(_faults, data)


def _validated(adapter: TypeAdapter[T], data: object) -> T:
    try:
        # Validated as JSON: only there do strict types take a list for a tuple and a mapping for a dataclass.
        return adapter.validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        lines = []
        for mistake in error.errors(include_url=False, include_context=False, include_input=False):
            place = ".".join(str(part) for part in mistake["loc"]) or "the scenario"
            unknown = mistake["type"] == "unexpected_keyword_argument"
            message = "unknown key" if unknown else mistake["msg"]
            lines.append(f"{place}: {message}")
        raise ScenarioError("\n".join(lines)) from error
