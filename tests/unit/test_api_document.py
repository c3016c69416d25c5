"""The OpenAPI document: the committed one is the one that is served, and people read the same."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from tre.api.document import FILE, as_text, document
from tre.api.policy import api_policy
from tre.api.reference import sections, shapes
from tre.config.options import REPOSITORY

pytestmark = pytest.mark.django_db


def test_the_committed_document_is_the_one_that_is_served():
    assert FILE.read_text(encoding="utf-8") == as_text(), "run `make docs`"
    assert Client().get("/api/v1/openapi.json").json() == json.loads(as_text())


def test_every_reference_of_the_document_leads_somewhere():
    text = json.dumps(document())
    named = set(document()["components"]["schemas"])
    assert {each.partition('"')[0] for each in text.split("#/components/schemas/")[1:]} <= named
    assert document()["openapi"] == "3.1.0"
    assert document()["components"]["securitySchemes"]["BearerToken"] == {"type": "http", "scheme": "bearer"}


def test_no_two_shapes_have_one_name():
    """The document has one place for a name, and would tell of the last of them alone."""
    folders = (REPOSITORY / "tre" / "api" / each for each in ("told", "v1"))
    text = "".join(path.read_text() for folder in folders for path in folder.glob("*.py"))
    names = re.findall(r"^class (\w+)\(", text, re.MULTILINE)
    assert len(names) > 50
    assert sorted(names) == sorted(set(names))


def test_every_operation_says_what_it_does_in_whole_sentences_and_is_named_once():
    operations = [each for methods in document()["paths"].values() for each in methods.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    for each in operations:
        assert each["description"].partition("\n\n")[0].rstrip().endswith("."), each["operationId"]


def test_every_scope_is_for_something_and_is_told_where_it_is():
    operations = [each for methods in document()["paths"].values() for each in methods.values()]
    assert {scope for each in operations for scope in each.get("x-scopes", ())} == set(api_policy().scopes)


def test_the_page_tells_every_operation_and_shape_and_brings_no_script():
    page = Client().get("/api-reference/").content.decode()
    assert "<script" not in page
    for section in sections(document()):
        for each in section.operations:
            assert f'id="{each.identity}"' in page
            assert each.path in page
    for shape in shapes(document()):
        assert f'id="shape-{shape.name}"' in page
    assert "It asks for a one-time code." in page


def test_types_are_told_in_words():
    operations = [operation for section in sections(document()) for operation in section.operations]
    told = {each.name: each.type for operation in operations for each in operation.sent}
    assert told["choice"] in {"approve or return or reject", "approve or reject", "joined or parted"}
    assert told["people"] == "list of text"
    assert told["disclosure_threshold"] == "whole number or nothing"
    assert told["agree"] == "true or false"
