"""Who tries to bring in what two others did not approve: authors, colleagues, insiders, and a placement cut off."""

from __future__ import annotations

import shutil

import pytest
from django.db import transaction

from tests.airlock import work
from tests.factories import as_seen_now
from tests.imports import CODES, ask, checked, open_study, placed, say
from tests.insider import rewrite_log
from tre.airlock.drafts import Upload
from tre.airlock.imports import jobs, services
from tre.airlock.imports.models import ImportFile, ImportRequest, ImportReview
from tre.airlock.storage import storage
from tre.audit.models import Entry
from tre.audit.services import record
from tre.config.options import load
from tre.errors import Refused
from tre.people.models import Account
from tre.projects.models import Membership, PastMembership
from tre.runs.queue import enqueue

pytestmark = pytest.mark.django_db
OTHER = b"code,meaning\nA1,Another\n"


@pytest.fixture
def study():
    return open_study()


def approved(study) -> ImportRequest:
    """Return an import that two have approved, and which is not placed yet."""
    made = checked(study)
    for who in ("cat", "mia"):
        say(made, who)
    return ImportRequest.objects.get(pk=made.pk)


def queue_placing(made: ImportRequest) -> None:
    with transaction.atomic():
        enqueue("imports.place", {"import": made.pk}, once=f"imports.place:{made.pk}")


def is_halted(made: ImportRequest) -> str:
    """Return why an import was halted, having looked that nothing came in."""
    work()
    assert ImportRequest.objects.get(pk=made.pk).state == "blocked"
    folder = load().path("projects", "frailty", "imports")
    assert not folder.exists() or list(folder.iterdir()) == []
    return Entry.objects.get(event="imports.halted").data["why"]


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_neither_author_nor_colleague_reviews(study, who):
    made = checked(study)
    with pytest.raises(Refused, match="review import"):
        say(made, who)


def test_one_who_was_a_member_neither_reviews_nor_is_asked_to(study):
    made = checked(study)
    PastMembership.objects.create(project=study, account=Account.objects.get(username="cat"))
    with pytest.raises(Refused, match="never ones own import"):
        say(made, "cat")
    assert "cat" not in services._reviewers(made).values_list("username", flat=True)


def test_one_who_was_a_member_is_found_out_at_placing_whoever_let_them_review(study):
    made = approved(study)
    PastMembership.objects.create(project=study, account=Account.objects.get(username="cat"))
    assert "is or was in its project" in is_halted(made)


def test_nobody_reviews_twice(study):
    made = checked(study)
    say(made, "cat")
    with pytest.raises(Refused, match="reviewed this import already"):
        say(made, "cat")
    assert ImportRequest.objects.get(pk=made.pk).state == "in_review"


def test_a_review_is_of_the_bytes_that_were_shown(study):
    made = checked(study)
    shown = {file.pk: "0" * 64 for file in made.files.all()}
    with pytest.raises(Refused, match="not the one that you were shown"):
        services.review(made.pk, as_seen_now("cat"), "approve", "", shown)


def test_an_import_set_to_approved_in_the_database_is_not_placed(study):
    made = checked(study)
    ImportRequest.objects.filter(pk=made.pk).update(state="approved")
    queue_placing(made)
    assert "have not approved" in is_halted(made)


def test_reviews_that_stand_in_the_tables_alone_place_nothing(study):
    made = checked(study)
    for who in ("cat", "dan"):
        ImportReview.objects.create(request=made, reviewer=Account.objects.get(username=who), choice="approve")
    ImportRequest.objects.filter(pk=made.pk).update(state="approved")
    queue_placing(made)
    assert "have not approved" in is_halted(made)


def test_a_review_forged_in_the_log_lacks_its_seal(study):
    made = checked(study)
    say(made, "cat")
    told = Entry.objects.get(event="imports.reviewed").data
    with transaction.atomic():
        record("imports.reviewed", actor="dan", subject=f"import:{made.pk}", data=told)
    ImportRequest.objects.filter(pk=made.pk).update(state="approved")
    queue_placing(made)
    assert "not what was handed in" in is_halted(made)


def _swap(made: ImportRequest) -> None:
    kept = storage().freeze([OTHER], 1000)
    checks = made.files.get().checks | {"sha256": kept.sha256}
    made.files.update(sha256=kept.sha256, size=kept.size, checks=checks)


