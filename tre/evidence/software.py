"""The software of this installation, from the metadata of what is installed: a bill of materials, held to the lock.

The bill is CycloneDX 1.6 (ECMA-424, 2nd edition) as JSON.
"""

from __future__ import annotations

import platform
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import tre
from tre.config.options import REPOSITORY

LOCK = REPOSITORY / "requirements.lock"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*(.*?))?\s*\\?$", re.MULTILINE)
_LONGEST_LICENCE = 80  # what is longer is the licence's text and not its name
_OWN = "tre"


@dataclass(frozen=True, order=True)
class Package:
    """One installed package: its name as the index writes it (PEP 503), its version and its licence's name."""

    name: str
    version: str
    licence: str = ""


def normal(name: str) -> str:
    """Return a package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(found: Iterable[Distribution] | None = None) -> tuple[Package, ...]:
    """Return the packages that are installed, each once, in order."""
    told = found if found is not None else distributions()
    packages = {normal(each.name): Package(normal(each.name), each.version, _licence(each.metadata)) for each in told}
    return tuple(sorted(packages.values()))


def _licence(metadata: Any) -> str:
    told: Message = metadata
    named = str(told.get("License-Expression") or told.get("License") or "").strip()
    if named and len(named) <= _LONGEST_LICENCE and "\n" not in named:
        return named
    classified = [
        each.rpartition(" :: ")[2] for each in told.get_all("Classifier") or () if each.startswith("License ::")
    ]
    return ", ".join(classified)


def locked(path: Path = LOCK) -> dict[str, str]:
    """Return the version of each package that the lock names, by name."""
    return {normal(name): version for name, version, _ in _PINNED.findall(path.read_text(encoding="utf-8"))}


def differing(packages: Iterable[Package], wanted: dict[str, str]) -> tuple[str, ...]:
    """Return the packages that are installed in another version than the lock's, told in words."""
    return tuple(
        f"{each.name} is {each.version} and not {wanted[each.name]}"
        for each in packages
        if each.name in wanted and each.version != wanted[each.name]
    )


def bill(packages: Iterable[Package], at: datetime) -> dict[str, Any]:
    """Return the bill of materials (CycloneDX 1.6)."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": at.isoformat(timespec="seconds"),
            "component": {"type": "application", "name": _OWN, "version": tre.__version__, "bom-ref": _OWN},
            "properties": [
                {"name": "python", "value": platform.python_version()},
                {"name": "system", "value": f"{platform.system()} {platform.release()}"},
            ],
        },
        "components": [_component(each) for each in packages if each.name != _OWN],
    }


def _component(package: Package) -> dict[str, Any]:
    url = f"pkg:pypi/{package.name}@{package.version}"
    told = {"type": "library", "name": package.name, "version": package.version, "purl": url, "bom-ref": url}
    return told | ({"licenses": [{"license": {"name": package.licence}}]} if package.licence else {})
