"""What all tests share: a home folder of their own, so that nothing touches the developer's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Settings are read at import, before any fixture runs.
os.environ["TRE_HOME"] = tempfile.mkdtemp(prefix="tre-test-")
for name in [
    name
    for name in os.environ
    if name.startswith("TRE_") and name != "TRE_HOME" and not name.startswith("TRE_TEST_")
]:
    del os.environ[name]

import pytest  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of public data, or skip with the reason."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the public data folder is not beside this checkout")
    return SHARED_DATA
