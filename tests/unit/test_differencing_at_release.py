"""Requests that are safe alone and not together: found at inspection, and when releases cross each other."""

from __future__ import annotations

import pytest

from tests.airlock import SAFE, events, inspected, open_study, state, submit, vote, work
from tests.factories import as_seen_now, person, project
from tre.airlock import differencing, jobs, submissions
from tre.airlock.drafts import Upload
from tre.airlock.models import Publication, Release, Request
from tre.airlock.storage import StorageBroken
from tre.audit.models import Entry
from tre.projects.models import Project

pytestmark = pytest.mark.django_db
FEWER = SAFE.replace(b"340", b"337")  # three people of the seventies are left out
FAR = SAFE.replace(b"340", b"290")


@pytest.fixture
def study():
    return open_study()


def approve(made: Request) -> None:
    for checker in ("cat", "dan"):
        vote(made, checker)


def released(study: Project, *files: tuple[str, bytes], context: str = "Counts.") -> Request:
    made = inspected(study, *files, context=context)
    approve(made)
    work()
    assert state(made) == "released"
    return made


def of_another_project(content: bytes) -> Request:
    person("bob", "researcher")
    other = project("falls", "bob")
    made = submissions.submit(as_seen_now("bob"), other, "Counts of falls.", [Upload("falls.csv", [content])])
    work()
    return Request.objects.get(pk=made.pk)


def rules(made: Request) -> list[str]:
    return [each.rule for file in made.files.all() for each in file.inspected().findings]


def test_two_requests_each_safe_alone_whose_difference_isolates_three_people(study):
    first = released(study)
    second = inspected(study, ("fewer.csv", FEWER))
    (found,) = second.files.get().inspected().findings
    assert (second.state, found.rule, found.row, found.column) == ("blocked", "differencing", 2, "persons")
    assert found.against == Release.objects.get(request=first).identity
    assert found.against in found.location
    assert Entry.objects.get(event="airlock.blocked").data["files"][0]["rules"] == ["differencing"]


def test_a_large_difference_isolates_nobody(study):
    released(study)
    assert inspected(study, ("fewer.csv", FAR)).state == "in_review"


def test_what_was_not_released_is_not_subtracted(study):
    inspected(study)
    assert inspected(study, ("fewer.csv", FEWER)).state == "in_review"


def test_files_of_one_request_are_held_against_each_other(study):
    made = inspected(study, ("a.csv", SAFE), ("b.csv", FEWER))
    assert [[each.rule for each in file.inspected().findings] for file in made.files.all()] == [[], ["differencing"]]
    assert "file 1 of this request" in made.files.last().inspected().findings[0].location
    assert made.state == "blocked"


def test_what_checkers_saw_at_inspection_does_not_halt_the_release(study):
    released(study, ("a.csv", b"region,n\nnorth,300\nsouth,800\n"))
    made = inspected(study, ("b.csv", b"region,n\nnorth,303\nsouth,803\n"))
    assert (made.state, rules(made)) == ("in_review", ["possible-differencing"])
    approve(made)
    work()
    assert state(made) == "released"


def test_a_release_that_is_cut_off_at_any_step_is_known_from_its_beginning(study, monkeypatch):
    made = inspected(study)
    approve(made)

    def cut_off(*told: object) -> None:
        raise KeyboardInterrupt

    for step in ("_copy_out", "_take_models", "_finish"):
        with monkeypatch.context() as patched:
            patched.setattr(jobs, step, cut_off)
            with pytest.raises(KeyboardInterrupt):
                jobs.release_request({"request": made.pk})
        assert state(made) == "releasing"
        assert not Release.objects.exists()
        assert Publication.objects.get(file__request=made).place == 1
    assert inspected(study, ("fewer.csv", FEWER)).state == "blocked"
    jobs.release_request({"request": made.pk})
    assert state(made) == "released"
    assert Publication.objects.get(file__request=made).place == 1


def test_a_release_cut_off_before_it_begins_is_none(study, monkeypatch):
    made = inspected(study)
    approve(made)
    monkeypatch.setattr(differencing, "release_identity", lambda request: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        jobs.release_request({"request": made.pk})
    assert state(made) == "approved"
    assert Publication.objects.get().place is None
    assert events(made)[-1] == "airlock.approved"


def test_releases_of_before_counts_were_kept_are_read_and_known(study):
    first = released(study)
    Publication.objects.all().delete()
    second = inspected(study, ("fewer.csv", FEWER))
    assert rules(second) == ["differencing"]
    assert Publication.objects.get(file__request=first).place == 0


def test_one_that_today_s_rules_would_block_is_known_too(study):
    first = released(study)
    Publication.objects.all().delete()
    Project.objects.update(disclosure_threshold=150)  # one of its counts is 120
    inspected(study, ("other.csv", b"ward,n\nx,500\n"))
    assert len(Publication.objects.get(file__request=first).counts()) == 1


def test_a_request_inspected_before_counts_were_kept_is_read_at_its_release(study):
    made = inspected(study)
    Publication.objects.all().delete()
    Request.objects.update(compared=None)
    approve(made)
    work()
    assert state(made) == "released"
    assert len(Publication.objects.get().counts()) == 1


def test_the_log_tells_what_was_let_out_by_digest(study):
    made = released(study)
    (told,) = Entry.objects.get(event="airlock.release_began").data["counts"]
    assert (told["sha256"], told["tables"]) == (made.files.get().sha256, 1)
    assert told == differencing.what_is_told(made)[0]


def test_counts_that_were_altered_are_not_passed_over(study):
    released(study)
    Publication.objects.update(tables=[{"where": "", "columns": [], "cells": "AAAA"}])
    made = submit(study, ("fewer.csv", FEWER))
    with pytest.raises(StorageBroken, match="altered"):
        jobs.inspect_request({"request": made.pk})
    assert state(made) == "inspecting"


def test_nothing_is_kept_of_a_file_that_is_blocked(study):
    inspected(study, ("small.csv", SAFE.replace(b"120", b"4")))
    assert Publication.objects.get().tables == []


@pytest.mark.parametrize("profile", ["opensafely", "opensafely-midpoint"])
def test_rounded_counts_are_not_subtracted(study, profile, monkeypatch):
    from tre.config import options

    kept = options.load()
    monkeypatch.setattr(jobs, "load", lambda: kept.model_copy(update={"disclosure_profile": profile}))
    numbers = (b"120", b"125") if profile == "opensafely" else (b"123", b"129")
    tables = [b"age_band,persons\n60s,%b\n70s,%b\n" % (each, numbers[0]) for each in numbers]
    released(study, ("a.csv", tables[0]))
    assert inspected(study, ("b.csv", tables[1])).state == "in_review"


def test_files_of_one_request_that_passed_together_do_not_halt_its_release(study):
    for number in range(4):
        released(study, (f"{number}.csv", b"ward,n\n%d,%d\n" % (number, 500 + 60 * number)))
    made = inspected(study, ("a.csv", b"region,n\nnorth,3000\n"), ("b.csv", b"region,n\nnorth,3004\n"))
    assert (made.state, rules(made)) == ("in_review", [])
    approve(made)
    work()
    assert state(made) == "released"
