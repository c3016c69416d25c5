"""Writes the filters of :mod:`spark_jobs.filters` in this process, where the records that they are made of are few.

Each value is spelled and hashed by :mod:`tre.disclosure` itself, once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs import filters
from spark_jobs.provisioning.engines import InProcess
from tre.disclosure import exact_match, pseudonyms

# As filters._values has them: the parts of a name that are there, with a blank between them.
_NAME = "concat_ws(' ', forename, surname)"
_VALUES = {
    "nhs_number": "nhs_number",
    "full_name": f"CASE WHEN forename IS NOT NULL AND surname IS NOT NULL THEN {_NAME} END",
    "name_dob": f"CASE WHEN birth_date IS NOT NULL THEN concat_ws('|', {_NAME}, CAST(birth_date AS VARCHAR)) END",
    "postcode": "postcode",
    "hospital_number": "local_id",
}


def write(engine: InProcess, records: Path, key: bytes, folder: Path) -> dict[str, Any]:
    """Write one filter for each kind of identifier, all of them or none, and return what :func:`filters.write` does.

    Parameters
    ----------
    records : Path
        A folder of Parquet: one row for each provider's view of a person.
    """
    digests = {}
    for kind in exact_match.KINDS:
        held = engine.table(f"SELECT DISTINCT {_VALUES[kind]} AS value FROM {{records}}", records=records)["value"]
        made = exact_match.digests(key, kind, held.drop_null().to_pylist())
        digests[kind] = ([made], made.size)
    return filters.replace(folder, digests)


def write_pseudonyms(known: pa.Table, key: bytes, folder: Path) -> int:
    """Write the filter of the warehouse's own pseudonyms beside the others, and return how many it holds."""
    held = pc.unique(known["pseudonym"]).drop_null().to_pylist()
    made = pseudonyms.digests(key, (each for each in held if each))
    exact_match.write_digests(pseudonyms.filter_file(folder, pseudonyms.WAREHOUSE), [made], made.size)
    return int(made.size)
