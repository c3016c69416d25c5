"""What every template knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from tre.config.options import load
from tre.people.models import Account


def site(request: HttpRequest) -> dict[str, object]:
    """Return the service's name and the navigation of whoever is signed in."""
    account = getattr(request, "user", None)
    roles = account.role_names() if isinstance(account, Account) else frozenset()
    options = load()
    return {
        "site_name": settings.SITE_NAME,
        "held_roles": roles,
        "demonstration": options.demonstration,
        "outside_name": options.oidc_name if options.oidc_issuer else "",
    }
