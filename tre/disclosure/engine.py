"""Read one file to its depths and run every detector over it: the part that works inside the sandbox."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from tre.disclosure.contents import Cells, Contents, Table, Tensor, Unreadable, text_cells
from tre.disclosure.detectors import memorised, pixels
from tre.disclosure.detectors.held_pseudonyms import find_held_pseudonyms
from tre.disclosure.detectors.models import find_classes, find_leaves
from tre.disclosure.detectors.names import find_held, find_names
from tre.disclosure.detectors.packed import find_digits, find_split, numbers_of, texts_in
from tre.disclosure.detectors.patterns import find_patterns
from tre.disclosure.detectors.records import find_keys, find_unique
from tre.disclosure.detectors.shape import find_series, find_shape
from tre.disclosure.detectors.tensors import find_tensor_rows
from tre.disclosure.exact_match import ExactFilters
from tre.disclosure.model import Context, Hit
from tre.disclosure.places import placed
from tre.disclosure.policy import Policy
from tre.disclosure.pseudonyms import PseudonymFilters
from tre.disclosure.readers import read
from tre.disclosure.readers.runs import find_tables
from tre.disclosure.rereading import Rereading

_SEPARATORS = re.compile(r"[^A-Za-z0-9'-]+|_|(?<=[A-Za-z])-|-(?=[A-Za-z])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_DIGITS_ALONE = re.compile(r"\d+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b")
_IN_CODE = {("person-name", "name"): "possible-name"} | {
    ("identifier", kind): "possible-identifier" for kind in ("postcode", "email", "phone", "passport", "nino")
}
_TEXT = 20_000  # numbers of a column or array that are read as text
PLACES = 20  # findings of one rule and kind in one file, beyond which they are told as one


def examine(data: bytes, policy: Policy, context: Context, *, name: str = "") -> tuple[str, list[Hit]]:
    """Return the type of some bytes and all that was met in them and in their file's name, grouped."""
    examiner = _Examiner(policy, context)
    named = list(examiner.name(name)) if name else []
    if not data:
        return "empty", grouped(named)
    kind, hits = examiner.file(data, "", 0)
    return kind, grouped([*hits, *named])


