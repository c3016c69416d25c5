"""Pseudonyms by their owner, and rows that single people out."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.disclosing import judged, rules
from tre.disclosure import Context
from tre.disclosure import pseudonyms as held
from tre.disclosure.detectors.records import uniqueness

KEY = b"k" * 32
RANDOM = np.random.default_rng(4)
# drawn the same in every process: they name tests
OWN, OTHER, WAREHOUSE, NOBODY = (base64.b32encode(RANDOM.bytes(16)).decode().rstrip("=") for _ in range(4))


@pytest.fixture
def context(tmp_path: Path) -> Context:
    folder = tmp_path / "filters"
    for owner, pseudonym in (("own-1", OWN), ("other-2", OTHER), (held.WAREHOUSE, WAREHOUSE)):
        held.add_to_filter(folder, owner, held.digests(KEY, [pseudonym]))
    return Context(filters=folder, filter_key=KEY, sandbox=False, project="own-1")


def raw(pseudonym: str) -> bytes:
    return base64.b32decode(pseudonym + "======")


WRITTEN = {
    "whole": lambda each: each,
    "small": str.lower,
    "cut": lambda each: each[:13],
    "hexadecimal": lambda each: raw(each).hex(),
    "as a UUID": lambda each: "-".join(
        raw(each).hex()[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
    ),
    "base64": lambda each: base64.urlsafe_b64encode(raw(each)).decode().rstrip("="),
    "one number": lambda each: str(int.from_bytes(raw(each), "big")),
    "reversed": lambda each: each[::-1],
    "in base64 once more": lambda each: base64.b64encode(each.encode()).decode(),
}


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize(
    ("pseudonym", "rule", "kind"),
    [
        (OWN, "pseudonym", "this-project"), (OTHER, "foreign-pseudonym", "another-project"),
        (WAREHOUSE, "foreign-pseudonym", "warehouse"),
    ],
)  # fmt: skip
def test_whose_a_pseudonym_is_is_told(
    tmp_path: Path, context: Context, name: str, pseudonym: str, rule: str, kind: str
) -> None:
    found = judged(tmp_path, f"the first is {WRITTEN[name](pseudonym)} here\n", context)
    assert (rule, kind) in {(each.rule, each.kind) for each in found.findings}
    assert found.verdict == "block"
    assert pseudonym not in json.dumps(found.to_json())
    assert "other-2" not in json.dumps(found.to_json())


def test_what_is_no_pseudonym_of_anybody_is_none(tmp_path: Path, context: Context) -> None:
    found = judged(tmp_path, f"a hash {secrets.token_hex(16)}, a long word ABCDEFGHIJKLMNOP\n", context)
    assert not rules(found) & {"pseudonym", "foreign-pseudonym"}
    assert {each.kind for each in judged(tmp_path, f"by form {NOBODY}\n", context).findings} == {"pseudonym"}


def test_a_filter_grows_and_names_nobody(tmp_path: Path) -> None:
    held.add_to_filter(tmp_path, "own-1", held.digests(KEY, [OWN]))
    path = held.add_to_filter(tmp_path, "own-1", held.digests(KEY, [OTHER]))
    found = held.PseudonymFilters.load(tmp_path, KEY)
    assert found.owners == ("own-1",)
    assert found.owner_of([OWN, OTHER, NOBODY, "short"]) == ["own-1", "own-1", "", ""]
    assert held.PseudonymFilters.load(tmp_path, b"x" * 32).owner_of([OWN]) == [""]
    assert OWN[:12].encode() not in path.read_bytes()
    assert list(path.parent.glob(".*")) == []
    for wrong in ("../x", "", "A"):
        with pytest.raises(ValueError, match="owner"):
            held.filter_file(tmp_path, wrong)
    with pytest.raises(ValueError, match="12"):
        held.digest(KEY, "short")
    assert held.PseudonymFilters.load(tmp_path / "none", KEY).owners == ()


def test_uniqueness_is_what_plain_counting_gives_and_falls_with_the_population() -> None:
    ages = pa.array(["30", "30", "40", "40", "50"])
    areas = pa.array(["a", "a", "a", "b", "b"])
    found = uniqueness([ages, areas], 0)
    assert (found.rows, found.alone, found.smallest) == (5, 3, 1)
    assert found.expected == pytest.approx(3)  # the rows are all there are
    expected = [uniqueness([ages, areas], people).expected for people in (5, 10, 100, 10_000)]
    assert expected == sorted(expected, reverse=True)
    assert expected[-1] < 1e-6


def test_rows_that_stand_alone_are_told_and_coarse_ones_are_not(tmp_path: Path) -> None:
    context = Context(sandbox=False, quasi=("birth_year", "sex", "lsoa"), population=60_000)
    fine = [f"{RANDOM.integers(1920, 2010)},{'MF'[n % 2]},E0100{RANDOM.integers(0, 900):04d}" for n in range(300)]
    table = "birth year,Sex,LSOA\n" + "\n".join(fine) + "\n"
    (told,) = [each for each in judged(tmp_path, table, context).findings if each.rule == "unique-persons"]
    assert "birth year, Sex, LSOA" in told.location
    assert "60000 people" in told.location
    coarse = "sex,birth year\n" + "\n".join(f"{'MF'[n % 2]},{1950 + n % 2}" for n in range(300)) + "\n"
    assert "unique-persons" not in rules(judged(tmp_path, coarse, context))
    counted = "birth year,sex,n\n" + "\n".join(f"{1950 + n},{'MF'[n % 2]},{20 + n}" for n in range(50)) + "\n"
    assert "unique-persons" not in rules(judged(tmp_path, counted, context))


def test_two_columns_of_keys_side_by_side_are_blocked(tmp_path: Path) -> None:
    rows = [f"K{RANDOM.integers(10**6, 10**7)},Z{RANDOM.integers(10**6, 10**7)}" for _ in range(40)]
    kinds = {each.kind for each in judged(tmp_path, "here,there\n" + "\n".join(rows) + "\n").findings}
    assert "keys-joined" in kinds
