"""The page of one registered version: how it stands, letting it retire, and letting the alias name it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.airlock.registered import services
from tre.airlock.registered.forms import RetireForm
from tre.airlock.registered.models import Alias, RegisteredModel, Told, today
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import decide, require
from tre.policy.domain import PLATFORM


@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Show one version."""
    return _page(request, _asked_for(request, number, "read_registry"), RetireForm())


@require_POST
@step_up
def retire(request: HttpRequest, number: int) -> HttpResponse:
    """Let a version be served no more from a day on."""
    found, form = _asked_for(request, number, "manage_registry"), RetireForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    services.retire(found.pk, form.cleaned_data["on"], form.cleaned_data["why"], principal(request))
    messages.success(request, "It retires on that day, and each who serves it is told.")
    return redirect("registered_model", number=number)


@require_POST
@step_up
def point(request: HttpRequest, number: int) -> HttpResponse:
    """Let the model's alias name this version."""
    found = _asked_for(request, number, "manage_registry")
    services.move_alias(found.pk, principal(request))
    messages.success(request, "The alias names this version.")
    return redirect("registered_model", number=number)


def _asked_for(request: HttpRequest, number: int, act: str) -> RegisteredModel:
    require(principal(request), act, PLATFORM)
    return get_object_or_404(RegisteredModel.objects.select_related("release__request__project"), pk=number)


def _page(request: HttpRequest, found: RegisteredModel, form: RetireForm) -> HttpResponse:
    alias = Alias.objects.filter(name=found.name, alias=services.CHAMPION).first()
    named = alias is not None and alias.version == found.version
    manages = decide(principal(request), "manage_registry", PLATFORM).allowed
    told = {
        "model": found, "form": form, "alias": alias, "named": named,
        "may_retire": manages and not found.recalled,
        "may_point": manages and not named and found.may_be_served(today()),
        "told": Told.objects.all()[:20] if manages else (),
    }  # fmt: skip
    return render(request, "registered/model.html", told, status=400 if form.errors else 200)
