"""The pages of attested runs: what a project had the platform carry out, and what became of each.

No word of a specification stands on them for whoever wrote it: what a notebook writes must not be read outside the
workspace. Who runs the platform or audits it reads the whole.
"""

from __future__ import annotations

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.people.services import principal
from tre.policy.decision import decide, require
from tre.projects.services import get
from tre.runs.attested import services
from tre.runs.attested.domain import TRANSITIONS, UNDER_WAY
from tre.runs.attested.services import reads_words, run_of
from tre.runs.attested.statement import made_from

_PER_PAGE = 50


@require_safe
def listed(request: HttpRequest, code: str) -> HttpResponse:
    """Show a project's runs, newest first."""
    project = get(code)
    require(principal(request), "view_runs", project.resource())
    runs = project.runs.select_related("author", "extract")
    page = Paginator(runs, _PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "attested/list.html", {"project": project, "page": page})


@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Show one run: where it stands, what it made, and how that is attested."""
    person = principal(request)
    run = run_of(number, person)
    project = run.project
    may = decide(person, "ask_run", project.resource()).allowed
    reads = reads_words(project, person.username)
    told = {
        "run": run,
        "reads": reads,
        "shows_outputs": reads or run.kind != "notebook",
        "statement": [(name.replace("-", " "), sha256) for name, sha256 in made_from(run.attestation)],
        "spec": json.dumps(run.spec, indent=1) if reads else "",
        "may_cancel": may and run.state in UNDER_WAY,
        "may_retry": may and (run.state, "retry") in TRANSITIONS,
        "refreshes": run.state in UNDER_WAY,
    }
    return render(request, "attested/one.html", told)


@require_POST
def cancel(request: HttpRequest, number: int) -> HttpResponse:
    """Stop a run."""
    services.cancel(run_of(number, principal(request)).pk, principal(request))
    messages.success(request, "The run is cancelled.")
    return redirect("run", number=number)


@require_POST
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Ask again for a run that came to nothing."""
    services.retry(run_of(number, principal(request)).pk, principal(request))
    messages.success(request, "The run is queued again.")
    return redirect("run", number=number)
