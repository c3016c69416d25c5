"""One dataset's metadata as the national schema has it, so that it can be listed where researchers look for data.

Health Data Research UK's dataset schema, version 3.0.0 (https://hdruk.github.io/schemata-2/HDRUK/): its fields, what of
them must be there, and its controlled words.
"""

from __future__ import annotations

from typing import Any

from tre.catalogue.contracts import Dataset
from tre.catalogue.exports import Described, abstract
from tre.catalogue.metadata import Metadata, title
from tre.catalogue.models import DatasetVersion
from tre.catalogue.suppression import BASE, THRESHOLD, shown

Json = dict[str, Any]
NOT_TOLD = -1  # of a population: what the national catalogue holds where nobody told it
_PUBLISHING = {"daily": "Daily", "weekly": "Weekly", "monthly": "Monthly", "quarterly": "Quarterly",
               "yearly": "Annual", "stream": "Continuous"}  # fmt: skip
# The schema's words for the standards that contracts name; of others it has none, and says so.
_VOCABULARIES = {
    "ICD-10": "ICD10", "OPCS-4": "OPCS4", "SNOMED CT UK Edition": "SNOMED CT",
    "dm+d (NHS dictionary of medicines and devices)": "DM+D", "Organisation Data Service (ODS)": "ODS",
    "NHS Data Model and Dictionary": "NHS NATIONAL CODES",
}  # fmt: skip
_MODELS = {"fhir_": "HL7 FHIR", "imaging_": "DICOM"}  # by how a dataset's name begins


def national(described: Described, metadata: Metadata) -> Json:
    """Return one dataset's metadata, of one that the warehouse does not hold yet too."""
    dataset, version = described.dataset, described.version
    told: Json = {
        "identifier": described.page,
        "version": dataset.version,
        "issued": metadata.issued,
        "modified": version.build.at.isoformat(timespec="seconds") if version else metadata.issued,
        "revisions": [{"version": dataset.version, "url": described.page}],
        "summary": {
            "title": title(dataset),
            "abstract": abstract(dataset, metadata),
            "contactPoint": metadata.contact,
            "keywords": list(metadata.keywords_of(dataset)),
            "populationSize": _population(dataset, version),
            "dataCustodian": {
                "identifier": metadata.publisher_uri,
                "name": metadata.publisher,
                "contactPoint": metadata.contact,
            },
        },
        "documentation": {
            "description": f"{dataset.description.rstrip('.')}. {metadata.provenance}",
            "associatedMedia": described.page,
            "inPipeline": "Available" if version else "Not available",
        },
        "coverage": {"spatial": metadata.spatial, "datasetCompleteness": described.page},
        "accessibility": _accessibility(dataset, metadata),
        "observations": _observations(version),
        "structuralMetadata": {"tables": [_table(dataset)]},
    }
    if described.years:
        told["provenance"] = {"origin": metadata.origin_of(dataset), "temporal": _temporal(dataset, *described.years)}
    return told


def _population(dataset: Dataset, version: DatasetVersion | None) -> int:
    """Return how many persons are in it, rounded, where the table has a row for each: of others nobody counts them."""
    count = shown(version.rows) if version and dataset.name == "people" else None
    return NOT_TOLD if count is None else count


def _temporal(dataset: Dataset, first: int, last: int) -> Json:
    return {
        "publishingFrequency": _PUBLISHING.get(dataset.cadence, "Irregular"),
        "timeLag": "Variable",
        "startDate": f"{first}-01-01",
        "endDate": f"{last}-12-31",
    }


def _accessibility(dataset: Dataset, metadata: Metadata) -> Json:
    standards = {column.standard for column in dataset.columns if column.standard}
    vocabularies = {_VOCABULARIES.get(each, "OTHER") for each in standards}
    models = {model for begins, model in _MODELS.items() if dataset.name.startswith(begins)}
    return {
        "usage": {
            "dataUseLimitation": ["Research use only", "Project-specific restrictions"],
            "dataUseRequirements": ["Disclosure control", "Time limit on use", "User-specific restriction"],
        },
        "access": {
            "accessRights": metadata.access_rights,
            "accessService": metadata.access_process,
            "accessServiceCategory": "TRE/SDE",
            "jurisdiction": [metadata.jurisdiction],
            "dataController": dataset.controller,
            "dataProcessor": metadata.publisher,
        },
        "formatAndStandards": {
            "vocabularyEncodingScheme": sorted(vocabularies) or ["LOCAL"],
            "conformsTo": sorted(models) or ["LOCAL"],
            "language": ["en"],
            "format": ["application/vnd.apache.parquet"],
        },
    }


def _table(dataset: Dataset) -> Json:
    columns = [
        {
            "name": column.name,
            "dataType": column.type,
            "description": column.description,
            "sensitive": column.classification != "safe",
        }
        for column in dataset.columns
        if column.shared
    ]
    return {"name": dataset.name, "description": dataset.description, "columns": columns}


def _observations(version: DatasetVersion | None) -> list[Json]:
    """Return the rows of the newest version, rounded; nothing where they are too few to be shown."""
    count = shown(version.rows) if version else None
    if version is None or count is None:
        return []
    return [
        {
            "observedNode": "Events",
            "measuredProperty": "Count",
            "measuredValue": count,
            "disambiguatingDescription": f"Rows of the newest version, rounded to {BASE}; none under {THRESHOLD}",
            "observationDate": version.build.at.date().isoformat(),
        }
    ]
