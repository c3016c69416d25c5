"""Pseudonyms: HMAC-SHA-256 under a derived key, cut to 128 bits, in base32 without padding (26 characters).

HMAC is RFC 2104, base32 is RFC 4648, section 6. An unkeyed hash of an NHS number is reversed in minutes; without the
key this cannot be. The key travels as the one value of a one-row table that is joined in: a literal would stand in
query plans and whatever prints them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.classic.dataframe import DataFrame as ClassicDataFrame

from tre.disclosure.keyed import macs

LENGTH = 26
PATTERN = f"[A-Z2-7]{{{LENGTH}}}"
_KEY = "_key"
_HEXATRIGESIMAL = "0123456789ABCDEFGHIJKLMNOPQRSTUV"  # the digits of Spark's conv() in base 32
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LETTERS = np.frombuffer(_BASE32.encode(), np.uint8)
_PAIRS = np.stack([np.repeat(_LETTERS, 32), np.tile(_LETTERS, 32)], axis=1).view(np.uint16).ravel()  # in any byte order


def pseudonym(key: bytes, identity: str) -> str:
    """Return the pseudonym of one identity (not empty): what :func:`with_pseudonym` computes, in plain Python."""
    (made,) = pseudonyms(key, pa.array([identity])).to_pylist()
    return str(made)


def pseudonyms(key: bytes, identities: pa.Array, before: str = "") -> pa.Array:
    """Return the pseudonym of each identity, made in this process; of a missing or empty one it is null.

    Parameters
    ----------
    identities : pyarrow.Array
        Texts.
    before : str
        What stands before each of them in what is hashed.
    """
    there = pc.fill_null(pc.not_equal(identities, ""), False)
    held = pc.filter(identities, there).to_pylist()
    made = _texts(b"".join(macs(key, (f"{before}{each}".encode() for each in held))))
    # A place that has one takes the next that was made.
    return made.take(pc.if_else(there, pc.subtract(pc.cumulative_sum(pc.cast(there, pa.int64())), 1), None))


def _texts(digests: bytes) -> pa.Array:
    """Return the first 128 bits of each digest of 32 bytes in base32: 26 characters, two at a time of 10 bits."""
    words = np.frombuffer(digests, ">u8").reshape(-1, 4).astype(np.uint64)
    high, low = words[:, 0], words[:, 1]
    pairs = np.empty((len(words), LENGTH // 2), np.uint16)
    for place in range(6):
        pairs[:, place] = high >> (54 - 10 * place) & 1023
        pairs[:, 7 + place] = (low >> (48 - 10 * place) if place < 5 else low << 2) & 1023
    pairs[:, 6] = (high << 6 | low >> 58) & 1023
    ends = np.arange(0, len(words) * LENGTH + 1, LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(len(words), pa.py_buffer(ends), pa.py_buffer(_PAIRS[pairs]))


def with_pseudonym(frame: DataFrame, identity: str, key: bytes, name: str = "pseudonym") -> DataFrame:
    """Replace the column ``identity`` by its pseudonym.

    Parameters
    ----------
    identity : str
        A text column; where it is null or empty the pseudonym is null: nobody has an empty identity, and one
        pseudonym for all who lack theirs would make one person of them.
    key : bytes
        32 bytes. It never becomes part of the plan.
    """
    there = F.when(F.col(f"`{identity}`") != "", F.col(f"`{identity}`"))
    keyed = frame.crossJoin(F.broadcast(key_table(frame.sparkSession, key)))
    digest = F.hex(mac(there.cast("binary")))
    columns = [F.col(f"`{each}`") for each in frame.columns if each != identity]
    return keyed.select(_base32(digest).alias(name), *columns)


def key_table(spark: SparkSession, key: bytes) -> DataFrame:
    """Return a table of one row that holds the key, for :func:`mac`.

    The key goes to the Java side through py4j's connection and from there to the executors as the data of an RDD.
    PySpark's own ``parallelize`` and ``createDataFrame`` write their rows to a temporary file on the way, which a
    process that is killed leaves there; a local relation is folded into the plan by the optimiser, values and all.
    """
    context = spark.sparkContext
    java: Any = context._jvm
    values: Any = context._gateway.new_array(java.java.lang.Object, 1)  # type: ignore[union-attr]
    values[0] = key
    rows = java.java.util.ArrayList()
    rows.add(java.org.apache.spark.sql.RowFactory.create(values))
    schema = java.org.apache.spark.sql.types.DataType.fromDDL(f"{_KEY} binary")
    made = spark._jsparkSession.createDataFrame(context._jsc.parallelize(rows, 1), schema)
    return ClassicDataFrame(made, spark)


def mac(message: Column) -> Column:
    """Return the HMAC-SHA-256 (RFC 2104, FIPS 180-4) of a binary column, 32 bytes, in a frame joined with its key."""
    return F.call_function("hmac", F.col(_KEY), message)


def _base32(digits: Column) -> Column:
    """Return the first 32 hexadecimal digits in base32: two groups of 60 bits, and 8 bits that two zeros fill up."""
    groups = [F.lpad(F.conv(F.substring(digits, 1 + 15 * group, 15), 16, 32), 12, "0") for group in range(2)]
    last = F.conv((F.conv(F.substring(digits, 31, 2), 16, 10).cast("int") * 4).cast("string"), 10, 32)
    return F.translate(F.concat(*groups, F.lpad(last, 2, "0")), _HEXATRIGESIMAL, _BASE32)
