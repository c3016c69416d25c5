"""One or more whole identities, encoded: by a standard, by a trick of Unicode, or by white space."""

from __future__ import annotations

import base64
import bz2
import codecs
import gzip
import html
import urllib.parse
import zlib
from collections.abc import Callable
from random import Random

from tests.corpus.families import HIDDEN_PERSON
from tests.corpus.identity import line
from tests.corpus.model import Writing
from tests.corpus.world import World

_MORSE = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        [
            ".-",
            "-...",
            "-.-.",
            "-..",
            ".",
            "..-.",
            "--.",
            "....",
            "..",
            ".---",
            "-.-",
            ".-..",
            "--",
            "-.",
            "---",
            ".--.",
            "--.-",
            ".-.",
            "...",
            "-",
            "..-",
            "...-",
            ".--",
            "-..-",
            "-.--",
            "--..",
            "-----",
            ".----",
            "..---",
            "...--",
            "....-",
            ".....",
            "-....",
            "--...",
            "---..",
            "----.",
        ],
        strict=True,
    )
)
_SPELT = [
    "Alfa",
    "Bravo",
    "Charlie",
    "Delta",
    "Echo",
    "Foxtrot",
    "Golf",
    "Hotel",
    "India",
    "Juliett",
    "Kilo",
    "Lima",
    "Mike",
    "November",
    "Oscar",
    "Papa",
    "Quebec",
    "Romeo",
    "Sierra",
    "Tango",
    "Uniform",
    "Victor",
    "Whiskey",
    "X-ray",
    "Yankee",
    "Zulu",
]


def _one(encode: Callable[[str], str], context: str = "{}") -> Callable[[World, Random], str]:
    return lambda world, random: context.format(encode(line(world, random)))


def _many(encode: Callable[[str], str], count: int = 20) -> Callable[[World, Random], str]:
    return lambda world, random: encode("\n".join(line(world, random) for _ in range(count)))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _wrapped(text: str) -> str:
    return base64.encodebytes(text.encode()).decode().strip()


