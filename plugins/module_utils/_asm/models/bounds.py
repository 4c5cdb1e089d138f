# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits of what one response may hold, checked before anything is made of it.

They bound the time that a response takes after its last byte, so that a gate ends by its deadline whatever the response
is. A release has a few workloads, about 1,000 values and 33 kB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import AsmError, ProtocolError
from .deployment import Workload, conditions, containers
from .values import as_list, as_object, plain_values

MOST_ITEMS = 10_000
"""Releases of one list."""

MOST_WORKLOADS = 1_000
"""Gray workloads of one release, planned or created."""

MOST_PARTS = 10_000
"""Workloads of one release, with their containers and conditions."""

MOST_PARTS_OF_A_LIST = 100_000
"""Workloads of one list, with their containers and conditions. A list of 2,000 releases has about 20,000."""

MOST_FIELDS = 1_000
"""Fields of one release that a result shows."""

MOST_CHARACTERS = 1_000_000
"""Characters of one release that a result shows, Deployments aside."""

MOST_VALUES = 200_000
"""Values of one release that is returned with manifests."""

MOST_LEVELS = 100
"""Levels of nesting of a release that is returned with manifests; Ansible itself fails on more."""


def too_many(what: str, limit: int, hint: str = "check endpoint") -> AsmError:
    """Return the error of a response that exceeds a limit."""
    return ProtocolError(f"{what}, the limit is {limit}", hint)


def check_parts(content: Mapping[str, Any]) -> int:
    """Refuse a release of too many workloads, fields, containers or conditions.

    Returns:
        The number of its workloads, planned and created, with their containers and conditions.

    Raises:
        ProtocolError: it names the number and the limit.
    """
    for place in ("spec", "status"):
        count = len(as_list(as_object(content.get(place)).get("grayDeployments")))
        if count > MOST_WORKLOADS:
            raise too_many(f"{place}.grayDeployments has {count} workloads", MOST_WORKLOADS)
    fields = sum(map(len, _shown_objects(content)))
    if fields > MOST_FIELDS:
        raise too_many(f"the release has {fields} fields", MOST_FIELDS)
    count = sum(1 + len(containers(each)) + len(conditions(each)) for each in _deployments(content))
    if count > MOST_PARTS:
        raise too_many(f"the release has {count} workloads, containers and conditions", MOST_PARTS)
    return count


def check_characters(content: Mapping[str, Any], workloads: Sequence[Workload]) -> None:
    """Refuse a release whose texts in a result are too long.

    Raises:
        ProtocolError: it names the number and the limit.
    """
    plain = (text for each in _shown_objects(content) for pair in plain_values(each).items() for text in pair)
    texts = (text for each in workloads for text in (each.name, each.namespace, each.cluster_id, *each.images))
    count = sum(len(text) for text in (*plain, *texts) if isinstance(text, str))
    if count > MOST_CHARACTERS:
        raise too_many(f"the release has {count} characters besides its Deployments", MOST_CHARACTERS)


def check_manifests(content: Mapping[str, Any]) -> None:
    """Refuse a release that is nested too deeply, or has too many values, to be returned with manifests.

    Raises:
        ProtocolError: it names the limit.
    """
    hint = "read it without manifests"
    level: list[Any] = [content]
    count = 0
    for _depth in range(MOST_LEVELS):
        count += sum(map(len, level))
        if count > MOST_VALUES:
            raise too_many(f"the release has {count} values or more", MOST_VALUES, hint)
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise ProtocolError(f"the release is nested deeper than {MOST_LEVELS} levels", hint)


def _shown_objects(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a release whose plain values a result shows without manifests."""
    yield content
    for key in ("metadata", "spec", "status"):
        yield as_object(content.get(key))


def _deployments(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return all Deployments of a release: planned, created and original."""
    spec, status = (as_object(content.get(key)) for key in ("spec", "status"))
    planned = (as_object(each).get("template") for each in as_list(spec.get("grayDeployments")))
    return [*map(as_object, (*planned, *as_list(status.get("grayDeployments")), status.get("deployment")))]
