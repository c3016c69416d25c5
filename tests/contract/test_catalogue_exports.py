"""The catalogue's exports hold what DCAT 3 with DCAT-AP 3, schema.org and the national schema ask for.

What DCAT-AP's published shapes (https://semiceu.github.io/DCAT-AP/releases/3.0.0/, shapes.ttl and range.ttl) ask of
what the exports hold, and what this catalogue promises besides, is kept here as a table of classes, properties,
cardinalities and kinds of value. It is asked of the triples that the JSON-LD expands to, and of nothing fetched.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from rdflib import RDF, SKOS, BNode, Graph, Literal, Namespace, URIRef

from tests.catalogue import built, measured, submission
from tre.catalogue import contracts

pytestmark = pytest.mark.django_db
DCAT, DCT = Namespace("http://www.w3.org/ns/dcat#"), Namespace("http://purl.org/dc/terms/")
FOAF, VCARD = Namespace("http://xmlns.com/foaf/0.1/"), Namespace("http://www.w3.org/2006/vcard/ns#")
XSD = Namespace("http://www.w3.org/2001/XMLSchema#")
NODE = (URIRef, BNode)
TIME = (XSD.date, XSD.dateTime, XSD.gYear, XSD.gYearMonth)
# class: {property: (least, most or None, kind of value or datatypes, class of the value or None)}
SHAPES: dict[URIRef, dict[URIRef, tuple[int, int | None, Any, URIRef | None]]] = {
    DCAT.Catalog: {
        DCT.title: (1, None, Literal, None),
        DCT.description: (1, None, Literal, None),
        DCT.publisher: (1, 1, NODE, FOAF.Agent),
        DCAT.dataset: (1, None, NODE, DCAT.Dataset),
        DCT.language: (0, None, URIRef, DCT.LinguisticSystem),
        DCT.spatial: (0, None, NODE, DCT.Location),
        DCAT.themeTaxonomy: (0, None, URIRef, SKOS.ConceptScheme),
        FOAF.homepage: (0, 1, NODE, FOAF.Document),
    },
    DCAT.Dataset: {
        DCT.title: (1, None, Literal, None),
        DCT.description: (1, None, Literal, None),
        DCT.identifier: (1, None, Literal, None),
        DCT.publisher: (1, 1, NODE, FOAF.Agent),
        DCT.creator: (0, None, NODE, FOAF.Agent),
        DCAT.contactPoint: (1, None, NODE, VCARD.Kind),
        DCAT.theme: (1, None, URIRef, SKOS.Concept),
        DCAT.keyword: (0, None, Literal, None),
        DCT.spatial: (1, None, NODE, DCT.Location),
        DCT.temporal: (0, None, NODE, DCT.PeriodOfTime),
        DCT.accrualPeriodicity: (0, 1, URIRef, DCT.Frequency),
        DCT.accessRights: (0, 1, NODE, DCT.RightsStatement),
        DCT.provenance: (0, None, NODE, DCT.ProvenanceStatement),
        DCT.conformsTo: (1, None, NODE, DCT.Standard),
        DCAT.landingPage: (0, None, NODE, FOAF.Document),
        DCAT.version: (0, 1, Literal, None),
        DCT.modified: (0, 1, TIME, None),
        DCAT.distribution: (1, None, NODE, DCAT.Distribution),
    },
    DCAT.Distribution: {
        DCAT.accessURL: (1, None, URIRef, None),
        DCAT.downloadURL: (0, 0, URIRef, None),
        DCAT.mediaType: (0, 1, URIRef, DCT.MediaType),
        DCT.conformsTo: (1, None, NODE, DCT.Standard),
    },
    FOAF.Agent: {FOAF.name: (1, None, Literal, None)},
    VCARD.Organization: {VCARD.fn: (1, None, Literal, None), VCARD.hasEmail: (1, None, URIRef, None)},
    DCT.PeriodOfTime: {DCAT.startDate: (0, 1, TIME, None), DCAT.endDate: (0, 1, TIME, None)},
    DCT.Standard: {DCT.title: (1, None, Literal, None)},
    SKOS.Concept: {SKOS.prefLabel: (1, None, Literal, None)},
    SKOS.ConceptScheme: {DCT.title: (1, None, Literal, None)},
}


def is_a(each: Any, value: Any) -> bool:
    return getattr(each, "datatype", None) in TIME if value is TIME else isinstance(each, value)


def faults(graph: Graph) -> list[str]:
    """Return what of the graph breaks a shape."""
    found = []
    for kind, shape in SHAPES.items():
        for subject in graph.subjects(RDF.type, kind):
            for name, (least, most, value, of) in shape.items():
                values = list(graph.objects(subject, name))
                if len(values) < least or (most is not None and len(values) > most):
                    found.append(f"{subject}: {len(values)} of {name}")
                found += [f"{subject}: {name} {each!r}" for each in values if not is_a(each, value)]
                found += [f"{each}: no {of}" for each in values if of and (each, RDF.type, of) not in graph]
    return found


def graph(path: str) -> Graph:
    answer = Client().get(path)
    assert answer.headers["Content-Type"] == "application/ld+json; charset=utf-8"
    return Graph().parse(data=answer.content.decode(), format="json-ld")


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
    assert faults(held) == []
    assert len(list(held.subjects(RDF.type, DCAT.Catalog))) == 1
    identifiers = {str(each) for each in held.objects(None, DCT.identifier)}
    assert identifiers == set(contracts.datasets())


@pytest.mark.parametrize("name", sorted(contracts.datasets()))
def test_each_dataset_fits_the_shapes_alone(warehouse, name):
    held = graph(f"/catalogue/{name}/dcat.jsonld")
    assert faults(held) == []
    assert [str(each) for each in held.objects(None, DCT.identifier)] == [name]
    assert list(held.objects(None, DCAT.keyword))


def test_a_covered_period_is_told_in_years(warehouse):
    held = graph("/catalogue/gp_events/dcat.jsonld")
    [period] = held.subjects(RDF.type, DCT.PeriodOfTime)
    assert held.value(period, DCAT.startDate) == Literal("2018", datatype=XSD.gYear)
    assert held.value(period, DCAT.endDate) == Literal("2026", datatype=XSD.gYear)


@pytest.mark.parametrize(
    "damage",
    [
        lambda told: told.pop("dct:title"),
        lambda told: told.pop("dct:publisher"),
        lambda told: told["dcat:dataset"][0].pop("dct:description"),
        lambda told: told["dcat:dataset"][0].pop("dcat:contactPoint"),
        lambda told: told["dcat:dataset"][0].update({"dcat:theme": "health"}),
        lambda told: told["dcat:dataset"][0].update({"dcat:version": ["1", "2"]}),
        lambda told: told["dcat:dataset"][0]["dcat:distribution"].pop("dcat:accessURL"),
        lambda told: told["dcat:dataset"][0]["dcat:distribution"].update({"dcat:downloadURL": {"@id": "http://x/"}}),
        lambda told: told["dcat:dataset"][0]["dct:creator"].pop("foaf:name"),
        lambda told: [each["dcat:theme"].pop("skos:prefLabel") for each in told["dcat:dataset"]],
        lambda told: [each["dct:accrualPeriodicity"].pop("@type") for each in told["dcat:dataset"]],
        lambda told: told["dcat:themeTaxonomy"].pop("dct:title"),
        lambda told: told["dcat:dataset"][0].update({"dct:modified": "in June"}),
    ],
)
def test_the_shapes_find_what_is_missing(warehouse, damage):
    told = json.loads(Client().get("/catalogue/dcat.jsonld").content)
    damage(told)
    assert faults(Graph().parse(data=json.dumps(told), format="json-ld"))


def test_no_export_tells_a_small_count_a_submission_or_an_exact_one(warehouse):
    for path in ("dcat.jsonld", *(f"{name}/{export}" for name in ("gp_events", "births")
                                  for export in ("dcat.jsonld", "schema.jsonld", "metadata.json"))):  # fmt: skip
        told = Client().get(f"/catalogue/{path}").content.decode()
        assert "june" not in told
        assert "1234" not in told
    assert json.loads(Client().get("/catalogue/births/metadata.json").content)["observations"] == []


def test_schema_org_has_what_dataset_search_asks_for(warehouse):
    for name, dataset in contracts.datasets().items():
        told = json.loads(Client().get(f"/catalogue/{name}/schema.jsonld").content)
        assert (told["@context"], told["@type"], told["identifier"]) == ("https://schema.org/", "Dataset", name)
        assert 50 <= len(told["description"]) <= 5000  # Google, "Dataset structured data"
        assert told["name"]
        assert told["creator"]["name"] == dataset.controller
        measured_ = {each["name"] for each in told["variableMeasured"]}
        assert measured_ == {column.name for column in dataset.columns if column.shared}
    told = json.loads(Client().get("/catalogue/gp_events/schema.jsonld").content)
    assert told["temporalCoverage"] == "2018/2026"


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
