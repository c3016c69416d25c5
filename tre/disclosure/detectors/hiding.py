"""What is kept where nobody looks: between letters, at the ends of lines, in runs that nothing reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product

import numpy as np

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.disguises import unseen
from tre.disclosure.detectors.meaning import reads_as_words, says
from tre.disclosure.detectors.patterns import matching
from tre.disclosure.model import Hit

_TAGS = range(0xE0020, 0xE007F)  # Unicode tag characters, which spell ASCII
_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))  # 256 variation selectors, which spell bytes
_LEAST_BITS = 64
_WIDTHS = {8: 16, 7: 48}  # bits of a character, and the characters in a row that chance seldom makes
_DIFFERENT = 8
_WORDS = re.compile(r"[A-Za-z0-9 ]")
_TRAILING = re.compile(r"[ \t]$", re.MULTILINE)
_WIDE = re.compile(r"(?<=\S)(?:  |\t)(?=\S)")
_GAP = re.compile(r"(?<=\S)(?: {1,2}|\t)(?=\S)")
_SORTS = 6  # different invisible marks, beyond which no pair of them spells bits
_ENCODED = r"[A-Za-z0-9+/=_-]{%d,}"
_ENTROPY = 4.5  # bits a character: English and code lie under it, base64 of anything packed over it


def find_messages(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is spelled between the letters of a text: how, and the message."""
    if not text.isascii():
        yield from _marks(unseen(text))
    yield from _spacing(text)


def _marks(marks: str) -> Iterator[tuple[str, str]]:
    """Yield what invisible marks spell: as tags, as variation selectors, or as bits of two of them."""
    tags = "".join(chr(ord(mark) - 0xE0000) for mark in marks if ord(mark) in _TAGS)
    selected = bytes(_SELECTORS.index(ord(mark)) for mark in marks if ord(mark) in _SELECTORS)
    for label, text in (("invisible tags", tags), ("variation selectors", selected.decode("utf-8", "replace"))):
        if says(text):
            yield label, text
    sorts = sorted(set(marks))
    for one, two in combinations(sorts, 2) if len(sorts) <= _SORTS else ():
        yield from _spaced("invisible marks", [mark == two for mark in marks if mark in (one, two)])


def _spacing(text: str) -> Iterator[tuple[str, str]]:
    """Yield what white space spells: by its sorts, its being there or its length at the ends of lines, or by gaps."""
    if _TRAILING.search(text):
        ends = line_ends(text)
        # SNOW (Kwan 1998) writes three bits as a number of blanks between tabs.
        groups = [len(each) for end in ends for each in end.removeprefix("\t").split("\t") if "\t" in end]
        eights = [bool(size >> bit & 1) for size in groups if size < 8 for bit in (2, 1, 0)]
        yield from _spaced("numbers of blanks at the ends of lines", eights)
        yield from _spaced("blanks and tabs at the ends of lines", [mark == "\t" for end in ends for mark in end])
        yield from _spaced("lines with and without a blank at the end", [bool(end) for end in ends])
        yield from _spaced("lengths of white space at the ends of lines", [len(end) > 1 for end in ends if end])
    if _WIDE.search(text):
        yield from _spaced("gaps between words", [gap != " " for gap in _GAP.findall(text)])


def line_ends(text: str) -> list[str]:
    """Return the white space that each line of a text ends with."""
    return [line[len(line.rstrip(" \t")) :] for line in text.splitlines()]


def is_odd_spacing(text: str, least: int) -> bool:
    """Tell whether lines end in blanks and tabs in turn, at least so many in all, as no editor leaves them."""
    if not _TRAILING.search(text):
        return False
    ends = [end for end in line_ends(text) if end]
    turns = sum(len(re.findall(r" (?=\t)|\t(?= )", end)) for end in ends)
    mixed = {" ", "\t"} <= set("".join(ends))
    return mixed and max(turns, len(set(ends))) >= least


def _spaced(label: str, bits: Sequence[bool]) -> Iterator[tuple[str, str]]:
    text = spelled(bits)
    if text:
        yield label, text


def spelled(bits: Sequence[bool]) -> str:
    """Return the text that bits spell, eight or seven to a character, either way round; empty when none.

    Bits at random spell as long a stretch of signs about once in a million.
    """
    if len(bits) < _LEAST_BITS or len(set(bits)) < 2:
        return ""
    given, found = np.asarray(bits, dtype=np.uint8), [""]
    for order, (width, least), bitorder in product((given, 1 - given), _WIDTHS.items(), ("big", "little")):
        for offset in range(width):
            rows = order[offset : offset + (len(order) - offset) // width * width].reshape(-1, width)
            padded = np.pad(rows, ((0, 0), (8 - width, 0) if bitorder == "big" else (0, 8 - width)))
            raw = np.packbits(padded, axis=1, bitorder="big" if bitorder == "big" else "little").tobytes()
            found.append(stretch(raw, least))
    return max(found, key=lambda text: (reads_as_words(text), len(_WORDS.findall(text))))


def stretch(raw: bytes, least: int) -> str:
    """Return the first stretch of signs in some bytes that is long enough and reads as words; empty when none."""
    for found in re.finditer(rb"[\t\n\r\x20-\x7e]{%d,}" % least, raw):
        text = found[0].decode()
        if says(text) and len(set(text)) >= _DIFFERENT and len(_WORDS.findall(text)) >= 0.6 * len(text):
            return text
    return ""


def find_encoded(cells: Cells, characters: int, read: Iterable[int]) -> Iterator[Hit]:
    """Yield a hit for long runs of letters and digits of high entropy that nothing here could read.

    Parameters
    ----------
    characters : int
        The least length of such a run.
    read : iterable of int
        Indices of the values that were decoded.
    """
    pattern, known = re.compile(_ENCODED % characters), set(read)
    found = []
    # RE2 allows at most 1,000 repeats and grows with them, so that the pre-filter asks for less
    for n in matching(cells, _ENCODED % min(characters, 100)):
        run = pattern.search(cells.values[n].as_py())
        if run and n not in known and entropy(run[0].encode()) > _ENTROPY:
            found.append(n)
    if found:
        yield Hit("encoded-text", "base64", cells.where, cells.place(found[0]), int(cells.counts[found].sum()))


def entropy(data: bytes) -> float:
    """Return Shannon's entropy of some bytes, in bits a byte."""
    _, counts = np.unique(np.frombuffer(data, dtype=np.uint8), return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
