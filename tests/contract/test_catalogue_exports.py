"""The catalogue's exports hold what DCAT 3 with DCAT-AP 3, schema.org and the national schema ask for.

What is asked is kept as SHACL in ``shapes``, and asked of the triples that the JSON-LD expands to: nothing is fetched.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from rdflib import RDF, Graph, Literal, Namespace

from tests.catalogue import built, measured, submission
from tests.contract import shacl
from tre.catalogue import contracts

pytestmark = pytest.mark.django_db
DCAT, DCT = Namespace("http://www.w3.org/ns/dcat#"), Namespace("http://purl.org/dc/terms/")
XSD = Namespace("http://www.w3.org/2001/XMLSchema#")
# What https://schema.org/ answers as its context says of the terms that the export uses.
SCHEMA_ORG = {"@vocab": "http://schema.org/", "url": {"@type": "@id"}, "sameAs": {"@type": "@id"},
              "dateModified": {"@type": "Date"}}  # fmt: skip


def parsed(told: dict[str, Any]) -> Graph:
    return Graph().parse(data=json.dumps(told), format="json-ld")


def graph(path: str) -> Graph:
    answer = Client().get(path)
    assert answer.headers["Content-Type"] == "application/ld+json; charset=utf-8"
    told = json.loads(answer.content)
    return parsed({**told, "@context": SCHEMA_ORG} if told["@context"] == "https://schema.org/" else told)


def only(name: str, held: Graph) -> Graph:
    """Leave the other datasets out of a catalogue: what is asked of one is asked of each."""
    for dataset in set(held.subjects(RDF.type, DCAT.Dataset)):
        if str(held.value(dataset, DCT.identifier)) != name:
            for distribution in held.objects(dataset, DCAT.distribution):
                held.remove((distribution, None, None))
            held.remove((dataset, None, None)).remove((None, None, dataset))
    return held


@pytest.fixture
def warehouse():
    submission("june", datasets=["gp_events"])
    tables = [
        {"dataset": "gp_events", "version": 0, "rows": 1234, "first_year": 2018, "last_year": 2026},
        {"dataset": "births", "version": 0, "rows": 7},
    ]
    return built(measured("june", dataset="gp_events"), tables=tables)


def test_the_catalogue_fits_the_shapes(warehouse):
    held = graph("/catalogue/dcat.jsonld")
    assert shacl.faults(held, shacl.shapes("dcat")) == set()
    [catalogue] = held.subjects(RDF.type, DCAT.Catalog)
    assert set(held.objects(catalogue, DCAT.dataset)) == set(held.subjects(RDF.type, DCAT.Dataset))
    identifiers = {str(each) for each in held.objects(None, DCT.identifier)}
    assert identifiers == set(contracts.datasets())


@pytest.mark.parametrize("name", sorted(contracts.datasets()))
def test_each_dataset_fits_the_shapes_alone(warehouse, name):
    held = graph(f"/catalogue/{name}/dcat.jsonld")
    assert shacl.faults(held, shacl.shapes("dcat")) == set()
    assert [str(each) for each in held.objects(None, DCT.identifier)] == [name]
    assert list(held.objects(None, DCAT.keyword))


def test_two_standards_at_one_address_stay_two(warehouse):
    held = graph("/catalogue/dcat.jsonld")
    titles = {str(held.value(each, DCT.title)) for each in held.subjects(RDF.type, DCT.Standard)}
    assert {"ICD-10", "OPCS-4"} <= titles


def test_a_covered_period_is_told_in_years(warehouse):
    held = graph("/catalogue/gp_events/dcat.jsonld")
    [period] = held.subjects(RDF.type, DCT.PeriodOfTime)
    assert held.value(period, DCAT.startDate) == Literal("2018", datatype=XSD.gYear)
    assert held.value(period, DCAT.endDate) == Literal("2026", datatype=XSD.gYear)


@pytest.mark.parametrize(
    ("shapes", "path"), [("dcat", "/catalogue/dcat.jsonld"), ("schema_org", "/catalogue/gp_events/schema.jsonld")]
)
def test_each_thing_that_the_shapes_ask_for_is_missed_where_it_is_removed_or_mistyped(warehouse, shapes, path):
    judged_by, held = shacl.shapes(shapes), only("gp_events", graph(path))
    assert shacl.faults(held, judged_by) == set()
    noticed = set()
    for asked, fault, damaged in shacl.damages(held, judged_by):
        assert fault in shacl.faults(damaged, judged_by), asked
        noticed.add(asked)
    assert noticed == shacl.constraints(judged_by)


def test_no_export_tells_a_small_count_a_submission_or_an_exact_one(warehouse):
    for path in ("dcat.jsonld", *(f"{name}/{export}" for name in ("gp_events", "births")
                                  for export in ("dcat.jsonld", "schema.jsonld", "metadata.json"))):  # fmt: skip
        told = Client().get(f"/catalogue/{path}").content.decode()
        assert "june" not in told
        assert "1234" not in told
    assert json.loads(Client().get("/catalogue/births/metadata.json").content)["observations"] == []


@pytest.mark.parametrize("name", sorted(contracts.datasets()))
def test_schema_org_has_what_dataset_search_asks_for(warehouse, name):
    held = graph(f"/catalogue/{name}/schema.jsonld")
    assert shacl.faults(held, shacl.shapes("schema_org")) == set()
    told, dataset = json.loads(Client().get(f"/catalogue/{name}/schema.jsonld").content), contracts.datasets()[name]
    assert (told["@context"], told["@type"], told["identifier"]) == ("https://schema.org/", "Dataset", name)
    assert told["creator"]["name"] == dataset.controller
    assert {each["name"] for each in told["variableMeasured"]} == {each.name for each in dataset.columns if each.shared}


def test_schema_org_tells_the_years_that_are_covered(warehouse):
    told = json.loads(Client().get("/catalogue/gp_events/schema.jsonld").content)
    assert told["temporalCoverage"] == "2018/2026"


@pytest.mark.parametrize("name", sorted(contracts.datasets()))
def test_what_the_national_schema_requires_is_there_of_every_dataset_built_or_not(warehouse, name):
    """HDRUK/schemata, docs/dataset/latest/dataset.md: its required properties, and RFC 3339 for the two dates."""
    told = json.loads(Client().get(f"/catalogue/{name}/metadata.json").content)
    for field in ("identifier", "version", "revisions", "issued", "modified", "summary", "accessibility"):
        assert told[field], field
    issued, modified = (datetime.fromisoformat(told[field]) for field in ("issued", "modified"))
    assert issued.tzinfo is not None
    assert modified.tzinfo is not None
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", told["version"])
    assert all({"version", "url"} <= set(each) for each in told["revisions"])


def test_the_national_core_fields_are_there(warehouse):
    told = json.loads(Client().get("/catalogue/gp_events/metadata.json").content)
    summary, access = told["summary"], told["accessibility"]["access"]
    assert told["identifier"].endswith("/catalogue/gp_events/")
    for value in (summary["title"], summary["abstract"], summary["contactPoint"], summary["dataCustodian"]["name"],
                  told["documentation"]["description"], told["coverage"]["spatial"], access["accessRights"],
                  access["dataController"], access["jurisdiction"], told["version"], told["modified"]):  # fmt: skip
        assert value
    assert "primary care" in summary["keywords"]
    assert told["provenance"]["temporal"] == {
        "publishingFrequency": "Monthly", "timeLag": "Variable", "startDate": "2018-01-01", "endDate": "2026-12-31",
    }  # fmt: skip
    [observation] = told["observations"]
    assert (observation["observedNode"], observation["measuredValue"]) == ("Events", 1235)
    [table] = told["structuralMetadata"]["tables"]
    assert "nhs_number" not in {column["name"] for column in table["columns"]}
