"""All that is gathered of one column or text while its batches go by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.births import Births
from tre.disclosure.detectors.held import find_held
from tre.disclosure.detectors.names import NamesInColumn, NamesInText, Persons
from tre.disclosure.detectors.patterns import Forms, find_encoded, find_pseudonyms
from tre.disclosure.exact_match import ExactFilters
from tre.disclosure.model import Hit
from tre.disclosure.packs import Pack
from tre.disclosure.policy import Policy
from tre.disclosure.tally import Tally


@dataclass(frozen=True)
class Sight:
    """What an inspection looks with: the policy, the recognisers, the identifiers held and the language model."""

    policy: Policy
    profile: str
    pack: Pack
    filters: ExactFilters | None = None
    persons: Persons | None = None


class Watch:
    """The detectors of one column or text; those that keep no state give their hits batch by batch."""

    def __init__(self, sight: Sight, header: str, *, in_table: bool) -> None:
        evidence, pack = sight.policy.evidence, sight.pack
        self._sight = sight
        self._forms = Forms(pack, header, evidence, in_table=in_table)
        self._births = Births(pack, header, in_table=in_table)
        self._column = NamesInColumn(pack, header, evidence) if in_table else None
        self._text = NamesInText(pack, sight.persons)
        self._tally = Tally()

    def feed(self, cells: Cells) -> None:
        """Look at one batch."""
        self._forms.feed(cells)
        self._births.feed(cells)
        if self._column is not None:
            self._column.feed(cells)
        self._text.feed(cells)
        self._tally.extend(find_pseudonyms(cells))
        self._tally.extend(find_encoded(cells, int(self._sight.policy.shape["encoded_characters"])))
        if self._sight.filters is not None:
            self._tally.extend(find_held(cells, self._sight.filters))

    def hits(self) -> Iterator[Hit]:
        """Yield what the batches came to."""
        yield from self._forms.hits()
        yield from self._births.hits()
        in_column = list(self._column.hits()) if self._column is not None else []
        yield from in_column or self._text.hits()
        yield from self._tally.hits()
