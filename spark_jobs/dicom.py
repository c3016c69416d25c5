"""Reads the headers of DICOM files as rows of ``imaging_studies``: never a pixel, and no field that is not listed.

De-identified by the Basic Application Level Confidentiality Profile of DICOM PS3.15, annex E, table E.1-1: each field
that is kept has its action there, and everything else, private fields included, is removed. One option is taken
besides: Retain Longitudinal Temporal Information with Full Dates (CID 7050, code 113106), since a study without its
day can be joined with nothing; the contract classifies that day as sensitive. What links the row to a person stands in
columns that the contract classifies as direct identifiers: they never leave landing.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError

from spark_jobs.contracts import Contract
from spark_jobs.errors import JobRefused
from spark_jobs.landing.canonical import Writer
from spark_jobs.manifest import SentFile

# Table E.1-1 of PS3.15 2024e, column "Basic Prof.", for the fields that are kept: U replaces a UID by another, the same
# for the same; K keeps (the table does not name the field, so that it is no attribute to protect).
PROFILE = {
    "instance_uid": ("SOPInstanceUID", "U"),
    "study_uid": ("StudyInstanceUID", "U"),
    "series_uid": ("SeriesInstanceUID", "U"),
    "sop_class": ("SOPClassUID", "K"),
    "modality": ("Modality", "K"),
    "body_part": ("BodyPartExamined", "K"),
    "laterality": ("ImageLaterality", "K"),
    "pixel_rows": ("Rows", "K"),
    "pixel_columns": ("Columns", "K"),
    "burned_in": ("BurnedInAnnotation", "K"),
    "study_date": ("StudyDate", "K"),  # Z in the basic profile; K by the option
}
# Z in the basic profile: emptied in what is published, since these columns are direct identifiers.
_IDENTITY = (
    "PatientID",
    "IssuerOfPatientID",
    "OtherPatientIDsSequence",
    "PatientName",
    "PatientSex",
    "PatientBirthDate",
)
_NEEDED = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality")  # type 1: no image is without
_NHS = "NHS"  # the assigning authority's name in the United Kingdom
_SEX = {"M": "1", "F": "2"}
_BROKEN = (
    InvalidDicomError, BytesLengthException, EOFError, ValueError, KeyError, AttributeError, TypeError, LookupError,
    NotImplementedError, OverflowError, RecursionError, struct.error, OSError,
)  # fmt: skip


def read(path: Path, told: SentFile, contract: Contract, out: Writer, key: bytes) -> int:
    """Write one file's row, and return 1.

    Parameters
    ----------
    key : bytes
        32 bytes, under which UIDs are replaced.

    Raises
    ------
    JobRefused
        When the file is no DICOM file or its header cannot be read; its content is not told.
    """
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its warnings quote values
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tags = [*(keyword for keyword, _ in PROFILE.values()), *_IDENTITY]
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags)
            missing = [keyword for keyword in _NEEDED if not _text(header, keyword)]
            row = {**_identity(header), **_described(header, key)}
    except _BROKEN:
        what = "The file is no DICOM file, or its header is broken"
        raise JobRefused(what, where=told.name, todo="Send it again") from None
    if missing:
        where = f"{told.name}, field {missing[0]}"
        raise JobRefused("A header is broken: it lacks what every image has", where=where, todo="Send it whole")
    out.write(told.name, 1, [pa.array([row[field.name]], pa.string()) for field in contract.fields])
    return 1


def replaced(uid: str, key: bytes) -> str:
    """Return the UID that stands for another: of the root for UUIDs (PS3.5, annex B.2), from an HMAC under the key."""
    digest = hmac.new(key, uid.encode(), hashlib.sha256).digest()[:16]
    return f"2.25.{int.from_bytes(digest, 'big')}"


def _described(header: Any, key: bytes) -> dict[str, str]:
    actions: dict[str, Callable[[str], str]] = {"U": lambda uid: replaced(uid, key) if uid else "", "K": str}
    row = {column: actions[action](_text(header, keyword)) for column, (keyword, action) in PROFILE.items()}
    row["burned_in"] = row["burned_in"] or "UNKNOWN"
    row["study_date"] = _day(row["study_date"])
    return row


def _identity(header: Any) -> dict[str, str]:
    name = header.get("PatientName")
    return {
        "local_id": _text(header, "PatientID"),
        "nhs_number": _nhs_number(header),
        "forename": str(name.given_name) if name else "",
        "surname": str(name.family_name) if name else "",
        "sex": _SEX.get(_text(header, "PatientSex"), "9"),
        "birth_date": _day(_text(header, "PatientBirthDate")),
    }


def _nhs_number(header: Any) -> str:
    for each in (header, *(header.get("OtherPatientIDsSequence") or ())):
        if _text(each, "IssuerOfPatientID") == _NHS:
            return _text(each, "PatientID")
    return ""


def _text(header: Any, keyword: str) -> str:
    value = header.get(keyword)
    return "" if value is None else str(value).strip()


def _day(text: str) -> str:
    """Return a date of DICOM (DA, YYYYMMDD) in the form of ISO 8601; another text as it is, for validation to judge."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text
