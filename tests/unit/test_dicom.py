"""Headers of images: what is kept is listed, UIDs are replaced alike, and no pixel and no other field stays."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from spark_jobs.errors import JobRefused
from tests.landing import KEY, contracts, held, landed, outbox, sent

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed")
dicom = pytest.importorskip("spark_jobs.dicom")
SECRETS = ("Ann Secret Street", "Dr Referrer", "SERIAL-77", "private words", "PIXELS")


def image(number: int = 1, **changes: object) -> bytes:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    header = Dataset()
    told = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": f"1.2.3.{number}", "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.0", "PatientID": "H77", "PatientName": "O'Neill^Zoe^May", "PatientSex": "F",
        "PatientBirthDate": "19400201", "StudyDate": "20251231", "Modality": "CT", "Rows": 2, "Columns": 2,
        "PatientAddress": SECRETS[0], "ReferringPhysicianName": SECRETS[1], "DeviceSerialNumber": SECRETS[2],
        "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0, "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2", "PixelData": b"PIXELS", **changes,
    }  # fmt: skip
    for name, value in told.items():
        setattr(header, name, value)
    header.private_block(0x0009, "ACME", create=True).add_new(0x01, "LO", SECRETS[3])
    other = Dataset()
    other.PatientID, other.IssuerOfPatientID = "9434765919", "NHS"
    header.OtherPatientIDsSequence = [other]
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = io.BytesIO()
    header.save_as(out, enforce_file_format=True)
    return out.getvalue()


def land(tmp_path: Path, *contents: bytes) -> list[dict]:
    folder = tmp_path / "images-1"
    files = [sent(folder, f"{n}.dcm", "imaging_studies", each, 1, format="dicom") for n, each in enumerate(contents)]
    return held(tmp_path / "landing", landed(outbox(folder, *files), tmp_path / "landing"))


def test_a_header_becomes_a_row_and_nothing_else_stays(tmp_path):
    (row,) = land(tmp_path, image())
    assert row == {
        "file": "0.dcm", "row": 1,
        "instance_uid": dicom.replaced("1.2.3.1", KEY), "study_uid": dicom.replaced("1.2.3", KEY),
        "series_uid": dicom.replaced("1.2.3.0", KEY), "sop_class": "1.2.840.10008.5.1.4.1.1.2",
        "local_id": "H77", "nhs_number": "9434765919", "forename": "Zoe", "surname": "O'Neill", "sex": "2",
        "birth_date": "1940-02-01", "modality": "CT", "study_date": "2025-12-31", "body_part": "", "laterality": "",
        "pixel_rows": "2", "pixel_columns": "2", "burned_in": "UNKNOWN",
    }  # fmt: skip
    kept = b"".join(path.read_bytes() for path in (tmp_path / "landing").rglob("*") if path.is_file())
    assert not [secret for secret in (*SECRETS, "1.2.3.1") if secret.encode() in kept]


def test_the_images_of_a_study_stay_together_and_another_key_gives_other_numbers(tmp_path):
    one, two = land(tmp_path, image(1), image(2, BurnedInAnnotation="YES"))
    assert one["study_uid"] == two["study_uid"]
    assert one["instance_uid"] != two["instance_uid"]
    assert (one["burned_in"], two["burned_in"]) == ("UNKNOWN", "YES")
    assert dicom.replaced("1.2.3", KEY) != dicom.replaced("1.2.3", bytes(32))
    assert len(dicom.replaced("1.2.3", KEY)) <= 64  # PS3.5, 9.1


def test_what_is_published_of_it_names_nobody():
    published = {field.name for field in contracts()["imaging_studies"].published()}
    assert published == set(dicom.PROFILE)
    assert {action for _, action in dicom.PROFILE.values()} == {"U", "K"}


@pytest.mark.parametrize("content", [b"", b"not DICOM", image()[:200], image()[:132] + b"\xff" * 40])
def test_a_broken_file_is_told_in_one_sentence(tmp_path, content):
    with pytest.raises(JobRefused, match=r"header is broken|no DICOM") as refused:
        land(tmp_path, content)
    assert "0.dcm" in refused.value.sentence()
    assert not [path for path in (tmp_path / "landing").rglob("*") if path.is_file()]
