"""The pages of an SQLite file that no query reads (sqlite.org/fileformat2.html, sections 1.5 and 1.6)."""

from __future__ import annotations

from collections.abc import Iterator

from tre.disclosure.contents import Unreadable

_TREES = {0x02: 12, 0x05: 12, 0x0A: 8, 0x0D: 8}  # kinds of b-tree pages, and the bytes of their headers
_FILE_HEADER = 100


def page_size(data: bytes) -> int:
    """Return the bytes of a page; 1 stands for 65,536.

    Raises
    ------
    Unreadable
        It is no power of two that a page may be.
    """
    size = int.from_bytes(data[16:18], "big")
    size = 65536 if size == 1 else size
    if size < 512 or size & (size - 1):
        raise Unreadable("the header of the database is damaged")
    return size


def free_pages(data: bytes, size: int) -> Iterator[bytes]:
    """Yield what stands on the pages of the freelist: its leaves whole, of its trunks what follows their list.

    Raises
    ------
    Unreadable
        The list goes in a circle or leads out of the file.
    """
    trunk, seen = int.from_bytes(data[32:36], "big"), set()
    while trunk:
        page = _page(data, trunk, size)
        if trunk in seen:
            raise Unreadable("the list of freed pages goes in a circle")
        seen.add(trunk)
        count = int.from_bytes(page[4:8], "big")
        if count > size // 4 - 2:
            raise Unreadable("the list of freed pages is damaged")
        yield page[8 + 4 * count :]
        for n in range(count):
            yield _page(data, int.from_bytes(page[8 + 4 * n : 12 + 4 * n], "big"), size)
        trunk = int.from_bytes(page[:4], "big")


def _page(data: bytes, number: int, size: int) -> bytes:
    page = data[(number - 1) * size : number * size]
    if number < 1 or len(page) < size:
        raise Unreadable("the list of freed pages is damaged")
    return page


def unused_bytes(data: bytes, size: int) -> Iterator[bytes]:
    """Yield the bytes of each b-tree page that no row has: the gap after its pointers, and its freed blocks."""
    for start in range(0, len(data) - size + 1, size):
        page = data[start : start + size]
        at = _FILE_HEADER if start == 0 else 0
        if page[at] not in _TREES:
            continue
        cells = int.from_bytes(page[at + 3 : at + 5], "big")
        first = int.from_bytes(page[at + 5 : at + 7], "big") or 65536
        yield page[at + _TREES[page[at]] + 2 * cells : first]
        block, steps = int.from_bytes(page[at + 1 : at + 3], "big"), 0
        while 0 < block <= size - 4 and steps < size:
            length = int.from_bytes(page[block + 2 : block + 4], "big")
            yield page[block + 4 : block + length]
            block, steps = int.from_bytes(page[block : block + 2], "big"), steps + 1
