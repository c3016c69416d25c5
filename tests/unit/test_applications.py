"""Applying for a project and deciding about it, as people do it on the pages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import LATER, TODAY, agreed, agreed_to, as_seen_now, decided, owner, person, project
from tests.insider import as_an_insider
from tests.unit.test_pages import browser
from tre.audit.models import Entry
from tre.audit.services import verify
from tre.errors import Refused
from tre.people.models import Account
from tre.projects import applications
from tre.projects.applying import SAFES
from tre.projects.models import Agreement, Application, Assessment, Membership, OwnerDecision, Project
from tre.projects.services import stands_as_approved

pytestmark = pytest.mark.django_db
DETAILS: dict[str, Any] = {
    "title": "Falls at home",
    "purpose": "To learn who falls.",
    "public_benefit": "Fewer falls.",
    "technical_summary": "A cohort study.",
    "category": "Public Health Research",
    "organisation": "Keele University",
    "sector": "Academic Institute",
    "applicants": "Dr A. Nother, Keele University",
    "people": "bob",
    **{f"safe_{safe}": f"An answer about {safe}." for safe in SAFES},
}
DATASET = {"columns": ["birth_year", "sex"], "linkage": "project", "use": "research", "article_6": "6(1)(e)",
           "article_9": "9(2)(j)", "common_law": "s251"}  # fmt: skip


def day(name: str, value: date) -> dict[str, int]:
    return {f"{name}_{part}": getattr(value, part) for part in ("day", "month", "year")}


@pytest.fixture(autouse=True)
def people():
    person("ann", "researcher")
    person("bob", "researcher")
    person("mia", "data_manager")


@pytest.fixture
def ann():
    return browser("ann")


def begun(client: Client, code: str = "falls", **changes: Any) -> Any:
    told = {**DETAILS, "code": code, **day("starts", TODAY), **day("ends", LATER), **changes}
    return client.post(reverse("project_apply"), told)


def drafted(client: Client, code: str = "falls") -> Project:
    """Return a draft that asks for a dataset, written on the pages."""
    assert begun(client, code)["Location"] == reverse("application", args=[code])
    answer = client.post(reverse("application_dataset", args=[code, "people"]), DATASET)
    assert answer.status_code == 302, answer.content.decode()
    return Project.objects.get(code=code)


def submitted(client: Client, code: str = "falls") -> Project:
    drafted(client, code)
    assert client.post(reverse("application_submit", args=[code])).status_code == 302
    return Project.objects.get(code=code)


def page(client: Client, code: str = "falls") -> str:
    return client.get(reverse("application", args=[code])).content.decode()


def test_a_project_is_applied_for_decided_and_on_the_register(ann):
    made = submitted(ann)
    assert made.status == "submitted"
    assert applications.members_of(made) == ["ann", "bob"]
    agreement = made.agreements.get()
    assert agreement.controller == "Staffordshire and Stoke-on-Trent Integrated Care Board"
    assert (agreement.starts, agreement.ends, agreement.first) == (TODAY, LATER, None)
    owner(agreement.controller)
    ida, mia = browser("owner"), browser("mia")
    decide = reverse("dataset_decide", args=["falls", "people"])
    assert "Agree to people" in page(ida)
    assert "It cannot be approved yet. Safe people is not assessed yet" in page(mia)
    assert "Approve it" not in page(mia)
    assert ida.post(decide, {"decision": "agree", "note": "Fine."}).status_code == 302
    judged = dict.fromkeys(SAFES, "met") | {
        "profile": "standard",
        "data": "conditions",
        "data_note": "Age bands in what leaves.",
    }
    assert mia.post(reverse("application_assessment", args=["falls"]), judged).status_code == 302
    assert "Age bands in what leaves." in page(ann)
    assert "Approve it" in page(mia)
    assert mia.post(reverse("project_approve", args=["falls"]), {"note": "Good."}).status_code == 302
    made.refresh_from_db()
    assert made.status == "approved"
    assert stands_as_approved(made)
    assert "Falls at home" in Client().get(reverse("register")).content.decode()
    events = list(Entry.objects.filter(subject="project:falls").order_by("pk").values_list("event", "actor"))
    assert events == [
        ("projects.created", "ann"),
        ("projects.dataset_asked", "ann"),
        ("projects.submitted", "ann"),
        ("projects.dataset_decided", "owner"),
        ("projects.assessed", "mia"),
        ("projects.application_decided", "mia"),
        ("privacy.budget_opened", "mia"),
        ("projects.approved", "mia"),
    ]
    verify()


def test_a_draft_is_changed_and_a_dataset_left_out(ann):
    drafted(ann)
    changed = {**DETAILS, "title": "Falls", "people": "", **day("starts", TODAY), **day("ends", TODAY + timedelta(30))}
    assert ann.post(reverse("application_details", args=["falls"]), changed).status_code == 302
    made = Project.objects.get(code="falls")
    assert (made.title, applications.members_of(made)) == ("Falls", ["ann"])
    assert made.agreements.get().ends == TODAY + timedelta(30)
    ann.post(reverse("application_dataset", args=["falls", "people"]), {**DATASET, "columns": ["sex"]})
    assert made.agreements.get().columns == ["sex"]
    ann.post(reverse("dataset_leave_out", args=["falls", "people"]))
    assert not made.agreements.exists()
    refused = ann.post(reverse("application_submit", args=["falls"]))
    assert refused.status_code == 403
    assert "lacks a data-sharing agreement" in refused.content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"code": "Falls!"}, "2 to 20 small letters"),
        ({"title": ""}, "Enter the title"),
        ({"people": "nobody-known"}, "There is no such account (nobody-known)"),
        ({"people": "mia"}, "Not a researcher or project lead (mia)"),
        ({"ends_year": 2019}, "must end after it starts"),
        ({"ends_day": 31, "ends_month": 2}, "no such day"),
        ({"safe_data": " "}, "Answer the question about safe data"),
        ({"sector": "Magic"}, "Magic is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_told_beside_the_form_and_nothing_is_kept(ann, changes, sentence):
    answer = begun(ann, **changes)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not Project.objects.exists()


def test_a_code_is_taken_once(ann):
    begun(ann)
    answer = begun(ann)
    assert answer.status_code == 400
    assert "Project with this Code already exists (code)" in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"columns": []}, "Choose at least one column"),
        ({"columns": ["nhs_number"]}, "nhs_number is not one of the available choices"),
        ({"article_9": "9(2)(h)"}, "Article 9(2)(h) is no basis for research (people)"),
        ({"common_law": "consent"}, "does not say by what decision (people)"),
        ({"generalise": "birth_year: {width: 5}"}, "birth_year&#x27; is no column with a rule"),
        ({"generalise": "postcode: {to: band}"}, "postcode&#x27; is no column with a rule"),
        ({"generalise": "- a"}, "Write each coarser column"),
        ({"generalise": "a: &a {to: x}\nb: {to: *a}"}, "is no column with a rule"),
        ({"generalise": "birth_year: {to: band, width: [[1, 2], [1, 2]]}"}, "is no column with a rule"),
    ],
)
def test_what_is_wrong_with_a_dataset_is_told(ann, changes, sentence):
    begun(ann)
    answer = ann.post(reverse("application_dataset", args=["falls", "people"]), {**DATASET, **changes})
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not Agreement.objects.exists()


def test_a_coarser_column_and_days_are_kept_and_shown_again(ann):
    begun(ann)
    address = reverse("application_dataset", args=["falls", "gp_events"])
    told = {**DATASET, "columns": ["event_date", "snomed_code"], "generalise": "event_date: {to: month}"}
    assert ann.post(address, {**told, **day("first", date(2020, 1, 1))}).status_code == 302
    kept = Agreement.objects.get()
    assert (kept.generalise, kept.first, kept.last) == ({"event_date": {"to": "month"}}, date(2020, 1, 1), None)
    again = ann.get(address).content.decode()
    assert "event_date: {to: month}" in again
    assert 'value="snomed_code" checked' in again


def test_what_was_submitted_changes_no_more_until_it_is_withdrawn(ann):
    made = submitted(ann)
    for name in ("application_details", "application_submit"):
        assert ann.post(reverse(name, args=["falls"]), DETAILS).status_code == 403
    assert ann.post(reverse("application_withdraw", args=["falls"])).status_code == 302
    made.refresh_from_db()
    assert made.status == "draft"
    assert made.applications.get().state == "withdrawn"
    assert ann.post(reverse("application_submit", args=["falls"])).status_code == 302
    assert made.applications.count() == 2


def test_a_declined_application_is_a_draft_again_with_the_reason_on_it(ann):
    made = submitted(ann)
    mia = browser("mia")
    assert mia.post(reverse("project_decline", args=["falls"]), {"note": " "}).status_code == 403
    assert mia.post(reverse("project_decline", args=["falls"]), {"note": "Too wide."}).status_code == 302
    made.refresh_from_db()
    assert made.status == "draft"
    assert "declined" in page(ann)
    assert "Too wide." in page(ann)
    assert "Falls at home" not in Client().get(reverse("register")).content.decode()


def test_an_owner_who_does_not_agree_says_why_and_nothing_is_approved(ann):
    made = submitted(ann)
    ida = owner(made.agreements.get().controller)
    with pytest.raises(Refused, match="refusal lacks a reason"):
        applications.decide_dataset("falls", "people", False, " ", ida)
    applications.decide_dataset("falls", "people", False, "Not for this.", ida)
    mia = as_seen_now("mia")
    applications.assess("falls", dict.fromkeys(SAFES, ("met", "")), mia)
    with pytest.raises(Refused, match="did not agree"):
        applications.approve("falls", mia)
    applications.decide_dataset("falls", "people", True, "After all.", ida)
    assert applications.approve("falls", mia).status == "approved"


class TestRenewal:
    @pytest.fixture
    def study(self):
        return project("frailty", "ann")

    def ask(
        self, client: Client, ends: date, people: str = "", lead: str = "ann", why: str = "It takes longer."
    ) -> Any:
        told = {**day("ends", ends), "lead": lead, "people": people, "why": why}
        return client.post(reverse("project_change", args=["frailty"]), told)

    def test_until_it_is_decided_nothing_changes_and_then_all_of_it_does(self, study, ann):
        wanted = LATER + timedelta(days=200)
        assert self.ask(ann, wanted, "bob").status_code == 302
        study.refresh_from_db()
        assert (study.status, study.ends, stands_as_approved(study)) == ("approved", LATER, True)
        assert not Membership.objects.filter(account__username="bob").exists()
        kept = Membership.objects.get(account__username="ann").pk
        applications.approve("frailty", agreed_to(study))
        study.refresh_from_db()
        assert (study.ends, study.agreements.get().ends) == (wanted, wanted)
        assert applications.members_of(study) == ["ann", "bob"]
        assert Membership.objects.get(account__username="ann").pk == kept  # a person's files are by this number
        assert stands_as_approved(study)

    def test_a_lead_hands_over_and_leaves(self, study, ann):
        assert self.ask(ann, LATER, lead="bob").status_code == 302
        applications.approve("frailty", agreed_to(study))
        assert applications.members_of(study) == ["bob"]
        assert as_seen_now("bob").leads == {"frailty"}
        assert as_seen_now("ann").projects == frozenset()

    def test_where_the_lead_is_gone_a_data_manager_asks_and_another_decides(self, study):
        Account.objects.filter(username="ann").update(is_active=False)
        mia = browser("mia")
        assert self.ask(mia, LATER, lead="bob").status_code == 302
        owner("Staffordshire ICB")
        applications.decide_dataset("frailty", "people", True, "", as_seen_now("owner"))
        for act in (lambda: applications.assess("frailty", {}, as_seen_now("mia")),
                    lambda: applications.approve("frailty", as_seen_now("mia"))):  # fmt: skip
            with pytest.raises(Refused, match="You asked for this"):
                act()
        applications.assess("frailty", dict.fromkeys(SAFES, ("met", "")), as_seen_now("data-manager"))
        applications.approve("frailty", as_seen_now("data-manager"))
        assert applications.members_of(study) == ["bob"]

    def test_one_request_at_a_time_with_a_reason_and_a_day_to_come(self, study, ann):
        for told, wrong in [
            ({"ends": TODAY}, "not in the future"),
            ({"ends": TODAY + timedelta(days=5000)}, "three years"),
            ({"ends": LATER, "why": " "}, "Enter a reason"),
            ({"ends": LATER, "lead": "mia"}, "Not a researcher"),
        ]:
            answer = self.ask(ann, **told)
            assert answer.status_code == 400
            assert wrong in answer.content.decode()
        assert self.ask(ann, LATER).status_code == 302
        assert "Another request is being decided" in self.ask(ann, LATER).content.decode()
        assert Application.objects.filter(project=study, state="open").count() == 1

    def test_a_project_that_is_over_can_be_renewed(self, study, ann):
        Project.objects.filter(pk=study.pk).update(starts=TODAY - timedelta(days=9), ends=TODAY - timedelta(days=1))
        assert self.ask(ann, LATER).status_code == 302
        study.refresh_from_db()
        applications.approve("frailty", agreed_to(study))
        assert as_seen_now("ann").projects == {"frailty"}
        study.refresh_from_db()
        assert study.resource().attributes["status"] == "approved"

    def test_declined_or_withdrawn_the_project_goes_on_as_it_was(self, study, ann):
        self.ask(ann, LATER, "bob")
        applications.decline("frailty", "No.", as_seen_now("mia"))
        self.ask(ann, LATER, "bob")
        applications.withdraw("frailty", as_seen_now("ann"))
        study.refresh_from_db()
        assert (study.status, stands_as_approved(study)) == ("approved", True)
        assert [each.state for each in study.applications.all()] == ["withdrawn", "declined", "approved"]


class TestAttacks:
    """From the seats of those who would decide for themselves."""

    def test_a_lead_who_is_an_owner_too_agrees_to_nothing_of_theirs(self):
        person("ian", "researcher", "information_asset_owner")
        made = project("falls", "ian", approved=False)
        from tre.people.models import Ownership

        Ownership.objects.create(account=Account.objects.get(username="ian"), controller="Staffordshire ICB")
        applications.submit("falls", as_seen_now("ian"))
        with pytest.raises(Refused, match="never data for oneself"):
            applications.decide_dataset("falls", "people", True, "", as_seen_now("ian"))
        with pytest.raises(Refused, match="never ones own project"):
            applications.approve("falls", as_seen_now("ian"))
        assert not OwnerDecision.objects.filter(application__project=made).exists()

    def test_an_owner_who_is_about_to_be_a_member_decides_nothing(self):
        person("ian", "researcher", "information_asset_owner")
        study = project("frailty", "ann")
        from tre.people.models import Ownership

        Ownership.objects.create(account=Account.objects.get(username="ian"), controller="Staffordshire ICB")
        applications.ask_for_change("frailty", as_seen_now("ann"), LATER, ["ann", "ian"], "Help.")
        with pytest.raises(Refused, match="named in it"):
            applications.decide_dataset("frailty", "people", True, "", as_seen_now("ian"))
        assert stands_as_approved(study)

    def test_the_owner_of_another_controller_s_data_has_no_say(self, ann):
        submitted(ann)
        owner("NHS England")
        answer = browser("owner").post(reverse("dataset_decide", args=["falls", "people"]), {"decision": "agree"})
        assert answer.status_code == 403
        assert "no rule permits" in answer.content.decode()

    def test_whoever_agreed_as_an_owner_does_not_approve(self, ann):
        made = submitted(ann)
        ida = owner(made.agreements.get().controller)
        applications.decide_dataset("falls", "people", True, "", ida)
        applications.assess("falls", dict.fromkeys(SAFES, ("met", "")), as_seen_now("mia"))
        with pytest.raises(Refused, match="agreed to it as an owner"):
            applications.approve("falls", ida)

    @pytest.mark.parametrize(
        "change",
        [
            lambda made: Agreement.objects.filter(project=made).update(columns=["birth_year", "sex", "lsoa"]),
            lambda made: Project.objects.filter(pk=made.pk).update(cohort="birth_year = 1971"),
            lambda made: Membership.objects.filter(project=made, account__username="bob").delete(),
            lambda made: Application.objects.filter(project=made).update(people=["ann", "bob", "mal"]),
            lambda made: Application.objects.filter(project=made).update(ends=LATER + timedelta(days=9)),
            lambda made: Application.objects.filter(project=made).update(digest="0" * 64),
        ],
        ids=["columns", "cohort", "members", "people", "end", "digest"],
    )
    def test_what_an_insider_changes_after_it_was_submitted_is_not_decided_about(self, ann, change):
        made = submitted(ann)
        ida = owner(made.agreements.get().controller)
        change(made)
        for act in (
            lambda: applications.decide_dataset("falls", "people", True, "", ida),
            lambda: applications.assess("falls", dict.fromkeys(SAFES, ("met", "")), as_seen_now("mia")),
            lambda: applications.approve("falls", as_seen_now("mia")),
        ):
            with pytest.raises(Refused, match="not what was submitted"):
                act()

    def test_an_insider_who_forges_the_digest_too_is_seen_by_the_log(self, ann):
        made = submitted(ann)
        Project.objects.filter(pk=made.pk).update(cohort="birth_year = 1971")
        waiting = made.applications.get()
        waiting.project.refresh_from_db()
        Application.objects.filter(pk=waiting.pk).update(digest=applications.asked_for(waiting))
        with pytest.raises(Refused, match="not what was submitted"):
            applications.approve("falls", as_seen_now("mia"))

    def test_judgements_that_are_written_into_the_database_alone_count_for_nothing(self, ann):
        made = submitted(ann)
        waiting = made.applications.get()
        controller = made.agreements.get().controller
        OwnerDecision.objects.create(
            application=waiting, dataset="people", controller=controller, agreed=True, by="owner"
        )
        applications.assess("falls", dict.fromkeys(SAFES, ("met", "")), as_seen_now("mia"))
        with pytest.raises(Refused, match="not the one that the audit log holds"):
            applications.approve("falls", as_seen_now("mia"))
        OwnerDecision.objects.all().delete()
        applications.decide_dataset("falls", "people", True, "", owner(controller))
        applications.assess("falls", {"data": ("not_met", "Too much.")}, as_seen_now("mia"))
        Assessment.objects.filter(safe="data").update(judgement="met")
        with pytest.raises(Refused, match="not the one that the audit log holds"):
            applications.approve("falls", as_seen_now("mia"))

    def test_decisions_of_an_earlier_round_do_not_count_in_the_next(self, ann):
        made = submitted(ann)
        agreed_to(made)
        applications.withdraw("falls", as_seen_now("ann"))
        applications.submit("falls", as_seen_now("ann"))
        with pytest.raises(Refused, match="not assessed yet"):
            applications.approve("falls", as_seen_now("data-manager"))

    @pytest.mark.parametrize("lapsed", ["ann", "bob"])
    def test_who_lost_their_training_meanwhile_keeps_the_project_from_being_approved(self, ann, lapsed):
        made = submitted(ann)
        manager = agreed_to(made)
        Account.objects.filter(username=lapsed).update(training_expires=TODAY - timedelta(days=1))
        with pytest.raises(Refused, match="training is not current"):
            applications.approve("falls", manager)

    @pytest.mark.parametrize("who", ["mal", "bob", "cat", "ope", "aud"])
    def test_nobody_else_decides_or_changes_anything(self, ann, who):
        roles = {"mal": "researcher", "bob": "researcher", "cat": "output_checker", "ope": "operator", "aud": "auditor"}
        person(who, roles[who])
        made = submitted(ann)
        client, before = browser(who), Entry.objects.count()
        for name in ("application_submit", "application_withdraw", "project_approve", "project_decline",
                     "project_close_now"):  # fmt: skip
            told = {"note": "x", "keep": "destroy", "why": "x"}
            assert client.post(reverse(name, args=["falls"]), told).status_code == 403, name
        assert (
            client.post(reverse("dataset_decide", args=["falls", "people"]), {"decision": "agree"}).status_code == 403
        )
        assert client.post(reverse("dataset_leave_out", args=["falls", "people"])).status_code == 403
        assert client.get(reverse("application_assessment", args=["falls"])).status_code == 403
        if who != "bob":
            assert client.get(reverse("application", args=["falls"])).status_code == 403
        made.refresh_from_db()
        assert (made.status, Entry.objects.count()) == ("submitted", before)

    def test_deleting_the_log_s_entry_decides_nothing(self, ann):
        made = submitted(ann)
        manager = agreed_to(made)
        as_an_insider("DELETE FROM audit_entry WHERE event = 'projects.dataset_decided'")
        with pytest.raises(Refused, match="not the one that the audit log holds"):
            applications.approve("falls", manager)


def test_an_operator_says_whose_datasets_an_owner_answers_for():
    person("ope", "operator")
    person("ida", "information_asset_owner")
    ope, address = browser("ope"), reverse("person_controllers", args=["ida"])
    assert "NHS England" in ope.get(reverse("person", args=["ida"])).content.decode()
    assert ope.post(address, {"controllers": ["NHS England"]}).status_code == 302
    assert as_seen_now("ida").controllers == {"NHS England"}
    assert ope.post(address, {"controllers": ["Nobody"]}).status_code == 400
    assert ope.post(reverse("person_controllers", args=["ann"]), {"controllers": ["NHS England"]}).status_code == 403
    assert browser("ida").post(address, {"controllers": ["NHS England"]}).status_code == 403
    assert ope.post(address, {"controllers": []}).status_code == 302
    assert as_seen_now("ida").controllers == frozenset()
    data = [each.data for each in Entry.objects.filter(event="people.controllers_changed").order_by("pk")]
    assert data == [{"added": ["NHS England"], "removed": []}, {"added": [], "removed": ["NHS England"]}]


def test_a_changed_project_is_approved_anew_by_asking(ann):
    study = project("frailty", "ann")
    Agreement.objects.filter(project=study).update(columns=["birth_year", "sex", "lsoa"])
    assert "not what was approved" in ann.get(reverse("project", args=["frailty"])).content.decode()
    study.refresh_from_db()
    with pytest.raises(Refused, match="Nothing waits"):
        applications.approve("frailty", as_seen_now("mia"))
    assert stands_as_approved(decided(study))


def test_the_terms_of_agreements_are_the_factory_s():
    assert Agreement.fields_of(agreed())["columns"] == ["birth_year", "sex"]
