"""Data contracts: one Open Data Contract Standard v3 file per dataset drives everything that touches its columns.

See https://bitol-io.github.io/open-data-contract-standard/. What the standard leaves open stands in custom properties:
of the contract ``controller``, ``lawful_basis``, ``cadence``, ``person_level``, ``local_key`` and ``date_column``; of
a field ``identifier`` (its role in linkage), ``values`` (the allowed codes, comma-separated), ``pattern``, and of a
free text ``deidentified``: the column that the warehouse holds in its place, with what names a person taken out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from tre.errors import TreError

CLASSIFICATIONS = frozenset({"direct", "quasi", "sensitive", "free_text", "safe"})
NEVER_PUBLISHED = frozenset({"direct", "free_text"})
TYPES = frozenset({"string", "date", "int", "double", "timestamp"})
ROLES = frozenset({"nhs_number", "forename", "surname", "sex", "birth_date", "postcode"})

_VERSION = re.compile(r"\d+\.\d+\.\d+")


class ContractError(TreError):
    """A data contract is missing or wrong."""


@dataclass(frozen=True)
class Field:
    """One column of a dataset.

    Parameters
    ----------
    type : str
        Spark's name of the type, one of :data:`TYPES`.
    classification : str
        One of :data:`CLASSIFICATIONS`.
    identifier : str
        The column's role in linkage, one of :data:`ROLES`, or empty.
    values : tuple of str
        The allowed codes; empty allows all.
    pattern : str
        A regular expression that a value matches whole, in the syntax that Java and Python share; empty allows all.
    deidentified : str
        Of a free text: the column that is published in its place; empty publishes nothing of it.
    """

    name: str
    type: str
    description: str
    required: bool
    primary_key: bool
    classification: str
    identifier: str = ""
    values: tuple[str, ...] = ()
    pattern: str = ""
    deidentified: str = ""

    @property
    def published(self) -> bool:
        """Return whether the warehouse holds the column."""
        return self.classification not in NEVER_PUBLISHED

    def without_names(self) -> Field:
        """Return the column that is published in a free text's place."""
        return Field(
            name=self.deidentified,
            type="string",
            description=f"{self.description}, with what names a person taken out",
            required=False,
            primary_key=False,
            classification="sensitive",
        )


@dataclass(frozen=True)
class Contract:
    """One dataset's contract."""

    dataset: str
    version: str
    description: str
    controller: str
    lawful_basis: str
    cadence: str
    person_level: bool
    local_key: str
    date_column: str
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Return the fields by name, those that the platform makes of others too."""
        return {field.name: field for field in (*self.fields, *self.made)}

    @cached_property
    def made(self) -> tuple[Field, ...]:
        """Return the columns that no provider sends: free texts with what names a person taken out."""
        return tuple(field.without_names() for field in self.fields if field.deidentified)

    @cached_property
    def identifiers(self) -> dict[str, str]:
        """Return the column of each role in linkage that this dataset has."""
        return {field.identifier: field.name for field in self.fields if field.identifier}

    @cached_property
    def primary_key(self) -> tuple[str, ...]:
        """Return the columns that together name a row."""
        return tuple(field.name for field in self.fields if field.primary_key)

    def published(self) -> tuple[Field, ...]:
        """Return the columns that the warehouse holds, apart from the pseudonym."""
        return tuple(field for field in (*self.fields, *self.made) if field.published)


def load_contracts(folder: Path) -> dict[str, Contract]:
    """Return every contract of a folder, by dataset.

    Raises
    ------
    ContractError
        When a file is not a valid contract, naming it.
    """
    contracts = [_read(path) for path in sorted(folder.glob("*.odcs.yaml"))]
    if not contracts:
        raise ContractError("There are no data contracts", where=str(folder))
    return {contract.dataset: contract for contract in contracts}


def _read(path: Path) -> Contract:
    try:
        standard = OpenDataContractStandard.model_validate(yaml.safe_load(path.read_text()))
        table = (standard.schema_ or [])[0]
        told = _told(standard.customProperties)
        contract = Contract(
            dataset=str(table.name),
            version=str(standard.version),
            description=str(table.description or ""),
            controller=told.get("controller", ""),
            lawful_basis=told.get("lawful_basis", ""),
            cadence=told.get("cadence", ""),
            person_level=told.get("person_level") == "true",
            local_key=told.get("local_key", ""),
            date_column=told.get("date_column", ""),
            fields=tuple(_field(each) for each in table.properties or []),
        )
    except (ValidationError, yaml.YAMLError, IndexError) as error:
        what = str(error).splitlines()[0]
        raise ContractError(f"This is no valid data contract: {what}", where=path.name) from None
    _check(contract, path)
    return contract


def _told(properties: Any) -> dict[str, str]:
    return {str(each.property): str(each.value) for each in properties or []}


def _field(told: Any) -> Field:
    custom = _told(told.customProperties)
    return Field(
        name=str(told.name),
        type=str(told.physicalType),
        description=str(told.description or ""),
        required=bool(told.required),
        primary_key=bool(told.primaryKey),
        classification=str(told.classification),
        identifier=custom.get("identifier", ""),
        values=tuple(custom["values"].split(",")) if "values" in custom else (),
        pattern=custom.get("pattern", ""),
        deidentified=custom.get("deidentified", ""),
    )


def _check(contract: Contract, path: Path) -> None:
    names = {field.name for field in contract.fields}
    wrong = [
        (field.type not in TYPES, f"type {field.type}", field.name)
        for field in contract.fields
    ] + [
        (field.classification not in CLASSIFICATIONS, f"classification {field.classification}", field.name)
        for field in contract.fields
    ]  # fmt: skip
    wrong += [(field.identifier not in ROLES | {""}, "identifier role", field.name) for field in contract.fields]
    wrong += [
        (
            bool(field.deidentified)
            and (field.classification != "free_text" or field.type != "string" or field.deidentified in names),
            "deidentified (a new column's name, at a free text)",
            field.name,
        )
        for field in contract.fields
    ]
    wrong += [(contract.person_level and contract.local_key not in names, "local_key", contract.dataset)]
    wrong += [(contract.date_column not in names | {""}, "date_column", contract.dataset)]
    wrong += [(len(names) != len(contract.fields), "list of fields (one is there twice)", contract.dataset)]
    wrong += [(not _VERSION.fullmatch(contract.version), "version (write it as 1.0.0)", contract.dataset)]
    wrong += [(not contract.primary_key, "primary key (there is none)", contract.dataset)]
    for is_wrong, what, where in wrong:
        if is_wrong:
            raise ContractError(f"The contract has a wrong {what}", where=f"{path.name}, {where}")
