"""``policies/runs.yaml`` as values: how many runs, for how long, and how large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from tre.config.options import REPOSITORY
from tre.config.policy_files import reading
from tre.runs.attested.domain import KINDS, Kind

POLICY_FILE = REPOSITORY / "policies" / "runs.yaml"


@dataclass(frozen=True)
class RunsPolicy:
    """What attested runs are held to.

    Parameters
    ----------
    under_way : int
        The most runs of one project that wait or are carried out.
    within : mapping
        How long a run of each kind may take; a kind that is not listed may not be asked for.
    most_bytes : int
        What a run's outputs may have together.
    memory : int
        Bytes of memory that a notebook may use.
    """

    under_way: int
    within: Mapping[Kind, timedelta]
    most_bytes: int
    memory: int


@cache
def runs_policy(path: Path = POLICY_FILE) -> RunsPolicy:
    """Return the policy of the file.

    Raises
    ------
    SettingsError
        When it cannot be read as one.
    """
    with reading(path, "The policy of runs") as told:
        within: dict[Kind, timedelta] = {
            kind: timedelta(minutes=told["minutes"][kind]) for kind in KINDS if kind in told["minutes"]
        }
        made = RunsPolicy(
            int(told["under_way"]), within, int(told["megabytes"]) * 10**6, int(told["notebook_megabytes"]) * 10**6
        )
        if set(told["minutes"]) - set(KINDS) or min(made.under_way, made.most_bytes, made.memory) <= 0:
            raise ValueError("a word or a figure that the policy may not have")
        if any(each <= timedelta(0) for each in within.values()):
            raise ValueError("no time at all")
    return made
