"""The API attacked for another's things: other projects, other people's requests, and what is not released."""

from __future__ import annotations

import pytest

from tests.airlock import SAFE, inspected, placed, vote, work
from tests.api import call, token_of
from tests.codes import code
from tests.factories import as_seen_now, person, project
from tre.airlock.models import Review
from tre.api import tokens
from tre.api.models import Token
from tre.api.policy import api_policy
from tre.audit.models import Entry
from tre.people.models import Account
from tre.people.services import enrol_totp
from tre.projects.models import Extract
from tre.runs.attested.models import Run
from tre.workspace.models import Quota

pytestmark = pytest.mark.django_db


# Another's things


def test_another_projects_numbers_open_nothing(study):
    person("bob", "researcher")
    gout = project("gout", "bob")
    made, theirs = inspected(study), placed(gout, "bob", "in_review")
    token, own = token_of("ann"), made.files.get()
    for method, path, body in (
        ("GET", f"/requests/{theirs.request_id}", None),
        ("GET", f"/requests/{theirs.request_id}/files/{own.pk}", None),
        ("GET", f"/requests/{made.pk}/files/{theirs.pk}", None),
        ("GET", f"/releases/{theirs.request_id}/files/{own.pk}", None),
        ("DELETE", f"/requests/{made.pk}/files/{theirs.pk}", None),
        ("POST", f"/requests/{theirs.request_id}/withdraw", None),
        ("POST", "/requests", {"project": "gout", "context": "Mine now."}),
        ("GET", "/projects/gout", None),
        ("GET", "/projects/gout/privacy", None),
    ):
        assert call(token, method, path, body).status_code in {403, 404}, path
    assert {each["number"] for each in call(token, "GET", "/requests").json()["items"]} == {made.pk}
    assert [each["code"] for each in call(token, "GET", "/projects").json()["items"]] == ["frailty"]


def test_a_token_for_one_project_sees_nothing_of_the_persons_others(study):
    gout = project("gout", "ann")
    here, there = placed(study, "ann", "in_review"), placed(gout, "ann", "in_review")
    _, token = tokens.make(as_seen_now("ann"), "One", api_policy().scopes, 8, "frailty")
    assert call(token, "GET", f"/requests/{here.request_id}").status_code == 200
    assert call(token, "GET", f"/requests/{there.request_id}").status_code == 403
    assert {each["number"] for each in call(token, "GET", "/requests").json()["items"]} == {here.request_id}
    assert [each["code"] for each in call(token, "GET", "/projects").json()["items"]] == ["frailty"]
    assert call(token, "POST", "/requests", {"project": "gout", "context": "x"}).status_code == 403


def test_another_projects_runs_and_use_are_seen_stopped_and_asked_for_again_by_nobody(study):
    person("bob", "researcher")
    gout = project("gout", "bob")
    extract = Extract.objects.create(project=gout, number=1, asked_by="mia", ready=True, manifest={"tables": []})
    bob = Account.objects.get(username="bob")
    run = Run.objects.create(project=gout, author=bob, extract=extract, kind="aggregate", spec={}, once="x")
    token, ann = token_of("ann"), Account.objects.get(username="ann")
    enrol_totp(ann)
    for method, path in (
        ("GET", f"/runs/{run.pk}"),
        ("POST", f"/runs/{run.pk}/cancel"),
        ("POST", f"/runs/{run.pk}/retry"),
        ("GET", "/projects/gout/runs"),
        ("GET", "/projects/gout/usage"),
        ("GET", "/projects/gout/safes"),
    ):
        assert call(token, method, path, **{"One-Time-Code": code(ann)}).status_code == 403, path
    quota = {"processor_hours": 1, "megabytes": 1}
    for name in ("gout", "frailty"):
        assert call(token, "PUT", f"/projects/{name}/quota", quota).status_code == 403
    run.refresh_from_db()
    assert (run.state, Quota.objects.count()) == ("queued", 0)
    _, only = tokens.make(as_seen_now("ann"), "One", api_policy().scopes, 8, "frailty")
    assert call(only, "GET", "/projects/frailty/usage").status_code == 200
    assert call(only, "GET", "/notices/how").status_code == 403
    assert call(only, "POST", "/notices/read").status_code == 403


