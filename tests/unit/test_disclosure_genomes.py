"""Genotypes, a study's people, a model's levels and words that each are a person's, and what is laid out alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.disclosing import judged, rules
from tre.disclosure.detectors.vocabulary import find_vocabulary
from tre.disclosure.packs import load_pack

_VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
_SITE = "13\t32340300\t.\tGT\tG\t99\tPASS\tAF=0.2"
PEOPLE = [("F1", "anna", 2), ("F2", "ben", 1), ("F3", "cara", 2), ("F4", "dev", 1), ("F5", "eve", 2)]
WHO = [f"Q{n}x" for n in range(7)]


def _samples(count: int) -> str:
    samples = "\t".join(f"S{n}" for n in range(count))
    calls = "\t".join("0/1" if n % 3 else "0/0" for n in range(count))
    return f"{_VCF}\tFORMAT\t{samples}\n{_SITE}\tGT\t{calls}\n"


def _lines(form: str) -> str:
    return "Coefficients:\n" + "\n".join(form.format(each, n * 0.37 - 1) for n, each in enumerate(WHO))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (_samples(1), "record-level"),
        (f"{_VCF}\tFORMAT\tS1\n", "possible-records"),
        (_samples(12), "record-level"),
        (f"{_VCF}\n{_SITE}\n", ""),
        ("".join(f"{family} {who} 0 0 {sex} -9\n" for family, who, sex in PEOPLE), "record-level"),
        ("".join(f"F{n}\tID_{n}\t0\t0\t{n % 2 + 1}\t1\n" for n in range(6)), "record-level"),
        ("".join(f"{family} {who} 0 0 1 -9\n" for family, who, _ in PEOPLE), ""),  # one sex
        ("".join(f"{n} {n + 7} 0 0 {n % 2 + 1} 1\n" for n in range(6)), ""),  # numbers
        ("snp,a,b,c,d,e,f\n" + "".join(f"rs{n},0/0,0/1,1/1,./.,0|1,0/0\n" for n in range(6)), "record-level"),
        ("score,a,b\n" + "".join(f"s{n},0/1,0.5\n" for n in range(6)), ""),
        (_lines("factor(patient){}   {:.4f}  0.41"), "record-level"),
        (_lines("as.factor(subject_id){}   {:.4f}  0.41"), "record-level"),
        (_lines("C(patient_id)[T.{}]   {:.4f}  0.41"), "record-level"),
        (_lines('"C(pt, Treatment)[T.{}]", {:.4f}, 0.41'), "record-level"),
        (_lines("patient[{}]   {:.4f}  0.41"), "record-level"),
        (_lines("factor(region){}   {:.4f}  0.41"), ""),
        (_lines("C(practice)[T.{}]   {:.4f}  0.41"), ""),
        (_lines("patient_group{}   {:.4f}  0.41"), ""),
    ],
)  # fmt: skip
def test_what_is_of_one_person_each(tmp_path: Path, text: str, rule: str) -> None:
    told = {
        each.rule for each in judged(tmp_path, text).findings if each.kind in ("genotypes", "pedigree", "by-person")
    }
    assert told == {rule} - {""}


@pytest.mark.parametrize("key", ["vocab", "vocabulary_", "word_index"])
def test_names_in_a_vocabulary_are_for_a_checker(tmp_path: Path, key: str) -> None:
    names = sorted(load_pack().names.surnames - load_pack().names.lexicon)[:200:5]
    words = ["the", "patient", "was", "seen", "clinic", "##ing", "blood", "pressure", "rates", "table"]
    pieces = {piece: place for place, piece in enumerate([*words, *names])}
    assert "possible-name" in rules(judged(tmp_path, json.dumps({"model": {key: pieces}})))
    assert "possible-name" in rules(judged(tmp_path, "\n".join(["[PAD]", "[UNK]", "[CLS]", *pieces]) + "\n"))
    common = json.dumps({"model": {key: {piece: place for place, piece in enumerate(words)}}})
    assert not list(find_vocabulary("", common, load_pack().names))
    assert not list(find_vocabulary("", json.dumps(pieces), load_pack().names))
