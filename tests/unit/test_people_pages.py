"""Inviting, signing up, roles, training and closing: as people do it in their browsers, and what is written down."""

from __future__ import annotations

import time
from datetime import date, timedelta
from re import MULTILINE, findall

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import LATER, TODAY, person
from tests.unit.test_pages import browser
from tre import cli
from tre.audit.models import Entry
from tre.audit.services import verify
from tre.errors import Refused
from tre.people import invitations
from tre.people.domain import check_training, training_ends_soon
from tre.people.models import Account, Invitation, Role

pytestmark = pytest.mark.django_db
# allauth tells of a factor once it is committed, which a test inside one transaction never is.
commits = pytest.mark.django_db(transaction=True)
PASSWORD = "a password nobody guesses"


@pytest.fixture(autouse=True)
def nobody_is_slowed_down():
    cache.clear()


@pytest.fixture
def ope():
    person("ope", "operator")
    return browser("ope")


def invited(ope: Client, email: str = "new@example.org", *roles: str, **told: str) -> str:
    """Invite somebody as the operator does, and return the link that the mail holds."""
    answer = ope.post(reverse("invite"), {"email": email, "roles": roles or ["researcher"], **told})
    assert answer.status_code == 302, answer.content.decode()
    return link_in(mail.outbox[-1])


def link_in(message: mail.EmailMessage) -> str:
    return findall(r"http://\S+", str(message.body))[0].removeprefix("http://localhost:8400")


