"""Access that is taken away is gone: at the next question, at the next look, and for the notebook server itself."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from tests.factories import person, project
from tests.security import test_sandbox
from tests.unit.test_keeper import Fake
from tre.audit.models import Entry
from tre.config.options import load
from tre.config.secrets import secret
from tre.people.models import Account, Role
from tre.policy.domain import Decision
from tre.projects.models import Extract, Membership, Project
from tre.workspace import marker, rooms, session_watch
from tre.workspace.models import WorkspaceSession
from tre.workspace.project_services import launch
from tre.workspace.rooms import Rooms
from tre.workspace.sandbox import Bind
from tre.workspace.services import close_all, open_workspace
from tre.workspace.session_watch import STARTING, SessionWatch

box = test_sandbox.box
YESTERDAY = timezone.localdate() - timedelta(days=1)


def _leave() -> None:
    Membership.objects.filter(account__username="ann").delete()


# Each way in which a person's right ends while their notebook is open.
TAKEN_AWAY: dict[str, Callable[[], object]] = {
    "the account is switched off": lambda: Account.objects.filter(username="ann").update(is_active=False),
    "the training runs out": lambda: Account.objects.filter(username="ann").update(training_expires=YESTERDAY),
    "the person leaves the project": _leave,
    "the role is withdrawn": lambda: Role.objects.filter(account__username="ann").delete(),
    "the project is closed": lambda: Project.objects.filter(code="frailty").update(status=Project.Status.CLOSED),
    "the project is over": lambda: Project.objects.filter(code="frailty").update(ends=YESTERDAY),
}


@pytest.fixture(autouse=True)
def _no_folders():
    yield
    shutil.rmtree(load().path("run", "workspaces"), ignore_errors=True)


@pytest.fixture
def token(db) -> str:
    for name in ("ann", "bob"):
        person(name, "researcher")
    made = project("frailty", "ann", "bob")
    Extract.objects.create(project=made, number=1, asked_by="test", ready=True, persons=10, manifest={"tables": []})
    return open_workspace("ann", "frailty").token


def ask(token: str) -> int:
    return Client().get("/api/workspace/me", headers={"Authorization": f"Bearer {token}"}).status_code


def closings() -> list[tuple[str, str]]:
    return [(each.actor, str(each.data["why"])) for each in Entry.objects.filter(event="workspace.closed")]


def is_open(username: str = "ann") -> bool:
    return WorkspaceSession.objects.filter(account__username=username, closed=None).exists()


@pytest.mark.parametrize("how", TAKEN_AWAY)
def test_the_next_question_is_refused(token, how):
    assert ask(token) == 200
    TAKEN_AWAY[how]()
    assert ask(token) == 403


@pytest.mark.parametrize("how", TAKEN_AWAY)
def test_the_next_look_closes_the_workspace_and_no_other(token, how):
    if "project" not in how:
        open_workspace("bob", "frailty")
    watch = SessionWatch()
    watch.look()
    assert is_open()
    TAKEN_AWAY[how]()
    watch.look()
    watch.look()
    assert not is_open()
    assert [actor for actor, _ in closings()] == ["platform"]
    assert is_open("bob") == ("project" not in how)


def test_what_stands_as_it_was_is_not_decided_again(token, caplog):
    watch = SessionWatch()
    watch.look()
    assert [record.name for record in caplog.records].count("tre.policy") > 0
    caplog.clear()
    watch.look()
    assert caplog.records == []


def test_what_cannot_be_decided_is_not_allowed(token, monkeypatch):
    def broken(*asked: object) -> Decision:
        raise ValueError("the question does not fit the policy schema")

    monkeypatch.setattr(session_watch, "decide", broken)
    SessionWatch().look()
    assert not is_open()


class TestAMarker:
    @pytest.fixture
    def folder(self, token) -> Path:
        return marker.place(WorkspaceSession.objects.get().pk)

    def test_it_is_taken_away_with_the_right(self, folder):
        held = marker.hold(folder)
        SessionWatch().look()
        assert marker.stands(folder)
        TAKEN_AWAY["the account is switched off"]()
        SessionWatch().look()
        assert not marker.stands(folder)
        assert folder.exists()  # the launcher is at work in it still
        os.close(held)
        SessionWatch().look()
        assert not folder.exists()

    def test_a_workspace_opened_anew_takes_it_from_the_one_before(self, folder):
        held = marker.hold(folder)
        open_workspace("ann", "frailty")
        SessionWatch().look()
        assert not marker.stands(folder)
        os.close(held)

    def test_who_lost_it_before_it_began_does_not_begin(self, folder):
        marker.withdraw(folder)
        with pytest.raises(FileNotFoundError):
            marker.hold(folder)

    @pytest.mark.parametrize(("age", "alive", "stays"), [
        (timedelta(0), False, True),  # its launcher may be starting
        (STARTING * 2, True, True),
        (STARTING * 2, False, False),
    ])  # fmt: skip
    def test_a_workspace_whose_launcher_is_gone_is_closed(self, folder, age, alive, stays):
        WorkspaceSession.objects.update(opened=timezone.now() - age)
        held = marker.hold(folder) if alive else None
        SessionWatch().look()
        assert is_open() == stays
        assert closings() == ([] if stays else [("platform", "its notebook server ended")])
        if held is not None:
            os.close(held)

    def test_one_that_never_began_is_closed_too(self, token):
        WorkspaceSession.objects.update(opened=timezone.now() - STARTING * 2)
        SessionWatch().look()
        assert not is_open()

    def test_other_folders_are_left_alone(self, folder):
        other = folder.with_name("notes")
        other.mkdir()
        SessionWatch().look()
        assert other.exists()


@pytest.mark.sandbox
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_the_notebook_server_itself_ends_when_the_right_does(token, box):
    """With no Hub and nobody to ask: the launcher sees its marker gone, and everything inside ends with it."""
    folder = marker.place(WorkspaceSession.objects.get().pk)
    sleeping = test_sandbox.sleeps()
    binds = (box.binds[0], Bind(str(folder / "doors"), "/doors"))
    running = launch(replace(box, commands=(sleeping,), folder=str(folder), binds=binds, marked=True))
    while "{" not in (Path(box.log).read_text() if Path(box.log).exists() else ""):
        assert running.poll() is None
    WorkspaceSession.objects.update(opened=timezone.now() - STARTING * 2)
    SessionWatch().look()
    assert is_open()  # it lives, and so it stays open
    assert test_sandbox.running_now(sleeping) != []
    TAKEN_AWAY["the person leaves the project"]()
    SessionWatch().look()
    running.wait(30)
    assert test_sandbox.running_now(sleeping) == []


def test_a_supervisor_that_begins_closes_what_was_left_open(token):
    open_workspace("bob", "frailty")
    close_all("the platform started anew")
    assert not WorkspaceSession.objects.filter(closed=None).exists()
    assert closings() == [("platform", "the platform started anew")] * 2


def test_who_closes_their_own_is_named(token):
    body = json.dumps({"session": WorkspaceSession.objects.get().pk})
    headers = {"Authorization": f"Bearer {secret('hub-service')}"}
    assert Client().post("/api/hub/close", body, content_type="application/json", headers=headers).status_code == 200
    assert closings() == [("ann", "asked for")]


class _Ending(Fake):
    def terminate(self) -> None:
        self.status = 0


class TestRooms:
    @pytest.fixture
    def started(self, monkeypatch) -> list[str]:
        """Two projects in use, of which one cannot be served: its folder was tampered with."""
        codes: list[str] = []

        def sandbox(served: Project, extract: Path) -> str:
            if served.code == "asthma":
                raise IsADirectoryError(21, "Is a directory", "/secret/path")
            return served.code

        monkeypatch.setattr(rooms, "service_sandbox", sandbox)
        monkeypatch.setattr(rooms, "launch", lambda code: codes.append(code) or _Ending())
        return codes

    def test_one_project_s_failure_stops_no_other_and_no_loop(self, token, started):
        made = project("asthma", "bob")
        Extract.objects.create(project=made, number=1, asked_by="test", ready=True, persons=1, manifest={"tables": []})
        open_workspace("bob", "asthma")
        both = Rooms()
        for _ in range(3):
            both.look()
        assert started == ["frailty"]
        both.end()

    def test_a_watch_that_fails_stops_no_service(self, token, started, monkeypatch, caplog):
        looked_after = Rooms()
        monkeypatch.setattr(looked_after._watch, "look", lambda: 1 / 0)
        for _ in range(3):
            looked_after.look()
        assert started == ["frailty"]
        assert len([record for record in caplog.records if record.exc_info]) == 1
        looked_after.end()

    def test_a_lost_database_is_the_loop_s_to_outlast(self, token, started, monkeypatch):
        looked_after = Rooms()

        def lose() -> None:
            raise OperationalError("gone")

        monkeypatch.setattr(looked_after._watch, "look", lose)
        with pytest.raises(OperationalError):
            looked_after.look()
        assert started == []
