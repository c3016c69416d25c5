"""A researcher who writes code hides people: in encodings, pixels, weights; and attacks what decodes them."""

from __future__ import annotations

import base64
import io
import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from tests.disclosing import WHO, judged, kinds, rules
from tests.unit.test_disclosure_pixels import MESSAGES
from tre.disclosure import Context, DisclosureError, pseudonyms

RANDOM = Random(12)
ROWS = "age,sex,lsoa,icd10\n" + "".join(
    f"{RANDOM.randint(18, 95)},{RANDOM.choice('MF')},E01{RANDOM.randint(0, 400):06d},I{RANDOM.randint(10, 60)}\n"
    for _ in range(300)
)
with_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


def notebook(**output: object) -> str:
    cell = {"cell_type": "code", "source": "", "metadata": {}, "outputs": [output]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def exif() -> bytes:
    packed, data = io.BytesIO(), Image.Exif()
    data[0x010E] = base64.b64encode(WHO.encode()).decode()
    Image.new("RGB", (40, 40), "white").save(packed, "PNG", exif=data)
    return packed.getvalue()


def weights(values: np.ndarray, name: str = "layer.weight") -> bytes:
    from safetensors.numpy import save

    return save({name: values})


def book() -> bytes:
    import openpyxl

    made, packed = openpyxl.Workbook(), io.BytesIO()
    made.active.append(["band", "count", base64.b64encode(WHO.encode()).decode()])
    made.active.append(["20-29", 40, ""])
    made.save(packed)
    return packed.getvalue()


CODED = base64.b64encode(WHO.encode()).decode()
PLACES: dict[str, Callable[[], str | bytes]] = {
    "a comment in code": lambda: f"import tre\n\nX = 1  # {CODED}\nprint(X)\n",
    "a column's name": lambda: f"band,count,{CODED}\n20-29,40,1\n30-39,50,2\n",
    "a key of JSON": lambda: json.dumps({CODED: [1, 2, 3]}),
    "a style of a page": lambda: f"<html><style>/* {CODED} */</style><p>fine</p></html>",
    "an attribute of a page": lambda: f'<html><p data-x="{WHO.encode().hex()}">fine</p></html>',
    "a link of a page": lambda: f"<html><a href='https://example.org/?q={WHO.replace(' ', '%20')}'>x</a></html>",
    "a notebook's metadata": lambda: notebook(output_type="display_data", data={}, metadata={"x": CODED}),
    "what a notebook prints": lambda: notebook(output_type="stream", name="stdout", text=WHO[::-1]),
    "Exif data": exif,
    "a heading of a sheet": book,
    "a tensor's name": lambda: weights(np.ones((3, 3), "f4"), CODED),
    "a tensor's bytes": lambda: weights(np.frombuffer((WHO + " ").encode() * 8, "<f4")),
    "a drawing's description": lambda: f'<svg xmlns="http://www.w3.org/2000/svg"><desc>{CODED}</desc></svg>',
    "JSON's escapes within base64": lambda: base64.b64encode(json.dumps(WHO).replace("9", "\\u0039").encode()).decode(),
}


@pytest.mark.parametrize("name", PLACES)
def test_an_encoded_person_is_blocked_wherever_it_stands(tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, PLACES[name]())
    assert {"name", "nhs_number"} & kinds(found)
    assert found.verdict == "block"
    assert WHO not in json.dumps(found.to_json())


@pytest.mark.parametrize("way", ["base64", "hexadecimal", "zlib in base64", "reversed base64"])
def test_rows_of_people_are_records_however_they_are_encoded(tmp_path: Path, way: str) -> None:
    data = ROWS.encode()
    coded = {
        "base64": base64.b64encode(data).decode(),
        "hexadecimal": data.hex(),
        "zlib in base64": base64.b64encode(zlib.compress(data)).decode(),
        "reversed base64": base64.b64encode(data).decode()[::-1],
    }[way]
    wrapped = "\n".join(coded[n : n + 76] for n in range(0, len(coded), 76)) if way == "base64" else coded
    found = judged(tmp_path, f"the model says\n{wrapped}\n")
    assert {"record-level", "encoded-text"} & rules(found)
    assert found.verdict != "pass"


def test_the_names_of_files_are_read_again_too(tmp_path: Path) -> None:
    clean = "band,count\n20-29,40\n30-39,50\n"
    for name in (f"{WHO.encode().hex()}.csv", f"{CODED.replace('=', '')}.csv", "９４３４７６５９１９.csv"):
        assert judged(tmp_path, clean, name=name).verdict == "block", name
    assert judged(tmp_path, clean, name="table_1_" + "ab" * 16 + ".csv").verdict == "pass"


def test_a_bomb_in_an_encoding_is_stopped(tmp_path: Path) -> None:
    bomb = base64.b64encode(zlib.compress(b"0" * 300_000_000, 9)).decode()
    found = judged(tmp_path, f"see {bomb}\n")
    assert found.verdict != "pass"
    nested = WHO
    for _ in range(9):
        nested = nested.encode().hex()
    assert judged(tmp_path, nested[:200_000]).verdict in ("pass", "review", "block")


@pytest.mark.parametrize(
    "text",
    [
        "%41" * 50_000, "&#65;" * 30_000, "=41" * 50_000, "\\u0041" * 30_000, "+AEE-" * 30_000, "A" * 200_000,
        "\u200b" * 50_000, "\t \t" * 50_000, "( " * 50_000, "65 " * 50_000, "01" * 100_000, "<~" * 50_000,
        "\n".join(" \t" * RANDOM.randint(1, 9) for _ in range(20_000)), "9" * 100_000, "=\n" * 50_000,
    ],
)  # fmt: skip
def test_what_is_made_to_be_slow_ends(tmp_path: Path, text: str) -> None:
    assert judged(tmp_path, "first\n" + text).sha256


@with_bwrap
@pytest.mark.sandbox
def test_the_worker_finds_what_is_hidden_and_knows_whose_a_pseudonym_is(tmp_path: Path) -> None:
    other = "A2B3C4D5E6F7ABCDEFGHIJKLMN"
    key, folder = b"k" * 32, tmp_path / "filters"
    pseudonyms.add_to_filter(folder, "other", pseudonyms.digests(key, [other]))
    context = Context(filters=folder, filter_key=key, project="own", overrides={"rules": {"picture": "block"}})
    assert "another-project" in kinds(judged(tmp_path, f"from {other.lower()[:14]}\n", context))
    found = judged(tmp_path, MESSAGES["all samples"](), context)
    assert {"message", "name", "png"} <= kinds(found)
    with pytest.raises(DisclosureError, match="loosen"):
        judged(tmp_path, "x", Context(overrides={"rules": {"pickle": "note"}}))
