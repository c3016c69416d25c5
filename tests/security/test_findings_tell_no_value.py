"""A researcher's file names its columns, sheets and members after people: no finding repeats what they say."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.world import World
from tre.disclosure import Context, inspect
from tre.disclosure.exact_match import ExactFilters, digests, write_filter

WORLD = World(1)
NUMBER, NAME = "943 476 5919", "Margaret Thornton"


def csv(heading: str) -> bytes:
    return f'"{heading}",n\njane.smith@nhs.net,1\nann.jones@nhs.net,2\n'.encode()


def workbook(name: str) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.title = name[:31]
    book.active.append(["mail"])
    book.active.append(["jane.smith@nhs.net"])
    book.save(out)
    return out.getvalue()


def archive(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(f"{name}.csv", csv(name))
    return out.getvalue()


@pytest.mark.parametrize("made", [csv, workbook, archive])
@pytest.mark.parametrize("named", [NAME, f"nhs number {NUMBER}", "mthornton@example.org"])
def test_where_a_finding_stands_repeats_no_name_and_no_number(made, named: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(made(named))
    found = inspect(path, Context(sandbox=False))
    told = repr(found.findings)  # without the file's digest, whose digits tell nothing
    assert found.verdict == "block"
    assert any(finding.rule == "identifier" and finding.kind == "email" for finding in found.findings)
    for part in ("Margaret", "Thornton", "476", "mthornton"):
        assert part not in told


def test_one_number_among_the_names_of_many_columns_is_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    names = [NUMBER, *(f"{n:03d} 123 4567" for n in range(401, 440))]
    path.write_text("\n".join([",".join(names), *(",".join([f"ann{n}@nhs.net"] * 40) for n in range(3))]))
    found = inspect(path, Context(sandbox=False)).findings
    assert any(finding.column for finding in found)
    assert NUMBER not in repr(found)


def test_a_heading_that_only_exact_match_knows_is_not_repeated_either(tmp_path: Path) -> None:
    key = b"k" * 32
    write_filter(tmp_path / "held", "hospital_number", digests(key, "hospital_number", ["RQX77123"]))
    path = tmp_path / "file.csv"
    path.write_bytes(csv("RQX77123"))
    context = Context(filters=tmp_path / "held", filter_key=key, sandbox=False)
    assert ExactFilters.load(tmp_path / "held", key).contains("hospital_number", ["RQX77123"]) == [True]
    found = inspect(path, context)
    assert "held-identifier" in {finding.rule for finding in found.findings}
    assert "RQX" not in repr(found)


def test_where_a_finding_stands_is_told_in_full_where_it_tells_of_nobody(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(csv("Contact of the practice"))
    places = [finding.location for finding in inspect(path, Context(sandbox=False)).findings]
    assert "row 1, column Contact of the practice" in places


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_no_heading_made_of_a_person_is_repeated(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    person = WORLD.numbered[seed % len(WORLD.numbered)]
    path = tmp_path_factory.mktemp("file") / "file.csv"
    path.write_bytes(csv(f"{person.forename} {person.surname} {person.nhs_number}"))
    found = inspect(path, Context(sandbox=False)).findings
    places = " ".join(f"{each.location} {each.column} {each.sample}" for each in found)
    assert person.surname not in places
    assert person.nhs_number not in places
