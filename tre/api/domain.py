"""What a token looks like. Pure; no I/O.

It has a prefix by which scanners of source code find it, and a checksum by which they, and the API, know a mistyped or
made-up one without asking anybody ("Behind GitHub's new authentication token formats", github.blog, 2021).
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "tre_pat_"
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET, _CHECK = 43, 6  # letters; 62**43 > 2**256, and 62**6 > 2**32
SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_SECRET + _CHECK}}}", re.ASCII)
SHOWN = len(PREFIX) + 4  # letters that lists show, so that a person knows which token is which


def new_token() -> str:
    """Return a token of 256 random bits."""
    secret = "".join(secrets.choice(_LETTERS) for _ in range(_SECRET))
    return f"{PREFIX}{secret}{_checksum(secret)}"


def is_whole(token: str) -> bool:
    """Return whether a text is shaped as a token is, and its checksum fits."""
    if not SHAPE.fullmatch(token):
        return False
    secret = token[len(PREFIX) : -_CHECK]
    return token.endswith(_checksum(secret))


def hash_token(token: str) -> str:
    """Return what is kept of a token: its SHA-256. It has 256 random bits, so neither salt nor slowness is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def _checksum(secret: str) -> str:
    rest, letters = zlib.crc32(secret.encode()), ""
    for _ in range(_CHECK):
        rest, place = divmod(rest, len(_LETTERS))
        letters = _LETTERS[place] + letters
    return letters
