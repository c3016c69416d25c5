"""``policies/release.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from tre.airlock.crate.model import Licence
from tre.config.options import REPOSITORY
from tre.config.policy_files import reading

POLICY_FILE = REPOSITORY / "policies" / "release.yaml"
REVIEWERS = ("role", "pseudonym", "name")


@dataclass(frozen=True)
class ReleasePolicy:
    """What a release is held to.

    Parameters
    ----------
    open_for : timedelta
        How long its files may be taken.
    reviewers : str
        How its crate names the checkers, one of :data:`REVIEWERS`.
    licence : Licence
        The terms that the files are under.
    """

    open_for: timedelta
    reviewers: str
    licence: Licence


@cache
def release_policy(path: Path = POLICY_FILE) -> ReleasePolicy:
    """Return the policy of the file.

    Raises
    ------
    SettingsError
        When it cannot be read as one.
    """
    with reading(path, "The release policy") as told:
        days, reviewers = int(told["download"]["days"]), str(told["crate"]["reviewers"])
        licence = {name: str(told["crate"]["licence"][name]) for name in ("uri", "name", "description")}
        if days < 1 or reviewers not in REVIEWERS or not all(licence.values()):
            raise ValueError
    return ReleasePolicy(timedelta(days=days), reviewers, Licence(**licence))
