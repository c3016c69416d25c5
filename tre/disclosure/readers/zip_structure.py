"""What stands in a ZIP around its members (PKWARE APPNOTE 6.3.10, section 4.3): nothing may hide there.

A program that reads the central directory and one that reads the local headers must see the same members, and no byte
may lie where neither looks.
"""

from __future__ import annotations

import struct
import zipfile
from itertools import pairwise

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.readers.raw_strings import strings_of

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_END = b"PK\x05\x06"
_END_SIZE = 22
_DESCRIPTORS = (0, 12, 16, 20, 24)  # APPNOTE 4.3.9: with or without its mark, of 32 or 64 bits; some leave it out
_LATER = 0x8  # general purpose bit 3: sizes stand behind the member
_UTF8 = 0x800
_FULL = 0xFFFFFFFF  # the size stands in a ZIP64 field


def check_structure(data: bytes, archive: zipfile.ZipFile, where: str, contents: Contents) -> None:
    """Compare the two headers of each member, and tell of bytes that belong to none.

    Raises
    ------
    Unreadable
        Headers contradict each other, or members overlap.
    """
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    spans = [_span(data, entry, where, contents) for entry in entries]
    _tell_gap(data[: entries[0].header_offset if entries else archive.start_dir], "before the archive", where, contents)
    for (_, end, later), (start, _, _) in pairwise([*spans, (archive.start_dir, 0, False)]):
        if start < end:
            raise Unreadable("members of the archive overlap")
        if start - end not in (_DESCRIPTORS if later else (0,)) and not _is_64(data[end:start]):
            _tell_gap(data[end:start], "between members", where, contents)
    end = data.rfind(_END) + _END_SIZE
    if end - _END_SIZE < archive.start_dir:
        raise Unreadable("the archive has two ends")
    _tell_gap(data[end + len(archive.comment) :], "after the archive", where, contents)
    _keep_comments(archive, where, contents)


def _is_64(gap: bytes) -> bool:
    """Tell whether bytes before the end are ZIP64's own end and its locator (APPNOTE 4.3.14 and 4.3.15)."""
    return len(gap) == 76 and gap.startswith(b"PK\x06\x06") and gap[56:60] == b"PK\x06\x07"


def _span(data: bytes, entry: zipfile.ZipInfo, where: str, contents: Contents) -> tuple[int, int, bool]:
    """Return where a member starts and ends, and whether its sizes stand behind it, when its headers agree."""
    start = entry.header_offset
    head = data[start : start + _LOCAL.size]
    if len(head) < _LOCAL.size:
        raise Unreadable("a member of the archive is cut short")
    mark, _, flags, method, _, _, _, packed, size, named, extra = _LOCAL.unpack(head)
    at = start + _LOCAL.size
    name = data[at : at + named].decode("utf-8" if flags & _UTF8 else "cp437", "replace")
    later = bool(flags & _LATER)
    sizes = {(entry.compress_size, entry.file_size), (_FULL, _FULL)} | ({(0, 0)} if later else set())
    if mark != b"PK\x03\x04" or method != entry.compress_type or name != entry.orig_filename:
        raise Unreadable("a member's two headers differ")
    if (packed, size) not in sizes:
        raise Unreadable("a member's two headers differ in its size")
    keep_text(strings_of(data[at + named : at + named + extra]), where, contents)
    return start, at + named + extra + entry.compress_size, later


def _tell_gap(gap: bytes, place: str, where: str, contents: Contents) -> None:
    if gap:
        contents.hits.append(Hit("appended-bytes", "around-members", where, place, 1))
        keep_text(strings_of(gap), where, contents)


def _keep_comments(archive: zipfile.ZipFile, where: str, contents: Contents) -> None:
    comments = [archive.comment, *(entry.comment for entry in archive.infolist())]
    keep_text("\n".join(each.decode("utf-8", "replace") for each in comments), where, contents)
    keep_text("\n".join(strings_of(entry.extra) for entry in archive.infolist()), where, contents)


def keep_text(text: str, where: str, contents: Contents) -> None:
    """Keep what stands around the members of an archive, where anything does."""
    if text.strip():
        contents.add_text(f"{where} around members".strip(), text)
