# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes ``Deployment`` objects (apps/v1) as an API server gives them: all that a real one carries, about 10 kB.

Counters that are 0 are left out and conditions say why, as in a real cluster. The environment of the containers holds
one value, ``ENVIRONMENT_SECRET``, that must never show up in any output.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

ENVIRONMENT_SECRET = "invented-database-password-4711"
FEATURES = ("AUDIT", "CACHE", "COMMENTS", "EXPORT", "IMPORT", "PREVIEW", "SEARCH", "STARS", "TRANSLATION", "VOTES")
REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class Workload:
    """One Deployment. ``updated``, ``ready`` and ``available`` count replicas; ``old`` ones are of an earlier revision.

    ``observed`` is false while its controller has not seen the latest generation. Without ``with_status`` there is no
    status at all, as in a template. Times are RFC 3339, UTC.
    """

    name: str
    namespace: str
    cluster: str
    service: str
    version: str
    image: str
    replicas: int
    updated: int
    ready: int
    available: int
    created: str
    changed: str
    old: int = 0
    generation: int = 2
    observed: bool = True
    deadline_exceeded: bool = False
    with_status: bool = True


def deployment(workload: Workload) -> dict[str, Any]:
    """The object, new at each call."""
    labels = {"app": workload.service, "version": workload.version, "app.kubernetes.io/part-of": "bookinfo"}
    spec = _spec(workload, labels)
    applied = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": workload.name, "namespace": workload.namespace, "labels": labels, "annotations": {}},
        "spec": {"replicas": workload.replicas, "selector": spec["selector"], "template": spec["template"]},
    }
    result: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": workload.name,
            "namespace": workload.namespace,
            "uid": str(uuid5(NAMESPACE_URL, f"{workload.cluster}/{workload.namespace}/{workload.name}")),
            "resourceVersion": str(
                8_271_000 + workload.updated * 100 + workload.ready * 10 + workload.available + workload.generation
            ),
            "generation": workload.generation,
            "creationTimestamp": workload.created,
            "labels": labels,
            "annotations": {
                REVISION: str(workload.generation),
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied, separators=(",", ":")),
            },
            "managedFields": _managed_fields(workload),
        },
        "spec": spec,
    }
    if workload.with_status:
        result["status"] = _status(workload)
    return result


def _status(workload: Workload) -> dict[str, Any]:
    total = workload.updated + workload.old
    available = workload.available + workload.old
    counters = {
        "replicas": total,
        "updatedReplicas": workload.updated,
        "readyReplicas": workload.ready + workload.old,
        "availableReplicas": available,
        "unavailableReplicas": max(0, workload.replicas - available),
    }
    observed = workload.generation if workload.observed else workload.generation - 1
    status: dict[str, Any] = {"observedGeneration": observed}
    status.update({name: value for name, value in counters.items() if value})
    status["conditions"] = [_available(workload, available), _progressing(workload)]
    return status


def _condition(workload: Workload, kind: str, status: str, reason: str, message: str) -> dict[str, str]:
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": workload.changed,
        "lastTransitionTime": workload.changed,
        "reason": reason,
        "message": message,
    }


def _available(workload: Workload, available: int) -> dict[str, str]:
    # The default maxUnavailable of 25 %, rounded down: so many may be missing.
    if available >= workload.replicas - workload.replicas // 4:
        message = "Deployment has minimum availability."
        return _condition(workload, "Available", "True", "MinimumReplicasAvailable", message)
    message = "Deployment does not have minimum availability."
    return _condition(workload, "Available", "False", "MinimumReplicasUnavailable", message)


def _progressing(workload: Workload) -> dict[str, str]:
    replica_set = f'ReplicaSet "{workload.name}-7c9d8f6b5d"'
    if workload.deadline_exceeded:
        message = f"{replica_set} has timed out progressing."
        return _condition(workload, "Progressing", "False", "ProgressDeadlineExceeded", message)
    if workload.available >= workload.replicas and not workload.old:
        message = f"{replica_set} has successfully progressed."
        return _condition(workload, "Progressing", "True", "NewReplicaSetAvailable", message)
    return _condition(workload, "Progressing", "True", "ReplicaSetUpdated", f"{replica_set} is progressing.")


def _spec(workload: Workload, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "replicas": workload.replicas,
        "selector": {"matchLabels": {"app": workload.service, "version": workload.version}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        "template": {
            "metadata": {
                "labels": labels,
                "annotations": {"sidecar.istio.io/inject": "true", "prometheus.io/scrape": "true"},
            },
            "spec": _pod_spec(workload),
        },
    }


def _pod_spec(workload: Workload) -> dict[str, Any]:
    topology = {"matchLabels": {"app": workload.service}}
    return {
        "serviceAccountName": f"bookinfo-{workload.service}",
        "initContainers": [_wait_for_database(workload)],
        "containers": [_application(workload), _log_shipper()],
        "volumes": [
            {"name": "scratch", "emptyDir": {}},
            {"name": "settings", "configMap": {"name": f"{workload.service}-settings", "defaultMode": 420}},
            {"name": "certificates", "secret": {"secretName": f"{workload.service}-tls", "defaultMode": 420}},
        ],
        "affinity": {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 100,
                        "podAffinityTerm": {"labelSelector": topology, "topologyKey": "kubernetes.io/hostname"},
                    }
                ]
            }
        },
        "imagePullSecrets": [{"name": "default-secret"}],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "fsGroup": 1000},
    }


