"""Released models after their release: retiring, rolling back, recall, and how the registry is brought to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from tests.airlock import open_study, placed, work
from tests.factories import as_seen_now, person
from tests.unit.test_pages import browser
from tre.airlock import recalls, registry
from tre.airlock.models import Release, Request
from tre.airlock.registered import jobs, services
from tre.airlock.registered.models import Alias, RegisteredModel, today
from tre.airlock.registered.policy import registry_policy
from tre.audit.models import Entry
from tre.config.options import load
from tre.errors import Missing, Refused, SettingsError
from tre.projects.models import Project
from tre.runs.models import Job
from tre.runs.queue import MOST_ATTEMPTS, work_once
from tre.runs.runner import JobFailed

pytestmark = pytest.mark.django_db
NAME = "frailty-risk"


@pytest.fixture
def study() -> Project:
    made = open_study()
    person("dep", "deployer")
    return made


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[dict[str, Any]], dict[str, int | None]]]:
    """Stand in for the registry: what it was last brought to."""
    written: list[Any] = []
    monkeypatch.setattr(registry, "settle", lambda *told: written.append(told))
    return written


def released(study: Project, version: int) -> RegisteredModel:
    """Release a model, as the end of the release's job does."""
    request = placed(study, "ann", "released").request
    names = [f"models/risk/{name}" for name in ("model.json", "weights.safetensors", "card.json", "card.md")]
    with transaction.atomic():
        release = Release.objects.create(
            request=request, identity=f"release-{request.pk}-{version}", files=[{"name": name} for name in names]
        )
        services.keep(release, [{"name": NAME, "version": str(version), "alias": "champion", "epsilon": 1.0}])
    return RegisteredModel.objects.get(name=NAME, version=version)


def champion() -> int | None:
    return Alias.objects.get(name=NAME, alias="champion").version


def again(found: RegisteredModel) -> RegisteredModel:
    return RegisteredModel.objects.get(pk=found.pk)


def test_a_released_model_is_kept_named_by_the_alias_and_settled(study, settled):
    released(study, 1)
    second = released(study, 2)
    assert second.folder == "models/risk"
    assert champion() == 2
    work()
    name, standings, aliases = settled[-1]
    assert (name, aliases) == (NAME, {"champion": 2})
    assert [(each["version"], each["recalled"], each["retires"]) for each in standings] == [
        (1, False, ""),
        (2, False, ""),
    ]
    assert standings[1]["model"] == "models/risk"
    assert standings[1]["issued"] < standings[1]["until"]


def test_a_release_that_ends_late_does_not_take_the_alias_back(study, settled):
    released(study, 2)
    released(study, 1)
    assert champion() == 2


def test_a_model_retires_from_its_day_on_and_the_log_says_so(study, settled):
    found = released(study, 1)
    services.retire(found.pk, today() + timedelta(days=1), "A better one is there.", as_seen_now("dep"))
    assert again(found).may_be_served(today())
    assert not again(found).may_be_served(today() + timedelta(days=1))
    assert again(found).serial == 2
    entry = Entry.objects.get(event="registry.model_retired")
    assert (entry.actor, entry.subject, entry.data["version"]) == ("dep", f"model:{NAME}", 1)
    work()
    assert settled[-1][1][0]["retires"] == (today() + timedelta(days=1)).isoformat()
    services.retire(found.pk, today(), "At once.", as_seen_now("dep"))
    assert again(found).state == "retired"


def test_an_alias_is_rolled_back_and_a_run_of_its_release_again_leaves_it_there(study, settled):
    first, second = released(study, 1), released(study, 2)
    services.move_alias(first.pk, as_seen_now("dep"))
    assert champion() == 1
    moved = Entry.objects.filter(event="registry.alias_moved").order_by("-number")[0]
    assert moved.data == {"alias": "champion", "from": 2, "to": 1}
    work()
    assert settled[-1][2] == {"champion": 1}
    services.retire(second.pk, today(), "Worse.", as_seen_now("dep"))
    for found, match in ((second, "may be served"), (first, "already")):
        with pytest.raises(Refused, match=match):
            services.move_alias(found.pk, as_seen_now("dep"))


def test_a_recall_reaches_the_registry_in_its_own_transaction(study, settled):
    first, second = released(study, 1), released(study, 2)
    work()
    recalls.recall(second.release.request_id, as_seen_now("cat"), "Wrong outcome.")
    assert again(second).state == "recalled"
    assert champion() == 1
    events = list(Entry.objects.order_by("number").values_list("event", flat=True))[-3:]
    assert events == ["airlock.recalled", "registry.model_recalled", "registry.alias_moved"]
    work()
    _, standings, aliases = settled[-1]
    assert [each["recalled"] for each in standings] == [False, True]
    assert aliases == {"champion": 1}
    recalls.recall(first.release.request_id, as_seen_now("cat"), "That too.")
    assert champion() is None
    work()
    assert settled[-1][2] == {"champion": None}


