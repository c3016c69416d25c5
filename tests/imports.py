"""Imports for tests: asked for, checked and reviewed as the product does it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from tests.airlock import work
from tests.factories import as_seen_now, person, project
from tre.airlock.drafts import Upload
from tre.airlock.imports import jobs as imports_jobs  # noqa: F401 - its work is known by being imported
from tre.airlock.imports import services
from tre.airlock.imports.models import ImportRequest
from tre.config.options import load
from tre.projects.models import Project

CODES = b"code,meaning\nA1,One\nB2,Two\n"
NOTE = "Published by the office, fetched in June."


def open_study() -> Project:
    """Return a project with a researcher, ann, and three who may review what she brings in: cat, dan and mia."""
    for part in ("airlock", "projects"):
        shutil.rmtree(load().path(part), ignore_errors=True)
    person("ann", "researcher")
    person("bob", "researcher")
    made = project("frailty", "ann", "bob")
    person("cat", "output_checker")
    person("dan", "output_checker")
    person("mia", "data_manager")
    return made


def ask(study: Project, *files: tuple[str, bytes], licence: str = "CC0-1.0", note: str = NOTE) -> ImportRequest:
    """Ask, as ann, to bring files in; a list of codes when none is named."""
    uploads = [Upload(name, [content]) for name, content in files or (("codes.csv", CODES),)]
    return services.submit(as_seen_now("ann"), study, licence, note, uploads)


def checked(study: Project, *files: tuple[str, bytes]) -> ImportRequest:
    """Ask, and let the platform check."""
    made = ask(study, *files)
    work()
    return ImportRequest.objects.get(pk=made.pk)


def say(made: ImportRequest, who: str, choice: str = "approve", comment: str = "Seen.") -> None:
    """Hand in a review of an import."""
    shown = dict(made.files.values_list("pk", "sha256"))
    services.review(made.pk, as_seen_now(who), choice, comment, shown)


def placed(study: Project, *files: tuple[str, bytes], by: Sequence[str] = ("cat", "mia")) -> ImportRequest:
    """Bring files in all the way."""
    made = checked(study, *files)
    for who in by:
        say(made, who)
    work()
    return ImportRequest.objects.get(pk=made.pk)