class _Examiner:
    """The examination of one file, and of all that is found within it."""

    def __init__(self, policy: Policy, context: Context) -> None:
        self._policy, self._context, self._profile = policy, context, policy.profile(context.profile)
        self._filters: ExactFilters | None = None
        self._pseudonyms: PseudonymFilters | None = None
        if context.filters is not None and context.filter_key:
            self._filters = ExactFilters.load(context.filters, context.filter_key)
            self._pseudonyms = PseudonymFilters.load(context.filters, context.filter_key)
        self._again = Rereading(policy, self._search, self._decoded)

    def name(self, name: str) -> Iterator[Hit]:
        """Yield what stands in a file's name, which is released too, however its words are parted.

        In a name written small, two words that happen to be names may be a title; ten digits with a check digit have
        no other use in a name.
        """
        parted = _SEPARATORS.sub(" ", _CAMEL.sub(" ", name))
        digits = "".join(_DIGITS_ALONE.findall(name))
        tokens = [name, name.rpartition(".")[0], _SEPARATORS.sub(" ", name), parted, digits]
        for hit in self._cells(text_cells("file name", "\n".join(tokens)), 0):
            rule = "identifier" if hit.kind == "nhs_number" and hit.rule == "possible-identifier" else hit.rule
            yield replace(hit, rule=rule, place="")
        for hit in find_names(text_cells("file name", parted.title())):
            yield replace(hit, rule="possible-name", place="", sample="")

    def file(self, data: bytes, where: str, depth: int) -> tuple[str, list[Hit]]:
        """Return the type of some bytes and what was met in them."""
        if depth > self._policy.limits["depth"]:
            return "unknown", [Hit("too-big", "depth", where, "files within files")]
        try:
            kind, contents = read(data, where, self._policy)
        except Unreadable as error:
            return "unreadable", [Hit(error.rule, error.rule, where, error.reason)]
        except (RecursionError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            # a hostile file breaks a reader in ways that no list foretells; the class alone is told, never a value
            reason = f"the reader stopped ({type(error).__name__})"
            return "unreadable", [Hit("unreadable", "unreadable", where, reason)]
        for part in contents.parts:
            self._again.know(part.data)
        hits = [*contents.hits, *self._contents(contents, depth), *self._pixels(data, kind, where, depth)]
        for part in contents.parts:
            if part.data:
                hits += self.file(part.data, part.where, depth + 1)[1]
        return kind, hits

    def _decoded(self, data: bytes, where: str, depth: int) -> list[Hit]:
        """Return what was met in bytes that a decoding made; where nothing can read them they are bytes of any sort."""
        kind, hits = self.file(data, where, depth)
        return [Hit("encoded-text", "bytes", where)] if kind == "unreadable" else hits

    def _pixels(self, data: bytes, kind: str, where: str, depth: int) -> Iterator[Hit]:
        if kind not in pixels.KINDS:
            return
        for found in pixels.find_in_picture(data, kind, where, self._policy):
            if isinstance(found, Hit):
                yield found
            else:
                yield Hit("hidden-in-pixels", "message", where, found.how, 1, "", 0.95)
                if self._again.once(found.data):
                    yield from self._decoded(found.data, f"{where} {found.how}".strip(), depth + 1)

    def _contents(self, contents: Contents, depth: int) -> Iterator[Hit]:
        shape, profile = self._policy.shape, self._profile
        for table in contents.tables:
            yield from find_shape(table, shape, profile)
            yield from self._persons(table)
            for cells in table.cells():
                yield from self._cells(cells, depth)
            for name, column in zip(table.names, table.columns, strict=True):
                yield from self._numbers(table.where, name, column.to_pylist(), depth)
        for series in contents.series:
            yield from find_series(series, shape)
            yield from self._numbers(series.where, series.name, series.values, depth)
        for tensor in contents.tensors:
            yield from self._tensor(tensor, depth)
        for where, text in contents.lines:
            for table in find_tables(where, text, shape):
                yield from find_shape(table, shape, profile)
        for where, text in contents.texts:
            if text.strip():
                plain, found = self._again.unrolled(where, text, depth)
                yield from found
                yield from self._cells(text_cells(where, plain), depth)
                yield from self._again.between(where, text, depth)
                yield from find_leaves(where, text, profile.threshold)
                yield from find_classes(where, text, self._policy.models["keep_rows"])
        for where, text in contents.code:
            if text.strip():
                for hit in self._cells(text_cells(where, _COLOUR.sub("", text)), depth):
                    yield replace(hit, rule=_IN_CODE.get((hit.rule, hit.kind), hit.rule))

    def _persons(self, table: Table) -> Iterator[Hit]:
        yield from find_split(table)
        yield from find_keys(table, self._policy.shape)
        yield from find_unique(table, self._context.quasi, self._context.population, self._profile.threshold)

    def _numbers(self, where: str, name: str, strings: Sequence[str], depth: int) -> Iterator[Hit]:
        """Yield what the numbers of a column or an array say when they are read as digits and as text."""
        yield from find_digits(where, name, strings)
        numbers = numbers_of(strings[:_TEXT])
        if numbers is not None:
            yield from self._spelled(numbers, f"{where} {name}".strip(), depth)

    def _spelled(self, numbers: np.ndarray, where: str, depth: int) -> Iterator[Hit]:
        for how, text in texts_in(numbers):
            yield Hit("hidden-message", how, where, "", 1, "", 0.9)
            if self._again.once(text.encode()):
                yield from self._decoded(text.encode(), f"{where} read as {how}".strip(), depth + 1)

    def _tensor(self, tensor: Tensor, depth: int) -> Iterator[Hit]:
        shape = self._policy.shape
        yield from find_tensor_rows(tensor, shape)
        yield from memorised.find_outsized(tensor, shape)
        yield from memorised.find_dates(tensor, shape)
        yield from memorised.find_kept(tensor, self._policy.models["row_names"])
        yield from self._spelled(tensor.values, tensor.where, depth)
        cells = memorised.digits_of(tensor)
        if cells is not None:
            yield from self._cells(cells, depth)

    def _cells(self, cells: Cells, depth: int) -> Iterator[Hit]:
        found = list(self._search(cells))
        yield from found
        yield from self._again.look(cells, found, depth)

    def _search(self, cells: Cells) -> Iterator[Hit]:
        yield from find_patterns(cells)
        yield from find_names(cells)
        if self._filters is not None:
            yield from find_held(cells, self._filters)
        if self._pseudonyms is not None:
            yield from find_held_pseudonyms(cells, self._pseudonyms, self._context.project)


def grouped(hits: Iterable[Hit]) -> list[Hit]:
    """Return the hits with those of one rule, kind and part joined, and a long tail of parts told as one."""
    parts: dict[tuple[str, str, str], list[Hit]] = defaultdict(list)
    for hit in map(placed, hits):
        parts[hit.rule, hit.kind, hit.where].append(hit)
    kinds: dict[tuple[str, str], list[Hit]] = defaultdict(list)
    for (rule, kind, _), same in parts.items():
        kinds[rule, kind].append(_joined(same))
    return [each for same in kinds.values() for each in _shortened(same)]


def _joined(same: list[Hit]) -> Hit:
    places = list(dict.fromkeys(hit.place for hit in same if hit.place))
    place = "; ".join(places[:3]) + (f"; and {len(places) - 3} more places" if len(places) > 3 else "")
    best = max(hit.confidence for hit in same)
    return replace(same[0], place=place, count=sum(hit.count for hit in same), confidence=best)


def _shortened(same: list[Hit]) -> list[Hit]:
    if len(same) <= PLACES:
        return same
    rest = same[PLACES:]
    tail = replace(_joined(rest), where=f"{len(rest)} more parts of the file", place="")
    return [*same[:PLACES], tail]
