"""Writing down what landing accepted and what the warehouse became."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction

from tre.audit.services import record
from tre.catalogue.models import DatasetVersion, Submission, WarehouseBuild
from tre.catalogue.quality import write_quality
from tre.policy.decision import require
from tre.policy.domain import PLATFORM, Principal
from tre.runs.queue import enqueue


@transaction.atomic
def ask_for_build(actor: Principal) -> None:
    """Queue a build of the warehouse from everything that has landed.

    Raises
    ------
    Refused
        When the person may not.
    """
    require(actor, "build_warehouse", PLATFORM)
    payload = {"by": actor.username}
    enqueue("catalogue.build", payload, once=f"catalogue.build:{inputs()}:{WarehouseBuild.objects.count()}")
    record("catalogue.build_asked", actor=actor.username, subject="warehouse")


def inputs() -> str:
    """Return a digest of the submissions that have landed: the same ones make the same warehouse."""
    names = Submission.objects.order_by("identity").values_list("identity", flat=True)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


@transaction.atomic
def write_submission(result: dict[str, Any], by: str) -> Submission:
    """Write down an accepted submission, once."""
    submission, made = Submission.objects.get_or_create(
        identity=result["submission"],
        defaults={
            "provider": result["provider"],
            "controller": result.get("controller", result["provider"]),
            "files": result["files"],
            "by": by,
        },
    )
    if made:
        files = [{"name": file["name"], "sha256": file["sha256"], "rows": file["rows"]} for file in result["files"]]
        data = {"provider": submission.provider, "files": files}
        record("catalogue.landed", actor=by, subject=f"submission:{submission.identity}", data=data)
    return submission


@transaction.atomic
def write_build(result: dict[str, Any], digest: str, by: str) -> WarehouseBuild:
    """Write down a build of the warehouse, once for the same submissions."""
    build, made = WarehouseBuild.objects.get_or_create(
        inputs=digest,
        defaults={
            "by": by,
            "linkage": result["linkage"],
            "quarantine": result["quarantine"],
            "opted_out": result["opted_out"],
        },
    )
    if not made:
        return build
    for table in result["tables"]:
        DatasetVersion.objects.get_or_create(
            dataset=table["dataset"],
            version=table["version"],
            defaults={
                "rows": table["rows"],
                "quarantined": table.get("quarantined", 0),
                "first_year": table.get("first_year"),
                "last_year": table.get("last_year"),
                "build": build,
            },
        )
    measures = write_quality(build, result["measures"], result["faults"])
    tables = [{"dataset": table["dataset"], "version": table["version"]} for table in result["tables"]]
    data = {
        "inputs": digest,
        "tables": tables,
        "opted_out": build.opted_out,
        "linkage": build.linkage,
        "measures": measures,
    }
    record("catalogue.built", actor=by, subject="warehouse", data=data)
    return build
