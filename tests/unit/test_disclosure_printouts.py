"""What statistics packages print of single people: each is told, and what is laid out alike and is fine is not."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from tests.disclosing import rules
from tre.disclosure import Context, inspect
from tre.disclosure.contents import Table
from tre.disclosure.detectors.models import find_in_words
from tre.disclosure.detectors.printouts import find_in_printouts
from tre.disclosure.detectors.sentences import find_in_cells
from tre.disclosure.policy import load_policy

DETAIL = "      Percentiles      Smallest\n  1%    21     18\n 50%    61        Largest\n 99%    94   107\n"
EXTREME = (
    "  Extreme Observations\n ---Lowest---   ---Highest---\n  Value  Obs   Value  Obs\n    11  3049      64  5969\n"
)
SUMMARY = "   Min. 1st Qu.  Median    Mean 3rd Qu.    Max.\n  12.74   23.10   26.80   27.44   30.92   83.99\n"
FRAME = "      age\n Min.   :18.00\n 1st Qu.:41.00\n Max.   :97.00\n"
CROSS = """          |         died
 ethnicity |         0          1 |     Total
-----------+----------------------+----------
      Arab |       860         {} |       880
     White |     6,912        288 |     7,200
-----------+----------------------+----------
     Total |     7,772        308 |     8,080
"""
ONE_WAY = """   stage |      Freq.     Percent        Cum.
------------+-----------------------------------
          1 |      1,204       60.17       60.17
          2 |          {}       39.83      100.00
------------+-----------------------------------
      Total |      2,001      100.00
"""
OUT = "> boxplot.stats(crp)$out\n [1] 263.1 352.5 309.4 399.3\n [5] 244.7\n"
RESIDUALS = "> residuals(fit)\n       1        2        3\n 7.1983  -3.9337   2.1918\n       4\n 1.0012\n"
TREE = " 1) root 8247 911.20 0.1230\n   2) age< 96.5 {} 902.11 0.1221 *\n   3) age>=96.5 {} 0.00 1.0000 *\n"


def told(text: str, profile: str = "acro") -> set[str]:
    policy = load_policy()
    return {
        hit.rule for find in (find_in_printouts, find_in_words) for hit in find("output", text, policy, profile)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (DETAIL, "extreme-value"),
        (EXTREME, "extreme-value"),
        (SUMMARY, "extreme-value"),
        (FRAME, "extreme-value"),
        (CROSS.format(4), "small-count"),
        (ONE_WAY.format(4), "small-count"),
        (OUT, "value-list"),
        (RESIDUALS, "value-list"),
        (TREE.format(8246, 1), "small-leaf"),
    ],
)
@pytest.mark.parametrize("before", ["", "# ", "    # ", "// ", "#' "])
def test_what_is_printed_of_single_people_is_told_also_in_a_comment(text, rule, before):
    assert told("".join(before + line for line in text.splitlines(keepends=True))) == {rule}


@pytest.mark.parametrize(
    "text",
    [
        CROSS.format(20),
        ONE_WAY.format(797),
        TREE.format(8000, 247),
        "Residuals:\n    Min      1Q  Median      3Q     Max\n-3.1 -1.0 0.1 1.1 2.9\n",  # of a model
        "> coef(fit)\n[1] 0.12 0.48 0.95 1.10\n",
        "> table(band)\n    0-17  18-39\n    4214   3910\n",
        "Percentiles are shown where enough people lie beyond them; the smallest and largest values are not.\n",
        "  Variable |      Coef.   Std. err.\n-----------+----------------\n       age |   .0231        3\n",
    ],
)
def test_what_is_laid_out_alike_and_is_fine_is_not(text):
    assert not told(text)


def test_many_values_one_by_one_are_a_list_whatever_asked_for_them():
    most = int(load_policy().shape["list_values"])
    lines = [f" [{n}] 1.25 2.5" for n in range(1, most + 1, 2)]
    assert told("> x\n[1] 1\n" + "\n".join(lines)) == {"value-list"}
    assert not told("> x\n" + "\n".join(lines[:2]))


def test_a_cell_of_several_lines_is_read_too():
    table = Table("table results", ("n", "note"), (pa.array(["40", "50"]), pa.array(["", CROSS.format(4)])))
    found = list(find_in_cells(table, load_policy(), "acro"))
    assert [(hit.rule, hit.where) for hit in found] == [("small-count", "table results column note")]


def test_a_file_with_a_printout_is_told_of(tmp_path):
    path = tmp_path / "output.txt"
    path.write_text("Table 2 of the report.\n\n" + SUMMARY)
    assert rules(inspect(path, Context(sandbox=False))) == {"extreme-value"}


def requests(**more: str) -> str:
    rows = [
        {"ts": f"2026-06-01T09:00:{n:02d}Z", "path": "/table", "status": 200, "ms": 859 * n % 401} | more
        for n in range(40)
    ]
    return "\n".join(map(json.dumps, rows))


CODING = "level,g0,g1,g2\nA,1,0,0\nB,0,1,0\nC,0,0,1\n"
NOTHING = {
    "contrasts": CODING + "D,-1,-1,-1\n",
    "levels": CODING + "D,0,0,0\n",
    "variants": "variant,allele,frequency\nrs9241383,C,0.326\nrs2967973,C,0.265\nrs9086796,T,0.294\n",
    "requests": requests(),
    "a vector": " $ people: int  6992 7745 4433 1554 1595\n $ deaths: int  4433 1554 1595\n",
    "a sum": "total = 405636 + 618343 = 1023979 attendances\n",
    "a token": '"notBefore": 1780652712, "ttl": 86400\n',
}


@pytest.mark.parametrize("what", NOTHING)
def test_what_only_looks_like_people_passes(tmp_path, what):
    path = tmp_path / "output.txt"
    path.write_text(NOTHING[what])
    assert inspect(path, Context(sandbox=False)).verdict == "pass"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("band,m,f\n0-17,1,0\n18-39,1,0\n40-64,0,1\n65-79,1,1\n", "possible-small-count"),  # people, not codes
        ("passport no,nation\nrs9241383,C\nrs2967973,D\n", "identifier"),
        (requests(age="41"), "possible-records"),
        (requests(path="/person/4021"), "possible-records"),
        ("call + 44 7700 900123 or 2 + 44 7700 900123\n", "identifier"),
        ("contact 447700 900123\n", "identifier"),
    ],
)
def test_what_looks_like_those_and_is_of_people_is_told(tmp_path, text, rule):
    path = tmp_path / "output.txt"
    path.write_text(text)
    assert rule in rules(inspect(path, Context(sandbox=False)))
