"""Alphabets that are read aloud or keyed: Morse (ITU-R M.1677-1) and the spelling alphabet (ICAO Annex 10)."""

from __future__ import annotations

import re

_MORSE = {
    ".-": "A", "-...": "B", "-.-.": "C", "-..": "D", ".": "E", "..-.": "F", "--.": "G", "....": "H", "..": "I",
    ".---": "J", "-.-": "K", ".-..": "L", "--": "M", "-.": "N", "---": "O", ".--.": "P", "--.-": "Q", ".-.": "R",
    "...": "S", "-": "T", "..-": "U", "...-": "V", ".--": "W", "-..-": "X", "-.--": "Y", "--..": "Z", "-----": "0",
    ".----": "1", "..---": "2", "...--": "3", "....-": "4", ".....": "5", "-....": "6", "--...": "7", "---..": "8",
    "----.": "9", ".-.-.-": ".", "--..--": ",", "---...": ":", "-..-.": "/", "-....-": "-", ".--.-.": "@",
    "..--..": "?", "-.--.": "(", "-.--.-": ")", ".----.": "'",
}  # fmt: skip
_KEYED = str.maketrans("·•∙⋅・*–—−_", "......----")
_DOT, _DASH = r"[.·•∙⋅・*]", r"[-–—−_]"
MORSE = re.compile(rf"(?:(?:{_DOT}|{_DASH}){{1,6}}(?:[ ]{{1,7}}|[ ]?[/|][ ]?)){{7,}}(?:{_DOT}|{_DASH}){{1,6}}")


def of_morse(run: str) -> bytes:
    """Return what a run of Morse spells, in capitals.

    Raises
    ------
    ValueError
        Too many of its signs are none.
    """
    words = [part.split() for part in re.split(r"[/|]|[ ]{3,}", run.translate(_KEYED))]
    letters = [_MORSE.get(sign, "") for word in words for sign in word]
    if letters.count("") > 0.1 * len(letters) or len(set(letters)) < _VARIED:
        raise ValueError("this is no Morse")
    return " ".join("".join(_MORSE.get(sign, "") for sign in word) for word in words if word).encode()


_VARIED = 5  # different letters: a rule of dashes across a table has one or two
_WORDS = (
    "alfa|alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett|juliet", "kilo",
    "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor",
    "whiskey|whisky", "x-ray|xray", "yankee", "zulu",
)  # fmt: skip
_SPELLED = {word: words[0] for words in _WORDS for word in words.split("|")} | {
    "zero": "0", "one": "1", "two": "2", "three": "3", "tree": "3", "four": "4", "fower": "4", "five": "5",
    "fife": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "niner": "9", "stop": ".", "space": " ",
    "dash": "-", "decimal": ".",
}  # fmt: skip
_WORD = rf"(?:{'|'.join(sorted(_SPELLED, key=len, reverse=True))})\b"
_LETTER = rf"(?:{'|'.join(word for words in _WORDS for word in words.split('|'))})\b"
_SIGN = r"[^\w\n]{1,4}"
# Four letters in a row: four countries, hotels and months that are words of the alphabet do not follow one another.
SPELLING = re.compile(
    rf"(?<![A-Za-z])(?:{_LETTER}{_SIGN}){{3}}{_LETTER}(?:{_SIGN}(?:{_WORD}|\d\b))*",
    re.IGNORECASE,
)
_PIECE = re.compile(rf"{_WORD}|\d|[,.:/@-]|[ ]{{2,}}", re.IGNORECASE)


def of_spelling(run: str) -> bytes:
    """Return what words of the spelling alphabet, digits and signs between them spell, in capitals."""
    return "".join(_SPELLED.get(piece.lower(), piece[:1]) for piece in _PIECE.findall(run)).upper().encode()
