"""The people pages: an operator's list and what it leads to, invitations, and each person's own account."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tre.catalogue.contracts import controllers
from tre.errors import Refused
from tre.people import administration, invitations, lookup
from tre.people.domain import ROLES, training_ends_soon
from tre.people.links import send_invitation, send_way_back
from tre.people.models import Account
from tre.people.page_forms import ControllersForm, InviteForm, RolesForm, TrainingForm
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import decide, require
from tre.policy.domain import PLATFORM, Resource

_PER_PAGE = 50


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Show every account, those that match a search, and the invitations that are open."""
    actor, asked = principal(request), request.GET.get("q", "").strip()
    page = Paginator(lookup.people(actor, asked), _PER_PAGE).get_page(request.GET.get("page"))
    open_ones = lookup.open_invitations(actor)
    context = {"people": page, "asked": asked, "invitations": open_ones, "roles": ROLES, "today": timezone.localdate()}
    return render(request, "people/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Ask whom to invite, and invite them."""
    require(principal(request), "manage_people", PLATFORM)
    return (
        _invite(request) if request.method == "POST" else render(request, "people/invite.html", {"form": InviteForm()})
    )


@step_up
def _invite(request: HttpRequest) -> HttpResponse:
    """Invite whom the form names."""
    form = InviteForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        try:
            made, link = invitations.invite(told["email"], told["roles"], form.training(), principal(request))
        except Refused as error:
            form.add_error(None, error.sentence())
        else:
            if send_invitation(request, made, link):
                messages.success(request, "The invitation is sent.")
            else:
                messages.error(request, "The invitation could not be sent. Check the mail server, then invite again.")
            return redirect("people")
    return render(request, "people/invite.html", {"form": form}, status=400)


@require_POST
def withdraw_invitation(request: HttpRequest, invitation: int) -> HttpResponse:
    """Withdraw an open invitation."""
    invitations.withdraw(invitation, principal(request))
    messages.success(request, "The invitation is withdrawn.")
    return redirect("people")


@require_safe
@never_cache
@login_not_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let who holds the link sign up. Looking at it uses nothing up: mail is read by scanners first."""
    found = invitations.find(token)
    if found is None:
        return render(request, "people/invitation_over.html", status=404)
    if request.user.is_authenticated:
        text = "Sign out first, then open the link of the invitation again."
        return render(request, "web/error.html", {"heading": "You are signed in already", "text": text}, status=409)
    get_adapter(request).begin_signup(request, found.pk, found.email)
    return redirect("account_signup")


@require_safe
def person(request: HttpRequest, username: str) -> HttpResponse:
    """Show one account, and what may be done to it."""
    return _person(request, username)


def _person(request: HttpRequest, username: str, *, error: str = "", **forms: Form) -> HttpResponse:
    account = lookup.account_of(username, principal(request))
    training = {"accredited": account.training_accredited, "expires": account.training_expires}
    context = {
        "account": account,
        "held": [ROLES[name] for name in sorted(account.role_names())],
        "factors": lookup.factors_of(account),
        "may_change": decide(principal(request), "change_account", Resource("Account", username)).allowed,
        "roles_form": RolesForm(initial={"roles": sorted(account.role_names())}),
        "training_form": TrainingForm(initial=training),
        "controllers_form": _controllers_form(account),
        "error": error,
        "today": timezone.localdate(),
        **forms,
    }
    wrong = error or any(form.errors for form in forms.values())
    return render(request, "people/person.html", context, status=400 if wrong else 200)


def _controllers_form(account: Account) -> ControllersForm | None:
    """Return the form of an information asset owner, and None for everybody else."""
    if "information_asset_owner" not in account.role_names():
        return None
    held = sorted(account.controller_names())
    return ControllersForm(controllers=sorted({*controllers(), *held}), initial={"controllers": held})


@require_POST
@step_up
def set_roles(request: HttpRequest, username: str) -> HttpResponse:
    """Give an account the roles that were ticked."""
    require(principal(request), "change_account", Resource("Account", username))
    form = RolesForm(request.POST)
    if form.is_valid():
        try:
            administration.set_roles(username, form.cleaned_data["roles"], principal(request))
        except Refused as error:
            _only_conflicts(error, request, username)
            return _person(request, username, error=error.sentence(), roles_form=form)
        messages.success(request, "The roles are changed.")
        return redirect("person", username=username)
    return _person(request, username, roles_form=form)


@require_POST
@step_up
def set_training(request: HttpRequest, username: str) -> HttpResponse:
    """Write down a person's training."""
    require(principal(request), "change_account", Resource("Account", username))
    form = TrainingForm(request.POST)
    if form.is_valid():
        try:
            administration.set_training(username, *form.days(), principal(request))
        except Refused as error:
            _only_conflicts(error, request, username)
            return _person(request, username, error=error.sentence(), training_form=form)
        messages.success(request, "The training is recorded.")
        return redirect("person", username=username)
    return _person(request, username, training_form=form)


@require_POST
@step_up
def set_controllers(request: HttpRequest, username: str) -> HttpResponse:
    """Write down whose datasets a person answers for."""
    form = ControllersForm(request.POST, controllers=controllers())
    if form.is_valid():
        administration.set_controllers(username, form.cleaned_data["controllers"], principal(request))
        messages.success(request, "Whose datasets they answer for is changed.")
        return redirect("person", username=username)
    require(principal(request), "change_account", Resource("Account", username))
    return _person(request, username, controllers_form=form)


def _only_conflicts(error: Refused, request: HttpRequest, username: str) -> None:
    """Pass on what the policy refuses; what is wrong with the form's values is told beside the form."""
    if not decide(principal(request), "change_account", Resource("Account", username)).allowed:
        raise error


@require_POST
@step_up
def close(request: HttpRequest, username: str) -> HttpResponse:
    """Close an account."""
    administration.close(username, principal(request))
    messages.success(request, "The account is closed and its sessions have ended.")
    return redirect("person", username=username)


@require_POST
@step_up
def reopen(request: HttpRequest, username: str) -> HttpResponse:
    """Open a closed account again."""
    administration.reopen(username, principal(request))
    messages.success(request, "The account is open again.")
    return redirect("person", username=username)


@require_POST
@step_up
def reset_second_factor(request: HttpRequest, username: str) -> HttpResponse:
    """Take a lost second factor away and send the person the link by which they come back."""
    account = administration.reset_second_factor(username, principal(request))
    if send_way_back(request, account):
        messages.success(request, "The second factor is gone, and a link to set a new password is sent.")
    else:
        messages.error(request, "The second factor is gone, but the link could not be sent. Do it again later.")
    return redirect("person", username=username)


@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """Show a person their own account: roles, training, second factors, and where they are signed in."""
    account = request.user
    if not isinstance(account, Account):
        raise Http404
    today = timezone.localdate()
    context = {
        "account": account,
        "held": [ROLES[name] for name in sorted(account.role_names())],
        "factors": lookup.factors_of(account),
        "sessions": len(UserSession.objects.purge_and_list(account)),
        "training_current": account.training_current(today),
        "training_soon": training_ends_soon(account.training_expires, today),
    }
    return render(request, "people/own.html", context)
