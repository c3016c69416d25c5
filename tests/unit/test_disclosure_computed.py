"""Rows that a program made, rows of groups under an identifier, and those who came most: which are people's."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from random import Random

import pytest

from tests.disclosing import judged, rules

DICE = Random(4)


def grid(names: str, *levels: tuple[object, ...], leave_out: int = 0) -> str:
    """Return a row for each combination of some levels, and two figures between nought and one."""
    rows = [",".join(map(str, row)) for row in product(*levels)]
    return "\n".join([names, *(f"{row},{DICE.random():.4f},{DICE.random():.4f}" for row in rows[leave_out:]), ""])


SETTINGS = ((0.01, 0.1, 0.3), (2, 4, 8), ("gini", "entropy"), (100, 300))
SEARCH = grid("learning_rate,max_depth,criterion,n_trees,mean_auc,sd_auc", *SETTINGS)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (SEARCH, None),
        (grid("learning_rate,max_depth,criterion,n_trees,mean_auc,sd_auc", *SETTINGS, leave_out=1), "possible-records"),
        (grid("learning_rate,max_depth,criterion,n_trees,weight,height", *SETTINGS), "possible-records"),  # of whom?
        (grid("visit,arm,accuracy,speed", tuple(range(40)), ("a", "b")), "possible-records"),
        ("bootstrap,estimate\n" + "".join(f"{n},{DICE.random():.4f}\n" for n in range(150)), "possible-records"),
        ("code,estimate,x,y\n" + "".join(f"{n},{DICE.random():.4f},1,2\n" for n in range(150)), "record-level"),
        ("seed,estimate,x\n" + "".join(f"{n % 70},{DICE.random():.4f},1\n" for n in range(150)), "record-level"),
        ("id,people\nGP,412\nward,310\nhome,900\nhospice,120\npharmacy,800\n", None),
        ("id,label\nGP,a\nward,b\nhome,c\nhospice,d\npharmacy,e\n", "record-level"),
        ("id,visits\nAnn,412\nBob,310\nCath,900\nDan,120\nEve,800\n", "record-level"),
        ("patient_id,people\nGP,412\nward,310\nhome,900\nhospice,120\npharmacy,800\n", "record-level"),
        (
            "age,condition,admissions\n81,COPD,31\n34,asthma,29\n57,stroke,27\n77,COPD,25\n29,fits,24\n",
            "possible-records",
        ),
        ("age,sex,visits\n61,F,310\n33,M,290\n59,F,270\n80,F,250\n19,M,240\n", "possible-records"),
        ("age,sex,admissions\n60,F,310\n60,M,290\n61,F,270\n61,M,250\n62,F,240\n62,M,236\n", None),
        ("age,condition,people\n81,COPD,31\n34,asthma,29\n57,stroke,27\n77,COPD,25\n29,fits,24\n", None),
    ],
)
def test_rows(tmp_path: Path, text: str, rule: str | None) -> None:
    """Rows are a program's, a group's or a person's by what their columns say."""
    found = rules(judged(tmp_path, text)) - {"possible-name", "person-name"}
    assert found == ({rule} if rule else set())
