"""What changed between two versions of a contract, and whether it breaks what a provider or a study relies on.

A change breaks when a row that was good may no longer be, or when a study finds less or something else than before.
Semantic versioning (https://semver.org) then asks for a new major version; any other change for a new minor one. Texts
(descriptions, addresses of definitions, thresholds that refuse no row) may change as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tre.contracts.model import CLASSIFICATIONS, NEVER_PUBLISHED, Contract, ContractError, Field, numbers

# From the least to the most protected.
_STRICTNESS = {name: place for place, name in enumerate(("safe", "quasi", "sensitive", "free_text", "direct"))}
_OF_CONTRACT = ("person_level", "local_key", "date_column", "primary_key")
_NAMED = ("controller", "lawful_basis", "cadence")


@dataclass(frozen=True)
class Change:
    """One difference between two versions: of which column (or the dataset), what, and whether it breaks."""

    where: str
    what: str
    breaking: bool


def compare(old: Contract, new: Contract) -> list[Change]:
    """Return every change from one version of a contract to another, in the order of the columns."""
    changes = [Change(new.dataset, f"{name} changed", True) for name in _OF_CONTRACT if _differs(old, new, name)]
    changes += [Change(new.dataset, f"{name} changed", False) for name in _NAMED if _differs(old, new, name)]
    kept = [name for name in old.by_name if name in new.by_name]
    if kept != [name for name in new.by_name if name in old.by_name]:
        changes.append(Change(new.dataset, "order of columns changed", False))
    for name, before in old.by_name.items():
        if name not in new.by_name:
            changes.append(Change(name, "column removed", True))
        else:
            changes += _of_field(before, new.by_name[name])
    for name, after in new.by_name.items():
        if name not in old.by_name:
            changes.append(Change(name, "column added", after.required))
    return changes


def check_succession(old: Contract, new: Contract) -> None:
    """Refuse a version that does not follow from an older one.

    Raises
    ------
    ContractError
        When the version is not newer, or a change breaks and the major version is the same.
    """
    changes = compare(old, new)
    before, after = numbers(old.version), numbers(new.version)
    where = f"{new.dataset} {old.version} to {new.version}"
    told = "; ".join(f"{change.where}: {change.what}" for change in changes if change.breaking)
    if told and after[0] <= before[0]:
        todo = f"Give it version {before[0] + 1}.0.0"
        raise ContractError(f"A change of the contract breaks what relies on it ({told})", where=where, todo=todo)
    if changes and after[:2] <= before[:2]:
        told = "; ".join(f"{change.where}: {change.what}" for change in changes)
        todo = f"Give it version {before[0]}.{before[1] + 1}.0"
        raise ContractError(f"The contract changed and its version did not ({told})", where=where, todo=todo)
    if after < before:
        raise ContractError("The contract's version goes back", where=where, todo="Give it a newer version")


def compatible(old: Contract, new: Contract) -> bool:
    """Return whether a file of the old version may still land once the new one is there."""
    return not any(change.breaking for change in compare(old, new))


def _differs(old: Contract | Field, new: Contract | Field, name: str) -> bool:
    return bool(getattr(old, name) != getattr(new, name))


def _of_field(old: Field, new: Field) -> Iterator[Change]:
    if old.type != new.type:
        yield Change(new.name, f"type changed from {old.type} to {new.type}", True)
    if old.required != new.required:
        yield Change(new.name, "required added" if new.required else "required removed", new.required)
    if old.classification != new.classification:
        yield _of_classification(old, new)
    for name, told in (("identifier", "identifier role"), ("person_attribute", "person_attribute")):
        if _differs(old, new, name):
            yield Change(new.name, f"{told} changed", bool(getattr(old, name)))
    if _differs(old, new, "deidentified"):
        # The column that is made of it comes or goes as a column of its own.
        yield Change(new.name, "deidentified changed", False)
    if _differs(old, new, "plausible"):  # no row is refused for it
        yield Change(new.name, "plausible changed", False)
    yield from _of_values(old, new)
    for name in ("pattern", "check", "not_before"):
        if _differs(old, new, name):
            yield Change(new.name, f"{name} changed", bool(getattr(new, name)))
    if narrowed := _narrowed(old, new):
        yield narrowed


def _of_classification(old: Field, new: Field) -> Change:
    loosened = _STRICTNESS[new.classification] < _STRICTNESS[old.classification]
    # What was published and no longer is, is a column removed for every study that reads it.
    withdrawn = old.published and new.classification in NEVER_PUBLISHED
    what = "loosened" if loosened else "tightened"
    told = f"classification {what}: {CLASSIFICATIONS[old.classification]} to {CLASSIFICATIONS[new.classification]}"
    return Change(new.name, told, loosened or withdrawn)


def _of_values(old: Field, new: Field) -> Iterator[Change]:
    if set(old.values) == set(new.values):
        return
    removed = sorted(set(old.values) - set(new.values)) if new.values else []
    if removed or not old.values:
        yield Change(new.name, f"codes removed ({', '.join(removed) or 'all but those now listed'})", True)
    if not new.values or (old.values and set(new.values) - set(old.values)):
        yield Change(new.name, "codes added", False)


def _narrowed(old: Field, new: Field) -> Change | None:
    if (old.minimum, old.maximum) == (new.minimum, new.maximum):
        return None
    low = new.minimum is not None and (old.minimum is None or new.minimum > old.minimum)
    high = new.maximum is not None and (old.maximum is None or new.maximum < old.maximum)
    return Change(new.name, "bounds narrowed" if low or high else "bounds widened", low or high)
