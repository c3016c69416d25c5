"""Pedigrees, lists of who met whom and rules that a few meet: told, and what is laid out alike and is fine is not."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from tests.disclosing import judged, rules
from tre.disclosure.detectors.decision_rules import find_rules
from tre.disclosure.detectors.models import find_leaves

FAMILY = [("F1", 1, 0, 0, 1, 1), ("F1", 2, 0, 0, 2, 2), *(("F1", n, 1, 2, n % 2 + 1, 1) for n in range(3, 8))]
HEADED = "family,individual,father,mother,sex,affected\n"
MET = ("Tracey W", "Ivy W", "Isla H", "Richard H", "Luke C", "Kevin E", "Jack G")


def rows(values: list[tuple[object, ...]], mark: str = ",") -> str:
    return "".join(mark.join(map(str, each)) + "\n" for each in values)


def pairs(form: str, who: tuple[str, ...] = MET) -> str:
    return "".join(form.format(one, two) for one, two in pairwise(who))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEADED + rows(FAMILY), True),
        (rows(FAMILY, " "), True),  # PLINK's .fam
        (rows(FAMILY, "\t"), True),
        ("FID,IID,PAT,MAT,SEX,PHENO\n" + rows(FAMILY), True),
        # the same numbers in two families, where a man's is a woman's in the other
        (HEADED + rows([*FAMILY, ("F2", 2, 0, 0, 1, 1), ("F2", 1, 0, 0, 2, 1), ("F2", 3, 2, 1, 1, 1)]), True),
        ("who,father,mother\n" + rows([each[1:4] for each in FAMILY]), True),
        (HEADED + rows([(*each[:4], 3 - each[4], 1) for each in FAMILY]), False),  # fathers are women
        ("commit,father,mother\n" + rows([(n + 100, n + 99, n + 98) for n in range(8)]), False),
        ("topic,father,mother\n" + rows([("a", 412, 388), ("b", 77, 80), ("c", 90, 91), ("d", 20, 20)]), False),
        (rows([(n, n + 1, n + 2, n + 3, n % 3, n) for n in range(20, 40)], " "), False),
        ("infector,infectee,days\n" + rows([(f"P{n}", f"P{n + 1}", 3) for n in range(8)]), True),
        ("case_a,case_b\n" + rows([(f"P{n}", f"P{n + 1}") for n in range(8)]), True),
        ("case_a,case_b\n" + rows([(f"P{n}", f"Q{n}") for n in range(8)]), False),  # nobody stands in both
        ("case_a,case_b\n" + rows([("P1", "P2"), ("P2", "P1")] * 4), False),  # two persons
        ("from,to,metres\n" + rows([(f"J{n}", f"J{n + 1}", 311) for n in range(8)]), False),  # roads
        ("source,target,weight\n" + rows([(f"mod{n}", f"mod{n + 1}", 0.5) for n in range(8)]), False),
        ("case,control,or\n" + rows([(f"smoker{n}", f"never{n}", 0.5) for n in range(8)]), False),
        ("# Who\n\n| from | to | met_in |\n|:--|:--|:--|\n" + pairs("| {} | {} | Ward 21 |\n"), True),
        ("# Who\n\n| from | to | by |\n|:--|:--|:--|\n" + pairs("| {} | {} | x |\n", tuple("abcdefgh")), False),
    ],
)
def test_rows_that_are_of_a_person_and_their_relations(tmp_path: Path, text: str, told: bool) -> None:
    found = judged(tmp_path, text, name="table.txt")
    kinds = {each.kind for each in found.findings if each.rule == "record-level"}
    assert bool(kinds & {"pedigree", "contacts"}) is told


@pytest.mark.parametrize(
    "text",
    [
        "IF age = 87 AND sex = female AND lsoa = E01014370 THEN readmitted (support 1, confidence 1.00)",
        "when age > 87 and sex == 'F' then died (n = 3)",
        "if age >= 87 then died (3 patients)",
        "[1] {age=87,sex=F} => {died} 0.0003 1.0000000 0.0003 8.1 3",
        "(age >= 87) and (sex = F) => died=yes (3.0/0.0)",
        "Rule 2: (3, lift 4.5)\n\tage > 87\n\t->  class yes  [0.800]",
    ],
)
def test_a_rule_that_a_few_meet_is_told(tmp_path: Path, text: str) -> None:
    assert [hit.rule for hit in find_rules("text", text, 10)] == ["small-leaf"]
    assert "small-leaf" in rules(judged(tmp_path, f"# A report\n\n{text}\n", name="report.md"))
    assert "small-leaf" in rules(judged(tmp_path, json.dumps({"rule": text}), name="output.json"))


@pytest.mark.parametrize(
    "text",
    [
        "IF age_band = 80+ AND frailty = severe THEN readmitted (support 1,523, confidence 0.41)",
        "if age >= 87 then died (support 0.0003)",
        "if age >= 87 then died (cover 3%)",
        "If there are few people, then ask (5 people answer).",  # no condition on a value
        "if x == 1 then y = 3 end",
        "[1] {age=80+,sex=F} => {died} 0.0303 0.4000000 0.0303 1.1 303",
        "(age >= 87) and (sex = F) => died=yes (303.0/40.0)",
        "Rule 2: (45/3, lift 4.5)",
    ],
)
def test_a_rule_that_many_meet_or_a_program_has_is_not(text: str) -> None:
    assert list(find_rules("text", text, 10)) == []


@pytest.mark.parametrize(
    ("shape", "program"),
    [
        ("age <= 87: no ({0}.0/10.0)\nage > 87\n|  sex = F: yes ({1}.0)\n|  sex = M: no ({0}.0)\n", "C4.5"),
        ("age > 87: yes ({1}/1)\nage <= 87:\n:...sex = F: no ({0}/3)\n    sex = M: no ({0})\n", "C4.5"),
        ("[2] age < 87: no (n = {0}, err = 3.1%)\n[3] a >= 87: no (n = {1}, err = 0.0%)\n"
         "[4] b: no (n = {0}, err = 1%)", "partykit"),
        ('{{"feature": [2, -2, -2], "n_node_samples": [8247, {0}, {1}]}}', "JSON"),
    ],
)  # fmt: skip
def test_leaves_of_other_programs(shape: str, program: str) -> None:
    assert [hit.kind for hit in find_leaves("text", shape.format(8244, 3), 10)] == [program]
    assert list(find_leaves("text", shape.format(4120, 4127), 10)) == []
