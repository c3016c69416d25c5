"""All that a text says of single people or of a few, whoever wrote or printed it, and the cells that are texts."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors import decision_rules, few_in_words
from tre.disclosure.detectors.genomes import find_genomes
from tre.disclosure.detectors.listed_people import find_listed_people
from tre.disclosure.detectors.models import find_in_words
from tre.disclosure.detectors.printouts import find_in_printouts
from tre.disclosure.detectors.relations import find_in_lines
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.statistics import nested, precision

_MOST_CELLS = 400  # of a column that are looked at as texts
_TEXTS = "|".join(("\n", decision_rules.TOLD, nested.SAID, precision.BOTH))
_LINES = r"\n[^\n]+\n"  # of a cell, as a heading and two rows have
_MOST_ASKED = 20_000  # cells of a column that are asked whether they have several lines
_MOST_SENTENCES = 200  # of a column that may tell of a few people


def find_in_text(where: str, text: str, policy: Policy, profile: str) -> Iterator[Hit]:
    """Yield hits for what a text says of a model's nodes and rules, of cells of a few, and of how they are known."""
    figures = policy.profile(profile)
    yield from find_in_words(where, text, policy, profile)
    yield from find_in_printouts(where, text, policy, profile)
    yield from find_in_lines(where, text, policy.shape)
    yield from find_listed_people(where, text, policy.shape)
    yield from find_genomes(where, text, policy.shape)
    yield from decision_rules.find_rules(where, text, figures.threshold)
    yield from nested.find_nested_in_words(where, text, figures)
    yield from precision.find_precision_in_words(where, text, figures)
    yield from few_in_words.find_few_in_words(where, text, figures)


def find_in_cells(table: Table, policy: Policy, profile: str) -> Iterator[Hit]:
    """Yield hits for what was written into cells: texts of several lines, and sentences that say such a thing."""
    for name, column in zip(table.names, table.columns, strict=True):
        texts = pc.filter(column, pc.match_substring_regex(column, _TEXTS))[:_MOST_CELLS]
        place = f"{table.where} column {name}".strip()
        yield from few_in_words.find_few_in_lines(place, column, policy.profile(profile), _MOST_SENTENCES)
        for cell in texts.to_pylist():
            yield from find_in_text(place, cell, policy, profile)


def texts_in(table: Table) -> Iterator[tuple[str, str]]:
    """Yield the cells of a table that are texts of several lines: where, and the text."""
    for name, column in zip(table.names, table.columns, strict=True):
        some = column[:_MOST_ASKED]
        broken = some.filter(pc.match_substring(some, "\n"))[:_MOST_CELLS]
        for cell in broken.filter(pc.match_substring_regex(broken, _LINES)).to_pylist():
            yield f"{table.where} column {name}".strip(), cell
