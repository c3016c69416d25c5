"""The clerical-review queue: doubtful pairs in the landing zone, and what of them the control plane may know.

A pair keeps its opaque name from build to build, so that a decision stays bound to it. Clerical review follows
"Linking with anonymised data: how to make the most of it" (NHS England and ONS guidance on linkage quality): a person
looks at what a threshold cannot decide.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from spark_jobs.errors import JobRefused
from spark_jobs.linkage.rules import FIELDS


def keep(doubtful: Path, folder: Path, most: int) -> list[dict[str, Any]]:
    """Keep the doubtful pairs of a build in the landing zone and return what the control plane may know of them.

    Parameters
    ----------
    doubtful : Path
        Parquet as :func:`spark_jobs.linkage.link` writes it.
    folder : Path
        The queue's folder in the landing zone. Pairs of earlier builds stay in it: a decision may rest on them.
    most : int
        How many pairs of this build go into the queue and are told of: the most probable ones.

    Returns
    -------
    list of dict
        ``pair`` (its opaque name), ``probability``, ``numbers`` and ``agreement`` (by field): no identifier.
    """
    if not doubtful.exists():
        return []
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    queue = folder / "pairs.parquet"
    with duckdb.connect() as database:
        nearest = "SELECT * FROM read_parquet($1) ORDER BY p DESC, l, r LIMIT $2"
        database.execute(f"CREATE TABLE found AS {nearest}", [f"{doubtful}/*.parquet", most])
        if queue.exists():
            database.execute("CREATE TABLE known AS SELECT * FROM read_parquet($1)", [str(queue)])
        else:
            database.execute("CREATE TABLE known AS SELECT uuid()::VARCHAR AS pair, * FROM found LIMIT 0")
        database.execute(
            """
            CREATE TABLE pairs AS
            SELECT coalesce(k.pair, uuid()::VARCHAR) AS pair, f.*
            FROM found f LEFT JOIN known k ON f.l = k.l AND f.r = k.r
            UNION ALL BY NAME SELECT k.* FROM known k ANTI JOIN found f ON f.l = k.l AND f.r = k.r
            """
        )
        staged = folder / ".pairs.part"
        database.execute(f"COPY pairs TO '{staged}' (FORMAT parquet)")
        os.replace(staged, queue)
        told = database.execute(
            f"SELECT p.pair, p.p, p.numbers, {', '.join('p.' + name for name in FIELDS)} FROM pairs p "
            "JOIN found f ON p.l = f.l AND p.r = f.r ORDER BY p.p DESC, p.pair"
        ).fetchall()
    names = ("pair", "probability", "numbers")
    return [
        dict(zip(names, row[:3], strict=True)) | {"agreement": dict(zip(FIELDS, row[3:], strict=True))} for row in told
    ]


def decided(decisions: Sequence[dict[str, Any]], folder: Path, out: Path) -> Path | None:
    """Write what reviewers decided as linkage reads it, or return None when nothing was.

    Parameters
    ----------
    decisions : sequence of dict
        ``pair`` (its opaque name) and ``joined``.
    """
    queue = folder / "pairs.parquet"
    if not decisions or not queue.exists():
        return None
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with duckdb.connect() as database:
        database.execute("CREATE TABLE said (pair VARCHAR, joined BOOLEAN)")
        database.executemany("INSERT INTO said VALUES ($1, $2)", [[each["pair"], each["joined"]] for each in decisions])
        database.execute(
            f"COPY (SELECT p.l, p.r, s.joined FROM said s JOIN read_parquet('{queue}') p USING (pair)) "
            f"TO '{out}/part-0.parquet' (FORMAT parquet)"
        )
    return out


def masked(pair: str, folder: Path) -> dict[str, Any]:
    """Return the two records of a pair, masked, and what the model made of each field.

    Returns
    -------
    dict
        ``weight``, the pair's match weight in bits, and ``fields``: by field, ``one`` and ``other`` (each value masked
        but for its first and last character) and ``bits``, what the field added to the weight. Weight and bits are None
        for a pair of a build that did not keep them.

    Raises
    ------
    JobRefused
        When there is no such pair.
    """
    queue = folder / "pairs.parquet"
    found: list[dict[str, Any]] = []
    if queue.exists():
        with duckdb.connect() as database:
            query = "SELECT * FROM read_parquet($1) WHERE pair = $2"
            found = database.execute(query, [str(queue), pair]).to_arrow_table().to_pylist()
    if not found:
        raise JobRefused("There is no such pair", where="clerical review", todo="Go back to the queue")
    held = found[0]
    fields = {
        name: {"one": mask(held[f"{name}_x"]), "other": mask(held[f"{name}_y"]), "bits": held.get(f"bits_{name}")}
        for name in FIELDS
    }
    return {"weight": held.get("weight"), "fields": fields}


def mask(value: str | None) -> str:
    """Return a value with all but its first and last character hidden; up to three characters are hidden whole."""
    if not value:
        return ""
    return value[0] + "•" * (len(value) - 2) + value[-1] if len(value) > 3 else "•" * len(value)
