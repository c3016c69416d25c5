"""One reader for each format; which one is told from the content, never from the name."""

from __future__ import annotations

from collections.abc import Callable

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.policy import Policy
from tre.disclosure.readers import archives, columnar, images, markup, notebook, tabular, web, workbook
from tre.disclosure.readers.sniff import sniff

Reader = Callable[[bytes, str, Contents, Policy], None]

READERS: dict[str, Reader] = {
    "parquet": columnar.read_parquet,
    "safetensors": columnar.read_safetensors,
    "png": images.read_png,
    "jpeg": images.read_jpeg,
    "zip": archives.read_zip,
    "compressed": archives.read_compressed,
    "xlsx": workbook.read_xlsx,
    "notebook": notebook.read_notebook,
    "json": web.read_json,
    "ndjson": web.read_ndjson,
    "html": markup.read_html,
    "svg": markup.read_svg,
    "csv": tabular.read_csv,
    "text": tabular.read_text,
}


def read(data: bytes, where: str, policy: Policy) -> tuple[str, Contents]:
    """Return the type of some bytes and what they hold.

    Raises
    ------
    Unreadable
        Nothing here can read them to the end.
    """
    kind = sniff(data)
    if kind == "pickle":
        raise Unreadable("a pickle is never loaded", rule="pickle")
    if kind not in READERS:
        raise Unreadable("no reader for this kind of file")
    contents = Contents()
    READERS[kind](data, where, contents, policy)
    return kind, contents
