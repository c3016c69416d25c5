"""The page of one's notices, the way from a notice to what it tells of, and the choice how to be told."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tre.notices.domain import HOW
from tre.notices.models import Notice
from tre.notices.services import choice_of, choose, mark_read, notices_of
from tre.people.services import principal

_PER_PAGE = 25
_OF_A_BUDGET = frozenset({"budget_nearly", "budget_spent"})


class HowForm(forms.Form):
    """How one wants to be told."""

    how = forms.ChoiceField(
        choices=[*HOW.items()], label="How you are told", widget=forms.RadioSelect,
        error_messages={"required": "Choose how you are told"},
    )  # fmt: skip


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Show what the person is told, newest first, and how they have chosen to be told."""
    return _page(request, HowForm(initial={"how": choice_of(principal(request))}))


def _page(request: HttpRequest, form: HowForm) -> HttpResponse:
    own = notices_of(principal(request))
    page = Paginator(own, _PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "notices/list.html", {"page": page, "form": form}, status=400 if form.errors else 200)


@require_safe
def follow(request: HttpRequest, number: int) -> HttpResponse:
    """Lead to what a notice tells of, and mark it as read. E-mails lead here, so that they name nothing."""
    own = notices_of(principal(request)).filter(pk=number)
    found = own.first()
    if found is None:
        raise Http404
    mark_read(own)
    return redirect(_address(found))


def _address(notice: Notice) -> str:
    what, _, which = notice.about.partition(":")
    if what == "request":
        return reverse("release" if notice.kind == "download_ends" else "airlock_request", args=[which])
    if what == "import":
        return reverse("import", args=[which])
    if what == "extract":
        return reverse("extract", args=which.split(":"))
    if what == "project":
        return reverse("project_privacy" if notice.kind in _OF_A_BUDGET else "project", args=[which])
    return reverse("linkage" if notice.kind == "pairs_wait" else "catalogue")


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything that the person is told as read."""
    mark_read(notices_of(principal(request)))
    return redirect("notices")


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Keep how the person wants to be told."""
    form = HowForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    choose(form.cleaned_data["how"], principal(request))
    messages.success(request, "Your choice is kept.")
    return redirect("notices")
