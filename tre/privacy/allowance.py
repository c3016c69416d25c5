"""What each ledger may lose: ``policies/privacy.yaml``, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import yaml

from tre.config.options import REPOSITORY
from tre.errors import TreError
from tre.privacy.domain import Budget, budget

_FILE = REPOSITORY / "policies" / "privacy.yaml"


@dataclass(frozen=True)
class Allowance:
    """The budgets of the policy: a project's delta, the population's name and budget, and those of datasets."""

    project_delta: str
    population: str
    of_population: Budget
    of_any_dataset: Budget
    of_datasets: dict[str, Budget]

    def of_dataset(self, name: str) -> Budget:
        """Return what a dataset may lose."""
        return self.of_datasets.get(name, self.of_any_dataset)


@cache
def allowance() -> Allowance:
    """Return what the policy allows.

    Raises
    ------
    TreError
        The policy lacks a part.
    """
    told = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    try:
        return Allowance(
            str(told["project"]["delta"]),
            str(told["population"]["name"]),
            _amount(told["population"]),
            _amount(told["dataset"]),
            {str(name): _amount(each) for name, each in told["datasets"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise TreError("The policy of privacy budgets is not whole", where=_FILE.name, todo=f"Mend {error}") from error


def _amount(told: dict[str, str]) -> Budget:
    return budget(told["epsilon"], told["delta"])
