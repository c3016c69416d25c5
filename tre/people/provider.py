"""The OpenID provider, of which the Hub is the one client: allauth's, less what the Hub does not ask for."""

from __future__ import annotations

from functools import wraps

from allauth.idp.oidc import views as oidc
from allauth.idp.oidc.models import Client
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from tre.errors import Refused


@require_safe
@wraps(oidc.authorization)
def authorize(request: HttpRequest) -> HttpResponseBase:
    """Give a code to a sign-in that is bound to the browser that began it, and to no other.

    allauth asks public clients alone for a challenge. A code without one could be put into another person's sign-in
    (RFC 9700, section 2.1.1: S256 for every client).

    Raises
    ------
    Refused
        Without a challenge by SHA-256 (RFC 7636), or for an address that is not a registered one, sign by sign (RFC
        9700, section 2.1): allauth looks neither at a query nor at the port of a loopback.
    """
    client = Client.objects.filter(id=request.GET.get("client_id", "")).first()
    if client is None or request.GET.get("redirect_uri", "") not in client.get_redirect_uris():
        raise Refused("No client of this platform is signed in to there", todo="Begin at the Hub")
    if not request.GET.get("code_challenge") or request.GET.get("code_challenge_method") != "S256":
        raise Refused("This sign-in is not bound to who began it", todo="Begin again at the Hub")
    return oidc.authorization(request)


def closed(request: HttpRequest) -> HttpResponseBase:
    """Answer that there is no such page."""
    raise Http404
