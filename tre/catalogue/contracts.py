"""What the data contracts say, for the catalogue's pages. They are read in :mod:`tre.contracts`, for both planes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tre.contracts import CLASSIFICATIONS, FOLDER, TYPES, Contract, Field, load_contracts
from tre.errors import Missing


@dataclass(frozen=True)
class Column:
    """One field of a dataset, as its contract tells it."""

    name: str
    type: str
    description: str
    classification: str
    shared: bool
    standard: str
    definition: str
    code_list: str
    rules: tuple[str, ...]

    @property
    def classed(self) -> str:
        """Return the classification in words."""
        return CLASSIFICATIONS[self.classification]


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
    return {name: _dataset(contract) for name, contract in load_contracts(folder).items()}


def controllers() -> tuple[str, ...]:
    """Return who answers for any dataset, in the order of the alphabet."""
    return tuple(sorted({dataset.controller for dataset in datasets().values()}))


def dataset(name: str) -> Dataset:
    """Return one dataset.

    Raises
    ------
    Missing
        When no contract has this name.
    """
    try:
        return datasets()[name]
    except KeyError:
        raise Missing("No data contract has this name", where=name, todo="Choose one from the catalogue") from None


def _dataset(contract: Contract) -> Dataset:
    return Dataset(
        name=contract.dataset,
        version=contract.version,
        description=contract.description,
        controller=contract.controller,
        lawful_basis=contract.lawful_basis,
        cadence=contract.cadence,
        date_column=contract.date_column,
        columns=tuple(_column(field) for field in _shown(contract)),
    )


def _shown(contract: Contract) -> Iterator[Field]:
    """Yield each field, and after a free text what is shared in its place when its contract says so."""
    for field in contract.fields:
        yield field
        if field.deidentified:
            yield field.without_names()


def _column(field: Field) -> Column:
    return Column(
        name=field.name,
        type=TYPES[field.type],
        description=field.description,
        classification=field.classification,
        shared=field.published,
        standard=field.standard,
        definition=field.definition,
        code_list=field.code_list,
        rules=tuple(field.rules()),
    )
