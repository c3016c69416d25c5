"""The airlock's pages: the queue, a request, its files, and what a person may do about it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.airlock.differencing import releases_named
from tre.airlock.domain import Vote
from tre.airlock.models import CHOICES, Release, Request, RequestFile
from tre.airlock.previews import Preview, preview
from tre.airlock.services import earlier_decisions, review, visible_reviews, why_halted, withdraw
from tre.airlock.storage import storage
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import decide, require
from tre.policy.domain import Principal

# Even if a file's content were taken for a page, it could run nothing, load nothing and belong to no origin.
_INERT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class VoteForm(forms.Form):
    """One checker's vote on one file."""

    choice = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, error_messages={"required": "Choose a vote"})
    comment = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    # The bytes that the checker looks at: were the file another by the time of voting, the vote is refused.
    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show the requests that the person may see: a checker's oldest first, an author's newest first."""
    person = principal(request)
    everything = Request.objects.select_related("project", "author")
    visible = [each for each in everything if decide(person, "view_request", each.resource()).allowed]
    waiting = [each for each in reversed(visible) if _may_review(person, each)]
    others = [each for each in visible if each not in waiting]
    return render(request, "airlock/queue.html", {"waiting": waiting, "others": others})


def _may_review(person: Principal, found: Request) -> bool:
    if not decide(person, "review_request", found.resource()).allowed:
        return False
    return not found.reviews.filter(checker__username=person.username).exists()


@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Show one request with its files, findings and previews."""
    return _page(request, _found(request, number))


def _found(request: HttpRequest, number: int) -> Request:
    found = Request.objects.select_related("project", "author").filter(pk=number).first()
    if found is None:
        raise Http404
    require(principal(request), "view_request", found.resource())
    return found


def _page(request: HttpRequest, found: Request, forms_by_file: dict[int, VoteForm] | None = None) -> HttpResponse:
    person = principal(request)
    may_review = _may_review(person, found)
    held = forms_by_file or {
        file.pk: VoteForm(prefix=f"file-{file.pk}", initial={"sha256": file.sha256}) for file in found.files.all()
    }
    mine = person.username == found.author.username
    earlier = {} if mine else earlier_decisions(found)
    named = _named(person, found)
    files = [
        (
            file, file.inspected(), _preview(file), held[file.pk] if may_review else None, earlier.get(file.pk, []),
            named.get(file.pk, []),
        )
        for file in found.files.all()
    ]  # fmt: skip
    context = {
        "airlock_request": found,
        "files": files,
        "may_review": may_review,
        "may_withdraw": decide(person, "withdraw_request", found.resource()).allowed
        and found.state in {"submitted", "inspecting", "blocked", "in_review", "returned"},
        "reviews": visible_reviews(found, person),
        "reviewed_by_me": found.reviews.filter(checker__username=person.username).exists(),
        "release": Release.objects.filter(request=found).first(),
        "mine": mine,
        "halted": why_halted(found),
        "wrong": any(form.errors for form in held.values()),
    }
    return render(request, "airlock/request.html", context, status=400 if context["wrong"] else 200)


def _named(person: Principal, found: Request) -> dict[int, list[tuple[str, Request]]]:
    """Return the releases that findings name, by file, for who may see these too: their projects are others'."""
    named = releases_named(found.files.all())
    return {
        file: [each for each in several if decide(person, "view_request", each[1].resource()).allowed]
        for file, several in named.items()
    }


def _preview(file: RequestFile) -> Preview | None:
    inspected = file.inspected()
    return preview(storage().path(file.sha256), inspected.type) if inspected else None


@require_POST
@step_up
def hand_in(request: HttpRequest, number: int) -> HttpResponse:
    """Take one checker's review."""
    found = _found(request, number)
    require(principal(request), "review_request", found.resource())
    held = {file.pk: VoteForm(request.POST, prefix=f"file-{file.pk}") for file in found.files.all()}
    for form in held.values():
        if form.is_valid() and form.cleaned_data["choice"] != "approve" and not form.cleaned_data["comment"].strip():
            form.add_error("comment", "Say what has to change")
    if not all(form.is_valid() for form in held.values()):
        return _page(request, found, held)
    votes = [Vote(file, **form.cleaned_data) for file, form in held.items()]
    review(found.pk, principal(request), votes)
    messages.success(request, "Your review is in.")
    return redirect("airlock_request", number=number)


@require_POST
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """Withdraw one's own request."""
    withdraw(number, principal(request))
    messages.success(request, "The request is withdrawn.")
    return redirect("airlock_request", number=number)


@require_safe
def picture(request: HttpRequest, number: int, file: int) -> FileResponse:
    """Send a picture to be shown in the request's page."""
    found = _file(request, number, file)
    inspected = found.inspected()
    if inspected is None or inspected.type != "png":
        raise Http404
    return _inert(FileResponse(storage().path(found.sha256).open("rb"), content_type="image/png"))


def _file(request: HttpRequest, number: int, file: int) -> RequestFile:
    found = _found(request, number).files.filter(pk=file).first()
    if found is None:
        raise Http404
    return found


def _inert(response: FileResponse) -> FileResponse:
    response.headers["Content-Security-Policy"] = _INERT
    response.headers["Cache-Control"] = "no-store"
    return response
