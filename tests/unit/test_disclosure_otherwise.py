"""An identifier that is written otherwise than it is printed is found, and numbers that only look so are not."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from random import Random

import pytest

from tests.disclosing import OPEN, judged, kinds, rules
from tre.disclosure import Context
from tre.disclosure.contents import text_cells
from tre.disclosure.detectors.along import marks_along, parted
from tre.disclosure.detectors.ciphers import of_morse
from tre.disclosure.detectors.joined import joined
from tre.disclosure.detectors.keyed import brought_back, without_byte
from tre.disclosure.detectors.number_words import digits_of_words
from tre.disclosure.exact_match import digests, nhs_number_is_issued, nhs_number_is_valid, write_filter
from tre.disclosure.otherwise import readings
from tre.disclosure.packs import load_pack

NUMBER = "9434765919"
ALIKE = str.maketrans("0123456789", "OlZ3A5GTBg")
UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WHO = "MargaretHughes,NHSnumber9434765919,born12/03/1974"
MORSE = (
    "-- .- .-. --. .- .-. . - / .... ..- --. .... . ... --..-- / -. .... ... / ----. ....- ...-- ....- --... -.... "
    "..... ----. .---- ----."
)
SPELLED = "Mike Alfa Romeo Golf Alfa Romeo Echo Tango, Hotel Uniform Golf Hotel Echo Sierra, November Hotel Sierra " + (
    " ".join(NUMBER)
)
CALLED = {
    "in odd groups": f"NHS number {NUMBER[:5]} {NUMBER[5:]}",
    "in pairs": "NHS number " + "/".join(NUMBER[n : n + 2] for n in range(0, 10, 2)),
    "every digit apart": "NHS number " + " ".join(NUMBER),
    "every digit apart by anything": "NHS number " + " - ".join(NUMBER),
    "with thousands separators": f"NHS number {int(NUMBER):,}",
    "in words": "NHS number " + " ".join(UNITS[int(each)] for each in NUMBER),
    "in words and digits": "NHS number nine 4 three 4 seven 6 five 9 one 9",
    "in letters that look like digits": "NHS number " + NUMBER.translate(ALIKE),
    "over two lines": f"NHS number {NUMBER[:6]}\n{NUMBER[6:]}",
    "over two lines of a comment": f"    # NHS number {NUMBER[:6]}\n    # {NUMBER[6:]}",
    "a digit a line": "NHS number " + "\n".join(NUMBER),
    "in base 16, called so": f"NHS number {int(NUMBER):x}",
    "after a line that calls it so": f"NHS number\n{NUMBER[:4]} {NUMBER[4:8]}\n{NUMBER[8:]}",
}
ALONE = {
    "in words": " ".join(UNITS[int(each)] for each in NUMBER),
    "in larger words": "nine hundred and forty-three, four hundred seventy-six, five thousand nine hundred nineteen",
    "Morse": MORSE,
    "the spelling alphabet": SPELLED,
    "first letters of lines": "\n".join(f"{mark} - item {n}" for n, mark in enumerate(WHO)),
    "first letters of lines in capitals": "\n".join(f"{mark} is one" for mark in WHO.upper()),
    "a letter a line": "\n".join(WHO),
}
POSSIBLE = {
    "glued to letters": f"loaded scan_pt{NUMBER}v2_final",
    "between low lines": f"loaded scan_{NUMBER}_final",
    "with an exponent": f"id = {int(NUMBER):.9e}",
    "in base 16": f"id = {int(NUMBER):#x}",
    "in base 2": f"id = {int(NUMBER):#b}",
    "in base 8": f"id = {int(NUMBER):#o}",
    "every digit apart": " ".join(NUMBER),
    "as a sum": f"total = {int(NUMBER) - 4_237_236} + 4237236",
    "as a difference": f"total = {int(NUMBER) + 4_237_236} - 4237236",
    "as a sum of three": f"{int(NUMBER) - 5_000_100_000}+5000000000+100000",
    "put together by code": f'a = "{NUMBER[:5]}"\nb = "{NUMBER[5:]}"\nprint(a + b)',
    "put together from a list": f'b = ["{NUMBER[:5]}", "{NUMBER[5:]}"]\nprint("".join(b))',
}
NONE = {
    "a book": "ISBN 7-6883-5601-6",
    "a sum of money": "Total cost 9,434,765,919 pence, or £9,434,765,919",
    "a time": "started_at=1774285656, run_1774285656.log",
    "a decimal": "a rate of 9.434765919 for the NHS",
    "counts of patients": "patients: 94347, 65919",
    "other numbers glued to letters": "ISRCTN93604450 and NCT05285656, E01015185, 999004071000000108x",
    "a digest": "sha256 3bf436e07c1138694347659199e8b954c7e8de362eb703bb9ee6767c725274ea",
    "a sum of counts": "total = 423,723 + 956,763 = 1,380,486; 9434765918 * 1 + 0.5, 434765919-9000000000",
    "telephone numbers": "9434765000-919 or 01782-9434764137",
    "counting": "0 1 2 3 4 5 6 7 8 9 and 9 8 7 6 5 4 3 2 1 0",
    "the same digit": "4 4 4 4 4 4 4 4 4 4",
    "colours and commits": "#943476AB, commit 2325A0F9 and 457c769f39d8644199c0e5bdbcfbc85b37ce91cb",
    "dates": "2026-05-15 12, 15/05/2026 12:30, 20260515-1230, NHS 14/09/2019 07",
    "a rule of dashes": "| --- | --- | --- |\n. . . . . . . . . . . .\n-- -- -- -- -- -- -- -- -- -- --",
    "countries and months": "India, Lima, Quebec and November 2023",
    "words": "In totalities and obligations; one of two, three of four; five, six and seven.",
    "programs": 'df[["age", "sex"]].rename(columns={"a": "b"})\nx = "mean" + "_" + "rate"\nnames = ", ".join(names)',
}


def between(text: str) -> str:
    return f"The results follow\nof the model\n{text}\nthe end of it\n"


@pytest.mark.parametrize("name", CALLED)
def test_a_number_that_is_called_one_is_found_however_it_is_written(tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, between(CALLED[name]))
    assert "nhs_number" in kinds(found)
    assert NUMBER not in json.dumps(found.to_json())


@pytest.mark.parametrize("name", ALONE)
def test_what_nobody_writes_by_chance_needs_no_word_beside_it(tmp_path: Path, name: str) -> None:
    assert "nhs_number" in kinds(judged(tmp_path, between(ALONE[name]) if "\n" not in ALONE[name] else ALONE[name]))


@pytest.mark.parametrize("name", POSSIBLE)
def test_what_may_be_chance_is_for_the_checker(tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, between(POSSIBLE[name]))
    assert found.verdict == "review"
    assert "nhs_number" in {each.kind for each in found.findings}


@pytest.mark.parametrize("name", NONE)
def test_other_numbers_and_words_are_none(tmp_path: Path, name: str) -> None:
    assert judged(tmp_path, between(NONE[name])).verdict == "pass"


def test_one_that_is_held_is_blocked_in_any_writing_and_others_are_not(tmp_path: Path) -> None:
    write_filter(tmp_path / "filters", "nhs_number", digests(b"k" * 32, "nhs_number", [NUMBER]))
    context = Context(sandbox=False, filters=tmp_path / "filters", filter_key=b"k" * 32)
    written = POSSIBLE | {"in groups": f"{NUMBER[:5]} {NUMBER[5:]}", "a sum": f"{int(NUMBER):,}"}
    for name, text in written.items():
        if not name.startswith("put together"):
            assert "held-identifier" in rules(judged(tmp_path, between(text), context)), name
    assert judged(tmp_path, between("7,970,309,701 and 99931 93658"), context).verdict == "pass"


def test_where_it_is_written_is_told(tmp_path: Path) -> None:
    found = judged(tmp_path, between(CALLED["over two lines"]))
    assert [each.row for each in found.findings] == [3]
    in_column = judged(tmp_path, "group,nhs_number\n" + "".join(f"{n},{NUMBER.translate(ALIKE)}\n" for n in range(3)))
    assert ("identifier", 1) in {(each.rule, each.row) for each in in_column.findings}


def test_columns_of_other_numbers_in_such_writings_are_none(tmp_path: Path) -> None:
    random = Random(9)
    numbers = [random.randrange(10**9, 10**10) for _ in range(200)]
    written = {
        "cost": lambda n: f'"{n:,}"', "reading": lambda n: f"{n:.9e}", "token": lambda n: f"{n:#x}",
        "name": lambda n: f"run{n}x", "pair": lambda n: f"{str(n)[:4]}-{str(n)[4:]}",
    }  # fmt: skip
    for head, write in written.items():
        rows = "".join(f"{n % 7},{write(number)}\n" for n, number in enumerate(numbers))
        assert not rules(judged(tmp_path, f"group,{head}\n{rows}")) & {"identifier", "possible-identifier"}, head


def test_a_long_file_is_read_as_well(tmp_path: Path) -> None:
    filler = "".join(f"the ward was calm on day {n} of the study\n" for n in range(9000))
    for text in (CALLED["in words"], CALLED["every digit apart"], POSSIBLE["glued to letters"]):
        found = judged(tmp_path, f"{filler}{text}\n{filler}")
        assert "nhs_number" in {each.kind for each in found.findings}


RATES = ("72.9", "240.1", "124.8", "86.9", "123.2", "34.0", "77.9", "189.0", "13.9", "90.8")


def table(column: str, cells: list[str]) -> str:
    return f"band,{column}\n" + "".join(f"band {n},{cell}\n" for n, cell in enumerate(cells))


def test_a_column_that_spells_a_number_is_found(tmp_path: Path) -> None:
    assert "nhs_number" in {each.kind for each in judged(tmp_path, table("flag", list(NUMBER))).findings}
    behind = judged(tmp_path, table("rate", [f"{rate}000{digit}" for rate, digit in zip(RATES, NUMBER, strict=True)]))
    assert {"concealed-text", "identifier"} <= rules(behind)
    twice = judged(tmp_path, table("flag", list(NUMBER * 2)))
    assert "nhs_number" in kinds(twice)
    assert "hidden-message" in rules(judged(tmp_path, table("mark", list(WHO.replace(",", ";")))))


def test_a_column_that_spells_nothing_is_calm(tmp_path: Path) -> None:
    for cells in (
        [*RATES], [f"{float(rate):.5f}" for rate in RATES], [repr(float(rate) / 3) for rate in RATES],
        [f"{float(rate) * 1.1:.9g}" for rate in RATES], list("MFMFMFMFMFMF"), [str(n) for n in range(12)],
        ["1.0001", "1.0002", "1.0004", "1.0003", "1.0009", "1.0001", "1.0002", "1.0005"],
    ):  # fmt: skip
        told = rules(judged(tmp_path, table("value", cells)))
        assert not told & {"concealed-text", "identifier", "possible-identifier", "hidden-message"}, cells
    import numpy as np

    single = [f"{float(np.float32(rate)):.8f}" for rate in RATES]
    assert "concealed-text" not in rules(judged(tmp_path, table("value", single)))


DRAWN = "3LBOCJEPYG5MBWGFOE2DGL56CM"
PSEUDONYMS = {
    "in small letters": f"row {DRAWN.lower()} was left out",
    "in groups": "row " + "-".join(DRAWN[n : n + 5] for n in range(0, 26, 5)),
    "letter by letter": " ".join(DRAWN),
    "glued to letters": f"file person_{DRAWN}.csv",
    "in hexadecimal": "person dac2e1248fc1bac0d8c57134332fbe13",
    "as a UUID": "person_id dac2e124-8fc1-bac0-d8c5-7134332fbe13",
}


@pytest.mark.parametrize("name", PSEUDONYMS)
def test_a_pseudonym_is_found_however_it_is_written(tmp_path: Path, name: str) -> None:
    assert "pseudonym" in rules(judged(tmp_path, between(PSEUDONYMS[name])))


@pytest.mark.parametrize(
    "line",
    [
        "run 5bc8fbbc-bde5-4099-8164-d8399f767c45 of 40 patients", "md5 db3904e56c224d0a8e6a9e15f10d3d91",
        "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z", "averagepooling2dlayerforme is a long word",
        "abcdefghijklmnopqrstuvwxyz", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "TABLE 2 SHOWS WHAT WE FOUND IN 3 OF THE 4 BANDS OF AGE",
        "the digests of 40 patients: db3904e56c224d0a8e6a9e15f10d3d91",
    ],
)  # fmt: skip
def test_a_key_of_something_else_is_no_pseudonym(tmp_path: Path, line: str) -> None:
    assert "pseudonym" not in rules(judged(tmp_path, between(line)))


def test_the_parts() -> None:
    assert digits_of_words("Nineteen eighty") == "1980"
    assert digits_of_words("three thousand and six") == "3006"
    assert digits_of_words("double nine oh treble one") == "990111"
    assert digits_of_words("two hundred thousand, five") == "200005"
    assert parted("xmargarethughesy", load_pack().names) == "x Margaret Hughes y"
    assert list(marks_along(["a", "b"])) == []
    assert set(joined('x = chr(77) + "ar"\ny = f"{x}y"\nz <- paste0(x, "garet")')) == {"Mar", "Mary", "Margaret"}
    assert set(joined("a = 94347\nb = 65919\nprint(a + b, f'{a}{b}')")) == {NUMBER}
    assert set(joined("a <- 94347\nb <- 65919\nprint(paste0(a, b))")) == {NUMBER}
    assert set(joined("a = 94347\nb = 65919\nc = a + b\nd = ''.join([a, b])")) == set()
    assert set(joined("a = ('Mar'\n  'garet')\nb = a + ' ' + \"H\" \"ughes\"")) == {"Margaret", "Margaret Hughes"}
    with pytest.raises(ValueError, match="no Morse"):
        of_morse("--- --- --- --- --- --- --- ---")
    assert nhs_number_is_issued(NUMBER)
    for digits in ("1774285656", "4444444444", "9876543210", "0123456789", NUMBER[:9]):
        assert not nhs_number_is_issued(digits)
    assert nhs_number_is_valid("9876543210")
    assert OPEN.filters is None


SMALL = "abcdefghijklmnopqrstuvwxyz"
SAID = "Margaret Hughes, NHS number 943 476 5919, was admitted on Tuesday"


def moved(text: str, alphabet: str) -> str:
    return text.translate(str.maketrans(SMALL + SMALL.upper(), alphabet + alphabet.upper()))


KEYED = {
    "letters moved by three": moved(SAID, SMALL[3:] + SMALL[:3]),
    "letters moved back by one": moved(SAID, SMALL[-1:] + SMALL[:-1]),
    "letters mirrored": moved(SAID, SMALL[::-1]),
    "a byte into each, in base64": base64.b64encode(bytes(each ^ 0x5A for each in SAID.encode())).decode(),
    "a byte into each, in hexadecimal": bytes(each ^ 0xC3 for each in SAID.encode()).hex(),
}


@pytest.mark.parametrize("name", KEYED)
def test_what_stands_under_a_key_that_can_be_told_is_read(tmp_path: Path, name: str) -> None:
    found = judged(tmp_path, between(KEYED[name]))
    assert {"name", "nhs_number"} <= kinds(found)
    assert "Margaret" not in json.dumps(found.to_json())


def test_what_stands_under_no_key_is_left(tmp_path: Path) -> None:
    random = Random(3)
    assert all(without_byte(random.randbytes(size)) is None for size in range(24, 200))
    assert without_byte(SAID.encode()) is None
    assert brought_back(SAID) is None
    assert brought_back("x") is None
    calm = moved("The rate of admissions was stable over both years", SMALL[5:] + SMALL[:5])
    assert judged(tmp_path, between(calm)).verdict == "pass"


def test_a_message_within_a_cell_or_across_a_row_is_found(tmp_path: Path) -> None:
    lines = "\n".join(f"{mark} is one" for mark in WHO)
    cell = judged(tmp_path, f'band,note\n20-29,"{lines}"\n30-39,none\n')
    assert {"hidden-message", "person-name"} <= rules(cell)
    marks = WHO.replace(",", ";")
    heads = ",".join(f"part {n}" for n in range(len(marks)))
    across = judged(tmp_path, f"{heads}\n{','.join(marks)}\n{','.join('x' * len(marks))}\n")
    assert {"hidden-message", "person-name"} <= rules(across)


def test_a_person_put_together_by_a_program_is_found(tmp_path: Path) -> None:
    found = judged(tmp_path, between('first = "Mar" + "garet"\nlast = "Hug" + "hes"\nprint(first + " " + last)'))
    assert "person-name" in rules(found)
    calm = judged(tmp_path, between('first = "mean" + "_"\nlast = "rate" + "s"\nprint(first + last)'))
    assert calm.verdict == "pass"


def test_a_held_number_down_a_column_is_blocked(tmp_path: Path) -> None:
    write_filter(tmp_path / "filters", "nhs_number", digests(b"k" * 32, "nhs_number", [NUMBER]))
    context = Context(sandbox=False, filters=tmp_path / "filters", filter_key=b"k" * 32)
    for digits in (NUMBER, f"{NUMBER}427"):
        assert "held-identifier" in rules(judged(tmp_path, table("flag", list(digits)), context))
    assert "held-identifier" not in rules(judged(tmp_path, table("flag", list("5123401234")), context))


def test_numbers_that_overlap_are_read_one_after_the_other() -> None:
    random = Random(5)
    fits = (
        (one, two, three)
        for one, two, three in iter(lambda: tuple(str(random.randrange(10**4, 10**5)) for _ in range(3)), None)
        if nhs_number_is_issued(one + two) and nhs_number_is_issued(two + three)
    )
    one, two, three = next(fits)
    pack = load_pack()
    made = list(readings(text_cells("", f"{one} {two} {three}"), pack))
    assert [each.cells.values.to_pylist() for each in made] == [[f" {one[:3]} {one[3:]}{two[0]} {two[1:]}  {three}"]]
    assert [each.rule for each in made] == [""]


def test_a_program_of_many_strings_is_read_to_a_bound() -> None:
    text = "".join(f'x = "a{n}" + "b"\n' for n in range(800))
    assert len(list(joined(text))) == 500
