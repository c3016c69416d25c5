"""The deployer's page: which models were released, and how to take one out of the registry and verify it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from tre.airlock.models import Release
from tre.airlock.registry import DEPLOYER, publish_public_key
from tre.audit.services import record
from tre.config.options import load
from tre.config.secrets import secret
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import require
from tre.policy.domain import PLATFORM


@require_safe
def released_models(request: HttpRequest) -> HttpResponse:
    """Show the released models, newest first."""
    require(principal(request), "read_registry", PLATFORM)
    return _page(request, "")


@require_POST
@step_up
def show_password(request: HttpRequest) -> HttpResponse:
    """Show the registry's password for deployers, once, and write down who saw it."""
    person = principal(request)
    require(person, "read_registry", PLATFORM)
    with transaction.atomic():
        record("registry.password_shown", actor=person.username, subject="registry")
    return _page(request, secret("registry-deployer"))


@require_safe
def public_key(request: HttpRequest) -> FileResponse:
    """Send the public key that a model's signature is verified with."""
    require(principal(request), "read_registry", PLATFORM)
    return FileResponse(publish_public_key().open("rb"), as_attachment=True, filename="release-key.pem")


def released() -> list[tuple[dict[str, Any], Release]]:
    """Return the released models, each with its release, newest first."""
    releases = Release.objects.select_related("request__project").exclude(models_registered=[]).order_by("-at")
    return [(model, release) for release in releases for model in release.models_registered]


def _page(request: HttpRequest, password: str) -> HttpResponse:
    told = {"models": released(), "address": load().registry_internal, "account": DEPLOYER, "password": password}
    response = render(request, "airlock/models.html", told)
    response.headers["Cache-Control"] = "no-store"
    return response
