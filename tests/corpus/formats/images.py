"""Medical images (DICOM)."""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from tests.corpus.formats.raster import written
from tests.corpus.model import Carrier


def image(random: Random, pixels: np.ndarray | None = None) -> FileDataset:
    """Return an image without an identity: noise around a disc, or the pixels given (uint8, rows by columns)."""
    about = FileMetaDataset()
    about.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    about.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(random.random())])
    about.TransferSyntaxUID = ExplicitVRLittleEndian
    held = FileDataset("", {}, file_meta=about, preamble=b"\0" * 128)
    held.SOPClassUID, held.SOPInstanceUID = about.MediaStorageSOPClassUID, about.MediaStorageSOPInstanceUID
    held.PatientName, held.PatientID, held.Modality = "", "", "OT"
    if pixels is None:
        grid = np.hypot(*np.mgrid[-32:32, -32:32])
        noise = np.random.default_rng(random.randrange(2**32)).normal(0, 6, grid.shape)
        pixels = np.clip(np.where(grid < 24, 150, 20) + noise, 0, 255).astype(np.uint8)
    held.Rows, held.Columns = pixels.shape
    held.SamplesPerPixel, held.PhotometricInterpretation = 1, "MONOCHROME2"
    held.BitsAllocated, held.BitsStored, held.HighBit, held.PixelRepresentation = 8, 8, 7, 0
    held.PixelData = pixels.tobytes()
    return held


def saved(held: FileDataset) -> bytes:
    """Return an image's bytes."""
    out = io.BytesIO()
    held.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _tag(
    place: str, put: Callable[[FileDataset, str], object], fair: str | None = "review", limit: int = 60
) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        held = image(random)
        put(held, text)
        return saved(held)

    return Carrier("dcm", place, write, fair=fair, limit=limit, ascii=True)


def _private(held: FileDataset, text: str) -> None:
    held.private_block(0x0011, "ACME 1.0", create=True).add_new(0x01, "UT", text)


def _sequence(held: FileDataset, text: str) -> None:
    from pydicom.dataset import Dataset

    inner = Dataset()
    inner.ScheduledProcedureStepDescription = text
    held.RequestAttributesSequence = [inner]


def _burned(text: str, random: Random) -> bytes:
    picture = written(random, text).convert("L")
    return saved(image(random, np.asarray(picture.resize((640, 420), Image.Resampling.NEAREST))))


CARRIERS = (
    _tag("the patient's name", lambda held, text: setattr(held, "PatientName", text.replace(",", "^")), None),
    _tag("the patient's number", lambda held, text: setattr(held, "PatientID", text), None),
    _tag("the image's comment", lambda held, text: setattr(held, "ImageComments", text), limit=2000),
    _tag("a private tag", _private, None, 2000),
    _tag("an item of a sequence", _sequence),
    Carrier("dcm", "text in pixels", _burned, fair=None, limit=110, ascii=True),
)
