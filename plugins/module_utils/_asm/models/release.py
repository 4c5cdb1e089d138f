# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One release: its fields, whether a response is about the release that was asked for, and its part of a result.

Source of the fields: ASM API reference, "Obtaining the Details About a Grayscale Release Task". Anything may be missing
or of another type; it then counts as missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import AsmError, ProtocolError
from ..sanitize import quoted, shortened
from .bounds import check_characters, check_manifests, check_parts
from .deployment import Workload, rollout
from .values import as_list, as_object, as_text, plain_values

API_VERSION = "asm/v2"


@dataclass(frozen=True)
class Release:
    """What the gate needs of a release, and what a result shows of it.

    Attributes:
        uid, name, namespace, service, version: as given; empty when missing.
        phase: `status.phase`; empty when it is not a string.
        gray: the gray workloads of `status.grayDeployments`.
        planned: the number of gray workloads in `spec.grayDeployments`; None when it is missing or not a list.
        original: `status.deployment`; None when missing.
        content: the object, as far as a result shows it.
        manifests: whether `content` holds the Deployments.
        has_workloads: whether the object says which gray workloads are planned and created; an item of a list may not.
        has_readiness: whether it says whether these are ready; an item of a list may not, for one of them.
        request_id: of the response, as the service reports it; empty when it did not.
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
    manifests: bool = False
    has_workloads: bool = True
    has_readiness: bool = True
    request_id: str = ""

    @property
    def replicas_text(self) -> str:
        """Return the ready and the wanted replicas of the gray workloads, such as `2/3`, or `?/3` without a status."""
        is_shown = self.has_readiness or not self.has_workloads
        ready = sum(each.ready_replicas for each in self.gray) if is_shown else "?"
        return f"{ready}/{sum(each.replicas for each in self.gray)}"


def is_phase(phase: object, wanted: Iterable[str]) -> bool:
    """Return whether a phase is one of those wanted, both stripped, case-insensitively.

    A phase that is not a non-empty string matches nothing.
    """
    found = phase.strip().casefold() if isinstance(phase, str) else ""
    return bool(found) and any(found == each.strip().casefold() for each in wanted)


def parse(content: Mapping[str, Any], manifests: bool = False, request_id: str = "") -> Release:
    """Return the release in a decoded response.

    Args:
        manifests: whether the release keeps its Deployments for the result.
        request_id: of the response.

    Raises:
        ProtocolError: it is not a Release, or it is too large.
    """
    if content.get("kind") != "Release":
        raise mismatch("kind", content.get("kind"), "Release")
    if not isinstance(content.get("status"), dict):
        raise _not_a_release("status is missing or not an object")
    check_parts(content)
    if manifests:
        check_manifests(content)
    metadata, spec, status = (as_object(content.get(key)) for key in ("metadata", "spec", "status"))
    has_workloads = spec.get("grayDeployments") is not None and status.get("grayDeployments") is not None
    release = Release(
        uid=_uid(metadata.get("uid")),
        name=as_text(metadata.get("name")),
        namespace=as_text(metadata.get("namespace")),
        service=as_text(spec.get("serviceName")),
        version=as_text(spec.get("version")),
        phase=as_text(status.get("phase")),
        gray=_gray_workloads(spec, status),
        planned=planned_workloads(content),
        original=_original_workload(spec, status),
        content=report_release(content, manifests),
        manifests=manifests,
        has_workloads=has_workloads,
        has_readiness=has_workloads,
        request_id=request_id,
    )
    check_characters(content, [*release.gray, *([release.original] if release.original else [])])
    return release


def check_identity(
    content: Mapping[str, Any],
    mesh_id: str,
    namespace: str | None = None,
    service: str | None = None,
    in_list: bool = False,
) -> None:
    """Refuse a response that is not about the release that was asked for.

    A mesh, namespace or service that the response does not give (missing, null, empty) is no contradiction.

    Args:
        namespace: None for any.
        service: the service that was asked for; None when the release was asked for by its id.
        in_list: whether `content` is an item of a list, which may leave out `kind` and `apiVersion`.

    Raises:
        ProtocolError: it names the value in the response and the value that was asked for.
    """
    for place, required in (("kind", "Release"), ("apiVersion", API_VERSION)):
        value = content.get(place)
        if value != required and not (in_list and value is None):
            raise mismatch(place, value, required)
    wanted = [("metadata.meshID", mesh_id), ("metadata.namespace", namespace)]
    if service is not None:
        wanted.append(("spec.serviceName", service))
    for place, expected in wanted:
        part, name = place.split(".")
        if not isinstance(content.get(part), (dict, type(None))):
            raise _not_a_release(f"{part} is not an object")
        value = as_object(content.get(part)).get(name)
        if expected is None and not isinstance(value, (str, type(None))):
            raise _not_a_release(f"{place} is not a string")
        if expected is not None and value not in (None, "", expected):
            raise mismatch(place, value, expected)


def mismatch(place: str, value: Any, expected: str) -> AsmError:
    """Return the error of a response that is about something else than what was asked for."""
    problem = f"{place} of the response is {_described(value)}, expected {quoted(expected)}"
    return ProtocolError(problem, "check mesh_id, namespace and endpoint", seen=as_text(value))


def planned_workloads(content: Mapping[str, Any]) -> int | None:
    """Return the number of gray workloads in the spec; None when `spec.grayDeployments` is missing or not a list."""
    planned = as_object(content.get("spec")).get("grayDeployments")
    return len(planned) if isinstance(planned, list) else None


def report_release(content: Mapping[str, Any], manifests: bool) -> dict[str, Any]:
    """Return the `release` of a result.

    Without manifests, everything that could be part of a Deployment is left out: its containers hold literal `env`
    values, and Ansible prints the result of a failed task. Of unknown fields, only plain values stay.
    """
    if manifests:
        return dict(content)
    report = plain_values(content)
    for key in ("metadata", "spec", "status"):
        if isinstance(content.get(key), dict):
            report[key] = plain_values(content[key])
    planned = as_object(content.get("spec")).get("grayDeployments")
    if isinstance(planned, list):
        report["spec"]["grayDeployments"] = [
            {key: value for key, value in plain_values(as_object(entry)).items() if key == "clusterID"}
            for entry in planned
        ]
    return report


def _described(value: Any) -> str:
    """Return the words for a decoded value in an error whose `seen` is the value, if it is a string."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return "{seen}" if value else "an empty string"
    if value is None:
        return "missing"
    return f"the boolean {value}".lower() if isinstance(value, bool) else shortened(f"the number {value}")


