"""Starts a person's notebook server as a pod, and its gate as another. The server's name is the project's code.

What a sandbox shows, a pod mounts; what a sandbox's doors are, this workspace's own NetworkPolicies are. They are made
before the pods and removed after them. Whether the person may is asked of the portal each time.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import time
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
from kubernetes_asyncio.client.exceptions import ApiException
from kubespawner import KubeSpawner
from kubespawner.clients import shared_client
from tornado.web import HTTPError
from traitlets import Dict, Int, Unicode

from tre.cluster import pods
from tre.cluster.doors import (
    DOOR_PORT,
    GATE,
    GATE_PORT,
    HUB,
    HUB_PORT,
    NOTEBOOK,
    NOTEBOOK_PORT,
    PORTAL,
    PORTAL_PORT,
    PROJECT,
    WORKSPACE,
    ZONE,
    Same,
    address,
    namespace,
)
from tre.cluster.policies import shared_policies
from tre.cluster.values import Values, read
from tre.config.options import SIGN_IN_SECONDS
from tre.workspace.gate_sign_in import Public, origin_of
from tre.workspace.hub_door import Server
from tre.workspace.sandbox import MLFLOW_PORT, SPARK_PORT
from tre.workspace.spawner import SandboxSpawner

_PORTAL, _HUB = address(PORTAL, PORTAL_PORT), address(HUB, HUB_PORT)
_GONE_SECONDS, _LOOK_SECONDS = 60.0, 0.5
_NO_SUCH = 404


@lru_cache(maxsize=1)
def values() -> Values:
    """Return the cluster's values, from the file that ``TRE_CLUSTER_VALUES`` names."""
    return read(Path(os.environ["TRE_CLUSTER_VALUES"]))


def hub_secret(name: str) -> str:
    """Return a secret of the Hub's, as its pod mounts it."""
    return Path(pods.HUB_SECRETS, name).read_text().strip()


