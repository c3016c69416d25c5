"""What has landed, as who runs the warehouse or audits it may read it."""

from __future__ import annotations

from pathlib import Path

from django.db.models import QuerySet

from tre.catalogue.models import Submission
from tre.config.options import load
from tre.errors import Missing
from tre.policy.decision import require
from tre.policy.domain import PLATFORM, Principal


def submissions(actor: Principal, act: str = "read_submissions") -> QuerySet[Submission]:
    """Return every submission, newest first.

    Raises
    ------
    NotAllowed
        When the person may not do the act.
    """
    require(actor, act, PLATFORM)
    return Submission.objects.all()


def submission_of(identity: str, actor: Principal, act: str = "read_submissions") -> Submission:
    """Return one submission.

    Raises
    ------
    NotAllowed
        When the person may not do the act.
    Missing
        When none of this name has landed.
    """
    found = submissions(actor, act).filter(identity=identity).first()
    if found is None:
        raise Missing("No submission of this name has landed", where=identity)
    return found


def feedback_of(identity: str, actor: Principal) -> Path:
    """Return the file that says what the newest build found wrong: file, row and field, never a value.

    Raises
    ------
    NotAllowed
        When the person may not land submissions: it is for who sends them.
    Missing
        When none of this name has landed, or nothing was wrong in it.
    """
    found = submission_of(identity, actor, "land_submission")
    path = load().path("feedback", f"{found.identity}.csv")
    if not path.exists():
        raise Missing("The newest build found nothing wrong in it", where=identity)
    return path
