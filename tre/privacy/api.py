"""What a notebook may ask of the privacy ledger."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from tre.privacy.models import Ledger, Spend
from tre.privacy.services import commit, reserve, spent
from tre.workspace.auth import for_workspace, json_of, workspace_session


@require_safe
@for_workspace
def budget(request: HttpRequest) -> JsonResponse:
    """Return the project's budget, what is spent, and each spend."""
    ledger = Ledger.objects.get(project=workspace_session(request).project)
    used = spent(ledger)
    return JsonResponse(
        {
            "epsilon": float(ledger.epsilon),
            "delta": float(ledger.delta),
            "spent_epsilon": float(used.epsilon),
            "spent_delta": float(used.delta),
            "spends": [_spend(spend) for spend in ledger.spends.all()],
        }
    )


@require_POST
@for_workspace
def reserve_budget(request: HttpRequest) -> JsonResponse:
    """Reserve budget: JSON with ``epsilon``, ``delta``, ``purpose`` and ``once``."""
    session, asked = workspace_session(request), json_of(request)
    spend = reserve(
        session.project,
        epsilon=asked.get("epsilon"),
        delta=asked.get("delta"),
        purpose=str(asked.get("purpose", "")),
        actor=session.principal(),
        once=str(asked.get("once", "")),
    )
    return JsonResponse(_spend(spend), status=201)


@require_POST
@for_workspace
def commit_budget(request: HttpRequest, number: int) -> JsonResponse:
    """Commit a spend. A notebook gives none back: see :mod:`tre.privacy.services`."""
    session = workspace_session(request)
    return JsonResponse(_spend(commit(session.project, number, session.principal())))


def _spend(spend: Spend) -> dict[str, object]:
    return {
        "spend": spend.pk,
        "epsilon": float(spend.epsilon),
        "delta": float(spend.delta),
        "purpose": spend.purpose,
        "by": spend.by,
        "state": spend.state,
    }
