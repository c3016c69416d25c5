"""Reads the contracts: one Open Data Contract Standard v3 file per dataset.

See https://bitol-io.github.io/open-data-contract-standard/. What the standard has a place for stands there: bounds in
``logicalTypeOptions``, where a field is defined in ``authoritativeDefinitions``, thresholds and rules between columns
in ``quality``. The rest stands in custom properties: of the contract ``controller``, ``lawful_basis``, ``cadence``,
``person_level``, ``local_key`` and ``date_column``; of a field ``identifier`` (its role in linkage),
``person_attribute`` (the column of the people table that it tells), ``code_list`` (a list of ``policies/codelists``),
``values`` (codes of the dataset's own, comma-separated), ``pattern``, ``plausible`` (between which two a number is
expected, as ``0..500``: what statistics cut it to, and no row is refused for), and of a free text ``deidentified`` (the
column that the warehouse holds in its place, with what names a person taken out). A property that is not known is
refused: a rule that is written down and not read would protect nobody.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import DataQuality, OpenDataContractStandard, SchemaProperty
from pydantic import ValidationError

from tre.contracts.codelists import FOLDER as CODE_LISTS
from tre.contracts.codelists import CodeList, load_code_lists
from tre.contracts.model import (
    CLASSIFICATIONS,
    NHS_NUMBER_ROLES,
    ROLES,
    TYPES,
    Contract,
    ContractError,
    Field,
    Quality,
    numbers,
)
from tre.contracts.records import accepted

FOLDER = CODE_LISTS.with_name("contracts")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_OF_CONTRACT = frozenset({"controller", "lawful_basis", "cadence", "person_level", "local_key", "date_column"})
_OF_FIELD = frozenset({"identifier", "person_attribute", "code_list", "values", "pattern", "plausible", "deidentified"})
_METRICS = frozenset({"nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount"})
_UNITS = frozenset({"percent", "rows"})


def load_contracts(folder: Path = FOLDER, code_lists: Path = CODE_LISTS) -> dict[str, Contract]:
    """Return every contract of a folder, by dataset, each with the versions accepted before it.

    Raises
    ------
    ContractError
        When a file is not a valid contract, naming it.
    """
    lists = load_code_lists(code_lists)
    contracts = [_read(path, lists) for path in sorted(folder.glob("*.odcs.yaml"))]
    if not contracts:
        raise ContractError("There are no data contracts", where=str(folder))
    records = accepted(folder)
    return {each.dataset: replace(each, earlier=_before(each, records)) for each in contracts}


def _before(contract: Contract, records: dict[str, tuple[Contract, ...]]) -> tuple[Contract, ...]:
    known = records.get(contract.dataset, ())
    return tuple(each for each in known if numbers(each.version) < numbers(contract.version))


def _read(path: Path, lists: dict[str, CodeList]) -> Contract:
    try:
        told = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)  # the safe loader, compiled
        standard = OpenDataContractStandard.model_validate(told)
        table = (standard.schema_ or [])[0]
    except (ValidationError, yaml.YAMLError, IndexError) as error:
        what = str(error).splitlines()[0]
        raise ContractError(f"This is no valid data contract: {what}", where=path.name) from None
    custom = _told(standard.customProperties, _OF_CONTRACT, path.name)
    contract = Contract(
        dataset=str(table.name),
        version=str(standard.version),
        description=str(table.description or ""),
        controller=custom.get("controller", ""),
        lawful_basis=custom.get("lawful_basis", ""),
        cadence=custom.get("cadence", ""),
        person_level=custom.get("person_level") == "true",
        local_key=custom.get("local_key", ""),
        date_column=custom.get("date_column", ""),
        fields=tuple(_field(each, lists, path.name) for each in table.properties or []),
    )
    check(contract, path)
    return contract


def check(contract: Contract, path: Path) -> None:
    """Refuse a contract that contradicts itself or its file's name.

    Raises
    ------
    ContractError
        Naming the first thing that is wrong.
    """
    for what, where in _faults(contract, path):
        raise ContractError(f"The contract has a wrong {what}", where=f"{path.name}, {where}")


def _told(properties: Any, known: frozenset[str], where: str) -> dict[str, str]:
    told = {str(each.property): str(each.value) for each in properties or []}
    if unknown := sorted(set(told) - known):
        todo = f"Use: {', '.join(sorted(known))}"
        raise ContractError(f"The contract has the unknown property '{unknown[0]}'", where=where, todo=todo)
    return told


def _field(told: SchemaProperty, lists: dict[str, CodeList], file: str) -> Field:
    where = f"{file}, {told.name}"
    custom = _told(told.customProperties, _OF_FIELD, where)
    named = custom.get("code_list", "")
    if named and named not in lists:
        raise ContractError(f"There is no code list '{named}'", where=where, todo="Add it to policies/codelists")
    codes = lists.get(named)
    own = tuple(custom["values"].split(",")) if "values" in custom else ()
    kind, options = str(told.physicalType), told.logicalTypeOptions or {}
    if TYPES.get(kind) != told.logicalType:
        raise ContractError(f"The contract has a wrong type {kind} or its logical type", where=where)
    return Field(
        name=str(told.name),
        type=kind,
        description=str(told.description or ""),
        required=bool(told.required),
        primary_key=bool(told.primaryKey),
        classification=str(told.classification),
        identifier=custom.get("identifier", ""),
        values=tuple(codes.codes) if codes and codes.codes else own,
        pattern=codes.pattern if codes and codes.pattern else custom.get("pattern", ""),
        check=codes.check if codes else "",
        code_list=named,
        standard=codes.standard if codes else "",
        definition=_definition(told, codes),
        person_attribute=custom.get("person_attribute", ""),
        minimum=_bound(options, "minimum", where),
        maximum=_bound(options, "maximum", where),
        plausible=_plausible(custom.get("plausible", ""), where),
        not_before=_not_before(told, where),
        quality=tuple(_thresholds(told.quality, where)),
        deidentified=custom.get("deidentified", ""),
    )


def _definition(told: SchemaProperty, codes: CodeList | None) -> str:
    urls = [str(each.url) for each in told.authoritativeDefinitions or []]
    return urls[0] if urls else codes.url if codes else ""


def _bound(options: dict[str, Any], name: str, where: str) -> float | None:
    if unknown := sorted(set(options) - {"minimum", "maximum"}):
        raise ContractError(f"The contract has the unknown option '{unknown[0]}'", where=where)
    return float(options[name]) if name in options else None


def _plausible(told: str, where: str) -> tuple[float, float] | None:
    if not told:
        return None
    try:
        low, high = map(float, told.split(".."))
    except ValueError:
        low = high = 0.0
    if not -math.inf < low < high < math.inf:
        raise ContractError("The contract has a wrong plausible range", where=where, todo="Write it as 0..500")
    return low, high


def _not_before(told: SchemaProperty, where: str) -> str:
    rules = [each.implementation for each in told.quality or [] if each.type == "custom"]
    if not rules:
        return ""
    rule = rules[0]
    if len(rules) > 1 or not isinstance(rule, dict) or set(rule) != {"notBefore"}:
        raise ContractError("The contract has an unknown rule between columns", where=where, todo="Use: notBefore")
    return str(rule["notBefore"])


def _thresholds(rules: list[DataQuality] | None, where: str) -> Iterator[Quality]:
    for each in rules or []:
        if each.type == "custom":
            continue
        known = each.metric in _METRICS and each.unit in _UNITS and each.mustBeLessThan is not None
        if each.type != "library" or not known or not each.dimension:
            todo = "Give dimension, a metric of the standard, unit and mustBeLessThan"
            raise ContractError("The contract has an unknown quality rule", where=where, todo=todo)
        yield Quality(each.dimension, str(each.metric), str(each.unit), float(each.mustBeLessThan or 0))


def _is_free_text(field: Field) -> bool:
    return field.classification == "free_text" and field.type == "string"


def _faults(contract: Contract, path: Path) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a contract and where."""
    names = {field.name for field in contract.fields}
    dates = {field.name for field in contract.fields if field.type in ("date", "timestamp")}
    for field in contract.fields:
        if field.classification not in CLASSIFICATIONS:
            yield f"classification {field.classification}", field.name
        if field.identifier not in {*ROLES, *NHS_NUMBER_ROLES, ""}:
            yield "identifier role", field.name
        if field.not_before not in dates | {""} or (field.not_before and field.name not in dates):
            yield "rule notBefore (it compares two dates)", field.name
        bounds = (field.minimum, field.maximum, field.plausible)
        if bounds != (None, None, None) and field.type not in ("int", "double"):
            yield "bound (only numbers have them)", field.name
        if field.deidentified and not (_is_free_text(field) and field.deidentified not in names):
            yield "deidentified (a new column's name, at a free text)", field.name
    if len({field.name for field in contract.made}) != len(contract.made):
        yield "deidentified (two free texts share a column)", contract.dataset
    if contract.person_level and contract.local_key not in names:
        yield "local_key", contract.dataset
    if contract.date_column not in names | {""}:
        yield "date_column", contract.dataset
    if len(names) != len(contract.fields):
        yield "list of fields (one is there twice)", contract.dataset
    if not _VERSION.fullmatch(contract.version):
        yield "version (write it as 1.0.0)", contract.dataset
    if not contract.primary_key or not all(contract.by_name[name].required for name in contract.primary_key):
        yield "primary key (there is none, or it may be missing)", contract.dataset
    if path.name != f"{contract.dataset}.odcs.yaml":
        yield "file name (it is the dataset's)", contract.dataset
