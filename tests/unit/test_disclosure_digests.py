"""Digests that stand for people are told from those of files, commits and packages."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from tests.disclosing import judged, rules

PERSON, POSSIBLE = "person-digest", "possible-person-digest"
ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def _digests(algorithm: str = "sha256", many: int = 12) -> list[str]:
    return [hashlib.new(algorithm, f"{n}".encode()).hexdigest() for n in range(many)]


def _csv(head: str, *columns: list[str]) -> str:
    return "\n".join([head, *map(",".join, zip(*columns, strict=True))]) + "\n"


RATES = [f"{n}.5" for n in range(12)]
FILES = [f"table_{n}.csv" for n in range(12)]


@pytest.mark.parametrize("algorithm", ALGORITHMS[1:])
@pytest.mark.parametrize("before", ["person_hash=", "nhs_number_sha256: ", '"patient": "', "Patient hash "])
def test_a_digest_that_is_called_a_persons_is_blocked(tmp_path: Path, algorithm: str, before: str) -> None:
    found = judged(tmp_path, f"Results\n{before}{_digests(algorithm)[0]}\n")
    assert (found.verdict, PERSON in rules(found)) == ("block", True)
    assert _digests(algorithm)[0] not in str(found.to_json())


def test_one_of_128_bits_is_a_pseudonym(tmp_path: Path) -> None:
    assert rules(judged(tmp_path, f"Results\nperson_hash={_digests('md5')[0]}\n")) == {"pseudonym"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_digest_for_each_row_is_for_a_checker(tmp_path: Path, algorithm: str) -> None:
    assert POSSIBLE in rules(judged(tmp_path, _csv("hash,rate", _digests(algorithm), RATES)))
    assert POSSIBLE in rules(judged(tmp_path, _csv("hash,rate", [each.upper() for each in _digests(algorithm)], RATES)))


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_one_in_base64_is_as_well(tmp_path: Path, algorithm: str) -> None:
    shown = [base64.b64encode(bytes.fromhex(each)).decode() for each in _digests(algorithm)]
    assert POSSIBLE in rules(judged(tmp_path, _csv("hash,rate", shown, RATES)))


def test_lists_of_digests_are_for_a_checker(tmp_path: Path) -> None:
    lines = "\n".join(_digests())
    assert POSSIBLE in rules(judged(tmp_path, f"Results:\n{lines}\nthe end\n"))
    assert POSSIBLE in rules(judged(tmp_path, json.dumps({"seen": _digests("sha1")})))


@pytest.mark.parametrize(
    "text",
    [
        _csv("file,bytes,sha256", FILES, RATES, _digests()),
        _csv("name,sum", FILES, _digests("md5")),
        _csv("commit,rate", _digests("sha1"), RATES),
        _csv("hash,rate", _digests()[:1] * 12, RATES),
        _csv("hash,rate", _digests(many=4), RATES[:4]),
        _csv("hash,rate", [f"{n:064}" for n in range(12)], RATES),
        _csv("hash,rate", [f"a{n:015}" for n in range(12)], RATES),
        "\n".join(f"{digest}  {name}" for digest, name in zip(_digests(), FILES, strict=True)),
        "Commits of this release:\n" + "\n".join(_digests("sha1")) + "\n",
        "Results:\n" + "\n".join(_digests(many=4)) + "\nthe end\n",
        json.dumps({"layers": _digests()}),
        f"sha256 {_digests()[0]}\ncommit {_digests('sha1')[0]}\n",
        "".join(f"package{n}==1.{n} \\\n    --hash=sha256:{each}\n" for n, each in enumerate(_digests())),
    ],
)  # fmt: skip
def test_digests_of_things_are_not_told(tmp_path: Path, text: str) -> None:
    assert not rules(judged(tmp_path, text)) & {PERSON, POSSIBLE, "pseudonym"}
