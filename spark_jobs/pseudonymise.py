"""Pseudonyms: HMAC-SHA-256 under a derived key, cut to 128 bits, in base32 without padding (26 characters).

HMAC is RFC 2104, base32 is RFC 4648, section 6. An unkeyed hash of an NHS number is reversed in minutes; without the
key this cannot be. The key travels as the one value of a one-row table that is joined in: a literal would stand in
query plans and whatever prints them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

LENGTH = 26
PATTERN = f"[A-Z2-7]{{{LENGTH}}}"
_KEY = "_key"
_HEXATRIGESIMAL = "0123456789ABCDEFGHIJKLMNOPQRSTUV"  # the digits of Spark's conv() in base 32
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def pseudonym(key: bytes, identity: str) -> str:
    """Return the pseudonym of one identity: what :func:`with_pseudonym` computes, in plain Python."""
    digest = hmac.new(key, identity.encode(), hashlib.sha256).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=")


def with_pseudonym(frame: DataFrame, identity: str, key: bytes, name: str = "pseudonym") -> DataFrame:
    """Replace the column ``identity`` by its pseudonym.

    Parameters
    ----------
    identity : str
        A text column; where it is null the pseudonym is null.
    key : bytes
        32 bytes. It never becomes part of the plan.
    """
    spark: SparkSession = frame.sparkSession
    # An RDD, not a local relation: the optimiser folds the latter into the plan, values and all.
    keys = spark.createDataFrame(spark.sparkContext.parallelize([(bytearray(key),)], 1), f"{_KEY} binary")
    digest = F.hex(F.expr(f"hmac({_KEY}, cast(`{identity}` as binary))"))
    columns = [F.col(f"`{each}`") for each in frame.columns if each != identity]
    joined = frame.crossJoin(F.broadcast(keys))
    return joined.select(_base32(digest).alias(name), *columns)


def _base32(digits: Column) -> Column:
    """Return the first 32 hexadecimal digits in base32: six groups of 20 bits, and 8 bits that two zeros fill up."""
    groups = [F.lpad(F.conv(F.substring(digits, 1 + 5 * group, 5), 16, 32), 4, "0") for group in range(6)]
    last = F.conv((F.conv(F.substring(digits, 31, 2), 16, 10).cast("int") * 4).cast("string"), 10, 32)
    return F.translate(F.concat(*groups, F.lpad(last, 2, "0")), _HEXATRIGESIMAL, _BASE32)