class ClusterSpawner(KubeSpawner):
    """One pod for each person and project, and its gate in another namespace."""

    session = Int(0, help="The workspace's number at the portal.")
    gate = Unicode("", help="The address of the workspace's gate.")
    workspace = Dict(help="What the portal answered when the workspace was opened.")
    _opening = False

    # There is nothing to choose, and the Hub would keep what was written.
    options_from_query = SandboxSpawner.options_from_query
    run_options_from_form = SandboxSpawner.run_options_from_form

    def load_state(self, state: dict[str, Any]) -> None:
        """Read what :meth:`get_state` kept, so that a Hub that starts again finds its servers."""
        super().load_state(state)
        self.session, self.gate = state.get("session", 0), state.get("gate", "")

    def get_state(self) -> dict[str, Any]:
        """Return what the Hub keeps of this server."""
        return super().get_state() | {"session": self.session, "gate": self.gate}

    def clear_state(self) -> None:
        """Forget the server that ended."""
        super().clear_state()
        self.session, self.gate, self.workspace = 0, "", {}

    def get_env(self) -> dict[str, str]:
        """Return nothing for the pod's own text: the notebook's environment lies in a Secret."""
        return {}

    async def _start(self) -> str:
        """Ask the portal, make the doors, the gate and the notebook, and return the gate's address."""
        if not self.name:
            raise HTTPError(403, "Choose a project: open the workspace from the project's page")
        self.workspace = await self._ask("open", {"username": self.user.name, "project": self.name})
        self.session = self.workspace["session"]
        self._opening = True
        try:
            await self._make_doors()
            return str(await super()._start())
        except BaseException:
            await self._remove_doors()
            raise
        finally:
            self._opening = False

    async def poll(self) -> int | None:
        """Return None while the notebook and its gate run; a notebook whose gate has ended is ended too."""
        status = await super().poll()
        if status is None and self.gate and not self._opening and not await self._gate_runs():
            await self.stop(now=True)
            return 1
        return status

    async def stop(self, now: bool = False) -> None:
        """Remove the notebook, its gate and its doors, and close the workspace at the portal."""
        await super().stop(now)
        if self._opening:  # a pod that an earlier start left was in the way
            return
        await self._remove_doors()
        if self.session:
            await self._ask("close", {"session": self.session})

    async def get_pod_manifest(self) -> Any:
        """Return the notebook's pod: what a sandbox would show, and no more."""
        told, home = self.workspace, f"/home/{self.user.name}"
        self.image, self.port = values().image, NOTEBOOK_PORT
        self.uid, self.gid = told["uid"], told["gid"]
        self.automount_service_account_token = False
        self.pod_security_context = pods.pod_context(told["uid"], told["gid"])
        self.container_security_context = pods.restricted(values(), own=True)
        self.mem_limit, self.mem_guarantee = told["megabytes"] * 1024**2, 512 * 1024**2
        self.cpu_limit, self.cpu_guarantee = told["processors"], 0.1
        self.extra_resource_limits = {"ephemeral-storage": "4Gi"}
        self.extra_labels = {**NOTEBOOK.labels, PROJECT: self.name, WORKSPACE: self.pod_name}
        volumes, mounts = self._volumes(home)
        self.volumes, self.volume_mounts = volumes, mounts
        self.working_dir = home
        command = SandboxSpawner._server_command(self, home)
        self.extra_container_config = {
            "command": [pods.PYTHON, *command[1:]],
            "envFrom": [{"secretRef": {"name": self.pod_name}}],
        }
        self.extra_pod_config = {
            "enableServiceLinks": False,
            "dnsPolicy": "None",  # it is told addresses, and its policy lets it ask for no name
            "dnsConfig": {"nameservers": ["127.0.0.1"]},
            "restartPolicy": "Never",
        }
        return await super().get_pod_manifest()

    def _volumes(self, home: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        extract = self.workspace["data"].rstrip("/").rpartition("/")[2]
        volumes = [
            {"name": "tmp", "emptyDir": {"sizeLimit": "2Gi"}},
            {"name": "home", "persistentVolumeClaim": {"claimName": self.pvc_name}},
            {"name": "shared", "persistentVolumeClaim": {"claimName": pods.shared_claim(self.name)}},
            {
                "name": "data",
                "persistentVolumeClaim": {"claimName": pods.extract_claim(self.name), "readOnly": True},
            },
            {"name": "jupyter", "configMap": {"name": "jupyter"}},
        ]
        mounts = [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - inside the pod
            {"name": "home", "mountPath": home},
            {"name": "shared", "mountPath": "/project/shared"},
            {"name": "data", "mountPath": "/project/data", "subPath": extract, "readOnly": True},
            {"name": "jupyter", "mountPath": "/etc/jupyter/labconfig", "readOnly": True},
        ]
        return volumes, mounts

    def _get_pod_url(self, pod: Any) -> str:
        """Return where the Hub's proxy finds the server: at its gate, never at the pod itself."""
        return f"http://{self.gate}:{GATE_PORT}"

    async def _make_doors(self) -> None:
        """Make what stands around the notebook; what an earlier start left is removed first."""
        await self._remove_doors()
        code, name = self.name, self.pod_name
        spark = await self._address_of_services(code)
        before = {"gate": GATE_PORT, "door": DOOR_PORT}
        self.gate = await self._make_service(pods.service(GATE, name, {WORKSPACE: name}, before))
        inside = {"notebook": NOTEBOOK_PORT}
        notebook = await self._make_service(pods.service(NOTEBOOK, name, {WORKSPACE: name}, inside))
        for policy in shared_policies(name, Same.WORKSPACE, name):
            where = policy["metadata"]["namespace"]
            await shared_client("NetworkingV1Api").create_namespaced_network_policy(where, policy)
        opened = secrets.token_hex(32)  # what the gate lets its person in by; it opens nothing else
        gate = {"gate.json": json.dumps(self._told_to_gate(notebook, opened))}
        await self._make_secret(GATE.zone, gate)
        await self._make_secret(NOTEBOOK.zone, self._environment(self.gate, spark))
        await self.api.create_namespaced_pod(namespace(GATE.zone), pods.gate_pod(values(), name, DOOR_PORT))

    async def _address_of_services(self, code: str) -> str:
        try:
            found = await self.api.read_namespaced_service(f"services-{code}", namespace(NOTEBOOK.zone))
        except ApiException as error:
            if error.status != _NO_SUCH:
                raise
            raise HTTPError(503, "This project has no Spark in the cluster yet. Tell an operator.") from None
        return str(found.spec.cluster_ip)

    async def _make_service(self, manifest: dict[str, Any]) -> str:
        made = await self.api.create_namespaced_service(manifest["metadata"]["namespace"], manifest)
        return str(made.spec.cluster_ip)

    async def _make_secret(self, zone: str, held: dict[str, str]) -> None:
        meta = {"name": self.pod_name, "namespace": namespace(zone), "labels": {WORKSPACE: self.pod_name}}
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "stringData": held}
        await self.api.create_namespaced_secret(namespace(zone), manifest)

    async def _remove_doors(self) -> None:
        """Remove the gate, and when it is gone what it used. Only a pod takes its time to go."""
        network = shared_client("NetworkingV1Api")
        if await self._remove(self.api, "pod", GATE.zone, self.pod_name):
            await self._await_gone()
        for zone in (GATE.zone, NOTEBOOK.zone):
            await self._remove(self.api, "secret", zone, self.pod_name)
            await self._remove(self.api, "service", zone, self.pod_name)
        for policy in shared_policies(self.pod_name, Same.WORKSPACE, self.pod_name):
            meta = policy["metadata"]
            await self._remove(network, "network_policy", meta["labels"][ZONE], meta["name"])

    async def _remove(self, api: Any, kind: str, zone: str, name: str) -> bool:
        """Remove one thing and return whether it was there."""
        try:
            await getattr(api, f"delete_namespaced_{kind}")(name, namespace(zone))
        except ApiException as error:
            if error.status != _NO_SUCH:
                raise
            return False
        return True

    async def _await_gone(self) -> None:
        deadline = time.monotonic() + _GONE_SECONDS
        while await self._gate() is not None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the gate of {self.pod_name} does not end")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _gate(self) -> Any | None:
        """Return the gate's pod, or None when there is none."""
        try:
            return await self.api.read_namespaced_pod(self.pod_name, namespace(GATE.zone))
        except ApiException as error:
            if error.status != _NO_SUCH:
                raise
            return None

    async def _gate_runs(self) -> bool:
        gate = await self._gate()
        return gate is not None and gate.status.phase in {"Pending", "Running"}

    async def _ask(self, verb: str, question: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {hub_secret('hub-service')}"}
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            answer = await client.post(f"{_PORTAL}/api/hub/{verb}", json=question, headers=headers)
        told = answer.json()
        if answer.is_error:
            raise HTTPError(403, str(told["error"]))
        return dict(told)

    def _told_to_gate(self, notebook: str, opened: str) -> dict[str, Any]:
        hub = values().hub
        server = Server(
            hub=_HUB,
            token=self.api_token,
            username=self.user.name,
            name=self.name,
            client=self.oauth_client_id,
            callback=super().get_env()["JUPYTERHUB_OAUTH_CALLBACK_URL"],
        )
        public = Public(hub, origin_of(hub, self.user.name), str(self.server.base_url), SIGN_IN_SECONDS)
        return {
            "server": asdict(server), "public": asdict(public), "portal": _PORTAL, "token": self.workspace["token"],
            "opened": opened, "notebook": notebook,
        }  # fmt: skip

    def _environment(self, gate: str, services: str) -> dict[str, str]:
        """Return the notebook's whole environment beyond the image's: its own names, and its doors' addresses."""
        hub = {name: str(value) for name, value in super().get_env().items() if name.startswith("JUPYTERHUB_")}
        inside, token = f"http://{gate}:{DOOR_PORT}/hub/api", self.workspace["spark_token"]
        hub["JUPYTERHUB_ACTIVITY_URL"] = hub["JUPYTERHUB_ACTIVITY_URL"].replace(hub["JUPYTERHUB_API_URL"], inside)
        return {
            **hub,
            "JUPYTERHUB_API_URL": inside,
            "JUPYTERHUB_API_TOKEN": secrets.token_hex(16),  # opens nothing: its own stays with the gate
            "JUPYTERHUB_SERVICE_URL": f"http://0.0.0.0:{NOTEBOOK_PORT}{self.server.base_url}",
            "HOME": f"/home/{self.user.name}",
            "USER": self.user.name,
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "JUPYTER_PREFER_ENV_PATH": "0",
            "TRE_API": f"http://{gate}:{DOOR_PORT}/tre/api",
            "TRE_PROJECT": self.name,
            "TRE_DATA": "/project/data",
            "SPARK_REMOTE": f"sc://{services}:{SPARK_PORT}/;authorization=Bearer%20{token}",
            "MLFLOW_TRACKING_URI": f"http://{services}:{MLFLOW_PORT}",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
