"""Which roles one person may hold: the table of conflicts, each way round."""

from __future__ import annotations

from itertools import combinations

import pytest

from tre.errors import Refused
from tre.people.domain import CONFLICTS, ROLES, check_roles

PAIRS = [frozenset(pair) for pair in combinations(ROLES, 2)]
TOGETHER = [pair for pair in PAIRS if pair not in CONFLICTS]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_be_held_alone(role):
    assert check_roles([role, role]) == {role}


def test_nobody_needs_a_role():
    assert check_roles([]) == frozenset()


@pytest.mark.parametrize("pair", CONFLICTS, ids=lambda pair: "+".join(sorted(pair)))
def test_duties_that_check_each_other_are_two_peoples(pair):
    first, second = sorted(pair)
    for held in ([first, second], [second, first]):
        with pytest.raises(Refused, match=f"both {ROLES[first].lower()} and {ROLES[second].lower()}"):
            check_roles(held)
    with pytest.raises(Refused, match="One person may not be both"):
        check_roles(ROLES)


@pytest.mark.parametrize("pair", TOGETHER, ids=lambda pair: "+".join(sorted(pair)))
def test_the_others_may_be_one_persons(pair):
    assert check_roles(pair) == pair


def test_who_asks_prepares_or_proves_never_decides():
    """The sentence beside the table, word for word."""
    assert frozenset({"researcher", "output_checker"}) in CONFLICTS
    assert frozenset({"researcher", "data_manager"}) in CONFLICTS
    assert {pair for pair in PAIRS if "auditor" in pair} <= set(CONFLICTS)


def test_a_role_that_is_none_is_named():
    with pytest.raises(Refused, match=r"There is no role 'emperor'.*researcher, project_lead"):
        check_roles(["researcher", "emperor"])
