"""What every template knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from tre.config.options import load


def site(request: HttpRequest) -> dict[str, object]:
    """Return the service's name, and what its pages tell of this installation."""
    options = load()
    return {
        "site_name": settings.SITE_NAME,
        "demonstration": options.demonstration,
        "outside_name": options.oidc_name if options.oidc_issuer else "",
    }
