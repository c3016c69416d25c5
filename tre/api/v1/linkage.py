"""Linkage: how well it went, and the clerical review of doubtful pairs. A decision asks for a one-time code.

Of a pair a call tells how far its fields agree and what each adds, in bits. The masked values stay on its page.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from tre.api.auth import acts, asks_again, person_of
from tre.api.told.common import Page, PageNumber, cut
from tre.api.told.linkage import LinkageTold, PairDecided, PairRow, PairTold
from tre.catalogue import clerical
from tre.catalogue.models import DoubtfulPair, WarehouseBuild
from tre.policy.decision import require
from tre.policy.domain import PLATFORM

router = Router(tags=["Linkage"])


@router.get("/linkage", response=LinkageTold)
@acts("review_linkage")
def linkage(request: HttpRequest) -> LinkageTold:
    """Show how well records linked: what its weights say, and whom providers share."""
    require(person_of(request), "review_linkage", PLATFORM)
    return LinkageTold.of(WarehouseBuild.objects.first())


@router.get("/linkage/pairs", response=Page[PairRow])
@acts("review_linkage")
def queue(request: HttpRequest, page: PageNumber = 1) -> Page[PairRow]:
    """List the doubtful pairs that wait for a decision, the most probable first."""
    require(person_of(request), "review_linkage", PLATFORM)
    found, more = cut(list(DoubtfulPair.objects.filter(state=DoubtfulPair.State.OPEN)), page)
    return Page[PairRow](items=[PairRow.of(each) for each in found], page=page, more=more)


@router.get("/linkage/pairs/{uuid:pair}", response=PairTold)
@acts("review_linkage")
def one(request: HttpRequest, pair: UUID) -> PairTold:
    """Show one doubtful pair: how far its fields agree, and what each adds. That it was looked at is written down."""
    person = person_of(request)
    return PairTold.whole(clerical.pair_of(pair, person), clerical.shown_if_kept(pair, person))


@router.post("/linkage/pairs/{uuid:pair}/decide", response=PairRow)
@acts("review_linkage")
@asks_again
def decide(request: HttpRequest, pair: UUID, said: PairDecided) -> PairRow:
    """Decide that a pair is one person or two. It takes effect when the warehouse is next built."""
    return PairRow.of(clerical.decide(pair, said.choice == "joined", person_of(request)))
