"""The deployer's page: which models were released, and how to take one out of the registry and verify it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from tre.airlock.models import Release
from tre.airlock.registered.hooks import shared_secret
from tre.airlock.registered.models import Alias, RegisteredModel
from tre.airlock.registered.services import CHAMPION
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


@dataclass(frozen=True)
class Released:
    """One released model: what its release says of it, and how it stands."""

    told: dict[str, Any]
    release: Release
    kept: RegisteredModel | None
    named: bool

    @property
    def state(self) -> str:
        """Return how it stands, in words."""
        return self.kept.state if self.kept else "not registered yet"


def released() -> list[Released]:
    """Return the released models, newest first."""
    releases = Release.objects.select_related("request__project").exclude(models_registered=[]).order_by("-at")
    kept = {(each.name, each.version): each for each in RegisteredModel.objects.all()}
    named = set(Alias.objects.values_list("name", "alias", "version"))
    found = [(model, release, (model["name"], int(model["version"]))) for release in releases
             for model in release.models_registered]  # fmt: skip
    return [
        Released(model, release, kept.get(key), (key[0], model.get("alias", CHAMPION), key[1]) in named)
        for model, release, key in found
    ]


def _page(request: HttpRequest, password: str) -> HttpResponse:
    found = released()
    told = {
        "models": found, "address": load().registry_internal, "account": DEPLOYER, "password": password,
        "example": next((each for each in found if each.named), None),
        "webhook": load().model_webhook, "webhook_secret": shared_secret() if password else "",
    }  # fmt: skip
    response = render(request, "airlock/models.html", told)
    response.headers["Cache-Control"] = "no-store"
    return response
