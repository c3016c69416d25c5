"""SAS7BDAT files of each width, order of bytes, compression and encoding are read, in the sandbox too."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path
from typing import Literal

import pytest

from tests.disclosing import OPEN, judged
from tests.planted.sas import Packing, sas7bdat
from tre.disclosure import Context
from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.policy import load_policy
from tre.disclosure.readers.statistical import read_sas

NUMBERS = ["943 476 5919", "Zoë", "401 023 2137"]
COLUMNS: dict[str, list[str] | list[float]] = {"nhs_number": NUMBERS, "age": [41.0, 5.0, 77.5]}
COUNTS: dict[str, list[str] | list[float]] = {"band": ["20-29", "30-39"], "people": [120.0, 130.0]}
PACKINGS: tuple[Packing, ...] = ("", "SASYZCRL", "SASYZCR2")
ENDS: tuple[Literal["<", ">"], ...] = ("<", ">")


def tables_of(data: bytes) -> list[tuple[tuple[str, ...], list[list[str]]]]:
    contents = Contents()
    read_sas(data, "", contents, load_policy())
    return [(table.names, [column.to_pylist() for column in table.columns]) for table in contents.tables]


@pytest.mark.parametrize(
    ("wide", "end", "packing", "encoding"), product((True, False), ENDS, PACKINGS, ("utf-8", "latin-1", "cp1252"))
)
def test_each_sort_is_read_to_the_letter(wide: bool, end: Literal["<", ">"], packing: Packing, encoding: str) -> None:
    data = sas7bdat(COLUMNS, wide=wide, end=end, packing=packing, encoding=encoding)
    assert tables_of(data) == [(("nhs_number", "age"), [NUMBERS, ["41", "5", "77.5"]])]


@pytest.mark.sandbox
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
@pytest.mark.parametrize(("packing", "encoding"), [("", "cp1252"), ("SASYZCR2", "utf-8")])
def test_it_is_read_where_readers_are_locked_up(tmp_path: Path, packing: Packing, encoding: str) -> None:
    found = judged(tmp_path, sas7bdat(COLUMNS, packing=packing, encoding=encoding), Context())
    assert found.type == "sas"
    assert "row 1, column nhs_number" in {each.location for each in found.findings}


def test_counts_pass_and_what_was_deleted_is_told(tmp_path: Path) -> None:
    for wide, end in product((True, False), ENDS):
        assert judged(tmp_path, sas7bdat(COUNTS, wide=wide, end=end), OPEN).verdict == "pass"
        (told,) = judged(tmp_path, sas7bdat(COUNTS, wide=wide, end=end, deleted=2), OPEN).findings
        assert (told.rule, told.kind, told.count) == ("hidden-content", "deleted-rows", 2)


@pytest.mark.parametrize("cut", [1100, 8000, -8192, -7900])
def test_one_that_is_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(Unreadable):
        tables_of(sas7bdat(COLUMNS)[:cut])
