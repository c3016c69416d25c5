"""What a notebook may ask of private questions."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from tre.errors import Refused
from tre.privacy import questions
from tre.privacy.api import plain
from tre.privacy.models import Question
from tre.workspace.auth import for_workspace, json_of, workspace_session


@require_POST
@for_workspace
def price(request: HttpRequest) -> JsonResponse:
    """Tell what a question would cost: JSON with ``epsilon``, ``delta`` and perhaps ``cells``."""
    session, asked = workspace_session(request), json_of(request)
    cells = asked.get("cells", 1)
    if not isinstance(cells, int) or not 1 <= cells <= 10_000:
        raise Refused("A person counts in 1 to 10,000 cells", where="cells")
    told = questions.quote(session.project, asked.get("epsilon"), asked.get("delta"), cells)
    return JsonResponse({"noise": told.noise, "off": told.off, "prices": [plain(each) for each in told.prices]})


@require_POST
@for_workspace
def ask(request: HttpRequest) -> JsonResponse:
    """Ask a question: JSON with ``query``, ``epsilon``, ``delta``, ``purpose`` and ``once``."""
    session, asked = workspace_session(request), json_of(request)
    question = questions.ask(
        session.project, asked.get("query"), epsilon=asked.get("epsilon"), delta=asked.get("delta"),
        purpose=str(asked.get("purpose", "")), once=str(asked.get("once", "")), actor=session.principal(),
    )  # fmt: skip
    return JsonResponse(_told(question), status=201)


@require_safe
@for_workspace
def one(request: HttpRequest, number: int) -> JsonResponse:
    """Return a question of the project: its ``state`` and, by it, its ``answer`` or ``why`` there is none."""
    project = workspace_session(request).project
    question = Question.objects.filter(pk=number, spend__ledger__project=project).first()
    if question is None:
        raise Refused("There is no such question", where=f"question {number}")
    return JsonResponse(_told(question))


def _told(question: Question) -> dict[str, object]:
    return {
        "question": question.pk, "spend": question.spend_id, "extract": question.extract.number,
        "state": question.state, "answer": question.answer, "why": question.why,
    }  # fmt: skip
