"""What every pod of the platform has in common, and the pods that are not the Hub's own making.

Each keeps to the "restricted" Pod Security Standard and goes further: a root file system that cannot be written, no
token of the cluster's, no environment of other services, a limit on everything.
See https://kubernetes.io/docs/concepts/security/pod-security-standards/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tre.cluster.doors import GATE, GATE_PORT, PROJECT, SERVICES, WORKSPACE, Part, namespace
from tre.cluster.profile import FILE
from tre.cluster.values import Project, Values
from tre.workspace.project_commands import (
    SERVICE_HOME,
    mlflow_command,
    service_environment,
    spark_command,
    spark_settings,
    written,
)
from tre.workspace.sandbox import MLFLOW_PORT, SPARK_PORT

Manifest = dict[str, Any]
PYTHON = "python"  # on the image's PATH, as are spark-submit and node
GATE_FILE = "/run/tre/gate.json"
HUB_SECRETS, HUB_STATE = "/run/secrets/tre", "/srv/hub"
_SPARK_FILE = "/opt/spark-settings/spark-defaults.conf"
_SERVICES_ABOVE = 100_000  # user ids of project services, as tre.workspace.services has them
_BESIDE_THE_HEAP = 4096  # megabytes: Java's own and Spark's Python workers
PLATFORM_USER = 10_001  # the platform's own processes


def restricted(values: Values, own: bool = False) -> Manifest:
    """Return a container's security context.

    Parameters
    ----------
    own : bool
        Whether it runs a researcher's code, so that the product's own filter may be meant.
    """
    local = own and values.seccomp == "Localhost"
    calls = {"type": "Localhost", "localhostProfile": f"profiles/{FILE}"} if local else {"type": "RuntimeDefault"}
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": calls,
    }


def pod_context(uid: int, gid: int) -> Manifest:
    """Return a pod's security context: its user and group, and the group of its volumes."""
    return {
        "runAsNonRoot": True,
        "runAsUser": uid,
        "runAsGroup": gid,
        "fsGroup": gid,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def pod_spec(uid: int, gid: int, containers: Sequence[Manifest], volumes: Sequence[Manifest] = ()) -> Manifest:
    """Return a pod's specification: of the cluster it is given nothing but its volumes."""
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "hostIPC": False,
        "hostNetwork": False,
        "hostPID": False,
        "shareProcessNamespace": False,
        "securityContext": pod_context(uid, gid),
        "containers": list(containers),
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "2Gi"}}, *volumes],
    }


def container(
    values: Values,
    name: str,
    command: Sequence[str],
    *,
    ports: Mapping[str, int],
    megabytes: int,
    processors: str,
    mounts: Sequence[Manifest] = (),
    environment: Mapping[str, str | Manifest] | None = None,
    own: bool = False,
) -> Manifest:
    """Return a container of the product's image.

    Parameters
    ----------
    environment : mapping
        A value as text, or as Kubernetes' ``valueFrom``.
    """
    told = {"HOME": "/tmp", **(environment or {})}  # noqa: S108 - inside the pod
    limits = {"cpu": processors, "memory": f"{megabytes}Mi", "ephemeral-storage": "4Gi"}
    return {
        "name": name,
        "image": values.image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "env": [
            {"name": key, "value": value} if isinstance(value, str) else {"name": key, "valueFrom": value}
            for key, value in told.items()
        ],
        "ports": [{"name": key, "containerPort": port, "protocol": "TCP"} for key, port in ports.items()],
        "resources": {"limits": limits, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "securityContext": restricted(values, own),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, *mounts],  # noqa: S108 - inside the pod
    }


def secret_value(name: str, key: str) -> Manifest:
    """Return where an environment variable's value lies in a Secret."""
    return {"secretKeyRef": {"name": name, "key": key}}


