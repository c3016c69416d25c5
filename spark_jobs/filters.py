"""Writes the filters by which the airlock knows the identifiers that are really held, without holding them.

Each value is normalised and becomes the first 64 bits of its HMAC under the exact-match key; the filter is the sorted
list of these numbers. See :mod:`tre.disclosure.exact_match`, which reads them. Spark sorts; the driver reads the sorted
files batch by batch, so that it never holds more than a batch of numbers.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as parquet
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.check_digits import is_nhs_number
from spark_jobs.pseudonymise import key_table, mac
from tre.disclosure import exact_match, pseudonyms

if TYPE_CHECKING:
    import pandas as pd

_BATCH = 65_536  # half a megabyte of numbers
_BLANKS = r"[\s\x0b\x1c-\x1f]"  # ASCII's, as Python has them: Java's \s lacks the separators


def write(records: DataFrame, key: bytes, folder: Path, scratch: Path) -> dict[str, Any]:
    """Write one filter for each kind of identifier, all of them or none.

    Parameters
    ----------
    records : DataFrame
        One row for each provider's view of a person.
    scratch : Path
        A folder in the landing zone for the digests on their way.

    Returns
    -------
    dict
        ``kinds``: how many values each filter holds; ``false_positive_rate``: the chance, at the largest filter, that a
        value that is not held is said to be.
    """
    _digests(records, key).write.mode("overwrite").partitionBy("kind").parquet(str(scratch))
    sorted_files = {
        # Sorted by range: the files' names follow their contents.
        kind: [parquet.ParquetFile(path) for path in sorted((scratch / f"kind={kind}").glob("*.parquet"))]
        for kind in exact_match.KINDS
    }
    return replace(
        folder,
        {
            kind: (_numbers(files), sum(file.metadata.num_rows for file in files))
            for kind, files in sorted_files.items()
        },
    )


def replace(folder: Path, digests: Mapping[str, tuple[Iterable[np.ndarray], int]]) -> dict[str, Any]:
    """Write the filters, all of them or none, and return what :func:`write` does.

    Parameters
    ----------
    digests : mapping of str to tuple
        Of each kind its digests (uint64), sorted and unique, in parts, and how many they are.
    """
    staged = folder.with_name(f".{folder.name}.staged")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(mode=0o700, parents=True)
    for kind, (parts, count) in digests.items():
        exact_match.write_filter_of(staged, kind, parts, count)
    _adopt(staged, folder)
    held = {kind: count for kind, (_, count) in digests.items()}
    return {"kinds": held, "false_positive_rate": exact_match.false_positive_rate(max(held.values()))}


def write_pseudonyms(known: DataFrame, key: bytes, folder: Path, scratch: Path) -> int:
    """Write the filter of the warehouse's own pseudonyms beside the others, and return how many it holds.

    Parameters
    ----------
    known : DataFrame
        With a column ``pseudonym``.
    """
    heads = known.select(F.substring(F.upper("pseudonym"), 1, pseudonyms.LENGTH).alias("head")).where("head != ''")
    keyed = heads.crossJoin(F.broadcast(key_table(known.sparkSession, key)))
    message = F.concat(F.lit(pseudonyms.PREFIX), F.col("head"))
    digest = F.substring(mac(message.cast("binary")), 1, 8).alias("digest")
    keyed.select(digest).distinct().sort("digest").write.mode("overwrite").parquet(str(scratch))
    files = [parquet.ParquetFile(path) for path in sorted(scratch.glob("*.parquet"))]
    held = sum(file.metadata.num_rows for file in files)
    exact_match.write_digests(pseudonyms.filter_file(folder, pseudonyms.WAREHOUSE), _numbers(files), held)
    return held


def _digests(records: DataFrame, key: bytes) -> DataFrame:
    """Return ``kind`` and ``digest``: 8 bytes each, sorted as unsigned numbers within their kind, each once."""
    values = _values()
    told = F.map_from_arrays(F.array(*map(F.lit, values)), F.array(*values.values()))
    listed = records.select(F.explode(told).alias("kind", "value")).where("value IS NOT NULL")
    # What stands twice has its digest made twice: that costs less than to compare texts.
    keyed = message_of(listed).crossJoin(F.broadcast(key_table(records.sparkSession, key)))
    digest = F.substring(mac(F.col("message").cast("binary")), 1, 8)
    return keyed.select("kind", digest.alias("digest")).distinct().sort("kind", "digest")


def message_of(listed: DataFrame) -> DataFrame:
    """Return ``kind`` and ``message``, which is hashed, of each ``kind`` and ``value`` that can be of that kind."""
    is_plain = F.col("value").rlike(r"\A[\x00-\x7f]*\z")
    message = F.concat("kind", F.lit("\0"), _spelling()).alias("message")
    plain = listed.where(is_plain).select("kind", message).where("message IS NOT NULL")
    return plain.union(listed.where(~is_plain).mapInPandas(_spelled, "kind string, message string"))


def _spelling() -> Column:
    """Return what :func:`tre.disclosure.exact_match.normalise` makes of a ``value`` of a ``kind`` in ASCII.

    What is in other letters goes to that function itself, which takes some ten times as long.
    """
    kind, value = F.col("kind"), F.col("value")
    digits = F.regexp_replace(value, rf"{_BLANKS}|-", "")
    squeezed = F.upper(F.regexp_replace(value, _BLANKS, ""))
    number = F.regexp_replace(F.upper(value), "[^A-Z0-9]", "")
    whole = _person_name(value)
    name = _person_name(F.regexp_replace(value, r"(?s)\|[^|]*\z", ""))
    born = F.regexp_replace(F.substring_index(value, "|", -1), rf"(?s)\A{_BLANKS}+|{_BLANKS}+\z", "")
    return (
        F.when(kind == "nhs_number", F.when(is_nhs_number(digits), digits))
        .when(kind == "postcode", F.when(squeezed.rlike(rf"\A{exact_match.POSTCODE.pattern}\z"), squeezed))
        .when(kind == "hospital_number", F.when((F.length(number) >= 5) & number.rlike("[0-9]"), number))
        .when(kind == "full_name", whole)
        .when(kind == "name_dob", F.when(born.rlike(r"\A\d{4}-\d{2}-\d{2}\z"), F.concat(name, F.lit("|"), born)))
    )


def _person_name(value: Column) -> Column:
    """Return a name's words with a blank between them, null unless there are two."""
    letters = F.regexp_replace(F.translate(F.lower(value), "-", " "), "[^a-z ]", "")
    words = F.trim(F.regexp_replace(letters, " +", " "))
    return F.when(words.contains(" "), words)


