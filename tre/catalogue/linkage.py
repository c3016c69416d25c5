"""The pages of linkage: how well it went, what its weights say, and the queue of doubtful pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.catalogue import clerical, suppression
from tre.catalogue.models import DoubtfulPair, WarehouseBuild
from tre.catalogue.waterfall import Waterfall, waterfall
from tre.errors import Refused
from tre.people.services import principal
from tre.policy.decision import require
from tre.policy.domain import PLATFORM

_PER_PAGE = 50
_WIDEST = 20.0  # bits: beyond it a bar is as long as a bar gets
_LABELS = {
    "number": "NHS number as sent", "forename": "Forename", "surname": "Surname", "birth_date": "Date of birth",
    "postcode": "Postcode", "sex": "Sex",
}  # fmt: skip


@dataclass(frozen=True)
class Weight:
    """One level of a comparison and its match weight in bits: log2 of how much likelier it is in one person's records.

    ``bar`` is the weight's length in hundredths of the widest bar; ``left`` is where it begins.
    """

    level: str
    bits: float

    @property
    def bar(self) -> float:
        """Return the bar's length, 0 to 50: half the chart is for agreement, half for disagreement."""
        return min(abs(self.bits), _WIDEST) / _WIDEST * 50

    @property
    def left(self) -> float:
        """Return where the bar begins, 0 to 50."""
        return 50.0 if self.bits >= 0 else 50.0 - self.bar


def weights(model: dict[str, Any]) -> Iterator[tuple[str, list[Weight]]]:
    """Yield each comparison of a trained model with its levels' weights (Fellegi and Sunter 1969: log2 of m over u)."""
    for comparison in model.get("comparisons", []):
        levels = [
            Weight(str(level["label_for_charts"]), math.log2(level["m_probability"] / level["u_probability"]))
            for level in comparison["comparison_levels"]
            if level.get("m_probability") and level.get("u_probability")
        ]
        yield _LABELS.get(comparison["output_column_name"], comparison["output_column_name"]), levels


def overlap(shared: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return a row for each provider: how many persons it shares with each, in the same order, as a page may tell it.

    With itself a provider shares everybody whom it knows.
    """
    persons = {frozenset((each["one"], each["other"])): int(each["persons"]) for each in shared}
    providers = sorted({provider for pair in persons for provider in pair})
    return [
        (one, [suppression.told(persons.get(frozenset((one, other)), 0)) for other in providers]) for one in providers
    ]


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
    require(person, "review_linkage", PLATFORM)
    held = DoubtfulPair.objects.filter(pk=pair).first()
    if held is None:
        raise Http404
    try:
        told = clerical.shown(pair, person)
    except Refused:  # the landing zone no longer holds it: what is known of the agreement still stands
        told = {}
    values = told.get("fields", {})
    fields = [(_LABELS[name], level, values.get(name)) for name, level in held.agreement.items()]
    return render(request, "catalogue/pair.html", {"pair": held, "fields": fields, "waterfall": _waterfall(told)})


def _waterfall(told: Mapping[str, Any]) -> Waterfall | None:
    """Return how the pair came by its weight, or None where the landing zone did not keep it."""
    bits = {_LABELS[name]: each.get("bits") for name, each in told.get("fields", {}).items()}
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
