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
from tre.privacy.models import Ledger, Spend
from tre.privacy.services import commit, refund, reserve, spent


@pytest.fixture
def study():
    person("ann", "researcher")
    person("bob", "researcher")
    return project("frailty", "ann")


def take(study, epsilon: object, once: str, delta: object = 1e-7, who: str = "ann") -> Spend:
    return reserve(study, epsilon=epsilon, delta=delta, purpose="a model", actor=as_seen_now(who), once=once)


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
    made = take(study, 2, "one")
    refund(study, made.pk, as_seen_now("ann"))
    assert spent(Ledger.objects.get(project=study)).epsilon == 0
    with pytest.raises(Refused):
        commit(study, made.pk, as_seen_now("ann"))
    other = take(study, 3, "two")
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