def test_nobody_reviews_their_own_by_a_token_and_reviews_stay_blind(study):
    made = inspected(study)
    vote(made, "dan")
    own = call(token_of("ann"), "GET", f"/requests/{made.pk}").json()
    blind = call(token_of("cat"), "GET", f"/requests/{made.pk}").json()
    assert own["reviews"] == blind["reviews"] == []
    assert call(token_of("ann"), "POST", f"/requests/{made.pk}/take").status_code == 403
    assert Review.objects.filter(handed_in__isnull=False).count() == 1


def test_what_is_not_released_is_handed_out_to_its_author_neither_as_bytes_nor_as_rows(study):
    """A call is quicker than a page: by it a researcher could read a whole table out before anybody looks."""
    made = inspected(study)
    file, token = made.files.get(), token_of("ann")
    for path in (f"/requests/{made.pk}/files/{file.pk}/contents", f"/releases/{made.pk}/files/{file.pk}",
                 f"/releases/{made.pk}/archive"):  # fmt: skip
        answer = call(token, "GET", path)
        assert answer.status_code == 403, path
        assert b"60s" not in answer.content
    assert b"60s" not in call(token, "GET", f"/requests/{made.pk}").content
    for told in (call(token, "GET", f"/requests/{made.pk}{end}").content.decode() for end in ("", f"/files/{file.pk}")):
        assert "table.csv" not in told
        assert "Counts by age" not in told
    assert "table.csv" in call(token_of("cat"), "GET", f"/requests/{made.pk}").content.decode()
    rows = call(token_of("cat"), "GET", f"/requests/{made.pk}/files/{file.pk}/contents").json()["rows"]
    assert ["60s", "120"] in [row[-2:] for row in rows]


def test_what_a_program_inside_chooses_of_a_file_is_not_told_to_a_program_outside(study):
    """Of its size, its hash, and where and how often a rule finds something, a notebook makes what it likes."""
    told = []
    for places in ([1], [3, 8, 13]):
        rows = [f"a,{'943 476 5919' if at in places else 'none'}" for at in range(4 + len(places) * 5)]
        made = inspected(study, ("table.csv", "\n".join(["age,note", *rows]).encode()))
        file = made.files.get()
        assert call(token_of("cat"), "GET", f"/requests/{made.pk}/files/{file.pk}").json()["size"] == file.size
        whole = call(token_of("ann"), "GET", f"/requests/{made.pk}").json()["files"]
        one = call(token_of("ann"), "GET", f"/requests/{made.pk}/files/{file.pk}").json()
        assert whole == [one]
        assert one["findings"] != []
        told.append({name: value for name, value in one.items() if name != "number"})
    assert told[0] == told[1]


# What is taken is counted


def test_a_download_is_counted_and_says_by_which_token(study):
    made = inspected(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    token, file = token_of("ann", "releases.take"), made.files.get()
    answer = call(token, "GET", f"/releases/{made.pk}/files/{file.pk}")
    assert answer.getvalue() == SAFE
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert call(token, "GET", f"/releases/{made.pk}/archive").getvalue()[:2] == b"PK"
    entries = Entry.objects.filter(event="airlock.downloaded").order_by("number")
    assert [each.data["what"] for each in entries] == ["file", "archive"]
    assert {each.data["token"] for each in entries} == {Token.objects.get().pk}
    assert call(token, "GET", f"/releases/{made.pk}").json()["taken"] == 2


def test_what_is_done_on_a_page_names_no_token(study):
    token = token_of("ann")
    call(token, "POST", "/requests", {"project": "frailty", "context": "By a program."})
    inspected(study)
    drafted, submitted = (Entry.objects.filter(event=f"airlock.{each}").first() for each in ("drafted", "submitted"))
    assert "token" in drafted.data
    assert "token" not in submitted.data
