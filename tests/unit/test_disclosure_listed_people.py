"""What programs print with a line, a column or an example for each person; of regions and groups it is fine."""

from __future__ import annotations

import pytest

from tre.disclosure.detectors.sentences import find_in_text
from tre.disclosure.policy import load_policy

POLICY = load_policy()
GENES = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
ROW = "13\t32315000\t.\tA\tG\t99\tPASS\t."
PLACES = ("East", "London", "North", "South", "West", "Yorkshire")


def lines(form: str, things: object = range(1, 8)) -> str:
    """Return a line for each thing."""
    return "\n".join(form.format(each) for each in things)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Coefficients:\n" + lines("as.factor(subject){}   0.3121  0.1190"), "record-level"),
        ("             coef\n" + lines("C(participant_id)[T.{}]   -0.3121  0.1190"), "record-level"),
        ("Coefficients:\n" + lines("as.factor(subject){}   0.3121  0.1190", range(4)), None),
        ("Coefficients:\n" + lines("factor(region){}   0.3121  0.1190", PLACES), None),
        ("Coefficients:\n" + lines("patients per {}   0.3121  0.1190", PLACES), None),
        ("> ranef(fit)\n$subject\n    (Intercept)\n" + lines("{}   -0.214155"), "record-level"),
        ("> ranef(fit)$`patient_id`\n    (Intercept)     days\n" + lines("P{} 0.2141 1.12"), "record-level"),
        ("> ranef(fit)$region\n    (Intercept)\n" + lines("{}   -0.214155", PLACES), None),
        ("u: one for each subject\n" + lines("u[{}]  -0.2141  0.31"), "record-level"),
        ("u: one for each region\n" + lines("u[{}]  -0.2141  0.31"), None),
        ("u: cost per patient\n" + lines("u {}  -0.2141  0.31"), None),
        ("> d$patient\nTwenty lines were read.\n", None),
        ("LIST VARIABLES\nCase Summaries\n   sex  age\n" + lines("{}   F   71"), "record-level"),
        ("SUMMARIZE /TABLES=age /FORMAT=VALIDLIST.\n   sex  age\n" + lines("{}   F   71"), "record-level"),
        ("Case Summaries\n  N  Percent\nValid 4120  91.2%\n", None),
        ("Case Processing Summary\n  N  Percent\n" + lines("{}   4120   71"), None),
        (f"##fileformat=VCFv4.3\n{GENES}\tFORMAT\tA1\tA2\n{ROW}\tGT:DP\t0/1:30\t1|1:22\n", "record-level"),
        (f"##fileformat=VCFv4.3\n{GENES}\n{ROW}\n", None),
        ('> levels(d$surname)\n[1] "Archer" "Bell" "Cole"', "person-name"),
        ("df['last_name'].unique()\narray(['ARCHER', 'BELL'], dtype=object)", "person-name"),
        ('. codebook filename\n examples:\n  "Rates"\n  "Counts"', None),
        ("drop = ['surname', 'forename', 'dob']  # no such column is kept in the table", None),
        (
            " time n.risk n.event survival\n  30 24 1 0.958\n  91 9 1 0.833\nOf all.\nNo more.\nNone.\n",
            "small-risk-set",
        ),
        (" time n.risk n.event survival\n  30 24 1 0.958\n  91 12 1 0.833\nOf all.\nNo more.\nNone.\n", None),
        ("$stats\n[1] 1 3 4 6 9\n\n$n\n[1] 8\n", "small-count"),
        ("$stats\n[1] 1 3 4 6 9\n\n$n\n[1] 812\n", None),
        ("$n\n[1] 812\n\n$out\n[1] 331\n", "extreme-value"),
        ("$n\n[1] 812\n\n$out\nnumeric(0)\n", None),
        ("if age > 90: (samples: 2)\nelse imd > 2: (samples: 812)\nelse: (samples: 40)", "small-leaf"),
        ("if age > 90: (samples: 212)\nelse imd > 2: (samples: 812)\nelse: (samples: 40)", None),
    ],
)
def test_printed(text: str, rule: str | None) -> None:
    """A printout has a line for each person, or one for each group."""
    assert {hit.rule for hit in find_in_text("", text, POLICY, "acro")} == ({rule} if rule else set())
