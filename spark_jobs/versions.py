"""Several versions of one dataset beside each other: which may land. A column that a file lacks is read as empty.

The landing zone keeps its own record of each contract under which a file has landed. A contract that was changed
without a new version is refused by it, whatever the repository says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from spark_jobs.errors import JobRefused
from tre.contracts import Contract
from tre.contracts.comparing import compatible
from tre.contracts.records import accept, accepted, check_accepted

RECORD = "contracts"  # the landing zone's folder of contracts under which files have landed


def landable(contract: Contract, version: str, where: str) -> Contract:
    """Return the contract that a file of this version follows.

    Raises
    ------
    JobRefused
        When there is no such version, or a change since then breaks what it promises.
    """
    fit = [each for each in (*contract.earlier, contract) if compatible(each, contract)]
    for each in fit:
        if each.version == version:
            return each
    versions = ", ".join(each.version for each in fit)
    raise JobRefused(
        f"The file follows another version of its contract than {versions}",
        where=where,
        todo=f"Send it as version {contract.version} says",
    )


def current(contracts: Mapping[str, Contract], dataset: str, submission: str) -> Contract:
    """Return the contract of a dataset that has landed.

    Raises
    ------
    JobRefused
        When the dataset has no contract any more.
    """
    if dataset not in contracts:
        what = f"There is no data contract for '{dataset}' any more"
        raise JobRefused(what, where=submission, todo="Withdraw the submission, or put the contract back")
    return contracts[dataset]


def check_held(contracts: Iterable[Contract], landing: Path) -> None:
    """Refuse contracts that are not what the landing zone holds under their version, or do not follow from it.

    Raises
    ------
    ContractError
        Naming the dataset and each change.
    """
    held = accepted(landing / RECORD)
    for contract in contracts:
        check_accepted(contract, held.get(contract.dataset, ()))


def hold(contracts: Iterable[Contract], landing: Path) -> None:
    """Write the contracts under which files have landed into the landing zone's record, once each."""
    for contract in contracts:
        accept(contract, landing / RECORD)
