"""Reads FHIR R4 Bulk Data NDJSON: each line one resource of the kind that the dataset is of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from spark_jobs.errors import JobRefused
from spark_jobs.landing.canonical import BATCH, Writer, check_text
from spark_jobs.landing.delimited import lines
from spark_jobs.manifest import RESOURCES, SentFile

# The elements that columns are read from (:mod:`spark_jobs.fhir`); another may hold a telephone as "+44 20" or a list.
_READ = {
    "Patient": ("id", "identifier", "name", "gender", "birthDate", "address"),
    "Condition": ("id", "subject", "onsetDateTime", "code"),
    "Encounter": ("id", "subject", "period", "class"),
}
_DOUBTFUL = re.compile(r'"\s*[=@+-]|"\\[trnfbu]|\\[fbu]')  # what a line holds if a text of it is worth a look
_ELEMENTS = re.compile(r"(?:\.[a-z][A-Za-z]*(?:\[\d+\])*)+")  # names of elements (FHIR R4, 2.24.0)


def read(path: Path, told: SentFile, out: Writer) -> int:
    """Write the file's lines, and return how many there are.

    Raises
    ------
    JobRefused
        Naming the line that is no JSON object, a resource of another kind, or that holds a formula or control codes.
    """
    count = 0
    checked = _checked(path, told)
    while batch := list(islice(checked, BATCH // 10)):  # a resource is some ten times as long as a row
        out.write(told.name, count + 1, [pa.array(batch, pa.string())])
        count += len(batch)
    return count


def _checked(path: Path, told: SentFile) -> Iterator[str]:
    kind = RESOURCES[told.dataset]
    for number, line in enumerate(lines(path, told), start=1):
        where = f"{told.name}, line {number}"
        try:
            resource = json.loads(line)
        except (ValueError, RecursionError):
            resource = None
        if not isinstance(resource, dict):
            raise JobRefused("A line is no JSON object", where=where, todo="Send NDJSON")
        if resource.get("resourceType") != kind:
            raise JobRefused(
                f"A resource is no {kind}", where=f"{where}, field resourceType", todo="Send each kind apart"
            )
        if _DOUBTFUL.search(line):
            _check_texts(resource, where)
        yield line.rstrip("\r\n")


def _check_texts(resource: dict[str, Any], where: str) -> None:
    """Look at each text of what columns are read from."""
    waiting = [(f".{name}", resource.get(name)) for name in _READ[resource["resourceType"]]]
    while waiting:
        path, held = waiting.pop(0)
        if isinstance(held, str):
            # What is no element's name may be somebody's, and is not repeated.
            check_text(held, f"{where}, field {path[1:]}" if _ELEMENTS.fullmatch(path) else where)
        elif isinstance(held, dict):
            waiting += [(f"{path}.{name}", each) for name, each in held.items()]
        elif isinstance(held, list):
            waiting += [(f"{path}[{place}]", each) for place, each in enumerate(held)]
