"""A project's releases go where a data manager chose among what the settings name, once, and nowhere by default."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.airlock import SAFE, inspected, open_study, vote, work
from tests.factories import as_seen_now, person
from tests.unit.test_pages import browser
from tre.airlock import drafts, submissions
from tre.airlock.drafts import Upload
from tre.airlock.models import Release, Request
from tre.airlock.release import deliveries, targets
from tre.airlock.release import jobs as release_jobs  # noqa: F401 - its work is known by being imported
from tre.airlock.release.models import Delivery
from tre.airlock.release.targets import target
from tre.audit.models import Entry
from tre.config.options import Options, load
from tre.config.targets import ReleaseTarget
from tre.errors import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """Name one target in the settings: a folder."""
    folder = tmp_path / "outputs"
    folder.mkdir()
    told = {"publications": ReleaseTarget(kind="folder", address=str(folder))}
    changed = load().model_copy(update={"release_targets": told})
    for module in (targets, deliveries):
        monkeypatch.setattr(module, "load", lambda: changed)
    return folder


@pytest.fixture
def study():
    person("mia", "data_manager")
    return open_study()


def released(study, content: bytes = SAFE) -> Release:
    made = inspected(study, ("table.csv", content))
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    return Release.objects.get(request=made)


def test_by_default_a_release_goes_nowhere(study, place):
    release = released(study)
    assert not Delivery.objects.exists()
    assert list(place.iterdir()) == []
    page = browser("ann").get(f"/airlock/{release.request_id}/release/").content.decode()
    assert "Delivered to" not in page


def test_it_goes_where_a_data_manager_chose_with_its_crate(study, place):
    deliveries.set_targets(study, ["publications"], as_seen_now("mia"))
    release = released(study)
    work()
    assert {path.name for path in (place / release.identity).iterdir()} == {"table.csv", "ro-crate-metadata.json"}
    assert (place / release.identity / "table.csv").read_bytes() == SAFE
    entry = Entry.objects.get(event="airlock.delivered")
    assert entry.data == {"release": release.identity, "target": "publications", "revision": ""}
    assert Entry.objects.get(event="airlock.target_set").data == {"targets": ["publications"]}
    page = browser("ann").get(f"/airlock/{release.request_id}/release/").content.decode()
    assert "Delivered to publications" in page


def test_a_delivery_that_was_cut_off_and_runs_again_is_written_down_once(study, place, monkeypatch):
    deliveries.set_targets(study, ["publications"], as_seen_now("mia"))
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "_write_down", lambda *told: (_ for _ in ()).throw(RuntimeError))
        release = released(study)
        work()
    assert (place / release.identity).is_dir()
    assert not Entry.objects.filter(event="airlock.delivered").exists()
    number = Delivery.objects.get().pk
    for _ in range(3):
        deliveries.deliver(number)
    assert Entry.objects.filter(event="airlock.delivered").count() == 1


def test_two_workers_at_once_write_it_down_once(study, place):
    deliveries.set_targets(study, ["publications"], as_seen_now("mia"))
    release = released(study)
    Delivery.objects.update(done=None)
    both = [Delivery.objects.get(release=release) for _ in range(2)]
    receipt = target("publications").deliver(deliveries.parcel_of(release))
    before = Entry.objects.filter(event="airlock.delivered").count()
    for each in both:
        deliveries._write_down(each, receipt)
    assert Entry.objects.filter(event="airlock.delivered").count() == before + 1


def test_what_is_no_longer_released_is_not_delivered(study, place, monkeypatch):
    deliveries.set_targets(study, ["publications"], as_seen_now("mia"))
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "deliver", lambda number: None)
        release = released(study)
        work()
    Request.objects.filter(pk=release.request_id).update(state="withdrawn")
    deliveries.deliver(Delivery.objects.get().pk)
    assert list(place.iterdir()) == []
    assert Delivery.objects.get().done is None


def test_a_file_altered_after_its_release_is_not_delivered(study, place, monkeypatch):
    deliveries.set_targets(study, ["publications"], as_seen_now("mia"))
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "deliver", lambda number: None)
        release = released(study)
        work()
    load().path("release", release.identity, "table.csv").write_bytes(b"age_band,persons\n60s,1\n")
    with pytest.raises(Exception, match="altered"):
        deliveries.deliver(Delivery.objects.get().pk)
    assert not (place / release.identity).exists()


def test_only_a_data_manager_who_is_no_member_chooses_and_only_what_is_named(study, place):
    for who in ("ann", "cat"):
        with pytest.raises(Refused, match="set release target"):
            deliveries.set_targets(study, ["publications"], as_seen_now(who))
    with pytest.raises(Refused, match="no such target"):
        deliveries.set_targets(study, ["elsewhere"], as_seen_now("mia"))
    with pytest.raises(Refused, match="no such target"):
        target("elsewhere")


def test_the_page_chooses_and_takes_back(study, place, monkeypatch):
    client, address = browser("mia"), "/projects/frailty/release-target"
    assert "publications" in client.get(address).content.decode()
    assert client.post(address, {"targets": ["publications"]}).status_code == 302
    assert deliveries.targets_of(study) == ["publications"]
    assert client.post(address, {"targets": ["elsewhere"]}).status_code == 400
    assert client.post(address, {}).status_code == 302
    assert deliveries.targets_of(study) == []
    assert browser("ann").get(address).status_code == 403


@pytest.fixture
def two(tmp_path, monkeypatch, study) -> dict[str, Path]:
    """Name two targets in the settings, and let the study's releases go to both."""
    folders = {name: tmp_path / name for name in ("archive", "publications")}
    for folder in folders.values():
        folder.mkdir()
    told = {name: ReleaseTarget(kind="folder", address=str(folder)) for name, folder in folders.items()}
    changed = load().model_copy(update={"release_targets": told})
    for module in (targets, deliveries):
        monkeypatch.setattr(module, "load", lambda: changed)
    deliveries.set_targets(study, [*told], as_seen_now("mia"))
    return folders


