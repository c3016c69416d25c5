"""Text whose letters were put in place of others sign by sign, in the letters it stands for.

Small capitals (Unicode, Phonetic Extensions and Latin Extended-D), Braille (grade 1, Unicode chart U+2800), letters
turned upside down and read from the end, Greek letters by their sound (ISO 843, and what it has no letter for), and
digits and signs for letters, as passwords have them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.disguises import chosen

IN_DIGITS = "digits for letters"
MEANT = ("Braille", "letters upside down", "small capitals")  # that nobody has by chance: every word may be a name
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SMALL = str.maketrans("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz")
_BRAILLE = str.maketrans("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵⠀⠄", _LETTERS + " '")
_TURNED = str.maketrans("ɐqɔpǝɟƃɓɥᴉıɾʞlʃɯuodbɹsʇnʌʍxʎz", "abcdefgghiijkllmnopqrstuvwxyz")
_UPSIDE = re.compile("[ɐɔǝɟƃɓɥᴉıɾʞʃɯɹʇʌʍʎ]")
_GREEK = dict(zip("αβγδεζηικλμνξοπρσςτυφχ", "abgdeziiklmnxoprsstyfh", strict=True)) | {"θ": "th", "ψ": "ps"}
_OMEGA = tuple(str.maketrans(_GREEK | {"ω": letter}) for letter in "ow")
_GREEK_PAIRS = (("κχ", "ch"), ("ου", "ou"), ("μπ", "b"), ("ντ", "d"), ("τζ", "j"))
_SOUND = re.compile("[α-ως]{3}")
_DIGITS = "0347$@!589"
_FOR = "oeatsaisbg"
_MIXED = re.compile(r"(?<![\w-])(?=[0-9$@!]*[A-Za-z])([A-Za-z0-9$@!]{3,16})(?![\w-])")
_IN_DIGITS = tuple(str.maketrans(_DIGITS + "1", _FOR + one) for one in "il")


def _bare(text: str) -> str:
    marks = unicodedata.normalize("NFD", text)
    return "".join(mark for mark in marks if not unicodedata.combining(mark)).lower()


def _respelt(text: str) -> Iterator[tuple[str, str]]:
    """Yield how the letters of a text may be written, and the text so read; the same text where they are not."""
    if text.isascii():
        for table in _IN_DIGITS:
            words = _MIXED.split(text)
            yield (
                IN_DIGITS,
                "".join(word.translate(table) if n % 2 else word for n, word in enumerate(words)),
            )
        return
    yield "small capitals", _named(text, text.translate(_SMALL))
    yield "Braille", _named(text, text.translate(_BRAILLE))
    if _UPSIDE.search(text):
        yield "letters upside down", text.translate(_TURNED)[::-1].title()
    if _SOUND.search(bare := _bare(text)):
        for pair, sound in _GREEK_PAIRS:
            bare = bare.replace(pair, sound)
        for sounds in _OMEGA:
            yield "Greek letters", bare.translate(sounds)


def _named(text: str, read: str) -> str:
    """Return what was read of a text with each word as a name begins, if it was written so at all."""
    return text if read == text else read.title()


def respelt(cells: Cells) -> Iterator[tuple[str, Cells]]:
    """Yield the cells as they read with other letters, and how those are written."""
    ways: dict[tuple[str, int], dict[int, str]] = {}
    for n, value in enumerate(cells.values.to_pylist()):
        for at, (how, read) in enumerate(_respelt(value)):
            if read != value:
                ways.setdefault((how, at), {})[n] = read
    for (how, _), values in ways.items():
        made = chosen(cells, values)
        if made is not None:
            yield how, made
