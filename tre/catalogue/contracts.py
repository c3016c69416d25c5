"""Reads the data contracts (Open Data Contract Standard v3) for the catalogue's pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from open_data_contract_standard.model import OpenDataContractStandard

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
        columns=tuple(
            Column(
                name=str(field.name),
                type=str(field.logicalType or ""),
                description=str(field.description or ""),
                classification=str(field.classification or ""),
                shared=field.classification not in NEVER_SHARED,
            )
            for field in table.properties or []
        ),
    )
