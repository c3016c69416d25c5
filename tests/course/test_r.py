"""R in the real sandbox: the same verbs, through the same client."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
    pytest.mark.skipif(not Path("/usr/share/jupyter/kernels/ir").exists(), reason="R's kernel is not installed"),
]


def test_r_has_the_same_verbs(opened):
    before = len(opened.platform.requests)
    ran = opened.cells(
        "ann",
        "people <- tre_table('people')\nstopifnot(nrow(people) == 3000, class(people$died_on) == 'Date')",
        "stopifnot(is.integer(people$birth_year), any(is.na(people$lsoa)), setequal(people$sex, c('1', '2')))",
        'events <- tre_sql(\'SELECT value, arrived_at, true AS yes, 1.5 AS half, "NA" AS na, "a\\nb" AS lines '
        "FROM gp_events CROSS JOIN (SELECT arrived_at FROM emergency_care LIMIT 1) ORDER BY value NULLS FIRST')\n"
        "stopifnot(is.na(events$value[1]), max(events$value, na.rm = TRUE) > 100, events$half == 1.5)\n"
        "stopifnot(events$yes, events$na == 'NA', events$lines == 'a\\nb', inherits(events$arrived_at, 'POSIXct'))",
        "stopifnot('people' %in% tre_tables()$table, 'birth_year' %in% tre_describe('people')$name)",
        "stopifnot('Elective: planned' %in% tre_codelist('admission_method')$meaning)",
        "writeLines('a', 'from_r.txt')\ntre_submit('from_r.txt', context = 'A test')\ntre_requests()[1, 'files']",
        "cat(ls(), sep = ',')",
        kernel="ir",
    )
    assert ran.error == ""
    assert len(opened.platform.requests) == before + 1
    assert opened.platform.requests[0]["files"][0]["name"] == "from_r.txt"
    assert ran.shown().splitlines()[-1] == "events,people"  # the verbs are not in the person's own way


def test_an_error_is_one_sentence_in_r_too(opened):
    ran = opened.cells("ann", "tre_describe('peeple')", "tre_sql('SELECT x FROM people')", may_fail=True, kernel="ir")
    shown = [next(each for each in cell.outputs if each.output_type == "error").evalue for cell in ran.book.cells]
    assert "no such table (peeple)" in shown[0]
    assert "line 1, column 8" in shown[1]
    assert all("Traceback" not in each for each in shown)
