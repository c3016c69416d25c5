"""Runs of printable characters in bytes of any form, as a forensic reader lists them."""

from __future__ import annotations

import re

_LEAST = 4  # characters, as strings(1) has it
_UTF8 = rb"(?:[\x20-\x7e\t]|[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2})"
_NARROW = re.compile(_UTF8 + b"{%d,}" % _LEAST)
_OTHER = re.compile(r"[^\x00-\u024f]")  # of no Latin script
_LITTLE = re.compile(b"(?:[\\x20-\\x7e\\xa0-\\xff]\\x00){%d,}" % _LEAST)
_BIG = re.compile(b"(?:\\x00[\\x20-\\x7e\\xa0-\\xff]){%d,}" % _LEAST)


def strings_of(data: bytes) -> str:
    """Return the runs of text in some bytes, one on each line: ASCII, UTF-8 and UTF-16 of either order."""
    found = [part for each in _NARROW.findall(data) for part in _parts(each.decode("utf-8", "replace"))]
    for pattern, encoding in ((_LITTLE, "utf-16-le"), (_BIG, "utf-16-be")):
        found += [each.decode(encoding) for each in pattern.findall(data)]
    return "\n".join(found)


def _parts(run: str) -> list[str]:
    """Return a run, parted at a letter of another script that is the only one: two bytes of a number are often one."""
    parts = _OTHER.split(run)
    return [run] if len(parts) != 2 else [part for part in parts if len(part) >= _LEAST]
