"""The API attacked where a person has to be there: what is decided asks for a code that is good once."""

from __future__ import annotations

import pytest

from tests.airlock import inspected, state
from tests.api import SHA, call, token_of
from tests.codes import code, wrong
from tre.api.models import Token
from tre.audit.models import Entry
from tre.people.models import Account
from tre.people.services import enrol_totp
from tre.privacy.models import Spend
from tre.projects.models import Extract
from tre.runs.attested.models import Run

pytestmark = pytest.mark.django_db


def test_a_review_by_a_call_needs_a_code_that_is_good_once(study):
    made = inspected(study)
    cat = Account.objects.get(username="cat")
    enrol_totp(cat)
    token, file = token_of("cat"), made.files.get()
    votes = {"votes": [{"file": file.pk, "choice": "approve", "sha256": file.sha256}]}
    assert call(token, "POST", f"/requests/{made.pk}/review", votes).status_code == 401
    given = code(cat)
    answer = call(token, "POST", f"/requests/{made.pk}/review", votes, **{"One-Time-Code": given})
    assert answer.status_code == 200, answer.content
    again = call(token, "POST", f"/requests/{made.pk}/review", votes, **{"One-Time-Code": given})
    assert again.status_code == 401
    told = [(each.event, each.data.get("token")) for each in Entry.objects.filter(actor="cat").order_by("number")]
    number = Token.objects.get(account=cat).pk
    assert ("people.stepped_up", number) in told
    assert ("airlock.reviewed", number) in told


def test_codes_are_not_guessed(study):
    made = inspected(study)
    cat = Account.objects.get(username="cat")
    enrol_totp(cat)
    token = token_of("cat")
    path, told = f"/requests/{made.pk}/recall", {"why": "x"}
    answers = [call(token, "POST", path, told, **{"One-Time-Code": each}) for each in wrong(cat, count=7)]
    assert [each.status_code for each in answers] == [401] * 5 + [429] * 2
    assert state(made) == "in_review"


def test_votes_are_on_the_bytes_that_were_shown(study):
    made = inspected(study)
    file = made.files.get()
    told = {"choice": "approve", "sha256": SHA}
    answer = call(token_of("cat"), "PUT", f"/requests/{made.pk}/files/{file.pk}/vote", told)
    assert answer.status_code == 409
    assert "not the one that you were shown" in answer.json()["detail"]


def test_a_stolen_token_does_not_spend_a_budget_by_cancelling_and_asking_again(study):
    ann, asked = Account.objects.get(username="ann"), {"epsilon": 1.0, "delta": 1e-7, "query": {}, "purpose": ""}
    enrol_totp(ann)
    extract = Extract.objects.create(project=study, number=1, asked_by="mia", ready=True, manifest={"tables": []})
    run = Run.objects.create(
        project=study, author=ann, extract=extract, kind="private", spec=asked, once="x", state="cancelled"
    )
    token, path = token_of("ann", "runs.manage"), f"/runs/{run.pk}/retry"
    assert call(token, "POST", path).status_code == 401
    run.refresh_from_db()
    assert (run.state, Spend.objects.count()) == ("cancelled", 0)
    answer = call(token, "POST", path, **{"One-Time-Code": code(ann)})
    assert (answer.status_code, Spend.objects.count()) == (200, 1), answer.content
