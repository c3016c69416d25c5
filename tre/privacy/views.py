"""The page of a project's privacy budget: what is left, what was spent on what, and what a choice would cost."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tre.errors import Refused
from tre.people.services import principal
from tre.privacy.accuracy import accuracy
from tre.privacy.models import Spend
from tre.privacy.plots import plot
from tre.privacy.prices import Price, budgeted, choices, prices, standings
from tre.projects.models import Project


class PriceForm(forms.Form):
    """A choice: epsilon and delta of one spend."""

    epsilon = forms.DecimalField(
        min_value=0, max_digits=8, decimal_places=6, error_messages={"required": "Enter epsilon"}
    )
    delta = forms.DecimalField(
        min_value=0, max_value=0.1, max_digits=13, decimal_places=12, error_messages={"required": "Enter delta"}
    )


@require_safe
def ledgers(request: HttpRequest, code: str) -> HttpResponse:
    """Show the ledgers that a project's spends touch; nothing is taken by asking for a price."""
    project = budgeted(code, principal(request))
    asked = "epsilon" in request.GET
    form = PriceForm(request.GET) if asked else PriceForm(initial={"epsilon": 1, "delta": "0.000001"})
    told = _prices(project, form) if asked else []
    context = {
        "project": project, "standings": standings(project), "form": form, "prices": told,
        "wrong": asked and bool(form.errors), "spends": Spend.objects.filter(ledger__project=project),
        "accuracy": accuracy(), "plot": plot(accuracy()), "choices": choices(project),
    }  # fmt: skip
    return render(request, "privacy/ledgers.html", context, status=400 if context["wrong"] else 200)


def _prices(project: Project, form: PriceForm) -> list[Price]:
    if not form.is_valid():
        return []
    try:
        return prices(project, epsilon=form.cleaned_data["epsilon"], delta=form.cleaned_data["delta"])
    except Refused as refused:
        form.add_error("epsilon", refused.sentence())
        return []
