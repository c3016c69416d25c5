"""A notebook chooses what it spends: what a program outside reads of a budget must be too coarse to carry words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.api import call, token_of
from tests.factories import as_seen_now
from tre.privacy.services import reserve

pytestmark = pytest.mark.django_db


def test_fine_digits_of_a_spend_are_told_by_no_call(study):
    for once, fine in (("a", "1.072101"), ("b", "1.072999")):
        told = {"epsilon": Decimal(fine), "delta": Decimal("0.000000107299"), "purpose": ""}
        reserve(study, actor=as_seen_now("ann"), once=once, **told)
    path, token = f"/projects/{study.code}/privacy", token_of("mia", "projects.read")
    budget = call(token, "GET", path).json()
    spends = [(Decimal(each["epsilon"]), Decimal(each["delta"]), each["created"][16:]) for each in budget["spends"]]
    assert spends == [(Decimal("1.073"), Decimal("1.08e-7"), ":00Z")] * 2
    prices = call(token, "GET", f"{path}/price?epsilon=1&delta=0.0000001").json()
    epsilons = [each[name] for each in budget["ledgers"] for name in ("spent_epsilon", "left_epsilon")]
    deltas = [each[name] for each in budget["ledgers"] for name in ("spent_delta", "left_delta")]
    added = [each["added"] for each in prices if each["added"] is not None]
    assert len(epsilons) == len(deltas) > 0 < len(added)
    for figures, finest in ((epsilons + added, "0.001"), (deltas, "0.000000001")):
        assert all(Decimal(each) == Decimal(each).quantize(Decimal(finest)) for each in figures)
