"""The corpus that judges inspection: that it is what it says, and that inspection does not fall behind."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import combinations, islice
from pathlib import Path
from xml.etree import ElementTree

import onnx
import openpyxl
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pydicom
import pyreadstat
import pytest
import rdata
import safetensors.numpy
import skops.io
from PIL import Image
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from tests.corpus import floors
from tests.corpus.document import FIRST_JUDGEMENTS, authors, document
from tests.corpus.families import RULES
from tests.corpus.figures import fairness, tally
from tests.corpus.judge import Judged, judge, tried
from tests.corpus.model import AUTHORS, Author, Item
from tests.corpus.plan import plan
from tests.corpus.techniques.births_and_homes import geohash
from tests.corpus.techniques.devices import plus_code
from tests.corpus.techniques.messages import check_digit
from tests.corpus.techniques.respelt import linkage_key
from tests.corpus.world import OWNERS, World
from tre.disclosure.policy import load_policy
from tre.disclosure.pseudonyms import PseudonymFilters

# Leaks, and clean files, under which a sample says little.
LEAST: dict[Author, int] = {"first": 90, "second": 60, "third": 60}


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


@pytest.fixture(scope="module")
def items(world: World) -> list[Item]:
    return plan(world)


@pytest.fixture(scope="module")
def judged(world: World, items: list[Item]) -> list[Judged]:
    return judge(tried(items), world)


def _of(judged: list[Judged], author: Author, exact: str) -> list[Judged]:
    return [each for each in judged if each.exact == exact and each.item.author == author]


@pytest.mark.parametrize("author", AUTHORS)
@pytest.mark.parametrize("exact", ["on", "off"])
def test_no_fewer_leaks_are_caught(judged: list[Judged], author: Author, exact: str) -> None:
    leaks = tally(_of(judged, author, exact))
    assert leaks.leaks > LEAST[author]
    assert leaks.recall >= floors.RECALL[author][exact]
    assert leaks.caught_share >= floors.CAUGHT[author][exact]


@pytest.mark.parametrize("author", AUTHORS)
@pytest.mark.parametrize("exact", ["on", "off"])
def test_no_more_clean_files_are_judged_too_hard(judged: list[Judged], author: Author, exact: str) -> None:
    clean = fairness(_of(judged, author, exact))
    assert clean.clean > LEAST[author]
    assert clean.rate <= floors.FALSE_POSITIVES[author]


def test_each_author_has_techniques_and_look_alikes_of_their_own(items: list[Item]) -> None:
    techniques = {author: {item.technique for item in items if item.author == author} for author in AUTHORS}
    assert not any(techniques[one] & techniques[other] for one, other in combinations(AUTHORS, 2))
    for author in AUTHORS:
        leaks, clean = (
            [item for item in items if item.author == author and item.leak is kind] for kind in (True, False)
        )
        assert len(leaks) == len(clean)
        assert min(len({item.technique for item in kind}) for kind in (leaks, clean)) >= 90


@pytest.mark.parametrize("author", ["second", "third"])
def test_a_technique_is_either_a_leak_or_clean(items: list[Item], author: Author) -> None:
    theirs = [item for item in items if item.author == author]
    assert not {each.technique for each in theirs if each.leak} & {each.technique for each in theirs if not each.leak}


def test_the_page_keeps_what_was_told_at_first(judged: list[Judged]) -> None:
    told = document(judged, 1)
    assert all(first.read_text(encoding="utf-8") in told for first in FIRST_JUDGEMENTS)
    assert authors(judged) in told


def test_borrowed_ways_of_writing_are_as_their_sources_say(world: World) -> None:
    assert geohash(57.64911, 10.40744) == "u4pruydqq"  # the example of geohash's author
    assert plus_code(47.365590, 8.524997) == "8FVC9G8F+6XQ"  # the specification's example
    assert check_digit("L898902C3") == "6"  # the specimen passport of ICAO 9303, part 4
    jane = replace(world.numbered[0], forename="Jane", surname="Smith", birth=date(1951, 5, 3), sex="2")
    assert linkage_key(jane) == "MIHAN030519512"


def test_the_filters_know_whose_a_pseudonym_is(world: World, tmp_path: Path) -> None:
    world.write_filters(tmp_path)
    filters = PseudonymFilters.load(tmp_path, world.key)
    who = world.numbered[7]
    tokens = [world.pseudonym(who, purpose) for purpose in OWNERS.values()]
    assert filters.owner_of([*tokens, world.pseudonym(who, "project/c")]) == [*OWNERS, ""]


def test_figures_are_told_by_author(items: list[Item]) -> None:
    caught = {"first": "block", "second": "pass", "third": "review"}
    judged = [
        Judged(next(item for item in items if item.leak and item.author == author), "on", caught[author], ())
        for author in AUTHORS
    ]
    told = {row.split(" | ")[0].strip("| "): row.split(" | ")[1:3] for row in authors(judged).splitlines()[2:]}
    assert told == {"first": ["1", "100.0 %"], "second": ["1", "0.0 %"], "third": ["1", "100.0 %"]}


def test_no_file_breaks_inspection(judged: list[Judged]) -> None:
    assert [(each.item.format, each.item.place, each.failed) for each in judged if each.failed] == []


def test_the_rules_of_every_family_are_the_policy_s() -> None:
    told = set().union(*RULES.values())
    assert told == set(load_policy().rules)


def test_the_corpus_is_as_wide_as_it_says(items: list[Item]) -> None:
    leaks, clean = ([item for item in items if item.leak is kind] for kind in (True, False))
    assert len(leaks) == len(clean)
    assert len({item.technique for item in leaks}) >= 60
    assert {item.format for item in leaks} - {item.format for item in clean} == {"joblib", "pkl", "pt", "bin"}
    assert all(item.families <= set(RULES) and item.families for item in leaks)
    assert not any(item.families for item in clean)
    assert max(Counter(item.name for item in items).values()) == 1


def test_the_same_seed_plants_the_same_things(world: World, items: list[Item]) -> None:
    again = plan(World(1))
    assert [each.planted for each in again] == [each.planted for each in items]
    texts = [place for place, item in enumerate(items) if item.format in ("csv", "txt", "json", "html")]
    assert all(items[place].write(world) == again[place].write(World(1)) for place in texts[::40])


def test_what_is_told_of_a_leak_holds_nothing_of_it(world: World, items: list[Item]) -> None:
    told = json.dumps([item.planted for item in items if item.leak])
    assert not any(who.nhs_number in told or f"{who.forename} {who.surname}" in told for who in world.numbered)


def test_what_is_planted_plainly_stands_in_the_file(world: World, items: list[Item]) -> None:
    plain = [
        item
        for item in items
        if item.technique == "NHS number alone" and item.format in ("csv", "txt", "json", "html", "svg", "sql", "dcm")
    ]
    numbers = {who.nhs_number.encode() for who in world.numbered}
    assert plain
    for item in plain:
        data = item.write(world).replace(b"\0", b"")
        assert any(number in data for number in numbers), item.place


def _tar(data: bytes, folder: Path) -> object:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getnames()


def _statistics(read: Callable[[str], object], suffix: str) -> Callable[[bytes, Path], object]:
    def opened(data: bytes, folder: Path) -> object:
        path = folder / f"t.{suffix}"
        path.write_bytes(data)
        return read(str(path))

    return opened


def _sqlite(data: bytes, folder: Path) -> object:
    (folder / "t.sqlite").write_bytes(data)
    return sqlite3.connect(folder / "t.sqlite").execute("SELECT COUNT(*) FROM results").fetchone()[0]


def _workbook(data: bytes, folder: Path) -> object:
    openpyxl.load_workbook(io.BytesIO(data))
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).sheet_names


def _parts(data: bytes, folder: Path) -> object:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [
            ElementTree.fromstring(archive.read(name))
            for name in archive.namelist()
            if name.endswith((".xml", ".rels"))
        ]


def _picture(data: bytes, folder: Path) -> object:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


_OPENED: dict[str, Callable[[bytes, Path], object]] = {
    "arrow": lambda data, folder: feather.read_table(io.BytesIO(data)),
    "dcm": lambda data, folder: pydicom.dcmread(io.BytesIO(data)).pixel_array,
    "docx": _parts,
    "dta": _statistics(pyreadstat.read_dta, "dta"),
    "gif": _picture,
    "ipynb": lambda data, folder: json.loads(data)["cells"],
    "jpg": _picture,
    "json": lambda data, folder: json.loads(data),
    "ods": lambda data, folder: CalamineWorkbook.from_filelike(io.BytesIO(data)).sheet_names,
    "onnx": lambda data, folder: onnx.checker.check_model(onnx.load_model_from_string(data)) or True,
    "parquet": lambda data, folder: pq.read_table(io.BytesIO(data)),
    "pdf": lambda data, folder: PdfReader(io.BytesIO(data), strict=False).pages[0].extract_text(),
    "png": _picture,
    "pptx": _parts,
    "rds": _statistics(rdata.read_rds, "rds"),
    "safetensors": lambda data, folder: safetensors.numpy.load(data),
    "sav": _statistics(pyreadstat.read_sav, "sav"),
    "skops": lambda data, folder: skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data)),
    "sqlite": _sqlite,
    "svg": lambda data, folder: [ElementTree.fromstring(data)],
    "tar": _tar,
    "xlsx": _workbook,
    "xpt": _statistics(pyreadstat.read_xport, "xpt"),
    "zip": lambda data, folder: zipfile.ZipFile(io.BytesIO(data)).namelist(),
}
# What is broken on purpose, so that its own library refuses it.
_BROKEN = {("png", "a cut file"), ("safetensors", "bytes after the end")}


@pytest.mark.parametrize("format", sorted(_OPENED))
def test_files_open_in_their_own_libraries(world: World, items: list[Item], format: str, tmp_path: Path) -> None:
    seen: dict[str, Item] = {}
    for item in items:
        if item.leak and item.format == format and not {(format, item.place), (format, item.technique)} & _BROKEN:
            seen.setdefault(item.place, item)
    assert seen
    for item in islice(seen.values(), 30):
        assert _OPENED[format](item.write(world), tmp_path) is not None, item.place
