"""Writes docs/detection.md: what inspection catches, by format, by place and by technique, weak spots included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.corpus.figures import fairness, grouped, tally
from tests.corpus.judge import Judged

# Kept as they were written, never made again.
FIRST_JUDGEMENTS = tuple(
    Path(__file__).with_name(name) for name in ("first_judgement.md", "first_judgement_of_third.md")
)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "detection.md"
GOALS = {"on": 0.99, "off": 0.95}  # recall with exact match, and without
FALSE_POSITIVES = 0.02
_SHOWN = 4  # kinds of clean files that are named
_WEAK = 0.95  # the share of a technique's leaks under which it is told as a weak spot


def overview(judged: list[Judged]) -> str:
    """Return the figures over all files, with exact match and without."""
    rows = [
        "| exact match | leaks | caught | for the right reason | clean files | false positives |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for exact, part in grouped(judged, lambda each: each.exact).items():
        leaks, clean = tally(part), fairness(part)
        rows.append(
            f"| {exact} | {leaks.leaks} | {_percent(leaks.caught_share)} | {_percent(leaks.recall)} | {clean.clean} "
            f"| {clean.unfair} ({_percent(clean.rate)}) |"
        )
    return "\n".join(rows) + "\n"


def authors(judged: list[Judged]) -> str:
    """Return the figures of each author's files."""
    return table("author", grouped(judged, lambda each: each.item.author))


def table(name: str, groups: Mapping[str, list[Judged]]) -> str:
    """Return a table with a row for each group: its leaks with exact match on and off, its clean files."""
    rows = [
        f"| {name} | leaks | caught, on | rightly, on | caught, off | rightly, off | clean | false positives |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for group, part in groups.items():
        on = [each for each in part if each.exact == "on"]
        off = [each for each in part if each.exact == "off"]
        with_it, without, clean = tally(on), tally(off), fairness(on or off)
        shares = (with_it.caught_share, with_it.recall, without.caught_share, without.recall)
        told = [_percent(share) for share in shares] if with_it.leaks or without.leaks else [""] * 4
        rows.append(
            f"| {group} | {with_it.leaks or without.leaks} | {' | '.join(told)} | {clean.clean} | {clean.unfair} |"
        )
    return "\n".join(rows) + "\n"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _leaks(judged: list[Judged]) -> list[Judged]:
    return [each for each in judged if each.item.leak]


def weak(judged: list[Judged]) -> str:
    """Return the techniques and places of which less is caught for the right reason than there should be."""
    rows = []
    for kind, groups in (
        ("technique", grouped(_leaks(judged), lambda each: each.item.technique)),
        ("place", grouped(_leaks(judged), lambda each: f"{each.item.format}: {each.item.place}")),
    ):
        for name, part in groups.items():
            shares = [tally(each for each in part if each.exact == mode).recall for mode in ("on", "off")]
            if min(shares) < _WEAK:
                rows.append((min(shares), f"| {kind} | {name} | {_percent(shares[0])} | {_percent(shares[1])} |"))
    head = ["| | weak spot | rightly, on | rightly, off |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *(row for _, row in sorted(rows))]) + "\n"


def unfair(judged: list[Judged]) -> str:
    """Return the kinds of clean files that are judged worse than is fair."""
    wrong = [each for each in judged if not each.item.leak and each.unfair and each.exact == "on"]
    rows = ["| format | told | files | of kinds |", "| --- | --- | --- | --- |"]
    for name, part in grouped(wrong, lambda each: f"{each.item.format} | {_told(each)}").items():
        kinds = sorted({each.item.technique for each in part})
        shown = ", ".join(kinds[:_SHOWN]) + (f" and {len(kinds) - _SHOWN} more" if len(kinds) > _SHOWN else "")
        rows.append(f"| {name} | {len(part)} | {shown} |")
    return "\n".join(rows) + "\n"


def _told(each: Judged) -> str:
    worst = [rule for rule, severity in each.rules if severity == each.verdict]
    return each.failed or f"{each.verdict}: {', '.join(worst)}"


_INTRODUCTION = """# What inspection catches

Written by `make corpus`; do not edit it. The corpus (tests/corpus) plants identities of the synthetic health system in
every format that an output comes in, by many techniques, beside as many clean files that look alike. It was written
apart from the detectors and knows nothing of how they work. Seed {seed}.

- A leak is *caught* when the verdict is review or block. It is caught *for the right reason* when a finding's rule is
  of a family that tells of it (tests/corpus/families.py): that a checker looks at every picture is no right reason.
- A clean file is a *false positive* when it is judged worse than a reviewer would call fair, which was written down
  beforehand. A checker looks at every picture, model, script and medical image, so a review is fair there; a block
  never is. Pickles are not among the clean files: the policy blocks each.
- *On* is with exact match against the people whose identities are held, *off* without. No model of names is installed.

The goals are {on} of leaks with exact match, {off} without, and at most {false} of clean files.
"""
_AUTHORS = """The detectors were changed by what they missed of the first author's techniques. The second author had not
seen the detectors, nor had the third, who wrote when the detectors had learnt from the second. How the second's and
the third's techniques were judged at first, before any change to the detectors, is kept below as it was told then: that
is what to expect of a technique that nobody here thought of. Since then the detectors were changed by what they missed
of the second's and the third's as well; the table is of today.
"""
_OUTSIDE = """## What the corpus does not hold

Excel's old binary workbooks (XLS), HDF5 and video: no library at hand writes the first, and the others come from no
verb of the platform. XGBoost's and LightGBM's models, ODS, DOCX, PPTX and most PDF files are written by hand after
their formats' descriptions. Text that a person has learnt by heart, a code agreed on outside, and a few bits hidden
in a figure's noise can be found by no inspection.
"""


def document(judged: list[Judged], seed: int) -> str:
    """Return the whole page."""
    leaks = _leaks(judged)
    goals = {"on": _percent(GOALS["on"]), "off": _percent(GOALS["off"]), "false": _percent(FALSE_POSITIVES)}
    clean = [each for each in judged if not each.item.leak]
    parts = (
        _INTRODUCTION.format(seed=seed, **goals),
        overview(judged),
        "## By author\n",
        _AUTHORS,
        authors(judged),
        *(told.read_text(encoding="utf-8") for told in FIRST_JUDGEMENTS),
        "## By format\n",
        table("format", grouped(judged, lambda each: each.item.format)),
        "## Weak spots\n",
        weak(judged),
        "## Clean files judged too hard\n",
        unfair(judged),
        _OUTSIDE,
        "## Leaks by technique\n",
        table("technique", grouped(leaks, lambda each: each.item.technique)),
        "## Leaks by place\n",
        table("place", grouped(leaks, lambda each: f"{each.item.format}: {each.item.place}")),
        "## Clean files by kind\n",
        table("kind", grouped(clean, lambda each: each.item.technique)),
    )
    return "\n".join(parts)
