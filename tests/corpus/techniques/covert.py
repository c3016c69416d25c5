"""Files made to carry people where nobody looks: pixels as bytes, thumbnails, split cells, odd whole files."""

from __future__ import annotations

import io
import json
from random import Random

import numpy as np
import pandas as pd
from PIL import Image

from tests.corpus.families import HIDDEN_PERSON, HIDING, PERSON, RECORDS
from tests.corpus.formats.packages import r_data
from tests.corpus.formats.raster import bars, encoded, png, written
from tests.corpus.formats.workbook import saved, sheet_of
from tests.corpus.formats.zipped import packed
from tests.corpus.hosts import counts
from tests.corpus.identity import line, spaced
from tests.corpus.model import Special
from tests.corpus.world import World, hospital_number


def _lines(world: World, random: Random, people: int) -> bytes:
    return "\n".join(line(world, random) for _ in range(people)).encode()


def _pixel_bytes(world: World, random: Random) -> bytes:
    """Return a grey picture whose pixels are the bytes of a text."""
    held = _lines(world, random, 120)
    side = int(np.ceil(len(held) ** 0.5))
    pixels = np.frombuffer(held.ljust(side * side, b" "), dtype=np.uint8).reshape(side, side)
    return encoded(Image.fromarray(pixels), "PNG")


def _pixel_rows(world: World, random: Random) -> bytes:
    """Return a heat map with a pixel for each person's every value."""
    rows = np.array(
        [
            [who.age(pd.Timestamp("2026-07-01").date()), int(who.sex) * 80, who.area * 5 % 255]
            for who in world.persons(random, 300)
        ]
    )
    return encoded(Image.fromarray(rows.astype(np.uint8)), "PNG")


def _many_low_bits(world: World, random: Random) -> bytes:
    pixels = np.asarray(bars(random)).copy()
    bits = np.unpackbits(np.frombuffer(_lines(world, random, 300), dtype=np.uint8))
    flat = pixels.reshape(-1)
    flat[: bits.size] = (flat[: bits.size] & 0xFE) | bits
    return encoded(Image.fromarray(pixels), "PNG")


def _thumbnail(world: World, random: Random) -> bytes:
    """Return a picture that was cut, with the thumbnail of the one before in its EXIF data."""
    small = io.BytesIO()
    written(random, line(world, random)).resize((320, 210)).save(small, "JPEG")
    data = encoded(bars(random).crop((0, 100, 640, 420)), "JPEG")
    directory = b"II*\0\x08\0\0\0" + b"\0\0" + (14).to_bytes(4, "little")
    entries = b"\x02\0" + b"\x01\x02\x04\0\x01\0\0\0" + (44).to_bytes(4, "little")
    entries += b"\x02\x02\x04\0\x01\0\0\0" + len(small.getvalue()).to_bytes(4, "little") + b"\0\0\0\0"
    inside = b"Exif\0\0" + (directory + entries).ljust(44, b"\0") + small.getvalue()
    return data[:2] + b"\xff\xe1" + (len(inside) + 2).to_bytes(2, "big") + inside + data[2:]


def _polyglot(world: World, random: Random) -> bytes:
    return png(random) + packed({"notes.txt": _lines(world, random, 5)})


def _split_cells(world: World, random: Random) -> bytes:
    """Return a workbook in which each mark of an NHS number and a name has a cell of its own."""
    who = world.person(random)
    book, sheet = sheet_of(counts(random))
    for place, mark in enumerate(f"{who.forename} {who.surname} {who.nhs_number}", 1):
        sheet.cell(row=20, column=place, value=mark)
    return saved(book)


def _split_rows(world: World, random: Random) -> bytes:
    who = world.person(random)
    table = counts(random)
    table["flag"] = list(who.nhs_number[: len(table)])
    return table.to_csv(index=False).encode()


def _low_digits(world: World, random: Random) -> bytes:
    """Return a table of rates whose last digits are an NHS number."""
    who, table = world.person(random), counts(random)
    table["rate_per_1000"] = [
        f"{float(rate):.4f}{digit}" for rate, digit in zip(table["rate_per_1000"], who.nhs_number, strict=True)
    ]
    return table.to_csv(index=False).encode()


