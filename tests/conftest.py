"""What all tests share. Their settings are made in :mod:`tests.environment`, earlier than here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = ["tests.spark"]

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"

# How long an example takes is no promise of any property: the first one reads lists, and others share the machine.
hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, the whole product: one worker tests it while the other does the rest.

    Then comes what needs Spark, so that it is the other worker that starts it, and that one alone.
    """
    with_spark = {item.path for item in items if item.get_closest_marker("spark")}
    items.sort(key=lambda item: (item.get_closest_marker("e2e") is None, item.path not in with_spark))


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Tests make many people: their passwords need not cost an attacker anything."""
    settings.PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("MD5", "PBKDF2")]


@pytest.fixture(autouse=True)
def _a_name_for_the_test_client(settings):
    """Answer Django's test client by the name that it uses."""
    settings.ANSWERED_HOSTS = [*settings.ANSWERED_HOSTS, "testserver"]


@pytest.fixture(autouse=True)
def _static_files_when_asked_for(settings):
    """Look for a static file when one is asked for: each test client would begin with a list of all of them."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _django_is_set_up(monkeypatch):
    """Keep a verb from setting Django up again: its logging would hold on to one test's captured output."""
    monkeypatch.setattr("tre.cli._django", lambda: None)


@pytest.fixture(autouse=True)
def _umask_of_its_own():
    """Give each test the umask that the platform runs with; a program's entry point that a test calls sets it anew."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def _empty_log(request):
    """Empty the audit log around tests with real transactions: the runner's own way is what its triggers refuse."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        yield
        return
    from tests import insider

    if not marker.kwargs.get("transaction"):
        request.getfixturevalue("db")
        insider.put_back_triggers()
        yield
        return
    request.getfixturevalue("transactional_db")
    insider.put_back_triggers()
    for statement in ("DELETE FROM audit_entry", "DELETE FROM audit_head", "DELETE FROM audit_subtree"):
        insider.as_an_insider(statement)
    yield
    insider.as_an_insider("DELETE FROM audit_entry")
    insider.let_the_runner_truncate()


@pytest.fixture(autouse=True)
def _nothing_left_at_home(request):
    """Take away a database test's folders: its rows go too, and other tests make things of the same numbers."""
    yield
    if request.node.get_closest_marker("django_db") is not None:
        from tre.config.options import load

        for part in ("airlock", "homes", "projects", "release"):
            shutil.rmtree(load().path(part), ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _the_database_that_was_asked_for():
    """Fail rather than test another database, or in another home, than was asked for."""
    from django.conf import settings

    from tre.config.options import load

    wanted = os.environ.get("TRE_TEST_DB", "sqlite")
    assert settings.DATABASES["default"]["ENGINE"].endswith(("postgresql",) if wanted == "postgresql" else ("sqlite3",))
    assert load().home.name.startswith("tre-test-")


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of public data, or skip with the reason."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the public data folder is not beside this checkout")
    return SHARED_DATA
