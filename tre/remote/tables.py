"""What a portal answers as tables at a terminal, shown as text: no markup and no letter of another's is obeyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def table(title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]], *, more: bool = False) -> None:
    """Print rows as a table.

    Parameters
    ----------
    columns : mapping of str to str
        The heading of each column, by the member of a row that it shows.
    more : bool
        Whether the list goes on.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", caption="There are more: ask for the next page." if more else None)
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(word(row.get(name))) for name in columns))  # as text: no markup of another's is obeyed
    Console().print(table)


def word(value: object) -> str:
    """Return a value as a word of a table."""
    if isinstance(value, list):
        return ", ".join(map(word, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return "".join(each if each.isprintable() else "\ufffd" for each in text)  # no letter that steers a terminal
