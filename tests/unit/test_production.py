"""What production refuses beyond its settings, and what a machine that cannot isolate is told."""

from __future__ import annotations

import asyncio
from importlib import import_module
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from tornado.web import HTTPError

from tests.factories import person
from tre import demonstration, embedded
from tre.errors import Refused, SettingsError
from tre.people import services
from tre.people.models import Account
from tre.people.services import refuse_demonstration_accounts
from tre.workspace import sandbox, spawner


@pytest.mark.django_db
def test_a_database_of_the_demonstration_is_refused():
    person("operator-one", "operator")
    refuse_demonstration_accounts()
    demonstration.people()
    with pytest.raises(Refused, match="TRE_DATABASE_URL"):
        refuse_demonstration_accounts()


@pytest.mark.django_db
def test_accounts_that_can_no_longer_sign_in_are_no_danger():
    demonstration.people()
    Account.objects.update(is_active=False)
    refuse_demonstration_accounts()


@pytest.mark.django_db
def test_accounts_older_than_the_mark_are_marked_by_what_the_log_tells_of_them():
    person("operator-one", "operator")
    demonstration.people()
    Account.objects.update(demonstration=False)
    (operation,) = import_module("tre.people.migrations.0004_mark_demonstration").Migration.operations
    operation.code(apps, None)
    marked = set(Account.objects.filter(demonstration=True).values_list("username", flat=True))
    assert marked == {each.username for each in demonstration.PEOPLE}


@pytest.mark.django_db
def test_an_account_of_the_demonstration_has_its_second_factor_or_is_not_there(monkeypatch):
    monkeypatch.setattr(services, "enrol_totp", lambda account: 1 / 0)  # cut off between the two
    with pytest.raises(ZeroDivisionError):
        demonstration.people()
    assert not Account.objects.exists()
    monkeypatch.undo()
    demonstration.people()
    assert Authenticator.objects.count() == Account.objects.count() == len(demonstration.PEOPLE)


def test_a_machine_without_bubblewrap_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SettingsError, match="Install the package 'bubblewrap'"):
        sandbox.check_available()


def test_a_machine_that_allows_no_namespace_is_told_so(monkeypatch, tmp_path):
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(refusing))
    with pytest.raises(SettingsError, match="user namespaces"):
        sandbox.check_available()


def test_without_a_sandbox_no_workspace_opens(monkeypatch):
    monkeypatch.setattr(spawner, "load", lambda: SimpleNamespace(sandbox="none"))
    with pytest.raises(HTTPError, match="switched off"):
        asyncio.run(spawner.SandboxSpawner.start(SimpleNamespace(name="frailty")))


@pytest.mark.parametrize(
    ("user", "demonstration", "refused", "told"),
    [(0, True, False, 0), (0, False, False, 0), (1000, True, False, 1), (1000, False, True, 0)],
)
def test_production_gives_each_sandbox_a_user_of_its_own(monkeypatch, user, demonstration, refused, told):
    lines: list[str] = []
    monkeypatch.setattr("os.geteuid", lambda: user)
    options = SimpleNamespace(demonstration=demonstration)
    if refused:
        with pytest.raises(SettingsError, match="Start it as root"):
            sandbox.check_own_users(options, lines.append)
    else:
        sandbox.check_own_users(options, lines.append)
    assert len(lines) == told
    assert all("demonstration alone" in line for line in lines)


def test_nothing_starts_before_that_was_asked(monkeypatch):
    def refuse(options: object, say: object) -> None:
        raise SettingsError("Not root")

    monkeypatch.setattr(embedded, "check_available", lambda: None)
    monkeypatch.setattr(embedded, "check_own_users", refuse)
    monkeypatch.setattr(embedded, "prepare", lambda say: pytest.fail("it went on"))
    with pytest.raises(SettingsError, match="Not root"):
        embedded.up(print)
