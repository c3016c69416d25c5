"""Notices: who is told of what, once; in the page and by e-mail as each has chosen, which holds nothing but links."""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected

import pytest
import yaml
from django.core import mail
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as some

from tests.airlock import inspected, open_study, quick_inspection, submit, vote, work
from tests.factories import LATER, TODAY, agreed_to, as_seen_now, person
from tests.imports import checked
from tests.unit.test_pages import browser
from tre.airlock import assignments, domain, recalls, services, submissions, telling
from tre.airlock.imports import domain as imports_domain
from tre.airlock.imports import services as imports
from tre.airlock.models import Release, Request
from tre.airlock.release import downloads
from tre.audit.models import Entry
from tre.errors import Refused, SettingsError
from tre.notices import jobs
from tre.notices.domain import HOW, KINDS, mailed, next_digest
from tre.notices.models import Choice, Notice
from tre.notices.policy import POLICY_FILE, notice_policy
from tre.notices.services import choose, tell
from tre.people.models import Account, Ownership
from tre.projects import applications
from tre.projects import telling as project_telling
from tre.projects.models import Extract, Project
from tre.runs.models import Job
from tre.runs.queue import has_failed

pytestmark = pytest.mark.django_db
SECRET_WORDS = ("frailty", "table.csv", "Counts by age", "ann", "cat", "A count is wrong")


@pytest.fixture
def study(monkeypatch):
    quick_inspection(monkeypatch)
    return open_study()


def told(who: str) -> list[str]:
    """Return the kinds of what a person was told, oldest first."""
    return list(Notice.objects.filter(account__username=who).order_by("id").values_list("kind", flat=True))


def tell_ann(once: str, kind: str = "returned") -> None:
    with transaction.atomic():
        tell(kind, [Account.objects.get(username="ann")], "request:1", once=once)


def digest_now() -> None:
    """Make the digest that waits due, and do it."""
    for job in Job.objects.filter(kind="notices.digest", state="queued"):
        Job.objects.filter(pk=job.pk).update(due=timezone.now())
        jobs.digest({"until": (timezone.now() + timedelta(seconds=1)).isoformat()})


def test_every_step_of_a_request_is_told_to_somebody_or_to_nobody_for_a_reason():
    assert {*telling.AUTHOR, *telling.CHECKERS, *telling.NOBODY} == set(domain.AUDIT_EVENTS)
    assert not telling.AUTHOR.keys() & telling.CHECKERS.keys()
    assert imports.TOLD.keys() == imports_domain.AUDIT_EVENTS.keys() - {"approve", "withdraw", "remove"}


def test_a_request_is_told_to_its_checkers_and_what_comes_of_it_to_its_author(study):
    person("out", "output_checker", trained=False)
    assignments.declare_absence(as_seen_now("eve"), TODAY, TODAY)
    made = inspected(study)
    assert told("cat") == told("dan") == ["review_wanted"]
    assert told("eve") == told("out") == told("ann") == []
    vote(made, "cat")
    vote(made, "dan", "return", "Say what is counted.")
    assert told("cat") == ["review_wanted", "not_agreed"]
    assignments.end_absence(_absence("eve"), as_seen_now("eve"))
    assignments.escalate(made.pk, as_seen_now("cat"), "Look at the second table.")
    assert told("eve") == ["third_wanted"]
    vote(made, "cat", "return", "Yes, say it.")
    assert told("ann") == ["returned"]
    submissions.revise(made.pk, as_seen_now("ann"))
    submissions.submit_draft(made.pk, as_seen_now("ann"), "It is said now.")
    work()
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    assert told("ann") == ["returned", "approved", "released"]
    rejected = inspected(study, context="Others.")
    for checker in ("cat", "dan"):
        vote(rejected, checker, "reject")
    assert told("ann")[-1] == "rejected"


def _absence(who: str) -> int:
    return Account.objects.get(username=who).absences.get().pk


def test_a_third_voice_is_asked_for_when_those_who_review_still_do_not_agree(study):
    made = inspected(study)
    for _ in range(2):
        vote(made, "cat")
        vote(made, "dan", "return", "Why?")
    assert told("eve") == ["review_wanted", "third_wanted"]


def test_an_author_is_told_when_their_request_is_blocked_or_expires(study, monkeypatch):
    monkeypatch.undo()
    rows = b"".join(b"999%07d,A%d\n" % (n, n) for n in range(40))
    made = inspected(study, ("rows.csv", b"nhs_number,code\n" + rows))
    assert told("ann") == ["blocked"]
    services.expire(made.pk, made.turn, "blocked")
    assert told("ann") == ["blocked", "expired"]


