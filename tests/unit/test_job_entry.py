"""What a data-plane job says when it ends: a result, a refusal, or an error without a word of its message."""

from __future__ import annotations

import importlib
import io
import json
import sys
from types import SimpleNamespace

import pytest
from pyspark.errors import AnalysisException

from spark_jobs import __main__ as entry
from spark_jobs.errors import JobRefused

SECRET = "9434765919"


@pytest.fixture
def job(monkeypatch):
    """Return a function that runs the entry point with a job of one's own."""

    def started(run) -> int:
        monkeypatch.setattr(sys, "argv", ["spark_jobs", "provision"])
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"spec": {}})))
        monkeypatch.setattr(importlib, "import_module", lambda name: SimpleNamespace(run=run))
        return entry.main()

    return started


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError(f"could not read {SECRET}"), ["RuntimeError", "ValueError"]),
        (AnalysisException(errorClass="CANNOT_PARSE_DATATYPE", messageParameters={"msg": SECRET}),
         ["AnalysisException [CANNOT_PARSE_DATATYPE]", "ValueError"]),
    ],
)  # fmt: skip
def test_an_error_is_told_by_its_class_and_place_alone(job, capsys, error, told):
    def run(*given: object) -> None:
        try:
            raise ValueError(f"the value {SECRET}")
        except ValueError as cause:
            raise error from cause

    assert job(run) == 1
    out, err = capsys.readouterr()
    assert SECRET not in out + err
    assert [line for line in err.splitlines() if not line.startswith("  ")] == told
    assert "test_job_entry.py" in err


def test_a_refusal_is_one_sentence_and_a_result_the_last_line(job, capsys):
    def refuse(*given: object) -> None:
        raise JobRefused("It may not be", where="here")

    assert job(refuse) == 3
    assert json.loads(capsys.readouterr().out) == {"error": "It may not be (here)."}
    assert job(lambda *given: {"rows": 1}) == 0
    assert json.loads(capsys.readouterr().out) == {"rows": 1}
