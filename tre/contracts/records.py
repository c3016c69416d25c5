"""The record of accepted contracts: every version that was ever in force, as it was understood, with its codes.

One JSON file for each version stands in ``accepted/DATASET/VERSION.json`` beside the contracts, and one in the landing
zone from the day when the first file landed under it. A version is never written twice: a contract that differs from
its record is refused, so a change without a new version is told by ``make check`` and, whatever happened to the
repository, by the landing zone.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tre.contracts.comparing import check_succession, compare
from tre.contracts.model import Contract, ContractError, Field, Quality, numbers

ACCEPTED = "accepted"


def accepted(folder: Path) -> dict[str, tuple[Contract, ...]]:
    """Return the accepted versions of each dataset, oldest first, from the record in a folder of contracts."""
    found: dict[str, list[Contract]] = {}
    for path in (folder / ACCEPTED).glob("*/*.json"):
        found.setdefault(path.parent.name, []).append(_read(path))
    return {name: tuple(sorted(each, key=lambda one: numbers(one.version))) for name, each in sorted(found.items())}


def accept(contract: Contract, folder: Path) -> bool:
    """Write a contract into the record of a folder and return whether it was new.

    Raises
    ------
    ContractError
        When it differs from its record, or does not follow from the versions before it.
    """
    path = folder / ACCEPTED / contract.dataset / f"{contract.version}.json"
    check_accepted(contract, accepted(folder).get(contract.dataset, ()))
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.part")
    staged.write_text(json.dumps(_plain(contract), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(staged, path)
    return True


def check_accepted(contract: Contract, before: tuple[Contract, ...]) -> None:
    """Refuse a contract that is not what was accepted under its version, or does not follow from what came before.

    Raises
    ------
    ContractError
        Naming the dataset, the two versions and each change.
    """
    for old in before:
        if old.version == contract.version and (changes := compare(old, contract)):
            told = "; ".join(f"{change.where}: {change.what}" for change in changes)
            where = f"{contract.dataset} {contract.version}"
            todo = "Give the contract a new version"
            raise ContractError(
                f"The contract is not the one accepted under its version ({told})", where=where, todo=todo
            )
    chain = sorted(
        (*(each for each in before if each.version != contract.version), contract),
        key=lambda each: numbers(each.version),
    )
    for old, new in itertools.pairwise(chain):
        check_succession(old, new)


def check_all(contracts: Mapping[str, Contract], folder: Path) -> None:
    """Refuse when a contract of the folder has not been accepted as it stands.

    Raises
    ------
    ContractError
        Naming the first that has not, and how to have it accepted.
    """
    records = accepted(folder)
    for contract in contracts.values():
        known = records.get(contract.dataset, ())
        check_accepted(contract, known)
        if all(each.version != contract.version for each in known):
            where = f"{contract.dataset} {contract.version}"
            raise ContractError("The contract has not been accepted", where=where, todo="Run: make contracts")


def _plain(contract: Contract) -> dict[str, Any]:
    """Return a contract without its history and without what is empty."""
    told = {name: value for name, value in asdict(contract).items() if name not in ("earlier", "fields")}
    fields = [{name: value for name, value in asdict(each).items() if _is_told(value)} for each in contract.fields]
    return {**told, "fields": fields}


def _is_told(value: object) -> bool:
    return value is not None and value != () and value != ""


def _read(path: Path) -> Contract:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        fields = tuple(_field(each) for each in told.pop("fields"))
        contract = Contract(**told, fields=fields)
    except (ValueError, TypeError, KeyError):
        where = f"{path.parent.name}/{path.name}"
        raise ContractError("The record of a contract is not whole", where=where, todo="Restore it") from None
    if (contract.dataset, f"{contract.version}.json") != (path.parent.name, path.name):
        raise ContractError("The record of a contract tells of another one", where=f"{path.parent.name}/{path.name}")
    return contract


def _field(told: dict[str, Any]) -> Field:
    quality = tuple(Quality(**each) for each in told.pop("quality", ()))
    plausible = tuple(told["plausible"]) if "plausible" in told else None
    return Field(**{**told, "values": tuple(told.get("values", ())), "quality": quality, "plausible": plausible})
