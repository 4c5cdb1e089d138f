# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer says of a release: uid, version, phase, and its workloads, rolled out or not.

Source of the fields: ASM API reference, "Obtaining the Details About a Grayscale Release Task". The workloads are
Kubernetes Deployments (apps/v1). Anything may be missing or of another type; it then counts for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import AsmError
from .text import Cleaner, printable

DEEPEST = 100
"""Levels of nesting of a release that is handed on whole: more than that, Ansible itself could not pass on."""


@dataclass(frozen=True)
class Workload:
    """One Deployment. Counts are replicas.

    Attributes:
        cluster_id: empty where it cannot be told.
        images: of its containers, in their order.
        rolled_out: the verdict of `kubectl rollout status`.
        message: why it is not rolled out; empty when it is.
        has_status: whether it has a `status` at all.
        deadline_exceeded: whether its current generation has exceeded its progress deadline.
    """

    name: str
    namespace: str
    cluster_id: str
    images: tuple[str, ...]
    desired: int
    updated: int
    ready: int
    available: int
    rolled_out: bool
    message: str
    has_status: bool = True
    deadline_exceeded: bool = False

    def report(self, cleaner: Cleaner) -> dict[str, Any]:
        """Return the entry of `workloads` in a result."""
        return {
            "name": shown(self.name, cleaner),
            "namespace": shown(self.namespace, cleaner),
            "cluster_id": shown(self.cluster_id, cleaner),
            "images": [shown(image, cleaner) for image in self.images],
            "desired": self.desired,
            "updated": self.updated,
            "ready": self.ready,
            "available": self.available,
            "rolled_out": self.rolled_out,
            "message": cleaner(self.message),
        }


@dataclass(frozen=True)
class Release:
    """What the gate needs of a release, and what a result shows of it.

    Attributes:
        uid, name, namespace, service, version: as given; empty when missing.
        phase: `status.phase`; empty when it is no text.
        gray: the gray workloads of `status.grayDeployments`.
        planned: how many `spec.grayDeployments` names; None when it cannot be told.
        original: `status.deployment`, None when missing.
        content: the object, as far as a result shows it.
        tells_workloads: whether it says which gray workloads are planned and created; an item of a list may not.
        manifests: whether `content` may hold the Deployments.
    """

    uid: str
    name: str
    namespace: str
    service: str
    version: str
    phase: str
    gray: tuple[Workload, ...]
    planned: int | None
    original: Workload | None
    content: Mapping[str, Any]
    tells_workloads: bool = True
    manifests: bool = False

    @property
    def ready_text(self) -> str:
        """Return ready of desired replicas of the gray workloads, such as `2/3`."""
        return f"{sum(each.ready for each in self.gray)}/{sum(each.desired for each in self.gray)}"


def parse(content: Mapping[str, Any], manifests: bool = True) -> Release:
    """Return the release in a decoded answer.

    Args:
        manifests: whether it holds its Deployments; they are most of it, and a train has hundreds of releases.

    Raises:
        AsmError: kind `protocol`, final: it is no Release.
    """
    if content.get("kind") != "Release":
        raise AsmError("protocol", "the answer is no Release: kind is missing or another", "check endpoint")
    if not isinstance(content.get("status"), dict):
        raise AsmError("protocol", "the answer is no Release: status is missing or no object", "check endpoint")
    metadata, spec, status = (as_object(content.get(key)) for key in ("metadata", "spec", "status"))
    clusters = _clusters(spec)
    deployment = status.get("deployment")
    return Release(
        uid=identity(metadata.get("uid")),
        name=as_text(metadata.get("name")),
        namespace=as_text(metadata.get("namespace")),
        service=as_text(spec.get("serviceName")),
        version=as_text(spec.get("version")),
        phase=as_text(status.get("phase")),
        gray=tuple(workload(each, clusters) for each in as_list(status.get("grayDeployments"))),
        planned=planned_workloads(content),
        original=workload(deployment, {}, as_text(spec.get("clusterID"))) if isinstance(deployment, dict) else None,
        content=report_release(content, manifests),
        tells_workloads=spec.get("grayDeployments") is not None and status.get("grayDeployments") is not None,
        manifests=manifests,
    )


