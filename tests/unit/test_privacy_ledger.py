"""The privacy ledger: what is taken is taken once, and never more than there is."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import connections

from tests.factories import as_seen_now, person, project
from tre.audit.models import Entry
from tre.config.options import load
from tre.errors import Refused
from tre.privacy import reconciliation
from tre.privacy.domain import spends_told
from tre.privacy.errors import LedgerBroken
from tre.privacy.models import Ledger, Payment, Spend
from tre.privacy.reconciliation import reconcile
from tre.privacy.services import commit, open_ledger, pay, refund, reserve, spent

PLATFORM = Spend.Origin.PLATFORM
WEIGHTS, OTHERS = "a" * 64, "b" * 64


@pytest.fixture
def study():
    person("ann", "researcher")
    person("bob", "researcher")
    return project("frailty", "ann")


def take(study, epsilon: object, once: str, delta: object = 1e-7, who: str = "ann", **more: object) -> Spend:
    told = {"purpose": "a model", **more}
    return reserve(study, epsilon=epsilon, delta=delta, actor=as_seen_now(who), once=once, **told)


def paid(study, epsilon: object, once: str, delta: object = 1e-6) -> Spend:
    made = take(study, epsilon, once, delta)
    return commit(study, made.pk, as_seen_now("ann"))


def buy(study, epsilon: object, model: str = WEIGHTS, delta: object = 1e-6) -> Spend:
    return pay(study, epsilon=epsilon, delta=delta, model=model, actor="airlock")


@pytest.mark.django_db
def test_a_spend_is_reserved_then_committed(study):
    made = take(study, 2, "one")
    commit(study, made.pk, as_seen_now("ann"))
    ledger = Ledger.objects.get(project=study)
    assert spent(ledger).epsilon == 2
    assert list(Entry.objects.filter(event__startswith="privacy.").values_list("event", flat=True))[-2:]


@pytest.mark.django_db
def test_the_budget_is_never_passed(study):
    take(study, load().project_epsilon - 1, "one")
    with pytest.raises(Refused):
        take(study, "1.000001", "two")
    take(study, 1, "three")
    with pytest.raises(Refused):
        take(study, "0.000001", "four")


@pytest.mark.django_db
def test_asked_twice_it_is_taken_once(study):
    assert take(study, 2, "one").pk == take(study, 2, "one").pk
    assert spent(Ledger.objects.get(project=study)).epsilon == 2


@pytest.mark.django_db
def test_a_refund_gives_back_once_and_not_after_the_commit(study):
    made = take(study, 2, "one", origin=PLATFORM)
    refund(study, made.pk, as_seen_now("ann"))
    assert refund(study, made.pk, as_seen_now("ann")).state == Spend.State.REFUNDED
    assert spent(Ledger.objects.get(project=study)).epsilon == 0
    with pytest.raises(Refused):
        commit(study, made.pk, as_seen_now("ann"))
    other = take(study, 3, "two", origin=PLATFORM)
    commit(study, other.pk, as_seen_now("ann"))
    with pytest.raises(Refused):
        refund(study, other.pk, as_seen_now("ann"))
    assert spent(Ledger.objects.get(project=study)).epsilon == 3


@pytest.mark.django_db
@pytest.mark.parametrize("epsilon", [-1, "nan", "inf", "-0.1", None, "two", [1]])
def test_no_amount_that_is_not_one(study, epsilon):
    with pytest.raises(Refused):
        take(study, epsilon, "one")
    assert not Spend.objects.exists()


@pytest.mark.django_db
def test_another_project_s_people_spend_nothing_here(study):
    with pytest.raises(Refused):
        take(study, 1, "one", who="bob")


@pytest.mark.django_db
def test_a_refund_from_another_project_finds_nothing(study):
    made = take(study, 2, "one")
    other = project("asthma", "ann")
    with pytest.raises(Refused):
        refund(other, made.pk, as_seen_now("ann"))


@pytest.mark.django_db
def test_rounding_never_makes_a_spend_smaller(study):
    take(study, "0.0000001", "one")
    assert spent(Ledger.objects.get(project=study)).epsilon == Decimal("0.000001")


@pytest.mark.django_db
def test_a_notebook_gets_nothing_back_whatever_it_says(study):
    made = take(study, 2, "one")
    with pytest.raises(Refused, match="may have begun"):
        refund(study, made.pk, as_seen_now("ann"))
    assert spent(Ledger.objects.get(project=study)).epsilon == 2


@pytest.mark.django_db
def test_a_refunded_spend_is_not_had_again_by_its_name(study):
    made = take(study, 3, "one", origin=PLATFORM)
    refund(study, made.pk, as_seen_now("ann"))
    with pytest.raises(Refused, match="was refunded"):
        take(study, 3, "one")


@pytest.mark.django_db
@pytest.mark.parametrize(("epsilon", "delta"), [(4, 1e-7), ("0.001", 1e-6), ("0.0005", 1e-7)])
def test_a_small_spend_is_not_taken_for_another_by_its_name(study, epsilon, delta):
    take(study, "0.001", "one")
    with pytest.raises(Refused, match="other amounts"):
        take(study, epsilon, "one", delta)


@pytest.mark.django_db
@pytest.mark.parametrize("once", ["", "two words", "x" * 81, "\ud800", "a\0", "../up"])
def test_a_spend_s_name_is_a_label(study, once):
    with pytest.raises(Refused, match="label"):
        take(study, 1, once)


@pytest.mark.django_db
def test_a_purpose_is_kept_storable_and_out_of_the_log(study):
    made = take(study, 1, "one", purpose="For Margaret Hughes\0 of \ud800 Stoke" + "x" * 300)
    commit(study, made.pk, as_seen_now("ann"))
    made.refresh_from_db()
    assert made.purpose.startswith("For Margaret Hughes\ufffd of \ufffd Stoke")
    assert len(made.purpose) == 200
    told = [entry.data for entry in Entry.objects.filter(event__startswith="privacy.")]
    assert len(told) == 3
    assert "Hughes" not in str(told)


@pytest.mark.django_db
def test_a_spend_pays_for_one_model_and_a_model_is_paid_for_once(study):
    made = paid(study, 2, "one")
    assert buy(study, "1.9").pk == made.pk
    assert buy(study, "1.9").pk == made.pk  # the same model, released again
    with pytest.raises(Refused, match="No unused spend"):
        buy(study, "0.5", OTHERS)
    bound = Entry.objects.get(event="privacy.spend_bound")
    assert bound.data == {"spend": made.pk, "model": WEIGHTS}


@pytest.mark.django_db
@pytest.mark.parametrize(("epsilon", "delta"), [("2.000001", 1e-6), (1, 1e-5), (float("inf"), 1e-6)])
def test_a_spend_that_is_too_small_pays_for_nothing(study, epsilon, delta):
    paid(study, 2, "one")
    with pytest.raises(Refused):
        buy(study, epsilon, delta=delta)
    assert not Payment.objects.exists()


@pytest.mark.django_db
def test_only_what_was_committed_pays(study):
    take(study, 2, "reserved", 1e-6)
    refund(study, take(study, 2, "refunded", 1e-6, origin=PLATFORM).pk, as_seen_now("ann"))
    with pytest.raises(Refused, match="No unused spend"):
        buy(study, 1)


@pytest.mark.django_db
def test_the_smallest_spend_that_covers_a_model_pays(study):
    paid(study, 4, "large")
    small = paid(study, 2, "small")
    paid(study, 1, "less")
    assert buy(study, "1.5").pk == small.pk


@pytest.mark.django_db
def test_another_project_s_payment_counts_for_nothing_here(study):
    other = project("asthma", "ann")
    paid(other, 3, "one")
    with pytest.raises(Refused, match="No unused spend"):
        buy(study, 1)
    buy(other, 1)
    paid(study, 3, "one")
    with pytest.raises(Refused, match="does not cover"):
        buy(study, 1)


@pytest.mark.django_db
def test_a_model_that_asks_for_more_than_was_paid_for_it_is_refused(study):
    paid(study, 2, "one")
    paid(study, 4, "two")
    buy(study, 2)
    with pytest.raises(Refused, match="does not cover"):
        buy(study, 3)


@pytest.fixture
def ledger(study):
    """Return a project's ledger with one spend of each kind."""
    paid(study, 2, "used")
    buy(study, 2)
    paid(study, 1, "unused")
    take(study, "0.5", "reserved")
    refund(study, take(study, 1, "refunded", origin=PLATFORM).pk, as_seen_now("ann"))
    return Ledger.objects.get(project=study)