def _not_a_release(reason: str) -> AsmError:
    return ProtocolError(f"the response is not a Release: {reason}", "check endpoint")


def _uid(value: Any) -> str:
    """Return a uid, empty when it is missing.

    Raises:
        ProtocolError: it is not a string, so that it cannot tell two releases apart.
    """
    if value is None or isinstance(value, str):
        return value or ""
    raise _not_a_release("metadata.uid is not a string")


def _gray_workloads(spec: Mapping[str, Any], status: Mapping[str, Any]) -> tuple[Workload, ...]:
    clusters: dict[tuple[str, str], list[str]] = {}
    for entry in map(as_object, as_list(spec.get("grayDeployments"))):
        clusters.setdefault(_key(entry.get("template")), []).append(as_text(entry.get("clusterID")))
    workloads = []
    for deployment in as_list(status.get("grayDeployments")):
        # Of two planned workloads of one name, either could be this one.
        cluster_ids = clusters.get(_key(deployment), [])
        workloads.append(rollout(deployment, cluster_ids[0] if len(cluster_ids) == 1 else ""))
    return tuple(workloads)


def _key(deployment: Any) -> tuple[str, str]:
    """Return the name and the namespace of a Deployment."""
    metadata = as_object(as_object(deployment).get("metadata"))
    return as_text(metadata.get("name")), as_text(metadata.get("namespace"))


def _original_workload(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Workload | None:
    deployment = status.get("deployment")
    return rollout(deployment, as_text(spec.get("clusterID"))) if isinstance(deployment, dict) else None
