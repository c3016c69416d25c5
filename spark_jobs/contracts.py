"""The data contracts as the data plane uses them: what they say is read in :mod:`tre.contracts`, for both planes."""

from __future__ import annotations

from tre.contracts import NEVER_PUBLISHED, NHS_NUMBER_ROLES, ROLES, Contract, ContractError, Field, load_contracts

__all__ = ["NEVER_PUBLISHED", "NHS_NUMBER_ROLES", "ROLES", "Contract", "ContractError", "Field", "load_contracts"]
