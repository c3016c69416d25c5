"""Taking data back: a controller withdraws a submission or a dataset, and nothing of it stays in what comes after.

A withdrawal is written down at once. Landing's own copy is then erased; the next build leaves the data out; and when
that build is done the versions that held it are erased from the tables, with a certificate of what was removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from tre.audit.services import record
from tre.catalogue.models import DatasetVersion, Submission, WarehouseBuild, Withdrawal
from tre.catalogue.services import PEOPLE, held, queue_build
from tre.errors import Refused
from tre.policy.decision import require
from tre.policy.domain import PLATFORM, Principal
from tre.runs.queue import enqueue


@transaction.atomic
def withdraw(actor: Principal, *, submission: str = "", dataset: str = "", reason: str) -> list[Withdrawal]:
    """Withdraw a submission, a dataset of every submission, or a dataset of one submission.

    Parameters
    ----------
    submission, dataset : str
        Which; at least one of them. A dataset alone is withdrawn from everything that has landed so far.
    reason : str
        What the controller gave as its reason; never a person's details.

    Raises
    ------
    Refused
        When the person may not, no reason is given, or nothing that is held answers to it.
    """
    require(actor, "withdraw_data", PLATFORM)
    if not reason.strip():
        raise Refused("A withdrawal needs the controller's reason", where="reason", todo="Say in a sentence why")
    if not submission and not dataset:
        raise Refused("Nothing was named", where="withdrawal", todo="Name a submission, a dataset or both")
    found = [
        (each["submission"], name)
        for each in held()
        for name in each["datasets"]
        if submission in ("", each["submission"]) and dataset in ("", name)
    ]
    if not found:
        where = " of ".join(part for part in (dataset, submission) if part)
        raise Refused("Landing holds nothing of this name", where=where, todo="Choose from the submissions that landed")
    landed = Submission.objects.in_bulk([name for name, _ in found], field_name="identity")
    made = [
        Withdrawal.objects.create(submission=landed[name], dataset=each, reason=reason.strip(), by=actor.username)
        for name, each in found
    ]
    data = {"withdrawn": [{"submission": name, "dataset": each} for name, each in found], "reason": reason.strip()}
    subject = f"submission:{submission}" if submission else f"dataset:{dataset}"
    record("catalogue.withdrawn", actor=actor.username, subject=subject, data=data)
    enqueue("catalogue.erase", {}, once=f"catalogue.erase:withdrawal:{made[-1].pk}")
    queue_build(actor.username)
    return made


def to_erase() -> dict[str, Any]:
    """Return what may be erased now: the withdrawn files in landing, and the tables whose newest version is without.

    Returns
    -------
    dict
        ``withdrawals`` (their numbers), ``submissions`` (each with the datasets to erase) and ``tables`` (names).
    """
    pending = Withdrawal.objects.filter(Q(left_landing=None) | Q(left_warehouse=None)).select_related("submission")
    files: dict[str, list[str]] = {}
    tables: set[str] = set()
    through = WarehouseBuild.objects.aggregate(most=Max("last_withdrawal"))["most"] or 0
    numbers = []
    for each in pending:
        numbers.append(each.pk)
        files.setdefault(each.submission.identity, []).append(each.dataset)
        if each.pk <= through:
            tables |= {each.dataset, PEOPLE}
    return {
        "withdrawals": sorted(numbers),
        "through": through,
        "submissions": [{"submission": name, "datasets": sorted(each)} for name, each in sorted(files.items())],
        "tables": sorted(tables),
    }


@transaction.atomic
def write_erasure(erased: Mapping[str, Any], certificate: Mapping[str, Any]) -> None:
    """Write down that what :func:`to_erase` named is gone, with the digest of the certificate."""
    now: datetime = timezone.now()
    named = Withdrawal.objects.filter(pk__in=erased["withdrawals"])
    changed = named.filter(left_landing=None).update(left_landing=now)
    changed += named.filter(left_warehouse=None, pk__lte=erased["through"]).update(left_warehouse=now)
    if changed:
        data = {"withdrawals": list(erased["withdrawals"]), **certificate}
        record("catalogue.erased", actor="worker", subject="warehouse", data=data)


def still_held(tables: Iterable[tuple[str, int]]) -> QuerySet[Withdrawal]:
    """Return the withdrawals of data that these versions of tables may hold: what was made from them is stale.

    Parameters
    ----------
    tables : iterable of (str, int)
        Datasets and versions, such as an extract's manifest names.
    """
    affected = Q(pk__in=())
    for dataset, version in tables:
        made = DatasetVersion.objects.filter(dataset=dataset, version=version).select_related("build").first()
        if made is None:
            continue
        later = Q(submission__number__lte=made.build.last_submission, pk__gt=made.build.last_withdrawal)
        # The list of people is made from every dataset that names them.
        affected |= later if dataset == PEOPLE else later & Q(dataset=dataset)
    return Withdrawal.objects.filter(affected)
