"""``policies/imports.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tre.config.options import REPOSITORY
from tre.config.policy_files import reading

POLICY_FILE = REPOSITORY / "policies" / "imports.yaml"
_MALWARE = {"required": True, "when_present": False}


@dataclass(frozen=True)
class ImportPolicy:
    """What may come in.

    Parameters
    ----------
    kinds, licences : frozenset of str, tuple of str
        Kinds of file, as told from their content, and the licences to choose from.
    files, most_bytes : int
        How many in one import, and their bytes together.
    scan_required : bool
        Whether what no scanner looked at is blocked.
    tell, block : frozenset of str
        Rules of inspection that the reviewers are told of, and those that keep a file out.
    """

    kinds: frozenset[str]
    licences: tuple[str, ...]
    files: int
    most_bytes: int
    scan_required: bool
    tell: frozenset[str]
    block: frozenset[str]


@cache
def import_policy(path: Path = POLICY_FILE) -> ImportPolicy:
    """Return the policy of the file.

    Raises
    ------
    SettingsError
        When it cannot be read as one.
    """
    with reading(path, "The import policy") as told:
        limits = {name: int(told["limits"][name]) for name in ("files", "megabytes")}
        kinds, licences = frozenset(map(str, told["kinds"])), tuple(map(str, told["licences"]))
        if min(limits.values()) < 1 or not kinds or not licences:
            raise ValueError
        tell, block = (frozenset(map(str, told["inspection"][name])) for name in ("tell", "block"))
        size, required = limits["megabytes"] * 2**20, _MALWARE[told["malware"]]
        return ImportPolicy(kinds, licences, limits["files"], size, required, tell, block)
