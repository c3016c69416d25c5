"""The course in `notebooks/`: each of its notebooks is executed in the real sandbox, from first cell to last."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from tests.conftest import REPOSITORY

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
FOLDER = REPOSITORY / "notebooks"
COURSE = sorted(path.name for path in FOLDER.glob("0[02-9]_*.ipynb"))  # the first study is executed by tests/study
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
}


@pytest.mark.parametrize("name", COURSE)
def test_a_notebook_of_the_course_works(opened, name):
    book = nbformat.read(FOLDER / name, as_version=4)
    if book.metadata.kernelspec.name == "ir" and not R_KERNEL.exists():
        pytest.skip("R's kernel is not installed")
    ran = opened.notebook("ann", book)
    assert ran.error == ""
    assert CAME_TO[name] in ran.shown() + ran.shown("text/html")


def test_the_course_is_listed_and_begins_without_outputs():
    listed = (FOLDER / "README.md").read_text()
    assert sorted(CAME_TO) == COURSE
    for name in ("01_first_study.ipynb", *COURSE):
        assert name in listed
        book = nbformat.read(FOLDER / name, as_version=4)
        assert not any(cell.get("outputs") for cell in book.cells), name
        if name in COURSE[1:]:
            texts = [cell.source for cell in book.cells if cell.cell_type == "markdown"]
            assert "**Aim:**" in texts[0]
            assert any("## Exercise" in each for each in texts)
