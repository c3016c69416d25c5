"""One reader for each format; which one is told from the content, never from the name."""

from __future__ import annotations

from collections.abc import Callable

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.policy import Policy
from tre.disclosure.readers import archives, arrow, columnar, images, markup, ndjson, notebook, tabular, web, workbook
from tre.disclosure.readers.sniff import sniff
from tre.disclosure.source import HEAD, Source

Reader = Callable[[bytes, str, Contents, Policy], None]
StreamReader = Callable[[Source, str, Contents, Policy], None]

# Formats that are read batch by batch, however long the file is; all others are read as a whole.
STREAMED: dict[str, StreamReader] = {
    "parquet": arrow.read_parquet,
    "arrow": arrow.read_arrow,
    "ndjson": ndjson.read_ndjson,
    "csv": tabular.read_csv,
    "text": tabular.read_text,
}

READERS: dict[str, Reader] = {
    "safetensors": columnar.read_safetensors,
    "png": images.read_png,
    "jpeg": images.read_jpeg,
    "zip": archives.read_zip,
    "compressed": archives.read_compressed,
    "xlsx": workbook.read_xlsx,
    "notebook": notebook.read_notebook,
    "json": web.read_json,
    "html": markup.read_html,
    "svg": markup.read_svg,
}


def read(source: Source, where: str, policy: Policy) -> tuple[str, Contents]:
    """Return the type of some bytes and what they hold.

    Raises
    ------
    Unreadable
        Nothing here can read them to the end.
    """
    contents = Contents()
    kind = _kind_of_long(source) if source.size > HEAD else ""
    if kind in STREAMED:
        STREAMED[kind](source, where, contents, policy)
        return kind, contents
    if source.size > policy.limits["whole_bytes"]:
        raise Unreadable("it is more than inspection reads of this kind of file", rule="too-big")
    data = source.whole()
    kind = sniff(data)
    if kind == "pickle":
        raise Unreadable("a pickle is never loaded", rule="pickle")
    if kind in STREAMED:
        STREAMED[kind](source, where, contents, policy)
    elif kind in READERS:
        READERS[kind](data, where, contents, policy)
    else:
        raise Unreadable("no reader for this kind of file")
    return kind, contents


def _kind_of_long(source: Source) -> str:
    """Return the type of a long file by its beginning, up to the end of a line; nothing where that cannot tell it."""
    head = source.head(HEAD)
    kind = sniff(head[: head.rfind(b"\n") + 1] or head)
    bracket = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"<")
    return "" if kind in ("csv", "text") and bracket else kind  # a long document of another kind may have begun so
