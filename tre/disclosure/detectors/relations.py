"""Who is whose child, and who met whom: each row stands for one person, or for two of them.

A pedigree names parents among its own individuals (PLINK's .fam and .ped, Purcell and others 2007; linkage format). A
list of contacts or of infections has two columns of the same persons. Roads, files and programs have such columns too,
but their headings do not say that they are people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import label, share
from tre.disclosure.model import Hit

_FATHER = re.compile(r"(father|dad|pat|pid|paternal|fa)( ?(id|no|number|individual|parent))*", re.IGNORECASE)
_MOTHER = re.compile(r"(mother|mum|mom|mat|mid|maternal|mo)( ?(id|no|number|individual|parent))*", re.IGNORECASE)
_NO_PARENT = frozenset({"", "0", "-9", ".", "na", "nan", "none", "null", "-"})
_FAMILY = re.compile(r"(family|fam|fid|pedigree|ped|kindred|household)( ?(id|no|number|code))*", re.IGNORECASE)
_SEX = re.compile(r"(sex|gender)( ?code)?", re.IGNORECASE)
_WOMEN = frozenset({"2", "f", "female"})
_FEWEST = 5  # persons in each of two columns
_LINE = r"^[ \t]*[^ \t,;|]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+[0-2][ \t]+(-9|-?[0-9][0-9.eE+-]*|NA)([ \t]|$)"
_FAM = ("family", "individual", "father", "mother", "sex", "phenotype")
_UNNAMED = re.compile(r"column 1")  # what a table without a heading is given
_MOST_LINES = 5000
_SAYS = re.compile(r"\w")
_WHO = (
    r"(case|index case|contact|infector|infectee|infected|infected by|patient|person|subject|participant|individual|"
    r"donor|recipient|member|resident|client|pupil|student|partner|named|source case|secondary case|exposed|ego|alter)"
)
_MET = re.compile(rf"{_WHO}( ?(a|b|1|2|i|j|one|two|from|to|id|no|number|code|name))*", re.IGNORECASE)
_ENDS = re.compile(r"(from|to|source|target|with|met)( ?(person|who|name))?", re.IGNORECASE)
_INITIALLED = r"^[A-Z][a-z'-]+ [A-Z]\.?$"  # a forename and an initial, as people are told apart
_HEAD = (
    r"^[ \t]*\|[^\n|]*(?i:from|source|infector|case|patient|person|contact|father|mother|donor|index)[^\n]*\|[ \t]*$"
)
_MOSTLY = 0.8
_SHARED = 0.2  # share of the fewer persons of two columns who stand in both, where any two lists might by chance


def find_relations(table: Table, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for rows of a pedigree, or of pairs of persons.

    Parameters
    ----------
    shape : mapping
        ``id_rows``, from which rows that name a person are records.
    """
    if table.rows < shape["id_rows"] or len(table.names) < 2:
        return
    if _UNNAMED.fullmatch(table.names[0]) and re.match(_LINE, "\t".join(column[0].as_py() for column in table.columns)):
        table = replace(table, names=(*_FAM, *table.names[len(_FAM) :]))
    names = [label(name) for name in table.names]
    if _is_pedigree(table, names):
        yield Hit("record-level", "pedigree", table.where, "", table.rows, "", 0.9)
    elif met := _who_met(table, names):
        yield Hit("record-level", "contacts", table.where, f"columns {met}", table.rows, "", 0.85)


def find_in_lines(where: str, text: str, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield hits for lines of a text that are such rows: PLINK's pedigrees without a heading, tables of Markdown."""
    plain = pa.array([text.encode("utf-8", "replace")]).cast(pa.string())
    if not pc.match_substring_regex(plain, f"(?m)(?:{_LINE})|(?:{_HEAD})")[0].as_py():
        return
    lines = text.splitlines()[:_MOST_LINES]
    rows = [line.split(None, len(_FAM))[: len(_FAM)] for line in lines if re.match(_LINE, line)]
    if rows:
        yield from find_relations(Table.of_rows(where, _FAM, rows), shape)
    for framed, block in groupby(lines, lambda line: line.strip()[:1] == "|"):
        cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block] if framed else []
        body = [row for row in cells[1:] if len(row) == len(cells[0]) and any(map(_SAYS.search, row))]
        if body:
            yield from find_relations(Table.of_rows(where, cells[0], body), shape)


def _is_pedigree(table: Table, names: Sequence[str]) -> bool:
    """Tell whether a column of fathers and one of mothers name individuals of a third, each of their sex."""
    fathers, mothers, families, sexes = (
        [n for n, name in enumerate(names) if each.fullmatch(name)] for each in (_FATHER, _MOTHER, _FAMILY, _SEX)
    )
    if len(fathers) != 1 or len(mothers) != 1:
        return False
    family = _texts(table.columns[families[0]]) if families else [""] * table.rows
    father, mother = (_parents(family, table.columns[each[0]]) for each in (fathers, mothers))
    if not father or not mother or father & mother:
        return False
    sex = _texts(table.columns[sexes[0]]) if sexes else []
    for n in set(range(len(names))) - {*fathers, *mothers, *families, *sexes}:
        held = list(zip(family, _texts(table.columns[n]), strict=True))
        if (
            len(set(held)) == table.rows
            and father | mother <= set(held)
            and (not sex or _are_of_their_sex(dict(zip(held, sex, strict=True)), father, mother))
        ):
            return True
    return False


def _texts(column: pa.Array) -> list[str]:
    return [each.strip().lower() for each in column.to_pylist()]


def _parents(family: list[str], column: pa.Array) -> set[tuple[str, str]]:
    pairs = zip(family, _texts(column), strict=True)
    return {(each, parent) for each, parent in pairs if parent not in _NO_PARENT}


def _are_of_their_sex(
    sex: dict[tuple[str, str], str], father: set[tuple[str, str]], mother: set[tuple[str, str]]
) -> bool:
    return all(sex[each] not in _WOMEN for each in father) and all(sex[each] in _WOMEN for each in mother)


def _who_met(table: Table, names: Sequence[str]) -> str:
    """Return the headings of two columns of persons of whom some stand in both, or nothing."""
    chosen = [
        n
        for n, name in enumerate(names)
        if _MET.fullmatch(name) or (_ENDS.fullmatch(name) and share(table.columns[n], _INITIALLED) >= _MOSTLY)
    ]
    if len(chosen) != 2:
        return ""
    one, two = (set(_texts(table.columns[n])) - _NO_PARENT for n in chosen)
    fewer = min(len(one), len(two))
    if fewer < _FEWEST or len(one & two) < max(1, _SHARED * fewer):
        return ""
    return " and ".join(table.names[n] for n in chosen)
