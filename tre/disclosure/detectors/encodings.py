"""What is written in an encoding, decoded, so that it is searched as if it had been written plainly.

Two sorts: escapes, which stand within a text and are put in place of themselves
(:mod:`tre.disclosure.detectors.escapes`), and runs, stretches that are bytes spelled in letters (base64, base32,
base85, hexadecimal, numbers of characters, binary digits, Morse, the spelling alphabet, and what
:mod:`tre.disclosure.detectors.bases` knows). Each is tried on the text as it stands and, where there is not too much of
it, all but the last of these turned round and in ROT13. A decoding counts only when it says something
(:mod:`tre.disclosure.detectors.meaning`).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import LINE, Cells
from tre.disclosure.detectors import bases
from tre.disclosure.detectors.ciphers import MORSE, SPELLING, of_morse, of_spelling
from tre.disclosure.detectors.disguises import chosen
from tre.disclosure.detectors.escapes import ESCAPED, ESCAPES, QUOTED
from tre.disclosure.detectors.keyed import without_byte
from tre.disclosure.detectors.meaning import is_file, is_spelling, reads_as_words, text_in
from tre.disclosure.detectors.patterns import matching

_ROT13 = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm"
)
_ROT47 = {code: 33 + (code + 14) % 94 for code in range(33, 127)}
_WHOLE = re.compile(r"[A-Za-z0-9+/_-]{40,}")  # a line of a run that goes on, and the one after it
_REST = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_SOFT = re.compile(r".{0,74}[^=\s]=")  # RFC 2045, section 6.7: a soft line break, after at most 76 signs


@dataclass
class Decoded:
    """What came out of some cells: texts by how they were written, and files.

    Parameters
    ----------
    cells : list of (str, Cells)
        How it was written, and the decoded values in place and count as they stood.
    files : list of (str, str, bytes)
        How it was written, the place it stands at, and the file's bytes.
    read : set of int
        Indices of the values of which a run was decoded.
    """

    cells: list[tuple[str, Cells]] = field(default_factory=list)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    read: set[int] = field(default_factory=set)


def rot13(text: str) -> str:
    """Return the text with each letter moved by thirteen."""
    return text.translate(_ROT13)


def rot47(text: str) -> str:
    """Return the text with each printed sign of ASCII moved by half of their number, which undoes itself."""
    return text.translate(_ROT47)


# How a text may stand before it is decoded; each of these undoes itself.
VARIANTS: dict[str, Callable[[str], str]] = {
    "": lambda text: text,
    "ROT13": rot13,
    "reversed text": lambda text: text[::-1],
    "reversed ROT13": lambda text: rot13(text)[::-1],
}


def _base64(run: str) -> bytes:
    plain = run.translate({45: "+", 95: "/"}).rstrip("=")
    return base64.b64decode(plain[: len(plain) - (len(plain) % 4 == 1)] + "=" * (-len(plain) % 4))


def _base32(run: str) -> bytes:
    plain = run.upper().rstrip("=")
    return base64.b32decode(plain + "=" * (-len(plain) % 8))


def _hex(run: str) -> bytes:
    return bytes.fromhex(re.sub(r"[^0-9a-fA-F]|0x", "", run))


def _codes(run: str) -> bytes:
    return bytes(int(each) for each in re.findall(r"\d+", run))


def _binary(run: str) -> bytes:
    bits = re.sub(r"[^01]", "", run)
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


RUNS: dict[str, tuple[re.Pattern[str], Callable[[str], bytes]]] = {
    "base64": (re.compile(r"[A-Za-z0-9+/_-]{11,}={0,2}"), _base64),
    "base32": (re.compile(r"(?:[A-Z2-7]{13,}|[a-z2-7]{13,})={0,6}"), _base32),
    "hexadecimal": (re.compile(r"(?:(?:0x|\\x)?[0-9a-fA-F]{2}[ :,-]{0,2}){8,}"), _hex),
    "ascii85": (re.compile(r"[!-uz]{10,}"), lambda run: base64.a85decode(run.removeprefix("<~").removesuffix("~>"))),
    "base85": (re.compile(r"[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{10,}"), base64.b85decode),
    "numbers of characters": (re.compile(r"(?:\d{2,3}L?[ ,;]{1,2}){7,}\d{2,3}"), _codes),  # an R integer's L
    "binary digits": (re.compile(r"(?:[01]{8}[ ,]?){8,}"), _binary),
    **bases.BASES,
    "Morse": (MORSE, of_morse),
    "the spelling alphabet": (SPELLING, of_spelling),
}
MEANT = ("Morse", "the spelling alphabet")  # what nobody writes who has nothing to hide
LONG = re.compile(rf"[A-Za-z0-9+/_-]{{{LINE // 2},}}={{0,2}}")  # runs that the cutting of long lines would break
_PLAIN = {"base64", "base32", "hexadecimal"}  # by which random letters and digits hardly ever make signs alone
_LONG_ENOUGH = 20  # signs in a row, which chance makes once in a hundred million decodings
_OF_DIGITS = {"hexadecimal", "numbers of characters", "binary digits"}  # which a number alone may be
_NUMBER = re.compile(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?")
_SHORTEST = 10  # characters of the shortest run
# What a run must hold, in more cells than can be tried one by one, to be worth a try: three quads of base64 that spell
# ASCII (RFC 4648, section 4: a byte from 0x20 to 0x7e leaves these signs), or the head of a file; eight ASCII bytes.
_QUAD = "[I-Za-f][C-HS-Xi-ny-z0-3][A-Za-z0-9+/_-]{2}"
_LIKELY = {
    "base64": f"(?:{_QUAD}){{3}}|UEsDB|iVBORw|/9j/|H4sI|QlpoO|Td6WF|UEFSM|JVBER|R0lGOD|U1FMa|k05VT|gASV|gAWV|eJ|eN|eA",
    "hexadecimal": "(?i)(?:[2-7][0-9a-f][ :,-]{0,2}){8,}|504b0304|89504e47|1f8b08|78(?:01|5e|9c|da)",
}


def decode(cells: Cells, most: int) -> Decoded:
    """Return what is encoded in some cells.

    Parameters
    ----------
    most : int
        Bytes of cells up to which every decoding is tried on every value, as it stands, turned round and in ROT13.
        Beyond, escapes, base64 and hexadecimal are looked for as they stand.
    """
    made = Decoded()
    held = held_bytes(cells)
    escapes = [name for name, (mark, _, _) in ESCAPES.items() if mark in held]
    if not escapes and int(pc.max(pc.binary_length(cells.values)).as_py() or 0) < _SHORTEST:
        return made
    if len(held) > most:
        for name in escapes:
            _keep(made, cells, name, _unescaped(_values(cells, ESCAPES[name][1].pattern), name))
        for name, likely in _LIKELY.items():
            _runs(made, cells, name, _values(cells, likely), name)
        return made
    written: list[str] = cells.values.to_pylist()
    wrapped: list[str] = unwrapped(cells).values.to_pylist()
    alone = {n: value for n, value in enumerate(written) if value != wrapped[n] and len(value) >= _SHORTEST}
    for variant, turn in VARIANTS.items():
        long = {n: value for n, value in enumerate(wrapped) if len(value) >= _SHORTEST or "\\" in value}
        worded = {n: turn(value) for n, value in long.items() if not _NUMBER.fullmatch(value)}
        turned = worded if variant else long
        label = f" in {variant}" if variant else ""
        for name in escapes:
            _keep(made, cells, f"{name}{label}", _unescaped(turned, name))
        for name in RUNS if not variant else (name for name in RUNS if name not in bases.BASES):
            _runs(made, cells, f"{name}{label}", turned if name in _OF_DIGITS else worded, name)
    for name in RUNS if alone else ():  # a word may stand below a run that ended
        _runs(made, cells, name, alone, name)
    return made


def file_in(run: str) -> bytes | None:
    """Return the file or the text that a long run of base64 or hexadecimal is; None when it is neither."""
    for name in ("hexadecimal", "base64"):
        with suppress(ValueError):
            data = RUNS[name][1](run)
            if is_file(data) or text_in(data) is not None:
                return data
    return None


def _values(cells: Cells, pattern: str) -> dict[int, str]:
    return {n: cells.values[n].as_py() for n in matching(cells, pattern)}


def held_bytes(cells: Cells) -> bytes:
    """Return the bytes of the distinct values, one after the other."""
    held = cells.values.buffers()[2]
    if held is None:
        return b""
    offsets = np.frombuffer(cells.values.buffers()[1], np.int32)[cells.values.offset :][: len(cells.values) + 1]
    return memoryview(held)[int(offsets[0]) : int(offsets[-1])].tobytes()


def unwrapped(cells: Cells) -> Cells:
    """Return lines with a run, or a line of quoted-printable, that goes over several put together in the first."""
    if cells.in_table:
        return cells
    values: list[str] = cells.values.to_pylist()
    return replace(cells, values=pa.array(_unwrapped(values, cells.first), pa.string()))


def _unwrapped(values: list[str], first: np.ndarray) -> list[str]:
    made, head = list(values), 0
    for n in range(1, len(values)):
        follows = first[n] == first[n - 1] + 1
        if follows and _SOFT.fullmatch(values[n - 1]) and QUOTED.search(values[n - 1]):
            made[head] = made[head].rstrip().removesuffix("=") + values[n]
        elif follows and _goes_on(values[n - 1].strip(), values[n].strip()):
            made[head] += values[n].strip()
        else:
            head = n
            continue
        made[n] = ""
    return made


def _goes_on(line: str, after: str) -> bool:
    """Tell whether a run that fills a line goes on in the next, which is no longer."""
    return len(after) <= len(line) and bool(_WHOLE.fullmatch(line) and _REST.fullmatch(after))


def _unescaped(values: dict[int, str], name: str) -> dict[int, str]:
    _, pattern, decoder = ESCAPES[name]
    plain = {n: decoder(value) for n, value in values.items() if pattern.search(value)}
    return {n: each for n, each in plain.items() if each != values[n]}


def _runs(made: Decoded, cells: Cells, how: str, values: dict[int, str], name: str) -> None:
    """Decode every run of one sort; a text of several lines is a file, for it may hold rows."""
    texts: dict[int, str] = {}
    for n, value in values.items():
        for data in _decoded(value, name):
            text = text_in(data)
            if text is None and name in _PLAIN and not is_file(data) and (plain := without_byte(data)) is not None:
                data, text = plain, text_in(plain)
            if text is not None and how not in _PLAIN and not _is_meant(text):
                continue
            if is_file(data) or (text is not None and ("\n" in text.strip() or len(text) > LINE)):
                made.files.append((how, cells.place(n), data))
            elif text is not None:
                texts[n] = f"{texts[n]} | {text}" if n in texts else text
            else:
                continue
            made.read.add(n)
    _keep(made, cells, how, texts)


def _is_meant(text: str) -> bool:
    """Tell whether a text is words and numbers, or is encoded once more: decoding at random seldom makes either."""
    meant = len(text) >= _LONG_ENOUGH or reads_as_words(text) or is_spelling(text)
    return meant or any(len(pattern.findall(text)) >= ESCAPED for _, pattern, _ in ESCAPES.values())


def _decoded(value: str, name: str) -> Iterator[bytes]:
    pattern, decoder = RUNS[name]
    for found in pattern.finditer(value):
        for run in dict.fromkeys((found[0], found[0].strip("\"'`"))):  # quotes are letters of some of them
            with suppress(ValueError, OverflowError):  # binascii.Error is a ValueError
                yield decoder(run)


def _keep(made: Decoded, cells: Cells, how: str, values: dict[int, str]) -> None:
    kept = chosen(cells, values)
    if kept is not None:
        made.cells.append((how, kept))
