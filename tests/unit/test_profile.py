"""The profile of a project's workspaces: chosen in the assessment, approved with the rest, and what follows from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from tests.factories import agreed_to, as_seen_now, decided, person, project
from tests.insider import as_an_insider
from tests.unit.test_pages import browser
from tests.workspaces import set_options, study
from tre.audit.models import Entry
from tre.audit.services import verify
from tre.config.options import load
from tre.errors import Refused
from tre.projects import applications
from tre.projects.applying import SAFES
from tre.projects.models import Application, Project
from tre.projects.services import create_project, stands_as_approved
from tre.workspace import desktop, services
from tre.workspace.models import WorkspaceSession
from tre.workspace.sandbox import Sandbox
from tre.workspace.services import browser_ceiling, note_sent, open_workspace, sent_today
from tre.workspace.session_watch import SessionWatch
from tre.workspace.spawner import SandboxSpawner

pytestmark = pytest.mark.django_db
MET = dict.fromkeys(SAFES, ("met", ""))


@pytest.fixture
def waiting() -> Project:
    for name in ("ann", "bob"):
        person(name, "researcher")
    made = project("falls", "ann", approved=False)
    applications.submit("falls", as_seen_now("ann"))
    return made


@pytest.fixture
def strict(monkeypatch) -> Callable[[], Project]:
    """Return what makes a study strict, on a machine that has what that takes."""
    monkeypatch.setattr(services, "check_shown_as_pixels", lambda: None)

    def made() -> Project:
        there = study("frailty", "ann")
        there.profile = Project.Profile.STRICT
        there.save()
        return decided(there)

    return made


def test_it_is_chosen_on_the_page_and_is_part_of_what_is_approved(waiting):
    manager = agreed_to(waiting)
    mia = browser(manager.username)
    page = reverse("application_assessment", args=["falls"])
    judged = dict.fromkeys(SAFES, "met")
    assert "Choose a profile" in mia.post(page, judged).content.decode()
    assert mia.post(page, {**judged, "profile": "lenient"}).status_code == 400
    assert mia.post(page, {**judged, "profile": "strict"}).status_code == 302
    waiting.refresh_from_db()
    assert waiting.profile == "standard", "until it is approved the project stands as it was submitted"
    assert "Once approved: Strict" in browser("ann").get(reverse("application", args=["falls"])).content.decode()
    applications.approve("falls", manager)
    waiting.refresh_from_db()
    assert waiting.profile == "strict"
    assert stands_as_approved(waiting)
    assert "Strict: a desktop" in browser("ann").get(reverse("project", args=["falls"])).content.decode()
    assert Entry.objects.filter(event="projects.assessed").last().data["profile"] == "strict"
    verify()
    as_an_insider("UPDATE projects_project SET profile = 'standard'")
    assert not stands_as_approved(Project.objects.get(code="falls")), "whoever loosens it later is found out"


def test_one_that_nobody_is_on_record_for_is_not_approved(waiting):
    manager = agreed_to(waiting)
    applications.assess("falls", MET, manager, "strict")
    as_an_insider("UPDATE projects_application SET profile = 'standard'")
    with pytest.raises(Refused, match="not the one that the audit log holds"):
        applications.approve("falls", manager)


def test_there_are_two_and_only_who_assesses_chooses(waiting):
    manager = agreed_to(waiting)
    with pytest.raises(Refused, match="no such profile"):
        applications.assess("falls", MET, manager, "lenient")
    with pytest.raises(Refused):
        applications.assess("falls", MET, as_seen_now("ann"), "standard")
    assert Application.objects.get().profile == "standard"


def test_a_change_of_people_keeps_it_unless_the_assessment_says_otherwise(strict):
    made = strict()
    decided(made)
    made.refresh_from_db()
    assert made.profile == "strict"


def test_the_default_is_a_setting(monkeypatch):
    person("ann", "researcher")
    strictly = load().model_copy(update={"workspace_profile": "strict"})
    monkeypatch.setattr("tre.projects.services.load", lambda: strictly)
    told: dict[str, Any] = {"title": "T", "purpose": "P", "cohort": "", "agreements": [], "actor": "test"}
    dates = {"starts": "2026-01-01", "ends": "2027-01-01"}
    assert create_project(code="falls", members=["ann"], **told, **dates).profile == "strict"


def test_without_what_it_takes_a_strict_workspace_does_not_open_and_a_standard_one_does(monkeypatch, tmp_path):
    there = study("frailty", "ann")
    monkeypatch.setattr("tre.workspace.desktop.shutil.which", lambda name: None)
    monkeypatch.setattr(desktop, "_BROWSERS", ())
    monkeypatch.setattr(desktop, "NOVNC", tmp_path)
    assert open_workspace("ann", "frailty").profile == "standard"
    there.profile = Project.Profile.STRICT
    there.save()
    decided(there)
    before = WorkspaceSession.objects.count()
    with pytest.raises(Refused) as refused:
        open_workspace("ann", "frailty")
    for named in ("tigervnc-standalone-server", "chromium", "noVNC"):
        assert named in refused.value.sentence()
    assert WorkspaceSession.objects.count() == before


def test_its_screen_is_another_user_s_and_nothing_is_shown_there(strict, monkeypatch):
    strict()
    opened = open_workspace("ann", "frailty")
    assert opened.screen_uid not in {opened.uid, opened.gid}
    spawner = SimpleNamespace(
        workspace=vars(opened), user=SimpleNamespace(name="ann"), name="frailty", session=7, folder="/run/7", port=1,
        server=SimpleNamespace(base_url="/user/ann/frailty/"), api_token="own", oauth_client_id="client",
        get_env=lambda: {
            "JUPYTERHUB_OAUTH_CALLBACK_URL": "/callback", "JUPYTERHUB_ACTIVITY_URL": "http://hub/hub/api/a",
            "JUPYTERHUB_API_URL": "http://hub/hub/api",
        },
    )  # fmt: skip
    for name in ("_bounds", "_public", "_known_as", "_server_command", "_environment", "_commands", "_screen"):
        monkeypatch.setattr(spawner, name, getattr(SandboxSpawner, name).__get__(spawner), raising=False)
    spawner._strict = True
    box = SandboxSpawner._sandbox(spawner)
    assert Sandbox.from_json(json.loads(json.dumps(box.to_json()))) == box
    (screen,) = box.beside
    assert (screen.uid, screen.gid, screen.binds, screen.outbound) == (opened.screen_uid, opened.screen_uid, (), ())
    assert not any("rfb" in bind.source for bind in box.binds)
    assert box.api_door["screen"] == screen.inbound[1].socket
    assert not any(screen.inbound[1].socket.startswith(f"{bind.source}/") for bind in box.binds)
    assert "JUPYTERHUB_API_TOKEN" not in box.environment
    spawner._strict = False
    assert SandboxSpawner._sandbox(spawner).beside == ()


def test_a_workspace_of_the_profile_before_is_closed(strict):
    made = strict()
    opened = open_workspace("ann", "frailty")
    watch = SessionWatch()
    watch.look()
    session = WorkspaceSession.objects.get(pk=opened.session)
    assert (session.profile, session.closed) == ("strict", None)
    Project.objects.filter(pk=made.pk).update(profile="standard")
    watch.look()
    session.refresh_from_db()
    assert session.closed is not None
    assert Entry.objects.get(event="workspace.closed").data["why"] == "the project's profile is another now"


def test_pixels_have_a_ceiling_of_their_own(strict, monkeypatch):
    set_options(monkeypatch, browser_megabytes=50, strict_megabytes=500)
    strict()
    session = WorkspaceSession.objects.get(pk=open_workspace("ann", "frailty").session)
    assert note_sent(session, 60 * 2**20) == 440 * 2**20
    assert (sent_today(session.account), sent_today(session.account, "strict")) == (0, 60 * 2**20)
    assert browser_ceiling() == 50 * 2**20
    assert "of\n    pixels" in browser("ann").get("/account/").content.decode()
