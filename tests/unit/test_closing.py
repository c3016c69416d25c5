"""Closing a project: its data destroyed, its people's work archived or destroyed, each with a signed certificate."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from datetime import date
from pathlib import Path

import pytest
from django.urls import reverse

from tests.factories import LATER, as_seen_now, person, project
from tests.unit.test_pages import browser
from tre.airlock.imports import jobs as import_jobs
from tre.airlock.imports.models import ImportFile, ImportRequest
from tre.airlock.imports.placing import place
from tre.airlock.storage import storage
from tre.audit.models import Entry
from tre.config.options import load
from tre.errors import Refused
from tre.hashing import sha256_of
from tre.people.models import Account
from tre.projects import applications, closing, jobs, lifecycle
from tre.projects.models import Closure, Extract
from tre.projects.services import current_extract
from tre.runs.models import Job
from tre.workspace import marker
from tre.workspace.models import WorkspaceSession

pytestmark = pytest.mark.django_db
RUNS_AS = closing._runs_as


@pytest.fixture
def work():
    """The folders of two projects' work, with a link that leads out of them and a pipe that nobody writes to."""
    home = load().home
    for name in ("projects", "homes", "archives"):  # what another test left
        shutil.rmtree(home / name, ignore_errors=True)
    files = {
        "projects/frailty/shared/model.py": b"print(1)\n",
        "projects/frailty/service/mlflow.db": b"runs",
        "projects/frailty/repository/HEAD": b"ref: refs/heads/-\n",
        "homes/ann/frailty/notebook.ipynb": b"{}",
        "homes/ann/asthma/notebook.ipynb": b"another project's",
        "projects/asthma/shared/other.py": b"another project's",
    }
    for name, content in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)
    secret = home / "not-theirs.txt"
    secret.write_bytes(b"the platform's own")
    (home / "projects/frailty/shared/link").symlink_to(secret)
    (home / "projects/frailty/shared/folder").symlink_to(home / "projects/asthma")
    os.mkfifo(home / "projects/frailty/shared/pipe")
    yield home
    for name in ("projects", "homes", "archives"):
        shutil.rmtree(home / name, ignore_errors=True)
    secret.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def nobody_else_runs(monkeypatch):
    """Other tests, and a product on this machine, have sandboxes of the same groups."""
    monkeypatch.setattr(closing, "_runs_as", lambda gid: False)


@pytest.fixture
def study():
    person("ann", "researcher")
    return project("frailty", "ann")


def close(keep: str = "archive", who: str = "ann") -> Closure:
    return closing.close_project("frailty", keep, "It is done.", as_seen_now(who))


def finish() -> Closure:
    closure = Closure.objects.get()
    jobs.close({"closure": closure.pk})
    closure.refresh_from_db()
    return closure


def left(home: Path) -> list[str]:
    kept = [each for part in ("projects", "homes") for each in (home / part).rglob("*") if each.is_file()]
    return sorted(str(each.relative_to(home)) for each in kept)


def test_an_archive_holds_the_work_links_as_links_and_nothing_of_another_project(study, work):
    close()
    closure = finish()
    archive = closing.archive_of(closure)
    assert archive.stat().st_mode & 0o777 == 0o400
    with tarfile.open(archive) as tar:
        names = {member.name for member in tar.getmembers() if not member.isdir()}
        assert names == {
            "projects/frailty/shared/model.py",
            "projects/frailty/shared/link",
            "projects/frailty/shared/folder",
            "projects/frailty/service/mlflow.db",
            "projects/frailty/repository/HEAD",
            "homes/ann/frailty/notebook.ipynb",
        }
        assert tar.getmember("projects/frailty/shared/link").issym()
    assert b"the platform's own" not in archive.read_bytes()
    assert left(work) == ["homes/ann/asthma/notebook.ipynb", "projects/asthma/shared/other.py"]
    stated = lifecycle.verify_certificate(closure.certificate)
    assert stated["archive"]["sha256"] == sha256_of(archive)
    assert closure.keep_until is not None
    assert stated["archive"]["keep_until"] == closure.keep_until.isoformat()
    assert closure.keep_until.year == date.today().year + 10
    assert (stated["project"], stated["work"], stated["asked_by"]) == ("frailty", "archived", "ann")


