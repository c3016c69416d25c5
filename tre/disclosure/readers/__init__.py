"""One reader for each format; which one is told from the content, never from the name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.policy import Policy
from tre.disclosure.readers.polyglot import find_polyglot
from tre.disclosure.readers.sniff import sniff

Reader = Callable[[bytes, str, Contents, Policy], None]

# Kind, and the module and function that read it. Modules are imported when the first file of their kind is read: some
# stand on libraries that take longer to import than most files take to be read.
READERS: dict[str, str] = {
    "parquet": "columnar.read_parquet",
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
    "ndjson": "web.read_ndjson",
    "yaml": "yamls.read_yaml",
    "html": "markup.read_html",
    "svg": "markup.read_svg",
    "xml": "markup.read_xml",
    "csv": "tabular.read_csv",
    "text": "tabular.read_text",
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


def reader_of(kind: str) -> Reader:
    """Return the function that reads a kind of file."""
    module, function = READERS[kind].split(".")
    found: Reader = getattr(import_module(f"{__name__}.{module}"), function)
    return found


def read(data: bytes, where: str, policy: Policy) -> tuple[str, Contents]:
    """Return the type of some bytes and what they hold.

    Raises
    ------
    Unreadable
        Nothing here can read them to the end.
    """
    contents = Contents()
    try:
        kind = sniff(data)
        if kind not in READERS:
            raise Unreadable("no reader for this kind of file")
        contents.hits.extend(find_polyglot(data, kind, where))
        reader_of(kind)(data, where, contents, policy)
    except (Unreadable, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # A hostile file breaks a reader in ways that no list foretells; the class alone is told, never a value.
        raise Unreadable(f"the reader stopped ({type(error).__name__})") from error
    return kind, contents
