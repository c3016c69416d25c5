"""One reader for each format; which one is told from the content, never from the name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.policy import Policy
from tre.disclosure.readers.polyglot import find_polyglot
from tre.disclosure.readers.sniff import sniff
from tre.disclosure.source import HEAD, Source

# Formats that are read batch by batch, however long the file is; their readers take a Source.
STREAMED: dict[str, str] = {
    "parquet": "arrow.read_parquet",
    "arrow": "arrow.read_arrow",
    "ndjson": "ndjson.read_ndjson",
    "csv": "tabular.read_csv",
    "text": "tabular.read_text",
}

# All others, with the module and function that read them, from bytes. Modules are imported when the first file of their
# kind is read: some stand on libraries that take longer to import than most files take to be read.
READERS: dict[str, str] = {
    "safetensors": "columnar.read_safetensors",
    "png": "images.read_png",
    "jpeg": "images.read_jpeg",
    "gif": "gif.read_gif",
    "tiff": "tiff.read_tiff",
    "pdf": "pdf.read_pdf",
    "zip": "archives.read_zip",
    "tar": "tar.read_tar",
    "compressed": "compressed.read_compressed",
    "xlsx": "workbook.read_xlsx",
    "xls": "workbook.read_xls",
    "docx": "office.read_docx",
    "pptx": "office.read_pptx",
    "opendocument": "opendocument.read_opendocument",
    "notebook": "notebook.read_notebook",
    "json": "web.read_json",
    "yaml": "yamls.read_yaml",
    "html": "markup.read_html",
    "svg": "markup.read_svg",
    "xml": "markup.read_xml",
    "rdata": "rdata.read_rdata",
    "stata": "statistical.read_stata",
    "sas": "statistical.read_sas",
    "xport": "statistical.read_xport",
    "spss": "statistical.read_spss",
    "por": "statistical.read_por",
    "sqlite": "sqlite.read_sqlite",
    "duckdb": "duck.read_duckdb",
    "dicom": "dicom.read_dicom",
    "pickle": "pickles.read_pickle",
    "torch": "torch_zip.read_torch",
    "skops": "skops.read_skops",
    "numpy": "numpy_arrays.read_npy",
    "onnx": "onnx_graph.read_onnx",
    "xgboost": "boosted.read_xgboost",
    "ubjson": "boosted.read_ubjson",
    "lightgbm": "boosted.read_lightgbm",
}


def reader_of(kind: str) -> Any:
    """Return the function that reads a kind of file."""
    module, function = (STREAMED | READERS)[kind].split(".")
    return getattr(import_module(f"{__name__}.{module}"), function)


def read(source: Source, where: str, policy: Policy) -> tuple[str, Contents]:
    """Return the type of some bytes and what they hold.

    Raises
    ------
    Unreadable
        Nothing here can read them to the end.
    """
    contents = Contents()
    try:
        kind = _read(source, where, contents, policy)
    except (Unreadable, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # A hostile file breaks a reader in ways that no list foretells, and a panic of a library in Rust is no
        # Exception; the class alone is told, never a value.
        raise Unreadable(f"the reader stopped ({type(error).__name__})") from error
    return kind, contents


def _read(source: Source, where: str, contents: Contents, policy: Policy) -> str:
    kind = _kind_of_long(source) if source.size > HEAD else ""
    if kind not in STREAMED:
        if source.size > policy.limits["whole_bytes"]:
            raise Unreadable("it is more than inspection reads of this kind of file", rule="too-big")
        data = source.whole()
        kind = sniff(data)
        if kind in READERS:
            contents.hits.extend(find_polyglot(data, kind, where))
            reader_of(kind)(data, where, contents, policy)
            return kind
    if kind not in STREAMED:
        raise Unreadable("no reader for this kind of file")
    reader_of(kind)(source, where, contents, policy)
    return kind


def _kind_of_long(source: Source) -> str:
    """Return the type of a long file by its beginning, up to the end of a line; nothing where that cannot tell it."""
    head = source.head(HEAD)
    kind = sniff(head[: head.rfind(b"\n") + 1] or head)
    bracket = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"<")
    return "" if kind in ("csv", "text") and bracket else kind  # a long document of another kind may have begun so
