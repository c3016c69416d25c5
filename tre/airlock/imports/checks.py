"""What is looked at in a file that is to come in, as plain values: its kind, malware, and what inspection finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tre.airlock.imports.malware import Scanned
from tre.airlock.imports.policy import ImportPolicy
from tre.disclosure import Inspection


@dataclass(frozen=True)
class Remark:
    """One thing that is told of a file: by which check, in words, and whether it keeps the file out."""

    check: str
    words: str
    blocks: bool = False


@dataclass(frozen=True)
class Checked:
    """What came of the checks of one file: SHA-256 of what was checked, its kind, who scanned it, and remarks."""

    sha256: str
    kind: str
    scanned_by: str
    remarks: tuple[Remark, ...]

    @property
    def blocks(self) -> bool:
        """Return whether the file may not come in."""
        return any(remark.blocks for remark in self.remarks)

    def to_json(self) -> dict[str, object]:
        """Return it as plain JSON values."""
        return {**asdict(self), "remarks": [asdict(each) for each in self.remarks]}

    @classmethod
    def from_json(cls, value: dict[str, object]) -> Checked:
        """Return what :meth:`to_json` wrote.

        Raises
        ------
        ValueError
            When it wrote no such thing.
        """
        try:
            remarks = tuple(Remark(**each) for each in value["remarks"])  # type: ignore[attr-defined]
            return cls(**{**value, "remarks": remarks})  # type: ignore[arg-type]
        except (KeyError, TypeError) as error:
            raise ValueError("this is not what checks wrote") from error


def check(found: Inspection, scanned: Scanned, policy: ImportPolicy) -> Checked:
    """Return what is to be told of one file: where something was found and by which rule, never what."""
    return Checked(found.sha256, found.type, scanned.by, tuple(_remarks(found, scanned, policy)))


def _remarks(found: Inspection, scanned: Scanned, policy: ImportPolicy) -> Iterator[Remark]:
    if found.type not in policy.kinds:
        yield Remark("kind", f"Its content is of the kind '{found.type}', which may not come in", blocks=True)
    if scanned.found:
        yield Remark("malware", f"{scanned.by} found {scanned.found}", blocks=True)
    if not scanned.by:
        yield Remark("malware", "No malware scanner has looked at it", blocks=policy.scan_required)
    for finding in found.findings:
        if finding.rule in policy.tell | policy.block:
            times = f" ({finding.count} times)" if finding.count > 1 else ""
            words = f"{finding.location}{times}: {finding.why} [{finding.rule}]"
            yield Remark("inspection", words, finding.rule in policy.block)
