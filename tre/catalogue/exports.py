"""The catalogue for other catalogues, as plain JSON values. Metadata alone: no submission, no value, no small count.

- DCAT 3 (W3C Recommendation, https://www.w3.org/TR/vocab-dcat-3/), with what DCAT-AP 3 makes mandatory. Each node says
  its own class and name, so that the export is valid by itself: no vocabulary need be fetched to check it.
- schema.org ``Dataset`` (https://schema.org/Dataset), as dataset search engines read it.

The national schema is :mod:`tre.catalogue.national`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

from tre.catalogue.contracts import Dataset
from tre.catalogue.metadata import Metadata, title
from tre.catalogue.models import DatasetVersion

Json = dict[str, Any]
_EU = "http://publications.europa.eu/resource/authority"
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types"
CONTEXT: Json = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# The EU's list of frequencies, which DCAT-AP names for accrualPeriodicity.
_FREQUENCY = {"daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY", "quarterly": "QUARTERLY",
              "yearly": "ANNUAL", "stream": "CONT"}  # fmt: skip


@dataclass(frozen=True)
class Described:
    """One dataset, its newest version (or None), and the address of its page."""

    dataset: Dataset
    version: DatasetVersion | None
    page: str

    @property
    def years(self) -> tuple[int, int] | None:
        """Return the first and the last year that its events cover, where enough rows tell of them."""
        version = self.version
        if version is None or version.first_year is None or version.last_year is None:
            return None
        return version.first_year, version.last_year


def abstract(dataset: Dataset, metadata: Metadata) -> str:
    """Return what a dataset is, in a few sentences."""
    told = dataset.description.rstrip(".")
    return f"{told}. Controller: {dataset.controller}. Linked by person and pseudonymised; {metadata.spatial}."


def dcat_catalog(held: Iterable[Described], metadata: Metadata, name: str, page: str) -> Json:
    """Return the whole catalogue as JSON-LD.

    Parameters
    ----------
    name, page : str
        The catalogue's title and address.
    """
    return {
        "@context": CONTEXT,
        "@id": page,
        "@type": "dcat:Catalog",
        "dct:title": _english(name),
        "dct:description": _english(f"The linked health and care data of {metadata.spatial}, for approved research."),
        "dct:publisher": _publisher(metadata),
        "dct:language": {"@id": f"{_EU}/language/ENG", "@type": "dct:LinguisticSystem"},
        "dct:spatial": _place(metadata),
        "dcat:themeTaxonomy": {
            "@id": f"{_EU}/data-theme",
            "@type": "skos:ConceptScheme",
            "dct:title": _english("Data theme"),
        },
        "foaf:homepage": {"@id": page, "@type": "foaf:Document"},
        "dcat:dataset": [_dcat(each, metadata, page) for each in held],
    }


def dcat_dataset(described: Described, metadata: Metadata, page: str) -> Json:
    """Return one dataset as JSON-LD; ``page`` is the catalogue's address."""
    return {"@context": CONTEXT, **_dcat(described, metadata, page)}


def _dcat(described: Described, metadata: Metadata, page: str) -> Json:
    dataset = described.dataset
    told: Json = {
        "@id": described.page,
        "@type": "dcat:Dataset",
        "dct:identifier": dataset.name,
        "dct:title": _english(title(dataset)),
        "dct:description": _english(abstract(dataset, metadata)),
        "dct:publisher": _publisher(metadata),
        "dct:creator": {"@id": f"{described.page}#controller", "@type": "foaf:Agent", "foaf:name": dataset.controller},
        "dcat:contactPoint": {
            "@id": f"{page}#contact",
            "@type": ["vcard:Organization", "vcard:Kind"],
            "vcard:fn": metadata.publisher,
            "vcard:hasEmail": {"@id": f"mailto:{metadata.contact}"},
        },
        "dcat:keyword": [_english(word) for word in metadata.keywords_of(dataset)],
        "dcat:theme": {"@id": metadata.theme_uri, "@type": "skos:Concept", "skos:prefLabel": _english(metadata.theme)},
        "dct:spatial": _place(metadata),
        "dct:accrualPeriodicity": {
            "@id": f"{_EU}/frequency/{_FREQUENCY.get(dataset.cadence, 'UNKNOWN')}",
            "@type": "dct:Frequency",
        },
        "dct:accessRights": {
            "@id": f"{_EU}/access-right/RESTRICTED",
            "@type": "dct:RightsStatement",
            "rdfs:label": _english(metadata.access_rights),
        },
        "dct:provenance": {
            "@id": f"{page}#provenance",
            "@type": "dct:ProvenanceStatement",
            "rdfs:label": _english(metadata.provenance),
        },
        "dct:conformsTo": _standards(described, page),
        "dcat:version": dataset.version,
        "dcat:landingPage": {"@id": described.page, "@type": "foaf:Document"},
        "dcat:distribution": _distribution(described, metadata),
    }
    if described.years:
        first, last = described.years
        told["dct:temporal"] = {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@value": str(first), "@type": "xsd:gYear"},
            "dcat:endDate": {"@value": str(last), "@type": "xsd:gYear"},
        }
    if described.version:
        at = described.version.build.at.isoformat(timespec="seconds")
        told["dct:modified"] = {"@value": at, "@type": "xsd:dateTime"}
    return told