def _swap_and_log(made: ImportRequest) -> None:
    _swap(made)
    sha256 = made.files.get().sha256

    def change(entry: Entry) -> None:
        if entry.event in ("imports.submitted", "imports.reviewed"):
            entry.data["files"] = [sha256]

    rewrite_log(change)


def _harm_bytes(made: ImportRequest) -> None:
    path = storage().path(made.files.get().sha256)
    path.chmod(0o600)
    path.write_bytes(OTHER)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_swap, "not those that were submitted"),
        (_swap_and_log, "not those that were submitted"),
        (_harm_bytes, "altered"),
        (lambda made: made.files.update(checks=None), "not checked"),
        (lambda made: made.files.update(name="other.csv"), "not those that were submitted"),
        (lambda made: ImportRequest.objects.update(licence="MIT"), "not those that were submitted"),
        (lambda made: ImportRequest.objects.update(provenance="Mine, all mine."), "not those that were submitted"),
        (
            lambda made: Membership.objects.create(project=made.project, account=Account.objects.get(username="cat")),
            "Its author, or who is or was",
        ),
    ],
)
def test_whatever_an_insider_changes_after_approval_halts_it(study, harm, told):
    made = approved(study)
    harm(made)
    assert told in is_halted(made)


def test_files_that_were_added_are_not_placed(study):
    made = approved(study)
    kept = storage().freeze([OTHER], 1000)
    checks = made.files.get().checks | {"sha256": kept.sha256}
    ImportFile.objects.create(request=made, name="b.csv", sha256=kept.sha256, size=kept.size, checks=checks)
    assert "not those that were submitted" in is_halted(made)


@pytest.mark.parametrize("step", ["place", "_end"])
def test_killed_and_run_again_it_is_placed_once(study, monkeypatch, step):
    made = approved(study)
    with monkeypatch.context() as patch:
        patch.setattr(jobs, step, lambda *told: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            jobs.place_import({"import": made.pk})
    work()
    jobs.place_import({"import": made.pk})
    folder = load().path("projects", "frailty", "imports")
    assert [path.name for path in folder.iterdir()] == ["1"]
    assert (folder / "1" / "codes.csv").read_bytes() == CODES
    assert Entry.objects.filter(event="imports.placed").count() == 1


def test_what_a_cut_off_copy_left_is_made_anew(study):
    made = approved(study)
    half = load().path("projects", "frailty", "imports", ".1.staged")
    (half / "deep").mkdir(parents=True)
    (half / "deep" / "half.csv").write_bytes(b"x")
    (half / "deep").chmod(0o550)
    work()
    assert ImportRequest.objects.get(pk=made.pk).state == "placed"
    assert not half.exists()


def test_a_placed_file_that_was_altered_before_it_was_written_down_is_told(study, monkeypatch):
    made = approved(study)
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "_end", lambda *told: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            jobs.place_import({"import": made.pk})
    path = load().path("projects", "frailty", "imports", "1", "codes.csv")
    path.chmod(0o600)
    path.write_bytes(OTHER)
    work()
    assert "altered" in Entry.objects.get(event="imports.halted").data["why"]
    shutil.rmtree(path.parents[1])


def test_a_link_where_imports_belong_is_not_followed(study, tmp_path):
    made = approved(study)
    folder = load().path("projects", "frailty")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "imports").symlink_to(tmp_path)
    work()
    assert list(tmp_path.iterdir()) == []
    assert "Something else stands" in Entry.objects.get(event="imports.halted").data["why"]
    assert made.pk


def test_too_many_bytes_are_not_kept(study, monkeypatch):
    class Endless:
        def __iter__(self):
            while True:
                yield b"x" * 1024 * 1024

    with pytest.raises(Refused, match="bytes"):
        services.submit(as_seen_now("ann"), study, "CC0-1.0", "From the office.", [Upload("a.csv", Endless())])
    assert not ImportRequest.objects.exists()


def test_another_project_s_person_asks_for_nothing_here(study):
    with pytest.raises(Refused, match="ask import"):
        services.submit(as_seen_now("cat"), study, "CC0-1.0", "From the office.", [Upload("a.csv", [CODES])])
    assert ask(study)
    assert placed(study, ("b.csv", CODES + b"D4,Four\n")).state == "placed"
