"""What a notebook may ask of private questions before it asks one."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from tre.errors import Refused
from tre.privacy import questions
from tre.privacy.api import plain
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
