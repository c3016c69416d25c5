"""Reads FHIR R4 Bulk Data NDJSON: each line one resource of the kind that the dataset is of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa

from spark_jobs.errors import JobRefused
from spark_jobs.landing.canonical import BATCH, Writer
from spark_jobs.landing.delimited import lines
from spark_jobs.manifest import RESOURCES, SentFile


def read(path: Path, told: SentFile, out: Writer) -> int:
    """Write the file's lines, and return how many there are.

    Raises
    ------
    JobRefused
        Naming the line that is no JSON object, or a resource of another kind.
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
        yield line.rstrip("\r\n")
