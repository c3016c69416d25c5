"""Bounds and values by contract: taken where none are told, told apart, and never where a contract names none."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ml.spec import Category, Numeric
from tests.airlock import work
from tests.questions import Answers, ask, study_of_questions
from tre.contracts import load_contracts
from tre.errors import Refused
from tre.projects.models import Extract, Project
from tre.projects.public import Public, public_columns
from tre.runs.attested.models import Run
from tre.runs.attested.public import STATED, told_public, with_contract
from tre.workspace.client import learning
from tre.workspace.client.door import PlatformError

PEOPLE = load_contracts()["people"]
VERSION, SEXES = PEOPLE.version, PEOPLE.by_name["sex"].values
BY_CONTRACT = f"by contract people {VERSION}"
BAND = {"to": "band", "width": 10}
COLUMNS: list[dict[str, Any]] = [{"name": "pseudonym"}, {"name": "birth_year"}, {"name": "sex"}, {"name": "lsoa"}]


def people(*columns: dict[str, Any]) -> dict[str, Any]:
    return {"name": "people", "rows": 90, "source_version": 1, "columns": [*(columns or COLUMNS)]}


@pytest.fixture
def study(db: None) -> Project:
    made = study_of_questions()
    Extract.objects.update(manifest={"tables": [people()]})
    return made


def filled(**query: Any) -> dict[str, Any]:
    told: dict[str, Any] = with_contract("private", {"query": {"table": "people", **query}}, [people()])["query"]
    return told


def test_what_a_contract_names_of_a_column_is_public():
    public = public_columns(people())
    assert public["birth_year"] == Public(f"people {VERSION}", (1900.0, 2030.0))
    assert public["sex"].codes == SEXES != ()
    assert (public["lsoa"].range, public["lsoa"].codes) == (None, ())
    assert public_columns({"name": "made up", "columns": COLUMNS}) == {}


@pytest.mark.parametrize(("rule", "known"), [(BAND, False), ({"to": "top", "at": 2000}, True)])
def test_of_a_column_in_a_coarser_form_nothing_is_public_but_a_number_s_range(rule: dict[str, Any], known: bool):
    public = public_columns(people({"name": "birth_year", "generalised": rule}))
    assert (public["birth_year"].range is not None) is known
    coarse = public_columns(people({"name": "sex", "generalised": {"to": "prefix", "length": 1}}))
    assert coarse["sex"].codes == ()


def test_a_question_that_tells_none_has_the_contract_s():
    assert filled(kind="mean", column="birth_year") == {
        "table": "people", "kind": "mean", "column": "birth_year", "low": 1900.0, "high": 2030.0,
    }  # fmt: skip
    asked = filled(kind="count", by=[{"column": "sex"}], where=[{"column": "lsoa", "values": ["E01"]}])
    assert asked["by"] == [{"column": "sex", "values": [*SEXES]}]
    assert asked["where"] == [{"column": "lsoa", "values": ["E01"]}]
    told = filled(kind="mean", column="birth_year", low=1940, high=1950)
    assert (told["low"], told["high"]) == (1940, 1950)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"kind": "mean", "column": "lsoa"}, "No contract names a range of this column"),
        ({"kind": "quantiles", "column": "colour"}, "No contract names a range of this column"),
        ({"kind": "count", "by": [{"column": "lsoa"}]}, "No contract names the codes of this column"),
        ({"kind": "sum", "column": "birth_year"}, "No contract tells what one person's total may be"),
        ({"kind": "mean", "column": "birth_year", "table": "wards"}, "No contract names a range of this column"),
    ],
)
def test_where_a_contract_names_none_one_sentence_says_so(query: dict[str, Any], sentence: str):
    with pytest.raises(Refused, match=sentence):
        filled(**query)


@pytest.mark.parametrize("query", [{}, {"table": 3}, {"by": "sex"}, {"by": [3, {"values": None}]}])
def test_what_is_no_question_is_left_to_the_job_to_refuse(query: dict[str, Any]):
    assert with_contract("private", {"query": query}, [people()])["query"] == query
    assert told_public("private", {"query": {**query, "table": "people", "by": [3]}}, [people()]) == {}
    assert with_contract("aggregate", {"query": "SELECT 1"}, [people()]) == {"query": "SELECT 1"}


def test_by_what_bounds_are_public_is_found_by_comparing():
    def told(**query: Any) -> dict[str, str]:
        return told_public("private", {"query": {"table": "people", **query}}, [people()])

    assert told(column="birth_year", low=1900, high=2030) == {"birth_year": BY_CONTRACT}
    assert told(column="birth_year", low=1943, high=1944) == {"birth_year": STATED}
    assert told(by=[{"column": "sex", "values": ["1", "2"]}]) == {"sex": BY_CONTRACT}
    assert told(where=[{"column": "sex", "values": ["he told me"]}]) == {"sex": STATED}
    assert told(by=[{"column": "colour", "values": ["red"]}]) == {"colour": STATED}
    numbers = [{"name": "birth_year", "low": 1900.0, "high": 2030.0}, {"name": "age", "low": 0, "high": 9}]
    training = {"numeric": numbers, "categories": [{"name": "sex", "values": ["1", "2"]}]}
    assert told_public("training", {"training": training}, [people()]) == {
        "birth_year": BY_CONTRACT, "age": STATED, "sex": BY_CONTRACT,
    }  # fmt: skip
    assert told_public("notebook", {}, [people()]) == {}


@pytest.mark.django_db(transaction=True)  # whether it is still wanted is asked from a thread of its own
def test_an_answer_and_its_statement_say_what_is_public_by_contract(monkeypatch: pytest.MonkeyPatch):
    study, answers = study_of_questions(), Answers(monkeypatch)
    Extract.objects.update(manifest={"tables": [people()]})
    run = ask(study, query={"kind": "mean", "table": "people", "column": "birth_year"})
    work()
    assert answers.asked[0]["query"]["low"] == 1900.0
    assert answers.asked[0]["public"] == {"birth_year": BY_CONTRACT}
    statement = json.loads(base64.b64decode(Run.objects.get(pk=run.pk).attestation["payload"]))
    build = statement["predicate"]["buildDefinition"]
    assert build["internalParameters"]["public"] == {"birth_year": BY_CONTRACT}
    assert build["externalParameters"]["query"]["high"] == 2030.0


def test_features_are_made_of_what_the_contract_names(monkeypatch: pytest.MonkeyPatch):
    columns = [{"name": "birth_year", "range": [1900, 2030], "codes": []}, {"name": "sex", "codes": ["1", "2"]}]
    monkeypatch.setattr(learning, "columns_of", lambda table: columns)
    assert learning.features("people", "sex", "birth_year") == {
        "numeric": (Numeric("birth_year", 1900, 2030),), "categories": (Category("sex", ("1", "2")),),
    }  # fmt: skip
    with pytest.raises(PlatformError, match="No contract names a range or codes of this column"):
        learning.features("people", "lsoa")


def test_a_plausible_range_refuses_no_row_and_breaks_nobody():
    contract = load_contracts()["device_readings"]
    value = contract.by_name["value"]
    assert (value.minimum, value.maximum, value.public_range) == (None, None, (0.0, 500.0))
    assert "expected from 0 to 500" in list(value.rules())
    weight = load_contracts()["births"].by_name["birth_weight_g"]
    assert weight.public_range == (200.0, 8000.0)
