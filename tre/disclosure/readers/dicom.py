"""DICOM (PS3.10): every element, private ones and sequences included; what the standard says names a person is told."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import UID

from tre.disclosure.contents import Contents, Part, Unreadable
from tre.disclosure.model import Hit, mask
from tre.disclosure.policy import Policy
from tre.disclosure.readers.ocr import text_in
from tre.disclosure.readers.pictures import check_size
from tre.disclosure.readers.raw_strings import strings_of

# PS3.15, table E.1-1, basic profile: the attributes that name a patient by themselves.
_NAMING = {
    "PatientName", "PatientID", "OtherPatientIDs", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName",
    "PatientAddress", "PatientTelephoneNumbers", "MilitaryRank", "IssuerOfPatientID", "MedicalRecordLocator",
    "PatientBirthDate", "PatientBirthTime", "CountryOfResidence", "PatientInsurancePlanCodeSequence",
}  # fmt: skip
_PIXELS = {"PixelData", "FloatPixelData", "DoubleFloatPixelData"}
_BYTES = ("OB", "OW", "UN", "OD", "OF", "OL", "OV")
_UNDEFINED = 0xFFFFFFFF
_OVERLAYS = range(0x6000, 0x6100)


def read_dicom(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a DICOM file.

    Raises
    ------
    Unreadable
        It is damaged or cut short, or its picture is larger than the policy's ``pixels``.
    """
    if data[:128].strip(b"\0"):
        contents.hits.append(Hit("hidden-content", "preamble", where, "before the first element"))
        contents.add_text(f"{where} preamble".strip(), strings_of(data[:128]))
    try:
        found = pydicom.dcmread(io.BytesIO(data), force=False)
        _check_lengths(found)
        said = [line for part in (found.file_meta, found) for line in _walk(part, where, contents)]
    except Exception as error:  # pydicom raises whatever a value of the wrong form raises
        raise Unreadable("the DICOM file is damaged or cut short") from error
    kind = UID(str(found.get("SOPClassUID", "")))
    if not kind or ("Image Storage" in kind.name and not any(name in found for name in _PIXELS)):
        raise Unreadable("the DICOM file is cut short")
    contents.add_text(f"{where} DICOM elements".strip(), "\n".join(said))
    if any(group in _OVERLAYS for group in (element.tag.group for element in found)):
        contents.hits.append(Hit("hidden-content", "overlay", where))
    if any(name in found for name in _PIXELS):
        _read_picture(found, where, contents, policy)


def _check_lengths(found: Dataset) -> None:
    """Refuse an element that is shorter than it says, which pydicom lets pass at the end of a file."""
    for tag in found.keys():  # noqa: SIM118 - a dataset is no mapping of elements alone
        raw: Any = found.get_item(tag)
        if getattr(raw, "length", _UNDEFINED) != _UNDEFINED and len(raw.value or b"") < raw.length:
            raise EOFError("an element is cut short")


def _walk(part: Dataset, where: str, contents: Contents) -> list[str]:
    """Return what each element says, elements of sequences included, and tell of those that name a person."""
    said = []
    for element in part.iterall():
        if element.VR == "SQ" or element.keyword in _PIXELS:
            continue
        raw = element.value
        value = strings_of(bytes(raw)) if element.VR in _BYTES and isinstance(raw, bytes) else str(raw)
        said.append(f"{element.name}: {value}")
        if element.keyword in _NAMING and value.strip():
            contents.hits.append(_naming(part, element.keyword, value, where))
    return said


def _naming(part: Dataset, keyword: str, value: str, where: str) -> Hit:
    declared = str(part.get("PatientIdentityRemoved", "")).upper() == "YES"
    rule = "date-of-birth" if keyword == "PatientBirthDate" else "possible-identifier" if declared else "identifier"
    return Hit(rule, "dicom-attribute", where, keyword, 1, mask(value))


def _read_picture(found: Any, where: str, contents: Contents, policy: Policy) -> None:
    """Check that the pixels are all there, and leave them to a checker; JPEG frames are read as files."""
    rows, columns, frames = int(found.Rows), int(found.Columns), int(found.get("NumberOfFrames", 1) or 1)
    check_size(rows * frames, columns, policy)
    contents.hits.append(Hit("picture", "dicom", where))
    if found.file_meta.TransferSyntaxUID.is_compressed:
        pictures = list(generate_frames(found.PixelData, number_of_frames=frames))
        contents.parts.extend(Part(f"{where} frame {n}".strip(), each) for n, each in enumerate(pictures, start=1))
        return
    if int(found.BitsAllocated) not in (8, 16, 32):
        raise Unreadable("the pixels are of an unknown kind")
    needed = rows * columns * frames * int(found.SamplesPerPixel) * (int(found.BitsAllocated) // 8)
    pixels = next(getattr(found, name) for name in sorted(_PIXELS, reverse=True) if name in found)
    if len(pixels) < needed:
        raise Unreadable("the picture is cut short")
    _read_text(found, where, contents, policy)
    if len(pixels) > needed + 1:  # padded to an even length
        contents.hits.append(Hit("appended-bytes", "pixel-data", where, "after the last pixel", 1))
        contents.parts.append(Part(f"{where} appended bytes".strip(), bytes(pixels[needed:])))


def _read_text(found: Any, where: str, contents: Contents, policy: Policy) -> None:
    """Keep the text that is burned into a picture: frames as grey as they can be told apart."""
    grid = np.asarray(found.pixel_array, dtype=np.float64)
    frames = grid if int(found.get("NumberOfFrames", 1) or 1) > 1 else [grid]
    texts = []
    for frame in list(frames)[: policy.limits["frames"]]:
        low, high = float(frame.min()), float(frame.max())
        scaled = ((frame - low) * (255 / max(high - low, 1))).astype(np.uint8)
        texts.append(text_in(Image.fromarray(scaled), policy) or "")
    contents.texts.append((f"{where} text in the picture".strip(), "\n".join(texts)))