def _url_safe(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _base32(text: str) -> str:
    return base64.b32encode(text.encode()).decode()


def _base85(text: str) -> str:
    return base64.b85encode(text.encode()).decode()


def _hex(text: str) -> str:
    return text.encode().hex()


def _hex_pairs(text: str) -> str:
    return text.encode().hex(" ")


def _escapes(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def _unicode_escapes(text: str) -> str:
    return "".join(f"\\u{ord(mark):04x}" for mark in text)


def _decimal(text: str) -> str:
    return ", ".join(str(byte) for byte in text.encode())


def _binary(text: str) -> str:
    return " ".join(f"{byte:08b}" for byte in text.encode())


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def _entities(text: str) -> str:
    return "".join(f"&#{ord(mark)};" for mark in text)


def _zlib(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode())).decode()


def _gzip(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _bz2(text: str) -> str:
    return base64.b64encode(bz2.compress(text.encode())).decode()


def _xor(text: str) -> str:
    return base64.b64encode(bytes(byte ^ 0x5A for byte in text.encode())).decode()


def _morse(text: str) -> str:
    return " / ".join(" ".join(_MORSE[mark] for mark in word if mark in _MORSE) for word in text.upper().split())


def _spelling(text: str) -> str:
    return " ".join(_SPELT[ord(mark) - 65] if "A" <= mark <= "Z" else mark for mark in text.upper() if mark != " ")


def _tags(text: str) -> str:
    """Return a sentence that ends in invisible tag characters (Unicode, block E0000)."""
    return "See the appendix." + "".join(chr(0xE0000 + ord(mark)) for mark in text)


def _selectors(text: str) -> str:
    """Return a sentence with a variation selector for each byte (Unicode, block E0100)."""
    return "See the appendix." + "".join(chr(0xE0100 + byte) for byte in text.encode())


def _zero_width(text: str) -> str:
    bits = "".join(f"{byte:08b}" for byte in text.encode())
    return "See the appendix." + bits.replace("0", "\u200b").replace("1", "\u200c") + " It holds the method."


def _white_space(text: str) -> str:
    """Return lines of a report whose trailing blanks and tabs are bits."""
    rows = ("Rates are per 1,000.", "Counts are rounded.", "Bands are as in table 1.", "Cells under ten are joined.")
    coded = (f"{byte:08b}".replace("0", " ").replace("1", "\t") for byte in text.encode())
    return "\n".join(f"{rows[place % 4]}{bits}" for place, bits in enumerate(coded))


def _acrostic(text: str) -> str:
    """Return lines whose first marks, read downwards, are the text."""
    return "\n".join(f"{mark} - item {place}" for place, mark in enumerate(text.replace(" ", "")))


def _full_width(text: str) -> str:
    return "".join(chr(ord(mark) + 0xFEE0) if "!" <= mark <= "~" else "\u3000" for mark in text)


def _quoted_printable(text: str) -> str:
    return "".join(f"={byte:02X}" for byte in text.encode())


ENCODED = (
    Writing("base64, one person", _one(_base64), HIDDEN_PERSON),
    Writing("base64 after a word", _one(_base64, "checksum: {}"), HIDDEN_PERSON),
    Writing("base64, twenty people", _many(_base64), HIDDEN_PERSON),
    Writing("base64 in lines", _many(_wrapped), HIDDEN_PERSON, lines=True),
    Writing("base64 for addresses", _one(_url_safe, "token={}"), HIDDEN_PERSON),
    Writing("base64 twice", _one(lambda text: _base64(_base64(text))), HIDDEN_PERSON),
    Writing("base64 of UTF-16", _one(lambda text: base64.b64encode(text.encode("utf-16-le")).decode()), HIDDEN_PERSON),
    Writing("base32", _one(_base32), HIDDEN_PERSON),
    Writing("base85", _one(_base85), HIDDEN_PERSON),
    Writing("hexadecimal", _one(_hex, "digest {}"), HIDDEN_PERSON),
    Writing("hexadecimal in pairs", _one(_hex_pairs), HIDDEN_PERSON),
    Writing("hexadecimal escapes", _one(_escapes), HIDDEN_PERSON),
    Writing("Unicode escapes", _one(_unicode_escapes), HIDDEN_PERSON),
    Writing("numbers of characters", _one(_decimal, "[{}]"), HIDDEN_PERSON | {"records"}),
    Writing("binary digits", _one(_binary), HIDDEN_PERSON),
    Writing("percent encoding", _one(_percent), HIDDEN_PERSON),
    Writing("HTML entities", _one(_entities), HIDDEN_PERSON),
    Writing("entities of entities", _one(lambda text: html.escape(_entities(text))), HIDDEN_PERSON),
    Writing("quoted-printable", _one(_quoted_printable), HIDDEN_PERSON),
    Writing("zlib and base64", _one(_zlib), HIDDEN_PERSON),
    Writing("zlib and base64, twenty people", _many(_zlib), HIDDEN_PERSON),
    Writing("gzip and base64", _one(_gzip), HIDDEN_PERSON),
    Writing("bzip2 and base64", _many(_bz2), HIDDEN_PERSON),
    Writing("zlib and hexadecimal", _one(lambda text: zlib.compress(text.encode()).hex()), HIDDEN_PERSON),
    Writing("XOR and base64, twenty people", _many(_xor), HIDDEN_PERSON),
    Writing("ROT13", _one(lambda text: codecs.encode(text, "rot13")), HIDDEN_PERSON),
    Writing("reversed", _one(lambda text: text[::-1]), HIDDEN_PERSON),
    Writing("Morse", _one(_morse), HIDDEN_PERSON),
    Writing("spelling alphabet", _one(_spelling), HIDDEN_PERSON),
    Writing("full-width characters", _one(_full_width), HIDDEN_PERSON),
    Writing("invisible tag characters", _one(_tags), HIDDEN_PERSON),
    Writing("variation selectors", _one(_selectors), HIDDEN_PERSON),
    Writing("bits of zero-width characters", _one(_zero_width), HIDDEN_PERSON),
    Writing("trailing white space", _one(_white_space), HIDDEN_PERSON, lines=True),
    Writing("first letters of lines", _one(_acrostic), HIDDEN_PERSON, lines=True),
    Writing(
        "doubly escaped in an address",
        _one(lambda text: urllib.parse.quote(urllib.parse.quote(text)), "?q={}"),
        HIDDEN_PERSON,
    ),
)
