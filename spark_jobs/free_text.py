"""Takes what names a person out of free text before it leaves landing, where its contract says ``deidentified``.

Each text is cleaned once for each person: with what is held of the person and of those who live with them, then with
the forms of identifiers and names that many people here bear. See :mod:`tre.disclosure.deidentify`. The recognisers
are loaded once in each Python worker, and a text that is the same without its known names is cleaned once there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.contracts import Contract

if TYPE_CHECKING:
    import pandas as pd

BEARERS = 10  # a name that fewer records carry may be a typing error, and would tell of one person
MOST_COMMON = 50_000  # names that go to each worker
MOST_NEIGHBOURS = 400  # words of names at one postcode: an institution has more, and its people more evidence
_OWN = ("names", "numbers", "births")


@dataclass(frozen=True)
class Names:
    """What is held of each person and of their household, and the names that many people bear.

    Parameters
    ----------
    terms : DataFrame
        ``person``, and the arrays of text ``names``, ``numbers`` and ``births`` (ISO dates).
    common : frozenset of str
        Single words, in lower case, at most 50,000.
    """

    terms: DataFrame
    common: frozenset[str]

    @classmethod
    def held(cls, records: DataFrame, known: DataFrame, scratch: Path, persons: DataFrame | None = None) -> Names:
        """Gather what is held.

        Parameters
        ----------
        records : DataFrame
            One row for each provider's view of a person, with the identifiers.
        known : DataFrame
            The spine: provider, local_id and person.
        scratch : Path
            A folder in the landing zone.
        persons : DataFrame, optional
            The persons (``person``) of whom there is a text; by default everybody.
        """
        meant = known.select("provider", "local_id", "person")
        if persons is not None:
            meant = meant.join(persons, "person", "left_semi")
        place = F.upper(F.regexp_replace("postcode", r"\s", "")).alias("place")
        views = records.join(meant, ["provider", "local_id"]).select(
            "person",
            place,
            _words().alias("names"),
            F.array_compact(F.array(F.col("nhs_number"), _squeezed("local_id"))).alias("numbers"),
            F.col("birth_date").cast("string").alias("birth"),
        )
        own = views.groupBy("person").agg(
            F.array_distinct(F.flatten(F.collect_list("names"))).alias("own"),
            F.array_distinct(F.flatten(F.collect_list("numbers"))).alias("numbers"),
            F.collect_set("birth").alias("births"),
            F.collect_set("place").alias("places"),
        )
        lived = own.select("person", F.explode("places").alias("place"))
        named = records.select(place, _words().alias("names")).where("place IS NOT NULL")
        there = named.join(lived.select("place"), "place", "left_semi").select(
            "place", F.explode("names").alias("name")
        )
        at = (
            there.distinct()
            .groupBy("place")
            .agg(F.slice(F.sort_array(F.collect_list("name")), 1, MOST_NEIGHBOURS).alias("near"))
        )
        beside = (
            lived.join(at, "place")
            .groupBy("person")
            .agg(F.array_distinct(F.flatten(F.collect_list("near"))).alias("near"))
        )
        names = F.array_union("own", F.coalesce("near", F.array().cast("array<string>"))).alias("names")
        terms = own.join(beside, "person", "left").select("person", names, "numbers", "births")
        terms.write.mode("overwrite").parquet(str(scratch))
        return cls(records.sparkSession.read.schema(terms.schema).parquet(str(scratch)), _common(records))

    def taken_out(self, frame: DataFrame, contract: Contract) -> DataFrame:
        """Return a dataset's rows, with ``person``, and the column that each free text's contract asks for."""
        for field in contract.fields:
            if field.deidentified:
                text = f"`{field.name}`"
                texts = frame.where(f"{text} IS NOT NULL").select("person", F.col(text).alias("_text")).distinct()
                cleaned = texts.join(self.terms, "person", "left").mapInPandas(
                    _cleaner(self.common, field.deidentified),
                    f"person string, _text string, `{field.deidentified}` string",
                )
                frame = frame.withColumn("_text", F.col(text)).join(cleaned, ["person", "_text"], "left").drop("_text")
        return frame


def _words() -> Column:
    """Return the words of a record's names: of double-barrelled ones each part."""
    text = F.lower(F.concat_ws(" ", "forename", "surname"))
    return F.filter(F.split(text, r"[^\p{L}\p{M}'’]+"), lambda word: F.length(word) > 1)


def _squeezed(name: str) -> Column:
    return F.regexp_replace(F.upper(F.col(name)), "[^A-Z0-9]", "")


def _common(records: DataFrame) -> frozenset[str]:
    words = records.select(F.explode(_words()).alias("word")).groupBy("word").count()
    most = words.where(F.col("count") >= BEARERS).orderBy(F.desc("count"), "word").limit(MOST_COMMON)
    return frozenset(row["word"] for row in most.collect())


def _cleaner(common: frozenset[str], made: str) -> Callable[[Iterable[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """Return the function that adds the column ``made`` to rows of ``person``, ``_text`` and what is held of them."""

    def clean(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        from tre.disclosure.deidentify import Known, deidentifier

        cleaned = deidentifier(common)
        for batch in batches:
            held = ([() if each is None else each for each in batch[name]] for name in _OWN)
            known = (Known.of(*each) for each in zip(*held, strict=True))
            texts = [cleaned(text, own) for text, own in zip(batch["_text"], known, strict=True)]
            yield batch[["person", "_text"]].assign(**{made: texts})

    return clean
