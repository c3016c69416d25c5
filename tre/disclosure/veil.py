"""No finding tells a person's value by saying where it stands: names in a file can be the very leak."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tre.disclosure.contents import text_cells
from tre.disclosure.detectors.watch import Sight
from tre.disclosure.model import Hit, mask
from tre.disclosure.naming import spellings
from tre.disclosure.statistics.published import Counts

_OF_A_PERSON = frozenset(
    {
        "identifier", "possible-identifier", "held-identifier", "date-of-birth", "person-name", "possible-name",
        "pseudonym", "foreign-pseudonym", "person-digest",
    }
)  # fmt: skip
# The words in which readers and detectors say where something stands; whatever else is there is the file's own.
_OURS = (
    "a after and appended around as at attachment attributes block bytes by cell cells code column columns comment "
    "comments customxml data decoded defined description docprops documentation drawing embedded ends file footnotes "
    "formulas frame from gzip header headers hidden in label letters line lines long member members metadata more name "
    "names notes number numbers object objects of other output over page parquet parts picture pictures pixels places "
    "plain properties read row rows run schema script sheet sheets source storage strings table tensor text that the "
    "them they title turned unpacked unused values which words xml"
)
_KEPT = frozenset(_OURS.split())
_WORD = re.compile(r"[^\W\d_](?:[\w'’.@-]*\w)?|\d[\d\s./-]{4,}\d|\d{5,}")


def veiled(hits: Sequence[Hit], sight: Sight) -> list[Hit]:
    """Return the hits with what tells of a person masked in their places: a column's name, a sheet's, a member's."""
    told = _told((each for hit in hits for each in (hit.where, hit.place, hit.sheet, hit.column)), sight)
    return [
        replace(hit, where=told[hit.where], place=told[hit.place], sheet=told[hit.sheet], column=told[hit.column])
        for hit in hits
    ]


def veiled_counts(tables: Sequence[Counts], sight: Sight) -> list[Counts]:
    """Return what tables tell with the names masked in their places that tell of a person."""
    told = _told((name for each in tables for name in (each.where, *each.columns)), sight)
    return [
        replace(each, where=told[each.where], columns=tuple(told[name] for name in each.columns)) for each in tables
    ]


def _told(places: Iterable[str], sight: Sight) -> dict[str, str]:
    """Return how each place is told. Each is judged alone: beside many numbers, one that holds its check is chance."""
    return {each: _masked(each) if each and _tells(each, sight) else each for each in dict.fromkeys(places)}


def _tells(text: str, sight: Sight) -> bool:
    lines = dict.fromkeys(each for line in text.splitlines() for each in spellings(line) if each)
    return _met(sight.search(text_cells("", "\n".join(lines))))


def _met(hits: Iterable[Hit]) -> bool:
    return any(hit.rule in _OF_A_PERSON for hit in hits)


def _masked(text: str) -> str:
    return _WORD.sub(lambda found: found[0] if found[0].lower() in _KEPT else mask(found[0]), text)
