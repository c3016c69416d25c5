"""Who is told of what happens to submissions and to linkage, in the transaction of it.

A submission is told of by its number or its provider's name: what its sender called it are the sender's words.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.db.models import Q, QuerySet

from tre.catalogue.models import Submission, WarehouseBuild
from tre.config.options import REPOSITORY
from tre.notices.services import tell
from tre.people.models import Account

REGISTER = REPOSITORY / "policies" / "providers.yaml"
_MANAGERS = Q(roles__name="data_manager")  # who looks after the warehouse, and may review its linkage


def landed(submission: Submission) -> None:
    """Tell those who answer for a submission's datasets that it has landed; after its audit entry."""
    people = _others(_answering_for([submission.controller]), submission.by)
    tell("submission_landed", people, f"submission:{submission.number}", once=f"landed:{submission.pk}")


def refused(provider: str, by: str, entry: int) -> None:
    """Tell those who answer for what a provider sends, and data managers, that a submission of it was refused.

    Parameters
    ----------
    provider : str
        Whose outbox it came from; of one that is not on the register nobody is told.
    entry : int
        The number of the entry that the log has of it.
    """
    held = controllers_of(provider)
    if held:
        people = _others(_answering_for(held) | _MANAGERS, by)
        tell("submission_refused", people, f"provider:{provider}", once=f"audit:{entry}")


def pairs_wait(build: WarehouseBuild) -> None:
    """Tell data managers that a build left more doubtful pairs to decide than there were; after its audit entry."""
    tell("pairs_wait", _others(_MANAGERS, build.by), "warehouse:linkage", once=f"pairs:{build.pk}")


@cache
def controllers_of(provider: str, path: Path = REGISTER) -> tuple[str, ...]:
    """Return for whom a provider may send, as the register says; none for one that it does not name."""
    told: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["providers"]
    return tuple(map(str, told.get(provider, {}).get("controllers", ())))


def _answering_for(controllers: Iterable[str]) -> Q:
    return Q(ownerships__controller__in=list(controllers))


def _others(whom: Q, by: str) -> QuerySet[Account]:
    """Return those people, without who did it: they know."""
    return Account.objects.filter(whom).exclude(username=by).distinct()
