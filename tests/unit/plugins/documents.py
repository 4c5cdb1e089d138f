# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases as the API gives them, for tests.

The names of phases are examples: the real ones are not published.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import (
    AsmError,
    ErrorResponse,
    NotFoundError,
    ProtocolError,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.models.release import Release, parse

IMAGE = "registry.example/reviews:2"
MISSING = object()
"""A value for `changed`."""


def deployment(
    name: str = "reviews-gray", ready: int = 3, wanted: int = 3, image: str = IMAGE, **status: Any
) -> dict[str, Any]:
    """Return a Deployment with so many replicas ready and available; `status` overrides fields of its status."""
    return {
        "metadata": {"name": name, "namespace": "bookinfo", "generation": 2},
        "spec": {"replicas": wanted, "template": {"spec": {"containers": [{"name": "reviews", "image": image}]}}},
        "status": {
            "observedGeneration": 2,
            "replicas": wanted,
            "updatedReplicas": wanted,
            "readyReplicas": ready,
            "availableReplicas": ready,
            **status,
        },
    }


def exceeded(**status: Any) -> dict[str, Any]:
    """Return a Deployment that has exceeded its progress deadline."""
    conditions = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    return deployment(ready=1, conditions=conditions, **status)


def without_status() -> dict[str, Any]:
    """Return a Deployment without a status."""
    return {key: value for key, value in deployment().items() if key != "status"}


def document(
    phase: Any = "Running",
    gray: list[Any] | None = None,
    planned: int | None = None,
    uid: Any = "uid-1",
    version: Any = "v2",
    name: str = "reviews-canary",
    namespace: Any = "bookinfo",
    service: Any = "reviews",
) -> dict[str, Any]:
    """Return a response of GetReleaseByName.

    Args:
        planned: the number of `spec.grayDeployments`, when it is not that of `gray`.
    """
    workloads = [deployment()] if gray is None else gray
    count = len(workloads) if planned is None else planned
    templates = [*workloads, *({"metadata": {"name": f"planned-{index}"}} for index in range(count))][:count]
    return {
        "kind": "Release",
        "apiVersion": "asm/v2",
        "metadata": {"meshID": "mesh", "name": name, "uid": uid, "namespace": namespace},
        "spec": {
            "serviceName": service,
            "clusterID": "cluster-0",
            "deploymentName": "reviews",
            "version": version,
            "type": "canary",
            "grayDeployments": [
                {"clusterID": f"cluster-{number}", "template": template} for number, template in enumerate(templates, 1)
            ],
        },
        "status": {
            "phase": phase,
            "startTime": "2026-03-01T12:00:00Z",
            "updateTime": "2026-03-01T12:05:00Z",
            "deployment": deployment("reviews", image="registry.example/reviews:1"),
            "grayDeployments": workloads,
        },
    }


def result(release: Release) -> dict[str, Any]:
    """Return a result of a read, in the keys that a test plugin uses."""
    gray = [asdict(workload) for workload in release.gray]
    for each in gray:
        del each["has_status"], each["is_decodable"], each["deadline_exceeded"]
    return {"found": True, "phase": release.phase, "release": release.content, "workloads": {"gray": gray}}


def changed(content: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """Return a copy of an object with another value in a place such as `status.grayDeployments.0.kind`.

    Args:
        value: `MISSING` to remove what is in the place.
    """
    copy: dict[str, Any] = json.loads(json.dumps(content))
    *outer, last = (int(key) if key.isdecimal() else key for key in place.split("."))
    parent: Any = copy
    for key in outer:
        parent = parent[key]
    if value is MISSING:
        del parent[last]
    else:
        parent[last] = value
    return copy


def shown_in_part(content: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """Return a release as a list shows it without the workloads that it plans, changed in a place."""
    return changed(changed(content, "spec.grayDeployments", MISSING), place, value)


LAST_SHOWN = {
    "unchanged": ("status.phase", "Running", True),
    "without-phase": ("status.phase", MISSING, True),
    "without-workloads": ("status.grayDeployments", MISSING, True),
    "without-status-of-a-workload": ("status.grayDeployments.0.status", MISSING, True),
    "phase": ("status.phase", "Failed", False),
    "version": ("spec.version", "v9", False),
    "readiness": ("status.grayDeployments.0.status.availableReplicas", 1, False),
    "image": ("status.grayDeployments.0.spec.template.spec.containers.0.image", "other:1", False),
    "without-images": ("status.grayDeployments.0.spec.template.spec.containers.0.image", MISSING, True),
}
"""What a list shows of a release last, and whether its disappearance after `Running` is still a success."""


def release_list(*items: Any) -> dict[str, Any]:
    """Return a response of GetAllReleases with these items."""
    return {"kind": "ReleaseList", "apiVersion": "asm/v2", "items": list(items)}


def release(phase: Any = "Running", gray: list[Any] | None = None, **parts: Any) -> Release:
    """Return `document` parsed."""
    return parse(document(phase, gray, **parts))


def not_found() -> AsmError:
    """Return ASM's own 404."""
    response = ErrorResponse(status=404, code="ASM.01404001", from_asm=True)
    return NotFoundError("ASM has no such release", response=response)


def error_of_kind(kind: str = "server", response: ErrorResponse | None = None) -> AsmError:
    """Return an error; of the two of kind `protocol`, the final one."""
    classes: dict[str, type[AsmError]] = {"protocol": ProtocolError}
    for each in AsmError.__subclasses__():
        classes.setdefault(each.kind, each)
    return classes[kind](f"an error of kind {kind}", response=response or ErrorResponse())
