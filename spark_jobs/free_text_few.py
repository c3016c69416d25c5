"""Gathers in this process what names the persons of whom there is a free text: see :mod:`spark_jobs.free_text`.

It is given back as Spark reads it, for the texts themselves are cleaned there. Where a name holds letters of which the
two engines could make another small letter, or part a word elsewhere, it is Spark's to gather.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet
from pyspark.sql import SparkSession

from spark_jobs.free_text import BEARERS, MOST_COMMON, MOST_NEIGHBOURS, Names
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.validate_few import literal

_SCHEMA = "person string, names array<string>, numbers array<string>, births array<string>"
# ASCII, and the Latin letters to U+017E but for one: the dotted capital I has no small letter of its own.
_SHARED = "[ -~\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u012f\u0131-\u017e\u2019]*"
_NAME = "concat_ws(' ', forename, surname)"
_PARTED = literal(r"[^\p{L}'" + "\u2019]+")  # a mark of its own, which Spark takes for a letter's, no such name holds
_WORDS = f"list_filter(string_split_regex(lower({_NAME}), {_PARTED}), lambda word: length(word) > 1)"
_PLACE = r"upper(regexp_replace(postcode, '\s', '', 'g'))"
_VIEWS = f"""
    SELECT person, {_PLACE} AS place, {_WORDS} AS words, CAST(birth_date AS VARCHAR) AS birth,
        list_filter([nhs_number, regexp_replace(upper(local_id), '[^A-Z0-9]', '', 'g')], lambda each: each IS NOT NULL)
            AS numbers
    FROM {{records}} JOIN (SELECT * FROM {{known}} SEMI JOIN {{meant}} USING (person)) USING (provider, local_id)
"""
_TERMS = f"""
    WITH own AS (
        SELECT person, list_distinct(flatten(list(words))) AS own, list_distinct(flatten(list(numbers))) AS numbers,
            coalesce(list(DISTINCT birth) FILTER (birth IS NOT NULL), []) AS births
        FROM {{views}} GROUP BY person
    ),
    lived AS (SELECT DISTINCT person, place FROM {{views}} WHERE place IS NOT NULL),
    named AS (
        SELECT DISTINCT place, unnest(words) AS name
        FROM (SELECT {_PLACE} AS place, {_WORDS} AS words FROM {{records}}) SEMI JOIN lived USING (place)
    ),
    beside AS (SELECT place, list(name ORDER BY name)[1:{MOST_NEIGHBOURS}] AS near FROM named GROUP BY place),
    household AS (SELECT person, flatten(list(near)) AS near FROM lived JOIN beside USING (place) GROUP BY person)
    SELECT person, list_distinct(list_concat(own, coalesce(near, []))) AS names, numbers, births
    FROM own LEFT JOIN household USING (person)
"""
_COMMON = f"""
    SELECT word FROM (SELECT unnest({_WORDS}) AS word FROM {{records}}) GROUP BY word HAVING count(*) >= {BEARERS}
    ORDER BY count(*) DESC, word LIMIT {MOST_COMMON}
"""


def held(
    spark: SparkSession, engine: InProcess, records: Path, known: pa.Table, meant: pa.Table, scratch: Path
) -> Names | None:
    """Gather what is held, or return None where that is Spark's to do.

    Parameters
    ----------
    records : Path
        A folder of Parquet: one row for each provider's view of a person, with the identifiers.
    known : pyarrow.Table
        The spine: ``provider``, ``local_id`` and ``person``.
    meant : pyarrow.Table
        The persons (``person``) of whom there is a text.
    scratch : Path
        A folder in the landing zone.
    """
    odd = f"SELECT 1 AS it FROM {{records}} WHERE NOT regexp_full_match({_NAME}, {literal(_SHARED)}) LIMIT 1"
    if engine.ask(odd, records=records):
        return None
    views = engine.table(_VIEWS, records=records, known=known.select(["provider", "local_id", "person"]), meant=meant)
    scratch.mkdir(parents=True)
    parquet.write_table(engine.table(_TERMS, views=views, records=records), scratch / "part-0.parquet")
    common = frozenset(each["word"] for each in engine.ask(_COMMON, records=records))
    return Names(spark.read.schema(_SCHEMA).parquet(str(scratch)), common)
