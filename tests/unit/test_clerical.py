"""Clerical review: who may, what is kept of a decision, and that no identifier reaches the control plane."""

from __future__ import annotations

import json
from re import DOTALL, findall
from uuid import uuid4

import pytest
from django.urls import reverse

from tests.factories import person
from tests.unit.test_pages import browser
from tre.audit.models import Entry
from tre.catalogue import clerical, weights
from tre.catalogue.models import DoubtfulPair, WarehouseBuild
from tre.catalogue.services import inputs
from tre.errors import Refused

pytestmark = pytest.mark.django_db
AGREEMENT = {"number": "missing", "forename": "same", "surname": "close", "birth_date": "same", "postcode": "same"}
MODEL = {
    "comparisons": [
        {
            "output_column_name": "forename",
            "comparison_levels": [
                {"label_for_charts": "is NULL"},
                {"label_for_charts": "Exact match", "m_probability": 0.8, "u_probability": 0.05},
                {"label_for_charts": "All other", "m_probability": 0.01, "u_probability": 0.9},
            ],
        }
    ]
}


def pairs(number: int) -> list[dict]:
    """Return doubtful pairs as the build tells of them."""
    return [
        {"pair": str(uuid4()), "probability": 0.5 + place / (2 * number), "numbers": "unknown", "agreement": AGREEMENT}
        for place in range(number)
    ]


@pytest.fixture
def build():
    figures = {"records": 100, "persons": 60, "merged": 1, "split": 0, "doubtful": 3}
    return WarehouseBuild.objects.create(by="mia", inputs="a", linkage=figures, model=MODEL)


@pytest.fixture
def mia():
    return person("mia", "data_manager")


def test_a_decision_is_audited_and_changes_what_the_next_build_is_made_from(build, mia):
    told = pairs(2)
    clerical.write_doubtful(build, told)
    before = inputs()
    assert clerical.decide(told[0]["pair"], True, mia).state == "joined"
    assert clerical.decisions() == [{"pair": told[0]["pair"], "joined": True}]
    assert inputs() != before
    assert Entry.objects.filter(event="catalogue.pair_decided", actor="mia").count() == 1
    clerical.decide(told[0]["pair"], True, mia)  # told again, nothing happens again
    assert Entry.objects.filter(event="catalogue.pair_decided").count() == 1
    with pytest.raises(Refused, match="decided otherwise"):
        clerical.decide(told[0]["pair"], False, mia)


def test_a_new_build_keeps_decisions_and_forgets_what_is_doubtful_no_more(build, mia):
    told = pairs(3)
    clerical.write_doubtful(build, told)
    clerical.decide(told[0]["pair"], False, mia)
    clerical.write_doubtful(build, told[1:2])
    assert {str(each.pair): each.state for each in DoubtfulPair.objects.all()} == {
        told[0]["pair"]: "parted",
        told[1]["pair"]: "open",
    }


@pytest.mark.parametrize("role", ["researcher", "output_checker", "deployer", "auditor", "operator"])
def test_nobody_else_sees_or_decides(build, role):
    told = pairs(1)
    clerical.write_doubtful(build, told)
    other = person("other", role)
    with pytest.raises(Refused):
        clerical.decide(told[0]["pair"], True, other)
    client = browser("other")
    for path in (reverse("linkage"), reverse("linkage_pair", args=[told[0]["pair"]])):
        assert client.get(path).status_code == 403
    answer = client.post(reverse("linkage_decide", args=[told[0]["pair"]]), {"choice": "joined"})
    assert answer.status_code == 403
    assert DoubtfulPair.objects.get().state == "open"


def test_ten_thousand_pairs_are_paged(build, mia, django_assert_max_num_queries):
    clerical.write_doubtful(build, pairs(10_000))
    client = browser("mia")
    with django_assert_max_num_queries(14):
        page = client.get(reverse("linkage"), {"page": 3}).content.decode()
    assert page.count("Look at pair") == 50
    assert "Look at pair 101<" in page
    assert "Page 4 of 200" in page
    assert "Exact match" in page
    assert "4.0" in page, "the weight of an exact match: log2 of 0.8 over 0.05"


def test_a_pair_is_shown_masked_and_decided_in_the_page(build, mia, monkeypatch):
    told = pairs(2)
    clerical.write_doubtful(build, told)
    masked = {"forename": {"one": "A•••a", "other": "A•••a"}}
    monkeypatch.setattr(clerical, "run_job", lambda name, spec: {"fields": masked})
    client = browser("mia")
    first, second = told[1]["pair"], told[0]["pair"]  # the more probable comes first
    assert "A•••a" in client.get(reverse("linkage_pair", args=[first])).content.decode()
    assert Entry.objects.filter(event="catalogue.pair_shown", subject=f"pair:{first}").count() == 1
    decide = reverse("linkage_decide", args=[first])
    assert client.post(decide, {"choice": ""})["Location"] == reverse("linkage_pair", args=[first])
    assert client.post(decide, {"choice": "parted"})["Location"] == reverse("linkage_pair", args=[second])
    assert "Two persons" not in client.get(reverse("linkage")).content.decode()
    assert "two persons by mia" in " ".join(client.get(reverse("linkage_pair", args=[first])).content.decode().split())


def test_a_pair_is_explained_step_by_step(build, mia, monkeypatch):
    told = pairs(1)
    clerical.write_doubtful(build, told)
    fields = {
        "number": {"one": "", "other": "", "bits": 0.0},
        "forename": {"one": "A•••a", "other": "A•••a", "bits": 9.25},
        "surname": {"one": "B•••b", "other": "C•••c", "bits": -4.5},
    }
    monkeypatch.setattr(clerical, "run_job", lambda name, spec: {"weight": -5.25, "fields": fields})
    page = browser("mia").get(reverse("linkage_pair", args=[told[0]["pair"]])).content.decode()
    cells = [" ".join(cell.split()) for cell in findall(r"<td[^>]*--numeric\">(.*?)</td>", page, DOTALL)]
    assert cells == ["-10.0", "-10.0", "+0.0", "-10.0", "+9.3", "-0.8", "-4.5", "-5.3"]
    assert page.count("<rect") == 4


def test_who_knows_whom_is_told_in_rounded_counts(build, mia):
    build.shared = [
        {"one": "acute", "other": "acute", "persons": 1_002},
        {"one": "acute", "other": "gp", "persons": 987},
        {"one": "gp", "other": "gp", "persons": 2_000},
        {"one": "gp", "other": "ons", "persons": 9},
        {"one": "ons", "other": "ons", "persons": 12},
    ]
    build.save()
    assert weights.overlap(build.shared) == [
        ("acute", ["about 1,000", "about 985", "fewer than 10"]),
        ("gp", ["about 985", "about 2,000", "fewer than 10"]),
        ("ons", ["fewer than 10", "fewer than 10", "about 10"]),
    ]
    page = browser("mia").get(reverse("linkage")).content.decode()
    assert "about 985" in page
    assert "987" not in page


def test_no_such_pair_is_a_page_not_found(mia):
    assert browser("mia").get(reverse("linkage_pair", args=[uuid4()])).status_code == 404


def test_what_the_control_plane_keeps_holds_no_value(build):
    clerical.write_doubtful(build, pairs(1))
    kept = DoubtfulPair.objects.values().get()
    words = json.dumps(kept["agreement"])
    assert set(json.loads(words).values()) <= {"same", "close", "different", "missing"}