def _values() -> dict[str, Column]:
    name = F.concat_ws(" ", "forename", "surname")
    return {
        "nhs_number": F.col("nhs_number"),
        "full_name": F.when(F.col("forename").isNotNull() & F.col("surname").isNotNull(), name),
        "name_dob": F.when(F.col("birth_date").isNotNull(), F.concat_ws("|", name, F.col("birth_date").cast("string"))),
        "postcode": F.col("postcode"),
        "hospital_number": F.col("local_id"),
    }


def _spelled(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Make of values what :func:`tre.disclosure.exact_match.digest` hashes; what can be of no kind is left out."""
    import pandas as pd

    for batch in batches:
        told = zip(batch["kind"], batch["value"], strict=True)
        plain = ((kind, exact_match.normalise(kind, value)) for kind, value in told)
        rows = [(kind, exact_match.message(kind, value)) for kind, value in plain if value]
        yield pd.DataFrame(rows, columns=["kind", "message"], dtype=str)


def _numbers(files: Iterable[parquet.ParquetFile]) -> Iterator[np.ndarray]:
    for file in files:
        for batch in file.iter_batches(_BATCH, columns=["digest"]):
            yield np.frombuffer(b"".join(batch["digest"].to_pylist()), dtype=">u8").astype(np.uint64)


def _adopt(staged: Path, folder: Path) -> None:
    """Put the finished filters in place: at once where there were none, else one file after the other."""
    if not folder.exists():
        os.rename(staged, folder)
        return
    for path in staged.iterdir():
        os.replace(path, folder / path.name)
    staged.rmdir()
