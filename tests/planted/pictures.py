"""PNG, JPEG, TIFF, GIF and DICOM, by Pillow and pydicom."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

Plant = Mapping[str, str]


def canvas(text: str = "") -> Image.Image:
    picture = Image.new("RGB", (640, 120) if text else (40, 30), "white")
    if text:
        ImageDraw.Draw(picture).text((20, 40), text, fill="black", font=ImageFont.load_default(32))
    return picture


def _saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    packed = io.BytesIO()
    picture.save(packed, form, **options)
    return packed.getvalue()


def exif(plant: Plant) -> bytes:
    made = Image.Exif()
    made[0x010E] = plant.get("exif description", "chart")
    made[0x013B] = plant.get("exif artist", "team")
    made[0x9C9C] = plant.get("exif windows comment", "note").encode("utf-16-le")
    made.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + plant.get("exif user comment", "note").encode()
    return made.tobytes()


def png(plant: Plant) -> bytes:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Comment", plant.get("text chunk", "chart"))
    chunks.add_text("Note", plant.get("compressed chunk", "chart"), zip=True)
    chunks.add_itxt("Title", plant.get("international chunk", "chart"), zip=True)
    body = _saved(canvas(plant.get("pixels", "")), "PNG", pnginfo=chunks, exif=exif(plant))
    return body + plant.get("appended", "").encode()


def jpeg(plant: Plant) -> bytes:
    body = _saved(canvas(plant.get("pixels", "")), "JPEG", exif=exif(plant), comment=plant.get("comment", "chart"))
    return body + plant.get("appended", "").encode()


def tiff(plant: Plant) -> bytes:
    tags = {
        270: plant.get("description", "chart"),
        315: plant.get("artist", "team"),
        65000: plant.get("private tag", "x"),
    }
    second = canvas(plant.get("second page", ""))
    body = _saved(canvas(plant.get("pixels", "")), "TIFF", tiffinfo=tags, save_all=True, append_images=[second])
    return body + plant.get("appended", "").encode()


def gif(plant: Plant) -> bytes:
    frames = [canvas(plant.get("second frame", ""))] if "second frame" in plant else []
    first = canvas(plant.get("pixels", "")) if "pixels" in plant else canvas("x" if frames else "")
    body = _saved(first, "GIF", comment=plant.get("comment", "chart"), save_all=bool(frames), append_images=frames)
    return body + plant.get("appended", "").encode()


def dicom(plant: Plant) -> bytes:
    import numpy as np
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset

    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    found.SOPClassUID = found.file_meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    found.Modality, found.StudyDescription = "CT", plant.get("description", "chest")
    found.add_new(0x00091001, "LO", plant.get("private element", "x"))
    inner = Dataset()
    inner.CodeMeaning = plant.get("sequence", "x")
    found.RequestAttributesSequence = [inner]
    if "patient" in plant:
        found.PatientID = plant["patient"]
    grey = canvas(plant.get("pixels", "")).convert("L")
    found.Columns, found.Rows = grey.size
    found.SamplesPerPixel, found.BitsAllocated, found.BitsStored, found.HighBit = 1, 8, 8, 7
    found.PixelRepresentation, found.PhotometricInterpretation = 0, "MONOCHROME2"
    found.PixelData = np.asarray(grey).tobytes()
    packed = io.BytesIO()
    found.save_as(packed, enforce_file_format=True)
    body = packed.getvalue()
    return plant.get("preamble", "").encode().ljust(128, b"\0")[:128] + body[128:]


SHOWN = ("pixels",) if shutil.which("tesseract") else ()
_EXIF = ("exif description", "exif artist", "exif windows comment", "exif user comment")
KINDS = {
    "png": (png, ("text chunk", "compressed chunk", "international chunk", *_EXIF, "appended", *SHOWN), ("picture",)),
    "jpeg": (jpeg, ("comment", *_EXIF, "appended", *SHOWN), ("picture",)),
    "tiff": (
        tiff,
        ("description", "artist", "private tag", "appended", *SHOWN, *(("second page",) if SHOWN else ())),
        ("picture",),
    ),
    "gif": (gif, ("comment", "appended", *SHOWN, *(("second frame",) if SHOWN else ())), ("picture",)),
    "dicom": (dicom, ("description", "private element", "sequence", "preamble", *SHOWN), ("picture",)),
}
