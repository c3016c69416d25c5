"""Signs people in at the Hub through the portal, and takes away what the Hub would let them keep in it.

Nobody needs more of the Hub than to open and close their own workspaces. A token made on the Hub's page, or the options
and names of servers, would be places to write in and to read from elsewhere.
"""

from __future__ import annotations

from typing import Any

from jupyterhub.apihandlers.users import UserServerAPIHandler
from oauthenticator.generic import GenericOAuthenticator
from tornado.web import HTTPError

# What a person may do: start, stop and use their own servers, and be told apart by them (a sign-in at a server asks for
# the person's name and groups). ``users:activity`` is there for their servers' tokens, which get of a person's scopes
# what the Hub's role ``server`` names. No scope makes a token.
USER_SCOPES = ("servers!user", "access:servers!user", "read:users:groups!user", "users:activity!user")


class OwnServers(UserServerAPIHandler):
    """The Hub's interface to a person's servers without what writes options: the page starts them, by their name."""

    async def put(self, user_name: str, server_name: str = "") -> None:
        """Refuse to make a server without starting it."""
        raise HTTPError(405)

    async def post(self, user_name: str, server_name: str = "") -> None:
        """Refuse to start a server with options."""
        raise HTTPError(405)

    async def patch(self, user_name: str, server_name: str = "") -> None:
        """Refuse to change a server's name and options."""
        raise HTTPError(405)


class PortalAuthenticator(GenericOAuthenticator):
    """Signs people in through the portal; who may start which server it decides too."""

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:
        """Return its own pages, and what stands in the place of the Hub's own: an authenticator's come first."""
        own = [(r"/api/users/([^/]+)/server", OwnServers), (r"/api/users/([^/]+)/servers/([^/]*)", OwnServers)]
        return [*super().get_handlers(app), *own]