def brought_in(study) -> ImportRequest:
    """Place an import of two files, as the airlock does once it is approved."""
    author = Account.objects.get(username="ann")
    made = ImportRequest.objects.create(project=study, author=author, licence="CC0-1.0", state="placed", version=1)
    for name in ("codes.csv", "lists/more.csv"):
        kept = storage().freeze([name.encode()], 100)
        ImportFile.objects.create(request=made, name=name, sha256=kept.sha256, size=kept.size)
    place(made, 1)
    return made


def test_what_was_brought_in_is_removed_and_written_down_and_stays_in_the_airlock(study, work):
    made, placed = brought_in(study), work / "projects/frailty/imports"
    assert (placed / "1/lists/more.csv").read_bytes() == b"lists/more.csv"
    closure = close()
    for _ in range(2):  # the job is safe to run again
        closing.finish(closure)
    assert not placed.exists()
    made.refresh_from_db()
    assert made.state == "removed"
    (entry,) = Entry.objects.filter(event="imports.removed")
    hashes = sorted(made.files.values_list("sha256", flat=True))
    assert (entry.subject, entry.data) == (f"import:{made.pk}", {"version": 1, "files": hashes})
    assert all(storage().path(each).exists() for each in hashes)
    with tarfile.open(closing.archive_of(closure)) as tar:
        assert not [name for name in tar.getnames() if "imports" in name]


def test_imports_that_cannot_be_removed_are_not_told_to_be(study, work, monkeypatch):
    made = brought_in(study)
    with monkeypatch.context() as stuck:
        stuck.setattr("tre.airlock.imports.placing._clear", lambda folder: None)
        with pytest.raises(OSError, match="still there"):
            closing.finish(close())
    made.refresh_from_db()
    assert made.state == "placed"


def test_nothing_is_brought_into_a_closed_project(study, work):
    made = brought_in(study)
    ImportRequest.objects.update(state="approved", version=2)
    close()
    import_jobs.place_import({"import": made.pk})
    made.refresh_from_db()
    assert made.state == "blocked"
    assert not (work / "projects/frailty/imports/2").exists()


def test_destroyed_it_is_gone_and_there_is_no_archive(study, work):
    close("destroy")
    closure = finish()
    assert left(work) == ["homes/ann/asthma/notebook.ipynb", "projects/asthma/shared/other.py"]
    assert not closing.archive_of(closure).exists()
    stated = lifecycle.verify_certificate(closure.certificate)
    assert stated["work"] == "destroyed"
    assert stated["files"] == 7  # links and the pipe among them
    assert (work / "not-theirs.txt").read_bytes() == b"the platform's own"


def test_nobody_works_in_it_any_more_and_its_extracts_are_being_destroyed(study, work):
    from tre.workspace.services import open_workspace

    table = {"name": "people", "rows": 10, "files": [], "source_version": 0}
    made = Extract.objects.create(
        project=study, number=1, asked_by="mia", ready=True, persons=9, manifest={"tables": [table]}, expires=LATER
    )
    half = Extract.objects.create(project=study, number=2, asked_by="mia")
    open_workspace("ann", "frailty")
    applications.ask_for_change("frailty", as_seen_now("ann"), LATER, ["ann"], "More.")
    close()
    study.refresh_from_db()
    for each in (made, half):
        each.refresh_from_db()
    assert (study.status, made.end_why, half.failed) == ("closed", "The project was closed.", True)
    assert current_extract(study) is None
    assert not WorkspaceSession.objects.filter(closed=None).exists()
    assert [each.state for each in study.applications.all()] == ["withdrawn", "approved"]
    assert set(Job.objects.values_list("kind", flat=True)) >= {"projects.destroy", "projects.close"}
    with pytest.raises(Refused):
        open_workspace("ann", "frailty")
    for act in (lambda: close(), lambda: applications.ask_for_change("frailty", as_seen_now("ann"), LATER, [], "x")):
        with pytest.raises(Refused, match="no rule permits"):
            act()


def test_the_work_stays_while_a_workspace_has_not_ended(study, work):
    session = WorkspaceSession.objects.create(account_id=as_account("ann"), project=study, token_hash="0" * 64)
    folder = marker.place(session.pk)
    descriptor = marker.hold(folder)
    close()
    before = left(work)
    try:
        with pytest.raises(Refused, match="has not ended yet"):
            finish()
    finally:
        os.close(descriptor)
        shutil.rmtree(folder)
    assert left(work) == before
    assert not Entry.objects.filter(event="projects.work_ended").exists()
    finish()
    assert len(left(work)) == 2


