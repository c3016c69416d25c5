"""What all tests share: a home folder of their own, so that nothing touches the developer's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Settings are read when Django starts, before any fixture runs. Nothing of the developer's own settings is used.
for _name in [name for name in os.environ if name.startswith("TRE_") and not name.startswith("TRE_TEST_")]:
    del os.environ[_name]
os.environ["TRE_HOME"] = tempfile.mkdtemp(prefix="tre-test-")
if os.environ.get("TRE_TEST_DB") == "postgresql":
    from tests import postgres

    os.environ["TRE_DATABASE_URL"] = postgres.start()

import pytest  # noqa: E402

pytest_plugins = ["tests.spark"]

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Tests make many people: their passwords need not cost an attacker anything."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _empty_log(request):
    """Empty the audit log around tests with real transactions: the runner's own way is what its triggers refuse."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        yield
        return
    request.getfixturevalue("transactional_db")
    from tests.insider import as_an_insider

    for statement in ("DELETE FROM audit_entry", "DELETE FROM audit_head"):
        as_an_insider(statement)
    yield
    as_an_insider("DELETE FROM audit_entry")


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of public data, or skip with the reason."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the public data folder is not beside this checkout")
    return SHARED_DATA
