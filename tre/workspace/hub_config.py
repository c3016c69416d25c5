"""The Hub's configuration on one machine, read by JupyterHub with ``c`` in place.

Everything comes from the product's own settings; what holds wherever a Hub runs is in
:mod:`tre.workspace.hub_settings`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tre.config.options import load
from tre.config.secrets import secret
from tre.workspace.hub_settings import configure
from tre.workspace.spawner import SandboxSpawner

if TYPE_CHECKING:
    c: Any

options = load()
state = options.path("hub")
state.mkdir(mode=0o700, parents=True, exist_ok=True)


c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub provides it

# Servers call each other on the loopback: not every resolver knows the names that browsers do.
configure(c, options.hub, options.portal, options.portal_internal, secret)
c.JupyterHub.bind_url = f"http://{options.host}:{options.hub_port}"
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = options.hub_api_port
c.JupyterHub.db_url = f"sqlite:///{state / 'hub.sqlite'}"
c.JupyterHub.spawner_class = SandboxSpawner
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{options.proxy_api_port}"
c.Spawner.poll_interval = 5  # a workspace that the platform closed can soon be opened again
c.Spawner.start_timeout = 900  # a start waits for its turn first: see tre.workspace.turns
