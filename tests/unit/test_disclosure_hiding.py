"""What is written so that nobody sees it is found, and what merely looks so is not."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import quopri
import random
import uuid
from pathlib import Path

import pytest

from tests.disclosing import ESCAPINGS, SPELLINGS, TURNINGS, WHO, bits, judged, kinds, rules
from tre.disclosure.contents import Cells
from tre.disclosure.detectors import disguises, encodings, hiding, meaning

RANDOM = random.Random(8)
SELECTORS = [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]


def between(text: str) -> str:
    return f"The results follow\nof the model\n{text}\nthe end of it\n"


def shifted(text: str, by: int) -> str:
    return text.translate({code: code + by for code in range(33, 127)})


@pytest.mark.parametrize("name", [*SPELLINGS, *ESCAPINGS, *TURNINGS])
def test_what_is_encoded_is_found_as_if_it_were_not(tmp_path: Path, name: str) -> None:
    written = (SPELLINGS | ESCAPINGS | TURNINGS)[name](WHO)
    found = judged(tmp_path, between(written))
    assert {"nhs_number", "name"} <= kinds(found)
    assert "5919" not in json.dumps(found.to_json())


@pytest.mark.parametrize("name", [*SPELLINGS, *ESCAPINGS])
def test_a_column_of_encoded_identifiers_is_told_once_with_its_place(tmp_path: Path, name: str) -> None:
    encode = (SPELLINGS | ESCAPINGS)[name]
    lines = "\n".join(f'"{encode(WHO)}";{40 + n}' for n in range(30))
    found = judged(tmp_path, f"code;n\n{lines}\n")
    told = [each for each in found.findings if each.kind == "name" and each.severity == "block"]
    assert len(told) == 1
    assert "row 1" in told[0].location


DISGUISES = {
    "full width": shifted(WHO, 0xFEE0),
    "zero-width marks": "\u200b".join(WHO),
    "soft hyphens": "\u00ad".join(WHO),
    "Cyrillic letters": WHO.translate({ord("a"): "а", ord("e"): "е", ord("H"): "Н"}),
    "Arabic digits": WHO.translate({48 + n: 0x660 + n for n in range(10)}),
    "mathematical letters": WHO.replace("M", "\U0001d40c").replace("9", "\U0001d7d7"),
    "wide spaces": WHO.replace(" ", "\u2003"),
}
MESSAGES = {
    "invisible tags": "hello" + "".join(chr(0xE0000 + ord(each)) for each in WHO),
    "variation selectors": "x" + "".join(chr(SELECTORS[each]) for each in WHO.encode()),
    "invisible marks": "hello " + "".join("\u200b\u200c"[int(bit)] for bit in bits(WHO)) + "there",
    "blanks and tabs at the ends": "\n".join(f"line {n}" + " \t"[int(bit)] for n, bit in enumerate(bits(WHO))),
    "blanks at the ends": "\n".join("line" + " " * int(bit) for bit in bits(WHO)),
    "one blank or two at the ends": "\n".join("line " + " " * int(bit) for bit in bits(WHO)),
    "blanks between tabs": "words\t" + "\t".join(" " * int(f"0b{bits(WHO)[n : n + 3]}", 2) for n in range(0, 320, 3)),
    "gaps between words": "".join("word" + " " * (int(bit) + 1) for bit in bits(WHO)) + "end",
}


@pytest.mark.parametrize("name", DISGUISES)
def test_what_reads_as_a_person_is_one_however_it_is_spelled(tmp_path: Path, name: str) -> None:
    assert {"nhs_number", "name"} <= kinds(judged(tmp_path, between(DISGUISES[name])))


@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_spelled_between_the_letters_is_read(tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, between(MESSAGES[name]))
    assert "hidden-message" in rules(found)
    assert "name" in kinds(found)


def test_a_mark_that_nobody_sees_and_a_word_of_two_scripts_are_told(tmp_path: Path) -> None:
    for text, kind in (
        ("re\u200bsu\u200blt\u200bs\u200b", "invisible"),
        ("the rеsults", "look-alike"),
        ("\u202eabc", "turned"),
    ):
        found = judged(tmp_path, f"{text} of the model\n")
        assert [(each.rule, each.kind) for each in found.findings] == [("concealed-text", kind)]
    odd = "\n".join("line" + " " * RANDOM.randint(0, 9) + "\t" * RANDOM.randint(0, 2) for _ in range(60))
    assert ("concealed-text", "white-space") in {(each.rule, each.kind) for each in judged(tmp_path, odd).findings}


ORDINARY = {
    "hashes": "\n".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200)),
    "commit and digest": "built from 3f786850e387550fdab836ed7e6dc881de23001b, " + hashlib.sha512(b"x").hexdigest(),
    "identifiers of runs": "\n".join(str(uuid.UUID(int=RANDOM.getrandbits(128))) for _ in range(20)),
    "paths": "/usr/lib/python3.11/site-packages/sklearn/linear_model/_logistic.py\n" * 3,
    "links": "see https://example.org/a%20b?x=1&y=%C3%A9#part and https://doi.org/10.1000/182\n",
    "Markdown": "# Title  \n\nA line  \nanother line  \n* item\n\n| a | b |\n| :-- | --: |\n",
    "HTML escapes": "R&amp;D &lt;10 &nbsp;&pound;5 caf&eacute;\n",
    "units and symbols": "10 μg, β-blocker, Δ = 0.5, χ² = 3.2, 95 % CI 1.2–3.4, naïve Müller–Schmidt ☺️ 👩‍⚕️\n",
    "other languages": "Результаты анализа\nΑποτελέσματα\n結果\nنتائج\nमॉडल के परिणाम\n",
    "code": 'x = df["a"].str.replace(r"\\d+\\s", "")\nprint(f"{n:>8.3f}\\t{p:.2e}")\n\tif a:\n\t\treturn c  # done\n',
    "constants": "MASK = 0xDEADBEEF\nVERSION = '1.2.3'\nCOLOURS = ['#1f77b4', '#ff7f0e', '#2ca02c']\n",
    "a log": "".join(f"2026-01-12 10:00:{n:02d} INFO loss={n / 7:.4f} lr=1e-3 step={n}\n" for n in range(60)),
    "long words": "pneumonoultramicroscopicsilicovolcanoconiosis heteroscedasticity_consistent_standard_errors\n",
    "ten-digit numbers, turned round": "\n".join(str(1_700_000_000 + 37 * n) for n in range(40)),
    "telephone of a helpdesk in prose": "We thank the staff of the library for their help with this study.\n",
    "small whole numbers": "\n".join(" ".join(str(RANDOM.randint(40, 120)) for _ in range(12)) for _ in range(10)),
    "base64 of a sentence": base64.b64encode(b"the quick brown fox jumps over the lazy dog").decode(),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_what_is_ordinary_is_not_taken_for_hidden(tmp_path: Path, name: str) -> None:
    told = {each.rule for each in judged(tmp_path, ORDINARY[name]).findings}
    assert not told & {"identifier", "person-name", "hidden-message", "concealed-text", "encoded-text", "date-of-birth"}


def test_a_decoded_clean_thing_is_no_finding_and_an_unreadable_run_is_one(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    drawn, figure = io.BytesIO(), Figure()
    figure.subplots().plot([1, 2, 3], [10, 30, 20])
    figure.savefig(drawn, format="png")
    picture = base64.b64encode(drawn.getvalue()).decode()
    assert rules(judged(tmp_path, f"a picture: {picture}\n")) == {"picture"}
    table = base64.b64encode(b"band,count\n20-29,40\n30-39,50\n").decode()
    assert judged(tmp_path, f"a table: {table}\n").verdict == "pass"
    small = base64.b64encode(b"band,count\n20-29,4\n30-39,50\n").decode()
    assert "small-count" in rules(judged(tmp_path, f"a table: {small}\n"))
    noise = base64.b64encode(RANDOM.randbytes(300)).decode()
    assert rules(judged(tmp_path, f"noise: {noise}\n")) == {"encoded-text"}


def test_a_run_over_several_lines_is_read_as_one(tmp_path: Path) -> None:
    body = base64.encodebytes((WHO + " and more of the same, " + "so that it goes on and on. " * 6).encode()).decode()
    assert body.count("\n") > 2
    assert "name" in kinds(judged(tmp_path, between(body)))
    soft = quopri.encodestring(("x=" + "filler " * 9 + WHO + " filler" * 9).encode(), quotetabs=True).decode()
    assert "=\n" in soft
    assert "name" in kinds(judged(tmp_path, between(soft)))


def test_encodings_within_encodings_end(tmp_path: Path) -> None:
    text = WHO
    for _ in range(8):
        text = base64.b64encode(text.encode()).decode()
    found = judged(tmp_path, text + "\n")
    assert found.verdict == "block"
    assert ("too-big", "encodings") in {(each.rule, each.kind) for each in found.findings}


def test_of_many_cells_escapes_base64_and_hexadecimal_are_still_read() -> None:
    import pyarrow as pa

    values = [f"cell number {n}" for n in range(500)]
    values[7], values[8] = base64.b64encode(WHO.encode()).decode(), WHO.encode().hex()
    values[9] = WHO.replace(" ", "%20")
    made = encodings.decode(Cells.of("", "x", pa.array(values), in_table=True), most=0)
    assert {(how, cells.values[0].as_py(), int(cells.first[0])) for how, cells in made.cells} == {
        ("base64", WHO, 7), ("hexadecimal", WHO, 8), ("URL escapes", WHO, 9),
    }  # fmt: skip
    assert made.read == {7, 8}


def test_bits_that_spell_nothing_are_not_read() -> None:
    assert hiding.spelled([True] * 500) == ""
    assert hiding.spelled([bool(RANDOM.getrandbits(1)) for _ in range(20_000)]) == ""
    assert hiding.spelled([int(bit) > 0 for bit in bits("results of the model")]) == "results of the model"
    seven = "".join(f"{ord(each):07b}" for each in WHO * 2)
    assert hiding.spelled([int(bit) > 0 for bit in seven]).startswith(WHO[:30])
    assert not meaning.says("ab")
    assert not meaning.reads_as_words("xxXXxxXXqqqrrrtttvvvwww")
    assert disguises.plain_letters("plain") == "plain"
