"""The ledger against a model that keeps lists: whatever is asked in whatever order, sums are exact, nothing is lost."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.factories import as_seen_now, person, project
from tre.errors import Refused
from tre.privacy.composition import Loss, Mechanism, fits, loss_of, stated, whole
from tre.privacy.domain import budget
from tre.privacy.models import Ledger, Spend
from tre.privacy.reconciliation import reconcile
from tre.privacy.services import commit, pay, refund, reserve
from tre.projects.models import Project

EPSILONS = st.sampled_from(["0.000001", "0.3", "1", "2.5", "4"])
DELTAS = st.sampled_from(["0", "1e-6", "4e-6"])
MECHANISMS = st.none() | st.sampled_from([Mechanism("gaussian", 12.0), Mechanism("sampled_gaussian", 3.0, 0.05, 40)])
STUDIES = st.sampled_from(["frailty", "asthma"])
NAMES = st.sampled_from("abc")


class Spending(RuleBasedStateMachine):
    """Two projects on one dataset; the model is what a careful clerk would have on paper."""

    happened: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.paper: dict[tuple[str, str], tuple[int, str, Loss, object]] = {}

    def teardown(self) -> None:
        reconcile()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @rule(study=STUDIES, name=NAMES, epsilon=EPSILONS, delta=DELTAS, by=MECHANISMS, ours=st.booleans())
    def reserve(self, study: str, name: str, epsilon: str, delta: str, by: Mechanism | None, ours: bool) -> None:
        loss = loss_of(by) if by else stated(budget(epsilon, delta))
        asked = (epsilon, delta, by)
        try:
            made = reserve(
                Project.objects.get(code=study), epsilon=epsilon, delta=delta, purpose="", actor=as_seen_now("ann"),
                once=name, by=by, origin=Spend.Origin.PLATFORM if ours else Spend.Origin.NOTEBOOK,
            )  # fmt: skip
        except Refused:
            before = self.paper.get((study, name))
            tight = by is not None and (delta == "0" or epsilon in ("0.000001", "0.3"))
            assert tight or (before and before[1:] != ("reserved", loss, asked)) or not self._room(study, loss)
            self.happened["refused"] += 1
            return
        if (study, name) in self.paper:
            assert self.paper[study, name][0] == made.pk
            assert self.paper[study, name][3] == asked
            self.happened["found again"] += 1
        else:
            assert self._room(study, loss)
            self.paper[study, name] = (made.pk, "reserved", loss, asked)
            self.happened["reserved"] += 1

    @rule(study=STUDIES, name=NAMES, back=st.booleans())
    def settle(self, study: str, name: str, back: bool) -> None:
        number, state, loss, asked = self.paper.get((study, name), (0, "", None, None))
        act, end = (refund, "refunded") if back else (commit, "committed")
        try:
            act(Project.objects.get(code=study), number, as_seen_now("ann"))
        except Refused:
            notebook = Spend.objects.filter(pk=number, origin=Spend.Origin.NOTEBOOK).exists()
            assert not state or state not in ("reserved", end) or (back and notebook)
            return
        assert state in ("reserved", end)
        assert loss is not None
        self.paper[study, name] = (number, end, loss, asked)
        self.happened[end] += 1

    @rule(study=STUDIES, epsilon=EPSILONS, model=st.sampled_from("xyz"))
    def pay(self, study: str, epsilon: str, model: str) -> None:
        try:
            made = pay(
                Project.objects.get(code=study), epsilon=epsilon, delta="1e-6", model=model * 64, actor="airlock"
            )
        except Refused:
            return
        assert made.amount().covers(budget(epsilon, "1e-6"))
        assert made.state == "committed"
        self.happened["paid"] += 1

    @invariant()
    def every_ledger_is_what_the_paper_says(self) -> None:
        for ledger in Ledger.objects.all():
            assert ledger.lost() == self._lost(ledger.name if ledger.scope == "project" else None)
            assert fits(ledger.allowed(), ledger.lost())

    def _lost(self, study: str | None) -> Loss:
        return whole(
            loss for (of, _), (_, state, loss, _) in self.paper.items() if state != "refunded" and study in (None, of)
        )

    def _room(self, study: str, loss: Loss) -> bool:
        return all(
            fits(each.allowed(), self._lost(study if each.scope == "project" else None) + loss)
            for each in Ledger.objects.all()
            if each.scope != "project" or each.name == study
        )


@pytest.mark.django_db(transaction=True)
def test_whatever_is_asked_in_whatever_order_no_spend_is_lost_and_no_budget_passed():
    person("ann", "researcher")
    for study in ("frailty", "asthma"):
        reserve(
            project(study, "ann"), epsilon=1, delta=0, purpose="", actor=as_seen_now("ann"), once="first",
            origin=Spend.Origin.PLATFORM,
        )  # fmt: skip
    for spend in Spend.objects.all():  # so that every ledger is opened, and empty again
        refund(Project.objects.get(code=spend.ledger.name), spend.pk, as_seen_now("ann"))
    Spending.happened.clear()
    # the same each time, so that what has to happen in it does
    told = settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True)
    run_state_machine_as_test(Spending, settings=told)
    wanted = {"reserved", "refused", "found again", "committed", "refunded", "paid"}
    assert wanted <= set(Spending.happened), Spending.happened
