"""What the platform does for a workspace out of its reach: the very jobs, without the control plane around them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dp_accounting

from tre.hashing import sha256_of
from tre.runs.runner import run_job


def manifest(extract: Path, tables: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the platform has on record of an extract's files."""
    return {
        "tables": [
            {"name": each["name"], "rows": each["rows"], "files": _files(extract / each["name"])} for each in tables
        ]
    }


def _files(folder: Path) -> list[dict[str, str]]:
    return [{"name": path.name, "sha256": sha256_of(path)} for path in sorted(folder.glob("*.parquet"))]


def train(extract: Path, told: dict[str, Any], spec: dict[str, Any], place: Path) -> list[Path]:
    """Train what a run's specification says, as :mod:`tre.runs.attested.kinds.training` does; return the files."""
    table, folder = place / "table.parquet", place / "out" / spec["name"]
    scratch = str(place / "scratch")
    run_job(
        "select",
        {"extract": str(extract), "manifest": told, "scratch": scratch, "query": spec["query"], "out": str(table)},
    )
    request = {
        "training": spec["training"], "table": str(table), "folder": str(folder), "purpose": spec["purpose"],
        "checkpoint": str(place / "checkpoint"), "data_version": "course, extract 1", "spend": "run-1-1",
    }  # fmt: skip
    run_job("train", request, plane="ml")
    return sorted(folder.iterdir())


def answer(extract: Path, told: dict[str, Any], spec: dict[str, Any], place: Path) -> list[Path]:
    """Answer a private question, as :mod:`tre.runs.attested.kinds.private` does; return the files."""
    out = place / "out"
    out.mkdir()
    noise = float(dp_accounting.get_sigma_gaussian(spec["epsilon"], spec["delta"]))
    request = {
        "extract": str(extract), "manifest": told, "scratch": str(place / "scratch"), "query": spec["query"],
        "noise": noise, "public": {}, "out": str(out),
    }  # fmt: skip
    run_job("private", request)
    return sorted(out.iterdir())
