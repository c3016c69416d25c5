"""Clerical review of doubtful pairs: what linkage cannot decide, a data manager does, on the record.

Here stand opaque pairs and how far their fields agree. The identifiers stay in the landing zone, whose job shows a
pair masked, to the DSCRO's role alone (the action ``review_linkage``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tre.audit.services import record
from tre.catalogue.models import DoubtfulPair, WarehouseBuild
from tre.config.options import load
from tre.errors import Missing, Refused
from tre.policy.decision import require
from tre.policy.domain import PLATFORM, Principal
from tre.runs.runner import JobRefused, run_job


def write_doubtful(build: WarehouseBuild, pairs: Sequence[dict[str, Any]]) -> None:
    """Write down the doubtful pairs of a build in the caller's transaction; what was decided of a pair stays."""
    DoubtfulPair.objects.filter(state=DoubtfulPair.State.OPEN).exclude(pk__in=[each["pair"] for each in pairs]).delete()
    DoubtfulPair.objects.bulk_create(
        (
            DoubtfulPair(
                pair=each["pair"], build=build, probability=each["probability"], numbers=each["numbers"],
                agreement=each["agreement"],
            )
            for each in pairs
        ),
        update_conflicts=True, unique_fields=["pair"], update_fields=["build", "probability", "numbers", "agreement"],
        batch_size=500,
    )  # fmt: skip


def waiting() -> int:
    """Return how many pairs wait for a decision."""
    return DoubtfulPair.objects.filter(state=DoubtfulPair.State.OPEN).count()


def decisions() -> list[dict[str, Any]]:
    """Return every decision, for the next build."""
    decided = DoubtfulPair.objects.exclude(state=DoubtfulPair.State.OPEN).order_by("pair")
    return [{"pair": str(each.pair), "joined": each.state == DoubtfulPair.State.JOINED} for each in decided]


def pair_of(pair: UUID, actor: Principal) -> DoubtfulPair:
    """Return one doubtful pair: how far its fields agree, and what was decided.

    Raises
    ------
    NotAllowed
        When the person may not review linkage.
    Missing
        When there is no such pair.
    """
    require(actor, "review_linkage", PLATFORM)
    held = DoubtfulPair.objects.filter(pk=pair).first()
    if held is None:
        raise Missing("There is no such pair", where="clerical review", todo="Go back to the queue")
    return held


@transaction.atomic
def decide(pair: UUID, joined: bool, actor: Principal) -> DoubtfulPair:
    """Decide that a pair is one person or two; it takes effect at the next build.

    Raises
    ------
    Refused
        When the person may not, there is no such pair, or it was decided otherwise already.
    """
    require(actor, "review_linkage", PLATFORM)
    held = DoubtfulPair.objects.select_for_update().filter(pk=pair).first()
    if held is None:
        raise Missing("There is no such pair", where="clerical review", todo="Go back to the queue")
    state = DoubtfulPair.State.JOINED if joined else DoubtfulPair.State.PARTED
    if held.state == state:
        return held
    if held.state != DoubtfulPair.State.OPEN:
        raise Refused("The pair was decided otherwise already", where="clerical review", todo="Look who decided it")
    held.state, held.decided_by, held.decided = state, actor.username, timezone.now()
    held.save(update_fields=["state", "decided_by", "decided"])
    record("catalogue.pair_decided", actor=actor.username, subject=f"pair:{pair}", data={"decision": str(state)})
    return held


@transaction.atomic
def _note_looked_at(pair: UUID, actor: Principal) -> None:
    record("catalogue.pair_shown", actor=actor.username, subject=f"pair:{pair}")


def shown(pair: UUID, actor: Principal) -> dict[str, Any]:
    """Return the two records of a pair, masked, and what the model made of them; that it was looked at is written down.

    Returns
    -------
    dict
        As :func:`spark_jobs.linkage.review.masked` tells it: ``weight`` and ``fields``.

    Raises
    ------
    Refused
        When the person may not, or the landing zone holds no such pair.
    """
    require(actor, "review_linkage", PLATFORM)
    told = run_job("clerical", {"landing": str(load().path("landing")), "pair": str(pair)})
    _note_looked_at(pair, actor)
    return told


def shown_if_kept(pair: UUID, actor: Principal) -> dict[str, Any]:
    """Return what :func:`shown` does, or nothing where the landing zone no longer holds the pair."""
    try:
        return shown(pair, actor)
    except JobRefused:
        return {}
