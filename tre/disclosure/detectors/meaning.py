"""Whether some bytes say something: what a wrong decoding makes does not."""

from __future__ import annotations

import re
import zlib

_PLAIN = re.compile(r"[\x20-\x7e\w\s£€°–—‘’“”]")
_HEADS = (  # of files that readers know, beyond what is told from the first bytes alone
    b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00", b"PAR1", b"%PDF-",
    b"GIF8", b"SQLite format 3\0", b"\x93NUMPY", b"\x89HDF\r\n", b"ARROW1\0\0", b"II*\0", b"MM\0*", b"\x80\x04\x95",
    b"\x80\x05\x95",
)  # fmt: skip
_ZLIB = (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")  # RFC 1950, the headers that compressors write
_TRIED = 1024  # bytes that are unpacked
LEAST = 8  # characters
_FEWEST = 5  # different ones, but for binary digits, spelled or not
_BINARY = re.compile(r"(?:[01]{8}[ ,]?)+|(?:(?:30|31|20|2c)[ ,:]?)+")
_TOKEN = re.compile(r"[A-Za-z]+|\d+")
_SIGNS = re.compile(r"[\s,;:.]")
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
_THRICE = re.compile(r"(.)\1\1")
_LONGEST = 14  # letters or digits; longer words are rare
_SPELLING = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


def is_file(data: bytes) -> bool:
    """Tell whether some bytes begin as a kind of file does that a person could have put there."""
    return data.startswith(_HEADS) or (len(data) > LEAST and data.startswith(_ZLIB) and _unpacks(data))


def _unpacks(data: bytes) -> bool:
    """Tell whether something comes out of bytes that begin as zlib's, which two of any bytes may do."""
    try:
        return bool(zlib.decompressobj().decompress(data[:_TRIED], _TRIED))
    except zlib.error:
        return False


def text_in(data: bytes) -> str | None:
    """Return the text that some bytes are (UTF-8 or UTF-16), or None when they read as no text."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        if encoding != "utf-8" and (len(data) % 2 or data[:64].count(0) < min(len(data), 64) // 4):
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if says(text):
            return text
    return None


def says(text: str, least: int = LEAST) -> bool:
    """Tell whether a text is long enough and of signs that people write, and not the same few over again."""
    if len(text.strip()) < least or "\0" in text:
        return False
    head = text[:4096]
    varied = len(set(head)) >= _FEWEST or bool(_BINARY.fullmatch(head.strip()))
    return varied and len(_PLAIN.findall(head)) >= 0.97 * len(head)


def reads_as_words(text: str) -> bool:
    """Tell whether a text is words and numbers, as noise and shades of colour that happen to be signs are not."""
    told = sum(len(found[0]) for found in _TOKEN.finditer(text) if _is_word(found[0]))
    return told >= 0.7 * len(_SIGNS.sub("", text)) and told >= LEAST


def _is_word(token: str) -> bool:
    """Tell whether a token is a number, or letters as words have them: a vowel, no capital inside, none thrice."""
    if token.isdigit():
        return len(token) <= _LONGEST
    shaped = token[1:].islower() or token.isupper() or len(token) == 1
    return (
        shaped
        and len(token) <= _LONGEST
        and bool(_VOWEL.search(token) or len(token) <= 3)
        and not _THRICE.search(token)
    )


def is_spelling(text: str) -> bool:
    """Tell whether a text is bytes spelled in letters: one run of base64 or hexadecimal, of many signs."""
    return bool(_SPELLING.fullmatch(text.strip())) and len(set(text)) >= LEAST
