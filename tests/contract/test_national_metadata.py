"""The national schema's fields of every dataset: what must be there, in its controlled words, with no small count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.test import Client

from tests.catalogue import built, measured, submission
from tre.catalogue import contracts
from tre.catalogue.models import DatasetVersion, WarehouseBuild
from tre.catalogue.national import NOT_TOLD

pytestmark = pytest.mark.django_db
SCHEMA = json.loads((Path(__file__).parent / "shapes" / "hdruk_3_0_0.schema.json").read_text())


@pytest.fixture
def warehouse():
    submission("june", datasets=["gp_events"])
    tables = [
        {"dataset": name, "version": 0, "rows": 1234, "first_year": 2018, "last_year": 2026}
        for name in contracts.datasets()
    ]
    return built(measured("june", dataset="gp_events"), tables=tables)


def told(name: str) -> dict[str, Any]:
    return json.loads(Client().get(f"/catalogue/{name}/metadata.json").content)


def faults(held: dict[str, Any]) -> list[str]:
    found = jsonschema.Draft202012Validator(SCHEMA).iter_errors(held)
    return sorted(f"{each.json_path}: {each.validator}" for each in found)


@pytest.mark.parametrize("name", sorted(contracts.datasets()))
def test_it_is_as_the_national_schema_has_it(warehouse, name):
    held = told(name)
    assert faults(held) == []
    assert held["provenance"]["origin"]["collectionSource"]  # said of each, not of all alike


@pytest.mark.parametrize("name", sorted(contracts.datasets()))
def test_so_is_that_of_what_is_not_held_yet(db, name):
    held = told(name)
    assert faults(held) == []
    assert held["documentation"]["inPipeline"] == "Not available"
    assert "provenance" not in held


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        (("summary", "title"), "t", "minLength"),
        (("summary", "abstract"), "t" * 501, "maxLength"),
        (("summary", "populationSize"), "many", "type"),
        (("version",), "1", "pattern"),
        (("more",), "", "additionalProperties"),
        (("provenance", "origin", "source"), ["A trust"], "enum"),
        (("provenance", "temporal", "timeLag"), "soon", "enum"),
        (("accessibility", "formatAndStandards", "vocabularyEncodingScheme"), ["ICD-10"], "enum"),
    ],
)
def test_the_schema_notices(warehouse, place, value, fault):
    held = told("gp_events")
    part = held
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    assert [each.rpartition(" ")[2] for each in faults(held)] == [fault]


def test_it_tells_what_the_contract_and_the_newest_version_say(warehouse):
    held = told("gp_events")
    assert held["identifier"].endswith("/catalogue/gp_events/")
    assert held["accessibility"]["access"]["dataController"].startswith("General practices")
    assert held["accessibility"]["formatAndStandards"]["vocabularyEncodingScheme"] == ["OTHER", "SNOMED CT"]  # UCUM
    assert told("fhir_patient")["accessibility"]["formatAndStandards"]["conformsTo"] == ["HL7 FHIR"]
    assert "primary care" in held["summary"]["keywords"]
    assert held["provenance"]["temporal"] == {
        "publishingFrequency": "Monthly", "timeLag": "Variable", "startDate": "2018-01-01", "endDate": "2026-12-31",
    }  # fmt: skip
    [observation] = held["observations"]
    assert (observation["observedNode"], observation["measuredValue"]) == ("Events", 1235)
    assert held["summary"]["populationSize"] == NOT_TOLD
    assert told("people")["summary"]["populationSize"] == 1235
    [table] = held["structuralMetadata"]["tables"]
    assert "nhs_number" not in {column["name"] for column in table["columns"]}


def test_it_is_modified_with_each_version(warehouse):
    first = told("births")
    build = WarehouseBuild.objects.create()
    DatasetVersion.objects.create(dataset="births", version=1, rows=2000, build=build)
    second = told("births")
    assert first["issued"] == second["issued"] <= first["modified"]
    assert second["modified"] == build.at.isoformat(timespec="seconds")
    assert second["observations"][0]["measuredValue"] == 2000
