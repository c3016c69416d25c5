"""Composes the corpus: which technique is put into which place of which format. One seed decides everything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, islice
from random import Random
from typing import TypeVar

from tests.corpus import catalogue
from tests.corpus.families import HIDING, PERSON, PSEUDONYMS
from tests.corpus.hosts import counts
from tests.corpus.identity import PLAIN
from tests.corpus.model import AUTHORS, Author, Carrier, Fair, Item, Special, TableCarrier, TableWriting, Writing
from tests.corpus.world import World, hospital_number

_T = TypeVar("_T")
_Entry = TypeVar("_Entry", Writing, TableWriting, Special)
PLAIN_PER_PLACE = 3  # ways of telling plainly who somebody is, in each place
PLACES_PER_WRITING = 5  # open places that each way of writing is tried in
FORMATS_PER_TABLE = 6
LOOKALIKES_PER_PLACE = 2


def plan(world: World) -> list[Item]:
    """Return the corpus: each author's leaks, and as many clean files of the same author."""
    items = (item for author in AUTHORS for item in _authored(world, author))
    return [replace(item, name=item.name or f"output_{place:04d}.{item.format}") for place, item in enumerate(items)]


def _authored(world: World, author: Author) -> Iterator[Item]:
    leaks = [*_writings(world, author), *_tables(world, author), *_specials(world, author)]
    if author == "first":  # who thought of the places, too
        leaks = [*_places(world), *leaks, *_file_names(world)]
    yield from leaks
    yield from islice(_clean(world, author), len(leaks))


