"""One open project for everything that runs inside: its Spark takes longer to start than most of it runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.course.inside import OpenProject, open_project


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenProject]:
    """Return an open project whose people can run notebooks."""
    with open_project(tmp_path_factory.mktemp("course")) as made:
        yield made
