"""Everything that an operator applies: namespaces, policies, the Hub and its proxy, and each project's services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from tre.cluster import pods
from tre.cluster.doors import (
    GATE,
    HUB,
    HUB_PORT,
    NOTEBOOK,
    PORTAL,
    PORTAL_PORT,
    PROXY,
    PROXY_API_PORT,
    PROXY_PORT,
    ZONE,
    ZONES,
    Same,
    address,
    namespace,
)
from tre.cluster.policies import shared_policies, zone_policies
from tre.cluster.values import Values
from tre.workspace.launch import NO_USE_INSIDE

Manifest = dict[str, Any]
_PLATFORM = namespace("platform")
_VALUES = "/etc/tre/values.yaml"
_CONFIG = "/opt/tre/deploy/jupyterhub_config.py"
_PROXY = "/opt/tre/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
# What the Hub may do where it makes workspaces, and no more: it reads no Secret, and changes nothing that it made.
_MAKES = (("", "secrets", ("create", "delete")), ("networking.k8s.io", "networkpolicies", ("create", "delete")))
_HUB_MAY = {
    GATE.zone: (
        *_MAKES,
        ("", "pods", ("create", "delete", "get")),
        ("", "services", ("create", "delete")),
    ),
    NOTEBOOK.zone: (
        *_MAKES,
        ("", "pods", ("create", "delete", "get", "list", "watch")),
        ("", "services", ("create", "delete", "get")),
        ("", "events", ("list", "watch")),
        ("", "persistentvolumeclaims", ("create", "get")),
    ),
}


def files(values: Values) -> dict[str, list[Manifest]]:
    """Return the manifests by the file that each is written to, in the order in which they are applied."""
    made = {
        "namespaces.yaml": [*_namespaces()],
        "policies.yaml": [*zone_policies(values)],
        "hub.yaml": [*_hub(values)],
        "proxy.yaml": [*_proxy(values)],
        "workspace.yaml": [_jupyter(), _portal()],
    }
    for project in values.projects:
        policies = shared_policies(f"project-{project.code}", Same.PROJECT, project.code)
        made[f"project-{project.code}.yaml"] = [*policies, *pods.project_services(values, project)]
    return made


def written(manifests: list[Manifest]) -> str:
    """Return manifests as one file of YAML."""
    return yaml.safe_dump_all(manifests, sort_keys=False, explicit_start=True)


def _namespaces() -> Iterator[Manifest]:
    for zone in ZONES:
        standard = {f"pod-security.kubernetes.io/{each}": "restricted" for each in ("enforce", "audit", "warn")}
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace(zone), "labels": {ZONE: zone, **standard}},
        }


def _hub(values: Values) -> Iterator[Manifest]:
    account = {"name": "hub", "namespace": _PLATFORM}
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account, "automountServiceAccountToken": False}
    for zone, may in _HUB_MAY.items():
        meta = {"name": "hub", "namespace": namespace(zone)}
        rules = [{"apiGroups": [group], "resources": [kind], "verbs": list(verbs)} for group, kind, verbs in may]
        yield {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta, "rules": rules}
        yield {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": meta,
            "subjects": [{"kind": "ServiceAccount", **account}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "hub"},
        }
    held = yaml.safe_dump(values.model_dump(mode="json", exclude_defaults=True), sort_keys=False)
    meta = {"name": "values", "namespace": _PLATFORM}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"values.yaml": held}}
    yield pods.claim("hub", HUB.labels, values.home_class, "1Gi", "ReadWriteOnce") | {
        "metadata": {"name": "hub", "namespace": _PLATFORM, "labels": HUB.labels}
    }
    yield pods.service(HUB, "hub", {}, {"hub": HUB_PORT})
    hub = pods.container(
        values, "hub", ["jupyterhub", "--config", _CONFIG], ports={"hub": HUB_PORT}, megabytes=1024, processors="1",
        mounts=[
            {"name": "state", "mountPath": pods.HUB_STATE},
            {"name": "values", "mountPath": "/etc/tre", "readOnly": True},
            {"name": "secrets", "mountPath": pods.HUB_SECRETS, "readOnly": True},
        ],
        environment={"TRE_CLUSTER_VALUES": _VALUES},
    ) | {"workingDir": pods.HUB_STATE}  # fmt: skip
    names = ("hub-cookie", "hub-oidc", "hub-proxy", "hub-service")
    keys = {"secretName": "hub", "defaultMode": 0o440, "items": [{"key": name, "path": name} for name in names]}
    volumes = [
        {"name": "state", "persistentVolumeClaim": {"claimName": "hub"}},
        {"name": "values", "configMap": {"name": "values"}},
        {"name": "secrets", "secret": keys},
    ]
    spec = pods.pod_spec(pods.PLATFORM_USER, pods.PLATFORM_USER, [hub], volumes)
    # The one pod that calls the cluster itself.
    yield pods.deployment(HUB, "hub", {}, spec | {"serviceAccountName": "hub", "automountServiceAccountToken": True})


def _proxy(values: Values) -> Iterator[Manifest]:
    hub = address(HUB, HUB_PORT)
    command = [
        "node", _PROXY, "--ip", "0.0.0.0", "--port", str(PROXY_PORT),  # noqa: S104 - its policy says who calls
        "--api-ip", "0.0.0.0", "--api-port", str(PROXY_API_PORT), "--host-routing",  # noqa: S104
        "--default-target", hub, "--error-target", f"{hub}/hub/error", "--log-level", "warn",
    ]  # fmt: skip
    proxy = pods.container(
        values, "proxy", command, ports={"proxy": PROXY_PORT, "api": PROXY_API_PORT}, megabytes=512, processors="1",
        environment={"CONFIGPROXY_AUTH_TOKEN": pods.secret_value("hub", "hub-proxy")},
    )  # fmt: skip
    yield pods.service(PROXY, "proxy", {}, {"proxy": PROXY_PORT, "api": PROXY_API_PORT})
    yield pods.deployment(PROXY, "proxy", {}, pods.pod_spec(pods.PLATFORM_USER, pods.PLATFORM_USER, [proxy]))


def _jupyter() -> Manifest:
    meta = {"name": "jupyter", "namespace": namespace(NOTEBOOK.zone), "labels": NOTEBOOK.labels}
    data = {"page_config.json": json.dumps({"disabledExtensions": NO_USE_INSIDE})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def _portal() -> Manifest:
    """Return the portal's Service: its pods are the operator's own."""
    return pods.service(PORTAL, "portal", {}, {"portal": PORTAL_PORT})
