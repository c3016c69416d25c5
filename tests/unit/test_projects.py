"""What an approval is about: nothing of it can change afterwards without a new approval."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import LATER, decided, person, project
from tests.insider import as_an_insider
from tre.audit.models import Entry
from tre.errors import Refused
from tre.people.models import Account
from tre.projects import jobs
from tre.projects.applications import approve
from tre.projects.domain import check_unchanged, digest
from tre.projects.models import Agreement, Approval, Membership, Project
from tre.projects.services import ask_for_extract, check_as_approved, stands_as_approved

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    person("ann", "researcher")
    return project("frailty", "ann")


@pytest.fixture
def mia():
    return person("mia", "data_manager")


def change_agreement(**changes: object):
    return lambda study: Agreement.objects.filter(project=study).update(**changes)


def change_project(**changes: object):
    return lambda study: Project.objects.filter(pk=study.pk).update(**changes)


def add_person(study):
    person("bob", "researcher")
    Membership.objects.create(project=study, account=Account.objects.get(username="bob"))


CHANGES = {
    "columns": change_agreement(columns=["birth_year", "sex", "ethnicity"]),
    "dates of the data": change_agreement(last=LATER),
    "dataset": change_agreement(dataset="deaths"),
    "life of the agreement": change_agreement(ends=LATER + timedelta(days=1)),
    "controller": change_agreement(controller="Somebody else"),
    "no agreement": lambda study: Agreement.objects.filter(project=study).delete(),
    "cohort": change_project(cohort="birth_year = 1971"),
    "purpose": change_project(purpose="Something else."),
    "end": change_project(ends=LATER + timedelta(days=1)),
    "people": add_person,
    "lead": lambda study: Membership.objects.filter(project=study).update(lead=False),
    "the approval's own digest": lambda study: Approval.objects.filter(project=study).update(digest="0" * 64),
    "no approval": lambda study: Approval.objects.filter(project=study).delete(),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_after_its_approval_is_not_provisioned_until_it_is_approved_again(study, mia, what):
    extract = ask_for_extract("frailty", mia)
    CHANGES[what](study)
    with pytest.raises(Refused, match="not what was approved"):
        ask_for_extract("frailty", mia)
    with pytest.raises(Refused, match="not what was approved"):
        jobs.provision({"extract": extract.pk})
    study.refresh_from_db()
    assert not stands_as_approved(study)
    if what not in ("no agreement", "lead"):  # nothing to approve, nobody to ask for it
        decided(study)
        assert ask_for_extract("frailty", mia) == extract


def test_an_insider_who_changes_the_terms_and_the_digest_is_seen_by_the_log(study, mia):
    Project.objects.filter(pk=study.pk).update(cohort="birth_year = 1971")
    study.refresh_from_db()
    from tre.projects.services import terms

    Approval.objects.filter(project=study).update(digest=digest(terms(study)))
    with pytest.raises(Refused, match="not what was approved"):
        ask_for_extract("frailty", mia)
    as_an_insider("DELETE FROM audit_entry WHERE event = 'projects.approved'")
    with pytest.raises(Refused, match="not what was approved"):
        ask_for_extract("frailty", mia)


def test_approving_what_stands_as_approved_changes_nothing(study, mia):
    check_as_approved(study)
    before = Approval.objects.count(), Entry.objects.count()
    approve("frailty", mia)
    assert (Approval.objects.count(), Entry.objects.count()) == before


def test_the_log_holds_the_digest_that_the_approval_holds(study):
    approval = Approval.objects.get(project=study)
    assert len(approval.digest) == 64
    assert Entry.objects.get(event="projects.approved").data == {"digest": approval.digest}


def test_digests_are_equal_for_equal_terms_alone():
    assert digest({"a": 1, "b": [LATER]}) == digest({"b": [LATER.isoformat()], "a": 1})
    assert digest({"a": ["x", "y"]}) != digest({"a": ["y", "x"]})
    check_unchanged("d", "d", "d")
    for approved in ([], ["e"], ["d", "e"], [""]):
        with pytest.raises(Refused):
            check_unchanged("d", *approved)
