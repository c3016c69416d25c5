"""Who is counted in what the platform made: a difference that isolates somebody is known, and none is made up.

And the one way past checkers: what it opens, and what it does not.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.airlock import events, state, submit, vote, work
from tests.factories import as_seen_now, person
from tests.runs import Place, ask, carried_out, content, make_warehouse
from tests.unit.test_pages import browser
from tre.airlock import jobs, policy
from tre.airlock.differencing import are_known
from tre.airlock.drafts import Upload
from tre.airlock.models import Publication, Request, RequestFile
from tre.airlock.services import why_halted
from tre.airlock.submissions import submit as submit_as
from tre.audit.models import Entry
from tre.projects.models import Project
from tre.runs.attested.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.spark]
EVERYBODY = {"query": "SELECT pseudonym, 'x' AS g, sex FROM people", "rows": ["sex"]}


@pytest.fixture(scope="module")
def warehouse(spark, tmp_path_factory):
    return make_warehouse(spark, tmp_path_factory.mktemp("warehouse"))


@pytest.fixture
def place(monkeypatch, spark, warehouse):
    person("bob", "researcher")
    return Place(monkeypatch, spark, warehouse)


def made(study: Project, query: str, once: str = "a", who: str = "ann") -> bytes:
    run = carried_out(ask(study, {"query": query, "rows": ["sex"]}, once=once, who=who))
    assert run.state == "done", run.error
    return content(run)


def asked_for(study: Project, table: bytes, who: str, name: str = "table.csv") -> Request:
    asked = submit_as(as_seen_now(who), study, "Counts by sex.", [Upload(name, [table])])
    work()
    return Request.objects.get(pk=asked.pk)


def let_out(request: Request) -> Request:
    for checker in ("cat", "dan"):
        vote(request, checker)
    work()
    return Request.objects.get(pk=request.pk)


def rules(request: Request) -> list[tuple[str, str]]:
    found = [each.inspected() for each in Request.objects.get(pk=request.pk).held()]
    return [(hit.rule, hit.kind) for each in found if each for hit in each.findings]


def test_everybody_less_everybody_but_one_is_blocked_in_another_project(place):
    one, other = place.study(), place.study("asthma", "bob", cohort="ethnicity <> 'Z'")
    first = let_out(asked_for(one, made(one, "SELECT * FROM people"), "ann"))
    assert first.state == "released"
    kept = Publication.objects.get(file__request=first)
    assert kept.members
    assert Entry.objects.get(event="airlock.release_began").data["counts"][0]["members_sha256"] == kept.members
    second = asked_for(other, made(other, "SELECT * FROM people", who="bob"), "bob")
    assert second.state == "blocked"
    assert ("differencing", "members") in rules(second)
    told = str(second.held()[0].inspection)
    assert first.release.identity in told  # which a checker may look up
    assert "frailty" not in told


def test_as_many_other_people_are_no_difference(place):
    one, other = place.study(), place.study("asthma", "bob")
    query = "SELECT pseudonym, 'x' AS sex FROM people WHERE sex = '1'"
    let_out(asked_for(one, made(one, query), "ann"))
    second = asked_for(other, made(other, query.replace("'1'", "'2' AND ethnicity <> 'Z'"), who="bob"), "bob")
    assert second.state == "in_review"
    assert rules(second) == []  # nor is it guessed at from the counts, 300 and 299


def test_two_that_were_inspected_side_by_side_are_not_both_let_out(place):
    one, other = place.study(), place.study("asthma", "bob", cohort="ethnicity <> 'Z'")
    first = asked_for(one, made(one, "SELECT * FROM people"), "ann")
    second = asked_for(other, made(other, "SELECT * FROM people", who="bob"), "bob")
    assert (first.state, second.state) == ("in_review", "in_review")
    assert let_out(first).state == "released"
    assert let_out(second).state == "blocked"
    assert "airlock.release_halted" in events(second)


def test_two_files_of_one_request_are_held_against_each_other(place):
    study = place.study()
    whole, less = (
        made(study, f"SELECT * FROM people{more}", once=more or "a") for more in ("", " WHERE ethnicity <> 'Z'")
    )
    request = submit(study, ("whole.csv", whole), ("less.csv", less))
    work()
    assert state(request) == "blocked"
    found = [hit for each in Request.objects.get(pk=request.pk).held() for hit in each.inspected().findings]
    assert [hit.against for hit in found if hit.kind == "members"] == ["file 1 of this request"]


def test_the_same_table_again_is_no_difference(place):
    study = place.study()
    table = made(study, "SELECT * FROM people")
    let_out(asked_for(study, table, "ann"))
    again = asked_for(study, table, "ann", "again.csv")
    assert again.state == "in_review"


def test_a_byte_more_is_not_what_the_platform_made(place):
    study = place.study()
    request = asked_for(study, made(study, "SELECT * FROM people") + b"\n", "ann")
    assert not Publication.objects.get(file__request=request).members


@pytest.fixture
def unmanned(monkeypatch):
    held = policy.airlock_policy()
    classes = tuple(replace(each, in_force=each.name == "attested-outputs") for each in held.classes)
    monkeypatch.setattr("tre.airlock.evidence.airlock_policy", lambda: replace(held, classes=classes))


def test_a_class_in_force_lets_out_what_the_platform_made_and_says_so(place, unmanned):
    study = place.study()
    request = asked_for(study, made(study, "SELECT * FROM people"), "ann")
    assert request.state == "released", why_halted(request)
    assert request.low_risk == "attested-outputs"
    assert "airlock.let_pass" in events(request)
    assert "airlock.reviewed" not in events(request)


@pytest.mark.parametrize("beside", [b"age_band,persons\n60s,120\n70s,340\n", b"note\n"])
def test_it_opens_for_nothing_that_stands_beside(place, unmanned, beside):
    study = place.study()
    request = submit(study, ("table.csv", made(study, "SELECT * FROM people")), ("own.csv", beside))
    work()
    assert state(request) == "in_review"


def test_it_does_not_open_for_the_researchers_own_table(place, unmanned):
    study = place.study()
    request = asked_for(study, b"sex,people\n1,300\n2,300\n", "ann")
    assert request.state == "in_review"


def test_an_insider_who_calls_another_kind_of_run_a_table_opens_nothing(place, unmanned, monkeypatch):
    study = place.study()
    run = ask(study)
    Run.objects.filter(pk=run.pk).update(kind="aggregate")
    table = content(carried_out(run))
    # as a notebook's run would have been signed
    from tre.keys.custody import custody
    from tre.runs.attested.statement import Course, Subject, sign, statement

    done = Run.objects.get(pk=run.pk)
    output = done.outputs.get()
    course = Course("notebook", {}, {"members": {output.name: output.members}}, {"code": "a" * 64}, "run", "t", "n")
    signed = sign(statement(course, [Subject(output.name, output.sha256)]), custody().signing_key("attestation"))
    Run.objects.filter(pk=run.pk).update(attestation=signed)
    assert asked_for(study, table, "ann").state == "in_review"


def test_an_insider_who_moves_a_request_past_the_checkers_releases_nothing(place):
    study = place.study()
    request = asked_for(study, b"sex,people\n1,300\n2,300\n", "ann")
    Request.objects.filter(pk=request.pk).update(state="approved", phase="", checkers=0, low_risk="attested-outputs")
    jobs.release_request({"request": request.pk})
    assert state(request) == "blocked"
    assert not RequestFile.objects.filter(request=request, request__release__isnull=False).exists()


def test_a_checker_sees_how_it_was_made_and_its_author_no_word_that_a_notebook_wrote(place):
    study = place.study()
    request = asked_for(study, made(study, "SELECT *, 'written by a notebook' AS word FROM people"), "ann")
    pages = {who: browser(who).get(f"/airlock/{request.pk}/").content.decode() for who in ("cat", "ann")}
    for told in pages.values():
        assert "The platform made these bytes itself" in told
    assert "written by a notebook" in pages["cat"]
    assert "written by a notebook" not in pages["ann"]
    own = asked_for(study, b"sex,people\n1,301\n2,300\n", "ann")
    assert "made these bytes" not in browser("cat").get(f"/airlock/{own.pk}/").content.decode()


@pytest.mark.parametrize("aggfunc", ["people", "count"])
def test_only_tables_of_people_are_spared_what_counts_make_likely(place, aggfunc):
    study = place.study()
    run = carried_out(ask(study, {"query": "SELECT * FROM people", "rows": ["sex"], "aggfunc": aggfunc}))
    kept = Publication.objects.get(file__request=asked_for(study, content(run), "ann"))
    assert kept.members
    assert are_known(kept, kept) is (aggfunc == "people")
