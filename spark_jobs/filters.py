"""Writes the filters by which the airlock knows the identifiers that are really held, without holding them.

Each value is normalised and becomes the first 64 bits of its HMAC under the exact-match key; the filter is the sorted
list of these numbers. See :mod:`tre.disclosure.exact_match`, which reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as parquet
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from tre.disclosure import exact_match

if TYPE_CHECKING:
    import pandas as pd


def write(records: DataFrame, key: bytes, folder: Path, scratch: Path) -> dict[str, int]:
    """Write one filter for each kind of identifier and return how many values each holds.

    Parameters
    ----------
    records : DataFrame
        One row for each provider's view of a person.
    scratch : Path
        A folder in the landing zone for the digests on their way.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = {}
    for kind, value in _values().items():
        digests = records.select(value.alias("value")).where("value IS NOT NULL").distinct()
        # The key goes to the executors inside the function, as data that no plan prints.
        numbers = digests.mapInPandas(_digester(kind, key), "digest long").distinct().sort("digest")
        numbers.write.mode("overwrite").parquet(str(scratch / kind))
        found = parquet.read_table(scratch / kind, columns=["digest"])["digest"].to_numpy()
        unsigned = np.unique(found.astype(np.int64).view(np.uint64))
        exact_match.write_filter(folder, kind, unsigned)
        held[kind] = len(unsigned)
    return held


def _values() -> dict[str, Column]:
    name = F.concat_ws(" ", "forename", "surname")
    return {
        "nhs_number": F.col("nhs_number"),
        "full_name": F.when(F.col("forename").isNotNull() & F.col("surname").isNotNull(), name),
        "name_dob": F.when(F.col("birth_date").isNotNull(), F.concat_ws("|", name, F.col("birth_date").cast("string"))),
        "postcode": F.col("postcode"),
        "hospital_number": F.col("local_id"),
    }


def _digester(kind: str, key: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN202
    def digest(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        import pandas as pd

        for batch in batches:
            plain = (exact_match.normalise(kind, value) for value in batch["value"])
            numbers = [exact_match.digest(key, kind, value) for value in plain if value]
            signed = np.array(numbers, dtype=np.uint64).view(np.int64)
            yield pd.DataFrame({"digest": signed})

    return digest
