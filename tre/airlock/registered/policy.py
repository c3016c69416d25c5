"""``policies/registry.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from tre.config.options import REPOSITORY
from tre.config.policy_files import reading

POLICY_FILE = REPOSITORY / "policies" / "registry.yaml"


@dataclass(frozen=True)
class RegistryPolicy:
    """What registered models are held to.

    Parameters
    ----------
    renew, valid : timedelta
        How often it is said anew that a model may be served, and for how long that counts.
    drift : dict
        The values of an ``ml.drift.Policy``, which is signed with each model.
    pauses : tuple of timedelta
        Before each further attempt at a webhook.
    patience : float
        Seconds that a receiver may take.
    """

    renew: timedelta
    valid: timedelta
    drift: dict[str, float]
    pauses: tuple[timedelta, ...]
    patience: float


@cache
def registry_policy(path: Path = POLICY_FILE) -> RegistryPolicy:
    """Return the policy of the file.

    Raises
    ------
    SettingsError
        When it cannot be read as one.
    """
    with reading(path, "The registry's policy") as told:
        renew, valid = (timedelta(hours=float(told["standing"][name])) for name in ("renew_hours", "valid_hours"))
        drift = {"epsilon": float(told["drift"]["epsilon"]), "hours": int(told["drift"]["hours"])}
        pauses = tuple(timedelta(seconds=float(each)) for each in told["webhook"]["pauses"])
        patience = float(told["webhook"]["seconds"])
        if not timedelta(0) < renew < valid or min(drift.values()) <= 0 or patience <= 0:
            raise ValueError
    return RegistryPolicy(renew, valid, drift, pauses, patience)