def signed_up(link: str, username: str = "newcomer", **changes: str) -> Client:
    """Open the link in a new browser and make the account."""
    client = Client()
    assert client.get(link)["Location"] == reverse("account_signup")
    told = {"username": username, "email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), {**told, **changes})
    return client


def enrolled(client: Client) -> str:
    """Set up an authenticator app, and return the code that was typed."""
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    key = findall(r'id="authenticator_secret"[^>]*value="(\w+)"', page)[0]
    code = totp.format_hotp_value(totp.hotp_value(key, int(time.time()) // 30))
    answer = client.post(reverse("mfa_activate_totp"), {"code": code})
    assert answer["Location"] == reverse("mfa_view_recovery_codes"), answer.content.decode()
    return code


def days(accredited: date, expires: date) -> dict[str, int]:
    return {
        f"{name}_{part}": getattr(day, part)
        for name, day in (("accredited", accredited), ("expires", expires))
        for part in ("day", "month", "year")
    }


@commits
def test_a_person_is_invited_makes_an_account_sets_up_a_second_factor_and_is_in(ope):
    link = invited(ope, "new@example.org", "researcher", "project_lead", **days(TODAY, LATER))
    client = signed_up(link)
    assert client.get(reverse("projects"))["Location"] == reverse("mfa_activate_totp"), "a password is not enough"
    used = enrolled(client)
    codes = findall(r"<code>(\w+)</code>", client.get(reverse("mfa_view_recovery_codes")).content.decode())
    assert len(codes) == 10
    assert not findall(r"<code>", client.get(reverse("mfa_view_recovery_codes")).content.decode()), "shown once"
    assert client.get(reverse("projects")).status_code == 200
    account = Account.objects.get(username="newcomer")
    assert account.role_names() == {"researcher", "project_lead"}
    assert (account.training_accredited, account.training_expires) == (TODAY, LATER)
    assert EmailAddress.objects.get(user=account).verified
    events = list(Entry.objects.filter(subject="account:newcomer").order_by("number").values_list("event", "actor"))
    assert events == [
        ("people.account_created", "newcomer"),
        ("people.signed_in", "newcomer"),
        ("people.second_factor_enrolled", "newcomer"),
        ("people.second_factor_enrolled", "newcomer"),  # the app, and the recovery codes
    ]
    verify()
    # The code that set the app up is good for nothing more, and a recovery code is.
    again = Client()
    again.post(reverse("account_login"), {"login": "newcomer", "password": PASSWORD})
    again.post(reverse("mfa_authenticate"), {"code": used})
    assert "_auth_user_id" not in again.session
    again.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert "_auth_user_id" in again.session


def test_a_link_works_once_and_in_one_browser(ope):
    link = invited(ope)
    first, second = Client(), Client()
    for client in (first, second):  # both have the form before them
        assert client.get(link).status_code == 302
        assert client.get(reverse("account_signup")).status_code == 200
    told = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    first.post(reverse("account_signup"), {"username": "quick", **told})
    answer = second.post(reverse("account_signup"), {"username": "slow", **told})
    assert "By invitation only" in answer.content.decode()
    assert Client().get(link).status_code == 404
    assert not Account.objects.filter(username="slow").exists()


def test_without_an_invitation_nobody_signs_up():
    told = {"username": "sly", "email": "sly@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client = Client()
    client.get("/invitation/guessed/")
    assert "By invitation only" in client.post(reverse("account_signup"), told).content.decode()
    assert not Account.objects.filter(username="sly").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"email": "other@example.org"}, "use the one it was sent to"),
        ({"username": "hub"}, "This name is not to be had"),
        ({"username": "Sly Person"}, "small letters"),
        ({"username": "ope"}, "already"),
        ({"password1": "short", "password2": "short"}, "at least 12 characters"),
        ({"password1": "password12345", "password2": "password12345"}, "too common"),
        ({"password2": "another password at all"}, "same password"),
    ],
)
def test_what_cannot_be_is_told_and_leaves_the_invitation_open(ope, changes, told):
    link = invited(ope)
    client = Client()
    client.get(link)
    wanted = {"username": "newcomer", "email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    page = client.post(reverse("account_signup"), wanted | changes).content.decode()
    assert "There is a problem" in page
    assert told in page
    assert not Account.objects.filter(email__in=["new@example.org", "other@example.org"]).exists()
    assert signed_up(link).get(reverse("own_account")).status_code == 302
    assert Account.objects.filter(username="newcomer").exists()


def test_an_invitation_that_is_over_withdrawn_or_replaced_opens_nothing(ope):
    over = invited(ope, "one@example.org")
    Invitation.objects.filter(email="one@example.org").update(expires_at=timezone.now())
    replaced = invited(ope, "two@example.org")
    newest = invited(ope, "TWO@example.org ")
    withdrawn = invited(ope, "three@example.org")
    number = Invitation.objects.get(email="three@example.org").pk
    page = ope.get(reverse("people")).content.decode()
    assert ("three@example.org" in page, "one@example.org" in page) == (True, False)
    assert ope.post(reverse("invitation_withdraw", args=[number])).status_code == 302
    assert ope.post(reverse("invitation_withdraw", args=[number])).status_code == 403, "there is nothing to withdraw"
    assert [Client().get(link).status_code for link in (over, replaced, withdrawn, newest)] == [404, 404, 404, 302]
    assert {each.state for each in Invitation.objects.all()} == {"expired", "withdrawn", "open"}


def test_the_database_and_the_log_hold_no_link(ope):
    token = invited(ope).split("/")[2]
    kept = f"{list(Invitation.objects.values())} {list(Entry.objects.values())}"
    assert token not in kept
    assert "new@example.org" not in str(list(Entry.objects.values())), "an address is a person's value"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"email": ""}, "Enter an e-mail address"),
        ({"email": "nobody"}, "no e-mail address"),
        ({"email": "ope@example.org"}, "has this e-mail address already"),
        ({"roles": []}, "at least one role"),
        ({"roles": ["emperor"]}, "emperor is not one of the available choices"),
        ({"roles": ["researcher", "output_checker"]}, "One person may not be both"),
        ({"accredited_day": "1"}, "Enter the day, month and year"),
        (days(TODAY, LATER) | {"accredited_month": "13"}, "There is no such day"),
        (days(TODAY, LATER) | {"expires_day": "", "expires_month": "", "expires_year": ""}, "enter both, or neither"),
        (days(TODAY + timedelta(days=1), LATER), "accredited in the future"),
    ],
)
def test_an_invitation_that_cannot_be_is_told_and_not_sent(ope, changes, told):
    page = ope.post(reverse("invite"), {"email": "new@example.org", "roles": ["researcher"]} | changes)
    assert (page.status_code, "There is a problem" in page.content.decode()) == (400, True)
    assert told in page.content.decode().replace("&#x27;", "'")
    assert not mail.outbox
    assert not Invitation.objects.exists()


