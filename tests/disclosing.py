"""What the tests of disclosure inspection share: judging bytes, a planted person, and ways to write them."""

from __future__ import annotations

import base64
import codecs
import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

from tre.disclosure import Context, Inspection, inspect

OPEN = Context(sandbox=False)
WHO = "Margaret Hughes, NHS number 943 476 5919"


def judged(folder: Path, content: str | bytes, context: Context = OPEN, name: str | None = None) -> Inspection:
    """Return what inspection finds in some content."""
    path = folder / "file.bin"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return inspect(path, context, name=name)


def rules(found: Inspection) -> set[str]:
    """Return the rules of what was found."""
    return {each.rule for each in found.findings}


def kinds(found: Inspection) -> set[str]:
    """Return the kinds of what was found and blocks."""
    return {each.kind for each in found.findings if each.severity == "block"}


def bits(text: str) -> str:
    """Return a text as binary digits, eight for each character."""
    return "".join(f"{each:08b}" for each in text.encode())


def _utf7(text: str) -> str:
    return "".join("+" + base64.b64encode(each.encode("utf-16-be")).decode().rstrip("=") + "-" for each in text)


def _shown(encode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    return lambda text: encode(text.encode()).decode()


# How bytes are spelled in letters, which may be done within one another
SPELLINGS: dict[str, Callable[[str], str]] = {
    "base64": _shown(base64.b64encode),
    "base64 for URLs": _shown(base64.urlsafe_b64encode),
    "base32": _shown(base64.b32encode),
    "base85": _shown(base64.b85encode),
    "ascii85": _shown(base64.a85encode),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal, parted": lambda text: text.encode().hex(" "),
    "numbers of characters": lambda text: " ".join(map(str, text.encode())),
    "binary digits": lambda text: " ".join(f"{each:08b}" for each in text.encode()),
    "gzip in base64": _shown(lambda data: base64.b64encode(gzip.compress(data))),
    "zlib in hexadecimal": _shown(lambda data: zlib.compress(data).hex().encode()),
}
# How a text is written with escapes, which may be done within one another too
ESCAPINGS: dict[str, Callable[[str], str]] = {
    "URL escapes": lambda text: "".join(f"%{each:02X}" for each in text.encode()),
    "HTML escapes": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "HTML escapes, hexadecimal": lambda text: "".join(f"&#x{ord(each):x};" for each in text),
    "quoted-printable": lambda text: "".join(f"={each:02X}" for each in text.encode()),
    "backslashes": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "backslashes, bytes": lambda text: "".join(f"\\x{each:02x}" for each in text.encode()),
    "UTF-7": _utf7,
}
TURNINGS: dict[str, Callable[[str], str]] = {
    "ROT13": lambda text: codecs.encode(text, "rot13"),
    "reversed": lambda text: text[::-1],
    "reversed ROT13": lambda text: codecs.encode(text, "rot13")[::-1],
}
