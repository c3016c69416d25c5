"""A person in a rare encoding, one that goes over lines or is strung over other things, is found all the same."""

from __future__ import annotations

import base64
import json
from binascii import b2a_uu
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.disclosing import WHO, judged, kinds, rules
from tre.disclosure.detectors.bases import BASES
from tre.disclosure.detectors.escapes import without_backslashes
from tre.disclosure.detectors.uuencoded import find_uuencoded

_SMALL = "abcdefghijklmnopqrstuvwxyz"
_OF_58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_OF_45 = f"0123456789{_SMALL.upper()} $%*+-./:"
_OF_85 = f"0123456789{_SMALL.upper()}{_SMALL}!#$%&()*+-;<=>?@^_`{{|}}~"
_OF_Z85 = f"0123456789{_SMALL}{_SMALL.upper()}.-:+=^!/*?&<>()[]{{}}@%$#"
_OF_XX = f"+-0123456789{_SMALL.upper()}{_SMALL}"
QUIET = [
    "palette = ['#333333', '#444444', '#555555', '#666666', '#777777', '#888888']",
    "fill: rgb(68, 1, 84); rgb(59, 82, 139); rgb(33, 145, 140); rgb(94, 201, 98); rgb(253, 231, 37)",
    "hosts 10.1.2.3, 10.1.2.4, 192.168.10.12, 127.0.0.1 and 8.8.8.8",
    ">chr13:32315000\nGATTACAGGCATGAGCCACCGCGCCTGGCCTTTTTTTTTTTTTTTTTTTTTTTTTGAGACAGAGTCTCGCTCTGTCGCC",
    "round(12) + sqrt(144) + exp(12) + log(100) + abs(41) + sin(30) + cos(60) + tan(45) + int(77)",
    "PATIENTS ADMITTED TO HOSPITAL IN AN EMERGENCY BY QUINTILE OF DEPRIVATION: 41%",
    "getHttpResponseCodeFromTheServerOfThisService and GloballyUniqueIdentifiers",
    "begin with the tables\nM and F are the sexes\nend",
    "C:\\\\data\\\\x41\\\\new and \\\\u0041 in a pattern",
]


def _number(alphabet: str) -> Callable[[str], str]:
    def write(text: str) -> str:
        number, out = int.from_bytes(text.encode(), "big"), ""
        while number:
            number, digit = divmod(number, len(alphabet))
            out = alphabet[digit] + out
        return out

    return write