def test_files_with_holes_do_not_fill_the_disk(study, work):
    """A researcher's file may say that it holds far more than it takes: in an archive it would take that."""
    with (work / "projects/frailty/shared/holes").open("wb") as file:
        os.truncate(file.fileno(), shutil.disk_usage(work).free * 2)
    close()
    before = left(work)
    with pytest.raises(Refused, match="no room for the archive"):
        finish()
    assert left(work) == before
    assert not list((work / "archives").iterdir())


@pytest.mark.parametrize("running", [True, False])
def test_the_work_stays_while_a_process_of_the_project_runs(study, work, monkeypatch, running):
    asked = []
    monkeypatch.setattr(closing, "_runs_as", lambda gid: bool(asked.append(gid)) or running)
    close()
    if running:
        with pytest.raises(Refused, match="has not ended yet"):
            finish()
    else:
        finish()
    assert asked == [study.gid]
    assert len(left(work)) == (7 if running else 2)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives sandboxes groups of their own")
def test_a_process_is_found_by_its_group():
    gid = 4_000_000 + os.getpid()  # nobody else's
    assert not RUNS_AS(gid)
    process = subprocess.Popen(["sleep", "60"], group=gid)
    try:
        assert RUNS_AS(gid)
    finally:
        process.kill()
        process.wait()
    assert not RUNS_AS(gid)


def as_account(username: str) -> int:
    from tre.people.models import Account

    return Account.objects.get(username=username).pk


@pytest.mark.parametrize(
    "cut", ["while it is written", "before it is removed", "half removed", "before it is certified"]
)
def test_cut_off_anywhere_it_goes_on_and_nothing_is_lost(study, work, monkeypatch, cut):
    close()
    closure = Closure.objects.get()

    class CutOff(BaseException):
        pass

    def killed(*args, **named):
        raise CutOff

    with monkeypatch.context() as patch:
        if cut == "while it is written":
            patch.setattr(os, "replace", killed)
        elif cut == "before it is removed":
            patch.setattr(shutil, "rmtree", killed)
        elif cut == "half removed":
            real, seen = shutil.rmtree, []

            def once(path, *args, **named):
                if seen:
                    raise CutOff
                seen.append(path)
                real(path, *args, **named)

            patch.setattr(shutil, "rmtree", once)
        else:
            patch.setattr(lifecycle, "sign", killed)
        with pytest.raises(CutOff):
            jobs.close({"closure": closure.pk})
    assert not Entry.objects.filter(event="projects.work_ended").exists()
    finish()
    with tarfile.open(closing.archive_of(closure)) as tar:
        assert len([each for each in tar.getmembers() if not each.isdir()]) == 6
    assert len(left(work)) == 2
    again = finish()
    assert Entry.objects.filter(event="projects.work_ended").count() == 1
    assert lifecycle.verify_certificate(again.certificate)["archive"]["bytes"] > 0


@pytest.mark.parametrize(
    ("keep", "why", "wrong"),
    [("", "x", "Choose to archive"), ("burn", "x", "burn is not one"), ("archive", " ", "Enter")],
)
def test_it_is_said_what_becomes_of_the_work_and_why(study, keep, why, wrong):
    answer = browser("ann").post(reverse("project_close_now", args=["frailty"]), {"keep": keep, "why": why})
    assert answer.status_code == 400
    assert wrong in answer.content.decode()
    study.refresh_from_db()
    assert study.status == "approved"
    for told in (("burn", "x"), ("archive", " ")):
        with pytest.raises(Refused):
            closing.close_project("frailty", *told, as_seen_now("ann"))


def test_on_the_pages(study, work):
    ann = browser("ann")
    assert "Its workspaces close at once" in ann.get(reverse("project_close", args=["frailty"])).content.decode()
    told = {"keep": "archive", "why": "It is done."}
    assert ann.post(reverse("project_close_now", args=["frailty"]), told).status_code == 302
    assert "is being archived" in ann.get(reverse("project", args=["frailty"])).content.decode()
    person("aud", "auditor")
    assert browser("aud").get(reverse("project_closure", args=["frailty"])).status_code == 403
    finish()
    assert "is archived until" in ann.get(reverse("project", args=["frailty"])).content.decode()
    assert ann.get(reverse("project_closure", args=["frailty"])).status_code == 403
    answer = browser("aud").get(reverse("project_closure", args=["frailty"]))
    assert json.loads(json.loads(answer.content)["body"])["project"] == "frailty"


def test_a_leap_day_has_its_anniversary():
    assert closing._years_later(date(2028, 2, 29), 10) == date(2038, 2, 28)
