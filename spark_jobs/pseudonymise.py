"""Pseudonyms: HMAC-SHA-256 under a derived key, cut to 128 bits, in base32 without padding (26 characters).

HMAC is RFC 2104, base32 is RFC 4648, section 6. An unkeyed hash of an NHS number is reversed in minutes; without the
key this cannot be. The key travels as the one value of a one-row table that is joined in: a literal would stand in
query plans and whatever prints them.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.classic.dataframe import DataFrame as ClassicDataFrame

LENGTH = 26
PATTERN = f"[A-Z2-7]{{{LENGTH}}}"
_KEY = "_key"
_HEXATRIGESIMAL = "0123456789ABCDEFGHIJKLMNOPQRSTUV"  # the digits of Spark's conv() in base 32
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def pseudonym(key: bytes, identity: str) -> str:
    """Return the pseudonym of one identity (not empty): what :func:`with_pseudonym` computes, in plain Python."""
    digest = hmac.digest(key, identity.encode(), "sha256")[:16]  # at once: half the time of an object's
    return base64.b32encode(digest).decode().rstrip("=")


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
