"""The pages of linkage: how well it went, what its weights say, and the queue of doubtful pairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.catalogue import clerical
from tre.catalogue.models import DoubtfulPair, WarehouseBuild
from tre.catalogue.waterfall import Waterfall, waterfall
from tre.catalogue.weights import LABELS, overlap, weights
from tre.people.services import principal
from tre.policy.decision import require
from tre.policy.domain import PLATFORM

_PER_PAGE = 50


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the newest linkage and its queue."""
    require(principal(request), "review_linkage", PLATFORM)
    build = WarehouseBuild.objects.first()
    queue = Paginator(DoubtfulPair.objects.filter(state=DoubtfulPair.State.OPEN), _PER_PAGE)
    told = {
        "build": build,
        "weights": list(weights(build.model or {})) if build else [],
        "overlap": overlap(build.shared) if build else [],
        "queue": queue.get_page(request.GET.get("page")),
        "decided": DoubtfulPair.objects.exclude(state=DoubtfulPair.State.OPEN).count(),
    }
    return render(request, "catalogue/linkage.html", told)


@require_safe
def pair(request: HttpRequest, pair: UUID) -> HttpResponse:
    """Show one doubtful pair, masked, with how far each field agrees."""
    person = principal(request)
    held = clerical.pair_of(pair, person)
    told = clerical.shown_if_kept(pair, person)  # what is known of the agreement stands without it
    values = told.get("fields", {})
    fields = [(LABELS[name], level, values.get(name)) for name, level in held.agreement.items()]
    return render(request, "catalogue/pair.html", {"pair": held, "fields": fields, "waterfall": _waterfall(told)})


def _waterfall(told: Mapping[str, Any]) -> Waterfall | None:
    """Return how the pair came by its weight, or None where the landing zone did not keep it."""
    bits = {LABELS[name]: each.get("bits") for name, each in told.get("fields", {}).items()}
    if told.get("weight") is None or None in bits.values():
        return None
    return waterfall(told["weight"], bits, "Before any field is looked at")


@require_POST
def decide_pair(request: HttpRequest, pair: UUID) -> HttpResponse:
    """Take the decision on one pair and go on to the next."""
    require(principal(request), "review_linkage", PLATFORM)
    choice = request.POST.get("choice")
    if choice not in {"joined", "parted"}:
        messages.error(request, "Choose whether the two records are one person's.")
        return redirect("linkage_pair", pair=pair)
    clerical.decide(pair, choice == "joined", principal(request))
    messages.success(request, "Your decision is kept. It takes effect when the warehouse is next built.")
    following = DoubtfulPair.objects.filter(state=DoubtfulPair.State.OPEN).first()
    return redirect("linkage_pair", pair=following.pk) if following else redirect("linkage")
