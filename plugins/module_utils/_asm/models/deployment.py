# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rollout status of one Deployment (apps/v1), as `kubectl rollout status` reports it.

Anything may be missing or of another type. A Deployment that kubectl could not decode is not rolled out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .values import as_list, as_object, as_text

_DEADLINE_EXCEEDED = "it has exceeded its progress deadline"

_COUNTS: Sequence[tuple[str, int, int]] = (
    ("spec.replicas", 1, 32),
    ("metadata.generation", 0, 64),
    ("status.observedGeneration", 0, 64),
    ("status.replicas", 0, 32),
    ("status.updatedReplicas", 0, 32),
    ("status.readyReplicas", 0, 32),
    ("status.availableReplicas", 0, 32),
)
"""The numbers of a Deployment: the field, its value when it is missing, the bits of the integer in Kubernetes."""

_CONDITION_TEXTS = ("type", "status", "reason", "message", "lastUpdateTime", "lastTransitionTime")


@dataclass(frozen=True)
class Workload:
    """One Deployment of a release.

    Attributes:
        cluster_id: empty when it is unknown.
        images: of its containers, in their order.
        rolled_out: the verdict of `kubectl rollout status`.
        message: why it is not rolled out; empty when it is.
        has_status: whether it has a `status` that is not empty.
        is_decodable: whether `kubectl` could decode it as a Deployment.
        deadline_exceeded: whether its current generation has exceeded its progress deadline.
    """

    name: str
    namespace: str
    cluster_id: str
    images: tuple[str, ...]
    replicas: int
    updated_replicas: int
    ready_replicas: int
    available_replicas: int
    rolled_out: bool
    message: str
    has_status: bool = True
    is_decodable: bool = True
    deadline_exceeded: bool = False


def rollout(deployment: Any, cluster_id: str = "") -> Workload:
    """Return the workload with its rollout status.

    Args:
        deployment: a decoded value; one that is not a Deployment has no replicas and is not rolled out.
    """
    content = as_object(deployment)
    metadata = as_object(content.get("metadata"))
    counts = _counts(content)
    undecodable = _why_undecodable(deployment, counts)
    message = undecodable or _why_not_rolled_out(content, counts)
    return Workload(
        name=as_text(metadata.get("name")),
        namespace=as_text(metadata.get("namespace")),
        cluster_id=cluster_id,
        images=tuple(as_text(as_object(each).get("image")) for each in containers(content)),
        replicas=counts["spec.replicas"] or 0,
        updated_replicas=counts["status.updatedReplicas"] or 0,
        ready_replicas=counts["status.readyReplicas"] or 0,
        available_replicas=counts["status.availableReplicas"] or 0,
        rolled_out=not message,
        message=message,
        has_status=bool(as_object(content.get("status"))),
        is_decodable=not undecodable,
        deadline_exceeded=message == _DEADLINE_EXCEEDED,
    )


def containers(deployment: Mapping[str, Any]) -> Sequence[Any]:
    """Return the decoded containers of a Deployment."""
    template = as_object(as_object(deployment.get("spec")).get("template"))
    return as_list(as_object(template.get("spec")).get("containers"))


def conditions(deployment: Mapping[str, Any]) -> Sequence[Any]:
    """Return the decoded conditions of a Deployment's status."""
    return as_list(as_object(deployment.get("status")).get("conditions"))


def why_not_ready(gray: Sequence[Workload], planned: int | None) -> str:
    """Return why the gray workloads of a release are not ready, empty when they are.

    Ready is stricter than rolled out: a Deployment of 0 replicas is rolled out, but nothing of the release runs in it.

    Args:
        planned: the number of gray workloads in the spec; None when the spec has no list of them.
    """
    if planned is None:
        return "spec.grayDeployments is missing or not a list"
    if not gray:
        return "there is no gray workload"
    if len(gray) < planned:
        return f"{len(gray)} of {planned} gray workloads exist"
    for each in gray:
        if not each.has_status:
            return f"gray workload {each.name} has no status"
        if not each.rolled_out:
            return f"gray workload {each.name}: {each.message}"
        if each.replicas < 1:
            return f"gray workload {each.name} wants no replicas"
    return ""


