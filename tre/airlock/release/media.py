"""Media types of the kinds of file that inspection tells from their content (IANA's registry)."""

from __future__ import annotations

_MEDIA = {
    "csv": "text/csv",
    "text": "text/plain",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "yaml": "application/yaml",
    "html": "text/html",
    "xml": "application/xml",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "tiff": "image/tiff",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "tar": "application/x-tar",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.file",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "notebook": "application/x-ipynb+json",
    "sqlite": "application/vnd.sqlite3",
    "dicom": "application/dicom",
}
UNKNOWN = "application/octet-stream"


def media_type(kind: str) -> str:
    """Return the media type of a kind of file; bytes of no told kind where there is none registered."""
    return _MEDIA.get(kind, UNKNOWN)