def _probe(path: str, period: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": 9080, "scheme": "HTTP"},
        "initialDelaySeconds": 5,
        "timeoutSeconds": 2,
        "periodSeconds": period,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def _application(workload: Workload) -> dict[str, Any]:
    values = {
        "LOG_DIR": "/tmp/logs",
        "SERVICE_VERSION": workload.version,
        "DATABASE_HOST": f"{workload.service}-db.{workload.namespace}.svc.cluster.local",
        "DATABASE_USER": workload.service,
        "DATABASE_PASSWORD": ENVIRONMENT_SECRET,
        "RATINGS_SERVICE_URL": f"http://ratings.{workload.namespace}.svc.cluster.local:9080/ratings",
        "TRACING_ENDPOINT": f"http://collector.tracing.svc.cluster.local:4317/{workload.cluster}",
    }
    values.update({f"FEATURE_{name}_ENABLED": "false" for name in FEATURES})
    return {
        "name": workload.service,
        "image": workload.image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": 9080, "protocol": "TCP"}],
        "env": [{"name": name, "value": value} for name, value in values.items()]
        + [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}],
        "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "volumeMounts": [
            {"name": "scratch", "mountPath": "/tmp"},
            {"name": "settings", "mountPath": "/etc/settings", "readOnly": True},
            {"name": "certificates", "mountPath": "/etc/certificates", "readOnly": True},
        ],
        "livenessProbe": _probe("/health", 10),
        "readinessProbe": _probe("/ready", 5),
        "lifecycle": {"preStop": {"exec": {"command": ["/bin/sh", "-c", "sleep 5"]}}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


def _wait_for_database(workload: Workload) -> dict[str, Any]:
    return {
        "name": "wait-for-database",
        "image": "registry.example/platform/wait-for:0.3.1",
        "imagePullPolicy": "IfNotPresent",
        "args": [f"--address={workload.service}-db.{workload.namespace}.svc.cluster.local:5432", "--timeout=120s"],
        "resources": {"limits": {"cpu": "50m", "memory": "32Mi"}, "requests": {"cpu": "10m", "memory": "16Mi"}},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


def _log_shipper() -> dict[str, Any]:
    return {
        "name": "log-shipper",
        "image": "registry.example/platform/log-shipper:1.4.2",
        "imagePullPolicy": "IfNotPresent",
        "args": ["--source=/tmp/logs", "--format=json", "--batch=500"],
        "env": [{"name": "SHIPPER_BUFFER_MEBIBYTES", "value": "64"}],
        "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}, "requests": {"cpu": "10m", "memory": "32Mi"}},
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


def _managed_fields(workload: Workload) -> list[dict[str, Any]]:
    """Who owns which field: bulky in every real object, and of no interest to a reader of a release."""
    owned_container: dict[str, Any] = {
        f"f:{name}": {}
        for name in ("image", "imagePullPolicy", "env", "livenessProbe", "readinessProbe", "resources", "volumeMounts")
    }
    containers = (workload.service, "log-shipper")
    pod = {
        "f:containers": {f'k:{{"name":"{name}"}}': {".": {}, **owned_container} for name in containers},
        **{f"f:{name}": {} for name in ("affinity", "dnsPolicy", "restartPolicy", "schedulerName", "volumes")},
    }
    template = {"f:metadata": {"f:annotations": {}, "f:labels": {}}, "f:spec": pod}
    applied = {"f:metadata": {"f:labels": {}}, "f:spec": {"f:replicas": {}, "f:template": template}}
    condition: dict[str, Any] = {
        f"f:{name}": {} for name in ("lastTransitionTime", "message", "reason", "status", "type")
    }
    counted: dict[str, Any] = {
        f"f:{name}": {} for name in ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
    }
    conditions = {f'k:{{"type":"{kind}"}}': condition for kind in ("Available", "Progressing")}
    common = {"apiVersion": "apps/v1", "fieldsType": "FieldsV1", "operation": "Update"}
    return [
        {**common, "manager": "asm-controller", "time": workload.created, "fieldsV1": applied},
        {
            **common,
            "manager": "kube-controller-manager",
            "subresource": "status",
            "time": workload.changed,
            "fieldsV1": {"f:status": {"f:conditions": conditions, **counted}},
        },
    ]
