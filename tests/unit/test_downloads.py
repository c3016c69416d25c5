"""The download area: open for a time, counted, shut with a sentence, opened again by whom the policy says."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.airlock import SAFE, inspected, open_study, vote, work
from tests.factories import as_seen_now, person
from tests.unit.test_pages import browser
from tre.airlock.crate import METADATA_FILE, broken
from tre.airlock.models import Release
from tre.airlock.release import downloads
from tre.airlock.release.models import DownloadArea
from tre.airlock.release.taking import marked
from tre.audit.models import Entry
from tre.config.options import load
from tre.errors import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def release() -> Release:
    person("mia", "data_manager")
    made = inspected(open_study())
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    return Release.objects.get(request=made)


def at_the_end(release: Release) -> None:
    DownloadArea.objects.filter(release=release).update(until=timezone.now() - timedelta(seconds=1))


def test_the_archive_is_the_reviewed_bytes_with_the_crate(release):
    answer = browser("ann").get(f"/airlock/{release.request_id}/release/archive")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{release.identity}.zip"'
    assert answer.headers["Link"] == '<https://w3id.org/ro/crate>; rel="profile"'
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        assert archive.comment.decode() == release.identity
        assert archive.read(f"{release.identity}/data/table.csv") == SAFE
        assert broken(json.loads(archive.read(f"{release.identity}/data/{METADATA_FILE}"))) == ()


def test_each_taking_is_an_entry_and_the_page_counts_them(release):
    client, page = browser("ann"), f"/airlock/{release.request_id}/release/"
    file = release.request.files.get()
    assert "0, each in the audit log" in client.get(page).content.decode()
    client.get(f"{page}archive").getvalue()
    alone = client.get(f"/airlock/{release.request_id}/files/{file.pk}/download")
    assert alone.getvalue() == SAFE
    assert alone.headers["Content-Disposition"] == f'attachment; filename="table.{release.identity}.csv"'
    assert "2, each in the audit log" in client.get(page).content.decode()
    told = [entry.data for entry in Entry.objects.filter(event="airlock.downloaded")]
    assert [each["what"] for each in told] == ["archive", "file"]
    assert file.name not in json.dumps(told)
    assert [taken for *_, taken in client.get("/releases/").context["releases"]] == [2]


def test_a_file_alone_bears_its_release_s_name():
    assert marked("tables/by age.csv", "release-7-ab") == "by age.release-7-ab.csv"
    assert marked("LICENCE", "release-7-ab") == "LICENCE.release-7-ab"


def test_a_release_whose_time_is_over_is_refused_with_what_to_do(release):
    at_the_end(release)
    file = release.request.files.get()
    for place in ("release/archive", f"files/{file.pk}/download"):
        answer = browser("ann").get(f"/airlock/{release.request_id}/{place}")
        assert answer.status_code == 403
        told = answer.content.decode()
        assert "The time to download this release ended on" in told
        assert "Ask a data manager to open it again" in told
    assert not Entry.objects.filter(event="airlock.downloaded").exists()
    page = browser("ann").get(f"/airlock/{release.request_id}/release/").content.decode()
    assert "A data manager may open it again" in page
    assert "Download the whole release" not in page


def test_a_data_manager_opens_it_again_and_nobody_else(release):
    at_the_end(release)
    address = f"/airlock/{release.request_id}/release/open"
    for who in ("ann", "cat"):
        assert browser(who).post(address).status_code == 403
    assert (
        "Open it for download again" in browser("mia").get(f"/airlock/{release.request_id}/release/").content.decode()
    )
    assert browser("mia").post(address).status_code == 302
    entry = Entry.objects.get(event="airlock.downloads_opened")
    assert (entry.actor, entry.data["release"]) == ("mia", release.identity)
    assert browser("ann").get(f"/airlock/{release.request_id}/release/archive").status_code == 200
    with pytest.raises(Refused, match="already"):
        downloads.open_again(release, as_seen_now("mia"))


def test_a_release_of_before_there_were_areas_is_open_from_its_own_time(release):
    DownloadArea.objects.all().delete()
    assert downloads.is_open(release)
    answer = browser("ann").get(f"/airlock/{release.request_id}/release/archive")
    assert answer.status_code == 403
    assert "before there were crates" in answer.content.decode()
    release.at -= timedelta(days=400)
    release.save()
    assert not downloads.is_open(release)
    downloads.open_again(release, as_seen_now("mia"))
    assert downloads.is_open(release)


def test_a_released_file_that_was_altered_is_not_sent(release):
    file = release.request.files.get()
    load().path("release", release.identity, file.name).write_bytes(b"age_band,persons\n60s,1\n")
    for place in ("release/archive", f"files/{file.pk}/download"):
        answer = browser("ann").get(f"/airlock/{release.request_id}/{place}")
        assert answer.status_code >= 400
        assert "was altered" in answer.content.decode()
    assert not Entry.objects.filter(event="airlock.downloaded").exists()


def test_nor_a_crate_that_was_altered(release):
    load().path("release", release.identity, METADATA_FILE).write_text("{}")
    answer = browser("ann").get(f"/airlock/{release.request_id}/release/archive")
    assert "was altered" in answer.content.decode()


def test_what_is_not_there_is_not_found(release):
    client = browser("ann")
    assert client.get("/airlock/999/release/").status_code == 404
    assert client.get(f"/airlock/{release.request_id}/files/999/download").status_code == 404
    other = inspected(release.request.project, ("other.csv", SAFE + b"90s,300\n"))
    assert client.get(f"/airlock/{other.pk}/release/").status_code == 403
    type(other).objects.filter(pk=other.pk).update(state="released")
    assert client.get(f"/airlock/{other.pk}/release/").status_code == 404


def test_a_list_of_releases_shows_each_person_their_own(release):
    assert [each[0] for each in browser("ann").get("/releases/").context["releases"]] == [release]
    assert [each[0] for each in browser("mia").get("/releases/").context["releases"]] == [release]
    assert "no releases that you may see" in browser("cat").get("/releases/").content.decode()