def _formula_joined(world: World, random: Random) -> bytes:
    who = world.person(random)
    book, sheet = sheet_of(counts(random))
    sheet["H1"] = f'="{who.nhs_number[:4]}"&"{who.nhs_number[4:7]}"&"{who.nhs_number[7:]}"'
    return saved(book)


def _code_joined(world: World, random: Random) -> bytes:
    who = world.person(random)
    name, number = who.surname, who.nhs_number
    held = f'a = "{name[:3]}" + "{name[3:]}"\nb = ["{number[:5]}", "{number[5:]}"]\n'
    return f'{held}print("".join(b), a)\n'.encode()


def _literal(world: World, random: Random) -> bytes:
    rows = [(who.nhs_number, who.birth.isoformat(), who.sex) for who in world.persons(random, 15)]
    return f"import pandas as pd\n\nframe = pd.DataFrame({rows!r})\n".encode()


def _codes(world: World, random: Random) -> bytes:
    """Return a table whose whole numbers are the code points of an identity."""
    text = line(world, random)
    return (
        pd.DataFrame({"site": range(100, 100 + len(text)), "value": [ord(mark) for mark in text]})
        .to_csv(index=False)
        .encode()
    )


def _keys(world: World, random: Random) -> bytes:
    held = {who.nhs_number: {"events": random.randrange(12, 90)} for who in world.persons(random, 20)}
    return json.dumps({"results": held}).encode()


def _r_list(world: World, random: Random) -> bytes:
    return r_data({"model": "glm", "rows": [line(world, random) for _ in range(20)]})


def _random_bytes(world: World, random: Random) -> bytes:
    return random.randbytes(6_000)


def _encrypted(world: World, random: Random) -> bytes:
    """Return an archive that says that its member is encrypted."""
    data = bytearray(packed({"notes.txt": random.randbytes(500)}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def _truncated(world: World, random: Random) -> bytes:
    return png(random)[:-600]


def _sheet_names(world: World, random: Random) -> bytes:
    book, _ = sheet_of(counts(random))
    for who in world.persons(random, 6):
        book.create_sheet(f"{who.surname} {who.birth:%d-%m-%Y}")
    return saved(book)


def _log_records(world: World, random: Random) -> bytes:
    rows = [
        f"2026-05-04 10:00:{place:02d} DEBUG row {place}: {spaced(who.nhs_number)} {hospital_number(who)} sex={who.sex}"
        for place, who in enumerate(world.persons(random, 50))
    ]
    return ("\n".join(rows) + "\n").encode()


_UNREADABLE = HIDING | {"unreadable"}
COVERT = (
    Special("png", "pixels that are a text's bytes", _pixel_bytes, HIDDEN_PERSON | RECORDS),
    Special("png", "a pixel for each person's value", _pixel_rows, HIDING | RECORDS),
    Special("png", "a long text in the lowest bits", _many_low_bits, HIDDEN_PERSON),
    Special("jpg", "a thumbnail of the picture before it was cut", _thumbnail, HIDDEN_PERSON),
    Special("png", "an archive after the picture", _polyglot, HIDDEN_PERSON),
    Special("xlsx", "an identity, a mark a cell", _split_cells, HIDDEN_PERSON),
    Special("csv", "an NHS number down a column", _split_rows, HIDDEN_PERSON | {"statistics"}),
    Special("csv", "an NHS number in the last digits of rates", _low_digits, HIDDEN_PERSON | RECORDS),
    Special("xlsx", "an NHS number joined by a formula", _formula_joined, HIDDEN_PERSON | {"looked-at"}),
    Special("py", "an identity joined by code", _code_joined, HIDDEN_PERSON),
    Special("py", "records as a literal", _literal, PERSON | RECORDS),
    Special("csv", "an identity as code points", _codes, HIDDEN_PERSON | RECORDS),
    Special("json", "NHS numbers as keys", _keys, PERSON),
    Special("rds", "identities in a list", _r_list, PERSON),
    Special("bin", "random bytes", _random_bytes, _UNREADABLE),
    Special("zip", "an encrypted member", _encrypted, _UNREADABLE),
    Special("png", "a cut file", _truncated, _UNREADABLE),
    Special("xlsx", "sheets named by person", _sheet_names, PERSON),
    Special("log", "records in debug messages", _log_records, PERSON | RECORDS),
)
