"""A person told by other means than a name or a number as it is printed: documents, homes, days in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.disclosing import judged, kinds, rules

PASSPORT = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"  # the specimen of ICAO Doc 9303-4, appendix B
TOLD = [
    (f"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n{PASSPORT}", "identifier", "passport"),
    ("NHS no. 943 476 591?", "possible-identifier", "nhs_number"),
    ("patient 4c17rz3", "possible-identifier", "nhs_number"),
    ("lives at UPRN 100031701754", "identifier", "address"),
    ("patient's home 53.03989, -2.19369", "identifier", "address"),
    ("home geohash gcqmw3p5c", "identifier", "address"),
    ('"birthDate": 361411200', "date-of-birth", "date_of_birth"),
    ("born -86400000000", "date-of-birth", "date_of_birth"),
    ("slk581=UGEAR120319742", "identifier", "linkage_key"),
    ("statistical linkage key 22222120319749", "identifier", "linkage_key"),
    ("row UGEAR120319742", "possible-identifier", "linkage_key"),
    ("Home visit at ///filled.count.soap", "identifier", "address"),
    ("meet at ///filled.count.soap.", "possible-identifier", "address"),
    ("what3words: filled.count.soap", "possible-identifier", "address"),
    ("she lives at https://w3w.co/filled.count.soap", "identifier", "address"),
    ("P<GBRTUNNICLIFFE<<OLIVIA<<<<<<<<<<<<<<<<<<<<<", "possible-name", "name"),
    ("PND<<MUELLER<VOGT<<HANS<<<<<<<<<<<<<<<<<<<<<<", "possible-name", "name"),
    ("ERIKSSON<<ANNA<MARIA<<<<<<<<<<", "possible-name", "name"),
]
NOT_TOLD = [
    PASSPORT.replace("740812", "740813"), "run 943 476 591", "patient outcome", "total 100031701754",
    "the centroid of the area is 53.03989, -2.19369", "home visits 53.03989, 12.19369", "digest gcqmw3p5c",
    '"births": 361411200', "born 361411201", "born 3.6141", "SLK-581 joins letters 2, 3 and 5", "ABCDE320319742",
    "ABCDE121319742", "ABCDE120319745", "file:///usr.local.share at home", "home: sklearn.linear_model.Logistic",
    "at home ///filled.count.soap.py", "what3words needs three words", "w3w: Rates.By.Practice at home",
]  # fmt: skip

PLACES = ["filled", "count", "lamp", "tiger", "river", "spoon"]
NAMES = [
    "⠍⠁⠗⠛⠁⠗⠑⠞ ⠏⠇⠁⠝⠞", "⠍⠁⠗⠛⠁⠗⠑⠞ ⠁⠃⠑⠗⠝⠑⠞⠓⠽⠭",  # a surname that is a word, and one that no list has
    "ᴍᴀʀɢᴀʀᴇᴛ ʜᴜɢʜᴇꜱ", "⠍⠁⠗⠛⠁⠗⠑⠞ ⠓⠥⠛⠓⠑⠎", "sǝɥƃnɥ ʇǝɹɐƃɹɐɯ", "μαργαρετ χυγχες", "ο ασθενής κχαρλοττε βροων ήρθε",
    "patient m4rg4r37 hugh3$", "l1ly w1l50n", "4l4n sm17h",
]  # fmt: skip
NO_NAMES = [
    "⠞⠓⠑ ⠍⠕⠙⠑⠇ ⠺⠁⠎ ⠋⠊⠞⠞⠑⠙",
    "s3 bucket4 a1 b2c3",
    "h0 h1 p4ges 42",
    "/ˈhɒspɪtl/ ɪn ˈlʌndən",
    "λ = 3 και μ = 4",
    "0x4da1e 5e1f",
    "sha256 md5sum",
]


@pytest.mark.parametrize("text", NAMES)
def test_a_name_in_other_letters_is_found(tmp_path: Path, text: str) -> None:
    found = judged(tmp_path, f"Results\n{text}\n")
    assert rules(found) & {"person-name", "possible-name"}
    assert "argaret" not in str(found.to_json())


@pytest.mark.parametrize("text", NO_NAMES)
def test_other_letters_alone_are_no_name(tmp_path: Path, text: str) -> None:
    assert not rules(judged(tmp_path, f"Results\n{text}\n")) & {"person-name", "possible-name"}


@pytest.mark.parametrize(("text", "rule", "kind"), TOLD)
def test_what_tells_a_person_is_found(tmp_path: Path, text: str, rule: str, kind: str) -> None:
    found = {(each.rule, each.kind) for each in judged(tmp_path, f"Results\n{text}\n").findings}
    assert (rule, kind) in found or (rule.removeprefix("possible-"), kind) in found


def test_a_column_of_addresses_of_three_words_is_blocked(tmp_path: Path) -> None:
    rows = "\n".join(f"{a}.{b}.soap,{n}00" for n, (a, b) in enumerate(zip(PLACES, PLACES[::-1], strict=True), 10))
    assert "address" in kinds(judged(tmp_path, f"what3words,cost\n{rows}\n"))
    assert "address" not in kinds(judged(tmp_path, f"module,cost\n{rows}\n"))


@pytest.mark.parametrize("text", ["A<<B", "STD<<COUT<<HELLO", "std::cout << NAME << SURNAME", "A" * 40 + "<<<"])
def test_signs_less_than_are_no_passport(tmp_path: Path, text: str) -> None:
    assert not rules(judged(tmp_path, f"Results\n{text}\n")) & {"person-name", "possible-name"}


@pytest.mark.parametrize("text", ["rs924383 C", "rs918766A"])
def test_a_variant_beside_an_allele_is_no_insurance_number(tmp_path: Path, text: str) -> None:
    assert not rules(judged(tmp_path, f"Results\n{text}\n"))


@pytest.mark.parametrize("text", NOT_TOLD)
def test_what_only_looks_so_is_not(tmp_path: Path, text: str) -> None:
    told = {each.kind for each in judged(tmp_path, f"Results\n{text}\n").findings}
    assert not told & {"passport", "nhs_number", "address", "date_of_birth", "linkage_key"}