def _by(author: Author, entries: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
    return tuple(entry for entry in entries if entry.author == author)


def _places(world: World) -> Iterator[Item]:
    for carrier in catalogue.CARRIERS:
        fitting = [each for each in PLAIN if _fits(world, carrier, each, 0)]
        for writing in fitting[:PLAIN_PER_PLACE]:
            yield _placed(world, carrier, writing, 0)


def _writings(world: World, author: Author) -> Iterator[Item]:
    for writing in _by(author, catalogue.LEAK_WRITINGS):
        for carrier in islice(_open_places(world, writing, 0), PLACES_PER_WRITING):
            yield _placed(world, carrier, writing, 0)


def _tables(world: World, author: Author) -> Iterator[Item]:
    for writing in _by(author, catalogue.LEAK_TABLES):
        for carrier in islice(_table_formats(world, writing, 0), FORMATS_PER_TABLE):
            yield _tabled(world, carrier, writing, 0)


def _specials(world: World, author: Author) -> Iterator[Item]:
    for special in _by(author, catalogue.LEAK_SPECIALS):
        for variant in range(special.variants):
            yield _special(world, special, variant)


def _clean(world: World, author: Author) -> Iterator[Item]:
    """Yield clean files without end: each place, each table, each special file, then look-alikes in open places."""
    lookalikes = _by(author, catalogue.CLEAN_WRITINGS)
    if author == "first":
        yield from _harmless_places(world, lookalikes)
    for table in _by(author, catalogue.CLEAN_TABLE_WRITINGS):
        yield from (
            _tabled(world, each, table, 0) for each in islice(_table_formats(world, table, 0), FORMATS_PER_TABLE)
        )
    for special in _by(author, catalogue.CLEAN_SPECIALS):
        yield from (_special(world, special, variant) for variant in range(special.variants))
    for turn in count(1):
        for writing in lookalikes:
            yield from (_placed(world, each, writing, turn) for each in islice(_open_places(world, writing, turn), 1))


def _harmless_places(world: World, lookalikes: tuple[Writing, ...]) -> Iterator[Item]:
    for carrier in catalogue.CARRIERS:
        if carrier.fair is not None:
            order = _shuffled(world, f"clean/{carrier.format}/{carrier.place}", lookalikes)
            fitting = (each for each in order if _fits(world, carrier, each, 0))
            yield from (_placed(world, carrier, writing, 0) for writing in islice(fitting, LOOKALIKES_PER_PLACE))


def _shuffled(world: World, name: str, things: tuple[_T, ...]) -> list[_T]:
    return Random(f"{world.seed}/{name}").sample(things, len(things))


def _open_places(world: World, writing: Writing, turn: int) -> Iterator[Carrier]:
    """Yield open places that hold the writing, no format twice before each had its turn."""
    seen: set[str] = set()
    later: list[Carrier] = []
    for carrier in _shuffled(world, f"open/{writing.technique}/{turn}", catalogue.CARRIERS):
        if not carrier.open or not _fits(world, carrier, writing, turn):
            continue
        if carrier.format in seen:
            later.append(carrier)
        else:
            seen.add(carrier.format)
            yield carrier
    yield from later


def _table_formats(world: World, writing: TableWriting, turn: int) -> Iterator[TableCarrier]:
    columns = len(writing.write(world, _random(world, writing.technique, turn)).columns)
    for carrier in _shuffled(world, f"tables/{writing.technique}/{turn}", catalogue.TABLE_CARRIERS):
        if columns <= carrier.limit:
            yield carrier


def _random(world: World, *names: object) -> Random:
    return Random("/".join(str(name) for name in (world.seed, *names)))


def _fits(world: World, carrier: Carrier, writing: Writing, turn: int) -> bool:
    text = _text(world, carrier, writing, turn)
    return len(text) <= carrier.limit and (text.isascii() or not carrier.ascii) and (carrier.lines or not writing.lines)


def _text(world: World, carrier: Carrier, writing: Writing, turn: int) -> str:
    text = writing.write(world, _random(world, carrier.format, carrier.place, writing.technique, turn))
    return text if carrier.lines else text.replace("\n", " ")


def _placed(world: World, carrier: Carrier, writing: Writing, turn: int) -> Item:
    names = (carrier.format, carrier.place, writing.technique, turn)
    leak = bool(writing.families)

    def write(world: World) -> bytes:
        return carrier.write(_text(world, carrier, writing, turn), _random(world, "host", *names))

    families = writing.families | (frozenset() if carrier.open else HIDING) | carrier.more if leak else frozenset()
    fair = _worse(carrier.fair, writing.fair)
    return Item("", carrier.format, carrier.place, writing.technique, leak, write, families, fair, writing.author)


def _tabled(world: World, carrier: TableCarrier, writing: TableWriting, turn: int) -> Item:
    def write(world: World) -> bytes:
        table = writing.write(world, _random(world, writing.technique, turn)).reset_index(drop=True)
        return carrier.write(table, _random(world, "host", carrier.format, writing.technique, turn))

    leak = bool(writing.families)
    return Item(
        "",
        carrier.format,
        carrier.place,
        writing.technique,
        leak,
        write,
        writing.families,
        _worse(carrier.fair, writing.fair),
        writing.author,
    )


def _special(world: World, special: Special, variant: int) -> Item:
    def write(world: World) -> bytes:
        return special.write(world, _random(world, special.format, special.technique, variant))

    return Item(
        "",
        special.format,
        "the whole file",
        special.technique,
        bool(special.families),
        write,
        special.families,
        special.fair,
        special.author,
    )


def _worse(first: Fair | None, second: Fair) -> Fair:
    return "review" if "review" in (first, second) else "pass"


_NAMED: tuple[tuple[str, Callable[[World, Random], str], frozenset[str]], ...] = (
    ("an NHS number in the file's name", lambda world, random: f"plot_{world.person(random).nhs_number}", PERSON),
    ("a name in the file's name", lambda world, random: _full_name(world, random), PERSON),
    (
        "a hospital number in the file's name",
        lambda world, random: f"scan-{hospital_number(world.person(random))}",
        PERSON,
    ),
    (
        "a pseudonym in the file's name",
        lambda world, random: world.pseudonym(world.person(random), "project/a"),
        PSEUDONYMS,
    ),
)


def _full_name(world: World, random: Random) -> str:
    who = world.person(random)
    return f"{who.forename} {who.surname} {who.birth:%d-%m-%Y}"


def _file_names(world: World) -> Iterator[Item]:
    for technique, spell, families in _NAMED:
        for suffix, separator in (("csv", ","), ("tsv", "\t"), ("txt", " ")):
            random = _random(world, "file name", technique, suffix)
            name = re.sub(r"\s+", "_", spell(world, random))

            def write(world: World, separator: str = separator, technique: str = technique) -> bytes:
                return counts(_random(world, technique, separator)).to_csv(index=False, sep=separator).encode()

            yield Item(f"{name}.{suffix}", suffix, "the file's name", technique, True, write, families)
