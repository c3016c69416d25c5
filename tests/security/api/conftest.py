"""A study for attacks on the API, with its people, an operator and a data manager."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.airlock import open_study
from tests.factories import person
from tre.projects.models import Project


@pytest.fixture(autouse=True)
def nobody_is_slowed_down() -> None:
    """Forget what was tried before."""
    cache.clear()


@pytest.fixture
def study() -> Project:
    """Return a study with its people."""
    person("ope", "operator")
    person("mia", "data_manager")
    return open_study()