def drafted(study) -> Request:
    made = drafts.draft(as_seen_now("ann"), study, "Counts by age.")
    drafts.add_files(made.pk, as_seen_now("ann"), "Tables", [Upload("table.csv", [SAFE])])
    drafts.describe_group(made.pk, as_seen_now("ann"), "Tables", "Counts by age.", "None under ten.")
    return made


def approved(made: Request) -> None:
    work()
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()


def test_of_several_places_the_author_chooses_one_when_they_submit(study, two):
    made, client = drafted(study), browser("ann")
    page = client.get(f"/airlock/{made.pk}/draft/").content.decode()
    assert "Where its release goes" in page
    assert client.post(f"/airlock/{made.pk}/draft/submit", {"target": "elsewhere"}).status_code == 400
    assert Request.objects.get(pk=made.pk).state == "draft"
    assert client.post(f"/airlock/{made.pk}/draft/submit", {"target": "archive"}).status_code == 302
    entry = Entry.objects.get(event="airlock.target_chosen")
    assert (entry.actor, entry.data) == ("ann", {"turn": 1, "target": "archive"})
    assert "archive, besides its author" in browser("cat").get(f"/airlock/{made.pk}/").content.decode()
    approved(made)
    assert [len(list(folder.iterdir())) for folder in two.values()] == [1, 0]


def test_of_several_places_a_release_goes_to_none_that_nobody_chose(study, two):
    made = drafted(study)
    submissions.submit_draft(made.pk, as_seen_now("ann"))
    approved(made)
    assert not Delivery.objects.exists()
    assert not Entry.objects.filter(event="airlock.target_chosen").exists()


def test_what_the_author_chose_counts_no_longer_than_the_project_may_send_there(study, two):
    made = drafted(study)
    submissions.submit_draft(made.pk, as_seen_now("ann"), target="archive")
    deliveries.set_targets(study, [], as_seen_now("mia"))
    approved(made)
    assert not Delivery.objects.exists()


def test_each_kind_has_its_target(place, monkeypatch):
    told = {
        "a": {"kind": "folder", "address": "/srv/outputs"},
        "b": {"kind": "git", "address": "https://git.example.org/outputs.git"},
        "c": {"kind": "s3", "address": "outputs"},
    }
    monkeypatch.setenv("TRE_RELEASE_TARGETS", json.dumps(told))
    monkeypatch.setattr(targets, "load", Options)
    kinds = [type(target(name)).__name__ for name in targets.names()]
    assert kinds == ["FolderTarget", "GitTarget", "ObjectTarget"]
    monkeypatch.setenv("TRE_RELEASE_TARGETS", json.dumps({"Not A Name": told["a"]}))
    with pytest.raises(ValueError, match="small letters"):
        Options()
