"""Ways to encipher a name by hand, as the tests of inspection do it: each the other way round to what is tested."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest

COVER = "thewardsareaskedfortheirnumbersbytheendofeachmonth"
_KEYBOARD = " qwertyuiop[ asdfghjkl; zxcvbnm,"
_TELEPHONE = {
    letter: str(key) * place
    for key, letters in enumerate(("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), 2)
    for place, letter in enumerate(letters, 1)
}


def pig_latin(name: str) -> str:
    """Return a name in small letters, each word's first consonants behind it."""
    return " ".join(_behind(word) for word in name.split())


def _behind(word: str) -> str:
    at = next((place for place, letter in enumerate(word) if letter in "aeiou"), 0)
    return f"{word[at:]}{word[:at]}ay" if at else f"{word}way"


def on_rails(letters: str, rails: int) -> str:
    """Return letters that were written down and up over some rails, rail by rail."""
    written: list[list[str]] = [[] for _ in range(rails)]
    at, step = 0, 1
    for letter in letters:
        written[at].append(letter)
        step = 1 if at == 0 else -1 if at == rails - 1 else step
        at += step
    return "".join(letter for rail in written for letter in rail)


def between(name: str) -> str:
    """Return a name's letters as capitals between those of a harmless text."""
    letters = name.replace(" ", "").upper()
    return "".join(a + b for a, b in zip_longest(COVER, letters, fillvalue=""))


def beside(name: str, step: int) -> str:
    """Return a name typed with each finger that many keys to the right; a key that is none there stays."""
    return "".join(_key(letter, step) for letter in name)


def _key(letter: str, step: int) -> str:
    other = _KEYBOARD[_KEYBOARD.index(letter) + step] if letter != " " else " "
    return letter if other == " " else other


def pressed(name: str) -> str:
    """Return a name as a telephone's keys are pressed for it, a nought for the blank."""
    return " ".join(_TELEPHONE.get(letter, "0") for letter in name)


def keyed(name: str) -> str:
    """Return a name as a telephone's keys are pressed for it once a letter."""
    return "".join(_TELEPHONE.get(letter, " ")[0] for letter in name)


def by_capitals(bits: str) -> str:
    """Return a harmless text whose letters are capitals where bits are ones."""
    return "".join(mark.upper() if bit == "1" else mark for bit, mark in zip_longest(bits, COVER * 6, fillvalue="0"))


def by_fives(name: str, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
    """Return a name by the capitals of a text, five letters each."""
    return by_capitals("".join(f"{alphabet.index(letter):05b}" for letter in name.replace(" ", "")))


CIPHERS: dict[str, Callable[[str], str]] = {
    "Pig Latin": pig_latin,
    "two rails": lambda name: on_rails(name.replace(" ", ""), 2).upper(),
    "three rails": lambda name: on_rails(name.replace(" ", ""), 3),
    "letters between others": between,
    "the keys to the right": lambda name: beside(name, 1),
    "the keys to the left": lambda name: beside(name, -1),
    "a telephone's keys": pressed,
    "a telephone's keys, once a letter": keyed,
    "capitals by fives": by_fives,
    "small letters by fives": lambda name: by_fives(name).swapcase(),
}
