"""What a Python notebook has from its start: SQL cells, completion of names of tables and columns, Altair's charts.

IPython loads it by ``etc/ipython`` beside this file, which a sandbox shows as ``/etc/ipython``. Nothing heavy is
imported here: a kernel would start the later.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from typing import Any

_TABLE = re.compile(r"\btre\.describe\(\s*(?:name\s*=\s*)?['\"](\w*)$")
_CODE_LIST = re.compile(r"\btre\.codelist\(\s*(?:name\s*=\s*)?['\"](\w*)$")
_SQL = re.compile(r"^\s*%%?sql\b")
_WORD = re.compile(r"(\w*)$")


def load_ipython_extension(shell: Any) -> None:
    """Give a shell the magic ``sql`` and the completion of names."""
    from IPython.core.completer import context_matcher

    sys.path.append(installed())
    from tre.workspace.client.sql import SqlMagics

    shell.register_magics(SqlMagics)
    bundles = shell.display_formatter.mimebundle_formatter
    bundles.for_type_by_name("altair.vegalite.v6.api", "TopLevelMixin", chart)

    @context_matcher(identifier="tre.names")
    def names(context: Any) -> dict[str, Any]:
        from IPython.core.completer import SimpleCompletion

        found, begun = completions(context.full_text, context.text_until_cursor)
        return {"completions": [SimpleCompletion(text=each, type="table") for each in found], "matched_fragment": begun}

    shell.Completer.custom_matchers.append(names)


def installed() -> str:
    """Return where pip puts what a person installs: looked into last, so that it takes no other package's place."""
    return sysconfig.get_path("purelib", vars={"base": os.environ.get("PIP_PREFIX", os.path.expanduser("~/.packages"))})


def chart(made: Any, include: Any = None, exclude: Any = None) -> Any:
    """Return an Altair chart as JupyterLab draws it by itself: Altair's own way fetches its JavaScript from a network.

    JupyterLab 4.6 draws Vega-Lite up to 5, and what Altair 6 writes is read by it; a renderer that was chosen stays.
    """
    import altair

    if altair.renderers.active != "default":
        return made._repr_mimebundle_(include, exclude)
    return {"application/vnd.vegalite.v5+json": made.to_dict(), "text/plain": repr(made)}


def completions(whole: str, line: str) -> tuple[list[str], str]:
    """Return the names that may stand at the cursor, and what is written of the name so far.

    Parameters
    ----------
    whole : str
        The cell.
    line : str
        Its line up to the cursor.
    """
    begun = _WORD.search(line)[1]  # type: ignore[index]
    try:
        if _TABLE.search(line):
            held = [each["name"] for each in _tables()]
        elif _CODE_LIST.search(line):
            from tre.contracts.codelists import load_code_lists

            held = list(load_code_lists())
        elif _SQL.match(whole) and begun:
            held = sorted({name for each in _tables() for name in (each["name"], *_columns(each))})
        else:
            held = []
    except Exception:  # completion is a help: where the platform does not answer there is none
        held = []
    return [each for each in held if each.startswith(begun)], begun


def _tables() -> list[dict[str, Any]]:
    from tre.workspace.client.door import call

    return list(call("GET", "tables")["tables"])


def _columns(table: dict[str, Any]) -> list[str]:
    return [column["name"] for column in table["columns"]]