def test_a_recall_that_fails_leaves_everything_as_it_was(study, settled, monkeypatch):
    found = released(study, 1)
    work()
    before = len(settled)
    monkeypatch.setattr(recalls, "tell", lambda *told, **more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        recalls.recall(found.release.request_id, as_seen_now("cat"), "Wrong.")
    assert again(found).state == "in service"
    assert champion() == 1
    work()
    assert len(settled) == before
    assert Request.objects.get(pk=found.release.request_id).state == "released"


def test_nothing_is_done_that_makes_no_sense(study, settled):
    found, dep = released(study, 1), as_seen_now("dep")
    for on, why, match in ((today() - timedelta(days=1), "Old.", "today or later"), (today(), " ", "reason")):
        with pytest.raises(Refused, match=match):
            services.retire(found.pk, on, why, dep)
    recalls.recall(found.release.request_id, as_seen_now("cat"), "Wrong.")
    with pytest.raises(Refused, match="recalled"):
        services.retire(found.pk, today(), "Old.", dep)
    with pytest.raises(Missing):
        services.move_alias(10**6, dep)


@pytest.mark.parametrize("who", ["ann", "cat"])
def test_nobody_but_a_deployer_decides_what_is_served(study, settled, who):
    found = released(study, 1)
    for act in (lambda: services.retire(found.pk, today(), "No.", as_seen_now(who)),
                lambda: services.move_alias(found.pk, as_seen_now(who))):  # fmt: skip
        with pytest.raises(Refused):
            act()
    assert again(found).serial == 1


# Bringing the registry to it


def test_what_is_decided_while_the_registry_is_written_is_written_too(study, monkeypatch):
    found, written = released(study, 1), []

    def slow(name: str, standings: list[dict[str, Any]], aliases: dict[str, int | None]) -> None:
        written.append((standings[0]["recalled"], aliases))
        if len(written) == 1:
            recalls.recall(found.release.request_id, as_seen_now("cat"), "Wrong.")

    monkeypatch.setattr(registry, "settle", slow)
    jobs.settle({"name": NAME})
    assert written == [(False, {"champion": 1}), (True, {"champion": None})]


def test_a_worker_that_dies_at_any_moment_leaves_the_job_to_another(study, monkeypatch):
    released(study, 1)
    tried: list[str] = []

    def dies(*told: object) -> None:
        tried.append("died")
        if len(tried) < 3:
            raise JobFailed("The job 'settle' ended with status -9")

    monkeypatch.setattr(registry, "settle", dies)
    for _ in range(3):
        Job.objects.filter(kind=services.SETTLE, state=Job.State.QUEUED).update(due=timezone.now())
        work_once()
    assert len(tried) == 3


def test_it_is_said_anew_in_time_and_once_for_all_that_was_settled(study, settled):
    released(study, 1)
    released(study, 2)
    work()
    (renewal,) = Job.objects.filter(kind=services.SETTLE, state=Job.State.QUEUED)
    policy = registry_policy()
    assert policy.renew - timedelta(minutes=5) < renewal.due - timezone.now() <= policy.renew
    assert policy.renew * 2 < policy.valid  # one that fails is made up for
    before = len(settled)
    Job.objects.filter(pk=renewal.pk).update(due=timezone.now())
    work()
    assert len(settled) == before + 1


def test_a_registry_that_stays_away_is_tried_again_later(study, monkeypatch):
    released(study, 1)

    def away(*told: object) -> None:
        raise JobFailed("The job 'settle' ended with status 1")

    monkeypatch.setattr(registry, "settle", away)
    for _ in range(MOST_ATTEMPTS):
        Job.objects.filter(kind=services.SETTLE, state=Job.State.QUEUED).update(due=timezone.now())
        work_once()
    later = Job.objects.get(kind=services.SETTLE, state=Job.State.QUEUED)
    assert timezone.now() < later.due < timezone.now() + timedelta(hours=2)


def test_the_platform_signs_with_the_keys_that_it_holds(study, monkeypatch):
    asked: dict[str, Any] = {}

    def run(job: str, spec: dict[str, Any], keys: dict[str, bytes], *, plane: str) -> None:
        asked.update(job=job, keys=keys, plane=plane, **spec)

    monkeypatch.setattr(registry, "run_job", run)
    registry.settle(NAME, [], {"champion": 1})
    assert (asked["job"], asked["plane"], asked["aliases"]) == ("settle", "ml", {"champion": 1})
    assert asked["registry_uri"] == load().registry_internal
    assert asked["keys"].keys() == {"registry-password", "model-signing"}


def test_a_policy_that_makes_no_sense_is_refused(tmp_path):
    (tmp_path / "p.yaml").write_text("standing: {renew_hours: 12, valid_hours: 1}\n")
    with pytest.raises(SettingsError, match="registry's policy"):
        registry_policy(tmp_path / "p.yaml")


# The pages


def test_a_deployer_retires_and_rolls_back_on_the_page(study, settled):
    first, second = released(study, 1), released(study, 2)
    client = browser("dep")
    page = client.get(reverse("registered_model", args=[first.pk])).content.decode()
    assert "frailty-risk@champion names version 2" in page
    assert client.post(reverse("registered_alias", args=[first.pk])).status_code == 302
    assert champion() == 1
    day = today() + timedelta(days=3)
    form = {"on_day": day.day, "on_month": day.month, "on_year": day.year, "why": "A better one is there."}
    assert client.post(reverse("registered_retire", args=[second.pk]), form).status_code == 302
    assert again(second).retires == day
    page = client.get(reverse("registered_model", args=[second.pk])).content.decode()
    assert f"In service until {day:%-d %B %Y}: A better one is there." in page
    assert client.post(reverse("registered_retire", args=[second.pk]), {}).status_code == 400


def test_the_list_tells_the_state_and_the_command_of_what_the_alias_names(study, settled):
    first, second = released(study, 1), released(study, 2)
    for found in (first, second):
        registered = [{"name": NAME, "version": found.version, "alias": "champion", "epsilon": 1.0}]
        Release.objects.filter(pk=found.release_id).update(models_registered=registered)
    recalls.recall(second.release.request_id, as_seen_now("cat"), "Wrong.")
    page = browser("dep").get(reverse("released_models")).content.decode()
    assert "recalled" in page
    assert f"--release {first.release.identity}" in page
    assert f"--release {second.release.identity}" not in page
