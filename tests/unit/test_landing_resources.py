"""FHIR resources: what of a line a table would hold is looked at like a cell, and what else it holds is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spark_jobs.errors import JobRefused
from tests.landing import landed, outbox, sent


def landed_lines(tmp_path: Path, dataset: str, lines: str) -> None:
    folder, content = tmp_path / "one", f"{lines}\n".encode()
    told = sent(folder, "sent.ndjson", dataset, content, content.count(b"\n"), format="ndjson")
    landed(outbox(folder, told), tmp_path / "landing")


RESOURCES = {
    "fhir_patient": {
        "resourceType": "Patient", "id": "a-1", "identifier": [{"system": "s", "value": "1"}], "gender": "female",
        "name": [{"family": "Zo", "given": ["Zo"]}], "birthDate": "1940-01-01", "address": [{"postalCode": "ST1"}],
    },
    "fhir_condition": {
        "resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/a-1"},
        "onsetDateTime": "2020-01-01", "code": {"coding": [{"code": "73211009"}]},
    },
    "fhir_encounter": {
        "resourceType": "Encounter", "id": "e", "subject": {"reference": "Patient/a-1"},
        "period": {"start": "2020-01-01"}, "class": {"code": "IMP"},
    },
}  # fmt: skip


def texts(held: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of each text but of the resource's kind."""
    if isinstance(held, str):
        return [] if path == ("resourceType",) else [path]
    pairs = held.items() if isinstance(held, dict) else enumerate(held)
    return [each for name, part in pairs for each in texts(part, (*path, name))]


def with_text(resource: dict[str, Any], path: tuple[Any, ...], text: str) -> dict[str, Any]:
    made = json.loads(json.dumps(resource))
    part = made
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = text
    return made


@pytest.mark.parametrize("dataset", RESOURCES)
@pytest.mark.parametrize(("text", "fault"), [("=1+1", "formula"), ("\t=1", "formula"), ("a\x00b", "not text")])
def test_a_formula_in_a_resource_is_told_with_its_line_and_element(tmp_path, dataset, text, fault):
    sound = RESOURCES[dataset]
    assert len(texts(sound)) >= 4
    for path in texts(sound):
        name = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)[1:]
        lines = "\n".join(map(json.dumps, (sound, with_text(sound, path, text))))
        with pytest.raises(JobRefused, match=fault) as refused:
            landed_lines(tmp_path, dataset, lines)
        assert f"line 2, field {name}" in refused.value.sentence()


@pytest.mark.parametrize("dataset", RESOURCES)
def test_what_no_column_is_read_from_may_begin_as_a_formula_does(tmp_path, dataset):
    sound = RESOURCES[dataset] | {"telecom": [{"value": "+44 1782 000000"}], "note": [{"text": "- better\\"}]}
    landed_lines(tmp_path, dataset, json.dumps(sound))
