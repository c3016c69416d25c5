"""What a Hub of the product is told wherever it runs: beside its sandboxes on one machine, or in a cluster.

The Hub knows no passwords: it sends people to the portal by OpenID Connect (authorization code with PKCE), where a
second factor is required. Each person's servers are on a subdomain of their own, because a notebook server can serve
any page and must share no origin with the portal or with another person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tre.config.options import SIGN_IN_SECONDS
from tre.workspace.authenticator import USER_SCOPES, PortalAuthenticator


def configure(c: Any, hub: str, portal: str, portal_internal: str, secret: Callable[[str], str]) -> None:
    """Tell a Hub who comes in, for how long, and what they may do in it.

    Parameters
    ----------
    c : traitlets.config.Config
    hub, portal : str
        Public addresses.
    portal_internal : str
        Where the Hub itself reaches the portal: not every resolver knows the names that browsers do.
    secret : callable
        Returns the secret of a name.
    """
    c.JupyterHub.subdomain_host = hub
    c.JupyterHub.cookie_secret = hashlib.sha256(secret("hub-cookie").encode()).digest()
    c.JupyterHub.cleanup_servers = False  # a Hub that starts again finds the servers it left
    c.JupyterHub.cleanup_proxy = False
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.named_server_limit_per_user = 5
    c.JupyterHub.load_roles = [{"name": "user", "scopes": list(USER_SCOPES)}]
    c.JupyterHub.cookie_max_age_days = SIGN_IN_SECONDS / 86_400
    c.JupyterHub.oauth_token_expires_in = SIGN_IN_SECONDS
    c.JupyterHub.default_url = f"{portal}/projects/"
    c.JupyterHub.template_vars = {"announcement": ""}
    c.JupyterHub.authenticator_class = PortalAuthenticator
    c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 20}
    c.JupyterHub.log_level = "INFO"

    c.ConfigurableHTTPProxy.should_start = False  # it is kept by others, so that it outlives the Hub
    c.ConfigurableHTTPProxy.auth_token = secret("hub-proxy")

    c.Spawner.start_timeout = 120
    c.Spawner.http_timeout = 90
    c.Spawner.default_url = "/lab"

    c.GenericOAuthenticator.client_id = "hub"
    c.GenericOAuthenticator.client_secret = secret("hub-oidc")
    c.GenericOAuthenticator.oauth_callback_url = f"{hub}/hub/oauth_callback"
    c.GenericOAuthenticator.authorize_url = f"{portal}/identity/o/authorize"
    c.GenericOAuthenticator.token_url = f"{portal_internal}/identity/o/api/token"
    c.GenericOAuthenticator.userdata_url = f"{portal_internal}/identity/o/api/userinfo"
    c.GenericOAuthenticator.scope = ["openid", "profile"]
    c.GenericOAuthenticator.username_claim = "preferred_username"
    c.GenericOAuthenticator.enable_pkce = True
    c.GenericOAuthenticator.allow_all = True  # the portal decides who may start which server
    c.GenericOAuthenticator.auto_login = True
    c.GenericOAuthenticator.logout_redirect_url = f"{portal}/accounts/logout/"

    if urlsplit(hub).scheme == "https":
        c.JupyterHub.tornado_settings["cookie_options"] = {"secure": True}
        c.JupyterHub.cookie_host_prefix_enabled = True  # one person's server cannot plant a cookie for another's
