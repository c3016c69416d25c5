"""What is public of an extract's columns by their data contracts: ranges of numbers and lists of codes.

A range that is read off the data tells of somebody (Dwork and Roth 2014, section 2.3); one that a contract names was
written before there was any data, for everybody to read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tre.contracts import Contract, Field, load_contracts
from tre.errors import Refused

_KEEPS_NUMBERS = frozenset({"top", "bottom"})  # rules of generalising that leave a number within its range


@dataclass(frozen=True)
class Public:
    """What a contract tells of a column as a project has it.

    Parameters
    ----------
    contract : str
        The dataset and the contract's version.
    range : tuple of float, or None
        Between which two a number lies.
    codes : tuple of str
        The codes that there are; empty where no list is named.
    """

    contract: str
    range: tuple[float, float] | None = None
    codes: tuple[str, ...] = ()

    def told(self) -> str:
        """Return by what it is public, in words."""
        return f"by contract {self.contract}"


def public_columns(table: Mapping[str, Any]) -> dict[str, Public]:
    """Return what is public of each column of a table, as the manifest tells of the table."""
    contract = _contracts().get(str(table["name"]))
    if contract is None:
        return {}
    called = f"{contract.dataset} {contract.version}"
    return {
        column["name"]: _public(contract.by_name[column["name"]], called, column.get("generalised"))
        for column in table.get("columns", ())
        if column["name"] in contract.by_name
    }


def table_of(tables: Sequence[Mapping[str, Any]], name: object) -> dict[str, Public]:
    """Return what is public of the columns of the table of this name; nothing where there is none."""
    return next((public_columns(each) for each in tables if each["name"] == name), {})


def range_of(public: Mapping[str, Public], column: str) -> tuple[float, float]:
    """Return a column's public range.

    Raises
    ------
    Refused
        When no contract names one.
    """
    found = public.get(column)
    if found is None or found.range is None:
        raise Refused("No contract names a range of this column", where=column, todo="Say low and high yourself")
    return found.range


def codes_of(public: Mapping[str, Public], column: str) -> tuple[str, ...]:
    """Return a column's public codes.

    Raises
    ------
    Refused
        When no contract names them.
    """
    found = public.get(column)
    if found is None or not found.codes:
        raise Refused("No contract names the codes of this column", where=column, todo="Say which values count")
    return found.codes


def _public(field: Field, called: str, rule: Mapping[str, Any] | None) -> Public:
    if rule is None:
        return Public(called, field.public_range, field.values)
    return Public(called, field.public_range if rule.get("to") in _KEEPS_NUMBERS else None)


@cache
def _contracts() -> dict[str, Contract]:
    return load_contracts()
