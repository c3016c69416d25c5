"""Ways in which a hostile person writes a patient so that it looks like something else or like nothing."""

from __future__ import annotations

import base64
import json
import lzma
from binascii import b2a_uu
from collections.abc import Callable
from random import Random
from uuid import UUID

from tests.corpus.families import HIDDEN_PERSON
from tests.corpus.identity import line
from tests.corpus.model import Writing, by_third
from tests.corpus.world import World

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_COVER = (
    "we fitted the model to all registered adults and report the rate of admission by quintile of deprivation with "
    "robust standard errors and a sensitivity analysis without practices that closed during the study period or moved "
    "to another system before the end of follow up and counted every admission once"
)


def _turned(letters: Callable[[int], int]) -> Callable[[str], str]:
    """Return a writer that replaces each letter by another of the alphabet, by its place."""

    def write(text: str) -> str:
        return "".join(
            chr(start + letters(ord(letter) - start) % 26) if letter.isascii() and letter.isalpha() else letter
            for letter in text
            for start in (65 if letter.isupper() else 97,)
        )

    return write


def _rot47(text: str) -> str:
    return "".join(chr(33 + (ord(letter) + 14) % 94) if 33 <= ord(letter) <= 126 else letter for letter in text)


def _uuencoded(text: str) -> str:
    held = text.encode()
    lines = (b2a_uu(held[at : at + 45]).decode().rstrip("\n") for at in range(0, len(held), 45))
    return "\n".join(["begin 644 notes.txt", *lines, "`", "end"])


def _base58(text: str) -> str:
    number, out = int.from_bytes(text.encode(), "big"), ""
    while number:
        number, place = divmod(number, 58)
        out = _BASE58[place] + out
    return out


def _octal(text: str) -> str:
    return "printf '" + "".join(f"\\{ord(letter):03o}" for letter in text if letter.isascii()) + "'"


def _utf7(text: str) -> str:
    coded = base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=")
    return f"+{coded}-"


def _token(text: str) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": text, "iat": 1_780_000_000})
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return f"Authorization: Bearer {'.'.join(coded)}.{'q7Zt' * 10}"


def _lzma(text: str) -> str:
    return base64.b64encode(lzma.compress(text.encode())).decode()


def _bases(text: str) -> str:
    """Return each byte as four bases of DNA, two bits a base."""
    return ">contig_1\n" + "".join("ACGT"[byte >> shift & 3] for byte in text.encode() for shift in (6, 4, 2, 0))


def _capitals(text: str) -> str:
    """Return Bacon's cipher: five letters of a harmless sentence tell a letter by which of them are capitals."""
    bits = "".join(f"{ord(letter) - 97:05b}" for letter in text.lower() if letter.isascii() and letter.isalpha())
    held, out = iter(bits), []
    for letter in _COVER:
        out.append(letter.upper() if letter.isalpha() and next(held, "0") == "1" else letter)
    return "".join(out)


def _colours(text: str) -> str:
    data = text.encode().ljust(-(-len(text.encode()) // 3) * 3)
    return "palette = " + ", ".join(f'"#{data[at : at + 3].hex()}"' for at in range(0, len(data), 3))


def _machines(text: str) -> str:
    data = text.encode().ljust(-(-len(text.encode()) // 16) * 16)
    held = (data[at : at + 16].hex() for at in range(0, len(data), 16))
    return "nodes: " + ", ".join(":".join(address[place : place + 4] for place in range(0, 32, 4)) for address in held)


def _runs(text: str) -> str:
    data = text.encode().ljust(-(-len(text.encode()) // 16) * 16)
    return "runs: " + " ".join(str(UUID(bytes=data[at : at + 16])) for at in range(0, len(data), 16))


def _right_to_left(text: str) -> str:
    return f"\u202e{text[::-1]}\u202c"


def _struck(text: str) -> str:
    return "".join(letter + "\u0336" if letter.isalnum() else letter for letter in text)


def _squared(text: str) -> str:
    return "".join(
        chr(0x1F130 + ord(letter) - 65) if letter.isascii() and letter.isalpha() else letter for letter in text.upper()
    )


def _nested(text: str) -> str:
    held: str = json.dumps({"who": text})
    for name in ("row", "event", "message"):
        held = json.dumps({name: "".join(f"\\u{ord(letter):04x}" if letter.isalnum() else letter for letter in held)})
    return held


def _characters(text: str) -> str:
    return "title <- " + "paste0(" + ", ".join(f"intToUtf8({ord(letter)}L)" for letter in text) + ")"


def _line_as(spell: Callable[[str], str]) -> Callable[[World, Random], str]:
    return lambda world, random: spell(line(world, random))


def _name_as(spell: Callable[[str], str]) -> Callable[[World, Random], str]:
    def write(world: World, random: Random) -> str:
        who = world.person(random)
        return spell(f"{who.forename} {who.surname}")

    return write


def _said_as(spell: Callable[[str], str]) -> Callable[[World, Random], str]:
    """Return a writer of a sentence without a digit, which a cipher of letters would leave as it is."""

    def write(world: World, random: Random) -> str:
        who = world.person(random)
        return spell(f"The patient is {who.forename} {who.surname}, known to the clinic for HIV")

    return write


DISGUISES = by_third(
    Writing("letters moved on by five", _said_as(_turned(lambda place: place + 5)), HIDDEN_PERSON),
    Writing("the alphabet turned round", _said_as(_turned(lambda place: 25 - place)), HIDDEN_PERSON),
    Writing("ROT47", _line_as(_rot47), HIDDEN_PERSON),
    Writing("uuencoded", _line_as(_uuencoded), HIDDEN_PERSON, lines=True),
    Writing("base58", _line_as(_base58), HIDDEN_PERSON),
    Writing("octal escapes", _line_as(_octal), HIDDEN_PERSON),
    Writing("UTF-7", _line_as(_utf7), HIDDEN_PERSON),
    Writing("a signed token with a patient in it", _line_as(_token), HIDDEN_PERSON),
    Writing("LZMA and base64", _line_as(_lzma), HIDDEN_PERSON),
    Writing("a text as DNA", _line_as(_bases), HIDDEN_PERSON, lines=True),
    Writing("name by a sentence's capitals", _name_as(_capitals), HIDDEN_PERSON),
    Writing("a text as colours", _line_as(_colours), HIDDEN_PERSON),
    Writing("a text as machines' addresses", _line_as(_machines), HIDDEN_PERSON),
    Writing("a text as runs' identifiers", _line_as(_runs), HIDDEN_PERSON),
    Writing("a line turned right to left", _line_as(_right_to_left), HIDDEN_PERSON),
    Writing("letters struck through", _line_as(_struck), HIDDEN_PERSON),
    Writing("letters in squares", _name_as(_squared), HIDDEN_PERSON),
    Writing("JSON in JSON with escapes", _line_as(_nested), HIDDEN_PERSON),
    Writing("R, a text by its code points", _line_as(_characters), HIDDEN_PERSON),
)
