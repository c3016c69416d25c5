"""Land, build, provision: what the warehouse and the extract are shown to hold, and not to hold."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.dataset as arrow

from tests.study.report import Report
from tre.config.options import load

PROJECT = "frailty"
_LEAST_F1 = 0.95


def check_warehouse(report: Report) -> None:
    """Show what was landed and built, and that a submission with a bad file is refused whole."""
    from tre.catalogue.models import DatasetVersion, Submission, WarehouseBuild

    build = WarehouseBuild.objects.latest("at")
    linkage = build.linkage
    report.figure("submissions landed", Submission.objects.count())
    report.figure("people", f"{load().people:,}")
    rows = DatasetVersion.objects.filter(build=build)
    report.figure("rows published", f"{sum(each.rows for each in rows):,} in {rows.count()} tables")
    report.figure("rows in quarantine", f"{sum(each.quarantined for each in rows):,}")
    report.figure("people opted out", build.opted_out)
    for name in ("precision", "recall", "f1"):
        report.figure(f"linkage {name}", f"{linkage[name]:.4f}")
    report.promise(f"linkage reaches an F1 of {_LEAST_F1}", linkage["f1"] >= _LEAST_F1, str(linkage["f1"]))
    report.promise("bad rows went to quarantine with a reason", bool(build.quarantine) and _reasons(build.quarantine))
    report.promise("opted-out people were taken out", build.opted_out > 0)
    _refuse_bad_file(report)


def _reasons(quarantine: list[dict[str, object]]) -> bool:
    return all(each.get("reason") for each in quarantine)


def _refuse_bad_file(report: Report) -> None:
    """Land a submission that was cut short on its way."""
    from tre.catalogue.jobs import land
    from tre.catalogue.models import Submission
    from tre.errors import Refused

    options = load()
    before, landed = Submission.objects.count(), _files(options.path("landing"))
    source = next(path for path in sorted(options.path("providers").glob("ons/*")) if path.is_dir())
    broken = options.path("run", "tmp", "broken-submission")
    shutil.rmtree(broken, ignore_errors=True)
    shutil.copytree(source, broken)
    manifest = json.loads((broken / "manifest.json").read_text())
    manifest["submission"] = "ons-cut-short"
    (broken / "manifest.json").write_text(json.dumps(manifest))
    first = broken / manifest["files"][0]["name"]
    first.write_bytes(first.read_bytes()[:-200])
    try:
        land(broken, "data-manager", provider="ons")
        sentence = ""
    except Refused as error:
        sentence = error.sentence()
    untouched = Submission.objects.count() == before and _files(options.path("landing")) == landed
    report.say(f"          told: {sentence}")
    report.promise("a file that was cut short is refused whole, and nothing stays", bool(sentence) and untouched)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def check_extract(report: Report) -> None:
    """Show that the extract holds no direct identifier and no warehouse pseudonym, and just what was agreed."""
    from tre.catalogue.contracts import dataset
    from tre.contracts import NEVER_PUBLISHED
    from tre.projects.models import Project
    from tre.projects.services import current_extract

    project = Project.objects.get(code=PROJECT)
    extract = current_extract(project)
    assert extract is not None
    folder = load().path("projects", PROJECT, "extracts", str(extract.number))
    tables = {path.name: arrow.dataset(str(path)) for path in sorted(folder.iterdir()) if path.is_dir()}
    agreed = {each.dataset: {"pseudonym", *each.columns} for each in project.agreements.all()}
    report.figure("persons in the extract", f"{extract.persons:,}")
    held = {name: set(table.schema.names) for name, table in tables.items()}
    minimal = held.keys() == agreed.keys() and all(columns <= agreed[name] for name, columns in held.items())
    report.promise("the extract has the agreed tables and columns, and no other", minimal)
    kinds = {column.classification for name in held for column in dataset(name).columns if column.name in held[name]}
    report.promise("no column of the extract is a direct identifier or free text", not kinds & NEVER_PUBLISHED)
    people = _pseudonyms(arrow.dataset(str(load().path("warehouse", "people"))))
    pseudonyms = set[str]().union(*(_pseudonyms(table) for table in tables.values()))
    report.promise("its pseudonyms are its own: none is the warehouse's", bool(pseudonyms) and not pseudonyms & people)
    other = arrow.dataset(str(load().path("projects", "asthma", "extracts", "1", "people")))
    report.promise("and none is another project's", not pseudonyms & _pseudonyms(other))
    identifiers = set(_identifiers())
    values = set[str]().union(*(_texts(table) for table in tables.values()))
    report.figure("identifiers looked for in the extract", f"{len(identifiers):,}")
    report.promise("no NHS number, surname or postcode that a provider sent is in it", not identifiers & values)


def _pseudonyms(table: arrow.Dataset) -> set[str]:
    if "pseudonym" not in table.schema.names:
        return set()
    return set(table.to_table(columns=["pseudonym"])["pseudonym"].to_pylist())


def _texts(table: arrow.Dataset) -> set[str]:
    texts = [each.name for each in table.schema if str(each.type) in {"string", "large_string"}]
    read = table.to_table(columns=texts)
    return {value.upper() for name in texts for value in read[name].unique().to_pylist() if value}


def _identifiers() -> Iterator[str]:
    """Yield what the providers sent of people: NHS numbers, surnames and postcodes, in capitals."""
    for row in provider_rows("gp_patients"):
        for name in ("nhs_number", "surname", "postcode"):
            if row[name]:
                yield row[name].upper()


def provider_rows(dataset: str) -> Iterator[dict[str, str]]:
    """Yield the rows that the providers sent for one dataset."""
    for manifest in sorted(load().path("providers").glob("*/*/manifest.json")):
        for file in json.loads(manifest.read_text())["files"]:
            if file["dataset"] == dataset and file["format"] == "csv":
                with (manifest.parent / file["name"]).open(newline="", encoding="utf-8") as source:
                    yield from csv.DictReader(source)
