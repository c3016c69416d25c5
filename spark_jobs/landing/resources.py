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
from spark_jobs.landing.canonical import BATCH, Writer
from spark_jobs.landing.delimited import lines
from spark_jobs.manifest import RESOURCES, SentFile

# What a line is looked at more closely for: a string that begins as a formula does, or a control code.
_SUSPECT = re.compile(r'"(?:\s|\\[tnr])*[=@]|\\u00(?:[01]|3[dD]|40)|\\[bf]')
_FORMULA = ("=", "@")  # a plus or a minus begins telephone numbers and notes as well
_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")  # of an element (FHIR R4, 2.1.0 "Resource Definitions")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read(path: Path, told: SentFile, out: Writer) -> int:
    """Write the file's lines, and return how many there are.

    Raises
    ------
    JobRefused
        Naming the line that is no JSON object, or a resource of another kind, or holds a formula or what is no text.
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
            if _SUSPECT.search(line):
                _check_strings(resource, where, "")
        except (ValueError, RecursionError):
            resource = None
        if not isinstance(resource, dict):
            raise JobRefused("A line is no JSON object", where=where, todo="Send NDJSON")
        if resource.get("resourceType") != kind:
            raise JobRefused(
                f"A resource is no {kind}", where=f"{where}, field resourceType", todo="Send each kind apart"
            )
        yield line.rstrip("\r\n")


def _check_strings(value: Any, where: str, field: str) -> None:
    """Look at every string of a resource, which is told by the names that lead to it."""
    if isinstance(value, dict):
        for name, each in value.items():
            known = name if _NAME.fullmatch(name) else "?"  # of another form it may be anybody's
            _check_strings(each, where, f"{field}.{known}" if field else known)
    elif isinstance(value, list):
        for each in value:
            _check_strings(each, where, field)
    elif isinstance(value, str):
        if _CONTROL.search(value):
            raise JobRefused("A value is not text", where=f"{where}, field {field}", todo="Send no control codes")
        if value.lstrip().startswith(_FORMULA):
            raise JobRefused("A value is a formula", where=f"{where}, field {field}", todo="Send values")
