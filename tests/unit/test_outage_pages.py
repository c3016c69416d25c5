"""A lost database and a full disk: a clear page that asks the database nothing, nothing half done, and recovery."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, InterfaceError, OperationalError, ProgrammingError, connection, transaction
from django.test import AsyncClient, RequestFactory
from django.utils import timezone

from tests.airlock import inspected, open_study, quick_inspection, state, vote, work
from tests.factories import as_seen_now, person
from tests.small_disk import grow, small_disk
from tests.unit.test_pages import browser
from tre.airlock import jobs as airlock_jobs
from tre.airlock import submissions
from tre.airlock.drafts import Upload
from tre.airlock.imports.models import ImportRequest
from tre.airlock.models import Release, Request
from tre.audit.models import Entry
from tre.audit.services import verify
from tre.config.options import load
from tre.notices.services import choose
from tre.runs import queue
from tre.runs.models import Job
from tre.runs.outage import is_full, is_lost
from tre.web.outages import unavailable

pytestmark = pytest.mark.django_db(transaction=True)
BIG = b"n,square\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(60_000))
FORM = {"licence": "CC0-1.0", "provenance": "Published by the office, fetched in June."}


@pytest.fixture
def study(monkeypatch):
    quick_inspection(monkeypatch)
    return open_study()


@contextmanager
def lost_database() -> Iterator[None]:
    """Let the database be where there is none, so that the driver itself says so."""
    where = {"sqlite": {"NAME": "/nowhere/at/all.sqlite3"}, "postgresql": {"HOST": "/nowhere/at/all"}}[
        connection.vendor
    ]
    before = {name: connection.settings_dict[name] for name in where}
    connection.close()
    connection.settings_dict.update(where)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@contextmanager
def full_database() -> Iterator[None]:
    """Let the database find no room for another row, so that the driver itself says so."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA page_count")
            (pages,) = cursor.fetchone()
            cursor.execute("PRAGMA freelist_count")
            cursor.execute(f"PRAGMA max_page_count = {pages}")
        else:
            cursor.execute(
                "CREATE FUNCTION no_room() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no space left on device' "
                "USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql"
            )
            cursor.execute("CREATE TRIGGER no_room BEFORE INSERT ON audit_entry EXECUTE FUNCTION no_room()")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA max_page_count = 1073741823")
            else:
                cursor.execute("DROP TRIGGER no_room ON audit_entry")
                cursor.execute("DROP FUNCTION no_room")


def test_a_lost_database_is_told_on_every_page_and_outlasted():
    person("ann", "researcher")
    client = browser("ann")
    client.raise_request_exception = False
    with lost_database():
        for path in ("/", "/airlock/", "/notices/", "/health", "/register/", "/accounts/login/"):
            answer = client.get(path)
            assert answer.status_code == 503, path
            assert answer["Retry-After"] == "60"
            told = answer.content.decode()
            assert "The database does not answer." in told
            assert "nowhere" not in told
    assert client.get("/airlock/").status_code == 200


def test_a_program_is_told_in_its_own_way(rf: RequestFactory):
    answer = unavailable(rf.get("/api/workspace/me"), OperationalError("host=db password=x"))
    assert answer.status_code == 503
    assert b'{"error": "The database does not answer. ' in answer.content
    assert b"password" not in answer.content


def test_a_full_database_keeps_nothing_half_and_goes_on(study):
    client = browser("ann")
    client.raise_request_exception = False
    before = Entry.objects.count()
    with full_database():
        with pytest.raises(OperationalError) as met:
            _fill()
        assert is_full(met.value)
        kept = Entry.objects.count()
        answer = client.post("/notices/how", {"how": "page"})
        assert answer.status_code == 503
        assert "The disk is full" in answer.content.decode()
        assert Entry.objects.count() == kept >= before
    assert client.post("/notices/how", {"how": "page"}).status_code == 302
    verify()


def _fill() -> None:
    while True:  # until the last page that there is has no room either
        choose("daily", as_seen_now("ann"))


def test_it_is_told_by_the_server_that_is_used_too():
    person("ann", "researcher")
    client = AsyncClient()
    client.cookies = browser("ann").cookies
    client.raise_request_exception = False
    with lost_database():
        answer = async_to_sync(client.get)("/airlock/")
    assert answer.status_code == 503
    assert "The database does not answer." in answer.content.decode()


def test_a_full_disk_takes_no_upload_and_then_does(study):
    client, where = browser("ann"), f"/projects/{study.code}/import"
    client.raise_request_exception = False
    with small_disk(load().path("airlock"), 200) as disk:
        answer = client.post(where, {**FORM, "files": SimpleUploadedFile("codes.csv", BIG)})
        assert answer.status_code == 503
        assert "What you sent was not kept." in answer.content.decode()
        assert not ImportRequest.objects.exists()
        assert not [path for path in disk.rglob("*") if path.is_file()]
        grow(disk, 20_000)
        assert client.post(where, {**FORM, "files": SimpleUploadedFile("codes.csv", BIG)}).status_code == 302
    assert ImportRequest.objects.count() == 1


def test_a_release_that_finds_no_room_waits_and_is_released_once(study):
    made = inspected(study, ("big.csv", BIG))
    for checker in ("cat", "dan"):
        vote(made, checker)
    with small_disk(load().path("release"), 200) as disk:
        for _ in range(queue.MOST_ATTEMPTS + 2):
            Job.objects.filter(state="queued", kind="airlock.release").update(due=timezone.now())
            work()
        job = Job.objects.get(kind="airlock.release")
        assert (job.state, job.error) == ("queued", "")
        assert state(made) == "releasing"
        assert not Release.objects.exists()
        assert not list(disk.glob("release-*"))
        grow(disk, 20_000)
        Job.objects.filter(pk=job.pk).update(due=timezone.now())
        work()
        assert state(made) == "released"
        assert Release.objects.count() == 1
        assert Entry.objects.filter(event="airlock.released").count() == 1
    verify()


def test_a_submission_that_finds_no_room_is_made_when_there_is(study):
    uploads = [Upload("big.csv", [BIG])]
    with small_disk(load().path("airlock"), 200) as disk:
        with pytest.raises(OSError, match="No space left"):
            submissions.submit(as_seen_now("ann"), study, "Squares.", uploads)
        assert not Request.objects.exists()
        grow(disk, 20_000)
        made = submissions.submit(as_seen_now("ann"), study, "Squares.", uploads)
        work()
        assert state(made) == "in_review"


def test_what_is_no_outage_is_a_bug_as_before():
    with pytest.raises((OperationalError, ProgrammingError)) as met, transaction.atomic():
        connection.cursor().execute("SELECT nothing FROM nowhere")
    for error in (met.value, IntegrityError(), ValueError(), OSError(errno.EACCES, "no"), None):
        assert not is_lost(error)
        assert not is_full(error)
    assert is_lost(InterfaceError("closed"))
    assert is_full(OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)))
    assert airlock_jobs  # its work is known by being imported
