"""Assets: the datasets that are held, their kinds of data, and the software."""

from __future__ import annotations

from collections import Counter

from tre.catalogue.contracts import Dataset, datasets
from tre.catalogue.suppression import told
from tre.contracts import CLASSIFICATIONS
from tre.evidence.checks.data import held
from tre.evidence.content import Document, Section, day, table
from tre.evidence.installation import Installation
from tre.evidence.pages import BILL
from tre.projects.models import Agreement, Project


def document(here: Installation) -> Document:
    """Return the datasets with who answers for them and who uses them, their kinds of data, and the software."""
    listed = sorted(datasets().values(), key=lambda each: each.name)
    heads = ("Dataset", "Controller", "Lawful basis", "How often", "Rows", "Built", "Projects that use it")
    kinds = ("Dataset", *(_short(name) for name in CLASSIFICATIONS))
    software = here.software
    return Document(
        "assets",
        "Data and software",
        f"{len(listed)} datasets are known by a data contract, {len(held())} of them are in the warehouse. Counts are "
        "rounded, and small ones not told.",
        (
            Section("Datasets", tables=(table("Datasets", heads, map(_row, listed)),)),
            Section(
                "Kinds of data",
                ("How many fields of each class there are. Direct identifiers and free text never leave landing.",),
                (table("Fields by class", kinds, map(_classes, listed)),),
            ),
            Section(
                "Software",
                (f"{len(software)} packages; the same as a bill of materials is in {BILL} (CycloneDX 1.6).",),
                (
                    table(
                        "Packages",
                        ("Package", "Version", "Licence"),
                        [(p.name, p.version, p.licence) for p in software],
                    ),
                ),
            ),
        ),
    )


def _row(dataset: Dataset) -> tuple[object, ...]:
    version = held().get(dataset.name)
    using = Agreement.objects.filter(dataset=dataset.name, project__status__in=Project.REGISTERED)
    return (
        dataset.name,
        dataset.controller,
        dataset.lawful_basis,
        dataset.cadence,
        told(version.rows) if version else "not held",
        day(version.build.at) if version else "",
        list(using.values_list("project__code", flat=True)),
    )


def _classes(dataset: Dataset) -> tuple[object, ...]:
    counted = Counter(column.classification for column in dataset.columns)
    return (dataset.name, *(counted[name] for name in CLASSIFICATIONS))


def _short(name: str) -> str:
    return CLASSIFICATIONS[name].partition(":")[0]