def _base45(text: str) -> str:
    data, out = text.encode(), ""
    for at in range(0, len(data), 2):
        number, digits = int.from_bytes(data[at : at + 2], "big"), len(data[at : at + 2]) + 1
        out += "".join(_OF_45[number // 45**place % 45] for place in range(digits))
    return out


def _z85(text: str) -> str:
    data = text.encode().ljust(-(-len(text) // 4) * 4)
    return base64.b85encode(data).decode().translate(str.maketrans(_OF_85, _OF_Z85))


def _dna(bases: str) -> Callable[[str], str]:
    return lambda text: "".join(bases[byte >> shift & 3] for byte in text.encode() for shift in (6, 4, 2, 0))


def _uu(text: str) -> str:
    held = text.encode()
    return "".join(b2a_uu(held[at : at + 45], backtick=True).decode() for at in range(0, len(held), 45))


def _xx(text: str) -> str:
    lines = _uu(text).replace("`", " ").splitlines()
    return "\n".join("".join(_OF_XX[ord(mark) - 32] for mark in line) for line in lines)


def _nested(text: str, times: int) -> str:
    for name in ("a", "b", "c", "d")[:times]:
        text = json.dumps({name: "".join(f"\\u{ord(mark):04x}" if mark.isalnum() else mark for mark in text)})
    return text


ENCODED: dict[str, Callable[[str], str]] = {
    "base36": _number(f"0123456789{_SMALL}"),
    "base58": _number(_OF_58),
    "base62": _number(f"0123456789{_SMALL.upper()}{_SMALL}"),
    "base62, small letters first": _number(f"0123456789{_SMALL}{_SMALL.upper()}"),
    "base45": _base45,
    "Z85": _z85,
    "DNA": _dna("ACGT"),
    "DNA, another way": _dna("TGAC"),
    "RNA in small letters": _dna("ugca"),
    "ROT47": lambda text: "".join(chr(33 + (ord(mark) + 14) % 94) if mark > " " else mark for mark in text),
    "uuencoded without a heading": _uu,
    "uuencoded": lambda text: f"begin 600 table\n{_uu(text)}`\nend",
    "xxencoded": _xx,
    "strings in strings": lambda text: _nested(text, 2),
    "strings in strings in strings": lambda text: _nested(text, 4),
    "colours": lambda text: " ".join(f"#{text.encode()[at : at + 3].hex():0<6}" for at in range(0, len(text), 3)),
    "fills of a drawing": lambda text: "\n".join(
        f'<rect width="4" fill="#{text.encode()[at : at + 3].hex():0<6}"/>' for at in range(0, len(text), 3)
    ),
    "shades": lambda text: "; ".join(
        "rgb({}, {}, {})".format(*text.encode()[at : at + 3]) for at in range(0, len(text) - 2, 3)
    ),
    "hosts": lambda text: " ".join(
        ".".join(map(str, text.encode()[at : at + 4])) for at in range(0, len(text) - 3, 4)
    ),
    "network cards": lambda text: ", ".join(
        text.encode()[at : at + 6].hex(":") for at in range(0, len(text) - 5, 6)
    ),
    "calls of a character each": lambda text: " + ".join(f"chr({ord(mark)})" for mark in text),
    "calls in base 16": lambda text: " & ".join(f"CHAR(0x{ord(mark):02x})" for mark in text),
    "integers of R": lambda text: f"intToUtf8(c({', '.join(f'{ord(mark)}L' for mark in text)}))",
}  # fmt: skip


@pytest.mark.parametrize("way", ENCODED)
def test_a_person_in_a_rare_encoding_is_found(tmp_path: Path, way: str) -> None:
    told = judged(tmp_path, f"Results of the run\n{ENCODED[way](f'{WHO} was seen')}\nno more\n")
    assert {"nhs_number", "name"} <= kinds(told)
    assert "943" not in str(told.to_json())


@pytest.mark.parametrize("way", ["colours", "uuencoded", "strings in strings in strings", "DNA"])
def test_in_a_cell_too(tmp_path: Path, way: str) -> None:
    cell = ENCODED[way](f"{WHO} was seen").replace('"', '""')
    told = judged(tmp_path, f'band,n,note\n20-29,40,"{cell}"\n30-39,40,none\n40-49,50,none\n')
    assert {"nhs_number", "name"} <= kinds(told)


@pytest.mark.parametrize("way", ["base58", "base62", "DNA"])
def test_a_word_below_a_run_is_no_part_of_it(tmp_path: Path, way: str) -> None:
    told = judged(tmp_path, f"Results of the run\n{ENCODED[way](f'{WHO} was seen')}\nage_band\nsex\npeople\n")
    assert {"nhs_number", "name"} <= kinds(told)


@pytest.mark.parametrize("before", ["# ", "    ", "// ", "> "])
def test_lines_of_a_comment_are_read_too(tmp_path: Path, before: str) -> None:
    lines = ENCODED["uuencoded"](f"{WHO} was seen").splitlines()
    told = judged(tmp_path, "x = 1\n" + "".join(f"{before}{line}\n" for line in lines) + "y = 2\n")
    assert {"nhs_number", "name"} <= kinds(told)


@pytest.mark.parametrize("text", QUIET)
def test_what_only_looks_encoded_is_not(tmp_path: Path, text: str) -> None:
    assert not rules(judged(tmp_path, f"Results of the run\n{text}\nno more\n"))


def test_what_is_no_such_base_is_refused() -> None:
    for name, run in (("base45", ":::::::::::::::"), ("Z85", "#################")):
        with pytest.raises((ValueError, OverflowError)):
            BASES[name][1](run)


def test_a_backslash_that_is_escaped_escapes_nothing_yet() -> None:
    assert without_backslashes(r"\\u0041\\\u0042") == "A\\B"
    assert without_backslashes(r"C:\\new") == r"C:\\new"


def test_lines_that_do_not_keep_their_length_are_no_uuencoding() -> None:
    assert list(find_uuencoded("M" + "A" * 59)) == []
    assert list(find_uuencoded("A sentence of words\nand another one, longer than the first\n")) == []
