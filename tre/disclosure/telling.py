"""Findings as a person reads them on a terminal: a table for each file, the worst first, and what would mend them."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from tre.disclosure.fixes import fixes_for
from tre.disclosure.model import Finding, Inspection, Verdict

_STYLE = {"block": "bold red", "review": "yellow", "note": "dim"}
_SAID: dict[Verdict, tuple[str, str]] = {
    "pass": ("passes", "bold green"),
    "review": ("a checker must look at it", "bold yellow"),
    "block": ("is blocked", "bold red"),
}
_SURE = ((0.9, "sure"), (0.6, "likely"), (0.0, "possible"))


def tell(inspections: Mapping[str, Inspection], console: Console) -> None:
    """Print what was found in each file; nothing of a file is taken for the console's own markup."""
    for path, inspection in inspections.items():
        said, style = _SAID[inspection.verdict]
        size = f"{inspection.size:,} bytes"
        line = Text.assemble((path, "bold"), ": ", (said, style), f" ({inspection.type}, {size})")
        console.print(Group(line, _table(inspection)) if inspection.findings else line)
        for fix in fixes_for(inspection):
            console.print(Text(f"  fix {fix.name}: {fix.title}.", style="cyan"))


def _table(inspection: Inspection) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, expand=False)
    for head in ("", "where", "times", "what it is, why it matters, and what to do", "sample"):
        table.add_column(head, justify="right" if head == "times" else "left", overflow="fold")
    for finding in inspection.findings:
        table.add_row(
            Text(finding.severity, style=_STYLE[finding.severity]), Text(_place(finding)), f"{finding.count:,}",
            _explained(finding), Text(finding.sample),
        )  # fmt: skip
    return table


def _place(finding: Finding) -> str:
    pixels = f"pixels {finding.box[0]},{finding.box[1]} to {finding.box[2]},{finding.box[3]}" if finding.box else ""
    return ", ".join(part for part in (finding.location, pixels) if part) or "the file"


def _explained(finding: Finding) -> Text:
    sure = next(word for least, word in _SURE if finding.confidence >= least)
    rule = f"\n{finding.rule}, {finding.kind}, {sure}. {finding.source}"
    return Text.assemble(finding.why, " ", (finding.fix, "bold"), (rule, "dim"))
