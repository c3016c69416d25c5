"""Data contracts: the one file of each dataset that drives everything that touches its columns.

Both planes read them here, so that there is one reading of a contract: this room knows neither Django nor Spark.
"""

from __future__ import annotations

from tre.contracts.model import (
    CLASSIFICATIONS,
    NEVER_PUBLISHED,
    NHS_NUMBER_ROLES,
    ROLES,
    TYPES,
    Contract,
    ContractError,
    Field,
    Quality,
)
from tre.contracts.reading import FOLDER, load_contracts

__all__ = [
    "CLASSIFICATIONS",
    "FOLDER",
    "NEVER_PUBLISHED",
    "NHS_NUMBER_ROLES",
    "ROLES",
    "TYPES",
    "Contract",
    "ContractError",
    "Field",
    "Quality",
    "load_contracts",
]
