"""Writing down what landing accepted and what the warehouse became."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from tre.audit.services import record
from tre.catalogue import clerical, telling
from tre.catalogue.models import DatasetVersion, Submission, WarehouseBuild, Withdrawal
from tre.catalogue.quality import write_quality
from tre.catalogue.recipe import recipe
from tre.keys.custody import custody
from tre.policy.decision import require
from tre.policy.domain import PLATFORM, Principal
from tre.runs.models import Job
from tre.runs.queue import enqueue

PEOPLE, OPT_OUTS = "people", "opt_outs"
BUILD_KEYS = ("warehouse-pseudonym", "exact-match")


@transaction.atomic
def ask_for_build(actor: Principal) -> None:
    """Queue a build of the warehouse from everything that has landed.

    Raises
    ------
    Refused
        When the person may not.
    """
    require(actor, "build_warehouse", PLATFORM)
    queue_build(actor.username)
    record("catalogue.build_asked", actor=actor.username, subject="warehouse")


def queue_build(by: str) -> None:
    """Queue a build in the caller's transaction, unless the same one waits already."""
    enqueue("catalogue.build", {"by": by}, once=f"catalogue.build:{inputs()}:{WarehouseBuild.objects.count()}")


def unfinished_builds() -> QuerySet[Job]:
    """Return the builds that are not done, oldest first: they wait, run, or were given up."""
    return Job.objects.filter(kind="catalogue.build").exclude(state=Job.State.DONE).order_by("pk")


def inputs() -> str:
    """Return a digest of what a warehouse is made from: what is held, what was decided, the keys, and the recipe.

    A submission that was withdrawn whole still has its line, so that the warehouse without it is never taken for the
    one from before it landed.
    """
    lines = [f"{each['submission']}: {' '.join(each['datasets'])}" for each in held()]
    lines += [f"{each['pair']} {each['joined']}" for each in clerical.decisions()]
    generations = [(purpose, custody().generation(purpose)) for purpose in BUILD_KEYS]
    lines += [f"{purpose} {generation}" for purpose, generation in generations if generation > 1]
    lines += [f"recipe {recipe()}"]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def current_build(digest: str) -> WarehouseBuild | None:
    """Return the newest build where it is of these inputs (:func:`inputs`), or None: then there is something to build.

    The newest alone counts: after a policy was changed and changed back, the build of before is not the newest.
    """
    newest = WarehouseBuild.objects.first()
    return newest if newest is not None and newest.inputs == digest else None


def held() -> list[dict[str, Any]]:
    """Return every submission in the order of landing, each with the datasets of it that were not withdrawn."""
    withdrawn: dict[str, set[str]] = defaultdict(set)
    for name, dataset in Withdrawal.objects.values_list("submission__identity", "dataset"):
        withdrawn[name].add(dataset)
    named = Submission.objects.order_by("number").values_list("identity", "files")
    return [
        {"submission": name, "datasets": sorted({file["dataset"] for file in files} - withdrawn[name])}
        for name, files in named
    ]


def marks() -> dict[str, int]:
    """Return the numbers of the last submission, withdrawal and build: what a build that starts now comes after."""
    submission = Submission.objects.aggregate(most=Max("number"))["most"] or 0
    withdrawal = Withdrawal.objects.aggregate(most=Max("pk"))["most"] or 0
    before = WarehouseBuild.objects.aggregate(most=Max("pk"))["most"] or 0
    return {"last_submission": submission, "last_withdrawal": withdrawal, "after": before}


@transaction.atomic
def write_submission(receipt: dict[str, Any]) -> Submission:
    """Write down an accepted submission, once, from landing's receipt."""
    submission, made = Submission.objects.get_or_create(
        identity=receipt["submission"],
        defaults={
            "provider": receipt["provider"],
            "controller": receipt["controller"],
            "number": receipt["number"],
            "files": receipt["files"],
            "by": receipt["by"],
        },
    )
    if made:
        files = [{"name": file["name"], "sha256": file["sha256"], "rows": file["rows"]} for file in receipt["files"]]
        data = {"provider": submission.provider, "number": submission.number, "files": files}
        record("catalogue.landed", actor=submission.by, subject=f"submission:{submission.identity}", data=data)
        telling.landed(submission)
    return submission


@transaction.atomic
def write_refusal(by: str, provider: str) -> None:
    """Write down that a submission was refused. What it was called and why stays out: those are the sender's words."""
    entry = record("catalogue.landing_refused", actor=by, subject="landing")
    telling.refused(provider, by, entry.number)


@transaction.atomic
def write_build(result: dict[str, Any], digest: str, by: str, marks: Mapping[str, int]) -> WarehouseBuild:
    """Write down a build of the warehouse, once for the same inputs and the same build before it.

    Parameters
    ----------
    digest, marks : str, mapping
        What :func:`inputs` and :func:`marks` returned when the build started.
    """
    build, made = WarehouseBuild.objects.get_or_create(
        inputs=digest,
        after=marks["after"],
        defaults={
            "by": by,
            "linkage": result["linkage"],
            "model": result["model"],
            "shared": result["shared"],
            "quarantine": result["quarantine"],
            "opted_out": result["opted_out"],
            "last_submission": marks["last_submission"],
            "last_withdrawal": marks["last_withdrawal"],
        },
    )
    if not made:
        return build
    waited = clerical.waiting()
    clerical.write_doubtful(build, result["doubtful"])
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
        "filters": result["filters"],
        "measures": measures,
    }
    record("catalogue.built", actor=by, subject="warehouse", data=data)
    if clerical.waiting() > waited:
        telling.pairs_wait(build)
    if Withdrawal.objects.filter(left_warehouse=None, pk__lte=build.last_withdrawal).exists():
        enqueue("catalogue.erase", {}, once=f"catalogue.erase:build:{build.pk}")
    from tre.projects.services import note_stale_extracts  # projects' own services know the catalogue's models

    note_stale_extracts(by)
    return build


@transaction.atomic
def write_streamed(told: Mapping[str, Any], by: str) -> DatasetVersion:
    """Write down what the stream appended: the newest version of its dataset, in place of the one before.

    A day of batches makes thousands of versions; one row for each build keeps the newest, and the log keeps them all.
    """
    build = WarehouseBuild.objects.latest("at")
    newest, _ = DatasetVersion.objects.update_or_create(
        dataset=told["dataset"], build=build, defaults={"version": told["version"], "rows": told["rows"]}
    )
    data = {"version": newest.version, "rows": newest.rows}
    record("catalogue.streamed", actor=by, subject=f"dataset:{newest.dataset}", data=data)
    return newest
