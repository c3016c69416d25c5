"""Identities respelt by hand: other alphabets, ciphers of paper and pencil, sums, hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from itertools import zip_longest
from random import Random

from spark_jobs.synthetic_people import Person
from tests.corpus.families import HIDDEN_PERSON, HIDING, IDENTIFIERS, NAMES, PERSON, PSEUDONYMS
from tests.corpus.identity import of_person
from tests.corpus.model import Writing, by_second
from tests.corpus.world import World

_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
          (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
_GREEK = str.maketrans("abcdefghijklmnopqrstuvwxyz", "αβκδεφγχιτκλμνοπκρστυβωξυζ")
_SOUNDS = (("ph", "f"), ("ck", "k"), ("th", "f"), ("gh", ""), ("wh", "w"), ("ee", "ea"), ("y", "ie"), ("ou", "oo"),
           ("c", "k"), ("ll", "l"), ("tt", "t"), ("x", "ks"))  # fmt: skip
_LEET = str.maketrans("aeiost", "4310$7")
_KEYS = ("qwertyuiop[", "asdfghjkl;", "zxcvbnm,")
_NEXT_KEY = str.maketrans({row[at]: row[at + 1] for row in _KEYS for at in range(len(row) - 1)})
_TAPS = {letter: digit * place for digit, letters in
         zip("23456789", ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), strict=True)
         for place, letter in enumerate(letters, 1)}  # fmt: skip
_BRAILLE = str.maketrans("abcdefghijklmnopqrstuvwxyz", "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵")
_TURNED = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz")
_SMALL = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ")


def _number(shape: Callable[[int], str], context: str = "case {}") -> Callable[[World, Random], str]:
    return of_person(lambda who: context.format(shape(int(who.nhs_number))))


def _name(shape: Callable[[str], str], context: str = "{}") -> Callable[[World, Random], str]:
    """Return a writer of a name in small letters, reshaped."""
    return of_person(lambda who: context.format(shape(f"{who.forename} {who.surname}".lower())))


def _mapped(table: Mapping[int, int | str | None]) -> Callable[[str], str]:
    return lambda name: name.translate(table)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def _roman(number: int) -> str:
    """Return each of an NHS number's groups in Roman numerals."""
    digits, groups = str(number), []
    for rest in (int(digits[:3]), int(digits[3:6]), int(digits[6:])):
        group = ""
        for value, letters in _ROMAN:
            times, rest = divmod(rest, value)
            group += letters * times
        groups.append(group or "N")
    return "-".join(groups)


def _factors(number: int) -> str:
    found, divisor = [], 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.append(str(divisor))
            number //= divisor
        divisor += 1
    return " x ".join([*found, str(number)])


def _emoji(number: int) -> str:
    return "".join(f"{digit}\ufe0f\u20e3" for digit in str(number))


def _sum(world: World, random: Random) -> str:
    number = int(world.person(random).nhs_number)
    part = random.randrange(10**8, number - 10**8)
    return f"total = {part} + {number - part}"


def _sounds(name: str) -> str:
    for written, heard in _SOUNDS:
        name = name.replace(written, heard)
    return name.title()


def _pig_latin(name: str) -> str:
    words = []
    for word in name.split():
        at = next((place for place, mark in enumerate(word) if mark in "aeiouy"), 0)
        words.append(f"{word[at:]}{word[:at]}ay")
    return " ".join(words)


def _rails(name: str) -> str:
    """Return a name written over two rails and read rail by rail."""
    letters = name.replace(" ", "").upper()
    return letters[::2] + letters[1::2]


def _between(name: str) -> str:
    """Return a name whose letters stand between those of a harmless sentence."""
    cover = "thetableshowsratesbyageandsexforallpractices"
    return "".join(f"{left}{right}" for left, right in zip_longest(cover, name.replace(" ", "").upper(), fillvalue=""))


def _tapped(name: str) -> str:
    return " ".join(_TAPS.get(mark, "0") for mark in name)


def _without_vowels(who: Person) -> str:
    short = "".join(mark for mark in who.surname if mark not in "aeiou")
    return f"pt {who.forename[:2]}. {short} b. {who.birth.day}.{who.birth.month}.{who.birth:%y}, {who.postcode}"


def linkage_key(who: Person) -> str:
    """Return the statistical linkage key SLK-581 (AIHW): letters of the names, date of birth and sex."""
    surname, forename = (f"{name.upper()}22222" for name in (who.surname, who.forename))
    key = f"{surname[1]}{surname[2]}{surname[4]}{forename[1]}{forename[2]}"
    return f"{key}{who.birth:%d%m%Y}{who.sex}"


def _hashed(who: Person) -> str:
    """Return what a table of all ten-digit numbers turns back: the number's hash without a key."""
    return f"person_hash={hashlib.sha256(who.nhs_number.encode()).hexdigest()}"


_EITHER = NAMES | HIDING
RESPELT = by_second(
    Writing("NHS number in base 36", _number(_base36), HIDDEN_PERSON),
    Writing("NHS number in Roman numerals", _number(_roman), HIDDEN_PERSON),
    Writing("NHS number as its prime factors", _number(_factors, "size {}"), HIDDEN_PERSON),
    Writing("NHS number in emoji", _number(_emoji), HIDDEN_PERSON),
    Writing("NHS number as a sum", _sum, HIDDEN_PERSON),
    Writing("NHS number without its check digit", of_person(lambda who: f"NHS no. {who.nhs_number[:9]}?"), IDENTIFIERS),
    Writing("an unkeyed hash of an NHS number", of_person(_hashed), IDENTIFIERS | PSEUDONYMS | HIDING),
    Writing(
        "a statistical linkage key",
        of_person(lambda who: f"slk581={linkage_key(who)}"),
        IDENTIFIERS | PSEUDONYMS | HIDING,
    ),
    Writing("name in Greek letters", _name(_mapped(_GREEK), "ο ασθενής {} ήρθε ξανά"), _EITHER),
    Writing("name as it sounds", _name(_sounds, "The caller said the patient is {}, spelling not checked"), NAMES),
    Writing("name and birth abbreviated", of_person(_without_vowels), PERSON),
    Writing("name with digits for letters", _name(_mapped(_LEET), "patient {}"), _EITHER),
    Writing("name by the keys beside", _name(_mapped(_NEXT_KEY), "note {}"), _EITHER),
    Writing("name in telephone keys", _name(_tapped), _EITHER),
    Writing("name in Braille", _name(_mapped(_BRAILLE)), _EITHER),
    Writing("name turned upside down", _name(lambda name: name.translate(_TURNED)[::-1]), _EITHER),
    Writing("name in small capitals", _name(_mapped(_SMALL), "patient {}"), _EITHER),
    Writing("name in Pig Latin", _name(_pig_latin, "thanks to {}"), _EITHER),
    Writing("name on two rails", _name(_rails, "code {}"), _EITHER),
    Writing("name between another text's letters", _name(_between), _EITHER),
)
