"""The register of projects, current and past, as it stands in a pack; each has a document of its own beside it."""

from __future__ import annotations

from tre.airlock.models import Release
from tre.evidence.content import Document, Section, day, table
from tre.evidence.installation import Installation
from tre.projects import register
from tre.projects.models import Project

_HEADS = ("Project", "Title", "Status", "Dates", "Datasets", "Approved", "Extracts", "Releases")


def document(here: Installation) -> Document:
    """Return the register, and how many applications wait."""
    listed = list(register.projects())
    waiting = Project.objects.filter(status=Project.Status.SUBMITTED).count()
    return Document(
        "projects",
        "Projects",
        f"{len(listed)} projects have been approved here, current and past; {waiting} wait for a decision. What each "
        "rests on by the Five Safes and the Caldicott Principles stands in its own document.",
        (Section("Register", tables=(table("Projects", _HEADS, map(_row, listed)),)),),
    )


def _row(project: Project) -> tuple[object, ...]:
    approvals = [day(each.at) for each in project.approvals.all()]
    return (
        project.code,
        project.title,
        project.get_status_display(),
        f"{day(project.starts)} to {day(project.ends)}",
        [each.dataset for each in project.agreements.all()],
        approvals,
        project.extracts.filter(ready=True).count(),
        Release.objects.filter(request__project=project).count(),
    )
