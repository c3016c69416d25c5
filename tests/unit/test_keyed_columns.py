"""What a key makes of columns on Spark: standard vectors of the HMAC, and the filters of the identifiers held."""

from __future__ import annotations

import base64
import hmac

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from spark_jobs import filters
from spark_jobs.pseudonymise import key_table, mac, pseudonyms
from tre.disclosure import exact_match
from tre.disclosure.exact_match import ExactFilters
from tre.disclosure.keyed import macs

pytestmark = pytest.mark.spark
KEY = bytes(range(32))

# RFC 4231, section 4: key, data and HMAC-SHA-256; of case 5 it gives the first 128 bits.
RFC_4231 = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
        b"hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


def test_the_vectors_of_rfc_4231_come_out_of_spark(spark):
    found = []
    for key, data, _ in RFC_4231:
        message = F.lit(bytearray(data))
        found.append(key_table(spark, key).select(F.lower(F.hex(mac(message)))).collect()[0][0])
    assert [each[: len(told)] for each, (_, _, told) in zip(found, RFC_4231, strict=True)] == [
        told for _, _, told in RFC_4231
    ]


NAMES = ("provider", "local_id", "nhs_number", "forename", "surname", "sex", "birth_date", "postcode")
RECORDS = [
    (
        "gp",
        f"G{n:06d}",
        "9434765919" if n % 2 else None,
        ("Ann", "José", "Mary-Jane")[n % 3],
        f"Arch{chr(97 + n % 26)}r",
        "1",
        f"19{50 + n % 40}-01-31",
        None if n % 7 == 0 else f"ST{n % 9 + 1} 6QG",
    )
    for n in range(300)
]


def expected(kind: str) -> np.ndarray:
    rows = [dict(zip(NAMES, row, strict=True)) for row in RECORDS]
    values: list[str | None] = {
        "nhs_number": [row["nhs_number"] for row in rows],
        "full_name": [f"{row['forename']} {row['surname']}" for row in rows],
        "name_dob": [f"{row['forename']} {row['surname']}|{row['birth_date']}" for row in rows],
        "postcode": [row["postcode"] for row in rows],
        "hospital_number": [row["local_id"] for row in rows],
    }[kind]
    return exact_match.digests(KEY, kind, [value for value in values if value])


def test_the_filters_hold_what_plain_python_says_and_a_cut_off_run_leaves_the_earlier_ones(
    spark, tmp_path, monkeypatch
):
    records = spark.createDataFrame(RECORDS, ", ".join(f"{name} string" for name in NAMES))
    told = filters.write(records, KEY, tmp_path / "filters", tmp_path / "work")
    for kind in exact_match.KINDS:
        held = np.load(tmp_path / "filters" / f"{kind}.npy", allow_pickle=False)
        assert held.dtype == np.uint64
        assert np.array_equal(held, expected(kind)), kind
        assert told["kinds"][kind] == len(held) > 0
    assert told["false_positive_rate"] == 300 / 2**64
    asked = ExactFilters.load(tmp_path / "filters", KEY)
    assert asked.contains("postcode", ["st2 6qg", "ZZ1 1ZZ"]) == [True, False]

    before = {path.name: path.read_bytes() for path in (tmp_path / "filters").iterdir()}
    monkeypatch.setattr(
        exact_match, "write_filter_of", lambda *told: (_ for _ in ()).throw(OSError("the disk is full"))
    )
    with pytest.raises(OSError, match="disk"):
        filters.write(records.limit(5), KEY, tmp_path / "filters", tmp_path / "again")
    assert {path.name: path.read_bytes() for path in (tmp_path / "filters").iterdir()} == before


@pytest.mark.parametrize(
    "parts", [[[2, 1]], [[1, 1]], [[1, 2], [2, 3]], [[5], [1]], [[1, 2]], [[1], [2], [3], [4]]], ids=str
)
def test_a_filter_that_is_not_sorted_unique_and_whole_is_not_written(tmp_path, parts):
    arrays = [np.array(part, dtype=np.uint64) for part in parts]
    with pytest.raises(ValueError, match="sorted, unique"):
        exact_match.write_filter_of(tmp_path, "postcode", arrays, 3)
    assert list(tmp_path.iterdir()) == []


def test_a_filter_written_in_parts_is_the_same_file(tmp_path):
    held = np.array([1, 2, 2**63, 2**64 - 1], dtype=np.uint64)
    whole = exact_match.write_filter(tmp_path / "whole", "postcode", held).read_bytes()
    parts = [held[:1], held[1:1], held[1:3], held[3:]]
    assert exact_match.write_filter_of(tmp_path / "parts", "postcode", parts, 4).read_bytes() == whole
    assert np.array_equal(np.load(tmp_path / "parts" / "postcode.npy"), held)


def test_the_vectors_of_rfc_4231_come_out_of_this_process_too():
    for key, data, told in RFC_4231:
        (made,) = macs(key, [data])
        assert made.hex()[: len(told)] == told


@given(st.lists(st.none() | st.text(max_size=40)), st.text(max_size=5), st.binary(min_size=1, max_size=80))
def test_a_pseudonym_is_the_first_128_bits_in_base32(identities, before, key):
    def plain(each: str | None) -> str | None:
        mac = hmac.digest(key, f"{before}{each}".encode(), "sha256")
        return base64.b32encode(mac[:16]).decode().rstrip("=") if each else None

    made = pseudonyms(key, pa.array(identities, pa.string()), before)
    made.validate(full=True)
    assert made.to_pylist() == [plain(each) for each in identities]
