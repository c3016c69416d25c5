"""The course in `notebooks/`: each of its notebooks is executed in the real sandbox, from first cell to last."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from tests.conftest import REPOSITORY
from tre.disclosure import Context, inspect

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
FOLDER = REPOSITORY / "notebooks"
FIRST_STUDY = "01_first_study.ipynb"  # executed by tests/study
COURSE = sorted(path.name for path in FOLDER.glob("*.ipynb") if path.name != FIRST_STUDY)
R_KERNEL = Path("/usr/share/jupyter/kernels/ir")
# What shows that a notebook came to what it is about, not only to its end.
CAME_TO = {
    "00_welcome.ipynb": "02_first_cohort.ipynb",
    "02_first_cohort.ipynb": "alive at the start",
    "03_linkage_and_quality.ipynb": "admitted after death",
    "04_a_safe_table.ipynb": "[c]",
    "05_survival_analysis.ipynb": "exp(coef)",
    "06_private_learning.ipynb": "Epsilon: 1 of 4 is spent",
    "07_an_airlock_request.ipynb": "There is no such file",
    "08_reproducing_a_study.ipynb": "the same\n",
    "09_the_same_in_r.ipynb": "admitted_by_band_r.csv",
    "10_emergency_admissions.ipynb": "membership_attack_auroc",
    "11_frailty_segments.ipynb": "4 severe",
    "12_bed_demand.ipynb": "seasonal naive",
}
# What a real use asks to be released, and how inspection may judge it: a picture always wants a person's look.
ASKED = {
    "10_emergency_admissions.ipynb": {"emergencies_by_age.csv": "pass", "emergency-admission/card.md": "pass"},
    "11_frailty_segments.ipynb": {
        "frailty_by_age.csv": "pass", "frailty_by_deprivation.csv": "pass", "frailty_by_conditions.csv": "pass",
        "conditions_private.csv": "pass",
    },
    "12_bed_demand.ipynb": {
        "bed_nights_by_quarter.csv": "pass", "forecast_errors.csv": "pass", "bed_nights_by_quarter.png": "review",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", COURSE)
def test_a_notebook_of_the_course_works(opened, name):
    book = nbformat.read(FOLDER / name, as_version=4)
    if book.metadata.kernelspec.name == "ir" and not R_KERNEL.exists():
        pytest.skip("R's kernel is not installed")
    ran = opened.notebook("ann", book)
    assert ran.error == ""
    assert CAME_TO[name] in ran.shown() + ran.shown("text/html")
    if name in ASKED:
        _check_what_it_asked_for(opened, name)


def _check_what_it_asked_for(opened, name):
    asked = {file["name"] for file in opened.platform.requests[0]["files"]}
    assert set(ASKED[name]) <= asked
    for file in sorted(asked):
        found = inspect(opened.home("ann") / "outputs" / file, Context("acro", sandbox=False), name=Path(file).name)
        verdicts = ("pass", ASKED[name][file]) if file in ASKED[name] else ("pass", "review")
        assert found.verdict in verdicts, (file, [each.why for each in found.findings])


def test_the_course_is_listed_and_begins_without_outputs():
    listed = (FOLDER / "README.md").read_text()
    assert sorted(CAME_TO) == COURSE
    for name in (FIRST_STUDY, *COURSE):
        assert name in listed
        book = nbformat.read(FOLDER / name, as_version=4)
        assert not any(cell.get("outputs") for cell in book.cells), name
        if name in COURSE[1:]:
            texts = [cell.source for cell in book.cells if cell.cell_type == "markdown"]
            assert "**Aim:**" in texts[0]
            assert any("## Exercise" in each for each in texts)
