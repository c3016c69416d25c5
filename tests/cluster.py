"""A cluster without one: manifests, a spawner whose API only writes down, and the rules they must keep."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jupyterhub.objects
import jupyterhub.orm
import kubernetes_validate.utils
import pytest
from kubernetes_asyncio.client import ApiClient
from kubernetes_asyncio.client.exceptions import ApiException
from kubespawner import KubeSpawner
from traitlets.config import Config

from tre.cluster import hub, pods, spawner
from tre.cluster.values import Values, read

REPOSITORY = Path(__file__).resolve().parents[1]
VERSIONS = ("1.30", "1.37")  # of Kubernetes: the oldest and the newest whose schemas every manifest must keep
Manifest = dict[str, Any]


def values(**changes: object) -> Values:
    """Return the values that stand in ``deploy``."""
    return read(REPOSITORY / "deploy" / "values.yaml").model_copy(update=changes)


# It reads a file of 2 MB for each manifest, which takes longer than the validation.
kubernetes_validate.utils.schema_contents = lru_cache(kubernetes_validate.utils.schema_contents)


def check_schema(manifest: Manifest) -> None:
    """Raise when a manifest is not what Kubernetes' own schema says, or has a field that it does not know."""
    for version in VERSIONS:
        kubernetes_validate.validate(manifest, version, strict=True)


def pod_specs(manifest: Manifest) -> Iterator[Manifest]:
    """Yield the pod's specification of a manifest that has one."""
    if manifest["kind"] == "Pod":
        yield manifest["spec"]
    elif manifest["kind"] == "Deployment":
        yield manifest["spec"]["template"]["spec"]


# Volumes that the restricted standard allows.
_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def not_restricted(spec: Manifest) -> list[str]:
    """Return what in a pod breaks the "restricted" Pod Security Standard (Kubernetes 1.37), or our own stricter rules.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    found = [name for name in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace") if spec.get(name)]
    pod = spec.get("securityContext", {})
    for volume in spec.get("volumes", ()):
        found += [f"volume {kind}" for kind in set(volume) - {"name"} - _VOLUMES]
    if pod.get("sysctls") or pod.get("seLinuxOptions") or pod.get("windowsOptions"):
        found.append("the pod's sysctls or options")
    if spec.get("enableServiceLinks") is not False:  # ours: no other service's address in the environment
        found.append("enableServiceLinks")
    containers = [*spec["containers"], *spec.get("initContainers", ()), *spec.get("ephemeralContainers", ())]
    for each in containers:
        own = each.get("securityContext", {})
        calls = own.get("seccompProfile", pod.get("seccompProfile", {})).get("type")
        user, plain = own.get("runAsUser", pod.get("runAsUser")), own.get("runAsNonRoot", pod.get("runAsNonRoot"))
        limits = each.get("resources", {}).get("limits", {})
        kept = {
            "privileged": not own.get("privileged"),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "capabilities": own.get("capabilities") == {"drop": ["ALL"]},
            "runAsNonRoot": plain is True,
            "runAsUser": bool(user),  # ours: said, so that it does not hang on the image
            "seccompProfile": calls in {"RuntimeDefault", "Localhost"},
            "procMount": own.get("procMount", "Default") == "Default",
            "hostPort": not any(port.get("hostPort") for port in each.get("ports", ())),
            "readOnlyRootFilesystem": own.get("readOnlyRootFilesystem") is True,  # ours
            "limits": {"cpu", "memory", "ephemeral-storage"} <= set(limits),  # ours
            # A probe or hook may name a host. Ours: there is none at all.
            "probes": not any(
                each.get(one) for one in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle")
            ),
        }
        found += [f"{each['name']}: {rule}" for rule, holds in kept.items() if not holds]
    return found


_WRITER = ApiClient.__new__(ApiClient)  # it writes manifests; made in the usual way it would open a connection


@dataclass
class Api:
    """What the cluster's interface was asked, and what there is then."""

    there: dict[tuple[str, str, str], Manifest] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # verb, resource, namespace
    made: list[Manifest] = field(default_factory=list)
    phase: str = "Running"

    def __getattr__(self, name: str) -> Any:
        verb, _, kind = name.partition("_namespaced_")
        if verb not in {"create", "delete", "read"}:
            raise AttributeError(name)

        async def call(first: Any = None, second: Any = None, **named: Any) -> Any:
            return self._call(verb, kind, first, second, **named)

        return call

    def _call(self, verb: str, kind: str, first: Any, second: Any, namespace: str = "", body: Any = None) -> Any:
        where = namespace or (first if verb == "create" else second)
        self.asked.append(({"read": "get"}.get(verb, verb), f"{kind.replace('_', '')}s".replace("ys", "ies"), where))
        if verb == "create":
            manifest = _WRITER.sanitize_for_serialization(body if body is not None else second)
            manifest["metadata"].setdefault("namespace", where)  # as the API server does
            self.made.append(manifest)
            self.there[kind, where, manifest["metadata"]["name"]] = manifest
            return SimpleNamespace(spec=SimpleNamespace(cluster_ip=f"10.96.1.{len(self.made)}"))
        if (kind, where, first) not in self.there:
            raise ApiException(status=404)
        if verb == "delete":
            return self.there.pop((kind, where, first))
        spec = SimpleNamespace(cluster_ip="10.96.0.77")
        return SimpleNamespace(spec=spec, status=SimpleNamespace(phase=self.phase))