def _standards(described: Described, page: str) -> list[Json]:
    """Return the contract and what its fields follow: by its own name, since two standards may share an address."""
    dataset = described.dataset
    contract = {
        "@id": f"{described.page}#contract",
        "@type": "dct:Standard",
        "dct:title": _english(f"Data contract {dataset.name} {dataset.version} (Open Data Contract Standard 3)"),
    }
    others = {(column.standard or column.definition, column.definition) for column in dataset.columns}
    return [contract] + [
        {
            "@id": f"{page}#standard-{slugify(name)}",
            "@type": "dct:Standard",
            "dct:title": _english(name),
            "rdfs:seeAlso": {"@id": address},
        }
        for name, address in sorted(others)
        if address
    ]


def _distribution(described: Described, metadata: Metadata) -> Json:
    """Return how the data can be had: inside alone, so that there is an address to ask at and none to download from."""
    return {
        "@id": f"{described.page}#inside",
        "@type": "dcat:Distribution",
        "dct:title": _english("Extract inside the research environment"),
        "dct:description": _english(metadata.access_process),
        "dcat:accessURL": {"@id": described.page},
        "dcat:mediaType": {"@id": f"{_MEDIA_TYPES}/application/vnd.apache.parquet", "@type": "dct:MediaType"},
        "dct:conformsTo": {"@id": f"{described.page}#contract"},
    }


def _publisher(metadata: Metadata) -> Json:
    return {"@id": metadata.publisher_uri, "@type": "foaf:Agent", "foaf:name": metadata.publisher}


def _place(metadata: Metadata) -> Json:
    return {"@id": metadata.spatial_uri, "@type": "dct:Location", "rdfs:label": _english(metadata.spatial)}


def _english(text: str) -> Json:
    return {"@value": text, "@language": "en"}


def schema_org(described: Described, metadata: Metadata, name: str, page: str) -> Json:
    """Return one dataset as schema.org JSON-LD; ``name`` and ``page`` are the catalogue's."""
    dataset = described.dataset
    told: Json = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": described.page,
        "url": described.page,
        "identifier": dataset.name,
        "name": title(dataset),
        "description": abstract(dataset, metadata),
        "version": dataset.version,
        "keywords": list(metadata.keywords_of(dataset)),
        "inLanguage": "en-GB",
        "isAccessibleForFree": False,
        "conditionsOfAccess": metadata.access_rights,
        "creator": {"@type": "Organization", "name": dataset.controller},
        "publisher": {"@type": "Organization", "name": metadata.publisher, "email": metadata.contact},
        "spatialCoverage": {"@type": "Place", "name": metadata.spatial, "sameAs": metadata.spatial_uri},
        "includedInDataCatalog": {"@type": "DataCatalog", "name": name, "url": page},
        "variableMeasured": [
            {"@type": "PropertyValue", "name": column.name, "description": column.description}
            for column in dataset.columns
            if column.shared
        ],
    }
    if described.years:
        told["temporalCoverage"] = "{}/{}".format(*described.years)
    if described.version:
        told["dateModified"] = described.version.build.at.isoformat(timespec="seconds")
    return told
