"""Tables whose figures give back a few people: by their decimals, ratios, ranges, first days and one person's share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.disclosing import judged, rules

SURE, POSSIBLE, EXTREME = "recoverable-cell", "possible-recoverable-cell", "extreme-value"
STEPS = "small-risk-set"


def curve(people: int, decimals: int = 6, *, label: str = "survival", falling: bool = True) -> str:
    """Return a curve of so many people of whom one dies at each step, and every third leaves before one does."""
    at_risk, survival, rows = people, 1.0, [f"days,{label}", f"0,{1 if falling else 0}"]
    for n in range(1, people // 2):
        survival *= 1 - 1 / at_risk
        at_risk -= 1 + (n % 3 == 0)
        rows.append(f"{7 * n},{survival if falling else 1 - survival:.{decimals}f}")
    return "\n".join([*rows, ""])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        # shares of a base that is not told
        ("group,share\na,0.142857\nb,0.285714\nc,0.571429\n", POSSIBLE),  # of seven
        ("group,percent\na,3.2258\nb,6.4516\nc,90.3226\n", POSSIBLE),  # of 31
        ("group,share\na,0.142857\nb,0.285714\nc,0.581321\n", None),
        ("group,share\na,0.031\nb,0.042\nc,0.118\nd,0.809\n", None),
        ("group,share\na,0.250000\nb,0.125000\nc,0.625000\n", None),  # round numbers
        ("weight,proportion\na,0.333333\nb,0.333333\nc,0.333333\n", None),
        ("group,share\na,0.494071\nb,0.505929\n", None),  # 125 and 128 of 253
        # the falls of a survival curve
        (curve(21), STEPS),
        (curve(60), STEPS),
        (curve(21, 4), STEPS),
        (curve(21, label="cumulative_incidence", falling=False), STEPS),
        (curve(21) + curve(34).partition("\n")[2], STEPS),  # two groups
        (curve(9000), None),  # so many that six decimals do not tell one from the next
        ("years,survival\n" + "".join(f"{n},{0.95**n:.8f}\n" for n in range(1, 12)), None),  # a model's
        ("years,survival\n1,0.97\n2,0.94\n3,0.93\n4,0.9\n5,0.88\n6,0.85\n", None),
        # observed and expected
        ("ward,expected,smr\na,1.32,2.2727\nb,2.11,0.9479\nc,0.71,1.4085\n", SURE),
        ("ward,expected_deaths,SMR\na,1.32,227.27\nb,2.11,94.79\nc,0.71,140.85\n", SURE),
        ("ward,expected,standardised mortality ratio\na,1.32,2.1\nb,2.11,0.97\nc,0.71,1.3\n", None),  # drawn together
        ("ward,expected,smr\na,132.0,1.0227\nb,211.0,0.9479\nc,71.0,1.4085\n", None),
        # ranges of which one is the other but for a few
        ("ages,operations\n0 to 17,214\n0 to 16,211\n18 to 64,902\n", SURE),
        ("ages,people\n18+,2140\n18-89,2133\n", SURE),
        ("ages,people\n18+,2140\n65+,900\n", None),
        ("ages,people\n0-17,214\n18-39,212\n", None),
        ("site,2019 to 2024,2019 to 2023\na,440,437\nb,380,380\n", SURE),
        # the first and the last day
        ("village,first_birth,last_birth\na,2024-03-02,2025-01-11\nb,2024-02-11,2025-04-19\n", EXTREME),
        ("disease,earliest onset\na,02/03/2024\nb,11/02/2024\n", EXTREME),
        ("source,first_record,last_record\na,2019-03-02,2025-01-11\nb,2019-02-11,2025-04-19\n", None),
        ("page,last_updated\na,2019-03-02\nb,2019-02-11\n", None),
        ("source,first_month,last_month\na,2019-03,2025-01\nb,2019-02,2025-04\n", None),
        # what one person makes up
        ("service,cost,share_of_largest\na,41000,0.93\nb,52000,0.2\n", "dominated-total"),
        ("service,cost,percent of dearest patient\na,41000,41.5\nb,52000,20.4\n", EXTREME),
        ("service,cost,share of total\na,41000,0.93\nb,52000,0.07\n", None),
        # intervals are no bins
        ("study,n,ratio,lower,upper\na,900,1.1,0.9,1.3\nb,700,1.4,1.2,1.7\nc,800,0.9,0.8,1.1\n", None),
        ("lower,upper,count\n0.31,1.7,40\n1.7,3.09,60\n3.09,4.48,50\n", "edge-bin"),
        ("lower,upper,middle,count\n0.31,1.7,1.0,40\n1.7,3.09,2.4,60\n3.09,4.48,3.8,50\n", "edge-bin"),
    ],
)
def test_table(tmp_path: Path, text: str, rule: str | None) -> None:
    """A table gives a few people back by what else it tells, or does not."""
    assert rules(judged(tmp_path, text)) - {"possible-records", "record-level"} == ({rule} if rule else set())
