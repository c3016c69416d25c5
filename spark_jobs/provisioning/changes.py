"""What changed between two extracts of one project: counts of rows and persons, and names of columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.provisioning.cohort import PSEUDONYM
from spark_jobs.provisioning.risk import count


def between(spark: SparkSession, before: Path, after: Path, old: list[Any], new: list[Any]) -> list[dict[str, Any]]:
    """Return the changes of each table that either extract has.

    Parameters
    ----------
    before, after : Path
        The folders of the two extracts.
    old, new : list of dict
        The tables as their manifests tell them: ``name`` and ``columns``.

    Returns
    -------
    list of dict
        ``table``, ``columns_added``, ``columns_removed``, ``rows_added``, ``rows_removed``, and ``persons_added``,
        ``persons_removed`` and ``persons_changed`` (who have other rows than before in the columns that both have);
        None where a count has no meaning. Counts under ten are told as "under 10".
    """
    olds = {each["name"]: {column["name"] for column in each["columns"]} for each in old}
    news = {each["name"]: {column["name"] for column in each["columns"]} for each in new}
    found = []
    for name in sorted({*olds, *news}):
        columns = {
            "columns_added": sorted(news.get(name, set()) - olds.get(name, set())),
            "columns_removed": sorted(olds.get(name, set()) - news.get(name, set())),
        }
        both = sorted(olds.get(name, set()) & news.get(name, set()))
        counts = _counts(_read(spark, before / name), _read(spark, after / name), both) if both else _NONE
        found.append({"table": name, **columns, **counts})
    return found


_NONE = dict.fromkeys(("rows_added", "rows_removed", "persons_added", "persons_removed", "persons_changed"))


def _read(spark: SparkSession, folder: Path) -> DataFrame:
    return spark.read.parquet(str(folder))


def _counts(before: DataFrame, after: DataFrame, columns: list[str]) -> dict[str, Any]:
    """Count in one pass over both: each row by its digest, more often (or seldomer) after than before."""
    person = PSEUDONYM if PSEUDONYM in columns else None
    cells = [part for name in columns for part in (F.col(f"`{name}`"), F.col(f"`{name}`").isNull())]
    sides = [
        frame.select((F.col(person) if person else F.lit("")).alias("p"), F.xxhash64(*cells).alias("r"),
                     F.lit(old).alias("o"), F.lit(1 - old).alias("n"))
        for frame, old in ((before, 1), (after, 0))
    ]  # fmt: skip
    rows = sides[0].unionAll(sides[1]).groupBy("p", "r").agg(F.sum("o").alias("o"), F.sum("n").alias("n"))
    persons = rows.groupBy("p").agg(
        F.sum("o").alias("o"), F.sum("n").alias("n"),
        F.sum(F.greatest(F.col("n") - F.col("o"), F.lit(0))).alias("added"),
        F.sum(F.greatest(F.col("o") - F.col("n"), F.lit(0))).alias("removed"),
    )  # fmt: skip
    told = {
        "rows_added": F.sum("added"),
        "rows_removed": F.sum("removed"),
        "persons_added": F.count_if(F.col("o") == 0),
        "persons_removed": F.count_if(F.col("n") == 0),
        "persons_changed": F.count_if((F.col("o") > 0) & (F.col("n") > 0) & (F.col("added") + F.col("removed") > 0)),
    }
    found = persons.agg(*(column.alias(name) for name, column in told.items())).collect()[0]
    if person is None:
        return _NONE | {name: count(int(found[name] or 0)) for name in ("rows_added", "rows_removed")}
    return {name: count(int(found[name] or 0)) for name in told}