def test_who_has_a_release_is_told_of_its_recall_whatever_they_chose(study):
    choose("page", as_seen_now("ann"))
    released = _released(study)
    assert [each.subject for each in mail.outbox if each.to == ["ann@example.org"]] == []
    recalls.recall(released.pk, as_seen_now("eve"), "A count is wrong.")
    work()
    (sent,) = [each for each in mail.outbox if each.to == ["ann@example.org"]]
    assert sent.subject == "[TRE] What you took out was recalled"
    assert Notice.objects.get(kind="recalled").text == "A count is wrong."


def _released(study: Project) -> Request:
    made = inspected(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    return Request.objects.get(pk=made.pk)


def test_an_email_holds_no_name_and_nothing_that_anybody_typed(study):
    released = _released(study)
    recalls.recall(released.pk, as_seen_now("eve"), "A count is wrong.")
    work()
    assert len(mail.outbox) == len(Notice.objects.all()) == 6
    for each in mail.outbox:
        html, kind = each.alternatives[0]
        assert kind == "text/html"
        for word in SECRET_WORDS:
            assert f" {word}" not in each.body + html + each.subject
            assert f"/{word}" not in each.body + html
        links = [line for line in each.body.splitlines() if line.startswith("http")]
        assert links
        assert all(f'href="{link}"' in html for link in links)
        assert each.extra_headers["Auto-Submitted"] == "auto-generated"


def test_it_is_written_with_what_it_tells_of_or_not_at_all(study):
    made = inspected(study)
    with transaction.atomic():
        vote(made, "cat", "reject")
        vote(made, "dan", "reject")
        assert told("ann") == ["rejected"]
        transaction.set_rollback(True)
    assert told("ann") == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_outside_a_transaction():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        tell("returned", [], "request:1", once="x")


def test_what_is_told_again_is_written_and_sent_once(study):
    for _ in range(3):
        tell_ann("the same")
        work()
    assert told("ann") == ["returned"]
    assert len(mail.outbox) == 1
    jobs.send({"once": "the same"})
    assert len(mail.outbox) == 1


def test_a_worker_that_died_before_it_could_mark_sends_the_same_email_again(study):
    tell_ann("x")
    work()
    Notice.objects.update(sent=None)  # as if the worker had died between sending and marking
    jobs.send({"once": "x"})
    first, second = mail.outbox
    assert first.message()["Message-ID"] == second.message()["Message-ID"]
    assert first.body == second.body
    tell_ann("y")
    work()
    assert mail.outbox[2].message()["Message-ID"] != first.message()["Message-ID"]


def test_one_that_cannot_be_sent_does_not_keep_others_back_and_goes_with_the_digest(study, monkeypatch):
    send, broken = mail.EmailMultiAlternatives.send, ["ann@example.org"]

    def refusing(message, *told, **more):
        if message.to == broken:
            raise SMTPServerDisconnected("no")
        return send(message, *told, **more)

    monkeypatch.setattr("tre.notices.mails.EmailMultiAlternatives.send", refusing)
    with transaction.atomic():
        tell("returned", Account.objects.filter(username__in=["ann", "cat"]), "request:1", once="x")
    with pytest.raises(jobs.NotSent, match="1 e-mails could not be sent"):
        jobs.send({"once": "x"})
    assert [each.to for each in mail.outbox] == [["cat@example.org"]]
    until = timezone.now() + timedelta(hours=2)
    with pytest.raises(jobs.NotSent):
        jobs.digest({"until": until.isoformat()})
    broken.clear()
    jobs.digest({"until": until.isoformat()})
    assert [each.to for each in mail.outbox] == [["cat@example.org"], ["ann@example.org"]]
    assert not Notice.objects.filter(sent=None).exists()
    assert not has_failed("notices.send:x")


def test_a_mail_server_that_is_away_is_asked_once_for_all(study, monkeypatch):
    asked = []

    def away(backend: object) -> None:
        asked.append(backend)
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.open", away)
    with transaction.atomic():
        tell("returned", Account.objects.filter(username__in=["ann", "cat"]), "request:1", once="x")
    with pytest.raises(jobs.NotSent, match="2 e-mails"):
        jobs.send({"once": "x"})
    assert len(asked) == 1


def test_who_wants_one_email_a_day_gets_one(study):
    choose("daily", as_seen_now("ann"))
    for once in "abc":
        tell_ann(once)
    work()
    assert mail.outbox == []
    digest_now()
    digest_now()
    (sent,) = mail.outbox
    assert sent.subject == "[TRE] 3 notices"
    assert sent.body.count("Your request is returned") == 3
    Notice.objects.update(sent=None)
    digest_now()
    assert mail.outbox[1].message()["Message-ID"] == sent.message()["Message-ID"]


def test_what_is_told_while_a_digest_is_made_waits_for_the_next(study):
    choose("daily", as_seen_now("ann"))
    tell_ann("x")
    jobs.digest({"until": (timezone.now() - timedelta(seconds=5)).isoformat()})
    assert mail.outbox == []


def test_who_wants_no_email_is_sent_none_that_waits_but_of_recalls(study):
    choose("daily", as_seen_now("ann"))
    tell_ann("x")
    tell_ann("y", "recalled")
    choose("page", as_seen_now("ann"))
    digest_now()
    work()
    assert [each.subject for each in mail.outbox] == ["[TRE] What you took out was recalled"]
    assert Entry.objects.filter(event="notices.choice_changed").count() == 2
    with pytest.raises(Refused, match="no such way"):
        choose("never", as_seen_now("ann"))


def test_a_closed_account_is_told_nothing_and_sent_nothing(study):
    tell_ann("x")
    Account.objects.filter(username="ann").update(is_active=False)
    tell_ann("y")
    work()
    assert mail.outbox == []
    assert Notice.objects.count() == 1


def test_the_header_counts_what_is_new_and_following_a_notice_reads_it(study):
    made = submit(study)
    with transaction.atomic():
        tell("returned", [Account.objects.get(username="ann")], f"request:{made.pk}", once="x", text="<b>Look</b>")
    tell_ann("y")
    client = browser("ann")
    assert "Notices (2 new)" in client.get("/").content.decode()
    page = client.get("/notices/").content.decode()
    assert "&lt;b&gt;Look" in page
    assert f"Request {made.pk}" in page
    number = Notice.objects.get(once="x").pk
    assert client.get(f"/notices/{number}/")["Location"] == f"/airlock/{made.pk}/"
    first = Notice.objects.get(once="x").read
    client.get(f"/notices/{number}/")
    assert first == Notice.objects.get(once="x").read is not None
    assert "Notices (1 new)" in client.get("/").content.decode()
    assert client.post("/notices/read").status_code == 302
    assert "Notices</a>" in client.get("/").content.decode()
    assert browser("cat").get(f"/notices/{number}/").status_code == 404


def test_a_choice_is_made_in_the_page(study):
    client = browser("ann")
    assert client.post("/notices/how", {"how": "never"}).status_code == 400
    assert client.post("/notices/how", {"how": "daily"}).status_code == 302
    assert Choice.objects.get().how == "daily"
    assert 'value="daily" checked' in client.get("/notices/").content.decode()


@pytest.mark.parametrize(
    ("kind", "about", "where"),
    [
        ("recalled", "request:7", "/airlock/7/"),
        ("download_ends", "request:7", "/airlock/7/release/"),
        ("import_placed", "import:3", "/imports/3/"),
        ("agreement_ends", "project:frailty", "/projects/frailty/"),
        ("extract_ready", "extract:frailty:2", "/projects/frailty/extracts/2/"),
        ("application_declined", "project:frailty", "/projects/frailty/"),
        ("submission_landed", "submission:7", "/catalogue/"),
        ("submission_refused", "provider:ons", "/catalogue/"),
        ("pairs_wait", "warehouse:linkage", "/catalogue/linkage/"),
        ("budget_spent", "project:frailty", "/projects/frailty/privacy/"),
        ("budget_nearly", "dataset:people", "/catalogue/"),
    ],
)
def test_a_notice_leads_to_what_it_is_about(study, kind, about, where):
    with transaction.atomic():
        tell(kind, [Account.objects.get(username="ann")], about, once="x")
    assert browser("ann").get(f"/notices/{Notice.objects.get().pk}/")["Location"] == where


def test_an_import_is_told_to_those_who_may_review_it_and_its_end_to_its_author(study):
    person("mia", "data_manager")
    made = checked(study, ("codes.csv", b"code,meaning\nW01,Fall on stairs\nW06,Fall from a bed\n"))
    assert told("mia") == told("cat") == ["import_review_wanted"]
    shown = dict(made.files.values_list("pk", "sha256"))
    for who in ("mia", "cat"):
        imports.review(made.pk, as_seen_now(who), "approve", "", shown)
    work()
    assert told("ann") == ["import_placed"]


def test_the_end_of_a_download_is_told_unless_it_moved(study):
    released = Release.objects.get(request=_released(study))
    job = Job.objects.get(kind="release.ends")
    assert job.due == released.area.until - timedelta(days=3)
    downloads.tell_ends(released.pk)
    assert "download_ends" not in told("ann")
    released.area.until = timezone.now() + timedelta(days=2)
    released.area.save()
    for _ in range(2):
        downloads.tell_ends(released.pk)
    assert told("ann").count("download_ends") == 1


def test_an_extract_is_told_when_it_can_be_used_and_before_it_ends(study):
    extract = Extract.objects.create(project=study, number=1, asked_by="mia", ready=True, expires=LATER)
    with transaction.atomic():
        project_telling.extract_ready(extract)
    assert told("ann") == ["extract_ready"]
    project_telling.tell_extract_ends(extract.pk)
    assert told("ann") == ["extract_ready"]
    assert Job.objects.filter(kind="projects.tell_extract_ends").count() == 1
    Extract.objects.update(expires=TODAY + timedelta(days=3))
    for _ in range(2):
        project_telling.tell_extract_ends(extract.pk)
    assert told("ann") == ["extract_ready", "extract_ends"]
    Extract.objects.update(expires=TODAY - timedelta(days=1))
    project_telling.tell_extract_ends(extract.pk)
    assert told("ann") == ["extract_ready", "extract_ends"]


def test_a_decision_is_told_to_who_asked_and_whom_it_names_and_to_nobody_else(study):
    manager = as_seen_now("data-manager")
    person("bea", "researcher")
    applications.ask_for_change("frailty", as_seen_now("ann"), LATER, ["ann", "bea"], "Bea helps.")
    applications.withdraw("frailty", as_seen_now("ann"))
    assert not Notice.objects.exists()
    applications.ask_for_change("frailty", as_seen_now("ann"), LATER, ["ann", "bea"], "Bea helps.")
    applications.decline("frailty", "Say how.", manager)
    assert told("ann") == told("bea") == ["application_declined"]
    applications.ask_for_change("frailty", as_seen_now("ann"), LATER, ["ann", "bea"], "Bea counts falls.")
    applications.approve("frailty", agreed_to(study))
    assert told("ann") == told("bea") == ["application_declined", "application_approved"]
    assert told("data-manager") == told("owner") == told("cat") == []
    assert {each.text for each in Notice.objects.all()} == {""}


def test_a_decision_that_is_rolled_back_is_told_to_nobody(study):
    applications.ask_for_change("frailty", as_seen_now("ann"), LATER, ["ann"], "More time.")
    with transaction.atomic():
        applications.decline("frailty", "Say how.", as_seen_now("data-manager"))
        assert told("ann") == ["application_declined"]
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_an_agreement_that_ends_is_told_to_the_owners_whose_it_is(study):
    for name, controllers in (("olga", [study.agreements.get().controller]), ("otto", ["Another trust"])):
        person(name, "information_asset_owner")
        account = Account.objects.get(username=name)
        Ownership.objects.bulk_create(Ownership(account=account, controller=each) for each in controllers)
    study.agreements.update(ends=TODAY + timedelta(days=29))
    for _ in range(2):
        project_telling.tell_agreement_ends(study.pk)
    assert told("olga") == ["agreement_ends"]
    assert told("otto") == []
    notice = Notice.objects.get(account__username="olga")
    assert browser("olga").get(f"/notices/{notice.pk}/", follow=True).status_code == 200


def test_an_agreement_that_ends_is_told_to_its_people_and_to_data_managers(study):
    job = Job.objects.get(kind="projects.tell_agreement_ends")
    assert job.due.date() == LATER - timedelta(days=30)
    project_telling.tell_agreement_ends(study.pk)
    assert told("ann") == []
    study.agreements.update(ends=TODAY + timedelta(days=29))
    for _ in range(2):
        project_telling.tell_agreement_ends(study.pk)
    assert told("ann") == told("data-manager") == ["agreement_ends"]


def test_each_kind_says_what_it_is_and_each_way_is_decided():
    assert all(words.title and words.sentence.endswith(".") for words in KINDS.values())
    assert {mailed("returned", how, {"recalled"}) for how in HOW} == {"once", "daily", ""}
    assert {mailed("recalled", how, {"recalled"}) for how in HOW} == {"once"}


@given(some.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), some.integers(0, 23))
def test_the_next_digest_is_one_that_is_sure_to_hold_what_is_told_now(now, hour):
    due = next_digest(now, hour)
    assert timedelta(minutes=5) < due - now <= timedelta(days=1, minutes=5)
    assert (due.hour, due.minute, due.second) == (hour, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"default": "never"}, {"always": []}, {"always": ["recalled", "weather"]}, {"hour": 24}, {"hour": "seven"},
        {"days_ahead": {"download": 0, "extract": 1, "agreement": 1}}, {"days_ahead": {"download": 1}},
        {"budget_percent": {"nearly": 99, "spent": 80}}, {"budget_percent": {"nearly": 80}},
        {"budget_percent": {"nearly": 80, "spent": 101}},
    ],
)  # fmt: skip
def test_a_policy_that_is_wrong_is_refused(tmp_path, change):
    path = tmp_path / "notices.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(POLICY_FILE.read_text()), **change}))
    with pytest.raises(SettingsError, match="policy of notices cannot be read"):
        notice_policy(path)