@pytest.mark.django_db
def test_a_ledger_that_nobody_touched_is_what_the_log_tells(ledger):
    reconcile()


def test_an_entry_of_a_spend_that_none_reserved_makes_none():
    assert spends_told([("privacy.committed", "frailty", {"spend": 3}), ("privacy.spend_bound", "x", {})]) == {}


@pytest.mark.django_db
def test_a_project_s_budget_is_opened_once(study):
    open_ledger(study, 1000, "data-manager")
    assert Ledger.objects.get(project=study).epsilon == load().project_epsilon
    assert Entry.objects.filter(event="privacy.budget_opened").count() == 1


@pytest.mark.django_db
def test_who_spends_while_the_ledger_is_looked_at_is_no_forger(ledger, study, monkeypatch):
    real, taken = reconciliation._account, []

    def meanwhile(spend: Spend) -> object:
        if not taken:
            taken.append(take(study, "0.25", "meanwhile"))
        return real(spend)

    monkeypatch.setattr(reconciliation, "_account", meanwhile)
    reconcile()
    assert taken


def _another(ledger: Ledger) -> None:
    Spend.objects.create(ledger=ledger, epsilon=1, delta=0, purpose="", by="ann", state="committed", once="frailty:x")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "harm",
    [
        lambda ledger: Ledger.objects.update(epsilon=1000),
        lambda ledger: Ledger.objects.update(delta="0.1"),
        lambda ledger: Spend.objects.filter(once="frailty:unused").update(epsilon="0.000001"),
        lambda ledger: Spend.objects.filter(once="frailty:unused").update(delta="0"),
        lambda ledger: Spend.objects.filter(once="frailty:unused").update(state="refunded"),
        lambda ledger: Spend.objects.filter(once="frailty:reserved").update(state="committed"),
        lambda ledger: Spend.objects.filter(once="frailty:refunded").update(state="reserved"),
        lambda ledger: Spend.objects.filter(once="frailty:unused").delete(),
        lambda ledger: Payment.objects.all().delete(),
        lambda ledger: Payment.objects.update(model=OTHERS),
        _another,
    ],
)
def test_an_insider_who_changes_the_ledger_is_told(ledger, harm):
    harm(ledger)
    with pytest.raises(LedgerBroken, match=r"(budget of project frailty|spend \d+)"):
        reconcile()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_cannot_both_have_the_last_of_it(study):
    take(study, load().project_epsilon - 1, "before")
    taken, refused = [], []

    def spend(once: str) -> None:
        try:
            taken.append(take(study, 1, once).pk)
        except Refused:
            refused.append(once)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=spend, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), len(refused)) == (1, 3)
