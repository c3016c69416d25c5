"""What a notebook may ask of the privacy ledger."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from tre.privacy.accuracy import accuracy
from tre.privacy.composition import Mechanism, mechanism
from tre.privacy.models import Ledger, Spend
from tre.privacy.plots import plot
from tre.privacy.prices import Price, Standing, choices, prices, standings
from tre.privacy.services import commit, reserve, spent
from tre.projects.models import Project
from tre.workspace.auth import for_workspace, json_of, workspace_session


@require_safe
@for_workspace
def budget(request: HttpRequest) -> JsonResponse:
    """Return the project's budget, what is spent, and each spend."""
    project = workspace_session(request).project
    ledger = Ledger.objects.get(project=project)
    used = spent(ledger)
    return JsonResponse(
        {
            "epsilon": float(ledger.epsilon),
            "delta": float(ledger.delta),
            "spent_epsilon": float(used.epsilon),
            "spent_delta": float(used.delta),
            "spends": [_spend(spend) for spend in ledger.spends.all()],
            "ledgers": [plain(each) for each in standings(project)],
            "accuracy": _accuracy(project),
        }
    )


@require_POST
@for_workspace
def price(request: HttpRequest) -> JsonResponse:
    """Tell what a spend would cost each ledger: JSON with ``epsilon``, ``delta`` and perhaps ``mechanism``."""
    session, asked = workspace_session(request), json_of(request)
    told = prices(session.project, epsilon=asked.get("epsilon", 0), delta=asked.get("delta"), by=_mechanism(asked))
    return JsonResponse({"prices": [plain(each) for each in told]})


@require_POST
@for_workspace
def reserve_budget(request: HttpRequest) -> JsonResponse:
    """Reserve budget: JSON with ``epsilon``, ``delta``, ``purpose`` and ``once``, and perhaps ``mechanism``."""
    session, asked = workspace_session(request), json_of(request)
    spend = reserve(
        session.project,
        epsilon=asked.get("epsilon"),
        delta=asked.get("delta"),
        purpose=str(asked.get("purpose", "")),
        actor=session.principal(),
        once=str(asked.get("once", "")),
        by=_mechanism(asked),
    )
    return JsonResponse(_spend(spend), status=201)


@require_POST
@for_workspace
def commit_budget(request: HttpRequest, number: int) -> JsonResponse:
    """Commit a spend. A notebook gives none back: see :mod:`tre.privacy.services`."""
    session = workspace_session(request)
    return JsonResponse(_spend(commit(session.project, number, session.principal())))


def _accuracy(project: Project) -> dict[str, object]:
    """Return what each choice would cost and was worth on public data, and the figure that the ledger's page has."""
    told = accuracy()
    return {
        "data": told.data,
        "source": told.source,
        "figure": told.figure,
        "persons": [each.persons for each in told.curves],
        "choices": [{**plain(each.price), "figures": [asdict(of) for of in each.figures]} for each in choices(project)],
        "svg": render_to_string("privacy/accuracy_plot.html", {"plot": plot(told)}),
    }


def _spend(spend: Spend) -> dict[str, object]:
    return {
        "spend": spend.pk,
        "epsilon": float(spend.epsilon),
        "delta": float(spend.delta),
        "purpose": spend.purpose,
        "by": spend.by,
        "state": spend.state,
    }


def _mechanism(asked: dict[str, Any]) -> Mechanism | None:
    told = asked.get("mechanism")
    return None if told is None else mechanism(told)


def plain(told: Standing | Price) -> dict[str, object]:
    """Return a standing or a price as plain JSON values."""
    return {name: float(each) if isinstance(each, Decimal) else each for name, each in asdict(told).items()}
