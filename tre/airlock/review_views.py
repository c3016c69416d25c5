"""What checkers do about a request: places, votes, comments, a third voice, recall; and their days of absence."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tre.airlock import assignments, comments, recalls, reviews
from tre.airlock.comments import Lines
from tre.airlock.forms import AbsenceForm, CommentForm, ReasonForm, VoteForm
from tre.airlock.models import Absence, Comment, Request
from tre.airlock.seeing import is_author
from tre.airlock.views import found_file, found_request, show
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import require


@require_POST
def save_vote(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """Save one vote; it counts when the review is handed in."""
    found, about = found_request(request, number), found_file(request, number, file)
    person = principal(request)
    require(person, "review_request", found.resource())
    form = VoteForm.of(about, None, request.POST)
    if not form.is_valid():
        return show(request, found, {about.pk: form})
    reviews.save_vote(number, person, form.vote(about.pk))
    messages.success(request, f"Your vote on {about.name} is saved.")
    return redirect(f"{_address(found)}#file-{_next(found, about.pk)}-title")


def _next(found: Request, file: int) -> int:
    """Return the file that comes after one; the last again after the last."""
    after = [each.pk for each in found.leaving() if each.pk > file]
    return after[0] if after else file


@require_POST
@step_up
def hand_in(request: HttpRequest, number: int) -> HttpResponse:
    """Take one checker's review."""
    found, person = found_request(request, number), principal(request)
    require(person, "review_request", found.resource())
    held = {file.pk: VoteForm.of(file, None, request.POST) for file in found.leaving()}
    said = found.comments.filter(turn=found.turn, author=request.user.pk, audience=Comment.Audience.PUBLIC)
    explained = set(said.values_list("file", flat=True))
    for file, form in held.items():
        wants = form.is_valid() and form.cleaned_data["choice"] != "approve"
        if wants and not form.cleaned_data["comment"].strip() and file not in explained:
            form.add_error("comment", "Say what has to change")
    if not all(form.is_valid() for form in held.values()):
        return show(request, found, held)
    reviews.review(found.pk, person, [form.vote(file) for file, form in held.items()])
    messages.success(request, "Your review is in.")
    return redirect("airlock_request", number=number)


@require_POST
def take(request: HttpRequest, number: int) -> HttpResponse:
    """Take a place at a request."""
    assignments.take(found_request(request, number).pk, principal(request))
    messages.success(request, "The request is yours to review.")
    return redirect("airlock_request", number=number)


@require_POST
def give_back(request: HttpRequest, number: int) -> HttpResponse:
    """Give one's place at a request back."""
    assignments.give_back(found_request(request, number).pk, principal(request))
    messages.success(request, "Another checker may take the request.")
    return redirect("airlock_request", number=number)


@require_POST
def escalate(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for a third checker."""
    found, form = found_request(request, number), ReasonForm(request.POST)
    require(principal(request), "review_request", found.resource())
    if not form.is_valid():
        return show(request, found, {"reason": form})
    assignments.escalate(number, principal(request), form.cleaned_data["why"])
    messages.success(request, "A third checker is asked for.")
    return redirect("airlock_request", number=number)


@require_POST
def comment(request: HttpRequest, number: int) -> HttpResponse:
    """Say something of a group or a file."""
    found, person = found_request(request, number), principal(request)
    require(person, "comment_request", found.resource())
    files = list(found.files.filter(turn=found.turn).select_related("group"))
    form = CommentForm(files, request.POST, as_author=is_author(found, person))
    if not form.is_valid():
        return show(request, found, {"comment": form})
    told, (about, _, which) = form.cleaned_data, form.cleaned_data["about"].partition("-")
    file = next((each for each in files if about == "file" and each.pk == int(which)), None)
    first = told["first_line"] if file else None
    comments.comment(
        number, person, file.group_id if file else int(which), told["text"], file=file.pk if file else None,
        lines=Lines(first, told["last_line"] or first) if first else None,
        checkers_only=told.get("audience") == Comment.Audience.CHECKERS,
    )  # fmt: skip
    messages.success(request, "Your comment is kept.")
    return redirect(f"{_address(found)}#comments")


@require_POST
@step_up
def recall(request: HttpRequest, number: int) -> HttpResponse:
    """Recall what was released."""
    found, form = found_request(request, number), ReasonForm(request.POST)
    require(principal(request), "recall_output", found.resource())
    if not form.is_valid():
        return show(request, found, {"reason": form})
    recalls.recall(number, principal(request), form.cleaned_data["why"])
    messages.success(request, "The release is recalled, and everybody who has it is told.")
    return redirect("airlock_request", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
def away(request: HttpRequest) -> HttpResponse:
    """Show one's days of absence, and take more."""
    form = AbsenceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        assignments.declare_absence(principal(request), *form.days())
        messages.success(request, "You are away on these days.")
        return redirect("airlock_away")
    held = Absence.objects.filter(checker__username=principal(request).username)
    return render(request, "airlock/away.html", {"form": form, "held": held}, status=400 if form.errors else 200)


@require_POST
def end_absence(request: HttpRequest, absence: int) -> HttpResponse:
    """Take an absence of one's own back."""
    assignments.end_absence(absence, principal(request))
    messages.success(request, "The absence is ended.")
    return redirect("airlock_away")


def _address(found: Request) -> str:
    return f"/airlock/{found.pk}/"
