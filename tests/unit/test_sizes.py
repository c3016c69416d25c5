"""Who chooses a workspace's size, what a project's quota leaves, and that two cannot both take the last of it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from pydantic import ValidationError

from tests.factories import as_seen_now, person
from tests.unit.test_pages import browser
from tests.workspaces import opened_ago, set_options, study
from tre.audit.models import Entry
from tre.config.options import Options, Size, load
from tre.errors import Refused
from tre.people.models import Account
from tre.workspace.gate_sign_in import origin_of
from tre.workspace.limits import Used
from tre.workspace.models import Quota, SizeChoice, WorkspaceSession
from tre.workspace.quotas import Allowance, left, quota_of, set_quota
from tre.workspace.services import close_workspace, open_workspace
from tre.workspace.sizes import choose_size, chosen_size, size_named
from tre.workspace.usage import note_used


@pytest.fixture
def frailty(db):
    return study("frailty", "ann", "bob")


def entries(event: str) -> list[dict]:
    return [each.data for each in Entry.objects.filter(event=event)]


def session(username: str = "ann") -> WorkspaceSession:
    return WorkspaceSession.objects.get(account__username=username, closed=None)


class TestASize:
    def test_the_one_chosen_is_what_opens_and_stands_in_the_log(self, frailty):
        choose_size("frailty", "small", as_seen_now("ann"))
        opened = open_workspace("ann", "frailty")
        assert (opened.megabytes, opened.processors) == (2048, 1)
        kept = session()
        assert (kept.size, kept.megabytes, kept.processors) == ("small", 2048, 1)
        assert entries("workspace.size_chosen") == [{"size": "small"}]
        assert [each["size"] for each in entries("workspace.opened")] == [
            {"name": "small", "megabytes": 2048, "processors": 1}
        ]

    def test_who_chose_none_has_the_default(self, frailty):
        assert open_workspace("ann", "frailty").megabytes == 6144

    def test_a_choice_is_one_s_own_and_is_remembered(self, frailty):
        choose_size("frailty", "small", as_seen_now("ann"))
        choose_size("frailty", "small", as_seen_now("ann"))
        for name, expected in (("ann", "small"), ("bob", "medium")):
            assert chosen_size(Account.objects.get(username=name), frailty).name == expected
        assert len(entries("workspace.size_chosen")) == 1

    def test_a_size_that_is_no_more_is_the_default(self, frailty, monkeypatch):
        choose_size("frailty", "small", as_seen_now("ann"))
        set_options(monkeypatch, workspace_sizes={"medium": Size(megabytes=600, processors=1)})
        assert open_workspace("ann", "frailty").megabytes == 600

    @pytest.mark.parametrize("name", ["", "huge", "Small", "small ", "0"])
    def test_an_unknown_one_gets_one_sentence(self, name):
        with pytest.raises(Refused) as refused:
            size_named(name)
        assert refused.value.sentence() == (
            "There is no such size of a workspace (size). Choose one of: small, medium, large."
        )

    def test_who_may_not_open_chooses_nothing(self, frailty):
        with pytest.raises(Refused, match="no rule permits"):
            choose_size("frailty", "small", person("eve", "researcher"))
        assert not SizeChoice.objects.exists()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"workspace_sizes": {"small": {"megabytes": 10, "processors": 1}}}, "512"),
        ({"workspace_sizes": {"A b": {"megabytes": 600, "processors": 1}}}, "a size is called by"),
        ({"workspace_sizes": {"tiny": {"megabytes": 600, "processors": 1}}}, "TRE_WORKSPACE_SIZE"),
        ({"workspace_sizes": {"medium": {"megabytes": 600, "processors": 1, "gpu": 1}}}, "gpu"),
    ],
)
def test_sizes_that_are_wrong_stop_the_start(told, why):
    with pytest.raises(ValidationError, match=why):
        Options(**told)


class TestAQuota:
    def test_it_is_the_default_until_a_data_manager_sets_it(self, frailty):
        assert quota_of(frailty) == Allowance(2000, 24_576)
        manager = person("data-manager", "data_manager")
        for _ in range(2):
            set_quota("frailty", Allowance(10, 4096), manager)
        assert quota_of(frailty) == Allowance(10, 4096)
        assert entries("workspace.quota_set") == [
            {"processor_hours": 10, "megabytes": 4096, "before": {"processor_hours": 2000, "megabytes": 24_576}}
        ]

    def test_a_member_sets_none_even_as_a_data_manager(self, frailty):
        with pytest.raises(Refused):
            set_quota("frailty", Allowance(9999, 9999), as_seen_now("ann"))
        assert not Quota.objects.exists()

    def test_what_is_more_than_is_left_is_refused_with_what_is_free(self, frailty):
        Quota.objects.create(project=frailty, processor_hours=100, megabytes=9000)
        open_workspace("ann", "frailty")
        with pytest.raises(Refused) as refused:
            open_workspace("bob", "frailty")
        assert refused.value.sentence() == (
            "The project's open workspaces leave 2,856 MB of memory free, and this size needs 6,144 (frailty). "
            "Choose a smaller size, or wait until a colleague closes theirs."
        )
        choose_size("frailty", "small", as_seen_now("bob"))
        assert open_workspace("bob", "frailty").megabytes == 2048
        assert left(frailty).megabytes == 808

    def test_one_s_own_open_workspace_is_not_in_one_s_way(self, frailty):
        Quota.objects.create(project=frailty, processor_hours=100, megabytes=6144)
        first, second = open_workspace("ann", "frailty"), open_workspace("ann", "frailty")
        assert first.session != second.session
        assert WorkspaceSession.objects.filter(closed=None).count() == 1

    def test_a_refusal_leaves_one_s_open_workspace_as_it_is(self, frailty):
        open_workspace("ann", "frailty")
        Quota.objects.create(project=frailty, processor_hours=100, megabytes=1)
        with pytest.raises(Refused):
            open_workspace("ann", "frailty")
        assert session()

    def test_hours_that_are_used_up_open_nothing_until_the_next_month(self, frailty, monkeypatch):
        Quota.objects.create(project=frailty, processor_hours=2, megabytes=99_999)
        open_workspace("ann", "frailty")
        opened_ago(session(), hours=1.5)  # 2 processors for one and a half hours
        note_used(session(), Used(1, 1), timedelta(0))
        if timezone_says_another_month(session()):
            pytest.skip("a month began an hour ago")
        with pytest.raises(Refused, match=r"has used its 2 processor-hours of this month, and none is free"):
            open_workspace("bob", "frailty")
        session().usage.update(month="2020-01-01")
        assert open_workspace("bob", "frailty")

    def test_another_project_s_workspaces_take_nothing_of_it(self, frailty):
        other = study("asthma", "bob")
        Quota.objects.create(project=other, processor_hours=100, megabytes=6144)
        open_workspace("ann", "frailty")
        assert left(other).megabytes == 6144
        assert open_workspace("bob", "asthma")


def timezone_says_another_month(held: WorkspaceSession) -> bool:
    return held.usage.count() > 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_at_once_one_has_the_last(monkeypatch):
    made = study("frailty", "ann", "bob")
    Quota.objects.create(project=made, processor_hours=100, megabytes=6144)
    start, told = threading.Barrier(2), []

    def work(name: str) -> None:
        start.wait(10)
        try:
            open_workspace(name, "frailty")
            told.append("open")
        except Refused as refused:
            told.append(refused.sentence())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("ann", "bob")]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert sorted(told)[1] == "open"
    assert "leave 0 MB of memory free" in sorted(told)[0]
    assert connection.vendor in {"sqlite", "postgresql"}


class TestThePage:
    def test_the_size_chosen_last_is_checked_and_leads_to_the_hub(self, frailty):
        client = browser("ann")
        page = client.get("/projects/frailty/").content.decode()
        assert 'value="medium" checked' in page
        assert "24,576 MB of the project" in page
        answer = client.post("/projects/frailty/open", {"size": "small"})
        assert (answer.status_code, answer["Location"].endswith("/hub/spawn/ann/frailty")) == (302, True)
        assert 'value="small" checked' in client.get("/projects/frailty/").content.decode()

    @pytest.mark.parametrize(("size", "told"), [("huge", "no such size"), ("", "no such"), ("large", "leave 9,000")])
    def test_what_cannot_be_had_gets_one_sentence_on_the_page(self, frailty, size, told):
        Quota.objects.create(project=frailty, processor_hours=100, megabytes=9000)
        answer = browser("ann").post("/projects/frailty/open", {"size": size}, follow=True)
        assert told in answer.content.decode()
        assert not SizeChoice.objects.exists()

    def test_an_open_one_is_gone_to_as_it_is(self, frailty):
        open_workspace("ann", "frailty")
        client = browser("ann")
        page = client.get("/projects/frailty/").content.decode()
        assert "is open, of size medium" in page
        assert "in any case" in page
        assert 'type="radio"' not in page
        assert client.post("/projects/frailty/open", {"size": "large"})["Location"].endswith("/hub/spawn/ann/frailty")
        assert session().size == "medium"
        assert not SizeChoice.objects.exists()
        close_workspace(session().pk)
        assert 'type="radio"' in client.get("/projects/frailty/").content.decode()

    def test_the_form_may_lead_on_to_a_person_s_server(self, frailty):
        """Chromium stops a form whose redirects leave what `form-action` names, and a server that runs is gone to."""
        policy = browser("ann").get("/projects/frailty/")["Content-Security-Policy"]
        (allowed,) = [part.split() for part in policy.split("; ") if part.startswith("form-action ")]
        assert {load().hub, origin_of(load().hub, "*")} <= set(allowed)

    def test_who_is_no_member_is_refused(self, frailty):
        person("eve", "researcher")
        assert browser("eve").post("/projects/frailty/open", {"size": "small"}).status_code == 403
        assert browser("eve").get("/projects/frailty/usage/").status_code == 403

    def test_a_data_manager_sets_the_quota(self, frailty):
        client = browser("data-manager")
        assert "Set the quota" in client.get("/projects/frailty/usage/").content.decode()
        wrong = client.post("/projects/frailty/quota", {"processor_hours": "many", "megabytes": ""})
        assert wrong.status_code == 400
        assert "as a whole number" in wrong.content.decode()
        assert client.post("/projects/frailty/quota", {"processor_hours": 5, "megabytes": 4096}).status_code == 302
        assert quota_of(frailty) == Allowance(5, 4096)
        assert "Set the quota" not in browser("ann").get("/projects/frailty/usage/").content.decode()
        assert browser("ann").post("/projects/frailty/quota", {"processor_hours": 9, "megabytes": 9}).status_code == 403
