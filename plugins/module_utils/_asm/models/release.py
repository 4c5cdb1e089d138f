# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer says of a release: uid, version, phase, and its workloads, rolled out or not.

Source of the fields: ASM API reference, "Obtaining the Details About a Grayscale Release Task". The workloads are
Kubernetes Deployments (apps/v1). Anything may be missing or of another type; it then counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import AsmError
from ..sanitize import Cleaner, printable, shortened

API_VERSION = "asm/v2"
DEPLOYMENT_API_VERSION = "apps/v1"

DEEPEST = 100
"""Levels of nesting of a release that is handed on whole: more than that, Ansible itself could not pass on."""

MOST_WORKLOADS = 1_000
"""Gray workloads of one release, planned or created. This limit and the following bound the time that a response takes
after its last byte, so that a gate ends by its deadline whatever the response is. A release has a few workloads."""

MOST_PARTS = 10_000
"""Workloads of one release, with their containers and conditions."""

MOST_FIELDS = 1_000
"""Fields of one release that a result shows."""

MOST_CHARACTERS = 1_000_000
"""Characters of one release that a result shows, Deployments aside."""

MOST_VALUES = 200_000
"""Values of one release that is handed on whole, with its Deployments. A release of 33 kB has about 1,000."""


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
        planned: how many `spec.grayDeployments` names; None when it is missing or no list.
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
        AsmError: kind `protocol`, final: it is no Release, or one that is too large.
    """
    if content.get("kind") != "Release":
        raise AsmError("protocol", "the answer is no Release: kind is missing or another", "check endpoint")
    if not isinstance(content.get("status"), dict):
        raise AsmError("protocol", "the answer is no Release: status is missing or no object", "check endpoint")
    check_parts(content)
    metadata, spec, status = (as_object(content.get(key)) for key in ("metadata", "spec", "status"))
    clusters = _clusters(spec)
    deployment = status.get("deployment")
    release = Release(
        uid=_uid(metadata.get("uid")),
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
    _check_characters(content, release)
    return release


def check_identity(
    content: Mapping[str, Any], mesh_id: str, namespace: str | None = None, in_list: bool = False
) -> None:
    """Refuse a release that is not one of those that were asked for.

    A null or an empty text of `metadata` says nothing, as a missing field does.

    Args:
        namespace: the one that was asked for; None for any.
        in_list: whether it is an item of a list, which may leave out `kind` and `apiVersion`.

    Raises:
        AsmError: kind `protocol`, final; it names what the response has and what was asked for.
    """
    given = content.get("metadata")
    if given is not None and not isinstance(given, dict):
        raise AsmError("protocol", "metadata is no object, so that the release cannot be identified", "check endpoint")
    metadata = as_object(given)
    wanted = [("apiVersion", content.get("apiVersion"), API_VERSION, not in_list)]
    if in_list:
        wanted.append(("kind", content.get("kind"), "Release", False))
    if metadata.get("meshID") != "":
        wanted.append(("metadata.meshID", metadata.get("meshID"), mesh_id, False))
    if namespace is not None and metadata.get("namespace") != "":
        wanted.append(("metadata.namespace", metadata.get("namespace"), namespace, False))
    odd_namespace = metadata.get("namespace")
    if namespace is None and odd_namespace is not None and not isinstance(odd_namespace, str):
        raise AsmError("protocol", "metadata.namespace is no text", "check endpoint")
    for place, value, expected, is_required in wanted:
        if (value is not None or is_required) and value != expected:
            raise other_than_asked_for(place, value, expected)


def other_than_asked_for(place: str, value: Any, expected: str) -> AsmError:
    """Return the error of a response that is about something else than what was asked for."""
    problem = f"{place} of the response is {_described(value)}, expected '{printable(shortened(expected))}'"
    return AsmError("protocol", problem, "check mesh_id, namespace and endpoint", seen=as_text(value))


def _described(value: Any) -> str:
    """Return what stands for a decoded value in the problem of an error whose `seen` is the value, if it is a text."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return "{seen}" if value else "an empty text"
    if value is None:
        return "missing"
    return f"the boolean {value}".lower() if isinstance(value, bool) else shortened(f"the number {value}")


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
    """Return how many gray workloads a release wants; None when `spec.grayDeployments` is missing or no list."""
    planned = as_object(content.get("spec")).get("grayDeployments")
    return len(planned) if isinstance(planned, list) else None


