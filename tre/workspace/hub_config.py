"""The Hub's configuration, read by JupyterHub with ``c`` in place. Everything comes from the product's own settings.

The Hub knows no passwords: it sends people to the portal by OpenID Connect (authorization code with PKCE), where a
second factor is required. Each person's servers are on a subdomain of their own, because a notebook server can serve
any page and must share no origin with the portal or with another person.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tre.config.options import SIGN_IN_SECONDS, load
from tre.config.secrets import secret
from tre.workspace.authenticator import USER_SCOPES, PortalAuthenticator
from tre.workspace.spawner import SandboxSpawner

if TYPE_CHECKING:
    c: Any

options = load()
state = options.path("hub")
state.mkdir(mode=0o700, parents=True, exist_ok=True)


c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub provides it

c.JupyterHub.bind_url = f"http://{options.host}:{options.hub_port}"
c.JupyterHub.subdomain_host = options.hub
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = options.hub_api_port
c.JupyterHub.db_url = f"sqlite:///{state / 'hub.sqlite'}"
c.JupyterHub.cookie_secret = hashlib.sha256(secret("hub-cookie").encode()).digest()
c.JupyterHub.cleanup_servers = False  # a Hub that starts again finds the servers it left
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.allow_named_servers = True
c.JupyterHub.named_server_limit_per_user = 5
c.JupyterHub.load_roles = [{"name": "user", "scopes": list(USER_SCOPES)}]
c.JupyterHub.cookie_max_age_days = SIGN_IN_SECONDS / 86_400
c.JupyterHub.oauth_token_expires_in = SIGN_IN_SECONDS
c.JupyterHub.default_url = f"{options.portal}/projects/"
c.JupyterHub.template_vars = {"announcement": ""}
c.JupyterHub.spawner_class = SandboxSpawner
c.JupyterHub.authenticator_class = PortalAuthenticator
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 20}
c.JupyterHub.log_level = "INFO"

c.ConfigurableHTTPProxy.should_start = False  # the supervisor keeps it, so that it outlives the Hub
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{options.proxy_api_port}"
c.ConfigurableHTTPProxy.auth_token = secret("hub-proxy")

c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 90
c.Spawner.poll_interval = 5  # a workspace that the platform closed can soon be opened again
c.Spawner.default_url = "/lab"

c.GenericOAuthenticator.client_id = "hub"
c.GenericOAuthenticator.client_secret = secret("hub-oidc")
c.GenericOAuthenticator.oauth_callback_url = f"{options.hub}/hub/oauth_callback"
c.GenericOAuthenticator.authorize_url = f"{options.portal}/identity/o/authorize"
# Servers call each other on the loopback: not every resolver knows the names that browsers do.
c.GenericOAuthenticator.token_url = f"{options.portal_internal}/identity/o/api/token"
c.GenericOAuthenticator.userdata_url = f"{options.portal_internal}/identity/o/api/userinfo"
c.GenericOAuthenticator.scope = ["openid", "profile"]
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.enable_pkce = True
c.GenericOAuthenticator.allow_all = True  # the portal decides who may start which server
c.GenericOAuthenticator.auto_login = True
c.GenericOAuthenticator.logout_redirect_url = f"{options.portal}/accounts/logout/"

if urlsplit(options.hub).scheme == "https":
    c.JupyterHub.tornado_settings["cookie_options"] = {"secure": True}
    c.JupyterHub.cookie_host_prefix_enabled = True  # one person's server cannot plant a cookie for another's