def service(part: Part, name: str, labels: Mapping[str, str], ports: Mapping[str, int]) -> Manifest:
    """Return a Service before the pods of these labels."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace(part.zone), "labels": {**part.labels, **labels}},
        "spec": {
            "type": "ClusterIP",
            "selector": {**part.labels, **labels},
            "ports": [
                {"name": key, "port": port, "targetPort": port, "protocol": "TCP"} for key, port in ports.items()
            ],
        },
    }


def gate_pod(values: Values, name: str, door_port: int) -> Manifest:
    """Return the pod of one workspace's gate and door: the launcher's part that stands outside the sandbox."""
    gate = container(
        values,
        "gate",
        [PYTHON, "-m", "tre.cluster.gate_pod", GATE_FILE],
        ports={"gate": GATE_PORT, "door": door_port},
        megabytes=512,
        processors="1",
        mounts=[{"name": "told", "mountPath": "/run/tre", "readOnly": True}],
    )
    told = {"name": "told", "secret": {"secretName": name, "defaultMode": 0o440}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace(GATE.zone),
            "labels": {**GATE.labels, WORKSPACE: name},
        },
        "spec": pod_spec(PLATFORM_USER, PLATFORM_USER, [gate], [told]) | {"restartPolicy": "Never"},
    }


def project_services(values: Values, project: Project) -> list[Manifest]:
    """Return a project's volumes, and its Spark Connect and MLflow as one pod, as one sandbox holds both."""
    zone, labels = namespace(SERVICES.zone), {**SERVICES.labels, PROJECT: project.code}
    name = f"services-{project.code}"
    uid = project.gid + _SERVICES_ABOVE
    environment: dict[str, str | Manifest] = {**service_environment(""), "PYSPARK_PYTHON": PYTHON}
    mounts: list[Manifest] = [
        {"name": "data", "mountPath": "/project/data", "subPath": str(project.extract), "readOnly": True},
        {"name": "shared", "mountPath": "/project/shared"},
        {"name": "state", "mountPath": SERVICE_HOME},
    ]
    spark = container(
        values, "spark", spark_command("spark-submit", _SPARK_FILE), ports={"spark": SPARK_PORT},
        megabytes=_megabytes(values.spark_memory) + _BESIDE_THE_HEAP, processors="2",
        mounts=[*mounts, {"name": "settings", "mountPath": "/opt/spark-settings", "readOnly": True}],
        environment={**environment, "SPARK_CONNECT_AUTHENTICATE_TOKEN": secret_value(name, "spark")}, own=True,
    )  # fmt: skip
    mlflow = container(
        values, "mlflow", mlflow_command(PYTHON, "0.0.0.0"), ports={"mlflow": MLFLOW_PORT},  # noqa: S104 - see doors
        megabytes=2048, processors="1", mounts=[mounts[2]], environment=environment, own=True,
    )  # fmt: skip
    volumes = [
        _claimed("data", extract_claim(project.code), read_only=True),
        _claimed("shared", shared_claim(project.code)),
        _claimed("state", name),
        {"name": "settings", "configMap": {"name": name}},
    ]
    settings = written(spark_settings(values.spark_memory, "0.0.0.0"))  # noqa: S104 - its doors say who reaches it
    meta = {"name": name, "namespace": zone, "labels": labels}
    return [
        claim(extract_claim(project.code), labels, values.shared_class, values.shared_size, "ReadWriteMany"),
        claim(shared_claim(project.code), labels, values.shared_class, values.shared_size, "ReadWriteMany"),
        claim(name, labels, values.home_class, values.home_size, "ReadWriteOnce"),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"spark-defaults.conf": settings}},
        service(SERVICES, name, {PROJECT: project.code}, {"spark": SPARK_PORT, "mlflow": MLFLOW_PORT}),
        deployment(SERVICES, name, {PROJECT: project.code}, pod_spec(uid, project.gid, [spark, mlflow], volumes)),
    ]


def deployment(part: Part, name: str, labels: Mapping[str, str], spec: Manifest) -> Manifest:
    """Return a Deployment of one pod, which is gone before the next is there: two would write one volume."""
    held = {**part.labels, **labels}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace(part.zone), "labels": held},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": held},
            "template": {"metadata": {"labels": held}, "spec": spec},
        },
    }


def claim(name: str, labels: Mapping[str, str], kind: str, size: str, mode: str) -> Manifest:
    """Return a claim for a volume in the workspace zone."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace(SERVICES.zone), "labels": dict(labels)},
        "spec": {"accessModes": [mode], "storageClassName": kind, "resources": {"requests": {"storage": size}}},
    }


def extract_claim(code: str) -> str:
    """Return the name of the claim for a project's extracts."""
    return f"extracts-{code}"


def shared_claim(code: str) -> str:
    """Return the name of the claim for a project's shared folder."""
    return f"shared-{code}"


def _claimed(name: str, of: str, read_only: bool = False) -> Manifest:
    return {"name": name, "persistentVolumeClaim": {"claimName": of, "readOnly": read_only}}


def _megabytes(memory: str) -> int:
    return int(memory[:-1]) * {"m": 1, "g": 1024}[memory[-1]]
