"""Lets the airlock know a project's pseudonyms from another's, by keyed digests of those that its extract holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from tre.disclosure import pseudonyms
from tre.keys.filters import newest_filters

COLUMN = "pseudonym"
_BATCH = 65_536  # rows


def keep_pseudonyms(code: str, extract: Path) -> None:
    """Add the pseudonyms of an extract's tables to the project's filter; without exact-match filters there is none.

    Parameters
    ----------
    code : str
        The project's code.
    extract : Path
        The extract's folder.
    """
    newest = newest_filters()
    if newest is None:
        return
    folder, key = newest
    found = [np.empty(0, dtype=np.uint64)]
    for path in sorted(extract.rglob("*.parquet")):
        file = pq.ParquetFile(path)
        if COLUMN in file.schema_arrow.names:
            for batch in file.iter_batches(_BATCH, columns=[COLUMN]):
                found.append(pseudonyms.digests(key, filter(None, batch.column(0).unique().to_pylist())))
    pseudonyms.add_to_filter(folder, pseudonyms.owner_name(code), np.unique(np.concatenate(found)))
