"""What a build goes by, whatever has landed: the policies, the code and its engines, as one digest."""

from __future__ import annotations

import hashlib
from importlib.metadata import version

from tre.config.options import REPOSITORY
from tre.hashing import sha256_of_all

_POLICIES = ("policies/contracts", "policies/codelists", "policies/linkage.yaml", "policies/quality.yaml")
_CODE = (
    "spark_jobs",
    "tre/contracts",
    "tre/disclosure/exact_match.py",
    "tre/disclosure/pseudonyms.py",
    "tre/disclosure/keyed.py",
)
_ENGINES = ("pyspark", "splink", "duckdb", "deltalake", "pyarrow")


def recipe() -> str:
    """Return a digest that differs once a build of the same submissions may come out otherwise.

    It is of whole files: a comment changes it too, and costs one build that leaves every table at its version. A
    number that somebody has to raise would be forgotten.
    """
    engines = " ".join(f"{name} {version(name)}" for name in _ENGINES)
    return hashlib.sha256(f"{sha256_of_all(REPOSITORY, _POLICIES + _CODE)} {engines}".encode()).hexdigest()