def test_a_mail_that_cannot_be_sent_is_told_of(ope, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = ope.post(reverse("invite"), {"email": "new@example.org", "roles": ["researcher"]}, follow=True)
    assert "could not be sent" in answer.content.decode()
    assert Invitation.objects.get().state == "open"


def test_the_first_operator_is_invited_from_the_machine_itself(capsys):
    assert cli.main(["invite", "first@example.org", "--role", "operator"]) == 0
    link = findall(r"http://localhost:8400(\S+)", capsys.readouterr().out)[0]
    assert Client().get(link).status_code == 302
    assert Entry.objects.get(event="people.invited").actor == "console"
    assert cli.main(["invite", "first@example.org", "--role", "emperor"]) == 3


def test_roles_are_given_and_taken_and_written_down(ope):
    person("ann", "researcher")
    sessions = browser("ann")
    assert sessions.get(reverse("projects")).status_code == 200
    assert ope.post(reverse("person_roles", args=["ann"]), {"roles": ["researcher", "project_lead"]}).status_code == 302
    assert Account.objects.get(username="ann").role_names() == {"researcher", "project_lead"}
    answer = ope.post(reverse("person_roles", args=["ann"]), {"roles": ["researcher", "output_checker"]})
    assert (answer.status_code, "One person may not be both" in answer.content.decode()) == (400, True)
    assert Account.objects.get(username="ann").role_names() == {"researcher", "project_lead"}
    ope.post(reverse("person_roles", args=["ann"]), {"roles": []})
    assert not Account.objects.get(username="ann").role_names()
    changes = [entry.data for entry in Entry.objects.filter(event="people.roles_changed").order_by("number")]
    assert changes == [
        {"granted": ["project_lead"], "revoked": []},
        {"granted": [], "revoked": ["project_lead", "researcher"]},
    ]


def test_training_is_recorded_and_gates_what_needs_it(ope):
    person("ann", "researcher", trained=False)
    assert "You have no current training" in browser("ann").get(reverse("own_account")).content.decode()
    soon = TODAY + timedelta(days=10)
    for wrong, told in (
        (days(TODAY, TODAY), "must expire after"),
        (days(TODAY - timedelta(days=3000), LATER), "longer than five years"),
        (days(TODAY, soon) | {"expires_day": "x"}, "Enter the day, month and year"),
    ):
        answer = ope.post(reverse("person_training", args=["ann"]), wrong)
        assert (answer.status_code, told in answer.content.decode()) == (400, True)
    assert ope.post(reverse("person_training", args=["ann"]), days(TODAY, soon)).status_code == 302
    assert Account.objects.get(username="ann").training_current(TODAY)
    assert "Your training ends soon" in browser("ann").get(reverse("own_account")).content.decode()
    entry = Entry.objects.get(event="people.training_recorded")
    assert entry.data == {"accredited": TODAY.isoformat(), "expires": soon.isoformat()}


def test_a_closed_account_is_out_at_once_and_comes_back_when_it_is_opened(ope):
    person("ann", "researcher")
    ann = browser("ann")
    assert ann.get(reverse("own_account")).status_code == 200
    assert ope.post(reverse("person_close", args=["ann"])).status_code == 302
    assert ann.get(reverse("own_account"))["Location"].startswith("/accounts/login/")
    client = Client()
    client.post(reverse("account_login"), {"login": "ann", "password": "a long and random password"})
    assert "_auth_user_id" not in client.session
    assert "Closed" in ope.get(reverse("people")).content.decode()
    assert ope.post(reverse("person_reopen", args=["ann"])).status_code == 302
    assert browser("ann").get(reverse("own_account")).status_code == 200
    events = Entry.objects.filter(subject="account:ann", actor="ope").order_by("number").values_list("event", flat=True)
    assert list(events) == ["people.account_closed", "people.account_reopened"]


def test_an_operator_stays_and_nobody_changes_their_own_account(ope):
    person("other", "operator")
    for verb, told in (
        ("roles", {"roles": ["operator", "deployer"]}),
        ("training", days(TODAY, LATER)),
        ("close", {}),
        ("reopen", {}),
        ("second_factor", {}),
    ):
        answer = ope.post(reverse(f"person_{verb}", args=["ope"]), told)
        assert (answer.status_code, "never ones own account" in answer.content.decode()) == (403, True), verb
    assert ope.post(reverse("person_close", args=["other"])).status_code == 302
    assert Account.objects.filter(is_active=True, roles__name="operator").count() == 1
    Account.objects.filter(username="other").update(is_active=True)
    Role.objects.filter(account__username="ope").delete()
    assert ope.post(reverse("person_close", args=["other"])).status_code == 403, "who is no operator any more"


@commits
def test_a_lost_second_factor_takes_the_password_with_it_and_a_link_brings_the_person_back(ope):
    client = signed_up(invited(ope))
    enrolled(client)
    assert ope.post(reverse("person_second_factor", args=["newcomer"])).status_code == 302
    assert not Authenticator.objects.filter(user__username="newcomer").exists()
    assert client.get(reverse("own_account"))["Location"].startswith("/accounts/login/")
    again = Client()
    again.post(reverse("account_login"), {"login": "newcomer", "password": PASSWORD})
    assert "_auth_user_id" not in again.session, "whoever found the phone may know the password"
    link = link_in(mail.outbox[-1])
    form = again.get(link)["Location"]
    new = "another password nobody guesses"
    assert again.post(form, {"password1": new, "password2": new}).status_code == 302
    again.post(reverse("account_login"), {"login": "newcomer", "password": new})
    assert again.get(reverse("projects"))["Location"] == reverse("mfa_activate_totp")
    enrolled(again)
    assert again.get(reverse("projects")).status_code == 200
    written = set(Entry.objects.filter(subject="account:newcomer").values_list("event", flat=True))
    assert {"people.second_factor_reset", "people.password_changed"} <= written


@pytest.mark.parametrize("role", ["researcher", "output_checker", "data_manager", "auditor", "deployer"])
def test_nobody_else_does_any_of_it(role):
    person("ann", "researcher")
    person("sly", role)
    client = browser("sly")
    for path in (reverse("people"), reverse("invite"), reverse("person", args=["ann"])):
        assert client.get(path).status_code == 403
    told = {"roles": ["operator"], "email": "x@example.org", **days(TODAY, LATER)}
    for name in ("person_roles", "person_training", "person_close", "person_reopen", "person_second_factor"):
        assert client.post(reverse(name, args=["ann"]), told).status_code == 403, name
    assert client.post(reverse("invite"), told).status_code == 403
    assert Account.objects.get(username="ann").role_names() == {"researcher"}
    assert not Invitation.objects.exists()


def test_the_list_is_searched_and_an_account_that_is_none_is_not_found(ope):
    for name in ("ann", "bob"):
        person(name, "researcher")
    page = ope.get(reverse("people"), {"q": "AN"}).content.decode()
    assert (">ann<" in page, ">bob<" in page) == (True, False)
    assert "Nobody matches" in ope.get(reverse("people"), {"q": "zzz"}).content.decode()
    assert ope.get(reverse("person", args=["zzz"])).status_code == 404
    assert ope.post(reverse("person_close", args=["zzz"])).status_code == 404
    assert "another operator changes it" in ope.get(reverse("person", args=["ope"])).content.decode()


def test_who_is_signed_in_does_not_sign_up_a_second_time(ope):
    assert ope.get(invited(ope)).status_code == 409


@commits
def test_sessions_are_listed_and_the_others_end(ope):
    here = signed_up(invited(ope))
    enrolled(here)
    codes = findall(r"<code>(\w+)</code>", here.get(reverse("mfa_view_recovery_codes")).content.decode())
    there = Client()
    there.post(reverse("account_login"), {"login": "newcomer", "password": PASSWORD})
    there.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert there.get(reverse("own_account")).status_code == 200
    assert here.get(reverse("usersessions_list")).content.decode().count("<tr class") == 2
    here.post(reverse("usersessions_list"))
    assert here.get(reverse("own_account")).status_code == 200
    assert there.get(reverse("own_account"))["Location"].startswith("/accounts/login/")


def test_a_wrong_password_is_written_down_but_not_what_was_typed(ope):
    person("ann", "researcher")
    for name in ("ann", "a-password-typed-as-a-name"):
        Client().post(reverse("account_login"), {"login": name, "password": "wrong-but-secret"})
    entry = Entry.objects.get(event="people.sign_in_failed")
    assert (entry.actor, entry.subject) == ("anonymous", "account:ann")
    assert "typed" not in str(list(Entry.objects.values()))
    assert "secret" not in str(list(Entry.objects.values()))


@commits
def test_the_secret_of_an_app_is_encrypted_and_the_last_factor_stays(ope):
    client = signed_up(invited(ope))
    enrolled(client)
    held = Authenticator.objects.get(user__username="newcomer", type="totp")
    assert decrypt(held.data["secret"]) != held.data["secret"]
    page = client.post(reverse("mfa_deactivate_totp")).content.decode()
    assert Authenticator.objects.filter(pk=held.pk).exists()
    assert "cannot deactivate" in page


@commits
def test_an_address_is_changed_by_a_code_that_goes_to_the_new_one(ope):
    client = signed_up(invited(ope))
    enrolled(client)
    client.post(reverse("account_email"), {"email": "newer@example.org", "action_add": ""})
    sent = next(each for each in mail.outbox if each.to == ["newer@example.org"])
    code = findall(r"^\s*([A-Z0-9-]{6,})\s*$", str(sent.body), flags=MULTILINE)[0]
    assert Account.objects.get(username="newcomer").email == "new@example.org"
    client.post(reverse("account_email_verification_sent"), {"code": code})
    assert Account.objects.get(username="newcomer").email == "newer@example.org"
    assert Entry.objects.filter(event="people.email_changed", actor="newcomer").count() == 1


@pytest.mark.parametrize(
    ("accredited", "expires", "wrong"),
    [
        (TODAY, LATER, ""),
        (TODAY - timedelta(days=1825), TODAY, ""),
        (LATER, LATER + timedelta(days=1), "future"),
        (TODAY, TODAY, "after"),
        (TODAY, TODAY + timedelta(days=1831), "five years"),
    ],
)
def test_the_days_of_training(accredited, expires, wrong):
    if wrong:
        with pytest.raises(Refused, match=wrong):
            check_training(accredited, expires, TODAY)
    else:
        check_training(accredited, expires, TODAY)


def test_when_training_ends_soon():
    ends = [None, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=29), TODAY + timedelta(days=30)]
    assert [training_ends_soon(each, TODAY) for each in ends] == [False, False, True, True, False]


def test_an_invitation_is_accepted_by_one_of_two_who_click_at_once(ope):
    invited(ope)
    number = Invitation.objects.get().pk
    invitations.accept(number, Account(username="one"))
    with pytest.raises(Refused, match="not open any more"):
        invitations.accept(number, Account(username="two"))
    assert not Account.objects.filter(username="two").exists()
