"""The pages of tokens, each person's own and another's, and the API told for people to read."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tre.api import tokens
from tre.api.document import document
from tre.api.forms import TokenForm
from tre.api.models import Token
from tre.api.policy import api_policy
from tre.api.reference import sections, shapes
from tre.errors import Missing, Refused
from tre.people.models import Account
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import decide, require
from tre.policy.domain import PLATFORM, Principal, Resource
from tre.projects.models import Project

_SHOWN = 50  # of those that were, the newest


@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """Show a person their own tokens, and make one."""
    if request.method == "POST":
        return _make(request)
    return _page(request, TokenForm(projects=_projects(principal(request))))


@never_cache
@step_up
def _make(request: HttpRequest) -> HttpResponse:
    """Make the token that the form asks for, and show it this once."""
    person = principal(request)
    form = TokenForm(request.POST, projects=_projects(person))
    if not form.is_valid():
        return _page(request, form)
    try:
        made, token = tokens.make(person, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, refused.sentence())
        return _page(request, form)
    return render(request, "api/made.html", {"made": made, "token": token, "scopes": _words(made)})


@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Revoke one's own token."""
    tokens.revoke_own(number, principal(request))
    messages.success(request, "The token opens nothing any more.")
    return redirect("api_tokens")


@require_safe
def of_person(request: HttpRequest, username: str) -> HttpResponse:
    """Show another person's tokens."""
    person = principal(request)
    require(person, "manage_people", PLATFORM)
    account = Account.objects.filter(username=username).first()
    if account is None:
        raise Missing("There is no such account", where="people", todo="Go back to the list")
    told = {
        "account": account,
        "tokens": _told(account.username),
        "may_change": decide(person, "change_account", Resource("Account", username)).allowed,
    }
    return render(request, "api/of_person.html", told)


@require_POST
@step_up
def revoke_of(request: HttpRequest, username: str, number: int) -> HttpResponse:
    """Revoke another person's token."""
    tokens.revoke_of(username, number, principal(request))
    messages.success(request, "The token opens nothing any more.")
    return redirect("person_tokens", username=username)


@require_safe
@login_not_required
def openapi(request: HttpRequest) -> JsonResponse:
    """Give the document that tells programs of the API."""
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False})


@require_safe
@login_not_required
def reference(request: HttpRequest) -> HttpResponse:
    """Tell people what the API answers: the same document, to be read."""
    told = {"sections": sections(document()), "shapes": shapes(document()), "scopes": api_policy().scopes}
    return render(request, "api/reference.html", told)


def _page(request: HttpRequest, form: TokenForm) -> HttpResponse:
    told = {"form": form, "tokens": _told(principal(request).username), "most": api_policy().most_each}
    return render(request, "api/tokens.html", told, status=400 if form.errors else 200)


def _told(username: str) -> list[tuple[Token, list[str]]]:
    found = Token.objects.filter(account__username=username).select_related("project")[:_SHOWN]
    return [(each, _words(each)) for each in found]


def _words(token: Token) -> list[str]:
    scopes = api_policy().scopes
    return [scopes[name].words if name in scopes else name for name in token.scopes]


def _projects(person: Principal) -> dict[str, str]:
    return dict(Project.objects.filter(code__in=person.projects).values_list("code", "title"))