def missing_images(images: Sequence[str], gray: Sequence[Workload], planned: int | None) -> list[str]:
    """Return the images that not every gray workload has; all of them while a gray workload is missing, or is not a
    Deployment that `kubectl` could decode."""
    is_complete = planned is not None and gray and len(gray) >= planned
    if not is_complete or not all(each.is_decodable for each in gray):
        return list(images)
    return [image for image in images if not all(image in each.images for each in gray)]


def _counts(deployment: Mapping[str, Any]) -> dict[str, int | None]:
    """Return the numbers of a Deployment; None for each that is not one."""
    counts = {}
    for path, default, bits in _COUNTS:
        part, name = path.split(".")
        counts[path] = _count(as_object(deployment.get(part)).get(name), default, bits)
    return counts


def _count(value: Any, default: int, bits: int) -> int | None:
    if value is None:
        return default
    # bool is an int to Python, but not to Kubernetes.
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < 2 ** (bits - 1) else None


def _why_undecodable(deployment: Any, counts: Mapping[str, int | None]) -> str:
    """Return what of a Deployment `kubectl` could not decode, empty when there is nothing.

    Only the fields count that decide the rollout or appear in a result. To Kubernetes, null is the same as missing.
    """
    if not isinstance(deployment, dict):
        return "it is not a Deployment"
    for name, expected in (("kind", "Deployment"), ("apiVersion", "apps/v1")):
        if deployment.get(name) not in (None, expected):
            return f"{name} is not {expected}"
    for name, value, expected_type in _typed_parts(deployment):
        if not isinstance(value, (expected_type, type(None))):
            return f"{name} is not {_TYPES[expected_type]}"
    return next((f"{name} is not a valid number" for name, count in counts.items() if count is None), "")


_TYPES: Mapping[type, str] = {dict: "an object", list: "a list", str: "a string"}


def _typed_parts(deployment: Mapping[str, Any]) -> Iterator[tuple[str, Any, type]]:
    """Yield the name, the value and the type in Kubernetes of each part of a Deployment."""
    metadata, spec = as_object(deployment.get("metadata")), as_object(deployment.get("spec"))
    status, template = as_object(deployment.get("status")), as_object(spec.get("template"))
    for name in ("metadata", "spec", "status"):
        yield name, deployment.get(name), dict
    for name in ("name", "namespace"):
        yield f"metadata.{name}", metadata.get(name), str
    yield "spec.template", spec.get("template"), dict
    yield "spec.template.spec", template.get("spec"), dict
    pod = as_object(template.get("spec"))
    yield from _entries("spec.template.spec.containers", pod.get("containers"), ("name", "image"))
    yield from _entries("status.conditions", status.get("conditions"), _CONDITION_TEXTS)


def _entries(name: str, entries: Any, texts: Sequence[str]) -> Iterator[tuple[str, Any, type]]:
    """Yield the parts of a list of objects of which the fields `texts` are strings."""
    yield name, entries, list
    for index, entry in enumerate(as_list(entries)):
        yield f"{name}[{index}]", entry, dict
        for text in texts:
            yield f"{name}[{index}].{text}", as_object(entry).get(text), str


def _why_not_rolled_out(deployment: Mapping[str, Any], counts: Mapping[str, int | None]) -> str:
    """Return why a decodable Deployment is not rolled out, empty when it is.

    The rules and their order are those of `kubectl rollout status`.
    """
    numbers = {name: count or 0 for name, count in counts.items()}
    wanted, updated = numbers["spec.replicas"], numbers["status.updatedReplicas"]
    existing, available = numbers["status.replicas"], numbers["status.availableReplicas"]
    if numbers["metadata.generation"] > numbers["status.observedGeneration"]:
        return "its latest change has not been observed yet"
    if any(map(_is_deadline_exceeded, conditions(deployment))):
        return _DEADLINE_EXCEEDED
    if updated < wanted:
        return f"{updated} of {wanted} replicas are updated"
    if existing > updated:
        return f"{existing - updated} old replicas are pending termination"
    if available < updated:
        return f"{available} of {updated} updated replicas are available"
    return ""


def _is_deadline_exceeded(condition: Any) -> bool:
    content = as_object(condition)
    return content.get("type") == "Progressing" and content.get("reason") == "ProgressDeadlineExceeded"