def as_object(value: Any) -> Mapping[str, Any]:
    """Return a decoded value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> Sequence[Any]:
    """Return a decoded value if it is a list, else an empty one."""
    return value if isinstance(value, list) else ()


def as_text(value: Any) -> str:
    """Return a decoded value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def shown(text: str, cleaner: Cleaner) -> str:
    """Return foreign text whole, for a value of a result: a secret that is escaped first is no longer found."""
    return printable(cleaner.redact(text))


def planned_workloads(content: Mapping[str, Any]) -> int | None:
    """Return how many gray workloads a release wants; None when that is of a shape that cannot be counted."""
    spec = content.get("spec")
    planned = spec.get("grayDeployments") if isinstance(spec, dict) else spec
    if planned is None:
        return 0
    return len(planned) if isinstance(planned, list) and isinstance(spec, dict) else None


def identity(value: Any) -> str:
    """Return a uid as text, so that two that differ never look the same.

    Raises:
        AsmError: kind `protocol`, final: it is nested too deeply to be compared.
    """
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return f"{type(value).__name__} {json.dumps(value, sort_keys=True)}"
    except RecursionError:
        raise AsmError("protocol", "metadata.uid is nested too deeply", "check endpoint") from None


def _clusters(spec: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    """Return, for each name and namespace of a planned workload, the clusters that are named for it."""
    clusters: dict[tuple[str, str], list[str]] = {}
    for entry in as_list(spec.get("grayDeployments")):
        metadata = as_object(as_object(as_object(entry).get("template")).get("metadata"))
        key = (as_text(metadata.get("name")), as_text(metadata.get("namespace")))
        clusters.setdefault(key, []).append(as_text(as_object(entry).get("clusterID")))
    return clusters


def _count(value: Any, absent: int) -> int | None:
    """Return a number of replicas or of a generation, None for what is no such number."""
    if value is None:
        return absent
    # bool is an int to Python, but not to Kubernetes.
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def workload(
    deployment: Any, clusters: Mapping[tuple[str, str], Sequence[str]], cluster_id: str | None = None
) -> Workload:
    """Return what a Deployment says of its rollout.

    Args:
        deployment: as decoded; anything that is no Deployment has no replicas and is not rolled out.
        clusters: from `_clusters`, to look up the cluster when `cluster_id` is None.
    """
    metadata, spec, status = (as_object(as_object(deployment).get(key)) for key in ("metadata", "spec", "status"))
    containers = as_list(as_object(as_object(spec.get("template")).get("spec")).get("containers"))
    key = (as_text(metadata.get("name")), as_text(metadata.get("namespace")))
    if cluster_id is None:
        named = clusters.get(key, ())
        cluster_id = named[0] if len(named) == 1 else ""
    counts = {
        "spec.replicas": _count(spec.get("replicas"), 1),
        "metadata.generation": _count(metadata.get("generation"), 0),
        **{
            f"status.{name}": _count(status.get(name), 0)
            for name in ("observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        },
    }
    exceeded = _deadline_exceeded(status)
    message = _why_not(deployment, counts, exceeded)
    generation, observed = counts["metadata.generation"], counts["status.observedGeneration"]
    return Workload(
        *key,
        cluster_id=cluster_id,
        images=tuple(as_text(as_object(container).get("image")) for container in containers),
        desired=counts["spec.replicas"] or 0,
        updated=counts["status.updatedReplicas"] or 0,
        ready=counts["status.readyReplicas"] or 0,
        available=counts["status.availableReplicas"] or 0,
        rolled_out=not message,
        message=message,
        has_status=isinstance(as_object(deployment).get("status"), dict),
        deadline_exceeded=exceeded and generation is not None and observed is not None and generation <= observed,
    )


def _deadline_exceeded(status: Mapping[str, Any]) -> bool:
    return any(
        as_object(condition).get("type") == "Progressing"
        and as_object(condition).get("reason") == "ProgressDeadlineExceeded"
        for condition in as_list(status.get("conditions"))
    )


def _why_not(deployment: Any, counts: Mapping[str, int | None], exceeded: bool) -> str:
    """Return why a Deployment is not rolled out, empty when it is.

    The conditions and their order are those of `kubectl rollout status` for Deployments.
    """
    if not isinstance(deployment, dict):
        return "it is no Deployment"
    numbers = {name: count for name, count in counts.items() if count is not None}
    if len(numbers) < len(counts):
        return f"{next(name for name in counts if name not in numbers)} is no number of replicas or generations"
    desired, updated = numbers["spec.replicas"], numbers["status.updatedReplicas"]
    existing, available = numbers["status.replicas"], numbers["status.availableReplicas"]
    if numbers["metadata.generation"] > numbers["status.observedGeneration"]:
        return "its latest change is not observed yet"
    if exceeded:
        return "it has exceeded its progress deadline"
    if updated < desired:
        return f"{updated} of {desired} replicas are updated"
    if existing > updated:
        return f"{existing - updated} old replicas are pending termination"
    if available < updated:
        return f"{available} of {updated} updated replicas are available"
    return ""


def why_not_ready(gray: Sequence[Workload], planned: int | None) -> str:
    """Return why the gray workloads are not ready, empty when they are.

    Ready is stricter than rolled out: an empty Deployment is rolled out, but nothing of a release runs in it.
    """
    if planned is None:
        return "spec.grayDeployments is no list"
    if not gray:
        return "there is no gray workload"
    if len(gray) < planned:
        return f"{len(gray)} of {planned} gray workloads are there"
    for each in gray:
        if not each.has_status:
            return f"gray workload {each.name} has no status"
        if not each.rolled_out:
            return f"gray workload {each.name}: {each.message}"
        if each.desired < 1:
            return f"gray workload {each.name} wants no replica"
    return ""


def missing_images(images: Sequence[str], gray: Sequence[Workload], planned: int | None) -> list[str]:
    """Return those of the images that not every gray workload has; all of them while a gray workload is missing."""
    if planned is None or not gray or len(gray) < planned:
        return list(images)
    return [image for image in images if not all(image in each.images for each in gray)]


def report_workloads(release: Release | None, cleaner: Cleaner) -> dict[str, Any]:
    """Return the `workloads` of a result."""
    original = release.original.report(cleaner) if release and release.original else {}
    return {"original": original, "gray": [each.report(cleaner) for each in release.gray] if release else []}


def report_release(content: Mapping[str, Any], manifests: bool) -> dict[str, Any]:
    """Return the `release` of a result.

    Without manifests, everything that could be part of a Deployment is left out: its containers hold literal `env`
    values, and Ansible prints the result of a failed task. What is unknown is left out unless it is a plain value.
    What is of the wrong shape where the gray workloads are counted is emptied, so that it still cannot be counted.
    """
    if manifests:
        return dict(content)
    report = _plain(content)
    for key in ("metadata", "spec", "status"):
        if isinstance(content.get(key), dict):
            report[key] = _plain(content[key])
    if isinstance(content.get("spec"), list):
        report["spec"] = []
    planned = as_object(content.get("spec")).get("grayDeployments")
    if isinstance(planned, dict):
        report["spec"]["grayDeployments"] = {}
    elif isinstance(planned, list):
        report["spec"]["grayDeployments"] = [
            {key: value for key, value in _plain(as_object(entry)).items() if key == "clusterID"} for entry in planned
        ]
    return report


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not isinstance(value, (dict, list))}


def check_depth(content: Mapping[str, Any], above: int = 0) -> None:
    """Refuse a release that is nested too deeply to be handed on whole.

    Args:
        above: levels above that of the release.

    Raises:
        AsmError: kind `protocol`, final.
    """
    level: list[Any] = [content]
    for _depth in range(DEEPEST + above):
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise AsmError("protocol", f"the release is nested deeper than {DEEPEST} levels", "read it without manifests")
