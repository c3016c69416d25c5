"""What the client shows in a notebook: escaped, bounded, completed, and in one sentence."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import tre
from tre.errors import TreError
from tre.workspace import client
from tre.workspace.client import notebook
from tre.workspace.client.display import Budget, Inspected, Request, Requests
from tre.workspace.client.progress import Bar, Progress
from tre.workspace.client.sql import Rows, parameters, place

EVIL = "<script>alert(1)</script>"
TABLES = [
    {"name": "people", "columns": [{"name": "pseudonym"}, {"name": "birth_year"}]},
    {"name": "places", "columns": []},
]
SPEND = {"spend": 1, "purpose": EVIL, "epsilon": 1.0, "state": "committed"}
FOUND = {"severity": EVIL, "location": EVIL, "count": 1, "why": EVIL, "fix": EVIL, "sample": EVIL}
FILE = {"name": EVIL, "verdict": EVIL, "findings": [{"why": EVIL}]}


@pytest.mark.parametrize(
    "shown",
    [
        Budget(epsilon=4.0, delta=1e-5, spent_epsilon=1.0, spent_delta=0.0, spends=[SPEND]),
        Request(request=1, state=EVIL, context=EVIL, files=[FILE]),
        Requests([Request(request=1, state=EVIL, context=EVIL, files=[FILE])]),
        Inspected(file=EVIL, verdict="block", findings=[FOUND]),
        Rows(pd.DataFrame({EVIL: [EVIL]}), more=True),
    ],
)
def test_what_others_wrote_is_shown_and_never_run(shown):
    html = shown._repr_html_()
    assert "<script" not in html
    assert "&lt;script" in html


def test_every_verb_is_told_of_and_explained():
    assert set(tre.CLIENT_VERBS) == set(client.__all__)
    assert set(tre.CLIENT_VERBS) <= set(dir(tre))
    for name in tre.CLIENT_VERBS:
        assert (getattr(tre, name).__doc__ or "").strip(), name


def test_an_error_for_a_person_is_one_line_in_a_notebook(capsys):
    shell = InteractiveShell.instance()
    shell.user_ns["fail"] = _fail
    shell.run_cell("fail()")
    assert capsys.readouterr().out.strip() == "It is so (here). Do that."
    InteractiveShell.clear_instance()


def _fail() -> None:
    raise TreError("It is so", where="here", todo="Do that")


@pytest.mark.parametrize(
    ("cell", "line", "names"),
    [
        ("tre.describe('pe", "tre.describe('pe", ["people"]),
        ('tre.describe("', 'tre.describe("', ["people", "places"]),
        ("tre.codelist('admission", "tre.codelist('admission", ["admission_method"]),
        ("%%sql\nSELECT b", "SELECT b", ["birth_year"]),
        ("%sql SELECT p", "%sql SELECT p", ["people", "places", "pseudonym"]),
        ("x = b", "x = b", []),
    ],
)
def test_names_are_completed(monkeypatch, cell, line, names):
    monkeypatch.setattr(notebook, "_tables", lambda: TABLES)
    assert notebook.completions(cell, line)[0] == names


def test_completion_is_silent_where_nothing_answers(monkeypatch):
    monkeypatch.delenv("TRE_API", raising=False)
    assert notebook.completions("tre.describe('", "tre.describe('") == ([], "")


def test_only_a_name_after_a_single_colon_is_a_parameter():
    assert parameters("SELECT a::int, :b, :c + :b, x.y WHERE t = '12:30'") == ["b", "c"]


def test_the_place_of_an_error_is_counted_from_one():
    query = "SELECT a,\n  b FROM c"
    assert place("no place", query, SimpleNamespace(startIndex=lambda: query.index("b"))) == "line 2, column 3"
    assert place("wrong (line 3, pos 0)", query) == "line 3, column 1"
    assert place("no place", query) == ""


def test_a_bar_shows_itself_after_a_second_and_goes(monkeypatch):
    now, shown = [0.0], []
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    handle = SimpleNamespace(update=shown.append)
    monkeypatch.setattr("IPython.display.display", lambda bar, display_id: shown.append(bar) or handle)
    tell, stages = Progress().tell, [SimpleNamespace(num_tasks=8, num_completed_tasks=2)]
    tell(stages, 1, "q", False)
    assert shown == []
    now[0] = 2.0
    tell(stages, 1, "q", False)
    tell(None, 0, "q", True)
    assert [repr(each) for each in shown] == ["Spark: 2 of 8 tasks", ""]
    assert isinstance(shown[0], Bar)
