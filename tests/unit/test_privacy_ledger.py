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
from tre.privacy.allowance import allowance
from tre.privacy.composition import NO_LOSS, Mechanism, epsilon_at
from tre.privacy.domain import spends_told
from tre.privacy.errors import LedgerBroken
from tre.privacy.models import Ledger, Payment, Spend, no_curve
from tre.privacy.prices import prices, standings
from tre.privacy.reconciliation import reconcile
from tre.privacy.services import commit, open_ledger, pay, refund, reserve, spent

PLATFORM = Spend.Origin.PLATFORM
GENTLE, OTHER = Mechanism("gaussian", 20.0), Mechanism("gaussian", 30.0)
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
    assert [each.event for each in Entry.objects.filter(event__startswith="privacy.")] == [
        *["privacy.budget_opened"] * 3, "privacy.reserved", "privacy.committed",
    ]  # fmt: skip
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
    take(study, 1, "mechanism", by=GENTLE)
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
        lambda ledger: Ledger.objects.filter(pk=ledger.pk).update(lost_curve=no_curve()),
        lambda ledger: Ledger.objects.filter(scope="dataset").update(lost_delta=0),
        lambda ledger: Spend.objects.get(once="frailty:unused").touched.clear(),
        lambda ledger: Spend.objects.filter(once="frailty:unused").update(curve=no_curve()),
        lambda ledger: Spend.objects.filter(once="frailty:mechanism").update(curve=no_curve()),
        lambda ledger: Spend.objects.filter(once="frailty:mechanism").update(mechanism=OTHER.to_json()),
        _another,
    ],
)
def test_an_insider_who_changes_the_ledger_is_told(ledger, harm):
    harm(ledger)
    with pytest.raises(LedgerBroken, match=r"(budget of (dataset|population|project) |spend \d+|lost of )"):
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


@pytest.mark.django_db
def test_a_spend_is_taken_from_the_project_its_datasets_and_the_population(study):
    take(study, 2, "one")
    other = project("asthma", "ann")
    take(other, 3, "one")
    told = {(each.scope, each.name): each.spent_epsilon for each in standings(study)}
    assert told == {("project", "frailty"): 2, ("dataset", "people"): 5, ("population", "region"): 5}


@pytest.mark.django_db
def test_many_projects_cannot_together_tell_of_a_dataset_what_its_budget_forbids(study):
    room = allowance().of_dataset("people").epsilon // 9
    for number in range(int(room)):
        take(project(f"study{number}", "ann"), 9, "one")
    with pytest.raises(Refused, match="dataset people does not cover"):
        take(study, 9, "one")
    assert Ledger.objects.get(project=study).lost() == NO_LOSS  # what one ledger refuses, none has lost
    reconcile()


@pytest.mark.django_db
def test_a_refund_gives_every_ledger_back_what_was_taken(study):
    before = [(each.subject(), each.lost()) for each in Ledger.objects.order_by("pk")]
    made = take(study, 2, "one", origin=PLATFORM, by=GENTLE)
    kept = take(study, 1, "two")
    refund(study, made.pk, as_seen_now("ann"))
    after = {each.subject(): each.lost() for each in Ledger.objects.all()}
    assert set(after.values()) == {kept.loss()}
    assert [each for each, _ in before] == ["project:frailty"]
    reconcile()


@pytest.mark.django_db
def test_mechanisms_come_to_less_together_than_their_epsilons(study):
    alone = epsilon_at(GENTLE, Decimal("1e-6"))
    for number in range(120):
        take(study, alone, f"n{number}", 1e-6, by=GENTLE)
    lost = spent(Ledger.objects.get(project=study))
    assert lost.epsilon < alone * 120 / 3
    assert lost.delta == 0
    reconcile()


@pytest.mark.django_db
def test_a_mechanism_that_loses_more_than_it_says_is_refused(study):
    with pytest.raises(Refused, match="loses epsilon"):
        take(study, "0.01", "one", 1e-6, by=GENTLE)
    with pytest.raises(Refused, match="more than any budget"):
        take(study, 9, "one", 1e-6, by=Mechanism("gaussian", 0.3, 1.0, 1000))
    assert not Spend.objects.exists()
    take(study, 1, "one", by=GENTLE)
    with pytest.raises(Refused, match="other amounts"):
        take(study, 1, "one", by=OTHER)


@pytest.mark.django_db
def test_a_spend_for_a_mechanism_pays_for_no_other(study):
    made = take(study, 1, "one", 1e-6, by=GENTLE)
    commit(study, made.pk, as_seen_now("ann"))
    with pytest.raises(Refused, match="No unused spend"):
        buy(study, "0.5")
    with pytest.raises(Refused, match="No unused spend"):
        pay(study, epsilon="0.5", delta=1e-6, model=WEIGHTS, actor="airlock", by=Mechanism("gaussian", 10.0))
    assert pay(study, epsilon="0.5", delta=1e-6, model=WEIGHTS, actor="airlock", by=OTHER).pk == made.pk


@pytest.mark.django_db
def test_a_price_is_told_and_nothing_is_taken(study):
    take(study, 8, "one")
    told = {each.scope: (each.added, each.covered) for each in prices(study, epsilon=3, delta=1e-6)}
    assert told == {"project": (3, False), "dataset": (3, True), "population": (3, True)}
    gentle = prices(study, epsilon=0, delta=1e-6, by=GENTLE)
    assert all(each.epsilon == epsilon_at(GENTLE, Decimal("0.000001")) for each in gentle)
    assert spent(Ledger.objects.get(project=study)).epsilon == 8


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_take_just_what_there_is(study):
    """Fifty people at once, who ask for more than there is: exact totals, and no ledger is ever below its spends."""
    taken: list[int] = []
    refused: list[str] = []

    def spend(number: int) -> None:
        try:
            for turn in range(2):
                taken.append(take(study, "0.2", f"n{number}-{turn}", 0).pk)
        except Refused as error:
            refused.append(error.sentence())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=spend, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = Ledger.objects.get(project=study)
    assert len(taken) == Spend.objects.count()
    assert spent(ledger).epsilon <= ledger.epsilon
    with pytest.raises(Refused):  # nobody was turned away while there was some left
        take(study, "0.2", "more", 0)
    assert refused
    reconcile()
