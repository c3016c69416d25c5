"""The Hub's configuration in a cluster; ``deploy/jupyterhub_config.py`` calls it."""

from __future__ import annotations

from typing import Any

from tre.cluster.doors import (
    HUB,
    HUB_PORT,
    NOTEBOOK,
    PORTAL,
    PORTAL_PORT,
    PROXY,
    PROXY_API_PORT,
    PROXY_PORT,
    address,
    namespace,
)
from tre.cluster.pods import HUB_STATE
from tre.cluster.spawner import ClusterSpawner, hub_secret, values
from tre.workspace import hub_settings


def configure(c: Any) -> None:
    """Tell the Hub everything: what holds wherever it runs, and where its pods, proxy and state are."""
    told = values()
    hub_settings.configure(c, told.hub, told.portal, address(PORTAL, PORTAL_PORT), hub_secret)
    c.JupyterHub.bind_url = f"http://0.0.0.0:{PROXY_PORT}"  # where the proxy listens, by its own command
    c.JupyterHub.hub_bind_url = f"http://0.0.0.0:{HUB_PORT}"
    c.JupyterHub.hub_connect_url = address(HUB, HUB_PORT)
    c.JupyterHub.db_url = f"sqlite:///{HUB_STATE}/hub.sqlite"
    c.JupyterHub.spawner_class = ClusterSpawner
    c.ConfigurableHTTPProxy.api_url = address(PROXY, PROXY_API_PORT)

    c.Spawner.start_timeout = 300  # a node may have to fetch the image
    c.KubeSpawner.namespace = namespace(NOTEBOOK.zone)
    c.KubeSpawner.pod_name_template = "workspace-{user_server}"
    c.KubeSpawner.pvc_name_template = "home-{user_server}"
    c.KubeSpawner.storage_pvc_ensure = True
    c.KubeSpawner.storage_class = told.home_class
    c.KubeSpawner.storage_capacity = told.home_size
    c.KubeSpawner.storage_access_modes = ["ReadWriteOnce"]
    c.KubeSpawner.delete_pvc = False  # an account that leaves the Hub leaves its work to the project
    c.KubeSpawner.delete_stopped_pods = True
    c.KubeSpawner.ip = "0.0.0.0"  # noqa: S104 - in its pod, before which a policy stands
