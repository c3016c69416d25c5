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

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of public data, or skip with the reason."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the public data folder is not beside this checkout")
    return SHARED_DATA
