"""The release job writes a crate that keeps the profile, tells no typed word and no name, and is the same run again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from django.db import transaction

from tests.airlock import SAFE, events, inspected, open_study, state, vote, work
from tests.factories import as_seen_now
from tre.airlock import drafts, jobs, submissions
from tre.airlock.crate import METADATA_FILE, broken
from tre.airlock.crate.reading import Graph
from tre.airlock.domain import AUDIT_EVENTS
from tre.airlock.drafts import Upload
from tre.airlock.models import Release, Request
from tre.airlock.release import note, policy
from tre.airlock.release.media import media_type
from tre.airlock.release.models import DownloadArea
from tre.airlock.release.policy import ReleasePolicy, release_policy
from tre.audit.models import Entry
from tre.config.options import load
from tre.errors import SettingsError
from tre.projects.models import Extract
from tre.runs.queue import enqueue

pytestmark = pytest.mark.django_db
TABLES = {"tables": [{"name": "people", "source_version": 12}], "specification": {"versions": {"gp_events": 3}}}


@pytest.fixture
def study():
    made = open_study()
    Extract.objects.create(project=made, number=1, asked_by="mia", ready=True, manifest=TABLES)
    return made


def released(study, *files: tuple[str, bytes]) -> tuple[Release, Path]:
    made = inspected(study, *files, context="For Margaret Hughes.")
    for checker in ("cat", "dan"):
        vote(made, checker, comment="Seen with Dr Hughes.")
    work()
    assert state(made) == "released"
    release = Release.objects.get(request=made)
    return release, load().path("release", release.identity)


def test_it_keeps_the_profile_and_its_hash_is_in_the_log(study):
    release, folder = released(study)
    content = (folder / METADATA_FILE).read_bytes()
    assert broken(json.loads(content)) == ()
    entry = Entry.objects.get(event="airlock.released", subject=f"request:{release.request_id}")
    digest = hashlib.sha256(content).hexdigest()
    assert entry.data["crate_sha256"] == digest
    assert DownloadArea.objects.get(release=release).crate_sha256 == digest
    assert sorted(path.name for path in folder.iterdir()) == [METADATA_FILE, "table.csv"]


def test_it_tells_files_data_and_times_and_nothing_that_anybody_typed(study):
    release, folder = released(study)
    text = (folder / METADATA_FILE).read_text()
    for told in ("Hughes", "cat", "dan", "120", "60s"):
        assert f'"{told}"' not in text
        assert f" {told} " not in text
    graph = Graph(json.loads(text))
    assert [each["sha256"] for each in graph.of_type("File")] == [release.request.files.get().sha256]
    versions = {each["propertyID"]: each["value"] for each in graph.of_type("PropertyValue") if "propertyID" in each}
    assert versions == {"people": "12", "gp_events": "3"}
    assert {each["name"] for each in graph.of_type("Person")} == {"ann", "Output checker 1", "Output checker 2"}
    approved = Entry.objects.get(event="airlock.approved").at
    decision = next(each for each in graph.phase("DisclosureCheck") if "approved by" in each["name"])
    assert decision["endTime"] == f"{approved:%Y-%m-%dT%H:%M:%SZ}"


def test_code_that_was_submitted_and_who_had_to_approve_are_told(study):
    made = drafts.draft(as_seen_now("ann"), study, "Falls.")
    drafts.add_files(made.pk, as_seen_now("ann"), "Tables", [Upload("table.csv", [SAFE])])
    drafts.add_files(made.pk, as_seen_now("ann"), "Tables", [Upload("count.py", [b"print('count')\n"])], "code")
    drafts.describe_group(made.pk, as_seen_now("ann"), "Tables", "Counts.", "Rounded.")
    submissions.submit_draft(made.pk, as_seen_now("ann"))
    work()
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    folder = load().path("release", Release.objects.get(request=made).identity)
    graph = Graph(json.loads((folder / METADATA_FILE).read_text()))
    assert [each["name"] for each in graph.follow(graph.by_id["#code"], "hasPart")] == ["count.py"]
    assert graph.by_id["#review-policy"]["name"] == "Two independent output checkers, never a member"
    request = Request.objects.get(pk=made.pk)
    request.checkers, request.low_risk = 1, "rounded-tables"
    assert note._asked_for(request) == "One output checker, by the class rounded-tables"


@pytest.mark.parametrize("shown", ["pseudonym", "name"])
def test_the_policy_says_how_checkers_are_named(study, monkeypatch, shown):
    told = release_policy()
    monkeypatch.setattr(note, "release_policy", lambda: ReleasePolicy(told.open_for, shown, told.licence))
    first, second = (
        {each["name"] for each in Graph(json.loads((folder / METADATA_FILE).read_text())).of_type("Person")} - {"ann"}
        for _, folder in (released(study), released(study, ("other.csv", b"age_band,persons\n60s,120\n70s,350\n")))
    )
    assert first == second
    assert len(first) == 2
    assert (first == {"cat", "dan"}) is (shown == "name")


def test_killed_after_any_step_and_run_again_it_is_the_same_crate(study, monkeypatch):
    made = inspected(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    for step in ("_describe", "_take_models", "_finish"):
        with monkeypatch.context() as patch:
            patch.setattr(jobs, step, lambda *told: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                jobs.release_request({"request": made.pk})
        assert state(made) == "releasing"
    folder = next(load().path("release").glob(f"release-{made.pk}-*"))
    before = (folder / METADATA_FILE).read_bytes()
    (folder / METADATA_FILE).write_text("{}")  # whatever became of it meanwhile, it is written anew
    jobs.release_request({"request": made.pk})
    assert (folder / METADATA_FILE).read_bytes() == before
    jobs.release_request({"request": made.pk})
    assert events(made).count("airlock.released") == 1
    assert DownloadArea.objects.count() == 1


def test_without_its_entries_in_the_log_nothing_is_released(study, monkeypatch):
    made = inspected(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    monkeypatch.setitem(AUDIT_EVENTS, "approve", "airlock.never")
    with transaction.atomic():
        enqueue("airlock.release", {"request": made.pk}, once=f"airlock.release:{made.pk}")
    work()
    assert state(made) == "blocked"
    assert not list(load().path("release").glob(f"release-{made.pk}-*"))
    assert Request.objects.get(pk=made.pk).state == "blocked"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "download: {days: 0}",
        "download: {days: 3}\ncrate: {reviewers: nobody, licence: {uri: a, name: b, description: c}}",
        "download: {days: 3}\ncrate: {reviewers: role, licence: {uri: a, name: b}}",
    ],
)
def test_a_policy_that_is_not_whole_stops_it(tmp_path, text):
    path = tmp_path / "release.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="release policy cannot be read"):
        policy.release_policy(path)


def test_a_kind_without_a_media_type_is_bytes():
    assert media_type("csv") == "text/csv"
    assert media_type("never") == "application/octet-stream"
