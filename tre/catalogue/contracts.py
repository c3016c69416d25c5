"""Reads the data contracts (Open Data Contract Standard v3) for the catalogue's pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty

from tre.config.options import REPOSITORY
from tre.errors import Refused

FOLDER = REPOSITORY / "policies" / "contracts"
CLASSIFICATIONS = {
    "direct": "Direct identifier: never leaves landing",
    "quasi": "Quasi-identifier",
    "sensitive": "Sensitive",
    "free_text": "Free text: never leaves landing",
    "safe": "Safe",
}
NEVER_SHARED = frozenset({"direct", "free_text"})


@dataclass(frozen=True)
class Column:
    """One field of a dataset, as its contract tells it."""

    name: str
    type: str
    description: str
    classification: str
    shared: bool

    @property
    def classed(self) -> str:
        """Return the classification in words."""
        return CLASSIFICATIONS.get(self.classification, self.classification)


@dataclass(frozen=True)
class Dataset:
    """One dataset, as its contract tells it."""

    name: str
    version: str
    description: str
    controller: str
    lawful_basis: str
    cadence: str
    date_column: str
    columns: tuple[Column, ...]


@lru_cache(maxsize=1)
def datasets(folder: Path = FOLDER) -> dict[str, Dataset]:
    """Return every dataset by name."""
    found = [_dataset(OpenDataContractStandard.from_file(str(path))) for path in sorted(folder.glob("*.odcs.yaml"))]
    return {dataset.name: dataset for dataset in found}


def dataset(name: str) -> Dataset:
    """Return one dataset.

    Raises
    ------
    Refused
        When no contract has this name.
    """
    try:
        return datasets()[name]
    except KeyError:
        raise Refused("No data contract has this name", where=name, todo="Choose one from the catalogue") from None


def _dataset(contract: OpenDataContractStandard) -> Dataset:
    table = (contract.schema_ or [])[0]
    told = {each.property: str(each.value) for each in contract.customProperties or []}
    purpose = contract.description.purpose if contract.description else ""
    return Dataset(
        name=str(table.name),
        version=str(contract.version),
        description=str(table.description or purpose or ""),
        controller=told.get("controller", ""),
        lawful_basis=told.get("lawful_basis", ""),
        cadence=told.get("cadence", ""),
        date_column=told.get("date_column", ""),
        columns=tuple(column for field in table.properties or [] for column in _columns(field)),
    )


def _columns(field: SchemaProperty) -> Iterator[Column]:
    """Yield a field, and after a free text what is shared in its place when its contract says so."""
    description, classification = str(field.description or ""), str(field.classification or "")
    shared = classification not in NEVER_SHARED
    yield Column(str(field.name), str(field.logicalType or ""), description, classification, shared)
    for each in field.customProperties or []:
        if each.property == "deidentified":
            described = f"{description}, with what names a person taken out"
            yield Column(str(each.value), "string", described, "sensitive", shared=True)
