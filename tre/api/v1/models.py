"""Released models: which there are, how each version stands, and what the deployer decides of it."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router

from tre.airlock.deployer import released
from tre.airlock.registered import services
from tre.airlock.registered.models import RegisteredModel
from tre.airlock.registry import publish_public_key
from tre.api.auth import acts, asks_again, person_of
from tre.api.document import a_file
from tre.api.told.common import Number
from tre.api.told.models import ModelTold, RegisteredTold, RetirementSaid
from tre.policy.decision import require
from tre.policy.domain import PLATFORM

router = Router(tags=["Models"])


@router.get("/models", response=list[ModelTold])
@acts("read_registry")
def listed(request: HttpRequest) -> list[ModelTold]:
    """List the released models, newest first."""
    require(person_of(request), "read_registry", PLATFORM)
    return [ModelTold.of(each) for each in released()]


@router.get("/models/release-key.pem", openapi_extra=a_file("application/x-pem-file"))
@acts("read_registry")
def release_key(request: HttpRequest) -> FileResponse:
    """Send the public key that a model's signature is verified with."""
    require(person_of(request), "read_registry", PLATFORM)
    return FileResponse(publish_public_key().open("rb"), content_type="application/x-pem-file")


@router.get("/models/{int:number}", response=RegisteredTold)
@acts("read_registry")
def one(request: HttpRequest, number: Number) -> RegisteredTold:
    """Show one registered version: whether it may be served, and whether the alias names it."""
    return _seen(request, _found(request, number, "read_registry"))


@router.post("/models/{int:number}/retire", response=RegisteredTold)
@acts("manage_registry")
@asks_again
def retire(request: HttpRequest, number: Number, said: RetirementSaid) -> RegisteredTold:
    """Let a version be served no more from a day on; each who serves it is told."""
    found = _found(request, number, "manage_registry")
    services.retire(found.pk, said.on, said.why, person_of(request))
    found.refresh_from_db()
    return _seen(request, found)


@router.post("/models/{int:number}/alias", response=RegisteredTold)
@acts("manage_registry")
@asks_again
def point(request: HttpRequest, number: Number) -> RegisteredTold:
    """Let the model's alias name this version: an earlier one, to roll back, or a later one."""
    found = _found(request, number, "manage_registry")
    services.move_alias(found.pk, person_of(request))
    return _seen(request, found)


def _found(request: HttpRequest, number: int, act: str) -> RegisteredModel:
    require(person_of(request), act, PLATFORM)
    return get_object_or_404(RegisteredModel.objects.select_related("release__request__project"), pk=number)


def _seen(request: HttpRequest, found: RegisteredModel) -> RegisteredTold:
    return RegisteredTold.seen(found, person_of(request))
