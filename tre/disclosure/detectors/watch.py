"""All that is gathered of one column or text while its batches go by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.births import Births
from tre.disclosure.detectors.held import find_held
from tre.disclosure.detectors.held_pseudonyms import find_held_pseudonyms
from tre.disclosure.detectors.names import NamesInColumn, NamesInText, Persons
from tre.disclosure.detectors.patterns import Forms
from tre.disclosure.detectors.pseudonym_forms import find_pseudonyms
from tre.disclosure.exact_match import ExactFilters
from tre.disclosure.model import Context, Hit
from tre.disclosure.packs import Pack, load_pack
from tre.disclosure.policy import Policy
from tre.disclosure.pseudonyms import PseudonymFilters
from tre.disclosure.tally import Tally


@dataclass(frozen=True)
class Sight:
    """What an inspection looks with: the policy, the recognisers, the identifiers held and the language model."""

    policy: Policy
    profile: str
    pack: Pack
    filters: ExactFilters | None = None
    persons: Persons | None = None
    pseudonyms: PseudonymFilters | None = None
    context: Context = field(default_factory=Context)

    @classmethod
    def of(cls, policy: Policy, context: Context) -> Sight:
        """Return what an inspection in this context looks with; a model that is not installed is none."""
        from tre.disclosure.detectors.ner import Model, is_installed

        filters = pseudonyms = None
        if context.filters is not None and context.filter_key:
            filters = ExactFilters.load(context.filters, context.filter_key)
            pseudonyms = PseudonymFilters.load(context.filters, context.filter_key)
        persons = Model(context.names_model) if is_installed(context.names_model) else None
        return cls(policy, context.profile, load_pack(context.pack), filters, persons, pseudonyms, context)

    def search(self, cells: Cells) -> list[Hit]:
        """Return what the detectors meet in some cells that stand for themselves."""
        watch = Watch(self, cells.header, in_table=cells.in_table)
        watch.feed(cells)
        return list(watch.hits())


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
        self._tally.extend(find_pseudonyms(cells, self._sight.pack))
        if self._sight.filters is not None:
            self._tally.extend(find_held(cells, self._sight.filters))
        if self._sight.pseudonyms is not None:
            self._tally.extend(find_held_pseudonyms(cells, self._sight.pseudonyms, self._sight.context.project))

    def hits(self) -> Iterator[Hit]:
        """Yield what the batches came to."""
        yield from self._forms.hits()
        yield from self._births.hits()
        in_column = list(self._column.hits()) if self._column is not None else []
        yield from in_column or self._text.hits()
        yield from self._tally.hits()