def _uid(value: Any) -> str:
    """Return a uid, empty when it is missing.

    Raises:
        AsmError: kind `protocol`, final: it is no text, so that two releases could not be told apart by it.
    """
    if value is None or isinstance(value, str):
        return value or ""
    raise AsmError("protocol", "metadata.uid is no text", "check endpoint")


def check_parts(content: Mapping[str, Any]) -> int:
    """Return how many workloads a release has, planned and created, with their containers and conditions.

    It refuses a release of too many of them, or of too many fields, before any of them is looked at.

    Raises:
        AsmError: kind `protocol`, final; it names the number and the limit.
    """
    for place in ("spec", "status"):
        count = len(as_list(as_object(content.get(place)).get("grayDeployments")))
        if count > MOST_WORKLOADS:
            raise too_many(f"{place}.grayDeployments has {count} workloads", MOST_WORKLOADS)
    fields = sum(map(len, _shown_objects(content)))
    if fields > MOST_FIELDS:
        raise too_many(f"the release has {fields} fields", MOST_FIELDS)
    count = sum(map(_parts, _deployments(content)))
    if count > MOST_PARTS:
        raise too_many(f"the release has {count} workloads, containers and conditions", MOST_PARTS)
    return count


def _deployments(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return all Deployments of a release: planned, created and original."""
    spec, status = (as_object(content.get(key)) for key in ("spec", "status"))
    planned = (as_object(each).get("template") for each in as_list(spec.get("grayDeployments")))
    return [*map(as_object, (*planned, *as_list(status.get("grayDeployments")), status.get("deployment")))]


def _parts(deployment: Mapping[str, Any]) -> int:
    conditions = as_list(as_object(deployment.get("status")).get("conditions"))
    return 1 + len(_containers(deployment)) + len(conditions)


def too_many(what: str, limit: int, hint: str = "check endpoint") -> AsmError:
    """Return the error of a response that is too large to be handled in time."""
    return AsmError("protocol", f"{what}, the limit is {limit}", hint)


def _check_characters(content: Mapping[str, Any], release: Release) -> None:
    plain = (text for each in _shown_objects(content) for pair in _plain(each).items() for text in pair)
    workloads = [*release.gray, *([release.original] if release.original else [])]
    texts = (text for each in workloads for text in (each.name, each.namespace, each.cluster_id, *each.images))
    count = sum(len(text) for text in (*plain, *texts) if isinstance(text, str))
    if count > MOST_CHARACTERS:
        raise too_many(f"the release has {count} characters besides its Deployments", MOST_CHARACTERS)


def _shown_objects(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a release whose plain values a result shows without manifests."""
    yield content
    for key in ("metadata", "spec", "status"):
        yield as_object(content.get(key))


def _clusters(spec: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    """Return, for each name and namespace of a planned workload, the clusters that are named for it."""
    clusters: dict[tuple[str, str], list[str]] = {}
    for entry in as_list(spec.get("grayDeployments")):
        metadata = as_object(as_object(as_object(entry).get("template")).get("metadata"))
        key = (as_text(metadata.get("name")), as_text(metadata.get("namespace")))
        clusters.setdefault(key, []).append(as_text(as_object(entry).get("clusterID")))
    return clusters


def _containers(deployment: Mapping[str, Any]) -> Sequence[Any]:
    template = as_object(as_object(deployment.get("spec")).get("template"))
    return as_list(as_object(template.get("spec")).get("containers"))


def _count(value: Any, absent: int, bits: int = 32) -> int | None:
    """Return a number of replicas or of a generation, None for what is no such number.

    Args:
        bits: of the integer that Kubernetes decodes it into.
    """
    if value is None:
        return absent
    # bool is an int to Python, but not to Kubernetes.
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2 ** (bits - 1) else None


def workload(
    deployment: Any, clusters: Mapping[tuple[str, str], Sequence[str]], cluster_id: str | None = None
) -> Workload:
    """Return what a Deployment says of its rollout.

    Args:
        deployment: as decoded; anything that is no Deployment has no replicas and is not rolled out.
        clusters: from `_clusters`, to look up the cluster when `cluster_id` is None.
    """
    metadata, spec, status = (as_object(as_object(deployment).get(key)) for key in ("metadata", "spec", "status"))
    key = (as_text(metadata.get("name")), as_text(metadata.get("namespace")))
    if cluster_id is None:
        named = clusters.get(key, ())
        cluster_id = named[0] if len(named) == 1 else ""
    counts = {
        "spec.replicas": _count(spec.get("replicas"), 1),
        "metadata.generation": _count(metadata.get("generation"), 0, bits=64),
        "status.observedGeneration": _count(status.get("observedGeneration"), 0, bits=64),
        **{
            f"status.{name}": _count(status.get(name), 0)
            for name in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        },
    }
    undecodable = _undecodable(deployment, counts)
    exceeded = not undecodable and _deadline_exceeded(status)
    message = undecodable or _why_not(counts, exceeded)
    generation, observed = counts["metadata.generation"], counts["status.observedGeneration"]
    return Workload(
        *key,
        cluster_id=cluster_id,
        images=tuple(as_text(as_object(each).get("image")) for each in _containers(as_object(deployment))),
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


_TEXTS_OF_A_CONDITION = ("type", "status", "reason", "message", "lastUpdateTime", "lastTransitionTime")


def _undecodable(deployment: Any, counts: Mapping[str, int | None]) -> str:
    """Return what of a Deployment `kubectl` could not decode, empty when there is nothing.

    To Kubernetes, null is the same as missing, wherever it stands. Only those fields count that the rollout or a
    result is told by.
    """
    if not isinstance(deployment, dict):
        return "it is no Deployment"
    for name, expected in (("kind", "Deployment"), ("apiVersion", DEPLOYMENT_API_VERSION)):
        if deployment.get(name) not in (None, expected):
            return f"its {name} is not {expected}"
    odd = next((name for name, count in counts.items() if count is None), "")
    return _wrong_type(deployment) or (f"{odd} is no number of replicas or generations" if odd else "")


def _wrong_type(deployment: Mapping[str, Any]) -> str:
    """Return which part of a Deployment is not of the type that Kubernetes gives it, empty when there is none."""
    metadata, spec, status = (as_object(deployment.get(key)) for key in ("metadata", "spec", "status"))
    template = as_object(spec.get("template"))
    pod = as_object(template.get("spec"))
    parts: list[tuple[str, Any, type]] = [
        *((name, deployment.get(name), dict) for name in ("metadata", "spec", "status")),
        *((f"metadata.{name}", metadata.get(name), str) for name in ("name", "namespace")),
        ("spec.template", spec.get("template"), dict),
        ("spec.template.spec", template.get("spec"), dict),
        *_entries("spec.template.spec.containers", pod.get("containers"), ("name", "image")),
        *_entries("status.conditions", status.get("conditions"), _TEXTS_OF_A_CONDITION),
    ]
    return next(
        (f"{name} is no {_TYPES[kind]}" for name, value, kind in parts if not isinstance(value, (kind, type(None)))), ""
    )


_TYPES: Mapping[type, str] = {dict: "object", list: "list", str: "text"}


def _entries(name: str, entries: Any, texts: Sequence[str]) -> Iterator[tuple[str, Any, type]]:
    """Yield the name, the value and the type of each part of a list of objects of which these fields are texts."""
    yield name, entries, list
    for index, entry in enumerate(as_list(entries)):
        yield f"{name}[{index}]", entry, dict
        for text in texts:
            yield f"{name}[{index}].{text}", as_object(entry).get(text), str


def _why_not(counts: Mapping[str, int | None], exceeded: bool) -> str:
    """Return why a Deployment is not rolled out, empty when it is.

    The conditions and their order are those of `kubectl rollout status` for Deployments.

    Args:
        counts: none of them is None.
    """
    numbers = {name: count or 0 for name, count in counts.items()}
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
        return "spec.grayDeployments is missing or no list"
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


def check_whole(content: Mapping[str, Any]) -> None:
    """Refuse a release that is nested too deeply, or has too many values, to be handed on whole.

    Raises:
        AsmError: kind `protocol`, final.
    """
    hint = "read it without manifests"
    level: list[Any] = [content]
    count = 0
    for _depth in range(DEEPEST):
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
    raise AsmError("protocol", f"the release is nested deeper than {DEEPEST} levels", hint)
