"""The API attacked for what providers sent: no value of a person comes out of it, and nothing goes without a code."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.api import call, token_of
from tests.catalogue import built, measured, submission
from tests.codes import code
from tre.api.models import Token
from tre.audit.models import Entry
from tre.catalogue import clerical
from tre.catalogue.models import DoubtfulPair, Withdrawal
from tre.catalogue.weights import told_probability
from tre.people.models import Account
from tre.people.services import enrol_totp
from tre.runs.runner import JobRefused

pytestmark = pytest.mark.django_db
AGREEMENT = {"forename": "close", "surname": "same", "birth_date": "other"}
SHOWN: dict[str, Any] = {
    "weight": 7.4321,
    "fields": {
        "forename": {"one": "M•••••t", "other": "M••g", "bits": 3.14159},
        "surname": {"one": "B••••n", "other": "B••••n", "bits": 9.87},
        "birth_date": {"one": "1••••••••4", "other": "1••••••••7", "bits": -5.55},
    },
}


@pytest.fixture
def mia(study) -> Account:
    account = Account.objects.get(username="mia")
    enrol_totp(account)
    return account


@pytest.fixture
def pair(study, monkeypatch) -> DoubtfulPair:
    monkeypatch.setattr(clerical, "run_job", lambda kind, spec: SHOWN)
    return DoubtfulPair.objects.create(
        pair=uuid.uuid4(), build=built([]), probability=0.61234, numbers="other", agreement=AGREEMENT
    )


def test_of_a_pair_agreement_and_bits_are_told_and_never_a_value_not_even_masked(mia, pair):
    token = token_of("mia", "linkage.review")
    answer = call(token, "GET", f"/linkage/pairs/{pair.pk}")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["agreement"] == {"Forename": "close", "Surname": "same", "Date of birth": "other"}
    assert (told["weight"], told["bits"]) == (7.4, {"Forename": 3.1, "Surname": 9.9, "Date of birth": -5.5})
    everything = answer.content.decode() + call(token, "GET", "/linkage/pairs").content.decode()
    for field in SHOWN["fields"].values():
        assert field["one"] not in everything
        assert field["other"] not in everything
    assert "•" not in everything
    assert "\\u2022" not in everything
    looked = Entry.objects.get(event="catalogue.pair_shown")
    assert (looked.actor, "token" in looked.data) == ("mia", True)


def test_a_pairs_probability_tells_no_more_of_its_weight_than_a_tenth_of_a_bit(mia, pair):
    token, told = token_of("mia", "linkage.review"), set()
    for bits in (0.651, 0.66, 0.7, 0.749):
        DoubtfulPair.objects.filter(pk=pair.pk).update(probability=2**bits / (1 + 2**bits))
        told.add(call(token, "GET", f"/linkage/pairs/{pair.pk}").json()["probability"])
        told.add(call(token, "GET", "/linkage/pairs").json()["items"][0]["probability"])
    assert len(told) == 1
    for whole in (0.0, 1.0):
        assert told_probability(whole) == whole


def test_a_pair_that_landing_no_longer_holds_is_told_by_its_agreement(mia, pair, monkeypatch):
    def gone(kind, spec):
        raise JobRefused("There is no such pair", where="clerical review", todo="Go back to the queue")

    monkeypatch.setattr(clerical, "run_job", gone)
    told = call(token_of("mia"), "GET", f"/linkage/pairs/{pair.pk}").json()
    assert (told["weight"], told["bits"]["Surname"]) == (None, None)
    assert told["agreement"]["Surname"] == "same"


def test_a_stolen_token_decides_no_pair_and_a_code_is_for_one(mia, pair):
    token, other = token_of("mia", "linkage.review"), DoubtfulPair.objects.create(
        pair=uuid.uuid4(), build=pair.build, probability=0.5, numbers="other", agreement=AGREEMENT
    )  # fmt: skip
    path = f"/linkage/pairs/{pair.pk}/decide"
    assert call(token, "POST", path, {"choice": "joined"}).status_code == 401
    given = {"One-Time-Code": code(mia)}
    decided = call(token, "POST", path, {"choice": "joined"}, **given)
    assert decided.json()["state"] == "joined"
    assert call(token, "POST", f"/linkage/pairs/{other.pk}/decide", {"choice": "joined"}, **given).status_code == 401
    other.refresh_from_db()
    assert other.state == "open"
    otherwise = call(token, "POST", path, {"choice": "parted"}, **{"One-Time-Code": code(mia, 1)})
    assert otherwise.status_code == 409
    assert "token" in Entry.objects.get(event="catalogue.pair_decided").data
    assert call(token, "GET", "/linkage/pairs").json()["items"][0]["pair"] == str(other.pk)


def test_who_does_not_run_the_warehouse_sees_no_pair(study, pair):
    for who in ("ann", "cat", "ope"):
        for path in ("/linkage", "/linkage/pairs", f"/linkage/pairs/{pair.pk}"):
            assert call(token_of(who), "GET", path).status_code == 403


def test_nothing_is_withdrawn_by_a_token_alone(mia):
    submission("june")
    token, asked = token_of("mia", "warehouse.manage"), {"submission": "june", "reason": "Its controller asks."}
    assert call(token, "POST", "/withdrawals", asked).status_code == 401
    assert not Withdrawal.objects.exists()
    made = call(token, "POST", "/withdrawals", asked, **{"One-Time-Code": code(mia)})
    assert [each["dataset"] for each in made.json()] == ["visits"]
    assert call(token, "GET", made.headers["Location"].removeprefix("/api/v1")).json()["items"] == made.json()


def test_small_counts_of_a_submission_are_not_told(mia):
    submission("june")
    built(measured("june"), faults=[("june", "visits", "a.csv", "code", "missing", 7)])
    told = call(token_of("mia"), "GET", "/submissions/june").json()
    assert told["faults"][0]["rows"] == "fewer than 10"
    assert {each["share"] for each in told["measures"]} == {"100%"}
    assert told["datasets"] == ["visits"]


def test_an_address_with_another_path_in_it_is_no_submission(mia):
    for identity in ("..%2F..%2Fkeys", "%2e%2e", "june%2Freport", "no-such"):
        for end in ("", "/report", "/feedback"):
            assert call(token_of("mia"), "GET", f"/submissions/{identity}{end}").status_code == 404

        Token.objects.all().delete()
