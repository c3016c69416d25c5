"""SQL cells in the real sandbox, over the project's Spark."""

from __future__ import annotations

import shutil

import pytest

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]


def test_a_query_is_shown_kept_and_bound(opened):
    ran = opened.cells(
        "ann",
        "year = 1940",
        "%%sql older\nSELECT pseudonym, birth_year, '<b>x</b>' AS marked FROM people WHERE birth_year < :year",
        "print('kept', older.count(), older.columns)",
        "%sql SELECT count(*) AS n FROM small_area",
        "import tre\ntre.spark() is tre.spark()",
    )
    assert ran.error == ""
    html, plain = ran.shown("text/html"), ran.shown()
    assert html.count("<tr") == 1 + 50 + 2  # a head and the first fifty rows, and the second query's two
    assert "The first 50 rows; there are more." in html
    assert "&lt;b&gt;x" in html
    assert "<b>x" not in html
    assert "['pseudonym', 'birth_year', 'marked']" in plain
    assert "40" in plain
    assert "True" in plain


WRONG = {
    "%%sql\nSELECT pseudonym,\n       birth_yaer FROM people": ("birth_yaer", "line 2, column 8"),
    "%%sql\nSELEC 1": ("line 1, column 1",),
    "%%sql\nSELECT * FROM peeple": ("peeple", "line 1, column 15"),
    "%%sql 1st\nSELECT 1": ("no name of a variable",),
    "import tre; tre.describe('peeple')": ("no such table", "Use one of: admitted_care"),
    "tre.codelist('icd')": ("no such code list", "admission_method"),
}


def test_an_error_is_one_sentence_with_its_place(opened):
    ran = opened.cells("ann", *WRONG, may_fail=True)
    for cell, told in zip(ran.book.cells, WRONG.values(), strict=True):
        error = next(each for each in cell.outputs if each.output_type == "error")
        assert error.traceback == [error.evalue], error
        assert "Traceback" not in error.evalue
        for each in told:
            assert each in error.evalue