OPENED = {
    "session": 7, "token": "the-workspace-s-token", "uid": 60001, "gid": 61001, "megabytes": 2048, "processors": 1.5,
    "spark_token": "the-spark-token",
    "home": "/tre/homes/x/y", "shared": "/tre/projects/y/shared", "data": "/tre/projects/y/extracts/3",
}  # fmt: skip


@dataclass
class House:
    """A Hub's spawners, and the one API that they call."""

    monkeypatch: pytest.MonkeyPatch
    tmp_path: Path
    api: Api = field(default_factory=Api)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    values: Values = field(default_factory=values)

    def __post_init__(self) -> None:
        patch = self.monkeypatch.setattr
        patch("kubespawner.spawner.load_config", lambda **told: None)
        patch("kubespawner.spawner.shared_client", lambda kind: self.api)
        patch(spawner, "shared_client", lambda kind: self.api)
        patch(spawner, "values", lambda: self.values)
        patch(hub, "values", lambda: self.values)
        patch(KubeSpawner, "_start", self._start)
        patch(KubeSpawner, "stop", self._stop)
        patch(KubeSpawner, "poll", self._poll)
        for name in ("hub-cookie", "hub-oidc", "hub-proxy", "hub-service"):
            (self.tmp_path / name).write_text(f"the-{name}-secret")
        patch(pods, "HUB_SECRETS", str(self.tmp_path))
        for project in self.values.projects:
            self.api.there["service", "tre-workspace", f"services-{project.code}"] = {}

    def spawner(self, person: str, project: str) -> Any:
        """Return a person's spawner for a project, configured as the Hub's."""
        c = Config()
        hub.configure(c)
        base = f"/user/{person}/{project}/"
        server = {"proto": "http", "ip": "", "port": 0, "base_url": base, "cookie_name": ""}
        made = spawner.ClusterSpawner(
            config=c,
            hub=jupyterhub.objects.Hub(ip="0.0.0.0", port=8081, public_host=self.values.hub),
            user=SimpleNamespace(name=person, id=1, url=f"/user/{person}/", settings={}, escaped_name=person),
            orm_spawner=SimpleNamespace(name=project, server=jupyterhub.orm.Server(**server)),
            api_token="the-server-s-own-token",
            oauth_client_id=f"jupyterhub-user-{person}-{project}",
        )
        made._ask = self._ask
        return made

    async def _ask(self, verb: str, question: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((verb, question))
        return dict(OPENED) if verb == "open" else {}

    @staticmethod
    async def _start(own: Any) -> str:
        """Do what KubeSpawner's own start does with the API, without what watches a cluster."""
        await own.api.create_namespaced_persistent_volume_claim(namespace=own.namespace, body=own.get_pvc_manifest())
        pod = await own.get_pod_manifest()
        await own.api.create_namespaced_pod(own.namespace, pod)
        return own._get_pod_url(pod)

    @staticmethod
    async def _stop(own: Any, now: bool = False) -> None:
        with suppress(ApiException):
            await own.api.delete_namespaced_pod(own.pod_name, own.namespace)

    @staticmethod
    async def _poll(own: Any) -> int | None:
        return None if ("pod", own.namespace, own.pod_name) in own.api.there else 1


def started(house: House, *workspaces: tuple[str, str]) -> list[Manifest]:
    """Start workspaces and return all that was made for them."""

    async def scene() -> None:
        for person, project in workspaces:
            await house.spawner(person, project).start()

    asyncio.run(scene())
    return house.api.made
