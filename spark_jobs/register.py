"""The register of providers: which outbox may send what, and for whom. The one file is ``policies/providers.yaml``.

Who a provider is, is decided by the outbox that a submission came from, and never by what its manifest says.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from spark_jobs.contracts import Contract
from spark_jobs.errors import JobRefused
from spark_jobs.manifest import NAME, Manifest
from tre.errors import TreError

DERIVED = frozenset({"people"})  # made by the build from the others: nobody sends them

STREAMED = "stream"  # the cadence of a dataset that is dropped reading by reading, and in no submission


class RegisterError(TreError):
    """The register of providers is missing or wrong."""


@dataclass(frozen=True)
class Provider:
    """One organisation that may send: the controllers it sends for and the datasets it may send."""

    name: str
    controllers: frozenset[str]
    datasets: frozenset[str]


def load_register(path: Path, contracts: dict[str, Contract]) -> dict[str, Provider]:
    """Return every registered provider by name.

    Raises
    ------
    RegisterError
        When the file is not whole, or lists a dataset that has no contract or is derived.
    """
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))["providers"]
        register = {
            str(name): Provider(str(name), frozenset(each["controllers"]), frozenset(each["datasets"]))
            for name, each in told.items()
        }
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise RegisterError("The register of providers is not whole", where=path.name, todo="Correct it") from None
    for provider in register.values():
        if wrong := sorted(provider.datasets - (contracts.keys() - DERIVED)):
            what = f"The register lists '{wrong[0]}', which nobody can send"
            raise RegisterError(what, where=f"{path.name}, {provider.name}", todo="Take it out or add its contract")
    return register


def check(manifest: Manifest, outbox: str, register: dict[str, Provider]) -> None:
    """Check that the manifest speaks for the outbox it came from, and sends what that provider may send.

    Parameters
    ----------
    outbox : str
        The provider whose outbox this is, as the caller knows it.

    Raises
    ------
    JobRefused
        When it does not.
    """
    provider = register.get(outbox)
    if provider is None:
        raise JobRefused("The outbox is of no registered provider", where=NAME, todo="Register the provider first")
    if manifest.provider != outbox:
        raise JobRefused("The manifest names another provider than its outbox", where=NAME, todo="Correct the manifest")
    if manifest.controller not in provider.controllers:
        what = "The manifest names a controller that this provider does not send for"
        raise JobRefused(what, where=NAME, todo="Correct the manifest or the register")
    for file in manifest.files:
        if file.dataset in DERIVED:
            raise JobRefused("The dataset is made here and is not sent", where=NAME, todo="Take its files out")
        if file.dataset not in provider.datasets:
            what = "The provider may not send a dataset that the manifest lists"
            raise JobRefused(what, where=NAME, todo="Take its files out or correct the register")
