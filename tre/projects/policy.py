"""``policies/provisioning.yaml`` as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

from tre.config.options import REPOSITORY
from tre.config.policy_files import reading

POLICY_FILE = REPOSITORY / "policies" / "provisioning.yaml"


@dataclass(frozen=True)
class RiskPolicy:
    """What an extract's report on re-identification is held to.

    Parameters
    ----------
    floor : int
        The least k, in persons, that needs nobody's acceptance.
    columns, combinations : int
        How many quasi-identifiers, and combinations of them, are searched.
    """

    floor: int
    columns: int
    combinations: int

    def for_project(self, floor: int | None) -> dict[str, int]:
        """Return the policy as plain values, with the project's own floor where it asks for more."""
        return asdict(self) | {"floor": max(self.floor, floor or 0)}


@cache
def risk_policy(path: Path = POLICY_FILE) -> RiskPolicy:
    """Return the policy of the file.

    Raises
    ------
    SettingsError
        When it cannot be read as one, or a number is not positive.
    """
    return RiskPolicy(**_numbers(path, "risk", [each.name for each in fields(RiskPolicy)]))


@cache
def archive_years(path: Path = POLICY_FILE) -> int:
    """Return for how many years the archive of a closed project is kept.

    Raises
    ------
    SettingsError
        When the file cannot be read as one, or the number is not positive.
    """
    return _numbers(path, "closure", ["archive_years"])["archive_years"]


def _numbers(path: Path, part: str, names: list[str]) -> dict[str, int]:
    """Return one part of the file: these numbers and no others, each positive."""
    with reading(path, "The provisioning policy") as held:
        told = {name: int(value) for name, value in held[part].items()}
        if sorted(told) != sorted(names) or min(told.values()) < 1:
            raise ValueError
    return told
