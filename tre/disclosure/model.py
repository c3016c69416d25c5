"""The values that inspection takes and gives."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from tre.errors import TreError

Severity = Literal["note", "review", "block"]
Verdict = Literal["pass", "review", "block"]
_VERDICT_OF: dict[Severity, Verdict] = {"note": "pass", "review": "review", "block": "block"}
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


_HIDDEN = {"Cc", "Cs"}  # control characters, NUL among them, and halves of surrogate pairs (Unicode, table 4-4)
# What turns or hides the text after it: bidirectional controls (Unicode annex 9, section 2). They hide what a place is.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def storable(text: str) -> str:
    """Return a stranger's text as any database stores and any page shows it: what neither can becomes U+FFFD."""
    return "".join(
        "\ufffd" if mark in _TURNING or (unicodedata.category(mark) in _HIDDEN and mark not in "\n\t") else mark
        for mark in text
    )


Box = tuple[int, int, int, int]  # pixels: left, top, right and bottom, the last two just outside


class DisclosureError(TreError):
    """Inspection could not be set up; no file was judged."""


@dataclass(frozen=True)
class Context:
    """What an inspection is made against.

    Parameters
    ----------
    profile : str
        A profile of ``policies/disclosure.yaml``.
    filters, filter_key
        The folder of exact-match filters and the key they were made with; without either, no exact match is made.
    project : str
        The short name of the project whose output it is: its own pseudonyms are told from another's.
    quasi : tuple of str
        Columns by which an outsider may know a person, as the data contracts of the project's extract class them.
    population : int
        The people of whom the rows could be; 0 where that is not known.
    overrides : mapping
        What the project tightens of the policy: see :meth:`tre.disclosure.policy.Policy.tightened`.
    sandbox : bool
        Read the file in a bubblewrap worker without a network. False only where bubblewrap cannot be nested.
    pack : str
        The recognisers and dictionaries: a folder of ``tre/disclosure/packs``.
    names_model : str
        A spaCy model that marks persons, by the name of its package or by its folder; used where it is installed.
    """

    profile: str = "acro"
    filters: Path | None = None
    filter_key: bytes | None = field(default=None, repr=False)
    sandbox: bool = True
    pack: str = "uk"
    names_model: str = ""
    project: str = ""
    quasi: tuple[str, ...] = ()
    population: int = 0
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Hit:
    """One thing a detector or a reader met: `where` is the part of the file, `place` the spot within it.

    Parameters
    ----------
    sheet, row, column, box
        The same spot for a program: the sheet's name, the row or line counted from one, the column's name, and the
        pixels; empty or None where the part has none.
    against : str
        What it was held against: a release, or another file of the request.
    """

    rule: str
    kind: str
    where: str
    place: str = ""
    count: int = 1
    sample: str = ""
    confidence: float = 1.0
    sheet: str = ""
    row: int | None = None
    column: str = ""
    box: Box | None = None
    against: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", _boxed(self.box))


@dataclass(frozen=True)
class Finding:
    """What was found, explained to a person; `sample` is masked and `count` is at least how often it was met."""

    rule: str
    kind: str
    severity: Severity
    location: str
    count: int
    sample: str
    why: str
    fix: str
    source: str
    confidence: float
    sheet: str = ""
    row: int | None = None
    column: str = ""
    box: Box | None = None
    against: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", _boxed(self.box))
        # A place is named in the file's own words (a column, a key, a sheet), and these may be anything.
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, str):
                object.__setattr__(self, each.name, storable(value))


@dataclass(frozen=True)
class Inspection:
    """The outcome for one file: its SHA-256, the type told from its content, bytes, verdict and findings."""

    sha256: str
    type: str
    size: int
    verdict: Verdict
    findings: tuple[Finding, ...]
    names_model: str | None
    profile: str
    exact_match: tuple[str, ...]

    def with_findings(self, more: Iterable[Finding]) -> Inspection:
        """Return the inspection with what was found later."""
        findings = in_order([*self.findings, *more])
        return replace(self, findings=findings, verdict=verdict_of(findings))

    def to_json(self) -> dict[str, Any]:
        """Return the inspection as plain JSON values."""
        return {**asdict(self), "findings": [asdict(each) for each in self.findings]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Inspection:
        """Return the inspection that :meth:`to_json` wrote.

        Raises
        ------
        ValueError
            A field is missing, unknown or not one of the values it may have.
        """
        try:
            findings = tuple(Finding(**each) for each in value["findings"])
            made = cls(**{**value, "findings": findings, "exact_match": tuple(value["exact_match"])})
        except (KeyError, TypeError) as error:
            raise ValueError("this is not an inspection") from error
        if made.verdict != verdict_of(findings):
            raise ValueError("the verdict does not follow from the findings")
        return made


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """Return the worst verdict that the findings' severities call for; pass when there are none."""
    return max((_VERDICT_OF[each.severity] for each in findings), key=VERDICTS.index, default="pass")


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings with the most severe first."""
    return tuple(sorted(findings, key=lambda each: ("block", "review", "note").index(each.severity)))


def _boxed(value: Iterable[int] | None) -> Box | None:
    """Return a box that came as JSON's list, or None."""
    if value is None:
        return None
    left, top, right, bottom = map(int, value)
    return left, top, right, bottom


def mask(value: str) -> str:
    """Return the first character and dots, so that a finding never repeats what it found."""
    return value[:1] + "•" * min(max(len(value) - 1, 0), 8)
