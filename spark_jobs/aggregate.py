"""Makes a table that keeps to the disclosure rules out of an extract, and the members of each cell that it shows.

The platform runs it from a specification on record, so that the table is known to be what the specification says.
Members are told by the warehouse's pseudonyms under the airlock's own key: the same person is the same in whatever
project a table was made, and nobody without the key can tell who it is. See docs/decisions/0035.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from spark_jobs import tables
from spark_jobs.errors import JobRefused
from spark_jobs.extracts import opened
from spark_jobs.provisioning.about import are_plain
from spark_jobs.provisioning.cohort import PEOPLE, PSEUDONYM
from spark_jobs.pseudonymise import pseudonyms
from tre.disclosure.model import DisclosureError
from tre.disclosure.statistics import safe_table
from tre.disclosure.statistics.members import release_of

TABLE, MEMBERS = "table.csv", "members"
MOST_MEMBERS = 10_000_000  # of all cells together: each is a pseudonym and its labels, some 100 bytes


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Write the table and the members of its cells; return how many cells it has and how many are suppressed.

    ``plain`` tells whether every word of it is the extract's own: no label, number or heading that the query wrote.

    Parameters
    ----------
    spec : dict
        ``extract``, ``manifest`` and ``scratch`` (see :func:`spark_jobs.extracts.opened`); ``warehouse``, whose people
        the extract's are; ``out``, an empty folder; ``query``; ``rows``, ``columns``, ``values``, ``aggfunc`` and
        ``margins`` (see :func:`tre.disclosure.statistics.tables.safe_table`); ``profile`` and ``tighten``, the rules.
    keys : dict
        ``project-pseudonym``, of the extract's generation, and ``airlock-members``.

    Raises
    ------
    JobRefused
        When the query or the table is refused, the table's cells have more members than :data:`MOST_MEMBERS`, or the
        extract is not what the platform has on record.
    """
    out, asked = Path(spec["out"]), {name: spec[name] for name in ("rows", "columns", "values", "aggfunc")}
    with opened("aggregate", spec) as extract:
        progress("reading the query")
        frame = extract.query(spec["query"]).persist()
        named = [*spec["rows"], *spec["columns"], *([spec["values"]] if spec["values"] else [])]
        plain = are_plain(frame._jdf.queryExecution().analyzed(), named)
        progress("counting")
        persons = _persons(frame, [*spec["rows"], *spec["columns"]])
        try:
            made = safe_table(
                frame, **asked, profile=spec["profile"], margins=spec["margins"], person=PSEUDONYM,
                tighten=spec["tighten"],
            )  # fmt: skip
            progress("keeping who is counted")
            release = release_of(
                "", made, frame, spec["rows"], spec["columns"], keys["airlock-members"], person=PSEUDONYM,
                known=_known(Path(spec["warehouse"]), extract.manifest, keys["project-pseudonym"], persons),
            )  # fmt: skip
        except DisclosureError as error:
            raise JobRefused(error.what, where=error.where, todo=error.todo) from None
    made.to_csv(str(out / TABLE))
    (out / MEMBERS).write_bytes(release.to_bytes())
    return {"cells": int(made.outcome.size), "suppressed": made.suppressed, "review": list(made.review), "plain": plain}


def _persons(frame: DataFrame, labels: Sequence[str]) -> pa.ChunkedArray:
    """Return the pseudonyms of whom a table counts: few enough that their cells' members are held here.

    Raises
    ------
    JobRefused
        When they are not.
    """
    told = [name for name in dict.fromkeys([*labels, PSEUDONYM]) if name in frame.columns]  # the table refuses others
    if frame.select(*told).distinct().count() > MOST_MEMBERS:
        what = f"The cells of the table have more than {MOST_MEMBERS:,} members"
        raise JobRefused(what, where="query", todo="Count fewer persons, or by fewer columns")
    return frame.select(PSEUDONYM).distinct().toArrow()[PSEUDONYM]


def _known(warehouse: Path, manifest: dict[str, Any], key: bytes, wanted: pa.ChunkedArray) -> dict[str, str]:
    """Return the warehouse's pseudonym of each person, by each pseudonym that a table of the extract may have of them.

    Everybody is gone through, and those who are wanted alone are kept.
    """
    version = int(manifest["specification"]["versions"][PEOPLE])
    before = sorted({_before(each) for each in manifest["specification"]["tables"] if each["linkage"] != "none"})
    known: dict[str, str] = {}
    for batch in tables.arrow(warehouse / PEOPLE, version).to_batches(columns=[PSEUDONYM]):
        people = batch[PSEUDONYM]
        for prefix in before:
            own = pseudonyms(key, people, prefix)
            asked = pc.is_in(own, value_set=wanted)
            pairs = zip(own.filter(asked).to_pylist(), people.filter(asked).to_pylist(), strict=True)
            known.update((new, old) for new, old in pairs if new)
    return known


def _before(table: dict[str, Any]) -> str:
    """Return what stands before an identity that a table has a pseudonym of its own of: see provisioning's `own`."""
    return f"{table['dataset']} " if table["linkage"] == "table" else ""
