"""Contracts compared: what does not break must leave every good row good. And check digits find every slip."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.check_digits import has_verhoeff_digit
from tests import reference
from tre.contracts import CLASSIFICATIONS, TYPES, Contract, ContractError, Field, load_contracts
from tre.contracts.comparing import check_succession, compare, compatible

CONTRACTS = [each for each in load_contracts().values() if each.dataset != "people"]
CLASSES = list(CLASSIFICATIONS)
NEW = Field("added", "string", "", False, False, "safe")
SEEDS = st.integers(0, 2**32)


def _with(contract: Contract, field: Field, **changes: object) -> Contract:
    fields = tuple(replace(each, **changes) if each is field else each for each in contract.fields)
    return replace(contract, fields=fields)


def _drop(random: Random, contract: Contract, field: Field) -> Contract:
    return replace(contract, fields=tuple(each for each in contract.fields if each is not field))


def _add(random: Random, contract: Contract, field: Field) -> Contract:
    return replace(contract, fields=(*contract.fields, replace(NEW, required=random.random() < 0.5)))


def _shuffle(random: Random, contract: Contract, field: Field) -> Contract:
    return replace(contract, fields=tuple(random.sample(contract.fields, len(contract.fields))))


def _codes(random: Random, contract: Contract, field: Field) -> Contract:
    kept = tuple(code for code in field.values if random.random() < 0.8)
    return _with(contract, field, values=random.choice((kept, (*field.values, "new"), (), ("A", "1"))))


def _bounds(random: Random, contract: Contract, field: Field) -> Contract:
    if field.type not in ("int", "double"):
        return contract
    low, high = random.choice((None, -10.0, 0.0, 5.0)), random.choice((None, 10.0, 100.0, 1e7))
    return _with(contract, field, minimum=low, maximum=high)


def _plausible(random: Random, contract: Contract, field: Field) -> Contract:
    if field.type not in ("int", "double"):
        return contract
    return _with(contract, field, plausible=random.choice((None, (0.0, 1.0), (5.0, 7.0))))


def _order(random: Random, contract: Contract, field: Field) -> Contract:
    dates = [each.name for each in contract.fields if each.type == "date" and each is not field]
    return _with(contract, field, not_before=random.choice([*dates, ""])) if field.type == "date" else contract


MUTATIONS = {
    "drop": _drop,
    "add": _add,
    "shuffle": _shuffle,
    "codes": _codes,
    "bounds": _bounds,
    "plausible": _plausible,
    "order": _order,
    "type": lambda random, contract, field: _with(contract, field, type=random.choice(list(TYPES))),
    "required": lambda random, contract, field: _with(contract, field, required=not field.required),
    "pattern": lambda random, contract, field: _with(contract, field, pattern=random.choice(("", "[A-Z].*", "[0-9]+"))),
    "check": lambda random, contract, field: _with(contract, field, check=random.choice(("", "snomed_ct"))),
    "class": lambda random, contract, field: _with(contract, field, classification=random.choice(CLASSES)),
    "attribute": lambda random, contract, field: _with(contract, field, person_attribute=random.choice(("", "sex"))),
    "role": lambda random, contract, field: _with(contract, field, identifier=random.choice(("", "forename"))),
    "key": lambda random, contract, field: _with(contract, field, primary_key=not field.primary_key),
}  # fmt: skip


def changed(seed: int) -> tuple[Contract, Contract, str]:
    random = Random(seed)
    contract, name = random.choice(CONTRACTS), random.choice(list(MUTATIONS))
    return contract, MUTATIONS[name](random, contract, random.choice(contract.fields)), name


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.dataset)
def test_a_contract_does_not_differ_from_itself_and_an_added_optional_column_does_not_break(contract):
    assert compare(contract, contract) == []
    wider = replace(contract, fields=(*contract.fields, NEW))
    assert [(change.where, change.breaking) for change in compare(contract, wider)] == [("added", False)]
    assert [(change.where, change.breaking) for change in compare(wider, contract)] == [("added", True)]
    assert compatible(contract, replace(wider, fields=(NEW, *contract.fields)))


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_every_change_of_the_shape_is_told_and_needs_a_new_version(seed):
    old, new, _ = changed(seed)
    changes = compare(old, new)
    assert bool(changes) == (old != new)
    if not changes:
        return
    breaks = any(change.breaking for change in changes)
    major, minor, patch = (int(part) for part in old.version.split("."))
    for version, enough in (
        (old.version, False),
        (f"{major}.{minor}.{patch + 1}", False),
        (f"{major}.{minor + 1}.0", not breaks),
        (f"{major + 1}.0.0", True),
    ):
        try:
            check_succession(old, replace(new, version=version))
            accepted = True
        except ContractError:
            accepted = False
        assert accepted == enough, (version, changes)


def test_what_does_not_break_leaves_every_good_row_good_and_every_kind_of_change_came_up():
    met: Counter[tuple[str, bool]] = Counter()
    good = 0
    for seed in range(1500):
        old, new, name = changed(seed)
        fits = compatible(old, new)
        met[name, fits] += 1
        random = Random(seed)
        for _ in range(5 if fits else 0):
            row = reference.sample(random, old, right=1.0)
            if reference.judge(row, old) is None:
                good += 1
                assert reference.judge(row, new) is None, (old.dataset, name, compare(old, new))
    assert good > 1000
    assert {name for name, fits in met if fits} >= set(MUTATIONS) - {"drop", "type", "key"}, met
    assert {name for name, fits in met if not fits} >= set(MUTATIONS) - {"shuffle", "plausible"}, met


DIGITS = st.text("0123456789", min_size=5, max_size=17)


def _with_check_digit(digits: str) -> str:
    found = [f"{digits}{last}" for last in range(10) if has_verhoeff_digit(f"{digits}{last}")]
    assert len(found) == 1
    return found[0]


@given(DIGITS, st.data())
def test_verhoeff_finds_every_wrong_digit_and_every_two_that_changed_places(digits, data):
    number = _with_check_digit(digits)
    assert reference.verhoeff(number)
    place = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    assert not has_verhoeff_digit(number[:place] + other + number[place + 1 :])
    left = data.draw(st.integers(0, len(number) - 2))
    if number[left] != number[left + 1]:
        swapped = number[:left] + number[left + 1] + number[left] + number[left + 2 :]
        assert not has_verhoeff_digit(swapped)


@pytest.mark.parametrize("known", ["2363", "1428570", "123451", "84736430954837284567892", "73211009", "22298006"])
def test_published_numbers_end_with_their_verhoeff_digit(known):
    assert has_verhoeff_digit(known)
    assert reference.verhoeff(known)
    assert sum(has_verhoeff_digit(f"{known[:-1]}{last}") for last in range(10)) == 1
