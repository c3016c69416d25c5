"""The pages of imports: asking, looking, reviewing, taking back."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.airlock import work
from tests.imports import CODES, NOTE, ask, checked, open_study, say
from tests.unit.test_pages import browser
from tre.airlock.imports.models import ImportRequest

pytestmark = pytest.mark.django_db
ADDRESS = "/projects/frailty/import"


@pytest.fixture
def study():
    return open_study()


def typed(**changes: object) -> dict[str, object]:
    file = SimpleUploadedFile("codes.csv", CODES, "application/x-whatever")
    return {"files": [file], "licence": "CC0-1.0", "provenance": NOTE, **changes}


def test_a_researcher_asks_and_is_told_how_it_stands(study):
    client = browser("ann")
    assert "Bring files into The frailty study" in client.get("/imports/").content.decode()
    assert client.get(ADDRESS).status_code == 200
    answer = client.post(ADDRESS, typed())
    made = ImportRequest.objects.get()
    assert answer["Location"] == f"/imports/{made.pk}/"
    assert "Not checked yet" in client.get(answer["Location"]).content.decode()
    work()
    page = client.get(answer["Location"]).content.decode()
    assert "No malware scanner has looked at it" in page
    assert "Your review" not in page
    assert ">in review<" in client.get("/imports/").content.decode()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"licence": ""}, "Choose the licence"),
        ({"licence": "Mine"}, "Select a valid choice"),
        ({"provenance": ""}, "Say where the files are from"),
        ({"provenance": "internet"}, "It is not said where the files are from"),
        ({"files": []}, "needs at least one file"),
        ({"files": [SimpleUploadedFile("-rf.csv", CODES)]}, "letters, digits"),
    ],
)
def test_what_is_missing_is_one_sentence(study, changes, told):
    answer = browser("ann").post(ADDRESS, typed(**changes))
    assert answer.status_code == 400
    assert told in answer.content.decode()
    assert not ImportRequest.objects.exists()


def test_two_reviewers_bring_it_in_and_do_not_see_each_other_before(study):
    made = checked(study)
    page = f"/imports/{made.pk}/"
    for who in ("cat", "mia"):
        shown = browser(who).get(page).content.decode()
        assert "Hand in your review" in shown
        assert ">One</td>" in shown
        assert "<h2>Reviews</h2>" not in shown
        told = {"choice": "approve", "comment": "Seen.", **_shown(made)}
        assert browser(who).post(f"{page}review", told).status_code == 302
    work()
    shown = browser("ann").get(page).content.decode()
    assert "/project/imports/1" in shown
    assert "Approve. Seen." in shown
    assert "cat" not in shown.split("<main")[1]


def _shown(made: ImportRequest) -> dict[str, str]:
    return {f"file-{file.pk}": file.sha256 for file in made.files.all()}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({}, "Choose a vote"),
        ({"choice": "reject"}, "needs its reason"),
        ({"choice": "approve", "file-0": "x"}, "not the one that you were shown"),
    ],
)
def test_a_review_that_is_not_whole_is_one_sentence(study, typed, told):
    made = checked(study)
    shown = _shown(made) if "file-0" not in typed else {}
    answer = browser("cat").post(f"/imports/{made.pk}/review", {**typed, **shown})
    assert answer.status_code == 400
    assert told in answer.content.decode()
    assert not made.reviews.exists()


def test_its_author_takes_it_back(study):
    made = checked(study)
    assert "Withdraw the import" in browser("ann").get(f"/imports/{made.pk}/").content.decode()
    assert browser("ann").post(f"/imports/{made.pk}/withdraw").status_code == 302
    assert ImportRequest.objects.get().state == "withdrawn"


def test_who_waits_for_whom(study):
    made, other = checked(study), ask(study, ("b.csv", CODES + b"C3,Three\n"))
    told = browser("cat").get("/imports/").context
    assert (told["waiting"], told["imports"]) == ([made], [other, made])
    say(made, "cat")
    assert browser("cat").get("/imports/").context["waiting"] == []
    assert "no imports that you may see" in browser("bob").get("/imports/").content.decode()
    assert browser("cat").get("/imports/999/").status_code == 404
    assert browser("bob").get(f"/imports/{made.pk}/").status_code == 403
